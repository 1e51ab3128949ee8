"""A rules folder as it stands, and as it stood at a commit, read from git's objects: no file is written."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import EvaluationError, NotFoundError, PackError, Place, Problem, shown
from policy_rules.facts.concepts import Concept, build_concepts, load_concepts
from policy_rules.facts.dictionary import Vocabulary, build_vocabulary, load_vocabulary
from policy_rules.packs.loader import STEMS, build_pack, digest_of, stem_of
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import NO_PACKS
from policy_rules.yamldoc import parse_yaml


class Tree:
    """The files of a rules folder in one state, by path; packs are read when they are asked for."""

    def __init__(self, files: Mapping[str, bytes], prefix: str) -> None:
        self._prefix = prefix
        self.files: dict[str, dict[str, bytes]] = {}
        heads = [p.removesuffix("/pack.yaml") for p in files if p.endswith("/pack.yaml")]
        self.packs = [name for name in heads if name.split("/")[0] not in NO_PACKS]
        for path, body in files.items():
            # the innermost folder with a pack.yaml is the pack's
            of = max((n for n in self.packs if path.startswith(f"{n}/")), key=len, default="")
            if of:
                self.files.setdefault(of, {})[path.removeprefix(f"{of}/")] = body
        facts = files.get("vocabulary/facts.yaml")
        self.vocabulary: Vocabulary = (
            load_vocabulary() if facts is None else build_vocabulary(self._read(facts, "facts"))
        )
        words = files.get("vocabulary/concepts.yaml")
        self.concepts: Mapping[str, Concept] = (
            load_concepts() if words is None else build_concepts(self._read(words, "concepts"))
        )
        self.vocabulary = attrs.evolve(self.vocabulary, concepts=self.concepts)

    def _read(self, body: bytes, stem: str) -> Any:
        return parse_yaml(body, f"{self._prefix}vocabulary/{stem}.yaml")

    def deciding(self, name: str) -> dict[str, bytes]:
        """The files of a pack that decide."""
        return {f: b for f, b in self.files.get(name, {}).items() if _decides(f)}

    def others(self, name: str) -> dict[str, bytes]:
        """The other files of its folder."""
        return {f: b for f, b in self.files.get(name, {}).items() if not _decides(f)}

    def digest(self, name: str) -> str:
        """The pack's digest, without reading it."""
        files = self.deciding(name)
        return digest_of({f: hashlib.sha256(b).hexdigest() for f, b in files.items()})

    def pack(self, name: str) -> Pack:
        """The pack; raises :class:`~policy_rules.errors.PackError`."""
        problems: list[Problem] = []
        documents = {}
        for file, body in self.deciding(name).items():
            try:
                documents[file] = parse_yaml(body, f"{self._prefix}{name}/{file}")
            except PackError as error:
                problems += error.problems
        if problems:
            raise PackError(problems)
        return build_pack(documents, self.vocabulary)


def _decides(file: str) -> bool:
    return stem_of(file) in STEMS and file.endswith(".yaml") and file.count("/") < 2


def files_now(folder: Path) -> dict[str, bytes]:
    """The files of the folder as they stand."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and _wanted(name):
            found[name] = path.read_bytes()
    return found


def _wanted(name: str) -> bool:
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and name.endswith((".yaml", ".md")) and not name.startswith("versions/")


def files_then(folder: Path, commit: str) -> dict[str, bytes]:
    """The files of the folder at a commit, as git keeps them; none where it was not there."""
    prefix = _git(folder, "rev-parse", "--show-prefix").decode().strip()
    tree = f"{commit}:{prefix}"
    if prefix and not _git(folder, "rev-parse", "--verify", "--quiet", tree, fails=True):
        return {}
    listed = _git(folder, "ls-tree", "-r", "-z", "--full-tree", tree)
    wanted = {}
    for line in listed.decode().split("\0"):
        if line:
            head, _, name = line.partition("\t")
            mode, kind, object_ = head.split()
            if kind == "blob" and mode != "120000" and _wanted(name):
                wanted[name] = object_
    bodies = iter(_objects(folder, wanted.values()))
    return {name: next(bodies) for name in wanted}


def _objects(folder: Path, names: Iterable[str]) -> Iterator[bytes]:
    raw = _git(folder, "cat-file", "--batch", given="".join(f"{n}\n" for n in names).encode())
    at = 0
    while at < len(raw):
        end = raw.index(b"\n", at)
        size = int(raw[at:end].split()[2])
        yield raw[end + 1 : end + 1 + size]
        at = end + size + 2


def commit_of(folder: Path, base: str) -> str:
    """The full name of a commit."""
    try:
        _git(folder, "rev-parse", "--show-toplevel")
    except EvaluationError as error:
        detail = error.problems[0].detail
        raise NotFoundError(
            Problem("no_repository", Place(), got=shown(folder.name), detail=detail)
        ) from error
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{base}^{{commit}}")
    found = _git(folder, *asked, fails=True).decode().strip()
    if not found:
        advice = shown("git fetch --depth=1 origin …")
        raise NotFoundError(Problem("unknown_base", Place(path="--git"), advice, shown(base)))
    return found


def _git(folder: Path, *words: str, given: bytes | None = None, fails: bool = False) -> bytes:
    """What a git command prints; nothing where it may fail and does."""
    # only objects are read: no lock is taken, no pager or prompt comes up
    quiet = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *words],
            input=given,
            capture_output=True,
            env=quiet,
            check=False,
        )
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise EvaluationError(
            Problem("no_repository", Place(), got="`git`", detail=detail)
        ) from error
    if done.returncode == 0:
        return done.stdout
    if fails:
        return b""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["git"]
    raise EvaluationError(Problem("no_repository", Place(), got="`git`", detail=lines[0][:200]))
