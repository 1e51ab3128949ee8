"""The condition of a whole rule, put together from its parts."""

from __future__ import annotations

from policy_rules.expr import nodes as n
from policy_rules.expr.types import BOOL, RecordType
from policy_rules.packs.model import Rule


def whole(rule: Rule) -> n.Node:
    """applies_to AND when AND NOT unless AND NOT (each higher-ranked rule that excludes it).

    Rules that exclude each other have one subject.
    """
    subject = n.Var(rule.subject, RecordType(rule.subject))
    against = [] if rule.unless is None else [rule.unless]
    against += [n.Named("rule", name, subject, BOOL) for name in rule.excluded_by]
    parts = [part for part in (rule.applies_to, rule.when) if part is not None]
    return n.And((*parts, *map(n.Not, against)))
