"""coverage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from policy_rules.cli.common import (
    Format,
    FormatOption,
    LangOption,
    Language,
    OverlayOption,
    PackOption,
    RulesOption,
    command,
    day_option,
    emit,
    lang_of,
)
from policy_rules.cli.keys import KeyOption, secret
from policy_rules.cli.reading import ColumnOption, EmptyOption, SheetOption, YearOption, reading_of
from policy_rules.cli.writing import json_text, kind_of, said_written, write_text
from policy_rules.errors import Lang
from policy_rules.packs.registry import load_pack
from policy_rules.render import chart, coverage_book
from policy_rules.render import coverage as showing
from policy_rules.render.coverage_data import coverage_data
from policy_rules.tables.coverage import Coverage, measure_coverage
from policy_rules.tables.coverage_records import PopulationFiles
from policy_rules.writing import replacing

#: Problems of the data told before the rest is counted.
SHORT = 10


@command
def coverage(
    population: Annotated[
        list[Path],
        typer.Argument(
            metavar="POPULATION",
            help="农户数据和村、县等记录：表格，JSON lines，或 YAML、JSON 的记录列表 "
            "households, and records of villages, counties …: tables, JSON lines, or lists of records",
            exists=True,
        ),
    ],
    pack: PackOption,
    as_of: Annotated[
        str, typer.Option("--as-of", help="评估日，如 2022-12-31 date of the measurement")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            help="只计量这个目标(连同条款的其他读法)，可多次给出 only this target, under every reading; may be repeated",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="写入文件：.xlsx、.json，或图 .svg、.png write a file of this kind",
        ),
    ] = None,
    households: Annotated[
        bool,
        typer.Option(
            "--households",
            help="列出补齐缺口要看的户(只列编号；.xlsx 和 .json 总是列出) list who would close each gap, by id",
        ),
    ] = False,
    most: Annotated[
        int,
        typer.Option("--most", min=0, help="每个名单最多列多少户 longest list of households"),
    ] = 500,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere",
            help="地区不在本文件范围内的记录也计入 count records outside the document's region too",
        ),
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="全无资料的目标也列出 show targets nothing is known of too"),
    ] = False,
    register: Annotated[
        Path | None,
        typer.Option(
            "--register",
            help="双绑台账(户编号、合作社、企业、合同起止)，按户编号并入 register of double bindings, joined by household number",
            exists=True,
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--register-complete",
            help="台账已列全：未列的户即没有联结 the register names every binding: who is not in it has none",
        ),
    ] = False,
    sheet: SheetOption = None,
    year: YearOption = None,
    column: ColumnOption = None,
    empty: EmptyOption = None,
    key: KeyOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """目标完成情况：每个目标的分子、分母、上下界，达到没有，还差多少，缺在哪些户(如双绑率)。 How far targets are reached."""
    language = lang_of(lang)
    writers = _writers(output, language)
    day = day_option(as_of, "--as-of")
    assert day is not None
    loaded = load_pack(pack, rules)
    for file in overlay or ():
        loaded = loaded.with_overlay(file)
    files = PopulationFiles(
        population,
        loaded.vocabulary,
        register=register,
        complete=complete,
        key=secret(key),
        reading=reading_of(sheet, year, column, empty),
    )
    report = measure_coverage(
        loaded,
        files.records(),
        day,
        targets=tuple(dict.fromkeys(target or ())),
        most=most,
        everywhere=everywhere,
    )
    _told(files, language)
    if output is not None:
        writers(report)
        said_written(output, language)
        return
    emit(
        coverage_data(report) if form is not Format.table else None,
        form,
        lambda: showing.coverage(report, language, everything=everything, households=households),
    )


def _writers(output: Path | None, lang: Lang) -> Callable[[Coverage], None]:
    """What writes the file asked for; told before the population is read, should there be none."""
    if output is None:
        return lambda report: None

    kinds: dict[str, Callable[[Coverage], None]] = {
        ".xlsx": lambda report: coverage_book.coverage(report, output, lang),
        ".json": lambda report: write_text(output, json_text(coverage_data(report))),
        ".svg": lambda report: _write(output, chart.chart(report, "svg", lang)),
        ".png": lambda report: _write(output, chart.chart(report, "png", lang)),
    }
    return kinds[kind_of(output, kinds)]


def _write(path: Path, body: bytes) -> None:
    with replacing(path) as beside:
        beside.write_bytes(body)


def _told(files: PopulationFiles, lang: Lang) -> None:
    """What was wrong with the data, on standard error: the run goes on."""
    for problem in files.problems[:SHORT]:
        typer.echo(problem.render(lang), err=True)
    rest = files.found - min(len(files.problems), SHORT)
    if rest:
        more = f"另有 {rest} 处" if lang == "zh" else f"{rest} more"
        typer.echo(more, err=True)
    if files.found:
        typer.echo(
            "数据中读不出的值按“未知”计，户不丢弃"
            if lang == "zh"
            else "values that cannot be read count as unknown; no household is lost",
            err=True,
        )
