"""The second engine: what it infers on durable_rules of small packs made here."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from policy_rules.engine.durable import loading
from policy_rules.engine.durable.compiler import compile_stages
from policy_rules.engine.durable.evaluator import DurableEvaluator, Outcome
from policy_rules.engine.durable.folding import Folder
from policy_rules.facts.dictionary import Vocabulary, build_vocabulary
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.yamldoc import parse_yaml

pytestmark = pytest.mark.skipif(
    not loading.available(), reason=f"durable_rules: {loading.why_unavailable()}"
)
LABEL = "{zh: x, en: x}"
DAY = date(2022, 12, 31)
YES, NO, UNKNOWN = True, False, None


def fact(kind: str, more: str = "") -> str:
    return f"{{type: {kind}, label: {LABEL}, question: {LABEL}, ask: x{more and ', '}{more}}}"


def codes(*names: str) -> str:
    values = ", ".join(f"{name}: {LABEL}" for name in names)
    return f"{{label: {LABEL}, values: {{{values}}}}}"


def block(name: str, **facts: str) -> str:
    lines = "".join(f"\n      {k.rstrip('_').replace('__', '.')}: {v}" for k, v in facts.items())
    return f"  {name}:\n    label: {LABEL}\n    facts:{lines}\n"


VOCABULARY = (
    f"version: 1\ncodes:\n  kind: {codes('lifted', 'ordinary', 'other')}\n"
    f"  health: {codes('ill', 'weak', 'fit')}\nstructures:\n"
    + block(
        "year_income",
        wage=fact("money", "min: 0"),
        cost=fact("money", "min: 0"),
        net=fact("money", 'derive: "this.wage - this.cost"'),
        per_head=fact("number", 'unit: yuan_per_person, derive: "this.net / household.size"'),
    )
    + block("spell", from_=fact("year_month"), to=fact("year_month"), local=fact("bool"))
    + block("link", cooperative=fact("record", "item: cooperative"))
    + "kinds:\n"
    + block(
        "household",
        type=fact("code", "codes: kind"),
        kind_before=fact("code", "codes: kind"),
        size=fact("int", "unit: persons, min: 1, max: 20"),
        area=fact("number", "unit: mu, min: 0"),
        debt=fact("money"),
        share=fact("share", "min: 0, max: 1"),
        listed=fact("date"),
        poor=fact("bool"),
        ok=fact("bool"),
        reference=fact("text"),
        incomes=fact("by_year", "item: year_income"),
        members=fact("list", "item: member"),
        links=fact("list", "item: link"),
        wages=fact("money", 'derive: "sum(m.wage for m in this.members)"'),
    )
    + block(
        "member",
        age=fact("int", "unit: years, min: 0, max: 120"),
        wage=fact("money", "min: 0"),
        balance=fact("money"),
        health=fact("codes", "codes: health"),
        working=fact("bool"),
        shop__staff=fact("int", "unit: persons, min: 0"),
        spells=fact("list", "item: spell"),
    )
    + block("cooperative", size=fact("int", "unit: persons, min: 0"))
    + block("village", area=fact("number", "unit: mu, min: 0"))
)
PACK = f"""id: test/pack
version: 1.0.0
document:
  title: {LABEL}
  issuer: {LABEL}
  issued: 2022-01-01
  in_force: {{from: 2020-01-01, to: 2024-12-31, basis: {LABEL}}}
region: {{codes: ["530113"], level: county, name: {LABEL}}}
"""
CLAUSES = f"""clauses:
  - {{id: c, summary: {LABEL}, dispositions: [rule], force: none, review: encoded, why_not: {LABEL}}}
"""
ASKED = f"clauses: [c], authority: {LABEL}, question: {LABEL}, label: {LABEL}"
PARAMETERS = f"""parameters:
  line:
    label: {LABEL}
    unit: yuan_per_person
    clauses: [c]
    values:
      - {{from: 2021-01-01, to: 2021-12-31, value: 400}}
      - {{from: 2022-01-01, to: 2022-12-31, value: 500.5}}
  outside: {{unit: yuan, external: true, {ASKED}}}
