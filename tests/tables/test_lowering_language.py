"""Every construct of the language, at every place, means what it means to the reference."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from tables.lowered import Compared
from tables.random_rules import pack_of_nodes

from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import read_record
from policy_rules.testing.sampling import Sampler

KINDS = ("household",) * 12 + ("village", "cooperative", "budget_unit", "county")
RULES = 6


@pytest.mark.parametrize("seed", range(48))
@pytest.mark.no_cover
def test_random_expressions(seed: int) -> None:
    rng = random.Random(seed)
    kind = KINDS[seed % len(KINDS)]
    pack = pack_of_nodes(rng, kind, RULES, depth=2)
    sampler = Sampler(pack)
    sampler.edges = {  # decimals of more than six places are no facts of a table
        field: tuple(v for v in values if not isinstance(v, Fraction) or 10**6 % v.denominator == 0)
        for field, values in sampler.edges.items()
    }
    some = [read_record(sampler.record(rng, kind), pack.vocabulary) for _ in range(20)]
    compared = Compared(pack, kind, sampler.as_of(rng), some, RuleSet(pack))
    assert not compared.differences()
    assert len(compared.plan.left) < RULES
