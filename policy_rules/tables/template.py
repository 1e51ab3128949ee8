"""A workbook to fill in: the columns a pack needs, with drop-downs, notes and an example.

One sheet has a row a person, as the readers take it; the other says of every column what is asked, who can
answer and what may stand there. Names and identity numbers are not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import attrs

from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.facts.dictionary import FactSpec, Vocabulary, load_vocabulary
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.tables.headers import understand
from policy_rules.tables.sheets import Head
from policy_rules.text import Text
from policy_rules.writing import writing

__all__ = ["TemplateColumn", "template_columns", "write_template"]

#: What rows of the sheet may tell of, as :mod:`policy_rules.tables.export` has it.
_RECORDS: Final = ("member", "household", "income_year", "service_year")
_WITHOUT_CELL: Final = frozenset(("list", "by_year", "record"))
#: Asked for always: where the household is, who the person is to it.
_ALWAYS: Final = (
    ("household", "village_id"), ("household", "township_id"), ("household", "type"),
    ("household", "size"), ("member", "birth_date"), ("member", "sex"), ("member", "relation"),
)  # fmt: skip
_GROUPS: Final = {
    "household": Text("户的情况", "the household"),
    "income_year": Text("户的收入", "income of the household"),
    "member": Text("本人的情况", "the person"),
    "service_year": Text("本人接受的服务", "services to the person"),
}
_YES_NO: Final = Text("是,否", "yes,no")
_ROWS: Final = 5_000
#: Characters a drop-down's own list may have.
_LONGEST_LIST: Final = 255
_EXAMPLE: Final = Text("注：示例行，填报前请删除", "注：example row (示例), delete it")
_EMPTY: Final = {
    "unknown": Text("空着表示不清楚，不会当作“否”或 0。", "An empty cell means: not known; it is never taken for no or 0."),
    "none": Text("空着表示没有。", "An empty cell means: there is none."),
}  # fmt: skip
_HOW: Final = {
    "bool": Text("填“是”或“否”。", "yes or no."),
    "date": Text("如 2022-06-30；只知年月可填 2022-06。", "Such as 2022-06-30; 2022-06 where only the month is known."),
    "year_month": Text("如 2022-06。", "Such as 2022-06."),
    "money": Text("元，最多两位小数。", "Yuan, two decimals at most."),
    "codes": Text("可填多项，用顿号隔开：", "Several may stand, with commas between: "),
    "code": Text("选一项：", "One of: "),
}  # fmt: skip
_NUMBERS: Final = (
    (Text("户编号", "household_id"), Text("同一户各人填同一个户编号；不要用身份证号。", "The same for all of one household; no identity number.")),
    (Text("人编号", "member_id"), Text("户内每人一个编号；不要用身份证号。", "One for each person; no identity number.")),
)  # fmt: skip
_TEXTS: Final = {
    "data": Text("填报表", "people"),
    "notes": Text("说明", "notes"),
    "intro": Text(
        "一人一行，同一户的户级各列在每人行中重复(或只填在第一行)。不需要姓名和身份证号。",
        "One row a person; the household's columns stand in each row, or in the first alone. Names and identity numbers are not needed.",
    ),
    "lists": Text("另需填在分表中的清单：", "Asked for in sheets of their own: "),
}
_HEADS: Final = Text(
    "列名|问题|谁能回答|怎么填|事实项", "header|question|who can answer|how to fill in|fact"
)
_WHO: Final = Text("填报人", "who fills in the table")
_DAY: Final = datetime(2022, 1, 1)


@attrs.frozen
class TemplateColumn:
    """A column: the fact, its year where it has one, and a header that is read as that fact."""

    fact: FactSpec
    header: str
    year: int | None = None


def template_columns(
    pack: Pack | None, lang: Lang, vocabulary: Vocabulary, years: Sequence[int] = ()
) -> tuple[TemplateColumn, ...]:
    """The columns of a template, the household's first.

    Those a pack's rules read; without a pack all that exports of real systems have. ``years`` are those of
    incomes and services: by default the year a pack comes into force and the one before, else 2022.
    """
    if pack is None:
        specs = {f for n in _RECORDS for f in vocabulary.records[n].facts.values() if f.columns}
    else:
        specs = set(required_facts(pack))
    specs |= {vocabulary.fact(*name) for name in _ALWAYS}
    if pack is not None and not years and pack.in_force.start is not None:
        years = (pack.in_force.start.year - 1, pack.in_force.start.year)
    found = []
    for record in _GROUPS:
        for fact in vocabulary.records[record].facts.values():
            if fact not in specs or fact.kind in _WITHOUT_CELL:
                continue
            if fact.path == "age":
                continue  # follows from the birth date, and changes with the day
            for year in (years or (2022,)) if record.endswith("_year") else (None,):
                found.append(TemplateColumn(fact, _header(fact, year, lang, vocabulary), year))
    return tuple(found)


def _header(fact: FactSpec, year: int | None, lang: Lang, vocabulary: Vocabulary) -> str:
    """The first of the fact's names that is read as this fact and no other."""
    names = [*fact.columns, fact.label.zh] if lang == "zh" else [fact.label.en]
    for name in (*names, f"{fact.record}.{fact.path}"):
        text = name if year is None else f"{year}年{name}" if lang == "zh" else f"{name} {year}"
        column = understand(0, Head(text), _RECORDS, vocabulary)
        if column.fact is fact and column.year == year and column.part is None:
            return text
    return f"{year}年{fact.record}.{fact.path}" if year else f"{fact.record}.{fact.path}"


