"""What the durable_rules driver promises, hazard by hazard (see the limits in encoding.py).

Whatever could hang or crash if a guard failed runs in a process of its own, with a timeout.
"""

from __future__ import annotations

import operator
import os
import re
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import policy_rules
from policy_rules.engine.durable import driver, encoding, loading
from policy_rules.engine.durable.driver import (
    AllOf,
    AnyOf,
    BudgetExceeded,
    DurableFailure,
    Pattern,
    Row,
    RuleBase,
    Scalar,
    Test,
)

needs_engine = pytest.mark.skipif(
    not loading.available(), reason=f"durable_rules: {loading.why_unavailable()}"
)
BIG = 2**53
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def matches(pattern: Pattern, facts: Mapping[str, Scalar]) -> bool:
    """The whole meaning of a pattern."""
    if isinstance(pattern, Test):
        if pattern.slot not in facts:
            return False
        return OPERATORS[pattern.op](facts[pattern.slot], pattern.value)
    if isinstance(pattern, AllOf):
        return all(matches(item, facts) for item in pattern.items)
    return any(matches(item, facts) for item in pattern.items)


def expected(rows: list[Row], facts: Mapping[str, Scalar]) -> frozenset[str]:
    return frozenset(row.name for row in rows if matches(row.pattern, facts))


def every(*items: Pattern) -> AllOf:
    return AllOf(items)


def some(*items: Pattern) -> AnyOf:
    return AnyOf(items)


def run(pattern: Pattern, **facts: Scalar) -> bool:
    base = RuleBase([Row("it", pattern)])
    found = base.run(facts)
    base.close()
    return found == {"it"}


def in_own_process(code: str, timeout: float = 20.0) -> str:
    """What the code prints; fails on a crash and on a hang."""
    prelude = "from policy_rules.engine.durable.driver import *\n"
    done = subprocess.run(
        [sys.executable, "-c", prelude + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(Path(policy_rules.__file__).parents[1])},
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout.strip()


class Spy:
    """The C module, recording calls; a name in ``instead`` is answered by that function."""

    def __init__(self, **instead: Callable[..., Any]) -> None:
        self.engine = loading.load()
        self.instead = instead
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Any:
        real = getattr(self.engine, name)
        if name == "error":
            return real

        def call(*args: Any) -> Any:
            self.calls.append((name, args))
            return self.instead.get(name, real)(*args)

        return call

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[list[Row]], tuple[RuleBase, Spy]]]:
    def build(rows: list[Row]) -> tuple[RuleBase, Spy]:
        spy = Spy()
        monkeypatch.setattr(driver, "load", lambda: spy)
        return RuleBase(rows), spy

    return build


# Results


NUMBERS = st.sampled_from(
    [-BIG, -1, 0, 1, 2, 3, BIG - 1, BIG]
)  # neighbours, so that many are equal
TEXTS = st.sampled_from(["", "a", "A", "a ", 'a"', "é", "\x00", "\ud800"])
NUMBER_TESTS = st.builds(Test, st.sampled_from("nmk"), st.sampled_from(sorted(OPERATORS)), NUMBERS)
TEXT_TESTS = st.builds(Test, st.sampled_from("st"), st.sampled_from(["==", "!="]), TEXTS)
TRUTH_TESTS = st.builds(Test, st.sampled_from("bc"), st.sampled_from(["==", "!="]), st.booleans())
PATTERNS: st.SearchStrategy[Pattern] = st.recursive(
    st.one_of(NUMBER_TESTS, NUMBER_TESTS, TEXT_TESTS, TRUTH_TESTS),
    lambda inner: st.builds(
        lambda kind, items: kind(tuple(items)),
        st.sampled_from([AllOf, AnyOf]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=20,
)
FACTS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys("nmk", NUMBERS),
        **dict.fromkeys("st", TEXTS | st.just("unheard of")),
        **dict.fromkeys("bc", st.booleans()),
    },
)


