"""What the reports of an impact say, in zh and en."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from policy_rules.diff.impact import Count, Impact, Kind, Money, RuleImpact, State
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack, Rule
from policy_rules.render.locators import locators
from policy_rules.render.words import OUTCOMES, PAID, UNITS, number
from policy_rules.text import Text

KINDS: Final[dict[Kind, Text]] = {
    "gains": Text("新增符合", "gains"),
    "loses": Text("不再符合", "loses"),
    "may_gain": Text("否→待定", "NO to UNKNOWN"),
    "may_lose": Text("是→待定", "YES to UNKNOWN"),
    "now_yes": Text("待定→是", "UNKNOWN to YES"),
    "now_no": Text("待定→否", "UNKNOWN to NO"),
    "more": Text("金额增加", "more"),
    "less": Text("金额减少", "less"),
    "other_amount": Text("金额有变", "another amount"),
}
STATES: Final[dict[State, Text]] = {
    "YES": Text("是", "YES"),
    "NO": Text("否", "NO"),
    "UNKNOWN": Text("待定", "UNKNOWN"),
    "NONE": Text("无此条或不在有效期", "no such rule, or not in force"),
}
CAUTION: Final = Text(
    "以上按已登记的事实推算，供工作人员研判：“新增符合”仅指可能符合所列条款，“不再符合”仅指按已登记事实、仅就本文件不满足；"
    "“待定”不是“否”，补齐资料后两边的人数都会变；是否享受由有关部门决定。",
    "Prompts for staff, worked out from the recorded facts: gains means may be eligible under the clauses named, "
    "loses means not met on the recorded facts, under this document only; UNKNOWN is not NO, and both counts move once "
    "facts are filled in; the authorities decide.",
)
_HYPOTHETICAL: Final = Text(
    "假设性测算：假如 B 的规则适用于 A 的户。B 的地区条件未予适用；只有一方写到的事项不计入增减，“未提及”不等于不允许；规则按事项和相似程度配对，口径未必相同，请对照 `diff`。",
    "Hypothetical: if B's rules applied to A's people. The region B is for was set aside; what only one of the "
    "documents speaks of is counted neither as gain nor as loss: not mentioned is not forbidden. Rules are paired by concept and likeness and may speak of different things: see `diff`.",
)
_TWO_DAYS: Final = Text(
    "假设性测算：两边的评估日不同，变化也可能来自日期。",
    "Hypothetical: the two sides are looked at on different days; a change may come from the day.",
)


def name_of(pack: Pack, lang: Lang) -> str:
    """A side of the comparison."""
    more = ""
    if pack.overlays:
        more = (
            f" + {len(pack.overlays)} 份补充文件"
            if lang == "zh"
            else f" + {len(pack.overlays)} overlay(s)"
        )
    if pack.choices:
        told = ", ".join(f"{reading}={choice}" for reading, choice in sorted(pack.choices.items()))
        more += f" ({'读法' if lang == 'zh' else 'read'} {told})"
    return f"{pack.region.name[lang]} {pack.id}@{pack.version}{more}"


def head(report: Impact, lang: Lang) -> Iterator[str]:
    """Which packs, on which days, over whom, with what caution."""
    zh = lang == "zh"
    for side, pack, day in (
        ("A", report.left, report.left_day),
        ("B", report.right, report.right_day),
    ):
        yield f"{side}  {name_of(pack, lang)}  {pack.document.title[lang]}  {_on(day, lang)}"
    if not report.versions:
        yield _HYPOTHETICAL[lang]
    elif report.left_day != report.right_day:
        yield _TWO_DAYS[lang]
    yield (
        f"测算 {counted(report.population, lang)}；结论有变化的 {counted(report.touched, lang)}"
        if zh
        else f"asked about {counted(report.population, lang)}; answers change for {counted(report.touched, lang)}"
    )
    yield from notes(report, lang)


def _on(day: date | None, lang: Lang) -> str:
    if day is None:
        return "按各记录的日期" if lang == "zh" else "on the date of each record"
    return f"按 {day}" if lang == "zh" else f"on {day}"


def notes(report: Impact, lang: Lang) -> Iterator[str]:
    """What is not counted, or not wholly."""
    zh = lang == "zh"
    if report.elsewhere:
        yield (
            f"{report.elsewhere:,} 条记录的地区不在 A 的范围内，未计入"
            if zh
            else f"{report.elsewhere:,} records lie outside A's region and are not counted"
        )
    if report.marked:
        codes = ", ".join(f"{code} {n:,}" for code, n in sorted(report.marked.items()))
        yield (
            f"{sum(report.marked.values()):,} 条记录未能判定，未计入({codes})"
            if zh
            else f"{sum(report.marked.values()):,} records could not be evaluated and are not counted ({codes})"
        )
    if report.unread:
        yield (
            f"{report.unread:,} 条记录完全读不出，按一无所知计"
            if zh
            else f"{report.unread:,} records could not be read: nothing is known of them"
        )
    if report.incomplete:
        yield (
            f"{report.incomplete:,} 户没有列全成员，未列的人不在其中"
            if zh
            else f"{report.incomplete:,} households do not list all their members; who is not listed is not counted"
        )
    if report.faults:
        yield (
            f"数据中有 {report.faults:,} 处读不出，该值按未知计"
            if zh
            else f"{report.faults:,} values of the data could not be read and count as unknown"
        )


def counted(count: Count, lang: Lang) -> str:
    """Households and persons."""
    if lang == "zh":
        return f"{count.households:,} 户 {count.persons:,} 人"
    return f"{count.households:,} households, {count.persons:,} persons"


def short(count: Count | None, lang: Lang) -> str:
    """The same in a cell; nothing for nobody."""
    if count is None or not count.households:
        return ""
    if lang == "zh":
        return f"{count.households:,} 户/{count.persons:,} 人"
    return f"{count.households:,} / {count.persons:,}"


def label(rule: RuleImpact, lang: Lang) -> str:
    """The name of a pair, with both names where they differ."""
    left, right = rule.pair.left, rule.pair.right
    zh = lang == "zh"
    if left is None or right is None:
        side = (
            ("B 新增" if zh else "new in B") if left is None else ("B 已无" if zh else "gone in B")
        )
        return f"{rule.pair.rule.label[lang]} ({side})"
    if left.label[lang] == right.label[lang]:
        return left.label[lang]
    return f"{left.label[lang]} → {right.label[lang]}"


def clauses(rule: Rule | None, lang: Lang) -> str:
    """The clauses of one side."""
    return "" if rule is None else locators(rule.clauses, lang)


def kind_of(rule: RuleImpact, lang: Lang) -> str:
    """Flag, measure or duty."""
    return OUTCOMES[rule.pair.rule.outcome][lang]


def money(sums: Money, rule: Rule | None, lang: Lang) -> str:
    """A sum of amounts as a range, and of how many no figure is stated."""
    zh = lang == "zh"
    if rule is None or rule.amount is None or not sums.subjects:
        return ""
    unit = UNITS[rule.amount.unit][lang] if rule.amount.unit in UNITS else rule.amount.unit or ""
    paid = PAID[rule.amount.paid][lang] if rule.amount.paid else ""
    bare = f"{sums.unstated:,} 例未写金额" if zh else f"{sums.unstated:,} without a figure"
    if sums.unstated == sums.subjects:
        return bare
    low = number(sums.low)
    if sums.high is None:
        body = f"不低于 {low}{unit}" if zh else f"at least {low}{unit}"
    elif sums.low == sums.high:
        body = f"{low}{unit}"
    else:
        body = f"{low}–{number(sums.high)}{unit}"
    body = f"{paid}{body}" if zh else f"{body} {paid}".strip()
    rest = ("，另 " if zh else ", and ") + bare if sums.unstated else ""
    return f"{body}{rest}"


def sums_of(rule: RuleImpact, lang: Lang) -> list[str]:
    """The sums of amounts before and after, decided and open; nothing where no figure is stated."""
    zh = lang == "zh"
    pair = rule.pair
    lines = []
    for what, (before, after) in (
        ("“是”的合计" if zh else "sum of all YES", rule.yes),
        ("“待定”的合计(若都符合)" if zh else "sum of all UNKNOWN (were they all YES)", rule.open),
    ):
        if any(sums.subjects > sums.unstated for sums in (before, after)):
            ends = money(before, pair.left, lang), money(after, pair.right, lang)
            nothing = "无" if zh else "none"
            lines.append(f"{what}: {ends[0] or nothing} → {ends[1] or nothing}")
    return [line.replace(": ", "：", 1) for line in lines] if zh else lines
