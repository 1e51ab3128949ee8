"""A plan run in plain Python over records, beside what the reference interpreter answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import plan_interpreter

from policy_rules import Verdict
from policy_rules.engine.finding import Status
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.tables.frames import Population, to_columns
from policy_rules.tables.lowering import lower
from policy_rules.tables.plan import Outcome, Plan

#: What engines must agree on: verdict, status, met, the ends of the amount.
Answer = tuple[Verdict, Status, Verdict | None, tuple[Fraction | int | None, ...] | None]
#: The place of a record, a rule, a subject.
Where = tuple[int, str, str]

Columns = dict[str, dict[str, list[Any]]]


class Compared:
    """Records of one kind on one day: the plan, its columns, both answers."""

    def __init__(
        self, pack: Pack, kind: str, day: date, records: Sequence[Household], rules: RuleSet
    ) -> None:
        self.plan = lower(pack, kind, day)
        population = Population.of_records(records, pack.vocabulary, kind)
        self.columns: Columns = plan_interpreter.run(self.plan, to_columns(population, self.plan))
        self.found = dict(answers(self.plan, self.columns))
        left = {rule for rule, _ in self.plan.left}
        self.expected: dict[Where, Answer] = {}
        for i, record in enumerate(records):
            for rule, subject, answer in reference(rules, record, day):
                if rule not in left:
                    self.expected[i, rule, subject] = answer

    def odd(self, i: int) -> bool:
        """Whether a record is to be answered by the reference."""
        return self.plan.odd is not None and self.columns[self.plan.kind][self.plan.odd][i] is True

    def differences(self) -> dict[Where, tuple[Answer | None, Answer | None]]:
        """Where the two differ: what is expected, what is found."""
        keys = self.found.keys() | self.expected.keys()
        pairs = {k: (self.expected.get(k), self.found.get(k)) for k in keys}
        return {k: p for k, p in pairs.items() if p[0] != p[1]}


def answers(plan: Plan, columns: Columns) -> Iterator[tuple[Where, Answer]]:
    """The answers in the columns of the outcomes."""
    for outcome in plan.outcomes:
        frame = columns[outcome.frame]
        own = outcome.frame == plan.kind
        for i in range(len(frame["_row"])):
            row = i if own else frame["_parent"][i]
            where = (row, outcome.rule, "" if own else frame["_id"][i])
            yield where, _answer(outcome, frame, i)


def _answer(outcome: Outcome, frame: dict[str, list[Any]], i: int) -> Answer:
    truth = frame[outcome.verdict][i]
    verdict = Verdict.of(truth)
    if truth is False:
        outside = outcome.outside is not None and frame[outcome.outside][i]
        return verdict, Status.OUTSIDE_POPULATION if outside else Status.DECIDED, None, None
    status = Status.UNDETERMINED if truth is None else Status.DECIDED
    met = None if outcome.met is None else Verdict.of(frame[outcome.met][i])
    if outcome.amount is None:
        return verdict, status, met, None
    low, low_den, high, high_den = (frame[c][i] for c in outcome.amount)
    if low_den is None:
        return verdict, status, met, None
    return verdict, status, met, (_exact(low, low_den), _exact(high, high_den))


def _exact(numerator: int | None, denominator: int) -> Fraction | None:
    assert denominator > 0
    return None if numerator is None else Fraction(numerator, denominator)


def reference(rules: RuleSet, record: Household, day: date) -> Iterator[tuple[str, str, Answer]]:
    """The answers of the reference interpreter, of rules in force."""
    for finding in rules.findings(record, day, rules.environment(record, day)):
        if finding.verdict is None:
            continue
        spec, amount = finding.rule.amount, finding.amount
        ends = None
        if spec is not None and spec.tiers and amount is not None:
            ends = (amount.low, amount.high)
        yield (
            finding.rule.id,
            finding.subject,
            (finding.verdict, finding.status, finding.met, ends),
        )
