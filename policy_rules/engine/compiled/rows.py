"""The fast row path: the verdicts of one record by generated code, or none where that will not do."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import date
from typing import Any, Final

from policy_rules.engine.building import Env
from policy_rules.engine.compiled.program import Composer, Gives, Program
from policy_rules.engine.reference import Interpreter
from policy_rules.facts.record import EMPTY_ROW, Household
from policy_rules.verdict import Verdict

Verdicts = dict[tuple[str, str], Verdict]
Truths = list[tuple[Any, ...]]

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
        self._programs: dict[tuple[Gives, str, frozenset[str]], tuple[Program, Any] | None] = {}
        self._of_day: dict[tuple[Gives, str, date], tuple[Any, tuple[Any, ...]]] = {}

    def verdicts(self, record: Household, as_of: date) -> Verdicts | None:
        """Verdicts by (rule, subject), rules not in force left out; None: ask the reference."""
        found: Verdicts | None = self._answer("verdicts", record, as_of, None)
        return found

    def truths(self, record: Household, as_of: date, env: Env) -> Truths | None:
        """Truth values of the record's own rules in force, then of each member's; None as before.

        ``env`` is an environment of the record: what the reference is asked on the way it remembers.
        """
        found: Truths | None = self._answer("truths", record, as_of, env)
        return found

    def _answer(self, gives: Gives, record: Household, as_of: date, env: Env | None) -> Any:
        found = self._of_day.get((gives, record.kind, as_of))
        if found is None:
            self._asked += 1
            if self._asked <= self.after:
                return None
            found = self._prepare(gives, record.kind, as_of)
        function, days = found
        if function is None:
            return None
        try:
            if env is None:
                env = self.interpreter.environment(record, as_of)
            return function(record.row, record.members, env, as_of, days)
        except Exception:
            # code here runs ahead of what is certain to be needed: errors are the reference's to raise
            self.fallen += 1
            return None

    def source(self, kind: str, as_of: date, gives: Gives = "verdicts") -> str:
        """The generated source for records of a kind on a day."""
        return Composer(self.interpreter, kind, self._speaking(as_of), gives).program().text

    def _prepare(self, gives: Gives, kind: str, as_of: date) -> tuple[Any, tuple[Any, ...]]:
        """The function for a day, and the values that hang on the day alone."""
        function: Any = None
        days: tuple[Any, ...] = ()
        found = self._program(gives, kind, as_of)
        if found is not None:
            nobody = Household(kind, "", EMPTY_ROW, None, "")
            with suppress(Exception):  # an error in a definition is the reference's to raise
                days = found[0].day_values(self.interpreter.environment(nobody, as_of))
                function = found[1]
        if len(self._of_day) >= CACHE:
            self._of_day.clear()
        self._of_day[gives, kind, as_of] = function, days
        return function, days

    def _program(self, gives: Gives, kind: str, as_of: date) -> tuple[Program, Any] | None:
        key = (gives, kind, self._speaking(as_of))
        with self._lock:
            if key not in self._programs:
                self._programs[key] = None
                # where Python cannot compile so deep a condition, the reference answers
                with suppress(SyntaxError, RecursionError, MemoryError):
                    program = Composer(self.interpreter, kind, key[2], gives).program()
                    self._programs[key] = program, program.compiled()
            return self._programs[key]

    def _speaking(self, as_of: date) -> frozenset[str]:
        rules = self.interpreter.pack.rules.values()
        return frozenset(rule.id for rule in rules if rule.in_force.holds(as_of))
