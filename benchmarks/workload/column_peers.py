"""The peers that take a population as columns: hand-written polars and DuckDB, OpenFisca, PolicyEngine.

``load`` reads the Parquet into what the engine works on (not timed), ``run`` gives the 60 columns in the
engine's own form (timed), ``outcomes`` turns those into columns by rule, in the order of households. Those that
can go from Parquet to Parquet have ``files``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import rulelist

OTHERS: Final = tuple(n for n in rulelist.NAMES if n not in rulelist.OF_MEMBERS)
LEVELS: Final = tuple(
    tuple(n for n in OTHERS if rulelist.LEVEL[n] == level)
    for level in range(1 + max(rulelist.LEVEL.values()))
)


class Columns:
    """What every engine here can do."""

    def load(self, folder: Path) -> None:
        raise NotImplementedError

    def run(self) -> Any:
        raise NotImplementedError

    def outcomes(self, found: Any) -> dict[str, Any]:
        raise NotImplementedError


# -- polars ---------------------------------------------------------------------------------------


class _Polars(rulelist.Language):
    both, either = "&", "|"

    def negated(self, said: str) -> str:
        return f"(~{said})"

    def fact(self, name: str) -> str:
        return f"pl.col('{name}')"

    rule = of_member = fact

    def code(self, code: str) -> str:
        return f"'{code}'"

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"pl.when({test}).then({body}).otherwise({orelse})"

    def some(self, condition: Any) -> str:
        return f"{self(condition)}.any()"

    def counted(self, condition: Any) -> str:
        return f"{self(condition)}.sum()"


class Polars(Columns):
    """polars by hand: members grouped and joined, a `with_columns` for each level of rules."""

    def __init__(self) -> None:
        import polars as pl

        self.pl = pl
        said = rulelist.by_rule(_Polars())
        self.rules = {n: eval(text, {"pl": pl}).alias(n) for n, text in said.items()}

    def load(self, folder: Path) -> None:
        self.households = self.pl.read_parquet(folder / "households.parquet")
        self.members = self.pl.read_parquet(folder / "members.parquet")

    def plan(self, households: Any, members: Any) -> Any:
        folded = members.group_by("hid").agg(self.rules[n] for n in rulelist.OF_MEMBERS)
        whole = households.join(folded, on="hid", how="left", maintain_order="left")
        return self._levels(whole)

    def _levels(self, whole: Any) -> Any:
        for level in LEVELS:
            whole = whole.with_columns(self.rules[n] for n in level)
        return whole.select("hid", *rulelist.NAMES)

    def run(self) -> Any:
        return self.plan(self.households.lazy(), self.members.lazy()).collect()

    def outcomes(self, found: Any) -> dict[str, Any]:
        return {n: found[n].to_numpy() for n in rulelist.NAMES}

    def files(self, folder: Path, out: Path) -> None:
        scan = self.pl.scan_parquet
        plan = self.plan(scan(folder / "households.parquet"), scan(folder / "members.parquet"))
        plan.sink_parquet(out)


class _Numpy(_Polars):
    """The rules about members over numpy's columns of members."""

    def of_member(self, name: str) -> str:
        return name

    def some(self, condition: Any) -> str:
        return f"np.logical_or.reduceat({self(condition)}, start)"

    def counted(self, condition: Any) -> str:
        return f"np.add.reduceat({self(condition)}.view(np.int8), start)"


class PolarsOffsets(Polars):
    """polars by hand, knowing that members stand in the order of households: folded by numpy, no join."""

    def __init__(self) -> None:
        super().__init__()
        say = _Numpy()
        self.folds = {n: compile(say(rulelist.RULES[n]), n, "eval") for n in rulelist.OF_MEMBERS}

    def run(self) -> Any:
        return self._whole(self.households, self.members).collect()

    def _whole(self, households: Any, members: Any) -> Any:
        import numpy as np

        sizes = households["size"].to_numpy()
        names = {f: members[f].to_numpy() for f in rulelist.MEMBER_FACTS}
        names |= {"np": np, "start": np.cumsum(sizes, dtype=np.int64) - sizes}
        folded = [self.pl.Series(n, eval(code, names)) for n, code in self.folds.items()]
        return self._levels(households.lazy().with_columns(folded))

    def files(self, folder: Path, out: Path) -> None:
        self.load(folder)
        self.run().write_parquet(out)


