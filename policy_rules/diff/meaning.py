"""Pairs of rules by their meaning: narrower, wider, more generous, with households that show it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal

import attrs

from policy_rules.analysis.model import (
    Assumptions,
    Bounds,
    Column,
    How,
    Relation,
    RuleOn,
    Witness,
)
from policy_rules.diff.compare import (
    ConceptDiff,
    PackDiff,
    Pair,
    agreement,
)
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.expr.nodes import LongestRun
from policy_rules.facts.concepts import Concept
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.packs.model import Pack, Rule

Equivalence = Literal["income_definition", "window", "population", "consequence", "external"]
#: What two rules may be compared under as if it were the same; ``external``: what either text leaves to another
#: authority is met.
EQUIVALENCES: Final[tuple[Equivalence, ...]] = (
    "income_definition", "window", "population", "consequence", "external",
)  # fmt: skip
#: What must agree before one of two rules is called more generous, besides what the concept wants.
ALWAYS: Final = ("income_definition", "window", "population", "consequence")
#: Names of a concept's ``must_agree`` that an equivalence covers.
_COVERS: Final = {"effect": "consequence"}
_MORE: Final = (
    "higher_line_more_generous",
    "lower_condition_more_generous",
    "wider_group_more_generous",
)
#: The polarities under which one rule may be more generous than another.
ORDERED: Final = frozenset({*_MORE, "narrower_group_more_generous", "larger_amount"})
#: Seconds for all pairs of a comparison, unless told otherwise.
SECONDS: Final = 120.0

Generous = Literal["left", "right", "equal", ""]


@attrs.frozen
class OtherReading:
    """What the relation would be under another reading of one pack."""

    pack: str
    reading: str
    alternative: str
    relation: How
    side: Literal["left", "right"] = "left"


@attrs.frozen(eq=False)
class Meaning:
    """What two rules mean against each other.

    ``relation`` says how the left rule stands to the right one: ``same``, ``narrower`` (YES of fewer), ``wider``,
    ``overlapping``, ``disjoint``, ``undecided``. ``generous`` names the side that is more generous (``equal`` for
    neither), empty where that is not defined or not decided; ``not_comparable`` names what must agree for that and
    does not. ``assumed`` names the equivalences under which all this was asked (none: plainly). ``hypothetical`` is
    the answer under an equivalence, for a pair that only such keep from being compared. ``readings`` holds the other
    readings under which the relation is another one, ``set_aside`` what was not looked at (``region``, ``dates``;
    ``met_when``: whether a duty is met). ``answer`` is the solver's answer itself, with the days, what was undecided
    and why; ``left_out`` says why the solver was not asked (``subject``, ``not_in_force``, ``time``).
    """

    relation: How
    witnesses: tuple[Witness, ...]
    bounds: Bounds
    generous: Generous = ""
    not_comparable: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    hypothetical: Meaning | None = None
    readings: tuple[OtherReading, ...] = ()
    readings_asked: bool = True
    set_aside: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    answer: Relation | None = None

    def witness(self, kind: Literal["left_only", "right_only", "both"]) -> Witness | None:
        """The witness of a kind, where there is one."""
        return next((w for w in self.witnesses if w.kind == kind), None)


def with_meaning(
    diff: PackDiff,
    *,
    bounds: Bounds | None = None,
    assume: Iterable[str] = (),
    readings: bool = True,
    seconds: float = SECONDS,
    done: Callable[[int, int], None] = lambda n, of: None,
) -> PackDiff:
    """A comparison with the meaning of every pair of rules; targets have none.

    Each rule is asked on the day its pack is looked at, or on its own last day where it is not in force then.
    ``assume`` names equivalences (:data:`EQUIVALENCES`) under which all pairs are compared; without them, pairs that
    only such keep from being compared have an answer under them besides (``hypothetical``). ``readings`` asks again
    under every other reading that bears on a pair. After ``seconds`` in all the rest is ``undecided`` (``time``).
    ``done`` is told how many pairs are done, and of how many.

    Raises :class:`~policy_rules.errors.NotFoundError` (``not_allowed``) for an unknown equivalence, and as
    :func:`policy_rules.analysis.relate` does.
    """
    wanted = tuple(dict.fromkeys(assume))
    for name in wanted:
        if name not in EQUIVALENCES:
            near = nearest(name, EQUIVALENCES)
            place = Place(path="assume")
            raise NotFoundError(
                Problem("not_allowed", place, one_of(EQUIVALENCES), shown(name), near)
            )
    asker = Asker(diff, bounds or Bounds(), wanted, time.monotonic() + seconds)
    pairs = [(c.concept, p) for c in diff.concepts for p in c.pairs if are_rules(p)]
    found: dict[int, Meaning] = {}
    for i, (concept, pair) in enumerate(pairs):
        found[id(pair)] = asker.meaning(pair, concept)
        done(i + 1, len(pairs))
    if readings:
        for _, pair in pairs:
            found[id(pair)] = asker.with_readings(pair, found[id(pair)])

    def told(concept: ConceptDiff) -> ConceptDiff:
        told_pairs = (attrs.evolve(p, meaning=found.get(id(p))) for p in concept.pairs)
        return attrs.evolve(concept, pairs=tuple(told_pairs))

    return attrs.evolve(diff, concepts=tuple(map(told, diff.concepts)))


def are_rules(pair: Pair) -> bool:
    """Whether a pair is of rules, which a solver can be asked about."""
    return isinstance(pair.left.thing, Rule) and isinstance(pair.right.thing, Rule)


class Asker:
    """Puts the pairs of a comparison to the solver until its time is over."""

    def __init__(self, diff: PackDiff, bounds: Bounds, assume: tuple[str, ...], end: float) -> None:
        self.diff = diff
        self.bounds = bounds
        self.assume = assume
        self.end = end
        self.vocabulary = diff.left.vocabulary
        self._packs: dict[tuple[str, str, str], Pack] = {}

    def meaning(self, pair: Pair, concept: Concept) -> Meaning:
        """What a pair means, other readings apart."""
        lacking = tuple(lacking_in(pair, concept))
        rest = tuple(n for n in lacking if _COVERS.get(n, n) not in self.assume)
        plain = self._meaning(pair, concept, self.assume, rest)
        names = {_COVERS.get(n, n) for n in lacking}
        if self.assume or not names or not names <= set(EQUIVALENCES) or plain.answer is None:
            return plain
        assumed = tuple(n for n in EQUIVALENCES if n in names)
        assumptions = assumptions_of(pair, assumed, self.vocabulary)
        if assumptions is None or (assumptions == Assumptions() and concept.polarity == "none"):
            return plain
        answer = plain.answer if assumptions == Assumptions() else None
        other = self._meaning(pair, concept, assumed, (), answer)
        return attrs.evolve(plain, hypothetical=other)

    def _meaning(
        self,
        pair: Pair,
        concept: Concept,
        assume: tuple[str, ...],
        lacking: tuple[str, ...],
        answer: Relation | None = None,
    ) -> Meaning:
        assumptions = assumptions_of(pair, assume, self.vocabulary)
        why = "assumed" if assumptions is None else "" if time.monotonic() < self.end else "time"
        if why or assumptions is None:
            return Meaning("undecided", (), self.bounds, "", lacking, assume, left_out=(why,))
        if answer is None:
            answer = self._related(*self._rules(pair), assumptions)
        return Meaning(
            answer.relation,
            answer.witnesses,
            answer.bounds,
            "" if lacking else more_generous(concept.polarity, answer),
            lacking,
            assume,
            set_aside=tuple(self._set_aside(pair, answer)),
            left_out=answer.left_out
            if not answer.witnesses and answer.relation == "undecided"
            else (),
            answer=answer,
        )

    def _related(
        self, left: RuleOn, right: RuleOn, assume: Assumptions, *, plain: bool = True
    ) -> Relation:
        from policy_rules.analysis.relating import related  # needs the solver

        rest = max(0.1, self.end - time.monotonic())
        bounds = attrs.evolve(self.bounds, seconds=min(self.bounds.seconds, rest))
        return attrs.evolve(related(left, right, bounds, assume, plain=plain), bounds=self.bounds)

    def _rules(self, pair: Pair) -> tuple[RuleOn, RuleOn]:
        sides = ((self.diff.left, self.diff.left_day), (self.diff.right, self.diff.right_day))
        left, right = (
            RuleOn.within(pack, pack.rules[profile.thing.id], day)
            for (pack, day), profile in zip(sides, (pair.left, pair.right), strict=True)
        )
        return left, right

    def _set_aside(self, pair: Pair, answer: Relation) -> Iterator[str]:
        if self.diff.left.region.codes != self.diff.right.region.codes:
            yield "region"
        if "dates" in pair.differs or answer.days[0] != answer.days[1]:
            yield "dates"
        if any(p.outcome == "duty" for p in (pair.left, pair.right)):
            yield "met_when"

    # -- other readings --------------------------------------------------------------------------

    def with_readings(self, pair: Pair, meaning: Meaning) -> Meaning:
        """A meaning with the readings under which the relation is another one."""
        if meaning.answer is None or meaning.relation == "undecided":
            return meaning
        found, asked = self._other_readings(pair, meaning)
        hypothetical = meaning.hypothetical
        if hypothetical is not None and hypothetical.relation != "undecided":
            others, also = self._other_readings(pair, hypothetical)
            hypothetical = attrs.evolve(hypothetical, readings=others, readings_asked=also)
        return attrs.evolve(
            meaning, readings=found, readings_asked=asked, hypothetical=hypothetical
        )

    def _other_readings(
        self, pair: Pair, meaning: Meaning
    ) -> tuple[tuple[OtherReading, ...], bool]:
        """Those that change the relation; whether all could be asked."""
        found: list[OtherReading] = []
        asked = True
        for other in pair.readings:
            if not other.changes & _DECIDING:
                continue
            left = other.side == "left"
            ends = (other.profile, pair.right) if left else (pair.left, other.profile)
            changed = attrs.evolve(pair, left=ends[0], right=ends[1])
            assumptions = assumptions_of(changed, meaning.assumed, self.vocabulary)
            if time.monotonic() > self.end or assumptions is None:
                asked = False
                continue
            rules = list(self._rules(pair))
            side = 0 if left else 1
            pack = self._other_pack(rules[side].pack, other.reading.id, other.alternative.id)
            rules[side] = RuleOn.within(pack, pack.rules[rules[side].rule.id], rules[side].day)
            answer = self._related(rules[0], rules[1], assumptions, plain=False)
            if answer.relation != meaning.relation:
                found.append(
                    OtherReading(
                        pack.id,
                        other.reading.id,
                        other.alternative.id,
                        answer.relation,
                        other.side,
                    )
                )
        return tuple(found), asked

    def _other_pack(self, pack: Pack, reading: str, alternative: str) -> Pack:
        key = (pack.version, pack.digest, f"{reading}.{alternative}")
        if key not in self._packs:
            self._packs[key] = pack.with_reading(reading, alternative)
        return self._packs[key]


#: The aspects in which another reading can change of whom a rule says YES.
_DECIDING: Final = frozenset(
    {"outcome", "subject", "population", "line", "income_definition", "window", "condition"}
)


def lacking_in(pair: Pair, concept: Concept) -> Iterator[str]:
    """What must agree before one side is called more generous, and does not."""
    for name in dict.fromkeys((*concept.must_agree, *ALWAYS)):
        known = pair.agreement.get(name)
        if (known or agreement(name, pair.left, pair.right, pair.readings)) != "agrees":
            yield name


_WIDER: Final[dict[str, Generous]] = {"wider": "left", "narrower": "right", "same": "equal"}


def more_generous(polarity: str, answer: Relation) -> Generous:
    """The more generous side, where the concept has an order and the answer decides it."""
    if answer.never or answer.open_only or answer.relation == "undecided":
        return ""
    wider = _WIDER.get(answer.relation, "")
    turned: dict[Generous, Generous] = {"left": "right", "right": "left", "equal": "equal", "": ""}
    if polarity in _MORE:
        return wider
    if polarity == "narrower_group_more_generous":
        return turned[wider]
    if polarity == "larger_amount" and answer.more in ("left", "right", "equal"):
        more: Generous = answer.more
        if "equal" in (wider, more):
            return more if wider == "equal" else wider
        return more if wider == more else ""
    return ""


def assumptions_of(pair: Pair, names: Iterable[str], vocabulary: Vocabulary) -> Assumptions | None:
    """Equivalences as constraints on records, as far as the two differ in them; None where they cannot be."""
    wanted = set(names)
    same: list[tuple[Column, Column]] = []
    mine, other = ([said.key for said in p.incomes] for p in (pair.left, pair.right))
    apart = set(mine) != set(other)
    if "income_definition" in wanted and apart:
        columns = _by_unit(
            [k for k in mine if k not in other], [k for k in other if k not in mine], vocabulary
        )
        if not columns:
            return None
        same += columns
    windows = ([said.key for said in p.windows] for p in (pair.left, pair.right))
    first, second = (set(w) for w in windows)
    if "window" in wanted and first != second:
        if any(isinstance(k, LongestRun) for k in first ^ second):
            return None
        same += [(k, k) for k in mine if k in other]
        if not same:
            return None
    whom = pair.left.population.key != pair.right.population.key
    if "population" in wanted and pair.left.subject != pair.right.subject:
        return None
    return Assumptions(tuple(same), "population" in wanted and whom, "external" in wanted)


def _by_unit(
    mine: list[Column], other: list[Column], vocabulary: Vocabulary
) -> list[tuple[Column, Column]]:
    """The first fact of either side in each unit."""
    found: dict[str | None, tuple[Column, Column]] = {}
    for a in mine:
        for b in other:
            units = {vocabulary.fact(*column).unit for column in (a, b)}
            if len(units) == 1:
                found.setdefault(units.pop(), (a, b))
    return list(found.values())
