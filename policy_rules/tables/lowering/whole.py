"""Whole rules: verdicts, duties, amounts; what is left; which rows are odd."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

import attrs

from policy_rules.expr.nodes import Field, Node
from policy_rules.packs.model import AmountSpec, Pack, Rule, Tier
from policy_rules.packs.needs import required_facts
from policy_rules.tables.lowering import bounds
from policy_rules.tables.lowering import exprs as e
from policy_rules.tables.lowering.bounds import INFINITE, End
from policy_rules.tables.lowering.exprs import NotHeld
from policy_rules.tables.lowering.facts import conflict
from policy_rules.tables.lowering.nodes import MEANING
from policy_rules.tables.lowering.places import Inst, Place
from policy_rules.tables.lowering.scope import Lowerer, Scope
from policy_rules.tables.lowering.tidy import tidied
from policy_rules.tables.lowering.values import Number, Truth
from policy_rules.tables.plan import Expr, Lit, Op, Outcome, Plan


class Compiler(Lowerer):
    """Lowers with the meaning every column engine shares."""

    meaning: ClassVar[Mapping[type[Any], Any]] = MEANING


def lower(
    pack: Pack,
    kind: str,
    day: date,
    rules: Iterable[str] | None = None,
    compiler: type[Lowerer] = Compiler,
) -> Plan:
    """The plan of a pack on a day, for records of one kind (a household with its members).

    ``rules`` are the ids of those wanted, by default all about the kind (and its members). Outcomes
    stand in the pack's order, the record's own rules first; a rule that is not in force on the day has
    none. What no plan can hold is in :attr:`~policy_rules.tables.plan.Plan.left`.

    Facts are read as :class:`~policy_rules.tables.frames.Population` holds them. Of an outcome, ``met`` and
    ``amount`` count only where the verdict is not false. Amounts are a numerator and a denominator each way:
    without a numerator the end is open; without denominators no line of the amount applies.

    ``compiler`` may read some nodes from other columns (the solver has external parameters in columns).
    """
    wanted = None if rules is None else frozenset(rules)
    at = compiler(pack, kind, day)
    outcomes: list[Outcome] = []
    left: list[tuple[str, str]] = []
    for member in (False, True) if kind == "household" else (False,):
        subject = "member" if member else kind
        for rule in pack.rules.values():
            if rule.subject != subject or (wanted is not None and rule.id not in wanted):
                continue
            if not rule.in_force.holds(day):
                continue
            try:
                outcomes.append(_outcome(at, rule, at.subject(member)))
            except NotHeld as why:
                left.append((rule.id, str(why)))
    if left:
        _watch(at, {spec.field for spec in required_facts(pack, tuple(rule for rule, _ in left))})
    odd = _odd(at)
    return tidied(at, tuple(outcomes), odd, tuple(left))


def _outcome(at: Lowerer, rule: Rule, scope: Scope) -> Outcome:
    place = scope.top if scope.member is None else scope.member
    assert place is not None
    inst = place.inst
    verdict = at.ask("rule", rule.id, False, scope)
    outside = None
    if rule.applies_to is not None:
        applies = at.truth(rule.applies_to, scope)
        outside = _column(at, inst, Truth(applies.inst, e.sure(e.not_(applies.expr))))
    met = None if rule.met_when is None else _column(at, inst, at.truth(rule.met_when, scope))
    amount = None
    if rule.amount is not None and rule.amount.tiers:
        amount = _amount(at, rule.amount, scope, inst)
    return Outcome(rule.id, inst.frame, _column(at, inst, verdict), outside, met, amount)


def _column(at: Lowerer, inst: Inst, value: Any) -> str:
    moved = at.at(inst, value)
    assert isinstance(moved, Truth)
    return at.sheet.column_of(inst, moved.expr).name


# -- amounts -----------------------------------------------------------------------------------


@attrs.frozen
class _Paid:
    """What some lines of an amount pay: whether any applies, from and to how much."""

    some: Expr
    low: End
    high: End


def _amount(at: Lowerer, spec: AmountSpec, scope: Scope, inst: Inst) -> tuple[str, str, str, str]:
    """The first line that applies, a range where that is not certain."""
    paid = _Paid(e.FALSE, INFINITE, INFINITE)
    for tier in reversed(spec.tiers):
        paid = _line(at, tier, scope, inst, paid)
    columns: list[str] = []
    for end in (paid.low, paid.high):
        num = at.sheet.column_of(inst, end.num.expr)
        den = e.if_(paid.some, end.den.expr, e.OPEN.expr)
        columns += [num.name, at.sheet.column_of(inst, den).name]
    low, low_den, high, high_den = columns
    return low, low_den, high, high_den


def _line(at: Lowerer, tier: Tier, scope: Scope, inst: Inst, later: _Paid) -> _Paid:
    """One line before others: it pays where it applies, perhaps it or they where that is unknown."""
    when = at.at(inst, at.truth(tier.when, scope))
    assert isinstance(when, Truth)
    applies = at.sheet.named(inst, when.expr)
    low, high = (
        _edge(at, n, scope, inst, low) for n, low in ((tier.low, True), (tier.high, False))
    )
    if applies == e.TRUE:
        return _Paid(e.TRUE, low, high)
    perhaps = e.is_null(applies)
    here = e.coalesce(applies, e.TRUE)
    both = (
        bounds.choose(later.some, _least(low, later.low), low),
        bounds.choose(later.some, _most(high, later.high), high),
    )
    lowest, highest = (
        _kept(at, inst, bounds.choose(perhaps, b, bounds.choose(applies, mine, theirs)))
        for b, mine, theirs in zip(both, (low, high), (later.low, later.high), strict=True)
    )
    return _Paid(at.sheet.named(inst, e.or_(here, later.some)), lowest, highest)


def _least(a: End, b: End) -> End:
    return bounds.extreme(a, b, lower=True, smallest=True)


def _most(a: End, b: End) -> End:
    return bounds.extreme(a, b, lower=False, smallest=False)


def _edge(at: Lowerer, node: Node | None, scope: Scope, inst: Inst, low: bool) -> End:
    if node is None:
        return INFINITE
    found = at.at(inst, at.lower(node, scope))
    assert isinstance(found, Number)
    return _kept(at, inst, found.of.lo if low else found.of.hi)


def _kept(at: Lowerer, inst: Inst, end: End) -> End:
    num, den = (e.refer(i, at.sheet.named(inst, i.expr)) for i in (end.num, end.den))
    return End(num, den)


# -- odd rows ----------------------------------------------------------------------------------


def _watch(at: Lowerer, fields: set[Field]) -> None:
    """Note where the derived facts of rules that are left may stand."""
    vocabulary = at.pack.vocabulary
    todo: list[tuple[Place, str, tuple[str, ...]]] = [(Place.of(at.root), at.kind, ())]
    while todo:
        place, record, outer = todo.pop()
        within = (*outer, record)
        for path, spec in vocabulary.records[record].facts.items():
            if spec.field in fields and spec.derive is not None:
                key = (place.inner.frame, place.prefix, place.mask, spec.field)
                at.derived.setdefault(key, place)
            if spec.item is None or spec.item in within:
                continue
            single = spec.kind == "record"
            below = place.below(path) if single else Place.of(at.reader.items(place, path))
            todo.append((below, spec.item, within))


def _odd(at: Lowerer) -> str | None:
    """Whether some derived fact that counts is recorded and differs from what it derives to."""
    found: dict[Expr, None] = {}
    done: set[Any] = set()
    while set(at.derived) - done:
        for key in sorted(set(at.derived) - done, key=str):
            done.add(key)
            try:
                apart = conflict(at, key[-1], at.derived[key])
            except NotHeld:  # then wherever it is recorded
                place = at.derived[key]
                apart = Truth(place.inst, at.reader.recorded(place, key[-1]))
            found[_rises(at, apart)] = None
    whole = e.or_(*found)
    return None if whole == e.FALSE else at.sheet.column_of(at.root, whole).name


def _rises(at: Lowerer, item: Truth) -> Expr:
    """Whether a condition holds of some row of the record."""
    inst, expr = item.inst, e.sure(item.expr)
    if inst is None or expr == e.FALSE:
        return expr
    while inst.outer is not None:
        yes = at.sheet.up(inst, expr, "true", "int")
        expr, inst = Op("gt", (yes, Lit(0, "int")), "bool"), inst.outer
    return expr
