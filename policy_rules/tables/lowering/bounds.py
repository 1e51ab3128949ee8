"""Ends of intervals: fractions of integer expressions, or infinite.

An end without a numerator is infinite, downwards for a lower end, upwards for an upper one. Denominators
are positive, and constants wherever they can be.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.exprs import FALSE, OPEN, TRUE, UNKNOWN, Int, is_null
from policy_rules.tables.plan import Expr

ONE: Final = e.const(1)


@attrs.frozen(slots=True)
class End:
    """One end of an interval: a fraction, or infinite where the numerator is null."""

    num: Int
    den: Int = ONE

    @property
    def open(self) -> bool:
        """Whether it is infinite whatever the facts."""
        return self.num.open

    @property
    def value(self) -> Fraction | None:
        """The number, where it is known at compile time."""
        num, den = self.num.value, self.den.value
        return None if num is None or den is None else Fraction(num, den)


INFINITE: Final = End(OPEN)


def end(value: Any) -> End:
    """An end known at compile time; ±inf is infinite."""
    if value in (math.inf, -math.inf):
        return INFINITE
    exact = Fraction(value)
    return End(e.const(exact.numerator), e.const(exact.denominator))


def _together(a: End, b: End) -> tuple[Int, Int, Int]:
    """The numerators over one denominator, and that denominator."""
    if a.open or b.open:
        return a.num, b.num, (b if a.open else a).den
    if a.den == b.den:
        return a.num, b.num, a.den
    p, q = a.den.value, b.den.value
    if p is not None and q is not None:
        both = math.lcm(p, q)
        left, right = e.const(both // p), e.const(both // q)
        return e.mul(a.num, left), e.mul(b.num, right), e.const(both)
    return e.mul(a.num, b.den), e.mul(b.num, a.den), e.mul(a.den, b.den)


def add_ends(a: End, b: End) -> End:
    """a + b; infinite where either is."""
    if a.open or b.open:
        return INFINITE
    x, y, den = _together(a, b)
    return End(e.add(x, y), den)


def take_ends(a: End, b: End) -> End:
    """a - b; infinite where either is."""
    if a.open or b.open:
        return INFINITE
    x, y, den = _together(a, b)
    return End(e.sub(x, y), den)


def negative(a: End) -> End:
    """-a"""
    return End(e.neg(a.num), a.den)


def times(a: End, b: End) -> End:
    """a * b of finite ends; infinite where either is."""
    if a.open or b.open:
        return INFINITE
    p, q, r, s = a.num, a.den, b.num, b.den
    p, s = _cancelled(p, s)
    r, q = _cancelled(r, q)
    return End(e.mul(p, r), e.mul(q, s))


def _cancelled(num: Int, den: Int) -> tuple[Int, Int]:
    p, q = num.value, den.value
    if p is None or q is None:
        return num, den
    common = math.gcd(p, q)
    return e.const(p // common), e.const(q // common)


def over(a: End, b: End) -> End:
    """a / b for b above 0 (0 for an infinite b); of no meaning where b is not."""
    if b.open:
        return end(0)
    exact = b.value
    if exact is not None:
        return times(a, end(1 / exact)) if exact > 0 else INFINITE
    size = b.num
    if size.null or size.lo <= 0:
        size = e.choose(e.compare("gt", b.num, e.const(0)), b.num, ONE)
        size = Int(size.expr, 1, max(size.hi, 1))
    whole = times(a, End(b.den, size))
    if not b.num.null:
        return whole
    return End(e.choose(is_null(b.num.expr), e.const(0), whole.num), whole.den)


def compare_ends(name: str, a: End, b: End) -> Expr:
    """``lt``, ``le``, ``gt``, ``ge``, ``eq`` of two ends; null where either is infinite."""
    if a.open or b.open:
        return UNKNOWN
    if a.den == b.den:
        return e.compare(name, a.num, b.num)
    p, q = a.den.value, b.den.value
    if p is not None and q is not None:
        common = math.gcd(p, q)
        return e.compare(
            name, e.mul(a.num, e.const(q // common)), e.mul(b.num, e.const(p // common))
        )
    return e.compare(name, e.mul(a.num, b.den), e.mul(b.num, a.den))


def sign(name: str, a: End) -> Expr:
    """``lt``, ``le``, ``gt``, ``ge``, ``eq`` of an end and 0; null where it is infinite."""
    return e.compare(name, a.num, e.const(0))


def choose(condition: Expr, a: End, b: End) -> End:
    """``a`` where the condition is true, else ``b``."""
    if condition in (TRUE, FALSE, UNKNOWN):
        return a if condition == TRUE else b
    if (a.den.value is not None and b.den.value is not None) or a.open or b.open or a.den == b.den:
        x, y, den = _together(a, b)
        return End(e.choose(condition, x, y), den)
    return End(e.choose(condition, a.num, b.num), e.choose(condition, a.den, b.den))


def extreme(a: End, b: End, *, lower: bool, smallest: bool) -> End:
    """The smaller or greater of two lower, or of two upper, ends."""
    absorbing = lower is smallest  # where either is infinite the result is
    if a.open or b.open:
        return INFINITE if absorbing else b if a.open else a
    if a == b:
        return a
    pick = e.least if smallest else e.greatest
    if (a.den.value is None or b.den.value is None) and a.den != b.den:
        first = compare_ends("le" if smallest else "ge", a, b)
        if absorbing:
            return choose(e.or_(is_null(a.num.expr), first), a, b)
        return choose(e.or_(is_null(b.num.expr), first), a, b)
    x, y, den = _together(a, b)
    both = pick(x, y)
    return End(both if absorbing else e.either(e.either(both, x), y), den)
