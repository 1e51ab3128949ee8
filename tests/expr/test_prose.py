"""What conditions look like to policy staff: both languages, every node class, no identifiers."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any, get_args

import pytest

from policy_rules.errors import Place, Problems
from policy_rules.expr import nodes, wording
from policy_rules.expr import prose as printer
from policy_rules.expr.functions import FUNCTIONS
from policy_rules.expr.nodes import And, Const, Leaf, Node, Not, Or, walk
from policy_rules.expr.parser import parse
from policy_rules.expr.prose import prose, skeleton
from policy_rules.expr.types import DATE, UNITS, NumberType, Type
from policy_rules.facts.dictionary import Vocabulary, build_vocabulary
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import PackScope
from policy_rules.packs.sections import declare
from policy_rules.text import Text
from policy_rules.yamldoc import parse_yaml


def _label(zh: str, en: str) -> str:
    return f"label: {{zh: {zh}, en: {en}}}"


_CODES = """
  household_type:
    label: {zh: 户类型, en: household type}
    values:
      lifted: {zh: 脱贫户, en: lifted}
      ordinary: {zh: 一般农户, en: ordinary}
      relocated: {zh: 搬迁户, en: relocated}
  health:
    label: {zh: 健康状况, en: state of health}
    values: {chronic: {zh: 慢性病, en: chronic illness}, disabled: {zh: 残疾, en: disabled}}
"""
#: A kind of record and its labels; below it its facts: name, type, labels.
_STRUCTURES = """
income_year | 一年收入 | income of one year
net | money | 纯收入 | net income
settled | bool | 已核定 | settled
net_per_capita | money, unit: yuan_per_person | 人均纯收入 | net income per head
spell | 务工经历 | spell of work
from | date | 开始日期 | first day
to | date | 结束日期 | last day
outside | bool | 跨省务工 | work outside the province
link | 合作社联结 | link to a cooperative
from | date | 联结日期 | start of the link
cooperative | record, item: cooperative | 所联结合作社 | the cooperative
subsidy | 补贴 | subsidy
year | int, unit: years, min: 2015 | 补贴年度 | year of the subsidy
entitled | bool | 符合补贴条件 | meets the conditions
deal | 与企业的联结 | deal with an enterprise
from | date | 签约日期 | date of signing
"""
_KINDS = """
household | 农户 | household
members | list, item: member | 家庭成员 | members
incomes | by_year, item: income_year | 各年收入 | incomes by year
links | list, item: link | 合作社联结 | links to cooperatives
subsidies | list, item: subsidy | 补贴 | subsidies
size | int, unit: persons | 家庭人口数 | counted size
type | code, codes: household_type | 户类型 | household type
share | share | 收购比例 | share bought
plot | number, unit: mu | 种植面积 | area planted
removed | bool | 风险是否已消除 | risk removed
village | record, item: village | 所在行政村 | the village
county_id | text | 所在县编号 | code of the county
member | 家庭成员 | household member
startup.employees | int, unit: persons | 吸纳就业人数 | employees taken on
startup.returned_on | date | 返乡创业日期 | date of return
startup.licensed | bool | 办理营业执照 | has a licence
veteran | bool | 退役军人 | veteran
bound | bool | 参与“双绑”机制 | in double binding
birth_date | date | 出生日期 | date of birth
age | int, unit: years, min: 0 | 周岁年龄 | age
months | number, unit: months | 务工月数 | months of work
wage | money | 月工资 | monthly wage
bonus | money | 奖金 | bonus
health | codes, codes: health | 健康状况 | state of health
spells | list, item: spell | 务工经历 | spells of work
village | 行政村 | village
lifted | bool | 脱贫村 | lifted village
income | by_year, item: income_year | 集体经济 | collective economy
cooperative | 合作社 | cooperative
deals | list, item: deal | 与企业的联结 | deals with enterprises
"""


def _records(table: str) -> str:
    found = []
    for line in table.strip().splitlines():
        name, *kind, zh, en = line.split(" | ")
        if kind:
            ask = "question: {zh: 问, en: ask}, ask: x"
            found.append(f"      {name}: {{type: {kind[0]}, {_label(zh, en)}, {ask}}}")
        else:
            found.append(f"  {name}:\n    {_label(zh, en)}\n    facts:")
    return "\n".join(found) + "\n"


FACTS = f"""version: 1
codes:{_CODES}structures:
{_records(_STRUCTURES)}kinds:
{_records(_KINDS)}"""


def _thing(name: str, zh: str, en: str, rest: str) -> str:
    return f'  {name}:\n    {_label(zh, en)}\n    clauses: ["1"]\n    {rest}\n'


def _rule(name: str, zh: str, en: str, when: str) -> str:
    head = f"- id: {name}\n  {_label(zh, en)}\n  clauses: ['1']\n  outcome: flag"
    return f"{head}\n  concept: a\n  subject: member\n  force: must\n  when: {when}\n"


_PACK = """
id: aa/bb
version: 1.0.0
document:
  title: {zh: 方案, en: plan}
  issuer: {zh: 局, en: office}
  issued: 2022-01-01
  in_force: {from: 2022-01-01, to: 2024-12-31, basis: {zh: 据, en: basis}}
