"""From one line of text to a checked node.

The text is read with the standard :mod:`ast` module and never run. Every mistake in an expression
is reported, each with its own column.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, NoReturn

from policy_rules.errors import Place, Problems, nearest, shown
from policy_rules.expr.functions import FUNCTIONS
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
from policy_rules.expr.scope import NamedKind, Scope
from policy_rules.expr.types import (
    BOOL,
    NUMBER,
    BoolType,
    ByYearType,
    CodesType,
    CodeType,
    DateType,
    ListType,
    NumberType,
    RecordType,
    TextType,
    Type,
    UnitError,
    describe,
    product_unit,
    quotient_unit,
    sum_unit,
)

MAX_LENGTH: Final = 2000
# `from` is a keyword to Python but the natural name of a fact; a full-width letter of the same
# length hides it from the tokenizer, and `ast` folds it back (PEP 3131).
_KEYWORD: Final = re.compile(r"\.from\b")
MAX_DEPTH: Final = 60
NAMED: Final = ("population", "rule", "defined", "external")
_FOLDS: Final = ("any", "all", "count", "sum", "longest_run")
_OPS: Final[dict[type[ast.AST], str]] = {
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
    tree = _tree(text, place, problems)
    if tree is None:
        return None
    checker = _Checker(_hidden(text), scope, place, problems)
    node = checker.node(tree)
    if node is not None and expect is not None and not _fits(node.type, expect):
        checker.note("type_mismatch", tree, expected=describe(expect), got=describe(node.type))
        return None
    return node


def _tree(text: str, place: Place, problems: Problems) -> ast.expr | None:
    if len(text) > MAX_LENGTH:
        problems.add("expression_too_long", place, expected=str(MAX_LENGTH), got=str(len(text)))
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(_hidden(text), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None)
        where = _shift(place, (column or 1) - 1)
        problems.add("bad_syntax", where, got=shown(text), detail=_python_message(error))
        return None
    if _depth(tree) > MAX_DEPTH:
        problems.add("expression_too_deep", place, expected=str(MAX_DEPTH), got=shown(text))
        return None
    return tree


def _hidden(text: str) -> str:
    return _KEYWORD.sub(".ｆrom", text.strip())


def _python_message(error: BaseException) -> str:
    message = getattr(error, "msg", None) or type(error).__name__
    return str(message).split("(")[0].strip().lower().rstrip(".")


def _depth(tree: ast.AST) -> int:
    depth, level = 0, [tree]
    while level:
        depth += 1
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return depth


def _shift(place: Place, columns: int) -> Place:
    if place.column is None:
        return place
    return Place(place.file, place.line, place.column + columns, place.path)


def _fits(got: Type, expect: Type) -> bool:
    if isinstance(got, NumberType) and isinstance(expect, NumberType):
        return got.unit is None or expect.unit is None or got.unit == expect.unit
    return type(got) is type(expect)


class _Fail(Exception):
    """One sub-expression is wrong; it has been noted."""


class _Checker:
    def __init__(self, text: str, scope: Scope, place: Place, problems: Problems) -> None:
        self.text = text
        self.scope = scope
        self.place = place
        self.problems = problems
        self.variables: dict[str, Type] = dict(scope.variables())

    # -- plumbing ------------------------------------------------------------------------

    def node(self, tree: ast.expr) -> Node | None:
        """The checked node, or None once its mistakes are noted."""
        try:
            return self.value(tree)
        except _Fail:
            return None

    def note(self, code: str, tree: ast.AST, **data: str) -> None:
        offset = len(self.text.encode()[: getattr(tree, "col_offset", 0)].decode(errors="ignore"))
        self.problems.add(code, _shift(self.place, offset), **data)

    def fail(self, code: str, tree: ast.AST, **data: str) -> NoReturn:
        self.note(code, tree, **data)
        raise _Fail

    def source(self, tree: ast.AST) -> str:
        segment = ast.get_source_segment(self.text, tree) or self.text
        return shown(segment.replace("ｆrom", "from"))

    def many(
        self, trees: Sequence[ast.expr], check: Callable[[ast.expr], Node]
    ) -> tuple[Node, ...]:
        """Check all, so that every mistake is noted, then fail if one failed."""
        found: list[Node] = []
        failed = False
        for tree in trees:
            try:
                found.append(check(tree))
            except _Fail:
                failed = True
        if failed:
            raise _Fail
        return tuple(found)

    # -- entry points by kind ---------------------------------------------------------------

    def value(self, tree: ast.expr) -> Node:
        handler = _HANDLERS.get(type(tree))
        if handler is None:
            self.fail("not_in_language", tree, got=self.source(tree))
        return handler(self, tree)

    def condition(self, tree: ast.expr) -> Node:
        node = self.value(tree)
        if not isinstance(node.type, BoolType):
            self.fail("type_mismatch", tree, expected=describe(BOOL), got=describe(node.type))
        return node

    def number(self, tree: ast.expr) -> Node:
        node = self.value(tree)
        if not isinstance(node.type, NumberType):
            self.fail("type_mismatch", tree, expected=describe(NUMBER), got=describe(node.type))
        return node

    # -- literals and names -------------------------------------------------------------------

    def constant(self, tree: ast.Constant) -> Node:
        if isinstance(tree.value, str):
            return Const(tree.value, TextType())
        if isinstance(tree.value, bool) or not isinstance(tree.value, int | float):
            self.fail("not_in_language", tree, got=self.source(tree))
        literal = (ast.get_source_segment(self.text, tree) or "").replace("_", "")
        try:
            exact = Fraction(literal)
        except (ValueError, ZeroDivisionError):
            self.fail("bad_number", tree, got=self.source(tree))
        whole = exact.denominator == 1
        return Const(exact.numerator if whole else exact, NumberType(None, whole))

    def name(self, tree: ast.Name) -> Node:
        kind = self.variables.get(tree.id)
        if kind is None:
            names = [*self.variables, *FUNCTIONS, *_FOLDS, *NAMED, "param", "income"]
            self.fail("unknown_name", tree, got=shown(tree.id), nearest=nearest(tree.id, names))
        return Var(tree.id, kind)

    def attribute(self, tree: ast.Attribute) -> Node:
        names: list[str] = []
        base: ast.expr = tree
        while isinstance(base, ast.Attribute):
            names.insert(0, base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id not in self.variables:
            if base.id == "param":
                return self.parameter(tree, names)
            if base.id in NAMED:
                subject = Var(self.scope.subject, RecordType(self.scope.subject))
                return self.named(tree, subject, [base.id, *names])
        return self.path(tree, self.value(base), names)

    def parameter(self, tree: ast.AST, names: list[str], on: Node | None = None) -> Node:
        known = self.scope.parameters()
        name = ".".join(names)
        if name not in known:
            self.fail("unknown_parameter", tree, got=shown(name), nearest=nearest(name, known))
        return Param(name, on, known[name])

    def named(self, tree: ast.AST, base: Var, names: list[str]) -> Node:
        kind: NamedKind = names[0]  # type: ignore[assignment]
        name = ".".join(names[1:])
        record = base.type.name if isinstance(base.type, RecordType) else ""
        known = self.scope.named(kind, record)
        if name not in known:
            hint = nearest(name, known)
            for other, other_type in self.variables.items():
                if isinstance(other_type, RecordType) and not hint:
                    hint = (
                        f"{other}.{kind}.{name}"
                        if (name in self.scope.named(kind, other_type.name))
                        else ""
                    )
            self.fail(f"unknown_{kind}", tree, got=shown(name), nearest=hint)
        return Named(kind, name, base, known[name])

    def path(self, tree: ast.AST, base: Node, names: list[str]) -> Node:
        while names:
            if not isinstance(base.type, RecordType):
                self.fail("no_facts_below", tree, got=describe(base.type), detail=shown(names[0]))
            if names[0] in NAMED and isinstance(base, Var):
                return self.named(tree, base, names)
            fields = self.scope.fields(base.type.name)
            base, names = self.step(tree, base, fields, names)
        return base

    def step(
        self, tree: ast.AST, base: Node, fields: Mapping[str, Field], names: list[str]
    ) -> tuple[Node, list[str]]:
        for end in range(len(names), 0, -1):
            field = fields.get(".".join(names[:end]))
            if field is not None:
                return Fact(base, field, field.type), names[end:]
        name = ".".join(names)
        if any(f.startswith(name + ".") for f in fields):
            group = [f for f in fields if f.startswith(name + ".")]
            self.fail("group_not_fact", tree, got=shown(name), nearest=group[0])
        self.fail("unknown_fact", tree, got=shown(name), nearest=nearest(name, fields))

    # -- operators ------------------------------------------------------------------------------

    def boolean(self, tree: ast.BoolOp) -> Node:
        items = self.many(tree.values, self.condition)
        return And(items) if isinstance(tree.op, ast.And) else Or(items)

    def unary(self, tree: ast.UnaryOp) -> Node:
        if isinstance(tree.op, ast.Not):
            return Not(self.condition(tree.operand))
        if isinstance(tree.op, ast.USub):
            node = self.number(tree.operand)
            kind = node.type
            assert isinstance(kind, NumberType)
            if isinstance(node, Const) and isinstance(node.value, int | Fraction):
                return Const(-node.value, kind)
            return Arith("-", Const(0, NumberType(kind.unit, True)), node, kind)
        self.fail("not_in_language", tree, got=self.source(tree))

    def binary(self, tree: ast.BinOp) -> Node:
        op = _OPS.get(type(tree.op))
        if op is None:
            self.fail("not_in_language", tree, got=self.source(tree))
        left, right = self.many((tree.left, tree.right), self.number)
        a, b = left.type, right.type
        assert isinstance(a, NumberType) and isinstance(b, NumberType)
        rule = {"*": product_unit, "/": quotient_unit}.get(op, sum_unit)
        try:
            unit = rule(a.unit, b.unit)
        except UnitError:
            self.fail("unit_mismatch", tree, expected=a.unit or "", got=b.unit or "", detail=op)
        return Arith(op, left, right, NumberType(unit, op != "/" and a.integral and b.integral))

    def choice(self, tree: ast.IfExp) -> Node:
        condition, then, otherwise = self.many((tree.test, tree.body, tree.orelse), self.value)
        if not isinstance(condition.type, BoolType):
            self.fail(
                "type_mismatch", tree.test, expected=describe(BOOL), got=describe(condition.type)
            )
        return Choice(condition, then, otherwise, self.common(tree, then, otherwise))

    def common(self, tree: ast.AST, left: Node, right: Node) -> Type:
        """The one type two values share, for comparisons and choices."""
        a, b = left.type, right.type
        if isinstance(a, NumberType) and isinstance(b, NumberType):
            try:
                unit = sum_unit(a.unit, b.unit)
            except UnitError:
                self.fail(
                    "unit_mismatch", tree, expected=a.unit or "", got=b.unit or "", detail="=="
                )
            return NumberType(unit, a.integral and b.integral)
        if a != b or isinstance(a, RecordType | ListType | ByYearType):
            self.fail("type_mismatch", tree, expected=describe(a), got=describe(b))
        return a

    def comparison(self, tree: ast.Compare) -> Node:
        sides = [tree.left, *tree.comparators]
        parts: list[Node] = []
        failed = False
        for op, left, right in zip(tree.ops, sides[:-1], sides[1:], strict=True):
            try:
                parts.append(self.pair(tree, op, left, right))
            except _Fail:
                failed = True
        if failed:
            raise _Fail
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def pair(self, tree: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Node:
        if isinstance(op, ast.In | ast.NotIn):
            node = self.membership(left, right)
            return Not(node) if isinstance(op, ast.NotIn) else node
        sign = _OPS.get(type(op))
        if sign is None:
            self.fail("not_in_language", tree, got=self.source(tree))
        a, b = self.operands(left, right)
        kind = self.common(tree, a, b)
        if isinstance(kind, CodesType | BoolType):
            self.fail("not_comparable", tree, got=describe(kind))
        if isinstance(kind, CodeType | TextType) and sign not in ("==", "!="):
            self.fail("not_ordered", tree, got=describe(kind), expected="`==`, `!=` or `in`")
        return Compare(sign, a, b)

    def operands(self, left: ast.expr, right: ast.expr) -> tuple[Node, Node]:
        """Both sides; a bare name on one side is a code of the other side's list."""
        if self.bare(left) and not self.bare(right):
            b = self.value(right)
            return self.code_or_value(left, b), b
        if self.bare(right) and not self.bare(left):
            a = self.value(left)
            return a, self.code_or_value(right, a)
        a, b = self.many((left, right), self.value)
        return a, b

    def bare(self, tree: ast.expr) -> bool:
        return isinstance(tree, ast.Name) and tree.id not in self.variables

    def code_or_value(self, tree: ast.expr, other: Node) -> Node:
        if isinstance(other.type, CodeType):
            return Const(self.code(tree, other.type.codes), other.type)
        return self.value(tree)

    def code(self, tree: ast.expr, codes: str) -> str:
        known = self.scope.codes(codes)
        name = tree.id if isinstance(tree, ast.Name) else ""
        if name not in known:
            got = shown(name) if name else self.source(tree)
            self.fail(
                "unknown_code", tree, got=got, expected=codes, nearest=nearest(name, sorted(known))
            )
        return name

    def membership(self, left: ast.expr, right: ast.expr) -> Node:
        if isinstance(right, ast.Set):
            item = self.value(left)
            if isinstance(item.type, CodeType):
                codes = item.type.codes
                return OneOf(item, frozenset(self.code(t, codes) for t in right.elts))
            if isinstance(item.type, NumberType):
                values = self.many(right.elts, self.number)
                if not all(isinstance(v, Const) for v in values):
                    self.fail("not_constant", right, got=self.source(right))
                return OneOf(item, frozenset(v.value for v in values if isinstance(v, Const)))
            self.fail("type_mismatch", left, expected="a code or a number", got=describe(item.type))
        codes_node = self.value(right)
        if not isinstance(codes_node.type, CodesType):
            self.fail(
                "type_mismatch", right, expected="a set of codes", got=describe(codes_node.type)
            )
        return Holds(codes_node, self.code(left, codes_node.type.codes))

    # -- calls --------------------------------------------------------------------------------

    def call(self, tree: ast.Call) -> Node:
        if tree.keywords or any(isinstance(a, ast.Starred) for a in tree.args):
            self.fail("not_in_language", tree, got=self.source(tree))
        function = tree.func
        if isinstance(function, ast.Name) and function.id not in self.variables:
            name = function.id
            special = _CALLS.get(name)
            if special is not None:
                return special(self, tree)
            if name in FUNCTIONS:
                return self.function(tree, name)
            names = [*FUNCTIONS, *_CALLS]
            self.fail("unknown_function", tree, got=shown(name), nearest=nearest(name, names))
        if (
            isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Name)
            and function.value.id == "param"
        ):
            (on,) = self.arguments(tree, 1, DateType())
            return self.parameter(tree, [function.attr], on)
        base = self.value(function)
        if not isinstance(base.type, ByYearType):
            self.fail("not_callable", tree, got=self.source(function))
        return self.year_item(tree, base)

    def year_item(self, tree: ast.Call, base: Node) -> Node:
        assert isinstance(base.type, ByYearType)
        (year,) = self.arguments(tree, 1, NUMBER)
        return YearItem(base, year, base.type.item)

    def arguments(self, tree: ast.Call, count: int, *kinds: Type) -> tuple[Node, ...]:
        if len(tree.args) != count:
            self.fail("argument_count", tree, expected=str(count), got=str(len(tree.args)))
        args = self.many(tree.args, self.value)
        for arg, where, kind in zip(args, tree.args, kinds, strict=False):
            if not _fits(arg.type, kind):
                self.fail("type_mismatch", where, expected=describe(kind), got=describe(arg.type))
        return args

    def function(self, tree: ast.Call, name: str) -> Node:
        function = FUNCTIONS[name]
        args = self.arguments(tree, len(function.arguments), *function.arguments)
        return Call(name, args, function.result([a.type for a in args]))

    def income(self, tree: ast.Call) -> Node:
        household = self.variables.get("household")
        if household is None:
            self.fail("unknown_name", tree, got="`income`")
        return self.year_item(tree, self.path(tree, Var("household", household), ["incomes"]))

    def known(self, tree: ast.Call) -> Node:
        (fact,) = self.arguments(tree, 1)
        if not isinstance(fact, Fact | Param | Named):
            self.fail("type_mismatch", tree, expected="a fact", got=self.source(tree.args[0]))
        return Known(fact)

    def set_test(self, tree: ast.Call) -> Node:
        if len(tree.args) != 2:
            self.fail("argument_count", tree, expected="2", got=str(len(tree.args)))
        facts = [None if isinstance(a, ast.Set) else self.value(a) for a in tree.args]
        kinds = [f.type for f in facts if f is not None]
        if not kinds or not all(isinstance(k, CodesType) and k == kinds[0] for k in kinds):
            self.fail("type_mismatch", tree, expected="a set of codes", got=self.source(tree))
        codes = kinds[0]
        assert isinstance(codes, CodesType)
        sides: list[Any] = []
        for arg, fact in zip(tree.args, facts, strict=True):
            if isinstance(arg, ast.Set):
                sides.append(frozenset(self.code(t, codes.codes) for t in arg.elts))
            else:
                sides.append(fact)
        function = tree.func
        assert isinstance(function, ast.Name)
        kind = function.id
        return SetTest("subset" if kind == "subset" else "disjoint", sides[0], sides[1])

    def extreme(self, tree: ast.Call) -> Node:
        if len(tree.args) < 2:
            self.fail("argument_count", tree, expected="2 or more", got=str(len(tree.args)))
        args = self.many(tree.args, self.value)
        kind: Type = args[0].type
        for arg in args[1:]:
            kind = self.common(tree, args[0], arg)
        if not isinstance(kind, NumberType | DateType):
            self.fail("type_mismatch", tree, expected=describe(NUMBER), got=describe(kind))
        function = tree.func
        assert isinstance(function, ast.Name)
        return Extreme("min" if function.id == "min" else "max", args, kind)

    def table(self, tree: ast.Call) -> Node:
        function = tree.func
        assert isinstance(function, ast.Name)
        known = self.scope.tables()
        first = tree.args[0] if tree.args else tree
        match first:
            case ast.Attribute(value=ast.Name(id="table"), attr=name) if len(tree.args) == 2:
                pass
            case _:
                self.fail(
                    "argument_count", tree, expected="table.name, value", got=self.source(tree)
                )
        if name not in known or known[name][0] != function.id:
            fitting = [n for n, t in known.items() if t[0] == function.id]
            self.fail("unknown_table", tree, got=shown(name), nearest=nearest(name, fitting))
        _, key, result = known[name]
        arg = self.value(tree.args[1])
        if not _fits(arg.type, key):
            self.fail("type_mismatch", tree, expected=describe(key), got=describe(arg.type))
        kind = function.id
        return TableCall(kind, name, arg, result)  # type: ignore[arg-type]

    # -- folds over lists -----------------------------------------------------------------------

    def fold(self, tree: ast.Call) -> Node:
        function = tree.func
        assert isinstance(function, ast.Name)
        kind = function.id
        generator = tree.args[0] if len(tree.args) == 1 else None
        if not isinstance(generator, ast.GeneratorExp) or len(generator.generators) != 1:
            self.fail(
                "bad_fold", tree, got=self.source(tree), expected=f"{kind}(… for m in members if …)"
            )
        loop = generator.generators[0]
        if not isinstance(loop.target, ast.Name) or loop.is_async:
            self.fail(
                "bad_fold", tree, got=self.source(tree), expected=f"{kind}(… for m in members if …)"
            )
        name = loop.target.id
        if name in self.variables:
            self.fail("shadowed_name", loop.target, got=shown(name))
        source = self.value(loop.iter)
        if not isinstance(source.type, ListType):
            self.fail("type_mismatch", loop.iter, expected="a list", got=describe(source.type))
        var = Var(name, source.type.item)
        self.variables[name] = var.type
        try:
            tests = self.many(loop.ifs, self.condition)
            where = None if not tests else tests[0] if len(tests) == 1 else And(tests)
            return self.fold_body(tree, kind, var, source, where, generator.elt)
        finally:
            del self.variables[name]

    def fold_body(
        self, tree: ast.Call, kind: str, var: Var, source: Node, where: Node | None, elt: ast.expr
    ) -> Node:
        if kind in ("any", "all"):
            return Fold(kind, var, source, where, self.condition(elt), BOOL)  # type: ignore[arg-type]
        if kind == "sum":
            body = self.number(elt)
            return Fold("sum", var, source, where, body, body.type)
        if not (isinstance(elt, ast.Name) and elt.id == var.name):
            self.fail("bad_fold", tree, got=self.source(tree), expected=f"{kind}({var.name} for …)")
        assert isinstance(source.type, ListType)
        item = source.type.item.name
        if kind == "longest_run":
            fields = self.scope.fields(item)
            if not {"from", "to"} <= set(fields):
                self.fail("bad_fold", tree, got=describe(source.type), expected="a list of spells")
            return LongestRun(var, source, where, NumberType("months", True))
        unit = "persons" if item == "member" else None
        return Fold("count", var, source, where, None, NumberType(unit, True))


_CALLS: Final[dict[str, Callable[[_Checker, ast.Call], Node]]] = {
    "income": _Checker.income,
    "known": _Checker.known,
    "subset": _Checker.set_test,
    "disjoint": _Checker.set_test,
    "min": _Checker.extreme,
    "max": _Checker.extreme,
    "lookup": _Checker.table,
    "tier": _Checker.table,
    "slices": _Checker.table,
    **dict.fromkeys(_FOLDS, _Checker.fold),
}

_HANDLERS: Final[dict[type[ast.expr], Callable[[_Checker, Any], Node]]] = {
    ast.Constant: _Checker.constant,
    ast.Name: _Checker.name,
    ast.Attribute: _Checker.attribute,
    ast.BoolOp: _Checker.boolean,
    ast.UnaryOp: _Checker.unary,
    ast.BinOp: _Checker.binary,
    ast.IfExp: _Checker.choice,
    ast.Compare: _Checker.comparison,
    ast.Call: _Checker.call,
}
