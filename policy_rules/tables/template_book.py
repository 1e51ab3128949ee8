"""The workbook of a template: a sheet a list, with drop-downs, notes and an example row, and one of notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from policy_rules.errors import Lang
from policy_rules.facts.dictionary import FactSpec, Vocabulary
from policy_rules.tables.problems_book import letters
from policy_rules.text import Text

if TYPE_CHECKING:
    from policy_rules.tables.template import TemplateColumn, TemplateSheet

#: What stands above the columns of the sheet of people.
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
_NOTES: Final = Text("说明", "notes")
_NUMBERS: Final = Text("编号", "numbers")
#: What a row of a sheet is, by where its list stands.
_ROW: Final = {
    "export": Text(
        "一人一行，同一户的户级各列在每人行中重复(或只填在第一行)。不需要姓名和身份证号。",
        "One row a person; the household's columns stand in each row, or in the first alone. Names and identity numbers are not needed.",
    ),
    "list": Text(
        "一条一行，一户(人)可有多行；没有填行的户(人)按不清楚处理，不当作没有。",
        "One row an item, as many as there are; who has no row is not known about, which is not none.",
    ),
    "entity": Text("一个单位一行。", "One row each."),
}  # fmt: skip
_HEADS: Final = Text(
    "列名|问题|谁能回答|怎么填|事实项", "header|question|who can answer|how to fill in|fact"
)
_WHO: Final = Text("填报人", "who fills in the table")


class TemplateBook:
    """Writes the sheets of a template into a workbook of xlsxwriter."""

    def __init__(
        self,
        book: Any,
        sheets: Sequence[TemplateSheet],
        lang: Lang,
        vocabulary: Vocabulary,
        ask: Mapping[str, Text],
    ) -> None:
        self.sheets, self.lang, self.vocabulary, self.ask = sheets, lang, vocabulary, ask
        self.pages = [book.add_worksheet(s.name[lang]) for s in sheets]
        self.notes = book.add_worksheet(_NOTES[lang])
        base = {"font_name": "Microsoft YaHei", "text_wrap": True, "border": 1, "valign": "vcenter"}
        head = {**base, "bold": True, "align": "center"}
        self.head = book.add_format({**head, "bg_color": "#DCE6F1"})
        self.group = book.add_format({**head, "bg_color": "#B8CCE4"})
        self.part = book.add_format({**base, "bold": True, "bg_color": "#B8CCE4"})
        self.example = book.add_format({"italic": True, "font_color": "#7F7F7F", "num_format": "@"})
        self.text = book.add_format({"num_format": "@"})
        self.body = book.add_format({**base, "valign": "top"})
        #: drop-downs too long for a cell's own list: the values, and the header they first stand under
        self.long: dict[tuple[str, ...], str] = {}

    def write(self) -> None:
        """Every sheet."""
        for page, sheet in zip(self.pages, self.sheets, strict=True):
            self._page(page, sheet)
        self._notes()

    def _page(self, page: Any, sheet: TemplateSheet) -> None:
        lang, first = self.lang, len(sheet.keys)
        for at, (name, note) in enumerate(sheet.keys):
            page.write_string(1, at, name[lang], self.head)
            page.write_comment(1, at, note[lang], {"author": "", "x_scale": 2})
        at = first
        if sheet.path == "export":
            self._group(page, 0, first - 1, _NUMBERS[lang])
            for record, columns in groupby(sheet.columns, lambda c: c.fact.record):
                stop = at + len(list(columns)) - 1
                self._group(page, at, stop, _GROUPS[record][lang])
                at = stop + 1
        else:  # a title: what stands above a single column might be read as its header
            at += len(sheet.columns)
            self._group(page, 0, at - 1, sheet.name[lang])
        page.set_column(0, at - 1, 15, self.text)
        page.set_row(1, 48)
        page.freeze_panes(2, first)
        page.write_string(2, 0, _EXAMPLE[lang], self.example)
        for at, column in enumerate(sheet.columns, first):
            self._column(page, at, column)

    def _group(self, page: Any, start: int, stop: int, label: str) -> None:
        if stop > start:
            page.merge_range(0, start, 0, stop, label, self.group)
        else:
            page.write_string(0, start, label, self.group)

    def _column(self, page: Any, at: int, column: TemplateColumn) -> None:
        fact, lang = column.fact, self.lang
        page.write_string(1, at, column.header, self.head)
        sign = "谁能回答：" if lang == "zh" else "who can answer: "
        comment = "\n".join((fact.question[lang], sign + self._who(fact), self._how(fact)))
        page.write_comment(1, at, comment, {"author": "", "x_scale": 2.5, "y_scale": 2})
        page.write_string(2, at, self._example(fact), self.example)
        allowed = self._allowed(column)
        if allowed is not None:
            page.data_validation(2, at, 1 + _ROWS, at, allowed)

    def _values(self, fact: FactSpec) -> list[str]:
        if fact.kind == "bool":
            return _YES_NO[self.lang].split(",")
        if fact.codes is None:
            return []
        if fact.kind == "codes" and self.lang == "en":
            # labels of several words do not stand beside each other in one cell
            return list(self.vocabulary.codes[fact.codes].values)
        return [label[self.lang] for label in self.vocabulary.codes[fact.codes].values.values()]

    def _allowed(self, column: TemplateColumn) -> dict[str, Any] | None:
        """The drop-down of a column."""
        fact, values = column.fact, self._values(column.fact)
        if fact.kind not in ("bool", "code"):
            return None  # the cells are text, so that figures stay as typed; the readers check them
        source: Any = values
        if len(",".join(values)) > _LONGEST_LIST or any("," in v for v in values):
            self.long.setdefault(tuple(values), column.header)
            letter = letters(8 + list(self.long).index(tuple(values)))
            source = f"='{self.notes.get_name()}'!${letter}$2:${letter}${1 + len(values)}"
        return {"validate": "list", "source": source, "error_type": "warning"}

    def _who(self, fact: FactSpec) -> str:
        who = self.ask.get(fact.ask)
        return who[self.lang] if who else fact.ask

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
        values = self._values(fact)
        if fact.codes is not None:  # 无, 未建立 … do not stand beside others
            codes = self.vocabulary.codes[fact.codes].values
            values = [v for c, v in zip(codes, values, strict=True) if c != "none"]
        match fact.kind:
            case "bool" | "code":
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
                return "2022" if fact.path.endswith("year") else str(max(1, int(fact.lo)))
            case "number":
                return "3.5"
            case "share":
                return "0.5"
        return "530113901201" if fact.path.endswith("_id") else ""

    def _notes(self) -> None:
        lang = self.lang
        for at, (title, width) in enumerate(
            zip(_HEADS[lang].split("|"), (28, 50, 28, 60, 34), strict=True)
        ):
            self.notes.set_column(at, at, width)
            self.notes.write_string(0, at, title, self.head)
        line = 1
        for sheet in self.sheets:
            kind = "export" if sheet.path == "export" else "list" if "." in sheet.path else "entity"
            self._line(line, (sheet.name[lang], _ROW[kind][lang], "", "", ""), self.part)
            line += 1
            for name, note in sheet.keys:
                self._line(line, (name[lang], note[lang], _WHO[lang], "", ""), self.body)
                line += 1
            for column in sheet.columns:
                fact = column.fact
                row = (column.header, fact.question[lang], self._who(fact), self._how(fact), f"{fact.record}.{fact.path}")  # fmt: skip
                self._line(line, row, self.body)
                line += 1
        for at, (values, header) in enumerate(self.long.items(), 7):
            self.notes.set_column(at, at, 20)
            for down, text in enumerate((header, *values)):
                self.notes.write_string(down, at, text)
        self.notes.freeze_panes(1, 1)

    def _line(self, line: int, row: Sequence[str], style: Any) -> None:
        for at, text in enumerate(row):
            self.notes.write_string(line, at, text, style)
