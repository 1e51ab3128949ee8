"""Coverage of targets: populations worked out by hand, and bounds that hold whatever is missing."""

from __future__ import annotations

import io
import itertools
import json
import math
import random
import weakref
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import made_up
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from policy_rules import EvaluationError, NotFoundError, load_pack, measure_coverage
from policy_rules.engine.targets import TargetMeter
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Figure, Pack
from policy_rules.render import chart, coverage_book
from policy_rules.render import coverage as showing
from policy_rules.render.coverage_data import coverage_data
from policy_rules.tables.coverage import Coverage
from policy_rules.tables.coverage_gaps import Listing
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.testing.sampling import Sampler
from policy_rules.verdict import Verdict

YES, NO, UNKNOWN = Verdict.YES, Verdict.NO, Verdict.UNKNOWN
Record = dict[str, Any]
PACKS = ("yunnan/dongchuan", "yunnan/mengyong", "guangxi", "zhengzhou", "tongren")


@cache
def pack(name: str) -> Pack:
    return load_pack(name)


def measured(name: str, target: str, records: Iterable[Record], as_of: str) -> tuple:
    return measure_coverage(pack(name), records, as_of, targets=[target])[target].figures


def one(name: str, target: str, records: Iterable[Record], as_of: str) -> FigureCoverage:
    (found,) = measured(name, target, records, as_of)
    return found


def ends(found: Any) -> tuple[Any, Any] | None:
    return None if found is None else (found.low, found.high)


def ids(listing: Listing) -> list[str]:
    return [f"{r.record}@{r.subject}" if r.subject else r.record for r in listing.rows]


def missing(listing: Listing) -> dict[str, list[str]]:
    return {r.record: [n.key for n in r.missing] for r in listing.rows}


# -- the double-binding rate of Dongchuan ------------------------------------------------------------


def link(cooperative: str = "C1", **enterprise: Any) -> Record:
    """A running link to a cooperative under a running contract with a county dragon-head."""
    half = {"from": "2022-01-01", "to": "9999-12-31"}
    whole = {"contract": True, "enterprise": {"dragonhead_level": "county"}, **half, **enterprise}
    body = {"strong_driver": True, "enterprise_links": [whole]}
    return {"entity_id": cooperative, "relation": "order", **half, "cooperative": body}


def family(name: str, links: list[Record] | None, **more: Any) -> Record:
    body = {"id": name, "type": "lifted", "conditions": {"industry": True}, **more}
    return body if links is None else {**body, "cooperative_links": links}


def bare(cooperative: str) -> Record:
    """A running link to a cooperative that is linked to no enterprise."""
    return {**link(cooperative), "cooperative": {"strong_driver": True, "enterprise_links": []}}


#: 15 bound; one lacks the cooperative, two the enterprise, two a running contract; three unknown.
BINDING = [
    *(family(f"b{i}", [link()]) for i in range(15)),
    family("alone", []),
    family("no_enterprise", [bare("C7")]),
    family("no_grade", [link("C7", enterprise={"dragonhead_level": "none"})]),
    family("ended", [link("C8", to="2023-12-30")]),
    family("no_contract", [link("C8", contract=False)], conditions={"industry": False}),
    family("two_cells", None, in_cooperative=True, dragonhead_driven=True),
    family("contract_not_known", [link("C9", contract=None)]),
    family("kind_not_known", [link()], type=None),
    family("ordinary", [], type="ordinary", monitoring={"category": "none"}),
    family("watched", [], type="ordinary", monitoring={"category": "marginal"}),
]


def binding_coverage() -> Coverage:
    return measure_coverage(pack("yunnan/dongchuan"), BINDING, "2023-12-31")


def test_the_double_binding_rate_and_its_bounds() -> None:
    rate = binding_coverage()["double_binding_rate"]
    (found,) = rate.figures
    # certainly lifted: 15 + 1 + 2 + 2 + 2 = 22; one more may be
    assert (found.population, found.unsure) == (22, 1)
    # bound: 15; besides two cells, contract not known, kind not known
    assert ends(found.numerator) == (15, 18)
    assert ends(found.denominator) == (22, 23)
    # at worst 15/22 (a bound household of unknown kind would only help), at best 18/23
    assert ends(found.value) == (Fraction(15, 22), Fraction(18, 23))
    assert found.verdict is NO
    assert not found.due  # by the end of 2024
    # 0.95 * 22 = 20.9, 6 more than 15; 0.95 * 23 = 21.85, 4 more than 18
    assert ends(found.short) == (4, 6)
    assert ids(found.gap.lacking) == ["alone", "no_enterprise", "no_grade", "ended", "no_contract"]
    assert missing(found.gap.unknown) == {
        "two_cells": ["household.cooperative_links"],
        "contract_not_known": ["enterprise_link.contract@e1"],
        "kind_not_known": ["household.type"],
    }


