"""evaluate, explain."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.cli.common import (
    Format,
    FormatOption,
    LangOption,
    Language,
    OverlayOption,
    RulesOption,
    command,
    emit,
    lang_of,
)
from policy_rules.cli.keys import KeyOption, secret
from policy_rules.cli.sources import source_check
from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import PUBLIC_KEY, Engine
from policy_rules.engine.finding import Finding
from policy_rules.engine.several import Determinations, choice_data, evaluate_all
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.facts.concepts import load_concepts
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household, read_record, read_record_file
from policy_rules.packs.registry import load_pack, load_together
from policy_rules.render import official, several, terminal, why
from policy_rules.render.words import CAUTION


class EngineChoice(enum.StrEnum):
    """Engines by name."""

    auto = "auto"
    durable_rules = "durable_rules"
    reference = "reference"


RecordArgument = Annotated[Path, typer.Argument(help="记录文件，YAML 或 JSON record file")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="评估日，如 2022-12-31；记录里写了就不用给 date, unless the record has one"
    ),
]
EngineOption = Annotated[
    EngineChoice,
    typer.Option(
        "--engine", help="推理引擎；auto 两套都用并互相核对 engine; auto runs both and compares"
    ),
]
PacksOption = Annotated[
    list[str] | None,
    typer.Option(
        "--pack",
        help="规则包的名称，可多次给出以并排对照；不写则按地区和日期选用 name of a pack, may be repeated; "
        "by default those of the record's region and date",
    ),
]
SourcesOption = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        help="放有正式文本的目录，在摘要旁引用原文 folder of official texts, quoted beside the summaries",
        exists=True,
    ),
]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict-readings",
        help="凡条款有不同读法、结论会变的，一律待定 contested findings become UNKNOWN",
    ),
]


def engine_of(
    pack: str,
    rules: Path | None,
    overlays: list[Path] | None,
    choice: EngineChoice,
    strict: bool,
    key: bytes | None = None,
) -> Engine:
    """An engine for a pack with its overlays."""
    loaded = load_pack(pack, rules)
    for overlay in overlays or ():
        loaded = loaded.with_overlay(overlay)
    return Engine(loaded, engine=choice.value, strict_readings=strict, key=key or PUBLIC_KEY)


def record_of(path: Path, vocabulary: Vocabulary | None = None) -> Household:
    """The record of a file, read by a pack's fact dictionary (None: today's)."""
    document = read_record_file(path)
    return read_record(document.data, vocabulary, document)


def asked(
    path: Path,
    names: list[str] | None,
    as_of: str | None,
    overlays: list[Path] | None,
    rules: Path | None,
    choice: EngineChoice,
    strict: bool,
    key: bytes | None = None,
) -> tuple[Household, Determinations]:
    """A record and its answers: under the packs named, or those its region and date choose."""
    packs = load_together(names, rules) if names else None
    record = record_of(path, packs[0].vocabulary if packs else None)
    results = evaluate_all(
        record,
        as_of=as_of,
        packs=packs,
        overlays=overlays or (),
        rules=rules,
        engine=choice.value,
        strict_readings=strict,
        key=key or PUBLIC_KEY,
    )
    return record, results


@command
def evaluate(
    record: RecordArgument,
    pack: PacksOption = None,
    as_of: AsOfOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    engine: EngineOption = EngineChoice.auto,
    strict_readings: StrictOption = False,
    key: KeyOption = None,
    sources: SourcesOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="全部显示，并给出规则编号 show everything, with rule ids")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """判定一户(或村、企业等)：可能适用的措施、依据条款、缺什么资料。不写 --pack 时按地区和日期选用文件。 Evaluate one record."""
    checked, results = asked(
        record, pack, as_of, overlay, rules, engine, strict_readings, secret(key)
    )
    wordings = _wordings(results, sources)
    language = lang_of(lang)
    first = next(iter(results.values()))
    body: dict[str, Any] = {"caution": CAUTION.as_dict()}
    if results.choices:
        body["chosen"] = [choice_data(c) for c in results.choices]
    if len(results) == 1:
        body |= first.as_dict()
    else:
        body |= {k: v for k, v in results.as_dict().items() if k != "packs"}
    if sources is not None:
        body["wordings"] = wordings

    def table() -> RenderableType:
        parts: list[RenderableType] = []
        if results.choices:
            parts.append(several.picked(results.choices, checked.region, first.as_of, language))
        if len(results) > 1:
            concepts = load_concepts()
            parts.append(several.side_by_side(results, concepts, language, everything=everything))
        if len(results) == 1 or everything:
            for name, result in results.items():
                loaded = results.packs[name]
                parts += [RichText()] if len(results) > 1 else []
                parts.append(
                    terminal.determination(result, loaded, language, everything=everything)
                )
        for name, result in results.items():
            if sources is not None:
                cited = [c for f in told(result) for c in f.clauses]
                parts += official.quoted(results.packs[name], cited, wordings[name], language)
        return Group(*parts)

    emit(body, form, table)


def told(result: Determination) -> list[Finding]:
    """The findings a short answer rests on: flags, and what is granted or preferred."""
    return [f for f in (*result.flags, *result.measures) if terminal.tells(f)]


def _wordings(results: Determinations, sources: Path | None) -> dict[str, dict[str, str]]:
    """The wording of every clause the findings cite, by pack."""
    if sources is None:
        return {}
    found: dict[str, dict[str, str]] = {}
    for name, result in results.items():
        report = source_check(results.packs[name], sources)
        cited = {c for f in result.findings if f.verdict is not None for c in f.clauses}
        texts = {m.clause.id: m.span for m in report.matches if m.span and m.clause.id in cited}
        found[name] = {c: report.text.wording(span) for c, span in texts.items()}
    return found


@command
def explain(
    record: RecordArgument,
    rule: Annotated[
        str,
        typer.Argument(
            help="规则的编号或名称，可写名称的一部分；规则@成员 只看一人 rule (id, label or part of it), or rule@member"
        ),
    ],
    pack: PacksOption = None,
    as_of: AsOfOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    engine: EngineOption = EngineChoice.auto,
    strict_readings: StrictOption = False,
    sources: SourcesOption = None,
    everything: Annotated[bool, typer.Option("--all", help="列出每个成员 every member")] = False,
    expressions: Annotated[
        bool, typer.Option("--expressions", help="同时给出条件的代码写法 show lines as encoded too")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """某条规则的结论从何而来：逐个条件说明。 The whole why and why-not of one rule."""
    _, results = asked(record, pack, as_of, overlay, rules, engine, strict_readings)
    found = findings_of(results, rule)
    wordings = _wordings(results, sources)
    language = lang_of(lang)

    def table() -> RenderableType:
        parts: list[RenderableType] = []
        for name, findings in found.items():
            shown_ = findings if everything else why.chosen(findings)
            for finding in shown_:
                parts += [RichText()] if parts else []
                parts += [RichText(name, style="dim")] if len(results) > 1 else []
                because = results[name].explain(finding)
                parts.append(
                    why.explanation(
                        finding,
                        because,
                        results.packs[name],
                        language,
                        expressions=expressions,
                        wordings=wordings.get(name, {}),
                    )
                )
            if len(shown_) < len(findings):
                rest = why.others(findings, shown_, language)
                parts += [RichText(), RichText(rest, style="dim")]
        return Group(*parts)

    body = [
        {
            **({"pack": name} if len(results) > 1 else {}),
            **f.as_dict(),
            "because": _because(results[name], f.id),
            **({"wordings": {c: wordings[name].get(c) for c in f.clauses}} if sources else {}),
        }
        for name, findings in found.items()
        for f in findings
    ]
    emit(body, form, table)


def findings_of(results: Determinations, rule: str) -> dict[str, Sequence[Finding]]:
    """The findings of a rule in every pack that has it.

    Raises :class:`~policy_rules.errors.NotFoundError` where none has.
    """
    found: dict[str, Sequence[Finding]] = {}
    refused: NotFoundError | None = None
    for name, result in results.items():
        try:
            found[name] = _findings(result, rule)
        except NotFoundError as error:
            refused = refused or error
    if not found and refused is not None:
        raise refused
    return found


def _findings(result: Determination, text: str) -> Sequence[Finding]:
    """The findings of a rule given by its id or label (or a part of one alone), perhaps @member."""
    of_id = [f for f in result.findings if text in (f.id, f.rule.id)]
    if of_id:
        return of_id
    name, _, member = text.rpartition("@") if "@" in text else (text, "", "")
    wanted = name.strip().casefold()
    labels = {f.rule.id: (f.rule.id, f.rule.label.zh, f.rule.label.en) for f in result.findings}
    found = [i for i, names in labels.items() if wanted in (n.casefold() for n in names)]
    if not found and wanted:
        found = [i for i, names in labels.items() if any(wanted in n.casefold() for n in names)]
    if len(found) > 1:
        names = one_of(labels[i][1] for i in found)
        raise NotFoundError(Problem("ambiguous", Place(), names, shown(text)))
    findings = [f for f in result.findings if f.rule.id in found and member in ("", f.subject)]
    if not findings:
        known = [f.id for f in result.findings]
        near = nearest(text, known) or nearest(text, [n for ns in labels.values() for n in ns])
        raise NotFoundError(Problem("unknown_rule", Place(), got=shown(text), nearest=near))
    return findings


def _because(result: Determination, id_: str) -> list[dict[str, Any]]:
    return [
        {
            "path": line.path,
            "text": line.text,
            "prose": line.prose.as_dict(),
            "verdict": line.verdict.value,
            "values": dict(line.values),
            "margin": line.margin,
            "decided": line.decided,
            "depth": line.depth,
        }
        for line in result.explain(id_)
    ]
