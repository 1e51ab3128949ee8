"""Coverage as a workbook: the figures, who would close each gap, double binding, whom to ask.

Needs ``openpyxl`` (extra ``xlsx``). Numbers are numbers, so that they can be sorted and summed; texts
are written as texts, whatever they begin with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policy_rules.errors import Lang
from policy_rules.packs.model import Target
from policy_rules.render.coverage import summary
from policy_rules.render.coverage_data import rates_of
from policy_rules.render.coverage_words import (
    CAUTION,
    DIRECTIONS,
    KINDS,
    NO_BINDING,
    STAGES,
    counts_text,
    missing_text,
    name_of,
    records_text,
    said,
    short_text,
    value_text,
    wanted_text,
)
from policy_rules.render.locators import locators
from policy_rules.render.words import ASK, FORCES
from policy_rules.render.workbook import openpyxl_module, save, write_cell
from policy_rules.tables.coverage import Coverage, TargetCoverage
from policy_rules.tables.coverage_binding import TWO_CELLS
from policy_rules.tables.coverage_gaps import Listing
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.verdict import Verdict

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

_FONT: Final = "Microsoft YaHei"
_HEAD: Final = "1F4E78"
#: Fills that differ in grey too: met is light, not met dark, open between.
_FILLS: Final = {Verdict.YES: "E2EFDA", Verdict.NO: "F4B183", Verdict.UNKNOWN: "FFF2CC"}
Cell = str | int | float | None
Row = tuple[Sequence[Cell], str | None]


def coverage(report: Coverage, path: Path, lang: Lang = "zh") -> None:
    """The whole report as a workbook.

    Raises :class:`~policy_rules.errors.EvaluationError` where openpyxl is missing or the file cannot
    be written; what stood there before is left alone then.
    """
    book = openpyxl_module().Workbook()
    zh = lang == "zh"
    first = book.active
    first.title = "目标完成情况" if zh else "targets"
    _targets(first, report, lang)
    _gaps(book.create_sheet("缺口名单" if zh else "gaps"), report, lang)
    if report.double_binding:
        _rates(book.create_sheet("双绑率" if zh else "double binding"), report, lang)
        _broken(book.create_sheet("双绑缺口" if zh else "where binding breaks"), report, lang)
    _asked(book.create_sheet("需补数据" if zh else "figures needed"), report, lang)
    _notes(book.create_sheet("说明" if zh else "notes"), report, lang)
    save(book, path)


def _targets(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    heads = [
        "目标", "要达到", "年份", "现状", "下界", "上界", "分子(确定)", "分子(可能)", "分母(确定)", "分母(可能)",
        "结论", "还差", "还差(至少)", "还差(至多)", "条款", "力度", "目标编号",
    ] if lang == "zh" else [
        "target", "to reach", "year", "now", "lower bound", "upper bound", "numerator, certain",
        "numerator, possible", "denominator, certain", "denominator, possible", "verdict", "short",
        "short, at least", "short, at most", "clauses", "force", "id",
    ]  # fmt: skip
    rows: list[Row] = []
    for found in report.targets:
        target = found.target
        for figure in found.figures:
            rows.append((_figure(found, figure, lang), _FILLS[figure.verdict]))
        if not found.figures:
            blank = [None] * (len(heads) - 7)
            state = DIRECTIONS[found.status][lang]
            ends = [locators(target.clauses, lang), FORCES[target.force][lang], target.id]
            rows.append(([_indented(found, lang), "", None, state, *blank, *ends], None))
    widths = [34, 24, 8, 20, 12, 12, 12, 12, 12, 12, 16, 20, 12, 12, 24, 8, 30]
    formats: dict[int, dict[int, str]] = {}
    at = 2
    for found in report.targets:
        ratio = found.target.unit == "ratio"
        for _ in found.figures or (None,):
            if ratio:
                formats[at] = {5: "0.00%", 6: "0.00%"}
            at += 1
    _write(sheet, heads, rows, widths, "B2", formats)


def _figure(found: TargetCoverage, figure: FigureCoverage, lang: Lang) -> list[Cell]:
    target, short = found.target, figure.short
    bottom = figure.denominator
    ends = (None, None) if bottom is None else (bottom.low, bottom.high)
    return [
        _indented(found, lang),
        wanted_text(target, figure, lang),
        figure.year,
        value_text(target, figure.value, lang),
        _number(figure.value.low),
        _number(figure.value.high),
        _number(figure.numerator.low),
        _number(figure.numerator.high),
        *map(_number, ends),
        said(figure, lang),
        short_text(target, figure, lang),
        None if short is None else _number(short.low),
        None if short is None else _number(short.high),
        locators(target.clauses, lang),
        FORCES[target.force][lang],
        target.id,
    ]


def _indented(found: TargetCoverage, lang: Lang) -> str:
    return "　" * found.depth + name_of(found, lang)


def _number(value: Any) -> int | float | None:
    """A number as a cell holds it; nothing where nothing bounds it."""
    if value is None or value in (math.inf, -math.inf):
        return None
    return value if isinstance(value, int) else float(Fraction(value))


def _gaps(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    zh = lang == "zh"
    heads = ["目标", "年份", "情况", "户(记录)", "成员", "缺什么", "问谁"] if zh else [
        "target", "year", "state", "record", "member", "facts missing", "who can tell"
    ]  # fmt: skip
    rows: list[Row] = []
    for found in report.targets:
        listed: set[int] = set()
        for figure in found.figures:
            if figure.verdict is Verdict.YES or id(figure.gap) in listed:
                continue
            listed.add(id(figure.gap))
            start: list[Cell] = [name_of(found, lang), figure.year]
            gap = figure.gap
            for name, listing in ((gap.direction, gap.lacking), ("unknown", gap.unknown)):
                rows += _listed([*start, DIRECTIONS[name][lang]], listing, lang)
    _write(sheet, heads, rows, [34, 8, 26, 20, 10, 60, 24], "D2")


def _listed(start: list[Cell], listing: Listing, lang: Lang) -> Iterator[Row]:
    join = "、" if lang == "zh" else ", "
    for row in listing.rows:
        asked = dict.fromkeys(ASK.get(n.ask, ASK[""])[lang] for n in row.missing)
        why: list[Cell] = [missing_text(row.missing, lang), join.join(filter(None, asked))]
        yield [*start, row.record, row.subject, *why], None
    if listing.rest:
        rest = (
            f"另有 {listing.rest} 个未列出" if lang == "zh" else f"{listing.rest} more, not listed"
        )
        yield [*start, rest, "", "", ""], None


def _rates(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    zh = lang == "zh"
    heads = ["目标", "读法", "条款的理解", "双绑率", "分子/分母", "结论", "还差", "已双绑"] if zh else [
        "target", "reading", "what is unclear", "rate", "numerator/denominator", "verdict", "short", "bound"
    ]  # fmt: skip
    rows: list[Row] = []
    for found in report.double_binding:
        target = found.target
        for other, label, figures, binding in rates_of(found):
            last = figures[-1]
            rows.append(
                (
                    [
                        target.label[lang],
                        label[lang],
                        "" if other is None else other.reading.label[lang],
                        value_text(target, last.value, lang),
                        counts_text(target, last, lang),
                        said(last, lang),
                        short_text(target, last, lang),
                        binding.bound,
                        *(listing.count for listing in binding.stages.values()),
                    ],
                    _FILLS[last.verdict],
                )
            )
    heads += [text[lang] for text in STAGES.values()]
    _write(sheet, heads, rows, [26, 40, 44, 20, 18, 16, 14, 10, *(12 for _ in STAGES)], "C2")


def _broken(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    """Who is not doubly bound, by the place where the chain breaks off; then cooperatives."""
    zh = lang == "zh"
    heads = ["目标", "断在哪里", "户(记录)或合作社", "户数", "缺什么", "问谁"] if zh else [
        "target", "where it breaks off", "record, or cooperative", "households", "facts missing",
        "who can tell",
    ]  # fmt: skip
    rows: list[Row] = []
    for found in report.double_binding:
        assert found.binding is not None
        label = found.target.label[lang]
        waits = (
            "合作社待补龙头企业或合同" if zh else "cooperative that lacks enterprise or contract"
        )
        for waiting in found.binding.waiting:
            rows.append(([label, waits, waiting.cooperative, waiting.households, "", ""], None))
        for stage, listing in found.binding.stages.items():
            for cells, fill in _listed([label, STAGES[stage][lang]], listing, lang):
                rows.append(([*cells[:3], None, *cells[4:]], fill))
    _write(sheet, heads, rows, [30, 30, 26, 10, 60, 24], "C2")


def _asked(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    zh = lang == "zh"
    heads = ["目标", "向谁要", "问题", "条款", "目标编号"] if zh else [
        "target", "from whom", "question", "clauses", "id"
    ]  # fmt: skip
    rows: list[Row] = []
    for found in report.targets:
        target = found.target
        ends: list[Cell] = [locators(target.clauses, lang), target.id]
        if found.status == "external":
            who, what = target.authority[lang], target.question[lang]
            rows.append(([target.label[lang], who, what, *ends], None))
        elif found.status == "no_records":
            rows.append(([target.label[lang], _records_of(target, lang), "", *ends], None))
    _write(sheet, heads, rows, [38, 34, 60, 26, 30], "B2")


def _records_of(target: Target, lang: Lang) -> str:
    kind = KINDS[target.subject or ""][lang]
    return f"没有给出{kind}记录" if lang == "zh" else f"no {kind} record was given"


def _notes(sheet: Worksheet, report: Coverage, lang: Lang) -> None:
    zh = lang == "zh"
    lines = [
        report.pack.document.title[lang],
        f"{report.pack.id}@{report.pack.version}  {'评估日' if zh else 'as of'} {report.as_of}",
        records_text(report, lang),
        summary(report, lang),
        CAUTION[lang],
        TWO_CELLS[lang] if report.sets_double_binding else NO_BINDING[lang],
    ]
    if report.elsewhere:
        lines.append(
            f"{report.elsewhere} 条记录的地区不在本文件范围内，未计入"
            if zh
            else f"{report.elsewhere} records lie outside the region of the document and are not counted"
        )
    _write(sheet, ["说明" if zh else "notes"], [([line], None) for line in lines], [120], "A2")


def _write(
    sheet: Worksheet,
    heads: Sequence[str],
    rows: Sequence[Row],
    widths: Sequence[float],
    frozen: str,
    formats: dict[int, dict[int, str]] | None = None,
) -> None:
    """A table with a head that stays, filters, and paper in mind; ``formats`` of numbers by row and
    column."""
    px = openpyxl_module()
    style, letter = px.styles, px.utils.get_column_letter
    bold = style.Font(name=_FONT, bold=True, color="FFFFFF")
    plain = style.Font(name=_FONT, size=10)
    wrap = style.Alignment(wrap_text=True, vertical="top")
    fills = {f: style.PatternFill("solid", fgColor=f) for f in _FILLS.values()}
    for i, (name, width) in enumerate(zip(heads, widths, strict=True), 1):
        top = sheet.cell(1, i)
        write_cell(top, name)
        top.font, top.fill = bold, style.PatternFill("solid", fgColor=_HEAD)
        top.alignment = style.Alignment(wrap_text=True, vertical="center", horizontal="center")
        sheet.column_dimensions[letter(i)].width = width
    for r, (row, fill) in enumerate(rows, 2):
        for i, value in enumerate(row, 1):
            if value is None or value == "":
                continue
            box = sheet.cell(r, i)
            if isinstance(value, str):
                write_cell(box, value)
            else:
                box.value = value
                box.number_format = (formats or {}).get(r, {}).get(i, "General")
            box.font, box.alignment = plain, wrap
            if fill is not None and heads[i - 1] in ("结论", "verdict"):
                box.fill = fills[fill]
    sheet.freeze_panes = frozen
    if rows and len(heads) > 1:
        sheet.auto_filter.ref = f"A1:{letter(len(heads))}{len(rows) + 1}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = px.worksheet.properties.PageSetupProperties(fitToPage=True)
    sheet.print_title_rows = "1:1"
