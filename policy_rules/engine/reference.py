"""The reference interpreter: the specification of what a condition means.

Each node becomes a small Python function of an environment; the table :data:`MEANING` maps node
classes to the functions that build them. Truth values are ``True``, ``False``, ``None`` (unknown);
a known number or date is itself, an unknown one an :class:`~policy_rules.verdict.Interval`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from policy_rules.engine import lists, values
from policy_rules.engine.building import AS_OF, MEMBER, THIS, TOP, Builder, Env, Fn, missing_value
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
    BoolType,
    ByYearType,
    CodesType,
    CodeType,
    DateType,
    ListType,
    RecordType,
    TextType,
)
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST, Items, Row
from policy_rules.verdict import (
    ANY_NUMBER,
    Interval,
    Truth,
    add,
    divide,
    equal,
    greater,
    greater_equal,
    hull,
    largest,
    less,
    less_equal,
    multiply,
    not_equal,
    smallest,
    subtract,
)

_COMPARE: Final = {
    "==": equal,
    "!=": not_equal,
    "<": less,
    "<=": less_equal,
    ">": greater,
    ">=": greater_equal,
}
_ARITH: Final = {"+": add, "-": subtract, "*": multiply, "/": divide}


# -- one function a node ---------------------------------------------------------------------------


def _const(at: Builder, node: Const) -> Fn:
    value = node.value
    return lambda env: value


def _var(at: Builder, node: Var) -> Fn:
    if node.name == "members":
        return lambda env: env[TOP].get("members", UNKNOWN_LIST)
    if node.name == "others":
        return _others
    slot = at.slot(node)
    return lambda env: env[slot]


def _others(env: Env) -> Items:
    items: Items = env[TOP].get("members", UNKNOWN_LIST)
    subject = env[MEMBER]
    return Items(tuple(row for row in items.rows if row is not subject), items.complete)


def _fact(at: Builder, node: Fact) -> Fn:
    base, path, missing = at.build(node.base), node.field.path, missing_value(node.field)
    if not node.field.derived:
        if isinstance(node.base, Var) and node.base.name not in ("members", "others"):
            slot = at.slot(node.base)
            return lambda env: env[slot].get(path, missing)
        return lambda env: base(env).get(path, missing)
    derive = at.derived(node.field)

    def recorded_or_derived(env: Env) -> Any:
        row = base(env)
        value = row.get(path)
        if value is not None:
            return value
        outer = env[THIS]
        env[THIS] = row
        try:
            return derive(env)
        finally:
            env[THIS] = outer

    return recorded_or_derived


def _year_item(at: Builder, node: YearItem) -> Fn:
    base, year = at.build(node.base), at.build(node.year)

    def of_year(env: Env) -> Row:
        key = year(env)
        if type(key) is Interval:
            return EMPTY_ROW
        found: Row = base(env).get(key, EMPTY_ROW)
        return found

    return of_year


def _named(at: Builder, node: Named) -> Fn:
    name = node.base.name
    if name in ("member", "household") or at.slot(node.base) in (TOP, MEMBER):
        return at.cached(node.kind, node.name, TOP, None)
    return at.cached(node.kind, node.name, TOP, at.build(node.base))


def _param(at: Builder, node: Param) -> Fn:
    parameter = at.pack.parameters[node.name]
    on = None if node.on is None else at.build(node.on)
    found: dict[date, Any] = {}

    def value(env: Env) -> Any:
        day = env[AS_OF] if on is None else on(env)
        if type(day) is Interval:
            return ANY_NUMBER
        if day not in found:
            if len(found) > 4096:
                found.clear()
            number = parameter.on(day)
            found[day] = ANY_NUMBER if number is None else number
        return found[day]

    return value


def _and(at: Builder, node: And) -> Fn:
    items = [at.build(item) for item in node.items]
    if len(items) == 1:
        return items[0]

    def both(env: Env) -> Truth:
        result: Truth = True
        for item in items:
            truth = item(env)
            if truth is False:
                return False
            if truth is None:
                result = None
        return result

    return both


def _or(at: Builder, node: Or) -> Fn:
    items = [at.build(item) for item in node.items]
    if len(items) == 1:
        return items[0]

    def either(env: Env) -> Truth:
        result: Truth = False
        for item in items:
            truth = item(env)
            if truth is True:
                return True
            if truth is None:
                result = None
        return result

    return either


def _not(at: Builder, node: Not) -> Fn:
    item = at.build(node.item)

    def opposite(env: Env) -> Truth:
        truth = item(env)
        return None if truth is None else not truth

    return opposite


def _leaf(at: Builder, node: Leaf) -> Fn:
    return at.build(node.body)


def _compare(at: Builder, node: Compare) -> Fn:
    left, right = at.build(node.left), at.build(node.right)
    if isinstance(node.left.type, CodeType | TextType):
        same = node.op == "=="

        def codes(env: Env) -> Truth:
            a, b = left(env), right(env)
            return None if a is None or b is None else (a == b) is same

        return codes
    compare = _COMPARE[node.op]
    return lambda env: compare(left(env), right(env))


def _one_of(at: Builder, node: OneOf) -> Fn:
    item, options = at.build(node.item), node.options

    def member(env: Env) -> Truth:
        value = item(env)
        if type(value) is Interval:
            return None if any(value.lo <= o <= value.hi for o in options) else False
        return None if value is None else value in options

    return member


def _holds(at: Builder, node: Holds) -> Fn:
    codes, code = at.build(node.codes), node.code

    def holds(env: Env) -> Truth:
        found = codes(env)
        return None if found is None else code in found

    return holds


def _set_test(at: Builder, node: SetTest) -> Fn:
    sides: list[Fn] = []
    for side in (node.left, node.right):
        if isinstance(side, frozenset):
            sides.append(lambda env, codes=side: codes)  # type: ignore[misc]
        else:
            sides.append(at.build(side))
    left, right = sides
    subset = node.kind == "subset"

    def test(env: Env) -> Truth:
        a, b = left(env), right(env)
        if a is None or b is None:
            return None
        return bool(a <= b) if subset else bool(a.isdisjoint(b))

    return test


def _known(at: Builder, node: Known) -> Fn:
    fact = at.build(node.fact)
    if isinstance(node.fact, Fact) and isinstance(node.fact.type, DateType):
        base, path = at.build(node.fact.base), node.fact.field.path
        return lambda env: base(env).get(path) is not None or type(fact(env)) is not Interval
    if isinstance(node.fact.type, ListType):
        return lambda env: fact(env).complete
    if isinstance(node.fact.type, ByYearType | RecordType):
        return lambda env: bool(fact(env))

    def known(env: Env) -> bool:
        value = fact(env)
        return value is not None and type(value) is not Interval

    return known


def _arith(at: Builder, node: Arith) -> Fn:
    left, right, op = at.build(node.left), at.build(node.right), _ARITH[node.op]
    return lambda env: op(left(env), right(env))


def _extreme(at: Builder, node: Extreme) -> Fn:
    args = [at.build(arg) for arg in node.args]
    pick = smallest if node.kind == "min" else largest
    return lambda env: pick([arg(env) for arg in args])


def _choice(at: Builder, node: Choice) -> Fn:
    condition = at.build(node.condition)
    then, otherwise = at.build(node.then), at.build(node.otherwise)
    logical = isinstance(node.type, BoolType | CodeType | CodesType | TextType)

    def pick(env: Env) -> Any:
        truth = condition(env)
        if truth is not None:
            return then(env) if truth else otherwise(env)
        a, b = then(env), otherwise(env)
        if logical:
            return a if a == b else None
        return hull([a, b])

    return pick


def _fold(at: Builder, node: Fold) -> Fn:
    source = at.build(node.source)
    slot = at.loop(node.var)
    where = None if node.where is None else at.build(node.where)
    body = None if node.body is None else at.build(node.body)
    return lists.FOLDS[node.kind](source, slot, where, body)


def _longest_run(at: Builder, node: LongestRun) -> Fn:
    source = at.build(node.source)
    slot = at.loop(node.var)
    where = None if node.where is None else at.build(node.where)
    return lists.longest_run(source, slot, where)


def _call(at: Builder, node: Call) -> Fn:
    function = values.FUNCTIONS[node.function]
    args = [at.build(arg) for arg in node.args]
    constants = [arg.value for arg in node.args if isinstance(arg, Const)]
    if len(constants) == len(args):
        fixed = function(*constants)
        return lambda env: fixed
    if len(args) == 1:
        only = args[0]
        return lambda env: function(only(env))
    return lambda env: function(*(arg(env) for arg in args))


def _table(at: Builder, node: TableCall) -> Fn:
    arg = at.build(node.arg)
    read = values.TABLES[node.kind]
    rows = at.pack.tables[node.table].rows
    return lambda env: read(rows, arg(env))


MEANING: Final[Mapping[type[Any], Callable[[Builder, Any], Fn]]] = {
    Const: _const,
    Var: _var,
    Fact: _fact,
    YearItem: _year_item,
    Named: _named,
    Param: _param,
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


class Interpreter(Builder):
    """The reference interpreter of a pack."""

    meaning = MEANING
