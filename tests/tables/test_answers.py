"""The long table, the wide one and the counts say the same as the findings."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from typing import Any

import attrs
import made_up
import polars as pl
import pytest

from policy_rules import Engine
from policy_rules.facts import Household, read_record
from policy_rules.packs.model import Pack
from policy_rules.tables.answers import ERROR, LONG, Answers
from policy_rules.tables.answers_blocks import Block
from policy_rules.tables.answers_rows import told_rows
from policy_rules.tables.evaluate import evaluate_population
from policy_rules.tables.frames import Population
from policy_rules.tables.plan import Outcome

DAY = date(2023, 6, 30)
PACK = made_up.pack()
RECORDS = [
    {"id": "a", "type": "lifted", "incomes": {2022: {"net_per_capita": 5000}}, "members": []},
    {"id": "b", "type": "ordinary", "members": [{"labour": "skilled"}]},
    {"id": "c", "members": [{}, {"labour": "none"}]},
    {"id": "d", "external": {"sample": {"nobody_asked": True}}},
]


def population(*records: dict[str, Any]) -> Population:
    return Population.of_records([read_record(r) for r in records or RECORDS])


def answers() -> Answers:
    return evaluate_population(PACK, population(), DAY, engine="reference")


def test_a_row_a_finding() -> None:
    found = answers().table
    assert found.columns == list(LONG)
    rows = found.select("record", "rule", "verdict", "status", "effect", "amount_low", "code")
    assert rows.rows() == [
        ("a", "focus_household", "YES", "decided", None, None, None),
        ("a", "public_post", "NO", "decided", "preferred", None, None),
        ("b", "focus_household", "NO", "outside_population", None, None, None),
        ("b", "public_post", "YES", "decided", "preferred", "300", None),
        ("c", "focus_household", "UNKNOWN", "undetermined", None, None, None),
        ("c", "public_post", "UNKNOWN", "undetermined", "preferred", "300", None),
        ("d", "", None, "error", None, None, "unknown_external"),
    ]
    assert set(found["as_of"]) == {DAY}
    assert found["clauses"].to_list()[:2] == ["1#1", "2#2"]
    assert (found["low"] / found["low_over"]).to_list()[3] == 300


def test_rows_can_be_chosen_by_verdict_and_rule() -> None:
    found = answers()
    said = found.long(["YES", "UNKNOWN"])
    assert said["verdict"].to_list() == ["YES", "YES", "UNKNOWN", "UNKNOWN", None]
    assert found.long([None])["status"].to_list() == [ERROR]
    assert found.long(rules=["public_post"])["record"].to_list() == ["a", "b", "c", "d"]


def test_a_record_that_cannot_be_evaluated_is_marked() -> None:
    found = answers()
    assert found.errors.rows() == [(3, "d", DAY, "unknown_external")]
    assert found.wide().filter(pl.col("record") == "d")["public_post"].to_list() == [None]


def test_a_row_a_record() -> None:
    found = answers().wide()
    assert found.columns == ["row", "record", "focus_household", "public_post", *AMOUNT]
    assert found["record"].to_list() == ["a", "b", "c", "d"]
    assert found["focus_household"].to_list() == ["YES", "NO", "UNKNOWN", None]
    assert found["public_post.high"].to_list() == [None, "300", "300", None]


AMOUNT = ("public_post.low", "public_post.high")


def test_counts_are_those_of_the_long_table() -> None:
    found = answers()
    counted = {(r, v, s): n for r, v, s, n in found.counts().rows()}
    assert counted == Counter(found.table.select("rule", "verdict", "status").rows())
    assert len(found) == found.table.height == len(list(found))


def test_the_findings_come_back() -> None:
    engine = Engine(PACK, engine="reference", readings=False)
    said = [a for a in answers() if a.status != ERROR]
    for row, record in enumerate(RECORDS[:3]):
        findings = engine.evaluate(record, as_of=DAY).findings
        mine = [a for a in said if a.row == row]
        assert [(a.rule, a.subject, *a.outcome()) for a in mine] == [
            (f.rule.id, f.subject, f.verdict, f.status, f.met, *ends(f.amount), f.clauses)
            for f in findings
        ]


def ends(amount: Any) -> tuple[Any, Any]:
    return (None, None) if amount is None else (amount.low, amount.high)


def test_rules_not_in_force_say_so() -> None:
    found = evaluate_population(PACK, population(), date(2025, 1, 1), engine="reference")
    assert set(found.table["status"]) == {"not_in_force", ERROR}
    assert found.wide().columns[:4] == ["row", "record", "focus_household", "public_post"]
    assert found.wide()["public_post"].null_count() == 4


# -- what an engine found --------------------------------------------------------------------------


def column_answers(pack: Pack, *, silent: bool = False) -> Answers:
    """Two records as an engine answers: a YES of a third to a half yuan, and a NO outside."""
    frame = pl.DataFrame(
        {
            "_record": [1, 0],
            "_place": [-1, -1],
            "_id": ["h2", "h1"],
            "v": [True, False],
            "out": [False, True],
            "ln": pl.Series([2, 5], dtype=pl.Int128),
            "ld": pl.Series([6, 1], dtype=pl.Int128),
            "hn": pl.Series([2**70, 5], dtype=pl.Int128),
            "hd": pl.Series([2**71, 1], dtype=pl.Int128),
        }
    )
    outcome = Outcome("public_post", "household", "v", "out", None, ("ln", "ld", "hn", "hd"))
    left = (("public_post", "household"),) if silent else ()
    block = Block((0, 2), DAY, {"household": frame}, () if silent else (outcome,), left)
    return Answers(pack, pl.Series(["h1", "h2"]), (block,), told_rows((), pack))


def test_columns_become_rows_in_order_with_exact_amounts() -> None:
    found = column_answers(PACK)
    assert [(a.record, a.verdict, a.status, a.low, a.high) for a in found] == [
        ("h1", "NO", "outside_population", None, None),
        ("h2", "YES", "decided", Fraction(1, 3), Fraction(1, 2)),
    ]
    amounts = found.table.select("amount_low", "amount_high", "low", "low_over", "high").row(1)
    assert amounts == ("1/3", "0.5", 1, 3, 1)
    assert found.counts().rows() == [
        ("public_post", "NO", "outside_population", 1),
        ("public_post", "YES", "decided", 1),
    ]
    assert found.long(["YES"])["record"].to_list() == ["h2"]
    assert found.long(["UNKNOWN"]).is_empty()


def test_silent_rules_of_a_block() -> None:
    found = column_answers(PACK, silent=True)
    assert [(a.record, a.rule, a.verdict, a.status) for a in found] == [
        ("h1", "public_post", None, "not_in_force"),
        ("h2", "public_post", None, "not_in_force"),
    ]
    assert found.counts()["n"].to_list() == [2]
    assert found.long(["YES"]).is_empty()


def test_a_figure_beyond_64_bits_stands_as_text() -> None:
    record = Household("household", "h", read_record({}).row, None, "")
    engine = Engine(PACK, engine="reference", readings=False)
    findings = engine.evaluate(record, as_of=DAY).findings
    paid = findings[1]
    assert paid.amount is not None
    paid.amount = attrs.evolve(paid.amount, low=Fraction(10**20 + 1, 3), high=10**20)
    told = told_rows([(0, DAY, findings)], PACK)
    row = Answers(PACK, pl.Series(["h"]), (), told).table.row(1, named=True)
    assert (row["amount_low"], row["low"]) == ("100000000000000000001/3", None)
    assert (row["amount_high"], row["high"], row["high_over"]) == (str(10**20), None, None)


@pytest.mark.parametrize("subject", [None, "member"])
def test_nobody_at_all(subject: str | None) -> None:
    found = evaluate_population(PACK, Population.of_records([]), DAY, engine="reference")
    assert len(found) == 0
    assert found.table.is_empty()
    assert found.wide(subject).is_empty()
