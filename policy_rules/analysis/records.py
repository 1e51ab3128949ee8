"""Between a world and plain record data: a model of the solver decoded, a record put in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final

from policy_rules.analysis.terms import Bool, z3
from policy_rules.analysis.world import PARAMETER, List_, Row, Value, World
from policy_rules.facts.record import Household, Items
from policy_rules.facts.record import Row as Recorded
from policy_rules.tables.lowering.reading import SCALE
from policy_rules.verdict import bounds

_EXTERNAL: Final = "external."
Parameters = Mapping[str, Mapping[str, Any]]


class Unfitting(ValueError):
    """A record no world of these bounds holds, with what is beyond them."""


# -- a model as a record -----------------------------------------------------------------------


def decoded(world: World, model: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The record of a model as plain data, and the figures it gives external parameters, by pack."""
    return _Decoder(world, model).record()


class _Decoder:
    def __init__(self, world: World, model: Any) -> None:
        self.world = world
        self.model = model
        self.parameters: dict[str, dict[str, Any]] = {}
        self._values: dict[tuple[str, int], list[Value]] = {}
        for (frame, number, _), value in world.values.items():
            self._values.setdefault((frame, number), []).append(value)
        self._lists: dict[tuple[str, int], list[tuple[str, List_]]] = {}
        for (frame, _), found in world.lists.items():
            self._lists.setdefault((found.row.frame, found.row.number), []).append((frame, found))

    def holds(self, term: Bool) -> bool:
        return term if isinstance(term, bool) else z3.is_true(self.model.eval(term, True))

    def number(self, term: Any) -> int:
        return term if isinstance(term, int) else int(self.model.eval(term, True).as_long())

    def record(self) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        record = self.row(self.world.top)
        if self.world.kind != "household":
            record = {"kind": self.world.kind, **record}
        return record, self.parameters

    def row(self, row: Row) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for (frame, number, path), recorded in self.world.structures.items():
            if (frame, number) == (row.frame, row.number) and self.holds(recorded):
                _put(body, path, {})
        for value in self._values.get((row.frame, row.number), ()):
            if self.holds(value.known):
                self.fact(body, value)
        for _, found in self._lists.get((row.frame, row.number), ()):
            if self.holds(found.recorded):
                _put(body, found.path, self.items(found))
        return body

    def items(self, found: List_) -> Any:
        there = [row for row in found.rows if self.holds(row.there)]
        if found.spec.kind == "by_year":
            return {row.year: self.row(row) for row in there}
        rows = [{"id": f"{found.spec.item}"[0] + str(i + 1)} for i in range(len(there))]
        rows = [{**name, **self.row(row)} for name, row in zip(rows, there, strict=True)]
        return rows if self.holds(found.complete) else {"items": rows, "complete": False}

    def fact(self, body: dict[str, Any], value: Value) -> None:
        if value.path.startswith(PARAMETER):
            pack, _, name = value.path.removeprefix(PARAMETER).rpartition(".")
            self.parameters.setdefault(pack, {})[name] = self.plain(value)
        elif value.spec is None:
            above, _, rest = value.path.rpartition(_EXTERNAL)
            pack, _, name = rest.rpartition(".")
            inner = _put(body, above.removesuffix("."), {}) if above else body
            given = inner.setdefault("external", {}).setdefault(pack, {})
            given[name] = self.holds(value.parts["value"])
        else:
            _put(body, value.path, self.plain(value))

    def plain(self, value: Value) -> Any:
        """A value as a record gives it."""
        parts, spec = value.parts, value.spec
        if value.truth:
            return self.holds(parts["value"])
        if "bits" in parts:
            assert spec is not None
            codes = self.world.vocabulary.codes[spec.codes or ""].values
            return [c for c, bit in zip(codes, parts["bits"], strict=True) if self.holds(bit)]
        if "year" in parts:
            year, month, day = (self.number(parts[p]) for p in ("year", "month", "day"))
            if self.holds(parts["whole_year"]):
                return f"{year:04}"
            if self.holds(parts["whole_month"]):
                return f"{year:04}-{month:02}"
            return f"{year:04}-{month:02}-{day:02}"
        number = self.number(parts["value"])
        if spec is not None and spec.kind in ("code", "text"):
            return self.world.texts.text(number)
        if spec is not None and spec.kind == "int":
            return number
        exact = Fraction(number * value.step, SCALE)
        return exact.numerator if exact.denominator == 1 else float(exact)


