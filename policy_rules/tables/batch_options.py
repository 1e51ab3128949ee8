"""What a run over a population is asked for, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import attrs

from policy_rules.errors import Lang
from policy_rules.packs.overlay import Overlay
from policy_rules.tables.identity import key_mark
from policy_rules.tables.summary import Summary
from policy_rules.text import Text

BatchEngine = Literal["polars", "duckdb", "spark", "reference"]
#: Told the share of the input done (None: not known) and the records done.
Progress = Callable[[float | None, int], None]


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
        if self.reading.get("key"):  # another key gives other ids: such a run is another run
            reading["key"] = key_mark(self.reading["key"])
        lists = {"carry": list(self.carry), "packs": list(self.packs)}
        return {**body, **lists, "reading": reading}


@attrs.frozen
class BatchReport:
    """What a run came to. ``records`` went in; as many came out, answered or marked.

    ``resumed`` is how many records an earlier run had done. ``by_records`` says why a population in our own
    layout was read record by record, which takes longer and holds it in memory.
    """

    output: Path
    summary: Summary
    resumed: int
    digest: str
    problems: Path | None
    by_records: Text | None = None

    @property
    def records(self) -> int:
        """Records of the input."""
        return self.summary.tally.records