@needs_engine
@settings(max_examples=400, deadline=None)
@given(st.lists(PATTERNS, max_size=12), st.lists(FACTS, min_size=1, max_size=6))
@example([Test("n", "<", 2), Test("n", "<=", 2), Test("n", "!=", 2)], [{"n": 2}, {}])
def test_it_finds_exactly_the_rows_whose_pattern_matches(
    patterns: list[Pattern], records: list[dict[str, Scalar]]
) -> None:
    rows = [Row(f"row {n}", pattern) for n, pattern in enumerate(patterns)]
    base = RuleBase(rows)
    for facts in records:
        assert base.run(facts) == expected(rows, facts)
    base.close()


@needs_engine
@settings(max_examples=60, deadline=None)
@given(st.lists(PATTERNS, max_size=8), FACTS)
def test_multiplying_out_or_not_makes_no_difference(
    patterns: list[Pattern], facts: dict[str, Scalar]
) -> None:
    rows = [Row(f"row {n}", pattern) for n, pattern in enumerate(patterns)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "DIRECT_PATHS", 1)
        patch.setattr(encoding, "IN_VALUES", 2)
        patch.setattr(encoding, "IN_LISTS", 1)
        patch.setattr(encoding, "GROUP_RULES", 2)
        patch.setattr(encoding, "SHARD_RULES", 3)
        base = RuleBase(rows)
    assert base.run(facts) == expected(rows, facts)
    base.close()


@needs_engine
@pytest.mark.parametrize("op", sorted(OPERATORS))
@pytest.mark.parametrize("limit", [-BIG, -BIG + 1, -1, 0, 1, 2**31, BIG - 1, BIG])
def test_every_comparison_is_right_at_and_next_to_its_limit(op: str, limit: int) -> None:
    base = RuleBase([Row("it", Test("n", op, limit))])
    for value in (limit - 1, limit, limit + 1):
        if abs(value) <= BIG:
            assert bool(base.run({"n": value})) is OPERATORS[op](value, limit), value
    base.close()


@needs_engine
@pytest.mark.parametrize("op", sorted(OPERATORS))
def test_an_absent_slot_never_matches(op: str) -> None:
    assert not run(Test("n", op, 1))
    assert not run(Test("n", op, 1), other=1)


@needs_engine
def test_constant_patterns_never_reach_the_engine(
    spied: Callable[[list[Row]], tuple[RuleBase, Spy]],
) -> None:
    base, spy = spied(
        [
            Row("always", every()),
            Row("never", some()),
            Row("nested", every(some(every()), every())),
            Row("or true", some(Test("n", "==", 1), every())),
            Row("and never", every(Test("n", "==", 1), some())),
        ]
    )
    assert base.run({"n": 1}) == {"always", "nested", "or true"}
    assert spy.calls == []


@needs_engine
def test_no_rows_no_matches() -> None:
    assert RuleBase([]).run({"n": 1}) == frozenset()


# Sizes: guards, shards, budgets


def in_both(rows: str, facts: str) -> None:
    """The rows, built in a process of their own, match as the reference says they must: all."""
    code = f"""
    rows = {rows}
    base = RuleBase(rows)
    for _ in range(3):
        missing = {{row.name for row in rows}} - base.run({facts})
        assert not missing, missing
    """
    in_own_process(code)


@needs_engine
def test_more_first_conditions_than_the_engines_stack_holds() -> None:
    in_both("[Row(str(n), Test('n', '>=', n)) for n in range(700)]", "{'n': 10_000}")


@needs_engine
def test_more_first_conditions_of_different_slots_than_a_fact_has_room_for() -> None:
    in_both(
        "[Row(str(n), Test(f's{n}', '==', n)) for n in range(600)]",
        "{f's{n}': n for n in range(600)}",
    )


