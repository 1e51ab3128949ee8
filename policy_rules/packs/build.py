"""From checked plain data to the named things of a pack, one function a kind.

Each takes an :class:`~policy_rules.packs.entry.Entry` (the data, where it stands, what it may name), notes what is wrong, and
returns the thing or None. The loader and the patches of readings use the same functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policy_rules.errors import shown
from policy_rules.expr.nodes import Node
from policy_rules.expr.parser import parse
from policy_rules.expr.types import BOOL, DATE, CodeType, NumberType, Type
from policy_rules.facts.dictionary import exact
from policy_rules.packs.entry import Entry, Rel, number
from policy_rules.packs.model import (
    Alternative,
    AmountSpec,
    Clause,
    DatedValue,
    Definition,
    Exclusion,
    External,
    Figure,
    Norm,
    Parameter,
    Period,
    Population,
    Reading,
    Rule,
    Table,
    TableRow,
    Target,
    Tier,
)
from policy_rules.packs.scope import PackScope
from policy_rules.text import Text


def population(entry: Entry) -> Population | None:
    """``populations`` of pack.yaml."""
    subject = entry.data["subject"]
    when = entry.condition(entry.data["when"], ("when",), entry.scope(subject))
    if when is None:
        return None
    return Population(
        entry.id, entry.text("label"), entry.clauses(), subject, when, place=entry.place(())
    )


def parameter(entry: Entry) -> Parameter:
    """``parameters`` of parameters.yaml."""
    data = entry.data
    return Parameter(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        parameter_type(data),
        data.get("unit"),
        dated_values(entry, data.get("values") or (), ("values",)),
        bool(data.get("external")),
        entry.text("authority"),
        entry.text("question"),
        place=entry.place(()),
    )


def parameter_type(data: Mapping[str, Any]) -> NumberType:
    """The type of a parameter."""
    return NumberType(data.get("unit"))


def dated_values(entry: Entry, values: Any, path: Rel) -> tuple[DatedValue, ...]:
    """Values with their periods, which may not overlap."""
    found: list[DatedValue] = []
    for i, value in enumerate(values):
        here = (*path, i)
        dated = DatedValue(entry.period(value, here), number(value["value"]))
        for other in found:
            first = dated.period.within(other.period)
            if first.start is None or first.end is None or first.start <= first.end:
                entry.problems.add(
                    "dates_overlap", entry.place((*here, "from")), got=shown(value.get("from"))
                )
                break
        found.append(dated)
    return tuple(found)


def external(entry: Entry) -> External:
    """``externals`` of parameters.yaml."""
    return External(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        entry.data["subject"],
        entry.text("authority"),
        entry.text("question"),
        place=entry.place(()),
    )


def definition_type(data: Mapping[str, Any]) -> Type:
    """The type of a definition."""
    match data["type"]:
        case "bool":
            return BOOL
        case "date":
            return DATE
        case _:
            return NumberType(data.get("unit"))


def definition(entry: Entry) -> Definition | None:
    """``definitions`` of definitions.yaml."""
    data = entry.data
    kind = definition_type(data)
    scope = entry.scope(data["subject"])
    if kind == BOOL:
        value = entry.condition(data["value"], ("value",), scope)
    else:
        value = entry.expression(data["value"], ("value",), scope, kind)
    if value is None:
        return None
    return Definition(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        data["subject"],
        kind,
        value,
        place=entry.place(()),
    )


def table(entry: Entry) -> Table:
    """``tables`` of definitions.yaml."""
    data = entry.data
    rows = [
        TableRow(
            number(row["value"]),
            row.get("key") if isinstance(row.get("key"), str) else exact(row.get("key")),
            exact(row.get("from")),
            exact(row.get("to")),
            row.get("includes", "lower"),
        )
        for row in data["rows"]
    ]
    kind, key_type, result = table_types(data)
    return Table(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        kind,  # type: ignore[arg-type]
        key_type,
        result,
        tuple(rows),
        place=entry.place(()),
    )


def table_types(data: Mapping[str, Any]) -> tuple[str, Type, NumberType]:
    """Kind, type of the key and of the result."""
    key: Type = CodeType(data["codes"]) if data.get("codes") else NumberType(data.get("key_unit"))
    return data["kind"], key, NumberType(data.get("unit"))


def exclusion(entry: Entry) -> Exclusion:
    """``exclusions`` of definitions.yaml."""
    ranked = tuple(entry.data["ranked"])
    return Exclusion(entry.id, entry.text("label"), entry.clauses(), ranked, place=entry.place(()))


def rule(entry: Entry, pack_period: Period) -> Rule | None:
    """One entry of rules/*.yaml."""
    data = entry.data
    scope = entry.scope(data["subject"])
    found = {
        key: entry.condition(data.get(key), (key,), scope)
        for key in ("applies_to", "when", "unless", "met_when")
    }
    spec = amount(entry, data["amount"], scope) if data.get("amount") else None
    if any(data.get(key) is not None and node is None for key, node in found.items()):
        return None
    if spec is None and data.get("amount"):
        return None
    concept = data["concept"]
    return Rule(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        tuple(concept if isinstance(concept, list) else [concept]),
        data["outcome"],
        data.get("effect"),
        data["subject"],
        data["force"],
        found["applies_to"],
        found["when"],
        found["unless"],
        found["met_when"],
        spec,
        entry.text("actor"),
        entry.text("ranks"),
        entry.text("refer_to"),
        entry.text("note"),
        entry.period(data.get("in_force"), ("in_force",)).within(pack_period),
        place=entry.place(()),
    )


def amount(entry: Entry, data: Mapping[str, Any], scope: PackScope) -> AmountSpec | None:
    """``amount`` of a rule."""
    unit = data.get("unit")
    failed = False

    def figure(value: Any, path: Rel) -> Node | None:
        nonlocal failed
        if value is None:
            return None
        node = parse(str(value), scope, entry.place(path), entry.problems, NumberType(unit))
        failed = failed or node is None
        return node

    def tier(row: Mapping[str, Any], path: Rel) -> Tier:
        nonlocal failed
        when = entry.condition(row.get("when"), (*path, "when"), scope)
        failed = failed or (row.get("when") is not None and when is None)
        pay = figure(row.get("pay"), (*path, "pay"))
        low = pay or figure(row.get("lower"), (*path, "lower"))
        high = pay or figure(row.get("upper"), (*path, "upper"))
        if data["kind"] == "at_least":
            high = None
        if data["kind"] == "up_to":
            low = None
        return Tier(when, low, high)

    rows = data.get("first_of")
    if rows:
        tiers = tuple(tier(row, ("amount", "first_of", i)) for i, row in enumerate(rows))
    else:
        whole = tier(data, ("amount",))
        tiers = (whole,) if whole.low or whole.high else ()
    if failed:
        return None
    return AmountSpec(data["kind"], unit, data.get("paid"), Text.of(data.get("of")), tiers)


def target(entry: Entry) -> Target | None:
    """One entry of targets.yaml."""
    data = entry.data
    found: dict[str, Node | None] = {}
    subject = data.get("subject")
    if subject is not None:
        scope = entry.scope(subject, target=True)
        for key in ("population", "when"):
            found[key] = entry.condition(data.get(key), (key,), scope)
        for key in ("value", "of"):
            raw = data.get(key)
            found[key] = None if raw is None else entry.expression(raw, (key,), scope, NumberType())
        if any(data.get(key) is not None and node is None for key, node in found.items()):
            return None
    figures = tuple(
        Figure(
            number(f["value"]),
            exact(f.get("upper")),
            entry.day(f.get("by"), ("figures", i, "by")),
            f.get("year"),
            bool(f.get("approx")),
        )
        for i, f in enumerate(data.get("figures") or ())
    )
    period = data.get("period")
    asked = data.get("figure") or {}
    concept = data.get("concept") or []
    return Target(
        entry.id,
        entry.text("label"),
        entry.clauses(),
        tuple(concept if isinstance(concept, list) else [concept]),
        data["force"],
        subject,
        data["measure"],
        found.get("population"),
        found.get("when"),
        found.get("value"),
        found.get("of"),
        data["comparator"],
        data.get("unit"),
        figures,
        data.get("parent"),
        data.get("per_year"),
        (period["from"], period["to"]) if period else None,
        Text.of(asked.get("authority")),
        Text.of(asked.get("question")),
        entry.text("note"),
        place=entry.place(()),
    )


def reading(entry: Entry) -> Reading:
    """One entry of readings.yaml."""
    alternatives = tuple(
        Alternative(
            a["id"],
            Text.of(a["label"]),
            dict(a["patch"]),
            entry.place(("alternatives", i, "patch")),
            {path: entry.place(("alternatives", i, "patch", path)) for path in a["patch"]},
        )
        for i, a in enumerate(entry.data["alternatives"])
    )
    return Reading(
        entry.id,
        entry.text("unclear"),
        entry.clauses(),
        entry.text("basis"),
        entry.text("chosen"),
        alternatives,
        place=entry.place(()),
    )


def clause(entry: Entry) -> Clause:
    """One entry of clauses.yaml."""
    data = entry.data
    span = data.get("span")
    norms = tuple(
        Norm(
            Text.of(n["actor"]),
            Text.of(n["what"]),
            exact(n.get("value")),
            exact(n.get("upper")),
            n.get("unit"),
            n.get("comparator"),
            n.get("per"),
            None if n.get("deadline") is None else str(n["deadline"]),
        )
        for n in data.get("norms") or ()
    )
    return Clause(
        entry.id,
        entry.text("summary"),
        tuple(data["dispositions"]),
        data.get("force", "none"),
        tuple(str(f) for f in data.get("figures") or ()),
        (span[0], span[1]) if span else None,
        str(data.get("fingerprint") or ""),
        (),
        entry.text("why_not"),
        norms,
        tuple(Text.of(f) for f in data.get("faults") or ()),
        data.get("review", "encoded"),
        entry.place(()),
    )
