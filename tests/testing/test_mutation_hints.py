"""What would notice a survivor, by the kind of fact that tells it; what the solver leaves open."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import made_up
import mutants_wide as wide
import pytest

from policy_rules import Engine
from policy_rules.analysis.model import Bounds
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import load_cases
from policy_rules.testing.mutation import witness
from policy_rules.testing.mutation.changing import build
from policy_rules.testing.mutation.model import Outcome
from policy_rules.testing.mutation.run import chosen, mutate
from policy_rules.testing.mutation.witness import Suggestion
from policy_rules.testing.records import put


def flag(id: str, when: str, subject: str = "household") -> str:
    return (
        f"- id: {id}\n  concept: low_income_listing\n  outcome: flag\n  subject: {subject}\n"
        f"  label: {{zh: 例, en: example}}\n  clauses: ['1#1']\n  force: must\n  when: {when}\n"
    )


RULES = (
    flag("fit", "external.found_fit or household.in_cooperative")
    + flag("at_risk", "not disjoint(household.monitoring.risks, {illness, schooling})")
    + flag("surveyed_late", "household.income_surveyed_on >= date(2023, 1, 1)")
    + flag(
        "worked_late",
        "any(any(s.from >= date(2023, 1, 1) for s in m.work_spells) for m in members)",
    )
    + flag(
        "in_a_lifted_county",
        "household.village.county.lifted_county or household.village.lifted_village",
    )
)
CASES = """records:
  family: &family
    type: ordinary
    size: 2
    in_cooperative: false
    income_surveyed_on: 2023-06-01
    monitoring: {risks: [illness]}
    external: {sample: {found_fit: false}}
    village: {lifted_village: true, county: {lifted_county: true}}
    members: [{id: m1, work_spells: [{from: 2023-05, to: 2023-06}]}]
cases:
  - id: one
    record: family
    as_of: 2023-06-30
    expect: {fit: NO, at_risk: YES, surveyed_late: YES, worked_late: YES, in_a_lifted_county: YES}
