"""Records near a rule reach its YES and its NO, and every side of its lines."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from policy_rules import Engine, NotFoundError, Pack, Verdict, load_pack
from policy_rules.packs.registry import list_packs
from policy_rules.testing import near
from policy_rules.testing.reaching import reach_of

ORCHARD = load_pack("orchard", Path(__file__).parents[1] / "sample_project" / "packs")
#: Of each pack every so many-th rule is asked here; `benchmarks/strategies.py` asks all (nightly).
EVERY = 24
FIGURES = {"ratio": 0.5, "yuan": 1000, "years": 60, "yuan_per_person": 12000}


@cache
def supplied(name: str) -> Pack:
    """A pack with some figure for every external parameter."""
    pack = load_pack(name)
    always = {"from": "2015-01-01", "to": "2035-12-31"}
    figures = {
        p.id: [{**always, "value": FIGURES.get(p.unit or "", 10)}]
        for p in pack.parameters.values()
        if p.external
    }
    return pack.with_overlay({"parameters": figures}) if figures else pack


def said(engine: Engine, rule: str, count: int = 60) -> tuple[Counter[Verdict], list[Any]]:
    seen: Counter[Verdict] = Counter()
    records: list[Any] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(near(engine, rule))
    def ask(record: dict[str, Any]) -> None:
        records.append(record)
        seen.update(v for (name, _), v in engine.verdicts(record).items() if name == rule)

    ask()
    return seen, records


@pytest.mark.parametrize("name", list_packs())
@pytest.mark.no_cover
def test_rules_are_reached_with_yes_and_with_no(name: str) -> None:
    pack = supplied(name)
    engine = Engine(pack, engine="reference", readings=False)
    for rule in list(pack.rules.values())[::EVERY]:
        seen, _ = said(engine, rule.id, 30)
        assert seen[Verdict.YES], rule.id
        if rule.applies_to is not None or rule.when is not None or rule.unless is not None:
            assert seen[Verdict.NO], rule.id


def test_lines_of_the_rule_and_of_what_it_names_are_met_on_every_side() -> None:
    engine = Engine(ORCHARD, engine="reference")
    _, records = said(engine, "training_first", 400)
    areas = {r.get("orchard", {}).get("area") for r in records}
    assert {Decimal("9.99"), 10, Decimal("10.01"), Decimal("12.5"), Decimal("12.51")} <= areas
    ages = {m.get("age") for r in records for m in r.get("members", ())}
    assert {15, 16, 17, None} <= ages
    days = {date.fromisoformat(r["as_of"]) for r in records}
    assert {date(2024, 6, 30), date(2024, 7, 1), date(2025, 12, 31)} <= days
    assert not any("membership" in r for r in records), "what the rule does not read is left out"


def test_what_is_found_is_as_small_as_it_can_be() -> None:
    yes, *_, no = reach_of(ORCHARD, "replanting_subsidy").found
    assert yes.verdict
    assert not no.verdict
    assert set(yes.record) == {"kind", "as_of", "orchard", "membership"}
    assert len(no.record) == 3  # one fact speaks against it


def test_a_rule_nothing_is_found_of_gets_records_of_its_facts() -> None:
    pack = load_pack("guangxi")
    engine = Engine(pack, engine="reference", readings=False)
    assert not reach_of(pack, "collective_distribution").found  # its share is another office's
    seen, _ = said(engine, "collective_distribution", 20)
    assert set(seen) <= {Verdict.UNKNOWN, Verdict.NO}
    assert seen


def test_a_rule_there_is_not() -> None:
    with pytest.raises(NotFoundError) as caught:
        near(ORCHARD, "small_orchrd")
    assert caught.value.problems[0].nearest == "small_orchard"
