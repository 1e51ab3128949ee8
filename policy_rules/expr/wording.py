"""The words of prose: one table of phrases, units, and how numbers and days are written."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, Protocol

from policy_rules.expr.nodes import Field
from policy_rules.expr.scope import NamedKind
from policy_rules.text import Text


class Labels(Protocol):
    """What things are called; a pack and its dictionary know."""

    def fact(self, field: Field) -> Text:
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
WORDS: Final[dict[str, Text]] = {
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
COUNTED: Final = frozenset(["months", "days", "persons", "households", "mu", "times", "items"])
# fmt: off
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on


def fill(key: str, *parts: Text) -> Text:
    """The phrase of a key with its parts."""
    words = WORDS[key]
    return Text(words.zh.format(*(p.zh for p in parts)), words.en.format(*(p.en for p in parts)))


def join(parts: Sequence[Text], zh: str, en: str) -> Text:
    """Parts with a connective between them."""
    return Text(zh.join(p.zh for p in parts), en.join(p.en for p in parts))


def quote(text: Text) -> Text:
    """A name in quotation marks."""
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


def number_text(value: int | Fraction, unit: str | None) -> Text:
    """A number with its unit; years, months and shares in their own form."""
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


def day_text(year: Text, month: int, day: int) -> Text:
    """A day in full."""
    between = " " if year.en.isdigit() else " of "
    return Text(f"{year.zh}{month}月{day}日", f"{day} {_MONTHS[month - 1]}{between}{year.en}")


def bracket(text: Text) -> Text:
    """A part in brackets."""
    return Text(f"（{text.zh}）", f"({text.en})")


def belonging(holder: Text, thing: Text) -> Text:
    """A thing with its holder: 本户的“…”, the household's “…”."""
    if not holder:
        return thing
    owned = "'" if holder.en.endswith("s") else "'s"
    return Text(f"{holder.zh}的{thing.zh}", f"{holder.en}{owned} {thing.en.removeprefix('the ')}")


def claim(holder: Text, said: Text) -> Text:
    """What is said of a holder."""
    return Text(holder.zh + said.zh, f"{holder.en}: {said.en}" if holder.en else said.en)


def said_of(kind: str, label: Text) -> Text:
    """A phrase round a label, without saying 是否 or 符合 twice."""
    zh = label.zh.replace("是否", "")
    if "符合" in WORDS[kind].zh:
        zh = zh.removeprefix("符合")
    return fill(kind, quote(Text(zh, label.en)))
