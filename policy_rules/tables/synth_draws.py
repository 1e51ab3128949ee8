"""Chance that repeats: every draw follows from the seed, its own name and the number of what it is about.

No draw depends on another, on how many households are made at a time, or on a version of numpy: the
generator is SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014)
used as a hash of a counter.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Draws:
    """Draws for things numbered by ``keys`` (unsigned 64-bit); each name is a stream of its own."""

    def __init__(self, seed: int, keys: Array) -> None:
        self.seed = seed
        self._keys = keys.astype(np.uint64) * _GOLDEN

    def __len__(self) -> int:
        return len(self._keys)

    def bits(self, name: str) -> Array:
        """64 random bits for each thing."""
        salt = blake2b(f"{self.seed}:{name}".encode(), digest_size=8).digest()
        z = self._keys + np.uint64(int.from_bytes(salt, "little"))
        z ^= z >> np.uint64(30)
        z *= _FIRST
        z ^= z >> np.uint64(27)
        z *= _SECOND
        z ^= z >> np.uint64(31)
        return z

    def share(self, name: str) -> Array:
        """Numbers from 0 up to 1 (not included)."""
        return (self.bits(name) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def chance(self, name: str, p: float | Array) -> Array:
        """True with probability ``p``, given once or for each thing."""
        return np.less(self.share(name), p)

    def between(self, name: str, low: int | Array, high: int | Array) -> Array:
        """Whole numbers from ``low`` to ``high``, both included."""
        width = np.asarray(high, np.int64) - low + 1
        drawn: Array = low + (self.share(name) * width).astype(np.int64)
        return drawn

    def pick(self, name: str, weights: Sequence[float]) -> Array:
        """Indices into ``weights`` (Int64), as likely as these say."""
        edges = np.cumsum(np.asarray(weights, np.float64))
        return np.searchsorted(edges / edges[-1], self.share(name), side="right").astype(np.int64)

    def around(self, name: str, middle: float | Array, spread: float) -> Array:
        """Numbers round a middle: three draws added up, within 1.5 spreads of it."""
        total = self.share(f"{name}/1") + self.share(f"{name}/2") + self.share(f"{name}/3") - 1.5
        return middle + total * spread

    def of(self, chosen: Array) -> Draws:
        """The draws of some of the things, by index or mask."""
        part = Draws.__new__(Draws)
        part.seed, part._keys = self.seed, self._keys[chosen]
        return part
