"""The proof that the language holds: twelve clauses of four documents, each with its finding.

The packs beside this file carry them; their cases are collected by the pytest plugin too. What is
no rule of a household (a cadence, coverage targets) is claimed here.
"""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from policy_rules import Verdict
from policy_rules.engine.targets import TargetMeter
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_folder
from policy_rules.testing.cases import check_cases

HERE = Path(__file__).parent
PACKS = ("dongchuan", "guangxi", "zhengzhou", "tongren")


@pytest.mark.parametrize("name", PACKS)
def test_every_worked_record_gets_its_finding(name: str) -> None:
    report = check_cases(load_folder(HERE / name))
    assert not report.failures, report.render("en")
    assert report.count >= 3


def test_a_cadence_is_a_norm_of_its_clause() -> None:
    norms = load_folder(HERE / "zhengzhou").clauses["四(二)#2"].norms
    assert [(n.actor.en, n.value, n.per) for n in norms] == [
        ("village", 1, "month"),
        ("city and county", 1, "month"),
    ]


def household(bound: bool | None, lifted: bool = True) -> dict[str, object]:
    link = {
        "running": True,
        "cooperative": {"enterprise_links": [{"running": bound, "contract": True}]},
    }
    return {"type": "lifted" if lifted else "ordinary", "cooperative_links": [link]}


def measured(reading: str | None, *records: dict[str, object]):
    pack = load_folder(HERE / "dongchuan")
    if reading:
        pack = pack.with_reading("rate_of_whom", reading)
    rows = [read_record(r) for r in records]
    (found,) = TargetMeter(pack).measure("double_binding_rate", rows, date(2024, 12, 31))
    return found


def test_the_double_binding_rate_needs_both_links() -> None:
    found = measured(None, *[household(True)] * 19, household(False))
    assert (found.exact, found.verdict) == (Fraction(19, 20), Verdict.YES)
    found = measured(None, *[household(True)] * 18, household(False))
    assert found.verdict is Verdict.NO


def test_what_is_not_recorded_widens_the_rate() -> None:
    found = measured(None, *[household(True)] * 19, household(None))
    assert (found.low, found.high, found.verdict) == (Fraction(19, 20), 1, Verdict.YES)
    found = measured(None, *[household(True)] * 18, household(None), household(None))
    assert (found.low, found.high, found.verdict) == (Fraction(9, 10), 1, Verdict.UNKNOWN)


def test_the_unstated_denominator_is_a_reading() -> None:
    alone = {"type": "lifted", "cooperative_links": []}
    assert measured(None, household(True), alone).exact == Fraction(1, 2)
    assert measured("members_only", household(True), alone).exact == 1


def test_a_rate_of_nobody_is_unknown_not_zero() -> None:
    assert measured(None, household(True, lifted=False)).verdict is Verdict.UNKNOWN


def village(year: int, operating: int, earnings: int) -> dict[str, object]:
    return {
        "kind": "village",
        "administrative": True,
        "collective_income": {str(year): {"operating": operating, "earnings": earnings}},
    }


@pytest.mark.parametrize(
    ("year", "operating", "earnings", "verdict"),
    [
        (2021, 80000, 20000, Verdict.YES),
        (2021, 79999, 20000, Verdict.NO),
        (2021, 80000, 19999, Verdict.NO),
        (2023, 160000, 40000, Verdict.YES),
        (2023, 159999, 40000, Verdict.NO),
        (2025, 320000, 80000, Verdict.YES),
        (2025, 320000, 79999, Verdict.NO),
    ],
)
def test_a_village_tier_by_year_needs_both_figures(year, operating, earnings, verdict) -> None:
    pack = load_folder(HERE / "tongren")
    rows = [read_record(village(year, operating, earnings))]
    found = TargetMeter(pack).measure("villages_with_income", rows, date(2025, 12, 31))
    assert {m.year: m.verdict for m in found}[year] is verdict
