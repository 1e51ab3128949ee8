"""One rule's answer for one subject, and what belongs to it: amount, missing facts, readings, lines."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from policy_rules.packs.model import Period, Rule
from policy_rules.text import Text
from policy_rules.verdict import Number, Verdict

if TYPE_CHECKING:
    from policy_rules.engine.lines import Line, Seen


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
        if rest > 1 and 100 % rest == 0:
            cents = abs(value.numerator) * (100 // rest)
            sign = "-" if value < 0 else ""
            return f"{sign}{cents // 100}.{cents % 100:02d}".removesuffix("0")
        for prime in (2, 5):
            while rest % prime == 0:
                rest //= prime
        if rest != 1:
            return f"{value.numerator}/{value.denominator}"
        return format(Decimal(value.numerator) / Decimal(value.denominator), "f")
    return "∞" if value > 0 else "-∞"


class Because:
    """One line of a rule that took part in the answer: its place, text, verdict and values seen.

    ``depth`` is above 0 for the lines of a population, definition or rule that a line names. What it
    says of the record is looked up when first asked for.
    """

    __slots__ = ("_line", "_seen", "depth")

    def __init__(self, seen: Seen, line: Line, depth: int) -> None:
        self._seen = seen
        self._line = line
        self.depth = depth

    def __repr__(self) -> str:
        return f"Because(path={self.path!r}, verdict={self.verdict!s}, values={self.values!r})"

    @property
    def path(self) -> str:
        """Its place in the rule; below depth 0 with the name of what it is a line of."""
        return self._line.below if self.depth else self._line.path

    @property
    def text(self) -> str:
        """The line as the pack has it."""
        return self._line.text

    @property
    def prose(self) -> Text:
        """The line in words."""
        return self._line.prose

    @property
    def verdict(self) -> Verdict:
        """What it says of the subject."""
        return self._seen.answer(self._line)[0]

    @property
    def decided(self) -> bool:
        """Whether it took part in deciding."""
        return self._seen.answer(self._line)[1]

    @property
    def values(self) -> Mapping[str, str]:
        """The values it saw, by name."""
        return self._seen.values(self._line)

    @property
    def margin(self) -> str | None:
        """The distance of a numeric comparison from its edge, where both sides are known."""
        return None if self._line.sides is None else self._seen.margin(self._line)


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
        if self.under_readings is not None:
            body["under_readings"] = self.under_readings.value
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
