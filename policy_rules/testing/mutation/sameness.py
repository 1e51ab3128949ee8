"""Mutants that certainly mean the same as the pack: no record and no reader could tell them.

Each is settled by what the pack itself says, or by a sentence of a person (``mutants.yaml``); what is only
not told apart by the records that were tried is never called equivalent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import attrs

from policy_rules.errors import PackError, Problems
from policy_rules.expr.nodes import Arith, Call, Const, Node, Param, Var, walk
from policy_rules.packs.model import DatedValue, Pack, Parameter, Period
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import expressions
from policy_rules.schema import check
from policy_rules.testing.files import documents_of
from policy_rules.testing.mutation.model import Mutant

_DATED: Final = re.compile(r"param\.(\w+)\(date\(([^()]*)\)\)")
#: A parameter, whether it is looked up on another day, and the day where that is written out.
_MENTIONED: Final = re.compile(r"param\.(\w+)(\()?(?:date\(([^()]*)\)\))?")
#: Years :func:`_years` knows of.
_OF_TARGETS: Final = ("target_year", "target_year-1")
#: Why a mutant is equivalent, as reports have it.
UNUSED, SAME_VALUE, SAME_THING = "unused", "same_value", "same_thing"


@attrs.frozen
class Told:
    """A mutant that a person says means the same, and why."""

    thing: str
    path: str
    became: str
    why: str

    def fits(self, mutant: Mutant) -> bool:
        """Whether it is this mutant; ``*`` stands for whatever it became."""
        return (
            self.thing == mutant.thing
            and self.path == ".".join(map(str, mutant.path))
            and self.became in ("*", mutant.became)
        )


def load_told(pack: Pack) -> tuple[Told, ...]:
    """``mutants.yaml`` and ``mutants/*.yaml`` of a pack; raises :class:`~policy_rules.errors.PackError`."""
    found = []
    for document in documents_of(pack, "mutants"):
        problems = Problems()
        check(document, "mutants", problems)
        problems.raise_if_any(PackError)
        found += [
            Told(e["thing"], e["path"], str(became), e["why"])
            for e in document.data
            for became in (e["became"] if isinstance(e["became"], list) else [e["became"]])
        ]
    return tuple(found)


def same(pack: Pack, mutant: Mutant, told: tuple[Told, ...] = ()) -> str:
    """Why a mutant certainly means the same as the pack; empty where nobody says so."""
    if found := next((t for t in told if t.fits(mutant)), None):
        return found.why
    if _unused(pack, mutant):
        return UNUSED
    if mutant.section == "parameters" and mutant.kind == "date":
        return SAME_VALUE if _same_parameter(pack, mutant) else ""
    if mutant.data is not None and mutant.section != "document":
        return SAME_VALUE if _same_dates(pack, mutant) else ""
    return ""


def _unused(pack: Pack, mutant: Mutant) -> bool:
    """Whether a condition is changed that nothing uses."""
    if mutant.section not in ("populations", "definitions", "tables", "externals", "parameters"):
        return False
    if mutant.kind == "clause" or any(mutant.thing in used for used in graph_of(pack).values()):
        return False
    name = re.compile(rf"\b{re.escape(mutant.name)}\b")
    patches = (a.patch for r in pack.readings.values() for a in r.alternatives)
    return not any(name.search(f"{path} {value}") for p in patches for path, value in p.items())


def _same_dates(pack: Pack, mutant: Mutant) -> bool:
    """Whether only the day a parameter is looked up on changed, and its value is that of the day before."""
    before, after = _at(pack.raw[mutant.section][mutant.name], mutant), _at(mutant.data, mutant)
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    if _DATED.sub("", before) != _DATED.sub("", after):
        return False
    one, two = _DATED.findall(before), _DATED.findall(after)
    if one == two or [n for n, _ in one] != [n for n, _ in two]:
        return False
    for (name, here), (_, there) in zip(one, two, strict=True):
        if here == there:
            continue
        parameter = pack.parameters.get(name)
        old, new = list(_days(pack, here)), list(_days(pack, there))
        if parameter is None or parameter.external or _moved(pack, name):
            return False
        if not old or len(old) != len(new):
            return False
        if any(parameter.on(a) != parameter.on(b) for a, b in zip(old, new, strict=True)):
            return False
    return True


def _moved(pack: Pack, parameter: str) -> bool:
    """Whether a parameter has other values or days on another reading."""
    patches = (a.patch for r in pack.readings.values() for a in r.alternatives)
    return any(path.startswith(f"parameters.{parameter}.") for p in patches for path in p)


def _at(data: Any, mutant: Mutant) -> Any:
    for key in mutant.path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def _years(pack: Pack) -> list[int]:
    """The years targets may speak of, each with the one before it."""
    found = {f.target_year for t in pack.targets.values() for f in t.figures}
    for target in pack.targets.values():
        found |= set(range(target.period[0], target.period[1] + 1)) if target.period else set()
    for edge in (pack.in_force.start, pack.in_force.end):
        found |= {edge.year} if edge else set()
    every = range(min(found) - 1, max(found) + 1) if found else ()
    return list(every)


def _days(pack: Pack, text: str) -> Iterator[date]:
    """The days ``2022, 12, 31`` or ``target_year, 12, 31`` may stand for; none where that is not told."""
    first, *rest = ("".join(p.split()) for p in text.split(","))
    if len(rest) != 2 or not all(p.isdigit() for p in rest):
        return
    if first not in _OF_TARGETS and not first.isdigit():
        return  # the year of a fact may be any
    for year in [int(first)] if first.isdigit() else _years(pack):
        try:
            yield date(year, *map(int, rest))
        except ValueError:
            continue


def _same_parameter(pack: Pack, mutant: Mutant) -> bool:
    """Whether a parameter has the value it had on every day on which it is looked up."""
    if _moved(pack, mutant.name):
        return False
    before = pack.parameters[mutant.name]
    assert mutant.data is not None
    after = attrs.evolve(before, values=tuple(_values(before, mutant.data)))
    asked = set(_asked(pack, mutant.name))
    return None not in asked and all(before.on(d) == after.on(d) for d in asked if d is not None)


def _values(before: Parameter, data: Mapping[str, Any]) -> Iterator[DatedValue]:
    for value, raw in zip(before.values, data["values"], strict=True):
        start, end = (raw.get(k) and date.fromisoformat(str(raw[k])) for k in ("from", "to"))
        yield attrs.evolve(value, period=Period(start, end))


def _asked(pack: Pack, name: str) -> Iterator[date | None]:
    """The days on which a parameter is looked up; None among them where that cannot be told."""
    for section in ("populations", "definitions", "rules", "targets"):
        for thing in getattr(pack, section).values():
            for node in expressions(thing):
                for part in walk(node):
                    if isinstance(part, Param) and part.name == name:
                        yield from _looked_up(pack, part.on)
    for reading in pack.readings.values():
        for alternative in reading.alternatives:
            for path, value in alternative.patch.items():
                if path.startswith("document.in_force") and not _within(pack, str(value)):
                    yield None  # on that reading the document is in force on other days
                for found, on_a_day, days in _MENTIONED.findall(str(value)):
                    if found != name:
                        continue
                    told = list(_days(pack, days) if on_a_day else _looked_up(pack, None))
                    yield from told
                    if not told:
                        yield None


def _within(pack: Pack, day: str) -> bool:
    """Whether a day lies in the time the document is in force as it is read."""
    return pack.in_force.holds(date.fromisoformat(day))


def _looked_up(pack: Pack, on: Node | None) -> Iterator[date | None]:
    start, end = pack.in_force.start, pack.in_force.end
    if on is None:
        assert start is not None
        assert end is not None  # a document has both
        yield from (start + timedelta(days=n) for n in range((end - start).days + 1))
        return
    if not isinstance(on, Call) or on.function != "date":
        yield None
        return
    found = list(_days(pack, ", ".join(map(_written, on.args))))
    yield from found
    if not found:
        yield None


def _written(part: Node) -> str:
    """A part of a date as :func:`_days` reads it."""
    match part:
        case Const(value=value):
            return str(value)
        case Var(name="target_year"):
            return "target_year"
        case Arith(op="-", left=Var(name="target_year"), right=Const(value=1)):
            return "target_year-1"
    return "?"
