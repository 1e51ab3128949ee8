"""What changed in a repository's packs, as Markdown for a review, and as plain data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from policy_rules.diff.compare import ConceptDiff, PackDiff, Pair
from policy_rules.diff.git import Entries, PackChange, RepositoryDiff
from policy_rules.diff.vocabulary import EntryChange, VocabularyChange
from policy_rules.engine.finding import figure
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack, Parameter
from policy_rules.render.aspects import differing, outcome, profile_data, remark
from policy_rules.render.comparing import where
from policy_rules.render.locators import locator, locators
from policy_rules.render.markdown import safe, table
from policy_rules.render.meaning import meaning_data, meaning_told
from policy_rules.render.words import SECTIONS
from policy_rules.text import Text

_WHAT: Final = {
    "added": Text("新增规则包", "new pack"),
    "removed": Text("删去规则包", "pack removed"),
    "changed": Text("有改动", "changed"),
    "unchanged": Text("没有改动", "unchanged"),
    "unreadable": Text("原来的内容无法读取", "what it was cannot be read"),
}
_KINDS: Final = {
    "fact": Text("事实项", "fact"),
    "code": Text("代码", "code"),
    "concept": Text("概念", "concept"),
}
_ENTRY: Final = {
    "added": Text("新增", "new"),
    "removed": Text("删去", "removed"),
    "changed": Text("改动", "changed"),
}
_CLAUSES: Final = Text("条款账", "clause ledger")
#: Names of a section told before the rest is counted.
MOST: Final = 12


def markdown(report: RepositoryDiff, lang: Lang) -> str:
    """The report: the vocabulary, then each pack; one line for each that did not change."""
    zh = lang == "zh"
    title = "规则包的改动" if zh else "What changed in the packs"
    since = f"与 `{safe(report.base)}` ({report.commit[:12]}) 相比" if zh else (
        f"since `{safe(report.base)}` ({report.commit[:12]})"
    )  # fmt: skip
    lines = [f"# {title}", "", since, ""]
    if not report.changed:
        lines += ["没有影响结论的改动。" if zh else "Nothing that decides has changed.", ""]
    lines += _vocabulary(report.vocabulary, lang)
    for pack in report.packs:
        if pack.what != "unchanged":
            lines += _pack(pack, lang)
    for pack in report.packs:
        if pack.what == "unchanged":
            lines.append(f"- `{pack.name}`: {_WHAT['unchanged'][lang]}{_others(pack, lang)}")
    return "\n".join(lines).rstrip() + "\n"


def _others(pack: PackChange, lang: Lang) -> str:
    if not pack.others:
        return ""
    return (
        f"(另有 {pack.others} 个不影响结论的文件有改动)"
        if lang == "zh"
        else f" ({pack.others} files that decide nothing changed)"
    )


def _vocabulary(change: VocabularyChange, lang: Lang) -> Iterator[str]:
    if not change:
        return
    zh = lang == "zh"
    yield f"## {'词汇表' if zh else 'Vocabulary'}"
    yield ""
    if change.entries:
        heads = ("", "名称", "改动") if zh else ("", "name", "change")
        rows = ((_KINDS[e.kind][lang], e.name, _entry(e, lang)) for e in change.entries)
        yield from table(heads, rows)
    if change.wording:
        yield (
            f"另有 {change.wording} 项只改了名称、问题或列名。"
            if zh
            else f"Of {change.wording} more, labels, questions or headers alone changed."
        )
        yield ""


def _entry(entry: EntryChange, lang: Lang) -> str:
    if entry.what != "changed":
        return _ENTRY[entry.what][lang]
    return "; ".join(f"{name}: {_told(a)} → {_told(b)}" for name, (a, b) in entry.aspects.items())


def _told(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "—"
    try:
        return figure(value)
    except (TypeError, ValueError):
        return str(value)


# -- one pack ------------------------------------------------------------------------------------


def _pack(pack: PackChange, lang: Lang) -> Iterator[str]:
    zh = lang == "zh"
    yield f"## {_name(pack, lang)}"
    yield ""
    yield from (f"- {line}" for line in _lines(pack, lang))
    yield ""
    for problem in pack.problems[:MOST]:
        yield f"    {problem.render(lang)}"
    if pack.problems:
        yield ""
    if pack.diff is not None:
        for concept in pack.diff.concepts:
            yield from _concept(concept, pack.diff, lang)
    if pack.rewritten:
        yield (
            f"写法有改动，意思相同：{_names(pack.rewritten, lang)}"
            if zh
            else f"Written in another way, says the same: {_names(pack.rewritten, lang)}"
        )
        yield ""
    yield from _sections(pack, lang)


def _name(pack: PackChange, lang: Lang) -> str:
    one = pack.after or pack.before
    region = "" if one is None else f" {where(one, lang)}"
    return f"`{pack.name}`{region}"


def _lines(pack: PackChange, lang: Lang) -> Iterator[str]:
    zh = lang == "zh"
    before, after = pack.before, pack.after
    yield _WHAT[pack.what][lang] + _others(pack, lang)
    alone = after if pack.what == "added" else before if pack.what == "removed" else None
    if alone is not None:
        counts = (len(alone.rules), len(alone.targets), len(alone.clauses))
        text = (
            "{} {}，规则 {}，目标 {}，语句 {}"
            if zh
            else "{} {}: {} rules, {} targets, {} statements"
        )
        yield text.format(alone.document.title[lang], alone.version, *counts)
    if before is not None and after is not None:
        yield _version(pack, before, after, lang)
        for name, old, new in (
            ("有效期" if zh else "in force", before.in_force, after.in_force),
            (
                "方案期" if zh else "plan period",
                before.document.plan_period,
                after.document.plan_period,
            ),
        ):
            if (old.start, old.end) != (new.start, new.end):
                yield f"{name}: {old.start} – {old.end} → {new.start} – {new.end}"
        if before.region.codes != after.region.codes:
            codes = [", ".join(p.region.codes) for p in (before, after)]
            yield f"{'地区代码' if zh else 'region codes'}: {codes[0]} → {codes[1]}"
    if pack.facts:
        yield (
            f"用到有改动的事实项：{_names(pack.facts, lang)}"
            if zh
            else f"reads facts that changed: {_names(pack.facts, lang)}"
        )
    if pack.diff is not None and not pack.diff.concepts:
        yield ("规则和目标的意思没有变" if zh else "no rule or target says anything else")


def _version(pack: PackChange, before: Pack, after: Pack, lang: Lang) -> str:
    zh = lang == "zh"
    if pack.raised:
        return f"{'版本' if zh else 'version'} {before.version} → {after.version}"
    return (
        f"版本仍为 {after.version}，没有提高"
        if zh
        else f"version still {after.version}: not raised"
    )


def _concept(concept: ConceptDiff, diff: PackDiff, lang: Lang) -> Iterator[str]:
    zh = lang == "zh"
    yield f"### {safe(concept.concept.label[lang])} `{concept.concept.id}`"
    yield ""
    for pair in concept.pairs:
        changed = [(name, a, b) for name, a, b in differing(pair, lang) if a != b]
        if not changed:
            name = f"{safe(pair.right.label[lang])} `{pair.right.thing.id}`"
            why = (
                "字面未变，所引的定义或事实项有改动"
                if zh
                else "the same words; a definition or fact they name changed"
            )
            yield from (f"- {name}: {why}", "")
            yield from _meaning(pair, diff, lang)
            continue
        heads = ("", "A 原来", "B 现在") if zh else ("", "A before", "B now")
        yield from table(heads, _rows(pair, changed, lang))
        if "differs" in pair.agreement.values():
            yield from (safe(remark(pair, lang)), "")
        yield from _meaning(pair, diff, lang)
    for side, profiles in (("removed", concept.only_left), ("added", concept.only_right)):
        for profile in profiles:
            name = f"{safe(profile.label[lang])} `{profile.thing.id}`"
            kind = outcome(profile, lang)
            cited = locators(profile.clauses, lang)
            yield f"- {_ENTRY[side][lang]}: {name} ({kind}, {cited})"
    if concept.only_left or concept.only_right:
        yield ""


def _meaning(pair: Pair, diff: PackDiff, lang: Lang) -> Iterator[str]:
    """Which is wider, with a household that shows it."""
    meant = meaning_told(pair, diff, lang)
    if meant:
        yield from (f"**{safe(meant[0])}**", "")
        yield from (f"- {safe(line)}" for line in meant[1:])
        yield ""


def _rows(
    pair: Pair, changed: Iterable[tuple[str, str, str]], lang: Lang
) -> Iterator[tuple[str, str, str]]:
    ends = [f"{p.label[lang]} ({p.thing.id})" for p in (pair.left, pair.right)]
    yield ("规则或目标" if lang == "zh" else "rule or target", ends[0], ends[1])
    yield from changed
    cited = [locators(p.clauses, lang) for p in (pair.left, pair.right)]
    yield ("条款" if lang == "zh" else "clauses", cited[0], cited[1])


def _sections(pack: PackChange, lang: Lang) -> Iterator[str]:
    before, after = pack.before, pack.after
    if not pack.sections or before is None or after is None:
        return
    zh = lang == "zh"
    heads = ("", "新增", "删去", "改动") if zh else ("", "new", "removed", "changed")
    rows = []
    for section, entries in pack.sections.items():
        name = _CLAUSES[lang] if section == "clauses" else SECTIONS[section][lang]
        rows.append((name, *_cells(section, entries, lang)))
    yield from table(heads, rows)
    values = list(_values(pack.sections, before, after, lang))
    if values:
        columns = ("参数", "原来", "现在") if zh else ("parameter", "before", "now")
        yield from table(columns, values)
    written = list(_expressions(pack.sections, before, after, lang))
    if written:
        columns = ("写法", "原来", "现在") if zh else ("as encoded", "before", "now")
        yield from table(columns, written)


def _cells(section: str, entries: Entries, lang: Lang) -> Iterator[str]:
    for names in (entries.added, entries.removed, entries.changed):
        told = [locator(n, lang) for n in names] if section == "clauses" else list(names)
        yield _names(told, lang)


def _names(names: Iterable[str], lang: Lang) -> str:
    listed = list(names)
    more = len(listed) - MOST
    rest = [f"另 {more} 项" if lang == "zh" else f"{more} more"] if more > 0 else []
    return ("、" if lang == "zh" else ", ").join([*listed[:MOST], *rest])


def _values(
    sections: Mapping[str, Entries], before: Pack, after: Pack, lang: Lang
) -> Iterator[tuple[str, str, str]]:
    """Parameters with other values than before."""
    for name in sections.get("parameters", Entries()).changed:
        old, new = before.parameters[name], after.parameters[name]
        ends = _valued(old), _valued(new)
        if ends[0] != ends[1]:
            yield (f"{new.label[lang]} ({name})", *ends)


def _expressions(
    sections: Mapping[str, Entries], before: Pack, after: Pack, lang: Lang
) -> Iterator[tuple[str, str, str]]:
    """Populations and definitions that are written in another way, as encoded."""
    for section in ("populations", "definitions"):
        for name in sections.get(section, Entries()).changed:
            old, new = (p.raw[section][name] for p in (before, after))
            keys = [k for k in {**old, **new} if k in ("when", "value", "subject", "unit")]
            ends = [
                "; ".join(f"{k}: {_code(entry.get(k))}" for k in keys if old.get(k) != new.get(k))
                for entry in (old, new)
            ]
            if ends[0] != ends[1]:
                yield (f"{SECTIONS[section][lang]} {name}", ends[0], ends[1])


def _code(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _valued(parameter: Parameter) -> str:
    told = [
        f"{v.period.start or '…'} – {v.period.end or '…'}: {_told(v.value)}"
        for v in parameter.values
    ]
    return "; ".join(told) or "—"


# -- plain data ----------------------------------------------------------------------------------


def data(report: RepositoryDiff) -> dict[str, Any]:
    """The report as plain data."""
    return {
        "base": report.base,
        "commit": report.commit,
        "changed": report.changed,
        "vocabulary": {
            "entries": [
                {
                    "kind": e.kind,
                    "name": e.name,
                    "what": e.what,
                    "aspects": {k: [_told(a), _told(b)] for k, (a, b) in e.aspects.items()},
                }
                for e in report.vocabulary.entries
            ],
            "wording": report.vocabulary.wording,
        },
        "packs": [_pack_data(p) for p in report.packs],
    }


def _pack_data(pack: PackChange) -> dict[str, Any]:
    return {
        "pack": pack.name,
        "what": pack.what,
        "before": pack.before and {"version": pack.before.version, "digest": pack.before.digest},
        "after": pack.after and {"version": pack.after.version, "digest": pack.after.digest},
        "pairs": [
            {
                "concept": concept.concept.id,
                "before": profile_data(pair.left),
                "after": profile_data(pair.right),
                "differs": list(pair.differs),
                "meaning": meaning_data(pair.meaning),
            }
            for concept in (pack.diff.concepts if pack.diff else ())
            for pair in concept.pairs
        ],
        "removed": [
            profile_data(p) for c in (pack.diff.concepts if pack.diff else ()) for p in c.only_left
        ],
        "added": [
            profile_data(p) for c in (pack.diff.concepts if pack.diff else ()) for p in c.only_right
        ],
        "rewritten": list(pack.rewritten),
        "sections": {
            name: {"added": list(e.added), "removed": list(e.removed), "changed": list(e.changed)}
            for name, e in pack.sections.items()
        },
        "facts": list(pack.facts),
        "others": pack.others,
        "problems": [p.as_dict() for p in pack.problems],
    }
