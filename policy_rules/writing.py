"""Files are written whole or not at all; a failure to write is a Problem, never a traceback."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from policy_rules.errors import EvaluationError, Place, Problem

#: When a workbook or Word file says it was written.
_WRITTEN: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure to write (a full disk, say) into a Problem ``cannot_write`` about ``path``."""
    try:
        yield
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise EvaluationError(Problem("cannot_write", Place(str(path)), detail=detail)) from error


@contextlib.contextmanager
def as_os_error() -> Iterator[None]:
    """What the writers of workbooks raise of their own for a failure to write, as the OSError it is."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        inner = error.args[0] if error.args else None
        match type(error).__name__, inner:
            case "FileCreateError", OSError():  # xlsxwriter
                raise inner from error
            case "FileCreateError", _:
                raise OSError(str(inner)) from error
            case "SerialisationError", str():  # lxml, below openpyxl: `IO_ENOSPC`
                number = getattr(errno, inner.removeprefix("IO_"), errno.EIO)
                raise OSError(number, os.strerror(number)) from error
        raise


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to; moved there at the end, removed where anything fails.

    Raises :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    beside = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    with writing(path):
        try:
            beside.touch()
            yield beside
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def write_whole(path: Path, body: bytes) -> None:
    """Write a file so that it is there whole or not at all.

    Raises :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    beside = path.with_name(f"{path.name}.tmp")
    with writing(path):
        try:
            with beside.open("wb") as file:
                file.write(body)
                to_disk(file)
            beside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise


def repacked(archive: bytes, *, undated: bool = False) -> bytes:
    """A workbook or Word file without the time it was packed: the same bytes for the same content.

    ``undated`` takes the time out of what it tells of itself, too.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if undated and name == "docProps/core.xml":
                body = _WRITTEN.sub(rb"\g<1>2000-01-01T00:00:00Z", body)
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, body)
    return packed.getvalue()


def to_disk(file: Any) -> None:
    """Bring what was written to the disk: a rename must not overtake it."""
    file.flush()
    os.fsync(file.fileno())


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A folder beside ``path`` to fill; it takes the place of ``path`` at the end, and is removed where anything fails.

    The old folder, which the caller answers for, stays whole until then. Raises
    :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    whole = path.resolve()
    beside, old = (whole.with_name(f".{whole.name}-{os.getpid()}.{end}") for end in ("new", "old"))
    with writing(path):
        try:
            beside.mkdir(parents=True)
            yield beside
            if whole.exists():
                whole.rename(old)
            try:
                beside.rename(whole)
            except OSError:
                if old.exists():
                    old.rename(whole)
                raise
            shutil.rmtree(old, ignore_errors=True)
        except BaseException:
            shutil.rmtree(beside, ignore_errors=True)
            raise
