"""Somebody else's repository: their pack, their vocabulary, their own test, five lines of settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parents[1] / "sample_project"


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # -rN: with CI set, pytest repeats whole messages at the end
    command = [sys.executable, "-m", "pytest", "-q", "-rN", *arguments]
    env = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}  # another project's
    return subprocess.run(
        command, env=env, cwd=project, capture_output=True, text=True, check=False
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLE, tmp_path / "project"))


def test_it_needs_five_lines(project: Path) -> None:
    assert len((project / "pyproject.toml").read_text("utf-8").splitlines()) == 5
    result = run(project)
    assert result.returncode == 0, result.stdout
    assert "8 passed" in result.stdout  # three cases, three properties, two tests of their own


@pytest.mark.parametrize("ci", ["", "true"])  # Hypothesis and pytest do otherwise where CI is set
def test_a_planted_fault_is_found_made_small_and_saved(
    project: Path, ci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    rules = project / "packs" / "orchard" / "rules" / "orchard.yaml"
    rules.write_text(rules.read_text("utf-8").replace("pay: 3000", "pay: 3500"), "utf-8")
    cases = project / "packs" / "orchard" / "cases"
    result = run(project, "--policy-rules-save", str(cases))
    assert result.returncode == 1
    assert "property_failed: property subsidy_within_the_cap" in result.stdout
    assert "saved, to be argued" in result.stdout
    names = sorted(file.name for file in cases.iterdir())
    assert names == [
        "orchard_subsidy_within_the_cap_refuted.yaml",
        "orchard_test_nobody_is_paid_for_more_than_ten_mu.yaml",
    ]
    own = (cases / names[1]).read_text("utf-8")
    assert "orchard:" in own  # what the test needs, and nothing else
    assert "members:" not in own
    again = run(project, "packs/orchard/cases")
    assert again.returncode == 1
    assert "property_failed: property subsidy_within_the_cap" in again.stdout
    assert again.stdout.count("case_unargued:") == 2
    assert "Traceback" not in again.stdout


def test_a_wrong_setting_is_told(project: Path) -> None:
    result = run(project, "-o", "policy_rules_samples=many")
    assert result.returncode == 4
    assert "policy_rules_samples" in result.stderr
    fewer = run(project, "-o", "policy_rules_samples=0", "packs")
    assert "3 passed" in fewer.stdout
