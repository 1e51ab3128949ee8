"""What the things of a pack are called, for the prose of its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from policy_rules.expr.nodes import Field
from policy_rules.expr.scope import NamedKind
from policy_rules.packs.model import Entity, Pack
from policy_rules.text import Text

_SECTIONS: Final[dict[NamedKind, str]] = {
    "population": "populations",
    "rule": "rules",
    "defined": "definitions",
    "external": "externals",
}


@attrs.frozen
class PackLabels:
    """The labels of a pack and its fact dictionary; see :class:`policy_rules.expr.wording.Labels`."""

    pack: Pack

    def fact(self, field: Field) -> Text:
        """A fact's label."""
        return self.pack.vocabulary.of(field).label

    def code(self, codes: str, code: str) -> Text:
        """The label of a code of a code list."""
        return self.pack.vocabulary.codes[codes].values[code]

    def named(self, kind: NamedKind, name: str) -> Text:
        """The label of a population, rule, definition or external condition."""
        section: Mapping[str, Entity] = getattr(self.pack, _SECTIONS[kind])
        return section[name].label

    def parameter(self, name: str) -> Text:
        """The label of a parameter."""
        return self.pack.parameters[name].label

    def table(self, name: str) -> Text:
        """The label of a table."""
        return self.pack.tables[name].label

    def record(self, name: str) -> Text:
        """The label of a kind of record."""
        return self.pack.vocabulary.records[name].label
