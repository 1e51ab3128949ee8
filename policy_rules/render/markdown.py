"""Packs beside each other as Markdown, for pull requests and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from policy_rules.diff.compare import Comparison, ConceptDiff, PackDiff, Pair
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.render.aspects import differing, hanging, outcome, remark
from policy_rules.render.comparing import HYPOTHETICAL, cell, head, most_generous, where
from policy_rules.render.locators import locators
from policy_rules.render.meaning import meaning_told


def safe(text: str) -> str:
    """A text that stays in its cell."""
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return escaped.replace("\n", "<br>")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, with an empty one after it; every cell is made safe."""
    yield "| " + " | ".join(map(safe, heads)) + " |"
    yield "|" + " --- |" * len(heads)
    for row in rows:
        yield "| " + " | ".join(map(safe, row)) + " |"
    yield ""


def diff(report: PackDiff, lang: Lang) -> str:
    """Two packs concept by concept."""
    title = f"{where(report.left, lang)} ↔ {where(report.right, lang)}"
    lines = [f"# {title}", "", *(f"- {line}" for line in head(report, lang)), ""]
    for concept in report.concepts:
        if concept.mentioned == "both":
            lines += _concept(concept, report, lang)
    for name, other in (("left", report.right), ("right", report.left)):
        mine = [c for c in report.concepts if c.mentioned == name]
        if mine:
            side = "A" if name == "left" else "B"
            told = (
                f"只在 {side} 中({where(other, lang)}的文件未提及)"
                if lang == "zh"
                else f"Only in {side} (not mentioned in the document of {where(other, lang)})"
            )
            lines += [f"## {told}", ""]
            lines += table(_heads(lang), (_row(c, p, lang) for c in mine for p in _all(c)))
    return "\n".join(lines).rstrip() + "\n"


def _heads(lang: Lang) -> tuple[str, ...]:
    return ("事项", "规则或目标", "类别", "条款") if lang == "zh" else (
        "concept", "rule or target", "kind", "clauses"
    )  # fmt: skip


def _all(concept: ConceptDiff) -> tuple[Profile, ...]:
    return concept.only_left or concept.only_right


def _row(concept: ConceptDiff, profile: Profile, lang: Lang) -> tuple[str, ...]:
    return (
        concept.concept.label[lang],
        profile.label[lang],
        outcome(profile, lang),
        locators(profile.clauses, lang),
    )


def _concept(concept: ConceptDiff, report: PackDiff, lang: Lang) -> Iterator[str]:
    yield f"## {concept.concept.label[lang]}"
    yield ""
    for pair in concept.pairs:
        heads = ("", f"A {where(report.left, lang)}", f"B {where(report.right, lang)}")
        yield from table(heads, _pair(pair, lang))
        told = remark(pair, lang)
        if told:
            yield from (told, "")
        meant = meaning_told(pair, report, lang)
        if meant:
            yield f"**{safe(meant[0])}**"
            yield ""
            yield from (f"- {safe(line)}" for line in meant[1:])
            yield ""
        for clause, label, change in hanging(pair, lang):
            yield f"- {clause}: {label}" + (f" → {safe(change)}" if change else "")
        if pair.readings:
            yield ""
    for name, profiles in (("A", concept.only_left), ("B", concept.only_right)):
        if profiles:
            more = f"{name} 另有：" if lang == "zh" else f"Also in {name}: "
            said_ = (f"{p.label[lang]} ({locators(p.clauses, lang)})" for p in profiles)
            yield from (more + ("；" if lang == "zh" else "; ").join(said_), "")


def _pair(pair: Pair, lang: Lang) -> Iterator[tuple[str, ...]]:
    yield ("名称" if lang == "zh" else "label", pair.left.label[lang], pair.right.label[lang])
    yield from differing(pair, lang)
    yield (
        "条款" if lang == "zh" else "clauses",
        locators(pair.left.clauses, lang),
        locators(pair.right.clauses, lang),
    )


def comparison(report: Comparison, lang: Lang) -> str:
    """The matrix: a row a concept, a column a pack."""
    lines = ["# 各地政策对照" if lang == "zh" else "# Packs side by side", ""]
    for pack in report.packs:
        lines.append(f"- {where(pack, lang)}: {pack.document.title[lang]} ({report.days[pack.id]})")
    lines += ["", HYPOTHETICAL[lang], ""]
    heads = ["事项" if lang == "zh" else "concept", *(where(p, lang) for p in report.packs)]
    asked = report.generous is not None
    if asked:
        heads.append("对对象最有利" if lang == "zh" else "most generous")
    rows = (
        [
            concept.label[lang],
            *(cell(cells.get(p.id, ()), lang) for p in report.packs),
            *([most_generous(report, concept.id, lang) or "—"] if asked else []),
        ]
        for concept, cells in report.rows
    )
    return "\n".join([*lines, *table(heads, rows)]).rstrip() + "\n"
