"""The second engine's own arithmetic: bounds, scaling to whole numbers, the calendar."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_rules.engine.durable import calendar
from policy_rules.engine.durable.bounds import (
    ANY,
    Bounds,
    compare,
    divide,
    multiply,
    slices,
    tier,
)
from policy_rules.engine.durable.slots import encoded
from policy_rules.packs.model import TableRow

numbers = st.one_of(
    st.integers(-6, 6), st.fractions(-6, 6, max_denominator=4), st.integers(-(2**70), 2**70)
)


@given(numbers, st.integers(-50, 50), st.sampled_from([1, 2, 3, 4, 10, 100]))
def test_encoding_keeps_order(value: int | Fraction, times: int, scale: int) -> None:
    limit = Fraction(times, scale)
    a, b = encoded(value, scale), encoded(limit, scale)
    assert (a < b, a == b) == (value < limit, value == limit)


small = st.one_of(st.none(), st.integers(-4, 4))


@st.composite
def intervals(draw: st.DrawFn) -> tuple[Bounds, Fraction]:
    """Bounds, and a value within."""
    lo, hi = draw(small), draw(small)
    if lo is not None and hi is not None and lo > hi:
        lo, hi = hi, lo
    return (lo, hi), draw(st.fractions(-9 if lo is None else lo, 9 if hi is None else hi))


def within(value: Fraction, bound: Bounds) -> bool:
    return (bound[0] is None or bound[0] <= value) and (bound[1] is None or value <= bound[1])


@given(intervals(), intervals())
def test_arithmetic_holds_every_value(
    a: tuple[Bounds, Fraction], b: tuple[Bounds, Fraction]
) -> None:
    assert within(a[1] * b[1], multiply(a[0], b[0]))
    if b[1]:
        assert within(a[1] / b[1], divide(a[0], b[0]))
    for op, holds in (("<", a[1] < b[1]), (">=", a[1] >= b[1]), ("==", a[1] == b[1])):
        assert compare(op, a[0], b[0]) in (None, holds)


def test_division_by_what_may_be_zero() -> None:
    assert divide((6, 6), (0, 3)) == (2, None)
    assert divide((-6, -6), (0, None)) == (None, 0)
    assert divide((6, 6), (0, 0)) == divide((0, 0), (0, 0)) == divide((6, 6), (-1, 3)) == ANY
    assert divide((6, 9), (2, 3)) == (2, Fraction(9, 2))


def test_slices_with_falling_rates() -> None:
    rows = (TableRow(2, lo=0, hi=10), TableRow(-1, lo=10))
    assert slices(rows, (5, 20)) == (10, 20)
    assert slices(rows, (0, None)) == (None, 20)


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        ("2022-01-31", "2022-02-28", 1),
        ("2022-01-29", "2022-02-28", 1),
        ("2024-01-29", "2024-02-28", 0),
        ("2022-01-31", "2022-03-30", 1),
        ("2022-01-31", "2022-03-31", 2),
        ("2022-02-28", "2022-03-28", 1),
        ("2022-03-31", "2022-02-28", -1),
        ("2022-05-15", "2022-05-15", 0),
        ("2021-12-15", "2023-01-14", 12),
    ],
)
def test_months_between(start: str, end: str, months: int) -> None:
    days = [date.fromisoformat(day).toordinal() for day in (start, end)]
    assert calendar.months_between(*days) == months


def test_the_calendar_ends() -> None:
    assert calendar.add_months(calendar.LAST, 1) == calendar.LAST
    assert calendar.add_months(calendar.FIRST, -1) == calendar.FIRST
    assert calendar.day_of(2023, 2, 29) is None
    assert calendar.day_of(2024, 2, 29) == date(2024, 2, 29).toordinal()


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ((0, 99), (1, 1)),
        ((99, 100), (1, 2)),
        ((100, 200), (2, 2)),
        ((150, 301), ANY),  # it may lie between 200 and 300
        ((300, 301), ANY),  # the last tier begins after 300
        ((301, None), (3, 3)),
        ((None, 50), ANY),
        ((-1, -1), ANY),
    ],
)
def test_tiers(x: Bounds, expected: Bounds) -> None:
    rows = (
        TableRow(1, lo=0, hi=100, includes="lower"),
        TableRow(2, lo=100, hi=200, includes="both"),
        TableRow(3, lo=300, includes="upper"),
    )
    assert tier(rows, x) == expected
