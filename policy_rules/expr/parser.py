"""From one line of text to a checked node.

Every mistake in an expression is reported, each with its own column. The operators stand here, the
calls in :mod:`policy_rules.expr.calls`, names and codes in :mod:`policy_rules.expr.checker`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, NoReturn

from policy_rules.errors import Place, Problems
from policy_rules.expr import text as texts
from policy_rules.expr.calls import call
from policy_rules.expr.checker import Checker, Fail, fits
from policy_rules.expr.nodes import And, Arith, Choice, Compare, Const, Holds, Node, Not, OneOf, Or
from policy_rules.expr.scope import Scope
from policy_rules.expr.types import (
    BOOL,
    BoolType,
    CodesType,
    CodeType,
    NumberType,
    TextType,
    Type,
    UnitError,
    describe,
    product_unit,
    quotient_unit,
    sum_unit,
)

_DIGITS: Final = re.compile(r"[0-9]+\.?[0-9]*\Z|\.[0-9]+\Z")
#: Comparators and operators of arithmetic as they are written.
OPERATORS: Final[dict[type[ast.AST], str]] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


def parse(
    text: str, scope: Scope, place: Place, problems: Problems, expect: Type | None = BOOL
) -> Node | None:
    """The checked node of an expression, or None after noting what is wrong in ``problems``.

    ``expect`` is the type the place calls for: a condition (the default), a number of a unit, a date;
    None accepts any value.
    """
    tree = texts.read(text, place, problems)
    if tree is None:
        return None
    checker = Checker(texts.hidden(text), scope, place, problems, _HANDLERS)
    node = checker.node(tree)
    if node is not None and expect is not None and not fits(node.type, expect):
        checker.note("type_mismatch", tree, expected=describe(expect), got=describe(node.type))
        return None
    return node


def _constant(at: Checker, tree: ast.Constant) -> Node:
    if isinstance(tree.value, str):
        if not tree.value.isprintable():  # an escape that no person reads, perhaps half a character
            at.fail("not_in_language", tree, got=at.source(tree))
        return Const(tree.value, TextType())
    if isinstance(tree.value, bool) or not isinstance(tree.value, int | float):
        at.fail("not_in_language", tree, got=at.source(tree))
    literal = (ast.get_source_segment(at.text, tree) or "").replace("_", "")
    if not _DIGITS.match(literal):  # hexadecimal, or a power of ten that would fill the memory
        at.fail("bad_number", tree, got=at.source(tree))
    exact = Fraction(literal)
    whole = exact.denominator == 1
    return Const(exact.numerator if whole else exact, NumberType(None, whole))


def _boolean(at: Checker, tree: ast.BoolOp) -> Node:
    items = at.many(tree.values, at.condition)
    return And(items) if isinstance(tree.op, ast.And) else Or(items)


def _unary(at: Checker, tree: ast.UnaryOp) -> Node:
    if isinstance(tree.op, ast.Not):
        return Not(at.condition(tree.operand))
    if isinstance(tree.op, ast.USub):
        node = at.number(tree.operand)
        kind = node.type
        assert isinstance(kind, NumberType)
        if isinstance(node, Const) and isinstance(node.value, int | Fraction):
            return Const(-node.value, kind)
        return Arith("-", Const(0, NumberType(kind.unit, True)), node, kind)
    return at.fail("not_in_language", tree, got=at.source(tree))


def _binary(at: Checker, tree: ast.BinOp) -> Node:
    op = OPERATORS.get(type(tree.op))
    if op is None:
        at.fail("not_in_language", tree, got=at.source(tree))
    left, right = at.many((tree.left, tree.right), at.number)
    a, b = left.type, right.type
    assert isinstance(a, NumberType)
    assert isinstance(b, NumberType)
    rule = {"*": product_unit, "/": quotient_unit}.get(op, sum_unit)
    try:
        unit = rule(a.unit, b.unit)
    except UnitError:
        at.units(tree, a, op, b)
    return Arith(op, left, right, NumberType(unit, op != "/" and a.integral and b.integral))


def _choice(at: Checker, tree: ast.IfExp) -> Node:
    condition, then, otherwise = at.many((tree.test, tree.body, tree.orelse), at.value)
    if not isinstance(condition.type, BoolType):
        at.fail("type_mismatch", tree.test, expected=describe(BOOL), got=describe(condition.type))
    return Choice(condition, then, otherwise, at.common(tree, then.type, otherwise.type))


def _comparison(at: Checker, tree: ast.Compare) -> Node:
    sides = [tree.left, *tree.comparators]
    parts: list[Node] = []
    failed = False
    for op, left, right in zip(tree.ops, sides[:-1], sides[1:], strict=True):
        try:
            parts.append(_pair(at, tree, op, left, right))
        except Fail:
            failed = True
    if failed:
        raise Fail
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _pair(at: Checker, tree: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Node:
    if isinstance(op, ast.In | ast.NotIn):
        node = _membership(at, left, right)
        return Not(node) if isinstance(op, ast.NotIn) else node
    sign = OPERATORS.get(type(op))
    if sign is None:
        at.fail("not_in_language", tree, got=at.source(tree))
    a, b = _operands(at, left, right)
    kind = at.common(tree, a.type, b.type, sign, right)
    if isinstance(kind, CodesType | BoolType):
        _not_comparable(at, tree, kind)
    if isinstance(kind, CodeType | TextType) and sign not in ("==", "!="):
        at.fail("not_ordered", tree, got=describe(kind), expected="`==`, `!=` or `in`")
    return Compare(sign, a, b)


def _operands(at: Checker, left: ast.expr, right: ast.expr) -> tuple[Node, Node]:
    """Both sides; a bare name on one side is a code of the other side's list."""
    if _depends(at, left) and not _depends(at, right):
        b = at.value(right)
        return _beside(at, left, b), b
    if _depends(at, right) and not _depends(at, left):
        a = at.value(left)
        return a, _beside(at, right, a)
    a, b = at.many((left, right), at.value)
    return a, b


