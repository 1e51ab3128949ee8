"""The engine: a pack compiled, ready to answer for records from any number of threads."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from policy_rules._version import __version__
from policy_rules.engine.building import Env
from policy_rules.engine.compiled.rows import RowPath
from policy_rules.engine.conflicts import ConflictFinder, without
from policy_rules.engine.contested import Variant, variants
from policy_rules.engine.determination import Conflict, Determination, Receipt
from policy_rules.engine.durable import loading
from policy_rules.engine.durable.driver import DurableFailure
from policy_rules.engine.explain import Explainer
from policy_rules.engine.explanations import Explanations
from policy_rules.engine.externals import check_externals
from policy_rules.engine.finding import Finding, Status
from policy_rules.engine.needs import Asker
from policy_rules.engine.rules import RuleSet
from policy_rules.errors import (
    EngineDisagreement,
    EngineUnavailable,
    EvaluationError,
    Place,
    Problem,
    RecordError,
    shown,
)
from policy_rules.expr.nodes import Leaf
from policy_rules.facts.dates import read_date
from policy_rules.facts.dictionary import FactSpec
from policy_rules.facts.record import Household, Row, read_record
from policy_rules.packs.model import Pack
from policy_rules.packs.needs import required_facts
from policy_rules.verdict import Truth, Verdict

if TYPE_CHECKING:
    from policy_rules.engine.durable.evaluator import DurableEvaluator, Outcome

EngineName = Literal["auto", "durable_rules", "reference"]

#: The key of record digests where the caller gives none: it hides nothing from those who know it.
PUBLIC_KEY: Final = b"policy_rules"


class Engine:
    """Evaluates records under one pack.

    ``engine`` is ``auto`` (durable_rules infers, the reference interpreter explains and checks; where
    durable_rules cannot be loaded the receipt says so), ``durable_rules`` (the same, but raises
    :class:`~policy_rules.errors.EngineUnavailable` where it cannot be loaded) or ``reference``.
    ``strict_readings`` turns every contested finding into UNKNOWN. ``key`` keys the digest of the
    record in receipts. ``readings=False`` leaves out the trial of other readings.
    """

    def __init__(
        self,
        pack: Pack,
        *,
        engine: EngineName = "auto",
        strict_readings: bool = False,
        readings: bool = True,
        key: bytes = PUBLIC_KEY,
    ) -> None:
        if engine not in ("auto", "durable_rules", "reference"):
            raise ValueError(f"engine is auto, durable_rules or reference, not {engine!r}")
        self.pack = pack
        self.strict_readings = strict_readings
        self._key = key
        self._rules = RuleSet(pack)
        self._row_path = RowPath(self._rules.interpreter)
        self._explainer = Explainer(self._rules.interpreter)
        self._asker = Asker(self._rules.interpreter)
        self._conflicts = ConflictFinder(self._rules.interpreter, pack.vocabulary)
        self._readings = readings or strict_readings
        self._variants: tuple[Variant, ...] | None = None
        self._building = threading.Lock()
        self._durable: DurableEvaluator | None = None
        self.name: str = "reference"
        self._checked = engine != "reference" and loading.available()
        if engine != "reference":
            if self._checked:
                self._inference()
                self.name = "durable_rules+reference"
            elif engine == "durable_rules":
                raise EngineUnavailable(
                    Problem("engine_unavailable", Place(), detail=loading.why_unavailable() or "")
                )
            else:
                self.name = "reference (durable_rules not available)"

    # -- evaluating ---------------------------------------------------------------------------

    def evaluate(
        self, record: Mapping[str, Any] | Household, *, as_of: date | str | None = None
    ) -> Determination:
        """All findings for a record on a date.

        ``record`` is plain data or a checked record; the date is required, here or in the record.
        Raises :class:`~policy_rules.errors.RecordError` with every mistake of the record, and
        :class:`~policy_rules.errors.EngineDisagreement` where the two engines differ.
        """
        checked, day = self.prepare(record, as_of)
        env = self._rules.environment(checked, day)
        findings = self._answer(checked, day, env)
        conflicts = self._conflicts.find(checked, day)
        apart: frozenset[str] = frozenset()
        if conflicts:
            apart = self._settle(checked, day, conflicts, findings)
        later = Explanations(
            self._explainer, self._asker, self._other_readings, checked, day, env, findings, apart
        )
        if self.strict_readings:
            later.be_strict()
        shown_conflicts = (*(c for c, _, _ in conflicts), *self._conflicts.mismatch(checked))
        return self._determination(checked, day, findings, shown_conflicts)

    def verdicts(
        self, record: Mapping[str, Any] | Household, *, as_of: date | str | None = None
    ) -> dict[tuple[str, str], Verdict]:
        """Verdicts alone by (rule, subject), as the reference interpreter gives them: no
        explanation, no receipt, no cross-check, no other readings, no test for conflicts. Rules not
        in force are left out. From the hundredth record on, generated code answers; see
        :mod:`policy_rules.engine.compiled.rows`."""
        checked, day = self.prepare(record, as_of)
        found = self._row_path.verdicts(checked, day)
        if found is not None:
            return found
        truths = self._rules.verdicts(checked, day)
        return {where: Verdict.of(truth) for where, truth in truths.items()}

    def required_facts(self, *rules: str) -> tuple[FactSpec, ...]:
        """The least the pack (or some of its rules) needs to know; nothing else need be collected."""
        return required_facts(self.pack, rules or None)

    def prepare(
        self, record: Mapping[str, Any] | Household, as_of: date | str | None
    ) -> tuple[Household, date]:
        """The checked record and the date; raises :class:`~policy_rules.errors.RecordError`."""
        checked = read_record(record, self.pack.vocabulary)
        check_externals(self.pack, checked)
        day = day_of(checked, as_of)
        return checked, day

    def _answer(self, record: Household, day: date, env: Env) -> list[Finding]:
        truths = None if self._checked else self._row_path.truths(record, day, env)
        findings = self._rules.findings(record, day, env, truths)
        if self._checked:
            try:
                outcomes = self._inference().evaluate(record, day)
            except DurableFailure as failure:
                problem = Problem("engine_failed", Place(), detail=str(failure))
                raise EvaluationError(problem) from failure
            self._cross_check(outcomes, findings)
        return findings

    def _inference(self) -> DurableEvaluator:
        """durable_rules with the pack's rules; built again after :meth:`close`."""
        found = self._durable
        if found is None:
            from policy_rules.engine.durable.evaluator import DurableEvaluator

            with self._building:
                found = self._durable = self._durable or DurableEvaluator(self.pack)
        return found

    def _cross_check(
        self, outcomes: dict[tuple[str, str], Outcome], findings: list[Finding]
    ) -> None:
        """Verdict, status, met and amount of both engines; clauses are the rule's in both."""
        apart = []
        for finding in findings:
            other = outcomes.get((finding.rule.id, finding.subject))
            if other is None or not _agree(finding, other):
                apart.append(
                    Problem(
                        "engine_disagreement",
                        Place(path=finding.id),
                        expected=f"reference: {finding.verdict} {finding.status}",
                        got="durable_rules: "
                        + ("-" if other is None else f"{other.truth} {other.status}"),
                    )
                )
        if apart or len(outcomes) != len(findings):
            raise EngineDisagreement(
                apart
                or Problem("engine_disagreement", Place(), str(len(findings)), str(len(outcomes)))
            )

    def _other_readings(self) -> tuple[Variant, ...]:
        """The pack under each other reading, compiled when first asked for."""
        with self._building:
            if self._variants is None:
                self._variants = variants(self.pack, self._rules) if self._readings else ()
            return self._variants

    def _settle(
        self,
        record: Household,
        day: date,
        conflicts: list[tuple[Conflict, Any, str]],
        findings: list[Finding],
    ) -> frozenset[str]:
        """Where recorded and derived values lead to different verdicts, the finding is UNKNOWN."""
        by_id = {f.id: f for f in findings}
        apart: set[str] = set()
        rows = [without(record.row, way, path) for _, way, path in conflicts]
        everything = record.row
        for _, way, path in conflicts:
            everything = without(everything, way, path)
        for row in [*rows, everything] if len(rows) > 1 else rows:
            other = attrs.evolve(record, row=row)
            for finding in self._answer(other, day, self._rules.environment(other, day)):
                if finding.outcome() != by_id[finding.id].outcome():
                    apart.add(finding.id)
        for id_ in apart:
            by_id[id_].verdict = Verdict.UNKNOWN
            by_id[id_].status = Status.CONFLICT
        return frozenset(apart)

    # -- explaining ---------------------------------------------------------------------------

    def line(
        self, owner: str, leaf: Leaf, record: Household, day: date, member: Row | None
    ) -> Truth:
        """What one line says of a record or member; ``owner`` (``rule x``) has its loop variables."""
        self._explainer.function(owner, leaf)
        return self._explainer.line(owner, leaf, self._rules.environment(record, day, member))

    def _determination(
        self, record: Household, day: date, findings: list[Finding], conflicts: tuple[Conflict, ...]
    ) -> Determination:
        def receipt(result: Determination) -> Receipt:
            return self._receipt(record, day, result)

        in_region = self.pack.region.holds(record.region)
        return Determination(tuple(findings), conflicts, day, receipt, record.id, in_region)

    def _receipt(self, record: Household, day: date, result: Determination) -> Receipt:
        body = json.dumps(
            [f.as_dict() for f in result.findings], ensure_ascii=False, sort_keys=True
        )
        pack = self.pack
        readings = {
            r.id: r.decided or pack.choices.get(r.id, "chosen") for r in pack.readings.values()
        }
        return Receipt(
            pack=pack.id,
            pack_version=pack.version,
            pack_digest=pack.digest,
            vocabulary_digest=pack.vocabulary.digest,
            overlays=pack.overlays,
            readings=readings,
            strict_readings=self.strict_readings,
            engine=self.name,
            as_of=day,
            library_version=__version__,
            record_digest=record.digest(self._key),
            result_digest=hashlib.sha256(body.encode()).hexdigest(),
        )

    def close(self) -> None:
        """Free what durable_rules holds; it is built again if the engine is used afterwards."""
        with self._building:
            if self._durable is not None:
                self._durable.close()
                self._durable = None


def day_of(record: Household, as_of: date | str | None) -> date:
    """The date of an evaluation: as given, or the record's.

    Raises :class:`~policy_rules.errors.RecordError`.
    """
    day: Any = as_of if as_of is not None else record.as_of
    if isinstance(day, datetime):
        day = day.date()
    if isinstance(day, str):
        try:
            day = read_date(day)
        except ValueError:
            day = shown(day)
    if not isinstance(day, date):
        code = "no_date" if day is None else "bad_date"
        got = "" if day is None else str(day)
        raise RecordError(Problem(code, Place(path="as_of"), "2022-12-31", got))
    return day


def _agree(finding: Finding, other: Outcome) -> bool:
    verdict, met = finding.verdict, finding.met
    if (
        (True if verdict is _YES else False if verdict is _NO else None) is not other.truth
        or (True if met is _YES else False if met is _NO else None) is not other.met
        or finding.status != other.status
    ):
        return False
    spec, amount = finding.rule.amount, finding.amount
    if spec is None or not spec.tiers or amount is None:
        return other.amount is None  # a kind without figures has none to compare
    return (amount.low, amount.high) == other.amount


_YES, _NO = Verdict.YES, Verdict.NO
