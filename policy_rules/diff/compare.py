"""Two packs, or many, concept by concept: the structural answer.

What only one pack speaks of is *not mentioned* in the other, which forbids nothing. Nothing is called wider,
narrower or more generous here: that takes a proof (:mod:`policy_rules.diff.meaning`), and concepts that allow it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from policy_rules.diff.concepts import known_concepts
from policy_rules.diff.days import day_within
from policy_rules.diff.profile import Profile, profile_of, profiles
from policy_rules.engine.contested import reached
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.facts.concepts import Concept
from policy_rules.packs.model import Alternative, Pack, Reading
from policy_rules.packs.patch import graph_of
from policy_rules.packs.registry import pack_of

if TYPE_CHECKING:
    from policy_rules.diff.meaning import Meaning

#: In what two rules or targets may differ.
Aspect = Literal[
    "outcome", "subject", "population", "line", "income_definition", "window", "condition", "figure",
    "measure", "force", "effect", "amount", "cadence", "dates",
]  # fmt: skip
ASPECTS: Final[tuple[Aspect, ...]] = (
    "outcome", "subject", "population", "line", "income_definition", "window", "condition", "figure",
    "measure", "force", "effect", "amount", "cadence", "dates",
)  # fmt: skip
#: ``agrees``; ``differs``; ``reading``: agrees as the clauses are read here, and would not under another
#: declared reading; ``open``: it does not stand in the rules' structure, somebody must look.
Agreement = Literal["agrees", "differs", "reading", "open"]


@attrs.frozen(eq=False)
class Hanging:
    """Another declared reading of one side, and the aspects of the rule it changes."""

    pack: str
    reading: Reading
    alternative: Alternative
    changes: frozenset[Aspect]
    profile: Profile
    side: Literal["left", "right"] = "left"


@attrs.frozen(eq=False)
class Pair:
    """A rule or target of one pack beside that of another on the same concept.

    ``differs`` names the aspects in which they differ (none: they say the same), ``agreement`` what the
    concept wants to agree before the two may be called more or less than each other. ``meaning`` is what the
    solver says of two rules (:func:`policy_rules.diff.meaning.with_meaning`), None where it was not asked.
    """

    left: Profile
    right: Profile
    differs: tuple[Aspect, ...]
    agreement: Mapping[str, Agreement]
    readings: tuple[Hanging, ...] = ()
    meaning: Meaning | None = None

    @property
    def same(self) -> bool:
        """Whether nothing but the dates differs."""
        return not set(self.differs) - {"dates"}

    @property
    def comparable(self) -> bool:
        """Whether everything agrees that must."""
        return all(a == "agrees" for a in self.agreement.values())


@attrs.frozen(eq=False)
class ConceptDiff:
    """A concept in two packs: pairs, and what has no counterpart."""

    concept: Concept
    pairs: tuple[Pair, ...]
    only_left: tuple[Profile, ...]
    only_right: tuple[Profile, ...]

    @property
    def mentioned(self) -> Literal["both", "left", "right"]:
        """Which packs speak of the concept at all."""
        if self.pairs or (self.only_left and self.only_right):
            return "both"
        return "left" if self.only_left else "right"


@attrs.frozen(eq=False, repr=False)
class PackDiff:
    """Two packs at a date each, concept by concept; ``hypothetical`` where the dates differ."""

    left: Pack
    right: Pack
    left_day: date
    right_day: date
    concepts: tuple[ConceptDiff, ...]

    def __repr__(self) -> str:
        return f"<PackDiff {self.left.id} {self.right.id}: {len(self.concepts)} concepts>"

    @property
    def hypothetical(self) -> bool:
        """Whether the packs are not in force together on one day in one place."""
        return (
            self.left_day != self.right_day
            or not (
                self.left.in_force.holds(self.left_day)
                and self.right.in_force.holds(self.right_day)
            )
            or self.left.region.codes != self.right.region.codes
        )


@attrs.frozen(eq=False, repr=False)
class Comparison:
    """Many packs beside each other: for each concept, what each pack says of it.

    ``generous`` names the most generous packs by concept, where that is defined
    (:func:`policy_rules.diff.generous.with_generous`); None where it was not asked.
    """

    packs: tuple[Pack, ...]
    days: Mapping[str, date]
    rows: tuple[tuple[Concept, Mapping[str, tuple[Profile, ...]]], ...]
    generous: Mapping[str, tuple[str, ...]] | None = None

    def __repr__(self) -> str:
        names = ", ".join(pack.id for pack in self.packs)
        return f"<Comparison of {names}: {len(self.rows)} concepts>"


def diff_packs(
    left: Pack | str,
    right: Pack | str,
    *,
    left_as_of: date | str | None = None,
    right_as_of: date | str | None = None,
    concepts: Iterable[str] | str = (),
) -> PackDiff:
    """Compare two packs (or packs by name), each as on a day (by default the last of its dates).

    The result's ``concepts`` hold, for each concept either pack speaks of, pairs of counterparts with the
    aspects in which they differ, what has no counterpart, and whether the two may be compared at all.
    ``concepts`` (names or labels) narrows it down. Raises :class:`~policy_rules.errors.NotFoundError`
    (``unknown_pack``, ``unknown_concept``) and RecordError (``bad_date``).
    """
    left, right = pack_of(left), pack_of(right)
    days = day_within(left, left_as_of), day_within(right, right_as_of)
    known = known_concepts([left, right])
    wanted = _wanted(concepts, known)
    of_left, of_right = _by_concept(left, days[0]), _by_concept(right, days[1])
    sides = (_Readings(left, days[0]), _Readings(right, days[1]))
    found = []
    for name in wanted:
        ours, theirs = of_left.get(name, []), of_right.get(name, [])
        if ours or theirs:
            found.append(_concept_diff(known[name], ours, theirs, sides))
    return PackDiff(left, right, *days, tuple(found))


def compare_packs(
    packs: Iterable[Pack | str],
    *,
    as_of: date | str | None = None,
    concepts: Iterable[str] | str = (),
) -> Comparison:
    """What each pack (or pack by name) says of each concept, as on a day.

    By default each pack is looked at on the last of its dates. ``rows`` of the result holds a concept with
    the profiles of its rules and targets by pack id. Raises as :func:`diff_packs` does.
    """
    if isinstance(packs, Pack | str):
        packs = [packs]
    chosen = {pack.id: pack for pack in map(pack_of, packs)}
    known = known_concepts(chosen.values())
    days = {name: day_within(pack, as_of) for name, pack in chosen.items()}
    by_pack = {name: _by_concept(pack, days[name]) for name, pack in chosen.items()}
    rows = []
    for name in _wanted(concepts, known):
        cells = {p: tuple(of[name]) for p, of in by_pack.items() if of.get(name)}
        if cells:
            rows.append((known[name], cells))
    return Comparison(tuple(chosen.values()), days, tuple(rows))


def _wanted(names: Iterable[str] | str, known: Mapping[str, Concept]) -> list[str]:
    found = []
    labels = {c.label.zh: c.id for c in known.values()} | {c.label.en: c.id for c in known.values()}
    for name in [names] if isinstance(names, str) else list(names):
        exact = [name] if name in known else [labels[name]] if name in labels else []
        fitting = exact or [i for label, i in labels.items() if name and name in label]
        fitting = list(dict.fromkeys(fitting))
        if len(fitting) > 1:
            told = one_of(known[i].label.zh for i in fitting)
            raise NotFoundError(Problem("ambiguous", Place(), told, shown(name)))
        if not fitting:
            near = nearest(name, [*known, *labels])
            raise NotFoundError(Problem("unknown_concept", Place(), got=shown(name), nearest=near))
        found += fitting
    return found or list(known)


def _by_concept(pack: Pack, day: date) -> dict[str, list[Profile]]:
    found: dict[str, list[Profile]] = {}
    for profile in profiles(pack, day):
        for concept in profile.concepts:
            found.setdefault(concept, []).append(profile)
    return found


class _Readings:
    """What other readings of a pack would change of its rules and targets."""

    def __init__(self, pack: Pack, day: date) -> None:
        self.pack = pack
        self.day = day
        self._graph = graph_of(pack)
        self._reach: list[tuple[Reading, Alternative, frozenset[str]]] = [
            (reading, choice, reached(pack, choice, self._graph))
            for reading in pack.readings.values()
            if not reading.decided and reading.id not in pack.choices
            for choice in reading.alternatives
        ]
        self._packs: dict[tuple[str, str], Pack] = {}

    def of(self, profile: Profile) -> Iterator[Hanging]:
        section = "targets" if profile.outcome == "target" else "rules"
        name = f"{section}.{profile.thing.id}"
        for reading, choice, reach in self._reach:
            if name not in reach:
                continue
            key = reading.id, choice.id
            if key not in self._packs:
                self._packs[key] = self.pack.with_reading(*key)
            other = self._packs[key]
            thing = getattr(other, section)[profile.thing.id]
            changed = profile_of(other, thing, self.day)
            changes = frozenset(a for a in ASPECTS if decider(profile, a) != decider(changed, a))
            if changes:
                yield Hanging(self.pack.id, reading, choice, changes, changed)


def _concept_diff(
    concept: Concept,
    ours: Sequence[Profile],
    theirs: Sequence[Profile],
    sides: tuple[_Readings, _Readings],
) -> ConceptDiff:
    """Counterparts are those most alike; each has at most one."""
    couples = ((i, j) for i in range(len(ours)) for j in range(len(theirs)))
    scored = sorted(((likeness(ours[i], theirs[j]), -i, -j) for i, j in couples), reverse=True)
    left, right = set(range(len(ours))), set(range(len(theirs)))
    pairs = []
    for score, i, j in scored:
        if score >= ALIKE and -i in left and -j in right:
            left.discard(-i)
            right.discard(-j)
            pairs.append(pair(ours[-i], theirs[-j], concept, sides))
    return ConceptDiff(
        concept,
        tuple(pairs),
        tuple(ours[i] for i in sorted(left)),
        tuple(theirs[j] for j in sorted(right)),
    )


#: Less alike than this, two rules are no counterparts, though of one concept.
ALIKE: Final = 7
#: A rule of another version of the same pack is its own counterpart.
SAME_RULE: Final = 1000
MONEY: Final = frozenset({"yuan", "yuan_per_person"})


def likeness(a: Profile, b: Profile) -> int:
    """How much two profiles look like counterparts; 0 where one is a target and the other a rule."""
    if (a.outcome == "target") is not (b.outcome == "target"):
        return 0
    of_a, of_b = (frozenset(p.incomes) for p in (a, b))
    money_a, money_b = ({x.unit for x in p.lines} & MONEY for p in (a, b))
    stated_a, stated_b = (
        {x.unit for x in p.lines if not isinstance(x.figure, str)} & MONEY for p in (a, b)
    )
    return (
        SAME_RULE * (a.pack == b.pack and a.thing.id == b.thing.id)
        + 3 * (a.outcome == b.outcome)
        + 3 * (a.subject == b.subject)
        + 2 * (a.effect == b.effect != "")
        + 2 * (a.measure == b.measure)
        + 2 * (a.unit == b.unit)
        + 5 * bool(money_a & money_b)
        + 4 * bool(stated_a & stated_b)
        + 3 * bool({x.key for x in a.lines} & {x.key for x in b.lines})
        + 3 * bool(of_a & of_b)
        - 5 * (bool(of_a and of_b) and not of_a & of_b and not money_a & money_b)
        + round(8 * len(a.facts & b.facts) / max(1, len(a.facts | b.facts)))
        + (a.population == b.population)
        + (a.force == b.force)
    )


def pair(a: Profile, b: Profile, concept: Concept, sides: tuple[_Readings, _Readings]) -> Pair:
    """Two profiles beside each other."""
    readings = (*sides[0].of(a), *(attrs.evolve(h, side="right") for h in sides[1].of(b)))
    agreed = {name: agreement(name, a, b, readings) for name in concept.must_agree}
    return Pair(a, b, _apart(a, b), agreed, readings)


def agreement(name: str, a: Profile, b: Profile, readings: Iterable[Hanging]) -> Agreement:
    """Whether two profiles agree in what a concept may want to agree, under other readings too."""
    found = _agreement(name, a, b, _apart(a, b))
    for other in readings if found == "agrees" else ():
        ends = (other.profile, b) if other.side == "left" else (a, other.profile)
        if _agreement(name, *ends, _apart(*ends)) != "agrees":
            return "reading"
    return found


def _apart(a: Profile, b: Profile) -> tuple[Aspect, ...]:
    return tuple(aspect for aspect in ASPECTS if decider(a, aspect) != decider(b, aspect))


def decider(profile: Profile, aspect: Aspect) -> Any:
    """What decides one aspect of a profile."""
    match aspect:
        case "line":
            return frozenset(
                (line.key, line.comparator, line.figure, line.unit) for line in profile.lines
            )
        case "income_definition":
            return frozenset(profile.incomes)
        case "window":
            return frozenset(profile.windows)
        case "condition":
            return frozenset(profile.whole)
        case "figure":
            return tuple((f.value, f.upper, f.by, f.year, f.approx) for f in profile.figures)
        case "measure":
            return (profile.measure, profile.unit)
        case "amount":
            return (profile.amount, profile.payments)
        case "cadence":
            return frozenset(profile.cadence)
        case "dates":
            return (profile.in_force.start, profile.in_force.end)
        case _:
            return getattr(profile, aspect)


#: What of a concept's ``must_agree`` stands in which aspects of a profile.
_MEANT: Final[dict[str, tuple[Aspect, ...]]] = {
    "income_definition": ("income_definition",),
    "window": ("window",),
    "period": ("figure",),
    "population": ("population", "subject"),
    "subject": ("subject",),
    "denominator": ("population", "subject"),
    "effect": ("effect", "outcome"),
    "consequence": ("effect", "outcome"),
    "line": ("line",),
    "unit": ("measure",),
    "payment_period": (),
}


def agreed_by(aspect: Aspect) -> tuple[str, ...]:
    """What of a concept's ``must_agree`` an aspect decides."""
    return tuple(name for name, aspects in _MEANT.items() if aspect in aspects)


def _agreement(name: str, a: Profile, b: Profile, differs: tuple[Aspect, ...]) -> Agreement:
    if name not in _MEANT:
        return "agrees" if a.whole == b.whole and "population" not in differs else "open"
    if name == "payment_period":
        paid = [p.amount[2] if p.amount else None for p in (a, b)]
        return "agrees" if paid[0] == paid[1] else "differs"
    if name == "period":
        years = [[(f.year, f.by) for f in p.figures] for p in (a, b)]
        return "agrees" if years[0] == years[1] else "differs"
    return "differs" if set(_MEANT[name]) & set(differs) else "agrees"


def count(diff: PackDiff) -> Iterator[tuple[str, int]]:
    """How many concepts are in both packs and in one only, how many pairs say the same."""
    both = [c for c in diff.concepts if c.mentioned == "both"]
    yield "both", len(both)
    yield "left", sum(c.mentioned == "left" for c in diff.concepts)
    yield "right", sum(c.mentioned == "right" for c in diff.concepts)
    yield "pairs", sum(len(c.pairs) for c in both)
    yield "same", sum(p.same for c in both for p in c.pairs)
