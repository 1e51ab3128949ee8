"""Values that an explanation saw, in words: labels for ids, 未登记 for what is not recorded."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.finding import Because, Finding, figure
from policy_rules.errors import Lang
from policy_rules.expr.types import NumberType
from policy_rules.packs.model import Pack
from policy_rules.render.words import UNITS, VERDICTS, number, unit_of
from policy_rules.text import Text
from policy_rules.verdict import ANY_DATE, Verdict

_NAME: Final = re.compile(
    r"(?P<kind>\w+)\.(?P<path>[^(@]+)(?:\((?P<year>[^)]*)\))?(?:@(?P<subject>.+))?\Z"
)
_FOLDS: Final = {
    "any": Text("是否有", "any"),
    "all": Text("是否都", "all"),
    "count": Text("个数", "count"),
    "sum": Text("合计", "sum"),
    "longest_run": Text("最长连续时间", "longest run"),
}
_NOT_RECORDED: Final = Text("未登记", "not recorded")
_NO_ANSWER: Final = Text("尚无答复", "no answer yet")
_UNKNOWN: Final = Text("待定", "unknown")
_EMPTY: Final = Text("无", "none")
_TRUTHS: Final = {"YES": Verdict.YES, "NO": Verdict.NO, "?": Verdict.UNKNOWN}


@attrs.frozen
class _Kind:
    """What is known of a value apart from its text."""

    label: Text
    unknown: Text = _UNKNOWN
    unit: str | None = None
    codes: str | None = None
    whole: tuple[str, str] | None = None


def seen(line: Because, finding: Finding, pack: Pack, lang: Lang) -> list[str]:
    """The values a line saw, one text each; what its verdict says already is left out."""
    told = [*line.values.items()]
    if len(told) == 1:
        name, text = told[0]
        plain = text in ("YES", "NO") or (text == "?" and _of(name, pack).unknown is _UNKNOWN)
        if plain and _TRUTHS[text] is line.verdict:
            return []
    return [said(name, text, finding, pack, lang) for name, text in told]


def said(name: str, text: str, finding: Finding, pack: Pack, lang: Lang) -> str:
    """``member.startup.employees@m1 = 5`` as 吸纳就业人数：5人."""
    match = _NAME.match(name)
    kind = _of(name, pack)
    label = kind.label[lang]
    if match and match["year"]:
        label = f"{match['year']}年{label}" if lang == "zh" else f"{label} {match['year']}"
    if match and match["subject"] and match["subject"] != finding.subject:
        whose = match["subject"]
        label = f"{whose}的{label}" if lang == "zh" else f"{whose}: {label}"
    return f"{label}{'：' if lang == 'zh' else ': '}{_value(text, kind, pack, lang)}"


def _of(name: str, pack: Pack) -> _Kind:
    match = _NAME.match(name)
    if match is None:
        fold = name.partition("(")[0]
        return _Kind(_FOLDS.get(fold, Text(fold, fold)))
    path = match["path"]
    match match["kind"]:
        case "param":
            return _Kind(pack.parameters[path].label, _NO_ANSWER, pack.parameters[path].unit)
        case "external":
            return _Kind(pack.externals[path].label, _NO_ANSWER)
        case "population":
            return _Kind(pack.populations[path].label)
        case "rule":
            return _Kind(pack.rules[path].label)
        case "defined":
            thing = pack.definitions[path]
            unit = thing.type.unit if isinstance(thing.type, NumberType) else None
            return _Kind(thing.label, unit=unit)
        case record:
            spec = pack.vocabulary.fact(record, path)
            whole = None if spec.lo is None else (_bound(spec.lo), _bound(spec.hi))
            return _Kind(
                spec.label, _NOT_RECORDED, unit_of(spec.unit, spec.label), spec.codes, whole
            )


def _bound(value: Any) -> str:
    return figure(value) if isinstance(value, int | Fraction | float) else str(value)


def _value(text: str, kind: _Kind, pack: Pack, lang: Lang) -> str:
    if text == "?":
        return kind.unknown[lang]
    if text in ("YES", "NO"):
        return VERDICTS[_TRUTHS[text]][lang].lower()
    lo, interval, hi = text.partition(" … ")
    if interval:
        if (lo, hi) in (kind.whole, ("-∞", "∞"), ("0", "∞"), (str(ANY_DATE.lo), str(ANY_DATE.hi))):
            return kind.unknown[lang]
        return _between(lo, hi, kind, lang)
    listed = re.fullmatch(r"\[(\d+)(\+\?)?\]", text)
    if listed:
        if listed[2] and listed[1] == "0":
            return kind.unknown[lang]
        known = f"已登记 {listed[1]} 项" if lang == "zh" else f"{listed[1]} recorded"
        open_ = ("，可能不全" if lang == "zh" else ", perhaps not all") if listed[2] else ""
        return known + open_
    if kind.codes:
        labels = pack.vocabulary.codes[kind.codes].values
        codes = [] if text == "∅" else text.split(", ")
        said = [labels[c][lang] if c in labels else c for c in codes]
        return ("、" if lang == "zh" else ", ").join(said) or _EMPTY[lang]
    return _figure(text, kind.unit, lang)


def _between(lo: str, hi: str, kind: _Kind, lang: Lang) -> str:
    low, high = (_figure(t, kind.unit, lang) for t in (lo, hi))
    if hi == "∞":
        return f"不低于{low}" if lang == "zh" else f"at least {low}"
    if lo == "-∞":
        return f"不超过{high}" if lang == "zh" else f"at most {high}"
    return f"{low}至{high}之间" if lang == "zh" else f"between {low} and {high}"


def _figure(text: str, unit: str | None, lang: Lang) -> str:
    """A number with its unit; years, dates and texts as they are."""
    if not re.fullmatch(r"-?\d+(\.\d+|/\d+)?", text):
        return text
    value = Fraction(text)
    if unit == "ratio":
        return f"{figure(value * 100)}%" if "/" not in figure(value * 100) else text
    whole = value.numerator if value.denominator == 1 else value
    if unit in (None, "years") and 1900 <= value <= 2200:
        return text
    name = UNITS[unit][lang] if unit in UNITS else unit or ""
    return f"{number(whole)}{name}"
