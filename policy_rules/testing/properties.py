"""Declared properties of a pack: what must hold for every record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

import attrs

from policy_rules.errors import PackError, Place, Problems, nearest, one_of, shown
from policy_rules.expr.nodes import Leaf
from policy_rules.facts.dictionary import SUBJECTS
from policy_rules.packs.entry import Entry
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import Names
from policy_rules.packs.sections import declare
from policy_rules.schema import check
from policy_rules.testing.files import documents_of
from policy_rules.text import Text
from policy_rules.yamldoc import Document

Kind = Literal["monotone", "never_both", "implies", "amount_within"]

#: Keys a property of each kind must have.
WANTED: Final[dict[str, tuple[str, ...]]] = {
    "monotone": ("rule", "fact", "towards"),
    "never_both": ("rules",),
    "implies": ("subject", "if", "then"),
    "amount_within": ("rule",),
}


@attrs.frozen
class Property:
    """One declared property; see docs/pack-format.md for its kinds."""

    id: str
    kind: Kind
    label: Text
    rules: tuple[str, ...]
    fact: str
    towards: str
    subject: str
    condition: Leaf | None
    consequence: Leaf | None
    lower: Fraction | None
    upper: Fraction | None
    as_of: date | None
    place: Place = attrs.field(eq=False)


def load_properties(pack: Pack) -> tuple[Property, ...]:
    """The properties of a pack; raises :class:`~policy_rules.errors.PackError`."""
    return tuple(
        p for document in documents_of(pack, "properties") for p in read_properties(document, pack)
    )


def read_properties(document: Document, pack: Pack) -> list[Property]:
    """The properties of one file; raises :class:`~policy_rules.errors.PackError`."""
    problems = Problems()
    check(document, "properties", problems)
    problems.raise_if_any(PackError)
    names = declare(pack.raw)
    found = [_read(document, i, pack, names, problems) for i in range(len(document.data or ()))]
    problems.raise_if_any(PackError)
    return found


def _read(document: Document, i: int, pack: Pack, names: Names, problems: Problems) -> Property:
    data: Mapping[str, Any] = document.data[i]
    place = document.place((i,))
    for key in WANTED[data["kind"]]:
        if key not in data:
            problems.add("missing_key", place, expected=shown(key), got=shown(data["id"]))
    rules = tuple(data.get("rules") or ([data["rule"]] if "rule" in data else []))
    for name in rules:
        if name not in pack.rules:
            problems.add("unknown_rule", place, got=shown(name), nearest=nearest(name, pack.rules))
    known = [pack.rules[name].subject for name in rules if name in pack.rules]
    subject = data.get("subject") or (known or ["household"])[0]
    if subject not in SUBJECTS:
        near = nearest(subject, SUBJECTS)
        problems.add(
            "not_allowed",
            place,
            expected=one_of(SUBJECTS),
            got=shown(subject),
            nearest=near,
        )
    entry = Entry(
        data["id"],
        data,
        lambda rel: document.place((i, *rel)),
        lambda _: False,
        pack.vocabulary,
        names,
        problems,
    )

    def condition(key: str) -> Leaf | None:
        if key not in data or subject not in SUBJECTS:
            return None
        node = entry.condition(data[key], (key,), entry.scope(subject))
        return node if isinstance(node, Leaf) else None

    def number(key: str) -> Fraction | None:
        return Fraction(str(data[key])) if key in data else None

    return Property(
        data["id"],
        data["kind"],
        Text.of(data["label"]),
        rules,
        data.get("fact", ""),
        data.get("towards", ""),
        subject,
        condition("if"),
        condition("then"),
        number("lower"),
        number("upper"),
        date.fromisoformat(str(data["as_of"])) if "as_of" in data else None,
        place,
    )
