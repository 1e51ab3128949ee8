"""The explorer: every pack, document, rule and concept as pages that work from a folder or a server.

Needs ``jinja2`` (extra ``reports``). Pages in Chinese stand at the root, those in English below ``en``. A clause
stands under its own locator: ``guangxi/26/``, its second statement at ``guangxi/26/#2``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

from policy_rules._version import __version__
from policy_rules.errors import EvaluationError, Lang, Place, Problem, shown
from policy_rules.packs.model import Pack
from policy_rules.render.comparing import HYPOTHETICAL, where
from policy_rules.render.html.comparison import Topic, blocks
from policy_rules.render.html.environment import asset
from policy_rules.render.html.parts import Named
from policy_rules.render.html.words import words
from policy_rules.render.site_packs import LISTED, dates, item_page, list_page, pack_page
from policy_rules.render.site_page import Link, Spot, search_place
from policy_rules.render.site_rules import concept_page, concepts_page, rule_page, rules_page
from policy_rules.render.site_search import index_script
from policy_rules.render.site_shelf import OWN_PAGE, Shelf, Volume, concept_place, place_of
from policy_rules.writing import replacing_folder

#: What tells a folder made here: the packs it shows, and every file it holds.
MANIFEST: Final = "site.json"
LANGUAGES: Final[tuple[Lang, ...]] = ("zh", "en")


@attrs.frozen
class Card:
    """A pack on the home page."""

    link: Link
    title: str
    told: tuple[Named, ...]


def write_site(packs: Iterable[Pack], folder: Path) -> int:
    """Write the explorer of some packs into a folder, whole or not at all; how many files it has.

    What this made before is replaced; the same packs give the same bytes. Raises
    :class:`~policy_rules.errors.EvaluationError`: ``extra_missing`` without jinja2, ``not_our_folder`` where the
    folder holds anything else, ``cannot_write``, ``shadowed_name`` where two pages would stand in one place.
    """
    foreign = _foreign(folder)
    if foreign:
        raise EvaluationError(Problem("not_our_folder", Place(str(folder)), got=shown(foreign)))
    files = site_files(packs)
    with replacing_folder(folder) as beside:
        for path, text in files.items():
            target = beside / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
    return len(files)


def _foreign(folder: Path) -> str:
    """The first thing in a folder that the explorer did not put there; empty where there is none."""
    if not folder.exists():
        return ""
    if not folder.is_dir():
        return folder.name
    found = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    try:
        made = set(json.loads((folder / MANIFEST).read_text("utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        made = set()
    return next((f for f in found if f not in made and (f != MANIFEST or not made)), "")


def site_files(packs: Iterable[Pack]) -> Mapping[str, str]:
    """Every file of the explorer by its path, the manifest last. Raises as :func:`write_site` does."""
    shelf = Shelf.of(packs)
    files: dict[str, str] = {f"assets/{n}": asset(n) for n in ("page.css", "page.js")}
    for lang in LANGUAGES:
        files[search_place(lang)] = index_script(shelf, lang)
        for path, text in _pages(shelf, lang):
            if path in files:
                raise EvaluationError(Problem("shadowed_name", Place(path), got=shown(path)))
            files[path] = text
    about = {
        "made_by": "policy-rules site",
        "library_version": __version__,
        "packs": [
            {"pack": p.id, "version": p.version, "digest": p.digest} for p in shelf.packs.values()
        ],
        "files": sorted(files),
    }
    files[MANIFEST] = json.dumps(about, ensure_ascii=False, indent=1) + "\n"
    return files


def _pages(shelf: Shelf, lang: Lang) -> Iterator[tuple[str, str]]:
    def spot(place: str) -> Spot:
        return Spot(shelf, lang, place)

    topics = blocks(shelf.comparison, lang)
    home = spot("index.html")
    yield home.path, _home(home, topics)
    all_concepts = spot("concepts/index.html")
    yield all_concepts.path, concepts_page(all_concepts, topics)
    for concept, cells in shelf.comparison.rows:
        at = spot(concept_place(concept.id))
        yield at.path, concept_page(concept, cells, at)
    for volume in shelf.volumes:
        pack = volume.pack.id
        front = spot(place_of(pack, ""))
        yield front.path, pack_page(volume, front)
        for item in volume.items:
            at = spot(place_of(pack, f"clauses.{item}"))
            yield at.path, item_page(volume, item, at)
        for section in (s for s in (*OWN_PAGE, *LISTED) if getattr(volume.pack, s)):
            at = spot(place_of(pack, f"{section}."))
            make = rules_page if section in OWN_PAGE else list_page
            yield at.path, make(volume, section, at)
        for name in volume.profiles:
            at = spot(place_of(pack, name))
            yield at.path, rule_page(volume, name, at)


def _home(spot: Spot, topics: tuple[Topic, ...]) -> str:
    w = words(spot.lang)
    return spot.page(
        "home.html",
        w["site"],
        notes=[HYPOTHETICAL[spot.lang]],
        cards=[_card(volume, spot) for volume in spot.shelf.volumes],
        topics=topics,
    )


def _card(volume: Volume, spot: Spot) -> Card:
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    counts = ("rules", "targets", "readings")
    told = [Named(w["issuer"], pack.document.issuer[lang])]
    told.append(Named(w["in_force"], dates(pack.in_force, lang)))
    told.append(Named(w["statements"], str(len(pack.clauses))))
    told += [Named(w[name], str(len(getattr(pack, name)))) for name in counts]
    return Card(
        Link(where(pack, lang), spot.thing(pack.id, "")), pack.document.title[lang], tuple(told)
    )
