"""The stages in which the answers of a plan are computed, whatever computes them.

A value used once is part of the expression that uses it; the others become columns. A stage holds all
columns that depend on columns of earlier stages only, and says which of these nothing needs after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import attrs

from policy_rules.tables.graph import Graph, outcome_columns
from policy_rules.tables.nodes import Facts, Node
from policy_rules.tables.plan import Plan

#: A tree of expressions is not deeper than this: engines walk it recursively.
_DEEPEST: Final = 16


def outer_frame(plan: Plan, frame: str) -> str | None:
    """The frame whose rows a frame's rows belong to; None of the record's frame."""
    outside = [f for f in plan.frames if frame.startswith(f + ".")]
    return max(outside, key=len, default=None)


def _reached(wanted: list[Node]) -> set[int]:
    """The numbers of all nodes that some nodes depend on."""
    pending, found = list(wanted), set[int]()
    while pending:
        node = pending.pop()
        if node.number not in found:
            found.add(node.number)
            pending += node.args
    return found


@attrs.define
class Stage:
    """What is computed at one time: columns of expressions, of aggregates, of outer rows; what goes after."""

    defined: dict[str, list[Node]] = attrs.Factory(dict)
    folded: dict[tuple[str, str], list[Node]] = attrs.Factory(dict)
    fetched: dict[tuple[str, str], list[Node]] = attrs.Factory(dict)
    done: list[int] = attrs.Factory(list)


class Program:
    """Stages that compute the answers of a plan over frames of which ``facts`` hold."""

    def __init__(
        self,
        plan: Plan,
        facts: Mapping[tuple[str, str], Facts],
        longest: Mapping[str, int],
        lower: frozenset[str],
    ) -> None:
        longest = {frame: longest.get(frame, 2**31) for frame in plan.frames}
        self.plan = plan
        self.graph = Graph(plan, facts, longest, lower)
        self.outputs = {
            frame: {name: self.graph.columns[frame, name] for name in names}
            for frame, names in outcome_columns(plan).items()
        }
        self.overflow: Node | None = None
        self.overflow = self._overflow()
        self._plan_stages()

    def _overflow(self) -> Node | None:
        """Whether some number of a record leaves 128 bits; part of `odd` where the plan has one."""
        graph, record = self.graph, self.plan.frames[0]
        reached = _reached(self._wanted())
        flags = []
        for node, number in list(graph.huge):
            if number.number not in reached:
                continue
            frame, flag = node.frame, node
            while (outer := outer_frame(self.plan, frame)) is not None:
                count = graph.up(outer, frame, "true", flag)
                flag, frame = graph.op("gt", [count, graph.lit(0, "int")], "bool"), outer
            flags.append(graph.op("coalesce", [flag, graph.lit(False, "bool")], "bool"))
        if not flags:
            return None
        found = graph.op("or", [*flags, graph.lit(False, "bool")], "bool")
        if self.plan.odd:
            odd = self.outputs[record][self.plan.odd]
            self.outputs[record][self.plan.odd] = graph.op("or", [odd, found], "bool")
            return None
        return found

    def _wanted(self) -> list[Node]:
        found = [n for columns in self.outputs.values() for n in columns.values()]
        return [*found, self.overflow] if self.overflow is not None else found

    def _plan_stages(self) -> None:
        outputs = {n.number for n in self._wanted()}
        reached = _reached(self._wanted())
        nodes = [n for n in self.graph.nodes if n.number in reached]
        uses = Counter(a.number for n in nodes for a in n.args)
        folds = ("down", "up", "runs")
        kept = outputs | {a.number for n in nodes if n.op in folds for a in n.args}
        self.columns: set[int] = set()
        depth: dict[int, int] = {}
        stage: dict[int, int] = {}
        reads: dict[int, set[int]] = {}
        for node in nodes:
            n = node.number
            inside = [a for a in node.args if a.number not in self.columns]
            depth[n] = 1 + max((depth[a.number] for a in inside), default=0)
            reads[n] = {a.number for a in node.args if a.number in self.columns}
            reads[n] = reads[n].union(*(reads[a.number] for a in inside))
            before = max((stage[a] for a in reads[n]), default=0)
            cheap = node.op in ("is_null", "not") and not (inside and not inside[0].known)
            alone = node.op in ("input", "down", "up", "rows", "runs")
            if node.op != "lit" and (
                alone or n in kept or (uses[n] > 1 and not cheap) or depth[n] > _DEEPEST
            ):
                self.columns.add(n)
                stage[n] = 0 if node.op == "input" else before + 1
        self.stages = [Stage() for _ in range(max(stage.values(), default=0))]
        last: dict[int, int] = {}
        for node in nodes:
            n = node.number
            if not stage.get(n):
                continue
            at = self.stages[stage[n] - 1]
            for a in reads[n]:
                last[a] = max(last.get(a, 0), stage[n])
            if node.op == "down":
                at.fetched.setdefault((node.frame, node.data), []).append(node)
            elif node.op in ("up", "rows", "runs"):
                inner = node.data[0] if node.op == "up" else node.data
                at.folded.setdefault((node.frame, inner), []).append(node)
            else:
                at.defined.setdefault(node.frame, []).append(node)
        for n, when in last.items():
            if n not in outputs:
                self.stages[when - 1].done.append(n)
        self.reads = reads
        self.read = [n for n in nodes if n.op == "input"]

    def text(self, node: Node, *, top: bool = False) -> str:
        """A node as people read it."""
        if node.known:
            return repr(node.data)
        if not top and (node.number in self.columns or node.op == "input"):
            return node.data if node.op == "input" else f"n{node.number}"
        args = [self.text(a) for a in node.args]
        if node.op == "among":
            return f"{args[0]} in {set(node.data)}"
        extra = [] if node.data is None else [str(node.data)]
        return f"{node.op}({', '.join([*args, *extra])})"
