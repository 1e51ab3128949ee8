"""batch."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console, Group, RenderableType
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    OverlayOption,
    RulesOption,
    command,
    day_option,
    emit,
    lang_of,
)
from policy_rules.cli.keys import KeyOption, secret
from policy_rules.cli.reading import ColumnOption, EmptyOption, SheetOption, YearOption, reading_of
from policy_rules.errors import Lang
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.staff import StaffWording
from policy_rules.render.words import ASK, CAUTION
from policy_rules.tables.batch_options import BatchOptions
from policy_rules.tables.summary import Summary, percent

if TYPE_CHECKING:
    from policy_rules.tables.batch import BatchReport

#: Exit code of a run that was broken off by hand.
BROKEN_OFF = 130
#: Rows of the summary's tables, unless all are asked for.
SHORT = 10


class BatchEngineChoice(enum.StrEnum):
    """Engines by name."""

    polars = "polars"
    duckdb = "duckdb"
    spark = "spark"
    reference = "reference"


@command
def batch(
    population: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="农户数据：表格，JSON lines (.jsonl)，记录列表 (.yaml .json)，或放有记录文件的目录 "
            "the population: a table, JSON lines, a list of records, or a folder of record files",
            exists=True,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="结果文件：.xlsx 工作簿(按乡镇分表)，.parquet 或 .csv result: a workbook by township, or a table",
        ),
    ],
    pack: Annotated[
        list[str] | None,
        typer.Option(
            "--pack",
            help="规则包，可多次给出；不写则按各户的地区和日期选用 packs, by default those of each record's region and date",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="评估日，如 2022-12-31；不写则用各记录自己的 date of evaluation"
        ),
    ] = None,
    engine: Annotated[
        BatchEngineChoice, typer.Option("--engine", help="计算引擎 engine")
    ] = BatchEngineChoice.polars,
    wide: Annotated[
        bool, typer.Option("--wide", help="每户一行、每条规则一列 a row a record, a column a rule")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", help="“否”和不在有效期内的也给出 give NO and rules not in force too"),
    ] = False,
    missing: Annotated[
        bool,
        typer.Option("--missing", help="逐条给出还缺什么资料 say what each open answer lacks"),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="数据有任何错误即拒绝 refuse input with any mistake")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="接着上次中断处继续 go on where a run was broken off")
    ] = False,
    carry: Annotated[
        list[str] | None,
        typer.Option(
            "--carry",
            help="把数据中的这一列带到结果里，可多次给出 give back this column of the input, may be repeated",
        ),
    ] = None,
    sheets: Annotated[
        str,
        typer.Option(
            "--sheets",
            help="工作簿按什么分表：township、village 或 --carry 的列 what the workbook's sheets go by",
        ),
    ] = "township",
    region: Annotated[
        str,
        typer.Option(
            "--region",
            help="表格没有地区列时，各户的行政区划代码 region code of a table that has none",
        ),
    ] = "",
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
    """对一批农户逐户判定，写成工作簿或数据表，并说明判定了多少、补哪一项资料最有用。 Evaluate a population."""
    from policy_rules.tables.batch import run_batch  # needs the extra

    language = lang_of(lang)
    options = BatchOptions(
        packs=tuple(pack or ()),
        overlays=tuple(overlay or ()),
        rules=rules,
        as_of=day_option(as_of, "--as-of"),
        engine=engine.value,
        wide=wide,
        everything=everything,
        missing=missing,
        strict=strict,
        carry=tuple(dict.fromkeys(carry or ())),
        lang=language,
        sheets=sheets,
        reading={
            "region": region,
            "key": secret(key),
            **reading_of(sheet, year, column, empty),
        },
    )
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[records]}"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    try:
        with bar:
            task = bar.add_task(population.name, total=1.0, records="")

            def tell(share: float | None, records: int) -> None:
                said = f"{records:,} 户" if language == "zh" else f"{records:,} records"
                if share is None:
                    bar.update(task, total=None, records=said)
                else:
                    bar.update(task, completed=share, records=said)

            report = run_batch(
                population,
                output,
                options,
                resume=resume,
                wording=StaffWording(language),
                progress=tell,
            )
    except KeyboardInterrupt:
        said = (
            "已中断；已完成的部分保留着，加上 --resume 可接着做"
            if language == "zh"
            else "broken off; what is done is kept, go on with --resume"
        )
        typer.echo(said, err=True)
        raise typer.Exit(BROKEN_OFF) from None
    body = {
        "caution": CAUTION.as_dict(),
        "output": str(report.output),
        "sha256": report.digest,
        "problems": None if report.problems is None else str(report.problems),
        "summary": report.summary.as_dict(),
    }
    emit(body, form, lambda: told(report, language, everything=everything))
    if report.summary.tally.marked:
        raise typer.Exit(FINDINGS)


def told(report: BatchReport, lang: Lang, *, everything: bool) -> RenderableType:
    """The report for people."""
    most = None if everything else SHORT
    parts: list[RenderableType] = [paragraph(line) for line in _counted(report, lang)]
    parts += _shares(report.summary, lang, most)
    parts += _lacking(report.summary, lang, most)
    parts.append(paragraph(CAUTION[lang], "dim"))
    return Group(*parts)


def _counted(report: BatchReport, lang: Lang) -> list[str]:
    zh, tally = lang == "zh", report.summary.tally
    out = tally.answered + tally.marked
    lines = [
        f"读入 {tally.records:,} 户，给出 {out:,} 户：已判定 {tally.answered:,}，标记未能判定 {tally.marked:,}"
        if zh
        else f"{tally.records:,} records in, {out:,} out: {tally.answered:,} answered, {tally.marked:,} marked"
    ]
    if tally.errors:
        codes = ", ".join(f"{code} {n:,}" for code, n in sorted(tally.errors.items()))
        lines.append(f"未能判定的原因：{codes}" if zh else f"marked for: {codes}")
    if tally.problems:
        codes = ", ".join(f"{code} {n:,}" for code, n in sorted(tally.problems.items()))
        lines.append(
            f"数据中的错误(该值作未知处理)：{codes}；详见 {report.problems}"
            if zh
            else f"mistakes in the input (taken as unknown): {codes}; see {report.problems}"
        )
    if tally.fallback:
        n, why = sum(tally.fallback.values()), ", ".join(sorted(tally.fallback))
        lines.append(
            f"列式引擎未能计算 {n:,} 户({why})，已改由参考解释器判定"
            if zh
            else f"the column engine failed on {n:,} records ({why}); the reference interpreter answered them"
        )
    elif tally.checked:
        lines.append(
            f"其中 {tally.checked:,} 户由参考解释器复核"
            if zh
            else f"{tally.checked:,} checked by the reference interpreter"
        )
    if report.by_records is not None:
        why = report.by_records[lang]
        lines.append(
            f"数据逐户读入，较慢：{why}" if zh else f"read record by record, which is slower: {why}"
        )
    if report.resumed:
        lines.append(
            f"其中 {report.resumed:,} 户为上次已完成"
            if zh
            else f"{report.resumed:,} of them were done before"
        )
    rows = f"{tally.rows:,} 行" if zh else f"{tally.rows:,} rows"
    lines.append(f"已写入 {report.output} ({rows})" if zh else f"written: {report.output} ({rows})")
    return lines


def _shares(summary: Summary, lang: Lang, most: int | None) -> list[RenderableType]:
    zh, counts = lang == "zh", summary.counts
    if summary.decided is None:
        return []
    figures = (counts["YES"], counts["NO"], counts["UNKNOWN"])
    if zh:
        line = "全部结论中已判定 {}：是 {:,}，否 {:,}，待定 {:,}"
    else:
        line = "decided {} of all verdicts: YES {:,}, NO {:,}, UNKNOWN {:,}"
    parts: list[RenderableType] = [
        paragraph(line.format(percent(summary.decided), *figures), "bold")
    ]
    least = sorted(summary.rules, key=lambda r: (r.decided, r.pack, r.rule))[:most]
    heads = (
        ["规则", "已判定", "是", "否", "待定"]
        if zh
        else ["rule", "decided", "YES", "NO", "UNKNOWN"]
    )
    rows = [
        [r.label[lang], percent(r.decided), f"{r.yes:,}", f"{r.no:,}", f"{r.unknown:,}"]
        for r in least
    ]
    title = "判定得最少的规则" if zh else "Rules decided least"
    return [*parts, heading(title), Rows.table(heads, rows)]


def _lacking(summary: Summary, lang: Lang, most: int | None) -> list[RenderableType]:
    zh, tally = lang == "zh", summary.tally
    if not summary.lacking:
        return []
    open_ = summary.counts["UNKNOWN"]
    if zh:
        line = f"按 {tally.asked:,} 项待定结论统计"
        line += "" if tally.asked >= open_ else f"(共 {open_:,} 项，抽样；加 --missing 则全部统计)"
        heads = ["资料", "谁能提供", "涉及待定结论", "仅缺此项"]
    else:
        line = f"of {tally.asked:,} open answers"
        line += "" if tally.asked >= open_ else f" (a sample of {open_:,}; all with --missing)"
        heads = ["fact", "who can tell", "open answers that miss it", "that miss nothing else"]
    rows = [
        [n.label[lang], ASK[n.ask][lang] if n.ask in ASK else n.ask, f"{n.open:,}", f"{n.alone:,}"]
        for n in summary.lacking[:most]
    ]
    title = "补上最有用的资料" if zh else "What would decide most, once filled in"
    return [heading(title), paragraph(line, "dim"), Rows.table(heads, rows)]
