"""A pack made up for tests of mutants, with tables, targets, external conditions and readings of every form."""

from __future__ import annotations

from pathlib import Path

import made_up
import mutants as made

ASKED = "authority: {zh: 某, en: a}, question: {zh: 问, en: q}, label: {zh: 例, en: example}"
PARAMETERS = (
    made.PARAMETERS
    + f"""  yearly:
    label: {{zh: 年度线, en: yearly line}}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {{from: 2022-01-01, to: 2022-12-31, value: 100}}
      - {{from: 2023-01-01, to: 2024-12-31, value: 200}}
  surveyed:
    label: {{zh: 摸排那天, en: on the day of the survey}}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {{from: 2023-01-01, to: 2024-12-31, value: 7}}
  outside: {{unit: yuan_per_person, external: true, clauses: ["1#1"], {ASKED}}}
externals:
  found_fit: {{subject: household, clauses: ["1#1"], {ASKED}}}
"""
)
DEFINITIONS = (
    made.DEFINITIONS.replace("one_post_only]", "one_post_only, third_post]")
    + """tables:
  by_size:
    label: {zh: 按人数, en: by size}
    clauses: ["2#2"]
    kind: tier
    key_unit: persons
    unit: yuan
    rows:
      - {from: 0, to: 3, includes: lower, value: 100}
      - {from: 3, includes: lower, value: 200}
  by_type:
    label: {zh: 按类型, en: by type}
    clauses: ["2#2"]
    kind: lookup
    codes: household_type
    unit: ratio
    rows:
      - {key: lifted, value: 1}
definitions:
  forgotten:
    label: {zh: 无人用, en: used by nothing}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: household.size >= 2
  on_a_reading:
    label: {zh: 另一理解才用, en: used on another reading}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: household.size >= 2
"""
)
RULES = (
    made.RULES
    + """- id: third_post
  concept: public_welfare_post
  outcome: measure
  effect: offered
  subject: household
  label: {zh: 第三个岗位, en: third post}
  clauses: ["2#2"]
  force: must
  when:
    all:
      - not:
          any:
            - external.found_fit
            - household.in_cooperative
      - income(2022).net_per_capita < param.yearly(date(2023, 1, 1))
      - income(2022).net_per_capita < param.outside(date(2023, 1, 1))
      - income(2022).net_per_capita < param.surveyed(household.income_surveyed_on)
  amount:
    kind: up_to
    unit: yuan
    paid: once
    pay: tier(table.by_size, household.size) * lookup(table.by_type, household.type)
"""
)
TARGETS = """- id: above_the_line
  concept: income_gap
  label: {zh: 每年高于年度线, en: above the yearly line each year}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: sum_share
  population: rule.focus_household
  value: income(target_year).net
  of: household.size * param.yearly(date(target_year, 12, 31))
  comparator: ">"
  unit: ratio
  per_year: each
  period: {from: 2023, to: 2024}
  figures:
    - {year: 2023, value: 1}
- id: households_counted
  concept: cooperative_joining
  label: {zh: 户数, en: households counted}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: count
  when: household.in_cooperative
  comparator: ">="
  unit: households
  parent: above_the_line
  figures:
    - {by: 2024-12-31, value: 30}
"""
READINGS = (
    made.READINGS
    + """- id: other_days
  clauses: ["2#1"]
  unclear: {zh: 何时起, en: from when}
  basis: {zh: 例, en: example}
  chosen: {zh: 原样, en: as it is}
  alternatives:
    - id: later
      label: {zh: 较晚, en: later}
      patch:
        document.in_force.from: 2023-02-01
        targets.above_the_line.comparator: ">="
        parameters.surveyed.values.0.value: 250
        parameters.surveyed.values.0.to: "2024-12-30"
        targets.above_the_line.figures: [{year: 2023, value: 2}]
        targets.households_counted.figures.0.value: 12
        rules.third_post.when.all.1: defined.on_a_reading
"""
)


def written(folder: Path, **more: str) -> Path:
    files = {
        "rules/rules.yaml": RULES, "parameters.yaml": PARAMETERS, "definitions.yaml": DEFINITIONS,
        "readings.yaml": READINGS, "targets.yaml": made_up.TARGETS + TARGETS,
    }  # fmt: skip
    return made.written(folder, cases=made.FEW, told="", **{**files, **more})
