"""Auditing a clause ledger: is every statement disposed of, does every disposition hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import attrs

from policy_rules.errors import Place, Problem, nearest, shown
from policy_rules.facts.concepts import load_concepts
from policy_rules.packs.model import Clause, Pack, Rule, Target

#: A disposition that promises something to be encoded, and the sections that keep the promise.
PROMISES: Final = {
    "rule": ("rules", "populations", "definitions", "exclusions", "tables", "parameters"),
    "duty": ("rules",),
    "target": ("targets",),
}

#: Sentences are rarely longer; a longer span probably holds two statements.
LONGEST_SPAN: Final = 400


@attrs.frozen
class Audit:
    """What the ledger of a pack holds and lacks.

    ``items`` counts the statements of each item (``三(四)18``), ``dispositions`` those of each kind;
    ``longest`` is the statement with the longest span.
    """

    problems: tuple[Problem, ...]
    items: dict[str, int]
    dispositions: dict[str, int]
    reviews: dict[str, int]
    faults: int
    norms: int
    encoded: int
    longest: Clause | None
    characters: int


def item_of(locator: str) -> str:
    """The item a statement belongs to."""
    return locator.partition("#")[0]


def span_length(clause: Clause) -> int:
    """Characters of the statement's wording, without white space."""
    return clause.span[1] - clause.span[0] if clause.span else 0


def audit(pack: Pack) -> Audit:
    """Audit the ledger of a pack."""
    items: dict[str, int] = {}
    dispositions: dict[str, int] = {}
    reviews: dict[str, int] = {}
    for clause in pack.clauses.values():
        items[item_of(clause.id)] = items.get(item_of(clause.id), 0) + 1
        reviews[clause.review] = reviews.get(clause.review, 0) + 1
        for disposition in clause.dispositions:
            dispositions[disposition] = dispositions.get(disposition, 0) + 1
    clauses = list(pack.clauses.values())
    problems = [*_dispositions(clauses), *_spans(pack, clauses), *_things(pack)]
    return Audit(
        tuple(problems),
        items,
        dispositions,
        reviews,
        sum(len(c.faults) for c in clauses),
        sum(len(c.norms) for c in clauses),
        sum(1 for c in clauses if deciding(c)),
        max(clauses, key=span_length, default=None),
        pack.text_characters,
    )


def deciding(clause: Clause) -> tuple[str, ...]:
    """What encodes a clause; a reading alone encodes nothing."""
    return tuple(e for e in clause.encoded_by if not e.startswith("readings."))


def _dispositions(clauses: list[Clause]) -> Iterator[Problem]:
    for clause in clauses:
        encoded = deciding(clause)
        sections = {e.partition(".")[0] for e in encoded}
        if not encoded and not clause.norms and not clause.why_not:
            yield Problem("encoded_nothing", clause.place, got=shown(clause.id))
        for disposition in clause.dispositions:
            wanted = PROMISES.get(disposition)
            if wanted is not None and not sections & set(wanted):
                yield Problem(
                    "not_encoded", clause.place, expected=" / ".join(f"`{w}`" for w in wanted), got=shown(clause.id),
                    detail=shown(disposition),
                )  # fmt: skip
            if disposition == "norm" and not clause.norms and not encoded:
                yield Problem(
                    "not_encoded",
                    clause.place,
                    expected=shown("norms"),
                    got=shown(clause.id),
                    detail=shown("norm"),
                )


def _things(pack: Pack) -> Iterator[Problem]:
    """Rules and targets against the clauses they cite and the vocabulary's concepts."""
    known = {**pack.vocabulary.concepts, **load_concepts()}
    things: list[Rule | Target] = [*pack.rules.values(), *pack.targets.values()]
    for thing in things:
        forces = {pack.clauses[c].force for c in thing.clauses} - {"none"}
        if forces and thing.force not in forces:
            told = ", ".join(shown(f) for f in sorted(forces))
            yield Problem("force_mismatch", thing.place, expected=told, got=shown(thing.force))
        for concept in thing.concepts:
            if concept not in known:
                near = nearest(concept, known)
                yield Problem("unknown_concept", thing.place, got=shown(concept), nearest=near)


def _spans(pack: Pack, clauses: list[Clause]) -> Iterator[Problem]:
    if not pack.text_characters:
        return
    spans = sorted((c.span, c) for c in clauses if c.span is not None)
    end = 0
    for (start, stop), clause in ((s, c) for s, c in spans if s is not None):
        if start < end:
            yield Problem("span_overlap", clause.place, got=shown(clause.id))
        elif start > end:
            yield Problem(
                "span_missing", clause.place, expected=str(end), got=str(start), detail=clause.id
            )
        if stop - start > LONGEST_SPAN:
            yield Problem(
                "span_too_long", clause.place, expected=str(LONGEST_SPAN), got=str(stop - start)
            )
        end = max(end, stop)
    if end != pack.text_characters:
        place = Place(f"{pack.id}/pack.yaml", path="text.characters")
        whole = pack.text_characters
        if end < whole:
            yield Problem("span_missing", place, expected=str(end), got=str(whole))
        else:
            yield Problem("out_of_range", place, expected=f"<= {whole}", got=shown(end))


def numbered(items: dict[str, int]) -> list[int]:
    """The running item numbers of a document (1 to 35, say) that the ledger holds.

    Sub-items of the goals of a chapter (``一(四)1``) have numbers of their own and do not count.
    """
    found = set()
    for item in items:
        match = re.search(r"[)）]?(\d+)\Z", item)
        if match and not item.startswith(("一", "专栏")):
            found.add(int(match[1]))
    return sorted(found)
