"""Findings that hang on how an unclear clause is read.

Each other reading is a patched pack of which only the rules it reaches are compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import attrs

from policy_rules.engine.determination import Contested, Finding
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import Household
from policy_rules.packs.loader import dependencies
from policy_rules.packs.model import Alternative, Pack


@attrs.frozen
class Variant:
    """A pack under one other reading, and the rules that reading can change."""

    reading: str
    alternative: str
    pack: Pack
    rules: RuleSet
    affected: frozenset[str]
    dates_only: bool


def variants(pack: Pack) -> tuple[Variant, ...]:
    """Every reading not decided by an overlay, each alternative alone."""
    graph = dependencies(pack)
    found = []
    for reading in pack.readings.values():
        if reading.decided or reading.id in pack.choices:
            continue
        for alternative in reading.alternatives:
            affected = reached(pack, alternative, graph)
            changed = pack.with_reading(reading.id, alternative.id)
            dates_only = all(path.startswith("document.") for path in alternative.patch)
            if affected:
                rules = RuleSet(changed, affected)
                found.append(
                    Variant(reading.id, alternative.id, changed, rules, affected, dates_only)
                )
    return tuple(found)


def reached(
    pack: Pack, alternative: Alternative, graph: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The rules whose findings an alternative can change."""
    touched = {".".join(path.split(".")[:2]) for path in alternative.patch}
    if any(path.startswith("document.") for path in alternative.patch):
        return frozenset(pack.rules)
    grown = True
    while grown:
        more = {name for name, used in graph.items() if used & touched and name not in touched}
        touched |= more
        grown = bool(more)
    return frozenset(name.removeprefix("rules.") for name in touched if name.startswith("rules."))


def contested(
    found: Mapping[str, Finding], record: Household, as_of: date, others: tuple[Variant, ...]
) -> dict[str, list[Contested]]:
    """For each finding id, the readings that alone would change it."""
    result: dict[str, list[Contested]] = {}
    for variant in others:
        if variant.dates_only and _same_dates(found, variant, as_of):
            continue
        for other in variant.rules.findings(record, as_of):
            here = found.get(other.id)
            if here is not None and here.outcome() != other.outcome():
                result.setdefault(other.id, []).append(
                    Contested(
                        variant.reading,
                        variant.alternative,
                        other.verdict,
                        other.status,
                        other.amount,
                    )
                )
    return result


def _same_dates(found: Mapping[str, Finding], variant: Variant, as_of: date) -> bool:
    return all(
        f.rule.in_force.holds(as_of) == variant.pack.rules[f.rule.id].in_force.holds(as_of)
        for f in found.values()
    )
