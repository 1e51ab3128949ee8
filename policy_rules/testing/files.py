"""The files that stand beside the rules of a pack: its cases, its properties."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from policy_rules.packs.model import Pack
from policy_rules.paths import files_of
from policy_rules.yamldoc import Document, read_yaml


def documents_of(pack: Pack, stem: str) -> Iterator[Document]:
    """``STEM.yaml`` and ``STEM/*.yaml`` of a pack, read; none of a pack that is of no folder.

    Raises :class:`~policy_rules.errors.PackError` for a file that is no YAML.
    """
    if not pack.folder:
        return
    for path in files_of(Path(pack.folder), stem):
        yield read_yaml(path, f"{pack.id}/{path.relative_to(pack.folder).as_posix()}")
