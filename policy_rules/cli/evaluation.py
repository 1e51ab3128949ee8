"""evaluate, explain, replay."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    OverlayOption,
    PackOption,
    RulesOption,
    command,
    console,
    emit,
    lang_of,
)
from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import Engine
from policy_rules.errors import NotFoundError, Place, Problem, RecordError, nearest, shown
from policy_rules.facts.record import Household, read_record, read_record_file
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.render import terminal


class EngineChoice(enum.StrEnum):
    """Engines by name."""

    auto = "auto"
    durable_rules = "durable_rules"
    reference = "reference"


RecordArgument = Annotated[Path, typer.Argument(help="记录文件(YAML 或 JSON) record file")]
AsOfOption = Annotated[
    str | None,
    typer.Option(
        "--as-of", help="评估日，如 2022-12-31；记录里有则可省 date, unless the record has one"
    ),
]
EngineOption = Annotated[EngineChoice, typer.Option("--engine", help="推理引擎 engine")]
StrictOption = Annotated[
    bool,
    typer.Option(
        "--strict-readings", help="有争议的结论一律待定 contested findings become UNKNOWN"
    ),
]


def _engine(
    pack: str, rules: Path | None, overlays: list[Path] | None, choice: EngineChoice, strict: bool
) -> tuple[Pack, Engine]:
    loaded = load_pack(pack, rules)
    for overlay in overlays or ():
        loaded = loaded.with_overlay(overlay)
    return loaded, Engine(loaded, engine=choice.value, strict_readings=strict)


def _record(path: Path, pack: Pack) -> Household:
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
    everything: Annotated[bool, typer.Option("--all", help="全部显示 show everything")] = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """判定一户(或一个实体)：标识、可能适用的措施、依据条款、缺什么资料。 Evaluate one record."""
    loaded, answering = _engine(pack, rules, overlay, engine, strict_readings)
    result = answering.evaluate(_record(record, loaded), as_of=as_of)
    emit(
        result.as_dict(),
        form,
        lambda: terminal.determination(result, loaded, lang_of(lang), everything=everything),
    )


@command
def explain(
    record: RecordArgument,
    rule: Annotated[str, typer.Argument(help="规则 rule, or rule@member")],
    pack: PackOption = "yunnan/dongchuan",
    as_of: AsOfOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    engine: EngineOption = EngineChoice.auto,
    strict_readings: StrictOption = False,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """一条规则为什么是、为什么不是，逐条说明。 The whole why and why-not of one rule."""
    loaded, answering = _engine(pack, rules, overlay, engine, strict_readings)
    result = answering.evaluate(_record(record, loaded), as_of=as_of)
    findings = [f for f in result.findings if f.id == rule or f.rule.id == rule]
    if not findings:
        ids = [f.id for f in result.findings]
        problem = Problem("unknown_rule", Place(), got=shown(rule), nearest=nearest(rule, ids))
        raise NotFoundError(problem)
    if form is Format.table:
        for finding in findings:
            lines = result.explain(finding)
            console().print(terminal.explanation(finding, lines, loaded, lang_of(lang)))
        return
    body = [{**f.as_dict(), "because": _because(result, f.id)} for f in findings]
    emit(body, form, lambda: "")


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


@command
def replay(
    receipt: Annotated[
        Path, typer.Argument(help="evaluate --format json 的输出 output of evaluate")
    ],
    record: RecordArgument,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """用同一记录重算并核对回执。 Evaluate again and compare with a receipt."""
    given = _receipt(receipt)
    choice = EngineChoice.reference if given["engine"] == "reference" else EngineChoice.auto
    loaded, answering = _engine(
        str(given["pack"]), rules, overlay, choice, bool(given.get("strict_readings"))
    )
    result = answering.evaluate(_record(record, loaded), as_of=str(given["as_of"]))
    now = result.receipt.as_dict()
    apart = {k: (given.get(k), now[k]) for k in now if given.get(k) != now[k]}
    # another engine or version that gives the same result is said, and is no difference in the answer
    telling = {"engine", "library_version"}
    for key, (before, after) in apart.items():
        typer.echo(f"{key}: {before} -> {after}")
    if set(apart) - telling:
        typer.echo("不一致" if lang is Language.zh else "differs")
        raise typer.Exit(FINDINGS)
    typer.echo(
        "一致：结论可由同一记录重现"
        if lang is Language.zh
        else "same: the record gives the same answer"
    )


def _receipt(path: Path) -> Mapping[str, Any]:
    where = Place(str(path))
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecordError(Problem("cannot_read", where, detail=str(error.strerror))) from error
    except ValueError as error:
        raise RecordError(Problem("bad_json", where, detail=str(error))) from error
    body = data.get("receipt", data) if isinstance(data, dict) else {}
    wanted = ("pack", "as_of", "engine", "result_digest")
    absent = [k for k in wanted if not isinstance(body.get(k), str)]
    if absent:
        raise RecordError(
            [Problem("missing_key", where, expected=shown(k), got="receipt") for k in absent]
        )
    return dict(body)
