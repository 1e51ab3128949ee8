"""Determinations and explanations on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as RichText

from policy_rules.engine.determination import (
    Because,
    Contested,
    Determination,
    FactNeed,
    Finding,
    Status,
)
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.locators import locators
from policy_rules.render.words import (
    ASK,
    CAUTION,
    EFFECTS,
    ENDED,
    FORCES,
    OUTCOMES,
    STATUSES,
    VERDICTS,
    money,
)
from policy_rules.text import Text

#: Rows a section shows before the rest is left for ``--all``.
SHORT: Final = 8

_HEADINGS: Final = {
    "flags": Text("标识", "Flags"),
    "measures": Text(
        "可能适用的措施(给予、优先)", "Measures it may be eligible for (granted, preferred)"
    ),
    "others": Text("其他措施(提供、转办)", "Other measures (offered, referred)"),
    "duties": Text("有关单位对本户的职责", "Duties others have towards it"),
    "contested": Text("取决于条款如何理解", "Depends on how a clause is read"),
    "missing": Text("最有用的待补资料", "Most useful missing facts"),
    "conflicts": Text("记录矛盾", "Conflicts in the record"),
    "undetermined": Text("资料不足、待定", "Undetermined"),
    "no": Text(
        "不满足(按已登记事实、仅就本文件)", "Not met (on the recorded facts, this document only)"
    ),
}


def determination(
    result: Determination, pack: Pack, lang: Lang = "zh", *, everything: bool = False
) -> RenderableType:
    """A determination on one screen; ``everything`` shows the rest too."""
    parts: list[RenderableType] = [*_head(result, pack, lang)]
    silent = [f for f in result.findings if f.status is Status.NOT_IN_FORCE]
    if silent and len(silent) == len(result.findings):
        return Group(*parts, _not_in_force(pack, lang))
    main = [f for f in result.measures if f.effect in ("granted", "preferred")]
    limit = None if everything else SHORT
    parts += _section("flags", result.flags, lang, limit)
    parts += _section("measures", main, lang, limit)
    if everything:
        rest = [f for f in result.measures if f.effect in ("offered", "referred")]
        parts += _section("others", rest, lang, None)
        parts += _section("duties", result.duties, lang, None)
    if result.conflicts:
        parts += _conflicts(result, lang)
    telling = result.contested if everything else [f for f in result.contested if _tells(f)]
    parts += _contested(telling, pack, lang, limit)
    parts += _missing(result.missing, lang, limit)
    if everything:
        parts += _section("undetermined", result.undetermined, lang, None)
        no = [f for f in result.findings if f.verdict is not None and str(f.verdict) == "NO"]
        parts += _section("no", no, lang, None)
    parts.append(_summary(result, lang, everything))
    return Group(*parts)


def _tells(finding: Finding) -> bool:
    """Whether a contested finding is one the short answer shows: a flag, or money and precedence."""
    return finding.rule.outcome == "flag" or finding.effect in ("granted", "preferred")


def _head(result: Determination, pack: Pack, lang: Lang) -> Iterator[RenderableType]:
    title = RichText(pack.document.title[lang], style="bold")
    yield title
    where = f"{pack.id}@{pack.version}"
    record = f"{result.record_id}  " if result.record_id else ""
    day = f"评估日 {result.as_of}" if lang == "zh" else f"as of {result.as_of}"
    yield RichText(f"{record}{day}  {where}  {result.receipt.engine}", style="dim")
    if result.in_region is False:
        yield RichText(
            "注意：记录所在地区不在本文件适用范围内，以下仅为假设。"
            if lang == "zh"
            else "note: the record lies outside the region of this document; hypothetical",
            style="yellow",
        )
    yield RichText(CAUTION[lang], style="dim")


def _not_in_force(pack: Pack, lang: Lang) -> RichText:
    period = pack.in_force
    return RichText(f"not_in_force  {period.start} – {period.end}  {ENDED[lang]}", style="yellow")


def subject(finding: Finding, lang: Lang) -> str:
    """Whom a finding is about."""
    if finding.subject:
        return f"成员 {finding.subject}" if lang == "zh" else f"member {finding.subject}"
    if finding.rule.subject == "household":
        return "本户" if lang == "zh" else "household"
    return finding.rule.subject


def subjects(findings: Sequence[Finding], lang: Lang) -> str:
    """Whom findings of one rule are about, told together."""
    if not findings[0].subject:
        return subject(findings[0], lang)
    names = ("、" if lang == "zh" else ", ").join(f.subject for f in findings)
    return (
        f"成员 {names}"
        if lang == "zh"
        else f"{'members' if len(findings) > 1 else 'member'} {names}"
    )


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one rule with one answer together, in order."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule.id, finding.status, *finding.answer()), []).append(finding)
    return list(groups.values())


def _section(
    key: str, findings: Sequence[Finding], lang: Lang, limit: int | None
) -> Iterator[RenderableType]:
    yield _heading(f"{_HEADINGS[key][lang]} ({len(findings)})")
    if not findings:
        yield RichText("  无" if lang == "zh" else "  none", style="dim")
        return
    groups = _grouped(findings)
    shown = groups if limit is None else groups[:limit]
    table = _table()
    for group in shown:
        rule = group[0].rule
        label = RichText(rule.label[lang])
        amount = money(group[0].amount, lang)
        if amount:
            label.append(f"{'：' if lang == 'zh' else ': '}{amount}", style="bold")
        for detail in (rule.ranks, rule.refer_to):
            if detail:
                label.append(f"\n{detail[lang]}", style="dim")
        kind = EFFECTS[rule.effect][lang] if rule.effect else OUTCOMES[rule.outcome][lang]
        details = [kind, FORCES[rule.force][lang]]
        met = group[0].met
        if met is not None:
            details.append(("已落实：" if lang == "zh" else "met: ") + VERDICTS[met][lang])
        if group[0].status is Status.CONFLICT:
            details.append(STATUSES[group[0].status][lang])
        table.add_row(
            subjects(group, lang), label, " · ".join(details), locators(rule.clauses, lang)
        )
    yield table
    yield from _more(len(groups) - len(shown), lang)


def _more(rest: int, lang: Lang) -> Iterator[RenderableType]:
    if rest > 0:
        yield RichText(
            f"  另有 {rest} 项(--all)" if lang == "zh" else f"  {rest} more (--all)", style="dim"
        )


def _heading(text: str) -> RichText:
    return RichText(f"\n{text}", style="bold cyan")


def _table() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2), pad_edge=False)
    for _ in range(6):
        table.add_column(overflow="fold")
    return table


def _contested(
    findings: Sequence[Finding], pack: Pack, lang: Lang, limit: int | None
) -> Iterator[RenderableType]:
    if not findings:
        return
    yield _heading(f"{_HEADINGS['contested'][lang]} ({len(findings)})")
    rows: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        for other in finding.contested:
            change = _change(finding, other, lang)
            key = (finding.rule.id, other.reading, other.alternative, change)
            rows.setdefault(key, []).append(finding)
    table = _table()
    shown = list(rows.items()) if limit is None else list(rows.items())[:limit]
    for (_, reading_id, alternative_id, change), group in shown:
        reading = pack.readings[reading_id]
        alternative = next(a for a in reading.alternatives if a.id == alternative_id)
        table.add_row(
            subjects(group, lang),
            group[0].rule.label[lang],
            change,
            alternative.label[lang],
            locators(reading.clauses, lang),
        )
    yield table
    yield from _more(len(rows) - len(shown), lang)


def _change(finding: Finding, other: Contested, lang: Lang) -> str:
    if finding.verdict is not other.verdict:
        return f"{VERDICTS[finding.verdict][lang]} → {VERDICTS[other.verdict][lang]}"
    if finding.met is not other.met:
        word = "已落实 " if lang == "zh" else "met "
        return f"{word}{VERDICTS[finding.met][lang]} → {VERDICTS[other.met][lang]}"
    return f"{money(finding.amount, lang)} → {money(other.amount, lang)}"


def _missing(
    needs: Sequence[tuple[FactNeed, int]], lang: Lang, limit: int | None
) -> Iterator[RenderableType]:
    if not needs:
        return
    together: dict[str, list[tuple[FactNeed, int]]] = {}
    for need, count in needs:
        together.setdefault(need.name, []).append((need, count))
    groups = sorted(together.values(), key=lambda g: -sum(count for _, count in g))
    yield _heading(f"{_HEADINGS['missing'][lang]} ({len(needs)})")
    table = _table()
    shown = groups if limit is None else groups[:limit]
    for group in shown:
        need, count = group[0][0], sum(c for _, c in group)
        whom = ("、" if lang == "zh" else ", ").join(n.subject for n, _ in group if n.subject)
        held = f"{count} 项待定" if lang == "zh" else f"{count} open"
        table.add_row(
            whom, need.label[lang], need.question[lang], ASK.get(need.ask, ASK[""])[lang], held
        )
    yield table
    yield from _more(len(groups) - len(shown), lang)


def _conflicts(result: Determination, lang: Lang) -> Iterator[RenderableType]:
    yield _heading(f"{_HEADINGS['conflicts'][lang]} ({len(result.conflicts)})")
    table = _table()
    for c in result.conflicts:
        label = f"{c.label[lang]} {c.subject}".strip()
        table.add_row(label, f"{c.recorded} ≠ {c.derived}", c.note[lang])
    yield table


def _summary(result: Determination, lang: Lang, everything: bool) -> RichText:
    undetermined, contested = len(result.undetermined), len(result.contested)
    rest = sum(f.effect in ("offered", "referred") for f in result.measures)
    if lang == "zh":
        text = f"\n共 {len(result.findings)} 条判定；待定 {undetermined}，有争议 {contested}"
        text += (
            ""
            if everything
            else f"；另有提供、转办类措施 {rest}，职责 {len(result.duties)}(--all 全部显示)"
        )
    else:
        text = (
            f"\n{len(result.findings)} findings; undetermined {undetermined}, contested {contested}"
        )
        text += (
            ""
            if everything
            else f"; offered or referred {rest}, duties {len(result.duties)} (--all)"
        )
    return RichText(text, style="dim")


def explanation(
    finding: Finding, lines: Iterable[Because], pack: Pack, lang: Lang = "zh"
) -> RenderableType:
    """The whole why and why-not of one finding."""
    rule = finding.rule
    parts: list[RenderableType] = [
        RichText(f"{rule.label[lang]}  [{finding.id}]", style="bold"),
        RichText(
            f"{VERDICTS[finding.verdict][lang]} · {STATUSES[finding.status][lang]}"
            + (f" · {EFFECTS[rule.effect][lang]}" if rule.effect else "")
            + f" · {FORCES[rule.force][lang]} · {subject(finding, lang)}"
        ),
    ]
    amount = money(finding.amount, lang)
    if amount:
        parts.append(RichText(amount))
    if finding.status is Status.NOT_IN_FORCE:
        parts.append(
            RichText(f"{rule.in_force.start} – {rule.in_force.end}  {ENDED[lang]}", style="yellow")
        )
    if rule.note:
        parts.append(RichText(rule.note[lang], style="dim"))
    parts.append(
        _heading("条款摘要(非原文)" if lang == "zh" else "Clauses, summary (not the wording)")
    )
    for address in rule.clauses:
        clause = pack.clauses[address]
        parts.append(RichText(f"  {locators((address,), lang)}  {clause.summary[lang]}"))
    parts.append(_heading("逐条条件" if lang == "zh" else "Line by line"))
    table = _table()
    for line in lines:
        mark = "●" if line.decided else " "
        seen = "; ".join(f"{k} = {v}" for k, v in line.values.items())
        margin = f"Δ {line.margin}" if line.margin is not None else ""
        table.add_row(
            mark,
            VERDICTS[line.verdict][lang],
            "　" * line.depth + ("└ " if line.depth else "") + line.prose[lang],
            RichText(line.text, style="dim"),
            seen,
            margin,
        )
    parts.append(table)
    parts += _missing([(n, 1) for n in finding.missing], lang, None)
    parts += _contested([finding] if finding.contested else [], pack, lang, None)
    return Group(*parts)
