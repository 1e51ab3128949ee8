"""The template: its headers are read as the facts they stand for, its drop-downs are values."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from policy_rules.errors import Lang
from policy_rules.packs.needs import required_facts
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render.words import ASK
from policy_rules.tables.reading import read_population
from policy_rules.tables.template import write_template

LANGS: tuple[Lang, ...] = ("zh", "en")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("pack", [None, *list_packs()])
def test_a_template_filled_in_as_the_example_is_read_back(
    tmp_path: Path, pack: str | None, lang: Lang
) -> None:
    loaded = None if pack is None else load_pack(pack)
    count = write_template(tmp_path / "t.xlsx", loaded, lang, ask=ASK)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    assert len(book.sheetnames) == 2
    sheet: Any = book.worksheets[0]
    example = [c.value for c in sheet[3]]
    sheet.append(["h1", "m1", *example[2:]])
    book.save(tmp_path / "filled.xlsx")
    reading = read_population(tmp_path / "filled.xlsx")
    # the example is set aside, the row below it is a household
    assert [p.code for p in reading.problems] == ["row_set_aside"]
    assert reading.counts.households == 1
    used = next(m for m in reading.mapping if m.use)
    assert sum(c.fact is not None for c in used.columns) == count
    assert not used.unmapped
    if loaded is not None:
        wanted = {
            (f.record, f.path) for f in required_facts(loaded)
            if f.record in ("household", "member") and f.kind not in ("list", "by_year", "record")
        } - {("member", "age")}  # fmt: skip
        found = {(c.fact.record, c.fact.path) for c in used.columns if c.fact is not None}
        assert wanted <= found


@pytest.mark.parametrize("lang", LANGS)
def test_every_value_of_a_drop_down_is_read(tmp_path: Path, lang: Lang) -> None:
    write_template(tmp_path / "t.xlsx", None, lang)
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
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
    notes: Any = book.worksheets[1]
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
