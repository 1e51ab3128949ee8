"""A population through its packs: ranges of records in, one file out.

Each range is answered and kept as a part beside the output before the next is read, so that memory does not
grow with the population and a run that is broken off goes on where it stopped. The output appears whole, at
the end, under its name.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules._version import __version__
from policy_rules.errors import (
    EvaluationError,
    NotFoundError,
    Place,
    Problem,
    RecordError,
    one_of,
    shown,
)
from policy_rules.packs.model import Pack
from policy_rules.tables import outputs
from policy_rules.tables.batch_answers import Answering
from policy_rules.tables.batch_beside import Asked
from policy_rules.tables.batch_frames import (
    FrameAnswers,
    FrameRange,
    frame_ranges,
    own_frames,
)
from policy_rules.tables.batch_manifest import Workplace, data_bytes, digest_of
from policy_rules.tables.batch_options import BatchOptions, BatchReport, Progress
from policy_rules.tables.batch_packs import Packs
from policy_rules.tables.batch_records import Entry, Range, Source
from policy_rules.tables.batch_threads import ahead, behind
from policy_rules.tables.outputs import polars
from policy_rules.tables.parquet_join import join_parquet
from policy_rules.tables.staff_book import AREAS, Book, Wording, write_book
from policy_rules.tables.summary import Summary, Tally
from policy_rules.writing import to_disk, write_whole, writing

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BatchOptions", "BatchReport", "Progress", "run_batch"]

ENGINES: Final = ("polars", "duckdb", "spark", "reference")
#: Records a range, where the reference answers every one of them, and where a column engine does.
EXPLAINED, COLUMNS = 1_000, 5_000
#: Records a range that is held as frames, at most; and findings, which say how many it is.
FRAMES, FINDINGS = 200_000, 80_000_000
#: Members that a record is taken to have, for that.
_PEOPLE: Final = 3
#: Problems of a strict run that are told.
TOLD: Final = 1_000
#: Bumped where parts or their marks change.
FORM: Final = 2


#: Writes the answers of a range; gives its mark.
Keep = Callable[[], dict[str, Any]]


def run_batch(
    source: Path,
    output: Path,
    options: BatchOptions | None = None,
    *,
    resume: bool = False,
    wording: Wording | None = None,
    progress: Progress | None = None,
) -> BatchReport:
    """Evaluate a population and write ``output`` (.parquet, .csv, or .xlsx with a ``wording``).

    Raises
    :class:`~policy_rules.errors.EvaluationError` (``cannot_write``, ``run_unfinished``, ``run_differs``,
    ``extra_missing``), RecordError (an input that cannot be read; every mistake with ``strict``), PackError
    and NotFoundError. What was done stays beside the output until a run with ``resume`` ends.
    """
    run = _Run(source, output, options or BatchOptions(), wording)
    if run.options.strict:
        run.refuse()
    with run.place:
        earlier = run.place.finished(run.identity) if resume else None
        if earlier is not None:
            return run.report(Tally.of(earlier["tally"]), earlier["tally"]["records"])
        run.place.begin(run.identity, resume=resume)
        return run.all(progress or (lambda share, records: None))


class _Run:
    """One run: what it is of, and its steps."""

    def __init__(
        self, source: Path, output: Path, options: BatchOptions, wording: Wording | None
    ) -> None:
        kind = output.suffix.lower()
        if kind not in outputs.KINDS:
            place = Place(str(output))
            raise NotFoundError(
                Problem("not_allowed", place, one_of(outputs.KINDS), shown(output.suffix))
            )
        self.book = kind == ".xlsx"
        if self.book and options.wide:
            place = Place(path="--wide")
            raise NotFoundError(Problem("conflicting_keys", place, "`.xlsx`", "`--wide`"))
        if self.book and wording is None:
            raise ValueError("a workbook needs a wording")
        if options.engine not in ENGINES:
            raise ValueError(f"engine is one of {ENGINES}, not {options.engine!r}")
        if options.sheets not in (*AREAS, *options.carry):
            place = Place(path="--sheets")
            allowed = one_of((*AREAS, *options.carry))
            raise NotFoundError(Problem("not_allowed", place, allowed, shown(options.sheets)))
        taken = {*outputs.LONG, *outputs.MISSING, outputs.WHY, "code"} & {*options.carry}
        if taken:
            place = Place(path="--carry")
            raise NotFoundError(
                [Problem("shadowed_name", place, got=shown(n)) for n in sorted(taken)]
            )
        polars()
        self.options, self.wording = options, wording
        self.place = Workplace(output)
        self.packs = Packs(options.packs, options.rules, options.overlays, options.lang)
        self.vocabulary = self.packs.vocabulary
        self.source = Source.of(source, {"vocabulary": self.vocabulary, **options.reading})
        self.frames, self.by_records = own_frames(self.source, options.carry)
        self.asked = Asked(
            engine=options.engine,
            as_of=options.as_of,
            lang=options.lang,
            missing=options.missing or self.book,
            why=self.book,
            check=options.check,
        )
        slow = self.asked.explains or options.engine == "reference"
        self.by_frames = self.frames is not None and not slow
        self.size = options.size or (
            EXPLAINED if slow else self._framed_size() if self.by_frames else COLUMNS
        )
        self.columns = outputs.long_columns(
            missing=self.asked.missing, why=self.book, carry=options.carry
        )
        self.identity = self._identity(kind)

    def _framed_size(self) -> int:
        """Records a range, so that its findings stay within bounds, however many rules there are."""
        rules = [r for pack in self.packs.loaded.values() for r in pack.rules.values()]
        findings = sum(_PEOPLE if r.subject == "member" else 1 for r in rules)
        return max(COLUMNS, min(FRAMES, FINDINGS // max(1, findings)))

    def _ranges(self) -> Iterator[Range | FrameRange]:
        if self.frames is not None:
            return frame_ranges(self.frames, self.size)
        return self.source.ranges(self.size, self.options.carry)

    def _identity(self, kind: str) -> dict[str, Any]:
        packs = self.packs.loaded
        return {
            "form": FORM,
            "library": __version__,
            "input": {
                **self.source.as_dict(),
                "read": "records" if self.frames is None else "frames",
            },
            "as_of": None if self.options.as_of is None else self.options.as_of.isoformat(),
            "engine": self.options.engine,
            "vocabulary": self.vocabulary.digest,
            "packs": {p.id: f"{p.version} {p.digest}" for p in packs.values()},
            "overlays": {p.id: list(p.overlays) for p in packs.values() if p.overlays},
            "readings": {p.id: _readings(p) for p in packs.values()},
            "options": {**self.options.as_dict(), "kind": kind, "range": self.size},
        }

    def refuse(self) -> None:
        """Raise every mistake of the input."""
        found: list[Problem] = []
        for part in self._ranges():
            found += part.problems
            if isinstance(part, Range):
                for entry in self._entries(part):
                    found += entry.problems
            if len(found) >= TOLD:
                break
        if found:
            raise RecordError(found[:TOLD])

    def _entries(self, part: Range | FrameRange) -> Iterator[Entry]:
        return part.entries(self.vocabulary, self.options.carry)

    # -- ranges ------------------------------------------------------------------------------

    def all(self, progress: Progress) -> BatchReport:
        """Every range that is not done, then the output."""
        whole, resumed = Tally(), 0
        marks: list[dict[str, Any]] = []
        done: dict[int, dict[str, Any] | None] = {}

        def wanted(number: int) -> bool:
            done[number] = self.place.done(number)
            return done[number] is None

        def kept() -> Iterator[tuple[float | None, Keep]]:
            nonlocal resumed
            for part in ahead(self._ranges(), wanted):
                number = part.number
                mark = done.pop(number) if number in done else self.place.done(number)
                if mark is not None:
                    resumed += len(part)
                    yield part.share, partial(dict, mark)
                elif self.by_frames and isinstance(part, FrameRange):
                    yield part.share, self._framed(part)
                else:
                    yield part.share, self._range(part)

        for share, mark in behind(kept()):
            whole.add(Tally.of(mark["tally"]))
            marks.append({"columns": mark["columns"]})
            progress(share, whole.records)
        self._join(marks, len({rule.partition(" ")[0] for rule in whole.rules}) > 1)
        self._problems(len(marks))
        report = self.report(whole, resumed)
        self.place.end()
        return report

    def _range(self, part: Range | FrameRange) -> Keep:
        """Answer one range, and what keeps the answers."""
        entries = list(self._entries(part))
        answers = Answering(self.packs, self.asked, entries)
        long = answers.long(self.columns, self.options.carry)
        if self.options.wide:
            heads = answers.heads(self.options.carry)
            kept = outputs.wide(long, heads, self.packs.loaded, answers.lists, self._prefixed)
        else:
            kept = outputs.told(long, everything=self.options.everything)
        answers.tally.rows = kept.height
        faults: list[tuple[Entry | None, Problem]] = [(None, p) for p in part.problems]
        faults += [(e, p) for e in entries for p in e.problems]
        return partial(self._keep, part.number, kept, answers.tally, faults)

    def _framed(self, part: FrameRange) -> Keep:
        """Answer one range that is held as frames, and what keeps the answers."""
        from policy_rules.tables import batch_tables, batch_wide

        answers = FrameAnswers(self.packs, self.asked, part)
        packs, options = self.packs.loaded, self.options
        faults: list[tuple[Entry | None, Problem]] = [(None, p) for p in part.problems]
        if options.wide:
            wide = batch_wide.wide_frame(answers, packs, options.carry, prefixed=self._prefixed)
            answers.tally.rows = wide.height
            return partial(self._keep, part.number, wide, answers.tally, faults)
        tables = batch_tables.LongTables(
            packs, options.lang, self.columns, options.carry, everything=options.everything
        )
        held = io.BytesIO()
        answers.tally.rows = outputs.write_words(held, tables.of(answers))
        return partial(self._keep, part.number, held, answers.tally, faults)

    def _keep(
        self,
        number: int,
        found: pl.DataFrame | io.BytesIO,
        tally: Tally,
        faults: Sequence[tuple[Entry | None, Problem]],
    ) -> dict[str, Any]:
        lang, columns, held = self.options.lang, self.columns, io.BytesIO()
        if isinstance(found, io.BytesIO):
            held = found
        else:
            columns = found.columns
            found.write_parquet(held, compression="zstd", statistics=False)
        tally.fault(p for _, p in faults)
        problems = [
            [e and e.row, e and e.id, str(p.place), p.place.path, p.code, p.message(lang)]
            for e, p in faults
        ]
        mark = {"tally": tally.as_dict(), "columns": list(columns), "problems": problems}
        return self.place.keep(number, held.getvalue(), mark)

    @property
    def _prefixed(self) -> bool:
        return len(self.packs.named) != 1

    # -- the output --------------------------------------------------------------------------

    def _join(self, marks: Sequence[Mapping[str, Any]], several: bool) -> None:
        """The parts as one file, which is renamed when it is whole."""
        import polars as pl

        def frames() -> Iterator[pl.DataFrame]:
            for number in range(1, len(marks) + 1):
                with writing(self.place.part(number)):
                    yield pl.read_parquet(self.place.part(number), memory_map=False)

        output = self.place.output
        beside = self.place.folder / f"output{output.suffix}"
        try:
            if self.book:
                assert self.wording is not None
                options = self.options
                book = Book(
                    self.packs.loaded,
                    self.wording,
                    options.lang,
                    options.sheets,
                    options.carry,
                    options.everything,
                    several,
                )
                write_book(beside, book, frames, self.place.folder)
            else:
                self._write(beside, frames, marks)
            with writing(output):
                beside.replace(output)
        except EvaluationError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise

    def _write(
        self,
        beside: Path,
        frames: Callable[[], Iterator[pl.DataFrame]],
        marks: Sequence[Mapping[str, Any]],
    ) -> None:
        """A table of all parts."""
        names = self._named(marks)
        if beside.suffix.lower() == ".csv":
            outputs.write_csv(beside, frames(), outputs.schema(names))
            return
        if self.by_frames and marks and all(mark["columns"] == names for mark in marks):
            parts = [self.place.part(n) for n in range(1, len(marks) + 1)]
            with writing(beside), beside.open("wb") as file:
                join_parquet(parts, file)
                to_disk(file)
            return
        outputs.write_parquet(beside, frames(), outputs.schema(names))

    def _named(self, marks: Sequence[Mapping[str, Any]]) -> list[str]:
        if not self.options.wide:
            return self.columns
        heads = ["row", "record", "region", *self.options.carry, "status", "code"]
        parts = [heads, *(mark["columns"] for mark in marks)]
        return outputs.wide_columns(parts, self.packs.loaded.values(), self._prefixed)

    def _problems(self, parts: int) -> None:
        """What was wrong with the input, as a table beside the output."""
        beside = self.place.folder / "problems.csv"
        rows = (self.place.mark(number)["problems"] for number in range(1, parts + 1))
        if outputs.write_problems(beside, rows):
            with writing(self._told):
                beside.replace(self._told)

    @property
    def _told(self) -> Path:
        return self.place.output.with_name(f"{self.place.output.name}.problems.csv")

    def report(self, tally: Tally, resumed: int) -> BatchReport:
        """What the run came to; its receipt is written beside the output."""
        summary = Summary.of(tally, self.packs.loaded.values())
        output = self.place.output
        with writing(output):
            digest, size = digest_of(output), output.stat().st_size
        found = {"name": output.name, "bytes": size, "sha256": digest}
        body = {"run": self.identity, "output": found, "summary": summary.as_dict()}
        write_whole(self.place.receipt, data_bytes({**body, "tally": tally.as_dict()}))
        told = self._told if tally.problems else None
        return BatchReport(output, summary, resumed, digest, told, self.by_records)


def _readings(pack: Pack) -> dict[str, str]:
    """Unclear clauses that are not read as the pack chose."""
    readings = {r.id: r.decided or pack.choices.get(r.id, "chosen") for r in pack.readings.values()}
    return {id_: choice for id_, choice in readings.items() if choice != "chosen"}
