"""How large a spreadsheet is once its repetitions are written out, and what is refused before it is held."""

from __future__ import annotations

import io
import sys
import zipfile
from pathlib import Path

import pytest
from tables.workbook import sheet, text

from policy_rules import EvaluationError, RecordError
from policy_rules.tables import files, repeats, workbooks
from policy_rules.tables.files import open_sheets
from policy_rules.tables.repeats import largest


def row(*cells: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


def cell(body: str = "", times: int = 1, kind: str = "table-cell") -> str:
    repeated = f' table:number-columns-repeated="{times}"' if times > 1 else ""
    if not body:
        return f"<table:{kind}{repeated}/>"
    return f"<table:{kind}{repeated}><text:p>{body}</text:p></table:{kind}>"


def measured(*rows: str, longest: int = 1 << 20) -> tuple[int, int, int] | None:
    """Rows, width and weight of the largest sheet."""
    page = f"<table:table table:name='a'>{''.join(rows)}</table:table>"
    found = largest(io.BytesIO(page.encode()), longest)
    return None if found is None else (found.rows, found.width, found.weight)


P = len("<text:p></text:p>")
VALUE = '<table:table-cell office:value-type="float" office:value="1" table:number-columns-repeated="4"/>'


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((row(cell("a"), cell("bc")),), (1, 2, 2 * P + 3)),
        ((row(cell("a", times=3)),), (1, 3, 3 * (P + 1))),
        ((row(cell("a"), times=5),), (5, 1, 5 * (P + 1))),
        ((row(cell("a", times=3), times=5),), (5, 3, 15 * (P + 1))),
        # empty ones count where something filled comes after them, and not at the end
        ((row(cell(times=9), cell("a")),), (1, 10, P + 1)),
        ((row(cell("a"), cell(times=16_000)),), (1, 1, P + 1)),
        ((row(cell(), times=99), row(cell("a"))), (100, 1, P + 1)),
        ((row(cell("a")), row(cell(), times=1_000_000)), (1, 1, P + 1)),
        (('<table:table-row table:number-rows-repeated="7"/>', row(cell("a"))), (8, 1, P + 1)),
        ((row(cell()),), (0, 0, 0)),
        # a cell of a merged area stands for itself; a value needs no text
        ((row(cell("a"), cell("b", 2, "covered-table-cell")),), (1, 3, 3 * (P + 1))),
        ((row(VALUE),), (1, 4, 0)),
        ((), (0, 0, 0)),
    ],
)
def test_a_sheet_is_as_large_as_what_is_filled(
    rows: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    assert measured(*rows) == expected


def test_the_largest_of_several_sheets_counts() -> None:
    pages = [f"<table:table table:name='{n}'>{row(cell('x', n), times=n)}</table:table>"
             for n in (2, 5, 3)]  # fmt: skip
    found = largest(io.BytesIO("".join(pages).encode()), 1 << 20)
    assert found is not None
    assert (found.rows, found.width) == (5, 5)


@pytest.mark.parametrize("chunk", [1, 7, 64])
def test_a_tag_may_be_cut_anywhere(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        row(cell(times=2), cell("word", times=3), times=4),
        row(cell(), times=6),
        row(cell("b")),
    )
    whole = measured(*rows)
    monkeypatch.setattr(repeats, "_CHUNK", chunk)
    assert measured(*rows) == whole
    assert whole is not None
    assert whole[:2] == (11, 5)


def test_what_has_no_tag_for_long_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "_CHUNK", 100)
    assert measured(row(cell("x" * 3000)), longest=1000) is None
    assert measured(row(cell("x" * 300)), longest=1000) is not None


# -- whole files -----------------------------------------------------------------------------------


def ods(path: Path, *rows: str) -> Path:
    """A spreadsheet of one sheet."""
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    body = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>"
        f"<table:table table:name='a'>{''.join(rows)}</table:table>"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", body)
        packed.writestr("META-INF/manifest.xml", manifest)
    return path


def told(word: str, times: int = 1) -> str:
    repeated = f' table:number-columns-repeated="{times}"' if times > 1 else ""
    return (
        f'<table:table-cell office:value-type="string"{repeated}>'
        f"<text:p>{word}</text:p></table:table-cell>"
    )


def refused(path: Path) -> str:
    with pytest.raises(RecordError) as caught:
        [list(page.rows()) for page in open_sheets(path)]
    return caught.value.problems[0].code


def test_repeated_rows_and_cells_are_read_as_often_as_they_stand(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", row(told("户编号"), told("甲", 2)), row(told("1", 3), times=2))
    (page,) = open_sheets(path)
    assert [list(r.cells) for r in page.rows()] == [["户编号", "甲", "甲"], *[["1"] * 3] * 2]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ((row(told("x", 16_384), times=12_300),), "too_many_cells"),  # more than may be held
        ((row(told("x"), times=900_000), row(told("x", 100))), "too_many_cells"),  # thinly filled
        ((row(told("x" * 400_000), times=3_000),), "too_many_cells"),  # by its text
    ],
)
def test_a_spreadsheet_that_would_fill_the_memory_is_refused(
    rows: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    assert refused(ods(tmp_path / "a.ods", *rows)) == code


def test_a_text_between_two_tags_that_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "LONGEST_TEXT", 64)
    monkeypatch.setattr(repeats, "_CHUNK", 256)
    assert refused(ods(tmp_path / "a.ods", row(told("x" * 4000)))) == "cell_too_large"


