"""Records that refute a property: asked of the reference interpreter again, and kept as cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from policy_rules.analysis.model import Shown, overlay_of
from policy_rules.engine.engine import Engine
from policy_rules.packs.model import Pack
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import references
from policy_rules.testing.counterexamples import Counterexample, anonymous, apart
from policy_rules.testing.holding import refuted
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


def case_of(pack: Pack, wanted: Property, shown: Shown) -> dict[str, Any] | None:
    """The record that refutes a property as an entry of ``cases.yaml``, to be argued from the text.

    None where the property holds of what is left without names and numbers.
    """
    overlay = overlay_of(pack.id, shown.parameters.get(pack.id) or {})
    overlay.pop("pack", None)
    record = anonymous(shown.record, pack)
    moved = {} if shown.moved is None else dict(apart(record, anonymous(shown.moved, pack), ""))
    if not refuted(_engine(pack, shown), wanted, record, shown.day, moved):
        return None
    return Counterexample(wanted.id, record, shown.day, overlay, moved).as_case()


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
