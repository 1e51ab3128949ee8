"""Rules as code for rural assistance policy.

Load a pack, make an engine, ask it about a household::

    from policy_rules import Engine, load_pack

    engine = Engine(load_pack("yunnan/dongchuan"))
    result = engine.evaluate(record, as_of="2022-12-31")
    result.flags, result.measures, result.undetermined, result.conflicts
"""

from policy_rules._version import __version__
from policy_rules.diff.compare import compare_packs, diff_packs
from policy_rules.diff.impact import assess_impact
from policy_rules.engine.determination import Determination
from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import Finding
from policy_rules.engine.several import evaluate_all
from policy_rules.errors import (
    EngineDisagreement,
    EvaluationError,
    NotFoundError,
    PackError,
    PolicyRulesError,
    RecordError,
)
from policy_rules.facts.record import Household
from policy_rules.packs.model import Clause, Pack
from policy_rules.packs.registry import load_pack, load_packs
from policy_rules.tables.coverage import measure_coverage
from policy_rules.verdict import Verdict

__all__ = [
    "Clause",
    "Determination",
    "Engine",
    "EngineDisagreement",
    "EvaluationError",
    "Finding",
    "Household",
    "NotFoundError",
    "Pack",
    "PackError",
    "PolicyRulesError",
    "RecordError",
    "Verdict",
    "__version__",
    "assess_impact",
    "compare_packs",
    "diff_packs",
    "evaluate_all",
    "load_pack",
    "load_packs",
    "measure_coverage",
]
