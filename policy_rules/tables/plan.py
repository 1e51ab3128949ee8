"""A pack as a plan over columns: what every column engine runs.

A plan is a list of steps in single-assignment form over *frames*. A frame is a table with a row an
item: ``household`` (a row a household), ``household.members`` (a row a member), ``household.incomes``
(a row a year) and so on, by the path of the list it holds. Columns hold three kinds of value only:

- ``bool``: true, false, null (unknown); connectives are Kleene's, as those of SQL and polars are;
- ``int``: exact integers (money and other decimals are scaled, dates are ``yyyymmdd``, sets of codes are
  bit masks); a null is only ever an infinite or absent bound, as the step that made it says;
- ``text``: codes and texts, null unknown.

All meaning (intervals, what a missing number may be, fractions as pairs of integers) is in the lowering
(:mod:`policy_rules.tables.lowering`); an engine knows the operators of :data:`OPERATORS`, ``Down`` and
``Up`` and nothing else.
"""

from __future__ import annotations

from typing import Final, Literal

import attrs

Kind = Literal["bool", "int", "text"]


@attrs.frozen(slots=True, cache_hash=True)
class Ref:
    """A column of the step's own frame."""

    name: str
    kind: Kind


@attrs.frozen(slots=True, cache_hash=True)
class Lit:
    """A constant; ``value`` None is a null of the kind."""

    value: bool | int | str | None
    kind: Kind


@attrs.frozen(slots=True, cache_hash=True)
class Op:
    """An operator of :data:`OPERATORS` over expressions; ``kind`` is that of its result."""

    name: str
    args: tuple[Expr, ...]
    kind: Kind


@attrs.frozen(slots=True, cache_hash=True)
class Among:
    """``item in {…}`` over constants; null where the item is null."""

    item: Expr
    options: tuple[int | str, ...]
    kind: Kind = "bool"


Expr = Ref | Lit | Op | Among

#: Operators with the number of their arguments (-1: two or more).
#:
#: Comparisons and arithmetic give null where an argument is null. ``and``, ``or``, ``not`` are Kleene's.
#: ``is_null`` never gives null. ``if(c, a, b)`` gives b where c is false *or null*. ``coalesce`` gives the
#: first that is not null. ``least`` and ``greatest`` of two give null where either is null. ``div`` and
#: ``mod`` round towards minus infinity, by a positive divisor. ``bit_and`` is the bits common to both.
#: Integers have 128 bits; what leaves them is an error of the engine, never a wrong answer.
OPERATORS: Final = {
    "and": -1, "or": -1, "not": 1, "is_null": 1, "if": 3, "coalesce": -1,
    "eq": 2, "ne": 2, "lt": 2, "le": 2, "gt": 2, "ge": 2,
    "add": -1, "sub": 2, "mul": -1, "neg": 1, "div": 2, "mod": 2, "least": 2, "greatest": 2,
    "bit_and": 2,
}  # fmt: skip


@attrs.frozen(slots=True)
class Define:
    """A new column of a frame from an expression over its columns."""

    frame: str
    name: str
    expr: Expr


@attrs.frozen(slots=True)
class Down:
    """A new column of a frame: that of the row of the outer frame it belongs to."""

    frame: str
    name: str
    outer: str
    source: str
    kind: Kind


#: ``sum``: of the rows' values, a null counts as 0. ``min``, ``max``: of the values that are not null; null
#: where there are none. ``rows``: how many rows. ``true``, ``null``: how many values are true, are null.
#: A row without inner rows has 0 (``min``, ``max``: null).
Aggregate = Literal["sum", "min", "max", "rows", "true", "null"]


@attrs.frozen(slots=True)
class Up:
    """A new column of a frame: an aggregate of a column over the rows of an inner frame that belong to it."""

    frame: str
    name: str
    inner: str
    source: str
    aggregate: Aggregate
    kind: Kind


@attrs.frozen(slots=True)
class Runs:
    """A new int column: months of the longest run of month spells of the inner rows.

    ``first`` and ``last`` are month indexes (year * 12 + month); rows with a null in either do not count,
    nor do those whose last lies before their first. Spells join where they overlap or follow month on month.
    0 where there are none.
    """

    frame: str
    name: str
    inner: str
    first: str
    last: str


Step = Define | Down | Up | Runs


@attrs.frozen
class Needed:
    """An input column: of a frame, by the fact's path, with its kind. See docs/tables.md for the names."""

    frame: str
    name: str
    kind: Kind


@attrs.frozen
class Outcome:
    """Where the answer of a rule stands: columns of a frame.

    ``verdict`` true, false, null; ``outside`` true where the subject is outside the population (verdict is
    false then). ``met`` as ``verdict``, None where the rule is no duty. ``amount`` holds the columns of
    (low numerator, low denominator, high numerator, high denominator), None where it has no figures; null
    columns are an open end.
    """

    rule: str
    frame: str
    verdict: str
    outside: str | None
    met: str | None
    amount: tuple[str, str, str, str] | None


@attrs.frozen
class Plan:
    """The whole of a pack on one day, for records of one kind.

    ``odd`` names a bool column of the record's frame: true where the row must be answered by the reference
    interpreter instead (a derived fact recorded apart from what it derives from, a value no column holds).
    ``left`` are rules no column engine can answer, with the reason; the reference answers them for every row.
    """

    pack: str
    kind: str
    frames: tuple[str, ...]
    needed: tuple[Needed, ...]
    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    odd: str | None
    left: tuple[tuple[str, str], ...]
