"""A disk that is full is told as ``cannot_write`` by every writer; what is there is whole, or not there at all.

Files may not grow beyond a limit (RLIMIT_FSIZE): a write that would fails as on a full disk.
"""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import attacked
import pytest

resource = pytest.importorskip("resource")
pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files"),
    # zipfile and tempfile complain of their own files that could not be closed
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
#: One of each kind of writer; all are tried at night.
SOME = [
    "batch-csv", "batch-xlsx", "coverage-xlsx", "impact-parquet", "diff-docx", "template", "synth-folder", "site",
    "map", "freeze",
]  # fmt: skip


@contextlib.contextmanager
def full(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = attacked.house(tmp_path_factory.mktemp("full"))
    # temporary files are looked for too: they hold households
    (folder / "tmp").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        yield filled(folder)


def filled(folder: Path) -> Path:
    """With a population and an export that has mistakes."""
    records = [attacked.family(i, **{"=note": "x"}) for i in range(40)]
    attacked.population(folder, [*records, attacked.family(40, size="x")])
    attacked.people(folder)
    return folder


def attempt(house: Path, name: str, size: int) -> None:
    """Run a writer on a full disk: it says so, and leaves no file that was not there, nor one changed."""
    for file in (house / "tmp").glob("openpyxl.*"):
        file.unlink()
    there = {n: (house / n).read_bytes() for n in attacked.left(house)}
    with full(size):
        result, path = attacked.run(house, name)
    gc.collect()
    assert result.exit_code == 2, (size, result.output, result.exception)
    assert "cannot_write: " in result.stderr
    # openpyxl takes its own away when the process ends
    found = {n for n in attacked.left(house) if not n.startswith("tmp/openpyxl.")}
    kept = {n: (house / n).read_bytes() for n in found}
    parts = {n for n in kept if ".parts/" in n}  # of a run that can be gone on with
    if name == "freeze":  # archives are whole, or not there; the index that names them comes last
        index = "rules/versions/sample/index.yaml"
        assert kept.get(index) == there.get(index)
        parts |= {n for n in kept if n.endswith(".tar.gz")}
    assert {n: b for n, b in kept.items() if n not in parts} == there
    assert parts <= kept.keys()
    for file in parts - there.keys():
        (house / file).unlink()
    attacked.remove(house / f"{path.name}.parts")


def whole(house: Path, name: str) -> int:
    """Run a writer; gives the size of its largest file."""
    before = attacked.left(house)
    result, _ = attacked.run(house, name)
    assert result.exit_code in (0, 1), result.output  # 1: something was found
    return max((house / file).stat().st_size for file in attacked.left(house) - before)


@pytest.mark.parametrize("name", SOME)
@pytest.mark.no_cover
def test_a_full_disk_is_told_and_leaves_what_was_there(house: Path, name: str) -> None:
    before = attacked.left(house)
    size = whole(house, name)
    if name == "freeze":  # what is frozen is not written again
        attacked.remove(house / "rules" / "versions")
    attempt(house, name, size // 2)
    for file in attacked.left(house) - before:
        (house / file).unlink()


@pytest.mark.nightly
@pytest.mark.parametrize("name", attacked.WRITERS)
def test_a_disk_full_at_any_size(house: Path, name: str) -> None:
    before = attacked.left(house)
    most = whole(house, name)
    sizes = (0, most // 4, most - 64)  # a workbook holds the time it was written: its size varies
    for size in () if name == "freeze" else sizes:
        attempt(house, name, size)
    for file in attacked.left(house) - before:
        (house / file).unlink()
    attacked.remove(house / attacked.WRITERS[name][1])
    for size in sizes:
        attempt(house, name, size)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
@pytest.mark.parametrize("form", ["json"])
def test_a_screen_that_takes_nothing_is_told(house: Path, form: str) -> None:
    command = ["packs", "--rules", str(house / "rules"), "--format", form, "--lang", "en"]
    script = "import sys; from policy_rules.cli.app import main; main()"
    with open("/dev/full", "w") as nowhere:
        done = subprocess.run(
            [sys.executable, "-c", script, *command],
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
    assert done.returncode == 2
    assert done.stderr == "cannot_write: this file cannot be written: No space left on device\n"
