"""What the encoding answers of a fixed record is what the reference interpreter answers."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

import pytest
from tables.random_rules import pack_of_nodes

from policy_rules import load_pack
from policy_rules.analysis import cells
from policy_rules.analysis.fixed import compared
from policy_rules.analysis.model import Bounds
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_texts
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler

KINDS = ("household",) * 6 + ("village", "cooperative")
BOUNDS = Bounds(members=4, items=4)


def differences(seed: int, records: int = 8, any_day: bool = False) -> tuple[int, list[object]]:
    """Answers compared on random records: of a random pack, or of rules made of every construct."""
    rng = random.Random(seed)
    kind = "household"
    if seed % 2:
        pack = load_texts(random_pack(rng))
    else:
        kind = KINDS[seed // 2 % len(KINDS)]
        pack = pack_of_nodes(rng, kind, 6, depth=2)
    sampler = Sampler(pack, gap=rng.choice((0.05, 0.2, 0.5)), derived=0.3)
    sampler.edges = {  # money to the fen: what a world holds
        field: tuple(v for v in values if not isinstance(v, Fraction) or 100 % v.denominator == 0)
        for field, values in sampler.edges.items()
    }
    some = [read_record(sampler.record(rng, kind), pack.vocabulary) for _ in range(records)]
    return compared(pack, kind, sampler.as_of(rng), some, BOUNDS, any_day=any_day)


@pytest.mark.parametrize("start", range(0, 16, 4))
@pytest.mark.no_cover
def test_random_packs_on_random_records(start: int) -> None:
    count = 0
    for seed in range(start, start + 4):
        number, differing = differences(seed)
        assert not differing, seed
        count += number
    assert count > 20


def test_the_day_may_be_any() -> None:
    """Plans that read the day from a column answer as those made for it."""
    count = 0
    for seed in (17, 19, 20, 21):
        number, differing = differences(seed, 5, any_day=True)
        assert not differing, seed
        count += number
    assert count > 20


def test_the_day_may_be_any_in_a_pack() -> None:
    pack, rng = load_pack("zhengzhou"), random.Random(5)
    sampler = Sampler(pack)
    some = [read_record(sampler.record(rng), pack.vocabulary) for _ in range(4)]
    count, differing = compared(pack, "household", date(2024, 2, 29), some, BOUNDS, any_day=True)
    assert not differing
    assert count > 20


@pytest.mark.parametrize("name", ["guangxi", "yunnan/mengyong"])
def test_packs_of_the_library_on_random_records(name: str) -> None:
    pack, rng = load_pack(name), random.Random(name)
    sampler = Sampler(pack)
    day = pack.in_force.end
    assert day is not None
    some = [read_record(sampler.record(rng), pack.vocabulary) for _ in range(8)]
    count, differing = compared(pack, "household", day, some, BOUNDS)
    assert not differing
    assert count > 50


def test_a_fault_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = {"le": "lt", "lt": "le", "ge": "gt", "gt": "ge"}
    wrong = {**cells.OPERATORS, **{a: cells.OPERATORS[b] for a, b in swapped.items()}}
    monkeypatch.setattr(cells, "OPERATORS", wrong)
    assert any(differences(seed)[1] for seed in range(1, 16, 2))
