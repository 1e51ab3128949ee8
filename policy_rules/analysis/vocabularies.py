"""Fact dictionaries of two packs as one: versions of a pack may have been written with another dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import attrs

from policy_rules.facts.dictionary import CodeList, FactSpec, RecordSpec, Vocabulary
from policy_rules.facts.record import ITEM_META, META


@lru_cache(maxsize=8)
def merged(left: Vocabulary, right: Vocabulary) -> Vocabulary | None:
    """A dictionary with the facts of both; None where one fact or code list is two different things."""
    if left is right or left.digest == right.digest:
        return left
    codes = dict(left.codes)
    for name, listed in right.codes.items():
        both = _codes(codes[name], listed) if name in codes else listed
        if both is None:
            return None
        codes[name] = both
    records = dict(left.records)
    for name, spec in right.records.items():
        mine = records.get(name)
        if mine is None:
            records[name] = spec
            continue
        if any(_kind(mine.facts[p]) != _kind(f) for p, f in spec.facts.items() if p in mine.facts):
            return None
        facts = {**spec.facts, **mine.facts}
        records[name] = RecordSpec(
            name, mine.label, facts, {path: fact.field for path, fact in facts.items()}
        )
    derived = {**right.derived, **left.derived}
    return Vocabulary(records, codes, derived, f"{left.digest}+{right.digest}")


def _kind(fact: FactSpec) -> tuple[Any, ...]:
    return fact.kind, fact.codes, fact.item


def _codes(a: CodeList, b: CodeList) -> CodeList | None:
    """The longer of two lists of which one goes on where the other ends: sets of codes are counted off in order."""
    short, long = sorted((a, b), key=lambda c: len(c.values))
    if list(long.values)[: len(short.values)] != list(short.values):
        return None
    return attrs.evolve(long)


def known_part(record: Mapping[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """Plain record data without the facts a dictionary does not have."""
    kind = str(record.get("kind", "household"))
    return _known(record, vocabulary, kind, "", META)


def _known(
    data: Mapping[str, Any], vocabulary: Vocabulary, record: str, path: str, meta: tuple[str, ...]
) -> dict[str, Any]:
    facts = vocabulary.records[record].facts
    found: dict[str, Any] = {}
    for key, value in data.items():
        spec = facts.get(f"{path}{key}")
        if spec is not None:
            found[key] = value if spec.item is None else _inner(value, vocabulary, spec)
        elif not path and key in meta:
            found[key] = value
        elif isinstance(value, Mapping) and any(p.startswith(f"{path}{key}.") for p in facts):
            found[key] = _known(value, vocabulary, record, f"{path}{key}.", meta)
    return found


def _inner(value: Any, vocabulary: Vocabulary, spec: FactSpec) -> Any:
    item = spec.item or ""
    if spec.kind == "record":
        return _known(value, vocabulary, item, "", ITEM_META)
    if spec.kind == "by_year":
        return {year: _known(row, vocabulary, item, "", ()) for year, row in value.items()}
    if isinstance(value, Mapping):
        return {
            **value,
            "items": [_known(r, vocabulary, item, "", ITEM_META) for r in value["items"]],
        }
    return [_known(row, vocabulary, item, "", ITEM_META) for row in value]
