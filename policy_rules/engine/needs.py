"""Which facts would decide an open finding.

``missing`` is the facts at UNKNOWN leaves that stand under no decided connective, in rule order. Each
node becomes a function that notes what is missing below it, as the reference interpreter makes each
node a function of its value; :data:`ASKING` maps node classes to the functions that build them.
"""

from __future__ import annotations

import threading
from typing import Any, Final

from policy_rules.engine import asking
from policy_rules.engine.asking import ASKING, Ask, Needs
from policy_rules.engine.building import TOP, Env, Fn
from policy_rules.engine.finding import FactNeed
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import (
    Fact,
    Fold,
    Leaf,
    LongestRun,
    Named,
    Node,
    Not,
    Param,
    Var,
    children,
)
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import AmountSpec, Rule

#: Needs kept for use again; they repeat from record to record.
CACHE: Final = 20_000


class Asker:
    """Finds missing facts for the rules of one interpreter. Safe to share between threads."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.at = interpreter
        self.pack = interpreter.pack
        self._rules: dict[str, Ask] = {}
        self.bodies: dict[tuple[str, str], Ask] = {}
        self._amounts: dict[str, Ask] = {}
        self._met: dict[str, Ask] = {}
        self._needs: dict[tuple[int, str, Any], FactNeed] = {}
        self.owner = ""
        self.lock = threading.RLock()

    # -- what the engine asks ---------------------------------------------------------------

    def missing(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what an open verdict of a rule needs."""
        self.rule(rule)(env, found)

    def missing_met(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what would tell whether a duty is met."""
        if rule.id not in self._met:
            with self.lock:
                self._met[rule.id] = self.open(f"rule {rule.id}", rule.met_when)
        self._met[rule.id](env, found)

    def missing_amount(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what would make a range of amounts a single one."""
        if rule.id not in self._amounts and rule.amount is not None:
            with self.lock:
                self._amounts[rule.id] = self._amount(f"rule {rule.id}", rule.amount)
        self._amounts[rule.id](env, found)

    # -- building ---------------------------------------------------------------------------

    def rule(self, rule: Rule) -> Ask:
        """The function of a rule whose verdict is open."""
        if rule.id not in self._rules:
            with self.lock:
                self._rules[rule.id] = self._rule(rule)
        return self._rules[rule.id]

    def _rule(self, rule: Rule) -> Ask:
        owner = f"rule {rule.id}"
        parts = [self.open(owner, n) for n in (rule.applies_to, rule.when, rule.unless) if n]
        higher = [
            (self.at.cached("rule", name, TOP, None), self.pack.rules[name])
            for name in rule.excluded_by
        ]

        def ask(env: Env, found: Needs) -> None:
            for part in parts:
                part(env, found)
            for truth, excluder in higher:
                if truth(env) is None:
                    self.rule(excluder)(env, found)

        return ask

    def _amount(self, owner: str, spec: AmountSpec) -> Ask:
        tiers: list[tuple[Fn | None, list[Ask]]] = []
        for tier in spec.tiers:
            asks = [self.open(owner, tier.when)] if tier.when is not None else []
            for node in dict.fromkeys((tier.low, tier.high)):
                if node is not None:
                    asks.append(self.value(owner, node))
            tiers.append((self.at.expression(owner, tier.when) if tier.when else None, asks))

        def ask(env: Env, found: Needs) -> None:
            for when, asks in tiers:
                truth = True if when is None else when(env)
                if truth is False:
                    continue
                for part in asks:
                    part(env, found)
                if truth is True:
                    return

        return ask

    def open(self, owner: str, node: Node | None) -> Ask:
        """The function of a condition: it asks nothing where the condition is decided."""
        if node is None:
            return asking.nothing
        outer, self.owner = self.owner, owner
        try:
            return self.condition(node)
        finally:
            self.owner = outer

    def value(self, owner: str, node: Node) -> Ask:
        """The function of a value: every unknown fact below it, in source order."""
        outer, self.owner = self.owner, owner
        try:
            return self.facts(node)
        finally:
            self.owner = outer

    def condition(self, node: Node) -> Ask:
        """As :meth:`open`, for a part of the expression being built."""
        if isinstance(node, Leaf):
            return self.condition(node.body)
        if isinstance(node, Not):
            return self.condition(node.item)  # open where its item is
        if isinstance(node, Fact):
            return asking.fact(self, node)
        truth = self.at.expression(self.owner, node)
        below = ASKING[type(node)](self, node) if type(node) in ASKING else self.facts(node)

        def ask(env: Env, found: Needs) -> None:
            if truth(env) is None:
                below(env, found)

        return ask

    def facts(self, node: Node) -> Ask:
        """As :meth:`value`, for a part of the expression being built."""
        match node:
            case Fact():
                return asking.fact(self, node)
            case Fold() | LongestRun():
                return asking.fold(self, node)
            case Named():
                return asking.named_value(self, node)
            case Param():
                return asking.param(self, node)
        parts = [self.facts(c) for c in children(node) if not isinstance(c, Var)]
        if not parts:
            return asking.nothing
        if len(parts) == 1:
            return parts[0]

        def ask(env: Env, found: Needs) -> None:
            for part in parts:
                part(env, found)

        return ask

    # -- needs ------------------------------------------------------------------------------

    def need(self, spec: FactSpec, subject: str, year: Any = None) -> FactNeed:
        """The need of one fact; the same one each time."""
        key = (id(spec), subject, year)
        found = self._needs.get(key)
        if found is None:
            if len(self._needs) >= CACHE:
                self._needs.clear()
            of_year = "" if year is None else f"({year})"
            name = f"{spec.record}.{spec.path}{of_year}"
            found = self._needs[key] = FactNeed(
                "fact", name, subject, spec.label, spec.kind, spec.question, spec.ask
            )
        return found
