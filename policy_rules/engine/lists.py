"""Folds over lists in the reference interpreter: any, all, count, sum, longest run.

A list may be incomplete: items may be missing. Then ``any`` is at most unknown where no recorded item
says YES, and counts and sums have no upper bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from policy_rules.facts.record import EMPTY_ROW, Items
from policy_rules.verdict import ANY_NUMBER, Interval, Truth, add, bounds, hull, interval

Env = list[Any]
Fn = Callable[[Env], Any]


def fold_any(source: Fn, slot: int, where: Fn | None, body: Fn | None) -> Fn:
    """YES if some item meets both filter and condition."""
    assert body is not None

    def any_item(env: Env) -> Truth:
        items: Items = source(env)
        result: Truth = False if items.complete else None
        for row in items.rows:
            env[slot] = row
            chosen = True if where is None else where(env)
            if chosen is False:
                continue
            truth = body(env)
            if truth is True and chosen is True:
                return True
            if truth is not False:
                result = None
        return result

    return any_item


def fold_all(source: Fn, slot: int, where: Fn | None, body: Fn | None) -> Fn:
    """NO if some item meets the filter and not the condition; YES of an empty complete list."""
    assert body is not None

    def all_items(env: Env) -> Truth:
        items: Items = source(env)
        result: Truth = True if items.complete else None
        for row in items.rows:
            env[slot] = row
            chosen = True if where is None else where(env)
            if chosen is False:
                continue
            truth = body(env)
            if truth is False and chosen is True:
                return False
            if truth is not True:
                result = None
        return result

    return all_items


def fold_count(source: Fn, slot: int, where: Fn | None, body: Fn | None) -> Fn:
    """How many items meet the filter."""

    def count(env: Env) -> Any:
        items: Items = source(env)
        certain = possible = 0
        for row in items.rows:
            env[slot] = row
            chosen = True if where is None else where(env)
            if chosen is True:
                certain += 1
            elif chosen is None:
                possible += 1
        if not items.complete:
            return Interval(certain, math.inf)
        return Interval(certain, certain + possible) if possible else certain

    return count


def fold_sum(source: Fn, slot: int, where: Fn | None, body: Fn | None) -> Fn:
    """The sum of a value over the items that meet the filter."""
    assert body is not None

    def total(env: Env) -> Any:
        items: Items = source(env)
        result: Any = 0
        for row in items.rows:
            env[slot] = row
            chosen = True if where is None else where(env)
            if chosen is False:
                continue
            value = body(env)
            result = add(result, value if chosen else hull([0, value]))
        if items.complete:
            return result
        # what a missing item could add is the range of the value of a wholly unknown item
        env[slot] = EMPTY_ROW
        lo, hi = bounds(body(env))
        if lo < 0 and hi > 0:
            return ANY_NUMBER
        low, high = bounds(result)
        return interval(low if lo >= 0 else -math.inf, high if hi <= 0 else math.inf)

    return total


def longest_run(source: Fn, slot: int, where: Fn | None) -> Fn:
    """Months of the longest unbroken run of spells, in whole calendar months."""

    def run(env: Env) -> Any:
        items: Items = source(env)
        certain: list[tuple[int, int]] = []
        widest: list[tuple[int, int]] = []
        bounded = items.complete
        for row in items.rows:
            env[slot] = row
            chosen = True if where is None else where(env)
            if chosen is False:
                continue
            start, end = row.get("from"), row.get("to")
            if start is None or end is None:
                bounded = False
                continue
            (slo, shi), (elo, ehi) = bounds(start), bounds(end)
            widest.append((month_index(slo), month_index(ehi)))
            narrow = month_index(slo) == month_index(shi) and month_index(elo) == month_index(ehi)
            if chosen and narrow:
                certain.append(widest[-1])
        low = longest(certain)
        return interval(low, longest(widest) if bounded else math.inf)

    return run


def month_index(day: date) -> int:
    """Months since year 0."""
    return day.year * 12 + day.month


def longest(spells: list[tuple[int, int]]) -> int:
    """Months of the longest run; spells join where they overlap or follow month on month."""
    best, start, end = 0, 0, -2
    for first, last in sorted(s for s in spells if s[0] <= s[1]):
        if first > end + 1:
            start, end = first, last
        end = max(end, last)
        best = max(best, end - start + 1)
    return best


FOLDS: Final[dict[str, Callable[[Fn, int, Fn | None, Fn | None], Fn]]] = {
    "any": fold_any,
    "all": fold_all,
    "count": fold_count,
    "sum": fold_sum,
}
