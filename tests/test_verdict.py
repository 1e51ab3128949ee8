"""Three truth values and interval arithmetic: sound, and exact where everything is known."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from policy_rules import verdict as v
from policy_rules.packs.loader import load_texts
from policy_rules.testing.random_packs import random_pack
from policy_rules.verdict import Interval, Truth, Verdict, bounds

EXACT = st.integers(-50, 50) | st.fractions(-50, 50, max_denominator=12)
DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))


@st.composite
def surrounded(draw: st.DrawFn, exact: Any = EXACT) -> tuple[Any, Any]:
    """A true value, and what is known of it: itself, or an interval that holds it."""
    true = draw(exact)
    if draw(st.booleans()):
        return true, true
    if isinstance(true, date):
        below, above = draw(st.integers(0, 900)), draw(st.integers(0, 900))
        return true, v.interval(true - timedelta(below), true + timedelta(above))
    lo = draw(st.sampled_from([-math.inf, true, true - 1, true - Fraction(7, 3), min(true, 0)]))
    hi = draw(st.sampled_from([math.inf, true, true + 1, true + Fraction(9, 2), max(true, 0)]))
    return true, v.interval(lo, hi)


def holds(known: Any, true: Any) -> bool:
    lo, hi = bounds(known)
    return bool(lo <= true <= hi)


ARITHMETIC: dict[str, tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "add": (v.add, lambda a, b: a + b),
    "subtract": (v.subtract, lambda a, b: a - b),
    "multiply": (v.multiply, lambda a, b: a * b),
    "divide": (v.divide, lambda a, b: Fraction(a) / Fraction(b)),
    "smallest": (lambda a, b: v.smallest([a, b]), min),
    "largest": (lambda a, b: v.largest([a, b]), max),
    "first of hull": (lambda a, b: v.hull([a, b]), lambda a, b: a),
    "second of hull": (lambda a, b: v.hull([a, b]), lambda a, b: b),
}
COMPARISONS: dict[str, tuple[Callable[[Any, Any], Truth], Callable[[Any, Any], bool]]] = {
    "<": (v.less, lambda a, b: a < b),
    "<=": (v.less_equal, lambda a, b: a <= b),
    ">": (v.greater, lambda a, b: a > b),
    ">=": (v.greater_equal, lambda a, b: a >= b),
    "==": (v.equal, lambda a, b: a == b),
    "!=": (v.not_equal, lambda a, b: a != b),
}


@pytest.mark.parametrize("name", ARITHMETIC)
@given(surrounded(), surrounded())
def test_the_true_result_lies_in_the_interval(
    name: str, a: tuple[Any, Any], b: tuple[Any, Any]
) -> None:
    unknown, exact = ARITHMETIC[name]
    if name == "divide":
        assume(b[0] != 0)
    assert holds(unknown(a[1], b[1]), exact(a[0], b[0]))


@pytest.mark.parametrize("name", [n for n in ARITHMETIC if "hull" not in n])
@given(EXACT, EXACT)
def test_known_values_give_the_exact_value(name: str, a: Any, b: Any) -> None:
    unknown, exact = ARITHMETIC[name]
    if name == "divide" and b == 0:
        assert unknown(a, b) == v.ANY_NUMBER
    else:
        found = unknown(a, b)
        assert found == exact(a, b)
        assert not isinstance(found, float)


@pytest.mark.parametrize("op", COMPARISONS)
@given(
    st.one_of(st.tuples(surrounded(), surrounded()), st.tuples(surrounded(DAYS), surrounded(DAYS)))
)
def test_a_decided_comparison_is_true(op: str, pair: Any) -> None:
    (true_a, a), (true_b, b) = pair
    unknown, exact = COMPARISONS[op]
    found = unknown(a, b)
    assert found in (exact(true_a, true_b), None)
    if not isinstance(a, Interval) and not isinstance(b, Interval):
        assert found is not None


@pytest.mark.parametrize("op", COMPARISONS)
@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
def test_a_comparison_is_unknown_only_where_it_could_go_both_ways(
    op: str, alo: int, awide: int, blo: int, bwide: int
) -> None:
    unknown, exact = COMPARISONS[op]
    a, b = v.interval(alo, alo + awide), v.interval(blo, blo + bwide)
    corners = {
        exact(x, y) for x in range(alo, alo + awide + 1) for y in range(blo, blo + bwide + 1)
    }
    assert unknown(a, b) is (corners.pop() if len(corners) == 1 else None)


def test_not_is_kleenes() -> None:
    assert [v.negation(t) for t in (True, False, None)] == [False, True, None]


@pytest.mark.parametrize("op", COMPARISONS)
@given(surrounded(), surrounded())
def test_an_opposite_comparison_is_the_negation(op: str, a: Any, b: Any) -> None:
    opposite = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}[op]
    assert COMPARISONS[op][0](a[1], b[1]) is v.negation(COMPARISONS[opposite][0](a[1], b[1]))


@pytest.mark.parametrize(("a", "b"), list(itertools.product((True, False, None), repeat=2)))
def test_and_and_or_follow_kleenes_tables(a: Truth, b: Truth) -> None:
    """Through the engine: three facts that are recorded as yes, no, or not at all."""

    from policy_rules.engine.engine import Engine

    texts = random_pack(random.Random(0))
    rule = (
        "- id: {id}\n  concept: c\n  outcome: flag\n  subject: household\n  clauses: [c]\n"
        "  label: {{zh: 规, en: r}}\n  force: must\n  when: household.dibao {op} household.tekun\n"
    )
    both = rule.format(id="both", op="and") + rule.format(id="either", op="or")
    pack = load_texts(
        {
            "pack.yaml": texts["pack.yaml"].split("populations:")[0],
            "clauses.yaml": texts["clauses.yaml"],
            "rules.yaml": both,
        }
    )
    order = {False: 0, None: 1, True: 2}
    recorded = {k: t for k, t in (("dibao", a), ("tekun", b)) if t is not None}
    result = Engine(pack, engine="reference").evaluate(recorded, as_of="2022-12-31")
    found = {f.rule.id: f.verdict for f in result.findings}
    assert found["both"] is Verdict.of(min((a, b), key=order.__getitem__))
    assert found["either"] is Verdict.of(max((a, b), key=order.__getitem__))


def test_a_verdict_is_no_truth_value() -> None:
    with pytest.raises(TypeError):
        bool(Verdict.UNKNOWN)
    assert [str(Verdict.of(t)) for t in (True, False, None)] == ["YES", "NO", "UNKNOWN"]


def test_an_interval_of_one_value_is_the_value() -> None:
    assert v.interval(3, 3) == 3
    assert v.is_known(v.interval(3, 3))
    assert not v.is_known(Interval(3, 4))
    assert not v.is_known(None)
    assert len({Interval(1, 2), Interval(1, 2)}) == 1


def test_fractions_that_are_whole_are_integers() -> None:
    assert type(v.divide(6, 3)) is int
    assert v.divide(1, 3) == Fraction(1, 3)
