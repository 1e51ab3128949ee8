"""The search index of the explorer: a script of its own, so that it also loads from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policy_rules.errors import Lang
from policy_rules.render.comparing import where
from policy_rules.render.html.typography import chinese
from policy_rules.render.html.words import words
from policy_rules.render.locators import locator, locators
from policy_rules.render.site_packs import LISTED
from policy_rules.render.site_shelf import Shelf, Volume, concept_place, href, place_of

#: Kind, region, title, text to search and show, page from the root of the language.
Entry = tuple[str, str, str, str, str]


def index_script(shelf: Shelf, lang: Lang) -> str:
    """The index as a script: ``policyRulesIndex``, a list of entries."""
    lines = (
        json.dumps(
            [chinese(text) for text in entry] if lang == "zh" else entry,
            ensure_ascii=False, separators=(",", ":"),
        ).replace("<", "\\u003c")
        for entry in _entries(shelf, lang)
    )  # fmt: skip
    return "window.policyRulesIndex = [\n" + ",\n".join(lines) + "\n];\n"


def _entries(shelf: Shelf, lang: Lang) -> Iterator[Entry]:
    w = words(lang)
    for concept, cells in shelf.comparison.rows:
        regions = w["comma"].join(where(shelf.packs[p], lang) for p in cells)
        yield (w["concept"], regions, concept.label[lang], concept.question[lang], href(concept_place(concept.id), ""))  # fmt: skip
    for volume in shelf.volumes:
        yield from _of(volume, lang)


def _of(volume: Volume, lang: Lang) -> Iterator[Entry]:
    pack, w = volume.pack, words(lang)
    region = where(pack, lang)

    def page(name: str) -> str:
        return href(place_of(pack.id, name), "")

    yield (w["pack"], region, pack.document.title[lang], f"{pack.document.issuer[lang]} {pack.id}", page(""))  # fmt: skip
    for name, profile in volume.profiles.items():
        conditions = [c.text[lang] for c in profile.conditions]
        told = w["sep"].join(dict.fromkeys([profile.population.text[lang], *conditions]))
        kind = w["target"] if profile.outcome == "target" else w["rule"]
        cites = locators(profile.clauses, lang)
        text = f"{told} · {cites} · {profile.thing.id}"
        yield (kind, region, profile.label[lang], text, page(name))
    for section in LISTED:
        for thing in getattr(pack, section).values():
            text = f"{locators(thing.clauses, lang)} · {thing.id}"
            label = thing.label[lang] or thing.id
            yield (w[section], region, label, text, page(f"{section}.{thing.id}"))
    for clause in pack.clauses.values():
        text = f"{clause.summary[lang]} · {clause.id}"
        kind = f"{w['clause']} · {w['summary']}"
        yield (kind, region, locator(clause.id, lang), text, page(f"clauses.{clause.id}"))
