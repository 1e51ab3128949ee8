"""One rule alone: can it hold, can it fail, does it follow from another, is it left open without need."""

from __future__ import annotations

import attrs
import pytest
from analysis.made import flags

from policy_rules import Verdict
from policy_rules.analysis import Bounds, RuleOn, examine
from policy_rules.analysis.examining import examine_pack
from policy_rules.analysis.replaying import replay

NET = "income(2022).net_per_capita"
WAGE = "income(2022).wage"
TYPE = "household.type"


@pytest.mark.parametrize(
    ("condition", "never", "always"),
    [
        (f"{WAGE} < 8000", False, False),
        (f"{WAGE} < 8000 and {WAGE} > 8000", True, False),
        ("any(m.age < 60 and m.age >= 60 for m in members)", True, False),
        (f"{WAGE} < 8000 or {WAGE} >= 8000", False, True),
        ("count(m for m in members) >= 0", False, True),
        ("household.size > 100", True, False),
    ],
)
def test_what_a_rule_can_do(condition: str, never: bool, always: bool) -> None:
    found = examine(RuleOn.of(flags(rule=condition), "rule"))
    assert (found.never, found.always) == (never, always)
    assert (found.yes is None) is never
    assert (found.no is None) is always


def test_always_is_meant_within_the_population() -> None:
    pack = flags(rule=f"{TYPE} != ordinary", extra=f"  applies_to: {TYPE} == lifted\n")
    found = examine(RuleOn.of(pack, "rule"))
    assert (found.never, found.always) == (False, True)


def test_a_rule_left_open_without_need() -> None:
    """Each half is open while the wage is not recorded; together they leave no wage out."""
    rule = RuleOn.of(flags(rule=f"{WAGE} < 8000 or {WAGE} >= 6000"), "rule")
    found = examine(rule)
    assert found.beyond is not None
    assert found.beyond_fact == "income_year.wage(2022)"
    record = dict(found.beyond.record)
    assert replay(rule.pack, rule.rule, rule.day, record).verdict is Verdict.UNKNOWN
    for wage in (0, 5999, 6000, 7000, 8000, 10**9):
        record["incomes"] = {2022: {"wage": wage}}
        assert replay(rule.pack, rule.rule, rule.day, record).verdict is Verdict.YES


def test_a_gap_is_no_such_rule() -> None:
    found = examine(RuleOn.of(flags(rule=f"{WAGE} < 6000 or {WAGE} >= 8000"), "rule"))
    assert found.beyond is None
    assert not found.undecided


@pytest.mark.no_cover
def test_whole_numbers_are_seen_through() -> None:
    """An income of 8,000 is 8,000 for one person and at most 4,000 for more: met whatever the size."""
    found = examine(RuleOn.of(flags(rule=f"{NET} < 6000 or {NET} >= 8000"), "rule"))
    assert found.beyond_fact == "household.size"


def test_rules_that_follow_from_others() -> None:
    pack = flags(
        poorest=f"{WAGE} < 3000 and {TYPE} == lifted",
        poor=f"{WAGE} < 8000",
        poor_too=f"not {WAGE} >= 8000",
        poorer=f"{WAGE} < 5000",
        other="household.size > 3",
    )
    found = {n.rule: n for n in examine_pack(pack)}
    assert found["poor"].same_as == ("poor_too",)
    assert found["poor"].implied_by == ("poorer",)  # the nearest: the poorest stand behind it
    assert found["poorer"].implied_by == ("poorest",)
    assert found["poorest"].implied_by == found["other"].implied_by == ()


def test_time_in_all_is_kept() -> None:
    pack = flags(a=f"{WAGE} < 3000", b=f"{WAGE} < 8000")
    found = examine_pack(pack, seconds=0.0)
    assert [n.never for n in found] == [None, None]
    assert all("never" in n.undecided for n in found)


def test_a_rule_not_in_force_on_the_day_is_asked_on_its_last() -> None:
    pack = flags(
        rule=f"{WAGE} < 3000",
        extra="  in_force: {from: 2023-02-01, to: 2023-06-30, basis: {zh: 例, en: example}}\n",
    )
    (found,) = examine_pack(pack, bounds=Bounds(1, 1))
    assert found.yes is not None
    assert found.yes.record["as_of"] == "2023-06-30"
    early = attrs.evolve(RuleOn.of(pack, "rule"), day=pack.in_force.end)
    assert examine(early).left_out == ("not_in_force",)
