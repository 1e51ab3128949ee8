"""Coverage of targets on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.engine.finding import FactNeed
from policy_rules.errors import Lang
from policy_rules.packs.model import Target
from policy_rules.render.coverage_data import rates_of
from policy_rules.render.coverage_words import (
    CAUTION,
    DIRECTIONS,
    KINDS,
    NO_BINDING,
    STAGES,
    STATUSES,
    counts_text,
    missing_text,
    name_of,
    records_text,
    said,
    short_text,
    value_text,
    wanted_text,
)
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.locators import locators
from policy_rules.render.words import ASK, ENDED
from policy_rules.tables.coverage import Coverage, TargetCoverage
from policy_rules.tables.coverage_binding import TWO_CELLS
from policy_rules.tables.coverage_gaps import Listed, Listing
from policy_rules.tables.coverage_plan import FigureCoverage
from policy_rules.verdict import Verdict

#: Rows of a section, and ids of a list, shown before the rest is left for ``--all`` or a file.
SHORT: Final = 8
SHORT_IDS: Final = 20
_STYLES: Final = {Verdict.YES: "green", Verdict.NO: "red", Verdict.UNKNOWN: "yellow"}


def coverage(
    report: Coverage, lang: Lang = "zh", *, everything: bool = False, households: bool = False
) -> RenderableType:
    """The targets with their figures, what is met, and how many short.

    ``everything`` shows targets nothing is known of too; ``households`` lists who would close the gap.
    """
    zh = lang == "zh"
    parts: list[RenderableType] = [
        paragraph(report.pack.document.title[lang], "bold"),
        paragraph(
            f"{'评估日' if zh else 'as of'} {report.as_of}  {report.pack.id}@{report.pack.version}  "
            f"{records_text(report, lang)}",
            "dim",
        ),
        paragraph(CAUTION[lang], "dim"),
    ]
    if not report.pack.in_force.holds(report.as_of):
        parts.append(paragraph(ENDED[lang], "yellow"))
    if report.elsewhere:
        parts.append(
            paragraph(
                f"另有 {report.elsewhere} 条记录的地区不在本文件范围内，未计入(--everywhere 计入)"
                if zh
                else f"{report.elsewhere} records lie outside the region of the document and are not "
                "counted (--everywhere counts them)",
                "yellow",
            )
        )
    rows: list[tuple[RichText | str, ...]] = []
    silent = 0
    for found in report.targets:
        for figure in found.figures:
            if everything or not nothing_known(figure):
                rows.append(tuple(_row(found, figure, lang)))
            else:
                silent += 1
    heads = ("目标", "要达到", "现状", "分子/分母", "结论", "还差", "条款") if zh else (
        "target", "to reach", "now", "numerator/denominator", "verdict", "short", "clauses"
    )  # fmt: skip
    if rows:
        parts += [RichText(), Rows.table(heads, rows)]
    parts += _more(silent, "项全无资料(--all)", "figures of which nothing is known (--all)", lang)
    parts += _double_binding(report, lang)
    parts += _other_readings(report, lang)
    if households:
        parts += _households(report, lang)
    parts += _needed(report, lang, everything)
    parts.append(paragraph(f"\n{summary(report, lang)}"))
    return Group(*parts)


def nothing_known(found: FigureCoverage) -> bool:
    """Whether there is nothing to tell: the figure is open, and so is every subject."""
    if found.verdict is not Verdict.UNKNOWN:
        return False
    return found.gap.unknown.count >= found.population + found.unsure


def _row(found: TargetCoverage, figure: FigureCoverage, lang: Lang) -> Iterator[RichText | str]:
    target = found.target
    label = RichText("　" * found.depth + name_of(found, lang))
    yield label.append(f"\n{target.id}", style="dim")
    yield wanted_text(target, figure, lang)
    yield value_text(target, figure.value, lang)
    yield counts_text(target, figure, lang)
    yield RichText(said(figure, lang), style=_STYLES[figure.verdict])
    yield short_text(target, figure, lang)
    yield locators(target.clauses, lang)


def _other_readings(report: Coverage, lang: Lang) -> Iterator[RenderableType]:
    """Targets that come out another way where an unclear clause is read another way."""
    for found in report.targets:
        if not found.others or found.binding is not None:
            continue
        label = found.target.label[lang]
        yield heading(f"{label}：其他读法" if lang == "zh" else f"{label}: other readings")
        yield Rows.of(
            (
                other.alternative.label[lang],
                wanted_text(other.target, figure, lang),
                value_text(other.target, figure.value, lang),
                counts_text(other.target, figure, lang),
                RichText(said(figure, lang), style=_STYLES[figure.verdict]),
                short_text(other.target, figure, lang),
            )
            for other in found.others
            for figure in other.figures
        )


def _double_binding(report: Coverage, lang: Lang) -> Iterator[RenderableType]:
    zh = lang == "zh"
    if not report.sets_double_binding:
        yield paragraph(f"\n{NO_BINDING[lang]}", "dim")
        return
    if not report.double_binding:
        return
    two_cells = 0
    for found in report.double_binding:
        title = found.target.label[lang]
        yield heading(f"{title}：各种读法" if zh else f"{title}: under each reading")
        rates = list(rates_of(found))
        stages = [s for s in STAGES if any(b.stages[s].count for *_, b in rates)]
        heads = ["读法", "双绑率", "已双绑"] if zh else ["reading", "rate", "bound"]
        rows = []
        for _, label, figures, binding in rates:
            rate = value_text(found.target, figures[-1].value, lang) if figures else "—"
            counts = [str(binding.stages[s].count) for s in stages]
            rows.append((label[lang], rate, str(binding.bound), *counts))
            two_cells = max(two_cells, binding.two_cells)
        yield Rows.table([*heads, *(STAGES[s][lang] for s in stages)], rows)
    found = report.double_binding[0]
    if found.binding is not None and found.binding.reasons:
        why = [_reason(need, count, lang) for need, count in found.binding.reasons[:SHORT]]
        yield paragraph("待定的原因：" if zh else "unknown because:", "dim")
        yield Rows.of(why)
    if two_cells:
        count = (
            f"{two_cells} 户只有这两栏：" if zh else f"{two_cells} households have these two only: "
        )
        yield paragraph(count + TWO_CELLS[lang], "yellow")


def _reason(need: FactNeed, count: int, lang: Lang) -> tuple[str, str, str]:
    many = f"{count} 户" if lang == "zh" else f"{count} households"
    return (missing_text((need,), lang), ASK.get(need.ask, ASK[""])[lang], many)


def _households(report: Coverage, lang: Lang) -> Iterator[RenderableType]:
    for found in report.targets:
        for figure in found.figures:
            if figure.verdict is Verdict.YES or nothing_known(figure):
                continue
            gap = figure.gap
            if gap.lacking.count or gap.unknown.count:
                yield heading(f"{name_of(found, lang)} {figure.year}")
                yield from _listing(DIRECTIONS[gap.direction][lang], gap.lacking, lang)
                yield from _listing(DIRECTIONS["unknown"][lang], gap.unknown, lang)
        if found.binding is not None:
            yield heading(
                f"{found.target.label[lang]}{'：断在哪里' if lang == 'zh' else ': where it breaks off'}"
            )
            for stage, listing in found.binding.stages.items():
                if stage != "unknown":
                    yield from _listing(STAGES[stage][lang], listing, lang)
            waiting = [f"{w.cooperative} ({w.households})" for w in found.binding.waiting]
            if waiting:
                title = (
                    "待补另一半的合作社(涉及户数)"
                    if lang == "zh"
                    else "cooperatives that lack it (households)"
                )
                yield Rows.of([(title, _joined(waiting, lang))])


def _listing(title: str, listing: Listing, lang: Lang) -> Iterator[RenderableType]:
    """The ids of a list, those that miss the same facts together."""
    if not listing.count:
        return
    zh = lang == "zh"
    groups: dict[str, list[str]] = {}
    for row in listing.rows:
        missing = missing_text(row.missing, lang)
        groups.setdefault(missing, []).append(ids_of(row))
    rows: list[tuple[str, str, str]] = []
    for missing, ids in groups.items():
        text = _joined(ids[:SHORT_IDS], lang)
        if len(ids) > SHORT_IDS:
            rest = len(ids) - SHORT_IDS
            text += f" …… 另有 {rest} 个" if zh else f" … {rest} more"
        why = f"{'缺' if zh else 'missing '}{missing}" if missing else ""
        rows.append((f"{title} {listing.count}" if not rows else "", why, text))
    if listing.rest:
        rows.append(("", "", f"未列出 {listing.rest} 个" if zh else f"{listing.rest} not listed"))
    yield Rows.of(rows)


def ids_of(row: Listed) -> str:
    """``h12`` or, of a member, ``h12@m2``."""
    return f"{row.record}@{row.subject}" if row.subject else row.record


def _joined(texts: list[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(texts)


def _needed(report: Coverage, lang: Lang, everything: bool) -> Iterator[RenderableType]:
    zh = lang == "zh"
    offices = [t for t in report.targets if t.status == "external"]
    if offices:
        title = "需要有关部门提供数据的目标" if zh else "Targets that need a figure from an office"
        yield heading(f"{title} ({len(offices)})")
        limit = None if everything else SHORT
        yield Rows.of(
            (t.target.label[lang], t.target.authority[lang], t.target.question[lang])
            for t in offices[:limit]
        )
        if limit is not None:
            yield from _more(max(0, len(offices) - limit), "个(--all)", "targets (--all)", lang)
    kinds: dict[str, list[Target]] = {}
    for found in report.targets:
        if found.status == "no_records":
            kinds.setdefault(found.target.subject or "", []).append(found.target)
    if kinds:
        yield heading(
            "没有给出记录，未计量" if zh else "Not measured: no record of the kind was given"
        )
        for kind, goals in kinds.items():
            names = [g.label[lang] for g in (goals if everything else goals[:3])]
            rest = len(goals) - len(names)
            more = (f" 等 {len(goals)} 个" if zh else f" and {rest} more") if rest else ""
            yield Rows.of([(KINDS[kind][lang], _joined(names, lang) + more)])


def _more(count: int, zh: str, en: str, lang: Lang) -> Iterator[RenderableType]:
    if count:
        yield paragraph(f"另有 {count} {zh}" if lang == "zh" else f"{count} more {en}", "dim")


def summary(report: Coverage, lang: Lang) -> str:
    """How many figures are met, not met, open; how many targets wait for figures or records."""
    figures = [f.verdict for t in report.targets for f in t.figures]
    counts = [figures.count(v) for v in (Verdict.YES, Verdict.NO, Verdict.UNKNOWN)]
    waits = [sum(t.status == s for t in report.targets) for s in ("external", "no_records")]
    names = [STATUSES[v][lang] for v in (Verdict.YES, Verdict.NO, Verdict.UNKNOWN)]
    names += [DIRECTIONS["external"][lang], DIRECTIONS["no_records"][lang]]
    pairs = zip(names, [*counts, *waits], strict=True)
    return ("，" if lang == "zh" else ", ").join(f"{n} {c}" for n, c in pairs)
