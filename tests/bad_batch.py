"""What runs over a population say of what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.tables import batch_manifest
from policy_rules.tables.batch import BatchOptions, run_batch

DAY = date(2022, 12, 31)


class _Stop(BaseException):
    pass


def _stopped(tmp: Path, day: date, resume: bool) -> None:
    """A run is broken off, and begun again for another day."""
    (tmp / "in.jsonl").write_text('{"type": "lifted"}\n', "utf-8")

    def stop(*_: object) -> None:
        raise _Stop

    def options(on: date) -> BatchOptions:
        return BatchOptions(packs=("yunnan/mengyong",), as_of=on, engine="reference")

    with pytest.MonkeyPatch().context() as at:
        at.setattr(batch_manifest.Workplace, "keep", stop)
        with pytest.raises(_Stop):
            run_batch(tmp / "in.jsonl", tmp / "o.csv", options(DAY))
    run_batch(tmp / "in.jsonl", tmp / "o.csv", options(day), resume=resume)


def _failed(tmp: Path) -> None:
    """What a marked record's code means; runs give the code alone."""
    raise EvaluationError(Problem("record_failed", Place(path="h1"), detail="ZeroDivisionError"))


PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "run_unfinished": (
        lambda tmp: _stopped(tmp, DAY, resume=False),
        "o.csv.parts` 后重新开始",
    ),
    "run_differs": (
        lambda tmp: _stopped(tmp, date(2022, 12, 30), resume=True),
        "o.csv.parts/manifest.json: run_differs: 未完成的那次运行，数据或选项与现在不同："
        "当时为 `as_of: 2022-12-31`，现为 `as_of: 2022-12-30`；如要重新开始，请删除其目录",
    ),
    "record_failed": (
        _failed,
        "h1: record_failed: 对此记录的判定失败：`ZeroDivisionError`",
    ),
}
