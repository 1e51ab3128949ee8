"""Overlays: what a user adds to a pack. External values, external conditions, decided readings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from policy_rules.errors import PackError, Problems, shown
from policy_rules.packs import build
from policy_rules.packs.entry import Entry, check_known
from policy_rules.packs.model import Pack
from policy_rules.packs.patch import choose, keep_graph
from policy_rules.packs.scope import Names
from policy_rules.schema import check
from policy_rules.yamldoc import Document, read_yaml

#: An overlay: a path, plain data, or a document read already.
Overlay = str | Path | Mapping[str, Any] | Document


def apply_overlay(pack: Pack, overlay: Overlay) -> Pack:
    """A copy of ``pack`` with the overlay's values; raises :class:`~policy_rules.errors.PackError`.

    A parameter or condition that the document itself states cannot be overlaid.
    """
    document = read_overlay(overlay)
    problems = Problems()
    check(document, "overlay", problems)
    problems.raise_if_any(PackError)
    data = document.data
    if data.get("pack") not in (None, pack.id):
        problems.add(
            "wrong_pack",
            document.place(("pack",)),
            expected=shown(pack.id),
            got=shown(data["pack"]),
        )
    parameters = dict(pack.parameters)
    for name, values in (data.get("parameters") or {}).items():
        path = ("parameters", name)
        place = document.key_place(path)
        if not check_known(name, parameters, "unknown_parameter", place, problems):
            continue
        if not parameters[name].external:
            problems.add("not_external", place, got=shown(name))
            continue
        entry = Entry(
            name,
            {},
            lambda rel: document.place(rel),
            lambda _: False,
            pack.vocabulary,
            Names(),
            problems,
        )
        parameters[name] = attrs.evolve(
            parameters[name], values=build.dated_values(entry, values, path)
        )
    externals = dict(pack.externals)
    for name, value in (data.get("externals") or {}).items():
        place = document.key_place(("externals", name))
        if check_known(name, externals, "unknown_external", place, problems):
            externals[name] = attrs.evolve(externals[name], value=value)
    readings = data.get("readings") or {}
    for name, choice in readings.items():
        _check_choice(pack, name, choice, document, problems)
    problems.raise_if_any(PackError)
    digest = hashlib.sha256(
        json.dumps(data, sort_keys=True, ensure_ascii=False, default=str).encode()
    ).hexdigest()
    overlaid = attrs.evolve(
        pack, parameters=parameters, externals=externals, overlays=(*pack.overlays, digest)
    )
    pack = keep_graph(pack, overlaid)
    for name, choice in readings.items():
        pack = _decide(pack, name, choice)
    return pack


def _check_choice(
    pack: Pack, name: str, choice: Any, document: Document, problems: Problems
) -> None:
    path = ("readings", name)
    if not check_known(name, pack.readings, "unknown_reading", document.key_place(path), problems):
        return
    known = {"chosen": None, **{a.id: a for a in pack.readings[name].alternatives}}
    whole = isinstance(choice, Mapping)
    place = document.place((*path, "choose") if whole else path)
    chosen = str(choice["choose"] if whole else choice)
    check_known(chosen, known, "unknown_alternative", place, problems)


def _decide(pack: Pack, name: str, choice: Any) -> Pack:
    body = choice if isinstance(choice, Mapping) else {"choose": choice}
    chosen = str(body["choose"])
    if chosen != "chosen":
        pack = choose(pack, name, chosen)
    source = " ".join(str(body[k]) for k in ("document", "date") if body.get(k))
    decided = attrs.evolve(
        pack.readings[name],
        decided=chosen,
        decided_by=" ".join(t for t in (str(body.get("decided_by") or ""), source) if t),
    )
    return keep_graph(pack, attrs.evolve(pack, readings={**pack.readings, name: decided}))


def read_overlay(overlay: Overlay) -> Document:
    """An overlay file or its data; raises :class:`~policy_rules.errors.PackError`."""
    if isinstance(overlay, Document):
        return overlay
    if isinstance(overlay, str | Path):
        return read_yaml(Path(overlay))
    return Document("overlay", dict(overlay), {}, {}, set(), "")
