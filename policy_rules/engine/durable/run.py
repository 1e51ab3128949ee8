"""What the second engine knows while it evaluates one record, and its walks over lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from policy_rules.engine.durable import bounds, calendar
from policy_rules.engine.durable.bounds import ANY, ZERO, Bounds
from policy_rules.facts.record import Household, Items, Row
from policy_rules.packs.model import Parameter

Fold = Callable[["Frame"], Any]

NO_ROW: Final = Row()
NO_LIST: Final = Items((), False)
NO_YEARS: Final[Mapping[int, Row]] = {}


class Run:
    """One evaluation: the record, the day, a frame a row, and the rows the loops stand at."""

    __slots__ = ("as_of", "day", "frames", "household", "loops", "parameters")

    def __init__(self, record: Household, as_of: date, parameters: dict[str, Bounds]) -> None:
        self.as_of = as_of
        day = as_of.toordinal()
        self.day: Bounds = (day, day)
        self.household = record.row if record.kind == "household" else NO_ROW
        self.parameters = parameters
        self.loops: dict[int, Row] = {}
        self.frames: dict[int, Frame] = {}

    def frame(self, row: Row) -> Frame:
        """The frame of a row; the same one all through the run."""
        found = self.frames.get(id(row))
        if found is None:
            found = self.frames[id(row)] = Frame(self, row)
        return found


class Frame:
    """A subject within a run, and what is already known of it: results of rules, definitions."""

    __slots__ = ("cache", "row", "run")

    def __init__(self, run: Run, row: Row) -> None:
        self.run = run
        self.row = row
        self.cache: dict[Any, Any] = {}


def others(frame: Frame) -> Items:
    """The household's members without the subject."""
    everybody = frame.run.household.get("members", NO_LIST)
    rest = tuple(row for row in everybody.rows if row is not frame.row)
    return Items(rest, everybody.complete)


def parameter_on(parameter: Parameter, day: Bounds) -> Bounds:
    """The value on a day that is known; no bounds where none holds on it."""
    first, last = calendar.days(day)
    value = parameter.on(date.fromordinal(first)) if first == last else None
    return ANY if value is None else (value, value)


# -- lists: ``key`` is the loop variable's place in the run -----------------------------------


def some(
    frame: Frame, items: Items, key: int, where: Fold | None, body: Fold, wanted: bool
) -> bool | None:
    """``any`` (an item's body is wanted to be true) or ``all`` (none may be false)."""
    loops = frame.run.loops
    doubt = not items.complete
    for row in items.rows:
        loops[key] = row
        counts = True if where is None else where(frame)
        if counts is False:
            continue
        value: bool | None = body(frame)
        if value is wanted and counts:
            return wanted
        doubt = doubt or value is None or value is wanted
    return None if doubt else not wanted


def counted(frame: Frame, items: Items, key: int, where: Fold | None) -> Bounds:
    """``count``: those that surely belong, to those that may."""
    loops = frame.run.loops
    sure = possible = 0
    for row in items.rows:
        loops[key] = row
        counts = True if where is None else where(frame)
        sure += counts is True
        possible += counts is not False
    return sure, (possible if items.complete else None)


def summed(frame: Frame, items: Items, key: int, where: Fold | None, body: Fold) -> Bounds:
    """``sum``; what an item that is not listed could add decides which bound is lost."""
    loops = frame.run.loops
    total = ZERO
    for row in items.rows:
        loops[key] = row
        counts = True if where is None else where(frame)
        if counts is not False:
            value: Bounds = body(frame)
            total = bounds.add(total, value if counts else bounds.hull((ZERO, value)))
    if items.complete:
        return total
    loops[key] = NO_ROW
    lo, hi = body(frame)
    return (
        total[0] if lo is not None and lo >= 0 else None,
        total[1] if hi is not None and hi <= 0 else None,
    )


def longest_run(
    frame: Frame, items: Items, key: int, where: Fold | None, start: Fold, end: Fold
) -> Bounds:
    """Months of the longest unbroken run: of sure spells at least, of possible ones at most."""
    loops = frame.run.loops
    sure: list[tuple[int, int]] = []
    possible: list[tuple[int, int]] = []
    endless = not items.complete
    for row in items.rows:
        loops[key] = row
        counts = True if where is None else where(frame)
        if counts is False:
            continue
        begin, stop = start(frame), end(frame)
        if begin == calendar.EVER or stop == calendar.EVER:
            endless = True
            continue
        first, first_end, last, last_end = map(calendar.month_index, (*begin, *stop))
        possible.append((first, last_end))
        if counts and first == first_end and last == last_end:
            sure.append((first, last))
    longest = None if endless else calendar.longest_run(possible)
    return calendar.longest_run(sure), longest
