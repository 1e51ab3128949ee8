"""The command line as staff use it: what is printed, and the exit code."""

from __future__ import annotations

import io
import json
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app
from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import Engine
from policy_rules.facts.record import Household
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.render import terminal
from policy_rules.render.locators import address, find, locator

ROOT = Path(__file__).parents[2]
FAMILY = ROOT / "examples" / "returning-family.yaml"
OVERLAY = ROOT / "examples" / "overlay-2022.yaml"
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


def record(folder: Path, **facts: object) -> Path:
    path = folder / "record.yaml"
    path.write_text(yaml.safe_dump(facts, allow_unicode=True), "utf-8")
    return path


@cache
def answer() -> tuple[Pack, Determination]:
    pack = load_pack("yunnan/dongchuan").with_overlay(OVERLAY)
    return pack, Engine(pack).evaluate(Household.load(FAMILY, pack.vocabulary))


def at_width(width: int) -> list[str]:
    """The default answer of the example as a terminal of that width shows it."""
    pack, result = answer()
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(terminal.determination(result, pack))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


# -- evaluate ---------------------------------------------------------------------------------------


def test_the_default_answer_is_chinese_with_measures_amounts_clauses_and_questions() -> None:
    out = run("evaluate", FAMILY).stdout
    for words in ("标识", "一次性10,000元", "三（四）第18条第4句", "最有用的待补资料", "可能符合"):
        assert words in out, words


@pytest.mark.parametrize("width", [100, 120, 140])
def test_the_default_answer_fits_on_a_screen(width: int) -> None:
    lines = at_width(width)
    assert len(lines) <= 45
    assert max(map(cell_len, lines)) <= width


@pytest.mark.parametrize("width", [60, 80, 100])
def test_names_and_locators_are_never_broken(width: int) -> None:
    words = set(re.split(r"[\s、，；：()。]+", "\n".join(at_width(140))))
    narrow = "\n".join(at_width(width))
    for name in ("father", "mother", "daughter", "son", "三（四）第18条第4句", "10,000元"):
        assert any(name in word for word in words)
        assert narrow.count(name) >= 1
    for line in narrow.splitlines():
        assert not re.search(r"（[一二三四五六七八]?\Z|第\d*\Z|[a-z]-\Z|\d,\Z", line), line
        assert not re.match(r"\s*[）、，；。：？”]", line), line
    assert max(map(cell_len, narrow.splitlines())) <= width


def test_headings_and_the_footer_count_the_same_things() -> None:
    out = run("evaluate", FAMILY, "--overlay", OVERLAY).stdout
    rows, findings_ = map(int, re.findall(r"给予、优先 \((\d+) 项，(\d+) 条判定\)", out)[0])
    section = out.split("给予、优先 (")[1].split("\n\n")[0].splitlines()[1:]
    assert rows == sum(not line.startswith(" ") for line in section)
    body = data("evaluate", FAMILY, "--overlay", OVERLAY)
    yes = [f for f in body["findings"] if f["verdict"] == "YES"]
    assert findings_ == sum(f["effect"] in ("granted", "preferred") for f in yes)
    contested = [f for f in body["findings"] if "contested" in f]
    telling = [
        f for f in contested if f["outcome"] == "flag" or f["effect"] in ("granted", "preferred")
    ]
    assert f"有争议 {len(contested)}(以上只列标识和给予、优先类 {len(telling)})" in out
    assert f"，{len(telling)} 条判定)" in out.split("取决于条款如何理解")[1].splitlines()[0]


def test_a_missing_fact_of_a_year_says_which(tmp_path: Path) -> None:
    path = record(tmp_path, region="530113", type="lifted", size=4)
    out = run("evaluate", path, "--as-of", "2023-12-31", "--all").stdout
    assert "2023年工资性收入" in out


def test_an_entity_is_called_by_its_kind(tmp_path: Path) -> None:
    path = record(tmp_path, kind="village", region="530113")
    out = run("evaluate", path, "--as-of", "2023-12-31", "--all").stdout
    assert "本村" in out
    assert not re.search(r"^ *village", out, re.M)
    assert "本户" not in out
    assert "2022年村级集体经济收入" in out


def test_rule_ids_are_printed_where_everything_is() -> None:
    assert "return_startup_subsidy" in run("evaluate", FAMILY, "--all").stdout
    assert "return_startup_subsidy" not in run("evaluate", FAMILY).stdout


def test_json_carries_the_caution() -> None:
    assert "由有关部门决定" in data("evaluate", FAMILY)["caution"]["zh"]


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
    assert (
        "文件有效期 2022-01-01 – 2024-12-31。该日期不在本文件的有效期内，请查阅现行文件。"
        in result.stdout
    )
    assert "not_in_force" in result.stdout
    body = data("evaluate", FAMILY, "--as-of", "2025-06-30")
    assert {f["status"] for f in body["findings"]} == {"not_in_force"}
    assert {f["verdict"] for f in body["findings"]} == {None}


