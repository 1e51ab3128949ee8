"""Snapshots: what a pack says of a seeded population, frozen, and what a later pack says otherwise.

The population is drawn from a recipe that stands in the snapshot, so that a changed pack or vocabulary
is asked of the same records; answers come from the column engine. Kept are, for each rule, the distinct
outcomes and which subject has which, two hundred bytes or so; no record is kept.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules._version import __version__
from policy_rules.errors import (
    Place,
    Problem,
    RecordError,
    shown,
)
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.testing.recipe import Recipe

FORMAT: Final = 1
#: Households drawn unless said otherwise; of other records a quarter as many.
HOUSEHOLDS: Final = 400
#: One finding of one subject: verdict, status, met, lowest and highest amount, clauses.
Outcome = tuple[str | None, str, str | None, str | None, str | None, str]
#: What stands for a subject of which nothing was said: the record could not be evaluated.
NOTHING: Final[Outcome] = (None, "error", None, None, None, "")


@attrs.frozen
class Frozen:
    """What one rule said: its distinct outcomes, and the place in them of every subject's."""

    outcomes: tuple[Outcome, ...]
    sequence: bytes

    def counts(self) -> dict[Outcome, int]:
        """How many subjects have each outcome."""
        found = Counter(self.places())
        return {outcome: found[i] for i, outcome in enumerate(self.outcomes)}

    def places(self) -> Sequence[int]:
        """The place of every subject's outcome, in the order of subjects."""
        raw = self.sequence
        return [int.from_bytes(raw[i : i + 2], "little") for i in range(0, len(raw), 2)]

    def verdicts(self) -> dict[str, int]:
        """How many subjects have each verdict."""
        found: Counter[str] = Counter()
        for outcome, n in self.counts().items():
            found[outcome[0] or outcome[1]] += n
        return dict(sorted(found.items()))

    def as_dict(self) -> dict[str, Any]:
        """Plain data; the sequence compressed."""
        return {
            "verdicts": self.verdicts(),
            "digest": hashlib.sha256(repr((self.outcomes, self.sequence)).encode()).hexdigest()[
                :16
            ],
            "clauses": next((o[-1] for o in self.outcomes if o[-1]), ""),
            "outcomes": [list(o[:-1]) for o in self.outcomes],
            "sequence": base64.b85encode(zlib.compress(self.sequence, 9)).decode(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Frozen:
        """What was written as plain data."""
        told = [(*o, data["clauses"]) for o in data["outcomes"]]
        outcomes: Any = tuple(NOTHING if o[1] == NOTHING[1] else o for o in told)
        return cls(outcomes, zlib.decompress(base64.b85decode(data["sequence"])))


@attrs.frozen
class Snapshot:
    """The frozen answers of one pack; ``subjects`` says of whom each rule speaks."""

    pack: str
    version: str
    digest: str
    vocabulary: str
    library: str
    seed: int
    households: int
    day: date
    recipe: Recipe
    rules: Mapping[str, Frozen]
    subjects: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "version": self.version,
            "digest": self.digest,
            "vocabulary": self.vocabulary,
            "library": self.library,
            "seed": self.seed,
            "households": self.households,
            "day": str(self.day),
            "recipe": self.recipe.as_dict(),
            "subjects": dict(self.subjects),
            "rules": {name: frozen.as_dict() for name, frozen in self.rules.items()},
        }

    @classmethod
    def from_dict(cls, pack: str, data: Mapping[str, Any]) -> Snapshot:
        """The snapshot that was written as plain data."""
        return cls(
            pack,
            data["version"],
            data["digest"],
            data["vocabulary"],
            data["library"],
            data["seed"],
            data["households"],
            date.fromisoformat(data["day"]),
            Recipe.from_dict(pack, data["recipe"]),
            {name: Frozen.from_dict(f) for name, f in data["rules"].items()},
            data["subjects"],
        )


@attrs.frozen
class Example:
    """One subject whose finding moved: its record can be made again from the snapshot's seed."""

    kind: str
    record: int
    member: str
    before: Outcome
    after: Outcome


@attrs.frozen
class Moved:
    """A rule whose findings moved. ``steps`` counts them by (before, after), told by verdict."""

    rule: str
    count: int
    steps: Mapping[tuple[str, str], int]
    examples: tuple[Example, ...]


@attrs.frozen
class Comparison:
    """What moved between a snapshot and a pack; ``now`` is the pack's snapshot of the same records."""

    before: Snapshot
    now: Snapshot
    moved: tuple[Moved, ...]
    gone: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing moved."""
        return not (self.moved or self.gone or self.new)


def take(
    pack: Pack, *, households: int = HOUSEHOLDS, seed: int = 0, recipe: Recipe | None = None,
    day: date | None = None,
) -> Snapshot:  # fmt: skip
    """Freeze what a pack says of a seeded population on the day most of its rules are in force.

    With ``recipe`` and ``day`` of an earlier snapshot the same records are asked. Raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)
    where the column engine is not installed.
    """
    made = recipe or Recipe.of(pack)
    on = day or day_of(pack)
    told = {r.id: r.subject for r in pack.rules.values()}
    frozen: dict[str, Frozen] = {}
    for kind in sorted({kind_of(s) for s in told.values()}):
        for name, found in _frozen(pack, made, kind, seed, households, on).items():
            frozen[name] = found
    return Snapshot(
        pack.id, pack.version, pack.digest, pack.vocabulary.digest, __version__, seed, households,
        on, made, {n: frozen[n] for n in pack.rules if n in frozen}, told,
    )  # fmt: skip


def day_of(pack: Pack) -> date:
    """The latest of the days on which most rules of a pack are in force."""
    periods = [r.in_force for r in pack.rules.values()]
    days = {p.end or p.start for p in [*periods, pack.in_force]} - {None}
    every = sorted(d for d in days if d is not None)
    return max(
        every, key=lambda d: (sum(p.holds(d) for p in periods), d), default=date(2022, 12, 31)
    )


def kind_of(subject: str) -> str:
    """The kind of record a subject stands in: a member in a household."""
    return "household" if subject == "member" else subject


def number_of(kind: str, households: int) -> int:
    """How many records of a kind are drawn."""
    return households if kind == "household" else max(1, households // 4)


def _frozen(
    pack: Pack, recipe: Recipe, kind: str, seed: int, households: int, day: date
) -> dict[str, Frozen]:
    from policy_rules.tables.evaluate import evaluate_population
    from policy_rules.tables.frames import Population

    drawn = [recipe.record(kind, seed, i) for i in range(number_of(kind, households))]
    places: dict[tuple[int, str], int] = {}
    for i in range(len(drawn)):
        places[i, ""] = i
    members: dict[tuple[int, str], int] = {}
    for i, data in enumerate(drawn):
        for at in range(len(data.get("members") or ())):
            members[i, f"m{at + 1}"] = len(members)
    records: list[Household] = []
    rows: list[int] = []
    for i, data in enumerate(drawn):
        try:
            records.append(read_record(data, pack.vocabulary))
            rows.append(i)
        except RecordError:
            continue  # the vocabulary no longer knows it: nothing is said of it
    known: dict[str, dict[Outcome, int]] = {}
    sequences: dict[str, list[int]] = {}
    wanted = [r for r in pack.rules.values() if kind_of(r.subject) == kind]
    for rule in wanted:
        of = members if rule.subject == "member" else places
        known[rule.id] = {NOTHING: 0}
        sequences[rule.id] = [0] * len(of)
    if records:
        population = Population.of_records(records, pack.vocabulary, kind)
        clauses = {r.id: " ".join(r.clauses) for r in wanted}
        answers = evaluate_population(pack, population, day)
        columns = (
            "row",
            "subject",
            "rule",
            "verdict",
            "status",
            "met",
            "amount_low",
            "amount_high",
        )
        for row, subject, name, *told in answers.long().select(*columns).iter_rows():
            if name not in known:
                continue
            outcome: Any = (*told, clauses[name])
            at = known[name].setdefault(outcome, len(known[name]))
            of = members if pack.rules[name].subject == "member" else places
            sequences[name][of[rows[row], subject or ""]] = at
    found = {}
    for rule in wanted:
        sequence = b"".join(n.to_bytes(2, "little") for n in sequences[rule.id])
        found[rule.id] = Frozen(tuple(known[rule.id]), sequence)
    return found


def compare(before: Snapshot, pack: Pack, *, examples: int = 3) -> Comparison:
    """What a pack says otherwise of a snapshot's population, rule by rule, with some examples."""
    now = take(
        pack, households=before.households, seed=before.seed, recipe=before.recipe,
        day=before.day,
    )  # fmt: skip
    moved = []
    for name, frozen in before.rules.items():
        if name in now.rules:
            found = _moved(before, now, name, frozen, now.rules[name], examples)
            if found is not None:
                moved.append(found)
    gone = tuple(n for n in before.rules if n not in now.rules)
    new = tuple(n for n in now.rules if n not in before.rules)
    return Comparison(before, now, tuple(moved), gone, new)


