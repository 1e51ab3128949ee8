"""The reference interpreter: the specification of what a condition means.

Each node becomes a small Python function of an environment; the table :data:`MEANING` maps node
classes to the functions that build them. Truth values are ``True``, ``False``, ``None`` (unknown);
a known number or date is itself, an unknown one an :class:`~policy_rules.verdict.Interval`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from policy_rules.engine import lists, values
from policy_rules.expr.nodes import (
    And,
    Arith,
    Call,
    Choice,
    Compare,
    Const,
    Extreme,
    Fact,
    Field,
    Fold,
    Holds,
    Known,
    Leaf,
    LongestRun,
    Named,
    Node,
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
    NumberType,
    RecordType,
    TextType,
)
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST, Household, Items, Row
from policy_rules.packs.model import Pack, Rule
from policy_rules.verdict import (
    ANY_DATE,
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

#: Places in an environment. Loop variables follow, one place for each variable of each expression.
AS_OF, TOP, MEMBER, MEMO, YEAR, THIS, LOOPS = range(7)

Env = list[Any]
Fn = Callable[[Env], Any]

_COMPARE: Final = {
    "==": equal,
    "!=": not_equal,
    "<": less,
    "<=": less_equal,
    ">": greater,
    ">=": greater_equal,
}
_ARITH: Final = {"+": add, "-": subtract, "*": multiply, "/": divide}
#: The NO of a subject outside the population of a rule.
OUTSIDE: Final = "outside"

_YES: Final[Fn] = lambda env: True  # noqa: E731


class Interpreter:
    """The functions of a pack's populations, definitions and rules, built when first asked for."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._slots: dict[tuple[str, str], int] = {}
        self._changed: frozenset[tuple[str, str]] = frozenset()
        self._tag = ""
        self._building = threading.RLock()
        self._owner = ""
        self._this = ""
        self._built: dict[tuple[str, str], Fn] = {}
        self._derived: dict[Field, Fn] = {}

    def variant(self, pack: Pack, changed: frozenset[tuple[str, str]], tag: str) -> Interpreter:
        """An interpreter of a patched pack that shares what the patch does not reach.

        ``changed`` names the populations, definitions and rules it reaches, as (kind, name). Both
        interpreters may be asked in one environment: what they share is evaluated once.
        """
        other = Interpreter(pack)
        other._slots, other._derived = self._slots, self._derived
        other._built = {k: fn for k, fn in self._built.items() if k not in changed}
        other._changed, other._tag = changed, tag
        return other

    @property
    def size(self) -> int:
        """How many places an environment needs."""
        return LOOPS + len(self._slots)

    # -- environments -------------------------------------------------------------------------

    def environment(self, record: Household, as_of: date, year: int | None = None) -> Env:
        """A fresh environment; good for one record on one date."""
        env: Env = [None] * self.size
        env[AS_OF], env[TOP], env[MEMO], env[YEAR] = as_of, record.row, {}, year
        env[MEMBER] = EMPTY_ROW
        return env

    def slot(self, var: Var) -> int:
        """Where a variable stands. Loop variables are apart for each expression that has them."""
        if var.name in ("this", self._this):
            return THIS
        if var.name == "as_of":
            return AS_OF
        if var.name == "member":
            return MEMBER
        if var.name == "target_year":
            return YEAR
        key = (self._owner, var.name)
        if key in self._slots:
            return self._slots[key]
        return TOP

    def loop(self, var: Var, owner: str | None = None) -> int:
        """A place for a loop variable of an expression (by default of the one being built)."""
        key = (self._owner if owner is None else owner, var.name)
        return self._slots.setdefault(key, self.size)

    # -- building -------------------------------------------------------------------------------

    def build(self, node: Node) -> Fn:
        """The function of a node, in the expression being built."""
        return MEANING[type(node)](self, node)

    def expression(self, owner: str, node: Node | None) -> Fn:
        """The function of a whole expression; an absent condition holds."""
        if node is None:
            return _YES
        with self._building:
            outer = self._owner, self._this
            self._owner, self._this = owner, ""
            try:
                return self.build(node)
            finally:
                self._owner, self._this = outer

    def derived(self, field: Field) -> Fn:
        """The function that derives a fact; it expects the record in ``THIS``."""
        if field not in self._derived:
            outer = self._owner, self._this
            self._owner, self._this = f"fact {field.record}.{field.path}", field.record
            try:
                self._derived[field] = self.build(self.pack.vocabulary.derived[field])
            finally:
                self._owner, self._this = outer
        return self._derived[field]

    def named(self, kind: str, name: str) -> Fn:
        """The function of a population, definition, rule or external condition."""
        key = (kind, name)
        if key not in self._built:
            pack = self.pack
            match kind:
                case "population":
                    fn = self.expression(f"population {name}", pack.populations[name].when)
                case "defined":
                    fn = self.expression(f"defined {name}", pack.definitions[name].value)
                case "rule":
                    fn = self.whole(pack.rules[name])
                case _:
                    fn = self.external(name)
            self._built[key] = fn
        return self._built[key]

    def rule(self, rule: Rule) -> Fn:
        """applies_to AND when AND NOT unless AND NOT (YES of a higher-ranked excluder).

        Its dates are the caller's to look at; it answers ``OUTSIDE`` for the NO of a subject outside
        the population.
        """
        owner = f"rule {rule.id}"
        applies = self.expression(owner, rule.applies_to)
        when = self.expression(owner, rule.when)
        unless = self.expression(owner, rule.unless) if rule.unless is not None else None
        excluders = [self.cached("rule", name, TOP, None) for name in rule.excluded_by]

        def judge(env: Env) -> Any:
            result: Truth = applies(env)
            if result is False:
                return OUTSIDE
            truth = when(env)
            if truth is False:
                return False
            if truth is None:
                result = None
            if unless is not None:
                truth = unless(env)
                if truth is True:
                    return False
                if truth is None:
                    result = None
            for excluder in excluders:
                truth = excluder(env)
                if truth is True:
                    return False
                if truth is None:
                    result = None
            return result

        return judge

    def whole(self, rule: Rule) -> Fn:
        """The rule as others see it: UNKNOWN where it is not in force, NO outside its population."""
        judge, period = self.rule(rule), rule.in_force

        def whole(env: Env) -> Truth:
            if not period.holds(env[AS_OF]):
                return None
            truth: Any = judge(env)
            return False if truth is OUTSIDE else truth

        return whole

    def external(self, name: str) -> Fn:
        """An external condition, as supplied with the subject's row or by an overlay."""
        pack, given = self.pack.id, self.pack.externals[name].value
        place = MEMBER if self.pack.externals[name].subject == "member" else TOP

        def supplied(env: Env) -> Truth:
            row: Row = env[place]
            return row.external.get(pack, {}).get(name, given)

        return supplied

    def cached(self, kind: str, name: str, place: int, base: Fn | None) -> Fn:
        """A named condition, evaluated once for each record it is asked of.

        ``base`` gives the record where it is not the expression's own subject.
        """
        table = {
            "population": self.pack.populations,
            "defined": self.pack.definitions,
            "rule": self.pack.rules,
            "external": self.pack.externals,
        }[kind]
        subject = table[name].subject  # type: ignore[attr-defined]
        home = MEMBER if subject == "member" else TOP
        named = (kind, name)
        key = (*named, self._tag) if named in self._changed else named

        def ask(env: Env) -> Any:
            row = env[home] if base is None else base(env)
            memo = env[MEMO]
            where = (key, id(row))
            if where in memo:
                return memo[where]
            outer = env[home]
            env[home] = row
            try:
                found = memo[where] = self.named(kind, name)(env)
            finally:
                env[home] = outer
            return found

        return ask


