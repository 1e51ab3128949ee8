"""Which frames and columns hold records of a kind: worked out from the fact dictionary alone.

A frame is named by the path of its list (``household``, ``household.members``); a structure inside a row
(``cooperative``) is flattened into its row's frame with dotted names. See :func:`frame_schema`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import attrs

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.facts.dictionary import FactSpec, Vocabulary

try:
    import polars as pl
except ImportError as error:  # pragma: no cover - the extra is installed where tests run
    raise EvaluationError(
        Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`polars`")
    ) from error

__all__ = [
    "AS_OF",
    "COMPLETE",
    "EXTERNAL",
    "HI",
    "ID",
    "INCOMPLETE",
    "PARENT",
    "REGION",
    "ROW",
    "STATE",
    "YEAR",
    "FrameLayout",
    "Group",
    "frame_schema",
    "layout",
    "pl",
]

ROW: Final = "_row"
PARENT: Final = "_parent"
ID: Final = "_id"
REGION: Final = "_region"
AS_OF: Final = "_as_of"
#: The year of a row of a by-year fact.
YEAR: Final = "year"
#: What follows a fact's path in the column of its upper bound (dates) and of whether it is recorded.
HI: Final = "~hi"
STATE: Final = "~state"
#: Begins the columns of external conditions: ``external.<pack>.<condition>``.
EXTERNAL: Final = "external."

#: Whether a list, structure or by-year fact is recorded: 0 or null not, 1 with gaps, 2 wholly.
INCOMPLETE, COMPLETE = 1, 2

_TYPES: Final[Mapping[str, type[pl.DataType]]] = {
    "bool": pl.Boolean,
    "int": pl.Int64,
    "number": pl.Int64,
    "money": pl.Int64,
    "share": pl.Int64,
    "date": pl.Int32,
    "year_month": pl.Int32,
    "code": pl.String,
    "text": pl.String,
    "codes": pl.Int64,
}


@attrs.frozen(eq=False)
class Group:
    """The facts of one structure within a frame: at the top of its rows, or under ``prefix``.

    ``facts`` are those with columns of their own, ``nested`` the structures flattened into the same frame,
    ``inner`` the lists and by-year facts, which have frames of their own.
    """

    prefix: str
    facts: Mapping[str, FactSpec]
    nested: Mapping[str, Group]
    inner: Mapping[str, FrameLayout]
    #: The bit of each code of each set of codes.
    bits: Mapping[str, Mapping[str, int]]


@attrs.frozen(eq=False)
class FrameLayout:
    """One frame: its path, that of the frame its rows belong to, and what its rows hold.

    ``record`` is the dictionary's name of what a row is; ``by_year`` says that a row is a year's.
    """

    path: str
    outer: str | None
    record: str
    by_year: bool
    group: Group

    def within(self) -> Iterator[FrameLayout]:
        """This frame and every frame inside it, outer ones first."""
        yield self
        groups = [self.group]
        while groups:
            group = groups.pop(0)
            for inner in group.inner.values():
                yield from inner.within()
            groups += group.nested.values()

    def columns(self) -> dict[str, type[pl.DataType]]:
        """Every column a frame may have, apart from external conditions."""
        found: dict[str, type[pl.DataType]] = {ROW: pl.Int64}
        if self.outer is not None:
            found[PARENT] = pl.Int64
        if self.by_year:
            found[YEAR] = pl.Int64
        else:
            found[ID] = pl.String
        if self.outer is None:
            found |= {REGION: pl.String, AS_OF: pl.Int32}
        groups = [self.group]
        while groups:
            group = groups.pop(0)
            for path, fact in group.facts.items():
                found[group.prefix + path] = _TYPES[fact.kind]
                if fact.kind in ("date", "year_month"):
                    found[group.prefix + path + HI] = pl.Int32
            for path in (*group.nested, *group.inner):
                found[group.prefix + path + STATE] = pl.Int8
            for path in group.nested:
                found[f"{group.prefix}{path}.{ID}"] = pl.String
            groups += group.nested.values()
        return found


@lru_cache(maxsize=64)
def layout(vocabulary: Vocabulary, kind: str) -> FrameLayout:
    """The frames of records of a kind, the record's own frame outermost.

    Raises KeyError for a kind the dictionary does not have, ValueError where a structure contains itself.
    """
    return _frame(vocabulary, kind, kind, None, False, ())


def _frame(
    vocabulary: Vocabulary,
    path: str,
    record: str,
    outer: str | None,
    by_year: bool,
    above: tuple[str, ...],
) -> FrameLayout:
    return FrameLayout(path, outer, record, by_year, _group(vocabulary, path, record, "", above))


def _group(
    vocabulary: Vocabulary, frame: str, record: str, prefix: str, above: tuple[str, ...]
) -> Group:
    if record in above:
        raise ValueError(f"{record} contains itself; no table holds it")
    above = (*above, record)
    facts: dict[str, FactSpec] = {}
    nested: dict[str, Group] = {}
    inner: dict[str, FrameLayout] = {}
    bits: dict[str, dict[str, int]] = {}
    for path, fact in vocabulary.records[record].facts.items():
        if fact.kind == "record":
            nested[path] = _group(vocabulary, frame, fact.item or "", f"{prefix}{path}.", above)
        elif fact.kind in ("list", "by_year"):
            whole = f"{frame}.{prefix}{path}"
            years = fact.kind == "by_year"
            inner[path] = _frame(vocabulary, whole, fact.item or "", frame, years, above)
        else:
            facts[path] = fact
            if fact.kind == "codes":
                codes = vocabulary.codes[fact.codes or ""].values
                bits[path] = {code: 1 << i for i, code in enumerate(codes)}
    return Group(prefix, facts, nested, inner, bits)


def frame_schema(vocabulary: Vocabulary, kind: str) -> dict[str, dict[str, type[pl.DataType]]]:
    """Every frame of records of a kind with its columns and their polars types, outer frames first.

    A frame may lack columns of its schema (nothing is recorded in them) and have columns beyond it:
    external conditions, ``external.<pack>.<condition>``, Boolean.
    """
    return {frame.path: frame.columns() for frame in layout(vocabulary, kind).within()}
