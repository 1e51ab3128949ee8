"""The command line as staff use it: what is printed, and the exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app

ROOT = Path(__file__).parents[2]
FAMILY = ROOT / "examples" / "returning-family.yaml"
RELOCATED = ROOT / "examples" / "relocated-family.yaml"
MONITORED = ROOT / "examples" / "monitored-family.yaml"


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


def data(*args: object) -> dict:
    result = run(*args, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def findings(path: Path, *args: object) -> dict[str, dict]:
    body = data("evaluate", path, *args)
    return {
        f"{f['rule']}@{f['subject']}" if f["subject"] else f["rule"]: f for f in body["findings"]
    }


# -- evaluate ---------------------------------------------------------------------------------------


def test_the_default_answer_is_chinese_with_measures_amounts_clauses_and_questions() -> None:
    out = run("evaluate", FAMILY).stdout
    for words in ("标识", "一次性10,000元", "三（四）第18条第4句", "最有用的待补资料", "可能符合"):
        assert words in out, words


def test_the_default_answer_fits_on_a_screen() -> None:
    assert len(run("evaluate", FAMILY).stdout.splitlines()) <= 60


def test_english_on_request() -> None:
    out = run("evaluate", FAMILY, "--lang", "en").stdout
    assert "may be eligible" in out
    assert "10,000 yuan once" in out
    assert "三(四)18, statement 4" in out


def test_json_and_yaml_hold_the_same() -> None:
    as_json = data("evaluate", FAMILY)
    as_yaml = yaml.safe_load(run("evaluate", FAMILY, "--format", "yaml").stdout)
    assert as_yaml == as_json
    assert as_json["receipt"]["pack"] == "yunnan/dongchuan"


def test_the_startup_subsidy_of_the_example_is_ten_thousand_once() -> None:
    found = findings(FAMILY)["return_startup_subsidy@daughter"]
    assert found["verdict"] == "YES"
    assert found["amount"] == {"kind": "stated", "unit": "yuan", "paid": "once", "value": "10000"}
    assert found["clauses"] == ["三(四)18#4"]


def test_a_lifted_household_and_a_monitored_one_are_kept_apart() -> None:
    found = findings(MONITORED)["one_to_one_support"]
    assert (found["verdict"], found["status"]) == ("NO", "outside_population")
    assert "lifted_household_includes_monitored" in [c["reading"] for c in found["contested"]]


def test_outside_the_plan_period_the_answer_is_not_in_force() -> None:
    result = run("evaluate", FAMILY, "--as-of", "2025-06-30")
    assert result.exit_code == 0
    assert "not_in_force" in result.stdout
    assert "请查阅现行文件" in result.stdout
    body = data("evaluate", FAMILY, "--as-of", "2025-06-30")
    assert {f["status"] for f in body["findings"]} == {"not_in_force"}
    assert {f["verdict"] for f in body["findings"]} == {None}


def test_an_overlay_supplies_what_the_document_leaves_open(tmp_path: Path) -> None:
    assert findings(RELOCATED)["below_district_average_focus"]["verdict"] == "UNKNOWN"
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(
        "pack: yunnan/dongchuan\nparameters:\n  district_average:\n"
        "    - {from: 2022-01-01, to: 2022-12-31, value: 13081}\n",
        "utf-8",
    )
    found = findings(RELOCATED, "--overlay", overlay)["below_district_average_focus"]
    assert found["verdict"] == "YES"


# -- bad input ----------------------------------------------------------------------------------------

TEN_ERRORS = """kind: household
as_of: 2022-13-45
typ: lifted
size: four
relocated: yes
incomes:
  2022: {wage: -5, wages: 3}
monitoring: {category: 边缘易致贫户}
members:
  - {labour: ordinray, birth_date: 2022-02-30}
  - {startup: {employees: 2.5}}
