"""One page of the explorer in the making: its place, its links, its frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs

from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.comparing import where
from policy_rules.render.html.environment import SITE_POLICY, rendered
from policy_rules.render.html.words import words
from policy_rules.render.site_shelf import Shelf, concept_place, href, place_of
from policy_rules.render.words import SECTIONS

#: The folder of the English pages; those in Chinese stand at the root.
ENGLISH = "en"


@attrs.frozen
class Link:
    """A text that leads somewhere, or nowhere; ``kind`` says what stands there."""

    text: str
    href: str | None
    kind: str = ""


@attrs.frozen
class Spot:
    """A page's place in one language: how it links to others."""

    shelf: Shelf
    lang: Lang
    place: str

    @property
    def path(self) -> str:
        """The file of the page, from the root of the explorer."""
        return self.place if self.lang == "zh" else f"{ENGLISH}/{self.place}"

    @property
    def root(self) -> str:
        """The way to the root of this language's pages."""
        return "../" * self.place.count("/")

    @property
    def base(self) -> str:
        """The way to the root of the explorer."""
        return "../" * self.path.count("/")

    def to(self, place: str) -> str:
        """A link to another place in the same language."""
        return href(place, self.root)

    def thing(self, pack: str, name: str) -> str:
        """A link to a thing of a pack, by ``section.id``."""
        return self.to(place_of(pack, name))

    def concept(self, concept: str) -> str:
        """A link to a concept across regions."""
        return self.to(concept_place(concept))

    def named(self, pack: Pack, names: Iterable[str]) -> list[Link]:
        """Links to things of a pack, with their labels."""
        made = []
        for name in names:
            section, _, id_ = name.partition(".")
            thing = getattr(pack, section).get(id_)
            label = (thing.label[self.lang] if thing is not None else "") or id_
            made.append(Link(label, self.thing(pack.id, name), SECTIONS[section][self.lang]))
        return made

    def crumbs(self, pack: Pack | None = None, *steps: Link) -> list[Link]:
        """The way from the home page."""
        home = [Link(words(self.lang)["home"], self.to("index.html"))]
        of_pack = [Link(where(pack, self.lang), self.thing(pack.id, ""))] if pack else []
        return [*home, *of_pack, *steps]

    def page(self, template: str, title: str, crumbs: Iterable[Link] = (), **values: Any) -> str:
        """The page from a template of ``site/``."""
        w = words(self.lang)
        return rendered(
            f"site/{template}",
            self.lang,
            policy=SITE_POLICY,
            title=title,
            site_title=title if title == w["site"] else f"{title} — {w['site']}",
            crumbs=list(crumbs),
            base=self.base,
            root=self.root,
            home=self.to("index.html"),
            concepts_href=self.to("concepts/index.html"),
            pack_links=[
                Link(where(p, self.lang), self.thing(p.id, "")) for p in self.shelf.packs.values()
            ],
            other=href(self.place if self.lang == "en" else f"{ENGLISH}/{self.place}", self.base),
            index=self.base + search_place(self.lang),
            **values,
        )


def search_place(lang: Lang) -> str:
    """The script that holds the search index of a language."""
    return f"assets/search-{lang}.js"
