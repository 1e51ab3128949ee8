"""Findings of many blocks as numbers, in order: whose, which rule, what is said. Words come at the end.

They stand by record, then by pack, then the record's own before those of each member, then by rule. Every
subject's findings are counted into their place; only subjects are sorted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import attrs
import numpy as np
import numpy.typing as npt

from policy_rules.engine.finding import Status
from policy_rules.tables.answers_blocks import (
    SAID,
    SILENT,
    Block,
    amounts_of,
    ends_of,
    met_of,
    said_of,
)
from policy_rules.tables.answers_rows import ERROR, VERDICTS, place_of
from policy_rules.tables.frames_layout import pl

__all__ = ["MET", "NONE", "SAYINGS", "Cells", "cells_of", "code_of"]

Ints = npt.NDArray[Any]

#: No amount.
NONE: Final = -1
#: Verdict and status by number: those a block tells, then all others.
SAYINGS: Final[tuple[tuple[str | None, str], ...]] = tuple(
    dict.fromkeys(
        [
            *SAID,
            *((v, s) for v in (*VERDICTS.categories, None) for s in (*Status, ERROR)),
        ]
    )
)
#: Whether a duty is met, by number; :data:`NOBODY_ASKS` where there is none, or nobody is bound.
MET: Final = ("YES", "NO", None, "UNKNOWN")
NOBODY_ASKS: Final = 2
_PLACES: Final = 2**15


@attrs.frozen(eq=False)
class Cells:
    """Findings in order: columns of the same length.

    ``record`` is the row of the population, ``place`` the member's in it (:data:`ITSELF`: the record's own),
    ``code`` the number of the rule over all packs and what is said (:func:`code_of`), ``amount`` the place
    in ``amounts`` (low and high as exact texts) or :data:`NONE`.
    """

    record: Ints
    place: Ints
    code: Ints
    amount: Ints
    amounts: pl.DataFrame

    @property
    def height(self) -> int:
        """How many findings."""
        return len(self.record)


def code_of(rule: Any, said: Any, met: Any) -> Any:
    """The number of a rule, of a place in :data:`SAYINGS` and one in :data:`MET` as one."""
    return (rule * len(SAYINGS) + said) * len(MET) + met


@attrs.frozen(eq=False)
class _Stream:
    """Findings of the subjects of one frame: a row a subject, and its findings one after the other."""

    pack: int
    record: Ints
    place: Ints
    count: Ints
    code: Ints
    amount: Ints
    amounts: pl.DataFrame


def cells_of(
    answers: Sequence[tuple[Mapping[str, int], Sequence[Block], pl.DataFrame]],
    wanted: Collection[str | None] | None,
) -> Cells:
    """The findings of several packs that have one of the verdicts ``wanted`` (None: all).

    For each pack the numbers of its rules, its blocks, and rows as :func:`~.answers_rows.told_rows` gives
    them.
    """
    streams: list[_Stream] = []
    for pack, (numbers, blocks, told) in enumerate(answers):
        for block in blocks:
            streams += (_of(pack, numbers, block, frame, wanted) for frame in block.frames)
        if told.height:
            streams.append(_of_told(pack, numbers, told, wanted))
    return _merged([s for s in streams if len(s.code)])


def _of(
    pack: int,
    numbers: Mapping[str, int],
    block: Block,
    name: str,
    wanted: Collection[str | None] | None,
) -> _Stream:
    """The findings of a block about the rows of one of its frames."""
    frame = block.frames[name]
    height = frame.height
    keep = np.array([wanted is None or said in wanted for said, _ in SAID])
    outcomes = [o for o in block.outcomes if o.frame == name]
    silent = [rule for rule, of in block.silent if of == name and keep[SILENT]]
    order = sorted([*(o.rule for o in outcomes), *silent], key=numbers.__getitem__)
    at = {rule: i for i, rule in enumerate(order)}
    said = np.full((height, len(order)), SILENT, np.uint8)
    for column in frame.select(said_of(o).alias(o.rule) for o in outcomes).iter_columns():
        said[:, at[column.name]] = column.to_numpy()
    mask = keep[said]
    count = np.count_nonzero(mask, axis=1)
    row = np.repeat(np.arange(height), count)
    flat = np.flatnonzero(mask)
    place = flat - row * len(order)
    first = code_of(np.array([numbers[r] for r in order], np.int32), 0, NOBODY_ASKS)
    code = first[place] + said.ravel()[flat] * np.int32(len(MET))
    duties = [o for o in outcomes if o.met is not None]
    if duties:
        met = np.zeros(len(flat), np.int8)
        columns = frame.select(met_of(o).alias(o.rule) for o in duties).iter_columns()
        tables = [
            (c.cast(pl.Int8).fill_null(NOBODY_ASKS) - NOBODY_ASKS).to_numpy() for c in columns
        ]
        _spread(met, row, place, [at[o.rule] for o in duties], tables, len(order))
        code += met
    paid = [o for o in outcomes if o.amount is not None]
    amount = np.full(len(flat), NONE, np.int32)
    amounts: list[pl.DataFrame] = []
    if paid:
        before, tables = 0, []
        for outcome in paid:
            table, places = amounts_of(frame.select(ends_of(outcome)))
            found = places.cast(pl.Int32) + before
            tables.append(found.fill_null(NONE).to_numpy())
            amounts.append(table.select("amount_low", "amount_high"))
            before += table.height
        _spread(amount, row, place, [at[o.rule] for o in paid], tables, len(order))
    return _Stream(
        pack,
        frame.get_column("_record").to_numpy(),
        frame.get_column("_place").to_numpy(),
        count,
        code,
        amount,
        pl.concat([_AMOUNTS, *amounts]),
    )


_AMOUNTS: Final = pl.DataFrame(schema={"amount_low": pl.String, "amount_high": pl.String})


def _spread(
    into: Ints, row: Ints, place: Ints, places: list[int], tables: list[Ints], width: int
) -> None:
    """Put what some rules have of each row into their findings."""
    which = np.full(width, NONE)
    which[places] = np.arange(len(places))
    table = which[place]
    some = np.flatnonzero(table >= 0)
    into[some] = np.stack(tables)[table[some], row[some]]


def _of_told(
    pack: int,
    numbers: Mapping[str, int],
    told: pl.DataFrame,
    wanted: Collection[str | None] | None,
) -> _Stream:
    """The rows of the reference, and of records that are marked."""
    if wanted is not None:
        names = [v for v in wanted if v is not None]
        verdict = pl.col("verdict").cast(pl.String)
        keep = verdict.is_in(names).fill_null(None in wanted)
        told = told.filter(keep | (pl.col("status") == ERROR))
    told = told.sort("_key").with_columns(place_of(pl.col("_key")).alias("place"))
    say = {pair: i for i, pair in enumerate(SAYINGS)}
    meets = {said: i for i, said in enumerate(MET) if said is not None}
    pairs = told.select(pl.col("verdict", "status").cast(pl.String)).iter_rows()
    rules = told.get_column("rule").cast(pl.String).to_list()
    mets = told.get_column("met").cast(pl.String).to_list()
    amounts = told.select("amount_low", "amount_high")
    some = amounts.select(pl.any_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    subjects = told.group_by("row", "place", maintain_order=True).len()
    return _Stream(
        pack,
        subjects.get_column("row").to_numpy(),
        subjects.get_column("place").to_numpy(),
        subjects.get_column("len").to_numpy().astype(np.int64),
        np.array(
            [
                code_of(numbers[rule], say[pair], NOBODY_ASKS if met is None else meets[met])
                for rule, pair, met in zip(rules, pairs, mets, strict=True)
            ],
            np.int32,
        ),
        np.where(some, np.arange(told.height), NONE).astype(np.int32),
        amounts,
    )


def _merged(streams: list[_Stream]) -> Cells:
    """The findings of all streams in one order."""
    if not streams:
        none = np.zeros(0, np.int64)
        return Cells(none, none, none, none, _AMOUNTS)

    def all_(name: str) -> Ints:
        arrays = [getattr(s, name) for s in streams]
        return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)

    record, place, count = all_("record"), all_("place"), all_("count")
    before = np.cumsum([0, *(s.amounts.height for s in streams)])
    amount = [
        np.where(s.amount >= 0, s.amount + n, NONE) if n else s.amount
        for s, n in zip(streams, before, strict=False)
    ]
    columns = {"code": all_("code")}
    columns["amount"] = amount[0] if len(amount) == 1 else np.concatenate(amount)
    amounts = pl.concat([s.amounts for s in streams])
    if len(streams) > 1:
        pack = np.repeat([s.pack for s in streams], [len(s.record) for s in streams])
        packs = max(s.pack for s in streams) + 1
        order = np.argsort((record * packs + pack) * _PLACES + place + 1, kind="stable")
        # where the findings of each subject begin now, and where they will
        start = np.cumsum(count) - count
        ends = np.cumsum(count[order])
        to = np.empty(len(count), np.int64)
        to[order] = ends - count[order]
        at = np.repeat(to - start, count) + np.arange(len(columns["code"]))
        for name, column in columns.items():
            moved = np.empty_like(column)
            moved[at] = column
            columns[name] = moved
        record, place, count = record[order], place[order], count[order]
    return Cells(
        np.repeat(record.astype(np.int32), count),
        np.repeat(place.astype(np.int32), count),
        columns["code"],
        columns["amount"],
        amounts,
    )
