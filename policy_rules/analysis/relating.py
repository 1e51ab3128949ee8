"""Two rules put against each other: the questions, their answers, and records that show them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Literal

from policy_rules.analysis.asking import Answers, Asked, ask, population, world_of
from policy_rules.analysis.cells import Truth, Whole
from policy_rules.analysis.model import (
    Assumptions,
    Bounds,
    Column,
    How,
    Relation,
    RuleOn,
    Shows,
    Witness,
)
from policy_rules.analysis.natural import Chooser, plainest
from policy_rules.analysis.records import decoded
from policy_rules.analysis.replaying import replay
from policy_rules.analysis.terms import Bool, all_of, any_of, compare, iff, opposite, z3
from policy_rules.analysis.vocabularies import merged
from policy_rules.analysis.world import Value, World
from policy_rules.engine.finding import Finding
from policy_rules.errors import EngineDisagreement, Place, Problem
from policy_rules.verdict import Verdict

#: The answer to a question: a witness, None where no record shows it, ``undecided``.
Shown = Witness | Literal["undecided"] | None
Truths = tuple[Verdict | None, Verdict | None]


def related(
    left: RuleOn, right: RuleOn, bounds: Bounds, assume: Assumptions, *, plain: bool = True
) -> Relation:
    """See :func:`policy_rules.analysis.relate`; without ``plain`` any witness will do."""
    start = time.monotonic()
    days = left.day, right.day
    asked = [ask(side.pack, side.rule, side.day) for side in (left, right)]
    reasons = [
        f"{name}: {a}"
        for name, a in zip(("left", "right"), asked, strict=True)
        if isinstance(a, str)
    ]
    if left.rule.subject != right.rule.subject:
        reasons.append("subject")
    if merged(left.pack.vocabulary, right.pack.vocabulary) is None:
        reasons.append("vocabulary")
    plans = [a for a in asked if isinstance(a, Asked)]
    if reasons or len(plans) < 2:
        return Relation("undecided", (), bounds, days, left_out=tuple(reasons))
    pair = _Growing(plans[0], plans[1], bounds, assume, plain)
    found: dict[Shows, Shown] = {
        kind: pair.shown(kind) for kind in ("both", "left_only", "right_only")
    }
    relation, never = _relation(found)
    apart = [w for k, w in found.items() if k != "both" and isinstance(w, Witness)]
    return Relation(
        relation,
        tuple(w for w in (found[k] for k in _ORDER) if isinstance(w, Witness)),
        bounds,
        days,
        open_only=bool(apart) and all(Verdict.UNKNOWN in (w.left, w.right) for w in apart),
        never=never,
        more=pair.more() if found["both"] is not None else "",
        undecided=tuple(k for k in _ORDER if found[k] == "undecided"),
        left_out=pair.left_out,
        seconds=time.monotonic() - start,
    )


def follows(left: RuleOn, right: RuleOn, bounds: Bounds, assume: Assumptions) -> bool | None:
    """Whether the YES of the left rule always brings that of the right one; None where that is not decided."""
    asked = [ask(side.pack, side.rule, side.day) for side in (left, right)]
    plans = [a for a in asked if isinstance(a, Asked)]
    if len(plans) < 2:
        return None
    shown = _Growing(plans[0], plans[1], bounds, assume, False).shown("left_only")
    return None if shown == "undecided" else shown is None


_ORDER: tuple[Shows, ...] = ("left_only", "right_only", "both")


def _relation(found: dict[Shows, Shown]) -> tuple[How, tuple[Literal["left", "right"], ...]]:
    mine, other, both = (found[k] for k in _ORDER)
    never: list[Literal["left", "right"]] = []
    if mine is None and both is None:
        never.append("left")
    if other is None and both is None:
        never.append("right")
    if mine is None and other is None:
        return "same", tuple(never)
    if "undecided" not in (mine, other):
        if mine is None or other is None:
            return ("narrower" if mine is None else "wider"), tuple(never)
        if both != "undecided":
            return ("disjoint" if both is None else "overlapping"), ()
    return "undecided", tuple(never)


class _Pair:
    """Two rules over one world."""

    def __init__(
        self, left: Asked, right: Asked, bounds: Bounds, assume: Assumptions, plain: bool
    ) -> None:
        self.sides = (left, right)
        self.plain = plain
        self.bounds = bounds
        both = [population(side) for side in self.sides] if assume.population else []
        whom = [p for p in both if p is not None]
        self.world = world_of([left, right, *whom], bounds)
        self.answers = tuple(Answers(side, self.world) for side in self.sides)
        self.verdicts = tuple(a.verdict() for a in self.answers)
        self.left_out: list[str] = ["years"] if self.world.hanging else []
        self.base: list[Bool] = [opposite(a.odd()) for a in self.answers]
        if left.rule.subject == "member":
            self.base.append(self.world.rows("household.members")[0].there)
        self._assume(assume, whom, both)
        self.base += self.world.constraints

    def _assume(
        self, assume: Assumptions, whom: Sequence[Asked], both: Sequence[Asked | None]
    ) -> None:
        """Constrain the records: what is assumed to be the same is the same in them."""
        for columns in assume.same:
            pairs = list(self._instances(*columns))
            if not pairs:
                self.left_out.append(f"assumed: {'.'.join(columns[0])}, {'.'.join(columns[1])}")
            for one, other in pairs:
                self.base += [
                    one.known,
                    other.known,
                    one.parts["value"] * one.step == other.parts["value"] * other.step,
                ]
        if assume.population:
            truths = [
                Truth(True, False) if p is None else Answers(p, self.world).verdict() for p in both
            ]
            self.base += [iff(truths[0].yes, truths[1].yes), iff(truths[0].no, truths[1].no)]
        if assume.externals:
            for value in self.world.values.values():
                if value.spec is None and value.truth:
                    self.base += [value.known, value.parts["value"]]

    def _instances(self, left: Column, right: Column) -> Iterator[tuple[Value, Value]]:
        """The facts two columns stand for, the latest year with the latest."""
        sides = []
        for column, answers in zip((left, right), self.answers, strict=True):
            years = answers.asked.years()[0]
            named = [
                v
                for key, v in self.world.values.items()
                if key in answers.read
                and v.spec is not None
                and (v.spec.record, v.spec.path) == column
                and (v.row.year is None or v.row.year in years[v.row.frame])
            ]
            by_row: dict[Any, list[Value]] = {}
            for value in sorted(named, key=lambda v: -(v.row.year or 0)):
                outer = value.row.outer if value.row.year is not None else value.row
                by_row.setdefault((outer.frame, outer.number) if outer else None, []).append(value)
            sides.append(by_row)
        for key in sides[0].keys() & sides[1].keys():
            for one, other in zip(sides[0][key], sides[1][key], strict=False):
                if one is not other:
                    yield one, other

    # -- questions -----------------------------------------------------------------------------

    def asked(self, kind: Shows, truths: Truths, *terms: Bool) -> Shown:
        """A record on which terms hold, the plainest one."""
        solver = question(self.bounds, *self.base, *terms)
        if solver is None:
            return None
        found = solver.check()
        if found != z3.sat:
            return None if found == z3.unsat else "undecided"
        model = solver.model()
        if self.plain:
            chooser = Chooser(solver, model)
            plainest(self.world, chooser, self.sides[0].day)
            model = chooser.model
        return witness(self.world, self.sides, kind, truths, model)

    def pays_more(self, side: int) -> Any:
        """What the solver says of a record with the YES of both on which one side pays more."""
        mine, other = (self.answers[i].amount() for i in (side, 1 - side))
        assert mine is not None
        assert other is not None
        ends = [_greater(mine[i : i + 2], other[i : i + 2]) for i in (0, 2)]
        yes = (v.yes for v in self.verdicts)
        solver = question(self.bounds, *self.base, *yes, any_of(ends))
        return z3.unsat if solver is None else solver.check()


class _Growing:
    """Two rules over small records first, then over all that the bounds allow."""

    def __init__(
        self, left: Asked, right: Asked, bounds: Bounds, assume: Assumptions, plain: bool
    ) -> None:
        self.sides = (left, right)
        self._make = [partial(_Pair, left, right, b, assume, plain) for b in bounds.growing()]
        self._made: list[_Pair] = []

    def pairs(self) -> Iterator[_Pair]:
        """The two over growing records."""
        for i, make in enumerate(self._make):
            if i == len(self._made):
                self._made.append(make())
            yield self._made[i]

    @property
    def left_out(self) -> tuple[str, ...]:
        """What the questions do not cover."""
        return tuple(next(self.pairs()).left_out)

    def shown(self, kind: Shows) -> Shown:
        """A record with the YES of one rule alone, or of both; against a NO first, then against UNKNOWN."""
        if kind == "both":
            return self._asked(kind, ((Verdict.YES, Verdict.YES)))
        undecided = False
        for against in (Verdict.NO, Verdict.UNKNOWN):
            truths = (Verdict.YES, against) if kind == "left_only" else (against, Verdict.YES)
            found = self._asked(kind, truths)
            if isinstance(found, Witness):
                return found
            undecided = undecided or found == "undecided"
        return "undecided" if undecided else None

    def _asked(self, kind: Shows, truths: tuple[Verdict, Verdict]) -> Shown:
        found: Shown = None
        for pair in self.pairs():
            terms = (_term(v, t) for v, t in zip(pair.verdicts, truths, strict=True))
            found = pair.asked(kind, truths, *terms)
            if isinstance(found, Witness):
                break
        return found

    def more(self) -> Literal["left", "right", "equal", "mixed", "undecided", ""]:
        """Which rule pays more where both say YES."""
        specs = [side.rule.amount for side in self.sides]
        if any(s is None or not s.tiers for s in specs):
            return ""
        if len({(s.kind, s.unit, s.paid) for s in specs if s is not None}) > 1:
            return ""
        found = []
        for side in (0, 1):
            said = z3.unknown
            for pair in self.pairs():
                said = pair.pays_more(side)
                if said == z3.sat:
                    break
            found.append(said)
        if z3.unknown in found:
            return "undecided"
        names: dict[tuple[bool, bool], Literal["left", "right", "equal", "mixed"]] = {
            (True, False): "left", (False, True): "right", (False, False): "equal", (True, True): "mixed",
        }  # fmt: skip
        return names[found[0] == z3.sat, found[1] == z3.sat]


def _term(verdict: Truth, wanted: Verdict) -> Bool:
    return {Verdict.YES: verdict.yes, Verdict.NO: verdict.no, Verdict.UNKNOWN: verdict.null}[wanted]


def _greater(a: Sequence[Whole], b: Sequence[Whole]) -> Bool:
    """Whether one end of an amount is known and greater than the other's."""
    (num, den), (other, other_den) = a, b
    there = all_of(opposite(x.null) for x in (num, den, other, other_den))
    if there is False:
        return False
    return all_of((there, compare("gt", num.value * other_den.value, other.value * den.value)))


