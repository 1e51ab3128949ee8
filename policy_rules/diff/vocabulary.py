"""Two states of the vocabulary: facts, codes and concepts that are new, gone, or mean something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs

from policy_rules.facts.concepts import Concept
from policy_rules.facts.dictionary import FactSpec, Vocabulary

#: What of a fact decides answers; labels, questions and column headers do not.
DECIDING = ("kind", "unit", "codes", "item", "lo", "hi", "derive", "empty_means")
What = Literal["added", "removed", "changed"]


@attrs.frozen
class EntryChange:
    """One entry: ``fact`` ``household.size``, ``code`` ``labour.weak``, ``concept`` ``startup_subsidy``;
    ``aspects`` hold what changed, with what stood there and what stands there."""

    kind: Literal["fact", "code", "concept"]
    name: str
    what: What
    aspects: Mapping[str, tuple[Any, Any]] = attrs.field(factory=dict)


@attrs.frozen
class VocabularyChange:
    """What decides and changed; ``wording`` counts entries of which labels, questions or headers alone did."""

    entries: tuple[EntryChange, ...]
    wording: int

    def __bool__(self) -> bool:
        return bool(self.entries) or self.wording > 0

    def facts(self) -> frozenset[str]:
        """The facts that are another now, as ``record.path``; those of a changed code list too."""
        return frozenset(e.name for e in self.entries if e.kind == "fact")


def vocabulary_change(
    before: Vocabulary,
    after: Vocabulary,
    concepts_before: Mapping[str, Concept],
    concepts_after: Mapping[str, Concept],
) -> VocabularyChange:
    """Compare two dictionaries with their concepts."""
    found: list[EntryChange] = []
    wording = 0
    old, new = _facts(before), _facts(after)
    for name in {**old, **new}:
        if name not in old or name not in new:
            found.append(EntryChange("fact", name, "added" if name in new else "removed"))
            continue
        aspects = {
            a: (getattr(old[name], a), getattr(new[name], a))
            for a in DECIDING
            if getattr(old[name], a) != getattr(new[name], a)
        }
        if aspects:
            found.append(EntryChange("fact", name, "changed", aspects))
        else:
            wording += _words(old[name]) != _words(new[name])
    old_codes, new_codes = _codes(before), _codes(after)
    for name in {**old_codes, **new_codes}:
        if name not in old_codes or name not in new_codes:
            found.append(EntryChange("code", name, "added" if name in new_codes else "removed"))
        else:
            wording += old_codes[name] != new_codes[name]
    for name in {**concepts_before, **concepts_after}:
        one, other = concepts_before.get(name), concepts_after.get(name)
        if one is None or other is None:
            found.append(EntryChange("concept", name, "removed" if other is None else "added"))
            continue
        aspects = {
            a: (getattr(one, a), getattr(other, a))
            for a in ("topic", "polarity", "must_agree")
            if getattr(one, a) != getattr(other, a)
        }
        if aspects:
            found.append(EntryChange("concept", name, "changed", aspects))
        else:
            wording += one != other
    return VocabularyChange(tuple(found), wording)


def _facts(vocabulary: Vocabulary) -> dict[str, FactSpec]:
    return {f"{r.name}.{f.path}": f for r in vocabulary.records.values() for f in r.facts.values()}


def _words(fact: FactSpec) -> tuple[Any, ...]:
    return (fact.label, fact.question, fact.ask, fact.columns)


def _codes(vocabulary: Vocabulary) -> dict[str, tuple[Any, ...]]:
    """Codes with their labels and spellings."""
    return {
        f"{codes.name}.{code}": (label, sorted(s for s, c in codes.spellings.items() if c == code))
        for codes in vocabulary.codes.values()
        for code, label in codes.values.items()
    }
