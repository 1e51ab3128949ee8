"""Columns of synthetic facts, put together as the frames of a population."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from policy_rules.facts.dictionary import Vocabulary
from policy_rules.tables.frames_layout import COMPLETE, HI, ID, PARENT, ROW, STATE, YEAR, pl
from policy_rules.tables.synth_draws import Array, Draws
from policy_rules.tables.synth_people import split

#: Hundredths (fen, hundredths of a mu) to the millionths of a frame.
_MILLIONTHS: Final = 10_000
#: How often a fact is not recorded: anywhere, and in a village that did not fill in its column.
GAPS: Final = 0.03
_BLANK_VILLAGES, _BLANK = 0.02, 0.9


class Filled:
    """One frame being filled: facts as arrays, some of them not recorded.

    ``village`` numbers the village of each row, so that whole villages leave a column empty; ``gaps`` is the
    share of values left out (0 keeps everything).
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        record: str,
        draws: Draws,
        village: Array,
        gaps: float = GAPS,
        prefix: str = "",
    ) -> None:
        self.vocabulary, self.record, self.draws = vocabulary, record, draws
        self.gaps, self.prefix = gaps, prefix
        self._villages, self._of_village = np.unique(village, return_inverse=True)
        self._data: dict[str, Any] = {}
        self._made: list[pl.Expr] = []

    def raw(self, name: str, values: Any) -> None:
        """A column as it stands, with no gaps."""
        self._data[name] = values
        self._made.append(pl.col(name))

    def put(
        self,
        path: str,
        values: Array,
        where: Array | None = None,
        codes: Sequence[str] = (),
        gaps: float | None = None,
    ) -> None:
        """A fact: booleans, whole numbers, hundredths (of yuan, of mu), days, months, indices into ``codes``,
        or bits of a set. It is recorded ``where`` it applies, but for the gaps."""
        fact = self.vocabulary.fact(self.record, path)
        name = self.prefix + path
        known = self._known(path, self.gaps if gaps is None else min(gaps, self.gaps))
        if where is not None:
            known = known & where
        value, mask = pl.col(f"={name}"), pl.col(f"?{name}")
        self._data[f"?{name}"] = known
        kind: Any = {"bool": pl.Boolean, "code": pl.String}.get(fact.kind, pl.Int64)
        match fact.kind:
            case "date" | "year_month":
                first, last = _days(values)
                self._data[f"={name}"], self._data[f"+{name}"] = first, last
                self._made += [
                    pl.when(mask).then(value).cast(pl.Int32).alias(name),
                    pl.when(mask).then(pl.col(f"+{name}")).cast(pl.Int32).alias(name + HI),
                ]
                return
            case "code":
                self._data[f"={name}"] = pl.Series(codes).gather(values.astype(np.uint32))
            case "money" | "number" | "share":
                self._data[f"={name}"] = values.astype(np.int64) * _MILLIONTHS
            case "bool":
                self._data[f"={name}"] = values.astype(bool)
            case _:
                self._data[f"={name}"] = values.astype(np.int64)
        self._made.append(pl.when(mask).then(value).cast(kind).alias(name))

    def text(self, path: str, values: pl.Series, where: Array | None = None) -> None:
        """A fact in words."""
        name = self.prefix + path
        self._data[f"={name}"] = values
        self._data[f"?{name}"] = np.ones(len(values), bool) if where is None else where
        self._made.append(pl.when(pl.col(f"?{name}")).then(pl.col(f"={name}")).alias(name))

    def codes(
        self,
        path: str,
        held: dict[str, Array],
        where: Array | None = None,
        gaps: float | None = None,
    ) -> None:
        """A set of codes: who holds which."""
        fact = self.vocabulary.fact(self.record, path)
        order = list(self.vocabulary.codes[fact.codes or ""].values)
        bits = np.zeros(len(self.draws), np.int64)
        for code, having in held.items():
            bits |= having.astype(np.int64) << order.index(code)
        self.put(path, bits, where, gaps=gaps)

    def listed(self, path: str, where: Array | None = None) -> None:
        """That a list, structure or by-year fact is recorded."""
        name = self.prefix + path + STATE
        self._data[f"?{name}"] = np.ones(len(self.draws), bool) if where is None else where
        self._made.append(
            pl.when(pl.col(f"?{name}")).then(pl.lit(COMPLETE)).cast(pl.Int8).alias(name)
        )

    def _known(self, path: str, gaps: float) -> Array:
        if not gaps:
            return np.ones(len(self.draws), bool)
        blank = Draws(self.draws.seed, self._villages).chance(
            f"blank {self.record}.{path}", _BLANK_VILLAGES
        )
        return ~self.draws.chance(
            f"gap {self.record}.{path}", np.where(blank, _BLANK, gaps)[self._of_village]
        )

    def frame(self, ids: pl.Series | None = None, parents: Array | None = None) -> pl.DataFrame:
        """The frame; rows are numbered from 0."""
        data: dict[str, Any] = {ROW: np.arange(len(self.draws), dtype=np.int64)}
        if parents is not None:
            data[PARENT] = parents.astype(np.int64)
        if ids is not None:
            data[ID] = ids
        return pl.DataFrame({**data, **self._data}).select(*data, *self._made)


def by_year(frames: Sequence[tuple[int, pl.DataFrame]]) -> pl.DataFrame:
    """One frame of several years' (whose rows say only the parent), sorted by parent and year."""
    whole = pl.concat([f.with_columns(pl.lit(y, pl.Int64).alias(YEAR)) for y, f in frames])
    return whole.sort(PARENT, YEAR).with_columns(pl.int_range(pl.len(), dtype=pl.Int64).alias(ROW))


def numbers(values: Array, width: int) -> pl.Series:
    """Numbers as texts of at least ``width`` digits."""
    return pl.Series(values.astype(np.int64)).cast(pl.String).str.zfill(width)


def _days(values: Array) -> tuple[Array, Array]:
    """Days (M8[D]) or months (M8[M]) as the first and last day, ``yyyymmdd``."""
    if values.dtype == np.dtype("M8[M]"):
        first = values.astype("M8[D]")
        last = (values + 1).astype("M8[D]") - 1
    else:
        first = last = values.astype("M8[D]")

    def written(days: Array) -> Array:
        year, month, day = split(days)
        number: Array = (year * 10_000 + month * 100 + day).astype(np.int32)
        return number

    return written(first), written(last)
