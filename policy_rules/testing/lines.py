"""The lines a pack draws: what each fact is compared with, directly or through what it goes into.

A number or date next to a line is where rules are wrong; strategies, the search for records near a
rule and the trial of completions all take their values from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.expr.nodes import (
    Arith,
    Call,
    Compare,
    Const,
    Fact,
    Field,
    Fold,
    Holds,
    Known,
    Named,
    Node,
    OneOf,
    Param,
    SetTest,
    TableCall,
    children,
    walk,
)
from policy_rules.facts.dates import add_months
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack, Period
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import expressions

#: Numbers that stand in a quotient or sum with others are tried at these multiples of a line, too.
MULTIPLES: Final = (1, 2, 3, 4, 5)
#: Months that a unit of what a function of dates gives comes to.
_MONTHS: Final = {"months_between": 1, "calendar_months": 1, "age_on": 12}


@attrs.frozen(eq=False)
class Lines:
    """What facts are compared with, by fact.

    ``numbers``, ``codes`` and ``days`` are compared with directly; ``months`` are distances of a date
    from the date of evaluation. ``edges`` are first and last days of validity: of the pack, its rules
    and its parameters.
    """

    numbers: Mapping[Field, tuple[Fraction, ...]]
    codes: Mapping[Field, tuple[str, ...]]
    days: Mapping[Field, tuple[date, ...]]
    months: Mapping[Field, tuple[int, ...]]
    edges: tuple[date, ...]
    years: tuple[int, ...]

    @classmethod
    def of(cls, pack: Pack, rules: Iterable[str] | None = None, *, derived: bool = True) -> Lines:
        """The lines of a pack, or of some of its rules and all they name.

        With ``derived`` a line of a derived fact is one of the facts it is derived from, too.
        """
        return _Finder(pack, rules, derived).lines()

    def numbers_of(self, spec: FactSpec) -> tuple[int | Decimal, ...]:
        """Values at, just below and just above the lines of a number, those within its range."""
        step = Fraction(1) if spec.kind == "int" else Fraction(1, 100)
        found = [
            line + side * step for line in self.numbers.get(spec.field, ()) for side in (0, -1, 1)
        ]
        if spec.kind == "int":
            found = [Fraction(math.floor(n)) for n in found]
        return tuple(dict.fromkeys(plain_number(n) for n in found if spec.lo <= n <= spec.hi))

    def days_of(self, spec: FactSpec, as_of: date) -> tuple[date, ...]:
        """Days at, before and after the lines of a date, as seen on a day."""
        field = spec.field
        found = [
            day + timedelta(days=side) for day in self.days.get(field, ()) for side in (0, -1, 1)
        ]
        for months in self.months.get(field, ()):
            day = add_months(as_of, -months)
            found += (day + timedelta(days=side) for side in (0, 1, -1))
        return tuple(dict.fromkeys(found))


def plain_number(value: Fraction) -> int | Decimal:
    """An exact number as records give it."""
    if value.denominator == 1:
        return int(value)
    return Decimal(value.numerator) / Decimal(value.denominator)


class _Finder:
    def __init__(self, pack: Pack, rules: Iterable[str] | None, derived: bool) -> None:
        self.pack, self.derived = pack, derived
        self.names = _expressed(pack, rules)
        self.numbers: dict[Field, dict[Fraction, None]] = {}
        self.codes: dict[Field, dict[str, None]] = {}
        self.days: dict[Field, dict[date, None]] = {}
        self.months: dict[Field, dict[int, None]] = {}
        self.params: dict[str, None] = {}

    def lines(self) -> Lines:
        years: dict[int, None] = {}
        for name in self.names:
            section, _, key = name.partition(".")
            for whole in expressions(getattr(self.pack, section)[key]):
                for node in self.deep(whole):
                    self.compare(node)
                    if isinstance(node, Param):
                        self.params[node.name] = None
                    if (
                        isinstance(node, Const)
                        and isinstance(node.value, int)
                        and 2015 <= node.value <= 2035
                    ):
                        years[node.value] = None
        edges = tuple(self.edges())
        around = {y: None for d in edges for y in (d.year, d.year - 1) if 1990 < y <= 2100}
        return Lines(
            {f: tuple(sorted(v)) for f, v in self.numbers.items()},
            {f: tuple(v) for f, v in self.codes.items()},
            {f: tuple(sorted(v)) for f, v in self.days.items()},
            {f: tuple(sorted(v)) for f, v in self.months.items()},
            edges,
            tuple(sorted(years | around)) or (2022,),
        )

    def deep(self, node: Node) -> Iterator[Node]:
        """A condition and the expressions of the derived facts in it."""
        for part in walk(node):
            yield part
            if isinstance(part, Fact) and part.field.derived:
                yield from self.deep(self.pack.vocabulary.derived[part.field])

    def edges(self) -> Iterator[date]:
        """First and last days, without those told before, the pack's own first."""
        periods = [self.pack.in_force]
        for name in self.names:
            section, _, key = name.partition(".")
            if section == "rules":
                periods.append(self.pack.rules[key].in_force)
        for key in self.params:
            periods += (v.period for v in self.pack.parameters[key].values)
        yield from dict.fromkeys(day for period in periods for day in _ends(period))

    def compare(self, node: Node) -> None:
        match node:
            case Compare():
                for one, other in ((node.left, node.right), (node.right, node.left)):
                    self.put(one, tuple(self.values(other)), 0, False)
            case OneOf(item=item, options=options):
                self.put(item, tuple(sorted(options, key=str)), 0, False)
            case Holds(codes=codes, code=code):
                self.put(codes, (code,), 0, False)
            case SetTest():
                for facts, chosen in ((node.left, node.right), (node.right, node.left)):
                    if isinstance(chosen, frozenset) and not isinstance(facts, frozenset):
                        self.put(facts, tuple(sorted(chosen)), 0, False)
            case TableCall(table=table, arg=arg):
                rows = self.pack.tables[table].rows
                values = [v for row in rows for v in (row.key, row.lo, row.hi) if v is not None]
                self.put(arg, tuple(values), 0, False)

    def values(self, node: Node) -> Iterator[Any]:
        """The figures, days and codes in one side of a comparison."""
        for part in walk(node):
            if isinstance(part, Param):
                yield from (v.value for v in self.pack.parameters[part.name].values)
            elif isinstance(part, Call) and part.function == "date":
                numbers = [int(a.value) for a in part.args if isinstance(a, Const)]  # type: ignore[arg-type]
                if len(numbers) == 3:
                    yield date(*numbers)
            elif isinstance(part, Named) and part.kind == "defined":
                yield from self.values(self.pack.definitions[part.name].value)
            elif isinstance(part, Const):
                yield part.value

    def put(self, node: Node, values: tuple[Any, ...], months: int, mixed: bool) -> None:
        """Lines for every fact that goes into one side of a comparison."""
        if not values:
            return
        match node:
            case Fact(field=field):
                self.note(field, values, months, mixed)
                if field.derived and self.derived:
                    self.put(self.pack.vocabulary.derived[field], values, months, mixed)
                self.put(node.base, values, months, mixed)
            case Named(kind="defined", name=name):
                self.put(self.pack.definitions[name].value, values, months, mixed)
            case Call(function=function, args=args):
                within = _MONTHS.get(function, 0)
                for arg in args:
                    self.put(arg, values, within or months, mixed)
            case Arith():
                for child in children(node):
                    self.put(child, values, months, True)
            case Compare() | Known():
                return
            case Fold(body=body):
                if body is not None:
                    self.put(body, values, months, True)
            case _:
                for child in children(node):
                    self.put(child, values, months, mixed)

    def note(self, field: Field, values: tuple[Any, ...], months: int, mixed: bool) -> None:
        for value in values:
            if isinstance(value, str):
                self.codes.setdefault(field, {})[value] = None
            elif isinstance(value, date):
                self.days.setdefault(field, {})[value] = None
            elif months:
                self.months.setdefault(field, {})[int(value) * months] = None
            else:
                for times in MULTIPLES if mixed else (1,):
                    self.numbers.setdefault(field, {})[Fraction(value) * times] = None


def _ends(period: Period) -> Iterator[date]:
    yield from (d for d in (period.start, period.end) if d is not None)


def reached(pack: Pack, rules: Iterable[str]) -> list[str]:
    """Some rules and all they name, as ``section.name``."""
    graph = graph_of(pack)
    seen: dict[str, None] = {}
    todo = [f"rules.{name}" for name in rules]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = None
            todo += sorted(graph.get(name, ()))
    return list(seen)


def _expressed(pack: Pack, rules: Iterable[str] | None) -> list[str]:
    """The things with expressions that count: all, or some rules and what they name."""
    sections = ("populations", "definitions", "rules", "targets")
    if rules is None:
        return [f"{section}.{key}" for section in sections for key in getattr(pack, section)]
    return [name for name in reached(pack, rules) if name.partition(".")[0] in sections]