def _put(body: dict[str, Any], path: str, value: Any) -> Any:
    """Put a value under a dotted path; what stands there already stays."""
    *above, last = path.split(".")
    for name in above:
        body = body.setdefault(name, {})
    return body.setdefault(last, value)


# -- a record as constraints -------------------------------------------------------------------


def pinned(world: World, record: Household) -> list[Bool]:
    """Constraints that leave a world this one record; raises :class:`Unfitting`.

    Facts that no plan put to the world asks for are left out.
    """
    return list(_pin_row(world, world.top, record.row))


def _pin_row(world: World, row: Row, recorded: Recorded | None) -> Iterator[Bool]:
    for (frame, number, path), term in world.structures.items():
        if (frame, number) == (row.frame, row.number):
            yield term == isinstance(_below(recorded, path), Recorded)
    for (frame, number, path), value in world.values.items():
        if (frame, number) == (row.frame, row.number):
            yield from _pin_value(world, value, _value_at(recorded, path))
    for found in [f for f in world.lists.values() if f.row is row]:
        yield from _pin_list(world, found, _below(recorded, found.path))


def _below(recorded: Recorded | None, path: str) -> Any:
    """What stands under a path that may lead through structures."""
    if recorded is None or path in recorded:
        return None if recorded is None else recorded[path]
    for end in range(len(path)):
        if path[end] == "." and isinstance(recorded.get(path[:end]), Recorded):
            return _below(recorded[path[:end]], path[end + 1 :])
    return None


def _value_at(recorded: Recorded | None, path: str) -> Any:
    if path.startswith(PARAMETER) or recorded is None:
        return None
    above, middle, rest = path.rpartition(_EXTERNAL)
    if not middle:
        return _below(recorded, path)
    place = recorded if not above else _below(recorded, above.removesuffix("."))
    pack, _, name = rest.rpartition(".")
    return None if place is None else place.external.get(pack, {}).get(name)


def _pin_value(world: World, value: Value, given: Any) -> Iterator[Bool]:
    yield value.known == (given is not None)
    parts, spec = value.parts, value.spec
    if given is None:  # any value will do
        yield from _pin_nothing(world, value)
        return
    if value.truth:
        yield parts["value"] == given
    elif "bits" in parts:
        assert spec is not None
        codes = world.vocabulary.codes[spec.codes or ""].values
        yield from (bit == (c in given) for c, bit in zip(codes, parts["bits"], strict=True))
    elif "year" in parts:
        lo, hi = bounds(given)
        yield from _pin_date(parts, lo, hi)
    elif isinstance(given, str):
        yield parts["value"] == world.texts.number(given)
    else:
        scale = 1 if spec is not None and spec.kind == "int" else SCALE
        exact = Fraction(given) * scale / value.step
        if exact.denominator != 1:
            raise Unfitting(value.path)
        yield parts["value"] == exact.numerator


def _pin_nothing(world: World, value: Value) -> Iterator[Bool]:
    parts = value.parts
    if value.truth:
        yield z3.Not(parts["value"])
    elif "bits" in parts:
        yield from (z3.Not(bit) for bit in parts["bits"])
    elif "year" in parts:
        yield from _pin_date(parts, date(2000, 1, 1), date(2000, 1, 31))
    else:
        yield parts["value"] == value.range[0]


def _pin_date(parts: Mapping[str, Any], lo: date, hi: date) -> Iterator[Bool]:
    whole_year = lo != hi and lo.month != hi.month
    yield parts["year"] == lo.year
    yield parts["whole_year"] == whole_year
    yield parts["whole_month"] == (lo != hi and not whole_year)
    yield from (parts["month"] == lo.month, parts["day"] == lo.day)


def _pin_list(world: World, found: List_, given: Any) -> Iterator[Bool]:
    yield found.recorded == (given is not None)
    if found.spec.kind == "by_year":
        here = f"{found.row.frame}.{found.path}"
        all_count = here in world.hanging or here in world.counted
        if all_count and set(given or ()) - {row.year for row in found.rows}:
            raise Unfitting(found.path)
        for row in found.rows:
            item = (given or {}).get(row.year)
            yield row.there == (item is not None)
            yield from _pin_row(world, row, item)
        return
    items = given if isinstance(given, Items) else Items((), False)
    if len(items.rows) > len(found.rows):
        raise Unfitting(found.path)
    yield found.complete == items.complete
    for i, row in enumerate(found.rows):
        item = items.rows[i] if i < len(items.rows) else None
        yield row.there == (item is not None)
        yield from _pin_row(world, row, item)
