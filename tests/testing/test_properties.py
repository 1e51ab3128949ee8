"""Declared properties: what holds passes, what does not is told with a small record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_up import texts

from policy_rules import PackError
from policy_rules.packs.loader import load_folder
from policy_rules.testing.cases import load_cases
from policy_rules.testing.properties import load_properties
from policy_rules.testing.trying import PropertyReport, check_properties

CASES = """records:
  family:
    type: lifted
    size: 2
    incomes: {2022: {net: 15000}}
    members: [{id: m1, labour: ordinary}]
cases:
  - id: focus
    record: family
    as_of: 2023-06-30
    expect: {focus_household: YES}
"""
LESS = """- id: less_income
  kind: monotone
  label: {zh: 收入更低仍是, en: less income keeps it}
  rule: focus_household
  fact: incomes.2022.net
  towards: lower
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (texts() | {"cases.yaml": CASES}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def tried(folder: Path, text: str) -> PropertyReport:
    (folder / "properties.yaml").write_text(text, "utf-8")
    pack = load_folder(folder)
    return check_properties(pack, load_cases(pack), samples=40)


def test_what_holds(folder: Path) -> None:
    report = tried(folder, LESS)
    assert report.failures == ()
    assert report.tried["less_income"] >= 40
    assert "1 properties" in report.render("en")


def test_a_property_that_does_not_hold_is_told_with_a_small_record(folder: Path) -> None:
    report = tried(folder, LESS.replace("towards: lower", "towards: higher"))
    (problem,) = report.failures
    assert problem.code == "property_failed"
    record = json.loads(problem.got[: problem.got.rindex(" (")])
    # nothing the failure does not need is left: no members, no labour
    assert set(record) <= {"kind", "type", "size", "incomes"}
    assert problem.render("zh").startswith("sample/properties.yaml:1") or problem.place.line == 1


@pytest.mark.parametrize(
    ("then", "fails"), [("household.type == lifted", 0), ("household.size >= 3", 1)]
)
def test_implications(folder: Path, then: str, fails: int) -> None:
    report = tried(
        folder,
        "- id: implied\n  kind: implies\n  label: {zh: 是, en: is}\n  subject: household\n"
        f"  if: rule.focus_household\n  then: {then}\n",
    )
    assert len(report.failures) == fails


def test_rules_that_exclude_each_other(folder: Path) -> None:
    body = (
        "- id: apart\n  kind: never_both\n  label: {zh: 不同时, en: never both}\n"
        "  rules: [focus_household, public_post]\n"
    )
    (problem,) = tried(folder, body).failures
    assert problem.detail == "apart"


@pytest.mark.parametrize(("upper", "fails"), [(300, 0), (299, 1)])
def test_amounts_within(folder: Path, upper: int, fails: int) -> None:
    body = (
        "- id: within\n  kind: amount_within\n  label: {zh: 之内, en: within}\n"
        f"  rule: public_post\n  lower: 100\n  upper: {upper}\n"
    )
    assert len(tried(folder, body).failures) == fails


def test_a_property_nothing_puts_to_the_test_is_no_success(folder: Path) -> None:
    body = (
        "- id: idle\n  kind: implies\n  label: {zh: 空, en: idle}\n  subject: household\n"
        "  if: household.size >= 30 and household.size <= 20\n  then: rule.focus_household\n"
    )
    (problem,) = tried(folder, body).failures
    assert problem.code == "property_idle"


@pytest.mark.parametrize(
    ("text", "code", "near"),
    [
        (LESS.replace("focus_household", "focus_houshold"), "unknown_rule", "focus_household"),
        (LESS.replace("  towards: lower\n", ""), "missing_key", ""),
        (LESS.replace("kind: monotone", "kind: monoton"), "not_allowed", "monotone"),
        (
            "- id: i\n  kind: implies\n  label: {zh: 是, en: is}\n  subject: household\n"
            "  if: rule.focus_houshold\n  then: household.size >= 1\n",
            "unknown_rule",
            "focus_household",
        ),
        (
            "- id: i\n  kind: implies\n  label: {zh: 是, en: is}\n  subject: houshold\n"
            "  if: household.size >= 1\n  then: household.size >= 1\n",
            "not_allowed",
            "household",
        ),
    ],
)
def test_mistakes_are_told(folder: Path, text: str, code: str, near: str) -> None:
    (folder / "properties.yaml").write_text(text, "utf-8")
    with pytest.raises(PackError) as caught:
        load_properties(load_folder(folder))
    problem = caught.value.problems[0]
    assert problem.code == code
    assert near in problem.nearest
