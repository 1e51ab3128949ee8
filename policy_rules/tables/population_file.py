"""A file of a population, opened: what each of its sheets holds, and who reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from policy_rules.errors import Place, Problem, RecordError, nearest, one_of, shown
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.entities import EntitySheets, World
from policy_rules.tables.export import EXPORT_RECORDS, Counts, ExportReader, Made
from policy_rules.tables.files import open_sheets
from policy_rules.tables.headers import Column, normal, understand, understand_all
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.items import ItemCounts, ItemSheet
from policy_rules.tables.nested import NestedReader, nested_file
from policy_rules.tables.own import OwnReader, OwnSheet, sheet_path
from policy_rules.tables.sheets import Head, RawSheet, Table, find_table
from policy_rules.tables.uses import ENTITIES, NOTES, PLANNED, PROPOSED, Further, further, has_data

Layout = Literal["auto", "export", "own", "records"]
LAYOUTS: Final = ("auto", "export", "own", "records")


@attrs.frozen(eq=False)
class Mapped:
    """A sheet and its use; ``binder`` has counted its cells, ``use`` empty: it is left out."""

    table: Table
    use: str
    columns: tuple[Column, ...]
    binder: Binder | None = None


class NoHouseholds:
    """The reader of a file that holds entities alone."""

    carried: tuple[Column, ...] = ()

    def __init__(self) -> None:
        self.counts = Counts()

    def households(self) -> Iterator[Made]:
        """None."""
        return iter(())


class PopulationFile:
    """A file opened and understood, before the rows of its people are read.

    Sheets of lists and of entities are read whole when it is opened. Takes the options of
    :func:`~policy_rules.tables.reading.read_population` but ``strict``.
    """

    def __init__(
        self,
        path: str | Path,
        layout: Layout = "auto",
        sheet: str | None = None,
        year: int | None = None,
        region: str = "",
        key: bytes | None = None,
        columns: Mapping[str, str] | None = None,
        empty_means: Mapping[str, str] | None = None,
        keep_private: bool = False,
        vocabulary: Vocabulary | None = None,
        names: Pseudonyms | None = None,
    ) -> None:
        if layout not in LAYOUTS:
            near = nearest(str(layout), LAYOUTS)
            problem = Problem(
                "not_allowed", Place(path="layout"), one_of(LAYOUTS), shown(layout), near
            )
            raise RecordError(problem)
        self.path, self.vocabulary = Path(path), vocabulary or load_vocabulary()
        self.year, self.columns = year, columns or {}
        _check_columns(self.columns, self.vocabulary)
        _check_empty(empty_means or {})
        self.run = Import(
            self.vocabulary, self.path.name, names or Pseudonyms(key), dict(empty_means or {}),
            region, keep_private,
        )  # fmt: skip
        self.reader: ExportReader | OwnReader | NestedReader | NoHouseholds
        self.mappings: list[Mapped] = []
        self.world = World()
        self._further = ItemCounts()
        if layout == "records" or (layout == "auto" and nested_file(self.path, self.vocabulary)):
            self.layout = "records"
            self.reader = NestedReader(self.path, self.run)
            return
        raw = open_sheets(self.path)
        if sheet is not None:
            sheets = [s.name for s in raw]
            raw = tuple(s for s in raw if s.name == sheet)
            if not raw:
                raise RecordError(Problem("unknown_sheet", Place(str(self.path)), one_of(sheets),
                                          shown(sheet), nearest(sheet, sheets)))  # fmt: skip
        own = [(s, p) for s in raw if (p := sheet_path(s.name, self.vocabulary)) is not None]
        tops = [p for _, p in own if p.path == "household"]
        if layout == "own" or (layout == "auto" and tops and len(own) > 1):
            self._own(raw)
        else:
            self._export(raw)

    def _known(self, records: Sequence[str]) -> Any:
        def known(head: Head) -> bool:
            column = understand(0, head, records, self.vocabulary, year=2000, columns=self.columns)
            return column.role != "carried" or column.reason == "year_not_taken"

        return known

    def households(self) -> Iterator[Made]:
        """Every household, the entities it names resolved."""
        for made in self.reader.households():
            record, problems = self.world.resolve(made.record, made.place, self.run.file)
            self.run.problems += problems
            yield attrs.evolve(made, record=record)

    def also(self, world: World) -> None:
        """Resolve links against entities of other files too."""
        self.world += world

    def counts(self) -> Counts:
        """Rows in and out so far, those of all sheets read."""
        own, more = self.reader.counts, self._further
        return attrs.evolve(
            own,
            rows=own.rows + more.rows,
            items=more.items,
            set_aside=own.set_aside + more.set_aside,
        )

    # -- our own layout ------------------------------------------------------------------------------

    def _own(self, raw: Sequence[RawSheet]) -> None:
        self.layout = "own"
        sheets, entities = [], []
        for one in raw:
            path = sheet_path(one.name, self.vocabulary)
            if path is None:
                found = self._listed(one, 0)
                if found is not None and found.use.path.partition(".")[0] in ENTITIES:
                    entities.append(found)
                else:
                    self._not_read(one, None)
                continue
            records: tuple[str, ...] = (path.record,)
            if path.record in ("household", "member"):
                records += ("income_year",) if path.record == "household" else ("service_year",)
            table = find_table(one, self._known(records))
            if table is None:
                self._not_read(one, None)
                continue
            columns = understand_all(
                table.heads, records, self.vocabulary, year=self.year, columns=self.columns
            )
            sheets.append(OwnSheet(table, columns, path))
        if not any(s.path.path == "household" for s in sheets):
            raise RecordError(Problem("no_household_sheet", Place(str(self.path))))
        reader = OwnReader(sheets, self.run)
        self.reader = reader
        self.mappings += [
            Mapped(s.table, s.path.path, s.columns, reader.binders[s.path.path]) for s in sheets
        ]
        self._entities(entities)

    # -- an export -----------------------------------------------------------------------------------

    def _export(self, raw: Sequence[RawSheet]) -> None:
        self.layout = "export"
        people: list[tuple[int, RawSheet, Table, tuple[Column, ...]]] = []
        lists: list[Further] = []
        rest: list[tuple[RawSheet, Table | None]] = []
        for one in raw:
            table = find_table(one, self._known(EXPORT_RECORDS))
            columns: tuple[Column, ...] = ()
            if table is not None:
                columns = understand_all(
                    table.heads, EXPORT_RECORDS, self.vocabulary, year=self.year,
                    columns=self.columns,
                )  # fmt: skip
            grouped = any(c.role in ("household_id", "head_identity") for c in columns)
            facts = sum(c.fact is not None for c in columns)
            found = self._listed(one, facts if grouped else 0)
            if found is not None:
                lists.append(found)
            elif grouped and table is not None:
                people.append((facts, one, table, columns))
            else:
                rest.append((one, table))
        entities = [f for f in lists if f.use.path.partition(".")[0] in ENTITIES]
        items = [f for f in lists if f not in entities]
        if not people and (items or not entities):
            seen = bool(lists) or any(table is not None for _, table in rest)
            code = "no_household_number_column" if seen else "no_header"
            names = [s.name for s in raw]
            raise RecordError(Problem(code, Place(str(self.path)), got=one_of(names)))
        people.sort(key=lambda p: -p[0])
        self.reader = self._people(people[0], items) if people else NoHouseholds()
        self._entities(entities)
        for one, table in rest:
            self._not_read(one, table)
        for facts, one, table, columns in people[1:]:
            # one of half the facts is another sheet of people; another may be anything
            alike = 0 < people[0][0] <= 2 * facts and not PLANNED.search(normal(one.name))
            self._not_read(one, table, columns, beside=people[0][1].name if alike else "")

    def _people(
        self, main: tuple[int, RawSheet, Table, tuple[Column, ...]], items: Sequence[Further]
    ) -> ExportReader:
        _, _, table, columns = main
        roles = {c.role for c in columns}
        lists = [ItemSheet(found, self.run, self._further) for found in items]
        for sheet in lists:
            sheet.read(by_number="member_id" in roles, by_head="household_id" not in roles)
        reader = ExportReader(table, columns, self.run, lists)
        self.mappings.append(Mapped(table, "export", columns, reader.binder))
        self.mappings += [
            Mapped(s.sheet.table, s.sheet.use.path, s.sheet.columns, s.binder) for s in lists
        ]
        return reader

    # -- both ----------------------------------------------------------------------------------------

    def _listed(self, one: RawSheet, least: int) -> Further | None:
        return further(one, self.vocabulary, year=self.year, columns=self.columns, least=least)

    def _entities(self, sheets: Sequence[Further]) -> None:
        found = EntitySheets(sheets, self.run, self._further)
        self.world = found.world()
        self.mappings += [
            Mapped(s.table, s.use.path, s.columns, found.binders[s.table.sheet.name])
            for s in sheets
        ]

    def _not_read(
        self,
        one: RawSheet,
        table: Table | None,
        columns: tuple[Column, ...] = (),
        beside: str = "",
    ) -> None:
        """Tell of a sheet that holds something and is left out; pages of notes are no data."""
        if NOTES.search(normal(one.name)) or not has_data(one):
            return
        if table is not None:
            self.mappings.append(Mapped(table, "", columns or self._plain(table)))
        if beside:
            self.run.tell("people_not_read", one.name, expected=shown(beside))
        else:
            self.run.tell("sheet_not_read", one.name, expected=one_of(PROPOSED))

    def _plain(self, table: Table) -> tuple[Column, ...]:
        return understand_all(
            table.heads, EXPORT_RECORDS, self.vocabulary, year=self.year, columns=self.columns
        )


def _check_empty(empty_means: Mapping[str, str]) -> None:
    bad = [(k, v) for k, v in empty_means.items() if v not in ("unknown", "none")]
    if bad:
        raise RecordError(
            [Problem("not_allowed", Place(path=k), one_of(["unknown", "none"]), shown(v))
             for k, v in bad]
        )  # fmt: skip


def _check_columns(columns: Mapping[str, str], vocabulary: Vocabulary) -> None:
    """Every target of an override must be one; raises with all that are not."""
    facts = {
        f"{r.name}.{f.path}": f for r in vocabulary.records.values() for f in r.facts.values()
    }  # fmt: skip
    problems = []
    for header, told in columns.items():
        column = understand(0, Head(header), tuple(vocabulary.records), vocabulary,
                            year=2000, columns={header: told})  # fmt: skip
        if told and column.role == "carried":
            near = nearest(told, facts)
            problems.append(
                Problem("unknown_fact", Place(path=header), got=shown(told), nearest=near)
            )
    if problems:
        raise RecordError(problems)
