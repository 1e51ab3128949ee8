"""Trying one mutant: whether the pack still loads, and whether a check, a case or a property notices.

A mutant is built into the part of the pack it can reach, first a few rules, then all it reaches, and
only the cases whose answers can reach it are asked, those that name its rule first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.errors import PackError
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Pack
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import references
from policy_rules.testing.cases import Case, Runner, load_cases
from policy_rules.testing.mutation.changing import build, ledger_problems
from policy_rules.testing.mutation.model import Fate, Mutant, Outcome
from policy_rules.testing.mutation.sameness import load_told
from policy_rules.testing.mutation.slicing import Slicer, patched_things, users
from policy_rules.testing.properties import Property, load_properties
from policy_rules.testing.sampling import Sampler
from policy_rules.testing.second_reading import differences, load_second_reading
from policy_rules.testing.target_cases import TargetCase, TargetRunner, load_target_cases
from policy_rules.testing.trying import Trial

#: How many of the rules a mutant reaches are built at once, the nearest first; then all that is left.
STAGES: Final = (2, 10)
#: Records that put a property to the test for each mutant that no case noticed.
SAMPLES: Final = 60
#: Changes that move no verdict: what says them in a case.
CITED: Final = {"clause": "clauses", "force": "force", "effect": "effect"}
#: Rules that are near enough to what was changed for their properties to be tried.
_MOST_PROPERTIES: Final = 12


class Tester:
    """What notices a mutant of one pack."""

    def __init__(self, pack: Pack, *, every: bool = False, samples: int = SAMPLES) -> None:
        self.pack = pack
        self.every = every
        self.samples = samples
        self.slicer = Slicer(pack)
        self.written = load_cases(pack)
        self.cases = [_checked(c, pack) for c in self.written]
        self.order = {id(case): i for i, case in enumerate(self.cases)}
        self.of_targets = load_target_cases(pack)
        self.properties = load_properties(pack)
        self.told = {t.thing: t for t in load_second_reading(pack)}
        self.told_same = load_told(pack)
        self.naming: dict[str, list[Case]] = {}
        for case in self.cases:
            for name in case.expect:
                self.naming.setdefault(name.partition("@")[0], []).append(case)
        self.needed = {p.id: self._needed(p) for p in self.properties}
        self._parts: dict[tuple[frozenset[str], str], Pack] = {}

    # -- one mutant -----------------------------------------------------------------------------

    def reached(self, mutant: Mutant) -> list[str]:
        """Rules and targets a mutant can reach, the nearest first."""
        pack = self.pack
        if mutant.kind in CITED:
            return [mutant.thing] if mutant.section in ("rules", "targets") else []
        if mutant.section == "document":
            return [f"rules.{n}" for n in pack.rules] if mutant.path[0] == "in_force" else []
        if mutant.patch is not None:
            roots = patched_things(mutant.patch, pack)
        elif mutant.section == "readings":
            roots = set()
            for alternative in pack.readings[mutant.name].alternatives:
                roots |= patched_things(alternative.patch, pack)
        elif mutant.section == "exclusions":
            roots = {f"rules.{n}" for n in pack.exclusions[mutant.name].ranked}
        else:
            roots = {mutant.thing}
        graph = graph_of(pack)
        every = [n for n in users(pack, roots) if n.startswith(("rules.", "targets."))]
        weight = {n: (n not in roots, not graph.get(n, frozenset()) & roots, n) for n in every}
        return sorted(every, key=weight.__getitem__)

    def run(self, mutant: Mutant) -> Outcome:
        """What became of a mutant: noticed by what, or not at all."""
        killers: list[str] = []
        for killer in self._killers(mutant):
            killers.append(killer)
            if not self.every or not killer.startswith("case "):
                break
        fate: Fate = "killed" if killers else "survived"
        return Outcome(mutant.number, fate, tuple(killers))

    def _killers(self, mutant: Mutant) -> Iterator[str]:
        near = self.reached(mutant)
        own = self._own(mutant)
        seen: set[str] = set()
        first = True
        for group in _groups(near):
            part = self._part((*own, *group), mutant)
            try:
                # another reading must be one for all it touches, not for what comes first alone
                changed = build(part, mutant, readings=first or mutant.section == "readings")
            except PackError as error:
                yield f"load: {error.problems[0].code}"
                return
            if first:
                yield from self._checks(mutant, changed)
            first = False
            try:
                yield from self._asked(changed, [n for n in group if n not in seen], mutant.kind)
            except PackError as error:  # another reading could no longer be carried out
                yield f"load: {error.problems[0].code}"
                return
            seen |= set(group)
        if not near:
            part = self._part(own, mutant)
            try:
                changed = build(part, mutant)
            except PackError as error:
                yield f"load: {error.problems[0].code}"
                return
            yield from self._checks(mutant, changed)
        yield from self._properties(mutant, near)

    def _own(self, mutant: Mutant) -> tuple[str, ...]:
        if mutant.section in ("document", "readings"):
            return ()
        if mutant.section == "exclusions":
            return tuple(f"rules.{n}" for n in self.pack.exclusions[mutant.name].ranked)
        return (mutant.thing,)

    def _part(self, wanted: Iterable[str], mutant: Mutant) -> Pack:
        keep = mutant.name if mutant.section == "readings" else ""
        key = (frozenset(wanted), keep)
        if key not in self._parts:
            if len(self._parts) > 64:
                self._parts.pop(next(iter(self._parts)))
            self._parts[key] = self.slicer.part(key[0], (keep,) if keep else ())
        return self._parts[key]

    # -- what may notice ------------------------------------------------------------------------

    def _checks(self, mutant: Mutant, changed: Pack) -> Iterator[str]:
        """The ledger's audit and figures, and the second reading."""
        for problem in ledger_problems(self.pack, changed, mutant):
            yield f"ledger: {problem.code}"
            return
        things = {"document.document" if mutant.section == "document" else mutant.thing}
        if mutant.patch is not None:
            things = patched_things(mutant.patch, self.pack)
        told = [self.told[thing] for thing in sorted(things) if thing in self.told]
        kept = [t for t in told if _holds(changed, t.thing)]
        for _ in differences(changed, tuple(kept)):
            yield "second reading"
            return

    def _asked(self, changed: Pack, names: list[str], kind: str) -> Iterator[str]:
        """The cases that name some rules and targets, and no longer hold."""
        rules = {n.removeprefix("rules.") for n in names if n.startswith("rules.")}
        targets = {n.removeprefix("targets.") for n in names if n.startswith("targets.")}
        runner = _Asking(changed)
        for case in self._cases(rules):
            if kind in CITED and not _mentions(case, CITED[kind]):
                continue
            if runner.fails(case, rules):
                yield f"case {case.id}"
        of_targets = TargetRunner(changed)
        for target_case in self.of_targets:
            asked = {k: v for k, v in target_case.expect.items() if k in targets}
            if asked and of_targets.run(_narrow(target_case, asked, changed)):
                yield f"case {target_case.id}"

    def _cases(self, rules: set[str]) -> list[Case]:
        """Cases that name some rules, without decided readings first: those need no other pack."""
        found = {
            case.id + str(case.place): case for name in rules for case in self.naming.get(name, ())
        }
        return sorted(found.values(), key=lambda c: (bool(c.overlay), self.order[id(c)]))

    def _needed(self, wanted: Property) -> set[str]:
        names = {f"rules.{n}" for n in wanted.rules}
        for leaf in (wanted.condition, wanted.consequence):
            if leaf is not None:
                names |= set(references(leaf))
        return names

    def _properties(self, mutant: Mutant, near: list[str]) -> Iterator[str]:
        """The properties of what a mutant can reach that no longer hold."""
        if mutant.kind in CITED:
            return
        things = {mutant.thing, *near} if mutant.section != "document" else set(near)
        asked = [p for p in self.properties if self.needed[p.id] & things]
        for wanted in asked[:_MOST_PROPERTIES]:
            part = self._part((*self._own(mutant), *self.needed[wanted.id]), mutant)
            try:
                changed = build(part, mutant, readings=False)
            except (PackError, LookupError):
                continue
            names = {n.removeprefix("rules.") for n in self.needed[wanted.id]}
            bases = [
                _fitting(self.written[self.order[id(c)]], changed)
                for c in self._cases(names & set(changed.rules))
            ]
            trial = Trial(changed, bases or self.written[:40], 0)
            trial.sampler = Sampler(part)  # records of the pack as it is: the mutant may read less
            _, problem = trial.run(wanted, self.samples)
            if problem is not None and problem.code == "property_failed":
                yield f"property {wanted.id}"


