"""How long loading takes, each time in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from statistics import median

_CHILD = """
import json, sys
from time import perf_counter
def timed(call):
    start = perf_counter(); value = call(); return value, perf_counter() - start
def imported():
    import policy_rules
    return policy_rules
found = {}
policy_rules, found["import policy_rules"] = timed(imported)
from policy_rules.facts.dictionary import load_vocabulary
_, found["vocabulary"] = timed(load_vocabulary)
pack, found["load_pack, cold (vocabulary loaded)"] = timed(lambda: policy_rules.load_pack(sys.argv[1]))
_, found["load_pack, again in the same process"] = timed(lambda: policy_rules.load_pack(sys.argv[1]))
_, found["Engine, reference"] = timed(lambda: policy_rules.Engine(pack, engine="reference"))
_, found["Engine, cross-checked"] = timed(lambda: policy_rules.Engine(pack))
print(json.dumps(found))
"""


def measure(pack: str, rounds: int) -> dict[str, float]:
    """Milliseconds, the median of some processes."""
    seen: dict[str, list[float]] = {}
    for _ in range(rounds):
        run = subprocess.run(
            [sys.executable, "-c", _CHILD, pack], check=True, capture_output=True, text=True
        )
        for name, seconds in json.loads(run.stdout).items():
            seen.setdefault(name, []).append(seconds * 1000)
    return {name: round(median(values), 2) for name, values in seen.items()}
