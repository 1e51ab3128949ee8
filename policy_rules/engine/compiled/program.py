"""A pack's rules in force, written out as one function of one record.

Populations, definitions and rules become local variables, in an order in which each is known before
it is used; what households ask of each member stands in lists. Definitions that nothing needs in the
end may be worked out too: an error in them is no error of the record (see :mod:`.rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, Literal

import attrs

from policy_rules.engine.building import MEMBER, MEMO, OUTSIDE, Env, Fn
from policy_rules.engine.compiled import logic
from policy_rules.engine.compiled.language import RowWriter
from policy_rules.engine.compiled.numbers import day as write_day
from policy_rules.engine.compiled.scopes import Scope
from policy_rules.engine.compiled.source import Block
from policy_rules.engine.compiled.terms import (
    Day,
    Num,
    Truth,
    Unsupported,
    assigned,
    listed,
    named,
)
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import Named, Node, Var, walk
from policy_rules.expr.types import BOOL, BoolType, DateType, NumberType
from policy_rules.facts.record import EMPTY_ROW
from policy_rules.packs.model import Rule
from policy_rules.verdict import Interval, Verdict

Key = tuple[str, str]
#: The kind of name under which it stands whether a rule's population holds.
_APPLIES: Final = "applies"


@attrs.frozen
class DayValue:
    """A value that hangs on the day alone, and how the function takes it."""

    function: Fn
    form: str

    def of(self, env: Env) -> tuple[Any, ...]:
        """The value, as many variables as it has."""
        value = self.function(env)
        if self.form == "raw":
            return (value,)
        if type(value) is Interval:
            return (None, 1) if self.form == "number" else (None,)
        if self.form == "number":
            return tuple(value.as_integer_ratio())
        return (value,)


@attrs.frozen(eq=False)
class Program:
    """A function of a record; ``text`` is its source."""

    text: str
    namespace: dict[str, Any]
    days: tuple[DayValue, ...]

    def compiled(self) -> Any:
        """The function; raises SyntaxError, RecursionError or MemoryError where it is too deep."""
        found: dict[str, Any] = {**self.namespace}
        exec(compile(self.text, "<rules as code>", "exec"), found)
        return found["answer"]

    def day_values(self, env: Env) -> tuple[Any, ...]:
        """What hangs on the day alone; ``env`` is an environment of that day."""
        return tuple(part for value in self.days for part in value.of(env))


#: What a function gives: verdicts by rule and subject, or the truth values of the record's own rules
#: and those of each member, in the pack's order, ``OUTSIDE`` for the NO of one outside the population.
Gives = Literal["verdicts", "truths"]


class Composer:
    """Writes the function for records of a kind while certain rules are in force."""

    def __init__(
        self, at: Interpreter, kind: str, speaking: frozenset[str], gives: Gives = "verdicts"
    ) -> None:
        self.gives = gives
        self.at = RowWriter(at, kind, speaking)
        self.pack = at.pack
        self.kind = kind
        self.order: list[Key] = []
        self.every: set[Key] = set()
        rules = [r for r in self.pack.rules.values() if r.id in speaking]
        self.own = [r for r in rules if r.subject == kind]
        self.members = [r for r in rules if r.subject == "member"] if kind == "household" else []
        seen: set[Key] = set()
        for rule in (*self.own, *self.members):
            self._visit(("rule", rule.id), seen)

    # -- order --------------------------------------------------------------------------------

    def nodes(self, key: Key) -> Iterator[Node]:
        """The conditions that make up the truth or value of a named condition."""
        thing = self.thing(key)
        if isinstance(thing, Rule):
            yield from (n for n in (thing.applies_to, thing.when, thing.unless) if n is not None)
        else:
            yield thing.when if key[0] == "population" else thing.value

    def thing(self, key: Key) -> Any:
        """A population, definition or rule."""
        pack = self.pack
        tables = {"population": pack.populations, "defined": pack.definitions, "rule": pack.rules}
        return tables[key[0]][key[1]]

    def _visit(self, key: Key, seen: set[Key]) -> None:
        if key in seen or (key[0] == "rule" and key[1] not in self.at.speaking):
            return
        seen.add(key)
        for below, of_each in self._uses(key):
            self._visit(below, seen)
            if of_each:
                self._each(below)
        self.order.append(key)

    def _uses(self, key: Key) -> Iterator[tuple[Key, bool]]:
        """What a named condition names, and whether it asks it of members one by one."""
        thing = self.thing(key)
        for node in self.nodes(key):
            for part in walk(node):
                if isinstance(part, Named) and part.kind != "external":
                    below = (part.kind, part.name)
                    member = self.thing(below).subject == "member"
                    yield below, member and part.base.name != "member"
        if isinstance(thing, Rule):
            yield from ((("rule", name), False) for name in thing.excluded_by)

    def _each(self, key: Key) -> None:
        """Have it of every member, and what it rests on."""
        if key in self.every or (key[0] == "rule" and key[1] not in self.at.speaking):
            return
        self.every.add(key)
        for below, _ in self._uses(key):
            if self.thing(below).subject == "member":
                self._each(below)

    # -- writing ------------------------------------------------------------------------------

    def program(self) -> Program:
        """The function, written."""
        at = self.at
        body = Block()
        at.source.namespace |= {
            "date": date,
            "NOTHING": (None, 1),
            "YES": Verdict.YES,
            "NO": Verdict.NO,
            "UNKNOWN": Verdict.UNKNOWN,
            "EMPTY_ROW": EMPTY_ROW,
            "OUTSIDE": OUTSIDE,
        }
        at.source.within(body, self._statements)
        days = tuple(
            DayValue(at.interpreter.expression(owner, node), form) for owner, node, form in at.days
        )
        names = [name for found in at.days.values() for name in found]
        function = Block("def answer(top, rows, env, as_of, days):")
        if names:
            function.body.append(f"({', '.join(names)},) = days")
        function.body += [at.top.head, body]
        return Program("\n".join(function.lines()) + "\n", at.source.namespace, days)

    def _statements(self) -> None:
        at = self.at
        waiting: list[Key] = []
        last: list[Key] = []
        for key in self.order:
            subject = self.thing(key).subject
            if subject == "member":
                (waiting if key in self.every else last).append(key)
            elif subject == self.kind:
                self._lists(waiting)
                waiting = []
                self._define(key, at.own)
        self._lists(waiting)
        if self.gives == "verdicts":
            pairs = [f"{(rule.id, '')!r}: {self._verdict(rule)}" for rule in self.own]
            at.source.emit(f"found = {{{', '.join(pairs)}}}")
        else:
            truths = "".join(f"{self._truth(rule)}, " for rule in self.own)
            at.source.emit(f"found = [({truths})]")
            self._remember("top", at.own)
        if self.members or self.gives == "truths":
            at.source.emit(_counted(self._of_members(last)))
        at.source.emit("return found")

    def _remember(self, row: str, table: Mapping[Key, Any]) -> None:
        """Have the reference remember what is known of a row, as if it had been asked."""
        known = {
            f"{kind}:{name}": value.text
            for (kind, name), value in table.items()
            if isinstance(value, Truth) and kind != _APPLIES
        }
        pairs = ", ".join(f"{key!r}: {text}" for key, text in known.items())
        self.at.source.emit(f"env[{MEMO}].setdefault(id({row}), {{}}).update({{{pairs}}})")

    def _said(self, key: Key, subject: str) -> Truth | None:
        """A truth value worked out, of the record itself or of the member at hand."""
        if subject == self.kind:
            found = self.at.own.get(key)
        elif key in self.at.listed:
            found = self.at.listed[key]("j")
        else:
            found = self.at.of_member.get(key)
        return found if isinstance(found, Truth) else None

    def _verdict(self, rule: Rule) -> str:
        truth = self._said(("rule", rule.id), rule.subject)
        assert truth is not None
        unsure = f"UNKNOWN if {truth.text} is None else " if truth.open else ""
        return f"YES if {truth.text} else {unsure}NO"

    def _truth(self, rule: Rule) -> str:
        truth = self._said(("rule", rule.id), rule.subject)
        applies = self._said((_APPLIES, rule.id), rule.subject)
        assert truth is not None
        return (
            truth.text
            if applies is None
            else f"OUTSIDE if {applies.text} is False else {truth.text}"
        )

    def _lists(self, keys: list[Key]) -> None:
        """A loop that works out named conditions of every member."""
        if not keys:
            return
        at = self.at
        loop, made = self._loop(keys)
        for key, value in made.items():
            mapped = named(value, at.source.name("e"))
            names = [mapped.n, mapped.d] if isinstance(mapped, Num) else [mapped.text]
            given = [value.n, value.d] if isinstance(value, Num) else [value.text]
            for name, text in zip(names, given, strict=True):
                if name is not None:
                    at.source.emit(f"{name} = []")
                    loop.body.append(f"{name}.append({text})")
            at.listed[key] = partial(listed, mapped)
        at.source.emit(_counted(loop))
        at.source.emit(f"env[{MEMBER}] = EMPTY_ROW")

    def _of_members(self, keys: list[Key]) -> Block:
        at = self.at
        loop, made = self._loop(keys)
        if self.gives == "truths":
            truths = "".join(f"{self._truth(rule)}, " for rule in self.members)
            loop.body.append(f"found.append(({truths}))")
            every = {key: value("j") for key, value in at.listed.items()}
            at.source.within(loop, lambda: self._remember("m", {**every, **made}))
            return loop
        loop.body.append("who = m.id")
        for rule in self.members:
            loop.body.append(f"found[{rule.id!r}, who] = {self._verdict(rule)}")
        return loop

    def _loop(self, keys: Iterable[Key]) -> tuple[Block, dict[Key, Any]]:
        at = self.at
        loop, head, body = Block("for m in rows:"), Block(), Block()
        loop.body = [f"env[{MEMBER}] = m", head, body]
        at.member = Scope(at, "m", head, "j")
        at.of_member = {}
        for key in keys:
            at.source.within(body, partial(self._define, key, at.of_member))
        made = dict(at.of_member)
        at.member = None
        return loop, made

    def _define(self, key: Key, table: dict[Key, Any]) -> None:
        """Give a named condition a name of its own; one of another form is left to the reference."""
        at, thing = self.at, self.thing(key)
        at.owner, at.loops = f"{key[0]} {key[1]}", {}
        value: Truth | Num | Day
        try:
            value = self._value(key, thing, table)
        except Unsupported:
            return
        name = named(value, at.source.name(key[0][0] + "_"))
        at.source.emit(f"# {key[0]} {key[1]!r}")
        at.source.emit(assigned(name, value))
        table[key] = name

    def _value(self, key: Key, thing: Any, table: dict[Key, Any]) -> Truth | Num | Day:
        at = self.at
        if isinstance(thing, Rule):
            return self._rule(thing, table)
        (node,) = self.nodes(key)
        match thing.type if key[0] == "defined" else BOOL:
            case BoolType():
                return at.truth(node)
            case NumberType():
                return at.number(node)
            case DateType():
                return write_day(at, node)
        raise Unsupported

    def _rule(self, rule: Rule, table: dict[Key, Any]) -> Truth:
        """applies_to AND when AND NOT unless AND NOT any higher-ranked excluder."""
        at = self.at

        def opposite(node: Node) -> Truth:
            return logic.negation(at.source, at.truth(node))

        parts: list[Callable[[], Truth]] = []
        if rule.applies_to is not None:
            parts.append(partial(self._applies, rule.id, rule.applies_to, table))
        if rule.when is not None:
            parts.append(partial(at.truth, rule.when))
        if rule.unless is not None:
            parts.append(partial(opposite, rule.unless))
        subject = Var("member" if rule.subject == "member" else self.kind, BOOL)
        for name in rule.excluded_by:
            parts.append(partial(opposite, Named("rule", name, subject, BOOL)))
        return logic.all_of(at.source, parts) if parts else Truth("True", False)

    def _applies(self, name: str, node: Node, table: dict[Key, Any]) -> Truth:
        """Whether the subject is of the population, by a name where that is asked for."""
        truth = self.at.truth(node)
        if self.gives == "truths":
            held = Truth(self.at.source.name("a"), truth.open)
            self.at.source.emit(assigned(held, truth))
            table[_APPLIES, name] = truth = held
        return truth


def _counted(loop: Block) -> Block:
    """A loop over the members that counts them where their places are asked for."""
    if any("[j]" in line for line in loop.lines()):
        loop.header = "for j, m in enumerate(rows):"
    return loop
