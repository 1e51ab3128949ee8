"""Households for the workload, from a seed: the first n are the same however many are asked for.

Money has two decimals. Many households stand where a rule draws its line; none stands within five fen of a
line that is a sum of money (rules r53 and r54): there a binary float decides by the luck of its rounding,
a float32, as OpenFisca has, on the wrong side of it, and engines could not be compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import rulelist

Array = np.ndarray[Any, np.dtype[Any]]

SEED: Final = 20240601
#: Households drawn at a time.
PART: Final = 100_000
LINES: Final = np.array([6000, 7000, 8000, 9000, 10000, 12000, 15000]) * 100
SHARES: Final = (0.25, 0.1, 0.03, 0.03, 0.05, 0.06, 0.3, 0.6, 0.3, 0.85)


@dataclass(frozen=True, eq=False)
class Households:
    """Columns by fact. Money is in fen, ``hh_type`` a place in ``rulelist.TYPES``; ``home`` says which
    household a member belongs to, from 0."""

    of: dict[str, Array]
    members: dict[str, Array]
    home: Array

    def __len__(self) -> int:
        return len(self.of["size"])

    def column(self, fact: str) -> Array:
        """A fact as the peers hold it: money as float64 yuan, types as their codes."""
        found = self.of[fact]
        return found / 100 if fact in rulelist.MONEY else found


def draw(n: int, seed: int = SEED) -> Iterator[Households]:
    """``n`` households in parts of ``PART``."""
    for number, start in enumerate(range(0, n, PART)):
        whole = _part(np.random.default_rng((seed, number)))
        yield whole if start + PART <= n else _first(whole, n - start)


def _first(part: Households, n: int) -> Households:
    inside = part.home < n
    return Households(
        {fact: column[:n] for fact, column in part.of.items()},
        {fact: column[inside] for fact, column in part.members.items()},
        part.home[inside],
    )


def _part(rng: np.random.Generator) -> Households:
    n = PART

    def some(share: float) -> Array:
        return rng.random(n) < share

    def fen(yuan: Array) -> Array:
        return np.round(yuan * 100).astype(np.int64)

    def whole(column: Array) -> Array:
        return column.astype(np.int32)

    of: dict[str, Array] = {}
    of["hh_type"] = rng.choice(4, n, p=[0.35, 0.3, 0.15, 0.2]).astype(np.int8)
    income = fen(np.exp(rng.normal(9.25, 0.45, n)))
    before = fen(income / 100 * rng.normal(0.95, 0.18, n).clip(0.3, 2))
    before = np.where(some(0.02), income, before)
    income = np.where(some(0.02), rng.choice(LINES, n), income)
    medical = fen(np.where(some(0.35), rng.exponential(9000, n), rng.exponential(900, n)))
    medical = np.where(some(0.003), income, medical)
    education = fen(np.where(some(0.4), rng.exponential(5000, n), 0))
    before = np.where(abs(income + 100_000 - before) <= 5, before + 100, before)
    education = np.where(abs(medical + education - 2 * income) <= 5, education + 100, education)
    of |= {"income": income, "prev_income": before, "medical": medical, "education": education}
    of["size"] = whole(rng.integers(3, 5, n))
    of["labour"] = whole(rng.integers(0, 4, n))
    of["employed"] = whole(np.minimum(rng.integers(0, 4, n), of["labour"]))
    of["disabled_count"] = whole(rng.choice(3, n, p=[0.8, 0.15, 0.05]))
    severe = rng.choice(2, n, p=[0.6, 0.4])
    of["severe_disabled_count"] = whole(np.minimum(severe, of["disabled_count"]))
    of["chronic_count"] = whole(rng.choice(3, n, p=[0.6, 0.3, 0.1]))
    of["migrant_months"] = whole(np.where(of["employed"] > 0, rng.integers(0, 12, n), 0))
    started = some(0.2)
    of["startup_months"] = whole(np.where(started, rng.integers(1, 36, n), 0))
    of["startup_employees"] = whole(np.where(started, rng.integers(0, 9, n), 0))
    of["year"] = whole(rng.integers(2020, 2028, n))
    for fact, share in zip(rulelist.TRUTHS, SHARES, strict=True):
        of[fact] = some(share)
    people = int(of["size"].sum())
    age = whole(rng.integers(0, 90, people))
    student = (age >= 6) & (age <= 22) & (rng.random(people) < 0.85)
    dis = whole(np.where(rng.random(people) < 0.08, rng.integers(1, 5, people), 0))
    home = np.repeat(np.arange(n), of["size"])
    return Households(of, {"age": age, "student": student, "dis": dis}, home)


def dicts(n: int, seed: int = SEED) -> list[dict[str, Any]]:
    """``n`` households as plain data: what the plain function, the peers and our engine take."""
    return [household for part in draw(n, seed) for household in _dicts(part)]


def dicts_of(number: int, n: int = PART, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """The same of the first ``n`` households of one part."""
    return _dicts(_first(_part(np.random.default_rng((seed, number))), n))


def _dicts(part: Households) -> Iterator[dict[str, Any]]:
    types = np.array(rulelist.TYPES, dtype=object)[part.of["hh_type"]]
    columns = [types if f == "hh_type" else part.column(f) for f in rulelist.FACTS]
    people = zip(*(part.members[f].tolist() for f in rulelist.MEMBER_FACTS), strict=True)
    for row in zip(*(c.tolist() for c in columns), strict=True):
        household = dict(zip(rulelist.FACTS, row, strict=True))
        members = [next(people) for _ in range(household["size"])]
        household["members"] = [dict(zip(rulelist.MEMBER_FACTS, m, strict=True)) for m in members]
        yield household
