"""What an explanation saw and what a witness household has, in words for people who know no field names."""

from __future__ import annotations

from typing import Any, Final

import pytest
from made_up import texts

from policy_rules import Engine, Pack, Verdict
from policy_rules.analysis.model import Witness
from policy_rules.errors import Lang
from policy_rules.packs.loader import load_texts
from policy_rules.render.values import seen
from policy_rules.render.witnesses import record_told, witness_told

SECTIONS: Final = """populations:
  lifted:
    label: {zh: 脱贫户, en: lifted household}
    subject: household
    clauses: ["1#1"]
    when: household.type == lifted
"""
PARAMETERS: Final = """parameters:
  growth:
    label: {zh: 收入增幅, en: growth of income}
    unit: ratio
    external: true
    clauses: ["1#1"]
    authority: {zh: 统计局, en: statistics office}
    question: {zh: 增长多少？, en: by how much?}
externals:
  credit:
    label: {zh: 符合授信条件, en: meets the credit conditions}
    subject: household
    clauses: ["1#1"]
    authority: {zh: 银行, en: bank}
    question: {zh: 是否符合？, en: does it?}
"""
DEFINITIONS: Final = """definitions:
  months:
    label: {zh: 务工月数合计, en: months of work in all}
    subject: household
    type: number
    unit: months
    clauses: ["1#1"]
    value: sum(m.employment.months for m in members)
  left:
    label: {zh: 余额, en: what is left}
    subject: household
    type: number
    unit: yuan
    clauses: ["1#1"]
    value: 100 - household.employment_cost
  wages:
    label: {zh: 月工资合计, en: wages of a month}
    subject: household
    type: number
    unit: yuan
    clauses: ["1#1"]
    value: sum(m.employment.monthly_wage for m in members)
  share:
    label: {zh: 耕地占比, en: share of arable land}
    subject: household
    type: number
    unit: ratio
    clauses: ["1#1"]
    value: household.land.arable / (household.land.arable + household.land.forest)
"""
RULE: Final = """- id: asked
  concept: low_income_listing
  outcome: flag
  subject: household
  label: {zh: 所问, en: asked}
  clauses: ["1#2"]
  force: must
  when: CONDITION
"""


def pack_asking(condition: str) -> Pack:
    files = texts()
    files["pack.yaml"] += SECTIONS
    files["parameters.yaml"], files["definitions.yaml"] = PARAMETERS, DEFINITIONS
    files["rules/rules.yaml"] += RULE.replace("CONDITION", condition)
    return load_texts(files)


def saw(condition: str, record: dict[str, Any], lang: Lang) -> list[str]:
    """What the line of that condition saw, in words."""
    pack = pack_asking(condition)
    result = Engine(pack, engine="reference").evaluate({"as_of": "2023-06-30", **record})
    (finding,) = (f for f in result.findings if f.rule.id == "asked")
    (line,) = (b for b in finding.because if b.text == condition and not b.depth)
    return seen(line, finding, pack, lang)


M1: Final = {"id": "m1", "age": 40, "employment": {"months": 6, "monthly_wage": 2000}}
PART: Final = {"items": [M1], "complete": False}


@pytest.mark.parametrize(
    ("condition", "record", "zh", "en"),
    [
        ("household.land.arable >= 3", {"land": {"arable": 2.5}}, "耕地面积：2.5亩", "arable land: 2.5 mu"),
        ("household.plan.year >= 2023", {"plan": {"year": 2022}}, "增收计划年度：2022", "year of the plan: 2022"),
        ("household.hardship.event_on >= date(2023, 1, 1)", {"hardship": {"event_on": "2022-01-01"}},
         "突发事件日期：2022-01-01", "date of the event: 2022-01-01"),
        # codes by their labels
        ("illness in household.monitoring.risks", {"monitoring": {"risks": ["water", "illness"]}},
         "致贫返贫风险：因病、因安全饮水", "risks of poverty: illness, unsafe drinking water"),
        ("illness in household.monitoring.risks", {"monitoring": {"risks": []}},
         "致贫返贫风险：无", "risks of poverty: none"),
        # what a definition comes to, as far as the facts go
        ("defined.wages >= 900", {"members": PART}, "月工资合计：不低于2,000元", "wages of a month: at least 2,000 yuan"),
        ("defined.wages >= 900", {}, "月工资合计：待定", "wages of a month: unknown"),
        ("defined.wages >= 900", {"members": [M1]}, "月工资合计：2,000元", "wages of a month: 2,000 yuan"),
        ("defined.months >= 12", {"members": [M1, {"id": "m2"}]},
         "务工月数合计：6个月至18个月之间", "months of work in all: between 6 months and 18 months"),
        ("defined.left >= 3", {}, "余额：不超过100元", "what is left: at most 100 yuan"),
        ("defined.share >= 0.3", {"land": {"arable": 1, "forest": 3}}, "耕地占比：25%", "share of arable land: 25%"),
        ("defined.share >= 0.3", {"land": {"arable": 1, "forest": 2}}, "耕地占比：1/3", "share of arable land: 1/3"),
        # what an office has to answer is not "not recorded"
        ("param.growth >= 0.05", {}, "收入增幅：尚无答复", "growth of income: no answer yet"),
        ("external.credit", {}, "符合授信条件：尚无答复", "meets the credit conditions: no answer yet"),
        ("not external.credit", {"external": {"sample": {"credit": True}}},
         "符合授信条件：是", "meets the credit conditions: yes"),
        # lists
        ("count(m for m in members) >= 3", {"members": PART}, "个数：不低于1", "count: at least 1"),
        ("known(household.members)", {"members": PART},
         "家庭成员：已登记 1 项，可能不全", "members: 1 recorded, perhaps not all"),
        ("known(household.subsidies)", {"subsidies": {"items": [], "complete": False}},
         "涉农惠农补贴：未登记", "farm subsidies: not recorded"),
        ("not known(household.subsidies)", {"subsidies": []}, "涉农惠农补贴：已登记 0 项", "farm subsidies: 0 recorded"),
    ],
)  # fmt: skip
def test_a_value_is_told_with_its_label_and_unit(
    condition: str, record: dict[str, Any], zh: str, en: str
) -> None:
    assert (saw(condition, record, "zh"), saw(condition, record, "en")) == ([zh], [en])


