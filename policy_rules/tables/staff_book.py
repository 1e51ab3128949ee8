"""The workbook staff work from: a sheet a township or village, a row a household, member and measure.

Written row by row (xlsxwriter, ``constant_memory``): memory does not grow with the rows. Every text is
written as a text, whatever it begins with.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import attrs

from policy_rules.errors import EvaluationError, Lang, NotFoundError, Place, Problem
from policy_rules.packs.model import DIGITS, Pack
from policy_rules.tables.outputs import ERROR
from policy_rules.text import Text
from policy_rules.writing import as_os_error, to_disk, writing

if TYPE_CHECKING:
    import polars as pl

#: Rows of a sheet before it is split; spreadsheets hold 1,048,576, people do not.
MOST_ROWS: Final = 100_000
#: Sheets of a book; with more of them nobody finds one.
MOST_SHEETS: Final = 500
#: A cell of Excel holds no more.
LONGEST_CELL: Final = 32_000
#: What sheets may go by; else the name of a column that is carried along.
AREAS: Final = ("township", "village")
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_FONT: Final = "Microsoft YaHei"
_HEADS: Final = {
    "record": Text("户", "household"),
    "subject": Text("成员", "member"),
    "label": Text("事项", "measure"),
    "kind": Text("类别", "effect"),
    "verdict": Text("结论", "answer"),
    "amount": Text("金额", "amount"),
    "clauses": Text("条款", "clause"),
    "why": Text("理由", "why"),
    "lacking": Text("还缺什么", "what is missing"),
    "ask": Text("谁能提供", "who can tell"),
    "pack": Text("文件", "document"),
}
_WIDTHS: Final = {
    "record": 16, "subject": 10, "label": 24, "kind": 10, "verdict": 10, "amount": 16, "clauses": 20,
    "why": 44, "lacking": 32, "ask": 16, "pack": 22,
}  # fmt: skip
_NOWHERE: Final = Text("未写地区", "no region")
_COVER: Final = Text("说明", "notes")
_FILLS: Final = {"YES": "#E2EFDA", "UNKNOWN": "#FFF2CC", None: "#F8CBAD"}


class Wording(Protocol):
    """How answers are said to staff, in one language."""

    def verdict(self, verdict: str | None, status: str, code: str | None) -> str:
        """YES or UNKNOWN, or why the record is marked."""

    def kind(self, outcome: str, effect: str | None) -> str:
        """What a YES gives."""

    def amount(self, pack: Pack, rule: str, low: str | None, high: str | None) -> str:
        """How much."""

    def clauses(self, addresses: Sequence[str]) -> str:
        """Locators."""

    def asks(self, codes: Sequence[str]) -> str:
        """Who can answer."""

    def notes(self) -> Sequence[str]:
        """What stands on the first sheet: the caution."""


@attrs.frozen
class Book:
    """What a workbook is made of. ``by`` is one of :data:`AREAS` or a column carried along; ``several``:
    more than one document has answered."""

    packs: Mapping[str, Pack]
    wording: Wording
    lang: Lang
    by: str = "township"
    carry: tuple[str, ...] = ()
    everything: bool = False
    several: bool = False
    most_rows: int = MOST_ROWS

    def rows(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows staff act on: flags and measures (duties bind others), records that are marked."""
        import polars as pl

        acted = pl.col("outcome").is_in(["flag", "measure"]) | (pl.col("status") == ERROR)
        return frame if self.everything else frame.filter(acted)

    def places(self, frame: pl.DataFrame) -> list[str]:
        """The area each row belongs to; empty where it has none of that level."""
        if self.by not in AREAS:
            return [v or "" for v in frame.get_column(self.by).to_list()]
        digits = DIGITS[self.by]
        codes = frame.get_column("region").to_list()
        return [c[:digits] if c and len(c) >= digits else "" for c in codes]

    @property
    def columns(self) -> list[str]:
        """Columns of a sheet, in order."""
        names = ["record", *self.carry, *(n for n in _HEADS if n not in ("record", "pack"))]
        return [*names, *(["pack"] if self.several else [])]

    def head(self, column: str) -> str:
        """What stands above a column."""
        return _HEADS[column][self.lang] if column in _HEADS else column

    def cells(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The texts of one row."""
        said, pack = self.wording, self.packs.get(row["pack"] or "")
        known = pack is not None and row["rule"] in pack.rules
        figures = (row["amount_low"], row["amount_high"])
        return {
            **{name: row[name] or "" for name in (*self.carry, "record", "subject", "label")},
            "kind": said.kind(row["outcome"], row["effect"]) if row["outcome"] else "",
            "verdict": said.verdict(row["verdict"], row["status"], row["code"]),
            "amount": said.amount(pack, row["rule"], *figures) if pack and known else "",
            "clauses": said.clauses([c for c in (row["clauses"] or "").split("; ") if c]),
            "why": row["why"] or "",
            "lacking": row["lacking"] or "",
            "ask": said.asks([a for a in (row["ask"] or "").split("; ") if a]),
            "pack": pack.document.title[self.lang] if pack else "",
        }


def write_book(
    path: Path, book: Book, frames: Callable[[], Iterator[pl.DataFrame]], folder: Path
) -> None:
    """Write the workbook from frames of the long form, read twice; ``folder`` holds what is not done.

    Raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``, ``cannot_write``) and
    :class:`~policy_rules.errors.NotFoundError` (``too_many_values``: more than :data:`MOST_SHEETS` areas).
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`xlsxwriter`")
        ) from error
    count: Counter[str] = Counter()
    for frame in frames():
        count.update(book.places(book.rows(frame)))
    areas = sorted(count, key=lambda a: (not a, a))
    split = {a: -(-count[a] // book.most_rows) for a in areas}
    if sum(split.values()) > MOST_SHEETS:
        raise NotFoundError(
            Problem("too_many_values", Place(path="--sheets"), str(MOST_SHEETS), str(len(areas)))
        )
    with writing(path), as_os_error():
        options = {"constant_memory": True, "tmpdir": str(folder), "strings_to_urls": False}
        target = xlsxwriter.Workbook(str(path), options)
        # the same answers make the same file: no clock
        target.set_properties({"created": datetime(2000, 1, 1)})
        writer = _Writer(target, book)
        writer.cover(areas, split, count)
        for frame in frames():
            kept = book.rows(frame)
            for area, row in zip(book.places(kept), kept.iter_rows(named=True), strict=True):
                writer.row(area, book.cells(row), row["verdict"])
        writer.close()
        with path.open("rb") as file:
            to_disk(file)


class _Writer:
    """The sheets of one workbook while it is written."""

    def __init__(self, target: Any, book: Book) -> None:
        self._target, self._book = target, book
        self._at: dict[str, tuple[int, int]] = {}  # area: sheet of it, rows written there
        self._sheets: dict[tuple[str, int], Any] = {}
        self._names: dict[tuple[str, int], str] = {}
        edge = {
            "font_name": _FONT,
            "font_size": 10,
            "text_wrap": True,
            "valign": "top",
            "border": 1,
        }
        edge |= {"border_color": "#BFBFBF"}
        # a cell that is edited stays a text: what begins with = does not become a formula
        self._plain = target.add_format({**edge, "quote_prefix": True})
        self._fills = {
            v: target.add_format({**edge, "quote_prefix": True, "bg_color": c})
            for v, c in _FILLS.items()
        }
        self._link = target.add_format(
            {"quote_prefix": True, "hyperlink": True, "font_color": "#0563C1", "underline": 1}
        )
        self._head = target.add_format(
            {**edge, "bold": True, "font_color": "#FFFFFF", "bg_color": "#1F4E78"}
            | {"align": "center", "valign": "vcenter", "quote_prefix": True}
        )

    def cover(self, areas: Sequence[str], split: Mapping[str, int], count: Counter[str]) -> None:
        """The first sheet (the caution, a line a sheet with a link), then the sheets, empty."""
        book, lang = self._book, self._book.lang
        taken: set[str] = set()
        notes = self._target.add_worksheet(sheet_name(_COVER[lang], taken))
        notes.set_column(0, 0, 36)
        notes.set_column(1, 1, 90)
        notes.set_landscape()
        line = 0
        for text in book.wording.notes():
            notes.set_row(line, 15 * _lines(text, 126))
            notes.merge_range(line, 0, line, 1, "", self._plain)
            notes.write_string(line, 0, text, self._plain)
            line += 1
        for i, text in enumerate(("工作表", "行数") if lang == "zh" else ("sheet", "rows")):
            notes.write_string(line + 1, i, text, self._head)
        line += 2
        for area in areas:
            for n in range(split[area]):
                title = area or _NOWHERE[lang]
                name = sheet_name(title, taken)
                self._names[area, n] = name
                self._sheets[area, n] = self._target.add_worksheet(name)
                rows = min(book.most_rows, count[area] - n * book.most_rows)
                self._set_up(self._sheets[area, n], rows)
                quoted = name.replace("'", "''")
                notes.write_url(line, 0, f"internal:'{quoted}'!A1", self._link, name)
                notes.write_number(line, 1, rows)
                line += 1

    def _set_up(self, sheet: Any, rows: int) -> None:
        names = self._book.columns
        for i, name in enumerate(names):
            sheet.set_column(i, i, _WIDTHS.get(name, 14))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, rows, len(names) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer("&L&A&R&P / &N")
        for i, name in enumerate(names):
            sheet.write_string(0, i, self._book.head(name), self._head)

    def row(self, area: str, cells: Mapping[str, str], verdict: str | None) -> None:
        """One row, on the sheet of its area that has room."""
        number, written = self._at.get(area, (0, 0))
        if written == self._book.most_rows:
            number, written = number + 1, 0
        self._at[area] = (number, written + 1)
        sheet = self._sheets[area, number]
        names = self._book.columns
        lines = max(_lines(cells[n], _WIDTHS.get(n, 14)) for n in names)
        sheet.set_row(written + 1, min(400, 15 * lines))
        for i, name in enumerate(names):
            fill = self._fills.get(verdict, self._plain) if name == "verdict" else self._plain
            text = cells[name][:LONGEST_CELL]
            if text:
                sheet.write_string(written + 1, i, text, fill)
            else:
                sheet.write_blank(written + 1, i, None, fill)

    def close(self) -> None:
        """Write the file."""
        self._target.close()


def sheet_name(title: str, taken: set[str]) -> str:
    """A name a sheet may have, unlike those taken (in any case); it is added to them."""
    base = _FORBIDDEN.sub("_", title).strip().strip("'")[:31] or "_"
    if base.lower() == "history":  # Excel keeps this name for itself
        base = f"{base}_"
    name, n = base, 1
    while name.lower() in taken:
        n += 1
        end = f" ({n})"
        name = base[: 31 - len(end)].rstrip() + end
    taken.add(name.lower())
    return name


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; Chinese characters are two wide."""
    wide = [sum(2 if ord(c) > 0x2E7F else 1 for c in line) for line in text.split("\n")]
    return sum(max(1, -(-w // max(1, int(width) - 1))) for w in wide)
