"""The days a claim is about, cut into spans on which nothing but the day itself changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Any

from policy_rules.analysis.model import Span
from policy_rules.analysis.world import YEARS
from policy_rules.packs.model import Pack, Period, Rule
from policy_rules.packs.patch import graph_of
from policy_rules.packs.references import expressions, references

_DAY = timedelta(days=1)


def validity(pack: Pack) -> Span:
    """The days a pack speaks of; an open end is where the solver's years end."""
    start, end = pack.in_force.start, pack.in_force.end
    return Span(start or date(YEARS[0], 1, 1), end or date(YEARS[1], 12, 31))


def pieces(asks: Iterable[tuple[Pack, Rule]], within: Span) -> tuple[Span, ...]:
    """The days cut where a parameter some rules use changes, or a rule they rest on comes or goes."""
    edges = {within.first, within.last + _DAY}
    for pack, rule in asks:
        for period in _periods(pack, rule):
            if period.start is not None:
                edges.add(period.start)
            if period.end is not None:
                edges.add(period.end + _DAY)
    days = sorted(d for d in edges if within.first <= d <= within.last + _DAY)
    return tuple(Span(a, b - _DAY) for a, b in itertools.pairwise(days))


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Spans in order, those that follow each other as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.first <= found[-1].last + _DAY:
            found[-1] = Span(found[-1].first, max(span.last, found[-1].last))
        else:
            found.append(span)
    return tuple(found)


def _periods(pack: Pack, rule: Rule) -> Iterator[Period]:
    """When the rule, the rules it rests on and the values of the parameters they use hold."""
    graph = graph_of(pack)
    todo = {ref for node in expressions(rule) for ref in references(node)}
    todo |= {f"rules.{name}" for name in rule.excluded_by}
    seen: set[str] = set()
    yield rule.in_force
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo |= graph.get(name, frozenset())
        section, _, key = name.partition(".")
        thing: Any = getattr(pack, section).get(key)
        if section == "rules":
            yield thing.in_force
        elif section == "parameters":
            yield from (value.period for value in thing.values)