@needs_engine
def test_hundreds_of_rows_with_one_and_the_same_pattern() -> None:
    in_both("[Row(str(n), Test('n', '==', 1)) for n in range(600)]", "{'n': 1}")


@needs_engine
def test_hundreds_of_rows_sharing_their_first_condition() -> None:
    in_both(
        "[Row(str(n), AllOf((Test('n', '==', 1), Test('m', '!=', n)))) for n in range(600)]",
        "{'n': 1, 'm': -1}",
    )


@needs_engine
@pytest.mark.parametrize("count", [99, 100, 101, 600, 5000])
def test_long_lists_of_values(count: int) -> None:
    out = in_own_process(f"""
    rows = [Row('in', AnyOf(tuple(Test('n', '==', 2 * n) for n in range({count})))),
            Row('and', AllOf((Test('m', '==', 1),
                              AnyOf(tuple(Test('n', '==', 2 * n) for n in range({count})))))),
            Row('out', AllOf(tuple(Test('n', '!=', 2 * n) for n in range(min({count}, 600)))))]
    base = RuleBase(rows)
    for n in (-1, 0, 1, {count}, 2 * {count} - 2, 2 * {count} - 1, 2 * {count}):
        inside = n % 2 == 0 and 0 <= n < 2 * {count}
        outside = not (n % 2 == 0 and 0 <= n < 2 * min({count}, 600))
        want = {{'in', 'and'}} if inside else set()
        assert base.run({{'n': n, 'm': 1}}) == want | ({{'out'}} if outside else set()), n
        assert base.run({{'n': n, 'm': 2}}) == want - {{'and'}} | ({{'out'}} if outside else set())
    print('done')
    """)
    assert out == "done"


@needs_engine
def test_many_lists_of_values_in_one_row() -> None:
    in_both(
        "[Row('it', AllOf(tuple(AnyOf((Test(f's{n}', '==', 1), Test(f's{n}', '==', 2)))"
        " for n in range(40))))]",
        "{f's{n}': 1 + n % 2 for n in range(40)}",
    )


@needs_engine
@pytest.mark.parametrize("broken", [None, 0, 6, 11])
def test_twelve_two_way_alternatives_cost_a_few_rules(broken: int | None) -> None:
    pattern = every(*(some(Test(f"x{n}", ">", 5), Test(f"y{n}", "<", 5)) for n in range(12)))
    base = RuleBase([Row("it", pattern)])
    facts = {f"{s}{n}": v for n in range(12) for s, v in (("x", 9), ("y", 1))}
    if broken is not None:
        facts.update({f"x{broken}": 5, f"y{broken}": 5})
    assert base.run(facts) == (set() if broken is not None else {"it"})
    assert sum(len(shard.rows) + len(shard.helpers) for shard in base._plan.shards) < 50
    base.close()


@needs_engine
def test_alternatives_nested_thirty_deep() -> None:
    pattern: Pattern = Test("n", ">", 0)
    for level in range(15):
        pattern = every(Test("a", "!=", level), some(pattern, Test("b", "==", level)))
    for facts in ({"n": 1, "a": 20}, {"n": 1, "a": 7, "b": 9}, {"n": 0, "a": 20, "b": 3}):
        assert run(pattern, **facts) is matches(pattern, facts)


def nested(depth: int) -> Pattern:
    pattern: Pattern = Test("n", ">", 0)
    for level in range(depth):
        pattern = some(every(pattern, Test("m", ">", level)), Test("k", "<", level))
    return pattern


@pytest.mark.parametrize(
    "pattern",
    [
        some(*(every(Test("n", ">", n), Test("m", "<", n)) for n in range(3000))),
        every(*(Test("n", "!=", n) for n in range(1200))),
        every(*(Test(f"s{n}", "==", 1) for n in range(250))),
        nested(200),
    ],
    ids=["alternatives", "comparisons", "slots", "depth"],
)
def test_above_its_budget_a_row_is_refused_by_name(pattern: Pattern) -> None:
    with pytest.raises(BudgetExceeded, match="row `too much`: "):
        RuleBase([Row("fine", Test("n", "==", 1)), Row("too much", pattern)])


