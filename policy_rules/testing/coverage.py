"""Which lines of a pack its cases have seen decide YES, NO and UNKNOWN."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import attrs

from policy_rules.engine.engine import Engine
from policy_rules.errors import Lang, Place
from policy_rules.expr.nodes import Fact, Known, Leaf, Named, Node, Param, children, leaves
from policy_rules.facts.record import Household, Row
from policy_rules.packs.model import Pack
from policy_rules.verdict import Truth, Verdict


@attrs.frozen
class Gap:
    """A line with verdicts that no case has seen."""

    owner: str
    path: str
    text: str
    unseen: tuple[Verdict, ...]
    place: Place

    def render(self, lang: Lang = "zh") -> str:
        """The gap as one line of a report."""
        names = ", ".join(v.value for v in self.unseen)
        word = "没有用例见过" if lang == "zh" else "no case has seen"
        return f"{self.place}: leaf_never_decided: {self.owner} {self.path} `{self.text}`: {word} {names}"


class Coverage:
    """Collects what lines say over many evaluations."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.lines: list[tuple[str, str, Leaf, Place]] = list(_lines(pack))
        self._seen: dict[tuple[str, str], set[Truth]] = {}
        self._of: dict[Pack, list[tuple[str, str, Leaf, Place]]] = {pack: self.lines}

    def see(self, engine: Engine, record: Household, as_of: date) -> None:
        """Note what every line says of a record; lines not in force are not asked.

        Lines are found by owner and path, so that a pack under another reading counts too.
        """
        rows: list[Row | None] = [None, *record.members]
        if engine.pack not in self._of:
            self._of[engine.pack] = list(_lines(engine.pack))
        for owner, subject, leaf, _ in self._of[engine.pack]:
            if subject == "member":
                asked = rows[1:]
            elif subject == record.kind:
                asked = rows[:1]
            else:
                continue
            kind, _, name = owner.partition(" ")
            if kind == "rule" and not engine.pack.rules[name].in_force.holds(as_of):
                continue
            for row in asked:
                truth = engine.line(owner, leaf, record, as_of, row)
                self._seen.setdefault((owner, leaf.path), set()).add(truth)

    def gaps(self) -> Iterator[Gap]:
        """The lines that some verdict was never seen of."""
        for owner, _, leaf, place in self.lines:
            seen = self._seen.get((owner, leaf.path), set())
            wanted: tuple[Truth, ...] = (True, False, None) if open_ended(leaf) else (True, False)
            unseen = tuple(Verdict.of(t) for t in wanted if t not in seen)
            if unseen:
                yield Gap(owner, leaf.path, leaf.text, unseen, place)


def _lines(pack: Pack) -> Iterator[tuple[str, str, Leaf, Place]]:
    for population in pack.populations.values():
        for leaf in leaves(population.when):
            yield f"population {population.id}", population.subject, leaf, population.place
    for definition in pack.definitions.values():
        for leaf in leaves(definition.value):
            yield f"defined {definition.id}", definition.subject, leaf, definition.place
    for rule in pack.rules.values():
        for _, node in rule.conditions():
            for leaf in leaves(node):
                yield f"rule {rule.id}", rule.subject, leaf, rule.place


def open_ended(node: Node) -> bool:
    """Whether a line can be UNKNOWN at all: it rests on something that may be missing."""
    if isinstance(node, Known):
        return False
    if isinstance(node, Fact | Named | Param):
        return True
    return any(open_ended(child) for child in children(node))