def write_template(
    path: str | Path,
    pack: Pack | None = None,
    lang: Lang = "zh",
    *,
    years: Sequence[int] = (),
    ask: Mapping[str, Text] | None = None,
    vocabulary: Vocabulary | None = None,
) -> int:
    """Write the workbook; gives the number of fact columns.

    ``ask`` has the words for who can answer. The same arguments give the same bytes. Raises
    :class:`~policy_rules.errors.EvaluationError` (``extra_missing``, ``cannot_write``).
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`xlsxwriter`")
        ) from error
    path = Path(path)
    if vocabulary is None:
        vocabulary = load_vocabulary() if pack is None else pack.vocabulary
    columns = template_columns(pack, lang, vocabulary, years)
    beside = path.with_name(f"{path.name}.tmp")
    with writing(path):
        try:
            book = xlsxwriter.Workbook(str(beside))
            book.set_properties({"created": _DAY, "title": _TEXTS["data"][lang]})
            _Writer(book, columns, lang, vocabulary, ask or {}).write(pack)
            try:
                book.close()
            except xlsxwriter.exceptions.FileCreateError as error:
                raise OSError(str(error)) from error
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    return len(columns)


class _Writer:
    def __init__(
        self,
        book: Any,
        columns: Sequence[TemplateColumn],
        lang: Lang,
        vocabulary: Vocabulary,
        ask: Mapping[str, Text],
    ) -> None:
        self.columns, self.lang, self.vocabulary, self.ask = columns, lang, vocabulary, ask
        self.data = book.add_worksheet(_TEXTS["data"][lang])
        self.notes = book.add_worksheet(_TEXTS["notes"][lang])
        base = {"font_name": "Microsoft YaHei", "text_wrap": True, "border": 1, "valign": "vcenter"}
        self.head = book.add_format(
            {**base, "bold": True, "align": "center", "bg_color": "#DCE6F1"}
        )
        self.group = book.add_format(
            {**base, "bold": True, "align": "center", "bg_color": "#B8CCE4"}
        )
        self.example = book.add_format({"italic": True, "font_color": "#7F7F7F", "num_format": "@"})
        self.text = book.add_format({"num_format": "@"})
        self.body = book.add_format({**base, "valign": "top"})
        self.long: list[tuple[str, list[str]]] = []

    def write(self, pack: Pack | None) -> None:
        """Both sheets."""
        lang, first = self.lang, len(_NUMBERS)
        self._group(0, first - 1, Text("编号", "numbers")[lang])
        for at, (name, note) in enumerate(_NUMBERS):
            self.data.write_string(1, at, name[lang], self.head)
            self.data.write_comment(1, at, note[lang], {"author": "", "x_scale": 2})
        starts = [
            i
            for i, c in enumerate(self.columns)
            if not i or c.fact.record != self.columns[i - 1].fact.record
        ]
        for start, stop in zip(starts, [*starts[1:], len(self.columns)], strict=True):
            label = _GROUPS[self.columns[start].fact.record][lang]
            self._group(first + start, first + stop - 1, label)
        self.data.set_column(0, first + len(self.columns) - 1, 15, self.text)
        self.data.set_row(1, 48)
        self.data.freeze_panes(2, first)
        self.data.write_string(2, 0, _EXAMPLE[lang], self.example)
        for at, column in enumerate(self.columns, first):
            self._column(at, column)
        self._notes(pack)

    def _group(self, start: int, stop: int, label: str) -> None:
        if stop > start:
            self.data.merge_range(0, start, 0, stop, label, self.group)
        else:
            self.data.write_string(0, start, label, self.group)

    def _column(self, at: int, column: TemplateColumn) -> None:
        fact, lang = column.fact, self.lang
        self.data.write_string(1, at, column.header, self.head)
        comment = "\n".join((fact.question[lang], self._who(fact), self._how(fact)))
        self.data.write_comment(1, at, comment, {"author": "", "x_scale": 2.5, "y_scale": 2})
        self.data.write_string(2, at, self._example(fact), self.example)
        allowed = self._allowed(column, at)
        if allowed is not None:
            self.data.data_validation(2, at, 1 + _ROWS, at, allowed)

    def _values(self, fact: FactSpec) -> list[str]:
        if fact.kind == "bool":
            return _YES_NO[self.lang].split(",")
        if fact.codes is None:
            return []
        if fact.kind == "codes" and self.lang == "en":
            # labels of several words do not stand beside each other in one cell
            return list(self.vocabulary.codes[fact.codes].values)
        return [label[self.lang] for label in self.vocabulary.codes[fact.codes].values.values()]

    def _allowed(self, column: TemplateColumn, at: int) -> dict[str, Any] | None:
        """The drop-down of a column."""
        fact, values = column.fact, self._values(column.fact)
        if fact.kind in ("bool", "code"):
            source: Any = values
            if len(",".join(values)) > _LONGEST_LIST or any("," in v for v in values):
                self.long.append((column.header, values))
                letter = chr(ord("H") + len(self.long) - 1)
                source = f"='{self.notes.get_name()}'!${letter}$2:${letter}${1 + len(values)}"
            return {"validate": "list", "source": source, "error_type": "warning"}
        return None  # figures: the cells are text, so that they stay as typed, and the readers check them

    def _who(self, fact: FactSpec) -> str:
        who = self.ask.get(fact.ask)
        sign = "谁能回答：" if self.lang == "zh" else "who can answer: "
        return f"{sign}{who[self.lang] if who else fact.ask}"

    def _how(self, fact: FactSpec) -> str:
        lang = self.lang
        parts = [_HOW[fact.kind][lang]] if fact.kind in _HOW else []
        if fact.codes is not None:
            parts.append(
                ("、" if lang == "zh" else ", ").join(self._values(fact))
                + ("。" if lang == "zh" else ".")
            )
        parts.append(_EMPTY[fact.empty_means][lang])
        return (" " if lang == "en" else "").join(parts)

    def _example(self, fact: FactSpec) -> str:
        values = [v for v in self._values(fact) if v not in ("无", "none")]
        match fact.kind:
            case "bool":
                return values[0]
            case "code":
                return values[0]
            case "codes":
                return "、".join(values[:2]) if self.lang == "zh" else ", ".join(values[:2])
            case "date":
                return "1968-05-20" if fact.path == "birth_date" else "2022-06-30"
            case "year_month":
                return "2022-06"
            case "money":
                return "12000.50"
            case "int":
                return str(max(1, int(fact.lo)))
            case "number":
                return "3.5"
            case "share":
                return "0.5"
        return "530113901201" if fact.path.endswith("_id") else ""

    def _notes(self, pack: Pack | None) -> None:
        lang = self.lang
        heads = _HEADS[lang].split("|")
        for at, (name, width) in enumerate(zip(heads, (28, 50, 28, 60, 34), strict=True)):
            self.notes.set_column(at, at, width)
            self.notes.write_string(0, at, name, self.head)
        rows = [(name[lang], note[lang], _WHO[lang], "", "") for name, note in _NUMBERS]
        for column in self.columns:
            fact = column.fact
            who = self.ask.get(fact.ask)
            rows.append((column.header, fact.question[lang], who[lang] if who else fact.ask, self._how(fact), f"{fact.record}.{fact.path}"))  # fmt: skip
        lists = _lists(pack, self.vocabulary)
        rows.append((_TEXTS["intro"][lang], "", "", "", ""))
        if lists:
            names = ("、" if lang == "zh" else ", ").join(f.label[lang] for f in lists)
            rows.append((_TEXTS["lists"][lang] + names, "", "", "", ""))
        for line, row in enumerate(rows, 1):
            for at, text in enumerate(row):
                self.notes.write_string(line, at, text, self.body)
        for at, (header, values) in enumerate(self.long, 7):
            self.notes.set_column(at, at, 20)
            for line, text in enumerate((header, *values)):
                self.notes.write_string(line, at, text)
        self.notes.freeze_panes(1, 1)


def _lists(pack: Pack | None, vocabulary: Vocabulary) -> list[FactSpec]:
    """Lists a pack reads that a row a person cannot hold."""
    if pack is None:
        return []
    return [
        f for f in required_facts(pack)
        if f.kind == "list" and f.record in ("household", "member") and f.path != "members"
    ]  # fmt: skip
