"""Numbers as records give them, exact; and why a value is refused."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy_rules.facts.discretion import discreet, figure_meant
from policy_rules.verdict import reduced


class Refused(Exception):
    """A value is not what the fact takes: code, expected, got and nearest name of the problem."""

    def __init__(self, code: str, expected: str = "", got: str = "", near: str = "") -> None:
        self.problem = (code, expected, got, near)


def exact_number(value: Any) -> int | Fraction:
    """The number that was written; raises :class:`Refused`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, Fraction):
        return reduced(value)
    if isinstance(value, float):
        value = Decimal(repr(value))  # the printed digits, never the binary fraction
    if not isinstance(value, Decimal):
        meant = figure_meant(value) if isinstance(value, str) else ""
        raise Refused("not_a_number", got=discreet(value, meant), near=meant)
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise Refused("not_finite", got=discreet(value))
    return reduced(Fraction(value))


def bound_text(value: Any) -> str:
    """An end of a range."""
    return {math.inf: "∞", -math.inf: "-∞"}.get(value, str(value))
