"""Rows of cells that fit the width they are given.

Text is folded after separators (、，；: and white space), so that a name or locator stays whole; where
even that does not fit, the cells of a row follow each other on indented lines.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text as RichText

GAP: Final = 2
INDENT: Final = 4
#: Prose is folded rather than given more than this, where the row does not fit.
WIDEST_PIECE: Final = 36
#: Columns may take so many times the lines of cells below each other.
LONGER: Final = 1.3
_PIECES: Final = re.compile(
    r"(?:[^、，；。：？！;,\s]|,(?=\d))*(?:(?:[、，；。：？！;]|,(?!\d))+\s*|\s+|\Z)"
)
_ATOMS: Final = re.compile(
    r"[“（《(\[]*(?:[\w.,#@/+-]+(?<=[\x00-\x7f])|.)[”）》)\]、，；。：？！;,]*\s*", re.A
)


def _lines(cell: RichText) -> list[RichText]:
    return list(cell.split("\n", allow_blank=True)) if cell.plain else []


def _width(cell: RichText) -> int:
    return max((cell_len(line.plain) for line in _lines(cell)), default=0)


def whole(text: str) -> RichText:
    """A cell that is not folded where that can be helped."""
    return RichText(text, no_wrap=True)


def _longest_piece(cell: RichText) -> int:
    if cell.no_wrap:
        return _width(cell)
    pieces = (p.rstrip() for line in _lines(cell) for p in _PIECES.findall(line.plain))
    return min(max(map(cell_len, pieces), default=0), WIDEST_PIECE)


def _breaks(text: str, width: int) -> Iterator[int]:
    """Offsets at which a line is broken so that every part is at most ``width`` wide."""
    at, used = 0, 0
    for piece in filter(None, _PIECES.findall(text)):
        if used + cell_len(piece.rstrip()) <= width:
            used += cell_len(piece)
            at += len(piece)
            continue
        if cell_len(piece.rstrip()) <= width or used > width // 2:
            if at:
                yield at
            used = 0
        for atom in _ATOMS.findall(piece) if cell_len(piece.rstrip()) > width else (piece,):
            if used and used + cell_len(atom.rstrip()) > width:
                yield at
                used = 0
            used += cell_len(atom)
            at += len(atom)


def folded(cell: RichText, width: int) -> list[RichText]:
    """The lines of a cell, each at most ``width`` wide where its names allow it."""
    found: list[RichText] = []
    for line in _lines(cell):
        for part in line.divide(list(_breaks(line.plain, width))):
            part.rstrip()
            found.append(part)
    return found


def _widths(rows: Sequence[Sequence[RichText]], width: int) -> list[int] | None:
    """Widths of the columns; None where the rows do not fit beside each other."""
    columns = list(itertools.zip_longest(*rows, fillvalue=RichText()))
    wanted = [max(map(_width, column)) for column in columns]
    least = [max(map(_longest_piece, column)) for column in columns]
    room = width - GAP * (sum(1 for w in wanted if w) - 1)
    if sum(least) > room:
        return None
    while sum(wanted) > room:
        widest = max(
            (i for i in range(len(wanted)) if wanted[i] > least[i]), key=lambda i: wanted[i]
        )
        wanted[widest] -= 1
    return wanted


@attrs.frozen
class Rows:
    """Rows of cells: a table where they fit, cells below each other where they do not."""

    rows: tuple[tuple[RichText, ...], ...]
    headed: bool = False

    @classmethod
    def of(cls, rows: Iterable[Iterable[RichText | str]]) -> Rows:
        """Rows of text, styled or plain."""
        cells = (tuple(RichText(c) if isinstance(c, str) else c for c in row) for row in rows)
        return cls(tuple(cells))

    @classmethod
    def table(cls, heads: Iterable[str], rows: Iterable[Iterable[RichText | str]]) -> Rows:
        """Rows below the heads of their columns."""
        head = [RichText(h, style="bold cyan") for h in heads]
        return attrs.evolve(cls.of([head, *rows]), headed=True)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        widths = _widths(self.rows, width)
        lines = [line for row in self.rows for line in _stacked(row, width)]
        if widths is not None:
            beside = [line for row in self.rows for line in _beside(row, widths)]
            lines = beside if self.headed or len(beside) <= LONGER * len(lines) else lines
        for line in lines:
            line.rstrip()
            line.no_wrap, line.overflow = True, "ignore"
            yield line


def _beside(row: Sequence[RichText], widths: Sequence[int]) -> Iterator[RichText]:
    columns = [(folded(c, w), w) for c, w in zip(row, widths, strict=False) if w]
    for parts in itertools.zip_longest(*(lines for lines, _ in columns), fillvalue=RichText()):
        line = RichText()
        for part, (_, width) in zip(parts, columns, strict=True):
            line.append(part)
            line.append(" " * (width - cell_len(part.plain) + GAP))
        yield line


def _stacked(row: Sequence[RichText], width: int) -> Iterator[RichText]:
    line, empty = RichText(), True
    for cell in row:
        for n, part in enumerate(_lines(cell)):
            used = cell_len(line.plain)
            if not empty and n == 0 and used + GAP + cell_len(part.plain) <= width:
                line.append(" " * GAP).append(part)
                continue
            if not empty:
                yield line
                line = RichText(" " * INDENT)
            room = width - cell_len(line.plain)
            first, *rest = folded(part, room) or [RichText()]
            line.append(first)
            for more in rest:
                yield line
                line = RichText(" " * INDENT).append(more)
            empty = False
    if not empty:
        yield line


def paragraph(text: str, style: str = "") -> Rows:
    """A text that is folded after its separators."""
    return Rows.of([[RichText(text, style=style)]])


def heading(text: str) -> RichText:
    """A heading with a blank line above it."""
    return RichText(f"\n{text}", style="bold cyan")
