"""The words of the house in zh and en: verdicts, statuses, effects, units, headings."""

from __future__ import annotations

from typing import Final

from policy_rules.engine.finding import Amount, Status, figure
from policy_rules.errors import Lang
from policy_rules.text import Text
from policy_rules.verdict import Number, Verdict

VERDICTS: Final = {
    Verdict.YES: Text("是", "YES"),
    Verdict.NO: Text("否", "NO"),
    Verdict.UNKNOWN: Text("待定", "UNKNOWN"),
    None: Text("—", "—"),
}

STATUSES: Final = {
    Status.DECIDED: Text("已判定", "decided"),
    Status.UNDETERMINED: Text("资料不足", "undetermined"),
    Status.NOT_IN_FORCE: Text("不在文件有效期内", "not in force"),
    Status.OUTSIDE_POPULATION: Text("不属于该条对象", "outside the population"),
    Status.CONFLICT: Text("记录互相矛盾", "conflict in the record"),
    Status.CONTESTED: Text("取决于条款如何理解", "hangs on how a clause is read"),
}

EFFECTS: Final = {
    "granted": Text("给予", "granted"),
    "preferred": Text("优先", "preferred"),
    "offered": Text("提供", "offered"),
    "referred": Text("转有关部门核定", "referred"),
}

OUTCOMES: Final = {
    "flag": Text("标识", "flag"),
    "measure": Text("措施", "measure"),
    "duty": Text("职责", "duty"),
}

FORCES: Final = {
    "must": Text("应当", "must"),
    "strive": Text("力争", "strive"),
    "encourage": Text("鼓励", "encourage"),
    "may": Text("可以", "may"),
    "none": Text("—", "—"),
}

DISPOSITIONS: Final = {
    "rule": Text("规则", "rule"),
    "duty": Text("职责", "duty"),
    "target": Text("目标", "target"),
    "norm": Text("规范", "norm"),
    "external": Text("外部条件", "external"),
    "discretionary": Text("酌情", "discretionary"),
    "governance": Text("工作机制", "governance"),
    "narrative": Text("叙述", "narrative"),
}

UNITS: Final = {
    "yuan": Text("元", " yuan"),
    "yuan_per_person": Text("元/人", " yuan per person"),
    "yuan_per_household": Text("元/户", " yuan per household"),
    "yuan_per_month": Text("元/月", " yuan per month"),
    "months": Text("个月", " months"),
    "years": Text("年", " years"),
    "age": Text("周岁", " years"),
    "days": Text("天", " days"),
    "persons": Text("人", " persons"),
    "households": Text("户", " households"),
    "mu": Text("亩", " mu"),
    "times": Text("次", " times"),
    "items": Text("个", " items"),
    "percentage_points": Text("个百分点", " percentage points"),
    "km": Text("公里", " km"),
    "tonnes": Text("吨", " tonnes"),
    "头": Text("头", " head"),
    "只": Text("只", " animals"),
    "支": Text("支", " stems"),
    "ratio": Text("", ""),
}


def unit_of(unit: str | None, label: Text) -> str | None:
    """The unit a figure is told with: years of an age are called otherwise in Chinese than years."""
    return "age" if unit == "years" and "年龄" in label.zh else unit


PAID: Final = {
    "once": Text("一次性", "once"),
    "yearly": Text("每年", "a year"),
    "monthly": Text("每月", "a month"),
    "per_event": Text("每次", "each time"),
}

AMOUNT_KINDS: Final = {
    "full_of": Text("全额：", "in full: "),
    "at_least": Text("不低于", "at least "),
    "up_to": Text("最高", "up to "),
    "unstated": Text("文件未写金额", "no amount stated"),
    "discretionary": Text("由有关部门酌定", "at the authority's discretion"),
}

ASK: Final = {
    "household": Text("农户本人", "the household"),
    "village_committee": Text("村委会", "village committee"),
    "township": Text("乡镇(街道)", "township"),
    "industry_bureau": Text("农业农村(产业)部门", "agriculture office"),
    "hr_bureau": Text("人社部门", "human resources office"),
    "civil_affairs": Text("民政部门", "civil affairs"),
    "medical_insurance": Text("医保部门", "medical insurance office"),
    "bank": Text("银行", "bank"),
    "cooperative": Text("合作社", "cooperative"),
    "enterprise": Text("企业", "enterprise"),
    "county_bureau": Text("县区主管部门", "county office in charge"),
    "authority": Text("主管部门", "the authority in charge"),
    "": Text("", ""),
}

REVIEWS: Final = {
    "encoded": Text("已编码待复读", "encoded, awaiting a second reading"),
    "second_reading": Text("已复读", "read a second time"),
    "confirmed_by_issuer": Text("经发文机关确认", "confirmed by the issuer"),
}

SECTIONS: Final = {
    "rules": Text("规则", "rule"),
    "targets": Text("目标", "target"),
    "populations": Text("人群", "population"),
    "parameters": Text("参数", "parameter"),
    "externals": Text("外部条件", "external condition"),
    "definitions": Text("定义", "definition"),
    "tables": Text("表", "table"),
    "exclusions": Text("排除关系", "exclusion"),
    "readings": Text("解读", "reading"),
}

