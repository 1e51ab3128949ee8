"""diff, compare."""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from policy_rules.analysis.model import Bounds
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
from policy_rules.cli.gitdiff import diff_git
from policy_rules.cli.solving import (
    ItemsOption,
    MeaningOption,
    MembersOption,
    SaveOption,
    SecondsOption,
    solving,
    wanted,
)
from policy_rules.cli.writing import json_text, kind_of, said_written, write_text
from policy_rules.diff.compare import compare_packs, diff_packs
from policy_rules.diff.generous import with_generous
from policy_rules.diff.meaning import EQUIVALENCES, SECONDS, with_meaning
from policy_rules.diff.saved import diff_cases, write_cases
from policy_rules.errors import NotFoundError, Place, Problem
from policy_rules.packs.registry import list_packs, load_together
from policy_rules.render import comparing, docx, markdown, workbook
from policy_rules.render.html.comparison import comparison
from policy_rules.render.html.difference import difference


class Report(enum.StrEnum):
    """Forms of a comparison on the screen."""

    table = "table"
    markdown = "markdown"
    json = "json"
    yaml = "yaml"


ReportOption = Annotated[
    Report, typer.Option("--format", help="输出形式 form of output on the screen")
]
OutputOption = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="写入文件：.html、.docx、.xlsx、.md 或 .json write a file of this kind",
    ),
]
ConceptOption = Annotated[
    list[str] | None,
    typer.Option("--concept", help="只看这个事项，可多次给出 only this concept, may be repeated"),
]


@command
def diff(
    left: Annotated[
        str | None,
        typer.Argument(metavar="A", help="规则包或其版本 a pack, such as guangxi or guangxi@1.0.0"),
    ] = None,
    right: Annotated[
        str | None, typer.Argument(metavar="B", help="另一个规则包 another pack")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            "--git",
            metavar="BASE",
            help="在仓库中：各规则包与此提交相比改了什么(Markdown) in the repository: what changed since this commit",
        ),
    ] = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="与 --git 合用：有改动则退出码为 1 with --git: exit 1 on changes"
        ),
    ] = False,
    concept: ConceptOption = None,
    left_day: Annotated[
        str | None,
        typer.Option("--a-on", help="按哪一天的 A；缺省为有效期末日 day to look at A on"),
    ] = None,
    right_day: Annotated[
        str | None,
        typer.Option("--b-on", help="按哪一天的 B；缺省为有效期末日 day to look at B on"),
    ] = None,
    left_overlay: LeftOverlay = None,
    right_overlay: RightOverlay = None,
    output: OutputOption = None,
    rules: RulesOption = None,
    everything: Annotated[bool, typer.Option("--all", help="全部列出 everything")] = False,
    meaning: MeaningOption = None,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            "--assume",
            help="假设两地这一项相同再比较，可多次给出："
            + "、".join(EQUIVALENCES)
            + " compare as if this were the same",
        ),
    ] = None,
    members: MembersOption = 4,
    items: ItemsOption = 3,
    seconds: SecondsOption = SECONDS,
    save: SaveOption = None,
    lang: LangOption = Language.zh,
    form: ReportOption = Report.table,
) -> None:
    """逐个事项比较两个规则包：只在一份中、相同、哪里不同、谁宽谁窄，各依据哪一条。 Compare two packs, concept by concept."""
    if base is not None:
        if left is not None:
            place = Place(path="--git")
            raise NotFoundError(Problem("conflicting_keys", place, "`--git`", "`A B`"))
        plain = form in (Report.json, Report.yaml)
        told = Format(form.value) if plain else None
        diff_git(
            base,
            rules,
            output,
            told,
            lang,
            exit_code=exit_code,
            meaning=meaning,
            bounds=Bounds(members, items),
            seconds=seconds,
        )
        return
    if left is None or right is None:
        raise typer.BadParameter("A B, --git BASE")
    report = diff_packs(
        side(left, rules, left_overlay),
        side(right, rules, right_overlay),
        left_as_of=day_option(left_day, "--a-on"),
        right_as_of=day_option(right_day, "--b-on"),
        concepts=concept or (),
    )
    if meaning is None and (assume or save):
        meaning = True
    if wanted(meaning, lang):
        with solving(lang) as done:
            report = with_meaning(
                report,
                bounds=Bounds(members, items),
                assume=assume or (),
                seconds=seconds,
                done=done,
            )
    if save is not None:
        for path in write_cases(save, diff_cases(report)):
            said_written(path, lang)
    language = lang_of(lang)
    _give(
        form,
        output,
        data=lambda: comparing.diff_data(report),
        table=lambda: comparing.diff(report, language, everything=everything),
        text=lambda: markdown.diff(report, language),
        book=lambda path: workbook.diff(report, path, language),
        page=lambda: difference(report, language),
        paper=lambda path: docx.diff(report, path, language),
        lang=lang,
    )


@command
def compare(
    names: Annotated[
        list[str] | None, typer.Argument(help="规则包；不写则为全部 packs, by default all")
    ] = None,
    concept: ConceptOption = None,
    day: Annotated[
        str | None,
        typer.Option("--on", help="按哪一天；缺省为各自有效期末日 day to look at all packs on"),
    ] = None,
    output: OutputOption = None,
    rules: RulesOption = None,
    everything: Annotated[bool, typer.Option("--all", help="全部列出 everything")] = False,
    meaning: MeaningOption = None,
    members: MembersOption = 4,
    items: ItemsOption = 3,
    seconds: SecondsOption = SECONDS,
    lang: LangOption = Language.zh,
    form: ReportOption = Report.table,
) -> None:
    """各地对照表：每个事项一行，每个规则包一列。 All packs beside each other, a row a concept."""
    packs = load_together(names or list_packs(rules), rules, asked=False)
    report = compare_packs(packs, as_of=day_option(day, "--on"), concepts=concept or ())
    if len(packs) > 1 and wanted(meaning, lang):
        with solving(lang) as done:
            bounds = Bounds(members, items)
            report = with_generous(report, bounds=bounds, seconds=seconds, done=done)
    language = lang_of(lang)
    _give(
        form,
        output,
        data=lambda: comparing.comparison_data(report),
        table=lambda: comparing.comparison(report, language, everything=everything),
        text=lambda: markdown.comparison(report, language),
        book=lambda path: workbook.comparison(report, path, language),
        page=lambda: comparison(report, language),
        paper=lambda path: docx.comparison(report, path, language),
        lang=lang,
    )


def _give(
    form: Report,
    output: Path | None,
    *,
    data: Callable[[], Any],
    table: Callable[[], RenderableType],
    text: Callable[[], str],
    book: Callable[[Path], None],
    page: Callable[[], str],
    paper: Callable[[Path], None],
    lang: Language,
) -> None:
    """Write the file asked for, or print."""
    if output is None:
        if form is Report.markdown:
            typer.echo(text().rstrip())
        else:
            emit(data() if form is not Report.table else None, Format(form.value), table)
        return
    kinds: dict[str, Callable[[], None]] = {
        ".html": lambda: write_text(output, page()),
        ".docx": lambda: paper(output),
        ".xlsx": lambda: book(output),
        ".md": lambda: write_text(output, text()),
        ".json": lambda: write_text(output, json_text(data())),
    }
    kinds[kind_of(output, kinds)]()
    said_written(output, lang)
