"""One record under several packs: a determination each, and what they say about the same concept.

Which of several documents goes before is never guessed: overlaps are shown with the clauses of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import PUBLIC_KEY, Engine, EngineName, day_of
from policy_rules.engine.finding import Finding
from policy_rules.errors import NotFoundError, Place, Problem, shown
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.packs.overlay import Overlay, read_overlay
from policy_rules.packs.registry import Choice, choose_packs, load_pack, pack_of
from policy_rules.verdict import Verdict


@attrs.frozen
class Overlap:
    """What several packs say about one concept: their findings that are not NO, by pack."""

    concept: str
    findings: Mapping[str, tuple[Finding, ...]]

    def as_dict(self) -> dict[str, Any]:
        """Plain data: finding ids with verdict and clauses by pack."""
        return {
            "concept": self.concept,
            "packs": {
                pack: [
                    {
                        "finding": f.id,
                        "verdict": None if f.verdict is None else f.verdict.value,
                        "clauses": list(f.clauses),
                    }
                    for f in findings
                ]
                for pack, findings in self.findings.items()
            },
        }


class Determinations(Mapping[str, Determination]):
    """The determinations of one record by pack id, in the order of the packs.

    ``choices`` tells which packs were looked at and why they were taken or left; it is empty where
    the caller named the packs.
    """

    def __init__(
        self,
        packs: Sequence[Pack],
        determinations: Sequence[Determination],
        choices: tuple[Choice, ...] = (),
    ) -> None:
        self.packs = {pack.id: pack for pack in packs}
        self.choices = choices
        self._by_pack = dict(zip(self.packs, determinations, strict=True))

    def __getitem__(self, pack: str) -> Determination:
        return self._by_pack[pack]

    def __repr__(self) -> str:
        return f"<Determinations under {', '.join(self._by_pack)}>"

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_pack)

    def __len__(self) -> int:
        return len(self._by_pack)

    def by_concept(self) -> dict[str, dict[str, tuple[Finding, ...]]]:
        """Every finding in force, by concept and pack."""
        found: dict[str, dict[str, list[Finding]]] = {}
        for pack, result in self._by_pack.items():
            for finding in result.findings:
                if finding.verdict is not None:
                    for concept in finding.rule.concepts:
                        found.setdefault(concept, {}).setdefault(pack, []).append(finding)
        return {c: {p: tuple(fs) for p, fs in by.items()} for c, by in found.items()}

    @cached_property
    def overlaps(self) -> tuple[Overlap, ...]:
        """Concepts on which more than one pack says YES or UNKNOWN."""
        found = []
        for concept, by_pack in self.by_concept().items():
            told = {
                pack: kept
                for pack, findings in by_pack.items()
                if (kept := tuple(f for f in findings if f.verdict is not Verdict.NO))
            }
            if len(told) > 1:
                found.append(Overlap(concept, told))
        return tuple(found)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "packs": [choice_data(c) for c in self.choices] or list(self.packs),
            "determinations": [r.as_dict() for r in self._by_pack.values()],
            "overlaps": [o.as_dict() for o in self.overlaps],
        }


def choice_data(choice: Choice) -> dict[str, Any]:
    """Why a pack was taken or left, as plain data."""
    period = choice.head.in_force
    return {
        "pack": choice.head.id,
        "applies": choice.applies,
        "region": list(choice.head.region.codes),
        "in_force": {"from": str(period.start), "to": str(period.end)},
    }


def evaluate_all(
    record: Mapping[str, Any] | Household,
    *,
    as_of: date | str | None = None,
    packs: Iterable[Pack | str] | None = None,
    overlays: Sequence[Overlay] = (),
    rules: Path | None = None,
    engine: EngineName = "auto",
    strict_readings: bool = False,
    key: bytes = PUBLIC_KEY,
) -> Determinations:
    """A determination under every pack that applies (township, county, province …).

    ``packs`` are packs or their names. Without them those are taken whose region holds the record's and
    which are in force on the day (where all of them are out of force, they are taken and say so); ``rules`` is a folder to look for packs in first. An overlay that names its pack is laid over that
    pack alone. Raises :class:`~policy_rules.errors.RecordError`, PackError, and
    :class:`~policy_rules.errors.NotFoundError` (``no_region``, ``only_perhaps``,
    ``no_pack_applies``) where none is found.
    """
    checked = read_record(record)
    choices: tuple[Choice, ...] = ()
    if packs is None:
        day = day_of(checked, as_of)
        choices = choose_packs(checked.region, day, rules)
        packs = [load_pack(name, rules) for name in taken(choices, checked.region, day)]
    chosen = lay_over([pack_of(p, rules) for p in packs], overlays)
    results = []
    for pack in chosen:
        answering = Engine(pack, engine=engine, strict_readings=strict_readings, key=key)
        results.append(answering.evaluate(checked, as_of=as_of))
    return Determinations(chosen, results, choices)


def lay_over(packs: Sequence[Pack], overlays: Sequence[Overlay]) -> list[Pack]:
    """The packs with their overlays; one that names a pack goes to that one alone.

    Raises :class:`~policy_rules.errors.PackError`.
    """
    changed = {pack.id: pack for pack in packs}
    for overlay in overlays:
        document = read_overlay(overlay)
        name = document.data.get("pack") if isinstance(document.data, Mapping) else None
        # an overlay for none of them is told by the first pack it does not fit
        for id_ in [name] if name in changed else list(changed)[: 1 if name else None]:
            changed[id_] = changed[id_].with_overlay(document)
    return list(changed.values())


def taken(choices: Iterable[Choice], region: str, day: date) -> list[str]:
    """The packs that apply to a region on a day.

    Where the region's packs are all out of force they are taken all the same: their answer says so.
    Raises :class:`~policy_rules.errors.NotFoundError` where the region has none, or is not known.
    """
    every = list(choices)
    for wanted in (("applies",), ("expired", "not_yet")):
        names = [c.head.id for c in every if c.applies in wanted and c.head.region.holds(region)]
        if names:
            return names
    perhaps = [c for c in every if c.applies == "perhaps"]
    place = Place(path="region")
    if not region:
        raise NotFoundError(Problem("no_region", place, _listed(every)))
    if perhaps:
        told = _listed(perhaps)
        raise NotFoundError(Problem("only_perhaps", place, told, shown(region), detail=str(day)))
    told = _listed(every)
    raise NotFoundError(Problem("no_pack_applies", place, told, shown(region), detail=str(day)))


def _listed(choices: Iterable[Choice]) -> str:
    """Packs with their areas, codes and dates."""
    return "; ".join(
        f"{c.head.id} ({c.head.region.name.zh} {'、'.join(c.head.region.codes)}, "
        f"{c.head.in_force.start} – {c.head.in_force.end})"
        for c in choices
    )
