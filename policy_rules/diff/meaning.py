"""Pairs of rules by their meaning: narrower, wider, more generous, with households that show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from policy_rules.analysis.model import Bounds, How, Relation, Witness


@attrs.frozen
class OtherReading:
    """What the relation would be under another reading of one side."""

    pack: str
    reading: str
    alternative: str
    relation: How


@attrs.frozen(eq=False)
class Meaning:
    """What two rules mean against each other.

    ``relation`` says how the left rule stands to the right one: ``same``, ``narrower`` (YES of fewer), ``wider``,
    ``overlapping``, ``disjoint``, ``undecided``. ``generous`` names the side that is more generous (``equal`` for
    neither), empty where that is not defined or not decided; ``not_comparable`` what of the concept's ``must_agree``
    stands against saying so. ``assumed`` names the equivalences under which ``relation`` was asked (none: plainly).
    ``hypothetical`` is the answer under an equivalence, for pairs not comparable only by such. ``readings`` holds
    the readings under which the relation is another one. ``set_aside`` names what was not compared (``region``,
    ``dates``).
    """

    relation: How
    witnesses: tuple[Witness, ...]
    bounds: Bounds
    generous: Literal["left", "right", "equal", ""] = ""
    not_comparable: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    hypothetical: Meaning | None = None
    readings: tuple[OtherReading, ...] = ()
    set_aside: tuple[str, ...] = ()
    open_only: bool = False
    never: tuple[Literal["left", "right"], ...] = ()
    left_out: tuple[str, ...] = ()
    undecided: Mapping[str, str] = attrs.field(factory=dict)
    answer: Relation | None = None
