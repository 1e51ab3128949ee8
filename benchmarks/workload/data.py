"""The households as Parquet, in the peers' layout and in ours, and what the plain function says of them.

<cache>/data/<n>/households.parquet members.parquet    hid, money as double yuan, types as text
<cache>/data/<n>/own/household.parquet …               as `policy-rules batch` reads them: money as decimals
<cache>/data/<n>/expected.parquet                      hid and the 60 outcomes
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final

import households
import numpy as np
import plain
import pyarrow as pa
import pyarrow.parquet as pq
import rulelist

ROWS: Final = 262_144
_MEMBERS_OF_A_HOUSEHOLD: Final = 4


def folder(cache: Path, n: int) -> Path:
    """Where the files of ``n`` households stand."""
    return cache / "data" / str(n)


def make(cache: Path, n: int) -> Path:
    """Make the files, unless they are there; they appear whole."""
    done = folder(cache, n)
    if done.is_dir():
        return done
    beside = done.with_name(f"{n}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    (beside / "own").mkdir(parents=True)
    starts = range(0, n, households.PART)
    writers: dict[str, Any] = {}
    with contextlib.ExitStack() as stack:
        over: Any = map
        if len(starts) > 1:
            spawning = multiprocessing.get_context("spawn")
            over = stack.enter_context(ProcessPoolExecutor(2, spawning)).map
        expected = over(_expected, starts, [n] * len(starts))
        for start, part in zip(starts, households.draw(n), strict=True):
            tables = _peers(part, start) | _own(part, start)
            tables["expected"] = pa.table({"hid": _hid(part, start), **next(expected)})
            for name, table in tables.items():
                if name not in writers:
                    writers[name] = stack.enter_context(
                        pq.ParquetWriter(
                            beside / f"{name}.parquet", table.schema, compression="zstd"
                        )
                    )
                writers[name].write_table(table, ROWS)
    beside.rename(done)
    return done


def _expected(start: int, n: int) -> dict[str, Any]:
    """The outcomes of a part by the plain function."""
    number, count = start // households.PART, min(households.PART, n - start)
    found = [plain.outcomes(h) for h in households.dicts_of(number, count)]
    flags = {r: np.array([o[r] for o in found], dtype=bool) for r in rulelist.FLAGS}
    amounts = {r: np.array([o[r] for o in found], dtype=np.int32) for r in rulelist.AMOUNTS}
    return {r: flags[r] if r in flags else amounts[r] for r in rulelist.NAMES}


def _hid(part: households.Households, start: int) -> Any:
    return np.arange(start, start + len(part), dtype=np.int32)


def _types(part: households.Households) -> Any:
    places = pa.array(part.of["hh_type"])
    return pa.DictionaryArray.from_arrays(places, pa.array(rulelist.TYPES)).cast(pa.string())


def _peers(part: households.Households, start: int) -> dict[str, Any]:
    of = {f: _types(part) if f == "hh_type" else part.column(f) for f in rulelist.FACTS}
    home = (part.home + start).astype(np.int32)
    return {
        "households": pa.table({"hid": _hid(part, start), **of}),
        "members": pa.table({"hid": home, **part.members}),
    }


def _own(part: households.Households, start: int) -> dict[str, Any]:
    def of(fact: str) -> Any:
        if fact == "hh_type":
            return _types(part)
        if fact in rulelist.MONEY:
            return _decimals(part.of[fact])
        return part.of[fact]

    number = pa.array(_hid(part, start)).cast(pa.string())
    home = part.home + start
    sizes = part.of["size"]
    within = np.arange(len(home)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    member = pa.array(home * _MEMBERS_OF_A_HOUSEHOLD + within).cast(pa.string())
    return {
        "own/household": pa.table({"household_id": number, **{f: of(f) for f in rulelist.FACTS}}),
        "own/household.members": pa.table(
            {
                "household_id": pa.array(home).cast(pa.string()),
                "member_id": member,
                **part.members,
            }
        ),
    }


def _decimals(fen: Any) -> Any:
    wide = np.zeros((len(fen), 2), dtype=np.int64)
    wide[:, 0] = fen
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(fen), [None, pa.py_buffer(wide)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path)
    parser.add_argument("count", type=int)
    asked = parser.parse_args()
    print(make(asked.cache, asked.count))
