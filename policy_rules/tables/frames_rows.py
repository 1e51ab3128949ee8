"""Records into columns and back. Columns are lists while a frame is filled; nulls are not recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from policy_rules.errors import Place, Problems, shown
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import Household, Items, Row
from policy_rules.tables.frames_layout import (
    AS_OF,
    COMPLETE,
    EXTERNAL,
    HI,
    ID,
    INCOMPLETE,
    PARENT,
    REGION,
    ROW,
    STATE,
    YEAR,
    FrameLayout,
    Group,
)
from policy_rules.verdict import Interval, bounds

#: Decimals of money, numbers and shares: a column holds millionths.
SCALE: Final = 10**6
#: Numbers up to here are held, so that the products of a comparison stay within 128 bits.
LIMIT: Final = 9_200_000_000_000

Columns = dict[str, list[Any]]


class NotHeld(ValueError):
    """A number that no column holds exactly."""


def scaled(value: int | Fraction) -> int:
    """A number in millionths; raises :class:`NotHeld` for more decimals or more than :data:`LIMIT`."""
    if not -LIMIT <= value <= LIMIT:
        raise NotHeld(value)
    if type(value) is int:
        return value * SCALE
    found, rest = divmod(value.numerator * SCALE, value.denominator)
    if rest:
        raise NotHeld(value)
    return found


def whole(value: int) -> int:
    """A whole number as its column holds it; raises :class:`NotHeld` beyond :data:`LIMIT`."""
    if not -LIMIT <= value <= LIMIT:
        raise NotHeld(value)
    return value


def day_number(day: date) -> int:
    """``yyyymmdd``"""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of_number(number: int) -> date:
    """The day of ``yyyymmdd``; raises ValueError where there is none."""
    return date(number // 10_000, number // 100 % 100, number % 100)


class Filling:
    """A frame being filled: lists by column; a column grows when a row has something in it."""

    __slots__ = ("columns", "count", "layout", "parents")

    def __init__(self, layout: FrameLayout) -> None:
        self.layout = layout
        self.columns: Columns = {}
        self.parents: list[int] = []
        self.count = 0

    def put(self, name: str, row: int, value: Any) -> None:
        """A value in a row at or after the last one filled."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = []
        gap = row - len(column)
        if gap:
            column += [None] * gap
        column.append(value)

    def finished(self) -> Columns:
        """All columns, each as long as the frame."""
        for column in self.columns.values():
            column += [None] * (self.count - len(column))
        self.columns[ROW] = list(range(self.count))
        if self.layout.outer is not None:
            self.columns[PARENT] = self.parents
        return self.columns


class Writer:
    """Fills the frames of a kind from records."""

    def __init__(self, top: FrameLayout, problems: Problems) -> None:
        self.frames = {frame.path: Filling(frame) for frame in top.within()}
        self._top = self.frames[top.path]
        self._problems = problems
        self._where = ""

    def add(self, record: Household) -> None:
        """One record, the next row of the record's frame."""
        top = self._top
        row = top.count
        top.count += 1
        self._where = record.id or f"[{row}]"
        top.put(ID, row, record.id)
        top.put(REGION, row, record.region)
        if record.as_of is not None:
            top.put(AS_OF, row, day_number(record.as_of))
        self._row(top, row, top.layout.group, record.row)

    def _row(self, frame: Filling, at: int, group: Group, row: Row) -> None:
        prefix = group.prefix
        for pack, conditions in row.external.items() if row.external else ():
            for name, given in conditions.items():
                frame.put(f"{prefix}{EXTERNAL}{pack}.{name}", at, given)
        for path, value in row.items():
            fact = group.facts.get(path)
            if fact is not None:
                self._fact(frame, at, group, fact, value)
            elif path in group.nested:
                frame.put(f"{prefix}{path}{STATE}", at, COMPLETE)
                frame.put(f"{prefix}{path}.{ID}", at, value.id)
                self._row(frame, at, group.nested[path], value)
            else:
                self._inner(frame, at, f"{prefix}{path}{STATE}", group.inner[path], value)

    def _fact(self, frame: Filling, at: int, group: Group, fact: FactSpec, value: Any) -> None:
        name = group.prefix + fact.path
        match fact.kind:
            case "bool" | "code" | "text":
                frame.put(name, at, value)
            case "date" | "year_month":
                lo, hi = bounds(value)
                frame.put(name, at, day_number(lo))
                frame.put(name + HI, at, day_number(hi))
            case "codes":
                bits = group.bits[fact.path]
                frame.put(name, at, sum(bits[code] for code in value))
            case _:
                try:
                    frame.put(name, at, whole(value) if fact.kind == "int" else scaled(value))
                except NotHeld:
                    place = Place(path=f"{self._where}: {frame.layout.path}.{name}")
                    self._problems.add("value_not_held", place, got=shown(value))

    def _inner(
        self,
        frame: Filling,
        at: int,
        state: str,
        layout: FrameLayout,
        value: Items | dict[int, Row],
    ) -> None:
        inner = self.frames[layout.path]
        if isinstance(value, Items):
            frame.put(state, at, COMPLETE if value.complete else INCOMPLETE)
            for row in value.rows:
                below = self._next(inner, at)
                inner.put(ID, below, row.id)
                self._row(inner, below, layout.group, row)
            return
        frame.put(state, at, COMPLETE)
        for year, row in value.items():
            below = self._next(inner, at)
            inner.put(YEAR, below, year)
            self._row(inner, below, layout.group, row)

    def _next(self, inner: Filling, parent: int) -> int:
        below = inner.count
        inner.count += 1
        inner.parents.append(parent)
        return below


