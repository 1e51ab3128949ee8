"""What the names of an expression stand for; named things are lowered once for each frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, ClassVar

import attrs

from policy_rules.expr.nodes import Field, Node, Var
from policy_rules.packs.model import Pack, Rule
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.exprs import NotHeld
from policy_rules.tables.lowering.places import Inst, Place, Sheet
from policy_rules.tables.lowering.reading import Reader
from policy_rules.tables.lowering.values import Truth, Value, named, together
from policy_rules.tables.plan import Expr


@attrs.frozen(eq=False)
class Scope:
    """The records in reach: None is one nothing is known of.

    ``this`` is the record a derived fact belongs to, ``kind`` that record's type (empty outside
    derived facts).
    """

    top: Place | None
    member: Place | None = None
    this: Place | None = None
    kind: str = ""
    loops: Mapping[str, Place | None] = attrs.field(factory=dict)

    def place(self, var: Var) -> Place | None:
        """The record a variable names, as :meth:`policy_rules.engine.building.Builder.slot`."""
        if var.name in ("this", self.kind):
            return self.this
        if var.name == "member":
            return self.member
        return self.loops.get(var.name, self.top)

    def loop(self, name: str, place: Place | None) -> Scope:
        """The scope within a loop."""
        return attrs.evolve(self, loops={**self.loops, name: place})


class Lowerer:
    """Lowers the expressions of a pack on a day.

    ``meaning`` says what becomes of each class of node.
    """

    meaning: ClassVar[Mapping[type[Any], Callable[[Any, Any, Scope], Any]]]

    def __init__(self, pack: Pack, kind: str, day: date) -> None:
        self.pack = pack
        self.kind = kind
        self.day = day
        self.sheet = Sheet()
        self.reader = Reader(self.sheet, pack.vocabulary)
        self.root = self.sheet.inst(kind, None)
        #: derived facts read, by the place of their records
        self.derived: dict[tuple[str, str, Expr | None, Field], Place] = {}
        self._named: dict[tuple[Any, ...], Value | NotHeld] = {}

    # -- expressions ---------------------------------------------------------------------------

    def lower(self, node: Node, scope: Scope) -> Any:
        """What a node stands for."""
        return self.meaning[type(node)](self, node, scope)

    def truth(self, node: Node | None, scope: Scope) -> Truth:
        """A condition; an absent one holds."""
        if node is None:
            return Truth(None, e.TRUE)
        found = self.lower(node, scope)
        assert isinstance(found, Truth)
        return found

    def subject(self, member: bool) -> Scope:
        """The scope of rules about the record itself, or about its members."""
        top = Place.of(self.root)
        if not member:
            return Scope(top)
        return Scope(top, Place.of(self.reader.items(top, "members")))

    # -- named things --------------------------------------------------------------------------

    def ask(self, kind: str, name: str, base: Place | bool | None, scope: Scope) -> Value:
        """A population, definition, rule or external condition.

        ``base`` is its record where that is not the one in scope (False).
        """
        things: dict[str, Mapping[str, Any]] = {
            "population": self.pack.populations,
            "defined": self.pack.definitions,
            "rule": self.pack.rules,
            "external": self.pack.externals,
        }
        member = things[kind][name].subject == "member"
        if isinstance(base, bool):
            base = scope.member if member else scope.top
        inner = Scope(scope.top, base) if member else Scope(base, scope.member)
        key = (kind, name, None if base is None else (base.inst.frame, base.prefix))
        if base is not None and base.mask is not None:
            raise NotHeld("a condition of the record of a year")
        found = self._named.get(key)
        if found is None:
            try:
                found = named(self.sheet, self._thing(kind, name, inner))
            except NotHeld as why:
                found = why
            self._named[key] = found
        if isinstance(found, NotHeld):
            raise found
        if found.inst is None or base is None:
            return found
        return found.seen(base.inst.like(found.inst))

    def _thing(self, kind: str, name: str, scope: Scope) -> Value:
        pack = self.pack
        match kind:
            case "population":
                return self.truth(pack.populations[name].when, scope)
            case "defined":
                value: Value = self.lower(pack.definitions[name].value, scope)
                return value
            case "rule":
                rule = pack.rules[name]
                if not rule.in_force.holds(self.day):
                    return Truth(None, e.UNKNOWN)
                return self.judge(rule, scope)
        condition = pack.externals[name]
        given = e.truth(condition.value)
        place = scope.member if condition.subject == "member" else scope.top
        if place is None:
            return Truth(None, given)
        column = self.reader.column(place, f"external.{pack.id}.{name}", "bool")
        return Truth(place.inst, e.coalesce(column, given))

    def judge(self, rule: Rule, scope: Scope) -> Truth:
        """The verdict of a rule in force: NO outside its population."""
        parts = [self.truth(rule.applies_to, scope), self.truth(rule.when, scope)]
        if rule.unless is not None:
            parts.append(opposite(self.truth(rule.unless, scope)))
        for name in rule.excluded_by:
            excluder = self.ask("rule", name, False, scope)
            assert isinstance(excluder, Truth)
            parts.append(opposite(excluder))
        return self.all_of(parts)

    def all_of(self, parts: list[Truth]) -> Truth:
        """Kleene's AND of conditions of one chain of rows."""
        inst, moved = together(self.sheet, *parts)
        return Truth(inst, e.and_(*(p.expr for p in moved if isinstance(p, Truth))))

    def any_of(self, parts: list[Truth]) -> Truth:
        """Kleene's OR of conditions of one chain of rows."""
        inst, moved = together(self.sheet, *parts)
        return Truth(inst, e.or_(*(p.expr for p in moved if isinstance(p, Truth))))

    def at(self, inst: Inst, value: Value) -> Value:
        """A value as a row of a rule's own frame sees it."""
        _, (moved, _) = together(self.sheet, value, Truth(inst, e.TRUE))
        return moved


def opposite(item: Truth) -> Truth:
    """Kleene's NOT"""
    return Truth(item.inst, e.not_(item.expr))
