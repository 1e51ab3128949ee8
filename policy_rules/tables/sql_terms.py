"""Expressions of a plan as SQL: one function an operator, the same for DuckDB and Spark.

An integer is a ``BIGINT`` where its range, worked out from the ranges of the columns, fits 64 bits, and
the dialect's widest exact type otherwise. The engines raise where a value leaves the type it is computed
in, so that a range too narrow could stop a run and never falsify one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import attrs
from sqlglot import exp

from policy_rules.tables.plan import Among, Expr, Kind, Lit, Ref

#: What 64 bits hold.
LOWEST, HIGHEST = -(2**63), 2**63 - 1


@attrs.frozen
class Dialect:
    """What the two engines write differently: the wide integers and the texts."""

    name: Literal["duckdb", "spark"]
    wide: str
    lowest: int
    highest: int


DUCKDB: Final = Dialect("duckdb", "INT128", -(2**127), 2**127 - 1)
SPARK: Final = Dialect("spark", "DECIMAL(38, 0)", 1 - 10**38, 10**38 - 1)


@attrs.frozen
class Column:
    """A column of a table: its name there, its kind, and the range of its integers."""

    name: str
    kind: Kind
    lo: int = 0
    hi: int = 0

    @property
    def wide(self) -> bool:
        """Whether it takes more than 64 bits."""
        return self.lo < LOWEST or self.hi > HIGHEST


@attrs.frozen
class Term:
    """An expression in SQL, with its kind and the range of its integers."""

    sql: exp.Expression
    kind: Kind
    lo: int = 0
    hi: int = 0

    @property
    def wide(self) -> bool:
        """Whether the SQL is of the wide type; any other integer is a BIGINT."""
        return self.lo < LOWEST or self.hi > HIGHEST


class Terms:
    """Turns expressions over known columns into SQL of one dialect.

    Raises :class:`OverflowError` for a constant the dialect cannot hold.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        #: Whether every number met so far stays inside its type.
        self.safe = True
        self._types = {
            "bool": exp.DataType.build("BOOLEAN"),
            "text": exp.DataType.build("TEXT"),
            "int": exp.DataType.build("BIGINT"),
            "wide": exp.DataType.build(dialect.wide),
        }

    def term(self, expr: Expr, columns: Mapping[str, Column]) -> Term:
        """The SQL of an expression over columns named as the plan names them."""
        match expr:
            case Ref(name=name):
                return self.column(columns[name])
            case Lit(value=value, kind=kind):
                return self.literal(value, kind)
            case Among(item=item, options=options):
                return self._among(self.term(item, columns), options)
        return self.operation(expr.name, [self.term(a, columns) for a in expr.args])

    def operation(self, name: str, args: list[Term]) -> Term:
        """An operator of the plan language; see :mod:`policy_rules.tables.sql_operators`."""
        raise NotImplementedError(name)

    # -- pieces ------------------------------------------------------------------------------------

    def name(self, name: str, table: str | None = None) -> exp.Column:
        """A quoted column."""
        of = None if table is None else exp.Identifier(this=table, quoted=True)
        return exp.Column(this=exp.Identifier(this=name, quoted=True), table=of)

    def column(self, column: Column, table: str | None = None) -> Term:
        """A column as a term."""
        return Term(self.name(column.name, table), column.kind, column.lo, column.hi)

    def literal(self, value: bool | int | str | None, kind: Kind) -> Term:
        """A constant of a kind, typed so that no engine guesses."""
        if value is None:
            return Term(self.cast(exp.Null(), kind), kind)
        if kind == "bool":
            return Term(exp.Boolean(this=bool(value)), kind)
        if kind == "text":
            return Term(self._text(str(value)), kind)
        number = int(value)
        if not self.dialect.lowest <= number <= self.dialect.highest:
            raise OverflowError(f"{number} does not fit {self.dialect.wide}")
        wide = not LOWEST <= number <= HIGHEST
        # a bare literal this long would be read as a binary float
        text = exp.Literal.string(str(number)) if wide else exp.Literal.number(str(abs(number)))
        signed = exp.Neg(this=text) if number < 0 and not wide else text
        if number == LOWEST:
            signed = exp.Literal.string(str(number))
        return Term(self.cast(signed, "wide" if wide else "int"), "int", number, number)

    def _text(self, value: str) -> exp.Expression:
        if self.dialect.name == "spark" and "${" in value:
            # Spark puts configuration values in for ${…}, in literals too
            parts = [exp.Literal.string(p) for p in value.replace("${", "$\0{").split("\0")]
            return exp.Anonymous(this="CONCAT", expressions=parts)
        return exp.Literal.string(value)

    def cast(self, sql: exp.Expression, to: str) -> exp.Expression:
        """A cast to a kind, or to ``wide``."""
        return exp.Cast(this=sql, to=self._types[to].copy())

    def number(self, term: Term, wide: bool) -> exp.Expression:
        """The integer as the wide type or as BIGINT, cast where it is the other."""
        if term.wide == wide:
            return term.sql
        return self.cast(term.sql, "wide" if wide else "int")

    def binary(
        self, kind: type[exp.Binary], a: exp.Expression, b: exp.Expression
    ) -> exp.Expression:
        """Two operands and parentheses round them."""
        return exp.Paren(this=kind(this=a, expression=b))

    def case(
        self, *cases: tuple[exp.Expression, exp.Expression], default: exp.Expression | None = None
    ) -> exp.Case:
        """CASE WHEN … THEN … ELSE … END."""
        return exp.Case(ifs=[exp.If(this=c, true=v) for c, v in cases], default=default)

    def is_null(self, sql: exp.Expression) -> exp.Expression:
        """IS NULL."""
        return self.binary(exp.Is, sql, exp.Null())

    def limited(self, lo: int, hi: int) -> tuple[int, int]:
        """A range within what the dialect holds; one that is not is noted."""
        low, high = self.dialect.lowest, self.dialect.highest
        self.safe = self.safe and low <= lo and hi <= high
        return min(max(lo, low), high), min(max(hi, low), high)

    def is_within(self, sql: exp.Expression, cap: int) -> exp.Expression:
        """Whether an integer is not beyond a cap on either side."""
        low, high = self.literal(-cap, "int").sql, self.literal(cap, "int").sql
        return exp.Paren(this=exp.Between(this=sql, low=low, high=high))

    def balanced(self, kind: type[exp.Binary], items: Sequence[exp.Expression]) -> exp.Expression:
        """An associative operator as a flat tree: parsers recurse, and stop at some depth."""
        if len(items) == 1:
            return items[0]
        half = len(items) // 2
        first, second = self.balanced(kind, items[:half]), self.balanced(kind, items[half:])
        return self.binary(kind, first, second)

    def any_of(self, tests: Sequence[exp.Expression]) -> exp.Expression:
        """Kleene's or, over any number."""
        return self.balanced(exp.Or, tests)

    def fitted(self, sql: exp.Expression, wide: bool, lo: int, hi: int) -> Term:
        """An integer computed in one type, brought to the type its range asks for."""
        term = Term(sql, "int", *self.limited(lo, hi))
        if wide and not term.wide:
            return attrs.evolve(term, sql=self.cast(sql, "int"))
        return term

    def alike(self, terms: Sequence[Term]) -> tuple[list[exp.Expression], bool]:
        """Terms of one kind brought to one type."""
        wide = any(t.wide for t in terms)
        return [self.number(t, wide) if t.kind == "int" else t.sql for t in terms], wide

    def _among(self, item: Term, options: Sequence[int | str]) -> Term:
        low, high = (self.dialect.lowest, self.dialect.highest) if item.wide else (LOWEST, HIGHEST)
        kept = [o for o in options if isinstance(o, str) or low <= o <= high]
        if not kept:
            null = exp.Paren(this=exp.Not(this=self.is_null(item.sql)))
            return Term(self.case((null, exp.Boolean(this=False))), "bool")
        terms = [self.literal(o, item.kind) for o in kept]
        values = [self.number(t, item.wide) if t.kind == "int" else t.sql for t in terms]
        return Term(exp.Paren(this=exp.In(this=item.sql, expressions=values)), "bool")
