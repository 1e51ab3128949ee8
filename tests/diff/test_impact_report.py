"""What the reports of an impact say: sums and open amounts, sides, what is not counted, rules of one side alone."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from made_up import texts
from moved_people import PEOPLE, TIERED, changed, impact
from rich.console import Console

from policy_rules import Pack
from policy_rules.diff.impact import Impact, Money
from policy_rules.errors import Lang
from policy_rules.packs.loader import load_texts
from policy_rules.render import impact as showing
from policy_rules.render import impact_book, impact_markdown
from policy_rules.render.impact_words import head, label

BEFORE = changed()


def paying(amount: str, *edits: tuple[str, str]) -> Pack:
    """The made-up pack with a subsidy of that amount."""
    rule = TIERED[: TIERED.index("  amount:")] + f"  amount: {{{amount}}}\n"
    for old, new in edits:
        assert old in rule
        rule = rule.replace(old, new)
    return changed(more=rule)


BETWEEN = "kind: between, unit: yuan, paid: once, lower: 100, upper: 300"
AT_LEAST = "kind: at_least, unit: yuan, paid: yearly, pay: 500"
UP_TO = "kind: up_to, unit: yuan, paid: yearly, pay: 700"
STATED = "kind: stated, unit: yuan, paid: monthly, pay: 250"
UNSTATED = "kind: unstated"


def note(report: Impact, lang: Lang) -> list[str]:
    return impact_markdown.impact(report, lang).splitlines()


def screen(report: Impact, lang: Lang, **options: Any) -> str:
    console = Console(width=200, file=io.StringIO(), highlight=False)
    console.print(showing.impact(report, lang, **options))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def other_county(*edits: tuple[str, str]) -> Pack:
    """The rules of another county: a higher line, no public posts, and rules the first does not have."""
    files = texts()
    head_ = files["pack.yaml"].replace("id: sample", "id: other").replace("990101", "990202")
    rules = files["rules/rules.yaml"].split("- id: public_post")[0].replace("8000", "9000")
    files["pack.yaml"] = head_.replace("某县", "邻县").replace("en: a county", "en: next county")
    files["rules/rules.yaml"] = rules + TIERED.replace("LOW", "1").replace("HIGH", "2")
    for old, new in edits:
        assert old in files["rules/rules.yaml"]
        files["rules/rules.yaml"] = files["rules/rules.yaml"].replace(old, new)
    return load_texts(files)


# -- amounts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "zh", "en"),
    [
        (BETWEEN, STATED, "一次性200–600元 → 每月500元", "200–600 yuan once → 500 yuan a month"),
        (STATED, AT_LEAST, "每月500元 → 每年不低于 1,000元", "500 yuan a month → at least 1,000 yuan a year"),
        (AT_LEAST, UP_TO, "每年不低于 1,000元 → 每年0–1,400元", "at least 1,000 yuan a year → 0–1,400 yuan a year"),
        (UP_TO, UNSTATED, "每年0–1,400元 → 2 例未写金额", "0–1,400 yuan a year → 2 without a figure"),
    ],
)  # fmt: skip
def test_sums_of_amounts_are_told_with_their_open_ends(
    before: str, after: str, zh: str, en: str
) -> None:
    report = impact(paying(before), paying(after))
    assert f"- “是”的合计：{zh}" in note(report, "zh")
    assert f"- sum of all YES: {en}" in note(report, "en")
    assert any(line.startswith("- “待定”的合计(若都符合)：") for line in note(report, "zh"))
    assert zh in screen(report, "zh")
    assert "金额合计" in screen(report, "zh")
    assert "Sums of amounts" in screen(report, "en")


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        (BETWEEN, "是 100–300元", "YES 100–300 yuan"),
        (STATED, "是 250元", "YES 250 yuan"),
        (AT_LEAST, "是 不低于500元", "YES at least 500 yuan"),
        (UP_TO, "是 最高700元", "YES up to 700 yuan"),
        (UNSTATED, "是", "YES"),
    ],
)
def test_the_list_says_which_end_of_an_amount_is_open(amount: str, zh: str, en: str) -> None:
    report = impact(BEFORE, paying(amount))
    for lang, told in (("zh", zh), ("en", en)):
        rows = showing.listed(report, lang, None)[1]  # type: ignore[arg-type]
        assert {row[5] for row in rows if row[3] in ("新增符合", "gains")} == {told}


def test_an_amount_the_document_does_not_state_is_counted_as_such_and_is_no_nought(
    tmp_path: Path,
) -> None:
    report = impact(paying(STATED), paying(UNSTATED))
    (rule,) = (r for r in report.rules if r.pair.rule.id == "subsidy")
    assert rule.yes == (Money(Fraction(500), Fraction(500), 2), Money(subjects=2, unstated=2))
    assert rule.open[1] == Money(subjects=3, unstated=3)
    sums = next(r for r in showing.impact_data(report)["rules"] if r["right"]["rule"] == "subsidy")[
        "sums"
    ]
    assert sums["yes"]["right"] == {"low": "0", "high": "0", "subjects": 2, "unstated": 2}
    impact_book.impact(report, tmp_path / "i.xlsx", "en")
    sheet = openpyxl.load_workbook(tmp_path / "i.xlsx")["by rule"]
    heads, *rows = sheet.iter_rows(values_only=True)
    row = dict(zip(heads, next(r for r in rows if r[-1] == "subsidy"), strict=True))
    ends = [v for k, v in row.items() if "sum of YES" in str(k)]
    assert ends == [500, 500, None, None]
    # of rules without any figure on either side nothing is summed
    quiet = impact(paying(UNSTATED), paying(UNSTATED, ("{ordinary, skilled}", "{ordinary}")))
    assert not any("sum of all" in line for line in note(quiet, "en"))


@pytest.mark.parametrize("amount", [STATED, UNSTATED])
def test_who_is_not_met_has_no_amount_on_that_side(amount: str) -> None:
    narrow = ("{ordinary, skilled}", "{skilled}")
    report = impact(paying(amount, narrow), paying(amount))
    (rule,) = (r for r in report.rules if r.moved)
    gains = rule.changes["gains"]
    assert gains.left == Money()
    assert (gains.right.subjects, gains.right.low) == (1, 250 if amount == STATED else 0)
    back = impact(paying(amount), paying(amount, narrow))
    (rule,) = (r for r in back.rules if r.moved)
    assert rule.changes["loses"].right == Money()


# -- heads and notes -----------------------------------------------------------------------------------


def test_overlays_and_readings_are_named_with_the_pack() -> None:
    files = texts()
    files["readings.yaml"] = (
        "- id: line\n  unclear: {zh: 线, en: line}\n  clauses: ['1#1']\n"
        "  basis: {zh: 例, en: example}\n  chosen: {zh: 八千, en: eight}\n  alternatives:\n"
        "    - id: nine\n      label: {zh: 九千, en: nine}\n      patch:\n"
        "        rules.focus_household.when: income(2022).net_per_capita < 9000\n"
    )
    left = load_texts(files)
    right = left.with_reading("line", "nine").with_overlay({"pack": "sample"})
    zh, en = (list(head(impact(left, right), lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert zh[0].startswith("A  某县 sample@1.0.0  ")
    assert zh[1].startswith("B  某县 sample@1.0.0 + 1 份补充文件 (读法 line=nine)  ")
    assert en[1].startswith("B  a county sample@1.0.0 + 1 overlay(s) (read line=nine)  ")


def test_two_days_are_told_as_such_and_so_are_records_of_their_own_day() -> None:
    report = impact(BEFORE, BEFORE, right_as_of="2026-01-01")
    zh, en = (list(head(report, lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert (zh[0].endswith("按 2023-06-30"), en[1].endswith("on 2026-01-01")) == (True, True)
    assert "假设性测算：两边的评估日不同，变化也可能来自日期。" in zh
    assert any(line.startswith("Hypothetical: the two sides are looked at on different") for line in en)  # fmt: skip
    own = impact(BEFORE, BEFORE, [{**p, "as_of": "2023-06-30"} for p in PEOPLE], as_of=None)
    zh, en = (list(head(own, lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert (zh[0].endswith("按各记录的日期"), en[0].endswith("on the date of each record")) == (
        True,
        True,
    )
    assert not any("假设" in line for line in zh)


def test_what_is_not_counted_is_told_with_its_number() -> None:
    people = [{**p, "region": "990202" if n == 1 else "990101"} for n, p in enumerate(PEOPLE)]
    people = [{**p, "as_of": "2023-06-30"} if p["id"] == "poor" else p for p in people]
    report = impact(BEFORE, BEFORE, people, as_of=None)
    zh, en = (list(head(report, lang)) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert "1 条记录的地区不在 A 的范围内，未计入" in zh
    assert "1 records lie outside A's region and are not counted" in en
    assert "3 条记录未能判定，未计入(no_date 3)" in zh
    assert "3 records could not be evaluated and are not counted (no_date 3)" in en
    assert "测算 1 户 2 人；结论有变化的 0 户 0 人" in zh


# -- two packs -----------------------------------------------------------------------------------------


def test_rules_of_one_side_alone_are_listed_with_all_and_counted_without() -> None:
    report = impact(BEFORE, other_county(), everywhere=True)
    assert "只有一方写到的规则(2)" in screen(report, "zh")
    assert "用 --all 列出" in screen(report, "zh")
    assert "listed with --all" in screen(report, "en")
    whole = screen(report, "en", everything=True)
    assert "listed with --all" not in whole
    rows = {row[1]: row for row in showing.unpaired(report, "en")[1]}
    assert rows["public post"][0] == "A"
    assert rows["public post"][4:] == ["2", "2"]  # poor and rich; silent and ordinary list nobody
    assert (rows["subsidy"][0], rows["subsidy"][4:]) == ("B", ["2", "3"])
    assert "| A | 公益性岗位 | 措施 | 第2条第2句 | 2 | 2 |" in note(report, "zh")
    body = showing.impact_data(report)["unpaired"]
    assert {(r["left"] and r["left"]["rule"], r["right"] and r["right"]["rule"]) for r in body} == {
        ("public_post", None),
        (None, "subsidy"),
    }


def test_rules_of_two_names_and_two_clauses_have_both_in_the_table() -> None:
    right = other_county(
        ("zh: 重点帮扶户, en: focus household", "zh: 低收入户, en: low-income household"),
        ('clauses: ["1#1"]', 'clauses: ["1#2"]'),
    )
    report = impact(BEFORE, right, everywhere=True)
    zh, en = note(report, "zh"), note(report, "en")
    assert any(line.startswith("| 规则 | 类别 | A 条款 | B 条款 |") for line in zh)
    assert any("| A clauses | B clauses |" in line for line in en)
    (row,) = (line for line in zh if line.startswith("| 重点帮扶户 → 低收入户 | 标识 |"))
    assert "| 第1条第1句 | 第1条第2句 |" in row
    assert "### focus household → low-income household `focus_household`" in en


def test_a_rule_that_is_new_or_gone_in_another_version_is_named_as_that() -> None:
    new = changed(more=TIERED.replace("LOW", "1").replace("HIGH", "2"))
    (rule,) = (r for r in impact(BEFORE, new).rules if r.moved)
    assert (label(rule, "zh"), label(rule, "en")) == ("补贴 (B 新增)", "subsidy (new in B)")
    (rule,) = (r for r in impact(new, BEFORE).rules if r.moved)
    assert (label(rule, "zh"), label(rule, "en")) == ("补贴 (B 已无)", "subsidy (gone in B)")
    assert "- “是”的合计：一次性2–4元 → 无" in note(impact(new, BEFORE), "zh")
    assert "- sum of all YES: 2–4 yuan once → none" in note(impact(new, BEFORE), "en")


def test_where_nobody_moves_the_report_says_so() -> None:
    report = impact(BEFORE, BEFORE)
    assert "没有结论发生变化" in screen(report, "zh")
    assert "No answer changes." in note(report, "en")
