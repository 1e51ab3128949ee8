"""What changed in the packs of a repository since a commit: read from git's objects, no file is touched.

The packs of the base are read with the vocabulary they had there, so that a commit that changes both is
told rightly. Needs the ``git`` command; works in a shallow clone that has the base.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from policy_rules.analysis.model import Bounds
from policy_rules.diff.compare import Agreement, ConceptDiff, PackDiff, Pair, diff_packs
from policy_rules.diff.days import day_within
from policy_rules.diff.git_objects import Tree, commit_of, files_now, files_then
from policy_rules.diff.meaning import SECONDS, with_meaning
from policy_rules.diff.pairing import says
from policy_rules.diff.profile import Profile, profiles
from policy_rules.diff.vocabulary import VocabularyChange, vocabulary_change
from policy_rules.errors import (
    PolicyRulesError,
    Problem,
)
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.paths import rules_folder

#: Sections of a pack whose entries are told by name; rules and targets are told by what they say.
SECTIONS: Final = (
    "populations", "parameters", "externals", "definitions", "tables", "exclusions", "readings", "clauses",
)  # fmt: skip
What = Literal["added", "removed", "changed", "unchanged", "unreadable"]


@attrs.frozen
class Entries:
    """Names of a section's entries that are new, gone or changed."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@attrs.frozen(eq=False)
class PackChange:
    """One pack since the base.

    ``diff`` has the pairs of rules and targets that say something else, each once, and those that are new or
    gone; ``rewritten`` those written in another way that say the same. ``sections`` tells of the rest by
    section. ``facts`` are changed facts the pack reads. ``others`` counts changed files that decide nothing
    (cases, properties, notes). ``problems`` are those of a state that cannot be read.
    """

    name: str
    what: What
    before: Pack | None = None
    after: Pack | None = None
    diff: PackDiff | None = None
    rewritten: tuple[str, ...] = ()
    sections: Mapping[str, Entries] = attrs.field(factory=dict)
    facts: tuple[str, ...] = ()
    others: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def raised(self) -> bool:
        """Whether the version was raised."""
        return (
            self.before is None or self.after is None or self.before.version != self.after.version
        )


@attrs.frozen(eq=False)
class RepositoryDiff:
    """Every pack of a rules folder since a commit; ``base`` as it was asked for, ``commit`` in full."""

    base: str
    commit: str
    vocabulary: VocabularyChange
    packs: tuple[PackChange, ...]

    @property
    def changed(self) -> bool:
        """Whether anything that decides changed."""
        return bool(self.vocabulary.entries) or any(p.what != "unchanged" for p in self.packs)


def diff_repository(base: str, rules: Path | None = None) -> RepositoryDiff:
    """What changed in the packs of a rules folder (by default the library's own) since a commit.

    Raises :class:`~policy_rules.errors.NotFoundError` (``no_repository``, ``unknown_base``) and
    :class:`~policy_rules.errors.PackError` where a pack cannot be read as it stands.
    """
    folder = (rules or rules_folder()).resolve()
    commit = commit_of(folder, base)
    then, now = Tree(files_then(folder, commit), f"{base}:"), Tree(files_now(folder), "")
    change = vocabulary_change(then.vocabulary, now.vocabulary, then.concepts, now.concepts)
    names = sorted({*then.packs, *now.packs})
    packs = tuple(_pack_change(name, then, now, change) for name in names)
    return RepositoryDiff(base, commit, change, packs)


def with_meanings(
    report: RepositoryDiff,
    *,
    bounds: Bounds | None = None,
    seconds: float = SECONDS,
    done: Callable[[int, int], None] = lambda n, of: None,
) -> RepositoryDiff:
    """The same with what a solver says of every pair that changed: narrower, wider, the same after all.

    ``seconds`` are for all packs together. Raises as :func:`~policy_rules.diff.meaning.with_meaning` does.
    """
    end = time.monotonic() + seconds
    packs = []
    for pack in report.packs:
        if pack.diff is not None and pack.diff.concepts:
            left = max(0.1, end - time.monotonic())
            # one reading of two versions is one: what another would change is no news
            meant = with_meaning(pack.diff, bounds=bounds, readings=False, seconds=left, done=done)
            pack = attrs.evolve(pack, diff=meant)
        packs.append(pack)
    return attrs.evolve(report, packs=tuple(packs))


