"""What a rule or target says of each aspect, in words for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from policy_rules.diff.compare import ASPECTS, Aspect, Hanging, Pair, agreed_by
from policy_rules.diff.profile import Payment, Profile, Said
from policy_rules.errors import Lang
from policy_rules.packs.model import Target
from policy_rules.render.goals import figures_text
from policy_rules.render.locators import locators
from policy_rules.render.words import (
    AMOUNT_KINDS,
    EFFECTS,
    FORCES,
    MEASURES,
    OUTCOMES,
    PAID,
    PER,
)
from policy_rules.text import Text

NAMES: Final[dict[Aspect, Text]] = {
    "outcome": Text("类别", "type of rule"),
    "subject": Text("判定到", "about"),
    "population": Text("对象", "population"),
    "line": Text("界限", "line"),
    "income_definition": Text("收入口径", "income definition"),
    "window": Text("期间", "window"),
    "condition": Text("条件", "condition"),
    "figure": Text("目标值", "figure"),
    "measure": Text("算法", "measure"),
    "force": Text("力度", "force"),
    "effect": Text("方式", "effect"),
    "amount": Text("金额", "amount"),
    "cadence": Text("频次", "cadence"),
    "dates": Text("有效期", "dates"),
}
#: What a concept may want to agree (``must_agree``).
AGREED: Final = {
    "income_definition": Text("收入口径", "income definition"),
    "window": Text("期间", "window"),
    "period": Text("目标年份", "period"),
    "population": Text("对象", "population"),
    "subject": Text("判定到谁", "subject"),
    "denominator": Text("分母", "denominator"),
    "effect": Text("方式", "effect"),
    "consequence": Text("后果", "consequence"),
    "line": Text("收入线", "line"),
    "unit": Text("单位", "unit"),
    "payment_period": Text("发放周期", "period of payment"),
    "kind": Text("具体种类", "kind"),
    "level": Text("级别", "level"),
    "procedure": Text("程序", "procedure"),
    "place": Text("地点", "place"),
    "exception": Text("例外", "exception"),
    "illness": Text("病种", "illness"),
    "grade": Text("等级", "grade"),
    "tier": Text("档次", "tier"),
    "edges": Text("档次界限", "edges of tiers"),
    "share": Text("比例", "share"),
    "age": Text("年龄", "age"),
    "industry": Text("产业", "industry"),
    "definition_of_employment": Text("就业的认定", "definition of employment"),
}
NOTHING: Final = Text("—", "—")
_ABOUT: Final = {
    "household": Text("户", "household"),
    "member": Text("个人", "person"),
    "village": Text("村", "village"),
    "township": Text("乡镇", "township"),
    "county": Text("县区", "county"),
    "cooperative": Text("合作社", "cooperative"),
    "enterprise": Text("企业", "enterprise"),
    "project": Text("项目", "project"),
    "budget_unit": Text("预算单位", "budget unit"),
}


def said(profile: Profile, aspect: Aspect, lang: Lang) -> str:
    """What a profile says of one aspect."""
    join = "；" if lang == "zh" else "; "
    return join.join(parts) if (parts := list(_said(profile, aspect, lang))) else NOTHING[lang]


def _said(profile: Profile, aspect: Aspect, lang: Lang) -> Iterator[str]:
    match aspect:
        case "outcome":
            yield outcome(profile, lang)
        case "subject":
            yield _ABOUT.get(profile.subject, NOTHING)[lang]
        case "population":
            yield profile.population.text[lang]
        case "line":
            yield from dict.fromkeys(line.text[lang] for line in profile.lines)
        case "income_definition":
            yield from _texts(profile.incomes, lang)
        case "window":
            yield from _texts(profile.windows, lang)
        case "condition":
            yield from _texts(profile.conditions, lang)
        case "figure":
            if isinstance(profile.thing, Target):
                yield from figures_text(profile.thing, lang)
        case "measure":
            if isinstance(profile.thing, Target):
                yield MEASURES[profile.thing.measure][lang]
        case "force":
            yield FORCES[profile.force][lang]
        case "effect":
            if profile.effect:
                yield EFFECTS[profile.effect][lang]
        case "amount":
            yield from _amount(profile, lang)
        case "cadence":
            yield from (PER[c][lang] for c in profile.cadence if c)
        case "dates":
            yield f"{profile.in_force.start} – {profile.in_force.end}"


def outcome(profile: Profile, lang: Lang) -> str:
    """Flag, measure, duty or target."""
    if profile.outcome == "target":
        return "目标" if lang == "zh" else "target"
    return OUTCOMES[profile.outcome][lang]


def _texts(items: Iterable[Said], lang: Lang) -> Iterator[str]:
    yield from dict.fromkeys(item.text[lang] for item in items)


def _amount(profile: Profile, lang: Lang) -> Iterator[str]:
    if not profile.amount:
        return
    kind, _, paid, of = profile.amount
    often = PAID[paid][lang] if paid else ""
    if kind in ("unstated", "discretionary"):
        yield AMOUNT_KINDS[kind][lang]
    elif kind == "full_of":
        yield AMOUNT_KINDS[kind][lang] + of[lang]
    else:
        for payment in profile.payments:
            yield _payment(payment, kind, often, lang)


def _payment(payment: Payment, kind: str, often: str, lang: Lang) -> str:
    low, high = (None if s is None else s.text[lang] for s in (payment.low, payment.high))
    if low is not None and high is not None and low != high:
        figure = f"{low}–{high}"
    else:
        figure = low if low is not None else high or ""
    if kind in ("at_least", "up_to"):
        figure = AMOUNT_KINDS[kind][lang] + figure
    figure = often + figure if lang == "zh" else f"{figure} {often}".strip()
    if payment.when is None:
        return figure
    return (
        f"{payment.when.text[lang]}：{figure}"
        if lang == "zh"
        else f"{payment.when.text[lang]}: {figure}"
    )


def told(profile: Profile) -> Sequence[Aspect]:
    """The aspects a profile says anything of."""
    return [a for a in ASPECTS if said(profile, a, "en") != NOTHING.en]


def differing(pair: Pair, lang: Lang) -> Iterator[tuple[str, str, str]]:
    """Each aspect in which two profiles differ: its name, and what either says."""
    shown: set[tuple[str, str]] = set()
    for aspect in pair.differs:
        both = said(pair.left, aspect, lang), said(pair.right, aspect, lang)
        if both not in shown:  # a condition that is nothing but its line is told once
            yield (NAMES[aspect][lang], *both)
        shown.add(both)


def remark(pair: Pair, lang: Lang) -> str:
    """Whether two rules may be called more or less than each other, and why not."""
    zh = lang == "zh"
    names = {
        state: [AGREED.get(n, Text(n, n))[lang] for n, s in pair.agreement.items() if s == state]
        for state in ("differs", "reading", "open")
    }
    join = "、" if zh else ", "
    if pair.same:
        return "两份文件所写相同" if zh else "the two say the same"
    if not pair.agreement:
        return ""
    parts = []
    if names["differs"]:
        told_ = join.join(names["differs"])
        parts.append(
            f"{told_}不同，不能直接比宽严" if zh else f"not plainly comparable: {told_} differ"
        )
    if names["reading"]:
        told_ = join.join(names["reading"])
        clauses = dict.fromkeys(
            f"{h.pack} {locators(h.reading.clauses, lang)}"
            for h in pair.readings
            if {AGREED.get(n, Text(n, n))[lang] for a in h.changes for n in agreed_by(a)}
            & set(names["reading"])
        )
        where = ("；" if zh else "; ").join(clauses)
        parts.append(
            f"{told_}按现在的理解一致，换一种读法就不同，不能直接比宽严({where})"
            if zh
            else f"not plainly comparable: {told_} agree only as the clauses are read here ({where})"
        )
    if names["open"]:
        told_ = join.join(names["open"])
        parts.append(
            f"比较前须人工核对：{told_}" if zh else f"to be looked at before comparing: {told_}"
        )
    if not parts:
        return (
            "比较的前提(口径、期间、对象等)一致"
            if zh
            else "what must agree for a comparison agrees"
        )
    return ("；" if zh else "; ").join(parts)


def hanging(pair: Pair, lang: Lang) -> Iterator[tuple[str, str, str]]:
    """Other readings of either side, those first that bear on what must agree: the pack and clause, the
    reading, what it would make of the rule."""
    must = list(pair.agreement)

    def weight(other: Hanging) -> int:
        names = {n for a in other.changes for n in agreed_by(a)}
        return min((must.index(n) for n in names if n in must), default=len(must))

    weighty = sorted(pair.readings, key=weight)
    for other in weighty:
        here = pair.left if other.side == "left" else pair.right
        changes = [
            (NAMES[a][lang], said(other.profile, a, lang))
            for a in ASPECTS
            if a in other.changes
            and a != "condition"
            and said(other.profile, a, lang) != said(here, a, lang)
        ]
        colon, join = ("：", "；") if lang == "zh" else (": ", "; ")
        label = other.alternative.label[lang]
        where = f"{other.pack} {locators(other.reading.clauses, lang)}"
        yield (where, label, join.join(name + colon + told for name, told in changes))


def profile_data(profile: Profile) -> dict[str, Any]:
    """A profile as plain data, with the words of every aspect in both languages."""
    return {
        "pack": profile.pack,
        "id": profile.thing.id,
        "label": profile.label.as_dict(),
        "clauses": list(profile.clauses),
        **{a: {"zh": said(profile, a, "zh"), "en": said(profile, a, "en")} for a in told(profile)},
    }
