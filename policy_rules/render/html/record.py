"""The facts of a record as a tree of labels and values: what a person reads of an example household."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.errors import Lang
from policy_rules.facts.dictionary import FactSpec, Vocabulary
from policy_rules.packs.model import Pack
from policy_rules.render.words import UNITS, number
from policy_rules.text import Text

_WORDS: Final = {
    True: Text("是", "yes"),
    False: Text("否", "no"),
    "nothing": Text("未登记", "not recorded"),
    "none": Text("无", "none"),
    "year": Text("{}年", "{}"),
    "item": Text("第{}项", "item {}"),
    "member": Text("成员 {}", "member {}"),
    "incomplete": Text("可能不全", "perhaps not all"),
}
#: The kind under which external conditions stand among the facts to show.
EXTERNAL: Final = "external"
#: Facts shown at all, by kind of record and path.
Only = frozenset[tuple[str, str]]


@attrs.frozen
class Row:
    """A fact: its label and value, or a group of facts below it."""

    name: str
    value: str
    rows: tuple[Row, ...] = ()


def record_rows(
    record: Mapping[str, Any],
    vocabulary: Vocabulary,
    packs: Mapping[str, Pack],
    lang: Lang,
    only: Only | None = None,
) -> tuple[Row, ...]:
    """What a record says, label by label, in the order of the dictionary.

    ``record`` is plain data as ``Engine.evaluate`` takes it. ``packs`` give the labels of external
    conditions; ``only`` leaves out all other facts.
    """
    teller = _Teller(vocabulary, packs, lang, only)
    return tuple(map(_short, teller.record(record, str(record.get("kind") or "household"))))


def _short(row: Row) -> Row:
    """A row in which a group of one fact stands on one line: 各年度收入 · 2024年 · 人均纯收入."""
    rows = tuple(map(_short, row.rows))
    if len(rows) == 1 and not row.value:
        return Row(f"{row.name} · {rows[0].name}", rows[0].value, rows[0].rows)
    return Row(row.name, row.value, rows)


@attrs.frozen
class _Teller:
    vocabulary: Vocabulary
    packs: Mapping[str, Pack]
    lang: Lang
    only: Only | None

    def record(self, data: Mapping[str, Any], kind: str) -> Iterator[Row]:
        for spec in self.vocabulary.records[kind].facts.values():
            found, value = _at(data, spec.path)
            if found:
                yield from self.fact(spec, value)
        yield from self.externals(data.get("external"))

    def fact(self, spec: FactSpec, value: Any) -> Iterator[Row]:
        """A fact's row; groups without a fact that is shown say nothing."""
        label = spec.label[self.lang]
        if spec.item and isinstance(value, Mapping | list):
            rows = tuple(self.below(spec, spec.item, value))
            if rows:
                yield Row(label, self.note(value), rows)
            elif not value and self.shown(spec):
                yield Row(label, _WORDS["none"][self.lang])
        elif self.shown(spec):
            yield Row(label, self.value(spec, value))

    def shown(self, spec: FactSpec) -> bool:
        return self.only is None or (spec.record, spec.path) in self.only

    def below(self, spec: FactSpec, item: str, value: Any) -> Iterator[Row]:
        if spec.kind == "by_year":
            for year, data in value.items():
                name = _WORDS["year"][self.lang].format(year)
                yield from self.group(name, data, item)
        elif spec.kind == "list":
            items = value.get("items", ()) if isinstance(value, Mapping) else value
            word = _WORDS["member" if item == "member" else "item"][self.lang]
            for i, data in enumerate(items or (), 1):
                named = data.get("id") if isinstance(data, Mapping) else None
                yield from self.group(word.format(named or i), data, item)
        else:
            yield from self.record(value, item)

    def group(self, name: str, data: Any, item: str) -> Iterator[Row]:
        if isinstance(data, Mapping):
            rows = tuple(self.record(data, item))
            if rows:
                yield Row(name, "", rows)
        else:
            yield Row(name, _WORDS["nothing"][self.lang])

    def note(self, value: Any) -> str:
        partial = isinstance(value, Mapping) and value.get("complete") is False
        return _WORDS["incomplete"][self.lang] if partial else ""

    def externals(self, given: Any) -> Iterator[Row]:
        for pack, conditions in (given or {}).items():
            known = self.packs[pack].externals if pack in self.packs else {}
            for name, value in (conditions or {}).items():
                if name in known and (self.only is None or (EXTERNAL, name) in self.only):
                    yield Row(known[name].label[self.lang], truth(value, self.lang))

    def value(self, spec: FactSpec, value: Any) -> str:
        if value is None or isinstance(value, bool):
            return truth(value, self.lang)
        if spec.codes:
            labels = self.vocabulary.codes[spec.codes].values
            codes = value if isinstance(value, list | tuple) else [value]
            told = [labels[c][self.lang] if c in labels else str(c) for c in codes]
            return ("、" if self.lang == "zh" else ", ").join(told) or _WORDS["none"][self.lang]
        if isinstance(value, date):
            return str(value)
        if isinstance(value, int | float | Decimal | Fraction):
            return figure_told(value, spec.unit, self.lang)
        return str(value)


def figure_told(value: int | float | Decimal | Fraction, unit: str | None, lang: Lang) -> str:
    """A figure with its unit."""
    exact = Fraction(str(value))
    if unit == "ratio":
        return f"{number(_plain(exact * 100))}%"
    if unit == "years" and 1900 <= exact <= 2200:
        return str(value)
    name = UNITS[unit][lang] if unit in UNITS else unit or ""
    return f"{number(_plain(exact))}{name}"


def truth(value: Any, lang: Lang) -> str:
    """A true or false of a record; anything else is not recorded."""
    return _WORDS[value if isinstance(value, bool) else "nothing"][lang]


def _plain(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _at(data: Mapping[str, Any], path: str) -> tuple[bool, Any]:
    """Whether a record holds a fact, and its value."""
    value: Any = data
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return False, None
        value = value[step]
    return True, value
