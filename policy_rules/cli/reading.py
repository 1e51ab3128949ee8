"""How a table is read: options of every command that reads one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from policy_rules.errors import Place, Problem, RecordError, shown

YearOption = Annotated[
    int | None,
    typer.Option(
        "--year", help="收入列没有写年份时，是哪一年的 year of income columns that name none"
    ),
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="只读这个工作表 this sheet alone")]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="指定列的含义，如 家庭类型=household.type，可多次给出 what a header means, may be repeated",
    ),
]
EmptyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--empty",
        help="空单元格的含义，如 监测对象类别=unknown，可多次给出 what an empty cell means, may be repeated",
    ),
]


def reading_of(
    sheet: str | None, year: int | None, column: list[str] | None, empty: list[str] | None
) -> dict[str, Any]:
    """These options as :func:`~policy_rules.tables.reading.read_population` takes them."""
    return {
        "sheet": sheet,
        "year": year,
        "columns": pairs(column, "--column"),
        "empty_means": pairs(empty, "--empty"),
    }


def pairs(given: list[str] | None, option: str) -> dict[str, str]:
    """``列名=值`` options as a mapping; raises :class:`~policy_rules.errors.RecordError`."""
    found = {}
    for text in given or ():
        name, sign, value = text.rpartition("=")
        if not sign or not name:
            raise RecordError(Problem("bad_form", Place(path=option), "`name=value`", shown(text)))
        found[name] = value
    return found
