"""Whatever the file: the same cells; and what would not fit is refused before it is held."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tables.workbook import sheet, text

from policy_rules import RecordError
from policy_rules.tables import files, workbooks
from policy_rules.tables.files import delimiter_of, encoding_of, open_sheets
from policy_rules.tables.headers import understand
from policy_rules.tables.sheets import Head, Odd, RawSheet, Table, find_table

ROWS = [["户编号", "姓名", "监测对象类别"], ["1001", "甲", "脱贫不稳定户"], ["1002", "乙", ""]]


def known(head: Head) -> bool:
    return understand(0, head, ("member", "household", "income_year"), year=2022).role != "carried"


def table(found: tuple[RawSheet, ...], at: int = 0) -> Table:
    result = find_table(found[at], known)
    assert result is not None
    return result


def cells(path: Path) -> list[list[Any]]:
    return [[c or "" for c in r.cells] for r in table(open_sheets(path)).rows()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("mark", [",", "\t", ";", "|"])
def test_a_csv_is_read_whatever_its_encoding_and_delimiter(
    tmp_path: Path, encoding: str, mark: str
) -> None:
    assert cells(text(tmp_path / "a.csv", ROWS, encoding, mark)) == ROWS[1:]


def test_the_delimiter_is_not_taken_from_lists_inside_cells(tmp_path: Path) -> None:
    rows = [["户编号", "健康状况"], *([f"{i}", "残疾,长期慢性病,患有大病"] for i in range(9))]
    path = text(tmp_path / "a.csv", rows, mark=";")
    assert delimiter_of(path, "utf-8") == ";"
    assert cells(path)[0] == ["0", "残疾,长期慢性病,患有大病"]


def test_the_encoding_shows_late_in_a_long_file(tmp_path: Path) -> None:
    path = tmp_path / "late.csv"
    path.write_bytes(b"household_id,sex\n" + b"1,\n" * 200_000 + "2,男\n".encode("gb18030"))
    assert encoding_of(path, path.read_bytes()[:1000]) == "gb18030"


def test_one_broken_byte_spoils_one_cell_and_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    raw = "户编号,户类型,自然村\n" + "1001,脱贫户,大村\n" * 30
    path.write_bytes(raw.encode() + "1002,脱贫".encode() + b"\xe6\x88" + ",小村\n".encode())
    assert cells(path)[0] == ["1001", "脱贫户", "大村"]
    assert "�" in cells(path)[-1][1]


def test_an_open_quotation_mark_breaks_its_own_row_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        '户编号,户类型,备注\n1,脱贫户,"开了没关\n2,脱贫户,好\n3,脱贫户,"两\n行"\n', "utf-8"
    )
    rows = [(r.number, r.broken, r.cells[0]) for r in table(open_sheets(path)).rows()]
    assert [n for _, broken, n in rows if not broken][-1] == "3"
    assert {n for *_, n in rows} >= {"1", "3"}
    assert any(broken for _, broken, _ in rows)


def test_a_row_of_another_width_is_broken_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "户编号,户类型,自然村\n1,脱贫户,大村\n2,脱贫户,大,村\n3,脱贫户\n4,脱贫户,村,,\n", "utf-8"
    )
    assert [r.broken for r in table(open_sheets(path)).rows()] == [False, True, True, False]


def test_a_workbook_keeps_the_numbers_of_its_rows(tmp_path: Path) -> None:
    rows = [["某县防返贫监测对象导出表"], [], *ROWS[:2], [], ROWS[2]]
    found = table(open_sheets(sheet(tmp_path / "a.xlsx", {"人员": rows}, ["A1:C1"])))
    assert found.sheet.name == "人员"
    assert found.titles == ("某县防返贫监测对象导出表",)
    assert [(r.number, r.cells[0]) for r in found.rows()] == [(4, "1001"), (6, "1002")]


def test_a_table_that_begins_in_the_middle_of_the_sheet(tmp_path: Path) -> None:
    rows = [[], [], *([None, None, *r] for r in ROWS)]
    found = table(open_sheets(sheet(tmp_path / "a.xlsx", {"人员": rows})))
    assert [(r.number, r.cells[2]) for r in found.rows()] == [(4, "1001"), (5, "1002")]


def test_errors_and_formulas_without_value_are_seen(tmp_path: Path) -> None:
    rows = [
        ["户编号", "户类型", "耕地面积"],
        ["1", "#N/A", "=1+1"],
        ["2", "#REF!", date(2022, 5, 1)],
    ]
    found = table(open_sheets(sheet(tmp_path / "a.xlsx", {"户": rows})))
    first, second = found.rows()
    assert first.cells[1:] == [Odd("cell_error", "#N/A"), Odd("formula_without_value")]
    assert second.cells[1:] == [Odd("cell_error", "#REF!"), date(2022, 5, 1)]


def test_a_header_of_two_rows_with_merged_headings(tmp_path: Path) -> None:
    rows = [
        ["某县"],
        ["户编号", "2022年收入(万元)", None, "致贫返贫风险", None, "户类型"],
        [None, "工资性收入", "转移性收入", "1", "2", None],
        ["1001", 1.2, 0.3, "因病", "", "脱贫户"],
    ]
    merged = ["A1:F1", "A2:A3", "B2:C2", "D2:E2", "F2:F3"]
    found = table(open_sheets(sheet(tmp_path / "a.xlsx", {"户": rows}, merged)))
    assert found.heads[1:4] == (
        Head("工资性收入", "2022年收入(万元)"), Head("转移性收入", "2022年收入(万元)"),
        Head("1", "致贫返贫风险"),
    )  # fmt: skip
    assert found.heads[5] == Head("户类型")
    assert [r.number for r in found.rows()] == [4]


def test_a_header_of_two_rows_in_a_csv(tmp_path: Path) -> None:
    rows = [
        ["户编号", "户主", "", "户类型"],
        ["", "姓名", "证件号码", ""],
        ["1", "甲", "x", "脱贫户"],
    ]
    found = table(open_sheets(text(tmp_path / "a.csv", rows)))
    assert found.heads == (
        Head("户编号"),
        Head("姓名", "户主"),
        Head("证件号码", "户主"),
        Head("户类型"),
    )


def test_a_row_of_data_is_no_second_header(tmp_path: Path) -> None:
    found = table(open_sheets(text(tmp_path / "a.csv", ROWS)))
    assert found.first == 2
    numbered = [ROWS[0], ["1", "2", "3"], *ROWS[1:]]
    assert table(open_sheets(text(tmp_path / "b.csv", numbered))).first == 3


def test_merged_cells_fill_the_rows_below(tmp_path: Path) -> None:
    rows = [
        ["户编号", "姓名", "户类型"],
        ["1001", "甲", "脱贫户"],
        [None, "乙", None],
        ["1002", "丙", "脱贫户"],
    ]
    found = table(open_sheets(sheet(tmp_path / "a.xlsx", {"户": rows}, ["A2:A3", "C2:C3"])))
    assert [r.cells for r in found.rows()][1] == ["1001", "乙", "脱贫户"]


def test_hidden_sheets_are_left_alone_and_the_content_says_what_a_file_is(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", {"户": ROWS})
    for name in ("a.et", "a.xls", "a.csv"):
        shutil.copy(path, tmp_path / name)
        assert cells(tmp_path / name) == ROWS[1:]


def test_parquet_and_json_lines(tmp_path: Path) -> None:
    import polars

    frame = {
        "户编号": [1001, 1002],
        "户类型": ["脱贫户", None],
        "出生日期": [date(1980, 1, 2), None],
    }
    polars.DataFrame(frame).write_parquet(tmp_path / "a.parquet")
    assert cells(tmp_path / "a.parquet") == [[1001, "脱贫户", date(1980, 1, 2)], [1002, "", ""]]
    lines = [{"户编号": "1001", "户类型": "脱贫户"}, {"户编号": "1002", "健康状况": ["残疾"]}]
    body = "\n".join(json.dumps(r, ensure_ascii=False) for r in lines) + "\n{broken\n"
    (tmp_path / "a.jsonl").write_text(body, "utf-8")
    rows = list(table(open_sheets(tmp_path / "a.jsonl")).rows())
    assert [r.cells for r in rows[:2]] == [["1001", "脱贫户", None], ["1002", None, ["残疾"]]]
    assert rows[2].broken


def test_a_folder_is_its_files(tmp_path: Path) -> None:
    text(tmp_path / "household.csv", ROWS)
    text(tmp_path / "household.members.csv", ROWS)
    assert [s.name for s in open_sheets(tmp_path)] == ["household", "household.members"]


# -- what is refused -----------------------------------------------------------------------------------


def read_whole(path: Path) -> list[Any]:
    return [row for one in open_sheets(path) for row in one.rows()]


def refused(path: Path) -> str:
    with pytest.raises(RecordError) as caught:
        read_whole(path)
    return caught.value.problems[0].code


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", {"户": ROWS})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet9.xml", b" " * (65 << 20))
    assert refused(path) == "file_too_large"


def test_a_sheet_of_two_cells_far_apart_is_refused(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["户编号"]]
    path = sheet(tmp_path / "a.xlsx", {"户": rows})
    with zipfile.ZipFile(path) as book:
        parts = {n: book.read(n) for n in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[name] = parts[name].replace(b"</sheetData>", far)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, body in parts.items():
            book.writestr(part, body)
    assert refused(path) == "too_many_cells"


def test_a_text_no_cell_can_hold_is_refused(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", {"户": ROWS})
    with zipfile.ZipFile(path) as book:
        parts = {n: book.read(n) for n in book.namelist()}
    name = "xl/sharedStrings.xml"
    parts[name] = parts[name].replace(b"</sst>", b"<si><t>" + b"x" * (3 << 20) + b"</t></si></sst>")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, body in parts.items():
            book.writestr(part, body)
    assert refused(path) == "cell_too_large"


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE", 1 << 20)
    (tmp_path / "a.csv").write_bytes("户编号,户类型\n".encode() + b"1" * (2 << 20))
    assert refused(tmp_path / "a.csv") == "cell_too_large"


def test_damaged_and_empty_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (tmp_path / "b.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 1000)
    (tmp_path / "c.parquet").write_bytes(b"PAR1" + b"x" * 100)
    (tmp_path / "d.csv").write_bytes(b"  \n")
    codes = [refused(tmp_path / n) for n in ("a.xlsx", "b.xls", "c.parquet", "d.csv", "none.csv")]
    assert codes == ["cannot_read", "cannot_read", "cannot_read", "empty", "cannot_read"]


def test_a_workbook_larger_than_the_bound_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_BOOK", 100)
    assert refused(sheet(tmp_path / "a.xlsx", {"户": ROWS})) == "file_too_large"
