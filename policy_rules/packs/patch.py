"""Changing a pack at a path: how the other reading of a clause stays executable.

Only what the patch names is built anew, so that trying every reading costs little.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from weakref import WeakKeyDictionary

import attrs

from policy_rules.errors import PackError, Place, Problem, Problems, nearest, shown
from policy_rules.facts.dates import read_date
from policy_rules.packs.model import Pack, Period, Rule
from policy_rules.packs.references import check_clauses, dependencies, expressions, references
from policy_rules.packs.sections import build_entity, check_form, declare

PATCHED: Final = (
    "populations",
    "parameters",
    "externals",
    "definitions",
    "tables",
    "rules",
    "targets",
)

_graphs: WeakKeyDictionary[Pack, Mapping[str, frozenset[str]]] = WeakKeyDictionary()


def graph_of(pack: Pack) -> Mapping[str, frozenset[str]]:
    """What each named thing of a pack uses (see :func:`policy_rules.packs.references.dependencies`)."""
    found = _graphs.get(pack)
    if found is None:
        found = _graphs[pack] = dependencies(pack)
    return found


def keep_graph(before: Pack, after: Pack) -> Pack:
    """``after``, whose things use what they used in ``before``: that is not worked out again."""
    _graphs[after] = graph_of(before)
    return after


def patched(
    pack: Pack,
    patch: Mapping[str, Any],
    place: Place,
    places: Mapping[str, Place] | None = None,
) -> Pack:
    """A copy of ``pack`` with values replaced at dotted paths.

    ``place`` is where the patch stands, ``places`` where each of its values does.

    Raises :class:`~policy_rules.errors.PackError` where a path leads nowhere or a value does not fit.
    """
    problems = Problems()
    raw: dict[str, dict[str, Mapping[str, Any]]] = {}
    for section in pack.raw:
        raw[section] = dict(pack.raw[section])
    touched: dict[tuple[str, str], Place] = {}
    period = pack.in_force
    for path, value in patch.items():
        here = (places or {}).get(path, place)
        section, _, rest = path.partition(".")
        if section == "document":
            period = _dates(period, rest, value, here, problems)
            touched |= {
                ("rules", name): here for name in pack.rules if ("rules", name) not in touched
            }
            continue
        name, _, below = rest.partition(".")
        if section not in PATCHED or name not in raw.get(section, {}):
            known = [f"{s}.{n}" for s in PATCHED for n in raw[s]]
            hint = nearest(f"{section}.{name}", known)
            hint = hint and ".".join(filter(None, (hint, below)))
            problems.add("patch_path", here, got=shown(path), nearest=hint)
            continue
        entry = copy.deepcopy(dict(raw[section][name]))
        if not _put(entry, below.split("."), value):
            problems.add("patch_path", here, got=shown(path))
            continue
        raw[section][name] = entry
        touched[section, name] = here
    for (section, name), here in touched.items():
        if raw[section][name] is not pack.raw[section][name]:
            check_form(section, name, raw[section][name], here, problems)
            data = raw[section][name]
            check_clauses(pack, f"{section}.{name}", data, lambda *_, at=here: at, problems)
    problems.raise_if_any(PackError)
    changes = _rebuild(pack, raw, touched, period, problems)
    problems.raise_if_any(PackError)
    result: Pack = attrs.evolve(pack, raw=raw, in_force=period, **changes)
    _check_rings(pack, result, touched, problems)
    problems.raise_if_any(PackError)
    return result


def _rebuild(
    pack: Pack,
    raw: Mapping[str, Mapping[str, Mapping[str, Any]]],
    touched: Mapping[tuple[str, str], Place],
    period: Period,
    problems: Problems,
) -> dict[str, Any]:
    names = declare(raw)
    changes: dict[str, Any] = {}
    for (section, name), place in touched.items():
        before = getattr(pack, section)[name]
        if section == "rules" and raw[section][name] is pack.raw[section][name]:
            # only the dates of the document changed
            dates = attrs.evolve(before, in_force=_within(before, pack.in_force, period))
            changes.setdefault(section, dict(pack.rules))[name] = dates
            continue
        thing = build_entity(
            section, name, raw[section][name], lambda _, at=place: at, lambda _: False,
            pack.vocabulary, names, period, problems,
        )  # fmt: skip
        if thing is None:
            continue
        if section in ("parameters", "externals") and pack.overlays:
            # what an overlay supplied stays supplied
            given = "values" if section == "parameters" else "value"
            if section == "externals" or before.external:
                thing = attrs.evolve(thing, **{given: getattr(before, given)})
        if isinstance(thing, Rule):
            thing = attrs.evolve(thing, excluded_by=before.excluded_by, place=before.place)
        changes.setdefault(section, dict(getattr(pack, section)))[name] = thing
    return changes


def _within(rule: Rule, old: Period, new: Period) -> Period:
    """A rule's dates when the document's change: edges that were the document's move with it."""
    start = new.start if rule.in_force.start == old.start else rule.in_force.start
    end = new.end if rule.in_force.end == old.end else rule.in_force.end
    return attrs.evolve(rule.in_force, start=start, end=end).within(new)


