"""What stands beside the output of a run while it lasts: the manifest, the parts, their marks.

``OUT.parts/`` holds ``manifest.json`` (what the run is of), and for each range of records done the part
``00001.parquet`` and its mark ``00001.json`` (digest of the part, counts). A file is written under
another name, brought to the disk and then renamed; the mark comes last, so that a part with a mark is
whole whenever a run was broken off. Files already there are never changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import EvaluationError, Place, Problem, shown
from policy_rules.writing import write_whole, writing


def data_bytes(body: Mapping[str, Any]) -> bytes:
    """JSON for people and programs, the same for the same data."""
    return (json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


@attrs.define
class Workplace:
    """The folder of a run's parts.

    Use as a context: it holds the place against a second run at the same time.
    """

    output: Path
    _lock: Any = None

    @property
    def folder(self) -> Path:
        """``OUT.parts``"""
        return self.output.with_name(f"{self.output.name}.parts")

    @property
    def receipt(self) -> Path:
        """``OUT.run.json``: what the output was made from, and what was counted."""
        return self.output.with_name(f"{self.output.name}.run.json")

    def __enter__(self) -> Workplace:
        with writing(self.folder):
            self.folder.mkdir(exist_ok=True)
            self._lock = (self.folder / "lock").open("wb")
            try:
                import fcntl

                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:  # no such locks on this system
                pass
            except OSError:
                self._lock.close()
                detail = "another run is writing here"
                raise EvaluationError(
                    Problem("cannot_write", Place(str(self.output)), detail=detail)
                ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()
        if self.folder.exists() and not (self.folder / "manifest.json").exists():
            shutil.rmtree(self.folder, ignore_errors=True)  # nothing was begun

    # -- beginning and ending ----------------------------------------------------------------

    def begin(self, identity: Mapping[str, Any], *, resume: bool) -> None:
        """Start a run of ``identity``, or go on with the one that stands here.

        Raises :class:`~policy_rules.errors.EvaluationError`: ``run_unfinished`` where one stands here and
        ``resume`` was not asked for, ``run_differs`` where it is of other input or options.
        """
        manifest = self.folder / "manifest.json"
        if manifest.exists():
            place = Place(str(manifest))
            if not resume:
                raise EvaluationError(
                    Problem("run_unfinished", place, got=shown(str(self.folder), 200))
                )
            apart = differing(_loaded(manifest), identity)
            if apart:
                raise EvaluationError([Problem("run_differs", place, *told) for told in apart])
        else:
            write_whole(manifest, data_bytes(identity))

    def finished(self, identity: Mapping[str, Any]) -> dict[str, Any] | None:
        """What an earlier run of the same input and options counted, where its output stands."""
        if (self.folder / "manifest.json").exists() or not self.output.exists():
            return None
        body = _loaded(self.receipt)
        same = not differing(body.get("run") or {}, identity)
        found = body.get("output")
        size = found.get("bytes") if isinstance(found, dict) else None
        return body if same and size == self.output.stat().st_size else None

    def end(self) -> None:
        """Remove the parts: the output and its receipt stand."""
        gone = self.folder.with_name(f"{self.folder.name}.done")
        shutil.rmtree(gone, ignore_errors=True)
        with writing(self.folder):
            # renamed first: a run killed while it clears away has no parts that look unfinished
            self.folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)

    # -- parts -------------------------------------------------------------------------------

    def part(self, number: int) -> Path:
        """The part of a range."""
        return self.folder / f"{number:05d}.parquet"

    def mark(self, number: int) -> dict[str, Any]:
        """The mark of a range; empty where there is none."""
        return _loaded(self.part(number).with_suffix(".json"))

    def done(self, number: int) -> dict[str, Any] | None:
        """The mark of a range that is done and whose part is as it was written; else None."""
        mark = self.mark(number)
        try:
            whole = digest_of(self.part(number)) == mark.get("digest")
        except OSError:
            return None
        return mark if mark and whole else None

    def keep(self, number: int, body: bytes, mark: Mapping[str, Any]) -> dict[str, Any]:
        """Write a part, then its mark, which is returned."""
        marked = {**mark, "digest": hashlib.sha256(body).hexdigest()}
        write_whole(self.part(number), body)
        write_whole(self.part(number).with_suffix(".json"), data_bytes(marked))
        return marked


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def differing(
    one: Mapping[str, Any], other: Mapping[str, Any], path: str = ""
) -> list[tuple[str, str]]:
    """Where two identities differ: (what the first has, what the second has), each named."""
    found: list[tuple[str, str]] = []
    for key in sorted(one.keys() | other.keys()):
        a, b, name = one.get(key), other.get(key), f"{path}{key}"
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += differing(a, b, f"{name}.")
        elif a != b:
            found.append((shown(f"{name}: {_text(a)}", 200), shown(f"{name}: {_text(b)}", 200)))
    return found


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _loaded(path: Path) -> dict[str, Any]:
    """The data of a file of ours; empty where there is none, or not a whole one."""
    try:
        body = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return body if isinstance(body, dict) else {}
