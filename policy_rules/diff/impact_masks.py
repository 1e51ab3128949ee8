"""Whom the changes of one part of a population concern: each household and person once."""

from __future__ import annotations

from collections import Counter

from policy_rules.diff.impact import Count
from policy_rules.diff.impact_columns import UNKNOWN, Part, state_of
from policy_rules.tables.frames_layout import pl


def count_of(at: pl.Series, part: Part, of_members: bool) -> Count:
    """How many households and persons stand at some places."""
    if of_members:
        return Count(part.home.gather(at).n_unique(), at.len())
    return Count(at.len(), int(part.people.gather(at).sum() or 0))


class Masks:
    """Who in a part is concerned, by outcome and kind: each household and person once."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._records: dict[tuple[str, str], pl.Series] = {}
        self._members: dict[tuple[str, str], pl.Series] = {}

    def change(self, outcome: str, kind: str, at: pl.Series, of_members: bool) -> None:
        """Note those whose answer changes."""
        self._note((outcome, kind), at, of_members)
        self._note(("any", "touched"), at, of_members)

    def open(self, outcome: str, frame: pl.DataFrame, of_members: bool) -> None:
        """Note those with an open answer, before and after."""
        for side, name in enumerate(("open_before", "open_after")):
            at = frame.filter(state_of(side) == UNKNOWN).get_column("at")
            self._note((outcome, name), at, of_members)

    def _note(self, key: tuple[str, str], at: pl.Series, of_members: bool) -> None:
        if not at.len():
            return
        table, height = (
            (self._members, self._part.home.len())
            if of_members
            else (self._records, self._part.whole.len())
        )
        nobody = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
        table[key] = table.get(key, nobody).scatter(at, True)

    def add_to(self, totals: Counter[tuple[str, str, str]]) -> None:
        """Add the counts of this part."""
        home, height = self._part.home, self._part.whole.len()
        for key in {**self._records, **self._members}:
            nobody = pl.repeat(False, height, dtype=pl.Boolean, eager=True)
            own = self._records.get(key, nobody)
            people = own.gather(home) if home.len() else pl.Series([], dtype=pl.Boolean)
            if key in self._members:
                people = people | self._members[key]
                whose = home.filter(self._members[key]).unique()
                own = own.clone().scatter(whose, True) if whose.len() else own
            totals[(*key, "households")] += int(own.sum())
            totals[(*key, "persons")] += int(people.sum() or 0)
