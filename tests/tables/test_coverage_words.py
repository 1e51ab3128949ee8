"""Coverage in words: goals that grow or rise, what is short, spans open at one end, in zh and en."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import pytest
from made_up import texts

from policy_rules import Pack, load_pack, measure_coverage
from policy_rules.engine.tally import Span
from policy_rules.errors import Lang
from policy_rules.packs.loader import load_texts
from policy_rules.render.coverage_words import (
    counts_text,
    said,
    short_text,
    spanned,
    value_text,
    wanted_text,
)


def told(pack: Pack, target: str, records: Iterable[Any], year: int, lang: Lang) -> list[str]:
    """What is wanted, reached, counted, said and short of a target in a year."""
    measured = measure_coverage(pack, records, f"{year}-12-31", targets=[target])[target]
    (found,) = (f for f in measured.figures if f.year == year)
    goal = measured.target
    return [
        wanted_text(goal, found, lang),
        value_text(goal, found.value, lang),
        counts_text(goal, found, lang),
        said(found, lang),
        short_text(goal, found, lang),
    ]


def family(name: str, **incomes: dict[int, int]) -> dict[str, Any]:
    years: dict[int, dict[str, int]] = {}
    for fact, values in incomes.items():
        for year, value in values.items():
            years.setdefault(year, {})[fact] = value
    return {"id": name, "type": "lifted", "size": 2, "incomes": years}


def zhengzhou(target: str, record: dict[str, Any]) -> Iterator[list[str]]:
    pack = load_pack("zhengzhou")
    for lang in ("zh", "en"):
        yield told(pack, target, [record], 2024, lang)  # type: ignore[arg-type]


def test_a_growth_is_told_with_both_years_and_by_how_much_it_is_short() -> None:
    zh, en = zhengzhou("net_income_grows", family("a", net={2023: 10000, 2024: 9000}))
    assert zh == ["2024年 > 0%", "-10%", "上年 5,000 → 4,500", "未达到", "多于 1,000元"]
    assert en == [
        "2024 > 0%", "-10%", "5,000 the year before, now 4,500", "not met", "more than 1,000 yuan"
    ]  # fmt: skip


def test_a_growth_of_which_one_year_is_missing_is_open() -> None:
    zh, en = zhengzhou("business_income_grows", family("a", business={2023: 3000}))
    assert zh[1:] == ["≥ -100%", "上年 1,500 → ≥ 0", "未定", "多于 0–3,000元"]
    assert en[1:] == ["≥ -100%", "1,500 the year before, now ≥ 0", "open", "more than 0–3,000 yuan"]


def test_what_shall_rise_says_each_year_once() -> None:
    zh, en = zhengzhou("city_ratio_rises", family("a", net={2023: 10000, 2024: 9000}))
    assert zh == ["2024年 逐年上升", "未知", "上年 未知 → 未知", "未定", ""]
    assert en[0] == "2024: rising each year"
    assert en[2] == "unknown the year before, now unknown"


FIGURES = "  figures:\n    - {year: 2023, value: 0.65}\n    - {year: 2024, value: 0.70}\n"
TREND = (
    ("measure: share", "measure: trend"),
    ("unit: ratio", "unit: ratio\n  value: income(target_year).net\n  of: household.size * 1000"),
    ("  when: household.in_cooperative\n", ""),
    ('comparator: ">="', "comparator: falling"),
)


def goal(*edits: tuple[str, str]) -> Pack:
    """The made-up pack with its goal edited."""
    files = texts()
    for old, new in edits:
        assert old in files["targets.yaml"], old
        files["targets.yaml"] = files["targets.yaml"].replace(old, new)
    return load_texts(files)


@pytest.mark.parametrize("figures", [FIGURES, "  period: {from: 2023, to: 2024}\n"])
def test_what_shall_fall_tells_the_change_and_no_figure(figures: str) -> None:
    pack = goal(*TREND, (FIGURES, figures))
    record = family("a", net={2022: 1000, 2023: 900, 2024: 950})
    zh, en = (told(pack, "in_cooperative", [record], 2024, lang) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert zh[:4] == ["2024年 逐年下降", "变化 2.5%", "上年 45% → 47.5%", "未达到"]
    assert en[0].endswith("falling each year")
    assert en[1:4] == ["change 2.5%", "45% the year before, now 47.5%", "not met"]
    assert ("50元" in zh[4], "50 yuan" in en[4]) == (True, True)


CONDITIONED = [
    {"id": "a", "type": "lifted", "incomes": {2022: {"net_per_capita": 500}}, "in_cooperative": True},
    {"id": "b", "type": "lifted", "incomes": {2022: {"net_per_capita": 500}}},
    {"id": "c", "type": "lifted", "incomes": {2022: {"net_per_capita": 500}}, "in_cooperative": False},
]  # fmt: skip


@pytest.mark.parametrize(
    ("edits", "zh", "en"),
    [
        (
            (),
            ["2024年 ≥ 70%", "≈33.33%–66.67%", "1–2 / 3", "未达到", "1–2户"],
            ["2024 >= 70%", "≈33.33%–66.67%", "1–2 / 3", "not met", "1–2 households"],
        ),
        (
            (('comparator: ">="', 'comparator: "<="'), ("0.70", "0.20")),
            ["2024年 ≤ 20%", "≈33.33%–66.67%", "1–2 / 3", "未达到", "多出 1–2户"],
            ["2024 <= 20%", "≈33.33%–66.67%", "1–2 / 3", "not met", "too many: 1–2 households"],
        ),
        (
            (("measure: share", "measure: count"), ("unit: ratio", "unit: households"), ("0.65", "2"), ("0.70", "3")),
            ["2024年 ≥ 3户", "1–2户", "1–2", "未达到", "1–2户"],
            ["2024 >= 3 households", "1–2 households", "1–2", "not met", "1–2 households"],
        ),
    ],
)  # fmt: skip
def test_shares_and_counts_are_told_with_their_bounds(
    edits: tuple[tuple[str, str], ...], zh: list[str], en: list[str]
) -> None:
    pack = goal(*edits)
    assert told(pack, "in_cooperative", CONDITIONED, 2024, "zh") == zh
    assert told(pack, "in_cooperative", CONDITIONED, 2024, "en") == en


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (Fraction(88, 100), Fraction(88, 100), "88%"),
        (Fraction(88, 100), math.inf, "≥ 88%"),
        (-math.inf, Fraction(-1, 3), "≤ ≈-33.33%"),
        (Fraction(1, 3), Fraction(2, 3), "≈33.33%–66.67%"),
    ],
)
def test_a_span_says_which_end_is_open(low: Any, high: Any, text: str) -> None:
    assert spanned(Span(low, high), "zh", percent=True) == text
    assert spanned(Span(low, high), "en", percent=True) == text
    assert spanned(Span(-math.inf, math.inf), "zh") == "未知"
