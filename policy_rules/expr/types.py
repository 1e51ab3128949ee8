"""Types and units of the condition language."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class BoolType:
    """Yes or no."""


@attrs.frozen
class NumberType:
    """A number with its unit; ``unit=None`` is a bare number, which fits any unit."""

    unit: str | None = None
    integral: bool = False


@attrs.frozen
class DateType:
    """A day; a recorded month or year is an interval of days."""


@attrs.frozen
class CodeType:
    """One code of a code list."""

    codes: str


@attrs.frozen
class CodesType:
    """A set of codes of one code list."""

    codes: str


@attrs.frozen
class TextType:
    """An opaque reference; only equality."""


@attrs.frozen
class RecordType:
    """A household, a member, an entity, or a structure of the fact dictionary."""

    name: str


@attrs.frozen
class ListType:
    """A list of records."""

    item: RecordType


@attrs.frozen
class ByYearType:
    """Records by calendar year."""

    item: RecordType


Type = (
    BoolType
    | NumberType
    | DateType
    | CodeType
    | CodesType
    | TextType
    | RecordType
    | ListType
    | ByYearType
)

BOOL: Final = BoolType()
NUMBER: Final = NumberType()
DATE: Final = DateType()

#: Units a fact, parameter or amount may have.
UNITS: Final = frozenset(
    [
        "yuan",
        "yuan_per_person",
        "yuan_per_household",
        "yuan_per_month",
        "months",
        "years",
        "days",
        "persons",
        "households",
        "mu",
        "times",
        "items",
        "ratio",
        "percentage_points",
        "km",
        "tonnes",
        "square_metres",
    ]
)

#: numerator / denominator -> unit of the quotient.
QUOTIENTS: Final = {
    ("yuan", "persons"): "yuan_per_person",
    ("yuan", "households"): "yuan_per_household",
    ("yuan", "months"): "yuan_per_month",
}


class UnitError(ValueError):
    """Two units that do not go together."""


def sum_unit(a: str | None, b: str | None) -> str | None:
    """The unit of a sum, difference or comparison; raises :class:`UnitError`."""
    if a is None or b is None:
        return a or b
    if a != b:
        raise UnitError
    return a


def product_unit(a: str | None, b: str | None) -> str | None:
    """The unit of a product; raises :class:`UnitError`."""
    if a in (None, "ratio"):
        return b
    if b in (None, "ratio"):
        return a
    for (over, under), quotient in QUOTIENTS.items():
        if {a, b} == {quotient, under}:
            return over
    raise UnitError


def quotient_unit(a: str | None, b: str | None) -> str | None:
    """The unit of a quotient; raises :class:`UnitError`."""
    if b in (None, "ratio"):
        return a
    if a == b:
        return "ratio"
    if a is not None and (a, b) in QUOTIENTS:
        return QUOTIENTS[(a, b)]
    for (over, under), quotient in QUOTIENTS.items():
        if (a, b) == (over, quotient):
            return under
    raise UnitError


def unit_name(unit: str | None) -> str:
    """A unit as a user would say it."""
    return "a bare number" if unit is None else unit.replace("_", " ")


def describe(kind: Type) -> str:
    """A type as a user would say it."""
    match kind:
        case BoolType():
            return "a yes-or-no condition"
        case NumberType(unit=None):
            return "a number"
        case NumberType(unit="ratio"):
            return "a ratio"
        case NumberType(unit=unit):
            return f"a number of {unit_name(unit)}"
        case DateType():
            return "a date"
        case CodeType(codes=codes):
            return f"a code of `{codes}`"
        case CodesType(codes=codes):
            return f"a set of codes of `{codes}`"
        case TextType():
            return "a reference"
        case RecordType(name=name):
            return f"a `{name}` record"
        case ListType(item=item):
            return f"a list of `{item.name}` records"
        case ByYearType(item=item):
            return f"`{item.name}` records by year"
