"""Cells of columns as terms of the solver, and the operators of plans over them.

A truth is the pair (certainly true, certainly false); an integer or code has a term that says whether it is
null; a set of codes is a truth for each bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from policy_rules.analysis.terms import (
    Bool,
    Int,
    all_of,
    any_of,
    compare,
    either,
    greater,
    iff,
    opposite,
    smaller,
    sum_of,
)
from policy_rules.tables.plan import Among, Expr, Kind, Lit, Op, Ref


@attrs.frozen(eq=False, slots=True)
class Truth:
    """A bool of a plan: certainly true, certainly false, else null."""

    yes: Bool
    no: Bool

    @property
    def null(self) -> Bool:
        """Whether it is neither."""
        return all_of((opposite(self.yes), opposite(self.no)))


@attrs.frozen(eq=False, slots=True)
class Whole:
    """An integer of a plan, or a code as the number it is known by.

    ``digits`` of a day are its day, month and year (of the month of a year: month and year), so that taking
    them apart needs no division.
    """

    null: Bool
    value: Int
    digits: tuple[Int, ...] | None = None

    def split(self, count: int) -> tuple[Int, ...] | None:
        """The digits, of a constant too."""
        if isinstance(self.value, int) and self.value >= 0:
            low = [self.value // 100**i % 100 for i in range(count - 1)]
            return (*low, self.value // 100 ** (count - 1))
        return self.digits if self.digits is not None and len(self.digits) == count else None


@attrs.frozen(eq=False, slots=True)
class Bits:
    """A set of codes, a truth a bit."""

    null: Bool
    bits: tuple[Bool, ...]


Cell = Truth | Whole | Bits

TRUE: Final = Truth(True, False)
FALSE: Final = Truth(False, True)
UNKNOWN: Final = Truth(False, False)
NULL: Final = Whole(True, 0)


class Texts:
    """Codes and texts as numbers."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, always the same."""
        return self._numbers.setdefault(text, len(self._numbers))

    def text(self, number: int) -> str:
        """The text of a number."""
        return next(t for t, n in self._numbers.items() if n == number)


def constant(value: bool | int | str | None, kind: Kind, texts: Texts) -> Cell:
    """A literal."""
    if kind == "bool":
        return UNKNOWN if value is None else TRUE if value else FALSE
    if value is None:
        return NULL
    return Whole(False, texts.number(value) if isinstance(value, str) else int(value))


def known(yes: Bool) -> Truth:
    """A truth that is never null."""
    return Truth(yes, opposite(yes))


def null_of(cell: Cell) -> Bool:
    """Whether a cell is null."""
    return cell.null


def choose(condition: Bool, a: Cell, b: Cell) -> Cell:
    """``a`` where a condition holds, else ``b``."""
    if isinstance(condition, bool):
        return a if condition else b
    match a, b:
        case Truth(), Truth():
            return Truth(either(condition, a.yes, b.yes), either(condition, a.no, b.no))
        case (Bits(), _) | (_, Bits()):
            x, y = _bits(a, b)
            return Bits(
                either(condition, x.null, y.null),
                tuple(either(condition, p, q) for p, q in zip(x.bits, y.bits, strict=True)),
            )
        case Whole(), Whole():
            null = either(condition, a.null, b.null)
            if a.null is True or b.null is True:  # a null has no value of its own
                return attrs.evolve(b if a.null is True else a, null=null)
            return Whole(null, either(condition, a.value, b.value), _digits(condition, a, b))
    raise AssertionError((a, b))


def _digits(condition: Bool, a: Whole, b: Whole) -> tuple[Int, ...] | None:
    count = len((a.digits or b.digits) or ())
    mine, other = a.split(count) if count else None, b.split(count) if count else None
    if mine is None or other is None:
        return None
    return tuple(either(condition, x, y) for x, y in zip(mine, other, strict=True))


