"""The fast row path: the verdicts of one record by generated code, or none where that will not do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from policy_rules.engine.compiled.program import Composer, Program
from policy_rules.engine.reference import Interpreter
from policy_rules.facts.record import EMPTY_ROW, Household
from policy_rules.verdict import Verdict

Verdicts = dict[tuple[str, str], Verdict]
Function = Callable[..., Verdicts]

#: Days whose values are kept.
CACHE: Final = 256


class RowPath:
    """The rules of one interpreter's pack as generated functions. Safe to share between threads.

    A function is written for each kind of record and set of rules in force, once ``after`` records
    have been asked: a few are answered sooner without.
    """

    def __init__(self, interpreter: Interpreter, after: int = 100) -> None:
        self.interpreter = interpreter
        self.after = after
        #: records the generated code could not answer; the reference did
        self.fallen = 0
        self._asked = 0
        self._lock = threading.Lock()
        self._programs: dict[tuple[str, frozenset[str]], tuple[Program, Function | None]] = {}
        self._of_day: dict[tuple[str, date], tuple[Function | None, tuple[Any, ...]]] = {}

    def verdicts(self, record: Household, as_of: date) -> Verdicts | None:
        """Verdicts by (rule, subject), rules not in force left out; None: ask the reference.

        Errors are the reference's to raise: code here runs ahead of what is certain to be needed.
        """
        found = self._of_day.get((record.kind, as_of))
        if found is None:
            self._asked += 1
            if self._asked <= self.after:
                return None
            found = self._prepare(record.kind, as_of)
        function, days = found
        if function is None:
            return None
        try:
            env = self.interpreter.environment(record, as_of)
            return function(record.row, record.members, env, as_of, days)
        except Exception:
            self.fallen += 1
            return None

    def source(self, kind: str, as_of: date) -> str:
        """The generated source for records of a kind on a day."""
        return self._program(kind, as_of)[0].text

    def _prepare(self, kind: str, as_of: date) -> tuple[Function | None, tuple[Any, ...]]:
        program, function = self._program(kind, as_of)
        days: tuple[Any, ...] = ()
        if function is not None:
            nobody = Household(kind, "", EMPTY_ROW, None, "")
            try:
                days = program.day_values(self.interpreter.environment(nobody, as_of))
            except Exception:
                function = None
        if len(self._of_day) >= CACHE:
            self._of_day.clear()
        self._of_day[kind, as_of] = function, days
        return function, days

    def _program(self, kind: str, as_of: date) -> tuple[Program, Function | None]:
        rules = self.interpreter.pack.rules.values()
        speaking = frozenset(rule.id for rule in rules if rule.in_force.holds(as_of))
        key = (kind, speaking)
        with self._lock:
            found = self._programs.get(key)
            if found is None:
                program = Composer(self.interpreter, kind, speaking).program()
                function: Function | None = None
                try:
                    function = program.compiled()
                except (SyntaxError, RecursionError, MemoryError):
                    pass  # deeper than Python compiles: the reference answers
                found = self._programs[key] = program, function
        return found
