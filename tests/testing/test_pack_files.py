"""Where cases and properties stand: one file, or a folder of them, found alike."""

from __future__ import annotations

from pathlib import Path

import attrs
import made_up
import pytest

from policy_rules.testing.files import documents_of


@pytest.mark.parametrize("stem", ["cases", "properties"])
def test_the_single_file_goes_before_those_of_the_folder(tmp_path: Path, stem: str) -> None:
    (tmp_path / stem).mkdir()
    for name in (f"{stem}/b.yaml", f"{stem}/a.yaml", f"{stem}.yaml", f"{stem}/notes.md"):
        (tmp_path / name).write_text("[]\n", "utf-8")
    pack = attrs.evolve(made_up.pack(), folder=str(tmp_path))
    named = [document.file for document in documents_of(pack, stem)]
    assert named == [f"{pack.id}/{stem}.yaml", f"{pack.id}/{stem}/a.yaml", f"{pack.id}/{stem}/b.yaml"]  # fmt: skip
    assert list(documents_of(attrs.evolve(pack, folder=""), stem)) == []
