"""An impact as a workbook: totals, rules, how answers move, the list of households, notes.

Written row by row (``xlsxwriter``, extra ``tables``); numbers are numbers, texts are written as texts,
whatever they begin with.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from policy_rules.diff.impact import KINDS as EVERY
from policy_rules.diff.impact import OUTCOMES as EVERY_OUTCOME
from policy_rules.diff.impact import STATES as EVERY_STATE
from policy_rules.diff.impact import Count, Impact, Kind, Money, RuleImpact
from policy_rules.errors import EvaluationError, Lang, Place, Problem
from policy_rules.packs.model import Rule
from policy_rules.render.impact import listed, shown_kinds, unpaired
from policy_rules.render.impact_words import CAUTION, KINDS, STATES, clauses, head, kind_of, label
from policy_rules.render.words import OUTCOMES, PAID, UNITS
from policy_rules.writing import as_os_error, replacing

Cell = str | int | float | None
_FONT: Final = "Microsoft YaHei"
#: Fills that differ in grey too: a gain is light, a loss dark, what is left open between.
_FILLS: Final[dict[Kind, str]] = {
    "gains": "#E2EFDA", "now_yes": "#E2EFDA", "more": "#E2EFDA",
    "loses": "#F4B183", "now_no": "#F4B183", "less": "#F4B183",
    "may_gain": "#FFF2CC", "may_lose": "#FFF2CC", "other_amount": "#FFF2CC",
}  # fmt: skip
#: Rows of the list in a workbook; the Parquet file has them all.
MOST: Final = 200_000
_LONGEST: Final = 32_000


def impact(report: Impact, path: Path, lang: Lang) -> None:
    """The whole report as a workbook.

    Raises :class:`~policy_rules.errors.EvaluationError` where xlsxwriter is missing or the file cannot be
    written; what stood there before is left alone then.
    """
    try:
        import xlsxwriter
    except ImportError as error:
        raise EvaluationError(
            Problem("extra_missing", Place(), expected="`policy-rules[tables]`", got="`xlsxwriter`")
        ) from error
    with tempfile.TemporaryDirectory(prefix="policy-rules-") as folder, replacing(path) as beside:
        target = xlsxwriter.Workbook(
            str(beside), {"constant_memory": True, "strings_to_urls": False, "tmpdir": folder}
        )
        # the same figures make the same file: no clock
        target.set_properties({"created": datetime(2000, 1, 1)})
        book = _Book(target)
        _totals(book, report, lang)
        _rules(book, report, lang)
        _transitions(book, report, lang)
        if report.unpaired:
            _unpaired(book, report, lang)
        _list(book, report, lang)
        _notes(book, report, lang)
        with as_os_error():
            target.close()


class _Book:
    """A workbook being written."""

    def __init__(self, target: Any) -> None:
        self._target = target
        plain = {"font_name": _FONT, "font_size": 10, "text_wrap": True, "valign": "top"}
        plain |= {"border": 1, "border_color": "#BFBFBF"}
        # a cell that is edited stays a text: what begins with = does not become a formula
        self._text = target.add_format({**plain, "quote_prefix": True})
        self._number = target.add_format({**plain, "num_format": "#,##0.######"})
        self._fills = {
            fill: target.add_format({**plain, "quote_prefix": True, "bg_color": fill})
            for fill in _FILLS.values()
        }
        self._head = target.add_format(
            {**plain, "bold": True, "font_color": "#FFFFFF", "bg_color": "#1F4E78"}
            | {"align": "center", "valign": "vcenter", "quote_prefix": True}
        )

    def sheet(
        self,
        name: str,
        heads: Sequence[str],
        rows: Iterable[tuple[Sequence[Cell], str | None]],
        widths: Sequence[int],
        *,
        frozen: tuple[int, int] = (1, 1),
        filled: int = -1,
    ) -> None:
        """A table with a head that stays, filters, and paper in mind; ``filled`` is the column that takes
        a row's fill."""
        sheet = self._target.add_worksheet(name)
        for i, width in enumerate(widths):
            sheet.set_column(i, i, width)
        for i, text in enumerate(heads):
            sheet.write_string(0, i, text, self._head)
        at = 0
        for at, (row, fill) in enumerate(rows, 1):
            for i, value in enumerate(row):
                if isinstance(value, str):
                    form = self._fills[fill] if fill and i == filled else self._text
                    sheet.write_string(at, i, value[:_LONGEST], form)
                elif value is None:
                    sheet.write_blank(at, i, None, self._text)
                else:
                    sheet.write_number(at, i, value, self._number)
        sheet.freeze_panes(*frozen)
        if at and len(heads) > 1:
            sheet.autofilter(0, 0, at, len(heads) - 1)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&L&A&R&P / &N")


