"""One sheet of our own layout as a table: its rows read by columns, joined to the rows they belong to.

See :mod:`policy_rules.tables.own_frames`, which puts the tables together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np

from policy_rules.facts.record import YEARS
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.frames_layout import HI, ID, PARENT, YEAR, pl
from policy_rules.tables.headers import Column
from policy_rules.tables.own import ListPath, OwnSheet
from policy_rules.tables.own_cells import FactReader
from policy_rules.tables.own_files import FIRST, KEY, NUMBER, NUMBERED, TOP
from policy_rules.tables.own_keys import references
from policy_rules.tables.sheets import written

__all__ = ["AT", "YEARLY", "Held", "OwnTable", "SheetReader", "of_year"]

#: By-year facts that may stand in the columns of a sheet: the record of a year, and its list.
YEARLY: Final = {"income_year": "incomes", "service_year": "services"}
#: Between the year and the fact in a column of a year; no path of a fact holds it.
OF: Final = "\0"
#: Where a row stood before rows were left out.
AT: Final = "at"
#: A number no column holds: the row it stood in, its column, itself.
Held = tuple[int, str, Any]


@attrs.define(eq=False)
class OwnTable:
    """The rows of a list so far: :data:`PARENT`, :data:`ID` or :data:`YEAR`, :data:`AT` and the facts.

    ``broken`` are the rows further out whose list has gaps; ``held`` numbers go by :data:`AT`. ``states`` are
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


def of_year(outer: OwnTable, year: int, names: Sequence[str]) -> OwnTable:
    """The rows of a year, from its columns in the rows it belongs to."""
    prefix = f"{year}{OF}"
    frame = outer.frame.with_row_index(PARENT)
    held = [h for h in outer.held if h[1].startswith(prefix)]
    some = pl.any_horizontal(pl.col(n).is_not_null() for n in names)
    beyond = pl.col(AT).is_in([at for at, _, _ in held]) if held else pl.lit(False)
    frame = frame.filter(some | beyond)
    columns = [n for name in names for n in (name, name + HI) if n in frame.columns]
    found = frame.select(
        pl.col(PARENT).cast(pl.Int64),
        pl.lit(year, dtype=pl.Int64).alias(YEAR),
        pl.int_range(pl.len(), dtype=pl.Int64).alias(AT),
        *(pl.col(n).alias(n.removeprefix(prefix)) for n in columns),
    )
    places = dict(zip(frame.get_column(AT).to_list(), range(frame.height), strict=True)) if held else {}  # fmt: skip
    moved = [(places[at], name.removeprefix(prefix), v) for at, name, v in held if at in places]
    return OwnTable(outer.spec, found, moved, set(), pl.DataFrame())


