"""Building the mutated part of a pack, and the pack's own checks of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from policy_rules.errors import PackError, Place, PolicyRulesError, Problem, Problems
from policy_rules.facts.dates import read_date
from policy_rules.packs.model import Pack, Period, Reading, Rule
from policy_rules.packs.patch import check_readings, patched
from policy_rules.packs.references import check_references, link
from policy_rules.packs.sections import build_entity, check_form, declare
from policy_rules.sources.checking import ledger_figures
from policy_rules.sources.ledger import audit
from policy_rules.testing.mutation.model import Mutant
from policy_rules.text import Text

_NOWHERE = Place()


def build(part: Pack, mutant: Mutant, *, readings: bool = True) -> Pack:
    """A part of a pack with one thing changed; raises PackError where the pack would not load.

    ``readings=False`` leaves out the trial of all other readings on it.
    """
    if mutant.patch is not None:
        return _exchanged(part, mutant)
    assert mutant.data is not None
    if mutant.section == "document":
        return _dated(part, mutant)
    section, name = mutant.section, mutant.name
    problems = Problems()
    raw = {**part.raw, section: {**part.raw[section], name: mutant.data}}
    if section not in ("readings", "exclusions", "clauses"):
        check_form(section, name, mutant.data, _NOWHERE, problems)
        problems.raise_if_any(PackError)
    thing = build_entity(
        section, name, mutant.data, lambda _: _NOWHERE, lambda _: False, part.vocabulary,
        declare(raw), part.in_force, problems,
    )  # fmt: skip
    problems.raise_if_any(PackError)
    before = getattr(part, section)[name]
    if isinstance(thing, Rule):
        thing = attrs.evolve(thing, excluded_by=before.excluded_by)
    if isinstance(thing, Reading):
        # only the patches that touch the part
        kept = {a.id: a.patch for a in before.alternatives}
        cut = [
            attrs.evolve(a, patch={k: v for k, v in a.patch.items() if k in kept[a.id]})
            for a in thing.alternatives
            if a.id in kept
        ]
        thing = attrs.evolve(thing, alternatives=tuple(cut))
    things: dict[str, Any] = {section: {**getattr(part, section), name: thing}}
    changed: Pack = attrs.evolve(part, raw=raw, **things)
    check_references(changed, lambda *_: _NOWHERE, problems)
    problems.raise_if_any(PackError)
    if section == "exclusions":
        changed = link(changed)
    if readings:
        check_readings(changed, problems)
        problems.raise_if_any(PackError)
    return changed


def _exchanged(part: Pack, mutant: Mutant) -> Pack:
    """The alternative in the place of what was chosen, what was chosen in that of the alternative."""
    reading = part.readings[mutant.name]
    position = mutant.path[1]
    wanted = [a.id for a in reading.alternatives]
    choice = next((a for a in reading.alternatives if a.id == mutant.became), None)
    if choice is None:
        raise LookupError(f"{mutant.thing} {position} {wanted}")
    changed = patched(part, choice.patch, _NOWHERE)
    back: dict[str, Any] = {path: _value(part, path) for path in choice.patch}
    swapped = tuple(
        attrs.evolve(a, patch=back) if a.id == choice.id else a for a in reading.alternatives
    )
    other = attrs.evolve(reading, alternatives=swapped)
    result: Pack = attrs.evolve(changed, readings={**changed.readings, reading.id: other})
    return result


def _value(part: Pack, path: str) -> Any:
    section, _, rest = path.partition(".")
    if section == "document":
        day = part.in_force.start if rest.endswith("from") else part.in_force.end
        return None if day is None else str(day)
    value: Any = part.raw[section]
    for key in rest.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        elif value is not None:
            value = value.get(key)
    return value


def _dated(part: Pack, mutant: Mutant) -> Pack:
    data: Any = mutant.data
    key, *below = mutant.path
    if key == "in_force":
        return patched(part, {f"document.in_force.{below[0]}": mutant.became}, _NOWHERE)
    document = part.document

    def day(value: Any) -> Any:
        return None if value is None else read_date(value)

    if key == "plan_period":
        period = Period(day(data[key].get("from")), day(data[key].get("to")), Text.of(None))
        document = attrs.evolve(document, plan_period=period)
    else:
        document = attrs.evolve(document, **{str(key): day(data[key])})
    result: Pack = attrs.evolve(part, document=document)
    return result


def ledger_problems(whole: Pack, changed: Pack, mutant: Mutant) -> Iterator[Problem]:
    """What the ledger's audit and its figures say against a changed thing that they did not before.

    ``whole`` is the pack with all its clauses, ``changed`` a part of it with the mutant in it.
    """
    if mutant.section in ("document", "readings") or mutant.patch is not None:
        return
    before = getattr(whole, mutant.section)[mutant.name]
    after = getattr(changed, mutant.section)[mutant.name]
    cited = set(before.clauses) | set(after.clauses)
    told = {_key(p) for p in _told(whole, before, mutant, cited)}
    for problem in _told(whole, after, mutant, cited):
        if _key(problem) not in told:
            yield problem


def _key(problem: Problem) -> tuple[str, str, str]:
    return problem.code, problem.got, problem.detail


def _told(whole: Pack, thing: Any, mutant: Mutant, cited: set[str]) -> list[Problem]:
    clauses = {}
    for locator in cited:
        clause = whole.clauses[locator]
        others = tuple(e for e in clause.encoded_by if e != mutant.thing)
        mine = (mutant.thing,) if locator in thing.clauses else ()
        clauses[locator] = attrs.evolve(clause, encoded_by=(*others, *mine))
    empty: dict[str, Any] = {
        s: {} for s in ("populations", "parameters", "externals", "definitions", "tables",
                        "exclusions", "rules", "targets", "readings")
    }  # fmt: skip
    empty[mutant.section] = {mutant.name: thing}
    small = attrs.evolve(whole, **empty, clauses={**whole.clauses, **clauses}, text_characters=0)
    few = attrs.evolve(small, clauses=clauses)
    try:
        return [*audit(few).problems, *ledger_figures(small, readings=whole.readings)]
    except PolicyRulesError as error:  # pragma: no cover - a ledger that cannot be audited
        return list(error.problems)
