"""A column of cells as columns of a frame, read as :mod:`policy_rules.tables.binding` reads cell by cell.

What :mod:`policy_rules.tables.own_plain` reads surely is read by a column expression; any other value goes
through :func:`~policy_rules.tables.cells.read_cell`, each different one once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from policy_rules.facts.numbers import Refused
from policy_rules.tables.binding import BAD, Binder
from policy_rules.tables.cells import EMPTY, read_cell, when_empty
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.frames_rows import NotHeld, day_number, scaled, whole
from policy_rules.tables.headers import Column
from policy_rules.tables.own_plain import plain
from policy_rules.verdict import bounds

__all__ = ["FactReader", "Read"]

CELL: Final = "cell"
_DATES: Final = ("date", "year_month")
_TYPES: Final = {
    "bool": pl.Boolean,
    "code": pl.String,
    "text": pl.String,
    "date": pl.Int32,
    "year_month": pl.Int32,
}
#: What a value comes to: nothing is said, it cannot be read, a value, a number beyond the column.
_EMPTY, _BAD, _VALUE, _HELD = range(4)
#: Different values of a column that are kept, so that each is read once a file.
_KEPT: Final = 20_000
#: Types whose values are looked up by value; others (lists, structures) are read cell by cell.
_FLAT: Final = (
    pl.Boolean, pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64,
    pl.Float32, pl.Float64, pl.Decimal, pl.String, pl.Date, pl.Datetime,
)  # fmt: skip


@attrs.frozen(eq=False)
class Read:
    """A fact of many rows. ``values`` are what its column holds (null: unknown), ``last`` the upper bounds
    of a date; ``held`` are numbers that no column holds, by row: there ``values`` is null."""

    values: pl.Series
    last: pl.Series | None = None
    held: tuple[tuple[int, Any], ...] = ()


@attrs.frozen(eq=False)
class _Part:
    """What one column says, and which rows of it say nothing, or what cannot be read."""

    read: Read
    empty: pl.Series
    bad: pl.Series


@attrs.frozen
class _Outcome:
    """What one value comes to: its columns, the number beyond them, or why it is refused."""

    said: int
    first: Any = None
    last: Any = None
    exact: Any = None
    refused: tuple[str, str, str, str] = ("", "", "", "")


class FactReader:
    """Reads the columns that tell of one fact; made once a file."""

    def __init__(self, columns: Sequence[Column], binder: Binder) -> None:
        self.columns, self._binder, self._run = tuple(columns), binder, binder.run
        fact = columns[0].fact
        assert fact is not None
        self.fact = fact
        self.type: Any = _TYPES.get(fact.kind, pl.Int64)
        names = self._run.vocabulary.codes[fact.codes].values if fact.codes else ()
        self._bits = {code: 1 << i for i, code in enumerate(names)}
        self._kept: list[dict[Any, _Outcome]] = [{} for _ in columns]
        empty = when_empty(fact, self._run.vocabulary, self._run.meaning(columns[0]))
        self._empty = None if empty is EMPTY else self._encoded(empty)[0]

    def quick(self, cell: str, kind: Any) -> list[pl.Expr] | None:
        """The columns of the fact, where every cell of a column ``cell`` is sure, and whether it is; None where
        none is, or several columns tell of the fact."""
        if len(self.columns) > 1 or self._empty is not None:
            return None
        sure = plain(self.fact, pl.col(cell), kind, self.columns[0].scale)
        if sure is None:
            return None
        first, last, certain = sure
        ends = [first] if last is None else [first, last]
        whole = (certain.fill_null(False) | pl.col(cell).is_null()).all()
        return [*(end.cast(self.type, strict=False) for end in ends), whole]

    def read(self, cells: Sequence[pl.Series], numbers: pl.Series) -> Read:
        """The fact, from the cells of its columns; ``numbers`` are the rows' numbers in the file.

        Problems are told to the import.
        """
        if len(cells) == 1:
            part = self._part(0, cells[0], numbers)
            return self._filled(part.read, part.empty)
        given = pl.DataFrame([s.is_not_null().alias(str(i)) for i, s in enumerate(cells)])
        several = given.select(pl.sum_horizontal(pl.all()) > 1).to_series()
        parts = [
            self._part(i, s.to_frame("c").select(pl.when(~several).then("c")).to_series(), numbers)
            for i, s in enumerate(cells)
        ]
        values = pl.select(pl.coalesce(p.read.values for p in parts)).to_series()
        lasts = [p.read.last for p in parts if p.read.last is not None]
        last = pl.select(pl.coalesce(lasts)).to_series() if lasts else None
        empty = ~several
        for part in parts:
            empty = empty & part.empty
        held = tuple(pair for part in parts for pair in part.read.held)
        return self._joined(cells, numbers, self._filled(Read(values, last, held), empty), several)

    def _filled(self, found: Read, empty: pl.Series) -> Read:
        """With what an empty cell means, where it means anything."""
        if self._empty is None or not empty.any():
            return found
        value = pl.lit(self._empty, dtype=self.type)
        filled = pl.select(pl.when(empty).then(value).otherwise(found.values)).to_series()
        return attrs.evolve(found, values=filled)

    def _joined(
        self, cells: Sequence[pl.Series], numbers: pl.Series, found: Read, several: pl.Series
    ) -> Read:
        """With the rows in which two columns say something, which are joined or told apart."""
        rows = several.arg_true()
        if not rows.len():
            return found
        width = max(c.index for c in self.columns) + 1
        firsts: list[Any] = []
        lasts: list[Any] = []
        held = list(found.held)
        raw = [s.gather(rows).to_list() for s in cells]
        for row, *own in zip(rows.to_list(), *raw, strict=True):
            line: list[Any] = [None] * width
            for column, cell in zip(self.columns, own, strict=True):
                line[column.index] = cell
            one = self._outcome(self._binder.fact(self.columns, line, numbers[row]))
            firsts.append(one.first)
            lasts.append(one.last)
            if one.said == _HELD:
                held.append((row, one.exact))
        values = found.values.scatter(rows, pl.Series(firsts, dtype=self.type))
        last = found.last
        if last is not None:
            last = last.scatter(rows, pl.Series(lasts, dtype=self.type))
        return Read(values, last, tuple(held))

    # -- one column ----------------------------------------------------------------------------

    def _part(self, at: int, cells: pl.Series, numbers: pl.Series) -> _Part:
        cells = cells.alias(CELL)
        if cells.dtype == pl.Categorical or cells.dtype == pl.Enum:
            cells = cells.cast(pl.String)
        if cells.dtype == pl.Null:
            return self._nothing(cells)
        sure = plain(self.fact, pl.col(CELL), cells.dtype, self.columns[at].scale)
        null = cells.is_null()
        if sure is None:
            return self._by_value(at, cells, numbers)
        first, last, certain = sure
        frame = cells.to_frame()
        right = frame.select(certain.fill_null(False) & pl.col(CELL).is_not_null()).to_series()
        named = [first.cast(self.type, strict=False).alias("first")]
        named += [] if last is None else [last.cast(self.type, strict=False).alias("last")]
        found = frame.select(named)
        odd = ~(right | null)
        if not odd.any():
            ends = found.get_columns()
            read = Read(ends[0], ends[1] if len(ends) > 1 else None)
            return _Part(read, null, _never(cells.len()))
        found = found.select(pl.when(right).then(pl.all()))
        rows = odd.arg_true()
        part = self._by_value(at, cells.gather(rows), numbers.gather(rows))
        values = found.get_column("first").scatter(rows, part.read.values)
        ends_ = None
        if last is not None:
            assert part.read.last is not None
            ends_ = found.get_column("last").scatter(rows, part.read.last)
        held = tuple((int(rows[i]), exact) for i, exact in part.read.held)
        empty, bad = null, _never(cells.len())
        empty = empty.scatter(rows, part.empty)
        bad = bad.scatter(rows, part.bad)
        return _Part(Read(values, ends_, held), empty, bad)

    def _nothing(self, cells: pl.Series) -> _Part:
        nulls = pl.repeat(None, cells.len(), dtype=self.type, eager=True)
        last = nulls if self.fact.kind in _DATES else None
        return _Part(Read(nulls, last), ~_never(cells.len()), _never(cells.len()))

    def _by_value(self, at: int, cells: pl.Series, numbers: pl.Series) -> _Part:
        """What each different value comes to, put back in its rows."""
        if cells.dtype.base_type() in _FLAT:
            distinct = cells.unique()
            outcomes = [self._read(at, value) for value in distinct.to_list()]
            if cells.dtype == self.type == pl.String and all(map(_itself, distinct, outcomes)):
                return _Part(Read(cells), cells.is_null(), _never(cells.len()))
            key = distinct.alias(CELL)
        else:
            key = pl.int_range(cells.len(), dtype=pl.Int64, eager=True).alias(CELL)
            outcomes = [self._read(at, value) for value in cells.to_list()]
            cells = key
        table = pl.DataFrame(
            [
                key,
                pl.Series("said", [o.said for o in outcomes], dtype=pl.UInt8),
                pl.Series("first", [o.first for o in outcomes], dtype=self.type),
                pl.Series("last", [o.last for o in outcomes], dtype=pl.Int32),
                pl.Series("number", range(len(outcomes)), dtype=pl.Int64),
            ]
        )
        found = cells.to_frame(CELL).join(
            table, on=CELL, how="left", nulls_equal=True, maintain_order="left"
        )
        said = found.get_column("said")
        bad = said == _BAD
        if bad.any():
            rows = bad.arg_true()
            lines, which = numbers.gather(rows), found.get_column("number").gather(rows)
            for line, number in zip(lines.to_list(), which.to_list(), strict=True):
                self._tell(at, line, outcomes[number])
        held = tuple(
            (row, outcomes[found.get_column("number")[row]].exact)
            for row in (said == _HELD).arg_true().to_list()
        )
        last = found.get_column("last") if self.fact.kind in _DATES else None
        return _Part(Read(found.get_column("first"), last, held), said == _EMPTY, bad)

    def _tell(self, at: int, line: int, outcome: _Outcome) -> None:
        code, expected, got, near = outcome.refused
        sheet, column = self._binder.sheet, self.columns[at]
        self._run.tell(code, sheet, line, column, expected=expected, got=got, nearest=near)

    def _read(self, at: int, value: Any) -> _Outcome:
        if value is None:
            return _Outcome(_EMPTY)
        kept = self._kept[at]
        key = (value.__class__, value)
        try:
            found = kept.get(key)
        except TypeError:  # a list
            return self._fresh(at, value)
        if found is None:
            found = self._fresh(at, value)
            if len(kept) < _KEPT:
                kept[key] = found
        return found

    def _fresh(self, at: int, value: Any) -> _Outcome:
        column = self.columns[at]
        try:
            return self._outcome(
                read_cell(self.fact, value, self._run.vocabulary, column.scale)
            )  # fmt: skip
        except Refused as bad:
            return _Outcome(_BAD, refused=bad.problem)

    def _outcome(self, value: Any) -> _Outcome:
        if value is EMPTY or value is BAD:
            return _Outcome(_BAD if value is BAD else _EMPTY)
        try:
            return _Outcome(_VALUE, *self._encoded(value))
        except NotHeld:
            return _Outcome(_HELD, exact=value)

    def _encoded(self, value: Any) -> tuple[Any, Any]:
        """A value as its columns hold it; raises :class:`NotHeld`."""
        match self.fact.kind:
            case "bool" | "code" | "text":
                return value, None
            case "date" | "year_month":
                lo, hi = bounds(value)
                return day_number(lo), day_number(hi)
            case "codes":
                return sum(self._bits[code] for code in value), None
            case "int":
                return whole(value), None
        return scaled(value), None


def _itself(value: Any, outcome: _Outcome) -> bool:
    """Whether a cell stands for itself: a code as the dictionary spells it, or nothing."""
    if value is None:
        return outcome.said == _EMPTY
    return outcome.said == _VALUE and outcome.first == value and outcome.last is None


def _never(height: int) -> pl.Series:
    return pl.repeat(False, height, dtype=pl.Boolean, eager=True)
