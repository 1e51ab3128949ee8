"""Claims about the packs of the other regions, each read off the documents apart from the packs."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

import pytest

from policy_rules import Engine, Verdict, load_pack
from policy_rules.diff.compare import diff_packs
from policy_rules.render.aspects import remark, said

YES, NO, UNKNOWN = Verdict.YES, Verdict.NO, Verdict.UNKNOWN


@cache
def engine(name: str) -> Engine:
    return Engine(load_pack(name), engine="reference")


def verdict(name: str, rule: str, record: dict[str, Any], day: str) -> Verdict | None:
    return engine(name).evaluate(record, as_of=day)[rule].verdict


def figures(name: str, target: str) -> dict[int, Fraction]:
    return {f.target_year: Fraction(f.value) for f in load_pack(name).targets[target].figures}


# -- Guangxi ---------------------------------------------------------------------------------------


def lifted(net: int | str, year: int = 2023, **more: Any) -> dict[str, Any]:
    return {"type": "lifted", "size": 1, "incomes": {year: {"net": Decimal(net)}}, **more}


@pytest.mark.parametrize(
    ("net", "listed", "warned"),
    [("9999.99", YES, YES), ("10000", YES, NO), ("10000.01", NO, NO)],
)
def test_guangxi_lists_at_10000_and_warns_below(net: str, listed: Verdict, warned: Verdict) -> None:
    """Item 26 says 以下 (the sum included), item 33 低于 (left out)."""
    record = lifted(net)
    assert verdict("guangxi", "low_income_focus_household", record, "2023-12-31") is listed
    assert verdict("guangxi", "low_income_warning", record, "2023-12-31") is warned


def test_guangxi_states_no_household_amount() -> None:
    amounts = [r.amount for r in load_pack("guangxi").rules.values() if r.amount]
    assert amounts
    assert all(not a.tiers for a in amounts)
    assert {a.kind for a in amounts} <= {"unstated", "discretionary", "full_of"}


@pytest.mark.parametrize(("workers", "size", "short"), [(1, 5, YES), (1, 4, NO), (0, 3, YES)])
def test_guangxi_watches_where_less_than_a_quarter_can_work(
    workers: int, size: int, short: Verdict
) -> None:
    """Item 29: 劳动力占比不到四分之一; a quarter itself is not less."""
    members = [{"labour": "ordinary"}] * workers + [{"labour": "none"}] * (size - workers)
    record = lifted(5000 * size) | {"size": size, "members": members}
    assert verdict("guangxi", "focus_short_of_labour", record, "2023-12-31") is short


def test_guangxi_households_of_weak_labour_alone() -> None:
    members = [{"labour": "weak_or_semi"}, {"labour": "weak_or_semi"}]
    record = lifted(10000) | {"size": 2, "members": members}
    assert verdict("guangxi", "focus_short_of_labour", record, "2023-12-31") is YES


@pytest.mark.parametrize(("born", "pension"), [("2007-12-31", YES), ("2008-01-01", NO)])
def test_guangxi_pension_from_16(born: str, pension: Verdict) -> None:
    record = lifted(9000) | {
        "members": [
            {"birth_date": born, "external": {"guangxi": {"pension_enrolment_conditions": True}}}
        ]
    }
    names = [e for e in load_pack("guangxi").externals if "pension" in e]
    record["members"][0]["external"] = {"guangxi": dict.fromkeys(names, True)}
    found = verdict("guangxi", "pension_enrolment@m1", record, "2023-12-31")
    assert found is pension


def test_guangxi_figures() -> None:
    assert figures("guangxi", "new_demonstration_zones") == {2024: 45}
    assert figures("guangxi", "rural_public_posts_2022") == {2022: 245_100}
    assert set(figures("guangxi", "training_attendances").values()) == {30_000}
    assert set(figures("guangxi", "first_employment_rate").values()) == {Fraction(3, 10)}
    assert figures("guangxi", "skilled_talents") == {2024: 10_000}
    assert figures("guangxi", "startup_leaders") == {2024: 30_000}
    assert figures("guangxi", "three_changes_coverage") == {2022: 1}


# -- Zhengzhou -------------------------------------------------------------------------------------


def worker(*spells: tuple[str, str, bool]) -> dict[str, Any]:
    rows = [{"from": a, "to": b, "outside_province": out} for a, b, out in spells]
    return {"type": "lifted", "members": [{"labour": "ordinary", "work_spells": rows}]}


@pytest.mark.parametrize(
    ("spells", "subsidy"),
    [
        ([("2024-01", "2024-03", True)], YES),  # three months in a row
        ([("2024-01", "2024-02", True)], NO),
        ([("2024-01", "2024-02", True), ("2024-04", "2024-05", True), ("2024-08", "2024-09", True)], YES),  # 6
        ([("2024-01", "2024-02", True), ("2024-04", "2024-05", True), ("2024-08", "2024-08", True)], NO),  # 5
        ([("2024-01", "2024-12", False)], NO),  # inside the province
    ],
)  # fmt: skip
def test_zhengzhou_travel_subsidy_three_in_a_row_or_six_in_all(
    spells: list[tuple[str, str, bool]], subsidy: Verdict
) -> None:
    record = worker(*spells)
    rule = "cross_province_travel_subsidy@m1"
    assert verdict("zhengzhou", rule, record, "2024-12-31") is subsidy


def test_zhengzhou_figures() -> None:
    assert figures("zhengzhou", "central_industry_share") == {
        2024: Fraction(65, 100),
        2025: Fraction(7, 10),
    }
    assert set(figures("zhengzhou", "lifted_people_in_wage_work").values()) == {24_000}
    assert set(figures("zhengzhou", "rain_dew_graduates_settled").values()) == {Fraction(9, 10)}
    assert figures("zhengzhou", "public_village_clinics") == {2024: Fraction(95, 100)}
    spec = load_pack("zhengzhou").rules["collective_support_subsidy"].amount
    assert spec is not None
    assert spec.kind == "at_least"


def test_zhengzhous_monitoring_line_is_set_elsewhere() -> None:
    external = [p for p in load_pack("zhengzhou").parameters.values() if p.external]
    assert any("监测" in p.label.zh for p in external)


# -- Mengyong --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "labour", "kind", "listed"),
    [
        ("9999.99", "ordinary", "lifted", YES),
        ("10000.01", "ordinary", "lifted", NO),
        ("9000", "lost", "lifted", NO),  # nobody can work
        ("9000", "ordinary", "ordinary", NO),  # never lifted
    ],
)
def test_mengyongs_households_to_be_cleared(
    net: str, labour: str, kind: str, listed: Verdict
) -> None:
    record = lifted(net, 2022) | {"type": kind, "members": [{"labour": labour}]}
    assert verdict("yunnan/mengyong", "zeroing_household", record, "2023-12-31") is listed


def test_mengyongs_edge_of_10000_is_contested() -> None:
    """低于1万元以下 both leaves the sum out and takes it in."""
    record = lifted(10000, 2022) | {"members": [{"labour": "ordinary"}]}
    finding = engine("yunnan/mengyong").evaluate(record, as_of="2023-12-31")["zeroing_household"]
    assert {c.verdict for c in finding.contested} | {finding.verdict} >= {YES, NO}


def test_mengyong_figures() -> None:
    name = "yunnan/mengyong"
    assert figures(name, "net_income_growth_2023") == {2023: Fraction("0.1588")}
    shares = [
        figures(name, f"{kind}_funds_industry_share")[2023]
        for kind in ("central", "provincial", "integrated")
    ]
    assert shares == [Fraction(60, 100), Fraction(52, 100), Fraction(60, 100)]
    assert figures(name, "zeroing_people_trained") == {2023: 11}
    assert figures(name, "zeroing_people_at_work_away") == {2023: 11}
    assert figures(name, "zeroing_households_with_micro_credit") == {2023: 2}
    assert figures(name, "zeroing_micro_credit_volume") == {2023: 50_000}


# -- Tongren ---------------------------------------------------------------------------------------


def test_tongrens_line_is_stated_for_2021_only() -> None:
    stated = [
        v
        for p in load_pack("tongren").parameters.values()
        if not p.external
        for v in p.values
        if v.value == 6320
    ]
    assert [(str(v.period.start), str(v.period.end)) for v in stated] == [
        ("2021-01-01", "2021-12-31")
    ]


def test_tongrens_under_forest_figures_stand_twice_and_apart() -> None:
    """第六章第七节 against 专栏8: one figure is read, the other one tried."""
    pack = load_pack("tongren")
    areas = {
        f.value
        for t in pack.targets.values()
        if "under_forest_economy" in t.concepts and t.unit == "mu"
        for f in t.figures
    }
    assert areas in ({640_000, 750_000, 710_000, 2_900_000}, {750_000, 850_000, 900_000, 3_500_000})


# -- beside each other -----------------------------------------------------------------------------


def test_10000_in_guangxi_and_11000_in_dongchuan_are_not_plainly_comparable() -> None:
    report = diff_packs(
        load_pack("guangxi"), load_pack("yunnan/dongchuan"), concepts=["low_income_listing"]
    )
    pairs = {(p.left.thing.id, p.right.thing.id): p for p in report.concepts[0].pairs}
    pair = pairs["low_income_focus_household", "one_to_one_support"]
    assert "年人均收入不超过1万元" in said(pair.left, "line", "zh")
    assert "人均纯收入不超过11,000元" in said(pair.right, "line", "zh")
    assert pair.agreement["income_definition"] == "reading"
    assert not pair.comparable
    assert "收入口径" in remark(pair, "zh")
    assert "第26条" in remark(pair, "zh")
    assert report.hypothetical
