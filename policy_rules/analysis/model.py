"""What the solver says of rules: relations, natures, witnesses, and within which bounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import attrs

from policy_rules.engine.finding import Amount
from policy_rules.verdict import Verdict

#: How the left rule stands to the right one, by the subjects each says YES of: ``narrower`` says that the left
#: rule says YES of fewer (each of them has the YES of the right rule), ``wider`` of more, ``overlapping`` that
#: each says YES of some the other does not, ``disjoint`` that no subject has the YES of both.
How = Literal["same", "narrower", "wider", "overlapping", "disjoint", "undecided"]
#: What a witness shows: a YES of the left rule alone, of the right alone, of both.
Shows = Literal["left_only", "right_only", "both"]


@attrs.frozen
class Bounds:
    """The records a claim speaks of, and how long a question may take.

    ``members`` and ``items`` are how many members a household, and how many items any other list, may have;
    ``seconds`` is the time limit of one question to the solver.
    """

    members: int = 4
    items: int = 3
    seconds: float = 10.0


@attrs.frozen(eq=False)
class Witness:
    """A record on which two rules answer as ``kind`` says (or that shows what one rule can do).

    ``record`` is plain data as ``Engine.evaluate`` takes it, with ``as_of`` (that of the left rule); ``subject``
    is the id of the member the answer is about, empty for the record itself. ``parameters`` holds the figures
    supplied for external parameters, by pack and name, as an overlay would. Every witness has been replayed
    through the reference interpreter: ``left`` and ``right`` are its verdicts (``right`` None where only one rule
    is asked), the amounts those of its findings.
    """

    kind: Shows
    record: Mapping[str, Any]
    subject: str
    left: Verdict
    right: Verdict | None = None
    left_amount: Amount | None = None
    right_amount: Amount | None = None
    parameters: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)

    def overlay(self, pack: str) -> dict[str, Any]:
        """The overlay of a pack under which the witness was replayed; empty where it needs none."""
        values = self.parameters.get(pack)
        return {"pack": pack, "parameters": dict(values)} if values else {}


@attrs.frozen(eq=False)
class Relation:
    """How two rules stand to each other within ``bounds``, each as on its own day.

    ``open_only`` says that all differences are between YES and UNKNOWN: the two differ only where a fact is not
    recorded. ``never`` names the sides that say YES of no record. ``undecided`` names the questions the solver
    did not settle in time, ``left_out`` what the question does not cover (reasons, in English, with codes of
    :data:`policy_rules.analysis.LIMITS`). ``seconds`` is the time taken.
    """

    relation: How
    witnesses: tuple[Witness, ...]
    bounds: Bounds
    days: tuple[date, date]
    open_only: bool = False
    never: tuple[Literal["left", "right"], ...] = ()
    undecided: tuple[Shows, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0

    def witness(self, kind: Shows) -> Witness | None:
        """The witness of a kind, where there is one."""
        return next((w for w in self.witnesses if w.kind == kind), None)


@attrs.frozen(eq=False)
class Nature:
    """What one rule can do at all, within ``bounds``.

    ``never``: no record has its YES. ``always``: no record within its population lacks it. None where the solver
    did not decide. ``implied_by`` names the rules of the pack whose YES on the same subject always brings its own.
    ``beyond`` is a record that leaves the rule UNKNOWN although every value of one missing fact (``beyond_fact``, by
    its path) gives the same verdict.
    """

    rule: str
    never: bool | None
    always: bool | None
    bounds: Bounds
    implied_by: tuple[str, ...] = ()
    beyond: Witness | None = None
    beyond_fact: str = ""
    yes: Witness | None = None
    no: Witness | None = None
    undecided: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: float = 0.0
