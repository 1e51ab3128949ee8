"""``policy-rules coverage`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app

HALF = {"from": "2022-01-01", "to": "9999-12-31"}
ENTERPRISE = {"contract": True, "enterprise": {"dragonhead_level": "county"}, **HALF}
LINK = {"entity_id": "C1", **HALF, "cooperative": {"enterprise_links": [ENTERPRISE]}}


def family(name: str, links: list[Any] | None) -> dict[str, Any]:
    body = {"id": name, "type": "lifted", "region": "530113"}
    return body if links is None else {**body, "cooperative_links": links}


#: 8 of 10 lifted households are bound, one is not, of one it is not known.
HOUSEHOLDS = [
    *(family(f"b{i}", [LINK]) for i in range(8)),
    family("lacking", []),
    family("open", None),
]
VILLAGE = {"kind": "village", "id": "v1", "administrative": True}


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "households.jsonl"
    path.write_text("".join(json.dumps(h) + "\n" for h in HOUSEHOLDS), "utf-8")
    return path


def run(*args: object) -> Result:
    named = [*args, "--pack", "yunnan/dongchuan", "--as-of", "2024-12-31"]
    return CliRunner().invoke(app, ["coverage", *map(str, named)])


def rate(body: dict[str, Any]) -> dict[str, Any]:
    found = next(t for t in body["targets"] if t["target"] == "double_binding_rate")
    figure: dict[str, Any] = found["figures"][0]
    return figure


def test_the_table(lines: Path) -> None:
    result = run(lines, "--target", "double_binding_rate", "--households")
    assert result.exit_code == 0, result.output
    assert "80%–90%" in result.stdout
    assert "8–9 / 10" in result.stdout
    # 0.95 * 10 = 9.5: 1 or 2 more
    assert "1–2户" in result.stdout
    assert "lacking" in result.stdout
    assert "本包采用的读法" in result.stdout
    result = run(lines, "--target", "double_binding_rate", "--lang", "en")
    assert "the reading in effect" in result.stdout
    assert "lacking" not in result.stdout


def test_json_on_the_screen_and_in_a_file(lines: Path, tmp_path: Path) -> None:
    body = json.loads(run(lines, "--format", "json").stdout)
    assert rate(body)["value"] == {"low": "0.8", "high": "0.9"}
    assert rate(body)["gap"]["lacking"]["listed"] == [{"record": "lacking"}]
    result = run(lines, "-o", tmp_path / "coverage.json")
    assert result.exit_code == 0
    assert json.loads((tmp_path / "coverage.json").read_text("utf-8")) == body
    assert sorted(p.name for p in tmp_path.iterdir()) == ["coverage.json", "households.jsonl"]


@pytest.mark.parametrize(
    ("name", "start"), [("c.xlsx", b"PK"), ("c.svg", b"<?xml"), ("c.png", b"\x89PNG")]
)
def test_files_by_their_ending(lines: Path, tmp_path: Path, name: str, start: bytes) -> None:
    result = run(lines, "-o", tmp_path / name)
    assert result.exit_code == 0, result.output
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_population_in_several_files(lines: Path, tmp_path: Path) -> None:
    villages = tmp_path / "villages.yaml"
    villages.write_text(yaml.safe_dump([VILLAGE]), "utf-8")
    body = json.loads(run(lines, villages, "--format", "json").stdout)
    assert body["records"] == {"household": 10, "village": 1}
    status = {t["target"]: t["status"] for t in body["targets"]}
    assert status["villages_income_floor_2022"] == "measured"
    assert status["townships_with_municipal_dragonhead"] == "no_records"


def test_bad_values_are_told_and_lose_no_household(lines: Path) -> None:
    text = lines.read_text("utf-8") + '{"id": "bad", "type": "nobody"}\n{broken\n'
    lines.write_text(text, "utf-8")
    result = run(lines, "--format", "json")
    assert result.exit_code == 0
    assert "households.jsonl:11" in result.stderr
    assert "households.jsonl:12" in result.stderr
    assert "户不丢弃" in result.stderr
    body = json.loads(result.stdout)
    assert body["records"] == {"household": 12}
    assert rate(body)["denominator"] == {"low": "10", "high": "12"}
    unknown = rate(body)["gap"]["unknown"]["listed"]
    assert [row["record"] for row in unknown] == ["open", "bad", "#12"]


def test_a_list_is_as_long_as_asked(lines: Path) -> None:
    body = json.loads(run(lines, "--format", "json", "--most", "0").stdout)
    gap = rate(body)["gap"]
    assert gap["lacking"] == {"count": 1, "not_listed": 1, "listed": []}


def test_other_regions_are_left_out_and_told(lines: Path) -> None:
    away = {**family("away", []), "region": "450102"}
    lines.write_text(lines.read_text("utf-8") + json.dumps(away) + "\n", "utf-8")
    result = run(lines, "--target", "double_binding_rate")
    assert "80%–90%" in result.stdout
    assert "1 条记录的地区不在本文件范围内" in result.stdout
    assert "8–9 / 11" in run(lines, "--target", "double_binding_rate", "--everywhere").stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--target", "double_binding_rat"), "unknown_target"),
        (("-o", "coverage.docx"), "not_allowed"),
        (("--overlay", "missing.yaml"), "cannot_read"),
    ],
)
def test_what_is_asked_wrongly(lines: Path, args: tuple[str, ...], code: str) -> None:
    result = run(lines, *args)
    assert result.exit_code == 2
    assert code in result.stderr


def test_a_bad_date(lines: Path) -> None:
    args = ["coverage", str(lines), "--pack", "guangxi", "--as-of", "2024-13-01"]
    result = CliRunner().invoke(app, args)
    assert result.exit_code == 2
    assert "bad_date" in result.stderr


def test_a_file_that_cannot_be_written_leaves_nothing(lines: Path, tmp_path: Path) -> None:
    target = tmp_path / "c.svg"
    target.mkdir()
    result = run(lines, "-o", target)
    assert result.exit_code == 2
    assert "cannot_write" in result.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c.svg", "households.jsonl"]


def test_a_spreadsheet_of_people(tmp_path: Path) -> None:
    sheet = tmp_path / "export.csv"
    sheet.write_text(
        "户编号,人编号,户类型,是否加入农民专业合作组织,是否有龙头企业带动,与户主关系\n"
        "H1,1,脱贫户,是,是,户主\n"
        "H1,2,脱贫户,是,是,配偶\n"
        "H2,1,脱贫户,否,否,户主\n",
        "utf-8",
    )
    body = json.loads(run(sheet, "--format", "json").stdout)
    assert body["records"] == {"household": 2}
    assert rate(body)["population"] == {"certain": 2, "unsure": 0}
    told = body["double_binding"]["rates"][0]
    assert told["bound"] == 0
    assert told["stages"]["unknown"]["count"] == 2
    assert told["only_two_cells"] == 1


def test_a_register_makes_the_double_binding(tmp_path: Path) -> None:
    sheet, register = tmp_path / "export.csv", tmp_path / "register.csv"
    sheet.write_text("户编号,人编号,户类型\nH1,1,脱贫户\nH2,1,脱贫户\n", "utf-8")
    register.write_text(
        "户编号,合作社编号,联结开始时间,联结结束时间,企业编号,是否签订购销合同,合同开始时间,合同结束时间\n"
        "H1,C1,2022-01-01,9999-12-31,E1,是,2022-01-01,9999-12-31\n",
        "utf-8",
    )
    given = (sheet, "--register", register, "--format", "json")
    body = json.loads(run(*given).stdout)
    # the register does not tell the grade of the enterprise, so H1 may be bound and may be not
    assert rate(body)["numerator"] == {"certain": "0", "possible": "2"}
    body = json.loads(run(*given, "--register-complete").stdout)
    assert rate(body)["value"] == {"low": "0", "high": "0.5"}
    gap = rate(body)["gap"]
    assert [row["record"] for row in gap["lacking"]["listed"]] == ["H2"]
    (open_,) = gap["unknown"]["listed"]
    assert open_["record"] == "H1"
    assert any(key.startswith("enterprise.dragonhead_level") for key in open_["missing"])
    graded = register.read_text("utf-8").replace("企业编号", "企业编号,龙头企业级别")
    register.write_text(graded.replace(",E1,", ",E1,市级,"), "utf-8")
    body = json.loads(run(*given, "--register-complete").stdout)
    assert rate(body)["value"] == {"low": "0.5", "high": "0.5"}
    assert rate(body)["numerator"] == {"certain": "1", "possible": "1"}


def test_entity_sheets_and_entity_records_resolve_links(tmp_path: Path) -> None:
    """The register says who is bound to whom, the enterprises' own records their grade."""
    from tables.workbook import sheet

    people = [["户编号", "人编号", "户类型"], ["H1", "1", "脱贫户"], ["H2", "1", "脱贫户"]]
    firms = [["企业编号", "龙头企业级别"], ["E1", "市级"]]
    villages = [["村编号", "行政村", "是否有农民专业合作社"], ["530113100201", "是", "是"]]
    book = sheet(tmp_path / "county.xlsx", {"人员": people, "龙头企业": firms, "行政村": villages})
    register = tmp_path / "register.csv"
    register.write_text(
        "户编号,合作社编号,联结开始时间,联结结束时间,企业编号,是否签订购销合同,合同开始时间,合同结束时间\n"
        "H1,C1,2022-01-01,9999-12-31,E1,是,2022-01-01,9999-12-31\n"
        "H2,C2,2022-01-01,9999-12-31,E2,是,2022-01-01,9999-12-31\n",
        "utf-8",
    )
    given = ("--register", register, "--register-complete", "--format", "json")
    body = json.loads(run(book, *given).stdout)
    assert body["records"] == {"enterprise": 1, "household": 2, "village": 1}
    # of E2 nobody has told the grade
    assert rate(body)["numerator"] == {"certain": "1", "possible": "2"}
    more = tmp_path / "firms.jsonl"
    more.write_text('{"kind": "enterprise", "id": "E2", "dragonhead_level": "none"}\n', "utf-8")
    body = json.loads(run(book, more, *given).stdout)
    assert rate(body)["numerator"] == {"certain": "1", "possible": "1"}
    alone = sheet(tmp_path / "firms.xlsx", {"龙头企业": [firms[0], ["E2", "县级"]]})
    body = json.loads(run(book, alone, *given).stdout)
    assert rate(body)["numerator"] == {"certain": "2", "possible": "2"}
