"""The condition of a whole rule, put together from its parts."""

from __future__ import annotations

from policy_rules.expr import nodes as n
from policy_rules.expr.types import BOOL, ListType, RecordType
from policy_rules.packs.model import Pack, Rule


def whole(rule: Rule, pack: Pack) -> n.Node:
    """applies_to AND when AND NOT unless AND NOT (each higher-ranked rule that excludes it)."""
    parts = [part for part in (rule.applies_to, rule.when) if part is not None]
    if rule.unless is not None:
        parts.append(n.Not(rule.unless))
    parts += [n.Not(_of_subject(pack.rules[name], rule.subject)) for name in rule.excluded_by]
    return n.And(tuple(parts))


def _of_subject(rule: Rule, subject: str) -> n.Node:
    kind = RecordType(rule.subject)
    if rule.subject == subject or (rule.subject, subject) == ("household", "member"):
        return n.Named("rule", rule.id, n.Var(rule.subject, kind), BOOL)
    # some member's; the list of any other kind is not in reach, so its answer stays unknown
    var = n.Var("an excluder", kind)
    source = n.Var("members" if rule.subject == "member" else "no list", ListType(kind))
    return n.Fold("any", var, source, None, n.Named("rule", rule.id, var, BOOL), BOOL)
