"""A Hypothesis strategy for records around the lines one rule draws."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from hypothesis import strategies as st

from policy_rules.engine.engine import Engine
from policy_rules.packs.model import Pack
from policy_rules.testing.layout import usual_range
from policy_rules.testing.lines import plain_number
from policy_rules.testing.reaching import Reach, Spot, reach_of
from policy_rules.testing.strategies import Record, noted, records

#: The most facts that are moved on the way from a record that was found.
MOVED: Final = 4


def near(pack: Pack | Engine, rule: str) -> st.SearchStrategy[Record]:
    """Records around the lines of a rule, with the date of evaluation in ``as_of``.

    A small record is searched for on which the rule says YES, and one on which it says NO, inside the
    population it speaks of if it can; of these up to four facts are moved to a value at, just below or
    just above a line of the rule or of what it names, to another code, to another day, or taken away.
    Shrinks towards the smallest record with a YES.

    The search is made when the first record is drawn, and kept; it sees what the pack's overlays supply
    and no case of the pack. Where it finds nothing (a rule that rests on an external parameter nobody
    has supplied), records of the facts the rule reads are drawn as :func:`records_of` does. Raises
    :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """
    reach = reach_of(pack.pack if isinstance(pack, Engine) else pack, rule)
    return noted(reach.pack, st.deferred(lambda: _near(reach)))


def _near(reach: Reach) -> st.SearchStrategy[Record]:
    if not reach.found:
        return records(reach.pack, reach.kind, rules=(reach.rule.id,))
    if not reach.spots:
        return st.sampled_from([found.record for found in reach.found]).map(copy.deepcopy)
    starts = st.sampled_from([found.record for found in reach.found])
    moves = st.lists(st.binary(min_size=4, max_size=4), max_size=MOVED)

    def moved(start: Record, steps: list[bytes]) -> Record:
        record = copy.deepcopy(start)
        for step in steps:
            _move(reach, record, step)
        return record

    return st.builds(moved, starts, moves)


def _move(reach: Reach, record: Record, step: bytes) -> None:
    """Move one fact: two bytes tell which, one in which row, one to which value."""
    which, where, what = int.from_bytes(step[:2], "big"), step[2], step[3]
    day = date.fromisoformat(record["as_of"])
    at = which * (len(reach.spots) + 1) >> 16
    if at == len(reach.spots):
        record["as_of"] = str(reach.days[what * len(reach.days) >> 8])
        return
    spot = reach.spots[at]
    values = tuple(_values(reach, spot, day))
    rows = reach.rows(record, spot.record)
    if not rows:
        return
    row = rows[where % len(rows)]
    value = values[what * len(values) >> 8]
    for key in spot.path[:-1]:
        row = row.setdefault(key, {})
    if value is None:
        row.pop(spot.path[-1], None)
    else:
        row[spot.path[-1]] = value


def _values(reach: Reach, spot: Spot, day: date) -> Iterator[Any]:
    """The values a fact is moved to; None takes it away."""
    yield None
    spec, lines = spot.spec, reach.lines
    if spec is None or spec.kind == "bool":
        yield from (True, False)
        return
    match spec.kind:
        case "code":
            yield from reach.pack.vocabulary.codes[spec.codes or ""].values
        case "codes":
            named = lines.codes.get(spec.field, ())
            yield []
            yield from ([code] for code in named)
            yield sorted(named)
            yield from ([c] for c in reach.pack.vocabulary.codes[spec.codes or ""].values)
        case "text":
            yield from (*lines.codes.get(spec.field, ()), "x0")
        case "date":
            yield from map(str, lines.days_of(spec, day) or reach.days)
        case "year_month":
            yield from (f"{d:%Y-%m}" for d in lines.days_of(spec, day) or reach.days)
        case _:
            ends = usual_range(spec, lines.years)
            yield from lines.numbers_of(spec) or map(plain_number, ends)
