"""What becomes of each node: the meaning of :mod:`policy_rules.engine.reference`, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final

from policy_rules.expr.nodes import (
    And,
    Arith,
    Call,
    Choice,
    Compare,
    Const,
    Extreme,
    Fact,
    Fold,
    Holds,
    Known,
    Leaf,
    LongestRun,
    Named,
    Not,
    OneOf,
    Or,
    Param,
    SetTest,
    TableCall,
    Var,
    YearItem,
)
from policy_rules.expr.types import (
    CodesType,
    DateType,
    RecordType,
)
from policy_rules.tables.lowering import days, facts, figures, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.folds import longest_run, lower_fold
from policy_rules.tables.lowering.places import Place
from policy_rules.tables.lowering.scope import Lowerer, Scope, opposite
from policy_rules.tables.lowering.values import (
    Code,
    Day,
    Mask,
    Number,
    Plain,
    Rows,
    Truth,
    Value,
    Years,
    named,
    together,
)
from policy_rules.tables.plan import Among, Lit, Op

_COMPARE: Final = {"==": "eq", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def _and(at: Lowerer, node: And, scope: Scope) -> Truth:
    return at.all_of([at.truth(item, scope) for item in node.items])


def _or(at: Lowerer, node: Or, scope: Scope) -> Truth:
    return at.any_of([at.truth(item, scope) for item in node.items])


def _not(at: Lowerer, node: Not, scope: Scope) -> Truth:
    return opposite(at.truth(node.item, scope))


def _leaf(at: Lowerer, node: Leaf, scope: Scope) -> Truth:
    return at.truth(node.body, scope)


def _compare(at: Lowerer, node: Compare, scope: Scope) -> Value:
    sides = at.lower(node.left, scope), at.lower(node.right, scope)
    inst, (left, right) = together(at.sheet, *sides)
    unequal = node.op == "!="
    match left, right:
        case Code(), Code():
            found = e.equals(left.expr, right.expr)
            unequal = node.op != "=="
        case Number(), Number():
            found = numbers.compare(_COMPARE["==" if unequal else node.op], left.of, right.of)
        case Day(), Day():
            a, b = left.of.interval(), right.of.interval()
            found = numbers.compare(_COMPARE["==" if unequal else node.op], a, b)
        case _:
            raise AssertionError(node)
    return named(at.sheet, Truth(inst, e.not_(found) if unequal else found))


def _one_of(at: Lowerer, node: OneOf, scope: Scope) -> Value:
    item = at.lower(node.item, scope)
    if isinstance(item, Number):
        options = sorted(Fraction(o) for o in node.options)
        return named(at.sheet, Truth(item.inst, numbers.one_of(item.of, options)))
    assert isinstance(item, Code)
    known = item.expr
    if isinstance(known, Lit):
        return Truth(None, e.truth(None if known.value is None else known.value in node.options))
    return named(at.sheet, Truth(item.inst, Among(known, tuple(sorted(node.options)))))


def _bits(at: Lowerer, codes: str, some: frozenset[str]) -> Lit:
    order = list(at.pack.vocabulary.codes[codes].values)
    return Lit(sum(1 << order.index(code) for code in some), "int")


def _holds(at: Lowerer, node: Holds, scope: Scope) -> Value:
    codes = at.lower(node.codes, scope)
    assert isinstance(codes, Mask)
    assert isinstance(node.codes.type, CodesType)
    if isinstance(codes.expr, Lit):
        return Truth(None, e.UNKNOWN)
    bit = _bits(at, node.codes.type.codes, frozenset([node.code]))
    common = Op("bit_and", (codes.expr, bit), "int")
    return named(at.sheet, Truth(codes.inst, Op("ne", (common, Lit(0, "int")), "bool")))


def _set_test(at: Lowerer, node: SetTest, scope: Scope) -> Value:
    kinds = [s.type for s in (node.left, node.right) if not isinstance(s, frozenset)]
    assert isinstance(kinds[0], CodesType)
    sides: list[Value] = []
    for side in (node.left, node.right):
        if isinstance(side, frozenset):
            sides.append(Mask(None, _bits(at, kinds[0].codes, side)))
        else:
            sides.append(at.lower(side, scope))
    inst, (left, right) = together(at.sheet, *sides)
    assert isinstance(left, Mask)
    assert isinstance(right, Mask)
    if any(s.expr == Lit(None, "int") for s in (left, right)):
        return Truth(None, e.UNKNOWN)
    common = Op("bit_and", (left.expr, right.expr), "int")
    other = left.expr if node.kind == "subset" else Lit(0, "int")
    return named(at.sheet, Truth(inst, Op("eq", (common, other), "bool")))


def _known(at: Lowerer, node: Known, scope: Scope) -> Truth:
    found = at.lower(node.fact, scope)
    match found:
        case Truth() | Code() | Mask():
            return Truth(found.inst, e.not_(e.is_null(found.expr)))
        case Number():
            return named(at.sheet, Truth(found.inst, found.of.known()))
        case Day():
            known = Truth(found.inst, found.of.known())
            if not isinstance(node.fact, Fact):
                return known
            place = facts.place_of(at, node.fact.base, scope)
            inst = None if place is None else place.inst
            return at.any_of([Truth(inst, at.reader.recorded(place, node.fact.field)), known])
        case Rows():
            return complete(at, found)
        case Years():
            place = found.place
            if place is None:
                return Truth(None, e.FALSE)
            return Truth(place.inst, at.reader.years(place, found.path))
    if found is None:
        return Truth(None, e.FALSE)
    assert isinstance(found, Place)
    assert isinstance(node.fact.type, RecordType)
    return Truth(found.inst, at.reader.anything(found, node.fact.type.name))


def complete(at: Lowerer, rows: Rows) -> Truth:
    """Whether a list is complete."""
    if rows.place is None:
        return Truth(None, e.FALSE)
    return Truth(rows.place.inst, at.reader.state(rows.place, rows.path))


def _arith(at: Lowerer, node: Arith, scope: Scope) -> Value:
    sides = at.lower(node.left, scope), at.lower(node.right, scope)
    inst, (left, right) = together(at.sheet, *sides)
    assert isinstance(left, Number)
    assert isinstance(right, Number)
    return named(at.sheet, Number(inst, numbers.ARITHMETIC[node.op](left.of, right.of)))


def _extreme(at: Lowerer, node: Extreme, scope: Scope) -> Value:
    inst, args = together(at.sheet, *(at.lower(a, scope) for a in node.args))
    smallest = node.kind == "min"
    if isinstance(node.type, DateType):
        several = [a.of for a in args if isinstance(a, Day)]
        return named(at.sheet, Day(inst, days.pick(several, smallest=smallest)))
    found = [a.of for a in args if isinstance(a, Number)]
    return named(at.sheet, Number(inst, numbers.pick(found, smallest=smallest)))


def _choice(at: Lowerer, node: Choice, scope: Scope) -> Value:
    parts = [at.lower(n, scope) for n in (node.condition, node.then, node.otherwise)]
    inst, (condition, then, otherwise) = together(at.sheet, *(named(at.sheet, p) for p in parts))
    assert isinstance(condition, Truth)
    chosen = condition.expr
    match then, otherwise:
        case Number(of=a), Number(of=b):
            return named(at.sheet, Number(inst, numbers.select(chosen, a, b)))
        case Day(of=c), Day(of=d):
            return named(at.sheet, Day(inst, days.select(chosen, c, d)))
        case Plain(expr=x), Plain(expr=y):
            same = e.TRUE if x == y else e.sure(e.equals(x, y))
            either = e.if_(same, x, Lit(None, x.kind))
            found = e.if_(e.is_null(chosen), either, e.if_(chosen, x, y))
            return named(at.sheet, type(then)(inst, found))
    raise AssertionError(node)


def _call(at: Lowerer, node: Call, scope: Scope) -> Value:
    inst, args = together(at.sheet, *(at.lower(a, scope) for a in node.args))
    dates = [a.of for a in args if isinstance(a, Day)]
    figures_ = [a.of for a in args if isinstance(a, Number)]
    match node.function:
        case "date":
            return named(at.sheet, Day(inst, days.made(figures_)))
        case "add_months":
            return named(at.sheet, Day(inst, days.add_months(dates[0], figures_[0])))
        case function if function in figures.ROUNDING:
            return named(at.sheet, Number(inst, figures.rounded(function, *figures_)))
    return named(at.sheet, Number(inst, _COUNTS[node.function](*dates)))


_COUNTS: Final[dict[str, Callable[..., numbers.Interval]]] = {
    "year": days.year,
    "month": days.month,
    "months_between": days.months_between,
    "calendar_months": days.calendar_months,
    "age_on": days.age_on,
}


def _table(at: Lowerer, node: TableCall, scope: Scope) -> Value:
    rows = at.pack.tables[node.table].rows
    arg = at.lower(node.arg, scope)
    if isinstance(arg, Code):
        return named(at.sheet, Number(arg.inst, figures.lookup(rows, arg.expr)))
    assert isinstance(arg, Number)
    read = {"lookup": figures.lookup_number, "tier": figures.tier, "slices": figures.slices}
    return named(at.sheet, Number(arg.inst, read[node.kind](rows, arg.of)))


def _fold(at: Lowerer, node: Fold, scope: Scope) -> Value:
    rows = at.lower(node.source, scope)
    return named(at.sheet, lower_fold(at, node, rows, complete(at, rows), scope))


def _longest_run(at: Lowerer, node: LongestRun, scope: Scope) -> Value:
    rows = at.lower(node.source, scope)
    return named(at.sheet, longest_run(at, node, rows, complete(at, rows), scope))


MEANING: Final[Mapping[type[Any], Callable[[Any, Any, Scope], Any]]] = {
    Const: facts.const,
    Var: facts.var,
    Fact: facts.fact,
    YearItem: facts.year_item,
    Named: facts.named_thing,
    Param: facts.parameter,
    And: _and,
    Or: _or,
    Not: _not,
    Leaf: _leaf,
    Compare: _compare,
    OneOf: _one_of,
    Holds: _holds,
    SetTest: _set_test,
    Known: _known,
    Arith: _arith,
    Extreme: _extreme,
    Choice: _choice,
    Fold: _fold,
    LongestRun: _longest_run,
    Call: _call,
    TableCall: _table,
}
