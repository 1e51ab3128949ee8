"""What the solver says of a mutant that nothing noticed: the same on all records, or another, and which.

It is the same where no record, on no day of the pack, under none of the readings that bear on it, is answered
differently by any rule or condition of a target that the mutant reaches. Needs the extra ``analysis``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import attrs

from policy_rules.analysis.claims import Claim, Scene, as_rule, differ, prove
from policy_rules.analysis.model import Bounds, Shown, Span, overlay_of
from policy_rules.analysis.replaying import replay
from policy_rules.analysis.spans import validity
from policy_rules.analysis.terms import Bool
from policy_rules.engine.finding import Finding
from policy_rules.errors import PackError
from policy_rules.expr.nodes import Node
from policy_rules.expr.types import BoolType
from policy_rules.packs.model import Pack, Period, Rule
from policy_rules.packs.references import references
from policy_rules.testing.mutation.changing import build
from policy_rules.testing.mutation.model import Mutant, Solved
from policy_rules.testing.mutation.slicing import patched_things, users
from policy_rules.testing.mutation.trial import Tester
from policy_rules.testing.mutation.witness import TEXTUAL, Suggestion, said

_EVER: Final = Period(None, None)
#: A rule of a pack.
_Side = tuple[Pack, Rule]


def solved(
    tester: Tester, mutant: Mutant, bounds: Bounds, end: float
) -> tuple[Solved, Suggestion | None]:
    """What the solver says of a mutant, with a record that tells it; no question is begun after ``end``."""
    start = time.process_time()
    try:
        found, hint = _Solving(tester, mutant, bounds, end).answer()
    except _Undecided as why:
        found, hint = Solved("undecided", bounds, why=str(why)), None
    return attrs.evolve(found, seconds=time.process_time() - start), hint


class _Undecided(Exception):
    """Why a mutant is not settled."""


class _Solving:
    def __init__(self, tester: Tester, mutant: Mutant, bounds: Bounds, end: float) -> None:
        self.tester = tester
        self.mutant = mutant
        self.bounds = bounds
        self.end = end

    def answer(self) -> tuple[Solved, Suggestion | None]:
        days = validity(self.tester.pack)
        readings = compared = 0
        for part, changed, reading in self._packs():
            readings += bool(reading)
            if self._itself_same(part, changed, days):  # then all that uses it is
                compared += 1
                continue
            for before, after in self._asked(part, changed):
                compared += 1
                hint = self._differ(before, after, days, reading)
                if hint is not None:
                    return Solved("different", self.bounds, reading=reading), hint
        return Solved("equivalent", self.bounds, days, compared, readings), None

    def _packs(self) -> Iterator[tuple[Pack, Pack, str]]:
        """The part of the pack the mutant reaches, as it is and changed: as read, then under other readings."""
        mutant, tester = self.mutant, self.tester
        if mutant.kind in TEXTUAL or mutant.section == "document" or "paid" in mutant.path:
            raise _Undecided("text")
        near = tester.reached(mutant)
        if not near:
            raise _Undecided("unreached")
        own = () if mutant.section in ("exclusions", "readings") else (mutant.thing,)
        keep = (mutant.name,) if mutant.section == "readings" else ()
        part = tester.slicer.part((*own, *near), keep)
        try:
            changed = build(part, mutant, readings=False)
            of_alternative = mutant.section == "readings" and mutant.patch is None
            if not of_alternative:
                yield part, changed, ""
            for reading in part.readings.values():
                for alternative in reading.alternatives:
                    if of_alternative and not self._is(reading.id, alternative.id):
                        continue
                    choice = reading.id, alternative.id
                    yield (
                        part.with_reading(*choice),
                        changed.with_reading(*choice),
                        "=".join(choice),
                    )
        except (PackError, LookupError) as error:
            raise _Undecided("load") from error

    def _is(self, reading: str, alternative: str) -> bool:
        """Whether it is this alternative that is changed."""
        position = self.mutant.path[1]
        assert isinstance(position, int)
        whole = self.tester.pack.readings[self.mutant.name].alternatives
        return (reading, alternative) == (self.mutant.name, whole[position].id)

    def _itself_same(self, part: Pack, changed: Pack, days: Span) -> bool:
        """Whether a changed population, or a definition that is true or false, says the same of every record."""
        section, name = self.mutant.section, self.mutant.name
        if section not in ("populations", "definitions"):
            return False
        key = "when" if section == "populations" else "value"
        before, after = (getattr(p, section)[name] for p in (part, changed))
        if section == "definitions" and not isinstance(before.type, BoolType):
            return False
        nodes = [getattr(t, key) for t in (before, after)]
        sides = [
            as_rule(p, f"{name} {key}", t.subject, n)
            for p, t, n in zip((part, changed), (before, after), nodes, strict=True)
        ]
        found = prove(Claim(tuple(sides), _unlike, _unlike, odd=True), days, self.bounds, self.end)
        return found.settled == "proved" and not found.years

    def _asked(self, part: Pack, changed: Pack) -> Iterator[tuple[_Side, _Side]]:
        """What is compared: the rules it reaches, and the conditions of targets as if they were rules."""
        own = self.mutant.section == "rules" and self.mutant.patch is None
        names = [self.mutant.thing] if own else self.tester.reached(self.mutant)
        for thing in names:
            section, _, name = thing.partition(".")
            if section == "rules":
                before, after = part.rules[name], changed.rules[name]
                if _bare(before) != _bare(after):
                    raise _Undecided("text")
                yield (part, before), (changed, after)
        for thing in names:
            section, _, name = thing.partition(".")
            if section == "targets":
                yield from self._conditions(name, part, changed)

    def _conditions(self, name: str, part: Pack, changed: Pack) -> Iterator[tuple[_Side, _Side]]:
        """The conditions of a target before and after, each as if it were a rule."""
        before, after = part.targets[name], changed.targets[name]
        bare = [
            attrs.evolve(t, population=None, when=None, value=None, of=None)
            for t in (before, after)
        ]
        same = (before.value, before.of) == (after.value, after.of)
        figures = [n for n in (before.value, before.of) if n is not None]
        if bare[0] != bare[1] or not same or any(self._touches(part, n) for n in figures):
            raise _Undecided("target")
        for key in ("population", "when"):
            one, other = getattr(before, key), getattr(after, key)
            if one is None and other is None:
                continue
            if one is None or other is None or before.subject is None:
                raise _Undecided("target")
            sides = [
                as_rule(p, f"{name} {key}", before.subject, n)
                for p, n in ((part, one), (changed, other))
            ]
            yield sides[0], sides[1]

    def _touches(self, part: Pack, node: Node) -> bool:
        """Whether a figure of a target rests on what is changed."""
        mutant = self.mutant
        roots = {mutant.thing}
        if mutant.patch is not None:
            roots = patched_things(mutant.patch, part)
        elif mutant.section == "readings":
            for alternative in self.tester.pack.readings[mutant.name].alternatives:
                roots |= patched_things(alternative.patch, part)
        elif mutant.section == "exclusions":
            roots = {f"rules.{n}" for n in part.exclusions[mutant.name].ranked}
        touched = users(part, roots)
        return any(ref in touched for ref in references(node))

    def _differ(self, before: _Side, after: _Side, days: Span, reading: str) -> Suggestion | None:
        """A record two rules answer differently; None where there is none."""
        if before[1].in_force != after[1].in_force:
            day = next(d for d in _every(days) if _apart(before[1], after[1], d))
            kind = "household" if before[1].subject == "member" else before[1].subject
            empty = {"kind": kind} if kind != "household" else {"id": "1"}
            member = kind != before[1].subject
            record = {**empty, "members": [{"id": "m1"}]} if member else empty
            return self._told(before, after, Shown(record, day, member), reading)
        claim = Claim((before, after), _unlike, _unlike, silent=True, odd=True)
        found = prove(claim, days, self.bounds, self.end)
        if found.settled == "refuted":
            found = prove(attrs.evolve(claim, odd=False), days, self.bounds, self.end)
            if found.settled == "proved":
                raise _Undecided("conflict")
        if found.shown is not None:
            return self._told(before, after, found.shown, reading)
        if found.settled != "proved":
            raise _Undecided(next(iter(found.open), "time"))
        if found.years:
            raise _Undecided("years")
        return None

    def _told(self, before: _Side, after: _Side, shown: Shown, reading: str) -> Suggestion:
        """The record as a suggestion, once the reference interpreter answers it differently, too."""
        member = 0 if shown.member else None
        here, there = (
            replay(pack, rule, shown.day, shown.record, member, shown.parameters.get(pack.id))
            for pack, rule in (before, after)
        )
        if _outcome(here) == _outcome(there):
            raise _Undecided("disagreement")
        record = {k: v for k, v in shown.record.items() if k != "as_of"}
        figures = overlay_of(before[0].id, shown.parameters.get(before[0].id) or {})
        target, _, rest = before[1].id.partition(" ")
        return Suggestion(
            "target_case" if rest else "record",
            change=record,
            as_of=str(shown.day),
            rule=f"targets.{target}" if rest else here.id,
            now="" if rest else said(here),
            mutant="" if rest else said(there),
            overlay={**figures, **({"readings": dict([reading.split("=")])} if reading else {})},
        )


def _unlike(scene: Scene) -> Bool:
    return differ(scene.answers[0], scene.answers[1])


def _outcome(finding: Finding) -> tuple[Any, ...]:
    return (finding.status, *finding.outcome())


def _bare(rule: Rule) -> Any:
    """What a rule says apart from its conditions and figures."""
    amount = None if rule.amount is None else attrs.evolve(rule.amount, tiers=())
    return attrs.evolve(
        rule, applies_to=None, when=None, unless=None, met_when=None, amount=amount, in_force=_EVER,
        excluded_by=(),
    )  # fmt: skip


def _apart(a: Rule, b: Rule, day: date) -> bool:
    return a.in_force.holds(day) != b.in_force.holds(day)


def _every(days: Span) -> Iterator[date]:
    day = days.first
    while day <= days.last:
        yield day
        day += timedelta(days=1)
