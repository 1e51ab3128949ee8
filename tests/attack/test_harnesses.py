"""The harnesses of ``fuzz/`` on seeds that Hypothesis bends: the short form of coverage-guided fuzzing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from harnesses import HARNESSES
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from seeds import seeds, words

ROOT = Path(__file__).parents[2]
#: Examples for each in CI, where an example of some takes a millisecond, of others ten, and one of an ods a process.
EXAMPLES = {"pack": 20, "name": 20, "table": 25, "workbook": 20, "opendocument": 10, "options": 20}


@st.composite
def bent(draw: st.DrawFn, name: str) -> bytes:
    """A seed with a few pieces taken out, doubled, or replaced by what breaks readers."""
    data = draw(st.sampled_from(seeds(name)))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.sampled_from([0, 1, 2, 8, 40])))
        new = draw(
            st.sampled_from(words(name)) | st.binary(max_size=6) | st.just(data[start:end] * 3)
        )
        data = data[:start] + new + data[end:]
    return data


def check(name: str, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(bent(name))
    def only_documented_errors(data: bytes) -> None:
        HARNESSES[name](data)

    only_documented_errors()


@pytest.mark.parametrize("name", HARNESSES)
def test_only_documented_errors_come_out(name: str) -> None:
    check(name, EXAMPLES.get(name, 60))


@pytest.mark.nightly
@pytest.mark.parametrize("name", HARNESSES)
def test_only_documented_errors_come_out_of_many(name: str) -> None:
    check(name, 40 * EXAMPLES.get(name, 60))


@pytest.mark.parametrize("name", HARNESSES)
def test_what_fuzzing_begins_with_is_read(name: str) -> None:
    read = [HARNESSES[name](seed) for seed in seeds(name)]
    assert any(read)  # a harness that refuses everything tries nothing


@pytest.mark.nightly
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
@pytest.mark.parametrize("name", HARNESSES)
def test_fuzzing_finds_nothing(name: str, tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "fuzz" / "run.py", name, "--seconds", "60"]
    done = subprocess.run(
        [*command, "--work", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
