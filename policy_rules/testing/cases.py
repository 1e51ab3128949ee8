"""Worked cases of a pack: a record, a date, the findings expected of it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import Finding, figure
from policy_rules.errors import (
    Lang,
    PackError,
    Place,
    PolicyRulesError,
    Problem,
    Problems,
    nearest,
    shown,
)
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.schema import check
from policy_rules.testing.boundaries import expanded, of_codes
from policy_rules.testing.coverage import Coverage, Gap
from policy_rules.testing.files import documents_of
from policy_rules.testing.holding import Held, Holding, read_held
from policy_rules.testing.records import put, supply
from policy_rules.testing.target_cases import TargetRunner, load_target_cases
from policy_rules.verdict import Verdict
from policy_rules.yamldoc import Document, Path_


@attrs.frozen(eq=False)
class Case:
    """One worked case: plain record data with the changes made, and what is expected."""

    id: str
    pack: str
    record: Mapping[str, Any]
    as_of: str
    overlay: Mapping[str, Any]
    expect: Mapping[str, Any]
    place: Place
    #: where each expectation stands
    places: Mapping[str, Place] = attrs.field(factory=dict)
    #: properties that are to hold of the record
    holds: tuple[Held, ...] = ()
    #: false of a counterexample that was saved, until somebody has read the clause
    argued: bool = True


@attrs.frozen
class CaseReport:
    """What running the cases of a pack gave."""

    pack: str
    count: int
    failures: tuple[Problem, ...]
    gaps: tuple[Gap, ...]

    @property
    def ok(self) -> bool:
        """No failure and no leaf left unseen."""
        return not self.failures and not self.gaps

    def render(self, lang: Lang = "zh") -> str:
        """One line a failure or gap, and a line that counts."""
        lines = [p.render(lang) for p in self.failures]
        lines += [gap.render(lang) for gap in self.gaps]
        if lang == "zh":
            lines.append(
                f"{self.pack}：{self.count} 个用例，{len(self.failures)} 个不符，"
                f"{len(self.gaps)} 个条件未见全部三种结论"
            )
        else:
            lines.append(
                f"{self.pack}: {self.count} cases, {len(self.failures)} failures, "
                f"{len(self.gaps)} leaves not seen with all three verdicts"
            )
        return "\n".join(lines)


def load_cases(pack: Pack) -> tuple[Case, ...]:
    """The cases of a pack; raises :class:`~policy_rules.errors.PackError`."""
    return tuple(
        case for document in documents_of(pack, "cases") for case in read_cases(document, pack)
    )


def read_cases(document: Document, pack: Pack) -> list[Case]:
    """The cases of one file; raises :class:`~policy_rules.errors.PackError`."""
    problems = Problems()
    check(document, "cases", problems)
    problems.raise_if_any(PackError)
    records: Mapping[str, Any] = document.data.get("records") or {}
    found = []
    for data, at in _written(document):
        place = document.place(at)
        record = data["record"]
        if isinstance(record, str):
            if record not in records:
                near = nearest(record, records)
                problems.add("unknown_record", place, got=shown(record), nearest=near)
                continue
            record = records[record]
        record = copy.deepcopy(dict(record))
        for path, value in (data.get("set") or {}).items():
            if not put(record, str(path).split("."), copy.deepcopy(value)):
                problems.add("patch_path", place, got=shown(path))
        supply(record, data.get("externals") or {}, pack.id)
        found.append(
            Case(
                data["id"], pack.id, record, str(data["as_of"]),
                data.get("overlay") or {}, data.get("expect") or {}, place,
                {k: document.key_place((*at, "expect", k)) for k in data.get("expect") or ()},
                read_held(data.get("holds") or (), document, at),
                data.get("argued", True),
            )
        )  # fmt: skip
    problems.raise_if_any(PackError)
    return found


def _written(document: Document) -> Iterator[tuple[Mapping[str, Any], Path_]]:
    """Every case as it is written, and those that boundaries stand for, with their places."""
    for i, data in enumerate(document.data["cases"]):
        yield data, ("cases", i)
    for i, data in enumerate(document.data.get("boundaries") or ()):
        for side, case in expanded(data):
            yield case, ("boundaries", i, side)
    for i, data in enumerate(document.data.get("codes") or ()):
        for wanted, case in of_codes(data):
            yield case, ("codes", i, "told", wanted)


class Runner:
    """Runs the cases of one pack, keeping an engine for each overlay."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._engines: dict[str, Engine] = {}
        self._holding = Holding(pack)

    def engine(self, overlay: Mapping[str, Any]) -> Engine:
        """The engine under an overlay."""
        key = json.dumps(overlay, sort_keys=True, default=str)
        if key not in self._engines:
            pack = self.pack.with_overlay(overlay) if overlay else self.pack
            self._engines[key] = self.make(pack)
        return self._engines[key]

    def make(self, pack: Pack) -> Engine:
        """The engine of a pack."""
        return Engine(pack)

    def run(self, case: Case, coverage: Coverage | None = None) -> tuple[Problem, ...]:
        """What of a case does not hold."""
        try:
            engine = self.engine(case.overlay)
            record = read_record(case.record, self.pack.vocabulary)
            result = engine.evaluate(record, as_of=case.as_of)
        except PolicyRulesError as error:
            return tuple(
                attrs.evolve(
                    p, place=case.place, detail=f"{case.id} {p.place.path} {p.detail}".strip()
                )
                for p in error.problems
            )
        if coverage is not None and case.argued:
            coverage.see(engine, record, result.as_of)
        return (*self._compare(case, result), *self._held(case, engine, result.as_of))

    def _held(self, case: Case, engine: Engine, day: date) -> Iterator[Problem]:
        """The properties that do not hold of a case, and that nobody has argued it yet."""
        for held in case.holds:
            yield from self._holding.problems(held, engine, case.record, day)
        if not case.argued:
            yield Problem("case_unargued", case.place, got=shown(case.id))

    def _compare(self, case: Case, result: Determination) -> Iterator[Problem]:
        found = {f.id: f for f in result.findings}
        for id_, expected in case.expect.items():
            place = case.places.get(id_, case.place)
            finding = found.get(id_)
            if finding is None:
                yield Problem("case_failed", place, shown(id_), "-", nearest(id_, found), case.id)
                continue
            body = expected if isinstance(expected, Mapping) else {"verdict": expected}
            if body.get("verdict") == "not_in_force":
                body = {"status": "not_in_force"}
            for key, wanted in body.items():
                got = seen(finding, key, wanted)
                if not _same(wanted, got):
                    yield Problem(
                        "case_failed",
                        place,
                        expected=f"{id_} {key}: {_text(wanted)}",
                        got=_text(got),
                        detail=case.id,
                    )

    def close(self) -> None:
        """Free the engines."""
        for engine in self._engines.values():
            engine.close()


