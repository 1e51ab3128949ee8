"""Worked cases of targets: a small population, a date, the figures expected of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.finding import figure
from policy_rules.engine.targets import Measured, TargetMeter
from policy_rules.errors import (
    PackError,
    Place,
    PolicyRulesError,
    Problem,
    Problems,
    nearest,
    shown,
)
from policy_rules.facts.dates import read_date
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.testing.files import documents_of
from policy_rules.testing.records import put, supply
from policy_rules.yamldoc import Document


@attrs.frozen(eq=False)
class TargetCase:
    """Records that stand together, and what targets measured over them must come to."""

    id: str
    pack: str
    records: tuple[Mapping[str, Any], ...]
    as_of: str
    overlay: Mapping[str, Any]
    expect: Mapping[str, Any]
    place: Place
    places: Mapping[str, Place] = attrs.field(factory=dict)


def load_target_cases(pack: Pack) -> tuple[TargetCase, ...]:
    """The target cases of a pack; raises :class:`~policy_rules.errors.PackError`."""
    return tuple(
        case
        for document in documents_of(pack, "cases")
        for case in read_target_cases(document, pack)
    )


def read_target_cases(document: Document, pack: Pack) -> list[TargetCase]:
    """The target cases of one file that fits the schema; raises PackError."""
    problems = Problems()
    known: Mapping[str, Any] = document.data.get("records") or {}
    found = []
    for i, data in enumerate(document.data.get("targets") or ()):
        place = document.place(("targets", i))
        records: list[Mapping[str, Any]] = []
        for item in data["population"]:
            entry: Mapping[str, Any] = {"record": item} if isinstance(item, str) else item
            name = entry["record"]
            if name not in known:
                problems.add("unknown_record", place, got=shown(name), nearest=nearest(name, known))
                continue
            record = copy.deepcopy(dict(known[name]))
            for path, value in (entry.get("set") or {}).items():
                if not put(record, str(path).split("."), value):
                    problems.add("patch_path", place, got=shown(path))
            supply(record, entry.get("externals") or {}, pack.id)
            records += [record] * entry.get("times", 1)
        found.append(
            TargetCase(
                data["id"], pack.id, tuple(records), str(data["as_of"]),
                data.get("overlay") or {}, data["expect"], place,
                {k: document.key_place(("targets", i, "expect", k)) for k in data["expect"]},
            )
        )  # fmt: skip
    problems.raise_if_any(PackError)
    return found


class TargetRunner:
    """Runs the target cases of one pack, keeping a meter for each overlay."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._meters: dict[str, TargetMeter] = {}

    def meter(self, overlay: Mapping[str, Any]) -> TargetMeter:
        """The meter under an overlay."""
        key = json.dumps(overlay, sort_keys=True, default=str)
        if key not in self._meters:
            pack = self.pack.with_overlay(overlay) if overlay else self.pack
            self._meters[key] = TargetMeter(pack)
        return self._meters[key]

    def run(self, case: TargetCase) -> tuple[Problem, ...]:
        """What of a case does not hold."""
        try:
            meter = self.meter(case.overlay)
            read = {id(r): read_record(r, self.pack.vocabulary) for r in case.records}
            records = [read[id(r)] for r in case.records]
            return tuple(self._compare(case, meter, records))
        except PolicyRulesError as error:
            return tuple(
                attrs.evolve(
                    p, place=case.place, detail=f"{case.id} {p.place.path} {p.detail}".strip()
                )
                for p in error.problems
            )

    def _compare(
        self, case: TargetCase, meter: TargetMeter, records: list[Household]
    ) -> Iterator[Problem]:
        day: Any = read_date(case.as_of)
        for name, expected in case.expect.items():
            place = case.places.get(name, case.place)
            if name not in meter.pack.targets:
                near = nearest(name, meter.pack.targets)
                yield Problem("case_failed", place, shown(name), "-", near, case.id)
                continue
            measured = meter.measure(name, records, day)
            yield from self._unnamed(case, name, expected, measured)
            for body in expected if isinstance(expected, list) else [expected]:
                told = [m for m in measured if "year" not in body or m.year == body["year"]]
                for key in [k for k in body if k not in ("year", "asks")]:
                    got = [_seen(m, key) for m in told]
                    if not told or any(g != _wanted(body[key]) for g in got):
                        yield Problem(
                            "case_failed",
                            place,
                            expected=f"{name} {key}: {_text(_wanted(body[key]))}",
                            got=", ".join(map(_text, got)) or "-",
                            detail=case.id,
                        )
                asked = meter.pack.targets[name].question
                if body.get("asks", "") not in asked.zh + asked.en:
                    yield Problem(
                        "case_failed",
                        place,
                        expected=f"{name} asks: {body['asks']}",
                        got=asked.zh or "-",
                        detail=case.id,
                    )

    @staticmethod
    def _unnamed(
        case: TargetCase, name: str, expected: Any, measured: tuple[Measured, ...]
    ) -> Iterator[Problem]:
        """The years measured that a list of years leaves out."""
        if not isinstance(expected, list):
            return
        named = [body["year"] for body in expected]
        if left := [str(m.year) for m in measured if m.year not in named]:
            yield Problem(
                "case_failed",
                case.places.get(name, case.place),
                expected=f"{name} year: {', '.join(map(str, named))}",
                got=", ".join(left),
                detail=case.id,
            )


def _seen(measured: Measured, key: str) -> Any:
    match key:
        case "verdict":
            return measured.verdict.value
        case "value" if measured.exact is not None:
            return Fraction(measured.exact)
        case "value":
            return (measured.low, measured.high)
        case "counted":
            return Fraction(measured.counted)
        case "figure":
            return None if measured.figure is None else Fraction(measured.figure.value)
        case _:
            return Fraction(measured.open)


def _wanted(value: Any) -> Any:
    """A wanted figure, exact; a text ``1/3`` is a quotient, a list the bounds of an open value."""
    if isinstance(value, list):
        return tuple(_wanted(v) for v in value)
    if value in ("YES", "NO", "UNKNOWN"):
        return value
    return Fraction(str(value))


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, Fraction):
        return figure(value)
    return str(value)
