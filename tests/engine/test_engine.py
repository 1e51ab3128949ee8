"""The engine as its users see it: dates, conflicts, readings, receipts, threads."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import made_up
import pytest

from policy_rules import Engine, NotFoundError, RecordError, Verdict
from policy_rules.engine.finding import Status
from policy_rules.errors import EngineUnavailable
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack

HEAD = """id: small
version: 1.0.0
document:
  title: {zh: 小, en: small}
  issuer: {zh: 某, en: somebody}
  issued: null
  in_force: {from: 2022-01-01, to: 2024-12-31, basis: {zh: 期, en: period}}
region: {codes: ["530113"], level: county, name: {zh: 区, en: district}}
"""
CLAUSES = "clauses:\n  - {id: c, summary: {zh: 摘, en: summary}, dispositions: [rule]}\n"
RULE = """- id: {id}
  concept: low_income_listing
  outcome: {outcome}
  subject: {subject}
  label: {{zh: 规则{id}, en: rule {id}}}
  clauses: [c]
  force: must
{rest}"""


def rule(id: str, rest: str, outcome: str = "flag", subject: str = "household") -> str:
    lines = "".join(f"  {line}\n" for line in rest.splitlines())
    return RULE.format(id=id, outcome=outcome, subject=subject, rest=lines)


def pack(*rules: str, **files: str) -> Pack:
    texts = {"pack.yaml": HEAD, "clauses.yaml": CLAUSES, "rules/r.yaml": "".join(rules)}
    return load_texts(texts | {f"{name}.yaml": text for name, text in files.items()})


LOW = rule("low", "when: income(2022).net_per_capita <= 10000")


def finding(
    p: Pack, data: dict[str, Any], id: str = "low", as_of: str = "2022-12-31", **options: Any
):
    return Engine(p, **options).evaluate(data, as_of=as_of)[id]


# -- dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2021-12-31", Status.NOT_IN_FORCE),
        ("2022-01-01", Status.DECIDED),
        ("2024-12-31", Status.DECIDED),
        ("2025-01-01", Status.NOT_IN_FORCE),
    ],
)
def test_a_rule_speaks_only_in_its_dates(day: str, status: Status) -> None:
    found = finding(pack(LOW), {"incomes": {2022: {"net_per_capita": 1}}}, as_of=day)
    assert found.status is status
    assert (found.verdict is None) is (status is Status.NOT_IN_FORCE)


def test_a_rule_not_in_force_is_unknown_to_others_never_no() -> None:
    ended = rule(
        "ended",
        "in_force: {from: 2022-01-01, to: 2022-06-30, basis: {zh: 期, en: p}}\nwhen: household.dibao",
    )
    p = pack(ended, rule("uses", "when: rule.ended"), rule("opposite", "when: not rule.ended"))
    result = Engine(p).evaluate({"dibao": True}, as_of="2022-12-31")
    assert result["uses"].verdict is result["opposite"].verdict is Verdict.UNKNOWN
    assert [n.kind for n in result["uses"].missing] == ["rule_not_in_force"]


def test_the_date_is_required() -> None:
    with pytest.raises(RecordError) as caught:
        Engine(pack(LOW)).evaluate({})
    assert caught.value.problems[0].code == "no_date"


# -- missing is not false and not zero ----------------------------------------------------------------


def test_missing_lists_the_facts_at_open_lines_only() -> None:
    p = pack(
        rule(
            "low",
            "when:\n  all:\n    - household.relocated\n    - any:\n        - household.dibao\n"
            "        - household.size >= 3",
        )
    )
    found = finding(p, {"relocated": True})
    assert found.verdict is Verdict.UNKNOWN
    assert [n.name for n in found.missing] == ["household.dibao", "household.size"]
    found = finding(p, {"relocated": None, "size": 3})
    assert [n.name for n in found.missing] == ["household.relocated"]
    assert finding(p, {"relocated": False}).missing == ()


def test_a_verdict_the_known_facts_decide_is_given_despite_gaps() -> None:
    p = pack(rule("low", "when: count(m for m in members if m.employed) >= 1"))
    some = {"members": {"complete": False, "items": [{"employed": True}, {}]}}
    assert finding(p, some).verdict is Verdict.YES
    none = {"members": {"complete": False, "items": [{"employed": False}]}}
    assert finding(p, none).verdict is Verdict.UNKNOWN


def test_zero_denominator_is_unknown() -> None:
    p = pack(rule("low", "when: income(2022).wage / income(2022).transfer < 2"))
    assert finding(p, {"incomes": {2022: {"wage": 0, "transfer": 0}}}).verdict is Verdict.UNKNOWN


# -- conflicts -----------------------------------------------------------------------------------------


def test_recorded_and_derived_apart_make_a_conflict_where_it_matters() -> None:
    income = {"wage": 30000, "business": 0, "property": 0, "transfer": 0, "business_cost": 0}
    data = {"size": 3, "incomes": {2022: {**income, "net_per_capita": 10001}}}
    # derived: 30,000 / 3 = 10,000 <= 10,000; recorded: 10,001
    result = Engine(pack(LOW)).evaluate(data, as_of="2022-12-31")
    assert (result["low"].verdict, result["low"].status) == (Verdict.UNKNOWN, Status.CONFLICT)
    assert [(c.name, c.recorded, c.derived) for c in result.conflicts] == [
        ("income_year.net_per_capita(2022)", "10001", "10000")
    ]
    data["incomes"][2022]["net_per_capita"] = 9999
    result = Engine(pack(LOW)).evaluate(data, as_of="2022-12-31")
    assert result["low"].verdict is Verdict.YES
    assert len(result.conflicts) == 1


def test_a_recorded_value_beyond_all_that_others_leave_open_is_a_conflict() -> None:
    data = {"incomes": {2022: {"net": 9000, "net_per_capita": 10001}}}  # a size is 1 to 60
    result = Engine(pack(LOW)).evaluate(data, as_of="2022-12-31")
    assert (result["low"].verdict, result["low"].status) == (Verdict.UNKNOWN, Status.CONFLICT)
    assert [(c.name, c.recorded, c.derived) for c in result.conflicts] == [
        ("income_year.net_per_capita(2022)", "10001", "150 … 9000")
    ]
    data["incomes"][2022]["net_per_capita"] = 4500  # of two people
    result = Engine(pack(LOW)).evaluate(data, as_of="2022-12-31")
    assert (result["low"].verdict, result.conflicts) == (Verdict.YES, ())


@pytest.mark.parametrize(("birth", "apart"), [("2010-06", True), ("2004-06", False)])
def test_an_age_no_day_of_the_month_of_birth_gives_is_a_conflict(birth: str, apart: bool) -> None:
    data = {"members": [{"age": 18, "birth_date": birth}]}
    text = rule("grown", "when: member.age >= 18", subject="member")
    result = Engine(pack(text)).evaluate(data, as_of="2022-12-31")
    assert bool(result.conflicts) is apart
    (found,) = result.findings
    assert (found.status is Status.CONFLICT) is apart


def test_a_household_size_that_does_not_fit_its_members_is_reported() -> None:
    result = Engine(pack(LOW)).evaluate({"size": 4, "members": [{}]}, as_of="2022-12-31")
    assert [(c.recorded, c.derived) for c in result.conflicts] == [("4", "1")]


# -- readings --------------------------------------------------------------------------------------------

READINGS = """- id: strict
  clauses: [c]
  unclear: {zh: 是否含本数, en: is the figure included}
  basis: {zh: 据, en: basis}
  chosen: {zh: 含, en: included}
  alternatives:
    - id: below
      label: {zh: 不含, en: not included}
      patch: {rules.low.when: income(2022).net_per_capita < 10000}
