"""What the rules of a pack can do at all, for people: dead rules, rules that follow, rules left open without need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType

from policy_rules.analysis.model import Nature
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack, Rule
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.locators import locators
from policy_rules.render.meaning import bounds_data, bounds_told, witness_data
from policy_rules.render.witnesses import witness_told
from policy_rules.text import Text

_HEADS: Final = {
    "never": Text("永远不会判“是”的规则", "rules that can never say YES"),
    "always": Text(
        "对象之内永远不会判“否”的规则", "rules that never say NO within their population"
    ),
    "same": Text("判“是”的对象完全一样的规则", "rules that say YES of just the same subjects"),
    "implied": Text("由另一条规则推出的规则", "rules that follow from others"),
    "beyond": Text(
        "资料不全时解释器判“待定”、其实该项填什么都一样的规则",
        "rules left UNKNOWN although no value of the missing fact would change the answer",
    ),
    "undecided": Text("限时内没有判定的", "not decided in time"),
    "left_out": Text("没有核对的", "not looked at"),
}
_OPEN: Final = {
    "never": Text("会不会判“是”", "whether it ever says YES"),
    "always": Text("会不会判“否”", "whether it ever says NO"),
    "beyond": Text("有没有不必待定的情形", "whether it is left open without need"),
    "implied": Text("由哪些规则推出", "what it follows from"),
}


def has_conditions(rule: Rule) -> bool:
    """Whether a rule has conditions besides its population."""
    return rule.when is not None or rule.unless is not None or bool(rule.excluded_by)


def found(natures: Sequence[Nature]) -> bool:
    """Whether there is a rule that can never say YES."""
    return any(n.never for n in natures)


def natures_data(pack: Pack, natures: Sequence[Nature]) -> dict[str, Any]:
    """The natures of a pack's rules as plain data."""
    return {
        "pack": pack.id,
        "version": pack.version,
        "bounds": bounds_data(natures[0].bounds) if natures else None,
        "rules": [
            {
                "rule": n.rule,
                "never": n.never,
                "always": n.always,
                "conditions": has_conditions(pack.rules[n.rule]),
                "same_as": list(n.same_as),
                "implied_by": list(n.implied_by),
                "beyond": witness_data(n.beyond) if n.beyond else None,
                "beyond_fact": n.beyond_fact,
                "yes": witness_data(n.yes) if n.yes else None,
                "no": witness_data(n.no) if n.no else None,
                "undecided": list(n.undecided),
                "left_out": list(n.left_out),
            }
            for n in natures
        ],
    }


def natures(pack: Pack, natures: Sequence[Nature], lang: Lang) -> RenderableType:
    """The natures of a pack's rules: what stands out, and within which bounds."""
    parts: list[RenderableType] = [paragraph(f"{pack.id}@{pack.version}", "bold")]
    if natures:
        parts.append(paragraph(bounds_told(natures[0].bounds, lang), "dim"))
    for name, head in _HEADS.items():
        rows = list(_rows(name, pack, natures, lang))
        if rows:
            parts.append(heading(f"{head[lang]} ({len(rows)})"))
            parts.append(Rows.of(rows))
    if len(parts) <= 2:
        parts.append(paragraph("没有发现" if lang == "zh" else "nothing found"))
    return Group(*parts)


def _rows(
    name: str, pack: Pack, natures: Sequence[Nature], lang: Lang
) -> Iterator[tuple[str, str, str]]:
    join = "、" if lang == "zh" else ", "
    told: set[str] = set()
    for nature in natures:
        rule = pack.rules[nature.rule]
        own = has_conditions(rule)
        more: str | None = None
        match name:
            case "never" if nature.never:
                more = ""
            case "always" if nature.always and own:
                more = ""
            case "same" if own and nature.same_as and nature.rule not in told:
                told.update(nature.same_as)
                more = join.join(nature.same_as)
            case "implied" if own and nature.implied_by and not nature.always:
                more = join.join(nature.implied_by)
            case "beyond" if nature.beyond is not None:
                facts = witness_told(nature.beyond, [pack], lang)
                more = _fact(nature.beyond_fact, pack, lang) + _joined(facts, lang)
            case "undecided" if nature.undecided:
                more = join.join(_OPEN[n][lang] for n in nature.undecided)
            case "left_out" if nature.left_out:
                more = join.join(nature.left_out)
        if more is not None:
            yield (f"  {nature.rule}", f"{rule.label[lang]} {locators(rule.clauses, lang)}", more)


def _joined(facts: Sequence[str], lang: Lang) -> str:
    told = ("；" if lang == "zh" else "; ").join(facts)
    return f"（例：{told}）" if lang == "zh" else f" (example: {told})"


def _fact(name: str, pack: Pack, lang: Lang) -> str:
    """The label of a fact, with its year."""
    record, _, path = name.partition(".")
    if record == "external":
        return pack.externals[path].label[lang]
    path, _, year = path.removesuffix(")").partition("(")
    label = pack.vocabulary.fact(record, path).label[lang]
    if not year:
        return label
    return f"{year}年{label}" if lang == "zh" else f"{label} {year}"