"""


def test_ten_errors_are_ten_lines_each_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(TEN_ERRORS, "utf-8")
    result = run("evaluate", path, "--lang", "en")
    assert result.exit_code == 2
    lines = [line.removeprefix(f"{path}:") for line in result.stderr.splitlines()]
    assert [line.split(": ")[:2] for line in lines] == [
        ["2:8", "bad_date"],
        ["3:1", "unknown_key"],
        ["4:7", "not_a_number"],
        ["5:12", "wrong_type"],
        ["7:16", "out_of_range"],
        ["7:20", "unknown_key"],
        ["8:24", "not_allowed"],
        ["10:14", "not_allowed"],
        ["10:36", "bad_date"],
        ["11:27", "wrong_type"],
    ]
    assert "did you mean `type`?" in lines[1]
    assert "did you mean `marginal`?" in lines[6]
    assert "did you mean `ordinary`?" in lines[7]


def test_errors_come_in_chinese_by_default(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("typ: lifted\n", "utf-8")
    result = run("evaluate", path, "--as-of", "2022-12-31")
    assert result.exit_code == 2
    assert "是否想写 `type`" in result.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("evaluate", "no-such-file.yaml"), "cannot_read"),
        (("evaluate", FAMILY, "--pack", "yunan/dongchuan"), "unknown_pack"),
        (("evaluate", FAMILY, "--pack", "../secret"), "bad_pack_name"),
        (("evaluate", FAMILY, "--as-of", "tomorrow"), "bad_date"),
        (("explain", FAMILY, "return_startup_subsidi"), "unknown_rule"),
    ],
)
def test_bad_input_exits_with_2_and_a_code(args: tuple[object, ...], code: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert f" {code}: " in result.stderr


# -- explain, replay -----------------------------------------------------------------------------------


def test_explain_tells_every_line_the_values_and_the_distance_from_the_edge() -> None:
    out = run("explain", FAMILY, "one_to_one_support").stdout
    assert "10300" in out
    assert "11000" in out
    assert "Δ -700" in out
    assert "摘要(非原文)" in out


def test_replay_proves_an_answer_and_notices_a_changed_record(tmp_path: Path) -> None:
    receipt = tmp_path / "answer.json"
    receipt.write_text(run("evaluate", FAMILY, "--format", "json").stdout, "utf-8")
    assert run("replay", receipt, FAMILY).exit_code == 0
    changed = tmp_path / "changed.yaml"
    changed.write_text(FAMILY.read_text("utf-8").replace("employees: 5", "employees: 4"), "utf-8")
    result = run("replay", receipt, changed)
    assert result.exit_code == 1
    assert "record_digest" in result.stdout
    assert "result_digest" in result.stdout


def test_replay_refuses_what_is_no_receipt(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}", "utf-8")
    assert run("replay", path, FAMILY).exit_code == 2


# -- packs, ledger, facts, check --------------------------------------------------------------------------


def test_packs_are_listed_with_their_dates() -> None:
    out = run("packs").stdout
    assert "yunnan/dongchuan@" in out
    assert "2022-01-01 – 2024-12-31" in out


def test_the_ledger_disposes_of_every_statement() -> None:
    result = run("ledger", "yunnan/dongchuan")
    assert result.exit_code == 0, result.stderr
    assert "编号条目 1–35，缺 无；未处理 0" in result.stdout
    assert "最长语句" in result.stdout


def test_one_item_of_the_ledger_is_shown_statement_by_statement() -> None:
    out = run("ledger", "yunnan/dongchuan", "--clause", "三(四)18", "--format", "json").stdout
    clauses = {c["id"]: c for c in json.loads(out)["clauses"]}
    assert "rules.return_startup_subsidy" in clauses["三(四)18#4"]["encoded_by"]


def test_the_schema_of_a_record_accepts_the_examples() -> None:
    schema = json.loads(run("facts", "--schema").stdout)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    for path in (FAMILY, RELOCATED, MONITORED):
        record = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
        assert record["kind"] == "household"
        body = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
        assert not list(validator.iter_errors(body))


def test_facts_can_be_narrowed_to_what_a_pack_needs() -> None:
    every = json.loads(run("facts", "--format", "json").stdout)
    needed = json.loads(run("facts", "--pack", "yunnan/dongchuan", "--format", "json").stdout)
    assert 0 < len(needed) < len(every)
    assert all(f["label"]["zh"] and f["question"]["en"] for f in every)


def test_check_exits_with_1_where_a_case_fails(tmp_path: Path) -> None:
    pack = tmp_path / "rules" / "mine"
    (pack / "rules").mkdir(parents=True)
    proof = ROOT / "tests" / "proof" / "guangxi"
    for file in ("pack.yaml", "clauses.yaml", "parameters.yaml", "rules/rules.yaml"):
        (pack / file).write_text((proof / file).read_text("utf-8"), "utf-8")
    (pack / "cases.yaml").write_text(
        "cases:\n  - id: wrong\n    record: {size: 4}\n    as_of: 2022-12-31\n"
        "    expect: {allowance: YES}\n",
        "utf-8",
    )
    result = run("check", "mine", "--rules", tmp_path / "rules", "--lang", "en")
    assert result.exit_code == 1
    assert "case_failed" in result.stdout
    assert "leaf_never_decided" in result.stdout
