"""Declared properties tried by Hypothesis on records near a pack's cases. Needs the extra ``testing``."""

from __future__ import annotations

import random

from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.testing.properties import Property
from policy_rules.testing.trying import Step, Trial

try:
    from hypothesis import HealthCheck, assume, given, seed, settings
    from hypothesis import strategies as st
    from hypothesis.errors import Unsatisfiable
except ImportError as error:  # pragma: no cover - the extra is installed where tests run
    raise EvaluationError(
        Problem("extra_missing", Place(), expected="`policy-rules[testing]`", got="`hypothesis`")
    ) from error


class _Refuted(Exception):
    def __init__(self, step: Step) -> None:
        super().__init__()
        self.step = step


def searched(
    trial: Trial, wanted: Property, samples: int, number: int = 0
) -> tuple[int, Step | None]:
    """How many records put a property to the test, and one of which it does not hold.

    No example is kept in a database: the same ``number`` tries the same records.
    """
    telling = trial.telling(wanted)
    if not telling:
        return 0, None
    tried = 0

    @seed(number)
    @settings(
        max_examples=samples,
        database=None,
        deadline=None,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def attempt(rng: random.Random) -> None:
        nonlocal tried
        step = trial.step(wanted, telling, rng)
        assume(step.held is not None)
        tried += 1
        if step.held is False:
            raise _Refuted(step)

    try:
        attempt()
    except _Refuted as found:
        return tried, found.step
    except Unsatisfiable:
        return 0, None
    return tried, None