def _bits(*cells: Cell) -> list[Bits]:
    """Sets and constants (bit masks) as sets of one size."""
    size = max(len(c.bits) for c in cells if isinstance(c, Bits))
    found = []
    for cell in cells:
        if isinstance(cell, Whole):
            mask = cell.value
            assert isinstance(mask, int)
            cell = Bits(cell.null, tuple(bool(mask >> i & 1) for i in range(size)))
        assert isinstance(cell, Bits)
        found.append(cell)
    return found


# -- operators -------------------------------------------------------------------------------


def _and(*args: Cell) -> Cell:
    items = [a for a in args if isinstance(a, Truth)]
    return Truth(all_of(a.yes for a in items), any_of(a.no for a in items))


def _or(*args: Cell) -> Cell:
    items = [a for a in args if isinstance(a, Truth)]
    return Truth(any_of(a.yes for a in items), all_of(a.no for a in items))


def _not(a: Cell) -> Cell:
    assert isinstance(a, Truth)
    return Truth(a.no, a.yes)


def _if(condition: Cell, a: Cell, b: Cell) -> Cell:
    assert isinstance(condition, Truth)
    return choose(condition.yes, a, b)


def coalesce(*args: Cell) -> Cell:
    """The first that is not null."""
    found = args[-1]
    for item in reversed(args[:-1]):
        if isinstance(item, Truth) and isinstance(found, Truth):
            found = Truth(
                any_of((item.yes, all_of((opposite(item.no), found.yes)))),
                any_of((item.no, all_of((opposite(item.yes), found.no)))),
            )
        else:
            found = choose(item.null, found, item)
    return found


def _compared(name: str) -> Callable[[Cell, Cell], Cell]:
    def test(a: Cell, b: Cell) -> Cell:
        null = any_of((a.null, b.null))
        if null is True:
            return UNKNOWN
        if isinstance(a, Bits) or isinstance(b, Bits):
            x, y = _bits(a, b)
            holds = all_of(iff(p, q) for p, q in zip(x.bits, y.bits, strict=True))
            holds = opposite(holds) if name == "ne" else holds
        elif isinstance(a, Truth) and isinstance(b, Truth):
            holds = iff(a.yes, b.yes)
            holds = opposite(holds) if name == "ne" else holds
        else:
            assert isinstance(a, Whole)
            assert isinstance(b, Whole)
            holds = compare(name, a.value, b.value)
        there = opposite(null)
        return Truth(all_of((there, holds)), all_of((there, opposite(holds))))

    return test


def _strict(function: Callable[..., Int]) -> Callable[..., Cell]:
    def result(*args: Cell) -> Cell:
        null = any_of(a.null for a in args)
        if null is True:
            return NULL
        return Whole(null, function(*(a.value for a in args if isinstance(a, Whole))))

    return result


def _product(*args: Int) -> Int:
    found: Int = 1
    for a in args:
        found = a if isinstance(found, int) and found == 1 else found * a
    return found


def _div(a: Cell, b: Cell) -> Cell:
    assert isinstance(a, Whole)
    assert isinstance(b, Whole)
    digits = a.digits
    drop = {100: 1, 10_000: 2}.get(b.value, 0) if isinstance(b.value, int) else 0
    if digits is not None and 0 < drop < len(digits):
        rest = digits[drop:]
        return Whole(a.null, sum_of(x * 100**i if i else x for i, x in enumerate(rest)), rest)
    return _DIV(a, b)


def _mod(a: Cell, b: Cell) -> Cell:
    assert isinstance(a, Whole)
    assert isinstance(b, Whole)
    if a.digits is not None and len(a.digits) > 1 and isinstance(b.value, int) and b.value == 100:
        return Whole(a.null, a.digits[0])
    return _MOD(a, b)


_DIV: Final = _strict(lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b)
_MOD: Final = _strict(lambda a, b: a % b)


