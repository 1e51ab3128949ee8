"""Every error of a record can be come to, and no other comes out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

import policy_rules
from policy_rules import Engine, NotFoundError, RecordError, load_pack
from policy_rules.testing import RECORD_ERRORS, lawless_records

ROOT = Path(policy_rules.__file__).parent
PACK = load_pack("yunnan/dongchuan")
ENGINE = Engine(PACK, engine="reference", readings=False)
QUIET = {"database": None, "deadline": None, "suppress_health_check": list(HealthCheck)}


def codes(record: Any) -> set[str]:
    with pytest.raises(RecordError) as caught:
        ENGINE.evaluate(record)
    return {p.code for p in caught.value.problems}


@settings(max_examples=150, derandomize=True, phases=[Phase.generate], **QUIET)
@given(lawless_records(PACK))
def test_every_one_is_refused_with_documented_errors_only(record: Any) -> None:
    assert codes(record) <= set(RECORD_ERRORS)


@pytest.mark.parametrize("code", RECORD_ERRORS)
def test_every_error_is_come_to(code: str) -> None:
    @settings(max_examples=8, derandomize=True, phases=[Phase.generate], **QUIET)
    @given(lawless_records(PACK, code))
    def come_to(record: Any) -> None:
        assert codes(record) == {code}

    come_to()


def test_the_smallest_is_a_record_with_one_mistake() -> None:
    found = find(
        lawless_records(PACK, "duplicate_member", "unknown_external"),
        lambda record: "duplicate_member" in codes(record),
        settings=settings(max_examples=50, **QUIET),
    )
    (wrong,) = (v for k, v in found.items() if k not in ("kind", "as_of"))
    assert wrong == [{"id": "a"}, {"id": "a"}]


def test_these_are_all_errors_of_records() -> None:
    """Whoever gives records a new error adds it to the strategy."""
    files = ("facts/strict.py", "facts/numbers.py", "engine/externals.py")
    source = "".join((ROOT / file).read_text("utf-8") for file in files)
    source += re.findall(r"def day_of.*?return day", (ROOT / "engine/engine.py").read_text(), re.S)[
        0
    ]
    named = set(re.findall(r'(?:Refused|Problem|problems\.add)\(\s*"([a-z_]+)"', source))
    named |= set(re.findall(r'code = "([a-z_]+)" if day is None else "([a-z_]+)"', source)[0])
    assert named == set(RECORD_ERRORS)
    documented = (ROOT.parent / "docs" / "errors.md").read_text("utf-8")
    assert all(f"## {code}\n" in documented for code in RECORD_ERRORS)


def test_a_code_there_is_not() -> None:
    with pytest.raises(NotFoundError) as caught:
        lawless_records(PACK, "bad_dat")
    assert caught.value.problems[0].nearest == "bad_date"
