"""Pack mutation: what is changed, what notices it, what lives, and how a run ends."""

from __future__ import annotations

import json
from pathlib import Path

import mutants as made
import pytest
from typer.testing import CliRunner, Result

from policy_rules import PackError
from policy_rules.cli.app import app
from policy_rules.errors import Place, Problems
from policy_rules.expr.parser import parse
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.packs.scope import Names, PackScope
from policy_rules.testing.cases import check_cases
from policy_rules.testing.mutation import run as running
from policy_rules.testing.mutation.model import KINDS, Outcome
from policy_rules.testing.mutation.report import MutationReport
from policy_rules.testing.mutation.run import chosen, mutate
from policy_rules.testing.mutation.sites import mutants
from policy_rules.testing.mutation.texts import changes, steps


@pytest.fixture(scope="module")
def strong(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, MutationReport]:
    """A pack whose cases and second reading draw every line."""
    pack = load_folder(made.written(tmp_path_factory.mktemp("strong")))
    return pack, mutate(pack)


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pack, MutationReport]:
    """The same pack with one case."""
    folder = made.written(tmp_path_factory.mktemp("weak"), cases=made.FEW, told="")
    pack = load_folder(folder)
    return pack, mutate(pack, suggestions=False)


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


# -- what is changed ---------------------------------------------------------------------------


def of(text: str) -> set[tuple[str, str]]:
    vocabulary = load_vocabulary()
    scope = PackScope(vocabulary, Names(), "household")
    problems = Problems()
    node = parse(text, scope, Place(), problems, None)
    assert node is not None, problems.found
    lists = {n: tuple(c.values) for n, c in vocabulary.codes.items()}
    return {(c.kind, c.of(text)) for c in changes(text, node, lists)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "household.size >= 3",
            {
                ("comparator", "household.size > 3"),
                ("comparator", "household.size <= 3"),
                ("number", "household.size >= 2"),
                ("number", "household.size >= 4"),
            },
        ),
        (
            "household.type == lifted",
            {("comparator", "household.type != lifted"), ("code", "household.type == ordinary")},
        ),
        (
            "household.in_cooperative and not household.returned_to_poverty",
            {
                (
                    "connective",
                    "((household.in_cooperative) or (not household.returned_to_poverty))",
                ),
                ("condition", "((not household.returned_to_poverty))"),
                ("condition", "((household.in_cooperative))"),
                ("negation", "household.in_cooperative and (household.returned_to_poverty)"),
            },
        ),
        (
            "any(m.age < 18 for m in members if m.labour == lost)",
            {
                ("quantifier", "all(m.age < 18 for m in members if m.labour == lost)"),
                ("condition", "any(m.age < 18 for m in members)"),
                ("comparator", "any(m.age <= 18 for m in members if m.labour == lost)"),
                ("comparator", "any(m.age > 18 for m in members if m.labour == lost)"),
                ("number", "any(m.age < 17 for m in members if m.labour == lost)"),
                ("number", "any(m.age < 19 for m in members if m.labour == lost)"),
                ("comparator", "any(m.age < 18 for m in members if m.labour != lost)"),
                ("code", "any(m.age < 18 for m in members if m.labour == none)"),
            },
        ),
        (
            "household.income_surveyed_on >= date(2023, 1, 1)",
            {
                ("date", "household.income_surveyed_on >= date(2022, 12, 31)"),
                ("date", "household.income_surveyed_on >= date(2023, 1, 2)"),
                ("date", "household.income_surveyed_on >= date(2022, 12, 1)"),
                ("date", "household.income_surveyed_on >= date(2023, 2, 1)"),
            },
        ),
        (
            "household.size - 1 < 2",
            {
                ("arithmetic", "household.size + 1 < 2"),
                ("number", "household.size - 0 < 2"),
                ("number", "household.size - 2 < 2"),
            },
        ),
        (
            "household.monitoring.category in {marginal, sudden}",
            {
                ("negation", "household.monitoring.category not in {marginal, sudden}"),
                ("code", "household.monitoring.category in {sudden}"),
                ("code", "household.monitoring.category in {marginal}"),
                ("code", "household.monitoring.category in {marginal, sudden, none}"),
            },
        ),
    ],
)
def test_changes_of_an_expression(text: str, wanted: set[tuple[str, str]]) -> None:
    assert wanted <= of(text)


def test_steps_of_a_number() -> None:
    assert steps("8000") == ("7999", "8001")
    assert steps("0.5") == ("0.49", "0.51")
    assert steps("0.155") == ("0.154", "0.156")
    assert steps("0") == ("-1", "1")


def test_every_kind_is_made_and_named_by_its_place(strong: tuple[Pack, MutationReport]) -> None:
    pack, _ = strong
    found = mutants(pack)
    assert {m.kind for m in found} == set(KINDS)
    assert [m.number for m in found] == list(range(len(found)))
    told = {f"{m.place} {m.was} {m.became}" for m in found}
    lines = made.RULES.splitlines()
    row = next(i for i, line in enumerate(lines) if "household.size + 1 > 6" in line)
    column = lines[row].index("+")
    assert f"sample/rules/rules.yaml:{row + 1}:{column + 1} + -" in told


