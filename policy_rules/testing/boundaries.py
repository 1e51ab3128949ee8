"""Cases written once for many values: a fact below, at and above a line; every code of a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

SIDES: Final = ("below", "at", "above")


def expanded(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases a boundary stands for, each with the side it is on, in the form of ``cases``.

    The fact is the line less a step, the line, the line and a step; a step is 1, a hundredth where
    the line is written with decimals, a day where it is a date.
    """
    line = data["line"]
    for side in SIDES:
        if side in data:
            value = moved(line, data.get("step", 1), SIDES.index(side) - 1)
            yield side, _case(data, side, value, data[side])


def of_codes(data: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The cases a list of codes stands for: the fact is each code in turn, or the set of it alone."""
    for wanted, codes in data["told"].items():
        for code in codes:
            value = [code] if data.get("in_a_set") else code
            yield wanted, _case(data, code, value, wanted)


def _case(data: Mapping[str, Any], suffix: str, value: Any, wanted: Any) -> dict[str, Any]:
    part = data.get("part", "verdict")
    expected: Any = wanted if part == "verdict" else {"verdict": "YES", part: wanted}
    return {
        "id": f"{data['id']}_{suffix}",
        "record": data["record"],
        "as_of": data["as_of"],
        "set": {**(data.get("set") or {}), data["fact"]: value},
        "externals": data.get("externals") or {},
        "overlay": data.get("overlay") or {},
        "expect": {data["rule"]: expected},
    }


def moved(line: Any, step: Any, times: int) -> Any:
    """A number or day some steps away."""
    if isinstance(line, str):
        return str(date.fromisoformat(line) + timedelta(days=int(step) * times))
    value = Decimal(str(line)) + Decimal(str(step)) * times
    return int(value) if value == value.to_integral_value() else value