"""


def probed(tmp_path: Path, rules: str = RULES, cases: str = CASES, **more: str) -> Pack:
    files = {"rules/more.yaml": rules, "cases.yaml": cases, **more}
    return load_folder(wide.written(tmp_path, **files))


def hints(pack: Pack, name: str, kind: str) -> dict[tuple[str, str], Suggestion]:
    """What would notice the survivors of a thing, by what they were and became.

    Each is put to the whole pack as it is and changed: they answer as the suggestion says.
    """
    report = mutate(pack, chosen(pack, rules=[name], kinds=[kind]), solve=False)
    found = {m.number: report.suggestions[m.number] for m in report.survivors}
    for mutant in report.survivors:
        hint = found[mutant.number]
        if hint.kind in ("case", "record"):
            assert hint.now != hint.mutant
            record = recorded(pack, hint)
            for which, said in ((pack, hint.now), (build(pack, mutant), hint.mutant)):
                answer = Engine(which, engine="reference").evaluate(record, as_of=hint.as_of)
                (finding,) = (f for f in answer.findings if f.id == hint.rule)
                assert json.loads(said)["verdict"] == finding.verdict.value  # type: ignore[union-attr]
    return {(m.was, m.became): found[m.number] for m in report.survivors}


def recorded(pack: Pack, hint: Suggestion) -> dict[str, Any]:
    """The record of a suggestion."""
    if hint.kind == "record":
        return dict(hint.change)
    (record,) = (c.record for c in load_cases(pack) if c.id == hint.case)
    data = copy.deepcopy(dict(record))
    for path, value in hint.change.items():
        assert put(data, path.split("."), value)
    return data


# -- a record that tells ------------------------------------------------------------------------


def test_an_external_condition_that_is_told(tmp_path: Path) -> None:
    found = hints(probed(tmp_path), "fit", "condition")
    assert {h.kind for h in found.values()} == {"case"}
    changes = {became: dict(hint.change) for (_, became), hint in found.items()}
    assert changes == {
        "((household.in_cooperative))": {"external.sample.found_fit": True},
        "((external.found_fit))": {"in_cooperative": True},
    }


def test_one_code_of_a_list_of_codes(tmp_path: Path) -> None:
    found = hints(probed(tmp_path), "at_risk", "code")
    short = found["{illness, schooling}", "{illness}"]
    assert dict(short.change) == {"monitoring.risks": ["schooling"]}
    assert json.loads(short.now)["verdict"] == "YES"
    assert json.loads(short.mutant)["verdict"] == "NO"


def test_a_day_at_the_line(tmp_path: Path) -> None:
    found = hints(probed(tmp_path), "surveyed_late", "comparator")
    assert dict(found[">=", ">"].change) == {"income_surveyed_on": "2023-01-01"}


def test_a_month_of_a_list_and_a_record_within_the_record(tmp_path: Path) -> None:
    pack = probed(tmp_path)
    found = hints(pack, "worked_late", "comparator")
    assert dict(found[">=", ">"].change) == {"members.0.work_spells.0.from": "2023-01"}
    inner = hints(pack, "in_a_lifted_county", "negation")
    assert inner == {}  # the case notices it
    either = hints(pack, "in_a_lifted_county", "condition")
    (hint,) = (h for (_, became), h in either.items() if "lifted_village" in became)
    assert dict(hint.change) in ({"village.lifted_village": b} for b in (True, False))


def test_the_search_ends_after_so_many_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = probed(tmp_path)
    monkeypatch.setattr(witness, "NEAR", 2)
    monkeypatch.setattr(witness, "DRAWN", 0)
    hint = hints(pack, "surveyed_late", "comparator")[">=", ">"]
    assert hint.as_dict() == {"kind": "none", "rule": "surveyed_late", "tried": 2}


def test_what_a_target_measures_is_for_a_second_reader_and_its_condition_for_a_case(
    tmp_path: Path,
) -> None:
    pack = probed(tmp_path)
    for kind in ("target", "date"):
        for hint in hints(pack, "households_counted", kind).values():
            assert (hint.kind, hint.rule) == ("second_reading", "targets.households_counted")
    found = hints(pack, "households_counted", "negation")
    hint = found["household.in_cooperative", "not (household.in_cooperative)"]
    assert (hint.kind, hint.rule) == ("target_case", "targets.households_counted")


def test_where_no_case_names_the_rule_nothing_is_found(tmp_path: Path) -> None:
    pack = probed(tmp_path, cases=CASES.replace(" surveyed_late: YES,", ""))
    hint = hints(pack, "surveyed_late", "comparator")[">=", ">"]
    assert (hint.kind, hint.tried) == ("none", 0)


# -- what the solver says -------------------------------------------------------------------------

DEFINITIONS = (
    wide.DEFINITIONS
    + """  above_forgotten:
    label: {zh: 例, en: example}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: not defined.forgotten
  people:
    label: {zh: 例, en: example}
    subject: household
    type: number
    unit: persons
    clauses: ["1#1"]
    value: max(household.size, 0)
"""
)
SOLVED = flag("crowded", "defined.people >= 3 and defined.people >= 2") + flag(
    "paid_on_a_reading", "household.size >= 2"
)
TARGETS = """- id: people_counted
  concept: cooperative_joining
  label: {zh: 例, en: example}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: sum_share
  population: rule.crowded
  value: defined.people
  of: household.size
  comparator: ">="
  unit: ratio
  figures:
    - {year: 2023, value: 0.5}
- id: income_of_the_paid
  concept: cooperative_joining
  label: {zh: 例, en: example}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: sum
  population: rule.paid_on_a_reading and rule.third_post
  value: income(target_year).net
  comparator: ">="
  unit: yuan
  figures:
    - {year: 2023, value: 50}