# -- one pack --------------------------------------------------------------------------------------


def _pack_change(name: str, then: Tree, now: Tree, words: VocabularyChange) -> PackChange:
    before, after = name in then.packs, name in now.packs
    old, new = then.others(name), now.others(name)
    others = sum(old.get(f) != new.get(f) for f in {**old, **new})
    if not after:
        return PackChange(name, "removed", before=_or_none(then, name))
    if not before:
        return PackChange(name, "added", after=now.pack(name))
    same = then.digest(name) == now.digest(name)
    if same and not words.facts():
        return PackChange(name, "unchanged", others=others)
    current = now.pack(name)
    read = {f"{s.record}.{s.path}" for s in required_facts(current)}
    facts = tuple(sorted(read & words.facts()))
    if same:
        what: What = "changed" if facts else "unchanged"
        return PackChange(name, what, None, current, facts=facts, others=others)
    try:
        earlier = then.pack(name)
    except PolicyRulesError as error:
        return PackChange(
            name, "unreadable", None, current, facts=facts, others=others, problems=error.problems
        )
    diff, rewritten = _compared(earlier, current)
    sections = {
        section: entries
        for section in SECTIONS
        if (entries := _entries(earlier.raw[section], current.raw[section]))
    }
    return PackChange(name, "changed", earlier, current, diff, rewritten, sections, facts, others)


def _or_none(tree: Tree, name: str) -> Pack | None:
    try:
        return tree.pack(name)
    except PolicyRulesError:
        return None


def _entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> Entries:
    return Entries(
        tuple(n for n in after if n not in before),
        tuple(n for n in before if n not in after),
        tuple(n for n in after if n in before and before[n] != after[n]),
    )


def _compared(before: Pack, after: Pack) -> tuple[PackDiff, tuple[str, ...]]:
    """What says something else, each pair once; and what was only written anew.

    Concepts of which nothing changed are not compared at all.
    """
    days = day_within(before, None), day_within(after, None)
    old, new = (
        {_key(p): p for p in profiles(pack, day)}
        for pack, day in ((before, days[0]), (after, days[1]))
    )
    concerned: dict[str, None] = {}
    rewritten = []
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if one is None or other is None or says(one) != says(other):
            found = [p for p in (one, other) if p is not None]
            concerned |= {c: None for p in found for c in p.concepts}
        elif _raw(before, one) != _raw(after, other):
            rewritten.append(key[1])
    if not concerned:
        return PackDiff(before, after, *days, ()), tuple(rewritten)
    return _told(diff_packs(before, after, concepts=list(concerned))), tuple(rewritten)


def _told(diff: PackDiff) -> PackDiff:
    """The diff with what says something else alone, each pair once."""
    paired = {
        (side, _key(profile))
        for concept in diff.concepts
        for pair in concept.pairs
        for side, profile in (("left", pair.left), ("right", pair.right))
    }
    seen: set[Any] = set()
    kept: list[ConceptDiff] = []
    for concept in diff.concepts:
        pairs: list[Pair] = []
        for pair in concept.pairs:
            key = (_key(pair.left), _key(pair.right))
            if key in seen:
                continue
            seen.add(key)
            if pair.differs:
                pairs.append(_one_reading(pair))
        alone = []
        for side, mine in (("left", concept.only_left), ("right", concept.only_right)):
            new = [p for p in mine if {(side, _key(p))}.isdisjoint(paired | seen)]
            seen |= {(side, _key(p)) for p in new}
            alone.append(tuple(new))
        if pairs or alone[0] or alone[1]:
            kept.append(ConceptDiff(concept.concept, tuple(pairs), alone[0], alone[1]))
    return attrs.evolve(diff, concepts=tuple(kept))


def _one_reading(pair: Pair) -> Pair:
    """A pair of two versions: a clause that may be read otherwise is read otherwise in both."""
    agreed: dict[str, Agreement] = {
        name: "agrees" if found == "reading" else found for name, found in pair.agreement.items()
    }
    return attrs.evolve(pair, agreement=agreed, readings=())


def _key(profile: Profile) -> tuple[str, str]:
    return ("targets" if profile.outcome == "target" else "rules", profile.thing.id)


def _raw(pack: Pack, profile: Profile) -> Any:
    section, name = _key(profile)
    return pack.raw[section][name]
