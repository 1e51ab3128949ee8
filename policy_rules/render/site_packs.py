"""Pages of a pack: its identity, the structure of its document, each item, lists of what it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

from policy_rules.errors import Lang
from policy_rules.expr.nodes import Const
from policy_rules.expr.prose import prose, skeleton
from policy_rules.expr.types import NumberType, Type
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import (
    Clause,
    Definition,
    Entity,
    Exclusion,
    External,
    Pack,
    Parameter,
    Period,
    Population,
    Reading,
    Table,
)
from policy_rules.render.catalogue import norm
from policy_rules.render.comparing import where
from policy_rules.render.html.parts import Cited, Named, cited
from policy_rules.render.html.words import words
from policy_rules.render.locators import locator
from policy_rules.render.site_page import Link, Spot
from policy_rules.render.site_shelf import Volume
from policy_rules.render.words import DISPOSITIONS, FORCES, REVIEWS
from policy_rules.sources.ledger import audit, deciding
from policy_rules.verdict import Number

#: Sections whose things share one page.
LISTED: Final = (
    "populations", "parameters", "definitions", "externals", "tables", "exclusions", "readings"
)  # fmt: skip
_STEPS: Final = 4


@attrs.frozen
class Step:
    """A line of a condition, with its depth; ``joint`` where it only joins those below."""

    depth: int
    text: str
    joint: bool


@attrs.frozen
class Thing:
    """A named thing of a pack on the page it shares."""

    id: str
    label: str
    told: tuple[Named, ...]
    steps: tuple[Step, ...]
    cited: tuple[Cited, ...]
    used_by: tuple[Link, ...]


@attrs.frozen
class Statement:
    """One statement of the document and what became of it."""

    id: str
    where: str
    summary: str
    badges: tuple[str, ...]
    told: tuple[Named, ...]
    encoded: tuple[Link, ...]


@attrs.frozen
class Item:
    """An item of the document in the list of its structure."""

    link: Link
    about: str
    depth: int
    statements: int
    encoded: int


def steps_of(node: object, pack: Pack, lang: Lang) -> tuple[Step, ...]:
    """The lines of a condition or value."""
    lines = skeleton(node, PackLabels(pack), lang)  # type: ignore[arg-type]
    return tuple(
        Step(min(depth, _STEPS), text, i + 1 < len(lines) and lines[i + 1][0] > depth)
        for i, (depth, text) in enumerate(lines)
    )


def dates(period: Period, lang: Lang) -> str:
    """A period for people; an open end is told."""
    ends = (str(d) if d else "…" for d in (period.start, period.end))
    return " – ".join(ends)


# -- the pack --------------------------------------------------------------------------------------


def pack_page(volume: Volume, spot: Spot) -> str:
    """The front page of a pack."""
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    report = audit(pack)
    lists = [
        (w[section], len(getattr(pack, section)), spot.thing(pack.id, f"{section}."))
        for section in ("rules", "targets", *LISTED)
    ]
    return spot.page(
        "pack.html",
        f"{where(pack, lang)}{w['colon']}{pack.document.title[lang]}",
        spot.crumbs(pack),
        identity=list(identity(pack, lang)),
        lists=[Link(f"{name} {count}", place) for name, count, place in lists if count],
        dispositions=[
            Named(DISPOSITIONS[name][lang], str(n)) for name, n in report.dispositions.items()
        ],
        items=list(items(volume, spot)),
    )


def identity(pack: Pack, lang: Lang) -> Iterator[Named]:
    """Who a pack is: its document, dates, region."""
    w, document = words(lang), pack.document
    yield Named(w["document"], document.title[lang])
    yield Named(w["issuer"], document.issuer[lang])
    told = {
        "number": document.number,
        "issued": str(document.issued or ""),
        "published": str(document.published or ""),
        "in_force": dates(pack.in_force, lang),
        "basis": pack.in_force.basis[lang],
        "plan_period": dates(document.plan_period, lang),
        "superseded": document.superseded_by,
    }
    yield from (Named(w[name], text) for name, text in told.items() if text)
    if document.higher:
        yield Named(w["higher"], "", tuple(h[lang] for h in document.higher))
    if document.source_quality:
        yield Named(w["source_quality"], document.source_quality[lang])
    yield Named(w["codes"], w["comma"].join(pack.region.codes))
    yield Named(w["pack"], f"{pack.id}@{pack.version}")
    yield Named(w["digest"], pack.digest)


def items(volume: Volume, spot: Spot) -> Iterator[Item]:
    """The items of the document, each below the one whose number it continues."""
    above: list[str] = []
    for item, statements in volume.items.items():
        while above and not item.startswith(above[-1]):
            above.pop()
        clauses = [volume.pack.clauses[c] for c in statements]
        yield Item(
            Link(locator(item, spot.lang), spot.thing(volume.pack.id, f"clauses.{item}")),
            clauses[0].summary[spot.lang],
            min(len(above), _STEPS),
            len(clauses),
            sum(bool(deciding(c)) for c in clauses),
        )
        above.append(item)


# -- an item ---------------------------------------------------------------------------------------


def item_page(volume: Volume, item: str, spot: Spot) -> str:
    """The statements of one item, each with its dispositions."""
    pack, lang = volume.pack, spot.lang
    order = list(volume.items)
    at = order.index(item)
    around = [order[i] if 0 <= i < len(order) else None for i in (at - 1, at + 1)]
    here = Link(locator(item, lang), None)
    return spot.page(
        "item.html",
        f"{where(pack, lang)} {locator(item, lang)}",
        spot.crumbs(pack, here),
        document=pack.document.title[lang],
        statements=[_statement(pack.clauses[c], pack, spot) for c in volume.items[item]],
        around=[
            None
            if other is None
            else Link(locator(other, lang), spot.thing(pack.id, f"clauses.{other}"))
            for other in around
        ],
    )


def _statement(clause: Clause, pack: Pack, spot: Spot) -> Statement:
    lang, w = spot.lang, words(spot.lang)
    told = []
    if clause.figures:
        told.append(Named(w["figures"], w["comma"].join(clause.figures)))
    if clause.norms:
        told.append(Named(w["norms"], "", tuple(norm(n, lang) for n in clause.norms)))
    if clause.why_not and not deciding(clause):
        told.append(Named(w["why_not"], clause.why_not[lang]))
    if clause.faults:
        told.append(Named(w["faults"], "", tuple(f[lang] for f in clause.faults)))
    review = REVIEWS[clause.review][lang] if clause.review in REVIEWS else clause.review
    told.append(Named(w["review"], review))
    badges = [DISPOSITIONS[d][lang] for d in clause.dispositions]
    if clause.force != "none":
        badges.append(FORCES[clause.force][lang])
    return Statement(
        clause.id.partition("#")[2] or "s",
        locator(clause.id, lang),
        clause.summary[lang],
        tuple(badges),
        tuple(told),
        tuple(spot.named(pack, clause.encoded_by)),
    )


# -- lists -----------------------------------------------------------------------------------------


def list_page(volume: Volume, section: str, spot: Spot) -> str:
    """All named things of one kind on a page, linkable by their ids."""
    pack, w = volume.pack, words(spot.lang)
    things: Sequence[Entity] = list(getattr(pack, section).values())
    return spot.page(
        "list.html",
        f"{where(pack, spot.lang)}{w['colon']}{w[section]}",
        spot.crumbs(pack, Link(w[section], None)),
        things=[_thing(volume, section, thing, spot) for thing in things],
    )


def _thing(volume: Volume, section: str, thing: Entity, spot: Spot) -> Thing:
    pack, lang = volume.pack, spot.lang
    node = (
        thing.when if isinstance(thing, Population)
        else thing.value if isinstance(thing, Definition)
        else None
    )  # fmt: skip
    return Thing(
        thing.id,
        thing.label[lang] or thing.id,  # a ranking has no name
        tuple(_told(thing, volume, spot)),
        () if node is None else steps_of(node, pack, lang),
        cited(thing.clauses, pack, lang, lambda p, n: spot.thing(p, n)),
        tuple(spot.named(pack, volume.used_by.get(f"{section}.{thing.id}", ()))),
    )


def _told(thing: Entity, volume: Volume, spot: Spot) -> Iterator[Named]:
    pack, lang, w = volume.pack, spot.lang, words(spot.lang)
    subject = getattr(thing, "subject", None)
    if subject:
        yield Named(w["subject"], pack.vocabulary.records[subject].label[lang])
    match thing:
        case Parameter():
            yield from parameter(thing, pack, lang)
        case External():
            yield from _asked(thing.authority[lang], thing.question[lang], lang)
        case Reading():
            yield Named(w["chosen"], thing.chosen[lang])
            yield Named(w["basis"], thing.basis[lang])
            yield Named(w["alternatives"], "", tuple(a.label[lang] for a in thing.alternatives))
        case Exclusion():
            names = [pack.rules[r].label[lang] for r in thing.ranked]
            yield Named(w["ranked"], " → ".join(names))
        case Table():
            yield Named(w["value"], "", tuple(_rows(thing, pack, lang)))


def _asked(authority: str, question: str, lang: Lang) -> Iterator[Named]:
    w = words(lang)
    if authority:
        yield Named(w["authority"], authority)
    if question:
        yield Named(w["question"], question)


def parameter(thing: Parameter, pack: Pack, lang: Lang) -> Iterator[Named]:
    """The values of a parameter with their dates, and who sets it where the document does not."""
    w = words(lang)
    labels = PackLabels(pack)
    values = []
    for v in thing.values:
        figure = prose(Const(v.value, thing.type), labels, unit=thing.unit)[lang]
        values.append(figure + w["brackets"].format(dates(v.period, lang)))
    if values:
        yield Named(w["value"], "", tuple(values))
    elif thing.external:
        yield Named(w["value"], w["external_value"])
    yield from _asked(thing.authority[lang], thing.question[lang], lang)


def _rows(table: Table, pack: Pack, lang: Lang) -> Iterator[str]:
    labels = PackLabels(pack)
    # a slice has a rate, the other kinds what the table gives
    unit = "ratio" if table.kind == "slices" else _unit(table.type)

    def key_told(key: Number | str | None) -> str:
        if key is None:
            return "…"
        return prose(Const(key, table.key_type), labels, unit=_unit(table.key_type))[lang]

    for row in table.rows:
        value = prose(Const(row.value, table.type), labels, unit=unit)[lang]
        ends = (row.lo, row.hi) if row.key is None else (row.key,)
        yield f"{' – '.join(map(key_told, ends))} → {value}"


def _unit(of: Type) -> str | None:
    return of.unit if isinstance(of, NumberType) else None
