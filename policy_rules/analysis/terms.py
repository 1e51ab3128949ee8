"""Terms of the solver with what is known folded: truths and integers, plain Python values as long as they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from policy_rules.errors import EvaluationError, Place, Problem

try:
    import z3
except ImportError as error:  # pragma: no cover - the extra is installed where tests run
    raise EvaluationError(
        Problem(
            "extra_missing",
            Place(),
            expected='`pip install ".[analysis]"` / `pip install "policy-rules[analysis]"`',
            got="`z3`",
        )
    ) from error

__all__ = [
    "Bool",
    "Int",
    "all_of",
    "any_of",
    "compare",
    "either",
    "greater",
    "iff",
    "opposite",
    "smaller",
    "sum_of",
    "z3",
]

#: A truth: a Python bool, or a term of the solver.
Bool = Any
#: An integer: a Python int, or a term of the solver.
Int = Any


def all_of(items: Iterable[Bool]) -> Bool:
    """AND"""
    found: dict[int, Bool] = {}
    for item in items:
        if item is False:
            return False
        if item is not True:
            found[item.get_id()] = item
    if not found:
        return True
    terms = list(found.values())
    return terms[0] if len(terms) == 1 else z3.And(*terms)


def any_of(items: Iterable[Bool]) -> Bool:
    """OR"""
    found: dict[int, Bool] = {}
    for item in items:
        if item is True:
            return True
        if item is not False:
            found[item.get_id()] = item
    if not found:
        return False
    terms = list(found.values())
    return terms[0] if len(terms) == 1 else z3.Or(*terms)


def opposite(item: Bool) -> Bool:
    """NOT"""
    if isinstance(item, bool):
        return not item
    return item.arg(0) if z3.is_not(item) else z3.Not(item)


def iff(a: Bool, b: Bool) -> Bool:
    """Whether two truths are the same."""
    if isinstance(a, bool):
        return b if a else opposite(b)
    if isinstance(b, bool):
        return a if b else opposite(a)
    return a == b


def either(condition: Bool, a: Any, b: Any) -> Any:
    """``a`` where a condition holds, else ``b``; two truths or two integers."""
    if isinstance(condition, bool):
        return a if condition else b
    if a is b or (isinstance(a, int) and isinstance(b, int) and type(a) is type(b) and a == b):
        return a
    if not isinstance(a, int) and not isinstance(b, int) and a.eq(b):
        return a
    if isinstance(a, bool) or isinstance(b, bool):
        return any_of((all_of((condition, a)), all_of((opposite(condition), b))))
    return z3.If(condition, a, b)


_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def compare(name: str, a: Int, b: Int) -> Bool:
    """``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge`` of integers."""
    if not isinstance(a, int) and not isinstance(b, int) and a.eq(b):
        return name in ("eq", "le", "ge")
    return _COMPARE[name](a, b)


def smaller(a: Int, b: Int) -> Int:
    """The smaller of two integers."""
    return min(a, b) if isinstance(a, int) and isinstance(b, int) else either(a <= b, a, b)


def greater(a: Int, b: Int) -> Int:
    """The greater of two integers."""
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else either(a >= b, a, b)


def sum_of(items: Iterable[Int]) -> Int:
    """The sum."""
    constant, terms = 0, []
    for item in items:
        if isinstance(item, int):
            constant += item
        else:
            terms.append(item)
    if not terms:
        return constant
    if constant:
        terms.append(z3.IntVal(constant))
    return terms[0] if len(terms) == 1 else z3.Sum(*terms)
