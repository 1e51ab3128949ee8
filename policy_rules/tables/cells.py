"""A cell of a spreadsheet as the value of a fact: every way people write it, or why not.

Nothing is guessed: what a cell does not plainly say is refused with the reason, and the fact stays
unknown. Numbers are exact: a stored number is taken at the 15 digits a spreadsheet keeps.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from policy_rules.facts.dates import days_in
from policy_rules.facts.dictionary import FactSpec, Vocabulary
from policy_rules.facts.discretion import discreet, truth_meant
from policy_rules.facts.numbers import Refused, bound_text, exact_number
from policy_rules.facts.rows import Items
from policy_rules.tables.identity import holds_identity
from policy_rules.tables.sheets import Odd, plain_text, written
from policy_rules.tables.words import read_code, read_codes, says
from policy_rules.verdict import Interval

#: What a cell that tells nothing comes to.
EMPTY: Final = object()

#: Written in a cell to say that there is nothing to write.
_NOTHING: Final = frozenset(
    (
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\\\",
        "\\\\n",
        "null",
        "none",
        "nan",
        "n/a",
        "na",
        "空",
        "空白",
        "未知",
        "不详",
        "不清楚",
        "未填",
        "待补充",
        "未采集",
        "…",
        "?",
        "？",
    )
)
_ERRORS: Final = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|#+)", re.I)
_YES: Final = frozenset(
    (
        "√",
        "✓",
        "✔",
        "☑",
        "已",
        "已享受",
        "享受",
        "已参加",
        "参加",
        "已参保",
        "参保",
        "已落实",
        "已解决",
        "已签约",
        "已实施",
        "t",
    )
)
_NO: Final = frozenset(
    (
        "×",
        "✗",
        "✘",
        "☒",
        "x",
        "未",
        "未享受",
        "不享受",
        "未参加",
        "未参保",
        "未落实",
        "未解决",
        "未签约",
        "未实施",
        "f",
    )
)
_NUMBER: Final = re.compile(
    r"(?P<figure>[-+]?(?:\d+(?:\.\d+)?|\.\d+))(?P<scale>万|千|百|亿)?"
    r"(?P<unit>元|元/年|元/月|元/人|个月|月|人|口|亩|岁|周岁|年|户|次|个|项|级|公里|平方米)?(?P<percent>%)?\Z"
)
_THOUSANDS: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)")
_SCALES: Final = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
_GRADES: Final = {"一": 1, "二": 2, "三": 3, "四": 4}
_DAY: Final = re.compile(
    r"(?P<y>\d{4})(?:年度?|[-/.])?(?:(?P<m>\d{1,2})(?:月份?|[-/.])?(?:(?P<d>\d{1,2})[日号]?)?)?"
    r"(?:[T ].*)?\Z"
)
_PACKED: Final = re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})?\Z")
#: Serial day 1 is 1900-01-01; a 29 February 1900 that never was is counted (1904 workbooks are not).
_SERIAL_ZERO: Final = date(1899, 12, 30)
_LAST_SERIAL: Final = 73_050


def is_nothing(cell: Any) -> bool:
    """Whether a cell is empty, or says in words that it is."""
    if cell is None:
        return True
    return isinstance(cell, str) and (not cell.strip() or plain_text(cell).lower() in _NOTHING)


def read_cell(fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction = 1) -> Any:
    """The value of a fact: as in a :class:`~policy_rules.facts.rows.Row`, or :data:`EMPTY`.

    ``scale`` is what the header's unit multiplies a bare figure with (10,000 for 万元). Raises
    :class:`~policy_rules.facts.numbers.Refused` where the cell says something else than a value of the
    fact; what it says is repeated as far as :mod:`policy_rules.facts.discretion` allows.
    """
    if isinstance(cell, Odd):
        raise Refused(cell.code, got=f"`{cell.got}`" if cell.got else "")
    if is_nothing(cell) and not (fact.kind in ("code", "codes") and says(fact, cell, vocabulary)):
        return EMPTY
    if isinstance(cell, str):
        if "�" in cell:
            raise Refused("bad_characters")
        if _ERRORS.match(cell.strip()):
            raise Refused("cell_error", got=f"`{cell.strip()[:8]}`")
    return _READERS[fact.kind](fact, cell, vocabulary, scale)


def when_empty(fact: FactSpec, vocabulary: Vocabulary, means: str) -> Any:
    """What an empty cell tells of a fact: :data:`EMPTY`, or for ``none`` that there is none."""
    if means != "none":
        return EMPTY
    if fact.kind in ("bool", "int", "number", "money", "share"):
        return False if fact.kind == "bool" else 0
    if fact.kind == "codes":
        return frozenset()
    if fact.kind == "list":
        return Items((), True)
    if fact.kind == "code" and "none" in vocabulary.codes[fact.codes or ""].values:
        return "none"
    return EMPTY


# -- numbers -----------------------------------------------------------------------------------------


def _boolean(fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction) -> bool:
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float | Decimal) and cell in (0, 1):
        return bool(cell)
    text = plain_text(cell).lower()
    meant = truth_meant(text)
    # 未参加 in a column that asks for something not done would mean the opposite
    plain = not re.search(r"未|不|没", "".join((fact.label.zh, *fact.columns)))
    if meant or (plain and text in _YES | _NO) or text in "√✓✔☑×✗✘☒x":
        return meant == "true" or text in _YES
    raise Refused("wrong_type", "`是` or `否`", discreet(cell))


def _number(
    fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction
) -> int | Fraction:
    if long_number(cell):
        raise Refused("not_a_number", got=discreet(str(cell)))
    value = _exact(fact, cell, scale)
    if fact.kind == "int" and not isinstance(value, int):
        raise Refused("wrong_type", "a whole number", discreet(cell))
    if not fact.lo <= value <= fact.hi:
        between = f"{bound_text(fact.lo)} – {bound_text(fact.hi)}"
        raise Refused("out_of_range", between, discreet(cell))
    return value


def long_number(cell: Any) -> bool:
    """Whether a cell holds a bare number as long as those of telephones, banks and identities.

    One that slipped into a column of figures would become a fact.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return False
    if isinstance(cell, str):
        text = re.sub(r"\s", "", unicodedata.normalize("NFKC", cell))
        return re.fullmatch(r"\d{11,}[xX]?|\d(?:\.\d+)?[eE]\+?1\d", text) is not None
    return abs(cell) >= 10**10


