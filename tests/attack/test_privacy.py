"""Names and numbers of people, and what is recorded of a household, stay where they are.

A population full of marked values goes through every command; then all that was said, logged or written is
searched for the marks, packed files and temporary ones too.
"""

from __future__ import annotations

import csv
import io
import json
import logging
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attacked
import polars as pl
import pytest
from tables.workbook import number
from typer.testing import CliRunner, Result

from policy_rules import Engine, EvaluationError, PolicyRulesError, RecordError
from policy_rules.cli.app import app
from policy_rules.engine.durable.driver import RuleBase
from policy_rules.facts.dictionary import FactSpec, load_vocabulary
from policy_rules.facts.record import read_record
from policy_rules.facts.rows import plain
from policy_rules.tables import outputs
from policy_rules.tables.reading import read_population

IDENTITY = [number("19660211", i, "990101") for i in range(1, 9)]
#: What a person is known by. No part of it may be found anywhere.
PRIVATE = [
    "甄某甲", "甄某乙", "贾某丙", *IDENTITY, *(i[:17] for i in IDENTITY), f"{IDENTITY[0]}43", "13900007777",
    "6217009999888877776", "某巷七弄九号",
]  # fmt: skip
#: What is recorded of households, rightly; no error or log repeats it.
RECORDED = ["31337", "27182", "1966", "0211"]
HEADS = [
    "户编号", "户主姓名", "户主证件号码", "户类型", "年度家庭人口数", "2022年工资性收入", "2022年纯收入", "姓名", "证件类型",
    "证件号码", "与户主关系", "劳动技能", "残疾证号", "联系电话", "银行账号", "家庭住址", "备注",
]  # fmt: skip


