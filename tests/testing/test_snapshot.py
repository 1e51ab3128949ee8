"""Snapshots: the same pack answers the same, a changed one is told rule by rule, with examples."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import mutants as made
import pytest
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app
from policy_rules.packs.loader import load_folder
from policy_rules.testing.recipe import Recipe
from policy_rules.testing.snapshot import compare, encoded, read, take

pytest.importorskip("polars")

BUILT_IN = Path(__file__).parents[2] / "rules"


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A rules folder with one pack, and its snapshot beside it."""
    made.written(tmp_path / "rules" / "sample")
    result = run(
        "snapshot", "sample", "--rules", tmp_path / "rules", "-n", 60, "-o", file(tmp_path)
    )
    assert result.exit_code == 0, result.output
    return tmp_path / "rules"


def file(folder: Path) -> Path:
    return folder / "snapshot.json"


def changed(rules: Path, name: str, old: str, new: str) -> None:
    path = rules / "sample" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_same_pack_answers_the_same(rules: Path, tmp_path: Path) -> None:
    result = run("regress", file(tmp_path), "--rules", rules)
    assert result.exit_code == 0, result.output
    assert "3 条规则的判定与快照一致（60 户，2024-12-31）" in result.output


def test_a_snapshot_is_the_same_bytes_again(tmp_path: Path) -> None:
    pack = load_folder(made.written(tmp_path))
    assert encoded([take(pack, households=20)]) == encoded([take(pack, households=20)])
    assert encoded([take(pack, households=20)]) != encoded([take(pack, households=20, seed=1)])


def test_what_is_kept(rules: Path, tmp_path: Path) -> None:
    """Counts, digests and outcomes; no record, and no value of one."""
    body = json.loads(file(tmp_path).read_text("utf-8"))["packs"]["sample"]
    assert set(body) == {
        "version", "digest", "vocabulary", "library", "seed", "households", "day", "recipe",
        "subjects", "rules",
    }  # fmt: skip
    focus = body["rules"]["focus_household"]
    assert sum(focus["verdicts"].values()) == 60
    assert {"YES", "NO"} <= set(focus["verdicts"])
    assert len(file(tmp_path).read_bytes()) < 8000


def test_one_yuan_is_seen(rules: Path, tmp_path: Path) -> None:
    changed(rules, "parameters.yaml", "value: 8000", "value: 8001")
    result = run("regress", file(tmp_path), "--rules", rules, "--lang", "en")
    assert result.exit_code == 1
    lines = " ".join(result.output.split())
    assert "focus_household:" in lines
    assert "NO → YES" in lines
    assert "example: synthetic household" in lines
    assert "household.incomes=" in lines
    assert "the findings of 1 of 3 rules moved" in lines


def test_a_yuan_at_a_line_that_a_definition_draws_is_seen(tmp_path: Path) -> None:
    """Guangxi's line of focus households stands in a parameter, the comparison in a definition."""
    (before,) = read(BUILT_IN / "guangxi" / "snapshot.json")
    for name in ("guangxi", "vocabulary"):
        shutil.copytree(BUILT_IN / name, tmp_path / name)
    line = tmp_path / "guangxi" / "parameters" / "7_focus.yaml"
    line.write_text(line.read_text("utf-8").replace("value: 10000}", "value: 10001}"), "utf-8")
    found = compare(before, load_folder(tmp_path / "guangxi"))
    assert "low_income_focus_household" in [m.rule for m in found.moved]


