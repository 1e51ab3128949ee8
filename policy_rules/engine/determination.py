"""What an evaluation gives: findings, what is missing, the receipt."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

import attrs

from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.packs.model import Period, Rule
from policy_rules.text import Text
from policy_rules.verdict import Number, Verdict


class Status(enum.StrEnum):
    """How a finding came about, apart from its verdict."""

    DECIDED = "decided"
    UNDETERMINED = "undetermined"
    NOT_IN_FORCE = "not_in_force"
    OUTSIDE_POPULATION = "outside_population"
    CONFLICT = "conflict"
    #: with ``strict_readings``: another reading of an unclear clause would change the answer
    CONTESTED = "contested"


@attrs.frozen(cache_hash=True)
class FactNeed:
    """A fact that is missing: where it belongs, what it is, whom to ask.

    ``kind`` is ``fact``, ``parameter``, ``external`` or ``rule_not_in_force``; ``subject`` is the member
    (or item) it is about, empty for the household or entity itself.
    """

    kind: str
    name: str
    subject: str
    label: Text
    type: str
    question: Text
    ask: str

    @property
    def key(self) -> str:
        """``member.startup.employees@m1``"""
        return f"{self.name}@{self.subject}" if self.subject else self.name


@attrs.frozen
class Amount:
    """How much. ``low`` and ``high`` are exact; both None where the document states no figure."""

    kind: str
    unit: str | None
    paid: str | None
    of: Text
    low: Number | None
    high: Number | None

    @property
    def exact(self) -> Number | None:
        """The figure, where it is a single one."""
        return self.low if self.low is not None and self.low == self.high else None

    def as_dict(self) -> dict[str, Any]:
        """Plain data; figures as decimal text."""
        body: dict[str, Any] = {"kind": self.kind, "unit": self.unit, "paid": self.paid}
        if self.of:
            body["of"] = self.of.as_dict()
        if self.exact is not None:
            body["value"] = figure(self.exact)
        elif self.low is not None or self.high is not None:
            body["low"] = None if self.low is None else figure(self.low)
            body["high"] = None if self.high is None else figure(self.high)
        return body


def figure(value: Number | float) -> str:
    """An exact number as decimal text (a periodic one as a fraction)."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Fraction):
        rest = value.denominator
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            return f"{value.numerator}/{value.denominator}"
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return "∞" if value > 0 else "-∞"


@attrs.frozen
class Because:
    """One line of a rule that took part in the answer: its place, text, verdict and values seen.

    ``margin`` is the distance of a numeric comparison from its edge, where both sides are known;
    ``depth`` is above 0 for the lines of a population, definition or rule that a line names.
    """

    path: str
    text: str
    prose: Text
    verdict: Verdict
    values: Mapping[str, str]
    margin: str | None = None
    decided: bool = False
    depth: int = 0


@attrs.frozen
class Contested:
    """The finding under another reading of an unclear clause."""

    reading: str
    alternative: str
    verdict: Verdict | None
    status: Status
    amount: Amount | None
    met: Verdict | None = None


class Later(Protocol):
    """Answers about a finding that are worked out when first asked for."""

    def missing(self, finding: Finding) -> tuple[FactNeed, ...]:
        """What would decide an open finding."""

    def contested(self, finding: Finding) -> tuple[Contested, ...]:
        """The readings that alone would change it."""

    def because(self, finding: Finding) -> tuple[Because, ...]:
        """How it came about, line by line."""


@attrs.define(eq=False)
class Finding:
    """One rule's answer for one subject.

    ``verdict`` is None where the rule is not in force; ``met`` is a duty's.
    """

    rule: Rule
    subject: str
    verdict: Verdict | None
    status: Status
    amount: Amount | None = None
    met: Verdict | None = None
    #: the verdict under the readings in effect, where ``strict_readings`` made it UNKNOWN
    under_readings: Verdict | None = None
    _later: Later | None = attrs.field(default=None, repr=False)

    @property
    def missing(self) -> tuple[FactNeed, ...]:
        """Facts that would decide it (or settle its amount, or whether a duty is met)."""
        return () if self._later is None else self._later.missing(self)

    @property
    def contested(self) -> tuple[Contested, ...]:
        """The readings of unclear clauses that, flipped alone, would change this finding."""
        return () if self._later is None else self._later.contested(self)

    @property
    def because(self) -> tuple[Because, ...]:
        """Every line of the rule with its verdict and the values seen."""
        return () if self._later is None else self._later.because(self)

    @property
    def margin(self) -> str | None:
        """How far the first deciding numeric line is from its edge (left minus right side)."""
        lines = [line for line in self.because if line.margin is not None and line.depth == 0]
        return next((line.margin for line in lines if line.decided), None)

    @property
    def id(self) -> str:
        """``rule`` or ``rule@member``"""
        return f"{self.rule.id}@{self.subject}" if self.subject else self.rule.id

    @property
    def clauses(self) -> tuple[str, ...]:
        """The locators the answer rests on."""
        return self.rule.clauses

    @property
    def effect(self) -> str | None:
        """What a measure's YES gives."""
        return self.rule.effect

    @property
    def force(self) -> str:
        """must, strive, encourage or may"""
        return self.rule.force

    @property
    def in_force(self) -> Period:
        """The dates between which the rule speaks."""
        return self.rule.in_force

    def outcome(self) -> tuple[Any, ...]:
        """What engines must agree on: verdict, status, met, amount, clauses."""
        money = None if self.amount is None else (self.amount.low, self.amount.high)
        return (self.verdict, self.status, self.met, money, self.clauses)

    def answer(self) -> tuple[Any, ...]:
        """What another reading may change: verdict, met, amount (a NO is a NO, inside the
        population or outside)."""
        money = None if self.amount is None else (self.amount.low, self.amount.high)
        return (self.verdict, self.met, money)

    def as_dict(self) -> dict[str, Any]:
        """The finding as plain data."""
        body: dict[str, Any] = {
            "rule": self.rule.id,
            "subject": self.subject or None,
            "outcome": self.rule.outcome,
            "label": self.rule.label.as_dict(),
            "verdict": None if self.verdict is None else self.verdict.value,
            "status": self.status.value,
            "effect": self.rule.effect,
            "force": self.rule.force,
            "clauses": list(self.clauses),
        }
        if self.rule.outcome == "duty":
            body["met"] = None if self.met is None else self.met.value
        if self.amount is not None:
            body["amount"] = self.amount.as_dict()
        if self.missing:
            body["missing"] = [
                {
                    "fact": n.name,
                    "of": n.subject or None,
                    "kind": n.kind,
                    "label": n.label.as_dict(),
                    "question": n.question.as_dict(),
                    "ask": n.ask,
                }
                for n in self.missing
            ]
        if self.contested:
            body["contested"] = [
                {
                    "reading": c.reading,
                    "alternative": c.alternative,
                    "verdict": None if c.verdict is None else c.verdict.value,
                    "status": c.status.value,
                    "amount": None if c.amount is None else c.amount.as_dict(),
                    "met": None if c.met is None else c.met.value,
                }
                for c in self.contested
            ]
        if self.status is Status.NOT_IN_FORCE:
            period = self.rule.in_force
            body["in_force"] = {
                "from": str(period.start) if period.start else None,
                "to": str(period.end) if period.end else None,
            }
        return body


