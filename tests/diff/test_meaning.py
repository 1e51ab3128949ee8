"""Pairs of a comparison by their meaning: on made-up packs, on real ones, in every form of report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from made_up import pack, texts
from typer.testing import CliRunner

from policy_rules import NotFoundError, Pack, compare_packs, diff_packs
from policy_rules.cli import solving
from policy_rules.cli.app import app
from policy_rules.diff.compare import PackDiff, Pair
from policy_rules.diff.generous import with_generous
from policy_rules.diff.meaning import with_meaning
from policy_rules.diff.saved import diff_cases
from policy_rules.packs.loader import load_texts
from policy_rules.packs.registry import load_pack
from policy_rules.render import comparing, markdown, workbook
from policy_rules.render.meaning import meaning_told
from policy_rules.testing.cases import Runner, read_cases
from policy_rules.yamldoc import read_yaml

LEFT = pack()
LISTING = "low_income_listing"


def changed(*edits: tuple[str, str], **files_: str) -> Pack:
    files = texts()
    for old, new in edits:
        assert old in files["rules/rules.yaml"], old
        files["rules/rules.yaml"] = files["rules/rules.yaml"].replace(old, new)
    files |= {name.replace("_", "."): text for name, text in files_.items()}
    files["pack.yaml"] = files["pack.yaml"].replace("id: sample", "id: other")
    return load_texts(files)


def asked(right: Pack, concept: str = LISTING, **options: Any) -> tuple[PackDiff, Pair]:
    report = with_meaning(diff_packs(LEFT, right, concepts=[concept]), **options)
    (found,) = report.concepts
    (one,) = found.pairs
    return report, one


@pytest.mark.parametrize(
    ("old", "new", "relation", "generous"),
    [
        ("< 8000", "< 8000.00", "same", "equal"),
        ("< 8000", "< 9000", "narrower", "right"),
        ("< 8000", "< 7000", "wider", "left"),
        ("< 8000", "<= 8000", "narrower", "right"),
        ("when: income(2022).net_per_capita < 8000", "when: not income(2022).net_per_capita >= 8000", "same", "equal"),
        ("household.type == lifted", "household.type in {lifted, ordinary}", "narrower", ""),
        ("net_per_capita <", "disposable_income_per_capita <", "overlapping", ""),
    ],
)  # fmt: skip
def test_a_pair(old: str, new: str, relation: str, generous: str) -> None:
    _, one = asked(changed((old, new)))
    assert one.meaning is not None
    assert (one.meaning.relation, one.meaning.generous) == (relation, generous)


def test_a_refactored_pack_says_the_same_with_other_conditions() -> None:
    """Not the same words: a definition turned round, the population moved into the condition."""
    right = changed(
        ("  applies_to: household.type == lifted\n", ""),
        (
            "  when: income(2022).net_per_capita < 8000\n",
            "  when:\n    not:\n      any:\n        - household.type != lifted\n        - defined.enough\n",
        ),
        definitions_yaml=(
            "definitions:\n  enough:\n    label: {zh: 够, en: enough}\n    subject: household\n"
            "    type: bool\n    clauses: ['1#1']\n    value: 8000 <= income(2022).net_per_capita\n"
        ),
    )
    _, one = asked(right)
    assert not one.same
    assert one.meaning is not None
    assert one.meaning.relation == "same"
    assert one.meaning.witness("left_only") is None


def test_what_is_not_comparable_is_asked_under_an_equivalence() -> None:
    right = changed(("net_per_capita < 8000", "disposable_income_per_capita < 9000"))
    report, one = asked(right)
    meaning = one.meaning
    assert meaning is not None
    assert meaning.not_comparable == ("income_definition",)
    assert meaning.generous == ""
    other = meaning.hypothetical
    assert other is not None
    assert (other.assumed, other.relation, other.generous) == (
        ("income_definition",), "narrower", "right",
    )  # fmt: skip
    between = other.witness("right_only")
    assert between is not None
    income = between.record["incomes"][2022]
    assert income["net_per_capita"] == income["disposable_income_per_capita"] == 8500
    assert meaning_told(one, report, "zh")[-3:] == [
        "假设性比较（把两地的收入口径视为相同）：A 比 B 窄：A 判“是”的，B 也判“是”；反过来不一定；B 对对象更有利",
        "例，只有 B 判“是”：户类型：脱贫户；2022年人均纯收入：8,500元/人；2022年人均可支配收入：8,500元/人 → A 否，B 是",
        "例，两条都判“是”：户类型：脱贫户；2022年人均纯收入：5,000元/人；2022年人均可支配收入：5,000元/人 → A 是，B 是",
    ]
    _, plainly = asked(right, assume=["income_definition"])
    assert plainly.meaning is not None
    assert (plainly.meaning.relation, plainly.meaning.generous) == ("narrower", "right")
    assert plainly.meaning.hypothetical is None


def test_amounts_decide_where_more_is_more() -> None:
    for new, generous in (("pay: 400", "right"), ("pay: 200", "left")):
        _, one = asked(changed(("pay: 300", new)), "public_welfare_post")
        assert one.meaning is not None
        assert one.meaning.relation == "same"
        assert one.meaning.answer is not None
        assert one.meaning.answer.more == generous


def test_a_relation_that_hangs_on_a_reading() -> None:
    right = changed(
        ("< 8000", "< 9000"),
        readings_yaml=(
            "- id: line\n  unclear: {zh: 线, en: line}\n  clauses: ['1#1']\n"
            "  basis: {zh: 例, en: example}\n  chosen: {zh: 九千, en: nine}\n  alternatives:\n"
            "    - id: seven\n      label: {zh: 七千, en: seven}\n      patch:\n"
            "        rules.focus_household.when: income(2022).net_per_capita < 7000\n"
        ),
    )
    report, one = asked(right)
    assert one.meaning is not None
    assert one.meaning.relation == "narrower"
    (other,) = one.meaning.readings
    assert (other.pack, other.reading, other.alternative, other.relation) == (
        "other", "line", "seven", "wider",
    )  # fmt: skip
    assert "若换一种读法（other 第1条第1句：七千），则A 较宽" in meaning_told(one, report, "zh")


def test_targets_have_no_meaning_and_time_is_kept() -> None:
    report = with_meaning(diff_packs(LEFT, changed(("< 8000", "< 9000"))), seconds=0.0)
    found = {c.concept.id: [p.meaning for p in c.pairs] for c in report.concepts}
    assert found["cooperative_joining"] == [None]
    (late,) = found[LISTING]
    assert late is not None
    assert (late.relation, late.left_out) == ("undecided", ("time",))


def test_an_unknown_equivalence_is_an_error() -> None:
    with pytest.raises(NotFoundError) as caught:
        asked(LEFT, assume=["income_definitions"])
    (problem,) = caught.value.problems
    assert (problem.code, problem.nearest) == ("not_allowed", "income_definition")


def test_the_real_income_lines() -> None:
    """10,000 and 11,000: narrower as read, comparable only under a stated equivalence."""
    report = with_meaning(diff_packs("guangxi", "yunnan/dongchuan", concepts=[LISTING]))
    (pair,) = report.concepts[0].pairs
    meaning = pair.meaning
    assert meaning is not None
    assert meaning.relation == "narrower"
    assert meaning.generous == ""
    assert {"income_definition", "window", "population"} <= set(meaning.not_comparable)
    assert "region" in meaning.set_aside
    other = meaning.hypothetical
    assert other is not None
    assert "income_definition" in other.assumed
    assert (other.relation, other.generous) == ("narrower", "right")
    between = meaning.witness("right_only")
    assert between is not None
    assert 10_000 < between.record["incomes"][2024]["net_per_capita"] <= 11_000
    told = {(r.reading, r.alternative): r.relation for r in meaning.readings}
    assert told["yearly_income_kind", "total"] == "overlapping"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_report_tells_it(lang: Any, tmp_path: Path) -> None:
    report, one = asked(changed(("< 8000", "<= 8000")))
    told = meaning_told(one, report, lang)
    at_the_line = "8,000元/人" if lang == "zh" else "8,000 yuan per person"
    assert any(at_the_line in line for line in told)
    page = markdown.diff(report, lang)
    assert f"**{told[0]}**" in page
    workbook.diff(report, tmp_path / "d.xlsx", lang)
    book = openpyxl.load_workbook(tmp_path / "d.xlsx")
    sheet = book["含义" if lang == "zh" else "meaning"]
    assert [row[3] for row in sheet.iter_rows(min_row=2, values_only=True)] == told
    data = comparing.diff_data(report)["concepts"][0]["pairs"][0]["meaning"]
    assert data["relation"] == "narrower"
    assert json.loads(json.dumps(data))["witnesses"][0]["record"]["incomes"]["2022"] == {
        "net_per_capita": 8000
    }


def test_the_most_generous_of_several() -> None:
    packs = [LEFT]
    for name, line in (("lower", "7000"), ("higher", "9000")):
        files = texts(line)
        files["pack.yaml"] = files["pack.yaml"].replace("id: sample", f"id: {name}")
        packs.append(load_texts(files))
    report = with_generous(compare_packs(packs, concepts=[LISTING]))
    assert report.generous == {LISTING: ("higher",)}
    assert "most generous" in markdown.comparison(report, "en")
    alone = with_generous(compare_packs([LEFT], concepts=[LISTING]))
    assert alone.generous == {}


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def house(tmp_path: Path) -> Path:
    for name, line in (("sample", "8000"), ("other", "9000")):
        for file, text in texts(line).items():
            path = tmp_path / "rules" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.replace("id: sample", f"id: {name}"), "utf-8")
    return tmp_path


def run(house: Path, command: str, *args: object) -> Any:
    words = [command, *map(str, args), "--rules", str(house / "rules")]
    return CliRunner().invoke(app, words)


def test_diff_on_the_command_line(house: Path) -> None:
    result = run(
        house, "diff", "sample", "other", "--concept", LISTING, "--save-case", house / "cases"
    )
    assert result.exit_code == 0, result.output
    assert "A 比 B 窄" in result.stdout
    assert "B 对对象更有利" in result.stdout
    assert "8,500元/人" in result.stdout
    assert "家庭成员不超过 4 人" in result.stdout
    for name in ("sample", "other"):
        loaded = load_pack(name, house / "rules")
        cases = read_cases(read_yaml(house / "cases" / f"{name}.yaml"), loaded)
        assert len(cases) == 2
        runner = Runner(loaded)
        assert not [p for case in cases for p in runner.run(case)]
        runner.close()
    plain = run(house, "diff", "sample", "other", "--no-meaning", "--format", "json")
    assert "meaning" in plain.stdout
    assert all(
        p["meaning"] is None for c in json.loads(plain.stdout)["concepts"] for p in c["pairs"]
    )
    wrong = run(house, "diff", "sample", "other", "--assume", "incme_definition", "--lang", "en")
    assert wrong.exit_code == 2
    assert "income_definition" in wrong.stderr


def test_without_the_solver_the_rest_is_told(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solving, "find_spec", lambda name: None)
    result = run(house, "diff", "sample", "other")
    assert result.exit_code == 0
    assert "低于9,000元/人" in result.stdout
    assert "较窄" not in result.stdout
    assert result.stderr.strip() == (
        '未比较含义：没有安装 z3-solver（pip install "policy-rules[analysis]"）'
    )


def test_compare_on_the_command_line(house: Path) -> None:
    result = run(
        house, "compare", "sample", "other", "--concept", LISTING, "--lang", "en", "--meaning"
    )
    assert "most generous: a county" in result.stdout


def test_analyse_on_the_command_line(house: Path) -> None:
    file = house / "rules" / "sample" / "rules" / "rules.yaml"
    dead = file.read_text("utf-8").replace(
        "< 8000", "< 8000 and income(2022).net_per_capita > 8000"
    )
    file.write_text(dead, "utf-8")
    result = run(house, "analyse", "sample", "--save-case", house / "cases")
    assert result.exit_code == 1
    assert "永远不会判“是”的规则 (1)" in result.stdout
    assert "focus_household" in result.stdout
    one = run(house, "analyse", "sample", "--rule", "public_post", "--format", "json")
    assert one.exit_code == 0
    (told,) = json.loads(one.stdout)["rules"]
    assert (told["rule"], told["never"], told["always"]) == ("public_post", False, False)
    loaded = load_pack("other", house / "rules")
    assert diff_cases(diff_packs(loaded, loaded)) == {}
    unknown = run(house, "analyse", "sample", "--rule", "public_pots", "--lang", "en")
    assert unknown.exit_code == 2
    assert "public_post" in unknown.stderr
