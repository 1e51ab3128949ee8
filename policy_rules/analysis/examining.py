"""What a rule can do at all, and which rules of a pack follow from others."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Final

import attrs

from policy_rules.analysis.asking import Answers, Asked, ask, world_of
from policy_rules.analysis.beyond import QUICK, THOROUGH, Beyond, beyond
from policy_rules.analysis.model import Assumptions, Bounds, Nature, RuleOn, Witness
from policy_rules.analysis.natural import Chooser, plainest
from policy_rules.analysis.relating import Shown, follows, question, witness
from policy_rules.analysis.replaying import whole_pack
from policy_rules.analysis.terms import Bool, opposite, z3
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Pack
from policy_rules.verdict import Verdict


def examined(rule: RuleOn, bounds: Bounds, cost: int = THOROUGH) -> Nature:
    """See :func:`policy_rules.analysis.examine`; ``cost`` is what a question of :mod:`beyond` may cost."""
    start = time.monotonic()
    asked = ask(rule.pack, rule.rule, rule.day)
    if isinstance(asked, str):
        return Nature(rule.rule.id, None, None, bounds, left_out=(asked,))
    sizes = [_One(asked, b) for b in bounds.growing()]
    yes = _first(one.shown(Verdict.YES, one.verdict.yes) for one in sizes)
    no = _first(
        one.shown(Verdict.NO, one.verdict.no, opposite(one.answers.outside())) for one in sizes
    )
    one = sizes[0]
    found = beyond(asked, one.world, one.answers, one.base, bounds, cost)
    undecided = [n for n, w in (("never", yes), ("always", no)) if w == "undecided"]
    return Nature(
        rule.rule.id,
        None if yes == "undecided" else yes is None,
        None if no == "undecided" else no is None,
        bounds,
        beyond=found.witness if isinstance(found, Beyond) else None,
        beyond_fact=found.fact if isinstance(found, Beyond) else "",
        yes=yes if isinstance(yes, Witness) else None,
        no=no if isinstance(no, Witness) else None,
        undecided=(*undecided, *(["beyond"] if found == "undecided" else [])),
        left_out=("years",) if one.world.hanging else (),
        seconds=time.monotonic() - start,
    )


def _first(found: Iterable[Shown]) -> Shown:
    """The first witness, else what was said of the largest records."""
    last: Shown = None
    for last in found:
        if isinstance(last, Witness):
            break
    return last


class _One:
    """A rule over a world of its own."""

    def __init__(self, asked: Asked, bounds: Bounds) -> None:
        self.asked = asked
        self.bounds = bounds
        self.world = world_of([asked], bounds)
        self.answers = Answers(asked, self.world)
        self.verdict = self.answers.verdict()
        self.base: list[Bool] = [opposite(self.answers.odd())]
        if asked.rule.subject == "member":
            self.base.append(self.world.rows("household.members")[0].there)
        self.base += self.world.constraints

    def shown(self, verdict: Verdict, *terms: Bool) -> Shown:
        """The plainest record with a verdict."""
        solver = question(self.bounds, *self.base, *terms)
        found = z3.unsat if solver is None else solver.check()
        if found != z3.sat:
            return None if found == z3.unsat else "undecided"
        chooser = Chooser(solver, solver.model())
        plainest(self.world, chooser, self.asked.day)
        return witness(self.world, [self.asked], "left_only", (verdict, None), chooser.model)


_OPEN: Final = ("never", "always", "beyond", "implied")


def examine_pack(
    pack: Pack,
    as_of: date | None = None,
    *,
    rules: Iterable[str] = (),
    bounds: Bounds | None = None,
    seconds: float = 600.0,
    done: Callable[[int, int], None] = lambda n, of: None,
) -> tuple[Nature, ...]:
    """The nature of every rule of a pack (or of some ``rules``), in its order, with the rules each follows from.

    Where only some are asked for, only those are looked at as what others follow from.
    ``as_of`` is by default the last day of the pack; a rule that is not in force then is asked on its own last day.
    After ``seconds`` in all, rules that are left are undecided. ``done`` is told how many rules are done.
    Raises :class:`~policy_rules.errors.NotFoundError` (``unknown_rule``), and as
    :func:`policy_rules.analysis.relate` does.
    """
    bounds = bounds or Bounds()
    end = time.monotonic() + seconds
    day = as_of or pack.in_force.end or pack.in_force.start or date(2022, 12, 31)
    natures: list[Nature] = []
    wanted = [RuleOn.of(pack, name).rule for name in rules] or list(pack.rules.values())
    for i, rule in enumerate(wanted):
        if time.monotonic() > end:
            natures.append(
                Nature(
                    rule.id, None, None, bounds, undecided=("never", "always", "beyond", "implied")
                )
            )
        else:
            natures.append(examined(RuleOn.within(pack, rule, day), bounds, QUICK))
        done(i + 1, len(wanted))
    return tuple(_implied(pack, day, natures, bounds, end))


def _implied(
    pack: Pack, day: date, natures: list[Nature], bounds: Bounds, end: float
) -> Iterator[Nature]:
    """With what each follows from: where the plainest YES of one is a YES of another, the solver is asked."""
    known = {nature.rule for nature in natures}
    brings: dict[str, set[str]] = {}
    open_: set[str] = set()
    for nature in natures:
        rule = pack.rules[nature.rule]
        if nature.yes is None or not rule.in_force.holds(day):
            continue
        brought = brings.setdefault(rule.id, set())
        for other in _also_yes(pack, rule.id, nature.yes, day):
            if other in brought or other not in known:
                continue
            sides = RuleOn(pack, rule, day), RuleOn(pack, pack.rules[other], day)
            found = follows(*sides, bounds, Assumptions()) if time.monotonic() < end else None
            if found is None:
                open_.add(other)
            elif found:
                brought |= {other} | (brings.get(other, set()) - {rule.id})
    for nature in natures:
        name = nature.rule
        same = [n for n in brings.get(name, ()) if name in brings.get(n, ())]
        above = [n for n, b in brings.items() if name in b and n not in same and n != name]
        more = ("implied",) if name in open_ and "implied" not in nature.undecided else ()
        yield attrs.evolve(
            nature,
            same_as=tuple(n for n in pack.rules if n in same),
            implied_by=tuple(_nearest(above, brings)),
            undecided=(*nature.undecided, *more),
        )


def _nearest(above: list[str], brings: Mapping[str, set[str]]) -> Iterator[str]:
    """Of rules that bring another those nothing stands between; one of those that say the same."""
    shown: list[str] = []
    for name in above:
        between = [n for n in above if n in brings[name] and name not in brings[n]]
        twin = any(n in brings[name] and name in brings[n] for n in shown)
        if not between and not twin:
            shown.append(name)
            yield name


def _also_yes(pack: Pack, rule: str, shown: Witness, day: date) -> Iterator[str]:
    """The other rules in force that say YES of the subject of a witness."""
    overlay = shown.overlay(pack.id)
    rules = RuleSet(pack.with_overlay(overlay)) if overlay else whole_pack(pack)
    record = read_record(shown.record, pack.vocabulary)
    for (other, subject), truth in rules.verdicts(record, day).items():
        if truth and other != rule and subject == shown.subject:
            yield other
