"""What a column engine found, and the rows, cells and counts it comes to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final

import attrs

from policy_rules.engine.finding import Status, figure
from policy_rules.packs.model import Pack, Rule
from policy_rules.tables.answers_rows import (
    BETWEEN,
    INNER,
    ITSELF,
    STATUSES,
    VERDICTS,
    key,
    ratio,
)
from policy_rules.tables.frames_layout import pl
from policy_rules.tables.plan import Outcome
from policy_rules.verdict import Number

#: A finding: row, subject, rule, verdict, status, met, amount low and high.
Core = tuple[int, str, str, str | None, str, str | None, str | None, str | None]
#: What a finding says, by number: its verdict and status.
SAID: Final = (
    ("YES", Status.DECIDED.value),
    ("NO", Status.DECIDED.value),
    ("NO", Status.OUTSIDE_POPULATION.value),
    ("UNKNOWN", Status.UNDETERMINED.value),
    (None, Status.NOT_IN_FORCE.value),
)
_YES, _NO, _OUTSIDE, _UNKNOWN, SILENT = range(5)
#: What follows a rule's name in the columns of its figures, and of whether a duty is met.
ENDS: Final = ("low", "high", "met")
_FROM: Final = {"": "verdict", "met": "met", "low": "amount_low", "high": "amount_high"}
_AMOUNT: Final = ("amount_low", "low", "low_over", "amount_high", "high", "high_over")


@attrs.frozen(eq=False)
class Block:
    """What an engine found for some records on one day.

    ``rows`` is the range of the population they are from. ``frames`` has a frame for the records and one for
    their members, by name: ``_record`` (the record's row in the population), ``_place``
    (:data:`~policy_rules.tables.answers_rows.ITSELF`, or the member's place in the list), ``_id`` and the columns
    of the outcomes. ``silent`` are rules not in force that day, with the frame of their subjects.
    """

    rows: tuple[int, int]
    as_of: date
    frames: Mapping[str, pl.DataFrame]
    outcomes: tuple[Outcome, ...]
    silent: tuple[tuple[str, str], ...]

    def without(self, records: pl.Series) -> Block:
        """Without some records, by their row in the population."""
        if not records.len():
            return self
        frames = {
            name: f.filter(~pl.col("_record").is_in(records.implode()))
            for name, f in self.frames.items()
        }
        return attrs.evolve(self, frames=frames)

    def between(self, first: int, end: int) -> Block:
        """The records from one row of the population up to another."""
        frames = {}
        for name, frame in self.frames.items():
            records = frame.get_column("_record")
            start, stop = (int(records.search_sorted(at, "left")) for at in (first, end))
            frames[name] = frame.slice(start, stop - start)
        return attrs.evolve(self, frames=frames)

    def cores(self, records: pl.Series) -> Iterator[Core]:
        """The findings about some records, few of them."""
        for name, frame in self.frames.items():
            outcomes = [o for o in self.outcomes if o.frame == name]
            silent = [rule for rule, of in self.silent if of == name]
            some = frame.filter(pl.col("_record").is_in(records.implode()))
            for cells in some.iter_rows(named=True):
                subject = "" if cells["_place"] == ITSELF else cells["_id"]
                head = cells["_record"], subject
                yield from ((*head, o.rule, *_said(o, cells)) for o in outcomes)
                yield from ((*head, rule, *SAID[SILENT], None, None, None) for rule in silent)

    def long(
        self, pack: Pack, verdicts: Collection[str | None] | None, rules: Collection[str] | None
    ) -> pl.DataFrame:
        """A row a finding, in order, with the columns :data:`~policy_rules.tables.answers_rows.INNER`."""
        numbers = {rule: i for i, rule in enumerate(pack.rules)}
        wanted = [n for n, (said, _) in enumerate(SAID) if verdicts is None or said in verdicts]
        offsets, heads = self._heads()
        parts: list[pl.DataFrame] = []
        amounts = [pl.DataFrame(schema={n: INNER[n] for n in _AMOUNT})]
        paid = 0
        for outcome in self.outcomes:
            if rules is not None and outcome.rule not in rules:
                continue
            frame = self.frames[outcome.frame]
            said = frame.select(said_of(outcome)).to_series()
            at = said.is_in(wanted).arg_true()
            columns = [
                (at + offsets[outcome.frame]).cast(pl.UInt32).alias("at"),
                said.gather(at).alias("said"),
            ]
            if outcome.met is not None:
                columns.append(frame.select(met_of(outcome)).to_series().gather(at).alias("met"))
            if outcome.amount is not None:
                table, places = amounts_of(frame[at].select(ends_of(outcome)))
                columns.append((places + paid).alias("amount"))
                amounts.append(table)
                paid += table.height
            rule = pl.lit(numbers[outcome.rule], dtype=pl.Int64).alias("rule")
            parts.append(pl.DataFrame(columns).with_columns(rule))
        for name, of in self.silent if SILENT in wanted else ():
            if rules is None or name in rules:
                height = self.frames[of].height
                at = pl.int_range(height, dtype=pl.UInt32, eager=True) + offsets[of]
                columns = [at.cast(pl.UInt32).alias("at")]
                rule = pl.lit(numbers[name], dtype=pl.Int64).alias("rule")
                silent = _number(SILENT).alias("said")
                parts.append(pl.DataFrame(columns).with_columns(silent, rule))
        rows = pl.concat([_NO_ROWS, *parts], how="diagonal")
        rows = rows.with_columns(
            _key=heads.get_column("_key").gather(rows.get_column("at")) + rows.get_column("rule")
        ).sort("_key")
        return self._resolved(pack, rows, heads, pl.concat(amounts))

    def _heads(self) -> tuple[dict[str, int], pl.DataFrame]:
        """The subjects, and where those of each frame begin."""
        offsets: dict[str, int] = {}
        parts = [pl.DataFrame(schema={"_key": pl.Int64, "row": pl.Int64, "subject": pl.String})]
        before = 0
        for name, frame in self.frames.items():
            offsets[name] = before
            before += frame.height
            subject = pl.when(pl.col("_place") == ITSELF).then(pl.lit("")).otherwise(pl.col("_id"))
            parts.append(
                frame.select(
                    key(pl.col("_record"), pl.col("_place"), 0).alias("_key"),
                    pl.col("_record").alias("row"),
                    subject.alias("subject"),
                )
            )
        return offsets, pl.concat(parts)

    def _resolved(
        self, pack: Pack, rows: pl.DataFrame, heads: pl.DataFrame, amounts: pl.DataFrame
    ) -> pl.DataFrame:
        """Rows of numbers as rows of words."""
        every = pack.rules.values()
        ruled: dict[str, list[str | None]] = {
            "rule": [r.id for r in every],
            "effect": [r.effect for r in every],
            "clauses": [BETWEEN.join(r.clauses) for r in every],
        }
        words = {n: pl.Series(n, values, dtype=INNER[n]) for n, values in ruled.items()}
        verdicts = pl.Series("verdict", [v for v, _ in SAID], dtype=VERDICTS)
        statuses = pl.Series("status", [s for _, s in SAID], dtype=STATUSES)
        mets = pl.Series("met", ["YES", "NO", None, "UNKNOWN"], dtype=VERDICTS)
        at, rule, said = (rows.get_column(n) for n in ("at", "rule", "said"))
        found = {
            "_key": rows.get_column("_key"),
            "row": heads.get_column("row").gather(at),
            "subject": heads.get_column("subject").gather(at),
            **{n: s.gather(rule) for n, s in words.items()},
            "verdict": verdicts.gather(said),
            "status": statuses.gather(said),
            "met": mets.gather(rows.get_column("met")),
            **{n: amounts.get_column(n).gather(rows.get_column("amount")) for n in _AMOUNT},
        }
        day = pl.lit(self.as_of, dtype=pl.Date).alias("as_of")
        code = pl.lit(None, dtype=INNER["code"]).alias("code")
        return pl.DataFrame(found).with_columns(day, code).select(*INNER)

    def cells(self, pack: Pack, frame: str) -> pl.DataFrame:
        """A row a subject of a frame: ``row``, ``_place``, ``subject`` and the columns of its rules."""
        whole = self.frames[frame]
        found = whole.select(
            pl.col("_record").alias("row"), "_place", pl.col("_id").alias("subject")
        )
        verdicts = pl.Series([v for v, _ in SAID], dtype=VERDICTS)
        for outcome in self.outcomes:
            if outcome.frame != frame:
                continue
            said = whole.select(said_of(outcome)).to_series()
            columns = [verdicts.gather(said).alias(outcome.rule)]
            if outcome.amount is not None:
                table, places = amounts_of(whole.select(ends_of(outcome)))
                columns += [
                    table.get_column(f"amount_{end}").gather(places).alias(f"{outcome.rule}.{end}")
                    for end in ("low", "high")
                ]
            if outcome.met is not None:
                met = whole.select(met_of(outcome)).to_series()
                columns.append(verdicts.gather(met).alias(f"{outcome.rule}.met"))
            found = found.hstack(columns)
        silent = [pack.rules[rule] for rule, of in self.silent if of == frame]
        return found.with_columns(
            pl.lit(None, dtype=INNER[_FROM[end]]).alias(name)
            for rule in silent
            for name, end in columns_of(rule)
        )

    def counts(self) -> Iterator[tuple[str, str | None, str, int]]:
        """Rule, verdict, status and how many findings."""
        for outcome in self.outcomes:
            frame = self.frames[outcome.frame]
            truth = frame.get_column(outcome.verdict)
            count = [0] * len(SAID)
            count[_YES], count[_UNKNOWN] = int(truth.sum() or 0), truth.null_count()
            if outcome.outside is not None:
                count[_OUTSIDE] = int(frame.get_column(outcome.outside).sum() or 0)
            count[_NO] = frame.height - sum(count)
            yield from ((outcome.rule, *SAID[said], n) for said, n in enumerate(count))
        for rule, of in self.silent:
            yield (rule, *SAID[SILENT], self.frames[of].height)


def cells_told(told: pl.DataFrame, pack: Pack) -> pl.DataFrame:
    """The cells of rows of the long table, as :meth:`Block.cells` has them."""
    keys = ["row", "_place"]
    found = told.select(*keys, "subject").unique(keys, maintain_order=True)
    for rule, rows in told.partition_by("rule", as_dict=True).items():
        columns = columns_of(pack.rules[str(rule[0])])
        cells = [pl.col(_FROM[end]).alias(name) for name, end in columns]
        found = found.join(rows.select(*keys, *cells), on=keys, how="left")
    return found


def columns_of(rule: Rule) -> list[tuple[str, str]]:
    """The columns a rule has in the wide table, each with its end (none: the verdict)."""
    ends = ["low", "high"] if rule.amount is not None and rule.amount.tiers else []
    ends += ["met"] if rule.met_when is not None else []
    return [(rule.id, ""), *((f"{rule.id}.{end}", end) for end in ends)]


def joined(cells: list[pl.DataFrame]) -> pl.DataFrame:
    """Cells of several blocks; where two tell of one subject they tell of different rules."""
    keys = ["row", "_place"]
    whole = pl.concat(cells, how="diagonal")
    if whole.select(keys).is_duplicated().any():
        first = pl.exclude(*keys).drop_nulls().first()
        return whole.group_by(keys, maintain_order=True).agg(first)
    return whole


_NO_ROWS: Final = pl.DataFrame(
    schema={
        "at": pl.UInt32,
        "said": pl.UInt8,
        "met": pl.UInt8,
        "amount": pl.UInt32,
        "rule": pl.Int64,
    }
)


def _number(n: int) -> pl.Expr:
    return pl.lit(n, dtype=pl.UInt8)


def said_of(outcome: Outcome) -> pl.Expr:
    """The number of what each row says."""
    truth = pl.col(outcome.verdict)
    found = pl.when(truth.is_null()).then(_number(_UNKNOWN)).when(truth).then(_number(_YES))
    if outcome.outside is not None:
        found = found.when(pl.col(outcome.outside)).then(_number(_OUTSIDE))
    return found.otherwise(_number(_NO)).alias("said")


def _said(outcome: Outcome, cells: Mapping[str, Any]) -> tuple[Any, ...]:
    """Verdict, status, whether the duty is met, and the ends of the amount as texts, of one row."""
    truth = cells[outcome.verdict]
    if truth is None:
        said = SAID[_UNKNOWN]
    elif truth:
        said = SAID[_YES]
    else:
        outside = outcome.outside is not None and cells[outcome.outside]
        return (*SAID[_OUTSIDE if outside else _NO], None, None, None)
    met = None
    if outcome.met is not None:
        met = {True: "YES", False: "NO", None: "UNKNOWN"}[cells[outcome.met]]
    low = high = None
    if outcome.amount is not None:
        ln, ld, hn, hd = (cells[column] for column in outcome.amount)
        low, high = _end(ln, ld)[0], _end(hn, hd)[0]
    return (*said, met, low, high)


def verdict_of(outcome: Outcome) -> pl.Expr:
    """The verdict of each row."""
    return _either(outcome, *_VERDICTS)


def rank_of(outcome: Outcome) -> pl.Expr:
    """The verdict of each row as a number: 1 for NO, 2 for UNKNOWN, 3 for YES."""
    return _either(outcome, *_RANKS)


_VERDICTS: Final = tuple(pl.lit(v, VERDICTS) for v in ("YES", "NO", "UNKNOWN"))
_RANKS: Final = (_number(3), _number(1), _number(2))


def _either(outcome: Outcome, yes: pl.Expr, no: pl.Expr, unknown: pl.Expr) -> pl.Expr:
    truth = pl.col(outcome.verdict)
    return pl.when(truth).then(yes).when(truth.is_null()).then(unknown).otherwise(no)


def met_of(outcome: Outcome) -> pl.Expr:
    """Whether a duty is met, by the numbers of :data:`SAID`; null for a NO: nobody asks."""
    truth, met = pl.col(outcome.verdict), pl.col(outcome.met or "")
    said = pl.when(met.is_null()).then(_number(_UNKNOWN)).when(met).then(_number(_YES))
    return pl.when(truth.is_null() | truth).then(said.otherwise(_number(_NO))).alias("met")


def ends_of(outcome: Outcome) -> list[pl.Expr]:
    """Numerators and denominators of an amount; a NO has none."""
    truth = pl.col(outcome.verdict)
    paid = truth.is_null() | truth
    names = zip(("ln", "ld", "hn", "hd"), outcome.amount or (), strict=True)
    return [pl.when(paid).then(pl.col(column)).alias(name) for name, column in names]


def amounts_of(numbers: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """The distinct amounts, and which of them each row has; null for none."""
    some = pl.any_horizontal((pl.col(n).is_not_null() & pl.col(d).is_not_null())
                             for n, d in (("ln", "ld"), ("hn", "hd")))  # fmt: skip
    keys = _telling(numbers)
    distinct = numbers.filter(some).unique(keys)
    rows = [(*_end(ln, ld), *_end(hn, hd)) for ln, ld, hn, hd in distinct.rows()]
    table = pl.DataFrame(rows, schema={n: INNER[n] for n in _AMOUNT}, orient="row")
    numbered = distinct.select(*keys, pl.int_range(pl.len(), dtype=pl.UInt32).alias("amount"))
    found = numbers.select(keys).join(
        numbered, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    return table, found.get_column("amount")


def _telling(numbers: pl.DataFrame) -> list[str]:
    """The columns that tell amounts apart: none that is the same in all rows, or the same as another."""
    if not numbers.height:
        return numbers.columns
    asked: list[pl.Expr] = []
    for i, name in enumerate(numbers.columns):
        column = pl.col(name)
        asked.append((column.eq_missing(column.first())).all().alias(name))
        asked += [
            column.eq_missing(pl.col(other)).all().alias(f"{name} {other}")
            for other in numbers.columns[:i]
        ]
    same = numbers.select(asked).row(0, named=True)
    names = [
        name
        for i, name in enumerate(numbers.columns)
        if not same[name] and not any(same[f"{name} {o}"] for o in numbers.columns[:i])
    ]
    return names or numbers.columns[:1]


def _end(numerator: int | None, denominator: int | None) -> tuple[Any, ...]:
    """An end of an amount as exact text, and in lowest terms."""
    if numerator is None or denominator is None:
        return (None, None, None)
    value = Fraction(numerator, denominator)
    number: Number = value.numerator if value.denominator == 1 else value
    return (figure(number), *ratio(number))
