"""diff --git: what changed since a commit, told from git's objects; nothing in the work tree is touched."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from bad_versions import git, rules_with
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app
from policy_rules.diff.git import PackChange, RepositoryDiff, diff_repository
from policy_rules.packs.registry import load_pack
from policy_rules.packs.versions import freeze
from policy_rules.paths import rules_folder
from policy_rules.render import gitdiff


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the made-up pack in ``rules``, one commit."""
    rules_with(tmp_path / "repo" / "rules")
    return committed(tmp_path / "repo")


def committed(folder: Path) -> Path:
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "trunk")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "state")
    return folder


def edit(repository: Path, old: str, new: str, file: str = "rules/rules.yaml") -> None:
    path = repository / "rules" / "sample" / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def since(repository: Path, base: str = "HEAD") -> RepositoryDiff:
    return diff_repository(base, repository / "rules")


def only(report: RepositoryDiff) -> PackChange:
    (pack,) = report.packs
    return pack


def run(repository: Path, *args: object) -> Result:
    given = ("diff", "--git", "HEAD", "--rules", repository / "rules", "--no-meaning")
    return CliRunner().invoke(app, [str(a) for a in (*given, *args)])


def test_nothing_changed_is_one_line_a_pack(repository: Path) -> None:
    report = since(repository)
    assert (only(report).what, report.changed) == ("unchanged", False)
    assert gitdiff.markdown(report, "zh").splitlines()[-1] == "- `sample`: 没有改动"
    assert run(repository, "--exit-code").exit_code == 0


def test_a_moved_line_is_told_with_both_figures_and_what_else_moves_by_it(repository: Path) -> None:
    edit(repository, "< 8000", "<= 8001")
    report = since(repository)
    pack = only(report)
    assert (pack.what, pack.raised) == ("changed", False)
    assert pack.diff is not None
    (concept,) = pack.diff.concepts
    (pair,) = concept.pairs
    assert pair.differs == ("line", "condition")
    text = run(repository, "--lang", "en").stdout
    assert "| line | " in text
    assert "8,000" in text
    assert "8,001" in text
    assert "version still 1.0.0: not raised" in text
    assert "public_post" not in text


def test_with_the_solver_a_comparator_that_moved_has_a_household_exactly_at_the_line(
    repository: Path,
) -> None:
    pytest.importorskip("z3")
    edit(repository, "< 8000", "<= 8000")
    text = run(repository, "--meaning", "--lang", "en").stdout
    assert "A is narrower than B" in text
    assert "YES of B only" in text
    assert "net income per person: 8,000 yuan" in text
    (pair,) = json.loads(run(repository, "--meaning", "--format", "json").stdout)["packs"][0][
        "pairs"
    ]
    assert pair["meaning"]["relation"] == "narrower"


def test_the_work_tree_and_the_index_stay_as_they_are(repository: Path) -> None:
    edit(repository, "< 8000", "< 9000")

    def state() -> list[tuple[str, bytes]]:
        return [(str(p), p.read_bytes()) for p in sorted(repository.rglob("*")) if p.is_file()]

    before = state()
    since(repository)
    assert state() == before


def test_another_way_to_write_the_same_is_told_as_that(repository: Path) -> None:
    edit(
        repository,
        "when: income(2022).net_per_capita < 8000",
        "when:\n    all:\n      - income(2022).net_per_capita < 8000",
    )
    pack = only(since(repository))
    assert pack.diff is not None
    assert (pack.diff.concepts, pack.rewritten) == ((), ("focus_household",))
    assert "写法有改动，意思相同：focus_household" in gitdiff.markdown(since(repository), "zh")


def test_files_that_decide_nothing_change_nothing(repository: Path) -> None:
    (repository / "rules" / "sample" / "cases.yaml").write_text("cases: []\n", "utf-8")
    report = since(repository)
    assert (only(report).what, only(report).others, report.changed) == ("unchanged", 1, False)


def test_packs_that_come_and_go(repository: Path) -> None:
    folder = repository / "rules" / "sample"
    folder.rename(repository / "rules" / "other")
    path = repository / "rules" / "other" / "pack.yaml"
    path.write_text(path.read_text("utf-8").replace("id: sample", "id: other"), "utf-8")
    report = since(repository)
    assert {p.name: p.what for p in report.packs} == {"other": "added", "sample": "removed"}
    text = gitdiff.markdown(report, "zh")
    assert "新增规则包" in text
    assert "删去规则包" in text
    assert run(repository, "--exit-code").exit_code == 1


def test_a_new_rule_a_dropped_one_and_a_renamed_one(repository: Path) -> None:
    edit(repository, "id: public_post", "id: post")
    edit(
        repository,
        "- id: focus_household",
        "- id: extra\n  concept: startup_subsidy\n  outcome: measure\n  effect: granted\n  subject: household\n"
        '  label: {zh: 新, en: new}\n  clauses: ["2#2"]\n  force: must\n  when: household.dibao\n'
        "- id: focus_household",
    )
    pack = only(since(repository))
    assert pack.diff is not None
    told = {c.concept.id: c for c in pack.diff.concepts}
    assert [p.thing.id for p in told["startup_subsidy"].only_right] == ["extra"]
    assert set(told) == {"startup_subsidy"}  # the renamed rule says what it said


