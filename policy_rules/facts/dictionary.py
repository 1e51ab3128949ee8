"""Reading ``facts.yaml``: kinds of record, their facts, code lists, derived facts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import PackError, Problems, nearest, shown
from policy_rules.expr.nodes import Fact, Field, Node, walk
from policy_rules.expr.parser import parse
from policy_rules.expr.scope import NamedKind
from policy_rules.expr.types import (
    BOOL,
    DATE,
    ByYearType,
    CodesType,
    CodeType,
    ListType,
    NumberType,
    RecordType,
    TextType,
    Type,
)
from policy_rules.facts.concepts import Concept
from policy_rules.paths import rules_folder
from policy_rules.schema import check
from policy_rules.text import Text
from policy_rules.verdict import ANY_DATE, reduced
from policy_rules.yamldoc import Document, Path_, read_yaml

#: Kinds a record may be of; the rest of the dictionary are structures inside records.
SUBJECTS: Final = (
    "household",
    "member",
    "village",
    "township",
    "county",
    "cooperative",
    "enterprise",
    "project",
    "budget_unit",
)
_NUMERIC: Final = frozenset({"int", "number", "money", "share"})


@attrs.frozen
class CodeList:
    """Codes with their labels and the spellings real exports use."""

    name: str
    label: Text
    values: Mapping[str, Text]
    spellings: Mapping[str, str]


@attrs.frozen(eq=False)
class FactSpec:
    """One fact of the dictionary."""

    record: str
    path: str
    kind: str
    unit: str | None
    codes: str | None
    item: str | None
    lo: Any
    hi: Any
    derive: str | None
    label: Text
    question: Text
    ask: str
    columns: tuple[str, ...]
    empty_means: str
    field: Field


@attrs.frozen(eq=False)
class RecordSpec:
    """A kind of record, or a structure inside records."""

    name: str
    label: Text
    facts: Mapping[str, FactSpec]
    fields: Mapping[str, Field]


@attrs.frozen(eq=False)
class Vocabulary:
    """The fact dictionary, checked; ``derived`` holds the expressions of derived facts.

    ``concepts`` are those of its own time, where it is not the one the library ships.
    """

    records: Mapping[str, RecordSpec]
    codes: Mapping[str, CodeList]
    derived: Mapping[Field, Node]
    digest: str
    concepts: Mapping[str, Concept] = attrs.field(factory=dict)

    def fact(self, record: str, path: str) -> FactSpec:
        """One fact; raises KeyError."""
        return self.records[record].facts[path]

    def of(self, field: Field) -> FactSpec:
        """The dictionary's entry for a field of an expression."""
        return self.records[field.record].facts[field.path]


class FactScope:
    """What a derived fact may name: ``this`` (or its kind's name), ``household``, ``as_of``."""

    def __init__(
        self, records: Mapping[str, RecordSpec], codes: Mapping[str, CodeList], record: str
    ) -> None:
        self._records = records
        self._codes = codes
        self.subject = record

    def variables(self) -> Mapping[str, Type]:
        """See :class:`policy_rules.expr.scope.Scope`."""
        here = RecordType(self.subject)
        return {
            "household": RecordType("household"),
            "this": here,
            self.subject: here,
            "as_of": DATE,
        }

    def fields(self, record: str) -> Mapping[str, Field]:
        """See :class:`policy_rules.expr.scope.Scope`."""
        return self._records[record].fields

    def codes(self, name: str) -> frozenset[str]:
        """See :class:`policy_rules.expr.scope.Scope`."""
        return frozenset(self._codes[name].values)

    def named(self, kind: NamedKind, record: str) -> Mapping[str, Type]:
        """A derived fact names no rules."""
        return {}

    def parameters(self) -> Mapping[str, Type]:
        """A derived fact names no parameters."""
        return {}

    def tables(self) -> Mapping[str, tuple[str, Type, NumberType]]:
        """A derived fact names no tables."""
        return {}


def load_vocabulary(folder: Path | None = None) -> Vocabulary:
    """The fact dictionary of a rules folder (by default the one the library ships).

    Raises :class:`~policy_rules.errors.PackError` with everything wrong in it.
    """
    return _load(folder or rules_folder())


@cache
def _load(folder: Path) -> Vocabulary:
    document = read_yaml(folder / "vocabulary" / "facts.yaml", "vocabulary/facts.yaml")
    return build_vocabulary(document)


