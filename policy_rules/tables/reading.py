"""Reading a population: whatever file people have, as checked household records.

A bad value becomes unknown with its problem beside it; no household is lost; columns nobody understands
are reported and carried through. ``strict`` refuses instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import attrs

from policy_rules.errors import Place, Problem, RecordError, shown
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household
from policy_rules.tables.binding import Import
from policy_rules.tables.export import Counts, Made
from policy_rules.tables.headers import Column
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.own import OwnReader, OwnSheet
from policy_rules.tables.population_file import Layout, NoHouseholds, PopulationFile


@attrs.frozen(eq=False)
class SheetMapping:
    """How a sheet was understood: its columns; with ``use`` empty it was left out.

    ``use`` is ``export`` (one row a person), the path of a list, or a kind of entity.
    """

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
    import overrode the dictionary (for the receipt). ``entities`` are villages, cooperatives … of sheets
    of their own, also resolved into the households that name them. ``pseudonyms`` says how households and people without
    a number of their own are named (empty: all have one), ``key_mark`` which key did it.
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
    entities: tuple[Household, ...] = ()
    pseudonyms: Literal["", "numbered", "keyed"] = ""
    key_mark: str = ""


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
    names: Pseudonyms | None = None,
) -> Reading:
    """Every household of a file (or of a folder of csv or Parquet files in our own layout).

    ``layout`` is ``export`` (one row a person), ``own`` (a sheet a list), ``records`` (JSON lines of
    records) or found out; ``sheet`` takes one sheet alone. ``year`` is that of income columns whose header
    names none; ``region`` the code of records that have none. ``key`` makes pseudonyms of identity numbers
    that hold across files; without it people are numbered, and files join that are read with one ``names``.
    ``columns`` says what a header means
    (``{"家庭类型": "household.type"}``, empty to carry it through), ``empty_means`` what an empty cell
    does (``{"监测对象类别": "unknown"}``). ``keep_private`` carries names and numbers through too.

    Raises :class:`~policy_rules.errors.RecordError` for a file that cannot be read at all, and with
    ``strict`` for everything wrong in it, unmapped columns included.
    """
    source = PopulationFile(path, layout, sheet, year, region, key, columns, empty_means,
                            keep_private, vocabulary, names)  # fmt: skip
    reading = _reading(source, list(source.households()))
    if strict:
        problems = [*reading.problems, *unmapped(reading)]
        if problems:
            raise RecordError(sorted(problems, key=_in_order))
    return reading


def iter_population(path: str | Path, size: int = 50_000, **options: Any) -> Iterator[Reading]:
    """The same in parts of ``size`` households, for files larger than memory.

    Problems and carried cells are those of the part; counts are those so far. Takes the options of
    :func:`read_population` but ``strict``. A file of entities alone is refused.
    """
    yield from households_of(PopulationFile(path, **options), size)


def households_of(source: PopulationFile, size: int) -> Iterator[Reading]:
    """The same of an opened file; raises :class:`~policy_rules.errors.RecordError` for one of entities alone."""
    if isinstance(source.reader, NoHouseholds):
        raise RecordError(Problem("no_household_sheet", Place(str(source.path))))
    yield from parts_of(source, size)


def parts_of(source: PopulationFile, size: int) -> Iterator[Reading]:
    """The households of an opened file in parts; none of a file of entities alone."""
    households = source.households()
    while part := list(islice(households, size)):
        yield _reading(source, part)
        source.run.problems.clear()


def own_sheets(source: PopulationFile) -> tuple[Sequence[OwnSheet], Import] | None:
    """The sheets of an opened file in our own layout and what holds for their reading; None for another layout.

    Raises :class:`~policy_rules.tables.own_keys.NeedsRecords` where links are resolved against sheets of entities.
    """
    from policy_rules.tables.own_keys import NeedsRecords

    if not isinstance(source.reader, OwnReader):
        return None
    if source.world.records:
        raise NeedsRecords(
            "含合作社、企业、村等的表，须逐户对应",
            "it has sheets of entities, joined a record at a time",
        )
    return source.reader.sheets, source.run


def _reading(source: PopulationFile, made: Sequence[Made]) -> Reading:
    """What was read, with the problems found so far."""
    mappings = [
        SheetMapping(
            m.table.sheet.name, m.use, m.table.first, m.columns, m.table.titles,
            dict(m.binder.filled) if m.binder else {}, dict(m.binder.bad) if m.binder else {},
        )
        for m in source.mappings
    ]  # fmt: skip
    names = source.run.names
    return Reading(
        source.path.name,
        source.layout,
        tuple(m.record for m in made),
        tuple(sorted(source.run.problems, key=_in_order)),
        tuple(mappings),
        source.counts(),
        tuple(c.header for c in source.reader.carried),
        {m.record.id: m.carried for m in made if m.carried},
        dict(source.run.empty_means),
        source.world.records,
        "" if not names.used else "keyed" if names.mark else "numbered",
        names.mark,
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
