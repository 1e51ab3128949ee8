"""Where a pack is changed: one value of its plain data at a time."""

from __future__ import annotations

import pytest
from mutants_wide import written

from policy_rules.errors import Place, Problems
from policy_rules.expr.parser import parse
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import Names, PackScope
from policy_rules.testing.mutation.run import chosen
from policy_rules.testing.mutation.sites import mutants
from policy_rules.testing.mutation.texts import changes


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return load_folder(written(tmp_path_factory.mktemp("wide")))


def changed(pack: Pack, name: str, *kinds: str) -> set[tuple[str, str, str]]:
    """Path, what it was and what it became of the mutants of one thing."""
    return {
        (".".join(map(str, m.path)), m.was, m.became)
        for m in chosen(pack, rules=[name], kinds=kinds)
    }


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
