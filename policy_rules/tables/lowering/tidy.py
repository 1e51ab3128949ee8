"""The last touch to a plan: what nothing reads is left out, what one column reads goes into it.

Steps are put in an order that changes from frame to frame as seldom as it can.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import attrs

from policy_rules.tables.lowering.places import Sheet, operands
from policy_rules.tables.lowering.scope import Lowerer
from policy_rules.tables.plan import (
    Define,
    Down,
    Expr,
    Lit,
    Needed,
    Op,
    Outcome,
    Plan,
    Ref,
    Runs,
    Step,
    Up,
)

#: No expression grows beyond so many operators by taking in others: engines recurse.
LARGEST: Final = 40

_Column = tuple[str, str]


def tidied(
    at: Lowerer, outcomes: tuple[Outcome, ...], odd: str | None, left: tuple[tuple[str, str], ...]
) -> Plan:
    """The plan of what has been lowered."""
    sheet = at.sheet
    wanted = {(at.kind, odd)} if odd is not None else set()
    for outcome in outcomes:
        names = [outcome.verdict, outcome.outside, outcome.met, *(outcome.amount or ())]
        wanted |= {(outcome.frame, n) for n in names if n is not None}
    live = _live(sheet.steps, wanted)
    steps = _ordered(_inlined(live, wanted))
    read = {c for step in steps for c in _reads(step)} | wanted
    needed = tuple(n for n in sheet.inputs() if (n.frame, n.name) in read)
    return Plan(
        at.pack.id,
        at.kind,
        _frames(sheet, at.kind, steps, needed),
        needed,
        steps,
        outcomes,
        odd,
        left,
    )


def _frames(
    sheet: Sheet, kind: str, steps: tuple[Step, ...], needed: tuple[Needed, ...]
) -> tuple[str, ...]:
    """The frames a plan touches and those they belong to, outer ones first."""
    found = {kind} | {s.frame for s in steps} | {n.frame for n in needed}
    found |= {s.inner for s in steps if isinstance(s, Up | Runs)}
    for frame in list(found):
        outer = sheet.frames[frame]
        while outer is not None:
            found.add(outer)
            outer = sheet.frames[outer]
    return tuple(f for f in sheet.frames if f in found)


def _reads(step: Step) -> list[_Column]:
    match step:
        case Define(frame=frame, expr=expr):
            return [(frame, ref.name) for ref in operands(expr)]
        case Down(outer=outer, source=source):
            return [(outer, source)]
        case Up(inner=inner, source=source):
            return [(inner, source)]
        case Runs(inner=inner, first=first, last=last):
            return [(inner, first), (inner, last)]


def _live(steps: list[Step], wanted: set[_Column]) -> list[Step]:
    read = set(wanted)
    found: list[Step] = []
    for step in reversed(steps):
        if (step.frame, step.name) in read:
            found.append(step)
            read.update(_reads(step))
    return found[::-1]


def _inlined(steps: list[Step], wanted: set[_Column]) -> list[Step]:
    """Definitions that one other definition reads, once, put in their place."""
    uses = Counter(c for step in steps for c in _reads(step))
    kept = wanted | {c for s in steps if not isinstance(s, Define) for c in _reads(s)}
    held: dict[_Column, Expr] = {}
    sizes: dict[_Column, int] = {}
    found: list[Step] = []
    for step in steps:
        if not isinstance(step, Define):
            found.append(step)
            continue
        place = (step.frame, step.name)
        size = _size(step.expr)
        inside = {}
        for ref in operands(step.expr):
            column = (step.frame, ref.name)
            if column in held and size + sizes[column] <= LARGEST:
                inside[ref.name] = held.pop(column)
                size += sizes[column]
        expr = _replaced(step.expr, inside) if inside else step.expr
        for ref in operands(step.expr):  # too large to be taken in: a column after all
            _release(step.frame, ref.name, held, found)
        if uses[place] == 1 and place not in kept:
            held[place], sizes[place] = expr, size
        else:
            found.append(attrs.evolve(step, expr=expr))
    return found


def _release(frame: str, name: str, held: dict[_Column, Expr], found: list[Step]) -> None:
    expr = held.pop((frame, name), None)
    if expr is not None:
        found.append(Define(frame, name, expr))


def _size(expr: Expr) -> int:
    if isinstance(expr, Op):
        return 1 + sum(_size(a) for a in expr.args)
    return 0 if isinstance(expr, Ref | Lit) else 1


def _replaced(expr: Expr, inside: dict[str, Expr]) -> Expr:
    if isinstance(expr, Ref):
        return inside.get(expr.name, expr)
    if isinstance(expr, Op):
        return attrs.evolve(expr, args=tuple(_replaced(a, inside) for a in expr.args))
    if isinstance(expr, Lit):
        return expr
    return attrs.evolve(expr, item=_replaced(expr.item, inside))


def _ordered(steps: list[Step]) -> tuple[Step, ...]:
    """By how many changes of frame lie before them, then by frame; otherwise as they are."""
    level: dict[_Column, int] = {}
    for step in steps:
        before = max((level.get(c, 0) for c in _reads(step)), default=0)
        level[step.frame, step.name] = before if isinstance(step, Define) else before + 1
    frames = {f: i for i, f in enumerate(dict.fromkeys(s.frame for s in steps))}
    order = sorted(steps, key=lambda s: (level[s.frame, s.name], frames[s.frame]))
    return tuple(order)
