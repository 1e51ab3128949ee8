"""Trying declared properties on records near a pack's cases.

Records are those of the worked cases, with some facts drawn anew, so that rules with many conditions are
reached; a property that no record put to the test is told, and does not count as held.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import figure
from policy_rules.errors import Lang, PolicyRulesError, Problem, shown
from policy_rules.facts.dates import read_date
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import Case, put
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.records import without_one
from policy_rules.testing.sampling import Sampler
from policy_rules.verdict import Verdict

#: How many records are to put each property to the test.
SAMPLES: Final = 120
#: Steps a counterexample is made smaller by at most.
SHRINKING: Final = 300


@attrs.frozen
class PropertyReport:
    """What trying the properties of a pack gave; ``tried`` counts the records that put each to the test."""

    pack: str
    tried: Mapping[str, int]
    failures: tuple[Problem, ...]

    def render(self, lang: Lang = "zh") -> str:
        """One line a failure, and a line that counts."""
        lines = [p.render(lang) for p in self.failures]
        total = sum(self.tried.values())
        if lang == "zh":
            lines.append(
                f"{self.pack}：{len(self.tried)} 条性质，检验 {total} 次，{len(self.failures)} 条不成立"
            )
        else:
            lines.append(
                f"{self.pack}: {len(self.tried)} properties, put to the test {total} times, "
                f"{len(self.failures)} failures"
            )
        return "\n".join(lines)


def check_properties(
    pack: Pack, cases: Sequence[Case], *, samples: int = SAMPLES, seed: int = 0
) -> PropertyReport:
    """Try every property of a pack on records near its cases.

    ``samples`` is how many records are to put each property to the test. Raises
    :class:`~policy_rules.errors.PackError` where a file of properties is wrong.
    """
    properties = load_properties(pack)
    trial = Trial(pack, cases, seed)
    tried: dict[str, int] = {}
    failures: list[Problem] = []
    for wanted in properties:
        tried[wanted.id], problem = trial.run(wanted, samples)
        failures += [problem] if problem else []
    return PropertyReport(pack.id, tried, tuple(failures))


@attrs.frozen
class _Base:
    """A record of a case, with what its rules say."""

    data: Mapping[str, Any]
    as_of: date
    engine: Engine
    yes: frozenset[str]


class Trial:
    """Records near some cases of a pack, and what they say of its properties."""

    def __init__(self, pack: Pack, cases: Sequence[Case], seed: int) -> None:
        self.pack = pack
        self.engines: dict[str, Engine] = {}
        self.sampler = Sampler(pack)
        self.seed = seed
        self.bases = list(self._bases(cases))

    def _bases(self, cases: Sequence[Case]) -> Iterator[_Base]:
        for case in cases:
            day = read_date(case.as_of)
            if not isinstance(day, date) or case.overlay.get("readings"):
                continue  # a property is claimed of the pack as it is read
            try:
                engine = self._engine(case.overlay)
                said = engine.verdicts(case.record, as_of=day)
            except PolicyRulesError:
                continue
            yes = frozenset(rule for (rule, _), v in said.items() if v is Verdict.YES)
            yield _Base(case.record, day, engine, yes)

    def _engine(self, overlay: Mapping[str, Any]) -> Engine:
        key = json.dumps(overlay, sort_keys=True, default=str)
        if key not in self.engines:
            pack = self.pack.with_overlay(overlay) if overlay else self.pack
            self.engines[key] = Engine(pack, engine="reference", readings=False)
        return self.engines[key]

    def run(self, wanted: Property, samples: int) -> tuple[int, Problem | None]:
        """How many records put a property to the test, and what is wrong with it."""
        rng = random.Random(f"{self.seed} {wanted.id}")
        kind = "household" if wanted.subject == "member" else wanted.subject
        telling = self._telling(wanted, kind)
        tried = 0
        for _ in range(samples * 8):
            if tried >= samples or not telling:
                break
            base = rng.choice(telling)
            data = self._near(base.data, kind, rng)
            day = wanted.as_of or base.as_of
            told = self._holds(base.engine, wanted, data, day, rng)
            if told is False:
                smaller = self._smaller(base.engine, wanted, data, day)
                text = json.dumps(smaller, ensure_ascii=False, default=str)
                return tried, Problem(
                    "property_failed", wanted.place, wanted.label.zh, f"{text} ({day})",
                    detail=wanted.id,
                )  # fmt: skip
            tried += told is True
        if tried == 0:
            return 0, Problem("property_idle", wanted.place, got=shown(wanted.id))
        return tried, None

    def _telling(self, wanted: Property, kind: str) -> list[_Base]:
        """The cases that put a property to the test as they are, else those that come near."""
        fitting = [b for b in self.bases if b.data.get("kind", "household") == kind]
        near = [b for b in fitting if b.yes & set(wanted.rules)] if wanted.rules else fitting
        if wanted.fact:
            path = wanted.fact.split(".")
            near = [b for b in near if _recorded(b.data, path)] or near
        return [b for b in near if self._put_to_test(wanted, b)] or near

    def _put_to_test(self, wanted: Property, base: _Base) -> bool:
        day = wanted.as_of or base.as_of
        if wanted.kind == "implies":
            record = self._read(base.data)
            return (
                record is not None and self._implies(base.engine, wanted, record, day) is not None
            )
        said = base.engine.verdicts(base.data, as_of=day)
        return any(v is Verdict.YES for (rule, _), v in said.items() if rule in wanted.rules)

    def _near(self, data: Mapping[str, Any], kind: str, rng: random.Random) -> dict[str, Any]:
        """A record like that of a case: a few of its facts drawn anew, dropped or added."""
        near: dict[str, Any] = copy.deepcopy(dict(data))
        if rng.random() < 0.25:
            return near
        drawn = self.sampler.record(rng, kind)
        keys = [k for k in drawn if k not in ("kind", "members", "id")]
        for key in rng.sample(keys, min(len(keys), rng.randint(1, 4))):
            near[key] = drawn[key]
        members = near.get("members")
        if isinstance(members, list) and members and rng.random() < 0.5:
            chosen = rng.choice(members)
            row = self.sampler.row(rng, "member", 1)
            keys = list(row)
            for key in rng.sample(keys, min(len(keys), rng.randint(1, 4))):
                chosen[key] = row[key]
        return near

    def _read(self, data: Mapping[str, Any]) -> Household | None:
        try:
            return read_record(data, self.pack.vocabulary)
        except PolicyRulesError:
            return None

    def _holds(
        self,
        engine: Engine,
        wanted: Property,
        data: Mapping[str, Any],
        day: date,
        rng: random.Random,
    ) -> bool | None:
        """Whether a property holds of a record; None where the record does not put it to the test."""
        record = self._read(data)
        if record is None:
            return None
        if wanted.kind == "implies":
            return self._implies(engine, wanted, record, day)
        if wanted.kind == "amount_within":
            return self._within(engine, wanted, data, day)
        try:
            said = engine.verdicts(record, as_of=day)
        except PolicyRulesError:
            return None
        subjects = [s for (rule, s), v in said.items() if rule in wanted.rules and v is Verdict.YES]
        if wanted.kind == "never_both":
            return None if not subjects else len(subjects) == len(set(subjects))
        told: bool | None = None
        for subject in subjects:
            for moved in self._moved(wanted, data, subject, rng):
                other = self._read(moved)
                if other is None:
                    continue
                after = engine.verdicts(other, as_of=day)
                if after.get((wanted.rules[0], subject)) is not Verdict.YES:
                    return False
                told = True
        return told

    def _implies(
        self, engine: Engine, wanted: Property, record: Household, day: date
    ) -> bool | None:
        told: bool | None = None
        rows = record.members if wanted.subject == "member" else (None,)
        assert wanted.condition is not None
        assert wanted.consequence is not None
        for row in rows:
            owner = f"property {wanted.id}"
            if engine.line(f"{owner} if", wanted.condition, record, day, row) is True:
                told = True
                then = engine.line(f"{owner} then", wanted.consequence, record, day, row)
                if then is False:
                    return False
        return told

    def _within(
        self, engine: Engine, wanted: Property, data: Mapping[str, Any], day: date
    ) -> bool | None:
        told: bool | None = None
        try:
            findings = engine.evaluate(data, as_of=day).findings
        except PolicyRulesError:
            return None
        for finding in findings:
            if finding.rule.id != wanted.rules[0] or finding.verdict is not Verdict.YES:
                continue
            amount = finding.amount
            if amount is None or amount.exact is None:
                continue
            told = True
            if wanted.lower is not None and amount.exact < wanted.lower:
                return False
            if wanted.upper is not None and amount.exact > wanted.upper:
                return False
        return told

    def _moved(
        self, wanted: Property, data: Mapping[str, Any], subject: str, rng: random.Random
    ) -> Iterator[dict[str, Any]]:
        """The record with the property's fact moved, where the fact is recorded."""
        keys = wanted.fact.split(".")
        members = data.get("members")
        if "*" in keys:
            ids = [
                str(m.get("id") or f"m{i + 1}")
                for i, m in enumerate(members if isinstance(members, list) else ())
            ]
            if subject not in ids:
                return
            keys = [str(ids.index(subject)) if k == "*" else k for k in keys]
        value: Any = data
        for key in keys:
            if isinstance(value, list):
                value = value[int(key)] if int(key) < len(value) else None
            elif isinstance(value, Mapping):
                value = value.get(key, value.get(int(key)) if key.isdigit() else None)
        for step in _steps(value, wanted.towards, rng):
            moved = copy.deepcopy(dict(data))
            target: Any = moved
            for key in keys[:-1]:
                inner = target[int(key)] if isinstance(target, list) else target.get(key)
                target = target.get(int(key)) if inner is None else inner
            if put(target, [keys[-1]], step):
                yield moved

    def _smaller(
        self, engine: Engine, wanted: Property, data: dict[str, Any], day: date
    ) -> dict[str, Any]:
        """A counterexample without the facts it does not need."""
        best, left = data, SHRINKING

        def fails(candidate: dict[str, Any]) -> bool:
            return self._holds(engine, wanted, candidate, day, random.Random(0)) is False

        shrunk = True
        while shrunk and left > 0:
            shrunk = False
            for candidate in without_one(best):
                left -= 1
                if left <= 0:
                    break
                if fails(candidate):
                    best, shrunk = candidate, True
                    break
        return best


