"""The schemas of the pack files: what they accept, and what they say of what they refuse."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import policy_rules
from policy_rules._messages import MESSAGES
from policy_rules.errors import Problem, Problems
from policy_rules.expr.types import UNITS
from policy_rules.facts.dictionary import SUBJECTS
from policy_rules.schema import check, validator
from policy_rules.yamldoc import parse_yaml

SCHEMAS = Path(policy_rules.__file__).parent / "schemas"
NAMES = sorted(path.stem for path in SCHEMAS.glob("*.json"))

L = "{zh: 名, en: name}"

FLAG = f"""
- id: focus_household
  concept: [low_income, focus]
  outcome: flag
  subject: household
  label: {L}
  clauses: ["26#2"]
  force: must
  applies_to: population.lifted_household
  when:
    all:
      - income(2022).net <= param.line
      - any:
          - household.a
          - not: household.b
"""
MEASURE = f"""
- id: subsidy
  concept: startup_subsidy
  outcome: measure
  effect: granted
  subject: member
  label: {L}
  clauses: ["三(四)18#4"]
  force: must
  amount:
    kind: stated
    unit: yuan
    paid: once
    pay: 5000
"""
DUTY = f"""
- id: visit
  concept: visits
  outcome: duty
  subject: village
  label: {L}
  clauses: ["3"]
  force: strive
  actor: {L}
  met_when: village.visits >= 1
"""
TARGET = f"""
- id: rate
  concept: double_binding
  label: {L}
  clauses: ["9"]
  force: must
  subject: household
  measure: share
  population: population.lifted_household
  when: defined.doubly_bound
  comparator: ">="
  unit: ratio
  figures:
    - {{by: 2024-12-31, value: 0.95, approx: true}}
"""
OUTSIDE = f"""
- id: outside
  concept: growth
  label: {L}
  clauses: ["9"]
  force: strive
  subject: county
  measure: external_figure
  comparator: rising
  unit: 个百分点
  figure: {{question: {L}, authority: {L}}}
"""
PACK = f"""
id: yunnan/dongchuan
version: 1.0.0
document:
  title: {L}
  issuer: {L}
  number: null
  issued: 2022-09-19
  in_force: {{from: 2022-01-01, to: 2024-12-31, basis: {L}}}
region: {{codes: ["530113"], level: county, name: {L}}}
populations:
  lifted_household:
    label: {L}
    subject: household
    clauses: ["一(三)#1"]
    when: household.type == lifted
"""
PARAMETERS = f"""
parameters:
  line:
    label: {L}
    unit: yuan_per_person
    clauses: ["四(三)#2"]
    values:
      - {{from: 2022-01-01, to: 2024-12-31, value: 11000.5}}
  average:
    label: {L}
    unit: yuan_per_person
    clauses: ["4"]
    external: true
    authority: {L}
    question: {L}
externals:
  credit: {{label: {L}, subject: member, clauses: ["4"], authority: {L}, question: {L}}}
"""
DEFINITIONS = f"""
definitions:
  size:
    label: {L}
    subject: household
    type: number
    unit: persons
    clauses: ["4"]
    value: count(m for m in members if m.registered)
  bound:
    label: {L}
    subject: household
    type: bool
    clauses: ["4"]
    value:
      all:
        - household.a
tables:
  award:
    label: {L}
    clauses: ["4"]
    kind: lookup
    codes: schooling
    unit: yuan
    rows:
      - {{key: primary, value: 500}}
  prize:
    label: {L}
    clauses: ["4"]
    kind: tier
    key_unit: yuan
    unit: yuan
    rows:
      - {{from: 0, to: 10000, includes: lower, value: 500}}
  rates:
    label: {L}
    clauses: ["4"]
    kind: slices
    unit: ratio
    rows:
      - {{from: 0, to: null, value: 0.05}}
exclusions:
  - {{id: either, clauses: ["4"], ranked: [first, second]}}
