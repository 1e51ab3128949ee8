"""Workbooks of the old form (xls, et): read whole, and a damaged one ends neither the process nor a run."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from policy_rules import RecordError
from policy_rules.tables import workbooks_apart
from policy_rules.tables.files import open_sheets
from policy_rules.tables.reading import read_population

#: A title over two rows of one household and one of another, a hidden sheet; written by LibreOffice.
WHOLE = Path(__file__).parents[1] / "tables" / "data" / "household.xls"


def said(path: Path) -> str:
    with pytest.raises(RecordError) as caught:
        open_sheets(path)
    (problem,) = caught.value.problems
    return f"{problem.code}: {problem.detail}"


@pytest.mark.parametrize("name", ["a.xls", "a.et", "a.xlsx"])
def test_the_old_form_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    shutil.copy(WHOLE, tmp_path / name)
    (sheet,) = open_sheets(tmp_path / name)
    assert (sheet.name, sheet.merged) == ("户", ((0, 0, 0, 5), (2, 0, 3, 0)))
    rows: list[list[Any]] = [row.cells for row in sheet.rows()]
    assert rows[2] == ["1001", "甲", "户主", "脱贫户", date(1980, 2, 3), False]
    assert [row.number for row in sheet.rows()] == [1, 2, 3, 4, 5]  # as often as asked
    found = read_population(tmp_path / name, year=2022)
    assert [(r.id, len(r.row["members"].rows)) for r in found.records] == [("1001", 2), ("1002", 1)]


#: Where four bytes of nonsense make the reader refuse, panic, and ask for more memory than there is.
REFUSES, PANICS, ABORTS = (27, 45), (3171, 4080), (3757, 4021)


@pytest.mark.parametrize("at", [*REFUSES, *PANICS, *ABORTS])
def test_a_damaged_one_is_told_and_nothing_ends(
    tmp_path: Path, at: int, capfd: pytest.CaptureFixture[str]
) -> None:
    body = bytearray(WHOLE.read_bytes())
    body[at : at + 4] = b"\xff\xff\xff\x7f"
    (tmp_path / "a.xls").write_bytes(body)
    assert said(tmp_path / "a.xls") == "cannot_read: the file is damaged"
    assert capfd.readouterr() == ("", "")


def test_one_cut_off_anywhere_is_told(tmp_path: Path) -> None:
    body = WHOLE.read_bytes()
    for end in (9, 600, 4000, len(body) - 600):
        (tmp_path / "a.xls").write_bytes(body[:end])
        assert said(tmp_path / "a.xls") == "cannot_read: the file is damaged"


def test_one_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        workbooks_apart, "_CHILD", "import threading; threading.Event().wait() # {path}"
    )
    monkeypatch.setattr(workbooks_apart, "_WAIT", 0.01)
    assert said(WHOLE) == "cannot_read: the file is damaged"


def test_one_with_a_password_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks_apart, "_CHILD", "import sys; sys.exit(3) # {path}")
    assert said(WHOLE) == "cannot_read: it is locked by a password"
