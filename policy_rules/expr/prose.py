"""Conditions and values as prose for policy staff, in Chinese and English.

All wording stands in one table, and one small method a node class puts it together. Names come from
:class:`Labels`: no identifier reaches the text. The item a list is asked about goes unnamed
(家庭成员中至少有一人（…）); records outside it are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import groupby
from typing import Any, Final, Protocol

import attrs

from policy_rules.errors import Lang
from policy_rules.expr import nodes as n
from policy_rules.expr.nodes import And, Call, Compare, Const, Fact, Fold, Leaf, Node, Not, Or, Var
from policy_rules.expr.scope import NamedKind
from policy_rules.expr.types import (
    BoolType,
    CodesType,
    CodeType,
    DateType,
    NumberType,
    RecordType,
    Type,
)
from policy_rules.text import EMPTY, Text


class Labels(Protocol):
    """What things are called; a pack and its dictionary know."""

    def fact(self, field: n.Field) -> Text:
        """A fact's label."""

    def code(self, codes: str, code: str) -> Text:
        """The label of a code of a code list."""

    def named(self, kind: NamedKind, name: str) -> Text:
        """The label of a population, rule, definition or external condition."""

    def parameter(self, name: str) -> Text:
        """The label of a parameter."""

    def table(self, name: str) -> Text:
        """The label of a table."""

    def record(self, name: str) -> Text:
        """The label of a kind of record."""


def prose(node: Node, labels: Labels, *, unit: str | None = None) -> Text:
    """A condition or a value as one phrase; ``unit`` is that of a bare number, such as an amount."""
    return _Prose(labels, unit=unit).say(node)


def skeleton(node: Node, labels: Labels, lang: Lang) -> list[tuple[int, str]]:
    """The lines of a whole condition with their depth: connectives, and one line a leaf."""
    if not isinstance(node, And | Or | Not):
        return [(0, prose(node, labels)[lang])]
    items = (node.item,) if isinstance(node, Not) else node.items
    below = [line for item in items for line in skeleton(item, labels, lang)]
    return [(0, _WORDS[f"head {type(node).__name__}"][lang]), *((d + 1, t) for d, t in below)]


# -- words -----------------------------------------------------------------------------------------

