"""Hypothesis strategies for records of a pack, dates of evaluation and random packs.

Records are plain data, as JSON or YAML gives them, and hold the facts the pack reads: every fact of
the right type, most numbers and dates at or next to a line of the pack, some facts missing.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from hypothesis import note
from hypothesis import strategies as st

from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.testing import drawn
from policy_rules.testing.layout import INCOMPLETE, Layout, kinds_of
from policy_rules.testing.random_packs import random_pack

#: Chance that a fact is missing, unless told otherwise.
GAP: Final = 0.2
#: The most members of a household, unless told otherwise.
MEMBERS: Final = 5

Record = dict[str, Any]


@lru_cache(maxsize=32)
def layout_of(pack: Pack, gap: float, rules: tuple[str, ...] | None = None) -> Layout:
    """The layout of a pack's records, kept for the next strategy that asks."""
    return Layout(pack, gap, rules)


def records_of(
    pack: Pack,
    kind: str = "household",
    *,
    gap: float = GAP,
    max_members: int = MEMBERS,
    rules: Iterable[str] | None = None,
) -> st.SearchStrategy[Record]:
    """Plain data of records of a kind, with the date of evaluation in ``as_of``.

    ``gap`` is the chance that a fact is missing, ``max_members`` bounds the members of a household,
    ``rules`` narrows the facts to those that some rules read. Shrinks towards a record without facts
    on an ordinary day. Raises ValueError for a kind that is none or a ``gap`` that is no share, and
    :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """
    chosen = None if rules is None else tuple(rules)
    return noted(pack, records(pack, kind, gap, max_members, chosen))


def records(
    pack: Pack,
    kind: str,
    gap: float = GAP,
    max_members: int = MEMBERS,
    rules: tuple[str, ...] | None = None,
) -> st.SearchStrategy[Record]:
    """As :func:`records_of`; what is drawn is not noted."""
    layout = layout_of(pack, gap, rules)
    if kind not in pack.vocabulary.records or kind == "member":
        raise ValueError(f"no kind of record: {kind!r}")
    whole = layout.of(kind)
    days = dates(pack)
    one = _bytes(whole.size)
    if kind != "household" or not any(f.path == "members" for f in layout.facts.get(kind, ())):

        @st.composite
        def entity(draw: st.DrawFn) -> Record:
            day = draw(days)
            return {"kind": kind, "as_of": str(day), **whole.row(draw(one), day)}

        return entity()
    member = layout.of("member")
    listed = st.none() | st.lists(_bytes(member.size), max_size=max_members)
    if gap == 0:
        listed = st.lists(_bytes(member.size), max_size=max_members)
    meta = st.binary(min_size=2, max_size=2)

    @st.composite
    def household(draw: st.DrawFn) -> Record:
        day = draw(days)
        record: Record = {"kind": kind, "as_of": str(day), **whole.row(draw(one), day)}
        rows = draw(listed)
        if rows is None:
            return record
        told = draw(meta)
        people = [member.row(row, day) for row in rows]
        incomplete = gap > 0 and told[0] >= 256 * (1 - INCOMPLETE)
        record["members"] = {"items": people, "complete": False} if incomplete else people
        if told[1] >= 128 and people and "size" in record:
            record["size"] = len(people)
        return record

    return household()


def households(
    pack: Pack,
    *,
    gap: float = GAP,
    max_members: int = MEMBERS,
    rules: Iterable[str] | None = None,
) -> st.SearchStrategy[Record]:
    """Plain data of households; see :func:`records_of`."""
    return records_of(pack, gap=gap, max_members=max_members, rules=rules)


def members(
    pack: Pack, *, gap: float = GAP, rules: Iterable[str] | None = None
) -> st.SearchStrategy[Record]:
    """Plain data of one member, to stand in the ``members`` of a household; see :func:`records_of`."""
    layout = layout_of(pack, gap, None if rules is None else tuple(rules))
    row = layout.of("member")
    return st.builds(row.row, _bytes(row.size), dates(pack))


def populations(
    pack: Pack,
    *,
    kinds: Iterable[str] = ("household",),
    min_size: int = 0,
    max_size: int = 12,
    gap: float = GAP,
    max_members: int = MEMBERS,
) -> st.SearchStrategy[list[Record]]:
    """Lists of records with ids of their own (``household-1`` …) and no date: a population has one for all.

    ``kinds`` are those of the records, in any mixture; ``max_size`` bounds their number. For
    :func:`policy_rules.measure_coverage`, ``evaluate`` over populations and the like. Raises
    ValueError for a kind that is none.
    """
    chosen = tuple(kinds)
    one = st.one_of([records(pack, kind, gap, max_members) for kind in chosen])
    return st.lists(one, min_size=min_size, max_size=max_size).map(_numbered)


def _numbered(rows: list[Record]) -> list[Record]:
    return [
        {"kind": row["kind"], "id": f"{row['kind']}-{i}"}
        | {k: v for k, v in row.items() if k not in ("kind", "as_of")}
        for i, row in enumerate(rows, 1)
    ]


def dates(pack: Pack) -> st.SearchStrategy[date]:
    """Dates of evaluation: at the first and last days of the pack, its rules and its parameters, the
    day before and the day after, or on any day between."""
    days = layout_of(pack, GAP).days()
    first, last = min(days), max(days)
    within = st.integers(0, (last - first).days).map(lambda n: first + timedelta(days=n))
    return st.sampled_from(days) | within


def packs(rules: int = 8) -> st.SearchStrategy[Pack]:
    """Random well-typed packs of up to ``rules`` rules about households and members.

    They have populations, references between rules, exclusions, amounts, duties, an external condition
    and a dated parameter. Shrinks towards few rules of one line each.
    """
    if rules < 1:
        raise ValueError(f"rules is 1 or more, not {rules}")

    chances = _bytes(48 + 48 * rules)

    @st.composite
    def pack(draw: st.DrawFn) -> Pack:
        count = draw(st.integers(1, rules))
        texts = random_pack(_Chances(draw(chances)), count)
        note(
            "\n".join(f"# {file}\n{text}" for file, text in texts.items())
        )  # told where a test fails
        return load_texts(texts)

    return pack()


def noted(pack: Pack, strategy: st.SearchStrategy[Record]) -> st.SearchStrategy[Record]:
    """A strategy of whole records; the last one drawn can be saved where a test fails."""

    def remember(record: Record) -> Record:
        drawn.last = drawn.Drawn(pack, copy.deepcopy(record))
        return record

    return strategy.map(remember)


class _Chances(random.Random):
    """Chances read from bytes, the least where there are no more: fewer bytes make a plainer pack."""

    def __init__(self, data: bytes) -> None:
        self._left = iter(data)
        super().__init__(0)

    def random(self) -> float:
        return next(self._left, 0) / 256

    def getrandbits(self, k: int, /) -> int:
        bits = 0
        for _ in range(-(-k // 8)):
            bits = bits << 8 | next(self._left, 0)
        return bits >> -k % 8


def kinds(pack: Pack) -> tuple[str, ...]:
    """The kinds of record a pack's rules are about, households first."""
    return tuple(kinds_of(pack))


def _bytes(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)
