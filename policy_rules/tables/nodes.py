"""The values a plan is made of, what their numbers can be, and operators over constants."""

from __future__ import annotations

from typing import Any, Final

import attrs

from policy_rules.tables.plan import Kind

#: Bounds of a 64 and of a 128 bit number; the latter one short, so that a negation stays inside.
BITS64: Final = 2**63 - 1
BITS128: Final = 2**127 - 1

COMPARISONS: Final = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
#: Operators that give null exactly where an argument is null.
STRICT: Final = COMPARISONS | {
    "not", "add", "sub", "mul", "neg", "div", "mod", "least", "greatest", "bit_and", "among"
}  # fmt: skip
OPPOSITE: Final = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
#: The comparison that says the same with the sides the other way round.
SWAPPED: Final = {"eq": "eq", "ne": "ne", "lt": "gt", "gt": "lt", "le": "ge", "ge": "le"}


@attrs.frozen(slots=True)
class Facts:
    """What is known of an input column: bounds of its numbers, whether a value may be missing, or all are.

    Bounds may be wider than the column; they must not be narrower. ``bits`` are those its numbers are held in:
    to work in fewer is no gain if all have to be copied first.
    """

    lo: int = -BITS64 - 1
    hi: int = BITS64
    nullable: bool = True
    empty: bool = False
    bits: int = 32


@attrs.define(eq=False, slots=True)
class Node:
    """A value in every row of a frame; a ``lit`` stands in no frame (``""``).

    ``op`` is ``input`` (``data`` the column), ``lit`` (the constant), ``among`` (the options), an operator,
    ``huge``, ``down`` (the outer frame), ``up`` (inner frame and ``sum``, ``min``, ``max``, ``count`` or
    ``huge``), ``rows`` (the inner frame) or ``runs`` (the inner frame). What ``sum`` and ``count`` are of has
    no nulls. ``bits`` are those of its numbers: an operator has as many as its widest argument needs.
    """

    number: int
    op: str
    frame: str
    args: tuple[Node, ...]
    data: Any
    kind: Kind
    nullable: bool
    lo: int = 0
    hi: int = 0
    bits: int = 32

    @property
    def known(self) -> bool:
        """Whether it is a constant."""
        return self.op == "lit"


def bits(lo: int, hi: int) -> int:
    """The bits that numbers of a range are held in: 32, 64 or 128."""
    widest = max(hi, -lo - 1)
    return 32 if widest < 2**31 else 64 if widest <= BITS64 else 128


def folded(op: str, values: list[Any]) -> Any:
    """An operator over constants that are not null."""
    a, b = values[0], values[-1]
    match op:
        case "eq":
            return a == b
        case "ne":
            return a != b
        case "lt":
            return a < b
        case "le":
            return a <= b
        case "gt":
            return a > b
        case "ge":
            return a >= b
        case "not":
            return not a
        case "add":
            return sum(values)
        case "mul":
            return a * b
        case "sub":
            return a - b
        case "neg":
            return -a
        case "div":
            return a // b if b else None
        case "mod":
            return a % b if b else None
        case "least":
            return min(a, b)
        case "greatest":
            return max(a, b)
        case "bit_and":
            return a & b
    raise KeyError(op)


def _corners(values: list[int]) -> tuple[int, int]:
    return min(values), max(values)


def bounds(op: str, a: Node, b: Node) -> tuple[int, int]:
    """Bounds of an operator of two numbers."""
    match op:
        case "add":
            return a.lo + b.lo, a.hi + b.hi
        case "sub":
            return a.lo - b.hi, a.hi - b.lo
        case "neg":
            return -a.hi, -a.lo
        case "mul":
            return _corners([x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)])
        case "div":
            if b.lo > 0:
                return _corners([x // y for x in (a.lo, a.hi) for y in (b.lo, b.hi)])
            widest = max(
                abs(a.lo), abs(a.hi)
            )  # a row that an `if` leaves out may divide by anything
            return -widest, widest
        case "mod":
            widest = max(abs(b.lo), abs(b.hi))
            return (0 if b.lo > 0 else -widest), widest
        case "least":
            return min(a.lo, b.lo), min(a.hi, b.hi)
        case "greatest":
            return max(a.lo, b.lo), max(a.hi, b.hi)
        case "bit_and":
            if a.lo >= 0 or b.lo >= 0:
                return 0, min(n.hi for n in (a, b) if n.lo >= 0)
            bits = max(abs(x) for n in (a, b) for x in (n.lo, n.hi)).bit_length()
            return -(2**bits), 2**bits - 1
    return 0, 0


def decided(op: str, a: Node, b: Node) -> bool | None:
    """What the ranges alone say of a comparison."""
    if a.kind != "int" or b.kind != "int":
        return True if a is b and op == "eq" else False if a is b and op == "ne" else None
    if op in ("gt", "ge"):
        a, b, op = b, a, "lt" if op == "gt" else "le"
    if a is b:
        return op in ("eq", "le")
    if op in ("eq", "ne"):
        return (op == "ne") if a.hi < b.lo or b.hi < a.lo else None
    if a.hi < b.lo or (op == "le" and a.hi == b.lo):
        return True
    return False if a.lo > b.hi or (op == "lt" and a.lo == b.hi) else None
