"""Packs beside each other as a workbook: what staff filter and print.

Needs ``openpyxl`` (extra ``xlsx``). Texts are written as texts, whatever they begin with.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules.diff.compare import ASPECTS, Aspect, Comparison, PackDiff
from policy_rules.diff.profile import Profile
from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.render.aspects import AGREED, NAMES, differing, hanging, outcome, remark, said
from policy_rules.render.comparing import HYPOTHETICAL, cell, head, most_generous, where
from policy_rules.render.locators import locators
from policy_rules.render.meaning import SHORT as RELATION
from policy_rules.render.meaning import meaning_told
from policy_rules.render.words import CAUTION
from policy_rules.text import Text
from policy_rules.writing import as_os_error, repacked, write_whole, writing

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

#: A cell of Excel holds no more.
LONGEST_CELL: Final = 32_000
#: Rules and targets in a cell of the matrix (a row of Excel is 409 points high at most); all stand in the
#: second sheet.
MOST: Final = 6
_FONT: Final = "Microsoft YaHei"
#: What no cell may hold: control characters, and what is no character.
_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_HEAD, _BAND, _EMPTY = "1F4E78", "F2F2F2", "D9D9D9"


def openpyxl_module() -> Any:
    """openpyxl; raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``)."""
    try:
        import openpyxl
        import openpyxl.styles
        import openpyxl.utils
    except ImportError as error:
        raise EvaluationError(
            Problem(
                "extra_missing",
                Place(),
                expected='`pip install ".[xlsx]"` / `pip install "policy-rules[xlsx]"`',
                got="`openpyxl`",
            )
        ) from error
    return openpyxl


def comparison(report: Comparison, path: Path, lang: Lang) -> None:
    """The matrix, the same rule by rule, and what was compared.

    Raises :class:`~policy_rules.errors.EvaluationError` where openpyxl is missing or the file cannot
    be written; what stood there before is left alone then.
    """
    book = openpyxl_module().Workbook()
    zh = lang == "zh"
    sheet = book.active
    sheet.title = "对照表" if zh else "matrix"
    heads = ["领域", "事项", "要回答的问题", "可比的前提"] if zh else ["topic", "concept", "question", "must agree"]  # fmt: skip
    asked = report.generous is not None
    if asked:
        heads.append("对对象最有利" if zh else "most generous")
    rows: list[list[str]] = []
    for concept, cells in report.rows:
        agreed = [AGREED.get(n, Text(n, n))[lang] for n in concept.must_agree]
        first = [concept.topic_label[lang], concept.label[lang], concept.question[lang]]
        first.append(("、" if zh else ", ").join(agreed))
        if asked:
            first.append(most_generous(report, concept.id, lang) or "—")
        rows.append(first + [cell(cells.get(p.id, ()), lang, MOST) for p in report.packs])
    names = [where(p, lang) for p in report.packs]
    widths = [12, 18, 24, 12, *([14] if asked else []), *(44 for _ in names)]
    _write(sheet, [*heads, *names], rows, widths, frozen="C2")
    _long(book.create_sheet("逐条" if zh else "rules"), report, lang)
    notes = [HYPOTHETICAL[lang], CAUTION[lang]]
    _about(book.create_sheet("说明" if zh else "notes"), report, notes, lang)
    save(book, path)


def _long(sheet: Worksheet, report: Comparison, lang: Lang) -> None:
    """A row a rule or target, a column an aspect: what filters are for."""
    zh = lang == "zh"
    heads = ["领域", "事项", "地区", "名称"] if zh else ["topic", "concept", "region", "label"]
    heads += [NAMES[a][lang] for a in ASPECTS] + (["条款", "规则包"] if zh else ["clauses", "pack"])
    names = {p.id: where(p, lang) for p in report.packs}
    rows = [
        [concept.topic_label[lang], concept.label[lang], names[pack], p.label[lang]]
        + [said(p, a, lang) for a in ASPECTS]
        + [locators(p.clauses, lang), f"{pack}.{p.thing.id}"]
        for concept, cells in report.rows
        for pack, profiles in cells.items()
        for p in profiles
    ]
    widths = [12, 18, 14, 26, *(_WIDTHS.get(a, 14) for a in ASPECTS), 22, 30]
    _write(sheet, heads, rows, widths, frozen="E2")


_WIDTHS: Final[dict[Aspect, int]] = {
    "population": 28, "line": 28, "income_definition": 16, "window": 22, "condition": 50, "figure": 24,
    "amount": 28, "dates": 24,
}  # fmt: skip


def _about(sheet: Worksheet, report: Comparison, notes: Iterable[str], lang: Lang) -> None:
    zh = lang == "zh"
    heads = ["地区", "文件", "印发机关", "有效期", "按哪一天", "规则包"] if zh else [
        "region", "document", "issuer", "in force", "as on", "pack"
    ]  # fmt: skip
    rows = [
        [
            where(p, lang),
            p.document.title[lang],
            p.document.issuer[lang],
            f"{p.in_force.start} – {p.in_force.end}",
            str(report.days[p.id]),
            f"{p.id}@{p.version}",
        ]
        for p in report.packs
    ]
    rows += [[""] * 6, *([note, "", "", "", "", ""] for note in notes)]
    _write(sheet, heads, rows, [44, 50, 36, 26, 14, 26], frozen="A2", filtered=False)


def diff(report: PackDiff, path: Path, lang: Lang) -> None:
    """Two packs: a row an aspect of a pair, and what only one of them has.

    Raises as :func:`comparison` does.
    """
    book = openpyxl_module().Workbook()
    zh = lang == "zh"
    sheet = book.active
    sheet.title = "差异" if zh else "differences"
    left, right = where(report.left, lang), where(report.right, lang)
    heads = ["领域", "事项", "方面", f"A {left}", f"B {right}", "A 条款", "B 条款", "能否直接比较", "含义"] if zh else [
        "topic", "concept", "aspect", f"A {left}", f"B {right}", "A clauses", "B clauses", "comparable", "meaning"
    ]  # fmt: skip
    rows: list[list[str]] = []
    readings: list[list[str]] = []
    meant: list[list[str]] = []
    for concept in report.concepts:
        for pair in concept.pairs:
            names = [concept.concept.topic_label[lang], concept.concept.label[lang]]
            ends = [
                locators(pair.left.clauses, lang),
                locators(pair.right.clauses, lang),
                remark(pair, lang),
                "" if pair.meaning is None else RELATION[pair.meaning.relation][lang],
            ]
            meant += [
                [*names, f"{pair.left.label[lang]} / {pair.right.label[lang]}", line]
                for line in meaning_told(pair, report, lang)
            ]
            label = "名称" if zh else "label"
            rows.append([*names, label, pair.left.label[lang], pair.right.label[lang], *ends])
            rows += [[*names, *told, "", "", "", ""] for told in differing(pair, lang)]
            for where_, reading, change in hanging(pair, lang):
                pair_label = f"{pair.left.label[lang]} / {pair.right.label[lang]}"
                readings.append([*names, pair_label, where_, reading, change])
    _write(sheet, heads, rows, [12, 18, 12, 46, 46, 20, 20, 30, 14], frozen="D2")
    if meant:
        sheet = book.create_sheet("含义" if zh else "meaning")
        heads = ["领域", "事项", "两条规则", "关系、例子、读法"] if zh else [
            "topic", "concept", "rules", "relation, examples, readings"
        ]  # fmt: skip
        _write(sheet, heads, meant, [12, 18, 40, 110], frozen="D2")
    other = book.create_sheet("其他读法" if zh else "other readings")
    heads = ["领域", "事项", "规则或目标", "条款", "另一读法", "会变成"] if zh else [
        "topic", "concept", "rule or target", "clause", "other reading", "what it would make of it"
    ]  # fmt: skip
    _write(other, heads, readings, [12, 18, 40, 30, 36, 60], frozen="D2")
    only = book.create_sheet("没有对应的" if zh else "no counterpart")
    heads = ["领域", "事项", "在哪份", "名称", "类别", "条款"] if zh else [
        "topic", "concept", "in", "label", "kind", "clauses"
    ]  # fmt: skip
    _write(only, heads, _only(report, lang), [12, 18, 18, 40, 10, 30], frozen="D2")
    about = book.create_sheet("说明" if zh else "notes")
    lines = [[line] for line in (*head(report, lang), CAUTION[lang])]
    _write(about, ["说明" if zh else "notes"], lines, [120], frozen="A2", filtered=False)
    save(book, path)


def _only(report: PackDiff, lang: Lang) -> list[list[str]]:
    def row(concept: Any, pack: Any, profile: Profile) -> list[str]:
        return [
            concept.topic_label[lang],
            concept.label[lang],
            where(pack, lang),
            profile.label[lang],
            outcome(profile, lang),
            locators(profile.clauses, lang),
        ]

    return [
        row(c.concept, pack, profile)
        for c in report.concepts
        for pack, profiles in ((report.left, c.only_left), (report.right, c.only_right))
        for profile in profiles
    ]


def _write(
    sheet: Worksheet,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    frozen: str,
    filtered: bool = True,
) -> None:
    """A table with a head that stays, filters, columns of a width, and paper in mind."""
    px = openpyxl_module()
    style, letter = px.styles, px.utils.get_column_letter
    thin = style.Side(style="thin", color="BFBFBF")
    border = style.Border(top=thin, bottom=thin, left=thin, right=thin)
    wrap = style.Alignment(wrap_text=True, vertical="top")
    for i, (name, width) in enumerate(zip(heads, widths, strict=True), 1):
        top = sheet.cell(1, i)
        write_cell(top, name)
        top.font = style.Font(name=_FONT, bold=True, color="FFFFFF")
        top.fill = style.PatternFill("solid", fgColor=_HEAD)
        top.alignment = style.Alignment(wrap_text=True, vertical="center", horizontal="center")
        top.border = border
        sheet.column_dimensions[letter(i)].width = width
    for r, row in enumerate(rows, 2):
        lines = 1
        for i, text in enumerate(row, 1):
            box = sheet.cell(r, i)
            value = write_cell(box, text)
            box.font = style.Font(name=_FONT, size=10)
            box.alignment, box.border = wrap, border
            if value == "—":
                box.fill = style.PatternFill("solid", fgColor=_EMPTY)
            elif r % 2:
                box.fill = style.PatternFill("solid", fgColor=_BAND)
            lines = max(lines, _lines(value, widths[i - 1]))
        sheet.row_dimensions[r].height = min(400, 15 * lines)
    sheet.freeze_panes = frozen
    if filtered and rows:
        sheet.auto_filter.ref = f"A1:{letter(len(heads))}{len(rows) + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = px.worksheet.properties.PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"


def write_cell(box: Cell | MergedCell, text: str) -> str:
    """Put a text into a cell, as a text even after it was edited; gives what stands there then."""
    value = _NOT_XML.sub("·", text[:LONGEST_CELL])
    box.value = value
    box.data_type = "s"
    # a cell that is edited stays a text: what begins with = does not become a formula
    box.quotePrefix = True
    return value


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; Chinese characters are two wide."""
    wide = [sum(2 if ord(c) > 0x2E7F else 1 for c in line) for line in text.split("\n")]
    return sum(max(1, -(-w // max(1, int(width) - 1))) for w in wide)


def save(book: Any, path: Path) -> None:
    """Write the file whole, the same bytes for the same content; a broken run leaves what was there."""
    held = io.BytesIO()
    with writing(path), as_os_error():
        book.save(held)
    write_whole(path, repacked(held.getvalue(), undated=True))
