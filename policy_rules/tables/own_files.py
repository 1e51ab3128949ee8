"""The Parquet files of our own layout, read in order: a range of households and the rows of their lists.

Where every file is sorted by the household's number (as a number, or as text), a range of households is a range
of rows in each. Where one is not, or a household has no number, the rows are first brought into the order of
the households, out of core (:mod:`policy_rules.tables.own_order`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from policy_rules.tables.binding import Import
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.headers import Role
from policy_rules.tables.own import OwnSheet
from policy_rules.tables.own_keys import NeedsRecords, numbers_of, references
from policy_rules.tables.own_reading import BATCH, read_batches

__all__ = ["FIRST", "HOME", "KEY", "NUMBER", "TOP", "OwnFile", "OwnFiles", "Slice"]

#: Columns beside the cells (which are named by their place): the row's number in the file, the number of its
#: household (null: none); of households, whether the row is the first of its number.
NUMBER, KEY, FIRST = "number", "key", "first"
#: In files brought into order: the row of the household (of households: whether the file gives a number).
HOME, NUMBERED = "home", "numbered"
TOP: Final = "household"
#: What rows are in the order of.
_BY: Final = "by"
_ONCE: Final[tuple[Role, ...]] = ("household_id", "member_id", "item_id", "year")

Order = Literal["number", "text"]


@attrs.frozen(eq=False)
class Slice:
    """A range of households: the rows of each file that belong to it, by list.

    ``rows`` have cells by place, :data:`NUMBER`, :data:`KEY` and, of households, :data:`FIRST`; rows of no
    household stand in one range or another. ``share`` is how much of the households is read with it.
    """

    rows: dict[str, pl.DataFrame]
    share: float

    @property
    def height(self) -> int:
        """How many households."""
        return int(self.rows[TOP].get_column(FIRST).sum() or 0)


@attrs.define(eq=False)
class OwnFile:
    """The file of a sheet. ``columns`` are the places of those that are read; ``gaps`` says that cells of the
    key are empty: then all are read, to tell an empty row from one without a number."""

    sheet: OwnSheet
    path: Path
    columns: list[int]
    key: int
    gaps: bool = False

    @property
    def name(self) -> str:
        """The path of the list."""
        return self.sheet.path.path

    @classmethod
    def of(cls, sheet: OwnSheet, run: Import, carried: Sequence[int]) -> OwnFile:
        """Raises :class:`NeedsRecords` for a sheet that is not read by columns."""
        path = sheet.table.sheet.parquet
        if path is None:
            name = sheet.table.sheet.name
            raise NeedsRecords(f"{name} 不是 Parquet 文件", f"{name} is no Parquet file")
        names, name = [h.text for h in sheet.table.heads], path.name
        if len(names) != len({*names}):
            raise NeedsRecords(f"{name} 有重名的列", f"{name} has columns of the same name")
        roles = [c.role for c in sheet.columns]
        if any(roles.count(r) > 1 for r in _ONCE):
            raise NeedsRecords(
                f"{name} 有几列同样的编号", f"{name} has several columns of one kind of number"
            )
        if "household_id" not in roles:
            raise NeedsRecords(f"{name} 没有户编号列", f"{name} has no numbers of households")
        if sheet.path.record == "member" and {"identity", "certificate"} & {*roles}:
            raise NeedsRecords(f"{name} 有证件号码列", f"{name} has a column of identity numbers")
        wanted = [c.index for c in sheet.columns if c.fact is not None or c.role in _ONCE]
        return cls(sheet, path, sorted({*wanted, *carried}), roles.index("household_id"))

    def rows(self) -> int:
        """How many rows the file has."""
        import pyarrow.parquet as parquet

        with parquet.ParquetFile(self.path) as file:
            return int(file.metadata.num_rows)

    def batches(self, columns: Sequence[int]) -> Iterator[pl.DataFrame]:
        """The rows in order: cells by place and :data:`NUMBER`; empty rows are left out where there are gaps."""
        heads = self.sheet.table.heads
        if self.gaps:
            columns = range(len(heads))
        number = 1
        for cells in read_batches(self.path, {str(i): heads[i].text for i in columns}):
            end = number + cells.height
            cells = cells.with_columns(pl.int_range(number, end, dtype=pl.Int64).alias(NUMBER))
            number = end
            yield cells.filter(_filled(cells)) if self.gaps else cells

    def keys(self, run: Import, order: Order) -> Iterator[pl.Series | None]:
        """The households' numbers of all rows, batch by batch; None where they are not of the order."""
        roles = ("member_id", "item_id")
        ids = [c.index for c in self.sheet.columns if c.role in roles]
        for cells in self.batches([self.key, *ids]):
            for index in ids:  # what they may not be shows before the run begins
                references(cells.get_column(str(index)), run.names)
            yield self.keyed(cells, run, order)

    def keyed(self, cells: pl.DataFrame, run: Import, order: Order) -> pl.Series | None:
        """The households' numbers of some rows, null for none; as numbers None where one is no number."""
        column = cells.get_column(str(self.key))
        if order == "number":
            found = numbers_of(column)
            return None if found is None else found.alias(KEY)
        texts = references(column, run.names).to_frame(KEY)
        return texts.select(pl.when(pl.col(KEY) != "").then(KEY)).to_series()