class _Asking:
    """Asks cases of one changed part, keeping its engines."""

    def __init__(self, part: Pack) -> None:
        self.part = part
        self.runner = _Runner(part)

    def fails(self, case: Case, rules: set[str]) -> bool:
        expect = {
            n: v
            for n, v in case.expect.items()
            if n.partition("@")[0] in rules and n.partition("@")[0] in self.part.rules
        }
        if not expect:
            return False
        asked = attrs.evolve(_fitting(case, self.part), expect=expect, holds=())
        return bool(self.runner.run(asked))


class _Runner(Runner):
    """Cases asked of the reference interpreter alone."""

    def make(self, pack: Pack) -> Engine:
        return Engine(pack, engine="reference")


def _holds(part: Pack, thing: str) -> bool:
    section, _, name = thing.partition(".")
    return section == "document" or name in part.raw[section]


def _groups(names: list[str]) -> Iterator[list[str]]:
    start = 0
    for size in STAGES:
        if start < len(names):
            yield names[start : start + size]
        start += size
    if start < len(names):
        yield names[start:]


def _mentions(case: Case, key: str) -> bool:
    return any(isinstance(body, Mapping) and key in body for body in case.expect.values())


def _checked(case: Case, pack: Pack) -> Case:
    """A case whose record is read already, where it can be."""
    record: Any = read_record(case.record, pack.vocabulary)
    return attrs.evolve(case, record=record)


def _overlay(overlay: Mapping[str, Any], part: Pack) -> dict[str, Any]:
    """An overlay without the readings that the part does not have."""
    readings = {
        name: choice
        for name, choice in (overlay.get("readings") or {}).items()
        if name in part.readings
        and (
            choice == "chosen"
            or isinstance(choice, Mapping)
            or choice in {a.id for a in part.readings[name].alternatives}
        )
    }
    rest = {k: v for k, v in overlay.items() if k != "readings"}
    return {**rest, "readings": readings} if readings else rest


def _fitting(case: Case, part: Pack) -> Case:
    return attrs.evolve(case, overlay=_overlay(case.overlay, part)) if case.overlay else case


def _narrow(case: TargetCase, asked: Mapping[str, Any], part: Pack) -> TargetCase:
    return attrs.evolve(case, expect=dict(asked), overlay=_overlay(case.overlay, part))
