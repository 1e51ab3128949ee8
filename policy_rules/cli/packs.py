"""packs, check, ledger, facts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.text import Text as RichText

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
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.jsonschema import record_schema
from policy_rules.packs.needs import required_facts
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render import catalogue
from policy_rules.sources.ledger import audit
from policy_rules.testing.cases import check_cases

PackArgument = Annotated[str, typer.Argument(help="规则包 pack, such as yunnan/dongchuan")]


@command
def packs(
    rules: RulesOption = None, lang: LangOption = Language.zh, form: FormatOption = Format.table
) -> None:
    """列出规则包。 List the packs."""
    loaded = [load_pack(name, rules) for name in list_packs(rules)]
    emit(
        [catalogue.pack_data(p) for p in loaded],
        form,
        lambda: catalogue.packs(loaded, lang_of(lang)),
    )


@command
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="规则包，缺省为全部 packs, by default all")
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """检查规则包：结构、条款账、用例、每个条件的三种结论。 Check packs, run their cases."""
    language = lang_of(lang)
    body: list[dict[str, Any]] = []
    lines: list[str] = []
    failed = False
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, transient=True, disable=form is not Format.table) as progress:
        for name in names or list_packs(rules):
            progress.add_task(name, total=None)
            pack = load_pack(name, rules)
            ledger_report = audit(pack)
            cases = check_cases(pack)
            failed = failed or not cases.ok or bool(ledger_report.problems)
            lines += [p.render(language) for p in ledger_report.problems]
            lines.append(cases.render(language))
            problems = [*ledger_report.problems, *cases.failures]
            body.append(
                {
                    "pack": pack.id,
                    "cases": cases.count,
                    "problems": [p.as_dict() for p in problems],
                    "gaps": [g.render(language) for g in cases.gaps],
                }
            )
    emit(body, form, lambda: RichText("\n".join(lines)))
    if failed:
        raise typer.Exit(FINDINGS)


@command
def ledger(
    name: PackArgument,
    rules: RulesOption = None,
    show: Annotated[
        str | None, typer.Option("--clause", help="只看这一条，如 三(四)18 only this item")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="逐句列出 list every statement")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """条款账：文件的每一句如何处理。 The clause ledger: what became of every statement."""
    pack = load_pack(name, rules)
    report = audit(pack)
    emit(
        catalogue.ledger_data(pack, report, show),
        form,
        lambda: catalogue.ledger(pack, report, lang_of(lang), show, everything),
    )
    if report.problems:
        for problem in report.problems:
            typer.echo(problem.render(lang_of(lang)), err=True)
        raise typer.Exit(FINDINGS)


@command
def facts(
    schema: Annotated[
        bool, typer.Option("--schema", help="记录的 JSON Schema of a record")
    ] = False,
    pack: Annotated[
        str | None, typer.Option("--pack", help="只列该规则包需要的事实 only what a pack needs")
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", help="只列一类，如 member only one kind")
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """事实词典。 The fact dictionary."""
    vocabulary = load_vocabulary(Path(rules) if rules and (rules / "vocabulary").is_dir() else None)
    if schema:
        emit(record_schema(vocabulary), Format.json if form is Format.table else form, lambda: "")
        return
    if pack is not None:
        specs = required_facts(load_pack(pack, rules))
    else:
        specs = tuple(s for r in vocabulary.records.values() for s in r.facts.values())
    chosen = [s for s in specs if kind is None or s.record == kind]
    emit(
        [catalogue.fact_data(s, vocabulary) for s in chosen],
        form,
        lambda: catalogue.facts(chosen, vocabulary, lang_of(lang)),
    )
