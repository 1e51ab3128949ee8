"""Aggregates of inner rows as SQL: counts, sums, extremes, and the longest run of spells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlglot import exp

from policy_rules.tables.plan import Up
from policy_rules.tables.sql_operators import OPERATIONS
from policy_rules.tables.sql_terms import Column, Term, Terms


class Folds(Terms):
    """Expressions, and the queries over one inner table that give one row a parent."""

    def operation(self, name: str, args: list[Term]) -> Term:
        """An operator of the plan language."""
        return OPERATIONS[name](self, args)

    def select(self, items: Iterable[exp.Expression], source: exp.Expression) -> exp.Select:
        """SELECT … FROM …."""
        return exp.Select(expressions=list(items), from_=exp.From(this=source))

    def alias(self, sql: exp.Expression, name: str) -> exp.Alias:
        """… AS "name"."""
        return exp.Alias(this=sql, alias=exp.Identifier(this=name, quoted=True))

    def table(self, name: str, alias: str | None = None) -> exp.Table:
        """A table, under another name where it has one."""
        named = exp.TableAlias(this=exp.Identifier(this=alias, quoted=True)) if alias else None
        return exp.Table(this=exp.Identifier(this=name, quoted=True), alias=named)

    def within(self, query: exp.Select, name: str) -> exp.Subquery:
        """A query in parentheses."""
        named = exp.TableAlias(this=exp.Identifier(this=name, quoted=True))
        return exp.Subquery(this=query, alias=named)

    def zero(self, wide: bool) -> exp.Expression:
        """The integer 0 of a type."""
        return self.number(self.literal(0, "int"), wide)

    def grouped(self, steps: Sequence[tuple[Up, Column, Column]], source: exp.Table) -> exp.Select:
        """All aggregates of one inner table; a step with the column it reads and the one it makes."""
        items: list[exp.Expression] = [self.name("_parent")]
        items += [self.alias(self._aggregate(*step), step[2].name) for step in steps]
        query = self.select(items, source)
        query.set("group", exp.Group(expressions=[self.name("_parent")]))
        return query

    def _aggregate(self, step: Up, column: Column, made: Column) -> exp.Expression:
        source = self.column(column)
        match step.aggregate:
            case "min":
                return exp.Min(this=source.sql)
            case "max":
                return exp.Max(this=source.sql)
            case "sum":
                total = exp.Sum(this=self.number(source, made.wide))
                return self.cast(total, "wide" if made.wide else "int")
            case "rows":
                return exp.Count(this=exp.Star())
            case "true":
                return exp.Count(this=self.case((source.sql, self.literal(1, "int").sql)))
        return self.binary(exp.Sub, exp.Count(this=exp.Star()), exp.Count(this=source.sql))

    def longest_run(
        self, first: Column, last: Column, made: Column, source: exp.Table
    ) -> exp.Select:
        """Months of the longest run: a spell that no earlier one reaches begins an island."""
        wide = first.wide or last.wide or max(last.hi + 1, last.hi - first.lo + 1) >= 2**63
        a = self.number(self.column(first), wide)
        b = self.number(self.column(last), wide)
        spells = self.select([self._parent(), self.alias(a.copy(), "a"), self.alias(b.copy(), "b")], source)  # fmt: skip
        spells.set("where", exp.Where(this=self.binary(exp.LTE, a, b)))
        earlier = self._over(exp.Max(this=self.name("b")), "1", "PRECEDING")
        reached = self.binary(exp.Add, earlier, self._one(wide))
        joins = self.binary(exp.LTE, self.name("a"), reached)
        begins = self.case((joins, self.zero(False)), default=self._one(False))
        marked = self.select([*self._spell(), self.alias(begins, "begins")], self.within(spells, "spells"))  # fmt: skip
        island = self._over(exp.Sum(this=self.name("begins")), "CURRENT ROW", None)
        islands = self.select([*self._spell(), self.alias(island, "island")], self.within(marked, "marked"))  # fmt: skip
        span = self.binary(exp.Sub, exp.Max(this=self.name("b")), exp.Min(this=self.name("a")))
        length = self.alias(self.binary(exp.Add, span, self._one(wide)), "months")
        months = self.select([self._parent(), length], self.within(islands, "islands"))
        months.set("group", exp.Group(expressions=[self._parent(), self.name("island")]))
        longest: exp.Expression = exp.Max(this=self.name("months"))
        if wide != made.wide:
            longest = self.cast(longest, "wide" if made.wide else "int")
        query = self.select([self._parent(), self.alias(longest, made.name)], self.within(months, "runs"))  # fmt: skip
        query.set("group", exp.Group(expressions=[self._parent()]))
        return query

    def _parent(self) -> exp.Column:
        return self.name("_parent")

    def _spell(self) -> list[exp.Expression]:
        return [self._parent(), self.name("a"), self.name("b")]

    def _one(self, wide: bool) -> exp.Expression:
        return self.number(self.literal(1, "int"), wide)

    def _over(self, of: exp.Expression, end: str, side: str | None) -> exp.Window:
        """A window over the spells of one parent, from the first up to ``end``."""
        order = [exp.Ordered(this=self.name("a")), exp.Ordered(this=self.name("b"))]
        spec = exp.WindowSpec(
            kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end=end, end_side=side
        )
        return exp.Window(
            this=of, partition_by=[self._parent()], order=exp.Order(expressions=order), spec=spec
        )
