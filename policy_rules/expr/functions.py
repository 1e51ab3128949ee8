"""The functions of the language: name, argument types, result type. Meaning lies with the engines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from policy_rules.expr.types import DATE, DateType, NumberType, Type


@attrs.frozen
class Function:
    """A function a condition may call.

    ``arguments`` are accepted types (a ``NumberType`` without unit accepts any number);
    ``result`` computes the result type from the arguments' types.
    """

    name: str
    arguments: tuple[Type, ...]
    result: Callable[[Sequence[Type]], Type]


def _fixed(kind: Type) -> Callable[[Sequence[Type]], Type]:
    return lambda _: kind


def _same_as_first(kinds: Sequence[Type]) -> Type:
    return kinds[0]


_NUMBER = NumberType()

FUNCTIONS: Final[dict[str, Function]] = {
    f.name: f
    for f in (
        Function("year", (DateType(),), _fixed(NumberType(None, True))),
        Function("month", (DateType(),), _fixed(NumberType(None, True))),
        Function("date", (_NUMBER, _NUMBER, _NUMBER), _fixed(DATE)),
        Function("months_between", (DateType(), DateType()), _fixed(NumberType("months", True))),
        Function("calendar_months", (DateType(), DateType()), _fixed(NumberType("months", True))),
        Function("age_on", (DateType(), DateType()), _fixed(NumberType("years", True))),
        Function("add_months", (DateType(), _NUMBER), _fixed(DATE)),
        Function("round_half_up", (_NUMBER, _NUMBER), _same_as_first),
        Function("round_down", (_NUMBER, _NUMBER), _same_as_first),
        Function("round_up", (_NUMBER, _NUMBER), _same_as_first),
    )
}
