"""Records as plain data: how a case changes the one it starts from, and how one is made smaller."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

UNSET: Final = "__unset__"


def put(data: Any, keys: list[str], value: Any) -> bool:
    """Set a value at a path in plain data, making mappings on the way."""
    for key, below in itertools.pairwise(keys):
        if isinstance(data, list):
            if not key.isdigit() or int(key) >= len(data):
                return False
            data = data[int(key)]
        elif isinstance(data, dict):
            if not isinstance(data.get(key), dict | list):
                data[key] = [] if below.isdigit() and len(below) < 4 else {}
            data = data[key]
        else:
            return False
    last = keys[-1]
    if isinstance(data, list):
        if not last.isdigit() or int(last) > len(data):
            return False
        if int(last) == len(data):
            data.append(value)
        elif value == UNSET:
            del data[int(last)]
        else:
            data[int(last)] = value
    elif isinstance(data, dict):
        if value == UNSET:
            data.pop(last, None)
        else:
            data[last] = value
    return isinstance(data, list | dict)


def supply(record: dict[str, Any], externals: Mapping[str, Any], pack: str) -> None:
    """The short form of external conditions, by ``household`` (or entity kind) or member id."""
    for subject, conditions in externals.items():
        target = record
        members = record.get("members")
        for i, member in enumerate(members if isinstance(members, list) else ()):
            if isinstance(member, dict) and str(member.get("id") or f"m{i + 1}") == subject:
                target = member
        given = target.setdefault("external", {})
        given.setdefault(pack, {}).update(conditions)


def shrunk(
    data: dict[str, Any], still: Callable[[dict[str, Any]], bool], tries: int | None = None
) -> dict[str, Any]:
    """The record without every fact of which it is ``still`` what it was; ``tries`` bounds the questions."""
    left = itertools.repeat(None) if tries is None else itertools.repeat(None, tries - 1)
    best, smaller = data, True
    while smaller:
        smaller = False
        for candidate, _ in zip(without_one(best), left, strict=False):
            if still(candidate):
                best, smaller = candidate, True
                break
    return best


def without_one(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The record with one fact left out, the outermost first."""

    def paths(node: Any, at: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        items = node.items() if isinstance(node, dict) else enumerate(node)
        below = []
        for key, value in items:
            if at or key not in ("kind", "id"):
                yield (*at, key)
            if isinstance(value, dict | list):
                below.append((key, value))
        for key, value in below:
            yield from paths(value, (*at, key))

    for path in list(paths(data, ())):
        smaller = copy.deepcopy(data)
        target: Any = smaller
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        yield smaller
