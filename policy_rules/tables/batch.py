"""A population through its packs: ranges of records in, one file out.

Each range is answered and kept as a part beside the output before the next is read, so that memory does not
grow with the population and a run that is broken off goes on where it stopped. The output appears whole, at
the end, under its name.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules._version import __version__
from policy_rules.errors import (
    EvaluationError,
    Lang,
    NotFoundError,
    Place,
    Problem,
    RecordError,
    one_of,
    shown,
)
from policy_rules.packs.model import Pack
from policy_rules.packs.overlay import Overlay
from policy_rules.tables import outputs
from policy_rules.tables.batch_answers import Answering, Asked, BatchEngine
from policy_rules.tables.batch_manifest import (
    Workplace,
    data_bytes,
    digest_of,
)
from policy_rules.tables.batch_packs import Packs
from policy_rules.tables.batch_records import Entry, Range, Source
from policy_rules.tables.outputs import polars
from policy_rules.tables.staff_book import AREAS, Book, Wording, write_book
from policy_rules.tables.summary import Summary, Tally
from policy_rules.writing import write_whole, writing

if TYPE_CHECKING:
    import polars as pl

ENGINES: Final = ("polars", "duckdb", "spark", "reference")
#: Records a range, where the reference answers every one of them, and where a column engine does.
EXPLAINED, COLUMNS = 1_000, 5_000
#: Problems of a strict run that are told.
TOLD: Final = 1_000
#: Bumped where parts or their marks change.
FORM: Final = 1


@attrs.frozen(kw_only=True)
class BatchOptions:
    """What a run is asked for.

    ``packs`` empty: those of each record's region and date. ``everything`` gives NO and rules out of force too
    (and duties in the workbook), ``missing`` what each open finding lacks; ``carry`` names columns of the
    input to give back beside the answers. ``strict`` refuses an input with any mistake. ``check`` is how many
    records a range the reference answers beside a column engine (all where ``missing``). ``size`` records
    are a range. ``reading`` are options of :func:`~policy_rules.tables.reading.iter_population`. ``sheets`` is what the workbook's sheets go by: ``township``, ``village`` or a carried column.
    """

    packs: tuple[str, ...] = ()
    overlays: tuple[Overlay, ...] = ()
    rules: Path | None = None
    as_of: date | None = None
    engine: BatchEngine = "polars"
    wide: bool = False
    everything: bool = False
    missing: bool = False
    strict: bool = False
    carry: tuple[str, ...] = ()
    lang: Lang = "zh"
    check: int = 50
    size: int | None = None
    sheets: str = "township"
    reading: Mapping[str, Any] = attrs.field(factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """What a manifest keeps: all that changes the output."""
        kept = ("wide", "everything", "missing", "strict", "lang", "check", "size", "sheets")
        body = {name: getattr(self, name) for name in kept}
        reading = {name: str(value) for name, value in self.reading.items() if name != "key"}
        lists = {"carry": list(self.carry), "packs": list(self.packs)}
        return {**body, **lists, "reading": reading}


@attrs.frozen
class BatchReport:
    """What a run came to. ``records`` went in; as many came out, answered or marked.

    ``resumed`` is how many records an earlier run had done.
    """

    output: Path
    summary: Summary
    resumed: int
    digest: str
    problems: Path | None

    @property
    def records(self) -> int:
        """Records of the input."""
        return self.summary.tally.records


#: Told the share of the input done (None: not known) and the records done.
Progress = Callable[[float | None, int], None]


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
        reading = {**options.reading, "vocabulary": self.vocabulary}
        self.source = Source.of(source, reading)
        self.asked = Asked(
            engine=options.engine,
            as_of=options.as_of,
            lang=options.lang,
            missing=options.missing or self.book,
            why=self.book,
            check=options.check,
        )
        slow = self.asked.explains or options.engine == "reference"
        self.size = options.size or (EXPLAINED if slow else COLUMNS)
        self.columns = outputs.long_columns(
            missing=self.asked.missing, why=self.book, carry=options.carry
        )
        self.identity = self._identity(kind)

    def _identity(self, kind: str) -> dict[str, Any]:
        packs = self.packs.loaded
        return {
            "form": FORM,
            "library": __version__,
            "input": self.source.as_dict(),
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
        for part in self.source.ranges(self.size, self.options.carry):
            found += part.problems
            for entry in self._entries(part):
                found += entry.problems
            if len(found) >= TOLD:
                break
        if found:
            raise RecordError(found[:TOLD])

    def _entries(self, part: Range) -> Iterator[Entry]:
        return part.entries(self.vocabulary, self.options.carry)

    # -- ranges ------------------------------------------------------------------------------

    def all(self, progress: Progress) -> BatchReport:
        """Every range that is not done, then the output."""
        whole, resumed = Tally(), 0
        marks: list[dict[str, Any]] = []
        for part in self.source.ranges(self.size, self.options.carry):
            mark = self.place.done(part.number)
            if mark is None:
                mark = self._range(part)
            else:
                resumed += len(part)
            whole.add(Tally.of(mark["tally"]))
            marks.append({k: mark[k] for k in ("columns", "problems")})
            progress(part.share, whole.records)
        self._join(marks, len({rule.partition(" ")[0] for rule in whole.rules}) > 1)
        self._problems(marks)
        report = self.report(whole, resumed)
        self.place.end()
        return report

    def _range(self, part: Range) -> dict[str, Any]:
        """Answer one range and keep it."""
        entries = list(self._entries(part))
        answers = Answering(self.packs, self.asked, entries)
        long = answers.long(self.columns, self.options.carry)
        if self.options.wide:
            heads = answers.heads(self.options.carry)
            kept = outputs.wide(long, heads, self.packs.loaded, answers.lists, self._prefixed)
        else:
            kept = outputs.told(long, everything=self.options.everything)
        answers.tally.rows = kept.height
        held = io.BytesIO()
        kept.write_parquet(held, compression="zstd", statistics=False)
        lang = self.options.lang
        faults: list[tuple[Entry | None, Problem]] = [(None, p) for p in part.problems]
        faults += [(e, p) for e in entries for p in e.problems]
        answers.tally.fault(p for _, p in faults)
        problems = [
            [e and e.row, e and e.id, str(p.place), p.place.path, p.code, p.message(lang)]
            for e, p in faults
        ]
        mark = {"tally": answers.tally.as_dict(), "columns": kept.columns, "problems": problems}
        return self.place.keep(part.number, held.getvalue(), mark)

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
                write = (
                    outputs.write_csv if output.suffix.lower() == ".csv" else outputs.write_parquet
                )
                write(beside, frames(), outputs.schema(self._named(marks)))
            with writing(output):
                beside.replace(output)
        except EvaluationError:
            with contextlib.suppress(OSError):
                beside.unlink()
            raise

    def _named(self, marks: Sequence[Mapping[str, Any]]) -> list[str]:
        if not self.options.wide:
            return self.columns
        heads = ["row", "record", "region", *self.options.carry, "status", "code"]
        parts = [heads, *(mark["columns"] for mark in marks)]
        return outputs.wide_columns(parts, self.packs.loaded.values(), self._prefixed)

    def _problems(self, marks: Sequence[Mapping[str, Any]]) -> None:
        """What was wrong with the input, as a table beside the output."""
        pl = polars()
        path = self._told
        rows = [row for mark in marks for row in mark["problems"]]
        if not rows:
            return
        names = ("row", "record", "place", "path", "code", "message")
        kinds = {n: pl.Int64 if n == "row" else pl.String for n in names}
        beside = self.place.folder / "problems.csv"
        outputs.write_csv(beside, iter([pl.DataFrame(rows, schema=kinds, orient="row")]), kinds)
        with writing(path):
            beside.replace(path)

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
        return BatchReport(output, summary, resumed, digest, told)


def _readings(pack: Pack) -> dict[str, str]:
    """Unclear clauses that are not read as the pack chose."""
    readings = {r.id: r.decided or pack.choices.get(r.id, "chosen") for r in pack.readings.values()}
    return {id_: choice for id_, choice in readings.items() if choice != "chosen"}