def test_the_rate_with_conditions_stands_under_the_whole() -> None:
    report = binding_coverage()
    names = [t.target.id for t in report.targets]
    at = names.index("double_binding_rate")
    assert names[at + 1] == "double_binding_rate_with_conditions"
    assert [t.depth for t in report.targets[at : at + 2]] == [0, 1]
    (found,) = report["double_binding_rate_with_conditions"].figures
    # without the one that lacks industry conditions
    assert (found.population, ends(found.denominator)) == (21, (21, 22))
    assert ends(found.numerator) == (15, 18)
    # = 100 %: 21 - 15 = 6 at worst, 22 - 18 = 4 at best
    assert ends(found.short) == (4, 6)


def test_where_the_chain_breaks_off() -> None:
    binding = binding_coverage()["double_binding_rate"].binding
    assert binding is not None
    assert binding.taken_apart
    assert binding.bound == 15
    assert {s: ids(v) for s, v in binding.stages.items() if v.count} == {
        "no_cooperative": ["alone"],
        "no_enterprise": ["no_enterprise", "no_grade"],
        "no_contract": ["ended", "no_contract"],
        "unknown": ["two_cells", "contract_not_known", "kind_not_known"],
    }
    assert [(n.name, c) for n, c in binding.reasons] == [
        ("enterprise_link.contract", 1),
        ("household.cooperative_links", 1),
        ("household.type", 1),
    ]
    # "joined a cooperative" and "led by an enterprise" make no double binding
    assert binding.two_cells == 1
    assert [(w.cooperative, w.households) for w in binding.waiting] == [("C7", 2), ("C8", 2)]


def test_every_reading_of_denominator_and_chain_is_measured() -> None:
    found = binding_coverage()["double_binding_rate"]
    rates = {
        (o.reading.id, o.alternative.id): (ends(o.figures[0].numerator), o.figures[0].population)
        for o in found.others
    }
    denominator = "double_binding_denominator"
    assert {a for r, a in rates if r == denominator} == {
        "all_farm_households", "should_join", "lifted_people"
    }  # fmt: skip
    # lifted and ordinary: 22 + 2 certainly
    assert rates[denominator, "all_farm_households"] == ((15, 18), 24)
    # lifted or monitored: 22 + 1
    assert rates[denominator, "lifted_people"] == ((15, 18), 23)
    # nobody's will to join is recorded
    assert rates[denominator, "should_join"] == ((0, 18), 0)
    # without the contract, "no_contract" and "contract_not_known" are bound too
    assert rates["double_binding_chain", "without_contract"] == ((17, 19), 22)
    other = next(o for o in found.others if o.alternative.id == "without_contract")
    assert other.binding is not None
    assert other.binding.stages["no_contract"].count == 1  # "ended" alone


def test_a_reading_decided_by_an_overlay_is_not_tried_again() -> None:
    decided = pack("yunnan/dongchuan").with_overlay(
        {"readings": {"double_binding_denominator": "all_farm_households"}}
    )
    found = measure_coverage(decided, BINDING, "2023-12-31")["double_binding_rate"]
    assert found.figures[0].population == 24
    assert "double_binding_denominator" not in {o.reading.id for o in found.others}


@pytest.mark.parametrize("name", [p for p in PACKS if p != "yunnan/dongchuan"])
def test_a_pack_that_sets_no_such_rate_says_so(name: str) -> None:
    report = measure_coverage(pack(name), BINDING, "2023-12-31")
    assert not report.sets_double_binding
    assert report.double_binding == ()
    told = coverage_data(report)["double_binding"]
    assert not told["set_by_document"]
    assert "0%" in told["why"]["zh"]
    assert "没有提出双绑率" in shown(report, "zh")


def test_a_rate_of_nobody_is_open_not_zero() -> None:
    rows = [family("o", [link()], type="ordinary")]
    found = one("yunnan/dongchuan", "double_binding_rate", rows, "2024-12-31")
    assert (found.population, found.verdict, found.short) == (0, UNKNOWN, None)
    assert found.value.unknown


# -- Guangxi -----------------------------------------------------------------------------------------


def worker(name: str, **more: Any) -> Record:
    return {"id": name, "birth_date": "1990-01-01", "labour": "ordinary", **more}


def incomes(name: str, wage: dict[int, int], size: int = 2) -> Record:
    years = {year: {"wage": value} for year, value in wage.items()}
    return {"id": name, "type": "lifted", "size": size, "incomes": years}


