"""Numbers that may be unknown: intervals, with the algebra of :mod:`policy_rules.verdict`."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import (
    INFINITE,
    End,
    add_ends,
    choose,
    compare_ends,
    end,
    extreme,
    negative,
    over,
    sign,
    take_ends,
    times,
)
from policy_rules.tables.lowering.exprs import FALSE, TRUE, UNKNOWN, and_, if_, is_null
from policy_rules.tables.plan import Among, Expr


@attrs.frozen(slots=True)
class Interval:
    """What is known of a number.

    ``fact`` is the value of a recorded fact, null where it is not recorded; then the number is
    anything between two constants.
    """

    lo: End
    hi: End
    fact: tuple[End, Interval] | None = attrs.field(default=None, eq=False)

    @property
    def value(self) -> Fraction | None:
        """The number, where it is known at compile time."""
        return self.lo.value if self.lo == self.hi else None

    @property
    def exact(self) -> bool:
        """Whether it is a single number whatever the facts."""
        return self.lo == self.hi and not self.lo.num.null

    def known(self) -> Expr:
        """Whether it is a single number: true or false."""
        if self.exact:
            return TRUE
        if self.fact is not None and self.fact[1].value is None:
            return e.not_(is_null(self.fact[0].num.expr))
        return e.sure(compare_ends("eq", self.lo, self.hi))


def number(lo: Any, hi: Any) -> Interval:
    """An interval known at compile time."""
    return Interval(end(lo), end(hi))


def single(at: End) -> Interval:
    """A number that is known."""
    return Interval(at, at)


ANY: Final = Interval(INFINITE, INFINITE)


# -- comparisons -----------------------------------------------------------------------------

_TURNED: Final = {"gt": "lt", "ge": "le"}
_MIRROR: Final = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq"}


def compare(name: str, a: Interval, b: Interval) -> Expr:
    """``lt``, ``le``, ``gt``, ``ge``, ``eq`` of numbers that may be unknown."""
    if a.exact and b.exact:
        return compare_ends(name, a.lo, b.lo)
    for fact, other, op in ((a, b, name), (b, a, _MIRROR[name])):
        if fact.fact is not None and other.value is not None:
            value, missing = fact.fact
            unrecorded = compare(op, missing, other)  # of constants, a constant
            return e.coalesce(compare_ends(op, value, other.lo), unrecorded)
    if name in _TURNED:
        a, b, name = b, a, _TURNED[name]
    if name == "eq":
        apart = e.or_(compare_ends("lt", a.hi, b.lo), compare_ends("lt", b.hi, a.lo))
        same = and_(
            *(compare_ends("eq", a.lo, x) for x in (a.hi, b.lo) if x != a.lo),
            TRUE if b.hi == b.lo else compare_ends("eq", b.lo, b.hi),
        )
        return if_(apart, FALSE, if_(same, TRUE, UNKNOWN))
    no = "ge" if name == "lt" else "gt"
    return if_(
        compare_ends(name, a.hi, b.lo), TRUE, if_(compare_ends(no, a.lo, b.hi), FALSE, UNKNOWN)
    )


def one_of(x: Interval, options: list[Fraction]) -> Expr:
    """Whether a number is one of some constants."""
    if x.value is not None:
        return e.truth(x.value in options)
    if x.fact is not None and x.fact[0].den.value is not None:
        value, missing = x.fact
        den = value.den.value or 1
        scaled = sorted(int(o * den) for o in options if (o * den).denominator == 1)
        unrecorded = one_of(missing, options)
        found = Among(value.num.expr, tuple(scaled)) if scaled else None
        if found is None:
            return if_(is_null(value.num.expr), unrecorded, FALSE)
        return e.coalesce(found, unrecorded)
    ends = [end(o) for o in options]
    possible = e.or_(*(e.not_(_outside(x, o)) for o in ends))
    exactly = e.or_(*(e.sure(compare_ends("eq", x.lo, o)) for o in ends))
    return if_(x.known(), exactly, if_(possible, UNKNOWN, FALSE))


def _outside(x: Interval, at: End) -> Expr:
    return e.or_(e.sure(compare_ends("gt", x.lo, at)), e.sure(compare_ends("lt", x.hi, at)))


# -- arithmetic ------------------------------------------------------------------------------


def plus(a: Interval, b: Interval) -> Interval:
    """a + b"""
    if a.exact and b.exact:
        return single(add_ends(a.lo, b.lo))
    return Interval(add_ends(a.lo, b.lo), add_ends(a.hi, b.hi))


def minus(a: Interval, b: Interval) -> Interval:
    """a - b"""
    if a.exact and b.exact:
        return single(take_ends(a.lo, b.lo))
    return Interval(take_ends(a.lo, b.hi), take_ends(a.hi, b.lo))


def product(a: Interval, b: Interval) -> Interval:
    """a * b; 0 times an infinite end is 0."""
    if b.value is not None:
        a, b = b, a
    if a.value is not None:
        if a.value == 0:
            return a
        if a.value < 0:
            a, b = single(negative(a.lo)), Interval(negative(b.hi), negative(b.lo))
        fact = b.fact and (times(b.fact[0], a.lo), product(a, b.fact[1]))
        return Interval(times(a.lo, b.lo), times(a.lo, b.hi), fact or None)
    if a.exact and b.exact:
        return single(times(a.lo, b.lo))
    if all(not x.lo.num.null and x.lo.num.lo >= 0 for x in (a, b)):
        high = times(a.hi, b.hi)
        if not high.num.null:
            return Interval(times(a.lo, b.lo), high)
        zero = e.or_(*(e.sure(sign("eq", x.hi)) for x in (a, b)))
        return Interval(times(a.lo, b.lo), choose(zero, end(0), high))
    return _corners(a, b)


def _corners(a: Interval, b: Interval) -> Interval:
    sides: list[tuple[End, Expr, Expr]] = []  # each product, whether it is -inf, whether it is inf
    for x, x_low in ((a.lo, True), (a.hi, False)):
        for y, y_low in ((b.lo, True), (b.hi, False)):
            low, high = _endless(x, x_low, y, y_low)
            zero = e.or_(e.sure(sign("eq", x)), e.sure(sign("eq", y)))
            sides.append((choose(zero, end(0), times(x, y)), low, high))
    lo, hi = sides[0][0], sides[0][0]
    for corner, _, _ in sides[1:]:
        # what is infinite is left out here and looked at below
        lo = extreme(lo, corner, lower=False, smallest=True)
        hi = extreme(hi, corner, lower=True, smallest=False)
    return Interval(
        choose(e.or_(*(low for _, low, _ in sides)), INFINITE, lo),
        choose(e.or_(*(high for _, _, high in sides)), INFINITE, hi),
    )


def _endless(x: End, x_low: bool, y: End, y_low: bool) -> tuple[Expr, Expr]:
    """Whether x * y is minus infinity, is infinity; x and y are lower or upper ends."""
    endless = e.or_(is_null(x.num.expr), is_null(y.num.expr))
    above = [
        if_(is_null(z.num.expr), e.truth(not low), sign("gt", z))
        for z, low in ((x, x_low), (y, y_low))
    ]
    below = [
        if_(is_null(z.num.expr), e.truth(low), sign("lt", z)) for z, low in ((x, x_low), (y, y_low))
    ]
    apart = e.or_(and_(above[0], below[1]), and_(below[0], above[1]))
    alike = e.or_(and_(above[0], above[1]), and_(below[0], below[1]))
    return and_(endless, apart), and_(endless, alike)


def quotient(a: Interval, b: Interval) -> Interval:
    """a / b, exact; a divisor that may be zero leaves the quotient unknown."""
    exact = b.value
    if exact is not None:
        return ANY if exact == 0 else product(a, number(1 / exact, 1 / exact))
    below = e.sure(sign("lt", b.hi))
    if below != FALSE:
        a, b = (
            Interval(choose(below, negative(x.hi), x.lo), choose(below, negative(x.lo), x.hi))
            for x in (a, b)
        )
    above = e.sure(sign("gt", b.lo))
    if above == TRUE and a.exact and b.exact:
        return single(over(a.lo, b.lo))
    edge = and_(e.sure(sign("eq", b.lo)), _positive(b.hi), e.not_(below))
    rising = e.sure(sign("ge", a.lo))
    low = choose(
        and_(rising, e.or_(above, edge)),
        over(a.lo, b.hi),
        choose(above, over(a.lo, b.lo), INFINITE),
    )
    growing = e.or_(is_null(a.hi.num.expr), e.sure(sign("ge", a.hi)))
    falling = and_(edge, e.not_(rising), e.sure(sign("le", a.hi)))
    high = choose(
        above,
        choose(growing, over(a.hi, b.lo), over(a.hi, b.hi)),
        choose(falling, over(a.hi, b.hi), INFINITE),
    )
    return Interval(low, high)


def _positive(upper: End) -> Expr:
    return e.or_(is_null(upper.num.expr), e.sure(sign("gt", upper)))


ARITHMETIC: Final[dict[str, Callable[[Interval, Interval], Interval]]] = {
    "+": plus,
    "-": minus,
    "*": product,
    "/": quotient,
}


def pick(items: list[Interval], *, smallest: bool) -> Interval:
    """The minimum or maximum."""
    lo, hi = items[0].lo, items[0].hi
    for item in items[1:]:
        lo = extreme(lo, item.lo, lower=True, smallest=smallest)
        hi = extreme(hi, item.hi, lower=False, smallest=smallest)
    return Interval(lo, hi)


def hull(items: list[Interval]) -> Interval:
    """The smallest interval that holds all."""
    lo, hi = items[0].lo, items[0].hi
    for item in items[1:]:
        lo = extreme(lo, item.lo, lower=True, smallest=True)
        hi = extreme(hi, item.hi, lower=False, smallest=False)
    return Interval(lo, hi)


def select(condition: Expr, a: Interval, b: Interval) -> Interval:
    """``a`` where a condition is true, ``b`` where it is false, their hull where it is unknown."""
    if e.never_null(condition):
        return Interval(choose(condition, a.lo, b.lo), choose(condition, a.hi, b.hi))
    both = hull([a, b])
    open_ = is_null(condition)
    return Interval(
        choose(open_, both.lo, choose(condition, a.lo, b.lo)),
        choose(open_, both.hi, choose(condition, a.hi, b.hi)),
    )
