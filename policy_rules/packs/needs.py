"""The least a pack needs to know: which facts its rules read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.expr.nodes import Fact, Field, LongestRun, Node, Var, walk
from policy_rules.expr.types import RecordType
from policy_rules.facts.dictionary import FactSpec
from policy_rules.packs.model import Pack
from policy_rules.packs.references import dependencies, expressions


def required_facts(
    pack: Pack,
    rules: tuple[str, ...] | None = None,
    *,
    graph: Mapping[str, Iterable[str]] | None = None,
) -> tuple[FactSpec, ...]:
    """Facts that the pack's rules (or some of them) read, directly or through what they name.

    Nothing else need be collected for this pack; in the order of the dictionary.
    ``graph`` spares working out what uses what again (:func:`~policy_rules.packs.references.dependencies`).
    Raises :class:`~policy_rules.errors.NotFoundError` for an unknown rule.
    """
    for name in rules or ():
        if name not in pack.rules:
            near = nearest(name, pack.rules)
            raise NotFoundError(Problem("unknown_rule", Place(), got=shown(name), nearest=near))
    graph = dependencies(pack) if graph is None else graph
    todo = [f"rules.{name}" for name in (pack.rules if rules is None else rules)]
    seen: set[str] = set()
    fields: set[Field] = set()
    while todo:
        name = todo.pop()
        if name in seen or name not in graph:
            continue
        seen.add(name)
        todo += graph[name]
        section, _, key = name.partition(".")
        for node in expressions(getattr(pack, section)[key]):
            fields |= set(_fields(pack, node))
    if any(pack.rules[name].subject == "member" for name in rules or pack.rules):
        fields.add(pack.vocabulary.fact("household", "members").field)
    specs = (s for record in pack.vocabulary.records.values() for s in record.facts.values())
    return tuple(s for s in specs if s.field in fields)


def _fields(pack: Pack, node: Node) -> Iterator[Field]:
    for part in walk(node):
        if isinstance(part, Var) and part.name in ("members", "others"):
            yield pack.vocabulary.fact("household", "members").field
        if isinstance(part, Fact):
            yield part.field
            if part.field.derived:
                yield from _fields(pack, pack.vocabulary.derived[part.field])
        elif isinstance(part, LongestRun) and isinstance(part.var.type, RecordType):
            record = pack.vocabulary.records[part.var.type.name]
            yield from (record.fields["from"], record.fields["to"])
