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
    KeyOption,
    LangOption,
    Language,
    OverlayOption,
    PackOption,
    RulesOption,
    command,
    emit,
    lang_of,
)
from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import PUBLIC_KEY, Engine
from policy_rules.engine.finding import Finding
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.facts.record import Household, read_record, read_record_file
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.render import terminal, why
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
    key: str | None = None,
) -> tuple[Pack, Engine]:
    """The pack with its overlays, and an engine for it."""
    loaded = load_pack(pack, rules)
    for overlay in overlays or ():
        loaded = loaded.with_overlay(overlay)
    secret = key.encode() if key else PUBLIC_KEY
    return loaded, Engine(loaded, engine=choice.value, strict_readings=strict, key=secret)


def record_of(path: Path, pack: Pack) -> Household:
    """The record of a file."""
    document = read_record_file(path)
    return read_record(document.data, pack.vocabulary, document)


@command
def evaluate(
    record: RecordArgument,
    pack: PackOption = "yunnan/dongchuan",
    as_of: AsOfOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    engine: EngineOption = EngineChoice.auto,
    strict_readings: StrictOption = False,
    key: KeyOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="全部显示，并给出规则编号 show everything, with rule ids")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """判定一户(或村、企业等)：可能适用的措施、依据条款、缺什么资料。 Evaluate one record."""
    loaded, answering = engine_of(pack, rules, overlay, engine, strict_readings, key)
    result = answering.evaluate(record_of(record, loaded), as_of=as_of)
    emit(
        {"caution": CAUTION.as_dict(), **result.as_dict()},
        form,
        lambda: terminal.determination(result, loaded, lang_of(lang), everything=everything),
    )


@command
def explain(
    record: RecordArgument,
    rule: Annotated[
        str,
        typer.Argument(
            help="规则的编号或名称，可写名称的一部分；规则@成员 只看一人 rule (id, label or part of it), or rule@member"
        ),
    ],
    pack: PackOption = "yunnan/dongchuan",
    as_of: AsOfOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    engine: EngineOption = EngineChoice.auto,
    strict_readings: StrictOption = False,
    everything: Annotated[bool, typer.Option("--all", help="列出每个成员 every member")] = False,
    expressions: Annotated[
        bool, typer.Option("--expressions", help="同时给出条件的代码写法 show lines as encoded too")
    ] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """某条规则的结论从何而来：逐个条件说明。 The whole why and why-not of one rule."""
    loaded, answering = engine_of(pack, rules, overlay, engine, strict_readings)
    result = answering.evaluate(record_of(record, loaded), as_of=as_of)
    findings = _findings(result, rule)

    def table() -> RenderableType:
        told = findings if everything else why.chosen(findings)
        parts: list[RenderableType] = []
        for finding in told:
            parts += [RichText()] if parts else []
            because = result.explain(finding)
            parts.append(
                why.explanation(finding, because, loaded, lang_of(lang), expressions=expressions)
            )
        if len(told) < len(findings):
            rest = why.others(findings, told, lang_of(lang))
            parts += [RichText(), RichText(rest, style="dim")]
        return Group(*parts)

    emit([{**f.as_dict(), "because": _because(result, f.id)} for f in findings], form, table)


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
        raise NotFoundError(Problem("not_allowed", Place(), names, shown(text)))
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
