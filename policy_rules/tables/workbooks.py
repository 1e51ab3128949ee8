"""Workbooks (xlsx, xls, WPS et and ods) as sheets of raw cells, through python-calamine.

Calamine gives an empty text for ``#N/A`` and for a formula that has no stored value. Both are found
beforehand in the sheet's XML (xlsx only: in the older binary forms such cells read as empty), in the
same pass that bounds what the reader would have to hold.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree
from xml.parsers import expat

from policy_rules.errors import EvaluationError, Place, Problem, RecordError
from policy_rules.tables.repeats import largest
from policy_rules.tables.sheets import Odd, RawRow, RawSheet, with_odd
from policy_rules.tables.workbooks_apart import (
    ARCHIVE_ENDS,
    OLD,
    damage_told,
    damaged,
    merged,
    read_apart,
    rows_of,
    visible,
)

#: Bytes of a workbook on disk, and of all its parts unpacked.
LARGEST_BOOK: Final = 1 << 30
LARGEST_UNPACKED: Final = 8 << 30
#: A part that unpacks to this many times its size is no table (sheets of real data reach 40).
_RATIO: Final = 300
_SMALL: Final = 64 << 20
#: Cells between the first and the last of a sheet: the reader holds them all, empty ones too.
MOST_CELLS: Final = 200_000_000
#: Beyond so many, a sheet must have a cell in every hundredth place: two cells far apart are no table.
THINLY: Final = 50_000_000
#: Bytes of one cell's text; Excel allows 32,767 characters.
LONGEST_TEXT: Final = 1 << 20
_CHUNK: Final = 1 << 20
_TOP: Final = "xl/workbook.xml"
_LINKS: Final = "xl/_rels/workbook.xml.rels"
#: Bytes of the end of a zip archive, and how far from the end of the file it begins at most.
_END: Final = 22
_FURTHEST: Final = _END + 0xFFFF

_CELL: Final = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.S)
_REF: Final = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
#: References of cells as spreadsheet programs write them; then these, and numbers of rows, however they are
#: spaced and quoted.
_PLAIN: Final = re.compile(rb' r="([A-Z]{1,3})(\d{1,9})"')
_LETTERS: Final = re.compile(rb"\sr\s*=\s*[\"']\s*([A-Za-z]{1,7})\$?(\d{1,9})")
_ROW: Final = re.compile(rb"<(?:\w+:)?row\s[^>]*?\br\s*=\s*[\"']\s*(\d{1,9})")
_SPACED: Final = (b"c\n", b"c\t", b"c\r", b":c ", b"<c>")
_ANY_CELL: Final = re.compile(rb"<(?:\w+:)?c[\s/>]")
_VALUE: Final = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)</")
_ERRORS: Final = frozenset(["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"])


def open_workbook(path: Path) -> tuple[RawSheet, ...]:
    """The visible sheets of a workbook.

    Raises :class:`~policy_rules.errors.RecordError` where it is damaged, locked by a password or beyond
    the bounds, :class:`~policy_rules.errors.EvaluationError` where python-calamine is missing.
    """
    try:
        import python_calamine  # noqa: F401
    except ImportError as error:
        problem = Problem(
            "extra_missing", Place(), expected="`policy-rules[tables]`", got="`python-calamine`"
        )
        raise EvaluationError(problem) from error
    size = path.stat().st_size
    if size > LARGEST_BOOK:
        raise _refused(path, "file_too_large", expected=str(LARGEST_BOOK), got=str(size))
    with path.open("rb") as stream:
        start = stream.read(len(OLD))
    if start == OLD:
        return read_apart(path, size)
    body = path.read_bytes()
    odd, opendocument = _scanned(path, body)
    if opendocument:
        return read_apart(path, opendocument)
    with damage_told(path):
        return tuple(
            RawSheet(sheet.name, partial(_rows, sheet, odd.get(sheet.name, {})), merged(sheet))
            for sheet in visible(body)
        )


def _rows(sheet: Any, odd: dict[tuple[int, int], Odd]) -> Iterator[RawRow]:
    if sheet.start is None:
        return
    more = max((c + 1 for _, c in odd), default=0) - (sheet.end[1] + 1)
    right: list[Any] = [None] * max(0, more)
    for number, cells in enumerate(rows_of(sheet), 1):
        row = RawRow(number, [*cells, *right])
        yield with_odd(row, odd) if odd else row


# -- what stands in the XML ------------------------------------------------------------------------


def _scanned(path: Path, body: bytes) -> tuple[dict[str, dict[tuple[int, int], Odd]], int]:
    """By sheet the odd cells of an xlsx; of an ods the bytes of its content. Raises where the workbook is
    beyond the bounds.

    What is not found here must not be found by the reader: a part of a name it would take for another, two
    of one name, an archive within the archive are refused.
    """
    found: dict[str, dict[tuple[int, int], Odd]] = {}
    opendocument = 0
    last = body[-_END:]
    plain = last.startswith(ARCHIVE_ENDS) and last.endswith(b"\0\0")
    if not plain and body.count(ARCHIVE_ENDS, max(0, len(body) - _FURTHEST)) > 1:
        raise damaged(path)
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            total = 0
            for part in book.infolist():
                total += part.file_size
                packed = max(1, part.compress_size)
                bomb = part.file_size > _SMALL and part.file_size / packed > _RATIO
                if bomb or total > LARGEST_UNPACKED:
                    raise _refused(path, "file_too_large", expected=str(LARGEST_UNPACKED),
                                   got=str(total))  # fmt: skip
            names = {_bare(n): n for n in book.namelist()}
            if len(names) < len(book.namelist()):
                raise zipfile.BadZipFile
            if "xl/workbook.bin" in names:
                raise damaged(path, "it is a binary workbook (xlsb): save it as xlsx")
            if "content.xml" not in names and not {_TOP, _LINKS} <= set(names):
                raise zipfile.BadZipFile
            if "xl/sharedstrings.xml" in names:
                _texts(path, book, names["xl/sharedstrings.xml"])
            if "content.xml" in names:
                _well_formed(book, names["content.xml"])
                _written_out(path, book, names["content.xml"])
                opendocument = max(1, book.getinfo(names["content.xml"]).file_size)
            for sheet, part_name in _parts(book, names).items():
                with book.open(part_name) as stream:
                    found[sheet] = _odd_cells(path, sheet, stream)
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, expat.ExpatError, LookupError, EOFError,
            NotImplementedError, RuntimeError, ValueError, OSError) as error:  # fmt: skip
        if isinstance(error, RecordError):
            raise
        raise damaged(path) from error
    return found, opendocument


def _bare(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _parts(book: zipfile.ZipFile, names: dict[str, str]) -> dict[str, str]:
    """Sheets by name with the part that holds them; none for forms other than xlsx."""
    top, links = names.get(_TOP), names.get(_LINKS)
    if top is None or links is None:
        return {}
    for name in (top, links):
        if book.getinfo(name).file_size > 4 << 20:
            raise zipfile.BadZipFile(name)
    every = list(ElementTree.fromstring(book.read(links)))
    targets = {link.get("Id"): link.get("Target", "") for link in every}
    if len(targets) < len(every):
        raise zipfile.BadZipFile(links)
    parts = {}
    for node in ElementTree.fromstring(book.read(top)).iter():
        if node.tag.rsplit("}", 1)[-1] == "sheet":
            link = next((v for k, v in node.attrib.items() if k.endswith("}id")), None)
            target = targets.get(link, "")
            inner = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if _bare(inner) in names:
                parts[node.get("name", "")] = names[_bare(inner)]
    return parts


def _texts(path: Path, book: zipfile.ZipFile, name: str) -> None:
    """Refuse a text no cell of Excel can hold: each copy of it would be held apart."""
    run = 0
    with book.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            cut = chunk.find(b"<")
            if run + (len(chunk) if cut < 0 else cut) > LONGEST_TEXT:
                raise _refused(path, "cell_too_large", expected=str(LONGEST_TEXT))
            run = run + len(chunk) if cut < 0 else len(chunk) - chunk.rfind(b">")


def _well_formed(book: zipfile.ZipFile, name: str) -> None:
    """Refuse what is no XML, or defines entities: the reader may look for the end of it for ever."""
    parser = expat.ParserCreate()

    def entity(*declared: Any) -> None:
        raise zipfile.BadZipFile(name)

    parser.EntityDeclHandler = entity
    with book.open(name) as stream:
        parser.ParseFile(stream)


def _written_out(path: Path, book: zipfile.ZipFile, name: str) -> None:
    """Refuse an OpenDocument sheet that is too large once its repetitions are written out."""
    with book.open(name) as stream:
        sheet = largest(stream, 16 * LONGEST_TEXT)
    if sheet is None:
        raise _refused(path, "cell_too_large", expected=str(16 * LONGEST_TEXT))
    span = sheet.rows * sheet.width
    thin = span > THINLY and span > 100 * sheet.cells
    if span > MOST_CELLS or thin or sheet.weight > LARGEST_BOOK:
        got = str(max(span, sheet.weight))
        raise _refused(path, "too_many_cells", expected=str(MOST_CELLS), got=got)


def _odd_cells(path: Path, sheet: str, stream: Any) -> dict[tuple[int, int], Odd]:
    odd: dict[tuple[int, int], Odd] = {}
    rest = b""
    rows, columns, cells, done = 0, 0, 0, False
    while not done:
        chunk = stream.read(_CHUNK)
        data = rest + chunk
        end = data.find(b"sheetData>", max(0, data.find(b"<sheetData>") + 11))
        done = not chunk or (end > 0 and data[end - 1 : end] in (b"/", b":"))
        cut = len(data) if done else max(data.rfind(b"<c "), data.rfind(b"<x:c "), 0)
        whole, rest = data[:cut], data[cut:]
        if len(rest) > 2 * LONGEST_TEXT:
            raise _refused(path, "cell_too_large", sheet, expected=str(LONGEST_TEXT))
        found = _PLAIN.findall(whole)
        if len(found) == whole.count(b"<c ") and not any(mark in whole for mark in _SPACED):
            cells += len(found)
        else:
            found = _LETTERS.findall(whole)
            rows = max(rows, max(map(int, _ROW.findall(whole)), default=0))
            cells += len(_ANY_CELL.findall(whole))
        rows = max(rows, max((int(row) for _, row in found), default=0))
        for letters in {letters for letters, _ in found}:
            columns = max(columns, _column(letters.upper()) + 1)
        span = rows * columns
        if span > MOST_CELLS or (done and span > THINLY and span > 100 * cells):
            raise _refused(
                path, "too_many_cells", sheet, expected=str(MOST_CELLS), got=str(rows * columns)
            )
        if b'"e"' in whole or b"<f" in whole or b":f" in whole:
            _note(whole, odd)
    return odd


def _note(data: bytes, odd: dict[tuple[int, int], Odd]) -> None:
    for match in _CELL.finditer(data):
        head, body = match[1], match[2] or b""
        at = _REF.search(head)
        if at is None:
            continue
        value = _VALUE.search(body)
        text = value[1].decode("utf-8", "replace") if value else ""
        where = (int(at[2]), _column(at[1]))
        if b't="e"' in head:
            odd[where] = Odd("cell_error", text if text in _ERRORS else "#N/A")
        elif (b"<f" in body or b":f" in body) and not text and b't="str"' not in head:
            odd[where] = Odd("formula_without_value")


def _column(letters: bytes) -> int:
    """``A`` is 0, ``AA`` 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _refused(path: Path, code: str, detail: str = "", **parts: str) -> RecordError:
    if code == "too_many_cells" or (code == "cell_too_large" and detail):
        return RecordError(Problem(code, Place(str(path), sheet=detail), **parts))
    return RecordError(Problem(code, Place(str(path)), detail=detail, **parts))
