"""One record under several documents, side by side by concept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.engine.finding import Finding
from policy_rules.engine.several import Determinations
from policy_rules.errors import Lang
from policy_rules.facts.concepts import Concept
from policy_rules.packs.registry import Applies, Choice
from policy_rules.render.layout import Rows, paragraph
from policy_rules.render.locators import locators
from policy_rules.render.terminal import tells
from policy_rules.render.words import CAUTION, EFFECTS, OUTCOMES, VERDICTS, money
from policy_rules.text import Text
from policy_rules.verdict import Verdict

_APPLIES: Final[dict[Applies, Text]] = {
    "applies": Text("适用", "applies"),
    "perhaps": Text(
        "是否适用须核对：记录未写地区或只写到上级，或文件没有本级代码；适用时用 --pack 指定",
        "may apply: the record names no region or a larger one, or the document has no code of its own; use --pack",
    ),
    "expired": Text("该日已过有效期", "no longer in force on that day"),
    "not_yet": Text("该日尚未生效", "not yet in force on that day"),
    "elsewhere": Text("不在该地区", "another region"),
}
#: Findings a cell shows before the rest is left for ``--all``.
SHORT: Final = 2
HYPOTHETICAL: Final = Text(
    "假设性对照：记录不在下列文件的适用地区：{}。",
    "hypothetical: the record lies outside the region of {}.",
)
NO_PRECEDENCE: Final = Text(
    "同一事项有几份文件时，哪一份优先由有关部门决定；“—”表示该文件没有相应规则，并非不允许。",
    "where several documents speak of one thing, the authorities decide which goes before; — means that "
    "a document has no such rule, not that it forbids anything.",
)


def picked(choices: Sequence[Choice], region: str, day: object, lang: Lang) -> RenderableType:
    """Which packs were taken for a region and day, and which others might matter."""
    join = "、" if lang == "zh" else ", "
    taken = [c.head.id for c in choices if c.applies == "applies"]
    rest = [c for c in choices if c.applies in ("perhaps", "expired", "not_yet")]
    said = join.join(taken) or ("没有在有效期内的文件" if lang == "zh" else "none is in force")
    first = (
        f"按地区 {region} 和评估日 {day} 选用：{said}"
        if lang == "zh"
        else f"chosen by region {region} and date {day}: {said}"
    )
    colon = "：" if lang == "zh" else ": "
    lines = [first] + [
        f"{c.head.id} ({c.head.region.name[lang]}){colon}{_APPLIES[c.applies][lang]}" for c in rest
    ]
    return Group(*(paragraph(line, "dim") for line in lines))


def side_by_side(
    results: Determinations,
    concepts: Mapping[str, Concept],
    lang: Lang,
    *,
    everything: bool = False,
) -> RenderableType:
    """A row a concept, a column a document; the short form has what says YES somewhere."""
    heads = ["事项" if lang == "zh" else "concept"]
    heads += [pack.region.name[lang] for pack in results.packs.values()]
    every = results.by_concept()
    rows = [
        [concepts[concept].label[lang] if concept in concepts else concept]
        + [_cell(by_pack.get(pack, ()), lang, None if everything else SHORT) for pack in results]
        for concept, by_pack in every.items()
        if everything or _worth(by_pack.values())
    ]
    parts: list[RenderableType] = list(_head(results, lang))
    parts += [RichText(), Rows.table(heads, rows), RichText()]
    if len(rows) < len(every):
        rest = len(every) - len(rows)
        parts.append(
            paragraph(
                f"另有 {rest} 个事项没有一份文件判为“是”，或只是提供、转办类(--all 全部显示)"
                if lang == "zh"
                else f"{rest} more concepts on which none says YES, or which are offered or referred (--all)",
                "dim",
            )
        )
    parts += [paragraph(line, "dim") for line in _counts(results, lang)]
    parts.append(paragraph(NO_PRECEDENCE[lang], "dim"))
    return Group(*parts)


def _head(results: Determinations, lang: Lang) -> Iterator[RenderableType]:
    first = next(iter(results.values()))
    day = f"评估日 {first.as_of}" if lang == "zh" else f"as of {first.as_of}"
    record = f"{first.record_id}  " if first.record_id else ""
    yield paragraph(f"{record}{day}", "bold")
    for pack in results.packs.values():
        yield paragraph(
            f"{pack.region.name[lang]}  {pack.document.title[lang]}  {pack.id}@{pack.version}",
            "dim",
        )
    outside = [
        results.packs[name].region.name[lang] for name, r in results.items() if r.in_region is False
    ]
    if outside:
        names = ("、" if lang == "zh" else ", ").join(outside)
        yield paragraph(HYPOTHETICAL[lang].format(names), "yellow")
    yield paragraph(CAUTION[lang], "dim")


def _worth(cells: Iterable[Sequence[Finding]]) -> bool:
    return any(f.verdict is Verdict.YES and tells(f) for findings in cells for f in findings)


def _cell(findings: Sequence[Finding], lang: Lang, most: int | None) -> RichText:
    """The findings of one concept in one document: verdict, amount, clauses."""
    if not findings:
        return RichText("—", style="dim")
    rows: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        rows.setdefault((finding.rule.id, *finding.answer()), []).append(finding)
    best = max((f.verdict for f in findings if f.verdict is not None), key=_RANK.__getitem__)
    lines = []
    for group in rows.values():
        first = group[0]
        if first.verdict is not best:
            continue
        words = [VERDICTS[first.verdict][lang]]
        names = [f.subject for f in group if f.subject]
        words += [("、" if lang == "zh" else ", ").join(names)] if names else []
        kind = EFFECTS[first.effect] if first.effect else OUTCOMES[first.rule.outcome]
        words += [kind[lang]] if best is Verdict.YES else []
        words += [first.rule.label[lang]] if most is None and best is Verdict.YES else []
        words += [money(first.amount, lang)] if best is Verdict.YES and first.amount else []
        words.append(locators(first.clauses, lang))
        lines.append(" ".join(w for w in words if w))
    if best is Verdict.NO:
        return RichText(VERDICTS[best][lang], style="dim")
    rest = 0 if most is None else len(lines) - most
    if rest > 0:
        lines = [*lines[:most], f"另有 {rest} 条" if lang == "zh" else f"{rest} more"]
    return RichText("\n".join(lines), style="bold" if best is Verdict.YES else "")


_RANK: Final = {Verdict.NO: 0, Verdict.UNKNOWN: 1, Verdict.YES: 2}


def _counts(results: Determinations, lang: Lang) -> Iterator[str]:
    for name, result in results.items():
        flags, measures = len(result.flags), len(result.measures)
        open_ = len(result.undetermined)
        silent = all(f.verdict is None for f in result.findings)
        where = results.packs[name].region.name[lang]
        if silent:
            period = results.packs[name].in_force
            yield (
                f"{where}：该日不在有效期内({period.start} – {period.end})"
                if lang == "zh"
                else f"{where}: not in force on that day ({period.start} – {period.end})"
            )
        elif lang == "zh":
            yield f"{where}：标识 {flags}，措施 {measures}，待定 {open_}"
        else:
            yield f"{where}: flags {flags}, measures {measures}, undetermined {open_}"
