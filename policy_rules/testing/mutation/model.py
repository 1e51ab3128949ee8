"""What a mutant is, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import attrs

from policy_rules.analysis.model import Bounds, Span
from policy_rules.errors import Place

#: Kinds of change, in the order of reports.
KINDS: Final = (
    "number",
    "date",
    "comparator",
    "connective",
    "negation",
    "condition",
    "quantifier",
    "arithmetic",
    "code",
    "amount",
    "exclusion",
    "effect",
    "force",
    "clause",
    "target",
    "reading",
)

#: Why a mutant is equivalent that the solver proved to be.
PROVED: Final = "proved"

#: What became of a mutant: noticed, not noticed, not noticed and certainly of the same meaning, out of time.
Fate = Literal["killed", "survived", "equivalent", "timeout"]


@attrs.frozen
class Mutant:
    """A pack with one value changed.

    ``section`` and ``name`` say which named thing holds the value (``document`` for the dates of the
    document), ``path`` where in it; ``data`` is the thing's plain data with the change made, ``patch``
    instead of it a patch of several things (a reading exchanged for its alternative).
    """

    number: int
    kind: str
    section: str
    name: str
    path: tuple[str | int, ...]
    place: Place
    was: str
    became: str
    data: Mapping[str, Any] | None = attrs.field(default=None, repr=False, eq=False)
    patch: Mapping[str, Any] | None = attrs.field(default=None, repr=False, eq=False)

    @property
    def thing(self) -> str:
        """``rules.startup_subsidy``"""
        return f"{self.section}.{self.name}"

    @property
    def file(self) -> str:
        """The file, without the pack's name where it stands in a folder of its own."""
        return self.place.file


@attrs.frozen
class Solved:
    """What the solver says of a mutant: the same on all records of ``bounds``, on all ``days``, or not.

    ``compared`` counts the rules and conditions compared, ``readings`` the other readings under which they were.
    ``why`` says what stood against an answer: ``time``, ``text`` (nothing a record can show), ``unreached`` (no rule
    or target rests on it), ``target``, ``years``, ``conflict`` (it differs only on records that contradict
    themselves), ``load``, ``disagreement``, or what no plan holds. ``reading`` is that under which it differs.
    """

    settled: Literal["equivalent", "different", "undecided"]
    bounds: Bounds
    days: Span | None = None
    compared: int = 0
    readings: int = 0
    reading: str = ""
    why: str = ""
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data without what is empty."""
        body = {
            "settled": self.settled,
            "days": None if self.days is None else self.days.as_dict(),
            "members": self.bounds.members,
            "items": self.bounds.items,
            "compared": self.compared,
            "readings": self.readings,
            "reading": self.reading,
            "why": self.why,
        }
        return {k: v for k, v in body.items() if v not in ("", None)}


@attrs.frozen
class Outcome:
    """What became of one mutant: ``by`` is what noticed it (``case x``, ``property y``, ``load: code`` …)."""

    number: int
    fate: Fate
    by: tuple[str, ...] = ()
    seconds: float = 0.0
    detail: str = ""
    #: what the solver says where nothing noticed it; None where it was not asked
    solved: Solved | None = None
