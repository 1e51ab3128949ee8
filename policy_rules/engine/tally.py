"""What a pass over records adds up of one target in one year, and what follows from it.

Kept apart from the pass, so that records can stream by. A household whose list of members is incomplete
may have members nobody has listed, and a target of members reaches them too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

import attrs

from policy_rules.packs.model import Figure, Target
from policy_rules.verdict import (
    ANY_NUMBER,
    Number,
    Truth,
    add,
    bounds,
    divide,
    equal,
    greater,
    greater_equal,
    hull,
    interval,
    less,
    less_equal,
    multiply,
    reduced,
    subtract,
)

#: Measures of subjects, one each; the others are of what subjects have.
HEADS: Final = frozenset({"count", "share"})
#: Measures that compare a year with the one before.
TWO_YEARS: Final = frozenset({"growth", "trend"})
Direction = Literal["up", "down"]


@attrs.frozen
class Span:
    """From ``low`` to ``high``, exact numbers; ``±math.inf`` where nothing bounds it."""

    low: Any
    high: Any

    @classmethod
    def of(cls, value: Any) -> Span:
        """The span of a known or unknown number."""
        low, high = bounds(value)
        return cls(_plain(low), _plain(high))

    @property
    def exact(self) -> Number | None:
        """The number, where it is a single one."""
        return self.low if self.low == self.high else None

    @property
    def unknown(self) -> bool:
        """Whether nothing at all is known of it."""
        return bool(self.low == -math.inf and self.high == math.inf)


def _plain(number: Any) -> Any:
    return reduced(number) if isinstance(number, Fraction) else number


@attrs.define
class Tally:
    """What one year's pass adds up: subjects by what is known of them, and sums.

    ``inside`` are certainly in the population, ``unsure`` perhaps; ``yes`` and ``maybe`` those of them
    certainly and perhaps in the numerator. ``unlisted`` are records with members nobody has listed;
    ``endless_yes`` (``endless_no``) says that such members may be in the numerator (the population,
    but not the numerator).
    """

    inside: int = 0
    unsure: int = 0
    yes: int = 0
    maybe: int = 0
    unsure_yes: int = 0
    unsure_maybe: int = 0
    unlisted: int = 0
    endless_yes: bool = False
    endless_no: bool = False
    value: Any = 0
    of: Any = 0

    def count(self, inside: Truth, truth: Truth, value: Any, of: Any) -> None:
        """Add a subject that is not certainly outside the population."""
        if inside:
            self.inside += 1
            self.yes += truth is True
            self.maybe += truth is None
        else:
            self.unsure += 1
            self.unsure_yes += truth is True
            self.unsure_maybe += truth is None
        if truth is not False:
            certain = inside and truth is True
            if value is not None:
                self.value = add(self.value, value if certain else hull([0, value]))
            if of is not None:
                self.of = add(self.of, of if certain else hull([0, of]))

    def unlist(self, truth: Truth, value: Any, of: Any) -> None:
        """Add any number of members that are not listed, of whom nothing is known."""
        self.unlisted += 1
        self.endless_yes = self.endless_yes or truth is not False
        self.endless_no = self.endless_no or truth is not True
        if truth is not False:
            self.value = add(self.value, _any_number_of(value))
            self.of = add(self.of, _any_number_of(of))

    @property
    def numerator(self) -> Any:
        """How many are in the numerator."""
        more = self.maybe + self.unsure_yes + self.unsure_maybe
        return interval(self.yes, math.inf if self.endless_yes else self.yes + more)

    def share(self) -> Any:
        """The bounds of the rate: whoever is not sure counts the way that hurts or helps most."""
        if not self.inside:
            return ANY_NUMBER  # nobody is certainly meant: the rate may have no denominator at all
        low = 0 if self.endless_no else Fraction(self.yes, self._of_low)
        high = 1 if self.endless_yes else Fraction(self._high, self._of_high)
        return interval(low, high)

    def share_short(self, wanted: Number) -> tuple[Any, Any]:
        """By how many subjects the rate falls short of ``wanted``, at best and at worst.

        Negative where there are more than it takes.
        """
        best: Any = wanted * self._of_high - self._high
        if self.endless_yes and wanted < 1:
            best = -math.inf
        worst: Any = wanted * self._of_low - self.yes
        if self.endless_no and wanted > 0:
            worst = math.inf
        return best, worst

    @property
    def _of_low(self) -> int:
        return self.inside + self.unsure - self.unsure_yes

    @property
    def _high(self) -> int:
        return self.yes + self.maybe + self.unsure_yes + self.unsure_maybe

    @property
    def _of_high(self) -> int:
        return self.inside + self.unsure_yes + self.unsure_maybe


def _any_number_of(value: Any) -> Any:
    if value is None:
        return 0
    low, high = bounds(value)
    return interval(-math.inf if low < 0 else 0, math.inf if high > 0 else 0)


# -- figures and their years --------------------------------------------------------------------


def measurements(target: Target, as_of: date) -> Iterator[tuple[Figure | None, tuple[int, ...]]]:
    """Every figure of a target with the years it is measured over, in order.

    Several years are those of a mean. A figure that names its year is of that year alone; a target
    without a figure (one that shall rise, say) is measured in the year of the day.
    """
    for figure in target.figures or (None,):
        year = as_of.year if figure is None else figure.target_year
        period = range(year, year + 1)
        if target.per_year is not None and target.period is not None:
            period = range(target.period[0], target.period[1] + 1)
        if target.per_year == "mean":
            yield figure, tuple(period)
            continue
        if figure is not None and figure.year in period:
            period = range(year, year + 1)
        for one in period:
            yield figure, (one,)


# -- what a tally comes to -------------------------------------------------------------------------


def level(target: Target, value: Any, of: Any) -> Any:
    """The sum, or the quotient of the sums where the target divides."""
    return value if target.of is None else divide(value, of)


def quantity(target: Target, tally: Tally, before: Tally | None) -> Any:
    """What the target measures, in one year; ``before`` is the tally of the year before."""
    match target.measure:
        case "count":
            return tally.numerator
        case "share":
            return tally.share()
        case "sum":
            return tally.value
        case "growth" | "trend":
            assert before is not None
            now, then = (level(target, t.value, t.of) for t in (tally, before))
            return change(target, now, then)
        case _:
            return level(target, tally.value, tally.of)


def change(target: Target, now: Any, then: Any) -> Any:
    """Growth as a ratio, or the difference of a trend."""
    return subtract(divide(now, then), 1) if target.measure == "growth" else subtract(now, then)


_COMPARE: Final[dict[str, Callable[[Any, Any], Truth]]] = {
    ">=": greater_equal,
    ">": greater,
    "<=": less_equal,
    "<": less,
    "==": equal,
}


def reached(target: Target, figure: Figure | None, value: Any) -> Truth:
    """Whether a value reaches the figure (or goes the way it shall)."""
    if target.comparator in ("rising", "falling"):
        return greater(value, 0) if target.comparator == "rising" else less(value, 0)
    assert figure is not None
    if target.comparator == "between":
        low = greater_equal(value, figure.value)
        high = less_equal(value, figure.value if figure.upper is None else figure.upper)
        return False if low is False or high is False else (low and high) or None
    return _COMPARE[target.comparator](value, figure.value)


def direction(target: Target, figure: Figure | None) -> Direction:
    """Whether more is wanted, or less: it says which subjects would close the gap."""
    if target.comparator in ("<=", "<", "falling"):
        return "down"
    nothing = target.comparator == "==" and figure is not None and figure.value <= 0
    return "down" if nothing else "up"


def short(
    target: Target, figure: Figure | None, tallies: Sequence[Tally], before: Tally | None
) -> Span | None:
    """How many subjects, or how much, stand between the value and the figure.

    Over several years (``per_year: mean``) it is that of all of them together. None where that is no
    number: nobody certainly meant, or a mean of rates.
    """
    tally, years = tallies[-1], len(tallies)
    if target.measure == "share" and (years > 1 or not tally.inside):
        return None
    if target.measure not in ("count", "sum") and years > 1:
        return None
    if figure is None or target.comparator in ("rising", "falling"):
        lower = upper = _short_of(target, 0, tallies, before)
    else:
        lower = _short_of(target, figure.value, tallies, before)
        upper = lower
        if target.comparator == "between" and figure.upper is not None:
            upper = _short_of(target, figure.upper, tallies, before)
    return _needed(target, lower, upper)


def _short_of(
    target: Target, wanted: Number, tallies: Sequence[Tally], before: Tally | None
) -> tuple[Any, Any]:
    """The figure less the value, in subjects or amounts: at best and at worst."""
    tally = tallies[-1]
    match target.measure:
        case "share":
            return tally.share_short(wanted)
        case "count" | "sum":
            total: Any = 0
            for one in tallies:
                total = add(total, one.numerator if target.measure == "count" else one.value)
            return bounds(subtract(wanted * len(tallies), total))
        case "growth" | "trend":
            assert before is not None
            line = level(target, before.value, before.of)
            if target.measure == "growth":
                line = multiply(line, wanted + 1)
        case _:
            line = wanted
    if target.of is not None:
        line = multiply(line, tally.of)
    return bounds(subtract(line, tally.value))


def _needed(target: Target, lower: tuple[Any, Any], upper: tuple[Any, Any]) -> Span:
    """Turn "the figure less the value" into what is still needed (or too much): never negative."""
    heads, sign = target.measure in HEADS, target.comparator
    strict = sign in (">", "<", "rising", "falling")

    def need(gap: Any) -> Any:
        if not heads or gap in (math.inf, -math.inf):
            return max(gap, 0)  # an amount, or nothing bounds it
        return max(0, math.floor(gap) + 1 if strict else math.ceil(gap))

    few = need(lower[0]), need(lower[1])
    many = need(-upper[1]), need(-upper[0])
    match sign:
        case "<=" | "<" | "falling":
            ends = many
        case "==" | "between":
            ends = max(few[0], many[0]), max(few[1], many[1])
        case _:
            ends = few
    return Span(_plain(ends[0]), _plain(ends[1]))
