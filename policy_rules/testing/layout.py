"""Records written as bytes: one byte or two a fact, 0 for what is not recorded.

A record is drawn as one string of bytes for itself and one for each member, which costs a few draws
however many facts there are, and shrinks towards a record with nothing in it: a smaller byte is a
plainer value, and 0 is no value. The values are those next to the lines of a pack.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar

import attrs

from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.testing.lines import Lines, plain_number

#: Chance that a derived fact is recorded (and may contradict what it is derived from), that a date
#: is partial, that a list is incomplete.
DERIVED: Final = 0.1
PARTIAL, INCOMPLETE = 0.1, 0.08
#: Of the values of a number or date, this share lies at a line, where there are lines.
AT_A_LINE: Final = 0.8
#: Items of a list other than that of the members; how far structures stand in one another.
ITEMS, DEEPEST = 2, 4

T = TypeVar("T")
#: Reads a fact's value from its bytes on a date; None is not recorded.
Reader = Callable[[bytes, date], Any]


@attrs.frozen
class Place:
    """Where one fact stands in the bytes of a row."""

    keys: tuple[str, ...]
    start: int
    stop: int
    read: Reader


@attrs.frozen
class RowLayout:
    """How the bytes of one row are read."""

    places: tuple[Place, ...]
    size: int

    def row(self, data: bytes, as_of: date) -> dict[str, Any]:
        """The row that some bytes stand for, dotted names nested; empty for bytes of 0."""
        found: dict[str, Any] = {}
        for place in self.places:
            value = place.read(data[place.start : place.stop], as_of)
            if value is None:
                continue
            target = found
            for key in place.keys[:-1]:
                target = target.setdefault(key, {})
            target[place.keys[-1]] = value
        return found


class Layout:
    """The layouts of a pack's records; ``gap`` is the chance that a fact is missing.

    ``rules`` narrows the facts to those that some rules read. The list of members of a household is
    not part of its bytes: members come apart, so that one may be taken out of the middle.
    """

    def __init__(self, pack: Pack, gap: float, rules: Iterable[str] | None = None) -> None:
        if not 0 <= gap <= 1:
            raise ValueError(f"gap is a share from 0 to 1, not {gap}")
        self.pack, self.gap = pack, gap
        chosen = None if rules is None else tuple(rules)
        self.facts: dict[str, list[FactSpec]] = {}
        for spec in required_facts(pack, chosen):
            self.facts.setdefault(spec.record, []).append(spec)
        self.lines = Lines.of(pack, chosen)
        self.externals: dict[str, list[str]] = {}
        for external in pack.externals.values():
            self.externals.setdefault(external.subject, []).append(external.id)
        self._rows: dict[tuple[str, int], RowLayout] = {}

    def of(self, record: str, depth: int = 0) -> RowLayout:
        """The layout of the rows of a kind of record."""
        if (record, depth) not in self._rows:
            places: list[Place] = []
            at = 0
            for spec in self.facts.get(record, ()):
                size, read = self._reader(spec, depth)
                if size:
                    places.append(Place(tuple(spec.path.split(".")), at, at + size, read))
                    at += size
            for name in self.externals.get(record, ()):
                keys = ("external", self.pack.id, name)
                places.append(Place(keys, at, at + 1, self._choice((True, False))))
                at += 1
            self._rows[record, depth] = RowLayout(tuple(places), at)
        return self._rows[record, depth]

    def _reader(self, spec: FactSpec, depth: int) -> tuple[int, Reader]:
        """How many bytes a fact takes, and what they mean; 0 bytes where it is left out."""
        gap = self.gap if spec.derive is None else max(self.gap, 1 - DERIVED)
        match spec.kind:
            case "bool":
                return 1, self._choice((True, False), gap)
            case "int" | "number" | "money" | "share":
                return 2, self._number(spec, gap)
            case "date" | "year_month":
                return 2, self._date(spec, gap)
            case "code":
                return 1, self._choice(self._codes(spec), gap)
            case "codes":
                return 2, self._set_of_codes(self._codes(spec), gap)
            case "text":
                named = self.lines.codes.get(spec.field, ())
                return 1, self._choice((*named, "x0", "x1", "x2"), gap)
            case "list" if spec.item == "member" or depth >= DEEPEST:
                return 0, _nothing
            case "list":
                return self._items(self.of(spec.item or "", depth + 1), gap)
            case "by_year" if depth < DEEPEST:
                return self._by_year(self.of(spec.item or "", depth + 1), gap)
            case "record" if depth < DEEPEST:
                inner = self.of(spec.item or "", depth + 1)
                return inner.size, lambda data, as_of: inner.row(data, as_of) or None
            case _:
                return 0, _nothing

    def _codes(self, spec: FactSpec) -> tuple[str, ...]:
        """The codes of a fact, those the pack names first and more often."""
        every = tuple(self.pack.vocabulary.codes[spec.codes or ""].values)
        named = tuple(c for c in self.lines.codes.get(spec.field, ()) if c in every)
        return named * max(1, len(every) // len(named)) + every if named else every

    def _choice(self, values: tuple[Any, ...], gap: float | None = None) -> Reader:
        """One of some values, the first the plainest."""
        missing, _ = self._start(self.gap if gap is None else gap)

        def read(data: bytes, as_of: date) -> Any:
            byte = data[0]
            return None if byte < missing else _dealt(values, byte - missing)

        return read

    def _start(self, gap: float) -> tuple[int, int]:
        """How many byte values mean that a fact is missing, and how many there are for the rest."""
        missing = min(255, max(1, round(256 * gap))) if gap else 0
        return missing, 256 - missing

    def _number(self, spec: FactSpec, gap: float) -> Reader:
        """A number: 0 or the least there is, at a line, next to one, or somewhere in its range."""
        missing, share = self._start(gap)
        lo, hi = usual_range(spec, self.lines.years)
        plain = _within(Fraction(0), lo, hi)
        near = (plain_number(plain), *self.lines.numbers_of(spec))
        lined = round(share * (AT_A_LINE if len(near) > 1 else 0.25))
        step = 1 if spec.kind == "int" else Fraction(1, 100)

        def read(data: bytes, as_of: date) -> int | Decimal | None:
            byte = data[0]
            if byte < missing:
                return None
            byte -= missing
            if byte < lined:
                return _dealt(near, byte)
            at = lo + (hi - lo) * data[1] / 255
            return plain_number(Fraction(math.floor(at / step)) * step)

        return read

    def _date(self, spec: FactSpec, gap: float) -> Reader:
        """A date: at a line, next to one, at an edge of validity, or in one of many years."""
        missing, share = self._start(gap)
        form = "%Y-%m" if spec.kind == "year_month" else "%Y-%m-%d"
        years = (*self.lines.years, 1950, 1965, 1990, 2008, 2016)
        edges = tuple(d + timedelta(days=n) for d in self.lines.edges for n in (0, -1, 1))
        lined = round(share * AT_A_LINE)
        partial = round(256 * PARTIAL)

        def read(data: bytes, as_of: date) -> str | None:
            byte = data[0]
            if byte < missing:
                return None
            byte -= missing
            if byte < lined:
                near = self.lines.days_of(spec, as_of) or edges or (as_of,)
                day = _dealt(near, byte)
                whole = data[1] < 256 - partial
            else:
                day = date(years[byte % len(years)], 1 + data[1] % 12, 1 + data[1] % 28)
                whole = True
            return day.strftime(form if whole else "%Y-%m")

        return read

    def _set_of_codes(self, codes: tuple[str, ...], gap: float) -> Reader:
        """A set of at most two codes: of the first byte the first, none for the plainest."""
        missing, share = self._start(gap)
        values = ("", *codes)

        def read(data: bytes, as_of: date) -> list[str] | None:
            if data[0] < missing:
                return None
            first = values[(data[0] - missing) * len(values) // share]
            second = values[max(0, data[1] - 128) * len(values) // 128]
            return sorted({c for c in (first, second) if c})

        return read

    def _items(self, inner: RowLayout, gap: float) -> tuple[int, Reader]:
        """A list of rows, the first byte telling how many; now and then an incomplete one."""
        missing, share = self._start(gap)
        whole = round(share * (1 - INCOMPLETE))

        def read(data: bytes, as_of: date) -> Any:
            byte = data[0] - missing
            if byte < 0:
                return None
            count = min(ITEMS, byte * (ITEMS + 1) // whole)
            starts = range(1, 1 + count * inner.size, inner.size or 1)
            rows = [inner.row(data[at : at + inner.size], as_of) for at in starts]
            return rows if byte < whole else {"items": rows, "complete": False}

        return 1 + ITEMS * inner.size, read

    def _by_year(self, inner: RowLayout, gap: float) -> tuple[int, Reader]:
        """Rows by year, of the years the pack's dates lie in; a year with nothing told is left out."""
        years, size = self.lines.years, inner.size

        def read(data: bytes, as_of: date) -> dict[str, Any] | None:
            rows = (inner.row(data[i * size : (i + 1) * size], as_of) for i in range(len(years)))
            found = {str(year): row for year, row in zip(years, rows, strict=True) if row}
            return found or None

        return len(years) * size, read

    def days(self) -> tuple[date, ...]:
        """Days of evaluation: inside the time in force first, then those at edges of validity."""
        period = self.pack.in_force
        start, end = period.start or date(2022, 1, 1), period.end or date(2024, 12, 31)
        middle = start + (end - start) / 2
        edges = (d + timedelta(days=n) for d in self.lines.edges for n in (0, 1, -1))
        return tuple(dict.fromkeys((middle, *edges)))


