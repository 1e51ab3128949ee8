"""Who lives in a synthetic household: how many, how old, how related. Ages fit: parents are 20 to 34 years
older than their children, spouses near each other, and many stand at a birthday that a rule asks for."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_world import DAY

#: Places a household may have, in the order of its rows, with the relation of who has it.
PLACES: Final = (
    "head", "spouse", "parent", "parent", "child", "child", "child", "child_in_law",
    "grandchild", "grandchild", "sibling",
)  # fmt: skip
HEAD, SPOUSE, FATHER, MOTHER, CHILD, IN_LAW, GRAND, SIBLING = 0, 1, 2, 3, 4, 7, 8, 10
#: Kinds of household and their shares in a thousand.
_KINDS: Final = {
    "old_alone": 70, "old_couple": 110, "alone": 60, "couple": 80, "family": 330,
    "three_generations": 190, "grown_children": 110, "grandchildren_left": 40, "one_parent": 40,
}  # fmt: skip
_NAMES: Final = tuple(_KINDS)
#: Birthdays that rules ask for, in years.
BIRTHDAYS: Final = (3, 6, 16, 18, 60, 65, 70, 80)


@attrs.frozen(eq=False)
class People:
    """The members of some households: one array a trait, a household's people beside each other.

    ``home`` is the position of the household (from 0), ``number`` the member's in it (from 1), ``relation``
    indices into :data:`RELATIONS`, ``sex`` 0 for men and 1 for women, ``born`` a day, ``age`` in full years on
    the day of the population; ``alone`` marks an old person without family.
    """

    home: Array
    number: Array
    relation: Array
    sex: Array
    born: Array
    age: Array
    alone: Array
    draws: Draws

    def count(self, which: Array, homes: int) -> Array:
        """How many of each household's people ``which`` marks."""
        return np.bincount(self.home[which], minlength=homes)

    def total(self, values: Array, homes: int) -> Array:
        """The sum over each household's people of whole numbers below 2**53."""
        return np.bincount(self.home, weights=values, minlength=homes).astype(np.int64)


RELATIONS: Final = tuple(dict.fromkeys(PLACES))


def people_of(homes: Array, draws: Draws) -> People:
    """The people of households by their numbers."""
    there, age, sex = _composed(draws)
    n, places = there.shape
    flat = np.flatnonzero(there)
    home, place = flat // places, flat % places
    first = np.zeros(n + 1, np.int64)
    np.cumsum(there.sum(axis=1), out=first[1:])
    one = Draws(draws.seed, homes[home].astype(np.uint64) * np.uint64(16) + place.astype(np.uint64))
    days = (age.ravel()[flat] * 365.2425).astype(np.int64) + one.between("days", 0, 364)
    born = DAY - days
    for years in BIRTHDAYS:  # on the day, the day before, the day after
        birthday = DAY.astype("M8[Y]") - years + (DAY - DAY.astype("M8[Y]"))
        near = np.abs(days - years * 365.2425) < 400
        snapped = near & one.chance(f"birthday {years}", 0.3)
        born = np.where(snapped, birthday + one.between(f"beside {years}", -1, 1), born)
    relations = np.array([RELATIONS.index(p) for p in PLACES])
    kind = draws.pick("kind", tuple(_KINDS.values()))
    return People(
        home,
        np.arange(len(home)) - first[home] + 1,
        relations[place],
        sex.ravel()[flat],
        born,
        years_on(born, DAY),
        (kind == _NAMES.index("old_alone"))[home],
        one,
    )


def years_on(born: Array, day: np.datetime64) -> Array:
    """Full years on a day; who is born on 29 February has the birthday on 1 March."""
    year, month, date = split(born)
    on = split(np.array([day], "M8[D]"))
    before = (month * 100 + date) > (on[1][0] * 100 + on[2][0])
    full: Array = on[0][0] - year - before
    return full


def split(days: Array) -> tuple[Array, Array, Array]:
    """Year, month and day of days, as Int64."""
    months = days.astype("M8[M]")
    years = days.astype("M8[Y]")
    return (
        years.astype(np.int64) + 1970,
        (months - years).astype(np.int64) + 1,
        (days - months).astype(np.int64) + 1,
    )


