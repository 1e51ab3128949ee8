"""Frozen versions of packs: what an old version was, kept so that it loads as it did then.

``versions/`` beside the packs of a rules folder holds, for each frozen version, the files of the pack that
decide (``versions/guangxi/1.0.0.tar.gz``), and once for all packs the vocabulary they were written for
(``versions/vocabulary/…``). ``versions/guangxi/index.yaml`` has the digests each archive must come to.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import attrs

from policy_rules.errors import NotFoundError, PackError, Place, Problem, Problems, nearest, shown
from policy_rules.facts.concepts import build_concepts
from policy_rules.facts.dictionary import Vocabulary, build_vocabulary, load_vocabulary
from policy_rules.packs.loader import build_pack, digest_of, pack_files
from policy_rules.packs.model import Pack
from policy_rules.paths import rules_folder
from policy_rules.schema import check
from policy_rules.writing import write_whole, writing
from policy_rules.yamldoc import parse_yaml, read_bytes, read_yaml

FOLDER: Final = "versions"
VOCABULARY: Final = ("facts.yaml", "concepts.yaml")
#: What a version may be asked for by: ``1.2`` stands for ``1.2.0``.
VERSION: Final = re.compile(r"(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){0,2}\Z")
#: An archive comes to no more than this, unpacked.
MAX_BYTES: Final = 64 * 1024 * 1024
_MEMBER: Final = re.compile(r"[a-z0-9_-]+(/[^/\\:]+)?\.yaml\Z")
_HEAD: Final = """\
# Frozen versions of this pack: each loads as it did when it was frozen (`load_pack("{name}@{version}")`).
# Written by `policy-rules packs freeze {name}`; an entry is never changed.
"""


@attrs.frozen
class FrozenVersion:
    """One frozen version: the digests of the pack and of the fact dictionary, and where it is kept."""

    pack: str
    version: str
    digest: str
    facts: str
    archive: Path
    vocabulary: Path


def ranked(version: str) -> tuple[int, ...]:
    """A version to sort and compare by: ``1.2`` is ``1.2.0``."""
    parts = [int(part) for part in version.split(".")]
    return (*parts, 0, 0)[:3]


def root_of(folder: Path, name: str) -> Path:
    """The rules folder in which the folder of a pack of this name stands."""
    return folder.parents[name.count("/")]


def frozen_versions(root: Path, name: str) -> dict[str, FrozenVersion]:
    """The frozen versions of a pack in a rules folder, oldest first.

    Raises :class:`~policy_rules.errors.PackError` for an index that is wrong.
    """
    index = _index(root, name)
    if not index.is_file():
        return {}
    document = read_yaml(index, index.relative_to(root).as_posix())
    problems = Problems()
    check(document, "versions", problems)
    problems.raise_if_any(PackError)
    return {
        version: FrozenVersion(
            name,
            version,
            entry["digest"],
            entry["facts"],
            index.parent / f"{version}.tar.gz",
            root / FOLDER / "vocabulary" / f"{entry['vocabulary']}.tar.gz",
        )
        for version, entry in sorted(document.data.items(), key=lambda e: ranked(e[0]))
    }


def _index(root: Path, name: str) -> Path:
    return root / FOLDER / name / "index.yaml"


# -- loading --------------------------------------------------------------------------------------


def load_frozen(frozen: FrozenVersion) -> Pack:
    """The pack as it was frozen, with its vocabulary; it has no folder, and so no cases.

    Raises :class:`~policy_rules.errors.PackError` (``version_damaged`` where the content does not come to
    its digest).
    """
    documents = {
        file: parse_yaml(body, f"{frozen.pack}@{frozen.version}/{file}")
        for file, body in _checked(frozen).items()
    }
    return build_pack(documents, _vocabulary(frozen))


def _checked(frozen: FrozenVersion) -> dict[str, bytes]:
    files = _unpacked(frozen.archive, frozen)
    if digest_of({file: _sha256(body) for file, body in files.items()}) != frozen.digest:
        raise _damaged(frozen, frozen.archive)
    return files


def _checked_vocabulary(frozen: FrozenVersion) -> dict[str, bytes]:
    files = _unpacked(frozen.vocabulary, frozen)
    if set(files) != set(VOCABULARY) or _sha256(files["facts.yaml"]) != frozen.facts:
        raise _damaged(frozen, frozen.vocabulary)
    if _name_of(files) != _stem(frozen.vocabulary):
        raise _damaged(frozen, frozen.vocabulary)
    return files


@cache
def _vocabulary_of(facts: bytes, concepts: bytes) -> Vocabulary:
    built = build_vocabulary(parse_yaml(facts, "vocabulary/facts.yaml"))
    found = build_concepts(parse_yaml(concepts, "vocabulary/concepts.yaml"))
    return attrs.evolve(built, concepts=found)


def _vocabulary(frozen: FrozenVersion) -> Vocabulary:
    files = _checked_vocabulary(frozen)
    now = load_vocabulary()
    ours = (rules_folder() / "vocabulary" / "concepts.yaml").read_bytes()
    if now.digest == frozen.facts and files["concepts.yaml"] == ours:
        return now
    return _vocabulary_of(files["facts.yaml"], files["concepts.yaml"])


def _unpacked(path: Path, frozen: FrozenVersion) -> dict[str, bytes]:
    """The files of an archive, in memory and within bounds; nothing is written anywhere."""
    packed = read_bytes(path, str(path), PackError)
    found: dict[str, bytes] = {}
    try:
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        raw = reader.decompress(packed, MAX_BYTES)
        if not reader.eof:
            raise _damaged(frozen, path)
        with tarfile.open(fileobj=io.BytesIO(raw), mode="r:") as archive:
            for member in archive:
                body = archive.extractfile(member) if member.isreg() else None
                if body is None or member.name in found or not _MEMBER.match(member.name):
                    raise _damaged(frozen, path)
                found[member.name] = body.read()
    except (tarfile.TarError, zlib.error, EOFError, ValueError) as error:
        if isinstance(error, PackError):
            raise
        raise _damaged(frozen, path) from error
    return found


def _damaged(frozen: FrozenVersion, path: Path) -> PackError:
    name = f"{frozen.pack}@{frozen.version}"
    return PackError(Problem("version_damaged", Place(str(path)), got=shown(name)))


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _name_of(files: Mapping[str, bytes]) -> str:
    return digest_of({file: _sha256(body) for file, body in files.items()})[:16]


# -- freezing -------------------------------------------------------------------------------------


@attrs.frozen
class Freezing:
    """What freezing came to: ``new`` is False where the same was frozen before; ``size`` is in bytes."""

    frozen: FrozenVersion
    new: bool
    size: int


def freeze(pack: Pack, root: Path) -> Freezing:
    """Freeze a pack loaded from its folder in the rules folder ``root``, under the version it has.

    The same content gives the same bytes. Raises :class:`~policy_rules.errors.PackError`
    (``version_frozen``) where another content is frozen under the version, or a later version is frozen
    already; EvaluationError (``cannot_write``).
    """
    known = frozen_versions(root, pack.id)
    folder = Path(pack.folder)
    place = Place(f"{pack.id}/pack.yaml", path="version")
    last = max(known, key=ranked, default=pack.version)
    earlier = known.get(pack.version)
    if earlier is not None and (earlier.digest, earlier.facts) == (
        pack.digest,
        pack.vocabulary.digest,
    ):
        _checked(earlier)
        _checked_vocabulary(earlier)
        return Freezing(earlier, False, 0)
    if earlier is not None or ranked(last) > ranked(pack.version):
        apart = "facts.yaml" if earlier and earlier.digest == pack.digest else "sha256"
        before = earlier.facts if earlier and apart == "facts.yaml" else known[last].digest
        now = pack.vocabulary.digest if apart == "facts.yaml" else pack.digest
        told = f"{apart} {before[:12]} → {now[:12]}"
        raise PackError(
            Problem("version_frozen", place, shown(last), shown(pack.version), detail=told)
        )
    files = {name: read_bytes(folder / name, name, PackError) for name in pack_files(folder)}
    words = {
        name: read_bytes(rules_folder() / "vocabulary" / name, name, PackError)
        for name in VOCABULARY
    }
    index = _index(root, pack.id)
    frozen = FrozenVersion(
        pack.id,
        pack.version,
        pack.digest,
        pack.vocabulary.digest,
        index.parent / f"{pack.version}.tar.gz",
        root / FOLDER / "vocabulary" / f"{_name_of(words)}.tar.gz",
    )
    size = 0
    for path, content in ((frozen.vocabulary, words), (frozen.archive, files)):
        if path == frozen.vocabulary and path.is_file():
            continue
        body = _packed(content)
        with writing(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, body)
        size += len(body)
    # the index last: what it names is there
    write_whole(index, _index_text({**known, pack.version: frozen}).encode())
    _checked(frozen)
    _checked_vocabulary(frozen)
    return Freezing(frozen, True, size)


def _packed(files: Mapping[str, bytes]) -> bytes:
    """An archive without times, owners or anything else that is not content."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(held.getvalue(), 9, mtime=0)


