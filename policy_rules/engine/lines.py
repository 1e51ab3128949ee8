"""The lines of a rule's explanation, made ready once, and what they say of one subject.

Which lines belong to an explanation does not hang on the record; what each says is asked when somebody
looks, once for each subject of a determination.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.engine.building import MEMBER, TOP, Env, Fn
from policy_rules.engine.finding import figure
from policy_rules.facts.record import Items, Row
from policy_rules.text import Text
from policy_rules.verdict import Interval, Truth, Verdict, is_known


@attrs.frozen(eq=False)
class Part:
    """A value a line sees: its name, what gives it, and the year and row that belong to the name."""

    name: str
    value: Fn
    year: Fn | None = None
    row: Fn | None = None

    def seen(self, env: Env) -> tuple[str, str]:
        """Name and value as an explanation shows them: ``member.startup.employees@m1``."""
        name = self.name
        if self.year is not None:
            year = self.year(env)
            name += f"({year})" if is_known(year) else ""
        if self.row is not None:
            row = self.row(env)
            if isinstance(row, Row) and row is not env[TOP] and row.id:
                name += f"@{row.id}"
        return name, shown_value(self.value(env))


@attrs.frozen(eq=False)
class Line:
    """One line: its place and texts, and the functions that say what it comes to."""

    owner: str
    path: str
    text: str
    prose: Callable[[], Text]
    truth: Fn
    #: the condition it stands in (none: no line decides), and whether it stands there turned round
    whole: Fn | None = None
    negated: bool = False
    parts: tuple[Part, ...] = ()
    sides: tuple[Fn, Fn] | None = None


class Seen:
    """What lines say of one subject. Safe to share between threads."""

    __slots__ = ("_decided", "_env", "_lock", "_margins", "_row", "_values", "_verdicts")

    def __init__(self, env: Env, row: Row, lock: threading.Lock) -> None:
        self._env = env
        self._row = row
        self._lock = lock
        self._verdicts: dict[Line, Verdict] = {}
        self._decided: dict[Line, bool] = {}
        self._values: dict[Line, Mapping[str, str]] = {}
        self._margins: dict[Line, str | None] = {}

    def verdict(self, line: Line) -> Verdict:
        """What a line says."""
        found = self._verdicts.get(line)
        if found is None:
            found = self._verdicts[line] = Verdict.of(self._ask(line.truth))
        return found

    def decided(self, line: Line) -> bool:
        """Whether its verdict pushed its condition the way it went."""
        found = self._decided.get(line)
        if found is None:
            found = self._decided[line] = self._decides(line)
        return found

    def values(self, line: Line) -> Mapping[str, str]:
        """The values it saw."""
        found = self._values.get(line)
        if found is None:
            with self._lock:
                self._env[MEMBER] = self._row
                found = self._values[line] = dict(part.seen(self._env) for part in line.parts)
        return found

    def margin(self, line: Line) -> str | None:
        """How far a comparison of known numbers is from its edge."""
        if line.sides is None:
            return None
        if line not in self._margins:
            left, right = (self._ask(side) for side in line.sides)
            known = is_known(left) and is_known(right)
            self._margins[line] = figure(left - right) if known else None
        return self._margins[line]

    def _decides(self, line: Line) -> bool:
        if line.whole is None:
            return False
        truth: Truth = self._ask(line.truth)
        return pushes(truth, line.negated, self._ask(line.whole))

    def _ask(self, function: Fn) -> Any:
        with self._lock:
            self._env[MEMBER] = self._row
            return function(self._env)


def pushes(truth: Truth, negated: bool, whole: Truth) -> bool:
    """Whether a line's verdict pushes its whole condition the way that went."""
    if truth is None or whole is None:
        return False
    return (not truth if negated else truth) is whole


def shown_value(value: Any) -> str:
    """A value as an explanation shows it."""
    match value:
        case None:
            return "?"
        case bool():
            return "YES" if value else "NO"
        case Interval():
            return f"{shown_value(value.lo)} … {shown_value(value.hi)}"
        case int() | Fraction() | float():
            return figure(value)
        case date():
            return str(value)
        case frozenset():
            return ", ".join(sorted(value)) or "∅"
        case Items():
            return f"[{len(value.rows)}{'' if value.complete else '+?'}]"
        case _:
            return str(value)
