"""Every mutant of a pack: one value of its plain data changed at a time, with the value's place."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problems
from policy_rules.expr.nodes import And, Compare, Node, Not, OneOf, Or
from policy_rules.expr.parser import parse
from policy_rules.expr.text import shift
from policy_rules.expr.types import BoolType
from policy_rules.facts.dates import read_date
from policy_rules.packs.loader import Source, read_sources
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import PackScope
from policy_rules.packs.sections import declare
from policy_rules.testing.mutation.model import Mutant
from policy_rules.testing.mutation.texts import changes, shifted, steps

Path_ = tuple[str | int, ...]
#: A change of a thing's data: kind, path, what it was, what it becomes (None: left out).
Found = tuple[str, Path_, str, Any]

CONDITIONS: Final = ("applies_to", "when", "unless", "met_when")
#: What else holds an expression; a figure's ``value`` stands further down, and is a number.
_LINES: Final = ("population", "value", "of")
_FORCES: Final = ("must", "strive", "encourage", "may")
_EFFECTS: Final = ("granted", "preferred", "offered", "referred")
_PAID: Final = ("once", "yearly", "monthly", "per_event")
_KINDS: Final = {"stated": ("at_least", "up_to"), "at_least": ("stated",), "up_to": ("stated",)}
#: What a measure may be taken for; a mean and a share of sums are computed alike.
_MEASURES: Final = {"count": "share", "growth": "trend"}
_EDGES: Final = {">=": (">", "<="), ">": (">=", "<"), "<=": ("<", ">="), "<": ("<=", ">"), "==": (">=", "<="),
                 "between": (), "rising": ("falling",), "falling": ("rising",)}  # fmt: skip


def mutants(pack: Pack) -> tuple[Mutant, ...]:
    """Every mutant of a pack that was loaded from a folder, in the order of its files."""
    sources = read_sources(Path(pack.folder), pack.id)
    found: list[Mutant] = []
    for mutant in _Sites(pack, sources).all():
        found.append(attrs.evolve(mutant, number=len(found)))
    return tuple(found)


class _Sites:
    def __init__(self, pack: Pack, sources: Mapping[tuple[str, str], Source]) -> None:
        self.pack = pack
        self.sources = sources
        self.names = declare(pack.raw)
        self.codes = {n: tuple(c.values) for n, c in pack.vocabulary.codes.items()}
        self.locators = list(pack.raw["clauses"])

    def all(self) -> Iterator[Mutant]:
        finders: dict[str, Callable[[Mapping[str, Any]], Iterator[Found]]] = {
            "document": self.document,
            "populations": self.condition_thing,
            "parameters": self.parameter,
            "externals": self.citing,
            "definitions": self.condition_thing,
            "tables": self.table,
            "exclusions": self.exclusion,
            "rules": self.rule,
            "targets": self.target,
            "readings": self.reading,
        }
        for (section, name), source in self.sources.items():
            if section not in finders:
                continue
            data = self.pack.raw[section][name] if section != "document" else _data(source)
            for kind, path, was, value in finders[section](data):
                yield self.mutant(source, section, name, data, (kind, path, was, value))
        yield from self.exchanged()

    def mutant(
        self, source: Source, section: str, name: str, data: Mapping[str, Any], found: Found
    ) -> Mutant:
        kind, path, was, value = found
        place, became = source.place(path), shown(value)
        if isinstance(value, _Text):
            place, was, became, value = (
                shift(place, value.start),
                value.was,
                value.became,
                value.whole,
            )
        return Mutant(0, kind, section, name, path, place, was, became, changed(data, path, value))

    # -- one function a section -----------------------------------------------------------------

    def document(self, data: Mapping[str, Any]) -> Iterator[Found]:
        for key in ("in_force", "plan_period"):
            yield from self.period(data.get(key) or {}, (key,))
        for key in ("issued", "published"):
            yield from _days(data.get(key), (key,))

    def condition_thing(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        for key in ("when", "value"):
            if key in data:
                yield from self.condition(data[key], (key,), data["subject"])

    def parameter(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        for i, value in enumerate(data.get("values") or ()):
            yield from self.period(value, ("values", i))
            yield from _numbers(value.get("value"), ("values", i, "value"), data.get("unit"))

    def citing(self, data: Mapping[str, Any]) -> Iterator[Found]:
        """Each cited clause becomes the statement before and after it."""
        cited = list(data.get("clauses") or ())
        for i, locator in enumerate(cited):
            at = self.locators.index(locator)
            for other in (at - 1, at + 1):
                if 0 <= other < len(self.locators) and self.locators[other] not in cited:
                    yield "clause", ("clauses", i), locator, self.locators[other]

    def table(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        for i, row in enumerate(data["rows"]):
            for key in ("from", "to", "value"):
                unit = data.get("unit" if key == "value" else "key_unit")
                yield from _numbers(row.get(key), ("rows", i, key), unit)
            if data["kind"] != "lookup":
                other = "upper" if row.get("includes", "lower") == "lower" else "lower"
                yield "comparator", ("rows", i, "includes"), row.get("includes", "lower"), other
            if len(data["rows"]) > 1:
                rest = [r for j, r in enumerate(data["rows"]) if j != i]
                yield "condition", ("rows",), f"row {i + 1}", rest

    def exclusion(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        ranked = list(data["ranked"])
        for i in range(len(ranked) - 1):
            swapped = [*ranked[:i], ranked[i + 1], ranked[i], *ranked[i + 2 :]]
            yield "exclusion", ("ranked",), ", ".join(ranked), swapped
        if len(ranked) > 2:
            for i in range(len(ranked)):
                yield "exclusion", ("ranked",), ", ".join(ranked), [*ranked[:i], *ranked[i + 1 :]]

    def rule(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        yield from _others("force", data["force"], ("force",), _FORCES)
        if data.get("effect"):
            yield from _others("effect", data["effect"], ("effect",), _EFFECTS)
        yield from self.period(data.get("in_force") or {}, ("in_force",))
        for key in CONDITIONS:
            if data.get(key) is not None:
                yield "condition", (key,), shown(data[key]), None
                yield from self.condition(data[key], (key,), data["subject"])
        if data.get("amount"):
            yield from self.amount(data["amount"], data["subject"])

    def amount(self, data: Mapping[str, Any], subject: str) -> Iterator[Found]:
        for other in _KINDS.get(data["kind"], ()):
            yield "amount", ("amount", "kind"), data["kind"], other
        if data.get("paid"):
            yield from _others("amount", data["paid"], ("amount", "paid"), _PAID)
        yield from self.tier(data, ("amount",), subject)
        rows = list(data.get("first_of") or ())
        for i, row in enumerate(rows):
            here = ("amount", "first_of", i)
            yield from self.tier(row, here, subject)
            if row.get("when") is not None:
                yield "condition", (*here, "when"), shown(row["when"]), None
                yield from self.condition(row["when"], (*here, "when"), subject)
            if len(rows) > 1:
                rest = [*rows[:i], *rows[i + 1 :]]
                yield "amount", ("amount", "first_of"), f"tier {i + 1}", rest

    def tier(self, row: Mapping[str, Any], at: Path_, subject: str) -> Iterator[Found]:
        for key in ("pay", "lower", "upper"):
            if isinstance(row.get(key), str):
                yield from self.expression(row[key], (*at, key), subject)
            else:
                yield from _numbers(row.get(key), (*at, key), None)

    def target(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        yield from _others("force", data["force"], ("force",), _FORCES)
        for other in _EDGES[data["comparator"]]:
            yield "target", ("comparator",), data["comparator"], other
        if data["measure"] in _MEASURES:
            yield "target", ("measure",), data["measure"], _MEASURES[data["measure"]]
        for i, figure in enumerate(data.get("figures") or ()):
            for key in ("value", "upper"):
                unit = data.get("unit")
                for _, path, was, value in _numbers(figure.get(key), ("figures", i, key), unit):
                    yield "target", path, was, value
            if "year" in figure:
                for other in (figure["year"] - 1, figure["year"] + 1):
                    yield "target", ("figures", i, "year"), str(figure["year"]), other
            yield from _days(figure.get("by"), ("figures", i, "by"))
        for key, year in (data.get("period") or {}).items():
            for other in (year - 1, year + 1):
                yield "target", ("period", key), str(year), other
        for key in ("parent", "per_year"):
            if data.get(key) is not None:
                yield "target", (key,), str(data[key]), None
        for key in ("population", "when", "value", "of"):
            if data.get(key) is None:
                continue
            if key in ("population", "when", "of"):
                yield "condition", (key,), shown(data[key]), None
            yield from self.condition(data[key], (key,), data["subject"], target=True)

    def reading(self, data: Mapping[str, Any]) -> Iterator[Found]:
        yield from self.citing(data)
        for i, alternative in enumerate(data["alternatives"]):
            for path, value in alternative["patch"].items():
                section, name, *below = path.split(".")
                here = ("alternatives", i, "patch", path)
                condition = below[0] in _LINES or any(k in CONDITIONS for k in below)
                if section == "document":
                    yield from _days(value, here)
                elif below[-1:] == ["comparator"] and value in _EDGES:
                    for other in _EDGES[value]:
                        yield "target", here, value, other
                elif condition or section in ("populations", "definitions"):
                    subject = self.pack.raw[section].get(name, {}).get("subject")
                    if subject and value is not None:
                        yield from self.condition(value, here, subject, target=section == "targets")
                else:
                    yield from _plain_values(value, here)

    def exchanged(self) -> Iterator[Mutant]:
        """A reading's alternative in the place of what was chosen."""
        for reading in self.pack.readings.values():
            source = self.sources["readings", reading.id]
            for i, alternative in enumerate(reading.alternatives):
                yield Mutant(
                    0, "reading", "readings", reading.id, ("alternatives", i),
                    source.place(("alternatives", i)), "chosen", alternative.id,
                    patch=alternative.patch,
                )  # fmt: skip

    # -- parts ----------------------------------------------------------------------------------

    def period(self, data: Mapping[str, Any], at: Path_) -> Iterator[Found]:
        for key in ("from", "to"):
            yield from _days(data.get(key), (*at, key))

    def condition(
        self, value: Any, at: Path_, subject: str, *, target: bool = False
    ) -> Iterator[Found]:
        """Changes of a skeleton of ``all``, ``any``, ``not`` over lines."""
        if not isinstance(value, Mapping):
            yield from self.expression(str(value), at, subject, target=target)
            return
        ((word, below),) = value.items()
        if word == "not":
            yield "negation", at, "not", below
            yield from self.condition(below, (*at, "not"), subject, target=target)
            return
        if len(below) > 1:
            yield "connective", at, word, {"any" if word == "all" else "all": below}
        for i, item in enumerate(below):
            if len(below) > 1:
                rest = [*below[:i], *below[i + 1 :]]
                yield "condition", (*at, word, i), shown(item), _Whole(at, {word: rest})
            yield from self.condition(item, (*at, word, i), subject, target=target)

    def expression(
        self, text: str, at: Path_, subject: str, *, target: bool = False
    ) -> Iterator[Found]:
        scope = PackScope(self.pack.vocabulary, self.names, subject, target=target)
        node = parse(text, scope, Place(), Problems(), None)
        if node is None:
            return
        for change in changes(text, node, self.codes):
            was = text[change.start : change.end]
            whole = change.of(text)
            yield change.kind, at, was, _Text(whole, change.start, was, change.new)
        if _plain(node, text):
            yield "negation", at, text, _Text(f"not ({text})", 0, text, f"not ({text})")


