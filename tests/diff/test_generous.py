"""Who is more generous: by what order of a concept, under which equivalences, and where it is not asked at all."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import pytest
from made_up import texts

from policy_rules import Pack, diff_packs
from policy_rules.analysis.model import Assumptions, Bounds, Relation
from policy_rules.diff.compare import PackDiff, Pair
from policy_rules.diff.meaning import assumptions_of, more_generous, with_meaning
from policy_rules.packs.loader import load_texts
from policy_rules.render.meaning import meaning_told

DAY = date(2023, 6, 30)
LISTING = "low_income_listing"
LINE = "income(2022).net_per_capita < 8000"


def made(name: str, *edits: tuple[str, str], **files_: str) -> Pack:
    files = texts()
    for old, new in edits:
        assert old in files["rules/rules.yaml"], old
        files["rules/rules.yaml"] = files["rules/rules.yaml"].replace(old, new)
    files |= {file.replace("_", "."): text for file, text in files_.items()}
    files["pack.yaml"] = files["pack.yaml"].replace("id: sample", f"id: {name}")
    return load_texts(files)


def compared(left: Pack, right: Pack, concept: str = LISTING) -> tuple[PackDiff, Pair]:
    report = diff_packs(left, right, concepts=[concept])
    (found,) = report.concepts
    (pair,) = found.pairs
    return report, pair


def meant(left: Pack, right: Pack, concept: str = LISTING, **options: Any) -> tuple[PackDiff, Pair]:
    pytest.importorskip("z3")
    report = with_meaning(diff_packs(left, right, concepts=[concept]), **options)
    return report, report.concepts[0].pairs[0]


# -- the order of a concept ----------------------------------------------------------------------------

Side = Literal["left", "right", "equal", "mixed", "undecided", ""]


@pytest.mark.parametrize(
    ("polarity", "relation", "more", "generous"),
    [
        ("higher_line_more_generous", "wider", "", "left"),
        ("wider_group_more_generous", "narrower", "", "right"),
        ("lower_condition_more_generous", "same", "", "equal"),
        ("wider_group_more_generous", "overlapping", "", ""),
        # who is excluded: the fewer the better
        ("narrower_group_more_generous", "wider", "", "right"),
        ("narrower_group_more_generous", "narrower", "", "left"),
        ("narrower_group_more_generous", "same", "", "equal"),
        ("narrower_group_more_generous", "disjoint", "", ""),
        # amounts and people together: one of them equal, or both the same way
        ("larger_amount", "same", "left", "left"),
        ("larger_amount", "same", "equal", "equal"),
        ("larger_amount", "narrower", "equal", "right"),
        ("larger_amount", "wider", "left", "left"),
        ("larger_amount", "wider", "right", ""),
        ("larger_amount", "same", "mixed", ""),
        ("larger_amount", "wider", "", ""),
        ("none", "wider", "left", ""),
        ("higher_figure_more_demanding", "wider", "", ""),
    ],
)
def test_the_more_generous_side_follows_the_order_of_the_concept(
    polarity: str, relation: Any, more: Side, generous: str
) -> None:
    answer = Relation(relation, (), Bounds(), (DAY, DAY), more=more)
    assert more_generous(polarity, answer) == generous


@pytest.mark.parametrize("changes", [{"never": ("left",)}, {"open_only": True}])
def test_nobody_is_more_generous_by_a_rule_that_is_dead_or_by_what_is_not_recorded(
    changes: dict[str, Any],
) -> None:
    answer = Relation("wider", (), Bounds(), (DAY, DAY), **changes)
    assert more_generous("wider_group_more_generous", answer) == ""
    undecided = Relation("undecided", (), Bounds(), (DAY, DAY))
    assert more_generous("wider_group_more_generous", undecided) == ""


# -- equivalences ----------------------------------------------------------------------------------------


def assumed(right: str, *names: str, left: str = LINE) -> Assumptions | None:
    first, second = made("left", (LINE, left)), made("right", (LINE, right))
    _, pair = compared(first, second)
    return assumptions_of(pair, names, first.vocabulary)


NET = ("income_year", "net_per_capita")
DISPOSABLE = ("income_year", "disposable_income_per_capita")


def test_incomes_are_taken_for_one_where_they_are_measured_alike() -> None:
    other = "income(2022).disposable_income_per_capita < 9000"
    assert assumed(other, "income_definition") == Assumptions(((NET, DISPOSABLE),))
    assert assumed(other, "population") == Assumptions()
    # an amount a head and one of the household are not
    assert assumed("income(2022).wage < 20000", "income_definition") is None
    assert assumed("household.size >= 3", "income_definition") is None
    assert assumed(LINE, "income_definition", "external") == Assumptions(externals=True)


def test_years_are_taken_for_one_where_both_ask_for_the_same_income() -> None:
    assert assumed("income(2021).net_per_capita < 8000", "window") == Assumptions(((NET, NET),))
    assert assumed("income(2021).wage < 8000", "window") is None
    assert assumed("household.income_12m.net_per_capita < 8000", "window") is None


def test_months_in_a_row_are_no_window_that_another_could_stand_for() -> None:
    spells = "any(longest_run(s for s in m.work_spells) >= 6 for m in members)"
    assert assumed(spells, "window", left="household.size >= 2") is None


def test_people_are_taken_for_the_same_unless_one_rule_is_about_members() -> None:
    wider = ("household.type == lifted", "household.type in {lifted, ordinary}")
    left = made("left")
    _, pair = compared(left, made("right", wider))
    assert assumptions_of(pair, ["population"], left.vocabulary) == Assumptions(population=True)
    members = ("subject: household\n  label: {zh: 重点", "subject: member\n  label: {zh: 重点")
    goal = texts()["targets.yaml"].replace("rule.focus_household", "household.relocated")
    _, pair = compared(left, made("right", members, targets_yaml=goal))
    assert assumptions_of(pair, ["population"], left.vocabulary) is None
    assert assumptions_of(pair, ["income_definition"], left.vocabulary) == Assumptions()


def test_a_pair_an_equivalence_does_not_fit_is_undecided_for_that_reason() -> None:
    left, right = made("left"), made("right", (LINE, "income(2022).wage < 20000"))
    report, pair = meant(left, right, assume=["income_definition"])
    meaning = pair.meaning
    assert meaning is not None
    assert (meaning.relation, meaning.left_out) == ("undecided", ("assumed",))
    assert any("这一前提不适用于这两条" in line for line in meaning_told(pair, report, "zh"))
    assert any("does not apply to the two" in line for line in meaning_told(pair, report, "en"))
    # asked plainly, there is no second answer under it either
    _, plain = meant(left, right, readings=False)
    assert plain.meaning is not None
    assert plain.meaning.not_comparable == ("income_definition",)
    assert plain.meaning.hypothetical is None


# -- what is set aside ---------------------------------------------------------------------------------------


def test_dates_and_whether_a_duty_is_met_are_set_aside_and_told() -> None:
    duty = (
        "  outcome: measure\n  effect: preferred\n  subject: household\n  label: {zh: 公益性岗位",
        "  outcome: duty\n  subject: household\n  label: {zh: 公益性岗位",
    )
    ranks = (
        "  ranks: {zh: 有劳动力的家庭在前, en: households with labour first}\n"
        "  amount: {kind: stated, unit: yuan, paid: monthly, pay: 300}\n",
        "  actor: {zh: 镇, en: the town}\n  met_when: household.dibao\n",
    )
    later = (
        "  label: {zh: 公益性岗位",
        "  in_force: {from: 2023-06-01, to: 2024-12-31, basis: {zh: 例, en: example}}\n  label: {zh: 公益性岗位",
    )
    left, right = made("left", duty, ranks), made("right", duty, ranks, later)
    report, pair = meant(left, right, "public_welfare_post", readings=False)
    assert pair.meaning is not None
    assert pair.meaning.relation == "same"
    assert set(pair.meaning.set_aside) == {"dates", "met_when"}
    zh, en = (meaning_told(pair, report, lang) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert "未比较：有效期、职责是否已落实" in zh
    assert "set aside: dates, whether a duty is met" in en


def test_a_reading_that_the_equivalence_does_not_fit_leaves_the_readings_open() -> None:
    readings = (
        "- id: line\n  unclear: {zh: 线, en: line}\n  clauses: ['1#1']\n"
        "  basis: {zh: 例, en: example}\n  chosen: {zh: 九千, en: nine}\n  alternatives:\n"
        "    - id: wages\n      label: {zh: 按工资, en: wages}\n      patch:\n"
        "        rules.focus_household.when: income(2022).wage < 20000\n"
    )
    other = "income(2022).disposable_income_per_capita < 9000"
    right = made("right", (LINE, other), readings_yaml=readings)
    _, pair = meant(made("left"), right, assume=["income_definition"])
    assert pair.meaning is not None
    assert (pair.meaning.relation, pair.meaning.readings_asked) == ("narrower", False)
    assert pair.meaning.readings == ()