def test_a_day_before_the_issue_is_told_once_at_the_head() -> None:
    """Dongchuan's plan runs from January 2022 and was issued in September."""
    out = run("evaluate", FAMILY, "--as-of", "2022-03-01", "--all").stdout
    assert out.count("自印发日2022年9月19日起") == 1
    assert "按那种读法，该日不在有效期内" in out
    later = run("evaluate", FAMILY, "--all").stdout
    assert "自印发日2022年9月19日起" not in later


def test_a_document_without_a_code_of_its_own_says_so(tmp_path: Path) -> None:
    path = record(tmp_path, region="530926101", type="lifted")
    args = ("evaluate", path, "--as-of", "2023-12-01")
    assert "文件没有本级行政区划代码" in run(*args, "--pack", "yunnan/mengyong").stdout
    refused = run(*args)
    assert refused.exit_code == 2
    assert "可能适用：yunnan/mengyong" in refused.stderr


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
    assert re.search(rf"(?:^| ){code}: ", result.stderr, re.M)


@pytest.mark.parametrize("form", ["json", "yaml"])
def test_errors_are_data_where_data_was_asked_for(tmp_path: Path, form: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(TEN_ERRORS, "utf-8")
    result = run("evaluate", path, "--format", form)
    assert result.exit_code == 2
    assert not result.stderr
    problems = yaml.safe_load(result.stdout)["problems"]
    assert len(problems) == 10
    assert problems[0]["code"] == "bad_date"
    assert problems[0]["place"]["line"] == 2
    assert set(problems[0]["message"]) == {"zh", "en"}


def test_lengths_of_withheld_texts_are_told_in_chinese(tmp_path: Path) -> None:
    path = record(tmp_path, as_of="2022-12-31", type="某某某某某某", size=10**40)
    result = run("evaluate", path)
    assert result.exit_code == 2
    assert "characters" not in result.stderr
    assert "digits" not in result.stderr


# -- explain, replay -----------------------------------------------------------------------------------


def test_explain_tells_every_line_the_values_and_the_distance_from_the_edge() -> None:
    out = run("explain", FAMILY, "one_to_one_support").stdout
    assert "2022年人均纯收入：10,300元/人" in out
    assert "一对一帮扶收入线：11,000元/人" in out
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


def told(out: str) -> set[str]:
    return set(re.findall(r"@(\w+)$", out, re.M))


def test_a_rule_may_be_named_by_its_label_or_part_of_it() -> None:
    by_id = run("explain", FAMILY, "return_startup_subsidy").stdout
    for name in (
        "返乡创业一次性补贴",
        "返乡创业一次性",
        "one-off subsidy for starting up on return",
    ):
        assert run("explain", FAMILY, name).stdout == by_id
    assert told(run("explain", FAMILY, "返乡创业一次性@father").stdout) == {"father"}
    several = run("explain", FAMILY, "补贴")
    assert several.exit_code == 2
    assert "返乡创业一次性补贴" in several.stderr


def test_of_several_members_those_that_tell_most_are_explained() -> None:
    out = run("explain", FAMILY, "return_startup_subsidy").stdout
    assert told(out) == {"daughter"}
    assert "另有 3 名成员：待定 3(--all 全部显示)" in out
    every = run("explain", FAMILY, "return_startup_subsidy", "--all").stdout
    assert told(every) == {"father", "mother", "daughter", "son"}


def test_explanations_speak_in_words() -> None:
    out = run("explain", FAMILY, "return_startup_subsidy@father").stdout
    assert "吸纳就业人数：未登记" in out
    for raw in ("0 … 100000", "9999-12-31", "∞", "member.startup", " ?", "YES"):
        assert raw not in out, raw
    assert "● 决定结论的条件" in out
    conditions, _, amount = out.partition("\n金额\n")
    assert "不少于5人" in amount
    assert "不少于5人" not in conditions
    coded = run("explain", FAMILY, "return_startup_subsidy@father", "--expressions").stdout
    assert "member.startup.employees >= 3" in coded


def test_replay_wants_the_key_the_receipt_was_made_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt, key = tmp_path / "answer.json", tmp_path / "key"
    key.write_text("a secret of our house\n", "utf-8")
    keyed = run("evaluate", FAMILY, "--format", "json", "--key", key)
    receipt.write_text(keyed.stdout, "utf-8")
    other = run("replay", receipt, FAMILY)
    assert other.exit_code == 1
    assert "可能是密钥不同" in other.stdout
    assert "another key" in run("replay", receipt, FAMILY, "--lang", "en").stdout
    assert run("replay", receipt, FAMILY, "--key", key).exit_code == 0
    monkeypatch.setenv("POLICY_RULES_KEY", "a secret of our house")
    assert run("replay", receipt, FAMILY).exit_code == 0


def test_replay_asks_for_the_overlay_of_then(tmp_path: Path) -> None:
    receipt = tmp_path / "answer.json"
    receipt.write_text(
        run("evaluate", FAMILY, "--format", "json", "--overlay", OVERLAY).stdout, "utf-8"
    )
    result = run("replay", receipt, FAMILY)
    assert result.exit_code == 1
    assert "请按原来的顺序给出同样的 --overlay" in result.stdout
    assert "规则包或事实词典已有改动" not in result.stdout
    assert run("replay", receipt, FAMILY, "--overlay", OVERLAY).exit_code == 0


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


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_locator_printed_is_understood(lang: str) -> None:
    pack, _ = answer()
    for clause in pack.clauses:
        for one in (clause, clause.partition("#")[0]):
            said = locator(one, lang)  # type: ignore[arg-type]
            assert address(said) == one
            assert find(said, pack.clauses) == find(f" {said} ", pack.clauses) == one


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("三（四）第18条第4句", "三(四)18#4"),
        ("三（四）第 18 条", "三(四)18"),
        ("三(四)18", "三(四)18"),
        ("三（四）18＃4", "三(四)18#4"),
        ("第18条第4句", "三(四)18#4"),
        ("三(四)18, statement 4", "三(四)18#4"),
        ("三（四）第18条标题", "三(四)18#0"),
    ],
)
def test_a_clause_may_be_written_as_people_write_it(written: str, meant: str) -> None:
    assert find(written, answer()[0].clauses) == meant
    shown = data("ledger", "yunnan/dongchuan", "--clause", written)["clauses"]
    assert all(c["id"] == meant or c["id"].startswith(f"{meant}#") for c in shown)
    assert shown


