"""Answers as files: long (a row a finding) or wide (a row a record), parquet or csv, written part by part.

Texts from records may begin like a formula; a csv opened in a spreadsheet would run it. They get an
apostrophe before them there (OWASP, *CSV Injection*); parquet holds them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import attrs

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.packs.model import Pack
from policy_rules.writing import to_disk, writing

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

#: Kinds of files a run writes.
KINDS: Final = (".parquet", ".csv", ".xlsx")
#: Columns of the long form with their types (``text``, ``int``, ``date``). Amounts are exact decimal texts (a
#: fraction as ``1/3``), equal where the amount is a single one; ``code`` stands where ``status`` is ``error``.
LONG: Final = {
    "row": "int", "record": "text", "region": "text", "pack": "text", "as_of": "date",
    "subject": "text", "rule": "text", "label": "text", "outcome": "text", "verdict": "text",
    "status": "text", "effect": "text", "met": "text", "amount_low": "text", "amount_high": "text",
    "unit": "text", "clauses": "text",
}  # fmt: skip
#: What ``--missing`` adds: names of facts, their labels, who can tell.
MISSING: Final = ("missing", "lacking", "ask")
#: What the workbook of staff adds.
WHY: Final = "why"
ERROR: Final = "error"
#: Rows of a row group.
ROWS: Final = 2_000_000
_RANK: Final = {"NO": 1, "UNKNOWN": 2, "YES": 3}
_FORMULA: Final = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n|]")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+|/\d+)?")


def polars() -> Any:
    """The polars library; raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)."""
    try:
        import polars
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`polars`")
        ) from error
    return polars


def schema(columns: Iterable[str]) -> dict[str, Any]:
    """polars types of columns of the long form; columns carried along are texts."""
    pl = polars()
    kinds = {"text": pl.String, "int": pl.Int64, "date": pl.Date}
    return {name: kinds[LONG.get(name, "text")] for name in columns}


def long_columns(*, missing: bool, why: bool, carry: Sequence[str]) -> list[str]:
    """The columns of the long form, in order."""
    added = [*(MISSING if missing or why else ()), *([WHY] if why else ())]
    return [*LONG, *added, "code", *carry]


def told(frame: pl.DataFrame, *, everything: bool) -> pl.DataFrame:
    """The rows that are given: YES and UNKNOWN, and records that are marked; or all."""
    pl = polars()
    keep = pl.col("verdict").is_in(["YES", "UNKNOWN"]) | (pl.col("status") == ERROR)
    return frame if everything else frame.filter(keep)


# -- wide -----------------------------------------------------------------------------------------


@attrs.frozen
class Lists:
    """Records by row whose list of members is complete, and those whose list is not."""

    complete: frozenset[int]
    incomplete: frozenset[int]


def wide(
    frame: pl.DataFrame,
    heads: pl.DataFrame,
    packs: Mapping[str, Pack],
    lists: Lists,
    prefixed: bool,
) -> pl.DataFrame:
    """A row a record: a column a rule, its verdict.

    ``frame`` is the whole long form of a range, ``heads`` a row a record (row, record, region, …). A rule about
    members says YES where some member has it, UNKNOWN where one may (or the list is incomplete), and has
    a column ``rule.members`` of those with YES; a measure with figures has ``rule.amount``. ``prefixed`` puts
    the pack's name before the rule's. Rules not in force are empty.
    """
    pl = polars()
    marked = frame.filter(pl.col("status") == ERROR).select("row", pl.col("status"), pl.col("code"))
    marked = marked.unique("row", keep="first", maintain_order=True)
    found = heads.join(marked, on="row", how="left", maintain_order="left")
    spoken = frame.filter(pl.col("rule") != "")
    for id_ in spoken.get_column("pack").unique(maintain_order=True).to_list():
        of_pack = spoken.filter(pl.col("pack") == id_)
        cells = _cells(of_pack, packs[id_], lists, f"{id_}/" if prefixed else "")
        found = found.join(cells, on="row", how="left", maintain_order="left")
    return found


def _cells(spoken: pl.DataFrame, pack: Pack, lists: Lists, prefix: str) -> pl.DataFrame:
    """The verdicts of one pack by row."""
    pl = polars()
    rows = spoken.select("row", "as_of").unique("row", maintain_order=True)
    answers = spoken.select(
        "row", "rule", pl.col("verdict").replace_strict(_RANK, default=None, return_dtype=pl.Int8)
    )
    of_members = [r for r in pack.rules.values() if r.subject == "member"]
    empty: list[tuple[int, str, int]] = []
    for row, day in rows.iter_rows():
        listed = 2 if row in lists.incomplete else 1 if row in lists.complete else 0
        if listed:  # any() over nobody is NO, over an unknown list UNKNOWN
            empty += [(row, r.id, listed) for r in of_members if r.in_force.holds(day)]
    extra = pl.DataFrame(empty, schema=answers.schema, orient="row")
    best = pl.concat([answers, extra]).group_by("row", "rule").agg(pl.col("verdict").max())
    names = {rank: verdict for verdict, rank in _RANK.items()}
    best = best.with_columns(
        pl.col("verdict").replace_strict(names, default=None, return_dtype=pl.String)
    )
    yes = spoken.filter((pl.col("verdict") == "YES") & (pl.col("subject") != ""))
    people = yes.group_by("row", "rule", maintain_order=True).agg(pl.col("subject").str.join("; "))
    paid = spoken.filter((pl.col("subject") == "") & pl.any_horizontal(_figured()))
    paid = paid.select("row", "rule", _amount().alias("amount"))
    table = rows.select("row")
    for suffix, long, value in (
        ("", best, "verdict"),
        (".members", people, "subject"),
        (".amount", paid, "amount"),
    ):
        part = long.pivot("rule", index="row", values=value)
        part = part.rename({n: f"{n}{suffix}" for n in part.columns if n != "row"})
        table = table.join(part, on="row", how="left", maintain_order="left")
    # in the pack's order, whichever rules the first rows happen to have
    order = [f"{r}{suffix}" for r in pack.rules for suffix in ("", ".members", ".amount")]
    kept = [n for n in order if n in table.columns]
    return table.select("row", *(pl.col(n).alias(f"{prefix}{n}") for n in kept))


def _figured() -> list[Any]:
    pl = polars()
    return [pl.col("amount_low").is_not_null(), pl.col("amount_high").is_not_null()]


def _amount() -> Any:
    """``300``, or ``1000–5000``; an open end is ``…``."""
    pl = polars()
    low, high = (pl.col(n).fill_null("…") for n in ("amount_low", "amount_high"))
    return pl.when(low == high).then(low).otherwise(pl.concat_str([low, pl.lit("–"), high]))


def wide_columns(
    parts: Iterable[Sequence[str]], packs: Iterable[Pack], prefixed: bool
) -> list[str]:
    """The columns of the whole wide form: those of all parts, heads first, rules in order."""
    seen = {name for part in parts for name in part}
    order: dict[str, None] = {}
    for pack in packs:
        prefix = f"{pack.id}/" if prefixed else ""
        for rule in pack.rules:
            order |= {f"{prefix}{rule}{s}": None for s in ("", ".members", ".amount")}
    heads: dict[str, None] = {}
    for part in parts:
        heads |= {name: None for name in part if name not in order}
    return [*heads, *(name for name in order if name in seen)]


# -- files ----------------------------------------------------------------------------------------


def write_parquet(path: Path, frames: Iterator[pl.DataFrame], columns: Mapping[str, Any]) -> None:
    """One parquet file from frames, one at a time in memory; empty where there are none.

    Columns a frame lacks are null. Raises :class:`~policy_rules.errors.EvaluationError`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with writing(path), path.open("wb") as file:
        arrow = polars().DataFrame(schema=dict(columns)).to_arrow().schema
        # plain strings: the same file whichever kind of strings polars hands over
        arrow = pa.schema([(f.name, _plain(f.type)) for f in arrow])
        with pq.ParquetWriter(file, arrow, compression="zstd") as writer:
            for frame in frames:
                if frame.height:
                    writer.write_table(_fitted(frame, columns).to_arrow().cast(arrow))
        to_disk(file)


