"""The answers of a range of households that is held as frames: no object a household, no object a finding.

The reference interpreter answers a sample beside the columns, and the households whose numbers no column holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final

import attrs

from policy_rules.engine.engine import day_of
from policy_rules.errors import PolicyRulesError, Problem
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Row
from policy_rules.tables.answers import Answers
from policy_rules.tables.answers_blocks import Block, Core
from policy_rules.tables.answers_rows import INNER, ITSELF, key, told_rows
from policy_rules.tables.batch_beside import CORE, Asked, Beside
from policy_rules.tables.batch_packs import Packs
from policy_rules.tables.batch_records import IDENTITY, Entry, Source, harmless
from policy_rules.tables.evaluate import evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.tables.frames_layout import ID, PARENT, REGION, pl
from policy_rules.tables.own_files import Slice
from policy_rules.tables.own_frames import Households, OwnFrames
from policy_rules.tables.summary import Tally
from policy_rules.text import Text

__all__ = ["FrameAnswers", "FrameRange", "Part", "frame_ranges", "own_frames"]

#: Digits that an identity number has one after the other, at least.
_DIGITS: Final = 14
_LONG: Final = rf"[0-9]{{{_DIGITS}}}"
_MEMBERS: Final = "household.members"


@attrs.define(eq=False, slots=False)
class FrameRange:
    """Some households that follow one another, read when they are asked for.

    As :class:`~policy_rules.tables.batch_records.Range`: ``number`` counts ranges, ``first`` is the position of
    the first household, both from 1.
    """

    number: int
    first: int
    share: float | None
    _slice: Slice
    _reader: OwnFrames

    def __len__(self) -> int:
        return self._slice.height

    @cached_property
    def households(self) -> Households:
        """The households."""
        return self._reader.read(self._slice)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong with them; before the first, what was found when the file was opened."""
        first = self._reader.opening if self.number == 1 else ()
        return (*first, *self.households.problems)

    def entries(self, vocabulary: Vocabulary, carry: Sequence[str] = ()) -> Iterator[Entry]:
        """The households as records."""
        yield from self.some(None)

    def some(self, rows: Sequence[int] | None) -> Iterator[Entry]:
        """Those of some rows of the range, ascending (None: all)."""
        held = self.households
        carried, cells = held.carried, None
        if carried.width:
            cells = (carried if rows is None else carried[list(rows)]).to_dicts()
        places = range(len(self)) if rows is None else rows
        for i, (place, record) in enumerate(zip(places, held.records(rows), strict=True)):
            yield Entry(self.first + place, record, (), cells[i] if cells else {})


def own_frames(source: Source, carry: Sequence[str]) -> tuple[OwnFrames | None, Text | None]:
    """What reads a population in our own layout as frames, or why it is read record by record.

    Both are None for files in another layout. Raises :class:`~policy_rules.errors.RecordError`.
    """
    from policy_rules.tables.own_keys import NeedsRecords
    from policy_rules.tables.reading import own_sheets

    if not source.tabular:
        return None, None
    try:
        found = own_sheets(source.opened())
        return (None if found is None else OwnFrames(*found, carry)), None
    except NeedsRecords as reason:
        return None, reason.text


def frame_ranges(reader: OwnFrames, size: int) -> Iterator[FrameRange]:
    """The ranges of a population, of ``size`` rows of its households' sheet."""
    first = 1
    for number, part in enumerate(reader.slices(size), 1):
        yield FrameRange(number, first, part.share, part, reader)
        first += part.height


@attrs.frozen(eq=False)
class Part:
    """The answers of one pack: by columns, and rows of the reference (as :func:`told_rows` gives them)."""

    name: str
    blocks: tuple[Block, ...]
    told: pl.DataFrame


