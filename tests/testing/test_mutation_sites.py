"""Where a pack is changed, one value at a time, and which of the changes certainly mean the same."""

from __future__ import annotations

from pathlib import Path

import made_up
import mutants as made
import pytest

from policy_rules.errors import Place, Problems
from policy_rules.expr.parser import parse
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import Names, PackScope
from policy_rules.testing.mutation.run import chosen
from policy_rules.testing.mutation.sameness import SAME_VALUE, UNUSED, same
from policy_rules.testing.mutation.sites import mutants
from policy_rules.testing.mutation.texts import changes

ASKED = "authority: {zh: 某, en: a}, question: {zh: 问, en: q}, label: {zh: 例, en: example}"
PARAMETERS = (
    made.PARAMETERS
    + f"""  yearly:
    label: {{zh: 年度线, en: yearly line}}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {{from: 2022-01-01, to: 2022-12-31, value: 100}}
      - {{from: 2023-01-01, to: 2024-12-31, value: 200}}
  surveyed:
    label: {{zh: 摸排那天, en: on the day of the survey}}
    unit: yuan_per_person
    clauses: ["1#1"]
    values:
      - {{from: 2023-01-01, to: 2024-12-31, value: 7}}
  outside: {{unit: yuan_per_person, external: true, clauses: ["1#1"], {ASKED}}}
externals:
  found_fit: {{subject: household, clauses: ["1#1"], {ASKED}}}
"""
)
DEFINITIONS = (
    made.DEFINITIONS.replace("one_post_only]", "one_post_only, third_post]")
    + """tables:
  by_size:
    label: {zh: 按人数, en: by size}
    clauses: ["2#2"]
    kind: tier
    key_unit: persons
    unit: yuan
    rows:
      - {from: 0, to: 3, includes: lower, value: 100}
      - {from: 3, includes: lower, value: 200}
  by_type:
    label: {zh: 按类型, en: by type}
    clauses: ["2#2"]
    kind: lookup
    codes: household_type
    unit: ratio
    rows:
      - {key: lifted, value: 1}
definitions:
  forgotten:
    label: {zh: 无人用, en: used by nothing}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: household.size >= 2
  on_a_reading:
    label: {zh: 另一理解才用, en: used on another reading}
    subject: household
    type: bool
    clauses: ["1#1"]
    value: household.size >= 2
"""
)
RULES = (
    made.RULES
    + """- id: third_post
  concept: public_welfare_post
  outcome: measure
  effect: offered
  subject: household
  label: {zh: 第三个岗位, en: third post}
  clauses: ["2#2"]
  force: must
  when:
    all:
      - not:
          any:
            - external.found_fit
            - household.in_cooperative
      - income(2022).net_per_capita < param.yearly(date(2023, 1, 1))
      - income(2022).net_per_capita < param.outside(date(2023, 1, 1))
      - income(2022).net_per_capita < param.surveyed(household.income_surveyed_on)
  amount:
    kind: up_to
    unit: yuan
    paid: once
    pay: tier(table.by_size, household.size) * lookup(table.by_type, household.type)
"""
)
TARGETS = """- id: above_the_line
  concept: income_gap
  label: {zh: 每年高于年度线, en: above the yearly line each year}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: sum_share
  population: rule.focus_household
  value: income(target_year).net
  of: household.size * param.yearly(date(target_year, 12, 31))
  comparator: ">"
  unit: ratio
  per_year: each
  period: {from: 2023, to: 2024}
  figures:
    - {year: 2023, value: 1}
- id: households_counted
  concept: cooperative_joining
  label: {zh: 户数, en: households counted}
  clauses: ["3#1"]
  force: must
  subject: household
  measure: count
  when: household.in_cooperative
  comparator: ">="
  unit: households
  parent: above_the_line
  figures:
    - {by: 2024-12-31, value: 30}
"""
READINGS = (
    made.READINGS
    + """- id: other_days
  clauses: ["2#1"]
  unclear: {zh: 何时起, en: from when}
  basis: {zh: 例, en: example}
  chosen: {zh: 原样, en: as it is}
  alternatives:
    - id: later
      label: {zh: 较晚, en: later}
      patch:
        document.in_force.from: 2023-02-01
        targets.above_the_line.comparator: ">="
        parameters.surveyed.values.0.value: 250
        parameters.surveyed.values.0.to: "2024-12-30"
        targets.above_the_line.figures: [{year: 2023, value: 2}]
        targets.households_counted.figures.0.value: 12
        rules.third_post.when.all.1: defined.on_a_reading
"""
)