class SheetReader:
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
                name, self.yearly = f"{year}{OF}{name}", record
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
        quick = self._quick(rows)
        for name, reader in self.readers.items():
            if name in quick:
                columns += quick[name]
                continue
            cells = [rows.get_column(str(c.index)) for c in reader.columns]
            found = reader.read(cells, numbers)
            columns.append(found.values.alias(name))
            if found.last is not None:
                columns.append(found.last.alias(name + HI))
            held += [(at, name, value) for at, value in found.held]
        return columns, held

    def _quick(self, rows: pl.DataFrame) -> dict[str, list[pl.Series]]:
        """The facts in whose columns nothing needs a closer look."""
        asked: list[pl.Expr] = []
        names: dict[str, list[str]] = {}
        for name, reader in self.readers.items():
            cell = str(reader.columns[0].index)
            found = reader.quick(cell, rows.schema[cell])
            if found is not None:
                names[name] = [name, name + HI][: len(found) - 1]
                asked += [e.alias(n) for e, n in zip(found, [*names[name], name + OF], strict=True)]
        if not names or not rows.height:
            return {}
        told = rows.select(asked)
        return {
            name: told.select(ends).get_columns()
            for name, ends in names.items()
            if told.get_column(name + OF)[0]
        }

    def _tell(self, code: str, numbers: pl.Series) -> None:
        for number in numbers.to_list():
            self.run.tell(code, self.name, number)

    # -- households ----------------------------------------------------------------------------

    def top(self, rows: pl.DataFrame) -> OwnTable:
        """The households: the first row of each number."""
        if NUMBERED in rows.columns:
            self._tell("no_household_number", rows.filter(~pl.col(NUMBERED)).get_column(NUMBER))
        columns, held = self._read(rows)
        frame = pl.DataFrame([rows.get_column(KEY), *columns])
        frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(AT))
        first = rows.get_column(FIRST)
        if not first.all():
            self._tell("person_twice", rows.filter(~first).get_column(NUMBER))
            frame, rows = frame.filter(first), rows.filter(first)
        frame = frame.with_columns(pl.col(KEY).cast(pl.String).alias(ID))
        return OwnTable(self.spec, frame, held, set(), rows)

    # -- lists ---------------------------------------------------------------------------------

    def inner(self, rows: pl.DataFrame, tables: Mapping[str, OwnTable]) -> OwnTable:
        """The rows of a list that belong to a row further out, each once."""
        if not rows.width:
            return OwnTable(self.spec, self._none(), [], set(), rows)
        nobody = rows.get_column(KEY).is_null()
        if nobody.any():
            self._tell("no_household_number", rows.filter(nobody).get_column(NUMBER))
            rows = rows.filter(~nobody)
        columns, held = self._read(rows)
        parent = self._parents(rows, tables)
        frame = pl.DataFrame([parent, rows.get_column(NUMBER), self._ids(rows), *columns])
        frame = frame.with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(AT))
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
        return OwnTable(self.spec, frame.drop(NUMBER), held, broken, pl.DataFrame())

    def _none(self) -> pl.DataFrame:
        kinds: dict[str, Any] = {PARENT: pl.Int64, AT: pl.Int64}
        kinds |= {YEAR: pl.Int64} if self.spec.kind == "by_year" else {ID: pl.String}
        for name, reader in self.readers.items():
            kinds[name] = reader.type
            if reader.fact.kind in ("date", "year_month"):
                kinds[name + HI] = reader.type
        return pl.DataFrame(schema=kinds)

    def _parents(self, rows: pl.DataFrame, tables: Mapping[str, OwnTable]) -> pl.Series:
        """The row each belongs to in the frame one list further out; null where there is none."""
        parent = _homes(rows.get_column(KEY), tables[TOP].frame.get_column(KEY))
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
        if _apart(frame.get_column(PARENT), frame.get_column(ID)):
            return frame, set()
        first = frame.select(pl.struct(keys).is_first_distinct()).to_series()
        if first.all():
            return frame, set()
        again, kept = frame.filter(~first), frame.filter(first)
        facts = [n for n in frame.columns if n not in (*keys, NUMBER, AT)]
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


def _homes(keys: pl.Series, homes: pl.Series) -> pl.Series:
    """The row of each key among the households; null where there is none."""
    if not keys.len():
        return pl.Series(PARENT, [], dtype=pl.Int64)
    begins = keys.ne_missing(keys.shift(1)).scatter(0, True)
    run = begins.cum_sum().cast(pl.Int64) - 1
    firsts = keys.filter(begins)
    if firsts.equals(homes, check_names=False):  # each household has its rows in one place
        return run.alias(PARENT)
    table = homes.to_frame(KEY).with_row_index(PARENT)
    found = firsts.to_frame(KEY).join(table, on=KEY, how="left", maintain_order="left")
    return found.get_column(PARENT).cast(pl.Int64).gather(run)


#: Rows of one parent that are compared with each other by column, at most.
_NEAR: Final = 32


def _apart(parents: pl.Series, ids: pl.Series) -> bool:
    """Whether surely no parent has two rows of one number: a quick look, which may say no wrongly."""
    if not parents.is_sorted() or parents.null_count():
        return False
    own = parents.to_numpy()
    ends = np.flatnonzero(np.diff(own, append=-1))
    longest = int(np.diff(ends, prepend=-1).max(initial=1))
    if longest > _NEAR:
        return False
    # equal where both are, rarely otherwise
    code = own.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + ids.hash().to_numpy()
    return not any((code[near:] == code[:-near]).any() for near in range(1, longest))


def _alike(both: pl.DataFrame, held: Sequence[Held]) -> pl.Series:
    """Whether the numbers beyond the columns are the same too."""
    by_row: dict[int, dict[str, Any]] = {}
    for at, name, value in held:
        by_row.setdefault(at, {})[name] = value
    pairs = both.select(AT, f"{AT}~first").iter_rows()
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
