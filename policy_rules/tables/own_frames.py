"""Households of our own layout straight into frames, range by range: no object a household.

The same households, problems and gaps as :class:`~policy_rules.tables.own.OwnReader` makes of the same
sheets, which tests compare.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import attrs

from policy_rules.errors import Problem
from policy_rules.facts.record import YEARS, Household
from policy_rules.facts.rows import Row
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import (
    COMPLETE,
    HI,
    ID,
    INCOMPLETE,
    PARENT,
    REGION,
    ROW,
    STATE,
    YEAR,
    pl,
)
from policy_rules.tables.headers import Column
from policy_rules.tables.own import ListPath, OwnSheet, list_paths
from policy_rules.tables.own_cells import FactReader
from policy_rules.tables.own_files import FIRST, KEY, NUMBER, NUMBERED, TOP, OwnFiles, Slice
from policy_rules.tables.own_keys import references
from policy_rules.tables.sheets import written

__all__ = ["Households", "OwnFrames"]

#: By-year facts that may stand in the columns of a sheet: the record of a year, and its list.
_YEARLY: Final = {"income_year": "incomes", "service_year": "services"}
#: Between the year and the fact in a column of a year; no path of a fact holds it.
_OF: Final = "\0"
#: Where a row stood before rows were left out.
_AT: Final = "at"
#: A number no column holds: the row it stood in, its column, itself.
Held = tuple[int, str, Any]


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
        self._sheets = {s.path.path: _Sheet(s, run) for s in ordered}

    def slices(self, size: int) -> Iterator[Slice]:
        """The rows of ranges of households, to be read with :meth:`read`, in order."""
        return self.files.slices(size)

    def read(self, part: Slice) -> Households:
        """The households of a range."""
        self.run.problems.clear()
        tables: dict[str, _Table] = {}
        for path, sheet in self._sheets.items():
            made = sheet.top(part.rows[path]) if path == TOP else sheet.inner(part.rows[path], tables)
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

    def _by_year(self, tables: dict[str, _Table]) -> None:
        """Facts of years that stand in the columns of a sheet become rows of the year's list.

        A row of the list's own sheet goes before them.
        """
        for path, sheet in list(self._sheets.items()):
            if not sheet.years:
                continue
            outer = tables[path]
            inner = f"{path}.{_YEARLY[sheet.yearly]}"
            made = [_of_year(outer, year, names) for year, names in sheet.years.items()]
            outer.drop([n for names in sheet.years.values() for n in names])
            held: list[Held] = []
            frames: list[pl.DataFrame] = []
            start = 0
            for one in made:
                frames.append(one.frame.with_columns(pl.col(_AT) + start))
                held += [(at + start, name, value) for at, name, value in one.held]
                start += one.frame.height
            told = pl.concat(frames, how="diagonal")
            own = tables.get(inner)
            if own is not None:
                keys = [PARENT, YEAR]
                told = told.join(own.frame.select(keys), on=keys, how="anti", maintain_order="left")
                moved = own.frame.with_columns(pl.col(_AT) + start)
                held += [(at + start, name, value) for at, name, value in own.held]
                told = pl.concat([told, moved], how="diagonal")
            spec = self._paths[inner]
            tables[inner] = _Table(spec, told, held, set(), pl.DataFrame())

    def _hang(self, tables: dict[str, _Table], path: str) -> None:
        """Sort a list by the rows it belongs to, and say there what is known of it."""
        table = tables[path]
        if table.spec.parent not in tables:
            del tables[path]  # what it belongs to is not there: nothing of it is left
            return
        outer = tables[table.spec.parent]
        if not table.frame.get_column(PARENT).is_sorted():
            table.frame = table.frame.sort(PARENT, maintain_order=True)
        outer.states[table.spec.fact] = self._state(table, outer)

    def _state(self, table: _Table, outer: _Table) -> pl.Series:
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


@attrs.define(eq=False)
class _Table:
    """The rows of a list so far: :data:`PARENT`, :data:`ID` or :data:`YEAR`, :data:`_AT` and the facts.

    ``broken`` are the rows further out whose list has gaps; ``held`` numbers go by :data:`_AT`. ``states`` are
    of the lists within its rows.
    """

    spec: ListPath
    frame: pl.DataFrame
    held: list[Held]
    broken: set[int]
    cells: pl.DataFrame
    states: dict[str, pl.Series] = attrs.Factory(dict)

    def drop(self, names: Sequence[str]) -> None:
        """Without some facts."""
        gone = {n for name in names for n in (name, name + HI)}
        self.frame = self.frame.drop(gone, strict=False)
        self.held = [h for h in self.held if h[1] not in gone]


def _of_year(outer: _Table, year: int, names: Sequence[str]) -> _Table:
    """The rows of a year, from its columns in the rows it belongs to."""
    prefix = f"{year}{_OF}"
    frame = outer.frame.with_row_index(PARENT)
    held = [h for h in outer.held if h[1].startswith(prefix)]
    some = pl.any_horizontal(pl.col(n).is_not_null() for n in names)
    beyond = pl.col(_AT).is_in([at for at, _, _ in held]) if held else pl.lit(False)
    frame = frame.filter(some | beyond)
    columns = [n for name in names for n in (name, name + HI) if n in frame.columns]
    found = frame.select(
        pl.col(PARENT).cast(pl.Int64),
        pl.lit(year, dtype=pl.Int64).alias(YEAR),
        pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT),
        *(pl.col(n).alias(n.removeprefix(prefix)) for n in columns),
    )
    places = dict(zip(frame.get_column(_AT).to_list(), range(frame.height), strict=True)) if held else {}  # fmt: skip
    moved = [(places[at], name.removeprefix(prefix), v) for at, name, v in held if at in places]
    return _Table(outer.spec, found, moved, set(), pl.DataFrame())


class _Sheet:
    """One sheet: how its rows are read."""

    def __init__(self, sheet: OwnSheet, run: Import) -> None:
        self.run, self.spec, self.name = run, sheet.path, sheet.table.sheet.name
        binder = Binder(self.name, sheet.columns, run)
        self.readers: dict[str, FactReader] = {}
        self.years: dict[int, list[str]] = {}
        self.yearly = ""
        for record, year, columns in binder.paths(sheet.columns):
            reader = FactReader(columns, binder)
            name = reader.fact.path
            if year is not None:
                name, self.yearly = f"{year}{_OF}{name}", record
                self.years.setdefault(year, []).append(name)
            self.readers[name] = reader
        self.roles: dict[str, Column] = {
            c.role: c for c in reversed(sheet.columns) if c.role != "fact"
        }

    def _read(self, rows: pl.DataFrame) -> tuple[list[pl.Series], list[Held]]:
        """The facts of some rows, as columns, and the numbers beyond them by row."""
        numbers = rows.get_column(NUMBER)
        columns: list[pl.Series] = []
        held: list[Held] = []
        for name, reader in self.readers.items():
            cells = [rows.get_column(str(c.index)) for c in reader.columns]
            found = reader.read(cells, numbers)
            columns.append(found.values.alias(name))
            if found.last is not None:
                columns.append(found.last.alias(name + HI))
            held += [(at, name, value) for at, value in found.held]
        return columns, held

    def _tell(self, code: str, numbers: pl.Series) -> None:
        for number in numbers.to_list():
            self.run.tell(code, self.name, number)

    # -- households ----------------------------------------------------------------------------

    def top(self, rows: pl.DataFrame) -> _Table:
        """The households: the first row of each number."""
        if NUMBERED in rows.columns:
            self._tell("no_household_number", rows.filter(~pl.col(NUMBERED)).get_column(NUMBER))
        columns, held = self._read(rows)
        frame = pl.DataFrame([rows.get_column(KEY), *columns])
        frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT))
        first = rows.get_column(FIRST)
        if not first.all():
            self._tell("person_twice", rows.filter(~first).get_column(NUMBER))
            frame, rows = frame.filter(first), rows.filter(first)
        frame = frame.with_columns(pl.col(KEY).cast(pl.String).alias(ID))
        return _Table(self.spec, frame, held, set(), rows)

    # -- lists ---------------------------------------------------------------------------------

    def inner(self, rows: pl.DataFrame, tables: Mapping[str, _Table]) -> _Table:
        """The rows of a list that belong to a row further out, each once."""
        if not rows.width:
            return _Table(self.spec, self._none(), [], set(), rows)
        nobody = rows.get_column(KEY).is_null()
        if nobody.any():
            self._tell("no_household_number", rows.filter(nobody).get_column(NUMBER))
            rows = rows.filter(~nobody)
        columns, held = self._read(rows)
        parent = self._parents(rows, tables)
        frame = pl.DataFrame([parent, rows.get_column(NUMBER), self._ids(rows), *columns])
        frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(_AT))
        if parent.null_count():
            lost = parent.is_null()
            self._tell("unknown_owner", rows.filter(lost).get_column(NUMBER))
            frame = frame.filter(~lost)
        if self.spec.kind == "by_year":
            none = frame.get_column(ID).is_null()
            if none.any():
                self._tell("row_broken", frame.filter(none).get_column(NUMBER))
                frame = frame.filter(~none)
        else:
            frame = _named(frame, self.spec.record[0])
        frame, broken = self._once(frame, held)
        if self.spec.kind == "by_year":
            frame = frame.with_columns(pl.col(ID).cast(pl.Int64).alias(YEAR)).drop(ID)
            frame = frame.unique([PARENT, YEAR], keep="last", maintain_order=True)
        if not frame.get_column(PARENT).is_sorted():
            frame = frame.sort(PARENT, maintain_order=True)
        return _Table(self.spec, frame.drop(NUMBER), held, broken, pl.DataFrame())

    def _none(self) -> pl.DataFrame:
        kinds: dict[str, Any] = {PARENT: pl.Int64, _AT: pl.Int64}
        kinds |= {YEAR: pl.Int64} if self.spec.kind == "by_year" else {ID: pl.String}
        for name, reader in self.readers.items():
            kinds[name] = reader.type
            if reader.fact.kind in ("date", "year_month"):
                kinds[name + HI] = reader.type
        return pl.DataFrame(schema=kinds)

    def _parents(self, rows: pl.DataFrame, tables: Mapping[str, _Table]) -> pl.Series:
        """The row each belongs to in the frame one list further out; null where there is none."""
        homes = tables[TOP].frame.select(KEY).with_row_index(PARENT)
        found = rows.select(KEY).join(homes, on=KEY, how="left", maintain_order="left")
        parent = found.get_column(PARENT).cast(pl.Int64)
        if self.spec.parent == TOP:
            return parent
        people = tables.get(self.spec.parent)
        if people is None or "member_id" not in self.roles:
            return pl.repeat(None, rows.height, dtype=pl.Int64, eager=True).alias(PARENT)
        member = self._references(rows, "member_id")
        inner = people.frame.select(PARENT, ID).with_row_index("to")
        both = pl.DataFrame([parent, member.alias(ID)])
        told = both.join(inner, on=[PARENT, ID], how="left", maintain_order="left")
        return told.get_column("to").cast(pl.Int64).alias(PARENT)

    def _references(self, rows: pl.DataFrame, role: str) -> pl.Series:
        column = self.roles.get(role)
        if column is None:
            return pl.repeat("", rows.height, dtype=pl.String, eager=True)
        return references(rows.get_column(str(column.index)), self.run.names)

    def _ids(self, rows: pl.DataFrame) -> pl.Series:
        """What names each row in its list: its number, empty for none; or its year, null for none."""
        if self.spec.kind == "by_year":
            return self._year(rows).alias(ID)
        role = "item_id"
        if self.spec.record == "member" and "member_id" in self.roles:
            role = "member_id"
        return self._references(rows, role).alias(ID)

    def _year(self, rows: pl.DataFrame) -> pl.Series:
        column = self.roles.get("year")
        if column is None:
            return pl.repeat(None, rows.height, dtype=pl.String, eager=True)
        cells = rows.get_column(str(column.index)).alias("c")
        distinct = cells.unique()
        texts = [None if c is None else written(c)[:4] for c in distinct.to_list()]
        right = [t if t and t.isdigit() and int(t) in YEARS else None for t in texts]
        table = pl.DataFrame([distinct, pl.Series("y", right, dtype=pl.String)])
        found = cells.to_frame().join(
            table, on="c", how="left", maintain_order="left", nulls_equal=True
        )
        return found.get_column("y")

    def _once(
        self, frame: pl.DataFrame, held: Sequence[Held]
    ) -> tuple[pl.DataFrame, set[int]]:  # fmt: skip
        """Each item once; the rows further out in whose list two rows of one number differ."""
        keys = [PARENT, ID]
        first = frame.select(pl.struct(keys).is_first_distinct()).to_series()
        if first.all():
            return frame, set()
        again, kept = frame.filter(~first), frame.filter(first)
        facts = [n for n in frame.columns if n not in (*keys, NUMBER, _AT)]
        both = again.join(kept, on=keys, how="left", maintain_order="left", suffix="~first")
        same = both.select(
            pl.all_horizontal(
                pl.lit(True), *(pl.col(n).eq_missing(pl.col(f"{n}~first")) for n in facts)
            ).alias("same")
        ).to_series()
        if same.len() != both.height:  # no facts at all
            same = pl.repeat(True, both.height, dtype=pl.Boolean, eager=True)
        if held:
            same = same & _alike(both, held)
        self._tell("row_repeated", both.filter(same).get_column(NUMBER))
        self._tell("person_twice", both.filter(~same).get_column(NUMBER))
        return kept, {*both.filter(~same).get_column(PARENT).to_list()}


def _alike(both: pl.DataFrame, held: Sequence[Held]) -> pl.Series:
    """Whether the numbers beyond the columns are the same too."""
    by_row: dict[int, dict[str, Any]] = {}
    for at, name, value in held:
        by_row.setdefault(at, {})[name] = value
    pairs = both.select(_AT, f"{_AT}~first").iter_rows()
    return pl.Series([by_row.get(a) == by_row.get(b) for a, b in pairs], dtype=pl.Boolean)


def _named(frame: pl.DataFrame, letter: str) -> pl.DataFrame:
    """With a name for each item that has no number: its place in its list."""
    missing = frame.get_column(ID) == ""
    if not missing.any():
        return frame
    place = pl.int_range(pl.len()).over(PARENT) + 1
    counted = pl.concat_str(pl.lit(letter), place)
    frame = frame.with_columns(
        pl.when(pl.col(ID) == "").then(counted).otherwise(ID).alias(ID),
        (pl.col(ID) == "").alias("unnamed"),
    )
    share = pl.col("unnamed").mean().over(PARENT)
    mixed = frame.select((share > 0) & (share < 1)).to_series()
    if mixed.any():
        # the place counts the items that are in the list by then
        rows = mixed.arg_true()
        some = frame.select(PARENT, ID, "unnamed")[rows]
        seen: dict[int, set[str]] = {}
        names: list[str] = []
        for parent, given, unnamed in some.iter_rows():
            place_ = seen.setdefault(parent, set())
            names.append(f"{letter}{len(place_) + 1}" if unnamed else given)
            place_.add(names[-1])
        ids = frame.get_column(ID).scatter(rows, pl.Series(names, dtype=pl.String))
        frame = frame.with_columns(ids)
    return frame.drop("unnamed")


def _framed(path: str, table: _Table, region: str) -> pl.DataFrame:
    """A table as the frame of a population."""
    frame = table.frame
    states = [s.alias(f"{fact}{STATE}") for fact, s in table.states.items()]
    frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW), *states)
    if path == TOP:
        frame = frame.with_columns(_region(frame, region)).drop(KEY)
    return frame.drop(_AT)


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
    tables: Mapping[str, _Table],
) -> dict[int, list[tuple[tuple[tuple[str, int], ...], str, Any]]]:
    """The numbers beyond the columns, by the household's row."""
    found: dict[int, list[tuple[tuple[tuple[str, int], ...], str, Any]]] = {}
    for table in tables.values():
        if not table.held:
            continue
        rows = {at: row for row, at in enumerate(table.frame.get_column(_AT).to_list())}
        for at, name, value in table.held:
            if at in rows:
                row, steps = _steps(tables, table, rows[at])
                found.setdefault(row, []).append((steps, name, value))
    return found


def _steps(
    tables: Mapping[str, _Table], table: _Table, row: int
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
