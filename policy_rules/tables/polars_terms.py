"""Nodes as expressions of polars; see :mod:`policy_rules.tables.graph` for what they mean."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from policy_rules.tables.nodes import Node

if TYPE_CHECKING:
    from polars import Expr

INTS: Final[dict[int, Any]] = {32: pl.Int32, 64: pl.Int64, 128: pl.Int128}

#: A magnitude beyond this, in floats, may leave 128 bits (2**127 is 1.7014e38).
HUGE: Final = 1.7e38
#: A chain of comparisons is faster than a set up to so many options.
_FEW: Final = 8


def dtype(node: Node) -> Any:
    """The type of a node's column."""
    return {"bool": pl.Boolean, "text": pl.String}.get(node.kind) or INTS[node.bits]


def term(node: Node, columns: set[int], *, top: bool = False) -> Expr:
    """The expression of a node over ``columns``, the nodes that are columns named `n…` of their number."""
    if not top and node.number in columns:
        return pl.col(f"n{node.number}")
    if node.known:
        return pl.lit(node.data, dtype=dtype(node))
    if node.op == "among":
        return _among(node, term(node.args[0], columns))
    args = [term(a, columns) for a in node.args]
    if node.op == "huge":
        floats = [a.cast(pl.Float64).abs() for a in args]
        whole = reduce(lambda a, b: a * b if node.data == "mul" else a + b, floats)
        return whole > HUGE
    ints = [a.bits for a in node.args if a.kind == "int"]
    if ints:
        bits = node.bits if node.kind == "int" else max(ints)
        args = [_as(e, a, bits) for e, a in zip(args, node.args, strict=True)]
    if node.op in ("least", "greatest"):
        return _extreme(node, args)
    return _TERMS[node.op](*args)


def _as(expr: Expr, node: Node, bits: int) -> Expr:
    """A number in so many bits."""
    if node.kind != "int":
        return expr
    if node.known:
        return pl.lit(node.data, dtype=INTS[bits])
    return expr if node.bits == bits else expr.cast(INTS[bits])


def _among(node: Node, item: Expr) -> Expr:
    (of,) = node.args
    if not node.data:
        return pl.when(item.is_not_null()).then(pl.lit(False))
    if len(node.data) <= (_FEW if of.kind == "text" else 2):
        each = [item == pl.lit(o, dtype=dtype(of)) for o in node.data]
        return reduce(lambda a, b: a | b, each)
    return item.is_in(pl.Series(node.data, dtype=dtype(of)).implode())


def _extreme(node: Node, args: list[Expr]) -> Expr:
    best = (pl.min_horizontal if node.op == "least" else pl.max_horizontal)(*args)
    unsure = [e.is_not_null() for e, a in zip(args, node.args, strict=True) if a.nullable]
    return pl.when(reduce(lambda a, b: a & b, unsure)).then(best) if unsure else best


_TERMS: Final[dict[str, Callable[..., Expr]]] = {
    "and": lambda *a: reduce(lambda x, y: x & y, a),
    "or": lambda *a: reduce(lambda x, y: x | y, a),
    "not": lambda a: ~a,
    "is_null": lambda a: a.is_null(),
    "if": lambda c, a, b: pl.when(c).then(a).otherwise(b),
    "coalesce": lambda *a: reduce(lambda x, y: x.fill_null(y), a),
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: a * -1,
    "div": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "bit_and": lambda a, b: a & b,
}
