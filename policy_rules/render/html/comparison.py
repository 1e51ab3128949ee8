"""All packs beside each other as one page that holds everything it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import attrs

from policy_rules.diff.compare import Comparison
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.facts.concepts import Concept
from policy_rules.packs.model import Pack
from policy_rules.render.comparing import HYPOTHETICAL, most_generous, where
from policy_rules.render.html.environment import alone
from policy_rules.render.html.parts import (
    POLARITIES,
    Choice,
    Entry,
    Linker,
    agreed,
    entry,
    filters,
    no_links,
    topics,
)
from policy_rules.render.words import CAUTION


@attrs.frozen
class Column:
    """What one region says of a concept."""

    pack: str
    where: str
    entries: tuple[Entry, ...]
    rules: int
    targets: int
    best: bool


@attrs.frozen
class Block:
    """One concept across regions."""

    id: str
    label: str
    topic: str
    question: str
    polarity: str
    agreed: tuple[str, ...]
    columns: tuple[Column, ...]
    mentioned: int
    generous: str


@attrs.frozen
class Topic:
    """The concepts of one topic."""

    id: str
    label: str
    blocks: tuple[Block, ...]


@attrs.frozen
class Document:
    """One document compared."""

    where: str
    title: str
    issuer: str
    dates: str
    day: str
    pack: str
    id: str


def comparison(report: Comparison, lang: Lang) -> str:
    """The page; raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)."""
    found = blocks(report, lang)
    entries = [e for t in found for b in t.blocks for c in b.columns for e in c.entries]
    return alone(
        "comparison.html",
        lang,
        title="各地政策对照" if lang == "zh" else "Packs side by side",
        documents=[document(p, str(report.days[p.id]), lang) for p in report.packs],
        topics=found,
        topic_choices=topics((c for c, _ in report.rows), lang),
        regions=[Choice(p.id, where(p, lang)) for p in report.packs],
        filters=filters(entries, lang),
        ranked=bool(report.generous),
        notes=[HYPOTHETICAL[lang], CAUTION[lang]],
        total=len(entries),
    )


def document(pack: Pack, day: str, lang: Lang) -> Document:
    """The identity of a document compared."""
    return Document(
        where(pack, lang),
        pack.document.title[lang],
        pack.document.issuer[lang],
        f"{pack.in_force.start} – {pack.in_force.end}",
        day,
        f"{pack.id}@{pack.version}",
        pack.id,
    )


def blocks(report: Comparison, lang: Lang, link: Linker = no_links) -> tuple[Topic, ...]:
    """The concepts by topic, each with a column a pack."""
    made = [_block(concept, report, cells, lang, link) for concept, cells in report.rows]
    labels = {c.topic: c.topic_label[lang] for c, _ in report.rows}
    order = list(labels)
    made.sort(key=lambda b: order.index(b.topic))
    return tuple(
        Topic(topic, labels[topic], tuple(items))
        for topic, items in groupby(made, key=lambda b: b.topic)
    )


def _block(
    concept: Concept,
    report: Comparison,
    cells: Mapping[str, Sequence[Profile]],
    lang: Lang,
    link: Linker,
) -> Block:
    best = (report.generous or {}).get(concept.id, ())
    return Block(
        concept.id,
        concept.label[lang],
        concept.topic,
        concept.question[lang],
        POLARITIES[concept.polarity][lang],
        agreed(concept, lang),
        tuple(_columns(cells, report.packs, best, lang, link)),
        len(cells),
        most_generous(report, concept.id, lang),
    )


def _columns(
    cells: Mapping[str, Sequence[Profile]],
    packs: Sequence[Pack],
    best: Sequence[str],
    lang: Lang,
    link: Linker,
) -> Iterator[Column]:
    for pack in packs:
        profiles = cells.get(pack.id, ())
        targets = sum(p.outcome == "target" for p in profiles)
        yield Column(
            pack.id,
            where(pack, lang),
            tuple(entry(p, pack, lang, link) for p in profiles),
            len(profiles) - targets,
            targets,
            pack.id in best,
        )
