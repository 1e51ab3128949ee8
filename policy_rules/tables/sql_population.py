"""Populations as SQL sees them: what is known of their columns, tables to read, answers to give back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from policy_rules.tables.frames_layout import pl
from policy_rules.tables.plan import Plan
from policy_rules.tables.sql import Input, Known

_TYPES = {"bool": pl.Boolean, "int": pl.Int64, "text": pl.String}
_HEADS = ("_row", "_parent", "_id")


def survey(plan: Plan, frames: Mapping[str, pl.DataFrame]) -> Known:
    """The ranges of the integers and the most inner rows of one row, rounded up."""
    ranges: dict[tuple[str, str], tuple[int, int]] = {}
    most: dict[str, int] = {}
    for frame, names in integers(plan).items():
        table = frames.get(frame)
        if table is None:
            continue
        here = [n for n in names if n in table.columns]
        if here:
            least = table.select(pl.col(here).min()).row(0)
            highest = table.select(pl.col(here).max()).row(0)
            for name, lo, hi in zip(here, least, highest, strict=True):
                ranges[frame, name] = (below(lo), above(hi))
        if "_parent" in table.columns:
            counts = table.get_column("_parent").value_counts(name="rows").get_column("rows")
            most[frame] = above(counts.to_numpy().max(initial=0))
    return Known(ranges, most)


def integers(plan: Plan) -> dict[str, list[str]]:
    """The integer columns a plan reads, by frame."""
    found: dict[str, dict[str, None]] = {frame: {} for frame in plan.frames}
    for column in plan.needed:
        if column.kind == "int":
            found[column.frame][column.name] = None
    return {frame: list(names) for frame, names in found.items()}


def above(x: Any) -> int:
    """A bound that slices of one population share: the next power of 16, less one; 0 of nothing."""
    return 0 if x is None or x <= 0 else int(16 ** (-(-int(x).bit_length() // 4)) - 1)


def below(x: Any) -> int:
    """The same on the other side."""
    return 0 if x is None or x >= 0 else -above(-int(x)) - 1


def inputs(table: pl.DataFrame | None, columns: Sequence[Input]) -> pl.DataFrame:
    """The columns a plan reads of a frame; what the frame does not have is not recorded in any row."""
    if table is None:
        table = pl.DataFrame(schema={"_row": pl.Int64, "_parent": pl.Int64})
    items = [pl.col(k).cast(pl.Int64) for k in _HEADS[:2] if k in table.columns]
    for column in columns:
        item = pl.lit(None) if column.name not in table.columns else pl.col(column.name)
        # a narrow integer is widened by the SQL; here that would be a copy
        if column.kind != "int" or column.name not in table.columns:
            item = item.cast(_TYPES[column.kind])
        items.append(item.alias(column.column))
    return table.select(items)


def named(found: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """A result with the names of its columns; of two of one name (`odd` may be an outcome too) the last."""
    columns = {name: f"o{i}" for i, name in enumerate(names)}
    return found.select("_row", *(pl.col(c).alias(n) for n, c in columns.items()))


def answer(frame: pl.DataFrame | None, found: pl.DataFrame) -> pl.DataFrame:
    """A result beside the rows it is of, in the order of the frame."""
    found = found.with_columns(_narrow(found.get_column(n)) for n in found.columns)
    if frame is None:
        return found
    head = frame.select(n for n in _HEADS if n in frame.columns)
    if not found.get_column("_row").is_sorted():
        found = found.sort("_row")
    if found.get_column("_row").equals(head.get_column("_row").cast(pl.Int64)):
        return head.hstack(found.drop("_row"))
    return head.join(found, on="_row", how="left", maintain_order="left")


def _narrow(column: pl.Series) -> pl.Series:
    """Int64 where the numbers fit, so that slices of a population have columns of one type."""
    if not column.dtype.is_decimal():
        return column
    wide = column.cast(pl.Int128)
    lo: Any = wide.min()
    hi: Any = wide.max()
    return wide if lo is not None and (lo < -(2**63) or hi >= 2**63) else wide.cast(pl.Int64)