@attrs.frozen
class Conflict:
    """Two recorded things that do not agree.

    ``recorded`` and ``derived`` are the two values as text; ``subject`` as in :class:`FactNeed`.
    """

    name: str
    subject: str
    label: Text
    recorded: str
    derived: str
    note: Text


@attrs.frozen
class Receipt:
    """What the answer rests on; ``replay`` proves it from the same record and packs."""

    pack: str
    pack_version: str
    pack_digest: str
    vocabulary_digest: str
    overlays: tuple[str, ...]
    readings: Mapping[str, str]
    strict_readings: bool
    engine: str
    as_of: date
    library_version: str
    record_digest: str
    result_digest: str

    def as_dict(self) -> dict[str, Any]:
        """The receipt as plain data."""
        body = attrs.asdict(self)
        body["as_of"] = str(self.as_of)
        body["overlays"] = list(self.overlays)
        body["readings"] = dict(self.readings)
        return body


class Determination:
    """All findings for one record on one date under one pack.

    Iterating gives the findings; indexing and ``in`` go by finding id (``rule`` or ``rule@member``). Results are prompts for
    staff: YES reads "may be eligible under this clause, on the recorded facts".
    """

    def __init__(
        self,
        findings: tuple[Finding, ...],
        conflicts: tuple[Conflict, ...],
        as_of: date,
        receipt: Callable[[Determination], Receipt],
        record_id: str,
        in_region: bool | None,
    ) -> None:
        self.findings = findings
        self.conflicts = conflicts
        self.as_of = as_of
        self.record_id = record_id
        #: whether the record lies in the region of the document; None where it names no region
        self.in_region = in_region
        self._receipt = receipt

    @cached_property
    def receipt(self) -> Receipt:
        """The receipt of this answer."""
        return self._receipt(self)

    def explain(self, finding: Finding | str) -> tuple[Because, ...]:
        """Line by line, how a finding came about. Raises NotFoundError for an unknown id."""
        return (self[finding] if isinstance(finding, str) else finding).because

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, Finding]:
        return {f.id: f for f in self.findings}

    def _of(self, outcome: str, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.rule.outcome == outcome and f.verdict is verdict)

    @property
    def flags(self) -> tuple[Finding, ...]:
        """Flags raised."""
        return self._of("flag", Verdict.YES)

    @property
    def measures(self) -> tuple[Finding, ...]:
        """Measures the subject may be eligible for."""
        return self._of("measure", Verdict.YES)

    @property
    def duties(self) -> tuple[Finding, ...]:
        """Duties that bind."""
        return self._of("duty", Verdict.YES)

    @property
    def undetermined(self) -> tuple[Finding, ...]:
        """Findings the recorded facts do not decide."""
        return tuple(f for f in self.findings if f.verdict is Verdict.UNKNOWN)

    @property
    def contested(self) -> tuple[Finding, ...]:
        """Findings that hang on how an unclear clause is read."""
        return tuple(f for f in self.findings if f.contested)

    @property
    def missing(self) -> tuple[tuple[FactNeed, int], ...]:
        """Missing facts with the number of findings each holds up, the most useful first."""
        count: dict[FactNeed, int] = {}
        for finding in self.findings:
            for need in finding.missing:
                count[need] = count.get(need, 0) + 1
        return tuple(sorted(count.items(), key=lambda item: -item[1]))

    def __getitem__(self, id: str) -> Finding:
        finding = self._by_id.get(id)
        if finding is None:
            near = nearest(id, self._by_id)
            raise NotFoundError(Problem("unknown_rule", Place(), got=shown(id), nearest=near))
        return finding

    def as_dict(self) -> dict[str, Any]:
        """The whole determination as plain data."""
        return {
            "record": self.record_id or None,
            "as_of": str(self.as_of),
            "in_region": self.in_region,
            "findings": [f.as_dict() for f in self.findings],
            "conflicts": [
                {
                    "fact": c.name,
                    "of": c.subject or None,
                    "label": c.label.as_dict(),
                    "recorded": c.recorded,
                    "derived": c.derived,
                    "note": c.note.as_dict(),
                }
                for c in self.conflicts
            ],
            "receipt": self.receipt.as_dict(),
        }
