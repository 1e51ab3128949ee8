"""What can be said of a pack's properties, for people: proved within which bounds, only tested, refuted by which record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType

from policy_rules.analysis.model import Proof, Shown, Span
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.meaning import bounds_data, bounds_told
from policy_rules.render.witnesses import record_told
from policy_rules.testing.verifying import Status, Verification, Verified
from policy_rules.text import Text

STATUSES: Final[dict[Status, Text]] = {
    "refuted": Text("不成立", "refuted"),
    "idle": Text("没有记录检验到", "never put to the test"),
    "tested": Text("只经检验", "only tested"),
    "proved": Text("已证明", "proved"),
}
_KINDS: Final = {
    "monotone": Text("单调", "monotone"),
    "never_both": Text("互斥", "never both"),
    "implies": Text("蕴含", "implies"),
    "amount_within": Text("金额范围", "amount within"),
}
_OPEN: Final = {
    "time": Text("限时内没有算完", "out of time"),
    "subject": Text("规则的对象不同", "rules about different subjects"),
    "code": Text("该项是代码，没有高低", "the fact is a code"),
    "codes": Text("该项是一组代码，没有高低", "the fact is a set of codes"),
    "text": Text("该项是文字，没有高低", "the fact is a text"),
}
_WORDS: Final = {
    "headline": Text(
        "{pack}：{total} 条性质，已证明 {proved}，只经检验 {tested}，不成立 {refuted}，没有记录检验到 {idle}；{seconds:.1f} 秒处理器时间",
        "{pack}: {total} properties, {proved} proved, {tested} only tested, {refuted} refuted, {idle} never put to the test; {seconds:.1f} s of a processor",
    ),
    "days": Text("{days}内每一天", "every day of {days}"),
    "span": Text("{first}至{last}", "{first} to {last}"),
    "silent": Text("其中{days}所涉规则不在有效期", "of which on {days} a rule is not in force"),
    "facts": Text("{n} 项资料可有可无、取值任意", "{n} facts, any of them recorded or not"),
    "years": Text(
        "只看当日前三年至后一年的年度资料", "years from three before the day to one after"
    ),
    "tried": Text("检验了 {n} 条记录", "{n} records put it to the test"),
    "why": Text("未证明：{why}", "not proved: {why}"),
    "unasked": Text("没有交给求解器", "the solver was not asked"),
    "vacuous": Text(
        "范围内没有记录使它受到检验", "no record within the bounds puts it to the test"
    ),
    "record": Text("例（{day}）：{facts}", "example ({day}): {facts}"),
    "moved": Text("该项改动后：{facts}", "with the fact moved: {facts}"),
    "holds": Text("换读法仍成立：{names}", "holds under other readings: {names}"),
    "fails": Text("换读法不成立：{names}", "does not hold under other readings: {names}"),
    "left": Text("换读法未判定：{names}", "not settled under other readings: {names}"),
    "scope": Text(
        "按所采读法；资料可缺，但记录值与推算值相矛盾的记录不在内",
        "under the readings chosen; facts may be missing, records whose recorded and derived values contradict each other are left out",
    ),
    "property": Text("性质", "property"),
    "kind": Text("种类", "kind"),
    "status": Text("结论", "status"),
    "said": Text("说明", "what is said"),
    "title": Text("性质", "Properties"),
}


def _word(key: str, lang: Lang, **values: Any) -> str:
    return _WORDS[key][lang].format(**values)


def headline(found: Verification, lang: Lang) -> str:
    """One line that counts."""
    counts = {status: len(found.having(status)) for status in STATUSES}
    return _word(
        "headline", lang, pack=found.pack.id, total=len(found.verified), seconds=found.seconds, **counts
    )  # fmt: skip


def told(one: Verified, pack: Pack, lang: Lang) -> str:
    """What can be said of a property, in a line."""
    return ("；" if lang == "zh" else "; ").join(_parts(one, pack, lang))


def _parts(one: Verified, pack: Pack, lang: Lang) -> Iterator[str]:
    proof = one.proof
    if one.status == "proved" and proof is not None:
        yield _word("days", lang, days=_spans(proof.days, lang))
        if proof.silent:
            yield _word("silent", lang, days=_spans(proof.silent, lang))
        yield _word("facts", lang, n=len(proof.facts))
        if proof.years:
            yield _word("years", lang)
    elif one.status in ("tested", "idle"):
        yield _word("tried", lang, n=one.tried)
        yield _word("why", lang, why=_why(proof, lang))
    if one.shown is not None:
        yield from _examples(one.shown, pack, lang)
    join = "、" if lang == "zh" else ", "
    for key, names in (("holds", one.holds), ("fails", one.fails), ("left", one.open)):
        if names:
            yield _word(key, lang, names=join.join(names))


def _why(proof: Proof | None, lang: Lang) -> str:
    if proof is None:
        return _WORDS["unasked"][lang]
    if proof.settled == "proved":
        return _WORDS["vacuous"][lang]
    join = "、" if lang == "zh" else ", "
    return join.join(_OPEN[why][lang] if why in _OPEN else why for why in proof.open)


def _spans(spans: Sequence[Span], lang: Lang) -> str:
    join = "、" if lang == "zh" else ", "
    return join.join(
        str(s.first) if s.first == s.last else _word("span", lang, first=s.first, last=s.last)
        for s in spans
    )


def _examples(shown: Shown, pack: Pack, lang: Lang) -> Iterator[str]:
    join = "，" if lang == "zh" else ", "
    facts = join.join(record_told(shown.record, [pack], lang))
    yield _word("record", lang, day=shown.day, facts=facts)
    if shown.moved is not None:
        yield _word("moved", lang, facts=join.join(record_told(shown.moved, [pack], lang)))


def properties(found: Verification, lang: Lang) -> RenderableType:
    """The properties of a pack by what came of them, what stands out first."""
    parts: list[RenderableType] = [
        paragraph(f"{found.pack.id}@{found.pack.version}", "bold"),
        paragraph(bounds_told(found.bounds, lang), "dim"),
        paragraph(_WORDS["scope"][lang], "dim"),
    ]
    for status, head in STATUSES.items():
        some = found.having(status)
        if some:
            parts.append(heading(f"{head[lang]} ({len(some)})"))
            rows = [
                (f"  {v.property.id}", v.property.label[lang], told(v, found.pack, lang))
                for v in some
            ]
            parts.append(Rows.of(rows))
    parts.append(paragraph(headline(found, lang)))
    return Group(*parts)


def properties_markdown(found: Sequence[Verification], lang: Lang) -> str:
    """The same as a page, a table a pack."""
    out = [f"# {_WORDS['title'][lang]}", ""]
    for one in found:
        out += [f"## {one.pack.id} {one.pack.version}", "", headline(one, lang), ""]
        out += [bounds_told(one.bounds, lang), "", _WORDS["scope"][lang], ""]
        heads = [_WORDS[k][lang] for k in ("property", "kind", "status", "said")]
        out += ["| " + " | ".join(heads) + " |", "| --- | --- | --- | --- |"]
        for v in one.verified:
            wanted = v.property
            cells = (
                f"`{wanted.id}` {wanted.label[lang]}", _KINDS[wanted.kind][lang],
                STATUSES[v.status][lang], told(v, one.pack, lang),
            )  # fmt: skip
            out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
        out.append("")
    return "\n".join(out)


def properties_data(found: Verification) -> dict[str, Any]:
    """What came of the properties of a pack as plain data."""
    return {
        "pack": found.pack.id,
        "version": found.pack.version,
        "digest": found.pack.digest,
        "bounds": bounds_data(found.bounds),
        "readings": "chosen",
        **{status: len(found.having(status)) for status in STATUSES},
        "seconds": round(found.seconds, 2),
        "properties": [_data(v, found) for v in found.verified],
    }


def _data(one: Verified, found: Verification) -> dict[str, Any]:
    proof, wanted = one.proof, one.property
    body: dict[str, Any] = {
        "property": wanted.id,
        "kind": wanted.kind,
        "label": {"zh": wanted.label.zh, "en": wanted.label.en},
        "place": str(wanted.place),
        "status": one.status,
        "tried": one.tried,
        "seconds": round(one.seconds, 2),
    }
    if proof is not None:
        body["solver"] = {
            "settled": proof.settled,
            "days": [span.as_dict() for span in proof.days],
            "not_in_force": [span.as_dict() for span in proof.silent],
            "open": list(proof.open),
            "facts": list(proof.facts),
            "years_around_the_day": proof.years,
            "put_to_the_test": proof.tested,
            "questions": proof.questions,
        }
    if found.readings and one.status == "proved":
        body["other_readings"] = {
            "hold": list(one.holds),
            "fail": list(one.fails),
            "open": list(one.open),
        }
    if one.shown is not None:
        body["record"] = dict(one.shown.record)
        body["as_of"] = str(one.shown.day)
        if one.shown.moved is not None:
            body["moved"] = dict(one.shown.moved)
        if one.shown.parameters:
            body["parameters"] = {p: dict(v) for p, v in one.shown.parameters.items()}
    return body
