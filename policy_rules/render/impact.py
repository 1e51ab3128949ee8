"""An impact on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType

from policy_rules.diff.impact import KINDS as EVERY
from policy_rules.diff.impact import OUTCOMES as EVERY_OUTCOME
from policy_rules.diff.impact import STATES as EVERY_STATE
from policy_rules.diff.impact import Count, Impact, Kind, Money, RuleImpact
from policy_rules.engine.finding import figure
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack, Rule
from policy_rules.render.impact_words import (
    CAUTION,
    KINDS,
    STATES,
    clauses,
    head,
    kind_of,
    label,
    short,
    sums_of,
)
from policy_rules.render.layout import Rows, heading, paragraph, whole
from policy_rules.render.words import AMOUNT_KINDS, OUTCOMES, UNITS, number
from policy_rules.text import Text

#: Rows of the list shown before the rest is left for ``--all`` or a file.
SHORT: Final = 10


# -- tables, as cells --------------------------------------------------------------------------------


def shown_kinds(report: Impact) -> list[Kind]:
    """The kinds of change there are; gains and losses always, so that "none" is seen."""
    found = {k for kinds in report.totals.values() for k in kinds}
    return [k for k in EVERY if k in found or k in ("gains", "loses")]


def totals(report: Impact, lang: Lang) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: by outcome, households and persons of each kind of change, and what is open."""
    zh, kinds = lang == "zh", shown_kinds(report)
    heads = ["类别" if zh else "type", *(KINDS[k][lang] for k in kinds)]
    heads += (
        ["待定结论 A→B", "有待定的 A→B"] if zh else ["open answers, A to B", "with any, A to B"]
    )
    rows = []
    for outcome in EVERY_OUTCOME:
        before, after = report.undetermined[outcome]
        of = report.totals[outcome]
        if not of and not before.households and not after.households:
            continue
        nobody = "0"
        rows.append(
            [
                OUTCOMES[outcome][lang],
                *(short(of.get(k), lang) or nobody for k in kinds),
                "{:,} → {:,}".format(*report.open_answers(outcome)),
                f"{short(before, lang) or nobody} → {short(after, lang) or nobody}",
            ]
        )
    return heads, rows


def by_rule(
    report: Impact, lang: Lang, rules: Sequence[RuleImpact]
) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: a rule each, with its clauses on both sides, its changes, what is open."""
    zh = lang == "zh"
    kinds = [k for k in EVERY if any(k in r.changes for r in rules)]
    alike = all(clauses(r.pair.left, lang) == clauses(r.pair.right, lang) for r in rules)
    heads = ["规则", "类别"] if zh else ["rule", "type"]
    heads += (
        _clause_heads(alike, lang)
        + [KINDS[k][lang] for k in kinds]
        + ["待定 A→B" if zh else "UNKNOWN, A to B"]
    )
    rows = [
        [
            label(r, lang),
            kind_of(r, lang),
            *_both_clauses(r, alike, lang),
            *(short(r.changes[k].count, lang) if k in r.changes else "" for k in kinds),
            f"{r.states(0, 'UNKNOWN'):,} → {r.states(1, 'UNKNOWN'):,}",
        ]
        for r in rules
    ]
    return heads, rows


def transitions(rule: RuleImpact, lang: Lang) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of a rule's transition table: before down, after across."""
    keys = rule.transitions
    down = [s for s in EVERY_STATE if s != "NONE" or any(a == s for a, _ in keys)]
    across = [s for s in EVERY_STATE if s != "NONE" or any(b == s for _, b in keys)]
    heads = ["A ↓ B →", *(STATES[s][lang] for s in across)]
    rows = [[STATES[a][lang], *(f"{keys.get((a, b), 0):,}" for b in across)] for a in down]
    return heads, rows


