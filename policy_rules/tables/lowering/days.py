"""Days as integers ``yyyymmdd``, and the arithmetic of :mod:`policy_rules.facts.dates` on them."""

from __future__ import annotations

from datetime import date
from typing import Final

import attrs

from policy_rules.tables.lowering import bounds, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import End
from policy_rules.tables.lowering.exprs import FALSE, Int
from policy_rules.tables.lowering.numbers import Interval
from policy_rules.tables.plan import Expr

FIRST, LAST = 1_01_01, 9999_12_31


@attrs.frozen(slots=True)
class Days:
    """What is known of a day: it lies between two days, both included."""

    lo: Int
    hi: Int

    @property
    def value(self) -> date | None:
        """The day, where it is known at compile time."""
        day = self.lo.value
        if day is None or self.lo != self.hi:
            return None
        return date(day // 10000, day // 100 % 100, day % 100)

    def interval(self) -> Interval:
        """The same as an interval of integers, for comparisons."""
        return Interval(End(self.lo), End(self.hi))

    def known(self) -> Expr:
        """Whether it is a single day."""
        return e.TRUE if self.lo == self.hi else e.compare("eq", self.lo, self.hi)


def day(value: date) -> Days:
    """A day known at compile time."""
    number = e.const(value.year * 10000 + value.month * 100 + value.day)
    return Days(number, number)


ANY_DAY: Final = Days(e.const(FIRST), e.const(LAST))


def select(condition: Expr, a: Days, b: Days) -> Days:
    """``a`` where a condition is true, ``b`` where it is false, their hull where it is unknown."""
    if e.never_null(condition):
        return Days(e.choose(condition, a.lo, b.lo), e.choose(condition, a.hi, b.hi))
    lo, hi = e.least(a.lo, b.lo), e.greatest(a.hi, b.hi)
    open_ = e.is_null(condition)
    return Days(
        e.choose(open_, lo, e.choose(condition, a.lo, b.lo)),
        e.choose(open_, hi, e.choose(condition, a.hi, b.hi)),
    )


def pick(items: list[Days], *, smallest: bool) -> Days:
    """The earliest or latest."""
    choose = e.least if smallest else e.greatest
    lo, hi = items[0].lo, items[0].hi
    for item in items[1:]:
        lo, hi = choose(lo, item.lo), choose(hi, item.hi)
    return Days(lo, hi)


# -- parts -----------------------------------------------------------------------------------


def year_of(at: Int) -> Int:
    """The year."""
    return e.div(at, e.const(10000))


def month_of(at: Int) -> Int:
    """The month of the year."""
    found = e.mod(e.div(at, e.const(100)), 100)
    return found if found.value is not None else Int(found.expr, 1, 12, found.null)


def day_of(at: Int) -> Int:
    """The day of the month."""
    found = e.mod(at, 100)
    return found if found.value is not None else Int(found.expr, 1, 31, found.null)


def month_index(at: Int) -> Int:
    """Months since year 0, as :func:`policy_rules.engine.lists.month_index`."""
    return e.add(e.mul(year_of(at), e.const(12)), month_of(at))


def _is(part: Int, value: int) -> Expr:
    return e.compare("eq", part, e.const(value))


def days_in(year: Int, month: Int) -> Int:
    """Days of a month."""
    if year.value is not None and month.value == 2:
        leap = year.value % 4 == 0 and (year.value % 100 != 0 or year.value % 400 == 0)
        return e.const(29 if leap else 28)
    leap_year = e.or_(
        e.and_(_is(e.mod(year, 4), 0), e.not_(_is(e.mod(year, 100), 0))), _is(e.mod(year, 400), 0)
    )
    february = e.choose(leap_year, e.const(29), e.const(28))
    short = e.or_(*(_is(month, n) for n in (4, 6, 9, 11)))
    return e.choose(_is(month, 2), february, e.choose(short, e.const(30), e.const(31)))


# -- functions over intervals ----------------------------------------------------------------


def _counted(lo: Int, hi: Int) -> Interval:
    return Interval(End(lo), End(hi))


def year(at: Days) -> Interval:
    """The calendar year."""
    return _counted(year_of(at.lo), year_of(at.hi))


def month(at: Days) -> Interval:
    """The month, known where the whole interval lies in one."""
    if at.lo == at.hi:
        return numbers.single(End(month_of(at.lo)))
    hundred = e.const(100)
    one = e.compare("eq", e.div(at.lo, hundred), e.div(at.hi, hundred))
    found = month_of(at.lo)
    return _counted(e.choose(one, found, e.const(1)), e.choose(one, found, e.const(12)))


def months_between(start: Days, end: Days) -> Interval:
    """Complete months."""
    return _counted(_complete_months(start.hi, end.lo), _complete_months(start.lo, end.hi))


def _complete_months(start: Int, end: Int) -> Int:
    backwards = e.compare("lt", end, start)
    onwards = _onwards(start, end)
    if backwards == FALSE:
        return onwards
    return e.choose(backwards, e.neg(_onwards(end, start)), onwards)


def _onwards(start: Int, end: Int) -> Int:
    """Complete months to a later day: the last is complete on its day, or on the month's last."""
    months = e.sub(month_index(end), month_index(start))
    last = e.least(day_of(start), days_in(year_of(end), month_of(end)))
    complete = e.compare("le", last, day_of(end))
    return e.choose(complete, months, e.sub(months, e.const(1)))


def calendar_months(start: Days, end: Days) -> Interval:
    """Calendar months touched, both ends counted; 0 where reversed."""
    return _counted(_touched(start.hi, end.lo), _touched(start.lo, end.hi))


def _touched(start: Int, end: Int) -> Int:
    months = e.add(e.sub(month_index(end), month_index(start)), e.const(1))
    return e.greatest(months, e.const(0))


def age_on(birth: Days, at: Days) -> Interval:
    """Complete years of life: the difference of the integers, down to whole years."""
    whole = e.const(10000)
    return _counted(e.div(e.sub(at.lo, birth.hi), whole), e.div(e.sub(at.hi, birth.lo), whole))


def add_months(at: Days, months: Interval) -> Days:
    """The same day of another month, or its last; any day where the months have no bound."""
    if months.lo.open or months.hi.open:
        return ANY_DAY
    lo, hi = _moved(at.lo, _whole(months.lo)), _moved(at.hi, _whole(months.hi))
    ends = [i for i in (months.lo.num, months.hi.num) if i.null]
    if not ends:
        return Days(lo, hi)
    endless = e.or_(*(e.is_null(i.expr) for i in ends))
    return Days(e.choose(endless, ANY_DAY.lo, lo), e.choose(endless, ANY_DAY.hi, hi))


def _whole(at: End) -> Int:
    """The whole part, towards zero."""
    if at.den.value == 1:
        return at.num
    down = e.div(at.num, at.den)
    if not at.num.null and at.num.lo >= 0:
        return down
    up = e.neg(e.div(e.neg(at.num), at.den))
    return e.choose(e.compare("ge", at.num, e.const(0)), down, up)


def _moved(at: Int, months: Int) -> Int:
    index = e.add(e.sub(month_index(at), e.const(1)), months)
    year, month = e.div(index, e.const(12)), e.add(e.mod(index, 12), e.const(1))
    last = e.least(day_of(at), days_in(year, month))
    found = e.add(e.add(e.mul(year, e.const(10000)), e.mul(month, e.const(100))), last)
    early, late = (
        e.compare("lt", index, e.const(12)),
        e.compare("ge", index, e.const(120_000)),
    )
    moved = e.choose(early, e.const(FIRST), e.choose(late, e.const(LAST), found))
    return Int(moved.expr, max(moved.lo, FIRST), min(moved.hi, LAST), moved.null)


def made(parts: list[Interval]) -> Days:
    """A day from year, month and day; any where a part is not known, or there is no such day."""
    values = [p.value for p in parts]
    if all(v is not None for v in values):
        if any(v is None or v.denominator != 1 for v in values):
            return ANY_DAY
        try:
            return day(date(*(int(v) for v in values if v is not None)))
        except (ValueError, OverflowError):
            return ANY_DAY
    ends = [p.lo for p in parts]
    known = e.and_(
        *(p.known() for p in parts),
        *(_is_whole(x) for x in ends),
        *(e.sure(bounds.compare_ends("ge", x, bounds.end(1))) for x in ends),
        e.sure(bounds.compare_ends("le", ends[0], bounds.end(9999))),
        e.sure(bounds.compare_ends("le", ends[1], bounds.end(12))),
    )
    y, m, d = (
        _bounded(_whole(x), known, limit) for x, limit in zip(ends, (9999, 12, 31), strict=True)
    )
    known = e.and_(known, e.sure(e.compare("le", _whole(ends[2]), days_in(y, m))))
    found = e.add(e.add(e.mul(y, e.const(10000)), e.mul(m, e.const(100))), d)
    return Days(e.choose(known, found, ANY_DAY.lo), e.choose(known, found, ANY_DAY.hi))


def _is_whole(at: End) -> Expr:
    if at.den.value == 1:
        return e.TRUE
    rest = e.sub(at.num, e.mul(e.div(at.num, at.den), at.den))
    return e.sure(e.compare("eq", rest, e.const(0)))


def _bounded(part: Int, known: Expr, limit: int) -> Int:
    """A part as it counts: 1 where the day is not known."""
    found = e.choose(known, part, e.const(1))
    return Int(found.expr, 1, limit) if found.value is None else found