def test_growth_compares_with_the_year_before() -> None:
    rows = [
        incomes("up", {2021: 20000, 2022: 26000}),
        incomes("down", {2021: 20000, 2022: 18000}),
        {"id": "not_lifted", "type": "ordinary", "monitoring": {"category": "none"}},
    ]
    found = {f.year: f for f in measured("guangxi", "wage_income_grows", rows, "2022-12-31")}
    assert sorted(found) == [2022, 2023, 2024]
    # 44,000 for 4 persons after 40,000: 11,000 / 10,000 - 1
    assert found[2022].levels is not None
    assert [s.exact for s in found[2022].levels] == [10000, 11000]
    assert found[2022].value.exact == Fraction(1, 10)
    assert (found[2022].verdict, found[2022].due) == (YES, True)
    assert ids(found[2022].gap.lacking) == ["down"]  # by itself it does not grow
    # next year's wages are not recorded yet
    assert found[2023].verdict is UNKNOWN
    assert missing(found[2023].gap.unknown)["up"] == ["income_year.wage(2023)"]


def test_a_growth_that_falls_short_says_by_how_much() -> None:
    rows = [incomes("a", {2021: 30000, 2022: 27000}, size=3)]
    found = measured("guangxi", "wage_income_grows", rows, "2022-12-31")[0]
    assert (found.value.exact, found.verdict) == (Fraction(-1, 10), NO)
    # more than the 30,000 of the year before: more than 3,000 yuan
    assert ends(found.short) == (3000, 3000)


def test_a_figure_that_names_its_year_is_of_that_year_alone() -> None:
    training = {"completed_on": "2022-05-01"}
    rows = [
        {"id": "h1", "type": "lifted", "members": [worker("m1", trainings=[training, training])]},
        {"id": "h2", "type": "lifted", "members": [worker("m1", trainings=[])]},
    ]
    found = measured("guangxi", "training_attendances", rows, "2022-12-31")
    assert [(f.year, f.figure.year) for f in found] == [(2022, 2022), (2023, 2023), (2024, 2024)]
    assert (found[0].numerator.exact, found[0].verdict) == (2, NO)
    assert ends(found[0].short) == (29998, 29998)
    assert ids(found[0].gap.lacking) == ["h2@m1"]


def test_a_share_in_guangxi_needs_support_in_industry() -> None:
    labour = {"members": [worker("m1")]}
    rows = [
        {"id": "has", "type": "lifted", "support": {"industry": ["seed"], "employment": ["none"]}},
        {
            "id": "lacks",
            "type": "lifted",
            "support": {"industry": ["none"], "employment": ["none"]},
        },
        {"id": "open", "type": "lifted", "support": {"employment": ["none"]}},
        {
            "id": "out",
            "type": "ordinary",
            "support": {"industry": ["none"], "employment": ["none"]},
        },
    ]
    found = one("guangxi", "industry_coverage_rate", [r | labour for r in rows], "2024-12-31")
    assert (found.population, ends(found.value)) == (3, (Fraction(1, 3), Fraction(2, 3)))
    assert (found.verdict, ends(found.short)) == (NO, (1, 2))
    assert ids(found.gap.lacking) == ["lacks"]
    assert missing(found.gap.unknown) == {"open": ["household.support.industry"]}


# -- Zhengzhou ---------------------------------------------------------------------------------------


def graduate(name: str, outcome: str | None, year: int = 2025) -> Record:
    return worker(name, rain_dew={"graduated_on": f"{year}-06-30", "outcome": outcome})


def test_a_target_of_members_lists_them_by_household() -> None:
    rows = [
        {"id": "h1", "members": [graduate("m1", "employed"), graduate("m2", "military")]},
        {"id": "h2", "members": [graduate("m1", "none"), graduate("m2", "employed", 2024)]},
    ]
    found = {
        f.year: f for f in measured("zhengzhou", "rain_dew_graduates_settled", rows, "2025-12-31")
    }
    # 2025: two of three; 0.9 * 3 = 2.7, one more
    assert (found[2025].value.exact, ends(found[2025].short)) == (Fraction(2, 3), (1, 1))
    assert ids(found[2025].gap.lacking) == ["h2@m1"]
    assert (found[2024].value.exact, found[2024].verdict) == (1, YES)


