"""Folds over lists, as :mod:`policy_rules.engine.lists`: a column in the list's frame, aggregated."""

from __future__ import annotations

import math
from typing import Final, TypeVar

import attrs

from policy_rules.expr.nodes import Fold, LongestRun, Node
from policy_rules.facts.record import MAX_ITEMS
from policy_rules.tables.lowering import bounds, days, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import INFINITE, End
from policy_rules.tables.lowering.exprs import FALSE, TRUE, UNKNOWN, Int, NotHeld
from policy_rules.tables.lowering.numbers import Interval
from policy_rules.tables.lowering.places import Inst, Place, meet
from policy_rules.tables.lowering.scope import Lowerer, Scope
from policy_rules.tables.lowering.values import Number, Rows, Truth, Value, move, named
from policy_rules.tables.plan import Aggregate, Expr, Lit

_V = TypeVar("_V", Truth, Number)
_ONE: Final = Lit(1, "int")
_NONE: Final = Lit(0, "int")
_ZERO: Final = bounds.end(0)


@attrs.frozen(eq=False)
class Items:
    """The items of a list: ``row`` is one of them, ``inst`` the row the list belongs to.

    With ``but`` the fold is over all but that row, of the same frame, and stands there.
    """

    at: Lowerer
    row: Inst
    inst: Inst
    but: Inst | None

    @property
    def home(self) -> Inst:
        """The row the fold's value belongs to."""
        return self.but or self.inst

    def within(self, value: _V) -> _V:
        """A value as an item sees it."""
        return move(self.at.sheet, value, self.row)

    def count(self, condition: Expr, aggregate: Aggregate) -> Int:
        """For how many items a condition is ``true``, or ``null``."""
        if isinstance(condition, Lit):
            hit = condition.value is (True if aggregate == "true" else None)
            if not hit:
                return e.const(0)
            return self._without(self._total(_ONE, "rows"), _ONE, 0, MAX_ITEMS)
        own = condition if aggregate == "true" else e.is_null(condition)
        if own == FALSE:
            return e.const(0)
        found = self._total(condition, aggregate)
        return self._without(found, e.if_(own, _ONE, _NONE), 0, MAX_ITEMS)

    def sum(self, of: Int) -> Int:
        """The sum of what is not null."""
        if of.value == 0:
            return of
        lo, hi = min(of.lo, 0) * MAX_ITEMS, max(of.hi, 0) * MAX_ITEMS
        return self._without(self._total(of.expr, "sum"), e.coalesce(of.expr, _NONE), lo, hi)

    def _total(self, expr: Expr, aggregate: Aggregate) -> Expr:
        found = self.at.sheet.up(self.row, expr, aggregate, "int")
        return self.at.sheet.down(self.home, self.inst, found)

    def _without(self, total: Expr, own: Expr, lo: int, hi: int) -> Int:
        found = e.checked(Int(total, lo, hi))
        if self.but is None:
            return found
        return Int(e.sub(found, Int(own, min(lo, 0), max(hi, 1))).expr, lo, hi)


def _items(at: Lowerer, rows: Rows) -> Items | None:
    if rows.place is None:
        return None
    row = at.reader.items(rows.place, rows.path)
    return Items(at, row, rows.place.inst, rows.but)


def lower_fold(at: Lowerer, node: Fold, rows: Rows, complete: Truth, scope: Scope) -> Value:
    """``any``, ``all``, ``count``, ``sum``."""
    items = _items(at, rows)
    inner = scope.loop(node.var.name, None if items is None else Place.of(items.row))
    if node.kind == "sum":
        return _sum(at, node, items, complete, scope, inner)
    chosen = at.truth(node.where, inner)
    if node.kind == "count":
        if items is None:
            return Number(None, numbers.number(0, math.inf))
        return _count(items, chosen, complete)
    assert node.body is not None
    body = at.truth(node.body, inner)
    universal = node.kind == "all"
    if universal:
        body = Truth(body.inst, e.not_(body.expr))
    if items is None:
        return Truth(None, UNKNOWN)
    found = _any(items, at.all_of([chosen, body]), complete)
    return Truth(found.inst, e.not_(found.expr)) if universal else found


def _any(items: Items, hit: Truth, complete: Truth) -> Truth:
    """YES of an item that says YES; unknown where one may, or where items may be missing."""
    sheet = items.at.sheet
    column = sheet.named(items.row, items.within(hit).expr)
    yes, maybe = items.count(column, "true"), items.count(column, "null")
    whole = sheet.down(items.home, items.inst, complete.expr)
    zero = e.const(0)
    undecided = e.or_(e.compare("gt", maybe, zero), e.not_(whole))
    found = e.if_(undecided, UNKNOWN, FALSE)
    return Truth(items.home, e.if_(e.compare("gt", yes, zero), TRUE, found))


def _count(items: Items, chosen: Truth, complete: Truth) -> Number:
    sheet = items.at.sheet
    column = sheet.named(items.row, items.within(chosen).expr)
    certain, possible = items.count(column, "true"), items.count(column, "null")
    whole = sheet.down(items.home, items.inst, complete.expr)
    high = bounds.choose(whole, End(e.add(certain, possible)), INFINITE)
    return Number(items.home, Interval(End(certain), high))


