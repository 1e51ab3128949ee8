"""DuckDB and Spark give what the plan interpreter gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import plan_interpreter
import pytest
from tables.random_plans import SHAPE, Table, polars_tables, random_plan

from policy_rules.errors import EvaluationError
from policy_rules.tables.graph import outcome_columns
from policy_rules.tables.plan import (
    Among,
    Define,
    Down,
    Expr,
    Lit,
    Needed,
    Op,
    Outcome,
    Plan,
    Ref,
    Runs,
    Up,
)

pl = pytest.importorskip("polars")
pytest.importorskip("duckdb")
pytest.importorskip("sqlglot")
from policy_rules.tables.sql import DUCKDB, SPARK, Known, compile_plan  # noqa: E402
from policy_rules.tables.sql_engine import run_duckdb, run_spark  # noqa: E402

PLANS, BLOCK = 300, 25
TOP, INNER = "household", "household.members"
Run = Callable[[Plan, dict[str, Any]], dict[str, Any]]


def records(tables: dict[str, Table], frame: str) -> list[int]:
    """The record each row belongs to."""
    outer = SHAPE[frame][0]
    if not outer:
        return list(tables[frame]["_row"])
    above = records(tables, outer)
    return [above[parent] for parent in tables[frame]["_parent"]]


def differences(run: Run, plan: Plan, tables: dict[str, Table]) -> list[str]:
    """Columns of the answers that differ from the interpreter's, but in rows the engine calls odd."""
    expected = plan_interpreter.run(plan, tables)
    found = run(plan, polars_tables(plan, tables))
    odd: set[int] = set()
    if plan.odd is not None:
        flags = found[TOP][plan.odd].to_list()
        odd = {row for row, flag in enumerate(flags) if flag}
        assert odd >= {row for row, flag in enumerate(expected[TOP][plan.odd]) if flag}
    wrong = []
    for frame, names in outcome_columns(plan).items():
        of = records(tables, frame)
        for name in ["_row", *(["_parent"] if frame != TOP else []), "_id", *names]:
            got, right = found[frame][name].to_list(), expected[frame][name]
            if len(got) != len(of) or any(
                g != r for g, r, row in zip(got, right, of, strict=True) if row not in odd
            ):
                wrong.append(f"{frame} {name}: {got} for {right}")
    return wrong


