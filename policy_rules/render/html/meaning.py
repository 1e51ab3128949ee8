"""What a solver says of two rules, in words: the relation, who is more generous, households that show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs

from policy_rules.diff.compare import PackDiff
from policy_rules.engine.finding import Amount
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.aspects import AGREED
from policy_rules.render.comparing import where
from policy_rules.render.html.parts import Named
from policy_rules.render.html.record import Row, record_rows
from policy_rules.render.html.words import words
from policy_rules.render.locators import locators
from policy_rules.render.words import VERDICTS, money
from policy_rules.text import Text
from policy_rules.verdict import Verdict

if TYPE_CHECKING:
    from policy_rules.analysis.model import Witness
    from policy_rules.diff.meaning import Meaning

#: The relations as values of a filter.
RELATIONS: Final = {
    "same": Text("含义相同", "same meaning"),
    "narrower": Text("A 较窄", "A narrower"),
    "wider": Text("A 较宽", "A wider"),
    "overlapping": Text("互有交叉", "overlapping"),
    "disjoint": Text("互不相交", "disjoint"),
    "undecided": Text("未能判定", "undecided"),
}
_SAID: Final = {
    "same": Text(
        "含义相同：对任何记录，两条同时为“是”或同时不为“是”",
        "same meaning: for every record both say YES or neither does",
    ),
    "narrower": Text(
        "A 的范围较窄：A 为“是”的 B 都为“是”，反过来不成立",
        "A is narrower: whoever has the YES of A has that of B, not the other way round",
    ),
    "wider": Text(
        "A 的范围较宽：B 为“是”的 A 都为“是”，反过来不成立",
        "A is wider: whoever has the YES of B has that of A, not the other way round",
    ),
    "overlapping": Text(
        "互有交叉：各有一部分只在一方为“是”",
        "overlapping: each says YES of some the other does not",
    ),
    "disjoint": Text(
        "互不相交：没有同时为“是”的情形",
        "disjoint: nobody has the YES of both",
    ),
    "undecided": Text(
        "在时限内未能判定，不作推测", "not decided within the time limit; nothing is guessed"
    ),
}
_GENEROUS: Final = {
    "left": Text("A 更宽", "A is more generous"),
    "right": Text("B 更宽", "B is more generous"),
    "equal": Text("宽严相同", "equally generous"),
}
_SHOWS: Final = {
    "left_only": Text("只有 A 为“是”", "YES in A only"),
    "right_only": Text("只有 B 为“是”", "YES in B only"),
    "both": Text("两份都为“是”", "YES in both"),
}
_ASIDE: Final = {
    "region": Text("适用地区", "region"),
    "dates": Text("有效期", "dates in force"),
}
_NEVER: Final = {
    "left": Text("A 在此范围内不会为“是”", "A says YES of no record within these bounds"),
    "right": Text("B 在此范围内不会为“是”", "B says YES of no record within these bounds"),
}
_OPEN: Final = Text(
    "差别只在有事实未登记时出现", "the two differ only where a fact is not recorded"
)


@attrs.frozen
class Answer:
    """What one pack says of a witness."""

    side: str
    where: str
    verdict: str
    amount: str


@attrs.frozen
class Shown:
    """A witness: what it shows, its facts, and both answers."""

    title: str
    day: str
    rows: tuple[Row, ...]
    answers: tuple[Answer, ...]


@attrs.frozen
class Told:
    """A meaning in words; ``assumed`` is empty where nothing was assumed."""

    relation: str
    said: str
    notes: tuple[Named, ...]
    witnesses: tuple[Shown, ...]
    bounds: str
    hypothetical: Told | None


def told(meaning: Meaning | None, report: PackDiff, lang: Lang) -> Told | None:
    """A pair's meaning in words; None where it was not asked."""
    if meaning is None:
        return None
    return Told(
        meaning.relation,
        _SAID[meaning.relation][lang],
        tuple(_notes(meaning, report, lang)),
        tuple(_witness(w, report, lang) for w in meaning.witnesses),
        bounds(meaning.bounds, lang),
        told(meaning.hypothetical, report, lang),
    )


def bounds(within: Any, lang: Lang) -> str:
    """The records a claim speaks of."""
    if lang == "zh":
        return f"每户最多 {within.members} 名成员，其他清单最多 {within.items} 项"
    return (
        f"households of up to {within.members} members, other lists of up to {within.items} items"
    )


def _notes(meaning: Meaning, report: PackDiff, lang: Lang) -> Iterator[Named]:
    w = words(lang)
    if meaning.assumed:
        yield Named(w["assumed"], _names(meaning.assumed, AGREED, lang))
    if meaning.generous:
        yield Named(w["comparing"], _GENEROUS[meaning.generous][lang])
    if meaning.not_comparable:
        yield Named(w["not_comparable"], _names(meaning.not_comparable, AGREED, lang))
    remarks = [_NEVER[side][lang] for side in meaning.never]
    remarks += [_OPEN[lang]] if meaning.open_only else []
    if remarks:
        yield Named(w["note"], w["sep"].join(remarks))
    if meaning.readings:
        yield Named(w["other_readings"], "", tuple(_readings(meaning, report, lang)))
    if meaning.set_aside:
        yield Named(w["set_aside"], _names(meaning.set_aside, _ASIDE, lang))
    if meaning.left_out:
        yield Named(w["left_out"], w["comma"].join(meaning.left_out))
    if meaning.undecided:
        yield Named(w["undecided"], _names(meaning.undecided, _SHOWS, lang))


def _names(names: Iterable[str], labels: Mapping[str, Text], lang: Lang) -> str:
    return words(lang)["comma"].join(labels.get(n, Text(n, n))[lang] for n in names)


def _readings(meaning: Meaning, report: PackDiff, lang: Lang) -> Iterator[str]:
    packs = {p.id: p for p in (report.left, report.right)}
    for other in meaning.readings:
        reading = packs[other.pack].readings[other.reading]
        label = next(a.label for a in reading.alternatives if a.id == other.alternative)
        place = f"{where(packs[other.pack], lang)} {locators(reading.clauses, lang)}"
        yield f"{place}{words(lang)['colon']}{label[lang]} → {RELATIONS[other.relation][lang]}"


def _witness(witness: Witness, report: PackDiff, lang: Lang) -> Shown:
    packs: dict[str, Pack] = {report.left.id: report.left, report.right.id: report.right}
    rows = record_rows(witness.record, report.left.vocabulary, packs, lang)
    supplied = [
        Row(packs[pack].parameters[name].label[lang], str(value))
        for pack, values in witness.parameters.items()
        if pack in packs
        for name, value in values.items()
    ]
    title = _SHOWS[witness.kind][lang]
    if witness.subject:
        title += words(lang)["brackets"].format(witness.subject)
    answers = (
        _answer("A", report.left, witness.left, witness.left_amount, lang),
        _answer("B", report.right, witness.right, witness.right_amount, lang),
    )
    return Shown(title, str(witness.record.get("as_of", "")), (*rows, *supplied), answers)


def _answer(
    side: str, pack: Pack, verdict: Verdict | None, amount: Amount | None, lang: Lang
) -> Answer:
    return Answer(side, where(pack, lang), VERDICTS[verdict][lang], money(amount, lang))