def listed(report: Impact, lang: Lang, most: int | None) -> tuple[list[str], list[list[str]]]:
    """Heads and rows of the list: household, member, rule, both answers with their amounts, both clauses."""
    zh = lang == "zh"
    alike = all(clauses(r.pair.left, lang) == clauses(r.pair.right, lang) for r in report.rules)
    heads = ["户", "成员", "规则", "变化", "A 结论", "B 结论"] if zh else [
        "household", "member", "rule", "change", "A", "B"
    ]  # fmt: skip
    heads += _clause_heads(alike, lang)
    labels = {
        (r.pair.left.id if r.pair.left else "", r.pair.right.id if r.pair.right else ""): r
        for r in report.rules
    }
    rows = []
    frame = report.changes if most is None else report.changes.head(most)
    for row in frame.iter_rows(named=True):
        rule = labels[row["left_rule"], row["right_rule"]]
        rows.append(
            [
                row["record"],
                row["subject"],
                label(rule, lang),
                KINDS[row["kind"]][lang],
                _answer(row, "left", rule.pair.left, lang),
                _answer(row, "right", rule.pair.right, lang),
                *_both_clauses(rule, alike, lang),
            ]
        )
    return heads, rows


def _clause_heads(alike: bool, lang: Lang) -> list[str]:
    zh = lang == "zh"
    if alike:
        return ["条款" if zh else "clauses"]
    return ["A 条款", "B 条款"] if zh else ["A clauses", "B clauses"]


def _both_clauses(rule: RuleImpact, alike: bool, lang: Lang) -> list[str]:
    """The clauses of both sides; once where they are the same throughout."""
    both = [clauses(side, lang) for side in (rule.pair.left, rule.pair.right)]
    return both[:1] if alike else both


def _answer(row: dict[str, Any], side: str, rule: Rule | None, lang: Lang) -> str:
    """The state of one side, with the amount where there is a figure."""
    state, low, high = row[side], row[f"{side}_low"], row[f"{side}_high"]
    said = STATES[state][lang]
    if state not in ("YES", "UNKNOWN") or (low is None and high is None):
        return said
    spec = None if rule is None else rule.amount
    unit = "" if spec is None or spec.unit is None else UNITS.get(spec.unit, Text("", ""))[lang]
    if low == high:
        told = _figure(low)
    elif high is None:
        told = AMOUNT_KINDS["at_least"][lang] + _figure(low)
    elif low is None:
        told = AMOUNT_KINDS["up_to"][lang] + _figure(high)
    else:
        told = f"{_figure(low)}–{_figure(high)}"
    return f"{said} {told}{unit}"


def _figure(text: str | None) -> str:
    from policy_rules.tables.answers_rows import number_of

    found = number_of(text)
    return "" if found is None else number(found)


# -- terminal ----------------------------------------------------------------------------------------


def impact(report: Impact, lang: Lang, *, everything: bool = False) -> RenderableType:
    """Totals, rules that move, the first of the list; with everything, transition tables too."""
    zh = lang == "zh"
    first, second, *rest = head(report, lang)
    parts: list[RenderableType] = [paragraph(first, "bold"), paragraph(second, "bold")]
    parts += [
        paragraph(line, "yellow" if line.startswith(("假设", "Hypo")) else "") for line in rest
    ]
    parts.append(heading("合计(户/人)" if zh else "Totals (households / persons)"))
    parts.append(_table(totals(report, lang)))
    moved = [r for r in report.rules if r.moved]
    if moved:
        parts.append(heading("按规则" if zh else "By rule"))
        parts.append(_table(by_rule(report, lang, moved)))
        parts += _money(moved, lang)
    else:
        parts.append(paragraph("没有结论发生变化" if zh else "no answer changes"))
    for rule in moved if everything else ():
        parts.append(heading(f"{label(rule, lang)}  {rule.pair.rule.id}"))
        parts.append(_table(transitions(rule, lang)))
    if report.unpaired:
        parts += _unpaired(report, lang, everything)
    if report.listed:
        kept = report.changes.height if everything else min(SHORT, report.changes.height)
        title = (
            f"名单({kept:,}/{report.listed:,})" if zh else f"List ({kept:,} of {report.listed:,})"
        )
        parts += [heading(title), _table(listed(report, lang, kept))]
        if kept < report.listed:
            more = (
                "其余见 --all，或用 -o 写入 .xlsx、.parquet"
                if zh
                else "the rest with --all, or with -o into .xlsx or .parquet"
            )
            parts.append(paragraph(more, "dim"))
    parts += [paragraph(""), paragraph(CAUTION[lang], "dim")]
    return Group(*parts)


def _table(cells: tuple[list[str], list[list[str]]]) -> Rows:
    return Rows.table(cells[0], ([whole(row[0]), *row[1:]] for row in cells[1]))