def _moved(
    before: Snapshot, now: Snapshot, rule: str, was: Frozen, is_: Frozen, examples: int
) -> Moved | None:
    if was == is_:
        return None
    old, new = was.places(), is_.places()
    subjects = list(_subjects(before, before.subjects[rule]))
    if before.subjects[rule] != now.subjects[rule]:  # the rule speaks of other subjects now
        steps = {("-", "-"): max(len(old), len(new))}
        return Moved(rule, max(len(old), len(new)), steps, ())
    steps_: Counter[tuple[str, str]] = Counter()
    found: list[Example] = []
    seen: set[tuple[Outcome, Outcome]] = set()
    for i, (a, b) in enumerate(zip(old, new, strict=True)):
        here, there = was.outcomes[a], is_.outcomes[b]
        if here == there:
            continue
        steps_[_name(here, there), _name(there, here)] += 1
        if len(found) < examples and (here, there) not in seen:
            seen.add((here, there))
            kind, record, member = subjects[i]
            found.append(Example(kind, record, member, here, there))
    if not steps_:
        return None
    return Moved(rule, sum(steps_.values()), dict(sorted(steps_.items())), tuple(found))


def _name(outcome: Outcome, other: Outcome) -> str:
    """The verdict of an outcome, and what else sets it apart from another."""
    verdict, status, met, low, high, clauses = outcome
    name = verdict or status
    if name != (other[0] or other[1]):
        return name
    if met != other[2]:
        return f"{name} met={met}"
    if (low, high) != other[3:5]:
        return f"{name} {low}" if low == high else f"{name} {low}..{high}"
    return f"{name} {status}" if status != other[1] else f"{name} [{clauses}]"


