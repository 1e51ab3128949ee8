"""Small files with the faults real ones have, for the tests of reading."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def number(birth: str = "19800203", order: int = 1, region: str = "530113") -> str:
    """An identity number that nobody has (its region is right, its check digit too)."""
    body = f"{region}{birth}{order:03d}"
    total = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def sheet(
    path: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], merged: Iterable[str] = ()
) -> Path:
    """An xlsx; a text beginning with ``=`` is a formula without a stored value, ``#N/A`` an error."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for span in merged:
                page.merge_range(span, "")
            for r, row in enumerate(rows):
                for c, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        page.write_formula(r, c, cell, None, "")
                    elif isinstance(cell, str) and cell.startswith("#"):
                        page.write_formula(r, c, "=NA()", None, cell)
                    elif isinstance(cell, date):
                        page.write_datetime(r, c, cell, day)
                    elif cell is not None and cell != "":
                        page.write(r, c, cell)
    return path


def text(
    path: Path, rows: Iterable[Sequence[Any]], encoding: str = "utf-8", mark: str = ","
) -> Path:
    """A csv."""
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, delimiter=mark).writerows(rows)
    return path
