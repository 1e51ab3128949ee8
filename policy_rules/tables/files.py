"""Files as sheets of raw cells: workbooks, csv, Parquet, JSON lines, or a folder of them.

What a file is, its first bytes say, not its name. Nothing is converted here: a cell is what the file
holds, an error in a cell an :class:`~policy_rules.tables.sheets.Odd`. Text forms and Parquet are read
row by row, as often as asked; a workbook is held by its reader, so its size is bounded before.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from policy_rules.errors import EvaluationError, Place, Problem, RecordError
from policy_rules.tables.sheets import RawRow, RawSheet
from policy_rules.tables.workbooks import open_workbook
from policy_rules.yamldoc import json_number

#: A cell longer than this is no cell: a quotation mark that is not closed, a file of another kind.
LONGEST_CELL: Final = 131_072
LONGEST_LINE: Final = 16 * 1024 * 1024
#: Lines one quoted cell may run over.
_SPAN: Final = 200
#: Different keys of JSON lines: each is a column of every row.
MOST_COLUMNS: Final = 4096
_SAMPLE: Final = 256 * 1024
_DELIMITERS: Final = (",", "\t", ";", "|", "，")


def open_sheets(path: str | Path) -> tuple[RawSheet, ...]:
    """The sheets of a file; of a folder, those of its files.

    Raises :class:`~policy_rules.errors.RecordError` where the file cannot be read or is larger than
    the bounds, :class:`~policy_rules.errors.EvaluationError` where a package is missing.
    """
    path = Path(path)
    if path.is_dir():
        found = [p for p in sorted(path.iterdir()) if p.is_file() and p.name[0] not in ".~"]
        if not found:
            raise refused(path, "empty")
        return tuple(sheet for p in found for sheet in open_sheets(p))
    try:
        with path.open("rb") as stream:
            start = stream.read(_SAMPLE)
    except OSError as error:
        raise refused(path, "cannot_read", error.strerror or type(error).__name__) from error
    if not start.strip():
        raise refused(path, "empty")
    if start[:4] == b"PK\x03\x04" or start[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        return open_workbook(path)
    if start[:4] == b"PAR1":
        return (_parquet(path),)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return (_json(path, start),)
    return (_csv(path, start),)


def refused(path: Path, code: str, detail: str = "", **parts: str) -> RecordError:
    """A file that is refused as a whole."""
    return RecordError(Problem(code, Place(str(path)), detail=detail, **parts))


def lines_of(path: Path, encoding: str) -> Iterator[str]:
    """The lines of a text file, each of bounded length; bytes that are no text become U+FFFD."""
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        while line := stream.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                raise refused(path, "cell_too_large", expected=str(LONGEST_CELL))
            yield line


def encoding_of(path: Path, start: bytes) -> str:
    """UTF-8 (with BOM or without), UTF-16 with BOM, or GB18030: the one that leaves fewer bytes over."""
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if start[:3] == b"\xef\xbb\xbf":
        return "utf-8-sig"
    try:
        with path.open(encoding="utf-8") as stream:
            while stream.read(1 << 20):
                pass
        return "utf-8"
    except UnicodeDecodeError:
        sample = _not_ascii(path) or start
    wrong = {e: sample.decode(e, "replace").count("�") for e in ("utf-8", "gb18030")}
    return "utf-8" if wrong["utf-8"] <= wrong["gb18030"] else "gb18030"


def _not_ascii(path: Path) -> bytes:
    """A sample of the lines that are not plain ASCII: a file may be plain for long."""
    kept, size = [], 0
    with path.open("rb") as raw:
        while size < _SAMPLE and (line := raw.readline(_SAMPLE)):
            if not line.isascii():
                kept.append(line)
                size += len(line)
    return b"".join(kept)


# -- csv ---------------------------------------------------------------------------------------------


def _csv(path: Path, start: bytes) -> RawSheet:
    encoding = encoding_of(path, start)
    mark = delimiter_of(path, encoding)
    return RawSheet(path.stem, partial(_csv_rows, path, encoding, mark), ragged=True)


def delimiter_of(path: Path, encoding: str) -> str:
    """The mark under which most of the first rows have the same number of cells, more than one."""
    head: list[str] = []
    for line in lines_of(path, encoding):
        if line.strip():
            head.append(line)
        if len(head) == 40:
            break

    def score(mark: str) -> tuple[int, int]:
        widths = [len(row) for row in csv.reader(head, delimiter=mark)]
        usual = max(set(widths), key=lambda w: (widths.count(w), w), default=1)
        return (widths.count(usual) if usual > 1 else 0, usual)

    try:
        best = max(_DELIMITERS, key=score)
    except csv.Error as error:
        raise refused(path, "cell_too_large", expected=str(LONGEST_CELL)) from error
    return best if score(best)[0] else ","


def _csv_rows(path: Path, encoding: str, mark: str) -> Iterator[RawRow]:
    """Rows as a spreadsheet counts them. An open quotation mark spoils its own row only."""
    number = 0
    waiting: list[str] = []
    lines = lines_of(path, encoding)
    while True:
        line = waiting.pop(0) if waiting else next(lines, None)
        if line is None:
            return
        number += 1
        if number == 1 and line[:4].lower() == "sep=":
            continue
        if '"' not in line:
            text = line.rstrip("\r\n")
            yield RawRow(number, text.split(mark) if text else [], len(text) > LONGEST_CELL)
            continue
        taken = [line]
        while (cells := _parsed(taken, mark)) is None and len(taken) < _SPAN:
            more = waiting.pop(0) if waiting else next(lines, None)
            if more is None:
                break
            taken.append(more)
        if cells is None or not cells:
            # nothing closes it: this row is broken, those after it stand for themselves
            waiting = taken[1:] + waiting
            yield RawRow(number, line.rstrip("\r\n").replace('"', "").split(mark), True)
        else:
            yield RawRow(number, cells)


def _parsed(lines: Sequence[str], mark: str) -> list[str] | None:
    """The cells of one row; None while a quotation mark is open, ``[]`` where one is misplaced."""
    try:
        return next(csv.reader(lines, delimiter=mark, strict=True))
    except csv.Error as error:
        return None if "unexpected end" in str(error) else []


# -- Parquet and JSON --------------------------------------------------------------------------------


def _parquet(path: Path) -> RawSheet:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise missing_extra("pyarrow") from error
    try:
        with parquet.ParquetFile(path) as book:
            names = tuple(book.schema_arrow.names)
    except (arrow.ArrowException, OSError) as error:
        raise refused(path, "cannot_read", "the file is damaged") from error

    def rows() -> Iterator[RawRow]:
        number = 0
        with parquet.ParquetFile(path) as book:
            for batch in book.iter_batches(batch_size=8192):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield RawRow(number, list(cells))

    return RawSheet(path.stem, rows, heads=names, parquet=path)


def missing_extra(package: str) -> EvaluationError:
    """What is said where a package of the extra ``tables`` is not installed."""
    return EvaluationError(
        Problem(
            "extra_missing", Place(), expected="`policy-rules[tables]`", got=f"`{package}`"
        )
    )  # fmt: skip


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """The values of a file of JSON lines (or of one list) with their row; None where one is broken."""
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE)
    encoding = encoding_of(path, start)
    if start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
        if os.path.getsize(path) > 64 * LONGEST_LINE:
            raise refused(path, "file_too_large", expected=str(64 * LONGEST_LINE),
                          got=str(os.path.getsize(path)))  # fmt: skip
        yield from enumerate(_loaded(path.read_text(encoding, "replace")) or [], 1)
        return
    for number, line in enumerate(lines_of(path, encoding), 1):
        if line.strip():
            yield number, _loaded(line)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_float=json_number)
    except (ValueError, RecursionError):
        return None


def _json(path: Path, start: bytes) -> RawSheet:
    """Objects as rows: the columns are the keys in the order they first appear."""
    keys: dict[str, None] = {}
    for _, item in json_lines(path):
        if isinstance(item, dict):
            keys.update(dict.fromkeys(item))
            if len(keys) > MOST_COLUMNS:
                raise refused(path, "too_many_values", expected=str(MOST_COLUMNS))
    names = tuple(keys)

    def rows() -> Iterator[RawRow]:
        for number, item in json_lines(path):
            if isinstance(item, dict):
                yield RawRow(number, [item.get(k) for k in names])
            else:
                yield RawRow(number, ["�"] * len(names), True)

    return RawSheet(path.stem, rows, heads=names)