def written(folder: Path, **more: str) -> Path:
    files = {
        "rules/rules.yaml": RULES, "parameters.yaml": PARAMETERS, "definitions.yaml": DEFINITIONS,
        "readings.yaml": READINGS, "targets.yaml": made_up.TARGETS + TARGETS,
    }  # fmt: skip
    return made.written(folder, cases=made.FEW, told="", **{**files, **more})


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load_folder(written(tmp_path_factory.mktemp("wide")))


def changed(pack: Pack, name: str, *kinds: str) -> set[tuple[str, str, str]]:
    """Path, what it was and what it became of the mutants of one thing."""
    return {
        (".".join(map(str, m.path)), m.was, m.became)
        for m in chosen(pack, rules=[name], kinds=kinds)
    }


def told(pack: Pack, name: str, why: str) -> set[tuple[str, str, str]]:
    """The mutants of a thing that are said to mean the same, for one reason."""
    return {
        (".".join(map(str, m.path)), m.was, m.became)
        for m in chosen(pack, rules=[name])
        if same(pack, m) == why
    }


# -- what is changed ---------------------------------------------------------------------------


def test_a_table_changes_in_each_edge_and_value_and_loses_each_row(pack: Pack) -> None:
    low, high = (
        "from: 0; to: 3; includes: lower; value: 100",
        "from: 3; includes: lower; value: 200",
    )
    assert changed(pack, "by_size", "number", "comparator", "condition") == {
        ("rows", "row 1", f"[{high}]"),
        ("rows", "row 2", f"[{low}]"),
        *((f"rows.{i}.includes", "lower", "upper") for i in (0, 1)),
        *(("rows.0.from", "0", n) for n in ("-1", "1")),
        *((f"rows.{at}", "3", n) for at in ("0.to", "1.from") for n in ("2", "4")),
        *(("rows.0.value", "100", n) for n in ("99", "101")),
        *(("rows.1.value", "200", n) for n in ("199", "201")),
    }
    # the only row of a table stays, and a whole ratio moves by a hundredth
    assert changed(pack, "by_type", "number", "comparator", "condition") == {
        ("rows.0.value", "1", "0.99"),
        ("rows.0.value", "1", "1.01"),
    }


def test_three_that_exclude_one_another_change_places_and_leave(pack: Pack) -> None:
    a, b, c = "public_post", "one_post_only", "third_post"
    found = {became for _, _, became in changed(pack, "one_post", "exclusion")}
    assert found == {
        f"[{', '.join(names)}]" for names in ((b, a, c), (a, c, b), (b, c), (a, c), (a, b))
    }


def test_what_stands_below_not_changes_too(pack: Pack) -> None:
    any_of = "any: [external.found_fit, household.in_cooperative]"
    at = "when.all.0.not"
    assert ("when.all.0", "not", any_of) in changed(pack, "third_post", "negation")
    assert (at, "any", any_of.replace("any", "all")) in changed(pack, "third_post", "connective")
    assert (f"{at}.any.0", "external.found_fit", "-") in changed(pack, "third_post", "condition")


def test_an_amount_that_is_worked_out_changes_in_its_expression(pack: Pack) -> None:
    assert changed(pack, "third_post", "arithmetic") == {("amount.pay", "*", "/")}
    mutant = chosen(pack, rules=["third_post"], kinds=["arithmetic"])[0]
    assert mutant.data is not None
    pay = mutant.data["amount"]["pay"]
    assert pay == "tier(table.by_size, household.size) / lookup(table.by_type, household.type)"


def test_a_target_changes_in_what_it_measures_and_when(pack: Pack) -> None:
    one, other = (changed(pack, n, "target") for n in ("above_the_line", "households_counted"))
    assert {
        ("per_year", "each", "-"),
        *(("period.from", "2023", y) for y in ("2022", "2024")),
        *(("period.to", "2024", y) for y in ("2023", "2025")),
    } <= one
    assert {("measure", "count", "share"), ("parent", "above_the_line", "-")} <= other
    assert ("figures.0.by", "2024-12-31", "2025-01-01") in changed(
        pack, "households_counted", "date"
    )
    assert not [path for path, _, _ in other if path.endswith("year")]  # it has a day instead