def test_nothing_is_written_into_the_tree(tmp_path: Path) -> None:
    folder = made.written(tmp_path)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    pack = load_folder(folder)
    mutate(pack, chosen(pack, kinds=["comparator"]))
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


# -- what notices ------------------------------------------------------------------------------


def test_cases_and_second_reading_hold(strong: tuple[Pack, MutationReport]) -> None:
    assert check_cases(strong[0]).failures == ()


def test_where_every_line_is_drawn_nothing_lives(strong: tuple[Pack, MutationReport]) -> None:
    _, report = strong
    assert [f"{m.place} {m.kind} {m.was} -> {m.became}" for m in report.survivors] == []
    assert report.ok
    assert report.rate == "100.00 %"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutant_of_each_kind_lives_where_cases_are_few(
    kind: str, weak: tuple[Pack, MutationReport], strong: tuple[Pack, MutationReport]
) -> None:
    """Connectives of this pack move the one case; all other kinds need what the few do not say."""
    few, many = (r.counts("kind")[kind] for _, r in (weak, strong))
    assert many["killed"] > 0
    assert many["survived"] == 0
    assert few["survived"] > 0 or kind == "connective"


def test_what_notices_is_named(strong: tuple[Pack, MutationReport]) -> None:
    _, report = strong
    by = {(m.kind, m.thing, m.was, m.became): report.outcomes[m.number].by for m in report.mutants}
    assert by["number", "parameters.line", "8000", "8001"] == ("ledger: figure_unfounded",)
    assert by["comparator", "rules.focus_household", "<", "<="] == ("case line_at",)
    assert by["exclusion", "exclusions.one_post", "public_post, one_post_only",
              "[one_post_only, public_post]"][0].startswith("case ")  # fmt: skip
    assert by["clause", "rules.focus_household", "1#1", "1#2"] == ("second reading",)
    assert by["target", "targets.in_cooperative", ">=", ">"][0] == "second reading"
    assert by["reading", "readings.whose_labour", "chosen", "weak_too"][0].startswith("case ")


def test_dates_beyond_the_document_say_nothing(strong: tuple[Pack, MutationReport]) -> None:
    _, report = strong
    told = {
        (m.thing, m.was, m.became)
        for m in report.mutants
        if report.outcomes[m.number].fate == "equivalent"
    }
    assert ("parameters.line", "2024-12-31", "2025-01-01") in told
    assert ("parameters.line", "2023-01-01", "2022-12-31") in told
    assert ("rules.public_post", "2024-12-31", "2025-01-01") in told
    assert ("parameters.line", "2024-12-31", "2024-12-30") not in told


def test_a_property_notices_what_no_case_does(tmp_path: Path) -> None:
    held = """- id: older_survey
  kind: implies
  label: {zh: 收入线以上不是重点户, en: above the line is no focus household}
  subject: household
  if: rule.focus_household
  then: income(2022).net_per_capita < 8000
"""
    pack = load_folder(made.written(tmp_path, cases=made.FEW, told="", properties__yaml=held))
    selected = [
        m for m in chosen(pack, rules=["focus_household"]) if (m.was, m.became) == ("<", ">")
    ] + list(chosen(pack, rules=["focus_household"], kinds=["condition"]))
    report = mutate(pack, selected, suggestions=False)
    assert "property older_survey" in {b for o in report.outcomes.values() for b in o.by}


def test_a_survivor_comes_with_what_would_notice_it(tmp_path: Path) -> None:
    pack = load_folder(made.written(tmp_path, cases=made.FEW, told=""))
    selected = chosen(pack, rules=["focus_household", "public_post"])
    report = mutate(pack, selected)
    hints = {
        (m.thing, m.was, m.became): report.suggestions[m.number]
        for m in report.survivors
        if m.number in report.suggestions
    }
    edge = hints["rules.focus_household", "<", "<="]
    assert (edge.kind, edge.case) == ("case", "focus")
    assert {str(v) for v in edge.change.values()} == {"8000"}
    assert '"NO"' in edge.now
    assert '"YES"' in edge.mutant
    assert hints["rules.public_post", "must", "may"].kind == "second_reading"


def test_a_person_may_say_that_a_mutant_means_the_same(tmp_path: Path) -> None:
    told = """- thing: rules.focus_household
  path: when
  became: "<="
  why: made up for this test
"""
    pack = load_folder(made.written(tmp_path, cases=made.FEW, told="", mutants__yaml=told))
    report = mutate(pack, chosen(pack, rules=["focus_household"], kinds=["comparator"]))
    fates = {(m.was, m.became): report.outcomes[m.number] for m in report.mutants}
    assert fates["<", "<="].fate == "equivalent"
    assert fates["<", "<="].detail == "made up for this test"
    assert fates["<", ">"].fate == "killed"


# -- how a run goes ----------------------------------------------------------------------------


