"""The data of one named thing of a pack: where it stands, what it may name, how parts are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import attrs

from policy_rules.errors import Place, Problems, nearest, shown
from policy_rules.expr.nodes import And, Leaf, Node, Not, Or
from policy_rules.expr.parser import parse
from policy_rules.expr.types import BOOL, Type
from policy_rules.facts.dates import read_date
from policy_rules.facts.dictionary import Vocabulary, exact
from policy_rules.packs.model import Period
from policy_rules.packs.scope import Names, PackScope
from policy_rules.text import Text
from policy_rules.verdict import Number

Rel = tuple[str | int, ...]


@attrs.frozen
class Entry:
    """The data of one named thing and its surroundings."""

    id: str
    data: Mapping[str, Any]
    place: Callable[[Rel], Place]
    flow: Callable[[Rel], bool]
    vocabulary: Vocabulary
    names: Names
    problems: Problems

    def text(self, key: str) -> Text:
        """A text, empty where absent."""
        return Text.of(self.data.get(key))

    def clauses(self) -> tuple[str, ...]:
        """The cited locators."""
        return tuple(self.data.get("clauses") or ())

    def scope(self, subject: str, *, target: bool = False) -> PackScope:
        """What an expression about ``subject`` may name."""
        return PackScope(self.vocabulary, self.names, subject, target=target)

    def expression(
        self, value: Any, path: Rel, scope: PackScope, expect: Type | None
    ) -> Node | None:
        """One expression."""
        self.block(path[:-1])
        return parse(str(value), scope, self.place(path), self.problems, expect)

    def block(self, path: Rel) -> None:
        """Note, once and at the outermost bracket, that expressions stand in flow style."""
        for end in range(len(path) + 1):
            if self.flow(path[:end]):
                self.problems.add("flow_style", self.place(path[:end]))
                return

    def condition(self, value: Any, path: Rel, scope: PackScope) -> Node | None:
        """A skeleton of ``all``, ``any``, ``not`` over leaves; None also for an absent one."""
        if value is None:
            return None
        if isinstance(value, Mapping):
            self.block(path)
            ((word, below),) = value.items()
            if word == "not":
                item = self.condition(below, (*path, "not"), scope)
                return None if item is None else Not(item)
            items = [self.condition(v, (*path, word, i), scope) for i, v in enumerate(below)]
            good = tuple(i for i in items if i is not None)
            if len(good) < len(items):
                return None
            return And(good) if word == "all" else Or(good)
        node = self.expression(value, path, scope, BOOL)
        return None if node is None else Leaf(".".join(map(str, path)), str(value), node)

    def day(self, value: Any, path: Rel) -> date | None:
        """A full date; None for an absent one."""
        if value is None:
            return None
        try:
            day = read_date(value)
        except ValueError:
            day = None
        if not isinstance(day, date):
            self.problems.add("bad_date", self.place(path), expected="2022-12-31", got=shown(value))
            return None
        return day

    def period(self, data: Mapping[str, Any] | None, path: Rel) -> Period:
        """``{from, to, basis}``"""
        data = data or {}
        period = Period(
            self.day(data.get("from"), (*path, "from")),
            self.day(data.get("to"), (*path, "to")),
            Text.of(data.get("basis")),
        )
        if period.start and period.end and period.end < period.start:
            self.problems.add(
                "dates_reversed",
                self.place((*path, "to")),
                expected=shown(period.start),
                got=shown(period.end),
            )
        return period


def number(value: Any) -> Number:
    """A YAML number, exact."""
    found = exact(value)
    assert found is not None
    return found


def check_known(
    name: str, known: Mapping[str, Any], code: str, place: Place, problems: Problems
) -> bool:
    """Note a name that does not exist."""
    if name in known:
        return True
    problems.add(code, place, got=shown(name), nearest=nearest(name, known))
    return False
