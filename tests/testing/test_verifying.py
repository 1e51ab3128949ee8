"""Properties proved, tested, refuted: what is planted wrong is refuted by a record that replays."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_up import texts
from typer.testing import CliRunner, Result

from policy_rules import Engine, EngineDisagreement, load_pack
from policy_rules.analysis import cells
from policy_rules.analysis.model import Bounds, Span
from policy_rules.cli.app import app
from policy_rules.errors import NotFoundError
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import Runner, load_cases
from policy_rules.testing.judging import judged
from policy_rules.testing.properties import load_properties
from policy_rules.testing.verifying import Verification, Verified, verify

SMALL = Bounds(2, 2)
YEARS = Span(date(2023, 1, 1), date(2024, 12, 31))
CASES = """records:
  family:
    type: lifted
    size: 2
    incomes: {2022: {net: 15000}}
    members: [{id: m1, labour: ordinary, birth_date: 2000-03-05}]
cases:
  - {id: focus, record: family, as_of: 2023-06-30, expect: {focus_household: YES, public_post: YES}}
"""
PARAMETERS = """parameters:
  line:
    label: {zh: 线, en: line}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {from: 2023-01-01, to: 2023-12-31, value: 8000}
      - {from: 2024-01-01, to: 2024-12-31, value: 9000}
"""
ADULTS = """- id: adults
  concept: public_welfare_post
  outcome: flag
  subject: member
  label: {zh: 成年人, en: adults}
  clauses: ["2#2"]
  force: must
  when: age_on(member.birth_date, as_of) >= 16
  in_force: {from: 2023-07-01, to: 2024-12-31, basis: {zh: 例, en: example}}
"""


def prop(kind: str, **keys: Any) -> dict[str, Any]:
    return {"id": "claimed", "kind": kind, "label": {"zh": "所称", "en": "claimed"}, **keys}


def less(towards: str = "lower", fact: str = "incomes.2022.net") -> dict[str, Any]:
    return prop("monotone", rule="focus_household", fact=fact, towards=towards)


def implied(then: str, when: str = "rule.focus_household", subject: str = "household") -> Any:
    return prop("implies", subject=subject) | {"if": when, "then": then}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = texts("param.line") | {"cases.yaml": CASES, "parameters.yaml": PARAMETERS}
    files["rules/rules.yaml"] += ADULTS
    pack = tmp_path / "rules" / "sample"
    for name, text in files.items():
        (pack / name).parent.mkdir(exist_ok=True, parents=True)
        (pack / name).write_text(text, "utf-8")
    return pack


def pack_with(folder: Path, *properties: dict[str, Any]) -> Pack:
    named = [p | {"id": f"claimed_{i}"} for i, p in enumerate(properties)]
    (folder / "properties.yaml").write_text(yaml.safe_dump(named, allow_unicode=True), "utf-8")
    return load_folder(folder)


def one(folder: Path, wanted: dict[str, Any], **options: Any) -> Verified:
    (found,) = verify(pack_with(folder, wanted), bounds=SMALL, **options).verified
    return found


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


RIGHT = {
    "less income": less(),
    "condition": implied("income(2022).net_per_capita < 9000"),
    "population": implied("household.type == lifted"),
    "day": implied("months_between(member.birth_date, as_of) >= 192", "rule.adults", "member"),
    "older": prop("monotone", rule="adults", fact="members.*.birth_date", towards="lower"),
    "amount": prop("amount_within", rule="public_post", lower=300, upper=300),
    "one day": implied("income(2022).net_per_capita < 8000") | {"as_of": "2023-12-31"},
}
WRONG = {
    "more income": less("higher"),
    "a line of the second year": implied("income(2022).net_per_capita < 8000"),
    "a line by a fen": implied("income(2022).net_per_capita <= 8999.98"),
    "apart": prop("never_both", rules=["focus_household", "public_post"]),
    "day": implied("months_between(member.birth_date, as_of) >= 193", "rule.adults", "member"),
    "younger": prop("monotone", rule="adults", fact="members.*.birth_date", towards="higher"),
    "amount": prop("amount_within", rule="public_post", upper=299),
    "one day": implied("income(2022).net_per_capita < 8000") | {"as_of": "2024-01-01"},
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_holds_is_proved_on_every_day(name: str, folder: Path) -> None:
    found = one(folder, RIGHT[name])
    assert found.status == "proved"
    assert found.proof is not None
    assert found.tried == 0
    days = (Span(date(2023, 12, 31), date(2023, 12, 31)),) if name == "one day" else (YEARS,)
    assert found.proof.days == days
    assert found.proof.facts
    # a rule that is not in force says nothing: told apart
    early = (Span(date(2023, 1, 1), date(2023, 6, 30)),)
    assert found.proof.silent == (early if name == "older" else ())


@pytest.mark.parametrize("name", WRONG)
def test_what_is_planted_wrong_is_refuted_by_a_record(name: str, folder: Path) -> None:
    pack = pack_with(folder, WRONG[name])
    (found,) = verify(pack, bounds=SMALL).verified
    assert found.status == "refuted"
    shown = found.shown
    assert shown is not None
    assert pack.in_force.holds(shown.day)
    if name in ("a line of the second year", "a line by a fen", "one day"):
        assert shown.day.year == 2024
    engine = Engine(pack, engine="reference", readings=False)
    assert judged(engine, found.property, shown.record, shown.day, moved=shown.moved) is False
    # nothing it does not need
    keys = {"as_of", "type", "size", "incomes", "members", "kind"}
    assert set(shown.record) <= keys
    if name == "more income":
        assert "members" not in shown.record
        assert set(shown.record["incomes"][2022]) == {"net"}


def test_random_records_refute_what_the_solver_is_not_asked(folder: Path) -> None:
    for name in ("more income", "apart", "amount"):
        found = one(folder, WRONG[name], solve=False, samples=60)
        assert found.status == "refuted", name
        assert found.proof is None
        assert found.shown is not None


def test_what_the_solver_cannot_settle_is_tested_and_says_why(folder: Path) -> None:
    found = one(folder, RIGHT["condition"], seconds=0, samples=40)
    assert found.status == "tested"
    assert found.tried >= 40
    assert found.proof is not None
    assert found.proof.open == ("time",)
    assert not found.proof.days
    coded = prop("monotone", rule="focus_household", fact="type", towards="lower")
    assert one(folder, coded).proof.open == ("code",)  # type: ignore[union-attr]


def test_a_property_nothing_puts_to_the_test_is_neither_proved_nor_tested(folder: Path) -> None:
    nobody = implied("rule.public_post", "household.size >= 30 and household.size <= 20")
    for solve in (True, False):
        found = one(folder, nobody, solve=solve, samples=10)
        assert found.status == "idle"
        assert found.tried == 0


def test_the_same_seed_tests_the_same_records(folder: Path) -> None:
    counts = {one(folder, RIGHT["less income"], solve=False, samples=30).tried for _ in range(2)}
    assert len(counts) == 1


def test_a_wrong_encoding_is_a_disagreement(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = {"ge": "le", "lt": "gt"}
    wrong = {**cells.OPERATORS, **{a: cells.OPERATORS[b] for a, b in swapped.items()}}
    monkeypatch.setattr(cells, "OPERATORS", wrong)
    with pytest.raises(EngineDisagreement):
        one(folder, implied("household.size != 2", "household.size >= 3"))


def test_other_readings(folder: Path) -> None:
    (folder / "readings.yaml").write_text(
        """- id: which_line
  clauses: ["1#1"]
  unclear: {zh: 线, en: line}
  basis: {zh: 例, en: example}
  chosen: {zh: 低于, en: below}
  alternatives:
    - id: included
      label: {zh: 含本数, en: included}
      patch: {rules.focus_household.when: income(2022).net_per_capita <= param.line}
    - id: anybody
      label: {zh: 不限, en: anybody}
      patch: {rules.focus_household.when: income(2022).net_per_capita <= param.line + 1}
