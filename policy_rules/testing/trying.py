"""Trying declared properties on records near a pack's cases.

Records are those of the worked cases, with some facts drawn anew, so that rules with many conditions are
reached; a property that no record put to the test is told, and does not count as held.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.errors import Lang, PolicyRulesError, Problem, shown
from policy_rules.facts.dates import read_date
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import Case
from policy_rules.testing.judging import implies, judged
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.records import shrunk
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


@attrs.frozen(eq=False)
class Step:
    """A record that was tried: whether the property ``held``, None where it was not put to the test."""

    data: dict[str, Any]
    day: date
    engine: Engine
    held: bool | None


def idle(wanted: Property) -> Problem:
    """That no record put a property to the test."""
    return Problem("property_idle", wanted.place, got=shown(wanted.id))


def _kind(wanted: Property) -> str:
    return "household" if wanted.subject == "member" else wanted.subject


class Trial:
    """Records near some cases of a pack, and what they say of its properties."""

    def __init__(self, pack: Pack, cases: Sequence[Case], seed: int) -> None:
        self.pack = pack
        self.engines: dict[str, Engine] = {}
        self.overlays: dict[str, Mapping[str, Any]] = {}
        self.sampler = Sampler(pack)
        self.seed = seed
        self.bases = list(self._bases(cases))

    def _bases(self, cases: Sequence[Case]) -> Iterator[_Base]:
        for case in cases:
            day = read_date(case.as_of)
            if not isinstance(day, date) or case.overlay.get("readings"):
                continue  # a property is claimed of the pack as it is read
            try:
                engine = self.engine(case.overlay)
                said = engine.verdicts(case.record, as_of=day)
            except PolicyRulesError:
                continue
            yes = frozenset(rule for (rule, _), v in said.items() if v is Verdict.YES)
            yield _Base(case.record, day, engine, yes)

    def engine(self, overlay: Mapping[str, Any]) -> Engine:
        """The engine under an overlay."""
        key = json.dumps(overlay, sort_keys=True, default=str)
        if key not in self.engines:
            pack = self.pack.with_overlay(overlay) if overlay else self.pack
            self.engines[key] = Engine(pack, engine="reference", readings=False)
            self.overlays[key] = overlay
        return self.engines[key]

    def supplied(self, step: Step) -> Mapping[str, Any]:
        """The overlay a record was tried under."""
        return next(self.overlays[k] for k, engine in self.engines.items() if engine is step.engine)

    def run(self, wanted: Property, samples: int) -> tuple[int, Problem | None]:
        """How many records put a property to the test, and what is wrong with it."""
        tried, step = self.refuting(wanted, samples)
        if step is not None:
            return tried, self.failed(wanted, step)
        return tried, idle(wanted) if tried == 0 else None

    def refuting(self, wanted: Property, samples: int) -> tuple[int, Step | None]:
        """How many records put a property to the test, and one of which it does not hold."""
        rng = random.Random(f"{self.seed} {wanted.id}")
        telling = self.telling(wanted)
        tried = 0
        for _ in range(samples * 8):
            if tried >= samples or not telling:
                break
            step = self.step(wanted, telling, rng)
            if step.held is False:
                return tried, step
            tried += step.held is True
        return tried, None

    def step(self, wanted: Property, telling: Sequence[_Base], rng: random.Random) -> Step:
        """One record near a case, drawn from ``rng``, and whether the property holds of it."""
        base = rng.choice(telling)
        data = self._near(base.data, _kind(wanted), rng)
        day = wanted.as_of or base.as_of
        return Step(data, day, base.engine, judged(base.engine, wanted, data, day, rng=rng))

    def failed(self, wanted: Property, step: Step) -> Problem:
        """A property that does not hold, with the record made smaller."""
        smaller = self.smaller(wanted, step)
        text = json.dumps(smaller, ensure_ascii=False, default=str)
        return Problem(
            "property_failed", wanted.place, wanted.label.zh, f"{text} ({step.day})",
            detail=wanted.id,
        )  # fmt: skip

    def telling(self, wanted: Property) -> list[_Base]:
        """The cases that put a property to the test as they are, else those that come near."""
        kind = _kind(wanted)
        fitting = [b for b in self.bases if b.data.get("kind", "household") == kind]
        near = [b for b in fitting if b.yes & set(wanted.rules)] if wanted.rules else fitting
        if wanted.fact:
            path = wanted.fact.split(".")
            near = [b for b in near if _recorded(b.data, path)] or near
        return [b for b in near if self._put_to_test(wanted, b)] or near

    def _put_to_test(self, wanted: Property, base: _Base) -> bool:
        day = wanted.as_of or base.as_of
        if wanted.kind == "implies":
            return implies(base.engine, wanted, base.data, day) is not None
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

    def smaller(self, wanted: Property, step: Step) -> dict[str, Any]:
        """A counterexample without the facts it does not need."""

        def fails(candidate: dict[str, Any]) -> bool:
            return judged(step.engine, wanted, candidate, step.day) is False

        return shrunk(step.data, fails, SHRINKING)


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
