"""The part of a pack that some of its things need: small, so that trying a mutant costs little.

Rules, targets, populations and definitions outside the part are left out; parameters, tables and
external conditions stay, they cost nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs

from policy_rules.packs.model import Pack, Reading
from policy_rules.packs.patch import graph_of

#: Sections that are cut.
CUT: Final = ("populations", "definitions", "rules", "targets")
_SECTION: Final = {
    "population": "populations", "defined": "definitions", "rule": "rules",
    "param": "parameters", "table": "tables", "external": "externals",
}  # fmt: skip
_NAMED: Final = re.compile(rf"\b({'|'.join(_SECTION)})\.(\w+)")


def users(pack: Pack, things: Iterable[str]) -> frozenset[str]:
    """Some things (``section.name``) and all that uses them, directly or not, also on another reading."""
    found = set(things)
    graph = graph_of(pack)
    other = _on_other_readings(pack)
    grown = True
    while grown:
        more = {
            name
            for name, used in graph.items()
            if name not in found and (used & found or other.get(name, set()) & found)
        }
        found |= more
        grown = bool(more)
    return frozenset(found)


def _on_other_readings(pack: Pack) -> dict[str, set[str]]:
    """What each thing uses where another reading is chosen."""
    found: dict[str, set[str]] = {}
    for reading in pack.readings.values():
        for alternative in reading.alternatives:
            for path, value in alternative.patch.items():
                used = {f"{_SECTION[kind]}.{name}" for kind, name in _NAMED.findall(str(value))}
                if used:
                    found.setdefault(".".join(path.split(".")[:2]), set()).update(used)
    return found


def patched_things(patch: Mapping[str, Any], pack: Pack) -> set[str]:
    """What a reading's patch names; every rule where it moves the document's dates."""
    found = {".".join(path.split(".")[:2]) for path in patch}
    if any(name.startswith("document.") for name in found):
        found |= {f"rules.{name}" for name in pack.rules}
    return {name for name in found if not name.startswith("document.")}


class Slicer:
    """Cuts parts out of one pack."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._graph = graph_of(pack)

    def part(self, wanted: Iterable[str], keep: Iterable[str] = ()) -> Pack:
        """The part some things need, with the readings that touch it and those of ``keep``."""
        pack = self.pack
        inside = self._closed(set(wanted))
        readings: dict[str, Reading] = {}
        grown = True
        while grown:
            grown = False
            for reading in pack.readings.values():
                if reading.id in readings:
                    continue
                cut = self._cut(reading, inside)
                if cut is None and reading.id not in keep:
                    continue
                readings[reading.id] = cut or attrs.evolve(reading, alternatives=())
                more = {
                    f"{_SECTION[kind]}.{name}"
                    for alternative in readings[reading.id].alternatives
                    for value in alternative.patch.values()
                    for kind, name in _NAMED.findall(str(value))
                }
                closed = self._closed(inside | {m for m in more if m in self._graph})
                if closed != inside:
                    inside, readings, grown = closed, {}, True
                    break
        sections: dict[str, Any] = {
            s: {n: t for n, t in getattr(pack, s).items() if f"{s}.{n}" in inside} for s in CUT
        }
        raw = {
            **pack.raw,
            **{s: {n: pack.raw[s][n] for n in sections[s]} for s in CUT},
            "readings": {n: pack.raw["readings"][n] for n in readings},
        }
        order = [n for n in pack.readings if n in readings]
        exclusions = {
            n: e
            for n, e in pack.exclusions.items()
            if all(f"rules.{rule}" in inside for rule in e.ranked)
        }
        raw["exclusions"] = {n: pack.raw["exclusions"][n] for n in exclusions}
        rules = {
            n: attrs.evolve(
                r, excluded_by=tuple(e for e in r.excluded_by if f"rules.{e}" in inside)
            )
            for n, r in sections["rules"].items()
        }
        return attrs.evolve(
            pack, **{**sections, "rules": rules}, exclusions=exclusions, clauses={},
            readings={n: readings[n] for n in order}, raw=raw,
        )  # fmt: skip

    def _closed(self, wanted: set[str]) -> set[str]:
        """Things with all they use; a rule brings those it stands in one ranked list with."""
        found: set[str] = set()
        todo = [w for w in wanted if w.partition(".")[0] in CUT]
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            section, _, key = name.partition(".")
            todo += [n for n in self._graph.get(name, ()) if n.partition(".")[0] in CUT]
            if section == "rules":
                for exclusion in self.pack.exclusions.values():
                    if key in exclusion.ranked:
                        todo += [f"rules.{n}" for n in exclusion.ranked]
            elif section == "targets" and (parent := self.pack.targets[key].parent):
                todo.append(f"targets.{parent}")
        return found

    def _cut(self, reading: Reading, inside: set[str]) -> Reading | None:
        """A reading with the patches that touch the part; None where none does."""
        kept = []
        for alternative in reading.alternatives:
            patch = {
                path: value
                for path, value in alternative.patch.items()
                if path.startswith("document.")
                or ".".join(path.split(".")[:2]) in inside
                or path.partition(".")[0] not in CUT
            }
            if patch:
                kept.append(attrs.evolve(alternative, patch=patch))
        return attrs.evolve(reading, alternatives=tuple(kept)) if kept else None
