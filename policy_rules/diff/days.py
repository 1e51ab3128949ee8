"""The day each pack is looked at on."""

from __future__ import annotations

from datetime import date

from policy_rules.errors import Place, Problem, RecordError, shown
from policy_rules.facts.dates import read_date
from policy_rules.packs.model import Pack


def day_within(pack: Pack, day: date | str | None) -> date:
    """The day to look at a pack on: the one asked for, else the last day it is in force."""
    if day is not None:
        return full_day(day)
    return pack.in_force.end or pack.in_force.start or date(2022, 12, 31)


def full_day(day: date | str, path: str = "as_of") -> date:
    """A day given as a date or as text; raises :class:`~policy_rules.errors.RecordError` about ``path``."""
    try:
        found = read_date(day)
    except ValueError:
        found = None
    if not isinstance(found, date):
        raise RecordError(Problem("bad_date", Place(path=path), "2022-12-31", shown(day)))
    return found
