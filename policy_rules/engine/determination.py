"""What an evaluation gives: findings, conflicts, the receipt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any

import attrs

from policy_rules.engine.finding import Because, FactNeed, Finding
from policy_rules.errors import NotFoundError, Place, Problem, nearest, shown
from policy_rules.text import Text
from policy_rules.verdict import Verdict


@attrs.frozen
class Conflict:
    """Two recorded things that do not agree.

    ``recorded`` and ``derived`` are the two values as text; ``subject`` as in :class:`FactNeed`.
    """

    name: str
    subject: str
    label: Text
    recorded: str
    derived: str
    note: Text


@attrs.frozen
class Receipt:
    """What the answer rests on; ``replay`` proves it from the same record and packs."""

    pack: str
    pack_version: str
    pack_digest: str
    vocabulary_digest: str
    overlays: tuple[str, ...]
    readings: Mapping[str, str]
    strict_readings: bool
    engine: str
    as_of: date
    library_version: str
    record_digest: str
    result_digest: str

    def as_dict(self) -> dict[str, Any]:
        """The receipt as plain data."""
        body = attrs.asdict(self)
        body["as_of"] = str(self.as_of)
        body["overlays"] = list(self.overlays)
        body["readings"] = dict(self.readings)
        return body


class Determination:
    """All findings for one record on one date under one pack.

    Iterating gives the findings; indexing and ``in`` go by finding id (``rule`` or ``rule@member``). Results are prompts for
    staff: YES reads "may be eligible under this clause, on the recorded facts".
    """

    def __init__(
        self,
        findings: tuple[Finding, ...],
        conflicts: tuple[Conflict, ...],
        as_of: date,
        receipt: Callable[[Determination], Receipt],
        record_id: str,
        in_region: bool | None,
    ) -> None:
        self.findings = findings
        self.conflicts = conflicts
        self.as_of = as_of
        self.record_id = record_id
        #: whether the record lies in the region of the document; None where it names no region
        self.in_region = in_region
        self._receipt = receipt

    @cached_property
    def receipt(self) -> Receipt:
        """The receipt of this answer."""
        return self._receipt(self)

    def explain(self, finding: Finding | str) -> tuple[Because, ...]:
        """Line by line, how a finding came about. Raises NotFoundError for an unknown id."""
        return (self[finding] if isinstance(finding, str) else finding).because

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    @cached_property
    def _by_id(self) -> dict[str, Finding]:
        return {f.id: f for f in self.findings}

    def _of(self, outcome: str, verdict: Verdict) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.rule.outcome == outcome and f.verdict is verdict)

    @property
    def flags(self) -> tuple[Finding, ...]:
        """Flags raised."""
        return self._of("flag", Verdict.YES)

    @property
    def measures(self) -> tuple[Finding, ...]:
        """Measures the subject may be eligible for."""
        return self._of("measure", Verdict.YES)

    @property
    def duties(self) -> tuple[Finding, ...]:
        """Duties that bind."""
        return self._of("duty", Verdict.YES)

    @property
    def undetermined(self) -> tuple[Finding, ...]:
        """Findings the recorded facts do not decide."""
        return tuple(f for f in self.findings if f.verdict is Verdict.UNKNOWN)

    @property
    def contested(self) -> tuple[Finding, ...]:
        """Findings that hang on how an unclear clause is read."""
        return tuple(f for f in self.findings if f.contested)

    @property
    def missing(self) -> tuple[tuple[FactNeed, int], ...]:
        """Missing facts with the number of findings each holds up, the most useful first."""
        count: dict[FactNeed, int] = {}
        for finding in self.findings:
            for need in finding.missing:
                count[need] = count.get(need, 0) + 1
        return tuple(sorted(count.items(), key=lambda item: -item[1]))

    def __getitem__(self, id: str) -> Finding:
        finding = self._by_id.get(id)
        if finding is None:
            near = nearest(id, self._by_id)
            raise NotFoundError(Problem("unknown_rule", Place(), got=shown(id), nearest=near))
        return finding

    def as_dict(self) -> dict[str, Any]:
        """The whole determination as plain data."""
        return {
            "record": self.record_id or None,
            "as_of": str(self.as_of),
            "in_region": self.in_region,
            "findings": [f.as_dict() for f in self.findings],
            "conflicts": [
                {
                    "fact": c.name,
                    "of": c.subject or None,
                    "label": c.label.as_dict(),
                    "recorded": c.recorded,
                    "derived": c.derived,
                    "note": c.note.as_dict(),
                }
                for c in self.conflicts
            ],
            "receipt": self.receipt.as_dict(),
        }
