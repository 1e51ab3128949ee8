"""sources check, sources show: a pack against the official text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    RulesOption,
    command,
    emit,
    lang_of,
)
from policy_rules.errors import NotFoundError, Place, Problem, shown
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render import official
from policy_rules.render.locators import find
from policy_rules.sources.checking import COPY, SourceCheck, check_source, text_of
from policy_rules.sources.ledger import item_of
from policy_rules.sources.wording import OfficialText

app = typer.Typer(
    help="把规则包与正式文本核对 Compare packs with the official texts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

TextOption = Annotated[
    Path,
    typer.Option(
        "--text",
        help="正式文本(txt)，或放有各份文本的目录 the official text, or a folder of texts",
        exists=True,
    ),
]


def source_check(pack: Pack, text: Path) -> SourceCheck:
    """A pack compared with the text given; a file that is not a copy of its document is refused.

    Raises :class:`~policy_rules.errors.NotFoundError` (``no_source``).
    """
    official_text = text_of(pack, text) if text.is_dir() else OfficialText.read(text)
    report = check_source(pack, official_text)
    found = report.count("same") + report.count("moved")
    if found < COPY * len(report.matches):
        title = pack.document.title.zh
        raise NotFoundError(Problem("no_source", Place(str(text)), got=shown(title)))
    return report


@app.command()
@command
def check(
    text: TextOption,
    names: Annotated[
        list[str] | None,
        typer.Argument(help="规则包的名称；不写则为全部 packs, by default all"),
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """逐句核对：条款账的每一句都在原文里吗，原文的每一句、每个数都在条款账里吗。 Find every statement and figure in the official text."""
    body: list[dict[str, Any]] = []
    reports: list[tuple[SourceCheck, float]] = []
    for name in names or list_packs(rules):
        pack = load_pack(name, rules)
        start = time.perf_counter()
        report = source_check(pack, text)
        reports.append((report, time.perf_counter() - start))
        body.append(official.check_data(report))
    emit(body, form, lambda: official.checks(reports, lang_of(lang)))
    if any(report.problems for report, _ in reports):
        raise typer.Exit(FINDINGS)


@app.command()
@command
def show(
    name: Annotated[str, typer.Argument(help="规则包的名称，如 guangxi name of a pack")],
    clause: Annotated[
        str,
        typer.Argument(
            help="条目或语句，如 26、26#2、第26条第2句 an item or statement of the document"
        ),
    ],
    text: TextOption,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """并排显示条款的摘要和原文。 A clause: our summary, and the wording of the official text."""
    pack = load_pack(name, rules)
    chosen = find(clause, pack.clauses)
    report = source_check(pack, text)
    matches = [m for m in report.matches if chosen in (m.clause.id, item_of(m.clause.id))]
    emit(
        [official.match_data(m, report) for m in matches],
        form,
        lambda: official.statements(matches, report, lang_of(lang)),
    )
