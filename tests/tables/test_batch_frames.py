"""A run over our own layout answers from frames what it answers record by record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables.own_faults import spoilt

from policy_rules.errors import RecordError
from policy_rules.tables import (
    batch,
    batch_frames,
    batch_tables,
    evaluate,
    own_reading,
    parquet_join,
    population_file,
)
from policy_rules.tables.answers import Answers
from policy_rules.tables.batch import BatchOptions, BatchReport, run_batch
from policy_rules.tables.batch_records import IDENTITY, harmless
from policy_rules.tables.files import open_sheets
from policy_rules.tables.synth import synthetic
from policy_rules.tables.synth_files import write_synthetic
from policy_rules.tables.synth_own import write_folder

DAY = date(2022, 12, 31)
PACKS = ("guangxi",)
BOTH = ("yunnan/dongchuan", "guangxi")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "county"
    write_folder([synthetic(40, 3)], path)
    return path


def run(source: Path, out: Path, **changes: Any) -> BatchReport:
    return run_batch(source, out, BatchOptions(**{"packs": PACKS, "as_of": DAY, **changes}))


def table(report: BatchReport) -> pl.DataFrame:
    words = pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    return pl.read_parquet(report.output).with_columns(words)


def counts(report: BatchReport) -> dict[str, Any]:
    body = report.summary.as_dict()
    # which records are looked at more closely depends on the ranges
    return {k: v for k, v in body.items() if k not in ("checked", "open_findings_asked", "missing")}


def by_records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "own_frames", lambda *_: (None, None))


@pytest.mark.parametrize(
    "changes",
    [
        {"packs": BOTH},
        {"everything": True, "size": 17},
        {"wide": True, "size": 23, "packs": BOTH},
        {"wide": True, "size": 23, "packs": ("tongren",)},  # with amounts
        {"wide": True, "carry": ("备注", "没有")},
        {"packs": (), "reading": {"region": "530113"}, "carry": ("备注",)},
        {"as_of": None},
        {"check": 0, "as_of": date(2040, 1, 1), "everything": True},
    ],
    ids=lambda c: " ".join(c),
)
@pytest.mark.parametrize("seed", [None, 4])
@pytest.mark.no_cover
def test_frames_answer_as_records_do(
    tmp_path: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, Any],
    seed: int | None,
) -> None:
    source = folder if seed is None else spoilt(seed, tmp_path / "spoilt")
    monkeypatch.setattr(batch_tables, "CELLS", 5_000)  # several tables a range
    found = run(source, tmp_path / "frames.parquet", **changes)
    read = json.loads((tmp_path / "frames.parquet.run.json").read_text("utf-8"))["run"]["input"]
    assert read["read"] == "frames"
    by_records(monkeypatch)
    expected = run(source, tmp_path / "records.parquet", **changes)
    assert table(found).equals(table(expected))
    assert counts(found) == counts(expected)
    if found.problems is None or expected.problems is None:
        assert found.problems == expected.problems
    else:
        told, same = (sorted(p.read_text("utf-8").splitlines()) for p in
                      (found.problems, expected.problems))  # fmt: skip
        assert told == same


def test_every_form_of_output_is_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a csv, and what the reference explains record by record, from frames too
    small = {"packs": ("guangxi",), "size": 25}
    reports = [run(folder, tmp_path / "f.csv", **small)]
    reports.append(run(folder, tmp_path / "f.parquet", missing=True, **small))
    by_records(monkeypatch)
    assert (
        reports[0].output.read_bytes()
        == run(folder, tmp_path / "r.csv", **small).output.read_bytes()
    )
    assert table(reports[1]).equals(
        table(run(folder, tmp_path / "r.parquet", missing=True, **small))
    )


@pytest.mark.no_cover
def test_a_number_beyond_the_columns_is_answered_by_the_reference(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.iterdir():
        frame = pl.read_parquet(file)
        if file.stem == "household.incomes":
            third = pl.when(pl.int_range(pl.len()) % 3 == 0)
            odd = third.then(pl.lit("8000.12345678")).otherwise(pl.col("net").cast(pl.String))
            frame = frame.with_columns(odd.alias("net"))
        frame.write_parquet(copy / file.name)
    ways: list[dict[str, Any]] = [{"everything": True}, {"wide": True, "packs": ("tongren",)}]
    found = [table(run(copy, tmp_path / f"f{len(w)}.parquet", check=0, **w)) for w in ways]
    assert any(name.endswith(".amount") for name in found[1].columns)
    by_records(monkeypatch)
    for frames, way in zip(found, ways, strict=True):
        assert frames.equals(table(run(copy, tmp_path / f"r{len(way)}.parquet", check=0, **way)))


def test_a_household_on_which_the_engines_disagree_is_marked(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*given: Any, **options: Any) -> Answers:
        answers = evaluate.evaluate_population(*given, **options)
        blocks = []
        for block in answers.blocks:
            outcome = next(o for o in block.outcomes if o.frame == "household")
            frame = block.frames["household"]
            lie = pl.col("_record") == 4
            said = pl.when(lie).then(~pl.col(outcome.verdict).fill_null(False))
            frame = frame.with_columns(said.otherwise(outcome.verdict).alias(outcome.verdict))
            blocks.append(attrs.evolve(block, frames={**block.frames, "household": frame}))
        return attrs.evolve(answers, blocks=tuple(blocks))

    monkeypatch.setattr(batch_frames, "evaluate_population", wrong)
    for wide in (False, True):
        found = table(run(folder, tmp_path / f"{wide}.parquet", check=60, wide=wide))
        marked = found.filter(pl.col("status") == "error")
        assert marked.select("row", "code").rows() == [(5, "engine_disagreement")]
        assert found.filter(pl.col("row") == 5).height == 1


def test_where_the_engine_fails_the_reference_answers(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Answers:
        raise ZeroDivisionError

    expected = table(run(folder, tmp_path / "r.parquet"))
    monkeypatch.setattr(batch_frames, "evaluate_population", broken)
    found = run(folder, tmp_path / "f.parquet")
    assert found.summary.tally.fallback == {"ZeroDivisionError": 40 * len(PACKS)}
    assert table(found).equals(expected)


def test_a_run_that_was_broken_off_goes_on_and_gives_the_same(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(folder, tmp_path / "whole.parquet", size=20)
    answered = batch.FrameAnswers

    def twice(*given: Any) -> Any:
        if given[2].number == 2:
            raise KeyboardInterrupt
        return answered(*given)

    monkeypatch.setattr(batch, "FrameAnswers", twice)
    with pytest.raises(KeyboardInterrupt):
        run(folder, tmp_path / "o.parquet", size=20)
    monkeypatch.setattr(batch, "FrameAnswers", answered)
    options = BatchOptions(packs=PACKS, as_of=DAY, size=20)
    report = run_batch(folder, tmp_path / "o.parquet", options, resume=True)
    assert report.resumed == 20
    assert report.output.read_bytes() == whole.output.read_bytes()


def test_strict_refuses_and_a_reason_is_given_for_reading_by_records(tmp_path: Path) -> None:
    source = spoilt(4, tmp_path / "spoilt")
    with pytest.raises(RecordError):
        run(source, tmp_path / "o.parquet", strict=True)
    people = pl.read_parquet(source / "household.members.parquet")
    people.with_columns(证件号码=pl.lit(None, pl.String)).write_parquet(
        source / "household.members.parquet"
    )
    report = run(source, tmp_path / "o.parquet", packs=("guangxi",))
    assert report.by_records is not None
    assert report.by_records.zh == "household.members.parquet 有证件号码列"


# -- joining ---------------------------------------------------------------------------------------------


def test_parquet_files_are_joined_as_they_are(tmp_path: Path, folder: Path) -> None:
    frame = pl.read_parquet(folder / "household.members.parquet")
    cuts = [0, 31, 31, 90, frame.height]
    words = frame.with_columns(pl.col("sex", "relation").cast(pl.Categorical))

    def parts(of: pl.DataFrame) -> Iterator[Path]:
        for i, (start, stop) in enumerate(pairwise(cuts)):
            path = tmp_path / f"{i}.parquet"
            of.slice(start, stop - start).write_parquet(path, row_group_size=20)
            yield path

    for of in (frame, words):
        whole = tmp_path / "whole.parquet"
        with whole.open("wb") as file:
            assert parquet_join.join_parquet(list(parts(of)), file) == frame.height
        text = pl.col(pl.Categorical).cast(pl.String)
        assert pl.read_parquet(whole).with_columns(text).equals(frame)
        arrow = pl.DataFrame(pq.read_table(whole)).with_columns(text)
        assert arrow.equals(frame)
        with duckdb.connect() as base:
            rows = base.execute(f"SELECT member_id, sex FROM '{whole}'").fetchall()
        assert rows == frame.select("member_id", "sex").rows()
    other = tmp_path / "other.parquet"
    frame.drop("sex").write_parquet(other)
    with (tmp_path / "no").open("wb") as file, pytest.raises(parquet_join.DifferentColumns):
        parquet_join.join_parquet([tmp_path / "0.parquet", other], file)


def test_rows_are_read_the_same_by_polars_and_by_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame({"a": range(100), "b": [str(i) if i % 7 else None for i in range(100)]})
    frame.write_parquet(tmp_path / "x=1.parquet", row_group_size=9)
    monkeypatch.setattr(own_reading, "BATCH", 20)
    columns = {"1": "b", "0": "a"}
    expected = frame.select(pl.col("b").alias("1"), pl.col("a").alias("0"))
    for most, heights in ((1_000, {18, 10}), (5, {20})):
        monkeypatch.setattr(own_reading, "_GROUP", most)
        parts = [*own_reading.read_batches(tmp_path / "x=1.parquet", columns)]
        assert {p.height for p in parts} == heights
        assert pl.concat(parts).equals(expected)


# -- what is not done twice, and what is left out ---------------------------------------------------


def test_the_workbook_of_an_export_is_opened_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "county.csv"
    write_synthetic(source, 12, seed=3)
    opened: list[Path] = []

    def counting(path: Path) -> Any:
        opened.append(path)
        return open_sheets(path)

    monkeypatch.setattr(population_file, "open_sheets", counting)
    assert run(source, tmp_path / "o.parquet").records == 12
    assert opened == [source]
    # names and numbers come along only where a column is asked for: that is another way to read it
    assert run(source, tmp_path / "p.parquet", carry=("户编号",)).records == 12
    assert opened == [source] * 3


@given(
    st.text("0123456789Xx９٣ h\n", max_size=24)
    | st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "h", "1", "\n", "٣"]),
        st.sampled_from(["530103", "990101", "030103"]),
        st.sampled_from(["19800101", "20231231", "19801301", "800101", "800132"]),
        st.sampled_from(["123X", "1234", "123", "12"]),
        st.sampled_from(["", "x", "7", "\n", "9٣"]),
    )
)
def test_polars_finds_the_identity_numbers_that_python_finds(text: str) -> None:
    found = pl.Series([text]).str.contains(IDENTITY)[0]
    assert (harmless(text, 7) == "#7") is found