def seen(finding: Finding, key: str, wanted: Any) -> Any:
    """A part of a finding in the form cases are written in."""
    match key:
        case "verdict":
            return _verdict(finding.verdict)
        case "met":
            return _verdict(finding.met)
        case "status":
            return finding.status.value
        case "effect":
            return finding.effect
        case "force":
            return finding.rule.force
        case "clauses":
            return sorted(finding.rule.clauses)
        case "missing":
            names = {n.key if _qualified(wanted, n.name) else n.name for n in finding.missing}
            return sorted(names)
        case "contested":
            return sorted({c.reading for c in finding.contested})
        case _:
            amount = finding.amount
            if amount is None or (amount.low is None and amount.high is None):
                return None
            return amount.exact if amount.exact is not None else [amount.low, amount.high]


def _qualified(wanted: Any, name: str) -> bool:
    return isinstance(wanted, Iterable) and any(str(w).startswith(f"{name}@") for w in wanted)


def _verdict(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.value


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], str):
        return bool(sorted(wanted) == got)
    if isinstance(wanted, list):
        return isinstance(got, list) and bool([_exact(w) for w in wanted] == got)
    if got is None or isinstance(got, str):
        return bool(wanted == got)
    return bool(_exact(wanted) == got)


def _exact(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else Fraction(value)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_text(v) for v in value) + "]"
    return figure(value) if isinstance(value, int | Fraction) else shown(value).strip("`")


def check_cases(pack: Pack) -> CaseReport:
    """Run every case of a pack and find the lines no case has seen decide YES, NO and UNKNOWN.

    Raises :class:`~policy_rules.errors.PackError` where a cases file is wrong.
    """
    runner, coverage = Runner(pack), Coverage(pack)
    cases = load_cases(pack)
    failures: list[Problem] = []
    try:
        for case in cases:
            failures += runner.run(case, coverage)
    finally:
        runner.close()
    of_targets = load_target_cases(pack)
    meters = TargetRunner(pack)
    for target_case in of_targets:
        failures += meters.run(target_case)
    count = len(cases) + len(of_targets)
    return CaseReport(pack.id, count, tuple(failures), tuple(coverage.gaps()))


__all__ = [
    "Case",
    "CaseReport",
    "Household",
    "Runner",
    "check_cases",
    "load_cases",
    "put",
]
