"""Conditions and values as prose for policy staff, in Chinese and English.

All wording stands in :mod:`policy_rules.expr.wording`; one small method a node class puts it
together. Names come from :class:`~policy_rules.expr.wording.Labels`: no identifier reaches the text.
The item a list is asked about goes unnamed (家庭成员中至少有一人（…）); records outside it are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import groupby
from typing import Any, Final

import attrs

from policy_rules.errors import Lang
from policy_rules.expr import nodes as n
from policy_rules.expr.nodes import And, Call, Compare, Const, Fact, Fold, Leaf, Node, Not, Or, Var
from policy_rules.expr.types import (
    BoolType,
    CodesType,
    CodeType,
    DateType,
    NumberType,
    RecordType,
    Type,
)
from policy_rules.expr.wording import (
    COUNTED,
    WORDS,
    Labels,
    belonging,
    bracket,
    claim,
    day_text,
    fill,
    join,
    number_text,
    quote,
    said_of,
)
from policy_rules.text import EMPTY, Text


def prose(node: Node, labels: Labels, *, unit: str | None = None) -> Text:
    """A condition or a value as one phrase; ``unit`` is that of a bare number, such as an amount."""
    return _Prose(labels, unit=unit).say(node)


def skeleton(node: Node, labels: Labels, lang: Lang) -> list[tuple[int, str]]:
    """The lines of a whole condition with their depth: connectives, and one line a leaf."""
    if not isinstance(node, And | Or | Not):
        return [(0, prose(node, labels)[lang])]
    items = (node.item,) if isinstance(node, Not) else node.items
    below = [line for item in items for line in skeleton(item, labels, lang)]
    return [(0, WORDS[f"head {type(node).__name__}"][lang]), *((d + 1, t) for d, t in below)]


_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _record(var: Var) -> str:
    return var.type.name if isinstance(var.type, RecordType) else ""


def _bare(node: Node) -> Node:
    """Without the leaf, or the connective of one item, round it."""
    while isinstance(node, Leaf) or (isinstance(node, And | Or) and len(node.items) == 1):
        node = node.body if isinstance(node, Leaf) else node.items[0]
    return node


def _items(node: And | Or) -> list[Node]:
    """The items, with those of nested connectives of the same kind."""
    found: list[Node] = []
    for item in map(_bare, node.items):
        found += _items(item) if isinstance(item, And | Or) and type(item) is type(node) else [item]
    return found


def _is_literal(node: Node) -> bool:
    return isinstance(node, Const) or (isinstance(node, Call) and all(map(_is_literal, node.args)))


def _sides(node: Compare) -> tuple[str, Node, Node]:
    """The operator and both sides, a literal always on the right."""
    if _is_literal(node.left) and not _is_literal(node.right):
        return _FLIPPED.get(node.op, node.op), node.right, node.left
    return node.op, node.left, node.right


def _is_year(node: Node) -> bool:
    match node:
        case Call(function="year") | Var(name="target_year"):
            return True
        case Fact(type=NumberType(unit="years")):  # ages start at 0, calendar years do not
            lowest: Any = node.field.lo
            return lowest is not None and bool(lowest >= 1000)
        case n.Arith(op="+" | "-", left=left, right=Const(value=int() as years)):
            return _is_year(left) and years < 1000  # a year less a year is a span, not a year
    return False


# -- one method a node class -----------------------------------------------------------------------


@attrs.frozen
class _Prose:
    """Labels, the loop variables in reach (innermost last), the unit of bare numbers."""

    labels: Labels
    loops: tuple[Var, ...] = ()
    unit: str | None = None

    def say(self, node: Node) -> Text:
        return _SAY[type(node)](self, node)

    def within(self, unit: str | None) -> _Prose:
        return attrs.evolve(self, unit=unit)

    def unit_of(self, node: Node) -> str | None:
        """The unit of numbers beside a value; ages and calendar years and months stand apart."""
        if _is_year(node):
            return "year"
        if isinstance(node, Call) and node.function == "month":
            return "month"
        unit = node.type.unit if isinstance(node.type, NumberType) else None
        return "age" if unit == "years" and "年龄" in self.say(node).zh else unit

    def grouped(self, node: Node) -> Text:
        node = _bare(node)
        said = self.say(node)
        return bracket(said) if isinstance(node, And | Or) else said

    def holder(self, base: Node) -> Text:
        """Whose fact it is; empty for the item a list is asked about."""
        if isinstance(base, n.YearItem):
            owner = self.owner(base)
            year = self.year(base)
            return Text(owner.zh + year.zh, f"{owner.en} in {year.en}".lstrip())
        return EMPTY if base in self.loops[-1:] else self.say(base)

    def owner(self, item: n.YearItem) -> Text:
        """Whose year it is; 2022年人均纯收入 is the household's unless others are in reach."""
        base = item.base.base if isinstance(item.base, Fact) else item.base
        plain = isinstance(base, Var) and base.name == "household" and not self.loops
        return EMPTY if plain else self.holder(base)

    def year(self, item: n.YearItem) -> Text:
        return self.within("year").say(item.year)

    def const(self, node: Const) -> Text:
        match node.value:
            case date() as day:
                return day_text(number_text(day.year, "year"), day.month, day.day)
            case str() as code:
                codes = node.type.codes if isinstance(node.type, CodeType) else None
                return quote(self.labels.code(codes, code) if codes else Text(code, code))
            case value:
                return number_text(value, self.unit)

    def var(self, node: Var) -> Text:
        if node in self.loops:
            label = self.labels.record(_record(node))
            alike = [v for v in self.loops if v.type == node.type]
            which = str(alike.index(node) + 1) if len(alike) > 2 else ""
            return Text(f"该{label.zh}{which}", f"that {label.en} {which}".rstrip())
        if f"var {node.name}" in WORDS:
            return WORDS[f"var {node.name}"]
        label = self.labels.record(_record(node))
        return Text(f"本{label.zh}", f"the {label.en}")

    def fact(self, node: Fact, no: str = "") -> Text:
        label = self.labels.fact(node.field)
        if isinstance(node.type, BoolType):
            return claim(self.holder(node.base), said_of(f"{no}fact", label))
        if isinstance(node.base, n.YearItem):
            year, owner = self.year(node.base), self.owner(node.base)
            return fill(
                "of year",
                Text(owner.zh + year.zh, year.en),
                Text(label.zh, belonging(owner, label).en),
            )
        return belonging(self.holder(node.base), label)

    def year_item(self, node: n.YearItem) -> Text:
        return fill("of year", self.year(node), self.say(node.base))

    def named(self, node: n.Named, no: str = "") -> Text:
        label, holder = self.labels.named(node.kind, node.name), self.holder(node.base)
        if isinstance(node.type, BoolType):
            return claim(holder, said_of(f"{no}{node.kind}", label))
        return belonging(holder, label)

    def param(self, node: n.Param) -> Text:
        label = quote(self.labels.parameter(node.name))
        return label if node.on is None else fill("on", self.say(node.on), label)

    def and_(self, node: And) -> Text:
        said: list[Text] = []
        for _, group in groupby(
            _items(node), lambda i: _sides(i)[1] if isinstance(i, Compare) else i
        ):
            items = list(group)
            pairs = [i for i in items if isinstance(i, Compare)]  # one value between bounds
            said += [self.compared(pairs)] if pairs else [self.grouped(i) for i in items]
        return join(said, "且", " and ")

    def or_(self, node: Or) -> Text:
        return join([self.grouped(i) for i in _items(node)], "或", " or ")

    def not_(self, node: Not) -> Text:
        item = _bare(node.item)
        if isinstance(item, Not):
            return self.say(item.item)
        negated = _NEGATED.get(type(item))
        return negated(self, item, "not ") if negated else fill("not", self.say(item))

    def leaf(self, node: Leaf) -> Text:
        return self.say(node.body)

    def compare(self, node: Compare, no: str = "") -> Text:
        return self.compared([Compare(_OPPOSITE[node.op], node.left, node.right) if no else node])

    def compared(self, nodes: Sequence[Compare]) -> Text:
        """Comparisons of one value: it is named once."""
        said = [self.relation(*_sides(node)) for node in nodes]
        return claim(said[0][0], join([relation for _, relation in said], "且", " and "))

    def relation(self, op: str, left: Node, right: Node) -> tuple[Text, Text]:
        units = [self.unit_of(left), self.unit_of(right)]
        unit = next((u for u in units if u in ("year", "month", "age")), units[0] or units[1])
        family = "number"
        if isinstance(left.type, DateType) or unit in ("year", "month"):
            family = "date" if isinstance(left.type, DateType) else "year"
        elif not isinstance(left.type, NumberType):
            family = "code" if isinstance(right, Const) else "same"
        elif op == ">=" and unit in COUNTED:
            family = "counted"
        inner = self.within(unit)
        return inner.say(left), fill(f"{family} {op}", inner.say(right))

    def options(self, values: frozenset[Any], kind: Type, unit: str | None = None) -> Text:
        said = [self.within(unit).const(Const(v, kind)) for v in sorted(values)]
        inner = join(said, "、", "; ")
        return Text(f"{{{inner.zh}}}", f"{{{inner.en}}}")

    def one_of(self, node: n.OneOf, no: str = "") -> Text:
        options = self.options(node.options, node.item.type, self.unit_of(node.item))
        return claim(self.say(node.item), fill(f"{no}one of", options))

    def holds(self, node: n.Holds, no: str = "") -> Text:
        assert isinstance(node.codes.type, CodesType)
        code = self.const(Const(node.code, CodeType(node.codes.type.codes)))
        return claim(self.say(node.codes), fill(f"{no}holds", code))

    def set_test(self, node: n.SetTest, no: str = "") -> Text:
        kinds = (getattr(side, "type", None) for side in (node.left, node.right))
        kind = CodeType(next(k.codes for k in kinds if isinstance(k, CodesType)))
        sides = [
            self.options(side, kind) if isinstance(side, frozenset) else self.say(side)
            for side in (node.left, node.right)
        ]
        return fill(f"{no}{node.kind}", *sides)

    def known(self, node: n.Known, no: str = "") -> Text:
        match node.fact:
            case Fact(base=base, field=field, type=BoolType()):
                return fill(
                    f"{no}known fact", belonging(self.holder(base), quote(self.labels.fact(field)))
                )
            case n.Named(kind=kind, name=name, base=base):
                thing = belonging(self.holder(base), quote(self.labels.named(kind, name)))
                return fill(f"{no}known", thing)
            case Fact():
                return fill(f"{no}known fact", self.say(node.fact))
        return fill(f"{no}known", self.say(node.fact))

    def arith(self, node: n.Arith) -> Text:
        left, right = node.left, node.right
        if _is_year(node) and isinstance(right, Const):
            key = f"year {node.op}1" if right.value == 1 else f"year {node.op}"
            if key == "year -1" and left == _THIS_YEAR:
                return WORDS["last year"]
            return fill(key, self.say(left), self.within(None).say(right))
        unit = "year" if _is_year(left) or _is_year(right) else self.unit or node.type.unit
        inner = self.within(unit if node.op in "+-" else None)
        return fill(node.op, inner.term(left, node.op), inner.term(right, node.op, right=True))

    def term(self, part: Node, op: str, *, right: bool = False) -> Text:
        """A part of a sum or product, in brackets where it would be read otherwise."""
        said = self.say(part)
        loose = isinstance(part, _PHRASES)
        if isinstance(part, n.Arith):
            tighter, equal = op in "*/" and part.op in "+-", (op in "*/") == (part.op in "*/")
            loose = tighter or (right and equal and op in "-/")
        return bracket(said) if loose and not _is_year(part) else said

    def tight(self, node: Node) -> Text:
        """A value in a phrase of its own: a sum or product in brackets."""
        said = self.say(node)
        return bracket(said) if isinstance(node, n.Arith) and not _is_year(node) else said

    def extreme(self, node: n.Extreme) -> Text:
        kind = "date" if isinstance(node.type, DateType) else "number"
        inner = self.within(self.unit or self.unit_of(node))
        return fill(f"{node.kind} {kind}", join([inner.say(a) for a in node.args], "、", "; "))

    def choice(self, node: n.Choice) -> Text:
        inner = self.within(self.unit or self.unit_of(node.then) or self.unit_of(node.otherwise))
        parts = (self.within(None).say(node.condition), inner.say(node.then))
        return fill("choice", *parts, inner.say(node.otherwise))

    def fold(self, node: Fold, no: str = "") -> Text:
        inner = attrs.evolve(self, loops=(*self.loops, node.var), unit=None)
        what = "person" if _record(node.var) == "member" else "thing"
        parts = tuple(p for p in (node.where, node.body) if p is not None)
        if node.kind == "any":
            return fill(f"{no}any {what}", self.say(node.source), inner.say(And(parts)))
        chosen = self.chosen(node, inner)
        if node.body is None:
            return fill(f"count {what}", chosen)
        if node.kind == "all":
            return fill(f"{no}all", chosen, inner.say(node.body))
        return fill("sum", chosen, inner.tight(node.body))

    def chosen(self, node: Fold | n.LongestRun, inner: _Prose) -> Text:
        source = self.say(node.source)
        return source if node.where is None else fill("chosen", source, inner.say(node.where))

    def longest_run(self, node: n.LongestRun) -> Text:
        inner = attrs.evolve(self, loops=(*self.loops, node.var), unit=None)
        return fill("longest run", self.chosen(node, inner))

    def call(self, node: Call) -> Text:
        if node.function == "date":
            return self.date(*node.args)
        if node == _THIS_YEAR:
            return WORDS["this year"]
        unit = "months" if node.function == "add_months" else None
        if node.function.startswith("round"):
            unit = self.unit or self.unit_of(node)
        return fill(node.function, *(self.within(unit).tight(a) for a in node.args))

    def date(self, year: Node, month: Node, day: Node) -> Text:
        said = self.within("year").say(year)
        match month, day:
            case Const(value=int() as m), Const(value=int() as d) if 1 <= m <= 12:
                return day_text(said, m, d)
        return fill("date", said, self.within("month").say(month), self.within(None).say(day))

    def table_call(self, node: n.TableCall) -> Text:
        arg = self.within(self.unit_of(node.arg)).say(node.arg)
        return fill(node.kind, quote(self.labels.table(node.table)), arg)


_THIS_YEAR: Final = Call("year", (n.AS_OF,), NumberType(None, True))
_PHRASES: Final = (Call, n.Extreme, n.TableCall, Fold, n.LongestRun)
_NEGATED: Final[dict[type, Callable[[_Prose, Any, str], Text]]] = {
    Fact: _Prose.fact,
    n.Named: _Prose.named,
    Compare: _Prose.compare,
    n.OneOf: _Prose.one_of,
    n.Holds: _Prose.holds,
    n.SetTest: _Prose.set_test,
    n.Known: _Prose.known,
    Fold: _Prose.fold,
}
_SAY: Final[dict[type, Callable[[_Prose, Any], Text]]] = {
    **_NEGATED,  # type: ignore[dict-item]
    Const: _Prose.const,
    Var: _Prose.var,
    n.YearItem: _Prose.year_item,
    n.Param: _Prose.param,
    And: _Prose.and_,
    Or: _Prose.or_,
    Not: _Prose.not_,
    Leaf: _Prose.leaf,
    n.Arith: _Prose.arith,
    n.Extreme: _Prose.extreme,
    n.Choice: _Prose.choice,
    n.LongestRun: _Prose.longest_run,
    Call: _Prose.call,
    n.TableCall: _Prose.table_call,
}
