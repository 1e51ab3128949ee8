"""``policy-rules batch`` as staff use it: what is printed, what is written, the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import made_up
import polars as pl
import pytest
from typer.testing import CliRunner, Result

from policy_rules.cli import batch as command
from policy_rules.cli.app import app


def family(i: int, **facts: Any) -> dict[str, Any]:
    body = {"id": f"h{i}", "region": "990101001", "type": "lifted", "size": 2}
    return (
        body | {"incomes": {"2022": {"net": 15_000}}, "members": [{"labour": "ordinary"}]} | facts
    )


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder with a pack and a population of which one record has no type and one line is broken."""
    for file, text in made_up.texts().items():
        path = tmp_path / "rules" / "sample" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    lines = [json.dumps(family(i)) for i in range(4)] + [json.dumps(family(5, type="x"))]
    (tmp_path / "good.jsonl").write_text("\n".join(lines[:4]), "utf-8")
    (tmp_path / "in.jsonl").write_text("\n".join([*lines, "{"]), "utf-8")
    return tmp_path


def run(house: Path, *args: object) -> Result:
    given = ["batch", *map(str, args), "--rules", str(house / "rules"), "--as-of", "2023-06-30"]
    return CliRunner().invoke(app, given)


def test_as_many_come_out_as_went_in_and_it_is_said(house: Path) -> None:
    result = run(house, house / "in.jsonl", "-o", house / "o.parquet")
    assert result.exit_code == 1  # a record is marked
    for words in (
        "读入 6 户，给出 6 户：已判定 5，标记未能判定 1",
        "未能判定的原因：bad_json 1",
        "not_allowed 1",
        "已判定 90.0%：是 9，否 0，待定 1",
        "户类型",
        "仅缺此项",
        "可能符合",
    ):
        assert words in result.stdout, words
    assert pl.read_parquet(house / "o.parquet").get_column("verdict").to_list().count("YES") == 9


def test_in_english(house: Path) -> None:
    result = run(house, house / "good.jsonl", "-o", house / "o.csv", "--lang", "en")
    assert result.exit_code == 0, result.output
    assert "4 records in, 4 out: 4 answered, 0 marked" in result.stdout
    assert not any("一" <= c <= "鿿" for c in result.stdout)


@pytest.mark.parametrize("engine", ["polars", "duckdb", "reference", "spark"])
@pytest.mark.filterwarnings("ignore")
@pytest.mark.no_cover
def test_every_engine_gives_the_same_file(house: Path, engine: str) -> None:
    if engine == "spark":
        pytest.importorskip("pyspark")
    for name in ("reference", engine):
        out = house / f"{name}-{engine}.parquet"
        assert run(house, house / "good.jsonl", "-o", out, "--engine", name).exit_code == 0
    frames = [pl.read_parquet(house / f"{n}-{engine}.parquet") for n in ("reference", engine)]
    assert frames[0].equals(frames[1])


def test_data_for_programs(house: Path) -> None:
    result = run(house, house / "in.jsonl", "-o", house / "o.parquet", "--format", "json")
    body = json.loads(result.stdout)
    assert body["summary"]["records"] == 6
    assert body["summary"]["errors"] == {"bad_json": 1}
    assert body["summary"]["decided"] == 0.9
    assert body["summary"]["missing"][0]["name"] == "household.type"
    assert body["sha256"]


def test_a_workbook_and_a_wide_table(house: Path) -> None:
    assert run(house, house / "good.jsonl", "-o", house / "o.xlsx").exit_code == 0
    assert (house / "o.xlsx").read_bytes()[:2] == b"PK"
    args = (house / "good.jsonl", "-o", house / "w.csv", "--wide", "--pack", "sample")
    assert run(house, *args).exit_code == 0
    head, first, *_ = (house / "w.csv").read_text("utf-8-sig").splitlines()
    assert dict(zip(head.split(","), first.split(","), strict=True))["focus_household"] == "YES"


def test_strict_refuses_with_every_mistake(house: Path) -> None:
    result = run(house, house / "in.jsonl", "-o", house / "o.parquet", "--strict")
    assert result.exit_code == 2
    assert "in.jsonl:5: not_allowed" in result.stderr
    assert "in.jsonl:6:2: bad_json" in result.stderr
    assert not (house / "o.parquet").exists()


@pytest.mark.no_cover
def test_a_run_broken_off_by_hand_says_how_to_go_on(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as at:
        at.setattr("policy_rules.tables.batch.run_batch", stop)
        result = run(house, house / "good.jsonl", "-o", house / "o.parquet")
    assert result.exit_code == command.BROKEN_OFF
    assert "--resume" in result.stderr
    args = (house / "good.jsonl", "-o", house / "o.parquet", "--resume")
    assert run(house, *args).exit_code == 0
    again = run(house, *args)
    assert "其中 4 户为上次已完成" in again.stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("-o", "o.ods"), "not_allowed"),
        (("-o", "no/o.csv"), "cannot_write"),
        (("-o", "o.csv", "--pack", "sampel"), "unknown_pack"),
        (("-o", "o.csv", "--sheets", "hamlet"), "not_allowed"),
        (("-o", "o.xlsx", "--wide"), "conflicting_keys"),
        (("-o", "o.csv", "--carry", "verdict"), "shadowed_name"),
    ],
)
def test_what_cannot_be_done_is_refused_in_its_place(
    house: Path, args: tuple[str, ...], code: str
) -> None:
    given = [str(house / a) if a.startswith(("o.", "no/")) else a for a in args]
    result = run(house, house / "good.jsonl", *given)
    assert result.exit_code == 2, result.output
    assert f"{code}: " in result.stderr
    assert not list(house.glob("o.*"))
