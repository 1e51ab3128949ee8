"""A rule on a day as terms over a world: its plan, lowered as for the column engines, run on cells.

The meaning (intervals, missing facts, folds over lists, months) is that of :mod:`policy_rules.tables.lowering`;
here only the few operators of plans become terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

import attrs

from policy_rules.analysis import cells
from policy_rules.analysis.cells import Cell, Texts, Truth, Whole
from policy_rules.analysis.model import Bounds
from policy_rules.analysis.terms import Bool
from policy_rules.analysis.vocabularies import merged
from policy_rules.analysis.world import AS_OF, PARAMETER, YEARS, Row, World
from policy_rules.analysis.years import years_of_day
from policy_rules.expr.nodes import Param, Var
from policy_rules.packs.model import Pack, Rule
from policy_rules.tables.lowering.bounds import End
from policy_rules.tables.lowering.days import Days
from policy_rules.tables.lowering.exprs import Int as PlanInt
from policy_rules.tables.lowering.exprs import const
from policy_rules.tables.lowering.nodes import MEANING
from policy_rules.tables.lowering.numbers import ANY, Interval
from policy_rules.tables.lowering.places import operands
from policy_rules.tables.lowering.reading import HELD, SCALE
from policy_rules.tables.lowering.scope import Lowerer, Scope
from policy_rules.tables.lowering.values import Day, Number
from policy_rules.tables.lowering.whole import Compiler, lower
from policy_rules.tables.plan import (
    Among,
    Define,
    Down,
    Expr,
    Lit,
    Op,
    Outcome,
    Plan,
    Ref,
    Runs,
    Up,
)


def _parameter(at: Lowerer, node: Param, scope: Scope) -> Any:
    """A parameter; one that another authority sets and that has no value is anything, one value for all days."""
    found = at.pack.parameters[node.name]
    if not found.external or found.values:
        return MEANING[Param](at, node, scope)
    ref = at.sheet.column(at.root, f"{PARAMETER}{at.pack.id}.{node.name}", "int")
    end = End(PlanInt(ref, 0, HELD, null=True), const(SCALE))
    return Number(at.root, Interval(end, end, (end, ANY)))


def _variable(at: Lowerer, node: Var, scope: Scope) -> Any:
    """A variable; the day is a column, one value for all rows."""
    if node.name != "as_of":
        return MEANING[Var](at, node, scope)
    ref = at.sheet.column(at.root, AS_OF, "int")
    day = PlanInt(ref, YEARS[0] * 10000 + 101, YEARS[1] * 10000 + 1231, null=False)
    return Day(at.root, Days(day, day))


class _Compiler(Compiler):
    meaning: ClassVar[Mapping[type[Any], Any]] = {**MEANING, Param: _parameter}


class _AnyDay(Compiler):
    meaning: ClassVar[Mapping[type[Any], Any]] = {**_Compiler.meaning, Var: _variable}


@attrs.frozen(eq=False, slots=False)
class Asked:
    """A rule of a pack on a day, as a plan."""

    pack: Pack
    rule: Rule
    day: date
    plan: Plan
    outcome: Outcome

    @property
    def kind(self) -> str:
        """The kind of record the rule is asked of."""
        return self.plan.kind

    def years(self) -> tuple[dict[str, set[int]], set[str], set[str]]:
        """The years the plan looks into, by frame; where that hangs on recorded facts; where any year counts.

        Where it hangs on facts the last four years and the next are looked at.
        """
        return self._years

    @cached_property
    def _years(self) -> tuple[dict[str, set[int]], set[str], set[str]]:
        found: dict[str, set[int]] = {}
        hanging: set[str] = set()
        counted = {s.inner for s in self.plan.steps if isinstance(s, Up) and s.aggregate == "rows"}
        for step in self.plan.steps:
            if isinstance(step, Up):
                found.setdefault(step.inner, set())
            if not isinstance(step, Define):
                continue
            for part in _of_years(step.expr):
                named = {a.value for a in part.args if isinstance(a, Lit)}
                some = {y for y in named if isinstance(y, int)} if part.name == "eq" else set()
                told = None if some else years_of_day(self.plan, step.frame, part, self.day.year)
                if told is not None:
                    some = told
                elif not some:
                    hanging.add(step.frame)
                    some = set(range(self.day.year - 3, self.day.year + 2))
                found.setdefault(step.frame, set()).update(some)
        for frame in counted:  # whether any year is recorded: one that is not asked for as well
            found[frame].add(min(found[frame], default=self.day.year) - 1)
        return found, hanging, counted

    @cached_property
    def looks_at_members(self) -> bool:
        """Whether the answer hangs on members other than the subject."""
        read = {self.outcome.verdict, *(self.outcome.amount or ())}
        read.update(n for n in (self.outcome.outside, self.outcome.met) if n is not None)
        wanted = {(self.outcome.frame, name) for name in read}
        for step in reversed(self.plan.steps):
            if (step.frame, step.name) not in wanted:
                continue
            match step:
                case Define(frame=frame, expr=expr):
                    wanted.update((frame, ref.name) for ref in operands(expr))
                case Down(outer=outer, source=source):
                    wanted.add((outer, source))
                case Up(inner=inner, source=source):
                    if inner == "household.members":
                        return True
                    wanted.add((inner, source))
                case Runs(inner=inner, first=first, last=last):
                    wanted.update(((inner, first), (inner, last)))
        return False

    @property
    def texts(self) -> Iterator[str]:
        """The texts the plan compares with."""
        for step in self.plan.steps:
            if isinstance(step, Define):
                yield from _texts(step.expr)


def _parts(expr: Expr) -> Iterator[Expr]:
    yield expr
    for part in (
        expr.args if isinstance(expr, Op) else (expr.item,) if isinstance(expr, Among) else ()
    ):
        yield from _parts(part)


def _of_years(expr: Expr) -> Iterator[Op]:
    """What is done with the year of a row."""
    for part in _parts(expr):
        if isinstance(part, Op) and any(isinstance(a, Ref) and a.name == "year" for a in part.args):
            yield part


def _texts(expr: Expr) -> Iterator[str]:
    for part in _parts(expr):
        if isinstance(part, Lit) and isinstance(part.value, str):
            yield part.value
        elif isinstance(part, Among):
            yield from (o for o in part.options if isinstance(o, str))


def ask(pack: Pack, rule: Rule, day: date, *, any_day: bool = False) -> Asked | str:
    """A rule as a plan, or why it cannot be one: ``not_in_force``, or what no plan holds.

    With ``any_day`` conditions read the day from a column: the plan holds on every day with the parameters and
    the rules in force of this one.
    """
    if not rule.in_force.holds(day):
        return "not_in_force"
    kind = "household" if rule.subject == "member" else rule.subject
    plan = lower(pack, kind, day, [rule.id], _AnyDay if any_day else _Compiler)
    if plan.left:
        return plan.left[0][1]
    return Asked(pack, rule, day, plan, plan.outcomes[0])


def population(asked: Asked) -> Asked | None:
    """The population of a rule as if it were a rule of its own; None where it is of everybody."""
    rule = asked.rule
    if rule.applies_to is None:
        return None
    alone = attrs.evolve(
        rule,
        applies_to=None,
        when=rule.applies_to,
        unless=None,
        met_when=None,
        amount=None,
        excluded_by=(),
    )
    pack = attrs.evolve(asked.pack, rules={**asked.pack.rules, rule.id: alone})
    found = ask(pack, alone, asked.day)
    return found if isinstance(found, Asked) else None


class Answers:
    """The columns of a plan over the rows of a world."""

    def __init__(self, asked: Asked, world: World) -> None:
        self.asked = asked
        self.world = world
        #: the facts the plan reads, as the world keeps them
        self.read: set[tuple[str, int, str]] = set()
        self._columns: dict[tuple[str, str], list[Cell]] = {}
        self._made = {(s.frame, s.name): s for s in asked.plan.steps}

    # -- outcomes ------------------------------------------------------------------------------

    def verdict(self, row: int = 0) -> Truth:
        """The verdict for the record, or for a member by number."""
        return self._truth(self.asked.outcome.verdict, row)

    def outside(self, row: int = 0) -> Bool:
        """Whether the subject is outside the population."""
        name = self.asked.outcome.outside
        return False if name is None else self._truth(name, row).yes

    def met(self, row: int = 0) -> Truth | None:
        """Whether a duty is met; None where the rule is none."""
        name = self.asked.outcome.met
        return None if name is None else self._truth(name, row)

    def odd(self) -> Bool:
        """Whether a derived fact is recorded and differs from what it derives to."""
        name = self.asked.plan.odd
        if name is None:
            return False
        cell = self.column(self.asked.kind, name)[0]
        assert isinstance(cell, Truth)
        return cell.yes

    def amount(self, row: int = 0) -> tuple[Whole, Whole, Whole, Whole] | None:
        """The ends of the amount: numerator and denominator each; None where the rule states no figures."""
        names = self.asked.outcome.amount
        if names is None:
            return None
        found = [self.column(self.asked.outcome.frame, name)[row] for name in names]
        low, low_den, high, high_den = (c for c in found if isinstance(c, Whole))
        return low, low_den, high, high_den

    def _truth(self, name: str, row: int) -> Truth:
        cell = self.column(self.asked.outcome.frame, name)[row]
        assert isinstance(cell, Truth)
        return cell

    # -- columns -------------------------------------------------------------------------------

    def column(self, frame: str, name: str) -> list[Cell]:
        """A column of a frame, a cell a row."""
        found = self._columns.get((frame, name))
        if found is None:
            found = self._columns[frame, name] = self._column(frame, name)
        return found

    def _column(self, frame: str, name: str) -> list[Cell]:
        rows = self.world.rows(frame)
        step = self._made.get((frame, name))
        match step:
            case None:
                path = name.removesuffix("~hi")
                self.read.update((frame, row.number, path) for row in rows)
                return [self.world.cell(row, name) for row in rows]
            case Define(expr=expr):
                return [self._evaluated(expr, frame, i) for i in range(len(rows))]
            case Down(outer=outer, source=source):
                above = self.column(outer, source)
                return [above[_outer(row).number] for row in rows]
            case Up(inner=inner, source=source, aggregate=aggregate):
                return [
                    cells.aggregate(aggregate, [(there, cell) for there, (cell,) in items])
                    for items in self._groups(rows, inner, (source,))
                ]
            case Runs(inner=inner, first=first, last=last):
                return [
                    cells.longest_run([(there, a, b) for there, (a, b) in items])
                    for items in self._groups(rows, inner, (first, last))
                ]

    def _evaluated(self, expr: Expr, frame: str, i: int) -> Cell:
        def cell(ref: Ref) -> Cell:
            return self.column(frame, ref.name)[i]

        return cells.evaluate(expr, cell, self.world.texts)

    def _groups(
        self, rows: list[Row], inner: str, names: tuple[str, ...]
    ) -> list[list[tuple[Bool, tuple[Cell, ...]]]]:
        """The cells of inner rows, by the row they belong to, with whether they are there."""
        below = self.world.rows(inner)
        columns = [self.column(inner, name) for name in names]
        groups: list[list[tuple[Bool, tuple[Cell, ...]]]] = [[] for _ in rows]
        for row, *values in zip(below, *columns, strict=True):
            groups[_outer(row).number].append((row.there, tuple(values)))
        return groups


def _outer(row: Row) -> Row:
    assert row.outer is not None
    return row.outer


def world_of(
    asked: Sequence[Asked],
    bounds: Bounds,
    *,
    narrow: bool = True,
    make: Callable[..., World] = World,
) -> World:
    """A world for rules of one kind of record: what they look into, and texts they do not name.

    ``narrow`` leaves out members beside the first where the rules are about members and look at one only.
    """
    first = asked[0]
    one_each = all(a.rule.subject == "member" and not a.looks_at_members for a in asked)
    if narrow and one_each:
        bounds = attrs.evolve(bounds, members=min(1, bounds.members))  # others cannot matter
    years: dict[str, set[int]] = {}
    hanging: set[str] = set()
    counted: set[str] = set()
    for one in asked:
        found, open_, any_ = one.years()
        hanging |= open_
        counted |= any_
        for frame, some in found.items():
            years.setdefault(frame, set()).update(some)
    vocabulary = first.pack.vocabulary
    for one in asked[1:]:
        both = merged(vocabulary, one.pack.vocabulary)
        assert both is not None  # the caller has looked
        vocabulary = both
    return make(
        vocabulary,
        first.kind,
        bounds,
        {frame: tuple(sorted(some)) for frame, some in years.items()},
        Texts(),
        tuple(dict.fromkeys(t for one in asked for t in one.texts)),
        frozenset(hanging),
        frozenset(counted),
    )
