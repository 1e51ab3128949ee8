"""Testing packs: cases as data, leaf coverage, Hypothesis strategies, a pytest plugin.

The strategies (extra ``testing``) draw plain data, as JSON or YAML gives it, for the facts a pack reads::

    from hypothesis import given
    from policy_rules import Engine, load_pack
    from policy_rules.testing import households

    pack = load_pack("guangxi")
    engine = Engine(pack)

    @given(households(pack))
    def test_every_finding_cites(record):
        assert all(finding.rule.clauses for finding in engine.evaluate(record))
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from policy_rules.testing.lawless import RECORD_ERRORS, lawless_records
    from policy_rules.testing.nearby import near
    from policy_rules.testing.soundness import check_soundness
    from policy_rules.testing.strategies import (
        dates,
        households,
        members,
        packs,
        populations,
        records_of,
    )

__all__ = [
    "RECORD_ERRORS",
    "check_soundness",
    "dates",
    "households",
    "lawless_records",
    "members",
    "near",
    "packs",
    "populations",
    "records_of",
]

_HOMES: Final = {
    "RECORD_ERRORS": "lawless",
    "check_soundness": "soundness",
    "lawless_records": "lawless",
    "near": "nearby",
}


def __getattr__(name: str) -> Any:
    # imported when asked for: most of the library works where Hypothesis is not installed
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        home = import_module(f"policy_rules.testing.{_HOMES.get(name, 'strategies')}")
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        from policy_rules.errors import EvaluationError, Place, Problem

        needs = "`policy-rules[testing]`"
        raise EvaluationError(
            Problem("extra_missing", Place(), expected=needs, got="`hypothesis`")
        ) from error
    return getattr(home, name)
