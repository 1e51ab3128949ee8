"""What cases files may say beside cases: lines from both sides, codes, targets, clauses and force."""

from __future__ import annotations

from pathlib import Path

import mutants as made
import pytest

from policy_rules import PackError
from policy_rules.packs.loader import load_folder
from policy_rules.testing.boundaries import expanded, moved, of_codes
from policy_rules.testing.cases import check_cases, load_cases


def failures(folder: Path, cases: str) -> str:
    report = check_cases(load_folder(made.written(folder, cases=made.FEW + cases, told="")))
    return "\n".join(p.render("en") for p in report.failures)


def test_a_boundary_is_three_cases() -> None:
    line = {
        "id": "x", "record": "r", "as_of": "2023-06-30", "rule": "a@m1", "fact": "f",
        "line": 15000, "step": 1, "part": "met", "below": "NO", "at": "YES", "above": "YES",
    }  # fmt: skip
    found = dict(expanded(line))
    assert [c["id"] for c in found.values()] == ["x_below", "x_at", "x_above"]
    assert [c["set"]["f"] for c in found.values()] == [14999, 15000, 15001]
    assert found["below"]["expect"] == {"a@m1": {"verdict": "YES", "met": "NO"}}


def test_a_step_is_exact_and_of_a_date_a_day() -> None:
    assert str(moved(1, "0.01", -1)) == "0.99"
    assert moved("2023-01-01", 1, -1) == "2022-12-31"


def test_codes_are_a_case_each() -> None:
    told = {"NO": ["a"], "YES": ["b"]}
    data = {"id": "x", "record": "r", "as_of": "2023-06-30", "rule": "k", "fact": "f", "told": told}
    found = [(c["set"]["f"], c["expect"]) for _, c in of_codes({**data, "in_a_set": True})]
    assert found == [(["a"], {"k": "NO"}), (["b"], {"k": "YES"})]


def test_a_line_that_does_not_hold_is_told_at_its_side(tmp_path: Path) -> None:
    said = failures(
        tmp_path,
        "boundaries:\n  - {id: line, record: family, as_of: 2023-06-30, rule: focus_household,"
        " fact: incomes.2022.net_per_capita, line: 8000, at: YES}\n",
    )
    assert "case_failed: the case line_at expects focus_household verdict: YES, got NO" in said
    assert "cases.yaml:15:" in said


def test_clauses_and_force_are_compared(tmp_path: Path) -> None:
    said = failures(
        tmp_path,
        "  - {id: other, record: family, as_of: 2023-06-30,"
        ' expect: {focus_household: {clauses: ["1#2"], force: may}}}\n',
    )
    assert "expects focus_household clauses: [1#2], got [1#1]" in said
    assert "expects focus_household force: may, got must" in said


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{in_cooperative: {year: 2023, verdict: YES}}", "in_cooperative verdict: YES, got NO"),
        ("{in_cooperative: {year: 2023, verdict: NO, value: 0.5}}", "value: 0.5, got 0"),
        ("{in_cooperative: {year: 2023, verdict: NO, counted: 2}}", "counted: 2, got 1"),
        ("{in_cooperative: {year: 2030, verdict: NO}}", "verdict: NO, got -"),
        ("{in_cooperative: {year: 2023, figure: 0.6, verdict: NO}}", "figure: 0.6, got 0.65"),
        ("{in_cooperative: {asks: how many, verdict: NO}}", "asks: how many, got -"),
        ("{in_cooperative: [{year: 2023, verdict: NO}]}", "year: 2023, got 2024"),
        ("{in_coperative: {verdict: NO}}", "did you mean `in_cooperative`?"),
    ],
)
def test_a_target_that_comes_to_something_else(tmp_path: Path, expect: str, told: str) -> None:
    case = f"targets:\n  - {{id: t, population: [family], as_of: 2023-12-31, expect: {expect}}}\n"
    assert told in failures(tmp_path, case)


def test_what_is_not_known_leaves_a_target_open(tmp_path: Path) -> None:
    case = """targets:
  - id: t
    population: [{record: family, set: {in_cooperative: null}}, family]
    as_of: 2023-12-31
    expect: {in_cooperative: {year: 2023, verdict: NO, value: [0, 0.5], counted: 2, open: 0}}
"""
    assert failures(tmp_path, case) == ""


def test_what_a_target_asks_and_its_figure(tmp_path: Path) -> None:
    case = """targets:
  - id: t
    population: [family]
    as_of: 2023-12-31
    expect: {in_cooperative: {year: 2024, figure: 0.7, verdict: NO}, villages_with_a_road: {asks: a road, figure: 1, verdict: UNKNOWN}}
"""
    road = """- id: villages_with_a_road
  concept: double_binding
  label: {zh: 通路的村, en: villages with a road}
  clauses: ["3#1"]
  force: must
  measure: external_figure
  comparator: ">="
  unit: items
  figures: [{year: 2024, value: 1}]
  figure: {question: {zh: 通路的村有几个？, en: How many villages have a road?}, authority: {zh: 交通部门, en: roads}}
"""
    folder = made.written(tmp_path, cases=made.FEW + case, told="")
    (folder / "targets").mkdir()
    (folder / "targets" / "roads.yaml").write_text(road, "utf-8")
    assert check_cases(load_folder(folder)).failures == ()


def test_a_record_that_is_not_there(tmp_path: Path) -> None:
    case = """targets:
  - {id: t, population: [famly], as_of: 2023-12-31, expect: {in_cooperative: {verdict: NO}}}
"""
    with pytest.raises(PackError) as raised:
        failures(tmp_path, case)
    assert "unknown_record" in raised.value.render("en")
    assert "did you mean `family`?" in raised.value.render("en")


def test_load_cases_gives_boundaries_and_codes_too(tmp_path: Path) -> None:
    ids = {c.id for c in load_cases(load_folder(made.written(tmp_path)))}
    assert {"focus", "line_below", "line_at", "labour_ordinary", "weak_too_lost"} <= ids


def test_what_a_boundary_sets_is_each_case_its_own(tmp_path: Path) -> None:
    line = """boundaries:
  - {id: inside, record: family, as_of: 2023-06-30, set: {incomes.2022: {wage: 1}}, rule: focus_household,
     fact: incomes.2022.net_per_capita, line: 8000, below: YES, at: NO, above: NO}
"""
    cases = load_cases(load_folder(made.written(tmp_path, cases=made.FEW + line, told="")))
    found = {c.id: c.record["incomes"]["2022"]["net_per_capita"] for c in cases}
    assert [found[f"inside_{side}"] for side in ("below", "at", "above")] == [7999, 8000, 8001]
