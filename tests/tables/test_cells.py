"""Cells as people write them, and what they must not be taken for."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables.workbook import number

from policy_rules._messages import MESSAGES
from policy_rules.errors import Place, Problem
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.numbers import Refused
from policy_rules.tables.cells import EMPTY, read_cell, read_day, when_empty
from policy_rules.tables.identity import Pseudonyms, damaged, read_certificate, read_identity
from policy_rules.tables.sheets import Odd
from policy_rules.verdict import Interval

VOCABULARY = load_vocabulary()


def read(path: str, cell: Any, scale: int | Fraction = 1) -> Any:
    record, _, fact = path.partition(".")
    return read_cell(VOCABULARY.fact(record, fact), cell, VOCABULARY, scale)


def refused(path: str, cell: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        read(path, cell)
    return caught.value


WAGE = "income_year.wage"


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12000", 12000),
        (12000.0, 12000),
        ("１２０００", 12000),
        ("12,000", 12000),
        ("１２，０００．５０", Fraction(24001, 2)),
        ("12000元", 12000),
        ("¥12,000.5", Fraction(24001, 2)),
        ("1.2万", 12000),
        ("1.2万元", 12000),
        ("3千元", 3000),
        (" 12 000 ", 12000),
        ("0", 0),
        (0.1 + 0.2, Fraction(3, 10)),
        (1234.5600000000001, Fraction(30864, 25)),
        (Decimal("99.99"), Fraction(9999, 100)),
        ("1.2E4", 12000),
        ("-", EMPTY),
        ("", EMPTY),
        ("　", EMPTY),
        (None, EMPTY),
        ("不详", EMPTY),
    ],
)
def test_money(cell: Any, value: Any) -> None:
    assert read(WAGE, cell) == value


def test_a_unit_in_the_cell_goes_before_the_headers() -> None:
    assert read(WAGE, "1.2", 10_000) == 12000
    assert read(WAGE, 1.2, 10_000) == 12000
    assert read(WAGE, "1.2万", 10_000) == 12000
    assert read(WAGE, "12000元", 10_000) == 12000


@pytest.mark.parametrize(
    "cell",
    [
        "约5000",
        "5000左右",
        "5000-6000",
        "五千",
        "无",
        "1,2",
        "12，00",
        "5000+",
        "3..5",
        "是",
        "1e999",
        True,
    ],
)
def test_what_is_not_plainly_a_sum_is_refused(cell: Any) -> None:
    assert refused(WAGE, cell).problem[0] in ("not_a_number", "not_finite")


def test_ranges_and_whole_numbers() -> None:
    assert read("household.size", "4人") == 4
    assert read("household.size", 4.0) == 4
    assert refused("household.size", 3.5).problem[0] == "wrong_type"
    assert refused("household.size", "0").problem[0] == "out_of_range"
    assert refused(WAGE, "-5").problem[0] == "out_of_range"
    assert read("member.disability.grade", "二级") == 2
    assert read("purchase_year.reserved_share", "35%") == Fraction(7, 20)


@pytest.mark.parametrize(
    "cell", ["是", "√", "✓", "有", "Y", "true", True, 1, 1.0, "1", "已参加", "ｙ"]
)
def test_yes(cell: Any) -> None:
    assert read("member.insurance.resident_medical", cell) is True


@pytest.mark.parametrize("cell", ["否", "×", "无", "N", "false", False, 0, "0", "未参加", "没有"])
def test_no(cell: Any) -> None:
    assert read("member.insurance.resident_medical", cell) is False


@pytest.mark.parametrize("cell", ["", None, "  ", "/", "不详", "未知", "-"])
def test_an_empty_yes_or_no_is_not_no(cell: Any) -> None:
    assert read("member.insurance.resident_medical", cell) is EMPTY


def test_a_word_that_could_mean_the_opposite_is_refused() -> None:
    """未参加 under 是否有家庭成员未参加…医疗保险 is a yes."""
    assert refused("household.assurance.uninsured", "未参加").problem[0] == "wrong_type"
    assert read("household.assurance.uninsured", "是") is True
    assert refused("member.insurance.resident_medical", "2").problem[0] == "wrong_type"


MAY = Interval(date(2022, 5, 1), date(2022, 5, 31))


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("202205", MAY),
        (202205, MAY),
        (202205.0, MAY),
        ("2022-05", MAY),
        ("2022-5", MAY),
        ("2022/05", MAY),
        ("2022.05", MAY),
        ("2022年5月", MAY),
        ("２０２２年０５月", MAY),
        ("2022年5月份", MAY),
        ("2022", Interval(date(2022, 1, 1), date(2022, 12, 31))),
        ("2022年", Interval(date(2022, 1, 1), date(2022, 12, 31))),
        ("2022-05-09", date(2022, 5, 9)),
        ("2022/5/9", date(2022, 5, 9)),
        ("2022.5.9", date(2022, 5, 9)),
        ("2022年5月9日", date(2022, 5, 9)),
        ("20220509", date(2022, 5, 9)),
        (20220509.0, date(2022, 5, 9)),
        ("2022-05-09 00:00:00", date(2022, 5, 9)),
        ("2022-05-09T10:00:00", date(2022, 5, 9)),
        (44690, date(2022, 5, 9)),
        (44690.0, date(2022, 5, 9)),
        ("44690", date(2022, 5, 9)),
        (44690.4375, date(2022, 5, 9)),
        (date(2022, 5, 9), date(2022, 5, 9)),
        (datetime(2022, 5, 9, 10, 30), date(2022, 5, 9)),
        (2022.05, MAY),
        ("19600229", date(1960, 2, 29)),
    ],
)
def test_dates(cell: Any, value: Any) -> None:
    assert read("household.monitoring.identified_on", cell) == value


@pytest.mark.parametrize(
    "cell",
    [
        "202213",
        "2022-13-01",
        "2022-02-30",
        "22-05-09",
        "5月",
        "去年",
        2022.1,
        "0",
        "1",
        True,
        "20220230",
    ],
)
def test_what_is_no_date_is_refused(cell: Any) -> None:
    assert refused("household.monitoring.identified_on", cell).problem[0] == "bad_date"


def test_a_month_where_only_months_are_held() -> None:
    assert read("work_spell.from", "2022-05-09") == MAY


@given(st.dates(date(1901, 1, 1), date(2099, 12, 31)))
def test_every_day_in_every_form(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    forms: list[Any] = [day.isoformat(), f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日",
                        f"{day.year}/{day.month}/{day.day}", f"{day.year}.{day.month}.{day.day}"]  # fmt: skip
    if not 1850 <= serial <= 2150:
        forms.append(float(serial))
    assert all(read_day(form) == day for form in forms)


BOTH = frozenset({"disabled", "chronic"})


@pytest.mark.parametrize(
    "cell",
    ["残疾,长期慢性病", "长期慢性病，残疾", "残疾、长期慢性病", "残疾;长期慢性病", "残疾 长期慢性病", "残疾/长期慢性病",
     "残疾|长期慢性病", "残疾\n长期慢性病", "残疾，长期慢性病、", "残疾和长期慢性病", ["残疾", "长期慢性病"]],
)  # fmt: skip
def test_sets_in_any_order_with_any_separator(cell: Any) -> None:
    assert read("member.health", cell) == BOTH


@pytest.mark.parametrize(
    ("path", "cell", "value"),
    [
        ("household.type", "脱贫户", "lifted"),
        ("household.type", " 脱 贫 户 ", "lifted"),
        ("household.type", "普通农户", "ordinary"),
        ("member.labour", "弱劳动力、半劳动力", "weak_or_semi"),
        ("member.labour", "弱劳动力或半劳动力", "weak_or_semi"),
        ("member.labour", "02|普通劳动力", "ordinary"),
        ("member.labour", "2.普通劳动力", "ordinary"),
        ("member.schooling", "高中（含中专）", "senior"),
        ("member.schooling", "本科及以上", "bachelor"),
        ("member.student_level", "七年级", "junior"),
        ("member.relation", "之外孙女", "grandchild"),
        ("member.sex", "男", "male"),
        (
            "household.monitoring.risks",
            "务工就业不稳,因学",
            frozenset({"unstable_employment", "schooling"}),
        ),
        ("household.monitoring.risks", "无", frozenset()),
        ("household.monitoring.risks", "其他（家庭变故）", frozenset({"other"})),
        ("household.monitoring.category", "边缘易致贫户", "marginal"),
    ],
)
def test_codes_by_their_spellings(path: str, cell: str, value: Any) -> None:
    assert read(path, cell) == value


@pytest.mark.parametrize(
    ("path", "cell"),
    [
        ("member.labour", "1"),
        ("household.type", "1"),
        ("member.labour", 2.0),
        ("household.type", "脱贫户(已返贫)"),
    ],
)
def test_a_number_is_no_code_and_a_note_is_not_dropped(path: str, cell: Any) -> None:
    """Systems number codes differently: only the words count."""
    assert refused(path, cell).problem[0] == "not_allowed"


def test_a_misspelt_code_is_told_with_the_right_word() -> None:
    code, expected, got, near = refused("household.type", "脱贫护").problem
    assert (code, got, near) == ("not_allowed", "`脱贫护`", "脱贫户")
    assert "一般农户" in expected


def test_none_beside_others_is_refused() -> None:
    assert refused("member.employment.public_post", "无,护林员").problem[0] == "not_allowed"


def test_every_spelling_of_every_list_is_read() -> None:
    for record in VOCABULARY.records.values():
        for fact in record.facts.values():
            if fact.kind in ("code", "codes"):
                codes = VOCABULARY.codes[fact.codes or ""]
                for spelling, code in codes.spellings.items():
                    found = read_cell(fact, spelling, VOCABULARY)
                    assert found == (code if fact.kind == "code" else {code}), (fact.path, spelling)


# -- empty, errors --------------------------------------------------------------------------------------


def test_what_an_empty_cell_means_is_the_columns_own() -> None:
    category = VOCABULARY.fact("household", "monitoring.category")
    risks = VOCABULARY.fact("household", "monitoring.risks")
    assert when_empty(category, VOCABULARY, category.empty_means) == "none"
    assert when_empty(risks, VOCABULARY, risks.empty_means) == frozenset()
    assert when_empty(category, VOCABULARY, "unknown") is EMPTY
    insured = VOCABULARY.fact("member", "insurance.resident_medical")
    assert when_empty(insured, VOCABULARY, insured.empty_means) is EMPTY


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#DIV/0!", "####", Odd("cell_error", "#N/A")])
def test_an_error_is_not_an_empty_cell(cell: Any) -> None:
    """An empty 监测对象类别 means not monitored; #N/A means that nobody knows."""
    assert refused("household.monitoring.category", cell).problem[0] == "cell_error"


