"""The tables a range of frames comes to: long as an arrow table of words by number, wide as a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.tables.answers_blocks import (
    Block,
    amounts_of,
    ends_of,
    rank_of,
    verdict_of,
)
from policy_rules.tables.answers_cells import MET, NONE, SAYINGS, Cells, Ints, cells_of
from policy_rules.tables.answers_rows import ERROR, ITSELF, VERDICTS, place_of
from policy_rules.tables.batch_frames import FrameAnswers, Part
from policy_rules.tables.frames_layout import COMPLETE, ID, PARENT, REGION, STATE, pl
from policy_rules.tables.plan import Outcome

if TYPE_CHECKING:
    import pyarrow as pa

#: Findings put in order at a time, YES and NO and all.
CELLS: Final = 12_000_000
#: The columns of the long form that a rule says.
_RULED: Final = ("pack", "rule", "label", "outcome", "effect", "unit", "clauses", "code")
#: Verdicts in the order in which one member's goes before another's.
_RANKS: Final = (None, "NO", "UNKNOWN", "YES")


class LongTables:
    """The long form of ranges, some records at a time: YES and UNKNOWN and marked records, or everything.

    Words are dictionaries, the same in every table of a run as far as rules say them.
    """

    def __init__(
        self,
        packs: Mapping[str, Pack],
        lang: Lang,
        columns: Sequence[str],
        carry: Sequence[str],
        *,
        everything: bool,
    ) -> None:
        self._packs, self._columns, self._carry = packs, columns, carry
        self._wanted = None if everything else ("YES", "UNKNOWN")
        self._numbers: dict[str, dict[str, int]] = {}
        self._words: list[tuple[str | None, ...]] = []
        self._kept: dict[tuple[tuple[str, str], ...], dict[str, _Words]] = {}
        for name, pack in packs.items():
            self._numbers[name] = {}
            for rule in pack.rules.values():
                self._numbers[name][rule.id] = len(self._words)
                unit = rule.amount.unit if rule.amount else None
                told = (name, rule.id, rule.label[lang], rule.outcome, rule.effect, unit)
                self._words.append((*told, "; ".join(rule.clauses), None))

    def of(self, answers: FrameAnswers) -> Iterator[pa.Table]:
        """The tables of a range."""
        height = answers.population.height
        people = answers.members.height / max(1, height)
        rules = [r for p in answers.parts for r in self._packs[p.name].rules.values()]
        findings = sum(people if r.subject == "member" else 1 for r in rules)
        size = max(1_000, int(CELLS / max(1.0, findings)))
        for start in range(0, max(1, height), size):
            yield self._table(answers, start, min(height, start + size))

    def _table(self, answers: FrameAnswers, start: int, stop: int) -> pa.Table:
        """The table of some records."""
        import pyarrow as pa

        order = list(self._packs)
        given: list[tuple[Mapping[str, int], Any, pl.DataFrame]] = []
        for part in sorted(answers.parts, key=lambda p: order.index(p.name)):
            blocks = [b.between(start, stop) for b in part.blocks
                      if b.rows[0] < stop and start < b.rows[1]]  # fmt: skip
            told = part.told.filter(pl.col("row").is_between(start, stop, closed="left"))
            given.append((self._numbers[part.name], blocks, told))
        # a marked record is a rule of its own, without a name
        marks = tuple(dict.fromkeys(answers.failed.values()))
        numbers = {f"{code} {pack}": i for i, (code, pack) in enumerate(marks, len(self._words))}
        marked = _marked(answers).filter(pl.col("row").is_between(start, stop, closed="left"))
        given.append((numbers, (), marked))
        cells = cells_of(given, self._wanted)
        found: dict[str, Any] = {
            "row": pa.array(cells.record.astype(np.int64) + answers.range.first),
            "record": _coded(
                cells.record - np.int32(start), answers.ids[start:stop].to_arrow().cast(pa.string())
            ),
            **_of_records(answers, cells, self._carry),
            "as_of": _day(answers, cells.height),
            "subject": _subjects(answers, cells),
        }
        codes = cells.code.astype(np.intp)
        for name, words in self._columns_of(marks).items():
            found[name] = words.at(codes)
        for name in ("amount_low", "amount_high"):
            texts = cells.amounts.get_column(name).to_arrow().cast(pa.string()).dictionary_encode()
            found[name] = _taken(texts, cells.amount)
        return pa.table({name: found[name] for name in self._columns})

    def _columns_of(self, marks: tuple[tuple[str, str], ...]) -> dict[str, _Words]:
        """The words of each number of :func:`~policy_rules.tables.answers_cells.code_of`."""
        if marks not in self._kept:
            rows = [*self._words]
            rows += [(pack or None, "", None, None, None, None, None, code) for code, pack in marks]
            said, met, every = len(SAYINGS), len(MET), len(rows)
            found = {
                name: _Words([row[i] for row in rows]).repeated(said * met)
                for i, name in enumerate(_RULED)
            }
            for i, name in enumerate(("verdict", "status")):
                found[name] = _Words([s[i] for s in SAYINGS]).tiled(met, every)
            found["met"] = _Words(MET).tiled(1, every * said)
            self._kept = {marks: found}  # most ranges have none
        return self._kept[marks]


def _marked(answers: FrameAnswers) -> pl.DataFrame:
    """The marked records as rows of the reference."""
    from policy_rules.tables.answers_rows import INNER, key

    rows = [
        (key(row, ITSELF, -1), row, answers.day, "", f"{code} {pack}", ERROR)
        for row, (code, pack) in answers.failed.items()
    ]
    names = ("_key", "row", "as_of", "subject", "rule", "status")
    frame = pl.DataFrame(rows, schema={n: INNER[n] for n in names}, orient="row")
    return frame.select(
        pl.col(n) if n in names else pl.lit(None, kind).alias(n) for n, kind in INNER.items()
    )


def _coded(codes: Ints, dictionary: Any, known: Ints | None = None) -> Any:
    """A column by the places of its words; ``known`` where there are nulls."""
    import pyarrow as pa

    buffers = [None if known is None else pa.py_buffer(np.packbits(known, bitorder="little"))]
    kind = pa.from_numpy_dtype(codes.dtype)
    nulls = -1 if known is not None else 0
    indices = pa.Array.from_buffers(kind, len(codes), [*buffers, pa.py_buffer(codes)], nulls)
    return pa.DictionaryArray.from_arrays(indices, dictionary, safe=False)


class _Words:
    """A column of words by their places in a list; several places may have the same word, or none."""

    def __init__(self, words: Sequence[str | None]) -> None:
        import pyarrow as pa

        distinct = [w for w in dict.fromkeys(words) if w is not None]
        number = {w: i for i, w in enumerate(distinct)}
        kind = np.int8 if len(distinct) < 2**7 else np.int16 if len(distinct) < 2**15 else np.int32
        self._codes = np.array([0 if w is None else number[w] for w in words], kind)
        self._known = np.array([w is not None for w in words])
        self._whole = bool(self._known.all())
        self._dictionary = pa.array(distinct, pa.string())

    def repeated(self, times: int) -> _Words:
        """Each place as many places, one after the other."""
        return self._with(np.repeat(self._codes, times), np.repeat(self._known, times))

    def tiled(self, each: int, times: int) -> _Words:
        """Each place as many places, and all of them over again."""
        codes, known = np.repeat(self._codes, each), np.repeat(self._known, each)
        return self._with(np.tile(codes, times), np.tile(known, times))

    def _with(self, codes: Ints, known: Ints) -> _Words:
        self._codes, self._known = codes, known
        return self

    def at(self, places: Ints) -> Any:
        """The column of some places."""
        known = None if self._whole else self._known[places]
        return _coded(self._codes[places], self._dictionary, known)


def _taken(texts: Any, places: Ints) -> Any:
    """A column of texts by their places; :data:`NONE` for none."""
    import pyarrow as pa

    codes = texts.indices.cast(pa.int32()).fill_null(NONE).to_numpy(zero_copy_only=False)
    codes = np.append(codes, np.int32(NONE))
    known = codes >= 0
    return _coded(np.where(known, codes, np.int32(0))[places], texts.dictionary, known[places])


def _of_records(answers: FrameAnswers, cells: Cells, carry: Sequence[str]) -> dict[str, Any]:
    """The region and the carried columns, the same in all rows of a record."""
    import pyarrow as pa

    carried = answers.range.households.carried
    texts = {"region": answers.population.frames["household"].get_column(REGION)}
    texts |= {n: carried.get_column(n) for n in carry if n in carried.columns}
    found = {
        n: _taken(s.to_arrow().cast(pa.string()).dictionary_encode(), cells.record)
        for n, s in texts.items()
    }
    for name in carry:
        if name not in found:
            found[name] = _Words([None]).at(np.zeros(cells.height, np.int8))
    return found


def _day(answers: FrameAnswers, height: int) -> Any:
    import pyarrow as pa

    return pa.repeat(pa.scalar(answers.day, pa.date32()), height)


def _subjects(answers: FrameAnswers, cells: Cells) -> Any:
    """Whom each finding is about: a member, or nobody but the record."""
    import pyarrow as pa

    members = answers.members
    texts = pl.concat([members.get_column(ID), pl.Series(ID, [""])])
    coded = texts.to_arrow().cast(pa.string()).dictionary_encode()
    starts = _starts(members.get_column(PARENT), answers.population.height)
    itself = np.int64(members.height)
    at = np.where(cells.place == ITSELF, itself, starts[cells.record] + cells.place)
    codes = coded.indices.cast(pa.int32()).to_numpy(zero_copy_only=False)[at]
    return _coded(codes, coded.dictionary)


def _starts(parents: pl.Series, height: int) -> Ints:
    """Where the members of each record begin, and in the end where all end."""
    count = np.bincount(parents.to_numpy(), minlength=height)
    return np.concatenate([[0], np.cumsum(count)])


# -- wide ----------------------------------------------------------------------------------------------


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
        answers.population.frames["household"].get_column(REGION).alias("region"),
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
        self._people: dict[str, list[pl.DataFrame]] = {}
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
        return _starts(self._answers.members.get_column(PARENT), self._height)

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
        begins = np.flatnonzero(np.diff(records, prepend=-1))
        owners = records[begins]
        for column in frame.select(rank_of(o).alias(o.rule) for o in outcomes).iter_columns():
            found = column.to_numpy()
            self._rank(column.name)[owners] = np.maximum.reduceat(found, begins)
            yes = np.flatnonzero(found == len(_RANKS) - 1)
            if len(yes):
                at = self._starts[records[yes]] + frame.get_column("_place").to_numpy()[yes]
                self._yes(column.name, records[yes], at)

    def _yes(self, rule: str, records: Ints, at: Ints) -> None:
        people = self._answers.members.get_column(ID).gather(pl.Series(at)).alias("subject")
        frame = pl.DataFrame([pl.Series("row", records, dtype=pl.Int64), people])
        self._people.setdefault(rule, []).append(frame)

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
            yes = np.flatnonzero(member & (ranks == len(_RANKS) - 1))
            if len(yes):
                places = rows.get_column("place").to_numpy()[yes]
                self._yes(name, records[yes], self._starts[records[yes]] + places)
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
        least = np.where(whole, _RANKS.index("NO"), _RANKS.index("UNKNOWN")).astype(np.uint8)
        least = np.where(self._spoken, least, 0)
        if day is None or not self._spoken.any():
            return
        for rule in self._pack.rules.values():
            if rule.subject == "member" and rule.in_force.holds(day):
                np.maximum(self._rank(rule.id), least, out=self._rank(rule.id))

    def columns(self, prefix: str) -> Iterator[pl.Series]:
        """The columns, in the order of the pack."""
        verdicts = pl.Series(_RANKS, dtype=VERDICTS)
        rows = pl.DataFrame({"row": pl.int_range(self._height, dtype=pl.Int64, eager=True)})
        for rule in self._pack.rules:
            if rule in self._verdicts:
                yield self._verdicts[rule].alias(f"{prefix}{rule}")
            elif rule in self._ranks:
                yield verdicts.gather(pl.Series(self._ranks[rule])).alias(f"{prefix}{rule}")
            else:
                continue
            if rule in self._people:
                people = pl.concat(self._people[rule]).sort("row", maintain_order=True)
                joined = people.group_by("row", maintain_order=True).agg(
                    pl.col("subject").str.join("; ")
                )
                found = rows.join(joined, on="row", how="left", maintain_order="left")
                yield found.get_column("subject").alias(f"{prefix}{rule}.members")
            if rule in self._amounts:
                yield self._amount(rule).alias(f"{prefix}{rule}.amount")

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
