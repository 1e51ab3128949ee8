"""Our own layout: a sheet a list, joined by the numbers of household, member and item.

A sheet is named by what it lists: the path (``household.members``, ``household.cooperative_links``), the
list's label (家庭成员) or that of its items (一段务工经历). A sheet that is there is the whole list:
a household without a row in it has none; a row that is set aside leaves its list incomplete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import YEARS, Household
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.export import Counts, Made
from policy_rules.tables.headers import Column, normal
from policy_rules.tables.people import person_of
from policy_rules.tables.sheets import RawRow, Table, blank, written

_MOST_LEVELS: Final = 3


@attrs.frozen(eq=False)
class ListPath:
    """One list of the dictionary: its path, the record of its items, how it hangs on its parent."""

    path: str
    record: str
    parent: str
    fact: str
    kind: str


def list_paths(vocabulary: Vocabulary, kind: str = "household") -> dict[str, ListPath]:
    """The record and every list and by-year fact below it, by path, outer ones first."""
    found = {kind: ListPath(kind, kind, "", "", "record")}

    def below(path: str, record: str, depth: int) -> None:
        for fact in vocabulary.records[record].facts.values():
            if fact.kind in ("list", "by_year") and depth < _MOST_LEVELS:
                inner = f"{path}.{fact.path}"
                found[inner] = ListPath(inner, fact.item or "", path, fact.path, fact.kind)
                below(inner, fact.item or "", depth + 1)

    below(kind, kind, 0)
    return found


def sheet_path(name: str, vocabulary: Vocabulary) -> ListPath | None:
    """The list a sheet holds, by its name; None where the name says none."""
    bare = normal(name)
    paths = list_paths(vocabulary)
    for path in paths.values():
        if bare in (normal(path.path), normal(path.path.removeprefix("household."))):
            return path
    for path in paths.values():
        spec = vocabulary.records[path.record]
        names = [spec.label.zh, spec.label.en]
        if path.parent:
            label = vocabulary.fact(paths[path.parent].record, path.fact).label
            names = [label.zh, label.en, *names]
        if bare in map(normal, names):
            return path
    return None


@attrs.frozen(eq=False)
class OwnSheet:
    """One sheet of the layout, its columns understood."""

    table: Table
    columns: tuple[Column, ...]
    path: ListPath


class OwnReader:
    """Households from sheets in our own layout."""

    def __init__(self, sheets: Sequence[OwnSheet], run: Import) -> None:
        self.sheets = sorted(sheets, key=lambda s: s.path.path.count("."))
        self.run = run
        self.counts = Counts()
        self.binders = {s.path.path: Binder(s.table.sheet.name, s.columns, run) for s in sheets}
        self.carried = [
            c for s in self.sheets if s.path.path == "household"
            for c in s.columns if c.role == "carried"
        ]  # fmt: skip

    def households(self) -> Iterator[Made]:
        """Every household, in the order of its sheet."""
        rows: dict[str, Row] = {}
        carried: dict[str, tuple[tuple[str, tuple[Any, ...]], ...]] = {}
        broken: set[tuple[str, str]] = set()
        below: dict[tuple[str, str], dict[str, Row]] = {}  # (list, owner) -> items
        for sheet in self.sheets:
            items = list(self._rows(sheet, broken))
            if sheet.path.path == "household":
                for home, raw in items:
                    if home.id in rows:
                        self._aside("person_twice", sheet, raw)
                        continue
                    rows[home.id] = home
                    self.counts.without_member += not raw.broken
                    cells = tuple(raw.cells[c.index] for c in self.carried)
                    carried[home.id] = (("", cells),) if cells else ()
                continue
            for item, raw in items:
                owner, parent = self._owner(sheet, item, raw, rows, below)
                if parent is None:
                    self._aside("unknown_owner", sheet, raw)
                    broken.add((sheet.path.path, owner))
                    continue
                place = below.setdefault((sheet.path.path, owner), {})
                self._place(sheet, place, item, raw, broken, owner)
        self._hang(rows, below, broken)
        for home in rows.values():
            self.counts.households += 1
            members = home.get("members")
            self.counts.incomplete += members is None or not members.complete
            record = Household("household", home.id, home, None, self._region(home))
            yield Made(record, carried.get(home.id, ()))

    def _region(self, home: Row) -> str:
        codes = (str(home.get(p, "")) for p in ("village_id", "township_id", "county_id"))
        return next((c for c in codes if c.isdigit() and len(c) in (6, 9, 12)), self.run.region)

    def _aside(self, code: str, sheet: OwnSheet, raw: RawRow) -> None:
        self.counts.set_aside += 1
        self.run.tell(code, sheet.table.sheet.name, raw.number)

    def _rows(self, sheet: OwnSheet, broken: set[tuple[str, str]]) -> Iterator[tuple[Row, RawRow]]:
        roles: dict[str, Column] = {c.role: c for c in reversed(sheet.columns) if c.role != "fact"}
        binder = self.binders[sheet.path.path]
        groups = binder.paths(sheet.columns)
        top = sheet.path.path == "household"
        for raw in sheet.table.rows():
            self.counts.rows += 1
            home = self._reference(raw, roles.get("household_id"))
            if raw.broken or (not home and not top):
                broken.add((sheet.path.path, home))
                self._aside("row_broken" if raw.broken else "no_household_number", sheet, raw)
                if not (top and home):
                    continue
            row = Row(home)
            if top and not home:
                row.id = f"row{raw.number}"
                self.run.tell("no_household_number", sheet.table.sheet.name, raw.number)
            if not raw.broken:
                binder.fill(row, groups, raw.cells, raw.number)
            if sheet.path.record == "member" and not raw.broken:
                identity = person_of(row, raw, roles, sheet.table.sheet.name, self.run)
                own = self._reference(raw, roles.get("member_id") or roles.get("item_id"))
                row.id = own or (self.run.names.of(identity) if identity else "")
            elif not top:
                row.id = self._reference(raw, roles.get("item_id"))
            yield row, raw

    def _reference(self, raw: RawRow, column: Column | None) -> str:
        if column is None or blank(raw.cells[column.index]):
            return ""
        return self.run.names.reference(raw.cells[column.index])

    def _owner(
        self,
        sheet: OwnSheet,
        item: Row,
        raw: RawRow,
        rows: dict[str, Row],
        below: dict[tuple[str, str], dict[str, Row]],
    ) -> tuple[str, Row | None]:
        """Which record an item belongs to: the household, or the member that is named too."""
        roles = {c.role: c for c in sheet.columns}
        home = self._reference(raw, roles.get("household_id"))
        if sheet.path.parent == "household":
            return home, rows.get(home)
        member = self._reference(raw, roles.get("member_id"))
        people = below.get((sheet.path.parent, home), {})
        return f"{home}\0{member}", people.get(member)

    def _place(
        self,
        sheet: OwnSheet,
        place: dict[str, Row],
        item: Row,
        raw: RawRow,
        broken: set[tuple[str, str]],
        owner: str,
    ) -> None:
        key = item.id
        if sheet.path.kind == "by_year":
            column = next((c for c in sheet.columns if c.role == "year"), None)
            key = "" if column is None else written(raw.cells[column.index])[:4]
            if not key.isdigit() or int(key) not in YEARS:
                self._aside("row_broken", sheet, raw)
                return
        key = key or f"{sheet.path.record[0]}{len(place) + 1}"
        if key in place:
            same = dict(place[key]) == dict(item)
            self._aside("row_repeated" if same else "person_twice", sheet, raw)
            if not same:
                broken.add((sheet.path.path, owner))
            return
        item.id = "" if sheet.path.kind == "by_year" else key
        place[key] = item
        if sheet.path.record == "member":
            self.counts.members += 1
        else:
            self.counts.without_member += 1

    def _hang(
        self,
        rows: dict[str, Row],
        below: dict[tuple[str, str], dict[str, Row]],
        broken: set[tuple[str, str]],
    ) -> None:
        """Put the lists into their records; inner lists go first."""
        for sheet in reversed(self.sheets):
            path = sheet.path
            if path.path == "household":
                continue
            owners: Iterable[tuple[str, Row]] = rows.items()
            if path.parent != "household":
                owners = [
                    (f"{home}\0{member}", row)
                    for (at, home), people in below.items()
                    if at == path.parent
                    for member, row in people.items()
                ]
            adrift = (path.path, "") in broken  # a row whose owner nobody can tell
            for owner, row in owners:
                items = below.get((path.path, owner), {})
                whole = not adrift and (path.path, owner) not in broken
                if path.kind == "by_year":
                    years = {int(year): item for year, item in items.items()}
                    if years:
                        row[path.fact] = {**row.get(path.fact, {}), **years}
                elif items or whole:
                    # no member at all: not that nobody lives there, but that nobody was listed
                    nobody = path.record == "member" and not items
                    if not nobody:
                        row[path.fact] = Items(tuple(items.values()), whole)
