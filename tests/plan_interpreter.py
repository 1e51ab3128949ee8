"""The plan language in plain Python, row by row: what the column engines are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from policy_rules.tables.plan import Among, Define, Down, Expr, Lit, Plan, Ref, Runs, Up

#: A frame: columns by name, all of one length; `_row` and (but for the outermost) `_parent` are among them.
Frames = Mapping[str, dict[str, list[Any]]]


def run(plan: Plan, frames: Frames) -> dict[str, dict[str, list[Any]]]:
    """Every column of every frame after the steps of a plan."""
    found = {name: dict(columns) for name, columns in frames.items()}
    for step in plan.steps:
        frame = found[step.frame]
        match step:
            case Define(expr=expr):
                rows = range(len(frame["_row"]))
                frame[step.name] = [value(expr, frame, i) for i in rows]
            case Down(outer=outer, source=source):
                column = found[outer][source]
                frame[step.name] = [column[p] for p in frame["_parent"]]
            case Up(inner=inner, source=source, aggregate=aggregate):
                groups = _groups(frame, found[inner], [source])
                frame[step.name] = [AGGREGATES[aggregate]([v for (v,) in g]) for g in groups]
            case Runs(inner=inner, first=first, last=last):
                groups = _groups(frame, found[inner], [first, last])
                frame[step.name] = [longest_run(g) for g in groups]
    return found


def _groups(
    frame: dict[str, list[Any]], inner: dict[str, list[Any]], names: list[str]
) -> list[list[tuple[Any, ...]]]:
    groups: list[list[tuple[Any, ...]]] = [[] for _ in frame["_row"]]
    for i, parent in enumerate(inner["_parent"]):
        groups[parent].append(tuple(inner[n][i] for n in names))
    return groups


def _known(values: list[Any]) -> list[Any]:
    return [v for v in values if v is not None]


AGGREGATES: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "sum": lambda values: sum(_known(values)),
    "min": lambda values: min(_known(values), default=None),
    "max": lambda values: max(_known(values), default=None),
    "rows": len,
    "true": lambda values: sum(v is True for v in values),
    "null": lambda values: sum(v is None for v in values),
}


def longest_run(spells: list[tuple[Any, ...]]) -> int:
    """Months of the longest run."""
    best, start, end = 0, 0, -2
    for first, last in sorted(s for s in spells if None not in s and s[0] <= s[1]):
        if first > end + 1:
            start, end = first, last
        end = max(end, last)
        best = max(best, end - start + 1)
    return best


def value(expr: Expr, frame: dict[str, list[Any]], i: int) -> Any:
    """An expression for one row."""
    match expr:
        case Ref(name=name):
            return frame[name][i]
        case Lit(value=constant):
            return constant
        case Among(item=item, options=options):
            found = value(item, frame, i)
            return None if found is None else found in options
    args = [value(a, frame, i) for a in expr.args]
    match expr.name:
        case "and":
            return False if False in args else None if None in args else True
        case "or":
            return True if True in args else None if None in args else False
        case "is_null":
            return args[0] is None
        case "if":
            return args[1] if args[0] is True else args[2]
        case "coalesce":
            return next((a for a in args if a is not None), None)
    if None in args:
        return None
    return STRICT[expr.name](*args)


def _product(*args: int) -> int:
    result = 1
    for a in args:
        result *= a
    return result


STRICT: Final[dict[str, Callable[..., Any]]] = {
    "not": lambda a: not a,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "add": lambda *a: sum(a),
    "sub": lambda a, b: a - b,
    "mul": _product,
    "neg": lambda a: -a,
    "div": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "least": min,
    "greatest": max,
    "bit_and": lambda a, b: a & b,
}
