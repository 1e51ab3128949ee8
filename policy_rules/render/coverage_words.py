"""Coverage in words: what is to be reached, what is reached, what is short, in zh and en."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from policy_rules.engine.finding import FactNeed, figure
from policy_rules.engine.tally import HEADS, Span
from policy_rules.errors import Lang
from policy_rules.expr.types import NumberType
from policy_rules.packs.model import Target
from policy_rules.render.terminal import need_label
from policy_rules.render.words import COMPARATORS, PER_YEAR, UNITS, number
from policy_rules.tables.coverage import Coverage, TargetCoverage
from policy_rules.tables.coverage_binding import Stage
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.text import Text
from policy_rules.verdict import Number, Verdict, reduced

STATUSES: Final = {
    Verdict.YES: Text("已达到", "met"),
    Verdict.NO: Text("未达到", "not met"),
    Verdict.UNKNOWN: Text("未定", "open"),
}
_NOT_DUE: Final = Text("(未到期)", " (not yet due)")

#: What the lists of a gap hold.
DIRECTIONS: Final = {
    "up": Text("在分母内而未计入", "in the denominator, not in the numerator"),
    "down": Text("仍计入、应减下来", "still counted, while as few as possible should be"),
    "unknown": Text("资料不足、待定", "unknown, facts missing"),
    "chosen": Text("本包采用的读法", "the reading in effect"),
    "external": Text("需有关部门提供", "need a figure from an office"),
    "no_records": Text("没有记录可计量", "no records to measure on"),
}
STAGES: Final[dict[Stage, Text]] = {
    "no_cooperative": Text("缺合作社", "no cooperative"),
    "no_enterprise": Text("缺龙头企业", "no enterprise"),
    "no_contract": Text("缺存续的合同", "no running contract"),
    "unclear": Text("缺哪段不明", "which link unclear"),
    "other": Text("缺其他条件", "something else"),
    "unknown": Text("待定", "unknown"),
}
NO_BINDING: Final = Text(
    "本文件没有提出双绑率目标，不计算(不是 0%)",
    "this document sets no double-binding rate, so none is measured (it is not 0 %)",
)
KINDS: Final = {
    "household": Text("农户", "household"),
    "member": Text("家庭成员", "member"),
    "village": Text("村", "village"),
    "township": Text("乡镇", "township"),
    "county": Text("县区", "county"),
    "cooperative": Text("合作社", "cooperative"),
    "enterprise": Text("企业", "enterprise"),
    "project": Text("项目", "project"),
    "budget_unit": Text("预算单位", "budget unit"),
}
_HEADS: Final = {
    "household": Text("户", " households"),
    "member": Text("人", " persons"),
}
CAUTION: Final = Text(
    "按已登记的事实计量：未登记的放宽为上下界，不当作“否”，也不当作 0；给出的记录视为全部对象。",
    "Measured on the recorded facts: what is not recorded widens the bounds, it is neither NO nor 0; the "
    "records given are taken for the whole population.",
)


def told(value: Any) -> str | None:
    """An exact number as text; None where nothing bounds it."""
    return None if value in (math.inf, -math.inf) else figure(value)


def records_text(report: Coverage, lang: Lang) -> str:
    """How many records were measured, by kind."""
    zh = lang == "zh"
    parts = [
        f"{KINDS[kind].zh} {count}" if zh else f"{count} {_plural(KINDS[kind].en, count)}"
        for kind, count in report.records.items()
    ]
    return ("、" if zh else ", ").join(parts) or ("没有记录" if zh else "no records")


def _plural(word: str, count: int) -> str:
    if count == 1:
        return word
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def amount(value: Any, *, percent: bool = False) -> str:
    """A number: exact where it is short, else about (≈) with two decimals."""
    exact: Number = reduced(Fraction(value) * 100) if percent else value
    shown = number(exact)
    if "/" in shown or len(shown.partition(".")[2]) > 2:
        shown = "≈" + _rounded(Fraction(exact))
    return shown + ("%" if percent else "")


def _rounded(value: Fraction) -> str:
    cents = math.floor(abs(value) * 100 + Fraction(1, 2))
    sign = "-" if value < 0 and cents else ""
    return f"{sign}{cents // 100:,}.{cents % 100:02d}"


def spanned(span: Span, lang: Lang, *, percent: bool = False) -> str:
    """``88%``, ``88%–92%``, ``≥ 88%``; nothing known is —."""
    if span.exact is not None:
        return amount(span.low, percent=percent)
    low, high = (v not in (math.inf, -math.inf) for v in (span.low, span.high))
    if low and high:
        start, end = (amount(v, percent=percent) for v in (span.low, span.high))
        return f"{start}–{end.removeprefix('≈') if start.startswith('≈') else end}"
    if low:
        return f"≥ {amount(span.low, percent=percent)}"
    if high:
        return f"≤ {amount(span.high, percent=percent)}"
    return "未知" if lang == "zh" else "unknown"


def _unit(name: str | None, lang: Lang) -> str:
    if name is None:
        return ""
    return UNITS[name][lang] if name in UNITS else (name if lang == "zh" else f" {name}")


def name_of(found: TargetCoverage, lang: Lang) -> str:
    """The target's label; of a part, that it is one."""
    label = found.target.label[lang]
    part = ("其中：" if lang == "zh" else "of these: ") if found.depth else ""
    if part and label.startswith(("其中", "of these", "of which")):
        return label
    return part + label


