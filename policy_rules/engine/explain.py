"""Why a finding came out as it did, line by line.

Explaining never changes an answer: it asks the same functions again, node by node. What is missing
is found by :mod:`policy_rules.engine.needs`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from policy_rules.engine.asking import row_node
from policy_rules.engine.building import TOP, Env, Fn
from policy_rules.engine.finding import Because
from policy_rules.engine.lines import Line, Part, Seen, Told, pushes
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import (
    Compare,
    Fact,
    Fold,
    Leaf,
    LongestRun,
    Named,
    Node,
    Not,
    Param,
    Var,
    YearItem,
    children,
    leaves,
    walk,
)
from policy_rules.expr.prose import prose
from policy_rules.expr.types import BoolType, ByYearType, NumberType, RecordType
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import Rule
from policy_rules.text import Text
from policy_rules.verdict import Truth, negation


class Explainer:
    """Explains the rules of one interpreter."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.pack = interpreter.pack
        self._labels = PackLabels(self.pack)
        self._functions: dict[tuple[str, Node], Fn] = {}
        self._told: dict[Leaf, Text] = {}
        #: the lines of each rule, with how deep they stand
        self._plans: dict[str, tuple[Told, ...]] = {}
        self._told_at: dict[tuple[Line, int], Told] = {}
        self._ready: dict[tuple[str, int, int], Line] = {}
        self._building = threading.Lock()

    def function(self, owner: str, node: Node) -> Fn:
        """The function of a node. Built before an environment is made, which must have room for it."""
        fn = self._functions.get((owner, node))
        if fn is None:
            with self._building:
                fn = self._functions[owner, node] = self.interpreter.expression(owner, node)
        return fn

    def line(self, owner: str, leaf: Leaf, env: Env) -> Truth:
        """What one line says."""
        truth: Truth = self.function(owner, leaf)(env)
        return truth

    # -- because ----------------------------------------------------------------------------

    def because(self, rule: Rule, seen: Seen) -> tuple[Because, ...]:
        """Every line of the rule, as it is seen of a subject.

        A line that names a population, definition or rule is followed by the lines of that, once.
        """
        plan = self._plans.get(rule.id)
        if plan is None:
            plan = self._plans[rule.id] = tuple(
                self._told_at.setdefault((line, depth), Told(line, depth))
                for line, depth in self._plan(rule)
            )
        return seen.lines(plan)

    def _plan(self, rule: Rule) -> Iterator[tuple[Line, int]]:
        told: set[tuple[str, str]] = set()
        owner = f"rule {rule.id}"
        for _, node in rule.conditions():
            yield from self._lines(owner, node, 0, told)
        for name in rule.excluded_by:
            yield self._excluder(name), 0

    def _excluder(self, name: str) -> Line:
        asked = self.interpreter.cached("rule", name, TOP, None)
        higher = self.pack.rules[name].label
        text = Text(
            f"未被排序在前的“{higher.zh}”排除",
            f"not excluded by the higher-ranked “{higher.en}”",
        )
        return Line(f"excluded_by.{name}", "", name, text, lambda env: negation(asked(env)))

    def _prose(self, leaf: Leaf) -> Text:
        if leaf not in self._told:
            self._told[leaf] = prose(leaf.body, self._labels)
        return self._told[leaf]

    def _lines(
        self, owner: str, node: Node, depth: int, told: set[tuple[str, str]]
    ) -> Iterator[tuple[Line, int]]:
        for leaf in leaves(node):
            yield self._line(owner, node, leaf), depth
            for part in walk(leaf.body):
                if isinstance(part, Named) and (part.kind, part.name) not in told:
                    yield from self._below(part, depth + 1, told)

    def _line(self, owner: str, node: Node, leaf: Leaf) -> Line:
        """A line of a condition of an owner: the same one wherever it is told."""
        key = (owner, id(node), id(leaf))
        found = self._ready.get(key)
        if found is None:
            sides = None
            if isinstance(leaf.body, Compare) and isinstance(leaf.body.left.type, NumberType):
                left, right = leaf.body.left, leaf.body.right
                sides = (self.function(owner, left), self.function(owner, right))
            found = self._ready[key] = Line(
                leaf.path,
                f"{owner}: {leaf.path}",
                leaf.text,
                self._prose(leaf),
                self.function(owner, leaf),
                self.function(owner, node),
                _negated(node, leaf),
                tuple(self._parts(owner, leaf.body)),
                sides,
            )
        return found

    def _below(
        self, named: Named, depth: int, told: set[tuple[str, str]]
    ) -> Iterator[tuple[Line, int]]:
        """The lines of what a line names, where it is told of the same subject (or its household)."""
        pack = self.pack
        tables = {"population": pack.populations, "defined": pack.definitions, "rule": pack.rules}
        thing: Any = tables.get(named.kind, {}).get(named.name)
        if (
            thing is None
            or named.base.name != thing.subject
            or not isinstance(named.type, BoolType)
        ):
            return
        told.add((named.kind, named.name))
        if isinstance(thing, Rule):
            nodes = [n for n in (thing.applies_to, thing.when, thing.unless) if n is not None]
        else:
            nodes = [thing.when if named.kind == "population" else thing.value]
        for node in nodes:
            yield from self._lines(f"{named.kind} {named.name}", node, depth, told)

    def _parts(self, owner: str, node: Node) -> Iterator[Part]:
        """The values a line sees."""
        match node:
            case Fact() if not isinstance(node.type, RecordType | ByYearType):
                spec = self.pack.vocabulary.of(node.field)
                base, year, row = node.base, None, None
                if isinstance(base, YearItem):
                    year = self.function(owner, base.year)
                if not (isinstance(base, Var) and base.name in ("members", "others", "household")):
                    row = self.function(owner, row_node(base))
                name = f"{node.field.record}.{spec.path}"
                yield Part(name, self.function(owner, node), True, year, row)
            case Param():
                yield Part(f"param.{node.name}", self.function(owner, node))
            case Named():
                yield Part(f"{node.kind}.{node.name}", self.function(owner, node), True)
            case Fold() | LongestRun():
                name = f"{getattr(node, 'kind', 'longest_run')}(…)"
                yield Part(name, self.function(owner, node))
            case _:
                for child in children(node):
                    if not isinstance(child, Var):
                        yield from self._parts(owner, child)


def decides(node: Node, leaf: Leaf, truth: Truth, whole: Truth) -> bool:
    """Whether a line took part in deciding its condition: it stands under no connective that is
    decided by others and its verdict pushes the whole the way it went."""
    return pushes(truth, _negated(node, leaf), whole)


def _negated(node: Node, leaf: Leaf) -> bool:
    if isinstance(node, Not):
        return not _negated(node.item, leaf)
    for child in children(node):
        if leaf is child or any(leaf is other for other in leaves(child)):
            return _negated(child, leaf) if child is not leaf else False
    return False
