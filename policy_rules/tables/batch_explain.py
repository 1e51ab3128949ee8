"""The short why of a finding: the lines that decided it, in prose, in one language.

:meth:`policy_rules.engine.finding.Finding.because` tells everything; a sheet of a thousand families has room
for a sentence. Lines are asked in one environment a record, and what they come to is worded once.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from policy_rules.engine.building import MEMBER, Env
from policy_rules.engine.explain import Explainer, decides
from policy_rules.engine.finding import Finding
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import Lang
from policy_rules.expr.nodes import Leaf, Node, leaves
from policy_rules.expr.prose import prose
from policy_rules.facts.record import EMPTY_ROW, Household
from policy_rules.packs.labels import PackLabels
from policy_rules.packs.model import Pack, Rule
from policy_rules.verdict import Truth, Verdict

#: Lines told before the rest is only counted.
MOST: Final = 4
#: Sentences kept for use again.
CACHE: Final = 50_000

Line = tuple[Leaf, Node, str]


class Reasons:
    """Tells why findings of one pack came out as they did."""

    def __init__(self, pack: Pack, lang: Lang) -> None:
        self._rules = RuleSet(pack)
        self._explainer = Explainer(self._rules.interpreter)
        self._pack, self._lang = pack, lang
        self._lines = {name: self._of(rule) for name, rule in pack.rules.items()}
        self._told: dict[tuple[str, Verdict | None, tuple[Truth, ...]], str] = {}

    def _of(self, rule: Rule) -> tuple[Line, ...]:
        labels = PackLabels(self._pack)
        nodes = [n for n in (rule.applies_to, rule.when, rule.unless) if n is not None]
        found: list[Line] = []
        for node in nodes:
            for leaf in leaves(node):
                # built now: an environment made later has room for its loop variables
                self._explainer.function(f"rule {rule.id}", leaf)
                found.append((leaf, node, prose(leaf.body, labels)[self._lang]))
            self._explainer.function(f"rule {rule.id}", node)
        return tuple(found)

    def environment(self, record: Household, day: date) -> Env:
        """What :meth:`of` asks in, for all findings of a record."""
        return self._rules.environment(record, day)

    def of(self, finding: Finding, record: Household, env: Env) -> str:
        """The lines that decided a finding; of an open one, those that are open."""
        rows = (row for row in record.members if row.id == finding.subject)
        env[MEMBER] = next(rows, EMPTY_ROW) if finding.subject else EMPTY_ROW
        owner, lines = f"rule {finding.rule.id}", self._lines[finding.rule.id]
        truths = tuple(self._explainer.line(owner, leaf, env) for leaf, _, _ in lines)
        key = (finding.rule.id, finding.verdict, truths)
        told = self._told.get(key)
        if told is None:
            if len(self._told) >= CACHE:
                self._told.clear()
            told = self._told[key] = self._worded(owner, finding, lines, truths, env)
        return told

    def _worded(
        self,
        owner: str,
        finding: Finding,
        lines: tuple[Line, ...],
        truths: tuple[Truth, ...],
        env: Env,
    ) -> str:
        zh, open_ = self._lang == "zh", finding.verdict is Verdict.UNKNOWN
        kept: dict[str, None] = {}
        for (leaf, node, text), truth in zip(lines, truths, strict=True):
            if open_:
                tells = truth is None
            else:
                whole = self._explainer.function(owner, node)(env)
                tells = decides(node, leaf, truth, whole)
            if tells:
                negated = not open_ and truth is False
                kept[self._denied(text) if negated else text] = None
        told = list(kept)
        more = len(told) - MOST
        if more > 0:
            told = [*told[:MOST], f"另 {more} 项" if zh else f"{more} more"]
        if not told:
            return ""
        body = ("；" if zh else "; ").join(told)
        return (f"尚不清楚：{body}" if zh else f"not known: {body}") if open_ else body

    def _denied(self, text: str) -> str:
        return f"不成立：{text}" if self._lang == "zh" else f"not so: {text}"
