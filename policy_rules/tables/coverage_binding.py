"""Where double binding breaks off: the cooperative, the enterprise, or the contract that runs.

A household is doubly bound by a chain: a running link to a cooperative which itself is bound, under a
running contract, to a dragon-head enterprise. The chain is read from the condition the pack gives, so
that each reading of it has its own; a condition of another shape is counted, but not taken apart.

"Belongs to a cooperative" and "led by an enterprise" are two cells of the export that nothing links:
they do not say that the one cooperative is bound to the one enterprise, and make no double binding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import attrs

from policy_rules.engine.building import TOP, Env, Fn
from policy_rules.engine.finding import FactNeed
from policy_rules.engine.reference import Interpreter
from policy_rules.expr.nodes import And, Fact, Fold, Leaf, Named, Node, walk
from policy_rules.facts.record import Items, Row
from policy_rules.packs.model import Pack, Target
from policy_rules.tables.coverage_gaps import Listing, Needs, Seen
from policy_rules.text import Text

#: The concept of the targets taken apart here.
CONCEPT: Final = "double_binding"
Stage = Literal["no_cooperative", "no_enterprise", "no_contract", "unclear", "other", "unknown"]
#: Where the chain breaks off, in its order; ``unclear``: certainly not bound, but the record does not
#: tell which link is missing; ``other``: the chain is whole, the target asks for more.
STAGES: Final[tuple[Stage, ...]] = (
    "no_cooperative", "no_enterprise", "no_contract", "unclear", "other", "unknown",
)  # fmt: skip

#: Why two cells of the export do not make a double binding.
TWO_CELLS: Final = Text(
    "“是否加入农民专业合作组织”和“是否有龙头企业带动”是两个互不相连的栏目：看不出所入的合作社是否就是"
    "与龙头企业签约的那一家，因此不算双绑，须以双绑台账(户、合作社、企业、合同起止)为准",
    "“belongs to a cooperative” and “led by a dragon-head enterprise” are two cells nothing links: they "
    "do not tell whether that cooperative is the one under contract with the enterprise, so they make "
    "no double binding; the register (household, cooperative, enterprise, contract from and to) decides",
)


@attrs.frozen
class Waiting:
    """A cooperative (by its id in the links) and how many households wait for its other half."""

    cooperative: str
    households: int


@attrs.frozen
class Binding:
    """The double-binding target under one reading, household by household.

    ``bound`` are certainly in the denominator and doubly bound. ``stages`` list who is not, by the
    place where the chain breaks off, and ``unknown``, with the facts missing. ``reasons`` counts the
    unknown by fact, the most frequent first; ``two_cells`` how many of them have only the two
    unlinked cells. ``waiting`` are cooperatives whose missing enterprise or contract holds up most.
    """

    bound: int
    stages: dict[Stage, Listing]
    reasons: tuple[tuple[FactNeed, int], ...]
    two_cells: int
    waiting: tuple[Waiting, ...]
    taken_apart: bool


class BindingCounter:
    """Sorts households by where their double binding breaks off, one by one."""

    def __init__(self, pack: Pack, target: Target, at: Interpreter, most: int) -> None:
        chain = _chain(pack, target.when)
        self.taken_apart = chain is not None
        owner = f"target {target.id} chain"
        self._links: tuple[Fn, ...] = tuple(at.expression(owner, n) for n in chain or ())
        self._most = most
        self._bound = 0
        self._stages: dict[Stage, Listing] = {s: Listing(most) for s in STAGES}
        self._reasons: dict[str, tuple[FactNeed, int]] = {}
        self._two_cells = 0
        self._waiting: dict[str, int] = {}

    def note(self, env: Env, seen: Seen | None, record: str, needs: Needs) -> None:
        """Count the household that stands in ``env``."""
        if seen is None or seen[0] is False:
            return
        inside, truth, _, _ = seen
        if inside is None or truth is None:
            self._unknown(env, record, needs())
        elif truth:
            self._bound += 1
        else:
            stage = self._broken(env)
            self._stages[stage].add(record, "")
            if stage in ("no_enterprise", "no_contract"):
                self._wait(env[TOP])

    def _broken(self, env: Env) -> Stage:
        """Where the chain of a household breaks off that is certainly not bound."""
        if not self._links:
            return "unclear"
        cooperative, enterprise, whole = (link(env) for link in self._links)
        if cooperative is False:
            return "no_cooperative"
        if whole is not False:
            return "other"
        if cooperative is None or enterprise is None:
            return "unclear"
        return "no_contract" if enterprise else "no_enterprise"

    def _unknown(self, env: Env, record: str, missing: tuple[FactNeed, ...]) -> None:
        self._stages["unknown"].add(record, "", lambda: missing)
        for name, need in {n.name: n for n in missing}.items():
            self._reasons[name] = (need, self._reasons.get(name, (need, 0))[1] + 1)
        row: Row = env[TOP]
        cells = row.get("in_cooperative") is True and row.get("dragonhead_driven") is True
        self._two_cells += cells and "cooperative_links" not in row

    def _wait(self, row: Row) -> None:
        links = row.get("cooperative_links")
        for name in dict.fromkeys(_names(links) if isinstance(links, Items) else ()):
            if name in self._waiting or len(self._waiting) < self._most:
                self._waiting[name] = self._waiting.get(name, 0) + 1

    def result(self) -> Binding:
        """What was counted so far."""
        reasons = sorted(self._reasons.values(), key=lambda r: (-r[1], r[0].name))
        waiting = sorted(self._waiting.items(), key=lambda w: (-w[1], w[0]))
        return Binding(
            self._bound,
            self._stages,
            tuple(reasons),
            self._two_cells,
            tuple(Waiting(name, count) for name, count in waiting),
            self.taken_apart,
        )


def _names(links: Items) -> Iterator[str]:
    for link in links.rows:
        cooperative = link.get("cooperative")
        name = link.get("entity_id") or (cooperative.id if isinstance(cooperative, Row) else "")
        if name:
            yield name


# -- reading the chain from the pack's own condition -----------------------------------------------


def _chain(pack: Pack, when: Node | None) -> tuple[Fold, Fold, Fold] | None:
    """Three conditions of a household: linked to a cooperative; to one linked to an enterprise (running
    or not, contract or not); the whole chain. None where the condition has another shape."""
    outer = next((f for f in _folds(pack, when, "cooperative_link")), None)
    if outer is None or outer.body is None:
        return None
    parts = list(_parts(outer.body))
    inner = next((p for p in parts if isinstance(p, Fold) and _over(p, "enterprise_link")), None)
    if inner is None or inner.body is None:
        return None
    rest = [p for p in parts if p is not inner]
    of_enterprise = [
        p
        for p in _parts(inner.body)
        if any(isinstance(n, Fact) and n.field.record == "enterprise" for n in walk(p))
    ]
    linked = _with_body(inner, And(tuple(of_enterprise)))
    return (
        _with_body(outer, And(tuple(rest))),
        _with_body(outer, And((*rest, linked))),
        outer,
    )


def _with_body(fold: Fold, body: Node) -> Fold:
    return Fold(fold.kind, fold.var, fold.source, fold.where, body, fold.type)


def _folds(pack: Pack, node: Node | None, item: str) -> Iterator[Fold]:
    """``any(…)`` over lists of an item that a condition asks for, through its definitions."""
    for part in () if node is None else _parts(node):
        if isinstance(part, Fold) and _over(part, item):
            yield part
        elif isinstance(part, Named) and part.kind == "defined":
            value: Any = pack.definitions[part.name].value
            yield from _folds(pack, value, item)
        elif isinstance(part, Named) and part.kind == "population":
            yield from _folds(pack, pack.populations[part.name].when, item)


def _over(fold: Fold, item: str) -> bool:
    """Whether a fold is ``any`` over a list of an item; which of them count is its condition's."""
    return fold.kind == "any" and getattr(fold.var.type, "name", "") == item


def _parts(node: Node) -> Iterator[Node]:
    """What a condition asks for all at once."""
    match node:
        case Leaf():
            yield from _parts(node.body)
        case And():
            for item in node.items:
                yield from _parts(item)
        case _:
            yield node