def _depends(at: Checker, tree: ast.expr) -> bool:
    """Whether the other side says what this may be: a bare name, or a text in quotes."""
    return at.bare(tree) or (isinstance(tree, ast.Constant) and isinstance(tree.value, str | bool))


def _beside(at: Checker, tree: ast.expr, other: Node) -> Node:
    """A bare name, or a literal, beside a value whose type says what it may be."""
    if isinstance(other.type, CodeType):
        return Const(at.code(tree, other.type.codes), other.type)
    if isinstance(other.type, BoolType | CodesType):
        _not_comparable(at, tree, other.type)
    return at.value(tree)


def _not_comparable(at: Checker, tree: ast.AST, kind: BoolType | CodesType) -> NoReturn:
    use = (
        "it alone, or with `not`"
        if isinstance(kind, BoolType)
        else "`in`, `subset(…)` or `disjoint(…)`"
    )
    at.fail("not_comparable", tree, got=describe(kind), expected=use)


def _membership(at: Checker, left: ast.expr, right: ast.expr) -> Node:
    if isinstance(right, ast.Set):
        item = at.value(left)
        if isinstance(item.type, CodeType):
            codes = item.type.codes
            return OneOf(item, frozenset(at.many(right.elts, lambda t: at.code(t, codes))))
        if isinstance(item.type, NumberType):
            values = at.many(right.elts, at.number)
            if not all(isinstance(v, Const) for v in values):
                at.fail("not_constant", right, got=at.source(right))
            return OneOf(item, frozenset(v.value for v in values if isinstance(v, Const)))
        at.fail("type_mismatch", left, expected="a code or a number", got=describe(item.type))
    codes_node = at.value(right)
    if not isinstance(codes_node.type, CodesType):
        at.fail("type_mismatch", right, expected="a set of codes", got=describe(codes_node.type))
    return Holds(codes_node, at.code(left, codes_node.type.codes))


_HANDLERS: Final[dict[type[ast.expr], Callable[[Checker, Any], Node]]] = {
    ast.Constant: _constant,
    ast.Name: Checker.name,
    ast.Attribute: Checker.attribute,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.IfExp: _choice,
    ast.Compare: _comparison,
    ast.Call: call,
}
