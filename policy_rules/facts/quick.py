"""Reading a plain, correct record fast.

Types are compared exactly and each key is looked up in the table of its type. Whatever is not plainly
right raises :class:`Odd`, and the strict reader of :mod:`policy_rules.facts.record` reads the record
from the start: it alone says what an error is. What this reader accepts, that one reads alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final

from policy_rules.facts.dates import read_date
from policy_rules.facts.dictionary import SUBJECTS, FactSpec, RecordSpec, Vocabulary
from policy_rules.facts.numbers import Refused, exact_number
from policy_rules.facts.rows import ITEM_META, MAX_ITEMS, META, YEARS, Items, Row
from policy_rules.text import writable
from policy_rules.verdict import Interval

#: Below this many hundredths a number has at most 15 digits, and a float that is the nearest to it
#: prints as no other.
_MOST: Final = 10**15
_YEARS: Final = {key: year for year in YEARS for key in (year, str(year))}
_NEW: Final = Row.__new__
_NUMERIC: Final = frozenset({"int", "number", "money", "share"})


class Odd(Exception):
    """Not plainly right: the strict reader decides."""


class Table:
    """What stands under each key of a record, or of a group of its facts, by type of value.

    Keys are single words; each entry begins with the fact's whole name.
    """

    __slots__ = ("bools", "codes", "dates", "groups", "known", "numbers", "rows", "sets", "texts")

    def __init__(
        self, vocabulary: Vocabulary, spec: RecordSpec, prefix: str, meta: tuple[str, ...]
    ) -> None:
        self.bools: dict[str, str] = {}
        #: name, least, most, the same in hundredths, and what hundredths must be whole (1 or 100)
        self.numbers: dict[str, tuple[str, Any, Any, Any, Any, int]] = {}
        self.codes: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.sets: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.dates: dict[str, tuple[str, bool]] = {}
        self.texts: dict[str, str] = {}
        self.rows: dict[str, tuple[str, str, str]] = {}
        self.groups: dict[str, Table] = {}
        below: dict[str, None] = {}
        for path, fact in spec.facts.items():
            if not path.startswith(prefix):
                continue
            key, _, rest = path.removeprefix(prefix).partition(".")
            if key in meta:
                continue
            if rest:
                below[key] = None
            else:
                self._add(vocabulary, key, fact)
        taken = {path.removeprefix(prefix) for path in spec.facts}
        for key in below:
            if key not in taken:
                self.groups[key] = Table(vocabulary, spec, f"{prefix}{key}.", ())
        self.known = frozenset([*(k for k in taken if "." not in k), *below, *meta])

    def _add(self, vocabulary: Vocabulary, key: str, fact: FactSpec) -> None:
        kind, path = fact.kind, fact.path
        if kind == "bool":
            self.bools[key] = path
        elif kind in _NUMERIC:
            step = 100 if kind == "int" else 1
            lo, hi = fact.lo, fact.hi
            self.numbers[key] = (path, lo, hi, lo * 100, hi * 100, step)
        elif kind in ("date", "year_month"):
            self.dates[key] = (path, kind == "date")
        elif kind == "code":
            self.codes[key] = (path, vocabulary.codes[fact.codes or ""].values)
        elif kind == "codes":
            self.sets[key] = (path, vocabulary.codes[fact.codes or ""].values)
        elif kind == "text":
            self.texts[key] = path
        else:
            self.rows[key] = (path, kind, fact.item or "")


class QuickReader:
    """Reads the plain records of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        records = vocabulary.records
        self._kinds = {
            kind: Table(vocabulary, records[kind], "", META)
            for kind in SUBJECTS
            if kind != "member" and kind in records
        }
        self._items = {
            name: (Table(vocabulary, spec, "", ITEM_META), spec.name[0])
            for name, spec in records.items()
        }
        self._years = {name: Table(vocabulary, spec, "", ()) for name, spec in records.items()}

    def record(self, data: Mapping[str, Any]) -> tuple[str, Row, date | None, str]:
        """Kind, facts, date and region of a record; raises :class:`Odd`."""
        try:
            kind = data.get("kind", "household")
            table = self._kinds[kind]
            row = _NEW(Row)
            row.id = _text(data.get("id"))
            given = data.get("external")
            row.external = {} if given is None else _external(given)
            as_of, region = data.get("as_of"), data.get("region")
            day = None if as_of is None else _date(as_of)
            if type(day) is Interval:
                raise Odd
            self._fill(table, data, row, META)
            return kind, row, day, _text(region)  # type: ignore[return-value]
        except (KeyError, TypeError, ValueError, OverflowError, Refused) as odd:
            raise Odd from odd

    def _fill(self, table: Table, data: Mapping[str, Any], row: Row, meta: tuple[str, ...]) -> None:
        bools, numbers, codes = table.bools, table.numbers, table.codes
        for key, value in data.items():
            kind = type(value)
            if kind is bool:
                row[bools[key]] = value
            elif kind is int and key in numbers:
                name, lo, hi, _, _, _ = numbers[key]
                if not lo <= value <= hi:
                    raise Odd
                row[name] = value
            elif kind is str and key in codes:
                name, known = codes[key]
                if value not in known:
                    raise Odd
                row[name] = value
            elif kind is float:
                name, _, _, lo, hi, step = numbers[key]
                cents = round(value * 100)
                if cents / 100 != value or not lo <= cents <= hi or not -_MOST < cents < _MOST:
                    raise Odd
                if cents % 100 == 0:
                    row[name] = cents // 100
                elif step == 1:
                    row[name] = Fraction(cents, 100)
                else:
                    raise Odd
            elif key in meta:
                continue
            elif value is None:
                if key not in table.known:
                    raise Odd
            else:
                self._other(table, key, value, row)

    def _other(self, table: Table, key: str, value: Any, row: Row) -> None:
        """A group, a date, a list or whatever else is met less often."""
        kind = type(value)
        if key in table.groups:
            if kind is not dict:
                raise Odd
            self._fill(table.groups[key], value, row, ())
        elif key in table.dates:
            name, day = table.dates[key]
            found = _date(value)
            if not day and type(found) is not Interval:
                raise Odd
            row[name] = found
        elif key in table.rows:
            name, structure, item = table.rows[key]
            row[name] = _STRUCTURES[structure](self, item, value)
        elif key in table.sets:
            name, known = table.sets[key]
            if kind is not list or not all(type(code) is str and code in known for code in value):
                raise Odd
            row[name] = frozenset(value)
        elif key in table.texts and kind is str and writable(value):
            row[table.texts[key]] = value
        elif key in table.numbers and kind is Decimal:
            name, lo, hi, _, _, step = table.numbers[key]
            number = exact_number(value)
            if not lo <= number <= hi or (step == 100 and type(number) is not int):
                raise Odd
            row[name] = number
        else:
            raise Odd

    def _list(self, item: str, value: Any) -> Items:
        complete = True
        if type(value) is dict:
            complete = value.get("complete", True)
            if type(complete) is not bool or not value.keys() <= {"items", "complete"}:
                raise Odd
            value = value["items"]
        if type(value) is not list or len(value) > MAX_ITEMS:
            raise Odd
        table, letter = self._items[item]
        rows: list[Row] = []
        for place, data in enumerate(value, 1):
            if data is None:
                complete = False
            else:
                rows.append(self._item(table, data, f"{letter}{place}"))
        if len({row.id for row in rows}) < len(rows):
            raise Odd
        return Items(tuple(rows), complete)

    def _item(self, table: Table, data: Any, name: str) -> Row:
        if type(data) is not dict:
            raise Odd
        row = _NEW(Row)
        self._fill(table, data, row, ITEM_META)
        row.id = _text(data.get("id")) or name
        given = data.get("external")
        row.external = {} if given is None else _external(given)
        return row

    def _record(self, item: str, value: Any) -> Row:
        return self._item(self._items[item][0], value, "")

    def _by_year(self, item: str, value: Any) -> dict[int, Row]:
        if type(value) is not dict:
            raise Odd
        found = {}
        for key, data in value.items():
            year = _YEARS[key]
            if data is None:
                continue
            if type(data) is not dict:
                raise Odd
            row = found[year] = _NEW(Row)
            row.id, row.external = "", {}
            self._fill(self._years[item], data, row, ())
        return found


_STRUCTURES: Final[Mapping[str, Callable[[QuickReader, str, Any], Any]]] = {
    "list": QuickReader._list,
    "record": QuickReader._record,
    "by_year": QuickReader._by_year,
}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if type(value) is not str or not writable(value):
        raise Odd
    return value


def _date(value: Any) -> date | Interval:
    kind = type(value)
    if kind is str:
        return read_date(value)
    if kind is not date:
        raise Odd
    return value  # type: ignore[no-any-return]


def _external(given: Any) -> dict[str, dict[str, bool]]:
    if type(given) is not dict:
        raise Odd
    found: dict[str, dict[str, bool]] = {}
    for pack, conditions in given.items():
        if type(pack) is not str or type(conditions) is not dict or not writable(pack):
            raise Odd
        for name, value in conditions.items():
            if type(name) is not str or type(value) is not bool or not writable(name):
                raise Odd
        if conditions:
            found[pack] = dict(conditions)
    return found


@cache
def quick_reader(vocabulary: Vocabulary) -> QuickReader:
    """The reader of a vocabulary."""
    return QuickReader(vocabulary)
