"""packs, check, ledger, targets, facts."""

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
from policy_rules.cli.solving import SaveOption
from policy_rules.cli.writing import said_written
from policy_rules.errors import NotFoundError, Place, Problem, shown
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.jsonschema import record_schema
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.packs.registry import list_packs, load_pack, versions_of
from policy_rules.packs.versions import check_versions, freeze, root_of
from policy_rules.render import catalogue, dictionary, goals
from policy_rules.render.locators import find
from policy_rules.sources.checking import ledger_figures
from policy_rules.sources.ledger import audit
from policy_rules.testing.cases import check_cases, load_cases
from policy_rules.testing.counterexamples import save_refuted
from policy_rules.testing.second_reading import differences, load_second_reading
from policy_rules.testing.trying import check_properties

PackArgument = Annotated[
    str, typer.Argument(help="规则包的名称，如 yunnan/dongchuan name of a pack")
]


app = typer.Typer(
    help="列出现有的规则包及其版本；固定一个版本。 List the packs and their versions; freeze a version."
)


@app.callback(invoke_without_command=True)
@command
def packs(
    context: typer.Context,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """列出现有的规则包及其版本。 List the packs and their versions."""
    if context.invoked_subcommand is not None:
        return
    loaded = [load_pack(name, rules) for name in list_packs(rules)]
    versions = {p.id: list(versions_of(p.id, rules)) for p in loaded}
    emit(
        [catalogue.pack_data(p, versions[p.id]) for p in loaded],
        form,
        lambda: catalogue.packs(loaded, lang_of(lang), versions),
    )


@app.command("freeze")
@command
def freeze_packs(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="规则包的名称；不写则为全部(给出 --rules 时为该目录的全部) packs, by default all (those of --rules, where given)"
        ),
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """固定规则包现在的版本：以后用“名称@版本”仍可照原样载入。 Keep the present version loadable as name@version."""
    known = list_packs(rules)
    for name in names or _all_of(rules):
        pack = load_pack(name, rules)
        if not pack.folder:
            got = shown(f"{pack.id}@{pack.version}")
            raise NotFoundError(Problem("unknown_pack", Place(), ", ".join(known), got, pack.id))
        done = freeze(pack, root_of(known[pack.id], pack.id))
        where = f"{pack.id}@{pack.version}"
        size = f"{-(-done.size // 1024)} KB"
        if lang is Language.zh:
            said = f"已固定 {where}({size})" if done.new else f"{where} 早已固定，内容相同"
        else:
            said = (
                f"frozen: {where} ({size})" if done.new else f"{where} was frozen before, the same"
            )
        typer.echo(said)


@command
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="规则包的名称；不写则检查全部(给出 --rules 时为该目录的全部) packs, by default all (those of --rules, where given)"
        ),
    ] = None,
    save: SaveOption = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """检查规则包：格式、条款账、用例、性质、每个条件的三种结论。 Check packs, run their cases and properties."""
    language = lang_of(lang)
    body: list[dict[str, Any]] = []
    lines: list[str] = []
    failed = False
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, transient=True, disable=form is not Format.table) as progress:
        for name in names or _all_of(rules):
            progress.add_task(name, total=None)
            pack = load_pack(name, rules)
            ledger_report = audit(pack)
            versions = _against_frozen(pack, rules)
            read = [*ledger_figures(pack), *differences(pack, load_second_reading(pack))]
            cases = check_cases(pack)
            properties = check_properties(pack, load_cases(pack))
            if save is not None:
                for path in save_refuted(pack, properties, save):
                    said_written(path, lang)
            audited = [*versions, *ledger_report.problems, *read]
            failed = failed or not cases.ok or bool(audited) or bool(properties.failures)
            lines += [p.render(language) for p in audited]
            lines.append(cases.render(language))
            lines.append(properties.render(language))
            problems = [*audited, *cases.failures, *properties.failures]
            body.append(
                {
                    "pack": pack.id,
                    "cases": cases.count,
                    "properties": dict(properties.tried),
                    "problems": [p.as_dict() for p in problems],
                    "gaps": [g.render(language) for g in cases.gaps],
                }
            )
    emit(body, form, lambda: RichText("\n".join(lines)))
    if failed:
        raise typer.Exit(FINDINGS)


def _against_frozen(pack: Pack, rules: Path | None) -> list[Problem]:
    """What is wrong between a pack and its frozen versions; nothing to ask of a frozen one."""
    known = list_packs(rules)
    if not pack.folder or pack.id not in known:
        return []
    return list(check_versions(pack, root_of(known[pack.id], pack.id)))


def _all_of(rules: Path | None) -> list[str]:
    """Every pack, or every pack of a folder that was named."""
    found = list_packs(rules)
    if rules is None:
        return list(found)
    folder = rules.resolve()
    names = [name for name, path in found.items() if path.resolve().is_relative_to(folder)]
    if not names:
        got = shown(str(rules / "…" / "pack.yaml"))
        raise NotFoundError(Problem("unknown_pack", Place(str(rules)), ", ".join(found), got))
    return names


@command
def ledger(
    name: PackArgument,
    rules: RulesOption = None,
    show: Annotated[
        str | None,
        typer.Option(
            "--clause",
            help="只看这一条或这一句，如 三(四)18、三（四）第18条第4句 only this item or statement",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="逐句列出全文 list every statement")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """条款账：文件的每一句编成了什么，没有编的为什么不编。 The clause ledger: what became of every statement."""
    pack = load_pack(name, rules)
    report = audit(pack)
    chosen = None if show is None else find(show, pack.clauses)
    emit(
        catalogue.ledger_data(pack, report, chosen),
        form,
        lambda: catalogue.ledger(pack, report, lang_of(lang), chosen, everything),
    )
    if report.problems:
        for problem in report.problems:
            typer.echo(problem.render(lang_of(lang)), err=True)
        raise typer.Exit(FINDINGS)


@command
def targets(
    name: PackArgument,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """列出文件提出的目标：数值、年份、力度、依据条款。 The targets a document sets."""
    pack = load_pack(name, rules)
    emit(
        [goals.target_data(t) for t in pack.targets.values()],
        form,
        lambda: goals.targets(pack, lang_of(lang)),
    )


@command
def facts(
    schema: Annotated[
        bool,
        typer.Option("--schema", help="输出记录的 JSON Schema print the JSON Schema of a record"),
    ] = False,
    pack: Annotated[
        str | None, typer.Option("--pack", help="只列这个规则包要用的事实 only what a pack needs")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option("--kind", help="只列一类记录的事实，如 member only one kind of record"),
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """记录里可以写哪些事实：怎么写、怎么问、问谁。 The fact dictionary: what a record may hold."""
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
        [dictionary.fact_data(s, vocabulary) for s in chosen],
        form,
        lambda: dictionary.facts(chosen, vocabulary, lang_of(lang)),
    )
