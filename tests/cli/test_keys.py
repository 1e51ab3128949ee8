"""The secret key: same key, same pseudonyms in every file; nothing of a number or of the key leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tables.workbook import number, text
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app

PERSON, OTHER = number("19800203", 1), number("19900203", 2)
KEY = "0f2c9a7be1d54c68"
HEADS = ["户主证件号码", "证件号码", "户类型", "与户主关系"]


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Two exports of the same two households, in another order, and a key."""
    rows = [[PERSON, PERSON, "脱贫户", "户主"], [OTHER, OTHER, "一般农户", "户主"]]
    text(tmp_path / "a.csv", [HEADS, *rows])
    text(tmp_path / "b.csv", [HEADS, *reversed(rows)])
    (tmp_path / "key").write_text(f"{KEY}\n", "utf-8")
    return tmp_path


def mapped(*args: object) -> dict[str, Any]:
    result = run("tables", "map", *args, "--format", "json")
    assert result.exit_code == 0, result.output
    body: dict[str, Any] = json.loads(result.stdout)
    return body["pseudonyms"]  # type: ignore[no-any-return]


def test_map_says_how_people_are_named(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mapped(house / "a.csv") == {"made": "numbered", "key_mark": ""}
    one = mapped(house / "a.csv", "--key", house / "key")
    assert one["made"] == "keyed"
    monkeypatch.setenv("POLICY_RULES_KEY", KEY)
    assert mapped(house / "b.csv") == one
    shown = run("tables", "map", house / "a.csv")
    assert one["key_mark"] in shown.stdout
    assert KEY not in shown.output
    monkeypatch.delenv("POLICY_RULES_KEY")
    assert "--key" in run("tables", "map", house / "a.csv").stdout
    assert "numbered as they appear" in run("tables", "map", house / "a.csv", "--lang", "en").stdout
    plain = text(house / "plain.csv", [["户编号", "人编号", "户类型"], ["1", "1", "脱贫户"]])
    assert mapped(plain) == {"made": "none", "key_mark": ""}


def test_the_same_key_gives_the_same_ids_in_every_file(house: Path) -> None:
    frames = {}
    for name in ("a", "b"):
        out = house / f"{name}.parquet"
        args = ("--pack", "yunnan/dongchuan", "--as-of", "2022-12-31", "--all")
        result = run("batch", house / f"{name}.csv", "-o", out, *args, "--key", house / "key")
        assert result.exit_code == 0, result.output
        frames[name] = pl.read_parquet(out).drop("row").sort("record", "subject", "rule")
    assert frames["a"].equals(frames["b"])
    assert frames["a"]["record"].n_unique() == 2
    for file in (p for p in house.iterdir() if p.name not in ("key", "a.csv", "b.csv")):
        body = file.read_bytes()
        for secret in (PERSON, OTHER, KEY):
            assert secret.encode() not in body, file.name
    receipt = json.loads((house / "a.parquet.run.json").read_text("utf-8"))
    assert len(receipt["run"]["options"]["reading"]["key"]) == 8


def test_a_run_with_another_key_is_another_run(house: Path) -> None:
    from policy_rules.tables.batch import BatchOptions

    one, other = (BatchOptions(reading={"key": k}).as_dict() for k in (b"1" * 16, b"2" * 16))
    assert one != other
    assert "1" * 16 not in json.dumps(one)


@pytest.mark.parametrize("keyed", [True, False])
def test_a_register_joins_by_the_identity_number_of_the_head(house: Path, keyed: bool) -> None:
    """Also without a key: the register and the households are numbered together."""
    register = text(
        house / "register.csv",
        [
            ["户主证件号码", "合作社编号", "联结开始时间", "联结结束时间", "企业编号", "龙头企业级别",
             "是否签订购销合同", "合同开始时间", "合同结束时间"],
            [OTHER, "C1", "2022-01-01", "9999-12-31", "E1", "县级", "是", "2022-01-01", "9999-12-31"],
        ],
    )  # fmt: skip
    both = text(house / "c.csv", [HEADS, [PERSON, PERSON, "脱贫户", "户主"],
                                  [OTHER, OTHER, "脱贫户", "户主"]])  # fmt: skip
    more = ("--key", house / "key") if keyed else ()
    result = run("coverage", both, "--pack", "yunnan/dongchuan", "--as-of", "2024-12-31", "--register",
                 register, "--register-complete", "--format", "json", *more)  # fmt: skip
    assert result.exit_code == 0, result.output
    targets = {t["target"]: t for t in json.loads(result.stdout)["targets"]}
    figure = targets["double_binding_rate"]["figures"][0]
    assert figure["numerator"] == {"certain": "1", "possible": "1"}
    (lacking,) = figure["gap"]["lacking"]["listed"]
    assert lacking["record"] != "p2"
    assert (lacking["record"] == "p1") is not keyed


@pytest.mark.parametrize(
    ("given", "code"),
    [("no-such-file", "cannot_read"), ("short", "weak_key"), (".", "cannot_read")],
)
def test_a_bad_key_is_refused_and_never_repeated(house: Path, given: str, code: str) -> None:
    (house / "short").write_text("hunter2", "utf-8")
    result = run("tables", "map", house / "a.csv", "--key", house / given, "--lang", "en")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"--key: {code}: ")
    assert given not in result.stderr.removeprefix(f"--key: {code}: ") or given == "."
    assert "hunter2" not in result.output


def test_a_weak_key_of_the_environment(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_RULES_KEY", "hunter2")
    result = run("tables", "map", house / "a.csv")
    assert (result.exit_code, result.stderr) == (
        2, "POLICY_RULES_KEY: weak_key: 密钥须为 16 至 4096 个随机字符\n")  # fmt: skip


def test_batch_reads_columns_as_map_does(house: Path) -> None:
    text(house / "d.csv", [["户编号", "人编号", "家庭种类"], ["1", "1", "脱贫户"]])
    told = ("--column", "家庭种类=household.type")
    shown = run("tables", "map", house / "d.csv", *told, "--format", "json").stdout
    assert '"type"' in shown
    args = ("--pack", "yunnan/dongchuan", "--as-of", "2022-12-31", "--all")
    counts = []
    for more in ((), told):
        out = house / f"d{len(counts)}.parquet"
        assert run("batch", house / "d.csv", "-o", out, *args, *more).exit_code == 0
        counts.append(pl.read_parquet(out).filter(pl.col("verdict") == "UNKNOWN").height)
    assert counts[1] < counts[0]
    assert run("coverage", house / "d.csv", "--pack", "yunnan/dongchuan", "--as-of", "2024-12-31",
               *told, "--format", "json").exit_code == 0  # fmt: skip