def _common(a: Cell, b: Cell) -> Cell:
    null = any_of((a.null, b.null))
    if null is True:
        return NULL
    x, y = _bits(a, b)
    return Bits(null, tuple(all_of((p, q)) for p, q in zip(x.bits, y.bits, strict=True)))


#: ``div`` and ``mod`` of the solver's integers round down by a positive divisor, as those of plans do.
OPERATORS: Final[Mapping[str, Callable[..., Cell]]] = {
    "and": _and,
    "or": _or,
    "not": _not,
    "is_null": lambda a: known(null_of(a)),
    "if": _if,
    "coalesce": coalesce,
    **{name: _compared(name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "add": _strict(lambda *args: sum_of(args)),
    "sub": _strict(lambda a, b: a - b),
    "mul": _strict(_product),
    "neg": _strict(lambda a: -a),
    "div": _div,
    "mod": _mod,
    "least": _strict(smaller),
    "greatest": _strict(greater),
    "bit_and": _common,
}


def evaluate(expr: Expr, cells: Callable[[Ref], Cell], texts: Texts) -> Cell:
    """An expression for one row, whose columns ``cells`` gives."""
    match expr:
        case Ref():
            return cells(expr)
        case Lit(value=value, kind=kind):
            return constant(value, kind, texts)
        case Among(item=item, options=options):
            of = evaluate(item, cells, texts)
            tests = [OPERATORS["eq"](of, constant(o, item.kind, texts)) for o in options]
            return _or(*tests) if tests else choose(of.null, UNKNOWN, FALSE)
        case Op(name=name, args=args):
            return OPERATORS[name](*(evaluate(a, cells, texts) for a in args))


# -- aggregates ------------------------------------------------------------------------------


def _counted(items: list[tuple[Bool, Bool]]) -> Whole:
    return Whole(False, sum_of(either(all_of(pair), 1, 0) for pair in items))


def _total(items: list[tuple[Bool, Cell]]) -> Whole:
    parts = []
    for there, cell in items:
        assert isinstance(cell, Whole)
        parts.append(either(all_of((there, opposite(cell.null))), cell.value, 0))
    return Whole(False, sum_of(parts))


def _extreme(items: list[tuple[Bool, Cell]], pick: Callable[[Int, Int], Int]) -> Cell:
    """The smallest or greatest that is not null. Of sets only one is: that of the year asked for."""
    found: Cell = NULL
    for there, cell in items:
        item = choose(there, cell, NULL)
        if item.null is True:
            continue
        if found.null is True:
            found = item
            continue
        both = item
        if isinstance(found, Whole) and isinstance(item, Whole):
            both = Whole(False, pick(found.value, item.value))
        found = choose(found.null, item, choose(item.null, found, both))
    return found


def aggregate(name: str, items: list[tuple[Bool, Cell]]) -> Cell:
    """An aggregate of a plan over rows that are there where their term says so."""
    match name:
        case "sum":
            return _total(items)
        case "rows":
            return _counted([(there, True) for there, _ in items])
        case "true":
            return _counted([(t, c.yes) for t, c in items if isinstance(c, Truth)])
        case "null":
            return _counted([(t, c.null) for t, c in items])
        case _:
            return _extreme(items, smaller if name == "min" else greater)


def longest_run(items: list[tuple[Bool, Any, Any]]) -> Whole:
    """Months of the longest run of spells, each with first and last month, as ``Runs`` of a plan says."""
    valid = [
        (all_of((t, opposite(a.null), opposite(b.null), compare("le", a.value, b.value))), a, b)
        for t, a, b in items
    ]
    valid = [item for item in valid if item[0] is not False]
    best: Int = 0
    for there, first, last in valid:
        end = last.value
        for _ in range(len(valid) - 1):
            for other, a, b in valid:
                joins = all_of(
                    (other, compare("le", a.value, end + 1), compare("gt", b.value, end))
                )
                end = either(joins, b.value, end)
        length = either(there, end - first.value + 1, 0)
        best = greater(best, length)
    return Whole(False, best)
