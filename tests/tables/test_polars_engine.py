"""The polars engine gives what the plan interpreter gives."""

from __future__ import annotations

from typing import Any

import plan_interpreter
import pytest
from tables.random_plans import polars_tables, random_plan

from policy_rules.errors import EvaluationError
from policy_rules.tables.graph import outcome_columns
from policy_rules.tables.plan import (  # fmt: skip
    Among,
    Define,
    Down,
    Expr,
    Kind,
    Lit,
    Needed,
    Op,
    Outcome,
    Plan,
    Ref,
    Step,
    Up,
)

pl = pytest.importorskip("polars")
polars_engine = pytest.importorskip("policy_rules.tables.polars_engine")

PLANS, BLOCK = 1500, 100
H, M = "household", "household.members"
X, Y, Z = (Ref(n, "int") for n in "xyz")


def number(value: int | None) -> Lit:
    return Lit(value, "int")


def op(name: str, *args: Expr, kind: Kind = "int") -> Op:
    return Op(name, args, kind)


def plan_of(*steps: Step, needed: tuple[Needed, ...] = (), odd: str | None = None) -> Plan:
    """A plan whose answers are the columns its steps define, whatever their kind."""
    columns = tuple(Outcome(s.name, s.frame, s.name, None, None, None) for s in steps)
    return Plan("made_up", H, (H, M), needed, steps, columns, odd, ())


def ints(frame: str, *names: str) -> tuple[Needed, ...]:
    return tuple(Needed(frame, n, "int") for n in names)


def answer(expr: Expr, **columns: list[Any]) -> list[Any]:
    """The values of an expression over the columns of a frame, all of them numbers."""
    rows = list(range(len(next(iter(columns.values())))))
    frame = pl.DataFrame(
        {"_row": rows, **columns}, schema_overrides=dict.fromkeys(columns, pl.Int64)
    )
    plan = plan_of(Define(H, "found", expr), needed=ints(H, *columns))
    found: list[Any] = polars_engine.run(plan, {H: frame})[H]["found"].to_list()
    return found


def owners(tables: dict[str, Any]) -> dict[str, list[int]]:
    """The record each row of each frame belongs to."""
    found: dict[str, list[int]] = {}
    for frame, table in tables.items():
        outer = frame.rpartition(".")[0]
        found[frame] = [found[outer][p] for p in table["_parent"]] if outer else table["_row"]
    return found


def differences(plan: Plan, tables: dict[str, Any], odd: set[int] | None = None) -> list[str]:
    """Columns of the answers that differ from the interpreter's, in rows of records that are not odd."""
    expected = plan_interpreter.run(plan, tables)
    found = polars_engine.run(plan, polars_tables(plan, tables))
    if odd is not None and plan.odd:
        odd |= {i for i, x in enumerate(found[plan.frames[0]][plan.odd].to_list()) if x}
    wrong = []
    for frame, names in outcome_columns(plan).items():
        heads = [n for n in ("_row", "_parent", "_id") if n in tables[frame]]
        for name in [*heads, *names]:
            got = found[frame][name].to_list()
            pairs = zip(got, expected[frame][name], owners(tables)[frame], strict=True)
            if any(a != b and r not in (odd or ()) for a, b, r in pairs):
                wrong.append(f"{frame} {name}: {got} for {expected[frame][name]}")
    return wrong


