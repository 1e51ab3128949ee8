"""Folds over lists as loops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from policy_rules.engine.compiled import logic
from policy_rules.engine.compiled.scopes import Scope
from policy_rules.engine.compiled.source import Block
from policy_rules.engine.compiled.terms import Num, Truth, Unsupported
from policy_rules.expr.nodes import Fact, Fold, Node, Var

if TYPE_CHECKING:
    from policy_rules.engine.compiled.writer import Writer


def condition(at: Writer, node: Fold) -> Truth:
    """``any`` or ``all``: a loop that ends where it is decided; ``all`` is no item that does not."""
    body = node.body
    if node.kind not in ("any", "all") or body is None:
        raise Unsupported
    name, every = at.source.name("t"), node.kind == "all"

    def counts() -> Truth:
        said = at.truth(body)
        return logic.negation(at.source, said) if every else said

    def write() -> None:
        where = node.where
        parts = [counts] if where is None else [lambda: at.truth(where), counts]
        found = _held(at, logic.all_of(at.source, parts))
        at.source.emit(_block(f"if {found.text}:", f"{name} = {not every}", "break"))
        if found.open:
            at.source.emit(f"if {found.text} is None: {name} = None")

    items, loop = _loop(at, node.source, node.var, write)
    at.source.emit(f"{name} = {every} if {items}.complete else None")
    at.source.emit(loop)
    return Truth(name, True)


def number(at: Writer, node: Fold) -> Num:
    """``count`` or ``sum``: known where the list is complete and each item plainly known."""
    if node.kind not in ("count", "sum"):
        raise Unsupported
    name, below = at.source.name("n"), at.source.name("d")
    whole = True

    def write() -> None:
        nonlocal whole
        add = Block()
        body = node.body
        if body is None:
            add.body.append(f"{name} += 1")
        else:
            value = at.source.within(add, lambda: at.number(body))
            whole = value.d is None
            if value.guards:
                add.body.append(
                    _block(f"if not ({' and '.join(value.guards)}):", f"{name} = None", "break")
                )
            more = f"{name} += {value.n}"
            if value.d is not None:
                plus = at.source.value(add_quotients)
                more = f"{name}, {below} = {plus}({name}, {below}, {value.n}, {value.d})"
            add.body.append(more)
        if node.where is None:
            at.source.block.body += add.body
            return
        chosen = _held(at, at.truth(node.where))
        if chosen.open:
            at.source.emit(_block(f"if {chosen.text} is None:", f"{name} = None", "break"))
        add.header = f"if {chosen.text}:"
        at.source.emit(add)

    items, loop = _loop(at, node.source, node.var, write)
    at.source.emit(f"{name}, {below} = None, 1")
    known = _block(f"if {items}.complete:", f"{name} = 0", loop)
    at.source.emit(known)
    return Num(name, None if whole else below, (f"{name} is not None",))


def add_quotients(n: int, d: int, m: int, e: int) -> tuple[int, int]:
    """n/d + m/e"""
    if d == e:
        return n + m, d
    common = math.lcm(d, e)
    return n * (common // d) + m * (common // e), common


def _loop(at: Writer, source: Node, var: Var, write: Callable[[], None]) -> tuple[str, Block]:
    """The name of a list, and a loop over it with the lines of ``write``."""
    if at.deriving:
        raise Unsupported  # its loop variable has no place in an environment
    row, place = at.source.name("i"), at.source.name("j")
    members = isinstance(source, Var)
    if isinstance(source, Var) and source.name in ("members", "others"):
        items = at.top.items("members")
    elif isinstance(source, Fact):
        items = at.row(source.base).items(source.field.path)
    else:
        raise Unsupported
    loop, head, body = Block(), Block(), Block()
    if isinstance(source, Var) and source.name == "others":
        if at.member is None:
            raise Unsupported
        head.body.append(f"if {row} is {at.member.row}: continue")
    asked = at.asked
    slot = at.interpreter.loop(var, at.owner)
    with at.loop(var, Scope(at, row, head, place if members else "")):
        at.source.within(body, write)
    lines = [f"env[{slot}] = {row}"] if at.asked > asked else []
    loop.body = [*lines, head, body]
    used = members and any(f"[{place}]" in line for line in loop.lines())
    loop.header = (
        f"for {place}, {row} in enumerate({items}.rows):" if used else f"for {row} in {items}.rows:"
    )
    return items, loop


def _held(at: Writer, said: Truth) -> Truth:
    """A truth value under a name, where it may be unknown."""
    if not said.open or said.named:
        return said
    name = at.source.name("t")
    at.source.emit(f"{name} = {said.text}")
    return Truth(name, True)


def _block(header: str, *parts: str | Block) -> Block:
    block = Block(header)
    block.body = list(parts)
    return block