def _check_rings(
    before: Pack, after: Pack, touched: Mapping[tuple[str, str], Place], problems: Problems
) -> None:
    graph = dict(graph_of(before))
    for section, name in touched:
        key = f"{section}.{name}"
        if key in graph and after.raw[section][name] is not before.raw[section][name]:
            thing = getattr(after, section)[name]
            used = {ref for node in expressions(thing) for ref in references(node)}
            used |= {f"rules.{r}" for r in getattr(thing, "excluded_by", ())}
            graph[key] = frozenset(used)
    _graphs[after] = graph
    for (section, name), place in touched.items():
        key = f"{section}.{name}"
        seen: set[str] = set()
        todo = list(graph.get(key, ()))
        while todo:
            step = todo.pop()
            if step == key:
                problems.add("cycle", place, got=shown(name), detail=shown(f"{name} → … → {name}"))
                break
            if step not in seen:
                seen.add(step)
                todo += graph.get(step, ())


def _dates(period: Period, key: str, value: Any, place: Place, problems: Problems) -> Period:
    edges = {"in_force.from": "start", "in_force.to": "end"}
    if key not in edges:
        near = nearest(f"document.{key}", [f"document.{e}" for e in edges])
        problems.add("patch_path", place, got=shown(f"document.{key}"), nearest=near)
        return period
    try:
        day = read_date(value)
    except ValueError:
        day = None
    if not isinstance(day, date):
        problems.add("bad_date", place, expected="2022-12-31", got=shown(value))
        return period
    change: dict[str, Any] = {edges[key]: day}
    return attrs.evolve(period, **change)


def _put(entry: Any, keys: list[str], value: Any) -> bool:
    """Set a value at a path that exists (a last key of a mapping may be new)."""
    for key in keys[:-1]:
        entry = _step(entry, key)
        if entry is None:
            return False
    last = keys[-1]
    if isinstance(entry, list) and last.isdigit() and int(last) <= len(entry):
        if int(last) == len(entry):
            entry.append(value)
        else:
            entry[int(last)] = value
        return True
    if isinstance(entry, dict) and last:
        if value is None:
            entry.pop(last, None)
        else:
            entry[last] = value
        return True
    return False


def _step(entry: Any, key: str) -> Any:
    if isinstance(entry, list) and key.isdigit() and int(key) < len(entry):
        return entry[int(key)]
    return entry.get(key) if isinstance(entry, dict) else None


def choose(pack: Pack, reading: str, alternative: str) -> Pack:
    """A copy of ``pack`` with one reading decided for an alternative; raises PackError."""
    where = Place(f"{pack.id}/readings.yaml")
    if reading not in pack.readings:
        near = nearest(reading, pack.readings)
        raise PackError(Problem("unknown_reading", where, got=shown(reading), nearest=near))
    found = {a.id: a for a in pack.readings[reading].alternatives}
    if alternative not in found:
        near = nearest(alternative, found)
        raise PackError(
            Problem("unknown_alternative", where, ", ".join(found), shown(alternative), near)
        )
    choice = found[alternative]
    changed = patched(pack, choice.patch, choice.place, choice.places)
    return keep_graph(
        changed, attrs.evolve(changed, choices={**pack.choices, reading: alternative})
    )


def check_readings(pack: Pack, problems: Problems) -> None:
    """Note every alternative reading that could not be carried out."""
    for reading in pack.readings.values():
        for choice in reading.alternatives:
            try:
                patched(pack, choice.patch, choice.place, choice.places)
            except PackError as error:
                problems.found += error.problems
