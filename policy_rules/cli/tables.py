"""tables: what a file of people's data holds, and how it was understood."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.table import Table as RichTable
from rich.text import Text as RichText

from policy_rules.cli import synth
from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    command,
    emit,
    lang_of,
)
from policy_rules.cli.keys import KeyOption, secret
from policy_rules.cli.reading import ColumnOption, EmptyOption, SheetOption, YearOption, reading_of
from policy_rules.errors import Lang, Problem
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.tables.headers import Column
from policy_rules.tables.problems_book import count_labels, letters, write_problems
from policy_rules.tables.reading import Reading, SheetMapping, read_population

app = typer.Typer(
    name="tables",
    help="表格：读入、对照列名、模板、合成数据 Tables of households.",
    no_args_is_help=True,
)


class LayoutChoice(enum.StrEnum):
    """Layouts by name."""

    auto = "auto"
    export = "export"
    own = "own"
    records = "records"


_ROLES: dict[str, tuple[str, str]] = {
    "household_id": ("户编号(分户用)", "number of the household"),
    "member_id": ("人编号", "number of the person"),
    "item_id": ("编号", "number of the item"),
    "identity": ("身份证号：只推出生日期和性别", "identity number: birth date and sex only"),
    "head_identity": ("户主身份证号：不作事实", "head's identity number: no fact"),
    "certificate": ("残疾证号：只推类别和等级", "disability certificate: kind and grade only"),
    "document_kind": ("证件类型", "kind of document"),
    "year": ("年度", "year"),
    "private": ("个人信息：不读入", "personal: not read"),
}
_REASONS: dict[str, tuple[str, str]] = {
    "unknown": ("没有对应的事实项，原样带过", "no fact takes it, carried through"),
    "needs_year": ("未写年度：请用 --year 指定", "no year: give --year"),
    "year_not_taken": ("此事实项不分年度，原样带过", "the fact has no years, carried through"),
}
#: How those are named who have no number but an identity number.
_NAMED: dict[str, tuple[str, str]] = {
    "numbered": (
        "没有编号的户和人按出现顺序编号，只在本次读入中有效；要在几个文件之间对应，请用 --key 给出密钥文件",
        "households and people without a number are numbered as they appear, for this run alone; to join files give --key",
    ),
    "keyed": (
        "没有编号的户和人用身份证号和密钥算出的编号代替(密钥标记 {})；密钥相同，各文件中的编号相同",
        "households and people without a number go by one made from the identity number and the key (mark {}); "
        "the same key gives the same in every file",
    ),
}


app.command("synth")(synth.synth)
app.command("template")(synth.template)


@app.callback()
def _tables() -> None:
    """表格：读入、对照列名、模板、合成数据。 Tables of households."""


@app.command("map")
@command
def map_(
    file: Annotated[
        Path, typer.Argument(help="xlsx、xls、et、csv、parquet、jsonl 或目录 file or folder")
    ],
    layout: Annotated[LayoutChoice, typer.Option(help="版式 layout")] = LayoutChoice.auto,
    sheet: SheetOption = None,
    year: YearOption = None,
    column: ColumnOption = None,
    empty: EmptyOption = None,
    key: KeyOption = None,
    errors: Annotated[
        Path | None, typer.Option("--errors", help="把全部问题写入此 xlsx write the problems here")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有任何问题即拒绝 refuse any fault")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """每一列读作什么、哪些列没有读懂、有多少问题。 How each column was understood, and what was not."""
    reading = read_population(
        file,
        layout.value,
        key=secret(key),
        **reading_of(sheet, year, column, empty),
    )
    language = lang_of(lang)
    if errors is not None:
        write_problems(reading.problems, errors, language, reading)
    emit(_data(reading), form, lambda: _shown(reading, language))
    if strict and (reading.problems or any(m.unmapped for m in reading.mapping if m.use)):
        raise typer.Exit(FINDINGS)


def meaning(column: Column, lang: Lang) -> str:
    """What a column is read as, for a person."""
    at = lang == "en"
    if column.fact is None:
        told = _ROLES.get(column.role) or _REASONS.get(column.reason) or _REASONS["unknown"]
        return told[at]
    year = f"{column.year} " if column.year else ""
    scale = "" if column.scale == 1 else f" ×{column.scale}"
    return f"{year}{column.fact.label[lang]}{scale}"


def _use(use: str, lang: Lang) -> str:
    """What a row of a sheet is, for a person."""
    if not use:
        return "未读入" if lang == "zh" else "not read"
    if use == "export":
        return "一行一人" if lang == "zh" else "a row a person"
    *above, last = use.split(".")
    records = load_vocabulary().records
    if not above:
        label = records[last].label[lang]
        return f"一行一条：{label}" if lang == "zh" else f"a row each: {label}"
    owner = "member" if above[-1] == "members" else above[-1]
    label = records[owner].facts[last].label[lang]
    return f"清单：{label}" if lang == "zh" else f"list: {label}"


def _data(reading: Reading) -> dict[str, Any]:
    return {
        "file": reading.file,
        "layout": reading.layout,
        "counts": reading.counts.as_dict(),
        "empty_means": dict(reading.empty_means),
        "pseudonyms": {"made": reading.pseudonyms or "none", "key_mark": reading.key_mark},
        "sheets": [
            {
                "sheet": m.sheet,
                "use": m.use,
                "first_row": m.first_row,
                "titles": len(m.titles),
                "columns": [_column(m, c) for c in m.columns],
            }
            for m in reading.mapping
        ],
        "problems": [p.as_dict() for p in reading.problems],
    }


def _column(sheet: SheetMapping, column: Column) -> dict[str, Any]:
    body = {
        "column": letters(column.index + 1),
        "header": column.header,
        "role": column.role,
        "of": column.owner,
        "fact": column.path,
        "scale": str(column.scale) if column.scale != 1 else "",
        "reason": column.reason,
        "filled": sheet.filled.get(column.index),
        "bad": sheet.bad.get(column.index),
    }
    return {k: v for k, v in body.items() if v not in ("", None)}


def _shown(reading: Reading, lang: Lang) -> RenderableType:
    zh = lang == "zh"
    parts: list[RenderableType] = []
    for sheet in reading.mapping:
        title = f"{sheet.sheet} ({_use(sheet.use, lang)})"
        heads = ("列", "列名", "读作", "事实项", "有值", "有误") if zh else (
            "col", "header", "read as", "fact", "filled", "bad")  # fmt: skip
        table = RichTable(*heads, title=title, title_justify="left")
        for column in sheet.columns:
            read = column.fact is not None
            filled, bad = sheet.filled.get(column.index, 0), sheet.bad.get(column.index, 0)
            table.add_row(
                letters(column.index + 1), RichText(column.header), RichText(meaning(column, lang)),
                f"{column.owner}.{column.path}" if read else "",
                str(filled) if read and sheet.use else "", str(bad) if bad else "",
                style="" if column.role != "carried" else "yellow",
            )  # fmt: skip
        parts.append(table)
    labels = count_labels(lang)
    sign = "：" if zh else ": "
    told = {k: n for k, n in reading.counts.as_dict().items() if n or k != "items"}
    counts = [f"{labels[k]}{sign}{n}" for k, n in told.items()]
    parts.append(RichText(("；" if zh else "; ").join(counts)))
    if reading.pseudonyms:
        parts.append(RichText(_NAMED[reading.pseudonyms][not zh].format(reading.key_mark)))
    by: dict[str, list[Problem]] = {}
    for problem in reading.problems:
        by.setdefault(problem.code, []).append(problem)
    head = f"问题 {len(reading.problems)} 个" if zh else f"{len(reading.problems)} problems"
    parts.append(RichText(head))
    for code, found in by.items():
        parts.append(
            RichText(f"  {code} ×{len(found)}  {found[0].place}{sign}{found[0].message(lang)}")
        )
    return Group(*parts)
