"""Our own layout read by columns: the same households, problems and answers as record by record."""

from __future__ import annotations

import random
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings
from tables.own_faults import spoilt

from policy_rules.errors import Problem
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.record import Household
from policy_rules.facts.rows import plain
from policy_rules.tables.binding import Binder, Import
from policy_rules.tables.headers import understand_all
from policy_rules.tables.identity import Pseudonyms
from policy_rules.tables.own_cells import FactReader
from policy_rules.tables.own_frames import OwnFrames
from policy_rules.tables.own_keys import NeedsRecords
from policy_rules.tables.population_file import PopulationFile
from policy_rules.tables.reading import own_sheets, read_population
from policy_rules.tables.sheets import Head

VOCABULARY = load_vocabulary()


def told(problem: Problem) -> tuple[Any, ...]:
    place = problem.place
    return (place.file, place.sheet, place.line or 0, place.column or 0, place.header, problem.code,
            problem.expected, problem.got, problem.nearest)  # fmt: skip


def described(record: Household) -> tuple[Any, ...]:
    return (record.kind, record.id, record.region, record.as_of, plain(record.row))


def by_columns(path: Path, size: int) -> tuple[list[Any], list[Any], str | None]:
    """The households and problems of a folder, and the order of its files."""
    found = own_sheets(PopulationFile(path))
    assert found is not None
    reader = OwnFrames(*found)
    records: list[Any] = []
    problems: list[Any] = []
    for part in reader.slices(size):
        made = reader.read(part)
        assert part.height == made.population.height
        records += map(described, made.records())
        problems += map(told, made.problems)
    return records, sorted(problems), reader.files.order


def test_the_same_households_and_problems_as_record_by_record(tmp_path: Path) -> None:
    orders = set()
    for seed in range(24):
        path = spoilt(seed, tmp_path / str(seed))
        reading = read_population(path, "own")
        records, problems, order = by_columns(path, random.Random(seed).choice([7, 33, 1000]))
        orders.add(order)
        assert records == [described(r) for r in reading.records], seed
        assert problems == sorted(map(told, reading.problems)), seed
    assert orders == {"number", "text", None}


# -- cells -------------------------------------------------------------------------------------------


def compared(record: str, header: str, cells: list[Any], kind: Any) -> None:
    """A column read at once, and the same cell by cell."""
    run = Import(VOCABULARY, "f", Pseudonyms(None), {})
    columns = understand_all([Head(header)], (record,), VOCABULARY, year=2022)
    assert columns[0].fact is not None
    series = pl.Series(cells, dtype=kind)
    numbers = pl.int_range(1, len(cells) + 1, eager=True, dtype=pl.Int64)
    binder = Binder("s", columns, run)
    reader = FactReader(columns, binder)
    found = reader.read([series], numbers)
    problems = sorted(map(told, run.problems))
    run.problems.clear()
    lasts = [None] * len(cells) if found.last is None else found.last.to_list()
    held = dict(found.held)
    for i, cell in enumerate(series.to_list()):
        one = reader._outcome(binder.fact(columns, [cell], i + 1))
        assert (found.values[i], lasts[i]) == (one.first, one.last), cell
        assert held.get(i) == one.exact, cell
    assert problems == sorted(map(told, run.problems))


MONEY = st.one_of(
    st.floats(),
    st.floats(0, 1e9),
    st.integers(-(10**15), 10**15).flatmap(
        lambda n: st.integers(0, 9).map(lambda places: n / 10**places)
    ),
    st.none(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MONEY, min_size=1, max_size=40), st.sampled_from(["wage", "wage(万元)"]))
def test_a_float_is_taken_at_its_printed_digits(cells: list[Any], header: str) -> None:
    compared("income_year", header, cells, pl.Float64)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-(10**20), 10**20) | st.integers(-(10**7), 10**7), min_size=1, max_size=40),
    st.integers(0, 9),
    st.sampled_from([("income_year", "wage"), ("household", "size"), ("household", "land.arable")]),
)  # fmt: skip
def test_decimals_are_exact(numbers: list[int], places: int, fact: tuple[str, str]) -> None:
    cells = [Decimal(n).scaleb(-places) for n in numbers]
    compared(*fact, cells, pl.Decimal(38, places))


