"""A record beside itself with one fact moved: all terms are shared but those of the fact."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from policy_rules.analysis.terms import Bool, all_of, any_of, opposite, z3
from policy_rules.analysis.world import Row, Value, World

Towards = Literal["lower", "higher"]


class Unmoved(ValueError):
    """A fact that cannot be moved: what it is instead of a truth, a figure or a day."""


@attrs.frozen
class Move:
    """A fact, by its path in a record (``*`` is the subject), and the side it moves to."""

    path: str
    towards: Towards


class Moved(World):
    """The world of a record whose fact stands on one side of what it is in another world."""

    def __init__(self, *args: Any, of: World, move: Move, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.of = of
        self.move = move
        self.moved: Bool = False
        self._where = _place(of, move.path)

    def _value(self, row: Row, path: str) -> Value:
        value = super()._value(row, path)
        if (row.frame, row.number, path) != self._where:
            return value
        before = self.of.value(self.of.rows(row.frame)[row.number], path)
        if value.spec is not None and value.spec.kind in ("code", "codes", "text"):
            raise Unmoved(value.spec.kind)
        parts = {name: _other(part) for name, part in value.parts.items()}
        renamed = [(value.parts[n], parts[n]) for n in parts]
        first = len(self.constraints)
        again = [z3.substitute(c, *renamed) for c in _own(self.constraints[:first], value)]
        self.constraints += again
        self.constraints.append(_beyond(before.parts, parts, self.move.towards))
        self.moved = value.known
        return attrs.evolve(value, parts=parts)


def _other(part: Any) -> Any:
    name = f"{part.decl().name()} moved"
    return z3.Bool(name) if z3.is_bool(part) else z3.Int(name)


def _own(constraints: list[Bool], value: Value) -> list[Bool]:
    """The constraints on a value's own terms."""
    names = {part.decl().name() for part in value.parts.values()}
    return [c for c in constraints if not isinstance(c, bool) and _names(c) & names]


def _names(term: Any) -> set[str]:
    found: set[str] = set()
    todo = [term]
    while todo:
        one = todo.pop()
        if z3.is_const(one) and one.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.add(one.decl().name())
        todo += one.children()
    return found


def _beyond(before: Any, after: Any, towards: Towards) -> Bool:
    """That a fact lies further on one side: one that was true is not, a figure is less, a day is earlier."""
    low, high = (after, before) if towards == "lower" else (before, after)
    if "year" in before:
        same = [before[p] == after[p] for p in ("whole_year", "whole_month")]
        month = all_of((low["year"] == high["year"], low["month"] < high["month"]))
        day = all_of(
            (low["year"] == high["year"], low["month"] == high["month"], low["day"] < high["day"])
        )
        finer = opposite(before["whole_year"])
        finest = all_of((finer, opposite(before["whole_month"])))
        less = (low["year"] < high["year"], all_of((finer, month)), all_of((finest, day)))
        return all_of((*same, any_of(less)))
    if z3.is_bool(before["value"]):
        return all_of((opposite(low["value"]), high["value"]))
    return low["value"] < high["value"]


def _place(world: World, path: str) -> tuple[str, int, str]:
    """The frame, the row and the path within it of a path of a record; raises Unmoved where no row is that."""
    keys = path.split(".")
    frame, number, below, record = world.kind, 0, "", world.kind
    while keys:
        facts = world.vocabulary.records[record].facts
        spec = next(
            (
                facts[".".join(keys[:n])]
                for n in range(len(keys), 0, -1)
                if ".".join(keys[:n]) in facts
            ),
            None,
        )
        if spec is None:
            raise Unmoved(path)
        keys = keys[len(spec.path.split(".")) :]
        below = f"{below}.{spec.path}" if below else spec.path
        if not keys:
            break
        record = spec.item or ""
        if spec.kind in ("list", "by_year"):
            frame = f"{frame}.{below}"
            outer, number, below = number, -1, ""
            key = keys.pop(0)
            rows = [r for r in world.rows(frame) if r.outer is not None and r.outer.number == outer]
            for i, row in enumerate(rows):
                if key in ("*", str(i)) if row.year is None else key == str(row.year):
                    number = row.number
                    break
            if number < 0:
                return frame, -1, ".".join(keys)  # no rule looks at it
    return frame, number, below
