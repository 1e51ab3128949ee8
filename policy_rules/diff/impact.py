"""What a change of rules does to a population: who gains, who loses, who is left open, by how much.

Two packs, or two versions of one, are asked about the same records by columns
(:mod:`policy_rules.tables.evaluate`), part by part; counts are added, and of the list of changes as many
rows are kept as were asked for. Nothing here says *entitled*: a YES is "may be eligible", and what is open
is counted beside what is gained, so that nobody takes it for NO.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Final, Literal

import attrs

from policy_rules.diff.days import day_within, full_day
from policy_rules.diff.pairing import RulePair, rule_pairs
from policy_rules.errors import Problem
from policy_rules.packs.model import Pack, Rule
from policy_rules.packs.registry import pack_of

if TYPE_CHECKING:
    import polars as pl

    from policy_rules.diff.impact_people import People
    from policy_rules.tables.evaluate import EngineName

#: What one rule says of one subject. ``NONE``: it is not in force, or the pack has no such rule.
State = Literal["YES", "NO", "UNKNOWN", "NONE"]
STATES: Final[tuple[State, ...]] = ("YES", "NO", "UNKNOWN", "NONE")
#: How an answer changes; NONE counts as NO. Of two YES with another amount: ``more``, ``less``, or
#: ``other_amount`` where the ranges do not tell.
Kind = Literal[
    "gains", "loses", "may_gain", "may_lose", "now_yes", "now_no", "more", "less", "other_amount"
]
KINDS: Final[tuple[Kind, ...]] = (
    "gains", "loses", "may_gain", "may_lose", "now_yes", "now_no", "more", "less", "other_amount"
)  # fmt: skip
OUTCOMES: Final = ("measure", "flag", "duty")
#: Records worked on at a time.
PART: Final = 50_000


@attrs.frozen
class Money:
    """A sum of amounts: of how many, from ``low`` to ``high`` (None: open above).

    ``unstated`` are those among them of whose amount the document gives no figure; they add nothing.
    """

    low: Fraction = Fraction(0)
    high: Fraction | None = Fraction(0)
    subjects: int = 0
    unstated: int = 0

    def __add__(self, other: Money) -> Money:
        high = None if self.high is None or other.high is None else self.high + other.high
        return Money(
            self.low + other.low,
            high,
            self.subjects + other.subjects,
            self.unstated + other.unstated,
        )


@attrs.frozen
class Count:
    """Households, and persons: those a rule about members speaks of, or everybody recorded in the
    households a rule speaks of."""

    households: int = 0
    persons: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.households + other.households, self.persons + other.persons)


@attrs.frozen
class Change:
    """Those whose answer changes in one way: how many, with the sums of their amounts on both sides."""

    count: Count = Count()
    left: Money = Money()
    right: Money = Money()

    def __add__(self, other: Change) -> Change:
        return Change(self.count + other.count, self.left + other.left, self.right + other.right)


@attrs.frozen(eq=False)
class RuleImpact:
    """One rule, or a pair of counterparts.

    ``transitions`` counts subjects by state before and after; ``yes`` and ``open`` are the sums of the
    amounts of all YES and of all UNKNOWN, before and after. ``by_household`` where the two are about
    different subjects: members are then taken together (any of them), and amounts are not compared.
    """

    pair: RulePair
    transitions: Mapping[tuple[State, State], int]
    changes: Mapping[Kind, Change]
    yes: tuple[Money, Money]
    open: tuple[Money, Money]
    by_household: bool

    @property
    def moved(self) -> bool:
        """Whether any answer changes."""
        return any(change.count.households for change in self.changes.values())

    def states(self, side: Literal[0, 1], state: State) -> int:
        """How many subjects are in a state before (0) or after (1)."""
        return sum(n for key, n in self.transitions.items() if key[side] == state)


@attrs.frozen(eq=False, repr=False)
class Impact:
    """What :func:`assess_impact` found.

    ``rules`` are pairs of counterparts and, in versions of one pack, rules that are new or dropped;
    ``unpaired`` the rules only one of two packs has, which are no gain or loss. ``totals`` counts, by outcome and
    kind, distinct households and persons; ``touched`` those of any change; ``undetermined`` those with
    anything open, before and after, by outcome. ``changes`` is the list (columns
    :data:`~policy_rules.diff.impact_count.LISTED`), its first rows; ``listed`` how many there are in all.
    ``marked`` records could not be evaluated under one of the packs (by code) and are not counted;
    ``elsewhere`` are of another region and were left out; of ``unread`` nothing could be read;
    of ``incomplete`` households not every member is listed, and of members not listed nothing is said.
    """

    left: Pack
    right: Pack
    left_day: date | None
    right_day: date | None
    rules: tuple[RuleImpact, ...]
    unpaired: tuple[RuleImpact, ...]
    totals: Mapping[str, Mapping[Kind, Count]]
    undetermined: Mapping[str, tuple[Count, Count]]
    touched: Count
    population: Count
    changes: pl.DataFrame
    listed: int
    marked: Mapping[str, int]
    elsewhere: int
    unread: int
    incomplete: int
    faults: int
    problems: tuple[Problem, ...]

    def __repr__(self) -> str:
        ends = " -> ".join(f"{p.id}@{p.version}" for p in (self.left, self.right))
        return (
            f"<Impact {ends}: {self.touched.households} of {self.population.households} households>"
        )

    @property
    def versions(self) -> bool:
        """Whether the two are versions of one pack."""
        return self.left.id == self.right.id

    @property
    def hypothetical(self) -> bool:
        """Whether rules are applied to people, or at a time, they were not made for."""
        return not self.versions or self.left_day != self.right_day

    def open_answers(self, outcome: str) -> tuple[int, int]:
        """How many answers of an outcome are UNKNOWN, before and after."""
        of = [r for r in self.rules if r.pair.rule.outcome == outcome]
        before, after = (sum(r.states(side, "UNKNOWN") for r in of) for side in (0, 1))
        return before, after

    def rule(self, side: Literal["left", "right"], id_: str) -> Rule:
        """A rule the list names."""
        return (self.left if side == "left" else self.right).rules[id_]


def assess_impact(
    left: Pack | str,
    right: Pack | str,
    population: People,
    *,
    as_of: date | str | None = None,
    left_as_of: date | str | None = None,
    right_as_of: date | str | None = None,
    engine: EngineName = "polars",
    most: int = 1_000,
    everywhere: bool = False,
    size: int = PART,
    sink: Callable[[pl.DataFrame], None] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Impact:
    """Who gains and who loses where the ``right`` pack applies instead of the ``left``.

    ``left`` and ``right`` are packs or their names (``guangxi@1.0.0``, ``guangxi``). ``population`` is a
    :class:`~policy_rules.tables.frames.Population` (or several, one after the other), records, or the path of
    a file of them. ``as_of`` is the date
    of both sides, ``left_as_of`` and ``right_as_of`` of one; without it each record needs its own. Records whose
    region is not the left pack's are left out, unless ``everywhere``; the right pack's region is not asked
    for. ``most`` rows of the list are kept; ``sink`` is given all of them, a frame for each part of
    ``size`` records. ``progress`` is told the records done.

    Raises :class:`~policy_rules.errors.NotFoundError`, PackError, RecordError (a date or a file that
    cannot be read), and EvaluationError (``extra_missing``).
    """
    from policy_rules.diff.impact_count import Counting
    from policy_rules.diff.impact_people import Sides

    left, right = pack_of(left), pack_of(right)
    days = tuple(
        None if day is None else full_day(day)
        for day in (
            as_of if left_as_of is None else left_as_of,
            as_of if right_as_of is None else right_as_of,
        )
    )
    pairs = rule_pairs(left, right, day_within(left, days[0]), day_within(right, days[1]))
    sides = Sides(population, left, right, size, everywhere)
    counting = Counting(left, right, (days[0], days[1]), pairs, engine, most, sink)
    for ours, theirs in sides.parts():
        counting.add(ours, theirs)
        if progress is not None:
            progress(sides.records)
    rules = [impact for impact in counting.rules() if impact.transitions]
    counted = [r for r in rules if counting.counted(r.pair)]
    totals, undetermined, touched = counting.totals()
    return Impact(
        left,
        right,
        days[0],
        days[1],
        tuple(counted),
        tuple(r for r in rules if not counting.counted(r.pair)),
        totals,
        undetermined,
        touched,
        counting.population,
        counting.kept(),
        counting.listed,
        counting.marked,
        sides.elsewhere,
        sides.unread,
        counting.incomplete,
        sides.found,
        tuple(sides.problems),
    )
