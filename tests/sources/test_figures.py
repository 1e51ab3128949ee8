"""Figures as official texts write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy_rules.sources.figures import chinese, telling, values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("三百", 300),
        ("三千二百", 3200),
        ("一百零五", 105),
        ("两万五千", 25000),
        ("一亿二千万", 120_000_000),
        ("二〇二五", 2025),
        ("十万", 100_000),
    ],
)
def test_chinese_numerals(text: str, value: int) -> None:
    assert chinese(text) == value


@pytest.mark.parametrize(
    ("wording", "meant"),
    [
        ("不低于1.5万元", 15000),
        ("24.51万个岗位", 245_100),
        ("不少于３万人次", 30000),
        ("占比达到65%", Fraction(65, 100)),
        ("提高5.5个百分点", Fraction(55, 1000)),
        ("百分之五十", Fraction(1, 2)),
        ("不到四分之一的家庭", Fraction(1, 4)),
        ("增长一成以上", Fraction(1, 10)),
        ("标准的1.5倍", Fraction(3, 2)),
        ("稳定经营1年以上", 12),
        ("补助12,000元", 12000),
        ("小于十万元(含十万元)", 100_000),
        ("2.75:1左右", Fraction(275, 100)),
        ("每半年一次", Fraction(1, 2)),
    ],
)
def test_what_a_figure_may_mean(wording: str, meant: int | Fraction) -> None:
    assert Fraction(meant) in values([wording])


@pytest.mark.parametrize(
    ("wording", "told"),
    [
        ("严格落实“四个不摘”要求，每年培训3万人次", ["3万"]),
        ("一户一策，到2025年达到30%", ["2025", "30%"]),
        ("推动一二三产业融合", []),
        ("按照〔2022〕30号文件，补助500元", ["500"]),
        ("连续三个月或累计六个月", ["三", "六"]),
        ("千亩坝子、百姓、队伍延续千百年", []),
        ("时间:2024-04-12 09:52:44", ["2024", "04", "12", "09", "52", "44"]),
        ("《三年行动方案(2022—2024年)》", []),
    ],
)
def test_which_figures_tell(wording: str, told: list[str]) -> None:
    assert [n.text for n in telling(wording)] == told