def test_examples_can_be_made_again(rules: Path, tmp_path: Path) -> None:
    changed(rules, "parameters.yaml", "value: 8000", "value: 8001")
    result = run("regress", file(tmp_path), "--rules", rules, "--format", "json")
    (body,) = json.loads(result.stdout)
    (moved,) = body["moved"]
    example = moved["examples"][0]
    assert example["before"][0] == "NO"
    assert example["after"][0] == "YES"
    assert str(example["record"]["incomes"]["2022"]["net_per_capita"]) in ("8000", "8000.01")
    (snapshot,) = read(file(tmp_path))
    number = int(example["record"]["id"].partition("-")[2])
    again = snapshot.recipe.record("household", snapshot.seed, number)
    assert json.loads(json.dumps(again, default=float)) == example["record"]


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("rules/rules.yaml", "pay: 300", "pay: 301", "YES 300 → YES 301"),
        ("rules/rules.yaml", 'clauses: ["1#1"]', 'clauses: ["1#2"]', "YES [1#1] → YES [1#2]"),
        ("rules/rules.yaml", "household.size + 1 > 6", "household.size + 1 > 4", "YES → NO"),
        (
            "rules/rules.yaml",
            "id: one_post_only",
            "id: another_post",
            "one_post_only: the rule is gone",
        ),
    ],
)
def test_what_moves_is_told(
    rules: Path, tmp_path: Path, name: str, old: str, new: str, told: str
) -> None:
    if "another" in new:
        changed(rules, "definitions.yaml", "one_post_only", "another_post")
    changed(rules, name, old, new)
    result = run("regress", file(tmp_path), "--rules", rules, "--lang", "en")
    assert result.exit_code == 1, result.output
    assert told in " ".join(result.output.split())


def test_a_change_of_the_vocabulary_is_seen(tmp_path: Path) -> None:
    """The records stay; a fact that is no longer known leaves nothing to say of them."""
    pack = load_folder(made.written(tmp_path))
    before = take(pack, households=20)
    facts = {r: tuple(f for f in fs if f.path != "size") for r, fs in before.recipe.facts.items()}
    other = take(pack, households=20, recipe=Recipe(pack.id, facts, {}, before.recipe.years, ()))
    assert other.rules["public_post"] != before.rules["public_post"]
    assert compare(before, pack).ok


def test_an_accepted_change_is_recorded(rules: Path, tmp_path: Path) -> None:
    changed(rules, "parameters.yaml", "value: 8000", "value: 8001")
    result = run(
        "regress",
        file(tmp_path),
        "--rules",
        rules,
        "--accept",
        "线提高一元",
        "--date",
        "2024-05-01",
    )
    assert result.exit_code == 0, result.output
    log = (rules / "sample" / "CHANGELOG.md").read_text("utf-8")
    assert "## 已确认的判定变化 Accepted changes of findings" in log
    assert "- 2024-05-01 1.0.0 → 1.0.0：线提高一元\n  - focus_household：" in log
    assert run("regress", file(tmp_path), "--rules", rules).exit_code == 0
    changed(rules, "parameters.yaml", "value: 8001", "value: 8002")
    run(
        "regress",
        file(tmp_path),
        "--rules",
        rules,
        "--accept",
        "再提高一元",
        "--date",
        "2024-05-02",
    )
    log = (rules / "sample" / "CHANGELOG.md").read_text("utf-8")
    assert log.index("再提高一元") < log.index("线提高一元")
    assert log.count("## 已确认") == 1


def test_a_changelog_that_is_no_utf8_is_told_and_nothing_is_written(
    rules: Path, tmp_path: Path
) -> None:
    changed(rules, "parameters.yaml", "value: 8000", "value: 8001")
    log = rules / "sample" / "CHANGELOG.md"
    log.write_bytes("# 更新\n线提高".encode("gb18030"))
    there = file(tmp_path).read_bytes()
    given = ("--rules", rules, "--accept", "x", "--date", "2024-05-01", "--lang", "en")
    result = run("regress", file(tmp_path), *given)
    assert result.exit_code == 2
    assert "CHANGELOG.md:1: not_utf8: " in result.output
    assert (log.read_bytes(), file(tmp_path).read_bytes()) == (
        "# 更新\n线提高".encode("gb18030"),
        there,
    )


def test_accepting_needs_a_date(rules: Path, tmp_path: Path) -> None:
    result = run("regress", file(tmp_path), "--rules", rules, "--accept", "x", "--lang", "en")
    assert result.exit_code == 2
    assert "the key `--date` is missing" in result.output


@pytest.mark.parametrize(
    "text", ["{}", "x", '{"format": 2, "packs": {}}', '{"format": 1, "packs": {"a": {}}}']
)
def test_what_is_no_snapshot(tmp_path: Path, text: str) -> None:
    file(tmp_path).write_text(text, "utf-8")
    result = run("regress", file(tmp_path), "--lang", "en")
    assert result.exit_code == 2
    assert "bad_snapshot: this is no snapshot of the form `1`" in result.output
