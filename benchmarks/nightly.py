"""What takes longer than a push can wait for, part by part, and its figures.

    python benchmarks/nightly.py --out benchmarks             everything
    python benchmarks/nightly.py --out benchmarks --only coverage mutants

Runs in an environment with the extras ``dev``, ``fuzz`` and ``spark`` (``.ci/nightly`` makes one). Figures of
parts that are not run stay as they were. Exit code 1 where a part failed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parent
BIN: Final = Path(sys.executable).parent
PACKS: Final = ("guangxi", "tongren", "yunnan/dongchuan", "yunnan/mengyong", "zhengzhou")

Figures = dict[str, Any]


class Failed(Exception):
    """A part that did not come out well; its figures stand all the same."""

    def __init__(self, why: str, figures: Figures | None = None) -> None:
        super().__init__(why)
        self.figures = figures or {}


def run(*command: str | Path, fine: Sequence[int] = (0,), **more: Any) -> str:
    """A command's output; what it says otherwise goes to this one's error stream."""
    env = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}
    found = subprocess.run(
        [str(c) for c in command], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, **more
    )
    if found.returncode not in fine:
        sys.stderr.write(found.stdout[-4000:])
        raise Failed(f"{Path(str(command[0])).name} {command[1]}: exit code {found.returncode}")
    return found.stdout


def policy_rules(*command: str, fine: Sequence[int] = (0,)) -> Any:
    """What a command of policy-rules gives as JSON."""
    return json.loads(run(BIN / "policy-rules", *command, "--format", "json", fine=fine))


def tests(asked: argparse.Namespace) -> Figures:
    """The tests marked ``nightly``."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.xml"
        run(BIN / "pytest", "-m", "nightly", "-p", "no:cacheprovider", f"--junit-xml={log}",
            fine=(0, 1))  # fmt: skip
        (suite,) = ElementTree.parse(log).getroot()
    counts = {n: int(suite.get(n, 0)) for n in ("tests", "failures", "errors", "skipped")}
    if counts["failures"] or counts["errors"]:
        failed = [t.get("name") for t in suite if t.find("failure") is not None]
        raise Failed("some failed", counts | {"failed": failed})
    return counts


def coverage(asked: argparse.Namespace) -> Figures:
    """Branch coverage of the whole suite, what runs long (``no_cover``) left out."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "coverage.json"
        run(BIN / "pytest", "-n", "auto", "-p", "no:cacheprovider", "--cov", "--cov-report=")
        run(BIN / "coverage", "run", "--append", ".ci/importing.py")
        run(BIN / "coverage", "json", "-q", "-o", out)
        data = json.loads(out.read_text("utf-8"))
    least = sorted((f["summary"]["percent_covered"], n) for n, f in data["files"].items())[:10]
    total = data["totals"]
    figures = {
        "percent": round(total["percent_covered"], 2),
        "lines": total["num_statements"],
        "branches": total["num_branches"],
        "least": {name: round(percent, 1) for percent, name in least},
    }
    if figures["percent"] < 95:
        raise Failed(f"{figures['percent']} % of lines and branches, not 95 %", figures)
    return figures


def properties(asked: argparse.Namespace) -> Figures:
    """The declared properties of each pack, proved or tested."""
    found: Figures = {}
    for pack in PACKS:
        began = time.perf_counter()
        (one,) = policy_rules("properties", pack, "--seconds", str(asked.seconds), fine=(0, 1))
        fates = [p["status"] for p in one["properties"]]
        found[pack] = {fate: fates.count(fate) for fate in sorted({*fates})}
        found[pack]["minutes"] = minutes(began)
    if any("refuted" in one for one in found.values()):
        raise Failed("a property does not hold", found)
    return found


def mutants(asked: argparse.Namespace) -> Figures:
    """Mutants of each pack."""
    found: Figures = {}
    for pack in PACKS:
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "report.json"
            run(BIN / "policy-rules", "mutate", pack, "--jobs", str(asked.jobs), "--no-suggest",
                "-o", out, fine=(0, 1))  # fmt: skip
            one = json.loads(out.read_text("utf-8"))
        names = ("mutants", "killed", "equivalent", "survived", "timeout")
        found[pack] = {n: one[n] for n in names} | {"minutes": minutes(began)}
    if any(one["survived"] or one["timeout"] for one in found.values()):
        raise Failed("some mutants survived", found)
    return found


def agreement(asked: argparse.Namespace) -> Figures:
    """Random packs and ours, random households, every engine beside the reference interpreter."""
    command = ["agree", "--records", str(asked.records), "--jobs", str(asked.jobs)]
    if asked.minutes:
        command += ["--minutes", str(asked.minutes)]
    found: Figures = policy_rules(*command, fine=(0, 1))
    for name in ("found", "done", "batches"):
        found.pop(name)
    if found["disagreements"]:
        raise Failed("engines disagree", found)
    return found


def soundness(asked: argparse.Namespace) -> Figures:
    """Gaps of records filled in every way: what is decided stays decided."""
    run(BIN / "python", "benchmarks/strategies.py")
    ours = policy_rules("soundness", "-n", "60", fine=(0, 1))
    random = policy_rules("soundness", "-n", "60", "--random", "20", fine=(0, 1))
    counted = ("gaps", "completions", "decided", "unknown", "needless")
    whole = {n: sum(one[n] for one in random) for n in counted}
    found: Figures = {one.pop("pack"): one for one in ours}
    found["20 random packs"] = whole | {"share": round(whole["needless"] / whole["unknown"], 4)}
    if any(one["contradictions"] for one in (*ours, *random)):
        raise Failed("a completion contradicts a verdict", found)
    return found


def fuzzing(asked: argparse.Namespace) -> Figures:
    """Every harness of fuzz/ for so many seconds."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "fuzz.json"
        command = (sys.executable, "fuzz/run.py", "all", "--seconds", str(asked.seconds))
        run(*command, "--json", out, "--work", Path(folder) / "work", fine=(0, 1))
        found: Figures = {one.pop("harness"): one for one in json.loads(out.read_text("utf-8"))}
    if any(one["found"] for one in found.values()):
        raise Failed("something was found", found)
    return found