class FrameAnswers:
    """The answers of one range, pack by pack; ``tally`` counts them.

    ``failed`` are the households that are marked, by row of the range; they have no other answers.
    """

    def __init__(self, packs: Packs, asked: Asked, part: FrameRange) -> None:
        self._packs, self._asked, self.range = packs, asked, part
        self.population = part.households.population
        self.tally = Tally(records=len(part))
        self._beside = Beside(packs, asked, self.tally)
        self.day: date | None = None
        found = [self._answers(name, rows) for name, rows in self._groups()]
        marked = {place - part.first: why for place, why in self._beside.failed.items()}
        self.failed: Mapping[int, tuple[str, str]] = dict(sorted(marked.items()))
        gone = pl.Series(list(marked), dtype=pl.Int64)
        self.parts = [
            Part(p.name, tuple(b.without(gone) for b in p.blocks),
                 p.told.filter(~pl.col("row").is_in(gone.implode())))
            for p in found
        ]  # fmt: skip
        self._count()

    def _groups(self) -> Iterator[tuple[str, pl.Series | None]]:
        """Each pack with the rows it answers for (None: all)."""
        height = self.population.height
        if not height:
            return
        try:
            self.day = day_of(_somebody(""), self._asked.as_of)
        except PolicyRulesError as error:
            for row in range(height):
                self._fail(row, error.problems[0].code)
            return
        if self._packs.named:
            yield from ((name, None) for name in self._packs.named)
            return
        regions = self.population.frames["household"].get_column(REGION)
        rows: dict[str, list[pl.Series]] = {}
        for region in regions.unique().sort().to_list():
            here = (regions == region).arg_true().cast(pl.Int64)
            try:
                for name in self._packs.chosen(_somebody(region), self.day):
                    rows.setdefault(name, []).append(here)
            except PolicyRulesError as error:
                for row in here.to_list():
                    self._fail(row, error.problems[0].code)
        for name in self._packs.loaded:
            if name in rows:
                yield name, pl.concat(rows[name]).sort()

    def _fail(self, row: int, code: str, pack: str = "") -> None:
        self._beside.fail(self.range.first + row, code, pack)

    # -- one pack ------------------------------------------------------------------------------

    def _answers(self, name: str, rows: pl.Series | None) -> Part:
        assert self.day is not None
        pack, asked = self._packs.loaded[name], self._asked
        population = self.population if rows is None else self.population.take(rows)
        places = pl.int_range(population.height, dtype=pl.Int64, eager=True) if rows is None else rows  # fmt: skip
        answers = self._columns(name, population)
        if answers is None:
            blocks: tuple[Block, ...] = ()
            told = told_rows((), pack)
            alone = places
        else:
            answers = _over(answers, places if rows is not None else None)
            failed = answers.errors.get_column("row")
            beyond = [r for r in self.range.households.held if rows is None or r in {*rows}]
            alone = pl.concat([failed, pl.Series(beyond, dtype=pl.Int64)]).unique().sort()
            blocks = tuple(b.without(alone) for b in answers.blocks)
            told = answers.told.filter(~pl.col("row").is_in(alone.implode()))
        sample = _sample(places, asked.check)
        both = pl.concat([alone, sample]).unique().sort()
        looked = {self.range.first + row for row in sample.to_list()}
        core, _ = self._beside.answers(name, self.range.some(both.to_list()), self.day, looked)
        core = [(row - self.range.first, *rest) for row, *rest in core]  # type: ignore[misc]
        if answers is not None:
            self._compare(Part(name, blocks, told), core, sample)
        apart = {*alone}
        own = [one for one in core if one[0] in apart]
        if own:
            found = pl.DataFrame(own, schema=_CORE, orient="row")
            told = pl.concat([told, self._told(name, found)])
        return Part(name, blocks, told)

    def _columns(self, name: str, population: Population) -> Answers | None:
        """The answers by columns; None (and counted) where the engine fails."""
        pack, engine = self._packs.loaded[name], self._asked.engine
        try:
            return evaluate_population(pack, population, self.day, engine=engine)
        except PolicyRulesError as error:
            if error.problems[0].code == "extra_missing":
                raise
            self.tally.fall_back(error.problems[0].code, population.height)
        except Exception as error:  # the engine's fault, no record's: the reference answers
            self.tally.fall_back(type(error).__name__, population.height)
        return None

    def _compare(self, part: Part, reference: Sequence[Core], sample: pl.Series) -> None:
        """Mark the households of the sample that the reference answers otherwise."""
        told = part.told.filter(pl.col("row").is_in(sample.implode()))
        columns = [core for block in part.blocks for core in block.cores(sample)]
        columns += told.select(pl.col(n).cast(kind) for n, kind in _CORE.items()).iter_rows()
        expected, found = _by_row(reference), _by_row(columns)
        for row in sorted(expected.keys() & found.keys()):
            if expected[row] != found[row]:
                self._fail(row, "engine_disagreement", self._packs.loaded[part.name].id)

    def _told(self, name: str, found: pl.DataFrame) -> pl.DataFrame:
        """Rows of the reference as those of the long table."""
        pack = self._packs.loaded[name]
        numbers = {rule: i for i, rule in enumerate(pack.rules)}
        place: dict[tuple[int, str], int] = {}
        seen: dict[int, int] = {}
        keys = []
        for row, subject, rule in found.select("row", "subject", "rule").iter_rows():
            if subject and (row, subject) not in place:
                place[row, subject] = seen.get(row, 0)
                seen[row] = place[row, subject] + 1
            keys.append(key(row, place[row, subject] if subject else ITSELF, numbers[rule]))
        whole = found.with_columns(pl.Series("_key", keys, dtype=pl.Int64))
        return whole.select(
            pl.col(n).cast(kind) if n in whole.columns else pl.lit(None, kind).alias(n)
            for n, kind in INNER.items()
        )

    # -- counts and heads ----------------------------------------------------------------------

    def _count(self) -> None:
        self.tally.answered = self.tally.records - len(self.failed)
        for part in self.parts:
            for block in part.blocks:
                for rule, verdict, _, n in block.counts():
                    if n:
                        self.tally.count(part.name, rule, verdict or "not_in_force", n)
            told = part.told.group_by("rule", "verdict").len()
            for rule, verdict, n in sorted(told.iter_rows(), key=str):
                self.tally.count(part.name, rule, verdict or "not_in_force", n)

    @cached_property
    def ids(self) -> pl.Series:
        """The households' numbers, as they may be shown."""
        ids = self.population.frames["household"].get_column(ID)
        return _harmless(ids, range(self.range.first, self.range.first + ids.len()))

    @cached_property
    def members(self) -> pl.DataFrame:
        """The members: the row of their household, and their numbers as they may be shown."""
        frame = self.population.frames.get(_MEMBERS)
        if frame is None:
            return pl.DataFrame(schema={PARENT: pl.Int64, ID: pl.String})
        ids, parents = frame.get_column(ID), frame.get_column(PARENT)
        if _long(ids).any():
            place = pl.int_range(pl.len()).over(PARENT) + 1
            ids = _harmless(ids, frame.select(place).to_series())
        return pl.DataFrame([parents, ids])


