"""Synthetic populations: households nobody lives in, like a county's, from a seed.

Sizes, ages and relations fit; incomes add up and follow from labour and migration; about one household in
thirty is monitored, for reasons it has. Many stand where rules draw lines: incomes at a line, a fen and a yuan
beside it, people on the day of a birthday, 3 and 6 months of work. Some facts are missing, in some villages
a whole column. The same seed gives the same households, however many are asked for.

The numbers are made up. They tell nothing of any place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.packs.model import Pack
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import ID, REGION, ROW, pl
from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_facts import household_facts, income_facts, joins, member_facts
from policy_rules.tables.synth_frames import GAPS, Filled, by_year, numbers
from policy_rules.tables.synth_homes import Homes, homes_of
from policy_rules.tables.synth_people import People, people_of
from policy_rules.tables.synth_work import CHANNELS, FAR, OUTSIDE, PLACES, Lives, lives_of
from policy_rules.tables.synth_world import DAY, VILLAGE, YEARS, World, world_of

__all__ = ["synthetic", "synthetic_parts"]

#: Households made at a time.
PART: Final = 30_000
#: Begins the numbers of households: ten digits follow.
_NUMBER: Final = 99 * 10**10
_COOPERATIVES: Final = 8
_YEAR: Final = DAY.astype("M8[Y]")
_Fill = Callable[..., Filled]


def synthetic(
    n: int,
    seed: int = 0,
    pack: Pack | str | None = None,
    *,
    first: int = 0,
    gaps: float = GAPS,
    vocabulary: Vocabulary | None = None,
) -> Population:
    """``n`` households as frames, the first of them number ``first``.

    ``pack`` says of which region and lines (Dongchuan's by default); ``gaps`` is the share of values not
    recorded. Raises :class:`~policy_rules.errors.NotFoundError` for a pack there is not.
    """
    vocabulary = vocabulary or load_vocabulary()
    return _made(first, first + n, seed, world_of(pack), gaps, vocabulary)


def synthetic_parts(
    n: int,
    seed: int = 0,
    pack: Pack | str | None = None,
    *,
    gaps: float = GAPS,
    size: int = PART,
    rules: Path | None = None,
) -> Iterator[Population]:
    """The same in parts of ``size`` households, so that memory does not grow with ``n``."""
    world, vocabulary = world_of(pack, rules), load_vocabulary()
    for start in range(0, n, size):
        yield _made(start, min(start + size, n), seed, world, gaps, vocabulary)


def _made(
    start: int, stop: int, seed: int, world: World, gaps: float, vocabulary: Vocabulary
) -> Population:
    number = np.arange(start, stop, dtype=np.int64)
    draws = Draws(seed, number)
    people = people_of(number, draws)
    lives = lives_of(people, world)
    homes = homes_of(number, world, people, lives, draws, YEARS)
    village = number // VILLAGE

    def fill(record: str, of: Draws, where: Array, share: float = gaps, prefix: str = "") -> Filled:
        return Filled(vocabulary, record, of, where, share, prefix)

    frames: dict[str, pl.DataFrame] = {}
    top = fill("household", draws, village)
    top.raw(REGION, pl.Series(homes.village).cast(pl.String))
    household_facts(top, homes, people, lives, world)
    home = top.frame(numbers(number + _NUMBER, 12))
    frames["household"] = home

    listed = home.get_column("members~state").is_not_null().to_numpy()
    kept = np.flatnonzero(listed[people.home])
    members = fill("member", people.draws, village[people.home])
    member_facts(members, people, lives, homes, world)
    ids = numbers((number[people.home] + _NUMBER) * 100 + people.number, 14)
    whole = members.frame(ids, people.home)
    frames["household.members"] = _renumbered(whole, kept)
    frames["household.members.work_spells"] = _spells(fill, people, lives, village, kept, world)

    told = home.get_column("incomes~state").is_not_null().to_numpy()
    years = []
    for year in YEARS:
        rows = fill("income_year", Draws(seed, number * 4096 + year), village)
        income_facts(rows, homes, year)
        years.append((year, rows.frame(parents=number - start).filter(told)))
    frames["household.incomes"] = by_year(years)
    frames |= _links(fill, homes, village, world)
    return Population("household", frames, vocabulary)


def _renumbered(frame: pl.DataFrame, kept: Array) -> pl.DataFrame:
    if len(kept) == frame.height:
        return frame
    return frame[pl.Series(kept)].with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))


def _spells(
    fill: _Fill, people: People, lives: Lives, village: Array, kept: Array, world: World
) -> pl.DataFrame:
    """One spell of work away for each who was away, for some two with a month between them."""
    position = np.full(len(people.home), -1, np.int64)
    position[kept] = np.arange(len(kept))
    # who is not asked about work has no spells
    away = np.flatnonzero((position >= 0) & lives.migrant & (lives.months > 0) & (people.age >= 16) & (lives.level == 0))  # fmt: skip
    draws = people.draws.of(away)
    months = lives.months[away]
    two = (months >= 4) & (months <= 11) & draws.chance("two spells", 0.2)
    former = np.where(two, months // 2, months)
    start = (draws.share("start") * (13 - months - two)).astype(np.int64)
    which = np.repeat(np.arange(len(away)), 1 + two)
    second = (
        np.concatenate(([False], which[1:] == which[:-1])) if len(which) else which.astype(bool)
    )
    begin = np.where(second, (start + former + 1)[which], start[which])
    length = np.where(second, (months - former)[which], former[which])
    rows = away[which]
    out: Filled = fill(
        "work_spell",
        Draws(draws.seed, people.draws.of(rows).bits("spell") + second.astype(np.uint64)),
        village[people.home[rows]],
    )
    year = _YEAR.astype("M8[M]")
    out.put("from", year + begin)
    out.put("to", year + begin + length - 1)
    out.put("province", lives.province[rows], codes=(world.province, *FAR))
    out.put("outside_province", lives.place[rows] == OUTSIDE)
    out.put("place", lives.place[rows], codes=PLACES)
    out.put("channel", out.draws.pick("channel", (60, 12, 14, 10, 4)), codes=CHANNELS)
    out.put("monthly_wage", lives.wage[rows])
    return out.frame(numbers(1 + second, 1).replace({"1": "w1", "2": "w2"}), position[rows])


def _links(fill: _Fill, homes: Homes, village: Array, world: World) -> dict[str, pl.DataFrame]:
    """Households' links to cooperatives, and these to enterprises, whose contracts end near the day."""
    path = "household.cooperative_links"
    known = homes.draws.chance("links known", 0.95) & joins(homes)
    rows = np.flatnonzero(known)
    draws = homes.draws.of(rows)
    links: Filled = fill("cooperative_link", draws, village[rows])
    township = homes.village[rows] // 1000
    number = township * 100 + 1 + draws.between("which", 0, _COOPERATIVES - 1)
    links.text("entity_id", pl.Series("", number).cast(pl.String).str.replace("^", "C"))
    relations = ("member_shares", "order", "land_transfer", "trusteeship", "work", "services")
    links.put("relation", draws.pick("relation", (40, 25, 15, 5, 10, 5)), codes=relations)
    links.put("from", DAY - draws.between("linked", 20, 2200))
    links.put("to", DAY + np.array((-1, 0, 1, 365, 900))[draws.pick("until", (1, 1, 1, 8, 5))],
              draws.chance("ends", 0.6))  # fmt: skip
    entity = Draws(draws.seed, number)
    inside: Filled = fill("cooperative", entity, number, 0.0, "cooperative.")
    inside.listed("")
    inside.put("type", np.zeros(len(rows)), codes=("farming",))
    inside.put("active", ~entity.chance("idle", 0.08))
    inside.put("double_binding", entity.chance("double", 0.6))
    bound = entity.chance("bound", 0.7)
    inside.listed("enterprise_links")
    frame = links.frame(_same(len(rows), "c1"), rows)
    nested = inside.frame().rename({"cooperative.~state": "cooperative~state"}).drop(ROW)
    below = np.flatnonzero(bound)
    entity = entity.of(below)
    deals: Filled = fill("enterprise_link", entity, number[below], 0.0)
    firm = number[below] // 100 * 10 + entity.between("firm", 1, 3)
    deals.text("entity_id", pl.Series("", firm).cast(pl.String).str.replace("^", "E"))
    deals.put("contract", entity.chance("contract", 0.8))
    deals.put("from", DAY - entity.between("signed", 10, 1500))
    deals.put("to", DAY + np.array((-30, -1, 0, 1, 365))[entity.pick("until", (2, 1, 1, 1, 10))])
    ids = pl.Series("", number).cast(pl.String).str.replace("^", "C")
    nested = nested.with_columns(ids.alias(f"cooperative.{ID}"))
    return {
        path: pl.concat([frame, nested], how="horizontal"),
        f"{path}.cooperative.enterprise_links": deals.frame(_same(len(below), "e1"), below),
    }


def _same(count: int, text: str) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, count)
