"""Measuring targets on a list of records, by the reference interpreter.

This is the specification of a target's meaning; coverage, where records stream by, must agree with it.
Exact arithmetic throughout; what is not recorded widens the result to an interval; a zero
denominator is UNKNOWN. The sums are those of :mod:`policy_rules.engine.tally`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.building import MEMBER, Env, Fn
from policy_rules.engine.rules import RuleSet
from policy_rules.engine.tally import TWO_YEARS, Tally, measurements, quantity, reached
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST, Household, Items
from policy_rules.packs.model import Figure, Pack, Target
from policy_rules.verdict import Verdict, add, bounds, divide


@attrs.frozen
class Measured:
    """One figure of a target, measured; without one, whether it goes the way it shall.

    ``low`` and ``high`` bound the value over what is not recorded (±inf where nothing bounds it);
    ``counted`` is the number of subjects certainly in the population, ``open`` of those it is not
    known of; ``verdict`` says whether the figure is reached.
    """

    figure: Figure | None
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


class TargetMeter:
    """Measures the targets of a pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._rules = RuleSet(pack, ())
        self._functions: dict[str, dict[str, Fn]] = {}

    def _parts(self, target: Target) -> dict[str, Fn]:
        """The functions of a target's expressions, made when it is first measured."""
        if target.id not in self._functions:
            at, owner = self._rules.interpreter, f"target {target.id}"
            nodes = {"population": target.population, "when": target.when}
            if target.value is not None:
                nodes["value"] = target.value
            if target.of is not None:
                nodes["of"] = target.of
            self._functions[target.id] = {k: at.expression(owner, n) for k, n in nodes.items()}
        return self._functions[target.id]

    def measure(
        self, target: Target | str, records: Iterable[Household], as_of: date
    ) -> tuple[Measured, ...]:
        """Every figure of a target over the records; raises KeyError for an unknown target."""
        goal = self.pack.targets[target] if isinstance(target, str) else target
        rows = list(records)
        return tuple(
            self._measured(goal, figure, years, rows, as_of)
            for figure, years in measurements(goal, as_of)
        )

    def _measured(
        self,
        target: Target,
        figure: Figure | None,
        years: tuple[int, ...],
        rows: list[Household],
        as_of: date,
    ) -> Measured:
        if target.measure == "external_figure" or target.subject is None:
            return Measured(figure, years[-1], -math.inf, math.inf, 0, 0, Verdict.UNKNOWN)
        total: Any = 0
        for year in years:
            tally = self._tally(target, rows, as_of, year)
            two = target.measure in TWO_YEARS
            before = self._tally(target, rows, as_of, year - 1) if two else None
            total = add(total, quantity(target, tally, before))
        value = divide(total, len(years)) if len(years) > 1 else total
        truth = reached(target, figure, value)
        return Measured(
            figure, years[-1], *bounds(value), tally.inside, tally.unsure, Verdict.of(truth)
        )

    def _tally(self, target: Target, rows: list[Household], as_of: date, year: int) -> Tally:
        """What the records add up to in one year."""
        tally = Tally()
        self._parts(target)  # before the environments, which have a place for each of its lists
        kind = "household" if target.subject == "member" else target.subject
        for record in rows:
            if record.kind != kind:
                continue
            env = self._rules.interpreter.environment(record, as_of, year)
            if target.subject != "member":
                self._count(target, tally, env)
                continue
            for row in record.members:
                env[MEMBER] = row
                self._count(target, tally, env)
            items = record.row.get("members", UNKNOWN_LIST)
            if isinstance(items, Items) and not items.complete:
                env[MEMBER] = EMPTY_ROW
                self._count(target, tally, env, listed=False)
        return tally

    def _count(self, target: Target, tally: Tally, env: Env, *, listed: bool = True) -> None:
        """Add the subject that stands in ``env``, or any number of members nobody has listed."""
        parts = self._parts(target)
        inside = parts["population"](env)
        if inside is False:
            return
        truth = parts["when"](env)
        told = [
            None if truth is False or name not in parts else parts[name](env)
            for name in ("value", "of")
        ]
        if listed:
            tally.count(inside, truth, *told)
        else:
            tally.unlist(truth, *told)
