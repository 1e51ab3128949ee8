"""Calls of the condition language: functions, incomes, sets, tables, folds over lists."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from policy_rules.errors import nearest, shown
from policy_rules.expr.checker import FOLDS, NAMED, RESERVED, Checker, Fail, fits
from policy_rules.expr.functions import FUNCTIONS
from policy_rules.expr.nodes import (
    And,
    Call,
    Extreme,
    Fact,
    Fold,
    Known,
    LongestRun,
    Named,
    Node,
    Param,
    SetTest,
    TableCall,
    Var,
    YearItem,
)
from policy_rules.expr.types import (
    NUMBER,
    ByYearType,
    CodesType,
    DateType,
    ListType,
    NumberType,
    Type,
    describe,
)


def call(at: Checker, tree: ast.Call) -> Node:
    """Any call: of a function, a parameter on a date, the record of a year."""
    if tree.keywords or any(isinstance(a, ast.Starred) for a in tree.args):
        at.fail("not_in_language", tree, got=at.source(tree))
    function = tree.func
    if isinstance(function, ast.Name) and function.id not in at.variables:
        name = function.id
        special = _CALLS.get(name)
        if special is not None:
            return special(at, tree)
        if name in FUNCTIONS:
            return _function(at, tree, name)
        names = [*FUNCTIONS, *_CALLS]
        at.fail("unknown_function", tree, got=shown(name), nearest=nearest(name, names))
    if (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "param"
    ):
        (on,) = _arguments(at, tree, 1, DateType())
        return at.parameter(tree, [function.attr], on)
    base = at.value(function)
    if not isinstance(base.type, ByYearType):
        at.fail("not_callable", tree, got=at.source(function))
    return _year_item(at, tree, base)


def _year_item(at: Checker, tree: ast.Call, base: Node) -> Node:
    assert isinstance(base.type, ByYearType)
    (year,) = _arguments(at, tree, 1, NUMBER)
    return YearItem(base, year, base.type.item)


def _arguments(at: Checker, tree: ast.Call, count: int, *kinds: Type) -> tuple[Node, ...]:
    if len(tree.args) != count:
        at.fail("argument_count", tree, expected=str(count), got=str(len(tree.args)))
    args = at.many(tree.args, at.value)
    wrong = False
    for arg, where, kind in zip(args, tree.args, kinds, strict=False):
        if not fits(arg.type, kind):
            at.note("type_mismatch", where, expected=describe(kind), got=describe(arg.type))
            wrong = True
    if wrong:
        raise Fail
    return args


def _function(at: Checker, tree: ast.Call, name: str) -> Node:
    function = FUNCTIONS[name]
    args = _arguments(at, tree, len(function.arguments), *function.arguments)
    return Call(name, args, function.result([a.type for a in args]))


def _income(at: Checker, tree: ast.Call) -> Node:
    household = at.variables.get("household")
    if household is None:
        at.fail("unknown_name", tree, got="`income`")
    return _year_item(at, tree, at.path(tree, Var("household", household), ["incomes"]))


def _known(at: Checker, tree: ast.Call) -> Node:
    (fact,) = _arguments(at, tree, 1)
    if not isinstance(fact, Fact | Param | Named):
        at.fail("type_mismatch", tree, expected="a fact", got=at.source(tree.args[0]))
    return Known(fact)


def _set_test(at: Checker, tree: ast.Call) -> Node:
    if len(tree.args) != 2:
        at.fail("argument_count", tree, expected="2", got=str(len(tree.args)))
    facts = [None if isinstance(a, ast.Set) else at.value(a) for a in tree.args]
    kinds = [f.type for f in facts if f is not None]
    if not kinds or not all(isinstance(k, CodesType) and k == kinds[0] for k in kinds):
        at.fail("type_mismatch", tree, expected="a set of codes", got=at.source(tree))
    codes = kinds[0]
    assert isinstance(codes, CodesType)
    sides: list[Any] = []
    for arg, fact in zip(tree.args, facts, strict=True):
        if isinstance(arg, ast.Set):
            sides.append(frozenset(at.many(arg.elts, lambda t: at.code(t, codes.codes))))
        else:
            sides.append(fact)
    function = tree.func
    assert isinstance(function, ast.Name)
    kind = function.id
    return SetTest("subset" if kind == "subset" else "disjoint", sides[0], sides[1])


def _extreme(at: Checker, tree: ast.Call) -> Node:
    if len(tree.args) < 2:
        at.fail("argument_count", tree, expected="2 or more", got=str(len(tree.args)))
    args = at.many(tree.args, at.value)
    kind: Type = args[0].type
    for arg in args[1:]:
        kind = at.common(tree, kind, arg.type)
    if not isinstance(kind, NumberType | DateType):
        at.fail("type_mismatch", tree, expected=describe(NUMBER), got=describe(kind))
    function = tree.func
    assert isinstance(function, ast.Name)
    return Extreme("min" if function.id == "min" else "max", args, kind)


def _table(at: Checker, tree: ast.Call) -> Node:
    function = tree.func
    assert isinstance(function, ast.Name)
    known = at.scope.tables()
    first = tree.args[0] if tree.args else tree
    match first:
        case ast.Attribute(value=ast.Name(id="table"), attr=name) if len(tree.args) == 2:
            pass
        case _:
            form = f"`{function.id}(table.…, …)`"
            at.fail("bad_form", tree, expected=form, got=at.source(tree))
    if name not in known or known[name][0] != function.id:
        fitting = [n for n, t in known.items() if t[0] == function.id]
        at.fail("unknown_table", tree, got=shown(name), nearest=nearest(name, fitting))
    _, key, result = known[name]
    arg = at.value(tree.args[1])
    if not fits(arg.type, key):
        at.fail("type_mismatch", tree, expected=describe(key), got=describe(arg.type))
    kind = function.id
    return TableCall(kind, name, arg, result)  # type: ignore[arg-type]


# -- folds over lists -----------------------------------------------------------------------


def _fold(at: Checker, tree: ast.Call) -> Node:
    function = tree.func
    assert isinstance(function, ast.Name)
    kind = function.id
    generator = tree.args[0] if len(tree.args) == 1 else None
    form = f"`{kind}(… for m in members if …)`"
    if not isinstance(generator, ast.GeneratorExp) or len(generator.generators) != 1:
        at.fail("bad_fold", tree, got=at.source(tree), expected=form)
    loop = generator.generators[0]
    if not isinstance(loop.target, ast.Name) or loop.is_async:
        at.fail("bad_fold", tree, got=at.source(tree), expected=form)
    name = loop.target.id
    if name in {*at.variables, *RESERVED, *NAMED, *FUNCTIONS, *_CALLS}:
        at.fail("shadowed_name", loop.target, got=shown(name))
    source = at.value(loop.iter)
    if not isinstance(source.type, ListType):
        at.fail("type_mismatch", loop.iter, expected="a list", got=describe(source.type))
    var = Var(name, source.type.item)
    at.variables[name] = var.type
    try:
        *tests, body = at.many(
            (*loop.ifs, generator.elt),
            lambda t: _body(at, tree, kind, var, t) if t is generator.elt else at.condition(t),
        )
    finally:
        del at.variables[name]
    where = None if not tests else tests[0] if len(tests) == 1 else And(tuple(tests))
    if kind in ("any", "all", "sum"):
        return Fold(kind, var, source, where, body, body.type)  # type: ignore[arg-type]
    item = source.type.item.name
    if kind == "longest_run":
        if not {"from", "to"} <= set(at.scope.fields(item)):
            at.fail("bad_fold", tree, got=describe(source.type), expected="a list of spells")
        return LongestRun(var, source, where, NumberType("months", True))
    return Fold("count", var, source, where, None, NumberType(_COUNTED.get(item), True))


def _body(at: Checker, tree: ast.Call, kind: str, var: Var, body: ast.expr) -> Node:
    if kind in ("any", "all"):
        return at.condition(body)
    if kind == "sum":
        return at.number(body)
    if not (isinstance(body, ast.Name) and body.id == var.name):
        form = f"`{kind}({var.name} for …)`"
        at.fail("bad_fold", tree, got=at.source(tree), expected=form)
    return var


#: The unit of a count of records; other things have none.
_COUNTED: Final = {"member": "persons"}
_CALLS: Final[dict[str, Callable[[Checker, ast.Call], Node]]] = {
    "income": _income,
    "known": _known,
    "subset": _set_test,
    "disjoint": _set_test,
    "min": _extreme,
    "max": _extreme,
    "lookup": _table,
    "tier": _table,
    "slices": _table,
    **dict.fromkeys(FOLDS, _fold),
}
