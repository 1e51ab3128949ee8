"""The virtual environments the engines run in, made when first needed."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]


def python(cache: Path, engine: str) -> Path:
    """The interpreter of an engine's environment."""
    if engine == "PolicyEngine-core":
        return _environment(
            cache, "policyengine", ["-r", str(HERE / "requirements-policyengine.txt")]
        )
    wanted = ["-r", str(HERE / "requirements.txt"), "-e", f"{ROOT}[tables]"]
    return _environment(cache, "peers", wanted)


def _environment(cache: Path, name: str, wanted: list[str]) -> Path:
    folder = cache / name
    found = folder / "bin" / "python"
    if not (folder / "done").is_file():
        print(f"installing {name} into {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([found, "-m", "pip", "install", "-q", *wanted], check=True)
        (folder / "done").touch()
    return found
