"""An impact as Markdown, for pull requests and notes."""

from __future__ import annotations

from policy_rules.diff.impact import Impact
from policy_rules.errors import Lang
from policy_rules.render.impact import by_rule, listed, totals, transitions, unpaired
from policy_rules.render.impact_words import CAUTION, head, label, name_of, sums_of
from policy_rules.render.markdown import safe, table

#: Rows of the list in a note; the workbook has them all.
MOST = 50


def impact(report: Impact, lang: Lang) -> str:
    """Head, totals, a row a rule that moves with its transition table, the first of the list."""
    zh = lang == "zh"
    title = f"{name_of(report.left, lang)} → {name_of(report.right, lang)}"
    lines = [f"# {'影响测算' if zh else 'Impact'}: {safe(title)}", ""]
    lines += [*(f"- {safe(line)}" for line in head(report, lang)), ""]
    lines += [f"## {'合计(户/人)' if zh else 'Totals (households / persons)'}", ""]
    lines += table(*totals(report, lang))
    moved = [r for r in report.rules if r.moved]
    lines += [f"## {'按规则' if zh else 'By rule'}", ""]
    if moved:
        lines += table(*by_rule(report, lang, moved))
    else:
        lines += ["没有结论发生变化" if zh else "No answer changes.", ""]
    for rule in moved:
        lines += [f"### {safe(label(rule, lang))} `{rule.pair.rule.id}`", ""]
        lines += table(*transitions(rule, lang))
        sums = sums_of(rule, lang)
        lines += [*(f"- {safe(line)}" for line in sums), *([""] if sums else [])]
    if report.unpaired:
        lines += [f"## {'只有一方写到的规则' if zh else 'Rules only one of them has'}", ""]
        lines += table(*unpaired(report, lang))
    if report.listed:
        kept = min(MOST, report.changes.height)
        count = f"{kept:,}/{report.listed:,}" if zh else f"{kept:,} of {report.listed:,}"
        lines += [f"## {'名单' if zh else 'List'} ({count})", ""]
        lines += table(*listed(report, lang, kept))
    return "\n".join([*lines, CAUTION[lang]]).rstrip() + "\n"
