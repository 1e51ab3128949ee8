"""Evaluating the rules of a pack with the reference interpreter."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from policy_rules.engine.building import MEMBER, OUTSIDE, Env, Fn
from policy_rules.engine.finding import Amount, Finding, Status
from policy_rules.engine.reference import Interpreter
from policy_rules.facts.record import EMPTY_ROW, Household, Row
from policy_rules.packs.model import AmountSpec, Pack, Rule
from policy_rules.verdict import Number, Truth, Verdict, bounds

AmountFn = Callable[[Env], Amount | None]


class CompiledRule:
    """A rule with its functions."""

    __slots__ = ("amount", "judge", "member", "met", "rule", "varies")

    def __init__(self, at: Interpreter, rule: Rule) -> None:
        owner = f"rule {rule.id}"
        self.rule = rule
        self.member = rule.subject == "member"
        self.judge = at.rule(rule)
        self.met = None if rule.met_when is None else at.expression(owner, rule.met_when)
        #: whether a finding holds more than its verdict: a figure, or whether a duty is met
        self.varies = self.met is not None or bool(rule.amount and rule.amount.tiers)
        self.amount = None if rule.amount is None else compile_amount(at, owner, rule.amount)

    def truth(self, env: Env) -> Truth:
        """The verdict for the subject that stands in ``env``, of a rule in force."""
        truth: Any = self.judge(env)
        return False if truth is OUTSIDE else truth

    def evaluate(self, env: Env, subject: str, in_force: bool) -> Finding:
        """The finding for the subject that stands in ``env``."""
        if not in_force:
            return Finding(self.rule, subject, None, Status.NOT_IN_FORCE)
        return self.finding(self.judge(env), env, subject)

    def finding(self, truth: Any, env: Env, subject: str) -> Finding:
        """The finding of a rule in force, from its truth value or ``OUTSIDE``."""
        rule = self.rule
        if truth is False:
            return Finding(rule, subject, _NO, _DECIDED)
        if truth is OUTSIDE:
            return Finding(rule, subject, _NO, Status.OUTSIDE_POPULATION)
        amount = None if self.amount is None else self.amount(env)
        met = None if self.met is None else Verdict.of(self.met(env))
        if truth is None:
            return Finding(rule, subject, Verdict.UNKNOWN, Status.UNDETERMINED, amount, met)
        return Finding(rule, subject, _YES, _DECIDED, amount, met)


_YES, _NO, _DECIDED = Verdict.YES, Verdict.NO, Status.DECIDED


def compile_amount(at: Interpreter, owner: str, spec: AmountSpec) -> AmountFn:
    """The function of an amount: the first tier that applies, a range where that is not certain."""
    if not spec.tiers:
        stated = Amount(spec.kind, spec.unit, spec.paid, spec.of, None, None)
        return lambda env: stated
    tiers = [
        (
            at.expression(owner, tier.when),
            None if tier.low is None else at.expression(owner, tier.low),
            None if tier.high is None else at.expression(owner, tier.high),
        )
        for tier in spec.tiers
    ]

    def amount(env: Env) -> Amount | None:
        lows: list[Number | None] = []
        highs: list[Number | None] = []
        for when, low, high in tiers:
            truth = when(env)
            if truth is False:
                continue
            lows.append(_edge(low, env, 0))
            highs.append(_edge(high, env, 1))
            if truth is True:
                break
        if not lows:
            return None
        known_lows = [v for v in lows if v is not None]
        known_highs = [v for v in highs if v is not None]
        return Amount(
            spec.kind,
            spec.unit,
            spec.paid,
            spec.of,
            min(known_lows) if len(known_lows) == len(lows) else None,
            max(known_highs) if len(known_highs) == len(highs) else None,
        )

    return amount


def _edge(fn: Fn | None, env: Env, side: int) -> Number | None:
    if fn is None:
        return None
    value: Any = bounds(fn(env))[side]
    return None if value in (math.inf, -math.inf) else value


class RuleSet:
    """The rules of a pack compiled for the reference interpreter. Safe to share between threads."""

    def __init__(
        self,
        pack: Pack,
        only: Iterable[str] | None = None,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.pack = pack
        at = self.interpreter = interpreter or Interpreter(pack)
        for name in pack.populations:
            at.named("population", name)
        for name in pack.definitions:
            at.named("defined", name)
        for name in pack.externals:
            at.named("external", name)
        for name in pack.rules:
            at.named("rule", name)
        wanted = (
            pack.rules if only is None else {n: pack.rules[n] for n in pack.rules if n in set(only)}
        )
        self.rules = tuple(CompiledRule(at, rule) for rule in wanted.values())
        self._in_force: dict[tuple[str, date], tuple[tuple[tuple[str, Fn], ...], ...]] = {}
        self._days: dict[tuple[str, date], tuple[tuple[tuple[CompiledRule, bool], ...], ...]] = {}
        self._by_kind: dict[str, tuple[tuple[CompiledRule, ...], tuple[CompiledRule, ...]]] = {}

    def of_kind(self, kind: str) -> tuple[tuple[CompiledRule, ...], tuple[CompiledRule, ...]]:
        """Rules about a record of ``kind`` itself, and about its members."""
        if kind not in self._by_kind:
            own = tuple(r for r in self.rules if r.rule.subject == kind)
            members = tuple(r for r in self.rules if r.member) if kind == "household" else ()
            self._by_kind[kind] = (own, members)
        return self._by_kind[kind]

    def environment(self, record: Household, as_of: date, member: Row | None = None) -> Env:
        """A fresh environment for the record, or for one of its members."""
        env = self.interpreter.environment(record, as_of)
        env[MEMBER] = EMPTY_ROW if member is None else member
        return env

    def findings(
        self,
        record: Household,
        as_of: date,
        env: Env,
        truths: Sequence[tuple[Any, ...]] | None = None,
    ) -> list[Finding]:
        """All findings: the record's own rules first, then each member's, in the pack's order.

        ``env`` is a fresh environment of the record. ``truths`` are the truth values of the rules in
        force, of the record itself and then of each member, where they have been worked out.
        """
        own, of_members = self._with_force(record.kind, as_of)
        env[MEMBER] = EMPTY_ROW
        known = None if truths is None else iter(truths[0])
        found = _findings(own, env, "", known)
        for place, row in enumerate(record.members if of_members else (), 1):
            env[MEMBER] = row
            known = None if truths is None else iter(truths[place])
            found += _findings(of_members, env, row.id, known)
        return found

    def _with_force(
        self, kind: str, as_of: date
    ) -> tuple[tuple[tuple[CompiledRule, bool], ...], ...]:
        """Rules of the record itself and of its members, and whether they are in force on a day."""
        found = self._days.get((kind, as_of))
        if found is None:
            if len(self._days) >= 256:
                self._days.clear()
            found = self._days[kind, as_of] = tuple(
                tuple((r, r.rule.in_force.holds(as_of)) for r in rules)
                for rules in self.of_kind(kind)
            )
        return found

    def verdicts(self, record: Household, as_of: date) -> dict[tuple[str, str], Truth]:
        """Truth values alone, by (rule, subject): the fastest path, no findings are made.

        A rule not in force is left out.
        """
        own, of_members = self._speaking(record.kind, as_of)
        env = self.environment(record, as_of)
        found: dict[tuple[str, str], Truth] = {}
        for name, judge in own:
            truth = judge(env)
            found[name, ""] = False if truth is OUTSIDE else truth
        for row in record.members if of_members else ():
            env[MEMBER] = row
            for name, judge in of_members:
                truth = judge(env)
                found[name, row.id] = False if truth is OUTSIDE else truth
        return found

    def _speaking(self, kind: str, as_of: date) -> tuple[tuple[tuple[str, Fn], ...], ...]:
        """Rules in force on a day, by name and function: of the record itself, of its members."""
        found = self._in_force.get((kind, as_of))
        if found is None:
            if len(self._in_force) >= 256:
                self._in_force.clear()
            found = self._in_force[kind, as_of] = tuple(
                tuple((r.rule.id, r.judge) for r in rules if r.rule.in_force.holds(as_of))
                for rules in self.of_kind(kind)
            )
        return found


def _findings(
    rules: Iterable[tuple[CompiledRule, bool]],
    env: Env,
    subject: str,
    truths: Iterator[Any] | None,
) -> list[Finding]:
    """The findings of some rules for one subject."""
    if truths is None:
        return [rule.evaluate(env, subject, in_force) for rule, in_force in rules]
    return [
        rule.finding(next(truths), env, subject)
        if in_force
        else Finding(rule.rule, subject, None, Status.NOT_IN_FORCE)
        for rule, in_force in rules
    ]
