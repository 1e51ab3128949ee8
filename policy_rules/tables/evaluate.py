"""Every record of a population under one pack: by columns, with the reference interpreter beside it.

The pack is compiled once for a day (:mod:`policy_rules.tables.lowering`) and an engine runs the plan over
ranges of records. What no column can answer (records whose recorded and derived facts differ, external
conditions the pack does not have, numbers beyond the engine's) is answered by the reference interpreter;
the answers are the same either way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Final, Literal

import attrs

from policy_rules.engine.engine import Engine, day_of
from policy_rules.engine.externals import check_externals
from policy_rules.engine.finding import Finding
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import EvaluationError, PolicyRulesError, RecordError
from policy_rules.facts.record import Household, Items, Row
from policy_rules.packs.model import Pack
from policy_rules.tables.answers import Answers
from policy_rules.tables.answers_blocks import Block
from policy_rules.tables.answers_rows import ITSELF, told_rows
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import AS_OF, EXTERNAL, ID, PARENT, ROW, pl
from policy_rules.tables.frames_rows import day_of_number
from policy_rules.tables.plan import Outcome, Plan

EngineName = Literal["polars", "duckdb", "spark", "reference"]
ENGINES: Final = ("polars", "duckdb", "spark", "reference")

#: Records an engine is given at a time: what it works with in between is much more than what it answers.
#: Spark cuts up what it gets by itself.
RANGE: Final[Mapping[str, int]] = {"polars": 250_000, "duckdb": 200_000, "reference": 2_000}
#: Records times rules that polars is given at a time, at most.
_AT_ONCE: Final = 15_000_000

Run = Callable[[Plan, Mapping[str, "pl.DataFrame"]], Mapping[str, "pl.DataFrame"]]
#: A row of the population, the day, and what the reference says of it: findings, or the code of an error.
Told = tuple[int, date | None, Sequence[Finding] | str]


def evaluate_population(
    pack: Pack,
    population: Population,
    as_of: date | str | None = None,
    *,
    engine: EngineName = "polars",
    size: int | None = None,
) -> Answers:
    """The answers of a pack for every record of a population.

    ``as_of`` is the date of all of them; where it is None each record needs its own. ``engine`` computes them:
    polars, DuckDB or Spark on ranges of ``size`` records (None: as suits the engine), or the reference
    interpreter record by record. A record that cannot be evaluated is marked (status ``error``, with a
    code), and the run goes on.

    Raises :class:`~policy_rules.errors.RecordError` for a date that is none, ValueError for an engine that
    is none, and :class:`~policy_rules.errors.EvaluationError` (``extra_missing``) where it is not installed.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine is one of {', '.join(ENGINES)}, not {engine!r}")
    day = None if as_of is None else day_of(_anybody(population.kind, Row()), as_of)
    work = _Work(pack, population.kind, None if engine == "reference" else runner(engine))
    size = size or _range(pack, engine, population.height)
    for start in range(0, population.height, size):
        part = population.slice(start, start + size)
        for on, rows in _by_day(part, day):
            of = part if rows is None else part.take(rows)
            work.add(of, on, (start, start + part.height), rows)
    records = population.frames[population.kind].get_column(ID).fill_null("")
    return Answers(pack, records, tuple(work.blocks), work.told())