def _money(rules: Sequence[RuleImpact], lang: Lang) -> Iterator[RenderableType]:
    told = [(r, line) for r in rules for line in sums_of(r, lang)]
    if told:
        yield heading("金额合计" if lang == "zh" else "Sums of amounts")
        yield Rows.of((label(r, lang), line) for r, line in told)


def unpaired(report: Impact, lang: Lang) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: rules only one of the packs has, with how many would be YES or open."""
    heads = ["只在", "规则", "类别", "条款", "是", "待定"] if lang == "zh" else [
        "only in", "rule", "type", "clauses", "YES", "UNKNOWN"
    ]  # fmt: skip
    rows = []
    for rule in report.unpaired:
        side = 0 if rule.pair.right is None else 1
        counts = [f"{rule.states(side, s):,}" for s in ("YES", "UNKNOWN")]  # type: ignore[arg-type]
        own = rule.pair.rule
        rows.append(["AB"[side], own.label[lang], kind_of(rule, lang), clauses(own, lang), *counts])
    return heads, rows


def _unpaired(report: Impact, lang: Lang, everything: bool) -> Iterator[RenderableType]:
    count = len(report.unpaired)
    title = (
        f"只有一方写到的规则({count})" if lang == "zh" else f"Rules only one of them has ({count})"
    )
    yield heading(title)
    if everything:
        yield _table(unpaired(report, lang))
    else:
        yield paragraph("用 --all 列出" if lang == "zh" else "listed with --all", "dim")


# -- plain data ----------------------------------------------------------------------------------------


def impact_data(report: Impact) -> dict[str, Any]:
    """An impact as plain data; sums are exact decimal texts."""
    return {
        "caution": CAUTION.as_dict(),
        "left": _side(report.left, report.left_day),
        "right": _side(report.right, report.right_day),
        "hypothetical": report.hypothetical,
        "population": _count(report.population),
        "touched": _count(report.touched),
        "elsewhere": report.elsewhere,
        "unread": report.unread,
        "incomplete": report.incomplete,
        "marked": dict(sorted(report.marked.items())),
        "problems": report.faults,
        "totals": {
            outcome: {
                **{kind: _count(count) for kind, count in report.totals[outcome].items()},
                "undetermined": {
                    "left": _count(report.undetermined[outcome][0]),
                    "right": _count(report.undetermined[outcome][1]),
                },
            }
            for outcome in EVERY_OUTCOME
        },
        "rules": [_rule(r) for r in report.rules],
        "unpaired": [_rule(r) for r in report.unpaired],
        "listed": report.listed,
        "changes": report.changes.to_dicts(),
    }


def _side(pack: Pack, day: object) -> dict[str, Any]:
    return {
        "pack": pack.id,
        "version": pack.version,
        "digest": pack.digest,
        "vocabulary": pack.vocabulary.digest,
        "overlays": list(pack.overlays),
        "day": None if day is None else str(day),
    }


def _count(count: Count) -> dict[str, int]:
    return {"households": count.households, "persons": count.persons}


def _rule(impact_: RuleImpact) -> dict[str, Any]:
    pair = impact_.pair
    return {
        "left": _own(pair.left),
        "right": _own(pair.right),
        "renamed": pair.renamed,
        "outcome": pair.rule.outcome,
        "by_household": impact_.by_household,
        "transitions": [
            {"left": a, "right": b, "subjects": n}
            for (a, b), n in sorted(impact_.transitions.items())
        ],
        "changes": {
            kind: {
                **_count(change.count),
                "left": _sums(change.left),
                "right": _sums(change.right),
            }
            for kind, change in impact_.changes.items()
        },
        "sums": {
            "yes": {"left": _sums(impact_.yes[0]), "right": _sums(impact_.yes[1])},
            "unknown": {"left": _sums(impact_.open[0]), "right": _sums(impact_.open[1])},
        },
    }


def _own(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    amount = rule.amount
    return {
        "rule": rule.id,
        "label": rule.label.as_dict(),
        "clauses": list(rule.clauses),
        "unit": amount.unit if amount else None,
        "paid": amount.paid if amount else None,
    }


def _sums(sums: Money) -> dict[str, Any]:
    return {
        "low": figure(sums.low),
        "high": None if sums.high is None else figure(sums.high),
        "subjects": sums.subjects,
        "unstated": sums.unstated,
    }
