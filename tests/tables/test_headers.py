"""Headers as real files have them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.tables.export import EXPORT_RECORDS
from policy_rules.tables.headers import Column, normal, understand
from policy_rules.tables.sheets import Head

VOCABULARY = load_vocabulary()


def column(text: str, group: str = "", **options: object) -> Column:
    return understand(0, Head(text, group), EXPORT_RECORDS, VOCABULARY, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("header", "owner", "path"),
    [
        ("监测对象类别", "household", "monitoring.category"),
        ("监测对象\n类别", "household", "monitoring.category"),
        ("＊监测对象类别：", "household", "monitoring.category"),
        (" 户 类 型 ", "household", "type"),
        ("致贫/返贫风险1", "household", "monitoring.risks"),
        ("致贫返贫风险5", "household", "monitoring.risks"),
        ("致贫返贫风险（三）", "household", "monitoring.risks"),
        ("风险是否已消除", "household", "monitoring.risk_removed"),
        ("整户无劳动能力兜底保障户", "household", "no_labour_covered"),
        ("是否易地扶贫搬迁（居住集中安置区）", "household", "relocation.resettlement_site"),
        ("耕地面积（亩）", "household", "land.arable"),
        ("年度家庭人口数", "household", "size"),
        ("当前家庭人口数（人）", "household", "current_size"),
        ("２０２２年工资性收入", "household", "incomes.2022.wage"),
        ("2022年工资性收入(元)", "household", "incomes.2022.wage"),
        ("2022年度 工资性收入（万元）", "household", "incomes.2022.wage"),
        ("工资性收入（2022年）", "household", "incomes.2022.wage"),
        ("2023人均纯收入", "household", "incomes.2023.net_per_capita"),
        ("2022年家庭年总收入", "household", "incomes.2022.total"),
        ("性别(1男2女)", "member", "sex"),
        ("与户主关系", "member", "relation"),
        ("务工时间（月）", "member", "employment.months"),
        ("公益性岗位(类型)", "member", "employment.public_post"),
        ("公益性岗位（月数）", "member", "employment.public_post_months"),
        ("是否参加城乡居民基本医疗保险", "member", "insurance.resident_medical"),
        ("参加城乡居民基本医疗保险", "member", "insurance.resident_medical"),
        ("享受低保政策情况", "member", "dibao_kind"),
        ("是否享受低保", "member", "dibao"),
        ("是否特困供养人员", "member", "tekun"),
        ("就业渠道(易地搬迁后扶使用)", "member", "employment.channel"),
        ("是否有家庭成员未参加城乡居民（职工）基本医疗保险", "household", "assurance.uninsured"),
        ("monitoring.category", "household", "monitoring.category"),
        ("household.type", "household", "type"),
    ],
)
def test_a_header_is_its_fact(header: str, owner: str, path: str) -> None:
    found = column(header)
    assert (found.role, found.owner, found.path) == ("fact", owner, path)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("户编号", "household_id"),
        ("人口编号", "member_id"),
        ("人编号", "member_id"),
        ("证件号码", "identity"),
        ("身份证号码", "identity"),
        ("户主证件号码", "head_identity"),
        ("残疾人证号", "certificate"),
        ("证件类型", "document_kind"),
        ("姓名", "private"),
        ("户主姓名", "private"),
        ("户联系电话", "private"),
        ("银行卡号", "private"),
        ("村", "carried"),
        ("务工企业名称", "carried"),
        ("风险是否已消除0", "carried"),
    ],
)
def test_what_is_no_fact(header: str, role: str) -> None:
    assert column(header).role == role


def test_the_number_of_a_column_belongs_to_sets_only() -> None:
    """风险是否已消除0 is a person's column; taken for the household's it would overwrite it."""
    assert column("风险是否已消除").fact is not None
    assert column("风险是否已消除0").fact is None
    assert column("风险是否已消除1").fact is None


@pytest.mark.parametrize("header", ["工资性收入", "上年度人均纯收入", "去年纯收入", "家庭年总收入"])
def test_an_income_without_a_year_needs_one(header: str) -> None:
    assert column(header).reason == "needs_year"
    assert column(header, year=2022).path.startswith("incomes.2022.")


@pytest.mark.parametrize("header", ["2023年家庭人口数", "2021年是否享受低保", "2020年危房等级"])
def test_a_year_on_a_fact_that_has_none_is_not_read(header: str) -> None:
    found = column(header)
    assert (found.fact, found.reason) == (None, "year_not_taken")


@pytest.mark.parametrize(
    "header",
    [
        "享受低保政策情况(上年)",
        "住房是否出现安全问题(消除后)",
        "户类型（原）",
        "与户主关系(变更前)",
    ],
)
def test_a_note_that_makes_another_column_of_it_is_heeded(header: str) -> None:
    assert column(header).fact is None


def test_units_of_headers() -> None:
    assert column("2022年工资性收入(万元)").scale == 10_000
    assert column("2022年工资性收入(千元)").scale == 1_000
    assert column("2022年工资性收入(单位:万元)").scale == 10_000
    assert column("2022年工资性收入(元)").scale == 1
    assert column("耕地面积（公顷）").scale == 15
    assert column("户类型（%）").fact is None
    assert Fraction(column("耕地面积(亩)").scale) == 1


def test_a_heading_above_is_part_of_the_name() -> None:
    assert column("证件号码", "户主").role == "head_identity"
    assert column("证件号码", "家庭成员基本信息").role == "identity"
    assert column("1", "致贫返贫风险").path == "monitoring.risks"
    found = column("工资性收入", "2022年收入情况(万元)")
    assert (found.path, found.scale) == ("incomes.2022.wage", 10_000)
    assert column("工资性收入", "2022年收入情况").header == "2022年收入情况/工资性收入"


def test_a_header_may_be_told_what_it_means() -> None:
    told = {
        "家庭类型": "household.type",
        "纯收入": "incomes.2021.net",
        "档案号": "household_id",
        "户类型": "",
    }
    assert column("家庭类型", columns=told).path == "type"
    assert column("纯收入", columns=told).path == "incomes.2021.net"
    assert column("档案号", columns=told).role == "household_id"
    assert column("户类型", columns=told).role == "carried"


@pytest.mark.parametrize("record", ["household", "member", "income_year"])
def test_every_column_and_label_of_the_dictionary_is_found(record: str) -> None:
    """No two facts of a record share a header."""
    for fact in VOCABULARY.records[record].facts.values():
        if fact.kind in ("list", "by_year", "record"):
            continue
        for name in (*fact.columns, fact.label.zh, fact.path):
            found = understand(0, Head(name), (record,), VOCABULARY, year=2022)
            if found.role == "fact":
                assert found.fact is fact, name
            else:
                assert name not in fact.columns, name


def test_normal_folds_width_and_space() -> None:
    assert normal("＊ 监测　对象\n类别（１）： ") == "监测对象类别(1)"
