"""Who would close the gap: subjects that do not count yet, and those of whom it is not known.

Lists hold record ids (and member ids) and the facts missing, never facts. Each is bounded; what does
not fit is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from policy_rules.engine.finding import FactNeed
from policy_rules.engine.tally import (
    HEADS,
    TWO_YEARS,
    Direction,
    change,
    direction,
    level,
    reached,
)
from policy_rules.packs.model import Figure, Target
from policy_rules.verdict import Truth, bounds, divide, equal, is_known

Needs = Callable[[], tuple[FactNeed, ...]]
#: What was seen of a subject in one year: in the population, in the numerator, value, divisor.
Seen = tuple[Truth, Truth, Any, Any]


@attrs.frozen
class Listed:
    """One subject: the id of its record, that of the member (empty for the record itself), and the
    facts that would tell."""

    record: str
    subject: str
    missing: tuple[FactNeed, ...] = ()


@attrs.define
class Listing:
    """The first subjects of a kind in the order of the population, and how many there are."""

    most: int
    count: int = 0
    rows: list[Listed] = attrs.field(factory=list)

    def add(self, record: str, subject: str, needs: Needs | None = None) -> None:
        """Count one, and list it while there is room; ``needs`` is asked only then."""
        self.count += 1
        if len(self.rows) < self.most:
            self.rows.append(Listed(record, subject, needs() if needs else ()))

    @property
    def rest(self) -> int:
        """How many are counted, but not listed."""
        return self.count - len(self.rows)


@attrs.define
class Gap:
    """Who would close the gap of a figure.

    ``direction`` ``up``: ``lacking`` are certainly in the population and certainly not in the numerator
    (of a sum: add nothing; of a mean or quotient: are below the figure by themselves). ``down``: the
    same of those who count while as few as possible should. ``unknown`` are those not known of, with
    the facts missing; a household with members nobody has listed stands there once.
    """

    direction: Direction
    lacking: Listing
    unknown: Listing

    @classmethod
    def of(cls, direction: Direction, most: int) -> Gap:
        """An empty one."""
        return cls(direction, Listing(most), Listing(most))


class HeadGap:
    """Finds the gap of a count or share: whoever is, or is not, in the numerator."""

    def __init__(self, target: Target, figure: Figure | None, year: int, most: int) -> None:
        self.gap = Gap.of(direction(target, figure), most)
        self.year = year
        self._wanted = self.gap.direction == "up"
        #: a count of whoever there is has no denominator to stand in
        self._anybody = self._wanted and target.population is None and target.measure == "count"

    def note(self, seen: dict[int, Seen], record: str, subject: str, needs: Needs) -> None:
        """Look at a subject that may be in the population."""
        inside, truth, _, _ = seen.get(self.year, _OUTSIDE)
        if inside is False:
            return
        if inside is None or truth is None:
            self.gap.unknown.add(record, subject, needs)
        elif truth is not self._wanted and not self._anybody:
            self.gap.lacking.add(record, subject)


class AmountGap:
    """Finds the gap of a sum, mean, quotient, growth or trend: whoever is short by themselves."""

    def __init__(self, target: Target, figure: Figure | None, year: int, most: int) -> None:
        self.gap = Gap.of(direction(target, figure), most)
        self.year = year
        self._target, self._figure = target, figure

    def note(self, seen: dict[int, Seen], record: str, subject: str, needs: Needs) -> None:
        """Look at a subject that may be in the population."""
        inside, _, value, of = seen.get(self.year, _OUTSIDE)
        if inside is False:
            return
        own = self._own(seen, value, of)
        if inside is None or own is None:
            self.gap.unknown.add(record, subject, needs)
        elif own is False:
            self.gap.lacking.add(record, subject)

    def _own(self, seen: dict[int, Seen], value: Any, of: Any) -> Truth:
        """Whether a subject by itself does what is wanted of all."""
        target = self._target
        if target.measure == "sum":
            nothing = equal(value, 0)
            if self.gap.direction == "down":
                return nothing
            return None if nothing is None else not nothing
        if of is not None and bounds(of) == (0, 0):
            return True  # it has no weight in the quotient
        if target.measure not in TWO_YEARS:
            return reached(target, self._figure, divide(value, of))
        before = seen.get(self.year - 1)
        if before is None:
            return True  # it was not in the population then: there is nothing to compare
        now, then = level(target, value, of), level(target, before[2], before[3])
        grown = reached(target, self._figure, change(target, now, then))
        if grown is None and is_known(now) and is_known(then):
            return True  # from nothing: no fact would tell
        return grown


_OUTSIDE: Seen = (False, False, None, None)


def finder(target: Target, figure: Figure | None, year: int, most: int) -> HeadGap | AmountGap:
    """What finds the gap of a figure in a year."""
    kind = HeadGap if target.measure in HEADS else AmountGap
    return kind(target, figure, year, most)
