"""Records in a line of words: what a witness household has, for people who know no field names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from policy_rules.analysis.model import Witness
from policy_rules.analysis.vocabularies import merged
from policy_rules.engine.finding import figure
from policy_rules.errors import Lang
from policy_rules.facts.dictionary import FactSpec, Vocabulary
from policy_rules.packs.model import Pack
from policy_rules.render.words import UNITS, VERDICTS, number, unit_of
from policy_rules.text import Text
from policy_rules.verdict import Verdict

_SKIPPED: Final = ("as_of", "kind", "id", "region", "external")
_TRUE: Final = Text("是", "yes")
_FALSE: Final = Text("否", "no")
_NONE: Final = Text("无", "none")


def record_told(record: Mapping[str, Any], packs: Iterable[Pack], lang: Lang) -> list[str]:
    """The facts of a plain record, one text each, in its order."""
    some = list(packs)
    kind = str(record.get("kind", "household"))
    vocabulary = some[0].vocabulary
    for pack in some[1:]:
        vocabulary = merged(vocabulary, pack.vocabulary) or vocabulary
    return list(_Teller(some, vocabulary, lang).row(record, kind, ""))


def witness_told(witness: Witness, packs: Iterable[Pack], lang: Lang) -> list[str]:
    """The facts of a witness, and the figures supplied for external parameters."""
    some = list(packs)
    told = record_told(witness.record, some, lang)
    colon = "：" if lang == "zh" else ": "
    for pack in {p.id: p for p in some}.values():
        for name, value in witness.parameters.get(pack.id, {}).items():
            if name not in pack.parameters:
                continue
            parameter = pack.parameters[name]
            told.append(f"{parameter.label[lang]}{colon}{_figure(value, parameter.unit, lang)}")
    return told


def verdict_told(verdict: Verdict | None, lang: Lang) -> str:
    """YES, NO, UNKNOWN as people read them."""
    return VERDICTS[verdict][lang]


class _Teller:
    def __init__(self, packs: list[Pack], vocabulary: Vocabulary, lang: Lang) -> None:
        self.packs = packs
        self.vocabulary = vocabulary
        self.lang: Lang = lang
        self.colon = "：" if lang == "zh" else ": "

    def row(
        self, data: Mapping[str, Any], record: str, before: str, path: str = ""
    ) -> Iterator[str]:
        facts = self.vocabulary.records[record].facts
        for key, value in data.items():
            name = f"{path}{key}"
            spec = facts.get(name)
            if spec is not None:
                yield from self.fact(spec, value, before)
            elif key not in _SKIPPED and isinstance(value, Mapping):
                yield from self.row(value, record, before, f"{name}.")
        for pack, conditions in (data.get("external") or {}).items() if not path else ():
            yield from self.externals(str(pack), conditions, before)

    def externals(self, pack: str, conditions: Mapping[str, Any], before: str) -> Iterator[str]:
        known = next((p for p in self.packs if p.id == pack), None)
        for name, value in conditions.items():
            label = known.externals[name].label[self.lang] if known else name
            yield f"{before}{label}{self.colon}{(_TRUE if value else _FALSE)[self.lang]}"

    def fact(self, spec: FactSpec, value: Any, before: str) -> Iterator[str]:
        zh, label = self.lang == "zh", spec.label[self.lang]
        match spec.kind:
            case "by_year":
                for year, row in value.items():
                    told = f"{year}年" if zh else f"{year} "
                    found = list(self.row(row, spec.item or "", before + told))
                    yield from found or [f"{before}{told}{label}"]
            case "list":
                yield from self.items(spec, value, before)
            case "record":
                found = list(
                    self.row(value, spec.item or "", f"{before}{label}{'·' if zh else ' '}")
                )
                yield from found or [f"{before}{label}"]
            case _:
                yield f"{before}{label}{self.colon}{self.plain(spec, value)}"

    def items(self, spec: FactSpec, value: Any, before: str) -> Iterator[str]:
        zh, label = self.lang == "zh", spec.label[self.lang]
        rows = value["items"] if isinstance(value, Mapping) else value
        if not rows:
            yield f"{before}{label}{self.colon}{_NONE[self.lang]}"
        one = self.vocabulary.records[spec.item or ""].label[self.lang]
        for i, row in enumerate(rows, 1):
            mark = f"{one}{i}" if zh else f"{one} {i}"
            found = list(self.row(row, spec.item or "", ""))
            join = "，" if zh else ", "
            yield f"{before}{mark}" + (
                f"（{join.join(found)}）"
                if zh and found
                else f" ({join.join(found)})"
                if found
                else ""
            )
        if isinstance(value, Mapping) and value.get("complete") is False:
            yield (
                f"{before}{label}：可能还有未登记的"
                if zh
                else f"{before}{label}: perhaps more, not recorded"
            )

    def plain(self, spec: FactSpec, value: Any) -> str:
        if isinstance(value, bool):
            return (_TRUE if value else _FALSE)[self.lang]
        codes = self.vocabulary.codes.get(spec.codes or "")
        if codes is not None and isinstance(value, list):
            join = "、" if self.lang == "zh" else ", "
            return join.join(codes.values[c][self.lang] for c in value) or _NONE[self.lang]
        if codes is not None:
            return codes.values[value][self.lang]
        return _figure(value, unit_of(spec.unit, spec.label), self.lang)


def _figure(value: Any, unit: str | None, lang: Lang) -> str:
    if isinstance(value, str):
        return value
    exact = Fraction(Decimal(repr(value))) if isinstance(value, float) else Fraction(value)
    whole = exact.numerator if exact.denominator == 1 else exact
    if unit == "ratio":
        return f"{figure(100 * whole)}%"
    if unit in (None, "years") and 1900 <= whole <= 2200:
        return str(whole)
    name = UNITS[unit][lang] if unit in UNITS else unit or ""
    return f"{number(whole)}{name}"
