"""A population's frames written in our own layout: a folder with a Parquet file a list, or JSON lines.

The folder is what :mod:`policy_rules.tables.own` reads: ``household.parquet``, ``household.members.parquet``,
columns by the paths of facts. Parts of a population go in one after the other. A structure inside a row
(the cooperative of a link) has no place in a table; JSON lines carry it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import HI, ID, PARENT, YEAR, FrameLayout, layout, pl
from policy_rules.verdict import Interval
from policy_rules.writing import replacing_folder, writing

#: Millionths in a hundredth: money in these files has two decimals.
_HUNDREDTH: Final = 10_000


def write_folder(parts: Iterable[Population], folder: Path) -> int:
    """Write the folder; gives the number of households.

    It appears whole under its name, in the place of one written before. Raises
    :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    import pyarrow.parquet as pq

    writers: dict[str, Any] = {}
    count = 0
    with writing(folder):
        _may_replace(folder)
    with replacing_folder(folder) as beside, ExitStack() as opened:
        for part in parts:
            count += part.height
            for path, table in own_tables(part):
                writer = writers.get(path)
                if writer is None:
                    place = beside / f"{path}.parquet"
                    writer = writers[path] = opened.enter_context(
                        pq.ParquetWriter(place, table.schema, compression="zstd")
                    )
                writer.write_table(table)
    return count


def _may_replace(folder: Path) -> None:
    """A folder may be replaced that holds nothing but what stands here."""
    others = folder.is_dir() and any(
        not (p.name.startswith("household") and p.suffix == ".parquet") for p in folder.iterdir()
    )
    if others or folder.is_file():
        detail = "another file is there" if folder.is_file() else "the folder holds other files"
        raise EvaluationError(Problem("cannot_write", Place(str(folder)), detail=detail))


def own_tables(population: Population) -> Iterator[tuple[str, Any]]:
    """The tables of a population by path, as pyarrow tables."""
    import pyarrow as pa

    frames = population.frames
    names: dict[str, pl.DataFrame] = {}  # by path: for each row its household, member and item
    nested: set[str] = set()
    for inner in layout(population.vocabulary, population.kind).within():
        if inner.path not in frames or inner.outer in nested:
            continue
        if inner.outer is not None and inner.path.count(".") > inner.outer.count(".") + 1:
            nested.add(inner.path)  # inside a structure
            continue
        frame = frames[inner.path]
        names[inner.path] = keys = _keys(frame, inner, names)
        columns = {n: keys.get_column(n).to_arrow().cast(pa.string()) for n in keys.columns}
        if inner.by_year:
            columns["year"] = frame.get_column(YEAR).to_arrow()
        for name in inner.group.facts:
            if name in frame.columns:
                columns[name] = _column(frame, inner, name)
        yield inner.path, pa.table(columns)


def _keys(
    frame: pl.DataFrame, inner: FrameLayout, names: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    own = {"household": "household_id", "household.members": "member_id"}.get(inner.path, "item_id")
    if inner.outer is None:
        return frame.select(pl.col(ID).alias(own))
    above = names[inner.outer]
    above = above.select(n for n in above.columns if n != "item_id")[frame.get_column(PARENT)]
    if inner.by_year:
        return above
    return above.with_columns(frame.get_column(ID).alias(own))


def _column(frame: pl.DataFrame, inner: FrameLayout, name: str) -> Any:
    import pyarrow as pa

    fact, series = inner.group.facts[name], frame.get_column(name)
    match fact.kind:
        case "money" | "number" | "share":
            return _decimals(series)
        case "date" | "year_month":
            series = frame.select(_written_day(name)).to_series()
        case "codes":
            series = frame.select(_written_codes(name, inner.group.bits[name])).to_series()
        case "bool" | "int":
            return series.to_arrow()
    return series.to_arrow().cast(pa.string())


def _decimals(series: pl.Series) -> Any:
    """Millionths as decimals of two places."""
    import pyarrow as pa

    values = series.fill_null(0).to_numpy() // _HUNDREDTH
    wide = np.empty((len(values), 2), np.int64)
    wide[:, 0], wide[:, 1] = values, values >> 63
    known = np.packbits(series.is_not_null().to_numpy(), bitorder="little")
    buffers = [pa.py_buffer(known), pa.py_buffer(wide)]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(values), buffers)


def _written_day(name: str) -> pl.Expr:
    """A day as 2022-12-31; a month, which runs to its last day, as 2022-12."""
    text = pl.col(name).cast(pl.String)
    year, month, day = text.str.slice(0, 4), text.str.slice(4, 2), text.str.slice(6, 2)
    whole = pl.concat_str([year, month, day], separator="-")
    return (
        pl.when(pl.col(name) == pl.col(name + HI))
        .then(whole)
        .otherwise(pl.concat_str([year, month], separator="-"))
        .alias(name)
    )


def _written_codes(name: str, bits: Mapping[str, int]) -> pl.Expr:
    """A set as its codes joined by commas; an empty one as 无."""
    held = [pl.when(pl.col(name) & bit != 0).then(pl.lit(code)) for code, bit in bits.items()]
    joined = pl.concat_str(held, separator=",", ignore_nulls=True)
    return (
        pl.when(pl.col(name) == 0)
        .then(pl.lit("无"))
        .when(pl.col(name).is_not_null())
        .then(joined)
        .alias(name)
    )


def write_lines(parts: Iterable[Population], path: Path) -> int:
    """Write JSON lines of whole records; gives the number of households.

    Raises :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    beside, count = path.with_name(f"{path.name}.tmp"), 0
    with writing(path):
        try:
            with beside.open("w", encoding="utf-8", newline="\n") as file:
                for part in parts:
                    count += part.height
                    for record in part.records():
                        body = json.dumps(record_data(record), ensure_ascii=False)
                        file.write(f"{body}\n")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    return count


def record_data(record: Household) -> dict[str, Any]:
    """A record as plain data, as :func:`~policy_rules.facts.record.read_record` takes it."""
    body: dict[str, Any] = {"kind": record.kind, "id": record.id, "region": record.region}
    if record.as_of is not None:
        body["as_of"] = str(record.as_of)
    return body | {k: v for k, v in _data(record.row).items() if k != "id"}


def _data(value: Any) -> Any:
    match value:
        case Row():
            body: dict[str, Any] = {"id": value.id} if value.id else {}
            for path, fact in value.items():
                at = body
                *above, last = path.split(".")
                for step in above:
                    at = at.setdefault(step, {})
                at[last] = _data(fact)
            if value.external:
                body["external"] = {k: dict(v) for k, v in value.external.items()}
            return body
        case Items():
            rows = [_data(r) for r in value.rows]
            return rows if value.complete else {"items": rows, "complete": False}
        case dict():
            return {str(k): _data(v) for k, v in value.items()}
        case frozenset():
            return sorted(value)
        case Interval():
            return str(value.lo)[: 4 if value.hi.month != value.lo.month else 7]
        case Fraction():
            return float(value)  # two decimals: the shortest text of the float is the number
        case date():
            return str(value)
    return value
