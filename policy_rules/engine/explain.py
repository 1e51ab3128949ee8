"""Why a finding came out as it did, and which facts would decide it.

Explaining never changes an answer: it asks the same functions again, node by node.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.determination import Because, FactNeed, figure
from policy_rules.engine.reference import MEMBER, THIS, TOP, Env, Fn, Interpreter
from policy_rules.expr.nodes import (
    And,
    Compare,
    Fact,
    Fold,
    Leaf,
    LongestRun,
    Named,
    Node,
    Not,
    Or,
    Param,
    Var,
    children,
    leaves,
)
from policy_rules.expr.prose import prose
from policy_rules.expr.types import BoolType, ByYearType, DateType, ListType, NumberType, RecordType
from policy_rules.facts.record import Items, Row
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import AmountSpec, Rule
from policy_rules.text import EMPTY, Text
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
        self._building = threading.Lock()

    def value(self, at: _At, node: Node) -> Any:
        """The value of a node where the explanation stands."""
        key = (at.owner, node)
        fn = self._functions.get(key)
        if fn is None:
            with self._building:
                fn = self._functions[key] = self.interpreter.expression(at.owner, node)
        return fn(at.env)

    def line(self, owner: str, leaf: Leaf, env: Env) -> Truth:
        """What one line says."""
        truth: Truth = self.value(_At(env, owner), leaf)
        return truth

    # -- missing ----------------------------------------------------------------------------

    def missing(self, rule: Rule, env: Env) -> tuple[FactNeed, ...]:
        """Facts at UNKNOWN leaves that stand under no decided connective, in rule order."""
        return tuple(dict.fromkeys(self._rule(rule, env)))

    def missing_met(self, rule: Rule, env: Env) -> tuple[FactNeed, ...]:
        """What would tell whether a duty is met."""
        if rule.met_when is None:
            return ()
        return tuple(dict.fromkeys(self._open(_At(env, f"rule {rule.id}"), rule.met_when)))

    def missing_amount(self, spec: AmountSpec, owner: str, env: Env) -> tuple[FactNeed, ...]:
        """What would make a range of amounts a single one."""
        at = _At(env, owner)
        found: list[FactNeed] = []
        for tier in spec.tiers:
            truth = True if tier.when is None else self.value(at, tier.when)
            if truth is False:
                continue
            if truth is None and tier.when is not None:
                found += self._open(at, tier.when)
            for node in dict.fromkeys((tier.low, tier.high)):
                if node is not None and not is_known(self.value(at, node)):
                    found += self._facts(at, node)
            if truth is True:
                break
        return tuple(dict.fromkeys(found))

    def _rule(self, rule: Rule, env: Env) -> Iterator[FactNeed]:
        at = _At(env, f"rule {rule.id}")
        for node in (rule.applies_to, rule.when, rule.unless):
            if node is not None and self.value(at, node) is None:
                yield from self._open(at, node)
        for name in rule.excluded_by:
            higher = self.pack.rules[name]
            if self.interpreter.cached("rule", name, TOP, None)(env) is None:
                yield from self._rule(higher, env)

    def _open(self, at: _At, node: Node) -> Iterator[FactNeed]:
        """Needs below a node whose value is unknown."""
        if self.value(at, node) is not None and isinstance(node.type, BoolType):
            return
        match node:
            case And() | Or() | Not() | Leaf():
                for child in children(node):
                    yield from self._open(at, child)
            case Fold() if isinstance(node.type, BoolType):
                yield from self._fold(at, node)
            case Named():
                yield from self._named(at, node)
            case _:
                yield from self._facts(at, node)

    def _facts(self, at: _At, node: Node) -> Iterator[FactNeed]:
        """Every unknown fact below a value, in source order."""
        match node:
            case Fact():
                yield from self._fact(at, node)
            case Fold() | LongestRun():
                yield from self._fold(at, node)
            case Named():
                if self.value(at, node) is None or not is_known(self.value(at, node)):
                    yield from self._named(at, node)
            case Param():
                if not is_known(self.value(at, node)):
                    parameter = self.pack.parameters[node.name]
                    yield FactNeed(
                        "parameter",
                        f"param.{node.name}",
                        "",
                        parameter.label,
                        "number",
                        parameter.question or parameter.label,
                        "authority",
                    )
            case _:
                for child in children(node):
                    if not isinstance(child, Var):
                        yield from self._facts(at, child)

    def _fact(self, at: _At, node: Fact) -> Iterator[FactNeed]:
        value = self.value(at, node)
        if isinstance(node.type, RecordType | ByYearType):
            return
        if isinstance(node.type, ListType):
            if value.complete:
                return
        elif is_known(value):
            return
        spec = self.pack.vocabulary.of(node.field)
        if node.field.derived and isinstance(node.type, NumberType | DateType | BoolType):
            # ask for what it is derived from where part of that is known, else for the thing itself
            below = tuple(self._derivation(at, node))
            if below and any(self._partly(at, node)):
                yield from below
                return
        yield FactNeed(
            "fact",
            f"{node.field.record}.{spec.path}{self._year(at, node)}",
            self._subject(at, node),
            spec.label,
            spec.kind,
            spec.question,
            spec.ask,
        )

    def _derivation(self, at: _At, node: Fact) -> Iterator[FactNeed]:
        with _this(at.env, self.value(at, node.base)):
            for part in self._derived_facts(at, node):
                if not is_known(self._derived_value(part, node, at.env)):
                    spec = self.pack.vocabulary.of(part.field)
                    top = part.field.record != node.field.record
                    yield FactNeed(
                        "fact",
                        f"{part.field.record}.{spec.path}" + ("" if top else self._year(at, node)),
                        "" if top else self._subject(at, node),
                        spec.label,
                        spec.kind,
                        spec.question,
                        spec.ask,
                    )

    def _partly(self, at: _At, node: Fact) -> Iterator[bool]:
        with _this(at.env, self.value(at, node.base)):
            for part in self._derived_facts(at, node):
                yield is_known(self._derived_value(part, node, at.env))

    def _derived_facts(self, at: _At, node: Fact) -> list[Fact]:
        """The recorded facts a derived one rests on, through further derivations of the same record."""
        found: list[Fact] = []
        todo: list[Node] = [self.pack.vocabulary.derived[node.field]]
        while todo:
            part = todo.pop(0)
            if isinstance(part, Fact) and not isinstance(part.type, RecordType):
                if part.field.derived and part.field.record == node.field.record:
                    todo.append(self.pack.vocabulary.derived[part.field])
                found.append(part)
            else:
                todo += [c for c in children(part) if not isinstance(c, Var)]
        return [f for f in found if not f.field.derived] or found

    def _derived_value(self, part: Fact, of: Fact, env: Env) -> Any:
        row: Row = env[THIS] if part.field.record == of.field.record else env[TOP]
        return row.get(part.field.path)

    def _year(self, at: _At, node: Fact) -> str:
        base = node.base
        year = getattr(base, "year", None)
        if year is None:
            return ""
        value = self.value(at, year)
        return f"({value})" if is_known(value) else ""

    def _subject(self, at: _At, node: Fact) -> str:
        base: Node = node.base
        while True:
            if isinstance(base, Var):
                if base.name in ("members", "others"):
                    return ""
                row = self.value(at, base)
                return "" if not isinstance(row, Row) or row is at.env[TOP] else row.id
            inner = getattr(base, "base", None)
            if inner is None:
                return ""
            base = inner

    def _fold(self, at: _At, node: Fold | LongestRun) -> Iterator[FactNeed]:
        items: Items = self.value(at, node.source)
        if not items.complete:
            yield from self._list(at, node.source)
        slot = self.interpreter.loop(node.var, at.owner)
        body = node.body if isinstance(node, Fold) else None
        for row in items.rows:
            at.env[slot] = row
            chosen = True if node.where is None else self.value(at, node.where)
            at.env[slot] = row
            if chosen is False:
                continue
            if isinstance(node, LongestRun):
                yield from self._spell(row, node)
            if body is not None and isinstance(body.type, BoolType):
                if self.value(at, body) is None:
                    yield from self._again(at, slot, row, body)
            elif body is not None:
                yield from self._facts(at, body)
            if chosen is None and node.where is not None:
                yield from self._again(at, slot, row, node.where)

    def _again(self, at: _At, slot: int, row: Row, node: Node) -> Iterator[FactNeed]:
        at.env[slot] = row
        yield from self._open(at, node)
        at.env[slot] = row

    def _spell(self, row: Row, node: LongestRun) -> Iterator[FactNeed]:
        record = node.var.type.name if isinstance(node.var.type, RecordType) else ""
        for path in ("from", "to"):
            if row.get(path) is None:
                spec = self.pack.vocabulary.fact(record, path)
                yield FactNeed(
                    "fact",
                    f"{record}.{path}",
                    row.id,
                    spec.label,
                    spec.kind,
                    spec.question,
                    spec.ask,
                )

    def _list(self, at: _At, source: Node) -> Iterator[FactNeed]:
        if isinstance(source, Fact):
            yield from self._fact(at, source)
        else:
            spec = self.pack.vocabulary.fact("household", "members")
            yield FactNeed(
                "fact", "household.members", "", spec.label, spec.kind, spec.question, spec.ask
            )

    def _named(self, at: _At, node: Named) -> Iterator[FactNeed]:
        row = self.value(at, node.base)
        if node.kind == "external":
            external = self.pack.externals[node.name]
            subject = row.id if external.subject == "member" else ""
            yield FactNeed(
                "external",
                f"external.{node.name}",
                subject,
                external.label,
                "bool",
                external.question,
                "authority",
            )
            return
        table = {"population": self.pack.populations, "defined": self.pack.definitions}
        home = MEMBER if self._home(node) == "member" else TOP
        outer = at.env[home]
        at.env[home] = row
        try:
            if node.kind == "rule":
                rule = self.pack.rules[node.name]
                if not rule.in_force.holds(at.env[0]):
                    yield FactNeed(
                        "rule_not_in_force", f"rule.{rule.id}", "", rule.label, "bool", EMPTY, ""
                    )
                else:
                    yield from self._rule(rule, at.env)
                return
            thing = table[node.kind][node.name]
            body = getattr(thing, "when", None) or getattr(thing, "value", None)
            inner = _At(at.env, f"{node.kind} {node.name}")
            if isinstance(node.type, BoolType):
                yield from self._open(inner, body)  # type: ignore[arg-type]
            else:
                yield from self._facts(inner, body)  # type: ignore[arg-type]
        finally:
            at.env[home] = outer

    def _home(self, node: Named) -> str:
        section = {
            "population": self.pack.populations,
            "defined": self.pack.definitions,
            "rule": self.pack.rules,
            "external": self.pack.externals,
        }[node.kind]
        return str(section[node.name].subject)  # type: ignore[attr-defined]

    # -- because ----------------------------------------------------------------------------

    def because(self, rule: Rule, env: Env) -> tuple[Because, ...]:
        """Every line of the rule with its verdict and the values seen."""
        lines: list[Because] = []
        at = _At(env, f"rule {rule.id}")
        for _, node in rule.conditions():
            whole: Truth = self.value(at, node)
            for leaf in leaves(node):
                truth: Truth = self.value(at, leaf)
                lines.append(
                    Because(
                        leaf.path,
                        leaf.text,
                        prose(leaf.body, self._labels),
                        Verdict.of(truth),
                        dict(self._seen(at, leaf.body)),
                        self._margin(at, leaf.body),
                        decides(node, leaf, truth, whole),
                    )
                )
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


class _this:
    """A derived fact's record in place while its parts are looked at."""

    def __init__(self, env: Env, row: Any) -> None:
        self.env, self.row = env, row

    def __enter__(self) -> None:
        self.outer = self.env[THIS]
        self.env[THIS] = self.row

    def __exit__(self, *_: object) -> None:
        self.env[THIS] = self.outer


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
