"""What one rule or target says, in parts that can be laid beside those of another pack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, Final

import attrs

from policy_rules.diff.expansion import expanded, valued
from policy_rules.expr.nodes import (
    And,
    Call,
    Compare,
    Const,
    Fact,
    LongestRun,
    Named,
    Node,
    Param,
    YearItem,
    walk,
)
from policy_rules.expr.prose import prose
from policy_rules.expr.types import DateType, NumberType
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import Figure, Pack, Period, Rule, Target
from policy_rules.packs.references import expressions
from policy_rules.text import EMPTY, Text

_FLIPPED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MONEY: Final = ("yuan", "yuan_per_person")
#: How often something is to be done, of what a norm may be per.
PERIODS: Final = ("year", "half_year", "quarter", "month", "half_month", "week", "day")


@attrs.frozen
class Said:
    """Something a pack says: ``key`` to compare by, ``text`` to read."""

    key: Any
    text: Text = attrs.field(eq=False)


@attrs.frozen
class Line:
    """A comparison with a figure: of what (``key``, ``of``), how, and with which figure.

    ``figure`` is a number, a date, or the name of an external parameter.
    """

    key: Any
    of: Text = attrs.field(eq=False)
    comparator: str
    figure: Any
    unit: str | None
    text: Text = attrs.field(eq=False)


@attrs.frozen
class Payment:
    """One line of an amount: from, to, and when."""

    low: Said | None
    high: Said | None
    when: Said | None


@attrs.frozen(eq=False)
class Profile:
    """What a rule or target says, part by part; ``outcome`` of a target is ``target``."""

    pack: str
    thing: Rule | Target
    concepts: tuple[str, ...]
    outcome: str
    subject: str
    label: Text
    population: Said
    conditions: tuple[Said, ...]
    whole: Any
    lines: tuple[Line, ...]
    incomes: tuple[Said, ...]
    windows: tuple[Said, ...]
    cadence: tuple[str | None, ...]
    force: str
    effect: str
    amount: tuple[Any, ...]
    payments: tuple[Payment, ...]
    figures: tuple[Figure, ...]
    measure: tuple[Any, ...]
    unit: str | None
    in_force: Period
    clauses: tuple[str, ...]
    #: the facts that decide, and that a duty is met by
    facts: frozenset[tuple[str, str]]


#: Of everybody a rule of its kind can be about.
EVERYBODY: Final = Said(None, Text("不限对象", "everybody"))


def profile_of(pack: Pack, thing: Rule | Target, day: date) -> Profile:
    """The profile of one rule or target."""
    return _Maker(pack, day).profile(thing)


def profiles(pack: Pack, day: date) -> tuple[Profile, ...]:
    """The rules and targets of a pack that have a concept, with the parameters of a day."""
    made = _Maker(pack, day)
    things: list[Rule | Target] = [*pack.rules.values(), *pack.targets.values()]
    return tuple(made.profile(t) for t in things if t.concepts)


class _Maker:
    def __init__(self, pack: Pack, day: date) -> None:
        self.pack = pack
        self.day = day
        self.labels = PackLabels(pack)

    def said(self, node: Node | None) -> Said:
        if node is None:
            return EVERYBODY
        return Said(expanded(self.pack, node, self.day), prose(node, self.labels))

    def profile(self, thing: Rule | Target) -> Profile:
        rule = thing if isinstance(thing, Rule) else None
        target = thing if isinstance(thing, Target) else None
        who = rule.applies_to if rule else target.population if target else None
        nodes = [expanded(self.pack, n, self.day) for n in expressions(thing)]
        plain = list(_reached(self.pack, expressions(thing)))
        period = rule.in_force if rule else self.pack.in_force
        return Profile(
            pack=self.pack.id,
            thing=thing,
            concepts=thing.concepts,
            outcome=rule.outcome if rule else "target",
            subject=thing.subject or "",
            label=thing.label,
            population=self.said(who),
            conditions=tuple(self.conditions(thing)),
            whole=self.whole(thing),
            lines=tuple(dict.fromkeys(line for n in plain for line in self.lines(n))),
            incomes=tuple(dict.fromkeys(self.incomes(nodes))),
            windows=tuple(dict.fromkeys(self.windows(plain))),
            cadence=tuple(
                dict.fromkeys(
                    n.per
                    for c in thing.clauses
                    for n in self.pack.clauses[c].norms
                    if n.per in PERIODS
                )
            ),
            force=thing.force,
            effect=(rule.effect or "") if rule else "",
            amount=_amount(rule),
            payments=tuple(self.payments(rule)) if rule else (),
            figures=target.figures if target else (),
            measure=(target.measure, target.comparator, target.per_year) if target else (),
            unit=target.unit if target else None,
            in_force=period,
            clauses=thing.clauses,
            facts=frozenset(
                (part.field.record, part.field.path)
                for node in nodes
                for part in walk(node)
                if isinstance(part, Fact)
            ),
        )

    def conditions(self, thing: Rule | Target) -> Iterator[Said]:
        if isinstance(thing, Rule):
            for name, node in thing.conditions():
                if name in ("when", "unless", "met_when"):
                    lines = node.items if isinstance(node, And) and name == "when" else (node,)
                    for line in lines:
                        said = self.said(line)
                        yield Said((name, said.key), _named(name, said.text))
            return
        for part in (thing.when, thing.value, thing.of):
            if part is not None:
                yield self.said(part)
        if thing.question:
            yield Said(("figure",), thing.question)

    def whole(self, thing: Rule | Target) -> tuple[Any, ...]:
        """All that decides besides who is meant and how much is paid."""
        if isinstance(thing, Rule):
            named = [(n, c) for n, c in thing.conditions() if n in ("when", "unless", "met_when")]
            return tuple((name, expanded(self.pack, node, self.day)) for name, node in named)
        nodes = (thing.when, thing.value, thing.of)
        return tuple(None if n is None else expanded(self.pack, n, self.day) for n in nodes)

    def lines(self, node: Node) -> Iterator[Line]:
        for part in walk(node):
            if not isinstance(part, Compare) or part.op in ("==", "!="):
                continue
            op, left, right = part.op, part.left, part.right
            if _is_figure(left) and not _is_figure(right):
                op, left, right = _FLIPPED[op], right, left
            kind = left.type
            if not _is_figure(right) or not isinstance(kind, NumberType | DateType):
                continue
            if isinstance(right, Param):
                right = valued(self.pack, right, self.day)
            said, more = prose(Compare(op, left, right), self.labels), self.stated(right)
            figure = right.value if isinstance(right, Const) else right
            yield Line(
                expanded(self.pack, left, self.day),
                prose(left, self.labels),
                op,
                f"param.{right.name}" if isinstance(right, Param) else figure,
                kind.unit if isinstance(kind, NumberType) else None,
                Text(said.zh + more.zh, said.en + more.en),
            )

    def stated(self, node: Node) -> Text:
        """The values a parameter has on other days: a line that was stated for 2021 alone, say."""
        if not isinstance(node, Param):
            return EMPTY
        values = self.pack.parameters[node.name].values
        told = [
            (f"{v.period.start} – {v.period.end}", prose(Const(v.value, node.type), self.labels))
            for v in values
        ]
        if not told:
            return EMPTY
        return Text(
            "（" + "；".join(f"{when}：{text.zh}" for when, text in told) + "）",
            " (" + "; ".join(f"{when}: {text.en}" for when, text in told) + ")",
        )

    def incomes(self, nodes: Iterable[Node]) -> Iterator[Said]:
        for node in nodes:
            for part in walk(node):
                if not isinstance(part, Fact):
                    continue
                field, kind = part.field, part.field.type
                of_income = "income" in field.record or field.path.startswith("income")
                if of_income and isinstance(kind, NumberType) and kind.unit in _MONEY:
                    yield Said((field.record, field.path), self.labels.fact(field))

    def windows(self, nodes: Iterable[Node]) -> Iterator[Said]:
        for node in nodes:
            for part in walk(node):
                if isinstance(part, YearItem):
                    key = expanded(self.pack, part.year, self.day)
                    year = part.year.value if isinstance(part.year, Const) else None
                    said = prose(part.year, self.labels) if year is None else None
                    yield Said(key, said or Text(f"{year}年", str(year)))
                elif isinstance(part, LongestRun):
                    yield Said(expanded(self.pack, part, self.day), prose(part, self.labels))
                elif isinstance(part, Fact) and part.field.path.startswith("income_12m"):
                    yield Said("12 months", Text("此前12个月", "the 12 months before"))

    def payments(self, rule: Rule) -> Iterator[Payment]:
        unit = rule.amount.unit if rule.amount else None

        def pay(node: Node | None) -> Said | None:
            if node is None:
                return None
            said = prose(node, self.labels, unit=unit)
            return Said(expanded(self.pack, node, self.day), said)

        for tier in rule.amount.tiers if rule.amount else ():
            when = None if tier.when is None else self.said(tier.when)
            yield Payment(pay(tier.low), pay(tier.high), when)


def _named(name: str, text: Text) -> Text:
    if name == "unless":
        return Text(f"除外：{text.zh}", f"unless {text.en}")
    if name == "met_when":
        return Text(f"已落实：{text.zh}", f"met when {text.en}")
    return text


def _amount(rule: Rule | None) -> tuple[Any, ...]:
    spec = rule.amount if rule else None
    return () if spec is None else (spec.kind, spec.unit, spec.paid, spec.of or EMPTY)


def _is_figure(node: Node) -> bool:
    if isinstance(node, Param):
        return True
    if isinstance(node, Call) and node.function == "date":
        return all(isinstance(a, Const) for a in node.args)
    return isinstance(node, Const) and not isinstance(node.value, str)


def _reached(pack: Pack, nodes: Iterable[Node]) -> Iterator[Node]:
    """Expressions, and those of the populations and definitions they name."""
    todo, seen = list(nodes), set[tuple[str, str]]()
    while todo:
        node = todo.pop(0)
        yield node
        for part in walk(node):
            if isinstance(part, Named) and (part.kind, part.name) not in seen:
                seen.add((part.kind, part.name))
                if part.kind == "population":
                    todo.append(pack.populations[part.name].when)
                elif part.kind == "defined":
                    todo.append(pack.definitions[part.name].value)
