"""Records that leave a rule open although every value of one missing fact gives the same answer.

The interpreter looks at one condition after the other; where two hang on the same fact, the whole may be decided
though neither is. The values of the fact are tried by counterexample: a record that the values seen so far decide,
a value that does not, and so on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, Literal

import attrs

from policy_rules.analysis.asking import Answers, Asked
from policy_rules.analysis.model import Bounds, Witness
from policy_rules.analysis.natural import Chooser, plainest
from policy_rules.analysis.relating import question, witness
from policy_rules.analysis.terms import Bool, all_of, opposite, z3
from policy_rules.analysis.world import PARAMETER, Value, World
from policy_rules.tables.lowering.places import operands
from policy_rules.tables.plan import Define, Down, Runs, Up
from policy_rules.verdict import Verdict

#: Values tried of one fact, facts of one rule.
TRIES, FACTS = 12, 20
#: What one question may cost, in the solver's own count of work: among all rules of a pack, for one rule alone.
QUICK, THOROUGH = 150_000, 2_000_000
_EXACT: Final = ("whole_month", "whole_year")


@attrs.frozen(eq=False)
class Beyond:
    """A record left open, and the path of the fact that would not matter."""

    witness: Witness
    fact: str


def beyond(
    asked: Asked, world: World, answers: Answers, base: list[Bool], bounds: Bounds, cost: int
) -> Beyond | Literal["undecided"] | None:
    """The first such record of a rule; None where no single fact has one."""
    undecided = False
    verdict = answers.verdict()
    for value in list(_read_twice(asked, world))[:FACTS]:
        for term in (verdict.yes, verdict.no):
            if term is False:
                continue
            found = _Search(asked, world, base, bounds, value, verdict.null, term, cost).run()
            if isinstance(found, Witness):
                return Beyond(found, _name(value))
            undecided = undecided or found == "undecided"
    return "undecided" if undecided else None


def _name(value: Value) -> str:
    """``member.startup.employees``, ``income_year.net(2022)``, ``external.poor_credit``."""
    if value.spec is None:
        return f"external.{value.path.rpartition('.')[2]}"
    year = "" if value.row.year is None else f"({value.row.year})"
    return f"{value.spec.record}.{value.spec.path}{year}"


def _read_twice(asked: Asked, world: World) -> Iterator[Value]:
    """The facts of the subject, its record and its years that the verdict hangs on in more than one way."""
    ways = Counter({(asked.outcome.frame, asked.outcome.verdict): 1})
    for step in reversed(asked.plan.steps):
        count = min(ways[step.frame, step.name], 2)
        match step:
            case Define(frame=frame, expr=expr):
                for ref in operands(expr):
                    ways[frame, ref.name] += count
            case Down(outer=outer, source=source):
                ways[outer, source] += count
            case Up(inner=inner, source=source):
                ways[inner, source] += count
            case Runs(inner=inner, first=first, last=last):
                ways[inner, first] += count
                ways[inner, last] += count
    for value in world.values.values():
        row = value.row
        if value.path.startswith(PARAMETER):
            continue
        if row.year is not None:
            assert row.outer is not None
            row = row.outer
        if (
            row.number == 0
            and row.frame in (asked.kind, "household.members")
            and ways[value.row.frame, value.path] > 1
        ):
            yield value


class _Search:
    """One fact, one verdict."""

    def __init__(
        self,
        asked: Asked,
        world: World,
        base: list[Bool],
        bounds: Bounds,
        value: Value,
        null: Bool,
        term: Bool,
        cost: int,
    ) -> None:
        self.asked, self.world, self.base = asked, world, base
        self.bounds, self.cost = bounds, cost
        self.value, self.null, self.term = value, null, term
        self.parts: list[Any] = list(_terms(value))
        self.seen: list[Bool] = []

    def run(self) -> Witness | Literal["undecided"] | None:
        """A record all values seen decide, until no value is left that does not."""
        value = self.value
        there = [value.row.there, opposite(value.known), self.null]
        there += [
            self.world.structure(value.row, p) for p in self.world.above(value.row, value.path)
        ]
        for _ in range(TRIES):
            solver, found = self._check(*there, *self.seen)
            if found != z3.sat:
                return None if found == z3.unsat else "undecided"
            chooser = Chooser(solver, solver.model())
            plainest(self.world, chooser, self.asked.day)
            other = self._other_value(chooser.model)
            if other is None:
                truths = (Verdict.UNKNOWN, None)
                return witness(self.world, [self.asked], "left_only", truths, chooser.model)
            if isinstance(other, str):
                return "undecided"
            self.seen.append(other)
        return "undecided"

    def _check(self, *terms: Bool) -> tuple[Any, Any]:
        solver = question(self.bounds, *self.base, *terms)
        if solver is None:
            return None, z3.unsat
        solver.set("rlimit", self.cost)
        return solver, solver.check()

    def _other_value(self, model: Any) -> Bool | Literal["undecided"] | None:
        """A value that does not give the verdict on the record of a model, as a further condition."""
        own = {term.get_id() for term in self.parts} | {self.value.known.get_id()}
        fixed = [
            term == model.eval(term, True)
            for term in self.world.terms()
            if term.get_id() not in own
        ]
        exact = (z3.Not(self.value.parts[p]) for p in _EXACT if p in self.value.parts)
        solver, found = self._check(*fixed, self.value.known, opposite(self.term), *exact)
        if found == z3.unsat:
            return None
        if found != z3.sat:
            return "undecided"
        given = solver.model()
        pairs = [(term, given.eval(term, True)) for term in self.parts]
        pairs.append((self.value.known, z3.BoolVal(True)))
        return all_of([z3.substitute(self.term, *pairs)])


def _terms(value: Value) -> Iterator[Any]:
    for part in value.parts.values():
        yield from part if isinstance(part, tuple) else (part,)