externals:
  fit_for_credit: {{subject: household, {ASKED}}}
  passed: {{subject: member, {ASKED}}}
"""
TABLES = f"""tables:
  award:
    label: {LABEL}
    clauses: [c]
    kind: lookup
    codes: kind
    unit: yuan
    rows:
      - {{key: lifted, value: 500}}
      - {{key: ordinary, value: 100}}
  by_debt:
    label: {LABEL}
    clauses: [c]
    kind: tier
    key_unit: yuan
    unit: yuan
    rows:
      - {{from: 0, to: 100, includes: lower, value: 1}}
      - {{from: 100, to: 200, includes: both, value: 2}}
      - {{from: 300, includes: upper, value: 3}}
  sliced:
    label: {LABEL}
    clauses: [c]
    kind: slices
    key_unit: yuan
    unit: yuan
    rows:
      - {{from: 0, to: 100, value: 0.5}}
      - {{from: 100, value: 0.1}}
"""


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return build_vocabulary(parse_yaml(VOCABULARY, "facts.yaml"))


def rule(id: str, subject: str = "household", outcome: str = "flag", **keys: str) -> str:
    """One rule; a value that begins with a line end is nested YAML."""
    lines = "".join(f"  {key}: {value}\n" for key, value in keys.items())
    if outcome == "duty":
        lines += f"  actor: {LABEL}\n"
    if outcome == "measure":
        lines += "  effect: granted\n"
    return (
        f"- id: {id}\n  concept: c\n  outcome: {outcome}\n  subject: {subject}\n"
        f"  label: {LABEL}\n  clauses: [c]\n  force: must\n{lines}"
    )


def make(vocabulary: Vocabulary, *rules: str, populations: str = "", definitions: str = "") -> Pack:
    return load_texts(
        {
            "pack.yaml": PACK + (f"populations:\n{populations}" if populations else ""),
            "parameters.yaml": PARAMETERS,
            "definitions.yaml": TABLES + definitions,
            "clauses.yaml": CLAUSES,
            "rules/a.yaml": "".join(rules),
        },
        vocabulary,
    )


def named(name: str, subject: str, when: str, key: str = "when", kind: str = "") -> str:
    return (
        f"  {name}:\n    label: {LABEL}\n    subject: {subject}\n    clauses: [c]\n{kind}"
        f"    {key}: {when}\n"
    )


def outcomes(pack: Pack, record: Mapping[str, Any], day: date = DAY) -> dict[str, Outcome]:
    """By ``rule`` or ``rule@member``."""
    evaluator = DurableEvaluator(pack)
    try:
        found = evaluator.evaluate(read_record(record, pack.vocabulary), day)
    finally:
        evaluator.close()
    return {f"{r}@{s}" if s else r: outcome for (r, s), outcome in found.items()}


def truth(vocabulary: Vocabulary, when: str, record: Mapping[str, Any]) -> bool | None:
    """Of one condition on a household; its denial must say the opposite."""
    pack = make(vocabulary, rule("r", when=when), rule("denied", when=f"not ({when})"))
    found = outcomes(pack, record)
    opposite = {True: False, False: True, None: None}
    assert found["denied"].truth is opposite[found["r"].truth]
    return found["r"].truth


def members(*rows: Mapping[str, Any], complete: bool = True) -> dict[str, Any]:
    return {"members": {"items": list(rows), "complete": complete}}


BIG = 2**60
COMPARISONS: list[tuple[str, dict[str, Any], bool | None]] = [
    # known numbers, at the figure and on both sides of it
    ("household.debt <= 100", {"debt": 100}, YES),
    ("household.debt < 100", {"debt": 100}, NO),
    ("household.debt < 100", {"debt": Decimal("99.99")}, YES),
    ("household.debt > 100", {"debt": Decimal("100.01")}, YES),
    ("household.debt >= 100", {"debt": Decimal("99.99")}, NO),
    ("household.debt == 99.5", {"debt": Decimal("99.5")}, YES),
    ("household.debt != 99.5", {"debt": Decimal("99.49")}, YES),
    ("99.5 < household.debt <= 100", {"debt": 100}, YES),
    ("household.debt > 99.5 or household.debt > 0.125", {"debt": Decimal("0.125")}, NO),
    ("0.25 < 0.5", {}, YES),
    # what the C engine could not carry as it is
    (f"household.debt > {BIG}", {"debt": BIG + 1}, YES),
    (f"household.debt > {BIG}", {"debt": BIG}, NO),
    ("household.debt > 1", {"debt": BIG}, YES),
    ("household.debt > 1", {"debt": -BIG}, NO),
    ("household.debt / 3 == 100 / 3", {"debt": 100}, YES),
    # missing: the range of the fact decides
    ("household.size >= 1", {}, YES),
    ("household.size > 20", {}, NO),
    ("household.size > 1", {}, UNKNOWN),
    ("household.size == 3", {}, UNKNOWN),
    ("household.size != 21", {}, YES),
    ("household.debt < 0", {}, UNKNOWN),
    ("household.area < 0", {}, NO),
    ("household.size in {3, 4}", {"size": 4}, YES),
    ("household.size in {21, 22}", {}, NO),
    ("household.size in {1, 2}", {}, UNKNOWN),
    # two values
    ("household.debt <= household.wages", {"debt": 10, "wages": 10}, YES),
    ("household.debt < household.wages", {"debt": 10, "wages": 10}, NO),
    ("household.debt == household.debt", {}, UNKNOWN),
    # codes, texts, truth values
    ("household.type == lifted", {"type": "lifted"}, YES),
    ("household.type != lifted", {"type": "ordinary"}, YES),
    ("household.type == lifted", {}, UNKNOWN),
    ("household.type in {lifted, other}", {"type": "ordinary"}, NO),
    ("household.type not in {lifted, other}", {}, UNKNOWN),
    ("household.type == household.kind_before", {"type": "other", "kind_before": "other"}, YES),
    ("household.type != household.kind_before", {"type": "other"}, UNKNOWN),
    ("household.reference == 'a'", {"reference": "b"}, NO),
    ("household.poor", {"poor": False}, NO),
    ("household.poor or household.ok", {"ok": True}, YES),
    ("household.poor and household.ok", {"ok": True}, UNKNOWN),
    ("household.poor if household.ok else household.poor", {"poor": True}, YES),
    ("household.poor if household.ok else household.poor", {}, UNKNOWN),
    # dates, days not known among them
    ("household.listed >= date(2022, 5, 1)", {"listed": "2022-05"}, YES),
    ("household.listed > date(2022, 5, 1)", {"listed": "2022-05"}, UNKNOWN),
    ("household.listed < as_of", {"listed": "2022-12-31"}, NO),
    ("year(household.listed) == 2022", {"listed": "2022"}, YES),
    ("month(household.listed) == 5", {"listed": "2022-05"}, YES),
    ("month(household.listed) <= 12", {"listed": "2022"}, YES),
    ("months_between(date(2022, 1, 31), date(2022, 2, 28)) == 1", {}, YES),
    ("months_between(date(2024, 1, 31), date(2024, 2, 28)) == 0", {}, YES),
    ("calendar_months(household.listed, as_of) == 2", {"listed": "2022-11"}, YES),
    ("age_on(date(2004, 2, 29), date(2022, 2, 28)) == 17", {}, YES),
    ("add_months(household.listed, 1) == date(2022, 2, 28)", {"listed": "2022-01-31"}, YES),
    # arithmetic on what is not known
    ("household.debt / household.size <= 3", {"debt": 3}, YES),
    (
        "household.debt / income(2022).wage >= 1",
        {"debt": 5, "incomes": {2022: {"wage": 0}}},
        UNKNOWN,
    ),
    ("household.debt / income(2022).wage >= 0", {"debt": 5}, YES),
    ("max(household.size, 21) == 21", {}, YES),
    ("round_half_up(household.debt, 1) == -3", {"debt": Decimal("-2.5")}, YES),
    ("round_down(household.debt, 0.5) == 2.5", {"debt": Decimal("2.9")}, YES),
    ("round_up(household.debt, 10) == 30", {"debt": 21}, YES),
    # years, derived facts, what is known
    (
        "income(2022).per_head == 250",
        {"size": 4, "incomes": {2022: {"wage": 1500, "cost": 500}}},
        YES,
    ),
    ("income(2022).per_head == 7", {"incomes": {2022: {"per_head": 7, "wage": 9}}}, YES),
    ("income(year(as_of) - 1).wage > 5", {"incomes": {2022: {"wage": 9}}}, UNKNOWN),
    ("income(year(household.listed)).wage >= 0", {"incomes": {2022: {"wage": 9}}}, YES),
    ("known(household.listed)", {"listed": "2022-05"}, YES),
    ("known(household.listed)", {}, NO),
    ("known(income(2022).net)", {"incomes": {2022: {"wage": 9, "cost": 1}}}, YES),
    ("known(income(2022).net)", {"incomes": {2022: {"wage": 9}}}, NO),
    ("known(param.outside) or not known(param.line)", {}, NO),
    ("known(external.fit_for_credit)", {}, NO),
    # parameters, conditions from outside, tables
    (
        "income(2022).per_head <= param.line",
        {"incomes": {2022: {"per_head": Decimal("500.5")}}},
        YES,
    ),
    ("param.line(household.listed) == 400", {"listed": "2021-12-31"}, YES),
    ("param.line(date(2023, 1, 1)) == 400", {}, UNKNOWN),
    ("household.debt <= param.outside", {"debt": 1}, UNKNOWN),
    ("external.fit_for_credit", {"external": {"test/pack": {"fit_for_credit": False}}}, NO),
    ("lookup(table.award, household.type) == 100", {"type": "ordinary"}, YES),
    ("lookup(table.award, household.type) < 501", {}, YES),
    ("lookup(table.award, household.type) < 501", {"type": "other"}, UNKNOWN),
    ("tier(table.by_debt, household.debt) == 2", {"debt": 200}, YES),
    ("tier(table.by_debt, household.debt) == 1", {"debt": 100}, NO),
    ("tier(table.by_debt, household.debt) >= 1", {"debt": 300}, UNKNOWN),
    ("slices(table.sliced, household.debt) == 60", {"debt": 200}, YES),
    ("slices(table.sliced, household.debt) >= 0", {}, YES),
]
LISTS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("any(m.working for m in members)", {}, UNKNOWN),
    ("any(m.working for m in members)", members(), NO),
    ("all(m.working for m in members)", members(), YES),
    ("any(m.working for m in members)", members({"working": True}, {}, complete=False), YES),
    ("any(m.working for m in members)", members({"working": False}, complete=False), UNKNOWN),
    ("all(m.working for m in members)", members({"working": False}, {}), NO),
    ("all(m.working for m in members if m.age > 60)", members({"age": 60}, {"working": True}), YES),
    ("any(m.working for m in members if m.age > 60)", members({"working": True}), UNKNOWN),
    ("count(m for m in members if m.age > 60) <= 2", members({"age": 61}, {}), YES),
    ("count(m for m in members if m.age > 60) >= 1", members({"age": 61}, {}, complete=False), YES),
    ("count(m for m in members) <= 9", members({"age": 61}, complete=False), UNKNOWN),
    ("sum(m.wage for m in members) >= 5", members({"wage": 5}, {}, complete=False), YES),
    ("sum(m.wage for m in members) <= 5", members({"wage": 5}, complete=False), UNKNOWN),
    ("sum(m.balance for m in members) >= 5", members({"balance": 5}, complete=False), UNKNOWN),
    ("sum(m.balance for m in members if m.working) >= 0", members({"balance": 5}), YES),
    ("sum(m.balance for m in members if m.working) >= 5", members({"balance": 5}), UNKNOWN),
    ("any(ill in m.health for m in members)", members({"health": ["weak", "ill"]}), YES),
    ("any(subset({ill}, m.health) for m in members)", members({"health": []}), NO),
    ("all(disjoint(m.health, {ill, weak}) for m in members)", members({"health": ["fit"]}), YES),
    ("any(m.shop.staff >= 3 for m in members)", members({"shop": {"staff": 3}}), YES),
    (
        "any(any(s.local for s in m.spells) for m in members)",
        members({"spells": [{"local": False}]}, {"spells": [{"local": True}]}),
        YES,
    ),
    ("household.wages == 12", members({"wage": 5}, {"wage": 7}), YES),
]


@pytest.mark.parametrize(("when", "record", "expected"), [*COMPARISONS, *LISTS])
def test_condition(
    vocabulary: Vocabulary, when: str, record: dict[str, Any], expected: bool | None
) -> None:
    assert truth(vocabulary, when, record) is expected


def spell(start: str | None, end: str | None, local: bool | None = True) -> dict[str, Any]:
    return {"from": start, "to": end, "local": local}


@pytest.mark.parametrize(
    ("spells", "at_least", "at_most"),
    [
        ([spell("2022-01", "2022-03"), spell("2022-04", "2022-05")], 5, 5),  # neighbours join
        ([spell("2022-01", "2022-06"), spell("2022-02", "2022-03")], 6, 6),  # one inside another
        ([spell("2022-01", "2022-02"), spell("2022-04", "2022-04")], 2, 2),
        ([spell("2022-01", "2022-02"), spell("2022-03", "2022-04", None)], 2, 4),
        ([spell("2022-01", "2022-02"), spell("2022-03", "2022-04", False)], 2, 2),
        ([spell("2022-01", "2022-02"), spell("2022", "2022-04")], 2, 4),
        ([spell("2022-01", "2022-02"), spell("2022-03", None)], 2, None),
        ({"items": [spell("2022-01", "2022-02")], "complete": False}, 2, None),
        ([spell("2022-05", "2022-01")], 0, 0),
        ([], 0, 0),
    ],
)
def test_longest_run(
    vocabulary: Vocabulary, spells: Any, at_least: int, at_most: int | None
) -> None:
    run = "all(longest_run(s for s in m.spells if s.local) {} for m in members)"
    record = members({"spells": spells})
    assert truth(vocabulary, run.format(f">= {at_least}"), record) is YES
    if at_least:
        assert truth(vocabulary, run.format(f">= {at_least + 1}"), record) is not YES
    if at_most is None:
        assert truth(vocabulary, run.format("<= 999"), record) is UNKNOWN
    else:
        assert truth(vocabulary, run.format(f"<= {at_most}"), record) is YES


# -- rules among rules -------------------------------------------------------------------------


def test_parts_of_a_whole(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary,
        rule("r", applies_to="population.lifted", when="household.ok", unless="household.poor"),
        populations=named("lifted", "household", "household.type == lifted"),
    )
    assert outcomes(pack, {"type": "other"})["r"] == Outcome(False, "outside_population")
    assert outcomes(pack, {"type": "other", "ok": False})["r"].status == "outside_population"
    assert outcomes(pack, {"ok": True, "poor": False})["r"] == Outcome(None, "undetermined")
    assert outcomes(pack, {"ok": False})["r"] == Outcome(False, "decided")
    lifted = {"type": "lifted", "ok": True}
    assert outcomes(pack, lifted)["r"] == Outcome(None, "undetermined")
    assert outcomes(pack, lifted | {"poor": True})["r"] == Outcome(False, "decided")
    assert outcomes(pack, lifted | {"poor": False})["r"] == Outcome(True, "decided")


def test_not_in_force(vocabulary: Vocabulary) -> None:
    dates = f"{{from: 2022-01-01, to: 2022-06-30, basis: {LABEL}}}"
    pack = make(
        vocabulary,
        rule("old", when="household.ok", in_force=dates),
        rule("after", when="not rule.old"),
    )
    found = outcomes(pack, {"ok": True}, date(2022, 6, 30))
    assert (found["old"].truth, found["after"].truth) == (True, False)
    found = outcomes(pack, {"ok": True}, date(2022, 7, 1))
    assert found["old"] == Outcome(None, "not_in_force")
    assert found["after"] == Outcome(None, "undetermined")
    assert outcomes(pack, {}, date(2025, 1, 1))["after"].status == "not_in_force"


def test_rules_of_members_and_household(vocabulary: Vocabulary) -> None:
    kind = "    type: bool\n"
    pack = make(
        vocabulary,
        rule("worker", "member", when="member.working and household.population.lifted"),
        rule("any_worker", when="any(m.rule.worker for m in members)"),
        rule("supported", "member", when="household.rule.any_worker and not rule.worker"),
        rule("alone", "member", when="not any(o.rule.worker or o.defined.grown for o in others)"),
        rule("credit", "member", when="external.passed and member.defined.grown"),
        populations=named("lifted", "household", "household.type == lifted"),
        definitions="definitions:\n" + named("grown", "member", "member.age >= 18", "value", kind),
    )
    passed = {"external": {"test/pack": {"passed": True}}, "age": 20}
    people = members({"working": True, "age": 9}, {"working": False} | passed, {"age": 3})
    found = outcomes(pack, people | {"type": "lifted"})
    assert {name: outcome.truth for name, outcome in found.items()} == {
        "any_worker": YES,
        "worker@m1": YES,
        "worker@m2": NO,
        "worker@m3": UNKNOWN,
        "supported@m1": NO,
        "supported@m2": YES,
        "supported@m3": UNKNOWN,
        "alone@m1": NO,
        "alone@m2": NO,
        "alone@m3": NO,
        "credit@m1": NO,
        "credit@m2": YES,
        "credit@m3": NO,
    }
    assert outcomes(pack, people)["any_worker"].truth is UNKNOWN
    assert outcomes(pack, {})["any_worker"].truth is UNKNOWN  # and no member to speak of
    assert list(outcomes(pack, {})) == ["any_worker"]


def test_chains_take_few_runs(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary,
        rule("a", when="household.ok"),
        rule("b", when="population.p and household.poor"),
        rule("c", when="rule.a and rule.b"),
        rule("d", "member", when="household.rule.a and household.population.p"),
        populations=named("p", "household", "household.size > 2"),
    )
    stages = compile_stages(pack, "household", Folder(pack))
    assert [stage.subject for stage in stages] == ["household", "member", "household"]


def test_exclusion_is_ranked(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary,
        rule("first", when="household.ok"),
        rule("second", when="household.poor"),
        rule("third", when="household.size >= 1"),
        definitions="exclusions:\n  - {id: x, clauses: [c], ranked: [first, second, third]}\n",
    )

    def truths(record: dict[str, Any]) -> list[bool | None]:
        return [outcome.truth for outcome in outcomes(pack, record).values()]

    assert truths({"ok": True, "poor": True}) == [YES, NO, NO]
    assert truths({"ok": False, "poor": True}) == [NO, YES, NO]
    assert truths({"ok": False, "poor": False}) == [NO, NO, YES]
    assert truths({"poor": True}) == [UNKNOWN, UNKNOWN, UNKNOWN]
    assert truths({"poor": False}) == [UNKNOWN, NO, UNKNOWN]


def test_duty_is_met(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary, rule("r", outcome="duty", when="household.poor", met_when="household.ok")
    )
    assert outcomes(pack, {"poor": True, "ok": False})["r"] == Outcome(True, "decided", False)
    assert outcomes(pack, {"ok": True})["r"] == Outcome(None, "undetermined", True)
    assert outcomes(pack, {"poor": True})["r"] == Outcome(True, "decided", None)
    assert outcomes(pack, {"poor": False, "ok": True})["r"] == Outcome(False, "decided", None)


TIERS = """
    kind: stated
    unit: yuan
    first_of:
      - when: household.size >= 5
        pay: 10000
      - when: household.size >= 3
        pay: household.debt / 3"""


@pytest.mark.parametrize(
    ("amount", "record", "expected"),
    [
        (TIERS, {"size": 5}, (10000, 10000)),
        (TIERS, {"size": 3, "debt": 100}, (Fraction(100, 3), Fraction(100, 3))),
        (TIERS, {"size": 3, "debt": 99}, (33, 33)),
        (TIERS, {"size": 2}, None),
        (TIERS, {"debt": 300}, (100, 10000)),
        (TIERS, {"size": 4}, (None, None)),
        ("\n    kind: up_to\n    unit: yuan\n    pay: 500", {}, (None, 500)),
        ("\n    kind: at_least\n    unit: yuan\n    pay: 500", {}, (500, None)),
        ("\n    kind: between\n    unit: yuan\n    lower: 5\n    upper: 0.5 * 30", {}, (5, 15)),
        ("\n    kind: unstated", {}, None),
        (f"\n    kind: full_of\n    of: {LABEL}", {}, None),
    ],
)
def test_amount(
    vocabulary: Vocabulary, amount: str, record: dict[str, Any], expected: object
) -> None:
    pack = make(vocabulary, rule("r", outcome="measure", when="household.ok", amount=amount))
    assert outcomes(pack, record | {"ok": True})["r"] == Outcome(True, "decided", None, expected)  # type: ignore[arg-type]
    assert outcomes(pack, record)["r"] == Outcome(None, "undetermined", None, expected)  # type: ignore[arg-type]
    assert outcomes(pack, record | {"ok": False})["r"] == Outcome(False, "decided")


def test_records_of_entities(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary,
        rule("wide", "village", when="village.area > 10"),
        rule("large", "cooperative", when="cooperative.size >= 5 and population.p"),
        rule("linked", when="any(l.cooperative.size >= 5 for l in household.links)"),
        populations=named("p", "cooperative", "cooperative.size < 100"),
    )
    assert outcomes(pack, {"kind": "village", "area": 11}) == {"wide": Outcome(True, "decided")}
    assert outcomes(pack, {"kind": "cooperative", "size": 5})["large"].truth is YES
    household = {"links": [{"cooperative": {"size": 5}}, {}]}
    assert outcomes(pack, household) == {"linked": Outcome(True, "decided")}
    unruled = make(vocabulary, rule("r", "village", when="village.area > 10"))
    assert outcomes(unruled, {}) == {}


def test_rule_without_conditions(vocabulary: Vocabulary) -> None:
    assert outcomes(make(vocabulary, rule("r")), {})["r"] == Outcome(True, "decided")


def test_threads_do_not_mix(vocabulary: Vocabulary) -> None:
    pack = make(
        vocabulary,
        rule("r", when="household.debt >= 50"),
        rule("m", "member", when="household.rule.r and member.age >= 50"),
    )
    evaluator = DurableEvaluator(pack)
    barrier = threading.Barrier(4)

    def work(start: int) -> Iterator[bool]:
        barrier.wait()
        for debt in range(start, 100, 4):
            record = read_record({"debt": debt, **members({"age": debt})}, vocabulary)
            found = evaluator.evaluate(record, DAY)
            yield found["r", ""].truth is found["m", "m1"].truth is (debt >= 50)

    with ThreadPoolExecutor(4) as pool:
        assert all(all(good) for good in pool.map(lambda n: list(work(n)), range(4)))
    evaluator.close()


def test_evaluating_changes_nothing(vocabulary: Vocabulary) -> None:
    pack = make(vocabulary, rule("r", when="household.wages > 3"))
    evaluator = DurableEvaluator(pack)
    record: Household = read_record(members({"wage": 5}), vocabulary)
    before = record.digest(b"k")
    first = evaluator.evaluate(record, DAY)
    assert evaluator.evaluate(record, DAY) == first
    assert record.digest(b"k") == before
    evaluator.close()