_TABLE: Final = """
head And | 全部满足： | all of:
head Or | 满足任一： | any of:
head Not | 不满足： | not:
number >= | 不低于{} | at least {}
counted >= | 不少于{} | at least {}
number <= | 不超过{} | at most {}
number > | 超过{} | more than {}
number < | 低于{} | less than {}
number == | 等于{} | equal to {}
number != | 不等于{} | other than {}
date >= | 不早于{} | on or after {}
date <= | 不晚于{} | on or before {}
date > | 晚于{} | after {}
date < | 早于{} | before {}
date == | 为{} | on {}
date != | 不为{} | not on {}
year >= | 不早于{} | in or after {}
year <= | 不晚于{} | in or before {}
year > | 晚于{} | after {}
year < | 早于{} | before {}
year == | 为{} | in {}
year != | 不为{} | not in {}
code == | 为{} | {}
code != | 不为{} | other than {}
same == | 与{}相同 | the same as {}
same != | 与{}不同 | not the same as {}
one of | 属于{} | one of {}
not one of | 不属于{} | none of {}
holds | 含{} | includes {}
not holds | 不含{} | does not include {}
subset | {}全部包含在{}之中 | all of {} among {}
not subset | {}并非全部包含在{}之中 | not all of {} among {}
disjoint | {}与{}没有共同项 | nothing in common between {} and {}
not disjoint | {}与{}有共同项 | something in common between {} and {}
fact | 符合{} | {}
not fact | 不符合{} | not {}
defined | 符合{} | {}
not defined | 不符合{} | not {}
population | 属于{} | belongs to {}
not population | 不属于{} | does not belong to {}
rule | 已认定{} | {} applies
not rule | 未认定{} | {} does not apply
external | 外部条件{}成立 | the outside condition {} holds
not external | 外部条件{}不成立 | the outside condition {} does not hold
known fact | 已登记{} | recorded: {}
not known fact | 未登记{} | not recorded: {}
known | {}已确定 | {} is known
not known | {}未确定 | {} is not known
not | 并非（{}） | not ({})
any person | {}中至少有一人（{}） | at least one of {} ({})
any thing | {}中至少有一项（{}） | at least one of {} ({})
not any person | {}中没有一人（{}） | none of {} ({})
not any thing | {}中没有一项（{}） | none of {} ({})
all | {}都满足（{}） | all of {}: ({})
not all | {}并非都满足（{}） | not all of {}: ({})
chosen | {}（{}的） | {} with ({})
count person | {}的人数 | number of {}
count thing | {}的项数 | number of {}
sum | {0}的{1}之和 | sum of {1} over {0}
longest run | {}的最长连续月数 | months of the longest unbroken run in {}
on | {0}的{1} | {1} on {0}
of year | {0}{1} | {1} of {0}
in year | {0}{1} | {0} in {1}
choice | （若{}则为{}，否则为{}） | (if {}: {}, otherwise {})
min number | （{}）中的最小者 | the smallest of ({})
max number | （{}）中的最大者 | the largest of ({})
min date | （{}）中的最早者 | the earliest of ({})
max date | （{}）中的最晚者 | the latest of ({})
lookup | {}中与{}对应的值 | the value in {} for {}
tier | {}中{}所在档次的值 | the value of the tier in {} for {}
slices | 按{}对{}分段累计的值 | the sum by slices of {} for {}
year | {}所在年份 | the year of {}
this year | 当年 | the current year
last year | 上一年 | the previous year
year -1 | {}的上一年 | the year before {}
year +1 | {}的下一年 | the year after {}
year - | {0}往前第{1}年 | the year {1} before {0}
year + | {0}往后第{1}年 | the year {1} after {0}
month | {}所在月份 | the month of {}
date | 年份为{}、月份为{}、日为{}的日期 | the date of year {}, month {}, day {}
months_between | {}至{}的整月数 | complete months from {} to {}
calendar_months | {}至{}跨及的月数（首尾月计入） | calendar months from {} to {}, both counted
age_on | 以{0}计算、{1}时的周岁年龄 | age in complete years on {1}, counted from {0}
add_months | {0}之后{1}的日期 | the date {1} after {0}
round_half_up | {}（四舍五入至{}的整数倍） | {} (rounded half up to a multiple of {})
round_down | {}（向下取整至{}的整数倍） | {} (rounded down to a multiple of {})
round_up | {}（向上取整至{}的整数倍） | {} (rounded up to a multiple of {})
+ | {}＋{} | {} + {}
- | {}－{} | {} - {}
* | {}×{} | {} × {}
/ | {}÷{} | {} ÷ {}
var member | 本人 | the member
var household | 本户 | the household
var members | 家庭成员 | the members of the household
var others | 其他家庭成员 | the other members of the household
var as_of | 评估日 | the date of evaluation
var target_year | 目标年 | the target year
var this | |
"""
_WORDS: Final[dict[str, Text]] = {
    key: Text(zh, en)
    for key, zh, en in (map(str.strip, line.split("|")) for line in _TABLE.strip().splitlines())
}
_UNITS: Final[dict[str, str]] = {
    "yuan": "元",
    "yuan_per_person": "元/人",
    "yuan_per_household": "元/户",
    "yuan_per_month": "元/月",
    "months": "个月",
    "years": "年",
    "age": "周岁",
    "days": "天",
    "persons": "人",
    "households": "户",
    "mu": "亩",
    "times": "次",
    "items": "",  # counts of many things, and grades: the label says what is counted
    "ratio": "",
    "percentage_points": "个百分点",
    "km": "公里",
    "tonnes": "吨",
    "square_metres": "平方米",
}
_COUNTED: Final = frozenset(["months", "days", "persons", "households", "mu", "times", "items"])
# fmt: off
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on
_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _fill(key: str, *parts: Text) -> Text:
    words = _WORDS[key]
    return Text(words.zh.format(*(p.zh for p in parts)), words.en.format(*(p.en for p in parts)))


def _join(parts: Sequence[Text], zh: str, en: str) -> Text:
    return Text(zh.join(p.zh for p in parts), en.join(p.en for p in parts))


