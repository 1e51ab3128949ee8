"""The rows of a Parquet file, some at a time, by polars where it reads what pyarrow does, else by pyarrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from policy_rules.tables.frames_layout import pl

__all__ = ["BATCH", "read_batches"]

#: Rows read at a time.
BATCH: Final = 65_536
#: Rows and bytes of a row group that is read at once, at most.
_GROUP, _BYTES = 1_200_000, 2**28


def read_batches(path: Path, columns: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    """Some columns of a file, by the names they get; one frame without rows where there are none."""
    import pyarrow.parquet as parquet

    names = [*columns.values()]
    with parquet.ParquetFile(path, pre_buffer=True) as file:
        if _simple(file, names):
            spans = [*_spans(file.metadata)]
        else:
            yield from _by_arrow(file, columns)
            return
    scan = pl.scan_parquet(path.absolute(), glob=False, hive_partitioning=False)
    cells = scan.select(pl.col(name).alias(to) for to, name in columns.items())
    for start, count in spans:
        yield cells.slice(start, count).collect()


def _simple(file: Any, names: list[str]) -> bool:
    """Whether polars reads the columns as pyarrow does, and a row group of them is small enough."""
    import pyarrow.types as types

    same = (
        types.is_boolean, types.is_integer, types.is_float32, types.is_float64, types.is_decimal128,
        types.is_string, types.is_large_string, types.is_date32,
    )  # fmt: skip
    meta, schema = file.metadata, file.schema_arrow
    groups = [meta.row_group(i) for i in range(meta.num_row_groups)]
    return (
        meta.num_rows > 0
        and all(any(check(schema.field(name).type) for check in same) for name in names)
        and all(g.num_rows <= _GROUP and g.total_byte_size <= _BYTES for g in groups)
    )


def _spans(meta: Any) -> Iterator[tuple[int, int]]:
    """Where to begin and how many rows to read: whole row groups."""
    start = count = 0
    for i in range(meta.num_row_groups):
        rows = meta.row_group(i).num_rows
        if count and count + rows > BATCH:
            yield start, count
            start, count = start + count, 0
        count += rows
    yield start, count


def _by_arrow(file: Any, columns: Mapping[str, str]) -> Iterator[pl.DataFrame]:
    import pyarrow as pa

    names = [*columns.values()]
    found = file.iter_batches(BATCH, columns=names)
    if not file.metadata.num_rows:
        schema = file.schema_arrow
        found = iter([pa.record_batch([pa.array([], f.type) for f in schema], schema=schema)])
    for batch in found:
        yield pl.DataFrame([pl.Series(to, batch.column(name)) for to, name in columns.items()])
