"""Finding the statements of a ledger in an official text, also in a damaged or rearranged copy.

The ledger holds no wording, only fingerprints and spans. A statement is looked for where its span says,
then around that place (copies gain and lose characters), then anywhere; what is left lies between the
statements found before and after it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import attrs

from policy_rules.packs.model import Clause
from policy_rules.sources.wording import digest

#: How far from its expected place a statement is looked for at first, and after others were lost.
NEAR: Final = 60
FARTHEST: Final = 600
#: Statements shorter than this stand too often in a text to be looked for everywhere.
SHORTEST: Final = 8
#: A stretch holds a damaged statement if it has at least this part of its characters.
ENOUGH: Final = 0.4

State = Literal["same", "moved", "differs", "absent"]


@attrs.frozen
class Match:
    """Where a statement stands in a text; ``span`` is None where it is absent."""

    clause: Clause
    state: State
    span: tuple[int, int] | None


def align(clauses: Iterable[Clause], text: str) -> tuple[Match, ...]:
    """Where each statement with a span stands in a normalised text, in the ledger's order.

    ``same``: the wording, in its place; ``moved``: the wording, but not in the document's order;
    ``differs``: between its neighbours stands something else (its span is an estimate); ``absent``.
    """
    ordered = sorted((c for c in clauses if c.span), key=lambda c: c.span or (0, 0))
    starts: list[int | None] = []
    drift, end, lost, tried = 0, 0, 0, 0
    for clause in ordered:
        assert clause.span is not None
        expected = clause.span[0] + drift
        start = _near(clause, expected, end, min(NEAR + lost, FARTHEST), text)
        if start is None and lost - tried > FARTHEST // 2 and _length(clause) >= SHORTEST:
            # a page was put in or left out: look for the way back
            tried = lost
            start = _anywhere({clause.fingerprint: expected}, _length(clause), text).get(
                clause.fingerprint
            )
        starts.append(start)
        if start is None:
            lost += _length(clause)
        elif start >= end:
            drift, end = start - clause.span[0], start + _length(clause)
            lost = tried = 0
    lengths: dict[int, dict[str, int]] = {}
    drift = 0
    for clause, start in reversed(list(zip(ordered, starts, strict=True))):
        assert clause.span is not None
        if start is not None:
            drift = start - clause.span[0]
        elif _length(clause) >= SHORTEST:
            wanted = lengths.setdefault(_length(clause), {})
            wanted[clause.fingerprint] = clause.span[0] + drift
    found = {n: _anywhere(wanted, n, text) for n, wanted in lengths.items()}
    for i, (clause, start) in enumerate(zip(ordered, starts, strict=True)):
        if start is None:
            starts[i] = found.get(_length(clause), {}).get(clause.fingerprint)
    _between(ordered, starts, text)
    return _states(ordered, starts, text)


def _near(clause: Clause, expected: int, end: int, reach: int, text: str) -> int | None:
    length = _length(clause)
    for offset in sorted(range(-reach, reach + 1), key=abs):
        start = expected + offset
        if start >= end and digest(text[start : start + length]) == clause.fingerprint:
            return start
    return None


def _between(clauses: Sequence[Clause], starts: list[int | None], text: str) -> None:
    """Look for what is too short to be looked for everywhere, between what was found."""
    after: list[int] = []
    end = len(text)
    for start in reversed(starts):
        after.append(end)
        end = start if start is not None else end
    before = 0
    for i, (clause, stop) in enumerate(zip(clauses, reversed(after), strict=True)):
        start = starts[i]
        if start is None and stop - before <= FARTHEST:
            wanted = {clause.fingerprint: before}
            found = _anywhere(wanted, _length(clause), text[before:stop], before)
            start = starts[i] = found.get(clause.fingerprint)
        before = max(before, start + _length(clause)) if start is not None else before


def _anywhere(wanted: Mapping[str, int], length: int, text: str, offset: int = 0) -> dict[str, int]:
    """Where fingerprints of stretches of one length stand, nearest to where they are expected.

    ``offset`` is where ``text`` begins.
    """
    found: dict[str, int] = {}
    for start in range(offset, offset + len(text) - length + 1):
        mark = digest(text[start - offset : start - offset + length])
        expected = wanted.get(mark)
        if expected is not None and (
            mark not in found or abs(start - expected) < abs(found[mark] - expected)
        ):
            found[mark] = start
    return found


def _states(
    clauses: Sequence[Clause], starts: Sequence[int | None], text: str
) -> tuple[Match, ...]:
    found: list[Match | None] = [None] * len(clauses)
    in_order = set(_rising([(s, i) for i, s in enumerate(starts) if s is not None]))
    for i, (clause, start) in enumerate(zip(clauses, starts, strict=True)):
        if start is not None:
            span = (start, start + _length(clause))
            found[i] = Match(clause, "same" if i in in_order else "moved", span)
    i = 0
    while i < len(clauses):
        if found[i] is not None:
            i += 1
            continue
        j = i
        while j < len(clauses) and found[j] is None:
            j += 1
        before = max(
            (m.span[1] for m in found[:i] if m and m.span and m.state == "same"), default=0
        )
        after = next(
            (m.span[0] for m in found[j:] if m and m.span and m.state == "same"), len(text)
        )
        for k, match in enumerate(_shared(clauses[i:j], (before, max(before, after)))):
            found[i + k] = match
        i = j
    return tuple(m for m in found if m is not None)


def _shared(clauses: Sequence[Clause], stretch: tuple[int, int]) -> list[Match]:
    """Statements that are not found as they were, laid out over the stretch between their neighbours."""
    start, end = stretch
    wanted = sum(map(_length, clauses))
    there = end - start
    if there < ENOUGH * wanted:
        return [Match(c, "absent", None) for c in clauses]
    found, at = [], start
    for n, clause in enumerate(clauses, 1):
        room = min(there, 2 * wanted)
        stop = start + round(room * sum(map(_length, clauses[:n])) / wanted)
        found.append(Match(clause, "differs", (at, stop)))
        at = stop
    return found


def _length(clause: Clause) -> int:
    assert clause.span is not None
    return clause.span[1] - clause.span[0]


def _rising(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The items of a longest run of rising places: what stands in the document's order."""
    tails: list[int] = []
    before: dict[int, int | None] = {}
    last: list[int] = []
    for place, item in pairs:
        at = bisect.bisect_left(tails, place)
        before[item] = last[at - 1] if at else None
        if at == len(tails):
            tails.append(place)
            last.append(item)
        else:
            tails[at], last[at] = place, item
    chain: list[int] = []
    step = last[-1] if last else None
    while step is not None:
        chain.append(step)
        step = before[step]
    return chain
