"""Measuring targets on a list of records, by the reference interpreter.

This is the specification of a target's meaning; the column engines of `tables` must agree with it.
Exact arithmetic throughout; what is not recorded widens the result to an interval; a zero
denominator is UNKNOWN.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.building import MEMBER, YEAR, Env, Fn
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import Household
from policy_rules.packs.model import Figure, Pack, Target
from policy_rules.verdict import (
    ANY_NUMBER,
    Truth,
    Verdict,
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
    subtract,
)

_COMPARE: Final = {
    ">=": greater_equal,
    ">": greater,
    "<=": less_equal,
    "<": less,
    "==": equal,
}


@attrs.frozen
class Measured:
    """One figure of a target, measured.

    ``low`` and ``high`` bound the value over what is not recorded (±inf where nothing bounds it);
    ``counted`` is the number of subjects certainly in the population, ``open`` of those it is not
    known of; ``verdict`` says whether the figure is reached.
    """

    figure: Figure
    year: int
    low: Any
    high: Any
    counted: int
    open: int
    verdict: Verdict

    @property
    def exact(self) -> int | Fraction | None:
        """The value, where it is a single one."""
        return self.low if self.low == self.high else None


@attrs.define
class _Tally:
    """What one year's pass over the records adds up."""

    inside: int = 0
    unsure: int = 0
    yes: int = 0
    maybe: int = 0
    unsure_yes: int = 0
    unsure_maybe: int = 0
    value: Any = 0
    of: Any = 0


class TargetMeter:
    """Measures the targets of a pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._rules = RuleSet(pack, ())
        at = self._rules.interpreter
        self._functions: dict[str, dict[str, Fn]] = {}
        for target in pack.targets.values():
            owner = f"target {target.id}"
            parts = {"population": target.population, "when": target.when}
            self._functions[target.id] = {
                name: at.expression(owner, node) for name, node in parts.items()
            } | {
                name: at.expression(owner, node)
                for name, node in (("value", target.value), ("of", target.of))
                if node is not None
            }

    def measure(
        self, target: Target | str, records: Iterable[Household], as_of: date
    ) -> tuple[Measured, ...]:
        """Every figure of a target over the records; raises KeyError for an unknown target."""
        goal = self.pack.targets[target] if isinstance(target, str) else target
        rows = list(records)
        found: list[Measured] = []
        for figure in goal.figures or (Figure(0, None, None, as_of.year),):
            found += self._figure(goal, figure, rows, as_of)
        return tuple(found)

    def _figure(
        self, target: Target, figure: Figure, rows: list[Household], as_of: date
    ) -> Iterator[Measured]:
        if target.measure == "external_figure" or target.subject is None:
            yield Measured(figure, figure.target_year, -math.inf, math.inf, 0, 0, Verdict.UNKNOWN)
            return
        years = [figure.target_year]
        if target.per_year is not None and target.period is not None:
            years = list(range(target.period[0], target.period[1] + 1))
        if target.per_year == "mean":
            total: Any = 0
            tallies = [self._tally(target, rows, as_of, year) for year in years]
            for year, tally in zip(years, tallies, strict=True):
                total = add(total, self._quantity(target, tally, rows, as_of, year))
            yield self._judge(target, figure, years[-1], divide(total, len(years)), tallies[-1])
            return
        for year in years:
            tally = self._tally(target, rows, as_of, year)
            yield self._judge(
                target, figure, year, self._quantity(target, tally, rows, as_of, year), tally
            )

    def _subjects(
        self, target: Target, rows: list[Household], as_of: date, year: int
    ) -> Iterator[Env]:
        kind = "household" if target.subject == "member" else target.subject
        for record in rows:
            if record.kind != kind:
                continue
            env = self._rules.interpreter.environment(record, as_of, year)
            if target.subject != "member":
                yield env
                continue
            for row in record.members:
                env[MEMBER] = row
                yield env

    def _tally(self, target: Target, rows: list[Household], as_of: date, year: int) -> _Tally:
        parts = self._functions[target.id]
        population, when = parts["population"], parts["when"]
        value, of = parts.get("value"), parts.get("of")
        tally = _Tally()
        for env in self._subjects(target, rows, as_of, year):
            env[YEAR] = year
            inside: Truth = population(env)
            if inside is False:
                continue
            truth: Truth = when(env)
            if inside:
                tally.inside += 1
                tally.yes += truth is True
                tally.maybe += truth is None
            else:
                tally.unsure += 1
                tally.unsure_yes += truth is True
                tally.unsure_maybe += truth is None
            if truth is not False:
                certain = inside and truth is True
                if value is not None:
                    amount = value(env)
                    tally.value = add(tally.value, amount if certain else hull([0, amount]))
                if of is not None:
                    weight = of(env)
                    tally.of = add(tally.of, weight if certain else hull([0, weight]))
        return tally

    def _quantity(
        self, target: Target, tally: _Tally, rows: list[Household], as_of: date, year: int
    ) -> Any:
        match target.measure:
            case "count":
                more = tally.maybe + tally.unsure_yes + tally.unsure_maybe
                return interval(tally.yes, tally.yes + more)
            case "share":
                return share(tally)
            case "sum":
                return tally.value
            case "growth":
                before = self._tally(target, rows, as_of, year - 1)
                return subtract(divide(_level(target, tally), _level(target, before)), 1)
            case "trend":
                before = self._tally(target, rows, as_of, year - 1)
                return subtract(_level(target, tally), _level(target, before))
            case _:
                return _level(target, tally)

    def _judge(
        self, target: Target, figure: Figure, year: int, value: Any, tally: _Tally
    ) -> Measured:
        match target.comparator:
            case "between":
                low = greater_equal(value, figure.value)
                high = less_equal(value, figure.value if figure.upper is None else figure.upper)
                truth: Truth = False if low is False or high is False else (low and high) or None
            case "rising":
                truth = greater(value, 0)
            case "falling":
                truth = less(value, 0)
            case sign:
                truth = _COMPARE[sign](value, figure.value)
        lo, hi = bounds(value)
        return Measured(figure, year, lo, hi, tally.inside, tally.unsure, Verdict.of(truth))


def share(tally: _Tally) -> Any:
    """The bounds of a share: each subject that is not sure counts the way that hurts or helps most."""
    unsure_no = tally.unsure - tally.unsure_yes - tally.unsure_maybe
    low_of = tally.inside + unsure_no + tally.unsure_maybe
    high = tally.yes + tally.maybe + tally.unsure_yes + tally.unsure_maybe
    high_of = tally.inside + tally.unsure_yes + tally.unsure_maybe
    if not tally.inside:
        return ANY_NUMBER  # nobody is certainly meant: the rate may have no denominator at all
    return interval(Fraction(tally.yes, low_of), Fraction(high, high_of))


def _level(target: Target, tally: _Tally) -> Any:
    return tally.value if target.of is None else divide(tally.value, tally.of)
