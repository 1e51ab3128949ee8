"""The years a plan looks for where the day alone names them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from policy_rules.analysis import cells
from policy_rules.analysis.cells import Cell, Texts, Whole
from policy_rules.analysis.world import AS_OF
from policy_rules.tables.plan import Define, Down, Expr, Op, Plan, Ref


class _Recorded(Exception):
    """The year hangs on what is recorded."""


def years_of_day(plan: Plan, frame: str, part: Op, year: int) -> set[int] | None:
    """The years a comparison with the year of a row asks for on the days of a calendar year.

    None where they hang on facts, or where rows of many years are meant.
    """
    asked = [a for a in part.args if not (isinstance(a, Ref) and a.name == "year")]
    if part.name != "eq" or len(asked) != 1:
        return None
    steps = {(s.frame, s.name): s for s in plan.steps}

    def column(of: str, name: str, day: date) -> Cell:
        if name == AS_OF:
            number = day.year * 10_000 + day.month * 100 + day.day
            return Whole(False, number, (day.day, day.month, day.year))
        match steps.get((of, name)):
            case Define(expr=expr):
                return value(of, expr, day)
            case Down(outer=outer, source=source):
                return column(outer, source, day)
        raise _Recorded

    def value(of: str, expr: Expr, day: date) -> Cell:
        return cells.evaluate(expr, lambda ref: column(of, ref.name, day), Texts())

    try:
        found = {_year(value(frame, asked[0], day)) for day in _days(year)}
    except _Recorded:
        return None
    return {y for y in found if y is not None}


def _year(cell: Cell) -> int | None:
    if not isinstance(cell, Whole) or not isinstance(cell.null, bool):
        raise _Recorded
    if cell.null:
        return None
    if not isinstance(cell.value, int):
        raise _Recorded
    return cell.value


def _days(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)
