"""Small records on which a rule says YES, and on which it says NO: found by search, without a solver.

The search starts from an empty record, or a random one, and moves one fact at a time to a value at or
next to a line, where a line stands against the verdict that is wanted. What is found is made smaller.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Literal

import attrs

from policy_rules.engine.building import MEMBER, OUTSIDE
from policy_rules.engine.reference import Interpreter
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import NotFoundError, Place, PolicyRulesError, Problem, nearest, shown
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import EMPTY_ROW, read_record
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.packs.patch import graph_of
from policy_rules.testing.distance import Distance, Distances
from policy_rules.testing.layout import usual_range
from policy_rules.testing.lines import Lines, plain_number, reached
from policy_rules.testing.records import shrunk
from policy_rules.verdict import Truth

#: A NO is one inside the population a rule speaks of, or one ``outside`` it.
Want = Literal["YES", "NO", "outside"]
#: Records asked in one descent, and descents, before a verdict is given up.
STEPS: Final = 250
STARTS: Final = 12
#: A change that makes things no better is kept with this chance.
SIDEWAYS: Final = 0.3
#: The most items of a list.
MOST: Final = 4


@attrs.frozen
class Spot:
    """One fact that a rule may be moved by, or an external condition (``spec`` None)."""

    record: str
    path: tuple[str, ...]
    spec: FactSpec | None


@attrs.frozen
class Found:
    """A record (``as_of`` in it) and the verdict a rule gives of it, for some subject."""

    record: dict[str, Any]
    verdict: bool


class Reach:
    """What can be reached of one rule of a pack.

    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """

    def __init__(self, pack: Pack, rule: str, interpreter: Interpreter | None = None) -> None:
        if rule not in pack.rules:
            near = nearest(rule, pack.rules)
            raise NotFoundError(Problem("unknown_rule", Place(), got=shown(rule), nearest=near))
        self.pack, self.rule = pack, pack.rules[rule]
        self.kind = "household" if self.rule.subject == "member" else self.rule.subject
        self.lines = Lines.of(pack, (rule,))
        self.at = interpreter or RuleSet(pack).interpreter
        self.judge = self.at.rule(self.rule)
        self.distances = Distances(self.at)
        self._towards: dict[Want, Distance] = {
            "YES": self.distances.rule(self.rule, True),
            "NO": self.distances.rule(self.rule, False),
            "outside": self.distances.outside(self.rule),
        }
        self.spots = tuple(self._spots())
        read = required_facts(pack, (rule,), graph=graph_of(pack))
        self.lists = tuple(spec for spec in read if spec.kind == "list")
        wanted = {spot.record for spot in self.spots} | {spec.record for spec in self.lists}
        self._nests = _nests(pack, self.kind, wanted)
        self.days = self._days()

    # -- asking -------------------------------------------------------------------------------

    def distance(self, data: dict[str, Any], want: Want) -> float:
        """How far a record is from a verdict; for a member's rule, how far its nearest member is."""
        towards = self._towards[want]
        try:
            record = read_record(data, self.pack.vocabulary)
        except PolicyRulesError:
            return 1000.0
        assert record.as_of is not None
        env = self.at.environment(record, record.as_of)
        if self.rule.subject != "member":
            env[MEMBER] = EMPTY_ROW
            return towards(env)
        best = 10.0
        for row in record.members:
            env[MEMBER] = row
            best = min(best, towards(env))
        return best

    def says(self, data: dict[str, Any], want: Want) -> bool:
        """Whether the rule certainly gives a verdict of a record or one of its members."""
        return self.distance(data, want) == 0

    def answers(self, data: dict[str, Any]) -> list[Truth] | None:
        """What the rule says of a record, or of each of its members; None of data that is no record."""
        try:
            record = read_record(data, self.pack.vocabulary)
        except PolicyRulesError:
            return None
        assert record.as_of is not None
        env = self.at.environment(record, record.as_of)
        found = []
        for row in record.members if self.rule.subject == "member" else (EMPTY_ROW,):
            env[MEMBER] = row
            truth = self.judge(env)
            found.append(False if truth is OUTSIDE else truth)
        return found

    # -- searching ----------------------------------------------------------------------------

    @cached_property
    def found(self) -> tuple[Found, ...]:
        """Small records with a YES, then such with a NO, up to two of each; fewer where the search fails.

        A NO lies inside the population of the rule if it can.
        """
        yes = [Found(record, True) for record in self._two("YES")]
        no = list(self._two("NO")) or list(self._two("outside"))
        return (*yes, *(Found(record, False) for record in no))

    def _two(self, want: Want) -> Iterator[dict[str, Any]]:
        rng = random.Random(f"{self.pack.id} {self.rule.id} {want}")
        told: list[dict[str, Any]] = []
        for _ in range(2):
            record = self.search(want, rng)
            if record is None:
                break
            small = self.smaller(record, want)
            if small not in told:
                told.append(small)
        yield from sorted(told, key=lambda r: len(str(r)))

    def search(self, want: Want, rng: random.Random) -> dict[str, Any] | None:
        """A record on which the rule gives a verdict, or None."""
        if self.hopeless(want):
            return None
        for start in range(STARTS):
            data: dict[str, Any] = {"kind": self.kind, "as_of": str(self.days[0])}
            if self.rule.subject == "member":
                data["members"] = [{}]
            if start:
                data["as_of"] = str(rng.choice(self.days))
                for _ in range(rng.randint(0, 2 * len(self.spots))):
                    self.move(data, rng)
            here = self.distance(data, want)
            for _ in range(STEPS):
                if here == 0:
                    return data
                other = copy.deepcopy(data)
                for _ in range(rng.choice((1, 1, 1, 2, 3))):
                    self.move(other, rng)
                there = self.distance(other, want)
                if there < here or (there == here and rng.random() < SIDEWAYS):
                    data, here = other, there
        return None

    def hopeless(self, want: Want) -> bool:
        """Whether a rule has no condition that could give a verdict."""
        rule = self.rule
        if want == "outside":
            return rule.applies_to is None
        return want == "NO" and rule.when is None and rule.unless is None and not rule.excluded_by

    def smaller(self, data: dict[str, Any], want: Want) -> dict[str, Any]:
        """The record without the facts that the verdict does not need."""
        return shrunk(data, lambda one: "as_of" in one and self.says(one, want))

    # -- moving -------------------------------------------------------------------------------

    def move(self, data: dict[str, Any], rng: random.Random) -> None:
        """Move one fact of a record, in place; now and then the day."""
        if not self.spots or rng.random() < 0.04:
            data["as_of"] = str(rng.choice(self.days))
            return
        if self.lists and rng.random() < 0.06:
            self._list(data, rng)
            return
        spot = rng.choice(self.spots)
        row = self._row(data, spot.record, rng)
        if row is None:
            return
        day = date.fromisoformat(data["as_of"])
        value = (
            rng.choice((True, True, False))
            if spot.spec is None
            else self.value(spot.spec, day, rng)
        )
        for key in spot.path[:-1]:
            row = row.setdefault(key, {})
        if value is None:
            row.pop(spot.path[-1], None)
        else:
            row[spot.path[-1]] = value

    def value(self, spec: FactSpec, day: date, rng: random.Random) -> Any:
        """A value of a fact, mostly at or next to a line; None takes it away."""
        if rng.random() < 0.08:
            return None
        match spec.kind:
            case "bool":
                return rng.random() < 0.5
            case "code":
                return rng.choice(self._codes(spec, rng))
            case "codes":
                some = {rng.choice(self._codes(spec, rng)) for _ in range(rng.randint(0, 2))}
                return sorted(some)
            case "text":
                return rng.choice((*self.lines.codes.get(spec.field, ()), "x0", "x1"))
            case "date" | "year_month":
                return self._date(spec, day, rng)
            case _:
                near = self.lines.numbers_of(spec)
                if near and rng.random() < 0.75:
                    return rng.choice(near)
                lo, hi = usual_range(spec, self.lines.years)
                return plain_number(lo + rng.randint(0, max(1, int(hi - lo))) * 1)

    def _codes(self, spec: FactSpec, rng: random.Random) -> tuple[str, ...]:
        named = self.lines.codes.get(spec.field, ())
        every = tuple(self.pack.vocabulary.codes[spec.codes or ""].values)
        return named if named and rng.random() < 0.7 else every

    def _date(self, spec: FactSpec, as_of: date, rng: random.Random) -> str:
        near = self.lines.days_of(spec, as_of)
        if near and rng.random() < 0.7:
            day = rng.choice(near)
        else:
            shift = rng.choice((0, -1, 1, -30, 30, -200, -365, 365, -800, -3000, -9000, -22000))
            day = rng.choice((as_of, *self.lines.edges)) + timedelta(days=shift)
        return f"{day:%Y-%m}" if spec.kind == "year_month" else str(day)

    def _list(self, data: dict[str, Any], rng: random.Random) -> None:
        """Empty a list that the rule reads, take an item away, or add one."""
        spec = rng.choice(self.lists)
        row = self._row(data, spec.record, rng)
        if row is None:
            return
        *groups, last = spec.path.split(".")
        for group in groups:
            row = row.setdefault(group, {})
        items = row.setdefault(last, [])
        draw = rng.random()
        if items and draw < 0.5:
            items.pop(rng.randrange(len(items)))
        elif draw < 0.7 and len(items) < MOST:
            items.append({})
        else:
            row[last] = []

    def _row(self, data: dict[str, Any], record: str, rng: random.Random) -> dict[str, Any] | None:
        """A row of a kind in the record, made on the way where there is none."""
        ways = self._nests.get(record)
        if not ways:
            return None
        row = data
        for spec in rng.choice(ways):
            *groups, last = spec.path.split(".")
            for group in groups:
                row = row.setdefault(group, {})
            if spec.kind == "list":
                items = row.setdefault(last, [])
                if not items or (len(items) < MOST and rng.random() < 0.1):
                    items.append({})
                row = rng.choice(items)
            elif spec.kind == "by_year":
                years = row.setdefault(last, {})
                row = years.setdefault(str(rng.choice(self.lines.years)), {})
            else:
                row = row.setdefault(last, {})
        return row

    def row_paths(self, data: dict[str, Any], record: str) -> list[tuple[str | int, ...]]:
        """Where the rows of a kind stand in a record."""
        found: list[tuple[str | int, ...]] = []
        for way in self._nests.get(record, ()):
            here: list[tuple[tuple[str | int, ...], Any]] = [((), data)]
            for spec in way:
                here = [
                    ((*path, *below), inner)
                    for path, row in here
                    for below, inner in _below(row, spec)
                ]
            found += [path for path, _ in here]
        return found

    def rows(self, data: dict[str, Any], record: str) -> list[dict[str, Any]]:
        """The rows of a kind there are in a record; where there is none, one made for the purpose."""
        found = []
        for path in self.row_paths(data, record):
            row: Any = data
            for key in path:
                row = row[key]
            found.append(row)
        if not found and record in self._nests:
            made = self._row(data, record, random.Random(0))
            found = [made] if made is not None else []
        return found

    def _days(self) -> tuple[date, ...]:
        """Days of evaluation on which the rule speaks, an ordinary one first, then those at its edges."""
        period = self.rule.in_force
        start = period.start or self.pack.in_force.start or date(2022, 1, 1)
        end = period.end or self.pack.in_force.end or date(2024, 12, 31)
        middle = start + (end - start) / 2
        shifts = (0, 1, -1)
        edges = [d + timedelta(days=n) for d in self.lines.edges for n in shifts]
        every = (middle, start, end, *(d for d in edges if period.holds(d)))
        return tuple(dict.fromkeys(every))

    def _spots(self) -> Iterator[Spot]:
        for spec in required_facts(self.pack, (self.rule.id,), graph=graph_of(self.pack)):
            if spec.kind not in ("list", "by_year", "record"):
                yield Spot(spec.record, tuple(spec.path.split(".")), spec)
        for name in sorted(reached(self.pack, (self.rule.id,))):
            section, _, key = name.partition(".")
            if section == "externals":
                keys = ("external", self.pack.id, key)
                yield Spot(self.pack.externals[key].subject, keys, None)


