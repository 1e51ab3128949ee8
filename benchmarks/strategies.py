"""How well and how fast the strategies of policy_rules.testing draw, measured on the built-in packs.

    python benchmarks/strategies.py [PACK …] [--records 60]

Of every rule: whether `near` draws a record with a YES, with a NO, with an UNKNOWN, out of that many. External
parameters are given some figure. Of every pack: the processor time a record takes, without what Hypothesis
itself takes, and with it. Exits 1 where a rule with conditions is not reached with both YES and NO.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from datetime import date
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from policy_rules import Engine, Pack, Verdict, load_pack
from policy_rules.packs.registry import list_packs
from policy_rules.testing import households, near
from policy_rules.testing.layout import Layout
from policy_rules.testing.reaching import reach_of

FIGURES = {"ratio": 0.5, "yuan": 1000, "years": 60, "yuan_per_person": 12000}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="*")
    parser.add_argument("--records", type=int, default=60)
    options = parser.parse_args()
    missed = 0
    for name in options.packs or list_packs():
        missed += measure(supplied(load_pack(name)), options.records)
    return 1 if missed else 0


def supplied(pack: Pack) -> Pack:
    """The pack with some figure for every external parameter."""
    always = {"from": "2015-01-01", "to": "2035-12-31"}
    figures = {
        p.id: [{**always, "value": FIGURES.get(p.unit or "", 10)}]
        for p in pack.parameters.values()
        if p.external
    }
    return pack.with_overlay({"parameters": figures}) if figures else pack


def measure(pack: Pack, records: int) -> int:
    engine = Engine(pack, engine="reference", readings=False)
    reached: Counter[str] = Counter()
    missed = []
    search = drawing = 0.0
    for rule in pack.rules.values():
        start = time.process_time()
        assert reach_of(pack, rule.id).found is not None
        search += time.process_time() - start
        start = time.process_time()
        some = drawn(near(engine, rule.id), records)
        drawing += time.process_time() - start
        seen = {v for r in some for (n, _), v in engine.verdicts(r).items() if n == rule.id}
        reached.update(v.value for v in seen)
        open_ = rule.applies_to is None and rule.when is None and rule.unless is None
        reached["no condition"] += open_
        if not {Verdict.YES, Verdict.NO} - ({Verdict.NO} if open_ else set()) <= seen:
            missed.append(rule.id)
    rules = len(pack.rules)
    print(f"{pack.id}: {rules} rules ({reached['no condition']} without a condition), reached with")
    print("  " + ", ".join(f"{v}: {reached[v]}" for v in ("YES", "NO", "UNKNOWN")))
    print(f"  not reached with both: {', '.join(missed) or 'none'}")
    print(
        f"  search {search / rules * 1e3:.0f} ms a rule, once; then {drawing / rules / records * 1e3:.2f} ms a record"
    )
    start = time.process_time()
    drawn(households(pack), 500)
    whole = (time.process_time() - start) / 500
    print(f"  households: {read(pack) * 1e6:.0f} µs a record, {whole * 1e3:.2f} ms with Hypothesis")
    return len(missed)


def read(pack: Pack, count: int = 2000) -> float:
    """Seconds of making a household with three members out of random bytes."""
    layout = Layout(pack, 0.2)
    whole, member = layout.of("household"), layout.of("member")
    rows = [
        (os.urandom(whole.size), [os.urandom(member.size) for _ in range(3)]) for _ in range(count)
    ]
    day = date(2023, 6, 30)
    start = time.process_time()
    for own, members in rows:
        whole.row(own, day)
        for row in members:
            member.row(row, day)
    return (time.process_time() - start) / count


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    found: list[Any] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


if __name__ == "__main__":
    raise SystemExit(main())
