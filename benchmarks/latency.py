"""Latency: every way of asking, over the same records, one after the other in each round.

Two clocks: the wall's, and that of the thread, which stands while other programs have the processor.
Ratios are of the thread's clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import Any

import baseline
from records import Case, examples, sampled

from policy_rules import Determination, Engine
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Pack
from policy_rules.verdict import Verdict

REPEATS = 3
#: Calls of each way before timing: enough that generated code answers (it does from the hundredth on).
WARM_UP = 60

Ask = Callable[[Case], Any]
#: by group of records and way of asking: of each round, each call on the thread's clock and the wall's
Times = dict[tuple[str, str], list[list[tuple[int, int]]]]


def read_all(result: Determination) -> None:
    """What is missing, and which readings are contested, of every finding."""
    for finding in result.findings:
        finding.missing  # noqa: B018
        finding.contested  # noqa: B018


def explain_all(result: Determination) -> None:
    """The same, and the lines of every explanation."""
    read_all(result)
    for finding in result.findings:
        result.explain(finding)


def read_lines(result: Determination) -> None:
    """The same, and everything each line tells."""
    read_all(result)
    for finding in result.findings:
        for line in result.explain(finding):
            line.prose, line.verdict, line.decided, line.values, line.margin  # noqa: B018


def ways(pack: Pack, checked: Engine, reference: Engine) -> dict[str, Ask]:
    """Every way of asking, the baseline first."""
    return {
        "baseline": lambda c: baseline.verdicts(c.by_hand, c.members, c.as_of),
        "verdicts only": lambda c: reference.verdicts(c.checked, as_of=c.as_of),
        "verdicts only, from plain data": lambda c: reference.verdicts(c.data, as_of=c.as_of),
        "reference": lambda c: reference.evaluate(c.checked, as_of=c.as_of),
        "reference, missing and contested read": lambda c: read_all(
            reference.evaluate(c.checked, as_of=c.as_of)
        ),
        "reference, that and explain() of all": lambda c: explain_all(
            reference.evaluate(c.checked, as_of=c.as_of)
        ),
        "reference, and every line read": lambda c: read_lines(
            reference.evaluate(c.checked, as_of=c.as_of)
        ),
        "cross-checked": lambda c: checked.evaluate(c.checked, as_of=c.as_of),
        "reading the record": lambda c: read_record(c.data, pack.vocabulary),
    }


def cases(pack: Pack) -> list[Case]:
    """The examples, sampled households, and sampled households whose records conflict."""
    apart = [
        case
        for case in sampled(pack, 200, "conflicting", seed=2, derived=0.15)
        if Engine(pack, engine="reference").evaluate(case.checked, as_of=case.as_of).conflicts
    ]
    return [*examples(pack), *sampled(pack, 50, "sampled", seed=1, derived=0.0), *apart[:10]]


def agree(case: Case, engine: Engine) -> None:
    """Raises where the baseline and the library differ on a record that is timed."""
    got = baseline.verdicts(case.by_hand, case.members, case.as_of)
    expected = engine.verdicts(case.checked, as_of=case.as_of)
    if {where: Verdict.of(truth) for where, truth in got.items()} != expected:
        raise SystemExit("the baseline and the library differ: run prove_baseline.py")


def measure(pack: Pack, rounds: int) -> dict[str, Any]:
    """Microseconds of each way, by group of records: median, p99, and the ratio to the baseline."""
    checked, reference = Engine(pack), Engine(pack, engine="reference")
    timed = cases(pack)
    asked = ways(pack, checked, reference)
    times: Times = {}
    for case in timed:
        agree(case, reference)
    for number in range(WARM_UP):
        for ask in asked.values():
            ask(timed[number % len(timed)])
    order, rng = list(timed), random.Random(0)
    for _ in range(rounds):
        rng.shuffle(order)
        samples: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for case in order:
            for name, ask in asked.items():
                taken = samples.setdefault((case.group, name), [])
                for _ in range(REPEATS):
                    start, busy = perf_counter_ns(), thread_time_ns()
                    ask(case)
                    taken.append((thread_time_ns() - busy, perf_counter_ns() - start))
        for key, taken in samples.items():
            times.setdefault(key, []).append(taken)
    checked.close()
    groups = list(dict.fromkeys(case.group for case in timed))
    return {
        "engine": checked.name,
        "rounds": rounds,
        "findings": {
            group: median(
                len(reference.verdicts(c.checked, as_of=c.as_of)) for c in timed if c.group == group
            )
            for group in groups
        },
        "records": {group: sum(c.group == group for c in timed) for group in groups},
        "groups": {group: {name: _row(times, group, name) for name in asked} for group in groups},
    }


def _row(times: Times, group: str, name: str) -> dict[str, float]:
    by_round = times[group, name]
    busy, wall = (sorted(x) for x in zip(*(t for taken in by_round for t in taken), strict=True))
    # the ratio of each round, so that a machine slow for a while is slow for both
    ratios = [
        median(cpu for cpu, _ in taken) / median(cpu for cpu, _ in base)
        for taken, base in zip(by_round, times[group, "baseline"], strict=True)
    ]
    at = len(busy) * 99 // 100
    return {
        "median_us": round(median(busy) / 1000, 1),
        "p99_us": round(busy[at] / 1000, 1),
        "wall_median_us": round(median(wall) / 1000, 1),
        "wall_p99_us": round(wall[at] / 1000, 1),
        "ratio": round(median(ratios), 2),
    }
