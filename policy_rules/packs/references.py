"""What the things of a pack refer to: clauses, one another; and what is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from policy_rules.errors import Problems, nearest, shown
from policy_rules.expr.nodes import Named, Node, Param, TableCall, walk
from policy_rules.facts.dictionary import SUBJECTS
from policy_rules.packs.entry import check_known
from policy_rules.packs.model import Entity, Exclusion, Pack, Rule

#: Sections of the raw data of a pack, in the order in which they are built.
SECTIONS: Final = (
    "populations",
    "parameters",
    "externals",
    "definitions",
    "tables",
    "exclusions",
    "rules",
    "targets",
    "readings",
    "clauses",
)


def check_references(pack: Pack, problems: Problems) -> None:
    """Note clauses, rules and parents that do not exist, rings, and dates outside the pack's."""
    for _, thing in citing(pack):
        for locator in thing.clauses:
            check_known(locator, pack.clauses, "unknown_clause", thing.place, problems)
    for exclusion in pack.exclusions.values():
        _check_exclusion(pack, exclusion, problems)
    for target in pack.targets.values():
        if target.parent is not None:
            check_known(target.parent, pack.targets, "unknown_rule", target.place, problems)
    for rule in pack.rules.values():
        start, end = rule.in_force.start, rule.in_force.end
        if start is not None and end is not None and end < start:
            problems.add("outside_pack_dates", rule.place, got=shown(rule.id))
        if rule.subject not in SUBJECTS:
            near = nearest(rule.subject, SUBJECTS)
            problems.add("not_allowed", rule.place, got=shown(rule.subject), nearest=near)
    for name in _ring(dependencies(pack)):
        place = _entity(pack, name).place
        problems.add("cycle", place, got=shown(name.partition(".")[2]))


def citing(pack: Pack) -> Iterator[tuple[str, Entity]]:
    """Every named thing that cites clauses, with its ``section.name``."""
    for section in SECTIONS[:-1]:
        for name, thing in getattr(pack, section).items():
            yield f"{section}.{name}", thing


def _check_exclusion(pack: Pack, exclusion: Exclusion, problems: Problems) -> None:
    good = [
        name
        for name in exclusion.ranked
        if check_known(name, pack.rules, "unknown_rule", exclusion.place, problems)
    ]
    for i, lower in enumerate(good):
        subject = pack.rules[lower].subject
        for higher in good[:i]:
            # a person's rule may be excluded by the household's, never the other way round
            fits = {subject} | ({"household"} if subject == "member" else set())
            if pack.rules[higher].subject not in fits:
                problems.add(
                    "exclusion_subject", exclusion.place, expected=subject, got=shown(higher)
                )


def _entity(pack: Pack, name: str) -> Entity:
    section, _, id_ = name.partition(".")
    found: Entity = getattr(pack, section)[id_]
    return found


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


def _ring(graph: Mapping[str, frozenset[str]]) -> list[str]:
    """Names that reach themselves."""
    done: set[str] = set()
    rings: list[str] = []
    for start in graph:
        stack = [(start, iter(graph[start]))]
        trail = [start]
        while stack and start not in done:
            name, below = stack[-1]
            step = next((b for b in below if b in graph and b not in done), None)
            if step is None:
                stack.pop()
                trail.pop()
                done.add(name)
            elif step in trail:
                rings.append(step)
                done.add(step)
            else:
                stack.append((step, iter(graph[step])))
                trail.append(step)
    return rings


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
