"""The concepts that packs of different times speak of."""

from __future__ import annotations

from collections.abc import Iterable

from policy_rules.facts.concepts import Concept, load_concepts
from policy_rules.packs.model import Pack


def known_concepts(packs: Iterable[Pack]) -> dict[str, Concept]:
    """The concepts of today, and those of the time of older versions that are no more."""
    known = dict(load_concepts())
    for pack in packs:
        known |= {n: c for n, c in pack.vocabulary.concepts.items() if n not in known}
    return known
