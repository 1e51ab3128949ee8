"""The pytest plugin, used from somebody else's repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from policy_rules.testing.cases import Runner

pytest_plugins = "pytester"

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "tests" / "proof" / "guangxi"


def project(folder: Path, expected: str) -> subprocess.CompletedProcess[str]:
    pack = folder / "packs" / "mine"
    (pack / "rules").mkdir(parents=True)
    for file in ("pack.yaml", "clauses.yaml", "parameters.yaml", "rules/rules.yaml"):
        (pack / file).write_text((PROOF / file).read_text("utf-8"), "utf-8")
    (pack / "cases.yaml").write_text(
        "cases:\n  - id: quarter\n    record: {size: 4, members: [{labour: ordinary}, {labour: none}]}\n"
        f"    as_of: 2022-12-31\n    expect: {{allowance: {expected}}}\n",
        "utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    env = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}  # another project's
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)


def test_cases_beside_a_pack_are_collected_and_pass(tmp_path: Path) -> None:
    result = project(tmp_path, "NO")
    assert result.returncode == 0, result.stdout
    assert "1 passed" in result.stdout


def test_a_case_that_does_not_hold_says_what_differs_and_where(tmp_path: Path) -> None:
    result = project(tmp_path, "YES")
    assert result.returncode == 1
    assert "cases.yaml:5:14: case_failed" in result.stdout
    assert "Traceback" not in result.stdout


# -- in this process: what is told of each kind of trouble ------------------------------------------

SAMPLE = ROOT / "tests" / "sample_project"


@pytest.fixture
def orchard(pytester: pytest.Pytester) -> pytest.Pytester:
    """The sample project as the folder pytest runs in."""
    shutil.copytree(SAMPLE, pytester.path, dirs_exist_ok=True)
    return pytester


def edit(project: pytest.Pytester, name: str, before: str, after: str) -> None:
    path = project.path / "packs" / "orchard" / name
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_inprocess("-q", "-rN", *arguments)


def test_a_sound_project_passes_and_its_properties_may_be_left_out(
    orchard: pytest.Pytester,
) -> None:
    run(orchard, "packs").assert_outcomes(passed=6)
    run(orchard, "packs", "-o", "policy_rules_samples=0").assert_outcomes(passed=3)


def test_a_failing_case_is_told_by_its_place_without_a_traceback(orchard: pytest.Pytester) -> None:
    edit(orchard, "cases.yaml", "training_first@m2: NO", "training_first@m2: YES")
    result = run(orchard, "packs", "-o", "policy_rules_samples=0")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*cases.yaml:15:7: case_failed: *training_first@m2*"])
    assert "Traceback" not in result.stdout.str()
    assert "policy_rules/testing" not in result.stdout.str()


def test_what_refutes_a_property_is_saved_where_that_was_asked_for(
    orchard: pytest.Pytester,
) -> None:
    edit(orchard, "rules/orchard.yaml", "pay: 3000", "pay: 3500")
    edit(orchard, "cases.yaml", "amount: 3000", "amount: 3500")
    plain = run(orchard, "packs")
    plain.assert_outcomes(passed=5, failed=1)
    plain.stdout.fnmatch_lines(["*property_failed: property subsidy_within_the_cap*"])
    assert "to be argued" not in plain.stdout.str()
    folder = orchard.path / "found"
    saving = run(orchard, "packs", "--policy-rules-save", str(folder))
    saving.stdout.fnmatch_lines(["saved, to be argued: *orchard_subsidy_within_the_cap_refuted*"])
    (file,) = folder.iterdir()
    case = file.read_text("utf-8")
    assert "area: 12" in case
    assert "property: subsidy_within_the_cap" in case


def test_a_test_of_ones_own_saves_what_it_drew_last_or_nothing(orchard: pytest.Pytester) -> None:
    folder = orchard.path / "found"
    own = orchard.path / "tests" / "test_orchard.py"
    drawing = own.read_text("utf-8").replace("<= 3000", "< 3000")
    own.write_text(drawing + "\n\ndef test_without_a_record():\n    raise ValueError\n", "utf-8")
    result = run(orchard, "tests", "--policy-rules-save", str(folder))
    result.assert_outcomes(passed=1, failed=2)
    assert [f.name for f in folder.iterdir()] == [
        "orchard_test_nobody_is_paid_for_more_than_ten_mu.yaml"
    ]
    assert "area: 10" in next(folder.iterdir()).read_text("utf-8")


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("rules/orchard.yaml", "when:", "whenn:", "unknown_key"),
        ("cases.yaml", "set: {", "sett: {", "unknown_key"),
        ("properties.yaml", "kind: monotone", "kind: monotonous", "not_allowed"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_while_collecting(
    file: str, before: str, after: str, told: str, orchard: pytest.Pytester
) -> None:
    edit(orchard, file, before, after)
    result = run(orchard, "packs")
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines([f"*{Path(file).name}:*: {told}: *"])
    assert "Traceback" not in result.stdout.str()


def test_an_error_of_the_library_itself_keeps_its_traceback(
    orchard: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object, case: object) -> None:
        raise RuntimeError("made for this test")

    monkeypatch.setattr(Runner, "run", broken)
    result = run(orchard, "packs/orchard/cases.yaml")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*def broken*", "E *RuntimeError: made for this test"])


@pytest.mark.parametrize("number", ["many", "-1", "1.5", ""])
def test_a_wrong_number_of_records_is_told_before_anything_runs(
    number: str, orchard: pytest.Pytester
) -> None:
    result = run(orchard, "-o", f"policy_rules_samples={number}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: policy_rules_samples is a number, 0 or more: {number}"])