def _totals(book: _Book, report: Impact, lang: Lang) -> None:
    """By outcome and kind of change, households and persons; what is open stands below each outcome."""
    zh = lang == "zh"
    heads = ["类别", "变化", "户", "人"] if zh else ["type", "change", "households", "persons"]
    rows: list[tuple[Sequence[Cell], str | None]] = []

    def add(
        first: str, what: str, count: Count, fill: str | None = None, answers: int | None = None
    ) -> None:
        rows.append(([first, what, count.households, count.persons, answers], fill))

    heads.append("待定结论" if zh else "open answers")

    add("全部" if zh else "all", "测算" if zh else "asked about", report.population)
    add("全部" if zh else "all", "结论有变化" if zh else "answers change", report.touched)
    kinds = shown_kinds(report)
    for outcome in EVERY_OUTCOME:
        name = OUTCOMES[outcome][lang]
        for kind in kinds:
            found = report.totals[outcome].get(kind, Count())
            add(name, KINDS[kind][lang], found, _FILLS[kind])
        before, after = report.undetermined[outcome]
        answers = report.open_answers(outcome)
        add(
            name,
            "有待定的，按 A" if zh else "anything UNKNOWN under A",
            before,
            "#FFF2CC",
            answers[0],
        )
        add(
            name,
            "有待定的，按 B" if zh else "anything UNKNOWN under B",
            after,
            "#FFF2CC",
            answers[1],
        )
    book.sheet("合计" if zh else "totals", heads, rows, [14, 34, 14, 14, 14], filled=1)


def _rules(book: _Book, report: Impact, lang: Lang) -> None:
    zh = lang == "zh"
    kinds = [k for k in EVERY if any(k in r.changes for r in report.rules)]
    heads = (
        ["规则", "类别", "A 条款", "B 条款"] if zh else ["rule", "type", "A clauses", "B clauses"]
    )
    for kind in kinds:
        name = KINDS[kind][lang]
        heads += [f"{name} 户", f"{name} 人"] if zh else [f"{name}: households", f"{name}: persons"]
    heads += (
        ["A 是", "B 是", "A 待定", "B 待定"] if zh else ["A YES", "B YES", "A UNKNOWN", "B UNKNOWN"]
    )
    amounts = [r for r in report.rules if _paid(r)]
    if amounts:
        for what in ("“是”合计", "“待定”合计") if zh else ("sum of YES", "sum of UNKNOWN"):
            for side in "AB":
                heads += [
                    f"{side} {what} {e}" for e in (("下限", "上限") if zh else ("from", "to"))
                ]
        heads.append("单位" if zh else "unit")
    heads.append("规则编号" if zh else "id")
    rows: list[tuple[Sequence[Cell], str | None]] = []
    for rule in sorted(report.rules, key=lambda r: not r.moved):
        row: list[Cell] = [label(rule, lang), kind_of(rule, lang)]
        row += [clauses(rule.pair.left, lang), clauses(rule.pair.right, lang)]
        for kind in kinds:
            change = rule.changes.get(kind)
            row += (
                [None, None] if change is None else [change.count.households, change.count.persons]
            )
        for state in ("YES", "UNKNOWN"):
            row += [rule.states(0, state), rule.states(1, state)]
        if amounts:
            for before, after in (rule.yes, rule.open):
                row += [*_ends(before, rule.pair.left), *_ends(after, rule.pair.right)]
            row.append(_unit(rule, lang))
        rows.append(([*row, rule.pair.rule.id], None))
    widths = [34, 8, 20, 20, *(11 for _ in heads[4:-1]), 28]
    book.sheet("按规则" if zh else "by rule", heads, rows, widths)