def test_what_the_verdict_says_already_is_left_out_and_of_several_values_each_is_told() -> None:
    assert saw("population.lifted", {"type": "ordinary"}, "zh") == []
    assert saw("any(m.age >= 60 for m in members)", {"members": [M1]}, "en") == []
    both = "rule.focus_household or population.lifted"
    assert saw(both, {"type": "lifted"}, "zh") == ["重点帮扶户：待定", "脱贫户：是"]
    assert saw(both, {"type": "lifted"}, "en") == [
        "focus household: unknown",
        "lifted household: yes",
    ]
    every = "all(m.age >= 60 for m in members) and household.size >= 2"
    record = {"members": [M1], "size": 3}
    assert saw(every, record, "zh")[0] == "是否都：否"
    assert saw(every, record, "en")[0] == "all: no"


def test_what_is_another_s_is_told_as_that_other_s() -> None:
    record = {"village": {"id": "v1", "administrative": True}}
    condition = "not household.village.administrative"
    assert saw(condition, record, "zh") == ["v1的行政村：是"]
    assert saw(condition, record, "en") == ["v1: administrative village: yes"]


# -- witnesses -------------------------------------------------------------------------------------


RECORD: Final[dict[str, Any]] = {
    "as_of": "2023-06-30",
    "id": "h",
    "type": "lifted",
    "monitoring": {"risks": ["illness", "schooling"], "at_risk": True},
    "village_id": "v1",
    "village": {},
    "plan": {"year": 2022},
    "land": {"arable": 2.5},
    "members": {"items": [{"id": "m1", "age": 40, "roles": []}, {"id": "m2"}], "complete": False},
    "subsidies": [],
    "incomes": {2022: {"net_per_capita": 8000}, 2021: {}},
    "external": {"sample": {"credit": True}, "elsewhere": {"other_thing": False}},
}


@pytest.mark.parametrize(
    ("lang", "lines"),
    [
        (
            "zh",
            [
                "户类型：脱贫户", "致贫返贫风险：因病、因学", "耕地面积：2.5亩", "增收计划年度：2022",
                "2022年人均纯收入：8,000元/人", "符合授信条件：是", "other_thing：否",
                "家庭成员：可能还有未登记的", "涉农惠农补贴：无",
            ],
        ),
        (
            "en",
            [
                "household type: lifted out of poverty", "risks of poverty: illness, cost of schooling",
                "arable land: 2.5 mu", "year of the plan: 2022", "2022 net income per person: 8,000 yuan per person",
                "meets the credit conditions: yes", "other_thing: no", "members: perhaps more, not recorded",
                "farm subsidies: none",
            ],
        ),
    ],
)  # fmt: skip
def test_a_record_is_told_fact_by_fact(lang: Lang, lines: list[str]) -> None:
    told = record_told(RECORD, [pack_asking("external.credit")], lang)
    assert [line for line in lines if line not in told] == []


def test_members_are_numbered_and_what_is_empty_is_named() -> None:
    pack = pack_asking("external.credit")
    zh, en = (record_told(RECORD, [pack], lang) for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert "家庭成员1（周岁年龄：40周岁，在村带动身份：无）" in zh
    assert (
        "household member 1 (age in complete years: 40 years, roles in leading others: none)" in en
    )
    assert ("家庭成员2" in zh, "household member 2" in en) == (True, True)
    # a record, a year of which nothing is said
    assert ("所在行政村" in zh, "the village" in en) == (True, True)
    assert ("2021年各年度收入" in zh, "2021 incomes by year" in en) == (True, True)


def test_a_witness_has_the_figures_it_was_given() -> None:
    pack = pack_asking("param.growth >= 0.05")
    witness = Witness(
        "right_only", {"type": "lifted"}, "", Verdict.NO, Verdict.YES,
        parameters={"sample": {"growth": 0.067, "gone": 3}, "another": {"growth": 1}},
    )  # fmt: skip
    assert witness_told(witness, [pack, pack], "zh") == ["户类型：脱贫户", "收入增幅：6.7%"]
    assert witness_told(witness, [pack], "en")[-1] == "growth of income: 6.7%"
