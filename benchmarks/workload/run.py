"""The workload on every engine, side by side: one household, a million in memory, five million from Parquet
to Parquet, and our own packs over populations.

    python benchmarks/workload/run.py              # half an hour on 2 cores
    python benchmarks/workload/run.py --quick      # 4 minutes: a tenth of the households, one round
    python benchmarks/workload/run.py --full       # with our packs on 10 million households
    python benchmarks/workload/run.py --only one   # a part: one, columns, files, packs

Needs Python 3.11 or later and, the first time, a package index: the peers are installed under --cache. Writes
results.json and results.md beside this file (a quick run: under --cache) and the table of benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import environments
import report

HERE: Final = Path(__file__).resolve().parent
#: Seconds after which a process is ended; the figures say so. A quick run waits less, a full one longer.
QUICK_LIMIT, LIMIT, LONG_LIMIT = 120, 1_200, 7_200
#: Households a slow way is tried with first, to see whether it would end in time.
TRIED: Final = 20_000

ONE: Final = (
    "plain",
    "ours: verdicts",
    "ours: verdicts, record checked before",
    "ours: determination",
    "ours: determination, record checked before",
    "ours: determination, missing and contested read, record checked before",
    "ours: determination, explained",
    "ours: determination, explained, record checked before",
    "ours: cross-checked",
    "ours: cross-checked, record checked before",
    "ours: checking the record alone",
    "cel",
    "cel_rust",
    "zen",
    "durable_rules",
    "OpenFisca-core",
    "PolicyEngine-core",
)
COLUMNS: Final = (
    "ours: polars, plan",
    "ours: polars, answers",
    "ours: polars, table",
    "ours: DuckDB, plan",
    "ours: DuckDB, answers",
    "polars, sorted offsets",
    "polars, group_by and join",
    "DuckDB",
    "OpenFisca-core",
    "PolicyEngine-core",
)
FILES: Final = (
    "floor",
    "polars, sorted offsets",
    "polars, group_by and join",
    "DuckDB",
    "ours: batch, polars",
    "ours: batch, polars, nothing checked beside",
    "ours: batch, DuckDB",
)
PACKS: Final = ("in memory", "floor", "batch")


class Bench:
    """One run: where things stand and what was asked for."""

    def __init__(self, cache: Path, quick: bool, full: bool, rounds: int | None) -> None:
        self.cache, self.quick = cache, quick
        self.rounds = rounds or (1 if quick else 5)
        self.in_memory = 100_000 if quick else 1_000_000
        self.in_files = 500_000 if quick else 5_000_000
        self.of_packs = [10_000] if quick else [10_000, 1_000_000]
        self.of_packs += [10_000_000] if full else []
        self.limit = LONG_LIMIT if full else QUICK_LIMIT if quick else LIMIT
        self.rng = random.Random(0)

    def measured(self, engine: str, what: str, *more: Any) -> dict[str, Any]:
        """What one process says; ``failed`` where it ended with an error or not in time."""
        command = [
            environments.python(self.cache, engine),
            HERE / "measure.py",
            what,
            engine,
            *more,
        ]
        started = time.perf_counter()
        try:
            done = subprocess.run(
                [str(part) for part in command],
                capture_output=True,
                text=True,
                timeout=self.limit,
                check=False,
            )
        except subprocess.TimeoutExpired:
            found = {"failed": f"not done in {self.limit} s"}
        else:
            lines = (done.stderr if done.returncode else done.stdout).strip().splitlines()
            last = lines[-1] if lines else f"exit code {done.returncode}"
            found = {"failed": last} if done.returncode else json.loads(last)
        say = found.get("failed") or ", ".join(
            f"{name} {value:.4g}" for name, value in found.items() if isinstance(value, float)
        )
        print(f"  {what} {engine}: {say} [{time.perf_counter() - started:.0f} s]", flush=True)
        return found

    def made(self, script: str, count: int) -> Path:
        """A population's folder, made by a script in the environment of our engine."""
        python = environments.python(self.cache, "ours")
        command = [str(python), str(HERE / script), str(self.cache), str(count)]
        folder = self.cache / ("packs" if script == "packs.py" else "data") / str(count)
        if not folder.is_dir():
            print(f"  making {folder}", flush=True)
            subprocess.run(command, check=True)
        return folder

    def in_rounds(self, engines: tuple[str, ...], rounds: int, what: str, *more: Any) -> Any:
        """Every engine once a round, in an order drawn anew; an engine that fails is not asked again."""
        found: dict[str, list[dict[str, Any]]] = {engine: [] for engine in engines}
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}, load {os.getloadavg()[0]:.1f}", flush=True)
            order = [e for e in engines if not any("failed" in r for r in found[e])]
            self.rng.shuffle(order)
            for engine in order:
                found[engine].append(self.measured(engine, what, *more))
        return {"rounds": found}

    def one(self) -> Any:
        return self.in_rounds(ONE, self.rounds, "one")

    def columns(self) -> Any:
        return self.in_rounds(
            COLUMNS, self.rounds, "columns", self.made("data.py", self.in_memory), 5
        )

    def files(self) -> Any:
        """A way that would not end in time is tried with fewer households, and the figures say with how many."""
        tried = self.made("data.py", TRIED)
        slow = {}
        for engine in (e for e in FILES if e.startswith("ours")):
            found = self.measured(engine, "files", tried, 1)
            if "failed" in found or found["seconds"] * self.in_files / TRIED > self.limit / 2:
                slow[engine] = [found]
        engines = tuple(e for e in FILES if e not in slow)
        rounds = min(3, self.rounds)
        found = self.in_rounds(engines, rounds, "files", self.made("data.py", self.in_files), 2)
        found["rounds"] |= slow
        return found

    def packs(self) -> Any:
        found: dict[str, dict[str, Any]] = {way: {} for way in PACKS}
        for count in self.of_packs:
            folder = self.made("packs.py", count)
            for way in PACKS:
                before = list(found[way].items())
                if before and self._too_long(*before[-1], count):
                    continue
                found[way][str(count)] = self.measured(way, "packs", folder, count)
        return {"ways": found}

    def _too_long(self, count: str, last: dict[str, Any], now: int) -> bool:
        return "failed" in last or last["seconds"] * now / int(count) > self.limit


def machine() -> dict[str, Any]:
    """What it ran on."""
    return {
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "commit": _commit(),
    }


def _commit() -> str:
    """The last that changed the library, where this is a checkout and git is there."""

    def asked(*words: str) -> str:
        command = ["git", "-C", str(environments.ROOT), *words, "--", "policy_rules", "rules"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    try:
        return asked("log", "-1", "--format=%h") + ("+" if asked("status", "--porcelain") else "")
    except OSError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", nargs="+", choices=("one", "columns", "files", "packs"))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--cache", type=Path, default=HERE / ".cache")
    parser.add_argument(
        "--report", action="store_true", help="write the tables anew, measure nothing"
    )
    asked = parser.parse_args()
    cache: Path = asked.cache.resolve()
    cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(cache, asked.quick, asked.full, asked.rounds)
    folder = cache if asked.quick else HERE
    file = folder / "results.json"
    results: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    parts = () if asked.report else asked.only or ("one", "columns", "files", "packs")
    for part in parts:
        print(part, flush=True)
        results[part] = {"machine": machine(), **getattr(bench, part)()}
        file.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    text = report.markdown(results)
    (folder / "results.md").write_text(text, "utf-8")
    if not asked.quick:
        report.into(HERE.parent / "README.md", text)
    print(text)
    failed = report.failures(results)
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
