"""Findings that hang on how an unclear clause is read.

Each other reading is a patched pack, of which only what the patch reaches is compiled; it is asked in
the environment of the answer itself, so that all that is shared is evaluated once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

import attrs

from policy_rules.engine.building import MEMBER, TOP, Env, Fn
from policy_rules.engine.finding import Contested, Finding, Status
from policy_rules.engine.rules import CompiledRule, RuleSet
from policy_rules.facts.record import EMPTY_ROW, Household
from policy_rules.packs.model import Alternative, Pack
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import references
from policy_rules.verdict import Truth, Verdict

_TRUTHS: Final[dict[Verdict | None, Truth]] = {
    Verdict.YES: True,
    Verdict.NO: False,
    Verdict.UNKNOWN: None,
    None: None,
}


@attrs.frozen
class Variant:
    """A pack under one other reading, and the rules that reading can change.

    ``whom`` names those of them whose population it can change too: where it cannot, a subject outside
    the population stays outside.
    """

    reading: str
    alternative: str
    pack: Pack
    rules: RuleSet
    whom: frozenset[str]
    #: populations, definitions and rules the patch changes, under this reading and as they were
    roots: tuple[tuple[Fn, Fn, bool], ...]
    #: rules the patch itself changes; the others change only where a root does
    direct: frozenset[str]
    #: whether the patch changes something no root shows (dates, parameters, tables)
    hidden: bool
    dates: bool


def variants(pack: Pack, base: RuleSet) -> tuple[Variant, ...]:
    """Every reading not decided by an overlay, each alternative alone."""
    graph = graph_of(pack)
    found = []
    for reading in pack.readings.values():
        if reading.decided or reading.id in pack.choices:
            continue
        for alternative in reading.alternatives:
            reach = reached(pack, alternative, graph)
            affected = [name.removeprefix("rules.") for name in reach if name.startswith("rules.")]
            if affected:
                found.append(_variant(pack, base, reading.id, alternative, reach, affected))
    return tuple(found)


def _variant(
    pack: Pack,
    base: RuleSet,
    reading: str,
    alternative: Alternative,
    reach: frozenset[str],
    affected: list[str],
) -> Variant:
    changed = pack.with_reading(reading, alternative.id)
    kinds = {"populations": "population", "definitions": "defined", "rules": "rule"}
    names = (n.partition(".") for n in reach)
    keys = frozenset((kinds[s], name) for s, _, name in names if s in kinds)
    at = base.interpreter.variant(changed, keys, f"{reading}.{alternative.id}")
    whom = set()
    for name in affected:
        before, after = pack.rules[name].applies_to, changed.rules[name].applies_to
        if before != after or (after is not None and reach & set(references(after))):
            whom.add(name)
    rules = RuleSet(changed, affected, at)
    patched = [tuple(path.split(".")[:2]) for path in alternative.patch]
    roots = []
    for section, name in patched:
        if section in kinds:
            kind = kinds[section]
            member = getattr(pack, section)[name].subject == "member"
            pair = (
                at.cached(kind, name, TOP, None),
                base.interpreter.cached(kind, name, TOP, None),
            )
            roots.append((*pair, member))
    sections = {section for section, _ in patched}
    return Variant(
        reading,
        alternative.id,
        changed,
        rules,
        frozenset(whom),
        tuple(roots),
        frozenset(name for section, name in patched if section == "rules"),
        bool(sections - {*kinds, "targets"}),
        "document" in sections,
    )


def reached(
    pack: Pack, alternative: Alternative, graph: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """What an alternative can change: what it names, and all that uses it."""
    touched = {".".join(path.split(".")[:2]) for path in alternative.patch}
    if any(path.startswith("document.") for path in alternative.patch):
        touched |= {f"rules.{name}" for name in pack.rules}
    grown = True
    while grown:
        more = {name for name, used in graph.items() if used & touched and name not in touched}
        touched |= more
        grown = bool(more)
    return frozenset(touched)


def contested(
    found: Mapping[tuple[str, str], Finding],
    record: Household,
    as_of: date,
    others: tuple[Variant, ...],
    env: Env,
) -> dict[str, list[Contested]]:
    """For each finding id, the readings that alone would change it.

    ``found`` holds the findings by rule and subject, ``env`` is the environment they were made in.
    """
    result: dict[str, list[Contested]] = {}
    for variant in others:
        own, members = variant.rules.of_kind(record.kind)
        if not own and not members:
            continue
        everything = variant.hidden or _moved(variant, record, env)
        env[MEMBER] = EMPTY_ROW
        for rule in own:
            if everything or rule.rule.id in variant.direct:
                _try(variant, rule, found[rule.rule.id, ""], as_of, env, result)
        members = (
            members if everything else tuple(r for r in members if r.rule.id in variant.direct)
        )
        for row in record.members if members else ():
            env[MEMBER] = row
            for rule in members:
                _try(variant, rule, found[rule.rule.id, row.id], as_of, env, result)
    return result


def _moved(variant: Variant, record: Household, env: Env) -> bool:
    """Whether a population, definition or rule says something else of this record."""
    for here, there, member in variant.roots:
        if not member:
            env[MEMBER] = EMPTY_ROW
            if here(env) != there(env):
                return True
            continue
        for row in record.members:
            env[MEMBER] = row
            if here(env) != there(env):
                return True
    return False


def _try(
    variant: Variant,
    rule: CompiledRule,
    here: Finding,
    as_of: date,
    env: Env,
    result: dict[str, list[Contested]],
) -> None:
    in_force = rule.rule.in_force.holds(as_of)
    if variant.dates:
        if in_force is (here.status is not Status.NOT_IN_FORCE):
            return
    elif not in_force:
        return
    if here.status is Status.OUTSIDE_POPULATION and rule.rule.id not in variant.whom:
        return
    truth = rule.truth(env) if in_force else None
    if truth is _TRUTHS[here.verdict] and not variant.dates:
        # NO has no amount and no "met", but it may stand inside or outside the population
        same = rule.rule.id not in variant.whom if truth is False else not rule.varies
        if same:
            return
    other = rule.evaluate(env, here.subject, in_force)
    if here.answer() != other.answer():
        result.setdefault(here.id, []).append(
            Contested(
                variant.reading,
                variant.alternative,
                other.verdict,
                other.status,
                other.amount,
                other.met,
            )
        )
