"""Load time, latency and memory of policy_rules on the Dongchuan pack.

    python benchmarks/run.py [--rounds 40] [--memory [1000000]]

Writes results.json and results.md beside this file. Without --memory, memory is watched over 20,000
evaluations; with it over a million (or as many as are named).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path
from typing import Any

import baseline
import latency
import loading
import memory

from policy_rules import load_pack

HERE = Path(__file__).resolve().parent
GOALS = (
    ("cross-checked", "median_us", 1500.0, "µs"),
    ("reference, missing and contested read", "median_us", 300.0, "µs"),
    ("verdicts only", "ratio", 5.0, "× the baseline"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--memory", type=int, nargs="?", const=1_000_000, default=20_000)
    options = parser.parse_args()
    pack = load_pack(baseline.PACK)
    results = {
        "machine": machine(),
        "pack": {"id": pack.id, "digest": pack.digest, "rules": len(pack.rules)},
        "loading_ms": loading.measure(pack.id, max(3, options.rounds // 5)),
        "latency": latency.measure(pack, options.rounds),
        "memory": memory.measure(options.memory),
    }
    (HERE / "results.json").write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n")
    text = markdown(results)
    (HERE / "results.md").write_text(text)
    print(text)


def machine() -> dict[str, Any]:
    """What it ran on, and how busy that was at the start."""
    return {
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def markdown(results: dict[str, Any]) -> str:
    """The results as tables."""
    here, spent = results["machine"], results["latency"]
    lines = [
        f"Python {here['python']}, {here['system']}, {here['cores']} cores, load average "
        f"{here['load_average']} at the start; pack {results['pack']['id']} "
        f"({results['pack']['rules']} rules, digest {results['pack']['digest'][:12]}); "
        f"cross-checked by {spent['engine']}; {spent['rounds']} rounds.",
        "",
        "| loading | ms (median) |",
        "| --- | ---: |",
        *(f"| {name} | {value} |" for name, value in results["loading_ms"].items()),
    ]
    for group, rows in spent["groups"].items():
        lines += [
            "",
            f"| {group}: {spent['records'][group]} records of {spent['findings'][group]:.0f} findings"
            " | median µs | p99 µs | wall: median µs | p99 µs | × baseline |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *(
                f"| {name} | {row['median_us']:,.0f} | {row['p99_us']:,.0f} | "
                f"{row['wall_median_us']:,.0f} | {row['wall_p99_us']:,.0f} | {row['ratio']} |"
                for name, row in rows.items()
            ),
        ]
    lines += ["", "| goal | wanted | examples | sampled |", "| --- | ---: | ---: | ---: |"]
    for name, figure, goal, unit in GOALS:
        got = [f"{spent['groups'][group][name][figure]:,.1f}" for group in ("examples", "sampled")]
        lines.append(f"| {name} | {goal:,.0f} {unit} | {got[0]} | {got[1]} |")
    lines += ["", "| resident memory, MB, after evaluations | reference | cross-checked |"]
    lines.append("| --- | ---: | ---: |")
    both = (results["memory"]["reference"]["megabytes"], results["memory"]["auto"]["megabytes"])
    for (count, one), (_, other) in zip(*both, strict=True):
        lines.append(f"| {count:,} | {one:.1f} | {other:.1f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
