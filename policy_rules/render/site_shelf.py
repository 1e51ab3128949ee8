"""What the pages of the explorer draw from: packs, profiles, cases, uses; and where each page stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Final
from urllib.parse import quote

import attrs

from policy_rules.diff.compare import Comparison, compare_packs
from policy_rules.diff.profile import Profile, profile_of
from policy_rules.engine.contested import reached
from policy_rules.facts.concepts import Concept
from policy_rules.packs.model import Entity, Pack, Reading
from policy_rules.packs.needs import required_facts
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import dependencies
from policy_rules.render.html.record import EXTERNAL, Only
from policy_rules.sources.ledger import item_of
from policy_rules.testing.cases import Case, load_cases

INDEX: Final = "index.html"
#: Sections whose things have a page of their own; those of the others share one.
OWN_PAGE: Final = ("rules", "targets")
#: Characters no file system or link may be asked to hold.
_UNSAFE: Final = re.compile(r'[\\/:*?"<>|%#\x00-\x1f]|^\.+$|[. ]$')


def folder_of(item: str) -> str:
    """The folder of a document's item: its own number, but for characters no file may have."""
    return _UNSAFE.sub(lambda m: "".join(f"%{ord(c):02X}" for c in m[0]), item)


def place_of(pack: str, name: str) -> str:
    """Where a thing of a pack stands in the explorer, from its root: a path, perhaps with ``#…``.

    ``name`` is ``section.id`` (``rules.focus_household``, ``clauses.26#2``), or empty for the pack.
    """
    section, _, id_ = name.partition(".")
    if not section:
        return f"{pack}/{INDEX}"
    if section == "clauses":
        item, _, statement = id_.partition("#")
        page = f"{pack}/{folder_of(item)}/{INDEX}"
        return f"{page}#{statement}" if statement else page
    if not id_:
        return f"{pack}/{section}/{INDEX}"
    if section in OWN_PAGE:
        return f"{pack}/{section}/{id_}/{INDEX}"
    return f"{pack}/{section}/{INDEX}#{id_}"


def concept_place(concept: str) -> str:
    """Where a concept stands across regions."""
    return f"concepts/{concept}/{INDEX}"


def href(place: str, root: str) -> str:
    """A link to a place, from a page whose way to the root is ``root``."""
    path, mark, fragment = place.partition("#")
    return root + quote(path, safe="/()") + mark + quote(fragment, safe="")


@attrs.frozen(eq=False)
class Volume:
    """One pack with all its pages draw from."""

    pack: Pack
    comparison: Comparison

    @cached_property
    def profiles(self) -> Mapping[str, Profile]:
        """The profile of each rule and target, by ``section.id``."""
        day = self.comparison.days[self.pack.id]
        named = {f"rules.{r.id}": r for r in self.pack.rules.values()} | {
            f"targets.{t.id}": t for t in self.pack.targets.values()
        }
        return {name: profile_of(self.pack, thing, day) for name, thing in named.items()}

    @cached_property
    def items(self) -> Mapping[str, Sequence[str]]:
        """The statements of each item of the document, in its order."""
        found: dict[str, list[str]] = {}
        for clause in self.pack.clauses:
            found.setdefault(item_of(clause), []).append(clause)
        return found

    @cached_property
    def uses(self) -> Mapping[str, tuple[str, ...]]:
        """For each thing, the named things it uses, sorted."""
        return {name: tuple(sorted(used)) for name, used in dependencies(self.pack).items()}

    @cached_property
    def used_by(self) -> Mapping[str, tuple[str, ...]]:
        """For each thing, what uses it."""
        found: dict[str, list[str]] = {}
        for name, used in self.uses.items():
            for other in used:
                found.setdefault(other, []).append(name)
        return {name: tuple(users) for name, users in found.items()}

    def reaches(self, name: str) -> tuple[str, ...]:
        """All a rule or target draws on, rules apart, the nearest first."""
        todo, seen = list(self.uses.get(name, ())), dict[str, None]()
        while todo:
            step = todo.pop(0)
            if step not in seen:
                seen[step] = None
                if not step.startswith("rules."):
                    todo += self.uses.get(step, ())
        return tuple(seen)

    @cached_property
    def cases(self) -> Mapping[str, tuple[Case, ...]]:
        """The worked cases that expect something of each rule."""
        found: dict[str, list[Case]] = {}
        for case in load_cases(self.pack):
            for rule in dict.fromkeys(k.partition("@")[0] for k in case.expect):
                found.setdefault(rule, []).append(case)
        return {rule: tuple(cases) for rule, cases in found.items()}

    @cached_property
    def facts(self) -> Mapping[str, Only]:
        """The facts and external conditions each rule asks for."""
        return {
            rule: frozenset(
                (s.record, s.path) for s in required_facts(self.pack, (rule,), graph=self.uses)
            )
            | frozenset(
                (EXTERNAL, id_)
                for section, _, id_ in (n.partition(".") for n in self.reaches(f"rules.{rule}"))
                if section == "externals"
            )
            for rule in self.pack.rules
        }

    @cached_property
    def readings(self) -> Mapping[str, tuple[Reading, ...]]:
        """The readings whose other reading would reach a thing, by ``section.id``."""
        graph = graph_of(self.pack)
        found: dict[str, dict[str, Reading]] = {}
        for reading in self.pack.readings.values():
            for choice in reading.alternatives:
                for name in reached(self.pack, choice, graph):
                    found.setdefault(name, {})[reading.id] = reading
        return {name: tuple(by_id.values()) for name, by_id in found.items()}

    def thing(self, name: str) -> Entity | None:
        """A named thing by ``section.id``."""
        section, _, id_ = name.partition(".")
        found: Entity | None = getattr(self.pack, section).get(id_)
        return found


@attrs.frozen(eq=False)
class Shelf:
    """All packs of an explorer."""

    volumes: tuple[Volume, ...]
    comparison: Comparison

    @classmethod
    def of(cls, packs: Iterable[Pack]) -> Shelf:
        """From packs, each looked at on the last of its dates."""
        comparison = compare_packs(packs)
        return cls(tuple(Volume(p, comparison) for p in comparison.packs), comparison)

    @cached_property
    def concepts(self) -> Mapping[str, Concept]:
        """The concepts any pack speaks of, by name."""
        return {concept.id: concept for concept, _ in self.comparison.rows}

    @cached_property
    def cells(self) -> Mapping[str, Mapping[str, tuple[Profile, ...]]]:
        """What each pack says of a concept, by name."""
        return {concept.id: cells for concept, cells in self.comparison.rows}

    @cached_property
    def packs(self) -> Mapping[str, Pack]:
        """The packs by name."""
        return {v.pack.id: v.pack for v in self.volumes}
