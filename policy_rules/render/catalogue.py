"""Packs and ledgers on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.errors import Lang
from policy_rules.packs.model import Clause, Norm, Pack
from policy_rules.render.layout import Rows, paragraph
from policy_rules.render.locators import locator
from policy_rules.render.words import (
    COMPARATORS,
    DISPOSITIONS,
    FORCES,
    PER,
    REVIEWS,
    SECTIONS,
    UNITS,
    number,
)
from policy_rules.sources.ledger import Audit, deciding, item_of, numbered, span_length
from policy_rules.text import Text

#: What norms count and no fact or amount does.
_NORM_UNITS: Final = {
    "batches": Text("批", " batches"),
    "grades": Text("级", " grades"),
    "round": Text("轮", " rounds"),
    "villages": Text("个村", " villages"),
    "documents": Text("份", " documents"),
    "nights": Text("夜", " nights"),
}


def pack_data(pack: Pack, versions: Sequence[str]) -> dict[str, Any]:
    """A pack as plain data; ``versions`` are those that can be loaded."""
    return {
        "id": pack.id,
        "version": pack.version,
        "versions": list(versions),
        "title": pack.document.title.as_dict(),
        "issuer": pack.document.issuer.as_dict(),
        "number": pack.document.number or None,
        "issued": str(pack.document.issued) if pack.document.issued else None,
        "in_force": {"from": str(pack.in_force.start), "to": str(pack.in_force.end)},
        "region": {"codes": list(pack.region.codes), "name": pack.region.name.as_dict()},
        "clauses": len(pack.clauses),
        "rules": len(pack.rules),
        "targets": len(pack.targets),
        "readings": len(pack.readings),
        "digest": pack.digest,
    }


def packs(
    loaded: Sequence[Pack], lang: Lang, versions: Mapping[str, Sequence[str]]
) -> RenderableType:
    """The packs as a table; below it, the versions of those that have more than one."""
    zh = lang == "zh"
    heads = ("规则包", "地区", "文件", "有效期", "条款", "规则", "目标", "解读") if zh else (
        "pack", "region", "document", "in force", "clauses", "rules", "targets", "readings"
    )  # fmt: skip
    rows = (
        (
            f"{p.id}@{p.version}",
            f"{p.region.name[lang]} {'、'.join(p.region.codes)}",
            p.document.title[lang],
            f"{p.in_force.start} – {p.in_force.end}",
            *(str(len(x)) for x in (p.clauses, p.rules, p.targets, p.readings)),
        )
        for p in loaded
    )
    label = "可载入的版本" if zh else "versions that can be loaded"
    more = [
        paragraph(f"{label} {name}@: {', '.join(every)}", "dim")
        for name, every in versions.items()
        if len(every) > 1
    ]
    return Group(Rows.table(heads, rows), *more)


# -- ledger --------------------------------------------------------------------------------------


def _chosen(pack: Pack, show: str | None) -> list[Clause]:
    return [c for c in pack.clauses.values() if show is None or show in (c.id, item_of(c.id))]


def ledger_data(pack: Pack, report: Audit, show: str | None) -> dict[str, Any]:
    """A ledger as plain data."""
    return {
        "pack": pack.id,
        "items": report.items,
        "dispositions": report.dispositions,
        "reviews": report.reviews,
        "undisposed": len(report.problems),
        "longest_span": {
            "clause": report.longest.id,
            "characters": span_length(report.longest),
        }
        if report.longest
        else None,
        "clauses": [
            {
                "id": c.id,
                "summary": c.summary.as_dict(),
                "dispositions": list(c.dispositions),
                "force": c.force,
                "figures": list(c.figures),
                "encoded_by": list(c.encoded_by),
                "why_not": c.why_not.as_dict() if c.why_not else None,
                "norms": [norm(n, "zh") for n in c.norms],
                "faults": [f.as_dict() for f in c.faults],
                "review": c.review,
            }
            for c in _chosen(pack, show)
        ],
    }


def norm(n: Norm, lang: Lang) -> str:
    """A norm in one line: who, what, how often, how much, by when."""
    colon, comma = ("：", "，") if lang == "zh" else (": ", ", ")
    often = PER[n.per][lang] if n.per in PER else n.per or ""
    parts = [n.what[lang], often, _norm_value(n, lang), n.deadline or ""]
    return n.actor[lang] + colon + comma.join(p for p in parts if p)


def _norm_value(n: Norm, lang: Lang) -> str:
    """Such as ``≥ 50%``; empty where a norm has no figure."""
    sign = COMPARATORS[n.comparator][lang] if n.comparator in COMPARATORS else n.comparator or ""
    if n.value is None:
        return sign.strip()
    values = [v * 100 if n.unit == "ratio" else v for v in (n.value, n.upper) if v is not None]
    name = UNITS[n.unit] if n.unit in UNITS else _NORM_UNITS.get(n.unit or "")
    unit = "%" if n.unit == "ratio" else n.unit or "" if name is None else name[lang]
    return sign + "–".join(map(number, values)) + unit


def ledger(
    pack: Pack, report: Audit, lang: Lang, show: str | None, everything: bool
) -> RenderableType:
    """A ledger as tables: a line an item, or a line a statement."""
    zh = lang == "zh"
    parts: list[RenderableType] = [paragraph(pack.document.title[lang], "bold"), RichText()]
    if show is not None or everything:
        parts.append(_statements(pack, lang, show))
    else:
        parts.append(_items(pack, report, lang))
    numbers = numbered(report.items)
    runs = f"{numbers[0]}–{numbers[-1]}" if numbers else "—"
    gaps = sorted(set(range(1, (numbers or [0])[-1] + 1)) - set(numbers))
    kinds = ", ".join(f"{DISPOSITIONS[k][lang]} {v}" for k, v in report.dispositions.items())
    longest = report.longest
    span = (
        f"{locator(longest.id, lang)} ({span_length(longest)}{' 字' if zh else ' characters'})"
        if longest
        else "—"
    )
    reviews = ("，" if zh else ", ").join(
        f"{REVIEWS[k][lang] if k in REVIEWS else k} {v}" for k, v in report.reviews.items()
    )
    lines = (
        [
            f"语句 {len(pack.clauses)}；{kinds}",
            f"编号条目 {runs}，缺 {gaps or '无'}；未处理 {len(report.problems)}",
            f"最长语句 {span}；全文 {report.characters} 字；规范 {report.norms}；来源瑕疵 {report.faults}",
            f"已编码 {report.encoded}；复核：{reviews}",
        ]
        if zh
        else [
            f"{len(pack.clauses)} statements; {kinds}",
            f"numbered items {runs}, absent {gaps or 'none'}; undisposed {len(report.problems)}",
            f"longest span {span}; text {report.characters}; norms {report.norms}; "
            f"faults of the source {report.faults}",
            f"encoded {report.encoded}; review: {reviews}",
        ]
    )
    parts += [RichText(), *(paragraph(line) for line in lines)]
    return Group(*parts)


def _items(pack: Pack, report: Audit, lang: Lang) -> RenderableType:
    heads = (
        ("条目", "语句", "已编码", "内容")
        if lang == "zh"
        else ("item", "statements", "encoded", "about")
    )
    rows: list[Sequence[str]] = []
    for item, count in report.items.items():
        clauses = [c for c in pack.clauses.values() if item_of(c.id) == item]
        coded = sum(1 for c in clauses if deciding(c))
        rows.append((locator(item, lang), str(count), str(coded), clauses[0].summary[lang]))
    return Rows.table(heads, rows)


def _statements(pack: Pack, lang: Lang, show: str | None) -> RenderableType:
    heads = ("条款", "处理", "力度", "摘要(非原文)", "对应的规则、目标等 / 为何不编码") if lang == "zh" else (
        "clause", "disposition", "force", "summary (not the wording)", "rules, targets … that encode it / why not"
    )  # fmt: skip
    rows = (
        (
            locator(c.id, lang),
            ("、" if lang == "zh" else ", ").join(DISPOSITIONS[d][lang] for d in c.dispositions),
            FORCES[c.force][lang],
            c.summary[lang],
            _encoding(c, pack, lang),
        )
        for c in _chosen(pack, show)
    )
    return Rows.table(heads, rows)


def _encoding(clause: Clause, pack: Pack, lang: Lang) -> RichText:
    """What encodes a clause, by its label, with its id for the other commands; or why nothing does."""
    lines = [_encoder(name, pack, lang) for name in deciding(clause)]
    if not lines and clause.why_not:
        lines.append(RichText(clause.why_not[lang]))
    lines += [RichText(norm(n, lang)) for n in clause.norms]
    fault = "瑕疵：" if lang == "zh" else "fault: "
    lines += [RichText(fault + f[lang]) for f in clause.faults]
    return RichText("\n").join(lines)


def _encoder(name: str, pack: Pack, lang: Lang) -> RichText:
    section, _, id_ = name.partition(".")
    thing = getattr(pack, section).get(id_)
    kind = SECTIONS[section][lang] + ("：" if lang == "zh" else ": ")
    label = thing.label[lang] if thing is not None else ""
    return RichText(kind + label).append(f" {id_}", style="dim")
