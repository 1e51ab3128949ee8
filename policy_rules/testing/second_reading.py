"""What a second reader found in the official text, compared with the pack.

Cases cannot show every statement of a pack: which clause a rule rests on, how strongly the words bind,
whether a target's figure is to be reached or passed. A second reader writes them down from the text;
what is copied from the rules protects nothing but against later change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import attrs

from policy_rules.errors import PackError, Place, Problem, Problems, nearest, shown
from policy_rules.packs.model import Pack
from policy_rules.schema import check
from policy_rules.testing.files import documents_of
from policy_rules.yamldoc import Document

STEM: Final = "second_reading"


@attrs.frozen
class Told:
    """What is told of one named thing: values by the key the thing has them under."""

    thing: str
    values: Mapping[str, Any]
    place: Place


def load_second_reading(pack: Pack) -> tuple[Told, ...]:
    """The second reading of a pack, empty where there is none; raises PackError."""
    return tuple(
        told
        for document in documents_of(pack, STEM)
        for told in read_second_reading(document, pack)
    )


def read_second_reading(document: Document, pack: Pack) -> list[Told]:
    """The second reading in one file; raises :class:`~policy_rules.errors.PackError`."""
    problems = Problems()
    check(document, STEM, problems)
    problems.raise_if_any(PackError)
    found = []
    for section, things in document.data.items():
        if section == "document":
            found.append(Told("document.document", things, document.key_place((section,))))
            continue
        for name, values in things.items():
            place = document.key_place((section, name))
            if name not in pack.raw[section]:
                near = nearest(name, pack.raw[section])
                problems.add("unknown_name", place, got=shown(name), nearest=near)
                continue
            found.append(Told(f"{section}.{name}", values, place))
    problems.raise_if_any(PackError)
    return found


def differences(pack: Pack, told: Iterator[Told] | tuple[Told, ...]) -> Iterator[Problem]:
    """Where a pack says something else than its second reader."""
    for item in told:
        section, _, name = item.thing.partition(".")
        data = _document(pack) if section == "document" else pack.raw[section][name]
        for key, wanted in item.values.items():
            got = _at(data, key)
            if key == "patches":  # of the alternatives that are told
                got = {k: v for k, v in got.items() if k in wanted}
            if _plain(got) != _plain(wanted):
                yield Problem(
                    "second_reading_differs",
                    item.place,
                    expected=f"{key}: {_line(wanted)}",
                    got=f"{key}: {_line(got)}",
                    detail=shown(item.thing),
                )


def _document(pack: Pack) -> Mapping[str, Any]:
    document = pack.document
    return {
        "number": document.number,
        "issued": document.issued,
        "published": document.published,
        "plan_period": {"from": document.plan_period.start, "to": document.plan_period.end},
        "in_force": {"from": pack.in_force.start, "to": pack.in_force.end},
    }


def _at(data: Mapping[str, Any], key: str) -> Any:
    """The value of a key; ``kind`` and ``paid`` are those of the amount, the basis of dates is no date."""
    if key in ("kind", "paid"):
        return (data.get("amount") or {}).get(key)
    if key == "patches":
        return {a["id"]: a["patch"] for a in data["alternatives"]}
    value = data.get(key)
    if key in ("in_force", "plan_period") and value:
        return {k: v for k, v in value.items() if k in ("from", "to")}
    return value


def _plain(value: Any) -> Any:
    """A value that equals the same value written another way; the order of clauses says nothing."""
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        items = [_plain(v) for v in value]
        return sorted(items) if all(isinstance(i, str) for i in items) else items
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return Decimal(value).normalize()
    return value if value is None or isinstance(value, bool) else str(value)


def _line(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_line, value)) + "]"
    return "-" if value is None else str(value)