def _sum(
    at: Lowerer, node: Fold, items: Items | None, complete: Truth, scope: Scope, inner: Scope
) -> Number:
    assert node.body is not None
    blank = _number(at, node.body, scope.loop(node.var.name, None))
    if items is None:
        nothing = Number(None, numbers.number(0, 0))
        return _unbounded(at, nothing, blank, FALSE)
    chosen = at.truth(node.where, inner)
    value = named(at.sheet, _number(at, node.body, inner))
    chosen = items.within(named(at.sheet, chosen))
    value = items.within(value)
    lo, hi = (
        _part(chosen.expr, x, lower=low) for x, low in ((value.of.lo, True), (value.of.hi, False))
    )
    low = _total(items, lo)
    total = Number(items.home, Interval(low, low if lo == hi else _total(items, hi)))
    whole = at.sheet.down(items.home, items.inst, complete.expr)
    return _unbounded(at, named(at.sheet, total), blank, whole)


def _number(at: Lowerer, node: Node, scope: Scope) -> Number:
    found = at.lower(node, scope)
    assert isinstance(found, Number)
    return found


def _part(chosen: Expr, x: End, *, lower: bool) -> End:
    """What an item adds: its value, nothing, or either where it may not be chosen."""
    if chosen == TRUE:
        return x
    perhaps = bounds.extreme(_ZERO, x, lower=lower, smallest=lower)
    return bounds.choose(
        chosen, x, bounds.choose(e.is_null(chosen), perhaps, End(e.const(0), x.den))
    )


def _total(items: Items, x: End) -> End:
    """The sum of an end over the items: infinite where one is."""
    if x.open:
        endless = items.count(UNKNOWN, "null")
        return bounds.choose(e.compare("gt", endless, e.const(0)), INFINITE, _ZERO)
    if x.den.value is None:
        raise NotHeld("a sum of quotients whose divisors differ")
    row = Int(items.at.sheet.named(items.row, x.num.expr), x.num.lo, x.num.hi, x.num.null)
    total = End(items.sum(row), x.den)
    if not row.null:
        return total
    endless = items.count(items.at.sheet.named(items.row, e.is_null(row.expr)), "true")
    return bounds.choose(e.compare("gt", endless, e.const(0)), INFINITE, total)


def _unbounded(at: Lowerer, total: Number, blank: Number, whole: Expr) -> Number:
    """Where items may be missing, what a wholly unknown item could add is not bounded."""
    if whole == TRUE:
        return total
    inst = meet(iter((total.inst, blank.inst)))
    lost = e.not_(move(at.sheet, Truth(total.inst, whole), inst).expr)
    total, blank = move(at.sheet, total, inst), move(at.sheet, blank, inst)
    falls = e.not_(e.sure(bounds.sign("ge", blank.of.lo)))
    rises = e.not_(e.sure(bounds.sign("le", blank.of.hi)))
    return Number(
        inst,
        Interval(
            bounds.choose(e.and_(lost, falls), INFINITE, total.of.lo),
            bounds.choose(e.and_(lost, rises), INFINITE, total.of.hi),
        ),
    )


def longest_run(at: Lowerer, node: LongestRun, rows: Rows, complete: Truth, scope: Scope) -> Number:
    """Months of the longest unbroken run of spells."""
    items = _items(at, rows)
    if items is None:
        return Number(None, numbers.number(0, math.inf))
    if items.but is not None:
        raise NotHeld("a run of spells over all but one item")
    place = Place.of(items.row)
    chosen = items.within(named(at.sheet, at.truth(node.where, scope.loop(node.var.name, place))))
    condition = chosen.expr
    ends = [
        Int(at.reader.column(place, f"{path}{side}", "int"), days.FIRST, days.LAST, null=True)
        for path in ("from", "to")
        for side in ("", "~hi")
    ]
    indexes = [days.month_index(x) for x in ends]
    slo, shi, elo, ehi = (
        Int(at.sheet.named(items.row, i.expr), i.lo, i.hi, null=True) for i in indexes
    )
    out = e.sure(e.not_(condition))  # certainly not chosen
    lacking = e.and_(e.not_(out), e.or_(e.is_null(ends[0].expr), e.is_null(ends[2].expr)))
    narrow = e.and_(e.compare("eq", slo, shi), e.compare("eq", elo, ehi), condition)
    certain = at.sheet.runs(
        items.row, e.choose(narrow, slo, e.OPEN).expr, e.choose(narrow, ehi, e.OPEN).expr
    )
    widest = at.sheet.runs(
        items.row, e.choose(out, e.OPEN, slo).expr, e.choose(out, e.OPEN, ehi).expr
    )
    missing = items.count(at.sheet.named(items.row, lacking), "true")
    bounded = e.and_(e.compare("eq", missing, e.const(0)), complete.expr)
    most = 12 * 9999
    high = bounds.choose(bounded, End(Int(widest, 0, most)), INFINITE)
    return Number(items.inst, Interval(End(Int(certain, 0, most)), high))
