"""Claims about rules: that no record of some bounds, on no day of some days, shows a thing. Proved, or refuted by a record.

A claim is put to the solver once for all days on which the rules are the same plans; where their conditions read
the day, it is free within each calendar year.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cached_property, partial
from typing import Any

import attrs

from policy_rules.analysis.asking import Answers, Asked, ask, world_of
from policy_rules.analysis.cells import Whole
from policy_rules.analysis.model import Bounds, Proof, Settled, Shown, Span
from policy_rules.analysis.moving import Move, Moved, Unmoved
from policy_rules.analysis.natural import Chooser, plainest
from policy_rules.analysis.records import decoded
from policy_rules.analysis.relating import question
from policy_rules.analysis.spans import joined, pieces
from policy_rules.analysis.terms import Bool, all_of, any_of, opposite, z3
from policy_rules.analysis.world import AS_OF
from policy_rules.errors import Place
from policy_rules.expr.nodes import Node
from policy_rules.packs.model import Pack, Period, Rule
from policy_rules.text import EMPTY


@attrs.frozen(eq=False)
class Claim:
    """What no record may show.

    ``asks`` are rules, each of a pack, about one kind of subject; ``fails`` is the term under which the claim does
    not hold, ``tests`` that under which a record puts it to the test, both over what the rules answer. With
    ``move`` the rules are asked twice, the second time of the record with one fact moved. ``silent``: where one
    of the rules is not in force the claim holds. ``odd``: records whose figures contradict each other count too.
    """

    asks: tuple[tuple[Pack, Rule], ...]
    fails: Callable[[Scene], Bool]
    tests: Callable[[Scene], Bool]
    move: Move | None = None
    silent: bool = True
    odd: bool = False


class Scene:
    """The rules of a claim over one record, on the days of a span."""

    def __init__(self, claim: Claim, asked: Sequence[Asked], span: Span, bounds: Bounds) -> None:
        self.bounds = bounds
        self.member = asked[0].rule.subject == "member"
        self.world = world_of(asked, bounds)
        self.world.span = (span.first, span.last)
        self.answers = [Answers(one, self.world) for one in asked]
        self.after: list[Answers] = []
        worlds = [self.world]
        if claim.move is not None:
            make = partial(Moved, of=self.world, move=claim.move)
            other = world_of(asked, bounds, make=make)
            other.span = self.world.span
            self.after = [Answers(one, other) for one in asked]
            worlds.append(other)
        self._worlds = worlds
        self.base: list[Bool] = []
        if not claim.odd:
            self.base += [opposite(a.odd()) for a in (*self.answers, *self.after)]
        if self.member:
            self.base.append(self.world.rows("household.members")[0].there)

    def constraints(self) -> list[Bool]:
        """What every record keeps to; complete once all answers have been asked for."""
        return [*self.base, *(c for w in self._worlds for c in w.constraints)]

    @property
    def moved(self) -> Bool:
        """Whether the fact stands in the record and has moved."""
        return self._worlds[1].moved if isinstance(self._worlds[1], Moved) else False

    def facts(self) -> Iterator[str]:
        """The facts the answers hang on, with the record each is of."""
        for one in self.answers:
            for frame, number, path in one.read:
                value = self.world.values.get((frame, number, path))
                if value is not None and path != AS_OF:
                    yield f"{self.world.records[frame]}.{path}"

    def shown(self, solver: Any, model: Any, day: date) -> Shown:
        """The plainest record of a satisfiable question."""
        chooser = Chooser(solver, model)
        plainest(self.world, chooser, day)
        record, parameters = decoded(self.world, chooser.model)
        today = self._day(chooser.model) or day
        moved = None
        if self.after:
            moved = {**decoded(self._worlds[1], chooser.model)[0], "as_of": str(today)}
        record["as_of"] = str(today)
        return Shown(record, today, self.member, moved, parameters)

    def _day(self, model: Any) -> date | None:
        if not self.world.dated:
            return None
        digits = self.world.today.digits
        assert digits is not None
        day, month, year = (
            d if isinstance(d, int) else model.eval(d, True).as_long() for d in digits
        )
        return date(year, month, day)


def prove(claim: Claim, within: Span, bounds: Bounds, end: float = float("inf")) -> Proof:
    """What the solver says of a claim on the days of a span; no question is begun after ``end`` (monotonic)."""
    return _Proving(claim, within, bounds, end).proof()


class _Proving:
    def __init__(self, claim: Claim, within: Span, bounds: Bounds, end: float) -> None:
        self.claim = claim
        self.within = within
        self.bounds = bounds
        self.end = end
        self.days: list[Span] = []
        self.silent: list[Span] = []
        self.open: dict[str, None] = {}
        self.facts: set[str] = set()
        self.years = False
        self.tested: bool | None = False
        self.questions = 0

    def proof(self) -> Proof:
        """Put every span to the solver; the first record that refutes the claim ends it."""
        start = time.process_time()
        shown = None
        for asked, spans in self._groups().items():
            shown = self._asked(asked.plans, spans)
            if shown is not None:
                break
        settled: Settled = "refuted" if shown else "open" if self.open else "proved"
        return Proof(
            settled, self.bounds, joined(self.days), joined(self.silent), tuple(self.open),
            tuple(sorted(self.facts)), self.years, self.tested, shown, self.questions,
            time.process_time() - start,
        )  # fmt: skip

    def _groups(self) -> dict[_Plans, list[Span]]:
        """The plans that stand for some days, with those days."""
        found: dict[_Plans, list[Span]] = {}
        for piece in pieces(self.claim.asks, self.within):
            asked = [ask(pack, rule, piece.first, any_day=True) for pack, rule in self.claim.asks]
            plans = [a for a in asked if isinstance(a, Asked)]
            if len(plans) == len(asked):
                of = _Plans(tuple(plans))
                for span in piece.by_year() if of.dated else (piece,):
                    key = of.on(span.first) if of.dated else of
                    found.setdefault(key, []).append(span)
                continue
            why = {a for a in asked if isinstance(a, str)}
            if self.claim.silent and "not_in_force" in why:
                self.days.append(piece)
                self.silent.append(piece)
            else:
                self.open.update(dict.fromkeys(sorted(why)))
        return found

    def _asked(self, asked: Sequence[Asked], spans: Sequence[Span]) -> Shown | None:
        """Ask small records first, then all; keep what is proved, give what refutes."""
        for bounds in self.bounds.growing():
            if time.monotonic() > self.end:
                self.open["time"] = None
                return None
            scene = Scene(self.claim, asked, spans[-1], bounds)
            try:
                fails = self.claim.fails(scene)
                tests = self.claim.tests(scene)
            except Unmoved as why:
                self.open[str(why)] = None
                return None
            self.questions += 1
            solver = question(self._timed(bounds), *scene.constraints(), fails)
            said = z3.unsat if solver is None else solver.check()
            if said == z3.sat:
                return scene.shown(solver, solver.model(), spans[-1].last)
        self.facts.update(scene.facts())
        self.years = self.years or bool(scene.world.hanging)
        if said == z3.unsat:
            self.days += spans
            self._test(scene, tests)
        else:
            self.open["time"] = None
        return None

    def _test(self, scene: Scene, tests: Bool) -> None:
        """Whether some record puts the claim to the test at all."""
        if self.tested:
            return
        solver = question(self._timed(scene.bounds), *scene.constraints(), tests)
        said = z3.unsat if solver is None else solver.check()
        if said != z3.unsat:
            self.tested = True if said == z3.sat else None

    def _timed(self, bounds: Bounds) -> Bounds:
        """No question goes on after the end of all of them."""
        left = min(bounds.seconds, max(0.1, self.end - time.monotonic()))
        return attrs.evolve(bounds, seconds=left)


@attrs.frozen(eq=False, slots=False)
class _Plans:
    """The plans of a claim's rules; the same plans stand for one question, whatever the day they were made on."""

    plans: tuple[Asked, ...]
    day: date | None = None

    @cached_property
    def dated(self) -> bool:
        """Whether a question must keep to one calendar year: the day is read, or years that facts name are."""
        reads = any(need.name == AS_OF for a in self.plans for need in a.plan.needed)
        return reads or any(a.years()[1] for a in self.plans)

    def on(self, day: date) -> _Plans:
        """The same, to be asked on a day of some year."""
        return _Plans(tuple(attrs.evolve(a, day=day) for a in self.plans), day)

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return (self.day, *((a.pack.id, a.plan) for a in self.plans))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plans) and self._key == other._key


