"""Rounding, dated parameters, and the tables of a pack over numbers that may be unknown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Final

from policy_rules.packs.model import Parameter, TableRow
from policy_rules.tables.lowering import bounds, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import INFINITE, ONE, End, compare_ends, end
from policy_rules.tables.lowering.days import Days
from policy_rules.tables.lowering.exprs import TRUE, Int, and_, compare, or_, sure
from policy_rules.tables.lowering.numbers import ANY, Interval
from policy_rules.tables.plan import Expr, Lit

# -- rounding --------------------------------------------------------------------------------


def rounded(function: str, x: Interval, step: Interval) -> Interval:
    """To a multiple of a step; unknown where the step is, or is not positive."""
    exact = step.value
    if exact is not None:
        if exact <= 0:
            return ANY
        good: Expr = TRUE
        size = step.lo
    else:
        good = and_(step.known(), sure(bounds.sign("gt", step.lo)))
        num = e.choose(good, step.lo.num, ONE)
        size = End(Int(num.expr, 1, max(num.hi, 1)), step.lo.den)
    lo, hi = (bounds.choose(good, _rounded(function, at, size), INFINITE) for at in (x.lo, x.hi))
    return Interval(lo, hi)


def _rounded(function: str, x: End, step: End) -> End:
    if x.open:
        return x
    ratio = bounds.over(x, step)
    num, den = ratio.num, ratio.den
    if function == "round_down":
        whole = e.div(num, den)
    elif function == "round_up":
        whole = e.neg(e.div(e.neg(num), den))
    else:
        whole = _nearest(num, den)
    return bounds.times(End(whole), step)


def _nearest(num: Int, den: Int) -> Int:
    """To the nearest integer, halves away from zero."""
    two = e.const(2)
    twice, both = e.mul(den, two), e.mul(num, two)
    up = e.div(e.add(both, den), twice)
    if not num.null and num.lo >= 0:
        return up
    down = e.neg(e.div(e.sub(den, both), twice))
    return e.choose(compare("ge", num, e.const(0)), up, down)


# -- parameters ------------------------------------------------------------------------------


def parameter(found: Parameter, on: Days) -> Interval:
    """The value on a day; unknown where none holds, or where the day is not known."""
    day = on.value
    if day is not None:
        value = found.on(day)
        return ANY if value is None else numbers.number(value, value)
    result = INFINITE
    for dated in reversed(found.values):
        period = dated.period
        edges = [
            compare(op, on.lo, e.const(edge.year * 10000 + edge.month * 100 + edge.day))
            for op, edge in (("ge", period.start), ("le", period.end))
            if edge is not None
        ]
        result = bounds.choose(and_(*edges), end(dated.value), result)
    result = bounds.choose(on.known(), result, INFINITE)
    return Interval(result, result)


# -- tables ----------------------------------------------------------------------------------


def lookup(rows: Sequence[TableRow], key: Expr) -> Interval:
    """The value of a code; every value where it is not known, unknown where it has no row."""
    if not rows:
        return ANY
    every = [r.value for r in rows]
    one = INFINITE
    for row in reversed(rows):
        assert isinstance(row.key, str)
        one = bounds.choose(e.equals(key, Lit(row.key, "text")), end(row.value), one)
    missing = e.is_null(key)
    return Interval(
        bounds.choose(missing, end(min(every)), one), bounds.choose(missing, end(max(every)), one)
    )


def lookup_number(rows: Sequence[TableRow], key: Interval) -> Interval:
    """The value of a number that is known and has a row."""
    one = INFINITE
    for row in reversed(rows):
        if row.key is not None and not isinstance(row.key, str):
            one = bounds.choose(sure(compare_ends("eq", key.lo, end(row.key))), end(row.value), one)
    one = bounds.choose(key.known(), one, INFINITE)
    return Interval(one, one)


def _beyond(op: str, at: End, edge: End, *, endless: bool) -> Expr:
    """A comparison with an edge; ``endless`` is the answer where the end is infinite."""
    if at.open:
        return e.truth(endless)
    return e.coalesce(compare_ends(op, at, edge), e.truth(endless))


def _reaches(row: TableRow, top: End, bottom: End, *, top_low: bool, bottom_low: bool) -> Expr:
    """Whether ``top`` reaches the lower edge of a row and ``bottom`` its upper edge.

    ``top_low`` and ``bottom_low`` say whether these are lower ends, whose infinity is minus infinity.
    """
    above: Expr = TRUE
    if row.lo is not None:
        op = "ge" if row.includes in ("lower", "both") else "gt"
        above = _beyond(op, top, end(row.lo), endless=not top_low)
    below: Expr = TRUE
    if row.hi is not None:
        op = "le" if row.includes in ("upper", "both") else "lt"
        below = _beyond(op, bottom, end(row.hi), endless=bottom_low)
    return and_(above, below)


def tier(rows: Sequence[TableRow], x: Interval) -> Interval:
    """The value of the one tier x falls in; a range where it may fall in several."""
    exactly = [_reaches(r, x.lo, x.lo, top_low=True, bottom_low=True) for r in rows]
    one = _spread(rows, exactly)
    if x.exact:
        return one
    order = sorted(rows, key=lambda r: (r.lo is not None, r.lo or 0))
    touched = [_reaches(r, x.hi, x.lo, top_low=False, bottom_low=True) for r in order]
    covered = _covered(order, touched, x)
    several = _spread(order, touched)
    known = x.known()
    lo, hi = (
        bounds.choose(known, a, bounds.choose(covered, b, INFINITE))
        for a, b in ((one.lo, several.lo), (one.hi, several.hi))
    )
    return Interval(lo, hi)


def _spread(rows: Sequence[TableRow], chosen: list[Expr]) -> Interval:
    """The hull of the values of the rows chosen; unknown where there are none."""
    lo, hi = INFINITE, INFINITE
    for row, here in zip(rows, chosen, strict=True):
        value = bounds.choose(here, end(row.value), INFINITE)
        lo = bounds.extreme(lo, value, lower=False, smallest=True)
        hi = bounds.extreme(hi, value, lower=True, smallest=False)
    return Interval(lo, hi)


def _covered(rows: Sequence[TableRow], touched: list[Expr], x: Interval) -> Expr:
    """Whether the rows touched, in order, leave no point of x uncovered."""
    gaps = []
    for i, j in combinations(range(len(rows)), 2):
        if _gap(rows[i], rows[j]):
            between = [e.not_(t) for t in touched[i + 1 : j]]
            gaps.append(and_(touched[i], touched[j], *between))
    starts = []
    for i, row in enumerate(rows):
        inside = _reaches(row, x.lo, x.lo, top_low=True, bottom_low=True)
        starts.append(and_(touched[i], inside, *(e.not_(t) for t in touched[:i])))
    ends = [
        and_(touched[i], _reaches(row, x.hi, x.hi, top_low=False, bottom_low=False))
        for i, row in enumerate(rows)
    ]
    return and_(e.not_(or_(*gaps)), or_(*starts), or_(*ends))


def _gap(before: TableRow, after: TableRow) -> bool:
    if before.hi is None or after.lo is None or before.hi > after.lo:
        return False
    edge = before.includes in ("upper", "both") or after.includes in ("lower", "both")
    return before.hi < after.lo or not edge


def slices(rows: Sequence[TableRow], x: Interval) -> Interval:
    """Each slice of x at its own rate, summed."""
    lo, hi = _sliced(rows, x.lo, lower=True), _sliced(rows, x.hi, lower=False)
    if x.exact or all(r.value >= 0 for r in rows):
        return Interval(lo, hi)
    known = x.known()
    return Interval(bounds.choose(known, lo, INFINITE), bounds.choose(known, hi, INFINITE))


def _sliced(rows: Sequence[TableRow], x: End, *, lower: bool) -> End:
    total = end(0)
    for row in rows:
        if not row.value:
            continue
        start = end(0 if row.lo is None else row.lo)
        top = x if row.hi is None else _capped(x, end(row.hi), lower=lower)
        part = bounds.times(bounds.add_ends(top, bounds.negative(start)), end(row.value))
        some = _beyond("gt", top, start, endless=not lower)
        total = bounds.add_ends(total, bounds.choose(some, part, end(0)))
    return total


def _capped(x: End, edge: End, *, lower: bool) -> End:
    """The smaller; an infinite lower end stays so."""
    return bounds.extreme(x, edge, lower=lower, smallest=True)


ROUNDING: Final = ("round_half_up", "round_down", "round_up")
