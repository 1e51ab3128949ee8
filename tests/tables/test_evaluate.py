"""The engines over populations: what they answer is what the reference interpreter answers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import attrs
import plan_interpreter
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules import Engine, load_pack
from policy_rules.errors import EvaluationError, Place, PolicyRulesError, Problem, RecordError
from policy_rules.facts import Household, read_record
from policy_rules.facts.dictionary import SUBJECTS
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.tables import evaluate
from policy_rules.tables.answers import Answers
from policy_rules.tables.evaluate import EngineName, evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.tables.plan import Plan
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler

PACKS = ("yunnan/dongchuan", "yunnan/mengyong", "guangxi", "zhengzhou", "tongren")
SEEDED = st.integers(0, 2**32).map(random.Random)
Rows = list[tuple[Any, ...]]


def drawn(
    pack: Pack, rng: random.Random, count: int, kind: str = "household", own_days: bool = False
) -> list[Household]:
    sampler = Sampler(pack, gap=rng.choice((0.05, 0.2, 0.5)), derived=0.2)
    found = []
    for i in range(count):
        data = sampler.record(rng, kind) | {"id": f"h{i}"}
        if own_days and rng.random() < 0.8:
            data["as_of"] = sampler.as_of(rng)
        if rng.random() < 0.05:
            slip = pack.id[:-1] if len(pack.id) > 5 else pack.id
            data["external"] = {rng.choice((pack.id, slip)): {"no_such_condition": True}}
        if isinstance(data.get("members"), list) and data["members"] and rng.random() < 0.05:
            data["members"][-1]["external"] = {pack.id: {"no_such_condition": False}}
        found.append(read_record(data, pack.vocabulary))
    return found


def expected(pack: Pack, records: list[Household], day: date | None) -> Rows:
    """Every finding by the reference interpreter, or the code of an error."""
    engine = Engine(pack, engine="reference", readings=False)
    rows: Rows = []
    for i, record in enumerate(records):
        try:
            findings = engine.evaluate(record, as_of=day).findings
        except PolicyRulesError as error:
            rows.append((i, record.id, error.problems[0].code))
            continue
        for f in findings:
            ends = (None, None) if f.amount is None else (f.amount.low, f.amount.high)
            said = (f.verdict, f.status.value, f.met, *ends, f.clauses)
            rows.append((i, record.id, f.subject, f.rule.id, f.effect, said))
    return rows


def given_by(answers: Answers) -> Rows:
    return [
        (a.row, a.record, a.code)
        if a.code
        else (a.row, a.record, a.subject, a.rule, a.effect, a.outcome())
        for a in answers
    ]


def agree(
    pack: Pack,
    records: list[Household],
    day: date | None,
    engine: EngineName,
    kind: str = "household",
    size: int = 7,
) -> Answers:
    population = Population.of_records(records, pack.vocabulary, kind)
    answers = evaluate_population(pack, population, day, engine=engine, size=size)
    assert given_by(answers) == expected(pack, records, day)
    counts = answers.counts()
    assert counts["n"].sum() == answers.table.height
    for subject in (None, "member") if kind == "household" else (None,):
        laid_out(answers, subject)
    return answers


def laid_out(answers: Answers, subject: str | None) -> None:
    """The wide table has the verdicts of the long one."""
    wide = {
        (r["row"], r.get("subject", "")): r for r in answers.wide(subject).iter_rows(named=True)
    }
    assert len(wide) == answers.wide(subject).height
    told = [a for a in answers if a.rule and bool(a.subject) is (subject is not None)]
    for a in told:
        cells = wide[a.row, a.subject]
        assert (cells[a.rule], cells.get(f"{a.rule}.met")) == (a.verdict, a.met)
    verdicts = [v for r in wide.values() for n, v in r.items() if n in answers.pack.rules]
    assert sum(v is not None for v in verdicts) == sum(a.verdict is not None for a in told)


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.no_cover
def test_the_reference_row_by_row(name: str) -> None:
    pack, rng = load_pack(name), random.Random(1)
    agree(pack, drawn(pack, rng, 12, own_days=True), None, "reference")
    agree(pack, drawn(pack, rng, 5), Sampler(pack).as_of(rng), "reference")


@pytest.mark.parametrize("kind", [k for k in SUBJECTS if k != "member"])
@pytest.mark.parametrize("name", PACKS)
@pytest.mark.no_cover
def test_polars_says_what_the_reference_says(name: str, kind: str) -> None:
    pack, rng = load_pack(name), random.Random(f"{name} {kind}")
    sampler = Sampler(pack)
    start = pack.in_force.start or date(2022, 1, 1)
    for day in (sampler.as_of(rng), start + timedelta(days=200)):
        agree(pack, drawn(pack, rng, 40, kind), day, "polars", kind, size=25)


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.no_cover
def test_duckdb_says_what_the_reference_says(name: str) -> None:
    pack, rng = load_pack(name), random.Random(f"{name} duckdb")
    agree(pack, drawn(pack, rng, 15), Sampler(pack).as_of(rng), "duckdb", size=100)


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.no_cover
def test_records_with_dates_of_their_own(name: str) -> None:
    pack, rng = load_pack(name), random.Random(7)
    days = [Sampler(pack).as_of(rng) for _ in range(3)]
    records = [
        Household(r.kind, r.id, r.row, rng.choice([None, *days]), r.region)
        for r in drawn(pack, rng, 30)
    ]
    answers = agree(pack, records, None, "polars", size=12)
    assert set(answers.errors["code"]) <= {"no_date", "unknown_external", "unknown_pack"}
    assert "no_date" in set(answers.errors["code"])


@settings(deadline=None, max_examples=25)
@given(SEEDED)
def test_random_packs(rng: random.Random) -> None:
    pack = load_texts(random_pack(rng, 8))
    records = drawn(pack, rng, 12, own_days=False)
    agree(pack, records, Sampler(pack).as_of(rng), "polars")


def test_the_plain_interpreter_as_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging does not hang on polars: any engine of the plan language does."""

    def plain(plan: Plan, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        columns = {p: {s.name: s.to_list() for s in f.iter_columns()} for p, f in frames.items()}
        found = plan_interpreter.run(plan, columns)
        wanted = {(plan.frames[0], plan.odd)} if plan.odd else set()
        for o in plan.outcomes:
            names = (o.verdict, o.outside, o.met, *(o.amount or ()))
            wanted |= {(o.frame, n) for n in names if n}
        frames_of = {frame for frame, _ in wanted}
        return {
            f: pl.DataFrame([pl.Series(n, found[f][n], strict=False) for g, n in wanted if g == f])
            for f in frames_of
        }

    monkeypatch.setattr(evaluate, "runner", lambda engine: plain)
    for name in ("yunnan/dongchuan", "zhengzhou"):
        pack, rng = load_pack(name), random.Random(3)
        agree(pack, drawn(pack, rng, 10), date(2024, 6, 30), "polars", size=100)


def test_overlays_and_other_readings_are_those_of_the_pack() -> None:
    rng = random.Random(11)
    pack = load_pack("yunnan/dongchuan")
    overlay = Path(__file__).parents[2] / "examples" / "overlay-2022.yaml"
    agree(pack.with_overlay(overlay), drawn(pack, rng, 15), date(2022, 12, 31), "polars")
    reading = next(iter(pack.readings.values()))
    other = pack.with_reading(reading.id, reading.alternatives[0].id)
    agree(other, drawn(pack, rng, 15), date(2022, 12, 31), "polars")


def test_rules_a_plan_leaves_are_answered_by_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    pack, rng = load_pack("yunnan/dongchuan"), random.Random(5)
    whole = evaluate.plan_of

    def leaving(pack: Pack, kind: str, day: date) -> Plan:
        plan = whole(pack, kind, day)
        gone = plan.outcomes[::3]
        return attrs.evolve(
            plan,
            outcomes=tuple(o for o in plan.outcomes if o not in gone),
            left=tuple((o.rule, "for the test") for o in gone),
        )

    monkeypatch.setattr(evaluate, "plan_of", leaving)
    agree(pack, drawn(pack, rng, 20), date(2023, 6, 30), "polars", size=8)


@pytest.mark.parametrize("trouble", ["a number beyond", "a conflict left"])
def test_what_the_columns_cannot_do_at_all_the_reference_does(
    monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    pack, rng = load_pack("yunnan/mengyong"), random.Random(6)
    whole = evaluate.plan_of

    def beyond(plan: Plan, frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        raise EvaluationError(Problem("value_not_held", Place(), got="`…`"))

    def leaving(pack: Pack, kind: str, day: date) -> Plan:
        return attrs.evolve(whole(pack, kind, day), left=(("", "conflict of household.x"),))

    if trouble == "a number beyond":
        monkeypatch.setattr(evaluate, "runner", lambda engine: beyond)
    else:
        monkeypatch.setattr(evaluate, "plan_of", leaving)
    answers = agree(pack, drawn(pack, rng, 8), date(2023, 6, 30), "polars")
    assert not answers.blocks


def test_a_failing_record_is_marked_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = load_pack("yunnan/mengyong")
    records = drawn(pack, random.Random(2), 3)
    whole = Engine.evaluate

    def failing(self: Engine, record: Household, **more: Any) -> Any:
        if record.id == "h1":
            raise OverflowError
        return whole(self, record, **more)

    monkeypatch.setattr(Engine, "evaluate", failing)
    population = Population.of_records(records)
    found = evaluate_population(pack, population, "2023-06-30", engine="reference")
    assert found.errors.select("record", "code").rows() == [("h1", "record_failed")]
    assert set(found.table["record"]) == {"h0", "h1", "h2"}


def test_what_is_asked_wrongly() -> None:
    pack, nobody = load_pack("yunnan/mengyong"), Population.of_records([])
    with pytest.raises(ValueError, match="polars"):
        evaluate_population(pack, nobody, "2023-06-30", engine="excel")  # type: ignore[arg-type]
    with pytest.raises(RecordError, match="bad_date"):
        evaluate_population(pack, nobody, "2023-06")
