"""A plan as SQL: a table a stage and frame, a SELECT a level, the same tree for DuckDB and Spark.

Frames are aligned by ``_row`` and ``_parent``. A stage of a frame reads the table before it, joins what
other frames give it (columns of the outer row; one GROUP BY for all aggregates of one inner frame) and then
computes level by level, carrying on only the columns that are still needed. sqlglot renders the tree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs
from sqlglot import exp

from policy_rules.tables.plan import Define, Down, Kind, Lit, Plan, Ref, Runs, Step, Up
from policy_rules.tables.sql_caps import BEYOND, CAPS, ODD, flagged
from policy_rules.tables.sql_folds import Folds
from policy_rules.tables.sql_layout import Layout, Version, crossed
from policy_rules.tables.sql_operators import TWICE
from policy_rules.tables.sql_stages import columns
from policy_rules.tables.sql_terms import DUCKDB, SPARK, Column, Dialect, Term

__all__ = ["DUCKDB", "SPARK", "Dialect", "Input", "Known", "Script", "Stage", "compile_plan"]


@attrs.frozen
class Known:
    """What is known of a population before a plan is compiled for it.

    ``ranges`` bound the integers of input columns by (frame, column); a column that stands in no range may
    hold anything of 64 bits. ``most`` bounds how many rows of an inner frame belong to one row.
    """

    ranges: Mapping[tuple[str, str], tuple[int, int]] = attrs.field(factory=dict)
    most: Mapping[str, int] = attrs.field(factory=dict)

    def column(self, frame: str, name: str) -> tuple[int, int]:
        """The range of an input column."""
        return self.ranges.get((frame, name), (-(2**63), 2**63 - 1))


@attrs.frozen
class Input:
    """An input column: its name in the plan, its name in the table, its kind."""

    name: str
    column: str
    kind: Kind


@attrs.frozen
class Stage:
    """A table to make: its name, the SELECT that fills it, and the tables nobody reads after it."""

    table: str
    query: exp.Select
    drops: tuple[str, ...]


@attrs.frozen
class Script:
    """A compiled plan: input columns by frame, stages in order, and a SELECT of the outcomes of each frame.

    The inputs stand in tables named by ``tables``, with ``_row``, ``_parent`` and the columns of ``inputs``.
    A result has ``_row`` and ``o0``, ``o1`` … for the columns of ``names``. A script is ``safe`` where no
    number can leave its type, whatever the inputs within their ranges.
    """

    dialect: Dialect
    tables: Mapping[str, str]
    inputs: Mapping[str, tuple[Input, ...]]
    stages: tuple[Stage, ...]
    results: Mapping[str, exp.Select]
    names: Mapping[str, tuple[str, ...]]
    safe: bool

    def sql(self, query: exp.Select, *, pretty: bool = False) -> str:
        """The text of a query in the dialect."""
        return query.sql(self.dialect.name, pretty=pretty, copy=False)


def compile_plan(plan: Plan, dialect: Dialect, known: Known | None = None) -> Script:
    """The SQL of a plan.

    Where numbers might leave 128 bits (38 digits in Spark) and the plan has an `odd`, rows with inputs too
    large are odd and computed without these (:mod:`policy_rules.tables.sql_caps`); without an `odd`, or
    where no cap helps, the engine raises when it comes to that.

    Raises :class:`OverflowError` for a constant the dialect cannot hold.
    """
    known = known or Known()
    plain = _Compiler(plan, dialect, known, None).script()
    if plain.safe or plan.odd is None:
        return plain
    for cap in CAPS:
        script = _Compiler(plan, dialect, known, cap).script()
        if script.safe:
            top = plan.frames[0]
            names = {
                **script.names,
                top: tuple(plan.odd if n == ODD else n for n in script.names[top]),
            }
            return attrs.evolve(script, names=names)
    return plain


class _Compiler:
    def __init__(self, plan: Plan, dialect: Dialect, known: Known, cap: int | None) -> None:
        self.cap = cap
        self.known = known
        large = {
            (n.frame, n.name)
            for n in plan.needed
            if cap is not None and n.kind == "int" and _size(known.column(n.frame, n.name)) > cap
        }
        if large:
            plan = flagged(plan, frozenset(frame for frame, _ in large))
        self.frames = plan.frames
        self.columns = columns(plan, TWICE)
        self.layout = Layout(plan.frames, self.columns)
        self.at = Folds(dialect)
        self.made: dict[str, dict[str, Column]] = {f: {} for f in plan.frames}
        self.terms: dict[tuple[str, str], Term] = {}
        self.beyond = [at for at in large if at[1] in self.columns.inputs[at[0]]]

    def script(self) -> Script:
        for frame, names in self.columns.inputs.items():
            for name, kind in names.items():
                lo, hi = self.known.column(frame, name) if kind == "int" else (0, 0)
                if (frame, name) in self.beyond and self.cap is not None:
                    lo, hi = max(lo, -self.cap), min(hi, self.cap)
                self._column(frame, name, kind, lo, hi)
        for step in self.columns.steps:
            self._step(step)
        stages = 1 + max(self.layout.newest(f) for f in self.frames)
        versions = self.layout.versions
        made = [(f, s) for s in range(stages) for f in self.frames if s in versions[f]]
        results = {f: self._result(f, names) for f, names in self.columns.results.items()}
        return Script(
            self.at.dialect,
            {f: self._table(f, None) for f in self.frames},
            {f: self._named_inputs(f) for f in self.frames},
            self._with_drops([(self._table(f, s), self._query(f, s)) for f, s in made]),
            results,
            {f: tuple(names) for f, names in self.columns.results.items()},
            self.at.safe,
        )

    # -- columns -----------------------------------------------------------------------------------

    def _column(self, frame: str, name: str, kind: Kind, lo: int = 0, hi: int = 0) -> None:
        """Names of SQL ignore case."""
        here = self.made[frame]
        taken = {c.name.casefold() for c in here.values()} | {"_row", "_parent"}
        sql = name
        while sql.casefold() in taken:
            sql += "~"
        here[name] = Column(sql, kind, lo, hi)

    def _step(self, step: Step) -> None:
        """Kind and range of a step's column; the SQL of what is joined follows with the join."""
        frame, name = step.frame, step.name
        match step:
            case Define(expr=expr):
                term = self.terms[frame, name] = self.at.term(expr, self.made[frame])
                self._column(frame, name, term.kind, term.lo, term.hi)
            case Down(outer=outer, source=source):
                above = self.made[outer][source]
                self._column(frame, name, above.kind, above.lo, above.hi)
            case Up(inner=inner, source=source, aggregate=aggregate):
                below = self.made[inner][source]
                most = self.known.most.get(inner, 2**31)
                if aggregate in ("min", "max"):
                    self._column(frame, name, below.kind, below.lo, below.hi)
                elif aggregate == "sum":
                    lo, hi = most * min(0, below.lo), most * max(0, below.hi)
                    self._column(frame, name, "int", *self.at.limited(lo, hi))
                else:
                    self._column(frame, name, "int", 0, most)
            case Runs(inner=inner, first=first, last=last):
                a, b = self.made[inner][first], self.made[inner][last]
                self._column(frame, name, "int", 0, max(0, b.hi - a.lo + 1))

    # -- queries -----------------------------------------------------------------------------------

    def _table(self, frame: str, stage: int | None) -> str:
        name = re.sub(r"\W", "_", frame)
        number = self.frames.index(frame)
        return f"plan_{number}_{name}" + ("" if stage is None else f"_{stage}")

    def _keys(self, frame: str, table: str | None = None) -> list[exp.Expression]:
        names = ("_row", "_parent") if frame in self.layout.inner else ("_row",)
        return [self.at.name(name, table) for name in names]

    def _query(self, frame: str, stage: int) -> exp.Select:
        """The table of a frame after a stage."""
        at, here = self.at, self.made[frame]
        version = self.layout.versions[frame][stage]
        selects = [self._inputs(frame) if stage == 0 else self._joins(frame, stage, version)]
        for level, steps in sorted(version.levels.items()):
            items = self._keys(frame)
            items += [at.name(here[n].name) for n in self.layout.carried(frame, (stage, level))]
            items += [at.alias(self.terms[frame, s.name].sql, here[s.name].name) for s in steps]
            selects.append(at.select(items, at.table(f"level_{len(selects) - 1}")))
        *before, last = selects
        tables = []
        for i, query in enumerate(before):
            named = exp.TableAlias(this=exp.Identifier(this=f"level_{i}", quoted=True))
            tables.append(exp.CTE(this=query, alias=named))
        if tables:
            last.set("with_", exp.With(expressions=tables))
        return last

    def _named_inputs(self, frame: str) -> tuple[Input, ...]:
        return tuple(
            Input(name, self.made[frame][name].name, kind)
            for name, kind in self.columns.inputs[frame].items()
            if name != BEYOND
        )

    def _inputs(self, frame: str) -> exp.Select:
        """The input columns in the types of the SQL."""
        at = self.at
        items = self._keys(frame)
        for name, kind in self.columns.inputs[frame].items():
            column = self.made[frame][name]
            if name == BEYOND:
                sql = self._beyond(frame)
            else:
                sql = at.cast(at.name(column.name), "wide" if column.wide else kind)
            if (frame, name) in self.beyond:
                sql = at.case((at.is_within(at.name(column.name), self.cap or 0), sql))
            items.append(at.alias(sql, column.name))
        return at.select(items, at.table(self._table(frame, None)))

    def _beyond(self, frame: str) -> exp.Expression:
        """Whether some number of a row is beyond the cap."""
        at = self.at
        names = [self.made[frame][name].name for f, name in self.beyond if f == frame]
        tests = [exp.Not(this=at.is_within(at.name(name), self.cap or 0)) for name in names]
        known = [exp.Coalesce(this=t, expressions=[exp.Boolean(this=False)]) for t in tests]
        return at.any_of([*known, exp.Boolean(this=False)])

    def _joins(self, frame: str, stage: int, version: Version) -> exp.Select:
        """The table before, and what other frames give: one join a frame and direction."""
        at, here = self.at, self.made[frame]
        items = self._keys(frame, "t")
        items += [at.name(here[n].name, "t") for n in self.layout.carried(frame, (stage, 0))]
        joins = []
        for i, steps in enumerate(_together(version.joined)):
            alias = f"u{i}"
            other = crossed(steps[0])[0]
            source = at.table(self._table(other, self.layout.before(other, stage)), alias)
            mine, theirs = "_row", "_parent"
            relation: exp.Expression
            match steps[0]:
                case Down():
                    mine, theirs = theirs, mine
                    relation = source
                case Runs(first=first, last=last, name=name):
                    spells = (self.made[other][first], self.made[other][last])
                    relation = at.within(at.longest_run(*spells, here[name], source), alias)
                case Up():
                    folds = [(s, self.made[other][s.source], here[s.name]) for s in steps if isinstance(s, Up)]  # fmt: skip
                    relation = at.within(at.grouped(folds, source), alias)
            for step in steps:
                column = here[step.name]
                if isinstance(step, Down):
                    sql: exp.Expression = at.name(self.made[other][step.source].name, alias)
                else:
                    sql = at.name(column.name, alias)
                    if isinstance(step, Runs) or step.aggregate not in ("min", "max"):
                        sql = exp.Coalesce(this=sql, expressions=[at.zero(column.wide)])
                items.append(at.alias(sql, column.name))
            on = at.binary(exp.EQ, at.name(mine, "t"), at.name(theirs, alias))
            joins.append(exp.Join(this=relation, side="LEFT", on=on))
        query = at.select(
            items, at.table(self._table(frame, self.layout.before(frame, stage)), "t")
        )
        query.set("joins", joins)
        return query

    def _result(self, frame: str, wanted: Mapping[str, Ref | Lit]) -> exp.Select:
        items: list[exp.Expression] = [self.at.name("_row")]
        for i, atom in enumerate(wanted.values()):
            items.append(self.at.alias(self.at.term(atom, self.made[frame]).sql, f"o{i}"))
        newest = self._table(frame, self.layout.newest(frame))
        return self.at.select(items, self.at.table(newest))

    def _with_drops(self, queries: Sequence[tuple[str, exp.Select]]) -> tuple[Stage, ...]:
        """Each table goes after the last stage that reads it; those the results read stay."""
        last = {
            table.name: i
            for i, (_, query) in enumerate(queries)
            for table in query.find_all(exp.Table)
        }
        for i, (table, _) in enumerate(queries):
            last.setdefault(table, i)
        for frame in self.columns.results:
            last[self._table(frame, self.layout.newest(frame))] = -1
        made = [table for table, _ in queries]
        return tuple(
            Stage(table, query, tuple(t for t in made if last[t] == i))
            for i, (table, query) in enumerate(queries)
        )


def _together(steps: Sequence[Down | Up | Runs]) -> list[list[Down | Up | Runs]]:
    """Steps that one join answers: those of one direction and frame; a longest run is alone."""
    groups: dict[tuple[object, ...], list[Down | Up | Runs]] = {}
    for step in steps:
        alone = step.name if isinstance(step, Runs) else None
        groups.setdefault((type(step), crossed(step)[0], alone), []).append(step)
    return list(groups.values())


def _size(bounds: tuple[int, int]) -> int:
    return max(-bounds[0], bounds[1])