def write_words(into: IO[bytes], tables: Iterator[pa.Table]) -> int:
    """Tables with columns of words by number as one parquet file; gives the number of rows.

    A table is written while the next is made.
    """
    import pyarrow.parquet as pq

    first = next(tables)
    rows: int = first.num_rows
    with (
        pq.ParquetWriter(into, first.schema, compression="zstd", write_statistics=False) as writer,
        ThreadPoolExecutor(1) as beside,
    ):
        write = partial(writer.write_table, row_group_size=ROWS)
        waiting = beside.submit(write, first)
        for table in tables:
            rows += table.num_rows
            waiting.result()
            waiting = beside.submit(write, table.cast(first.schema))
        waiting.result()
    return rows


def _plain(kind: Any) -> Any:
    import pyarrow as pa

    text = pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return pa.string() if text else kind


def write_csv(path: Path, frames: Iterator[pl.DataFrame], columns: Mapping[str, Any]) -> None:
    """One csv file (UTF-8 with a mark, so that spreadsheets read Chinese) from frames.

    Raises :class:`~policy_rules.errors.EvaluationError`.
    """
    with writing(path), path.open("wb") as file:
        file.write("\ufeff".encode())
        header = polars().DataFrame(schema=dict(columns))
        names = [guarded(name) for name in header.columns]
        header.rename(dict(zip(header.columns, names, strict=True))).write_csv(file)
        for frame in frames:
            body = _guarded(_fitted(frame, columns))
            body.write_csv(file, include_header=False)
        to_disk(file)


def write_problems(path: Path, parts: Iterator[Sequence[Sequence[Any]]]) -> bool:
    """What was wrong with the input as a csv, part by part; whether there was anything.

    Raises :class:`~policy_rules.errors.EvaluationError`.
    """
    pl = polars()
    names = ("row", "record", "place", "path", "code", "message")
    kinds = {n: pl.Int64 if n == "row" else pl.String for n in names}
    frames = (pl.DataFrame(rows, schema=kinds, orient="row") for rows in parts if rows)
    first = next(frames, None)
    if first is not None:
        write_csv(path, chain((first,), frames), kinds)
    return first is not None


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula; plain numbers stay as they are."""
    return f"'{text}" if _FORMULA.search(text) and not _NUMBER.fullmatch(text) else text


def _guarded(frame: pl.DataFrame) -> pl.DataFrame:
    pl = polars()
    texts = [name for name, kind in frame.schema.items() if kind == pl.String]
    # the same pattern as guarded(), which the tests compare
    risky = [
        pl.col(n).str.contains(_FORMULA.pattern)
        & ~pl.col(n).str.contains(rf"^(?:{_NUMBER.pattern})$")
        for n in texts
    ]
    return frame.with_columns(
        pl.when(at).then(pl.lit("'") + pl.col(n)).otherwise(pl.col(n)).alias(n)
        for n, at in zip(texts, risky, strict=True)
    )


def _fitted(frame: pl.DataFrame, columns: Mapping[str, Any]) -> pl.DataFrame:
    """The frame with exactly these columns."""
    pl = polars()
    return frame.select(
        pl.col(n).cast(kind) if n in frame.columns else pl.lit(None, kind).alias(n)
        for n, kind in columns.items()
    )
