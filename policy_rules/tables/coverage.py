"""Coverage: how far a population is from the targets a document sets.

One pass over the records, whatever their number: what grows with the population is the lists of
households alone, and these are bounded. The meaning of every figure is that of
:mod:`policy_rules.engine.targets`, by the reference interpreter; a target of which no record was given
is not measured (it is not 0), and one that takes a figure of an office says whom to ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Literal

import attrs

from policy_rules.engine.building import MEMBER, Env
from policy_rules.engine.contested import reached
from policy_rules.engine.engine import day_of
from policy_rules.engine.externals import check_externals
from policy_rules.engine.needs import Asker
from policy_rules.engine.reference import Interpreter
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST, Household, Items, read_record
from policy_rules.packs.model import Alternative, Pack, Reading, Target
from policy_rules.packs.patch import graph_of
from policy_rules.tables.coverage_binding import CONCEPT, Binding, BindingCounter
from policy_rules.tables.coverage_plan import FigureCoverage, TargetPlan

#: Why a target has no figures: an office tells it; no record of its kind was given.
Status = Literal["measured", "external", "no_records"]


@attrs.frozen
class OtherReading:
    """A target measured with one unclear clause read another way; ``target`` is as that reading has it."""

    reading: Reading
    alternative: Alternative
    target: Target
    figures: tuple[FigureCoverage, ...]
    binding: Binding | None


@attrs.frozen
class TargetCoverage:
    """One target and how far it is reached.

    ``depth`` is 0 for a whole, 1 for a part of it (其中), and so on; ``others`` are the same figures
    under other readings of the clauses it hangs on, ``binding`` tells a double-binding rate apart.
    """

    target: Target
    status: Status
    figures: tuple[FigureCoverage, ...]
    depth: int
    binding: Binding | None = None
    others: tuple[OtherReading, ...] = ()


@attrs.frozen
class Coverage:
    """Every target asked for, in the pack's order, each part under its whole.

    ``records`` counts the records measured by kind; ``elsewhere`` those left out because their region
    lies outside the document's.
    """

    pack: Pack
    as_of: date
    records: Mapping[str, int]
    elsewhere: int
    targets: tuple[TargetCoverage, ...]

    @property
    def double_binding(self) -> tuple[TargetCoverage, ...]:
        """The double-binding rates; empty where the document sets none, which is not 0 %."""
        return tuple(t for t in self.targets if t.binding is not None)

    @property
    def sets_double_binding(self) -> bool:
        """Whether the document sets a double-binding rate at all."""
        return any(_binds(t) for t in self.pack.targets.values())

    def __getitem__(self, target: str) -> TargetCoverage:
        """One target by its id; raises KeyError."""
        found = next((t for t in self.targets if t.target.id == target), None)
        if found is None:
            raise KeyError(target)
        return found


def measure_coverage(
    pack: Pack,
    records: Iterable[Household | Mapping[str, Any]],
    as_of: date | str,
    *,
    targets: Sequence[str] = (),
    most: int = 500,
    everywhere: bool = False,
) -> Coverage:
    """How far a population reaches the targets of a pack on a day.

    ``records`` may be any iterable of checked records or plain data, households and entities (village,
    county, cooperative …) in any order; it is gone through once. They are taken for the whole
    population; one whose region is certainly outside the document's is counted, but not measured,
    unless ``everywhere``. ``targets`` names the targets wanted (default: all); those named, and every
    double-binding rate, are measured under each other reading too. ``most`` bounds each list of
    households.

    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown target and
    :class:`~policy_rules.errors.RecordError` for a bad record or date.
    """
    if most < 0:
        raise ValueError(f"most is 0 or more, not {most}")
    for name in targets:
        if name not in pack.targets:
            near = nearest(name, pack.targets)
            raise NotFoundError(Problem("unknown_target", Place(), got=shown(name), nearest=near))
    day = day_of(_NOBODY, as_of)
    counting = _Pass(pack, targets, day, most)
    counted: dict[str, int] = {}
    elsewhere = 0
    for number, data in enumerate(records, 1):
        record = read_record(data, pack.vocabulary)
        check_externals(pack, record)
        if not everywhere and pack.region.holds(record.region) is False:
            elsewhere += 1
            continue
        counted[record.kind] = counted.get(record.kind, 0) + 1
        counting.count(record, record.id or f"#{number}")
    kinds = dict(sorted(counted.items()))
    return Coverage(pack, day, kinds, elsewhere, tuple(counting.found(kinds)))


_NOBODY = Household("household", "", EMPTY_ROW, None, "")


def _binds(target: Target) -> bool:
    return (
        CONCEPT in target.concepts and target.measure == "share" and target.subject == "household"
    )


class _Lane:
    """Targets under one set of readings, with the interpreter that has them."""

    def __init__(
        self, pack: Pack, names: Iterable[str], at: Interpreter, day: date, most: int
    ) -> None:
        self.at = at
        asker = Asker(at)
        self.plans: dict[str, TargetPlan] = {}
        self.bindings: dict[str, BindingCounter] = {}
        for name in names:
            target = pack.targets[name]
            if target.measure == "external_figure" or target.subject is None:
                continue
            self.plans[name] = TargetPlan(pack, target, at, asker, day, most)
            if _binds(target):
                self.bindings[name] = BindingCounter(pack, target, at, most)
        self._members = asker.need(pack.vocabulary.fact("household", "members"), "")
        self._by_kind: dict[tuple[str, bool], tuple[TargetPlan, ...]] = {}

    def _plans(self, kind: str, member: bool) -> tuple[TargetPlan, ...]:
        key = (kind, member)
        if key not in self._by_kind:
            plans = self.plans.values()
            self._by_kind[key] = tuple(p for p in plans if p.kind == kind and p.member is member)
        return self._by_kind[key]

    def count(self, record: Household, id_: str, day: date) -> None:
        """Count a record for all its targets, in one environment."""
        own, of_members = self._plans(record.kind, False), self._plans(record.kind, True)
        if not own and not of_members:
            return
        env: Env = self.at.environment(record, day)
        for plan in own:
            seen = plan.count(env, id_, "")
            binding = self.bindings.get(plan.target.id)
            if binding is not None and seen:
                year = plan.goals[-1].gap.year
                binding.note(env, seen.get(year), id_, partial(plan.needs, env, year))
        if not of_members:
            return
        for row in record.members:
            env[MEMBER] = row
            for plan in of_members:
                plan.count(env, id_, row.id)
        items = record.row.get("members", UNKNOWN_LIST)
        if isinstance(items, Items) and not items.complete:
            env[MEMBER] = EMPTY_ROW
            for plan in of_members:
                plan.unlisted(env, id_, self._members)


class _Pass:
    """The targets wanted under the readings in effect, and some of them under other readings."""

    def __init__(self, pack: Pack, targets: Sequence[str], day: date, most: int) -> None:
        self.pack, self.day = pack, day
        self._wanted = [n for n in pack.targets if not targets or n in targets]
        rules = RuleSet(pack, ())
        self._base = _Lane(pack, self._wanted, rules.interpreter, day, most)
        tried = [
            n
            for n in self._wanted
            if n in self._base.plans and (n in targets or _binds(pack.targets[n]))
        ]
        self._others: list[tuple[Reading, Alternative, _Lane]] = []
        graph = graph_of(pack)
        for reading in pack.readings.values():
            if reading.decided or reading.id in pack.choices:
                continue
            for choice in reading.alternatives:
                reach = reached(pack, choice, graph)
                names = [n for n in tried if f"targets.{n}" in reach]
                if names:
                    changed = pack.with_reading(reading.id, choice.id)
                    tag = f"{reading.id}.{choice.id}"
                    at = rules.interpreter.variant(changed, _changed(reach), tag)
                    RuleSet(changed, (), at)
                    lane = _Lane(changed, names, at, day, most)
                    self._others.append((reading, choice, lane))

    def count(self, record: Household, id_: str) -> None:
        """Count one record."""
        self._base.count(record, id_, self.day)
        for _, _, lane in self._others:
            lane.count(record, id_, self.day)

    def found(self, kinds: Mapping[str, int]) -> Iterator[TargetCoverage]:
        """Every target wanted, a part right below its whole."""
        wanted = dict.fromkeys(self._wanted)
        parts: dict[str, list[str]] = {}
        for name in wanted:
            parent = self.pack.targets[name].parent
            if parent in wanted and parent is not None:
                parts.setdefault(parent, []).append(name)
        below = {n for names in parts.values() for n in names}

        def told(name: str, depth: int) -> Iterator[TargetCoverage]:
            yield self._told(name, depth, kinds)
            for part in parts.get(name, ()):
                yield from told(part, depth + 1)

        for name in wanted:
            if name not in below:
                yield from told(name, 0)

    def _told(self, name: str, depth: int, kinds: Mapping[str, int]) -> TargetCoverage:
        target, own = self.pack.targets[name], self._base.plans.get(name)
        if own is None:
            return TargetCoverage(target, "external", (), depth)
        if not kinds.get(own.kind):
            return TargetCoverage(target, "no_records", (), depth)
        binding = self._base.bindings.get(name)
        others = tuple(
            OtherReading(reading, choice, plan.target, plan.figures(), _result(lane, name))
            for reading, choice, lane in self._others
            if (plan := lane.plans.get(name)) is not None
        )
        result = None if binding is None else binding.result()
        return TargetCoverage(target, "measured", own.figures(), depth, result, others)


def _result(lane: _Lane, name: str) -> Binding | None:
    counter = lane.bindings.get(name)
    return None if counter is None else counter.result()


def _changed(reach: Iterable[str]) -> frozenset[tuple[str, str]]:
    """What a reading changes, as an interpreter names it."""
    kinds = {"populations": "population", "definitions": "defined", "rules": "rule"}
    split = (name.partition(".") for name in reach)
    return frozenset((kinds[section], name) for section, _, name in split if section in kinds)
