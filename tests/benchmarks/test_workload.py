"""The workload of the benchmarks: our pack says what the plain function says, on every engine."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

WORKLOAD = Path(__file__).parents[2] / "benchmarks" / "workload"
COUNT = 300


@pytest.fixture(scope="module")
def load() -> Iterator[Any]:
    """Imports a module of the workload."""
    before = set(sys.modules)
    sys.path.insert(0, str(WORKLOAD))
    yield importlib.import_module
    sys.path.remove(str(WORKLOAD))
    for name in set(sys.modules) - before:
        if (WORKLOAD / f"{name}.py").is_file():
            del sys.modules[name]


@pytest.fixture(scope="module")
def expected(load: Any) -> list[dict[str, Any]]:
    plain, households = load("plain"), load("households")
    return [plain.outcomes(h) for h in households.dicts(COUNT)]


@pytest.fixture(scope="module")
def folder(load: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Parquet files of the same households; the plain function's outcomes among them."""
    data: Any = load("data")
    return Path(data.make(tmp_path_factory.mktemp("workload"), COUNT))


def test_every_rule_is_seen_both_ways_or_with_and_without_an_amount(
    expected: list[dict[str, Any]],
) -> None:
    assert len(expected[0]) == 60
    for rule in expected[0]:
        assert {bool(e[rule]) for e in expected} == {True, False}, rule


@pytest.mark.parametrize("way", ["ours: determination", "ours: cross-checked"])
def test_one_household_at_a_time(load: Any, expected: list[dict[str, Any]], way: str) -> None:
    asked = load("row_ours").WAYS[way]()
    for household, wanted in zip(load("households").dicts(COUNT), expected, strict=True):
        assert asked.outcomes(asked.ask(asked.take(household))) == wanted


def test_verdicts_alone(load: Any, expected: list[dict[str, Any]]) -> None:
    asked = load("row_ours").WAYS["ours: verdicts"]()
    for household, wanted in zip(load("households").dicts(COUNT), expected, strict=True):
        found = asked.outcomes(asked.ask(household))
        assert found == {rule: bool(value) for rule, value in wanted.items()}


@pytest.mark.parametrize(
    "way", ["ours: polars, plan", "ours: polars, answers", "ours: DuckDB, plan"]
)
def test_a_population_by_columns(load: Any, folder: Path, way: str) -> None:
    asked = load("column_ours").way(way)
    asked.load(folder)
    assert load("measure").differing(asked.outcomes(asked.run()), folder) == {}


def test_from_parquet_to_parquet(load: Any, folder: Path, tmp_path: Path) -> None:
    load("file_ours").WAYS["ours: batch, polars"]().files(folder, tmp_path / "out.parquet")
    assert load("measure").written("ours", tmp_path / "out.parquet", folder) == {}


@pytest.mark.parametrize("peer", ["polars, group_by and join", "polars, sorted offsets", "DuckDB"])
def test_the_peers_written_by_hand(load: Any, folder: Path, tmp_path: Path, peer: str) -> None:
    asked = load("column_peers").PEERS[peer]()
    asked.load(folder)
    assert load("measure").differing(asked.outcomes(asked.run()), folder) == {}
    asked.files(folder, tmp_path / "out.parquet")
    assert load("measure").written(peer, tmp_path / "out.parquet", folder) == {}


def test_a_difference_is_noticed(load: Any, folder: Path) -> None:
    rules = load("rulelist").NAMES
    wanted = pl.read_parquet(folder / "expected.parquet")
    turned = {rule: ~wanted[rule].to_numpy() if rule == "r33" else wanted[rule] for rule in rules}
    assert load("measure").differing(turned, folder) == {"r33": COUNT}


def test_the_pack_is_what_is_made_of_the_rules(load: Any) -> None:
    made = load("make_rules").files()
    assert made == {name: (WORKLOAD / "rules" / name).read_text("utf-8") for name in made}
    assert len([n for n in made if n.startswith("workload/rules/")]) == 3
