"""What the solver says of survivors: planted equivalents are proved, planted others come with a record."""

from __future__ import annotations

import json
from pathlib import Path

import mutants as made
import pytest
from typer.testing import CliRunner

from policy_rules import Engine
from policy_rules.analysis.model import Bounds
from policy_rules.cli.app import app
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.testing.mutation.model import PROVED, Mutant, Outcome
from policy_rules.testing.mutation.report import MutationReport
from policy_rules.testing.mutation.run import chosen, mutate

SMALL = Bounds(2, 2)
#: The second line follows from the first; `small` decides nothing but through it; the last never counts.
PLANTED = """- id: large
  concept: low_income_listing
  outcome: duty
  subject: household
  label: {zh: 大户, en: large}
  clauses: ["1#1"]
  force: must
  actor: {zh: 村, en: village}
  when:
    all:
      - household.size >= 3
      - household.size >= 1
  met_when: household.in_cooperative or household.size < 2
- id: aided
  concept: public_welfare_post
  outcome: measure
  effect: granted
  subject: household
  label: {zh: 补助, en: aided}
  clauses: ["2#2"]
  force: must
  when:
    all:
      - household.size >= 3
      - defined.small
  amount:
    kind: stated
    unit: yuan
    paid: monthly
    first_of:
      - when: household.size >= 2
        pay: 300
      - pay: 200
"""
SMALL_HOUSE = """definitions:
  small:
    label: {zh: 小户, en: small}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: household.size < 2 or household.size >= 4
  tiny:
    label: {zh: 很小, en: tiny}
    subject: household
    type: bool
    clauses: ["3#1"]
    value: household.size < 2 and household.size <= 3
"""
TINY = """- id: tiny_in_cooperative
  concept: cooperative_joining
  label: {zh: 很小的户参加合作社, en: tiny ones in a cooperative}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: share
  population: defined.tiny
  when: household.in_cooperative
  comparator: ">="
  unit: ratio
  figures:
    - {year: 2023, value: 0.65}
"""
OTHER = """- id: which_size
  clauses: ["2#1"]
  unclear: {zh: 几人, en: how many}
  basis: {zh: 例, en: example}
  chosen: {zh: 三人, en: three}
  alternatives:
    - id: any_size
      label: {zh: 一人, en: one}
      patch: {rules.large.when.all.0: household.size >= 1}
"""


def planted(tmp_path: Path, readings: str = "") -> Pack:
    folder = made.written(tmp_path, cases=made.FEW, told="")
    rules, definitions = folder / "rules" / "rules.yaml", folder / "definitions.yaml"
    rules.write_text(rules.read_text("utf-8") + PLANTED, "utf-8")
    definitions.write_text(definitions.read_text("utf-8") + SMALL_HOUSE, "utf-8")
    targets = folder / "targets.yaml"
    targets.write_text(targets.read_text("utf-8") + TINY, "utf-8")
    if readings:
        file = folder / "readings.yaml"
        file.write_text(file.read_text("utf-8") + readings, "utf-8")
    return load_folder(folder)


def asked(pack: Pack, *things: str) -> MutationReport:
    kinds = ("number", "comparator", "condition", "amount")
    selected = chosen(pack, rules=things, kinds=kinds)
    return mutate(pack, selected, suggestions=False, solve=True, bounds=SMALL)


def outcomes(report: MutationReport) -> dict[tuple[str, str, str], tuple[Mutant, Outcome]]:
    """By name and path, what it was and what it became."""
    return {
        (".".join(map(str, (m.name, *m.path))), m.was, m.became): (m, report.outcomes[m.number])
        for m in report.mutants
    }


