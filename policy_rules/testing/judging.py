"""Whether a declared property holds of a record, as the reference interpreter answers it."""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policy_rules.engine.engine import Engine
from policy_rules.engine.finding import figure
from policy_rules.errors import PolicyRulesError
from policy_rules.facts.record import Household, read_record
from policy_rules.testing.properties import Property
from policy_rules.testing.records import put
from policy_rules.verdict import Verdict


def judged(
    engine: Engine,
    wanted: Property,
    data: Mapping[str, Any],
    day: date,
    *,
    moved: Mapping[str, Any] | None = None,
    rng: random.Random | None = None,
) -> bool | None:
    """Whether a property holds of a record; None where the record does not put it to the test.

    The fact of a monotone property is moved a few steps drawn from ``rng``, or the record is ``moved`` already.
    """
    record = recorded(engine, data)
    if record is None:
        return None
    if wanted.kind == "implies":
        return _implies(engine, wanted, record, day)
    if wanted.kind == "amount_within":
        return _within(engine, wanted, record, day)
    subjects = _told_yes(engine, wanted, record, day)
    if wanted.kind == "never_both":
        return None if not subjects else len(subjects) == len(set(subjects))
    told: bool | None = None
    for subject in subjects:
        drawn = _moved(wanted, data, subject, rng or random.Random(0))
        for other in drawn if moved is None else [moved]:
            read = recorded(engine, other)
            if read is None:
                continue
            after = engine.verdicts(read, as_of=day)
            if after.get((wanted.rules[0], subject)) is not Verdict.YES:
                return False
            told = True
    return told


def recorded(engine: Engine, data: Mapping[str, Any]) -> Household | None:
    """A record, read; None where it is none."""
    try:
        return read_record(data, engine.pack.vocabulary)
    except PolicyRulesError:
        return None


def implies(engine: Engine, wanted: Property, data: Mapping[str, Any], day: date) -> bool | None:
    """Whether an implication holds of a record; None where its condition does not."""
    record = recorded(engine, data)
    return None if record is None else _implies(engine, wanted, record, day)


def refuting_move(
    engine: Engine, wanted: Property, data: Mapping[str, Any], day: date, *, tries: int = 20
) -> dict[str, Any] | None:
    """The record with the fact of a monotone property moved so that the YES is lost, if one is found."""
    record = recorded(engine, data)
    if record is None:
        return None
    subjects = _told_yes(engine, wanted, record, day)
    for number in range(tries):
        for subject in subjects:
            for other in _moved(wanted, data, subject, random.Random(number)):
                if judged(engine, wanted, data, day, moved=other) is False:
                    return other
    return None


def _told_yes(engine: Engine, wanted: Property, record: Household, day: date) -> list[str]:
    """Subjects of the property's rules that are answered YES; none where the record cannot be answered."""
    try:
        said = engine.verdicts(record, as_of=day)
    except PolicyRulesError:
        return []
    return [s for (rule, s), v in said.items() if rule in wanted.rules and v is Verdict.YES]


def _implies(engine: Engine, wanted: Property, record: Household, day: date) -> bool | None:
    told: bool | None = None
    rows = record.members if wanted.subject == "member" else (None,)
    assert wanted.condition is not None
    assert wanted.consequence is not None
    for row in rows:
        owner = f"property {wanted.id}"
        if engine.line(f"{owner} if", wanted.condition, record, day, row) is True:
            told = True
            then = engine.line(f"{owner} then", wanted.consequence, record, day, row)
            if then is False:
                return False
    return told


def _within(engine: Engine, wanted: Property, record: Household, day: date) -> bool | None:
    told: bool | None = None
    try:
        findings = engine.evaluate(record, as_of=day).findings
    except PolicyRulesError:
        return None
    for finding in findings:
        if finding.rule.id != wanted.rules[0] or finding.verdict is not Verdict.YES:
            continue
        amount = finding.amount
        if amount is None or amount.exact is None:
            continue
        told = True
        if wanted.lower is not None and amount.exact < wanted.lower:
            return False
        if wanted.upper is not None and amount.exact > wanted.upper:
            return False
    return told


def _moved(
    wanted: Property, data: Mapping[str, Any], subject: str, rng: random.Random
) -> Iterator[dict[str, Any]]:
    """The record with the property's fact moved, where the fact is recorded."""
    keys = wanted.fact.split(".")
    members = data.get("members")
    if "*" in keys:
        ids = [
            str(m.get("id") or f"m{i + 1}")
            for i, m in enumerate(members if isinstance(members, list) else ())
        ]
        if subject not in ids:
            return
        keys = [str(ids.index(subject)) if k == "*" else k for k in keys]
    value: Any = data
    for key in keys:
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(key, value.get(int(key)) if key.isdigit() else None)
    for step in _steps(value, wanted.towards, rng):
        moved = copy.deepcopy(dict(data))
        target: Any = moved
        for key in keys[:-1]:
            inner = target[int(key)] if isinstance(target, list) else target.get(key)
            target = target.get(int(key)) if inner is None else inner
        if put(target, [keys[-1]], step):
            yield moved


def _steps(value: Any, towards: str, rng: random.Random) -> Iterator[Any]:
    """Values on one side of a recorded one."""
    sign = -1 if towards == "lower" else 1
    if isinstance(value, bool):
        if value is (towards == "lower"):
            yield not value
    elif isinstance(value, int | float | Decimal | Fraction):
        number = Fraction(str(value))
        yield _plain(number + sign)
        yield _plain(number + sign * rng.randint(2, 5000))
        if towards == "lower" and number > 0:
            yield 0
    elif isinstance(value, str | date):
        text = str(value)
        if re.fullmatch(r"\d{4}-\d{2}", text):  # a month stays a month
            months = 12 * int(text[:4]) + int(text[5:]) - 1 + sign * rng.choice((1, 1, 2, 12))
            yield f"{months // 12:04}-{months % 12 + 1:02}"
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = date.fromisoformat(text)
            yield str(day + timedelta(days=sign))
            yield str(day + timedelta(days=sign * rng.randint(2, 900)))


def _plain(value: Fraction) -> Any:
    return int(value) if value.denominator == 1 else Decimal(figure(value))
