"""Packs beside each other as a Word document, for meetings and files.

Needs ``python-docx`` (extra ``reports``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from policy_rules.diff.compare import Comparison, PackDiff
from policy_rules.errors import Lang
from policy_rules.render.comparing import HYPOTHETICAL, cell, head, most_generous, where
from policy_rules.render.docx_paper import A3, A4, Paper
from policy_rules.render.html.comparison import Document, document
from policy_rules.render.html.difference import Both, Group, documents, sections, side_names
from policy_rules.render.html.meaning import Told
from policy_rules.render.html.parts import Cited, agreed
from policy_rules.render.html.record import Row
from policy_rules.render.html.words import words
from policy_rules.render.words import CAUTION

#: More regions than this and the matrix wants a larger sheet.
_ON_A4 = 3


def comparison(report: Comparison, path: Path, lang: Lang) -> None:
    """The matrix on wide paper: a row a concept, a column a region, a table a topic.

    Raises :class:`~policy_rules.errors.EvaluationError` (``extra_missing``, ``cannot_write``).
    """
    w = words(lang)
    size = A4 if len(report.packs) <= _ON_A4 else A3
    paper = Paper(w["matrix"], lang, max(report.days.values()), size=size, landscape=True)
    _documents(paper, [document(p, str(report.days[p.id]), lang) for p in report.packs], lang)
    for note in (HYPOTHETICAL[lang], CAUTION[lang]):
        paper.paragraph(note)
    heads = [w["concept"], *(where(p, lang) for p in report.packs)]
    order = list(dict.fromkeys(c.topic for c, _ in report.rows))
    rows = sorted(report.rows, key=lambda row: order.index(row[0].topic))
    for topic, items in groupby(rows, key=lambda row: row[0].topic_label[lang]):
        paper.heading(topic, 1)
        told = []
        for concept, cells in items:
            best = most_generous(report, concept.id, lang)
            first = [concept.label[lang], concept.question[lang]]
            if concept.must_agree:
                names = w["comma"].join(agreed(concept, lang))
                first.append(w["must_agree"] + w["colon"] + names)
            if best:
                first.append(w["most_generous"] + w["colon"] + best)
            told.append(
                ["\n".join(first), *(cell(cells.get(p.id, ()), lang) for p in report.packs)]
            )
        paper.table(heads, told, [0.6, *(1.0 for _ in report.packs)], split=True)
    paper.save(path)


def diff(report: PackDiff, path: Path, lang: Lang) -> None:
    """Two packs: a table a pair of rules, and what only one of them has. Raises as :func:`comparison`."""
    w = words(lang)
    sides = side_names(report, lang)
    paper = Paper(" ↔ ".join(sides), lang, max(report.left_day, report.right_day))
    _documents(paper, documents(report, lang), lang, ("A ", "B "))
    for line in [*list(head(report, lang))[2:], CAUTION[lang]]:
        paper.paragraph(line)
    for section in sections(report, lang):
        paper.heading(section.title, 1)
        if section.id == "both":
            for group in section.groups:
                _group(paper, group, sides, lang)
        else:
            heads = (w["concept"], w["label"], w["kind"], f"{w['clauses']} · {w['summary']}")
            paper.table(heads, _singles(section.groups, lang), (1, 2, 1, 2))
    paper.save(path)


def _documents(
    paper: Paper, listed: Iterable[Document], lang: Lang, marks: Sequence[str] = ()
) -> None:
    w = words(lang)
    names = ("region", "document", "issuer", "in_force", "as_on", "pack")
    rows = [
        ((marks[i] if marks else "") + d.where, d.title, d.issuer, d.dates, d.day, d.pack)
        for i, d in enumerate(listed)
    ]
    paper.table([w[n] for n in names], rows, (1.2, 2.4, 1.8, 1.2, 1, 1.3))


def _singles(groups: Iterable[Group], lang: Lang) -> Iterator[Sequence[str]]:
    for group in groups:
        for single in group.singles:
            told = single.entry
            clauses = "\n".join(_clauses(told.cited, lang))
            yield (group.label, told.label, " · ".join(told.badges), clauses)


def _clauses(cited: Iterable[Cited], lang: Lang) -> Iterator[str]:
    """Locators with their summaries."""
    for c in cited:
        yield c.where + words(lang)["colon"] + c.summary if c.summary else c.where


def _group(paper: Paper, group: Group, sides: Sequence[str], lang: Lang) -> None:
    w = words(lang)
    paper.heading(group.label, 2)
    paper.paragraph(group.question)
    for pair in group.pairs:
        _pair(paper, pair, sides, lang)
    for side, name in (("a", "A"), ("b", "B")):
        alone = [s for s in group.singles if s.side == side]
        if alone:
            paper.paragraph(
                w["no_counterpart"].format(side=name) + w["colon"], bold=True, keep=True
            )
        for single in alone:
            where_ = w["comma"].join(c.where for c in single.entry.cited)
            paper.paragraph(single.entry.label + w["brackets"].format(where_), "List Bullet")


def _pair(paper: Paper, pair: Both, sides: Sequence[str], lang: Lang) -> None:
    w = words(lang)
    heads = (w["aspect"], f"A {sides[0]}", f"B {sides[1]}")
    rows = [(row.name, row.left, row.right) for row in pair.rows[:-1]]
    left, right = ("\n".join(_clauses(c, lang)) for c in pair.cited)
    rows.append((f"{w['clauses']}\n{w['summary']}", left, right))
    paper.table(heads, rows, (0.7, 2, 2))
    if pair.same:
        paper.paragraph(w["same_aspects"] + w["colon"] + pair.same)
    if pair.remark:
        paper.paragraph(pair.remark, bold=True)
    if pair.meaning is not None:
        _meaning(paper, pair.meaning, sides, lang)
    if pair.others:
        paper.paragraph(w["other_readings"] + w["colon"], keep=True)
        for other in pair.others:
            change = f" → {other.change}" if other.change else ""
            paper.paragraph(f"{other.where}{w['colon']}{other.label}{change}", "List Bullet")


def _meaning(paper: Paper, told: Told, sides: Sequence[str], lang: Lang) -> None:
    w = words(lang)
    paper.paragraph(w["meaning"] + w["colon"] + told.said, bold=True)
    for line in told.notes:
        paper.paragraph(line, "List Bullet")
    if told.bounds:
        paper.paragraph(told.bounds)
    for shown in told.witnesses:
        day = f" · {w['as_of']} {shown.day}" if shown.day else ""
        rows = [(a.side + " " + a.where, f"{a.verdict} {a.amount}".strip()) for a in shown.answers]
        rows += _tree(shown.rows)
        paper.table((f"{w['witness']}{w['colon']}{shown.title}{day}", ""), rows, (1, 1))
    if told.hypothetical is not None:
        _meaning(paper, told.hypothetical, sides, lang)


def _tree(rows: Iterable[Row], depth: int = 0) -> Iterator[tuple[str, str]]:
    for row in rows:
        yield ("　" * depth + row.name, row.value)
        yield from _tree(row.rows, depth + 1)
