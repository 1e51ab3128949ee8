"""Trying many mutants: in several processes, each within a time limit, to be interrupted at any time."""

from __future__ import annotations

import multiprocessing
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Any, Final

import attrs

from policy_rules.analysis.model import Bounds
from policy_rules.packs.model import Pack
from policy_rules.testing.mutation.model import PROVED, Mutant, Outcome, Solved
from policy_rules.testing.mutation.report import MutationReport
from policy_rules.testing.mutation.sites import mutants
from policy_rules.testing.mutation.trial import Tester
from policy_rules.testing.mutation.witness import Suggestion, settled, suggest

#: Seconds one mutant may take.
LIMIT: Final = 30.0
#: Neighbouring mutants one process takes at a time: they share the parts of the pack they reach.
CHUNK: Final = 12
#: Survivors no record tells that a process puts to the solver, where nobody asks for all.
FEW: Final = 100


def chosen(
    pack: Pack,
    *,
    rules: Sequence[str] = (),
    kinds: Sequence[str] = (),
    sample: int | None = None,
    seed: int = 0,
) -> tuple[Mutant, ...]:
    """The mutants of a pack: of some things (by id) and kinds, or a seeded sample of them."""
    found = [
        m
        for m in mutants(pack)
        if (not rules or m.name in rules) and (not kinds or m.kind in kinds)
    ]
    if sample is not None and sample < len(found):
        picked = random.Random(seed).sample(range(len(found)), sample)
        found = [found[i] for i in sorted(picked)]
    return tuple(found)


def mutate(
    pack: Pack,
    selected: Sequence[Mutant] | None = None,
    *,
    jobs: int = 1,
    every: bool = False,
    limit: float = LIMIT,
    suggestions: bool = True,
    solve: bool | None = None,
    bounds: Bounds | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> MutationReport:
    """Try mutants of a pack and report which of them nothing noticed.

    ``every`` asks all cases of each mutant rather than stopping at the first that notices it, and tells
    which cases alone notice something. ``limit`` is in seconds a mutant. ``suggestions`` looks for a
    record that tells each survivor from the pack. Where it finds none the solver is asked within ``bounds``,
    each within the limit: by default where it is installed, of the first survivors of each process. With
    ``solve`` it is asked of all, without suggestions too. An interrupt ends the run; what was found stands in
    the report, which says so. The report of the same pack and mutants is the same, but for seconds.
    """
    wanted = tuple(mutants(pack) if selected is None else selected)
    started = time.monotonic()
    outcomes: dict[int, Outcome] = {}
    hints: dict[int, Suggestion] = {}
    interrupted = False
    options = _Options(every, limit, suggestions, _solve(solve, suggestions), bounds or Bounds())
    chunks = [wanted[i : i + CHUNK] for i in range(0, len(wanted), CHUNK)]
    try:
        for answers in _answers(pack, chunks, jobs, options):
            for outcome, hint in answers:
                outcomes[outcome.number] = outcome
                if hint is not None:
                    hints[outcome.number] = hint
            progress(len(outcomes), len(wanted))
    except KeyboardInterrupt:
        interrupted = True
    return MutationReport(
        pack.id,
        pack.version,
        pack.digest,
        tuple(m for m in wanted if m.number in outcomes),
        outcomes,
        hints,
        len(wanted),
        interrupted,
        every,
        time.monotonic() - started,
    )


@attrs.frozen
class _Options:
    every: bool
    limit: float
    suggestions: bool
    #: how many survivors a process puts to the solver
    solve: float
    bounds: Bounds


def _solve(asked: bool | None, suggestions: bool) -> float:
    if asked is None:
        return FEW if suggestions and find_spec("z3") is not None else 0
    return float("inf") if asked else 0


Answers = list[tuple[Outcome, Suggestion | None]]


def _answers(
    pack: Pack, chunks: Sequence[Sequence[Mutant]], jobs: int, options: _Options
) -> Iterator[Answers]:
    if jobs <= 1 or len(chunks) <= 1:
        worker = _Worker(pack, options)
        for chunk in chunks:
            yield worker.run(chunk)
        return
    context = multiprocessing.get_context("spawn")
    pool = context.Pool(min(jobs, len(chunks)), _begin, (pack, options))
    try:
        yield from pool.imap_unordered(_work, chunks)
        pool.close()
    finally:
        pool.terminate()
        pool.join()


class _Worker:
    def __init__(self, pack: Pack, options: _Options) -> None:
        self.pack = pack
        self.options = options
        self.tester = Tester(pack, every=options.every)
        self.asked = 0

    def run(self, chunk: Sequence[Mutant]) -> Answers:
        return [self.one(m) for m in chunk]

    def one(self, mutant: Mutant) -> tuple[Outcome, Suggestion | None]:
        started = time.monotonic()
        hint = None
        try:
            with within(self.options.limit):
                outcome = self.tester.run(mutant)
        except OutOfTime:
            outcome = Outcome(mutant.number, "timeout")
        if outcome.fate == "survived":
            if why := settled(self.tester, mutant):
                outcome = attrs.evolve(outcome, fate="equivalent", detail=why)
            else:
                outcome, hint = self.open(mutant, outcome)
        return attrs.evolve(outcome, seconds=time.monotonic() - started), hint

    def open(self, mutant: Mutant, outcome: Outcome) -> tuple[Outcome, Suggestion | None]:
        """A survivor: a record that tells it is looked for, else the solver is asked."""
        hint: Suggestion | None = None
        if self.options.suggestions:
            with suppress(OutOfTime), within(self.options.limit):
                hint = suggest(self.tester, mutant)
        found = hint is not None and hint.kind in ("case", "record", "second_reading")
        if found or self.asked >= self.options.solve:
            return outcome, hint
        self.asked += 1
        from policy_rules.testing.mutation.solving import solved  # needs the solver

        said = Solved("undecided", self.options.bounds, why="time")
        with suppress(OutOfTime), within(2 * self.options.limit):
            end = time.monotonic() + self.options.limit
            said, other = solved(self.tester, mutant, self.options.bounds, end)
            hint = other or hint
        if said.settled == "equivalent":
            return attrs.evolve(outcome, fate="equivalent", detail=PROVED, solved=said), None
        return attrs.evolve(outcome, solved=said), hint


_worker: _Worker | None = None


def _begin(pack: Pack, options: _Options) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends us
    _worker = _Worker(pack, options)


def _work(chunk: Sequence[Mutant]) -> Answers:
    assert _worker is not None
    return _worker.run(chunk)


class OutOfTime(BaseException):
    """A mutant took longer than it may; no handler of ordinary errors may swallow it."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise :class:`OutOfTime` after some seconds, where the platform has timers."""
    timed = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not timed:
        yield
        return

    def stop(signum: int, frame: Any) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
