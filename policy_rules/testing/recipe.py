"""What a seeded population is drawn from: kept as data, so that the same records can be made again.

The facts a pack reads, their ranges and codes, and the lines it draws are written down once. A later
pack or vocabulary does not change the records: only what is said of them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.finding import figure
from policy_rules.expr.nodes import Fact, walk
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack
from policy_rules.testing.sampling import Sampler

#: Chance that a fact is not recorded, that a fact with lines is drawn at or next to one.
GAP, AT_A_LINE = 0.06, 0.75
#: Chance that a fact is left to be derived.
DERIVE: Final = 0.4
#: The most members of a household, and items of another list.
MEMBERS, ITEMS = 4, 2
#: How far structures may stand in one another.
DEEPEST: Final = 4


@attrs.frozen
class Drawn:
    """How one fact is drawn. ``lines`` are what the pack compares it with, ``codes`` its code list.

    A fact that can be derived is recorded now and then, in the place of those it is derived from
    (``instead``): so that it, too, stands at the lines.
    """

    path: str
    kind: str
    lo: str | None = None
    hi: str | None = None
    item: str | None = None
    codes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data without what is empty."""
        return {k: v for k, v in attrs.asdict(self).items() if v not in (None, (), [])}


@attrs.frozen
class Recipe:
    """The facts of each kind of record, and the years and days they lie near."""

    pack: str
    facts: Mapping[str, tuple[Drawn, ...]]
    externals: Mapping[str, tuple[str, ...]]
    years: tuple[int, ...]
    days: tuple[date, ...]

    @classmethod
    def of(cls, pack: Pack) -> Recipe:
        """The recipe of a pack: the facts its rules read, the lines they draw."""
        sampler = Sampler(pack)
        facts = {
            record: tuple(
                _drawn(spec, pack, sampler)
                for spec in sorted(specs, key=lambda s: s.derive is not None)
                if spec.derive is None or sampler.edges.get(spec.field)
            )
            for record, specs in sampler.facts.items()
        }
        kept = tuple(y for y in sampler.years)
        externals = {k: tuple(v) for k, v in sampler.externals.items()}
        return cls(pack.id, facts, externals, kept, tuple(sampler.days))

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "facts": {r: [d.as_dict() for d in facts] for r, facts in self.facts.items()},
            "externals": {k: list(v) for k, v in self.externals.items()},
            "years": list(self.years),
            "days": [str(d) for d in self.days],
        }

    @classmethod
    def from_dict(cls, pack: str, data: Mapping[str, Any]) -> Recipe:
        """The recipe that was written as plain data."""
        facts = {record: tuple(_read(d) for d in found) for record, found in data["facts"].items()}
        return cls(
            pack,
            facts,
            {k: tuple(v) for k, v in data["externals"].items()},
            tuple(data["years"]),
            tuple(date.fromisoformat(d) for d in data["days"]),
        )

    def record(self, kind: str, seed: int, number: int) -> dict[str, Any]:
        """Plain data of one record; the same for the same seed and number."""
        rng = random.Random(f"{seed} {kind} {number}")
        data: dict[str, Any] = {"kind": kind, "id": f"{kind}-{number}", **self._row(rng, kind, 0)}
        members = data.get("members")
        if kind == "household" and isinstance(members, list) and members:
            data["size"] = len(members)
        return data

    def _row(self, rng: random.Random, record: str, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for fact in self.facts.get(record, ()):
            absent = rng.random() < (GAP if not fact.instead else DERIVE)
            value = self._value(rng, fact, depth)
            if absent or value is None:
                continue
            target = data
            *groups, last = fact.path.split(".")
            for group in groups:
                target = target.setdefault(group, {})
            target[last] = value
            for path in fact.instead:
                _drop(data, path.split("."))
        given = {
            name: rng.random() < 0.7
            for name in self.externals.get(record, ())
            if rng.random() > GAP
        }
        if given:
            data["external"] = {self.pack: given}
        return data

    def _value(self, rng: random.Random, fact: Drawn, depth: int) -> Any:
        match fact.kind:
            case "bool":
                return rng.random() < 0.6
            case "int" | "number" | "money" | "share":
                return self._number(rng, fact)
            case "date" | "year_month":
                return self._date(rng, fact)
            case "code":
                return rng.choice(self._codes(fact))
            case "codes":
                codes = self._codes(fact)
                return sorted(set(rng.choices(codes, k=rng.randint(0, 2))))
            case "text":
                return f"x{rng.randint(0, 9)}"
            case "list" if depth < DEEPEST:
                most = MEMBERS if fact.item == "member" else ITEMS
                count = rng.randint(1 if fact.item == "member" else 0, most)
                return [self._row(rng, fact.item or "", depth + 1) for _ in range(count)]
            case "by_year" if depth < DEEPEST:
                return {str(y): self._row(rng, fact.item or "", depth + 1) for y in self.years}
            case "record" if depth < DEEPEST:
                return self._row(rng, fact.item or "", depth + 1)
            case _:
                return None

    def _codes(self, fact: Drawn) -> list[str]:
        """The codes of a fact; those the pack names come more often."""
        named = [c for c in fact.lines if c in fact.codes]
        return [*fact.codes, *named * max(1, len(fact.codes) // (len(named) or 1))]

    def _number(self, rng: random.Random, fact: Drawn) -> int | Decimal:
        step = Fraction(1) if fact.kind == "int" else Fraction(1, 100)
        if fact.lines and rng.random() < AT_A_LINE:
            value = Fraction(rng.choice(fact.lines)) + rng.choice((-1, 0, 0, 1)) * step
        else:
            lo = 0 if fact.lo is None else math.ceil(Fraction(fact.lo))
            hi = {"money": 40000, "share": 1}.get(fact.kind, 20)
            value = Fraction(rng.choice(self.years) if lo > hi else rng.randint(max(lo, 0), hi))
        if fact.hi is not None:
            value = min(value, Fraction(fact.hi))
        if fact.lo is not None:
            value = max(value, Fraction(fact.lo))
        if fact.kind == "int" or value.denominator == 1:
            return int(value)
        return Decimal(figure(value))

    def _date(self, rng: random.Random, fact: Drawn) -> str:
        lines = [date.fromisoformat(x) for x in fact.lines] + list(self.days)
        if lines and rng.random() < AT_A_LINE:
            day = rng.choice(lines) + timedelta(days=rng.choice((-30, -1, 0, 1, 30)))
        else:
            year = rng.choice((1955, 1975, 1990, 2008, *self.years))
            day = date(year, rng.randint(1, 12), rng.randint(1, 28))
        return f"{day:%Y-%m}" if fact.kind == "year_month" else str(day)


def _read(data: Mapping[str, Any]) -> Drawn:
    body: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Drawn(**body)


def _drawn(spec: FactSpec, pack: Pack, sampler: Sampler) -> Drawn:
    codes = tuple(pack.vocabulary.codes[spec.codes].values) if spec.codes else ()
    wanted: tuple[type, ...] = (int, Fraction)
    if spec.kind in ("date", "year_month"):
        wanted = (date,)
    elif codes:
        wanted = (str,)
    edges = [e for e in sampler.edges.get(spec.field, ()) if isinstance(e, wanted)]
    lines = tuple(figure(e) if isinstance(e, int | Fraction) else str(e) for e in edges)
    return Drawn(
        spec.path,
        spec.kind,
        _edge(spec.lo),
        _edge(spec.hi),
        spec.item,
        codes,
        lines,
        _sources(spec, pack),
    )


def _sources(spec: FactSpec, pack: Pack) -> tuple[str, ...]:
    """The facts of the same record that a fact is derived from, through others too."""
    found: dict[str, None] = {}
    todo = [spec.field]
    while todo:
        field = todo.pop()
        for part in walk(pack.vocabulary.derived[field]) if field.derived else ():
            if isinstance(part, Fact) and part.field.record == spec.record:
                if part.field.path not in found:
                    todo.append(part.field)
                found[part.field.path] = None
    return tuple(found)


def _drop(data: dict[str, Any], keys: list[str]) -> None:
    for key in keys[:-1]:
        data = data.get(key, {})
    data.pop(keys[-1], None)


def _edge(value: Any) -> str | None:
    if not isinstance(value, int | Fraction):
        return None
    return figure(value)
