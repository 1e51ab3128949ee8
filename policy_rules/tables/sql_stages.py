"""What of a plan becomes a column, and in which stage: the shape of the SQL, without a word of it.

A plan names every value it computes; as SQL that would be thousands of columns one on top of the other.
Here a value becomes a column where it is used more than once, is aggregated, sent down or answered, or
where its expression would grow too deep; everything else is written into the place of its use. A column's
*stage* counts how often frames were crossed on the way to it (one table a stage and frame), its *level*
the columns under it within the stage (one SELECT a level).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from policy_rules.tables.plan import (
    Among,
    Define,
    Down,
    Expr,
    Kind,
    Lit,
    Op,
    Plan,
    Ref,
    Runs,
    Step,
    Up,
)

#: Deepest expression and largest number of nodes written in one place.
DEEPEST: Final = 10
LARGEST: Final = 80
#: An expression of so many nodes is rather computed twice than kept as a column.
CHEAP: Final = 2

Key = tuple[str, Expr]
Crossing = Down | Up | Runs


@attrs.frozen
class Columns:
    """The columns of a plan: inputs, steps in order, and where the outcomes stand in each frame."""

    inputs: dict[str, dict[str, Kind]]
    steps: tuple[Step, ...]
    results: dict[str, dict[str, Ref | Lit]]


def outcomes(plan: Plan) -> dict[str, dict[str, None]]:
    """The names an engine has to answer, by frame."""
    found: dict[str, dict[str, None]] = {}
    for outcome in plan.outcomes:
        names = found.setdefault(outcome.frame, {})
        for name in (outcome.verdict, outcome.outside, outcome.met, *(outcome.amount or ())):
            if name is not None:
                names[name] = None
    if plan.odd is not None:
        found.setdefault(plan.frames[0], {})[plan.odd] = None
    return found


def columns(plan: Plan, twice: frozenset[str]) -> Columns:
    """Which values become columns; ``twice`` are operators that write their arguments more than once."""
    graph = _Graph(plan)
    return graph.cut(outcomes(plan), twice)


class _Graph:
    """The values of a plan, each once: names are taken away, what is equal is one node."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.kinds: dict[tuple[str, str], Kind] = {(n.frame, n.name): n.kind for n in plan.needed}
        self.values: dict[tuple[str, str], Expr] = {}
        self.crossings: dict[Key, Crossing] = {}
        self.names: dict[Key, str] = {}
        self.order: dict[Key, None] = {}
        self._seen: dict[Expr, Expr] = {}
        self._valued: dict[Key, Expr] = {}
        same: dict[object, Expr] = {}
        for step in plan.steps:
            if isinstance(step, Define):
                value = self._value(step.frame, step.expr)
                self.names.setdefault((step.frame, value), step.name)
            else:
                kind: Kind = "int" if isinstance(step, Runs) else step.kind
                what = getattr(step, "aggregate", None)
                read = (type(step), step.frame, what, *self._read(step))
                value = same.setdefault(read, Ref(step.name, kind))
                self._node(step.frame, value)
                self.crossings.setdefault((step.frame, value), step)
            self.values[step.frame, step.name] = value

    def _node(self, frame: str, expr: Expr) -> Expr:
        one = self._seen.setdefault(expr, expr)
        self.order.setdefault((frame, one))
        return one

    def _value(self, frame: str, expr: Expr) -> Expr:
        found = self._valued.get((frame, expr))
        if found is None:
            found = self._valued[frame, expr] = self._new_value(frame, expr)
        return found

    def _new_value(self, frame: str, expr: Expr) -> Expr:
        match expr:
            case Ref(name=name, kind=kind):
                return self._named(frame, name, kind)[1]
            case Op(name=name, args=args, kind=kind):
                return self._node(frame, Op(name, tuple(self._value(frame, a) for a in args), kind))
            case Among(item=item, options=options):
                return self._node(frame, Among(self._value(frame, item), options))
        return self._node(frame, expr)

    def _named(self, frame: str, name: str, kind: Kind) -> Key:
        value = self.values.get((frame, name))
        return frame, value or self._node(frame, Ref(name, self.kinds.get((frame, name), kind)))

    def _read(self, step: Crossing | None) -> Iterable[Key]:
        """The values of other frames that a crossing reads."""
        match step:
            case Down(outer=outer, source=source, kind=kind):
                yield self._named(outer, source, kind)
            case Up(inner=inner, source=source, kind=kind):
                yield self._named(inner, source, kind)
            case Runs(inner=inner, first=first, last=last):
                yield self._named(inner, first, "int")
                yield self._named(inner, last, "int")

    def cut(self, wanted: dict[str, dict[str, None]], twice: frozenset[str]) -> Columns:
        roots = {
            (frame, name): self._named(frame, name, "bool")
            for frame, names in wanted.items()
            for name in names
        }
        uses, kept, sent = self._uses(roots.values(), twice)
        taken = {*self.values, *self.kinds}
        inputs: dict[str, dict[str, Kind]] = {frame: {} for frame in self.plan.frames}
        bodies: dict[Key, tuple[Expr, int, int]] = {}
        steps: list[Step] = []
        for key in self.order:
            if key not in uses:
                continue
            frame, expr = key
            crossing = self.crossings.get(key)
            if crossing is not None:
                steps.append(self._reading(crossing, bodies))
                bodies[key] = (expr, 1, 1)
            elif isinstance(expr, Ref):
                inputs[frame][expr.name] = expr.kind
                bodies[key] = (expr, 1, 1)
            else:
                body, depth, size = _body(frame, expr, bodies)
                many = uses[key] > 1 and size > CHEAP
                deep = depth >= DEEPEST or size >= LARGEST
                if many or deep or key in sent or (key in kept and not isinstance(expr, Lit)):
                    name = self.names.get(key, f"~{len(steps)}")
                    while key not in self.names and (frame, name) in taken:
                        name += "~"
                    steps.append(Define(frame, name, body))
                    body, depth, size = Ref(name, expr.kind), 1, 1
                bodies[key] = (body, depth, size)
        results: dict[str, dict[str, Ref | Lit]] = {frame: {} for frame in wanted}
        for (frame, name), key in roots.items():
            atom = bodies[key][0]
            assert isinstance(atom, Ref | Lit)
            results[frame][name] = atom
        return Columns(inputs, tuple(steps), results)

    def _uses(
        self, roots: Iterable[Key], twice: frozenset[str]
    ) -> tuple[dict[Key, int], set[Key], set[Key]]:
        """How often each value that is needed is used; which are kept as columns, which leave the frame."""
        uses: dict[Key, int] = dict.fromkeys(roots, 1)
        kept: set[Key] = set(uses)
        sent: set[Key] = set()
        for key in reversed(self.order):
            if key not in uses:
                continue
            frame, expr = key
            for source in self._read(self.crossings.get(key)):
                uses[source] = uses.get(source, 0) + 1
                sent.add(source)
            for child in _children(expr):
                uses[frame, child] = uses.get((frame, child), 0) + 1
                if isinstance(expr, Op) and expr.name in twice:
                    kept.add((frame, child))
        return uses, kept, sent

    def _reading(self, step: Crossing, bodies: dict[Key, tuple[Expr, int, int]]) -> Crossing:
        """The step reading the columns that its sources became."""
        atoms = [bodies[source][0] for source in self._read(step)]
        names = [atom.name for atom in atoms if isinstance(atom, Ref)]
        if isinstance(step, Runs):
            return attrs.evolve(step, first=names[0], last=names[1])
        return attrs.evolve(step, source=names[0])


def _children(expr: Expr) -> tuple[Expr, ...]:
    match expr:
        case Op(args=args):
            return args
        case Among(item=item):
            return (item,)
    return ()


def _body(
    frame: str, expr: Expr, bodies: dict[Key, tuple[Expr, int, int]]
) -> tuple[Expr, int, int]:
    """An expression over columns, its depth and its size."""
    parts = [bodies[frame, child] for child in _children(expr)]
    depth = 1 + max((p[1] for p in parts), default=0)
    size = 1 + sum(p[2] for p in parts)
    match expr:
        case Op(name=name, kind=kind):
            return Op(name, tuple(p[0] for p in parts), kind), depth, size
        case Among(options=options):
            return Among(parts[0][0], options), depth, size
    return expr, depth, size
