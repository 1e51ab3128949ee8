"""The value side of the second engine: what the C engine cannot compute is folded here.

Every node becomes a small function of a :class:`~policy_rules.engine.durable.run.Frame`, a subject
within a run. What it returns depends on the node's type: numbers and dates give
:data:`~policy_rules.engine.durable.bounds.Bounds` (dates as ordinals), conditions True, False or
None, codes and texts a string or None, sets of codes a frozenset or None, records a Row, lists an
Items, records by year a dict.

Shares nothing with the reference interpreter; only the nodes and the records are common.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs

from policy_rules.engine.durable import calendar
from policy_rules.engine.durable.bounds import ANY, Bounds
from policy_rules.engine.durable.conditions import CONDITIONS
from policy_rules.engine.durable.run import (
    NO_LIST,
    NO_ROW,
    NO_YEARS,
    Fold,
    Frame,
    others,
    parameter_on,
)
from policy_rules.engine.durable.values import VALUES
from policy_rules.engine.durable.wholes import whole
from policy_rules.expr import nodes as n
from policy_rules.expr.types import (
    ByYearType,
    DateType,
    ListType,
    NumberType,
    RecordType,
    Type,
)
from policy_rules.facts.record import Row
from policy_rules.packs.model import Pack
from policy_rules.verdict import Interval

Key = tuple[str, str]


@attrs.frozen
class Scope:
    """Where a node stands: the subject it is about, and the places of its loop variables."""

    subject: str
    loops: Mapping[str, int] = attrs.field(factory=dict)


class Folder:
    """Turns the nodes of one pack into functions."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self._loop_keys = itertools.count()
        self._things: dict[Key, Fold] = {}
        self._derived: dict[n.Field, Fold] = {}

    def fold(self, node: n.Node, scope: Scope) -> Fold:
        """The function of a node that stands in ``scope``."""
        return _FOLDERS[type(node)](self, node, scope)

    # -- names ---------------------------------------------------------------------------

    def _const(self, node: n.Const, scope: Scope) -> Fold:
        value: Any = node.value
        if isinstance(node.type, DateType):
            value = value.toordinal()
        found = value if isinstance(value, str) else (value, value)
        return lambda frame: found

    def _var(self, node: n.Var, scope: Scope) -> Fold:
        name, about_household = node.name, scope.subject == "household"
        if isinstance(node.type, ListType):
            if name == "others":
                return others
            if name != "members":
                return lambda frame: NO_LIST
            if about_household:
                return lambda frame: frame.row.get("members", NO_LIST)
            return lambda frame: frame.run.household.get("members", NO_LIST)
        if isinstance(node.type, RecordType):
            if name in scope.loops:
                key = scope.loops[name]
                return lambda frame: frame.run.loops[key]
            if _is_subject(node, scope):
                return lambda frame: frame.row
            return lambda frame: frame.run.household
        if name == "as_of":
            return lambda frame: frame.run.day
        missing = _missing(node.type)  # target_year: no rule knows it
        return lambda frame: missing

    def _fact(self, node: n.Fact, scope: Scope) -> Fold:
        field = node.field
        path, base = field.path, self.fold(node.base, scope)
        missing, read = _missing(field.type, field), _reader(field.type)
        derived = self.derived(field)

        def own(frame: Frame) -> Any:
            value = frame.row.get(path)
            if value is None:
                return missing
            return value if read is None else read(value)

        if derived is None and _is_subject(node.base, scope):
            return own  # the commonest by far

        def get(frame: Frame) -> Any:
            row = base(frame)
            value = row.get(path)
            if value is not None:
                return value if read is None else read(value)
            if derived is None:
                return missing
            here = frame if row is frame.row else frame.run.frame(row)
            if field not in here.cache:
                here.cache[field] = derived(here)
            return here.cache[field]

        return get

    def derived(self, field: n.Field) -> Fold | None:
        """What computes a derived fact, on the frame of its record."""
        if field not in self._derived:
            node = self.pack.vocabulary.derived.get(field)
            if node is None:
                return None
            self._derived[field] = self.fold(node, Scope(field.record))
        return self._derived[field]

    def _year_item(self, node: n.YearItem, scope: Scope) -> Fold:
        base, year = self.fold(node.base, scope), self.fold(node.year, scope)

        def get(frame: Frame) -> Row:
            lo, hi = year(frame)
            if lo is None or lo != hi:
                return NO_ROW
            row: Row | None = base(frame).get(lo)
            return NO_ROW if row is None else row

        return get

    def _named(self, node: n.Named, scope: Scope) -> Fold:
        base, key = self.fold(node.base, scope), (node.kind, node.name)
        compute: Fold | None = None

        def get(frame: Frame) -> Any:
            nonlocal compute
            row = base(frame)
            here = frame if row is frame.row else frame.run.frame(row)
            if key in here.cache:
                return here.cache[key]
            if compute is None:
                compute = self.thing(key)
            value = here.cache[key] = compute(here)
            return value

        return get

    def thing(self, key: Key) -> Fold:
        """What computes a named thing of the pack, on the frame of its subject."""
        if key not in self._things:
            self._things[key] = self._thing(*key)
        return self._things[key]

    def _thing(self, kind: str, name: str) -> Fold:
        pack = self.pack
        if kind == "population":
            population = pack.populations[name]
            return self.fold(population.when, Scope(population.subject))
        if kind == "defined":
            definition = pack.definitions[name]
            return self.fold(definition.value, Scope(definition.subject))
        if kind == "external":
            pack_id, general = pack.id, pack.externals[name].value

            def external(frame: Frame) -> bool | None:
                value = frame.row.external.get(pack_id, {}).get(name)
                return general if value is None else value

            return external
        # A rule of a record that is no subject of this run (a cooperative the household is linked
        # with); those of the household and its members are inferred and in the cache already.
        rule = pack.rules[name]
        verdict = self.fold(whole(rule), Scope(rule.subject))
        return lambda frame: verdict(frame) if rule.in_force.holds(frame.run.as_of) else None

    def _param(self, node: n.Param, scope: Scope) -> Fold:
        name, parameter = node.name, self.pack.parameters[node.name]
        if node.on is not None:
            on = self.fold(node.on, scope)
            return lambda frame: parameter_on(parameter, on(frame))

        def today(frame: Frame) -> Bounds:
            run = frame.run
            value = run.parameters.get(name)
            if value is None:
                value = run.parameters[name] = parameter_on(parameter, run.day)
            return value

        return today

    def loop(self, var: n.Var, scope: Scope) -> tuple[int, Scope]:
        """A new loop variable's place in the run, and the scope with it."""
        key = next(self._loop_keys)
        return key, Scope(scope.subject, {**scope.loops, var.name: key})


