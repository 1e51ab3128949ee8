"""What the solver says of rules: relations, natures, witnesses, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

import attrs

from policy_rules.engine.finding import Amount
from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.packs.model import Pack, Rule
from policy_rules.verdict import Verdict

#: How the left rule stands to the right one, by the subjects each says YES of: ``narrower`` says that the left
#: rule says YES of fewer (each of them has the YES of the right rule), ``wider`` of more, ``overlapping`` that
#: each says YES of some the other does not, ``disjoint`` that no subject has the YES of both.
How = Literal["same", "narrower", "wider", "overlapping", "disjoint", "undecided"]
#: What a witness shows: a YES of the left rule alone, of the right alone, of both.
Shows = Literal["left_only", "right_only", "both"]


@attrs.frozen
class Bounds:
    """The records a claim speaks of, and how long a question may take.

    ``members`` and ``items`` are how many members a household, and how many items any other list, may have;
    ``seconds`` is the time limit of one question to the solver.
    """

    members: int = 4
    items: int = 3
    seconds: float = 10.0

    def growing(self) -> tuple[Bounds, ...]:
        """Smaller bounds first: what shows something there is small, and found fast; these last."""
        small = Bounds(min(1, self.members), min(1, self.items), self.seconds)
        return (self,) if small == self else (small, self)


#: A fact, by the name of its record type and its path.
Column = tuple[str, str]


@attrs.frozen(eq=False)
class RuleOn:
    """A rule of a pack on a day; :meth:`of` finds both by name."""

    pack: Pack
    rule: Rule
    day: date

    @classmethod
    def of(cls, pack: Pack, rule: str, as_of: date | None = None) -> RuleOn:
        """A rule by its id, by default on the last day it is in force.

        Raises :class:`~policy_rules.errors.NotFoundError` (``unknown_rule``).
        """
        found = pack.rules.get(rule)
        if found is None:
            near = nearest(rule, pack.rules)
            raise NotFoundError(Problem("unknown_rule", Place(), got=shown(rule), nearest=near))
        period = found.in_force
        return cls(pack, found, as_of or period.end or period.start or date(2022, 12, 31))

    @classmethod
    def within(cls, pack: Pack, rule: Rule, day: date) -> RuleOn:
        """A rule on a day, or on its own last day where it is not in force then."""
        return cls(pack, rule, day) if rule.in_force.holds(day) else cls.of(pack, rule.id)


@attrs.frozen
class Assumptions:
    """What is taken for the same in two rules: only records on which it is the same are looked at.

    ``same`` are pairs of facts (of the left rule, of the right one) that are recorded with one value, in by-year
    facts the latest year each rule asks for with the latest; ``population``: both rules mean the same people;
    ``externals``: what either text leaves to another authority is met.
    """

    same: tuple[tuple[Column, Column], ...] = ()
    population: bool = False
    externals: bool = False


@attrs.frozen(eq=False)
class Witness:
    """A record on which two rules answer as ``kind`` says (or that shows what one rule can do).

    ``record`` is plain data as ``Engine.evaluate`` takes it, with ``as_of`` (that of the left rule); ``subject``
    is the id of the member the answer is about, empty for the record itself. ``parameters`` holds the figures
    supplied for external parameters, by pack and name, as an overlay would. Every witness has been replayed
    through the reference interpreter: ``left`` and ``right`` are its verdicts (``right`` None where only one rule
    is asked), the amounts those of its findings.
    """

    kind: Shows
    record: Mapping[str, Any]
    subject: str
    left: Verdict
    right: Verdict | None = None
    left_amount: Amount | None = None
    right_amount: Amount | None = None
    parameters: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)

    def overlay(self, pack: str) -> dict[str, Any]:
        """The overlay of a pack under which the witness was replayed; empty where it needs none."""
        return overlay_of(pack, self.parameters.get(pack) or {})


@attrs.frozen(eq=False)
class Relation:
    """How two rules stand to each other within ``bounds``, each as on its own day.

    ``open_only`` says that all differences are between YES and UNKNOWN: the two differ only where a fact is not
    recorded. ``never`` names the sides that say YES of no record. ``undecided`` names the questions the solver
    did not settle in time, ``left_out`` why a question could not be asked. ``more`` is the side that pays more
    where both say YES (``mixed``: either, as the case may be), empty where the amounts have no common measure.
    ``seconds`` is the time taken.
    """

    relation: How
    witnesses: tuple[Witness, ...]
    bounds: Bounds
    days: tuple[date, date]
    open_only: bool = False
    never: tuple[Literal["left", "right"], ...] = ()
    more: Literal["left", "right", "equal", "mixed", "undecided", ""] = ""
    undecided: tuple[Shows, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0

    def witness(self, kind: Shows) -> Witness | None:
        """The witness of a kind, where there is one."""
        return next((w for w in self.witnesses if w.kind == kind), None)


@attrs.frozen(eq=False)
class Nature:
    """What one rule can do at all, within ``bounds``.

    ``never``: no record has its YES. ``always``: no record has its NO within its population. None where the solver
    did not decide. ``same_as`` names the rules of the pack that say YES of just the same subjects, ``implied_by``
    those of which the YES brings its own (the nearest of them only). ``beyond`` is a record that leaves the rule UNKNOWN although every value of one missing fact gives the same
    verdict; ``beyond_fact`` names it (``income_year.net(2022)``). It is looked for in small records only.
    """

    rule: str
    never: bool | None
    always: bool | None
    bounds: Bounds
    same_as: tuple[str, ...] = ()
    implied_by: tuple[str, ...] = ()
    beyond: Witness | None = None
    beyond_fact: str = ""
    yes: Witness | None = None
    no: Witness | None = None
    undecided: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0


@attrs.frozen(order=True)
class Span:
    """From a day to a day, both included."""

    first: date
    last: date

    def by_year(self) -> Iterator[Span]:
        """The same, a span a calendar year."""
        for year in range(self.first.year, self.last.year + 1):
            yield Span(max(self.first, date(year, 1, 1)), min(self.last, date(year, 12, 31)))

    def as_dict(self) -> dict[str, str]:
        """Plain data."""
        return {"from": str(self.first), "to": str(self.last)}


#: What came of a claim: proved, refuted by a record, or not settled.
Settled = Literal["proved", "refuted", "open"]


@attrs.frozen(eq=False)
class Shown:
    """A record that shows a claim does not hold; ``moved`` is the record with its fact moved.

    ``member`` says that it is about the first member. ``parameters`` are figures of external parameters by pack.
    """

    record: Mapping[str, Any]
    day: date
    member: bool
    moved: Mapping[str, Any] | None = None
    parameters: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)


@attrs.frozen(eq=False)
class Proof:
    """What the solver says of a claim.

    ``days`` are those on which it is proved within ``bounds``, ``silent`` those among them on which a rule it is
    about is not in force. ``open`` says why the rest is not proved: ``time``, or what no plan holds. ``facts``
    are those the answer hangs on, ``years`` whether years that a fact names are looked for around the day
    only (three before it, one after),
    ``tested`` whether some record puts the claim to the test (None: not settled). ``seconds`` is processor time.
    """

    settled: Settled
    bounds: Bounds
    days: tuple[Span, ...] = ()
    silent: tuple[Span, ...] = ()
    open: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    years: bool = False
    tested: bool | None = False
    shown: Shown | None = None
    questions: int = 0
    seconds: float = 0.0


def overlay_of(pack: str, figures: Mapping[str, Any]) -> dict[str, Any]:
    """An overlay that gives external parameters figures for all days; empty where there are none."""
    if not figures:
        return {}
    ever = {"from": "1900-01-01", "to": "2100-12-31"}
    values = {
        name: [{**ever, "value": Decimal(repr(f)) if isinstance(f, float) else f}]
        for name, f in figures.items()
    }
    return {"pack": pack, "parameters": values}