def test_an_unknown_clause_is_an_error_with_the_nearest() -> None:
    result = run("ledger", "yunnan/dongchuan", "--clause", "三（四）第118条")
    assert result.exit_code == 2
    assert "unknown_clause" in result.stderr
    assert "是否想写 `三(四)18`" in result.stderr


def test_the_ledger_speaks_chinese_and_names_what_encodes_a_statement() -> None:
    out = run("ledger", "yunnan/dongchuan", "--clause", "三(四)18").stdout
    assert "规则：返乡创业一次性补贴 return_startup_subsidy" in out
    assert re.search(r"复核：.*已复读 \d+", out)
    assert "{" not in out
    assert "read a second time" in run("ledger", "yunnan/dongchuan", "--lang", "en").stdout


def test_targets_are_listed_with_figures_years_and_clauses() -> None:
    body = {t["target"]: t for t in data("targets", "yunnan/dongchuan")}
    rate = body["double_binding_rate"]
    assert rate["figures"][0]["value"] == "0.95"
    assert rate["clauses"] == ["三(一)9#36"]
    out = run("targets", "yunnan/dongchuan").stdout
    assert "到 2024-12-31 ≥ 95%" in out
    assert "double_binding_rate" in out


def test_facts_are_listed_where_they_stand_in_a_record() -> None:
    body = {f"{f['record']}.{f['fact']}": f for f in data("facts")}
    for fact, path in {
        "household.size": "size",
        "income_year.wage": "incomes.<year>.wage",
        "member.startup.employees": "members[].startup.employees",
        "cooperative_link.running": "cooperative_links[].running",
        "work_spell.from": "members[].work_spells[].from",
    }.items():
        assert body[fact]["paths"] == [path]
    assert body["relief.kind"]["paths"] == ["reliefs[].kind", "members[].reliefs[].kind"]
    out = run("facts", "--pack", "yunnan/dongchuan").stdout
    assert "incomes.<年>.wage" in out
    assert "marginal(边缘易致贫户)" in out
    assert "是/否" in out
    assert "…" not in out
    assert " bool" not in out


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
    pack = tmp_path / "rules" / "proof" / "guangxi"
    (pack / "rules").mkdir(parents=True)
    proof = ROOT / "tests" / "proof" / "guangxi"
    for file in ("pack.yaml", "clauses.yaml", "parameters.yaml", "rules/rules.yaml"):
        (pack / file).write_text((proof / file).read_text("utf-8"), "utf-8")
    (pack / "cases.yaml").write_text(
        "cases:\n  - id: wrong\n    record: {size: 4}\n    as_of: 2022-12-31\n"
        "    expect: {allowance: YES}\n",
        "utf-8",
    )
    result = run("check", "proof/guangxi", "--rules", tmp_path / "rules", "--lang", "en")
    assert result.exit_code == 1
    assert "case_failed" in result.stdout
    assert "leaf_never_decided" in result.stdout


def test_check_of_a_folder_checks_its_packs_alone(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    empty = run("check", "--rules", rules)
    assert empty.exit_code == 2
    assert "unknown_pack" in empty.stderr
    shutil.copytree(ROOT / "tests" / "proof" / "guangxi", rules / "proof" / "guangxi")
    result = run("check", "--rules", rules, "--format", "json")
    assert [p["pack"] for p in json.loads(result.stdout)] == ["proof/guangxi"]