@lru_cache(maxsize=4)
def _interpreter(pack: Pack) -> Interpreter:
    return RuleSet(pack).interpreter


@lru_cache(maxsize=1024)
def reach_of(pack: Pack, rule: str) -> Reach:
    """What can be reached of a rule, kept for the next one who asks.

    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """
    return Reach(pack, rule, _interpreter(pack))


def _below(
    row: dict[str, Any], spec: FactSpec
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """The rows that stand in a list, by year or alone in one fact of a row, each with its path."""
    keys: tuple[str | int, ...] = tuple(spec.path.split("."))
    value: Any = row
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if spec.kind == "list":
        yield from (((*keys, i), item) for i, item in enumerate(value or ()))
    elif spec.kind == "by_year":
        yield from (((*keys, year), item) for year, item in (value or {}).items())
    elif value is not None:
        yield keys, value


def _nests(pack: Pack, kind: str, wanted: set[str]) -> dict[str, list[tuple[FactSpec, ...]]]:
    """The ways from a record of a kind to rows of each record wanted, shortest first, none through itself."""
    found: dict[str, list[tuple[FactSpec, ...]]] = {kind: [()]}
    todo: list[tuple[str, tuple[FactSpec, ...]]] = [(kind, ())]
    while todo:
        record, way = todo.pop(0)
        if len(way) >= 4:
            continue
        passed = {kind, *(s.item for s in way)}
        for spec in pack.vocabulary.records[record].facts.values():
            item = spec.item
            if item is None or item in passed:
                continue
            longer = (*way, spec)
            found.setdefault(item, []).append(longer)
            todo.append((item, longer))
    return {record: ways for record, ways in found.items() if record in wanted}