# -- one function a node ---------------------------------------------------------------------------


def _const(at: Interpreter, node: Const) -> Fn:
    value = node.value
    return lambda env: value


def _var(at: Interpreter, node: Var) -> Fn:
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


def missing_value(field: Field) -> Any:
    """What a fact that is not recorded stands for: the whole of its range, or unknown."""
    match field.type:
        case NumberType():
            return field.lo if field.lo == field.hi else Interval(field.lo, field.hi)
        case DateType():
            return ANY_DATE
        case ListType():
            return UNKNOWN_LIST
        case ByYearType():
            return {}
        case RecordType():
            return EMPTY_ROW
        case _:
            return None


def _fact(at: Interpreter, node: Fact) -> Fn:
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


def _year_item(at: Interpreter, node: YearItem) -> Fn:
    base, year = at.build(node.base), at.build(node.year)

    def of_year(env: Env) -> Row:
        key = year(env)
        if type(key) is Interval:
            return EMPTY_ROW
        found: Row = base(env).get(key, EMPTY_ROW)
        return found

    return of_year


def _named(at: Interpreter, node: Named) -> Fn:
    name = node.base.name
    if name in ("member", "household") or at.slot(node.base) in (TOP, MEMBER):
        return at.cached(node.kind, node.name, TOP, None)
    return at.cached(node.kind, node.name, TOP, at.build(node.base))


