"""The operators of the plan language as SQL, one function each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from math import prod
from typing import Final

from sqlglot import exp

from policy_rules.tables.sql_terms import HIGHEST, LOWEST, Term, Terms


def _and(at: Terms, args: list[Term]) -> Term:
    return Term(at.balanced(exp.And, [a.sql for a in args]), "bool")


def _or(at: Terms, args: list[Term]) -> Term:
    return Term(at.balanced(exp.Or, [a.sql for a in args]), "bool")


def _not(at: Terms, args: list[Term]) -> Term:
    return Term(exp.Paren(this=exp.Not(this=args[0].sql)), "bool")


def _is_null(at: Terms, args: list[Term]) -> Term:
    return Term(at.is_null(args[0].sql), "bool")


def _if(at: Terms, args: list[Term]) -> Term:
    condition, *branches = args
    (a, b), _ = at.alike(branches)
    return _hull(at.case((condition.sql, a), default=b), branches)


def _coalesce(at: Terms, args: list[Term]) -> Term:
    first, *others = at.alike(args)[0]
    return _hull(exp.Coalesce(this=first, expressions=others), args)


def _hull(sql: exp.Expression, terms: Sequence[Term]) -> Term:
    return Term(sql, terms[0].kind, min(t.lo for t in terms), max(t.hi for t in terms))


def _comparison(name: str) -> Callable[[Terms, list[Term]], Term]:
    def compare(at: Terms, args: list[Term]) -> Term:
        (a, b), _ = at.alike(args)
        return Term(at.binary(getattr(exp, name), a, b), "bool")

    return compare


def _arithmetic(
    at: Terms, kind: type[exp.Binary], args: list[Term], lo: int, hi: int, most: int
) -> Term:
    """``most`` bounds every value on the way to the result."""
    wide = at.limited(-most, most)[1] > HIGHEST or any(a.wide for a in args)
    return at.fitted(at.balanced(kind, [at.number(a, wide) for a in args]), wide, lo, hi)


def _size(term: Term) -> int:
    return max(abs(term.lo), abs(term.hi))


def _add(at: Terms, args: list[Term]) -> Term:
    lo, hi = sum(a.lo for a in args), sum(a.hi for a in args)
    return _arithmetic(at, exp.Add, args, lo, hi, sum(_size(a) for a in args))


def _sub(at: Terms, args: list[Term]) -> Term:
    a, b = args
    return _arithmetic(at, exp.Sub, args, a.lo - b.hi, a.hi - b.lo, _size(a) + _size(b))


def _mul(at: Terms, args: list[Term]) -> Term:
    def times(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
        corners = [x * y for x in a for y in b]
        return min(corners), max(corners)

    lo, hi = reduce(times, [(a.lo, a.hi) for a in args])
    return _arithmetic(at, exp.Mul, args, lo, hi, prod(max(1, _size(a)) for a in args))


def _neg(at: Terms, args: list[Term]) -> Term:
    (a,) = args
    wide = a.wide or a.lo == LOWEST
    return at.fitted(exp.Paren(this=exp.Neg(this=at.number(a, wide))), wide, -a.hi, -a.lo)


def _div(at: Terms, args: list[Term]) -> Term:
    """Towards minus infinity; both arguments are columns or constants where they stand twice."""
    a, b = args
    least = max(1, b.lo)
    corners = [x // y for x in (a.lo, a.hi) for y in (least, max(least, b.hi))]
    lo, hi = min(corners), max(corners)
    wide = a.wide or b.wide
    x, y = at.number(a, wide), _divisor(at, b, wide)
    if wide and at.dialect.name == "spark":
        return at.fitted(_even(at, a, b, x, y), wide, lo, hi)
    quotient: exp.Expression = at.binary(exp.IntDiv, x, y)
    if a.lo < 0:
        rest = at.binary(exp.Mod, x.copy(), y.copy())
        zero = at.number(at.literal(0, "int"), wide)
        one = at.number(at.literal(1, "int"), wide)
        lower = at.binary(exp.Sub, quotient.copy(), one)
        below = at.binary(exp.LT, rest, zero)
        quotient = at.case((below, lower), default=quotient)
    return at.fitted(quotient, wide, lo, hi)


def _even(at: Terms, a: Term, b: Term, x: exp.Expression, y: exp.Expression) -> exp.Expression:
    """A quotient of decimals in Spark: DIV gives a BIGINT there, / keeps 32 digits before the point."""
    rest = at.binary(exp.Mod, x.copy(), y.copy()) if a.lo >= 0 else _rest(at, x.copy(), y, True)
    even = at.binary(exp.Sub, x, rest)

    def divided(of: exp.Expression, by: exp.Expression) -> exp.Expression:
        return at.cast(at.binary(exp.Div, of, by), "wide")

    plain = divided(even, y.copy())
    if _size(a) // max(1, b.lo) < 10**32:
        return plain
    # in two steps, as on paper: by the divisor a hundred million times, then what is left
    shift = at.number(at.literal(10**8, "int"), True)
    times = at.binary(exp.Mul, y.copy(), shift)
    left = at.binary(exp.Mod, even.copy(), times)
    high = divided(at.binary(exp.Sub, even.copy(), left), times.copy())
    low = divided(left.copy(), y.copy())
    long = at.binary(exp.Add, at.binary(exp.Mul, high, shift.copy()), low)
    million = at.number(at.literal(10**6, "int"), True)
    return at.case((at.binary(exp.LTE, y.copy(), million), long), default=plain)


def _mod(at: Terms, args: list[Term]) -> Term:
    a, b = args
    lo, hi = 0, max(0, b.hi - 1)
    # the rest is brought above zero by adding the divisor
    wide = a.wide or b.wide or (a.lo < 0 and 2 * b.hi > HIGHEST)
    x, y = at.number(a, wide), _divisor(at, b, wide)
    if a.lo >= 0:
        return at.fitted(at.binary(exp.Mod, x, y), wide, lo, min(hi, a.hi))
    return at.fitted(_rest(at, x, y, wide), wide, lo, hi)


def _rest(at: Terms, a: exp.Expression, b: exp.Expression, wide: bool) -> exp.Expression:
    raised = at.binary(exp.Add, at.binary(exp.Mod, a, b), b.copy())
    return at.binary(exp.Mod, raised, b.copy())


def _divisor(at: Terms, b: Term, wide: bool) -> exp.Expression:
    """A divisor is positive wherever its quotient is used; elsewhere a zero gives null, no error."""
    if b.lo > 0:
        return at.number(b, wide)
    zero = at.number(at.literal(0, "int"), wide)
    return exp.Nullif(this=at.number(b, wide), expression=zero)


def _least(at: Terms, args: list[Term]) -> Term:
    (a, b), wide = at.alike(args)
    picked = at.case((at.binary(exp.LTE, a, b), a.copy()), (at.binary(exp.GT, a, b), b.copy()))
    lo, hi = min(t.lo for t in args), min(t.hi for t in args)
    return _picked(at, picked, wide, args, lo, hi)


def _greatest(at: Terms, args: list[Term]) -> Term:
    (a, b), wide = at.alike(args)
    picked = at.case((at.binary(exp.GTE, a, b), a.copy()), (at.binary(exp.LT, a, b), b.copy()))
    lo, hi = max(t.lo for t in args), max(t.hi for t in args)
    return _picked(at, picked, wide, args, lo, hi)


def _picked(at: Terms, sql: exp.Expression, wide: bool, args: list[Term], lo: int, hi: int) -> Term:
    if args[0].kind != "int":
        return Term(sql, args[0].kind)
    return at.fitted(sql, wide, lo, hi)


def _bit_and(at: Terms, args: list[Term]) -> Term:
    # Spark has bits of integers only: a mask beyond 64 bits is an error of its cast
    wide = at.dialect.name == "duckdb" and any(a.wide for a in args)
    sql = at.binary(exp.BitwiseAnd, *(at.number(a, wide) for a in args))
    hi = min((a.hi for a in args if a.lo >= 0), default=max(a.hi for a in args))
    lo = 0 if any(a.lo >= 0 for a in args) else -(2 ** max(_size(a) for a in args).bit_length())
    lowest, highest = (at.dialect.lowest, at.dialect.highest) if wide else (LOWEST, HIGHEST)
    return at.fitted(sql, wide, max(lo, lowest), min(hi, highest))


OPERATIONS: Final[dict[str, Callable[[Terms, list[Term]], Term]]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "is_null": _is_null,
    "if": _if,
    "coalesce": _coalesce,
    "eq": _comparison("EQ"),
    "ne": _comparison("NEQ"),
    "lt": _comparison("LT"),
    "le": _comparison("LTE"),
    "gt": _comparison("GT"),
    "ge": _comparison("GTE"),
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "neg": _neg,
    "div": _div,
    "mod": _mod,
    "least": _least,
    "greatest": _greatest,
    "bit_and": _bit_and,
}
#: Operators whose SQL writes an argument twice: the stages make those arguments columns of their own.
TWICE: Final = frozenset({"div", "mod", "least", "greatest"})
