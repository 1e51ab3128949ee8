"""replay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from policy_rules.cli.common import (
    FINDINGS,
    LangOption,
    Language,
    OverlayOption,
    RulesOption,
    command,
    lang_of,
)
from policy_rules.cli.evaluation import EngineChoice, RecordArgument, engine_of, record_of
from policy_rules.cli.keys import KeyOption, secret
from policy_rules.errors import Lang, Place, Problem, RecordError, shown
from policy_rules.packs.registry import versions_of
from policy_rules.render.words import RECEIPT
from policy_rules.text import Text

#: Another engine or version that gives the same result is told, and is no difference in the answer.
_HARMLESS: Final = frozenset({"engine", "library_version"})
_SAME: Final = Text("一致：结论可由同一记录重现", "same: the record gives the same answer")
_APART: Final = Text("不一致", "differs")
_REASONS: Final = {
    "key": Text(
        "结论一致，只有记录摘要不同：可能是密钥不同(用 --key 或环境变量 POLICY_RULES_KEY 给出原来的密钥)，"
        "也可能换了一份结论相同的记录",
        "the result is the same, the digest of the record alone differs: perhaps another key (give the "
        "one used then with --key or POLICY_RULES_KEY), perhaps another record with the same result",
    ),
    "record": Text("记录与当时的不同", "the record is not the one of then"),
    "overlays": Text(
        "补充文件不同：请按原来的顺序给出同样的 --overlay",
        "the overlays differ: pass the same --overlay files, in the same order",
    ),
    "pack": Text(
        "规则包或事实词典已有改动：请用当时的版本核对",
        "the pack or the fact dictionary has changed: compare with the version of then",
    ),
}


@command
def replay(
    receipt: Annotated[
        Path,
        typer.Argument(
            help="当时 evaluate --format json 的输出 what evaluate --format json printed"
        ),
    ],
    record: RecordArgument,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    key: KeyOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """用同一记录重新判定，与当时的结果核对。 Evaluate again and compare with a receipt."""
    given, language = _receipt(receipt), lang_of(lang)
    choice = EngineChoice.reference if given["engine"] == "reference" else EngineChoice.auto
    strict = bool(given.get("strict_readings"))
    answering = engine_of(_version_then(given, rules), rules, overlay, choice, strict, secret(key))
    checked = record_of(record, answering.pack.vocabulary)
    result = answering.evaluate(checked, as_of=str(given["as_of"]))
    now = result.receipt.as_dict()
    apart = {k: (given.get(k), now[k]) for k in now if given.get(k) != now[k]}
    for name, (before, after) in apart.items():
        colon = "：" if lang is Language.zh else ": "
        typer.echo(f"{RECEIPT[name][language]} {name}{colon}{_change(before, after, language)}")
    if set(apart) - _HARMLESS:
        typer.echo(_APART[language])
        for reason in _reasons(set(apart) - _HARMLESS):
            typer.echo(_REASONS[reason][language])
        raise typer.Exit(FINDINGS)
    typer.echo(_SAME[language])


def _version_then(given: Mapping[str, Any], rules: Path | None) -> str:
    """The pack of the receipt: the frozen version it names, where that is the one; else as it stands."""
    name, version = str(given["pack"]), str(given.get("pack_version"))
    frozen = versions_of(name, rules).get(version)
    then = (given.get("pack_digest"), given.get("vocabulary_digest"))
    same = frozen is not None and (frozen.digest, frozen.facts) == then
    return f"{name}@{version}" if same else name


def _reasons(apart: set[str]) -> Iterator[str]:
    """The likely reasons for a difference."""
    if apart == {"record_digest"}:
        yield "key"
    elif "record_digest" in apart and apart & {"result_digest"}:
        yield "record"
    if "overlays" in apart:
        yield "overlays"
    if apart & {"pack", "pack_version", "vocabulary_digest"} or (
        "pack_digest" in apart and "overlays" not in apart
    ):
        yield "pack"


def _change(before: Any, after: Any, lang: Lang) -> str:
    """What stood there and what stands there now; of a mapping, only what differs."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = [k for k in {**before, **after} if before.get(k) != after.get(k)]
        return "; ".join(f"{k} {before.get(k)} → {after.get(k)}" for k in keys)
    return f"{_short(before, lang)} → {_short(after, lang)}"


def _short(value: Any, lang: Lang) -> str:
    none = "无" if lang == "zh" else "none"
    if isinstance(value, list | tuple):
        return ", ".join(_short(v, lang) for v in value) or none
    text = none if value is None else str(value)
    return f"{text[:12]}…" if len(text) == 64 else text


def _receipt(path: Path) -> Mapping[str, Any]:
    where = Place(str(path))
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecordError(Problem("cannot_read", where, detail=str(error.strerror))) from error
    except ValueError as error:
        raise RecordError(Problem("bad_json", where, detail=str(error))) from error
    body = data.get("receipt", data) if isinstance(data, dict) else {}
    body = body if isinstance(body, dict) else {}
    wanted = ("pack", "as_of", "engine", "result_digest")
    absent = [k for k in wanted if not isinstance(body.get(k), str)]
    if absent:
        raise RecordError(
            [Problem("missing_key", where, expected=shown(k), got="receipt") for k in absent]
        )
    return dict(body)
