"""Patterns, and what becomes of them: rule sets the C engine can carry safely.

Only integers reach the C engine: strings are numbered per slot (anything no rule mentions is -1),
booleans are 0 and 1, names are ``p0…pN``. That alone closes most of its holes (types, long strings,
escapes, name hashes). The rest are sizes: see the limits below, each smaller than what was measured
to fail.

A row becomes alternatives, each a conjunction of comparisons and one rule. Where multiplying out
would give too many, an inner disjunction becomes a slot of its own (a *helper*), computed by rules
of an earlier stage.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product
from math import prod
from typing import ClassVar, NamedTuple

import attrs

Scalar = int | str | bool


@attrs.frozen
class Test:
    """A comparison of a slot with a constant; never matches where the slot is absent, not even !=.

    ``op`` is one of ``< <= > >= == !=``; strings and booleans take only ``==`` and ``!=``.
    """

    __test__: ClassVar[bool] = False  # pytest: not a test class

    slot: str
    op: str
    value: Scalar


@attrs.frozen
class AllOf:
    """Matches if all items match; without items, always."""

    items: tuple[Pattern, ...]


@attrs.frozen
class AnyOf:
    """Matches if at least one item matches; without items, never."""

    items: tuple[Pattern, ...]


Pattern = Test | AllOf | AnyOf


@attrs.frozen
class Row:
    """A pattern and the name the caller gets back where it matches."""

    name: str
    pattern: Pattern


class BudgetExceeded(ValueError):
    """A row, or all rows together, need more than the C engine carries safely."""


MAX_FACT = 2**53
# A constant is read with atol, into a C long: 32 bits on Windows.
MAX_CONSTANT = 2**53 if struct.calcsize("l") == 8 else 2**31 - 1
MAX_DEPTH = 100  # nesting of a pattern
MAX_TESTS = 1000  # comparisons in one conjunction
MAX_PATHS = 2000  # rules one row may need
MAX_RULES = 4000  # rules of one rule base; each costs about 30 KB a thread
MAX_STAGES = 16
DIRECT_PATHS = 8  # alternatives multiplied out before helpers take over
# The C engine runs over one alternative a true branch, so its $or is used for "one of these values"
# only, where at most one branch is true; it hangs at 512 branches.
IN_VALUES = 100
IN_LISTS = 10  # $or in one rule; fails at 15
# Its stack has 64 entries; at most GROUPS + GROUP_RULES + 1 are in use.
GROUPS = 24
GROUP_RULES = 32
GROUP_BRANCHES = 200  # branches of one node; hangs at 512
SHARD_RULES = 300
SHARD_SLOTS = 200  # properties of a fact; fails at 255

SID, MID, GUARD, SENTINEL = "s", "f", "_g", "s"
# What the engine itself puts into, or looks for in, a message.
_RESERVED = ("sid", "id", GUARD, "$s", "$forward")
_OPERATORS = {
    "<": "$lt",
    "<=": "$lte",
    ">": "$gt",
    ">=": "$gte",
    "==": "$eq",
    "!=": "$neq",
}
KIND_NAMES: dict[type, str] = {int: "whole number", str: "text", bool: "truth value"}


class Atom(NamedTuple):
    """A comparison as the engine sees it; ``in`` has several values, the others one."""

    slot: int
    op: str
    values: tuple[int, ...]


Conjunction = frozenset[Atom]
Paths = frozenset[Conjunction]
TRUE: Paths = frozenset([frozenset()])


@attrs.frozen
class Slot:
    """A slot of the facts: its number, type, and the numbers of its strings."""

    index: int
    name: str
    kind: type[int] | type[str] | type[bool]
    codes: dict[str, int] = attrs.field(factory=dict)


@attrs.frozen
class Shard:
    """One rule set of the C engine: its JSON, the slots it reads, and what its rules stand for."""

    json: str
    slots: tuple[int, ...]
    rows: dict[str, tuple[str, ...]]
    helpers: dict[str, tuple[int, ...]]


@attrs.frozen
class Plan:
    """All rule sets, in the order of their stages, and what needs no rule set at all."""

    slots: tuple[Slot, ...]
    shards: tuple[Shard, ...]
    always: frozenset[str]


def compile_rows(rows: Sequence[Row]) -> Plan:
    """Compile rows.

    Raises BudgetExceeded naming the row, ValueError for a comparison or number the engine cannot
    carry or a name used twice, TypeError for a slot of two types.
    """
    return _Compiler().compile(rows)


class _Compiler:
    def __init__(self) -> None:
        self.slots: dict[str, Slot] = {}
        self.stage: list[int] = []  # of each slot; facts are 0, a helper is one after its rules
        self.helpers: dict[Paths, Atom] = {}
        self.rows_of: dict[Conjunction, list[str]] = {}
        self.helpers_of: dict[Conjunction, list[int]] = {}
        self.row = ""
        self.spent = 0

    def compile(self, rows: Sequence[Row]) -> Plan:
        seen: set[str] = set()
        always: set[str] = set()
        for row in rows:
            if row.name in seen:
                raise ValueError(f"row `{row.name}` stands twice")
            seen.add(row.name)
            self.row, self.spent = row.name, 0
            paths = self.paths(row.pattern, 0)
            if paths == TRUE:
                always.add(row.name)
                continue
            for path in self.limited(paths):
                self.rows_of.setdefault(path, []).append(row.name)
            if len(self.rows_of) + len(self.helpers_of) > MAX_RULES:
                raise BudgetExceeded(f"row `{row.name}`: more than {MAX_RULES} rules in all")
        check_hashes([*_RESERVED, *(f"p{index}" for index in range(len(self.stage)))])
        return Plan(tuple(self.slots.values()), tuple(self.shards()), frozenset(always))

    def refuse(self, what: str) -> BudgetExceeded:
        return BudgetExceeded(f"row `{self.row}`: {what}")

    # From patterns to alternatives.

    def paths(self, pattern: Pattern, depth: int) -> Paths:
        if depth > MAX_DEPTH:
            raise self.refuse(f"nested more than {MAX_DEPTH} deep")
        if isinstance(pattern, Test):
            return frozenset([frozenset([self.atom(pattern)])])
        parts = [self.paths(item, depth + 1) for item in pattern.items]
        if isinstance(pattern, AnyOf):
            return self.union(parts)
        return self.every(parts)

    def atom(self, test: Test) -> Atom:
        slot, value = self.slots.get(test.slot), test.value
        kind = type(value)
        if kind not in (int, str, bool):
            raise TypeError(f"`{test.slot}`: {value!r} is not a whole number, text or truth value")
        if test.op not in _OPERATORS:
            raise ValueError(f"`{test.slot}`: unknown comparison `{test.op}`")
        if kind is not int and test.op not in ("==", "!="):
            raise ValueError(f"`{test.slot}`: `{test.op}` compares numbers only, not {value!r}")
        if slot is None:
            slot = self.slots[test.slot] = Slot(self.new_slot(0), test.slot, kind)
        elif slot.kind is not kind:
            kind_of_slot = KIND_NAMES[slot.kind]
            raise TypeError(f"`{test.slot}` is compared with a {kind_of_slot} and with {value!r}")
        if isinstance(value, str):
            return Atom(slot.index, test.op, (slot.codes.setdefault(value, len(slot.codes)),))
        if not -MAX_CONSTANT <= value <= MAX_CONSTANT:
            raise ValueError(f"`{test.slot}`: {value} is beyond ±{MAX_CONSTANT}")
        return Atom(slot.index, test.op, (int(value),))

    def new_slot(self, stage: int) -> int:
        if stage >= MAX_STAGES:
            raise self.refuse(f"more than {MAX_STAGES} stages of alternatives")
        self.stage.append(stage)
        return len(self.stage) - 1

    def union(self, parts: Iterable[Paths]) -> Paths:
        found = frozenset[Conjunction]().union(*parts)
        if frozenset() in found:
            return TRUE
        # Equalities with one slot exclude each other: they become one "in", a single rule.
        values: dict[int, set[int]] = {}
        rest: set[Conjunction] = set()
        for path in found:
            atom = next(iter(path))
            if len(path) == 1 and atom.op in ("==", "in"):
                values.setdefault(atom.slot, set()).update(atom.values)
            else:
                rest.add(path)
        for slot, some in values.items():
            ordered = sorted(some)
            for start in range(0, len(ordered), IN_VALUES):
                chunk = tuple(ordered[start : start + IN_VALUES])
                rest.add(frozenset([Atom(slot, "in" if len(chunk) > 1 else "==", chunk)]))
        if len(rest) > MAX_PATHS:
            raise self.refuse(f"more than {MAX_PATHS} alternatives")
        return frozenset(rest)

    def every(self, parts: Iterable[Paths]) -> Paths:
        ordered = sorted({TRUE, *parts}, key=len)
        # One disjunction alone multiplies nothing.
        while prod(map(len, ordered)) > max(DIRECT_PATHS, len(ordered[-1])):
            ordered.insert(0, frozenset([frozenset([self.helper(ordered.pop())])]))
        return frozenset(frozenset[Atom]().union(*choice) for choice in product(*ordered))

    def helper(self, paths: Paths) -> Atom:
        """A comparison that matches where one of the paths does."""
        known = self.helpers.get(paths)
        if known is None:
            ready = self.limited(paths)
            after = max(self.stage[atom.slot] for path in ready for atom in path)
            known = self.helpers[paths] = Atom(self.new_slot(after + 1), "==", (1,))
            for path in ready:
                self.helpers_of.setdefault(path, []).append(known.slot)
        return known

    def limited(self, paths: Paths) -> list[Conjunction]:
        """The paths as the engine can carry them, counted against the row's budget."""
        self.spent += len(paths)
        if self.spent > MAX_PATHS:
            raise self.refuse(f"more than {MAX_PATHS} alternatives")
        ready = []
        for path in paths:
            lists = sorted(atom for atom in path if atom.op == "in")[IN_LISTS:]
            if lists:
                path = path.difference(lists).union(
                    self.helper(frozenset([frozenset([atom])])) for atom in lists
                )
            slots = len({atom.slot for atom in path})
            if len(path) > MAX_TESTS or slots > SHARD_SLOTS:
                raise self.refuse(f"{len(path)} comparisons of {slots} slots in one alternative")
            ready.append(path)
        return ready

    # From alternatives to rule sets.

    def shards(self) -> Iterable[Shard]:
        rules = self.rows_of.keys() | self.helpers_of.keys()
        often = Counter(atom for path in rules for atom in path)
        # The engine shares common beginnings, so the most frequent comparisons come first.
        chains = sorted(
            (
                max(self.stage[atom.slot] for atom in path),
                [
                    (atom.op == "in", -often[atom], atom)
                    for atom in sorted(path, key=lambda a: (a.op == "in", -often[a], a))
                ],
                path,
            )
            for path in rules
        )
        pack = _Packer(0)
        for stage, keys, path in chains:
            chain = [atom for _, _, atom in keys]
            if stage != pack.stage or not pack.add(chain, path):
                if pack.size:
                    yield self.shard(pack)
                pack = _Packer(stage)
                pack.add(chain, path)
        if pack.size:
            yield self.shard(pack)

    def shard(self, pack: _Packer) -> Shard:
        rules: list[str] = []
        rows: dict[str, tuple[str, ...]] = {}
        helpers: dict[str, tuple[int, ...]] = {}
        for number, (group, chain, path) in enumerate(pack.rules):
            name = str(number)
            tests = ",".join(map(_json, chain))
            rules.append(
                f'"{name}":{{"all":[{{"m":{{"$and":[{_guard(group)},{tests}]}}}}],"cap":65535}}'
            )
            if path in self.rows_of:
                rows[name] = tuple(self.rows_of[path])
            if path in self.helpers_of:
                helpers[name] = tuple(self.helpers_of[path])
        rules.append(f'"{SENTINEL}":{{"all":[{{"m":{_guard(GROUPS)}}}],"pri":65535,"cap":65535}}')
        return Shard("{" + ",".join(rules) + "}", tuple(sorted(pack.slots)), rows, helpers)


