"""Where synthetic households live: regions, villages, lines of income, shares of kinds.

The shares are orders of magnitude of a county of each document, not its statistics. Villages and townships
have numbers no list of places has (townships 901 and on), and counties too where a pack is for more than one.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Final

import attrs
import numpy as np

from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.tables.synth_draws import Array

#: The day the population is as of: packs are in force, ages and months are counted up to it.
DAY: Final = np.datetime64("2022-12-31", "D")
YEARS: Final = (2021, 2022)
#: Incomes per person the built-in packs and higher documents draw lines at, in fen.
LINES: Final = (600_000, 632_000, 650_000, 700_000, 730_000, 1_000_000, 1_012_400, 1_100_000)
DEFAULT_PACK: Final = "yunnan/dongchuan"
#: Households a village, villages a township.
VILLAGE: Final = 300
TOWNSHIP: Final = 12
_MOST_TOWNSHIPS: Final = 99

_LIFTED: Final = {
    "530113": 0.38, "530926": 0.27, "450000": 0.16, "410100": 0.05, "520600": 0.26
}  # fmt: skip
_PROVINCES: Final = {
    "11": "beijing", "12": "tianjin", "13": "hebei", "14": "shanxi", "15": "inner_mongolia",
    "21": "liaoning", "22": "jilin", "23": "heilongjiang", "31": "shanghai", "32": "jiangsu",
    "33": "zhejiang", "34": "anhui", "35": "fujian", "36": "jiangxi", "37": "shandong",
    "41": "henan", "42": "hubei", "43": "hunan", "44": "guangdong", "45": "guangxi",
    "46": "hainan", "50": "chongqing", "51": "sichuan", "52": "guizhou", "53": "yunnan",
    "54": "tibet", "61": "shaanxi", "62": "gansu", "63": "qinghai", "64": "ningxia",
    "65": "xinjiang",
}  # fmt: skip


@attrs.frozen
class World:
    """What depends on the pack: its county, the share of lifted households, the lines of income (fen)."""

    county: str
    province: str
    lifted: float
    lines: tuple[int, ...]

    def villages(self, homes: Array) -> Array:
        """The number of each household's village, 12 digits, as Int64."""
        number = homes.astype(np.int64) // VILLAGE
        township = number // TOWNSHIP % _MOST_TOWNSHIPS
        village = number % TOWNSHIP + TOWNSHIP * (number // (TOWNSHIP * _MOST_TOWNSHIPS) % 8)
        return int(self.county) * 10**6 + (901 + township) * 1000 + 201 + village


def world_of(pack: Pack | str | None = None, rules: Path | None = None) -> World:
    """The world of a pack; raises :class:`~policy_rules.errors.NotFoundError` for one there is not."""
    name = DEFAULT_PACK if pack is None else pack
    loaded = load_pack(name, rules) if isinstance(name, str) else name
    code = loaded.region.codes[0]
    stem = code[:6].ljust(6, "0")
    county = stem
    while county.endswith("00"):
        county = county[:-2]
    county = county.ljust(6, "9")  # 450000: 459999, which is nowhere
    return World(
        county,
        _PROVINCES.get(county[:2], "yunnan"),
        _LIFTED.get(stem, 0.2),
        tuple(sorted({*LINES, *lines_of(loaded)})),
    )


def lines_of(pack: Pack) -> tuple[int, ...]:
    """The sums per person a pack compares incomes with, in fen, of every date."""
    found = set()
    for parameter in pack.parameters.values():
        for dated in parameter.values if parameter.unit == "yuan_per_person" else ():
            if isinstance(dated.value, int | Fraction) and 1000 <= dated.value <= 100_000:
                found.add(int(dated.value * 100))
    return tuple(sorted(found))