def spark(asked: argparse.Namespace) -> Figures:
    """The SQL engine and a batch on Spark."""
    run(BIN / "pytest", "tests/tables/test_sql_engine.py", "tests/cli/test_batch.py", "-k", "spark",
        "-p", "no:cacheprovider")  # fmt: skip
    return {}


PARTS: Final[dict[str, Callable[[argparse.Namespace], Figures]]] = {
    "tests": tests,
    "coverage": coverage,
    "properties": properties,
    "mutants": mutants,
    "agreement": agreement,
    "soundness": soundness,
    "fuzzing": fuzzing,
    "spark": spark,
}


def minutes(began: float) -> float:
    return round((time.perf_counter() - began) / 60, 1)


def main() -> int:
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument("--out", type=Path, required=True, help="where nightly.json and .md are kept")
    ask.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    ask.add_argument("--commit", default="")
    ask.add_argument("--records", type=int, default=1_000_000, help="households of `agreement`")
    ask.add_argument("--minutes", type=float, help="of `agreement`, at most")
    ask.add_argument(
        "--seconds", type=int, default=600, help="of each harness; of the solver, a pack"
    )
    ask.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = ask.parse_args()
    kept = asked.out / "nightly.json"
    figures: Figures = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    fine = True
    for name in asked.only:
        print(f"== {name}: {PARTS[name].__doc__}", flush=True)
        began, why = time.perf_counter(), ""
        try:
            found = PARTS[name](asked)
        except Failed as error:
            found, why, fine = error.figures, str(error), False
        figures[name] = {
            "on": date.today().isoformat(),
            "commit": asked.commit,
            "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
            "minutes": minutes(began),
            "failed": why,
            "figures": found,
        }
        print(json.dumps(figures[name], ensure_ascii=False, indent=1), flush=True)
        kept.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (asked.out / "nightly.md").write_text(page(figures), "utf-8")
    return 0 if fine else 1


def page(figures: Figures) -> str:
    """The figures as people read them."""
    lines = ["# Last nightly figures", "", "Written by `.ci/nightly` (benchmarks/nightly.py).", ""]
    for name, one in figures.items():
        head = f"{one['on']}, commit {one['commit'] or '?'}, {one['machine']}, {one['minutes']} minutes"
        lines += [f"## {name}", "", f"{PARTS[name].__doc__} {head}.", ""]
        if one["failed"]:
            lines += [f"**Failed: {one['failed']}.**", ""]
        rows = list(_rows("", one["figures"]))
        if rows:
            lines += ["| | |", "| --- | ---: |", *(f"| {n} | {v} |" for n, v in rows), ""]
    return "\n".join(lines)


def _rows(prefix: str, value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        name = f"{prefix}{key}"
        if isinstance(inner, dict | list):
            yield from _rows(f"{name}: ", inner)
        elif inner not in (None, ""):
            yield name, f"{inner:,}" if isinstance(inner, int) else inner


if __name__ == "__main__":
    sys.exit(main())
