"""Further sheets of an export: lists and entities joined to the households, and nothing lost in silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables.workbook import number, sheet, text

from policy_rules import RecordError
from policy_rules.tables.reading import Reading, iter_population, read_population
from policy_rules.verdict import Interval

ONE, TWO, THREE = (number("19800203", i) for i in (1, 2, 3))
PEOPLE = [
    ["户编号", "人编号", "证件号码", "户主证件号码", "户类型", "与户主关系", "乡(镇)", "村"],
    ["H1", "A", ONE, ONE, "脱贫户", "户主", "甲镇", "大村"],
    ["H1", "B", TWO, ONE, "脱贫户", "配偶", "甲镇", "大村"],
    ["H2", "C", THREE, THREE, "一般农户", "户主", "乙镇", "大村"],
]
WORK = [
    ["某县务工台账"],
    ["户编号", "姓名", "证件号码", "开始时间", "结束时间", "务工所在省", "务工月收入", "务工企业名称"],
    ["H1", "王小明", ONE, "2022年1月", "2022-06", "浙江省", "4,500", "某厂"],
    ["H1", "王小明", ONE, "202208", "2022-10", "浙江", "0.5万", "某厂"],
]  # fmt: skip
Sheets = Mapping[str, Sequence[Sequence[Any]]]


def read(tmp: Path, sheets: Sheets, **options: Any) -> Reading:
    found = read_population(
        sheet(tmp / "county.xlsx", {"人员": PEOPLE, **sheets}, ["A1:H1"] if "务工台账" in sheets and sheets["务工台账"][0] == WORK[0] else []),
        **options,
    )  # fmt: skip
    counts = found.counts
    assert (
        counts.rows == counts.members + counts.without_member + counts.items + counts.set_aside
    ), counts
    assert [r.id for r in found.records] == ["H1", "H2"]
    return found


def codes(found: Reading) -> list[tuple[str, str, int | None]]:
    return [(p.code, p.place.sheet, p.place.line) for p in found.problems]


def people(found: Reading) -> dict[str, Any]:
    return {m.id: m for r in found.records for m in r.members}


def uses(found: Reading) -> dict[str, str]:
    return {m.sheet: m.use for m in found.mapping}


# -- lists of persons and households -------------------------------------------------------------------


def test_work_spells_join_by_household_and_identity_number(tmp_path: Path) -> None:
    found = read(tmp_path, {"务工台账": WORK})
    assert codes(found) == []
    spells = people(found)["A"]["work_spells"]
    assert spells.complete
    first, second = spells.rows
    assert first["from"] == Interval(date(2022, 1, 1), date(2022, 1, 31))
    assert (first["monthly_wage"], second["monthly_wage"], first["province"]) == (4500, 5000, "zhejiang")  # fmt: skip
    # who has no row is not known about: the sheet may be of some villages alone
    assert "work_spells" not in people(found)["B"]
    assert uses(found) == {"人员": "export", "务工台账": "household.members.work_spells"}
    assert found.counts.items == 2
    unread = [c.header for m in found.mapping for c in m.columns if c.role == "private"]
    assert unread == ["姓名"]


def test_who_has_no_row_has_none_where_that_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, {"务工台账": WORK}, empty_means={"务工台账": "none"})
    assert people(found)["B"]["work_spells"].rows == ()
    assert people(found)["B"]["work_spells"].complete
    assert found.empty_means == {"务工台账": "none"}


@pytest.mark.parametrize(
    ("heads", "cells"),
    [
        (["户编号", "人编号"], ["H1", "B"]),
        (["人编号"], ["B"]),
        (["证件号码"], [TWO]),
        (["户主证件号码", "证件号码"], [ONE, TWO]),
        (["证件号码"], [TWO + "43"]),  # the number of a disability certificate
    ],
)
def test_whatever_says_who_it_is(tmp_path: Path, heads: list[str], cells: list[str]) -> None:
    page = [
        [*heads, "培训类别", "培训结束时间", "是否培训合格"],
        [*cells, "其他", "2022-05-01", "是"],
    ]
    found = read(tmp_path, {"培训台账": page})
    assert [c for c in codes(found) if c[0] != "not_allowed"] == []
    (item,) = people(found)["B"]["trainings"].rows
    assert (item["completed_on"], item["passed"]) == (date(2022, 5, 1), True)
    assert "trainings" not in people(found)["A"]


def test_loans_hang_on_the_household_whoever_took_them(tmp_path: Path) -> None:
    page = [["借款人证件号码", "证件号码", "贷款金额(万元)", "贷款发放时间"], ["", TWO, 5, "2022-03-01"],
            ["", THREE, 3, "2022/4/1"]]  # fmt: skip
    found = read(tmp_path, {"小额信贷": page})
    assert codes(found) == []
    loans = [r.row["loans"] for r in found.records]
    assert [(x.complete, [i["amount"] for i in x.rows]) for x in loans] == [
        (True, [50_000]), (True, [30_000])]  # fmt: skip


def test_a_row_of_nobody_known_is_told_and_set_aside(tmp_path: Path) -> None:
    page = [*WORK, ["H9", "", "", "2022-01", "", "", "", ""], ["H1", "", number("19700101", 9), "2022-02", "", "", "", ""]]  # fmt: skip
    found = read(tmp_path, {"务工台账": page})
    assert codes(found) == [("no_owner", "务工台账", 5), ("unknown_owner", "务工台账", 6)]
    # whoever of H1 was meant: none of its lists is certainly whole
    assert not people(found)["A"]["work_spells"].complete
    assert "work_spells" not in people(found)["B"]


def test_a_row_that_may_be_anybodys_leaves_every_list_incomplete(tmp_path: Path) -> None:
    page = [*WORK, ["", "", "5.3E+17", "2022-01", "", "", "", ""]]
    found = read(tmp_path, {"务工台账": page}, empty_means={"务工台账": "none"})
    assert codes(found) == [("id_damaged", "务工台账", 5)]
    assert not people(found)["A"]["work_spells"].complete
    assert "work_spells" not in people(found)["C"]
    assert "5.3E+17" not in found.problems[0].render("zh")


def test_a_bad_cell_makes_one_fact_of_one_item_unknown(tmp_path: Path) -> None:
    page = [*WORK, ["H2", "", THREE, "2022-13", "2022-10", "浙江", "4500", ""]]
    found = read(tmp_path, {"务工台账": page})
    (problem,) = found.problems
    assert problem.render("zh").startswith("county.xlsx[务工台账]:5:开始时间: bad_date: ")
    (item,) = people(found)["C"]["work_spells"].rows
    assert ("from" in item, item["monthly_wage"]) == (False, 4500)
    assert people(found)["C"]["work_spells"].complete


def test_rows_that_stand_twice_and_totals_are_set_aside(tmp_path: Path) -> None:
    found = read(tmp_path, {"务工台账": [*WORK, WORK[2], ["合计", "", "", "", "", "", "9000", ""]]})
    assert codes(found) == [("row_repeated", "务工台账", 5), ("row_set_aside", "务工台账", 6)]
    assert len(people(found)["A"]["work_spells"].rows) == 2
    assert people(found)["A"]["work_spells"].complete


def test_a_number_that_two_households_use_joins_neither(tmp_path: Path) -> None:
    twice = [PEOPLE[0], PEOPLE[1], [*PEOPLE[3][:1], "A", *PEOPLE[3][2:]]]
    page = [["人编号", "开始时间", "务工月收入"], ["A", "2022-01", "3000"]]
    found = read(tmp_path, {"人员": twice, "务工": page})
    assert codes(found) == [("owner_unclear", "务工", 2)]
    assert all("work_spells" not in m for r in found.records for m in r.members)


def test_two_sheets_of_one_list_are_one_list(tmp_path: Path) -> None:
    other = [WORK[1], ["H1", "", ONE, "2022-11", "", "", "5000", ""]]
    found = read(tmp_path, {"务工台账": WORK, "省外务工": other})
    assert [i.id for i in people(found)["A"]["work_spells"].rows] == ["w1", "w2", "w3"]


def test_what_is_planned_has_not_happened(tmp_path: Path) -> None:
    found = read(tmp_path, {"计划外出务工": WORK[1:]})
    assert codes(found) == [("sheet_not_read", "计划外出务工", None)]
    assert "work_spells" not in people(found)["A"]


def test_csv_files_of_a_folder_are_sheets_too(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    folder.mkdir()
    text(folder / "人员.csv", PEOPLE, "gb18030")
    text(folder / "务工台账.csv", WORK[1:])
    found = read_population(folder)
    assert len(people(found)["A"]["work_spells"].rows) == 2


def test_parts_have_the_same_lists_and_problems(tmp_path: Path) -> None:
    page = [
        *WORK,
        ["H2", "", THREE, "2022-13", "", "", "", ""],
        ["H1", "", "", "", "", "", "1", ""],
    ]
    whole = read(tmp_path, {"务工台账": page})
    parts = list(iter_population(tmp_path / "county.xlsx", 1))
    assert [len(p.records) for p in parts] == [1, 1]
    assert [p for part in parts for p in part.problems] == list(whole.problems)
    assert [r.digest(b"") for part in parts for r in part.records] == [
        r.digest(b"") for r in whole.records]  # fmt: skip


# -- what is not read ----------------------------------------------------------------------------------


def test_a_sheet_nobody_understands_is_reported(tmp_path: Path) -> None:
    page = [["甲", "乙"], [1, 2]]
    found = read(tmp_path, {"杂项": page, "说明": [["看这里"]], "空": []})
    assert codes(found) == [("sheet_not_read", "杂项", None)]
    assert "务工台账" in found.problems[0].render("zh")


def test_a_second_sheet_of_people_is_reported(tmp_path: Path) -> None:
    found = read(tmp_path, {"乙镇": [PEOPLE[0][:6], *(r[:6] for r in PEOPLE[1:])]})
    (problem,) = found.problems
    assert (problem.code, problem.place.sheet, problem.expected) == (
        "people_not_read", "乙镇", "`人员`")  # fmt: skip
    assert uses(found)["乙镇"] == ""
    again = read_population(tmp_path / "county.xlsx", sheet="乙镇")
    assert again.counts.members == 3


def test_a_sheet_without_a_telling_name_needs_three_facts(tmp_path: Path) -> None:
    assert uses(read(tmp_path, {"Sheet2": WORK[1:]}))["Sheet2"] == "household.members.work_spells"
    few = [r[:4] for r in WORK[1:]]
    assert codes(read(tmp_path, {"Sheet2": few})) == [("sheet_not_read", "Sheet2", None)]


# -- entities ------------------------------------------------------------------------------------------

VILLAGES = [
    ["乡镇", "村名", "是否脱贫村", "2022年村集体经济收入(万元)", "通沥青水泥路"],
    ["甲镇", "大村", "是", 12.5, "是"],
    ["乙镇", "大村", "否", 8, ""],
]
LINKS = [["户编号", "合作社名称", "联结开始时间"], ["H1", "某花椒合作社", "2021-03-01"]]
COOPERATIVES = [["合作社编号", "合作社名称", "是否正常运营", "示范社级别"],
                ["93530113MA001", "某花椒合作社", "是", "市级"]]  # fmt: skip
FIRMS = [["企业名称", "龙头企业级别", "是否正常经营"], ["某食品公司", "省级", "是"]]
BETWEEN = [["合作社编号", "企业名称", "是否签订购销合同", "联结开始时间", "联结结束时间"],
           ["93530113MA001", "某食品公司", "是", "2022-01-01", "2024-12-31"]]  # fmt: skip


def test_a_household_has_the_facts_of_its_own_village(tmp_path: Path) -> None:
    found = read(tmp_path, {"村": VILLAGES})
    assert codes(found) == []
    assert [e.id for e in found.entities] == ["甲镇/大村", "乙镇/大村"]
    first, second = (r.row["village"] for r in found.records)
    assert (first["lifted_village"], second["lifted_village"]) == (True, False)
    assert first["collective_income"][2022]["total"] == 125_000
    assert "road_paved" not in second


def test_years_of_an_entity_may_be_rows(tmp_path: Path) -> None:
    page = [["村编号", "年度", "是否脱贫村", "村集体经济收入"], ["530113100201", 2021, "是", 5], ["530113100201", 2022, "是", 7],
            ["530113100201", "不详", "是", 9]]  # fmt: skip
    found = read(tmp_path, {"行政村": page})
    assert codes(found) == [("row_broken", "行政村", 4)]
    (village,) = found.entities
    assert {y: v["total"] for y, v in village.row["collective_income"].items()} == {
        2021: 5,
        2022: 7,
    }
    assert (village.region, village.row["lifted_village"]) == ("530113100201", True)


def test_links_are_resolved_through_cooperative_and_enterprise(tmp_path: Path) -> None:
    sheets = {
        "入社情况": LINKS,
        "合作社": COOPERATIVES,
        "龙头企业": FIRMS,
        "合作社与企业的联结": BETWEEN,
    }
    found = read(tmp_path, sheets)
    assert codes(found) == []
    (link,) = found.records[0].row["cooperative_links"].rows
    cooperative = link["cooperative"]
    assert (cooperative["active"], cooperative["demonstration_level"]) == (True, "municipal")
    (tie,) = cooperative["enterprise_links"].rows
    assert (tie["contract"], tie["enterprise"]["dragonhead_level"]) == (True, "provincial")
    assert {e.kind: e.id for e in found.entities} == {
        "cooperative": "93530113MA001", "enterprise": "某食品公司"}  # fmt: skip


def test_an_entity_that_stands_twice_and_apart_is_unknown_there(tmp_path: Path) -> None:
    page = [*FIRMS, ["某食品公司", "市级", "是"], ["", "市级", "是"]]
    found = read(tmp_path, {"企业": page})
    assert codes(found) == [("person_twice", "企业", 3), ("no_owner", "企业", 4)]
    assert found.entities[0].row == {"active": True}


def test_entities_alone_are_read_but_no_population(tmp_path: Path) -> None:
    book = sheet(tmp_path / "firms.xlsx", {"企业": FIRMS})
    found = read_population(book)
    assert ([e.id for e in found.entities], found.records) == (["某食品公司"], ())
    with pytest.raises(RecordError, match="no_household_sheet"):
        list(iter_population(book))


def test_our_own_layout_has_entities_too(tmp_path: Path) -> None:
    book = sheet(tmp_path / "own.xlsx", {
        "农户": [["户编号", "村编号"], ["H1", "530113100201"]],
        "家庭成员": [["户编号", "人编号", "性别"], ["H1", "A", "男"]],
        "行政村": [["村编号", "是否脱贫村"], ["530113100201", "是"]],
        "杂项": [["甲", "乙"], ["1", "2"]],
    })  # fmt: skip
    found = read_population(book)
    assert found.layout == "own"
    assert found.records[0].row["village"]["lifted_village"] is True
    assert codes(found) == [("sheet_not_read", "杂项", None)]


# -- whatever stands in the cells ----------------------------------------------------------------------

CELLS = st.sampled_from(["", "H1", "H2", "A", "B", "合计", ONE, "5.3E+17", "2022-01", "是", "#N/A", "x", "，"])  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(rows=st.lists(st.lists(CELLS, min_size=5, max_size=5), max_size=6))
def test_no_row_vanishes_and_no_household_is_lost(tmp_path: Path, rows: list[list[str]]) -> None:
    """Also: a list that says it is whole has every row that names its owner."""
    folder = tmp_path / "c"
    folder.mkdir(exist_ok=True)
    text(folder / "人员.csv", PEOPLE)
    heads = ["户编号", "人编号", "证件号码", "开始时间", "务工月收入"]
    text(folder / "务工台账.csv", [heads, ["H1", "A", "", "2022-02", "1"], *rows])
    found = read_population(folder)
    counts = found.counts
    given = 4 + sum(any(c.strip() for c in row) for row in rows)
    assert counts.rows == given == counts.members + counts.items + counts.set_aside
    assert [r.id for r in found.records] == ["H1", "H2"]
    items = [i for m in people(found).values() for i in getattr(m.get("work_spells"), "rows", ())]
    assert len(items) == counts.items
    unread = {"no_owner", "id_damaged", "bad_identity", "cell_error"}
    nobodys = ("", "5.3E+17", "#N/A", "是")
    lost = [p for p in found.problems if p.code in unread and p.place.header in ("", "证件号码")]
    if any(rows[(p.place.line or 0) - 3][0] in nobodys for p in lost):
        wholes = [m["work_spells"].complete for m in people(found).values() if "work_spells" in m]
        assert not any(wholes)
