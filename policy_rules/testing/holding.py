"""Properties that a worked case names: they are to hold of its record."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.errors import Place, Problem, nearest, shown
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.testing.judging import judged
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.records import put
from policy_rules.yamldoc import Document, Path_


@attrs.frozen
class Held:
    """A property by name, and the facts that are ``moved`` where it is about a record before and after."""

    property: str
    moved: Mapping[str, Any]
    place: Place = attrs.field(eq=False)


def read_held(
    entries: Iterable[Mapping[str, Any]], document: Document, at: Path_
) -> tuple[Held, ...]:
    """The ``holds`` of a case."""
    return tuple(
        Held(entry["property"], entry.get("moved") or {}, document.place((*at, "holds", i)))
        for i, entry in enumerate(entries)
    )


class Holding:
    """The declared properties of a pack, asked of single records."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack

    @cached_property
    def properties(self) -> Mapping[str, Property]:
        """The properties of the pack by name; raises :class:`~policy_rules.errors.PackError`."""
        return {wanted.id: wanted for wanted in load_properties(self.pack)}

    def problems(
        self, held: Held, engine: Engine, record: Mapping[str, Any] | Household, day: date
    ) -> Iterator[Problem]:
        """What is wrong where a property does not hold of a record, or there is no such property."""
        wanted = self.properties.get(held.property)
        if wanted is None:
            near = nearest(held.property, self.properties)
            yield Problem("unknown_name", held.place, got=shown(held.property), nearest=near)
        elif not isinstance(record, Household) and refuted(engine, wanted, record, day, held.moved):
            yield failed(wanted, held, record, day)


def failed(wanted: Property, held: Held, record: Mapping[str, Any], day: date) -> Problem:
    """That a property does not hold of a record."""
    texts = [json.dumps(data, ensure_ascii=False, default=str) for data in (record, held.moved)]
    got = " → ".join(texts if held.moved else texts[:1])
    return Problem(
        "property_failed", held.place, wanted.label.zh, f"{got} ({day})", detail=wanted.id
    )


def refuted(
    engine: Engine, wanted: Property, record: Mapping[str, Any], day: date, moved: Mapping[str, Any]
) -> bool:
    """Whether a property does not hold of a record, with some facts moved where it is monotone."""
    other: dict[str, Any] | None = None
    if moved:
        other = copy.deepcopy(dict(record))
        for path, value in moved.items():
            put(other, path.split("."), value)
    return judged(engine, wanted, record, day, moved=other) is False
