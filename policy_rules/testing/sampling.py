"""Random records for a pack: type-directed, biased to the pack's own thresholds, with gaps.

Everything is drawn from a :class:`random.Random`, so that the same generator serves seeded runs and
Hypothesis (through ``st.randoms``). The facts are those the pack reads; the rest is left out.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy_rules.expr.nodes import Const, Field, Node, walk
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.packs.references import expressions
from policy_rules.testing.lines import Lines

#: Chance that a fact is left out, that a derived fact is recorded (and may then conflict), that a
#: list is marked incomplete, that a recorded date is partial.
GAP, DERIVED, INCOMPLETE, PARTIAL = 0.2, 0.15, 0.1, 0.1
MAX_DEPTH = 4


class Sampler:
    """Draws records and dates for one pack."""

    def __init__(self, pack: Pack, *, gap: float = GAP, derived: float = DERIVED) -> None:
        self.pack = pack
        self.gap = gap
        self.derived = derived
        self.facts: dict[str, list[FactSpec]] = {}
        for spec in required_facts(pack):
            self.facts.setdefault(spec.record, []).append(spec)
        self.edges = thresholds(pack)
        self.years = sorted(set(years(pack))) or [2022]
        self.days = sorted(set(edge_days(pack)))
        self.externals: dict[str, list[str]] = {}
        for external in pack.externals.values():
            self.externals.setdefault(external.subject, []).append(external.id)

    def as_of(self, rng: random.Random) -> date:
        """A date, often at an edge of validity."""
        if self.days and rng.random() < 0.4:
            return rng.choice(self.days) + timedelta(days=rng.choice((-1, 0, 1)))
        start = self.pack.in_force.start or date(2022, 1, 1)
        end = self.pack.in_force.end or date(2024, 12, 31)
        return start + timedelta(days=rng.randint(0, (end - start).days))

    def record(self, rng: random.Random, kind: str = "household") -> dict[str, Any]:
        """Plain data of one record."""
        data: dict[str, Any] = {"kind": kind, **self.row(rng, kind, 0)}
        if kind == "household" and isinstance(data.get("members"), list) and rng.random() < 0.5:
            data["size"] = max(1, len(data["members"]))
        return data

    def row(self, rng: random.Random, record: str, depth: int) -> dict[str, Any]:
        """The facts of one row, dotted names nested; derived facts are mostly left to derive."""
        data: dict[str, Any] = {}
        for spec in self.facts.get(record, ()):
            gap = self.gap if spec.derive is None else max(self.gap, 1 - self.derived)
            if rng.random() < gap:
                continue
            value = self.value(rng, spec, depth)
            if value is None:
                continue
            target = data
            *groups, last = spec.path.split(".")
            for group in groups:
                target = target.setdefault(group, {})
            target[last] = value
        given = {
            e: rng.random() < 0.6 for e in self.externals.get(record, ()) if rng.random() > self.gap
        }
        if given:
            data["external"] = {self.pack.id: given}
        return data

    def value(self, rng: random.Random, spec: FactSpec, depth: int) -> Any:
        """A value of a fact; None leaves it out."""
        match spec.kind:
            case "bool":
                return rng.random() < 0.5
            case "int" | "number" | "money" | "share":
                return self.number(rng, spec)
            case "date" | "year_month":
                return self.date(rng, spec)
            case "code":
                return rng.choice(self.codes(spec))
            case "codes":
                codes = self.codes(spec)
                return rng.sample(codes, rng.randint(0, min(3, len(codes))))
            case "text":
                return f"x{rng.randint(0, 9)}"
            case "list":
                return self.items(rng, spec, depth)
            case "by_year":
                if depth >= MAX_DEPTH:
                    return None
                chosen = [y for y in self.years if rng.random() > self.gap]
                return {str(y): self.row(rng, spec.item or "", depth + 1) for y in chosen}
            case _:
                return None if depth >= MAX_DEPTH else self.row(rng, spec.item or "", depth + 1)

    def codes(self, spec: FactSpec) -> list[str]:
        """The codes of a fact; those the pack names come more often."""
        every = list(self.pack.vocabulary.codes[spec.codes or ""].values)
        return every + [c for c in self.edges.get(spec.field, ()) if c in every] * 3

    def items(self, rng: random.Random, spec: FactSpec, depth: int) -> Any:
        """A list of rows, now and then incomplete."""
        if depth >= MAX_DEPTH:
            return None
        most = 5 if spec.item == "member" else 2
        rows = [self.row(rng, spec.item or "", depth + 1) for _ in range(rng.randint(0, most))]
        if rng.random() < INCOMPLETE:
            return {"items": rows, "complete": False}
        return rows

    def number(self, rng: random.Random, spec: FactSpec) -> int | Decimal:
        """A number, mostly at or next to one of the pack's thresholds for the fact."""
        step = Fraction(1) if spec.kind == "int" else Fraction(1, 100)
        edges = [e for e in self.edges.get(spec.field, ()) if isinstance(e, int | Fraction)]
        if edges and rng.random() < 0.75:
            number = Fraction(rng.choice(edges)) + rng.choice((-1, 0, 0, 1)) * step
        else:
            lo = -1000 if spec.lo == -math.inf else math.ceil(spec.lo)
            hi = {"money": 40000, "share": 1}.get(spec.kind, 20)
            # a range that begins beyond the usual figures is one of years
            number = Fraction(rng.choice(self.years) if lo > hi else rng.randint(lo, hi))
        if spec.hi != math.inf:
            number = min(number, Fraction(spec.hi))
        if spec.lo != -math.inf:
            number = max(number, Fraction(spec.lo))
        if spec.kind == "int" or number.denominator == 1:
            return int(number)
        return Decimal(number.numerator) / Decimal(number.denominator)

    def date(self, rng: random.Random, spec: FactSpec) -> str:
        """A date, mostly at or next to one of the pack's dates."""
        edges = [e for e in self.edges.get(spec.field, ()) if isinstance(e, date)] + self.days
        if edges and rng.random() < 0.7:
            day = rng.choice(edges) + timedelta(days=rng.choice((-1, 0, 1, 30, -30)))
        else:
            day = date(
                rng.choice((1960, 1990, 2008, 2020, 2022)), rng.randint(1, 12), rng.randint(1, 28)
            )
        if spec.kind == "year_month" or rng.random() < PARTIAL:
            return f"{day:%Y-%m}"
        return str(day)


def thresholds(pack: Pack) -> dict[Field, tuple[Any, ...]]:
    """The figures, codes and days each fact is compared with, through definitions too."""
    lines = Lines.of(pack, derived=False)
    found: dict[Field, tuple[Any, ...]] = {}
    for kind in (lines.numbers, lines.codes, lines.days):
        for field, values in kind.items():
            found[field] = (*found.get(field, ()), *values)
    return found


def _nodes(pack: Pack) -> Iterator[Node]:
    for section in (pack.populations, pack.definitions, pack.rules, pack.targets):
        for thing in section.values():
            for node in expressions(thing):
                yield from walk(node)


def years(pack: Pack) -> Iterator[int]:
    """Calendar years around the pack's dates and in its conditions."""
    for day in edge_days(pack):
        yield from (day.year - 1, day.year)
    for node in _nodes(pack):
        if isinstance(node, Const) and isinstance(node.value, int) and 2015 <= node.value <= 2035:
            yield node.value


def edge_days(pack: Pack) -> Iterator[date]:
    """First and last days of validity of the pack and its rules."""
    periods = [pack.in_force, *(r.in_force for r in pack.rules.values())]
    for period in periods:
        yield from (d for d in (period.start, period.end) if d is not None)
