"""The targets of a pack made ready for one pass over a population."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from functools import partial
from typing import Any, Final

import attrs

from policy_rules.engine.asking import Ask, Needs
from policy_rules.engine.building import YEAR, Env
from policy_rules.engine.finding import FactNeed
from policy_rules.engine.needs import Asker
from policy_rules.engine.reference import Interpreter
from policy_rules.engine.tally import (
    HEADS,
    TWO_YEARS,
    Span,
    Tally,
    direction,
    level,
    measurements,
    quantity,
    reached,
    short,
)
from policy_rules.expr.nodes import Node, Var, walk
from policy_rules.packs.model import Figure, Pack, Target
from policy_rules.tables.coverage_gaps import AmountGap, Gap, HeadGap, Seen, finder
from policy_rules.verdict import Verdict, add, divide

#: Records in which subjects stand that are no records themselves.
SUBJECT_OF: Final = {"member": "household"}


@attrs.frozen
class FigureCoverage:
    """One figure of a target in one year, measured.

    ``population`` is how many are certainly in the population, ``unsure`` how many perhaps besides.
    ``numerator`` and ``denominator`` are heads (of a count or share) or sums; ``denominator`` is None
    where the target divides by nothing. ``value`` is the rate, sum, mean or growth with its bounds over
    what is not recorded, ``verdict`` whether the figure is reached (UNKNOWN: open), ``due`` whether its
    day has come. ``short`` is how many subjects (of a count or share) or how much is still needed, or
    too much; over several years, of all together. ``unlisted`` are households with members nobody has
    listed. Of a growth or trend ``levels`` are the sums or quotients compared: of the year before, and
    of the year.
    """

    figure: Figure | None
    year: int
    years: tuple[int, ...]
    population: int
    unsure: int
    unlisted: int
    numerator: Span
    denominator: Span | None
    value: Span
    verdict: Verdict
    due: bool
    short: Span | None
    gap: Gap
    levels: tuple[Span, Span] | None = None


@attrs.frozen
class Goal:
    """A figure with the years it is measured over, and the one its gap is looked for in."""

    figure: Figure | None
    years: tuple[int, ...]
    gap: HeadGap | AmountGap


class TargetPlan:
    """One target, ready to be asked of every subject; holds what was added up so far."""

    def __init__(
        self, pack: Pack, target: Target, at: Interpreter, asker: Asker, as_of: date, most: int
    ) -> None:
        self.target = target
        self.member = target.subject == "member"
        #: the kind of record its subjects are or stand in
        self.kind = SUBJECT_OF.get(target.subject or "", target.subject or "")
        self._as_of = as_of
        owner = f"target {target.id}"
        nodes = (target.population, target.when, target.value, target.of)
        self._inside, self._truth = (at.expression(owner, n) for n in nodes[:2])
        self._value, self._of = (None if n is None else at.expression(owner, n) for n in nodes[2:])
        self._asks: tuple[Ask, ...] = tuple(
            asker.open(owner, n) if i < 2 else asker.value(owner, n)
            for i, n in enumerate(nodes)
            if n is not None
        )
        self._two = target.measure in TWO_YEARS
        self.goals = tuple(self._goals(most))
        wanted = {y for g in self.goals for y in g.years}
        wanted |= {y - 1 for y in wanted} if self._two else set()
        self.tallies = {y: Tally() for y in sorted(wanted)}
        if not any(_names_year(n) for n in nodes):
            # every year says the same
            one = Tally()
            self.tallies = dict.fromkeys(self.tallies, one)
        self._finders = tuple({id(g.gap): g.gap for g in self.goals}.values())
        places: dict[int, tuple[int, ...]] = {}
        for year, tally in self.tallies.items():
            places[id(tally)] = (*places.get(id(tally), ()), year)
        #: years that are counted alike, each group asked once
        self._groups = tuple((years, self.tallies[years[0]]) for years in places.values())

    def _goals(self, most: int) -> Iterator[Goal]:
        target, found = self.target, {}

        def goal(figure: Figure | None, years: tuple[int, ...], of: int) -> Goal:
            by_heads = target.measure in HEADS
            key = (of, direction(target, figure) if by_heads else figure)
            if key not in found:
                found[key] = finder(target, figure, of, most)
            return Goal(figure, years, found[key])

        for figure, years in measurements(target, self._as_of):
            # of a mean the gap is looked for in the year of the day
            yield goal(figure, years, min(max(self._as_of.year, years[0]), years[-1]))

    # -- the pass -------------------------------------------------------------------------------

    def count(self, env: Env, record: str, subject: str) -> dict[int, Seen]:
        """Count the subject that stands in ``env``; what was seen of it, by year."""
        seen: dict[int, Seen] = {}
        for years, tally in self._groups:
            found = self._see(env, years[0])
            if found[0] is False:
                continue
            tally.count(*found)
            for year in years:
                seen[year] = found
        if seen:
            for one in self._finders:
                one.note(seen, record, subject, partial(self.needs, env, one.year))
        return seen

    def unlisted(self, env: Env, record: str, members: FactNeed) -> None:
        """Count the members of a household that nobody has listed: one of whom nothing is known
        stands in ``env``."""
        touched: set[int] = set()
        for years, tally in self._groups:
            inside, truth, value, of = self._see(env, years[0])
            if inside is not False:
                tally.unlist(truth, value, of)
                touched |= set(years)
        for one in self._finders:
            if one.year in touched:
                one.gap.unknown.add(record, "", lambda: (members,))

    def _see(self, env: Env, year: int) -> Seen:
        env[YEAR] = year
        inside = self._inside(env)
        if inside is False:
            return (False, False, None, None)
        truth = self._truth(env)
        value = None if self._value is None or truth is False else self._value(env)
        of = None if self._of is None or truth is False else self._of(env)
        return (inside, truth, value, of)

    def needs(self, env: Env, year: int) -> tuple[FactNeed, ...]:
        """The facts that would tell, of the subject that stands in ``env``."""
        found: Needs = []
        for each in (year, year - 1) if self._two else (year,):
            env[YEAR] = each
            for ask in self._asks:
                ask(env, found)
        return tuple(dict.fromkeys(found))

    # -- what it comes to -----------------------------------------------------------------------

    def figures(self) -> tuple[FigureCoverage, ...]:
        """Every figure and year, measured on what was counted so far."""
        return tuple(self._measured(goal) for goal in self.goals)

    def _measured(self, goal: Goal) -> FigureCoverage:
        target, figure = self.target, goal.figure
        tallies = [self.tallies[y] for y in goal.years]
        last, year = tallies[-1], goal.years[-1]
        before = self.tallies[year - 1] if self._two else None
        total: Any = 0
        for tally in tallies:
            total = add(total, quantity(target, tally, before))
        value = divide(total, len(tallies)) if len(tallies) > 1 else total
        top: Any = 0
        bottom: Any = 0
        for tally in tallies:
            top = add(top, tally.numerator if target.measure in HEADS else tally.value)
            bottom = add(bottom, tally.of)
        denominator = None if target.of is None else Span.of(bottom)
        if target.measure == "share":
            low = sum(t.inside for t in tallies)
            high = low + sum(t.unsure for t in tallies)
            denominator = Span(low, math.inf if any(t.unlisted for t in tallies) else high)
        return FigureCoverage(
            figure,
            year,
            goal.years,
            last.inside,
            last.unsure,
            last.unlisted,
            Span.of(top),
            denominator,
            Span.of(value),
            Verdict.of(reached(target, figure, value)),
            self._due(figure, year),
            short(target, figure, tallies, before),
            goal.gap.gap,
            None if before is None else (self._level(before), self._level(last)),
        )

    def _level(self, tally: Tally) -> Span:
        return Span.of(level(self.target, tally.value, tally.of))

    def _due(self, figure: Figure | None, year: int) -> bool:
        day = None if figure is None else figure.by
        if day is None or day.year != year:
            day = date(year, 12, 31)
        return day <= self._as_of


def _names_year(node: Node | None) -> bool:
    return node is not None and any(
        isinstance(n, Var) and n.name == "target_year" for n in walk(node)
    )
