"""What synthetic households have: villages, kinds, incomes that add up, and why some are monitored."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_people import People
from policy_rules.tables.synth_work import FARMING, Lives
from policy_rules.tables.synth_world import World

CATEGORIES: Final = ("none", "unstable", "marginal", "sudden")
#: How many households in a hundred stand at a line, a fen or a yuan beside it.
AT_A_LINE: Final = 0.12


@attrs.frozen(eq=False)
class Money:
    """The incomes of one year, in fen; ``per_person`` times ``size`` is ``net``, which is the sum of the parts."""

    wage: Array
    business: Array
    cost: Array
    property: Array
    assets: Array
    transfer: Array
    net: Array
    per_person: Array


@attrs.frozen(eq=False)
class Homes:
    """Households: their numbers, villages, sizes, and what follows for them. ``arable`` is hundredths of a mu."""

    number: Array
    village: Array
    draws: Draws
    current: Array
    size: Array
    lifted: Array
    relocated: Array
    arable: Array
    dibao: Array
    tekun: Array
    monitored: Array
    category: Array
    burden: Array
    working: Array
    money: dict[int, Money]


def homes_of(
    numbers: Array, world: World, people: People, lives: Lives, draws: Draws, years: tuple[int, ...]
) -> Homes:
    """The households of these people."""
    n = len(numbers)
    current = people.count(np.ones(len(people.home), bool), n)
    size = np.where(
        draws.chance("size apart", 0.025), current + np.array((-1, 1))[draws.pick("apart", (1, 1))], current
    )  # fmt: skip
    size = np.maximum(size, 1)
    lifted = draws.chance("lifted", world.lifted)
    working = people.count(lives.works & lives.employed, n)
    ill = people.count(lives.major | (lives.disabled & (lives.grade <= 2)), n)
    arable = np.round(draws.around("arable", 80 * current + 120, 300)).clip(0).astype(np.int64)
    old = people.count(people.age >= 60, n)
    tekun = (people.count(people.alone, n) > 0) & (working == 0) & draws.chance("tekun", 0.25)
    base = _parts(draws, people, lives, arable, old, n)
    poor = (base.wage + base.business - base.cost + base.property + base.transfer) // size
    need = np.select([poor < 300_000, poor < 600_000, poor < 1_000_000], [0.3, 0.12, 0.02], 0.002)
    dibao = ~tekun & draws.chance("dibao", need * np.where(ill > 0, 2.2, 0.8))
    relief = dibao * size * draws.between("dibao sum", 220, 420) * 1200 + tekun * 936_000
    base = attrs.evolve(base, transfer=base.transfer + relief)
    money = {}
    for year in sorted(years, reverse=True):
        factor = 1.0 - (max(years) - year) * draws.around(f"growth {year}", 0.1, 0.2)
        money[year] = _of_year(base, factor, size, world, draws, year)
    line = money[max(years)].per_person
    risk = np.select(
        [line < 650_000, line < 1_000_000, line < 1_500_000], [0.06, 0.015, 0.004], 0.001
    )
    risk = risk * np.where(ill > 0, 3.0, 1.0) * np.where(working == 0, 1.4, 1.0)
    monitored = draws.chance("monitored", risk.clip(0, 0.9))
    sudden = draws.chance("sudden", 0.08)
    category = np.where(monitored, np.where(sudden, 3, np.where(lifted, 1, 2)), 0)
    return Homes(
        numbers, world.villages(numbers), draws, current, size, lifted,
        lifted & draws.chance("relocated", 0.14), arable, dibao, tekun, monitored, category,
        ill, working, money,
    )  # fmt: skip


def _parts(draws: Draws, people: People, lives: Lives, arable: Array, old: Array, n: int) -> Money:
    wage = people.total(lives.earned, n)
    farms = people.count(lives.employed & (lives.kind == FARMING), n)
    yield_ = (
        arable * draws.between("yield", 600, 2600) + farms * draws.between("stock", 0, 60) * 10_000
    )
    business = yield_ // 10_000 * 10_000
    cost = (business * draws.around("cost", 0.36, 0.22)).astype(np.int64) // 10_000 * 10_000
    assets = draws.chance("dividend", 0.3) * draws.between("dividend sum", 1, 20) * 10_000
    rent = draws.chance("rent", 0.15) * arable * draws.between("rent sum", 200, 700)
    pensions = old * draws.between("pension", 103, 190) * 1200
    subsidy = arable * draws.between("subsidy", 90, 130)
    zero = np.zeros(n, np.int64)
    return Money(wage, business, cost, assets + rent, assets, pensions + subsidy, zero, zero)


def _of_year(
    base: Money, factor: Array, size: Array, world: World, draws: Draws, year: int
) -> Money:
    """One year's incomes: scaled, some moved to a line, and the last fen put right in the business income."""

    def scaled(values: Array) -> Array:
        return (values * factor).astype(np.int64) // 100 * 100

    wage, business, cost = scaled(base.wage), scaled(base.business), scaled(base.cost)
    transfer = scaled(base.transfer)
    net = wage + business - cost + base.property + transfer
    each = net // size
    lines = np.array(world.lines)
    nearest = lines[np.abs(each[:, None] - lines[None, :]).argmin(axis=1)]
    near = np.abs(each - nearest) < 0.35 * nearest
    moved = near & draws.chance(f"line {year}", AT_A_LINE * 2.5)
    beside = np.array((0, 1, -1, 100, -100))[draws.pick(f"beside {year}", (4, 2, 2, 1, 1))]
    each = np.where(moved, nearest + beside, each)
    business = business + each * size - net
    # what a family cannot have lost by farming it earned less
    short = np.minimum(business, 0)
    cost = cost + np.maximum(-(wage + short), 0)
    wage, business = np.maximum(wage + short, 0), np.maximum(business, 0)
    net = wage + business - cost + base.property + transfer
    return Money(wage, business, cost, base.property, base.assets, transfer, net, net // size)