def test_members_nobody_has_listed_open_the_bounds() -> None:
    rows: list[Record] = [
        {"id": "h1", "members": [graduate("m1", "employed")]},
        {"id": "h2", "members": {"items": [graduate("m1", "employed")], "complete": False}},
    ]
    found = measured("zhengzhou", "rain_dew_graduates_settled", rows, "2025-12-31")[-1]
    assert (found.population, found.unlisted) == (2, 1)
    assert ends(found.value) == (0, 1)  # any number may be missing
    assert found.verdict is UNKNOWN
    assert missing(found.gap.unknown) == {"h2": ["household.members"]}
    work = measured("zhengzhou", "lifted_people_in_wage_work", rows, "2025-12-31")[-1]
    assert work.numerator.high == math.inf
    # of a household that is certainly not meant, nobody can be missing
    out = {"type": "ordinary", "monitoring": {"category": "none"}}
    work = measured(
        "zhengzhou", "lifted_people_in_wage_work", [r | out for r in rows], "2025-12-31"
    )[-1]
    assert (work.numerator.exact, work.unlisted, work.verdict) == (0, 0, NO)


def test_what_shall_be_none_lists_who_still_counts() -> None:
    rows = [
        {"id": "safe", "housing": {"problem": False, "danger": False}},
        {"id": "cracked", "housing": {"problem": True}},
        {"id": "unseen", "housing": {"problem": False}},
    ]
    found = one("zhengzhou", "housing_hazards_cleared", rows, "2025-12-31")
    assert (ends(found.numerator), found.verdict) == ((1, 2), NO)
    assert found.gap.direction == "down"
    assert ids(found.gap.lacking) == ["cracked"]
    assert missing(found.gap.unknown) == {"unseen": ["household.housing.danger"]}
    assert ends(found.short) == (1, 2)
    cleared = one("zhengzhou", "housing_hazards_cleared", rows[:1], "2025-12-31")
    assert (cleared.verdict, ends(cleared.short)) == (YES, (0, 0))


def test_village_records_supply_what_is_a_fact_there() -> None:
    villages = [
        {"kind": "village", "id": f"v{i}", "clinic": True, "clinic_public": i < 19}
        for i in range(20)
    ]
    found = one("zhengzhou", "public_village_clinics", villages, "2024-12-31")
    assert (found.value.exact, found.verdict, ends(found.short)) == (Fraction(19, 20), YES, (0, 0))
    found = one("zhengzhou", "public_village_clinics", villages[1:], "2024-12-31")
    assert (found.value.exact, found.verdict) == (Fraction(18, 19), NO)
    # 0.95 * 19 = 18.05: one more
    assert (ends(found.short), ids(found.gap.lacking)) == ((1, 1), ["v19"])


# -- Mengyong ----------------------------------------------------------------------------------------


def test_a_township_record_decides_the_share_of_funds() -> None:
    funds = {2023: {"central": 1000000, "central_industry": 550000}}
    rows = [{"kind": "township", "id": "mengyong", "funds": funds}]
    found = one("yunnan/mengyong", "central_funds_industry_share", rows, "2023-12-31")
    assert (found.value.exact, found.verdict) == (Fraction(55, 100), NO)
    # 60 % of 1,000,000 is 600,000
    assert ends(found.short) == (50000, 50000)
    assert ids(found.gap.lacking) == ["mengyong"]
    report = measure_coverage(pack("yunnan/mengyong"), [{"id": "h"}], "2023-12-31")
    assert report["central_funds_industry_share"].status == "no_records"
    assert report["central_funds_industry_share"].figures == ()


def test_zeroing_counts_who_is_still_below_the_line() -> None:
    def low(name: str, net: int | None) -> Record:
        years = {2023: {} if net is None else {"net": net}}
        return {
            "id": name,
            "type": "lifted",
            "size": 2,
            "members": [worker("m1")],
            "incomes": years,
        }

    rows = [low("at", 20000), low("above", 20002), low("open", None)]
    found = one("yunnan/mengyong", "zeroing_by_end_of_2023", rows, "2023-12-31")
    # 10,000 a head is still on the line (a reading), 10,001 is above
    assert (ends(found.numerator), found.verdict, found.due) == ((1, 2), NO, True)
    assert ids(found.gap.lacking) == ["at"]
    assert list(missing(found.gap.unknown)) == ["open"]


# -- Tongren -----------------------------------------------------------------------------------------


def test_a_part_of_a_count_stands_under_its_whole() -> None:
    rows = [
        {"kind": "village", "id": f"v{i}", "red_village": True, "pastoral_pilot_level": "municipal"}
        for i in range(5)
    ] + [{"kind": "village", "id": "v5", "red_village": True}]
    report = measure_coverage(pack("tongren"), rows, "2025-12-31")
    (whole,) = report["red_villages_built"].figures
    assert (whole.numerator.exact, whole.verdict, ends(whole.short)) == (6, NO, (4, 4))
    assert whole.gap.lacking.count == 0  # a count of whoever there is has no denominator
    (part,) = report["red_villages_among_pilots"].figures
    assert report["red_villages_among_pilots"].depth == 1
    # exactly 4 are asked for; 5 or 6 are one or two too many
    assert (ends(part.numerator), part.verdict, ends(part.short)) == ((5, 6), NO, (1, 2))


