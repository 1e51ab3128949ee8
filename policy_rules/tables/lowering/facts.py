"""What names stand for: variables, facts recorded or derived, named things, parameters."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policy_rules.expr.nodes import Const, Fact, Field, Named, Node, Param, Var, YearItem
from policy_rules.expr.types import ByYearType, ListType, RecordType
from policy_rules.tables.lowering import bounds, days, figures, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.days import Days
from policy_rules.tables.lowering.exprs import NotHeld
from policy_rules.tables.lowering.places import Place
from policy_rules.tables.lowering.scope import Lowerer, Scope
from policy_rules.tables.lowering.values import (
    Code,
    Day,
    Number,
    Plain,
    Rows,
    Truth,
    Value,
    Years,
    named,
    together,
)
from policy_rules.tables.plan import Lit


def const(at: Lowerer, node: Const, scope: Scope) -> Value:
    """A literal."""
    value = node.value
    if isinstance(value, str):
        return Code(None, Lit(value, "text"))
    if isinstance(value, int | Fraction):
        return Number(None, numbers.number(value, value))
    return Day(None, days.day(value))


def var(at: Lowerer, node: Var, scope: Scope) -> Any:
    """A variable: a record, a list, the day."""
    match node.name:
        case "as_of":
            return Day(None, days.day(at.day))
        case "members":
            return _members(at, scope)
        case "others":
            rows = _members(at, scope)
            but = None if scope.member is None else scope.member.inst
            return Rows(rows.place, rows.path, but if rows.place is not None else None)
        case "target_year":
            raise NotHeld("a rule that asks for the year of a target")
    return scope.place(node)


def _members(at: Lowerer, scope: Scope) -> Rows:
    top = scope.top
    facts = at.pack.vocabulary.records[at.kind].facts
    listed = "members" in facts and isinstance(facts["members"].field.type, ListType)
    return Rows(top if listed else None, "members")


def place_of(at: Lowerer, node: Node, scope: Scope) -> Place | None:
    """The record an expression stands for."""
    found = at.lower(node, scope)
    assert found is None or isinstance(found, Place)
    return found


def fact(at: Lowerer, node: Fact, scope: Scope) -> Any:
    """A fact: recorded, or derived where it is not."""
    place, field = place_of(at, node.base, scope), node.field
    if (
        place is not None
        and place.inner is at.root
        and not place.prefix
        and field.record != at.kind
    ):
        place = None  # the household of a derived fact, where the record is none
    match field.type:
        case ListType():
            return Rows(place, field.path)
        case ByYearType():
            return Years(place, field.path)
        case RecordType():
            return None if place is None else place.below(field.path)
    recorded = at.reader.value(place, field)
    if not field.derived:
        return recorded
    if place is not None:
        where = (place.inner.frame, place.prefix, place.mask, field)
        at.derived.setdefault(where, place)
    return _or_derived(at, recorded, derived(at, node, place, scope), place, node)


def derived(at: Lowerer, node: Fact, place: Place | None, scope: Scope) -> Value:
    """What a fact derives to, recorded or not."""
    inner = Scope(scope.top, scope.member, place, node.field.record)
    value: Value = at.lower(at.pack.vocabulary.derived[node.field], inner)
    return named(at.sheet, value)


def _or_derived(
    at: Lowerer, recorded: Value, derives: Value, place: Place | None, node: Fact
) -> Value:
    if place is None:
        return derives
    inst, (mine, other) = together(at.sheet, recorded, derives)
    missing = e.not_(at.reader.recorded(place, node.field))
    missing = at.sheet.down(inst, place.inst, missing) if inst is not None else missing
    match mine, other:
        case Plain(), Plain():
            return named(at.sheet, type(mine)(inst, e.coalesce(mine.expr, other.expr)))
        case Number(of=a), Number(of=b):
            figure = None if a.fact is None else a.fact[0]
            assert figure is not None
            lo, hi = (_sealed(bounds.choose(missing, x, figure), x) for x in (b.lo, b.hi))
            return named(at.sheet, Number(inst, numbers.Interval(lo, hi)))
        case Day(of=c), Day(of=d):
            first, last = e.choose(missing, d.lo, c.lo), e.choose(missing, d.hi, c.hi)
            return named(at.sheet, Day(inst, Days(first, last)))
    raise AssertionError(node)


def conflict(at: Lowerer, field: Field, place: Place) -> Truth:
    """Whether a derived fact is recorded as something that what it derives to cannot be."""
    top = Place.of(at.root)
    node = Fact(Var("this", RecordType(field.record)), field, field.type)
    other = derived(at, node, place, Scope(top))
    inst, (mine, derives) = together(at.sheet, at.reader.value(place, field), other)
    match mine, derives:
        case Plain(), Plain():
            return Truth(inst, e.sure(e.not_(e.equals(mine.expr, derives.expr))))
        case Number(of=a), Number(of=b):
            assert a.fact is not None
            figure = a.fact[0]
            below, above = (
                e.sure(bounds.compare_ends("lt", *ends))
                for ends in ((figure, b.lo), (b.hi, figure))
            )
            return Truth(inst, e.or_(below, above))
        case Day(of=c), Day(of=d):
            recorded = at.reader.recorded(place, field)
            before, after = e.compare("lt", c.hi, d.lo), e.compare("lt", d.hi, c.lo)
            return Truth(inst, e.and_(recorded, e.sure(e.or_(before, after))))
    raise AssertionError(field)


def _sealed(chosen: bounds.End, derives: bounds.End) -> bounds.End:
    """Where the derived end is finite, so is the whole."""
    num = chosen.num
    if derives.num.null or num.open:
        return chosen
    return bounds.End(e.Int(num.expr, num.lo, num.hi), chosen.den)


def year_item(at: Lowerer, node: YearItem, scope: Scope) -> Place | None:
    """The record of a year."""
    years = at.lower(node.base, scope)
    assert isinstance(years, Years)
    year = at.lower(node.year, scope)
    assert isinstance(year, Number)
    return at.reader.of_year(years.place, years.path, year)


def named_thing(at: Lowerer, node: Named, scope: Scope) -> Value:
    """A population, definition, rule or external condition."""
    name = node.base.name
    base = scope.place(node.base)
    inside = name in ("member", "household") or (name not in scope.loops and base is scope.top)
    return at.ask(node.kind, node.name, False if inside else base, scope)


def parameter(at: Lowerer, node: Param, scope: Scope) -> Number:
    """A parameter, on the day or on another."""
    found = at.pack.parameters[node.name]
    if node.on is None:
        return Number(None, figures.parameter(found, days.day(at.day)))
    on = at.lower(node.on, scope)
    assert isinstance(on, Day)
    return named(at.sheet, Number(on.inst, figures.parameter(found, on.of)))
