"""Plans run as SQL: by DuckDB in the process, by Spark where a population outgrows one machine.

Both run the same tree (:mod:`policy_rules.tables.sql`); docs/spark.md says how to reach a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.tables.plan import Plan

try:
    from policy_rules.tables.sql import DUCKDB, Dialect, Input, Known, compile_plan
    from policy_rules.tables.sql_population import answer, inputs, named, survey
except ImportError as error:  # pragma: no cover - the extra is installed where tests run
    raise EvaluationError(
        Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got=f"`{error.name}`")
    ) from error

if TYPE_CHECKING:
    from polars import DataFrame

__all__ = ["Prepared", "prepare", "run_duckdb", "run_spark"]

#: Compiled plans kept.
_KEPT: Final = 32


def run_duckdb(
    plan: Plan, frames: Mapping[str, DataFrame], *, threads: int | None = None
) -> dict[str, DataFrame]:
    """The answers of a plan over the frames of a population, by DuckDB in memory.

    ``frames`` are as :mod:`policy_rules.tables.frames` has them. A frame or a needed column that is not
    there is not recorded in any row. ``threads`` are DuckDB's, by default one a processor.

    Gives for each frame with answers ``_row``, ``_parent`` and ``_id`` (where the frame has them) and the
    columns that ``plan.outcomes`` and ``plan.odd`` name: Boolean, String, Int64, or Int128 where a number
    needs it. Records with numbers too large to be computed with in 128 bits are odd; their other columns
    mean nothing.

    Raises :class:`~policy_rules.errors.EvaluationError`: ``extra_missing`` without duckdb or sqlglot;
    ``number_overflow`` where a number leaves 128 bits and the plan has no `odd`.
    """
    duckdb = _duckdb()
    prepared = prepare(plan, DUCKDB, survey(plan, frames))
    connection = duckdb.connect(":memory:", config={} if threads is None else {"threads": threads})
    try:
        for frame, table in prepared.tables.items():
            read = inputs(frames.get(frame), prepared.inputs[frame])
            connection.register(table, read.to_arrow())
        for table, query, drops in prepared.stages:
            connection.execute(f'CREATE TEMP TABLE "{table}" AS {query}').fetchall()
            for old in drops:
                connection.execute(f'DROP TABLE "{old}"').fetchall()
        found = {f: connection.sql(query).pl() for f, query in prepared.results.items()}
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise too_large(plan, DUCKDB) from error
    finally:
        connection.close()
    return {f: answer(frames.get(f), named(table, prepared.names[f])) for f, table in found.items()}


def run_spark(
    plan: Plan, frames: Mapping[str, Any], *, session: Any = None, master: str | None = None
) -> dict[str, DataFrame]:
    """The answers of a plan, by Spark; what :func:`run_duckdb` gives.

    ``frames`` holds by frame a polars DataFrame, or the path of a Parquet file or folder that every
    executor can read. ``session`` is a SparkSession; without one the active session is used, or one is
    started on ``master`` (``local[*]`` where neither that nor ``POLICY_RULES_SPARK_MASTER`` says where) and
    serves all later runs of the process. Nothing of a given session's settings is changed.

    Raises :class:`~policy_rules.errors.EvaluationError`: ``extra_missing`` without pyspark;
    ``number_overflow`` where a number leaves 38 digits and the plan has no `odd`.
    """
    from policy_rules.tables import spark_engine

    return spark_engine.run(plan, frames, session, master)


@attrs.frozen
class Prepared:
    """A compiled plan as texts: see :class:`policy_rules.tables.sql.Script`."""

    plan: Plan
    tables: Mapping[str, str]
    inputs: Mapping[str, tuple[Input, ...]]
    stages: tuple[tuple[str, str, tuple[str, ...]], ...]
    results: Mapping[str, str]
    names: Mapping[str, tuple[str, ...]]


_prepared: dict[Any, Prepared] = {}


def prepare(plan: Plan, dialect: Dialect, known: Known) -> Prepared:
    """The plan compiled for what is known of a population; the last ones are kept.

    Raises :class:`~policy_rules.errors.EvaluationError` (``number_overflow``) for a constant no column holds.
    """
    key = (id(plan), dialect.name, tuple(known.ranges.items()), tuple(known.most.items()))
    found = _prepared.get(key)
    if found is None:
        try:
            script = compile_plan(plan, dialect, known)
        except OverflowError as error:
            raise too_large(plan, dialect) from error
        if len(_prepared) >= _KEPT:
            _prepared.pop(next(iter(_prepared)))
        found = _prepared[key] = Prepared(
            plan,  # held, so that its id stays its own
            script.tables,
            script.inputs,
            tuple((s.table, script.sql(s.query), s.drops) for s in script.stages),
            {f: script.sql(query) for f, query in script.results.items()},
            script.names,
        )
    return found


def too_large(plan: Plan, dialect: Dialect) -> EvaluationError:
    """What is raised where a number leaves the widest type."""
    return EvaluationError(
        Problem("number_overflow", Place(), expected=f"`{dialect.wide}`", got=f"`{plan.pack}`")
    )


def _duckdb() -> Any:
    try:
        import duckdb
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`duckdb`")
        ) from error
    return duckdb
