"""Many batches: in several processes, within some minutes, to be gone on with another day."""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import EvaluationError, Place, Problem, shown
from policy_rules.packs.model import Pack
from policy_rules.testing.agreement.batches import SIZE, Batch, batch
from policy_rules.testing.agreement.engines import (
    ENGINES,
    Difference,
    Tally,
    compared,
    differing,
)
from policy_rules.testing.records import shrunk
from policy_rules.writing import write_whole

#: Disagreements that are made small and kept; beyond these they are only counted.
KEPT: Final = 20
#: Steps a record is made smaller by at most, and seconds between two writings of the state.
SHRINKING, SAVING = 200, 20.0


@attrs.frozen
class Options:
    """What is run: the seed, how many households, of which packs, by which engines."""

    seed: int
    records: int
    packs: tuple[str, ...]
    engines: tuple[str, ...]
    size: int = SIZE
    rules: Path | None = None

    @property
    def batches(self) -> int:
        """How many batches that is."""
        return -(-self.records // self.size)

    def same(self) -> dict[str, Any]:
        """What must be the same for a run to be gone on with."""
        return {
            "seed": self.seed,
            "size": self.size,
            "packs": list(self.packs),
            "engines": list(self.engines),
        }


@attrs.define
class Agreement:
    """What became of a run so far."""

    options: Options
    done: set[int] = attrs.Factory(set)
    tallies: dict[str, Tally] = attrs.Factory(dict)
    #: disagreements as plain data: engine, pack, batch, day, record made small, both answers
    found: list[dict[str, Any]] = attrs.Factory(list)
    count: int = 0
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def households(self) -> int:
        """Households the reference answered."""
        return self.tallies["reference"].households if "reference" in self.tallies else 0

    @property
    def complete(self) -> bool:
        """Whether every batch was run."""
        return len(self.done) >= self.options.batches

    def as_dict(self) -> dict[str, Any]:
        """Plain data, from which a run can be gone on with."""
        return {
            **self.options.same(),
            "records": self.options.records,
            "households": self.households,
            "batches": len(self.done),
            "complete": self.complete,
            "disagreements": self.count,
            "found": self.found,
            "seconds": round(self.seconds, 1),
            "engines_told": {
                e: {**attrs.asdict(t), "seconds": round(t.seconds, 1)}
                for e in ENGINES
                if (t := self.tallies.get(e)) is not None
            },
            "done": _ranges(self.done),
        }

    @classmethod
    def read(cls, path: Path, options: Options) -> Agreement:
        """The state a run was left in; raises where it is of another run."""
        try:
            data = json.loads(path.read_text("utf-8"))
            other = {k: data[k] for k in options.same()}
            found = cls(options, count=data["disagreements"], seconds=data["seconds"])
            found.found = data["found"]
            found.tallies = {e: Tally(**t) for e, t in data["engines_told"].items()}
            found.done = {n for a, b in data["done"] for n in range(a, b + 1)}
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = Problem("cannot_read", Place(str(path)), detail=type(error).__name__)
            raise EvaluationError(problem) from error
        place = Place(str(path))
        apart = [
            Problem("run_differs", place, shown(str(other[k])), shown(str(v)), detail=k)
            for k, v in options.same().items()
            if other[k] != v
        ]
        if apart:
            raise EvaluationError(apart)
        return found


def _ranges(numbers: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for n in sorted(numbers):
        if found and found[-1][1] == n - 1:
            found[-1][1] = n
        else:
            found.append([n, n])
    return found


#: The number of a batch, what each engine did, examples, how many disagreements.
Told = tuple[int, dict[str, Tally], list[dict[str, Any]], int]


def agree(
    options: Options,
    *,
    jobs: int = 1,
    minutes: float | None = None,
    state: Path | None = None,
    only: Sequence[int] = (),
    progress: Callable[[Agreement], None] = lambda so_far: None,
) -> Agreement:
    """Put the engines beside each other on random households, and tell every disagreement.

    A run that is ended by time (``minutes``) or the keyboard is gone on with where ``state`` names the file it
    left; ``only`` runs some batches again. Raises :class:`~policy_rules.errors.EvaluationError`
    (``cannot_read``, ``run_differs``, ``extra_missing``).
    """
    so_far = Agreement(options)
    if state is not None and state.is_file() and not only:
        so_far = Agreement.read(state, options)
    start, before, saved = time.monotonic(), so_far.seconds, time.monotonic()
    end = float("inf") if minutes is None else start + 60 * minutes
    todo = [n for n in (only or range(options.batches)) if n not in so_far.done]

    def room() -> bool:
        return len(so_far.found) < KEPT

    try:
        for number, tallies, found, count in _answers(options, todo, jobs, end, room):
            so_far.done.add(number)
            so_far.count += count
            so_far.found += found[: max(0, KEPT - len(so_far.found))]
            for engine, tally in tallies.items():
                so_far.tallies.setdefault(engine, Tally()).add(tally)
            so_far.seconds = before + time.monotonic() - start
            if state is not None and time.monotonic() - saved > SAVING:
                _save(state, so_far)
                saved = time.monotonic()
            progress(so_far)
    except KeyboardInterrupt:
        so_far.interrupted = True
    if state is not None:
        _save(state, so_far)
    return so_far


def _save(state: Path, so_far: Agreement) -> None:
    text = json.dumps(so_far.as_dict(), ensure_ascii=False, indent=1, default=str) + "\n"
    write_whole(state, text.encode())


def _answers(
    options: Options, todo: Sequence[int], jobs: int, end: float, room: Callable[[], bool]
) -> Iterator[Told]:
    """Batch after batch; examples are made small as long as there is ``room`` for them."""

    def until() -> Iterator[int]:
        for number in todo:
            if time.monotonic() > end:
                return
            yield number

    if jobs <= 1:
        for number in until():
            yield _told(options, number, room())
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, _begin, (options,)) as pool:
        # a few ahead of what is done, so that the time limit holds
        waiting: list[Any] = []
        for number in until():
            waiting.append(pool.apply_async(_work, (number, room())))
            if len(waiting) >= 2 * jobs:
                yield waiting.pop(0).get()
        for one in waiting:
            yield one.get()


_options: Options | None = None


def _begin(options: Options) -> None:
    global _options
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it and ends us
    _options = options


def _work(number: int, examples: bool) -> Told:
    assert _options is not None
    return _told(_options, number, examples)


def _told(options: Options, number: int, examples: bool) -> Told:
    """One batch: what each engine did, and the disagreements, one example an engine made small."""
    some = batch(options.seed, number, options.packs, size=options.size, rules=options.rules)
    if not some.records:
        return number, {}, [], 0
    tallies, found = compared(some, options.engines)
    first: dict[str, Difference] = {}
    for difference in found:
        first.setdefault(difference.engine, difference)
    told = [_example(some, difference) for difference in first.values()] if examples else []
    return number, tallies, told, len(found)


def _example(some: Batch, difference: Difference) -> dict[str, Any]:
    told = {
        "engine": difference.engine,
        "pack": some.pack.id,
        "version": some.pack.version,
        "batch": some.number,
        "as_of": str(some.day),
        "finding": difference.where,
        "expected": difference.expected,
        "got": difference.got,
        "rule": _rule(some.pack, difference.where),
        "record": _shrunk(some, difference),
    }
    plain: dict[str, Any] = json.loads(json.dumps(told, default=_plain))
    return plain


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _rule(pack: Pack, where: str) -> Mapping[str, Any] | None:
    """The rule in question, of a random pack: nobody could look it up."""
    name = where.partition("@")[0]
    return pack.raw["rules"].get(name) if pack.id == "random" else None


def _shrunk(some: Batch, difference: Difference) -> dict[str, Any]:
    """The record without what the disagreement does not need; as it is where it does not show alone."""
    best: dict[str, Any] = dict(some.data[difference.row])
    differs = differing(some, difference.engine)
    if not differs(best):
        return best
    return shrunk(best, differs, SHRINKING)
