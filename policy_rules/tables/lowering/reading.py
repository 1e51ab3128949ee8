"""Reading recorded facts: which columns a fact is, of a row or of the row of a year."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from policy_rules.expr.nodes import Field
from policy_rules.expr.types import (
    BoolType,
    ByYearType,
    CodesType,
    DateType,
    ListType,
    NumberType,
    RecordType,
)
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.tables.lowering import bounds, numbers
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import End
from policy_rules.tables.lowering.days import ANY_DAY, FIRST, LAST, Days
from policy_rules.tables.lowering.exprs import Int
from policy_rules.tables.lowering.numbers import Interval
from policy_rules.tables.lowering.places import Inst, Place, Sheet
from policy_rules.tables.lowering.values import Code, Day, Mask, Number, Truth, Value, move
from policy_rules.tables.plan import Expr, Kind, Lit, Op

#: Decimals are held as integers of this many to one; no value is beyond the last.
SCALE: Final = 10**6
HELD: Final = 9_200_000_000_000 * SCALE

#: The years a record may be of.
YEARS: Final = (1990, 2100)


class Reader:
    """Reads the columns of facts."""

    def __init__(self, sheet: Sheet, vocabulary: Vocabulary) -> None:
        self.sheet = sheet
        self.vocabulary = vocabulary

    # -- columns -----------------------------------------------------------------------------

    def column(self, place: Place, path: str, kind: Kind) -> Expr:
        """A column of a record, null where it is not recorded."""
        ref: Expr = self.sheet.column(place.inner, f"{place.prefix}{path}", kind)
        if place.mask is None:
            return ref
        if kind == "bool":  # as an integer: what engines make of the greatest of truths differs
            bits = e.if_(ref, Lit(1, "int"), Lit(0, "int"))
            ref = e.if_(e.is_null(ref), Lit(None, "int"), bits)
        chosen: Expr = Op("if", (place.mask, ref, Lit(None, ref.kind)), ref.kind)
        found = self.sheet.up(place.inner, chosen, "max", ref.kind)
        return e.equals(found, Lit(1, "int")) if kind == "bool" else found

    def recorded(self, place: Place | None, field: Field) -> Expr:
        """Whether a fact (no list, structure or by-year fact) is recorded."""
        if place is None:
            return e.FALSE
        kind: Kind = "text"
        if isinstance(field.type, BoolType):
            kind = "bool"
        elif isinstance(field.type, NumberType | DateType | CodesType):
            kind = "int"
        return e.not_(e.is_null(self.column(place, field.path, kind)))

    def value(self, place: Place | None, field: Field) -> Value:
        """What is known of a fact that is not derived."""
        inst = None if place is None else place.inst
        match field.type:
            case BoolType():
                return Truth(
                    inst, e.UNKNOWN if place is None else self.column(place, field.path, "bool")
                )
            case NumberType():
                return Number(inst, self.number(place, field))
            case DateType():
                return Day(inst, self.days(place, field))
            case CodesType():
                null = Lit(None, "int")
                return Mask(inst, null if place is None else self.column(place, field.path, "int"))
            case _:
                none = Lit(None, "text")
                return Code(inst, none if place is None else self.column(place, field.path, "text"))

    def figure(self, place: Place, field: Field) -> End:
        """The recorded number, null where there is none."""
        whole = self.vocabulary.of(field).kind == "int"
        scale = 1 if whole else SCALE
        lo = -HELD if field.lo == -math.inf else max(-HELD, math.ceil(field.lo * scale))
        hi = HELD if field.hi == math.inf else min(HELD, math.floor(field.hi * scale))
        expr = self.column(place, field.path, "int")
        return End(Int(expr, lo, hi, null=True), e.const(scale))

    def number(self, place: Place | None, field: Field) -> Interval:
        """The recorded number, or the range of the fact."""
        missing = numbers.number(field.lo, field.hi)
        if place is None:
            return missing
        at = self.figure(place, field)
        return Interval(_or(at, field.lo), _or(at, field.hi), (at, missing))

    def days(self, place: Place | None, field: Field) -> Days:
        """The recorded day, or any."""
        if place is None:
            return ANY_DAY
        ends = []
        for path, missing in ((field.path, ANY_DAY.lo), (f"{field.path}~hi", ANY_DAY.hi)):
            at = Int(self.column(place, path, "int"), FIRST, LAST, null=True)
            ends.append(e.either(at, missing))
        return Days(*ends)

    # -- lists, structures, years --------------------------------------------------------------

    def state(self, place: Place, path: str) -> Expr:
        """Whether a list is complete, a structure recorded: true or false."""
        found = self.column(place, f"{path}~state", "int")
        return e.sure(Op("eq", (found, Lit(2, "int")), "bool"))

    def items(self, place: Place, path: str) -> Inst:
        """A row of a list."""
        if place.mask is not None:
            raise e.NotHeld("a list within the record of a year")
        return self.sheet.inst(f"{place.inst.frame}.{place.prefix}{path}", place.inst)

    def of_year(self, place: Place | None, path: str, year: Number) -> Place | None:
        """The record of a year; an empty one where the year is not known."""
        exact = year.of.value
        if exact is None and year.of.lo.open:
            return None
        if place is None or (exact is not None and exact.denominator != 1):
            return None
        inner = self.items(place, path)
        at = Int(self.sheet.column(inner, "year", "int"), *YEARS)
        if exact is not None:
            mask: Expr = Op("eq", (at.expr, Lit(int(exact), "int")), "bool")
        else:
            moved = self.moved(year, inner)
            found = bounds.compare_ends("eq", End(at), moved.of.lo)
            mask = e.sure(e.and_(moved.of.known(), found))
        return Place(place.inst, inner, mask=self.sheet.named(inner, mask))

    def moved(self, value: Number, inst: Inst) -> Number:
        """A number as a row further in sees it."""
        if value.inst not in (None, *inst.chain()):
            raise e.NotHeld("the record of a year that an item of a list names")
        return move(self.sheet, value, inst)

    def anything(self, place: Place, record: str) -> Expr:
        """Whether any fact of a structure is recorded."""
        return e.or_(*self._facts(place, record))

    def _facts(self, place: Place, record: str) -> Iterator[Expr]:
        for path, spec in self.vocabulary.records[record].facts.items():
            match spec.field.type:
                case ByYearType():
                    yield self.years(place, path)
                case ListType() | RecordType():
                    yield e.not_(e.is_null(self.column(place, f"{path}~state", "int")))
                case _:
                    yield self.recorded(place, spec.field)

    def years(self, place: Place, path: str) -> Expr:
        """Whether any year is recorded."""
        rows = self.sheet.up(self.items(place, path), Lit(1, "int"), "rows", "int")
        return Op("gt", (rows, Lit(0, "int")), "bool")


def _or(at: End, missing: Any) -> End:
    """The recorded figure, or a bound."""
    if missing in (math.inf, -math.inf):
        return at
    bound, den = Fraction(missing), at.den.value
    if den is None or (bound * den).denominator != 1:
        return bounds.choose(e.is_null(at.num.expr), bounds.end(bound), at)
    return End(e.either(at.num, e.const(int(bound * den))), at.den)
