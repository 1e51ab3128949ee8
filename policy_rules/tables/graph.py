"""A plan as a graph of distinct values, each with what its numbers can be.

An engine that runs the steps of a plan one by one computes the same thing many times, at 128 bits, and keeps
all of it. This module reads a plan together with what is known of the columns of one population (the range
of the numbers, whether any value is missing) into nodes that

- stand once, however often the plan says the same thing, and only where an outcome needs them;
- are left out where the columns decide them: a fact that is recorded in every row has no two bounds;
- know the range of their numbers, so that an engine takes 64 bits where those suffice and 128 elsewhere;
- stand in the frame with the fewest rows: what depends on the household alone is not worked out a member.

Where a number may leave 128 bits, a ``huge`` node tells in which rows it does; these rows are odd.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.tables.nodes import BITS128, STRICT, Facts, Node, bits, bounds, folded
from policy_rules.tables.plainer import PLAINER
from policy_rules.tables.plan import (
    Among,
    Define,
    Down,
    Expr,
    Kind,
    Lit,
    Needed,
    Plan,
    Ref,
    Runs,
    Step,
    Up,
)


class Graph:
    """The nodes of a plan.

    ``facts`` are of input columns by (frame, column); ``longest`` how many rows of an inner frame belong to
    one row at most; ``lower`` the frames with no more rows than their outer frame, where nothing is gained
    by working things out further out. ``nodes`` are in an order in which they can be computed;
    ``columns`` are the nodes of the plan's own columns; ``huge`` pairs of a node that is true where the
    other one leaves 128 bits, and that other one.
    """

    def __init__(
        self,
        plan: Plan,
        facts: Mapping[tuple[str, str], Facts],
        longest: Mapping[str, int],
        lower: frozenset[str] = frozenset(),
    ) -> None:
        self.nodes: list[Node] = []
        self.columns: dict[tuple[str, str], Node] = {}
        self.huge: list[tuple[Node, Node]] = []
        self._known: dict[tuple[Any, ...], Node] = {}
        self._longest, self._lower = longest, lower
        self._pack = plan.pack
        steps, needed = live(plan)
        for column in needed:
            found = facts.get((column.frame, column.name), Facts())
            self.columns[column.frame, column.name] = self._input(column, found)
        for step in steps:
            self.columns[step.frame, step.name] = self._step(step)

    def _node(
        self, op: str, frame: str, args: tuple[Node, ...], data: Any, kind: Kind,
        nullable: bool, lo: int = 0, hi: int = 0,
    ) -> Node:  # fmt: skip
        if kind == "int" and lo == hi and not nullable and op != "lit":
            return self.lit(lo, "int")
        key = (op, frame, tuple(a.number for a in args), type(data), data, kind)
        found = self._known.get(key)
        if found is None:
            lo, hi = max(lo, -BITS128), min(hi, BITS128)
            own = [bits(lo, hi)]
            if op not in ("up", "runs"):
                own += [a.bits for a in args if a.kind == "int"]
            found = Node(len(self.nodes), op, frame, args, data, kind, nullable, lo, hi, max(own))
            self._known[key] = found
            self.nodes.append(found)
        return found

    def lit(self, value: bool | int | str | None, kind: Kind) -> Node:
        """A constant."""
        at = value if kind == "int" and isinstance(value, int) else 0
        return self._node("lit", "", (), value, kind, value is None, at, at)

    def _input(self, column: Needed, facts: Facts) -> Node:
        if facts.empty:
            return self.lit(None, column.kind)
        lo, hi = (facts.lo, facts.hi) if column.kind == "int" else (0, 0)
        found = self._node(
            "input", column.frame, (), column.name, column.kind, facts.nullable, lo, hi
        )
        found.bits = max(found.bits, facts.bits)
        return found

    # -- steps ---------------------------------------------------------------------------------

    def _step(self, step: Step) -> Node:
        match step:
            case Define():
                return self._expr(step.expr, step.frame)
            case Down():
                return self.down(step.frame, step.outer, self.columns[step.outer, step.source])
            case Up():
                source = self.columns[step.inner, step.source]
                return self.up(step.frame, step.inner, step.aggregate, source)
            case Runs():
                first = self.columns[step.inner, step.first]
                last = self.columns[step.inner, step.last]
                if None in (first.data, last.data) and (first.known or last.known):
                    return self.lit(0, "int")
                widest = max(0, last.hi - first.lo + 1)
                args = (first, last)
                return self._node("runs", step.frame, args, step.inner, "int", False, 0, widest)

    def _expr(self, expr: Expr, frame: str) -> Node:
        match expr:
            case Ref():
                return self.columns[frame, expr.name]
            case Lit():
                return self.lit(expr.value, expr.kind)
            case Among():
                return self.among(self._expr(expr.item, frame), expr.options)
        return self.op(expr.name, [self._expr(a, frame) for a in expr.args], expr.kind)

    def down(self, frame: str, outer: str, source: Node) -> Node:
        """A value of the outer row."""
        if source.known:
            return source
        return self._node(
            "down", frame, (source,), outer, source.kind, source.nullable, source.lo, source.hi
        )

    def rows(self, frame: str, inner: str) -> Node:
        """How many inner rows."""
        return self._node("rows", frame, (), inner, "int", False, 0, self._longest[inner])

    def up(self, frame: str, inner: str, aggregate: str, x: Node) -> Node:
        """An aggregate; see :data:`policy_rules.tables.plan.Aggregate`."""
        zero, rows = self.lit(0, "int"), self.rows(frame, inner)
        most = self._longest[inner]
        if aggregate == "rows":
            return rows
        if aggregate in ("true", "null"):
            if aggregate == "null":
                x = self.op("is_null", [x], "bool")
            x = self.op("coalesce", [x, self.lit(False, "bool")], "bool")
            if (value := self._common(frame, x)) is not None:
                return self.op("if", [value, rows, zero], "int")
            return self._node("up", frame, (x,), (inner, "count"), "int", False, 0, most)
        if aggregate == "sum":
            x = self.op("coalesce", [x, zero], "int")
            if (value := self._common(frame, x)) is not None:
                return self.op("mul", [value, rows], "int")
            lo, hi = min(0, x.lo) * most, max(0, x.hi) * most
            total = self._node("up", frame, (x,), (inner, "sum"), "int", False, lo, hi)
            if not -BITS128 <= lo <= hi <= BITS128:
                huge = self._node("up", frame, (x,), (inner, "huge"), "bool", False)
                self.huge.append((huge, total))
            return total
        if (value := self._common(frame, x)) is not None:
            some = self.op("gt", [rows, zero], "bool")
            return self.op("if", [some, value, self.lit(None, x.kind)], x.kind)
        if x.kind == "bool":
            known = self.op("if", [x, self.lit(1, "int"), zero], "int")
            null = self.op("is_null", [x], "bool")
            x = self.op("if", [null, self.lit(None, "int"), known], "int")
            best = self.up(frame, inner, aggregate, x)
            return self.op("eq", [best, self.lit(1, "int")], "bool")
        if x.kind == "text" or not x.nullable:
            return self._node("up", frame, (x,), (inner, aggregate), x.kind, True, x.lo, x.hi)
        # a number no value has stands for null
        none = self.lit(x.lo - 1 if aggregate == "max" else x.hi + 1, "int")
        filled = self.op("coalesce", [x, none], "int")
        best = self.up(frame, inner, aggregate, filled)
        null = self.lit(None, "int")
        found = self.op("if", [self.op("eq", [best, none], "bool"), null, best], "int")
        if found.op == "if":
            found.lo, found.hi = x.lo, x.hi
        return found

    def _common(self, frame: str, x: Node) -> Node | None:
        """The value all inner rows of a row share, where they do."""
        if x.known:
            return x
        return x.args[0] if x.op == "down" and x.data == frame else None

    # -- expressions ---------------------------------------------------------------------------

    def among(self, item: Node, options: Iterable[int | str]) -> Node:
        """Membership in a set of constants."""
        chosen = [o for o in dict.fromkeys(options) if item.kind != "int" or _within(item, o)]
        if item.known:
            return self.lit(None if item.data is None else item.data in chosen, "bool")
        if not chosen and not item.nullable:
            return self.lit(False, "bool")
        if item.op == "down" and item.frame not in self._lower:
            return self.down(item.frame, item.data, self.among(item.args[0], chosen))
        return self._node("among", item.frame, (item,), tuple(chosen), "bool", item.nullable)

    def op(self, name: str, args: list[Node], kind: Kind) -> Node:
        """An operator, in its plainest form."""
        if name in STRICT:
            if any(a.known and a.data is None for a in args):
                return self.lit(None, kind)
            if all(a.known for a in args) and (len(args) == 2 or name in ("not", "neg")):
                value = folded(name, [a.data for a in args])
                if kind == "int" and abs(value or 0) > BITS128:
                    raise too_large(self._pack)
                return self.lit(value, kind)
            if len(args) > 2:  # add and mul are binary here, constants together and last
                args = sorted(args, key=lambda a: not a.known)
                first = self.op(name, args[:2], kind)
                return self.op(name, [first, *args[2:]], kind)
        plainer = PLAINER.get(name)
        if plainer is not None and (found := plainer(self, name, args, kind)) is not None:
            return found
        here = [a for a in args if not a.known]
        frame = here[0].frame
        outer = here[0].data if here[0].op == "down" else None
        if outer and frame not in self._lower and all(a.op == "down" for a in here):
            above = self.op(name, [a if a.known else a.args[0] for a in args], kind)
            return self.down(frame, outer, above)
        nullable = name != "is_null" and any(a.nullable for a in args)
        if name == "coalesce":
            nullable = all(a.nullable for a in args)
        if name == "if":
            nullable = args[1].nullable or args[2].nullable
        if name in ("div", "mod"):
            nullable = nullable or args[1].lo <= 0 <= args[1].hi
        lo = hi = 0
        if kind == "int":
            if name in ("if", "coalesce"):
                those = [a for a in args if a.kind == "int" and not (a.known and a.data is None)]
                lo, hi = min(a.lo for a in those), max(a.hi for a in those)
            else:
                lo, hi = bounds(name, args[0], args[-1])
        found = self._node(name, frame, tuple(args), None, kind, nullable, lo, hi)
        if not -BITS128 <= lo <= hi <= BITS128:
            how = "mul" if name == "mul" else "add"
            null = any(a.nullable for a in args)
            huge = self._node("huge", frame, tuple(args), how, "bool", null)
            self.huge.append((huge, found))
        return found


def _within(item: Node, option: int | str) -> bool:
    return isinstance(option, int) and item.lo <= option <= item.hi


#: Operators whose result may need more bits than what they are of.
_WIDENING = frozenset({"add", "sub", "mul", "neg", "sum", "min", "max"})


def ranged(graph: Graph) -> set[tuple[str, str]]:
    """The input columns (frame, name) whose range decides in how many bits something is computed."""
    found: set[int] = set()
    for node in reversed(graph.nodes):
        op = node.data[1] if node.op == "up" else node.op
        if op in _WIDENING or (node.number in found and node.op != "runs"):
            found |= {a.number for a in node.args if a.kind == "int"}
    inputs = (n for n in graph.nodes if n.op == "input" and n.number in found)
    return {(n.frame, n.data) for n in inputs}


def too_large(pack: str) -> EvaluationError:
    """The error of a number that leaves 128 bits where no row can be odd."""
    return EvaluationError(
        Problem("number_overflow", Place(), expected="`INT128`", got=f"`{pack}`")
    )


def outcome_columns(plan: Plan) -> dict[str, list[str]]:
    """The columns of a plan's answers by frame, in the plan's order; `odd` first."""
    found: dict[str, dict[str, None]] = {}
    if plan.odd:
        found[plan.frames[0]] = {plan.odd: None}
    for o in plan.outcomes:
        names = (o.verdict, o.outside, o.met, *(o.amount or ()))
        found.setdefault(o.frame, {}).update(dict.fromkeys(n for n in names if n))
    return {frame: list(names) for frame, names in found.items()}


def live(plan: Plan) -> tuple[list[Step], list[Needed]]:
    """The steps and input columns that an answer depends on."""
    wanted = {(frame, n) for frame, names in outcome_columns(plan).items() for n in names}
    steps: list[Step] = []
    for step in reversed(plan.steps):
        if (step.frame, step.name) not in wanted:
            continue
        steps.append(step)
        match step:
            case Define():
                wanted |= {(step.frame, n) for n in references(step.expr)}
            case Down():
                wanted.add((step.outer, step.source))
            case Up():
                wanted.add((step.inner, step.source))
            case Runs():
                wanted |= {(step.inner, step.first), (step.inner, step.last)}
    return steps[::-1], [n for n in plan.needed if (n.frame, n.name) in wanted]


def references(expr: Expr) -> set[str]:
    """The columns an expression reads."""
    match expr:
        case Ref():
            return {expr.name}
        case Lit():
            return set()
        case Among():
            return references(expr.item)
    return {name for a in expr.args for name in references(a)}
