"""The immutable pack: one policy document, encoded and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal

import attrs

from policy_rules.errors import Place
from policy_rules.expr.nodes import Node
from policy_rules.expr.types import Type
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.text import EMPTY, Text
from policy_rules.verdict import Number

Force = Literal["must", "strive", "encourage", "may"]
Effect = Literal["granted", "preferred", "offered", "referred"]
Outcome = Literal["flag", "measure", "duty"]


@attrs.frozen
class Period:
    """From a day to a day, both included; None is open."""

    start: date | None
    end: date | None
    basis: Text = EMPTY

    def holds(self, day: date) -> bool:
        """Whether the day lies within."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def within(self, outer: Period) -> Period:
        """The part of this period that lies in ``outer``."""
        starts = [d for d in (self.start, outer.start) if d is not None]
        ends = [d for d in (self.end, outer.end) if d is not None]
        return Period(max(starts, default=None), min(ends, default=None), self.basis or outer.basis)


@attrs.frozen
class Norm:
    """A cadence, share, deadline or procedure a clause sets."""

    actor: Text
    what: Text
    value: Number | None = None
    upper: Number | None = None
    unit: str | None = None
    comparator: str | None = None
    per: str | None = None
    deadline: str | None = None


@attrs.frozen
class Clause:
    """One normative statement of the document and what became of it.

    ``span`` is its place in the document without white space, ``fingerprint`` a digest of its
    normalised wording; the wording itself is not stored.
    """

    id: str
    summary: Text
    dispositions: tuple[str, ...]
    force: str
    figures: tuple[str, ...]
    span: tuple[int, int] | None
    fingerprint: str
    encoded_by: tuple[str, ...]
    why_not: Text
    norms: tuple[Norm, ...]
    faults: tuple[Text, ...]
    review: str
    place: Place = attrs.field(eq=False)


@attrs.frozen
class Entity:
    """What every named thing of a pack has."""

    id: str
    label: Text
    clauses: tuple[str, ...]
    place: Place = attrs.field(eq=False, repr=False, kw_only=True)


@attrs.frozen
class Population(Entity):
    """Who is meant: a condition with a name, from the document's own words."""

    subject: str
    when: Node


@attrs.frozen
class DatedValue:
    """A value from a day to a day, both included."""

    period: Period
    value: Number


@attrs.frozen
class Parameter(Entity):
    """A dated value; ``external`` where the document leaves it to another authority."""

    type: Type
    unit: str | None
    values: tuple[DatedValue, ...]
    external: bool
    authority: Text
    question: Text

    def on(self, day: date) -> Number | None:
        """The value on a day; None where none holds."""
        return next((v.value for v in self.values if v.period.holds(day)), None)


@attrs.frozen
class External(Entity):
    """A condition the text leaves to another authority; UNKNOWN until supplied."""

    subject: str
    authority: Text
    question: Text
    value: bool | None = None


@attrs.frozen
class Definition(Entity):
    """A named intermediate value."""

    subject: str
    type: Type
    value: Node


@attrs.frozen
class TableRow:
    """One row: a key, or a range with its edges, and the value or rate."""

    value: Number
    key: Number | str | None = None
    lo: Number | None = None
    hi: Number | None = None
    includes: str = "lower"


@attrs.frozen
class Table(Entity):
    """A lookup by key, tiers whole, or slices each at its own rate."""

    kind: Literal["lookup", "tier", "slices"]
    key_type: Type
    type: Type
    rows: tuple[TableRow, ...]


@attrs.frozen
class Exclusion(Entity):
    """A ranked list: a YES of an earlier rule excludes the later ones."""

    ranked: tuple[str, ...]


@attrs.frozen
class Tier:
    """One line of an amount: when it applies, and what is paid (lower to upper)."""

    when: Node | None
    low: Node | None
    high: Node | None


@attrs.frozen
class AmountSpec:
    """How much: the kind, unit and the first tier that applies."""

    kind: str
    unit: str | None
    paid: str | None
    of: Text
    tiers: tuple[Tier, ...]


@attrs.frozen
class Rule(Entity):
    """A flag, measure or duty: one normative consequence with its conditions."""

    concepts: tuple[str, ...]
    outcome: Outcome
    effect: Effect | None
    subject: str
    force: Force
    applies_to: Node | None
    when: Node | None
    unless: Node | None
    met_when: Node | None
    amount: AmountSpec | None
    actor: Text
    ranks: Text
    refer_to: Text
    note: Text
    in_force: Period
    excluded_by: tuple[str, ...] = ()

    def conditions(self) -> Iterator[tuple[str, Node]]:
        """Every condition with its name, in reading order."""
        named = [
            ("applies_to", self.applies_to),
            ("when", self.when),
            ("unless", self.unless),
            ("met_when", self.met_when),
        ]
        for i, tier in enumerate(self.amount.tiers if self.amount else ()):
            named.append((f"amount.first_of.{i}.when", tier.when))
        return ((name, node) for name, node in named if node is not None)


