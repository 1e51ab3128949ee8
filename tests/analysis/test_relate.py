"""Two rules put against each other: the relation, and households that show it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from typing import Any

import attrs
import pytest
from analysis.made import flags, two

from policy_rules import Engine, EngineDisagreement, NotFoundError, Verdict
from policy_rules.analysis import Assumptions, Bounds, RuleOn, cells, relate
from policy_rules.engine.rules import RuleSet
from policy_rules.facts.record import read_record

NET = "income(2022).net_per_capita"


def answers(side: RuleOn, record: Any) -> dict[str, Verdict]:
    """What the engine says of a rule, by subject."""
    found = Engine(side.pack, engine="reference").evaluate(record, as_of=side.day)
    return {f.subject: f.verdict for f in found.findings if f.rule.id == side.rule.id}


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        (f"{NET} < 8000", f"8000 > {NET}", "same"),
        (f"{NET} < 8000", f"not {NET} >= 8000", "same"),
        (f"{NET} < 8000", f"{NET} <= 8000", "narrower"),
        (f"{NET} < 8000", f"{NET} < 8000 and household.type == lifted", "wider"),
        (f"{NET} < 8000", "household.type == lifted", "overlapping"),
        (f"{NET} < 8000", f"{NET} > 9000", "disjoint"),
        ("any(m.age >= 60 for m in members)", "any(m.age > 60 for m in members)", "wider"),
        (
            "count(m for m in members if m.labour in {ordinary, skilled}) >= 2",
            "any(m.labour == skilled for m in members)",
            "overlapping",
        ),
        (
            "not any(m.labour == skilled for m in members)",
            "all(m.labour != skilled for m in members)",
            "same",
        ),
        ("income(2022).net / 3 < 2000", "income(2022).net < 6000", "same"),
    ],
)
def test_relations(left: str, right: str, relation: str) -> None:
    sides = two(left, right)
    found = relate(*sides)
    assert found.relation == relation
    for witness in found.witnesses:  # the engine itself confirms every witness
        assert answers(sides[0], witness.record)[witness.subject] is witness.left
        assert answers(sides[1], witness.record)[witness.subject] is witness.right
    turned = relate(sides[1], sides[0]).relation
    assert turned == {"narrower": "wider", "wider": "narrower"}.get(relation, relation)


def test_a_comparator_shows_exactly_at_the_line() -> None:
    found = relate(*two(f"{NET} < 8000", f"{NET} <= 8000"))
    witness = found.witness("right_only")
    assert witness is not None
    assert (witness.left, witness.right) == (Verdict.NO, Verdict.YES)
    assert witness.record == {
        "incomes": {2022: {"net_per_capita": 8000}},
        "as_of": "2024-12-31",
    }
    assert found.witness("left_only") is None
    assert found.bounds == Bounds(members=4, items=3)


def test_a_witness_has_no_more_than_it_takes() -> None:
    left, right = two(
        "any(m.labour == skilled and m.age < 60 for m in members)",
        "household.type == lifted and any(m.labour == skilled for m in members)",
    )
    witness = relate(left, right).witness("left_only")
    assert witness is not None
    (member,) = witness.record["members"]
    assert member.pop("age") < 60
    assert member == {"id": "m1", "labour": "skilled"}
    assert witness.record["type"] != "lifted"
    assert set(witness.record) == {"members", "type", "as_of"}


def test_the_same_question_has_the_same_answer() -> None:
    sides = two("any(m.age >= 60 for m in members)", f"{NET} < 8000 or household.size > 3")
    first, again = (relate(*sides) for _ in range(2))
    assert first.relation == again.relation
    assert [w.record for w in first.witnesses] == [w.record for w in again.witnesses]


def test_figures_are_round() -> None:
    found = relate(*two(f"{NET} < 10000", f"{NET} < 11234"))
    between = found.witness("right_only")
    assert between is not None
    assert between.record["incomes"] == {2022: {"net_per_capita": 10500}}


def test_rules_about_members_are_asked_of_one_member() -> None:
    left, right = two(
        "member.age >= 60 and any(o.age < 18 for o in others)", "member.age >= 60", "member"
    )
    found = relate(left, right)
    assert found.relation == "narrower"
    witness = found.witness("both")
    assert witness is not None
    assert witness.subject == "m1"
    assert len(witness.record["members"]) == 2


def test_missing_facts_are_states_of_their_own() -> None:
    """Where the right rule needs a fact the left one can do without, they differ: on records that lack it."""
    found = relate(
        *two("household.type == lifted", "household.type == lifted and known(household.size)")
    )
    assert (found.relation, found.open_only) == ("wider", False)
    lifted = "household.type == lifted"
    open_ = "(household.in_cooperative or not household.in_cooperative)"
    found = relate(*two(lifted, f"{lifted} and {open_}"))
    assert (found.relation, found.open_only) == ("wider", True)
    witness = found.witness("left_only")
    assert witness is not None
    assert (witness.left, witness.right) == (Verdict.YES, Verdict.UNKNOWN)


def test_what_never_holds_is_said() -> None:
    found = relate(*two(f"{NET} < 8000", f"{NET} < 8000 and {NET} > 9000"))
    assert (found.relation, found.never) == ("wider", ("right",))


def test_small_bounds_are_part_of_the_claim() -> None:
    many = "count(m for m in members if m.labour == skilled) >= 3"
    sides = two(many, "household.size < 0")
    assert relate(*sides, bounds=Bounds(members=2)).never == ("left", "right")
    assert relate(*sides, bounds=Bounds(members=3)).never == ("right",)


def test_time_over_is_undecided() -> None:
    left, right = two(
        "any(longest_run(s for s in m.work_spells if s.outside_province) >= 4 for m in members)",
        "any(sum(s.months for s in m.work_spells if s.outside_province) >= 4 for m in members)",
    )
    found = relate(left, right, bounds=Bounds(members=4, items=4, seconds=0.001))
    assert found.relation == "undecided"
    assert found.undecided


def test_rules_about_different_subjects_are_not_asked() -> None:
    left = RuleOn.of(flags(a="household.type == lifted"), "a")
    right = RuleOn.of(flags("member", b="member.age > 60"), "b")
    found = relate(left, right)
    assert (found.relation, found.left_out) == ("undecided", ("subject",))


def test_a_rule_not_in_force_is_not_asked() -> None:
    left, right = two(f"{NET} < 8000", f"{NET} < 9000")
    early = attrs.evolve(left, day=left.day.replace(year=2020))
    found = relate(early, right)
    assert (found.relation, found.left_out) == ("undecided", ("left: not_in_force",))


def test_an_unknown_rule_is_an_error() -> None:
    with pytest.raises(NotFoundError) as caught:
        RuleOn.of(flags(focus="household.size > 1"), "focsu")
    (problem,) = caught.value.problems
    assert (problem.code, problem.nearest) == ("unknown_rule", "focus")


PARAMETERS = """parameters:
  line:
    label: {zh: 线, en: line}
    unit: yuan_per_person
    clauses: ['1#1']
    external: true
    authority: {zh: 县, en: county}
    question: {zh: 多少？, en: how much?}
