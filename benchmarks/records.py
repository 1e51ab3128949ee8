"""Records for the benchmarks: the three examples and sampled households, in the baseline's shape."""

from __future__ import annotations

import random
import re
from calendar import monthrange
from datetime import date
from pathlib import Path
from typing import Any

from baseline import ONE_TO_ONE_LINE

from policy_rules.facts.files import read_record_file
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.testing.sampling import Sampler

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?\Z", re.ASCII)


def plain(value: Any) -> Any:
    """Data as JSON gives it, with dates as dates (a month as its first and last day) and years as
    whole numbers."""
    match value:
        case dict():
            return {
                int(key) if str(key).isdigit() else key: plain(item) for key, item in value.items()
            }
        case list():
            return [plain(item) for item in value]
        case str() if found := _DATE.match(value):
            year, month, day = (int(part or 0) for part in found.groups())
            if day:
                return date(year, month, day)
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        case _:
            return value


class Case:
    """One record in three shapes: plain data, what the baseline reads, what the library reads."""

    def __init__(self, pack: Pack, data: dict[str, Any], as_of: date, group: str) -> None:
        self.data = data
        self.by_hand = plain(data)
        self.members = self.by_hand.get("members")
        self.checked: Household = read_record(data, pack.vocabulary)
        self.as_of = as_of
        self.group = group


def examples(pack: Pack) -> list[Case]:
    """The households of examples/, each on its own date."""
    found = []
    for path in sorted(EXAMPLES.glob("*.yaml")):
        data = read_record_file(path).data
        if data.get("kind") != "household":
            continue  # an overlay
        as_of = read_record(data, pack.vocabulary).as_of
        assert as_of is not None
        found.append(Case(pack, data, as_of, "examples"))
    return found


def in_force(sampler: Sampler, rng: random.Random) -> date:
    """A date on which the pack speaks."""
    while True:
        day = sampler.as_of(rng)
        if sampler.pack.in_force.holds(day):
            return day


def household(sampler: Sampler, rng: random.Random, members: int | None = None) -> dict[str, Any]:
    """A household and its members, drawn here: the pack's required facts do not name the list.

    Subsidies get a year near the plan's; the sampler knows no year for them. Where derived facts are
    drawn at all, a net income may lie at the line of 四(三) for the household's size, or for the
    smallest or largest household there may be.
    """
    data: dict[str, Any] = {"kind": "household", **sampler.row(rng, "household", 0)}
    subsidies = data.get("subsidies", ())
    for subsidy in subsidies["items"] if isinstance(subsidies, dict) else subsidies:
        if "year" in subsidy:
            subsidy["year"] = rng.randint(2021, 2024)
    if sampler.derived:
        for income in data.get("incomes", {}).values():
            if rng.random() < 0.2:
                income.pop("net_per_capita", None)
                persons = rng.choice((1, data.get("size", 60), 60))
                income["net"] = ONE_TO_ONE_LINE * persons + rng.choice((-1, 0, 1))
    count = rng.randint(0, 5) if members is None else members
    people: Any = [sampler.row(rng, "member", 1) for _ in range(count)]
    if members is not None:
        data["size"] = count
    if members is None and rng.random() < sampler.gap / 4:
        return data
    incomplete = members is None and rng.random() < 0.1
    data["members"] = {"items": people, "complete": False} if incomplete else people
    return data


def sampled(pack: Pack, count: int, group: str, *, seed: int, derived: float) -> list[Case]:
    """Households of four members, all listed; a fifth of their facts is not recorded.

    ``derived`` is the chance that a fact that could be derived is recorded too: then they conflict.
    """
    sampler = Sampler(pack, gap=0.2, derived=derived)
    rng = random.Random(seed)
    return [
        Case(pack, household(sampler, rng, 4), in_force(sampler, rng), group) for _ in range(count)
    ]
