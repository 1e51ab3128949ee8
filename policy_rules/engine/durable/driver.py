"""Drives the C module of durable_rules, in the one way that was measured to be safe.

One fact an evaluation, always with the same ids; asserted, its rules fired one by one, retracted.
No Host, no threads, no callbacks. A rule that always matches fires last in every rule set: if it
was not seen, the evaluation failed and says so.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from policy_rules.engine.durable.encoding import (
    GROUPS,
    GUARD,
    KIND_NAMES,
    MAX_FACT,
    MID,
    SENTINEL,
    SID,
    AllOf,
    AnyOf,
    BudgetExceeded,
    Pattern,
    Row,
    Scalar,
    Shard,
    Test,
    compile_rows,
)
from policy_rules.engine.durable.loading import CModule, load

__all__ = [
    "AllOf",
    "AnyOf",
    "BudgetExceeded",
    "DurableFailure",
    "Pattern",
    "Row",
    "RuleBase",
    "Scalar",
    "Test",
]

_HEAD = f'{{"sid":"{SID}","id":"{MID}","{GUARD}":{GROUPS}'
_RETRACT = f'{{"sid":"{SID}","id":"{MID}"}}'
_UNKNOWN_TEXT = -1
_ABSENT: Final = object()


class DurableFailure(RuntimeError):
    """An evaluation failed inside the C engine; what it had computed was thrown away."""


class _Handles:
    """The rule sets of one rule base inside the C engine, for one thread of one process.

    Freed with the object. Freeing is safe at any time, also after an interrupt in the middle.
    """

    def __init__(self, engine: CModule, shards: Sequence[Shard]) -> None:
        self.engine = engine
        self.pid = os.getpid()
        self.numbers: list[int] = []
        self.warm = 0  # rule sets, counted from the first, that have fired the sentinel before
        try:
            for shard in shards:
                self.numbers.append(engine.create_ruleset("r", shard.json))
        except engine.error as exc:
            raise DurableFailure(f"the C engine refused a rule set: {exc}") from exc

    def __del__(
        self,
        getpid: Callable[[], int] = os.getpid,
        ending: Callable[[], bool] = sys.is_finalizing,
    ) -> None:
        # A forked child leaves its parent's rule sets alone; at exit the memory goes anyway, and so
        # have the names of this module, hence the defaults.
        if self.pid != getpid() or ending():
            return
        for position, number in enumerate(self.numbers):
            if position < self.warm:  # before it fired, delete_state frees an unset pointer
                self.engine.delete_state(number, SID)
            self.engine.delete_ruleset(number)


class RuleBase:
    """Rows compiled for the C engine.

    Slots no row mentions are ignored. Safe to use from several threads: each gets rule sets of its
    own at its first run, and so does each forked process.

    Raises BudgetExceeded naming the row, ValueError for a comparison or number the engine cannot
    carry or a row name used twice, TypeError naming a slot compared with values of two types,
    DurableUnavailable if the C engine cannot be loaded.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self._plan = compile_rows(rows)
        self._engine = load()
        self._writers = tuple(
            (slot.index, slot.name, f',"p{slot.index}":', slot.kind, slot.codes)
            for slot in self._plan.slots
        )
        # Only where there are several rule sets does a fact have to be cut to what each reads.
        self._whole = len(self._plan.shards) == 1
        self._local = threading.local()
        self._closed = False

    def run(self, facts: Mapping[str, Scalar]) -> frozenset[str]:
        """The names of all rows that match; what is absent from facts is unknown and never matches.

        Raises TypeError naming a slot whose value is not of the slot's type, ValueError for a
        number beyond ±2**53, DurableFailure if the C engine fails.
        """
        known = self._encode(facts)
        if self._closed:
            raise DurableFailure("the rule base is closed")
        local = self._local
        # Taken out while in use: whatever ends this call early, also Ctrl-C, leaves no used handle
        # behind, and a signal handler that calls run() meanwhile gets rule sets of its own.
        handles: _Handles | None = local.__dict__.pop("handles", None)
        if handles is None or handles.pid != os.getpid():
            handles = _Handles(self._engine, self._plan.shards)
        found = set(self._plan.always)
        for position, shard in enumerate(self._plan.shards):
            if self._whole:
                body = "".join(known.values())
            else:
                body = "".join([known[slot] for slot in shard.slots if slot in known])
            for name in self._fire(handles.numbers[position], f"{_HEAD}{body}}}"):
                rows = shard.rows.get(name)
                if rows is not None:
                    found.update(rows)
                for slot in shard.helpers.get(name, ()):
                    known[slot] = f',"p{slot}":1'
            if handles.warm == position:
                handles.warm = position + 1
        if not self._closed:
            local.handles = handles
        return frozenset(found)

    def close(self) -> None:
        """Free the rule sets of all threads; those of a run under way are freed at its end."""
        self._closed = True
        self._local = threading.local()

    def _encode(self, facts: Mapping[str, Scalar]) -> dict[int, str]:
        known: dict[int, str] = {}
        get = facts.get
        for index, name, head, kind, codes in self._writers:
            value: Any = get(name, _ABSENT)
            if value is _ABSENT:
                continue
            if type(value) is not kind:
                raise TypeError(f"`{name}` is a {KIND_NAMES[kind]} in the rules, not {value!r}")
            if isinstance(value, str):
                known[index] = f"{head}{codes.get(value, _UNKNOWN_TEXT)}"
            elif -MAX_FACT <= value <= MAX_FACT:
                known[index] = f"{head}{value:d}"
            else:
                raise ValueError(f"`{name}`: {value} is beyond ±2**53")
        return known

    def _fire(self, handle: int, fact: str) -> list[str]:
        """The names of the rules of one rule set that fire on a fact."""
        engine = self._engine
        complete = engine.complete_and_start_action
        names: list[str] = []
        try:
            code, state = engine.assert_fact(handle, fact)
            if code:
                raise DurableFailure(f"the C engine did not take the fact: code {code}")
            started = engine.start_action_for_state(handle, state)
            message = started[1] if started else None
            while message:
                names.append(message[2 : message.index('"', 2)])  # {"name":[{"m":…}]}
                message = complete(handle, state)
            if not names or names.pop() != SENTINEL:
                raise DurableFailure("the C engine ended before its last rule")
            code, _ = engine.retract_fact(handle, _RETRACT)
            if code:
                raise DurableFailure(f"the C engine did not give the fact back: code {code}")
        except engine.error as exc:
            raise DurableFailure(f"the C engine failed: {exc}") from exc
        return names
