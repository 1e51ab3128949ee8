"""One engine, one measurement, one process: run.py starts this again and again.

    measure.py one ENGINE
    measure.py columns ENGINE FOLDER TIMES
    measure.py files ENGINE FOLDER TIMES
    measure.py packs WAY FOLDER COUNT

Every result is compared with the plain function's first; a difference ends it with exit code 1. The last line
is JSON. Times are in seconds (of ``one``: microseconds a call), memory in MB. Two clocks: the wall's, and the
processor time of the whole process. ``against_plain`` is the ratio of processor times a household to the plain
function's, run just before and after.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, Final

import households
import numpy as np
import plain
import rulelist

SAMPLE: Final = 2_000
#: Of `one`: seconds a stretch of calls lasts, and how many stretches there are.
STRETCH, STRETCHES = 0.03, 15
#: Of `one`: seconds spent on comparing results, and the fewest households compared.
COMPARING, FEWEST = 2.0, 100


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def clocked(call: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the wall's clock and of the processor, and what the call gave."""
    gc.collect()
    wall, busy = time.perf_counter(), time.process_time()
    found = call()
    return time.perf_counter() - wall, time.process_time() - busy, found


class Plain:
    """The plain function, timed beside the others."""

    def __init__(self, count: int = SAMPLE) -> None:
        self.households = households.dicts(count)
        self()

    def __call__(self) -> float:
        """Seconds of processor time a household."""
        busy = time.process_time()
        for household in self.households:
            plain.outcomes(household)
        return (time.process_time() - busy) / len(self.households)


def differing(found: dict[str, Any], folder: Path) -> dict[str, int]:
    """In how many households an outcome is not the plain function's."""
    import pyarrow.parquet as pq

    wanted = pq.read_table(folder / "expected.parquet")
    return _differing(found, {n: wanted[n].to_numpy() for n in rulelist.NAMES})


def _differing(found: dict[str, Any], wanted: dict[str, Any]) -> dict[str, int]:
    apart = {n: int(np.count_nonzero(np.asarray(found[n]) != wanted[n])) for n in rulelist.NAMES}
    return {n: count for n, count in apart.items() if count}


# -- one household ----------------------------------------------------------------------------------


def one(engine: str) -> dict[str, Any]:
    """Microseconds a call, a dict in and 60 outcomes out."""
    sample = households.dicts(SAMPLE)
    ask, outcomes, given, amounts = _asked(engine, sample)
    compared = _compare(sample, given, ask, outcomes, amounts)
    start = time.perf_counter()
    for at in range(10):
        ask(given[at])
    calls = max(5, min(SAMPLE, int(STRETCH / ((time.perf_counter() - start) / 10))))
    walls, busys, ratios, at = [], [], [], 0
    before = _stretch(plain.outcomes, sample, 0, SAMPLE)[1]
    for _ in range(STRETCHES):
        wall, busy = _stretch(ask, given, at, calls)
        after = _stretch(plain.outcomes, sample, 0, SAMPLE)[1]
        walls.append(wall * 1e6)
        busys.append(busy * 1e6)
        ratios.append(2 * busy / (before + after))
        before, at = after, at + calls
    return {
        "us": median(walls),
        "cpu_us": median(busys),
        "against_plain": median(ratios),
        "plain_us": before * 1e6,
        "compared": compared,
        "peak_mb": peak(),
    }


def _asked(engine: str, sample: list[Any]) -> tuple[Any, Any, list[Any], bool]:
    """The function to ask, what turns its answer into outcomes (not timed), what it is given, and whether
    it gives amounts."""
    if engine.startswith("ours"):
        import row_ours

        way = row_ours.WAYS[engine]()
        amounts = not isinstance(way, row_ours.Verdicts)
        return way.ask, way.outcomes, [way.take(h) for h in sample], amounts
    if engine in ("OpenFisca-core", "PolicyEngine-core"):
        import fisca

        package = {"OpenFisca-core": "openfisca_core", "PolicyEngine-core": "policyengine_core"}
        return fisca.Fisca(package[engine]), dict, sample, True
    import row_peers

    return row_peers.PEERS[engine](), dict, sample, True