def _plain(node: Node, text: str) -> bool:
    """Whether a line is a condition that no comparator or ``not`` turns."""
    turned = isinstance(node, Compare | Not | OneOf | And | Or)
    return isinstance(node.type, BoolType) and not turned


@attrs.frozen
class _Text:
    """A changed expression, and the part that changed."""

    whole: str
    start: int
    was: str
    became: str


@attrs.frozen
class _Whole:
    """A value to put not at the place named but at ``path``."""

    path: Path_
    value: Any


def changed(data: Mapping[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    """A copy of plain data with the value at a path replaced, or left out where it is None."""
    if isinstance(value, _Whole):
        path, value = value.path, value.value
    result: dict[str, Any] = copy.deepcopy(dict(data))
    target: Any = result
    for key in path[:-1]:
        target = target[key]
    if value is None:
        del target[path[-1]]
    else:
        target[path[-1]] = copy.deepcopy(value)
    return result


def shown(value: Any) -> str:
    """A value as one line of a report."""
    match value:
        case None:
            return "-"
        case _Whole():
            return "-"
        case Mapping():
            return "; ".join(f"{k}: {shown(v)}" for k, v in value.items())
        case list() | tuple():
            return "[" + ", ".join(map(shown, value)) + "]"
        case _:
            return str(value)


def _data(source: Source) -> Mapping[str, Any]:
    data: Any = source.document.data
    for key in source.path:
        data = data[key]
    found: Mapping[str, Any] = data
    return found


def _days(value: Any, at: Path_) -> Iterator[Found]:
    """A day, a month on and back."""
    day = read_date(value) if value is not None else None
    if isinstance(day, date):
        for other in shifted(day):
            yield "date", at, str(value), str(other)


def _numbers(value: Any, at: Path_, unit: str | None) -> Iterator[Found]:
    """A number one step down and up; a whole ratio moves by a hundredth."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        text = (
            f"{value}.00"
            if unit == "ratio" and isinstance(value, int)
            else f"{value:f}"
            if isinstance(value, Decimal)
            else str(value)
        )
        for new in steps(text):
            number = Decimal(new)
            yield (
                "number",
                at,
                str(value),
                int(number) if isinstance(value, int) and unit != "ratio" else number,
            )


def _plain_values(value: Any, at: Path_) -> Iterator[Found]:
    """Numbers, years and days in plain data of any form."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key == "year" and isinstance(below, int):
                yield from (("target", (*at, key), str(below), below + n) for n in (-1, 1))
            else:
                yield from _plain_values(below, (*at, key))
    elif isinstance(value, list):
        for i, below in enumerate(value):
            yield from _plain_values(below, (*at, i))
    elif isinstance(value, str) and len(value) == 10 and value[4] == "-":
        yield from _days(value, at)
    else:
        yield from _numbers(value, at, None)


def _others(kind: str, value: str, at: Path_, every: Sequence[str]) -> Iterator[Found]:
    for other in every:
        if other != value:
            yield kind, at, value, other
