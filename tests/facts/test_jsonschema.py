"""The JSON Schema of a record accepts what the reader accepts."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from policy_rules import RecordError, load_pack
from policy_rules.facts.dictionary import SUBJECTS, load_vocabulary
from policy_rules.facts.jsonschema import record_schema
from policy_rules.facts.record import read_record
from policy_rules.testing.sampling import Sampler

VOCABULARY = load_vocabulary()
SCHEMA = record_schema(VOCABULARY)
VALIDATOR = Draft202012Validator(SCHEMA)
KINDS = [k for k in SUBJECTS if k != "member"]
JUNK: list[Any] = [
    "是", "", "脱贫户", "lifted", "none", "x1", "3", "2022", "2022-05", "2022-05-06", "2022/05",
    "1022-13", "２０２２", 0, 1, -1, 7, 2022, 10**7, 2.5, -0.5, 0.25, True, False, None, [], {},
    [None], [[]], ["disabled"], [{}], {"items": []}, {"items": None}, {"complete": False},
    {"items": [], "complete": False}, {"items": [{}], "complete": None}, {"items": [], "x": 1},
    {"2022": {}}, {"2022": None}, {"1066": {}}, {"02022": {}}, {"2022": {"id": "x"}}, {"x": None},
    {"yunnan/dongchuan": {"credit": True}}, {"yunnan/dongchuan": 3}, {"p": {"c": "yes"}},
]  # fmt: skip


def reads(data: Any) -> list[str]:
    try:
        read_record(data, VOCABULARY)
    except RecordError as error:
        return [p.render() for p in error.problems]
    return []


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list)
        else ()
    )
    found = [path] if path else []
    for key, value in inner:
        found += paths(value, (*path, key))
    return found


def mutated(rng: random.Random, data: dict[str, Any]) -> dict[str, Any]:
    """One place changed: another value, a key more, a key misspelt."""
    data = copy.deepcopy(data)
    everywhere = paths(data)
    path = rng.choice(everywhere) if everywhere else ("size",)
    target: Any = data
    for key in path[:-1]:
        target = target[key]
    draw = rng.random()
    if draw < 0.7:
        target[path[-1]] = copy.deepcopy(rng.choice(JUNK))
    elif isinstance(target, dict):
        key = rng.choice(
            ["x", "id", "external", "as_of", "kind", "startup.employees", f"{path[-1]}s"]
        )
        target[key] = copy.deepcopy(rng.choice(JUNK))
    else:
        target.append(copy.deepcopy(rng.choice(JUNK)))
    return data


def test_it_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    json.dumps(SCHEMA)


def test_it_names_every_fact_with_its_question_and_unit() -> None:
    size = SCHEMA["$defs"]["household_record"]["properties"]["size"]
    spec = VOCABULARY.fact("household", "size")
    assert spec.question.zh in size["description"]
    assert size["x-unit"] == "persons"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.no_cover
def test_schema_and_reader_agree_on_random_records_good_and_bad(kind: str) -> None:
    sampler = Sampler(load_pack("yunnan/dongchuan"))
    rng = random.Random(kind)
    seen = {True: 0, False: 0}
    for _ in range(60 if kind == "household" else 25):
        data = json.loads(json.dumps(sampler.record(rng, kind), default=float))
        assert reads(data) == []
        assert list(VALIDATOR.iter_errors(data)) == []
        for _ in range(12):
            bad = mutated(rng, data)
            said, errors = reads(bad), [e.message for e in VALIDATOR.iter_errors(bad)]
            if any("duplicate_member" in s for s in said):
                continue
            assert bool(said) == bool(errors), (bad, said, errors)
            seen[not said] += 1
    assert min(seen.values()) >= 5


@pytest.mark.parametrize(
    "data", [3, None, [], "x", {"kind": "member"}, {"kind": None}, {"kind": 3}]
)
def test_both_refuse_what_is_no_record(data: Any) -> None:
    assert reads(data)
    assert list(VALIDATOR.iter_errors(data))


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(
    "key", ["id", "as_of", "region", "external", "size", "type", "members", "incomes"]
)
def test_both_agree_on_every_value_at_the_top(key: str, junk: Any) -> None:
    data = {key: junk}
    assert bool(reads(data)) == bool(list(VALIDATOR.iter_errors(data))), reads(data)