def test_too_many_rows_are_refused() -> None:
    rows = [Row(f"row {n}", Test("n", ">", n)) for n in range(encoding.MAX_RULES + 1)]
    with pytest.raises(BudgetExceeded, match=f"row `row {encoding.MAX_RULES}`"):
        RuleBase(rows)


def test_a_name_stands_for_one_row() -> None:
    with pytest.raises(ValueError, match="`twice`"):
        RuleBase([Row("twice", every()), Row("twice", some())])


def test_the_limits_keep_clear_of_the_engines() -> None:
    assert encoding.GROUPS + encoding.GROUP_RULES + 1 < 64
    assert encoding.GROUP_BRANCHES < 512
    assert encoding.IN_VALUES <= encoding.GROUP_BRANCHES
    assert encoding.GROUP_RULES < 128
    assert encoding.SHARD_SLOTS + 10 < 255
    assert encoding.SHARD_RULES + 1 < 4096
    assert 2 + 2 * encoding.IN_LISTS < 32


# Types


@pytest.mark.parametrize("value", [1.5, float("nan"), None, (1,), {"b": 1}, b"x"])
def test_values_of_other_types_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="`n`"):
        RuleBase([Row("it", Test("n", "==", value))])
    with pytest.raises(TypeError, match="`n`"):
        RuleBase([Row("it", Test("n", "==", 1))]).run({"n": value})


@pytest.mark.parametrize(
    ("one", "other"), [(1, "1"), (1, True), (0, False), ("true", True), ("", False)]
)
def test_a_slot_has_one_type(one: Scalar, other: Scalar) -> None:
    for first, second in ((one, other), (other, one)):
        with pytest.raises(TypeError, match="`n`"):
            RuleBase([Row("a", Test("n", "==", first)), Row("b", Test("n", "==", second))])
        with pytest.raises(TypeError, match="`n`"):
            RuleBase([Row("a", Test("n", "==", first))]).run({"n": second})


@pytest.mark.parametrize("value", [BIG + 1, -BIG - 1, 2**63, 10**30])
def test_numbers_the_engine_cannot_hold_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match="`n`"):
        RuleBase([Row("it", Test("n", "==", value))])
    with pytest.raises(ValueError, match="`n`"):
        RuleBase([Row("it", Test("n", "==", 1))]).run({"n": value})


@pytest.mark.parametrize(("op", "value"), [("<", "a"), (">=", True), ("=~", 1), ("in", 1)])
def test_other_comparisons_are_refused(op: str, value: Scalar) -> None:
    with pytest.raises(ValueError, match="`n`"):
        RuleBase([Row("it", Test("n", op, value))])


@needs_engine
def test_long_texts_are_compared_to_their_end() -> None:
    long = "x" * (65536 + 5)
    base = RuleBase([Row("long", Test("s", "==", long)), Row("short", Test("s", "==", "xxxxx"))])
    assert base.run({"s": long}) == {"long"}
    assert base.run({"s": "xxxxx"}) == {"short"}
    assert base.run({"s": long + "x"}) == frozenset()


@needs_engine
@pytest.mark.parametrize(
    "name",
    [
        "",
        "a.b",
        "a",
        "sid",
        "id",
        "_g",
        "p0",
        "p1",
        "$s",
        "$nex",
        "$forward",
        'a"b\\',
        "\x00",
        "年",
    ],
)
def test_any_text_names_a_slot_or_a_row(name: str) -> None:
    base = RuleBase([Row(name, Test(name, "==", 1)), Row("other", Test("other", "!=", 1))])
    assert base.run({name: 1, "other": 1}) == {name}
    assert base.run({name: 2, "other": 2}) == {"other"}


