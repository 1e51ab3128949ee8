"""Records that refute a property: asked of the reference interpreter again, and kept as cases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from policy_rules.analysis.model import Shown, overlay_of
from policy_rules.engine.engine import Engine
from policy_rules.packs.model import Pack
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import references
from policy_rules.testing.judging import judged
from policy_rules.testing.properties import Property


def confirmed(pack: Pack, wanted: Property, shown: Shown) -> bool:
    """Whether a record refutes a property by the reference interpreter too."""
    engine = _engine(pack, shown)
    return judged(engine, wanted, shown.record, shown.day, moved=shown.moved) is False


def _engine(pack: Pack, shown: Shown) -> Engine:
    overlay = overlay_of(pack.id, shown.parameters.get(pack.id) or {})
    under = pack.with_overlay(overlay) if overlay else pack
    return Engine(under, engine="reference", readings=False)


def named_rules(pack: Pack, wanted: Property) -> tuple[str, ...]:
    """The rules a property is about: those it names, those its conditions name."""
    names = list(wanted.rules)
    for leaf in (wanted.condition, wanted.consequence):
        found = sorted(references(leaf)) if leaf is not None else []
        names += [n.removeprefix("rules.") for n in found if n.startswith("rules.")]
    return tuple(dict.fromkeys(n for n in names if n in pack.rules))


def cases_of(pack: Pack, wanted: Property, shown: Shown) -> list[dict[str, Any]]:
    """The record that refutes a property (and that with its fact moved) as entries of ``cases.yaml``.

    They expect what the rules say now, which cannot all be right: the expectation is to be argued from the text.
    """
    engine = _engine(pack, shown)
    overlay = overlay_of(pack.id, shown.parameters.get(pack.id) or {})
    overlay.pop("pack", None)
    found = []
    for name, record in _records(shown):
        said = engine.verdicts(record, as_of=shown.day)
        expect = {
            f"{rule}@{subject}" if subject else rule: said[rule, subject].value
            for rule, subject in said
            if rule in named_rules(pack, wanted)
        }
        if not expect:
            continue
        body = {k: v for k, v in record.items() if k != "as_of"}
        found.append(
            {
                "id": f"{wanted.id}_{name}",
                "record": body or {"id": "1"},
                "as_of": str(shown.day),
                **({"overlay": overlay} if overlay else {}),
                "expect": expect,
                "note": {
                    "zh": f"性质 {wanted.id} 不成立的记录；应有的结论须依原文确定",
                    "en": f"the property {wanted.id} does not hold; what is right is to be argued from the text",
                },
            }
        )
    return found


def _records(shown: Shown) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "refuted", shown.record
    if shown.moved is not None:
        yield "refuted_moved", shown.moved


def readings_of(pack: Pack, wanted: Property) -> Iterator[tuple[str, str]]:
    """The readings that bear on a property, each with its alternatives."""
    graph = graph_of(pack)
    todo = {f"rules.{name}" for name in named_rules(pack, wanted)}
    for leaf in (wanted.condition, wanted.consequence):
        todo |= set(references(leaf)) if leaf is not None else set()
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo |= graph.get(name, frozenset())
    for reading in pack.readings.values():
        for alternative in reading.alternatives:
            touched = {".".join(path.split(".")[:2]) for path in alternative.patch}
            if touched & reached or any(name.startswith("document.") for name in touched):
                yield reading.id, alternative.id
