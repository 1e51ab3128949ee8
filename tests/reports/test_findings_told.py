"""What the solver found of a pack's rules and properties, in words: each kind under its heading, in zh and en."""

from __future__ import annotations

import io
from datetime import date
from typing import Any, Final

import pytest
from made_up import texts
from rich.console import Console, RenderableType

from policy_rules import Pack, Verdict
from policy_rules.analysis.model import Bounds, Nature, Proof, Shown, Span, Witness
from policy_rules.errors import Lang, Place
from policy_rules.packs.loader import load_texts
from policy_rules.render.natures import natures, natures_data
from policy_rules.render.properties import (
    headline,
    properties,
    properties_data,
    properties_markdown,
    told,
)
from policy_rules.testing.properties import Property
from policy_rules.testing.verifying import Verification, Verified
from policy_rules.text import Text

BOUNDS: Final = Bounds(4, 3)
YEAR: Final = Span(date(2023, 1, 1), date(2024, 12, 31))
EXTERNALS: Final = """externals:
  credit:
    label: {zh: 符合授信条件, en: meets the credit conditions}
    subject: household
    clauses: ["1#1"]
    authority: {zh: 银行, en: bank}
    question: {zh: 是否符合？, en: does it?}
"""


def asking() -> Pack:
    return load_texts({**texts(), "parameters.yaml": EXTERNALS})


def screen(shown: RenderableType) -> str:
    console = Console(width=240, file=io.StringIO(), highlight=False)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# -- natures -----------------------------------------------------------------------------------------


def beyond(record: dict[str, Any]) -> Witness:
    return Witness("left_only", record, "", Verdict.UNKNOWN)


def nature(rule: str = "focus_household", **changes: Any) -> Nature:
    return Nature(rule, **{"never": False, "always": False, "bounds": BOUNDS, **changes})


def section(text: str, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    return text.partition(f"{heading} (1)")[2].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({"never": True}, ("永远不会判“是”的规则", "重点帮扶户"), ("rules that can never say YES", "focus household")),
        ({"always": True}, ("对象之内永远不会判“否”的规则", "重点帮扶户"),
         ("rules that never say NO within their population", "focus household")),
        ({"implied_by": ("public_post",)}, ("由另一条规则推出的规则", "public_post"),
         ("rules that follow from others", "public_post")),
        ({"undecided": ("never", "implied")}, ("限时内没有判定的", "会不会判“是”、由哪些规则推出"),
         ("not decided in time", "whether it ever says YES, what it follows from")),
        ({"left_out": ("text",)}, ("没有核对的", "text"), ("not looked at", "text")),
        ({"beyond": beyond({"type": "lifted"}), "beyond_fact": "income_year.net_per_capita(2022)"},
         ("资料不全时解释器判“待定”、其实该项填什么都一样的规则", "2022年人均纯收入（例：户类型：脱贫户）"),
         ("rules left UNKNOWN although no value of the missing fact would change the answer",
          "net income per person 2022 (example: household type: lifted out of poverty)")),
        ({"beyond": beyond({"size": 3}), "beyond_fact": "external.credit"},
         ("资料不全时解释器判“待定”、其实该项填什么都一样的规则", "符合授信条件（例：年度家庭人口数：3人）"),
         ("rules left UNKNOWN although no value of the missing fact would change the answer",
          "meets the credit conditions (example: household size of the year: 3 persons)")),
        ({"beyond": beyond({"size": 3}), "beyond_fact": "household.dibao"},
         ("资料不全时解释器判“待定”、其实该项填什么都一样的规则", "（例：年度家庭人口数：3人）"),
         ("rules left UNKNOWN although no value of the missing fact would change the answer",
          "(example: household size of the year: 3 persons)")),
    ],
)  # fmt: skip
def test_each_nature_stands_under_its_heading(
    changes: dict[str, Any], zh: tuple[str, str], en: tuple[str, str]
) -> None:
    pack, found = asking(), [nature(**changes), nature("public_post")]
    for lang, (heading, part) in (("zh", zh), ("en", en)):
        text = screen(natures(pack, found, lang))  # type: ignore[arg-type]
        assert part in section(text, heading), text
        assert "public_post  " not in text
    assert not any(
        h in screen(natures(pack, found, "zh")) for h in ("没有发现", "判“是”的对象完全一样")
    )


