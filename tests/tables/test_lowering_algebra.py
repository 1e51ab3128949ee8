"""The arithmetic of plans beside that of the reference: intervals, rounding, tables, days."""

from __future__ import annotations

import calendar
import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import plan_interpreter
import pytest

from policy_rules import verdict
from policy_rules.engine import values
from policy_rules.facts import dates
from policy_rules.packs.model import TableRow
from policy_rules.tables.lowering import days, exprs, figures, numbers
from policy_rules.tables.lowering.bounds import End
from policy_rules.tables.lowering.days import Days
from policy_rules.tables.lowering.exprs import Int, NotHeld
from policy_rules.tables.lowering.numbers import Interval
from policy_rules.tables.plan import Expr, Lit, Ref

INF = math.inf
FIGURES = (-7, -2, -1, 0, 1, 2, 3, 5, Fraction(1, 2), Fraction(-4, 3), Fraction(7, 3), 100)
ENDLESS = {True: -INF, False: INF}


class Given:
    """Values in the columns of one row, as the lowering holds them."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.columns: dict[str, list[Any]] = {}

    def column(self, value: int | None, lo: int, hi: int, null: bool) -> Int:
        if self.rng.random() < 0.15:  # known at compile time
            return exprs.OPEN if value is None else exprs.const(value)
        name = f"c{len(self.columns)}"
        self.columns[name] = [value]
        return Int(Ref(name, "int"), lo, hi, null or value is None)

    def end(self, value: Any) -> End:
        rng = self.rng
        null = rng.random() < 0.5
        if value in (INF, -INF):
            return End(self.column(None, -700, 700, null), exprs.const(6))
        lo, hi = (0, 700) if value >= 0 and rng.random() < 0.5 else (-700, 700)
        if rng.random() < 0.3:
            exact = Fraction(value)
            den = self.column(exact.denominator, 1, 10, null=False)
            return End(self.column(exact.numerator, lo, hi, null), den)
        return End(self.column(int(value * 6), 6 * lo, 6 * hi, null), exprs.const(6))

    def number(self) -> tuple[Interval, Any]:
        rng = self.rng
        a, b = sorted(rng.choice(FIGURES) for _ in range(2))
        if rng.random() < 0.3:
            end = self.end(a)
            if end.num.null:
                end = End(Int(end.num.expr, end.num.lo, end.num.hi), end.den)
            return numbers.single(end), a
        low = -INF if rng.random() < 0.2 else a
        high = INF if rng.random() < 0.2 else b
        return Interval(self.end(low), self.end(high)), verdict.interval(low, high)

    def day(self) -> tuple[Days, Any]:
        rng = self.rng
        a = some_day(rng)
        b = a if rng.random() < 0.5 else a + timedelta(days=rng.randint(0, 400))
        ends = [
            self.column(d.year * 10000 + d.month * 100 + d.day, days.FIRST, days.LAST, null=False)
            for d in (a, b)
        ]
        if a == b and rng.random() < 0.5:
            ends[1] = ends[0]
        return Days(*ends), verdict.interval(a, b)

    def value(self, expr: Expr) -> Any:
        return plan_interpreter.value(expr, self.columns, 0)

    def bound(self, end: End, low: bool) -> Any:
        num = self.value(end.num.expr)
        if num is None:
            assert end.num.null
            return ENDLESS[low]
        den = self.value(end.den.expr)
        assert end.num.lo <= num <= end.num.hi
        assert 0 < den <= end.den.hi
        return Fraction(num, den)

    def bounds(self, found: Interval) -> tuple[Any, Any]:
        return self.bound(found.lo, True), self.bound(found.hi, False)


def some_day(rng: random.Random) -> date:
    """A day of few years, often at the end of a month."""
    year, month = (
        rng.choice((1, 1900, 2000, 2019, 2020, 2021, 2023, 2024, 9997)),
        rng.randint(1, 12),
    )
    last = calendar.monthrange(year, month)[1]
    return date(year, month, rng.choice((1, 15, 28, last, last)))


NUMERIC: dict[str, tuple[Callable[..., Interval], Callable[..., Any]]] = {
    "+": (numbers.plus, verdict.add),
    "-": (numbers.minus, verdict.subtract),
    "*": (numbers.product, verdict.multiply),
    "/": (numbers.quotient, verdict.divide),
    "min": (
        lambda a, b: numbers.pick([a, b], smallest=True),
        lambda a, b: verdict.smallest([a, b]),
    ),
    "max": (
        lambda a, b: numbers.pick([a, b], smallest=False),
        lambda a, b: verdict.largest([a, b]),
    ),
    "hull": (lambda a, b: numbers.hull([a, b]), lambda a, b: verdict.hull([a, b])),
    "round_half_up": (
        lambda a, b: figures.rounded("round_half_up", a, b),
        values.FUNCTIONS["round_half_up"],
    ),
    "round_down": (
        lambda a, b: figures.rounded("round_down", a, b),
        values.FUNCTIONS["round_down"],
    ),
    "round_up": (lambda a, b: figures.rounded("round_up", a, b), values.FUNCTIONS["round_up"]),
}


@pytest.mark.parametrize("name", NUMERIC)
@pytest.mark.no_cover
def test_numbers(name: str) -> None:
    lowered, expected = NUMERIC[name]
    rng = random.Random(name)
    for _ in range(1500):
        given = Given(rng)
        (a, x), (b, y) = given.number(), given.number()
        found = lowered(a, b)
        assert given.bounds(found) == verdict.bounds(expected(x, y)), (x, y)
        known = verdict.is_known(expected(x, y))
        assert given.value(found.known()) is known


COMPARED = {
    "lt": verdict.less,
    "le": verdict.less_equal,
    "gt": verdict.greater,
    "ge": verdict.greater_equal,
    "eq": verdict.equal,
}


@pytest.mark.parametrize("name", COMPARED)
def test_comparisons(name: str) -> None:
    rng = random.Random(name)
    for _ in range(1500):
        given = Given(rng)
        (a, x), (b, y) = given.number(), given.number()
        assert given.value(numbers.compare(name, a, b)) is COMPARED[name](x, y), (x, y)


def test_one_of() -> None:
    rng = random.Random(0)
    for _ in range(1000):
        given = Given(rng)
        a, x = given.number()
        options = sorted(Fraction(o) for o in rng.sample(FIGURES, 3))
        lo, hi = verdict.bounds(x)
        expected = (
            x in options if lo == hi else None if any(lo <= o <= hi for o in options) else False
        )
        assert given.value(numbers.one_of(a, options)) is expected


def test_a_choice() -> None:
    rng = random.Random(0)
    for _ in range(600):
        given = Given(rng)
        (a, x), (b, y) = given.number(), given.number()
        truth = rng.choice((True, False, None))
        given.columns["t"] = [truth]
        condition: Expr = rng.choice((Ref("t", "bool"), Lit(truth, "bool")))
        expected = verdict.hull([x, y]) if truth is None else x if truth else y
        assert given.bounds(numbers.select(condition, a, b)) == verdict.bounds(expected)


EDGES = ("lower", "upper", "both", "neither")


def some_rows(rng: random.Random) -> list[TableRow]:
    """Tiers that mostly meet, sometimes leave gaps or overlap."""
    edges = sorted(rng.sample([-2, 0, 1, 2, Fraction(5, 2), 3, 5, 100], rng.randint(2, 4)))
    rows = []
    for lo, hi in zip([None, *edges], [*edges, None], strict=True):
        if rng.random() < 0.15:
            continue
        if lo is not None and rng.random() < 0.1:
            lo -= 1
        rows.append(TableRow(rng.choice(FIGURES), None, lo, hi, rng.choice(EDGES)))
    rng.shuffle(rows)
    return rows


@pytest.mark.parametrize("name", ["tier", "slices", "lookup"])
def test_tables(name: str) -> None:
    rng = random.Random(name)
    lowered = {
        "tier": figures.tier,
        "slices": figures.slices,
        "lookup": figures.lookup_number,
    }[name]
    for _ in range(1500):
        given = Given(rng)
        a, x = given.number()
        rows = some_rows(rng)
        if name == "lookup":
            rows = [TableRow(r.value, key) for r, key in zip(rows, FIGURES, strict=False)]
        expected = values.TABLES[name](rows, x)
        assert given.bounds(lowered(rows, a)) == verdict.bounds(expected), (rows, x)


@pytest.mark.parametrize("known", [True, False])
def test_a_table_of_codes(known: bool) -> None:
    rng = random.Random(1)
    for _ in range(50):
        given = Given(rng)
        rows = [TableRow(rng.choice(FIGURES), code) for code in "abc"[: rng.randint(0, 3)]]
        code = rng.choice("abcd") if known else None
        given.columns["k"] = [code]
        found = figures.lookup(rows, Ref("k", "text"))
        assert given.bounds(found) == verdict.bounds(values.lookup(rows, code))


DATED: dict[str, tuple[Callable[..., Interval], Callable[..., Any]]] = {
    "months_between": (days.months_between, values.months_between),
    "calendar_months": (days.calendar_months, values.calendar_months),
    "age_on": (days.age_on, values.age_on),
    "year": (lambda a, b: days.year(a), lambda a, b: values.year(a)),
    "month": (lambda a, b: days.month(a), lambda a, b: values.month(a)),
}


@pytest.mark.parametrize("name", DATED)
def test_days(name: str) -> None:
    lowered, expected = DATED[name]
    rng = random.Random(name)
    for _ in range(2000):
        given = Given(rng)
        (a, x), (b, y) = given.day(), given.day()
        assert given.bounds(lowered(a, b)) == verdict.bounds(expected(x, y)), (x, y)


def test_adding_months() -> None:
    rng = random.Random(4)
    for _ in range(2000):
        given = Given(rng)
        (a, x), (b, y) = given.day(), given.number()
        found = days.add_months(a, b)
        expected = verdict.bounds(values.add_months(x, y))
        assert day_values(given, found) == expected, (x, y)


def day_values(given: Given, found: Days) -> tuple[date, date]:
    lo, hi = (given.value(e.expr) for e in (found.lo, found.hi))
    assert found.lo.lo <= lo <= found.lo.hi
    return tuple(date(v // 10000, v // 100 % 100, v % 100) for v in (lo, hi))  # type: ignore[return-value]


def test_a_date_of_parts() -> None:
    rng = random.Random(5)
    parts = ((0, 1, 2023, 2024, 9999, 10000), (0, 1, 2, 4, 12, 13), (0, 1, 28, 29, 30, 31, 32))
    for _ in range(2000):
        given = Given(rng)
        ints, lowered = [], []
        for some in parts:
            value: Any = rng.choice(some) + rng.choice((0, 0, 0, 0, 0, Fraction(1, 2)))
            hi = value if rng.random() < 0.9 else value + 1
            ends = [given.column(int(v * 2), -2, 30000, null=False) for v in (value, hi)]
            lowered.append(Interval(*(End(e, exprs.const(2)) for e in ends)))
            ints.append(verdict.interval(verdict.reduced(Fraction(value)), hi))
        assert day_values(given, days.made(lowered)) == verdict.bounds(values.make_date(*ints)), (
            ints
        )


def test_every_pair_of_month_ends() -> None:
    ends = [date(y, m, dates.days_in(y, m)) for y in (2023, 2024) for m in range(1, 13)]
    given = Given(random.Random(0))
    given.columns = {"a": [0], "b": [0]}
    a, b = (Int(Ref(n, "int"), days.FIRST, days.LAST) for n in "ab")
    lowered = days.months_between(Days(a, a), Days(b, b))
    for start in ends:
        for end in (*ends, *(e - timedelta(days=1) for e in ends)):
            given.columns["a"][0], given.columns["b"][0] = (
                d.year * 10000 + d.month * 100 + d.day for d in (start, end)
            )
            expected = dates.months_between(start, end)
            assert given.value(lowered.lo.num.expr) == expected, (start, end)


def test_beyond_38_digits_is_declined() -> None:
    large = Interval(*(End(Int(Ref("a", "int"), 0, 10**20)) for _ in range(2)))
    with pytest.raises(NotHeld):
        numbers.product(large, large)
