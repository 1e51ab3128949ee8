"""Everything wrong with a file as a workbook beside it: a row a problem, to be worked through.

Needs ``xlsxwriter`` (extra ``tables``). Texts are written as texts, whatever they begin with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules.errors import Lang, Problem
from policy_rules.tables.files import missing_extra
from policy_rules.tables.reading import Reading, unmapped
from policy_rules.writing import as_os_error, replacing

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_FONT: Final = "Microsoft YaHei"
_HEADS: Final[dict[Lang, tuple[str, ...]]] = {
    "zh": ("文件", "工作表", "行", "列", "列名", "问题", "建议写法", "错误代码"),
    "en": ("file", "sheet", "row", "column", "header", "problem", "perhaps meant", "code"),
}
_WIDTHS: Final = (20, 16, 8, 8, 28, 60, 18, 22)
#: Rows a sheet of Excel holds, the header apart.
_MOST: Final = 1_048_575


def write_problems(
    problems: Iterable[Problem], path: str | Path, lang: Lang = "zh", reading: Reading | None = None
) -> int:
    """Write the problems as an xlsx workbook and give their number; a summary sheet is first.

    With ``reading`` its counts and its unmapped columns stand in the summary. Where there are more
    problems than a sheet has rows, further sheets follow. Raises
    :class:`~policy_rules.errors.EvaluationError` where xlsxwriter is missing or the file cannot be
    written; what stood there before is left alone then.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise missing_extra("xlsxwriter") from error
    path = Path(path)
    with (
        tempfile.TemporaryDirectory(prefix="policy-rules-") as folder,
        replacing(path) as beside,
        as_os_error(),
    ):
        # constant_memory: rows go to disk as they come, and are gone where that fails
        constant = {"constant_memory": True, "tmpdir": folder}
        book = xlsxwriter.Workbook(str(beside), constant)
        every = list(problems)
        _summary(book, every, reading, lang)
        for start in range(0, max(1, len(every)), _MOST):
            _sheet(book, every[start : start + _MOST], start // _MOST, lang)
        book.close()
    return len(every)


def _styles(book: Any) -> tuple[Any, Any]:
    head = book.add_format({"bold": True, "font_name": _FONT, "font_color": "#FFFFFF",
                            "bg_color": "#1F4E78", "border": 1, "text_wrap": True})  # fmt: skip
    # a cell that is edited stays a text: what begins with = does not become a formula
    body = book.add_format({"font_name": _FONT, "font_size": 10, "border": 1, "text_wrap": True,
                            "valign": "top", "quote_prefix": True})  # fmt: skip
    return head, body


def _sheet(book: Any, problems: Sequence[Problem], number: int, lang: Lang) -> None:
    name = "问题" if lang == "zh" else "problems"
    sheet: Worksheet = book.add_worksheet(f"{name}{number + 1}" if number else name)
    _page(sheet, _WIDTHS)
    head, body = _styles(book)
    sheet.write_row(0, 0, _HEADS[lang], head)
    for i, problem in enumerate(problems, 1):
        place = problem.place
        cells = (place.file, place.sheet, place.line, letters(place.column), place.header,
                 problem.message(lang), problem.nearest, problem.code)  # fmt: skip
        for c, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(i, c, cell, body)
            else:
                sheet.write_string(i, c, (cell or "")[:32_000], body)
    if problems:
        sheet.autofilter(0, 0, len(problems), len(_HEADS[lang]) - 1)


def _summary(book: Any, problems: Sequence[Problem], reading: Reading | None, lang: Lang) -> None:
    zh = lang == "zh"
    sheet: Worksheet = book.add_worksheet("汇总" if zh else "summary")
    _page(sheet, (36, 40, 12))
    head, body = _styles(book)
    lines: list[tuple[str, str, int]] = []
    by: dict[tuple[str, str], int] = {}
    for problem in problems:
        key = (problem.place.header or ("整行" if zh else "whole row"), problem.code)
        by[key] = by.get(key, 0) + 1
    lines += [(h, c, n) for (h, c), n in sorted(by.items(), key=lambda item: -item[1])]
    if reading is not None:
        said = _COUNTS_ZH if zh else _COUNTS_EN
        lines += [(said[k], "", n) for k, n in reading.counts.as_dict().items()]
        lines += [(p.place.header, p.message(lang), 1) for p in unmapped(reading)]
    sheet.write_row(0, 0, ("列名", "错误代码", "个数") if zh else ("header", "code", "count"), head)
    for i, (first, second, number) in enumerate(lines, 1):
        sheet.write_string(i, 0, first, body)
        sheet.write_string(i, 1, second, body)
        sheet.write_number(i, 2, number, body)


_COUNTS_ZH: Final = {
    "rows": "读入行数", "members": "成为家庭成员的行", "without_member": "只含户信息等的行",
    "items": "其他工作表中读入的行",
    "set_aside": "搁置的行", "households": "户数", "incomplete": "成员可能不全的户",
}  # fmt: skip
_COUNTS_EN: Final = {
    "rows": "rows read", "members": "rows that became members", "without_member": "rows without a member",
    "items": "rows read from further sheets",
    "set_aside": "rows set aside", "households": "households", "incomplete": "households, members incomplete",
}  # fmt: skip


def count_labels(lang: Lang) -> dict[str, str]:
    """What the counts of a reading are called."""
    return _COUNTS_ZH if lang == "zh" else _COUNTS_EN


def letters(column: int | None) -> str:
    """A column's letters, from its number counted from 1."""
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _page(sheet: Worksheet, widths: Sequence[int]) -> None:
    for c, width in enumerate(widths):
        sheet.set_column(c, c, width)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
