"""Finding packs: by name (``guangxi``, ``yunnan/dongchuan``), by region and date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final, Literal

import attrs

from policy_rules.errors import NotFoundError, PackError, Place, Problem, nearest, shown
from policy_rules.facts.dictionary import Vocabulary, load_vocabulary
from policy_rules.packs.loader import load_folder, load_head
from policy_rules.packs.model import Pack, PackHead
from policy_rules.paths import rules_folder, search_path

_NAME: Final = re.compile(r"[a-z0-9_-]+(/[a-z0-9_-]+)*\Z")
_NO_PACKS: Final = frozenset({"vocabulary"})


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
        if name.split("/")[0] not in _NO_PACKS:
            yield name, file.parent


def load_pack(name: str | Path, rules: Path | None = None) -> Pack:
    """Load one pack by name, or from a folder given as a :class:`~pathlib.Path`.

    A pack of a rules folder with a ``vocabulary`` of its own is read with that; every other one with the
    built-in vocabulary.

    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown name and
    :class:`~policy_rules.errors.PackError` with every mistake of a wrong pack.
    """
    if isinstance(name, Path):
        return load_folder(name)
    if not _NAME.match(name):
        raise NotFoundError(
            Problem("bad_pack_name", Place(), expected="yunnan/dongchuan", got=shown(name))
        )
    known = list_packs(rules)
    if name not in known:
        raise NotFoundError(
            Problem("unknown_pack", Place(), ", ".join(known), shown(name), nearest(name, known))
        )
    return _named(known[name], name)


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