@pytest.mark.parametrize("block", range(PLANS // BLOCK))
@pytest.mark.no_cover
def test_duckdb_has_the_interpreters_answers(block: int) -> None:
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        plan, tables = random_plan(seed)
        # without an odd there is no way out: every row must be right
        for variant in {plan.odd: plan, None: attrs.evolve(plan, odd=None)}.values():
            assert not differences(run_duckdb, variant, tables), f"seed {seed}, odd {variant.odd}"


# -- what random plans seldom meet -----------------------------------------------------------------


def small(*steps: Any, odd: str | None = None, wanted: str = "y") -> Plan:
    """A plan over households (x, text, X) and members (x), that answers one column."""
    needed = (
        Needed(TOP, "x", "int"),
        Needed(TOP, "X", "int"),
        Needed(TOP, "text", "text"),
        Needed(INNER, "x", "int"),
        Needed(INNER, "until", "int"),
    )
    outcomes = (Outcome("r", TOP, wanted, None, None, None),)
    return Plan("made_up", TOP, (TOP, INNER), needed, steps, outcomes, odd, ())


def answers(run: Run, plan: Plan, xs: list[Any], texts: list[Any] | None = None) -> list[Any]:
    frame = pl.DataFrame(
        {"_row": range(len(xs)), "x": xs, "X": [0 if x is None else x for x in xs][::-1], "text": texts or [None] * len(xs)},
        schema={"_row": pl.Int64, "x": pl.Int64, "X": pl.Int64, "text": pl.String},
    )  # fmt: skip
    return run(plan, {TOP: frame})[TOP][plan.outcomes[0].verdict].to_list()


def op(name: str, *args: Expr) -> Op:
    truths = {"and", "or", "not", "is_null", "eq", "ne", "lt", "le", "gt", "ge"}
    return Op(name, args, "bool" if name in truths else "int")


X, ONE = Ref("x", "int"), Lit(1, "int")
CUBE = op("gt", op("mul", X, X, X), X)
TEXTS = ["it's", 'q"q', "back\\slash", "${env:HOME}", "a\nb", "", "农村", "A", "a", "%_", None]


def shared(run: Run) -> None:
    """What both engines must get right."""
    seven, minus = Lit(7, "int"), [-15, -14, -1, 0, 1, 13, 14, None]
    quotient = small(Define(TOP, "y", op("div", X, seven)))
    assert answers(run, quotient, minus) == [x if x is None else x // 7 for x in minus]
    rest = small(Define(TOP, "y", op("mod", X, seven)))
    assert answers(run, rest, minus) == [x if x is None else x % 7 for x in minus]
    none = small(Define(TOP, "y", Among(X, ())))
    assert answers(run, none, [1, None]) == [False, None]
    for text in TEXTS[:-1]:
        same = small(Define(TOP, "y", op("eq", Ref("text", "text"), Lit(text, "text"))))
        assert answers(run, same, [0] * len(TEXTS), TEXTS) == [t and t == text if t is None else t == text for t in TEXTS]  # fmt: skip
    cased = small(Define(TOP, "y", op("sub", X, Ref("X", "int"))), Define(TOP, "Y", op("neg", Ref("y", "int"))), wanted="Y")  # fmt: skip
    assert answers(run, cased, [1, 2, 4]) == [3, 0, -3]
    edge = small(Define(TOP, "y", op("neg", op("sub", X, ONE))))
    assert answers(run, edge, [-(2**63), 2**63 - 1]) == [2**63 + 1, -(2**63) + 2]
    with pytest.raises(EvaluationError, match="number_overflow"):
        answers(run, small(Define(TOP, "y", CUBE)), [2, 2**62])
    huge = small(Define(TOP, "y", CUBE), Define(TOP, "no", Lit(False, "bool")), odd="no")
    frames = {TOP: pl.DataFrame({"_row": [0, 1, 2], "x": [2, 2**62, None]})}
    found = run(huge, frames)[TOP]
    assert found["no"].to_list() == [False, True, False]
    assert found["y"].to_list()[::2] == [True, None]


def longest(run: Run) -> list[Any]:
    step = Runs(TOP, "y", INNER, "x", "until")
    spells = [(0, 5, 6), (0, 7, 9), (0, 1, 2), (0, 20, 19), (1, 3, None), (2, 4, 9), (2, 5, 6), (2, 11, 12)]  # fmt: skip
    members = pl.DataFrame(
        [(i, *s) for i, s in enumerate(spells)], schema=["_row", "_parent", "x", "until"], orient="row"
    )  # fmt: skip
    found = run(small(step), {TOP: pl.DataFrame({"_row": [0, 1, 2, 3]}), INNER: members})
    return list(found[TOP]["y"].to_list())


def test_numbers_texts_and_names_in_duckdb() -> None:
    shared(run_duckdb)


def test_the_longest_run_in_duckdb() -> None:
    assert longest(run_duckdb) == [5, 0, 6, 0]


def test_a_member_beyond_the_cap_makes_its_household_odd() -> None:
    cube = Define(INNER, "cube", CUBE)
    plan = small(cube, Up(TOP, "y", INNER, "cube", "true", "int"), Define(TOP, "no", Lit(False, "bool")), odd="no")  # fmt: skip
    members = pl.DataFrame({"_row": [0, 1, 2], "_parent": [0, 0, 1], "x": [3, 2**60, 2]})
    found = run_duckdb(plan, {TOP: pl.DataFrame({"_row": [0, 1, 2]}), INNER: members})[TOP]
    assert found["no"].to_list() == [True, False, False]
    assert found["y"].to_list()[1:] == [1, 0]


def test_what_is_absent_is_not_recorded() -> None:
    known = Define(TOP, "known", op("is_null", X))
    below = Define(INNER, "up", op("not", Ref("down", "bool")))
    plan = small(
        known, Down(INNER, "down", TOP, "known", "bool"), below,
        Up(TOP, "y", INNER, "up", "rows", "int"), Define(TOP, "z", op("and", Ref("known", "bool"), op("eq", Ref("y", "int"), Lit(0, "int")))),
        wanted="z",
    )  # fmt: skip
    found = run_duckdb(plan, {TOP: pl.DataFrame({"_row": [0, 1], "_id": ["a", "b"]})})
    assert found[TOP].to_dict(as_series=False) == {
        "_row": [0, 1],
        "_id": ["a", "b"],
        "z": [True, True],
    }


def test_numbers_of_64_bits_stay_there() -> None:
    plan = small(Define(TOP, "y", op("gt", op("mul", X, Lit(100, "int")), ONE)))
    for dialect in (DUCKDB, SPARK):
        money = Known({(TOP, "x"): (0, 10**13)})
        texts = [
            [s.query.sql(dialect.name) for s in compile_plan(plan, dialect, known).stages]
            for known in (money, Known())
        ]
        wide = [any(dialect.wide in text for text in found) for found in texts]
        assert wide == [False, True]


def test_a_thousand_steps_are_one_table_a_stage() -> None:
    steps = [Define(TOP, "s0", op("gt", X, ONE))]
    for i in range(1, 1000):
        before = Ref(f"s{i - 1}", "bool")
        test = op("gt", X, Lit(i, "int"))
        steps.append(Define(TOP, f"s{i}", op("or" if i % 2 else "and", op("not", before), test)))
    plan = small(*steps, wanted="s999")
    right = plan_interpreter.run(plan, {TOP: {"_row": [0, 1, 2], "x": [5, 5000, None]}})[TOP]
    assert len(compile_plan(plan, DUCKDB).stages) == 2  # one a frame
    assert answers(run_duckdb, plan, [5, 5000, None]) == right["s999"]


# -- Spark: one session for all; slow --------------------------------------------------------------


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    pytest.importorskip("pyspark")
    from policy_rules.tables.spark_engine import session

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    folder = str(tmp_path_factory.mktemp("warehouse"))
    with session("local[2]", {"spark.sql.warehouse.dir": folder}) as found:
        yield found


@pytest.mark.filterwarnings("ignore")
def test_spark_has_the_interpreters_answers(spark: Any) -> None:
    def run(plan: Plan, frames: dict[str, Any]) -> dict[str, Any]:
        return run_spark(plan, frames, session=spark)

    for seed in range(6):
        plan, tables = random_plan(seed, steps=20)
        plan = attrs.evolve(plan, odd=None) if seed % 2 else plan
        assert not differences(run, plan, tables), f"seed {seed}"


@pytest.mark.filterwarnings("ignore")
def test_numbers_texts_and_names_in_spark(spark: Any) -> None:
    def run(plan: Plan, frames: dict[str, Any]) -> dict[str, Any]:
        return run_spark(plan, frames, session=spark)

    shared(run)
    assert longest(run) == [5, 0, 6, 0]
    # a quotient of more digits than Spark's division of decimals keeps
    wide = op("div", op("mul", X, X, ONE), Lit(3, "int"))
    assert answers(run, small(Define(TOP, "y", wide)), [2**62, -7]) == [2**124 // 3, 16]


@pytest.mark.filterwarnings("ignore")
def test_spark_reads_parquet(spark: Any, tmp_path: Any) -> None:
    plan, tables = random_plan(3, steps=12)
    frames = polars_tables(plan, tables)
    for name, frame in frames.items():
        frame.write_parquet(tmp_path / f"{name}.parquet")
    paths = {name: tmp_path / f"{name}.parquet" for name in frames}
    found, right = run_spark(plan, paths, session=spark), run_duckdb(plan, frames)
    assert found.keys() == right.keys()
    assert all(found[f].equals(right[f].select(found[f].columns)) for f in right)
