"""Every small change of one expression, as text: where, what it was, what it becomes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import attrs

from policy_rules.errors import Place, Problems
from policy_rules.expr import text as texts
from policy_rules.expr.nodes import Const, Holds, Node, OneOf, SetTest, walk
from policy_rules.expr.parser import OPERATORS
from policy_rules.expr.types import CodesType, CodeType

#: What each comparator becomes: its edge moved, itself turned.
TURNED: Final[dict[str, tuple[str, ...]]] = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "==": ("!=",),
    "!=": ("==",),
}
_ARITHMETIC: Final = {"+": "-", "-": "+", "*": "/", "/": "*"}
_CALLS: Final = {
    "any": ("all",),
    "all": ("any",),
    "min": ("max",),
    "max": ("min",),
    "subset": ("disjoint",),
    "disjoint": ("subset",),
    "round_up": ("round_down",),
    "round_down": ("round_up",),
    "round_half_up": ("round_down",),
    "months_between": ("calendar_months",),
    "calendar_months": ("months_between",),
}


@attrs.frozen
class Change:
    """One change of a text: the characters from ``start`` to ``end`` become ``new``."""

    kind: str
    start: int
    end: int
    new: str

    def of(self, text: str) -> str:
        """The changed text."""
        return text[: self.start] + self.new + text[self.end :]


def changes(text: str, node: Node, codes: Mapping[str, Sequence[str]]) -> Iterator[Change]:
    """Every change of an expression that was read as ``node``; ``codes`` are the code lists."""
    tree = texts.read(text, Place(), Problems())
    assert tree is not None  # it was read before
    finder = _Finder(text.strip(), codes_in(node), codes)
    lead = len(text) - len(text.lstrip())
    for change in finder.visit(tree):
        yield attrs.evolve(change, start=change.start + lead, end=change.end + lead)


def codes_in(node: Node) -> dict[str, str]:
    """The codes an expression names, each with its code list."""
    found: dict[str, str] = {}
    for part in walk(node):
        if isinstance(part, Const) and isinstance(part.type, CodeType):
            found[str(part.value)] = part.type.codes
        elif isinstance(part, OneOf) and isinstance(part.item.type, CodeType):
            found |= dict.fromkeys(map(str, part.options), part.item.type.codes)
        elif isinstance(part, Holds) and isinstance(part.codes.type, CodesType):
            found[part.code] = part.codes.type.codes
        elif isinstance(part, SetTest):
            sides = (part.left, part.right)
            lists = [s.type.codes for s in sides if isinstance(getattr(s, "type", None), CodesType)]  # type: ignore[union-attr]
            for side in sides:
                if isinstance(side, frozenset) and lists:
                    found |= dict.fromkeys(side, lists[0])
    return found


def steps(literal: str) -> tuple[str, str]:
    """A number one step down and one step up: by one, a decimal by a hundredth or its last place."""
    value = Decimal(literal)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    step = Decimal(1) if exponent >= 0 else min(Decimal("0.01"), Decimal(1).scaleb(exponent))
    return f"{value - step:f}", f"{value + step:f}"


def shifted(day: date) -> tuple[date, ...]:
    """A day on and back, a month on and back."""
    one, month = timedelta(days=1), timedelta(days=31)
    return day - one, day + one, day - month, day + month


class _Finder:
    def __init__(
        self, text: str, known: Mapping[str, str], codes: Mapping[str, Sequence[str]]
    ) -> None:
        self.text = text
        self.hidden = texts.hidden(text)
        self.known = known
        self.codes = codes

    def span(self, tree: ast.AST) -> tuple[int, int]:
        raw = self.hidden.encode()
        start = texts.offset(self.hidden, tree)
        end = len(raw[: getattr(tree, "end_col_offset", 0)].decode(errors="ignore"))
        return start, end

    def source(self, tree: ast.AST) -> str:
        start, end = self.span(tree)
        return self.text[start:end]

    def to(self, kind: str, tree: ast.AST, new: str) -> Change:
        return Change(kind, *self.span(tree), new)

    def visit(self, tree: ast.AST) -> Iterator[Change]:
        match tree:
            case ast.Constant(value=bool() | str()):
                return
            case ast.Constant():
                for new in steps(self.source(tree)):
                    yield self.to("number", tree, f"({new})" if new.startswith("-") else new)
                return
            case ast.Name():
                for new in self.other_codes(tree.id, {tree.id}):
                    yield self.to("code", tree, new)
                return
            case ast.BoolOp():
                yield from self.boolean(tree)
            case ast.UnaryOp(op=ast.Not()):
                yield self.to("negation", tree, f"({self.source(tree.operand)})")
            case ast.BinOp():
                sign = OPERATORS[type(tree.op)]
                yield self.between("arithmetic", tree.left, tree.right, sign, _ARITHMETIC[sign])
            case ast.Compare():
                yield from self.comparison(tree)
            case ast.Set():
                yield from self.codes_of(tree)
                return
            case ast.Call():
                yield from self.call(tree)
                return
            case ast.GeneratorExp():
                yield from self.fold(tree)
        for child in ast.iter_child_nodes(tree):
            yield from self.visit(child)

    def between(self, kind: str, left: ast.AST, right: ast.AST, old: str, new: str) -> Change:
        """The operator between two operands."""
        start, end = self.span(left)[1], self.span(right)[0]
        at = start + self.text[start:end].index(old)
        return Change(kind, at, at + len(old), new)

    def boolean(self, tree: ast.BoolOp) -> Iterator[Change]:
        word, other = ("and", "or") if isinstance(tree.op, ast.And) else ("or", "and")
        parts = [f"({self.source(v)})" for v in tree.values]
        yield self.to("connective", tree, "(" + f" {other} ".join(parts) + ")")
        for i in range(len(parts)):
            rest = parts[:i] + parts[i + 1 :]
            yield self.to("condition", tree, "(" + f" {word} ".join(rest) + ")")

    def comparison(self, tree: ast.Compare) -> Iterator[Change]:
        sides = [tree.left, *tree.comparators]
        for op, left, right in zip(tree.ops, sides[:-1], sides[1:], strict=True):
            if isinstance(op, ast.In):
                yield self.between("negation", left, right, "in", "not in")
            elif isinstance(op, ast.NotIn):
                yield self.between("negation", left, right, "not in", "in")
            else:
                sign = OPERATORS[type(op)]
                for new in TURNED[sign]:
                    yield self.between("comparator", left, right, sign, new)

    def codes_of(self, tree: ast.Set) -> Iterator[Change]:
        items = [self.source(e) for e in tree.elts]
        for i, item in enumerate(items):
            if len(items) > 1:
                rest = [*items[:i], *items[i + 1 :]]
                yield self.to("code", tree, "{" + ", ".join(rest) + "}")
            elif item in self.known:
                for new in self.other_codes(item, set(items)):
                    yield self.to("code", tree, "{" + new + "}")
        if len(items) > 1 and items[-1] in self.known:
            for new in self.other_codes(items[-1], set(items)):
                yield self.to("code", tree, "{" + ", ".join([*items, new]) + "}")
        for element in tree.elts:
            if isinstance(element, ast.Constant):
                yield from self.visit(element)

    def other_codes(self, code: str, taken: set[str]) -> Iterator[str]:
        """The next code of the same list that is not taken."""
        every = list(self.codes.get(self.known.get(code, ""), ()))
        if code in every:
            at = every.index(code)
            found = [c for c in every[at + 1 :] + every[:at] if c not in taken]
            yield from found[:1]

    def call(self, tree: ast.Call) -> Iterator[Change]:
        name = tree.func.id if isinstance(tree.func, ast.Name) else ""
        if name == "date" and all(isinstance(a, ast.Constant) for a in tree.args):
            day = self.day(tree)
            for other in shifted(day) if day else ():
                yield self.to("date", tree, f"date({other.year}, {other.month}, {other.day})")
            return
        for new in _CALLS.get(name, ()):
            yield self.to("quantifier", tree.func, new)
        for arg in tree.args:
            yield from self.visit(arg)
        if not isinstance(tree.func, ast.Name):
            yield from self.visit(tree.func)

    def day(self, tree: ast.Call) -> date | None:
        try:
            return date(*(int(self.source(a)) for a in tree.args))
        except ValueError:
            return None

    def fold(self, tree: ast.GeneratorExp) -> Iterator[Change]:
        for loop in tree.generators:
            source = self.source(loop.iter)
            if source in ("members", "others"):
                new = "others" if source == "members" else "members"
                yield self.to("quantifier", loop.iter, new)
            before = [loop.iter, *loop.ifs]
            for previous, condition in zip(before[:-1], loop.ifs, strict=True):
                yield Change("condition", self.span(previous)[1], self.span(condition)[1], "")


__all__ = ["TURNED", "Change", "changes", "codes_in", "shifted", "steps"]
