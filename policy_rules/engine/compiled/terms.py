"""Pieces of generated code: truth values, exact numbers, days, codes."""

from __future__ import annotations

from collections.abc import Sequence

import attrs


class Unsupported(Exception):
    """No fast code for a node: the reference interpreter is asked instead."""


@attrs.frozen
class Truth:
    """An expression that gives True, False and, where ``open``, None."""

    text: str
    open: bool

    @property
    def named(self) -> bool:
        """Whether it is a name, which may be said again at no cost."""
        return self.text.isidentifier()


@attrs.frozen
class Num:
    """An exact number as a quotient of two whole numbers, the second positive (none: one).

    It means anything only where every guard holds; where one does not, the number is not known or
    not plain, and the reference is asked.
    """

    n: str
    d: str | None = None
    guards: tuple[str, ...] = ()


@attrs.frozen
class Day:
    """A day; with guards as in :class:`Num`."""

    text: str
    guards: tuple[str, ...] = ()


@attrs.frozen
class Code:
    """A code, a set of codes or a text, by name or literal; None where not known and ``open``."""

    text: str
    open: bool


Value = Truth | Num | Day | Code


def guarded(value: str, guards: Sequence[str], otherwise: str) -> str:
    """``value`` where all guards hold."""
    if not guards:
        return value
    return f"({value} if {' and '.join(dict.fromkeys(guards))} else {otherwise})"


def times(a: str, b: str | None) -> str:
    """A product of two whole numbers."""
    return a if b is None or b == "1" else b if a == "1" else f"{a} * {b}"


def both(a: str | None, b: str | None) -> str | None:
    """A product of two denominators."""
    if a is None or b is None:
        return a or b
    return f"({a} * {b})"


def assigned(name: Truth | Num | Day, value: Truth | Num | Day) -> str:
    """The statement that gives a value to the name; raises Unsupported where it has no room for it."""
    if isinstance(name, Truth) and isinstance(value, Truth):
        return f"{name.text} = {value.text}"
    if isinstance(name, Day) and isinstance(value, Day):
        return f"{name.text} = {guarded(value.text, value.guards, 'None')}"
    if isinstance(name, Num) and isinstance(value, Num):
        if name.d is None and value.d is None:
            return f"{name.n} = {guarded(value.n, value.guards, 'None')}"
        if name.d is not None:
            pair = f"({value.n}, {value.d or 1})"
            return f"{name.n}, {name.d} = {guarded(pair, value.guards, 'NOTHING')}"
    raise Unsupported


def named(value: Truth | Num | Day, name: str) -> Truth | Num | Day:
    """What says the same as ``value`` by a name."""
    match value:
        case Truth():
            return Truth(name, value.open)
        case Num():
            return Num(name, None if value.d is None else f"{name}d", (f"{name} is not None",))
    return Day(name, (f"{name} is not None",))


def listed(value: Truth | Num | Day, place: str) -> Truth | Num | Day:
    """One item of lists that have the names of a value (its guards are those of a name)."""
    match value:
        case Truth():
            return Truth(f"{value.text}[{place}]", value.open)
        case Num():
            below = None if value.d is None else f"{value.d}[{place}]"
            return Num(f"{value.n}[{place}]", below, (f"{value.n}[{place}] is not None",))
    return Day(f"{value.text}[{place}]", (f"{value.text}[{place}] is not None",))
