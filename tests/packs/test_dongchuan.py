"""Claims about the Dongchuan pack, each read off the document apart from the pack.

The worked cases stand beside the pack; what cases cannot say (targets, the ledger) stands here.
"""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

import pytest

from policy_rules import Verdict, load_pack
from policy_rules.engine.targets import TargetMeter
from policy_rules.facts.record import read_record
from policy_rules.sources.ledger import audit, numbered
from policy_rules.testing.cases import check_cases
from policy_rules.testing.sampling import Sampler

PACK = load_pack("yunnan/dongchuan")


def figures(id: str) -> dict[int, Fraction]:
    return {f.target_year: Fraction(f.value) for f in PACK.targets[id].figures}


@pytest.mark.no_cover
def test_every_case_holds_and_every_line_was_seen_with_all_three_verdicts() -> None:
    report = check_cases(PACK)
    assert report.ok, report.render("en")


def test_every_statement_is_disposed_of_and_every_item_is_there() -> None:
    report = audit(PACK)
    assert not report.problems
    assert numbered(report.items) == list(range(1, 36))
    assert {
        "一(三)",
        "二(一)",
        "二(二)",
        "二(三)",
        "四(一)",
        "四(二)",
        "四(三)",
        "四(四)",
        "四(五)",
        "四(六)",
    } <= set(report.items)
    assert report.longest is not None


def test_no_rule_without_a_clause_and_no_clause_without_a_summary() -> None:
    assert all(r.clauses for r in PACK.rules.values())
    assert all(c.summary.zh and c.summary.en for c in PACK.clauses.values())


def test_the_income_goals_by_year() -> None:
    assert figures("net_income_per_head") == {2022: 13081, 2023: 16902, 2024: 21839}
    assert set(figures("net_income_growth").values()) == {Fraction(29, 100)}
    assert figures("wage_income_share") == dict.fromkeys((2022, 2023, 2024), Fraction(7, 10))
    assert figures("business_income_share") == {2024: Fraction(1, 10)}
    assert figures("asset_income_share") == {2024: Fraction(1, 50)}
    assert PACK.targets["transfer_income_share_falls"].comparator == "falling"


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("double_binding_rate_with_conditions", "double_binding_rate"),
        ("villages_1m_relocation", "villages_1m"),
        ("villages_500k_relocation", "villages_500k"),
        ("villages_200k_relocation", "villages_200k"),
        ("villages_100k_relocation", "villages_100k"),
        ("public_posts_solar_held", "public_posts_held"),
        ("public_posts_forest_held", "public_posts_held"),
        ("work_outside_district_relocated", "work_outside_district"),
        ("land_driven_safety_net", "land_driven_relocated"),
        ("husbandry_led_by_shares", "husbandry_led_households"),
    ],
)
def test_a_part_names_its_whole(part: str, whole: str) -> None:
    assert PACK.targets[part].parent == whole


def test_the_double_binding_rate_is_95_percent_and_100_with_conditions() -> None:
    assert figures("double_binding_rate") == {2024: Fraction(95, 100)}
    assert figures("double_binding_rate_with_conditions") == {2024: 1}


def test_village_income_bands_of_2024() -> None:
    counts = {n: figures(f"villages_{n}")[2024] for n in ("1m", "500k", "200k", "100k")}
    assert counts == {"1m": 8, "500k": 15, "200k": 100, "100k": 20}
    assert {PACK.targets[f"villages_{n}"].force for n in counts} == {"strive"}
    assert figures("villages_income_floor_2022") == {2022: 1}
    assert PACK.targets["villages_income_floor_2022"].force == "must"


def test_the_mean_income_is_weighted_by_persons_and_counts_monitored_households() -> None:
    def family(size: int, net: int, **more: object) -> dict[str, object]:
        return {"type": "lifted", "size": size, "incomes": {2022: {"net": net}}, **more}

    rows = [
        family(2, 30000),
        family(4, 48486),
        family(3, 0, type="ordinary", monitoring={"category": "none"}),
    ]
    found = TargetMeter(PACK).measure(
        "net_income_per_head", [read_record(r) for r in rows], date(2022, 12, 31)
    )
    # (30,000 + 48,486) / (2 + 4) = 13,081
    assert (found[0].exact, found[0].verdict) == (13081, Verdict.YES)
    rows[1] = family(4, 48485)
    found = TargetMeter(PACK).measure(
        "net_income_per_head", [read_record(r) for r in rows], date(2022, 12, 31)
    )
    assert found[0].verdict is Verdict.NO
    rows[2] = family(3, 60000, type="ordinary", monitoring={"category": "marginal"})
    found = TargetMeter(PACK).measure(
        "net_income_per_head", [read_record(r) for r in rows], date(2022, 12, 31)
    )
    assert found[0].counted == 3


@pytest.mark.parametrize("seed", range(3))
def test_every_target_can_be_measured_under_every_reading(seed: int) -> None:
    rng = random.Random(seed)
    sampler = Sampler(PACK)
    kinds = sorted({t.subject for t in PACK.targets.values() if t.subject} - {"member"})
    rows = [read_record(sampler.record(rng, kind)) for kind in kinds for _ in range(6)]
    meter = TargetMeter(PACK)
    for target in PACK.targets.values():
        for found in meter.measure(target, rows, date(2024, 12, 31)):
            assert found.low <= found.high
            if target.measure == "share" and found.counted:
                assert 0 <= found.low <= found.high <= 1
    if seed == 0:
        for reading in PACK.readings.values():
            for alternative in reading.alternatives:
                touched = [p.split(".")[1] for p in alternative.patch if p.startswith("targets.")]
                if touched:
                    other = TargetMeter(PACK.with_reading(reading.id, alternative.id))
                    for id in touched:
                        other.measure(id, rows[:12], date(2024, 12, 31))


def test_the_wording_of_the_document_is_not_stored() -> None:
    # a summary in own words shares no long run of characters with its neighbours' style; the ledger
    # holds no text, only offsets and fingerprints
    assert all(not hasattr(c, "text") for c in PACK.clauses.values())
    assert all(len(c.fingerprint) == 16 for c in PACK.clauses.values())
