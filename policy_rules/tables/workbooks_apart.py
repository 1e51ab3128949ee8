"""Workbooks of the old binary form (xls, WPS et) and ods, read in a process of their own.

The reader believes the counts an old workbook names: a damaged one ends its process for want of memory, or
with a panic; of a damaged ods it may read on for ever. Neither may happen to ours. What an xlsx holds is
bounded beforehand instead.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules.errors import Place, Problem, RecordError
from policy_rules.tables.sheets import RawRow, RawSheet

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

#: How a file of the old form begins.
OLD: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: What stands at the end of a zip archive.
ARCHIVE_ENDS: Final = b"PK\5\6"
#: Bytes of memory; seconds of processor, and for each megabyte (some 20 are read a second); how much longer
#: than busy a process may be.
_MEMORY: Final = 4 << 30
_BUSY: Final = 20
_EACH: Final = 2
_WAIT: Final = 10
_LOCKED: Final = 3
_CHILD: Final = (
    "import sys; sys.path[:] = {path!r}\n"
    "from policy_rules.tables.workbooks_apart import answer\n"
    "sys.exit(answer(sys.argv[1], int(sys.argv[2])))"
)

Merged = tuple[tuple[int, int, int, int], ...]


def read_apart(path: Path, size: int) -> tuple[RawSheet, ...]:
    """The visible sheets of a workbook that holds so many bytes, unpacked.

    Raises :class:`~policy_rules.errors.RecordError` where it is damaged or locked by a password.
    """
    busy = _BUSY + _EACH * (size >> 20)
    child = _CHILD.format(path=sys.path)
    command = [sys.executable, "-I", "-c", child, str(path), str(busy)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_WAIT * busy,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise damaged(path) from error
    if done.returncode == _LOCKED:
        raise damaged(path, "it is locked by a password")
    if done.returncode:
        raise damaged(path)
    return tuple(
        RawSheet(name, partial(_numbered, rows), merged)
        for name, merged, rows in pickle.loads(done.stdout)  # our own process wrote it
    )


def _numbered(rows: list[list[Any]]) -> Iterator[RawRow]:
    for number, cells in enumerate(rows, 1):
        yield RawRow(number, list(cells))


def answer(path: str, busy: int) -> int:
    """What the process of its own does: the sheets go to standard output, the exit code tells the rest."""
    _limit(busy)
    body = Path(path).read_bytes()
    if body.startswith(OLD):  # an archive behind other bytes would be opened, unbounded
        body = body.replace(ARCHIVE_ENDS, b"PK\0\0")
    try:
        with damage_told(Path(path)):
            found = [_held(sheet) for sheet in visible(body)]
    except RecordError as error:
        return _LOCKED if "password" in error.problems[0].detail else 1
    sys.stdout.buffer.write(pickle.dumps(found, protocol=5))
    return 0


def _limit(busy: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CPU, busy)):
            hard = resource.getrlimit(what)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (most, hard))


def _held(sheet: CalamineSheet) -> tuple[str, Merged, list[list[Any]]]:
    return sheet.name, merged(sheet), list(rows_of(sheet))


# -- what both forms of workbook share ---------------------------------------------------------------


def visible(body: bytes) -> Iterator[CalamineSheet]:
    """The sheets of a workbook that are neither hidden nor charts."""
    import python_calamine as calamine

    book: CalamineWorkbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    for i, meta in enumerate(book.sheets_metadata):
        if meta.typ is calamine.SheetTypeEnum.WorkSheet and (
            meta.visible is calamine.SheetVisibleEnum.Visible
        ):
            yield book.get_sheet_by_index(i)


def merged(sheet: CalamineSheet) -> Merged:
    """The merged ranges of a sheet: first row and column, last row and column, from 0."""
    return tuple((a, b, c, d) for (a, b), (c, d) in sheet.merged_cell_ranges or [])


def rows_of(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """The rows of a sheet from its first column on: the reader begins at the first cell filled."""
    if sheet.start is None:
        return
    left: list[Any] = [None] * int(sheet.start[1])
    for cells in sheet.iter_rows():
        yield [*left, *cells]


@contextlib.contextmanager
def damage_told(path: Path) -> Iterator[None]:
    """What the reader raises over a damaged file, as an error of ours."""
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError as error:
        raise damaged(path, "it is locked by a password") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(path) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which is no Exception
            raise
        raise damaged(path) from error


def damaged(path: Path, why: str = "the file is damaged") -> RecordError:
    """A workbook that cannot be read."""
    return RecordError(Problem("cannot_read", Place(str(path)), detail=why))
