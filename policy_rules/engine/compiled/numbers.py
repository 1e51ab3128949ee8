"""Numbers and days as code. Numbers are exact: quotients of whole numbers, cross-multiplied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from policy_rules.engine.compiled import folds
from policy_rules.engine.compiled.terms import Day, Num, Unsupported, both, times
from policy_rules.expr.nodes import (
    Arith,
    Call,
    Choice,
    Const,
    Extreme,
    Fact,
    Fold,
    Named,
    Node,
    Var,
)
from policy_rules.facts import dates

if TYPE_CHECKING:
    from policy_rules.engine.compiled.writer import Writer


def day(at: Writer, node: Node) -> Day:
    """A day; raises Unsupported."""
    if isinstance(node, Var) and node.name == "as_of":
        return Day("as_of")
    if at.fixed(node):
        found: Any = at.value_of_day(node)
    elif isinstance(node, Fact):
        found = at.row(node.base).fact(node)
    elif isinstance(node, Named):
        found = at.named(node)
    elif isinstance(node, Call) and node.function == "add_months":
        start, months = day(at, node.args[0]), at.number(node.args[1])
        if months.d is not None:
            raise Unsupported
        later = at.source.value(dates.add_months)
        found = Day(f"{later}({start.text}, {months.n})", start.guards + months.guards)
    else:
        raise Unsupported
    if not isinstance(found, Day):
        raise Unsupported
    return found


def _const(at: Writer, node: Const) -> Num:
    value = node.value
    if type(value) is int:
        return Num(repr(value))
    if isinstance(value, Fraction):
        return Num(repr(value.numerator), repr(value.denominator))
    raise Unsupported


def _fact(at: Writer, node: Fact) -> Any:
    return at.row(node.base).fact(node)


def _named(at: Writer, node: Named) -> Any:
    return at.named(node)


def _arith(at: Writer, node: Arith) -> Num:
    a, b = at.number(node.left), at.number(node.right)
    guards = a.guards + b.guards
    match node.op:
        case "*":
            return Num(f"({times(a.n, b.n)})", both(a.d, b.d), guards)
        case "/":
            if not isinstance(node.right, Const):
                guards += (f"{b.n} > 0",)
            elif node.right.value <= 0:  # type: ignore[operator]
                raise Unsupported
            return Num(f"({times(a.n, b.d)})", both(a.d, b.n), guards)
    if a.d == b.d:
        return Num(f"({a.n} {node.op} {b.n})", a.d, guards)
    return Num(f"({times(a.n, b.d)} {node.op} {times(b.n, a.d)})", both(a.d, b.d), guards)


def _extreme(at: Writer, node: Extreme) -> Num:
    args = [at.number(arg) for arg in node.args]
    if any(arg.d is not None for arg in args):
        raise Unsupported
    guards = tuple(guard for arg in args for guard in arg.guards)
    return Num(f"{node.kind}({', '.join(arg.n for arg in args)})", None, guards)


def _choice(at: Writer, node: Choice) -> Num:
    condition = at.truth(node.condition)
    then, otherwise = at.number(node.then), at.number(node.otherwise)
    guards = then.guards + otherwise.guards
    test = condition.text
    if condition.open:
        test = at.source.name("t")
        guards = (f"({test} := {condition.text}) is not None", *guards)
    below = None
    if then.d is not None or otherwise.d is not None:
        below = f"({then.d or 1} if {test} else {otherwise.d or 1})"
    return Num(f"({then.n} if {test} else {otherwise.n})", below, guards)


#: Functions of days that give whole numbers, as they are of known days.
_OF_DAYS: Final[Mapping[str, Callable[..., int]]] = {
    "months_between": dates.months_between,
    "calendar_months": dates.calendar_months,
    "age_on": dates.age_on,
}


def _call(at: Writer, node: Call) -> Num:
    if node.function in ("year", "month"):
        only = day(at, node.args[0])
        return Num(f"{only.text}.{node.function}", None, only.guards)
    function = _OF_DAYS.get(node.function)
    if function is None:
        raise Unsupported
    args = [day(at, arg) for arg in node.args]
    text = f"{at.source.value(function)}({', '.join(arg.text for arg in args)})"
    return Num(text, None, tuple(guard for arg in args for guard in arg.guards))


#: node class -> function that writes it as a number, or gives what is none
NUMBERS: Final[Mapping[type[Any], Callable[[Writer, Any], Any]]] = {
    Const: _const,
    Fact: _fact,
    Named: _named,
    Arith: _arith,
    Extreme: _extreme,
    Choice: _choice,
    Call: _call,
    Fold: folds.number,
}
