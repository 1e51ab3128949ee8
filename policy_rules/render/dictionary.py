"""The fact dictionary on a terminal, and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text as RichText

from policy_rules.errors import Lang
from policy_rules.facts.dictionary import SUBJECTS, FactSpec, Vocabulary
from policy_rules.render.layout import Rows, heading, paragraph
from policy_rules.render.words import ASK, TYPES, UNITS

#: How an item is written in a record: of a list, of a map by year, of a group.
_STEPS: Final = {"list": "{}[].", "by_year": "{}.<年>.", "record": "{}."}
_YEAR: Final = "<年>"


def places(vocabulary: Vocabulary, *, nested: bool = False) -> Mapping[str, tuple[str, ...]]:
    """Where the facts of each kind stand in a record, the nearest place first.

    A kind of record of its own stands at the top (an empty text); a structure stands below every
    fact that holds it, as ``income_year`` below ``incomes.<年>.``. ``nested`` goes on into records
    that stand in others.
    """
    found: dict[str, dict[str, None]] = {name: {} for name in vocabulary.records}
    tops = [name for name in SUBJECTS if name in vocabulary.records and name != "member"]
    todo: list[tuple[str, str, tuple[str, ...]]] = [(name, "", (name,)) for name in tops]
    while todo:
        name, prefix, above = todo.pop(0)
        found[name][prefix] = None
        for spec in vocabulary.records[name].facts.values():
            if spec.item and spec.item not in above and (nested or spec.item not in tops):
                below = prefix + _STEPS[spec.kind].format(spec.path)
                todo.append((spec.item, below, (*above, spec.item)))
    return {name: tuple(sorted(prefixes, key=len)) for name, prefixes in found.items()}


def fact_data(spec: FactSpec, vocabulary: Vocabulary) -> dict[str, Any]:
    """A fact as plain data."""
    return {
        "record": spec.record,
        "fact": spec.path,
        "paths": [
            f"{place}{spec.path}".replace(_YEAR, "<year>")
            for place in places(vocabulary)[spec.record]
        ],
        "type": spec.kind,
        "unit": spec.unit,
        "codes": list(vocabulary.codes[spec.codes].values) if spec.codes else None,
        "label": spec.label.as_dict(),
        "question": spec.question.as_dict(),
        "ask": spec.ask,
        "columns": list(spec.columns),
        "empty_means": spec.empty_means,
        "derived": spec.derive,
    }


def facts(specs: Sequence[FactSpec], vocabulary: Vocabulary, lang: Lang) -> RenderableType:
    """Facts as tables, one for each kind of record."""
    heads = ("写在记录中", "名称", "类型", "问题", "问谁") if lang == "zh" else (
        "in a record", "label", "type", "question", "whom to ask"
    )  # fmt: skip
    where, everywhere = places(vocabulary), places(vocabulary, nested=True)
    parts: list[RenderableType] = []
    kinds = [*SUBJECTS, *vocabulary.records]
    for record in sorted({s.record for s in specs}, key=kinds.index):
        chosen = [s for s in specs if s.record == record]
        label = vocabulary.records[record].label[lang]
        here = where[record]
        title = heading(f"{label}  {record} ({len(chosen)})")
        also = [p.rstrip(".") for p in everywhere[record] if p not in here]
        parts.append(title if parts else RichText(title.plain.lstrip(), style=title.style))
        if also:
            said = ("也可写在其他记录的 " if lang == "zh" else "also below ") + "、".join(also)
            parts.append(paragraph(said if lang == "zh" else said.replace(_YEAR, "<year>"), "dim"))
        rows = [tuple(_fact(s, here, vocabulary, lang)) for s in chosen]
        parts.append(Rows.table(heads, rows))
    return Group(*parts)


def _fact(
    spec: FactSpec, where: Sequence[str], vocabulary: Vocabulary, lang: Lang
) -> Iterator[RichText | str]:
    paths = "\n".join(f"{place}{spec.path}" for place in where)
    yield paths if lang == "zh" else paths.replace(_YEAR, "<year>")
    label = RichText(spec.label[lang])
    if spec.codes:
        listed = vocabulary.codes[spec.codes].values
        codes = ("、" if lang == "zh" else ", ").join(
            f"{code}({text.zh})" if lang == "zh" else code for code, text in listed.items()
        )
        label.append(f"\n{codes}", style="dim")
    yield label
    unit = UNITS[spec.unit][lang].strip() if spec.unit in UNITS else spec.unit or ""
    yield TYPES[spec.kind][lang] + (f"({unit})" if unit else "")
    yield spec.question[lang]
    yield ASK[spec.ask][lang]