class _Packer:
    """Fills one rule set up to its limits."""

    def __init__(self, stage: int) -> None:
        self.stage = stage
        self.slots: set[int] = set()
        self.rules: list[tuple[int, list[Atom], Conjunction]] = []
        self.group = self.in_group = self.branches = 0

    @property
    def size(self) -> int:
        return len(self.rules)

    def add(self, chain: list[Atom], path: Conjunction) -> bool:
        """Take a rule in, or return False if the rule set is full."""
        branches = max(len(atom.values) for atom in chain)
        slots = self.slots.union(atom.slot for atom in chain)
        group, in_group, total = self.group, self.in_group + 1, self.branches + branches
        if in_group > GROUP_RULES or total > GROUP_BRANCHES:
            group, in_group, total = group + 1, 1, branches
        if len(slots) > SHARD_SLOTS or self.size == SHARD_RULES or group == GROUPS:
            return False
        self.slots, self.group, self.in_group, self.branches = slots, group, in_group, total
        self.rules.append((group, chain, path))
        return True


def _guard(group: int) -> str:
    return f'{{"$gte":{{"{GUARD}":{group}}}}}'


def _json(atom: Atom) -> str:
    if atom.op == "in":
        equal = ",".join(f'{{"$eq":{{"p{atom.slot}":{value}}}}}' for value in atom.values)
        return f'{{"$or":[{equal}]}}'
    return f'{{"{_OPERATORS[atom.op]}":{{"p{atom.slot}":{atom.values[0]}}}}}'


def check_hashes(names: Iterable[str]) -> None:
    """Raise ValueError if two property names have the same hash: the engine compares only that."""
    seen: dict[int, str] = {}
    for name in names:
        value = 0x811C9DC5  # FNV-1a, 32 bits
        for byte in name.encode():
            value = (value ^ byte) * 16777619 & 0xFFFFFFFF
        other = seen.setdefault(value, name)
        if other != name:
            raise ValueError(f"property names `{other}` and `{name}` have the same hash")
