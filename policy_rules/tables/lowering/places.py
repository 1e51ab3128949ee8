"""Where values stand: rows of frames, and the sheet of columns a plan consists of."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from policy_rules.tables.lowering.exprs import NotHeld
from policy_rules.tables.plan import (
    Aggregate,
    Define,
    Down,
    Expr,
    Kind,
    Lit,
    Needed,
    Op,
    Ref,
    Runs,
    Step,
    Up,
)


@attrs.frozen(eq=False)
class Inst:
    """One row of a frame in a chain of rows; two loops over one list are two of them."""

    frame: str
    outer: Inst | None = None

    def chain(self) -> Iterator[Inst]:
        """This row and those it belongs to, inmost first."""
        here: Inst | None = self
        while here is not None:
            yield here
            here = here.outer

    def like(self, other: Inst) -> Inst:
        """The row of this chain in the frame of another row."""
        return next(i for i in self.chain() if i.frame == other.frame)


@attrs.frozen(eq=False)
class Place:
    """A record: the columns of ``inner`` under a prefix.

    With ``mask`` it is that of the one row of a by-year frame where the mask holds, seen from
    ``inst``; else ``inner`` is ``inst``.
    """

    inst: Inst
    inner: Inst
    prefix: str = ""
    mask: Expr | None = None

    @classmethod
    def of(cls, inst: Inst) -> Place:
        """The record of a row."""
        return cls(inst, inst)

    def below(self, path: str) -> Place:
        """The record a fact of this record is."""
        return attrs.evolve(self, prefix=f"{self.prefix}{path}.")


#: A record nothing is known of.
EMPTY = None


def meet(insts: Iterator[Inst | None]) -> Inst | None:
    """The inmost of some rows of one chain; raises :class:`NotHeld` where they are of several."""
    found: Inst | None = None
    depth: list[Inst] = []
    for inst in insts:
        if inst is None or inst in depth:
            continue
        chain = list(inst.chain())
        if found is not None and found not in chain:
            raise NotHeld("a line that compares two items of lists with each other")
        found, depth = inst, chain
    return found


class Sheet:
    """The steps of a plan as they are made; equal columns are made once."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.needed: dict[tuple[str, str], Kind] = {}
        self.frames: dict[str, str | None] = {}
        self._made: dict[object, Ref] = {}

    def inst(self, frame: str, outer: Inst | None) -> Inst:
        """A new row of a frame."""
        self.frames.setdefault(frame, None if outer is None else outer.frame)
        return Inst(frame, outer)

    def column(self, inst: Inst, name: str, kind: Kind) -> Ref:
        """An input column."""
        self.needed[inst.frame, name] = kind
        return Ref(name, kind)

    def named(self, inst: Inst, expr: Expr) -> Ref | Lit:
        """The column of an expression."""
        if isinstance(expr, Ref | Lit):
            return expr
        key = (inst.frame, expr)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._new(expr.kind)
            self.steps.append(Define(inst.frame, found.name, expr))
        return found

    def down(self, inst: Inst, source: Inst, expr: Expr) -> Expr:
        """A column of an outer row, seen from a row within it."""
        if inst is source or isinstance(expr, Lit):
            return expr
        assert inst.outer is not None
        column = self.column_of(inst.outer, self.down(inst.outer, source, expr))
        key = ("down", inst.frame, column)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._new(column.kind)
            outer = inst.outer.frame
            self.steps.append(Down(inst.frame, found.name, outer, column.name, column.kind))
        return found

    def up(self, inner: Inst, expr: Expr, aggregate: Aggregate, kind: Kind) -> Ref:
        """An aggregate of a column over the rows that belong to the row one further out."""
        assert inner.outer is not None
        column = self.column_of(inner, expr)
        key = ("up", inner.frame, column, aggregate)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._new(kind)
            outer = inner.outer.frame
            self.steps.append(Up(outer, found.name, inner.frame, column.name, aggregate, kind))
        return found

    def runs(self, inner: Inst, first: Expr, last: Expr) -> Ref:
        """Months of the longest run of spells."""
        assert inner.outer is not None
        start, end = self.column_of(inner, first), self.column_of(inner, last)
        key = ("runs", inner.frame, start, end)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = self._new("int")
            self.steps.append(
                Runs(inner.outer.frame, found.name, inner.frame, start.name, end.name)
            )
        return found

    def column_of(self, inst: Inst, expr: Expr) -> Ref:
        """The column of an expression, of a constant too."""
        found = self.named(inst, expr)
        if isinstance(found, Ref):
            return found
        key = ("constant", inst.frame, type(found.value), found)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._new(found.kind)
            self.steps.append(Define(inst.frame, made.name, found))
        return made

    def _new(self, kind: Kind) -> Ref:
        return Ref(f"_c{len(self._made)}", kind)

    def inputs(self) -> tuple[Needed, ...]:
        """The input columns."""
        return tuple(Needed(frame, name, kind) for (frame, name), kind in self.needed.items())


def operands(expr: Expr) -> Iterator[Ref]:
    """The columns an expression reads."""
    todo = [expr]
    while todo:
        at = todo.pop()
        if isinstance(at, Ref):
            yield at
        elif isinstance(at, Op):
            todo += at.args
        elif not isinstance(at, Lit):
            todo.append(at.item)
