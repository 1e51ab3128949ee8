"""A document made up for tests, and a pack of it."""

from __future__ import annotations

from pathlib import Path

from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.sources.wording import OfficialText, digest

DOCUMENT = """某县低收入家庭帮扶办法（试行）
一、对象
1.对年人均纯收入低于8000元的脱贫户，列为“重点帮扶户”。乡镇每季度排查一次。
2.有劳动力的家庭，每户至少落实2项产业措施；优先安排公益性岗位，补贴标准为每月三百元。
二、目标
3.2023—2024年，重点帮扶户参加合作社的比例分别不低于65%、70%。
三、附则
4.本办法自2023年1月1日起施行。
"""
#: The statements: locator, how they end, figures the ledger holds.
STATEMENTS = (
    ("标题#0", "（试行）", ()),
    ("一#0", "对象", ()),
    ("1#1", "帮扶户”。", ("8000元",)),
    ("1#2", "排查一次。", ("一次",)),
    ("2#1", "产业措施；", ("2项",)),
    ("2#2", "三百元。", ("每月三百元",)),
    ("二#0", "目标", ()),
    ("3#1", "70%。", ("2023—2024年", "65%", "70%")),
    ("三#0", "附则", ()),
    ("4#1", "起施行。", ("2023年1月1日",)),
)
PACK = """id: sample
version: 1.0.0
document:
  title: {zh: 某县低收入家庭帮扶办法(试行), en: a made-up county's rules}
  issuer: {zh: 某县, en: a county}
  issued: 2023-01-01
  in_force: {from: 2023-01-01, to: 2024-12-31, basis: {zh: 第4条, en: item 4}}
region: {codes: ["990101"], level: county, name: {zh: 某县, en: a county}}
"""
RULES = """- id: focus_household
  concept: low_income_listing
  outcome: flag
  subject: household
  label: {zh: 重点帮扶户, en: focus household}
  clauses: ["1#1"]
  force: must
  applies_to: household.type == lifted
  when: income(2022).net_per_capita < LINE
- id: public_post
  concept: public_welfare_post
  outcome: measure
  effect: preferred
  subject: household
  label: {zh: 公益性岗位, en: public post}
  clauses: ["2#2"]
  force: must
  when: any(m.labour in {ordinary, skilled} for m in members)
  ranks: {zh: 有劳动力的家庭在前, en: households with labour first}
  amount: {kind: stated, unit: yuan, paid: monthly, pay: 300}
"""
TARGETS = """- id: in_cooperative
  concept: cooperative_joining
  label: {zh: 参加合作社, en: in a cooperative}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: share
  population: rule.focus_household
  when: household.in_cooperative
  comparator: ">="
  unit: ratio
  figures:
    - {year: 2023, value: 0.65}
    - {year: 2024, value: 0.70}
"""


def texts(line: str = "8000", statements: tuple = STATEMENTS) -> dict[str, str]:
    """The files of the pack; spans and fingerprints are those of the document."""
    official = OfficialText(DOCUMENT)
    whole, at, rows = official.text, 0, []
    for locator, end, figures in statements:
        end = OfficialText(end).text
        stop = whole.index(end, at) + len(end)
        rows += [
            f'  - id: "{locator}"',
            "    summary: {zh: 摘要, en: summary}",
            "    dispositions: [narrative]",
            "    why_not: {zh: 例, en: example}",
            f"    span: [{at}, {stop}]",
            f'    fingerprint: "{digest(whole[at:stop])}"',
        ]
        if figures:
            rows.append(f"    figures: [{', '.join(figures)}]")
        at = stop
    head = f"text: {{characters: {len(whole)}, digest: {official.digest}}}\n"
    return {
        "pack.yaml": PACK + head,
        "clauses.yaml": "clauses:\n" + "\n".join(rows) + "\n",
        "rules/rules.yaml": RULES.replace("LINE", line),
        "targets.yaml": TARGETS,
    }


def boats(folder: Path) -> Path:
    """A rules folder with a vocabulary of its own (households and boats) and a pack, ``boats/small``."""
    label = "label: {zh: 船, en: boat}"
    rule = RULES.split("- id: public_post")[0].replace("low_income_listing", "boats")
    rule = rule[: rule.index("  applies_to")] + "  when: household.boats >= 1\n"
    head = PACK.replace("id: sample", "id: boats/small")
    clause = """clauses:
  - id: "1#1"
    summary: {zh: 摘要, en: summary}
    dispositions: [rule]
"""
    fact = f"{label}\n        question: {{zh: 几条船？, en: how many boats?}}\n        ask: household\n"
    files = {
        "vocabulary/facts.yaml": "version: 1\ncodes: {}\nkinds:\n  household:\n    "
        f"{label}\n    facts:\n      boats:\n        type: int\n        min: 0\n        {fact}",
        "boats/small/pack.yaml": head,
        "boats/small/clauses.yaml": clause,
        "boats/small/rules.yaml": rule,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def pack(line: str = "8000") -> Pack:
    return load_texts(texts(line))
