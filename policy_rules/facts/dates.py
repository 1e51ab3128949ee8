"""Dates as records give them, and the arithmetic of months. One table of cases tests all engines."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from typing import Any, Final

from policy_rules.verdict import Interval

_FORM: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z", re.ASCII)


def read_date(value: Any) -> date | Interval:
    """A day from ``2022-12-31`` or a date; the days of a month or year from ``2022-12``, ``2022``.

    Raises ValueError.
    """
    if type(value) is str and len(value) == 10 and value[4] == value[7] == "-":
        return date.fromisoformat(value)
    if isinstance(value, datetime):
        raise ValueError(value)
    if isinstance(value, date):
        return value
    match = _FORM.match(str(value)) if isinstance(value, str | int) else None
    if match is None or isinstance(value, bool):
        raise ValueError(value)
    year, month, day = (int(g) if g else None for g in match.groups())
    assert year is not None
    if month is None:
        return Interval(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        return Interval(date(year, month, 1), date(year, month, days_in(year, month)))
    return date(year, month, day)


def days_in(year: int, month: int) -> int:
    """Days of a month; raises ValueError for a month that is none."""
    if not 1 <= month <= 12:
        raise ValueError(month)
    return calendar.monthrange(year, month)[1]


def add_months(day: date, months: int) -> date:
    """The same day of another month, or its last day where it has no such day.

    The result stays within the calendar (year 1 to 9999).
    """
    index = day.year * 12 + day.month - 1 + months
    if index < 12:
        return date.min
    if index >= 120_000:
        return date.max
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, days_in(year, month + 1)))


def months_between(start: date, end: date) -> int:
    """Complete months from ``start`` to ``end``; negative where ``end`` is earlier.

    A month is complete on the same day of the later month, or on its last day where it has no such
    day: from 31 January to 28 February 2022 is one month.
    """
    if end < start:
        return -months_between(end, start)
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) <= end else months - 1


def age_on(birth: date, day: date) -> int:
    """Complete years of life on a day; born on 29 February one is a year older on 1 March.

    Negative before birth.
    """
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def calendar_months(start: date, end: date) -> int:
    """Calendar months from that of ``start`` to that of ``end``, both counted; 0 where reversed."""
    months = (end.year - start.year) * 12 + end.month - start.month + 1
    return max(months, 0)
