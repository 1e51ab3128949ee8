"""The plainest record that shows something: few rows, few facts recorded, round figures.

Greedy: one wish after the other, kept where the solver can meet it together with all kept before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from policy_rules.analysis.terms import Bool, Int, opposite, sum_of, z3
from policy_rules.analysis.world import PARAMETER, Value, World
from policy_rules.expr.nodes import Fact, Field, walk
from policy_rules.tables.lowering.reading import SCALE

#: What a single wish may cost (in the solver's own count of work, so that the same record is found on a slow
#: machine; some tenths of a second), and how many that cost more are tried.
WISH, TOO_DEAR = 500_000, 6
_NO_TIMER: Final = 2**32 - 1
#: Figures people would take for an example, in units; after these round ones.
_MONEY: Final = (3_000, 1_000, 500, 100)
_ROUND: Final = (1_000, 100, 10, 1)
_COUNTS: Final = (0, 1, 2, 3, 4, 6, 12, 18, 24, 36)
_SHARES: Final = (0.5, 0.0, 1.0)


class Chooser:
    """A satisfiable question, narrowed wish by wish; ``model`` meets all that were kept."""

    def __init__(self, solver: Any, model: Any) -> None:
        self.solver = solver
        self.model = model
        self._dear = 0
        solver.set("timeout", _NO_TIMER)
        solver.set("rlimit", WISH)

    def holds(self, term: Bool) -> bool:
        """Whether the model meets a term as it is."""
        return term if isinstance(term, bool) else z3.is_true(self.model.eval(term, True))

    def wish(self, *terms: Bool) -> bool:
        """Keep terms, all or none."""
        if not all(map(self.holds, terms)):
            if self._dear >= TOO_DEAR or any(t is False for t in terms):
                return False
            found = self.solver.check(*(t for t in terms if t is not True))
            if found != z3.sat:
                self._dear += found == z3.unknown
                return False
            self.model = self.solver.model()
        self.solver.add(*(t for t in terms if t is not True))
        return True

    def wish_each(self, terms: Sequence[Bool]) -> None:
        """Keep as many terms as go, first ones first; tried together as long as that works."""
        if not terms or self.wish(*terms) or len(terms) == 1:
            return
        middle = (len(terms) + 1) // 2
        self.wish_each(terms[:middle])
        self.wish_each(terms[middle:])

    def wish_one(self, terms: Iterable[Bool]) -> bool:
        """Keep the first term that goes."""
        return any(self.wish(term) for term in terms)


def plainest(world: World, chooser: Chooser, day: date) -> None:
    """Narrow a question down to its plainest record, seen from a day."""
    chooser.wish_each(list(_fewest_rows(world)))
    chooser.wish_each(list(_fewest_facts(world)))
    chooser.wish_each(list(_plain(world)))
    for value in list(world.values.values()):
        if chooser.holds(value.known) and not value.truth and "bits" not in value.parts:
            _choose(world, chooser, value, day)


def _fewest_rows(world: World) -> Iterator[Bool]:
    for found in world.lists.values():
        yield from (z3.Not(row.there) for row in reversed(found.rows))
    for found in world.lists.values():
        if found.complete is not True:
            yield z3.Implies(found.recorded, found.complete)


def _fewest_facts(world: World) -> Iterator[Bool]:
    """What derived facts derive from goes before they do."""
    depth = _depths(world)
    values = sorted(world.values.values(), key=depth)
    yield from (z3.Not(value.known) for value in values)
    yield from (z3.Not(found.recorded) for found in world.lists.values())
    yield from (z3.Not(recorded) for recorded in world.structures.values())


def _depths(world: World) -> Callable[[Value], int]:
    """How many derivations lie below a fact; external conditions and parameters come last."""
    derived = world.vocabulary.derived

    @cache
    def depth(field: Field) -> int:
        if field not in derived:
            return 0
        below = (n.field for n in walk(derived[field]) if isinstance(n, Fact))
        return 1 + max(map(depth, below), default=0)

    return lambda value: 99 if value.spec is None else depth(value.spec.field)


def _plain(world: World) -> Iterator[Bool]:
    for value in world.values.values():
        parts, spec = value.parts, value.spec
        if "year" in parts:
            partial = spec is not None and spec.kind == "year_month"
            yield opposite(parts["whole_year"])
            if not partial:
                yield opposite(parts["whole_month"])
        elif "bits" in parts:
            yield from (z3.Not(bit) for bit in parts["bits"])
        elif (
            value.truth
        ):  # a plain household lacks what a fact asks for; a condition left open is met
            yield parts["value"] if spec is None else z3.Not(parts["value"])


def _choose(world: World, chooser: Chooser, value: Value, day: date) -> None:
    parts, spec = value.parts, value.spec
    if "year" in parts:
        birth = "birth" in value.path or "born" in value.path
        years = (1980, 1960, 2000, 2010) if birth else (day.year - 1, day.year, day.year - 2)
        chooser.wish_one(_are(parts["year"], years))
        chooser.wish_one(_are(parts["month"], (6, 1, 12)))
        chooser.wish_one(_are(parts["day"], (15, 1)))
        return
    term = parts["value"]
    kind = "money" if value.path.startswith(PARAMETER) else "" if spec is None else spec.kind
    if kind in ("code", "text"):
        chooser.wish_one(_are(term, value.range))
        return
    one = SCALE // value.step if kind != "int" else 1
    if value.path == "size" and value.row is world.top and chooser.wish_one(_sizes(world, term)):
        return
    if kind == "money":
        chooser.wish_one(term <= one * most for most in (100_000, 10_000_000, 1_000_000_000))
        chooser.wish(term >= 0)
        # between two lines rather than on one of them, where there is room
        if chooser.wish_one((term == 5_000 * one, term % (1_000 * one) == 500 * one)):
            return
        if chooser.wish_one(_are(term, [one * v for v in _MONEY])):
            return
    elif kind == "share":
        if chooser.wish_one(_are(term, [round(one * v) for v in _SHARES])):
            return
        chooser.wish_one(term % (one // part) == 0 for part in (10, 100, 1000))
        return
    else:
        chooser.wish_one(z3.And(term >= -m * one, term <= m * one) for m in (100, 10_000, 10**7))
        if chooser.wish_one(_are(term, [one * v for v in _COUNTS])):
            return
    chooser.wish_one(term % (part * one) == 0 for part in _ROUND)


def _are(term: Int, options: Iterable[int]) -> Iterator[Bool]:
    return (term == option for option in options)


def _sizes(world: World, term: Int) -> Iterator[Bool]:
    """The size of the household: as many as its members are, where they are all listed."""
    members = world.lists.get(("household.members", 0))
    if members is not None:
        there = sum_of(z3.If(row.there, 1, 0) for row in members.rows)
        yield z3.And(members.complete, term == there)
    yield from _are(term, (3, 4, 2, 1))
