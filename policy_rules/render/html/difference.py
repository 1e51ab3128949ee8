"""Two packs compared as one page that holds everything it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal

import attrs

from policy_rules.diff.compare import ASPECTS, ConceptDiff, PackDiff, Pair, count
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.aspects import NAMES, NOTHING, differing, hanging, remark, said
from policy_rules.render.comparing import HYPOTHETICAL, where
from policy_rules.render.html.comparison import Document, document
from policy_rules.render.html.environment import alone
from policy_rules.render.html.meaning import Told, told
from policy_rules.render.html.parts import (
    POLARITIES,
    Choice,
    Cited,
    Entry,
    agreed,
    aspect_choices,
    cited,
    entry,
    filters,
    topics,
)
from policy_rules.render.html.words import words
from policy_rules.render.locators import locators
from policy_rules.render.meaning import SHORT
from policy_rules.render.words import CAUTION

Side = Literal["a", "b"]


@attrs.frozen
class Row:
    """One aspect, and what either side says."""

    name: str
    left: str
    right: str


@attrs.frozen
class Other:
    """Another reading of a clause, and what it would make of the rule."""

    where: str
    label: str
    change: str


@attrs.frozen
class Both:
    """A rule of one pack beside that of the other; the sequences of codes are what filters look at."""

    rows: tuple[Row, ...]
    same: str
    left: Entry
    right: Entry
    cited: tuple[tuple[Cited, ...], tuple[Cited, ...]]
    remark: str
    comparable: bool
    others: tuple[Other, ...]
    meaning: Told | None
    differences: tuple[str, ...]
    forces: tuple[str, ...]
    effects: tuple[str, ...]


@attrs.frozen
class Single:
    """What has no counterpart: in which pack."""

    side: Side
    entry: Entry


@attrs.frozen
class Group:
    """One concept in two packs."""

    id: str
    label: str
    topic: str
    topic_label: str
    question: str
    agreed: tuple[str, ...]
    polarity: str
    pairs: tuple[Both, ...]
    singles: tuple[Single, ...]


@attrs.frozen
class Section:
    """Concepts of both packs, or of one only."""

    id: str
    title: str
    groups: tuple[Group, ...]


_SIDES: Final[tuple[tuple[Side, str], ...]] = (("a", "A"), ("b", "B"))


def difference(report: PackDiff, lang: Lang) -> str:
    """The page; raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)."""
    found = sections(report, lang)
    entries = [e for s in found for g in s.groups for e in _entries(g)]
    used = {d for s in found for g in s.groups for p in g.pairs for d in p.differences}
    w = words(lang)
    marks = [("same", w["same"]), ("plainly", w["plainly"]), ("not_plainly", w["not_plainly"])]
    marks += [(f"means_{name}", text[lang]) for name, text in SHORT.items()]
    sides = [Choice(f"only_{side}", w[f"only_{side}"]) for side, _ in _SIDES]
    names = side_names(report, lang)
    notes = [HYPOTHETICAL[lang]] if report.hypothetical else []
    return alone(
        "difference.html",
        lang,
        title=" ↔ ".join(names),
        documents=documents(report, lang),
        sides=names,
        regions=[
            Choice(side, f"{mark} {name}") for (side, mark), name in zip(_SIDES, names, strict=True)
        ],
        counts=dict(count(report)),
        sections=found,
        topic_choices=topics((c.concept for c in report.concepts), lang),
        differences=[
            *(Choice(v, label) for v, label in marks if v in used),
            *sides,
            *aspect_choices(used, lang),
        ],
        filters=filters(entries, lang),
        notes=[*notes, CAUTION[lang]],
        total=sum(len(g.pairs) + len(g.singles) for s in found for g in s.groups),
    )


def side_names(report: PackDiff, lang: Lang) -> tuple[str, str]:
    """What the two sides are called: their regions, with the versions where both are of one."""
    left, right = where(report.left, lang), where(report.right, lang)
    if left == right:
        return (f"{left} {report.left.version}", f"{right} {report.right.version}")
    return (left, right)


def documents(report: PackDiff, lang: Lang) -> tuple[Document, Document]:
    """The identity of both packs."""
    return (
        document(report.left, str(report.left_day), lang),
        document(report.right, str(report.right_day), lang),
    )


def sections(report: PackDiff, lang: Lang) -> tuple[Section, ...]:
    """Concepts of both packs first, then those of either alone."""
    w, names = words(lang), side_names(report, lang)
    titles = {
        "both": w["in_both"],
        "left": w["only_in"].format(side="A", where=names[1]),
        "right": w["only_in"].format(side="B", where=names[0]),
    }
    made = []
    for name, title in titles.items():
        groups = tuple(_group(c, report, lang) for c in report.concepts if c.mentioned == name)
        if groups:
            made.append(Section(name, title, groups))
    return tuple(made)


def _entries(group: Group) -> Iterator[Entry]:
    for pair in group.pairs:
        yield from (pair.left, pair.right)
    yield from (s.entry for s in group.singles)


def _group(concept: ConceptDiff, report: PackDiff, lang: Lang) -> Group:
    left = [Single("a", entry(p, report.left, lang)) for p in concept.only_left]
    right = [Single("b", entry(p, report.right, lang)) for p in concept.only_right]
    about = concept.concept
    return Group(
        about.id,
        about.label[lang],
        about.topic,
        about.topic_label[lang],
        about.question[lang],
        agreed(about, lang),
        POLARITIES[about.polarity][lang],
        tuple(both(p, report, lang) for p in concept.pairs),
        (*left, *right),
    )


def both(pair: Pair, report: PackDiff, lang: Lang) -> Both:
    """What a page tells of two rules beside each other."""
    packs = (report.left, report.right)
    ends = (pair.left, pair.right)
    mark = "same" if pair.same else "plainly" if pair.comparable else "not_plainly"
    return Both(
        (
            Row(words(lang)["label"], pair.left.label[lang], pair.right.label[lang]),
            *(Row(*told) for told in differing(pair, lang)),
            Row(words(lang)["clauses"], *(locators(p.clauses, lang) for p in ends)),
        ),
        words(lang)["comma"].join(_agreeing(pair, lang)),
        entry(pair.left, report.left, lang),
        entry(pair.right, report.right, lang),
        _cited(ends, packs, lang),
        remark(pair, lang),
        pair.comparable,
        tuple(Other(*words_) for words_ in hanging(pair, lang)),
        told(pair, report, lang),
        (mark, *pair.differs, *([f"means_{pair.meaning.relation}"] if pair.meaning else ())),
        tuple(dict.fromkeys(p.force for p in ends)),
        tuple(dict.fromkeys(p.effect for p in ends if p.effect)),
    )


def _agreeing(pair: Pair, lang: Lang) -> Iterator[str]:
    for aspect in ASPECTS:
        if aspect not in pair.differs and said(pair.left, aspect, lang) != NOTHING[lang]:
            yield NAMES[aspect][lang]


def _cited(
    ends: tuple[Profile, Profile], packs: Sequence[Pack], lang: Lang
) -> tuple[tuple[Cited, ...], tuple[Cited, ...]]:
    left, right = (cited(end.clauses, pack, lang) for end, pack in zip(ends, packs, strict=True))
    return left, right