def test_rules_that_say_the_same_are_told_once() -> None:
    found = [nature(same_as=("public_post",)), nature("public_post", same_as=("focus_household",))]
    zh, en = (screen(natures(asking(), found, lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert "public_post" in section(zh, "判“是”的对象完全一样的规则")
    assert zh.count("focus_household") == 1
    assert "public_post" in section(en, "rules that say YES of just the same subjects")


def test_a_rule_that_is_always_met_does_not_follow_from_others_besides() -> None:
    both = [nature(always=True, implied_by=("public_post",))]
    assert "由另一条规则推出的规则" not in screen(natures(asking(), both, "zh"))


def test_where_nothing_stands_out_that_is_said_and_so_are_the_bounds() -> None:
    zh, en = (screen(natures(asking(), [nature()], lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert ("没有发现" in zh, "nothing found" in en) == (True, True)
    assert "不超过 4 人" in zh
    empty = screen(natures(asking(), [], "en"))
    assert "nothing found" in empty
    assert natures_data(asking(), [])["bounds"] is None
    assert natures_data(asking(), [nature()])["rules"][0]["conditions"] is True


# -- properties ----------------------------------------------------------------------------------------


def verified(status: Any, proof: Proof | None = None, **changes: Any) -> Verified:
    label = Text("收入越低越不会失去", "less income never loses")
    wanted = Property(
        f"claim_{status}", "monotone", label, ("focus_household",), "incomes.2022.net", "lower", "household",
        None, None, None, None, None, Place("properties.yaml", 1),
    )  # fmt: skip
    return Verified(wanted, status, proof, changes.pop("tried", 0), changes.pop("shown", None), **changes)  # fmt: skip


def of(*found: Verified, readings: bool = False) -> Verification:
    return Verification(asking(), BOUNDS, found, readings)


def both(found: Verified) -> tuple[list[str], list[str]]:
    pack = asking()
    return told(found, pack, "zh").split("；"), told(found, pack, "en").split("; ")


def test_what_is_proved_names_its_days_its_facts_and_the_years_looked_at() -> None:
    late = Span(date(2024, 6, 1), date(2024, 6, 1))
    proof = Proof("proved", BOUNDS, (YEAR,), (late,), (), ("household.type", "x"), years=True)
    found = verified("proved", proof, holds=("line=at_7000",), open=("line=at_9000",))
    zh, en = both(found)
    assert zh == [
        "2023-01-01至2024-12-31内每一天", "其中2024-06-01所涉规则不在有效期", "2 项资料可有可无、取值任意",
        "只看当日前三年至后一年的年度资料", "换读法仍成立：line=at_7000", "换读法未判定：line=at_9000",
    ]  # fmt: skip
    assert en[0] == "every day of 2023-01-01 to 2024-12-31"
    assert en[3:] == [
        "years from three before the day to one after",
        "holds under other readings: line=at_7000",
        "not settled under other readings: line=at_9000",
    ]
    (body,) = properties_data(of(found, readings=True))["properties"]
    assert body["other_readings"] == {"hold": ["line=at_7000"], "fail": [], "open": ["line=at_9000"]}  # fmt: skip
    assert body["solver"]["years_around_the_day"] is True
    assert "other_readings" not in properties_data(of(found))["properties"][0]


@pytest.mark.parametrize(
    ("proof", "zh", "en"),
    [
        (None, "没有交给求解器", "the solver was not asked"),
        (Proof("proved", BOUNDS, (YEAR,)), "范围内没有记录使它受到检验", "no record within the bounds puts it to the test"),
        (Proof("open", BOUNDS, open=("time", "text")), "限时内没有算完、该项是文字，没有高低",
         "out of time, the fact is a text"),
        (Proof("open", BOUNDS, open=("longest_run",)), "longest_run", "longest_run"),
    ],
)  # fmt: skip
def test_what_is_only_tested_says_why_it_is_not_proved(
    proof: Proof | None, zh: str, en: str
) -> None:
    found = verified("tested", proof, tried=200)
    assert both(found) == (
        ["检验了 200 条记录", f"未证明：{zh}"],
        ["200 records put it to the test", f"not proved: {en}"],
    )
    assert ("solver" in properties_data(of(found))["properties"][0]) == (proof is not None)


def test_what_is_refuted_shows_the_record_and_the_record_moved() -> None:
    shown = Shown(
        {"type": "lifted", "incomes": {2022: {"net": 7000}}}, date(2023, 6, 30), False,
        {"type": "lifted", "incomes": {2022: {"net": 6000}}}, {"sample": {"growth": 0.05}},
    )  # fmt: skip
    found = verified("refuted", Proof("refuted", BOUNDS, shown=shown), shown=shown, fails=("a=b",))
    zh, en = both(found)
    assert zh == [
        "例（2023-06-30）：户类型：脱贫户，2022年家庭纯收入：7,000元",
        "该项改动后：户类型：脱贫户，2022年家庭纯收入：6,000元",
        "换读法不成立：a=b",
    ]
    assert en[1].startswith("with the fact moved: household type: lifted out of poverty, 2022 ")
    assert en[2] == "does not hold under other readings: a=b"
    (body,) = properties_data(of(found))["properties"]
    assert (body["as_of"], body["parameters"]) == ("2023-06-30", {"sample": {"growth": 0.05}})
    assert body["moved"]["incomes"] == {2022: {"net": 6000}}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_properties_stand_by_what_came_of_them_and_are_counted(lang: Lang) -> None:
    proof = Proof("proved", BOUNDS, (YEAR,))
    found = of(verified("proved", proof), verified("idle", tried=0), verified("tested", tried=9))
    text = screen(properties(found, lang))
    heads = ("没有记录检验到 (1)", "只经检验 (1)", "已证明 (1)") if lang == "zh" else (
        "never put to the test (1)", "only tested (1)", "proved (1)"
    )  # fmt: skip
    at = [text.index(f"\n{head}") for head in heads]
    assert at == sorted(at)
    assert ("不成立" if lang == "zh" else "refuted (") not in text.replace(
        headline(found, lang), ""
    )
    counts = "3 条性质，已证明 1，只经检验 1，不成立 0，没有记录检验到 1" if lang == "zh" else (
        "3 properties, 1 proved, 1 only tested, 0 refuted, 1 never put to the test"
    )  # fmt: skip
    assert counts in text
    page = properties_markdown([found], lang)
    rows = [line for line in page.splitlines() if line.startswith("| `claim_")]
    assert [row.split("|")[3].strip() for row in rows] == (
        ["已证明", "没有记录检验到", "只经检验"]
        if lang == "zh"
        else ["proved", "never put to the test", "only tested"]
    )