def usual_range(spec: FactSpec, years: tuple[int, ...]) -> tuple[Fraction, Fraction]:
    """The range an ordinary value of a number lies in."""
    top = {"money": 60000, "share": 1}.get(spec.kind, 20)
    lo = Fraction(-1000) if spec.lo == -math.inf else Fraction(math.ceil(spec.lo))
    if lo > top:  # a range that begins beyond the usual figures is one of years
        return Fraction(min(years)), Fraction(max(years))
    hi = Fraction(top) if spec.hi == math.inf else min(Fraction(top), Fraction(spec.hi))
    return lo, hi


def _within(value: Fraction, lo: Fraction, hi: Fraction) -> Fraction:
    return max(lo, min(value, hi))


def _dealt(values: Sequence[T], byte: int) -> T:
    """The value of a byte, dealt in turn: what makes bytes smaller then tries the values before one,
    and is not stopped by a stretch of bytes that all stand for one that will not do."""
    return values[byte % len(values)]


def _nothing(data: bytes, as_of: date) -> None:
    return None


def kinds_of(pack: Pack) -> Mapping[str, None]:
    """The kinds of record that a pack's rules are about, households first."""
    kinds = [
        "household" if rule.subject == "member" else rule.subject for rule in pack.rules.values()
    ]
    return dict.fromkeys(sorted(kinds, key=lambda kind: (kind != "household", kind)))
