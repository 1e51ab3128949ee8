"""Expressions of a plan, built with what is known folded: truths, and integers with their range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from policy_rules.tables.plan import Expr, Lit, Op, Ref

#: Integers of every engine (Spark's are decimals of 38 digits) stay below this in absolute value.
LIMIT: Final = 10**38


class NotHeld(Exception):
    """A condition that no plan can hold, with the reason; its rule is left to the reference."""


# -- truths ----------------------------------------------------------------------------------

TRUE: Final = Lit(True, "bool")
FALSE: Final = Lit(False, "bool")
UNKNOWN: Final = Lit(None, "bool")

_OPPOSITE: Final = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}


def truth(value: bool | None) -> Lit:
    """A truth known at compile time."""
    return TRUE if value is True else FALSE if value is False else UNKNOWN


def _connective(name: str, absorbing: Lit, neutral: Lit, items: tuple[Expr, ...]) -> Expr:
    found: dict[Expr, None] = {}
    for item in items:
        for part in item.args if isinstance(item, Op) and item.name == name else (item,):
            if part == absorbing:
                return absorbing
            if part != neutral:
                found[part] = None
    if not found:
        return neutral
    return next(iter(found)) if len(found) == 1 else Op(name, tuple(found), "bool")


def and_(*items: Expr) -> Expr:
    """Kleene's AND"""
    return _connective("and", FALSE, TRUE, items)


def or_(*items: Expr) -> Expr:
    """Kleene's OR"""
    return _connective("or", TRUE, FALSE, items)


def not_(item: Expr) -> Expr:
    """Kleene's NOT"""
    if isinstance(item, Lit):
        return truth(None if item.value is None else not item.value)
    if isinstance(item, Op):
        if item.name == "not":
            return item.args[0]
        if item.name in _OPPOSITE:  # null where an argument is null, as its opposite
            return Op(_OPPOSITE[item.name], item.args, "bool")
    return Op("not", (item,), "bool")


def is_null(item: Expr) -> Expr:
    """Whether a value is null, true or false."""
    if isinstance(item, Lit):
        return truth(item.value is None)
    return FALSE if never_null(item) else Op("is_null", (item,), "bool")


def never_null(item: Expr) -> bool:
    """Whether an expression gives a value whatever the columns hold."""
    match item:
        case Lit(value=value):
            return value is not None
        case Op(name="is_null"):
            return True
        case Op(name="coalesce", args=args):
            return any(never_null(a) for a in args)
        case Op(name="if", args=(_, then, otherwise)):
            return never_null(then) and never_null(otherwise)
        case Op(args=args):
            return all(never_null(a) for a in args)
    return False