@needs_engine
def test_values_of_slots_no_row_mentions_do_not_matter() -> None:
    odd: Any = {"n": 1, "unused": 1.5, "other": None}
    assert RuleBase([Row("it", Test("n", "==", 1))]).run(odd) == {"it"}


# Hashes


@needs_engine
def test_slots_whose_names_hash_alike_stay_apart() -> None:
    base = RuleBase([Row("a", Test("costarring", "==", 1)), Row("b", Test("liquid", "==", 1))])
    assert base.run({"costarring": 1}) == {"a"}
    assert base.run({"liquid": 1}) == {"b"}


def test_property_names_that_hash_alike_are_refused() -> None:
    with pytest.raises(ValueError, match="`costarring` and `liquid`"):
        encoding.check_hashes(["p0", "costarring", "p1", "liquid"])


def test_our_own_property_names_never_hash_alike() -> None:
    names = [f"p{n}" for n in range(encoding.MAX_RULES * 2)]
    encoding.check_hashes([*encoding._RESERVED, *names])


# What the engine is told


@needs_engine
def test_only_the_safe_part_of_the_engine_is_used(
    spied: Callable[[list[Row]], tuple[RuleBase, Spy]],
) -> None:
    pattern = every(
        Test("n", ">=", 1), some(Test("s", "==", "a"), Test("s", "==", "b"), Test("b", "!=", True))
    )
    base, spy = spied([Row("it", pattern), Row("not", Test("n", "<", 1))])
    assert base.run({"n": 1, "s": "b", "b": True}) == {"it"}
    base.close()
    safe = {name for name in vars(loading.CModule) if not name.startswith("_")}
    assert set(spy.names()) <= safe
    (rules,) = [args[1] for name, args in spy.calls if name == "create_ruleset"]
    assert set(re.findall(r'"(\$\w+)"', rules)) <= {
        "$and", "$or", "$eq", "$neq", "$lt", "$lte", "$gt", "$gte",
    }  # fmt: skip
    facts = [args[1] for name, args in spy.calls if name == "assert_fact"]
    assert [fact.startswith('{"sid":"s","id":"f","_g":') for fact in facts] == [True]
    assert re.fullmatch(r'[{}$\w",:-]+', facts[0])  # no text of the caller, only numbers


@needs_engine
def test_no_host_no_threads() -> None:
    code = """
    import sys, threading
    RuleBase([Row('it', Test('n', '==', 1))]).run({'n': 1})
    print(threading.active_count(), [name for name in sys.modules if name.startswith('durable.')])
    """
    assert in_own_process(code) == "1 []"


# Failures


ROWS = [Row("it", Test("n", "==", 1)), Row("big", Test("n", ">", 0)), Row("no", Test("n", "<", 1))]
RIGHT = frozenset({"it", "big"})


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: Any) -> Any:
        raise error

    return call


def wrong_answers() -> list[Any]:
    nothing: Callable[..., Any] = lambda *_: None  # noqa: E731
    return [
        pytest.param("start_action_for_state", nothing, id="nothing fires"),
        pytest.param("complete_and_start_action", nothing, id="ends before the sentinel"),
        pytest.param("assert_fact", lambda *_: (1, 1), id="fact not handled"),
        pytest.param("assert_fact", lambda *_: (2, 1), id="fact there already"),
        pytest.param("retract_fact", lambda *_: (1, 1), id="fact not retracted"),
    ]


@needs_engine
@pytest.mark.parametrize(("name", "answer"), wrong_answers())
def test_an_evaluation_without_its_last_rule_is_a_failure_never_an_answer(
    name: str, answer: Callable[..., Any], spied: Callable[[list[Row]], tuple[RuleBase, Spy]]
) -> None:
    base, spy = spied(ROWS)
    spy.instead = {name: answer}
    with pytest.raises(DurableFailure):
        base.run({"n": 1})
    spy.instead = {}
    assert base.run({"n": 1}) == RIGHT


