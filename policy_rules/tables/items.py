"""Lists in sheets of their own (务工台账, 培训, 贷款 …), joined to the households and persons of the export.

A row is joined by the number of household and person, or by the identity number. Who has a row has the
rows of the sheet and no others; a row that cannot be read leaves that list incomplete, one whose owner
cannot be read every list of the sheet. Who has no row is not known about, unless an empty cell of that
name means none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

import attrs

from policy_rules.facts.numbers import Refused
from policy_rules.facts.rows import Items, Row
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.headers import Column, normal
from policy_rules.tables.identity import read_certificate, read_identity
from policy_rules.tables.sheets import RawRow, blank, plain_text, written

if TYPE_CHECKING:  # uses -> own -> export -> items
    from policy_rules.tables.uses import Further

#: What a row begins with that is no data.
NOT_DATA: Final = ("合计", "总计", "小计", "填表人", "填报人", "制表", "审核人", "负责人", "注:", "注：", "备注:", "备注：", "说明:", "说明：")  # fmt: skip

#: Whom a row names: the household, the person; empty where it does not say.
Owner = tuple[str, str]


def no_data(row: RawRow) -> bool:
    """Whether a row is a total or a note."""
    first = next((written(c) for c in row.cells if not blank(c)), "")
    return first.replace(" ", "").startswith(NOT_DATA)


def token(number: str) -> str:
    """A person as rows are joined by the identity number; it never leaves the reader."""
    return f"\0{number}"


@attrs.define(eq=False)
class ItemCounts:
    """Rows of further sheets: ``rows`` = ``items`` (what became an item or an entity) + ``set_aside``."""

    rows: int = 0
    items: int = 0
    set_aside: int = 0


class ItemSheet:
    """One list of households or persons, read whole when it is opened."""

    def __init__(self, sheet: Further, run: Import, counts: ItemCounts) -> None:
        self.sheet, self.run, self.counts = sheet, run, counts
        self.name = sheet.table.sheet.name
        self.binder = Binder(self.name, sheet.columns, run)
        self.none = _means_none(sheet, run)
        self._roles = sheet.roles
        self._rows: dict[Owner, list[tuple[RawRow, Row]]] = {}
        #: owners of whom a row could not be read
        self._broken: set[Owner] = set()
        self._adrift = False

    @property
    def of_members(self) -> bool:
        """Whether the list is a person's."""
        return self.sheet.use.owner == "member"

    # -- reading -------------------------------------------------------------------------------------

    def read(self, *, by_number: bool, by_head: bool) -> None:
        """Read every row. ``by_number`` says that the people's sheet has numbers of persons,
        ``by_head`` that its households go by the head's identity number."""
        groups = self.binder.paths(self.sheet.columns)
        seen: dict[tuple[Owner, str], int] = {}
        for raw in self.sheet.table.rows():
            self.counts.rows += 1
            if no_data(raw):
                self._aside("row_set_aside", raw)
                continue
            if raw.broken:
                self._aside("row_broken", raw)
                self._adrift = True
                continue
            before = len(self.run.problems)
            owner = self._owner(raw, by_number, by_head)
            if owner == ("", "") or (self.of_members and not owner[1]):
                if len(self.run.problems) == before:
                    self.run.tell("no_owner", self.name, raw.number)
                self.counts.set_aside += 1
                self._broken.add(owner)
                self._adrift = self._adrift or not owner[0]
                continue
            said = (owner, repr(raw.cells))
            if said in seen:
                self._aside("row_repeated", raw, expected=str(seen[said]))
                continue
            seen[said] = raw.number
            item = Row()
            if self.sheet.beside is not None:
                cell = raw.cells[self.sheet.beside]
                if not blank(cell):
                    item["entity_id"] = plain_text(cell).removesuffix(".0")
            self.binder.fill(item, groups, raw.cells, raw.number)
            self._rows.setdefault(owner, []).append((raw, item))

    def _aside(self, code: str, raw: RawRow, expected: str = "") -> None:
        self.counts.set_aside += 1
        self.run.tell(code, self.name, raw.number, expected=expected)

    def _owner(self, raw: RawRow, by_number: bool, by_head: bool) -> Owner:
        names = self.run.names
        home = person = ""
        column = self._roles.get("household_id")
        if column is not None and not blank(raw.cells[column.index]):
            home = names.reference(raw.cells[column.index])
        column = self._roles.get("member_id")
        number = "" if column is None else names.reference(raw.cells[column.index])
        if number and (by_number or "identity" not in self._roles):
            person = number
        else:
            person = self._identity(raw, self._roles.get("identity")) or number
        head = self._roles.get("head_identity")
        if not home and head is not None and not blank(raw.cells[head.index]):
            if by_head:
                home = names.holder(raw.cells[head.index])
            elif not self.of_members and not person:
                person = self._identity(raw, head)
        return (home, person) if self.of_members or not home else (home, "")

    def _identity(self, raw: RawRow, column: Column | None) -> str:
        """The token of an identity number, or of the holder of a certificate."""
        if column is None or blank(raw.cells[column.index]):
            return ""
        cell = raw.cells[column.index]
        try:
            if len(plain_text(cell)) in (20, 22):
                certificate = read_certificate(cell)
                return token(certificate.holder.number) if certificate else ""
            found = read_identity(cell)
        except Refused as bad:
            code, expected, got, _ = bad.problem
            self.run.tell(code, self.name, raw.number, column, expected=expected, got=got)
            return ""
        return token(found.number) if found else ""

    # -- joining -------------------------------------------------------------------------------------

    @property
    def owners(self) -> Iterable[Owner]:
        """Everyone the sheet names."""
        return self._rows.keys()

    def settle(self, there: set[Owner], twice: set[Owner]) -> None:
        """Set aside the rows of those who are not there, or whom several households have."""
        for owner in [o for o in self._rows if o not in there or o in twice]:
            code = "owner_unclear" if owner in twice else "unknown_owner"
            for raw, _ in self._rows.pop(owner):
                self._aside(code, raw)
            self._broken.add(owner)
            if owner[0]:
                self._broken.add((owner[0], ""))  # it may be anybody's of this household
        self.counts.items += sum(map(len, self._rows.values()))

    def hang(self, home: Row, people: Sequence[tuple[Row, frozenset[str]]]) -> None:
        """Put the lists of one household where they belong; ``people`` with their names."""
        lost = self._adrift or (home.id, "") in self._broken
        if not self.of_members:
            asked = [(home.id, ""), *(("", n) for _, names in people for n in sorted(names))]
            self._put(home, asked, lost)
            return
        for person, names in people:
            asked = [(h, n) for n in sorted(names) for h in (home.id, "")]
            self._put(person, asked, lost)

    def _put(self, row: Row, asked: Sequence[Owner], lost: bool) -> None:
        items = [item for owner in asked for _, item in self._rows.get(owner, ())]
        whole = not lost and not any(owner in self._broken for owner in asked)
        fact = self.sheet.use.fact
        held = row.get(fact)  # of another sheet of the same list
        if not items and not self.none and whole:
            return
        if not items and not whole and held is None:
            return  # it may have some: not known, as before
        rows = [*(held.rows if held else ()), *items]
        letter = self.sheet.use.record[0]
        for number, item in enumerate(rows, 1):
            item.id = f"{letter}{number}"
        row[fact] = Items(tuple(rows), whole and (held is None or held.complete))


class Joining:
    """Who is in the people's sheet, so far as further sheets name them."""

    def __init__(self, lists: Sequence[ItemSheet]) -> None:
        self._lists = lists
        self._wanted = {owner for sheet in lists for owner in sheet.owners}
        self._there: dict[Owner, str] = {}
        self._twice: set[Owner] = set()

    def see(self, home: str, people: Iterable[str]) -> None:
        """Note a row: its household, and the names of its person."""
        people = tuple(people)
        for owner in ((home, ""), *((home, p) for p in people), *(("", p) for p in people)):
            if owner in self._wanted and self._there.setdefault(owner, home) != home:
                self._twice.add(owner)

    def settle(self) -> None:
        """Tell the lists; to be called when every row was seen."""
        for sheet in self._lists:
            sheet.settle(set(self._there), self._twice)


def _means_none(sheet: Further, run: Import) -> bool:
    """Whether who has no row in a sheet has none."""
    use = sheet.use
    fact = run.vocabulary.fact(use.owner, use.fact)
    for name in (sheet.table.sheet.name, use.path, fact.path, fact.label.zh, fact.label.en):
        for key in (name, normal(name)):
            if key in run.empty_means:
                return run.empty_means[key] == "none"
    return fact.empty_means == "none"