"""


def test_external_parameters_are_free() -> None:
    pack = flags(parameters=PARAMETERS, left=f"{NET} < param.line", right=f"{NET} <= param.line")
    found = relate(RuleOn.of(pack, "left"), RuleOn.of(pack, "right"))
    assert found.relation == "narrower"
    witness = found.witness("right_only")
    assert witness is not None
    figure = witness.parameters["sample"]["line"]
    assert witness.record["incomes"][2022]["net_per_capita"] == figure
    overlaid = pack.with_overlay(witness.overlay("sample"))
    assert answers(RuleOn.of(overlaid, "right"), witness.record) == {"": Verdict.YES}


def test_two_incomes_taken_for_one() -> None:
    left, right = two("income(2023).total_per_capita <= 10000", f"{NET} <= 11000")
    assert relate(left, right).relation == "overlapping"
    same = (("income_year", "total_per_capita"), ("income_year", "net_per_capita"))
    found = relate(left, right, assume=Assumptions(same=(same,)))
    assert found.relation == "narrower"
    between = found.witness("right_only")
    assert between is not None
    incomes = between.record["incomes"]
    assert incomes[2023]["total_per_capita"] == incomes[2022]["net_per_capita"] == 10500


def test_two_populations_taken_for_one() -> None:
    packs = [
        flags(rule=f"{NET} < {line}", extra=f"  applies_to: household.type == {who}\n")
        for line, who in ((8000, "lifted"), (9000, "ordinary"))
    ]
    left, right = (RuleOn.of(p, "rule") for p in packs)
    assert relate(left, right).relation == "disjoint"
    assert relate(left, right, assume=Assumptions(population=True)).never == ("left", "right")
    wider = RuleOn.of(flags(rule=f"{NET} < 9000"), "rule")
    assert relate(left, wider).relation == "narrower"
    assert relate(left, wider, assume=Assumptions(population=True)).relation == "narrower"


LISTS = [
    listed
    for rows in ([], [{"labour": "skilled"}], [{"labour": "none"}], [{}])
    for listed in (rows, {"items": rows, "complete": False})
]


def test_brute_force_on_a_small_domain() -> None:
    """All records of two facts and one or no member, against the solver's word."""
    leaves = (
        "household.type == lifted", f"{NET} < 8000", f"{NET} <= 8000",
        "any(m.labour == skilled for m in members)", "all(m.labour == skilled for m in members)",
    )  # fmt: skip
    conditions = [*leaves, *(f"{a} or not {b}" for a, b in itertools.permutations(leaves, 2))][:14]
    pack = flags(**{f"r{i}": c for i, c in enumerate(conditions)})
    rules = RuleSet(pack)
    day = pack.in_force.end
    assert day is not None
    records = [
        read_record(
            {
                k: v
                for k, v in zip(("type", "incomes", "members"), values, strict=True)
                if v is not None
            }
        )
        for values in itertools.product(
            (None, "lifted", "ordinary"),
            (None, *({2022: {"net_per_capita": n}} for n in (7999, 8000, 8001))),
            (None, *LISTS),
        )
    ]
    verdicts = [rules.verdicts(r, day) for r in records]
    for i, j in list(itertools.combinations(range(len(conditions)), 2))[::4]:
        yes = [(v[f"r{i}", ""] is True, v[f"r{j}", ""] is True) for v in verdicts]
        found = relate(RuleOn.of(pack, f"r{i}"), RuleOn.of(pack, f"r{j}"), bounds=Bounds(1, 1))
        kinds = {w.kind for w in found.witnesses}
        assert ("left_only" in kinds) is ((True, False) in yes), (conditions[i], conditions[j])
        assert ("right_only" in kinds) is ((False, True) in yes), (conditions[i], conditions[j])
        assert ("both" in kinds) is ((True, True) in yes), (conditions[i], conditions[j])