def test_a_figure_of_an_office_says_whom_to_ask() -> None:
    report = measure_coverage(pack("tongren"), [], "2025-12-31")
    found = report["ten_hundred_thousand_works"]
    assert (found.status, found.figures) == ("external", ())
    told = {t["target"]: t for t in coverage_data(report)["targets"]}
    asked = told["ten_hundred_thousand_works"]["needs_figure_from"]
    assert asked["authority"]["zh"] == "省、市乡村振兴部门"
    assert asked["question"]["zh"].endswith("？")


def test_households_of_tongren_with_somebody_in_stable_work() -> None:
    def moved(name: str, stable: bool | None) -> Record:
        member = worker("m1", employed=True, employment={"stable": stable})
        return {"id": name, "relocated": True, "members": [member]}

    rows = [moved("a", True), moved("b", False), moved("c", None)]
    found = one("tongren", "relocated_households_with_worker", rows, "2025-12-31")
    assert (ends(found.value), found.verdict) == ((Fraction(1, 3), Fraction(2, 3)), NO)
    assert missing(found.gap.unknown) == {"c": ["member.employment.stable@m1"]}


# -- the pass ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("seed", range(2))
def test_the_reference_measures_the_same(name: str, seed: int) -> None:
    """On random populations: the same figures and years, with the same bounds."""
    rng, sampler = random.Random(seed), Sampler(pack(name))
    kinds = {t.subject for t in pack(name).targets.values() if t.subject} - {"member"}
    rows = [read_record(sampler.record(rng, kind)) for kind in sorted(kinds) for _ in range(20)]
    day = date(2024, 12, 31)
    report = measure_coverage(pack(name), rows, day, everywhere=True)
    meter = TargetMeter(pack(name))
    for found in report.targets:
        if found.status != "measured":
            continue
        same = meter.measure(found.target, rows, day)
        assert [(f.figure, f.year) for f in found.figures] == [(m.figure, m.year) for m in same]
        for figure, known in zip(found.figures, same, strict=True):
            assert (figure.population, figure.unsure) == (known.counted, known.open)
            assert ends(figure.value) == (known.low, known.high)
            assert figure.verdict is known.verdict


def test_the_reference_counts_members_nobody_has_listed() -> None:
    """Over an incomplete list a count has no upper bound, and a share of members is open."""
    target = next(t for t in pack("tongren").targets.values() if t.subject == "member" and t.measure in ("count", "share"))  # fmt: skip
    whole: dict[str, Any] = {"type": "lifted", "members": [{"id": "a"}]}
    part = {**whole, "members": {"items": whole["members"], "complete": False}}
    meter = TargetMeter(pack("tongren"))
    for data in (whole, part):
        (found, *_) = meter.measure(target, [read_record(data)], date(2024, 12, 31))
        report = measure_coverage(pack("tongren"), [data], date(2024, 12, 31), everywhere=True)
        assert (found.low, found.high) == ends(report[target.id].figures[0].value)
    if target.measure == "count":
        assert found.high == math.inf


def test_a_figure_with_a_year_is_of_that_year_in_the_reference_too() -> None:
    """A target of each year of a period, whose figures name their years."""
    base = pack("yunnan/dongchuan").targets["double_binding_rate"]
    figures = tuple(Figure(Fraction(n, 10), None, None, 2020 + n) for n in (2, 3))
    target = attrs.evolve(base, per_year="each", period=(2022, 2024), figures=figures)
    other = attrs.evolve(target, figures=(Figure(Fraction(1, 2), None, date(2025, 12, 31), None),))
    meter = TargetMeter(pack("yunnan/dongchuan"))
    years = {t: [m.year for m in meter.measure(t, [], date(2024, 12, 31))] for t in (target, other)}
    assert years == {target: [2022, 2023], other: [2022, 2023, 2024]}


def test_records_stream_by_and_lists_are_bounded() -> None:
    gone: list[weakref.ref[Any]] = []
    alive: list[int] = []

    def many() -> Iterator[Any]:
        for i in range(400):
            record = read_record(family(f"h{i}", [] if i % 2 else None))
            gone.append(weakref.ref(record))
            yield record
            del record
            alive.append(sum(ref() is not None for ref in gone))

    report = measure_coverage(pack("yunnan/dongchuan"), many(), "2023-12-31", most=3)
    assert max(alive) <= 2
    gap = report["double_binding_rate"].figures[0].gap
    assert (gap.lacking.count, ids(gap.lacking), gap.lacking.rest) == (200, ["h1", "h3", "h5"], 197)
    assert (gap.unknown.count, len(gap.unknown.rows)) == (200, 3)
    binding = report["double_binding_rate"].binding
    assert binding is not None
    assert binding.stages["unknown"].rest == 197
    assert binding.reasons[0][1] == 200