def test_a_formula_without_value_and_bytes_that_are_no_text() -> None:
    assert refused(WAGE, Odd("formula_without_value")).problem[0] == "formula_without_value"
    assert refused("household.type", "脱贫�").problem[0] == "bad_characters"


@pytest.mark.parametrize(
    "path", [WAGE, "household.type", "member.birth_date", "member.health", "member.dibao"]
)
@pytest.mark.parametrize("cell", ["王小明", number(), "13800138000", "云南省昆明市东川区某村12号"])
def test_no_error_repeats_a_name_or_number(path: str, cell: str) -> None:
    code, expected, got, near = refused(path, cell).problem
    for lang in ("zh", "en"):
        said = Problem(code, Place("a.csv", 3, header="x"), expected, got, near).render(lang)
        assert cell not in said
        assert cell[:6] not in said
    assert code in MESSAGES


# -- identity -------------------------------------------------------------------------------------------


def test_an_identity_number_gives_birth_date_and_sex() -> None:
    found = read_identity(number("19800203", 1))
    assert found is not None
    assert (found.birth, found.sex) == (date(1980, 2, 3), "male")
    assert read_identity(number("20101231", 2)).sex == "female"  # type: ignore[union-attr]


def test_it_may_be_full_width_spaced_quoted_or_of_15_digits() -> None:
    plain = number("19800203", 7)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in plain)
    spaced = f"'{plain[:6]} {plain[6:14]} {plain[14:].lower()}"
    old = plain[:6] + plain[8:17]
    assert {read_identity(t).number for t in (plain, wide, spaced, old)} == {plain}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "cell", [5.30113198002030e17, "5.30113E+17", "5.30113198002E+17", "1.23E+17"]
)
def test_a_number_that_lost_its_digits_is_detected(cell: Any) -> None:
    with pytest.raises(Refused) as caught:
        read_identity(cell)
    assert caught.value.problem[0] == "id_damaged"


