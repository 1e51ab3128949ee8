"""Functions and tables of the reference interpreter, over known values and intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
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
    """Whether some point of [lo, hi] lies in the tier."""
    above = row.lo is None or hi > row.lo or (hi == row.lo and row.includes in ("lower", "both"))
    below = row.hi is None or lo < row.hi or (lo == row.hi and row.includes in ("upper", "both"))
    return above and below


def _joined(rows: list[TableRow], lo: Any, hi: Any) -> bool:
    """Whether the tiers, in order, leave no point of [lo, hi] uncovered."""
    for before, after in pairwise(rows):
        if before.hi is None or after.lo is None or before.hi > after.lo:
            continue
        edge = before.includes in ("upper", "both") or after.includes in ("lower", "both")
        if before.hi < after.lo or not edge:
            return False
    return _inside(rows[0], lo) and any(_inside(row, hi) for row in rows)


def tier(rows: Sequence[TableRow], x: Any) -> Any:
    """The value of the one tier x falls in; a range where it may fall in several, or where tiers
    overlap; unknown where it may fall in none."""
    if type(x) is not Interval:
        found = [r.value for r in rows if _inside(r, x)]
        return hull(found) if found else ANY_NUMBER
    touched = [r for r in rows if _touches(r, x.lo, x.hi)]
    touched.sort(key=lambda r: -math.inf if r.lo is None else r.lo)
    if not touched or not _joined(touched, x.lo, x.hi):
        return ANY_NUMBER
    return hull([r.value for r in touched])


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