def test_the_patch_of_another_reading_changes_by_what_it_holds(pack: Pack) -> None:
    found = {
        (path.removeprefix("alternatives.0.patch."), was, became)
        for path, was, became in changed(pack, "other_days", "date", "number", "target", "negation")
    }
    days = ("2023-01-31", "2023-02-02", "2023-01-01", "2023-03-04")
    before = ("2024-12-29", "2024-12-31", "2024-11-29", "2025-01-30")
    at = "targets.above_the_line"
    assert found == {
        *(("document.in_force.from", "2023-02-01", day) for day in days),
        *(("parameters.surveyed.values.0.to", "2024-12-30", day) for day in before),
        *(("parameters.surveyed.values.0.value", "250", n) for n in ("249", "251")),
        *((f"{at}.comparator", ">=", sign) for sign in (">", "<=")),
        *((f"{at}.figures.0.year", "2023", year) for year in ("2022", "2024")),
        *((f"{at}.figures.0.value", "2", n) for n in ("1", "3")),
        *(("targets.households_counted.figures.0.value", "12", n) for n in ("11", "13")),
        ("rules.third_post.when.all.1", "defined.on_a_reading", "not (defined.on_a_reading)"),
    }


def test_a_figure_of_a_patch_stays_a_number(pack: Pack) -> None:
    """As text it would not load, and each such mutant would seem to be noticed."""
    path = ("alternatives", 0, "patch", "targets.households_counted.figures.0.value")
    values = [
        m.data["alternatives"][0]["patch"][path[-1]]
        for m in mutants(pack)
        if m.path == path and m.data is not None
    ]
    assert values == [11, 13]


@pytest.mark.parametrize(
    ("text", "subject", "wanted"),
    [
        (
            "hypertension in member.illnesses",
            "member",
            {("negation", "hypertension not in member.illnesses"), ("code", "NEXT in member.illnesses")},
        ),
        (
            "hypertension not in member.illnesses",
            "member",
            {("negation", "hypertension in member.illnesses"), ("code", "NEXT not in member.illnesses")},
        ),
        (
            "not disjoint(member.illnesses, {hypertension})",
            "member",
            {
                ("quantifier", "not subset(member.illnesses, {hypertension})"),
                ("negation", "(disjoint(member.illnesses, {hypertension}))"),
                ("code", "not disjoint(member.illnesses, {NEXT})"),
            },
        ),
        (
            "household.size in {2, 3}",
            "household",
            {
                ("negation", "household.size not in {2, 3}"),
                ("code", "household.size in {2}"),
                ("code", "household.size in {3}"),
                ("number", "household.size in {1, 3}"),
                ("number", "household.size in {3, 3}"),
                ("number", "household.size in {2, 2}"),
                ("number", "household.size in {2, 4}"),
            },
        ),
        (
            "household.village_id == 'a'",
            "household",
            {("comparator", "household.village_id != 'a'")},
        ),
        (
            "any(t.passed for t in member.trainings)",
            "member",
            {("quantifier", "all(t.passed for t in member.trainings)")},
        ),
        (
            "income(2022 + 1).wage > 0",
            "household",
            {
                ("arithmetic", "income(2022 - 1).wage > 0"),
                ("comparator", "income(2022 + 1).wage >= 0"),
                ("comparator", "income(2022 + 1).wage < 0"),
                *(("number", f"income({y} + 1).wage > 0") for y in (2021, 2023)),
                *(("number", f"income(2022 + {n}).wage > 0") for n in (0, 2)),
                *(("number", f"income(2022 + 1).wage > {n}") for n in ("(-1)", 1)),
            },
        ),
    ],
)  # fmt: skip
def test_each_change_of_an_expression(
    text: str, subject: str, wanted: set[tuple[str, str]]
) -> None:
    vocabulary = load_vocabulary()
    problems = Problems()
    node = parse(text, PackScope(vocabulary, Names(), subject), Place(), problems, None)
    assert node is not None, problems.found
    lists = {name: tuple(codes.values) for name, codes in vocabulary.codes.items()}
    illnesses = lists["illness"]
    following = illnesses[(illnesses.index("hypertension") + 1) % len(illnesses)]
    found = {(c.kind, c.of(text)) for c in changes(text, node, lists)}
    assert found == {(kind, new.replace("NEXT", following)) for kind, new in wanted}


# -- what certainly means the same --------------------------------------------------------------


def test_what_nothing_uses_may_become_anything(pack: Pack) -> None:
    assert told(pack, "forgotten", UNUSED) == {
        *(("value", ">=", sign) for sign in (">", "<=")),
        *(("value", "2", n) for n in ("1", "3")),
    }
    assert not told(pack, "on_a_reading", UNUSED)  # the patch of another reading does
    assert not told(pack, "forgotten", SAME_VALUE)


