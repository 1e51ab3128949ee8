"""What the language may name: the one door through which the expression checker sees the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from policy_rules.expr.nodes import Field
from policy_rules.expr.types import NumberType, Type

NamedKind = Literal["population", "rule", "defined", "external"]


class Scope(Protocol):
    """Names and types in reach of one expression.

    The fact dictionary and the pack loader implement it; the language itself knows no fact.
    """

    @property
    def subject(self) -> str:
        """The record type the expression is about; also the name of its variable."""

    def variables(self) -> Mapping[str, Type]:
        """Records and values in reach by bare name: ``household``, ``member``, ``as_of`` …"""

    def fields(self, record: str) -> Mapping[str, Field]:
        """The facts of a record type by dotted path."""

    def codes(self, name: str) -> frozenset[str]:
        """The codes of a code list."""

    def named(self, kind: NamedKind, record: str) -> Mapping[str, Type]:
        """Populations, rules, definitions or external conditions of a record type."""

    def parameters(self) -> Mapping[str, Type]:
        """The pack's parameters."""

    def tables(self) -> Mapping[str, tuple[str, Type, NumberType]]:
        """The pack's tables: kind (``lookup``, ``tier``, ``slices``), type of the key, of the result."""
