"""The columns of a run on polars: what is there, and how a stage adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import attrs
import polars as pl
import pyarrow as pa
from polars import DataFrame, Expr, Series

from policy_rules.tables.nodes import BITS64, Node
from policy_rules.tables.polars_terms import HUGE, INTS, dtype, term
from policy_rules.tables.stages import Program


@attrs.frozen(slots=False)
class Group:
    """Where the inner rows of each row lie.

    ``parents`` (of each inner row) and ``ends`` (of each outer row, one past its last inner row) index rows;
    ``lengths`` are how many inner rows an outer row has;
    ``offsets`` are the ends with a leading 0, as arrow has them; ``longest`` the most inner rows of a row.
    """

    parents: Series
    lengths: Series
    ends: Series
    offsets: Any
    longest: int

    @classmethod
    def of(cls, parents: Series, height: int) -> Group:
        """From the parent of each inner row, sorted."""
        runs = parents.rle()
        owners, lengths = (
            runs.struct.field("value"),
            runs.struct.field("len").cast(pl.Int64, wrap_numerical=True),
        )
        longest: Any = lengths.max() or 0
        if len(owners):
            if (
                owners.null_count()
                or not owners.is_sorted()
                or not 0 <= owners[0] <= owners[-1] < height
            ):
                raise ValueError("inner rows are sorted by the row they belong to")
            if len(owners) < height:
                lengths = pl.zeros(height, dtype=pl.Int64, eager=True).scatter(owners, lengths)
        else:
            lengths = pl.zeros(height, dtype=pl.Int64, eager=True)
        ends = lengths.cum_sum()
        offsets = pl.concat([pl.Series([0], dtype=pl.Int64), ends])
        return cls(parents, lengths, ends, offsets.to_arrow(), longest)

    @cached_property
    def places(self) -> Series:
        """``parents`` in the type polars looks rows up by."""
        return self.parents.cast(pl.UInt32, wrap_numerical=True)

    def lists(self, column: Series) -> Series:
        """The values of each row's inner rows, as lists; without a copy."""
        return pl.Series(pa.LargeListArray.from_arrays(self.offsets, column.to_arrow()))

    def sums(self, column: Series) -> Series:
        """The sum of each row's values, of numbers without nulls that are too wide for lists."""
        # what runs over in the running total comes off again in the difference
        zero = pl.Series([0], dtype=column.dtype)
        totals = pl.concat([zero, column.cum_sum()]).gather(self.ends)
        return totals - totals.shift(1, fill_value=0)


class State:
    """Columns by the number of their node, of one run of a program.

    ``terms`` keeps the expressions of a program's nodes from one run to the next: polars takes longer to make
    them than to compute some ten thousand rows.
    """

    def __init__(
        self,
        program: Program,
        frames: Mapping[str, DataFrame],
        groups: Mapping[str, Group],
        terms: dict[int, Expr],
    ) -> None:
        self._program, self._frames, self._groups, self._terms = program, frames, groups, terms
        self._columns: dict[int, Series] = {}
        for node in program.read:
            self._keep(node, _cast(frames[node.frame].get_column(node.data), node))

    def _keep(self, node: Node, column: Series) -> None:
        self._columns[node.number] = column.alias(f"n{node.number}")

    def drop(self, numbers: Iterable[int]) -> None:
        """Forget columns."""
        for number in numbers:
            del self._columns[number]

    def define(self, frame: str, nodes: list[Node]) -> None:
        """New columns from expressions."""
        reads = dict.fromkeys(a for n in nodes for a in sorted(self._program.reads[n.number]))
        table = pl.DataFrame([self._columns[a] for a in reads])
        made = [self._term(n) for n in nodes]
        for node, column in zip(nodes, table.select(made).get_columns(), strict=True):
            self._keep(node, column)

    def _term(self, node: Node) -> Expr:
        made = self._terms.get(node.number)
        if made is None:
            made = term(node, self._program.columns, top=True).alias(f"n{node.number}")
            self._terms[node.number] = made
        return made

    def fetch(self, frame: str, nodes: list[Node]) -> None:
        """New columns from the rows further out."""
        table = pl.DataFrame([self._columns[n.args[0].number] for n in nodes])
        found = table.select(pl.all().gather(self._groups[frame].places))
        for node, column in zip(nodes, found.get_columns(), strict=True):
            self._keep(node, column)

    def fold(self, inner: str, nodes: list[Node]) -> None:
        """New columns from aggregates of inner rows."""
        group = self._groups[inner]
        lists: list[Series] = []
        folds: list[Expr] = []
        for node in nodes:
            name = f"n{node.number}"
            if node.op == "rows":
                self._keep(node, _cast(group.lengths, node))
                continue
            if node.op == "runs":
                first, last = (self.whole(a, inner) for a in node.args)
                self._keep(node, _cast(_longest_runs(group, first, last), node))
                continue
            how, column = node.data[1], self._columns[node.args[0].number]
            if how == "sum" and node.bits == 128:
                self._keep(node, group.sums(column.cast(pl.Int128)))
                continue
            if how in ("min", "max") and (node.bits == 128 or node.kind == "text"):
                self._keep(node, _extremes(group, column, how))
                continue
            if how in ("sum", "min", "max"):
                column = _cast(column, node)
            if how == "huge":
                column = column.cast(pl.Float64).abs()
            lists.append(group.lists(column).alias(name))
            folds.append(_FOLDS[how](pl.col(name), dtype(node)))
        if lists:
            found = pl.DataFrame(lists).select(folds).get_columns()
            by_name = {f"n{n.number}": n for n in nodes}
            for column in found:
                self._keep(by_name[column.name], column)

    def whole(self, node: Node, frame: str) -> Series:
        """A column, constants too."""
        if node.known:
            height = self._frames[frame].height
            return pl.repeat(node.data, height, dtype=dtype(node), eager=True)
        return self._columns[node.number]

    def answers(self) -> dict[str, DataFrame]:
        """The columns of the answers, by frame."""
        found = {}
        for frame, columns in self._program.outputs.items():
            table = self._frames[frame]
            head = [table.get_column(c) for c in ("_row", "_parent", "_id") if c in table.columns]
            body = {
                name: _narrow(self._columns[n.number])
                for name, n in columns.items()
                if n.number in self._columns
            }
            # a constant takes no room as an expression
            same = [
                pl.lit(n.data, dtype=pl.Int64 if _fits(n) else dtype(n)).alias(name)
                for name, n in columns.items()
                if n.known
            ]
            whole = pl.DataFrame([*head, *(c.alias(name) for name, c in body.items())])
            found[frame] = whole.with_columns(same).select(*(c.name for c in head), *columns)
        return found