def _is_subject(node: n.Node, scope: Scope) -> bool:
    """Whether a node is the record the scope is about: by its name, or ``this``."""
    if not isinstance(node, n.Var) or node.name in scope.loops:
        return False
    return node.name in ("this", scope.subject)


def _missing(kind: Type, field: n.Field | None = None) -> Any:
    """What is known of a value that is not recorded."""
    match kind:
        case NumberType() if field is not None:
            return _number_bound(field.lo), _number_bound(field.hi)
        case NumberType():
            return ANY
        case DateType():
            return calendar.EVER
        case ListType():
            return NO_LIST
        case ByYearType():
            return NO_YEARS
        case RecordType():
            return NO_ROW
        case _:
            return None


def _number_bound(value: Any) -> Any:
    return None if value is None or value in (math.inf, -math.inf) else value


def _reader(kind: Type) -> Callable[[Any], Any] | None:
    """How a recorded value is read; None where it is taken as it is."""
    if isinstance(kind, NumberType):
        return _read_number
    return _read_date if isinstance(kind, DateType) else None


def _read_number(value: Any) -> Bounds:
    if type(value) is Interval:
        return _number_bound(value.lo), _number_bound(value.hi)
    return value, value


def _read_date(value: Any) -> Bounds:
    if type(value) is Interval:
        return value.lo.toordinal(), value.hi.toordinal()
    day = value.toordinal()
    return day, day


_FOLDERS: Final[dict[type[Any], Callable[[Folder, Any, Scope], Fold]]] = {
    **CONDITIONS,
    **VALUES,
    n.Const: Folder._const,
    n.Var: Folder._var,
    n.Fact: Folder._fact,
    n.YearItem: Folder._year_item,
    n.Named: Folder._named,
    n.Param: Folder._param,
}
