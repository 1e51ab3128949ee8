"""tables synth, tables template."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from policy_rules.cli.common import LangOption, Language, RulesOption, command, lang_of
from policy_rules.cli.writing import said_written
from policy_rules.errors import NotFoundError, Place, Problem, shown
from policy_rules.packs.registry import load_pack
from policy_rules.render.words import ASK
from policy_rules.tables.files import missing_extra

_Pack = Annotated[
    str | None, typer.Option("--pack", help="规则包的名称，如 yunnan/dongchuan name of a pack")
]


class SynthLayout(enum.StrEnum):
    """Layouts a synthetic population may be written in."""

    own = "own"
    export = "export"


@command
def synth(
    n: Annotated[int, typer.Option("-n", help="多少户 how many households")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="写入：.xlsx、.csv (导出表)，目录或 .jsonl (自有版式) an export, or our own layout",
        ),
    ],
    seed: Annotated[
        int, typer.Option("--seed", help="同一种子，同一结果 same seed, same file")
    ] = 0,
    layout: Annotated[
        SynthLayout | None,
        typer.Option("--layout", help="版式；不写则由文件后缀决定 layout, by default the suffix's"),
    ] = None,
    broken: Annotated[
        float,
        typer.Option("--broken", help="有错误的行所占比例，如 0.02 share of rows with a fault"),
    ] = 0.0,
    titles: Annotated[
        bool | None,
        typer.Option(
            "--titles/--no-titles",
            help="标题行和两行表头(xlsx 默认有) a title and a header of two rows",
        ),
    ] = None,
    pack: _Pack = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """合成农户数据：人和户都不存在，供演练、测试、测速。 A synthetic population: nobody in it lives."""
    try:
        from policy_rules.tables.synth_files import write_synthetic
    except ModuleNotFoundError as error:
        raise missing_extra(error.name or "numpy") from error

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    terminal = Console(stderr=True)
    with Progress(
        *columns, console=terminal, transient=True, disable=not terminal.is_terminal
    ) as bar:
        task = bar.add_task("合成" if lang is Language.zh else "making", total=n)
        write_synthetic(
            output,
            n,
            seed,
            None if layout is None else layout.value,
            pack=pack,
            broken=broken,
            titles=titles,
            rules=rules,
            progress=lambda done: bar.advance(task, done),
        )
    _written(output, lang)


@command
def template(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="写入此 .xlsx write this workbook")
    ],
    pack: _Pack = None,
    year: Annotated[
        list[int] | None,
        typer.Option(
            "--year", min=1950, max=2100, help="要哪些年度的收入，可多次给出 years of incomes"
        ),
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """填报模板：列名、下拉选项、批注、示例行；--pack 只列该规则包要用的。 A workbook to fill in."""
    from policy_rules.tables.template import write_template

    if output.suffix.lower() != ".xlsx":
        got = shown(output.suffix)
        raise NotFoundError(Problem("not_allowed", Place(str(output)), "`.xlsx`", got))
    loaded = None if pack is None else load_pack(pack, rules)
    write_template(output, loaded, lang_of(lang), years=tuple(year or ()), ask=ASK)
    _written(output, lang)


def _written(output: Path, lang: Language) -> None:
    said_written(output, lang)