def _composed(draws: Draws) -> tuple[Array, Array, Array]:
    """Who is there, how old (years, as floats) and of what sex: arrays of households by places."""
    n = len(draws)
    kind = draws.pick("kind", tuple(_KINDS.values()))
    there = np.zeros((n, len(PLACES)), bool)
    age = np.zeros((n, len(PLACES)))
    sex = np.zeros((n, len(PLACES)), np.int8)

    def of(*names: str) -> Array:
        return np.isin(kind, [_NAMES.index(name) for name in names])

    old = of("old_alone", "old_couple")
    low = np.select(
        [old, of("grandchildren_left"), of("grown_children"), of("three_generations")], [60, 52, 47, 30], 27
    )  # fmt: skip
    high = np.select(
        [old, of("grandchildren_left"), of("grown_children"), of("three_generations")], [91, 76, 70, 54], 60
    )  # fmt: skip
    there[:, HEAD] = True
    age[:, HEAD] = low + draws.share("head") * (high - low)
    sex[:, HEAD] = draws.chance("woman", np.where(of("old_alone", "one_parent"), 0.4, 0.13))
    married = ~of("old_alone", "alone", "one_parent") & ~draws.chance(
        "widowed", np.where(old, 0, 0.06)
    )
    there[:, SPOUSE] = married
    age[:, SPOUSE] = np.maximum(
        20.2, draws.around("spouse", age[:, HEAD] - 2 + 4 * sex[:, HEAD], 8)
    )
    sex[:, SPOUSE] = 1 - sex[:, HEAD]
    mother = np.where(
        sex[:, HEAD] == 1, age[:, HEAD], np.where(married, age[:, SPOUSE], age[:, HEAD])
    )
    for place, extra, p in ((FATHER, 24.0, 0.55), (MOTHER, 22.0, 0.75)):
        age[:, place] = age[:, HEAD] + extra + draws.share(f"parent {place}") * 10
        there[:, place] = (
            of("three_generations") & draws.chance(f"alive {place}", p) & (age[:, place] < 97)
        )
        sex[:, place] = place - FATHER
    _children(
        draws,
        of("family", "three_generations", "grown_children", "one_parent"),
        mother,
        there,
        age,
        sex,
    )
    # grown children, their spouses and children
    grown = of("grown_children") & there[:, CHILD] & (age[:, CHILD] >= 22)
    there[:, IN_LAW] = grown & draws.chance("in-law", 0.7)
    age[:, IN_LAW] = np.maximum(20.3, draws.around("in-law age", age[:, CHILD], 6))
    sex[:, IN_LAW] = 1 - sex[:, CHILD]
    parent = np.where(there[:, IN_LAW], np.minimum(age[:, IN_LAW], age[:, CHILD]), age[:, CHILD])
    left = of("grandchildren_left")
    for i, p in ((0, 0.75), (1, 0.35)):
        at = GRAND + i
        age[:, at] = np.where(
            left,
            draws.share(f"left {i}") * 14,
            parent - 20.5 - draws.share(f"grand {i}") * 10 - 2 * i,
        )
        there[:, at] = (
            ((there[:, IN_LAW] & draws.chance(f"born {i}", p)) | (left & ((i == 0) | draws.chance("two", 0.4))))
            & (age[:, at] > 0)
        )  # fmt: skip
        sex[:, at] = draws.chance(f"granddaughter {i}", 0.47)
    there[:, SIBLING] = of("alone", "family") & draws.chance("sibling", 0.03)
    age[:, SIBLING] = np.maximum(18.5, draws.around("sibling age", age[:, HEAD], 10))
    sex[:, SIBLING] = draws.chance("sister", 0.3)
    return there, age, sex


def _children(
    draws: Draws, having: Array, mother: Array, there: Array, age: Array, sex: Array
) -> None:
    before = np.ones(len(draws), bool)
    older = mother - 20.5 - draws.share("first child") * 9
    for i, p in enumerate((0.97, 0.62, 0.18)):
        at = CHILD + i
        age[:, at] = older
        before = before & having & draws.chance(f"child {i}", p) & (older > 0)
        # who is grown up and married often lives elsewhere
        there[:, at] = before & ((older < 30) | draws.chance(f"stays {i}", 0.55 if i == 0 else 0.2))
        sex[:, at] = draws.chance(f"daughter {i}", 0.47)
        older = older - 1.2 - draws.share(f"gap {i}") * 5