def test_equivalents_are_proved_and_others_come_with_a_record(tmp_path: Path) -> None:
    pack = planted(tmp_path)
    report = asked(pack, "large", "aided", "small")
    found = outcomes(report)
    equivalent = {
        key for key, (_, o) in found.items() if o.fate == "equivalent" and o.detail == PROVED
    }
    assert {
        ("large.when.all.1", ">=", ">"),
        ("large.when.all.1", "1", "0"),
        ("large.when.all.1", "1", "2"),
        # nobody of two is bound at all
        ("large.met_when", "<", "<="),
        # the other line of `aided` leaves nobody of one
        ("small.value", "2", "1"),
        ("small.value", "<", "<="),
        ("aided.amount.first_of.0.when", "2", "3"),
    } <= equivalent
    different = [
        ("large.when.all.0", ">=", ">"),
        ("large.when.all.0", "3", "2"),
        ("small.value", ">=", ">"),
    ]
    # a household of unknown size: below two is open, below one is not
    different.append(("large.met_when", "2", "1"))
    for key in different:
        mutant, outcome = found[key]
        assert outcome.fate == "survived"
        assert outcome.solved is not None
        assert outcome.solved.settled == "different"
        hint = report.suggestions[mutant.number]
        assert hint.kind == "record"
        assert (hint.now, hint.mutant) != ("", "")
        assert hint.now != hint.mutant
        said = Engine(pack, engine="reference").evaluate(hint.change, as_of=hint.as_of)
        finding = next(f for f in said.findings if f.id == hint.rule)
        assert json.loads(hint.now)["verdict"] == finding.verdict.value  # type: ignore[union-attr]
    assert report.proved == len(equivalent)
    assert report.as_dict()["equivalent_proved"] == report.proved
    assert "求解器证明等价" in report.markdown("zh")
    assert "up to 2 members and 2 items" in report.markdown("en")


def test_what_only_a_target_rests_on(tmp_path: Path) -> None:
    report = asked(planted(tmp_path), "tiny", "tiny_in_cooperative")
    found = outcomes(report)
    assert found["tiny.value", "<=", "<"][1].detail == PROVED
    mutant, outcome = found["tiny.value", "<", "<="]
    assert outcome.solved is not None
    assert outcome.solved.settled == "different"
    hint = report.suggestions[mutant.number]
    assert (hint.kind, hint.rule) == ("target_case", "targets.tiny_in_cooperative")
    assert hint.change == {"size": 2}


def test_a_mutant_that_differs_under_another_reading_alone_is_not_equivalent(
    tmp_path: Path,
) -> None:
    found = outcomes(asked(planted(tmp_path, OTHER), "large"))
    _, outcome = found["large.when.all.1", ">=", ">"]
    assert outcome.fate == "survived"
    assert outcome.solved is not None
    assert outcome.solved.reading == "which_size=any_size"
    _, kept = found["large.when.all.1", "1", "0"]
    assert kept.fate == "equivalent"
    assert kept.solved is not None
    assert kept.solved.readings >= 1


def test_what_is_not_settled_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = planted(tmp_path)
    report = mutate(
        pack, chosen(pack, rules=["large"], kinds=["clause"]), suggestions=False, solve=True
    )
    assert {o.solved.why for o in report.outcomes.values() if o.solved} == {"text"}
    selected = [m for m in chosen(pack, rules=["large"]) if m.path == ("when", "all", 1)]
    late = mutate(pack, selected, suggestions=False, solve=True, limit=1e-9)
    assert {o.fate for o in late.outcomes.values()} <= {"timeout", "survived"}


def test_it_is_asked_of_what_the_search_does_not_tell(tmp_path: Path) -> None:
    pack = planted(tmp_path)
    selected = [
        m for m in chosen(pack, rules=["large"], kinds=["comparator"]) if m.became in (">", ">=")
    ]
    report = mutate(pack, selected, bounds=SMALL)
    for mutant in report.survivors:
        assert report.suggestions[mutant.number].kind in ("case", "record")
    assert report.proved >= 1
    off = mutate(pack, selected, bounds=SMALL, solve=False)
    assert off.proved == 0
    assert off.totals["survived"] == report.totals["survived"] + report.proved


def test_the_command(tmp_path: Path) -> None:
    planted(tmp_path / "rules" / "sample")
    args = [
        "mutate",
        "sample",
        "--rules",
        tmp_path / "rules",
        "--rule",
        "large",
        "--kind",
        "number",
    ]
    args += ["--solve", "--no-suggest", "--members", 1, "--items", 1]
    page = tmp_path / "page.json"
    result = CliRunner().invoke(app, [str(a) for a in [*args, "-o", page]])
    assert result.exit_code == 1, result.output
    assert "求解器证明" in result.output
    data = json.loads(page.read_text("utf-8"))
    assert data["equivalent_proved"] >= 2
    assert any(
        "solver" in e and e["solver"]["settled"] == "equivalent" for e in data["equivalents"]
    )
