"""The reference interpreter beside a run: the records it answers, and what their open findings miss."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import attrs

from policy_rules.engine.finding import Finding, figure
from policy_rules.errors import Lang, PolicyRulesError
from policy_rules.tables.answers_blocks import Core
from policy_rules.tables.batch_options import BatchEngine
from policy_rules.tables.batch_packs import Packs
from policy_rules.tables.batch_records import Entry, harmless
from policy_rules.tables.summary import Tally
from policy_rules.verdict import Verdict

CORE = ("row", "subject", "rule", "verdict", "status", "met", "amount_low", "amount_high")
#: What is told besides: row, subject, rule, missing facts, their labels, who can tell, why.
Added = tuple[int, str, str, str | None, str | None, str | None, str | None]


@attrs.frozen
class Asked:
    """What is asked of a range: the engine, what is added to each finding, how many records the
    reference answers beside a column engine."""

    engine: BatchEngine
    as_of: date | None
    lang: Lang
    missing: bool
    why: bool
    check: int

    @property
    def explains(self) -> bool:
        """Whether the reference answers every record."""
        return self.missing or self.why


class Beside:
    """The reference on some records of a range; counts go into ``tally``.

    ``failed`` are the records that are marked: by row, the code and the pack.
    """

    def __init__(self, packs: Packs, asked: Asked, tally: Tally) -> None:
        self._packs, self._asked, self.tally = packs, asked, tally
        self.failed: dict[int, tuple[str, str]] = {}

    def fail(self, row: int, code: str, pack: str = "") -> None:
        """Mark a record; the first reason stands."""
        if row not in self.failed:
            self.failed[row] = (code, pack)
            self.tally.error(code)

    def answers(
        self, name: str, entries: Iterable[Entry], day: date, looked: Collection[int]
    ) -> tuple[list[Core], list[Added]]:
        """The findings of records under a pack, and what those of the rows ``looked`` miss."""
        core: list[Core] = []
        added: list[Added] = []
        for entry in entries:
            try:
                own, more = self._one(name, entry, day, entry.row in looked)
            except PolicyRulesError as error:
                self.fail(entry.row, error.problems[0].code, name)
            except Exception:  # whatever it is, it is this record's, and the others go on
                self.fail(entry.row, "record_failed", name)
            else:
                core += own
                added += more
        return core, added

    def _one(
        self, name: str, entry: Entry, day: date, looked: bool
    ) -> tuple[list[Core], list[Added]]:
        """A record's findings, and what is missing where that is looked up."""
        record = entry.record
        assert record is not None
        asked = self._asked
        findings = self._packs.engine(name).evaluate(record, as_of=day).findings
        core = [core_of(entry.row, f) for f in findings]
        added: list[Added] = []
        if not looked:
            return core, added
        self.tally.checked += asked.engine != "reference"
        shown_as = {m.id: harmless(m.id, i) for i, m in enumerate(record.members, 1)}
        reasons = self._packs.reasons(name) if asked.why else None
        env = reasons.environment(record, day) if reasons else None
        for finding in findings:
            if finding.verdict not in (Verdict.YES, Verdict.UNKNOWN):
                continue
            open_ = finding.verdict is Verdict.UNKNOWN
            needs: Any = finding.missing if open_ or asked.explains else ()
            if open_:
                self.tally.need(needs, finding)
            if asked.explains:
                keys = [
                    f"{n.name}@{shown_as.get(n.subject, n.subject)}" if n.subject else n.name
                    for n in needs
                ]
                labels = dict.fromkeys(n.label[asked.lang] for n in needs)
                asks = dict.fromkeys(n.ask for n in needs)
                why = reasons.of(finding, record, env) if reasons and env is not None else None
                lacking = ("、" if asked.lang == "zh" else ", ").join(labels)
                told = ("; ".join(keys), lacking, "; ".join(a for a in asks if a), why)
                added.append((entry.row, finding.subject, finding.rule.id, *told))
        return core, added


def core_of(row: int, finding: Finding) -> Core:
    """A finding as a range holds it."""
    amount = finding.amount
    low = None if amount is None or amount.low is None else figure(amount.low)
    high = None if amount is None or amount.high is None else figure(amount.high)
    verdict = None if finding.verdict is None else finding.verdict.value
    met = None if finding.met is None else finding.met.value
    status = finding.status.value
    return (row, finding.subject, finding.rule.id, verdict, status, met, low, high)
