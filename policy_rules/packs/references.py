"""What the things of a pack refer to: clauses, one another; and what is wrong with that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problems, shown
from policy_rules.expr.nodes import Named, Node, Param, TableCall, walk
from policy_rules.packs.entry import Rel, check_known
from policy_rules.packs.model import Entity, Exclusion, Pack, Rule
from policy_rules.packs.sections import SECTIONS

#: The place of a value below a ``section.name``.
Where = Callable[[str, Rel], Place]


def check_references(pack: Pack, where: Where, problems: Problems) -> None:
    """Note clauses, rules and parents that do not exist, rings, and dates outside the pack's.

    ``where`` gives the place of a value below a ``section.name``. What exists is asked of the raw
    data, so that a thing with a mistake of its own is not told to be missing besides.
    """
    for section in SECTIONS[:-1]:
        for name, data in pack.raw[section].items():
            check_clauses(pack, f"{section}.{name}", data, where, problems)
    for exclusion in pack.exclusions.values():
        _check_exclusion(pack, exclusion, where, problems)
    for target in pack.targets.values():
        if target.parent is not None:
            place = where(f"targets.{target.id}", ("parent",))
            check_known(target.parent, pack.raw["targets"], "unknown_target", place, problems)
    for rule in pack.rules.values():
        start, end = rule.in_force.start, rule.in_force.end
        if start is not None and end is not None and end < start:
            place = where(f"rules.{rule.id}", ("in_force",))
            problems.add("outside_pack_dates", place, got=shown(rule.id))
    for ring in rings(dependencies(pack)):
        names = [name.partition(".")[2] for name in ring]
        detail = " → ".join([*names, names[0]])
        problems.add("cycle", where(ring[0], ()), got=shown(names[0]), detail=shown(detail))


def check_clauses(
    pack: Pack, name: str, data: Mapping[str, Any], where: Where, problems: Problems
) -> None:
    """Note every clause a thing cites that the ledger does not hold."""
    for i, locator in enumerate(data.get("clauses") or ()):
        place = where(name, ("clauses", i))
        check_known(locator, pack.raw["clauses"], "unknown_clause", place, problems)


def citing(pack: Pack) -> Iterator[tuple[str, Entity]]:
    """Every named thing that cites clauses, with its ``section.name``."""
    for section in SECTIONS[:-1]:
        for name, thing in getattr(pack, section).items():
            yield f"{section}.{name}", thing


def _check_exclusion(pack: Pack, exclusion: Exclusion, where: Where, problems: Problems) -> None:
    good: list[str] = []
    for i, name in enumerate(exclusion.ranked):
        place = where(f"exclusions.{exclusion.id}", ("ranked", i))
        if not check_known(name, pack.raw["rules"], "unknown_rule", place, problems):
            continue
        subject = pack.raw["rules"][name]["subject"]
        # a person's rule may be excluded by the household's, never the other way round
        fits = {subject} | ({"household"} if subject == "member" else set())
        for higher in good:
            if (other := pack.raw["rules"][higher]["subject"]) not in fits:
                problems.add(
                    "exclusion_subject",
                    place,
                    expected=shown(other),
                    got=shown(name),
                    detail=shown(higher),
                )
        good.append(name)


_SECTION_OF: Final = {
    "population": "populations",
    "rule": "rules",
    "defined": "definitions",
    "external": "externals",
}


def references(node: Node) -> Iterator[str]:
    """The named things an expression uses, as ``section.name``."""
    for part in walk(node):
        if isinstance(part, Named):
            yield f"{_SECTION_OF[part.kind]}.{part.name}"
        elif isinstance(part, Param):
            yield f"parameters.{part.name}"
        elif isinstance(part, TableCall):
            yield f"tables.{part.table}"


def expressions(thing: Entity) -> Iterator[Node]:
    """Every expression of a named thing."""
    if isinstance(thing, Rule):
        yield from (node for _, node in thing.conditions())
        for tier in thing.amount.tiers if thing.amount else ():
            yield from (n for n in (tier.low, tier.high) if n is not None)
        return
    for key in ("when", "value", "population", "of"):
        node = getattr(thing, key, None)
        if node is not None and not isinstance(node, bool):
            yield node


def dependencies(pack: Pack) -> dict[str, frozenset[str]]:
    """For each population, definition, rule and target: what it uses, exclusions included."""
    graph: dict[str, frozenset[str]] = {}
    for section in ("populations", "definitions", "rules", "targets"):
        for name, thing in getattr(pack, section).items():
            used = {ref for node in expressions(thing) for ref in references(node)}
            graph[f"{section}.{name}"] = frozenset(used)
    for lower, higher in _excluders(pack).items():
        key = f"rules.{lower}"
        graph[key] = graph.get(key, frozenset()) | {f"rules.{h}" for h in higher}
    return graph


def _excluders(pack: Pack) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for exclusion in pack.exclusions.values():
        for i, lower in enumerate(exclusion.ranked):
            found[lower] = (*found.get(lower, ()), *exclusion.ranked[:i])
    return found


def rings(graph: Mapping[str, frozenset[str]]) -> list[tuple[str, ...]]:
    """Rings of names, each reaching the next and the last the first."""
    done: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in sorted(graph):
        if start in done:
            continue
        trail = [start]
        stack = [iter(sorted(graph[start]))]
        while stack:
            step = next((b for b in stack[-1] if b in graph and b not in done), None)
            if step is None:
                stack.pop()
                done.add(trail.pop())
            elif step in trail:
                found.append(tuple(trail[trail.index(step) :]))
            else:
                trail.append(step)
                stack.append(iter(sorted(graph[step])))
    return found


def link(pack: Pack) -> Pack:
    """Give every rule its higher-ranked excluders, and every clause what encodes it."""
    excluders = _excluders(pack)
    encoded: dict[str, tuple[str, ...]] = {}
    for name, thing in citing(pack):
        for locator in thing.clauses:
            encoded[locator] = (*encoded.get(locator, ()), name)
    clauses = {
        name: attrs.evolve(clause, encoded_by=encoded.get(name, ()))
        for name, clause in pack.clauses.items()
    }
    rules = {
        name: attrs.evolve(rule, excluded_by=excluders.get(name, ()))
        for name, rule in pack.rules.items()
    }
    return attrs.evolve(pack, rules=rules, clauses=clauses)