@attrs.frozen
class Figure:
    """A figure to reach, by a day or in a year."""

    value: Number
    upper: Number | None
    by: date | None
    year: int | None
    approx: bool = False

    @property
    def target_year(self) -> int:
        """The year the figure is for."""
        if self.year is not None:
            return self.year
        assert self.by is not None
        return self.by.year


@attrs.frozen
class Target(Entity):
    """A figure to reach over a population or an area."""

    concepts: tuple[str, ...]
    force: Force
    subject: str | None
    measure: str
    population: Node | None
    when: Node | None
    value: Node | None
    of: Node | None
    comparator: str
    unit: str | None
    figures: tuple[Figure, ...]
    parent: str | None
    per_year: str | None
    period: tuple[int, int] | None
    authority: Text
    question: Text
    note: Text


@attrs.frozen
class Alternative:
    """Another reading of a clause: what it would change."""

    id: str
    label: Text
    patch: Mapping[str, Any]
    place: Place = attrs.field(eq=False)
    places: Mapping[str, Place] = attrs.field(eq=False, factory=dict, repr=False)


@attrs.frozen
class Reading(Entity):
    """How an unclear clause was read; ``label`` says what is unclear."""

    basis: Text
    chosen: Text
    alternatives: tuple[Alternative, ...]
    decided: str = ""
    decided_by: str = ""


@attrs.frozen
class DocumentInfo:
    """The identity of the official document."""

    title: Text
    issuer: Text
    number: str
    issued: date | None
    published: date | None
    plan_period: Period
    superseded_by: str
    higher: tuple[Text, ...]
    source_quality: Text


#: How many digits of a region code tell an area of a level.
DIGITS: Final = {"province": 2, "prefecture": 4, "county": 6, "township": 9, "village": 12}


@attrs.frozen
class Region:
    """The area a document speaks for."""

    codes: tuple[str, ...]
    level: str
    name: Text

    @property
    def exact(self) -> bool:
        """Whether the codes are of the document's own area, not of a larger one."""
        return all(len(_prefix(code)) >= DIGITS[self.level] for code in self.codes)

    def holds(self, code: str) -> bool | None:
        """Whether a record's region lies within.

        None where that cannot be told: the record names no region or a larger one, or the document's
        own code is that of a larger area than it speaks for.
        """
        if not code:
            return None
        codes = [_prefix(c) for c in self.codes]
        within = [c for c in codes if code.startswith(c)]
        if within:
            return True if max(map(len, within)) >= DIGITS[self.level] else None
        return None if any(c.startswith(_prefix(code)) for c in codes) else False


def _prefix(code: str) -> str:
    """A region code without the pairs of zeros that stand for "all of it"."""
    while len(code) > 2 and code.endswith("00"):
        code = code[:-2]
    return code


@attrs.frozen
class PackHead:
    """Who a pack is: its document, region and dates, without its rules."""

    id: str
    version: str
    document: DocumentInfo
    region: Region
    in_force: Period


@attrs.frozen(eq=False, repr=False)
class Pack:
    """One policy document, encoded. Immutable; :meth:`with_overlay` returns a changed copy."""

    id: str
    version: str
    document: DocumentInfo
    region: Region
    in_force: Period
    vocabulary: Vocabulary
    populations: Mapping[str, Population]
    parameters: Mapping[str, Parameter]
    externals: Mapping[str, External]
    definitions: Mapping[str, Definition]
    tables: Mapping[str, Table]
    exclusions: Mapping[str, Exclusion]
    rules: Mapping[str, Rule]
    targets: Mapping[str, Target]
    readings: Mapping[str, Reading]
    clauses: Mapping[str, Clause]
    text_digest: str
    text_characters: int
    digest: str
    folder: str
    raw: Mapping[str, Mapping[str, Any]]
    overlays: tuple[str, ...] = ()
    choices: Mapping[str, str] = attrs.field(factory=dict)

    def __repr__(self) -> str:
        size = f"{len(self.rules)} rules, {len(self.targets)} targets"
        return f"<Pack {self.id}@{self.version}: {size}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # IPython and Hypothesis would print every rule

    def with_overlay(self, overlay: Any) -> Pack:
        """A copy with external parameters, conditions and decided readings supplied.

        ``overlay`` is a path of an overlay file or its data. Raises
        :class:`~policy_rules.errors.PackError`.
        """
        from policy_rules.packs.overlay import apply_overlay

        return apply_overlay(self, overlay)

    def with_reading(self, reading: str, alternative: str) -> Pack:
        """A copy in which one unclear clause is read the other way; raises PackError."""
        from policy_rules.packs.patch import choose

        return choose(self, reading, alternative)
