"""What the pages tell of a rule or target, a clause, an agreement: words ready for a template."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

import attrs

from policy_rules.diff.compare import ASPECTS, Aspect
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.facts.concepts import Concept
from policy_rules.packs.model import Pack
from policy_rules.render.aspects import AGREED, NAMES, NOTHING, outcome, said
from policy_rules.render.locators import locator
from policy_rules.render.words import EFFECTS, FORCES, OUTCOMES
from policy_rules.text import Text

#: What is told of a rule or target at once; the rest unfolds.
_AT_ONCE: Final[tuple[Aspect, ...]] = ("line", "figure", "amount", "income_definition", "window")
_FOLDED: Final[tuple[Aspect, ...]] = ("subject", "population", "measure", "cadence", "dates")

POLARITIES: Final = {
    "higher_line_more_generous": Text("界限越高，对象越宽", "a higher line is more generous"),
    "larger_amount": Text("金额越大越宽", "a larger amount is more generous"),
    "lower_condition_more_generous": Text("条件越低越宽", "a lower condition is more generous"),
    "wider_group_more_generous": Text("对象越多越宽", "a wider group is more generous"),
    "narrower_group_more_generous": Text("对象越少越宽", "a narrower group is more generous"),
    "higher_figure_more_demanding": Text("数值越高要求越高", "a higher figure demands more"),
    "lower_figure_more_demanding": Text("数值越低要求越高", "a lower figure demands more"),
    "none": Text("不分宽严", "no order"),
}

#: Where the page of a pack's thing stands, from the page that links to it; None where there is none.
Linker = Callable[[str, str], str | None]


def no_links(pack: str, name: str) -> None:
    """A report of one page links to nothing outside itself."""
    return


@attrs.frozen
class Named:
    """A name and what it says: one text, or a list of lines."""

    name: str
    text: str
    lines: tuple[str, ...] = ()


@attrs.frozen
class Cited:
    """A clause: its locator for people, its summary, the page it stands on."""

    where: str
    summary: str
    href: str | None


@attrs.frozen
class Choice:
    """A value of a filter."""

    value: str
    label: str


@attrs.frozen
class Entry:
    """A rule or target as an entry of a page; the codes are what filters look at."""

    id: str
    pack: str
    label: str
    href: str | None
    kind: str
    force: str
    effect: str
    badges: tuple[str, ...]
    facts: tuple[Named, ...]
    folded: tuple[Named, ...]
    cited: tuple[Cited, ...]


def entry(profile: Profile, pack: Pack, lang: Lang, link: Linker = no_links) -> Entry:
    """What a page tells of a rule or target."""
    words = [outcome(profile, lang), *(said(profile, a, lang) for a in ("effect", "force"))]
    conditions = tuple(dict.fromkeys(c.text[lang] for c in profile.conditions))
    folded = list(_named(profile, _FOLDED, lang))
    if conditions:
        at = next((i for i, n in enumerate(folded) if n.name == NAMES["measure"][lang]), 2)
        folded.insert(min(at, len(folded)), Named(NAMES["condition"][lang], "", conditions))
    section = "targets" if profile.outcome == "target" else "rules"
    return Entry(
        profile.thing.id,
        profile.pack,
        profile.label[lang],
        link(profile.pack, f"{section}.{profile.thing.id}"),
        profile.outcome,
        profile.force,
        profile.effect,
        tuple(w for w in words if w != NOTHING[lang]),
        tuple(_named(profile, _AT_ONCE, lang)),
        tuple(folded),
        cited(profile.clauses, pack, lang, link),
    )


def _named(profile: Profile, aspects: Iterable[Aspect], lang: Lang) -> Iterator[Named]:
    for aspect in aspects:
        told = said(profile, aspect, lang)
        if told and told != NOTHING[lang]:
            yield Named(NAMES[aspect][lang], told)


def cited(
    clauses: Sequence[str], pack: Pack, lang: Lang, link: Linker = no_links
) -> tuple[Cited, ...]:
    """Clauses with their summaries."""
    return tuple(
        Cited(
            locator(c, lang),
            pack.clauses[c].summary[lang] if c in pack.clauses else "",
            link(pack.id, f"clauses.{c}"),
        )
        for c in clauses
    )


def agreed(concept: Concept, lang: Lang) -> tuple[str, ...]:
    """What must agree before two rules of a concept may be compared."""
    return tuple(AGREED.get(n, Text(n, n))[lang] for n in concept.must_agree)


def topics(concepts: Iterable[Concept], lang: Lang) -> tuple[Choice, ...]:
    """The topics of concepts, in the order of the vocabulary."""
    found = {c.topic: c.topic_label[lang] for c in concepts}
    return tuple(Choice(*item) for item in found.items())


def choices(used: Iterable[str], labels: Mapping[str, Text], lang: Lang) -> tuple[Choice, ...]:
    """Those of the values that occur, in the order of their labels."""
    there = set(used)
    return tuple(Choice(name, text[lang]) for name, text in labels.items() if name in there)


KINDS: Final[Mapping[str, Text]] = {**OUTCOMES, "target": Text("目标", "target")}


def filters(entries: Iterable[Entry], lang: Lang) -> dict[str, tuple[Choice, ...]]:
    """The choices of the filters by kind, force and effect."""
    seen = list(entries)
    return {
        "kinds": choices((e.kind for e in seen), KINDS, lang),
        "forces": choices((e.force for e in seen), FORCES, lang),
        "effects": choices((e.effect for e in seen), EFFECTS, lang),
    }


def aspect_choices(used: Iterable[str], lang: Lang) -> tuple[Choice, ...]:
    """The aspects that occur, as choices of a filter."""
    there = set(used)
    return tuple(Choice(a, NAMES[a][lang]) for a in ASPECTS if a in there)
