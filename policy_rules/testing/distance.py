"""How far a record is from a verdict of a rule: 0 where it has it, more the more lines stand against it.

A condition is taken apart into its lines, through named conditions and folds over lists. A comparison
of numbers that fails is the nearer the smaller the gap; a line that is unknown is as far as one that
fails. The search of :mod:`policy_rules.testing.reaching` goes downhill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from policy_rules.engine.building import AS_OF, MEMBER, TOP, Env, Fn
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import And, Compare, Fold, Leaf, Named, Node, Not, Or
from policy_rules.facts.rows import Items, Row
from policy_rules.packs.model import Definition, External, Population, Rule
from policy_rules.verdict import Interval

Distance = Callable[[Env], float]

FAR: Final = 1.0
#: What can be reached by no change of the record: a rule outside its dates, say.
NEVER: Final = 50.0


class Distances:
    """Distances under one interpreter."""

    def __init__(self, at: Interpreter) -> None:
        self.at = at
        self._named: dict[tuple[str, str, bool], Distance] = {}

    def rule(self, rule: Rule, want: bool) -> Distance:
        """Of a rule's whole verdict; a NO is wanted inside the population the rule speaks of."""
        owner = f"rule {rule.id}"
        applies = self.of(owner, rule.applies_to, True)
        when = self.of(owner, rule.when, want)
        stops = [self.named("rule", name, not want) for name in rule.excluded_by]
        if rule.unless is not None:
            stops.append(self.of(owner, rule.unless, not want))
        period = rule.in_force
        together = _sum([when, *stops]) if want else _least([when, *stops])

        def distance(env: Env) -> float:
            force = 0.0 if period.holds(env[AS_OF]) else NEVER
            return force + applies(env) + together(env)

        return distance

    def outside(self, rule: Rule) -> Distance:
        """Of a subject outside the population of a rule in force."""
        applies, period = self.of(f"rule {rule.id}", rule.applies_to, False), rule.in_force
        return lambda env: applies(env) + (0.0 if period.holds(env[AS_OF]) else NEVER)

    def of(self, owner: str, node: Node | None, want: bool) -> Distance:
        """Of a condition of ``owner`` (``rule x``) from being certainly true, or certainly false."""
        match node:
            case None:
                return _constant(0.0 if want else NEVER)
            case Leaf(body=body):
                return self.of(owner, body, want)
            case Not(item=item):
                return self.of(owner, item, not want)
            case And(items=items) | Or(items=items):
                parts = [self.of(owner, item, want) for item in items]
                return _sum(parts) if isinstance(node, And) is want else _least(parts)
            case Named():
                return self._of_named(owner, node, want)
            case Fold(kind="any" | "all"):
                return self._fold(owner, node, want)
            case Compare(left=left, right=right):
                return self._compare(owner, node, left, right, want)
            case _:
                return _told(self.at.expression(owner, node), want)

    def _compare(self, owner: str, node: Compare, left: Node, right: Node, want: bool) -> Distance:
        whole = self.at.expression(owner, node)
        sides = self.at.expression(owner, left), self.at.expression(owner, right)
        helps = [
            self._rows(owner, side)
            for side in (left, right)
            if isinstance(side, Fold) and side.where is not None
        ]

        def distance(env: Env) -> float:
            truth = whole(env)
            if truth is want:
                return 0.0
            a, b = (side(env) for side in sides)
            if type(a) is Interval or type(b) is Interval or a is None or b is None:
                return FAR
            more = min((help_(env) for help_ in helps), default=0.0)
            return 0.1 + 0.4 * _gap(a, b) + 0.4 * more / (1 + more)

        return distance

    def _rows(self, owner: str, fold: Fold) -> Distance:
        """How far the row of a counted list is that nearly meets its filter."""
        source, slot = self.at.expression(owner, fold.source), self.at.loop(fold.var, owner)
        where = self.of(owner, fold.where, True)

        def distance(env: Env) -> float:
            items: Items = source(env)
            gaps = []
            for row in items.rows:
                env[slot] = row
                gaps.append(where(env))
            return min((gap for gap in gaps if gap > 0), default=FAR)

        return distance

    def _fold(self, owner: str, node: Fold, want: bool) -> Distance:
        source, slot = self.at.expression(owner, node.source), self.at.loop(node.var, owner)
        holds = (node.kind == "any") is want  # one row settles it, or every row must go along
        body = self.of(owner, node.body, want)
        chosen = self.of(owner, node.where, True)
        left_out = self.of(owner, node.where, False)

        def distance(env: Env) -> float:
            items: Items = source(env)
            gaps: list[float] = []
            for row in items.rows:
                env[slot] = row
                to = body(env)
                env[slot] = row
                gaps.append(to + chosen(env) if holds else min(to, left_out(env)))
            if holds:
                return min(gaps, default=2 * FAR)
            return sum(gaps) + (0.0 if items.complete else FAR)

        return distance

    def _of_named(self, owner: str, node: Named, want: bool) -> Distance:
        inner = self.named(node.kind, node.name, want)
        if node.base.name in self.at.pack.vocabulary.records:
            return inner  # the subject at hand, no variable of a fold
        base, home = self.at.expression(owner, node.base), self._home(node)

        def distance(env: Env) -> float:
            outer, env[home] = env[home], base(env)
            try:
                return inner(env)
            finally:
                env[home] = outer

        return distance

    def named(self, kind: str, name: str, want: bool) -> Distance:
        """Of a population, definition, rule or external condition, for the subject at hand."""
        key = (kind, name, want)
        if key not in self._named:
            # what names itself on the way (it cannot, but for excluders) is told as a whole
            self._named[key] = _told(self.at.named(kind, name), want)
            pack = self.at.pack
            if kind == "population":
                made = self.of(f"population {name}", pack.populations[name].when, want)
            elif kind == "rule":
                rule = pack.rules[name]
                made = self.rule(rule, want)
                made = made if want else _least([made, self.outside(rule)])
            elif kind == "defined":
                made = self.of(f"defined {name}", pack.definitions[name].value, want)
            else:
                made = self._named[key]
            self._named[key] = made
        return self._named[key]

    def _home(self, node: Named) -> int:
        """Where the subject that a named condition is about stands."""
        pack = self.at.pack
        things: dict[str, Mapping[str, Population | Rule | Definition | External]] = {
            "population": pack.populations,
            "rule": pack.rules,
            "defined": pack.definitions,
            "external": pack.externals,
        }
        return MEMBER if things[node.kind][node.name].subject == "member" else TOP


def _told(fn: Fn, want: bool) -> Distance:
    return lambda env: 0.0 if fn(env) is want else FAR


def _constant(value: float) -> Distance:
    return lambda env: value


def _sum(parts: list[Distance]) -> Distance:
    return parts[0] if len(parts) == 1 else lambda env: sum(part(env) for part in parts)


def _least(parts: list[Distance]) -> Distance:
    return parts[0] if len(parts) == 1 else lambda env: min(part(env) for part in parts)


def _gap(a: Any, b: Any) -> float:
    """How far two known values lie apart, from 0 to 1."""
    if isinstance(a, date) and isinstance(b, date):
        apart = abs((a - b).days) / 30
    elif isinstance(a, str | frozenset | Row | bool) or isinstance(b, str | frozenset | Row | bool):
        return 1.0
    else:
        apart = float(abs(a - b)) / (1 + float(min(abs(a), abs(b))) / 10)
    return apart / (1 + apart)
