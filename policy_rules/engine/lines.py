"""The lines of a rule's explanation, made ready once, and what they say of one subject.

Which lines belong to an explanation does not hang on the record; what each says is asked when somebody
looks, once for each subject of a determination.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.building import MEMBER, TOP, Env, Fn
from policy_rules.engine.finding import Because, figure
from policy_rules.facts.record import Items, Row
from policy_rules.text import Text
from policy_rules.verdict import Interval, Truth, Verdict, is_known


@attrs.frozen(eq=False)
class Part:
    """A value a line sees: its name, what gives it, and the year and row that belong to the name.

    ``once`` where a name means one value, wherever it is seen of a subject.
    """

    name: str
    value: Fn
    once: bool = False
    year: Fn | None = None
    row: Fn | None = None

    def named(self, env: Env) -> str:
        """The name as an explanation shows it: ``member.startup.employees@m1``."""
        name = self.name
        if self.year is not None:
            year = self.year(env)
            name += f"({year})" if is_known(year) else ""
        if self.row is not None:
            row = self.row(env)
            if isinstance(row, Row) and row is not env[TOP] and row.id:
                name += f"@{row.id}"
        return name


@attrs.frozen(eq=False)
class Line:
    """One line: its place and texts, and the functions that say what it comes to."""

    path: str
    #: the same where it is told below another line: with the name of what it is a line of
    below: str
    text: str
    prose: Text
    truth: Fn
    #: the condition it stands in (none: no line decides), and whether it stands there turned round
    whole: Fn | None = None
    negated: bool = False
    parts: tuple[Part, ...] = ()
    sides: tuple[Fn, Fn] | None = None


@attrs.frozen(eq=False)
class Told:
    """A line where it is told: on its own (depth 0), or below a line that names what it is of."""

    line: Line
    depth: int


class Seen:
    """What lines say of one subject, each looked up when first asked for. Safe to share between
    threads."""

    __slots__ = (
        "_answers",
        "_env",
        "_lock",
        "_margins",
        "_row",
        "_texts",
        "_values",
        "_wholes",
        "told",
    )

    def __init__(self, env: Env, row: Row, lock: threading.Lock) -> None:
        self._env = env
        self._row = row
        self._lock = lock
        self.told: dict[Told, Because] = {}
        self._answers: dict[Line, tuple[Verdict, bool]] = {}
        self._wholes: dict[Fn, Truth] = {}
        self._values: dict[Line, Mapping[str, str]] = {}
        self._texts: dict[str, str] = {}
        self._margins: dict[Line, str | None] = {}

    def lines(self, plan: Iterable[Told]) -> tuple[Because, ...]:
        """The lines of an explanation."""
        told, found = self.told, []
        for part in plan:
            line = told.get(part)
            if line is None:
                line = told[part] = Because(self, part.line, part.depth)
            found.append(line)
        return tuple(found)

    def answer(self, line: Line) -> tuple[Verdict, bool]:
        """What a line says, and whether that pushed its condition the way it went."""
        return self._answers.get(line) or self._look(line)

    def values(self, line: Line) -> Mapping[str, str]:
        """The values it saw, by name."""
        found = self._values.get(line)
        return self._read(line) if found is None else found

    def margin(self, line: Line) -> str | None:
        """How far a comparison of known numbers is from its edge."""
        return self._margins[line] if line in self._margins else self._measure(line)

    def _look(self, line: Line) -> tuple[Verdict, bool]:
        with self._lock:
            env = self._env
            env[MEMBER] = self._row
            truth, whole, decided = line.truth(env), line.whole, False
            if whole is not None and truth is not None:
                if whole not in self._wholes:
                    self._wholes[whole] = whole(env)
                decided = pushes(truth, line.negated, self._wholes[whole])
            found = self._answers[line] = Verdict.of(truth), decided
        return found

    def _read(self, line: Line) -> Mapping[str, str]:
        found: dict[str, str] = {}
        with self._lock:
            env, texts = self._env, self._texts
            env[MEMBER] = self._row
            for part in line.parts:
                name = part.named(env)
                if not part.once:
                    found[name] = shown_value(part.value(env))
                    continue
                if name not in texts:
                    texts[name] = shown_value(part.value(env))
                found[name] = texts[name]
            self._values[line] = found
        return found

    def _measure(self, line: Line) -> str | None:
        assert line.sides is not None
        with self._lock:
            self._env[MEMBER] = self._row
            left, right = line.sides[0](self._env), line.sides[1](self._env)
        known = is_known(left) and is_known(right)
        margin = self._margins[line] = figure(left - right) if known else None
        return margin


def pushes(truth: Truth, negated: bool, whole: Truth) -> bool:
    """Whether a line's verdict pushes its whole condition the way that went."""
    if truth is None or whole is None:
        return False
    return (not truth if negated else truth) is whole


_SHOWN: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    type(None): lambda value: "?",
    bool: lambda value: "YES" if value else "NO",
    Interval: lambda value: f"{shown_value(value.lo)} … {shown_value(value.hi)}",
    int: str,
    Fraction: figure,
    float: figure,
    frozenset: lambda value: ", ".join(sorted(value)) or "∅",
    Items: lambda value: f"[{len(value.rows)}{'' if value.complete else '+?'}]",
}


def shown_value(value: Any) -> str:
    """A value as an explanation shows it."""
    return _SHOWN.get(type(value), str)(value)