def _paid(rule: RuleImpact) -> bool:
    """Whether any figure is stated."""
    return any(sums.subjects > sums.unstated for sums in (*rule.yes, *rule.open))


def _ends(sums: Money, rule: Rule | None) -> tuple[Cell, Cell]:
    """The ends of a sum; nothing where no figure is stated, or none above."""
    if rule is None or rule.amount is None or (sums.subjects and sums.unstated == sums.subjects):
        return None, None
    return float(sums.low), None if sums.high is None else float(sums.high)


def _unit(rule: RuleImpact, lang: Lang) -> str:
    told = []
    for side in (rule.pair.left, rule.pair.right):
        if side is not None and side.amount is not None:
            amount = side.amount
            unit = UNITS[amount.unit][lang].strip() if amount.unit in UNITS else amount.unit or ""
            told.append(
                " ".join(filter(None, (PAID[amount.paid][lang] if amount.paid else "", unit)))
            )
    return " → ".join(dict.fromkeys(filter(None, told)))


def _transitions(book: _Book, report: Impact, lang: Lang) -> None:
    """A row a rule, before and after: what filters and pivots are for."""
    zh = lang == "zh"
    heads = ["规则", "类别", "按 A", "按 B", "数量", "规则编号"] if zh else [
        "rule", "type", "under A", "under B", "subjects", "id"
    ]  # fmt: skip
    rows: list[tuple[Sequence[Cell], str | None]] = []
    for rule in (r for r in report.rules if r.moved):
        for before in EVERY_STATE:
            for after in EVERY_STATE:
                n = rule.transitions.get((before, after), 0)
                if n:
                    ends: list[Cell] = [
                        STATES[before][lang],
                        STATES[after][lang],
                        n,
                        rule.pair.rule.id,
                    ]
                    rows.append(([label(rule, lang), kind_of(rule, lang), *ends], None))
    book.sheet("结论变化" if zh else "transitions", heads, rows, [34, 8, 22, 22, 12, 28])


def _unpaired(book: _Book, report: Impact, lang: Lang) -> None:
    heads, rows = unpaired(report, lang)
    cells: list[tuple[Sequence[Cell], str | None]] = [
        ([*row[:4], *(int(n.replace(",", "")) for n in row[4:])], None) for row in rows
    ]
    name = "只有一方写到" if lang == "zh" else "only one has"
    book.sheet(name, heads, cells, [8, 36, 8, 24, 12, 12])


def _list(book: _Book, report: Impact, lang: Lang) -> None:
    heads, rows = listed(report, lang, MOST)
    kinds = report.changes.get_column("kind").to_list()
    cells = ((row, _FILLS[kind]) for row, kind in zip(rows, kinds, strict=False))
    name = "名单" if lang == "zh" else "list"
    widths = [20, 16, 34, 14, 18, 18, *(22 for _ in heads[6:])]
    book.sheet(name, heads, cells, widths, frozen=(1, 2), filled=3)


def _notes(book: _Book, report: Impact, lang: Lang) -> None:
    zh = lang == "zh"
    lines = [*head(report, lang), CAUTION[lang]]
    kept = min(MOST, report.changes.height)
    if kept < report.listed:
        lines.append(
            f"名单共 {report.listed:,} 行，此处列出前 {kept:,} 行；全部请写入 .parquet"
            if zh
            else f"the list has {report.listed:,} rows, the first {kept:,} are here; write a .parquet for all"
        )
    lines.append(
        "人数：关于个人的规则按本人计，关于户的规则按户内登记的成员计；同一户在合计中只计一次。"
        if zh
        else "Persons: of rules about persons those they speak of, of rules about households everybody listed in "
        "them; in the totals each household and person counts once."
    )
    name = "说明" if zh else "notes"
    book.sheet(name, [name], (([line], None) for line in lines), [120], frozen=(1, 0))