def rewritten(path: Path, part: str, before: bytes, after: bytes, *, name: str = "") -> Path:
    """A workbook with a part changed, or under another name."""
    with zipfile.ZipFile(path) as packed:
        bodies = {n: packed.read(n) for n in packed.namelist()}
    assert before in bodies[part]
    bodies[name or part] = bodies.pop(part).replace(before, after)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for key, body in bodies.items():
            packed.writestr(key, body)
    return path


BOOK, LINKS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def test_a_workbook_whose_parts_are_not_what_they_say(tmp_path: Path) -> None:
    def small(name: str) -> Path:
        return sheet(tmp_path / name, {"户": [["户编号", "姓名"], ["1", "甲"]]})

    bound = b"<" + b" " * (4 << 20) + b"/workbook>"
    assert refused(rewritten(small("a.xlsx"), BOOK, b"</workbook>", bound)) == "cannot_read"
    twice = b'<Relationship Id="rId1" Target="worksheets/a.xml"/></Relationships>'
    path = rewritten(small("b.xlsx"), LINKS, b"</Relationships>", twice)
    assert refused(path) == "cannot_read"
    path = rewritten(small("c.xlsx"), BOOK, b"<", b"<", name="xl/other.xml")
    assert refused(path) == "cannot_read"
    path = rewritten(small("d.xlsx"), "xl/styles.xml", b"<", b"<", name="xl/workbook.bin")
    assert refused(path) == "cannot_read"
    path = small("e.xlsx")
    with zipfile.ZipFile(path, "a") as packed:
        packed.writestr("xl/Worksheets/sheet1.xml", b"<worksheet/>")
    assert refused(path) == "cannot_read"


def test_a_path_from_the_top_of_the_archive_is_the_same_sheet(tmp_path: Path) -> None:
    rows = [["户编号", "姓名"], ["1", "甲"], ["2", "#N/A"]]
    plain = sheet(tmp_path / "a.xlsx", {"户": rows})
    (one,) = open_sheets(plain)
    expected = list(one.rows())
    path = rewritten(plain, LINKS, b'Target="worksheets', b'Target="/xl/worksheets')
    (other,) = open_sheets(path)
    assert list(other.rows()) == expected  # the error in a cell is seen, too


@pytest.mark.parametrize(
    ("package", "name"), [("python_calamine", "a.ods"), ("pyarrow", "a.parquet")]
)
def test_a_package_that_is_not_installed_is_named(
    package: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    if name == "a.ods":
        ods(path, row(told("x")))
    else:
        path.write_bytes(b"PAR1" + bytes(20) + b"PAR1")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EvaluationError) as caught:
        open_sheets(path)
    (problem,) = caught.value.problems
    assert (problem.code, problem.expected) == ("extra_missing", "`policy-rules[tables]`")
    assert problem.got.strip("`").replace("-", "_") == package


# -- text files ------------------------------------------------------------------------------------


def test_an_empty_folder_is_refused_and_hidden_files_are_none(tmp_path: Path) -> None:
    (tmp_path / ".hidden.csv").write_text("a,b\n", "utf-8")
    (tmp_path / "~$book.xlsx").write_text("a", "utf-8")
    assert refused(tmp_path) == "empty"


def test_a_cell_without_end_is_refused_before_its_mark_is_told(tmp_path: Path) -> None:
    path = text(tmp_path / "a.csv", [["户编号", "x" * 140_000], ["1", "2"]])
    assert refused(path) == "cell_too_large"


def test_the_line_that_names_the_mark_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('sep=;\n\n户编号;姓名\n1;"甲"\n2;"open\n', "utf-8")
    (page,) = open_sheets(path)
    assert [(r.number, r.cells, r.broken) for r in page.rows() if r.cells] == [
        (3, ["户编号", "姓名"], False),
        (4, ["1", "甲"], False),
        (5, ["2", "open"], True),
    ]


def test_a_list_of_objects_is_bounded_and_so_are_its_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1, "b": 2}, {"c": 3}]', "utf-8")
    (page,) = open_sheets(path)
    assert page.heads == ("a", "b", "c")
    monkeypatch.setattr(files, "MOST_COLUMNS", 2)
    assert refused(path) == "too_many_values"
    monkeypatch.setattr(files, "LONGEST_LINE", 0)
    assert refused(path) == "file_too_large"
    lines = tmp_path / "b.json"
    lines.write_text('\n{"a": 1}\n\n{"a": 2}\n', "utf-8")
    monkeypatch.undo()
    (page,) = open_sheets(lines)
    assert [r.number for r in page.rows()] == [2, 4]
