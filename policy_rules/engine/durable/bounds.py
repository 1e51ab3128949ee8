"""What may be known of a number: its lower and upper bound, exactly.

A pair ``(lo, hi)`` of integers or fractions; None is no bound. A known number has both the same.
Written for the second engine alone: the two engines share no arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from policy_rules.packs.model import TableRow

Number = int | Fraction
Bound = Number | None
Bounds = tuple[Bound, Bound]

ANY: Final[Bounds] = (None, None)
ZERO: Final[Bounds] = (0, 0)

# A bound while corners are compared: which infinity it is (-1, 0 for none, 1), and the number.
_Corner = tuple[int, Number]


def quotient_of(over: Number, under: Number) -> Number:
    """over / under, exactly; an integer where it is one."""
    found = Fraction(over) / under
    return found.numerator if found.denominator == 1 else found


def add(a: Bounds, b: Bounds) -> Bounds:
    """a + b"""
    (alo, ahi), (blo, bhi) = a, b
    return (
        None if alo is None or blo is None else alo + blo,
        None if ahi is None or bhi is None else ahi + bhi,
    )


def subtract(a: Bounds, b: Bounds) -> Bounds:
    """a - b"""
    (alo, ahi), (blo, bhi) = a, b
    return (
        None if alo is None or bhi is None else alo - bhi,
        None if ahi is None or blo is None else ahi - blo,
    )


def multiply(a: Bounds, b: Bounds) -> Bounds:
    """a * b"""
    (alo, ahi), (blo, bhi) = a, b
    if alo is None or ahi is None or blo is None or bhi is None:
        corners = [_times(x, y) for x in _corners(a) for y in _corners(b)]
        return _bound(min(corners)), _bound(max(corners))
    if alo == ahi and blo == bhi:
        product = alo * blo
        return product, product
    products = (alo * blo, alo * bhi, ahi * blo, ahi * bhi)
    return min(products), max(products)


def divide(a: Bounds, b: Bounds) -> Bounds:
    """a / b; no bounds where the divisor may be zero, but for a divisor known not to be negative.

    Dividing by a number from 0 up leaves the bound that the largest divisor sets.
    """
    (alo, ahi), (blo, bhi) = a, b
    if blo is not None and blo == 0 and bhi != 0:
        if alo is not None and alo >= 0:
            return (0 if bhi is None else quotient_of(alo, bhi)), None
        if ahi is not None and ahi <= 0:
            return None, (0 if bhi is None else quotient_of(ahi, bhi))
        return ANY
    if (blo is None or blo <= 0) and (bhi is None or bhi >= 0):
        return ANY
    if alo is not None and alo == ahi and blo is not None and blo == bhi:
        found = quotient_of(alo, blo)
        return found, found
    inverse = (
        0 if bhi is None else quotient_of(1, bhi),
        0 if blo is None else quotient_of(1, blo),
    )
    return multiply(a, inverse)


def _corners(a: Bounds) -> tuple[_Corner, _Corner]:
    return (-1, 0) if a[0] is None else (0, a[0]), (1, 0) if a[1] is None else (0, a[1])


def _times(x: _Corner, y: _Corner) -> _Corner:
    if x[0] == 0 == y[0]:
        return 0, x[1] * y[1]
    sign = _sign(x) * _sign(y)  # the infinite side only bounds, it is never taken: 0 stays 0
    return sign, 0


def _sign(x: _Corner) -> int:
    return x[0] or (x[1] > 0) - (x[1] < 0)


def _bound(x: _Corner) -> Bound:
    return None if x[0] else x[1]


def smallest(values: Iterable[Bounds]) -> Bounds:
    """The minimum of the values."""
    lows, highs = zip(*values, strict=True)
    return (
        None if None in lows else min(lows),
        min((h for h in highs if h is not None), default=None),
    )


def largest(values: Iterable[Bounds]) -> Bounds:
    """The maximum of the values."""
    lows, highs = zip(*values, strict=True)
    return (
        max((x for x in lows if x is not None), default=None),
        None if None in highs else max(highs),
    )


def hull(values: Iterable[Bounds]) -> Bounds:
    """From the lowest of the values to the highest."""
    lows, highs = zip(*values, strict=True)
    return None if None in lows else min(lows), None if None in highs else max(highs)


def rounded(function: str, x: Bounds, step: Bounds) -> Bounds:
    """``round_half_up``, ``round_down``, ``round_up`` to a multiple of a step that is known."""
    size = step[0]
    if size is None or size != step[1] or size <= 0:
        return ANY
    lo, hi = x
    return (
        None if lo is None else _rounded(function, lo, size),
        None if hi is None else _rounded(function, hi, size),
    )


def _rounded(function: str, value: Number, step: Number) -> Number:
    if function == "round_down":
        return value // step * step
    if function == "round_up":
        return -(-value // step) * step
    size = value if value >= 0 else -value
    nearest = (2 * size + step) // (2 * step) * step  # a half goes away from zero
    return nearest if value >= 0 else -nearest


# -- comparisons -----------------------------------------------------------------------------


def difference_sign(a: Bounds, b: Bounds) -> Bounds:
    """The sign of a - b: -1, 0 or 1 as bounds."""
    (alo, ahi), (blo, bhi) = a, b
    return (
        None if alo is None or bhi is None else (alo > bhi) - (alo < bhi),
        None if ahi is None or blo is None else (ahi > blo) - (ahi < blo),
    )


def compare(op: str, a: Bounds, b: Bounds) -> bool | None:
    """Whether a stands in the relation to b: YES or NO where all their values say so."""
    (alo, ahi), (blo, bhi) = a, b
    if op == ">=" or op == ">":
        op = "<=" if op == ">=" else "<"
        alo, ahi, blo, bhi = blo, bhi, alo, ahi
    if op == "<=":
        if ahi is not None and blo is not None and ahi <= blo:
            return True
        return False if alo is not None and bhi is not None and alo > bhi else None
    if op == "<":
        if ahi is not None and blo is not None and ahi < blo:
            return True
        return False if alo is not None and bhi is not None and alo >= bhi else None
    apart = (ahi is not None and blo is not None and ahi < blo) or (
        alo is not None and bhi is not None and alo > bhi
    )
    if apart:
        return op == "!="
    if alo is not None and alo == ahi == blo == bhi:
        return op == "=="
    return None


# -- tables ----------------------------------------------------------------------------------


def tier(rows: tuple[TableRow, ...], x: Bounds) -> Bounds:
    """The value of the row x falls in; of all rows it may fall in where it cannot fall between."""
    if x[0] is not None and x[0] == x[1]:
        row = next((row for row in rows if _may_hold(row, x)), None)
        return ANY if row is None else (row.value, row.value)
    found = [row for row in rows if _may_hold(row, x)]
    return hull((row.value, row.value) for row in found) if _cover(found, x) else ANY


def _may_hold(row: TableRow, x: Bounds) -> bool:
    lo, hi = x
    if row.lo is not None and hi is not None and hi <= row.lo:
        from_lower = row.includes in ("lower", "both")
        if hi < row.lo or not from_lower:
            return False
    if row.hi is not None and lo is not None and lo >= row.hi:
        return lo == row.hi and row.includes in ("upper", "both")
    return True


def _cover(rows: list[TableRow], x: Bounds) -> bool:
    """Whether the rows leave no gap in x."""
    at, holds = x[0], False  # all below ``at`` is covered, and ``at`` itself where ``holds``
    for row in sorted(rows, key=lambda r: (r.lo is not None, r.lo or 0)):
        if row.lo is not None:
            if at is None or row.lo > at:
                return False
            if row.lo == at and not holds and row.includes not in ("lower", "both"):
                continue
        if row.hi is None:
            return True
        with_end = row.includes in ("upper", "both")
        if at is None or row.hi > at or (row.hi == at and with_end):
            at, holds = row.hi, with_end
        if x[1] is not None and (at > x[1] or (at == x[1] and holds)):
            return True
    return False


def slices(rows: tuple[TableRow, ...], x: Bounds) -> Bounds:
    """The sum over the slices of rate times the part of x that lies in each."""
    lo, hi = x
    last = max((e for r in rows for e in (r.lo, r.hi) if e is not None), default=0)
    endless = sum(row.value for row in rows if row.hi is None)  # the rate beyond the last edge
    edges = [e for r in rows for e in (r.lo, r.hi) if e is not None]
    inner = [e for e in edges if (lo is None or lo < e) and (hi is None or e < hi)]
    start = min([0, *edges]) if lo is None else lo
    end = max(start, last) if hi is None else hi
    values = [_sliced(rows, e) for e in (start, *inner, end)]
    low, high = min(values), max(values)
    if hi is None:
        return (None if endless < 0 else low), (None if endless > 0 else high)
    return low, high


def _sliced(rows: tuple[TableRow, ...], x: Number) -> Number:
    total: Number = 0
    for row in rows:
        base: Number = 0 if row.lo is None else row.lo
        top = x if row.hi is None else min(x, row.hi)
        if top > base:
            total += row.value * (top - base)
    return total
