"""Rows in reach of generated code, and their facts as local names, each read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy_rules.engine.compiled.source import Block
from policy_rules.engine.compiled.terms import (
    Code,
    Day,
    Num,
    Truth,
    Unsupported,
    Value,
    assigned,
)
from policy_rules.expr.nodes import Fact, Field
from policy_rules.expr.types import BoolType, CodesType, CodeType, DateType, NumberType, TextType
from policy_rules.facts.record import EMPTY_ROW, UNKNOWN_LIST

if TYPE_CHECKING:
    from policy_rules.engine.compiled.writer import Writer


class Scope:
    """One row: the name it has, and ``head``, the block at whose end its facts are read.

    ``index`` is the name of its place among the members, where it is one of a loop over them.
    """

    def __init__(self, at: Writer, row: str, head: Block, index: str = "") -> None:
        self.at = at
        self.row = row
        self.head = head
        self.index = index
        self._facts: dict[str, Value] = {}
        self._lists: dict[str, str] = {}
        self._below: dict[tuple[str, str], Scope] = {}
        self._external: dict[str, Truth] = {}

    def fact(self, node: Fact) -> Value:
        """A fact that is no row, list or years' records; raises Unsupported."""
        path = node.field.path
        found = self._facts.get(path)
        if found is None:
            found = self._facts[path] = self._read(node, node.field)
        return found

    def items(self, path: str) -> str:
        """The name of a list."""
        if path not in self._lists:
            name = self._lists[path] = self.at.source.name("l")
            self._line(f"{name} = {self._get(path, self.at.source.value(UNKNOWN_LIST))}")
        return self._lists[path]

    def record(self, path: str) -> Scope:
        """A record inside the row."""
        return self._inner(path, "", self._get(path, self.at.source.value(EMPTY_ROW)))

    def of_year(self, path: str, year: str) -> Scope:
        """The record of a year inside the row; ``year`` names it."""
        empty = self.at.source.value(EMPTY_ROW)
        return self._inner(path, year, f"{self._get(path, empty)}.get({year}, {empty})")

    def external(self, name: str) -> Truth:
        """An external condition, as supplied with the row or by an overlay."""
        found = self._external.get(name)
        if found is None:
            source, pack = self.at.source, self.at.pack
            truth = source.name("x")
            given = source.value(pack.externals[name].value)
            self._line(
                f"{truth} = {self.row}.external.get({pack.id!r}, {source.value(EMPTY_ROW)})"
                f".get({name!r}, {given})"
            )
            found = self._external[name] = Truth(truth, True)
        return found

    def _inner(self, path: str, key: str, text: str) -> Scope:
        found = self._below.get((path, key))
        if found is None:
            row = self.at.source.name("r")
            self._line(f"{row} = {text}")
            found = self._below[path, key] = Scope(self.at, row, self.head)
        return found

    def _get(self, path: str, missing: str = "") -> str:
        return f"{self.row}.get({path!r}{', ' if missing else ''}{missing})"

    def _line(self, part: str) -> None:
        self.head.body.append(part)

    # -- facts --------------------------------------------------------------------------------

    def _read(self, node: Fact, field: Field) -> Value:
        kind = field.type
        name = self.at.source.name("x")
        match kind:
            case BoolType():
                self._bool(name, node, field)
                return Truth(name, True)
            case NumberType():
                return self._number(name, field, kind.integral)
            case DateType() if not field.derived:
                self._line(f"{name} = {self._get(field.path)}")
                self._line(f"if type({name}) is not date: {name} = None")
                return Day(name, (f"{name} is not None",))
            case CodeType() | CodesType() | TextType() if not field.derived:
                self._line(f"{name} = {self._get(field.path)}")
                return Code(name, True)
        raise Unsupported

    def _bool(self, name: str, node: Fact, field: Field) -> None:
        self._line(f"{name} = {self._get(field.path)}")
        if not field.derived:
            return
        block = Block(f"if {name} is None:")
        try:
            truth = self.at.derivation(self, field, block, type(self.at).truth)
            block.body.append(f"{name} = {truth.text}")
        except Unsupported:
            block.body = [f"{name} = {self.at.reference(node)}"]
        self.head.body.append(block)

    def _number(self, name: str, field: Field, integral: bool) -> Num:
        if integral:
            self._line(f"{name} = {self._get(field.path)}")
            found = Num(name, None, (f"{name} is not None",))
        else:
            below = self.at.source.name("d")
            read = self.at.source.name("v")
            self._line(f"{read} = {self._get(field.path)}")
            known = f"{read}.as_integer_ratio()"
            self._line(f"{name}, {below} = {known} if {read} is not None else NOTHING")
            found = Num(name, below, (f"{name} is not None",))
        if field.derived:
            self._derive(field, found)
        return found

    def _derive(self, field: Field, found: Num) -> None:
        """Where it is not recorded and all it rests on is plain; else each line asks the reference."""
        block = Block(f"if {found.n} is None:")
        try:
            number = self.at.derivation(self, field, block, type(self.at).number)
            block.body.append(assigned(found, number))
        except Unsupported:
            return
        self.head.body.append(block)