@needs_engine
@pytest.mark.parametrize("name", ["assert_fact", "complete_and_start_action", "retract_fact"])
@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("kind", ["engine", "interrupt", "memory"])
def test_whatever_breaks_an_evaluation_off_drops_the_handle(
    name: str, warm: bool, kind: str, spied: Callable[[list[Row]], tuple[RuleBase, Spy]]
) -> None:
    base, spy = spied(ROWS)
    if warm:
        assert base.run({"n": 1}) == RIGHT
    errors: dict[str, tuple[BaseException, type[BaseException]]] = {
        "engine": (spy.error("error code: 303"), DurableFailure),
        "interrupt": (KeyboardInterrupt(), KeyboardInterrupt),
        "memory": (MemoryError(), MemoryError),
    }
    error, seen = errors[kind]
    spy.instead = {name: raising(error)}
    with pytest.raises(seen):
        base.run({"n": 1})
    spy.instead = {}
    assert base.run({"n": 1}) == RIGHT
    assert spy.names().count("create_ruleset") == 2


@needs_engine
def test_state_is_deleted_only_after_the_sentinel_was_seen(
    spied: Callable[[list[Row]], tuple[RuleBase, Spy]],
) -> None:
    base, spy = spied(ROWS)
    spy.instead = {"start_action_for_state": lambda *_: None}
    with pytest.raises(DurableFailure):
        base.run({"n": 1})
    base.close()
    assert "delete_state" not in spy.names()
    base, spy = spied(ROWS)
    base.run({"n": 1})
    base.close()
    assert spy.names()[-2:] == ["delete_state", "delete_ruleset"]


@needs_engine
def test_an_evaluation_inside_an_evaluation_disturbs_neither(
    spied: Callable[[list[Row]], tuple[RuleBase, Spy]],
) -> None:
    base, spy = spied(ROWS)
    inner: list[frozenset[str]] = []

    def interrupted(*args: Any) -> Any:  # as by a signal handler
        spy.instead = {}
        inner.append(base.run({"n": 0}))
        return spy.engine.complete_and_start_action(*args)

    spy.instead = {"complete_and_start_action": interrupted}
    assert base.run({"n": 1}) == RIGHT
    assert inner == [frozenset({"no"})]


@needs_engine
@pytest.mark.skipif(sys.platform == "win32", reason="no interval timer")
def test_hundreds_of_interrupts_at_any_moment_leave_every_answer_right() -> None:
    out = in_own_process("""
    import signal
    rows = [Row(str(n), Test('n', '>', n)) for n in range(20)]
    base = RuleBase(rows)
    armed = False
    def stop(*_):
        global armed
        if armed:
            armed = False
            raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.00131)
    stopped = 0
    def evaluate():  # not in the try itself: on 3.13 an interrupt at a loop's jump escapes it
        global armed
        armed = True
        for n in range(1000):
            assert len(base.run({'n': n % 21})) == n % 21
        armed = False
    while stopped < 300:
        try:
            evaluate()
        except KeyboardInterrupt:
            stopped += 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    print('done')
    """)
    assert out == "done"


@needs_engine
def test_closed_is_closed() -> None:
    base = RuleBase(ROWS)
    base.run({"n": 1})
    base.close()
    base.close()
    with pytest.raises(DurableFailure, match="closed"):
        base.run({"n": 1})


# Threads, processes, memory


@needs_engine
def test_eight_threads_without_a_lock() -> None:
    rows = [Row(f"{n} {op}", Test("n", op, n)) for n in range(30) for op in OPERATORS]
    base = RuleBase(rows)
    want = {n: expected(rows, {"n": n}) for n in range(-1, 31)}
    start = threading.Barrier(8)

    def work(seed: int) -> int:
        start.wait()
        return sum(base.run({"n": n}) != want[n] for r in range(15) for n in want)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(work, range(8))) == 0
    finally:
        sys.setswitchinterval(interval)
    base.close()