def _subjects(snapshot: Snapshot, subject: str) -> Iterator[tuple[str, int, str]]:
    """The subjects of a rule, as they stand in its sequence: kind, number of the record, member."""
    kind = kind_of(subject)
    for i in range(number_of(kind, snapshot.households)):
        if subject != "member":
            yield kind, i, ""
            continue
        members = snapshot.recipe.record(kind, snapshot.seed, i).get("members") or ()
        yield from ((kind, i, f"m{at + 1}") for at in range(len(members)))


def encoded(snapshots: Sequence[Snapshot]) -> bytes:
    """The bytes of a snapshot file."""
    body = {"format": FORMAT, "packs": {s.pack: s.as_dict() for s in snapshots}}
    return (json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def read(path: Path) -> tuple[Snapshot, ...]:
    """The snapshots of a file; raises :class:`~policy_rules.errors.PolicyRulesError` (``bad_snapshot``)."""
    where, form, got = Place(str(path)), shown(str(FORMAT)), "?"
    try:
        body = json.loads(path.read_text("utf-8"))
        got = str(body["format"])
        if body["format"] == FORMAT:
            return tuple(Snapshot.from_dict(name, data) for name, data in body["packs"].items())
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise RecordError(Problem("cannot_read", where, detail=detail)) from error
    except (ValueError, KeyError, TypeError, AttributeError, zlib.error):
        pass
    raise RecordError(Problem("bad_snapshot", where, form, shown(got)))


__all__ = ["Comparison", "Snapshot", "compare", "encoded", "read", "take"]
