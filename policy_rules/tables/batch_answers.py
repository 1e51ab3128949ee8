"""The answers of one range of records, whichever engine gives them.

A column engine answers a range at once; the reference interpreter answers the records that are explained
and some of the others beside it. Where the two differ, or where an evaluation fails, the record is
marked (status ``error``, with a code) and the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

from policy_rules.engine.engine import day_of
from policy_rules.errors import PolicyRulesError, Problems
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.tables.batch_beside import CORE, Asked, Beside
from policy_rules.tables.batch_options import BatchEngine
from policy_rules.tables.batch_packs import Packs
from policy_rules.tables.batch_records import Entry, harmless
from policy_rules.tables.outputs import ERROR, Lists, polars, schema
from policy_rules.tables.summary import Tally

if TYPE_CHECKING:
    from polars import DataFrame


class Answering:
    """The answers of one range, pack by pack."""

    def __init__(self, packs: Packs, asked: Asked, entries: Sequence[Entry]) -> None:
        self._packs, self._asked = packs, asked
        self._entries = {entry.row: entry for entry in entries}
        self.tally = Tally(records=len(entries))
        self._beside = Beside(packs, asked, self.tally)
        self._failed = self._beside.failed
        self._days: dict[int, date] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._added: list[tuple[Any, ...]] = []
        groups: dict[tuple[str, date, str], list[Entry]] = {}
        for entry in entries:
            for key in self._keys(entry):
                groups.setdefault(key, []).append(entry)
        order = list(packs.loaded)
        frames = [
            self._group(key, group)
            for key, group in sorted(groups.items(), key=lambda g: (order.index(g[0][0]), g[0]))
        ]
        self._frames = [f for f in frames if f is not None]

    def _keys(self, entry: Entry) -> list[tuple[str, date, str]]:
        """Pack, day and kind under which a record is answered."""
        record = entry.record
        if record is None:
            self._beside.fail(entry.row, entry.problems[0].code)
            return []
        try:
            day = self._days[entry.row] = day_of(record, self._asked.as_of)
            return [(name, day, record.kind) for name in self._packs.chosen(record, day)]
        except PolicyRulesError as error:
            self._beside.fail(entry.row, error.problems[0].code)
            return []

    # -- evaluating --------------------------------------------------------------------------

    def _group(self, key: tuple[str, date, str], entries: list[Entry]) -> DataFrame | None:
        """The long form of the records under one pack on one day."""
        name, day, kind = key
        pl, asked = polars(), self._asked
        columns = None
        if asked.engine != "reference":
            try:
                pack = self._packs.loaded[name]
                columns = column_answers(pack, entries, day, kind, asked.engine)
            except PolicyRulesError as error:
                if error.problems[0].code == "extra_missing":
                    raise
                self.tally.fall_back(error.problems[0].code, len(entries))
            except Exception as error:  # the engine's fault, no record's: the reference answers
                self.tally.fall_back(type(error).__name__, len(entries))
        looked = {e.row for e in entries} if asked.explains else _spread(entries, asked.check)
        wanted = entries if columns is None else [e for e in entries if e.row in looked]
        if columns is not None:
            held = set(columns.get_column("row").to_list())
            wanted = [e for e in entries if e.row in looked or e.row not in held]
        core, added = self._beside.answers(name, wanted, day, looked)
        frame = pl.DataFrame(core, schema=_core_schema(), orient="row")
        if columns is not None:
            frame = self._compared(name, frame, columns)
        if asked.explains:
            names = ("row", "subject", "rule", "missing", "lacking", "ask", "why")
            kinds = {n: pl.Int64 if n == "row" else pl.String for n in names}
            extra = pl.DataFrame(added, schema=kinds, orient="row")
            frame = frame.join(
                extra, on=["row", "subject", "rule"], how="left", maintain_order="left"
            )
        return self._described(name, day, frame)

    def _compared(self, name: str, reference: DataFrame, columns: DataFrame) -> DataFrame:
        """The column engine's answers; a record the reference answers otherwise is marked."""
        pl = polars()
        both = reference.join(columns.select("row").unique(), on="row", how="semi")
        other = columns.join(both.select("row").unique(), on="row", how="semi")
        keys = list(CORE)
        apart = pl.concat(
            [
                both.join(other, on=keys, how="anti", nulls_equal=True).select("row"),
                other.join(both, on=keys, how="anti", nulls_equal=True).select("row"),
            ]
        )
        rows = sorted(set(apart.get_column("row").to_list()))
        for row in rows:
            self._beside.fail(row, "engine_disagreement", name)
        rest = columns.join(reference.select("row").unique(), on="row", how="anti")
        whole: DataFrame = pl.concat([reference, rest])
        return whole

    # -- the long form -----------------------------------------------------------------------

    def _described(self, name: str, day: date, frame: DataFrame) -> DataFrame:
        """With what the pack says of each rule, in the reference's order of findings."""
        pl, pack, lang = polars(), self._packs.loaded[name], self._asked.lang
        rules = pl.DataFrame(
            [
                (
                    i,
                    r.id,
                    r.label[lang],
                    r.outcome,
                    r.effect,
                    r.amount.unit if r.amount else None,
                    "; ".join(r.clauses),
                )
                for i, r in enumerate(pack.rules.values())
            ],
            schema={
                "_rule": pl.Int64,
                **dict.fromkeys(
                    ("rule", "label", "outcome", "effect", "unit", "clauses"), pl.String
                ),
            },
            orient="row",
        )
        people = [
            (row, m.id, i, harmless(m.id, i))
            for row in frame.get_column("row").unique().to_list()
            for i, m in enumerate(self._record(row).members, 1)
        ]
        members = pl.DataFrame(
            people,
            schema={"row": pl.Int64, "subject": pl.String, "_member": pl.Int64, "_as": pl.String},
            orient="row",
        )
        order = list(self._packs.loaded).index(name)
        return (
            frame.join(rules, on="rule", how="left")
            .join(members, on=["row", "subject"], how="left")
            .with_columns(
                pl.coalesce("_as", "subject").alias("subject"),
                pl.col("_member").fill_null(0),
                pl.lit(name).alias("pack"),
                pl.lit(day).alias("as_of"),
                pl.lit(order).alias("_pack"),
            )
            .drop("_as")
        )

    def _record(self, row: int) -> Household:
        record = self._entries[row].record
        assert record is not None
        return record

    def long(self, columns: Sequence[str], carry: Sequence[str]) -> DataFrame:
        """Every finding of the range, and a row a record that is marked; counts go into ``tally``."""
        pl = polars()
        kinds = schema(columns)
        sorting = ["row", "_pack", "_member", "_rule"]
        wanted = {**kinds, **dict.fromkeys(sorting, pl.Int64)}
        parts = [f.filter(~pl.col("row").is_in(list(self._failed))) for f in self._frames]
        parts.append(self._marked())
        whole = pl.concat([_with(f, wanted) for f in parts])
        self._count(whole)
        heads = self.heads(carry)
        whole = whole.drop("record", "region", *carry).join(heads, on="row", how="left")
        if carry:
            own = self._people(carry)
            whole = whole.join(own, on=["row", "subject"], how="left", suffix="~own")
            whole = whole.with_columns(pl.coalesce(f"{c}~own", c).alias(c) for c in carry)
        ordered: DataFrame = whole.sort(sorting, maintain_order=True).select(columns)
        return ordered

    def _marked(self) -> DataFrame:
        """A row a record that is marked."""
        pl = polars()
        failed = sorted(self._failed.items())
        rows = [(row, pack or None, code, self._days.get(row)) for row, (code, pack) in failed]
        kinds = {"row": pl.Int64, "pack": pl.String, "code": pl.String, "as_of": pl.Date}
        zero = [pl.lit(0).alias(n) for n in ("_pack", "_member", "_rule")]
        texts = [pl.lit(v).alias(n) for n, v in (("status", ERROR), ("subject", ""), ("rule", ""))]
        marked: DataFrame = pl.DataFrame(rows, schema=kinds, orient="row")
        return marked.with_columns(*zero, *texts)

    def heads(self, carry: Sequence[str]) -> DataFrame:
        """A row a record: position, id, region, and what is carried along."""
        pl = polars()
        names = ("row", "record", "region", *carry)
        kinds = {n: pl.Int64 if n == "row" else pl.String for n in names}
        rows = [
            (e.row, e.id, e.record.region if e.record else "", *(e.carried.get(c) for c in carry))
            for e in self._entries.values()
        ]
        found: DataFrame = pl.DataFrame(rows, schema=kinds, orient="row")
        return found

    def _people(self, carry: Sequence[str]) -> DataFrame:
        """A row a member with columns of their own, by the id the output gives them."""
        pl = polars()
        rows = []
        for entry in self._entries.values():
            if entry.record is not None and entry.of_members:
                for i, member in enumerate(entry.record.members, 1):
                    cells = entry.of_members.get(member.id, {})
                    subject = harmless(member.id, i)
                    rows.append((entry.row, subject, *(cells.get(c) for c in carry)))
        kinds = {n: pl.Int64 if n == "row" else pl.String for n in ("row", "subject", *carry)}
        found: DataFrame = pl.DataFrame(rows, schema=kinds, orient="row")
        return found

    @cached_property
    def lists(self) -> Lists:
        """Whose list of members is complete."""
        complete: set[int] = set()
        incomplete: set[int] = set()
        for row in self._days.keys() - self._failed.keys():
            record = self._record(row)
            if record.kind == "household":
                listed = record.row.get("members")
                whole = listed is not None and listed.complete
                (complete if whole else incomplete).add(row)
        return Lists(frozenset(complete), frozenset(incomplete))

    def _count(self, whole: DataFrame) -> None:
        pl = polars()
        self.tally.answered = self.tally.records - len(self._failed)
        spoken = whole.filter(pl.col("rule") != "")
        counts = spoken.group_by("pack", "rule", "verdict").len()
        for pack, rule, verdict, n in sorted(counts.iter_rows(), key=str):
            self.tally.count(pack, rule, verdict or "not_in_force", n)


