"""Proof that baseline.py and the reference interpreter answer alike, on seeded random records.

    python benchmarks/prove_baseline.py [--records 10000] [--seed 1]

Exits 1 where they differ.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

import baseline
from records import household, in_force, plain

from policy_rules import Engine, load_pack
from policy_rules.packs.model import Pack
from policy_rules.testing.sampling import Sampler
from policy_rules.verdict import Verdict

GAPS = (0, 0.2, 0.5)
SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    pack = load_pack(baseline.PACK)
    differences, counts, answered, subjects = prove(pack, options.records, options.seed)
    for line in differences[:SHOWN]:
        print(line)
    own = [r.id for r in pack.rules.values() if r.subject in ("household", "member")]
    one_sided = sorted(r for r in own if not answered[r, "YES"] or not answered[r, "NO"])
    print(f"{options.records} records (seed {options.seed}), {len(own)} rules, {subjects} members")
    print(", ".join(f"{name} {counts[name]}" for name in ("YES", "NO", "UNKNOWN")))
    print(f"never YES or never NO: {', '.join(one_sided) or 'none'}")
    print(f"differences: {len(differences)}")
    return 1 if differences else 0


def prove(
    pack: Pack, records: int, seed: int
) -> tuple[list[str], Counter[str], Counter[tuple[str, str]], int]:
    """Differences, and what was answered how often."""
    engine = Engine(pack, engine="reference", readings=False)
    samplers = [Sampler(pack, gap=gap) for gap in GAPS]
    differences: list[str] = []
    counts: Counter[str] = Counter()
    answered: Counter[tuple[str, str]] = Counter()
    subjects = 0
    for number in range(records):
        rng = random.Random(f"{seed}/{number}")
        sampler = samplers[number % len(samplers)]
        data, as_of = household(sampler, rng), in_force(sampler, rng)
        expected = engine.verdicts(data, as_of=as_of)
        by_hand = plain(data)
        got = baseline.verdicts(by_hand, by_hand.get("members"), as_of)
        subjects += len({who for _, who in expected if who})
        for where in expected.keys() | got.keys():
            here = Verdict.of(got[where]) if where in got else None
            there = expected.get(where)
            if here is not there:
                differences.append(
                    f"record {number}, {as_of}: {where[0]} {where[1]}: baseline {here}, "
                    f"library {there}"
                )
        for (rule, _), verdict in expected.items():
            counts[str(verdict)] += 1
            answered[rule, str(verdict)] += 1
    return differences, counts, answered, subjects


if __name__ == "__main__":
    sys.exit(main())
