"""A population for two packs: the same records, each read by the fact dictionary of its pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import Problem, Problems
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.tables.batch_records import harmless, read_leniently
from policy_rules.tables.coverage_records import PopulationFiles
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import REGION, pl
from policy_rules.tables.synth_own import record_data

#: What a population may be given as.
People = (
    Population
    | Iterable[Population]
    | PopulationFiles
    | Iterable[Household | Mapping[str, Any]]
    | str
    | Path
)


@attrs.define
class Sides:
    """The records of a population, part by part, for the left and the right pack.

    While the parts are gone through, ``records`` counts those given, ``elsewhere`` those left out since their
    region is not the left pack's, ``unread`` those that could not be read at all (nothing is known of
    them); ``problems`` are the first of ``found`` that were wrong with the data.
    """

    population: People
    left: Pack
    right: Pack
    size: int
    everywhere: bool = False
    records: int = 0
    elsewhere: int = 0
    unread: int = 0
    found: int = 0
    problems: list[Problem] = attrs.field(factory=list)

    def parts(self) -> Iterator[tuple[Population, Population]]:
        """Parts of one kind of record each; both hold the same records in the same order."""
        source: Any = self.population
        if isinstance(source, Population):
            source = [source]
        if not isinstance(source, str | Path | PopulationFiles):
            given = iter(source)
            first = next(given, None)
            source = chain([] if first is None else [first], given)
            if isinstance(first, Population):
                for whole in source:
                    for start in range(0, whole.height, self.size):
                        yield from self._of_frames(whole.slice(start, start + self.size))
                return
        for ours, theirs in self._lists(source):
            self.records += len(ours)
            for kind in dict.fromkeys(record.kind for record in ours):
                mine = [r for r in ours if r.kind == kind]
                other = [r for r in theirs if r.kind == kind]
                left = self._framed(mine, self.left.vocabulary, kind)
                same = ours is theirs
                right = left if same else self._framed(other, self.right.vocabulary, kind)
                yield from self._inside(left, right)

    @property
    def _one_dictionary(self) -> bool:
        return self.left.vocabulary.digest == self.right.vocabulary.digest

    def _of_frames(self, part: Population) -> Iterator[tuple[Population, Population]]:
        self.records += part.height
        digest = part.vocabulary.digest
        if self._one_dictionary and self.left.vocabulary.digest == digest:
            yield from self._inside(part, part)
            return
        ends = [
            part if pack.vocabulary.digest == digest else self._translated(part, pack.vocabulary)
            for pack in (self.left, self.right)
        ]
        yield from self._inside(ends[0], ends[1])

    def _translated(self, part: Population, vocabulary: Vocabulary) -> Population:
        records = [self._read_anew(record, vocabulary) for record in part.records()]
        return self._framed(records, vocabulary, part.kind)

    def _read_anew(self, record: Household, vocabulary: Vocabulary) -> Household:
        """A record by another dictionary: what that one does not know, or refuses, is unknown."""
        found, problems = read_leniently(record_data(record), vocabulary)
        self._note(problems)
        return found

    def _lists(self, source: Any) -> Iterator[tuple[list[Household], list[Household]]]:
        if isinstance(source, str | Path):
            source = PopulationFiles([Path(source)], self.left.vocabulary)
        if isinstance(source, PopulationFiles):
            yield from self._of_files(source)
            return
        given = iter(source)
        while part := list(islice(given, self.size)):
            ours = [read_record(r, self.left.vocabulary) for r in part]
            yield (
                ours,
                ours
                if self._one_dictionary
                else [
                    self._read_anew(r, self.right.vocabulary)
                    if isinstance(r, Household)
                    else read_record(r, self.right.vocabulary)
                    for r in part
                ],
            )

    def _of_files(
        self, files: PopulationFiles
    ) -> Iterator[tuple[list[Household], list[Household]]]:
        """Files are read once for each dictionary: a column may mean a fact in one alone."""
        mine = attrs.evolve(files, vocabulary=self.left.vocabulary, problems=[])
        other = attrs.evolve(files, vocabulary=self.right.vocabulary, problems=[])
        ours, theirs = _numbered(mine), _numbered(other)
        while part := list(islice(ours, self.size)):
            yield part, part if self._one_dictionary else list(islice(theirs, self.size))
            self.unread, self.found, self.problems = mine.unread, mine.found, mine.problems

    def _framed(
        self, records: Sequence[Household], vocabulary: Vocabulary, kind: str
    ) -> Population:
        noted = Problems()
        found = Population.of_records(records, vocabulary, kind, noted)
        self._note(noted.found)
        return found

    def _note(self, problems: Iterable[Problem]) -> None:
        for problem in problems:
            self.found += 1
            if len(self.problems) < 200:
                self.problems.append(problem)

    def _inside(
        self, left: Population, right: Population
    ) -> Iterator[tuple[Population, Population]]:
        """Without the records whose region is told and is not the left pack's."""
        top = left.frames[left.kind]
        if not self.everywhere and REGION in top.columns:
            column = top.get_column(REGION)
            outside = [
                code
                for code in column.unique().to_list()
                if code and self.left.region.holds(code) is False
            ]
            if outside:
                rows = (~column.is_in(outside)).fill_null(True).arg_true().cast(pl.Int64)
                self.elsewhere += left.height - rows.len()
                same = left is right
                left = left.take(rows)
                right = left if same else right.take(rows)
        if left.height:
            yield left, right


def _numbered(files: PopulationFiles) -> Iterator[Household]:
    """Records under ids that may be shown."""
    for position, record in enumerate(files.records(), 1):
        id_ = harmless(record.id, position)
        yield record if id_ == record.id else attrs.evolve(record, id=id_)
