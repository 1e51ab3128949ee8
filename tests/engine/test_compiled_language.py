"""Every form a condition may have: generated code says what the reference says of it, missing or wide facts too."""

from __future__ import annotations

import random
from datetime import date

import pytest
from made_up import texts

from policy_rules import Verdict
from policy_rules.engine.compiled.rows import RowPath
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing.sampling import Sampler

LABEL = "label: {zh: 例, en: example}"


def named(id: str, kind: str, value: str, subject: str = "household", unit: str = "") -> str:
    return (
        f"  {id}:\n    {LABEL}\n    subject: {subject}\n    type: {kind}\n    clauses: ['1#1']\n"
        f"{unit and f'    unit: {unit}' + chr(10)}    value: {value}\n"
    )


DEFINITIONS = "definitions:\n" + "".join(
    [
        named("half", "number", "household.size / 2", unit="persons"),
        named("half_year_on", "date", "add_months(household.income_surveyed_on, 6)"),
        named("told", "number", "1 if known(household.size) else 2"),
        named("share_of_year", "number", "member.employment.months / 12", "member"),
        named("whole_months", "number", "max(member.disability.grade, 1)", "member"),
        named("left_on", "date", "member.startup.returned_on", "member"),
        named("working", "bool", "member.employed", "member"),
    ]
)
HOUSEHOLD = (
    "add_months(household.income_surveyed_on, 6) > as_of",
    "add_months(household.income_surveyed_on, household.size) <= as_of",
    "defined.half_year_on <= household.monitoring.identified_on",
    "add_months(defined.half_year_on, -6) == household.income_surveyed_on",
    "year(household.income_surveyed_on) in {2021, 2022, 2023}",
    "year(household.income_surveyed_on) not in {2021, 2022}",
    "household.size in {1, 2, 3}",
    "household.size / 2 in {1, 2}",
    "income(2022).net * 0.5 < 3000.25",
    "income(2022).net / household.size + income(2021).net / household.size <= 9000",
    "household.size / 2 - 1 / 2 >= 1",
    "income(2022).net / 2 + income(2022).wage / 2 > 20000",
    "min(household.size, 5) >= 3",
    "min(household.size / 2, 2) >= 1",
    "(household.size / 2 if household.in_cooperative else 3) > 2",
    "(1 if household.in_cooperative else household.size) > 2",
    "(1 if known(household.size) else 2) == 1",
    "defined.told == 1",
    "defined.half >= 2",
    "defined.half + 1 > household.size",
    "any(m.defined.share_of_year >= 1 / 2 for m in members)",
    "any(m.defined.whole_months >= 2 for m in members)",
    "any(m.defined.left_on >= date(2021, 1, 1) for m in members)",
    "all(m.defined.working for m in members)",
    "sum(m.employment.months / 12 for m in members) >= 1",
    "sum(m.defined.share_of_year for m in members if m.employed) >= 1",
    "sum(1 for m in members) >= 3",
    "sum(m.disability.grade for m in members if m.labour == skilled) > 3",
    "count(m for m in members if known(m.startup.employees)) >= 1",
    "known(household.income_surveyed_on)",
    "known(household.village_id)",
    "known(household.members)",
    "known(income(2022).net)",
    "subset(household.monitoring.risks, {illness, schooling})",
    "disjoint(household.monitoring.risks, {illness})",
    "illness in household.monitoring.risks",
    "household.village_id == '1'",
    "household.village_id == household.township_id",
    "lifted == household.type",
    "2 in {2, 3}",
    "2 >= 1",
    "date(2022, 1, 1) <= as_of",
    "month(as_of) >= 6",
    "household.size / -2 < 0",
)
MEMBER = (
    "any(o.defined.share_of_year > member.defined.share_of_year for o in others)",
    "member.defined.left_on > member.birth_date",
    "age_on(member.birth_date, as_of) >= 30",
    "longest_run(s for s in member.work_spells) >= 3",
    "calendar_months(member.employment.started_on, as_of) > 12",
    "household.size > count(o for o in others) + 1",
    "any(s.months >= 3 for s in member.work_spells if s.outside_province)",
)


def flag(number: int, when: str, subject: str) -> str:
    return (
        f"- id: line_{number}\n  concept: low_income_listing\n  outcome: flag\n  subject: {subject}\n"
        f"  {LABEL}\n  clauses: ['1#1']\n  force: must\n  when: {when}\n"
    )


@pytest.fixture(scope="module", params=["household", "member"])
def lines(request: pytest.FixtureRequest) -> tuple[Pack, tuple[str, ...]]:
    """A pack with a rule for each line of a subject."""
    subject = request.param
    found = HOUSEHOLD if subject == "household" else MEMBER
    rules = "".join(flag(i, f'"{line}"', subject) for i, line in enumerate(found))
    pack = load_texts({**texts(), "rules/x.yaml": rules, "definitions.yaml": DEFINITIONS})
    return pack, found


def test_every_line_is_answered_as_the_reference_answers_it(
    lines: tuple[Pack, tuple[str, ...]],
) -> None:
    pack, written = lines
    rules = RuleSet(pack)
    path = RowPath(rules.interpreter, after=0)
    rng = random.Random(7)
    decided: set[str] = set()
    for gap in (0.0, 0.05, 0.3):
        sampler = Sampler(pack, gap=gap, derived=0.2)
        for _ in range(40):
            data, day = sampler.record(rng), sampler.as_of(rng)
            people = [sampler.row(rng, "member", 1) for _ in range(rng.randint(0, 3))]
            data["members"] = {"items": people, "complete": rng.random() > gap}
            record = read_record(data, pack.vocabulary)
            got = path.verdicts(record, day)
            assert got is not None
            expected = rules.verdicts(record, day)
            assert list(got.items()) == [(k, Verdict.of(truth)) for k, truth in expected.items()]
            decided |= {rule for (rule, _), v in got.items() if v is not Verdict.UNKNOWN}
    assert path.fallen == 0
    open_ = [line for i, line in enumerate(written) if f"line_{i}" not in decided]
    assert open_ == [], "these were never decided: nothing was compared"


@pytest.mark.parametrize(
    ("text", "size", "said"),
    [
        ("household.size / 2 - 1 / 2 >= 1", 3, Verdict.YES),
        ("household.size / 2 - 1 / 2 >= 1", 2, Verdict.NO),
        ("household.size / 3 * 3 == household.size", 7, Verdict.YES),
        ("min(household.size / 2, 2) == 3 / 2", 3, Verdict.YES),
        ("(household.size / 2 if known(household.size) else 3) == 5 / 2", 5, Verdict.YES),
        ("0.1 * household.size + 0.2 == 0.3", 1, Verdict.YES),
    ],
)
def test_figures_are_exact(text: str, size: int, said: Verdict) -> None:
    rules = flag(0, f'"{text}"', "household")
    pack = load_texts({**texts(), "rules/x.yaml": rules, "definitions.yaml": DEFINITIONS})
    path = RowPath(RuleSet(pack).interpreter, after=0)
    record = read_record({"size": size}, pack.vocabulary)
    found = path.verdicts(record, date(2023, 6, 30))
    assert found is not None
    assert found["line_0", ""] is said
    assert path.fallen == 0
