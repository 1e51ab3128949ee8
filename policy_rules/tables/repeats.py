"""How large a sheet of an OpenDocument spreadsheet is once its repeated rows and cells are written out.

A tag says how often it stands (``number-rows-repeated``), and the reader holds each copy: a small file may
fill the memory. Read in one pass, in pieces.
"""

from __future__ import annotations

import re
from typing import IO, Final

_TAG: Final = re.compile(
    rb"<(/?)table:(table-row|table-cell|covered-table-cell|table(?=[\s/>]))([^>]*?)(/?)>"
)
_TIMES: Final = re.compile(rb"number-(?:rows|columns)-repeated\s*=\s*[\"']\s*(\d{1,9})")
_CHUNK: Final = 1 << 20


class Sheet:
    """What a sheet comes to: ``rows`` and ``width`` up to its last filled cell, ``weight`` in bytes of text."""

    def __init__(self) -> None:
        self.rows = self.width = self.weight = self.cells = 0
        self._empty = 0  # rows since the last filled one
        self._times, self._at, self._last, self._heavy = 1, 0, 0, 0

    def row(self, times: int, *, ends: bool) -> None:
        """A row begins; it may end at once."""
        self._times, self._at, self._last, self._heavy = times, 0, 0, 0
        if ends:
            self.row_ends()

    def row_ends(self) -> None:
        """The row is over."""
        if self._last:
            self.rows, self._empty = self.rows + self._empty + self._times, 0
            self.width = max(self.width, self._last)
            self.weight += self._times * self._heavy
        else:
            self._empty += self._times
        self._last = 0

    def cell(self, times: int, *, filled: bool, size: int) -> None:
        """A cell of the row, with so many bytes of text."""
        self.cells += 1
        self._at += times
        if filled:
            self._last = self._at
            self._heavy += times * size


def largest(stream: IO[bytes], longest: int) -> Sheet | None:
    """The sheet with most places, None where something between two tags is longer than ``longest``."""
    sheets = [Sheet()]
    rest = b""
    waiting = (
        0,
        False,
    )  # a cell whose text is still to come: how often it stands, whether it is filled
    while chunk := stream.read(_CHUNK):
        data = rest + chunk
        end = 0
        for tag in _TAG.finditer(data):
            times, cell = waiting
            if times:  # the text of a cell ends where the next tag begins
                sheets[-1].cell(times, filled=cell, size=tag.start() - end)
                waiting = (0, False)
            end, times = tag.end(), _times(tag[3])
            _take(sheets, tag, times)
            if tag[2].endswith(b"cell") and not tag[1]:
                waiting = (times, not tag[4] or b"value-type" in tag[3])
        rest = data[end:]
        if len(rest) > longest:
            return None
    return max(sheets, key=lambda s: (s.rows * s.width, s.weight))


def _times(attributes: bytes) -> int:
    found = _TIMES.search(attributes)
    return int(found[1]) if found else 1


def _take(sheets: list[Sheet], tag: re.Match[bytes], times: int) -> None:
    closing, name, ends = tag[1], tag[2], bool(tag[4])
    if name == b"table" and not closing:
        sheets.append(Sheet())
    elif name == b"table-row" and closing:
        sheets[-1].row_ends()
    elif name == b"table-row":
        sheets[-1].row(times, ends=ends)
