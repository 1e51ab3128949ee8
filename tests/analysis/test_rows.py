"""What stands in a witness: facts of every form, on records of every kind; what a relation assumes."""

from __future__ import annotations

from typing import Any

import made_up
import pytest
from analysis.made import flags, two

from policy_rules import Engine, Verdict
from policy_rules.analysis import Assumptions, Bounds, RuleOn, examine, relate
from policy_rules.analysis.model import Witness
from policy_rules.analysis.relating import follows
from policy_rules.packs.loader import load_texts

EXTERNALS = """externals:
  fit:
    label: {zh: 例, en: example}
    subject: household
    clauses: ['1#1']
    authority: {zh: 县, en: county}
    question: {zh: 是否？, en: fit?}
  skilled:
    label: {zh: 例, en: example}
    subject: member
    clauses: ['1#1']
    authority: {zh: 县, en: county}
    question: {zh: 是否？, en: skilled?}
"""


def sides(left: str, right: str, subject: str = "household") -> tuple[RuleOn, RuleOn]:
    pack = flags(subject, parameters=EXTERNALS, left=left, right=right)
    return RuleOn.of(pack, "left"), RuleOn.of(pack, "right")


def confirmed(pair: tuple[RuleOn, RuleOn], kind: str, **options: Any) -> Witness:
    """The witness of a kind, once the engine answers it as it says."""
    found = relate(*pair, **options).witness(kind)  # type: ignore[arg-type]
    assert found is not None
    for side, said in zip(pair, (found.left, found.right), strict=True):
        answer = Engine(side.pack, engine="reference").evaluate(found.record, as_of=side.day)
        told = {f.subject: f.verdict for f in answer if f.rule.id == side.rule.id}
        assert told[found.subject] is said
    return found


def test_an_external_condition_stands_below_its_pack() -> None:
    found = confirmed(sides("external.fit", "external.fit and household.size > 3"), "left_only")
    assert found.record["external"] == {"sample": {"fit": True}}
    pair = sides("any(m.external.skilled for m in members)", "external.fit")
    found = confirmed(pair, "left_only")
    (member,) = found.record["members"]
    assert member["external"] == {"sample": {"skilled": True}}


def test_codes_of_a_list_of_codes() -> None:
    some = "not disjoint(household.monitoring.risks, {illness, schooling})"
    pair = sides(some, "illness in household.monitoring.risks")
    found = confirmed(pair, "left_only")
    assert found.record["monitoring"]["risks"] == ["schooling"]
    assert relate(*pair).relation == "wider"


def test_a_day_that_is_known_by_its_month_or_year_alone() -> None:
    early, late = (
        f"household.income_surveyed_on >= date({d})" for d in ("2022, 6, 1", "2022, 6, 30")
    )
    known = "known(household.income_surveyed_on)"
    open_ = f"{known} and not ({late}) and not (household.income_surveyed_on < date(2022, 6, 30))"
    assert relate(*sides(open_, "household.size < 0")).never == ("left", "right")
    found = confirmed(sides(early, late), "left_only")
    assert found.record["income_surveyed_on"].startswith("2022-06")
    within = f"year(household.income_surveyed_on) == 2022 and ({early} or household.in_cooperative)"
    pair = sides("year(household.income_surveyed_on) == 2022", within)
    assert relate(*pair).relation == "wider"
    confirmed(pair, "left_only")


def test_a_record_of_another_kind_names_it() -> None:
    pack = flags("village", left="village.lifted_village", right="village.resident_population > 10")
    pair = RuleOn.of(pack, "left"), RuleOn.of(pack, "right")
    assert relate(*pair).relation == "overlapping"
    found = confirmed(pair, "left_only")
    assert found.record["kind"] == "village"
    assert found.record["lifted_village"] is True


def test_a_record_within_the_record_that_is_there_without_facts() -> None:
    pair = sides("known(household.village)", "household.village.lifted_village")
    found = confirmed(pair, "left_only")
    assert "village" in found.record


def test_external_conditions_may_be_taken_for_met() -> None:
    pair = sides("household.size > 3", "household.size > 2 and external.fit")
    assert relate(*pair).relation == "overlapping"
    met = Assumptions(externals=True)
    assert relate(*pair, assume=met).relation == "narrower"
    found = confirmed(pair, "right_only", assume=met)
    assert found.record["external"] == {"sample": {"fit": True}}


def test_whether_one_rule_brings_the_other() -> None:
    bounds, assume = Bounds(1, 1), Assumptions()
    small, large = two("household.size > 3", "household.size > 2")
    assert follows(small, large, bounds, assume) is True
    assert follows(large, small, bounds, assume) is False
    early = RuleOn(small.pack, small.rule, small.day.replace(year=2020))
    assert follows(early, large, bounds, assume) is None  # not in force then
    hard = two(
        "any(longest_run(s for s in m.work_spells if s.outside_province) >= 4 for m in members)",
        "any(sum(s.months for s in m.work_spells if s.outside_province) >= 4 for m in members)",
    )
    assert follows(*hard, Bounds(4, 4, 0.001), assume) is None


