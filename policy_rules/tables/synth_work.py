"""What synthetic people can do and do: health, schooling, labour, work, and what they earn by it."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_people import People
from policy_rules.tables.synth_world import World

LABOUR: Final = ("none", "ordinary", "skilled", "weak_or_semi", "lost")
NONE, ORDINARY, SKILLED, WEAK, LOST = range(5)
LEVELS: Final = (
    "none", "preschool_age", "preschool", "primary", "junior", "senior", "secondary_vocational",
    "higher_vocational", "undergraduate",
)  # fmt: skip
SCHOOLING: Final = ("illiterate", "primary", "junior", "senior", "college", "bachelor")
DISABILITIES: Final = (
    "physical",
    "visual",
    "hearing",
    "speech",
    "intellectual",
    "mental",
    "multiple",
)
PLACES: Final = ("in_township", "in_county", "in_prefecture", "in_province", "outside_province")
OUTSIDE: Final = len(PLACES) - 1
FAR: Final = ("guangdong", "zhejiang", "jiangsu", "fujian", "shanghai", "beijing")
KINDS: Final = (
    "farming",
    "enterprise",
    "workshop",
    "flexible",
    "self_employed",
    "public_post",
    "public_service",
)
FARMING, ENTERPRISE, WORKSHOP, FLEXIBLE, SELF, POST, SERVICE = range(7)
POSTS: Final = ("rural", "forest_ranger", "photovoltaic", "asset_care")
CHANNELS: Final = ("own", "broker", "organised", "east_west", "labour_cooperative")
INDUSTRIES: Final = (
    "manufacturing", "construction", "catering", "domestic", "logistics", "property", "farming",
)  # fmt: skip


@attrs.frozen(eq=False)
class Lives:
    """Traits of people, an array each; sums are fen. Indices are into the tuples above.

    ``months`` are those of work away from the farm in 2022, ``wage`` a month's pay, ``earned`` the year's wages
    (public posts included), ``migrant`` who worked outside the township.
    """

    chronic: Array
    major: Array
    disabled: Array
    disability: Array
    grade: Array
    certificate: Array
    level: Array
    labour: Array
    employed: Array
    kind: Array
    place: Array
    province: Array
    months: Array
    wage: Array
    earned: Array
    migrant: Array
    post: Array
    post_months: Array
    startup: Array

    @property
    def works(self) -> Array:
        """Who can work fully."""
        return np.isin(self.labour, (ORDINARY, SKILLED))


def lives_of(people: People, world: World) -> Lives:
    """How these people live."""
    draws, age = people.draws, people.age
    chronic = draws.chance(
        "chronic", np.select([age < 18, age < 45, age < 60], [0.01, 0.04, 0.14], 0.36)
    )
    major = draws.chance("major", np.select([age < 45, age < 60], [0.004, 0.015], 0.03))
    disabled = draws.chance("disabled", np.select([age < 18, age < 60], [0.012, 0.045], 0.11))
    grade = 1 + draws.pick("grade", (0.18, 0.25, 0.27, 0.30))
    level = _levels(draws, age)
    labour = np.select(
        [(age < 16) | ((level > 0) & (age < 25)), age < 60, age < 70],
        [
            np.full(len(age), NONE),
            np.array((ORDINARY, SKILLED, WEAK, LOST))[draws.pick("fit", (0.79, 0.10, 0.09, 0.02))],
            np.array((ORDINARY, WEAK, LOST, NONE))[draws.pick("fit", (0.36, 0.50, 0.09, 0.05))],
        ],
        np.array((NONE, LOST, WEAK))[draws.pick("fit", (0.55, 0.2, 0.25))],
    )
    labour = np.where(disabled & (grade <= 2) & (age >= 16) & (labour != NONE), LOST, labour)
    labour = np.where((disabled | major) & np.isin(labour, (ORDINARY, SKILLED)), WEAK, labour)
    able = np.isin(labour, (ORDINARY, SKILLED))
    employed = draws.chance("employed", np.select([able, labour == WEAK], [0.88, 0.3], 0.0))
    # the young go far; the old stay
    leaves = np.select([~able, age < 35, age < 50, age < 60], [0.03, 0.66, 0.52, 0.32], 0.08)
    migrant = employed & draws.chance("leaves", leaves)
    near = draws.pick("near work", (0.62, 0.12, 0.04, 0.14, 0.08, 0.0, 0.0))
    post = employed & ~migrant & (age < 70) & draws.chance("post", np.where(able, 0.10, 0.4))
    kind = np.where(
        migrant,
        np.array((ENTERPRISE, FLEXIBLE, SELF, SERVICE))[
            draws.pick("far work", (0.7, 0.24, 0.04, 0.02))
        ],
        near,
    )
    kind = np.where(post, POST, kind)
    place = np.where(migrant, 1 + draws.pick("where", (0.2, 0.12, 0.22, 0.46)), 0)
    far = 1 + draws.pick("far", (0.5, 0.2, 0.12, 0.08, 0.06, 0.04))
    # 3 and 6 months, and those beside them, are where rules draw lines
    months = np.array((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12))[
        draws.pick("months", (2, 4, 8, 4, 6, 12, 6, 8, 10, 16, 12, 12))
    ]
    months = np.where(employed & (kind != FARMING), months, 0)
    months = np.where(kind == POST, 0, months)
    wage = 100_00 * np.round(
        draws.around("wage", 28 + 4 * place + 6 * (labour == SKILLED) - 8 * (labour == WEAK), 14)
    ).astype(np.int64)
    wage = np.where(months > 0, np.maximum(wage, 800_00), 0)
    post_months = np.where(
        post, np.array((12, 6, 3, 10))[draws.pick("post months", (0.6, 0.15, 0.1, 0.15))], 0
    )
    pay = np.array((50_000, 80_000, 60_000, 100_000))[draws.pick("post pay", (0.3, 0.4, 0.2, 0.1))]
    startup = employed & (kind == SELF) & (age < 60) & draws.chance("startup", 0.6)
    return Lives(
        chronic, major, disabled, draws.pick("disability", (45, 10, 10, 3, 14, 13, 5)), grade,
        disabled & draws.chance("certificate", 0.88), level, labour, employed, kind, place,
        np.where(place == OUTSIDE, far, 0), months, wage, months * wage + post_months * pay, migrant,
        np.where(post, draws.pick("which post", (0.55, 0.25, 0.12, 0.08)), 0), post_months, startup,
    )  # fmt: skip


def _levels(draws: Draws, age: Array) -> Array:
    """What people go to; about one of 250 children who must be at school is not."""
    out = draws.chance("not at school", 0.004)
    senior = np.where(draws.chance("vocational", 0.45), 6, 5)
    goes_on = draws.chance("goes on", 0.86)
    higher = np.array((0, 7, 8))[draws.pick("higher", (0.48, 0.32, 0.20))]
    return np.select(
        [age < 3, age < 6, out & (age < 15), age < 12, age < 15, (age < 18) & goes_on, (age >= 18) & (age < 22)],
        [1, 2, 0, 3, 4, senior, higher],
        0,
    )  # fmt: skip
