"""Households drawn at random, batch by batch: the same seed and number give the same batch."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import RecordError
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.sampling import Sampler

#: Households of a batch: enough that what a pack costs once weighs little.
SIZE: Final = 400
#: Every second batch is of a random pack.
RANDOM: Final = "random"
_GAPS: Final = (0.02, 0.1, 0.2, 0.5)


@attrs.frozen(eq=False)
class Batch:
    """Records of one kind under one pack on one day, with the plain data each was read from."""

    number: int
    pack: Pack
    kind: str
    day: date
    data: tuple[Mapping[str, Any], ...]
    records: tuple[Household, ...]


@lru_cache(maxsize=16)
def _library(name: str, rules: Path | None) -> Pack:
    return load_pack(name, rules)


def batch(
    seed: int, number: int, packs: tuple[str, ...], *, size: int = SIZE, rules: Path | None = None
) -> Batch:
    """A batch: of a random pack where its number is even, else of one of the packs, in turn."""
    rng = random.Random(f"{seed} {number}")
    if number % 2 and packs:
        pack = _library(packs[number // 2 % len(packs)], rules)
    else:
        pack = load_texts(random_pack(rng, rng.randint(3, 12)))
    kinds = sorted({r.subject for r in pack.rules.values()} - {"member"})
    kind = rng.choice(kinds) if kinds and rng.random() < 0.15 else "household"
    sampler = Sampler(pack, gap=rng.choice(_GAPS), derived=rng.choice((0.0, 0.2)))
    day = sampler.as_of(rng)
    drawn = [_drawn(sampler, rng, kind, i) for i in range(size)]
    both = [(data, record) for data in drawn if (record := read(data, pack)) is not None]
    return Batch(number, pack, kind, day, tuple(d for d, _ in both), tuple(r for _, r in both))


def _drawn(sampler: Sampler, rng: random.Random, kind: str, i: int) -> dict[str, Any]:
    """A record; now and then with a condition the pack does not have, which is an error of that record."""
    data: dict[str, Any] = sampler.record(rng, kind) | {"id": f"h{i}"}
    if rng.random() < 0.01:
        data["external"] = {sampler.pack.id: {"no_such_condition": True}}
    return data


def read(data: Mapping[str, Any], pack: Pack) -> Household | None:
    """A record; None where it is none."""
    try:
        return read_record(data, pack.vocabulary)
    except RecordError:
        return None