# -- back ------------------------------------------------------------------------------------------


def records(top: FrameLayout, kind: str, frames: Mapping[str, Columns]) -> list[Household]:
    """The records of frames, in order. ``frames`` holds columns as lists; absent ones are null."""
    columns = frames[top.path]
    rows = _rows(top, frames)
    count = len(rows)
    regions = columns.get(REGION) or [""] * count
    days = columns.get(AS_OF) or [None] * count
    return [
        Household(kind, row.id, row, None if day is None else day_of_number(day), region or "")
        for row, region, day in zip(rows, regions, days, strict=True)
    ]


def _rows(layout: FrameLayout, frames: Mapping[str, Columns]) -> list[Row]:
    columns = frames.get(layout.path)
    if columns is None:
        return []
    ids = columns.get(ID)
    rows = [Row(i or "") for i in ids] if ids is not None else [Row() for _ in columns[ROW]]
    _fill(layout.group, columns, frames, rows)
    return rows


def _fill(
    group: Group, columns: Columns, frames: Mapping[str, Columns], rows: Sequence[Row | None]
) -> None:
    """Put what the columns of a group hold into its rows (None: not recorded there)."""
    prefix = group.prefix
    for path, fact in group.facts.items():
        values = columns.get(prefix + path)
        if values is None:
            continue
        if fact.kind in ("date", "year_month"):
            values = _dates(values, columns[prefix + path + HI])
        else:
            read = _READ.get(fact.kind)
            if read is not None:
                values = read(group, path, values)
        for row, value in zip(rows, values, strict=True):
            if value is not None and row is not None:
                row[path] = value
    start = prefix + EXTERNAL
    for name, values in columns.items():
        if name.startswith(start):
            pack, _, condition = name.removeprefix(start).rpartition(".")
            _externals(rows, pack, condition, values)
    for path, below in group.nested.items():
        states = columns.get(f"{prefix}{path}{STATE}")
        if states is not None:
            ids = columns.get(f"{prefix}{path}.{ID}") or [""] * len(states)
            found = [Row(i or "") if s else None for s, i in zip(states, ids, strict=True)]
            _fill(below, columns, frames, found)
            for row, value in zip(rows, found, strict=True):
                if value is not None and row is not None:
                    row[path] = value
    for path, layout in group.inner.items():
        _lists(path, layout, columns.get(f"{prefix}{path}{STATE}"), frames, rows)


def _lists(
    path: str,
    layout: FrameLayout,
    states: list[Any] | None,
    frames: Mapping[str, Columns],
    rows: Sequence[Row | None],
) -> None:
    if states is None:
        return
    below: dict[int, list[int]] = {}
    for i, parent in enumerate(frames[layout.path][PARENT] if layout.path in frames else ()):
        below.setdefault(parent, []).append(i)
    found = _rows(layout, frames) if below else []
    years = frames[layout.path][YEAR] if layout.by_year and below else []
    for i, (row, state) in enumerate(zip(rows, states, strict=True)):
        if state and row is not None:
            at = below.get(i, ())
            row[path] = (
                {years[b]: found[b] for b in at}
                if layout.by_year
                else Items(tuple(found[b] for b in at), state == COMPLETE)
            )


def _externals(rows: Sequence[Row | None], pack: str, name: str, values: list[Any]) -> None:
    for row, given in zip(rows, values, strict=True):
        if given is not None and row is not None:
            external: Any = row.external  # each row's own, made here
            external.setdefault(pack, {})[name] = given


def _dates(los: list[Any], his: list[Any]) -> list[Any]:
    return [
        None
        if lo is None
        else day_of_number(lo)
        if lo == hi
        else Interval(day_of_number(lo), day_of_number(hi))
        for lo, hi in zip(los, his, strict=True)
    ]


def _decimals(group: Group, path: str, values: list[Any]) -> list[Any]:
    return [
        None if v is None else v // SCALE if v % SCALE == 0 else Fraction(v, SCALE) for v in values
    ]


def _code_sets(group: Group, path: str, values: list[Any]) -> list[Any]:
    bits = group.bits[path].items()
    sets: dict[int | None, frozenset[str] | None] = {None: None}
    for value in set(values):
        if value is not None:
            sets[value] = frozenset(code for code, bit in bits if value & bit)
    return [sets[v] for v in values]


_READ: Final[dict[str, Callable[[Group, str, list[Any]], list[Any]]]] = {
    "number": _decimals,
    "money": _decimals,
    "share": _decimals,
    "codes": _code_sets,
}
