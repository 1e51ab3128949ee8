"""From the rules of a pack to rule bases of durable_rules.

Every condition that is inferred (a *unit*: a whole rule, whether it is met, the population it is
for) stands in two rows, one that matches where the condition is certainly true, one where it is
certainly false; negation is pushed to the leaves. Leaves are tests of slots. What a unit needs of
other rules are slots too, filled from the results of earlier stages: a stage is the units of one
kind of subject that need nothing of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from policy_rules.engine.durable.driver import AllOf, AnyOf, Pattern, Row, RuleBase
from policy_rules.engine.durable.folding import Folder, Key, Scope
from policy_rules.engine.durable.slots import Provider, Slots, scales
from policy_rules.engine.durable.wholes import whole
from policy_rules.expr import nodes as n
from policy_rules.expr.types import BoolType, RecordType
from policy_rules.packs.model import Pack, Rule

#: Which kinds of subject a record of a kind has, in the order in which they are inferred.
SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {"household": ("household", "member")}


@attrs.frozen
class Unit:
    """A condition that is inferred for each subject of a kind; ``key`` is how results name it."""

    key: Key
    subject: str
    node: n.Node


@attrs.frozen
class Output:
    """The rows that tell a unit's verdict."""

    key: Key
    true: str
    false: str


@attrs.frozen
class Stage:
    """One rule base, run for every subject of a kind once its slots are filled."""

    subject: str
    base: RuleBase
    providers: tuple[Provider, ...]
    outputs: tuple[Output, ...]


def compile_stages(pack: Pack, kind: str, folder: Folder) -> tuple[Stage, ...]:
    """The stages for records of a kind, in the order in which they run.

    Raises BudgetExceeded if a rule is beyond what the C engine carries safely.
    """
    units = _Units(pack, SUBJECTS.get(kind, (kind,)))
    conditions = [unit.node for unit in units.found.values()]
    scaled = scales([*conditions, *_inlined(pack)])
    stages: dict[tuple[int, int], list[Unit]] = {}
    for unit in list(units.found.values()):
        level = units.level(unit)
        stages.setdefault((level, units.subjects.index(unit.subject)), []).append(unit)
    return tuple(_stage(pack, folder, stages[place], scaled) for place in sorted(stages))


def _inlined(pack: Pack) -> Iterator[n.Node]:
    yield from (population.when for population in pack.populations.values())
    yield from (d.value for d in pack.definitions.values() if isinstance(d.type, BoolType))


class _Units:
    """All units of the rules of some subjects, and how they depend on each other."""

    def __init__(self, pack: Pack, subjects: tuple[str, ...]) -> None:
        self.pack = pack
        self.subjects = subjects
        self.found: dict[Key, Unit] = {}
        self._levels: dict[Key, int] = {}
        self._needs: dict[Key, set[Key]] = {}
        for rule in pack.rules.values():
            if rule.subject in subjects:
                self._add(rule)
        for unit in list(self.found.values()):
            for key in self.needs(unit):
                self.unit(key)

    def _add(self, rule: Rule) -> None:
        parts = {"rule": whole(rule), "applies": rule.applies_to, "met": rule.met_when}
        for part, node in parts.items():
            if node is not None:
                self.found[part, rule.id] = Unit((part, rule.id), rule.subject, node)

    def unit(self, key: Key) -> Unit:
        """The unit of a key; a household's population or definition becomes one when asked for."""
        if key not in self.found:
            self.found[key] = Unit(key, "household", definition_of(self.pack, *key))
        return self.found[key]

    def level(self, unit: Unit) -> int:
        """After how many stages of its subject the unit can be inferred."""
        if unit.key not in self._levels:
            level = 0
            order = self.subjects.index(unit.subject)
            for key in self.needs(unit):
                other = self.unit(key)
                later = self.subjects.index(other.subject) >= order
                level = max(level, self.level(other) + later)
            self._levels[unit.key] = level
        return self._levels[unit.key]

    def needs(self, unit: Unit) -> set[Key]:
        """The units whose results a unit uses, directly or through what is folded or put in."""
        if unit.key in self._needs:
            return self._needs[unit.key]
        found: set[Key] = set()
        seen: set[Key] = set()
        todo = [unit.node]
        while todo:
            for node in n.walk(todo.pop()):
                if not isinstance(node, n.Named) or node.kind == "external":
                    continue
                key = (node.kind, node.name)
                if is_foreign(node, unit.subject) or (
                    node.kind == "rule" and self.pack.rules[node.name].subject in self.subjects
                ):
                    found.add(key)
                elif key not in seen:
                    seen.add(key)
                    todo.append(definition_of(self.pack, *key))
        self._needs[unit.key] = found
        return found


def is_foreign(node: n.Named, subject: str) -> bool:
    """Whether a member's condition asks for a population or definition of the household."""
    return (
        subject == "member"
        and node.kind in ("population", "defined")
        and isinstance(node.type, BoolType)
        and node.base.type == RecordType("household")
    )


def definition_of(pack: Pack, kind: str, name: str) -> n.Node:
    """What a name of a pack stands for."""
    if kind == "population":
        return pack.populations[name].when
    return pack.definitions[name].value if kind == "defined" else whole(pack.rules[name])


def _stage(pack: Pack, folder: Folder, units: list[Unit], scaled: Mapping[n.Node, int]) -> Stage:
    subject = units[0].subject
    slots = Slots(folder, Scope(subject), scaled)
    patterns = _Patterns(pack, subject, slots)
    rows: list[Row] = []
    outputs: list[Output] = []
    for unit in units:
        name = ":".join(unit.key)
        outputs.append(Output(unit.key, f"{name}:true", f"{name}:false"))
        for sure in (True, False):
            if sure and unit.key[0] == "applies":
                continue  # only whether a subject is outside is asked
            half = f"{name}:{'true' if sure else 'false'}"
            rows.append(Row(half, patterns.of(unit.node, sure=sure)))
    return Stage(subject, RuleBase(rows), slots.providers(), tuple(outputs))


class _Patterns:
    """Turns conditions about one kind of subject into patterns."""

    def __init__(self, pack: Pack, subject: str, slots: Slots) -> None:
        self.pack = pack
        self.subject = subject
        self.slots = slots

    def of(self, node: n.Node, *, sure: bool) -> Pattern:
        """The pattern that matches where a condition is certainly true (``sure``), or false."""
        match node:
            case n.Leaf(body=body):
                return self.of(body, sure=sure)
            case n.Not(item=item):
                return self.of(item, sure=not sure)
            case n.And(items=items) | n.Or(items=items):
                parts = tuple(self.of(item, sure=sure) for item in items)
                return AllOf(parts) if isinstance(node, n.And) is sure else AnyOf(parts)
            case n.Choice():
                return self.choice(node, sure=sure)
            case n.Compare():
                return self.slots.compared(node, sure=sure)
            case n.OneOf():
                return self.slots.one_of(node, sure=sure)
            case n.Named(kind="population" | "defined", base=base, name=name):
                if base.type == RecordType(self.subject):
                    return self.of(definition_of(self.pack, node.kind, name), sure=sure)
        return self.slots.truth(node, sure=sure)

    def choice(self, node: n.Choice, *, sure: bool) -> Pattern:
        """Either branch with its condition, or both branches without."""
        then, otherwise = self.of(node.then, sure=sure), self.of(node.otherwise, sure=sure)
        return AnyOf(
            (
                AllOf((self.of(node.condition, sure=True), then)),
                AllOf((self.of(node.condition, sure=False), otherwise)),
                AllOf((then, otherwise)),
            )
        )
