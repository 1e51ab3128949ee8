"""Records put to the reference interpreter: what a witness is worth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from policy_rules.analysis.model import overlay_of
from policy_rules.analysis.vocabularies import known_part
from policy_rules.engine.building import MEMBER
from policy_rules.engine.finding import Finding
from policy_rules.engine.rules import CompiledRule, RuleSet
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Pack, Rule


@lru_cache(maxsize=16)
def _compiled(pack: Pack) -> RuleSet:
    return RuleSet(pack, ())


@lru_cache(maxsize=4)
def whole_pack(pack: Pack) -> RuleSet:
    """All rules of a pack."""
    return RuleSet(pack)


def replay(
    pack: Pack,
    rule: Rule,
    day: date,
    record: Mapping[str, Any],
    member: int | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Finding:
    """The finding of the reference interpreter for a rule of a pack, about the record or a member by number.

    Facts the pack's dictionary does not have are left out. ``parameters`` are figures for external parameters, supplied as an overlay would.
    """
    figures = {n: v for n, v in (parameters or {}).items() if n in pack.parameters}
    if figures:
        pack = pack.with_overlay(overlay_of(pack.id, figures))
        rules = RuleSet(pack, ())
    else:
        rules = _compiled(pack)
    compiled = CompiledRule(rules.interpreter, rule)  # makes places an environment must have
    checked = read_record(known_part(record, pack.vocabulary), pack.vocabulary)
    row = None if member is None else checked.members[member]
    env = rules.environment(checked, day, row)
    if row is not None:
        env[MEMBER] = row
    return compiled.evaluate(env, "" if row is None else row.id, rule.in_force.holds(day))
