"""A batch killed at any line loses nothing: what was done stays done, and the result is the same bytes.

The process kills itself (SIGKILL: no handler, no clean-up) at a line of the batch's own code, drawn at random.
Some kills by the clock run in CI (``tests/tables/test_batch.py``).
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import attacked
import pytest

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
SCRIPT = """
import os, signal, sys, threading
from datetime import date
from pathlib import Path
from policy_rules.render.staff import StaffWording
from policy_rules.tables import batch, batch_answers, batch_beside, outputs, staff_book
from policy_rules.tables.batch import BatchOptions, run_batch

house, output, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
here = str(Path(batch.__file__).parent)
lines = 0


def line(frame, event, arg):
    global lines
    lines += event == "line"
    if lines == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return line


def call(frame, event, arg):
    name = frame.f_code.co_filename
    return line if name.startswith(here) or name.endswith("writing.py") else None


options = BatchOptions(
    packs=("sample",), rules=house / "rules", as_of=date(2023, 6, 30), engine="reference", size=SIZE
)
threading.settrace(call)
sys.settrace(call)
run_batch(house / "in.jsonl", output, options, resume=True, wording=StaffWording("zh"))
sys.settrace(None)
print(lines)
"""


def ran(house: Path, output: Path, last: int, size: int) -> int:
    """Lines of a run that came to its end; -1 where it was killed."""
    command = [sys.executable, "-c", SCRIPT.replace("SIZE", str(size)), house, output, str(last)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGKILL:
        return -1
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def killed(folder: Path, name: str, kills: int, households: int, size: int) -> None:
    house, rng = attacked.house(folder), random.Random(f"{name} {kills}")
    # every eighth has a value that cannot be read: the problems are joined, too
    facts = [{"size": "x"} if i % 8 == 0 else {} for i in range(households)]
    attacked.population(house, [attacked.family(i, **f) for i, f in enumerate(facts)])
    whole, output = house / f"whole-{name}", house / name
    total = ran(house, whole, 0, size)
    beside = [f"{end}" for end in ("", ".problems.csv")]
    expected = [whole.with_name(whole.name + end).read_bytes() for end in beside]
    done: list[int] = []
    count = 0
    for _ in range(20 * kills):
        # most runs are killed early or in the middle; some of the last begin to join the parts
        last = int(total * rng.choice((0.02, 0.1, 0.4, 1.0)) * rng.random()) + 1
        if count == kills:
            last = 0
        if ran(house, output, last, size) != -1:
            if count == kills:
                break
            for file in house.glob(f"{name}*"):
                if file.is_file():
                    file.unlink()  # it came to its end: once more, until there are so many kills
            done.clear()
            continue
        count += 1
        assert not output.exists() or output.read_bytes() == expected[0]
        done.append(len(list((house / f"{name}.parts").glob("*.json"))))
        if not output.exists():
            assert done == sorted(done), done
    assert count == kills
    assert [output.with_name(name + end).read_bytes() for end in beside] == expected
    left = {p.name for p in house.iterdir() if p.name.startswith((name, f".{name[:1]}"))}
    assert left == {name, f"{name}.problems.csv", f"{name}.run.json"}


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["o.parquet", "o.csv", "o.xlsx"])
def test_a_batch_killed_fifty_times_loses_nothing(tmp_path: Path, name: str) -> None:
    killed(tmp_path, name, kills=50, households=1200, size=20)
