"""The threads of a run: the next range is read, and the last one kept, while one is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from policy_rules.tables.batch_frames import FrameRange
from policy_rules.tables.batch_records import Range

__all__ = ["ahead", "behind"]

_T = TypeVar("_T")
_M = TypeVar("_M")


def ahead(
    parts: Iterator[Range | FrameRange], wanted: Callable[[int], bool]
) -> Iterator[Range | FrameRange]:
    """Ranges in order; the next one's households are read while one is answered.

    ``wanted`` says by a range's number whether it is answered at all.
    """
    with ThreadPoolExecutor(1) as beside:
        waiting: tuple[FrameRange, Any] | None = None
        for part in parts:
            if not isinstance(part, FrameRange):
                yield part
                continue
            task = beside.submit(getattr, part, "households") if wanted(part.number) else None
            if waiting is not None:
                yield _read(*waiting)
            waiting = part, task
        if waiting is not None:
            yield _read(*waiting)


def behind(answered: Iterator[tuple[_T, Callable[[], _M]]]) -> Iterator[tuple[_T, _M]]:
    """What keeping the answers of ranges gives, in order; one range is kept while the next is answered."""
    with ThreadPoolExecutor(1) as beside:
        waiting: tuple[_T, Future[_M]] | None = None
        for of, keep in answered:
            if waiting is not None:
                yield waiting[0], waiting[1].result()
            waiting = of, beside.submit(keep)
        if waiting is not None:
            yield waiting[0], waiting[1].result()


def _read(part: FrameRange, task: Any) -> FrameRange:
    if task is not None:
        task.result()
    return part
