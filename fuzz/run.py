"""Coverage-guided fuzzing with atheris (``pip install atheris``, CPython 3.11 to 3.13 on Linux).

    python fuzz/run.py record --seconds 60        one harness
    python fuzz/run.py all --seconds 600          each in turn, for so long
    python fuzz/run.py record --input FILE        one input again, with its traceback

The corpus grows under ``.fuzz/corpus``; an input that breaks a harness is kept under ``.fuzz/found``. One
input may take 60 s and 2 GB, no more. Prints what was executed and covered, as text and with ``--json``
as data. Exit codes: 0 fine, 1 something was found, 2 it could not run.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
for folder in (HERE, ROOT):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

#: For one input: seconds, and megabytes of the process.
SECONDS, MEGABYTES = 60, 2048
#: Inputs longer than this are not tried: length is bounded by the readers (see the tests of bounds).
LONGEST = {"expression": 2048, "name": 256, "options": 1024}
_FOUND = re.compile(r"Test unit written to (\S+)")
_STATUS = re.compile(r"#(\d+)\s.*?cov: (\d+) ft: (\d+) corp: (\d+)")


def main() -> int:
    """Fuzz what was asked for."""
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    ask.add_argument(
        "harness", help="pack, overlay, expression, name, record, table, workbook, options, all"
    )
    ask.add_argument("--seconds", type=int, default=60)
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--input", type=Path)
    ask.add_argument("--json", type=Path, help="write the figures here")
    ask.add_argument(
        "--work", type=Path, default=ROOT / ".fuzz", help="where corpus and finds are kept"
    )
    ask.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given, rest = ask.parse_known_args()
    if given.child:
        child(given.harness, rest)
    from harnesses import HARNESSES

    if given.harness not in (*HARNESSES, "all"):
        ask.error(f"no harness {given.harness}")
    if given.input is not None:
        print(
            "accepted"
            if HARNESSES[given.harness](given.input.read_bytes())
            else "refused, as documented"
        )
        return 0
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is not installed (pip install atheris): nothing was fuzzed", file=sys.stderr)
        return 2
    names = list(HARNESSES) if given.harness == "all" else [given.harness]
    figures = [fuzzed(name, given.seconds, given.seed, given.work) for name in names]
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    return int(any(f["found"] for f in figures))


def fuzzed(name: str, seconds: int, seed: int, work: Path) -> dict[str, Any]:
    """Fuzz one harness in a process of its own, which libFuzzer ends; gives the figures."""
    from seeds import seeds, words

    corpus, found = work / "corpus" / name, work / "found" / name
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for body in seeds(name):
        (corpus / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)
    book = work / f"{name}.dict"
    book.write_text("".join(f'"{_escaped(w)}"\n' for w in words(name) if w), "ascii")
    began = time.monotonic()
    command = [
        sys.executable, str(HERE / "run.py"), name, "--child", str(corpus), f"-dict={book}",
        f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={SECONDS}", f"-rss_limit_mb={MEGABYTES}",
        f"-max_len={LONGEST.get(name, 16384)}", f"-artifact_prefix={found}/", "-verbosity=1", "-len_control=0",
        "-print_final_stats=1",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    said = done.stdout + done.stderr
    last = [m.groups() for m in _STATUS.finditer(said)] or [("0", "0", "0", "0")]
    kept = _FOUND.findall(said)
    executed = re.search(r"number_of_executed_units:\s*(\d+)", said)
    figures = {
        "harness": name,
        "seconds": round(time.monotonic() - began),
        "executions": int(executed[1] if executed else last[-1][0]),
        "edges": int(last[-1][1]),
        "features": int(last[-1][2]),
        "corpus": int(last[-1][3]),
        "found": kept,
    }
    print(
        f"{name}: {figures['executions']:,} executions in {figures['seconds']} s, {figures['edges']:,} edges, "
        f"{figures['corpus']:,} inputs kept; found: {', '.join(kept) or 'nothing'}",
        flush=True,
    )
    if done.returncode and not kept:
        figures["found"] = ["(no input kept)"]
    if figures["found"]:
        at = max(said.find("Uncaught Python exception"), 0)
        print(said[at:][:4000] if at else said[-4000:], file=sys.stderr)
    return figures


def child(name: str, rest: list[str]) -> None:
    """Run libFuzzer on one harness; does not come back."""
    import atheris

    with (
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stderr(nowhere),
        atheris.instrument_imports(include=["policy_rules"]),
    ):
        from harnesses import HARNESSES

        import policy_rules

        # what is imported when first needed is instrumented too
        for module in pkgutil.walk_packages(policy_rules.__path__, "policy_rules."):
            if module.name.split(".")[1] in ("tables", "engine", "diff", "facts", "expr", "packs"):
                importlib.import_module(module.name)
    one = HARNESSES[name]
    atheris.Setup([sys.argv[0], *rest], lambda data: one(data) and None)
    atheris.Fuzz()


def _escaped(word: bytes) -> str:
    return "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in word)


if __name__ == "__main__":
    sys.exit(main())