"""


def test_a_finding_that_hangs_on_a_reading_is_contested_with_both_answers() -> None:
    p = pack(LOW, readings=READINGS)
    at = {"incomes": {2022: {"net_per_capita": 10000}}}
    found = finding(p, at)
    assert found.verdict is Verdict.YES
    assert [(c.reading, c.alternative, c.verdict) for c in found.contested] == [
        ("strict", "below", Verdict.NO)
    ]
    below = {"incomes": {2022: {"net_per_capita": 9999}}}
    assert finding(p, below).contested == ()
    strict = finding(p, at, strict_readings=True)
    assert (strict.verdict, strict.status) == (Verdict.UNKNOWN, Status.CONTESTED)
    assert strict.under_readings is Verdict.YES
    decided = p.with_overlay({"readings": {"strict": {"choose": "below", "decided_by": "民政局"}}})
    found = finding(decided, at)
    assert (found.verdict, found.contested) == (Verdict.NO, ())


# -- receipts --------------------------------------------------------------------------------------------


def test_same_input_same_answer_same_receipt() -> None:
    data = {"id": "h1", "incomes": {2022: {"net_per_capita": 9000}}}
    first = Engine(pack(LOW)).evaluate(data, as_of="2022-12-31")
    second = Engine(pack(LOW)).evaluate(json.loads(json.dumps(data)), as_of="2022-12-31")
    assert first.as_dict() == second.as_dict()
    other = Engine(pack(LOW), key=b"secret").evaluate(data, as_of="2022-12-31")
    assert other.receipt.record_digest != first.receipt.record_digest
    assert other.receipt.result_digest == first.receipt.result_digest


def test_the_receipt_names_what_the_answer_rests_on() -> None:
    p = pack(LOW, readings=READINGS)
    receipt = Engine(p).evaluate({}, as_of="2022-12-31").receipt
    assert receipt.pack_digest == p.digest
    assert receipt.readings == {"strict": "chosen"}
    assert receipt.engine == "durable_rules+reference"
    assert (
        Engine(p, engine="reference").evaluate({}, as_of="2022-12-31").receipt.engine == "reference"
    )


def test_without_durable_rules_auto_says_so_and_the_explicit_choice_raises(monkeypatch) -> None:
    from policy_rules.engine.durable import loading

    monkeypatch.setattr(loading, "available", lambda: False)
    receipt = Engine(pack(LOW)).evaluate({}, as_of="2022-12-31").receipt
    assert "not available" in receipt.engine
    with pytest.raises(EngineUnavailable):
        Engine(pack(LOW), engine="durable_rules")


def test_explaining_never_changes_an_answer() -> None:
    engine = Engine(pack(LOW, readings=READINGS))
    data = {"size": 2, "incomes": {2022: {"net": 20000}}}
    before = engine.evaluate(data, as_of="2022-12-31")
    (line,) = before.explain("low")
    assert (line.verdict, line.margin, line.decided) == (Verdict.YES, "0", True)
    assert line.values["income_year.net_per_capita(2022)"] == "10000"
    assert engine.evaluate(data, as_of="2022-12-31").as_dict() == before.as_dict()


# -- exclusions, duties, amounts ----------------------------------------------------------------------------


def test_a_ranked_list_excludes_downwards_and_unknown_stays_unknown() -> None:
    rules = [
        rule(n, f"when: household.{f}")
        for n, f in (("a", "dibao"), ("b", "tekun"), ("c", "relocated"))
    ]
    listed = "exclusions:\n  - {id: x, clauses: [c], ranked: [a, b, c]}\n"
    engine = Engine(pack(*rules, definitions=listed))

    def verdicts(**data: bool) -> str:
        result = engine.evaluate(data, as_of="2022-12-31")
        return "".join(str(result[n].verdict)[0] for n in "abc")

    assert verdicts(dibao=True, tekun=True, relocated=True) == "YNN"
    assert verdicts(dibao=False, tekun=True, relocated=True) == "NYN"
    assert verdicts(dibao=False, tekun=False, relocated=True) == "NNY"
    assert verdicts(tekun=True, relocated=True) == "UUU"
    assert verdicts(tekun=False, relocated=True) == "UNU"


def test_tiers_are_alternatives_and_an_open_tier_is_a_range() -> None:
    p = pack(
        rule(
            "pay",
            "effect: granted\nwhen: household.relocated\namount:\n  kind: stated\n  unit: yuan\n"
            "  first_of:\n    - when: household.size >= 5\n      pay: 10000\n"
            "    - when: household.size >= 3\n      pay: 5000",
            outcome="measure",
        )
    )

    def amount(**data: Any):
        found = finding(p, {"relocated": True, **data}, id="pay").amount
        return None if found is None else (found.low, found.high)

    assert amount(size=5) == (10000, 10000)
    assert amount(size=3) == (5000, 5000)
    assert amount(size=2) is None
    assert amount() == (5000, 10000)


# -- threads, loops, memory -------------------------------------------------------------------------------------


def test_eight_threads_get_the_same_answers() -> None:
    engine = Engine(pack(LOW, readings=READINGS))
    data = [{"size": 2, "incomes": {2022: {"net": n}}} for n in range(19990, 20010)]
    alone = [engine.evaluate(d, as_of="2022-12-31").as_dict() for d in data]

    def again(_: int) -> bool:
        return [engine.evaluate(d, as_of="2022-12-31").as_dict() for d in data] == alone

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(again, range(40)))


def test_it_works_inside_an_event_loop_and_leaves_no_thread() -> None:
    before = threading.active_count()
    engine = Engine(pack(LOW))

    async def main() -> Verdict | None:
        result = await asyncio.to_thread(engine.evaluate, {}, as_of="2022-12-31")
        return result["low"].verdict

    assert asyncio.run(main()) is Verdict.UNKNOWN
    engine.evaluate({}, as_of="2022-12-31")
    assert threading.active_count() <= before + 1


def test_memory_does_not_grow() -> None:
    engine = Engine(pack(LOW, readings=READINGS))
    data = {"size": 2, "incomes": {2022: {"net": 20000}}, "members": [{"employed": True}]}
    for _ in range(200):
        engine.evaluate(data, as_of="2022-12-31")
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(2000):
            engine.evaluate(data, as_of="2022-12-31")
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 100_000


# -- what users slip on ----------------------------------------------------------------------------


def test_a_slip_in_an_external_condition_is_an_error_never_silence() -> None:
    externals = (
        "parameters: {}\nexternals:\n  office_says:\n    label: {zh: 核定, en: finding}\n    subject: household\n"
        "    clauses: [c]\n    authority: {zh: 某, en: a}\n    question: {zh: 问, en: q}\n"
    )
    engine = Engine(pack(rule("low", "when: external.office_says"), parameters=externals))
    good = engine.evaluate({"external": {"small": {"office_says": True}}}, as_of="2022-12-31")
    assert good["low"].verdict is Verdict.YES
    for given in ({"small": {"ofice_says": True}}, {"smal": {"office_says": True}}):
        with pytest.raises(RecordError):
            engine.evaluate({"external": given}, as_of="2022-12-31")
    misplaced = {"members": [{"external": {"small": {"office_says": True}}}]}
    with pytest.raises(RecordError) as caught:
        engine.evaluate(misplaced, as_of="2022-12-31")
    assert caught.value.problems[0].code == "unknown_external"
    other_pack = {"external": {"guangxi": {"whatever": True}}}
    assert engine.evaluate(other_pack, as_of="2022-12-31")["low"].verdict is Verdict.UNKNOWN


def test_an_engine_works_after_close() -> None:
    engine = Engine(pack(LOW))
    before = engine.evaluate({"size": 1}, as_of="2022-12-31").as_dict()
    engine.close()
    assert engine.evaluate({"size": 1}, as_of="2022-12-31").as_dict() == before


def test_a_time_of_day_does_not_matter_and_a_determination_is_a_collection() -> None:
    result = Engine(pack(LOW)).evaluate({}, as_of=datetime(2022, 12, 31, 9, 30))
    assert [f.id for f in result] == ["low"]
    assert "low" in result
    assert "high" not in result
    assert len(result) == 1
    assert result["low"].verdict == "UNKNOWN"


def test_the_facts_a_rule_needs_and_an_unknown_rule() -> None:
    engine = Engine(pack(LOW, rule("kids", "when: any(m.age < 16 for m in members)")))
    assert "members" in [f.path for f in engine.required_facts("kids")]
    assert "members" not in [f.path for f in engine.required_facts("low")]
    with pytest.raises(NotFoundError):
        engine.required_facts("lowe")


def test_a_reading_of_one_rule_reaches_the_rules_built_on_it() -> None:
    """`b` asks `a`; the other reading changes `a` alone, and so both findings hang on it."""
    files = made_up.texts()
    files["rules/more.yaml"] = (
        "- id: built_on\n  concept: low_income_listing\n  outcome: flag\n  subject: household\n"
        '  label: {zh: 据此, en: built on it}\n  clauses: ["1#1"]\n  force: must\n'
        "  when: rule.focus_household\n"
        "- id: of_member\n  concept: low_income_listing\n  outcome: flag\n  subject: member\n"
        '  label: {zh: 据此, en: built on it}\n  clauses: ["1#1"]\n  force: must\n'
        "  when: household.rule.focus_household\n"
    )
    files["readings.yaml"] = (
        '- id: edge\n  clauses: ["1#1"]\n  unclear: {zh: 界, en: edge}\n  basis: {zh: 例, en: example}\n'
        "  chosen: {zh: 不含, en: without}\n  alternatives:\n    - id: included\n"
        "      label: {zh: 含, en: with}\n      patch:\n"
        "        rules.focus_household.when: income(2022).net_per_capita <= 8000\n"
    )
    engine = Engine(load_texts(files), engine="reference")
    record = {"type": "lifted", "size": 2, "incomes": {2022: {"net": 16000}}, "members": [{}]}
    result = engine.evaluate(record, as_of="2023-06-30")
    told = {f.id: [c.reading for c in f.contested] for f in result.findings}
    assert told["focus_household"] == told["built_on"] == told["of_member@m1"] == ["edge"]
    elsewhere = engine.evaluate(record | {"size": 1}, as_of="2023-06-30")
    assert not elsewhere.contested