@pytest.mark.parametrize("block", range(PLANS // BLOCK))
@pytest.mark.no_cover
def test_random_plans_have_the_interpreters_answers(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        plan, tables = random_plan(seed)
        assert not differences(plan, tables), f"seed {seed}"


@pytest.mark.no_cover
def test_a_number_beyond_128_bits_makes_its_record_odd_and_no_other() -> None:
    rows_odd = refused = 0
    for seed in range(600):
        plan, tables = random_plan(seed, largest=2**400)
        odd: set[int] = set()
        try:
            assert not differences(plan, tables, odd), f"seed {seed}"
        except EvaluationError:
            refused += 1
        rows_odd += len(odd)
    assert rows_odd
    assert refused


def test_only_rows_whose_number_is_too_large_are_odd() -> None:
    cube = op("mul", X, X, X)
    plan = plan_of(
        Define(H, "cube", cube),
        Define(H, "odd", Op("is_null", (X,), "bool")),
        needed=ints(H, "x"),
        odd="odd",
    )
    xs = [3, 2**62, None, -(2**62)]
    found = polars_engine.run(plan, {H: pl.DataFrame({"_row": range(4), "x": xs})})[H]
    assert found["odd"].to_list() == [False, True, True, True]
    assert found["cube"].to_list()[0] == 27
    assert found["cube"].to_list()[2] is None


def test_without_odd_a_number_that_is_too_large_is_an_error() -> None:
    with pytest.raises(EvaluationError, match="number_overflow"):
        answer(op("mul", X, X, X), x=[1, 2**62])


def test_numbers_that_pass_64_bits_on_the_way_are_exact() -> None:
    big = 2**63 - 1
    assert answer(op("div", op("mul", X, Y), Y), x=[big, -big], y=[big, 7]) == [big, -big]
    assert answer(op("mul", X, Y), x=[big, 5], y=[big, 5]) == [big * big, 25]
    assert answer(op("neg", X), x=[-(2**63), 1]) == [2**63, -1]
    assert answer(op("add", X, X, op("neg", X)), x=[big]) == [big]


def test_slices_of_a_population_have_columns_of_one_type() -> None:
    plan = plan_of(Define(H, "found", op("mul", X, Y)), needed=ints(H, "x", "y"))
    for x in (1, 2**20, 2**40):
        frame = pl.DataFrame({"_row": [0], "x": [x], "y": [3]})
        assert polars_engine.run(plan, {H: frame})[H]["found"].dtype == pl.Int64


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        (op("lt", X, number(5), kind="bool"), [True, False, None]),
        (op("lt", op("mul", X, number(10)), number(41), kind="bool"), [True, False, None]),
        (op("ge", op("mul", X, number(-10)), number(-45), kind="bool"), [True, False, None]),
        (op("eq", op("mul", X, number(2)), number(9), kind="bool"), [False, False, None]),
        (op("gt", op("div", X, number(2)), number(1), kind="bool"), [True, True, None]),
        (op("le", op("neg", X), number(-5), kind="bool"), [False, True, None]),
        (op("lt", op("coalesce", X, number(0)), number(5), kind="bool"), [True, False, True]),
        (op("le", op("mul", X, number(6)), op("mul", Y, number(4)), kind="bool"), [True, False, None]),
        (op("lt", X, number(2**70), kind="bool"), [True, True, None]),
        (Among(X, (4, 2**70)), [True, False, None]),
        (Among(X, ()), [False, False, None]),
        (op("least", X, Y), [4, 5, None]),
        (op("greatest", X, Y), [6, 6, None]),
        (op("mod", op("neg", X), number(3)), [2, 0, None]),
        (op("if", op("lt", X, number(5), kind="bool"), Y, number(None)), [6, None, None]),
    ],
)  # fmt: skip
def test_plainer_forms_say_the_same(expr: Expr, expected: list[Any]) -> None:
    assert answer(expr, x=[4, 6, None], y=[6, 5, 6]) == expected


def test_what_the_columns_decide_is_not_computed() -> None:
    lower = op("coalesce", X, number(0))
    below, above = op("lt", X, number(5), kind="bool"), op("ge", lower, number(5), kind="bool")
    unknown = Op("if", (above, Lit(False, "bool"), Lit(None, "bool")), "bool")
    test = Op("if", (below, Lit(True, "bool"), unknown), "bool")
    plan = plan_of(Define(H, "found", test), needed=ints(H, "x"))
    for xs in ([1, 9], [1, None]):
        text = polars_engine.explain(plan, {H: pl.DataFrame({"_row": [0, 1], "x": xs})})
        assert "= lt(x, 5)" in text
    assert "coalesce" not in text
    assert "found" in polars_engine.explain(plan)


def test_a_member_is_not_asked_what_the_household_answers() -> None:
    plan = plan_of(
        Down(M, "line", H, "x", "int"),
        Define(
            M, "low", op("lt", op("add", Ref("line", "int"), number(1)), number(9), kind="bool")
        ),
        needed=ints(H, "x"),
    )
    frames = {
        H: pl.DataFrame({"_row": [0, 1], "x": [3, 30]}),
        M: pl.DataFrame({"_row": [0, 1, 2], "_parent": [0, 0, 1], "_id": ["a", "b", "c"]}),
    }
    assert f"{H} n" in polars_engine.explain(plan, frames)
    assert "down(n" in polars_engine.explain(plan, frames)
    found = polars_engine.run(plan, frames)[M]
    assert found["low"].to_list() == [True, True, False]
    assert found.columns == ["_row", "_parent", "_id", "line", "low"]


def test_what_is_not_there_is_not_recorded() -> None:
    plan = plan_of(
        Define(H, "known", Op("not", (Op("is_null", (X,), "bool"),), "bool")),
        Up(H, "total", M, "age", "sum", "int"),
        Up(H, "oldest", M, "age", "max", "int"),
        needed=(*ints(H, "x"), *ints(M, "age")),
    )
    found = polars_engine.run(plan, {H: pl.DataFrame({"_row": [0, 1]})})[H]
    assert found["known"].to_list() == [False, False]
    assert found["total"].to_list() == [0, 0]
    assert found["oldest"].to_list() == [None, None]


def test_texts_and_truths_have_an_order_too() -> None:
    plan = plan_of(
        Up(H, "last", M, "code", "max", "text"),
        Up(H, "first", M, "code", "min", "text"),
        Up(H, "every", M, "known", "min", "bool"),
        Up(H, "some", M, "known", "max", "bool"),
        needed=(Needed(M, "code", "text"), Needed(M, "known", "bool")),
    )
    members = pl.DataFrame(
        {
            "_row": range(5),
            "_parent": [0, 0, 0, 2, 3],
            "code": ["b", None, "农", "a", None],
            "known": [True, None, False, True, None],
        }
    )
    found = polars_engine.run(plan, {H: pl.DataFrame({"_row": range(4)}), M: members})[H]
    assert found["last"].to_list() == ["农", None, "a", None]
    assert found["first"].to_list() == ["b", None, "a", None]
    assert found["every"].to_list() == [False, None, True, None]
    assert found["some"].to_list() == [True, None, True, None]


def test_inner_rows_out_of_order_are_refused() -> None:
    plan = plan_of(Up(H, "total", M, "x", "sum", "int"), needed=ints(M, "x"))
    for parents in ([1, 0], [0, 2], [-1, 0]):
        members = pl.DataFrame({"_row": [0, 1], "_parent": parents, "x": [1, 2]})
        with pytest.raises(ValueError, match="sorted"):
            polars_engine.run(plan, {H: pl.DataFrame({"_row": [0, 1]}), M: members})
