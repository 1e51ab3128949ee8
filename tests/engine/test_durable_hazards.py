"""Every measured hazard of durable_rules has a guard, and the guard a test.

A hazard is a test here, through the engine as users have it, and the tests of the driver that try the
guard itself (``GUARDS``, which must exist). What could hang or crash runs in a process of its own.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import made_up
import pytest

from policy_rules import Engine
from policy_rules.engine.durable import encoding, loading
from policy_rules.packs.model import Pack

HERE = Path(__file__).parent
DURABLE = Path(loading.__file__).parent
DAY = "2023-06-30"
needs_engine = pytest.mark.skipif(
    not loading.available(), reason=f"durable_rules: {loading.why_unavailable()}"
)

#: By hazard the tests of its guards, as ``file::test``.
GUARDS: dict[str, tuple[str, ...]] = {
    "too many conditions, values or rules": (
        "driver::test_more_first_conditions_than_the_engines_stack_holds",
        "driver::test_more_first_conditions_of_different_slots_than_a_fact_has_room_for",
        "driver::test_hundreds_of_rows_with_one_and_the_same_pattern",
        "driver::test_hundreds_of_rows_sharing_their_first_condition",
        "driver::test_long_lists_of_values",
        "driver::test_many_lists_of_values_in_one_row",
        "driver::test_the_limits_keep_clear_of_the_engines",
        "driver::test_too_many_rows_are_refused",
    ),
    "alternatives multiply, nesting fails": (
        "driver::test_twelve_two_way_alternatives_cost_a_few_rules",
        "driver::test_alternatives_nested_thirty_deep",
        "driver::test_above_its_budget_a_row_is_refused_by_name",
        "driver::test_multiplying_out_or_not_makes_no_difference",
    ),
    "types are mixed, numbers saturate, texts are cut": (
        "driver::test_values_of_other_types_are_refused",
        "driver::test_a_slot_has_one_type",
        "driver::test_numbers_the_engine_cannot_hold_are_refused",
        "driver::test_other_comparisons_are_refused",
        "driver::test_long_texts_are_compared_to_their_end",
        "driver::test_an_absent_slot_never_matches",
        "driver::test_any_text_names_a_slot_or_a_row",
        "driver::test_every_comparison_is_right_at_and_next_to_its_limit",
        "bounds::test_encoding_keeps_order",
    ),
    "names are compared by a hash of 32 bits": (
        "driver::test_slots_whose_names_hash_alike_stay_apart",
        "driver::test_property_names_that_hash_alike_are_refused",
        "driver::test_our_own_property_names_never_hash_alike",
    ),
    "absence also matches what is internal": (
        "driver::test_only_the_safe_part_of_the_engine_is_used",
    ),
    "a state deleted too early frees nothing": (
        "driver::test_state_is_deleted_only_after_the_sentinel_was_seen",
        "driver::test_an_evaluation_without_its_last_rule_is_a_failure_never_an_answer",
        "driver::test_whatever_breaks_an_evaluation_off_drops_the_handle",
        "driver::test_hundreds_of_interrupts_at_any_moment_leave_every_answer_right",
    ),
    "one handle, several threads": (
        "driver::test_eight_threads_without_a_lock",
        "driver::test_a_thread_takes_its_handle_with_it",
        "driver::test_a_forked_child_makes_its_own_handles",
        "compiler::test_threads_do_not_mix",
    ),
    "functions and a host that are not to be used": (
        "driver::test_only_the_safe_part_of_the_engine_is_used",
        "driver::test_no_host_no_threads",
        "driver::test_memory_stays_flat",
    ),
    "it may not build or not load": (
        "driver::test_where_it_cannot_be_loaded_the_reason_is_kept",
        "driver::test_loading_leaves_the_dlopen_flags_as_they_were",
        "driver::test_nothing_is_imported_before_it_is_needed",
    ),
}


@pytest.mark.parametrize("hazard", GUARDS)
def test_the_guards_of_a_hazard_are_tested(hazard: str) -> None:
    for name in GUARDS[hazard]:
        file, _, test = name.partition("::")
        assert test in _tests_of(file), name


@cache
def _tests_of(file: str) -> frozenset[str]:
    tree = ast.parse((HERE / f"test_durable_{file}.py").read_text("utf-8"))
    return frozenset(n.name for n in tree.body if isinstance(n, ast.FunctionDef))


# -- each through the engine as users have it ----------------------------------------------------------


def pack_of(*whens: str) -> Pack:
    """The made-up pack with a rule for each condition."""
    texts = made_up.texts()
    head, _, _ = texts["rules/rules.yaml"].partition("- id: public_post")
    start, end = head.index("  applies_to"), len(head)
    rules = [
        head[:start].replace("id: focus_household", f"id: rule_{i}")
        + f"  when: {when}\n"
        + head[end:]
        for i, when in enumerate(whens)
    ]
    target = texts["targets.yaml"].replace("rule.focus_household", "rule.rule_0")
    return made_up.load_texts({**texts, "rules/rules.yaml": "".join(rules), "targets.yaml": target})


def family(**facts: Any) -> dict[str, Any]:
    body = {"id": "h1", "region": "990101001001", "type": "lifted", "size": 2}
    return {**body, "incomes": {"2022": {"net": 9000}}, **facts}


def agreed(pack: Pack, *records: dict[str, Any]) -> list[str | None]:
    """The verdicts of both engines, which must be the same and whole."""
    engine = Engine(pack, engine="durable_rules", readings=False)
    reference = Engine(pack, engine="reference", readings=False)
    found: list[str | None] = []
    for record in records:
        one, other = (e.evaluate(record, as_of=DAY) for e in (engine, reference))
        assert one.receipt.engine.startswith("durable_rules")
        verdicts = [f.verdict.value if f.verdict is not None else None for f in one.findings]
        assert verdicts == [
            f.verdict.value if f.verdict is not None else None for f in other.findings
        ]
        found += verdicts
    return found


def apart(code: str, timeout: float = 120) -> str:
    """What a script prints that may hang or crash; it imports this module as ``here``."""
    head = f"import sys; sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]\n"
    head += "import test_durable_hazards as here\n"
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@needs_engine
def test_too_many_conditions_values_or_rules() -> None:
    # 300 rules on one fact, each with a first condition of its own: 64 would be too many at once
    code = """
    pack = here.pack_of(*(f"household.size >= {1 + i % 60}" for i in range(300)))
    found = here.agreed(pack, here.family(size=60), here.family(size=1))
    print(found.count("YES"), found.count("NO"))
    """
    assert apart(code) == "305 295"
    # and a set of 600 values, which the C code would hang on
    code = """
    values = ", ".join(str(2 * n) for n in range(300))
    pack = here.pack_of(f"household.size in {{{values}}}", f"household.size + 1000 not in {{{values}}}")
    print(here.agreed(pack, here.family(size=4), here.family(size=5)))
    """
    assert apart(code) == "['YES', 'YES', 'NO', 'YES']"


@needs_engine
def test_alternatives_that_multiply_and_nest() -> None:
    code = """
    way = "(household.size == {0} or household.type == lifted)"
    wide = " and ".join(way.format(n + 1) for n in range(12))
    deep = "household.size == 1"
    for n in range(2, 15):
        deep = f"(household.size == {n} {'and' if n % 2 else 'or'} ({deep}))"
    pack = here.pack_of(wide, deep)
    print(here.agreed(pack, here.family(), here.family(type="ordinary"), here.family(size=14)))
    """
    assert apart(code) == "['YES', 'NO', 'NO', 'NO', 'YES', 'YES']"


@needs_engine
def test_values_of_every_kind_at_their_limits() -> None:
    line = 2**53
    pack = pack_of(
        f"income(2022).net >= {line}",
        f"income(2022).net == {line + 1}",
        "income(2022).net < 0.1",
        "household.in_cooperative",
        "household.size == 1",
    )
    records = [
        family(incomes={"2022": {"net": net}}, in_cooperative=known, size=1)
        for net in (line - 1, line, line + 1, line + 2, 10**18, 2**63, 10**19, 0.1, 0.099, 0)
        for known in (True, False, None)
    ]
    assert len(agreed(pack, *records)) == 5 * len(records)


@needs_engine
def test_records_whose_names_hash_alike() -> None:
    # `costarring` and `liquid` have one 32-bit FNV hash: no state of one may reach the other
    pack = pack_of("household.size == 2", "any(m.labour == ordinary for m in members)")
    names = ("costarring", "liquid") * 3
    found = agreed(
        pack,
        *(
            family(
                id=n, size=2 + i % 2, members=[{"id": n, "labour": ("ordinary", "skilled")[i % 2]}]
            )
            for i, n in enumerate(names)
        ),
    )
    assert found == ["YES", "YES", "NO", "NO"] * 3


@needs_engine
def test_absence_is_never_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    compiled = encoding.compile_rows
    from policy_rules.engine.durable import driver

    def spied(rows: Any) -> Any:
        plan = compiled(rows)
        seen.extend(shard.json for shard in plan.shards)
        return plan

    monkeypatch.setattr(driver, "compile_rows", spied)
    pack = pack_of(
        "not household.in_cooperative", "household.type != lifted", "not known(household.size)"
    )
    agreed(pack, family(), family(in_cooperative=False), {"id": "h"})
    assert seen
    assert not any("$nex" in text or "$ex" in text for text in seen)
    for text in seen:
        json.loads(text)


@needs_engine
def test_an_engine_that_answered_nothing_is_freed_without_harm() -> None:
    code = """
    import gc
    for _ in range(4):
        here.Engine(here.pack_of("household.size == 2"), engine="durable_rules")
        engine = here.Engine(here.pack_of("household.size == 2"), engine="durable_rules")
        engine.evaluate({"id": "h"}, as_of=here.DAY)
        del engine
        gc.collect()
    print("done")
    """
    assert apart(code) == "done"


@needs_engine
def test_threads_on_one_engine() -> None:
    pack = pack_of("household.size <= 5", "income(2022).net >= 9000", "household.type == lifted")
    engine = Engine(pack, engine="durable_rules", readings=False)
    records = [
        family(
            id=f"h{i}",
            size=1 + i % 9,
            incomes={"2022": {"net": 8990 + i}},
            type=("lifted", "ordinary")[i % 2],
        )
        for i in range(24)
    ]
    expected = [engine.evaluate(r, as_of=DAY).receipt.result_digest for r in records]
    barrier = threading.Barrier(8)

    def work(shift: int) -> bool:
        barrier.wait()
        order = [(i + shift) % len(records) for i in range(len(records))]
        return all(
            engine.evaluate(records[i], as_of=DAY).receipt.result_digest == expected[i]
            for i in order
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_only_the_safe_functions_are_named_anywhere() -> None:
    allowed = set(get_type_hints(loading.CModule)) | {
        n for n in vars(loading.CModule) if n[0] != "_"
    }
    assert {"assert_fact", "retract_fact", "create_ruleset"} <= allowed
    unsafe = {
        "assert_facts", "assert_event", "assert_events", "post", "post_batch", "get_state", "get_facts", "update_state",
        "abandon_action", "start_action", "complete_action", "start_timer", "cancel_timer", "assert_timers",
        "set_store_message_callback", "create_client",
    }  # fmt: skip
    assert not allowed & unsafe
    for path in DURABLE.glob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        used = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
        assert not used & unsafe, path.name
        imported = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        imported |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not any(m.split(".")[0] == "durable" for m in imported), path.name


def test_without_it_the_reference_answers_alone_and_says_so() -> None:
    code = """
    from policy_rules.engine.durable import loading
    sys.modules["durable_rules_engine"] = loading._loaded = loading._reason = None
    from policy_rules import Engine, PolicyRulesError
    engine = Engine(here.made_up.pack())
    print(engine.evaluate(here.family(), as_of=here.DAY).receipt.engine)
    try:
        Engine(here.made_up.pack(), engine="durable_rules")
    except PolicyRulesError as error:
        print(error.problems[0].code)
    """
    said, refused = apart(code).splitlines()
    assert said == "reference (durable_rules not available)"
    assert refused == "engine_unavailable"
