"""The long form of a range of frames, as arrow tables of words by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.tables.answers_cells import MET, NONE, SAYINGS, Cells, Ints, cells_of
from policy_rules.tables.answers_rows import ERROR, ITSELF
from policy_rules.tables.batch_frames import FrameAnswers
from policy_rules.tables.frames_layout import ID, PARENT, REGION, pl

if TYPE_CHECKING:
    import pyarrow as pa

#: Findings put in order at a time, YES and NO and all.
CELLS: Final = 12_000_000
#: The columns of the long form that a rule says.
_RULED: Final = ("pack", "rule", "label", "outcome", "effect", "unit", "clauses", "code")


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
    starts = starts_of(members.get_column(PARENT), answers.population.height)
    itself = np.int64(members.height)
    at = np.where(cells.place == ITSELF, itself, starts[cells.record] + cells.place)
    codes = coded.indices.cast(pa.int32()).to_numpy(zero_copy_only=False)[at]
    return _coded(codes, coded.dictionary)


def starts_of(parents: pl.Series, height: int) -> Ints:
    """Where the members of each record begin, and in the end where all end."""
    count = np.bincount(parents.to_numpy(), minlength=height)
    return np.concatenate([[0], np.cumsum(count)])
