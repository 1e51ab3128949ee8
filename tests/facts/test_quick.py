"""The quick reader reads what it accepts as the strict reader does, and leaves it the rest."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules import RecordError, load_pack
from policy_rules.facts.dates import read_date
from policy_rules.facts.dictionary import SUBJECTS, load_vocabulary
from policy_rules.facts.quick import Odd, quick_reader
from policy_rules.facts.record import Items, Row, read_record
from policy_rules.facts.strict import read_strictly
from policy_rules.testing.sampling import Sampler
from policy_rules.verdict import Interval

VOCABULARY = load_vocabulary()
QUICK = quick_reader(VOCABULARY)
KINDS = [k for k in SUBJECTS if k != "member" and k in VOCABULARY.records]


def sampler() -> Sampler:
    """Records with every fact of the dictionary, not only those a pack reads."""
    found = Sampler(load_pack("yunnan/dongchuan"), gap=0.4, derived=0.5)
    found.facts = {name: list(spec.facts.values()) for name, spec in VOCABULARY.records.items()}
    return found


SAMPLER = sampler()


def same(value: Any) -> Any:
    """A value with its types, for comparison."""
    match value:
        case Row():
            facts = [(k, same(v)) for k, v in value.items()]
            return ("row", value.id, {k: dict(v) for k, v in value.external.items()}, facts)
        case Items():
            return ("items", [same(row) for row in value.rows], value.complete)
        case dict():
            return ("years", [(k, same(v)) for k, v in value.items()])
        case Interval():
            return ("interval", value.lo, value.hi)
        case _:
            return (type(value), value)


def read_both_ways(data: Any) -> bool:
    """Whether the quick reader accepts a record; if so, it reads it as the strict one."""
    found, problems = read_strictly(data, VOCABULARY)
    try:
        kind, row, day, region = QUICK.record(data)
    except Odd:
        return False
    assert not problems.found
    assert found is not None
    assert (kind, same(row), day, region) == (found[0], same(found[1]), found[2], found[3])
    return True


def places(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a record."""
    items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS))
def test_what_is_plain_and_right_is_read_alike(rng: random.Random, kind: str) -> None:
    data = SAMPLER.record(rng, kind)
    data |= {"id": "h1", "as_of": "2022-12-31", "region": "530113"}
    assert read_both_ways(data)


class Text(str):
    """Text of a type of its own."""

    __slots__ = ()


ODD = [
    None, True, False, 0, 1, -1, 3, 2022, 10**40, 0.0, -0.0, 3.0, 2.5, 0.1 + 0.2, 19000.01, 1e15, 1e300,
    float("nan"), float("inf"), Decimal("1.5"), Decimal("0.333"), Decimal("NaN"), Fraction(1, 3),
    Fraction(4, 2), "", "x", "是", "lifted", "2022", "2022-12", "2022-13", "2022-02-30", "2022-12-31",
    "２０２２-12-31", "2022-W01-1", date(2022, 1, 1), datetime(2022, 1, 1), [], [None], [1], [{}], [{}, {}],
    ["disabled"], ("disabled",), {"disabled"}, {}, {"items": []}, {"items": [], "complete": 1},
    {"items": [{"id": 1}]}, {"a": {"b": True}}, {"a": {"b": None}}, {2022: {}}, {"2022": None}, {1: 2},
    Text("x"), Text("2022-12-31"), b"x", object,
]  # fmt: skip
KEYS = [
    "id",
    "external",
    "kind",
    "as_of",
    "region",
    "size",
    "sise",
    "members",
    "complete",
    1,
    "a.b",
]


@settings(max_examples=500, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(KINDS))
def test_what_is_odd_is_read_strictly(rng: random.Random, kind: str) -> None:
    data: Any = copy.deepcopy(SAMPLER.record(rng, kind))
    for _ in range(rng.randint(1, 2)):
        *way, last = rng.choice(list(places(data)))
        holder = data
        for step in way:
            holder = holder[step]
        if isinstance(holder, dict) and rng.random() < 0.3:
            last = rng.choice(KEYS)
        holder[last] = rng.choice(ODD)
    plain = read_both_ways(data)
    found, problems = read_strictly(data, VOCABULARY)
    if problems.found:
        assert not plain
        with pytest.raises(RecordError) as caught:
            read_record(data)
        with pytest.raises(RecordError) as strictly:
            problems.raise_if_any(RecordError)
        assert str(caught.value) == str(strictly.value)
    else:
        assert found is not None
        assert same(read_record(data).row) == same(found[1])


numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.decimals(-(10**14), 10**14, places=2).map(float),
    st.decimals(-(10**6), 10**6, places=3).map(float),
    st.integers(-(10**16), 10**16).map(float),
    st.integers(),
)


@settings(max_examples=400, deadline=None)
@given(numbers)
def test_money_is_taken_at_its_printed_digits(number: float) -> None:
    read_both_ways({"incomes": {"2022": {"net": number}}, "size": number})


@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="0123456789-W２", min_size=8, max_size=11) | st.dates().map(str))
def test_a_day_is_read_in_one_form(text: str) -> None:
    """The short way to a full date takes what the pattern takes, and nothing else."""

    class Slow(str):
        __slots__ = ()

    def read(value: str) -> Any:
        try:
            return read_date(value)
        except ValueError:
            return None

    assert read(text) == read(Slow(text))
