"""Where the rules are: ``--rules``, ``POLICY_RULES_PATH``, the wheel, the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = "POLICY_RULES_PATH"


def rules_folder() -> Path:
    """The folder of built-in packs: packaged as ``policy_rules/_rules``, else of the checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_rules"
    return packaged if packaged.is_dir() else here.parent / "rules"


def search_path(extra: Path | None = None) -> tuple[Path, ...]:
    """Folders to look for packs in, first wins: ``extra``, ``POLICY_RULES_PATH``, the built-in one."""
    listed = [Path(p) for p in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if p]
    return tuple(([extra] if extra else []) + listed + [rules_folder()])


def files_of(folder: Path, stem: str) -> list[Path]:
    """``STEM.yaml`` and ``STEM/*.yaml`` of a pack's folder: any file of a pack may be a folder of files."""
    single = folder / f"{stem}.yaml"
    return ([single] if single.is_file() else []) + sorted((folder / stem).glob("*.yaml"))
