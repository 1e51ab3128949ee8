"""From the cells of a row to the facts of a record, with every problem in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problem
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.numbers import Refused
from policy_rules.facts.rows import Row
from policy_rules.tables.cells import EMPTY, is_nothing, read_cell, when_empty
from policy_rules.tables.headers import YEARLY, Column, normal
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.sheets import blank

#: What a cell comes to that says something else than a value: the fact is unknown.
BAD: Final = object()
#: Different cells of a column whose values are kept, so that each is read once.
_KEPT: Final = 4096


@attrs.define(eq=False)
class Import:
    """What holds for the reading of one file: where problems go, what stands for whom.

    ``empty_means`` overrides the dictionary's by header or path (``unknown`` or ``none``).
    """

    vocabulary: Vocabulary
    file: str
    names: Pseudonyms
    empty_means: Mapping[str, str]
    region: str = ""
    keep_private: bool = False
    problems: list[Problem] = attrs.field(factory=list)

    def tell(
        self,
        code: str,
        sheet: str,
        row: int | None = None,
        column: Column | None = None,
        **parts: str,
    ) -> None:
        """Note a problem of a sheet, a row, or a cell."""
        place = Place(
            self.file,
            row,
            None if column is None else column.index + 1,
            sheet=sheet,
            header="" if column is None else column.header,
        )
        self.problems.append(Problem(code, place, **parts))

    def meaning(self, column: Column) -> str:
        """What an empty cell of a column means: ``unknown`` or ``none``."""
        assert column.fact is not None
        for name in (column.header, column.head.text, column.path, f"{column.owner}.{column.path}"):
            for key in (name, normal(name)):
                if key in self.empty_means:
                    return self.empty_means[key]
        return column.fact.empty_means


class Binder:
    """Reads the cells of one sheet's columns; a value is kept for cells that stand often."""

    def __init__(self, sheet: str, columns: Iterable[Column], run: Import) -> None:
        self.sheet = sheet
        self.run = run
        facts = [c for c in columns if c.fact is not None]
        self._kept: dict[int, dict[Any, Any]] = {c.index: {} for c in facts}
        self._empty = {
            c.index: when_empty(c.fact, run.vocabulary, run.meaning(c)) for c in facts if c.fact
        }
        self.filled: dict[int, int] = dict.fromkeys(self._kept, 0)
        self.bad: dict[int, int] = dict.fromkeys(self._kept, 0)

    def paths(self, columns: Iterable[Column]) -> list[tuple[str, int | None, list[Column]]]:
        """Columns by what they fill: the fact (by-year facts with their year), its columns."""
        found: dict[tuple[str, int | None, str], list[Column]] = {}
        for column in columns:
            if column.fact is not None:
                key = (column.record, column.year if "_year" in column.record else None)
                found.setdefault((*key, column.fact.path), []).append(column)
        return [(record, year, group) for (record, year, _), group in found.items()]

    def cell(self, column: Column, value: Any, row: int) -> Any:
        """The value of one cell; :data:`EMPTY` where it tells nothing, :data:`BAD` (told) otherwise."""
        kept = self._kept[column.index]
        try:
            found = kept.get((value.__class__, value), kept)
        except TypeError:  # a list, from Parquet or JSON
            found = kept
        if found is not kept and found is not BAD:
            self.filled[column.index] += found is not EMPTY
            return found
        assert column.fact is not None
        try:
            found = read_cell(column.fact, value, self.run.vocabulary, column.scale)
        except Refused as bad:
            code, expected, got, near = bad.problem
            self.run.tell(
                code, self.sheet, row, column, expected=expected, got=got, nearest=near
            )  # fmt: skip
            self.bad[column.index] += 1
            return BAD
        self.filled[column.index] += found is not EMPTY
        if len(kept) < _KEPT and not isinstance(value, list):
            kept[value.__class__, value] = found
        return found

    def fact(self, columns: Sequence[Column], cells: Sequence[Any], row: int) -> Any:
        """The value the columns of one fact give a row: :data:`EMPTY` where they tell nothing.

        Numbered columns of a set are joined; others must agree. One bad cell makes the fact unknown.
        """
        if len(columns) == 1:
            value = self.cell(columns[0], cells[columns[0].index], row)
            return self._empty[columns[0].index] if value is EMPTY else value
        values = [self.cell(c, cells[c.index], row) for c in columns]
        return self.joined(columns, values, row)

    def joined(self, columns: Sequence[Column], values: Sequence[Any], row: int) -> Any:
        """What the values of a fact's columns come to together."""
        if len(values) == 1:
            return self._empty[columns[0].index] if values[0] is EMPTY else values[0]
        told = [v for v in values if v is not EMPTY]
        if any(v is BAD for v in told):
            return BAD
        if not told:
            return self._empty[columns[0].index]
        if len(told) == 1:
            return told[0]
        fact = columns[0].fact
        assert fact is not None
        if fact.kind == "codes":
            return frozenset().union(*told)
        if any(v != told[0] for v in told[1:]):
            others = "、".join(f"`{c.header}`" for c in columns[:-1])
            self.run.tell("columns_differ", self.sheet, row, columns[-1], expected=others)
            return BAD
        return told[0]

    def fill(
        self,
        row: Row,
        groups: Iterable[tuple[str, int | None, list[Column]]],
        cells: Sequence[Any],
        number: int,
    ) -> None:
        """Put the facts of a row's cells where they belong."""
        for record, year, columns in groups:
            value = self.fact(columns, cells, number)
            if value is not EMPTY and value is not BAD:
                put(row, record, year, columns[0], value)


def put(row: Row, record: str, year: int | None, column: Column, value: Any) -> None:
    """Set one fact; one of a by-year record in the row of its year."""
    assert column.fact is not None
    if year is not None:
        years = row.setdefault(YEARLY[record][1], {})
        years.setdefault(year, Row())[column.fact.path] = value
    else:
        row[column.fact.path] = value


def told_apart(cells: Iterable[Any]) -> list[Any]:
    """The different cells that say something."""
    found: list[Any] = []
    for cell in cells:
        if not blank(cell) and not is_nothing(cell) and cell not in found:
            found.append(cell)
    return found