def test_the_order_and_the_answer_are_the_same_each_time() -> None:
    def told() -> str:
        return json.dumps(coverage_data(binding_coverage()), ensure_ascii=False)

    assert told() == told()


def test_records_of_another_region_are_counted_but_not_measured() -> None:
    rows = [family("here", [link()], region="530113"), family("there", [], region="450000")]
    dongchuan = pack("yunnan/dongchuan")
    report = measure_coverage(dongchuan, rows, "2024-12-31")
    assert (report.records, report.elsewhere) == ({"household": 1}, 1)
    assert report["double_binding_rate"].figures[0].value.exact == 1
    report = measure_coverage(dongchuan, rows, "2024-12-31", everywhere=True)
    assert report["double_binding_rate"].figures[0].value.exact == Fraction(1, 2)


def test_records_without_an_id_are_numbered() -> None:
    rows = [family("", []), family("", [])]
    found = one("yunnan/dongchuan", "double_binding_rate", rows, "2024-12-31")
    assert ids(found.gap.lacking) == ["#1", "#2"]


def test_an_unknown_target_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFoundError, match="double_binding_rate"):
        measure_coverage(pack("yunnan/dongchuan"), [], "2024-12-31", targets=["double_binding_rat"])


def test_a_target_that_is_named_is_measured_under_its_other_readings() -> None:
    villages = [{"kind": "village", "id": "v1", "administrative": True}]
    name = "villages_income_floor_2022"
    report = measure_coverage(pack("yunnan/dongchuan"), villages, "2022-12-31", targets=[name])
    other = {o.alternative.id: o for o in report[name].others}["count_149"]
    assert (other.target.measure, other.figures[0].figure.value) == ("count", 149)
    assert "149" in shown(report, "en")


# -- bounds hold for every completion ----------------------------------------------------------------

_LINKS: Any = (None, "none", "bound", "no_contract", "open_contract")


def small(name: str, type_: str | None, links: str | None) -> Record:
    told = {
        "none": [],
        "bound": [link()],
        "no_contract": [link(contract=False)],
        "open_contract": [link(contract=None)],
    }
    return family(name, None if links is None else told[links], type=type_)


def completions(type_: str | None, links: str | None) -> list[tuple[str, str]]:
    types = ("lifted", "ordinary") if type_ is None else (type_,)
    if links is None:
        known: tuple[str, ...] = ("none", "bound", "no_contract")
    else:
        known = ("bound", "no_contract") if links == "open_contract" else (links,)
    return list(itertools.product(types, known))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(("lifted", "ordinary", None)), st.sampled_from(_LINKS)),
        min_size=1,
        max_size=4,
    )
)
@pytest.mark.no_cover
def test_the_bounds_of_the_rate_hold_for_every_completion(rows: list[tuple[Any, Any]]) -> None:
    name, target = "yunnan/dongchuan", "double_binding_rate"
    found = one(name, target, [small(f"h{i}", *r) for i, r in enumerate(rows)], "2024-12-31")
    values = []
    for choice in itertools.product(*(completions(*r) for r in rows)):
        lifted = [links for type_, links in choice if type_ == "lifted"]
        bound = lifted.count("bound")
        if not lifted:
            continue  # there is no rate
        exact = Fraction(bound, len(lifted))
        values.append(exact)
        assert found.value.low <= exact <= found.value.high
        assert found.numerator.low <= bound <= found.numerator.high
        met = exact >= Fraction(95, 100)
        assert found.verdict is UNKNOWN or (found.verdict is YES) is met
        needed = max(0, math.ceil(Fraction(95, 100) * len(lifted) - bound))
        assert found.short is None or found.short.low <= needed <= found.short.high
    if found.population and values:
        # and they are the narrowest there are
        assert (min(values), max(values)) == ends(found.value)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(("lifted", "ordinary", None)),
            st.sampled_from((8000, 20000, 40000, None)),
            st.sampled_from((1, 2, None)),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_the_bounds_of_a_mean_hold_for_every_completion(rows: list[tuple[Any, Any, Any]]) -> None:
    def record(i: int, kind: Any, net: Any, size: Any) -> Record:
        body: Record = {
            "id": f"h{i}",
            "type": kind,
            "monitoring": {"category": "none"},
            "size": size,
        }
        return body | {"incomes": {2022: {"net": net}}}

    (found, *_) = measured(
        "yunnan/dongchuan", "net_income_per_head",
        [record(i, *r) for i, r in enumerate(rows)], "2022-12-31",
    )  # fmt: skip
    free = [
        [
            (k, n, s)
            for k in (("lifted", "ordinary") if kind is None else (kind,))
            for n in ((-5000, 0, 90000) if net is None else (net,))
            for s in ((1, 5) if size is None else (size,))
        ]
        for kind, net, size in rows
    ]
    for choice in itertools.product(*free):
        meant = [(n, s) for k, n, s in choice if k == "lifted"]
        persons = sum(s for _, s in meant)
        if not persons:
            continue
        net = sum(n for n, _ in meant)
        exact = Fraction(net, persons)
        assert found.value.low <= exact <= found.value.high
        assert found.verdict is UNKNOWN or (found.verdict is YES) is (exact >= 13081)
        needed = max(0, 13081 * persons - net)
        assert found.short is not None
        assert found.short.low <= needed <= found.short.high


