"""The sections of a pack: what is in them, what they are called, how their things are built."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from policy_rules.errors import Place, Problems
from policy_rules.expr.types import BOOL
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.packs import build
from policy_rules.packs.entry import Entry
from policy_rules.packs.model import Entity, Period
from policy_rules.packs.scope import Names
from policy_rules.schema import check
from policy_rules.yamldoc import Document

#: Sections of the raw data of a pack, in the order in which they are built.
SECTIONS: Final = (
    "populations",
    "parameters",
    "externals",
    "definitions",
    "tables",
    "exclusions",
    "rules",
    "targets",
    "readings",
    "clauses",
)
_KINDS: Final = {"populations": "population", "externals": "external", "rules": "rule"}


def declare(raw: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Names:
    """The names and types of a pack, before any expression is read."""
    names = Names()
    for section, kind in _KINDS.items():
        for name, data in raw[section].items():
            names.add(kind, data["subject"], name, BOOL)  # type: ignore[arg-type]
    for name, data in raw["definitions"].items():
        names.add("defined", data["subject"], name, build.definition_type(data))
    names.parameters = {n: build.parameter_type(d) for n, d in raw["parameters"].items()}
    names.tables = {n: build.table_types(d) for n, d in raw["tables"].items()}
    return names


def build_entity(
    section: str,
    name: str,
    data: Mapping[str, Any],
    place: Any,
    flow: Any,
    vocabulary: Vocabulary,
    names: Names,
    period: Period,
    problems: Problems,
) -> Entity | Any | None:
    """Build one named thing of any section."""
    entry = Entry(name, data, place, flow, vocabulary, names, problems)
    match section:
        case "rules":
            return build.rule(entry, period)
        case "populations":
            return build.population(entry)
        case "parameters":
            return build.parameter(entry)
        case "externals":
            return build.external(entry)
        case "definitions":
            return build.definition(entry)
        case "tables":
            return build.table(entry)
        case "exclusions":
            return build.exclusion(entry)
        case "targets":
            return build.target(entry)
        case "readings":
            return build.reading(entry)
        case _:
            return build.clause(entry)


#: The file of a section, and how its things stand in it: by name, or in a list.
_FILES: Final = {
    "populations": "pack",
    "parameters": "parameters",
    "externals": "parameters",
    "definitions": "definitions",
    "tables": "definitions",
    "rules": "rules",
    "targets": "targets",
}


def check_form(
    section: str, name: str, data: Mapping[str, Any], place: Place, problems: Problems
) -> None:
    """Note what does not fit the schema in the data of one thing; all of it stands at ``place``."""
    listed = section in ("rules", "targets")
    whole: Any = [data] if listed else {section: {name: data}}
    prefix = "0" if listed else f"{section}.{name}"
    found = Problems()
    check(Document(place.file, whole, {}, {}, set(), ""), _FILES[section], found)
    for problem in found.found:
        if problem.code == "missing_key" and problem.expected == "`population`":
            continue  # a patch may take the population away: then every subject is meant
        if problem.place.path == prefix or problem.place.path.startswith(f"{prefix}."):
            problems.found.append(attrs.evolve(problem, place=place))