TYPES: Final = {
    "bool": Text("是/否", "true/false"),
    "int": Text("整数", "whole number"),
    "number": Text("数字", "number"),
    "money": Text("金额", "money"),
    "share": Text("比率", "ratio"),
    "code": Text("代码(选一)", "one code"),
    "codes": Text("代码(可多选)", "list of codes"),
    "date": Text("日期", "date"),
    "year_month": Text("年月", "year and month"),
    "text": Text("文本", "text"),
    "list": Text("列表", "list"),
    "by_year": Text("按年份", "by year"),
    "record": Text("一组事实", "group of facts"),
}

MEASURES: Final = {
    "count": Text("个数", "count"),
    "share": Text("占比", "share"),
    "sum": Text("合计", "sum"),
    "sum_share": Text("合计之比", "share of sums"),
    "mean": Text("平均", "mean"),
    "growth": Text("增长率", "growth"),
    "trend": Text("走势", "trend"),
    "external_figure": Text("由有关部门提供的数", "a figure an office supplies"),
}

COMPARATORS: Final = {
    ">=": Text("≥ ", ">= "),
    ">": Text("> ", "> "),
    "<=": Text("≤ ", "<= "),
    "<": Text("< ", "< "),
    "==": Text("= ", "= "),
    "between": Text("", ""),
    "rising": Text("逐年上升", "rising each year"),
    "falling": Text("逐年下降", "falling each year"),
}

PER_YEAR: Final = {
    "mean": Text("年均", "mean of the years"),
    "each": Text("每年", "each year"),
}

#: How often something is to be done.
PER: Final = {
    "year": Text("每年", "yearly"),
    "half_year": Text("每半年", "half-yearly"),
    "quarter": Text("每季度", "quarterly"),
    "month": Text("每月", "monthly"),
    "half_month": Text("每半月", "half-monthly"),
    "week": Text("每周", "weekly"),
    "day": Text("每日", "daily"),
    "review": Text("每次评审", "each review"),
    "county": Text("每县", "each county"),
    "project": Text("每个项目", "each project"),
}

#: The parts of a receipt.
RECEIPT: Final = {
    "pack": Text("规则包", "pack"),
    "pack_version": Text("规则包版本", "version of the pack"),
    "pack_digest": Text("规则包摘要", "digest of the pack"),
    "vocabulary_digest": Text("事实词典摘要", "digest of the fact dictionary"),
    "overlays": Text("补充文件", "overlays"),
    "readings": Text("条款的理解", "readings"),
    "strict_readings": Text("有争议即待定", "strict readings"),
    "engine": Text("推理引擎", "engine"),
    "as_of": Text("评估日", "date"),
    "library_version": Text("程序版本", "version of the library"),
    "record_digest": Text("记录摘要", "digest of the record"),
    "result_digest": Text("结论摘要", "digest of the result"),
}

#: The record itself, as the subject of a finding.
SUBJECTS: Final = {
    "household": Text("本户", "household"),
    "village": Text("本村", "village"),
    "township": Text("本乡镇", "township"),
    "county": Text("本县区", "county"),
    "cooperative": Text("本合作社", "cooperative"),
    "enterprise": Text("本企业", "enterprise"),
    "project": Text("本项目", "project"),
    "budget_unit": Text("本预算单位", "budget unit"),
}

CAUTION: Final = Text(
    "以下为给工作人员的提示：按已登记的事实，可能符合所列条款；是否享受由有关部门决定。“否”仅指按已登记事实、仅就本文件不满足。",
    "Prompts for staff: may be eligible under the clauses named, on the recorded facts; the authorities "
    "decide. NO means not met on the recorded facts, under this document only.",
)

ENDED: Final = Text(
    "该日期不在本文件的有效期内，请查阅现行文件。",
    "the date lies outside the plan period of this document; check what is in force now",
)


def number(value: Number) -> str:
    """A number with thousands separators."""
    text = figure(value)
    whole, dot, rest = text.partition(".")
    if "/" in whole:
        return whole
    return f"{int(whole):,}{dot}{rest}"


def money(amount: Amount | None, lang: Lang) -> str:
    """An amount for people."""
    if amount is None:
        return ""
    unit = UNITS.get(amount.unit or "", Text(amount.unit or "", f" {amount.unit or ''}"))[lang]
    paid = PAID[amount.paid][lang] if amount.paid else ""
    if amount.kind in ("unstated", "discretionary"):
        return AMOUNT_KINDS[amount.kind][lang]
    if amount.kind == "full_of":
        return AMOUNT_KINDS["full_of"][lang] + amount.of[lang]
    if amount.exact is not None:
        body = f"{number(amount.exact)}{unit}"
    elif amount.low is not None and amount.high is not None:
        body = f"{number(amount.low)}–{number(amount.high)}{unit}"
    elif amount.low is not None:
        body = f"{AMOUNT_KINDS['at_least'][lang]}{number(amount.low)}{unit}"
    elif amount.high is not None:
        body = f"{AMOUNT_KINDS['up_to'][lang]}{number(amount.high)}{unit}"
    else:
        return AMOUNT_KINDS["unstated"][lang]
    return f"{paid}{body}" if lang == "zh" else f"{body} {paid}".strip()
