"""What is missing below a node, one function a node class; see :mod:`policy_rules.engine.needs`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from policy_rules.engine.building import AS_OF, MEMBER, MEMO, TOP, Env
from policy_rules.engine.finding import FactNeed
from policy_rules.expr.nodes import (
    And,
    Fact,
    Fold,
    LongestRun,
    Named,
    Node,
    Or,
    Param,
    Var,
    YearItem,
    children,
)
from policy_rules.expr.types import BoolType, ByYearType, ListType, RecordType
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import Items, Row
from policy_rules.packs.model import Rule
from policy_rules.text import EMPTY
from policy_rules.verdict import Interval

if TYPE_CHECKING:
    from policy_rules.engine.needs import Asker

Needs = list[FactNeed]
Ask = Callable[[Env, Needs], None]


def nothing(env: Env, found: Needs) -> None:
    """Nothing can be missing here."""


def connective(asker: Asker, node: And | Or) -> Ask:
    """What is missing below the items that are open."""
    parts = [asker.condition(child) for child in children(node)]

    def ask(env: Env, found: Needs) -> None:
        for part in parts:
            part(env, found)

    return ask


def param(asker: Asker, node: Param) -> Ask:
    """The parameter, where it has no value on the date."""
    value = asker.at.expression(asker.owner, node)
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


def fact(asker: Asker, node: Fact) -> Ask:
    """The fact, or what it is derived from."""
    if isinstance(node.type, RecordType | ByYearType):
        return nothing
    value, row_of = (
        asker.at.expression(asker.owner, node),
        asker.at.expression(asker.owner, node.base),
    )
    owner_of = asker.at.expression(asker.owner, row_node(node.base))
    spec = asker.pack.vocabulary.of(node.field)
    is_list = isinstance(node.type, ListType)
    year = (
        asker.at.expression(asker.owner, node.base.year)
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


def fold(asker: Asker, node: Fold | LongestRun) -> Ask:
    """The list, where it may be incomplete, and what is missing of its items."""
    owner = asker.owner
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
        return fact(asker, source)
    spec = asker.pack.vocabulary.fact("household", "members")
    return lambda env, found: found.append(asker.need(spec, ""))


def named_value(asker: Asker, node: Named) -> Ask:
    """What is missing below a definition whose value is unknown."""
    value = asker.at.expression(asker.owner, node)
    below = named(asker, node)

    def ask(env: Env, found: Needs) -> None:
        seen = value(env)
        if seen is None or type(seen) is Interval:
            below(env, found)

    return ask


def named(asker: Asker, node: Named) -> Ask:
    """What is missing below a population, definition or rule; an office's answer."""
    pack = asker.pack
    row_of = asker.at.expression(asker.owner, node.base)
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
            if key not in asker.bodies:
                with asker.lock:
                    owner = f"{node.kind} {node.name}"
                    if isinstance(node.type, BoolType):
                        body = thing.when if node.kind == "population" else thing.value
                        asker.bodies[key] = asker.open(owner, body)
                    else:
                        asker.bodies[key] = asker.value(owner, thing.value)
            asker.bodies[key](env, found)
            return found
        finally:
            env[home] = outer

    return ask


ASKING: Final[Mapping[type[Any], Callable[[Asker, Any], Ask]]] = {
    And: connective,
    Or: connective,
    Fold: fold,
    Named: named,
}
