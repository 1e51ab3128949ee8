"""Two packs concept by concept: what differs is named, nothing else is."""

from __future__ import annotations

from datetime import date

import pytest
from made_up import pack, texts

from policy_rules import NotFoundError, Pack, compare_packs, diff_packs
from policy_rules.diff.compare import Pair, count
from policy_rules.packs.loader import load_texts
from policy_rules.render.aspects import remark, said

LEFT = pack()


def changed(*edits: tuple[str, str], file: str = "rules/rules.yaml") -> Pack:
    files = texts()
    for old, new in edits:
        assert old in files[file], old
        files[file] = files[file].replace(old, new)
    files["pack.yaml"] = files["pack.yaml"].replace("id: sample", "id: other")
    return load_texts(files)


def the_pair(right: Pack, concept: str = "low_income_listing") -> Pair:
    (found,) = (c for c in diff_packs(LEFT, right).concepts if c.concept.id == concept)
    (one,) = found.pairs
    return one


def test_a_pack_says_the_same_as_itself() -> None:
    report = diff_packs(LEFT, LEFT)
    assert dict(count(report)) == {"both": 3, "left": 0, "right": 0, "pairs": 3, "same": 3}
    assert all(p.differs == () and p.comparable for c in report.concepts for p in c.pairs)
    assert not report.hypothetical


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("< 8000", "< 9000", {"line", "condition"}),
        ("< 8000", "<= 8000", {"line", "condition"}),
        (
            "net_per_capita < 8000",
            "disposable_income_per_capita < 8000",
            {"line", "condition", "income_definition"},
        ),
        (
            "income(2022)",
            "income(year(as_of) - 1)",
            {"window", "condition", "line"},
        ),
        (
            "household.type == lifted",
            "household.type in {lifted, ordinary}",
            {"population"},
        ),
        ("force: must\n  applies_to", "force: may\n  applies_to", {"force"}),
        (
            "  label: {zh: 重点帮扶户, en: focus household}",
            "  in_force: {from: 2023-06-01, to: 2024-12-31, basis: {zh: 例, en: example}}\n"
            "  label: {zh: 重点帮扶户, en: focus household}",
            {"dates"},
        ),
    ],
)
def test_one_change_of_a_rule_is_told_as_what_it_is(old: str, new: str, differs: set[str]) -> None:
    assert set(the_pair(changed((old, new))).differs) == differs


@pytest.mark.parametrize(
    ("old", "new", "differs"),
    [
        ("pay: 300", "pay: 400", {"amount"}),
        ("paid: monthly", "paid: yearly", {"amount"}),
        ("kind: stated, unit: yuan, paid: monthly, pay: 300", "kind: unstated", {"amount"}),
        ("effect: preferred", "effect: offered", {"effect"}),
        ("ordinary, skilled", "ordinary", {"condition"}),
    ],
)
def test_one_change_of_a_measure(old: str, new: str, differs: set[str]) -> None:
    edits = [(old, new)]
    if new == "effect: offered":
        edits.append(("  ranks: {zh: 有劳动力的家庭在前, en: households with labour first}\n", ""))
    assert set(the_pair(changed(*edits), "public_welfare_post").differs) == differs


def test_a_changed_target() -> None:
    right = changed(("value: 0.70", "value: 0.75"), file="targets.yaml")
    assert the_pair(right, "cooperative_joining").differs == ("figure",)