def _quote(text: Text) -> Text:
    zh, en = (part.replace("“", "‘").replace("”", "’") for part in (text.zh, text.en))
    return Text(f"“{zh}”", f"“{en}”")


def _digits(value: int | Fraction) -> str:
    """Exact digits with thousands separators; a fraction where the decimals never end."""
    scaled, places = Fraction(value), 0
    while scaled.denominator % 2 == 0 or scaled.denominator % 5 == 0:
        scaled, places = scaled * 10, places + 1
    if scaled.denominator != 1:
        return f"{value.numerator:,}/{value.denominator:,}"
    whole, part = divmod(abs(scaled.numerator), 10**places)
    return ("-" if value < 0 else "") + f"{whole:,}" + (f".{part:0{places}}" if places else "")


def _number(value: int | Fraction, unit: str | None) -> Text:
    if unit == "year" or (unit == "years" and value >= 1000):
        return Text(f"{value}年", f"{value}")
    if unit == "month" and value in range(1, 13):
        return Text(f"{value}月", _MONTHS[int(value) - 1])
    digits = _digits(value)
    if unit == "ratio" and -1 <= value <= 1 and "/" not in digits:
        return Text(f"{_digits(value * 100)}%", f"{_digits(value * 100)}%")
    zh = _UNITS.get(unit or "", "")
    en = "years" if unit == "age" else (unit or "").replace("_", " ") if zh else ""
    en = en.removesuffix("s") if value == 1 else en
    if zh.startswith("元") and value and value % 10000 == 0:
        return Text(f"{_digits(Fraction(value, 10000))}万{zh}", f"{digits} {en}")
    return Text(f"{digits}{zh}", f"{digits} {en}".rstrip())


def _day(year: Text, month: int, day: int) -> Text:
    between = " " if year.en.isdigit() else " of "
    return Text(f"{year.zh}{month}月{day}日", f"{day} {_MONTHS[month - 1]}{between}{year.en}")


def _bracket(text: Text) -> Text:
    return Text(f"（{text.zh}）", f"({text.en})")


def _record(var: Var) -> str:
    return var.type.name if isinstance(var.type, RecordType) else ""


def _of(holder: Text, thing: Text) -> Text:
    if not holder:
        return thing
    owned = "'" if holder.en.endswith("s") else "'s"
    return Text(f"{holder.zh}的{thing.zh}", f"{holder.en}{owned} {thing.en.removeprefix('the ')}")


def _claim(holder: Text, said: Text) -> Text:
    return Text(holder.zh + said.zh, f"{holder.en}: {said.en}" if holder.en else said.en)


