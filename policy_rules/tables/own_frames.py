"""Households of our own layout straight into frames, range by range: no object a household.

The same households, problems and gaps as :class:`~policy_rules.tables.own.OwnReader` makes of the same
sheets, which tests compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from policy_rules.errors import Problem
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Row
from policy_rules.tables.binding import Import
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import (
    COMPLETE,
    INCOMPLETE,
    PARENT,
    REGION,
    ROW,
    STATE,
    YEAR,
    pl,
)
from policy_rules.tables.own import OwnSheet, list_paths
from policy_rules.tables.own_files import KEY, TOP, OwnFiles, Slice
from policy_rules.tables.own_tables import AT, YEARLY, Held, OwnTable, SheetReader, of_year

__all__ = ["Households", "OwnFrames"]


@attrs.frozen(eq=False)
class Households:
    """Some households as frames.

    ``problems`` are what was wrong, by sheet, row and column. ``held`` are numbers that no column of the frames
    holds, by the household's row: the list and place (or year) within it of each, the fact, the number.
    ``carried`` are the cells that were asked for, by name, as text.
    """

    population: Population
    problems: tuple[Problem, ...]
    held: Mapping[int, Sequence[tuple[tuple[tuple[str, int], ...], str, Any]]]
    carried: pl.DataFrame

    def records(self, rows: Sequence[int] | None = None) -> Iterator[Household]:
        """The households of some rows, ascending (None: all), with every number they have."""
        some = self.population if rows is None else self.population.take(rows)
        places = range(some.height) if rows is None else rows
        for place, record in zip(places, some.records(), strict=True):
            for steps, fact, value in self.held.get(place, ()):
                _reached(record.row, steps)[fact] = value
            yield record


def _reached(row: Row, steps: Sequence[tuple[str, int]]) -> Row:
    for path, at in steps:
        inner = row[path]
        row = inner[at] if isinstance(inner, dict) else inner.rows[at]
    return row


class OwnFrames:
    """Reads some sheets; ``carry`` are the headers of columns that are given beside the facts.

    Raises :class:`~policy_rules.tables.own_keys.NeedsRecords` for sheets that are read record by record.
    """

    def __init__(self, sheets: Sequence[OwnSheet], run: Import, carry: Sequence[str] = ()) -> None:
        ordered = sorted(sheets, key=lambda s: s.path.path.count("."))
        self._paths = list_paths(run.vocabulary)
        self.run = run
        headers = [c for c in ordered[0].columns if c.role == "carried"]
        first = {c.header: c.index for c in reversed(headers)}
        self._carry = {name: first[name] for name in carry if name in first}
        self.files = OwnFiles(ordered, run, list(self._carry.values()))
        self._sheets = {s.path.path: SheetReader(s, run) for s in ordered}

    def slices(self, size: int) -> Iterator[Slice]:
        """The rows of ranges of households, to be read with :meth:`read`, in order."""
        return self.files.slices(size)

    def read(self, part: Slice) -> Households:
        """The households of a range."""
        self.run.problems.clear()
        tables: dict[str, OwnTable] = {}
        for path, sheet in self._sheets.items():
            made = (
                sheet.top(part.rows[path]) if path == TOP else sheet.inner(part.rows[path], tables)
            )
            tables[path] = made
        self._by_year(tables)
        for path in reversed(list(tables)):
            if path != TOP:
                self._hang(tables, path)
        carried = {
            name: [_text(v) for v in tables[TOP].cells.get_column(str(at)).to_list()]
            for name, at in self._carry.items()
        }
        problems = tuple(sorted(self.run.problems, key=_in_order))
        self.run.problems.clear()
        frames = {path: _framed(path, table, self.run.region) for path, table in tables.items()}
        return Households(
            Population(TOP, frames, self.run.vocabulary),
            problems,
            _placed(tables),
            pl.DataFrame(carried, schema=dict.fromkeys(carried, pl.String)),
        )

    # -- putting lists together ----------------------------------------------------------------

    def _by_year(self, tables: dict[str, OwnTable]) -> None:
        """Facts of years that stand in the columns of a sheet become rows of the year's list.

        A row of the list's own sheet goes before them.
        """
        for path, sheet in list(self._sheets.items()):
            if not sheet.years:
                continue
            outer = tables[path]
            inner = f"{path}.{YEARLY[sheet.yearly]}"
            made = [of_year(outer, year, names) for year, names in sheet.years.items()]
            outer.drop([n for names in sheet.years.values() for n in names])
            held: list[Held] = []
            frames: list[pl.DataFrame] = []
            start = 0
            for one in made:
                frames.append(one.frame.with_columns(pl.col(AT) + start))
                held += [(at + start, name, value) for at, name, value in one.held]
                start += one.frame.height
            told = pl.concat(frames, how="diagonal")
            own = tables.get(inner)
            if own is not None:
                keys = [PARENT, YEAR]
                told = told.join(own.frame.select(keys), on=keys, how="anti", maintain_order="left")
                moved = own.frame.with_columns(pl.col(AT) + start)
                held += [(at + start, name, value) for at, name, value in own.held]
                told = pl.concat([told, moved], how="diagonal")
            spec = self._paths[inner]
            tables[inner] = OwnTable(spec, told, held, set(), pl.DataFrame())

    def _hang(self, tables: dict[str, OwnTable], path: str) -> None:
        """Sort a list by the rows it belongs to, and say there what is known of it."""
        table = tables[path]
        if table.spec.parent not in tables:
            del tables[path]  # what it belongs to is not there: nothing of it is left
            return
        outer = tables[table.spec.parent]
        if not table.frame.get_column(PARENT).is_sorted():
            table.frame = table.frame.sort(PARENT, maintain_order=True)
        outer.states[table.spec.fact] = self._state(table, outer)

    def _state(self, table: OwnTable, outer: OwnTable) -> pl.Series:
        owners = table.frame.get_column(PARENT).unique()
        kind = table.spec.kind
        listed = kind == "by_year"
        adrift = table.spec.path in self.files.adrift
        nothing = None if listed or adrift or table.spec.record == "member" else COMPLETE
        state = pl.repeat(nothing, outer.frame.height, dtype=pl.Int8, eager=True)
        whole = INCOMPLETE if adrift and not listed else COMPLETE
        state = state.scatter(owners, pl.repeat(whole, owners.len(), dtype=pl.Int8, eager=True))
        if table.broken and not listed:
            # a row that differs from one before it is in the list already: it has rows
            rows = pl.Series(sorted(table.broken), dtype=pl.Int64)
            state = state.scatter(
                rows, pl.repeat(INCOMPLETE, rows.len(), dtype=pl.Int8, eager=True)
            )
        return state


def _in_order(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.sheet, place.line or 0, place.column or 0)


def _text(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list | tuple) else str(value)


def _framed(path: str, table: OwnTable, region: str) -> pl.DataFrame:
    """A table as the frame of a population."""
    frame = table.frame
    states = [s.alias(f"{fact}{STATE}") for fact, s in table.states.items()]
    frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW), *states)
    if path == TOP:
        frame = frame.with_columns(_region(frame, region)).drop(KEY)
    return frame.drop(AT)


def _region(frame: pl.DataFrame, region: str) -> pl.Expr:
    """The code of the village, township or county, whichever is one; else that of the import."""
    found = []
    for name in ("village_id", "township_id", "county_id"):
        if name in frame.columns:
            code = pl.col(name)
            right = code.str.contains(r"^\d+$") & code.str.len_chars().is_in([6, 9, 12])
            found.append(pl.when(right).then(code))
    return pl.coalesce(*found, pl.lit(region)).alias(REGION)


def _placed(
    tables: Mapping[str, OwnTable],
) -> dict[int, list[tuple[tuple[tuple[str, int], ...], str, Any]]]:
    """The numbers beyond the columns, by the household's row."""
    found: dict[int, list[tuple[tuple[tuple[str, int], ...], str, Any]]] = {}
    for table in tables.values():
        if not table.held:
            continue
        rows = {at: row for row, at in enumerate(table.frame.get_column(AT).to_list())}
        for at, name, value in table.held:
            if at in rows:
                row, steps = _steps(tables, table, rows[at])
                found.setdefault(row, []).append((steps, name, value))
    return found


def _steps(
    tables: Mapping[str, OwnTable], table: OwnTable, row: int
) -> tuple[int, tuple[tuple[str, int], ...]]:
    """The household a row belongs to, and the way to it from there."""
    steps: list[tuple[str, int]] = []
    while table.spec.parent:
        frame = table.frame
        parents = frame.get_column(PARENT)
        parent = parents[row]
        if table.spec.kind == "by_year":
            place = frame.get_column(YEAR)[row]
        else:
            place = row - int(parents.search_sorted(parent, "left"))
        steps.append((table.spec.fact, place))
        table, row = tables[table.spec.parent], parent
    return row, tuple(reversed(steps))
