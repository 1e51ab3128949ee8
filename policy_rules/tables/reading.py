"""Reading a population: whatever file people have, as checked household records.

A bad value becomes unknown with its problem beside it; no household is lost; columns nobody understands
are reported and carried through. ``strict`` refuses instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from policy_rules.errors import Place, Problem, RecordError, nearest, one_of, shown
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.facts.record import Household
from policy_rules.tables.binding import Import
from policy_rules.tables.export import EXPORT_RECORDS, Counts, ExportReader, Made
from policy_rules.tables.files import open_sheets
from policy_rules.tables.headers import Column, understand, understand_all
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.nested import NestedReader, nested_file
from policy_rules.tables.own import OwnReader, OwnSheet, sheet_path
from policy_rules.tables.sheets import Head, RawSheet, Table, find_table

Layout = Literal["auto", "export", "own", "records"]
LAYOUTS: Final = ("auto", "export", "own", "records")


@attrs.frozen(eq=False)
class SheetMapping:
    """How a sheet was understood: its columns; with ``use`` empty it was left out."""

    sheet: str
    use: str
    first_row: int
    columns: tuple[Column, ...]
    titles: tuple[str, ...] = ()
    filled: Mapping[int, int] = attrs.field(factory=dict)
    bad: Mapping[int, int] = attrs.field(factory=dict)

    @property
    def unmapped(self) -> tuple[Column, ...]:
        """Columns no fact takes; identity and names apart."""
        return tuple(c for c in self.columns if c.role == "carried" and c.header)


@attrs.frozen(eq=False)
class Reading:
    """What a file held.

    ``records`` are the households; ``problems`` all that was wrong, by sheet, row and header;
    ``carried`` has for each household's id its rows: the member's id (empty for a household's own row) and
    the cells under ``carried_headers``. ``empty_means`` says what an empty cell was taken for where the
    import overrode the dictionary (for the receipt).
    """

    file: str
    layout: str
    records: tuple[Household, ...]
    problems: tuple[Problem, ...]
    mapping: tuple[SheetMapping, ...]
    counts: Counts
    carried_headers: tuple[str, ...]
    carried: Mapping[str, tuple[tuple[str, tuple[Any, ...]], ...]]
    empty_means: Mapping[str, str]


def read_population(
    path: str | Path,
    layout: Layout = "auto",
    *,
    sheet: str | None = None,
    year: int | None = None,
    region: str = "",
    key: bytes | None = None,
    columns: Mapping[str, str] | None = None,
    empty_means: Mapping[str, str] | None = None,
    keep_private: bool = False,
    strict: bool = False,
    vocabulary: Vocabulary | None = None,
) -> Reading:
    """Every household of a file (or of a folder of csv or Parquet files in our own layout).

    ``layout`` is ``export`` (one row a person), ``own`` (a sheet a list), ``records`` (JSON lines of
    records) or found out; ``sheet`` takes one sheet alone. ``year`` is that of income columns whose header
    names none; ``region`` the code of records that have none. ``key`` makes pseudonyms of identity numbers
    that hold across files; without it people are numbered. ``columns`` says what a header means
    (``{"家庭类型": "household.type"}``, empty to carry it through), ``empty_means`` what an empty cell
    does (``{"监测对象类别": "unknown"}``). ``keep_private`` carries names and numbers through too.

    Raises :class:`~policy_rules.errors.RecordError` for a file that cannot be read at all, and with
    ``strict`` for everything wrong in it, unmapped columns included.
    """
    source = _Source(path, layout, sheet, year, region, key, columns, empty_means, keep_private,
                     vocabulary)  # fmt: skip
    reading = source.reading(list(source.reader.households()))
    if strict:
        problems = [*reading.problems, *unmapped(reading)]
        if problems:
            raise RecordError(sorted(problems, key=_in_order))
    return reading


def iter_population(path: str | Path, size: int = 50_000, **options: Any) -> Iterator[Reading]:
    """The same in parts of ``size`` households, for files larger than memory.

    Problems and carried cells are those of the part; counts are those so far. Takes the options of
    :func:`read_population` but ``strict``.
    """
    source = _Source(path, **options)
    households = source.reader.households()
    while part := list(islice(households, size)):
        yield source.reading(part)
        source.run.problems.clear()


def own_sheets(path: str | Path, **options: Any) -> tuple[Sequence[OwnSheet], Import] | None:
    """The sheets of a population in our own layout and what holds for their reading; None for another layout.

    Takes the options of :func:`iter_population`; raises what it raises.
    """
    source = _Source(path, **options)
    return (source.reader.sheets, source.run) if isinstance(source.reader, OwnReader) else None


class _Source:
    """A file opened and understood, before its rows are read."""

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
            self.vocabulary, self.path.name, Pseudonyms(key), dict(empty_means or {}), region,
            keep_private,
        )  # fmt: skip
        self.reader: ExportReader | OwnReader | NestedReader
        if layout == "records" or (layout == "auto" and nested_file(self.path, self.vocabulary)):
            self.layout = "records"
            self.mappings: list[tuple[Table, str, tuple[Column, ...]]] = []
            self.reader = NestedReader(self.path, self.run)
            return
        raw = open_sheets(self.path)
        if sheet is not None:
            names = [s.name for s in raw]
            raw = tuple(s for s in raw if s.name == sheet)
            if not raw:
                raise RecordError(Problem("unknown_sheet", Place(str(self.path)), one_of(names),
                                          shown(sheet), nearest(sheet, names)))  # fmt: skip
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

    def _own(self, raw: Sequence[RawSheet]) -> None:
        self.layout, self.mappings = "own", []
        sheets = []
        for one in raw:
            path = sheet_path(one.name, self.vocabulary)
            if path is None:
                continue
            records: tuple[str, ...] = (path.record,)
            if path.record in ("household", "member"):
                records += ("income_year",) if path.record == "household" else ("service_year",)
            table = find_table(one, self._known(records))
            if table is None:
                continue
            columns = understand_all(
                table.heads, records, self.vocabulary, year=self.year, columns=self.columns
            )
            sheets.append(OwnSheet(table, columns, path))
            self.mappings.append((table, path.path, columns))
        if not any(s.path.path == "household" for s in sheets):
            raise RecordError(Problem("no_household_sheet", Place(str(self.path))))
        self.reader = OwnReader(sheets, self.run)

    def _export(self, raw: Sequence[RawSheet]) -> None:
        self.layout, self.mappings = "export", []
        best: ExportReader | None = None
        most = 0
        for one in raw:
            table = find_table(one, self._known(EXPORT_RECORDS))
            if table is None:
                continue
            columns = understand_all(
                table.heads, EXPORT_RECORDS, self.vocabulary, year=self.year, columns=self.columns
            )
            reader = ExportReader(table, columns, self.run)
            facts = sum(c.fact is not None for c in columns)
            self.mappings.append((table, "", columns))
            if reader.grouped and facts > most:
                best, most = reader, facts
        if best is None:
            code = "no_household_number_column" if self.mappings else "no_header"
            names = [s.name for s in raw]
            raise RecordError(Problem(code, Place(str(self.path)), got=one_of(names)))
        self.reader = best

    def reading(self, made: Sequence[Made]) -> Reading:
        """What was read, with the problems found so far."""
        reader = self.reader
        mappings = []
        for table, use, columns in self.mappings:
            binder = None
            if isinstance(reader, ExportReader):
                use = "export" if reader.table is table else ""
                binder = reader.binder if use else None
            elif isinstance(reader, OwnReader):
                binder = reader.binders[use]
            mappings.append(
                SheetMapping(
                    table.sheet.name, use, table.first, columns, table.titles,
                    dict(binder.filled) if binder else {}, dict(binder.bad) if binder else {},
                )
            )  # fmt: skip
        return Reading(
            self.path.name,
            self.layout,
            tuple(m.record for m in made),
            tuple(sorted(self.run.problems, key=_in_order)),
            tuple(mappings),
            attrs.evolve(reader.counts),
            tuple(c.header for c in reader.carried),
            {m.record.id: m.carried for m in made if m.carried},
            dict(self.run.empty_means),
        )


def _in_order(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.sheet, place.line or 0, place.column or 0)


def unmapped(reading: Reading) -> list[Problem]:
    """A problem for every column no fact takes, as ``strict`` tells them."""
    return [
        Problem(
            "unmapped_column",
            Place(reading.file, m.first_row - 1, c.index + 1, sheet=m.sheet, header=c.header),
            got=shown(c.header),
        )
        for m in reading.mapping
        if m.use
        for c in m.unmapped
    ]


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
