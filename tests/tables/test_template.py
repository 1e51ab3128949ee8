"""The template: its headers are read as the facts they stand for, its drop-downs are values."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from policy_rules.errors import Lang
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.needs import required_facts
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render.words import ASK
from policy_rules.tables.reading import read_population
from policy_rules.tables.template import template_sheets, write_template

#: What is written under the columns that tell whose a row is.
KEYS = {"户编号": "h1", "人编号": "m1"}
LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("pack", [None, *list_packs()])
def test_a_template_filled_in_as_the_example_is_read_back(
    tmp_path: Path, pack: str | None, lang: Lang
) -> None:
    loaded = None if pack is None else load_pack(pack)
    count = write_template(tmp_path / "t.xlsx", loaded, lang, ask=ASK)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    sheets = template_sheets(loaded, lang, load_vocabulary())
    assert len(book.sheetnames) == len(sheets) + 1
    for page, told in zip(book.worksheets, sheets, strict=False):
        cells: Any = page[3]
        keys = [KEYS.get(name.zh, "E1") for name, _ in told.keys]
        page.append([*keys, *(c.value for c in cells[len(keys) :])])
    book.save(tmp_path / "filled.xlsx")
    reading = read_population(tmp_path / "filled.xlsx")
    # the example of each sheet is set aside, the row below it is read
    assert {p.code for p in reading.problems} == {"row_set_aside"}
    assert len(reading.problems) == len(sheets)
    assert (reading.counts.households, reading.counts.items) == (1, len(sheets) - 1)
    assert {m.use for m in reading.mapping} == {s.path for s in sheets}
    assert sum(c.fact is not None for m in reading.mapping for c in m.columns) == count
    assert not any(m.unmapped for m in reading.mapping)
    (home,) = reading.records
    for told in sheets[1:]:
        *_, last = told.path.split(".")
        if told.path.startswith("household."):
            (holder,) = home.members if ".members." in told.path else (home.row,)
            items = holder[last]
            assert (items.complete, len(items.rows)) == (True, 1), told.path
    used = next(m for m in reading.mapping if m.use == "export")
    if loaded is not None:
        wanted = {
            (f.record, f.path) for f in required_facts(loaded)
            if f.record in ("household", "member") and f.kind not in ("list", "by_year", "record")
        } - {("member", "age")}  # fmt: skip
        found = {(c.fact.record, c.fact.path) for c in used.columns if c.fact is not None}
        assert wanted <= found
        lists = [f for f in required_facts(loaded) if f.kind == "list" and f.path != "members"]
        assert {f.path for f in lists} <= {s.path.rpartition(".")[2] for s in sheets}


@pytest.mark.parametrize("lang", LANGS)
def test_every_value_of_a_drop_down_is_read(tmp_path: Path, lang: Lang) -> None:
    write_template(tmp_path / "t.xlsx", None, lang)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    for page in book.worksheets[1:-1]:
        book.remove(page)
    sheet: Any = book.worksheets[0]
    lists: dict[int, list[str]] = {}
    for rule in sheet.data_validations.dataValidation:
        column = next(iter(rule.sqref.ranges)).min_col
        source = rule.formula1
        if source.startswith('"'):
            lists[column] = source.strip('"').split(",")
        else:
            cells = book[source.split("!")[0].strip("'")][source.split("!")[1].replace("$", "")]
            lists[column] = [row[0].value for row in cells]
    assert len(lists) > 100
    width = sheet.max_column
    for i in range(max(map(len, lists.values()))):
        row: list[Any] = [None] * width
        row[0], row[1] = f"h{i}", f"m{i}"
        for column, values in lists.items():
            row[column - 1] = values[i % len(values)]
        sheet.append(row)
    book.save(tmp_path / "filled.xlsx")
    reading = read_population(tmp_path / "filled.xlsx")
    assert [p.code for p in reading.problems] == ["row_set_aside"]


def test_notes_say_what_is_asked_and_who_can_answer(tmp_path: Path) -> None:
    pack = load_pack("yunnan/dongchuan")
    write_template(tmp_path / "t.xlsx", pack, ask=ASK)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    sheet: Any = book.worksheets[0]
    labour = next(c for c in sheet[2] if c.value == "劳动技能")
    fact = pack.vocabulary.fact("member", "labour")
    assert fact.question.zh in labour.comment.text
    assert ASK[fact.ask].zh in labour.comment.text
    assert "空着表示不清楚" in labour.comment.text
    notes: Any = book.worksheets[-1]
    told = {row[0].value: [c.value for c in row[1:5]] for row in notes.iter_rows(min_row=2)}
    assert told["劳动技能"][0] == fact.question.zh
    assert told["劳动技能"][3] == "member.labour"
    assert not any("姓名" in str(c.value) or "身份证" in str(c.value) for c in sheet[2])


def test_the_same_template_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write_template(tmp_path / name, load_pack("guangxi"), years=(2021, 2022, 2023))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_command_writes_a_workbook_and_nothing_else(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from policy_rules.cli.app import app

    out = tmp_path / "t.xlsx"
    args = ["tables", "template", "--pack", "zhengzhou", "--lang", "en", "-o"]
    assert CliRunner().invoke(app, [*args, str(out)]).exit_code == 0
    assert out.stat().st_size > 5_000
    assert CliRunner().invoke(app, [*args, str(tmp_path / "t.csv")]).exit_code == 2


def test_the_commands_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from policy_rules.cli.app import app

    page = Path(__file__).parents[2] / "docs" / "tables.md"
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    monkeypatch.chdir(tmp_path)
    assert len(lines) > 8
    for line in lines:
        program, *args = shlex.split(line)
        assert program == "policy-rules"
        result = CliRunner().invoke(app, args)
        assert result.exit_code == 0, (line, result.output, result.exception)
    written = {"county.xlsx", "problems.xlsx", "answers.xlsx", "answers.parquet", "template.xlsx"}
    assert written | {"county", "county.jsonl"} <= {p.name for p in tmp_path.iterdir()}
