"""The answers for a population: kept by column, told as one long table or a wide one.

What the column engines found stays as they gave it, a few bits a finding; rows are made when asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.packs.model import Pack
from policy_rules.tables.answers_blocks import ENDS, Block, cells_told, joined
from policy_rules.tables.answers_rows import (
    BETWEEN,
    ERROR,
    ITSELF,
    LONG,
    STATUSES,
    VERDICTS,
    chosen,
    number_of,
    place_of,
)
from policy_rules.tables.frames_layout import pl
from policy_rules.verdict import Number, Verdict

__all__ = ["ERROR", "LONG", "Answer", "Answers"]


@attrs.frozen
class Answer:
    """One row of the long table: as a :class:`~policy_rules.engine.finding.Finding`, without what
    explains it.

    ``rule`` is empty and ``status`` is ``error`` for a record that could not be evaluated; ``code`` says why.
    """

    row: int
    record: str
    as_of: date | None
    subject: str
    rule: str
    verdict: Verdict | None
    status: str
    effect: str | None
    met: Verdict | None
    low: Number | None
    high: Number | None
    clauses: tuple[str, ...]
    code: str | None

    def outcome(self) -> tuple[Any, ...]:
        """What engines must agree on; compare :meth:`~policy_rules.engine.finding.Finding.outcome`."""
        return (self.verdict, self.status, self.met, self.low, self.high, self.clauses)


@attrs.frozen(eq=False)
class Answers:
    """The answers of one pack for a population; make them with
    :func:`~policy_rules.tables.evaluate.evaluate_population`.

    ``records`` are the ids of the records by row; ``told`` holds the rows that the reference interpreter
    answered. Iterating gives every row as an :class:`Answer`: by record, its own rules before those of each
    member, in the order of the pack.
    """

    pack: Pack
    records: pl.Series
    blocks: tuple[Block, ...]
    told: pl.DataFrame

    @property
    def height(self) -> int:
        """How many records were asked about."""
        return self.records.len()

    # -- long ---------------------------------------------------------------------------------

    @property
    def table(self) -> pl.DataFrame:
        """Every row of the long table. For a large population ask :meth:`long` for what you need."""
        return self.long()

    def long(
        self,
        verdicts: Collection[str | None] | None = None,
        rules: Collection[str] | None = None,
    ) -> pl.DataFrame:
        """A row a finding, with the columns of :data:`LONG`, in order.

        ``verdicts`` keeps the rows that have one of them (None: not in force), ``rules`` those of some rules;
        the rows of records that could not be evaluated are always there. ``amount_low`` and ``amount_high`` are
        exact (``1/3`` where no decimal is), null for an open end or where there is no figure; ``low / low_over``
        and ``high / high_over`` are the same in lowest terms, null too where 64 bits do not hold them.
        """
        return pl.concat([_NOTHING, *self.parts(verdicts, rules)])

    def parts(
        self,
        verdicts: Collection[str | None] | None = None,
        rules: Collection[str] | None = None,
    ) -> Iterator[pl.DataFrame]:
        """The long table range by range, for populations whose whole table is too large."""
        told = chosen(self.told, verdicts, rules).sort("_key")
        ranges: dict[tuple[int, int], list[Block]] = {}
        for block in self.blocks:
            ranges.setdefault(block.rows, []).append(block)
        if not ranges:
            ranges[0, self.height] = []
        rows = told.get_column("row")
        for (start, stop), blocks in ranges.items():
            first, last = (int(rows.search_sorted(at, "left")) for at in (start, stop))
            pieces = [block.long(self.pack, verdicts, rules) for block in blocks]
            pieces.append(told.slice(first, last - first))
            pieces = [p for p in pieces if p.height]
            if pieces:
                found = pieces[0] if len(pieces) == 1 else pl.concat(pieces).sort("_key")
                record = self.records.gather(found.get_column("row")).alias("record")
                yield found.with_columns(record).select(*LONG)

    def __iter__(self) -> Iterator[Answer]:
        for row in self.long().iter_rows(named=True):
            yield Answer(
                row["row"],
                row["record"],
                row["as_of"],
                row["subject"],
                row["rule"] or "",
                None if row["verdict"] is None else Verdict(row["verdict"]),
                row["status"],
                row["effect"],
                None if row["met"] is None else Verdict(row["met"]),
                number_of(row["amount_low"]),
                number_of(row["amount_high"]),
                tuple(row["clauses"].split(BETWEEN)) if row["clauses"] else (),
                row["code"],
            )

    def __len__(self) -> int:
        return int(self.counts().get_column("n").sum() or 0)

    @property
    def errors(self) -> pl.DataFrame:
        """Records that could not be evaluated: row, record, as_of, code."""
        found = self.told.filter(pl.col("status") == ERROR).sort("row")
        record = self.records.gather(found.get_column("row")).alias("record")
        return found.with_columns(record).select("row", "record", "as_of", "code")

    # -- counts -------------------------------------------------------------------------------

    def counts(self) -> pl.DataFrame:
        """How many findings there are by ``rule``, ``verdict`` and ``status``: ``n``.

        In the order of the pack; made without the long table. Records that could not be evaluated are counted
        without a rule.
        """
        found: dict[tuple[str, str | None, str], int] = {}

        def count(rule: str, verdict: str | None, status: str, n: int) -> None:
            if n:
                key = (rule, verdict, status)
                found[key] = found.get(key, 0) + n

        for block in self.blocks:
            for rule, verdict, status, n in block.counts():
                count(rule, verdict, status, n)
        told = self.told.group_by("rule", "verdict", "status").len()
        for rule, verdict, status, n in told.rows():
            count(rule, verdict, status, n)
        place = {rule: i for i, rule in enumerate(self.pack.rules)}
        rows = [(*key, n) for key, n in found.items()]
        rows.sort(key=lambda r: (place.get(r[0], -1), r[1] or "", r[2]))
        schema: dict[str, Any] = {
            "rule": pl.String,
            "verdict": VERDICTS,
            "status": STATUSES,
            "n": pl.Int64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row")

    # -- wide ---------------------------------------------------------------------------------

    def wide(self, subject: str | None = None) -> pl.DataFrame:
        """A row a subject and a column a rule: its verdict (null: not in force).

        ``subject`` is None for the records themselves, or ``member``. Rows are ``row``, ``record`` and, for
        members, ``subject``; a rule with figures has columns ``<rule>.low`` and ``<rule>.high`` too, a duty
        ``<rule>.met``. A record that could not be evaluated has nulls; of its members there are no rows.
        """
        if subject not in (None, "member"):
            raise ValueError(f"subject is None or 'member', not {subject!r}")
        of_members = subject is not None
        cells = [
            block.cells(self.pack, name)
            for block in self.blocks
            for name in block.frames
            if name.endswith(".members") is of_members
        ]
        place = place_of(pl.col("_key"))
        told = self.told.filter(pl.col("status") != ERROR).with_columns(place.alias("_place"))
        told = told.filter((pl.col("_place") != ITSELF) == of_members)
        whole = joined([*cells, cells_told(told, self.pack)])
        if not of_members:
            every = pl.DataFrame({"row": pl.int_range(self.height, dtype=pl.Int64, eager=True)})
            whole = every.join(whole.drop("subject"), on="row", how="left")
        whole = whole.sort("row", "_place")
        record = self.records.gather(whole.get_column("row")).alias("record")
        rules = [n for r in self.pack.rules for n in (r, *(f"{r}.{e}" for e in ENDS))]
        names = ["row", *(["subject"] if of_members else []), *rules]
        found = whole.select(n for n in names if n in whole.columns)
        return found.insert_column(1, record)


#: The long table of nobody.
_NOTHING: Final = pl.DataFrame(schema=dict(LONG))
