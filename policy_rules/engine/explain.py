"""Why a finding came out as it did, line by line.

Explaining never changes an answer: it asks the same functions again, node by node. What is missing
is found by :mod:`policy_rules.engine.needs`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.asking import row_node
from policy_rules.engine.building import TOP, Env, Fn
from policy_rules.engine.finding import Because, figure
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
from policy_rules.facts.record import Items, Row
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import Rule
from policy_rules.text import Text
from policy_rules.verdict import Interval, Truth, Verdict, is_known


@attrs.frozen
class _At:
    """Where an explanation stands: the environment, the owner of its loop variables."""

    env: Env
    owner: str


class Explainer:
    """Explains the rules of one interpreter."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.pack = interpreter.pack
        self._labels = PackLabels(self.pack)
        self._functions: dict[tuple[str, Node], Fn] = {}
        self._told: dict[Leaf, Text] = {}
        self._building = threading.Lock()

    def value(self, at: _At, node: Node) -> Any:
        """The value of a node where the explanation stands."""
        return self.function(at.owner, node)(at.env)

    def function(self, owner: str, node: Node) -> Fn:
        """The function of a node. Built before an environment is made, which must have room for it."""
        fn = self._functions.get((owner, node))
        if fn is None:
            with self._building:
                fn = self._functions[owner, node] = self.interpreter.expression(owner, node)
        return fn

    def line(self, owner: str, leaf: Leaf, env: Env) -> Truth:
        """What one line says."""
        truth: Truth = self.value(_At(env, owner), leaf)
        return truth

    # -- because ----------------------------------------------------------------------------

    def because(self, rule: Rule, env: Env) -> tuple[Because, ...]:
        """Every line of the rule with its verdict and the values seen.

        A line that names a population, definition or rule is followed by the lines of that, once.
        """
        lines: list[Because] = []
        told: set[tuple[str, str]] = set()
        for _, node in rule.conditions():
            lines += self._lines(_At(env, f"rule {rule.id}"), node, 0, told)
        for name in rule.excluded_by:
            truth = self.interpreter.cached("rule", name, TOP, None)(env)
            higher = self.pack.rules[name].label
            text = Text(
                f"未被排序在前的“{higher.zh}”排除",
                f"not excluded by the higher-ranked “{higher.en}”",
            )
            turned = None if truth is None else not truth
            lines.append(Because(f"excluded_by.{name}", name, text, Verdict.of(turned), {}))
        return tuple(lines)

    def _prose(self, leaf: Leaf) -> Text:
        if leaf not in self._told:
            self._told[leaf] = prose(leaf.body, self._labels)
        return self._told[leaf]

    def _lines(
        self, at: _At, node: Node, depth: int, told: set[tuple[str, str]]
    ) -> Iterator[Because]:
        whole: Truth = self.value(at, node)
        for leaf in leaves(node):
            truth: Truth = self.value(at, leaf)
            yield Because(
                leaf.path if depth == 0 else f"{at.owner}: {leaf.path}",
                leaf.text,
                self._prose(leaf),
                Verdict.of(truth),
                dict(self._seen(at, leaf.body)),
                self._margin(at, leaf.body),
                decides(node, leaf, truth, whole),
                depth,
            )
            for part in walk(leaf.body):
                if isinstance(part, Named) and (part.kind, part.name) not in told:
                    yield from self._below(at, part, depth + 1, told)

    def _below(
        self, at: _At, named: Named, depth: int, told: set[tuple[str, str]]
    ) -> Iterator[Because]:
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
        inner = _At(at.env, f"{named.kind} {named.name}")
        if isinstance(thing, Rule):
            nodes = [n for n in (thing.applies_to, thing.when, thing.unless) if n is not None]
        else:
            nodes = [thing.when if named.kind == "population" else thing.value]
        for node in nodes:
            yield from self._lines(inner, node, depth, told)

    def _year(self, at: _At, node: Fact) -> str:
        if not isinstance(node.base, YearItem):
            return ""
        value = self.value(at, node.base.year)
        return f"({value})" if is_known(value) else ""

    def _subject(self, at: _At, node: Fact) -> str:
        if isinstance(node.base, Var) and node.base.name in ("members", "others"):
            return ""
        row = self.value(at, row_node(node.base))
        return row.id if isinstance(row, Row) and row is not at.env[TOP] else ""

    def _seen(self, at: _At, node: Node) -> Iterator[tuple[str, str]]:
        match node:
            case Fact() if not isinstance(node.type, RecordType | ByYearType):
                spec = self.pack.vocabulary.of(node.field)
                subject = self._subject(at, node)
                name = f"{node.field.record}.{spec.path}{self._year(at, node)}"
                yield (f"{name}@{subject}" if subject else name), shown_value(self.value(at, node))
            case Param():
                yield f"param.{node.name}", shown_value(self.value(at, node))
            case Named():
                name = f"{node.kind}.{node.name}"
                yield name, shown_value(self.value(at, node))
            case Fold() | LongestRun():
                yield (
                    f"{getattr(node, 'kind', 'longest_run')}(…)",
                    shown_value(self.value(at, node)),
                )
            case _:
                for child in children(node):
                    if not isinstance(child, Var):
                        yield from self._seen(at, child)

    def _margin(self, at: _At, node: Node) -> str | None:
        if not isinstance(node, Compare) or not isinstance(node.left.type, NumberType):
            return None
        left, right = self.value(at, node.left), self.value(at, node.right)
        if not (is_known(left) and is_known(right)):
            return None
        return figure(left - right)


def decides(node: Node, leaf: Leaf, truth: Truth, whole: Truth) -> bool:
    """Whether a line took part in deciding its condition: it stands under no connective that is
    decided by others and its verdict pushes the whole the way it went."""
    if truth is None or whole is None:
        return False
    negated = _negated(node, leaf)
    return (not truth if negated else truth) is whole


def _negated(node: Node, leaf: Leaf) -> bool:
    if isinstance(node, Not):
        return not _negated(node.item, leaf)
    for child in children(node):
        if leaf is child or any(leaf is other for other in leaves(child)):
            return _negated(child, leaf) if child is not leaf else False
    return False


def shown_value(value: Any) -> str:
    """A value as an explanation shows it."""
    match value:
        case None:
            return "?"
        case bool():
            return "YES" if value else "NO"
        case Interval():
            return f"{shown_value(value.lo)} … {shown_value(value.hi)}"
        case int() | Fraction() | float():
            return figure(value)
        case date():
            return str(value)
        case frozenset():
            return ", ".join(sorted(value)) or "∅"
        case Items():
            return f"[{len(value.rows)}{'' if value.complete else '+?'}]"
        case _:
            return str(value)
