"""The three truth values, intervals of numbers and dates, and their algebra.

Inside the engines a truth value is ``True``, ``False`` or ``None`` (unknown), and a known number or
date is itself; an unknown one is an :class:`Interval`. The connectives are Kleene's (strong) logic:
S. C. Kleene, *Introduction to Metamathematics* (1952), section 64.
"""

from __future__ import annotations

import enum
import math
from datetime import date
from fractions import Fraction
from typing import Any, Final

Truth = bool | None
Number = int | Fraction


class Verdict(enum.StrEnum):
    """The answer of a rule: YES, NO, or UNKNOWN where the recorded facts do not decide.

    A verdict equals its name as text; it has no truth value, so that UNKNOWN is not taken for NO.
    """

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"

    @classmethod
    def of(cls, truth: Truth) -> Verdict:
        """The verdict of an internal truth value."""
        return _VERDICTS[truth]

    def __bool__(self) -> bool:
        raise TypeError("a verdict has three values; compare it with Verdict.YES")


_VERDICTS: Final = {True: Verdict.YES, False: Verdict.NO, None: Verdict.UNKNOWN}


class Interval:
    """A closed interval of numbers or dates: all that is known of a value.

    Bounds are numbers or ``±math.inf``, or dates within ``date.min`` and ``date.max``.
    """

    __slots__ = ("hi", "lo")

    def __init__(self, lo: Any, hi: Any) -> None:
        self.lo = lo
        self.hi = hi

    def __eq__(self, other: object) -> bool:
        return type(other) is Interval and (self.lo, self.hi) == (other.lo, other.hi)

    def __hash__(self) -> int:
        return hash((self.lo, self.hi))

    def __repr__(self) -> str:
        return f"Interval({self.lo}, {self.hi})"


ANY_NUMBER: Final = Interval(-math.inf, math.inf)
ANY_DATE: Final = Interval(date.min, date.max)


def interval(lo: Any, hi: Any) -> Any:
    """The interval from ``lo`` to ``hi``, or the value itself where they are one."""
    return lo if lo == hi else Interval(lo, hi)


def bounds(value: Any) -> tuple[Any, Any]:
    """Lower and upper bound of a value, known or not."""
    if type(value) is Interval:
        return value.lo, value.hi
    return value, value


def is_known(value: Any) -> bool:
    """Whether a value is a single one."""
    return value is not None and type(value) is not Interval


# -- comparisons -----------------------------------------------------------------------------


def less(a: Any, b: Any) -> Truth:
    """a < b"""
    if type(a) is not Interval and type(b) is not Interval:
        return bool(a < b)
    (alo, ahi), (blo, bhi) = bounds(a), bounds(b)
    if ahi < blo:
        return True
    return False if alo >= bhi else None


def less_equal(a: Any, b: Any) -> Truth:
    """a <= b"""
    if type(a) is not Interval and type(b) is not Interval:
        return bool(a <= b)
    (alo, ahi), (blo, bhi) = bounds(a), bounds(b)
    if ahi <= blo:
        return True
    return False if alo > bhi else None


def greater(a: Any, b: Any) -> Truth:
    """a > b"""
    return less(b, a)


def greater_equal(a: Any, b: Any) -> Truth:
    """a >= b"""
    return less_equal(b, a)


def equal(a: Any, b: Any) -> Truth:
    """a == b for numbers and dates"""
    if type(a) is not Interval and type(b) is not Interval:
        return bool(a == b)
    (alo, ahi), (blo, bhi) = bounds(a), bounds(b)
    if ahi < blo or bhi < alo:
        return False
    return True if alo == ahi == blo == bhi else None


def negation(a: Truth) -> Truth:
    """Kleene's NOT"""
    return None if a is None else not a


def not_equal(a: Any, b: Any) -> Truth:
    """a != b for numbers and dates"""
    return negation(equal(a, b))


# -- arithmetic ------------------------------------------------------------------------------


def add(a: Any, b: Any) -> Any:
    """a + b"""
    if type(a) is not Interval and type(b) is not Interval:
        return a + b
    (alo, ahi), (blo, bhi) = bounds(a), bounds(b)
    return interval(alo + blo, ahi + bhi)


def subtract(a: Any, b: Any) -> Any:
    """a - b"""
    if type(a) is not Interval and type(b) is not Interval:
        return a - b
    (alo, ahi), (blo, bhi) = bounds(a), bounds(b)
    return interval(alo - bhi, ahi - blo)


def multiply(a: Any, b: Any) -> Any:
    """a * b"""
    if type(a) is not Interval and type(b) is not Interval:
        return a * b
    corners = [_times(x, y) for x in bounds(a) for y in bounds(b)]
    return interval(min(corners), max(corners))


def divide(a: Any, b: Any) -> Any:
    """a / b, exact; a divisor that may be zero leaves the quotient unknown."""
    blo, bhi = bounds(b)
    if blo <= 0 <= bhi:
        return _divide_by_nonnegative(a, bhi) if blo == 0 < bhi else ANY_NUMBER
    if type(a) is not Interval and type(b) is not Interval:
        return _quotient(a, b)
    alo, ahi = bounds(a)
    if blo < 0:
        alo, ahi, blo, bhi = -ahi, -alo, -bhi, -blo
    return interval(
        _quotient(alo, bhi if alo >= 0 else blo), _quotient(ahi, blo if ahi >= 0 else bhi)
    )


def _quotient(x: Any, y: Any) -> Any:
    """x / y, exact; y is positive where either is infinite: x / inf is 0, inf / y is inf."""
    if type(x) is int and type(y) is int:
        whole, rest = divmod(x, y)
        return Fraction(x, y) if rest else whole
    if y == math.inf or x == 0:
        return 0
    return x if x in (math.inf, -math.inf) else reduced(Fraction(x) / Fraction(y))


def _divide_by_nonnegative(a: Any, bhi: Any) -> Any:
    alo, ahi = bounds(a)
    if alo >= 0:
        return Interval(_times(alo, _inverse(bhi)), math.inf)
    return ANY_NUMBER if ahi > 0 else Interval(-math.inf, _times(ahi, _inverse(bhi)))


def _times(x: Any, y: Any) -> Any:
    return 0 if x == 0 or y == 0 else x * y  # 0 * inf is 0 here: a bound, not a limit


def _inverse(y: Any) -> Any:
    return 0 if y in (math.inf, -math.inf) else 1 / Fraction(y)


def smallest(values: list[Any]) -> Any:
    """The minimum of known and unknown values."""
    pairs = [bounds(v) for v in values]
    return interval(min(p[0] for p in pairs), min(p[1] for p in pairs))


def largest(values: list[Any]) -> Any:
    """The maximum of known and unknown values."""
    pairs = [bounds(v) for v in values]
    return interval(max(p[0] for p in pairs), max(p[1] for p in pairs))


def hull(values: list[Any]) -> Any:
    """The smallest interval that holds all values."""
    pairs = [bounds(v) for v in values]
    return interval(min(p[0] for p in pairs), max(p[1] for p in pairs))


def reduced(value: Fraction) -> Number:
    """An integer where the fraction is one."""
    return value.numerator if value.denominator == 1 else value