def _compare(sample: Any, given: Any, ask: Any, outcomes: Any, amounts: bool) -> int:
    started, compared = time.perf_counter(), 0
    for household, asked in zip(sample, given, strict=True):
        found, wanted = outcomes(ask(asked)), plain.outcomes(household)
        if found:  # reading alone has none
            wanted = {n: int(v if amounts else bool(v)) for n, v in wanted.items()}
            if {n: int(found[n]) for n in wanted} != wanted:
                apart = [n for n in wanted if int(found[n]) != wanted[n]]
                sys.exit(f"differs from the plain function in {apart}")
        compared += 1
        if compared >= FEWEST and time.perf_counter() - started > COMPARING:
            break
    return compared


def _stretch(ask: Any, given: list[Any], start: int, calls: int) -> tuple[float, float]:
    """Seconds a call on both clocks, over some calls one after the other."""
    some = [given[at % len(given)] for at in range(start, start + calls)]
    wall, busy = time.perf_counter(), time.process_time()
    for household in some:
        ask(household)
    return (time.perf_counter() - wall) / calls, (time.process_time() - busy) / calls


# -- a population in memory -------------------------------------------------------------------------


def columns(engine: str, folder: Path, times: int) -> dict[str, Any]:
    """The rules over columns in memory; ``seconds`` is the median, ``first`` the first run."""
    beside = Plain()
    if engine.startswith("ours"):
        import column_ours

        of: Any = column_ours.way(engine)
    else:
        import column_peers

        of = column_peers.PEERS[engine]()
    of.load(folder)
    loaded = peak()
    first, _, found = clocked(of.run)
    count = _count(folder)
    walls, busys, ratios, before = [], [], [], beside()
    for _ in range(times):
        found = None
        wall, busy, found = clocked(of.run)
        after = beside()
        walls.append(wall)
        busys.append(busy)
        ratios.append(2 * busy / count / (before + after))
        before = after
    highest = peak()
    apart = differing(of.outcomes(found), folder)
    if apart:
        sys.exit(f"differs from the plain function: {apart}")
    return {
        "seconds": median(walls),
        "best": min(walls),
        "busy": median(busys),
        "first": first,
        "against_plain": median(ratios),
        "loaded_mb": loaded,
        "peak_mb": highest,
        "households": count,
    }


def _count(folder: Path) -> int:
    import pyarrow.parquet as pq

    return int(pq.ParquetFile(folder / "expected.parquet").metadata.num_rows)


# -- from Parquet to Parquet --------------------------------------------------------------------------


def files(engine: str, folder: Path, times: int) -> dict[str, Any]:
    """The rules from Parquet to Parquet."""
    of = _filing(engine)
    if engine == "floor":
        of.prepare(folder)
    walls, busys = [], []
    with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
        out = Path(beside) / "out.parquet"
        for number in range(times):
            if number:
                out.unlink()
            wall, busy, _ = clocked(lambda: of.files(folder, out))
            walls.append(wall)
            busys.append(busy)
        highest, size = peak(), out.stat().st_size
        apart = {} if engine == "floor" else written(engine, out, folder)
    if apart:
        sys.exit(f"differs from the plain function: {apart}")
    return {
        "seconds": median(walls),
        "best": min(walls),
        "busy": median(busys),
        "peak_mb": highest,
        "out_mb": size / 1e6,
        "households": _count(folder),
    }


def _filing(engine: str) -> Any:
    if engine.startswith("ours"):
        import file_ours

        return file_ours.WAYS[engine]()
    import column_peers

    if engine == "floor":
        return column_peers.Floor()
    return column_peers.PEERS[engine]()


def written(engine: str, out: Path, folder: Path) -> dict[str, int]:
    """The same of a Parquet file that was written."""
    import polars as pl

    if engine.startswith("ours"):
        import column_ours

        def column(name: str) -> Any:  # one at a time: 60 columns of text are large
            return pl.read_parquet(out, columns=[name]).to_series()

        numbers = column("record").cast(pl.Int64)
        if not (numbers == pl.int_range(len(numbers), eager=True)).all():
            sys.exit("the households are not those that went in, in their order")
        return differing(column_ours.of_wide(column, ".amount"), folder)
    found = pl.read_parquet(out).sort("hid")
    return differing({n: found[n].to_numpy() for n in rulelist.NAMES}, folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("one", "columns", "files", "packs"))
    parser.add_argument("engine")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("number", type=int, nargs="?")
    asked = parser.parse_args()
    if asked.what == "one":
        found = one(asked.engine)
    elif asked.what == "packs":
        import packs

        found = packs.measure(asked.engine, asked.folder, asked.number)
    else:
        measured = columns if asked.what == "columns" else files
        found = measured(asked.engine, asked.folder, asked.number)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