def test_zeros_at_the_end_are_the_mark_of_a_lost_end() -> None:
    digits = next(n for o in range(999) if (n := number("19800203", o))[17] != "0")
    assert damaged(digits[:15] + "000")
    real = next((n for o in range(1, 1000) if (n := number("19800203", o)).endswith("000")), None)
    assert real is None or not damaged(real)


@pytest.mark.parametrize("change", [lambda t: t[:-1] + ("1" if t[-1] != "1" else "2"), lambda t: t[:17],
                                    lambda t: t[:10] + "13" + t[12:], lambda t: "张三"])  # fmt: skip
def test_what_is_no_identity_number(change: Any) -> None:
    wrong = change(number())
    with pytest.raises(Refused) as caught:
        read_identity(wrong)
    assert caught.value.problem[0] == "bad_identity"
    assert wrong not in str(caught.value.problem)


@pytest.mark.parametrize("tail", ["42", "42B1"])
def test_a_certificate_gives_kind_and_grade(tail: str) -> None:
    found = read_certificate(number("19800203", 1) + tail)
    assert found is not None
    assert (found.kind, found.grade, found.holder.sex) == ("physical", 2, "male")


@pytest.mark.parametrize("tail", ["", "82", "45", "4"])
def test_what_is_no_certificate(tail: str) -> None:
    with pytest.raises(Refused) as caught:
        read_certificate(number() + tail)
    assert caught.value.problem[0] == "bad_certificate"


def test_pseudonyms_are_keyed() -> None:
    one, other = number(order=1), number(order=2)
    keyed = Pseudonyms(b"secret")
    assert keyed.of(one) == Pseudonyms(b"secret").of(one) != Pseudonyms(b"another").of(one)
    assert keyed.of(one) != keyed.of(other)
    assert one not in keyed.reference(one)
    assert keyed.reference("H1001") == "H1001"
    assert keyed.reference(530100000001.0) == "530100000001"
    numbered = Pseudonyms()
    assert [numbered.of(n) for n in (one, other, one)] == ["p1", "p2", "p1"]
