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
from policy_rules.tables.identity import Pseudonyms

#: Records read at a time, of files larger than memory.
PART: Final = 5_000


@attrs.define
class PopulationFiles:
    """The files of a population.

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

        whole = self._read()
        joined = join_register(
            whole,
            self.register,
            complete=self.complete,
            names=self._names,
            vocabulary=self.vocabulary,
        )
        self._note(joined.problems)
        yield from joined.records

    def _read(self) -> Iterator[Household]:
        for path in self.paths:
            nested = path.suffix.lower() in (".jsonl", ".ndjson", ".json", ".yaml", ".yml")
            yield from self._listed(path) if nested else self._tabled(path)

    def _listed(self, path: Path) -> Iterator[Household]:
        """JSON lines, or a list of records (or one) in YAML or JSON: households and entities."""
        from policy_rules.tables.batch_records import Source

        for part in Source.of(path).ranges(PART):
            for entry in part.entries(self.vocabulary):
                self._note(entry.problems)
                if entry.record is None:
                    self.unread += 1
                    yield Household("household", f"#{entry.row}", Row(), None, "")
                else:
                    yield attrs.evolve(entry.record, id=entry.id)

    def _tabled(self, path: Path) -> Iterator[Household]:
        """A workbook, csv or Parquet file: one row a person, or our own layout."""
        from policy_rules.tables.reading import iter_population

        options = {"vocabulary": self.vocabulary, "region": self.region, "names": self._names}
        options |= self.reading
        for reading in iter_population(path, PART, **options):
            self._note(reading.problems)
            yield from reading.records

    def _note(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.found += 1
            if len(self.problems) < self.most:
                self.problems.append(problem)
