"""Loading a pack: read, check against the schemas, build, check every reference.

All mistakes of all files are reported at once, each as ``file:line:column: code: message``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import (
    NotFoundError,
    PackError,
    Place,
    Problem,
    Problems,
    nearest,
    shown,
)
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.packs.entry import Entry, Rel
from policy_rules.packs.model import (
    DocumentInfo,
    Pack,
    PackHead,
    Period,
    Region,
)
from policy_rules.packs.patch import check_readings
from policy_rules.packs.references import check_references, link
from policy_rules.packs.scope import Names
from policy_rules.packs.sections import SECTIONS, build_entity, declare
from policy_rules.paths import files_of
from policy_rules.schema import check
from policy_rules.text import Text
from policy_rules.yamldoc import Document, Path_, parse_yaml, read_bytes, read_yaml

#: Kinds of file; each but ``pack`` may also be a folder of files (``targets/jobs.yaml``).
STEMS: Final = ("pack", "parameters", "definitions", "clauses", "rules", "targets", "readings")
REQUIRED: Final = ("pack", "clauses")
#: What else stands beside a pack and is read elsewhere.
BESIDE: Final = ("cases", "properties", "second_reading", "mutants")


@attrs.frozen
class Source:
    """Where the raw data of one named thing stands."""

    document: Document
    path: Path_

    def place(self, rel: Rel) -> Place:
        """The place of a value below it."""
        return self.document.place((*self.path, *rel))

    def flow(self, rel: Rel) -> bool:
        """Whether a mapping below it is in flow style."""
        path = (*self.path, *rel)
        return any(path[:end] in self.document.flow for end in range(len(self.path), len(path) + 1))


def load_folder(
    folder: Path, name: str | None = None, vocabulary: Vocabulary | None = None
) -> Pack:
    """Load the pack in a folder, anew where a file of it has changed since.

    Raises :class:`~policy_rules.errors.PackError`, NotFoundError.
    """
    if not (folder / "pack.yaml").is_file():
        where = Place(str(folder))
        raise NotFoundError(Problem("unknown_pack", where, got=shown(name or folder.name)))
    prefix = name or folder.name
    bodies: dict[str, bytes | None] = {}
    problems = Problems()
    for file in pack_files(folder):
        try:
            bodies[file] = read_bytes(folder / file, f"{prefix}/{file}", PackError)
        except PackError as error:
            bodies[file] = None
            problems.found += error.problems
    _strays(folder, prefix, problems)
    vocabulary = vocabulary or load_vocabulary()
    if problems.found:  # told together with what is wrong in the other files
        return _read(bodies, prefix, str(folder), vocabulary, problems)
    return _unchanged(tuple(bodies.items()), prefix, str(folder), vocabulary)


@lru_cache(maxsize=8)
def _unchanged(
    files: tuple[tuple[str, bytes | None], ...], prefix: str, folder: str, vocabulary: Vocabulary
) -> Pack:
    """The pack of some files: loading it again while they stay as they are costs their reading alone."""
    return _read(dict(files), prefix, folder, vocabulary, Problems())


def _read(
    bodies: Mapping[str, bytes | None],
    prefix: str,
    folder: str,
    vocabulary: Vocabulary,
    problems: Problems,
) -> Pack:
    documents: dict[str, Document] = {}
    for file, body in bodies.items():
        if body is None:
            continue
        try:
            documents[file] = parse_yaml(body, f"{prefix}/{file}")
        except PackError as error:
            problems.found += error.problems
    _require(bodies, prefix, problems)
    return build_pack(documents, vocabulary, folder, problems)


def read_sources(folder: Path, name: str) -> dict[tuple[str, str], Source]:
    """Where every named thing of the pack in a folder stands, by section and name.

    ``("document", "document")`` is the head of the document. Raises
    :class:`~policy_rules.errors.PackError`.
    """
    documents = {f: read_yaml(folder / f, f"{name}/{f}") for f in pack_files(folder)}
    builder = _Builder(documents, load_vocabulary(), str(folder), Problems())
    builder.collect()
    head = Source(documents["pack.yaml"], ("document",))
    return {**builder.sources, ("document", "document"): head}


def load_head(folder: Path, name: str) -> PackHead:
    """The head of the pack in a folder; raises :class:`~policy_rules.errors.PackError`."""
    document = read_yaml(folder / "pack.yaml", f"{name}/pack.yaml")
    problems = Problems()
    check(document, "pack", problems)
    problems.raise_if_any(PackError)
    builder = _Builder({"pack.yaml": document}, load_vocabulary(), str(folder), problems)
    data = document.data
    head = PackHead(
        data["id"],
        str(data["version"]),
        builder.document_info(),
        _region(data["region"]),
        builder.pack_period(),
    )
    problems.raise_if_any(PackError)
    return head


def pack_files(folder: Path) -> list[str]:
    """The files of a pack that decide, relative to its folder."""
    files = []
    for stem in STEMS:
        files += [p.relative_to(folder).as_posix() for p in files_of(folder, stem)]
    return files


def _strays(folder: Path, prefix: str, problems: Problems) -> None:
    """Tell of YAML files that nothing would read: a mistyped name would leave rules out unseen."""
    known = [f"{stem}.yaml" for stem in (*STEMS, *BESIDE)]
    found = [p for p in folder.glob("*.y*ml") if p.name not in known]
    found += [p for stem in STEMS for p in (folder / stem).glob("*.yml")]
    for path in sorted(p for p in found if p.is_file() and p.suffix in (".yaml", ".yml")):
        file = path.relative_to(folder).as_posix()
        likely = f"{file[:-4]}.yaml" if path.parent != folder else nearest(file, known)
        place = Place(f"{prefix}/{file}")
        problems.add("unknown_file", place, got=shown(file), nearest=likely)


def stem_of(file: str) -> str:
    """``targets`` of ``targets.yaml`` and ``targets/jobs.yaml``."""
    return file.split("/")[0].removesuffix(".yaml")


def _require(files: Iterable[str], prefix: str, problems: Problems) -> None:
    present = {stem_of(file) for file in files}
    for stem in REQUIRED:
        if stem not in present:
            file = f"{stem}.yaml"
            problems.add(
                "file_missing", Place(f"{prefix}/{file}" if prefix else file), expected=shown(file)
            )


def load_texts(texts: Mapping[str, str], vocabulary: Vocabulary | None = None) -> Pack:
    """Load a pack from texts by file name (``pack.yaml``, ``rules/a.yaml`` …); raises PackError."""
    documents: dict[str, Document] = {}
    problems = Problems()
    for file, text in texts.items():
        try:
            documents[file] = parse_yaml(text, file)
        except PackError as error:
            problems.found += error.problems
    _require(texts, "", problems)
    return build_pack(documents, vocabulary, problems=problems)


def build_pack(
    documents: Mapping[str, Document],
    vocabulary: Vocabulary | None = None,
    folder: str = "",
    problems: Problems | None = None,
) -> Pack:
    """Check and build a pack from its documents; raises :class:`~policy_rules.errors.PackError`.

    ``problems`` are those of files that could not be read.
    """
    problems = problems or Problems()
    for file, document in documents.items():
        check(document, stem_of(file), problems)
    problems.raise_if_any(PackError)
    return _Builder(documents, vocabulary or load_vocabulary(), folder, problems).pack()


class _Builder:
    def __init__(
        self,
        documents: Mapping[str, Document],
        vocabulary: Vocabulary,
        folder: str,
        problems: Problems,
    ) -> None:
        self.documents = documents
        self.vocabulary = vocabulary
        self.folder = folder
        self.problems = problems
        self.raw: dict[str, dict[str, Mapping[str, Any]]] = {s: {} for s in SECTIONS}
        self.sources: dict[tuple[str, str], Source] = {}

    def collect(self) -> None:
        for section, name, data, source in self.entries():
            if name in self.raw[section]:
                self.problems.add("duplicate_id", source.place(("id",)), got=shown(name))
                continue
            self.raw[section][name] = data
            self.sources[section, name] = source

    def entries(self) -> Iterator[tuple[str, str, Mapping[str, Any], Source]]:
        maps = {
            "pack": ("populations",),
            "parameters": ("parameters", "externals"),
            "definitions": ("definitions", "tables"),
        }
        for file, document in self.documents.items():
            stem = stem_of(file)
            for section in maps.get(stem, ()):
                for name, data in (document.data.get(section) or {}).items():
                    yield section, name, data, Source(document, (section, name))
            if stem == "definitions":
                yield from self.listed(document, "exclusions", ("exclusions",))
            elif stem == "clauses":
                yield from self.listed(document, "clauses", ("clauses",))
            elif stem in ("rules", "targets", "readings"):
                yield from self.listed(document, stem, ())

    def listed(
        self, document: Document, section: str, at: Path_
    ) -> Iterator[tuple[str, str, Mapping[str, Any], Source]]:
        items = document.data
        for key in at:
            items = (items or {}).get(key)
        for i, data in enumerate(items or ()):
            yield section, str(data["id"]), data, Source(document, (*at, i))

    def pack(self) -> Pack:
        self.collect()
        names = declare(self.raw)
        head = self.documents["pack.yaml"].data
        period = self.pack_period()
        built: dict[str, Any] = {}
        for section in SECTIONS:
            built[section] = {}
            for name, data in self.raw[section].items():
                source = self.sources[section, name]
                thing = build_entity(
                    section, name, data, source.place, source.flow,
                    self.vocabulary, names, period, self.problems,
                )  # fmt: skip
                if thing is not None:
                    built[section][name] = thing
        text = self.documents["pack.yaml"].data.get("text") or {}
        pack = Pack(
            id=head["id"],
            version=str(head["version"]),
            document=self.document_info(),
            region=_region(head["region"]),
            in_force=period,
            vocabulary=self.vocabulary,
            **built,
            text_digest=str(text.get("digest") or ""),
            text_characters=int(text.get("characters") or 0),
            digest=digest_of({file: d.digest for file, d in self.documents.items()}),
            folder=self.folder,
            raw=self.raw,
        )
        check_references(pack, self.where, self.problems)
        self.problems.raise_if_any(PackError)
        pack = link(pack)
        check_readings(pack, self.problems)
        self.problems.raise_if_any(PackError)
        return pack

    def where(self, name: str, rel: Rel) -> Place:
        """The place of a value below a ``section.name``."""
        section, _, key = name.partition(".")
        return self.sources[section, key].place(rel)

    def head_entry(self) -> Entry:
        source = Source(self.documents["pack.yaml"], ("document",))
        data = self.documents["pack.yaml"].data["document"]
        return Entry(
            "document", data, source.place, source.flow, self.vocabulary, Names(), self.problems
        )

    def pack_period(self) -> Period:
        entry = self.head_entry()
        return entry.period(entry.data["in_force"], ("in_force",))

    def document_info(self) -> DocumentInfo:
        entry = self.head_entry()
        data = entry.data
        return DocumentInfo(
            entry.text("title"),
            entry.text("issuer"),
            str(data.get("number") or ""),
            entry.day(data.get("issued"), ("issued",)),
            entry.day(data.get("published"), ("published",)),
            entry.period(data.get("plan_period"), ("plan_period",)),
            str(data.get("superseded_by") or ""),
            tuple(Text.of(h) for h in data.get("higher") or ()),
            entry.text("source_quality"),
        )


def _region(data: Mapping[str, Any]) -> Region:
    return Region(tuple(str(c) for c in data["codes"]), data["level"], Text.of(data["name"]))


def digest_of(digests: Mapping[str, str]) -> str:
    """One digest of files from the digest of each, whatever their order."""
    lines = [f"{file}:{digests[file]}" for file in sorted(digests)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
