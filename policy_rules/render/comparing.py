"""Packs beside each other on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.diff.compare import (
    ASPECTS,
    Aspect,
    Comparison,
    ConceptDiff,
    PackDiff,
    Pair,
    count,
)
from policy_rules.diff.profile import Profile
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.aspects import (
    AGREED,
    NAMES,
    NOTHING,
    differing,
    hanging,
    outcome,
    profile_data,
    remark,
    said,
)
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.locators import locators
from policy_rules.render.meaning import bounds_told, meaning_data, meaning_told
from policy_rules.text import Text

#: What a cell of the matrix tells of a rule or target.
_IN_CELLS: Final[tuple[Aspect, ...]] = ("population", "line", "condition", "figure", "amount")
#: Other readings shown of a pair before the rest is left for ``--all``.
SHORT: Final = 3
HYPOTHETICAL: Final = Text(
    "假设性比较：两份文件适用地区或时间不同，“未提及”不等于不允许。",
    "hypothetical: the documents are for other regions or times; not mentioned is not forbidden.",
)


def where(pack: Pack, lang: Lang) -> str:
    """A pack by the name of its region."""
    return pack.region.name[lang]


# -- two packs -------------------------------------------------------------------------------------


def diff_data(diff: PackDiff) -> dict[str, Any]:
    """Two packs compared, as plain data."""
    return {
        "left": {"pack": diff.left.id, "version": diff.left.version, "day": str(diff.left_day)},
        "right": {"pack": diff.right.id, "version": diff.right.version, "day": str(diff.right_day)},
        "hypothetical": diff.hypothetical,
        "counts": dict(count(diff)),
        "concepts": [
            {
                "concept": c.concept.id,
                "label": c.concept.label.as_dict(),
                "topic": c.concept.topic,
                "polarity": c.concept.polarity,
                "mentioned": c.mentioned,
                "pairs": [
                    {
                        "left": profile_data(p.left),
                        "right": profile_data(p.right),
                        "same": p.same,
                        "differs": list(p.differs),
                        "must_agree": dict(p.agreement),
                        "comparable": p.comparable,
                        "readings": [
                            {
                                "pack": h.pack,
                                "reading": h.reading.id,
                                "alternative": h.alternative.id,
                                "label": h.alternative.label.as_dict(),
                                "changes": sorted(h.changes),
                                "then": profile_data(h.profile),
                            }
                            for h in p.readings
                        ],
                        "remark": {"zh": remark(p, "zh"), "en": remark(p, "en")},
                        "meaning": meaning_data(p.meaning),
                    }
                    for p in c.pairs
                ],
                "only_left": [profile_data(p) for p in c.only_left],
                "only_right": [profile_data(p) for p in c.only_right],
            }
            for c in diff.concepts
        ],
    }


def head(diff: PackDiff, lang: Lang) -> Iterator[str]:
    """Which packs are compared, on which days, with which caution."""
    for side, pack, day in (("A", diff.left, diff.left_day), ("B", diff.right, diff.right_day)):
        on = f"按 {day} 的规定" if lang == "zh" else f"as on {day}"
        yield f"{side}  {where(pack, lang)}  {pack.document.title[lang]}  {pack.id}@{pack.version}  {on}"
    if diff.hypothetical:
        yield HYPOTHETICAL[lang]
    counts = dict(count(diff))
    if lang == "zh":
        yield (
            f"两份都有的事项 {counts['both']}，只在 A {counts['left']}，只在 B {counts['right']}；"
            f"配对 {counts['pairs']}，其中所写相同 {counts['same']}"
        )
    else:
        yield (
            f"concepts in both {counts['both']}, only in A {counts['left']}, only in B {counts['right']}; "
            f"{counts['pairs']} pairs, {counts['same']} the same"
        )
    asked = [p.meaning for c in diff.concepts for p in c.pairs if p.meaning is not None]
    if asked:
        yield bounds_told(asked[0].bounds, lang)


def diff(report: PackDiff, lang: Lang, *, everything: bool = False) -> RenderableType:
    """Two packs concept by concept; the short form leaves out what only one of them has."""
    first, *rest = head(report, lang)
    parts: list[RenderableType] = [paragraph(first, "bold")]
    parts += [paragraph(line, "bold" if line.startswith("B  ") else "dim") for line in rest]
    for concept in report.concepts:
        if concept.mentioned == "both":
            parts += _concept(concept, report, lang, everything)
    for side in ("left", "right"):
        mine = [c for c in report.concepts if c.mentioned == side]
        if mine:
            parts += _only(mine, side, report, lang)
    return Group(*parts)


def _concept(
    concept: ConceptDiff, report: PackDiff, lang: Lang, everything: bool
) -> Iterator[RenderableType]:
    yield heading(f"{concept.concept.label[lang]}  {concept.concept.id}")
    for pair in concept.pairs:
        yield Rows.table(
            ("", f"A {where(report.left, lang)}", f"B {where(report.right, lang)}"),
            _pair(pair, lang),
        )
        told = remark(pair, lang)
        if told:
            yield paragraph(f"→ {told}", "yellow" if not pair.comparable else "dim")
        for n, line in enumerate(meaning_told(pair, report, lang)):
            yield paragraph(f"{'⇒' if not n else ' '} {line}", "bold" if not n else "")
        others = list(hanging(pair, lang))
        if others:
            yield paragraph("其他读法：" if lang == "zh" else "other readings:", "dim")
            shown = others if everything else others[:SHORT]
            yield Rows.of((f"  {clause}", label, change) for clause, label, change in shown)
            if len(shown) < len(others):
                rest = len(others) - len(shown)
                more = f"  另有 {rest} 种(--all)" if lang == "zh" else f"  {rest} more (--all)"
                yield RichText(more, style="dim")
    for name, profiles in (("A", concept.only_left), ("B", concept.only_right)):
        if profiles and not everything:
            yield RichText(
                f"  {name} 另有 {len(profiles)} 条(--all)"
                if lang == "zh"
                else f"  {len(profiles)} more in {name} (--all)",
                style="dim",
            )
        for profile in profiles if everything else ():
            yield Rows.of([(f"  {name}", *_line(profile, lang))])


def _pair(pair: Pair, lang: Lang) -> Iterator[Sequence[RichText | str]]:
    yield ("", pair.left.label[lang], pair.right.label[lang])
    yield from differing(pair, lang)
    same = [NAMES[a][lang] for a in ASPECTS if a not in pair.differs and _speaks(pair, a)]
    if same:
        join = "、" if lang == "zh" else ", "
        yield ("相同" if lang == "zh" else "same", RichText(join.join(same), style="dim"))
    yield (
        "条款" if lang == "zh" else "clauses",
        locators(pair.left.clauses, lang),
        locators(pair.right.clauses, lang),
    )


def _speaks(pair: Pair, aspect: Any) -> bool:
    return said(pair.left, aspect, "en") != NOTHING.en


def _line(profile: Profile, lang: Lang) -> tuple[str, str, str]:
    return (profile.label[lang], outcome(profile, lang), locators(profile.clauses, lang))


def _only(
    concepts: Sequence[ConceptDiff], side: str, report: PackDiff, lang: Lang
) -> Iterator[RenderableType]:
    name, other = ("A", report.right) if side == "left" else ("B", report.left)
    title = (
        f"只在 {name} 中({where(other, lang)}的文件未提及)"
        if lang == "zh"
        else f"only in {name} (not mentioned in the document of {where(other, lang)})"
    )
    yield heading(f"{title} ({len(concepts)})")
    yield Rows.of(
        (c.concept.label[lang] if n == 0 else "", *_line(p, lang))
        for c in concepts
        for n, p in enumerate(c.only_left or c.only_right)
    )


# -- many packs ------------------------------------------------------------------------------------


def comparison_data(report: Comparison) -> dict[str, Any]:
    """Packs beside each other, as plain data."""
    return {
        "packs": [
            {"pack": p.id, "version": p.version, "day": str(report.days[p.id])}
            for p in report.packs
        ],
        "concepts": [
            {
                "concept": concept.id,
                "label": concept.label.as_dict(),
                "topic": concept.topic,
                "question": concept.question.as_dict(),
                "polarity": concept.polarity,
                "must_agree": list(concept.must_agree),
                "packs": {p: [profile_data(x) for x in xs] for p, xs in cells.items()},
                "most_generous": (
                    None if report.generous is None else list(report.generous.get(concept.id, ()))
                ),
            }
            for concept, cells in report.rows
        ],
    }


def cell(profiles: Sequence[Profile], lang: Lang, most: int | None = None) -> str:
    """What one pack says of a concept: a line or two a rule or target."""
    if not profiles:
        return NOTHING[lang]
    shown = profiles if most is None else profiles[:most]
    colon = "：" if lang == "zh" else ": "
    texts = []
    for profile in shown:
        words = [outcome(profile, lang), *(said(profile, a, lang) for a in ("effect", "force"))]
        title = " · ".join(w for w in words if w != NOTHING[lang])
        details = [
            f"{NAMES[a][lang]}{colon}{told}"
            for a in _IN_CELLS
            if (told := said(profile, a, lang)) != NOTHING[lang]
            and not (a == "line" and told in said(profile, "condition", lang))
        ]
        lines = [f"● {profile.label[lang]}  [{title}]", *(f"　{d}" for d in details)]
        texts.append("\n".join([*lines, f"　{locators(profile.clauses, lang)}"]))
    if len(shown) < len(profiles):
        rest = len(profiles) - len(shown)
        texts.append(f"另有 {rest} 条" if lang == "zh" else f"{rest} more")
    return "\n".join(texts)


def most_generous(report: Comparison, concept: str, lang: Lang) -> str:
    """The regions most generous in a concept, where that can be said."""
    best = (report.generous or {}).get(concept, ())
    names = [where(p, lang) for p in report.packs if p.id in best]
    return ("、" if lang == "zh" else ", ").join(names)


def comparison(report: Comparison, lang: Lang, *, everything: bool = False) -> RenderableType:
    """For each concept, what each pack says; the short form has concepts of more than one pack."""
    parts: list[RenderableType] = []
    for pack in report.packs:
        on = f"按 {report.days[pack.id]}" if lang == "zh" else f"on {report.days[pack.id]}"
        parts.append(paragraph(f"{where(pack, lang)}  {pack.id}@{pack.version}  {on}", "dim"))
    parts.append(paragraph(HYPOTHETICAL[lang], "yellow"))
    shown = [r for r in report.rows if everything or len(r[1]) > 1 or len(report.rows) == 1]
    for concept, cells in shown:
        title = f"{concept.label[lang]}  {concept.id}"
        parts.append(heading(f"{title}  {concept.question[lang]}"))
        agreed = [AGREED.get(n, Text(n, n))[lang] for n in concept.must_agree]
        if agreed:
            join = "、" if lang == "zh" else ", "
            told = "可比的前提：" if lang == "zh" else "comparable only with the same: "
            parts.append(paragraph(told + join.join(agreed), "dim"))
        best = most_generous(report, concept.id, lang)
        if best:
            told = "对对象最有利：" if lang == "zh" else "most generous: "
            parts.append(paragraph(told + best, "bold"))
        rows = [
            (where(p, lang), cell(cells.get(p.id, ()), lang, None if everything else 3))
            for p in report.packs
        ]
        parts.append(Rows.of(rows))
    rest = len(report.rows) - len(shown)
    if rest:
        parts.append(
            paragraph(
                f"\n另有 {rest} 个事项只有一份文件提到(--all)"
                if lang == "zh"
                else f"\n{rest} more concepts stand in one document only (--all)",
                "dim",
            )
        )
    return Group(*parts)
