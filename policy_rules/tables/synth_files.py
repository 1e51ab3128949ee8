"""Writing synthetic populations to files: the export as a workbook or csv, our own layout."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

import numpy as np

from policy_rules.errors import (
    Place,
    Problem,
    RecordError,
    nearest,
    one_of,
    shown,
)
from policy_rules.packs.model import Pack
from policy_rules.tables.frames import Population
from policy_rules.tables.synth import synthetic_parts
from policy_rules.tables.synth_book import write_texts
from policy_rules.tables.synth_draws import Draws
from policy_rules.tables.synth_export import COLUMNS, export_rows, headers
from policy_rules.tables.synth_own import write_folder, write_lines
from policy_rules.writing import writing

SynthLayout = Literal["own", "export"]
#: Households a workbook takes: a sheet has 1,048,576 rows.
MOST_IN_A_BOOK: Final = 250_000
_TITLE: Final = "防止返贫监测信息导出表(合成数据，户和人都不存在；证件号码以99开头，不属于任何人)"
_SUFFIXES: Final = {"export": (".xlsx", ".csv"), "own": ("", ".jsonl")}


def write_synthetic(
    path: str | Path,
    n: int,
    seed: int = 0,
    layout: SynthLayout | None = None,
    *,
    pack: Pack | str | None = None,
    broken: float = 0.0,
    titles: bool | None = None,
    rules: Path | None = None,
    progress: Callable[[int], object] = lambda n: None,
) -> None:
    """Write ``n`` synthetic households; the same arguments give the same bytes.

    ``layout`` ``export`` (.xlsx, .csv) is a row a person, ``own`` a folder of Parquet files (no suffix) or JSON
    lines (.jsonl); by default what the suffix says. ``broken`` is the share of an export's rows with a
    fault; ``titles`` puts a title and a second row of headers above (by default in workbooks).
    ``progress`` is called with the number of households of each part.

    Raises :class:`~policy_rules.errors.RecordError` for arguments out of range,
    :class:`~policy_rules.errors.EvaluationError` (``cannot_write``).
    """
    path = Path(path)
    layout = _checked(path, n, layout, broken)
    parts = _told(synthetic_parts(n, seed, pack, rules=rules), progress)
    if layout == "own":
        (write_lines if path.suffix.lower() == ".jsonl" else write_folder)(parts, path)
    elif path.suffix.lower() == ".csv":
        _write_csv(parts, path, seed, broken, bool(titles))
    else:
        _write_book(parts, path, seed, broken, titles is not False)


def _checked(path: Path, n: int, layout: SynthLayout | None, broken: float) -> SynthLayout:
    suffix = path.suffix.lower()
    found = layout or ("export" if suffix in _SUFFIXES["export"] else "own")
    problems = []
    if found not in _SUFFIXES:
        near = nearest(found, _SUFFIXES)
        problems.append(
            Problem("not_allowed", Place(path="layout"), one_of(_SUFFIXES), shown(found), near)
        )
    elif suffix not in _SUFFIXES[found]:
        wanted = one_of(s or "a folder" for s in _SUFFIXES[found])
        problems.append(Problem("not_allowed", Place(str(path)), wanted, shown(suffix)))
    most = MOST_IN_A_BOOK if suffix == ".xlsx" else 10**10 - 1
    if not 1 <= n <= most:
        problems.append(Problem("out_of_range", Place(path="n"), f"1 – {most}", shown(n)))
    if not (math.isfinite(broken) and 0 <= broken <= 1):
        problems.append(Problem("out_of_range", Place(path="broken"), "0 – 1", shown(str(broken))))
    if problems:
        raise RecordError(problems)
    return found


def _told(parts: Iterable[Population], progress: Callable[[int], object]) -> Iterable[Population]:
    for part in parts:
        yield part
        progress(part.height)


def _head_rows(seed: int, titles: bool) -> list[list[str]]:
    """The rows above the data."""
    names = headers(seed)
    if not titles:
        # the year stands in the header itself
        years = [c.group.removesuffix("收入") if c.of == "incomes" else "" for c in COLUMNS]
        return [[f"{y}{n}" for y, n in zip(years, names, strict=True)]]
    groups = [
        c.group if not i or COLUMNS[i - 1].group != c.group else "" for i, c in enumerate(COLUMNS)
    ]
    return [[_TITLE, *[""] * (len(names) - 1)], groups, list(names)]


def _write_csv(
    parts: Iterable[Population], path: Path, seed: int, broken: float, titles: bool
) -> None:
    import csv

    beside = path.with_name(f"{path.name}.tmp")
    with writing(path):
        try:
            with beside.open("w", encoding="utf-8-sig", newline="") as text:
                csv.writer(text).writerows(_head_rows(seed, titles))
            with beside.open("ab") as file:
                for part in parts:
                    export_rows(part, seed, broken).write_csv(
                        file, include_header=False, line_terminator="\r\n"
                    )
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _write_book(
    parts: Iterable[Population], path: Path, seed: int, broken: float, titles: bool
) -> None:
    beside = path.with_name(f"{path.name}.tmp")
    # some columns hold numbers as numbers, most as text
    number = Draws(seed, np.arange(len(COLUMNS))).chance("as numbers", 0.35)
    plain = [bool(d) and c.of != "made" for d, c in zip(number, COLUMNS, strict=True)]
    merged = [(0, 0, len(COLUMNS) - 1)] if titles else []
    at = 0
    for _, columns in groupby(c.group for c in COLUMNS) if titles else ():
        width = len(list(columns))
        merged.append((1, at, at + width - 1))
        at += width
    frames = (export_rows(part, seed, broken) for part in parts)
    with writing(path):
        try:
            write_texts(beside, "导出表", _head_rows(seed, titles), merged, frames, plain)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
