"""Records into frames and back."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules import load_pack
from policy_rules.errors import Problems, RecordError
from policy_rules.facts import Household, load_vocabulary, read_record
from policy_rules.facts.dictionary import SUBJECTS
from policy_rules.facts.rows import plain
from policy_rules.tables.frames import Population, frame_schema, to_columns
from policy_rules.testing.sampling import Sampler

VOCABULARY = load_vocabulary()
PACKS = ("yunnan/dongchuan", "yunnan/mengyong", "guangxi", "zhengzhou", "tongren")
KINDS = tuple(k for k in SUBJECTS if k != "member")


def everything(pack_name: str) -> Sampler:
    """A sampler of every fact of the dictionary, not only of those the pack reads."""
    sampler = Sampler(load_pack(pack_name), gap=0.6)
    sampler.facts = {n: list(s.facts.values()) for n, s in VOCABULARY.records.items()}
    return sampler


#: Small inputs for Hypothesis: a record drawn byte by byte is too large to shrink.
SEEDED = st.integers(0, 2**32).map(random.Random)
SAMPLERS = {name: everything(name) for name in PACKS}


def decorated(rng: random.Random, data: dict[str, Any], i: int) -> dict[str, Any]:
    """With what the sampler leaves out: ids, region, date, externals of inner rows."""
    data["id"] = rng.choice(["", "甲-1", f"h{i}"])
    if rng.random() < 0.5:
        data["as_of"] = rng.choice(["2022-12-31", date(2021, 2, 28)])
    if rng.random() < 0.5:
        data["region"] = rng.choice(["530113", "45"])
    members = data.get("members")
    rows = members["items"] if isinstance(members, dict) else members or []
    for k, row in enumerate(rows):
        if rng.random() < 0.5:
            row["id"] = f"成员{k}"
        if rng.random() < 0.3:
            row["external"] = {"guangxi": {"a": True, "b": False}, "yunnan/mengyong": {"c": True}}
    for link in data.get("cooperative_links") or []:
        if isinstance(link, dict) and "cooperative" in link and rng.random() < 0.5:
            link["cooperative"]["id"] = "c1"
            link["cooperative"]["external"] = {"guangxi": {"z": True}}
    if data["kind"] == "household" and rng.random() < 0.2:
        data["incomes"] = {}
    return data


def drawn(rng: random.Random, pack: str, kind: str, count: int) -> list[Household]:
    sampler = SAMPLERS[pack]
    return [
        read_record(decorated(rng, sampler.record(rng, kind), i), VOCABULARY) for i in range(count)
    ]


def image(record: Household) -> Any:
    return (record.kind, record.id, record.region, record.as_of, plain(record.row))


@settings(deadline=None, max_examples=60)
@given(SEEDED, st.sampled_from(PACKS), st.sampled_from(KINDS))
def test_records_come_back_as_they_went_in(rng: random.Random, pack: str, kind: str) -> None:
    records = drawn(rng, pack, kind, rng.randint(0, 4))
    population = Population.of_records(records, VOCABULARY, kind)
    assert population.height == len(records)
    assert [image(r) for r in population.records()] == [image(r) for r in records]
    for i, record in enumerate(records):
        assert image(population.record(i)) == image(record)


@settings(deadline=None, max_examples=40)
@given(SEEDED, st.sampled_from(PACKS))
def test_a_slice_holds_its_records_and_counts_from_0(rng: random.Random, pack: str) -> None:
    records = drawn(rng, pack, "household", 6)
    population = Population.of_records(records, VOCABULARY)
    a, b = sorted((rng.randint(0, 6), rng.randint(0, 6)))
    chosen = sorted(rng.sample(range(6), rng.randint(0, 6)))
    for part, expected in (
        (population.slice(a, b), records[a:b]),
        (population.take(chosen), [records[i] for i in chosen]),
    ):
        assert [image(r) for r in part.records()] == [image(r) for r in expected]
        well_formed(part)


def well_formed(population: Population) -> None:
    """Rows count from 0, inner rows follow their parents, columns are those of the schema."""
    for path, columns in frame_schema(VOCABULARY, population.kind).items():
        frame = population.frames[path]
        assert frame["_row"].to_list() == list(range(frame.height))
        assert {n: frame.schema[n] for n in columns} == columns
        assert all(t == pl.Boolean for n, t in frame.schema.items() if n not in columns)
        if "_parent" in columns:
            outer = path.rsplit(".", 1)[0]
            while outer not in population.frames:
                outer = outer.rsplit(".", 1)[0]
            assert frame["_parent"].is_sorted()
            assert frame["_parent"].is_between(0, population.frames[outer].height - 1).all()


@settings(deadline=None, max_examples=20)
@given(SEEDED, st.sampled_from(PACKS))
def test_absent_columns_and_frames_are_not_recorded(rng: random.Random, pack: str) -> None:
    records = drawn(rng, pack, "household", 3)
    population = Population.of_records(records, VOCABULARY)
    lean = {
        path: frame[[s.name for s in frame if s.null_count() < s.len() or s.name[0] == "_"]]
        for path, frame in population.frames.items()
        if frame.height or path == "household"
    }
    thin = Population("household", lean, VOCABULARY)
    assert [image(r) for r in thin.records()] == [image(r) for r in records]
    assert to_columns(thin) == to_columns(population)
    assert [image(r) for r in thin.slice(1, 3).records()] == [image(r) for r in records[1:]]


def test_a_household_as_columns() -> None:
    record = read_record(
        {
            "id": "h1",
            "region": "450000",
            "as_of": "2022-12-31",
            "type": "lifted",
            "size": 3,
            "external": {"guangxi": {"listed": True}},
            "incomes": {2021: {"net": 12000.5}, 2022: {}},
            "monitoring": {"risks": []},
            "members": {
                "items": [{"birth_date": "1990-05", "id": "a"}, {"birth_date": "1980-02-29"}],
                "complete": False,
            },
            "cooperative_links": [{"cooperative": {"enterprise_links": [{"entity_id": "e1"}]}}],
        }
    )
    columns = to_columns(Population.of_records([record]))
    household, members = columns["household"], columns["household.members"]
    assert household["_id"] == ["h1"]
    assert household["_region"] == ["450000"]
    assert household["_as_of"] == [20221231]
    assert (household["type"], household["size"]) == (["lifted"], [3])
    assert household["external.guangxi.listed"] == [True]
    assert household["monitoring.risks"] == [0]
    assert household["members~state"] == [1]
    assert household["loans~state"] == [None]
    assert household["village~state"] == [None]
    assert members["_id"] == ["a", "m2"]
    assert members["birth_date"] == [19900501, 19800229]
    assert members["birth_date~hi"] == [19900531, 19800229]
    assert columns["household.incomes"]["year"] == [2021, 2022]
    assert columns["household.incomes"]["net"] == [12_000_500_000, None]
    links = columns["household.cooperative_links"]
    assert links["cooperative~state"] == [2]
    assert links["cooperative.enterprise_links~state"] == [2]
    inner = columns["household.cooperative_links.cooperative.enterprise_links"]
    assert inner["_parent"] == [0]
    assert inner["entity_id"] == ["e1"]


@pytest.mark.parametrize("number", [Fraction(1, 3), 9_200_000_000_001, Fraction(1, 10**7)])
def test_a_number_no_column_holds_is_a_problem_and_left_out(number: Any) -> None:
    record = read_record({"id": "h1", "incomes": {2022: {"wage": number, "net": 1}}})
    with pytest.raises(RecordError, match="value_not_held"):
        Population.of_records([record])
    problems = Problems()
    population = Population.of_records([record], problems=problems)
    assert [p.place.path for p in problems.found] == ["h1: household.incomes.wage"]
    assert population.record(0).row["incomes"] == {2022: {"net": 1}}


def test_a_record_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="village"):
        Population.of_records([read_record({"kind": "village"})])


def test_no_fact_is_named_as_a_column_of_ours() -> None:
    for kind in KINDS:
        for path, columns in frame_schema(VOCABULARY, kind).items():
            assert not any(n.startswith("external.") for n in columns), path
    for spec in VOCABULARY.records.values():
        assert not any(f[0] == "_" or "~" in f for f in spec.facts)
        for fact in spec.facts.values():
            if fact.kind == "record":
                assert not any(f.startswith(f"{fact.path}.") for f in spec.facts)
            if fact.kind == "by_year":
                assert "year" not in VOCABULARY.records[fact.item or ""].facts
            if fact.kind == "codes":
                assert len(VOCABULARY.codes[fact.codes or ""].values) < 63