def test_a_run_in_processes_finds_the_same(weak: tuple[Pack, MutationReport]) -> None:
    pack, report = weak
    selected = chosen(pack, sample=30, seed=3)
    again = mutate(pack, selected, jobs=2, suggestions=False)
    assert [m.number for m in again.mutants] == [m.number for m in selected]
    for mutant in selected:
        one, two = (r.outcomes[mutant.number] for r in (report, again))
        assert (one.fate, one.by) == (two.fate, two.by)


def test_a_sample_is_seeded(weak: tuple[Pack, MutationReport]) -> None:
    pack, _ = weak
    first = chosen(pack, sample=10, seed=1)
    assert first == chosen(pack, sample=10, seed=1)
    assert first != chosen(pack, sample=10, seed=2)
    assert len(first) == 10


def test_every_case_is_asked_on_demand(strong: tuple[Pack, MutationReport]) -> None:
    pack, _ = strong
    report = mutate(pack, chosen(pack, rules=["focus_household"]), every=True)
    told = report.by_case()
    assert told["type_ordinary"][0] >= 1
    assert told["line_at"][1] >= 1, "alone notices that the line is left out"
    assert report.as_dict()["cases"]["line_at"]["alone"] >= 1


def test_an_interrupt_keeps_what_was_found(
    weak: tuple[Pack, MutationReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, _ = weak
    one = running._Worker.one
    seen: list[int] = []

    def stop(self: running._Worker, mutant: object) -> object:
        if len(seen) == 30:
            raise KeyboardInterrupt
        seen.append(1)
        return one(self, mutant)

    monkeypatch.setattr(running._Worker, "one", stop)
    report = mutate(pack, suggestions=False)
    assert report.interrupted
    assert 0 < len(report.mutants) <= 30
    assert not report.ok
    assert "中断" in report.markdown("zh")


def test_a_mutant_has_a_time_limit(
    weak: tuple[Pack, MutationReport], monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, _ = weak

    def forever(self: object, mutant: object) -> Outcome:
        while True:
            pass

    monkeypatch.setattr(running.Tester, "run", forever)
    report = mutate(pack, chosen(pack)[:2], limit=0.05)
    assert [o.fate for o in report.outcomes.values()] == ["timeout", "timeout"]
    assert not report.ok


# -- the command -------------------------------------------------------------------------------


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    made.written(tmp_path / "rules" / "sample", cases=made.FEW, told="")
    return tmp_path / "rules"


def test_the_command(rules: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "report.md", tmp_path / "report.json"
    args = ("mutate", "sample", "--rules", rules, "--rule", "focus_household", "--no-suggest")
    result = run(*args, "--lang", "en", "-o", page)
    assert result.exit_code == 1, result.output
    assert "survived" in result.output.splitlines()[-1]
    assert "rules/rules.yaml:9:" in result.output
    assert "| comparator |" in page.read_text("utf-8")
    result = run(*args, "--kind", "comparator", "-o", data)
    body = json.loads(data.read_text("utf-8"))
    assert body["mutants"] == 3
    assert body["survivors"][0]["place"].startswith("sample/rules/rules.yaml:9:")
    assert "未察觉 1" in result.output


def test_the_command_with_nothing_left(tmp_path: Path) -> None:
    made.written(tmp_path / "rules" / "sample")
    result = run("mutate", "sample", "--rules", tmp_path / "rules", "--kind", "comparator")
    assert result.exit_code == 0, result.output


def test_names_that_are_not_there(rules: Path) -> None:
    result = run("mutate", "sample", "--rules", rules, "--kind", "comparater")
    assert result.exit_code == 2
    assert "是否想写 `comparator`" in result.output
    result = run("mutate", "sample", "--rules", rules, "--rule", "focus_houshold", "--lang", "en")
    assert result.exit_code == 2
    assert "did you mean `focus_household`?" in result.output


def test_an_interrupt_of_the_command(rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(self: object, mutant: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running._Worker, "one", stop)
    result = run("mutate", "sample", "--rules", rules, "--lang", "en")
    assert result.exit_code == 130
    assert "Interrupted: 0 of" in result.output


# -- the second reading ------------------------------------------------------------------------


def test_a_difference_from_the_second_reading_fails_the_check(tmp_path: Path) -> None:
    told = made.TOLD.replace('clauses: ["3#1"], force: must', 'clauses: ["2#1"], force: must')
    made.written(tmp_path / "rules" / "sample", told=told)
    result = run("check", "sample", "--rules", tmp_path / "rules", "--lang", "en")
    assert result.exit_code == 1
    assert (
        "sample/second_reading.yaml:13:3: second_reading_differs: the second reading of "
        "`targets.in_cooperative` has clauses: [2#1], the pack clauses: [3#1]"
    ) in result.output.replace("\n", "")


def test_a_second_reading_of_nothing_is_told(tmp_path: Path) -> None:
    from policy_rules.testing.second_reading import load_second_reading

    told = 'rules:\n  focus_houshold: {clauses: ["1#1"]}\n'
    pack = load_folder(made.written(tmp_path, told=told))
    with pytest.raises(PackError) as raised:
        load_second_reading(pack)
    assert "did you mean `focus_household`?" in raised.value.render("en")