"""
READINGS = f"""
- id: year
  clauses: ["4"]
  unclear: {L}
  basis: {L}
  chosen: {L}
  alternatives:
    - id: previous
      label: {L}
      patch:
        rules.support.when.all.1: income(2021).net <= param.line
        document.in_force.from: 2022-09-19
"""
CLAUSES = f"""
clauses:
  - id: "18"
    summary: {L}
    dispositions: [rule, norm]
    force: must
    figures: [5000元]
    span: [9120, 9215]
    fingerprint: 0f3c0f3c0f3c0f3c
    norms:
      - actor: {L}
        what: {L}
        value: 1
        unit: times
        comparator: ">="
        per: quarter
        deadline: null
    faults: [{L}]
    review: encoded
  - {{id: "19", summary: {L}, dispositions: [narrative], force: none, why_not: {L}}}
"""
CASES = """
records:
  family: {household: {}}
cases:
  - id: below
    record: family
    as_of: 2023-06-30
    set: {members.0.startup.employees: 2, members.1: null}
    externals: {household: {credit: true}}
    overlay:
      parameters: {average: [{from: 2022-01-01, to: 2024-12-31, value: 16000}]}
      readings: {year: previous}
    expect:
      subsidy@m1: {verdict: YES, amount: [500, null], contested: [year]}
      support: NO
      credit@m2: {verdict: UNKNOWN, missing: [external.credit], amount: null}
      old: not_in_force
"""
OVERLAY = """
pack: yunnan/dongchuan
parameters:
  average:
    - {from: 2022-01-01, to: 2024-12-31, value: 16000, source: 区统计局}
externals: {credit: false}
readings:
  year: {choose: previous, decided_by: 区乡村振兴局, date: 2023-01-01}
  other: chosen
"""
FACTS = f"""
version: 1
codes:
  labour: {{label: {L}, values: {{weak: {{zh: 弱, en: weak, spellings: [弱劳动力, 3]}}}}}}
structures:
  spell:
    label: {L}
    facts:
      from: {{type: year_month, label: {L}, question: {L}, ask: household}}
kinds:
  member:
    label: {L}
    facts:
      startup.employees:
        {{type: int, unit: persons, min: 0, label: {L}, question: {L}, ask: x, empty_means: none}}
      labour:
        {{type: code, codes: labour, label: {L}, question: {L}, ask: x, columns: [劳动技能]}}
      work_spells: {{type: list, item: spell, label: {L}, question: {L}, ask: x, topic: work}}
topics: {{work: {L}}}
"""
CONCEPTS = f"""
concepts:
  startup_subsidy: {{label: {L}, topic: work, question: {L}, polarity: none, must_agree: [subject]}}
