"""Lowered values: what an expression is, and the row of which frame its columns belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, TypeVar

import attrs

from policy_rules.tables.lowering.bounds import End
from policy_rules.tables.lowering.days import Days
from policy_rules.tables.lowering.exprs import Int, NotHeld
from policy_rules.tables.lowering.numbers import Interval
from policy_rules.tables.lowering.places import Inst, Place, Sheet, meet
from policy_rules.tables.plan import Expr, Lit

Change = Callable[[Expr], Expr]


@attrs.frozen
class Plain:
    """A value that is one expression, null where it is not known."""

    inst: Inst | None
    expr: Expr

    def mapped(self, change: Change) -> Self:
        """The same value in other columns."""
        return type(self)(self.inst, change(self.expr))

    def seen(self, inst: Inst | None) -> Self:
        """The same columns as those of another row."""
        return type(self)(inst, self.expr)


class Truth(Plain):
    """A condition."""


class Code(Plain):
    """A code or a text."""


class Mask(Plain):
    """A set of codes, as bits."""


@attrs.frozen
class Number:
    """A number that may be unknown."""

    inst: Inst | None
    of: Interval

    def mapped(self, change: Change) -> Number:
        """The same value in other columns."""

        def end(at: End) -> End:
            return End(_changed(at.num, change), _changed(at.den, change))

        of = self.of
        lo = end(of.lo)
        hi = lo if of.lo == of.hi else end(of.hi)
        fact = None if of.fact is None else (end(of.fact[0]), of.fact[1])
        return Number(self.inst, Interval(lo, hi, fact))

    def seen(self, inst: Inst | None) -> Number:
        """The same columns as those of another row."""
        return Number(inst, self.of)


@attrs.frozen
class Day:
    """A day that may be unknown."""

    inst: Inst | None
    of: Days

    def mapped(self, change: Change) -> Day:
        """The same value in other columns."""
        lo = _changed(self.of.lo, change)
        hi = lo if self.of.lo == self.of.hi else _changed(self.of.hi, change)
        return Day(self.inst, Days(lo, hi))

    def seen(self, inst: Inst | None) -> Day:
        """The same columns as those of another row."""
        return Day(inst, self.of)


def _changed(item: Int, change: Change) -> Int:
    return item if isinstance(item.expr, Lit) else attrs.evolve(item, expr=change(item.expr))


Value = Truth | Code | Mask | Number | Day
_V = TypeVar("_V", Truth, Code, Mask, Number, Day, Value)


@attrs.frozen
class Rows:
    """A list: its place and path (None for a list nothing is known of).

    ``but`` is the member that is not among them.
    """

    place: Place | None
    path: str
    but: Inst | None = None


@attrs.frozen
class Years:
    """Records by year."""

    place: Place | None
    path: str


def move(sheet: Sheet, value: _V, inst: Inst | None) -> _V:
    """A value as a row further in sees it."""
    if inst is None or value.inst is None or value.inst is inst:
        return value
    source = value.inst
    if source not in inst.chain():
        raise NotHeld("a line that compares two items of lists with each other")
    return value.mapped(lambda expr: sheet.down(inst, source, expr)).seen(inst)


def named(sheet: Sheet, value: _V) -> _V:
    """A value whose expressions are columns or constants."""
    inst = value.inst
    return value if inst is None else value.mapped(lambda expr: sheet.named(inst, expr))


def together(sheet: Sheet, *values: Value) -> tuple[Inst | None, list[Value]]:
    """Values as the inmost of their rows sees them, and that row."""
    inst = meet(v.inst for v in values)
    return inst, [move(sheet, v, inst) for v in values]
