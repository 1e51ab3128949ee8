"""Kleene's connectives as Python expressions that stop where the reference interpreter stops."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policy_rules.engine.compiled.source import Block, Source
from policy_rules.engine.compiled.terms import Truth

Write = Callable[[], Truth]


def conjunction(at: Source, items: Sequence[Truth]) -> Truth:
    """All of the items."""
    if len(items) == 1:
        return items[0]
    if not any(item.open for item in items):
        return Truth("(" + " and ".join(item.text for item in items) + ")", False)
    tests, unsure = [], []
    for item in items:
        if not item.open:
            tests.append(f"not {item.text}")
            continue
        said, name = _said(at, item)
        tests.append(f"{said} is False")
        unsure.append(name)
    # none is False: each of the unsure is True or None
    return Truth(f"(False if {' or '.join(tests)} else {' and '.join(unsure)})", True)


def disjunction(at: Source, items: Sequence[Truth]) -> Truth:
    """Any of the items."""
    if len(items) == 1:
        return items[0]
    if not any(item.open for item in items):
        return Truth("(" + " or ".join(item.text for item in items) + ")", False)
    tests, unsure = [], []
    for item in items:
        said, name = _said(at, item) if item.open else (item.text, "")
        tests.append(said)
        if name:
            unsure.append(name)
    # none is True: each of the unsure is False or None
    *first, last = unsure
    rest = f"None if {' or '.join(f'{name} is None' for name in first)} else {last}"
    return Truth(f"(True if {' or '.join(tests)} else {rest if first else last})", True)


def negation(at: Source, item: Truth) -> Truth:
    """The opposite."""
    if not item.open:
        return Truth(f"(not {item.text})", False)
    said, name = _said(at, item)
    return Truth(f"(None if {said} is None else not {name})", True)


def _said(at: Source, item: Truth) -> tuple[str, str]:
    """The item where it is first said, and a name for it afterwards."""
    if item.named:
        return item.text, item.text
    name = at.name("t")
    return f"({name} := {item.text})", name


def all_of(at: Source, items: Sequence[Write]) -> Truth:
    """All of the items, each written only where those before leave it open."""
    return _joined(at, items, conjunction, "False")


def any_of(at: Source, items: Sequence[Write]) -> Truth:
    """Any of the items, each written only where those before leave it open."""
    return _joined(at, items, disjunction, "True")


def _joined(
    at: Source,
    items: Sequence[Write],
    join: Callable[[Source, Sequence[Truth]], Truth],
    decided: str,
) -> Truth:
    done: list[Truth] = []
    for write in items:
        block = Block()
        item = at.within(block, write)
        if not block.body or not done:
            at.block.body += block.body
            done.append(item)
            continue
        # an item that takes statements of its own, a loop say, is run only where it matters
        so_far = join(at, done)
        name = at.name("t")
        at.emit(f"{name} = {so_far.text}")
        block.header = f"if {name} is not {decided}:"
        held = Truth(name, so_far.open)
        block.body.append(f"{name} = {join(at, [held, item]).text}")
        at.emit(block)
        done = [Truth(name, so_far.open or item.open)]
    return join(at, done)