def test_names_do_not_matter_meaning_does() -> None:
    """A refactored pack: a population and a definition in place of what they stand for."""
    files = texts()
    files["pack.yaml"] += (
        "populations:\n  lifted:\n    label: {zh: 脱贫户, en: lifted}\n    subject: household\n"
        '    clauses: ["1#1"]\n    when: household.type == lifted\n'
    )
    files["parameters.yaml"] = (
        "parameters:\n  line:\n    label: {zh: 线, en: line}\n    unit: yuan_per_person\n"
        '    clauses: ["1#1"]\n    values:\n      - {from: 2023-01-01, to: 2024-12-31, value: 8000}\n'
    )
    files["definitions.yaml"] = (
        "definitions:\n  low:\n    label: {zh: 低, en: low}\n    subject: household\n    type: bool\n"
        '    clauses: ["1#1"]\n    value: income(2022).net_per_capita < param.line\n'
    )
    files["rules/rules.yaml"] = (
        files["rules/rules.yaml"]
        .replace("applies_to: household.type == lifted", "applies_to: population.lifted")
        .replace("when: income(2022).net_per_capita < 8000", "when: defined.low")
    )
    one = the_pair(load_texts(files))
    assert one.same, one.differs


def test_what_is_not_comparable_says_why() -> None:
    right = changed(("net_per_capita < 8000", "disposable_income_per_capita < 9000"))
    one = the_pair(right)
    assert one.agreement == {
        "income_definition": "differs",
        "window": "agrees",
        "population": "agrees",
    }
    assert not one.comparable
    assert remark(one, "zh") == "收入口径不同，不能直接比宽严"
    assert said(one.left, "income_definition", "zh") == "人均纯收入"
    assert said(one.right, "line", "zh") == "2022年人均可支配收入低于9,000元/人"


def test_only_in_one_is_not_mentioned_in_the_other() -> None:
    right = changed(("concept: public_welfare_post", "concept: skills_training"))
    report = diff_packs(LEFT, right)
    told = {c.concept.id: c.mentioned for c in report.concepts}
    assert told["public_welfare_post"] == "left"
    assert told["skills_training"] == "right"
    assert dict(count(report))["both"] == 2


def test_a_target_is_no_counterpart_of_a_rule() -> None:
    right = changed(
        ("concept: cooperative_joining", "concept: low_income_listing"), file="targets.yaml"
    )
    (found,) = (c for c in diff_packs(LEFT, right).concepts if c.concept.id == "low_income_listing")
    assert [p.thing.id for p in found.only_right] == ["in_cooperative"]


def test_parameters_have_the_value_of_the_day() -> None:
    files = texts()
    files["parameters.yaml"] = (
        "parameters:\n  line:\n    label: {zh: 线, en: line}\n    unit: yuan_per_person\n"
        '    clauses: ["1#1"]\n    values:\n      - {from: 2023-01-01, to: 2023-12-31, value: 8000}\n'
        "      - {from: 2024-01-01, to: 2024-12-31, value: 8800}\n"
    )
    files["rules/rules.yaml"] = files["rules/rules.yaml"].replace("< 8000", "< param.line")
    right = load_texts(files)

    def differs(day: date) -> tuple[str, ...]:
        report = diff_packs(LEFT, right, left_as_of=day, right_as_of=day)
        (one,) = next(c for c in report.concepts if c.concept.id == "low_income_listing").pairs
        return one.differs

    assert differs(date(2023, 6, 30)) == ()
    assert differs(date(2024, 6, 30)) == ("line", "condition")


def test_concepts_can_be_chosen_by_name_or_label() -> None:
    report = diff_packs(LEFT, LEFT, concepts=["增收重点帮扶对象"])
    assert [c.concept.id for c in report.concepts] == ["low_income_listing"]
    with pytest.raises(NotFoundError) as caught:
        diff_packs(LEFT, LEFT, concepts=["low_income_listng"])
    assert caught.value.problems[0].nearest == "low_income_listing"


def test_the_matrix_has_a_row_a_concept_and_a_cell_a_pack() -> None:
    right = changed(("concept: public_welfare_post", "concept: skills_training"))
    report = compare_packs([LEFT, right])
    cells = {concept.id: set(of) for concept, of in report.rows}
    assert cells["low_income_listing"] == {"sample", "other"}
    assert cells["public_welfare_post"] == {"sample"}
    assert report.days == {"sample": date(2024, 12, 31), "other": date(2024, 12, 31)}