def _said(kind: str, label: Text) -> Text:
    zh = label.zh.replace("是否", "")
    if "符合" in _WORDS[kind].zh:
        zh = zh.removeprefix("符合")
    return _fill(kind, _quote(Text(zh, label.en)))


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
        return _bracket(said) if isinstance(node, And | Or) else said

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
                return _day(_number(day.year, "year"), day.month, day.day)
            case str() as code:
                codes = node.type.codes if isinstance(node.type, CodeType) else None
                return _quote(self.labels.code(codes, code) if codes else Text(code, code))
            case value:
                return _number(value, self.unit)

    def var(self, node: Var) -> Text:
        if node in self.loops:
            label = self.labels.record(_record(node))
            alike = [v for v in self.loops if v.type == node.type]
            which = str(alike.index(node) + 1) if len(alike) > 2 else ""
            return Text(f"该{label.zh}{which}", f"that {label.en} {which}".rstrip())
        if f"var {node.name}" in _WORDS:
            return _WORDS[f"var {node.name}"]
        label = self.labels.record(_record(node))
        return Text(f"本{label.zh}", f"the {label.en}")

    def fact(self, node: Fact, no: str = "") -> Text:
        label = self.labels.fact(node.field)
        if isinstance(node.type, BoolType):
            return _claim(self.holder(node.base), _said(f"{no}fact", label))
        if isinstance(node.base, n.YearItem):
            year, owner = self.year(node.base), self.owner(node.base)
            return _fill(
                "of year", Text(owner.zh + year.zh, year.en), Text(label.zh, _of(owner, label).en)
            )
        return _of(self.holder(node.base), label)

    def year_item(self, node: n.YearItem) -> Text:
        return _fill("of year", self.year(node), self.say(node.base))

    def named(self, node: n.Named, no: str = "") -> Text:
        label, holder = self.labels.named(node.kind, node.name), self.holder(node.base)
        if isinstance(node.type, BoolType):
            return _claim(holder, _said(f"{no}{node.kind}", label))
        return _of(holder, label)

    def param(self, node: n.Param) -> Text:
        label = _quote(self.labels.parameter(node.name))
        return label if node.on is None else _fill("on", self.say(node.on), label)

    def and_(self, node: And) -> Text:
        said: list[Text] = []
        for _, group in groupby(
            _items(node), lambda i: _sides(i)[1] if isinstance(i, Compare) else i
        ):
            items = list(group)
            pairs = [i for i in items if isinstance(i, Compare)]  # one value between bounds
            said += [self.compared(pairs)] if pairs else [self.grouped(i) for i in items]
        return _join(said, "且", " and ")

    def or_(self, node: Or) -> Text:
        return _join([self.grouped(i) for i in _items(node)], "或", " or ")

    def not_(self, node: Not) -> Text:
        item = _bare(node.item)
        if isinstance(item, Not):
            return self.say(item.item)
        negated = _NEGATED.get(type(item))
        return negated(self, item, "not ") if negated else _fill("not", self.say(item))

    def leaf(self, node: Leaf) -> Text:
        return self.say(node.body)

    def compare(self, node: Compare, no: str = "") -> Text:
        return self.compared([Compare(_OPPOSITE[node.op], node.left, node.right) if no else node])

    def compared(self, nodes: Sequence[Compare]) -> Text:
        """Comparisons of one value: it is named once."""
        said = [self.relation(*_sides(node)) for node in nodes]
        return _claim(said[0][0], _join([relation for _, relation in said], "且", " and "))

    def relation(self, op: str, left: Node, right: Node) -> tuple[Text, Text]:
        units = [self.unit_of(left), self.unit_of(right)]
        unit = next((u for u in units if u in ("year", "month", "age")), units[0] or units[1])
        family = "number"
        if isinstance(left.type, DateType) or unit in ("year", "month"):
            family = "date" if isinstance(left.type, DateType) else "year"
        elif not isinstance(left.type, NumberType):
            family = "code" if isinstance(right, Const) else "same"
        elif op == ">=" and unit in _COUNTED:
            family = "counted"
        inner = self.within(unit)
        return inner.say(left), _fill(f"{family} {op}", inner.say(right))

    def options(self, values: frozenset[Any], kind: Type, unit: str | None = None) -> Text:
        said = [self.within(unit).const(Const(v, kind)) for v in sorted(values)]
        inner = _join(said, "、", "; ")
        return Text(f"{{{inner.zh}}}", f"{{{inner.en}}}")

    def one_of(self, node: n.OneOf, no: str = "") -> Text:
        options = self.options(node.options, node.item.type, self.unit_of(node.item))
        return _claim(self.say(node.item), _fill(f"{no}one of", options))

    def holds(self, node: n.Holds, no: str = "") -> Text:
        assert isinstance(node.codes.type, CodesType)
        code = self.const(Const(node.code, CodeType(node.codes.type.codes)))
        return _claim(self.say(node.codes), _fill(f"{no}holds", code))

    def set_test(self, node: n.SetTest, no: str = "") -> Text:
        kinds = (getattr(side, "type", None) for side in (node.left, node.right))
        kind = CodeType(next(k.codes for k in kinds if isinstance(k, CodesType)))
        sides = [
            self.options(side, kind) if isinstance(side, frozenset) else self.say(side)
            for side in (node.left, node.right)
        ]
        return _fill(f"{no}{node.kind}", *sides)

    def known(self, node: n.Known, no: str = "") -> Text:
        match node.fact:
            case Fact(base=base, field=field, type=BoolType()):
                return _fill(
                    f"{no}known fact", _of(self.holder(base), _quote(self.labels.fact(field)))
                )
            case n.Named(kind=kind, name=name, base=base):
                thing = _of(self.holder(base), _quote(self.labels.named(kind, name)))
                return _fill(f"{no}known", thing)
            case Fact():
                return _fill(f"{no}known fact", self.say(node.fact))
        return _fill(f"{no}known", self.say(node.fact))

    def arith(self, node: n.Arith) -> Text:
        left, right = node.left, node.right
        if _is_year(node) and isinstance(right, Const):
            key = f"year {node.op}1" if right.value == 1 else f"year {node.op}"
            if key == "year -1" and left == _THIS_YEAR:
                return _WORDS["last year"]
            return _fill(key, self.say(left), self.within(None).say(right))
        unit = "year" if _is_year(left) or _is_year(right) else self.unit or node.type.unit
        inner = self.within(unit if node.op in "+-" else None)
        return _fill(node.op, inner.term(left, node.op), inner.term(right, node.op, right=True))

    def term(self, part: Node, op: str, *, right: bool = False) -> Text:
        """A part of a sum or product, in brackets where it would be read otherwise."""
        said = self.say(part)
        loose = isinstance(part, _PHRASES)
        if isinstance(part, n.Arith):
            tighter, equal = op in "*/" and part.op in "+-", (op in "*/") == (part.op in "*/")
            loose = tighter or (right and equal and op in "-/")
        return _bracket(said) if loose and not _is_year(part) else said

    def tight(self, node: Node) -> Text:
        """A value in a phrase of its own: a sum or product in brackets."""
        said = self.say(node)
        return _bracket(said) if isinstance(node, n.Arith) and not _is_year(node) else said

    def extreme(self, node: n.Extreme) -> Text:
        kind = "date" if isinstance(node.type, DateType) else "number"
        inner = self.within(self.unit or self.unit_of(node))
        return _fill(f"{node.kind} {kind}", _join([inner.say(a) for a in node.args], "、", "; "))

    def choice(self, node: n.Choice) -> Text:
        inner = self.within(self.unit or self.unit_of(node.then) or self.unit_of(node.otherwise))
        parts = (self.within(None).say(node.condition), inner.say(node.then))
        return _fill("choice", *parts, inner.say(node.otherwise))

    def fold(self, node: Fold, no: str = "") -> Text:
        inner = attrs.evolve(self, loops=(*self.loops, node.var), unit=None)
        what = "person" if _record(node.var) == "member" else "thing"
        parts = tuple(p for p in (node.where, node.body) if p is not None)
        if node.kind == "any":
            return _fill(f"{no}any {what}", self.say(node.source), inner.say(And(parts)))
        chosen = self.chosen(node, inner)
        if node.body is None:
            return _fill(f"count {what}", chosen)
        if node.kind == "all":
            return _fill(f"{no}all", chosen, inner.say(node.body))
        return _fill("sum", chosen, inner.tight(node.body))

    def chosen(self, node: Fold | n.LongestRun, inner: _Prose) -> Text:
        source = self.say(node.source)
        return source if node.where is None else _fill("chosen", source, inner.say(node.where))

    def longest_run(self, node: n.LongestRun) -> Text:
        inner = attrs.evolve(self, loops=(*self.loops, node.var), unit=None)
        return _fill("longest run", self.chosen(node, inner))

    def call(self, node: Call) -> Text:
        if node.function == "date":
            return self.date(*node.args)
        if node == _THIS_YEAR:
            return _WORDS["this year"]
        unit = "months" if node.function == "add_months" else None
        if node.function.startswith("round"):
            unit = self.unit or self.unit_of(node)
        return _fill(node.function, *(self.within(unit).tight(a) for a in node.args))

    def date(self, year: Node, month: Node, day: Node) -> Text:
        said = self.within("year").say(year)
        match month, day:
            case Const(value=int() as m), Const(value=int() as d) if 1 <= m <= 12:
                return _day(said, m, d)
        return _fill("date", said, self.within("month").say(month), self.within(None).say(day))

    def table_call(self, node: n.TableCall) -> Text:
        arg = self.within(self.unit_of(node.arg)).say(node.arg)
        return _fill(node.kind, _quote(self.labels.table(node.table)), arg)


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
