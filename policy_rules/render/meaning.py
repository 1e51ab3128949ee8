"""What the solver says of a pair of rules, in words: A is the left document, B the right one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs

from policy_rules.analysis.model import Bounds, Relation, Witness
from policy_rules.diff.compare import PackDiff, Pair
from policy_rules.diff.meaning import Meaning
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.aspects import AGREED
from policy_rules.render.locators import locators
from policy_rules.render.witnesses import verdict_told, witness_told
from policy_rules.render.words import money
from policy_rules.text import Text

RELATIONS: Final = {
    "same": Text(
        "含义相同：两条判“是”的对象一样", "same meaning: both say YES of the same subjects"
    ),
    "narrower": Text(
        "A 比 B 窄：A 判“是”的，B 也判“是”；反过来不一定",
        "A is narrower than B: whoever has the YES of A has that of B, not the other way round",
    ),
    "wider": Text(
        "A 比 B 宽：B 判“是”的，A 也判“是”；反过来不一定",
        "A is wider than B: whoever has the YES of B has that of A, not the other way round",
    ),
    "overlapping": Text(
        "互有宽窄：各有一些对象只在其中一条判“是”",
        "overlapping: each says YES of some the other does not",
    ),
    "disjoint": Text("互不相交：没有对象两条都判“是”", "disjoint: nobody has the YES of both"),
    "undecided": Text("含义关系未能判定", "how the two relate is not decided"),
}
#: A relation as a word, for tables.
SHORT: Final = {
    "same": Text("含义相同", "same meaning"),
    "narrower": Text("A 较窄", "A narrower"),
    "wider": Text("A 较宽", "A wider"),
    "overlapping": Text("互有宽窄", "overlapping"),
    "disjoint": Text("互不相交", "disjoint"),
    "undecided": Text("未判定", "not decided"),
}
_WHY: Final = {
    "subject": Text("两条判定的对象种类不同", "they are about different kinds of subject"),
    "vocabulary": Text(
        "两份规则包的事实词典对同一项事实的定义不同",
        "the fact dictionaries of the two define a fact differently",
    ),
    "time": Text("时间用完", "time was up"),
    "assumed": Text("这一前提不适用于这两条", "the equivalence does not apply to the two"),
    "not_in_force": Text("所看的日子不在有效期内", "not in force on the day looked at"),
}
_GENEROUS: Final = {
    "left": Text("A 对对象更有利", "A is more generous"),
    "right": Text("B 对对象更有利", "B is more generous"),
    "equal": Text("两者同样有利", "both are equally generous"),
}
_MORE: Final = {
    "left": Text("两条都判“是”时 A 给得多", "where both say YES, A pays more"),
    "right": Text("两条都判“是”时 B 给得多", "where both say YES, B pays more"),
    "mixed": Text("两条都判“是”时，谁给得多视情况而定", "where both say YES, either may pay more"),
}
#: What a witness shows.
SHOWS: Final = {
    "left_only": Text("只有 A 判“是”", "YES of A only"),
    "right_only": Text("只有 B 判“是”", "YES of B only"),
    "both": Text("两条都判“是”", "YES of both"),
}
_NEVER: Final = {
    "left": Text("在核对范围内 A 从不判“是”", "within the bounds A never says YES"),
    "right": Text("在核对范围内 B 从不判“是”", "within the bounds B never says YES"),
}
_ASIDE: Final = {
    "region": Text("地区", "region"),
    "dates": Text("有效期", "dates"),
    "met_when": Text("职责是否已落实", "whether a duty is met"),
}
EQUIVALENT: Final = {
    "income_definition": Text("收入口径", "income definition"),
    "window": Text("期间", "window"),
    "population": Text("对象", "population"),
    "consequence": Text("后果", "consequence"),
    "external": Text("由其他部门掌握的条件都满足", "all conditions left to other authorities met"),
}


def bounds_told(bounds: Bounds, lang: Lang) -> str:
    """Within which bounds a claim holds."""
    if lang == "zh":
        return (
            f"核对范围：家庭成员不超过 {bounds.members} 人、其他明细每项不超过 {bounds.items} 条，"
            "日期在1900—2100年，金额到分，其他数到四位小数"
        )
    return (
        f"checked for up to {bounds.members} members and {bounds.items} items of any other list, "
        "dates of 1900 to 2100, money to the fen, other figures to four decimals"
    )


def meaning_told(pair: Pair, report: PackDiff, lang: Lang) -> list[str]:
    """What a pair means, a line each; nothing where the solver was not asked."""
    meaning = pair.meaning
    if meaning is None:
        return []
    lines = list(_lines(meaning, pair, lang))
    lines += examples(meaning.witnesses, (report.left, report.right), lang)
    other = meaning.hypothetical
    if other is not None:
        told = _joined((EQUIVALENT[n][lang] for n in other.assumed), lang)
        head = (
            f"假设性比较（把两地的{told}视为相同）"
            if lang == "zh"
            else f"hypothetical, taking {told} for the same"
        )
        fresh = tuple(r for r in other.readings if r not in meaning.readings)
        first, *rest = _lines(attrs.evolve(other, readings=fresh), pair, lang, under=True)
        lines += [f"{head}{'：' if lang == 'zh' else ': '}{first}", *rest]
        if other.answer is not meaning.answer:
            lines += examples(other.witnesses, (report.left, report.right), lang)
    return lines


def _lines(meaning: Meaning, pair: Pair, lang: Lang, *, under: bool = False) -> Iterator[str]:
    zh = lang == "zh"
    join = "；" if zh else "; "
    first = [RELATIONS[meaning.relation][lang]]
    if meaning.relation == "undecided":
        first += [_WHY[w][lang] if w in _WHY else w for w in map(_code, meaning.left_out)]
        first += _unsettled(meaning.answer, lang)
    if meaning.answer is not None and meaning.answer.open_only:
        first.append("差别只在资料不全时出现" if zh else "they differ only where a fact is missing")
    first += [_NEVER[side][lang] for side in (meaning.answer.never if meaning.answer else ())]
    if meaning.answer is not None and meaning.answer.more in _MORE:
        first.append(_MORE[meaning.answer.more][lang])
    if meaning.generous:
        first.append(_GENEROUS[meaning.generous][lang])
    if meaning.assumed and not under:
        told = _joined((EQUIVALENT[n][lang] for n in meaning.assumed), lang)
        first.insert(0, f"假设{told}相同" if zh else f"taking {told} for the same")
    yield join.join(first)
    if meaning.not_comparable:
        told = _joined((AGREED.get(n, Text(n, n))[lang] for n in meaning.not_comparable), lang)
        yield (
            f"不能直接说哪边更有利：{told}不一致，或取决于读法"
            if zh
            else (
                f"not said which is more generous: {told} differ, or agree only as the clauses are read here"
            )
        )
    for told in _readings(meaning, pair, lang):
        yield told
    if not meaning.readings_asked:
        yield "其他读法没有全部核对" if zh else "not all other readings were asked"
    if meaning.answer is not None and "years" in meaning.answer.left_out and not under:
        yield (
            "由登记的日期确定年度的，只核对最近四年和下一年"
            if zh
            else (
                "where a recorded date names the year, only the last four years and the next were looked at"
            )
        )
    if meaning.set_aside and not under:
        told = _joined((_ASIDE[n][lang] for n in meaning.set_aside), lang)
        yield f"未比较：{told}" if zh else f"set aside: {told}"


def _code(reason: str) -> str:
    return reason.split(": ")[-1]


def _unsettled(answer: Relation | None, lang: Lang) -> Iterator[str]:
    """The questions that were not settled in time."""
    for kind in answer.undecided if answer else ():
        yield (
            f"限时内未判定有无“{SHOWS[kind][lang]}”的对象"
            if lang == "zh"
            else (f"not decided in time: {SHOWS[kind][lang]}")
        )


def _readings(meaning: Meaning, pair: Pair, lang: Lang) -> Iterator[str]:
    known = {(h.side, h.reading.id, h.alternative.id): h for h in pair.readings}
    for other in meaning.readings:
        hanging = known[other.side, other.reading, other.alternative]
        where = f"{other.pack} {locators(hanging.reading.clauses, lang)}"
        then = SHORT[other.relation][lang]
        label = hanging.alternative.label[lang]
        yield (
            f"若换一种读法（{where}：{label}），则{then}"
            if lang == "zh"
            else (f"under another reading ({where}: {label}): {then}")
        )


def examples(witnesses: Iterable[Witness], packs: tuple[Pack, Pack], lang: Lang) -> Iterator[str]:
    """Each witness in a line: what it shows, the facts, both answers."""
    zh = lang == "zh"
    for witness in witnesses:
        facts = ("；" if zh else "; ").join(witness_told(witness, packs, lang))
        answers = [
            f"A {verdict_told(witness.left, lang)}",
            f"B {verdict_told(witness.right, lang)}",
        ]
        for i, amount in enumerate((witness.left_amount, witness.right_amount)):
            if amount is not None and amount.low is not None:
                answers[i] += f" {money(amount, lang)}"
        whom = f"（{witness.subject}）" if zh else f" ({witness.subject})"
        shown = SHOWS[witness.kind][lang] + (whom if witness.subject else "")
        facts = facts or ("什么都没有登记" if zh else "nothing recorded")
        yield (
            f"例，{shown}：{facts} → {'，'.join(answers)}"
            if zh
            else (f"example, {shown}: {facts} → {', '.join(answers)}")
        )


def _joined(names: Iterable[str], lang: Lang) -> str:
    return ("、" if lang == "zh" else ", ").join(dict.fromkeys(names))


# -- plain data --------------------------------------------------------------------------------


def witness_data(witness: Witness) -> dict[str, Any]:
    """A witness as plain data; the record is one ``evaluate`` takes."""
    return {
        "kind": witness.kind,
        "subject": witness.subject,
        "left": witness.left.value,
        "right": None if witness.right is None else witness.right.value,
        "left_amount": witness.left_amount.as_dict() if witness.left_amount else None,
        "right_amount": witness.right_amount.as_dict() if witness.right_amount else None,
        "record": dict(witness.record),
        "parameters": {p: dict(v) for p, v in witness.parameters.items()},
    }


def bounds_data(bounds: Bounds) -> dict[str, Any]:
    """Bounds as plain data."""
    return {"members": bounds.members, "items": bounds.items, "seconds": bounds.seconds}


def meaning_data(meaning: Meaning | None) -> dict[str, Any] | None:
    """A meaning as plain data; None where the solver was not asked."""
    if meaning is None:
        return None
    answer = meaning.answer
    return {
        "relation": meaning.relation,
        "generous": meaning.generous,
        "not_comparable": list(meaning.not_comparable),
        "assumed": list(meaning.assumed),
        "open_only": answer.open_only if answer else False,
        "never": list(answer.never) if answer else [],
        "more": answer.more if answer else "",
        "undecided": list(answer.undecided) if answer else [],
        "left_out": list(meaning.left_out),
        "set_aside": list(meaning.set_aside),
        "days": [str(d) for d in answer.days] if answer else [],
        "bounds": bounds_data(meaning.bounds),
        "witnesses": [witness_data(w) for w in meaning.witnesses],
        "readings": [
            {
                "pack": r.pack,
                "reading": r.reading,
                "alternative": r.alternative,
                "relation": r.relation,
            }
            for r in meaning.readings
        ],
        "readings_asked": meaning.readings_asked,
        "hypothetical": meaning_data(meaning.hypothetical),
    }
