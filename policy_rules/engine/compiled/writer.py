"""What is in reach of the expression being written, and the way back to the reference interpreter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, Literal, TypeVar

from policy_rules.engine.building import MEMBER, TOP
from policy_rules.engine.compiled.scopes import Scope
from policy_rules.engine.compiled.source import Block, Source
from policy_rules.engine.compiled.terms import Day, Num, Truth, Unsupported, Value
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import (
    Const,
    Fact,
    Field,
    Fold,
    LongestRun,
    Named,
    Node,
    Var,
    YearItem,
    children,
)
from policy_rules.expr.types import DateType, NumberType, RecordType

_T = TypeVar("_T")
#: How a value of the day is handed over: a quotient of two whole numbers, a day, as it is.
Form = Literal["number", "day", "raw"]


#: Longer code of a number is left to the reference: parts of a quotient are said more than once.
LONGEST: Final = 400


class Writer:
    """What is in reach of the expression being written.

    ``truths`` and ``numbers`` say what becomes of each class of node.
    """

    truths: ClassVar[Mapping[type[Any], Callable[[Any, Any], Truth]]]
    numbers: ClassVar[Mapping[type[Any], Callable[[Any, Any], Value]]]

    def __init__(self, at: Interpreter, kind: str, speaking: frozenset[str]) -> None:
        self.interpreter = at
        self.pack = at.pack
        self.kind = kind
        #: the rules in force
        self.speaking = speaking
        self.source = Source()
        self.owner = ""
        self.top = Scope(self, "top", Block())
        self.member: Scope | None = None
        self.loops: dict[str, Scope] = {}
        self._this: tuple[str, Scope] | None = None
        #: named conditions of the record itself and, within their loop, of the member
        self.own: dict[tuple[str, str], Value] = {}
        self.of_member: dict[tuple[str, str], Value] = {}
        #: those of every member, by the name of its place among them
        self.listed: dict[tuple[str, str], Callable[[str], Value]] = {}
        #: what hangs on the day alone: owner, node, form and the names of its values
        self.days: dict[tuple[str, Node, Form], tuple[str, ...]] = {}
        #: how often the code asks the reference
        self.asked = 0

    @property
    def deriving(self) -> bool:
        """Whether the derivation of a fact is being written."""
        return self._this is not None

    # -- conditions and numbers ---------------------------------------------------------------

    def truth(self, node: Node) -> Truth:
        """A condition. Raises Unsupported only within the derivation of a fact."""
        write = self.truths.get(type(node))
        if write is not None:
            before = len(self.source.block.body)
            try:
                return write(self, node)
            except Unsupported:
                del self.source.block.body[before:]
        return Truth(self.reference(node), True)

    def number(self, node: Node) -> Num:
        """A number; raises Unsupported."""
        if type(node) is not Const and self.fixed(node):
            found: Value = self.value_of_day(node)
        elif type(node) in self.numbers:
            found = self.numbers[type(node)](self, node)
        else:
            raise Unsupported
        if not isinstance(found, Num) or len(found.n) + len(found.d or "") > LONGEST:
            raise Unsupported
        return found

    # -- the reference ------------------------------------------------------------------------

    def reference(self, node: Node) -> str:
        """Code that asks the reference interpreter's own function of a node."""
        if self.deriving:
            raise Unsupported  # within a derivation that function wants its row elsewhere
        self.asked += 1
        function = self.interpreter.expression(self.owner, node)
        return f"{self.source.value(function)}(env)"

    def derivation(
        self, scope: Scope, field: Field, block: Block, write: Callable[[Writer, Node], _T]
    ) -> _T:
        """The derivation of a fact of a row, its lines in ``block``; raises Unsupported."""
        outer = self.owner, self._this, self.loops
        self.owner, self._this, self.loops = f"fact {field.record}", (field.record, scope), {}
        node = self.pack.vocabulary.derived[field]
        try:
            return self.source.within(block, lambda: write(self, node))
        finally:
            self.owner, self._this, self.loops = outer

    # -- rows ---------------------------------------------------------------------------------

    def row(self, node: Node) -> Scope:
        """The row a node stands for; raises Unsupported."""
        match node:
            case Var():
                return self.variable(node)
            case Fact() if isinstance(node.type, RecordType) and not node.field.derived:
                return self.row(node.base).record(node.field.path)
            case YearItem(base=Fact() as years) if self.fixed(node.year):
                (year,) = self.of_day(node.year, "raw")
                return self.row(years.base).of_year(years.field.path, year)
        raise Unsupported

    def variable(self, var: Var) -> Scope:
        """The row of a variable, found in the order of the reference's ``slot``."""
        name = var.name
        if self._this is not None and name in ("this", self._this[0]):
            return self._this[1]
        if name in ("members", "others", "as_of", "target_year"):
            raise Unsupported
        if name == "member":
            if self.member is None:
                raise Unsupported
            return self.member
        return self.loops.get(name, self.top)

    @contextmanager
    def loop(self, var: Var, scope: Scope) -> Iterator[None]:
        """A loop variable in reach."""
        outer = self.loops
        self.loops = {**outer, var.name: scope}
        try:
            yield
        finally:
            self.loops = outer

    def named(self, node: Named) -> Value:
        """A population, definition, rule or external condition; raises Unsupported."""
        scope = self.variable(node.base)
        of_loop = node.base.name in self.loops and scope is not self.member
        thing = self.thing(node.kind, node.name)
        home = MEMBER if thing == "member" else TOP
        if self.deriving or (of_loop and home == TOP):
            raise Unsupported
        if node.kind == "external":
            row = scope if of_loop else self.member if home == MEMBER else self.top
            if row is None:
                raise Unsupported
            return row.external(node.name)
        key = (node.kind, node.name)
        if node.kind == "rule" and node.name not in self.speaking:
            return Truth("None", True)
        if home == TOP:
            found = self.own.get(key)
        elif of_loop:
            found = self.listed[key](scope.index) if scope.index and key in self.listed else None
        elif key in self.listed and self.member is not None:
            found = self.of_member.get(key) or self.listed[key](self.member.index)
        else:
            found = self.of_member.get(key)
        if found is None:
            raise Unsupported
        return found

    def thing(self, kind: str, name: str) -> str:
        """The subject of a named condition."""
        pack = self.pack
        match kind:
            case "population":
                return pack.populations[name].subject
            case "defined":
                return pack.definitions[name].subject
            case "rule":
                return pack.rules[name].subject
        return pack.externals[name].subject

    # -- what hangs on the day alone ----------------------------------------------------------

    def fixed(self, node: Node) -> bool:
        """Whether a node hangs on nothing but the day."""
        match node:
            case Fact() | Fold() | LongestRun() | YearItem():
                return False
            case Var():
                return node.name == "as_of"
            case Named():
                return node.kind == "defined" and self.fixed(self.pack.definitions[node.name].value)
        return all(self.fixed(part) for part in children(node))

    def of_day(self, node: Node, form: Form) -> tuple[str, ...]:
        """The names of a value that hangs on the day alone, worked out once for each day."""
        key = (self.owner, node, form)
        if key not in self.days:
            name = self.source.name("y")
            self.days[key] = (name, f"{name}d") if form == "number" else (name,)
        return self.days[key]

    def value_of_day(self, node: Node) -> Num | Day:
        """The same as a number or day; raises Unsupported."""
        if isinstance(node.type, NumberType):
            n, d = self.of_day(node, "number")
            return Num(n, d, (f"{n} is not None",))
        if isinstance(node.type, DateType):
            (name,) = self.of_day(node, "day")
            return Day(name, (f"{name} is not None",))
        raise Unsupported
