"""The export as it is: households from rows, and no row or household lost whatever is wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables.workbook import number, sheet, text

from policy_rules import RecordError
from policy_rules.facts.record import Household
from policy_rules.facts.rows import Items
from policy_rules.tables.problems_book import write_problems
from policy_rules.tables.reading import Reading, iter_population, read_population, unmapped
from policy_rules.tables.register import join_register
from policy_rules.verdict import Interval

HEADS = [
    "乡(镇)", "村", "户编号", "户主姓名", "户类型", "监测对象类别", "致贫/返贫风险1", "致贫/返贫风险2",
    "识别监测时间", "年度家庭人口数", "当前家庭人口数", "2022年工资性收入", "2022年纯收入(万元)",
    "人编号", "姓名", "证件类型", "证件号码", "与户主关系", "健康状况", "出生日期", "性别", "残疾证号", "务工企业名称",
]  # fmt: skip
HOME = {"乡(镇)": "某镇", "村": "大村", "户编号": "5301000001", "户主姓名": "王小明", "户类型": "脱贫户",
        "监测对象类别": "边缘易致贫户", "致贫/返贫风险1": "因病", "识别监测时间": "202205", "年度家庭人口数": "2",
        "当前家庭人口数": "2", "2022年工资性收入": "12,000", "2022年纯收入(万元)": "2.1999"}  # fmt: skip


def person(order: int, **cells: Any) -> dict[str, Any]:
    base = {"人编号": f"530100000{order:03d}", "姓名": "王小明", "证件类型": "居民身份证",
            "证件号码": number("19660211", order), "与户主关系": "户主" if order == 1 else "配偶",
            "健康状况": "残疾，长期慢性病", "务工企业名称": "某厂"}  # fmt: skip
    return HOME | base | cells


def lines(people: Sequence[dict[str, Any]], heads: Sequence[str] = HEADS) -> list[list[Any]]:
    return [list(heads), *([p.get(h, "") for h in heads] for p in people)]


def reading(path: Path, people: Sequence[dict[str, Any]], **options: Any) -> Reading:
    found = read_population(text(path / "county.csv", lines(people), "gb18030"), **options)
    counts = found.counts
    assert counts.rows == len(people) == counts.members + counts.without_member + counts.set_aside
    assert counts.households == len(found.records)
    return found


def codes(found: Reading) -> list[str]:
    return [p.code for p in found.problems]


def one(found: Reading) -> Household:
    (record,) = found.records
    return record


TWO = [person(1), person(2)]


def test_rows_become_a_household(tmp_path: Path) -> None:
    found = reading(tmp_path, TWO)
    record = one(found)
    assert found.problems == ()
    assert (record.id, found.layout) == ("5301000001", "export")
    assert record.row["monitoring.category"] == "marginal"
    assert record.row["monitoring.risks"] == frozenset({"illness"})
    assert record.row["monitoring.identified_on"] == Interval(date(2022, 5, 1), date(2022, 5, 31))
    assert record.row["incomes"][2022] == {"wage": 12000, "net": 21999}
    members = record.row["members"]
    assert (members.complete, [m.id for m in members.rows]) == (
        True,
        ["530100000001", "530100000002"],
    )
    assert members.rows[0]["birth_date"] == date(1966, 2, 11)
    assert [m["sex"] for m in members.rows] == ["male", "female"]
    assert members.rows[0]["health"] == frozenset({"disabled", "chronic"})


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    rows = [["某县监测对象"], *lines(TWO)]
    book = read_population(
        sheet(tmp_path / "a.xlsx", {"说明": [["看这里"]], "人员": rows}, ["A1:W1"])
    )
    assert one(book).digest(b"") == one(reading(tmp_path, TWO)).digest(b"")


def test_rows_may_stand_in_any_order(tmp_path: Path) -> None:
    people = [person(m, 户编号=f"H{h}", 人编号=f"{h}-{m}") for h in range(30) for m in (1, 2)]
    straight = reading(tmp_path, people)
    random.Random(4).shuffle(people)
    mixed = reading(tmp_path, people)

    def said(found: Reading) -> dict[str, Any]:
        return {r.id: {m.id: dict(m) for m in r.members} for r in found.records}

    assert said(mixed) == said(straight)
    assert len(mixed.records) == 30


def test_an_empty_cell_means_what_its_column_says(tmp_path: Path) -> None:
    empty = {"监测对象类别": "", "致贫/返贫风险1": "", "户类型": ""}
    record = one(reading(tmp_path, [person(1, **empty), person(2, **empty)]))
    assert record.row["monitoring.category"] == "none"
    assert record.row["monitoring.risks"] == frozenset()
    assert "type" not in record.row
    told = {"监测对象类别": "unknown"}
    found = reading(tmp_path, [person(1, **empty), person(2, **empty)], empty_means=told)
    assert "monitoring.category" not in one(found).row
    assert found.empty_means == told


def test_an_error_in_the_cell_is_not_an_empty_cell(tmp_path: Path) -> None:
    bad = {"监测对象类别": "#N/A"}
    found = reading(tmp_path, [person(1, **bad), person(2, **bad)])
    assert "monitoring.category" not in one(found).row
    assert codes(found) == ["cell_error"]


def test_a_bad_value_is_unknown_with_its_place(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1, 健康状况="张三"), person(2, 出生日期="1966-13-01")])
    assert [m.get("health") for m in one(found).members] == [
        None,
        frozenset({"disabled", "chronic"}),
    ]
    first, second = found.problems
    assert (first.code, first.place.sheet, first.place.line, first.place.header) == (
        "not_allowed", "county", 2, "健康状况")  # fmt: skip
    assert first.render("zh").startswith("county.csv[county]:2:健康状况: not_allowed: ")
    assert "张三" not in first.render("zh")
    assert (second.code, second.place.line) == ("bad_date", 3)
    assert one(found).row["members"].complete


def test_a_bad_risk_leaves_the_set_unknown(tmp_path: Path) -> None:
    bad = {"致贫/返贫风险2": "因懒"}
    found = reading(tmp_path, [person(1, **bad), person(2, **bad)])
    assert "monitoring.risks" not in one(found).row
    assert codes(found) == ["not_allowed"]


def test_rows_of_a_household_that_differ_are_a_conflict(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1), person(2, 户类型="一般农户")])
    assert "type" not in one(found).row
    assert codes(found) == ["rows_differ"]
    assert "第 2 行" in found.problems[0].message("zh")
    same = reading(tmp_path, [person(1), person(2, 户类型="", 年度家庭人口数="2.0")])
    assert (same.problems, one(same).row["type"], one(same).row["size"]) == ((), "lifted", 2)


def test_a_row_without_a_household_number_is_a_household_of_its_own(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1), person(2), person(3, 户编号="")])
    assert [r.id for r in found.records] == ["5301000001", "row4"]
    assert not found.records[1].row["members"].complete
    assert "no_household_number" in codes(found)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("#N/A", "no_household_number"),
        ("王小明", "no_household_number"),
        ("5.30113E+17", "id_damaged"),
    ],
)
def test_what_is_no_household_number_puts_no_households_together(
    tmp_path: Path, cell: str, code: str
) -> None:
    """5.30113E+17 stands for every number of the county."""
    people = [person(1), person(2), *(person(o, 户编号=cell, 当前家庭人口数="1") for o in (3, 4))]
    found = reading(tmp_path, people)
    assert [r.id for r in found.records] == ["5301000001", "row4", "row5"]
    assert codes(found) == [code, code]
    assert not any(r.row["members"].complete for r in found.records[1:])


def test_what_is_no_persons_number_loses_nobody(tmp_path: Path) -> None:
    people = [person(1, 人编号="#N/A"), person(2, 人编号="#N/A", 证件号码="")]
    record = one(reading(tmp_path, people))
    assert [m.id for m in record.members] == ["p1", "m2"]
    assert record.row["members"].complete


def test_a_broken_row_leaves_the_list_incomplete(tmp_path: Path) -> None:
    path = text(tmp_path / "county.csv", lines(TWO))
    body = path.read_text("utf-8").splitlines()
    body[2] += ",多了一格"
    path.write_text("\n".join(body), "utf-8")
    found = read_population(path)
    members = one(found).row["members"]
    assert (len(members.rows), members.complete) == (1, False)
    assert "row_broken" in codes(found)
    assert (found.counts.members, found.counts.set_aside) == (1, 1)


def test_a_household_whose_every_row_is_broken_is_still_there(tmp_path: Path) -> None:
    path = text(tmp_path / "county.csv", lines([*TWO, person(3, 户编号="H2", 人编号="9")]))
    body = path.read_text("utf-8").splitlines()
    body[3] += ",多了一格"
    path.write_text("\n".join(body), "utf-8")
    found = read_population(path)
    assert [r.id for r in found.records] == ["5301000001", "H2"]
    assert dict(found.records[1].row) == {}


def test_a_row_that_stands_twice(tmp_path: Path) -> None:
    same = reading(tmp_path, [*TWO, person(2)])
    assert codes(same) == ["row_repeated"]
    assert one(same).row["members"].complete
    other = reading(tmp_path, [*TWO, person(2, 与户主关系="之子")])
    assert codes(other) == ["person_twice"]
    assert not one(other).row["members"].complete


def test_fewer_people_than_the_household_has(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1, 当前家庭人口数="4"), person(2, 当前家庭人口数="4")])
    assert codes(found) == ["member_count"]
    assert not one(found).row["members"].complete


def test_totals_and_notes_are_set_aside(tmp_path: Path) -> None:
    found = reading(
        tmp_path, [*TWO, {"乡(镇)": "合计", "年度家庭人口数": "2"}, {"乡(镇)": "填表人：王小明"}]
    )
    assert codes(found) == ["row_set_aside", "row_set_aside"]
    assert len(found.records) == 1
    assert "王小明" not in "".join(p.render("zh") for p in found.problems)


# -- identity -------------------------------------------------------------------------------------------


def test_a_damaged_number_is_told_and_the_person_kept(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1, 证件号码="5.30113E+17"), person(2)])
    assert codes(found) == ["id_damaged"]
    members = one(found).row["members"]
    assert (len(members.rows), members.complete) == (2, True)
    assert "birth_date" not in members.rows[0]
    rows = lines([person(1, 证件号码=float(number("19660211", 1)[:17] + "1")), person(2)])
    assert codes(read_population(sheet(tmp_path / "a.xlsx", {"人": rows}))) == ["id_damaged"]


def test_a_recorded_birth_date_that_contradicts_the_number(tmp_path: Path) -> None:
    found = reading(
        tmp_path, [person(1, 出生日期="1970-01-01", 性别="男"), person(2, 出生日期="196602")]
    )
    assert codes(found) == ["identity_differs"]
    first, second = one(found).members
    assert "birth_date" not in first
    assert (first["sex"], second["birth_date"]) == ("male", date(1966, 2, 11))


def test_a_certificate_gives_kind_and_grade(tmp_path: Path) -> None:
    own = number("19660211", 1)
    found = reading(tmp_path, [person(1, 残疾证号=own + "42"), person(2, 残疾证号=own + "61")])
    first, second = one(found).members
    assert (first["disability.kind"], first["disability.grade"]) == ("physical", 2)
    assert first["disability.certificate"] is True
    assert "disability.kind" not in second  # it is another's
    assert codes(found) == ["identity_differs"]
    kinds = {"证件类型": "残疾人证", "证件号码": own + "31"}
    member = one(reading(tmp_path, [person(1, **kinds), person(2)])).members[0]
    assert (member["disability.kind"], member["birth_date"]) == ("speech", date(1966, 2, 11))


def test_another_document_says_nothing(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1, 证件类型="护照", 证件号码="E12345678"), person(2)])
    assert found.problems == ()
    assert "birth_date" not in one(found).members[0]


def test_names_and_numbers_reach_nothing(tmp_path: Path) -> None:
    heads = [h for h in HEADS if h not in ("户编号", "人编号")] + ["户主证件号码"]
    people = [person(o, 户主证件号码=number("19660211", 1)) for o in (1, 2)]
    path = text(tmp_path / "county.csv", lines(people, heads))
    for key in (None, b"secret"):
        found = read_population(path, key=key)
        said = repr(found.records[0].row) + repr(found.carried) + found.records[0].id
        said += "".join(m.id for m in found.records[0].members) + repr(found.problems)
        assert found.counts.members == 2
        assert "王小明" not in said
        assert number("19660211", 1)[:8] not in said
    assert read_population(path, key=b"secret").records[0].id.startswith("p")
    kept = read_population(path, keep_private=True)
    assert "王小明" in repr(kept.carried)


# -- columns --------------------------------------------------------------------------------------------


def test_unmapped_columns_are_reported_and_carried(tmp_path: Path) -> None:
    found = reading(tmp_path, TWO)
    assert found.carried_headers == ("乡(镇)", "村", "务工企业名称")
    assert found.carried["5301000001"][0] == ("530100000001", ("某镇", "大村", "某厂"))
    assert [p.place.header for p in unmapped(found)] == ["乡(镇)", "村", "务工企业名称"]


def test_strict_refuses(tmp_path: Path) -> None:
    with pytest.raises(RecordError) as caught:
        reading(tmp_path, [person(1, 健康状况="张三"), person(2)], strict=True)
    assert {p.code for p in caught.value.problems} == {"unmapped_column", "not_allowed"}


def test_two_columns_of_one_fact_must_agree(tmp_path: Path) -> None:
    heads = [*HEADS, "是否享受低保", "是否享受低保 "]
    people = [person(1) | {"是否享受低保": "是", "是否享受低保 ": "否"},
              person(2) | {"是否享受低保": "是", "是否享受低保 ": ""}]  # fmt: skip
    found = read_population(text(tmp_path / "county.csv", lines(people, heads)))
    assert [m.get("dibao") for m in one(found).members] == [None, True]
    assert codes(found) == ["columns_differ"]


def test_incomes_without_a_year_need_one(tmp_path: Path) -> None:
    heads = ["户编号", "人编号", "工资性收入", "户类型"]
    people = [{"户编号": "1", "人编号": "2", "工资性收入": "100.5", "户类型": "脱贫户"}]
    path = text(tmp_path / "county.csv", lines(people, heads))
    assert "incomes" not in one(read_population(path)).row
    assert one(read_population(path, year=2021)).row["incomes"][2021]["wage"] == Fraction(201, 2)


def test_a_file_without_header_or_household_is_refused(tmp_path: Path) -> None:
    def code(rows: list[list[Any]]) -> str:
        with pytest.raises(RecordError) as caught:
            read_population(text(tmp_path / "county.csv", rows))
        return caught.value.problems[0].code

    assert code([["甲", "乙"], ["1", "2"]]) == "no_header"
    assert (
        code([["姓名", "性别", "健康状况"], ["甲", "男", "健康"]]) == "no_household_number_column"
    )


def test_parts_say_the_same_as_the_whole(tmp_path: Path) -> None:
    people = [person(m, 户编号=f"H{h}", 人编号=f"{h}-{m}", 健康状况="" if h else "?!")
              for h in range(25) for m in (1, 2)]  # fmt: skip
    whole = reading(tmp_path, people)
    parts = list(iter_population(tmp_path / "county.csv", 10))
    assert [len(p.records) for p in parts] == [10, 10, 5]
    assert [r.digest(b"") for p in parts for r in p.records] == [
        r.digest(b"") for r in whole.records
    ]
    assert [p for part in parts for p in part.problems] == list(whole.problems)


CELLS = st.sampled_from(["", "是", "#N/A", "脱贫户", "因病", "2022-13-40", "１２", "王小明", "\"", ",", "�", "1.23E+17",
                         number(), "-1", "99999999999", "无", "合计", "二", "其他:x", "因病,因学", "\n"])  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(CELLS, min_size=len(HEADS), max_size=len(HEADS)), min_size=1, max_size=8))
def test_whatever_stands_in_the_cells(tmp_path: Path, rows: list[list[str]]) -> None:
    """No row vanishes, no household is lost, nothing raises, nothing private is said."""
    path = text(tmp_path / "county.csv", [HEADS, *rows])
    found = read_population(path)
    counts = found.counts
    filled = [r for r in rows if any(c.strip() for c in r)]
    assert counts.rows == len(filled) == counts.members + counts.without_member + counts.set_aside
    assert counts.households == len(found.records)
    assert sum(len(r.members) for r in found.records) == counts.members
    said = "".join(p.render("zh") for p in found.problems)
    assert "王小明" not in said
    assert number() not in said + repr([r.row for r in found.records])
    for record in found.records:
        members = record.row.get("members")
        assert members is None or isinstance(members, Items)


# -- other layouts ----------------------------------------------------------------------------------------


def test_our_own_layout(tmp_path: Path) -> None:
    book = sheet(tmp_path / "own.xlsx", {
        "农户": [["户编号", "户类型", "2022年纯收入"], ["H1", "脱贫户", 21999], ["H2", "一般农户", 5]],
        "家庭成员": [["户编号", "人编号", "出生日期"], ["H1", "A", "1980-01"], ["H1", "B", 44690], ["H9", "C", ""]],
        "务工经历": [["户编号", "人编号", "开始时间", "结束时间"], ["H1", "A", "2022-01", "2022-06"]],
        "household.incomes": [["户编号", "年度", "工资性收入"], ["H2", 2021, "1.5万"]],
        "与合作社的联结": [["户编号", "合作社编号", "联结开始时间"], ["H1", "C7", "2021-03-01"]],
    })  # fmt: skip
    found = read_population(book)
    first, second = found.records
    assert found.layout == "own"
    assert [m.id for m in first.members] == ["A", "B"]
    spells = first.members[0]["work_spells"]
    assert (spells.complete, len(spells.rows), len(first.members[1]["work_spells"].rows)) == (
        True,
        1,
        0,
    )
    assert first.row["cooperative_links"].rows[0]["entity_id"] == "C7"
    assert second.row["cooperative_links"].rows == ()
    assert second.row["incomes"] == {2022: {"net": 5}, 2021: {"wage": 15000}} or (
        second.row["incomes"][2021]["wage"] == 15000)  # fmt: skip
    assert "members" not in second.row
    assert codes(found) == ["unknown_owner"]
    counts = found.counts
    assert counts.rows == 8 == counts.members + counts.without_member + counts.set_aside


def test_nested_records_as_json_lines(tmp_path: Path) -> None:
    body = (
        '{"id": "h1", "type": "lifted", "members": [{"id": "a", "sex": "male"}, 5], "size": 0}\n'
        "{broken\n"
        '{"id": "h2", "monitoring": {"category": "none"}, "members": []}\n'
    )
    (tmp_path / "a.jsonl").write_text(body, "utf-8")
    found = read_population(tmp_path / "a.jsonl")
    assert found.layout == "records"
    assert [r.id for r in found.records] == ["h1", "row2", "h2"]
    assert not found.records[0].row["members"].complete
    assert "size" not in found.records[0].row
    assert [(p.code, p.place.line) for p in found.problems] == [
        ("wrong_type", 1), ("out_of_range", 1), ("row_broken", 2)]  # fmt: skip


REGISTER = [
    ["双绑台账"],
    [
        "序号",
        "户编号",
        "户主姓名",
        "合作社名称",
        "企业名称",
        "合同开始时间",
        "合同结束时间",
        "是否签订购销合同",
    ],
    [1, "5301000001", "王小明", "某花椒合作社", "某食品公司", "2022年1月", "2023-12-31", "是"],
    [2, "5301000001", "王小明", "某花椒合作社", "某贸易公司", 44562, "不知道", "是"],
    [3, "9", "王小明", "某花椒合作社", "某食品公司", "", "", ""],
    [4, "5301000001", "王小明", "", "某食品公司", "", "", ""],
]


def test_the_register_of_double_bindings_joins_by_number(tmp_path: Path) -> None:
    records = reading(tmp_path, [*TWO, person(1, 户编号="H2")]).records
    path = sheet(tmp_path / "register.xlsx", {"台账": REGISTER}, ["A1:H1"])
    found = join_register(records, path)
    first, second = found.records
    (link,) = first.row["cooperative_links"].rows
    contracts = link["cooperative"]["enterprise_links"].rows
    assert link["entity_id"] == "某花椒合作社"
    assert [c["entity_id"] for c in contracts] == ["某食品公司", "某贸易公司"]
    assert contracts[0]["from"] == Interval(date(2022, 1, 1), date(2022, 1, 31))
    assert (contracts[0]["to"], contracts[0]["contract"]) == (date(2023, 12, 31), True)
    assert (contracts[1]["from"], "to" in contracts[1]) == (date(2022, 1, 1), False)
    assert "cooperative_links" not in second.row
    assert [p.code for p in found.problems] == ["bad_date", "unknown_owner", "no_cooperative"]
    assert (found.rows, found.joined) == (4, 2)
    whole = join_register(records, path, complete=True).records
    assert whole[1].row["cooperative_links"].complete
    assert not whole[0].row["cooperative_links"].complete  # a row of it names no cooperative


def test_problems_are_written_beside_the_data(tmp_path: Path) -> None:
    found = reading(tmp_path, [person(1, 健康状况="=张三"), person(2)])
    for lang in ("zh", "en"):
        path = tmp_path / f"problems.{lang}.xlsx"
        assert write_problems(found.problems, path, lang, found) == 1  # type: ignore[arg-type]
        from python_calamine import load_workbook

        rows = load_workbook(path).get_sheet_by_index(1).to_python()
        assert rows[1][1:5] == ["county", 2.0, "S", "健康状况"]
        assert rows[1][-1] == "not_allowed"
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "county.csv",
        "problems.en.xlsx",
        "problems.zh.xlsx",
    ]


def test_the_command_says_how_each_column_was_understood(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from policy_rules.cli.app import app

    path = text(tmp_path / "county.csv", lines([person(1, 健康状况="张三"), person(2)]), "gb18030")
    result = CliRunner().invoke(
        app, ["tables", "map", str(path), "--errors", str(tmp_path / "p.xlsx")]
    )
    assert result.exit_code == 0
    assert "household.incomes.2022.wage" in result.output
    assert "读入行数：2" in result.output
    assert "张三" not in result.output
    assert (tmp_path / "p.xlsx").exists()
    assert CliRunner().invoke(app, ["tables", "map", str(path), "--strict"]).exit_code == 1
    wrong = CliRunner().invoke(
        app, ["tables", "map", str(path), "--column", "户类型=household.typ"]
    )
    assert wrong.exit_code == 2