def _recorded(node: Any, keys: Sequence[str]) -> bool:
    """Whether a record holds something at a path (``*``: at any item)."""
    if not keys:
        return node is not None
    if isinstance(node, list):
        if keys[0] == "*":
            return any(_recorded(item, keys[1:]) for item in node)
        return (
            keys[0].isdigit()
            and int(keys[0]) < len(node)
            and _recorded(node[int(keys[0])], keys[1:])
        )
    if not isinstance(node, Mapping):
        return False
    below = node.get(keys[0])
    if below is None and keys[0].isdigit():
        below = node.get(int(keys[0]))
    return _recorded(below, keys[1:])


def _steps(value: Any, towards: str, rng: random.Random) -> Iterator[Any]:
    """Values on one side of a recorded one."""
    sign = -1 if towards == "lower" else 1
    if isinstance(value, bool):
        if value is (towards == "lower"):
            yield not value
    elif isinstance(value, int | float | Decimal | Fraction):
        number = Fraction(str(value))
        yield _plain(number + sign)
        yield _plain(number + sign * rng.randint(2, 5000))
        if towards == "lower" and number > 0:
            yield 0
    elif isinstance(value, str | date):
        text = str(value)
        if re.fullmatch(r"\d{4}-\d{2}", text):  # a month stays a month
            months = 12 * int(text[:4]) + int(text[5:]) - 1 + sign * rng.choice((1, 1, 2, 12))
            yield f"{months // 12:04}-{months % 12 + 1:02}"
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            yield str(day + timedelta(days=sign))
            yield str(day + timedelta(days=sign * rng.randint(2, 900)))


def _plain(value: Fraction) -> Any:
    return int(value) if value.denominator == 1 else Decimal(figure(value))
