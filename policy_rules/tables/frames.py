"""A population as frames: the one form between readers, engines and writers.

A population holds records of one kind as polars data frames, one for each list: ``household`` (a row a
record), ``household.members`` (a row a member), ``household.incomes`` (a row a year). docs/tables.md says
what each column holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from policy_rules.errors import Problems, RecordError
from policy_rules.facts.dictionary import SUBJECTS, Vocabulary, load_vocabulary
from policy_rules.facts.record import Household
from policy_rules.tables import frames_rows
from policy_rules.tables.frames_layout import (
    PARENT,
    ROW,
    FrameLayout,
    frame_schema,
    layout,
    pl,
)
from policy_rules.tables.plan import Needed, Plan

__all__ = ["Population", "frame_schema", "to_columns"]

#: Records turned back into Python objects at a time.
BLOCK: Final = 2_000
_KINDS: Final[Mapping[str, type[pl.DataType]]] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "text": pl.String,
}


@attrs.frozen(eq=False, repr=False)
class Population:
    """Records of one kind as frames by list path. Immutable; slices share memory where they can.

    ``frames`` holds the record's frame (named as ``kind``) and any of its inner frames. In each, ``_row``
    counts from 0; inner rows are sorted by ``_parent``, the ``_row`` of the row they belong to in the frame
    one list further out. A column or inner frame that is absent is not recorded anywhere; what stands below
    a structure or list whose ``~state`` is null is null, or has no rows.
    """

    kind: str
    frames: Mapping[str, pl.DataFrame]
    vocabulary: Vocabulary = attrs.field(factory=load_vocabulary)

    def __attrs_post_init__(self) -> None:
        if self.kind not in SUBJECTS or self.kind == "member" or self.kind not in self.frames:
            raise ValueError(f"no population: {self.kind!r} with {sorted(self.frames)}")

    @classmethod
    def of_records(
        cls,
        records: Iterable[Household],
        vocabulary: Vocabulary | None = None,
        kind: str = "household",
        problems: Problems | None = None,
    ) -> Population:
        """Checked records as frames; the frames have every column of the schema.

        A number that no column holds (more than six decimals, or beyond 9.2e12) is a problem
        ``value_not_held``: it is noted in ``problems`` and left out, or, where that is None, raised as
        :class:`~policy_rules.errors.RecordError`. Raises ValueError for a record of another kind.
        """
        vocabulary = vocabulary or load_vocabulary()
        noted = Problems() if problems is None else problems
        writer = frames_rows.Writer(layout(vocabulary, kind), noted)
        for record in records:
            if record.kind != kind:
                raise ValueError(f"a {record.kind} among records of kind {kind}")
            writer.add(record)
        if problems is None:
            noted.raise_if_any(RecordError)
        schema = frame_schema(vocabulary, kind)
        frames = {
            path: _frame(filling.finished(), schema[path], filling.count)
            for path, filling in writer.frames.items()
        }
        return cls(kind, frames, vocabulary)

    def __repr__(self) -> str:
        return f"<Population: {self.height} of kind {self.kind}>"

    @property
    def height(self) -> int:
        """How many records."""
        return self.frames[self.kind].height

    @property
    def _layout(self) -> FrameLayout:
        return layout(self.vocabulary, self.kind)

    def record(self, i: int) -> Household:
        """The record of a row, from 0; raises IndexError."""
        if not 0 <= i < self.height:
            raise IndexError(i)
        return self.slice(i, i + 1)._decoded()[0]

    def records(self) -> Iterator[Household]:
        """All records in order; much faster than :meth:`record` for each."""
        for start in range(0, self.height, BLOCK):
            yield from self.slice(start, start + BLOCK)._decoded()

    def _decoded(self) -> list[Household]:
        columns = {
            path: {
                s.name: s.to_list()
                for s in frame.iter_columns()
                if s.null_count() < s.len() or s.name in (ROW, PARENT)
            }
            for path, frame in self.frames.items()
        }
        return frames_rows.records(self._layout, self.kind, columns)

    def slice(self, start: int, stop: int) -> Population:
        """The records from ``start`` up to ``stop``, with what belongs to them; rows count from 0 again."""
        start = max(0, min(start, self.height))
        stop = max(start, min(stop, self.height))
        if stop - start == self.height:
            return self
        spans: dict[str, tuple[int, int]] = {}
        frames: dict[str, pl.DataFrame] = {}
        for inner in self._present():
            frame = self.frames[inner.path]
            if inner.outer is None:
                span = start, stop
            else:
                # rows are sorted by their parent: those of a range of parents are a range
                first, last = spans[inner.outer]
                parents = frame.get_column(PARENT)
                span = _first(parents, first), _first(parents, last)
            spans[inner.path] = span
            frame = frame.slice(span[0], span[1] - span[0])
            moved = [pl.col(ROW) - span[0]]
            if inner.outer is not None:
                moved.append(pl.col(PARENT) - spans[inner.outer][0])
            frames[inner.path] = frame.with_columns(moved)
        return Population(self.kind, frames, self.vocabulary)

    def take(self, rows: Sequence[int] | pl.Series) -> Population:
        """The records of some rows, ascending, with what belongs to them; rows count from 0 again."""
        kept: dict[str, pl.Series] = {}
        frames: dict[str, pl.DataFrame] = {}
        for inner in self._present():
            frame = self.frames[inner.path]
            if inner.outer is None:
                frame = frame[pl.Series(rows, dtype=pl.Int64)]
            else:
                moved = pl.DataFrame({PARENT: kept[inner.outer]}).with_row_index("_to")
                frame = (
                    frame.join(moved, on=PARENT, how="inner", maintain_order="left")
                    .with_columns(pl.col("_to").cast(pl.Int64).alias(PARENT))
                    .drop("_to")
                )
            kept[inner.path] = frame.get_column(ROW)
            number = pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW)
            frames[inner.path] = frame.with_columns(number)
        return Population(self.kind, frames, self.vocabulary)

    def _present(self) -> Iterator[FrameLayout]:
        """Frames that are there, outer ones first."""
        return (inner for inner in self._layout.within() if inner.path in self.frames)

    def filled(self, plan: Plan) -> dict[str, pl.DataFrame]:
        """The frames a plan names with the columns it needs; what is absent is null, or has no rows."""
        schema = frame_schema(self.vocabulary, self.kind)
        needed: dict[str, list[Needed]] = {path: [] for path in plan.frames}
        for column in plan.needed:
            needed.setdefault(column.frame, []).append(column)
        return {path: self._selected(path, schema[path], needed[path]) for path in needed}

    def _selected(
        self, path: str, schema: Mapping[str, type[pl.DataType]], needed: list[Needed]
    ) -> pl.DataFrame:
        frame = self.frames.get(path)
        if frame is None:
            frame = pl.DataFrame(schema={n: t for n, t in schema.items() if n[0] == "_"})
        names = [n for n in schema if n[0] == "_"]
        columns = {
            n: pl.col(n) if n in frame.columns else pl.lit(None, schema[n]).alias(n) for n in names
        }
        for column in needed:
            name = column.name
            if name in frame.columns:
                columns[name] = pl.col(name)
            else:
                empty = pl.lit(None, schema.get(name, _KINDS[column.kind]))
                columns[name] = empty.alias(name)
        return frame.select(columns.values())


def _first(parents: pl.Series, parent: int) -> int:
    """How many rows belong to parents before ``parent``."""
    return int(parents.search_sorted(parent, "left"))


def _frame(
    columns: Mapping[str, list[Any]], schema: Mapping[str, type[pl.DataType]], height: int
) -> pl.DataFrame:
    series = []
    for name, kind in schema.items():
        values = columns.get(name)
        if values is None:
            series.append(pl.Series(name, dtype=kind).extend_constant(None, height))
        else:
            series.append(pl.Series(name, values, dtype=kind))
    for name in sorted(columns.keys() - schema.keys()):
        series.append(pl.Series(name, columns[name], dtype=pl.Boolean))
    return pl.DataFrame(series)


def to_columns(population: Population, plan: Plan | None = None) -> dict[str, dict[str, list[Any]]]:
    """The frames as lists by column, with every column of the schema (and those a plan needs)."""
    found: dict[str, dict[str, list[Any]]] = {}
    for path, schema in frame_schema(population.vocabulary, population.kind).items():
        frame = population.frames.get(path, pl.DataFrame(schema={ROW: pl.Int64}))
        found[path] = {s.name: s.to_list() for s in frame.iter_columns()}
        for name in schema:
            found[path].setdefault(name, [None] * frame.height)
    for column in plan.needed if plan is not None else ():
        columns = found[column.frame]
        columns.setdefault(column.name, [None] * len(columns[ROW]))
    return found
