"""Resident memory while many records are evaluated, in a process of its own for each engine.

    python benchmarks/memory.py auto 1000000

prints one line of JSON. The record is read anew and the result thrown away each time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

POINTS = 20
ENGINES = ("reference", "auto")


def start(engine: str, evaluations: int) -> subprocess.Popen[str]:
    """Start a run."""
    command = [sys.executable, str(Path(__file__).resolve()), engine, str(evaluations)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def measure(evaluations: int) -> dict[str, Any]:
    """Both engines, one after the other; megabytes after so many evaluations."""
    found = {}
    for engine in ENGINES:
        text, _ = start(engine, evaluations).communicate()
        found[engine] = json.loads(text)
    return found


def resident() -> float:
    """Megabytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 2)


def run(name: Any, evaluations: int) -> dict[str, Any]:
    """Evaluate in turn the examples and 50 sampled households."""
    import baseline
    from records import examples, sampled

    from policy_rules import Engine, load_pack

    pack = load_pack(baseline.PACK)
    engine = Engine(pack, engine=name)
    cases = [*examples(pack), *sampled(pack, 50, "sampled", seed=1, derived=0.0)]
    todo = [(case.data, case.as_of) for case in cases]
    marks = {evaluations * i // POINTS for i in range(1, POINTS + 1)}
    marks |= {n for n in (1_000, 10_000) if n < evaluations}
    samples = [(0, resident())]
    started = perf_counter()
    for number in range(1, evaluations + 1):
        data, as_of = todo[number % len(todo)]
        engine.evaluate(data, as_of=as_of)
        if number in marks:
            samples.append((number, resident()))
            print(number, samples[-1][1], file=sys.stderr, flush=True)
    return {
        "evaluations": evaluations,
        "engine": engine.name,
        "seconds": round(perf_counter() - started, 1),
        "megabytes": samples,
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1], int(sys.argv[2]))))
