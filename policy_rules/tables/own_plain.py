"""Cells that a column expression reads surely: typed values, and texts in their plainest form.

Every function gives the columns of a fact and whether each row is sure; what :mod:`policy_rules.tables.cells`
makes of a sure cell is the same value. All others are left to it.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, Final

from policy_rules.facts.dictionary import FactSpec
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.frames_rows import LIMIT, SCALE

#: Values, upper bounds (dates only) and whether a row is sure; no row is where None.
Plain = tuple["pl.Expr", "pl.Expr | None", "pl.Expr"]
#: What 64 bits hold of millionths.
_MOST: Final = LIMIT * SCALE
#: Digits a float certainly keeps as they were written (DBL_DIG).
_FLOAT: Final = 10**15
#: More than the rounding of a number and of a product with it (1.1e-16 each).
_ROUNDING: Final = 2.5e-16
#: Decimals of millionths.
_PLACES: Final = 6
#: A bare number from here on may be that of a telephone or a person; `cells.long_number` refuses it.
_LONG: Final = 10**10
_FIGURE: Final = r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"
_WHOLE: Final = r"^-?[0-9]{1,9}$"
_DAY: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_MONTH: Final = r"^[0-9]{4}-[0-9]{2}$"
#: Years that a written date may have.
_FIRST, _LAST = 1850, 2150


def plain(fact: FactSpec, cell: pl.Expr, kind: Any, scale: int | Fraction) -> Plain | None:
    """What is sure of a column of a polars type; None where nothing is."""
    match fact.kind:
        case "bool":
            return (cell, None, pl.lit(True)) if kind == pl.Boolean else None
        case "int" | "number" | "money" | "share":
            return _number(fact, cell, kind, Fraction(scale))
        case "date" | "year_month":
            return _date(fact, cell, kind)
        case "text" if kind == pl.String:
            return cell, None, cell.str.contains(r"^[0-9]{1,14}$")
    return None


# -- numbers -----------------------------------------------------------------------------------------


def _number(fact: FactSpec, cell: pl.Expr, kind: Any, scale: Fraction) -> Plain | None:
    if kind.is_integer():
        number = cell.cast(pl.Int64, strict=False)
        return _scaled(fact, number, 1, scale, number.is_between(1 - _LONG, _LONG - 1))
    if kind.is_decimal():
        places = kind.scale
        return _scaled(fact, cell.to_physical().cast(pl.Int64, strict=False), 10**places, scale)
    if kind.is_float():
        # as millionths a whole number, but for the rounding of this product: then the 15 digits that a
        # cell is taken at (half of the last is 5e-16 of it, at least) are those of that number
        millionths = cell.cast(pl.Float64) * SCALE
        near = millionths.round()
        sure = (near.abs() < _FLOAT) & ((millionths - near).abs() <= _ROUNDING * near.abs())
        return _scaled(fact, near.cast(pl.Int64, strict=False), SCALE, scale, sure)
    if kind == pl.String:
        if fact.kind == "int":
            number = cell.cast(pl.Int64, strict=False)
            return _scaled(fact, number, 1, scale, cell.str.contains(_WHOLE))
        head = cell.str.extract(r"^-?([0-9]+)", 1).cast(pl.Int64, strict=False)
        tail = cell.str.extract(r"\.([0-9]+)$", 1).fill_null("")
        # the decimals, padded with noughts to six
        tail = pl.concat_str(tail, pl.lit("0" * _PLACES)).str.slice(0, _PLACES)
        number = head * SCALE + tail.cast(pl.Int64, strict=False)
        number = pl.when(cell.str.starts_with("-")).then(-number).otherwise(number)
        return _scaled(fact, number, SCALE, scale, cell.str.contains(_FIGURE))
    return None


def _scaled(
    fact: FactSpec, number: pl.Expr, over: int, scale: Fraction, sure: pl.Expr | None = None
) -> Plain:
    """A number that stands for ``number / over * scale``, in the units of the fact's column."""
    factor = scale * (1 if fact.kind == "int" else SCALE) / over
    up, down = factor.numerator, factor.denominator
    unit = 1 if fact.kind == "int" else SCALE
    low, high = (_within(end, sign) for end, sign in ((fact.lo, 1), (fact.hi, -1)))
    # the bounds of the fact, in units of the number
    most = _MOST // up
    least = max(-most, math.ceil(low * unit / factor))
    most = min(most, math.floor(high * unit / factor))
    right = number.is_between(least, most)
    if down > 1:
        right = right & (number * up % down == 0)
        number = (number * up).floordiv(down)
    elif up > 1:
        number = number * up
    whole = right if sure is None else right & sure
    return number, None, whole.fill_null(False)


def _within(end: Any, sign: int) -> Fraction:
    """An end of a fact's range, no further than a column reaches."""
    limit = Fraction(-sign * LIMIT)
    if isinstance(end, float) and math.isinf(end):
        return limit
    return max(Fraction(end), limit) if sign > 0 else min(Fraction(end), limit)


# -- dates -------------------------------------------------------------------------------------------


def _date(fact: FactSpec, cell: pl.Expr, kind: Any) -> Plain | None:
    if kind == pl.Date:
        year = cell.dt.year()
        return *_days(fact, cell, cell), year.is_between(1, 9999)
    if kind == pl.Datetime and kind.time_zone is None:
        day = cell.dt.date()
        return *_days(fact, day, day), day.dt.year().is_between(1, 9999)
    if kind != pl.String:
        return None
    day = cell.str.to_date("%Y-%m-%d", strict=False)
    month = pl.concat_str(cell, pl.lit("-01")).str.to_date("%Y-%m-%d", strict=False)
    is_day, is_month = cell.str.contains(_DAY), cell.str.contains(_MONTH)
    first = pl.when(is_day).then(day).when(is_month).then(month)
    last = pl.when(is_day).then(day).when(is_month).then(month.dt.month_end())
    sure = first.dt.year().is_between(_FIRST, _LAST).fill_null(False)
    return *_days(fact, first, last), sure


def _days(fact: FactSpec, first: pl.Expr, last: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """First and last day as ``yyyymmdd``; a fact that is a month runs to its end."""
    if fact.kind == "year_month":
        first, last = first.dt.month_start(), last.dt.month_end()
    return _packed(first), _packed(last)


def _packed(day: pl.Expr) -> pl.Expr:
    year, month = day.dt.year().cast(pl.Int32), day.dt.month().cast(pl.Int32)
    return year * 10_000 + month * 100 + day.dt.day().cast(pl.Int32)
