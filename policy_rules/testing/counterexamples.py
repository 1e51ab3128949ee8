"""Records of which a property does not hold, made small, without anybody's name, kept as cases.

What is saved is no case yet: it holds the record, the property that does not hold of it, and the mark
``argued: false``. Somebody reads the clause, writes what is to be expected, and takes the mark out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import yaml

from policy_rules.engine.engine import Engine
from policy_rules.errors import Problem
from policy_rules.facts.dictionary import RecordSpec
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import load_cases
from policy_rules.testing.holding import Held, failed, refuted
from policy_rules.testing.judging import refuting_move
from policy_rules.testing.lines import Lines
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.records import without_one
from policy_rules.testing.trying import SAMPLES, PropertyReport, Step, Trial, idle
from policy_rules.writing import replacing

#: Numbers of so many digits may be somebody's, and are left out.
LONG: Final = 11
NOTE: Final = {
    "zh": "自动找到的反例，已缩减并去除身份信息；应有结论须对照条款原文确定，不得照抄规则包现在的答案",
    "en": "a counterexample found by a machine; what is to be expected is read from the clause, not from the pack's answer",
}


@attrs.frozen
class Counterexample:
    """A small record of which a property does not hold on a day, under an overlay.

    ``moved`` are the facts that a monotone property was moved by, by path.
    """

    property: str
    record: Mapping[str, Any]
    as_of: date
    overlay: Mapping[str, Any]
    moved: Mapping[str, Any]

    def problem(self, wanted: Property) -> Problem:
        """That the property does not hold, with the record."""
        held = Held(self.property, self.moved, wanted.place)
        return failed(wanted, held, self.record, self.as_of)

    def as_case(self) -> dict[str, Any]:
        """An entry of ``cases.yaml``, to be argued."""
        held: dict[str, Any] = {"property": self.property}
        if self.moved:
            held["moved"] = dict(self.moved)
        return {
            **unargued(f"{self.property}_refuted", self.record, self.as_of, self.overlay),
            "holds": [held],
        }


def try_property(
    trial: Trial, wanted: Property, samples: int
) -> tuple[int, Problem | None, Counterexample | None]:
    """Try a property: how many records put it to the test, what is wrong, and what can be kept of it."""
    tried, step = trial.refuting(wanted, samples)
    if step is None:
        return tried, None if tried else idle(wanted), None
    found = counterexample(trial, wanted, step)
    return tried, trial.failed(wanted, step) if found is None else found.problem(wanted), found


def counterexample(trial: Trial, wanted: Property, step: Step) -> Counterexample | None:
    """What a record that refutes a property comes to: small, and with nobody's name or number.

    None where the property holds of what is left, so that nothing could be kept of it.
    """
    finder = _Finder(trial.pack, wanted, step.day)
    data = anonymous(step.data, trial.pack)
    for overlay in ({}, trial.supplied(step)):
        found = finder.small(trial.engine(overlay), data)
        if found is not None:
            record, moved = found
            return Counterexample(wanted.id, record, step.day, overlay, moved)
    return None


class _Finder:
    def __init__(self, pack: Pack, wanted: Property, day: date) -> None:
        self.pack, self.wanted, self.day = pack, wanted, day

    def small(
        self, engine: Engine, data: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        moved = self.fails(engine, data)
        if moved is None:
            return None
        best = dict(data)
        shrunk = True
        while shrunk:
            shrunk = False
            for candidate in (*without_one(best), *_plainer(best)):
                other = self.fails(engine, candidate)
                if other is not None:
                    best, moved, shrunk = candidate, other, True
                    break
        return best, moved

    def fails(self, engine: Engine, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """The facts moved where the property does not hold (none but for a monotone one); else None."""
        if self.wanted.kind != "monotone":
            return {} if refuted(engine, self.wanted, data, self.day, {}) else None
        other = refuting_move(engine, self.wanted, data, self.day, tries=4)
        if other is None:
            return None
        moved = dict(apart(data, other, ""))
        return moved if refuted(engine, self.wanted, data, self.day, moved) else None


def apart(here: Any, there: Any, at: str) -> Iterator[tuple[str, Any]]:
    """The paths at which two records differ, with the value of the second."""
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in there:
            yield from apart(here.get(key), there[key], f"{at}{key}.")
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for i, (one, other) in enumerate(zip(here, there, strict=True)):
            yield from apart(one, other, f"{at}{i}.")
    elif here != there:
        yield at.removesuffix("."), there


def _plainer(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record with one number nearer to 0: 0 itself, half of it, a whole one."""

    def numbers(node: Any, at: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            if isinstance(value, dict | list):
                yield from numbers(value, (*at, key))
            elif isinstance(value, int | Decimal) and not isinstance(value, bool) and value > 0:
                yield (*at, key), value

    for path, value in list(numbers(data, ())):
        whole = int(value)
        for plainer in dict.fromkeys((0, 1, whole // 10, whole // 2, whole)):
            if plainer < value:
                other = copy.deepcopy(data)
                target: Any = other
                for key in path[:-1]:
                    target = target[key]
                target[path[-1]] = plainer
                yield other


# -- nobody's record -------------------------------------------------------------------------------


def anonymous(data: Mapping[str, Any], pack: Pack) -> dict[str, Any]:
    """A record without what may tell whose it is.

    Left out are ids, the region, conditions of other packs and numbers of eleven digits and more; a text
    that no condition of the pack names becomes ``t1``, ``t2`` …, the same text the same word.
    """
    kind = str(data.get("kind", "household"))
    named = {c for codes in Lines.of(pack).codes.values() for c in codes}
    return {"kind": kind, **_Cleaner(pack, named).row(data, pack.vocabulary.records[kind], "")}


class _Cleaner:
    def __init__(self, pack: Pack, named: set[str]) -> None:
        self.pack, self.named = pack, named
        self.words: dict[str, str] = {}

    def row(self, data: Mapping[str, Any], spec: RecordSpec, at: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in data.items():
            path = f"{at}{key}"
            fact = spec.facts.get(path)
            if not at and key == "external" and isinstance(value, Mapping):
                own = value.get(self.pack.id)
                kept = {k: v for k, v in (own or {}).items() if k in self.pack.externals}
                if kept:
                    found[key] = {self.pack.id: kept}
            elif fact is not None and fact.item is not None:
                found[key] = self.below(value, self.pack.vocabulary.records[fact.item], fact.kind)
            elif fact is not None:
                kept_value = self.value(value, fact.kind)
                if kept_value is not None:
                    found[key] = kept_value
            elif isinstance(value, Mapping) and any(p.startswith(f"{path}.") for p in spec.facts):
                found[key] = self.row(value, spec, f"{path}.")
        return found

    def below(self, value: Any, spec: RecordSpec, kind: str) -> Any:
        if kind == "list":
            if isinstance(value, Mapping):
                items = self.below(value.get("items"), spec, kind)
                return {"items": items, "complete": value.get("complete", True)}
            return [self.row(i, spec, "") for i in value or () if isinstance(i, Mapping)]
        if kind == "by_year" and isinstance(value, Mapping):
            return {str(y): self.row(v, spec, "") for y, v in value.items() if v is not None}
        return self.row(value, spec, "") if isinstance(value, Mapping) else None

    def value(self, value: Any, kind: str) -> Any:
        if kind == "text":
            text = str(value)
            return text if text in self.named else self.words.setdefault(text, self.word())
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return None if sum(c.isdigit() for c in str(value)) >= LONG else value
        return value

    def word(self) -> str:
        return f"t{len(self.words) + 1}"


# -- files -----------------------------------------------------------------------------------------


def unargued(
    name: str, record: Mapping[str, Any], day: date | str, overlay: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """An entry of ``cases.yaml`` that somebody has to argue before it is kept."""
    body = {k: v for k, v in record.items() if k != "as_of"}
    return {
        "id": re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_") or "found",
        "record": body,
        "as_of": str(day),
        **({"overlay": dict(overlay)} if overlay else {}),
        "argued": False,
        "note": dict(NOTE),
    }


def write_unargued(folder: Path, pack: Pack, cases: Iterable[Mapping[str, Any]]) -> list[Path]:
    """Write cases to be argued, a file each: ``guangxi_less_income_refuted.yaml``; gives the files.

    Raises :class:`~policy_rules.errors.EvaluationError` where a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for case in cases:
        path = folder / f"{pack.id.replace('/', '_')}_{case['id']}.yaml"
        text = yaml.dump(
            {"cases": [_plain(case)]},
            Dumper=_Dumper,
            allow_unicode=True,
            sort_keys=False,
            width=110,
        )
        with replacing(path) as beside:
            beside.write_text(text, "utf-8")
        written.append(path)
    return written


def save_refuted(pack: Pack, report: PropertyReport, folder: Path) -> list[Path]:
    """Write what refutes the properties of a report as cases to be argued; gives the files.

    Raises :class:`~policy_rules.errors.EvaluationError` where a file cannot be written.
    """
    failed = {p.detail for p in report.failures if p.code == "property_failed"}
    if not failed:
        return []
    trial = Trial(pack, load_cases(pack), seed=0)
    tried = (try_property(trial, w, SAMPLES) for w in load_properties(pack) if w.id in failed)
    return write_unargued(folder, pack, [found.as_case() for _, _, found in tried if found])


class _Dumper(yaml.SafeDumper):
    """Numbers as they were written, and no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(value: Any) -> Any:
    """Plain data that YAML writes: decimals as numbers of their own digits, dates as text."""
    match value:
        case dict():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case Decimal():
            return _Number(format(value, "f"))
        case date():
            return str(value)
        case _:
            return value


class _Number(str):
    """A decimal as it is written."""


_Dumper.add_representer(
    _Number, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:float", str(data))
)
