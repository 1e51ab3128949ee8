"""Conditions as code: fast where what they rest on is plainly known.

Where an operand is missing, an interval, or of a form not written out here, the code asks the
reference interpreter's own function of the same line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from policy_rules.engine.compiled import folds, logic, numbers
from policy_rules.engine.compiled.terms import Code, Num, Truth, Unsupported, guarded, times
from policy_rules.expr.nodes import (
    And,
    Compare,
    Const,
    Fact,
    Fold,
    Holds,
    Known,
    Leaf,
    Named,
    Not,
    OneOf,
    Or,
    SetTest,
)
from policy_rules.expr.types import BoolType, CodesType, CodeType, DateType, NumberType, TextType

if TYPE_CHECKING:
    from policy_rules.engine.compiled.writer import Writer


def _and(at: Writer, node: And) -> Truth:
    return logic.all_of(at.source, [partial(at.truth, item) for item in node.items])


def _or(at: Writer, node: Or) -> Truth:
    return logic.any_of(at.source, [partial(at.truth, item) for item in node.items])


def _not(at: Writer, node: Not) -> Truth:
    return logic.negation(at.source, at.truth(node.item))


def _leaf(at: Writer, node: Leaf) -> Truth:
    return at.truth(node.body)


def _fact(at: Writer, node: Fact) -> Truth:
    return _truth_of(at.row(node.base).fact(node))


def _named(at: Writer, node: Named) -> Truth:
    return _truth_of(at.named(node))


def _truth_of(value: Any) -> Truth:
    if not isinstance(value, Truth):
        raise Unsupported
    return value


def _compare(at: Writer, node: Compare) -> Truth:
    match node.left.type:
        case CodeType() | TextType():
            a, b = code(at, node.left), code(at, node.right)
            return _where_known((a, b), f"{a.text} {node.op} {b.text}")
        case DateType():
            start, end = numbers.day(at, node.left), numbers.day(at, node.right)
            text, guards = f"{start.text} {node.op} {end.text}", start.guards + end.guards
        case NumberType():
            x, y = at.number(node.left), at.number(node.right)
            text = f"{times(x.n, y.d)} {node.op} {times(y.n, x.d)}"
            guards = x.guards + y.guards
        case _:
            raise Unsupported
    if not guards:
        return Truth(f"({text})", False)
    return Truth(guarded(text, guards, at.reference(node)), True)


def code(at: Writer, node: Any) -> Code:
    """A code, a set of codes or a text; raises Unsupported."""
    if isinstance(node, frozenset):
        return Code(at.source.value(node), False)
    if isinstance(node, Const) and isinstance(node.value, str):
        return Code(repr(node.value), False)
    found = at.row(node.base).fact(node) if isinstance(node, Fact) else None
    if not isinstance(found, Code):
        raise Unsupported
    return found


def _where_known(codes: tuple[Code, ...], text: str) -> Truth:
    unknown = [f"{found.text} is None" for found in codes if found.open]
    if not unknown:
        return Truth(f"({text})", False)
    return Truth(f"(None if {' or '.join(unknown)} else {text})", True)


def _one_of(at: Writer, node: OneOf) -> Truth:
    options = at.source.value(node.options)
    if isinstance(node.item.type, CodeType | TextType):
        item = code(at, node.item)
        return _where_known((item,), f"{item.text} in {options}")
    number = at.number(node.item)
    if number.d is not None or not number.guards:
        raise Unsupported
    return Truth(guarded(f"{number.n} in {options}", number.guards, at.reference(node)), True)


def _holds(at: Writer, node: Holds) -> Truth:
    codes = code(at, node.codes)
    return _where_known((codes,), f"{node.code!r} in {codes.text}")


def _set_test(at: Writer, node: SetTest) -> Truth:
    left, right = code(at, node.left), code(at, node.right)
    test = "<= " + right.text if node.kind == "subset" else f".isdisjoint({right.text})"
    return _where_known((left, right), f"{left.text}{test}")


def _known(at: Writer, node: Known) -> Truth:
    fact = node.fact
    kinds = BoolType | CodeType | CodesType | NumberType | TextType
    if not isinstance(fact, Fact) or fact.field.derived or not isinstance(fact.type, kinds):
        raise Unsupported
    found = at.row(fact.base).fact(fact)
    if fact.field.lo == fact.field.hi and isinstance(found, Num):
        raise Unsupported  # known without being recorded
    name = found.n if isinstance(found, Num) else getattr(found, "text", "")
    return Truth(f"({name} is not None)", False)


#: node class -> function that writes it as a condition
TRUTHS: Final[Mapping[type[Any], Callable[[Writer, Any], Truth]]] = {
    And: _and,
    Or: _or,
    Not: _not,
    Leaf: _leaf,
    Fact: _fact,
    Named: _named,
    Compare: _compare,
    OneOf: _one_of,
    Holds: _holds,
    SetTest: _set_test,
    Known: _known,
    Fold: folds.condition,
}
