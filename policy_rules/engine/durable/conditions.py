"""Conditions in three values, folded in Python: those inside loops, and under value nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from policy_rules.engine.durable import bounds
from policy_rules.engine.durable.run import Fold, Frame
from policy_rules.expr import nodes as n
from policy_rules.expr.types import DateType, NumberType

if TYPE_CHECKING:
    from policy_rules.engine.durable.folding import Folder, Scope


def _every(folder: Folder, node: n.And, scope: Scope) -> Fold:
    return _joined([folder.fold(item, scope) for item in node.items], False)


def _any_of(folder: Folder, node: n.Or, scope: Scope) -> Fold:
    return _joined([folder.fold(item, scope) for item in node.items], True)


def _opposite(folder: Folder, node: n.Not, scope: Scope) -> Fold:
    item = folder.fold(node.item, scope)

    def get(frame: Frame) -> bool | None:
        value = item(frame)
        return None if value is None else not value

    return get


def _leaf(folder: Folder, node: n.Leaf, scope: Scope) -> Fold:
    return folder.fold(node.body, scope)


def _compare(folder: Folder, node: n.Compare, scope: Scope) -> Fold:
    left, right, op = folder.fold(node.left, scope), folder.fold(node.right, scope), node.op
    if isinstance(node.left.type, NumberType | DateType):
        return lambda frame: bounds.compare(op, left(frame), right(frame))

    def same(frame: Frame) -> bool | None:
        a, b = left(frame), right(frame)
        return None if a is None or b is None else (a == b) is (op == "==")

    return same


def _one_of(folder: Folder, node: n.OneOf, scope: Scope) -> Fold:
    item, options = folder.fold(node.item, scope), node.options
    if not isinstance(node.item.type, NumberType):

        def code(frame: Frame) -> bool | None:
            value = item(frame)
            return None if value is None else value in options

        return code

    def number(frame: Frame) -> bool | None:
        lo, hi = item(frame)
        if lo is not None and lo == hi:
            return lo in options
        inside = ((lo is None or lo <= x) and (hi is None or x <= hi) for x in options)
        return None if any(inside) else False

    return number


def _holds(folder: Folder, node: n.Holds, scope: Scope) -> Fold:
    codes, code = folder.fold(node.codes, scope), node.code

    def get(frame: Frame) -> bool | None:
        value = codes(frame)
        return None if value is None else code in value

    return get


def _set_test(folder: Folder, node: n.SetTest, scope: Scope) -> Fold:
    left, right = _side(folder, node.left, scope), _side(folder, node.right, scope)
    test = frozenset.issubset if node.kind == "subset" else frozenset.isdisjoint

    def get(frame: Frame) -> bool | None:
        a, b = left(frame), right(frame)
        return None if a is None or b is None else bool(test(a, b))

    return get


def _side(folder: Folder, side: n.Node | frozenset[str], scope: Scope) -> Fold:
    """A side of a set test: a fact, or constant codes."""
    if isinstance(side, frozenset):
        return lambda frame: side
    return folder.fold(side, scope)


def _known(folder: Folder, node: n.Known, scope: Scope) -> Fold:
    fact = node.fact
    value = folder.fold(fact, scope)
    single = isinstance(fact.type, NumberType | DateType)

    def determined(frame: Frame) -> bool:
        found = value(frame)
        if single:
            return found[0] is not None and found[0] == found[1]
        return found is not None

    if not isinstance(fact, n.Fact):
        return determined
    base, path = folder.fold(fact.base, scope), fact.field.path
    if not fact.field.derived:
        return lambda frame: base(frame).get(path) is not None
    return lambda frame: base(frame).get(path) is not None or determined(frame)


def _joined(items: list[Fold], decisive: bool) -> Fold:
    """AND (False decides) or OR (True decides)."""

    def get(frame: Frame) -> bool | None:
        found: bool | None = not decisive
        for item in items:
            value: bool | None = item(frame)
            if value is decisive:
                return decisive
            if value is None:
                found = None
        return found

    return get


CONDITIONS: Final[dict[type[Any], Callable[[Folder, Any, Scope], Fold]]] = {
    n.And: _every,
    n.Or: _any_of,
    n.Not: _opposite,
    n.Leaf: _leaf,
    n.Compare: _compare,
    n.OneOf: _one_of,
    n.Holds: _holds,
    n.SetTest: _set_test,
    n.Known: _known,
}
