"""The report of diff --git, line by line: parameters, definitions, dates, rules that come and go, the vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from bad_versions import git
from made_up import boats, texts

from policy_rules.diff.git import RepositoryDiff, diff_repository
from policy_rules.render import gitdiff

#: Sections the made-up pack does not have.
PARAMETERS: Final = """parameters:
  line:
    label: {zh: 收入线, en: income line}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {from: 2023-01-01, to: 2023-12-31, value: 8000}
      - {from: 2024-01-01, to: 2024-12-31, value: 8800}
  old_line:
    label: {zh: 旧线, en: old line}
    unit: yuan_per_person
    clauses: ["1#1"]
    values: [{from: 2023-01-01, to: 2024-12-31, value: 7000}]
"""
DEFINITIONS: Final = """definitions:
  low:
    label: {zh: 收入低, en: low income}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: income(2022).net_per_capita < param.line
"""
POPULATIONS: Final = """populations:
  lifted:
    label: {zh: 脱贫户, en: lifted}
    subject: household
    clauses: ["1#1"]
    when: household.type == lifted
"""


def sectioned() -> dict[str, str]:
    """The files of the made-up pack with its line in a parameter, its condition in a definition."""
    files = texts()
    files["parameters.yaml"], files["definitions.yaml"] = PARAMETERS, DEFINITIONS
    files["pack.yaml"] += POPULATIONS
    rules = files["rules/rules.yaml"]
    rules = rules.replace("household.type == lifted", "population.lifted")
    files["rules/rules.yaml"] = rules.replace("income(2022).net_per_capita < 8000", "defined.low")
    return files


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def committed(folder: Path) -> None:
    git(folder, "init", "-q", "-b", "trunk")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "state")


def since_then(tmp: Path, before: dict[str, str], after: dict[str, str]) -> RepositoryDiff:
    """What changed between two states of one pack."""
    written(tmp / "rules" / "sample", before)
    committed(tmp)
    written(tmp / "rules" / "sample", after)
    return diff_repository("HEAD", tmp / "rules")


def edited(files: dict[str, str], *edits: tuple[str, str, str]) -> dict[str, str]:
    after = dict(files)
    for name, old, new in edits:
        assert old in after[name], old
        after[name] = after[name].replace(old, new)
    return after


def told(report: RepositoryDiff) -> tuple[list[str], list[str]]:
    """The lines in Chinese and in English."""
    return gitdiff.markdown(report, "zh").splitlines(), gitdiff.markdown(report, "en").splitlines()


def test_a_line_that_moves_in_a_parameter_is_told_with_all_its_values(tmp_path: Path) -> None:
    before = sectioned()
    after = edited(
        before,
        ("parameters.yaml", "value: 8800", "value: 9000"),
        ("parameters.yaml", "  old_line:", "  new_line:"),
        ("pack.yaml", "version: 1.0.0", "version: 1.1.0"),
    )
    report = since_then(tmp_path, before, after)
    zh, en = told(report)
    was = "2023-01-01 – 2023-12-31: 8000; 2024-01-01 – 2024-12-31: 8800"
    now = "2023-01-01 – 2023-12-31: 8000; 2024-01-01 – 2024-12-31: 9000"
    assert f"| 收入线 (line) | {was} | {now} |" in zh
    assert f"| income line (line) | {was} | {now} |" in en
    assert "| 参数 | new_line | old_line | line |" in zh
    assert "| parameter | new_line | old_line | line |" in en
    assert "- 版本 1.0.0 → 1.1.0" in zh
    assert "- version 1.0.0 → 1.1.0" in en
    # the rule that reads it is told with the line it has now
    assert any("8,800" in line and "9,000" in line for line in zh)
    body = gitdiff.data(report)["packs"][0]
    assert body["sections"] == {
        "parameters": {"added": ["new_line"], "removed": ["old_line"], "changed": ["line"]}
    }
    assert (body["before"]["version"], body["after"]["version"]) == ("1.0.0", "1.1.0")


def test_a_relabelled_parameter_is_changed_but_has_no_row_of_values(tmp_path: Path) -> None:
    before = sectioned()
    after = edited(before, ("parameters.yaml", "zh: 旧线", "zh: 从前的线"))
    zh, en = told(since_then(tmp_path, before, after))
    assert "| 参数 |  |  | old_line |" in zh
    assert not any("从前的线" in line for line in zh)
    assert "- 规则和目标的意思没有变" in zh
    assert "- no rule or target says anything else" in en
    assert "没有影响结论的改动。" not in zh


def test_a_definition_is_told_as_encoded_where_its_condition_moved(tmp_path: Path) -> None:
    before = sectioned()
    after = edited(
        before,
        ("definitions.yaml", "< param.line", "<= param.line"),
        ("pack.yaml", "zh: 脱贫户", "zh: 已脱贫户"),
        ("clauses.yaml", '  - id: "二#0"\n    summary: {zh: 摘要', '  - id: "二#0"\n    summary: {zh: 另一'),
    )  # fmt: skip
    zh, en = told(since_then(tmp_path, before, after))
    value = "value: income(2022).net_per_capita"
    assert f"| 定义 low | {value} &lt; param.line | {value} &lt;= param.line |" in zh
    assert f"| definition low | {value} &lt; param.line | {value} &lt;= param.line |" in en
    # a population with another label is changed, but written as it was
    assert "| 人群 |  |  | lifted |" in zh
    assert not any(line.startswith("| 人群 lifted") for line in zh)
    assert "| 条款账 |  |  | 二标题 |" in zh
    assert "| clause ledger |  |  | 二, heading |" in en


def test_a_rule_of_the_same_words_is_told_where_the_population_it_names_is_another(
    tmp_path: Path,
) -> None:
    before = sectioned()
    wider = ("pack.yaml", "household.type == lifted", "household.type in {lifted, ordinary}")
    zh, en = told(since_then(tmp_path, before, edited(before, wider)))
    assert "- 重点帮扶户 `focus_household`: 字面未变，所引的定义或事实项有改动" in zh
    assert (
        "- focus household `focus_household`: the same words; a definition or fact they name changed"
        in en
    )
    row_ = "when: household.type == lifted | when: household.type in {lifted, ordinary} |"
    assert f"| 人群 lifted | {row_}" in zh
    assert f"| population lifted | {row_}" in en
    assert "- 规则和目标的意思没有变" not in zh


def test_dates_plan_period_and_region_that_move(tmp_path: Path) -> None:
    before = edited(
        texts(), ("pack.yaml", "  in_force:", "  plan_period: {from: 2021-01-01, to: 2025-12-31}\n  in_force:")
    )  # fmt: skip
    after = edited(
        before,
        ("pack.yaml", "in_force: {from: 2023-01-01, to: 2024-12-31", "in_force: {from: 2023-01-01, to: 2025-06-30"),
        ("pack.yaml", "to: 2025-12-31}\n  in_force", "to: 2026-12-31}\n  in_force"),
        ("pack.yaml", '["990101"]', '["990101", "990102"]'),
    )  # fmt: skip
    zh, en = told(since_then(tmp_path, before, after))
    assert "- 有效期: 2023-01-01 – 2024-12-31 → 2023-01-01 – 2025-06-30" in zh
    assert "- in force: 2023-01-01 – 2024-12-31 → 2023-01-01 – 2025-06-30" in en
    assert "- 方案期: 2021-01-01 – 2025-12-31 → 2021-01-01 – 2026-12-31" in zh
    assert "- plan period: 2021-01-01 – 2025-12-31 → 2021-01-01 – 2026-12-31" in en
    assert "- 地区代码: 990101 → 990101, 990102" in zh
    assert "- region codes: 990101 → 990101, 990102" in en
    assert "- 版本仍为 1.0.0，没有提高" in zh


def test_a_rule_that_goes_and_one_that_comes_are_told_with_kind_and_clause(tmp_path: Path) -> None:
    before = texts()
    after = edited(
        before,
        ("rules/rules.yaml", "concept: public_welfare_post", "concept: skills_training"),
        ("rules/rules.yaml", "- id: public_post", "- id: training"),
        ("rules/rules.yaml", "zh: 公益性岗位, en: public post", "zh: 技能培训, en: training course"),
        ("rules/rules.yaml", "when: any(m.labour in {ordinary, skilled} for m in members)", "when: household.dibao"),
    )  # fmt: skip
    report = since_then(tmp_path, before, after)
    zh, en = told(report)
    assert "- 删去: 公益性岗位 `public_post` (措施, 第2条第2句)" in zh
    assert "- 新增: 技能培训 `training` (措施, 第2条第2句)" in zh
    assert any(line.startswith("- removed: public post `public_post` (measure, ") for line in en)
    assert any(line.startswith("- new: training course `training` (measure, ") for line in en)
    body = gitdiff.data(report)["packs"][0]
    assert [p["id"] for p in body["removed"]] == ["public_post"]
    assert [p["id"] for p in body["added"]] == ["training"]


def test_where_two_readings_of_income_part_the_pair_says_they_cannot_be_compared(
    tmp_path: Path,
) -> None:
    before = texts()
    after = edited(
        before, ("rules/rules.yaml", "net_per_capita < 8000", "disposable_income_per_capita < 9000")
    )
    zh, en = told(since_then(tmp_path, before, after))
    assert "收入口径不同，不能直接比宽严" in zh
    assert any("income definition" in line and not line.startswith("|") for line in en)


def test_a_pack_that_could_not_be_read_is_listed_with_its_problems(tmp_path: Path) -> None:
    report = since_then(
        tmp_path, edited(texts(), ("rules/rules.yaml", "force: must", "force: perhaps")), texts()
    )
    zh, en = told(report)
    assert "- 原来的内容无法读取" in zh
    assert "- what it was cannot be read" in en
    assert any(line.startswith("    HEAD:sample/rules/rules.yaml:") for line in zh)
    problems = gitdiff.data(report)["packs"][0]["problems"]
    assert {p["code"] for p in problems} == {"not_allowed"}


def test_files_that_decide_nothing_are_counted_beside_what_changed(tmp_path: Path) -> None:
    after = edited(texts(), ("rules/rules.yaml", "< 8000", "< 9000"))
    after["cases.yaml"] = "cases: []\n"
    zh, en = told(since_then(tmp_path, texts(), after))
    assert "- 有改动(另有 1 个不影响结论的文件有改动)" in zh
    assert "- changed (1 files that decide nothing changed)" in en


def test_a_long_list_of_names_is_cut_and_the_rest_counted(tmp_path: Path) -> None:
    before = sectioned()
    many = "".join(
        f"  line_{n:02}:\n    label: {{zh: 线, en: line}}\n    unit: yuan\n"
        f'    clauses: ["1#1"]\n    values: [{{from: 2023-01-01, to: 2024-12-31, value: {n}}}]\n'
        for n in range(gitdiff.MOST + 3)
    )
    after = {**before, "parameters.yaml": PARAMETERS + many}
    zh, en = told(since_then(tmp_path, before, after))
    (row,) = (line for line in zh if line.startswith("| 参数 |"))
    assert row.endswith("line_11、另 3 项 |  |  |")
    assert any("line_11, 3 more |" in line for line in en)


# -- the vocabulary --------------------------------------------------------------------------------


CONCEPTS: Final = """topics:
  boats: {zh: 船, en: boats}