@pytest.mark.parametrize("more", range(4))
def test_the_bounds_hold_whoever_the_unlisted_members_are(more: int) -> None:
    target = "rain_dew_graduates_settled"
    listed = [graduate("m1", "employed"), graduate("m2", None)]
    rows = [{"id": "h", "members": {"items": listed, "complete": False}}]
    found = measured("zhengzhou", target, rows, "2025-12-31")[-1]
    for outcomes in itertools.product(("employed", "military"), repeat=more):
        extra = [graduate(f"x{i}", o) for i, o in enumerate(outcomes)]
        whole = [{"id": "h", "members": [*listed, *extra]}]
        (*_, exact) = measured("zhengzhou", target, whole, "2025-12-31")
        assert found.value.low <= exact.value.low <= exact.value.high <= found.value.high


def forgetful(rng: random.Random, data: Any) -> Any:
    """A record of which some facts are no longer recorded, and some items of lists not listed."""
    if isinstance(data, dict) and "items" in data:
        found = forgetful(rng, data["items"])
        return found if isinstance(found, dict) else {**data, "items": found}
    if isinstance(data, dict):
        kept = ("kind", "id", "external")
        return {
            k: v if k in kept else forgetful(rng, v)
            for k, v in data.items()
            if k in kept or rng.random() > 0.2
        }
    if isinstance(data, list) and data and isinstance(data[0], dict):
        items = [forgetful(rng, item) for item in data if rng.random() > 0.1]
        return items if len(items) == len(data) else {"items": items, "complete": False}
    return data


def without_derived(data: Any, derived: frozenset[str]) -> Any:
    """A record that contradicts itself is another matter: what can be derived is not recorded."""
    if isinstance(data, dict):
        return {k: without_derived(v, derived) for k, v in data.items() if k not in derived}
    return [without_derived(v, derived) for v in data] if isinstance(data, list) else data


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize("seed", range(2))
def test_knowing_less_only_widens(name: str, seed: int) -> None:
    """Every target of every pack: the bounds hold what the same population, known better, comes to."""
    rng, sampler = random.Random(seed), Sampler(pack(name))
    derived = frozenset(f.path.rpartition(".")[2] for f in pack(name).vocabulary.derived)
    kinds = {t.subject for t in pack(name).targets.values() if t.subject} - {"member"}
    known = []
    for kind in sorted(kinds):
        for i in range(6):
            record = without_derived(sampler.record(rng, kind), derived) | {"id": f"{kind}{i}"}
            members = record.get("members") or []
            for m, member in enumerate(members["items"] if isinstance(members, dict) else members):
                member["id"] = f"m{m}"
            known.append(record)
    less = [forgetful(rng, record) for record in known]
    day = date(2024, 12, 31)
    reports = [measure_coverage(pack(name), r, day, everywhere=True) for r in (known, less)]
    for one_, other in zip(*(r.targets for r in reports), strict=True):
        for whole, part in zip(one_.figures, other.figures, strict=True):
            holds(part.numerator, whole.numerator)
            if whole.denominator is not None and part.denominator is not None:
                holds(part.denominator, whole.denominator)
            gap = part.gap
            open_ = {r.record for r in gap.unknown.rows}
            assert all(r.missing for r in gap.unknown.rows)
            assert {r.record for r in whole.gap.lacking.rows} <= {
                r.record for r in gap.lacking.rows
            } | open_
            if whole.value.unknown:
                continue
            holds(part.value, whole.value)
            assert part.verdict in (UNKNOWN, whole.verdict)
            if whole.short is not None and part.short is not None:
                holds(part.short, whole.short)


def holds(wider: Any, narrower: Any) -> None:
    assert wider.low <= narrower.low
    assert narrower.high <= wider.high


# -- shown -------------------------------------------------------------------------------------------


