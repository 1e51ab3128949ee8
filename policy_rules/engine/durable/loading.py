"""The one place that imports the C module of durable_rules.

The C module is only built from source and can be missing or refuse to load; nothing here imports
it before :func:`load` or :func:`available` is called.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from typing import Protocol, cast

MODULE = "durable_rules_engine"


class CModule(Protocol):
    """The functions of the C module that are safe to use, and its exception.

    ``handle`` and ``state`` are numbers. ``assert_fact`` and ``retract_fact`` return (code, state),
    code 0 being success; the two ``start`` functions return None when nothing is left to fire.
    """

    error: type[Exception]

    def create_ruleset(self, name: str, rules: str, /) -> int: ...
    def delete_ruleset(self, handle: int, /) -> None: ...
    def delete_state(self, handle: int, sid: str, /) -> None: ...
    def assert_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def retract_fact(self, handle: int, fact: str, /) -> tuple[int, int]: ...
    def start_action_for_state(self, handle: int, state: int, /) -> tuple[str, str] | None: ...
    def complete_and_start_action(self, handle: int, state: int, /) -> str | None: ...


_USED = ("error", *(name for name in vars(CModule) if not name.startswith("_")))


class DurableUnavailable(ImportError):
    """durable_rules cannot be used here; the message says why."""


_lock = threading.Lock()
_loaded: CModule | None = None
_reason: str | None = None


def load() -> CModule:
    """The C module, imported at the first call.

    Raises DurableUnavailable if it is not installed or cannot be loaded; asked again, it answers
    the same without another attempt.
    """
    global _loaded, _reason
    with _lock:  # two threads in here would restore each other's flags
        if _loaded is None and _reason is None:
            try:
                _loaded = _import()
            except ImportError as exc:
                _reason = str(exc) or type(exc).__name__
        if _loaded is None:
            raise DurableUnavailable(f"durable_rules cannot be loaded: {_reason}", name=MODULE)
        return _loaded


def available() -> bool:
    """Whether :func:`load` succeeds."""
    return why_unavailable() is None


def why_unavailable() -> str | None:
    """Why :func:`load` fails, or None if it succeeds."""
    try:
        load()
    except DurableUnavailable:
        return _reason
    return None


def _import() -> CModule:
    # The module refers to a function that CPython 3.13 removed and that we never reach; bound
    # lazily, it loads. Platforms without dlopen flags have no such switch.
    if not hasattr(sys, "setdlopenflags"):
        module = importlib.import_module(MODULE)
    else:
        flags = sys.getdlopenflags()
        sys.setdlopenflags(os.RTLD_LAZY)
        try:
            module = importlib.import_module(MODULE)
        finally:
            sys.setdlopenflags(flags)
    missing = [name for name in _USED if not hasattr(module, name)]
    if missing:
        raise ImportError(f"`{MODULE}` lacks {', '.join(missing)}")
    return cast(CModule, module)
