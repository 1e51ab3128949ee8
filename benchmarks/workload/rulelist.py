"""The rules of ``plain.py`` as syntax trees, and what the translators into other languages share."""

from __future__ import annotations

import ast
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import plain

MONEY: Final = ("income", "prev_income", "medical", "education")
WHOLE: Final = (
    "labour",
    "employed",
    "size",
    "disabled_count",
    "severe_disabled_count",
    "chronic_count",
    "migrant_months",
    "startup_months",
    "startup_employees",
    "year",
)
TRUTHS: Final = (
    "relocated",
    "disaster",
    "has_luxury_car",
    "owns_commercial_house",
    "public_employee",
    "business_owner",
    "in_coop",
    "coop_bound",
    "wants_loan",
    "credit_ok",
)
FACTS: Final = (*MONEY, *WHOLE, *TRUTHS, "hh_type")
TYPES: Final = ("general", "lifted", "monitored", "low_income")
MEMBER_FACTS: Final = ("age", "student", "dis")


def _read() -> dict[str, ast.expr]:
    function = ast.parse(inspect.getsource(plain.outcomes)).body[0]
    assert isinstance(function, ast.FunctionDef)
    found = {}
    for statement in function.body:
        if isinstance(statement, ast.Assign):
            (target,) = statement.targets
            assert isinstance(target, ast.Name)
            if target.id[1:].isdigit():
                found[target.id] = statement.value
    return found


#: Each rule's expression, in order.
RULES: Final[Mapping[str, ast.expr]] = _read()
NAMES: Final = tuple(RULES)
#: The rules that give an amount; the others give true or false.
AMOUNTS: Final = tuple(n for n, e in RULES.items() if isinstance(e, ast.IfExp))
FLAGS: Final = tuple(n for n in NAMES if n not in AMOUNTS)


def named(node: ast.AST) -> set[str]:
    """The facts and rules an expression names."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - {"any", "sum", "m"}


def _level(name: str) -> int:
    return 1 + max((_level(n) for n in named(RULES[name]) if n in RULES), default=-1)


#: How many rules stand below each rule, one upon another.
LEVEL: Final = {name: _level(name) for name in NAMES}
#: The rules that look at members.
OF_MEMBERS: Final = tuple(n for n, e in RULES.items() if "members" in named(e))


def with_rules_written_out(node: ast.expr, keep: tuple[str, ...] = ()) -> ast.expr:
    """The expression with what other rules say in place of their names, for languages that cannot chain."""

    class Out(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            if name.id in RULES and name.id not in keep:
                found: ast.expr = self.visit(copy.deepcopy(RULES[name.id]))
                return found
            return name

    written: ast.expr = Out().visit(copy.deepcopy(node))
    return written


def tiers(amount: ast.expr) -> Iterator[tuple[ast.expr, int]]:
    """The conditions of an amount with what each pays, the first that holds deciding."""
    while isinstance(amount, ast.IfExp):
        assert isinstance(amount.body, ast.Constant)
        yield amount.test, amount.body.value
        amount = amount.orelse


def of_money(node: ast.AST) -> bool:
    """Whether an expression names an amount of money."""
    return bool(named(node) & set(MONEY))


COMPARISONS: Final[Mapping[type[ast.AST], str]] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
SUMS: Final[Mapping[type[ast.AST], str]] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}


class Language:
    """Says an expression in another language; a language changes the words that are its own."""

    both, either, same = "and", "or", "=="

    def __call__(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values):
                word = self.both if isinstance(op, ast.And) else self.either
                return "(" + f" {word} ".join(map(self, values)) + ")"
            case ast.UnaryOp(operand=operand):
                return self.negated(self(operand))
            case ast.Compare():
                return self.compared(node)
            case ast.BinOp(left=left, op=op, right=right):
                return f"({self(left)} {SUMS[type(op)]} {self(right)})"
            case ast.Name(id=name):
                return self.rule(name) if name in RULES else self.fact(name)
            case ast.Subscript(slice=ast.Constant(value=name)):
                return self.of_member(name)
            case ast.Constant(value=str(code)):
                return self.code(code)
            case ast.Constant(value=number):
                return self.number(number)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.choice(self(test), self(body), self(orelse))
            case ast.Call(func=ast.Name(id="any"), args=[ast.GeneratorExp(elt=condition)]):
                return self.some(condition)
            case ast.Call(args=[ast.GeneratorExp(generators=[loop])]):
                return self.counted(loop.ifs[0])
        raise TypeError(ast.dump(node))

    def compared(self, node: ast.Compare) -> str:
        sign = COMPARISONS[type(node.ops[0])]
        sign = self.same if sign == "==" else sign
        return f"({self(node.left)} {sign} {self(node.comparators[0])})"

    def negated(self, said: str) -> str:
        return f"(not {said})"

    def fact(self, name: str) -> str:
        return name

    def rule(self, name: str) -> str:
        return name

    def of_member(self, name: str) -> str:
        return f"m.{name}"

    def code(self, code: str) -> str:
        return f'"{code}"'

    def number(self, number: int) -> str:
        return str(number)

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"({test} ? {body} : {orelse})"

    def some(self, condition: ast.expr) -> str:
        """Whether a condition holds of any member."""
        raise NotImplementedError

    def counted(self, condition: ast.expr) -> str:
        """Of how many members a condition holds."""
        raise NotImplementedError


def by_rule(say: Callable[[ast.expr], str]) -> dict[str, str]:
    """Every rule in a language."""
    return {name: say(node) for name, node in RULES.items()}