def shown(report: Coverage, lang: Any, **how: bool) -> str:
    console = Console(width=240, file=io.StringIO(), highlight=False)
    console.print(showing.coverage(report, lang, **how))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_rate_bounds_and_households() -> None:
    text = shown(binding_coverage(), "zh", households=True)
    assert "≈68.18%–78.26%" in text
    assert "15–18 / 22–23" in text
    assert "未达到(未到期)" in text
    assert "其中：有产业条件脱贫户的双绑率" in text
    assert "缺龙头企业 2" in text
    assert "no_enterprise、no_grade" in text
    assert "C7 (2)、C8 (2)" in text
    assert "两个互不相连的栏目" in text
    assert "没有给出记录" in text
    english = shown(binding_coverage(), "en", households=True)
    assert "not met (not yet due)" in english
    assert "no running contract" in english
    assert not set(english) & set("户村缺双绑未")


def test_plain_data_has_exact_figures_and_no_facts() -> None:
    told = coverage_data(binding_coverage())
    rate = next(t for t in told["targets"] if t["target"] == "double_binding_rate")["figures"][0]
    assert rate["value"] == {"low": "15/22", "high": "18/23"}
    assert rate["numerator"] == {"certain": "15", "possible": "18"}
    assert (rate["verdict"], rate["short"]) == ("NO", {"low": "4", "high": "6"})
    assert rate["gap"]["unknown"]["listed"][0] == {
        "record": "two_cells",
        "missing": ["household.cooperative_links"],
    }
    json.dumps(told)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_read_back(tmp_path: Path, lang: Any) -> None:
    path = tmp_path / "coverage.xlsx"
    coverage_book.coverage(binding_coverage(), path, lang)
    book = openpyxl.load_workbook(path)
    targets, gaps, rates, broken, asked, notes = book.worksheets
    rows = {r[-1].value: r for r in targets.iter_rows(min_row=2)}
    rate = rows["double_binding_rate"]
    assert [c.value for c in rate[6:10]] == [15, 18, 22, 23]
    assert rate[4].number_format == "0.00%"
    assert abs(rate[4].value - 15 / 22) < 1e-9
    assert [rate[12].value, rate[13].value] == [4, 6]
    assert rows["no_large_scale_return"][4].value is None
    assert "alone" in {r[3].value for r in gaps.iter_rows(min_row=2)}
    assert rates.max_row > 5
    assert "C7" in {r[2].value for r in broken.iter_rows(min_row=2)}
    assert asked.max_row > 50
    assert notes.max_row > 4
    report = measure_coverage(pack("tongren"), BINDING, "2023-12-31")
    coverage_book.coverage(report, path, lang)
    assert len(openpyxl.load_workbook(path).sheetnames) == 4


def test_texts_stay_texts(tmp_path: Path) -> None:
    report = measure_coverage(pack("yunnan/dongchuan"), [family("=1+1", [])], "2024-12-31")
    coverage_book.coverage(report, tmp_path / "c.xlsx", "zh")
    gaps = openpyxl.load_workbook(tmp_path / "c.xlsx").worksheets[1]
    (box,) = {r[3].data_type for r in gaps.iter_rows(min_row=2) if r[3].value == "=1+1"}
    assert box == "s"


def test_a_workbook_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot_write"):
        coverage_book.coverage(binding_coverage(), tmp_path / "no" / "c.xlsx", "zh")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.no_cover
def test_the_chart_is_the_same_each_time(lang: Any) -> None:
    pytest.importorskip("matplotlib")
    report = binding_coverage()
    svg = chart.chart(report, "svg", lang)
    assert svg.lstrip().startswith(b"<?xml")
    assert svg == chart.chart(report, "svg", lang)
    assert chart.chart(report, "png", lang).startswith(b"\x89PNG")
    assert chart.chart(measure_coverage(made_up.pack(), [], "2024-12-31"), "svg", lang)


def test_without_a_chinese_font_the_text_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(chart, "chinese_font", lambda: None)
    report = binding_coverage()
    assert "双绑率" in chart.chart(report, "svg", "zh").decode()
    assert chart.chart(report, "png", "zh").startswith(b"\x89PNG")  # in English


def test_bars_are_parts_of_the_figure() -> None:
    bars, left = chart._bars(binding_coverage())
    rate = next(b for b in bars if b.found.target.id == "double_binding_rate")
    assert abs(rate.low - 15 / 22 / 0.95) < 1e-9
    assert abs(rate.high - 18 / 23 / 0.95) < 1e-9
    assert left + len(bars) == sum(bool(t.figures) for t in binding_coverage().targets)


def test_the_chart_needs_matplotlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(EvaluationError, match="extra_missing"):
        chart.chart(binding_coverage(), "svg")
