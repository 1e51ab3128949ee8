"""The workbooks staff filter and print, read back."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from made_up import pack, texts

from policy_rules import EvaluationError, compare_packs, diff_packs
from policy_rules.packs.loader import load_texts
from policy_rules.render import workbook

PACK = pack()
OTHER = load_texts({k: t.replace("id: sample", "id: other") for k, t in texts("9000").items()})


def opened(path: Path) -> openpyxl.Workbook:
    return openpyxl.load_workbook(path)


@pytest.mark.parametrize(
    ("lang", "sheets"),
    [("zh", ["对照表", "逐条", "说明"]), ("en", ["matrix", "rules", "notes"])],
)
def test_the_matrix(tmp_path: Path, lang: str, sheets: list[str]) -> None:
    path = tmp_path / "matrix.xlsx"
    workbook.comparison(compare_packs([PACK, OTHER]), path, lang)
    book = opened(path)
    assert book.sheetnames == sheets
    matrix, rules, _ = book.worksheets
    assert matrix.freeze_panes == "C2"
    assert matrix.auto_filter.ref == "A1:F4"
    assert matrix.print_title_rows == "$1:$1"
    assert matrix.page_setup.orientation == "landscape"
    assert matrix.sheet_properties.pageSetUpPr.fitToPage
    row = {c.value: matrix.cell(2, i).value for i, c in enumerate(matrix[1], 1)}
    name = "某县" if lang == "zh" else "a county"
    assert name in row
    assert rules.max_row == 1 + 6
    heads = [c.value for c in rules[1]]
    assert ("界限" if lang == "zh" else "line") in heads


def test_the_difference(tmp_path: Path) -> None:
    path = tmp_path / "diff.xlsx"
    workbook.diff(diff_packs(PACK, pack("9000")), path, "zh")
    book = opened(path)
    told = [[c.value for c in row] for row in book["差异"].iter_rows(min_row=2)]
    assert [
        "界限",
        "2022年人均纯收入低于8,000元/人",
        "2022年人均纯收入低于9,000元/人",
    ] in [row[2:5] for row in told]
    assert book["没有对应的"].max_row == 1


def test_the_time_of_writing_stands_nowhere(tmp_path: Path) -> None:
    """The same packs give the same bytes on any day."""
    path = tmp_path / "diff.xlsx"
    workbook.diff(diff_packs(PACK, pack("9000")), path, "zh")
    with zipfile.ZipFile(path) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    properties = opened(path).properties
    assert properties.created == properties.modified == datetime(2000, 1, 1)


def test_texts_stay_texts(tmp_path: Path) -> None:
    """A label that looks like a formula is no formula."""
    book = openpyxl.Workbook()
    workbook._write(book.active, ["a"], [["=1+1"], ["—"]], [10], frozen="A2")
    book.save(tmp_path / "t.xlsx")
    box = opened(tmp_path / "t.xlsx").active["A2"]
    assert (box.value, box.data_type) == ("=1+1", "s")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot_write"):
        workbook.comparison(compare_packs([PACK]), tmp_path / "no" / "m.xlsx", "zh")
    target = tmp_path / "m.xlsx"
    target.mkdir()
    with pytest.raises(EvaluationError, match="cannot_write"):
        workbook.comparison(compare_packs([PACK]), target, "zh")
    assert [p.name for p in tmp_path.iterdir()] == ["m.xlsx"]