def person(i: int, **cells: str) -> list[str]:
    row = {
        "户编号": "99010100001",
        "户主姓名": "甄某甲",
        "户主证件号码": IDENTITY[0],
        "户类型": "脱贫户",
        "年度家庭人口数": "2",
        "2022年工资性收入": "31,337",
        "2022年纯收入": "27182",
        "姓名": ("甄某甲", "甄某乙")[i % 2],
        "证件类型": "居民身份证",
        "证件号码": IDENTITY[i],
        "与户主关系": ("户主", "配偶")[i % 2],
        "劳动技能": "普通劳动力",
        "残疾证号": f"{IDENTITY[0]}43" if i == 0 else "",
        "联系电话": "13900007777",
        "银行账号": "6217009999888877776",
        "家庭住址": "某巷七弄九号",
        "备注": "甄某乙 13900007777",
    }
    return [str({**row, **cells}[h]) for h in HEADS]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with packs, an export of people and a file of records; temporary files go there too."""
    folder = attacked.house(tmp_path / "house")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.chdir(tmp_path)
    people = [
        person(0),
        person(1),
        # columns that slipped: a name, a number, a telephone where facts belong
        person(
            2, 户编号="99010100002", 户类型="贾某丙", 年度家庭人口数=IDENTITY[2], 劳动技能="甄某乙"
        ),
        person(
            3, 户编号="99010100002", **{"2022年纯收入": "13900007777", "与户主关系": "某巷七弄九号"}
        ),
        # and a household whose number is that of its head
        person(4, 户编号=IDENTITY[4], 户主证件号码=IDENTITY[4]),
        person(5, 户编号="", 户主证件号码=IDENTITY[5], 证件号码=IDENTITY[5][:17]),
    ]
    with (tmp_path / "people.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([HEADS, *people])
    wrong = {"incomes": {"甄某甲": {"net": 1}}, "type": "贾某丙", "甄某乙": IDENTITY[1]}
    wrong |= {"members": [{"id": "m1", "labour": "甄某乙", "姓名": "甄某甲", IDENTITY[2]: 1}]}
    attacked.population(
        tmp_path,
        [attacked.family(1, incomes={"2022": {"net": 31337}}), attacked.family(2, id=IDENTITY[3]), attacked.family(3, **wrong)],
    )  # fmt: skip
    return folder


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def bytes_of(path: Path) -> Iterator[str]:
    """What a file says, unpacked."""
    body = path.read_bytes()
    yield body.decode("utf-8", "replace")
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            yield from (book.read(n).decode("utf-8", "replace") for n in book.namelist())
    if body[:4] == b"PAR1":
        yield repr(pl.read_parquet(io.BytesIO(body)).to_dicts())
        yield repr(pl.read_parquet_schema(io.BytesIO(body)))


def searched(folder: Path, given: set[Path], marks: list[str]) -> list[tuple[str, str]]:
    """Files (all but those given) that hold a mark."""
    return [
        (path.name, mark)
        for path in folder.rglob("*")
        if path.is_file() and path not in given
        for text in bytes_of(path)
        for mark in marks
        if mark in text
    ]


COMMANDS = {
    "map": "tables map people.csv --errors o.xlsx",
    "map-json": "tables map people.csv --format json",
    "batch-csv": "batch people.csv --region 990101001001 --pack sample --missing -o o.csv",
    "batch-xlsx": "batch people.csv --region 990101001001 --pack sample --all -o o.xlsx",
    "batch-parquet": "batch people.csv --region 990101001001 --pack sample --wide -o o.parquet",
    "batch-strict": "batch people.csv --region 990101001001 --pack sample --strict -o o.parquet",
    "batch-records": "batch in.jsonl --pack sample -o o.csv",
    "coverage": "coverage in.jsonl --pack sample --households -o o.xlsx",
    "coverage-people": "coverage people.csv --pack sample --households --all",
    "impact": "impact other sample people.csv --region 990101001001 --all -o o.xlsx",
    "impact-parquet": "impact other sample in.jsonl -o o.parquet",
}


@pytest.mark.parametrize("lang", ["zh", pytest.param("en", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_said_logged_or_written_knows_anybody(
    house: Path, name: str, lang: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    folder = house.parent
    given = {p for p in folder.rglob("*") if p.is_file()}
    args = [*COMMANDS[name].split(), "--lang", lang]
    if not name.startswith("map"):
        args += ["--rules", str(house / "rules"), "--as-of", attacked.DAY]
    result = run(*args)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in ((2,) if name == "batch-strict" else (0, 1)), result.output
    said = result.stdout + result.stderr + caplog.text
    assert [mark for mark in [*PRIVATE, *RECORDED] if mark in said] == []
    written = {p for p in folder.rglob("*") if p.is_file()} - given
    assert written or "json" in name or name in ("batch-strict", "coverage-people")
    assert searched(folder, given, [*PRIVATE, *RECORDED[:2]]) == []
    assert not (folder / ".hypothesis").exists()


@pytest.mark.parametrize("output", ["o.xlsx", "o.parquet"])
def test_what_was_asked_for_is_found(house: Path, output: str) -> None:
    """Columns asked for are given back: the search finds in every kind of file."""
    given = {p for p in house.parent.rglob("*") if p.is_file()}
    command = "batch people.csv --region 990101001001 --pack sample --carry 备注 -o"
    args = ["--rules", house / "rules", "--as-of", attacked.DAY]
    assert run(*command.split(), output, *args).exit_code == 0
    assert {mark for _, mark in searched(house.parent, given, PRIVATE)} == {"甄某乙", "13900007777"}


def test_a_run_broken_off_leaves_nobodys_name(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    folder = house.parent
    given = {p for p in folder.rglob("*") if p.is_file()}
    monkeypatch.setattr(outputs, "write_csv", stop)
    result = run(
        *COMMANDS["batch-csv"].split(), "--rules", house / "rules", "--as-of", attacked.DAY
    )
    assert result.exit_code == 130
    parts = [p for p in folder.rglob("*") if ".parts" in str(p) and p.is_file()]
    assert {p.suffix for p in parts} >= {".json", ".parquet"}  # the manifest, and what was done
    assert searched(folder, given, [*PRIVATE, *RECORDED[:2]]) == []


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_a_receipt_a_snapshot_and_the_engine_know_nobody(
    house: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    plainly = RuleBase.run
    monkeypatch.setattr(
        RuleBase,
        "run",
        lambda self, facts: (seen.append(repr(dict(facts))), plainly(self, facts))[1],
    )
    from policy_rules import load_pack

    answering = Engine(load_pack("sample", house / "rules"), engine=engine)
    for record in read_population(house.parent / "people.csv", year=2022).records:
        seen.append(repr(plain(record.row)))
        result = answering.evaluate(record, as_of=attacked.DAY)
        receipt = result.receipt.as_dict()
        seen.append(json.dumps(receipt, ensure_ascii=False))
        assert not any(mark in seen[-1] for mark in RECORDED[:2])
    assert len(seen) > 6
    assert [m for m in PRIVATE if any(m in text for text in seen)] == []


def test_no_error_of_a_record_repeats_what_it_refuses() -> None:
    """Every fact of the dictionary with a name, a number of a person and a text where its value belongs."""
    vocabulary = load_vocabulary()
    asked = 0
    for kind in ("household", "village", "cooperative"):
        for spec in vocabulary.records[kind].facts.values():
            for value in (
                "甄某甲",
                IDENTITY[0],
                int(IDENTITY[0][:17]),
                "13900007777",
                ["甄某甲"],
                {"甄某甲": 1},
            ):
                try:
                    read_record(nested(kind, spec, value), vocabulary)
                except RecordError as error:
                    asked += 1
                    said = error.render("zh") + error.render("en")
                    said += json.dumps([p.as_dict() for p in error.problems], ensure_ascii=False)
                    assert [m for m in PRIVATE if m in said] == [], spec.path
    assert asked > 500


def nested(kind: str, spec: FactSpec, value: Any) -> dict[str, Any]:
    body: Any = value
    for step in reversed(spec.path.split(".")):
        body = {step: body}
    return {"kind": kind, "id": "h1", "size": 31337 if kind == "household" else None, **body}


def test_an_evaluation_that_fails_does_not_say_of_whom(
    house: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    from policy_rules import load_pack

    pack = load_pack("sample", house / "rules")
    record = attacked.family(1, incomes={"2022": {"net": 31337}})
    engine = Engine(pack, engine="auto")
    if "durable" not in engine.evaluate(record, as_of=attacked.DAY).receipt.engine:
        pytest.skip("durable_rules is not on this machine")
    plainly = RuleBase.run
    monkeypatch.setattr(
        RuleBase, "run", lambda self, facts: frozenset()
    )  # it finds nothing any more
    with pytest.raises(EvaluationError) as caught:
        engine.evaluate(attacked.family(2, incomes={"2022": {"net": 27182}}), as_of=attacked.DAY)
    monkeypatch.setattr(RuleBase, "run", plainly)
    assert isinstance(caught.value, PolicyRulesError)
    said = caught.value.render("zh") + caught.value.render("en") + caplog.text
    assert [m for m in (*PRIVATE, *RECORDED) if m in said] == []
