"""Finding packs: by name (``guangxi``, ``yunnan/dongchuan``, ``guangxi@1.2``), by region and date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal

import attrs

from policy_rules.errors import NotFoundError, PackError, Place, Problem, nearest, shown
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.packs.loader import load_folder, load_head
from policy_rules.packs.model import Pack, PackHead
from policy_rules.packs.versions import (
    FOLDER,
    FrozenVersion,
    chosen_version,
    frozen_versions,
    load_frozen,
    ranked,
    root_of,
)
from policy_rules.paths import rules_folder, search_path

# at most 200 characters: a longer one is no name of a folder either
_NAME: Final = re.compile(r"(?=.{1,200}\Z)[a-z0-9_-]+(/[a-z0-9_-]+)*\Z")
#: Folders of a rules folder that hold no pack.
NO_PACKS: Final = frozenset({"vocabulary", FOLDER})


def list_packs(rules: Path | None = None) -> dict[str, Path]:
    """Names of the packs that can be loaded, with their folders.

    ``rules`` is a folder to look in first. Raises :class:`~policy_rules.errors.PackError` where a
    pack elsewhere has the name of a built-in one (code ``shadowed_pack``).
    """
    found: dict[str, Path] = {}
    built_in = rules_folder().resolve()
    for folder in search_path(rules):
        for name, path in _packs(folder):
            if name in found and found[name].resolve() != path.resolve():
                if folder.resolve() == built_in:
                    raise PackError(
                        Problem("shadowed_pack", Place(str(found[name])), got=shown(name))
                    )
                continue
            found[name] = path
    return dict(sorted(found.items()))


def _packs(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.glob("**/pack.yaml")):
        name = file.parent.relative_to(folder).as_posix()
        if name.split("/")[0] not in NO_PACKS:
            yield name, file.parent


def load_pack(name: str | Path, rules: Path | None = None) -> Pack:
    """Load one pack by name, or from a folder given as a :class:`~pathlib.Path`.

    ``name@version`` is that version as it was frozen (``1.2`` stands for ``1.2.0``), with the vocabulary it
    was written for; a version that is not frozen is the pack as it stands, if it has that version. A pack of a
    rules folder with a ``vocabulary`` of its own is read with that; every other one with the built-in one.

    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown name or version and
    :class:`~policy_rules.errors.PackError` with every mistake of a wrong pack.
    """
    if isinstance(name, Path):
        return load_folder(name)
    bare, at, version = name.partition("@")
    if not _NAME.match(bare) or (at and not version):
        raise NotFoundError(
            Problem("bad_pack_name", Place(), expected="yunnan/dongchuan", got=shown(name))
        )
    known = list_packs(rules)
    frozen = _frozen(bare, known, rules) if at else {}
    if bare not in known and not frozen:
        raise NotFoundError(
            Problem("unknown_pack", Place(), ", ".join(known), shown(bare), nearest(bare, known))
        )
    if not at:
        return _named(known[bare], bare)
    current = load_head(known[bare], bare).version if bare in known else None
    version = chosen_version(bare, version, current, frozen)
    return load_frozen(frozen[version]) if version in frozen else _named(known[bare], bare)


def versions_of(name: str, rules: Path | None = None) -> dict[str, FrozenVersion | None]:
    """The versions of a pack that can be loaded, oldest first; None for one that is not frozen.

    None at all for a pack there is not. Raises :class:`~policy_rules.errors.PackError`.
    """
    if not _NAME.match(name):
        return {}
    known = list_packs(rules)
    found: dict[str, FrozenVersion | None] = dict(_frozen(name, known, rules))
    if name in known:
        found.setdefault(load_head(known[name], name).version, None)
    return dict(sorted(found.items(), key=lambda item: ranked(item[0])))


def _frozen(name: str, known: dict[str, Path], rules: Path | None) -> dict[str, FrozenVersion]:
    """The frozen versions beside a pack, or those of a pack that is there no more."""
    if name in known:
        return frozen_versions(root_of(known[name], name), name)
    for folder in search_path(rules):
        if found := frozen_versions(folder, name):
            return found
    return {}


def load_together(
    names: Iterable[str], rules: Path | None = None, *, asked: bool = True
) -> list[Pack]:
    """Several packs, told apart by their ids; ``asked``: about one record, which they read alike.

    Raises as :func:`load_pack` does, and :class:`~policy_rules.errors.NotFoundError` (``packs_apart``) for
    versions of one pack, or packs written for different fact dictionaries.
    """
    wanted = list(dict.fromkeys(names))
    packs = [load_pack(name, rules) for name in wanted]
    for apart, what in (
        (len({p.id for p in packs}) < len(packs), "they are versions of one pack"),
        (asked and len({p.vocabulary.digest for p in packs}) > 1, "their fact dictionaries differ"),
    ):
        if apart:
            told = ", ".join(f"{p.id}@{p.version}" for p in packs)
            raise NotFoundError(Problem("packs_apart", Place(), got=shown(told), detail=what))
    return packs


def pack_of(pack: Pack | str, rules: Path | None = None) -> Pack:
    """A pack, given as it is or by its name; raises as :func:`load_pack` does."""
    return load_pack(pack, rules) if isinstance(pack, str) else pack


def load_packs(rules: Path | None = None) -> tuple[Pack, ...]:
    """Load every pack; raises as :func:`load_pack` does."""
    return tuple(_named(path, name) for name, path in list_packs(rules).items())


def _named(folder: Path, name: str) -> Pack:
    """The pack of a folder, whose id must be the name it is found by."""
    pack = load_folder(folder, name, _vocabulary(folder, name))
    if pack.id != name:
        place = Place(f"{name}/pack.yaml")
        raise PackError(Problem("pack_id", place, expected=shown(name), got=shown(pack.id)))
    return pack


def _vocabulary(folder: Path, name: str) -> Vocabulary:
    """The fact dictionary of the rules folder a pack stands in, or the built-in one."""
    rules, built_in = folder.parents[name.count("/")], load_vocabulary()
    if not (rules / "vocabulary" / "facts.yaml").is_file():
        return built_in
    found = load_vocabulary(rules)
    return built_in if found.digest == built_in.digest else found


#: Levels of areas, the smallest first.
LEVELS: Final = ("village", "township", "county", "prefecture", "province")
#: ``applies``; ``perhaps`` (the record's region is unknown, or larger than the pack's); ``expired`` or
#: ``not_yet`` (the region's, but not in force on the day); ``elsewhere``.
Applies = Literal["applies", "perhaps", "expired", "not_yet", "elsewhere"]


@attrs.frozen
class Choice:
    """Whether one pack applies to a region on a day."""

    head: PackHead
    applies: Applies


def choose_packs(region: str, day: date, rules: Path | None = None) -> tuple[Choice, ...]:
    """Every pack with whether it applies to records of a region on a day; no pack is compiled.

    The smallest areas come first. Raises :class:`~policy_rules.errors.PackError` where the head of a
    pack is wrong.
    """
    heads = [load_head(path, name) for name, path in list_packs(rules).items()]
    heads.sort(key=lambda h: (LEVELS.index(h.region.level), h.id))
    return tuple(Choice(head, _applies(head, region, day)) for head in heads)


def _applies(head: PackHead, region: str, day: date) -> Applies:
    inside = head.region.holds(region)
    if inside is False:
        return "elsewhere"
    period = head.in_force
    if not period.holds(day):
        return "not_yet" if period.start is not None and day < period.start else "expired"
    return "applies" if inside else "perhaps"
