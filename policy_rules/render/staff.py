"""How the workbook of staff words its answers: see :class:`policy_rules.tables.staff_book.Wording`."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import attrs

from policy_rules._messages import MESSAGES
from policy_rules.engine.finding import Amount, Status
from policy_rules.errors import Lang
from policy_rules.packs.model import Pack
from policy_rules.render.locators import locators
from policy_rules.render.words import ASK, CAUTION, EFFECTS, OUTCOMES, STATUSES, money
from policy_rules.text import Text
from policy_rules.verdict import Verdict

_ANSWERS = {
    Verdict.YES: Text("可能符合", "may be eligible"),
    Verdict.UNKNOWN: Text("待定", "open"),
    Verdict.NO: Text("否", "not met"),
}
_MARKED = Text("未能判定", "not answered")


@attrs.frozen
class StaffWording:
    """The words of the house, in one language."""

    lang: Lang

    def verdict(self, verdict: str | None, status: str, code: str | None) -> str:
        """YES or UNKNOWN (and why, where it is not for want of facts), or that the record is marked."""
        if code is not None and code in MESSAGES:
            return f"{_MARKED[self.lang]} ({code})"
        if verdict is None:
            return STATUSES[Status(status)][self.lang]
        said = _ANSWERS[Verdict(verdict)][self.lang]
        if status == Status.CONFLICT:
            said = f"{said} ({STATUSES[Status.CONFLICT][self.lang]})"
        return said

    def kind(self, outcome: str, effect: str | None) -> str:
        """What a YES gives; a flag's or duty's kind."""
        return EFFECTS[effect][self.lang] if effect else OUTCOMES[outcome][self.lang]

    def amount(self, pack: Pack, rule: str, low: str | None, high: str | None) -> str:
        """How much, with its unit."""
        spec = pack.rules[rule].amount
        if spec is None:
            return ""
        edges = (_number(low), _number(high))
        return money(Amount(spec.kind, spec.unit, spec.paid, spec.of, *edges), self.lang)

    def clauses(self, addresses: Sequence[str]) -> str:
        """Locators as people read them."""
        return locators(tuple(addresses), self.lang)

    def asks(self, codes: Sequence[str]) -> str:
        """Who can answer."""
        said = (ASK[c][self.lang] if c in ASK else c for c in codes)
        return ("、" if self.lang == "zh" else ", ").join(dict.fromkeys(said))

    def notes(self) -> Sequence[str]:
        """The caution."""
        return [CAUTION[self.lang]]


def _number(text: str | None) -> int | Fraction | None:
    if text is None:
        return None
    value = Fraction(text)
    return value.numerator if value.denominator == 1 else value
