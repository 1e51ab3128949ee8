"""Our engines over a population: the plan alone, the answers as users get them, the answers as a table."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal

import row_ours
import rulelist
from column_peers import Columns

from policy_rules.tables.evaluate import evaluate_population, plan_of, runner
from policy_rules.tables.frames import Population

Step = Literal["plan", "answers", "table"]
_DAY: Final = date.fromisoformat(row_ours.AS_OF)
_MILLIONTHS: Final = 1_000_000


class Ours(Columns):
    """``plan``: what the column engine itself does; ``answers``: :func:`evaluate_population`, in ranges, with
    the search for records no column answers; ``table``: those as the wide table too."""

    def __init__(self, engine: str, step: Step) -> None:
        self.engine, self.step = engine, step
        self.pack = row_ours.pack()
        self.engine_run = runner(engine)
        self.of = plan_of(self.pack, "household", _DAY)

    def load(self, folder: Path) -> None:
        self.population = population(folder, self.pack)

    def run(self) -> Any:
        if self.step == "plan":
            return self.engine_run(self.of, self.population.filled(self.of))
        engine: Any = self.engine
        answers = evaluate_population(self.pack, self.population, _DAY, engine=engine)
        return answers if self.step == "answers" else answers.wide()

    def outcomes(self, found: Any) -> dict[str, Any]:
        if self.step == "plan":
            return self._of_plan(found["household"])
        table = found.wide() if self.step == "answers" else found
        return of_wide(table.get_column, ".low")

    def _of_plan(self, frame: Any) -> dict[str, Any]:
        import polars as pl

        columns = {}
        for outcome in self.of.outcomes:
            yes = frame.get_column(outcome.verdict)
            assert yes.null_count() == 0
            if outcome.amount is not None:
                low, over, high, _ = (frame.get_column(n) for n in outcome.amount)
                assert (low.filter(yes) == high.filter(yes)).all()
                assert (over == 1).all()
                kept = pl.select(pl.when(yes).then(low).otherwise(0)).to_series()
                columns[outcome.rule] = kept.to_numpy()
            else:
                columns[outcome.rule] = yes.to_numpy()
        return columns


def of_wide(column: Callable[[str], Any], amounts: str) -> dict[str, Any]:
    """The outcomes from the columns of a wide table; those of amounts end in ``amounts``."""
    import polars as pl

    columns = {}
    for rule in rulelist.NAMES:
        verdict = column(rule).cast(pl.String)
        assert verdict.is_in(["YES", "NO"]).all()
        yes = verdict == "YES"
        if rule in rulelist.AMOUNTS:
            pays = column(rule + amounts).cast(pl.String).cast(pl.Int64)
            assert pays.filter(yes).is_not_null().all()
            columns[rule] = pl.select(pl.when(yes).then(pays).otherwise(0)).to_series().to_numpy()
        else:
            columns[rule] = yes.to_numpy()
    return columns


def population(folder: Path, pack: Any) -> Population:
    """The households of our layout as frames (docs/tables.md says what each column holds)."""
    import polars as pl

    home = pl.read_parquet(folder / "own" / "household.parquet")
    whole = [pl.col(f).cast(pl.Int64) for f in rulelist.WHOLE]
    money = [_millionths(f) for f in rulelist.MONEY]
    home = home.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"),
        pl.col("household_id").alias("_id"),
        *money,
        *whole,
        *rulelist.TRUTHS,
        "hh_type",
        pl.lit(2, pl.Int8).alias("members~state"),
    )
    people = pl.read_parquet(folder / "own" / "household.members.parquet")
    people = people.select(
        pl.int_range(pl.len(), dtype=pl.Int64).alias("_row"),
        pl.col("household_id").cast(pl.Int64).alias("_parent"),
        pl.col("member_id").alias("_id"),
        pl.col("age").cast(pl.Int64),
        "student",
        pl.col("dis").cast(pl.Int64),
    )
    frames = {"household": home, "household.members": people}
    return Population("household", frames, pack.vocabulary)


def _millionths(fact: str) -> Any:
    import polars as pl

    return (pl.col(fact) * 100).cast(pl.Int64) * (_MILLIONTHS // 100)


WAYS: Final = {
    f"ours: {engine}, {step}": (engine, step)
    for engine in ("polars", "DuckDB")
    for step in ("plan", "answers", "table")
}


def way(name: str) -> Ours:
    engine, step = WAYS[name]
    return Ours(engine.lower(), step)  # type: ignore[arg-type]
