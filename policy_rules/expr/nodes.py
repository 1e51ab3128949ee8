"""The nodes of a checked condition: typed, frozen, hashable.

A node says what is computed, never how: the reference interpreter, the durable_rules compiler, the
column compilers and the solver each have their own table from node class to meaning.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeVar, dataclass_transform

import attrs

from policy_rules.expr.types import BOOL, DATE, BoolType, NumberType, Type

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def _node(cls: type[_T]) -> type[_T]:
    return attrs.frozen(slots=True, cache_hash=True)(cls)


@_node
class Field:
    """One fact of a record type, as the dictionary declares it.

    ``path`` is the dotted name within the record, ``record`` the record type it belongs to; ``lo``
    and ``hi`` are the range a missing number may have. Not a node: what :class:`Fact` points to.
    """

    record: str
    path: str
    type: Type
    lo: Any = None
    hi: Any = None
    derived: bool = False


@_node
class Const:
    """A literal: an exact number, a date, a code."""

    value: int | Fraction | date | str
    type: Type


@_node
class Var:
    """The subject, another record in reach, a loop variable, ``as_of`` or ``target_year``."""

    name: str
    type: Type


@_node
class Fact:
    """A fact of a record: ``member.startup.employees``."""

    base: Node
    field: Field
    type: Type


@_node
class YearItem:
    """The record of one year: ``income(2022)``."""

    base: Node
    year: Node
    type: Type


@_node
class Named:
    """A population, rule, definition or external condition of the pack, of the subject ``base``."""

    kind: Literal["population", "rule", "defined", "external"]
    name: str
    base: Var
    type: Type


@_node
class Param:
    """A parameter on a date (``as_of`` where ``on`` is None)."""

    name: str
    on: Node | None
    type: Type


@_node
class And:
    """All of the items."""

    items: tuple[Node, ...]
    type: BoolType = BOOL


@_node
class Or:
    """Any of the items."""

    items: tuple[Node, ...]
    type: BoolType = BOOL


@_node
class Not:
    """The opposite."""

    item: Node
    type: BoolType = BOOL


@_node
class Leaf:
    """One line of a pack: the unit of explanations, diffs and coverage.

    ``path`` is its place in the rule, such as ``when.all.0``.
    """

    path: str
    text: str
    body: Node = attrs.field(eq=True)
    type: BoolType = BOOL


@_node
class Compare:
    """left op right, with op one of ``== != < <= > >=``."""

    op: str
    left: Node
    right: Node
    type: BoolType = BOOL


@_node
class OneOf:
    """``item in {a, b}``: the item is one of constant codes or numbers."""

    item: Node
    options: frozenset[Any]
    type: BoolType = BOOL


@_node
class Holds:
    """``code in set``: a set fact holds a code."""

    codes: Node
    code: str
    type: BoolType = BOOL


@_node
class SetTest:
    """``subset(a, b)`` or ``disjoint(a, b)``; a side is a set fact or constant codes."""

    kind: Literal["subset", "disjoint"]
    left: Node | frozenset[str]
    right: Node | frozenset[str]
    type: BoolType = BOOL


@_node
class Known:
    """``known(fact)``: the fact is recorded or can be derived."""

    fact: Node
    type: BoolType = BOOL


@_node
class Arith:
    """left op right, with op one of ``+ - * /``."""

    op: str
    left: Node
    right: Node
    type: NumberType


@_node
class Extreme:
    """``min(…)`` or ``max(…)`` of numbers or dates."""

    kind: Literal["min", "max"]
    args: tuple[Node, ...]
    type: Type


@_node
class Choice:
    """``then if condition else otherwise``."""

    condition: Node
    then: Node
    otherwise: Node
    type: Type


@_node
class Fold:
    """``any|all|count|sum(body for var in source if where)``."""

    kind: Literal["any", "all", "count", "sum"]
    var: Var
    source: Node
    where: Node | None
    body: Node | None
    type: Type


@_node
class LongestRun:
    """Months of the longest unbroken run of the spells of ``source`` that meet ``where``."""

    var: Var
    source: Node
    where: Node | None
    type: NumberType


@_node
class Call:
    """A function of :mod:`policy_rules.expr.functions`."""

    function: str
    args: tuple[Node, ...]
    type: Type


@_node
class TableCall:
    """``lookup|tier|slices(table.name, arg)``."""

    kind: Literal["lookup", "tier", "slices"]
    table: str
    arg: Node
    type: NumberType


Node = (
    Const
    | Var
    | Fact
    | YearItem
    | Named
    | Param
    | And
    | Or
    | Not
    | Leaf
    | Compare
    | OneOf
    | Holds
    | SetTest
    | Known
    | Arith
    | Extreme
    | Choice
    | Fold
    | LongestRun
    | Call
    | TableCall
)

AS_OF = Var("as_of", DATE)


@cache
def _field_names(cls: Any) -> tuple[str, ...]:
    return tuple(field.name for field in attrs.fields(cls))


def children(node: Node) -> Iterator[Node]:
    """The direct sub-nodes, in source order."""
    cls: Any = type(node)
    for name in _field_names(cls):
        value = getattr(node, name)
        if isinstance(value, tuple):
            yield from (v for v in value if is_node(v))
        elif is_node(value):
            yield value


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, depth first, in source order."""
    yield node
    for child in children(node):
        yield from walk(child)


def is_node(value: object) -> bool:
    """Whether a value is a node (and not a field, a type or plain data)."""
    return isinstance(value, Node)


def leaves(node: Node) -> Iterator[Leaf]:
    """The lines of a condition, in source order."""
    return (n for n in walk(node) if isinstance(n, Leaf))