def test_another_day_of_the_same_value_means_the_same(pack: Pack) -> None:
    # the line on another parameter has no value in the pack; one on a recorded day, none that is known
    assert told(pack, "third_post", SAME_VALUE) == {
        ("when.all.1", "date(2023, 1, 1)", f"date(2023, {day})") for day in ("1, 2", "2, 1")
    }
    assert told(pack, "above_the_line", SAME_VALUE) == {("of", "31", "30")}


def test_a_parameter_that_is_the_same_on_every_day_it_is_asked_for(pack: Pack) -> None:
    """The yearly line is looked up on the first day of 2023, and on the last of each year."""
    assert told(pack, "yearly", SAME_VALUE) == {
        *(("values.0.from", "2022-01-01", d) for d in YEARLY_FROM),
        *(("values.1.from", "2023-01-01", d) for d in ("2022-12-31", "2022-12-01")),
        *(("values.1.to", "2024-12-31", d) for d in ("2025-01-01", "2025-01-31")),
    }
    assert told(pack, "surveyed", SAME_VALUE) == set()  # on a recorded day: on any


YEARLY_FROM = ("2021-12-31", "2021-12-01", "2022-01-02", "2022-02-01")
BEFORE = {("values.0.from", "2023-01-01", day) for day in ("2022-12-31", "2022-12-01")}
AFTER = {("values.0.to", "2024-12-31", day) for day in ("2025-01-01", "2025-01-31")}


def reading(**patch: str) -> str:
    lines = "".join(f"        {path}: {value}\n" for path, value in patch.items())
    return READINGS[: READINGS.index("        document.in_force")] + lines


@pytest.mark.parametrize(
    ("patch", "told_same"),
    [
        ({"document.in_force.from": "2023-02-01"}, BEFORE | AFTER),
        # on such a reading the line is asked for on days before
        ({"document.in_force.from": "2022-06-01"}, set()),
        (
            {"rules.third_post.when.all.1": "income(2022).net_per_capita < param.line"},
            BEFORE | AFTER,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < param.line(date(2024, 1, 1))"
            },
            BEFORE | AFTER,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < param.line(date(2025, 1, 1))"
            },
            BEFORE,
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < "
                "param.line(date(year(household.income_surveyed_on), 1, 1))"
            },
            set(),
        ),
        (
            {
                "rules.third_post.when.all.1": "income(2022).net_per_capita < "
                "param.line(household.income_surveyed_on)"
            },
            set(),
        ),
        ({"rules.third_post.when.all.1": "household.size < 3"}, BEFORE | AFTER),
        ({"parameters.line.values.0.from": "2023-02-01"}, set()),
    ],
)
def test_what_other_readings_ask_of_a_parameter_counts(
    tmp_path: Path, patch: dict[str, str], told_same: set[tuple[str, str, str]]
) -> None:
    found = load_folder(written(tmp_path, **{"readings.yaml": reading(**patch)}))
    assert told(found, "line", SAME_VALUE) == told_same


@pytest.mark.parametrize(
    ("year", "day", "same_day"),
    [
        ("target_year - 1", "12, 31", "12, 30"),
        ("target_year + 1", "12, 31", ""),  # a year no target may name
        ("year(household.income_surveyed_on)", "12, 31", ""),
    ],
)
def test_a_year_that_any_record_may_have_is_not_told(
    tmp_path: Path, year: str, day: str, same_day: str
) -> None:
    targets = made_up.TARGETS + TARGETS.replace("date(target_year, 12, 31)", f"date({year}, {day})")
    found = load_folder(written(tmp_path, **{"targets.yaml": targets}))
    dates = {m for m in told(found, "above_the_line", SAME_VALUE) if m[0] == "of"}
    assert dates == ({("of", "31", "30")} if same_day else set())
    asked = told(found, "yearly", SAME_VALUE)
    assert bool(asked) is bool(same_day)


def test_a_day_of_a_parameter_that_another_reading_moves_is_not_told(tmp_path: Path) -> None:
    moved = reading(**{"parameters.yearly.values.1.from": "2023-01-15"})
    found = load_folder(written(tmp_path, **{"readings.yaml": moved}))
    assert told(found, "third_post", SAME_VALUE) == set()
    assert told(found, "yearly", SAME_VALUE) == set()
    assert told(found, "surveyed", SAME_VALUE) == set()  # asked for on the day a record has
