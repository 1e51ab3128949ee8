"""Households in our own layout as Parquet, spoilt at random, for tests that read them in two ways."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from policy_rules.tables.synth import synthetic
from policy_rules.tables.synth_own import own_tables

KEYS = ("household_id", "member_id", "item_id")
ODD = ("乱", "", "无", "　", "#N/A", "=1", "2022年3月", "202203", "1.2万", "99-1", "\ufffd", "张三", "null",
       "因病、因残", "530113198001011234X", "-", "３", "1,200", "0.1234567", "9999-12-31")  # fmt: skip
NUMBERS = (None, "", " ", "#1", "户A1", "X-7", "row3", "9.9E+16")


@cache
def _made(seed: int) -> dict[str, pl.DataFrame]:
    return {path: pl.DataFrame(table) for path, table in own_tables(synthetic(60, seed))}


def spoilt(seed: int, folder: Path) -> Path:
    """A folder of files with faults; every seed has its own mix of them."""
    rng = random.Random(seed)
    count = rng.randint(1, 60)
    frames = _made(seed % 5)
    ids = frames["household"]["household_id"].head(count).to_list()
    calm, text = rng.random() < 0.5, rng.random() < 0.3
    folder.mkdir()
    for path, frame in frames.items():
        if path != "household" and rng.random() < 0.1:
            continue
        frame = frame.filter(pl.col("household_id").is_in(ids))
        if text:
            frame = frame.with_columns(household_id="H" + pl.col("household_id"))
        if rng.random() < 0.7:
            frame = _cells(frame, rng, rng.choice([0.05, 0.3]))
        if rng.random() < 0.7:
            frame = _rows(frame, rng, calm)
        if path == "household":
            frame = _added(frame, rng)
        if path == "household.members" and rng.random() < 0.1:
            frame = frame.drop("member_id")
        frame.write_parquet(folder / f"{path}.parquet")
    return folder


def _cells(frame: pl.DataFrame, rng: random.Random, share: float) -> pl.DataFrame:
    """Some columns of another type, with cells that say something odd, or under an unknown header."""
    for name, kind in frame.schema.items():
        if name in KEYS or rng.random() > share:
            continue
        column = pl.col(name)
        match rng.randrange(6):
            case 0:
                frame = frame.with_columns(column.cast(pl.String, strict=False))
            case 1 if kind.is_decimal():
                factor = rng.choice([1, 1 / 3, 1e7, 1e-7, 1e9])
                frame = frame.with_columns(column.cast(pl.Float64) * factor)
            case 2 if kind.is_decimal() or kind == pl.Boolean:
                frame = frame.with_columns(column.cast(pl.Int64))
            case 3 if name in ("birth_date", "from", "to"):
                frame = frame.with_columns(column.str.to_date(strict=False))
            case 4:
                frame = frame.rename({name: f"{name}甲"})
                continue
        if frame.schema[name] == pl.String:
            values = [rng.choice(ODD) if rng.random() < 0.15 else v for v in frame[name].to_list()]
            frame = frame.with_columns(pl.Series(name, values, dtype=pl.String))
    return frame


def _rows(frame: pl.DataFrame, rng: random.Random, calm: bool) -> pl.DataFrame:
    """Rows without a number, under another's, twice, empty, in another order."""
    for name in KEYS[calm:]:
        if name in frame.columns and rng.random() < 0.5:
            values: list[Any] = frame[name].to_list()
            for i in range(len(values)):
                if rng.random() < 0.03:
                    values[i] = rng.choice([*NUMBERS, values[i - 1], f"{values[i] or ''} "])
            frame = frame.with_columns(pl.Series(name, values, dtype=pl.String))
    if frame.height and rng.random() < 0.5:
        at = list(range(frame.height))
        for _ in range(3):
            place = rng.randrange(len(at))
            to = place + 1 if calm else rng.randrange(len(at) + 1)
            at.insert(to, at[place])
        frame = frame[at]
    if not calm and rng.random() < 0.2:
        frame = frame.sample(fraction=1, shuffle=True, seed=rng.randrange(999))
    if frame.height and rng.random() < 0.2:
        place = rng.randrange(frame.height)
        frame = pl.concat([frame[:place], frame.clear(1), frame[place:]])
    if rng.random() < 0.2:
        frame = frame.filter(pl.Series([rng.random() < 0.6 for _ in range(frame.height)]))
    return frame


def _added(frame: pl.DataFrame, rng: random.Random) -> pl.DataFrame:
    """Incomes of years and risks in columns of their own, and a column nobody understands."""
    if rng.random() < 0.3:
        row = pl.int_range(pl.len())
        frame = frame.with_columns(
            pl.lit("123.45").alias("2021年工资性收入"),
            pl.when(row % 3 == 0).then(pl.lit("1.23456789")).alias("2022年转移性收入"),
            pl.concat_str(pl.lit("b"), row).alias("备注"),
        )
    if rng.random() < 0.3:
        row = pl.int_range(pl.len())
        frame = frame.with_columns(
            pl.lit("因病").alias("致贫返贫风险1"),
            pl.when(row % 2 == 0).then(pl.lit("因学")).alias("致贫返贫风险2"),
            pl.when(row % 5 == 0).then(pl.lit("乱写")).alias("致贫返贫风险3"),
        )
    return frame
