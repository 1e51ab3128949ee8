"""What the expressions of a pack may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy_rules.expr.nodes import Field
from policy_rules.expr.scope import NamedKind
from policy_rules.expr.types import BOOL, DATE, ListType, NumberType, RecordType, Type
from policy_rules.facts.dictionary import Vocabulary

_MEMBERS: Final = ListType(RecordType("member"))


class Names:
    """The named things of a pack, by kind and subject, with their types.

    Filled before any expression is read, so that order in the files does not matter.
    """

    def __init__(self) -> None:
        self.by_kind: dict[str, dict[str, dict[str, Type]]] = {
            kind: {} for kind in ("population", "rule", "defined", "external")
        }
        self.parameters: dict[str, Type] = {}
        self.tables: dict[str, tuple[str, Type, NumberType]] = {}

    def add(self, kind: NamedKind, subject: str, name: str, type_: Type = BOOL) -> None:
        """Declare one name."""
        self.by_kind[kind].setdefault(subject, {})[name] = type_


class PackScope:
    """Names in reach of an expression about ``subject``; see :class:`policy_rules.expr.scope.Scope`."""

    def __init__(
        self, vocabulary: Vocabulary, names: Names, subject: str, *, target: bool = False
    ) -> None:
        self._vocabulary = vocabulary
        self._names = names
        self._target = target
        self.subject = subject

    def variables(self) -> Mapping[str, Type]:
        """Records and values in reach by bare name."""
        found: dict[str, Type] = {"as_of": DATE, self.subject: RecordType(self.subject)}
        if self.subject in ("household", "member"):
            found |= {"household": RecordType("household"), "members": _MEMBERS}
        if self.subject == "member":
            found["others"] = _MEMBERS
        if self._target:
            found["target_year"] = NumberType(None, True)
        return found

    def fields(self, record: str) -> Mapping[str, Field]:
        """The facts of a record type."""
        return self._vocabulary.records[record].fields

    def codes(self, name: str) -> frozenset[str]:
        """The codes of a code list."""
        return frozenset(self._vocabulary.codes[name].values)

    def named(self, kind: NamedKind, record: str) -> Mapping[str, Type]:
        """The pack's names of a kind for a record type."""
        return self._names.by_kind[kind].get(record, {})

    def parameters(self) -> Mapping[str, Type]:
        """The pack's parameters."""
        return self._names.parameters

    def tables(self) -> Mapping[str, tuple[str, Type, NumberType]]:
        """The pack's tables."""
        return self._names.tables