""",
        "utf-8",
    )
    found = one(folder, implied("income(2022).net_per_capita <= param.line"), readings=True)
    assert found.status == "proved"
    assert found.holds == ("which_line=included",)
    assert found.fails == ("which_line=anybody",)


# -- the command -------------------------------------------------------------------------------


def rules_of(folder: Path, *properties: dict[str, Any]) -> list[object]:
    pack_with(folder, *properties)
    return ["sample", "--rules", folder.parent, "--members", 2, "--items", 2]


def test_the_command_tells_and_saves_what_is_refuted(folder: Path, tmp_path: Path) -> None:
    args = rules_of(folder, RIGHT["condition"], WRONG["more income"], WRONG["apart"])
    out = tmp_path / "out"
    result = run("properties", *args, "--save-case", out, "-o", tmp_path / "report.json")
    assert result.exit_code == 1, result.output
    assert "已证明 (1)" in result.output
    assert "不成立 (2)" in result.output
    assert "2023-01-01至2024-12-31" in result.output
    (data,) = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert (data["proved"], data["refuted"]) == (1, 2)
    first = data["properties"][0]["solver"]
    assert first["days"] == [{"from": "2023-01-01", "to": "2024-12-31"}]
    assert "household.type" in first["facts"]
    # what was saved fails as the properties do, until it has been argued from the text
    (folder / "cases.yaml").write_text((out / "sample.yaml").read_text("utf-8"), "utf-8")
    cases = load_cases(load_folder(folder))
    assert [c.id for c in cases] == ["claimed_1_refuted", "claimed_2_refuted"]
    runner = Runner(load_folder(folder))
    for case in cases:
        problems = runner.run(case)
        assert [p.code for p in problems] == ["property_failed", "case_unargued"]
        assert problems[0].detail == case.id.removesuffix("_refuted")
    assert [bool(c.holds[0].moved) for c in cases] == [True, False]


def test_the_command_in_english_as_a_page(folder: Path, tmp_path: Path) -> None:
    args = rules_of(folder, RIGHT["older"])
    page = tmp_path / "page.md"
    result = run("properties", *args, "--lang", "en", "-o", page)
    assert result.exit_code == 0, result.output
    assert "of which on 2023-01-01 to 2023-06-30 a rule is not in force" in page.read_text("utf-8")
    assert "proved (1)" in result.output


def test_a_name_there_is_not() -> None:
    with pytest.raises(NotFoundError) as caught:
        verify(load_pack("yunnan/mengyong"), names=["nothing_of_the_kind"])
    assert caught.value.problems[0].code == "unknown_name"


def verified(name: str) -> Verification:
    return verify(load_pack(name), bounds=Bounds(2, 2))


def test_the_properties_of_a_pack_are_proved() -> None:
    """All five packs: `policy-rules properties`, docs/regression.md."""
    found = verified("yunnan/mengyong")
    assert len(found.verified) == len(load_properties(load_pack("yunnan/mengyong"))) >= 15
    assert {v.status for v in found.verified} == {"proved"}