def if_(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """``then`` where the condition is true, ``otherwise`` where it is false or unknown."""
    if isinstance(condition, Lit):
        return then if condition.value is True else otherwise
    if then == otherwise:
        return then
    if (then, otherwise) == (TRUE, FALSE):
        return coalesce(condition, FALSE)
    if (then, otherwise) == (FALSE, TRUE):
        return not_(coalesce(condition, FALSE))
    return Op("if", (condition, then, otherwise), then.kind)


def coalesce(item: Expr, other: Expr) -> Expr:
    """The first that is not null."""
    if isinstance(item, Lit):
        return other if item.value is None else item
    if never_null(item) or other == Lit(None, item.kind):
        return item
    return Op("coalesce", (item, other), item.kind)


def sure(condition: Expr) -> Expr:
    """Whether a condition is true: unknown counts as false."""
    return coalesce(condition, FALSE)


def equals(a: Expr, b: Expr) -> Expr:
    """Whether two codes or texts are the same."""
    if isinstance(a, Lit) and isinstance(b, Lit):
        return truth(None if a.value is None or b.value is None else a.value == b.value)
    if Lit(None, a.kind) in (a, b):
        return UNKNOWN
    return Op("eq", (a, b), "bool")


# -- integers --------------------------------------------------------------------------------


@attrs.frozen(slots=True)
class Int:
    """An integer expression with the range of its values; ``null`` where it may be null."""

    expr: Expr
    lo: int
    hi: int
    null: bool = False

    @property
    def open(self) -> bool:
        """Whether it is the null literal: an infinite end."""
        return isinstance(self.expr, Lit) and self.expr.value is None

    @property
    def value(self) -> int | None:
        """The number, where it is known at compile time."""
        found = self.expr.value if isinstance(self.expr, Lit) else None
        return found if isinstance(found, int) else None


OPEN: Final = Int(Lit(None, "int"), 0, 0, True)


def const(value: int) -> Int:
    """A number known at compile time."""
    return checked(Int(Lit(value, "int"), value, value))


def checked(item: Int) -> Int:
    """The item; raises :class:`NotHeld` where it may leave the range of an engine."""
    if max(-item.lo, item.hi) >= LIMIT:
        raise NotHeld("numbers of more than 38 digits")
    return item


def _strict(name: str, items: tuple[Int, ...], lo: int, hi: int) -> Int:
    if any(i.open for i in items):
        return OPEN
    if lo == hi and not any(i.null for i in items):
        return const(lo)
    expr = Op(name, tuple(i.expr for i in items), "int")
    return checked(Int(expr, lo, hi, any(i.null for i in items)))


def add(a: Int, b: Int) -> Int:
    """a + b"""
    if a.value == 0:
        return b
    if b.value == 0:
        return a
    return _strict("add", (a, b), a.lo + b.lo, a.hi + b.hi)


def sub(a: Int, b: Int) -> Int:
    """a - b"""
    return a if b.value == 0 else _strict("sub", (a, b), a.lo - b.hi, a.hi - b.lo)


def neg(a: Int) -> Int:
    """-a"""
    return _strict("neg", (a,), -a.hi, -a.lo)


def mul(a: Int, b: Int) -> Int:
    """a * b"""
    if a.value == 1:
        return b
    if b.value == 1:
        return a
    corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    return _strict("mul", (a, b), min(corners), max(corners))


def div(a: Int, b: Int) -> Int:
    """a // b by a positive divisor, towards minus infinity."""
    if b.value == 1:
        return a
    corners = [x // y for x in (a.lo, a.hi) for y in (max(b.lo, 1), max(b.hi, 1))]
    return _strict("div", (a, b), min(corners), max(corners))


def mod(a: Int, b: int) -> Int:
    """a modulo a positive constant."""
    if a.lo >= 0 and a.hi < b:
        return a
    lo, hi = (a.lo % b,) * 2 if a.value is not None else (0, b - 1)
    return _strict("mod", (a, const(b)), lo, hi)


def least(a: Int, b: Int) -> Int:
    """The smaller; null where either is."""
    return _strict("least", (a, b), min(a.lo, b.lo), min(a.hi, b.hi))


def greatest(a: Int, b: Int) -> Int:
    """The greater; null where either is."""
    return _strict("greatest", (a, b), max(a.lo, b.lo), max(a.hi, b.hi))


def choose(condition: Expr, a: Int, b: Int) -> Int:
    """``a`` where the condition is true, ``b`` where it is false or unknown."""
    if isinstance(condition, Lit):
        return a if condition.value is True else b
    if a == b:
        return a
    lo, hi = _span(a, b)
    return Int(if_(condition, a.expr, b.expr), lo, hi, a.null or b.null)


def either(a: Int, b: Int) -> Int:
    """``a``, or ``b`` where that is null."""
    if not a.null or b.open:
        return a
    if a.open:
        return b
    lo, hi = _span(a, b)
    return Int(coalesce(a.expr, b.expr), lo, hi, b.null)


def _span(a: Int, b: Int) -> tuple[int, int]:
    ends = [i for i in (a, b) if not i.open]
    return min((i.lo for i in ends), default=0), max((i.hi for i in ends), default=0)


_Test = Callable[[Int, Int], bool]
_FOLDED: Final[dict[str, tuple[_Test, _Test]]] = {
    "lt": (lambda a, b: a.hi < b.lo, lambda a, b: a.lo >= b.hi),
    "le": (lambda a, b: a.hi <= b.lo, lambda a, b: a.lo > b.hi),
    "gt": (lambda a, b: a.lo > b.hi, lambda a, b: a.hi <= b.lo),
    "ge": (lambda a, b: a.lo >= b.hi, lambda a, b: a.hi < b.lo),
    "eq": (lambda a, b: a.lo == a.hi == b.lo == b.hi, lambda a, b: a.hi < b.lo or b.hi < a.lo),
}


def compare(name: str, a: Int, b: Int) -> Expr:
    """``lt``, ``le``, ``gt``, ``ge`` or ``eq``; null where either is null."""
    if a.open or b.open:
        return UNKNOWN
    if not a.null and not b.null:
        yes, no = _FOLDED[name]
        if yes(a, b):
            return TRUE
        if no(a, b):
            return FALSE
        if a.expr == b.expr:
            return truth(name in ("le", "ge", "eq"))
    return Op(name, (a.expr, b.expr), "bool")


def refer(item: Int, ref: Ref | Lit) -> Int:
    """The same integer in a column."""
    return Int(ref, item.lo, item.hi, item.null)
