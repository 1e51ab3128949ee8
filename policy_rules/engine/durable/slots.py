"""Slots: the values the C engine compares, and the comparisons of leaves with constants.

A number has two slots, of its lower and its upper bound; a bound that is open has none, and so
fires nothing. The C engine compares whole numbers only: where a fact is compared with a constant,
fact and constant are scaled alike (:func:`encoded`, exact in order and equality); where two values
are compared, the slots hold the sign of their difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal

from policy_rules.engine.durable import bounds, calendar
from policy_rules.engine.durable.bounds import Bounds, Number
from policy_rules.engine.durable.driver import AllOf, AnyOf, Pattern, Scalar, Test
from policy_rules.engine.durable.encoding import MAX_CONSTANT, MAX_FACT
from policy_rules.engine.durable.folding import Folder, Scope
from policy_rules.engine.durable.run import Fold, Frame
from policy_rules.expr import nodes as n
from policy_rules.expr.types import DateType, NumberType

Provider = Callable[[Frame, dict[str, Scalar]], None]
Side = Literal["lo", "hi"]

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
# When a comparison with a constant is certainly true: any of these tests, or all for equality.
_SURE: Final[dict[str, tuple[tuple[Side, str], ...]]] = {
    "<": (("hi", "<"),),
    "<=": (("hi", "<="),),
    ">": (("lo", ">"),),
    ">=": (("lo", ">="),),
    "==": (("lo", ">="), ("hi", "<=")),
    "!=": (("hi", "<"), ("lo", ">")),
}
OPPOSITE: Final = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def encoded(value: Number, scale: int) -> int:
    """A number as an integer that stands to every encoded multiple of 1/scale as the number does.

    Multiples of 1/scale become even numbers, all between two of them the odd number between;
    what is too large for the C engine becomes the largest it carries.
    """
    if type(value) is int:
        found = 2 * scale * value
    else:
        whole, rest = divmod(value.numerator * scale, value.denominator)
        found = 2 * whole + (rest != 0)
    return max(-MAX_FACT, min(found, MAX_FACT))


def constant(node: n.Node) -> Number | None:
    """The number or day (as ordinal) a node stands for whatever the record."""
    match node:
        case n.Const(value=int() | Fraction() as value):
            return value
        case n.Const(value=date() as value):
            return value.toordinal()
        case n.Call(function="date", args=args):
            return calendar.day_of(*map(constant, args))
        case _:
            return None


def scales(conditions: Iterable[n.Node]) -> dict[n.Node, int]:
    """For every value that is compared with constants: what makes all of them whole."""
    found: dict[n.Node, int] = {}
    for condition in conditions:
        for node in n.walk(condition):
            if isinstance(node, n.Compare):
                for value, other in ((node.left, node.right), (node.right, node.left)):
                    number = constant(other)
                    if number is not None:
                        found[value] = math.lcm(found.get(value, 1), number.denominator)
    return found


class Slots:
    """The slots one rule base reads, each with what fills it."""

    def __init__(self, folder: Folder, scope: Scope, scaled: Mapping[n.Node, int]) -> None:
        self._folder = folder
        self._scope = scope
        self._scaled = scaled
        self._names: dict[Any, str] = {}
        self._sides: dict[Any, set[Side]] = {}
        self._fillers: dict[Any, Callable[[str, set[Side]], Provider]] = {}

    def providers(self) -> tuple[Provider, ...]:
        """What fills the slots, to be run for each subject."""
        return tuple(
            make(self._names[key], self._sides.get(key, set()))
            for key, make in self._fillers.items()
        )

    def compared(self, node: n.Compare, *, sure: bool) -> Pattern:
        """The pattern that matches where a comparison is surely true, or surely false."""
        op = node.op if sure else OPPOSITE[node.op]
        if not isinstance(node.left.type, NumberType | DateType):
            return self._same(node, op)
        for value, other, relation in (
            (node.left, node.right, op),
            (node.right, node.left, _FLIPPED[op]),
        ):
            limit, scale = constant(other), self._scaled.get(value, 1)
            if limit is not None and -MAX_CONSTANT < 2 * scale * limit < MAX_CONSTANT:
                return self._numeric(value, relation, encoded(limit, scale), scale)
        return self._numeric((node.left, node.right), op, 0, 0)

    def truth(self, node: n.Node, *, sure: bool) -> Pattern:
        """The pattern that matches where a condition folded in Python is true, or false."""
        return Test(self._slot(node, self._truth), "==", sure)

    def one_of(self, node: n.OneOf, *, sure: bool) -> Pattern:
        """The pattern for a code that is, or is not, one of several."""
        if isinstance(node.item.type, NumberType):
            return self.truth(node, sure=sure)
        slot = self._slot(node.item, self._text)
        options = sorted(node.options)
        if sure:
            return AnyOf(tuple(Test(slot, "==", option) for option in options))
        return AllOf(tuple(Test(slot, "!=", option) for option in options))

    def _same(self, node: n.Compare, op: str) -> Pattern:
        for value, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, n.Const):
                return Test(self._slot(value, self._text), op, str(other.value))
        equal = n.Compare("==", node.left, node.right)
        return self.truth(equal, sure=op == "==")

    def _numeric(self, key: Any, op: str, limit: int, scale: int) -> Pattern:
        slot = self._slot(key, lambda _: self._number(key, scale))
        tests = []
        for side, relation in _SURE[op]:
            self._sides.setdefault(key, set()).add(side)
            tests.append(Test(f"{slot}.{side}", relation, limit))
        if len(tests) == 1:
            return tests[0]
        return AllOf(tuple(tests)) if op == "==" else AnyOf(tuple(tests))

    def _slot(
        self, key: Any, filler: Callable[[n.Node], Callable[[str, set[Side]], Provider]]
    ) -> str:
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"v{len(self._names)}"
            self._fillers[key] = filler(key)
        return name

    def _truth(self, node: n.Node) -> Callable[[str, set[Side]], Provider]:
        return _plain(self._folder.fold(node, self._scope))

    _text = _truth

    def _number(self, key: Any, scale: int) -> Callable[[str, set[Side]], Provider]:
        if not isinstance(key, tuple):
            return _bounded(self._folder.fold(key, self._scope), scale)
        left, right = (self._folder.fold(node, self._scope) for node in key)
        return _bounded(lambda frame: bounds.difference_sign(left(frame), right(frame)), 0)


def _plain(fold: Fold) -> Callable[[str, set[Side]], Provider]:
    """Fills a slot with a truth value, a code or a text."""

    def make(name: str, sides: set[Side]) -> Provider:
        def fill(frame: Frame, facts: dict[str, Scalar]) -> None:
            value = fold(frame)
            if value is not None:
                facts[name] = value

        return fill

    return make


def _bounded(fold: Fold, scale: int) -> Callable[[str, set[Side]], Provider]:
    """Fills the slots of a number: scaled, or as it is where scale is 0."""

    def make(name: str, sides: set[Side]) -> Provider:
        lower, upper = f"{name}.lo", f"{name}.hi"
        want_lo, want_hi = "lo" in sides, "hi" in sides
        factor = 2 * scale or 1
        most = MAX_FACT // factor

        def fill(frame: Frame, facts: dict[str, Scalar]) -> None:
            bound: Bounds = fold(frame)
            lo, hi = bound
            if lo is not None and want_lo:
                whole = type(lo) is int and -most <= lo <= most
                facts[lower] = lo * factor if whole else encoded(lo, scale)  # type: ignore[assignment]
            if hi is not None and want_hi:
                whole = type(hi) is int and -most <= hi <= most
                facts[upper] = hi * factor if whole else encoded(hi, scale)  # type: ignore[assignment]

        return fill

    return make
