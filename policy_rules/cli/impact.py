"""impact."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from policy_rules.cli.batch import BatchEngineChoice
from policy_rules.cli.common import (
    Format,
    LangOption,
    Language,
    LeftOverlay,
    RightOverlay,
    RulesOption,
    command,
    day_option,
    emit,
    lang_of,
    side,
)
from policy_rules.cli.comparing import Report, ReportOption
from policy_rules.cli.writing import json_text, kind_of, said_written, write_text
from policy_rules.diff.impact import Impact, assess_impact
from policy_rules.errors import Lang
from policy_rules.render import impact as showing
from policy_rules.render import impact_book, impact_markdown
from policy_rules.tables.coverage_records import PopulationFiles
from policy_rules.writing import replacing

if TYPE_CHECKING:
    import polars as pl

#: Kinds of files, and the rows of the list each is given.
KINDS = {".xlsx": impact_book.MOST, ".md": impact_markdown.MOST, ".json": 10_000, ".parquet": 0}
#: Rows of the list kept for the screen.
ON_SCREEN = 1_000
#: Problems of the data told before the rest is counted.
SHORT = 10


@command
def impact(
    left: Annotated[
        str, typer.Argument(metavar="A", help="现在的规则包，如 guangxi@1.0.0 the pack of now")
    ],
    right: Annotated[
        str, typer.Argument(metavar="B", help="要换成的规则包，如 guangxi the pack instead")
    ],
    population: Annotated[
        list[Path],
        typer.Argument(
            metavar="POPULATION",
            help="农户数据：表格，JSON lines，或 YAML、JSON 的记录列表 households: tables, JSON lines, or lists of records",
            exists=True,
        ),
    ],
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="两边的评估日，如 2022-12-31；不写则用各记录自己的 date of both sides"
        ),
    ] = None,
    left_day: Annotated[
        str | None, typer.Option("--a-on", help="A 的评估日 date of A, where it differs")
    ] = None,
    right_day: Annotated[
        str | None, typer.Option("--b-on", help="B 的评估日 date of B, where it differs")
    ] = None,
    left_overlay: LeftOverlay = None,
    right_overlay: RightOverlay = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="写入文件：.xlsx 工作簿，.md，.json，.parquet(全部名单) write a file of this kind",
        ),
    ] = None,
    everywhere: Annotated[
        bool,
        typer.Option(
            "--everywhere",
            help="地区不在 A 范围内的记录也计入 count records outside A's region too",
        ),
    ] = False,
    region: Annotated[
        str,
        typer.Option(
            "--region",
            help="表格没有地区列时，各户的行政区划代码 region code of a table that has none",
        ),
    ] = "",
    engine: Annotated[
        BatchEngineChoice, typer.Option("--engine", help="计算引擎 engine")
    ] = BatchEngineChoice.polars,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="列出每条规则的结论变化表和名单 transition tables and the list too"
        ),
    ] = False,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: ReportOption = Report.table,
) -> None:
    """影响测算：换用另一规则包或版本，哪些户新增符合、不再符合、转为待定，涉及多少金额。 Who gains, who loses."""
    language = lang_of(lang)
    most = ON_SCREEN
    if output is not None:
        most = max(KINDS[kind_of(output, KINDS)], showing.SHORT)
    packs = [side(left, rules, left_overlay), side(right, rules, right_overlay)]
    on = day_option(as_of, "--as-of")
    days = [day_option(left_day, "--a-on") or on, day_option(right_day, "--b-on") or on]
    files = PopulationFiles(population, packs[0].vocabulary, region=region)
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
    )
    with bar, _sink(output) as sink:
        task = bar.add_task(population[0].name, total=None)

        def tell(records: int) -> None:
            said = f"{records:,} 户" if language == "zh" else f"{records:,} records"
            bar.update(task, description=said)

        report = assess_impact(
            packs[0],
            packs[1],
            files,
            left_as_of=days[0],
            right_as_of=days[1],
            engine=engine.value,
            most=most,
            everywhere=everywhere,
            sink=sink,
            progress=tell,
        )
    _told(report, language)
    if output is not None and output.suffix.lower() != ".parquet":
        _write(output, report, language)
    if output is not None:
        said_written(output, language)
    if output is None or output.suffix.lower() == ".parquet":
        if form is Report.markdown:
            typer.echo(impact_markdown.impact(report, language).rstrip())
        else:
            data = None if form is Report.table else showing.impact_data(report)
            emit(
                data,
                Format(form.value),
                lambda: showing.impact(report, language, everything=everything),
            )


def _write(output: Path, report: Impact, lang: Lang) -> None:
    if output.suffix.lower() == ".xlsx":
        impact_book.impact(report, output, lang)
        return
    text = (
        impact_markdown.impact(report, lang)
        if output.suffix.lower() == ".md"
        else json_text(showing.impact_data(report))
    )
    write_text(output, text)


@contextmanager
def _sink(output: Path | None) -> Iterator[Callable[[pl.DataFrame], None] | None]:
    """What takes the list part by part: a Parquet file, whole at the end or not there."""
    if output is None or output.suffix.lower() != ".parquet":
        yield None
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    from policy_rules.diff.impact_count import LISTED

    schema = pa.schema([(name, pa.string()) for name in LISTED])
    with (
        replacing(output) as beside,
        pq.ParquetWriter(beside, schema, compression="zstd") as writer,
    ):

        def take(frame: pl.DataFrame) -> None:
            import polars

            texts: Any = frame.cast(polars.String)
            writer.write_table(texts.to_arrow().cast(schema))

        yield take


def _told(report: Impact, lang: Lang) -> None:
    """What was wrong with the data, on standard error: the run went on."""
    for problem in report.problems[:SHORT]:
        typer.echo(problem.render(lang), err=True)
    rest = report.faults - min(len(report.problems), SHORT)
    if rest > 0:
        typer.echo(f"另有 {rest} 处" if lang == "zh" else f"{rest} more", err=True)
