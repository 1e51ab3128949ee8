"""The targets of a pack on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.engine.finding import figure
from policy_rules.errors import Lang
from policy_rules.packs.model import Figure, Pack, Target
from policy_rules.render.layout import Rows, paragraph
from policy_rules.render.locators import locators
from policy_rules.render.words import COMPARATORS, FORCES, MEASURES, PER_YEAR, UNITS, number
from policy_rules.verdict import Number

#: Ratios from here on are multiples, not shares.
MULTIPLE: Final = 2


def target_data(target: Target) -> dict[str, Any]:
    """A target as plain data; figures as decimal text."""
    return {
        "target": target.id,
        "label": target.label.as_dict(),
        "clauses": list(target.clauses),
        "force": target.force,
        "subject": target.subject,
        "measure": target.measure,
        "comparator": target.comparator,
        "unit": target.unit,
        "figures": [
            {
                "value": figure(f.value),
                "upper": None if f.upper is None else figure(f.upper),
                "by": None if f.by is None else str(f.by),
                "year": f.year,
                "approx": f.approx,
            }
            for f in target.figures
        ],
        "parent": target.parent,
        "per_year": target.per_year,
        "period": None if target.period is None else list(target.period),
    }


def targets(pack: Pack, lang: Lang) -> RenderableType:
    """The targets as a table."""
    heads = ("目标", "要求", "力度", "算法", "条款") if lang == "zh" else (
        "target", "to reach", "force", "measure", "clauses"
    )  # fmt: skip
    rows = [tuple(_target(t, pack, lang)) for t in pack.targets.values()]
    count = f"{len(rows)} 个目标" if lang == "zh" else f"{len(rows)} targets"
    return Group(
        paragraph(pack.document.title[lang], "bold"),
        RichText(),
        Rows.table(heads, rows),
        RichText(),
        paragraph(count),
    )


def _target(target: Target, pack: Pack, lang: Lang) -> Iterator[RichText | str]:
    label = RichText(target.label[lang])
    parent = pack.targets.get(target.parent or "")
    if parent is not None:
        label.append(f"\n{'其中，属于：' if lang == 'zh' else 'part of: '}{parent.label[lang]}")
    yield label.append(f"\n{target.id}", style="dim")
    yield "\n".join(figures_text(target, lang))
    yield FORCES[target.force][lang]
    yield MEASURES[target.measure][lang]
    yield locators(target.clauses, lang)


def figures_text(target: Target, lang: Lang) -> Iterator[str]:
    """What a target wants reached, a line a figure."""
    often = PER_YEAR[target.per_year][lang] + " " if target.per_year else ""
    sign = COMPARATORS[target.comparator][lang]
    for goal in target.figures:
        yield f"{_when(goal, lang)}{often}{sign}{_amount(goal, target.unit, lang)}"
    if not target.figures:
        start, end = target.period or (None, None)
        years = "" if start is None else f"{start}–{end}{'年' if lang == 'zh' else ''} "
        yield years + (sign if target.comparator in ("rising", "falling") else often)


def _when(goal: Figure, lang: Lang) -> str:
    if goal.year is not None:
        return f"{goal.year}年 " if lang == "zh" else f"{goal.year}: "
    return f"到 {goal.by} " if lang == "zh" else f"by {goal.by}: "


def _amount(goal: Figure, unit: str | None, lang: Lang) -> str:
    about = ("约" if lang == "zh" else "about ") if goal.approx else ""
    values = [_value(v, unit) for v in (goal.value, goal.upper) if v is not None]
    name = UNITS[unit][lang] if unit in UNITS else unit or ""
    return about + "–".join(values) + name


def _value(value: Number, unit: str | None) -> str:
    if unit != "ratio":
        return number(value)
    if Fraction(value) >= MULTIPLE:
        return number(value)  # 2.75:1 is no percentage
    percent = Fraction(value) * 100
    return f"{number(percent.numerator if percent.denominator == 1 else percent)}%"
