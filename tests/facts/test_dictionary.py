"""The fact dictionary: complete, in two languages, and it knows how real exports spell things."""

from __future__ import annotations

import math
import re

import pytest

from policy_rules.errors import PackError
from policy_rules.expr.types import UNITS, NumberType
from policy_rules.facts.dictionary import (
    SUBJECTS,
    FactSpec,
    Vocabulary,
    build_vocabulary,
    load_vocabulary,
)
from policy_rules.packs.loader import load_folder
from policy_rules.packs.needs import required_facts
from policy_rules.paths import rules_folder
from policy_rules.yamldoc import parse_yaml

VOCABULARY = load_vocabulary()
FACTS = [s for record in VOCABULARY.records.values() for s in record.facts.values()]
CHINESE = re.compile(r"[一-鿿]")
NUMBERS = ("int", "number", "money", "share")


def name(spec: FactSpec) -> str:
    return f"{spec.record}.{spec.path}"


def test_every_fact_has_labels_and_a_question_in_both_languages() -> None:
    for spec in FACTS:
        for text in (spec.label, spec.question):
            assert CHINESE.search(text.zh), name(spec)
            assert re.search(r"[a-z]", text.en), name(spec)
            assert not CHINESE.search(text.en), name(spec)
        assert spec.ask, name(spec)


def test_every_number_has_a_unit_of_the_language_and_a_range_that_is_one() -> None:
    for spec in FACTS:
        assert spec.unit is None or spec.unit in UNITS, name(spec)
        if spec.kind in NUMBERS:
            assert isinstance(spec.field.type, NumberType)
            assert spec.field.type.unit == spec.unit
            assert spec.lo <= spec.hi, name(spec)
            assert spec.unit is not None or spec.kind in ("int", "number"), name(spec)


def test_counts_sizes_and_shares_are_not_negative() -> None:
    for spec in FACTS:
        if spec.unit in ("persons", "households", "mu", "times", "items") or spec.kind == "share":
            assert spec.lo >= 0 or spec.kind == "share", name(spec)
        if spec.kind == "share":
            assert spec.hi != math.inf or spec.lo != -math.inf or spec.derive, name(spec)


def test_every_code_list_is_used_labelled_and_unambiguous() -> None:
    used = {spec.codes for spec in FACTS if spec.codes}
    assert used <= set(VOCABULARY.codes)
    for codes in VOCABULARY.codes.values():
        assert len(codes.values) >= 2
        for code, text in codes.values.items():
            assert re.fullmatch(r"[a-z][a-z0-9_]*", code)
            assert CHINESE.search(text.zh)
            assert codes.spellings[text.zh] == code, (codes.name, code)
            assert codes.spellings[code] == code
        assert set(codes.spellings.values()) == set(codes.values)


@pytest.mark.parametrize(
    ("codes", "spelling", "code"),
    [
        ("household_type", "脱贫户", "lifted"),
        ("household_type", "建档立卡脱贫户", "lifted"),
        ("monitoring_category", "脱贫不稳定户", "unstable"),
        ("monitoring_category", "边缘易致贫户", "marginal"),
        ("monitoring_category", "突发严重困难户", "sudden"),
        ("risk", "因病", "illness"),
        ("labour", "普通劳动力", "ordinary"),
        ("health", "残疾", "disabled"),
    ],
)
def test_the_spellings_of_real_exports_are_known(codes: str, spelling: str, code: str) -> None:
    assert VOCABULARY.codes[codes].spellings[spelling] == code


def test_no_two_facts_of_a_record_have_one_column() -> None:
    for record in VOCABULARY.records.values():
        columns = [c for spec in record.facts.values() for c in spec.columns]
        assert len(columns) == len(set(columns)), record.name


def test_names_and_identity_numbers_are_no_facts() -> None:
    for spec in FACTS:
        assert not re.search(r"(^|[._])(name|id_number|phone|address|bank_card)s?$", spec.path), (
            name(spec)
        )
        assert not re.search(r"^(姓名|身份证号码?|联系电话|手机号码?|银行卡号)$", spec.label.zh), (
            name(spec)
        )


def test_a_fact_that_empties_to_none_is_told_by_its_columns() -> None:
    assert {spec.empty_means for spec in FACTS} <= {"unknown", "none"}
    assert VOCABULARY.fact("household", "monitoring.category").empty_means == "none"
    assert VOCABULARY.fact("household", "dibao").empty_means == "unknown"


def test_every_subject_is_a_record_and_every_item_exists() -> None:
    assert set(SUBJECTS) <= set(VOCABULARY.records)
    for spec in FACTS:
        assert spec.item is None or spec.item in VOCABULARY.records, name(spec)


def test_derived_facts_are_derived_from_facts_and_never_from_themselves() -> None:
    derived = [spec for spec in FACTS if spec.derive is not None]
    assert derived
    assert {spec.field for spec in derived} == set(VOCABULARY.derived)
    per_head = VOCABULARY.fact("income_year", "net_per_capita")
    assert per_head.field.derived
    assert per_head.unit == "yuan_per_person"


def test_what_a_pack_needs_are_facts_of_the_dictionary() -> None:
    pack = load_folder(rules_folder() / "yunnan" / "dongchuan", "yunnan/dongchuan")
    needed = required_facts(pack)
    assert 0 < len(needed) < len(FACTS)
    assert all(VOCABULARY.fact(spec.record, spec.path) is spec for spec in needed)
    some = required_facts(pack, tuple(pack.rules)[:1])
    assert {name(s) for s in some} < {name(s) for s in needed}


def test_everything_wrong_in_a_dictionary_is_told_at_once() -> None:
    head = "version: 1\ncodes: {}\nkinds:\n  household:\n    label: {zh: 户, en: household}\n    facts:\n"
    text = "label: {zh: 项, en: fact}, question: {zh: 问, en: what?}, ask: household"
    facts = (
        f"      a: {{type: code, codes: labor, {text}}}\n"
        f"      b: {{type: list, item: membr, {text}}}\n"
        f"      c: {{type: record, item: housold, {text}}}\n"
    )
    with pytest.raises(PackError) as caught:
        build_vocabulary(parse_yaml(head + facts, "facts.yaml"))
    assert [(p.code, p.place.line, p.nearest) for p in caught.value.problems] == [
        ("unknown_code_list", 7, ""),
        ("unknown_record", 8, ""),
        ("unknown_record", 9, "household"),
    ]


def test_the_digest_follows_the_text() -> None:
    text = (rules_folder() / "vocabulary" / "facts.yaml").read_text("utf-8")

    def built(changed: str) -> Vocabulary:
        return build_vocabulary(parse_yaml(changed, "facts.yaml"))

    assert built(text).digest == VOCABULARY.digest
    assert built(text + "# a remark\n").digest != VOCABULARY.digest