concepts:
  boats:
    topic: boats
    polarity: none
    must_agree: []
    label: {zh: 有船, en: has a boat}
    question: {zh: 谁有船？, en: who has a boat?}
"""


def with_words(tmp: Path, *edits: tuple[str, str]) -> RepositoryDiff:
    """What changes where the dictionary of the boats is edited."""
    rules = boats(tmp / "rules")
    words = rules / "vocabulary"
    (words / "concepts.yaml").write_text(CONCEPTS, "utf-8")
    facts = words / "facts.yaml"
    facts.write_text(facts.read_text("utf-8").replace("codes: {}", CODES), "utf-8")
    committed(tmp)
    for old, new in edits:
        for file in (facts, words / "concepts.yaml"):
            text = file.read_text("utf-8")
            if old in text:
                file.write_text(text.replace(old, new), "utf-8")
                break
        else:
            pytest.fail(f"{old} stands nowhere")
    return diff_repository("HEAD", rules)


CODES: Final = """codes:
  colour:
    label: {zh: 颜色, en: colour}
    values:
      red: {zh: 红, en: red, spellings: [红, 红色]}
      blue: {zh: 蓝, en: blue, spellings: [蓝]}"""


def row(lines: list[str], *starts: Any) -> str:
    (found,) = (line for line in lines if line.startswith("| " + " | ".join(starts)))
    return found


def test_what_decides_of_a_fact_is_told_aspect_by_aspect_and_the_pack_that_reads_it(
    tmp_path: Path,
) -> None:
    report = with_words(
        tmp_path,
        ("type: int\n        min: 0", "type: number\n        min: 0.5\n        unit: items"),
    )
    zh, en = told(report)
    told_ = row(zh, "事实项", "household.boats")
    assert "kind: int → number" in told_
    assert "unit: — → items" in told_
    assert "lo: 0 → 0.5" in told_
    assert row(en, "fact", "household.boats").endswith(told_.split("household.boats")[1])
    assert "- 用到有改动的事实项：household.boats" in zh
    assert "- reads facts that changed: household.boats" in en
    (entry,) = gitdiff.data(report)["vocabulary"]["entries"]
    assert entry["aspects"]["lo"] == ["0", "0.5"]
    json.dumps(gitdiff.data(report))


def test_codes_and_concepts_that_come_go_or_change(tmp_path: Path) -> None:
    report = with_words(
        tmp_path,
        ("      blue: {zh: 蓝, en: blue, spellings: [蓝]}", "      green: {zh: 绿, en: green, spellings: [绿]}"),
        ("polarity: none\n    must_agree: []", "polarity: wider_group_more_generous\n    must_agree: [window, population]"),
    )  # fmt: skip
    zh, en = told(report)
    assert row(zh, "代码", "colour.blue") == "| 代码 | colour.blue | 删去 |"
    assert row(zh, "代码", "colour.green") == "| 代码 | colour.green | 新增 |"
    assert row(en, "code", "colour.blue") == "| code | colour.blue | removed |"
    changed = row(en, "concept", "boats")
    assert "polarity: none → wider_group_more_generous" in changed
    assert "must_agree: — → window, population" in changed
    assert row(zh, "概念", "boats").endswith(changed.split("| boats")[1])


def test_words_alone_are_counted_and_decide_nothing(tmp_path: Path) -> None:
    report = with_words(
        tmp_path,
        ("[红, 红色]", "[红, 红色, 大红]"),
        ("en: how many boats?", "en: how many boats are there?"),
        ("en: has a boat}", "en: owns a boat}"),
    )
    assert (report.changed, report.vocabulary.wording) == (False, 3)
    zh, en = told(report)
    assert "另有 3 项只改了名称、问题或列名。" in zh
    assert "Of 3 more, labels, questions or headers alone changed." in en
    assert "没有影响结论的改动。" in zh
    assert "Nothing that decides has changed." in en
    assert not any(line.startswith("|") for line in zh)
