"""Files of our own layout brought into the order of the households' file, out of core."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from policy_rules.tables.binding import Import
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.own_files import HOME, KEY, NUMBER, NUMBERED, TOP, OwnFile
from policy_rules.tables.own_keys import NeedsRecords
from policy_rules.tables.own_reading import BATCH

#: Memory of DuckDB while it sorts; what is more goes to the disk.
_MEMORY: Final = "1GB"


def regrouped(files: Sequence[OwnFile], run: Import, folder: Path) -> tuple[list[Path], pl.Series]:
    """The files again, in a folder: rows in the order of their households, with :data:`NUMBER`, :data:`KEY`
    and :data:`HOME`, and the numbers of rows of households that stand there already.

    A household without a number gets its row's. Ask :func:`check_order` before.
    """
    import duckdb

    for file in files:
        _store(file, run, folder / f"{file.name}.keyed.parquet")
    with duckdb.connect(str(folder / "order.db")) as base:
        base.execute(f"SET memory_limit = '{_MEMORY}'")
        base.execute("SET preserve_insertion_order = false")
        top = _quoted(folder / f"{TOP}.keyed.parquet")
        base.execute(
            f"CREATE TABLE homes AS SELECT {KEY}, min({NUMBER}) AS {HOME} FROM {top} GROUP BY {KEY}"
        )
        again = base.execute(
            f"SELECT t.{NUMBER} FROM {top} t JOIN homes h ON t.{KEY} = h.{KEY} "
            f"WHERE t.{NUMBER} <> h.{HOME} ORDER BY 1"
        ).fetchall()
        paths = [folder / f"{TOP}.keyed.parquet"]
        for file in files[1:]:
            keyed = folder / f"{file.name}.keyed.parquet"
            paths.append(folder / f"{file.name}.parquet")
            base.execute(
                f"COPY (SELECT t.*, coalesce(h.{HOME}, 0) AS {HOME} FROM {_quoted(keyed)} t "
                f"LEFT JOIN homes h ON t.{KEY} = h.{KEY} ORDER BY {HOME}, t.{NUMBER}) "
                f"TO {_quoted(paths[-1])} (FORMAT parquet, ROW_GROUP_SIZE {BATCH})"
            )
            keyed.unlink()
    return paths, pl.Series([number for (number,) in again], dtype=pl.Int64)


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _store(file: OwnFile, run: Import, path: Path) -> None:
    """A file with the keys of its rows."""
    import pyarrow.parquet as parquet

    writer: Any = None
    try:
        for cells in file.batches(file.columns):
            key = file.keyed(cells, run, "text")
            assert key is not None
            if file.name == TOP:
                cells = cells.with_columns(key.is_not_null().alias(NUMBERED))
                row = pl.concat_str(pl.lit("row"), pl.col(NUMBER))
                key = cells.select(pl.coalesce(pl.lit(key), row)).to_series()
            table = cells.with_columns(key.alias(KEY)).to_arrow(
                compat_level=pl.CompatLevel.oldest()
            )
            if writer is None:
                writer = parquet.ParquetWriter(path, table.schema, compression="lz4")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def check_order(files: Sequence[OwnFile]) -> None:
    """Raises :class:`NeedsRecords` where DuckDB is missing, or would not give a type back as it is."""
    import pyarrow.parquet as parquet
    import pyarrow.types as types

    try:
        import duckdb  # noqa: F401
    except ImportError as error:
        raise NeedsRecords(
            "各文件排序不一致，且未安装 duckdb",
            "the files are not in one order, and duckdb is not installed",
        ) from error
    same = (
        types.is_boolean, types.is_integer, types.is_float32, types.is_float64, types.is_decimal128,
        types.is_string, types.is_large_string, types.is_date32, types.is_null,
    )  # fmt: skip
    for file in files:
        with parquet.ParquetFile(file.path) as book:
            schema = book.schema_arrow
        heads = file.sheet.table.heads
        for index in range(len(heads)) if file.gaps else file.columns:
            kind = schema.field(heads[index].text).type
            plain = any(check(kind) for check in same)
            if not plain and not (types.is_timestamp(kind) and kind.tz is None):
                name = file.path.name
                raise NeedsRecords(
                    f"{name} 未按户排序，且含有 {kind} 类型的列",
                    f"{name} is not in order and holds {kind}",
                )
