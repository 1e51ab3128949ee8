"""The wide form of a range of frames: a row a record, a column a rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa

from policy_rules.packs.model import Pack
from policy_rules.tables.answers_blocks import (
    Block,
    amounts_of,
    ends_of,
    rank_of,
    verdict_of,
)
from policy_rules.tables.answers_cells import Ints
from policy_rules.tables.answers_rows import ERROR, ITSELF, VERDICTS, place_of
from policy_rules.tables.batch_frames import FrameAnswers, Part
from policy_rules.tables.batch_tables import starts_of
from policy_rules.tables.frames_layout import COMPLETE, ID, PARENT, REGION, STATE, pl
from policy_rules.tables.plan import Outcome

__all__ = ["wide_frame"]

#: Verdicts in the order in which one member's goes before another's.
_RANKS: Final = (None, "NO", "UNKNOWN", "YES")
_NO, _UNKNOWN, _YES = range(1, len(_RANKS))


def wide_frame(
    answers: FrameAnswers, packs: Mapping[str, Pack], carry: Sequence[str], *, prefixed: bool
) -> pl.DataFrame:
    """The wide form, as :func:`policy_rules.tables.outputs.wide` has it: a row a record, a column a rule."""
    height = answers.population.height
    failed = answers.failed
    carried = answers.range.households.carried
    status = pl.Series("status", [None] * height, dtype=pl.String)
    code = pl.Series("code", [None] * height, dtype=pl.String)
    if failed:
        rows = pl.Series(list(failed), dtype=pl.Int64)
        status = status.scatter(rows, pl.Series([ERROR] * len(failed)))
        code = code.scatter(rows, pl.Series([c for c, _ in failed.values()]))
    first = answers.range.first
    nothing = pl.repeat(None, height, dtype=pl.String, eager=True)
    heads = [
        pl.int_range(first, first + height, dtype=pl.Int64, eager=True).alias("row"),
        answers.ids.alias("record"),
        answers.population.frames["household"]
        .get_column(REGION)
        .cast(pl.Categorical)
        .alias("region"),
        *((carried.get_column(c) if c in carried.columns else nothing).alias(c) for c in carry),
        status,
        code,
    ]
    order = list(packs)
    for part in sorted(answers.parts, key=lambda p: order.index(p.name)):
        prefix = f"{part.name}/" if prefixed else ""
        heads += _Wide(answers, part, packs[part.name]).columns(prefix)
    return pl.DataFrame(heads)


class _Wide:
    """The columns of one pack."""

    def __init__(self, answers: FrameAnswers, part: Part, pack: Pack) -> None:
        self._answers, self._part, self._pack = answers, part, pack
        self._height = answers.population.height
        self._ranks: dict[str, Ints] = {}
        self._verdicts: dict[str, pl.Series] = {}
        #: of whom a rule holds: the records, ascending, and the members' places among all members
        self._people: dict[str, list[tuple[Ints, Ints]]] = {}
        #: amounts by rule: the records, and their texts as places among the distinct ones
        self._amounts: dict[str, list[tuple[Ints, Ints, pl.Series]]] = {}
        self._spoken = np.zeros(self._height, bool)
        # all blocks are of one day and one plan: they have the same outcomes
        for name in part.blocks[0].frames if part.blocks else ():
            self._frame(name, part.blocks)
        self._told()
        self._nobody()

    @cached_property
    def _starts(self) -> Ints:
        return starts_of(self._answers.members.get_column(PARENT), self._height)

    def _rank(self, rule: str) -> Ints:
        return self._ranks.setdefault(rule, np.zeros(self._height, np.uint8))

    def _frame(self, name: str, blocks: Sequence[Block]) -> None:
        frame = pl.concat([b.frames[name] for b in blocks], how="vertical_relaxed", rechunk=True)
        if not frame.height:
            return
        records = frame.get_column("_record").to_numpy()
        outcomes = [o for o in blocks[0].outcomes if o.frame == name]
        silent = [rule for rule, of in blocks[0].silent if of == name]
        if outcomes or silent:
            self._spoken[records] = True
        for rule in silent:
            self._rank(rule)
        if name == "household":
            self._itself(frame, records, outcomes)
        elif outcomes:
            self._members(frame, records, outcomes)

    def _itself(self, frame: pl.DataFrame, records: Ints, outcomes: Sequence[Outcome]) -> None:
        """The rules about the records themselves, whose verdicts stand as they are."""
        found = frame.select(verdict_of(o).alias(o.rule) for o in outcomes)
        if frame.height < self._height:
            places = np.full(self._height, frame.height, np.int64)
            places[records] = np.arange(frame.height)
            found = pl.concat([found, found.clear(1)])[pl.Series(places)]
        self._verdicts |= {column.name: column for column in found.iter_columns()}
        for outcome in outcomes:
            if outcome.amount is not None:
                some = pl.any_horizontal(pl.col(c).is_not_null() for c in outcome.amount[::2])
                truth = pl.col(outcome.verdict)
                rows = frame.select(((truth | truth.is_null()) & some).arg_true()).to_series()
                given = frame.select([*{outcome.verdict, *outcome.amount}])[rows]
                table, which = amounts_of(given.select(ends_of(outcome)))
                self._paid(outcome.rule, records[rows.to_numpy()], table, which)

    def _members(self, frame: pl.DataFrame, records: Ints, outcomes: Sequence[Outcome]) -> None:
        """The rules about members: a record has the verdict that goes before the others."""
        places = self._starts[records] + frame.get_column("_place").to_numpy()
        nobody = np.zeros(self._height, np.uint8)
        nobody[records] = _NO
        for column in frame.select(rank_of(o).alias(o.rule) for o in outcomes).iter_columns():
            found = column.to_numpy()
            rank = self._ranks[column.name] = nobody.copy()
            for verdict in (_UNKNOWN, _YES):
                which = np.flatnonzero(found == verdict)
                rank[records[which]] = verdict
            if len(which):
                self._people.setdefault(column.name, []).append((records[which], places[which]))

    def _paid(self, rule: str, records: Ints, table: pl.DataFrame, places: pl.Series) -> None:
        """The amounts of some records: their places in a table, null for none."""
        if not table.height:
            return
        low, high = (pl.col(f"amount_{end}").fill_null("…") for end in ("low", "high"))
        range_ = pl.concat_str([low, pl.lit("–"), high])
        texts = table.select(pl.when(low == high).then(low).otherwise(range_)).to_series()
        some = places.is_not_null().to_numpy()
        if some.any():
            given = places.drop_nulls().to_numpy().astype(np.int64)
            self._amounts.setdefault(rule, []).append((records[some], given, texts))

    def _told(self) -> None:
        """What the reference told."""
        told = self._part.told.with_columns(place_of(pl.col("_key")).alias("place"))
        for (rule,), rows in told.partition_by("rule", as_dict=True).items():
            name = str(rule)
            records = rows.get_column("row").to_numpy()
            self._spoken[records] = True
            verdicts = rows.get_column("verdict").cast(pl.String).to_list()
            ranks = np.array([_RANKS.index(v) for v in verdicts], np.uint8)
            if name not in self._verdicts:
                np.maximum.at(self._rank(name), records, ranks)
            member = rows.get_column("place").to_numpy() != ITSELF
            yes = np.flatnonzero(member & (ranks == _YES))
            if len(yes):
                of = records[yes]
                at = self._starts[of] + rows.get_column("place").to_numpy()[yes]
                self._people.setdefault(name, []).append((of, at))
            itself = rows.filter(pl.Series(~member))
            if name in self._verdicts and itself.height:
                own = self._verdicts[name]
                at, said = itself.get_column("row"), itself.get_column("verdict").cast(VERDICTS)
                self._verdicts[name] = own.scatter(at, said)
            some = pl.any_horizontal(pl.col("amount_low", "amount_high").is_not_null())
            paid = itself.filter(some)
            numbers = pl.int_range(paid.height, eager=True)
            self._paid(name, paid.get_column("row").to_numpy(), paid, numbers)

    def _nobody(self) -> None:
        """Of nobody any() is NO, of a list that is not known to be whole UNKNOWN."""
        day = self._answers.day
        frame = self._answers.population.frames["household"]
        state = f"members{STATE}"
        whole = np.zeros(self._height, bool)
        if state in frame.columns:
            whole = (frame.get_column(state) == COMPLETE).fill_null(False).to_numpy()
        least = np.where(whole, _NO, _UNKNOWN).astype(np.uint8)
        least = np.where(self._spoken, least, 0)
        if day is None or not self._spoken.any():
            return
        for rule in self._pack.rules.values():
            if rule.subject == "member" and rule.in_force.holds(day):
                np.maximum(self._rank(rule.id), least, out=self._rank(rule.id))

    def columns(self, prefix: str) -> Iterator[pl.Series]:
        """The columns, in the order of the pack."""
        verdicts = pl.Series(_RANKS, dtype=VERDICTS)
        for rule in self._pack.rules:
            if rule in self._verdicts:
                yield self._verdicts[rule].alias(f"{prefix}{rule}")
            elif rule in self._ranks:
                yield verdicts.gather(pl.Series(self._ranks[rule])).alias(f"{prefix}{rule}")
            else:
                continue
            if rule in self._people:
                yield self._named(rule).alias(f"{prefix}{rule}.members")
            if rule in self._amounts:
                yield self._amount(rule).alias(f"{prefix}{rule}.amount")

    def _named(self, rule: str) -> pl.Series:
        """The numbers of the members of each record of whom a rule holds, as one text."""
        records, at = (np.concatenate(each) for each in zip(*self._people[rule], strict=True))
        if len(self._people[rule]) > 1:
            order = np.argsort(records, kind="stable")
            records, at = records[order], at[order]
        ids = self._answers.members.get_column(ID)
        first = np.flatnonzero(np.diff(records, prepend=-1))
        count = np.diff(first, append=len(records))
        alone = count == 1
        which = np.full(self._height, -1, np.int64)
        which[records[first[alone]]] = at[first[alone]]
        place = pl.col("at")
        places = pl.DataFrame({"at": which}).select(pl.when(place >= 0).then(place)).to_series()
        found = ids.gather(places)
        if not alone.all():
            # nearly all have one: only those of the others are joined
            people = ids.gather(pl.Series(at[np.repeat(~alone, count)])).to_arrow()
            ends = np.concatenate([[0], np.cumsum(count[~alone])])
            lists = pl.Series(pa.LargeListArray.from_arrays(pa.array(ends), people))
            found = found.scatter(pl.Series(records[first[~alone]]), lists.list.join("; "))
        return found

    def _amount(self, rule: str) -> pl.Series:
        """What is paid to each record, as text."""
        nothing = pl.Series([None], dtype=pl.String)
        at = np.zeros(self._height, np.int64)
        texts = [nothing]
        before = 1
        for records, places, of in self._amounts[rule]:
            at[records] = places + before
            texts.append(of.rename(""))
            before += of.len()
        return pl.concat(texts).gather(pl.Series(at))
