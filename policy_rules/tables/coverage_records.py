"""The records of the files a population stands in, one after the other, whatever the files are.

A record that cannot be read at all is a household of which nothing is known: it widens the bounds, as
a household does whose cells are empty. Problems are kept up to a bound and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import Problem
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Row
from policy_rules.tables.batch_records import LINES, LISTS, Source
from policy_rules.tables.entities import World
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.population_file import PopulationFile
from policy_rules.tables.reading import parts_of

#: Records read at a time, of files larger than memory.
PART: Final = 5_000


@attrs.define
class PopulationFiles:
    """The files of a population; links are resolved against the entities of all of them.

    After (and while) the records are gone through, ``problems`` are the first ``most`` that were found,
    ``found`` how many there are, ``unread`` the records that could not be read at all. ``register`` is
    a register of double bindings joined by household number (then the population is held in memory);
    ``complete`` says that a household it does not name has no binding. ``key`` makes the pseudonyms of
    households and people that go by an identity number; ``reading`` are further options of
    :func:`~policy_rules.tables.reading.iter_population`.
    """

    paths: Sequence[Path]
    vocabulary: Vocabulary
    region: str = ""
    most: int = 200
    register: Path | None = None
    complete: bool = False
    key: bytes | None = None
    reading: Mapping[str, Any] = attrs.field(factory=dict)
    problems: list[Problem] = attrs.field(factory=list)
    found: int = 0
    unread: int = 0
    #: one for all files: without a key too, a number has the same name in each
    _names: Pseudonyms = attrs.field(init=False, repr=False)
    _world: World = attrs.field(init=False, factory=World, repr=False)

    def __attrs_post_init__(self) -> None:
        self._names = Pseudonyms(self.key)

    def records(self) -> Iterator[Household]:
        """Every record of every file, in order.

        Raises :class:`~policy_rules.errors.RecordError` for a file that cannot be read.
        """
        if self.register is None:
            yield from self._read()
            return
        from policy_rules.tables.register import join_register

        joined = join_register(
            self._read(),
            self.register,
            complete=self.complete,
            names=self._names,
            vocabulary=self.vocabulary,
        )
        self._note(joined.problems)
        for record in joined.records:
            yield self._resolved(record)

    def _read(self) -> Iterator[Household]:
        files = {path: None if _nested(path) else self._opened(path) for path in self.paths}
        of_lists = [r for path, file in files.items() if file is None for r in self._entities(path)]
        self._world = World.of_records(of_lists)
        for file in files.values():
            self._world += file.world if file is not None else World()
        for path, file in files.items():
            if file is None:
                for record in self._listed(path):
                    yield self._resolved(record)
                continue
            own, file.world = file.world, self._world
            for reading in parts_of(file, PART):
                self._note(reading.problems)
                yield from reading.records
            self._note(file.run.problems)  # of a file without households
            for entity in own.entities:
                yield self._resolved(entity.record)

    def _resolved(self, record: Household) -> Household:
        """A record with the entities it names, of whatever file."""
        found, problems = self._world.resolve(record)
        self._note(problems)
        return found

    def _entities(self, path: Path) -> Iterator[Household]:
        """The entities of a list of records: households that stand before them name them too."""
        if path.suffix.lower() in LINES:
            with path.open("rb") as lines:
                if not any(b'"kind"' in line for line in lines):
                    return
        for part in Source.of(path).ranges(PART):
            for entry in part.entries(self.vocabulary):
                if entry.record is not None and entry.record.kind != "household":
                    yield entry.record

    def _opened(self, path: Path) -> PopulationFile:
        """A workbook, csv or Parquet file: one row a person, or our own layout."""
        return PopulationFile(
            path,
            region=self.region,
            vocabulary=self.vocabulary,
            names=self._names,
            **self.reading,
        )

    def _listed(self, path: Path) -> Iterator[Household]:
        """JSON lines, or a list of records (or one) in YAML or JSON: households and entities."""
        for part in Source.of(path).ranges(PART):
            for entry in part.entries(self.vocabulary):
                self._note(entry.problems)
                if entry.record is None:
                    self.unread += 1
                    yield Household("household", f"#{entry.row}", Row(), None, "")
                else:
                    yield attrs.evolve(entry.record, id=entry.id)

    def _note(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.found += 1
            if len(self.problems) < self.most:
                self.problems.append(problem)


def _nested(path: Path) -> bool:
    """Whether a file is a list of records."""
    return path.suffix.lower() in (*LINES, *LISTS)