region: {codes: ["530113"], level: county, name: {zh: 县, en: county}}
populations:
"""
_WHEN = """
    all:
      - member.startup.employees >= 3
      - any:
          - member.veteran and member.age >= 18
          - not: member.startup.licensed
      - not:
          all:
            - household.removed
            - rule.other
"""
_ASK = "authority: {zh: 银行, en: bank}\n    question: {zh: 问, en: ask}"
_LINE = f"unit: yuan_per_person\n    external: true\n    {_ASK}"
_CREDIT = "符合授信条件", "meets the lender's conditions", f"subject: member\n    {_ASK}"
_COUNTED = (
    "subject: household\n    type: number\n    unit: persons\n    value: count(m for m in members)"
)
_READY = "subject: member\n    type: bool\n    value: member.startup.licensed"
_AWARD = (
    "kind: lookup\n    codes: household_type\n    unit: yuan\n    rows: [{key: lifted, value: 500}]"
)
_STEPS = "kind: tier\n    key_unit: yuan\n    unit: yuan\n    rows: [{from: 0, includes: lower, value: 5}]"
_RATES = (
    "kind: slices\n    key_unit: yuan\n    unit: yuan\n    rows: [{from: 0, to: 100, value: 0.1}]"
)
PACK = {
    "pack.yaml": _PACK
    + _thing(
        "poor", "脱贫户", "lifted household", "subject: household\n    when: household.size > 0"
    ),
    "parameters.yaml": "parameters:\n"
    + _thing("line", "帮扶线", "support line", _LINE)
    + "externals:\n"
    + _thing("credit", *_CREDIT),
    "definitions.yaml": "definitions:\n"
    + _thing("counted", "计算人口", "persons counted", _COUNTED)
    + _thing("ready", "创业就绪", "ready to start", _READY)
    + "tables:\n"
    + _thing("award", "奖励表", "award table", _AWARD)
    + _thing("steps", "档次表", "table of tiers", _STEPS)
    + _thing("rates", "分段表", "table of slices", _RATES),
    "rules/a.yaml": _rule("startup_subsidy", "返乡创业补贴", "return subsidy", _WHEN)
    + _rule("other", "其他补贴", "other subsidy", "member.veteran"),
    "clauses.yaml": "clauses:\n"
    + "  - {id: '1', summary: {zh: 摘要, en: summary}, dispositions: [rule]}\n",
}


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return build_vocabulary(parse_yaml(FACTS, "facts.yaml"))


@pytest.fixture(scope="module")
def pack(vocabulary: Vocabulary) -> Pack:
    return load_texts(PACK, vocabulary)


def node_of(pack: Pack, text: str, *, subject: str = "member", expect: Type | None = None) -> Node:
    scope = PackScope(pack.vocabulary, declare(pack.raw), subject, target=True)
    problems = Problems()
    node = parse(text, scope, Place("x"), problems, expect)
    assert node is not None, [p.render() for p in problems.found]
    return node


#: A condition, and what its Chinese and its English hold.
_TABLE = """
member.startup.employees >= 3 | 本人的吸纳就业人数不少于3人 | the member's employees taken on: at least 3 persons
member.startup.employees == 1 | 本人的吸纳就业人数等于1人 | equal to 1 person
3 > member.startup.employees | 本人的吸纳就业人数低于3人 | less than 3 persons
member.startup.employees > 3 | 本人的吸纳就业人数超过3人 | more than 3 persons
member.months <= 1_200.5 | 本人的务工月数不超过1,200.5个月 | at most 1,200.5 months
member.age >= 60 | 本人的周岁年龄不低于60周岁 | the member's age: at least 60 years
household.plot != 5 | 本户的种植面积不等于5亩 | other than 5 mu
household.share >= 0.125 | 本户的收购比例不低于12.5% | at least 12.5%
household.share >= 1.5 | 本户的收购比例不低于1.5 | at least 1.5
member.wage >= 10_000 | 本人的月工资不低于1万元 | at least 10,000 yuan
member.wage >= 12_000_000 | 本人的月工资不低于1,200万元 | at least 12,000,000 yuan
member.wage >= 12_500 | 本人的月工资不低于12,500元 | at least 12,500 yuan
member.wage > -3 | 本人的月工资超过-3元 | more than -3 yuan
16 <= member.age <= 60 | 本人的周岁年龄不低于16周岁且不超过60周岁 | at most 60 years
member.startup.returned_on > date(2021, 1, 1) | 本人的返乡创业日期晚于2021年1月1日 | the member's date of return: after 1 January 2021
member.birth_date <= as_of | 本人的出生日期不晚于评估日 | on or before the date of evaluation
member.birth_date < date(year(as_of), 9, 1) | 早于当年9月1日 | before 1 September of the current
member.birth_date >= date(2021, 1, member.age) | 日为本人的周岁年龄的日期 | day the member's age
year(member.birth_date) >= 1990 | 本人的出生日期所在年份不早于1990年 | in or after 1990
month(as_of) in {9, 3} | 评估日所在月份属于{3月、9月} | one of {March; September}
month(as_of) >= 3 | 评估日所在月份不早于3月 | in or after March
any(s.year == year(as_of) for s in household.subsidies) | 本户的补贴中至少有一项（补贴年度为当年） | at least one of the household's subsidies (year of the subsidy: in the current year)
income(2022).net_per_capita | 2022年人均纯收入 | net income per head of 2022
income(year(as_of) - 1).net_per_capita <= param.line | 上一年人均纯收入不超过“帮扶线” | net income per head of the previous year: at most “support line”
income(year(as_of)).net | 当年纯收入 | net income of the current year
income(year(as_of) - 2).net | 当年往前第2年纯收入 | of the year 2 before the current year
income(target_year + 1).net | 目标年的下一年纯收入 | of the year after the target year
(year(as_of) - 2020) * 100 > 5 | （当年－2020年）×100超过5 | (the current year - 2020) × 100: more than 5
income(2022).settled | 2022年符合“已核定” | in 2022: “settled”
household.village.income(2022).net | 本户的所在行政村2022年纯收入 | the household's village's net income of 2022
income(2022) | 2022年本户的各年收入 | the household's incomes by year of 2022
member.startup.licensed | 本人符合“办理营业执照” | the member: “has a licence”
not member.startup.licensed | 本人不符合“办理营业执照” | the member: not “has a licence”
household.removed | 本户符合“风险已消除” | the household: “risk removed”
member.bound | 本人符合“参与‘双绑’机制” | the member: “in double binding”
household.village.lifted | 本户的所在行政村符合“脱贫村” | the household's village: “lifted village”
household.type == lifted | 本户的户类型为“脱贫户” | the household's household type: “lifted”
household.type != lifted | 本户的户类型不为“脱贫户” | other than “lifted”
household.type in {ordinary, lifted} | 本户的户类型属于{“脱贫户”、“一般农户”} | one of {“lifted”; “ordinary”}
household.type not in {lifted} | 本户的户类型不属于{“脱贫户”} | none of {“lifted”}
household.county_id == '530113' | 本户的所在县编号为“530113” | code of the county: “530113”
disabled in member.health | 本人的健康状况含“残疾” | state of health: includes “disabled”
disabled not in member.health | 本人的健康状况不含“残疾” | does not include “disabled”
subset({disabled, chronic}, member.health) | {“慢性病”、“残疾”}全部包含在本人的健康状况之中 | all of {“chronic illness”; “disabled”} among the member's state of health
not disjoint(member.health, {disabled}) | 本人的健康状况与{“残疾”}有共同项 | something in common between the member's state of health and {“disabled”}
known(member.age) | 已登记本人的周岁年龄 | recorded: the member's age
not known(member.veteran) | 未登记本人的“退役军人” | not recorded: the member's “veteran”
known(param.line) | “帮扶线”已确定 | “support line” is known
known(rule.other) | 本人的“其他补贴”已确定 | the member's “other subsidy” is known
household.population.poor | 本户属于“脱贫户” | the household: belongs to “lifted household”
rule.startup_subsidy | 已认定“返乡创业补贴” | “return subsidy” applies
not rule.startup_subsidy | 未认定“返乡创业补贴” | “return subsidy” does not apply
external.credit | 外部条件“符合授信条件”成立 | condition “meets the lender's conditions” holds
not external.credit | 外部条件“符合授信条件”不成立 | does not hold
not defined.ready | 本人不符合“创业就绪” | the member: not “ready to start”
household.defined.counted | 本户的计算人口 | the household's persons counted
param.line(date(2022, 12, 31)) | 2022年12月31日的“帮扶线” | “support line” on 31 December 2022
member.veteran and (member.bound or member.age >= 60) | 本人符合“退役军人”且（本人符合“参与‘双绑’机制”或本人的周岁年龄不低于60周岁） | and (the member: “in double binding” or the member's age: at least 60 years)
member.veteran and (member.bound and member.startup.licensed) | 本人符合“退役军人”且本人符合“参与‘双绑’机制”且本人符合“办理营业执照” | “veteran” and the member: “in double binding” and the member: “has a licence”
not (member.veteran or member.bound) | 并非（本人符合“退役军人”或本人符合“参与‘双绑’机制”） | not (the member: “veteran” or the member: “in double binding”)
not not member.veteran | 本人符合“退役军人” | the member: “veteran”
not member.age < 60 | 本人的周岁年龄不低于60周岁 | at least 60 years
any(m.startup.licensed for m in members if m.veteran) | 家庭成员中至少有一人（符合“退役军人”且符合“办理营业执照”） | at least one of the members of the household (“veteran” and “has a licence”)
not any(m.veteran for m in members) | 家庭成员中没有一人（符合“退役军人”） | none of the members
all(m.startup.licensed for m in members if m.age >= 16) | 家庭成员（周岁年龄不低于16周岁的）都满足（符合“办理营业执照”） | all of the members of the household with (age: at least 16 years): (“has a licence”)
not all(m.veteran for m in others) | 其他家庭成员并非都满足（ | not all of the other members
count(m for m in members if m.veteran) >= 2 | 家庭成员（符合“退役军人”的）的人数不少于2人 | number of the members of the household with (“veteran”): at least 2 persons
count(s for s in member.spells) | 本人的务工经历的项数 | number of the member's spells of work
sum(m.wage + m.bonus for m in members) > 500 | 家庭成员的（月工资＋奖金）之和超过500元 | sum of (monthly wage + bonus) over the members of the household: more than 500 yuan
any(any(e.from > l.from for e in l.cooperative.deals) for l in household.links) | 至少有一项（所联结合作社的与企业的联结中至少有一项（签约日期晚于该合作社联结的联结日期）） | (date of signing: after that link to a cooperative's start of the link))
any(m.age > member.age and household.removed for m in others) | 其他家庭成员中至少有一人（周岁年龄超过本人的周岁年龄且本户符合“风险已消除”） | (age: more than the member's age and the household: “risk removed”)
any(any(any(p.age > m.age for p in others if p.age > o.age) for o in others) for m in members) | 周岁年龄超过该家庭成员2的周岁年龄且超过该家庭成员1的周岁年龄 | age: more than that household member 2's age and more than that household member 1's age
any(m.rule.other for m in members) | （已认定“其他补贴”） | (“other subsidy” applies)
any(income(2022).settled and m.veteran for m in members) | （本户2022年符合“已核定”且符合“退役军人”） | (the household in 2022: “settled” and “veteran”)
longest_run(s for s in member.spells if s.outside) >= 3 | 本人的务工经历（符合“跨省务工”的）的最长连续月数不少于3个月 | longest unbroken run in the member's spells of work with (“work outside the province”)
any(s.entitled for s in household.subsidies) | 本户的补贴中至少有一项（符合“补贴条件”） | (“meets the conditions”)
(income(2022).net - income(2021).net) / income(2021).net >= 0.15 | （2022年纯收入－2021年纯收入）÷2021年纯收入不低于15% | (net income of 2022 - net income of 2021) ÷ net income of 2021: at least 15%
income(2022).net / household.size >= 5_000 | 2022年纯收入÷本户的家庭人口数不低于5,000元/人 | at least 5,000 yuan per person
member.wage - (member.bonus - 10) > 5 | 本人的月工资－（本人的奖金－10元）超过5元 | - 10 yuan)
member.wage - member.bonus - 10 > 5 | 本人的月工资－本人的奖金－10元超过5元 | bonus - 10 yuan:
member.wage * 0.5 + 1 > 5 | 本人的月工资×0.5＋1元超过5元 | monthly wage × 0.5 + 1 yuan
1 - household.share >= 0.5 | 100%－本户的收购比例不低于50% | 100% - the household's share bought
min(member.wage, 10_000) + 1 | （（本人的月工资、1万元）中的最小者）＋1元 | 10,000 yuan)) + 1 yuan
max(member.birth_date, as_of) | （本人的出生日期、评估日）中的最晚者 | the latest of (
(100 if member.veteran else 200) < member.wage | （若本人符合“退役军人”则为100元，否则为200元）低于本人的月工资 | (if the member: “veteran”: 100 yuan, otherwise 200 yuan): less than
months_between(member.birth_date, as_of) >= 12 | 本人的出生日期至评估日的整月数不少于12个月 | complete months from the member's date of birth to the date of evaluation: at least 12
calendar_months(member.birth_date, as_of) >= 12 | 本人的出生日期至评估日跨及的月数（首尾月计入）不少于12个月 | calendar months from
age_on(member.birth_date, date(2022, 9, 1)) >= 6 | 以本人的出生日期计算、2022年9月1日时的周岁年龄不低于6周岁 | age in complete years on 1 September 2022, counted from the member's date of birth
add_months(member.birth_date, 6) <= as_of | 本人的出生日期之后6个月的日期不晚于评估日 | the date 6 months after the member's date of birth: on or before
round_half_up(member.wage / 3, 100) | （本人的月工资÷3）（四舍五入至100元的整数倍） | (the member's monthly wage ÷ 3) (rounded half up to a multiple of 100 yuan)
round_down(member.wage, 0.01) | （向下取整至0.01元的整数倍） | multiple of 0.01 yuan
round_up(member.wage, 1) | （向上取整至1元的整数倍） | rounded up
lookup(table.award, household.type) >= 500 | “奖励表”中与本户的户类型对应的值不低于500元 | the value in “award table” for the household's household type: at least 500 yuan
tier(table.steps, member.wage) | “档次表”中本人的月工资所在档次的值 | in “table of tiers” for
slices(table.rates, member.wage) | 按“分段表”对本人的月工资分段累计的值 | by slices of
"""
CLAIMS = [tuple(line.split(" | ")) for line in _TABLE.strip().splitlines()]


@pytest.mark.parametrize(("text", "zh", "en"), CLAIMS, ids=[c[0] for c in CLAIMS])
def test_a_condition_reads_as_prose(pack: Pack, text: str, zh: str, en: str) -> None:
    said = prose(node_of(pack, text), PackLabels(pack))
    assert zh in said.zh
    assert en in said.en


@pytest.mark.parametrize("text", [c[0] for c in CLAIMS])
def test_no_identifier_reaches_the_chinese(pack: Pack, text: str) -> None:
    said = prose(node_of(pack, text), PackLabels(pack))
    assert not re.search("[A-Za-z_]", said.zh)


@pytest.mark.parametrize("text", [c[0] for c in CLAIMS])
def test_no_identifier_or_operator_reaches_the_english(pack: Pack, text: str) -> None:
    said = prose(node_of(pack, text), PackLabels(pack))
    assert not re.search(r"_|[<>=]|\b(None|True|False|Fraction)\b", said.en)
    assert not re.search(r"\w\.\w", re.sub(r"\d\.\d", "", said.en))


@pytest.mark.parametrize("text", [c[0] for c in CLAIMS])
def test_brackets_and_quotation_marks_are_closed(pack: Pack, text: str) -> None:
    said = prose(node_of(pack, text), PackLabels(pack))
    for opening, closing in ("（）", "()", "“”", "{}"):
        assert said.zh.count(opening) == said.zh.count(closing)
        assert said.en.count(opening) == said.en.count(closing)
    assert "  " not in said.en
    assert said.en == said.en.strip()


def test_the_same_condition_always_reads_the_same(pack: Pack) -> None:
    labels = PackLabels(pack)
    for text, *_ in CLAIMS:
        assert prose(node_of(pack, text), labels) == prose(node_of(pack, text), labels)
    one = prose(node_of(pack, "household.type in {relocated, lifted, ordinary}"), labels)
    assert one == prose(node_of(pack, "household.type in {ordinary, relocated, lifted}"), labels)


def test_different_conditions_read_differently(pack: Pack) -> None:
    said = [
        prose(node_of(pack, text), PackLabels(pack)) for text in dict.fromkeys(c[0] for c in CLAIMS)
    ]
    same = {"not not member.veteran": "member.veteran", "not member.age < 60": "member.age >= 60"}
    count = len(CLAIMS) - sum(1 for t in same if same[t] in {c[0] for c in CLAIMS})
    assert len({t.zh for t in said}) == len({t.en for t in said}) == count


# -- nothing is left out -----------------------------------------------------------------------------


def test_every_node_class_has_its_words() -> None:
    assert set(printer._SAY) == set(get_args(nodes.Node))


def test_the_claims_reach_every_node_class(pack: Pack) -> None:
    conditions = [node for rule in pack.rules.values() for _, node in rule.conditions()]
    reached = {type(n) for node in conditions for n in walk(node)}
    reached |= {type(n) for text, *_ in CLAIMS for n in walk(node_of(pack, text))}
    assert reached == set(get_args(nodes.Node))


def test_every_function_unit_and_comparison_has_its_words() -> None:
    assert set(FUNCTIONS) <= set(wording.WORDS)
    assert set(wording._UNITS) - {"age"} == UNITS
    for family in ("number", "date", "year"):
        assert {f"{family} {op}" for op in ("==", "!=", "<", "<=", ">", ">=")} <= set(wording.WORDS)


def test_both_languages_say_the_same_things() -> None:
    for key, words in wording.WORDS.items():
        holes = [sorted(re.findall(r"{(\d?)}", text)) for text in (words.zh, words.en)]
        assert holes[0] == holes[1], key


# -- numbers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "zh", "en"),
    [
        (0, "yuan", "0元", "0 yuan"),
        (-20000, "yuan", "-2万元", "-20,000 yuan"),
        (30000, "yuan_per_person", "3万元/人", "30,000 yuan per person"),
        (10000, "persons", "10,000人", "10,000 persons"),
        (Fraction(1, 3), "yuan", "1/3元", "1/3 yuan"),
        (Fraction(1, 3), "ratio", "1/3", "1/3"),
        (Fraction(1, 8), "yuan", "0.125元", "0.125 yuan"),
        (Fraction(-5, 4), None, "-1.25", "-1.25"),
        (Fraction(10**40 + 1, 10), None, f"{10**39:,}.1", f"{10**39:,}.1"),
        (1, "percentage_points", "1个百分点", "1 percentage point"),
        (2, "square_metres", "2平方米", "2 square metres"),
        (2022, "years", "2022年", "2022"),
        (5, "years", "5年", "5 years"),
        (1, "ratio", "100%", "100%"),
        (2, "items", "2", "2"),
    ],
)
def test_a_number_is_exact_and_has_its_unit(
    pack: Pack, value: Any, unit: str | None, zh: str, en: str
) -> None:
    node = Const(value, NumberType())
    assert prose(node, PackLabels(pack), unit=unit) == Text(zh, en)


def test_a_date_that_was_computed_reads_like_one_that_was_written(pack: Pack) -> None:
    node = Const(date(2021, 1, 1), DATE)
    assert prose(node, PackLabels(pack)) == Text("2021年1月1日", "1 January 2021")


# -- whole rules -------------------------------------------------------------------------------------


def test_the_skeleton_has_one_line_a_leaf(pack: Pack) -> None:
    when = pack.rules["startup_subsidy"].when
    assert when is not None
    assert skeleton(when, PackLabels(pack), "zh") == [
        (0, "全部满足："),
        (1, "本人的吸纳就业人数不少于3人"),
        (1, "满足任一："),
        (2, "本人符合“退役军人”且本人的周岁年龄不低于18周岁"),
        (2, "不满足："),
        (3, "本人符合“办理营业执照”"),
        (1, "不满足："),
        (2, "全部满足："),
        (3, "本户符合“风险已消除”"),
        (3, "本人已认定“其他补贴”"),
    ]
    english = skeleton(when, PackLabels(pack), "en")
    assert [depth for depth, _ in english] == [0, 1, 1, 2, 2, 3, 1, 2, 3, 3]
    assert english[0] == (0, "all of:")
    assert english[2] == (1, "any of:")
    assert english[4] == (2, "not:")
    assert english[5] == (3, "the member: “has a licence”")


def test_a_whole_rule_reads_in_one_phrase(pack: Pack) -> None:
    when = pack.rules["startup_subsidy"].when
    assert when is not None
    assert prose(when, PackLabels(pack)).zh == (
        "本人的吸纳就业人数不少于3人且（（本人符合“退役军人”且本人的周岁年龄不低于18周岁）"
        "或本人不符合“办理营业执照”）且并非（本户符合“风险已消除”且本人已认定“其他补贴”）"
    )


def test_a_connective_of_one_item_needs_no_brackets(pack: Pack) -> None:
    leaf = Leaf("when", "member.veteran", node_of(pack, "member.veteran"))
    alone = prose(leaf, PackLabels(pack))
    assert prose(And((Or((And((leaf,)),)),)), PackLabels(pack)) == alone
    assert prose(Not(Or((Not(leaf),))), PackLabels(pack)) == alone


def test_an_entity_of_the_record_is_named_by_its_kind(pack: Pack) -> None:
    said = prose(node_of(pack, "village.lifted", subject="village"), PackLabels(pack))
    assert said == Text("本行政村符合“脱贫村”", "the village: “lifted village”")


def test_the_labels_are_those_of_the_pack_and_its_dictionary(pack: Pack) -> None:
    labels = PackLabels(pack)
    assert labels.fact(pack.vocabulary.fact("member", "age").field).zh == "周岁年龄"
    assert labels.code("health", "disabled").en == "disabled"
    assert labels.named("population", "poor").zh == "脱贫户"
    assert labels.named("rule", "other").zh == "其他补贴"
    assert labels.named("defined", "ready").zh == "创业就绪"
    assert labels.named("external", "credit").zh == "符合授信条件"
    assert labels.parameter("line").en == "support line"
    assert labels.table("award").zh == "奖励表"
    assert labels.record("village").zh == "行政村"
