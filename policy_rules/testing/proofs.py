"""Declared properties put to the solver: proved on the days of a pack within bounds, or refuted by a record.

Needs the extra ``analysis``; what it says holds for records whose figures do not contradict one another, under the
readings in effect.
"""

from __future__ import annotations

import itertools

from policy_rules.analysis.claims import Claim, Scene, as_rule, exact, prove
from policy_rules.analysis.model import Bounds, Proof, Span
from policy_rules.analysis.moving import Move, Towards
from policy_rules.analysis.spans import validity
from policy_rules.analysis.terms import Bool, all_of, any_of, opposite
from policy_rules.errors import EngineDisagreement, Place, Problem
from policy_rules.packs.model import Pack
from policy_rules.testing.properties import Property
from policy_rules.testing.refuting import confirmed


def proved(pack: Pack, wanted: Property, bounds: Bounds, end: float = float("inf")) -> Proof:
    """What the solver says of a property; no question is begun after ``end`` (monotonic).

    It is asked for every day of the pack; a property that is claimed of one day and is not proved for all, for that day.

    Raises :class:`~policy_rules.errors.EngineDisagreement` where the reference interpreter does not confirm a
    record that refutes it.
    """
    claim = claim_of(pack, wanted)
    if claim is None:
        return Proof("open", bounds, open=("subject",))
    found = prove(claim, validity(pack), bounds, end)
    if wanted.as_of is not None and found.settled != "proved":
        found = prove(claim, Span(wanted.as_of, wanted.as_of), bounds, end)
    if found.shown is not None and not confirmed(pack, wanted, found.shown):
        place = Place(path=f"{pack.id} {wanted.id}")
        raise EngineDisagreement(Problem("engine_disagreement", place, str(False), str(True)))
    return found


def claim_of(pack: Pack, wanted: Property) -> Claim | None:
    """A property as a claim; None where its rules are about different kinds of subject."""
    match wanted.kind:
        case "implies":
            assert wanted.condition is not None
            assert wanted.consequence is not None
            named = (("if", wanted.condition), ("then", wanted.consequence))
            return Claim(
                tuple(as_rule(pack, f"{wanted.id} {n}", wanted.subject, leaf) for n, leaf in named),
                lambda s: all_of((s.answers[0].verdict().yes, s.answers[1].verdict().no)),
                lambda s: s.answers[0].verdict().yes,
                silent=False,
            )
        case "never_both":
            rules = [pack.rules[name] for name in wanted.rules]
            if len({r.subject for r in rules}) > 1:
                return None
            return Claim(tuple((pack, r) for r in rules), _several, _any)
        case "amount_within":
            return Claim(
                ((pack, pack.rules[wanted.rules[0]]),),
                lambda s: _outside(s, wanted),
                _any,
            )
        case "monotone":
            towards: Towards = "lower" if wanted.towards == "lower" else "higher"
            return Claim(
                ((pack, pack.rules[wanted.rules[0]]),),
                _lost,
                _moved,
                Move(wanted.fact, towards),
            )


def _several(scene: Scene) -> Bool:
    yes = [a.verdict().yes for a in scene.answers]
    return any_of(all_of(pair) for pair in itertools.combinations(yes, 2))


def _any(scene: Scene) -> Bool:
    return any_of(a.verdict().yes for a in scene.answers)


def _outside(scene: Scene, wanted: Property) -> Bool:
    amount = scene.answers[0].amount()
    if amount is None:
        return False
    low, den = amount[0].value, amount[1].value
    beyond = []
    if wanted.lower is not None:
        beyond.append(low * wanted.lower.denominator < wanted.lower.numerator * den)
    if wanted.upper is not None:
        beyond.append(low * wanted.upper.denominator > wanted.upper.numerator * den)
    return all_of((scene.answers[0].verdict().yes, exact(amount), any_of(beyond)))


def _lost(scene: Scene) -> Bool:
    before, after = scene.answers[0].verdict(), scene.after[0].verdict()
    return all_of((before.yes, opposite(after.yes), scene.moved))


def _moved(scene: Scene) -> Bool:
    before = scene.answers[0].verdict()
    scene.after[0].verdict()
    return all_of((before.yes, scene.moved))