@needs_engine
def test_a_thread_takes_its_handle_with_it(
    spied: Callable[[list[Row]], tuple[RuleBase, Spy]],
) -> None:
    base, spy = spied(ROWS)
    for _ in range(5):
        thread = threading.Thread(target=base.run, args=({"n": 1},))
        thread.start()
        thread.join()
    assert spy.names().count("create_ruleset") == spy.names().count("delete_ruleset") == 5


@needs_engine
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_makes_its_own_handles() -> None:
    out = in_own_process("""
    import os
    from policy_rules.engine.durable import driver, loading
    made = []
    real = loading.load()
    class Spy:
        def __getattr__(self, name):
            return getattr(real, name)
        def create_ruleset(self, *args):
            made.append(os.getpid())
            return real.create_ruleset(*args)
    driver.load = Spy
    base = RuleBase([Row('it', Test('n', '==', 1))])
    for n in (1, 2):
        assert base.run({'n': n}) == ({'it'} if n == 1 else set())
    child = os.fork()
    for n in (1, 2) * 50:
        assert base.run({'n': n}) == ({'it'} if n == 1 else set())
    if not child:
        os._exit(made[1:] != [os.getpid()])
    print(os.waitpid(child, 0)[1], len(made))
    """)
    assert out == "0 1"


@needs_engine
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_stays_flat() -> None:
    out = in_own_process("""
    def pages():
        return int(open('/proc/self/statm').read().split()[1])
    either = AnyOf((Test('m', '<', 4), Test('s', '==', 'a')))
    rows = [Row(str(n), AllOf((Test('n', '>', n), either))) for n in range(30)]
    base = RuleBase(rows)
    def evaluate(times):
        for n in range(times):
            base.run({'n': n % 40, 'm': n % 7, 's': 'ab'[n % 2]})
    evaluate(2000)
    before = pages()
    evaluate(20_000)
    used = pages() - before
    def rebuild(times):
        for _ in range(times):
            again = RuleBase(rows)
            again.run({'n': 3})
            again.close()
    rebuild(20)
    before = pages()
    rebuild(200)
    print(used, pages() - before)
    """)
    used, rebuilt = map(int, out.split())
    assert used < 100, f"{used} pages in 20,000 runs"
    assert rebuilt < 100, f"{rebuilt} pages in 200 rule bases"


# Loading


def test_nothing_is_imported_before_it_is_needed() -> None:
    code = f"import sys; print({loading.MODULE!r} in sys.modules)"
    assert in_own_process(code) == "False"


@pytest.mark.parametrize(
    ("source", "reason"),
    [("raise ImportError('undefined symbol: gone')", "undefined symbol: gone"), ("", "lacks ")],
)
def test_where_it_cannot_be_loaded_the_reason_is_kept(
    tmp_path: Path, source: str, reason: str
) -> None:
    (tmp_path / f"{loading.MODULE}.py").write_text(source)
    out = in_own_process(f"""
    import sys
    sys.path.insert(0, {str(tmp_path)!r})
    from policy_rules.engine.durable import loading
    assert not loading.available()
    try:
        RuleBase([])
    except loading.DurableUnavailable as exc:
        assert isinstance(exc, ImportError) and loading.why_unavailable() in str(exc)
    print(loading.why_unavailable())
    """)
    assert reason in out


@needs_engine
@pytest.mark.skipif(not hasattr(sys, "setdlopenflags"), reason="no dlopen flags here")
def test_loading_leaves_the_dlopen_flags_as_they_were() -> None:
    code = """
    import sys
    from policy_rules.engine.durable import loading
    before = sys.getdlopenflags()
    assert loading.available() and loading.load() is loading.load()
    print(sys.getdlopenflags() == before, loading.why_unavailable())
    """
    assert in_own_process(code) == "True None"
