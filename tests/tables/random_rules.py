"""Random rules made of nodes, without regard to units: every construct of the language at every place."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import attrs

from policy_rules.errors import Place
from policy_rules.expr import nodes as n
from policy_rules.expr.types import (
    BOOL,
    DATE,
    NUMBER,
    BoolType,
    ByYearType,
    CodesType,
    CodeType,
    DateType,
    ListType,
    NumberType,
    RecordType,
    Type,
)
from policy_rules.facts.dictionary import Vocabulary
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import AmountSpec, Pack, Period, Rule, Table, TableRow, Tier
from policy_rules.testing.random_packs import random_pack
from policy_rules.text import Text

#: The records in reach: an expression and its record type.
Reach = list[tuple[n.Node, str]]

LABEL = Text("随机", "random")
FIGURES = (0, 1, 2, 3, 5, 12, 100, 10000, Fraction(1, 2), Fraction(1, 3), Fraction(-3, 2), -1, -7)
COMPARED = ("<", "<=", ">", ">=", "==", "!=")


def _table(name: str, kind: Any, *rows: TableRow) -> Table:
    return Table(
        id=name,
        label=LABEL,
        clauses=(),
        place=Place(),
        kind=kind,
        key_type=NUMBER,
        type=NUMBER,
        rows=rows,
    )


TABLES = {
    "tier": _table(
        "tier",
        "tier",
        TableRow(10, None, 0, 3, "both"),
        TableRow(Fraction(41, 2), None, 3, 5, "both"),
        TableRow(7, None, 6, 10000, "upper"),
    ),
    "slices": _table(
        "slices",
        "slices",
        TableRow(Fraction(1, 10), None, 0, 3),
        TableRow(Fraction(1, 5), None, 3, 100),
        TableRow(Fraction(3, 10), None, 100, None),
    ),
    "lookup": _table("lookup", "lookup", TableRow(5, 1), TableRow(9, Fraction(1, 2))),
    "codes": _table("codes", "lookup", TableRow(5, "weak_or_semi"), TableRow(7, "ordinary")),
}


class Writer:
    """Draws expressions for rules about records of a kind, or their members."""

    def __init__(self, rng: random.Random, vocabulary: Vocabulary, kind: str, member: bool) -> None:
        self.rng = rng
        self.vocabulary = vocabulary
        self.kind = kind
        self.member = member
        self.loops = 0
        self.reach: Reach = [(n.Var(kind, RecordType(kind)), kind)]
        if member:
            self.reach.append((n.Var("member", RecordType("member")), "member"))

    # -- records, facts --------------------------------------------------------------------

    def record(self, reach: Reach) -> tuple[n.Node, str]:
        """A record in reach, or one that a fact of it is, or its record of a year."""
        rng = self.rng
        node, record = rng.choice(reach)
        for _ in range(3):
            fields = self.fields(record, ByYearType, RecordType)
            if not fields or rng.random() < 0.5:
                break
            field = rng.choice(fields)
            fact = n.Fact(node, field, field.type)
            assert isinstance(field.type, ByYearType | RecordType)
            if isinstance(field.type, RecordType):
                node, record = fact, field.type.name
                continue
            year: n.Node = n.Const(rng.choice((2021, 2022, 2023)), NUMBER)
            if rng.random() < 0.1:
                year = n.Call("year", (self.day(0, reach),), NUMBER)
            return n.YearItem(fact, year, field.type.item), field.type.item.name
        return node, record

    def fields(self, record: str, *types: type[Type]) -> list[n.Field]:
        """Some facts of a record, the derived ones among them."""
        found = [
            f for f in self.vocabulary.records[record].fields.values() if isinstance(f.type, types)
        ]
        return found[:8] + [f for f in found[8:] if f.derived] * 3

    def fact(self, reach: Reach, *types: type[Type]) -> n.Fact | None:
        for _ in range(20):
            node, record = self.record(reach)
            fields = self.fields(record, *types)
            if fields:
                field = self.rng.choice(fields)
                return n.Fact(node, field, field.type)
        return None

    # -- numbers and days --------------------------------------------------------------------

    def constant(self) -> n.Const:
        return n.Const(self.rng.choice(FIGURES), NUMBER)

    def number(self, depth: int, reach: Reach) -> n.Node:
        rng = self.rng
        draw = rng.random()
        if depth <= 0 or draw < 0.2:
            fact = None if rng.random() < 0.3 else self.fact(reach, NumberType)
            return fact or self.constant()
        inner = lambda: self.number(depth - 1, reach)  # noqa: E731
        if draw < 0.5:
            return n.Arith(rng.choice("+-*/"), inner(), inner(), NUMBER)
        if draw < 0.57:
            kind: Any = rng.choice(("min", "max"))
            return n.Extreme(kind, (inner(), inner()), NUMBER)
        if draw < 0.64:
            return n.Choice(self.truth(depth - 1, reach), inner(), inner(), NUMBER)
        if draw < 0.72:
            name = rng.choice(("round_half_up", "round_down", "round_up"))
            return n.Call(
                name, (inner(), inner() if rng.random() < 0.3 else self.constant()), NUMBER
            )
        if draw < 0.8:
            name = rng.choice(("year", "month", "months_between", "calendar_months", "age_on"))
            count = 1 if name in ("year", "month") else 2
            return n.Call(name, tuple(self.day(depth - 1, reach) for _ in range(count)), NUMBER)
        if draw < 0.86:
            of: Any = rng.choice(("tier", "slices", "lookup"))
            return n.TableCall(of, of, inner(), NUMBER)
        if draw < 0.9:
            return n.Param(
                "line", None if rng.random() < 0.5 else self.day(depth - 1, reach), NUMBER
            )
        return self.fold(rng.choice(("count", "sum", "run")), depth, reach)

    def day(self, depth: int, reach: Reach) -> n.Node:
        rng = self.rng
        draw = rng.random()
        if draw < 0.15:
            return n.AS_OF
        if depth <= 0 or draw < 0.55:
            return self.fact(reach, DateType) or n.AS_OF
        inner = lambda: self.day(depth - 1, reach)  # noqa: E731
        if draw < 0.75:
            return n.Call("add_months", (inner(), self.number(depth - 1, reach)), DATE)
        if draw < 0.8:
            return n.Choice(self.truth(depth - 1, reach), inner(), inner(), DATE)
        if draw < 0.9:
            kind: Any = rng.choice(("min", "max"))
            return n.Extreme(kind, (inner(), inner()), DATE)
        none = n.Const(0, NUMBER)  # a sum, so that samplers do not take it for a date
        parts = (
            self.number(depth - 1, reach) if rng.random() < 0.3 else n.Const(2022, NUMBER),
            self.number(0, reach) if rng.random() < 0.5 else n.Const(rng.randint(1, 13), NUMBER),
            n.Const(rng.choice((1, 28, 29, 30, 31)), NUMBER),
        )
        return n.Call("date", tuple(n.Arith("+", none, p, NUMBER) for p in parts), DATE)

    # -- conditions --------------------------------------------------------------------------

    def truth(self, depth: int, reach: Reach) -> n.Node:
        rng = self.rng
        if depth <= 0:
            fact = self.fact(reach, BoolType)
            return fact or n.Compare("<", self.constant(), self.constant())
        draws: tuple[Callable[[int, Reach], n.Node | None], ...] = (
            *(self.compared,) * 4,
            self.joined,
            self.joined,
            self.one_of,
            self.of_codes,
            self.known,
            self.chosen,
            *(lambda d, r: self.fold(rng.choice(("any", "all")), d, r),) * 2,
        )
        return rng.choice(draws)(depth, reach) or self.truth(depth - 1, reach)

    def compared(self, depth: int, reach: Reach) -> n.Node:
        of = self.day if self.rng.random() < 0.3 else self.number
        return n.Compare(self.rng.choice(COMPARED), of(depth - 1, reach), of(depth - 1, reach))

    def joined(self, depth: int, reach: Reach) -> n.Node:
        items = tuple(self.truth(depth - 1, reach) for _ in range(2))
        return self.rng.choice((n.And(items), n.Or(items), n.Not(items[0])))

    def one_of(self, depth: int, reach: Reach) -> n.Node:
        return n.OneOf(self.number(depth - 1, reach), frozenset(self.rng.sample(FIGURES, 3)))

    def of_codes(self, depth: int, reach: Reach) -> n.Node | None:
        rng = self.rng
        fact = self.fact(reach, CodeType, CodesType)
        if fact is None:
            return None
        assert isinstance(fact.type, CodeType | CodesType)
        codes = list(self.vocabulary.codes[fact.type.codes].values)
        some = frozenset(rng.sample(codes, min(3, len(codes))))
        if isinstance(fact.type, CodeType):
            if fact.type.codes == "labour":
                looked_up = n.TableCall("lookup", "codes", fact, NUMBER)
                return n.Compare(rng.choice(COMPARED), looked_up, self.constant())
            equal = n.Compare(rng.choice(("==", "!=")), fact, n.Const(codes[0], fact.type))
            return equal if rng.random() < 0.5 else n.OneOf(fact, some)
        if rng.random() < 0.4:
            return n.Holds(fact, rng.choice(codes))
        sides: list[Any] = [fact, some]
        rng.shuffle(sides)
        kind: Any = rng.choice(("subset", "disjoint"))
        return n.SetTest(kind, *sides)

    def known(self, depth: int, reach: Reach) -> n.Node | None:
        every = (NumberType, DateType, CodeType, BoolType, ListType, RecordType, ByYearType)
        fact = self.fact(reach, self.rng.choice(every))
        return None if fact is None else n.Known(fact)

    def chosen(self, depth: int, reach: Reach) -> n.Node:
        parts = [self.truth(depth - 1, reach) for _ in range(3)]
        return n.Choice(*parts, BOOL)

    # -- folds -------------------------------------------------------------------------------

    def fold(self, kind: Any, depth: int, reach: Reach) -> n.Node:
        rng = self.rng
        lists = self.lists(reach)
        if kind == "run":
            lists = [
                s for s in lists if {"from", "to"} <= set(self.vocabulary.records[s[1]].fields)
            ]
        if not lists:
            fixed = self.constant()
            return n.Compare("<", fixed, self.constant()) if kind in ("any", "all") else fixed
        source, item = rng.choice(lists)
        self.loops += 1
        var = n.Var(f"v{self.loops}", RecordType(item))
        inner: Reach = [(var, item)]
        if rng.random() < 0.3:
            inner.append(self.reach[0])
        where = None if rng.random() < 0.4 else self.truth(depth - 1, inner)
        if kind == "run":
            return n.LongestRun(var, source, where, NumberType("months", True))
        if kind == "count":
            return n.Fold(kind, var, source, where, None, NUMBER)
        if kind == "sum":
            return n.Fold(kind, var, source, where, self.number(depth - 1, inner), NUMBER)
        return n.Fold(kind, var, source, where, self.truth(depth - 1, inner), BOOL)

    def lists(self, reach: Reach) -> Reach:
        found: Reach = []
        for node, record in (*reach, self.record(reach)):
            for field in self.fields(record, ListType):
                assert isinstance(field.type, ListType)
                found.append((n.Fact(node, field, field.type), field.type.item.name))
        if self.kind == "household":
            members = ListType(RecordType("member"))
            found += [(n.Var("members", members), "member")] * 3
            if self.member:
                found += [(n.Var("others", members), "member")] * 3
        return found

    # -- rules -------------------------------------------------------------------------------

    def rule(self, name: str, depth: int) -> Rule:
        rng, reach = self.rng, self.reach
        first, second = (self.number(depth, reach) for _ in range(2))
        tiers = (
            Tier(None if rng.random() < 0.3 else self.truth(2, reach), first, first),
            Tier(self.truth(1, reach), None, second),
            Tier(self.truth(1, reach) if rng.random() < 0.5 else None, second, second),
        )
        return Rule(
            id=name,
            label=LABEL,
            clauses=(),
            place=Place(),
            concepts=(),
            outcome="measure",
            effect=None,
            subject="member" if self.member else self.kind,
            force="must",
            applies_to=self.truth(1, reach),
            when=self.truth(depth, reach),
            unless=self.truth(1, reach) if rng.random() < 0.3 else None,
            met_when=self.truth(1, reach),
            amount=AmountSpec("stated", None, None, LABEL, tiers),
            actor=LABEL,
            ranks=LABEL,
            refer_to=LABEL,
            note=LABEL,
            in_force=Period(None, None),
        )


def pack_of_nodes(rng: random.Random, kind: str, rules: int, depth: int) -> Pack:
    """A pack of random rules about records of a kind."""
    pack = load_texts(random_pack(rng))
    made: dict[str, Rule] = {}
    for i in range(rules):
        member = kind == "household" and rng.random() < 0.4
        made[f"q{i}"] = Writer(rng, pack.vocabulary, kind, member).rule(f"q{i}", depth)
    nothing: Mapping[str, Any] = {}
    return attrs.evolve(
        pack,
        rules=made,
        tables=TABLES,
        exclusions=nothing,
        populations=nothing,
        definitions=nothing,
        targets=nothing,
    )
