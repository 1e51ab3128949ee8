"""What a run came to: the share of verdicts decided, and the fact that would decide most.

Counts are kept by range and added; they do not grow with the population.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.finding import FactNeed, Finding
from policy_rules.errors import Lang, Problem
from policy_rules.packs.model import Pack
from policy_rules.text import Text

#: Kinds of answers counted of a rule: verdicts, and findings without one.
ANSWERS = ("YES", "NO", "UNKNOWN", "not_in_force")


@attrs.define
class Tally:
    """Counts of one range, or of several added up.

    ``rules``: by ``pack rule``, how many findings of each of :data:`ANSWERS`. ``needs``: by name of a missing
    fact, how many open findings miss it (``open``) and how many miss nothing else (``alone``). ``asked``:
    open findings whose missing facts were looked up. ``checked``: records the reference answered beside a
    column engine; ``fallback``: those it answered because that engine failed, by what it failed with. ``errors``: records marked, by code.
    """

    records: int = 0
    answered: int = 0
    marked: int = 0
    rows: int = 0
    checked: int = 0
    asked: int = 0
    rules: dict[str, dict[str, int]] = attrs.field(factory=dict)
    needs: dict[str, dict[str, Any]] = attrs.field(factory=dict)
    errors: dict[str, int] = attrs.field(factory=dict)
    fallback: dict[str, int] = attrs.field(factory=dict)
    problems: dict[str, int] = attrs.field(factory=dict)

    def count(self, pack: str, rule: str, answer: str, times: int = 1) -> None:
        """Count findings of a rule."""
        of_rule = self.rules.setdefault(f"{pack} {rule}", dict.fromkeys(ANSWERS, 0))
        of_rule[answer] += times

    def need(self, needs: Iterable[FactNeed], finding: Finding) -> None:
        """Count what an open finding misses, each fact once (of however many members)."""
        found = {need.name: need for need in needs}
        self.asked += 1
        for name, need in found.items():
            if name not in self.needs:
                self.needs[name] = {
                    "kind": need.kind,
                    "label": need.label.as_dict(),
                    "question": need.question.as_dict(),
                    "ask": need.ask,
                    "open": 0,
                    "alone": 0,
                }
            self.needs[name]["open"] += 1
            self.needs[name]["alone"] += len(found) == 1

    def error(self, code: str) -> None:
        """Count a record that is marked."""
        self.marked += 1
        self.errors[code] = self.errors.get(code, 0) + 1

    def fall_back(self, why: str, records: int) -> None:
        """Count records a column engine failed on."""
        self.fallback[why] = self.fallback.get(why, 0) + records

    def fault(self, problems: Iterable[Problem]) -> None:
        """Count what is wrong with the input."""
        for problem in problems:
            self.problems[problem.code] = self.problems.get(problem.code, 0) + 1

    def add(self, other: Tally) -> None:
        """Add the counts of another range."""
        for name in ("records", "answered", "marked", "rows", "checked", "asked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for rule, answers in other.rules.items():
            mine = self.rules.setdefault(rule, dict.fromkeys(ANSWERS, 0))
            for answer, n in answers.items():
                mine[answer] += n
        for name, need in other.needs.items():
            if name not in self.needs:
                self.needs[name] = {**need, "open": 0, "alone": 0}
            self.needs[name]["open"] += need["open"]
            self.needs[name]["alone"] += need["alone"]
        for own, more in (
            (self.errors, other.errors),
            (self.fallback, other.fallback),
            (self.problems, other.problems),
        ):
            for code, n in more.items():
                own[code] = own.get(code, 0) + n

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return attrs.asdict(self)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Tally:
        """The counts of :meth:`as_dict`."""
        return cls(**body)


@attrs.frozen
class RuleShare:
    """How much of one rule is decided."""

    pack: str
    rule: str
    label: Text
    yes: int
    no: int
    unknown: int

    @property
    def decided(self) -> Fraction | None:
        """The share of verdicts decided; None where there are none."""
        return _share(self.yes + self.no, self.unknown)


@attrs.frozen
class Lacking:
    """A fact that open findings miss: ``open`` miss it, ``alone`` miss nothing else."""

    name: str
    kind: str
    label: Text
    question: Text
    ask: str
    open: int
    alone: int


@attrs.frozen
class Summary:
    """The counts of a whole run, for people."""

    tally: Tally
    rules: tuple[RuleShare, ...]
    lacking: tuple[Lacking, ...]

    @classmethod
    def of(cls, tally: Tally, packs: Iterable[Pack]) -> Summary:
        """The summary of counts; rules in the packs' order, what would decide most first."""
        rules = []
        for pack in packs:
            for name, rule in pack.rules.items():
                counts = tally.rules.get(f"{pack.id} {name}")
                if counts is not None and any(counts[a] for a in ("YES", "NO", "UNKNOWN")):
                    figures = (counts["YES"], counts["NO"], counts["UNKNOWN"])
                    rules.append(RuleShare(pack.id, name, rule.label, *figures))
        lacking = [
            Lacking(
                name,
                need["kind"],
                Text(**need["label"]),
                Text(**need["question"]),
                need["ask"],
                need["open"],
                need["alone"],
            )
            for name, need in tally.needs.items()
        ]
        lacking.sort(key=lambda n: (-n.open, -n.alone, n.name))
        return cls(tally, tuple(rules), tuple(lacking))

    @property
    def counts(self) -> Counter[str]:
        """Verdicts over all rules."""
        found: Counter[str] = Counter()
        for rule in self.rules:
            found.update({"YES": rule.yes, "NO": rule.no, "UNKNOWN": rule.unknown})
        return found

    @property
    def decided(self) -> Fraction | None:
        """The share of all verdicts that is decided; None where there are none."""
        counts = self.counts
        return _share(counts["YES"] + counts["NO"], counts["UNKNOWN"])

    def as_dict(self) -> dict[str, Any]:
        """Plain data; shares as decimals of four places."""
        return {
            "records": self.tally.records,
            "answered": self.tally.answered,
            "marked": self.tally.marked,
            "errors": dict(sorted(self.tally.errors.items())),
            "problems": dict(sorted(self.tally.problems.items())),
            "rows": self.tally.rows,
            "checked": self.tally.checked,
            "fallback": dict(sorted(self.tally.fallback.items())),
            "verdicts": {a: self.counts[a] for a in ("YES", "NO", "UNKNOWN")},
            "decided": _decimal(self.decided),
            "rules": [
                {
                    "pack": r.pack,
                    "rule": r.rule,
                    "label": r.label.as_dict(),
                    "YES": r.yes,
                    "NO": r.no,
                    "UNKNOWN": r.unknown,
                    "decided": _decimal(r.decided),
                }
                for r in self.rules
            ],
            "open_findings_asked": self.tally.asked,
            "missing": [
                {
                    "name": n.name,
                    "kind": n.kind,
                    "label": n.label.as_dict(),
                    "question": n.question.as_dict(),
                    "ask": n.ask,
                    "open": n.open,
                    "alone": n.alone,
                }
                for n in self.lacking
            ],
        }


def percent(share: Fraction | None, lang: Lang = "zh") -> str:
    """A share for people: never 100 % where anything is open, never 0 % where anything is decided."""
    if share is None:
        return "—"
    tenths = int(share * 1000)  # rounded down
    if tenths == 0 and share > 0:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%"


def _share(decided: int, open_: int) -> Fraction | None:
    return Fraction(decided, decided + open_) if decided + open_ else None


def _decimal(share: Fraction | None) -> float | None:
    return None if share is None else int(share * 10_000) / 10_000