def build_vocabulary(document: Document) -> Vocabulary:
    """Check a dictionary that was read; raises :class:`~policy_rules.errors.PackError`."""
    problems = Problems()
    check(document, "facts", problems)
    problems.raise_if_any(PackError)
    data: dict[str, Any] = document.data
    codes = {name: _code_list(name, entry) for name, entry in data["codes"].items()}
    records: dict[str, RecordSpec] = {}
    blocks = [("structures", n) for n in data.get("structures") or {}]
    blocks += [("kinds", n) for n in data["kinds"]]
    names = {name for _, name in blocks}
    for block, name in blocks:
        entry = data[block][name]
        facts = {}
        for path, fact in entry["facts"].items():
            _check_references(fact, codes, names, document, (block, name, "facts", path), problems)
            facts[path] = _fact(name, path, fact)
        fields = {path: fact.field for path, fact in facts.items()}
        records[name] = RecordSpec(name, Text.of(entry["label"]), facts, fields)
    problems.raise_if_any(PackError)
    derived = _derive(document, blocks, records, codes, problems)
    problems.raise_if_any(PackError)
    return Vocabulary(records, codes, derived, document.digest)


def _code_list(name: str, entry: Mapping[str, Any]) -> CodeList:
    values = {code: Text.of(v) for code, v in entry["values"].items()}
    spellings = {code: code for code in values}
    for code, value in entry["values"].items():
        for spelling in (value["zh"], *(value.get("spellings") or ())):
            spellings.setdefault(str(spelling), code)
    return CodeList(name, Text.of(entry["label"]), values, spellings)


def _check_references(
    fact: Mapping[str, Any],
    codes: Mapping[str, CodeList],
    records: set[str],
    document: Document,
    path: Path_,
    problems: Problems,
) -> None:
    name = fact.get("codes")
    if name is not None and name not in codes:
        problems.add(
            "unknown_code_list",
            document.place((*path, "codes")),
            got=shown(name),
            nearest=nearest(name, codes),
        )
    item = fact.get("item")
    if item is not None and item not in records:
        place = document.place((*path, "item"))
        problems.add("unknown_record", place, got=shown(item), nearest=nearest(item, records))


def exact(value: int | Decimal | None) -> int | Fraction | None:
    """A YAML or JSON number as an exact internal number."""
    return value if value is None or isinstance(value, int) else reduced(Fraction(value))


def _fact(record: str, path: str, entry: Mapping[str, Any]) -> FactSpec:
    kind: str = entry["type"]
    unit = entry.get("unit") or (
        "yuan" if kind == "money" else "ratio" if kind == "share" else None
    )
    lo: Any = exact(entry.get("min"))
    hi: Any = exact(entry.get("max"))
    if kind in _NUMERIC:
        lo = -math.inf if lo is None else lo
        hi = math.inf if hi is None else hi
    elif kind in ("date", "year_month"):
        lo, hi = ANY_DATE.lo, ANY_DATE.hi
    derive = entry.get("derive")
    field = Field(record, path, _type(kind, unit, entry), lo, hi, derive is not None)
    return FactSpec(
        record=record,
        path=path,
        kind=kind,
        unit=unit,
        codes=entry.get("codes"),
        item=entry.get("item"),
        lo=lo,
        hi=hi,
        derive=derive,
        label=Text.of(entry["label"]),
        question=Text.of(entry["question"]),
        ask=entry["ask"],
        columns=tuple(entry.get("columns") or ()),
        empty_means=entry.get("empty_means", "unknown"),
        field=field,
    )


def _type(kind: str, unit: str | None, entry: Mapping[str, Any]) -> Type:
    match kind:
        case "bool":
            return BOOL
        case "int" | "number" | "money" | "share":
            return NumberType(unit, kind == "int")
        case "date" | "year_month":
            return DATE
        case "code":
            return CodeType(entry["codes"])
        case "codes":
            return CodesType(entry["codes"])
        case "text":
            return TextType()
        case "list":
            return ListType(RecordType(entry["item"]))
        case "by_year":
            return ByYearType(RecordType(entry["item"]))
        case _:
            return RecordType(entry["item"])


def _derive(
    document: Document,
    blocks: list[tuple[str, str]],
    records: Mapping[str, RecordSpec],
    codes: Mapping[str, CodeList],
    problems: Problems,
) -> dict[Field, Node]:
    derived: dict[Field, Node] = {}
    for block, name in blocks:
        scope = FactScope(records, codes, name)
        for path, fact in records[name].facts.items():
            if fact.derive is None:
                continue
            place = document.place((block, name, "facts", path, "derive"))
            node = parse(fact.derive, scope, place, problems, fact.field.type)
            if node is not None:
                derived[fact.field] = node
    for field in derived:
        if field in _reached(field, derived):
            block = next(b for b, n in blocks if n == field.record)
            at = document.place((block, field.record, "facts", field.path, "derive"))
            problems.add("derive_cycle", at, got=shown(field.path))
    return derived


def _reached(field: Field, derived: Mapping[Field, Node]) -> set[Field]:
    seen: set[Field] = set()
    todo = list(_facts(derived[field]))
    while todo:
        step = todo.pop()
        if step not in seen:
            seen.add(step)
            todo += _facts(derived[step]) if step in derived else ()
    return seen


def _facts(node: Node) -> Iterator[Field]:
    return (n.field for n in walk(node) if isinstance(n, Fact))
