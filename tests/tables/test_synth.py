"""Synthetic populations: the same from the same seed, as people live, and read back without a fault."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from policy_rules.errors import NotFoundError, RecordError
from policy_rules.facts.record import read_record
from policy_rules.facts.rows import plain
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.tables.frames import Population, frame_schema
from policy_rules.tables.identity import read_certificate, read_identity
from policy_rules.tables.reading import Reading, read_population
from policy_rules.tables.synth import synthetic, synthetic_parts
from policy_rules.tables.synth_draws import Draws
from policy_rules.tables.synth_export import COLUMNS, export_rows
from policy_rules.tables.synth_files import write_synthetic
from policy_rules.tables.synth_own import record_data
from policy_rules.tables.synth_world import lines_of, world_of


@pytest.fixture(scope="module")
def county() -> Population:
    return synthetic(4_000, 7)


@pytest.fixture(scope="module")
def exact() -> Population:
    """The same households with nothing left out."""
    return synthetic(4_000, 7, gaps=0.0)


def bytes_of(path: Path) -> dict[str, bytes]:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return {p.name: p.read_bytes() for p in files}


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a", "a.jsonl"])
@pytest.mark.no_cover
def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path, name: str) -> None:
    for folder, seed in (("one", 3), ("two", 3), ("three", 4)):
        (tmp_path / folder).mkdir()
        write_synthetic(tmp_path / folder / name, 300, seed, broken=0.02)
    one, two, three = (bytes_of(tmp_path / f / name) for f in ("one", "two", "three"))
    assert one == two
    assert one != three


GOLDEN = 0x9E3779B97F4A7C15


def split_mix(z: int) -> int:
    """The published mixing function, in plain whole numbers."""
    z %= 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


def test_draws_follow_from_the_seed_alone() -> None:
    """SplitMix64: other versions of numpy and other parts give the same."""
    draws = Draws(1, np.arange(5))
    assert draws.share("x").tolist() == Draws(1, np.arange(5)).share("x").tolist()
    assert Draws(1, np.arange(3, 5)).bits("x").tolist() == draws.bits("x").tolist()[3:]
    salt = int.from_bytes(blake2b(b"1:x", digest_size=8).digest(), "little")
    assert draws.bits("x").tolist() == [split_mix(i * GOLDEN + salt) for i in range(5)]
    assert split_mix(GOLDEN) == 0xE220A8397B1DCDAF  # the first output for the seed 0


def test_parts_of_any_size_hold_the_same_households() -> None:
    whole = synthetic(700, 5)
    for size in (700, 256):
        parts = list(synthetic_parts(700, 5, size=size))
        assert [p.height for p in parts] == [min(size, 700 - i) for i in range(0, 700, size)]
        assert [plain(r.row) for p in parts for r in p.records()] == [
            plain(r.row) for r in whole.records()
        ]
    assert plain(next(synthetic(1, 5, first=600).records()).row) == plain(whole.record(600).row)


def test_frames_have_the_columns_of_the_schema_and_hold_valid_records(county: Population) -> None:
    schema = frame_schema(county.vocabulary, "household")
    for path, frame in county.frames.items():
        assert {n: schema[path][n] for n in frame.columns} == dict(frame.schema)
    records = list(county.slice(0, 500).records())
    again = Population.of_records(read_record(record_data(r)) for r in records)
    for path, frame in county.slice(0, 500).frames.items():
        assert_frame_equal(frame, again.frames[path].select(frame.columns))


def test_incomes_add_up_to_the_fen(exact: Population) -> None:
    incomes = exact.frames["household.incomes"].drop_nulls(["net", "net_per_capita"])
    size = exact.frames["household"].select(pl.col("_row").alias("_parent"), "size")
    told = incomes.join(size, "_parent")
    sums = pl.col("wage") + pl.col("business") - pl.col("business_cost") + pl.col("property")
    assert told.filter(sums + pl.col("transfer") != pl.col("net")).height == 0
    assert told.filter(pl.col("net_per_capita") * pl.col("size") != pl.col("net")).height == 0
    parts = ("wage", "business", "business_cost", "property", "transfer")
    assert all(told.filter(pl.col(p) < 0).height == 0 for p in parts)


def test_many_stand_at_lines_birthdays_and_months(exact: Population) -> None:
    each = exact.frames["household.incomes"].get_column("net_per_capita").drop_nulls() // 10_000
    for line in world_of().lines:
        beside = Counter((each.filter((each - line).abs() <= 100) - line).to_list())
        assert beside[0], line
        assert beside.keys() - {0}, line
    assert set(lines_of(load_pack("guangxi"))) <= set(world_of("guangxi").lines)
    born = exact.frames["household.members"].get_column("birth_date").to_list()
    for years in (16, 60):
        day = 20221231 - years * 10_000
        after = (day // 10_000 + 1) * 10_000 + 101
        assert {day - 1, day, after} <= set(born), years
    months = exact.frames["household.members"].get_column("employment.months").drop_nulls()
    assert {2, 3, 5, 6, 7} <= set((months // 10**6).to_list())


def test_people_fit_together(exact: Population) -> None:
    members = exact.frames["household.members"]
    ages = members.select("_parent", "relation", age=2022 - pl.col("birth_date") // 10_000)
    by = {
        r: ages.filter(pl.col("relation") == r) for r in ("head", "parent", "grandchild", "spouse")
    }
    assert by["head"].height == by["head"].get_column("_parent").n_unique()
    pairs = by["head"].join(by["parent"], "_parent")
    assert pairs.filter(pl.col("age_right") - pl.col("age") < 18).height == 0
    pairs = by["head"].join(by["grandchild"], "_parent")
    assert pairs.filter(pl.col("age") - pl.col("age_right") < 34).height == 0
    assert by["spouse"].get_column("age").min() >= 19  # type: ignore[operator]
    sizes = members.group_by("_parent").len().get_column("len")
    assert 2.6 < sizes.mean() < 4  # type: ignore[operator]
    assert sizes.max() <= 9  # type: ignore[operator]
    young = members.filter(pl.col("birth_date") > 20070101)
    assert young.get_column("employed").drop_nulls().sum() == 0


def test_shares_are_those_of_a_county(exact: Population) -> None:
    home = exact.frames["household"]
    share = home.get_column("monitoring.category").ne("none").mean()
    assert 0.015 < share < 0.07  # type: ignore[operator]
    assert 0.33 < (home.get_column("type") == "lifted").mean() < 0.43  # type: ignore[operator]
    unstable = home.filter(pl.col("monitoring.category") == "unstable")
    assert set(unstable.get_column("type")) == {"lifted"}
    assert set(home.get_column("village_id").str.len_chars()) == {12}
    assert home.get_column("village_id").n_unique() == 14
    last = exact.frames["household.incomes"].filter(pl.col("year") == 2022)
    poor = last.join(home.select(pl.col("_row").alias("_parent"), "monitoring.category"), "_parent")
    means = dict(
        poor.group_by(pl.col("monitoring.category") != "none")
        .agg(pl.col("net_per_capita").mean())
        .rows()
    )
    assert means[True] < means[False] / 1.5


def test_some_facts_are_missing_and_some_villages_leave_a_column_empty(county: Population) -> None:
    members = county.frames["household.members"]
    gaps = members.get_column("labour").null_count() / members.height
    assert 0.01 < gaps < 0.2
    nobody = county.frames["household"].get_column("members~state").null_count()
    assert 0 < nobody < 40


@pytest.mark.parametrize("pack", list_packs())
@pytest.mark.no_cover
def test_households_live_where_the_pack_is_for(pack: str) -> None:
    code = load_pack(pack).region.codes[0].rstrip("0")
    regions = synthetic(20, 1, pack).frames["household"].get_column("_region")
    assert regions.str.starts_with(code).all()


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(NotFoundError):
        synthetic(1, 1, "atlantis")


# -- read back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["own", "own.jsonl"])
def test_our_own_layout_is_read_back_exactly(tmp_path: Path, name: str) -> None:
    made = synthetic(400, 11)
    write_synthetic(tmp_path / name, 400, 11)
    reading = read_population(tmp_path / name)
    assert not reading.problems
    for before, after in zip(made.records(), reading.records, strict=True):
        told = plain(before.row)
        if name == "own":  # a table has no place for the cooperative inside a link
            for link in told.get("cooperative_links", {"items": ()})["items"]:
                link.pop("cooperative", None)
        assert told == plain(after.row)
        assert (before.id, before.region) == (after.id, after.region)


def export(tmp_path: Path, name: str, n: int = 500, **options: object) -> Reading:
    write_synthetic(tmp_path / name, n, 11, **options)  # type: ignore[arg-type]
    return read_population(tmp_path / name)


@pytest.mark.parametrize("name", ["e.csv", "e.xlsx"])
@pytest.mark.parametrize("titles", [True, False])
def test_the_export_is_read_without_a_fault(tmp_path: Path, name: str, titles: bool) -> None:
    reading = export(tmp_path, name, titles=titles)
    assert not reading.problems
    assert reading.layout == "export"
    assert reading.counts.households == 500
    assert reading.counts.rows == reading.counts.members + reading.counts.without_member
    left = {c.head.text for m in reading.mapping for c in m.unmapped}
    assert left == {"是否会讲普通话", "备注"}


def test_the_export_tells_what_the_population_holds(tmp_path: Path) -> None:
    made = list(synthetic(500, 11).records())
    reading = export(tmp_path, "e.csv")
    same = missing = 0
    for before, after in zip(made, reading.records, strict=True):
        assert before.id == after.id
        for row, read in [
            (before.row, after.row),
            *zip(before.members, after.members, strict=True),
        ]:
            for column in COLUMNS:
                path = column.path
                if column.of not in ("household", "member") or path not in read or path not in row:
                    missing += path in row
                    continue
                if column.unit == "month" or path == "relation":
                    continue  # a month is a less exact day
                empty = row[path] in ("none", frozenset({"none"}))
                assert row[path] == read[path] or empty, (before.id, path)
                same += 1
        years = before.row.get("incomes", {})
        for path, value in after.row.get("incomes", {}).get(2022, {}).items():
            assert years[2022][path] == value, (before.id, path)
    assert same > 20 * len(made)


def test_broken_rows_lose_no_household(tmp_path: Path) -> None:
    reading = export(tmp_path, "e.csv", 2_000, broken=0.05)
    codes = Counter(p.code for p in reading.problems)
    assert {"id_damaged", "bad_identity", "not_allowed", "bad_date"} <= codes.keys()
    assert reading.counts.households >= 2_000
    assert {r.id for r in reading.records} >= {f"99{i:010}" for i in range(2_000)} - {
        r.id for r in synthetic(2_000, 11).records() if len(r.members) < 2
    }
    rows = reading.counts
    assert rows.rows == rows.members + rows.without_member + rows.set_aside
    share = len({p.place.line for p in reading.problems if p.code != "member_count"}) / rows.rows
    assert 0.02 < share < 0.06


def test_identity_numbers_are_of_nobody_and_check(county: Population) -> None:
    rows = export_rows(county.slice(0, 800), 7)
    at = {c.path: f"c{i}" for i, c in enumerate(COLUMNS)}
    numbers = [n for n in rows.get_column(at["identity"]) if n]
    papers = [n for n in [*numbers, *rows.get_column(at["certificate"])] if n and len(n) == 20]
    assert all(n.startswith("99") for n in (*numbers, *papers))
    assert all(read_identity(n) is not None for n in numbers if len(n) == 18)
    assert all(read_certificate(n) is not None for n in papers)
    assert len(papers) > 20
    assert rows.get_column(at["head"]).str.contains(r"^户\d{4,}$").all()


@pytest.mark.parametrize(
    ("name", "n", "options", "codes"),
    [
        ("a.xlsx", 0, {}, ["out_of_range"]),
        ("a.xlsx", 10**6, {}, ["out_of_range"]),
        ("a.txt", 1, {"layout": "export"}, ["not_allowed"]),
        ("a.xlsx", 1, {"layout": "own"}, ["not_allowed"]),
        ("a.csv", 1, {"layout": "exprt", "broken": 2.0}, ["not_allowed", "out_of_range"]),
        ("a.csv", 1, {"broken": float("nan")}, ["out_of_range"]),
    ],
)
def test_what_cannot_be_made_is_refused(
    tmp_path: Path, name: str, n: int, options: dict[str, object], codes: list[str]
) -> None:
    with pytest.raises(RecordError) as error:
        write_synthetic(tmp_path / name, n, **options)  # type: ignore[arg-type]
    assert [p.code for p in error.value.problems] == codes
    assert not list(tmp_path.iterdir())


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    from policy_rules.errors import EvaluationError

    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "diary.txt").write_text("mine")
    with pytest.raises(EvaluationError):
        write_synthetic(tmp_path / "own", 5)
    assert (tmp_path / "own" / "diary.txt").read_text() == "mine"


def test_the_command_writes_what_it_is_asked_for(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from policy_rules.cli.app import app

    out = tmp_path / "county.csv"
    args = ["tables", "synth", "-n", "50", "--seed", "1", "-o", str(out), "--broken", "0.02"]
    assert CliRunner().invoke(app, args).exit_code == 0
    assert read_population(out).counts.households >= 50
    assert CliRunner().invoke(app, [*args, "--layout", "own"]).exit_code == 2
