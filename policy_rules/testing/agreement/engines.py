"""What each engine answers of the records of a batch, and where one differs from the reference interpreter."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from typing import Any, Final

import attrs

from policy_rules.engine.compiled.rows import RowPath
from policy_rules.engine.durable import loading
from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import Finding
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import EngineDisagreement, EngineUnavailable, PolicyRulesError
from policy_rules.facts.record import Household
from policy_rules.tables.evaluate import EngineName, evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.testing.agreement.batches import Batch, read
from policy_rules.verdict import Verdict

#: The engines, in the order of reports; Spark only where it is asked for.
ENGINES: Final = ("reference", "compiled", "durable_rules", "polars", "duckdb", "spark", "solver")
COLUMNS: Final[tuple[EngineName, ...]] = ("polars", "duckdb", "spark")
#: The solver answers few records of few rules of some batches: a question costs it some tenths of a second.
SOLVER_EVERY, SOLVER_RULES, SOLVER_RECORDS = 4, 5, 6

#: What is said of each rule and subject of a record, or the code of the error it is.
Said = Mapping[tuple[str, str], Any] | str


@attrs.frozen
class Difference:
    """Where an engine differs: the place of the record in its batch, the rule and subject, both answers."""

    engine: str
    row: int
    where: str
    expected: str
    got: str


@attrs.define
class Tally:
    """What one engine did: households, answers compared, processor seconds."""

    households: int = 0
    answers: int = 0
    seconds: float = 0.0

    def add(self, other: Tally) -> None:
        """Count the work of another with this."""
        self.households += other.households
        self.answers += other.answers
        self.seconds += other.seconds


def available(*, spark: bool = False) -> tuple[str, ...]:
    """The engines that can be asked here."""
    missing = set() if spark else {"spark"}
    if find_spec("z3") is None:
        missing.add("solver")
    if not loading.available():
        missing.add("durable_rules")
    return tuple(e for e in ENGINES if e not in missing)


def compared(batch: Batch, engines: Sequence[str]) -> tuple[dict[str, Tally], list[Difference]]:
    """Ask the engines of a batch; what each did, and where one differs from the reference."""
    tallies: dict[str, Tally] = {}
    found: list[Difference] = []
    expected, apart = _reference(batch, engines, tallies)
    found += apart
    if "compiled" in engines:
        with _timed("compiled", tallies, len(batch.records)) as tally:
            found += _compiled(batch, tally)
    for name in COLUMNS:
        if name in engines:
            with _timed(name, tallies, len(batch.records)) as tally:
                found += _columns(batch, name, expected, tally)
    if "solver" in engines and batch.number // 2 % SOLVER_EVERY == 0:
        with _timed("solver", tallies, 0) as tally:
            found += _solver(batch, tally)
    return tallies, found


class _timed:
    def __init__(self, engine: str, tallies: dict[str, Tally], households: int) -> None:
        self.tally = tallies.setdefault(engine, Tally())
        self.tally.households += households

    def __enter__(self) -> Tally:
        self.start = time.process_time()
        return self.tally

    def __exit__(self, *_: object) -> None:
        self.tally.seconds += time.process_time() - self.start


# -- the reference, with durable_rules beside it -----------------------------------------------


def _reference(
    batch: Batch, engines: Sequence[str], tallies: dict[str, Tally]
) -> tuple[list[Said], list[Difference]]:
    """What the reference interpreter says of each record; durable_rules is checked against it on the way."""
    count = len(batch.records)
    reference = Engine(batch.pack, engine="reference", readings=False)
    found: list[Difference] = []
    with _timed("reference", tallies, count) as tally:
        said = [_said(reference, record, batch.day) for record in batch.records]
        tally.answers += sum(len(s) for s in said if not isinstance(s, str))
    if "durable_rules" not in engines:
        return said, found
    with _timed("durable_rules", tallies, count) as tally:
        checked = Engine(batch.pack, engine="durable_rules", readings=False)
        try:
            for row, record in enumerate(batch.records):
                try:
                    other = _said(checked, record, batch.day)
                except EngineDisagreement as error:
                    found += (
                        Difference("durable_rules", row, p.place.path, p.expected, p.got)
                        for p in error.problems
                    )
                    continue
                tally.answers += 0 if isinstance(other, str) else len(other)
                # the same interpreter: generated code is in one of them, and in the other not
                found += _apart("durable_rules", row, said[row], other)
        finally:
            checked.close()
    return said, found


def _said(engine: Engine, record: Household, day: date) -> Said:
    try:
        findings = engine.evaluate(record, as_of=day).findings
    except (EngineDisagreement, EngineUnavailable):
        raise
    except PolicyRulesError as error:
        return error.problems[0].code
    return {(f.rule.id, f.subject): _answer(f) for f in findings}


def _answer(finding: Finding) -> tuple[Any, ...]:
    """As :meth:`policy_rules.tables.answers.Answer.outcome`."""
    amount = finding.amount
    ends = (None, None) if amount is None else (amount.low, amount.high)
    return (finding.verdict, finding.status.value, finding.met, *ends, finding.clauses)


def _apart(engine: str, row: int, expected: Said, got: Said) -> Iterator[Difference]:
    if expected == got:
        return
    if isinstance(expected, str) or isinstance(got, str):
        shown = (s if isinstance(s, str) else "-" for s in (expected, got))
        yield Difference(engine, row, "", *shown)
        return
    for key in sorted(expected.keys() | got.keys()):
        if expected.get(key) != got.get(key):
            where = "@".join(k for k in key if k)
            yield Difference(engine, row, where, _text(expected.get(key)), _text(got.get(key)))


def _text(answer: Any) -> str:
    if answer is None:
        return "-"
    parts = answer if isinstance(answer, tuple) else (answer,)
    return " ".join(str(p) for p in parts if p is not None and p != ())


# -- generated code ----------------------------------------------------------------------------


def _compiled(batch: Batch, tally: Tally) -> Iterator[Difference]:
    """Generated code against the plain interpreter, on the records as they are."""
    rules = RuleSet(batch.pack)
    path = RowPath(rules.interpreter, after=0)
    for row, record in enumerate(batch.records):
        got = path.verdicts(record, batch.day)
        if got is None:
            if path.fallen:
                yield Difference("compiled", row, "", "-", "fallen")
            return
        truths = rules.verdicts(record, batch.day)
        tally.answers += len(got)
        yield from _apart("compiled", row, {k: Verdict.of(t) for k, t in truths.items()}, got)


# -- columns -----------------------------------------------------------------------------------


def _columns(
    batch: Batch, name: EngineName, expected: Sequence[Said], tally: Tally
) -> Iterator[Difference]:
    population = Population.of_records(batch.records, batch.pack.vocabulary, batch.kind)
    got: list[Any] = [{} for _ in batch.records]
    # a part of the batch at a time, so that the cutting of populations is tried as well
    size = max(1, len(batch.records) * 2 // 3)
    for answer in evaluate_population(batch.pack, population, batch.day, engine=name, size=size):
        if answer.code:
            got[answer.row] = answer.code
        else:
            got[answer.row][answer.rule, answer.subject] = answer.outcome()
            tally.answers += 1
    for row, (said, other) in enumerate(zip(expected, got, strict=True)):
        yield from _apart(name, row, said, other)


# -- the solver --------------------------------------------------------------------------------


def _solver(batch: Batch, tally: Tally) -> Iterator[Difference]:
    """Some records fixed in the solver, some rules: what the encoding says of them."""
    from policy_rules.analysis.fixed import Fixed, reference
    from policy_rules.analysis.model import Bounds
    from policy_rules.analysis.records import Unfitting

    subjects = {batch.kind, "member"} if batch.kind == "household" else {batch.kind}
    rng = random.Random(batch.number)
    names = [
        r.id
        for r in batch.pack.rules.values()
        if r.subject in subjects and r.in_force.holds(batch.day)
    ]
    if not names:
        return
    only = set(rng.sample(names, min(SOLVER_RULES, len(names))))
    fixed = Fixed(batch.pack, batch.kind, batch.day, Bounds(5, 3), any_day=True, only=only)
    rules = RuleSet(batch.pack, sorted(only))
    if not fixed.terms:
        return
    for row in range(min(SOLVER_RECORDS, len(batch.records))):
        record = batch.records[row]
        try:
            got = dict(fixed.answers(record))
        except Unfitting:
            continue
        said = reference(rules, record, batch.day)
        tally.households += 1
        tally.answers += len(got)
        yield from _apart("solver", row, {k: said[k] for k in got}, got)


# -- a record alone ----------------------------------------------------------------------------


def differing(batch: Batch, engine: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an engine differs on a record alone, under the pack and day of a batch."""

    def differs(data: Mapping[str, Any]) -> bool:
        record = read(data, batch.pack)
        if record is None:
            return False
        alone = attrs.evolve(batch, number=0, data=(data,), records=(record,))
        return any(d.engine == engine for d in compared(alone, ("reference", engine))[1])

    return differs
