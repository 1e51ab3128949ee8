"""Plans run by Spark: on this machine or on a cluster. See docs/spark.md."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.plan import Plan
from policy_rules.tables.sql import SPARK, Input, Known
from policy_rules.tables.sql_engine import Prepared, prepare, too_large
from policy_rules.tables.sql_population import above, answer, below, inputs, integers, survey

#: What the SQL needs of a session. Overflow must raise (ANSI); constraints between thousands of columns
#: take longer to infer than the query to run; texts of a plan are no templates; no error quotes the query.
SETTINGS: Final = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.variable.substitute": "false",
    "spark.sql.dataFrameQueryContext.enabled": "false",
}
#: Where to find Spark if nobody says.
MASTER: Final = "POLICY_RULES_SPARK_MASTER"
_TYPES: Final = {"bool": "BOOLEAN", "int": "BIGINT", "text": "STRING"}


@contextmanager
def session(master: str | None = None, settings: Mapping[str, str] | None = None) -> Iterator[Any]:
    """A SparkSession on a master (``local[4]``, ``spark://host:7077``), stopped at the end.

    ``settings`` are Spark's, by name. Raises :class:`~policy_rules.errors.EvaluationError`
    (``extra_missing``) without pyspark.
    """
    found = start(master, settings)
    try:
        yield found
    finally:
        found.stop()


def start(master: str | None = None, settings: Mapping[str, str] | None = None) -> Any:
    """The active SparkSession, or a new one; see :func:`session`."""
    _pyspark()
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    where = master or os.environ.get(MASTER) or "local[*]"
    wanted = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    if where.startswith("local"):
        wanted["spark.sql.shuffle.partitions"] = str(os.cpu_count() or 1)
    builder = SparkSession.builder.master(where).appName("policy-rules")
    for name, value in {**wanted, **(settings or {})}.items():
        builder = builder.config(name, value)
    found = builder.getOrCreate()
    # a failed task is logged with its row: what people earn stays out of logs
    found.sparkContext.setLogLevel("OFF")
    return found


def run(
    plan: Plan, frames: Mapping[str, Any], spark: Any = None, master: str | None = None
) -> dict[str, pl.DataFrame]:
    """See :func:`policy_rules.tables.sql_engine.run_spark`."""
    spark = spark or start(master)
    from pyspark.errors import ArithmeticException

    try:
        found = {f: pl.DataFrame(t.toArrow()) for f, t in tables(plan, frames, spark).items()}
    except ArithmeticException as error:
        raise too_large(plan, SPARK) from error
    return {f: answer(_heads(frames.get(f)), t) for f, t in found.items()}


def tables(plan: Plan, frames: Mapping[str, Any], spark: Any) -> dict[str, Any]:
    """The answers as Spark DataFrames, not yet computed: ``_row`` and the columns of the outcomes by name.

    ``frames`` are those of :func:`run`. They and all tables in between live in a session of their own
    beside ``spark``. For populations whose answers no single machine should hold: write them with
    ``DataFrame.write.parquet``.
    """
    own = spark.newSession()
    for name, value in SETTINGS.items():
        own.conf.set(name, value)
    logging.getLogger("SQLQueryContextLogger").disabled = True
    files = {f: own.read.parquet(os.fspath(s)) for f, s in frames.items() if _is_path(s)}
    prepared = prepare(plan, SPARK, _survey(plan, frames, files))
    for frame, table in prepared.tables.items():
        _input(own, prepared, frame, frames, files).createOrReplaceTempView(table)
    for table, query, drops in prepared.stages:
        own.sql(query).localCheckpoint(eager=False).createOrReplaceTempView(table)
        for old in drops:
            own.catalog.dropTempView(old)
    found = {}
    for frame, query in prepared.results.items():
        columns = {name: f"o{i}" for i, name in enumerate(prepared.names[frame])}
        items = [f"{c} AS {_quoted(name)}" for name, c in columns.items()]
        found[frame] = own.sql(query).selectExpr("_row", *items)
    return found


def _pyspark() -> None:
    try:
        import pyspark  # noqa: F401
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[spark]`", got="`pyspark`")
        ) from error


def _is_path(source: Any) -> bool:
    return isinstance(source, str | os.PathLike)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _input(
    spark: Any, prepared: Prepared, frame: str, frames: Mapping[str, Any], files: Mapping[str, Any]
) -> Any:
    """The columns a plan reads of a frame, under the names of the SQL."""
    columns = prepared.inputs[frame]
    if frame not in files:
        return spark.createDataFrame(inputs(frames.get(frame), columns).to_arrow())
    there = set(files[frame].columns)

    def item(column: Input) -> str:
        known = _quoted(column.name) if column.name in there else "NULL"
        return f"CAST({known} AS {_TYPES[column.kind]}) AS {_quoted(column.column)}"

    keys = [k for k in ("_row", "_parent") if k in there]
    return files[frame].selectExpr(*keys, *(item(c) for c in columns))


def _survey(plan: Plan, frames: Mapping[str, Any], files: Mapping[str, Any]) -> Known:
    """As :func:`~policy_rules.tables.sql_population.survey`; of files Spark tells."""
    known = survey(plan, {f: t for f, t in frames.items() if f not in files})
    ranges, most = dict(known.ranges), dict(known.most)
    for frame, table in files.items():
        names = [n for n in integers(plan).get(frame, ()) if n in table.columns]
        items = [f"{f}({_quoted(n)})" for n in names for f in ("MIN", "MAX")]
        row = table.selectExpr("COUNT(*)", *items).first()
        for i, name in enumerate(names):
            ranges[frame, name] = (below(row[1 + 2 * i]), above(row[2 + 2 * i]))
        if "_parent" in table.columns:
            counts = table.groupBy("_parent").count().selectExpr("MAX(count)")
            most[frame] = above(counts.first()[0])
    return Known(ranges, most)


def _heads(source: Any) -> pl.DataFrame | None:
    """The keys and ids of a frame."""
    if source is None or isinstance(source, pl.DataFrame):
        return source
    table = pl.scan_parquet(source)
    names = table.collect_schema().names()
    return table.select(n for n in ("_row", "_parent", "_id") if n in names).collect()
