"""Conditions of different packs in one form: names replaced by what they mean, order dropped.

Two conditions with equal forms mean the same; unequal forms may still (that takes a solver).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.expr.nodes import And, Call, Const, Leaf, Named, Node, Or, Param, Var, is_node
from policy_rules.expr.types import NumberType
from policy_rules.packs.model import Pack

_BARE: Final = NumberType(None)


def expanded(pack: Pack, node: Node, day: date) -> Node:
    """A condition without names: populations and definitions written out, parameters as values of a day.

    External parameters and conditions, and other rules, keep their names.
    """
    return _tidy(_expand(pack, node, day))


def _expand(pack: Pack, node: Node, day: date) -> Node:
    match node:
        case Leaf():
            return _expand(pack, node.body, day)
        case Named(kind="population" | "defined"):
            thing: Any = (pack.populations if node.kind == "population" else pack.definitions)[
                node.name
            ]
            body: Node = thing.when if node.kind == "population" else thing.value
            return _expand(pack, _about(body, thing.subject, node.base), day)
        case Param():
            return valued(pack, node, day)
        case _:
            return mapped(node, lambda below: _expand(pack, below, day))


def valued(pack: Pack, node: Param, day: date) -> Node:
    """A parameter as the value it has on the day (or on the date it names), where it has one."""
    on = day if node.on is None else _constant_day(node.on)
    value = None if on is None else pack.parameters[node.name].on(on)
    return node if value is None else Const(value, node.type)


def _constant_day(node: Node) -> date | None:
    if isinstance(node, Const) and isinstance(node.value, date):
        return node.value
    if isinstance(node, Call) and node.function == "date":
        parts = [a.value for a in node.args if isinstance(a, Const)]
        if len(parts) == 3 and all(isinstance(p, int) for p in parts):
            return date(*parts)  # type: ignore[arg-type]
    return None


def _about(node: Node, subject: str, base: Var) -> Node:
    """What a definition says, of another record than its own subject."""
    if base.name == subject:
        return node

    def other(below: Node) -> Node:
        if isinstance(below, Var):
            return base if below.name == subject else below
        if isinstance(below, Named):
            if below.base.name != subject:
                return below
            return Named(below.kind, below.name, base, below.type)
        return mapped(below, other)

    return other(node)


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of its direct sub-nodes changed; variables stay."""
    changes: dict[str, Any] = {}
    cls: Any = type(node)
    for field in attrs.fields(cls):
        value = getattr(node, field.name)
        if field.name == "var" or (field.name == "base" and isinstance(node, Named)):
            continue
        if isinstance(value, tuple) and any(map(is_node, value)):
            changes[field.name] = tuple(change(v) if is_node(v) else v for v in value)
        elif is_node(value):
            changes[field.name] = change(value)
    any_node: Any = node
    changed: Node = attrs.evolve(any_node, **changes) if changes else node
    return changed


def _tidy(node: Node) -> Node:
    """Nested connectives flattened, doubles dropped, items in one order."""
    if isinstance(node, Const) and isinstance(node.type, NumberType):
        return Const(node.value, _BARE)  # a literal has no unit of its own, a parameter has
    node = mapped(node, _tidy)
    if not isinstance(node, And | Or):
        return node
    items: list[Node] = []
    for item in node.items:
        items += item.items if isinstance(item, And | Or) and type(item) is type(node) else [item]
    unique = sorted(dict.fromkeys(items), key=repr)
    return unique[0] if len(unique) == 1 else type(node)(tuple(unique))
