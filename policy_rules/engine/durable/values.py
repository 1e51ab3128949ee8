"""Values computed from others: arithmetic, choices, functions, tables, folds over lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from policy_rules.engine.durable import bounds, calendar
from policy_rules.engine.durable.bounds import ANY, Bounds
from policy_rules.engine.durable.run import Fold, Frame, counted, longest_run, some, summed
from policy_rules.expr import nodes as n
from policy_rules.expr.types import DateType, NumberType, RecordType

if TYPE_CHECKING:
    from policy_rules.engine.durable.folding import Folder, Scope


def _arith(folder: Folder, node: n.Arith, scope: Scope) -> Fold:
    left, right = folder.fold(node.left, scope), folder.fold(node.right, scope)
    compute = _ARITHMETIC[node.op]
    return lambda frame: compute(left(frame), right(frame))


def _extreme(folder: Folder, node: n.Extreme, scope: Scope) -> Fold:
    args = [folder.fold(arg, scope) for arg in node.args]
    pick = bounds.smallest if node.kind == "min" else bounds.largest
    return lambda frame: pick([arg(frame) for arg in args])


def _choice(folder: Folder, node: n.Choice, scope: Scope) -> Fold:
    test, then = folder.fold(node.condition, scope), folder.fold(node.then, scope)
    otherwise = folder.fold(node.otherwise, scope)
    number = isinstance(node.type, NumberType | DateType)

    def get(frame: Frame) -> Any:
        which = test(frame)
        if which is not None:
            return then(frame) if which else otherwise(frame)
        a, b = then(frame), otherwise(frame)
        return bounds.hull((a, b)) if number else a if a == b else None

    return get


def _call(folder: Folder, node: n.Call, scope: Scope) -> Fold:
    function, args = node.function, [folder.fold(arg, scope) for arg in node.args]
    compute = calendar.FUNCTIONS.get(function)
    if compute is not None:
        return lambda frame: compute(*[arg(frame) for arg in args])
    x, step = args
    return lambda frame: bounds.rounded(function, x(frame), step(frame))


def _table(folder: Folder, node: n.TableCall, scope: Scope) -> Fold:
    rows, arg = folder.pack.tables[node.table].rows, folder.fold(node.arg, scope)
    if node.kind != "lookup":
        compute = bounds.tier if node.kind == "tier" else bounds.slices
        return lambda frame: compute(rows, arg(frame))
    values: dict[Any, Bounds] = {row.key: (row.value, row.value) for row in rows}
    every = bounds.hull(values.values())
    number = isinstance(node.arg.type, NumberType)

    def get(frame: Frame) -> Bounds:
        key = arg(frame)
        if number:
            key = key[0] if key[0] == key[1] else None
        return every if key is None else values.get(key, ANY)

    return get


def _folded(folder: Folder, node: n.Fold, scope: Scope) -> Fold:
    source = folder.fold(node.source, scope)
    key, inner = folder.loop(node.var, scope)
    where = None if node.where is None else folder.fold(node.where, inner)
    body = None if node.body is None else folder.fold(node.body, inner)
    if node.kind == "count":
        return lambda frame: counted(frame, source(frame), key, where)
    assert body is not None
    if node.kind == "sum":
        return lambda frame: summed(frame, source(frame), key, where, body)
    wanted = node.kind == "any"
    return lambda frame: some(frame, source(frame), key, where, body, wanted)


def _run_of(folder: Folder, node: n.LongestRun, scope: Scope) -> Fold:
    source = folder.fold(node.source, scope)
    key, inner = folder.loop(node.var, scope)
    where = None if node.where is None else folder.fold(node.where, inner)
    assert isinstance(node.var.type, RecordType)
    fields = folder.pack.vocabulary.records[node.var.type.name].fields
    start, end = (
        folder.fold(n.Fact(node.var, fields[path], fields[path].type), inner)
        for path in ("from", "to")
    )
    return lambda frame: longest_run(frame, source(frame), key, where, start, end)


_ARITHMETIC: Final[dict[str, Callable[[Bounds, Bounds], Bounds]]] = {
    "+": bounds.add,
    "-": bounds.subtract,
    "*": bounds.multiply,
    "/": bounds.divide,
}
VALUES: Final[dict[type[Any], Callable[[Folder, Any, Scope], Fold]]] = {
    n.Arith: _arith,
    n.Extreme: _extreme,
    n.Choice: _choice,
    n.Fold: _folded,
    n.LongestRun: _run_of,
    n.Call: _call,
    n.TableCall: _table,
}
