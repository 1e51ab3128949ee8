"""Explanations on a terminal: why a finding came out as it did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.engine.finding import Because, Finding, Status
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.locators import locator
from policy_rules.render.official import quoted
from policy_rules.render.terminal import View, contested, missing, subjects
from policy_rules.render.values import seen
from policy_rules.render.words import EFFECTS, ENDED, FORCES, STATUSES, VERDICTS, money
from policy_rules.text import Text
from policy_rules.verdict import Verdict

#: The parts of a rule, by the first step of a line's path.
_PARTS: Final = {
    "when": Text("逐条条件", "Line by line"),
    "unless": Text("除外情形(成立则不适用)", "Unless (where this holds, the rule does not)"),
    "met_when": Text("是否已落实", "Whether it is met"),
    "amount": Text("金额", "Amount"),
}
_MARKS: Final = {
    "●": Text("● 决定结论的条件", "● lines that decided"),
    "Δ": Text("Δ 与界限的差距", "Δ distance from the edge"),
}


def explanation(
    finding: Finding,
    lines: Iterable[Because],
    pack: Pack,
    lang: Lang = "zh",
    *,
    expressions: bool = False,
    wordings: Mapping[str, str] | None = None,
) -> RenderableType:
    """The whole why and why-not of one finding.

    ``expressions`` adds each line as encoded, ``wordings`` the official wording of clauses.
    """
    rule, view = finding.rule, View(pack, lang, everything=True)
    title = RichText(rule.label[lang], style="bold").append(f"  {finding.id}", style="not bold dim")
    answer = [VERDICTS[finding.verdict][lang], STATUSES[finding.status][lang]]
    answer += [EFFECTS[rule.effect][lang]] if rule.effect else []
    answer += [FORCES[rule.force][lang], subjects([finding], lang)]
    parts: list[RenderableType] = [Rows.of([[title]]), paragraph(" · ".join(answer))]
    if finding.amount is not None:
        parts.append(paragraph(money(finding.amount, lang)))
    if finding.status is Status.NOT_IN_FORCE:
        dates = f"{rule.in_force.start} – {rule.in_force.end}"
        parts.append(paragraph(f"{dates}  {ENDED[lang]}", "yellow"))
    if rule.note:
        parts.append(paragraph(rule.note[lang], "dim"))
    if wordings:
        parts += quoted(pack, rule.clauses, wordings, lang)
    else:
        parts.append(
            heading("条款摘要(非原文)" if lang == "zh" else "Clauses, summary (not the wording)")
        )
        told = [(locator(a, lang), pack.clauses[a].summary[lang]) for a in rule.clauses]
        parts.append(Rows.of(told))
    parts += _lines(tuple(lines), finding, view, expressions)
    parts += missing([finding], view, None, "needed")
    parts += contested([finding] if finding.contested else [], view, None)
    return Group(*parts)


def _lines(
    lines: Sequence[Because], finding: Finding, view: View, expressions: bool
) -> Iterator[RenderableType]:
    groups: dict[str, list[Because]] = {}
    part = "when"
    for line in lines:
        if line.depth == 0:
            step = line.path.split(".")[0]
            part = step if step in _PARTS else "when"
        groups.setdefault(part, []).append(line)
    for part in (p for p in _PARTS if p in groups):
        yield heading(_PARTS[part][view.lang])
        yield Rows.of(_line(line, finding, view, expressions) for line in groups[part])
    marks = [_MARKS["●"]] if any(line.decided for line in lines) else []
    marks += [_MARKS["Δ"]] if any(line.margin is not None for line in lines) else []
    if marks:
        yield paragraph("  ".join(m[view.lang] for m in marks), "dim")


def _line(
    line: Because, finding: Finding, view: View, expressions: bool
) -> Iterator[RichText | str]:
    lang = view.lang
    yield ("● " if line.decided else "  ") + VERDICTS[line.verdict][lang]
    yield "　" * line.depth + ("└ " if line.depth else "") + line.prose[lang]
    yield RichText("\n".join(seen(line, finding, view.pack, lang)), style="dim")
    yield "" if line.margin is None else f"Δ {line.margin}"
    if expressions:
        yield RichText(line.text, style="dim")


def chosen(findings: Sequence[Finding]) -> list[Finding]:
    """Of a rule's findings for several members, those that tell most: YES, else open, else all."""
    for verdict in (Verdict.YES, Verdict.UNKNOWN):
        found = [f for f in findings if f.verdict is verdict]
        if found:
            return found
    return list(findings)


def others(findings: Sequence[Finding], shown: Sequence[Finding], lang: Lang) -> str:
    """How many findings of the rule are not shown, by verdict."""
    rest = [f for f in findings if f not in shown]
    count: dict[Verdict | None, int] = {}
    for finding in rest:
        count[finding.verdict] = count.get(finding.verdict, 0) + 1
    if lang == "zh":
        kinds = "，".join(f"{VERDICTS[v].zh} {n}" for v, n in count.items())
        return f"另有 {len(rest)} 名成员：{kinds}(--all 全部显示)"
    kinds = ", ".join(f"{VERDICTS[v].en} {n}" for v, n in count.items())
    return f"{len(rest)} more {'member' if len(rest) == 1 else 'members'}: {kinds} (--all)"