# -- DuckDB ---------------------------------------------------------------------------------------


class _Sql(rulelist.Language):
    same = "="

    def negated(self, said: str) -> str:
        return f"(NOT {said})"

    def fact(self, name: str) -> str:
        return f'"{name}"'

    def of_member(self, name: str) -> str:
        return name

    def code(self, code: str) -> str:
        return f"'{code}'"

    def choice(self, test: str, body: str, orelse: str) -> str:
        return f"CASE WHEN {test} THEN {body} ELSE {orelse} END"

    def some(self, condition: Any) -> str:
        return f"bool_or({self(condition)})"

    def counted(self, condition: Any) -> str:
        return f"count(*) FILTER (WHERE {self(condition)})"


class DuckDB(Columns):
    """One SELECT over a join with the grouped members; rules use those before them by their names."""

    def __init__(self) -> None:
        import duckdb

        self.database = duckdb.connect()
        self.database.execute("SET preserve_insertion_order = false")
        said = rulelist.by_rule(_Sql())
        self._folded = ", ".join(f"{said[n]} AS {n}" for n in rulelist.OF_MEMBERS)
        self._rules = ", ".join(
            f"g.{n}" if n in rulelist.OF_MEMBERS else f"{said[n]} AS {n}" for n in rulelist.NAMES
        )

    def load(self, folder: Path) -> None:
        for name in ("households", "members"):
            file = folder / f"{name}.parquet"
            self.database.execute(f"CREATE TABLE {name} AS FROM '{file}'")

    def select(self, households: str, members: str) -> str:
        return (
            f"SELECT h.hid, {self._rules} FROM {households} h"
            f" JOIN (SELECT hid, {self._folded} FROM {members} GROUP BY hid) g ON h.hid = g.hid"
        )

    def run(self) -> Any:
        select = self.select("households", "members")
        self.database.execute(f"CREATE OR REPLACE TABLE found AS {select}")
        return "found"

    def outcomes(self, found: Any) -> dict[str, Any]:
        columns: dict[str, Any] = self.database.execute(
            f"SELECT * FROM {found} ORDER BY hid"
        ).fetchnumpy()
        return columns

    def files(self, folder: Path, out: Path) -> None:
        households, members = (
            f"read_parquet('{folder / name}.parquet')" for name in ("households", "members")
        )
        select = self.select(households, members)
        self.database.execute(f"COPY ({select}) TO '{out}' (FORMAT parquet)")


# -- OpenFisca, PolicyEngine ----------------------------------------------------------------------


class FiscaColumns(Columns):
    def __init__(self, package: str) -> None:
        import fisca

        self.of = fisca.Fisca(package)

    def load(self, folder: Path) -> None:
        import numpy as np
        import pyarrow.parquet as pq

        table = pq.read_table(folder / "households.parquet")
        self.facts = {f: table[f].to_numpy() for f in rulelist.FACTS if f != "hh_type"}
        types = table["hh_type"].to_numpy()
        places = [types == t for t in rulelist.TYPES]
        self.facts["hh_type"] = np.select(places, range(4)).astype(np.int8)
        people = pq.read_table(folder / "members.parquet")
        self.members = {f: people[f].to_numpy() for f in rulelist.MEMBER_FACTS}
        self.home = people["hid"].to_numpy()

    def run(self) -> Any:
        return self.of.outcomes(self.facts, self.members, self.home)

    def outcomes(self, found: Any) -> dict[str, Any]:
        import numpy as np

        return {n: np.asarray(column) for n, column in found.items()}


# -- the floor --------------------------------------------------------------------------------------


class Floor:
    """Reading the Parquet whole and writing a table of 60 such columns, nothing in between."""

    def __init__(self) -> None:
        import polars as pl

        self.pl = pl
        self.table: Any = None

    def files(self, folder: Path, out: Path) -> None:
        for name in ("households", "members"):
            self.pl.read_parquet(folder / f"{name}.parquet")
        self.table.write_parquet(out)

    def prepare(self, folder: Path) -> None:
        self.table = self.pl.read_parquet(folder / "expected.parquet")


PEERS = {
    "polars, group_by and join": Polars,
    "polars, sorted offsets": PolarsOffsets,
    "DuckDB": DuckDB,
    "OpenFisca-core": lambda: FiscaColumns("openfisca_core"),
    "PolicyEngine-core": lambda: FiscaColumns("policyengine_core"),
}
