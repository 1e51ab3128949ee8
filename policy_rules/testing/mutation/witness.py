"""What would notice a survivor: a record that tells it from the pack, near a case that is there.

One fact of a case's record is put to the values at and next to the lines of both packs; where that
tells nothing, several are drawn anew. A record found becomes a case once somebody has read the
clause; its answer is not to be copied from here.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import figure
from policy_rules.errors import PackError, PolicyRulesError
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import read_record
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.testing.cases import Case
from policy_rules.testing.mutation.changing import build
from policy_rules.testing.mutation.model import Mutant
from policy_rules.testing.mutation.sameness import SAME_THING, same
from policy_rules.testing.records import put
from policy_rules.testing.sampling import Sampler, thresholds

if TYPE_CHECKING:
    from policy_rules.testing.mutation.trial import Tester

#: Records tried one fact away from each case, and drawn anew, for each survivor.
NEAR: Final = 1500
DRAWN: Final = 300
#: Kinds that no record tells: a second reading does.
TEXTUAL: Final = ("clause", "force", "effect")


@attrs.frozen
class Suggestion:
    """What would notice a mutant.

    ``kind`` is ``case`` (a case's record with some facts set), ``record`` (a whole record),
    ``second_reading`` (what the text says of a thing), ``none`` (nothing found, ``tried`` records).
    """

    kind: str
    case: str = ""
    change: Mapping[str, Any] = attrs.field(factory=dict)
    as_of: str = ""
    rule: str = ""
    now: str = ""
    mutant: str = ""
    tried: int = 0
    overlay: Mapping[str, Any] = attrs.field(factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain data without what is empty."""
        body = attrs.asdict(self)
        return {k: v for k, v in body.items() if v not in ("", 0, {}, None)}


def settled(tester: Tester, mutant: Mutant) -> str:
    """Why a mutant that nothing noticed certainly means the same; empty where that is not certain."""
    if why := same(tester.pack, mutant, tester.told_same):
        return why
    if mutant.patch is not None or mutant.section in ("document", "exclusions", "readings"):
        return ""
    part = tester.slicer.part((mutant.thing,))
    try:
        changed = build(part, mutant, readings=False)
    except (PackError, LookupError):
        return ""
    return SAME_THING if _same(part, changed, mutant) else ""


def suggest(tester: Tester, mutant: Mutant) -> Suggestion:
    """What would notice a mutant that nothing noticed."""
    if mutant.kind in TEXTUAL or mutant.section == "document" or "paid" in mutant.path:
        return Suggestion("second_reading", rule=mutant.thing)
    if mutant.section == "targets" and mutant.kind in ("target", "date"):
        return Suggestion("second_reading", rule=mutant.thing)
    near = tester.reached(mutant)
    own = () if mutant.section in ("document", "exclusions", "readings") else (mutant.thing,)
    part = tester.slicer.part(
        (*own, *near[:12]), (mutant.name,) if mutant.section == "readings" else ()
    )
    try:
        changed = build(part, mutant, readings=False)
    except (PackError, LookupError):
        return Suggestion("none")
    if mutant.section == "readings" and mutant.patch is None:
        choice = part.readings[mutant.name].alternatives
        at = mutant.path[1]
        assert isinstance(at, int)
        wanted = tester.pack.readings[mutant.name].alternatives[at].id
        if wanted not in {a.id for a in choice}:
            return Suggestion("none")
        try:
            part = part.with_reading(mutant.name, wanted)
            changed = changed.with_reading(mutant.name, wanted)
        except PackError:
            return Suggestion("none")
    targets = [n for n in near if n.startswith("targets.")]
    if targets and not any(n.startswith("rules.") for n in near):
        return Suggestion("target_case", rule=targets[0])
    names = [n.removeprefix("rules.") for n in near[:12] if n.startswith("rules.")]
    return _Search(tester, part, changed).rules([n for n in names if n in part.rules])


def _same(part: Pack, changed: Pack, mutant: Mutant) -> bool:
    """Whether a changed thing is built into the same one: dates beyond those of the document, say."""
    before, after = (getattr(p, mutant.section)[mutant.name] for p in (part, changed))
    return bool(before == after)


class _Search:
    def __init__(self, tester: Tester, part: Pack, changed: Pack) -> None:
        self.tester = tester
        self.part = part
        self.here = Engine(part, engine="reference", readings=False)
        self.there = Engine(changed, engine="reference", readings=False)
        self.edges = thresholds(part)
        for field, values in thresholds(changed).items():
            self.edges[field] = tuple(dict.fromkeys((*self.edges.get(field, ()), *values)))
        self.facts: dict[str, list[FactSpec]] = {}
        for spec in required_facts(part):
            self.facts.setdefault(spec.record, []).append(spec)
        self.sampler = Sampler(part, gap=0.1)
        self.tried = 0

    def rules(self, names: Sequence[str]) -> Suggestion:
        if not names:
            return Suggestion("none", rule="")
        cases = [
            self.tester.written[self.tester.order[id(c)]]
            for name in names
            for c in self.tester.naming.get(name, ())
        ]
        unique = list({id(c): c for c in cases}.values())[:40]
        if found := self.near(unique, names):
            return found
        if found := self.drawn(unique, names):
            return found
        return Suggestion("none", rule=names[0], tried=self.tried)

    def near(self, cases: Sequence[Case], names: Sequence[str]) -> Suggestion | None:
        """One fact of a case's record moved, or an external condition told."""
        for case in cases:
            for change in self.changes(case.record):
                if self.tried >= NEAR:
                    return None
                data = copy.deepcopy(dict(case.record))
                if not all(put(data, path.split("."), value) for path, value in change.items()):
                    continue
                if told := self.differs(data, case.as_of, names):
                    return Suggestion("case", case.id, change, case.as_of, *told, self.tried)
        return None

    def drawn(self, cases: Sequence[Case], names: Sequence[str]) -> Suggestion | None:
        """Several facts drawn anew."""
        rng = random.Random(f"{names[0]}")
        for _ in range(DRAWN if cases else 0):
            case = rng.choice(list(cases))
            data = copy.deepcopy(dict(case.record))
            kind = str(data.get("kind", "household"))
            row = self.sampler.record(rng, kind)
            keys = [k for k in row if k not in ("kind", "id")]
            for key in rng.sample(keys, min(len(keys), rng.randint(1, 4))):
                data[key] = row[key]
            if told := self.differs(data, case.as_of, names):
                return Suggestion("record", case.id, data, case.as_of, *told, self.tried)
        return None

    def differs(
        self, data: Mapping[str, Any], as_of: str, names: Sequence[str]
    ) -> tuple[str, str, str] | None:
        self.tried += 1
        try:
            record = read_record(data, self.part.vocabulary)
            here = {f.id: f for f in self.here.evaluate(record, as_of=as_of).findings}
            there = {f.id: f for f in self.there.evaluate(record, as_of=as_of).findings}
        except PolicyRulesError:
            return None
        for id_, finding in here.items():
            if finding.rule.id in names and finding.answer() != there[id_].answer():
                return id_, said(finding), said(there[id_])
        return None

    def changes(self, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Every move of one fact that the part reads, at any place of the record it stands at."""
        kind = str(record.get("kind", "household"))
        yield {}
        for path, spec in self.places(record, kind, ""):
            for value in self.values(spec):
                yield {path: value}
        for external in self.part.externals.values():
            if external.subject == kind:
                for truth in (True, False):
                    yield {f"external.{self.part.id}.{external.id}": truth}

    def places(
        self, row: Mapping[str, Any], record: str, at: str
    ) -> Iterator[tuple[str, FactSpec]]:
        for spec in self.facts.get(record, ()):
            below: Any = row
            for key in spec.path.split("."):
                below = below.get(key) if isinstance(below, Mapping) else None
            path = f"{at}{spec.path}"
            if spec.kind == "list":
                items = below.get("items") if isinstance(below, Mapping) else below
                inner = f"{path}.items." if isinstance(below, Mapping) else f"{path}."
                for i, item in enumerate(items if isinstance(items, list) else ()):
                    if isinstance(item, Mapping):
                        yield from self.places(item, spec.item or "", f"{inner}{i}.")
            elif spec.kind == "by_year":
                for year, item in (below or {}).items() if isinstance(below, Mapping) else ():
                    if isinstance(item, Mapping):
                        yield from self.places(item, spec.item or "", f"{path}.{year}.")
            elif spec.kind == "record" and isinstance(below, Mapping):
                yield from self.places(below, spec.item or "", f"{path}.")
            elif spec.kind != "record":
                yield path, spec

    def values(self, spec: FactSpec) -> Iterator[Any]:
        """Values at and next to the lines a fact is compared with; every code; both truths."""
        edges = self.edges.get(spec.field, ())
        match spec.kind:
            case "bool":
                yield from (True, False)
            case "code":
                yield from self.part.vocabulary.codes[spec.codes or ""].values
            case "codes":
                yield from ([c] for c in self.part.vocabulary.codes[spec.codes or ""].values)
                yield []
            case "date" | "year_month":
                for day in (*(e for e in edges if isinstance(e, date)), *self.sampler.days):
                    for shift in (-31, -1, 0, 1, 31):
                        moved = day + timedelta(days=shift)
                        yield str(moved) if spec.kind == "date" else f"{moved:%Y-%m}"
            case "int" | "number" | "money" | "share":
                step = Fraction(1) if spec.kind == "int" else Fraction(1, 100)
                numbers = [Fraction(e) for e in edges if isinstance(e, int | Fraction)] or [
                    Fraction(0)
                ]
                for number in numbers:
                    for value in (number - step, number, number + step):
                        if spec.lo <= value <= spec.hi:
                            yield int(value) if value.denominator == 1 else Decimal(figure(value))
        yield None


def said(finding: Any) -> str:
    """What a finding says, in one line."""
    body = finding.as_dict()
    keys = ("verdict", "status", "met", "amount")
    return json.dumps(
        {k: body.get(k) for k in keys if body.get(k)}, ensure_ascii=False, default=str
    )
