"""A record is read strictly: nothing is guessed, nothing is rounded, every mistake is told."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_rules import Household, RecordError
from policy_rules.errors import Problem
from policy_rules.facts.record import MAX_ITEMS, Items, Row, read_record, read_record_file
from policy_rules.verdict import Interval


def problems(data: Any) -> list[Problem]:
    with pytest.raises(RecordError) as caught:
        read_record(data)
    return list(caught.value.problems)


def codes(data: Any) -> list[tuple[str, str]]:
    return [(p.code, p.place.path) for p in problems(data)]


def member(**facts: Any) -> Row:
    (row,) = read_record({"members": [facts]}).members
    return row


# -- strictness ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "path", "nearest"),
    [
        ({"sise": 3}, "sise", "size"),
        ({"monitoring": {"categry": "unstable"}}, "monitoring.categry", "monitoring.category"),
        ({"members": [{"labor": "skilled"}]}, "members.0.labor", "labour"),
        (
            {"members": [{"startup": {"employes": 3}}]},
            "members.0.startup.employes",
            "startup.employees",
        ),
        ({"members": {"item": []}}, "members.item", "items"),
        ({"incomes": {"2022": {"wages": 1}}}, "incomes.2022.wages", "wage"),
        ({"startup.employees": 3}, "startup.employees", ""),
        (
            {"members": [{"startup.employees": 3}]},
            "members.0.startup.employees",
            "startup.employees",
        ),
        ({"户类型": "lifted"}, "户类型", "type"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_name(
    data: Any, path: str, nearest: str
) -> None:
    problem = problems(data)[0]
    assert (problem.code, problem.place.path) == (
        "unknown_key",
        path.replace("户类型", problem.place.path),
    )
    assert not nearest or problem.nearest == nearest


def test_an_unknown_key_is_an_error_even_where_it_says_nothing() -> None:
    assert codes({"sise": None}) == [("unknown_key", "sise")]


@pytest.mark.parametrize(
    ("data", "code", "path"),
    [
        ({"dibao": "是"}, "wrong_type", "dibao"),
        ({"dibao": 1}, "wrong_type", "dibao"),
        ({"dibao": "true"}, "wrong_type", "dibao"),
        ({"size": True}, "not_a_number", "size"),
        ({"size": "3"}, "not_a_number", "size"),
        ({"size": 3.5}, "wrong_type", "size"),
        ({"size": [3]}, "not_a_number", "size"),
        ({"type": "脱贫户"}, "not_allowed", "type"),
        ({"type": 1}, "not_allowed", "type"),
        ({"members": [{"health": "disabled"}]}, "wrong_type", "members.0.health"),
        ({"members": [{"health": ["disabled", "x"]}]}, "not_allowed", "members.0.health.1"),
        ({"members": "3"}, "wrong_type", "members"),
        ({"members": [3]}, "wrong_type", "members.0"),
        ({"members": {"complete": True}}, "missing_key", "members"),
        ({"members": {"items": 3}}, "wrong_type", "members.items"),
        ({"members": {"items": [], "complete": "no"}}, "wrong_type", "members.complete"),
        ({"monitoring": "unstable"}, "group_expected", "monitoring"),
        ({"incomes": [1]}, "wrong_type", "incomes"),
        ({"incomes": {"2022": 8000}}, "wrong_type", "incomes.2022"),
        ({"incomes": {"1989": {}}}, "out_of_range", "incomes.1989"),
        ({"incomes": {"２０２２": {}}}, "out_of_range", "incomes.２０２２"),
        ({"incomes": {"02022": {}}}, "out_of_range", "incomes.02022"),
        ({"incomes": {"2022": {"id": "x"}}}, "unknown_key", "incomes.2022.id"),
        ({"id": [1]}, "wrong_type", "id"),
        ({"id": True}, "wrong_type", "id"),
        ({"members": [{"id": 1.5}]}, "wrong_type", "members.0.id"),
        ({"region": 5.3}, "wrong_type", "region"),
        ({"kind": "houshold"}, "not_allowed", "kind"),
        ({"kind": "member"}, "not_allowed", "kind"),
        ({"as_of": "2022-12"}, "bad_date", "as_of"),
        ({"external": {"p": {"c": "yes"}}}, "wrong_type", "external.p.c"),
        ({"external": {"p": 3}}, "wrong_type", "external.p"),
        ({"members": [{"external": 3}]}, "wrong_type", "members.0.external"),
        ({"members": [{"id": "m1"}, {"id": "m1"}]}, "duplicate_member", "members.1.id"),
        ({"members": [{}, {"id": "m1"}]}, "duplicate_member", "members.1.id"),
        ([], "wrong_type", ""),
        (None, "wrong_type", ""),
    ],
)
def test_what_does_not_fit_is_told_in_its_place(data: Any, code: str, path: str) -> None:
    assert codes(data) == [(code, path)]


def test_everything_wrong_is_told_at_once() -> None:
    assert (
        len(problems({"size": "x", "dibao": 1, "typ": 1, "members": [{"id": 1.5, "labour": "x"}]}))
        == 5
    )


def test_ranges_include_their_ends() -> None:
    assert read_record({"size": 1}).row["size"] == 1
    assert codes({"size": 0}) == [("out_of_range", "size")]
    assert codes({"size": -1}) == [("out_of_range", "size")]


# -- null, absent, incomplete --------------------------------------------------------------------


def test_null_is_absent_and_absent_is_not_recorded() -> None:
    for data in ({"size": None, "monitoring": None}, {"monitoring": {"category": None}}, {}):
        assert dict(read_record(data).row) == {}
    assert read_record({"size": None}).digest(b"k") == read_record({}).digest(b"k")


@pytest.mark.parametrize(
    ("members", "count", "complete"),
    [
        ([], 0, True),
        ([{}, {}], 2, True),
        ([{}, None], 1, False),
        ({"items": [{}]}, 1, True),
        ({"items": [{}], "complete": False}, 1, False),
        ({"items": [], "complete": False}, 0, False),
    ],
)
def test_a_list_says_whether_it_is_whole(members: Any, count: int, complete: bool) -> None:
    items = read_record({"members": members}).row["members"]
    assert isinstance(items, Items)
    assert (len(items.rows), items.complete) == (count, complete)


def test_a_list_not_recorded_is_no_empty_list() -> None:
    assert "members" not in read_record({"members": None}).row
    assert read_record({"members": []}).digest(b"k") != read_record({}).digest(b"k")


def test_members_without_an_id_are_numbered() -> None:
    assert [m.id for m in read_record({"members": [{}, {"id": "x"}, {"id": 7}]}).members] == [
        "m1",
        "x",
        "7",
    ]


def test_a_list_is_bounded() -> None:
    assert codes({"members": [{}] * (MAX_ITEMS + 1)}) == [("too_many_values", "members")]


# -- numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (0.1, Fraction(1, 10)),
        (Decimal("0.1"), Fraction(1, 10)),
        (8000.50, Fraction(16001, 2)),
        (8000.0, 8000),
        (1e3, 1000),
        (Decimal("1E+3"), 1000),
        (Fraction(1, 3), Fraction(1, 3)),
        (-5, -5),
    ],
)
def test_a_number_is_what_its_digits_say(written: Any, value: Any) -> None:
    found = read_record({"incomes": {"2022": {"business_cost": 0, "net": written}}}).row["incomes"][
        2022
    ]["net"]
    assert (found, type(found)) == (value, type(value))


@given(st.decimals(0, 10**9, places=2))
def test_a_float_and_its_printed_decimal_are_one_number(value: Decimal) -> None:
    def net(written: Any) -> Any:
        return read_record({"incomes": {"2022": {"net": written}}}).row["incomes"][2022]["net"]

    assert (
        net(float(str(value)))
        == net(Decimal(repr(float(str(value)))))
        == Fraction(repr(float(str(value))))
    )


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("1e999999999"),
    ],
)
def test_what_is_not_finite_is_refused_quickly(value: Any) -> None:
    assert codes({"incomes": {"2022": {"net": value}}}) == [("not_finite", "incomes.2022.net")]


# -- dates ---------------------------------------------------------------------------------------


def test_a_partial_date_is_an_interval_of_days() -> None:
    assert member(birth_date="1990-02-03")["birth_date"] == date(1990, 2, 3)
    assert member(birth_date="1990-02")["birth_date"] == Interval(
        date(1990, 2, 1), date(1990, 2, 28)
    )
    assert member(birth_date=1990)["birth_date"] == Interval(date(1990, 1, 1), date(1990, 12, 31))


@pytest.mark.parametrize("value", ["1990-02-30", "90-2-3", "1990.2.3", True, 19900203, 2.5, []])
def test_a_date_is_written_in_one_way(value: Any) -> None:
    assert codes({"members": [{"birth_date": value}]}) == [("bad_date", "members.0.birth_date")]


def test_a_year_month_takes_no_day() -> None:
    spell = {"work_spells": [{"from": "2022-03-01", "to": "2022-05"}]}
    assert codes({"members": [spell]}) == [("bad_date", "members.0.work_spells.0.from")]


# -- privacy -------------------------------------------------------------------------------------

NAME, NUMBER = "欧阳建国", "530113196803120013"


@pytest.mark.parametrize(
    "data",
    [
        {NAME: 1},
        {NUMBER: 1},
        {"members": {NAME: {"labour": "skilled"}}},
        {"members": {NUMBER: {}}},
        {"members": [{NAME: 3}]},
        {"members": [{"id": NUMBER}, {"id": NUMBER}]},
        {"members": [{"id": NAME}, {"id": NAME}]},
        {"monitoring": {NAME: 1}},
        {"incomes": {NUMBER: {}}},
    ],
)
def test_names_and_identity_numbers_as_keys_stay_out_of_errors(data: Any) -> None:
    found = problems(data)
    said = json.dumps([p.as_dict() for p in found], ensure_ascii=False)
    said += "".join(p.render("zh") + p.render("en") for p in found)
    if "incomes" not in data:
        assert NAME not in said
        assert NUMBER not in said
    assert NUMBER not in "".join(p.message("zh") for p in found)


# -- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_yaml_and_json_give_one_record_with_places(tmp_path: Path, suffix: str) -> None:
    data = {"size": 3, "members": [{"id": "m1", "startup": {"employees": 4}}]}
    path = tmp_path / f"r.{suffix}"
    path.write_text(json.dumps(data, indent="\t" if suffix == "json" else 2), "utf-8")
    assert Household.load(path).digest(b"k") == read_record(data).digest(b"k")
    assert read_record_file(path).place(("members", 0, "startup", "employees")).line == 7


def test_json_that_yaml_reads_otherwise_is_read_as_json(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text('{"id": "\\ud83d\\ude00 \\/", "size": 3}', "utf-8")
    assert Household.load(path).id == "😀 /"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "bad_json"),
        (b'{"size": 3,}', "bad_json"),
        (b'{"size": 1' + b"0" * 5000 + b"}", "bad_json"),
        (b'{"size": NaN}', "not_finite"),
        (b'{"size": -Infinity}', "not_finite"),
        (b'{"size": 1e999}', "not_finite"),
        (b'{"size": 1e9999999999999999999}', "not_a_number"),  # beyond what a Decimal holds
        (b'{"size": 1e-9999999999999999999}', "not_a_number"),
        (b'{"size": 1, "size": 2}', "duplicate_key"),
        (b'{"size": 1, "size": 2, "id": "\\ud83d\\ude00"}', "duplicate_key"),
        (b'{"id": "\xff"}', "not_utf8"),
        (b"[" * 100_000, "too_deep"),
        (b'{"a":' * 100_000, "too_deep"),
        (b"", "bad_json"),
    ],
)
def test_a_json_file_that_is_wrong(tmp_path: Path, raw: bytes, code: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(raw)
    with pytest.raises(RecordError) as caught:
        Household.load(path)
    assert [p.code for p in caught.value.problems] == [code]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    for suffix, text in (("json", '{"size": 3}'), ("yaml", "size: 3")):
        path = tmp_path / f"r.{suffix}"
        path.write_bytes(b"\xef\xbb\xbf" + text.encode())
        assert Household.load(path).row["size"] == 3


# -- identity ------------------------------------------------------------------------------------


def test_a_digest_is_keyed_and_follows_the_facts_only() -> None:
    one = read_record({"size": 3, "type": "lifted", "incomes": {"2022": {"net": 0.5}}})
    same = read_record({"incomes": {2022: {"net": Decimal("0.50")}}, "type": "lifted", "size": 3})
    assert one.digest(b"k") == same.digest(b"k")
    assert one.digest(b"k") != one.digest(b"other")
    assert one.digest(b"k") != read_record({"size": 4, "type": "lifted"}).digest(b"k")


def test_externals_stand_with_their_record() -> None:
    given = {"yunnan/dongchuan": {"credit": True, "other": None}}
    record = read_record({"external": given, "members": [{"external": given}]})
    for row in (record.row, *record.members):
        assert row.external == {"yunnan/dongchuan": {"credit": True}}


def test_a_record_that_was_read_is_left_as_it_is() -> None:
    record = read_record({"size": 3})
    assert read_record(record) is record