def _filled(cells: pl.DataFrame) -> pl.Expr:
    """Whether anything stands in a row."""
    blank = [
        ~pl.col(n).str.contains(r"\S") if kind == pl.String else pl.lit(False)
        for n, kind in cells.schema.items()
    ]
    some = [
        pl.col(n).is_not_null() & ~b for n, b in zip(cells.columns, blank, strict=True)
        if n != NUMBER
    ]  # fmt: skip
    return pl.any_horizontal(some).fill_null(False)


class OwnFiles:
    """The files of some sheets, the households' first. Looks once through their keys.

    ``adrift`` are the lists in which some row names no household. ``order`` is what the files are sorted by;
    None where they must be brought into order.

    Raises :class:`~policy_rules.tables.own_keys.NeedsRecords` for what is not read by columns.
    """

    def __init__(self, sheets: Sequence[OwnSheet], run: Import, carried: Sequence[int]) -> None:
        self.run = run
        self.files = [
            OwnFile.of(s, run, carried if s.path.path == TOP else ()) for s in sheets
        ]  # fmt: skip
        adrift: set[str] = set()
        self.order: Order | None = None
        for order in ("number", "text"):
            found = [self._survey(f, order, adrift) for f in self.files]
            if all(found) and TOP not in adrift:
                self.order = order
                break
        self.adrift = frozenset(adrift - {TOP})
        if self.order is None:
            from policy_rules.tables.own_order import check_order

            check_order(self.files)

    def _survey(self, file: OwnFile, order: Order, adrift: set[str]) -> bool:
        """Whether a file is in an order; notes in ``adrift`` where a row has no number."""
        sorted_, last = True, None
        missing = 0
        for key in file.keys(self.run, order):
            if key is None:
                return False
            missing += key.null_count()
            known = key.drop_nulls()
            if sorted_ and known.len():
                sorted_ = known.is_sorted() and (last is None or last <= known[0])
                last = known[-1]
        if missing and not file.gaps:
            file.gaps = True  # now with the other columns, which tell whether the rows are empty
            return self._survey(file, order, adrift)
        if missing:
            adrift.add(file.name)
        return sorted_

    def slices(self, size: int) -> Iterator[Slice]:
        """Ranges of ``size`` rows of the households' file, in order."""
        if self.order is not None:
            order = self.order
            homes, *others = (_Rows(partial(self._ordered, f, order), f.rows()) for f in self.files)
            yield from self._cut(size, homes, others, KEY)
            return
        from policy_rules.tables.own_order import regrouped

        with tempfile.TemporaryDirectory(prefix="policy-rules-") as folder:
            paths, twice = regrouped(self.files, self.run, Path(folder))
            homes, *others = (_Rows(partial(_stored, p), f.rows())
                              for p, f in zip(paths, self.files, strict=True))  # fmt: skip
            for part in self._cut(size, homes, others, NUMBER):
                top = part.rows[TOP]
                first = ~top.get_column(NUMBER).is_in(twice.implode())
                part.rows[TOP] = top.with_columns(first.alias(FIRST))
                yield part

    def _cut(
        self, size: int, homes: _Rows, others: Sequence[_Rows], by: str
    ) -> Iterator[Slice]:  # fmt: skip
        names = [f.name for f in self.files[1:]]
        last: Any = None
        while (rows := homes.take(size)).height:
            key = rows.get_column(by)
            before = key.shift(1).scatter(0, last)
            last = key[-1]
            rows = rows.with_columns(key.ne_missing(before).alias(FIRST))
            found = {TOP: rows}
            for name, reader in zip(names, others, strict=True):
                found[name] = reader.rest() if homes.ended else reader.up_to(last)
            yield Slice(found, homes.share)

    def _ordered(self, file: OwnFile, order: Order) -> Iterator[pl.DataFrame]:
        """The rows of a sorted file with their keys; a row without one goes with that before it."""
        last: Any = -1 if order == "number" else ""
        for cells in file.batches(file.columns):
            key = file.keyed(cells, self.run, order)
            assert key is not None
            by = key.fill_null(strategy="forward") if key.null_count() else key
            by = by.fill_null(last).alias(_BY)
            last = by[-1] if by.len() else last
            yield cells.with_columns(key, by)


