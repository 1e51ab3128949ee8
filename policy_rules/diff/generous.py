"""Many packs beside each other: which is most generous, where that is defined and the same in all readings."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import combinations

import attrs

from policy_rules.analysis.model import Bounds
from policy_rules.diff.compare import Comparison, diff_packs
from policy_rules.diff.meaning import ORDERED, SECONDS, Asker, are_rules, lacking_in
from policy_rules.diff.profile import Profile


def with_generous(
    report: Comparison,
    *,
    bounds: Bounds | None = None,
    seconds: float = SECONDS,
    done: Callable[[int, int], None] = lambda n, of: None,
) -> Comparison:
    """A comparison with the packs that are most generous in a concept, where that can be said.

    It can where the concept has an order, and one rule of the pack is at least as generous as its counterpart in
    every other pack that has a rule on it, income definition, window, population and consequence agreeing under
    every declared reading. Raises as :func:`policy_rules.analysis.relate` does.
    """
    end = time.monotonic() + seconds
    shared = _shared(report)
    #: of each concept, what is at least as generous as what: (pack, other pack)
    ahead: dict[str, set[tuple[str, str]]] = {}
    couples = list(combinations(report.packs, 2))
    for i, (left, right) in enumerate(couples):
        names = [name for name, packs in shared.items() if {left.id, right.id} <= packs]
        if names:
            days = report.days
            diff = diff_packs(
                left, right, left_as_of=days[left.id], right_as_of=days[right.id], concepts=names
            )
            asker = Asker(diff, bounds or Bounds(), (), end)
            for concept in diff.concepts:
                for pair in concept.pairs:
                    if not are_rules(pair) or any(lacking_in(pair, concept.concept)):
                        continue
                    generous = asker.meaning(pair, concept.concept).generous
                    found = ahead.setdefault(concept.concept.id, set())
                    if generous in ("left", "equal"):
                        found.add((left.id, right.id))
                    if generous in ("right", "equal"):
                        found.add((right.id, left.id))
        done(i + 1, len(couples))
    best = {
        name: tuple(
            p.id
            for p in report.packs
            if p.id in shared[name]
            and all((p.id, other) in found for other in shared[name] - {p.id})
        )
        for name, found in ahead.items()
    }
    return attrs.evolve(report, generous={name: packs for name, packs in best.items() if packs})


def _shared(report: Comparison) -> Mapping[str, set[str]]:
    """The concepts with an order that several packs have rules on, and those packs."""
    found: dict[str, set[str]] = {}
    for concept, cells in report.rows:
        packs = {name for name, profiles in cells.items() if any(map(_is_rule, profiles))}
        if concept.polarity in ORDERED and len(packs) > 1:
            found[concept.id] = packs
    return found


def _is_rule(profile: Profile) -> bool:
    return profile.outcome != "target"
