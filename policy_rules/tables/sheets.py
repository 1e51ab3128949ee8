"""Raw tables: what a file holds before anybody asks what it means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import attrs

#: How far down a header is looked for.
DEEPEST_HEADER: Final = 30


class Odd(NamedTuple):
    """A cell that holds no value a reader may use: an error such as ``#N/A``, an empty formula."""

    code: str
    got: str = ""


class RawRow(NamedTuple):
    """One row: its number as a spreadsheet program shows it (from 1) and its cells.

    ``broken`` says that the file's own form is broken here (a quotation mark, the number of cells), so
    that a cell may stand in the wrong column.
    """

    number: int
    cells: list[Any]
    broken: bool = False


@attrs.frozen(eq=False)
class RawSheet:
    """A sheet of cells; ``rows()`` reads it from the start, as often as asked.

    ``merged`` are ranges (first row, first column, last row, last column) counted from 0. ``heads`` are
    the column names of forms that carry them apart from the rows (Parquet, JSON lines). ``parquet`` is the
    file of a sheet that is one.
    """

    name: str
    rows: Callable[[], Iterator[RawRow]]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    heads: tuple[str, ...] | None = None
    ragged: bool = False
    parquet: Path | None = None


class Head(NamedTuple):
    """A column's header: the cell right above the data and the group heading above that."""

    text: str
    group: str = ""


@attrs.frozen(eq=False)
class Table:
    """The data of a sheet: its columns and its rows, titles and headers left out.

    ``titles`` are the texts above the header; ``first`` is the number of the first data row.
    """

    sheet: RawSheet
    heads: tuple[Head, ...]
    first: int
    titles: tuple[str, ...] = ()

    def rows(self) -> Iterator[RawRow]:
        """Rows that hold anything, merged cells filled down, each as wide as the header.

        A row of another width in a file where that is a fault is ``broken``.
        """
        width = len(self.heads)
        for row in filled_down(self.sheet):
            if row.number < self.first or all(blank(c) for c in row.cells):
                continue
            cells, broken = row.cells, row.broken
            if len(cells) != width:
                extra = any(not blank(c) for c in cells[width:])
                broken = broken or (self.sheet.ragged and (extra or len(cells) < width))
                cells = [*cells[:width], *([None] * (width - len(cells)))]
            yield RawRow(row.number, cells, broken)


def blank(cell: Any) -> bool:
    """Whether nothing stands in a cell."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def filled_down(sheet: RawSheet) -> Iterator[RawRow]:
    """Rows in which every cell of a merged range over several rows holds the range's value."""
    below: dict[int, list[tuple[int, int]]] = {}
    tops: dict[tuple[int, int], Any] = {}
    for top, left, bottom, _ in sheet.merged:
        if bottom > top and bottom - top < 10_000:
            tops[top, left] = None
            for line in range(top + 1, bottom + 1):
                below.setdefault(line, []).append((top, left))
    if not tops:
        yield from sheet.rows()
        return
    starts: dict[int, list[int]] = {}
    for top, left in tops:
        starts.setdefault(top, []).append(left)
    for row in sheet.rows():
        line, cells = row.number - 1, row.cells
        for left in starts.get(line, ()):
            tops[line, left] = cells[left] if left < len(cells) else None
        for top, left in below.get(line, ()):
            if left < len(cells) and blank(cells[left]):
                cells[left] = tops[top, left]
        yield row


def find_table(sheet: RawSheet, known: Callable[[Head], bool]) -> Table | None:
    """The table of a sheet: below titles, under a header of one row or two; None where there is none.

    ``known`` says whether a header is one that means something; at least two must be (or all, where the
    sheet has fewer columns).
    """
    if sheet.heads is not None:
        return Table(sheet, tuple(Head(h) for h in sheet.heads), 1)
    top = [RawRow(r.number, list(r.cells)) for r in islice(sheet.rows(), DEEPEST_HEADER)]
    best: tuple[int, int, tuple[Head, ...], int] | None = None
    for at, row in enumerate(top):
        options = [(tuple(Head(written(c)) for c in row.cells), 1)]
        if at + 1 < len(top):
            pair = _pair(row, top[at + 1], sheet.merged)
            options += [(pair, 2)] if pair else []
        for heads, deep in options:
            score = len({h for h in heads if h.text and known(h)})
            if score and (best is None or score > best[0]):
                best = (score, at, heads, deep)
    if best is None:
        return None
    score, at, heads, deep = best
    width = max((i + 1 for i, h in enumerate(heads) if h.text), default=0)
    if score < min(2, sum(1 for h in heads if h.text)):
        return None
    first = at + deep
    if first < len(top) and _counted(top[first]):
        first += 1  # a row of column numbers, as forms have it
    number = top[first].number if first < len(top) else top[at].number + deep
    titles = [written(c) for row in top[:at] for c in row.cells if not blank(c)]
    return Table(sheet, heads[:width], number, tuple(dict.fromkeys(titles)))


def _pair(
    upper: RawRow, lower: RawRow, merged: Iterable[tuple[int, int, int, int]]
) -> tuple[Head, ...] | None:
    """Two rows read as one header, or None where the second is no part of it.

    Below a heading of its own nothing may stand; what stands lower belongs to the heading to its left
    (or to the merged one above it).
    """
    width = max(len(upper.cells), len(lower.cells))
    high = [written(c) for c in upper.cells] + [""] * (width - len(upper.cells))
    low = [written(c) for c in lower.cells] + [""] * (width - len(lower.cells))
    if any(not isinstance(c, str) and not blank(c) for c in upper.cells) or not any(low):
        return None
    spans = {
        (left, right) for top, left, bottom, right in merged
        if top == upper.number - 1 == bottom and right > left
    }  # fmt: skip
    over = {c: high[left] for left, right in spans for c in range(left, min(right + 1, width))}
    heads: list[Head] = []
    group, alone, inside = "", 0, 0
    for c in range(width):
        group = over[c] if c in over else high[c] or (group if low[c] else "")
        if not low[c]:
            heads.append(Head(high[c]))
            alone += bool(high[c])
            group = ""
        else:
            wide = c in over or not high[c] or (c + 1 < width and not high[c + 1] and low[c + 1])
            inside += 1
            if not wide:
                return None
            heads.append(Head(low[c], group))
    # a data row fills the columns that stand alone; a title spans everything
    return tuple(heads) if inside and (alone or len(set(filter(None, high))) > 1) else None


def _counted(row: RawRow) -> bool:
    """Whether a row only numbers the columns: 甲 乙 1 2 3."""
    found = [t for c in row.cells if (t := written(c))]
    digits = [t for t in found if t.isdigit()]
    rest = {t for t in found if not t.isdigit()}
    numbers = [str(i + 1) for i in range(len(digits))]
    return len(digits) > 2 and digits == numbers and rest <= set("甲乙丙丁戊己")


def written(cell: Any) -> str:
    """A cell as text: a whole number without a decimal point, nothing for an empty one."""
    if cell is None or isinstance(cell, Odd):
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell).strip()


def plain_text(cell: Any) -> str:
    """A cell as text: half width, one line, no blanks around."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(cell))).strip()


def with_odd(row: RawRow, odd: Mapping[tuple[int, int], Odd]) -> RawRow:
    """The row with its odd cells put in; ``odd`` is by row number and column from 0."""
    for c in range(len(row.cells)):
        found = odd.get((row.number, c))
        if found is not None and blank(row.cells[c]):
            row.cells[c] = found
    return row
