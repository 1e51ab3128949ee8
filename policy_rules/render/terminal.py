"""Determinations on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import attrs
from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.engine.determination import Determination
from policy_rules.engine.finding import Contested, FactNeed, Finding, Status
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.layout import Rows, heading, paragraph, whole
from policy_rules.render.locators import locators
from policy_rules.render.words import (
    ASK,
    CAUTION,
    EFFECTS,
    ENDED,
    FORCES,
    OUTCOMES,
    STATUSES,
    SUBJECTS,
    VERDICTS,
    money,
)
from policy_rules.text import Text
from policy_rules.verdict import Verdict

#: Rows a section shows before the rest is left for ``--all``.
SHORT: Final = 8
SHORT_MISSING: Final = 6

_HEADINGS: Final = {
    "flags": Text("标识", "Flags"),
    "measures": Text(
        "可能适用的措施：给予、优先", "Measures it may be eligible for: granted, preferred"
    ),
    "others": Text("其他措施：提供、转办", "Other measures: offered, referred"),
    "duties": Text("有关单位的职责", "Duties of others"),
    "household duties": Text("有关单位对本户的职责", "Duties others have towards the household"),
    "contested": Text("取决于条款如何理解", "Depends on how a clause is read"),
    "missing": Text("最有用的待补资料", "Most useful missing facts"),
    "needed": Text("待补资料", "Missing facts"),
    "conflicts": Text("记录矛盾", "Conflicts in the record"),
    "undetermined": Text("资料不足、待定", "Undetermined"),
    "no": Text(
        "不满足：按已登记事实、仅就本文件", "Not met: on the recorded facts, this document only"
    ),
}


@attrs.frozen
class View:
    """What is shown of an answer: the pack for its labels, the language, all or the best of it."""

    pack: Pack
    lang: Lang
    everything: bool = False

    @property
    def zh(self) -> bool:
        """Whether the language is Chinese."""
        return self.lang == "zh"

    def limit(self, short: int = SHORT) -> int | None:
        """Rows shown of a section."""
        return None if self.everything else short


def determination(
    result: Determination, pack: Pack, lang: Lang = "zh", *, everything: bool = False
) -> RenderableType:
    """A determination on one screen; ``everything`` shows the rest too."""
    view = View(pack, lang, everything)
    parts: list[RenderableType] = [*_head(result, view)]
    silent = [f for f in result.findings if f.status is Status.NOT_IN_FORCE]
    if silent and len(silent) == len(result.findings):
        return Group(*parts, _not_in_force(view))
    parts += _section("flags", result.flags, view)
    parts += _section("measures", [f for f in result.measures if tells(f)], view)
    if everything:
        parts += _section("others", [f for f in result.measures if not tells(f)], view)
        household = any(f.rule.subject in ("household", "member") for f in result.findings)
        parts += _section("household duties" if household else "duties", result.duties, view)
    if result.conflicts:
        parts += _conflicts(result, view)
    parts += contested([f for f in result.contested if everything or tells(f)], view, view.limit())
    parts += missing(result.findings, view, view.limit(SHORT_MISSING), "missing")
    if everything:
        parts += _section("undetermined", result.undetermined, view)
        parts += _section("no", [f for f in result.findings if f.verdict is Verdict.NO], view)
    parts.append(_summary(result, view))
    return Group(*parts)


def tells(finding: Finding) -> bool:
    """Whether the short answer shows a finding of its kind: a flag, or money and precedence."""
    return finding.rule.outcome == "flag" or finding.effect in ("granted", "preferred")


def _head(result: Determination, view: View) -> Iterator[RenderableType]:
    pack = view.pack
    yield paragraph(pack.document.title[view.lang], "bold")
    record = f"{result.record_id}  " if result.record_id else ""
    day = f"评估日 {result.as_of}" if view.zh else f"as of {result.as_of}"
    yield paragraph(f"{record}{day}  {pack.id}@{pack.version}  {result.receipt.engine}", "dim")
    if result.in_region is False:
        yield paragraph(
            "注意：记录所在地区不在本文件适用范围内，以下仅为假设。"
            if view.zh
            else "note: the record lies outside the region of this document; hypothetical",
            "yellow",
        )
    elif result.in_region is None and not pack.region.exact:
        yield paragraph(
            "注意：文件没有本级行政区划代码，记录是否在其适用范围内须核对。"
            if view.zh
            else "note: the document has no region code of its own; check whether the record lies in its area",
            "yellow",
        )
    yield from _before_issue(result, view)
    yield paragraph(CAUTION[view.lang], "dim")


def _of_dates(pack: Pack, reading: str) -> bool:
    """Whether a reading moves the dates of the document, and so every finding at once."""
    return any(
        path.startswith("document.")
        for alternative in pack.readings[reading].alternatives
        for path in alternative.patch
    )


def _before_issue(result: Determination, view: View) -> Iterator[RenderableType]:
    """That the document may not speak on the day, where that hangs on how its dates are read."""
    for reading in view.pack.readings.values():
        if not _of_dates(view.pack, reading.id):
            continue
        for alternative in reading.alternatives:
            told = any(
                c.reading == reading.id and c.alternative == alternative.id
                for f in result.findings
                for c in f.contested
            )
            if told:
                yield paragraph(
                    f"注意：文件的有效期有另一种读法({alternative.label.zh})，按那种读法，该日不在有效期内。"
                    if view.zh
                    else f"note: the dates of the document may be read otherwise ({alternative.label.en}); "
                    "then it is not in force on this day",
                    "yellow",
                )


def _not_in_force(view: View) -> RenderableType:
    period = view.pack.in_force
    dates = f"{period.start} – {period.end}"
    if view.zh:
        return paragraph(f"文件有效期 {dates}。{ENDED.zh}(not_in_force)", "yellow")
    return paragraph(f"not_in_force: in force from {dates}; {ENDED.en}", "yellow")


def subjects(findings: Sequence[Finding], lang: Lang) -> str:
    """Whom findings of one rule are about, told together."""
    first = findings[0]
    if not first.subject:
        subject = SUBJECTS.get(first.rule.subject)
        return subject[lang] if subject else first.rule.subject
    if lang == "zh":
        return "成员 " + "、".join(f.subject for f in findings)
    return ("members " if len(findings) > 1 else "member ") + ", ".join(f.subject for f in findings)


def _grouped(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Findings of one rule with one answer together, in order."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.rule.id, finding.status, *finding.answer()), []).append(finding)
    return list(groups.values())


def counted(rows: int, findings: int, lang: Lang) -> str:
    """How many rows stand below a heading, and how many findings they tell."""
    if rows == findings:
        return f" ({rows})"
    if lang == "zh":
        return f" ({rows} 项，{findings} 条判定)"
    return f" ({rows} {'row' if rows == 1 else 'rows'}, {findings} findings)"


def _section(key: str, findings: Sequence[Finding], view: View) -> Iterator[RenderableType]:
    groups = _grouped(findings)
    yield heading(_HEADINGS[key][view.lang] + counted(len(groups), len(findings), view.lang))
    if not findings:
        yield RichText("  无" if view.zh else "  none", style="dim")
        return
    limit = view.limit()
    shown = groups if limit is None else groups[:limit]
    yield Rows.of(_answer(group, view) for group in shown)
    yield from more(len(groups) - len(shown), view)


def _answer(group: Sequence[Finding], view: View) -> Iterator[RichText | str]:
    first, rule, lang = group[0], group[0].rule, view.lang
    label = RichText(rule.label[lang])
    amount = money(first.amount, lang)
    if amount:
        label.append("：" if view.zh else ": ").append(amount, style="bold")
    if view.everything:
        for detail in (rule.ranks, rule.refer_to):
            if detail:
                label.append(f"\n{detail[lang]}", style="dim")
    details = [EFFECTS[rule.effect][lang] if rule.effect else OUTCOMES[rule.outcome][lang]]
    details.append(FORCES[rule.force][lang])
    if first.met is not None:
        details.append(("已落实：" if view.zh else "met: ") + VERDICTS[first.met][lang])
    if first.status is Status.CONFLICT:
        details.append(STATUSES[first.status][lang])
    yield from (subjects(group, lang), label, whole(" · ".join(details)))
    yield locators(rule.clauses, lang)
    if view.everything:
        yield RichText(rule.id, style="dim")


def more(rest: int, view: View) -> Iterator[RenderableType]:
    """That there are more rows than shown."""
    if rest > 0:
        yield RichText(
            f"  另有 {rest} 项(--all)" if view.zh else f"  {rest} more (--all)", style="dim"
        )


def contested(
    findings: Sequence[Finding], view: View, limit: int | None
) -> Iterator[RenderableType]:
    """What would come out under other readings; a short answer has the first of each rule."""
    findings = [
        f for f in findings if any(not _of_dates(view.pack, c.reading) for c in f.contested)
    ]
    if not findings:
        return
    rows: dict[tuple[str, str, str, str], list[Finding]] = {}
    for finding in findings:
        for other in finding.contested:
            if _of_dates(view.pack, other.reading):
                continue  # told once, at the head
            key = (finding.rule.id, other.reading, other.alternative, _change(finding, other, view))
            rows.setdefault(key, []).append(finding)
    of_rule: dict[str, int] = {}
    for rule, *_ in rows:
        of_rule[rule] = of_rule.get(rule, 0) + 1
    told = {next(k for k in rows if k[0] == rule): n - 1 for rule, n in of_rule.items()}
    chosen = dict.fromkeys(rows, 0) if view.everything else told
    shown = list(chosen.items())[:limit]
    count = counted(len(chosen), len(findings), view.lang)
    if view.everything:
        count = f"{len(chosen)} 种读法" if view.zh else f"{len(chosen)} readings"
        if len(findings) > 1:
            count += f"，{len(findings)} 条判定" if view.zh else f", {len(findings)} findings"
        count = f" ({count})"
    yield heading(_HEADINGS["contested"][view.lang] + count)
    yield Rows.of(_other(key, rows[key], others, view) for key, others in shown)
    yield from more(len(chosen) - len(shown), view)


def _other(
    key: tuple[str, str, str, str], group: Sequence[Finding], others: int, view: View
) -> Iterator[RichText | str]:
    _, reading_id, alternative_id, change = key
    reading = view.pack.readings[reading_id]
    alternative = next(a for a in reading.alternatives if a.id == alternative_id)
    label = alternative.label[view.lang]
    if others:
        label += f"；另有{others}种读法" if view.zh else f"; {others} more"
    yield from (subjects(group, view.lang), group[0].rule.label[view.lang], whole(change), label)
    yield locators(reading.clauses, view.lang)


def _change(finding: Finding, other: Contested, view: View) -> str:
    lang = view.lang
    here = finding.verdict if finding.under_readings is None else finding.under_readings
    if here is not other.verdict:
        return f"{VERDICTS[here][lang]} → {VERDICTS[other.verdict][lang]}"
    if finding.met is not other.met:
        word = "已落实：" if view.zh else "met: "
        return f"{word}{VERDICTS[finding.met][lang]} → {VERDICTS[other.met][lang]}"
    return f"{money(finding.amount, lang)} → {money(other.amount, lang)}"


def missing(
    findings: Iterable[Finding], view: View, limit: int | None, key: str
) -> Iterator[RenderableType]:
    """What would settle findings, the facts that hold up most of them first."""
    needs: dict[str, dict[FactNeed, None]] = {}
    held: dict[str, set[str]] = {}
    own = "household"
    for finding in findings:
        own = own if finding.rule.subject == "member" else finding.rule.subject
        for need in finding.missing:
            needs.setdefault(need.name, {})[need] = None
            held.setdefault(need.name, set()).add(finding.id)
    if not needs:
        return
    names = sorted(needs, key=lambda n: -len(held[n]))
    total = sum(map(len, needs.values()))
    count = f" ({len(names)})"
    if total != len(names):
        both = (
            f"{len(names)} 项事实，{total} 处" if view.zh else f"{len(names)} facts, {total} gaps"
        )
        count = f" ({both})"
    yield heading(_HEADINGS[key][view.lang] + count)
    shown = names[:limit]
    several = any(len(ids) > 1 for ids in held.values())
    yield Rows.of(_need(list(needs[n]), own, len(held[n]) if several else 0, view) for n in shown)
    yield from more(len(names) - len(shown), view)


def _need(needs: Sequence[FactNeed], own: str, count: int, view: View) -> Iterator[RichText | str]:
    need, lang = needs[0], view.lang
    names = [n.subject for n in needs if n.subject]
    yield ("、" if view.zh else ", ").join(names) or _holder(need, own, view)
    yield need_label(need)[lang]
    yield need.question[lang]
    yield ASK.get(need.ask, ASK[""])[lang]
    if count:
        yield whole(f"{count} 条待定" if view.zh else f"{count} open")


def _holder(need: FactNeed, own: str, view: View) -> str:
    """Where a fact without a subject of its own belongs; ``own`` is the kind of the record."""
    if need.kind in ("parameter", "rule_not_in_force"):
        return "本文件" if view.zh else "document"
    kind = need.name.partition(".")[0]
    if need.kind == "external":
        kind = view.pack.externals[need.name.partition(".")[2]].subject
    return SUBJECTS.get(kind, SUBJECTS[own])[view.lang]


def need_label(need: FactNeed) -> Text:
    """What a missing fact is called, with its year: 2022年工资性收入."""
    year = re.search(r"\((\d{4})\)\Z", need.name)
    if year is None:
        return need.label
    return Text(f"{year[1]}年{need.label.zh}", f"{need.label.en}, {year[1]}")


def _conflicts(result: Determination, view: View) -> Iterator[RenderableType]:
    yield heading(f"{_HEADINGS['conflicts'][view.lang]} ({len(result.conflicts)})")
    yield Rows.of(
        (f"{c.label[view.lang]} {c.subject}".strip(), f"{c.recorded} ≠ {c.derived}", c.note[view.lang])
        for c in result.conflicts
    )  # fmt: skip


def _summary(result: Determination, view: View) -> RenderableType:
    total, open_ = len(result.findings), len(result.undetermined)
    told = result.contested
    some = sum(map(tells, told))
    rest = sum(not tells(f) for f in result.measures)
    if view.zh:
        text = f"共 {total} 条判定；待定 {open_}，有争议 {len(told)}"
        if not view.everything:
            text += f"(以上只列标识和给予、优先类 {some})" if told else ""
            text += f"；另有提供、转办类措施 {rest}，职责 {len(result.duties)}(--all 全部显示)"
    else:
        text = f"{total} findings; undetermined {open_}, contested {len(told)}"
        if not view.everything:
            text += f" (above: flags, granted and preferred only, {some})" if told else ""
            text += f"; also offered or referred {rest}, duties {len(result.duties)} (--all)"
    return Group(RichText(), paragraph(text, "dim"))