def column_answers(
    pack: Pack, entries: Sequence[Entry], day: date, kind: str, engine: BatchEngine
) -> DataFrame:
    """The findings of records by a column engine, with the columns :data:`CORE`.

    Records it has no answer for are absent: those with a number no column holds, and those on which the
    evaluation failed. Raises what the engine raises.
    """
    pl = polars()
    from policy_rules.tables.evaluate import evaluate_population
    from policy_rules.tables.frames import Population

    noted, held = Problems(), []

    def records() -> Iterator[Household]:
        for entry in entries:
            before = len(noted.found)
            if entry.record is not None:
                yield entry.record
            # the writer has taken it by now: a value it could not hold has been noted
            held.append(len(noted.found) == before)

    population = Population.of_records(records(), pack.vocabulary, kind, noted)
    found = evaluate_population(pack, population, day, engine=engine).long()
    places = pl.Series([e.row for e in entries], dtype=pl.Int64)
    whole = pl.Series([place for place, ok in zip(places, held, strict=True) if ok], dtype=pl.Int64)
    found = found.filter(pl.col("status") != ERROR).with_columns(
        places.gather(found.filter(pl.col("status") != ERROR).get_column("row")).alias("row")
    )
    found = found.filter(pl.col("row").is_in(whole.implode()))
    core: DataFrame = found.select(pl.col(n).cast(kind) for n, kind in _core_schema().items())
    return core


def _core_schema() -> dict[str, Any]:
    pl = polars()
    return {name: pl.Int64 if name == "row" else pl.String for name in CORE}


def _with(frame: DataFrame, columns: Mapping[str, Any]) -> DataFrame:
    pl = polars()
    return frame.select(
        pl.col(n).cast(kind) if n in frame.columns else pl.lit(None, kind).alias(n)
        for n, kind in columns.items()
    )


def _spread(entries: Sequence[Entry], count: int) -> set[int]:
    """The rows of ``count`` records, evenly spread."""
    step = max(1, -(-len(entries) // count)) if count else len(entries) + 1
    return {e.row for e in entries[::step]} if count else set()
