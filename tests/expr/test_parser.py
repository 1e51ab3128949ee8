"""The condition language: what it accepts, what it refuses, and what it says of it, where."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_rules.errors import Place, Problem, Problems
from policy_rules.expr.nodes import (
    And,
    Arith,
    Compare,
    Const,
    Fact,
    Fold,
    Node,
    Not,
    OneOf,
    Var,
    walk,
)
from policy_rules.expr.parser import parse
from policy_rules.expr.text import MAX_DEPTH, MAX_LENGTH
from policy_rules.expr.types import BOOL, DATE, CodeType, NumberType, Type
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.scope import Names, PackScope

NAMES = Names()
NAMES.parameters = {"line": NumberType("yuan_per_person"), "size": NumberType("persons")}
NAMES.tables = {
    "award": ("lookup", CodeType("schooling"), NumberType("yuan")),
    "tiers": ("tier", NumberType("yuan"), NumberType("yuan")),
}
NAMES.add("population", "household", "lifted")
NAMES.add("rule", "member", "subsidy")
NAMES.add("rule", "household", "support")
NAMES.add("defined", "household", "counted", NumberType("persons"))
NAMES.add("external", "member", "credit")


def read(
    text: str, subject: str = "household", expect: Type | None = BOOL
) -> tuple[Node | None, list[Problem]]:
    problems = Problems()
    scope = PackScope(load_vocabulary(), NAMES, subject)
    return parse(text, scope, Place("r.yaml", 7, 11, "when"), problems, expect), problems.found


def node(text: str, subject: str = "household", expect: Type | None = BOOL) -> Any:
    found, problems = read(text, subject, expect)
    assert problems == []
    return found


def wrong(
    text: str, subject: str = "household", expect: Type | None = BOOL
) -> list[tuple[str, str, str]]:
    """Code, the text from the column told, and the nearest name."""
    found, problems = read(text, subject, expect)
    assert found is None
    return [(p.code, text[(p.place.column or 0) - 11 :], p.nearest) for p in problems]


# -- what is accepted ----------------------------------------------------------------------------

RIGHT = [
    ("household", "household.dibao"),
    ("household", "not household.dibao and (household.relocated or household.tekun)"),
    ("household", "10000 < income(2022).net_per_capita <= param.line"),
    ("household", "income(year(as_of) - 1).net / household.size < param.line"),
    ("household", "income(2022).net_per_capita * household.size < 30000"),
    ("household", "household.incomes(2022).net >= 0.5"),
    ("household", "household.type == lifted"),
    ("household", "lifted == household.type"),
    ("household", "household.type in {lifted, ordinary}"),
    ("household", "household.monitoring.category not in {none}"),
    ("household", "household.size in {1, 2, -3}"),
    ("household", "population.lifted and rule.support"),
    ("household", "household.population.lifted"),
    ("household", "any(m.rule.subsidy and m.external.credit for m in members)"),
    ("household", "defined.counted >= 3"),
    ("household", "count(m for m in members if m.employed if m.labour == skilled) >= 2"),
    ("household", "sum(m.startup.employees for m in members) > 3"),
    ("household", "all(any(s.outside_province for s in m.work_spells) for m in members)"),
    ("household", "any(any(e.running for e in l.cooperative.enterprise_links) for l in household.cooperative_links)"),
    ("household", "known(household.size) and known(param.line)"),
    ("household", "(3 if household.dibao else 5) <= household.size"),
    ("household", "min(household.size, 3, defined.counted) >= max(1, 2)"),
    ("household", "param.line(date(2022, 12, 31)) >= 10_000"),
    ("member", "member.startup.returned_on > date(2021, 1, 1)"),
    ("member", "months_between(member.startup.returned_on, as_of) >= 12"),
    ("member", "age_on(member.birth_date, as_of) < 60"),
    ("member", "add_months(member.birth_date, 12) <= as_of"),
    ("member", "any(o.employed for o in others)"),
    ("member", "disabled in member.health and chronic not in member.health"),
    ("member", "subset({disabled}, member.health) or disjoint(member.health, {chronic, major_illness})"),
    ("member", "longest_run(s for s in member.work_spells if s.outside_province) >= 3"),
    ("member", "any(s.from >= date(2022, 1, 1) for s in member.work_spells)"),
    ("member", "lookup(table.award, member.schooling) >= 500"),
    ("member", "tier(table.tiers, income(2022).wage) == 0"),
    ("member", "round_down(income(2022).wage, 100) > 0"),
    ("member", "household.rule.support"),
    ("member", "  member.employed  "),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), RIGHT)
def test_the_language_of_the_documentation_is_read(subject: str, text: str) -> None:
    assert node(text, subject).type == BOOL


def test_codes_are_read_by_the_type_of_the_other_side() -> None:
    assert node("household.type == lifted").right == Const("lifted", CodeType("household_type"))
    assert node("lifted == household.type").left == Const("lifted", CodeType("household_type"))
    # the same word in another list is another code
    assert node("household.monitoring.category == none").right.type == CodeType(
        "monitoring_category"
    )
    assert node("member.labour == none", "member").right.type == CodeType("labour")


def test_a_chain_is_all_of_its_pairs() -> None:
    chain = node("1 < household.size <= 3 != defined.counted")
    assert isinstance(chain, And)
    assert [type(i) for i in chain.items] == [Compare] * 3
    assert [i.op for i in chain.items if isinstance(i, Compare)] == ["<", "<=", "!="]


def test_from_is_a_name() -> None:
    loop = node("any(s.from >= date(2022, 1, 1) for s in member.work_spells)", "member")
    facts = [n.field.path for n in walk(loop) if isinstance(n, Fact)]
    assert facts == ["work_spells", "from"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("0.30000000000000004", Fraction(30000000000000004, 10**17)),
        ("1_000.50", Fraction(2001, 2)),
        ("5.0", 5),
        (".5", Fraction(1, 2)),
        ("12345678901234567890123456789", 12345678901234567890123456789),
        ("-3", -3),
        ("--3", 3),
    ],
)
def test_numbers_are_the_digits_written(text: str, value: Any) -> None:
    found = node(text, expect=NumberType())
    assert isinstance(found, Const)
    assert (found.value, type(found.value)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("income(2022).net / household.size", "yuan_per_person"),
        ("income(2022).net_per_capita * household.size", "yuan"),
        ("household.size * income(2022).net_per_capita", "yuan"),
        ("income(2022).net / income(2022).net_per_capita", "persons"),
        ("income(2022).net / income(2021).net", "ratio"),
        ("income(2022).net * 0.5 + 100", "yuan"),
        ("2 * household.size", "persons"),
        ("count(m for m in members)", "persons"),
        ("min(0, household.size)", "persons"),
        ("param.line if household.dibao else 0", "yuan_per_person"),
        ("months_between(as_of, as_of)", "months"),
        ("year(as_of)", None),
        ("-household.size", "persons"),
    ],
)
def test_units_follow_the_arithmetic(text: str, unit: str | None) -> None:
    assert node(text, expect=None).type.unit == unit


def test_a_value_of_the_type_called_for() -> None:
    assert isinstance(node("household.size + 1", expect=NumberType("persons")), Arith)
    assert isinstance(node("household.size", expect=None), Fact)
    assert node("add_months(as_of, 1)", expect=DATE).type == DATE
    assert wrong("household.size", expect=NumberType("yuan"))[0][0] == "type_mismatch"
    assert wrong("as_of", expect=NumberType())[0][0] == "type_mismatch"


def test_negation_of_membership() -> None:
    found = node("household.type not in {lifted}")
    assert isinstance(found, Not)
    assert isinstance(found.item, OneOf)


# -- what is refused -----------------------------------------------------------------------------

NOT_IN_LANGUAGE = [
    "household.size ** 2 > 3", "household.size % 2 == 1", "household.size // 2 == 1",
    "~household.size == 1", "+household.size == 1", "household.size is 3", "household.dibao is True",
    "household.size & 1 == 1", "household.size | 1 == 1", "household.size ^ 1 == 1",
    "household.size << 1 == 1", "household.size @ 2 == 1",
    "True", "None", "...", "b'x'", "1j == 2", "f'{household.dibao}'",
    "[household.dibao]", "(household.dibao, household.tekun)", "{household.dibao}", "{1: 2}",
    "[m for m in members]", "{m for m in members}", "{m: 1 for m in members}", "(m for m in members)",
    "household.members[0].employed", "household['dibao']", "household.members[0:1]",
    "lambda: household.dibao", "(x := household.dibao)", "any(*members)", "count(m=1)",
    "household.dibao if household.tekun else lambda: 1", "await household.dibao", "(yield)",
    "year(*[as_of]) == 2022", "year(d=as_of) == 2022", "household.dibao # and household.tekun",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_IN_LANGUAGE)
def test_what_is_python_but_not_the_language_is_refused(text: str) -> None:
    problems = wrong(text)
    assert problems
    assert {code for code, _, _ in problems} <= {
        "not_in_language", "not_comparable", "type_mismatch", "bad_fold", "bad_syntax",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", " ", "(", ")", "household.", "a b", "1 +", "'", "household.dibao;", "x = 1", "import os",
     "household.dibao\n", "?", "household。dibao", "１ < 2", "1 <> 2", "household.dibao &&", "0777 < 1",
     "2022a < 1", "\\", "\x00", "🙂"],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_our_words(text: str) -> None:
    _, problems = read(text)
    for problem in problems:
        assert problem.code in ("bad_syntax", "unknown_name", "bad_number"), problem
        said = problem.message("zh").replace(problem.got, "")
        assert not any("a" <= c <= "z" for c in said.split("`")[0]), said
    assert problems or text.strip() == "household.dibao"


@pytest.mark.parametrize(
    ("subject", "text", "expected"),
    [
        ("household", "houshold.dibao", [("unknown_name", "houshold.dibao", "household")]),
        ("household", "household.dibaoo", [("unknown_fact", "household.dibaoo", "dibao")]),
        ("household", "household.monitorng.category == none", [("unknown_fact", "household.monitorng.category == none", "monitoring.category")]),
        ("household", "household.type == lifed", [("unknown_code", "lifed", "lifted")]),
        ("household", 'household.type == "lifted"', [("unknown_code", '"lifted"', "lifted")]),
        ("household", "household.type == member", [("unknown_code", "member", "")]),
        ("household", "income(2022).net <= param.lime", [("unknown_parameter", "param.lime", "line")]),
        ("household", "population.lift", [("unknown_population", "population.lift", "lifted")]),
        ("member", "population.lifted", [("unknown_population", "population.lifted", "household.population.lifted")]),
        ("household", "rule.suport", [("unknown_rule", "rule.suport", "support")]),
        ("household", "defined.count > 3", [("unknown_defined", "defined.count > 3", "counted")]),
        ("member", "external.credits", [("unknown_external", "external.credits", "credit")]),
        ("household", "yaer(as_of) == 2022", [("unknown_function", "yaer(as_of) == 2022", "year")]),
        ("member", "lookup(table.awards, member.schooling) > 1", [("unknown_table", "lookup(table.awards, member.schooling) > 1", "award")]),
        ("member", "tier(table.award, 3) > 1", [("unknown_table", "tier(table.award, 3) > 1", "")]),
        ("household", "household.monitoring", [("group_not_fact", "household.monitoring", "monitoring.category")]),
        ("village", "income(2022).net > 3", [("unknown_name", "income(2022).net > 3", "")]),
        ("village", "household.dibao", [("unknown_name", "household.dibao", "")]),
        ("household", "member.employed", [("unknown_name", "member.employed", "members")]),
        ("household", "any(o.employed for o in others)", [("unknown_name", "others)", "")]),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_its_place_and_the_nearest(
    subject: str, text: str, expected: list[tuple[str, str, str]]
) -> None:
    found = wrong(text, subject)
    assert [(c, t) for c, t, _ in found] == [(c, t) for c, t, _ in expected]
    for (_, _, near), (_, _, wanted) in zip(found, expected, strict=True):
        assert (
            near.startswith(wanted)
            if wanted == "monitoring.category"
            else not wanted or near == wanted
        )


@pytest.mark.parametrize(
    ("subject", "text", "code", "at"),
    [
        ("household", "household.size", "type_mismatch", "household.size"),
        ("household", "household.dibao and household.size", "type_mismatch", "household.size"),
        ("household", "not household.size", "type_mismatch", "household.size"),
        ("household", "household.dibao + 1 > 2", "type_mismatch", "household.dibao + 1 > 2"),
        ("household", "as_of > 2022", "type_mismatch", "2022"),
        ("household", "household.size > as_of", "type_mismatch", "as_of"),
        ("household", "year(household.size) == 2022", "type_mismatch", "household.size) == 2022"),
        ("household", "household.dibao == household.tekun", "not_comparable", "household.dibao == household.tekun"),
        ("household", "household.dibao == true", "not_comparable", "true"),
        ("household", "household.dibao == True", "not_comparable", "True"),
        ("member", "member.health == member.health", "not_comparable", "member.health == member.health"),
        ("household", "household.type < lifted", "not_ordered", "household.type < lifted"),
        ("household", "household == household", "type_mismatch", "household"),
        ("household", "members == members", "type_mismatch", "members"),
        ("household", "income(2022).net < param.line", "unit_mismatch", "income(2022).net < param.line"),
        ("household", "income(2022).net + household.size > 1", "unit_mismatch", "income(2022).net + household.size > 1"),
        ("household", "household.size * household.size > 1", "unit_mismatch", "household.size * household.size > 1"),
        ("household", "1 / household.size > 1", "unit_mismatch", "1 / household.size > 1"),
        ("household", "min(0, household.size, param.line) > 1", "unit_mismatch", "min(0, household.size, param.line) > 1"),
        ("household", "(household.size if household.dibao else param.line) > 1", "unit_mismatch", "household.size if household.dibao else param.line) > 1"),
        ("household", "(1 if household.size else 2) > 1", "type_mismatch", "household.size else 2) > 1"),
        ("household", "household.size in {household.size}", "not_constant", "{household.size}"),
        ("household", "household.dibao in {lifted}", "type_mismatch", "household.dibao in {lifted}"),
        ("household", "lifted in household.type", "type_mismatch", "household.type"),
        ("household", "household.size.people > 1", "no_facts_below", "household.size.people > 1"),
        ("household", "household.size(2022) > 1", "not_callable", "household.size(2022) > 1"),
        ("household", "household() > 1", "not_callable", "household() > 1"),
        ("household", "year() == 1", "argument_count", "year() == 1"),
        ("household", "year(as_of, as_of) == 1", "argument_count", "year(as_of, as_of) == 1"),
        ("household", "max(1) == 1", "argument_count", "max(1) == 1"),
        ("household", "income() == 1", "argument_count", "income() == 1"),
        ("household", "known(household.size, 1)", "argument_count", "known(household.size, 1)"),
        ("household", "known(3)", "type_mismatch", "known(3)"),
        ("household", "any(household.dibao)", "bad_fold", "any(household.dibao)"),
        ("household", "any(m.employed for m in members for n in members)", "bad_fold", "any(m.employed for m in members for n in members)"),
        ("household", "any(m.employed for m, n in members)", "bad_fold", "any(m.employed for m, n in members)"),
        ("household", "any(m.employed for m in household.size)", "type_mismatch", "household.size)"),
        ("household", "count(m.employed for m in members) > 1", "bad_fold", "count(m.employed for m in members) > 1"),
        ("household", "sum(m.employed for m in members) > 1", "type_mismatch", "m.employed for m in members) > 1"),
        ("household", "longest_run(m for m in members) > 1", "bad_fold", "longest_run(m for m in members) > 1"),
        ("member", "subset({disabled}, {chronic})", "type_mismatch", "subset({disabled}, {chronic})"),
        ("member", "subset(member.health)", "argument_count", "subset(member.health)"),
        ("member", "lookup(member.schooling) > 1", "bad_form", "lookup(member.schooling) > 1"),
        ("member", "lookup(table.award, member.labour) > 1", "type_mismatch", "lookup(table.award, member.labour) > 1"),
        ("household", "household.size > 0x10", "bad_number", "0x10"),
        ("household", "household.size > 1e3", "bad_number", "1e3"),
        ("household", "household.size > 1e999999999", "bad_number", "1e999999999"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_at_its_column(
    subject: str, text: str, code: str, at: str
) -> None:
    assert [(c, t) for c, t, _ in wrong(text, subject)] == [(code, at)]


@pytest.mark.parametrize(
    "name",
    ["members", "household", "as_of", "member", "others", "this", "target_year", "param", "rule",
     "population", "defined", "external", "income", "known", "any", "year", "table"],
)  # fmt: skip
def test_a_loop_variable_takes_no_name_that_means_something(name: str) -> None:
    """`any(member.employed for member in members)` once read a member that was not there."""
    text = f"any({name}.employed for {name} in members)"
    assert [(c, t) for c, t, _ in wrong(text)] == [("shadowed_name", f"{name} in members)")]


def test_an_inner_loop_takes_no_name_of_an_outer_one_but_its_neighbour_may() -> None:
    inner = "any(any(m.outside_province for m in m.work_spells) for m in members)"
    assert [c for c, _, _ in wrong(inner)] == ["shadowed_name"]
    both = node("any(m.employed for m in members) and all(m.employed for m in members)")
    assert len([n for n in walk(both) if isinstance(n, Fold)]) == 2


def test_a_loop_variable_ends_with_its_loop() -> None:
    assert wrong("any(m.employed for m in members) and m.employed") == [
        ("unknown_name", "m.employed", "")
    ]
    assert wrong("any(m.employd for m in members) and m.employed")[1][0] == "unknown_name"


def test_every_mistake_is_told_each_in_its_column() -> None:
    text = "houshold.dibao and household.size > lifed and any(m.employd for m in members if m.labour == skiled)"
    found = sorted(wrong(text), key=lambda w: -len(w[1]))
    assert [(c, t.split(" ")[0], near) for c, t, near in found] == [
        ("unknown_name", "houshold.dibao", "household"),
        ("unknown_name", "lifed", ""),
        ("unknown_fact", "m.employd", "employed"),
        ("unknown_code", "skiled)", "skilled"),
    ]


def test_every_wrong_argument_and_code_is_told() -> None:
    assert [c for c, _, _ in wrong("months_between(household.size, 3) > 1")] == [
        "type_mismatch"
    ] * 2
    assert [t for _, t, _ in wrong("household.type in {a, lifted, b}")] == ["a, lifted, b}", "b}"]


def test_columns_count_characters_not_bytes() -> None:
    assert wrong('household.type == lifted and household.户主 and household.乡镇 == "东川"') == [
        ("unknown_fact", 'household.户主 and household.乡镇 == "东川"', ""),
        ("unknown_fact", 'household.乡镇 == "东川"', ""),
    ]
    (problem,) = read('household.type == "脱贫户" and houshold.dibao')[1][1:]
    assert problem.place.column == 11 + len('household.type == "脱贫户" and ')


# -- bounds --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 500 + "household.dibao" + ")" * 500,
        "not " * 400 + "household.dibao",
        "-" * 1500 + "1 > 0",
        "1" + " + 1" * 400 + " > household.size",
        "household" + ".x" * 900,
        "[" * 900,
        "(" * 40 + "1 if known(household.size) else (" * 30,
        "any(" * 300,
    ],
)
def test_what_is_nested_too_deeply_is_refused_and_quickly(text: str) -> None:
    began = time.process_time()
    codes = {c for c, _, _ in wrong(text)}
    assert codes <= {"expression_too_deep", "bad_syntax"}
    assert time.process_time() - began < 2


def test_what_is_too_long_is_refused() -> None:
    assert [
        c for c, _, _ in wrong("household.dibao" + " " * MAX_LENGTH + "or household.dibao")
    ] == ["expression_too_long"]
    assert node(" or ".join(["household.dibao"] * 100)).type == BOOL


def test_the_deepest_allowed_is_read() -> None:
    depth = MAX_DEPTH - 4
    assert isinstance(node("not " * depth + "household.dibao"), Not)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["household", "member", "members", "m", ".dibao", ".size", ".employed", "and", "or", "not",
             "(", ")", "{", "}", ",", "==", "<", "in", "any", "count", "for", "if", "else", "3", "0.5",
             "lifted", ".type", "income", "2022", ".net", "+", "/", "-", "param.line", "known", "as_of",
             "date", "year", '"', "#", "户", ":", "=", "rule.support", "[", "lambda", "*"]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_whatever_is_written_there_is_a_node_or_a_problem(words: list[str]) -> None:
    text = " ".join(words)
    found, problems = read(text, expect=None)
    assert (found is None) == bool(problems)
    for problem in problems:
        assert problem.message("zh")
        assert problem.place.column is not None
        assert 11 <= problem.place.column <= 11 + len(text) + 1


def test_nodes_are_values() -> None:
    one, two = node("household.size >= 3"), node("household.size>=3")
    assert one == two
    assert hash(one) == hash(two)
    assert isinstance(next(n for n in walk(one) if isinstance(n, Var)), Var)
