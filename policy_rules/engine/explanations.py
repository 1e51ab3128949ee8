"""What is worked out about a determination's findings when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date

from policy_rules.engine.asking import Needs
from policy_rules.engine.building import MEMBER, Env
from policy_rules.engine.contested import Variant, contested
from policy_rules.engine.explain import Explainer
from policy_rules.engine.finding import Because, Contested, FactNeed, Finding, Status
from policy_rules.engine.lines import Seen
from policy_rules.engine.needs import Asker
from policy_rules.facts.record import EMPTY_ROW, Household, Row
from policy_rules.verdict import Verdict


class Explanations:
    """Missing facts and contested readings of one determination's findings.

    Worked out once, under a lock: a determination may be read from several threads. They do not
    change verdicts, but for :meth:`be_strict`, which the engine calls before anybody sees them.
    """

    def __init__(
        self,
        explainer: Explainer,
        asker: Asker,
        variants: Callable[[], tuple[Variant, ...]],
        record: Household,
        as_of: date,
        env: Env,
        findings: list[Finding],
        apart: frozenset[str],
    ) -> None:
        self._explainer = explainer
        self._asker = asker
        self._variants = variants
        self._record = record
        self._as_of = as_of
        self._env = env
        self._findings = findings
        self._apart = apart
        self._missing: dict[str, tuple[FactNeed, ...]] = {}
        self._contested: dict[str, tuple[Contested, ...]] | None = None
        self._seen: dict[str, Seen] = {}
        self._lock = threading.Lock()
        for finding in findings:
            finding._later = self

    def be_strict(self) -> None:
        """Turn every contested finding into UNKNOWN."""
        changed = self._readings()
        for finding in self._findings:
            if finding.id in changed and finding.status is not Status.NOT_IN_FORCE:
                finding.under_readings = finding.verdict
                finding.verdict, finding.status = Verdict.UNKNOWN, Status.CONTESTED

    def contested(self, finding: Finding) -> tuple[Contested, ...]:
        """The readings that alone would change a finding."""
        changes = self._readings() if self._contested is None else self._contested
        return changes.get(finding.id, ()) if changes else ()

    def _readings(self) -> dict[str, tuple[Contested, ...]]:
        with self._lock:
            if self._contested is None:
                found = {(f.rule.id, f.subject): f for f in self._findings}
                others = self._variants()
                # variants compiled since may have loop variables of their own
                self._env.extend([None] * (self._asker.at.size - len(self._env)))
                changes = contested(found, self._record, self._as_of, others, self._env)
                self._contested = {
                    id_: tuple(c) for id_, c in changes.items() if id_ not in self._apart
                }
            return self._contested

    def missing(self, finding: Finding) -> tuple[FactNeed, ...]:
        """What would decide an open finding."""
        amount = finding.amount
        open_amount = amount is not None and amount.low != amount.high
        unsure = finding.status is Status.UNDETERMINED
        if not (unsure or open_amount or finding.met is Verdict.UNKNOWN):
            return ()
        with self._lock:
            found = self._missing.get(finding.id)
            if found is None:
                found = self._missing[finding.id] = self._ask(finding, unsure, open_amount)
            return found

    def because(self, finding: Finding) -> tuple[Because, ...]:
        """How a finding came about, line by line."""
        with self._lock:
            seen = self._seen.get(finding.subject)
            if seen is None:
                row = self._row(finding)
                seen = self._seen[finding.subject] = Seen(self._env, row, self._lock)
            return self._explainer.because(finding.rule, seen)

    def _row(self, finding: Finding) -> Row:
        """The member a finding is about."""
        rows = (row for row in self._record.members if row.id == finding.subject)
        return next(rows, EMPTY_ROW) if finding.subject else EMPTY_ROW

    def _at(self, finding: Finding) -> None:
        """Put the subject of a finding into the environment."""
        self._env[MEMBER] = self._row(finding)

    def _ask(self, finding: Finding, unsure: bool, open_amount: bool) -> tuple[FactNeed, ...]:
        self._at(finding)
        needs: Needs = []
        if unsure:
            self._asker.missing(finding.rule, self._env, needs)
        if finding.met is Verdict.UNKNOWN:
            self._asker.missing_met(finding.rule, self._env, needs)
        if open_amount:
            self._asker.missing_amount(finding.rule, self._env, needs)
        return tuple(dict.fromkeys(needs))