def _param(at: Interpreter, node: Param) -> Fn:
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


def _and(at: Interpreter, node: And) -> Fn:
    items = [at.build(item) for item in node.items]

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


def _or(at: Interpreter, node: Or) -> Fn:
    items = [at.build(item) for item in node.items]

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


def _not(at: Interpreter, node: Not) -> Fn:
    item = at.build(node.item)

    def opposite(env: Env) -> Truth:
        truth = item(env)
        return None if truth is None else not truth

    return opposite


def _leaf(at: Interpreter, node: Leaf) -> Fn:
    return at.build(node.body)


def _compare(at: Interpreter, node: Compare) -> Fn:
    left, right = at.build(node.left), at.build(node.right)
    if isinstance(node.left.type, CodeType | TextType):
        same = node.op == "=="

        def codes(env: Env) -> Truth:
            a, b = left(env), right(env)
            return None if a is None or b is None else (a == b) is same

        return codes
    compare = _COMPARE[node.op]
    return lambda env: compare(left(env), right(env))


def _one_of(at: Interpreter, node: OneOf) -> Fn:
    item, options = at.build(node.item), node.options

    def member(env: Env) -> Truth:
        value = item(env)
        if type(value) is Interval:
            return None if any(value.lo <= o <= value.hi for o in options) else False
        return None if value is None else value in options

    return member


def _holds(at: Interpreter, node: Holds) -> Fn:
    codes, code = at.build(node.codes), node.code

    def holds(env: Env) -> Truth:
        found = codes(env)
        return None if found is None else code in found

    return holds


def _set_test(at: Interpreter, node: SetTest) -> Fn:
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


def _known(at: Interpreter, node: Known) -> Fn:
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


def _arith(at: Interpreter, node: Arith) -> Fn:
    left, right, op = at.build(node.left), at.build(node.right), _ARITH[node.op]
    return lambda env: op(left(env), right(env))


def _extreme(at: Interpreter, node: Extreme) -> Fn:
    args = [at.build(arg) for arg in node.args]
    pick = smallest if node.kind == "min" else largest
    return lambda env: pick([arg(env) for arg in args])


def _choice(at: Interpreter, node: Choice) -> Fn:
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


def _fold(at: Interpreter, node: Fold) -> Fn:
    source = at.build(node.source)
    slot = at.loop(node.var)
    where = None if node.where is None else at.build(node.where)
    body = None if node.body is None else at.build(node.body)
    return lists.FOLDS[node.kind](source, slot, where, body)


def _longest_run(at: Interpreter, node: LongestRun) -> Fn:
    source = at.build(node.source)
    slot = at.loop(node.var)
    where = None if node.where is None else at.build(node.where)
    return lists.longest_run(source, slot, where)


def _call(at: Interpreter, node: Call) -> Fn:
    function = values.FUNCTIONS[node.function]
    args = [at.build(arg) for arg in node.args]
    if len(args) == 1:
        only = args[0]
        return lambda env: function(only(env))
    return lambda env: function(*(arg(env) for arg in args))


def _table(at: Interpreter, node: TableCall) -> Fn:
    arg = at.build(node.arg)
    read = values.TABLES[node.kind]
    rows = at.pack.tables[node.table].rows
    return lambda env: read(rows, arg(env))


MEANING: Final[Mapping[type[Any], Callable[[Interpreter, Any], Fn]]] = {
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
