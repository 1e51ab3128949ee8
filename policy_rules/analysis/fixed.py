"""A record fixed in the solver, and what the encoding answers of it beside the reference interpreter."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from fractions import Fraction
from typing import Any

from policy_rules.analysis.asking import Answers, Asked, ask, world_of
from policy_rules.analysis.model import Bounds
from policy_rules.analysis.records import Unfitting, pinned
from policy_rules.analysis.terms import z3
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.verdict import Verdict

#: Verdict, and the ends of the amount where the verdict is not NO.
Answer = tuple[Verdict, tuple[Fraction | int | None, ...] | None]


class Fixed:
    """The rules of a pack (or some of them) about records of a kind on a day, in one world."""

    def __init__(
        self,
        pack: Pack,
        kind: str,
        day: date,
        bounds: Bounds,
        *,
        any_day: bool = False,
        only: Collection[str] | None = None,
    ) -> None:
        subjects = {kind, "member"} if kind == "household" else {kind}
        rules = [
            r
            for r in pack.rules.values()
            if r.subject in subjects and (only is None or r.id in only)
        ]
        asked = [a for r in rules if isinstance(a := ask(pack, r, day, any_day=any_day), Asked)]
        self.world = world_of(asked, bounds, narrow=False)
        self.day = day
        self.world.span = (date(day.year, 1, 1), date(day.year, 12, 31))
        self.terms: list[tuple[str, int | None, Any, Any]] = []
        for one in asked:
            answers = Answers(one, self.world)
            member = one.rule.subject == "member"
            for i in range(bounds.members) if member else (None,):
                row = i or 0
                self.terms.append((one.rule.id, i, answers.verdict(row), answers.amount(row)))

    def answers(self, record: Household) -> Iterator[tuple[tuple[str, str], Answer]]:
        """What the encoding says of a record; raises Unfitting for one beyond the bounds."""
        solver = z3.Solver()
        solver.add(*pinned(self.world, record))
        if self.world.dated:
            solver.add(z3.Int("as_of m") == self.day.month, z3.Int("as_of d") == self.day.day)
        assert solver.check() == z3.sat
        model = solver.model()
        if not all(z3.is_true(model.eval(c, True)) for c in self.world.constraints):
            raise Unfitting("a date or a figure")

        def said(term: Any) -> Any:
            if isinstance(term, bool | int):
                return term
            found = model.eval(term, True)
            return z3.is_true(found) if z3.is_bool(found) else found.as_long()

        for rule, i, verdict, amount in self.terms:
            if i is not None and i >= len(record.members):
                continue
            yes, no = said(verdict.yes), said(verdict.no)
            assert not (yes and no)
            found = Verdict.of(True if yes else False if no else None)
            ends = None
            if amount is not None and not no:
                low, low_den, high, high_den = (
                    None if said(c.null) else said(c.value) for c in amount
                )
                if low_den is not None:
                    ends = (
                        None if low is None else Fraction(low, low_den),
                        None if high is None else Fraction(high, high_den),
                    )
            yield (rule, "" if i is None else record.members[i].id), (found, ends)


def reference(rules: RuleSet, record: Household, day: date) -> dict[tuple[str, str], Answer]:
    """The same of the reference interpreter."""
    found: dict[tuple[str, str], Answer] = {}
    for finding in rules.findings(record, day, rules.environment(record, day)):
        if finding.verdict is None:
            continue
        spec, amount = finding.rule.amount, finding.amount
        ends = (amount.low, amount.high) if amount and spec and spec.tiers else None
        found[finding.rule.id, finding.subject] = (finding.verdict, ends)
    return found


def compared(
    pack: Pack,
    kind: str,
    day: date,
    records: list[Household],
    bounds: Bounds,
    *,
    any_day: bool = False,
) -> tuple[int, list[Any]]:
    """How many answers were compared, and those that differ; ``any_day``: of plans that read the day."""
    rules = RuleSet(pack)
    subjects = {kind, "member"} if kind == "household" else {kind}
    if not any(r.in_force.holds(day) and r.subject in subjects for r in pack.rules.values()):
        return 0, []
    fixed = Fixed(pack, kind, day, bounds, any_day=any_day)
    count, differing = 0, []
    for record in records:
        expected = reference(rules, record, day)
        try:
            found = dict(fixed.answers(record))
        except Unfitting:
            continue
        for key, answer in found.items():
            count += 1
            if expected[key] != answer:
                differing.append((key, expected[key], answer))
    return count, differing
