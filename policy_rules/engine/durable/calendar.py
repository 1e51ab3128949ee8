"""Days and months for the second engine: days are proleptic ordinals (1 is 1 January of year 1).

Bounds of dates are pairs of ordinals and never open: a date that is not known lies in :data:`EVER`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final

from policy_rules.engine.durable.bounds import Bounds

FIRST: Final = date.min.toordinal()
LAST: Final = date.max.toordinal()
EVER: Final[Bounds] = (FIRST, LAST)
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _length(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _DAYS[month - 1] + leap


def month_index(day: int) -> int:
    """Months since the beginning of the calendar; neighbours differ by one."""
    found = date.fromordinal(day)
    return found.year * 12 + found.month - 1


def day_of(year: Any, month: Any, day: Any) -> int | None:
    """The ordinal of a date; None where there is no such date."""
    if not all(isinstance(part, int) for part in (year, month, day)):
        return None
    if not 1 <= year <= 9999 or not 1 <= month <= 12 or not 1 <= day <= _length(year, month):
        return None
    return date(year, month, day).toordinal()


def months_between(start: int, end: int) -> int:
    """Complete months; a month ends on the same day, or on its last where it has no such day."""
    if end < start:
        return -months_between(end, start)
    a, b = date.fromordinal(start), date.fromordinal(end)
    months = (b.year - a.year) * 12 + b.month - a.month
    short = b.day < a.day and b.day < _length(b.year, b.month)
    return months - 1 if short else months


def calendar_months(start: int, end: int) -> int:
    """Calendar months touched from start to end, both counted; none where end is before start."""
    return max(0, month_index(end) - month_index(start) + 1)


def age_on(birth: int, day: int) -> int:
    """Complete years; whoever was born on 29 February has the birthday on 1 March otherwise."""
    a, b = date.fromordinal(birth), date.fromordinal(day)
    return b.year - a.year - (b.month * 32 + b.day < a.month * 32 + a.day)


def add_months(day: int, months: int) -> int:
    """The same day so many months later, or the last of that month; kept within the calendar."""
    d = date.fromordinal(day)
    year, month = divmod(d.year * 12 + d.month - 1 + months, 12)
    if year < 1:
        return FIRST
    if year > 9999:
        return LAST
    return date(year, month + 1, min(d.day, _length(year, month + 1))).toordinal()


def shifted(day: Bounds, months: Bounds) -> Bounds:
    """:func:`add_months` of bounds; a number of months that is not known may lead anywhere."""
    (first, last), (lo, hi) = days(day), months
    return (
        FIRST if lo is None else add_months(first, math.floor(lo)),
        LAST if hi is None else add_months(last, math.floor(hi)),
    )


def longest_run(spells: Iterable[tuple[int, int]]) -> int:
    """Months of the longest unbroken run of spells (first month, last month)."""
    best = first = 0
    last = -2
    for start, end in sorted(spells):
        if end < start:
            continue
        if start > last + 1:
            first = start
        last = end if start > last + 1 else max(last, end)
        best = max(best, last - first + 1)
    return best


# -- the functions of the language, on bounds ---------------------------------------------------


def _year(day: Bounds) -> Bounds:
    lo, hi = days(day)
    return date.fromordinal(lo).year, date.fromordinal(hi).year


def _month(day: Bounds) -> Bounds:
    lo, hi = map(month_index, days(day))
    return (lo % 12 + 1, lo % 12 + 1) if lo == hi else (1, 12)


def _date(year: Bounds, month: Bounds, day: Bounds) -> Bounds:
    parts = year[0], month[0], day[0]
    if parts != (year[1], month[1], day[1]):
        return EVER
    found = day_of(*parts)
    return EVER if found is None else (found, found)


def _elapsed(count: Callable[[int, int], int]) -> Callable[[Bounds, Bounds], Bounds]:
    """Falls with the start and rises with the end."""

    def between(start: Bounds, end: Bounds) -> Bounds:
        (first, first_hi), (last, last_hi) = days(start), days(end)
        if first == first_hi and last == last_hi:
            found = count(first, last)
            return found, found
        return count(first_hi, last), count(first, last_hi)

    return between


def days(day: Bounds) -> tuple[int, int]:
    """Bounds of a date: never open."""
    lo, hi = day
    assert isinstance(lo, int)
    assert isinstance(hi, int)
    return lo, hi


FUNCTIONS: Final[dict[str, Callable[..., Bounds]]] = {
    "year": _year,
    "month": _month,
    "date": _date,
    "months_between": _elapsed(months_between),
    "calendar_months": _elapsed(calendar_months),
    "age_on": _elapsed(age_on),
    "add_months": shifted,
}
