"""Random well-formed plans with random frames, to compare column engines with the plan interpreter.

Everything follows from the seed. No operation leaves 126 bits (but where `largest` says so), divisors are
positive, frames are small, and empty groups, nulls, columns without any, and numbers at the edges of 64 bits
are common.
"""

from __future__ import annotations

import random
from typing import Any, Final

import attrs

from policy_rules.tables.plan import (
    Among,
    Define,
    Down,
    Expr,
    Kind,
    Lit,
    Needed,
    Op,
    Outcome,
    Plan,
    Ref,
    Runs,
    Step,
    Up,
)

Table = dict[str, list[Any]]

TEXTS: Final = ("a", "b", "农", "low_income", "")
#: Frames with their outer frame and the most rows a row of it has.
SHAPE: Final = {
    "household": ("", 0),
    "household.members": ("household", 4),
    "household.members.work_spells": ("household.members", 3),
    "household.incomes": ("household", 1),
}
#: Ranges of numbers: flags of a state, small, months, days, codes, money, what 64 bits hold.
RANGES: Final = {
    "state": (0, 2), "small": (-4, 6), "month": (24_240, 24_260), "day": (19_500_101, 20_261_231),
    "codes": (0, 255), "money": (-10**13, 10**13), "late": (0, 2**63 - 1), "any": (-(2**63), 2**63 - 1),
}  # fmt: skip


@attrs.define
class _Column:
    """A column that is there: name, kind, and the greatest magnitude of its numbers."""

    name: str
    kind: Kind
    most: int = 0


def random_plan(seed: int, steps: int = 30, largest: int = 2**126) -> tuple[Plan, dict[str, Table]]:
    """A plan and frames for it; no number of it can be as large as `largest`."""
    return _Maker(random.Random(seed), largest).plan(steps)


