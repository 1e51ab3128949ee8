"""The text of a generated function: blocks of lines, fresh names, values it refers to by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Block:
    """Lines and blocks below an optional header (``if …:``)."""

    __slots__ = ("body", "header")

    def __init__(self, header: str = "") -> None:
        self.header = header
        self.body: list[str | Block] = []

    def lines(self, depth: int = 0) -> list[str]:
        """The text, line by line."""
        pad = "    " * depth
        found = [pad + self.header] if self.header else []
        inner = depth + 1 if self.header else depth
        for part in self.body:
            if isinstance(part, Block):
                found += part.lines(inner)
            else:
                found.append("    " * inner + part)
        if self.header and not self.body:
            found.append("    " * inner + "pass")
        return found


class Source:
    """A function being written.

    Text of a pack enters it only through ``repr``; every other value by a name of ``namespace``.
    """

    def __init__(self) -> None:
        self.block = Block()
        self.namespace: dict[str, Any] = {}
        self._names: dict[int, str] = {}
        self._count = 0

    def name(self, letter: str) -> str:
        """A name not used before."""
        self._count += 1
        return f"{letter}{self._count}"

    def value(self, value: Any) -> str:
        """The name of a value the function refers to."""
        name = self._names.get(id(value))
        if name is None:
            name = self._names[id(value)] = self.name("k")
            self.namespace[name] = value  # which keeps it alive, and its id its own
        return name

    def emit(self, part: str | Block) -> None:
        """Add a line, or a block, to the block being written."""
        self.block.body.append(part)

    def within(self, block: Block, write: Callable[[], _T]) -> _T:
        """What ``write`` gives, with its lines in ``block``."""
        outer, self.block = self.block, block
        try:
            return write()
        finally:
            self.block = outer
