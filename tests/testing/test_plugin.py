"""The pytest plugin, used from somebody else's repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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