class _Maker:
    def __init__(self, rng: random.Random, largest: int) -> None:
        self.rng, self.largest = rng, largest
        self.columns: dict[str, list[_Column]] = {}
        self.needed: list[Needed] = []
        self.steps: list[Step] = []

    def plan(self, steps: int) -> tuple[Plan, dict[str, Table]]:
        tables = {}
        for frame in SHAPE:
            tables[frame] = self.table(frame, tables)
        for i in range(self.rng.randint(1, steps)):
            self.step(f"s{i}")
        plan = Plan(
            "made_up", "household", tuple(SHAPE), tuple(self.needed), tuple(self.steps),
            tuple(self.outcomes()), self.odd(), (),
        )  # fmt: skip
        return plan, tables

    # -- frames --------------------------------------------------------------------------------

    def table(self, frame: str, tables: dict[str, Table]) -> Table:
        rng = self.rng
        outer, most = SHAPE[frame]
        if not outer:
            parents = [0] * rng.choice((0, 1, 2, 3, 5, 8))
        elif rng.random() < 0.1:
            parents = []
        else:
            parents = [p for p in tables[outer]["_row"] for _ in range(rng.randint(0, most))]
        found: Table = {"_row": list(range(len(parents)))}
        if outer:
            found["_parent"] = parents
        found["_id"] = [f"{frame[-3:]}{i}" for i in found["_row"]]
        self.columns[frame] = []
        for name in [*RANGES, *RANGES, "bool", "bool", "text", "text"]:
            self.fill(frame, name, found)
        return found

    def fill(self, frame: str, what: str, table: Table) -> None:
        rng = self.rng
        gaps = rng.choice((0.0, 0.0, 0.2, 0.6, 1.0))
        kind: Kind = "bool" if what == "bool" else "text" if what == "text" else "int"
        name, most = f"{what}{len(table)}", 0
        if kind == "int":
            lo, hi = RANGES[what]
            if rng.random() < 0.2:
                lo = hi = rng.randint(lo, hi)
            most = max(abs(lo), abs(hi))
            values: list[Any] = [
                rng.choice((lo, hi, rng.randint(lo, hi), rng.randint(lo, hi)))
                for _ in table["_row"]
            ]
        else:
            options = (True, False) if kind == "bool" else TEXTS
            values = [rng.choice(options) for _ in table["_row"]]
        table[name] = [None if rng.random() < gaps else v for v in values]
        self.columns[frame].append(_Column(name, kind, most))
        self.needed.append(Needed(frame, name, kind))

    # -- steps ---------------------------------------------------------------------------------

    def step(self, name: str) -> None:
        rng = self.rng
        frame = rng.choice(list(SHAPE))
        inner = [f for f, (outer, _) in SHAPE.items() if outer == frame]
        outer = SHAPE[frame][0]
        chance = rng.random()
        kind: Kind = rng.choice(("bool", "bool", "int", "int", "text"))
        most = 0
        step: Step
        if inner and chance < 0.35:
            below = rng.choice(inner)
            kind = "int"
            if chance < 0.05:
                # months count from year 0
                wide = ("month", "day", "codes", "late") if rng.random() < 0.3 else ("month",)
                near = [c.name for c in self.columns[below] if c.name.startswith(wide)]
                step = Runs(frame, name, below, rng.choice(near), rng.choice(near))
                most = 2 * max(c.most for c in self.columns[below]) + 1
            else:
                step, kind, most = self.up(frame, name, below)
        elif outer and chance < 0.6:
            column = rng.choice(self.columns[outer])
            step = Down(frame, name, outer, column.name, column.kind)
            kind, most = column.kind, column.most
        else:
            expr, most = self.expr(frame, kind, rng.randint(1, 4))
            step = Define(frame, name, expr)
        if most < self.largest:
            self.steps.append(step)
            self.columns[frame].append(_Column(name, kind, most))

    def up(self, frame: str, name: str, inner: str) -> tuple[Step, Kind, int]:
        aggregate = self.rng.choice(("sum", "min", "max", "rows", "true", "true", "null"))
        ordered: tuple[Kind, ...] = ("int", "text")
        kinds = {"sum": ("int",), "min": ordered, "max": ordered, "true": ("bool",)}
        wanted = kinds.get(aggregate, ("bool", "int", "text"))
        column = self.rng.choice([c for c in self.columns[inner] if c.kind in wanted])
        kind: Kind = column.kind if aggregate in ("min", "max") else "int"
        most = SHAPE[inner][1]
        if aggregate in ("sum", "min", "max"):
            most = column.most * (most if aggregate == "sum" else 1)
        return Up(frame, name, inner, column.name, aggregate, kind), kind, most

    # -- expressions: with the greatest magnitude -------------------------------------------------

    def expr(self, frame: str, kind: Kind, depth: int) -> tuple[Expr, int]:
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            return self.leaf(frame, kind)
        if rng.random() < 0.2:
            return self.choice(frame, kind, depth)
        if kind == "bool":
            return self.truth(frame, depth), 0
        if kind == "int":
            return self.number(frame, depth)
        return self.leaf(frame, kind)

    def leaf(self, frame: str, kind: Kind) -> tuple[Expr, int]:
        rng = self.rng
        those = [c for c in self.columns[frame] if c.kind == kind]
        if rng.random() < 0.8:
            # late columns oftener, so that plans are deep
            column = those[max(rng.randrange(len(those)), rng.randrange(len(those)))]
            return Ref(column.name, kind), column.most
        return self.lit(kind)

    def lit(self, kind: Kind) -> tuple[Lit, int]:
        rng = self.rng
        if rng.random() < 0.15:
            return Lit(None, kind), 0
        if kind == "bool":
            return Lit(rng.random() < 0.5, kind), 0
        if kind == "text":
            return Lit(rng.choice(TEXTS), kind), 0
        value = rng.choice((0, 1, -1, 2, 7, 12, 20_211_231, 10**6, 2**31, 2**63, -(2**63)))
        return Lit(value, kind), abs(value)

    def choice(self, frame: str, kind: Kind, depth: int) -> tuple[Expr, int]:
        rng = self.rng
        count = 2 if rng.random() < 0.5 else rng.randint(2, 3)
        made = [self.expr(frame, kind, depth - 1) for _ in range(count)]
        most = max(m for _, m in made)
        if rng.random() < 0.6:
            test = self.expr(frame, "bool", depth - 1)[0]
            return Op("if", (test, made[0][0], made[1][0]), kind), most
        return Op("coalesce", tuple(e for e, _ in made), kind), most

    def truth(self, frame: str, depth: int) -> Expr:
        rng = self.rng
        name = rng.choice(("and", "or", "not", "is_null", "compare", "compare", "same", "among"))
        if name in ("and", "or"):
            args = [self.expr(frame, "bool", depth - 1)[0] for _ in range(rng.randint(2, 4))]
            return Op(name, tuple(args), "bool")
        if name == "not":
            return Op("not", (self.expr(frame, "bool", depth - 1)[0],), "bool")
        kind: Kind = "int" if name == "compare" else rng.choice(("int", "text"))
        a, b = (self.expr(frame, kind, depth - 1)[0] for _ in range(2))
        if name == "is_null":
            return Op("is_null", (a,), "bool")
        if name == "among":
            options = [o for o in (self.lit(kind)[0].value for _ in range(4)) if o is not None]
            return Among(a, tuple(options) if kind == "text" else (*options, *range(rng.choice((0, 12)))))  # fmt: skip
        names = ("eq", "ne") if name == "same" else ("eq", "ne", "lt", "le", "gt", "ge")
        return Op(rng.choice(names), (a, b if rng.random() < 0.9 else a), "bool")

    def number(self, frame: str, depth: int) -> tuple[Expr, int]:
        rng = self.rng
        name = rng.choice(
            ("add", "sub", "mul", "mul", "neg", "div", "mod", "least", "greatest", "bit_and")
        )
        a, m = self.expr(frame, "int", depth - 1)
        if name == "neg":
            return Op("neg", (a,), "int"), m
        b, n = self.expr(frame, "int", depth - 1)
        if name in ("div", "mod"):
            b = Lit(rng.choice((1, 2, 7, 1000)), "int") if rng.random() < 0.5 else Op("greatest", (b, Lit(1, "int")), "int")  # fmt: skip
            most = m if name == "div" else max(n, 1000)
        elif name in ("add", "mul") and rng.random() < 0.3:
            c, k = self.expr(frame, "int", depth - 1)
            # partial products count too: an engine may multiply in another order
            most = m + n + k if name == "add" else max(m, 1) * max(n, 1) * max(k, 1)
            return (Op(name, (a, b, c), "int"), most) if most < self.largest else (a, m)
        else:
            most = {"mul": max(m, 1) * max(n, 1), "bit_and": 2 * max(m, n)}.get(name, m + n)
        return (Op(name, (a, b), "int"), most) if most < self.largest else (a, m)

    # -- answers -------------------------------------------------------------------------------

    def outcomes(self) -> list[Outcome]:
        rng = self.rng
        share = rng.choice((0.1, 0.4, 1.0))
        found = []
        for frame, columns in self.columns.items():
            bools = [c.name for c in columns if c.kind == "bool"]
            ints = [c.name for c in columns if c.kind == "int"]
            for i, name in enumerate(bools + ints):
                if rng.random() > share:
                    continue
                own = name if i < len(bools) else rng.choice(bools)
                others = (name, rng.choice(ints), rng.choice(ints), rng.choice(ints))
                met = rng.choice(bools) if rng.random() < 0.5 else None
                outside = rng.choice(bools) if rng.random() < 0.5 else None
                amount = others if i >= len(bools) else None
                found.append(Outcome(f"r{len(found)}", frame, own, outside, met, amount))
        return found

    def odd(self) -> str | None:
        bools = [c.name for c in self.columns["household"] if c.kind == "bool"]
        return self.rng.choice([None, *bools])


def polars_tables(plan: Plan, tables: dict[str, Table]) -> dict[str, Any]:
    """The frames of a random plan as polars holds them."""
    import polars as pl

    kinds = {(n.frame, n.name): n.kind for n in plan.needed}
    types = {"bool": pl.Boolean, "int": pl.Int64, "text": pl.String}
    found = {}
    for frame, columns in tables.items():
        schema: dict[str, Any] = {}
        for name in columns:
            kind = kinds.get((frame, name), "text" if name == "_id" else "int")
            narrow = pl.Int8 if name.startswith("state") else pl.Int32 if name.startswith("day") else None  # fmt: skip
            schema[name] = narrow or types[kind]
        found[frame] = pl.DataFrame(columns, schema=schema)
    return found
