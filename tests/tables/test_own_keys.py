"""Numbers of households by column: what they give is what they give cell by cell."""

from __future__ import annotations

from datetime import date
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import example, given, settings

from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.own_keys import NeedsRecords, numbers_of, references

IDENTITY = "530103198001011230"
CELLS = st.one_of(
    st.none(),
    st.sampled_from(["", "  ", "007", "0", "12-3", "h12", " 5 ", "１２", "1.5", "张三", "x" * 70, "1.23E+17"]),
    st.integers(0, 10**16).map(str),
)  # fmt: skip


def columns() -> list[pl.Series]:
    """A column of every type a sheet can have."""
    return [
        pl.Series([None, None]),
        pl.Series([None, None], dtype=pl.String),
        pl.Series(["12", None, "h1"], dtype=pl.Categorical),
        pl.Series(["12", None, "7"], dtype=pl.Enum(["12", "7"])),
        pl.Series([0, 12, None, 10**14 - 1], dtype=pl.Int64),
        pl.Series([-1, 12, 10**14, 10**15], dtype=pl.Int64),
        pl.Series([1, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([12.0, None, 3.5, 1e14, 1e17]),
        pl.Series([12.0, None, 7.0]),
        pl.Series([True, False, None]),
        pl.Series([date(2023, 1, 1), None]),
    ]


def one_by_one(cells: pl.Series, names: Pseudonyms) -> list[str]:
    return [names.reference(cell) for cell in cells.to_list()]


@pytest.mark.parametrize("cells", columns(), ids=lambda cells: str(cells.dtype))
def test_a_column_gives_what_its_cells_give(cells: pl.Series) -> None:
    names = Pseudonyms(b"k" * 32)
    found = references(cells, names)
    assert found.dtype == pl.String
    assert found.to_list() == one_by_one(cells, names)


@given(st.lists(CELLS, max_size=8))
@example([IDENTITY, None, IDENTITY])
@settings(max_examples=60, deadline=None)
def test_texts_give_what_they_give_one_by_one(cells: list[str | None]) -> None:
    column, names = pl.Series(cells, dtype=pl.String), Pseudonyms(b"k" * 32)
    assert references(column, names).to_list() == one_by_one(column, names)
    whole = numbers_of(column)
    if whole is not None:  # the same order as the texts, only quicker
        assert [str(n) if n is not None else "" for n in whole] == one_by_one(column, names)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (pl.Series([None, None]), [None, None]),
        (pl.Series([3, None, 10**14 - 1], dtype=pl.Int64), [3, None, 10**14 - 1]),
        (pl.Series([12.0, None]), [12, None]),
        (pl.Series(["12", " ", None]), [12, None, None]),
        # a number is not written plainly, is none, or is too long to be told from an identity number
        (pl.Series(["007"]), None),
        (pl.Series(["12", "h1"]), None),
        (pl.Series([12.5]), None),
        (pl.Series([float("nan")]), None),
        (pl.Series([-1]), None),
        (pl.Series([10**14]), None),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), None),
        (pl.Series([date(2023, 1, 1)]), None),
    ],
)
def test_whole_numbers_are_taken_for_numbers_and_nothing_else(
    cells: pl.Series, numbers: list[int | None] | None
) -> None:
    found = numbers_of(cells)
    assert (None if found is None else found.to_list()) == numbers
    if found is not None:
        assert found.dtype == pl.Int64


def told(cells: pl.Series, key: bytes | None = None) -> Any:
    with pytest.raises(NeedsRecords) as caught:
        references(cells, Pseudonyms(key))
    return caught.value.text


def test_what_needs_to_be_read_record_by_record_says_why() -> None:
    text = told(pl.Series(["h1", IDENTITY]))
    assert (text.zh, text.en) == (
        "用证件号码作编号",
        "identity numbers stand for households or people",
    )
    assert IDENTITY not in str(text)
    text = told(pl.Series([["a"], ["b"]]), b"k" * 32)
    assert (text.zh, text.en) == ("编号列里是列表", "a number is a list")
