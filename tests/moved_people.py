"""Households between two versions of the made-up pack, for the tests of impacts and of what is said of them."""

from __future__ import annotations

from typing import Any

from made_up import texts

from policy_rules import Pack, assess_impact
from policy_rules.diff.impact import Impact
from policy_rules.packs.loader import load_texts

DAY = "2023-06-30"
PEOPLE = [
    {"id": "poor", "type": "lifted", "size": 1, "incomes": {2022: {"net": 7000}},
     "members": [{"id": "p1", "labour": "ordinary"}, {"id": "p2", "labour": "lost"}]},
    {"id": "between", "type": "lifted", "size": 1, "incomes": {2022: {"net": 8500}},
     "members": [{"id": "b1", "labour": "lost"}]},
    {"id": "rich", "type": "lifted", "size": 1, "incomes": {2022: {"net": 20000}},
     "members": [{"id": "r1", "labour": "skilled"}]},
    {"id": "silent", "type": "lifted", "members": [{"id": "s1"}, {"id": "s2"}, {"id": "s3"}]},
    {"id": "ordinary", "type": "ordinary", "size": 1, "incomes": {2022: {"net": 8500}}},
]  # fmt: skip
TIERED = """- id: subsidy
  concept: startup_subsidy
  outcome: measure
  effect: granted
  subject: member
  label: {zh: 补贴, en: subsidy}
  clauses: ["2#2"]
  force: must
  when: member.labour in {ordinary, skilled}
  amount:
    kind: between
    unit: yuan
    paid: once
    lower: LOW
    upper: HIGH
"""


def changed(*edits: tuple[str, str], more: str = "") -> Pack:
    """The made-up pack, version 1.1.0, with its rules edited and more of them."""
    files = texts()
    rules = files["rules/rules.yaml"] + more
    for old, new in edits:
        assert old in rules, old
        rules = rules.replace(old, new)
    files["rules/rules.yaml"] = rules
    files["pack.yaml"] = files["pack.yaml"].replace("version: 1.0.0", "version: 1.1.0")
    return load_texts(files)


def impact(left: Pack, right: Pack, people: Any = PEOPLE, **options: Any) -> Impact:
    return assess_impact(left, right, people, **{"as_of": DAY, **options})
