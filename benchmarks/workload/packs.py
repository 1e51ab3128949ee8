"""Our own packs over synthetic populations: time, memory, growth.

No day lies within all of them (Zhengzhou's begins in 2024, Mengyong's holds for 2023 alone): each is evaluated
on a day in force, so that its rules speak.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

from measure import clocked, peak

from policy_rules import load_packs
from policy_rules.packs.model import Pack
from policy_rules.tables.batch import BatchOptions, run_batch
from policy_rules.tables.evaluate import evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.tables.synth import synthetic_parts
from policy_rules.tables.synth_files import write_synthetic

DAYS: Final = (date(2023, 6, 30), date(2024, 6, 30))
#: Households of a population in memory at a time.
PART: Final = 30_000


def day_of(pack: Pack) -> date:
    return next(day for day in DAYS if pack.in_force.holds(day))


def make(cache: Path, n: int) -> Path:
    """The population as a folder of Parquet, as `policy-rules tables synth` writes it."""
    folder = cache / "packs" / str(n)
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir():
        write_synthetic(folder, n, layout="own")
    return folder


def measure(way: str, folder: Path, n: int) -> dict[str, Any]:
    """Seconds and memory of one way over ``n`` households."""
    seconds, busy, more = _WAYS[way](folder, n)
    return {"seconds": seconds, "busy": busy, "peak_mb": peak(), "households": n, **more}


def _in_memory(folder: Path, n: int) -> tuple[float, float, dict[str, Any]]:
    """All packs over the frames of a part, part after part; drawing them is not timed."""
    packs, by_pack = load_packs(), {}
    _evaluated(packs, next(_parts(2_000)))  # plans are made once
    seconds = busy = 0.0
    findings = 0
    for part in _parts(n):
        for pack in packs:
            wall, cpu, answers = clocked(_evaluation(pack, part))
            seconds, busy = seconds + wall, busy + cpu
            by_pack[pack.id] = by_pack.get(pack.id, 0.0) + wall
            findings += len(answers)
    more = {"findings": findings, "by_pack": by_pack, "rules": sum(len(p.rules) for p in packs)}
    return seconds, busy, more


def _evaluation(pack: Pack, part: Population) -> Callable[[], Any]:
    return lambda: evaluate_population(pack, part, day_of(pack))


def _evaluated(packs: tuple[Pack, ...], part: Population) -> list[Any]:
    return [evaluate_population(pack, part, day_of(pack)) for pack in packs]


def _parts(n: int) -> Iterator[Population]:
    return synthetic_parts(n, size=PART)


def _batch(folder: Path, n: int) -> tuple[float, float, dict[str, Any]]:
    """`policy-rules batch`, Parquet to a wide Parquet: a run for the packs of each day."""
    packs = load_packs()
    seconds = busy = size = 0.0
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        for day in DAYS:
            names = tuple(p.id for p in packs if day_of(p) == day)
            options = BatchOptions(packs=names, as_of=day, wide=True)
            out = Path(beside) / f"{day}.parquet"
            wall, cpu, report = clocked(
                lambda out=out, options=options: run_batch(folder, out, options)
            )
            assert report.records == n
            seconds, busy, size = seconds + wall, busy + cpu, size + out.stat().st_size / 1e6
    return seconds, busy, {"out_mb": size}


def _floor(folder: Path, n: int) -> tuple[float, float, dict[str, Any]]:
    """Every column of the Parquet read, and the packs' wide tables written; nothing in between.

    What is written is the answers for the first households, again and again.
    """
    import pyarrow.parquet as pq

    first = next(_parts(min(n, PART)))
    tables = [a.wide().to_arrow() for a in _evaluated(load_packs(), first)]

    def all_of_it() -> None:
        for file in sorted(folder.glob("*.parquet")):
            for _ in pq.ParquetFile(file).iter_batches(65_536):
                pass
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            for number, table in enumerate(tables):
                with pq.ParquetWriter(
                    Path(beside) / f"{number}.parquet", table.schema, compression="zstd"
                ) as writer:
                    for start in range(0, n, first.height):
                        writer.write_table(table.slice(0, min(first.height, n - start)))

    wall, cpu, _ = clocked(all_of_it)
    return wall, cpu, {}


_WAYS: Final = {"in memory": _in_memory, "batch": _batch, "floor": _floor}


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("count", type=int)
    asked = parser.parse_args()
    started = time.perf_counter()
    print(make(asked.cache, asked.count), f"{time.perf_counter() - started:.0f} s")
