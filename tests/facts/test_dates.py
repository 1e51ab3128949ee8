"""The arithmetic of months, by the table every engine runs, and dates as records give them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_rules import Engine
from policy_rules.facts import dates
from policy_rules.facts.dates import read_date
from policy_rules.packs.loader import load_texts
from policy_rules.verdict import Interval
from policy_rules.yamldoc import read_yaml

CASES = read_yaml(Path(__file__).with_name("month_cases.yaml")).data
BASE = Path(__file__).parents[1] / "bad" / "base"
DAYS = st.dates(date(1950, 1, 1), date(2090, 12, 31))


def table() -> Iterator[tuple[str, Any, Any, Any]]:
    for function, rows in CASES.items():
        for row in rows:
            first, second, expected = row.values()
            yield function, first, second, expected


ROWS = list(table())


@pytest.mark.parametrize(("function", "first", "second", "expected"), ROWS)
def test_months_are_counted_as_the_table_says(
    function: str, first: str, second: Any, expected: Any
) -> None:
    b = date.fromisoformat(second) if isinstance(second, str) else second
    found = getattr(dates, function)(date.fromisoformat(first), b)
    assert str(found) == str(expected)


def test_both_engines_count_as_the_table_says() -> None:
    """One rule a row, in the language; each must say YES."""
    text, rules = "", 0
    for function, first, second, expected in ROWS:
        written = [f"date({d.year}, {d.month}, {d.day})" if d else str(v) for v in (first, second, expected)
                   for d in [date.fromisoformat(v) if isinstance(v, str) else None]]  # fmt: skip
        text += (
            f"- id: r{rules}\n  concept: c\n  outcome: flag\n  subject: household\n"
            f'  label: {{zh: 规, en: r}}\n  clauses: ["1#1"]\n  force: must\n'
            f"  when: {function}({written[0]}, {written[1]}) == {written[2]}\n"
        )
        rules += 1
    files = {name: (BASE / name).read_text("utf-8") for name in ("pack.yaml", "clauses.yaml")}
    engine = Engine(load_texts({**files, "rules.yaml": text}))
    findings = engine.evaluate({}, as_of="2022-06-01").findings
    wrong = [ROWS[int(f.rule.id[1:])] for f in findings if str(f.verdict) != "YES"]
    assert (wrong, len(findings)) == ([], rules)


@given(DAYS, st.integers(-600, 600))
def test_adding_months_and_counting_them_agree(day: date, months: int) -> None:
    later = dates.add_months(day, months)
    assert dates.months_between(day, later) == months or (months < 0 and later.day != day.day)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(1)).day == 1


@given(DAYS, DAYS, DAYS)
def test_more_days_are_never_fewer_months(a: date, b: date, c: date) -> None:
    a, b, c = sorted((a, b, c))
    assert dates.months_between(a, b) <= dates.months_between(a, c)
    assert dates.months_between(b, c) <= dates.months_between(a, c)
    assert dates.calendar_months(a, b) <= dates.calendar_months(a, c)
    assert dates.age_on(a, b) <= dates.age_on(a, c)
    assert dates.months_between(a, b) < dates.calendar_months(a, b) + 1


@given(DAYS, DAYS)
def test_backwards_is_the_negative(a: date, b: date) -> None:
    assert dates.months_between(a, b) == -dates.months_between(b, a)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("2022-12-31", date(2022, 12, 31)),
        (date(2022, 12, 31), date(2022, 12, 31)),
        ("2022-12", Interval(date(2022, 12, 1), date(2022, 12, 31))),
        ("2020-02", Interval(date(2020, 2, 1), date(2020, 2, 29))),
        ("2022", Interval(date(2022, 1, 1), date(2022, 12, 31))),
        (2022, Interval(date(2022, 1, 1), date(2022, 12, 31))),
    ],
)
def test_a_partial_date_is_all_its_days(written: Any, value: Any) -> None:
    assert read_date(written) == value


@pytest.mark.parametrize(
    "written",
    [
        "2022-02-29", "2022-13", "2022-00-01", "0000", "22-01-01", "2022-1-1", "2022/01/01",
        "2022-12-31\n", " 2022", "２０２２", "20221231", "", "2022-12-31T00:00", True, 1.5, None,
        [], 20221231, -2022, datetime(2022, 12, 31, 10, 0),
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(written: Any) -> None:
    with pytest.raises(ValueError):
        read_date(written)
