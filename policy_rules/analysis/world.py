"""The record a question is about: rows of frames that may be there or not, facts that may be recorded or not.

Every fact of every row is a free term within its range; nothing in it is a default. What one world holds is
what the plans put to it ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.analysis.cells import Bits, Cell, Texts, Truth, Whole
from policy_rules.analysis.model import Bounds
from policy_rules.analysis.terms import Bool, Int, all_of, any_of, either, opposite, z3
from policy_rules.facts.dictionary import FactSpec, Vocabulary
from policy_rules.tables.lowering.reading import HELD, SCALE

#: Dates lie in these years.
YEARS: Final = (1900, 2100)
#: Money goes to the fen, numbers and shares to four decimals: steps of the millionths that columns hold.
_STEPS: Final = {"money": SCALE // 100, "number": SCALE // 10_000, "share": SCALE // 10_000}
PARAMETER: Final = "param."
#: The column of the day itself, where a question is about many days.
AS_OF: Final = "as_of"
#: Texts beside those the rules name.
_OTHERS: Final = 4


@attrs.frozen(eq=False)
class Row:
    """One row of a frame; ``there`` says whether the record has it, ``outer`` is the row it belongs to."""

    frame: str
    number: int
    there: Bool
    outer: Row | None
    year: int | None = None


@attrs.frozen(eq=False)
class List_:
    """A list of a row: whether it is recorded and complete, and its rows. A by-year fact has years for rows."""

    row: Row
    path: str
    spec: FactSpec
    recorded: Bool
    complete: Bool
    rows: tuple[Row, ...]


@attrs.frozen(eq=False)
class Value:
    """One fact of one row: whether it is recorded, and the terms it consists of.

    ``parts`` holds ``value`` (a truth, or an integer as the column holds it in steps of ``step``), ``bits`` of a
    set, or ``year``, ``month``, ``day``, ``whole_month``, ``whole_year`` of a date. ``spec`` is None for external
    conditions and parameters.
    """

    row: Row
    path: str
    spec: FactSpec | None
    known: Bool
    parts: Mapping[str, Any]
    step: int = 1
    #: the least and greatest number (in steps), or the numbers of the codes and texts
    range: tuple[int, ...] = ()

    @property
    def truth(self) -> bool:
        """Whether it is true or false: a fact, or an external condition."""
        spec = self.spec
        return not self.path.startswith(PARAMETER) if spec is None else spec.kind == "bool"


class World:
    """A bounded record of one kind."""

    def __init__(
        self,
        vocabulary: Vocabulary,
        kind: str,
        bounds: Bounds,
        years: Mapping[str, tuple[int, ...]],
        texts: Texts,
        free_texts: tuple[str, ...] = (),
        hanging: frozenset[str] = frozenset(),
        counted: frozenset[str] = frozenset(),
    ) -> None:
        self.vocabulary = vocabulary
        self.kind = kind
        self.bounds = bounds
        self.texts = texts
        self.years = years
        #: by-year frames where facts say which year counts; years beyond ``years`` are left out there
        self.hanging = hanging
        #: frames of which rows are counted
        self.counted = counted
        self.constraints: list[Bool] = []
        self.top = Row(kind, 0, True, None)
        #: the days a question is about, all of one year; None where the plans stand for one day
        self.span: tuple[date, date] | None = None
        self._today: Whole | None = None
        #: lists and by-year facts by frame and number of the outer row
        self.lists: dict[tuple[str, int], List_] = {}
        self.frames: dict[str, list[Row]] = {kind: [self.top]}
        self.records: dict[str, str] = {kind: kind}
        self.values: dict[tuple[str, int, str], Value] = {}
        #: structures by frame, row and path: whether they are recorded
        self.structures: dict[tuple[str, int, str], Bool] = {}
        self._free = [texts.number(t) for t in free_texts]
        self._free += [texts.number(f"文本{i + 1}") for i in range(_OTHERS)]

    # -- rows ----------------------------------------------------------------------------------

    def rows(self, frame: str) -> list[Row]:
        """The rows of a frame, all that may be there."""
        found = self.frames.get(frame)
        if found is not None:
            return found
        outer, path, spec = self._resolve(frame)
        above = self.rows(outer)
        found = self.frames[frame] = []
        assert spec.item is not None
        self.records[frame] = spec.item
        for row in above:
            found += self._list(frame, row, path, spec, len(found))
        return found

    def _resolve(self, frame: str) -> tuple[str, str, FactSpec]:
        """The frame a frame's rows belong to, the path from there, and the fact that is the list."""
        outer, rest, record, prefix = self.kind, frame.removeprefix(f"{self.kind}."), self.kind, ""
        while True:
            spec = next(
                s
                for p, s in self.vocabulary.records[record].facts.items()
                if s.item is not None and (rest == p or rest.startswith(f"{p}."))
            )
            assert spec.item is not None
            if rest == spec.path:
                return outer, prefix + spec.path, spec
            rest, record = rest.removeprefix(f"{spec.path}."), spec.item
            if spec.kind == "record":
                prefix += f"{spec.path}."
            else:
                outer, prefix = f"{outer}.{prefix}{spec.path}", ""

    def _list(self, frame: str, row: Row, path: str, spec: FactSpec, start: int) -> tuple[Row, ...]:
        name = f"{frame}[{row.number}]"
        recorded = z3.Bool(f"{name} recorded")
        self._within(row, path, recorded)
        rows: list[Row] = []
        if spec.kind == "by_year":
            for i, year in enumerate(self.years.get(frame, ())):
                there = z3.Bool(f"{name} {year}")
                rows.append(Row(frame, start + i, there, row, year))
                self.constraints.append(z3.Implies(there, recorded))
            complete: Bool = True
        else:
            complete = z3.Bool(f"{name} complete")
            most = self.bounds.members if path == "members" else self.bounds.items
            before: Bool = recorded
            for i in range(most):
                there = z3.Bool(f"{name} {i}")
                self.constraints.append(z3.Implies(there, before))
                rows.append(Row(frame, start + i, there, row))
                before = there
            self.constraints.append(z3.Implies(complete, recorded))
        self.lists[frame, row.number] = List_(row, path, spec, recorded, complete, tuple(rows))
        return tuple(rows)

    def _within(self, row: Row, path: str, recorded: Bool) -> None:
        """What is recorded stands in a row that is there, in structures that are recorded."""
        if row.there is not True:
            self.constraints.append(z3.Implies(recorded, row.there))
        for prefix in self.above(row, path):
            self.constraints.append(z3.Implies(recorded, self.structure(row, prefix)))

    def above(self, row: Row, path: str) -> Iterator[str]:
        """The structures a path of a row leads through."""
        above, record = "", self.records[row.frame]
        while path not in self.vocabulary.records[record].facts:
            spec = next(
                (
                    s
                    for p, s in self.vocabulary.records[record].facts.items()
                    if s.kind == "record" and path.startswith(f"{p}.")
                ),
                None,
            )
            if spec is None:
                return  # an external condition
            yield above + spec.path
            above += f"{spec.path}."
            path, record = path.removeprefix(f"{spec.path}."), spec.item or ""

    def structure(self, row: Row, path: str) -> Bool:
        """Whether a structure of a row is recorded."""
        key = (row.frame, row.number, path)
        if key not in self.structures:
            recorded = z3.Bool(f"{row.frame}[{row.number}].{path} recorded")
            self.structures[key] = recorded
            self._within(row, path, recorded)
        return self.structures[key]

    def spec(self, frame: str, path: str) -> FactSpec | None:
        """The dictionary's entry of a column, None for external conditions and parameters."""
        record = self.records[frame]
        while path not in self.vocabulary.records[record].facts:
            below = next(
                (
                    s
                    for p, s in self.vocabulary.records[record].facts.items()
                    if s.kind == "record" and path.startswith(f"{p}.")
                ),
                None,
            )
            if below is None:
                return None
            path, record = path.removeprefix(f"{below.path}."), below.item or ""
        return self.vocabulary.records[record].facts[path]

    def terms(self) -> Iterator[Any]:
        """Every term that is free."""
        yield from self.structures.values()
        for found in self.lists.values():
            yield found.recorded
            yield from (row.there for row in found.rows)
            if found.complete is not True:
                yield found.complete
        for value in self.values.values():
            yield value.known
            for part in value.parts.values():
                yield from part if isinstance(part, tuple) else (part,)

    # -- columns -------------------------------------------------------------------------------

    def cell(self, row: Row, name: str) -> Cell:
        """A column of a row, as a plan reads it."""
        if row.year is not None and name == "year":
            return Whole(False, row.year)
        if name == AS_OF:
            return self.today
        if name.endswith("~state"):
            return self._state(row, name.removesuffix("~state"))
        high = name.endswith("~hi")
        value = self.value(row, name.removesuffix("~hi"))
        parts, null = value.parts, opposite(value.known)
        if value.truth:
            return Truth(
                all_of((value.known, parts["value"])),
                all_of((value.known, opposite(parts["value"]))),
            )
        if "bits" in parts:
            return Bits(null, parts["bits"])
        if "year" in parts:
            return _day(null, _last(parts) if high else _first(parts))
        return Whole(null, parts["value"] * value.step if value.step != 1 else parts["value"])

    @property
    def today(self) -> Whole:
        """The day, anywhere in the span."""
        if self._today is None:
            assert self.span is not None
            first, last = self.span
            assert first.year == last.year
            year, month, day = first.year, z3.Int("as_of m"), z3.Int("as_of d")
            number = month * 100 + day
            self.constraints += [
                month >= first.month, month <= last.month, day >= 1, day <= days_in(z3.IntVal(year), month),
                number >= first.month * 100 + first.day, number <= last.month * 100 + last.day,
            ]  # fmt: skip
            self._today = Whole(False, number + year * 10000, (day, month, year))
        return self._today

    @property
    def dated(self) -> bool:
        """Whether some plan has read the day."""
        return self._today is not None

    def _state(self, row: Row, path: str) -> Cell:
        spec = self.spec(row.frame, path)
        assert spec is not None
        if spec.kind == "record":
            return Whole(opposite(self.structure(row, path)), 2)
        frame = f"{row.frame}.{path}"
        self.rows(frame)
        found = self.lists[frame, row.number]
        return Whole(opposite(found.recorded), either(found.complete, 2, 1))

    def value(self, row: Row, path: str) -> Value:
        """A fact of a row."""
        key = (row.frame, row.number, path)
        found = self.values.get(key)
        if found is None:
            found = self.values[key] = self._value(row, path)
            self._within(row, path, found.known)
        return found

    def _value(self, row: Row, path: str) -> Value:
        name = f"{row.frame}[{row.number}].{path}"
        known = z3.Bool(f"{name} known")
        if path.startswith(PARAMETER):
            step = _STEPS["money"]
            figure = {"value": self._number(name, 0, HELD // step)}
            return Value(row, path, None, known, figure, step, (0, HELD // step))
        spec = self.spec(row.frame, path)
        if spec is None or spec.kind == "bool":
            return Value(row, path, spec, known, {"value": z3.Bool(name)})
        match spec.kind:
            case "date" | "year_month":
                return Value(row, path, spec, known, self._date(name, spec.kind == "year_month"))
            case "codes":
                count = len(self.vocabulary.codes[spec.codes or ""].values)
                bits = tuple(z3.Bool(f"{name} {i}") for i in range(count))
                return Value(row, path, spec, known, {"bits": bits})
            case "code" | "text":
                term = z3.Int(name)
                options = self._free
                if spec.kind == "code":
                    codes = self.vocabulary.codes[spec.codes or ""].values
                    options = [self.texts.number(code) for code in codes]
                self.constraints.append(any_of(term == o for o in options))
                return Value(row, path, spec, known, {"value": term}, 1, tuple(options))
        step = _STEPS.get(spec.kind, 1)
        scale = 1 if spec.kind == "int" else SCALE
        lo = -HELD if spec.lo == -float("inf") else max(-HELD, -(-spec.lo * scale // 1))
        hi = HELD if spec.hi == float("inf") else min(HELD, spec.hi * scale // 1)
        first, last = int(-(-lo // step)), int(hi // step)
        figure = {"value": self._number(name, first, last)}
        return Value(row, path, spec, known, figure, step, (first, last))

    def _number(self, name: str, lo: int, hi: int) -> Int:
        term = z3.Int(name)
        self.constraints += [term >= lo, term <= hi]
        return term

    def _date(self, name: str, partial: bool) -> dict[str, Any]:
        year, month, day = (z3.Int(f"{name} {part}") for part in ("y", "m", "d"))
        whole_year, whole_month = (z3.Bool(f"{name} {part}") for part in ("year", "month"))
        self.constraints += [
            year >= YEARS[0], year <= YEARS[1], month >= 1, month <= 12, day >= 1,
            day <= days_in(year, month), z3.Not(z3.And(whole_year, whole_month)),
        ]  # fmt: skip
        if partial:
            self.constraints.append(z3.Or(whole_year, whole_month))
        return {
            "year": year,
            "month": month,
            "day": day,
            "whole_month": whole_month,
            "whole_year": whole_year,
        }


def days_in(year: Int, month: Int) -> Int:
    """Days of a month."""
    leap = z3.Or(z3.And(year % 4 == 0, year % 100 != 0), year % 400 == 0)
    short = z3.Or(*(month == m for m in (4, 6, 9, 11)))
    return z3.If(month == 2, z3.If(leap, 29, 28), z3.If(short, 30, 31))


def _day(null: Bool, digits: tuple[Int, Int, Int]) -> Whole:
    day, month, year = digits
    return Whole(null, year * 10000 + month * 100 + day, digits)


def _first(parts: Mapping[str, Any]) -> tuple[Int, Int, Int]:
    month = z3.If(parts["whole_year"], 1, parts["month"])
    day = z3.If(z3.Or(parts["whole_year"], parts["whole_month"]), 1, parts["day"])
    return day, month, parts["year"]


def _last(parts: Mapping[str, Any]) -> tuple[Int, Int, Int]:
    month = z3.If(parts["whole_year"], 12, parts["month"])
    last = days_in(parts["year"], parts["month"])
    day = z3.If(parts["whole_year"], 31, z3.If(parts["whole_month"], last, parts["day"]))
    return day, month, parts["year"]