topics: {{work: {L}}}
"""
RIGHT = {
    "flag": ("rules", FLAG),
    "measure": ("rules", MEASURE),
    "duty": ("rules", DUTY),
    "target": ("targets", TARGET),
    "outside": ("targets", OUTSIDE),
    "pack": ("pack", PACK),
    "parameters": ("parameters", PARAMETERS),
    "definitions": ("definitions", DEFINITIONS),
    "readings": ("readings", READINGS),
    "clauses": ("clauses", CLAUSES),
    "cases": ("cases", CASES),
    "overlay": ("overlay", OVERLAY),
    "facts": ("facts", FACTS),
    "concepts": ("concepts", CONCEPTS),
}


def problems_of(schema: str, text: str) -> list[Problem]:
    """What the schema says of a document."""
    problems = Problems()
    check(parse_yaml(text, "test.yaml"), schema, problems)
    return problems.found


def changed(name: str, old: str, new: str) -> tuple[str, str]:
    """A right document with one thing made wrong."""
    schema, text = RIGHT[name]
    assert text.count(old) >= 1, old
    return schema, text.replace(old, new, 1)


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_and_its_references_resolve(name: str) -> None:
    schema: Any = validator(name).schema
    Draft202012Validator.check_schema(schema)
    used = set(re.findall(r"'#/\$defs/(\w+)'", repr(schema)))
    assert used <= set(schema["$defs"])


def test_enumerations_are_those_of_the_library() -> None:
    schema: Any = validator("common").schema
    definitions = schema["$defs"]
    assert frozenset(definitions["unit"]["enum"]) == UNITS
    assert tuple(definitions["subject"]["enum"]) == SUBJECTS


@pytest.mark.parametrize("name", RIGHT)
def test_right_document_passes(name: str) -> None:
    assert problems_of(*RIGHT[name]) == []


@pytest.mark.parametrize(
    "amount",
    [
        "kind: between, unit: yuan, lower: 500, upper: param.most",
        "kind: between, unit: yuan, first_of: [{when: member.a, lower: 1, upper: 2.5}]",
        "kind: up_to, unit: yuan, first_of: [{when: member.a, pay: 2}]",
        f"kind: full_of, of: {L}",
        "kind: unstated",
        "kind: discretionary, unit: yuan, paid: yearly",
    ],
)
def test_amount_passes(amount: str) -> None:
    head = MEASURE[: MEASURE.index("  amount:")]
    assert problems_of("rules", f"{head}  amount: {{{amount}}}") == []


PAY = "pay: 5000"
ROW = "{key: primary, value: 500}"
BY = "by: 2024-12-31, "
WRONG: list[tuple[str, str, str, list[tuple[str, str, str]]]] = [
    # rules
    ("flag", "  force: must", "  force: msut", [("not_allowed", "0.force", "must")]),
    ("flag", "  applies_to:", "  aplies_to:", [("unknown_key", "0.aplies_to", "applies_to")]),
    ("flag", "outcome: flag", "outcome: flagg", [("not_allowed", "0.outcome", "flag")]),
    (
        "flag",
        "  force: must",
        "  force: must\n  effect: granted",
        [("misplaced_key", "0.effect", "")],
    ),
    ("flag", '["26#2"]', "[]", [("empty", "0.clauses", "")]),
    ("flag", '["26#2"]', "[26]", [("wrong_type", "0.clauses.0", "")]),
    ("flag", "{zh: 名, en: name}", "{zh: 名}", [("missing_key", "0.label", "")]),
    ("flag", "{zh: 名, en: name}", "{zh: 名, en: ''}", [("empty", "0.label.en", "")]),
    ("flag", "id: focus_household", "id: Focus-Household", [("bad_form", "0.id", "")]),
    ("flag", "[low_income, focus]", "[focus, focus]", [("repeated_item", "0.concept.1", "")]),
    ("flag", "    all:", "    al:", [("unknown_key", "0.when.al", "all")]),
    ("flag", "    all:", "    not: household.c\n    all:", [("bad_form", "0.when", "")]),
    ("flag", "- not: household.b", "- true", [("wrong_type", "0.when.all.1.any.1", "")]),
    ("measure", "  effect: granted\n", "", [("missing_key", "0", "")]),
    ("measure", "effect: granted", "effect: preferred", [("missing_key", "0", "")]),
    ("measure", "effect: granted", "effect: referred", [("missing_key", "0", "")]),
    (
        "measure",
        PAY,
        f"of: {L}",
        [("misplaced_key", "0.amount.of", ""), ("missing_key", "0.amount", "")],
    ),
    (
        "measure",
        PAY,
        "lower: 5",
        [("misplaced_key", "0.amount.lower", ""), ("missing_key", "0.amount", "")],
    ),
    (
        "measure",
        PAY,
        PAY + "\n    first_of: [{when: member.a, pay: 1}]",
        [("conflicting_keys", "0.amount.first_of", "")],
    ),
    ("measure", "kind: stated", "kind: unstated", [("misplaced_key", "0.amount.pay", "")]),
    ("measure", "unit: yuan", "unit: yaun", [("not_allowed", "0.amount.unit", "yuan")]),
    (
        "parameters",
        "{from: 2022-01-01, to: 2024-12-31, value: 11000.5}",
        "5",
        [("wrong_type", "parameters.line.values.0", "")],
    ),
    (
        "target",
        "{by: 2024-12-31, value: 0.95, approx: true}",
        "0.95",
        [("wrong_type", "0.figures.0", "")],
    ),
    ("measure", PAY, "pay: null", [("wrong_type", "0.amount.pay", "")]),
    ("duty", "  met_when: village.visits >= 1\n", "", [("missing_key", "0", "")]),
    ("duty", "subject: village", "subject: vilage", [("not_allowed", "0.subject", "village")]),
    # targets
    ("target", "  when: defined.doubly_bound\n", "", [("missing_key", "0", "")]),
    ("target", BY, "", [("missing_key", "0.figures.0", "")]),
    ("target", BY, BY + "year: 2024, ", [("conflicting_keys", "0.figures.0.year", "")]),
    ("target", BY, "year: 20224, ", [("out_of_range", "0.figures.0.year", "")]),
    ("target", '">="', "between", [("missing_key", "0.figures.0", "")]),
    ("target", '">="', '"=>"', [("not_allowed", "0.comparator", "")]),
    ("target", '">="', "rising", [("not_allowed", "0.comparator", "")]),
    ("target", "unit: ratio", "unit: raito", [("not_allowed", "0.unit", "ratio")]),
    (
        "outside",
        "  figure:",
        "  figur:",
        [("unknown_key", "0.figur", "figure"), ("missing_key", "0", "")],
    ),
    # pack
    ("pack", "issued: 2022-09-19", "issued: 2022-9-19", [("bad_form", "document.issued", "")]),
    ("pack", "issued: 2022-09-19", "issued: 2022-02-30", [("bad_date", "document.issued", "")]),
    ("pack", '["530113"]', "[530113]", [("wrong_type", "region.codes.0", "")]),
    ("pack", "  lifted_household:", "  脱贫户:", [("bad_form", "populations.脱贫户", "")]),
    ("pack", "id: yunnan/dongchuan", "id: |\n  yunnan", [("bad_form", "id", "")]),
    # parameters
    (
        "parameters",
        "    external: true\n",
        "",
        [
            ("missing_key", "parameters.average", ""),
            ("misplaced_key", "parameters.average.authority", ""),
            ("misplaced_key", "parameters.average.question", ""),
        ],
    ),
    (
        "parameters",
        "external: true",
        "external: yes",
        [("not_allowed", "parameters.average.external", "")],
    ),
    (
        "parameters",
        "value: 11000.5",
        "value: 11k",
        [("wrong_type", "parameters.line.values.0.value", "")],
    ),
    # definitions
    ("definitions", "type: number", "type: date", [("misplaced_key", "definitions.size.unit", "")]),
    ("definitions", ROW, "{value: 500}", [("missing_key", "tables.award.rows.0", "")]),
    ("definitions", ", includes: lower", "", [("missing_key", "tables.prize.rows.0", "")]),
    (
        "definitions",
        ROW,
        "{key: a, to: 1, value: 5}",
        [("misplaced_key", "tables.award.rows.0.to", "")],
    ),
    ("definitions", ROW, "{key: 1, value: 5}", [("wrong_type", "tables.award.rows.0.key", "")]),
    (
        "definitions",
        "codes: schooling",
        "codes: a\n    key_unit: yuan",
        [("conflicting_keys", "tables.award.key_unit", "")],
    ),
    ("definitions", "[first, second]", "[first]", [("bad_form", "exclusions.0.ranked", "")]),
    # readings
    (
        "readings",
        "rules.support.",
        "rule.support.",
        [("bad_form", "0.alternatives.0.patch.rule.support.when.all.1", "")],
    ),
    # clauses
    ("clauses", "[9120, 9215]", "[9120]", [("bad_form", "clauses.0.span", "")]),
    (
        "clauses",
        "[rule, norm]",
        "[rule, norms]",
        [("not_allowed", "clauses.0.dispositions.1", "norm")],
    ),
    # cases, overlays
    ("cases", "support: NO", "support: no", [("not_allowed", "cases.0.expect.support", "NO")]),
    ("cases", "[500, null]", "[500]", [("bad_form", "cases.0.expect.subsidy@m1.amount", "")]),
    ("overlay", ", decided_by: 区乡村振兴局", "", [("missing_key", "readings.year", "")]),
    ("overlay", "credit: false", "credit: 0", [("wrong_type", "externals.credit", "")]),
    # vocabulary
    ("facts", "codes: labour, ", "", [("missing_key", "kinds.member.facts.labour", "")]),
    (
        "facts",
        "type: int",
        "type: bool",
        [
            ("misplaced_key", "kinds.member.facts.startup.employees.unit", ""),
            ("misplaced_key", "kinds.member.facts.startup.employees.min", ""),
        ],
    ),
    (
        "concepts",
        "polarity:",
        "polarty:",
        [
            ("unknown_key", "concepts.startup_subsidy.polarty", "polarity"),
            ("missing_key", "concepts.startup_subsidy", ""),
        ],
    ),
]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    WRONG,
    ids=[
        f"{n}-{re.sub(r'[^0-9A-Za-z_]+', '-', new)[:32]}-{i}"
        for i, (n, _, new, _) in enumerate(WRONG)
    ],
)
def test_wrong_document_is_told_what_and_where(
    name: str, old: str, new: str, expected: list[tuple[str, str, str]]
) -> None:
    found = problems_of(*changed(name, old, new))
    assert sorted((p.code, p.place.path, p.nearest) for p in found) == sorted(expected)


def test_every_message_of_the_wrong_documents_is_for_people() -> None:
    for name, old, new, _ in WRONG:
        for problem in problems_of(*changed(name, old, new)):
            assert problem.place.line is not None
            for text in (problem.message("en"), problem.message("zh")):
                bare = re.sub(r"`[^`]*`", "", text)
                assert not re.search(r"\b(str|int|dict|None|True|False|Decimal)\b", bare), text
                assert "``" not in text


def test_misplaced_key_stands_at_the_key() -> None:
    found = problems_of(*changed("flag", "  force: must", "  force: must\n  effect: granted"))
    assert [p.render() for p in found] == [
        "test.yaml:9:3: misplaced_key: the key `effect` does not belong here, "
        "it stands only with `outcome: measure`"
    ]


def test_empty_file() -> None:
    assert [p.message() for p in problems_of("rules", "")] == ["expected a list, got nothing"]


def test_part_of_a_document() -> None:
    document = parse_yaml("packs:\n  - {pack: a, externl: {}}\n", "test.yaml")
    problems = Problems()
    check(document, "overlay", problems, ("packs", 0))
    (problem,) = problems.found
    assert (problem.code, problem.place.path, problem.nearest) == (
        "unknown_key",
        "packs.0.externl",
        "externals",
    )


def test_condition_nested_too_deeply() -> None:
    head = FLAG[: FLAG.index("  when:")]
    document = parse_yaml(f"{head}  when: household.a\n", "test.yaml")
    for _ in range(1000):
        document.data[0]["when"] = {"not": document.data[0]["when"]}
    problems = Problems()
    check(document, "rules", problems)
    assert [p.code for p in problems.found] == ["too_deep"]


# -- messages ---------------------------------------------------------------------------------


def test_messages_have_both_languages_and_known_placeholders() -> None:
    for code, texts in MESSAGES.items():
        assert set(texts) == {"zh", "en"}, code
        allowed = {"nearest"} if code == "_nearest" else {"expected", "got", "path", "detail"}
        used = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in texts.values()]
        assert used[0] == used[1] <= allowed, code
        assert texts["en"][0] == "{" or not texts["en"][0].isupper(), code
        assert not texts["en"].endswith("."), code
        assert not texts["zh"].endswith("。"), code
        assert not re.search(r"[,;:!?()]", re.sub(r"`[^`]*`", "", texts["zh"])), code


def test_every_code_used_has_a_message() -> None:
    calls = re.compile(
        r"\b(?:problems\.add|self\.fail|self\.note|Problem|_Bad)\(\s*\"([a-z_]+)\"[,)]"
    )
    sources = Path(policy_rules.__file__).parent.rglob("*.py")
    used = {code for source in sources for code in calls.findall(source.read_text("utf-8"))}
    assert "unknown_fact" in used
    assert used <= set(MESSAGES)