def as_rule(pack: Pack, name: str, subject: str, node: Node) -> tuple[Pack, Rule]:
    """A condition as if it were a rule of a pack that is always in force."""
    alone = Rule(
        id=name, label=EMPTY, clauses=(), concepts=(), outcome="flag", effect=None, subject=subject,
        force="must", applies_to=None, when=node, unless=None, met_when=None, amount=None,
        actor=EMPTY, ranks=EMPTY, refer_to=EMPTY, note=EMPTY, in_force=Period(None, None), place=Place(),
    )  # fmt: skip
    return attrs.evolve(pack, rules={**pack.rules, name: alone}), alone


# -- terms -------------------------------------------------------------------------------------


def exact(amount: tuple[Whole, Whole, Whole, Whole]) -> Bool:
    """Whether an amount is a single figure."""
    low, low_den, high, high_den = amount
    there = all_of(opposite(part.null) for part in amount)
    if there is False:
        return False
    return all_of((there, low.value * high_den.value == high.value * low_den.value))


def differ(a: Answers, b: Answers) -> Bool:
    """Whether two rules answer anything differently of the first subject: verdict, population, duty, amount."""
    one, other = a.verdict(), b.verdict()
    apart = [_unlike(one.yes, other.yes), _unlike(one.no, other.no)]
    apart.append(all_of((one.no, other.no, _unlike(a.outside(), b.outside()))))
    counts = opposite(one.no)
    met, other_met = a.met(), b.met()
    if met is not None and other_met is not None:
        apart += [
            all_of((counts, _unlike(met.yes, other_met.yes))),
            all_of((counts, _unlike(met.no, other_met.no))),
        ]
    mine, theirs = a.amount(), b.amount()
    if mine is not None and theirs is not None:
        for i in (0, 2):
            apart.append(all_of((counts, _other_end(mine[i : i + 2], theirs[i : i + 2]))))
    if (met is None) != (other_met is None) or (mine is None) != (theirs is None):
        return True
    return any_of(apart)


def _unlike(a: Bool, b: Bool) -> Bool:
    if isinstance(a, bool):
        return opposite(b) if a else b
    if isinstance(b, bool):
        return opposite(a) if b else a
    return False if a.eq(b) else z3.Xor(a, b)


def _other_end(a: Sequence[Whole], b: Sequence[Whole]) -> Bool:
    """Whether an end of an amount differs: one is open, no line applies, another figure."""
    (num, den), (other, other_den) = a, b
    none = all_of((den.null, other_den.null))
    there = all_of(opposite(x.null) for x in (num, den, other, other_den))
    apart = any_of((_unlike(den.null, other_den.null), _unlike(num.null, other.null)))
    if there is not False:
        left, right = num.value * other_den.value, other.value * den.value
        same = left == right
        apart = any_of((apart, all_of((there, opposite(same)))))
    return all_of((opposite(none), apart))