def question(bounds: Bounds, *terms: Bool) -> Any:
    """A solver with terms put to it; None where they cannot hold on their face."""
    if any(term is False for term in terms):
        return None
    solver = z3.Solver()
    solver.set("timeout", int(bounds.seconds * 1000))
    solver.add(*(term for term in terms if term is not True))
    return solver


def witness(
    world: World, sides: Sequence[Asked], kind: Shows, truths: Truths, model: Any
) -> Witness:
    """The record of a model, replayed; raises :class:`~policy_rules.errors.EngineDisagreement`."""
    record, parameters = decoded(world, model)
    record["as_of"] = sides[0].day.isoformat()
    member = 0 if sides[0].rule.subject == "member" else None
    found: list[Finding] = []
    for side, expected in zip(sides, truths, strict=False):
        finding = replay(
            side.pack, side.rule, side.day, record, member, parameters.get(side.pack.id)
        )
        if finding.verdict is not expected:
            place = Place(path=f"{side.pack.id} {side.rule.id}")
            raise EngineDisagreement(
                Problem("engine_disagreement", place, str(expected), str(finding.verdict))
            )
        found.append(finding)
    right = found[1] if len(found) > 1 else None
    assert found[0].verdict is not None
    return Witness(
        kind,
        record,
        found[0].subject,
        found[0].verdict,
        None if right is None else right.verdict,
        found[0].amount,
        None if right is None else right.amount,
        parameters,
    )
