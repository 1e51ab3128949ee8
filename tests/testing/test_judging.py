"""Whether a property holds of one record: when it is put to the test, and when it is not."""

from __future__ import annotations

from datetime import date
from typing import Any

import made_up
import pytest

from policy_rules import Engine
from policy_rules.packs.loader import load_texts
from policy_rules.testing.judging import implies, judged, refuting_move
from policy_rules.testing.properties import read_properties
from policy_rules.yamldoc import parse_yaml

DAY = date(2023, 6, 30)
RULES = """- id: paid_by_size
  concept: public_welfare_post
  outcome: measure
  effect: granted
  subject: household
  label: {zh: 按人数, en: by size}
  clauses: ["2#2"]
  force: must
  when: household.relocated or household.type == lifted or external.found_fit
  amount: {kind: stated, unit: yuan, paid: once, pay: household.size * param.each}
- id: person
  concept: public_welfare_post
  outcome: flag
  subject: member
  label: {zh: 人, en: person}
  clauses: ["2#2"]
  force: must
  when: member.employed and member.age >= 18
"""
PARAMETERS = """parameters:
  each:
    label: {zh: 每人, en: each}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {from: 2023-01-01, to: 2024-12-31, value: 100}
externals:
  found_fit:
    subject: household
    clauses: ["1#1"]
    authority: {zh: 某, en: a}
    question: {zh: 问, en: q}
    label: {zh: 例, en: example}
"""
PROPERTIES = """- id: within
  kind: amount_within
  label: {zh: 例, en: example}
  rule: paid_by_size
  lower: 200
  upper: 500
- id: moving_helps
  kind: monotone
  label: {zh: 例, en: example}
  rule: paid_by_size
  fact: relocated
  towards: higher
- id: staying_helps
  kind: monotone
  label: {zh: 例, en: example}
  rule: paid_by_size
  fact: relocated
  towards: lower
- id: age_helps
  kind: monotone
  label: {zh: 例, en: example}
  rule: person
  fact: members.*.age
  towards: higher
- id: youth_helps
  kind: monotone
  label: {zh: 例, en: example}
  rule: person
  fact: members.*.age
  towards: lower
- id: paid_are_large
  kind: implies
  label: {zh: 例, en: example}
  subject: household
  if: rule.paid_by_size
  then: household.size >= 2
"""
PACK = load_texts(made_up.texts() | {"rules/more.yaml": RULES, "parameters.yaml": PARAMETERS})
ENGINE = Engine(PACK, engine="reference")
WANTED = {p.id: p for p in read_properties(parse_yaml(PROPERTIES, "properties.yaml"), PACK)}
LIFTED: dict[str, Any] = {"type": "lifted"}
WORKING: dict[str, Any] = {"id": "a", "employed": True, "age": 18}


@pytest.mark.parametrize(
    ("name", "record", "holds"),
    [
        ("within", LIFTED | {"size": 2}, True),
        ("within", LIFTED | {"size": 5}, True),
        ("within", LIFTED | {"size": 1}, False),
        ("within", LIFTED | {"size": 6}, False),
        ("within", LIFTED, None),  # the amount is open
        ("within", {"type": "ordinary", "relocated": False, "size": 1}, None),  # none is paid
        ("moving_helps", LIFTED | {"relocated": False}, True),
        ("moving_helps", LIFTED | {"relocated": True}, None),  # it is as high as it can be
        ("staying_helps", LIFTED | {"relocated": True}, True),
        ("staying_helps", {"type": "ordinary", "relocated": True}, False),
        ("staying_helps", {"type": "ordinary", "relocated": False}, None),
        ("age_helps", {"members": [WORKING]}, True),
        ("youth_helps", {"members": [WORKING]}, False),
        ("age_helps", {"members": [{"employed": True, "age": 70}]}, True),  # without an id
        ("age_helps", {"members": []}, None),
        # a list that may have more is not moved
        ("age_helps", {"members": {"items": [WORKING], "complete": False}}, None),
        ("paid_are_large", LIFTED | {"size": 2}, True),
        ("paid_are_large", LIFTED | {"size": 1}, False),
        ("paid_are_large", {"type": "ordinary", "size": 1, "relocated": False}, None),
    ],
)
def test_a_property_of_a_record(name: str, record: dict[str, Any], holds: bool | None) -> None:
    assert judged(ENGINE, WANTED[name], record, DAY) is holds


@pytest.mark.parametrize("name", WANTED)
def test_a_record_that_cannot_be_answered_tests_nothing(name: str) -> None:
    """One that cannot be read, and one whose external condition the pack does not have."""
    unread = {"size": "many"}
    unknown = {"type": "lifted", "size": 2, "external": {"sample": {"no_such": True}}}
    wanted = WANTED[name]
    if wanted.kind == "implies":  # its lines do not ask for that condition
        assert implies(ENGINE, wanted, unread, DAY) is None
        assert judged(ENGINE, wanted, unread, DAY) is None
        return
    for record in (unread, unknown):
        assert judged(ENGINE, wanted, record, DAY) is None
        if wanted.kind == "monotone":
            assert refuting_move(ENGINE, wanted, record, DAY) is None


def test_the_record_that_loses_the_yes_is_given() -> None:
    lost = refuting_move(ENGINE, WANTED["youth_helps"], {"members": [WORKING]}, DAY)
    assert lost is not None
    assert lost["members"][0] == WORKING | {"age": lost["members"][0]["age"]}
    assert lost["members"][0]["age"] < 18
    assert refuting_move(ENGINE, WANTED["age_helps"], {"members": [WORKING]}, DAY) is None


def test_a_record_that_was_moved_already_is_not_moved_again() -> None:
    wanted, record = WANTED["youth_helps"], {"members": [WORKING]}
    older = {"members": [WORKING | {"age": 30}]}
    assert judged(ENGINE, wanted, record, DAY, moved=older) is True
    younger = {"members": [WORKING | {"age": 17}]}
    assert judged(ENGINE, wanted, record, DAY, moved=younger) is False
    assert judged(ENGINE, wanted, record, DAY, moved={"size": "many"}) is None
