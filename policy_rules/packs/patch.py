"""Changing a pack at a path: how the other reading of a clause stays executable.

Only what the patch names is built anew, so that trying every reading costs little.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

import attrs

from policy_rules.errors import PackError, Place, Problem, Problems, nearest, shown
from policy_rules.facts.dates import read_date
from policy_rules.packs.loader import build_entity, check_references, declare, link
from policy_rules.packs.model import Pack, Period

PATCHED: Final = (
    "populations",
    "parameters",
    "externals",
    "definitions",
    "tables",
    "rules",
    "targets",
)


def patched(pack: Pack, patch: Mapping[str, Any], place: Place) -> Pack:
    """A copy of ``pack`` with values replaced at dotted paths.

    Raises :class:`~policy_rules.errors.PackError` where a path leads nowhere or a value does not fit.
    """
    problems = Problems()
    raw = {section: dict(things) for section, things in pack.raw.items()}
    touched: set[tuple[str, str]] = set()
    period = pack.in_force
    for path, value in patch.items():
        section, _, rest = path.partition(".")
        if section == "document":
            period = _dates(period, rest, value, place, problems)
            touched |= {("rules", name) for name in pack.rules}
            continue
        name, _, below = rest.partition(".")
        if section not in PATCHED or name not in raw.get(section, {}):
            known = [f"{s}.{n}" for s in PATCHED for n in raw[s]]
            problems.add("patch_path", place, got=shown(path), nearest=nearest(path, known))
            continue
        entry = copy.deepcopy(dict(raw[section][name]))
        if not _put(entry, below.split("."), value):
            problems.add("patch_path", place, got=shown(path))
            continue
        raw[section][name] = entry
        touched.add((section, name))
    problems.raise_if_any(PackError)
    names = declare(raw)
    changes: dict[str, Any] = {}
    for section, name in touched:
        thing = build_entity(
            section, name, raw[section][name], lambda _: place, lambda _: False,
            pack.vocabulary, names, period, problems,
        )  # fmt: skip
        if thing is not None:
            changes.setdefault(section, dict(getattr(pack, section)))[name] = thing
    problems.raise_if_any(PackError)
    result: Pack = attrs.evolve(pack, raw=raw, in_force=period, **changes)
    check_references(result, problems)
    problems.raise_if_any(PackError)
    return link(result)


def _dates(period: Period, key: str, value: Any, place: Place, problems: Problems) -> Period:
    edges = {"in_force.from": "start", "in_force.to": "end"}
    if key not in edges:
        near = nearest(f"document.{key}", [f"document.{e}" for e in edges])
        problems.add("patch_path", place, got=shown(f"document.{key}"), nearest=near)
        return period
    try:
        change: dict[str, Any] = {edges[key]: read_date(value)}
        return attrs.evolve(period, **change)
    except ValueError:
        problems.add("bad_date", place, expected="2022-12-31", got=shown(value))
        return period


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
    changed = patched(pack, choice.patch, choice.place)
    choices = {**pack.choices, reading: alternative}
    return attrs.evolve(changed, choices=choices)