def wanted_text(target: Target, found: FigureCoverage, lang: Lang) -> str:
    """What is to be reached, and when: ≥ 95%，2024-12-31前."""
    zh, goal = lang == "zh", found.figure
    sign = COMPARATORS[target.comparator][lang]
    trend = target.comparator in ("rising", "falling")  # which says "each year" itself
    often = "" if trend or not target.per_year else PER_YEAR[target.per_year][lang]
    often += " " if often and not zh else ""
    ratio = target.unit == "ratio"
    if goal is None:
        return f"{found.year}{'年' if zh else ':'} {often}{sign}"
    values = [amount(v, percent=ratio) for v in (goal.value, goal.upper) if v is not None]
    about = ("约" if zh else "about ") if goal.approx else ""
    what = f"{often}{sign}{about}{'–'.join(values)}{_unit(target.unit, lang)}"
    if trend:
        what = sign
    if len(found.years) > 1:
        when = f"{found.years[0]}–{found.years[-1]}{'年' if zh else ''}"
    elif goal.by is not None and goal.by.year == found.year:
        when = f"到 {goal.by}" if zh else f"by {goal.by}"
    else:
        when = f"{found.year}{'年' if zh else ''}"
    return f"{when} {what}"


def value_text(target: Target, span: Span, lang: Lang) -> str:
    """The rate, sum, mean or growth as far as it is known."""
    ratio = target.unit == "ratio"
    if target.comparator in ("rising", "falling"):
        text = spanned(span, lang, percent=ratio)
        return text if span.unknown else (f"变化 {text}" if lang == "zh" else f"change {text}")
    text = spanned(span, lang, percent=ratio)
    return text if span.unknown else text + _unit(target.unit, lang)


def counts_text(target: Target, found: FigureCoverage, lang: Lang) -> str:
    """Numerator over denominator, each with its bounds; of a growth or trend the two years compared."""
    if found.levels is not None:
        ratio = target.comparator in ("rising", "falling") and target.unit == "ratio"
        before, now = (spanned(level, lang, percent=ratio) for level in found.levels)
        return f"上年 {before} → {now}" if lang == "zh" else f"{before} the year before, now {now}"
    top = spanned(found.numerator, lang)
    if found.denominator is None:
        return top
    return f"{top} / {spanned(found.denominator, lang)}"


def said(found: FigureCoverage, lang: Lang) -> str:
    """Met, not met or open; and that its day has not come."""
    text = STATUSES[found.verdict][lang]
    return text if found.due or found.verdict is Verdict.YES else text + _NOT_DUE[lang]


def short_text(target: Target, found: FigureCoverage, lang: Lang) -> str:
    """How many subjects, or how much, stand between the value and the figure."""
    span = found.short
    if span is None or span.high == 0 or (span.low == 0 and span.high == math.inf):
        return ""
    zh = lang == "zh"
    text = spanned(span, lang) + _short_unit(target, lang)
    more = target.measure not in HEADS and target.comparator in (">", "<", "rising", "falling")
    if found.gap.direction == "down":
        beyond = ("须减少多于 ", "too many by more than ") if more else ("多出 ", "too many: ")
        text = f"{beyond[0 if zh else 1]}{text}"
    elif more:
        text = f"{'多于 ' if zh else 'more than '}{text}"
    if len(found.years) > 1:
        text += "(各年合计)" if zh else " (all years together)"
    return text


def _short_unit(target: Target, lang: Lang) -> str:
    if target.measure in HEADS:
        return _HEADS.get(target.subject or "", Text("个", ""))[lang]
    if target.measure == "sum" or target.value is None:
        return _unit(target.unit, lang)
    kind = target.value.type
    unit = kind.unit if isinstance(kind, NumberType) else None
    return _unit(unit, lang)


def missing_text(needs: Iterable[FactNeed], lang: Lang) -> str:
    """The facts missing, each once, with the kind of record they belong to where it is not plain."""
    names = dict.fromkeys(_fact(need, lang) for need in needs)
    return ("、" if lang == "zh" else ", ").join(names)


def _fact(need: FactNeed, lang: Lang) -> str:
    label = need_label(need)[lang]
    kind = re.match(r"\w+", need.name)
    part = _OWNERS.get(kind[0] if kind else "")
    if part is None:
        return label
    return f"{part.zh}{label}" if lang == "zh" else f"{part.en} {label}"


#: Records inside a household whose facts' labels do not say whose they are.
_OWNERS: Final = {
    "cooperative_link": Text("户与合作社的", "household to cooperative:"),
    "enterprise_link": Text("合作社与企业的", "cooperative to enterprise:"),
}