_FOLDS: Any = {
    "count": lambda e, to: e.list.sum().cast(to, wrap_numerical=True),
    "sum": lambda e, to: e.list.sum(),
    "min": lambda e, to: e.list.min(),
    "max": lambda e, to: e.list.max(),
    "huge": lambda e, to: e.list.sum() > HUGE,
}


def _fits(node: Node) -> bool:
    return node.kind == "int" and abs(node.data or 0) <= BITS64


def _cast(column: Series, node: Node) -> Series:
    """A column in the type of its node, whose range holds all its numbers."""
    to = dtype(node)
    if column.dtype == to:
        return column
    # the range was looked at: no need to look at every number again
    return column.cast(to, wrap_numerical=True) if node.kind == "int" else column.cast(to)


def _narrow(column: Series) -> Series:
    """Int64 where the numbers fit, so that slices of a population have columns of one type."""
    if not column.dtype.is_integer() or column.dtype == pl.Int64:
        return column
    if column.dtype == pl.Int128:
        lo: Any = column.min()
        hi: Any = column.max()
        if lo is not None and not -BITS64 - 1 <= lo <= hi <= BITS64:
            return column
    return column.cast(pl.Int64)


def _extremes(group: Group, column: Series, how: str) -> Series:
    """The least or greatest of texts or 128 bit numbers, by the places they have in order."""
    distinct = column.drop_nulls().unique().sort()
    places = distinct.search_sorted(column).cast(pl.Int64)
    if column.null_count():
        places = pl.select(pl.when(column.is_not_null()).then(places)).to_series()
    best = group.lists(places).list
    return distinct.gather(best.min() if how == "min" else best.max())


def _longest_runs(group: Group, first: Series, last: Series) -> Series:
    """Months of the longest run of spells of each row; see :class:`policy_rules.tables.plan.Runs`."""
    spells = pl.DataFrame([group.parents.alias("p"), first.alias("a"), last.alias("b")]).filter(
        pl.col("a") <= pl.col("b")
    )
    height = len(group.ends)
    if spells.is_empty():
        return pl.zeros(height, dtype=pl.Int64, eager=True)
    low: Any = spells["a"].min()
    span = int(spells["b"].max()) - int(low) + 3  # type: ignore[arg-type]
    wide = INTS[64 if height * span < BITS64 and low >= -BITS64 else 128]
    # all spells on one line, each parent's behind those of the one before, a gap between
    start = pl.col("p").cast(wide) * pl.lit(span, dtype=wide) - pl.lit(low, dtype=wide)
    line = spells.select("p", a=start + pl.col("a").cast(wide), b=start + pl.col("b").cast(wide))
    line = line.sort("a").with_columns(end=pl.col("b").cum_max())
    begins = (pl.col("a") > pl.col("end").shift(1) + pl.lit(1, dtype=wide)).fill_null(True)
    months = line.select(
        pl.col("p").cast(pl.Int64),
        pl.col("end") - pl.when(begins).then("a").forward_fill() + pl.lit(1, dtype=wide),
    )
    runs = Group.of(months["p"], height)
    found = months["end"]
    best = runs.lists(found).list.max() if wide == pl.Int64 else _extremes(runs, found, "max")
    return best.fill_null(0)
