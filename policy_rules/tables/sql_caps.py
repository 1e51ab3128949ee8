"""Numbers so large that arithmetic with them might leave 128 bits: their records are odd.

An overflow would stop a run over millions of records for the sake of one. Where the ranges of a population
do not exclude one, a cap is set on the input columns: what lies beyond it is read as not recorded, and the
record is marked for the reference interpreter, which has no such limits.
"""

from __future__ import annotations

from typing import Final

import attrs

from policy_rules.tables.plan import Define, Expr, Lit, Needed, Op, Plan, Ref, Step, Up

#: The caps tried, in turn; money is scaled by a million.
CAPS: Final = (10**17, 10**15, 10**13, 10**11)
#: An input column of a frame, true in rows where a column is beyond the cap.
BEYOND: Final = "~beyond"
#: The `odd` of a plan with a cap.
ODD: Final = "~odd"


def outer_frame(plan: Plan, frame: str) -> str | None:
    """The frame whose rows a frame's rows belong to; None of the record's."""
    return max((f for f in plan.frames if frame.startswith(f + ".")), key=len, default=None)


def flagged(plan: Plan, frames: frozenset[str]) -> Plan:
    """The plan with an `odd` that counts what is beyond the cap in the frames that have such columns."""
    assert plan.odd is not None
    steps: list[Step] = []
    flags: dict[str, list[Expr]] = {f: [] for f in plan.frames}
    for frame in sorted(plan.frames, key=len, reverse=True):
        if frame in frames:
            flags[frame].append(Ref(BEYOND, "bool"))
        if not flags[frame]:
            continue
        outer = outer_frame(plan, frame)
        if outer is None:
            either = (Ref(plan.odd, "bool"), *flags[frame])
            steps.append(Define(frame, ODD, Op("or", either, "bool")))
            continue
        any_row, rows = f"{BEYOND}.row", f"{BEYOND}.{frame}"
        no = Lit(False, "bool")
        steps.append(Define(frame, any_row, Op("or", (no, *flags[frame]), "bool")))
        steps.append(Up(outer, rows, frame, any_row, "true", "int"))
        flags[outer].append(Op("gt", (Ref(rows, "int"), Lit(0, "int")), "bool"))
    needed = [Needed(f, BEYOND, "bool") for f in plan.frames if f in frames]
    return attrs.evolve(plan, needed=(*plan.needed, *needed), steps=(*plan.steps, *steps), odd=ODD)