WRITTEN = st.one_of(
    st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-1][0-9](-[0-3][0-9])?", fullmatch=True),
    st.sampled_from(["1,200", "1.2万", "３００", "abc", "", "无", "-", "12元", "+5", ".5", "5.", "1e3",
                     "9999-12-31", "2022年3月", "是", "×", "1", "脱贫户", "因病,因残", "#N/A"]),
    st.none(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(WRITTEN, min_size=1, max_size=40),
    st.sampled_from(
        [("income_year", "wage"), ("household", "size"), ("member", "birth_date"),
         ("household", "village_id"), ("household", "type"), ("household", "monitoring.risks"),
         ("household", "relocated"), ("member", "employment.months")]
    ),
)  # fmt: skip
def test_texts_are_read_as_written(cells: list[Any], fact: tuple[str, str]) -> None:
    compared(*fact, cells, pl.String)


@pytest.mark.parametrize(
    ("fact", "cells", "kind"),
    [
        ("birth_date", [date(2022, 2, 3), None, date(9999, 1, 1)], pl.Date),
        ("birth_date", [datetime(2022, 2, 3, 5, 6), None], pl.Datetime("us")),
        ("birth_date", [44000, 20220101, 2022, 5, None], pl.Int64),
        ("veteran", [1, 0, 2, None], pl.Int8),
        ("veteran", [None, None], pl.Null),
        ("disability.grade", [True, None], pl.Boolean),
        ("health", [["健康"], ["患有大病", "乱"], [], None], pl.List(pl.String)),
        ("employment.months", [1.5, 0.1, None], pl.Float32),
    ],
)
def test_typed_cells_are_read_as_cell_by_cell(fact: str, cells: list[Any], kind: Any) -> None:
    compared("member", fact, cells, kind)


# -- what is read record by record -----------------------------------------------------------------------


def refused(path: Path) -> str:
    found = own_sheets(PopulationFile(path, "own"))
    assert found is not None
    with pytest.raises(NeedsRecords) as caught:
        OwnFrames(*found)
    assert caught.value.text.zh != caught.value.text.en
    return caught.value.text.en


def test_identity_numbers_are_read_record_by_record(tmp_path: Path) -> None:
    homes = pl.DataFrame({"household_id": ["1"], "type": ["lifted"]})
    people = pl.DataFrame({"household_id": ["1"], "member_id": ["a"], "labour": [None]})
    homes.write_parquet(tmp_path / "household.parquet")
    people.with_columns(证件号码=pl.lit("1")).write_parquet(tmp_path / "household.members.parquet")
    assert refused(tmp_path) == "household.members.parquet has a column of identity numbers"
    people = people.with_columns(household_id=pl.lit("530103198001011234"))
    people.write_parquet(tmp_path / "household.members.parquet")
    assert refused(tmp_path) == "identity numbers stand for households or people"
    people = people.with_columns(household_id=pl.lit("1"), member_id=pl.lit("530103198001011234"))
    people.write_parquet(tmp_path / "household.members.parquet")
    assert refused(tmp_path) == "identity numbers stand for households or people"
    people = people.with_columns(household_id=pl.lit("9"), health=pl.lit(["健康"]), member_id=None)
    pl.concat([people, people.with_columns(household_id=pl.lit("1"))]).write_parquet(
        tmp_path / "household.members.parquet"
    )
    assert (
        refused(tmp_path)
        == "household.members.parquet is not in order and holds large_list<element: large_string>"
    )
    people.drop("health").write_csv(tmp_path / "household.members.csv")
    (tmp_path / "household.members.parquet").unlink()
    assert refused(tmp_path) == "household.members is no Parquet file"
