"""Our batch from Parquet to Parquet: a folder in our own layout in, the wide table out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

import row_ours

from policy_rules.tables.batch import BatchOptions, run_batch


class Batch:
    """``policy-rules batch FOLDER -o OUT --pack workload --wide``; 50 records of each range are answered by the
    reference interpreter beside, as by default."""

    def __init__(self, **more: Any) -> None:
        self.options = BatchOptions(
            packs=("workload",),
            rules=row_ours.RULES,
            as_of=date.fromisoformat(row_ours.AS_OF),
            wide=True,
            **more,
        )

    def files(self, folder: Path, out: Path) -> None:
        report = run_batch(folder / "own", out, self.options)
        assert report.problems is None


WAYS: Final = {
    "ours: batch, polars": Batch,
    "ours: batch, polars, nothing checked beside": lambda: Batch(check=0),
    "ours: batch, DuckDB": lambda: Batch(engine="duckdb"),
}
