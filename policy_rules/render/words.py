"""The words of the house in zh and en: verdicts, statuses, effects, units, headings."""

from __future__ import annotations

from typing import Final

from policy_rules.engine.determination import Amount, Status, figure
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
    "days": Text("天", " days"),
    "persons": Text("人", " persons"),
    "households": Text("户", " households"),
    "mu": Text("亩", " mu"),
    "times": Text("次", " times"),
    "items": Text("个", " items"),
    "ratio": Text("", ""),
}

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
