"""The second engine: infers every rule of a pack for a record on durable_rules."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Final

import attrs

from policy_rules.engine.durable.bounds import Bounds, Number
from policy_rules.engine.durable.compiler import SUBJECTS, Stage, compile_stages
from policy_rules.engine.durable.driver import Scalar
from policy_rules.engine.durable.folding import Folder, Key, Scope
from policy_rules.engine.durable.run import Fold, Frame, Run
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack, Rule

Amount = tuple[Number | None, Number | None]
MAX_DAYS: Final = 64


@attrs.frozen
class Outcome:
    """What was inferred of one rule for one subject.

    ``status`` is ``decided``, ``undetermined``, ``not_in_force`` or ``outside_population``;
    ``amount`` the lowest and highest figure (None where there is none).
    """

    truth: bool | None
    status: str
    met: bool | None = None
    amount: Amount | None = None


_NOT_IN_FORCE: Final = Outcome(None, "not_in_force")
_OUTSIDE: Final = Outcome(False, "outside_population")
_PLAIN: Final = {
    True: Outcome(True, "decided"),
    False: Outcome(False, "decided"),
    None: Outcome(None, "undetermined"),
}


@attrs.frozen
class _Tier:
    """One line of an amount: when, from, to."""

    when: Fold | None
    low: Fold | None
    high: Fold | None


@attrs.frozen
class _Answer:
    """How the outcome of one rule is put together."""

    rule: Rule
    key: Key
    outside: Key | None
    met: Key | None
    tiers: tuple[_Tier, ...]


@attrs.frozen
class _Program:
    """All that is inferred for records of one kind."""

    stages: tuple[Stage, ...]
    answers: dict[str, tuple[_Answer, ...]]


@attrs.frozen
class _Day:
    """What depends on the day alone: parameters seen so far, rules not in force."""

    parameters: dict[str, Bounds] = attrs.field(factory=dict)
    silent: frozenset[Key] = frozenset()


class DurableEvaluator:
    """Infers the rules of one pack; safe to use from several threads.

    Raises DurableUnavailable if the C engine cannot be loaded, BudgetExceeded if a rule is beyond
    what it carries safely.
    """

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._days: dict[date, _Day] = {}
        folder = Folder(pack)
        subjects = {rule.subject for rule in pack.rules.values()}
        kinds = {"household" if s == "member" else s for s in subjects}
        self._programs = {kind: self._program(kind, folder) for kind in sorted(kinds)}

    def evaluate(self, record: Household, as_of: date) -> dict[tuple[str, str], Outcome]:
        """The outcome of every rule, by rule and subject.

        The subject is "" for the household or entity itself, the id of the row for a member. Raises
        DurableFailure if the C engine fails.
        """
        program = self._programs.get(record.kind)
        if program is None:
            return {}
        day = self._day(as_of)
        run = Run(record, as_of, day.parameters)
        frames = {record.kind: [run.frame(record.row)]}
        if record.kind == "household":
            frames["member"] = [run.frame(row) for row in record.members]
        for stage in program.stages:
            for frame in frames[stage.subject]:
                _infer(stage, frame, day.silent)
        found: dict[tuple[str, str], Outcome] = {}
        for subject, answers in program.answers.items():
            for frame in frames[subject]:
                name = frame.row.id if subject == "member" else ""
                for answer in answers:
                    found[answer.rule.id, name] = _outcome(answer, frame, day.silent)
        return found

    def close(self) -> None:
        """Free what the C engine holds."""
        for program in self._programs.values():
            for stage in program.stages:
                stage.base.close()

    def _program(self, kind: str, folder: Folder) -> _Program:
        answers = {
            subject: tuple(
                _answer(rule, folder)
                for rule in self.pack.rules.values()
                if rule.subject == subject
            )
            for subject in SUBJECTS.get(kind, (kind,))
        }
        return _Program(compile_stages(self.pack, kind, folder), answers)

    def _day(self, as_of: date) -> _Day:
        day = self._days.get(as_of)
        if day is None:
            rules = self.pack.rules.values()
            silent = (("rule", r.id) for r in rules if not r.in_force.holds(as_of))
            if len(self._days) >= MAX_DAYS:
                self._days.clear()
            day = self._days[as_of] = _Day(silent=frozenset(silent))
        return day


def _answer(rule: Rule, folder: Folder) -> _Answer:
    scope = Scope(rule.subject)
    tiers = []
    for tier in rule.amount.tiers if rule.amount else ():
        parts = (tier.when, tier.low, tier.high)
        tiers.append(_Tier(*(None if p is None else folder.fold(p, scope) for p in parts)))
    return _Answer(
        rule,
        ("rule", rule.id),
        None if rule.applies_to is None else ("applies", rule.id),
        None if rule.met_when is None else ("met", rule.id),
        tuple(tiers),
    )


def _infer(stage: Stage, frame: Frame, silent: frozenset[Key]) -> None:
    """Run a stage for one subject; its results go into the frame."""
    facts: dict[str, Scalar] = {}
    for fill in stage.providers:
        fill(frame, facts)
    rows = stage.base.run(facts)
    cache = frame.cache
    for output in stage.outputs:
        key = output.key
        if output.true in rows:
            cache[key] = True
        else:
            cache[key] = False if output.false in rows else None
    for key in silent:
        cache[key] = None  # a rule that is not in force says nothing to others


def _outcome(answer: _Answer, frame: Frame, silent: frozenset[Key]) -> Outcome:
    if answer.key in silent:
        return _NOT_IN_FORCE
    cache = frame.cache
    if answer.outside is not None and cache[answer.outside] is False:
        return _OUTSIDE
    truth: bool | None = cache[answer.key]
    if truth is False or (answer.met is None and not answer.tiers):
        return _PLAIN[truth]
    met = None if answer.met is None else cache[answer.met]
    return Outcome(truth, _PLAIN[truth].status, met, _amount(answer.tiers, frame))


def _amount(tiers: tuple[_Tier, ...], frame: Frame) -> Amount | None:
    """From the lowest to the highest figure of the first tier that applies, as far as is known."""
    lows: list[Number | None] = []
    highs: list[Number | None] = []
    for tier in tiers:
        applies = True if tier.when is None else tier.when(frame)
        if applies is False:
            continue
        lows.append(None if tier.low is None else tier.low(frame)[0])
        highs.append(None if tier.high is None else tier.high(frame)[1])
        if applies:
            break
    if not lows:
        return None
    low = None if None in lows else min(x for x in lows if x is not None)
    high = None if None in highs else max(x for x in highs if x is not None)
    return _whole(low), _whole(high)


def _whole(value: Number | None) -> Number | None:
    if isinstance(value, Fraction) and value.denominator == 1:
        return value.numerator
    return value