def _range(pack: Pack, engine: str, height: int) -> int:
    most = RANGE.get(engine, height)
    if engine == "polars":
        most = min(most, _AT_ONCE // max(1, len(pack.rules)))
    return max(1, most)


def runner(engine: str) -> Run:
    """The function that runs a plan over frames."""
    if engine == "polars":
        from policy_rules.tables import polars_engine

        return polars_engine.run
    from policy_rules.tables import sql_engine

    return sql_engine.run_duckdb if engine == "duckdb" else sql_engine.run_spark


@lru_cache(maxsize=32)
def plan_of(pack: Pack, kind: str, day: date) -> Plan:
    """The plan of a pack for records of a kind on a day, made once."""
    from policy_rules.tables.lowering import lower

    return lower(pack, kind, day)


def _by_day(
    population: Population, day: date | None
) -> Iterator[tuple[date | None, pl.Series | None]]:
    """The rows that are evaluated on one day; None stands for all rows, or for no day."""
    if day is not None:
        yield day, None
        return
    top = population.frames[population.kind]
    if AS_OF not in top.columns:
        yield None, None
        return
    days = top.get_column(AS_OF)
    for number in days.unique(maintain_order=True).to_list():
        rows = (days.is_null() if number is None else days == number).fill_null(False).arg_true()
        yield None if number is None else day_of_number(number), rows.cast(pl.Int64)


@attrs.define
class _Work:
    """The answers so far."""

    pack: Pack
    kind: str
    run: Run | None
    blocks: list[Block] = attrs.Factory(list)
    _told: list[pl.DataFrame] = attrs.Factory(list)
    _engine: Engine | None = None

    def add(
        self,
        part: Population,
        day: date | None,
        span: tuple[int, int],
        rows: pl.Series | None,
    ) -> None:
        """Answer for records of one day out of a range; ``rows`` are their places in it (None: all)."""
        places = pl.int_range(part.height, dtype=pl.Int64, eager=True) if rows is None else rows
        places = (places + span[0]).rename("_record")
        if self.run is None or day is None:
            self._tell(self._reference(part.records(), places, day))
            return
        self._columns(part, day, places, span, self.run)

    def told(self) -> pl.DataFrame:
        """The rows of the reference."""
        return pl.concat([told_rows((), self.pack), *self._told])

    def _tell(self, found: Iterable[Told]) -> None:
        rows = told_rows(found, self.pack)
        if rows.height:
            self._told.append(rows)

    # -- by the reference -------------------------------------------------------------------

    def _reference(
        self, records: Iterable[Household], places: Iterable[int], day: date | None
    ) -> Iterator[Told]:
        engine = self._engine
        if engine is None:
            engine = self._engine = Engine(self.pack, engine="reference", readings=False)
        for place, record in zip(places, records, strict=True):
            on = day or record.as_of
            try:
                yield place, on, engine.evaluate(record, as_of=on).findings
            except PolicyRulesError as error:
                yield place, on, error.problems[0].code
            except Exception:  # whatever it is, it is this record's, and the others go on
                yield place, on, "record_failed"

    def _left(
        self, plan: Plan, part: Population, places: Iterable[int], day: date
    ) -> Iterator[Told]:
        """The rules a plan leaves; a record without conflicts needs nothing but its environment."""
        rules = RuleSet(self.pack, [rule for rule, _ in plan.left])
        for place, record in zip(places, part.records(), strict=True):
            yield place, day, rules.findings(record, day, rules.environment(record, day))

    # -- by columns ---------------------------------------------------------------------------

    def _columns(
        self, part: Population, day: date, places: pl.Series, span: tuple[int, int], run: Run
    ) -> None:
        plan = plan_of(self.pack, self.kind, day)
        found = self._found(plan, part, run)
        if found is None:
            self._tell(self._reference(part.records(), places, day))
            return
        odd = self._strange(part)
        if plan.odd is not None:
            odd = odd | found[self.kind].get_column(plan.odd).fill_null(False)
        if odd.any():
            rows = odd.arg_true().cast(pl.Int64)
            self._tell(self._reference(part.take(rows).records(), places.gather(rows), day))
        speaking = {r.id for r in self.pack.rules.values() if r.in_force.holds(day)}
        outcomes = tuple(o for o in plan.outcomes if o.rule in speaking)
        silent = tuple(
            (r.id, f"{self.kind}.members" if r.subject == "member" else self.kind)
            for r in self.pack.rules.values()
            if r.id not in speaking
            and (r.subject == self.kind or (r.subject == "member" and self.kind == "household"))
        )
        asked = {self.kind, *(o.frame for o in outcomes), *(of for _, of in silent)}
        frames = {}
        for name, own in self._subjects(part):
            if name not in asked:
                continue
            columns = [n for o in outcomes if o.frame == name for n in _columns_of(o)]
            place = pl.lit(ITSELF, dtype=pl.Int64)
            if name != self.kind:
                # rows are sorted by their parent and count from 0
                begins = pl.col(PARENT) != pl.col(PARENT).shift(1)
                first = pl.when(begins).then(pl.col(ROW)).forward_fill().fill_null(0)
                place = pl.col(ROW) - first
            record = pl.col(ROW if name == self.kind else PARENT)
            head = own.select(record.alias("_at"), place.alias("_place"), ID)
            body = found[name].select(*dict.fromkeys(columns)) if columns else pl.DataFrame()
            frame = pl.concat([head, body], how="horizontal")
            if odd.any():
                frame = frame.filter(~odd.gather(frame.get_column("_at")))
            at = places.gather(frame.get_column("_at")).alias("_record")
            frames[name] = frame.drop("_at").insert_column(0, at)
        left = {rule for rule, _ in plan.left} & speaking
        self.blocks.append(Block(span, day, frames, outcomes, silent))
        if left:
            rest = (~odd).arg_true().cast(pl.Int64)
            self._tell(self._left(plan, part.take(rest), places.gather(rest), day))

    def _found(self, plan: Plan, part: Population, run: Run) -> Mapping[str, pl.DataFrame] | None:
        """What the engine finds; None where it cannot tell which records are odd, or meets a number that is
        beyond it: rather slowly than not at all."""
        if any(not rule for rule, _ in plan.left):
            return None
        try:
            return run(plan, part.filled(plan))
        except EvaluationError as error:
            if error.problems[0].code not in ("value_not_held", "number_overflow"):
                raise
            return None

    def _subjects(self, part: Population) -> Iterator[tuple[str, pl.DataFrame]]:
        """The frames whose rows findings are about."""
        yield self.kind, part.frames[self.kind].select(ROW, ID)
        if self.kind == "household":
            members = f"{self.kind}.members"
            empty = pl.DataFrame(schema={ROW: pl.Int64, PARENT: pl.Int64, ID: pl.String})
            yield members, part.frames.get(members, empty).select(ROW, PARENT, ID)

    def _strange(self, part: Population) -> pl.Series:
        """Records with external conditions that are refused: another's subject, or a slip of the pen."""
        top = part.frames[self.kind]
        odd = pl.repeat(False, top.height, eager=True, dtype=pl.Boolean).alias("odd")
        for name, frame in (
            (n, part.frames[n]) for n, _ in self._subjects(part) if n in part.frames
        ):
            member = name != self.kind
            for column in frame.columns:
                if column.startswith(EXTERNAL) and self._refused(column, member):
                    given = frame.get_column(column).is_not_null().arg_true()
                    rows = frame.get_column(PARENT).gather(given) if member else given
                    odd = odd.scatter(rows.unique(), True) if rows.len() else odd
        return odd

    def _refused(self, column: str, member: bool) -> bool:
        pack, _, condition = column.removeprefix(EXTERNAL).rpartition(".")
        row = Row("", {pack: {condition: True}})
        if member:
            top = Row()
            top["members"] = Items((row,), True)
            row = top
        try:
            check_externals(self.pack, _anybody(self.kind, row))
        except RecordError:
            return True
        return False


def _columns_of(outcome: Outcome) -> Iterator[str]:
    named = (outcome.verdict, outcome.outside, outcome.met, *(outcome.amount or ()))
    return (name for name in named if name is not None)


def _anybody(kind: str, row: Row) -> Household:
    return Household(kind, "", row, None, "")
