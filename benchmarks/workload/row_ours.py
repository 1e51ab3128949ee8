"""Our engine on one household, from verdicts alone to the determination with everything read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import rulelist

from policy_rules import Determination, Engine, Verdict, load_pack
from policy_rules.facts.record import Household, read_record
from policy_rules.packs.model import Pack

AS_OF: Final = "2024-06-30"
RULES: Final = Path(__file__).resolve().parent / "rules"
_YES: Final = Verdict.YES


def pack() -> Pack:
    """The 60 rules as a pack."""
    return load_pack("workload", RULES)


class Way:
    """A way of asking: made once, it turns a household into what it is given (`take`), and asks (`ask`).

    What `ask` gives is looked at afterwards, by `outcomes`: the figures are of the answer as our users get it.
    """

    engine: str = "reference"
    #: whether the dict is checked beforehand; otherwise checking it is part of the asking
    checked = False

    def __init__(self) -> None:
        self.pack = pack()
        self.of = Engine(self.pack, engine=self.engine)  # type: ignore[arg-type]

    def take(self, household: dict[str, Any]) -> dict[str, Any] | Household:
        return read_record(household, self.pack.vocabulary) if self.checked else household

    def ask(self, given: Any) -> Any:
        raise NotImplementedError

    def outcomes(self, answer: Any) -> dict[str, Any]:
        raise NotImplementedError


class Verdicts(Way):
    """54 flags and 6 measures as verdicts; amounts are not worked out."""

    def ask(self, given: Any) -> Any:
        return self.of.verdicts(given, as_of=AS_OF)

    def outcomes(self, answer: Any) -> dict[str, Any]:
        assert not any(v is Verdict.UNKNOWN for v in answer.values())
        return {rule: verdict is _YES for (rule, _), verdict in answer.items()}


class VerdictsChecked(Verdicts):
    checked = True


class Determined(Way):
    """Findings with verdicts, amounts, clauses."""

    def ask(self, given: Any) -> Any:
        return self.of.evaluate(given, as_of=AS_OF)

    def outcomes(self, answer: Determination) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for finding in answer.findings:
            assert finding.verdict is not Verdict.UNKNOWN
            yes, rule = finding.verdict is _YES, finding.rule.id
            found[rule] = yes
            if rule in rulelist.AMOUNTS:
                amount = finding.amount
                assert not yes or (amount is not None and amount.exact is not None)
                found[rule] = amount.exact if yes and amount is not None else 0
        return found


class DeterminedChecked(Determined):
    checked = True


class Questioned(Determined):
    """The same, and of every finding what is missing and contested."""

    checked = True

    def ask(self, given: Any) -> Any:
        answer = self.of.evaluate(given, as_of=AS_OF)
        for finding in answer.findings:
            finding.missing  # noqa: B018
            finding.contested  # noqa: B018
        return answer


class Explained(Questioned):
    """The same, and the lines that decided, worded in both languages with the values seen."""

    def ask(self, given: Any) -> Any:
        answer = super().ask(given)
        for finding in answer.findings:
            finding.because  # noqa: B018
        return answer


class ExplainedDict(Explained):
    checked = False


class CrossChecked(Determined):
    """The default: durable_rules infers, the reference interpreter checks."""

    engine = "auto"
    checked = True


class CrossCheckedDict(CrossChecked):
    checked = False


class Reading(Way):
    """Checking the dict alone."""

    def ask(self, given: Any) -> Any:
        return read_record(given, self.pack.vocabulary)

    def outcomes(self, answer: Any) -> dict[str, Any]:
        return {}


WAYS: Final = {
    "ours: verdicts": Verdicts,
    "ours: verdicts, record checked before": VerdictsChecked,
    "ours: determination": Determined,
    "ours: determination, record checked before": DeterminedChecked,
    "ours: determination, missing and contested read, record checked before": Questioned,
    "ours: determination, explained": ExplainedDict,
    "ours: determination, explained, record checked before": Explained,
    "ours: cross-checked": CrossCheckedDict,
    "ours: cross-checked, record checked before": CrossChecked,
    "ours: checking the record alone": Reading,
}
