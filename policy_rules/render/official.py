"""A pack beside the official text: the check of its ledger, wordings beside summaries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.errors import Lang, Problem
from policy_rules.packs.model import Pack
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.locators import locator
from policy_rules.sources.checking import SourceCheck
from policy_rules.sources.matching import Match
from policy_rules.text import Text

_STATES: Final = {
    "same": Text("与原文一致", "as in the text"),
    "moved": Text("位置不同", "stands elsewhere"),
    "differs": Text("文字不同", "differs"),
    "absent": Text("文本中没有", "not in the text"),
}
SUMMARY: Final = Text("摘要(非原文)", "summary (not the wording)")
WORDING: Final = Text("原文", "wording of the official text")


def match_data(match: Match, report: SourceCheck) -> dict[str, Any]:
    """A statement with its wording, as plain data."""
    return {
        "clause": match.clause.id,
        "state": match.state,
        "summary": match.clause.summary.as_dict(),
        "wording": report.text.wording(match.span) if match.span else None,
        "span": list(match.span) if match.span else None,
        "fingerprint": match.clause.fingerprint,
    }


def check_data(report: SourceCheck) -> dict[str, Any]:
    """A check as plain data."""
    return {
        "pack": report.pack.id,
        "text": report.text.name,
        "identical": report.identical,
        "characters": len(report.text.text),
        "statements": {s: report.count(s) for s in _STATES},  # type: ignore[arg-type]
        "uncovered": len(report.uncovered),
        "figures": report.figures,
        "figures_held": report.figures_held,
        "figures_by_reading": [p.as_dict() for p in report.read],
        "problems": [p.as_dict() for p in report.problems],
    }


def checks(reports: Sequence[tuple[SourceCheck, float]], lang: Lang) -> RenderableType:
    """Checks of packs, each with what wants looking at."""
    parts: list[RenderableType] = []
    for report, seconds in reports:
        parts += [RichText()] if parts else []
        parts += _check(report, seconds, lang)
    return Group(*parts)


def _check(report: SourceCheck, seconds: float, lang: Lang) -> Iterator[RenderableType]:
    zh, pack = lang == "zh", report.pack
    yield paragraph(f"{pack.id}@{pack.version}  {report.text.name}", "bold")
    count = {state: report.count(state) for state in _STATES}  # type: ignore[arg-type]
    states = ("，" if zh else ", ").join(
        f"{_STATES[s][lang]} {n}" for s, n in count.items() if n or s == "same"
    )
    whole = len(report.matches)
    same = report.identical
    if zh:
        yield paragraph(
            f"全文 {len(report.text.text)} 字，{'与编码所用文本逐字相同' if same else '与编码所用文本不完全相同'}"
        )
        yield paragraph(f"语句 {whole}：{states}；未覆盖的句子 {len(report.uncovered)}")
        yield paragraph(
            f"数值 {report.figures}：有据 {report.figures_held}；原文没有 {len(report.unfounded)}"
            f"(另有 {len(report.read)} 个由解读说明)；条款账未记 {len(report.unheld)}；用时 {seconds:.1f} 秒"
        )
    else:
        told = "character for character the text encoded" if same else "not quite the text encoded"
        yield paragraph(f"{len(report.text.text)} characters, {told}")
        yield paragraph(
            f"{whole} statements: {states}; sentences not covered: {len(report.uncovered)}"
        )
        yield paragraph(
            f"{report.figures} figures: founded {report.figures_held}; not in the wording {len(report.unfounded)} "
            f"({len(report.read)} more explained by a reading); not in the ledger {len(report.unheld)}; {seconds:.1f} s"
        )
    yield from _problems(report.problems, lang)


def _problems(problems: Iterable[Problem], lang: Lang) -> Iterator[RenderableType]:
    lines = [RichText(p.render(lang)) for p in problems]
    if lines:
        yield Group(*lines)


def statements(matches: Sequence[Match], report: SourceCheck, lang: Lang) -> RenderableType:
    """Statements with summary and wording below each other."""
    parts: list[RenderableType] = []
    for match in matches:
        title = RichText(locator(match.clause.id, lang), style="bold")
        if match.state != "same":
            title.append(f"  {_STATES[match.state][lang]}", style="yellow")
        wording = report.text.wording(match.span) if match.span else "—"
        parts += [
            title,
            Rows.of([(WORDING[lang], wording), (SUMMARY[lang], match.clause.summary[lang])]),
        ]
    return Group(*parts)


def quoted(
    pack: Pack, clauses: Iterable[str], wordings: Mapping[str, str], lang: Lang
) -> Iterator[RenderableType]:
    """Clauses an answer rests on: locator, summary, wording."""
    yield heading("所依据的条款" if lang == "zh" else "The clauses it rests on")
    for clause in dict.fromkeys(clauses):
        yield RichText(locator(clause, lang), style="bold")
        yield Rows.of(
            [
                (WORDING[lang], wordings.get(clause) or "—"),
                (SUMMARY[lang], pack.clauses[clause].summary[lang]),
            ]
        )
