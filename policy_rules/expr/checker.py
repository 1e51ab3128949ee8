"""What every construct of the language is checked with: notes with columns, names, facts, codes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeVar

from policy_rules.errors import Place, Problems, nearest, shown
from policy_rules.expr import text as texts
from policy_rules.expr.functions import FUNCTIONS
from policy_rules.expr.nodes import Fact, Field, Named, Node, Param, Var
from policy_rules.expr.scope import NamedKind, Scope
from policy_rules.expr.types import (
    BOOL,
    NUMBER,
    BoolType,
    ByYearType,
    ListType,
    NumberType,
    RecordType,
    Type,
    UnitError,
    describe,
    sum_unit,
    unit_name,
)

_T = TypeVar("_T")
NAMED: Final = ("population", "rule", "defined", "external")
#: Names that mean the same everywhere; no loop variable may take them.
RESERVED: Final = frozenset(
    ["household", "member", "members", "others", "as_of", "target_year", "this", "param", "table"]
)
FOLDS: Final = ("any", "all", "count", "sum", "longest_run")


def fits(got: Type, expect: Type) -> bool:
    """Whether a value of one type may stand where another is called for."""
    if isinstance(got, NumberType) and isinstance(expect, NumberType):
        return got.unit is None or expect.unit is None or got.unit == expect.unit
    return got == expect


class Fail(Exception):
    """One sub-expression is wrong; it has been noted."""


class Checker:
    """One expression being checked; ``handlers`` says what becomes of each kind of syntax."""

    def __init__(
        self,
        text: str,
        scope: Scope,
        place: Place,
        problems: Problems,
        handlers: Mapping[type[ast.expr], Callable[[Checker, Any], Node]],
    ) -> None:
        self.text = text
        self.handlers = handlers
        self.scope = scope
        self.place = place
        self.problems = problems
        self.variables: dict[str, Type] = dict(scope.variables())

    # -- plumbing ------------------------------------------------------------------------

    def node(self, tree: ast.expr) -> Node | None:
        """The checked node, or None once its mistakes are noted."""
        try:
            return self.value(tree)
        except Fail:
            return None

    def note(self, code: str, tree: ast.AST, **data: str) -> None:
        """Note a mistake at the column of ``tree``."""
        self.problems.add(code, texts.shift(self.place, texts.offset(self.text, tree)), **data)

    def fail(self, code: str, tree: ast.AST, **data: str) -> NoReturn:
        """Note a mistake and give this part up."""
        self.note(code, tree, **data)
        raise Fail

    def source(self, tree: ast.AST) -> str:
        """What the user wrote there, in backticks."""
        return texts.source(self.text, tree)

    def many(self, trees: Sequence[ast.expr], check: Callable[[ast.expr], _T]) -> tuple[_T, ...]:
        """Check all, so that every mistake is noted, then fail if one failed."""
        found: list[_T] = []
        failed = False
        for tree in trees:
            try:
                found.append(check(tree))
            except Fail:
                failed = True
        if failed:
            raise Fail
        return tuple(found)

    # -- entry points by kind ---------------------------------------------------------------

    def value(self, tree: ast.expr) -> Node:
        """Any value."""
        handler = self.handlers.get(type(tree))
        if handler is None:
            self.fail("not_in_language", tree, got=self.source(tree))
        return handler(self, tree)

    def condition(self, tree: ast.expr) -> Node:
        """A yes-or-no value."""
        node = self.value(tree)
        if not isinstance(node.type, BoolType):
            self.fail("type_mismatch", tree, expected=describe(BOOL), got=describe(node.type))
        return node

    def number(self, tree: ast.expr) -> Node:
        """A number."""
        node = self.value(tree)
        if not isinstance(node.type, NumberType):
            self.fail("type_mismatch", tree, expected=describe(NUMBER), got=describe(node.type))
        return node

    # -- names -------------------------------------------------------------------

    def name(self, tree: ast.Name) -> Node:
        """A bare name that is no code."""
        kind = self.variables.get(tree.id)
        if kind is None:
            names = [*self.variables, *FUNCTIONS, *FOLDS, *NAMED, "param", "income"]
            self.fail("unknown_name", tree, got=shown(tree.id), nearest=nearest(tree.id, names))
        return Var(tree.id, kind)

    def attribute(self, tree: ast.Attribute) -> Node:
        """A dotted name."""
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
        """``param.x``, on ``as_of`` or on another date."""
        known = self.scope.parameters()
        name = ".".join(names)
        if name not in known:
            self.fail("unknown_parameter", tree, got=shown(name), nearest=nearest(name, known))
        return Param(name, on, known[name])

    def named(self, tree: ast.AST, base: Var, names: list[str]) -> Node:
        """A population, rule, definition or external condition of ``base``."""
        kind: NamedKind = names[0]  # type: ignore[assignment]
        name = ".".join(names[1:])
        record = base.type.name if isinstance(base.type, RecordType) else ""
        known = self.scope.named(kind, record)
        if name not in known:
            hint = nearest(name, known)
            for other, of in self.variables.items():
                there = isinstance(of, RecordType) and name in self.scope.named(kind, of.name)
                hint = f"{other}.{kind}.{name}" if there and not hint else hint
            self.fail(f"unknown_{kind}", tree, got=shown(name), nearest=hint)
        return Named(kind, name, base, known[name])

    def path(self, tree: ast.AST, base: Node, names: list[str]) -> Node:
        """The fact (of a fact …) that a dotted name leads to."""
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
        """One fact of a record, its name as long as possible, and the names that are left."""
        for end in range(len(names), 0, -1):
            field = fields.get(".".join(names[:end]))
            if field is not None:
                return Fact(base, field, field.type), names[end:]
        name = ".".join(names)
        if any(f.startswith(name + ".") for f in fields):
            group = [f for f in fields if f.startswith(name + ".")]
            self.fail("group_not_fact", tree, got=shown(name), nearest=group[0])
        hint = nearest(name, fields)
        return self.fail("unknown_fact", tree, got=shown(name), nearest=hint)

    # -- types and codes ---------

    def common(
        self, tree: ast.AST, a: Type, b: Type, op: str = "and", right: ast.AST | None = None
    ) -> Type:
        """The one type two values share, for comparisons and choices."""
        if isinstance(a, NumberType) and isinstance(b, NumberType):
            try:
                unit = sum_unit(a.unit, b.unit)
            except UnitError:
                self.units(tree, a, op, b)
            return NumberType(unit, a.integral and b.integral)
        if a != b or isinstance(a, RecordType | ListType | ByYearType):
            self.fail("type_mismatch", right or tree, expected=describe(a), got=describe(b))
        return a

    def units(self, tree: ast.AST, left: NumberType, op: str, right: NumberType) -> NoReturn:
        """Note that two units do not go together."""
        self.fail(
            "unit_mismatch",
            tree,
            expected=unit_name(left.unit),
            got=unit_name(right.unit),
            detail=op,
        )

    def bare(self, tree: ast.expr) -> bool:
        """Whether this is a name of nothing in reach, hence perhaps a code."""
        return isinstance(tree, ast.Name) and tree.id not in self.variables

    def code(self, tree: ast.expr, codes: str) -> str:
        """A bare name as a code of a list."""
        known = self.scope.codes(codes)
        name = tree.id if isinstance(tree, ast.Name) else ""
        if name in known:
            return name
        written = str(tree.value) if isinstance(tree, ast.Constant) else name
        hint = nearest(written, sorted(known))
        got = shown(name) if name else self.source(tree)
        return self.fail("unknown_code", tree, got=got, expected=f"`{codes}`", nearest=hint)
