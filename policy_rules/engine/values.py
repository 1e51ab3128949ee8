"""Functions and tables of the reference interpreter, over known values and intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final

from policy_rules.facts import dates
from policy_rules.packs.model import TableRow
from policy_rules.verdict import ANY_DATE, ANY_NUMBER, Interval, bounds, hull, interval, reduced


def year(day: Any) -> Any:
    """The calendar year."""
    lo, hi = bounds(day)
    return interval(lo.year, hi.year)


def month(day: Any) -> Any:
    """The month of the year, known where the whole interval lies in one."""
    lo, hi = bounds(day)
    return lo.month if (lo.year, lo.month) == (hi.year, hi.month) else Interval(1, 12)


def make_date(y: Any, m: Any, d: Any) -> Any:
    """A day; no such day, or a part that is not known, leaves it unknown."""
    if any(type(part) is Interval or not isinstance(part, int) for part in (y, m, d)):
        return ANY_DATE
    try:
        return date(y, m, d)
    except ValueError:
        return ANY_DATE


def months_between(start: Any, end: Any) -> Any:
    """Complete months; see :func:`policy_rules.facts.dates.months_between`."""
    (slo, shi), (elo, ehi) = bounds(start), bounds(end)
    return interval(dates.months_between(shi, elo), dates.months_between(slo, ehi))


def calendar_months(start: Any, end: Any) -> Any:
    """Calendar months touched, both ends counted."""
    (slo, shi), (elo, ehi) = bounds(start), bounds(end)
    return interval(dates.calendar_months(shi, elo), dates.calendar_months(slo, ehi))


def age_on(birth: Any, day: Any) -> Any:
    """Complete years of life."""
    (blo, bhi), (lo, hi) = bounds(birth), bounds(day)
    return interval(dates.age_on(bhi, lo), dates.age_on(blo, hi))


def add_months(day: Any, months: Any) -> Any:
    """The same day of another month, or its last."""
    (lo, hi), (mlo, mhi) = bounds(day), bounds(months)
    if math.inf in (mlo, mhi) or -math.inf in (mlo, mhi):
        return ANY_DATE
    return interval(dates.add_months(lo, int(mlo)), dates.add_months(hi, int(mhi)))


def _rounding(step_of: Callable[[Fraction], int]) -> Callable[[Any, Any], Any]:
    def one(x: Any, step: Any) -> Any:
        if x in (math.inf, -math.inf):
            return x
        return reduced(step_of(Fraction(x) / Fraction(step)) * Fraction(step))

    def rounded(x: Any, step: Any) -> Any:
        if type(step) is Interval or step <= 0:
            return ANY_NUMBER
        lo, hi = bounds(x)
        return interval(one(lo, step), one(hi, step))

    return rounded


def _half_up(x: Fraction) -> int:
    # away from zero at the half, as tables of money do
    return math.floor(x + Fraction(1, 2)) if x >= 0 else math.ceil(x - Fraction(1, 2))


FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "year": year,
    "month": month,
    "date": make_date,
    "months_between": months_between,
    "calendar_months": calendar_months,
    "age_on": age_on,
    "add_months": add_months,
    "round_half_up": _rounding(_half_up),
    "round_down": _rounding(math.floor),
    "round_up": _rounding(math.ceil),
}


# -- tables ----------------------------------------------------------------------------------


def lookup(rows: Sequence[TableRow], key: Any) -> Any:
    """The value of a key; every value where the key is unknown; unknown where there is no row."""
    if key is None or type(key) is Interval:
        possible = [
            r.value
            for r in rows
            if key is None or (not isinstance(r.key, str) and key.lo <= r.key <= key.hi)
        ]
        return hull(possible) if possible and key is None else ANY_NUMBER
    return next((r.value for r in rows if r.key == key), ANY_NUMBER)


def _inside(row: TableRow, x: Any) -> bool:
    above = row.lo is None or x > row.lo or (x == row.lo and row.includes in ("lower", "both"))
    below = row.hi is None or x < row.hi or (x == row.hi and row.includes in ("upper", "both"))
    return above and below


def _touches(row: TableRow, lo: Any, hi: Any) -> bool:
    return (row.lo is None or hi >= row.lo) and (row.hi is None or lo <= row.hi)


def tier(rows: Sequence[TableRow], x: Any) -> Any:
    """The value of the one tier x falls in; unknown where it falls in none, or in several."""
    if type(x) is not Interval:
        found = {r.value for r in rows if _inside(r, x)}
        return found.pop() if len(found) == 1 else hull(list(found)) if found else ANY_NUMBER
    whole = [r for r in rows if _inside(r, x.lo) and _inside(r, x.hi)]
    touched = [r for r in rows if _touches(r, x.lo, x.hi)]
    if len(whole) == 1 == len(touched):
        return whole[0].value
    return ANY_NUMBER


def slices(rows: Sequence[TableRow], x: Any) -> Any:
    """Each slice of x at its own rate, summed."""
    lo, hi = bounds(x)
    if any(r.value < 0 for r in rows) and lo != hi:
        return ANY_NUMBER
    return interval(_sliced(rows, lo), _sliced(rows, hi))


def _sliced(rows: Sequence[TableRow], x: Any) -> Any:
    total: Any = 0
    for row in rows:
        start = 0 if row.lo is None else row.lo
        end = x if row.hi is None else min(x, row.hi)
        if end > start:
            total += row.value * (end - start) if row.value else 0
    return reduced(total) if isinstance(total, Fraction) else total


TABLES: Final[dict[str, Callable[[Sequence[TableRow], Any], Any]]] = {
    "lookup": lookup,
    "tier": tier,
    "slices": slices,
}
