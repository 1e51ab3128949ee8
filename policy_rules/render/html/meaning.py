"""What a solver says of two rules, for pages and paper: the words, and households that show it."""

from __future__ import annotations

import attrs

from policy_rules.analysis.model import Witness
from policy_rules.analysis.vocabularies import merged
from policy_rules.diff.compare import PackDiff, Pair
from policy_rules.engine.finding import Amount
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.comparing import where
from policy_rules.render.html.record import Row, figure_told, record_rows
from policy_rules.render.html.words import words
from policy_rules.render.meaning import SHOWS, bounds_told, meaning_told
from policy_rules.render.words import VERDICTS, money
from policy_rules.verdict import Verdict


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
    """A meaning in words: the first line, the others, witnesses, and the answer under an equivalence.

    ``bounds`` is empty where they are those told above.
    """

    said: str
    notes: tuple[str, ...]
    witnesses: tuple[Shown, ...]
    bounds: str
    hypothetical: Told | None


def told(pair: Pair, report: PackDiff, lang: Lang) -> Told | None:
    """A pair's meaning in words; None where it was not asked."""
    meaning = pair.meaning
    if meaning is None:
        return None
    bare = attrs.evolve(meaning, witnesses=(), hypothetical=None)
    said, *notes = meaning_told(attrs.evolve(pair, meaning=bare), report, lang)
    other, under = meaning.hypothetical, None
    if other is not None and other.answer is not None and other.answer is meaning.answer:
        other = attrs.evolve(other, witnesses=())  # told already
    if other is not None:
        fresh = tuple(r for r in other.readings if r not in meaning.readings)
        other = attrs.evolve(other, readings=fresh, set_aside=())
        under = told(attrs.evolve(pair, meaning=other), report, lang)
        if under is not None and other.bounds == meaning.bounds:
            under = attrs.evolve(under, bounds="")
    return Told(
        said,
        tuple(notes),
        tuple(_witness(w, report, lang) for w in meaning.witnesses),
        bounds_told(meaning.bounds, lang),
        under,
    )


def _witness(witness: Witness, report: PackDiff, lang: Lang) -> Shown:
    packs: dict[str, Pack] = {report.left.id: report.left, report.right.id: report.right}
    left, right = report.left.vocabulary, report.right.vocabulary
    rows = record_rows(witness.record, merged(left, right) or left, packs, lang)
    supplied = [
        Row(parameter.label[lang], figure_told(value, parameter.unit, lang))
        for pack, values in witness.parameters.items()
        for name, value in values.items()
        if (parameter := packs[pack].parameters.get(name)) is not None
    ]
    title = SHOWS[witness.kind][lang]
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
    stated = amount is not None and (amount.low is not None or amount.high is not None)
    return Answer(
        side, where(pack, lang), VERDICTS[verdict][lang], money(amount, lang) if stated else ""
    )
