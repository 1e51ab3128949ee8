"""Which rule of one pack stands beside which of another: by id in versions of one pack, else by concept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import attrs

from policy_rules.diff.compare import ALIKE, ASPECTS, decider, likeness
from policy_rules.diff.profile import Profile, profiles
from policy_rules.packs.model import Pack, Rule


@attrs.frozen(eq=False)
class RulePair:
    """Counterparts; None where the other pack has none. ``renamed``: paired by concept, not by id."""

    left: Rule | None
    right: Rule | None
    renamed: bool = False

    @property
    def rule(self) -> Rule:
        """The later of the two."""
        found = self.right or self.left
        assert found is not None
        return found

    @property
    def subjects(self) -> tuple[str | None, str | None]:
        """Whom each is about."""
        return (
            None if self.left is None else self.left.subject,
            None if self.right is None else self.right.subject,
        )


def rule_pairs(left: Pack, right: Pack, left_day: date, right_day: date) -> tuple[RulePair, ...]:
    """Every rule of both packs once, in the order of the left pack, then of the right.

    In two versions of a pack rules of one id are counterparts; the rest, and the rules of two packs, are
    paired with those most alike that share a concept and are about the same kind of record.
    """
    pairs: dict[str, tuple[str, bool]] = {}
    if left.id == right.id:
        pairs = {id_: (id_, False) for id_ in left.rules if id_ in right.rules}
    taken = {other for other, _ in pairs.values()}
    ours = [p for p in _rules(left, left_day) if p.thing.id not in pairs]
    theirs = [p for p in _rules(right, right_day) if p.thing.id not in taken]
    scored = [
        (likeness(a, b), -i, -j)
        for i, a in enumerate(ours)
        for j, b in enumerate(theirs)
        if _kind(a.subject) == _kind(b.subject) and set(a.concepts) & set(b.concepts)
    ]
    for score, i, j in sorted(scored, reverse=True):
        mine, other = ours[-i].thing.id, theirs[-j].thing.id
        if score >= ALIKE and mine not in pairs and other not in taken:
            pairs[mine] = (other, True)
            taken.add(other)
    found = []
    for rule in left.rules.values():
        other, renamed = pairs.get(rule.id, ("", False))
        found.append(RulePair(rule, right.rules.get(other), renamed))
    found += [RulePair(None, rule) for rule in right.rules.values() if rule.id not in taken]
    return tuple(found)


def says(profile: Profile) -> tuple[Any, ...]:
    """All that a profile says, to compare by."""
    return tuple(decider(profile, aspect) for aspect in ASPECTS)


def _rules(pack: Pack, day: date) -> Iterator[Profile]:
    return (p for p in profiles(pack, day) if isinstance(p.thing, Rule))


def _kind(subject: str) -> str:
    """The kind of record a subject stands in."""
    return "household" if subject == "member" else subject