def _stem(archive: Path) -> str:
    return archive.name.partition(".")[0]


def _index_text(known: Mapping[str, FrozenVersion]) -> str:
    lines = []
    for version in sorted(known, key=ranked):
        one = known[version]
        lines += [
            f"{version}:",
            f'  digest: "{one.digest}"',
            f'  facts: "{one.facts}"',
            f'  vocabulary: "{_stem(one.vocabulary)}"',
        ]
    one = known[max(known, key=ranked)]
    return _HEAD.format(name=one.pack, version=one.version) + "\n".join(lines) + "\n"


# -- checking -------------------------------------------------------------------------------------


def check_versions(pack: Pack, root: Path) -> Iterator[Problem]:
    """What is wrong between a pack and its frozen versions: one is damaged, or the pack was changed and its
    version not raised. Nothing where none is frozen."""
    known = frozen_versions(root, pack.id)
    for frozen in known.values():
        try:
            _checked(frozen)
            _checked_vocabulary(frozen)
        except PackError as error:
            yield from error.problems
    if not known:
        return
    last = max(known, key=ranked)
    same = known.get(pack.version)
    if (same is not None and same.digest != pack.digest) or ranked(pack.version) < ranked(last):
        place = Place(f"{pack.id}/pack.yaml", path="version")
        against = last if same is None else pack.version
        yield Problem("version_not_raised", place, shown(last), shown(against))


def chosen_version(
    name: str, version: str, current: str | None, known: Mapping[str, FrozenVersion]
) -> str:
    """The full version asked for; ``current`` is that of the pack in its folder, if there is one.

    Raises :class:`~policy_rules.errors.NotFoundError` (``unknown_version``).
    """
    every = sorted({*known, *([current] if current else [])}, key=ranked)
    wanted = ranked(version) if VERSION.match(version) else ()
    for one in every:
        if ranked(one) == wanted:
            return one
    told = ", ".join(every)
    near = nearest(version, every) or (every[-1] if every else "")
    raise NotFoundError(
        Problem("unknown_version", Place(), told, shown(version), near, detail=shown(name))
    )