def _stored(path: Path) -> Iterator[pl.DataFrame]:
    """The rows of a file that was brought into order."""
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH):
            cells = pl.DataFrame(batch)
            by = cells.get_column(HOME if HOME in cells.columns else NUMBER)
            yield cells.with_columns(by.alias(_BY))


class _Rows:
    """Rows read from the front: so many, or up to a key."""

    def __init__(self, batches: Any, height: int) -> None:
        self._batches = batches()
        self._held: list[pl.DataFrame] = []
        self._height, self._read = height, 0
        self._none: pl.DataFrame | None = None
        self.ended = False
        self._more()

    @property
    def share(self) -> float:
        """How much has been read."""
        return min(1.0, self._read / max(1, self._height)) if not self.ended else 1.0

    def _more(self) -> bool:
        batch = next(self._batches, None)
        if batch is None:
            return False
        self._read += batch.height
        self._held.append(batch)
        if self._none is None:
            self._none = batch.clear()
        return True

    def _given(self, count: int) -> pl.DataFrame:
        """The next rows, which are held."""
        taken: list[pl.DataFrame] = []
        while self._held and (count or not self._held[0].height):
            batch = self._held[0]
            taken.append(batch.head(count))
            if batch.height > count:
                self._held[0] = batch.slice(count)
            else:
                self._held.pop(0)
            count -= taken[-1].height
        if not self._held:
            self.ended = not self._more()
        if not taken:
            return pl.DataFrame() if self._none is None else self._none
        return taken[0] if len(taken) == 1 else pl.concat(taken, rechunk=True)

    def take(self, count: int) -> pl.DataFrame:
        """So many rows, fewer at the end."""
        while sum(b.height for b in self._held) < count and self._more():
            pass
        return self._given(min(count, sum(b.height for b in self._held)))

    def up_to(self, key: Any) -> pl.DataFrame:
        """The rows up to a key."""
        count = 0
        for batch in self._held:
            count += int(batch.get_column(_BY).search_sorted(key, "right")) if batch.height else 0
        while self._passed(key) and self._more():
            batch = self._held[-1]
            count += int(batch.get_column(_BY).search_sorted(key, "right")) if batch.height else 0
        return self._given(count)

    def _passed(self, key: Any) -> bool:
        """Whether all that is held is at or before a key."""
        last = self._held[-1] if self._held else None
        return last is None or not last.height or last.get_column(_BY)[-1] <= key

    def rest(self) -> pl.DataFrame:
        """All rows that are left."""
        while self._more():
            pass
        return self._given(sum(b.height for b in self._held))