"""
TWO = """- id: how_many
  clauses: ["2#1"]
  unclear: {zh: 几人, en: how many}
  basis: {zh: 例, en: example}
  chosen: {zh: 两人, en: two}
  alternatives:
    - id: three
      label: {zh: 三人, en: three}
      patch: {rules.paid_on_a_reading.when: household.size >= 3}
    - id: by_a_parameter
      label: {zh: 按参数, en: by a parameter}
      patch:
        rules.paid_on_a_reading.when: household.size >= 3 and income(2022).net_per_capita < param.spare
"""
SPARE = """parameters:
  spare:
    label: {zh: 备用, en: spare}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {from: 2023-01-01, to: 2024-12-31, value: 500}
"""


@pytest.fixture(scope="module")
def solvable(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    parameters = wide.PARAMETERS.replace("parameters:\n", SPARE)
    cases = CASES[: CASES.index("cases:")] + "cases: []\n"
    return probed(
        tmp_path_factory.mktemp("solvable"), SOLVED, cases,
        **{"definitions.yaml": DEFINITIONS, "readings.yaml": wide.READINGS + TWO,
           "parameters.yaml": parameters, "targets.yaml": made_up.TARGETS + wide.TARGETS + TARGETS},
    )  # fmt: skip


def solved(pack: Pack, name: str, kind: str) -> dict[tuple[str, str, str], Outcome]:
    """What became of the mutants of a thing, by path, what they were and became."""
    selected = chosen(pack, rules=[name], kinds=[kind])
    report = mutate(pack, selected, suggestions=False, solve=True, bounds=Bounds(1, 1))
    return {
        (".".join(map(str, m.path)), m.was, m.became): report.outcomes[m.number]
        for m in report.mutants
    }


def settled(outcome: Outcome) -> str:
    assert outcome.solved is not None
    return outcome.solved.why or outcome.solved.settled


def test_what_a_target_adds_up_is_left_open_and_its_conditions_are_not(solvable: Pack) -> None:
    found = solved(solvable, "people", "quantifier")
    assert settled(found["value", "max", "min"]) == "different"  # the rule tells already
    found = solved(solvable, "people", "number")
    assert settled(found["value", "0", "1"]) == "target"
    dropped = solved(solvable, "people_counted", "condition")["population", "rule.crowded", "-"]
    assert settled(dropped) == "target"
    turned = solved(solvable, "income_of_the_paid", "connective")
    assert {settled(o) for o in turned.values()} == {"different"}


def test_what_no_rule_or_target_reaches_is_not_asked(solvable: Pack) -> None:
    found = solved(solvable, "forgotten", "number")
    assert settled(found["value", "2", "1"]) == "unreached"


def test_another_reading_is_compared_with_itself_changed(solvable: Pack) -> None:
    at = "alternatives.{}.patch.rules.paid_on_a_reading.when"
    found = solved(solvable, "how_many", "number")
    for path, reading in ((at.format(0), "three"), (at.format(1), "by_a_parameter")):
        outcome = found[path, "3", "2"]
        assert outcome.solved is not None
        assert (outcome.solved.settled, outcome.solved.reading) == (
            "different",
            f"how_many={reading}",
        )
    exchanged = solved(solvable, "how_many", "reading")
    assert {settled(o) for o in exchanged.values()} == {"different"}
    assert {o.solved.reading for o in exchanged.values() if o.solved} == {""}


def test_a_parameter_that_only_another_reading_asks_for(solvable: Pack) -> None:
    """It is looked up under that reading, so that its days matter there."""
    outcome = solved(solvable, "spare", "date")["values.0.to", "2024-12-31", "2024-12-30"]
    assert outcome.solved is not None
    assert outcome.solved.settled == "different"
    assert outcome.solved.reading == "how_many=by_a_parameter"


def test_an_order_of_exclusion_is_compared_in_all_it_ranks(solvable: Pack) -> None:
    found = solved(solvable, "one_post", "exclusion")
    assert {settled(o) for o in found.values()} == {"different"}