def measures(first: str, second: str) -> tuple[RuleOn, RuleOn]:
    files = made_up.texts()
    del files["targets.yaml"]
    files["parameters.yaml"] = (
        "parameters:\n  each:\n    label: {zh: 每人, en: each}\n    unit: yuan_per_person\n"
        "    clauses: ['1#1']\n    values: [{from: 2023-01-01, to: 2024-12-31, value: 100}]\n"
    )
    files["rules/rules.yaml"] = "".join(
        f"- id: {name}\n  concept: low_income_listing\n  outcome: measure\n  effect: granted\n"
        "  subject: household\n  label: {zh: 例, en: example}\n  clauses: ['1#1']\n  force: must\n"
        f"  when: household.size > 0\n  amount: {{kind: stated, unit: yuan, {amount}}}\n"
        for name, amount in (("left", first), ("right", second))
    )
    pack = load_texts(files)
    return RuleOn.of(pack, "left"), RuleOn.of(pack, "right")


@pytest.mark.parametrize(
    ("left", "right", "more"),
    [
        ("paid: once, pay: 200", "paid: once, pay: 100", "left"),
        ("paid: once, pay: 100", "paid: once, pay: 200", "right"),
        ("paid: once, pay: 100", "paid: once, pay: 100", "equal"),
        ("paid: once, pay: household.size * param.each", "paid: once, pay: 300", "mixed"),
        ("paid: once, pay: 100", "paid: yearly, pay: 100", ""),  # not to be compared
    ],
)
def test_which_of_two_measures_pays_more(left: str, right: str, more: str) -> None:
    assert relate(*measures(left, right), bounds=Bounds(1, 1)).more == more


def test_a_relation_says_unknown_of_what_it_does_not_rest_on() -> None:
    found = confirmed(two("household.type == lifted", "known(household.size)"), "left_only")
    assert (found.left, found.right) == (Verdict.YES, Verdict.NO)
    assert "size" not in found.record


def test_a_day_known_by_its_month_or_year_leaves_a_line_open() -> None:
    """Known, and on neither side of a day within it: the witness has the month, or the year."""
    known = "known(household.income_surveyed_on)"
    halves = [f"household.income_surveyed_on {op} date(2022, 6, 15)" for op in ("<", ">=")]
    found = confirmed(two(known, f"{known} and ({' or '.join(halves)})"), "left_only")
    assert (found.left, found.right) == (Verdict.YES, Verdict.UNKNOWN)
    assert found.record["income_surveyed_on"] in ("2022", "2022-06")
    year = "year(household.income_surveyed_on)"
    found = confirmed(
        two(f"{year} == 2022", f"{year} == 2022 and ({' or '.join(halves)})"), "left_only"
    )
    assert found.record["income_surveyed_on"] in ("2022", "2022-06")


LINE = """parameters:
  line:
    label: {zh: 线, en: line}
    unit: yuan_per_person
    clauses: ['1#1']
    external: true
    authority: {zh: 县, en: county}
    question: {zh: 多少？, en: how much?}
"""


@pytest.mark.parametrize(
    ("condition", "subject", "fact"),
    [
        ("external.fit or not external.fit", "household", "external.fit"),
        (
            "illness in household.monitoring.risks or schooling in household.monitoring.risks"
            " or disjoint(household.monitoring.risks, {illness, schooling})",
            "household",
            "household.monitoring.risks",
        ),
        (
            "household.income_surveyed_on < date(2022, 6, 1)"
            " or household.income_surveyed_on >= date(2022, 6, 1)",
            "household",
            "household.income_surveyed_on",
        ),
        (
            "(household.type == lifted or household.type != lifted)"
            " and not income(2022).net_per_capita < param.line",
            "household",
            "household.type",
        ),
        (
            "(member.employed or not member.employed)"
            " and longest_run(s for s in member.work_spells if s.outside_province) >= 2",
            "member",
            "member.employed",
        ),
        ("known(household.size) or household.size > 0", "household", ""),
    ],
)
def test_a_fact_that_would_not_matter_is_named(condition: str, subject: str, fact: str) -> None:
    pack = flags(subject, parameters=LINE + EXTERNALS, rule=condition)
    rule = RuleOn.of(pack, "rule")
    found = examine(rule, bounds=Bounds(1, 1))
    assert found.beyond_fact == fact
    if found.beyond is not None:
        asked = pack
        if found.beyond.parameters:
            asked = pack.with_overlay(found.beyond.overlay("sample"))
        answer = Engine(asked, engine="reference").evaluate(found.beyond.record, as_of=rule.day)
        assert Verdict.UNKNOWN in {f.verdict for f in answer if f.rule.id == "rule"}
