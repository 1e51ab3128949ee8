"""The language as code: what becomes of each class of node."""

from __future__ import annotations

from policy_rules.engine.compiled.numbers import NUMBERS
from policy_rules.engine.compiled.truths import TRUTHS
from policy_rules.engine.compiled.writer import Writer


class RowWriter(Writer):
    """Writes the conditions of a pack for one record at a time."""

    truths = TRUTHS
    numbers = NUMBERS
