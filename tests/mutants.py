"""A pack made up for tests, with one value of every kind that mutants change."""

from __future__ import annotations

from pathlib import Path

import made_up

RULES = """- id: focus_household
  concept: low_income_listing
  outcome: flag
  subject: household
  label: {zh: 重点帮扶户, en: focus household}
  clauses: ["1#1"]
  force: must
  applies_to: household.type == lifted
  when: income(2022).net_per_capita < param.line
- id: public_post
  concept: public_welfare_post
  outcome: measure
  effect: preferred
  subject: household
  label: {zh: 公益性岗位, en: public post}
  clauses: ["2#2"]
  force: must
  in_force: {from: 2023-02-01, to: 2024-12-31, basis: {zh: 例, en: example}}
  when:
    all:
      - any(m.labour in {ordinary, skilled} for m in members)
      - not household.in_cooperative
  unless: household.size + 1 > 6
  ranks: {zh: 有劳动力的家庭在前, en: households with labour first}
  amount: {kind: stated, unit: yuan, paid: monthly, pay: 300}
- id: one_post_only
  concept: public_welfare_post
  outcome: measure
  effect: offered
  subject: household
  label: {zh: 另一岗位, en: another post}
  clauses: ["2#2"]
  force: must
  when: household.income_surveyed_on >= date(2023, 1, 1)
"""
PARAMETERS = """parameters:
  line:
    label: {zh: 收入线, en: line}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {from: 2023-01-01, to: 2024-12-31, value: 8000}
"""
DEFINITIONS = """exclusions:
  - id: one_post
    label: {zh: 只享受一项, en: one post only}
    clauses: ["2#2"]
    ranked: [public_post, one_post_only]
"""
READINGS = """- id: whose_labour
  clauses: ["2#1"]
  unclear: {zh: 谁算劳动力, en: who is labour}
  basis: {zh: 例, en: example}
  chosen: {zh: 普通和技能, en: ordinary and skilled}
  alternatives:
    - id: weak_too
      label: {zh: 弱劳动力也算, en: weak labour too}
      patch:
        rules.public_post.when.all.0: any(m.labour in {ordinary, skilled, weak_or_semi} for m in members)
"""
#: One record that shows little: most mutants live.
FEW = """records:
  family: &family
    type: lifted
    size: 2
    in_cooperative: false
    income_surveyed_on: 2023-01-01
    incomes: {2022: {net_per_capita: 5000}}
    members: [{id: m1, labour: ordinary}]
cases:
  - id: focus
    record: family
    as_of: 2023-06-30
    expect: {focus_household: YES}
"""
#: Every line from both sides.
MANY = (
    FEW
    + """  - {id: not_lifted, record: family, as_of: 2023-06-30, set: {type: ordinary}, expect: {focus_household: NO}}
  - {id: first_day, record: family, as_of: 2023-01-01, expect: {focus_household: YES, public_post: not_in_force, one_post_only: UNKNOWN}}
  - {id: day_before, record: family, as_of: 2022-12-31, expect: {focus_household: not_in_force}}
  - {id: last_day, record: family, as_of: 2024-12-31, expect: {focus_household: YES, public_post: YES}}
  - {id: day_after, record: family, as_of: 2025-01-01, expect: {focus_household: not_in_force}}
  - {id: post_first_day, record: family, as_of: 2023-02-01, expect: {public_post: {verdict: YES, amount: 300, force: must, effect: preferred, clauses: ["2#2"], contested: []}, one_post_only: NO}}
  - {id: post_day_before, record: family, as_of: 2023-01-31, expect: {public_post: not_in_force}}
  - {id: two_members_weak_too, record: family, as_of: 2023-06-30, set: {members.1: {id: m2, labour: lost}}, overlay: {readings: {whose_labour: weak_too}}, expect: {public_post: YES}}
  - {id: in_cooperative, record: family, as_of: 2023-06-30, set: {in_cooperative: true}, expect: {public_post: NO, one_post_only: YES}}
  - {id: two_members, record: family, as_of: 2023-06-30, set: {members.1: {id: m2, labour: lost}}, expect: {public_post: YES}}
  - {id: nobody, record: family, as_of: 2023-06-30, set: {members: []}, expect: {public_post: NO}}
boundaries:
  - {id: line, record: family, as_of: 2023-06-30, rule: focus_household, fact: incomes.2022.net_per_capita, line: 8000, step: 0.01, below: YES, at: NO, above: NO}
  - {id: size, record: family, as_of: 2023-06-30, rule: public_post, fact: size, line: 5, at: YES, above: NO}
  - {id: surveyed, record: family, as_of: 2023-06-30, set: {in_cooperative: true}, rule: one_post_only, fact: income_surveyed_on, line: 2023-01-01, below: NO, at: YES}
codes:
  - {id: labour, record: family, as_of: 2023-06-30, rule: public_post, fact: members.0.labour, told: {YES: [ordinary, skilled], NO: [weak_or_semi, lost, none]}}
  - {id: weak_too, record: family, as_of: 2023-06-30, overlay: {readings: {whose_labour: weak_too}}, rule: public_post, fact: members.0.labour, told: {YES: [ordinary, skilled, weak_or_semi], NO: [lost, none]}}
  - {id: type, record: family, as_of: 2023-06-30, rule: focus_household, fact: type, told: {YES: [lifted], NO: [ordinary]}}
targets:
  - id: two_of_three
    population: [{record: family, set: {in_cooperative: true}, times: 2}, family, {record: family, set: {type: ordinary}}]
    as_of: 2023-12-31
    expect: {in_cooperative: [{year: 2023, value: "2/3", verdict: YES, counted: 3, open: 0}, {year: 2024, verdict: NO}]}
"""
)
TOLD = """document: {issued: 2023-01-01}
parameters:
  line: {clauses: ["1#1"]}
exclusions:
  one_post: {clauses: ["2#2"]}
readings:
  whose_labour: {clauses: ["2#1"]}
rules:
  focus_household: {clauses: ["1#1"], force: must}
  public_post: {clauses: ["2#2"], force: must, effect: preferred, kind: stated, paid: monthly}
  one_post_only: {clauses: ["2#2"], force: must, effect: offered}
targets:
  in_cooperative: {clauses: ["3#1"], force: must, measure: share, comparator: ">=", figures: [{year: 2023, value: 0.65}, {year: 2024, value: 0.7}]}
"""


def texts(cases: str = MANY, told: str = TOLD, **more: str) -> dict[str, str]:
    """The files of the pack."""
    found = made_up.texts() | {
        "rules/rules.yaml": RULES,
        "parameters.yaml": PARAMETERS,
        "definitions.yaml": DEFINITIONS,
        "readings.yaml": READINGS,
        "cases.yaml": cases,
    }
    if told:
        found["second_reading.yaml"] = told
    return found | {name.replace("__", "."): text for name, text in more.items()}


def written(folder: Path, **kinds: str) -> Path:
    """The pack in a folder; returns the folder."""
    for name, text in texts(**kinds).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder
