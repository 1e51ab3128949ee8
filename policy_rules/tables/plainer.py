"""Plainer forms of operators: constants folded, what nulls and ranges decide left out.

A function takes the operator's name, arguments and kind and gives the plainer node, None where there is none.
What bounds of missing numbers bring into a plan goes here: `if(x < 5, true, if(x >= 5, false, null))` is
`x < 5`, and a scaled number compared with a constant is the number compared with another one.
"""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Final, Protocol

from policy_rules.tables.nodes import (
    BITS64,
    BITS128,
    COMPARISONS,
    OPPOSITE,
    STRICT,
    SWAPPED,
    Node,
    decided,
    folded,
)
from policy_rules.tables.plan import Kind


class Maker(Protocol):
    """What makes nodes: a graph."""

    def lit(self, value: bool | int | str | None, kind: Kind) -> Node:
        """A constant."""

    def op(self, name: str, args: list[Node], kind: Kind) -> Node:
        """An operator, in its plainest form."""


def _opposite(graph: Maker, a: Node, b: Node) -> bool:
    return graph.op("not", [a], "bool") is b


def _connective(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    decides, dual = name == "or", "and" if name == "or" else "or"
    rest = list(dict.fromkeys(a for a in args if not (a.known and a.data is (not decides))))
    if any(a.known and a.data is decides for a in rest):
        return graph.lit(decides, "bool")
    # x or (x and y) is x
    rest = [a for a in rest if not (a.op == dual and any(b in rest for b in a.args))]
    if len(rest) < 2:
        return rest[0] if rest else graph.lit(not decides, "bool")
    return None if rest == args else graph.op(name, rest, kind)


def _not(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    (a,) = args
    if a.op == "not":
        return a.args[0]
    if a.op == "coalesce" and a.args[-1].known:
        return graph.op("coalesce", [graph.op("not", [b], "bool") for b in a.args], kind)
    return graph.op(OPPOSITE[a.op], list(a.args), kind) if a.op in COMPARISONS else None


def _is_null(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    (a,) = args
    if a.known or not a.nullable:
        return graph.lit(a.known and a.data is None, "bool")
    if a.op in STRICT and a.op not in ("div", "mod"):
        nulls = [graph.op("is_null", [b], "bool") for b in a.args]
        return nulls[0] if len(nulls) == 1 else graph.op("or", nulls, "bool")
    if a.op == "if":
        c, *sides = a.args
        yes, no = (graph.op("is_null", [b], "bool") for b in sides)
        return graph.op("if", [c, yes, no], "bool") if yes.known and no.known else None
    return None


def _if(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    c, a, b = args
    if c.known:
        return a if c.data is True else b
    if a is b:
        return a
    if c.op == "coalesce" and c.args[-1].known and c.args[-1].data is False and len(c.args) == 2:
        return graph.op("if", [c.args[0], a, b], kind)
    if c.op == "not" and not c.nullable:
        return graph.op("if", [c.args[0], b, a], kind)
    if c.op == "is_null" and c.args[0] is b:
        return graph.op("coalesce", [b, a], kind)
    if a.op == "if" and a.args[0] is c:
        return graph.op("if", [c, a.args[1], b], kind)
    if b.op == "if" and b.args[0] is c:
        return graph.op("if", [c, a, b.args[2]], kind)
    if b.op == "if" and b.args[0].op == "is_null" and b.args[0].args[0] is c and b.args[1] is a:
        return graph.op("if", [graph.op("not", [c], "bool"), b.args[2], a], kind)
    if b.op == "if" and _opposite(graph, c, b.args[0]):
        _, no, unknown = b.args
        if not c.nullable:
            return graph.op("if", [c, a, no], kind)
        ends = [n.data if n.known else n for n in (a, no, unknown)]
        if (
            kind == "bool"
            and ends[2] is None
            and ends[0] in (True, False)
            and ends[1] is not ends[0]
        ):
            if ends[:2] == [True, False]:
                return c
            if ends[:2] == [False, True]:
                return graph.op("not", [c], "bool")
    return _if_of_truths(graph, c, a, b) if kind == "bool" else None


def _if_of_truths(graph: Maker, c: Node, a: Node, b: Node) -> Node | None:
    yes, no = (n.data if n.known else n for n in (a, b))
    if c.nullable:
        if {yes, no} == {True, False}:
            true = graph.op("coalesce", [c, graph.lit(False, "bool")], "bool")
            return true if yes is True else graph.op("not", [true], "bool")
        return None
    if yes is True:
        return graph.op("or", [c, b], "bool")
    if no is False:
        return graph.op("and", [c, a], "bool")
    other = graph.op("not", [c], "bool")
    if yes is False:
        return graph.op("and", [other, b], "bool")
    return graph.op("or", [other, a], "bool") if no is True else None


def _coalesce(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    rest: list[Node] = []
    for a in dict.fromkeys(a for a in args if not (a.known and a.data is None)):
        rest.append(a)
        if not a.nullable:
            break
    if len(rest) < 2:
        return rest[0] if rest else graph.lit(None, kind)
    return None if rest == args else graph.op(name, rest, kind)


# -- comparisons -------------------------------------------------------------------------------


def _comparison(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    a, b = args
    found = decided(name, a, b)
    if found is not None:
        truth = graph.lit(found, "bool")
        null = graph.op("or", [graph.op("is_null", [n], "bool") for n in args], "bool")
        return graph.op("if", [null, graph.lit(None, "bool"), truth], "bool")
    if a.known:
        return graph.op(SWAPPED[name], [b, a], kind)
    if a.kind != "int":
        return None
    if b.known:
        return _with_constant(graph, name, a, b.data)
    k, j = _factor(a), _factor(b)
    if (common := gcd(k, j)) > 1:
        shrunk = [
            graph.op("mul", [n.args[0], graph.lit(f // common, "int")], "int")
            for n, f in ((a, k), (b, j))
        ]
        return graph.op(name, shrunk, kind)
    return graph.op(SWAPPED[name], [b, a], kind) if name in ("gt", "ge") else None


def _factor(a: Node) -> int:
    return a.args[1].data if a.op == "mul" and a.args[1].known and a.args[1].data > 0 else 1


def _with_constant(graph: Maker, name: str, a: Node, at: int) -> Node | None:
    """A number compared with a constant, in `lt`, `ge`, `eq` and `ne` only."""
    if at in (a.lo, a.hi) and name in ("eq", "ne"):
        edge = graph.op(
            "lt" if at == a.lo else "ge", [a, graph.lit(at + (at == a.lo), "int")], "bool"
        )
        return edge if name == "eq" else graph.op("not", [edge], "bool")
    if name in ("le", "gt"):
        return graph.op("lt" if name == "le" else "ge", [a, graph.lit(at + 1, "int")], "bool")

    def of(x: Node, other: int, by: str = name) -> Node:
        within = max(-BITS128, min(other, BITS128))
        return graph.op(by, [x, graph.lit(within, "int")], "bool")

    if a.op == "neg":
        return of(a.args[0], -at, SWAPPED[name])
    if a.op == "if" and (a.args[1].known or a.args[2].known):
        sides = [graph.op(name, [b, graph.lit(at, "int")], "bool") for b in a.args[1:]]
        return graph.op("if", [a.args[0], *sides], "bool")
    if len(a.args) != 2 or not a.args[1].known:
        return None
    x, by = a.args[0], a.args[1].data
    if a.op == "coalesce":
        return graph.op("coalesce", [of(x, at), graph.lit(folded(name, [by, at]), "bool")], "bool")
    if a.op == "add":
        return of(x, at - by)
    if a.op == "mul" and by:
        sign = 1 if by > 0 else -1
        by, at, name = by * sign, at * sign, name if sign > 0 else SWAPPED[name]
        whole, rest = divmod(at, by)
        if name in ("eq", "ne"):
            return None if rest else of(x, whole, name)
        return of(x, whole + bool(rest) if name in ("lt", "ge") else whole, name)
    if a.op == "div" and by > 0 and name in ("lt", "ge"):
        return of(x, at * by)
    return None


# -- arithmetic --------------------------------------------------------------------------------


def _arithmetic(graph: Maker, name: str, args: list[Node], kind: Kind) -> Node | None:
    a, b = args
    if name == "sub":
        if b.known:
            return graph.op("add", [a, graph.lit(-b.data, "int")], kind)
        return None
    if name in ("add", "mul") and a.known:
        return graph.op(name, [b, a], kind)
    if b.known and b.data == {"add": 0, "mul": 1, "div": 1}.get(name):
        return a
    if name == "mul" and b.known and b.data == 0 and not a.nullable:
        return b
    if b.known and a.op == name and a.args[1].known and name in ("add", "mul"):
        both = a.args[1].data + b.data if name == "add" else a.args[1].data * b.data
        if abs(both) <= BITS64:
            return graph.op(name, [a.args[0], graph.lit(both, "int")], kind)
    if name == "div" and b.known and (common := gcd(_factor(a), b.data)) > 1:
        k = graph.lit(_factor(a) // common, "int")
        below = graph.lit(b.data // common, "int")
        return graph.op("div", [graph.op("mul", [a.args[0], k], "int"), below], kind)
    if name in ("least", "greatest"):
        for x, y in ((a, b), (b, a)):
            if not y.nullable and (x.hi <= y.lo if name == "least" else x.lo >= y.hi):
                return x
        if a is b:
            return a
    return None


_Plainer = Callable[[Maker, str, list[Node], Kind], Node | None]
PLAINER: Final[dict[str, _Plainer]] = {
    "and": _connective, "or": _connective, "not": _not, "is_null": _is_null, "if": _if,
    "coalesce": _coalesce, **dict.fromkeys(COMPARISONS, _comparison),
    **dict.fromkeys(("add", "sub", "mul", "div", "least", "greatest"), _arithmetic),
}  # fmt: skip