def test_the_vocabulary_of_the_base_is_the_one_the_base_is_read_with(repository: Path) -> None:
    words = repository / "rules" / "vocabulary"
    words.mkdir()
    for name in ("facts.yaml", "concepts.yaml"):
        (words / name).write_bytes((rules_folder() / "vocabulary" / name).read_bytes())
    committed(repository)
    facts = (words / "facts.yaml").read_text("utf-8")
    mark = "\n  household:\n"
    at = facts.index("    facts:\n", facts.index(mark, facts.index("\nkinds:"))) + len(
        "    facts:\n"
    )
    fact = (
        "      asked_now:\n        type: bool\n        label: {zh: 新项, en: new item}\n"
        "        question: {zh: 是否？, en: Is it?}\n        ask: household\n"
    )
    (words / "facts.yaml").write_text(facts[:at] + fact + facts[at:], "utf-8")
    edit(repository, "< 8000", "< 8000 and household.asked_now")
    report = since(repository)
    (entry,) = report.vocabulary.entries
    assert (entry.kind, entry.name, entry.what) == ("fact", "household.asked_now", "added")
    assert only(report).what == "changed"
    assert only(report).facts == ("household.asked_now",)
    text = gitdiff.markdown(report, "en")
    assert "| fact | household.asked_now | new |" in text
    assert "新项" in gitdiff.markdown(report, "zh") or "asked_now" in text

    committed(repository)
    (words / "facts.yaml").write_text(facts, "utf-8")  # the fact goes again, and the rule with it
    edit(repository, " and household.asked_now", "")
    (gone,) = since(repository).vocabulary.entries
    assert gone.what == "removed"


def test_a_base_that_cannot_be_read_is_told_and_a_pack_that_cannot_as_it_stands_is_an_error(
    repository: Path,
) -> None:
    edit(repository, "force: must", "force: perhaps")
    committed(repository)
    edit(repository, "force: perhaps", "force: must")
    pack = only(since(repository))
    assert pack.what == "unreadable"
    assert {p.code for p in pack.problems} == {"not_allowed"}
    assert str(pack.problems[0].place).startswith("HEAD:sample/rules/rules.yaml:")
    edit(repository, "force: must", "force: maybe")
    assert run(repository).exit_code == 2


def test_frozen_versions_and_the_folder_itself_may_be_new(repository: Path) -> None:
    rules = repository / "rules"
    freeze(load_pack("sample", rules), rules)
    assert not since(repository).changed
    other = repository / "more"
    rules_with(other)
    assert [p.what for p in diff_repository("HEAD", other).packs] == ["added"]


def test_it_works_in_a_shallow_clone_that_has_the_base(repository: Path, tmp_path: Path) -> None:
    edit(repository, "< 8000", "< 9000")
    first = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    committed(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{repository}", str(clone))
    result = CliRunner().invoke(
        app, ["diff", "--git", first, "--rules", str(clone / "rules"), "--lang", "en"]
    )
    assert result.exit_code == 2
    assert "unknown_base" in result.output
    assert "git fetch --depth=1 origin" in result.output
    git(repository, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(clone, "fetch", "-q", "--depth=1", "origin", first)
    assert only(diff_repository(first, clone / "rules")).what == "changed"


@pytest.mark.parametrize("base", ["--all", "-n1", "HEAD:rules", "", "HEAD; true"])
def test_a_base_that_is_no_commit_is_never_an_option_of_git(base: str, repository: Path) -> None:
    with pytest.raises(LookupError, match="unknown_base"):
        since(repository, base)


def test_without_a_repository_or_without_git(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = rules_with(tmp_path / "rules")
    with pytest.raises(LookupError, match="no_repository"):
        diff_repository("HEAD", rules)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LookupError, match="no_repository"):
        diff_repository("HEAD", rules)


def test_forms_files_and_options(repository: Path, tmp_path: Path) -> None:
    edit(repository, "< 8000", "< 9000")
    body = json.loads(run(repository, "--format", "json").stdout)
    assert body["changed"] is True
    assert body["packs"][0]["pairs"][0]["differs"] == ["line", "condition"]
    path = tmp_path / "report.md"
    assert run(repository, "-o", path, "--exit-code").exit_code == 1
    assert path.read_text("utf-8") == run(repository).stdout
    assert run(repository, "-o", tmp_path / "report.xlsx").exit_code == 2
    both = CliRunner().invoke(app, ["diff", "guangxi", "tongren", "--git", "HEAD"])
    assert (both.exit_code, "conflicting_keys" in both.output) == (2, True)
    assert CliRunner().invoke(app, ["diff", "guangxi"]).exit_code == 2
