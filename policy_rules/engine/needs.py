"""Which facts would decide an open finding.

``missing`` is the facts at UNKNOWN leaves that stand under no decided connective, in rule order. Each
node becomes a function that notes what is missing below it, as the reference interpreter makes each
node a function of its value; :data:`ASKING` maps node classes to the functions that build them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from policy_rules.engine.building import AS_OF, MEMBER, MEMO, TOP, Env, Fn
from policy_rules.engine.determination import FactNeed
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import (
    And,
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
    YearItem,
    children,
)
from policy_rules.expr.types import BoolType, ByYearType, ListType, RecordType
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import Items, Row
from policy_rules.packs.model import AmountSpec, Rule
from policy_rules.text import EMPTY
from policy_rules.verdict import Interval

Needs = list[FactNeed]
Ask = Callable[[Env, Needs], None]

#: Needs kept for use again; they repeat from record to record.
CACHE: Final = 20_000


class Asker:
    """Finds missing facts for the rules of one interpreter. Safe to share between threads."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.at = interpreter
        self.pack = interpreter.pack
        self._rules: dict[str, Ask] = {}
        self._named: dict[tuple[str, str], Ask] = {}
        self._amounts: dict[str, Ask] = {}
        self._met: dict[str, Ask] = {}
        self._needs: dict[tuple[int, str, Any], FactNeed] = {}
        self._owner = ""
        self._lock = threading.RLock()

    # -- what the engine asks ---------------------------------------------------------------

    def missing(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what an open verdict of a rule needs."""
        self.rule(rule)(env, found)

    def missing_met(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what would tell whether a duty is met."""
        if rule.id not in self._met:
            with self._lock:
                self._met[rule.id] = self.open(f"rule {rule.id}", rule.met_when)
        self._met[rule.id](env, found)

    def missing_amount(self, rule: Rule, env: Env, found: Needs) -> None:
        """Note what would make a range of amounts a single one."""
        if rule.id not in self._amounts and rule.amount is not None:
            with self._lock:
                self._amounts[rule.id] = self._amount(f"rule {rule.id}", rule.amount)
        self._amounts[rule.id](env, found)

    # -- building ---------------------------------------------------------------------------

    def rule(self, rule: Rule) -> Ask:
        """The function of a rule whose verdict is open."""
        if rule.id not in self._rules:
            with self._lock:
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
            return _nothing
        outer, self._owner = self._owner, owner
        try:
            return self.condition(node)
        finally:
            self._owner = outer

    def value(self, owner: str, node: Node) -> Ask:
        """The function of a value: every unknown fact below it, in source order."""
        outer, self._owner = self._owner, owner
        try:
            return self.facts(node)
        finally:
            self._owner = outer

    def condition(self, node: Node) -> Ask:
        """As :meth:`open`, for a part of the expression being built."""
        if isinstance(node, Leaf):
            return self.condition(node.body)
        if isinstance(node, Not):
            return self.condition(node.item)  # open where its item is
        if isinstance(node, Fact):
            return _fact(self, node)
        truth = self.at.expression(self._owner, node)
        below = ASKING[type(node)](self, node) if type(node) in ASKING else self.facts(node)

        def ask(env: Env, found: Needs) -> None:
            if truth(env) is None:
                below(env, found)

        return ask

    def facts(self, node: Node) -> Ask:
        """As :meth:`value`, for a part of the expression being built."""
        match node:
            case Fact():
                return _fact(self, node)
            case Fold() | LongestRun():
                return _fold(self, node)
            case Named():
                return _named_value(self, node)
            case Param():
                return _param(self, node)
        parts = [self.facts(c) for c in children(node) if not isinstance(c, Var)]
        if not parts:
            return _nothing
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


def _nothing(env: Env, found: Needs) -> None:
    return None


def _connective(asker: Asker, node: And | Or) -> Ask:
    parts = [asker.condition(child) for child in children(node)]

    def ask(env: Env, found: Needs) -> None:
        for part in parts:
            part(env, found)

    return ask


def _param(asker: Asker, node: Param) -> Ask:
    value = asker.at.expression(asker._owner, node)
    parameter = asker.pack.parameters[node.name]
    need = FactNeed(
        "parameter",
        f"param.{node.name}",
        "",
        parameter.label,
        "number",
        parameter.question or parameter.label,
        "authority",
    )

    def ask(env: Env, found: Needs) -> None:
        if type(value(env)) is Interval:
            found.append(need)

    return ask


def _fact(asker: Asker, node: Fact) -> Ask:
    if isinstance(node.type, RecordType | ByYearType):
        return _nothing
    value, row_of = (
        asker.at.expression(asker._owner, node),
        asker.at.expression(asker._owner, node.base),
    )
    owner_of = asker.at.expression(asker._owner, row_node(node.base))
    spec = asker.pack.vocabulary.of(node.field)
    is_list = isinstance(node.type, ListType)
    year = (
        asker.at.expression(asker._owner, node.base.year)
        if isinstance(node.base, YearItem)
        else None
    )
    parts = _derivation(asker, node) if node.field.derived else []

    def ask(env: Env, found: Needs) -> None:
        seen = value(env)
        if seen.complete if is_list else seen is not None and type(seen) is not Interval:
            return
        row: Row = row_of(env)
        owner: Row = owner_of(env)
        subject = "" if owner is env[TOP] else owner.id
        when = None if year is None else year(env)
        if type(when) is Interval:
            when = None
        if parts:
            # where part of what it is derived from is known, ask for the rest of that
            states = [(p, own, (row if own else env[TOP]).get(p.path)) for p, own in parts]
            if any(known is not None for _, _, known in states):
                for part, own, known in states:
                    if known is None:
                        found.append(
                            asker.need(part, subject if own else "", when if own else None)
                        )
                return
        found.append(asker.need(spec, subject, when))

    return ask


def row_node(base: Node) -> Node:
    """The row a fact is told of: of a year's record, the one whose year it is."""
    if isinstance(base, YearItem) and isinstance(base.base, Fact):
        return base.base.base
    return base


def _derivation(asker: Asker, node: Fact) -> list[tuple[FactSpec, bool]]:
    """The recorded facts a derived one rests on, and whether they stand in the same record."""
    derived = asker.pack.vocabulary.derived
    found: dict[FactSpec, bool] = {}
    todo: list[Node] = [derived[node.field]]
    while todo:
        part = todo.pop(0)
        if isinstance(part, Fact) and not isinstance(part.type, RecordType):
            own = part.field.record == node.field.record
            if part.field.derived and own:
                todo.append(derived[part.field])
            else:
                found[asker.pack.vocabulary.of(part.field)] = own
        else:
            todo += [c for c in children(part) if not isinstance(c, Var)]
    return list(found.items())


def _fold(asker: Asker, node: Fold | LongestRun) -> Ask:
    owner = asker._owner
    source = asker.at.expression(owner, node.source)
    slot = asker.at.loop(node.var, owner)
    where = None if node.where is None else asker.at.expression(owner, node.where)
    asks: list[Ask] = []
    body = node.body if isinstance(node, Fold) else None
    if body is not None:
        asks.append(asker.condition(body) if isinstance(body.type, BoolType) else asker.facts(body))
    if node.where is not None:
        asks.append(asker.condition(node.where))
    whole = _list(asker, node.source)
    edges = []
    if isinstance(node, LongestRun) and isinstance(node.var.type, RecordType):
        spell = node.var.type.name
        edges = [asker.pack.vocabulary.fact(spell, path) for path in ("from", "to")]

    def ask(env: Env, found: Needs) -> None:
        items: Items = source(env)
        if not items.complete:
            whole(env, found)
        for row in items.rows:
            env[slot] = row
            if where is not None and where(env) is False:
                continue
            for spec in edges:
                if row.get(spec.path) is None:
                    found.append(asker.need(spec, row.id))
            for part in asks:
                env[slot] = row
                part(env, found)

    return ask


def _list(asker: Asker, source: Node) -> Ask:
    if isinstance(source, Fact):
        return _fact(asker, source)
    spec = asker.pack.vocabulary.fact("household", "members")
    return lambda env, found: found.append(asker.need(spec, ""))


def _named_value(asker: Asker, node: Named) -> Ask:
    value = asker.at.expression(asker._owner, node)
    below = _named(asker, node)

    def ask(env: Env, found: Needs) -> None:
        seen = value(env)
        if seen is None or type(seen) is Interval:
            below(env, found)

    return ask


def _named(asker: Asker, node: Named) -> Ask:
    pack = asker.pack
    row_of = asker.at.expression(asker._owner, node.base)
    if node.kind == "external":
        external = pack.externals[node.name]
        of_member = external.subject == "member"

        def ask_office(env: Env, found: Needs) -> None:
            subject = row_of(env).id if of_member else ""
            found.append(
                FactNeed(
                    "external",
                    f"external.{node.name}",
                    subject,
                    external.label,
                    "bool",
                    external.question,
                    "authority",
                )
            )

        return ask_office
    thing: Any = {"population": pack.populations, "defined": pack.definitions, "rule": pack.rules}[
        node.kind
    ][node.name]
    home = MEMBER if thing.subject == "member" else TOP
    key = (node.kind, node.name)

    def ask(env: Env, found: Needs) -> None:
        row = row_of(env)
        memo, where = env[MEMO], ("needs", key, id(row))
        if where not in memo:
            memo[where] = once(env, row)
        found += memo[where]

    def once(env: Env, row: Row) -> Needs:
        found: Needs = []
        outer = env[home]
        env[home] = row
        try:
            if isinstance(thing, Rule):
                if thing.in_force.holds(env[AS_OF]):
                    asker.rule(thing)(env, found)
                else:
                    found.append(
                        FactNeed(
                            "rule_not_in_force",
                            f"rule.{thing.id}",
                            "",
                            thing.label,
                            "bool",
                            EMPTY,
                            "",
                        )
                    )
                return found
            if key not in asker._named:
                with asker._lock:
                    owner = f"{node.kind} {node.name}"
                    if isinstance(node.type, BoolType):
                        body = thing.when if node.kind == "population" else thing.value
                        asker._named[key] = asker.open(owner, body)
                    else:
                        asker._named[key] = asker.value(owner, thing.value)
            asker._named[key](env, found)
            return found
        finally:
            env[home] = outer

    return ask


ASKING: Final[Mapping[type[Any], Callable[[Asker, Any], Ask]]] = {
    And: _connective,
    Or: _connective,
    Fold: _fold,
    Named: _named,
}