def _exact(fact: FactSpec, cell: Any, scale: int | Fraction) -> int | Fraction:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal | Fraction):
        raise Refused("not_a_number", got=discreet(str(cell)))
    if isinstance(cell, float):
        if cell != cell or cell in (float("inf"), float("-inf")):
            raise Refused("not_a_number", got=discreet(cell))
        cell = Decimal(f"{cell:.15g}")
    if not isinstance(cell, str):
        return exact_number(exact_number(cell) * Fraction(scale))
    text = plain_text(cell).replace(" ", "").lstrip("¥￥").lower()
    if _THOUSANDS.match(text):
        text = text.replace(",", "")
    if fact.path.endswith("grade") and text.rstrip("级") in _GRADES:
        return _GRADES[text.rstrip("级")]
    match = _NUMBER.match(text)
    if match is None:
        try:  # 1.2E3, as a spreadsheet may write it
            return exact_number(exact_number(Decimal(text)) * Fraction(scale))
        except ArithmeticError:
            raise Refused("not_a_number", got=discreet(cell)) from None
    value: Fraction = Fraction(match["figure"])
    if match["percent"]:
        return exact_number(value / 100)
    if match["scale"]:
        return exact_number(value * _SCALES[match["scale"]])
    # a unit in the cell goes before that of the header: `12000元` under (万元) is 12,000 yuan
    return exact_number(
        value if (match["unit"] or "").startswith("元") else value * Fraction(scale)
    )


# -- dates -------------------------------------------------------------------------------------------


def _date(
    fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction
) -> date | Interval:
    found = read_day(cell)
    if found is None:
        raise Refused("bad_date", "2022-12-31, 202212 or 2022年12月", discreet(cell))
    if fact.kind == "year_month" and isinstance(found, date):
        return _month(found.year, found.month)
    return found


def read_day(cell: Any) -> date | Interval | None:
    """A day, or the days of a month or year; None for what is no date.

    Takes dates, ``2022-12-31`` with ``-``, ``/``, ``.`` or 年月日, ``20221231``, ``202212``, ``2022``
    and the serial numbers of spreadsheets.
    """
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    if isinstance(cell, float):
        # a serial number with a time of day is a day
        if not cell.is_integer() and not 10_000 < cell <= _LAST_SERIAL:
            text = f"{cell:.15g}"
            # 2022.1 stored as a number is January or October
            return None if text.endswith(".1") else _written_day(text)
        cell = int(cell)
    if isinstance(cell, bool) or not isinstance(cell, int | str):
        return None
    text = plain_text(cell)
    if text.isdigit() and len(text) <= 5 and not 1850 <= int(text) <= 2150:
        number = int(text)
        return _SERIAL_ZERO + timedelta(number) if 366 < number <= _LAST_SERIAL else None
    return _written_day(text)


def _written_day(text: str) -> date | Interval | None:
    match = _PACKED.match(text) or (None if re.match(r"\d{5}", text) else _DAY.match(text))
    if match is None:
        return None
    year, month, day = (int(g) if g else None for g in match.group("y", "m", "d"))
    if (year, month, day) == (9999, 12, 31):
        return date.max  # how an open end is written
    if year is None or not 1850 <= year <= 2150:
        return None
    try:
        if month is None:
            return Interval(date(year, 1, 1), date(year, 12, 31))
        return _month(year, month) if day is None else date(year, month, day)
    except (ValueError, calendar.IllegalMonthError):
        return None


def _month(year: int, month: int) -> Interval:
    return Interval(date(year, month, 1), date(year, month, days_in(year, month)))


# -- texts -------------------------------------------------------------------------------------------


def _text(fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction) -> str:
    text = written(cell)
    if isinstance(cell, bool) or not isinstance(cell, str | int | float) or holds_identity(cell):
        raise Refused("wrong_type", "text", discreet(text))
    return plain_text(text)


def _no_cell(fact: FactSpec, cell: Any, vocabulary: Vocabulary, scale: int | Fraction) -> Any:
    raise Refused("wrong_type", "nothing", discreet(str(cell)))


_READERS: Final[dict[str, Callable[[FactSpec, Any, Vocabulary, int | Fraction], Any]]] = {
    "bool": _boolean,
    "int": _number,
    "number": _number,
    "money": _number,
    "share": _number,
    "date": _date,
    "year_month": _date,
    "code": read_code,
    "codes": read_codes,
    "text": _text,
    "list": _no_cell,
    "by_year": _no_cell,
    "record": _no_cell,
}