def test_a_wrong_encoding_is_an_error_never_a_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**cells.OPERATORS, "lt": cells.OPERATORS["le"]}
    monkeypatch.setattr(cells, "OPERATORS", wrong)
    with pytest.raises(EngineDisagreement) as caught:
        relate(*two("income(2022).wage < 8000", "income(2022).wage >= 8000"))
    (problem,) = caught.value.problems
    assert problem.render("en") == (
        "sample left: engine_disagreement: the two engines disagree on sample left: YES, NO"
    )


def test_without_the_solver_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['z3'] = None\n"
        "from policy_rules.analysis import RuleOn, relate\n"
        "from policy_rules import EvaluationError, load_pack\n"
        "rule = RuleOn.of(load_pack('yunnan/mengyong'), 'zeroing_household')\n"
        "try: relate(rule, rule)\n"
        "except EvaluationError as error: print(error.render('en'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == (
        'extra_missing: this needs `z3`: run `pip install ".[analysis]"` / '
        '`pip install "policy-rules[analysis]"` first'
    )


def test_packs_with_different_dictionaries() -> None:
    """A version written before a fact was known: its answers are asked without that fact."""
    new = flags(rule=f"{NET} < 9000 and household.in_cooperative")
    household = new.vocabulary.records["household"]
    facts = {path: fact for path, fact in household.facts.items() if path != "in_cooperative"}
    older = attrs.evolve(household, facts=facts, fields={p: f.field for p, f in facts.items()})
    records = {**new.vocabulary.records, "household": older}
    vocabulary = attrs.evolve(new.vocabulary, records=records, digest="older")
    old = attrs.evolve(flags(rule=f"{NET} < 9000"), vocabulary=vocabulary)
    found = relate(RuleOn.of(new, "rule"), RuleOn.of(old, "rule"))
    assert found.relation == "narrower"
    witness = found.witness("both")
    assert witness is not None
    assert witness.record["in_cooperative"] is True
    kind = attrs.evolve(household.facts["in_cooperative"], kind="text")
    other = attrs.evolve(household, facts={**household.facts, "in_cooperative": kind})
    records = {**new.vocabulary.records, "household": other}
    apart = attrs.evolve(old, vocabulary=attrs.evolve(vocabulary, records=records, digest="apart"))
    found = relate(RuleOn.of(new, "rule"), RuleOn.of(apart, "rule"))
    assert (found.relation, found.left_out) == ("undecided", ("vocabulary",))
