"""The export of the monitoring system as it is: one row a person, household columns repeated.

Rows are put together by the number of the household, whatever their order, and a household is given out
when its last row has been seen: rows of a household that stand together need no memory. A household is
never lost and a row never vanishes: each is a member, tells of its household alone, or is set aside with
the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import attrs

from policy_rules.facts.record import MAX_ITEMS, Household
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.binding import BAD, Binder, Import, put, told_apart
from policy_rules.tables.cells import EMPTY
from policy_rules.tables.headers import Column, normal
from policy_rules.tables.identity import holder_of, lost_digits
from policy_rules.tables.items import ItemSheet, Joining, no_data, token
from policy_rules.tables.people import person_of
from policy_rules.tables.sheets import RawRow, Table, blank, written

#: What rows of an export may tell of, the nearest first.
EXPORT_RECORDS: Final = ("member", "household", "income_year", "service_year")
#: Headers of the names of township and village: a village's own facts are found by them.
_TOWNSHIP: Final = frozenset(("乡(镇)", "乡镇", "乡镇名称", "乡(镇)名称", "镇"))
_VILLAGE: Final = frozenset(("村", "村名", "村名称", "行政村", "行政村名称"))


@attrs.define
class Counts:
    """Rows in, rows out: ``rows`` is ``members`` + ``without_member`` + ``items`` + ``set_aside``.

    ``items`` are rows of further sheets: items of lists, and entities. ``incomplete`` is the households whose members may not all be known. Where a row is a nested record,
    ``members`` is beside the sum.
    """

    rows: int = 0
    members: int = 0
    without_member: int = 0
    items: int = 0
    set_aside: int = 0
    households: int = 0
    incomplete: int = 0

    def as_dict(self) -> dict[str, int]:
        """Plain data."""
        return attrs.asdict(self)


@attrs.frozen(eq=False)
class Made:
    """A household, and the cells no fact takes: by row, the member's id and the cells.

    ``place`` are the names of its township and village, where a row has them.
    """

    record: Household
    carried: tuple[tuple[str, tuple[Any, ...]], ...]
    place: tuple[str, str] = ("", "")


@attrs.define(eq=False)
class _Open:
    id: str
    rows: list[RawRow]


class ExportReader:
    """Households of one sheet in the export's layout."""

    def __init__(
        self,
        table: Table,
        columns: Sequence[Column],
        run: Import,
        lists: Sequence[ItemSheet] = (),
    ) -> None:
        self.lists = lists
        self.table, self.columns, self.run = table, columns, run
        self.sheet = table.sheet.name
        self.binder = Binder(self.sheet, columns, run)
        self.counts = Counts()
        of = {name: [c for c in columns if c.owner == name] for name in ("household", "member")}
        self._household, self._member = of["household"], of["member"]
        self._of_household = self.binder.paths(self._household)
        self._of_member = self.binder.paths(self._member)
        roles: dict[str, Column] = {c.role: c for c in reversed(columns) if c.role != "fact"}
        self._roles = roles
        self._key = roles.get("household_id") or roles.get("head_identity")
        private = ("private", "identity", "head_identity", "certificate", "document_kind")
        self.carried = [
            c for c in columns if c.role == "carried" or (run.keep_private and c.role in private)
        ]
        own = ("member_id", "identity", "certificate")
        self._told_of_member = [c.index for c in self._member] + [
            roles[r].index for r in own if r in roles
        ]
        self._told_of_member += [
            c.index for c in columns if c.role == "private" and "户" not in c.header
        ]
        self._place = [
            next((c.index for c in columns if normal(c.head.text) in names), None)
            for names in (_TOWNSHIP, _VILLAGE)
        ]

    @property
    def grouped(self) -> bool:
        """Whether the sheet has a column that tells which rows are one household."""
        return self._key is not None

    def households(self) -> Iterator[Made]:
        """Every household, when its last row has been read."""
        last: dict[int, int] = {}
        joining = Joining(self.lists) if self.lists else None
        for row in self.table.rows():
            id_ = self._id_of(row)
            last[hash(id_)] = row.number
            if joining is not None and not row.broken and not no_data(row):
                joining.see(id_, self._tokens(row))
        if joining is not None:
            joining.settle()
        waiting: dict[str, _Open] = {}
        for row in self.table.rows():
            self.counts.rows += 1
            if no_data(row):
                self.counts.set_aside += 1
                self.run.tell("row_set_aside", self.sheet, row.number)
                continue
            id_ = self._id_of(row)
            found = waiting.setdefault(id_, _Open(id_, []))
            found.rows.append(row)
            if last[hash(id_)] == row.number:
                del waiting[id_]
                yield self._made(found)
        for found in waiting.values():  # its last row was set aside
            yield self._made(found)

    def _id_of(self, row: RawRow) -> str:
        """The household of a row; a row that names none is one of its own."""
        for role in ("household_id", "head_identity"):
            column = self._roles.get(role)
            cell = None if column is None else row.cells[column.index]
            if column is not None and not blank(cell):
                names = self.run.names
                text = names.reference(cell) if role == "household_id" else names.holder(cell)
                if text:
                    return text
        return f"row{row.number}"

    def _tokens(self, row: RawRow, id_: str = "") -> frozenset[str]:
        """The names by which rows of other sheets may call the person of a row."""
        column = self._roles.get("member_id")
        number = "" if column is None else self.run.names.reference(row.cells[column.index])
        column = self._roles.get("identity")
        holder = "" if column is None else holder_of(row.cells[column.index])
        return frozenset(n for n in (id_, number, holder and token(holder)) if n)

    # -- one household -------------------------------------------------------------------------------

    def _made(self, found: _Open) -> Made:
        run, number = self.run, found.rows[0].number
        self.counts.households += 1
        whole = [r for r in found.rows if not r.broken]
        for row in found.rows:
            if row.broken:
                self.counts.set_aside += 1
                run.tell("row_broken", self.sheet, row.number)
        complete = len(whole) == len(found.rows)
        if found.id == f"row{number}":
            cell = found.rows[0].cells[self._key.index] if self._key else None
            code = "id_damaged" if lost_digits(cell) else "no_household_number"
            run.tell(code, self.sheet, number, self._key)
            complete = False
        home = Row(found.id)
        self._shared(home, whole)
        members, carried, all_there = self._members(whole)
        complete = complete and all_there and self._as_many(home, members, number)
        for sheet in self.lists:
            sheet.hang(home, [(person, self._names[person.id]) for person in members])
        if members:
            home["members"] = Items(tuple(members), complete)
        self.counts.incomplete += not (members and complete)
        record = Household("household", found.id, home, None, self._region(home))
        return Made(record, tuple(carried), self._placed(whole))

    def _placed(self, rows: Sequence[RawRow]) -> tuple[str, str]:
        found = ["" if at is None or not rows else written(rows[0].cells[at]) for at in self._place]
        return (found[0], found[1])

    def _region(self, home: Row) -> str:
        for path in ("village_id", "township_id", "county_id"):
            code = str(home.get(path, ""))
            if code.isdigit() and len(code) in (6, 9, 12):
                return code
        return self.run.region

    def _shared(self, home: Row, rows: Sequence[RawRow]) -> None:
        """The household's own facts: a cell may be left out in some rows, not differ."""
        if not rows:
            return
        first = rows[0].cells
        for record, year, columns in self._of_household:
            values = []
            for column in columns:
                at = column.index
                cell = first[at]
                if all(r.cells[at] == cell for r in rows):
                    values.append(self.binder.cell(column, cell, rows[0].number))
                else:
                    values.append(self._one_of(column, rows))
            value = self.binder.joined(columns, values, rows[0].number)
            if value is not EMPTY and value is not BAD:
                put(home, record, year, columns[0], value)

    def _one_of(self, column: Column, rows: Sequence[RawRow]) -> Any:
        """The value of a cell that is not the same in all rows of a household."""
        kinds = told_apart(r.cells[column.index] for r in rows)
        values: list[Any] = []
        for cell in kinds:
            row = next(r for r in rows if r.cells[column.index] == cell)
            value = self.binder.cell(column, cell, row.number)
            if value is BAD:
                return BAD
            if value is not EMPTY and value not in values:
                values.append(value)
                if len(values) == 2:
                    first = next(r for r in rows if r.cells[column.index] == kinds[0])
                    self.run.tell(
                        "rows_differ", self.sheet, row.number, column, expected=str(first.number)
                    )
                    return BAD
        return values[0] if values else EMPTY

    def _as_many(self, home: Row, members: Sequence[Row], number: int) -> bool:
        """Whether the members are as many as the household is said to have now."""
        said = home.get("current_size")
        if not isinstance(said, int) or said == len(members):
            return True
        column = next(c for c in self._household if c.path == "current_size")
        self.run.tell(
            "member_count", self.sheet, number, column, expected=str(said), got=str(len(members))
        )
        return len(members) > said

    def _members(
        self, rows: Sequence[RawRow]
    ) -> tuple[list[Row], list[tuple[str, tuple[Any, ...]]], bool]:
        members: list[Row] = []
        self._names: dict[str, frozenset[str]] = {}
        carried: list[tuple[str, tuple[Any, ...]]] = []
        seen: dict[str, RawRow] = {}
        complete = True
        for row in rows:
            id_ = ""
            if all(blank(row.cells[i]) for i in self._told_of_member):
                self.counts.without_member += 1
                complete = False
            else:
                id_, person = self._person(row, len(members) + 1)
                twin = seen.get(id_)
                if twin is None and len(members) < MAX_ITEMS:
                    seen[id_] = row
                    members.append(person)
                    if self.lists:
                        self._names[id_] = self._tokens(row, id_)
                    self.counts.members += 1
                else:
                    self.counts.set_aside += 1
                    same = twin is not None and twin.cells == row.cells
                    complete = complete and same
                    code = "row_repeated" if same else "person_twice"
                    at = str(twin.number) if twin else ""
                    self.run.tell(code, self.sheet, row.number, expected=at)
            if self.carried:
                carried.append((id_, tuple(row.cells[c.index] for c in self.carried)))
        return members, carried, complete

    def _person(self, row: RawRow, number: int) -> tuple[str, Row]:
        person = Row()
        self.binder.fill(person, self._of_member, row.cells, row.number)
        identity = person_of(person, row, self._roles, self.sheet, self.run)
        column = self._roles.get("member_id")
        id_ = "" if column is None else self.run.names.reference(row.cells[column.index])
        if not id_:
            id_ = self.run.names.of(identity) if identity else f"m{number}"
        person.id = id_
        return id_, person