_CORE: Final = {name: pl.Int64 if name == "row" else pl.String for name in CORE}


def _by_row(cores: Iterable[Core]) -> dict[int, set[Core]]:
    found: dict[int, set[Core]] = {}
    for core in cores:
        found.setdefault(core[0], set()).add(core)
    return found


def _somebody(region: str) -> Household:
    return Household("household", "", Row(), None, region)


def _sample(places: pl.Series, count: int) -> pl.Series:
    """``count`` rows, evenly spread."""
    return places.gather_every(max(1, -(-places.len() // count))) if count else places.clear()


def _over(answers: Answers, places: pl.Series | None) -> Answers:
    """Answers for some rows of a range, by the rows of the range."""
    if places is None:
        return answers
    blocks = []
    for block in answers.blocks:
        frames = {
            name: frame.with_columns(places.gather(frame.get_column("_record")).alias("_record"))
            for name, frame in block.frames.items()
        }
        blocks.append(attrs.evolve(block, frames=frames))
    before = answers.told.get_column("row")
    row = places.gather(before)
    # the row stands in the key too
    moved = pl.col("_key") + (row - before) * (key(1, 0, 0) - key(0, 0, 0))
    told = answers.told.with_columns(row.alias("row"), moved.alias("_key"))
    return attrs.evolve(answers, blocks=tuple(blocks), told=told)


def _long(ids: pl.Series) -> pl.Series:
    """Which of some numbers may hold an identity number."""
    most = ids.str.len_bytes().max()
    if not isinstance(most, int) or most < _DIGITS:
        return pl.repeat(False, ids.len(), dtype=pl.Boolean, eager=True)
    return ids.str.contains(_LONG)


def _harmless(ids: pl.Series, positions: Any) -> pl.Series:
    """Numbers with those that hold an identity number replaced; see :func:`harmless`."""
    if not _long(ids).any():
        return ids
    rows = ids.str.contains(IDENTITY).fill_null(False).arg_true()
    shown = [harmless(ids[row], positions[row]) for row in rows.to_list()]
    return ids.scatter(rows, pl.Series(shown, dtype=pl.String)) if shown else ids
