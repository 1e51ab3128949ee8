"""Loading a pack: everything wrong is told at once, and nothing depends on order or luck."""

from __future__ import annotations

import random
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Any

import made_up
import pytest

from policy_rules import Engine, PackError, load_pack
from policy_rules.errors import NotFoundError, Problem
from policy_rules.packs.loader import load_folder, load_texts
from policy_rules.packs.model import Pack
from policy_rules.packs.references import dependencies
from policy_rules.packs.registry import list_packs, load_together

BASE = Path(__file__).parents[1] / "bad" / "base"
TEXTS = {p.name: p.read_text("utf-8") for p in sorted(BASE.glob("*.yaml"))}
LABEL = "{zh: 规, en: rule}"


def rule(id: str, when: str, subject: str = "household", more: str = "") -> str:
    return (
        f"- id: {id}\n  concept: c\n  outcome: flag\n  subject: {subject}\n  label: {LABEL}\n"
        f'  clauses: ["1#1"]\n  force: must\n  when: {when}\n{more}'
    )


def load(**files: str) -> Pack:
    return load_texts({**TEXTS, **{f"{k.replace('__', '/')}.yaml": v for k, v in files.items()}})


def problems(**files: str) -> list[Problem]:
    with pytest.raises(PackError) as caught:
        load(**files)
    return list(caught.value.problems)


def told(**files: str) -> list[tuple[str, str, int | None]]:
    return [(p.code, p.place.file, p.place.line) for p in problems(**files)]


def verdicts(pack: Pack, record: dict[str, Any], as_of: str = "2022-12-31") -> dict[str, str]:
    engine = Engine(pack, engine="reference")
    return {f.rule.id: str(f.verdict) for f in engine.evaluate(record, as_of=as_of).findings}


# -- all at once -----------------------------------------------------------------------------------


def test_problems_of_reading_and_of_form_are_told_together_over_all_files() -> None:
    assert told(
        rules__a="- id: a\n  id: b\n",
        rules__b=rule("b", "household.dibao").replace("force: must", "force: shoud"),
        targets="- {id: x, y: 3}\n",
        parameters="parameters: {line: 3}\nother: 1\n",
    )[:4] == [
        ("wrong_type", "parameters.yaml", 1),
        ("unknown_key", "parameters.yaml", 2),
        ("duplicate_key", "rules/a.yaml", 2),
        ("not_allowed", "rules/b.yaml", 7),
    ]


def test_problems_of_meaning_are_told_together_over_all_files() -> None:
    assert told(
        rules__a=rule("a", "houshold.dibao and household.sise > 3"),
        rules__b=rule("b", "rule.nothing").replace('"1#1"', '"1#1", "9#9"'),
        rules__c=rule("a", "household.dibao"),
        readings=TEXTS["readings.yaml"].replace("1#1", "7#7"),
    ) == [
        ("unknown_clause", "readings.yaml", 2),
        ("unknown_name", "rules/a.yaml", 8),
        ("unknown_fact", "rules/a.yaml", 8),
        ("unknown_clause", "rules/b.yaml", 6),
        ("unknown_rule", "rules/b.yaml", 8),
        ("duplicate_id", "rules/c.yaml", 1),
    ]


def test_a_rule_with_a_mistake_is_not_told_to_be_missing_besides() -> None:
    rules = rule("a", "household.sise > 3") + rule("b", "rule.a and household.dibao")
    found = problems(rules__more=rules, definitions=exclusions("a, b"))
    assert [p.code for p in found] == ["unknown_fact"]


def test_missing_files_are_told_with_the_rest() -> None:
    with pytest.raises(PackError) as caught:
        load_texts({"rules.yaml": "- {id: 3}\n"})
    codes = {p.code for p in caught.value.problems}
    assert {"file_missing", "missing_key"} <= codes
    assert {p.expected for p in caught.value.problems if p.code == "file_missing"} == {
        "`pack.yaml`",
        "`clauses.yaml`",
    }


def test_a_folder_without_a_pack_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_folder(tmp_path)
    with pytest.raises(NotFoundError):
        load_pack("yunnan/nowhere")


# -- order -----------------------------------------------------------------------------------------

MANY = {
    "rules/a.yaml": rule("first", "rule.second and defined.small")
    + rule("third", "household.dibao"),
    "rules/b.yaml": rule("second", "rule.third and population.lifted_household"),
    "definitions.yaml": "definitions:\n  small:\n    label: {zh: 小户, en: small}\n    subject: household\n"
    '    type: bool\n    clauses: ["1#1"]\n    value: household.size <= param.most\n',
    "parameters/more.yaml": "parameters:\n  most:\n    label: {zh: 上限, en: most}\n    unit: persons\n"
    '    clauses: ["1#1"]\n    values:\n      - {from: 2022-01-01, to: 2024-12-31, value: 3}\n',
}


@pytest.mark.parametrize("seed", range(5))
def test_neither_meaning_nor_digest_depends_on_the_order_of_files(seed: int) -> None:
    files = list({**TEXTS, **MANY}.items())
    whole = load_texts(dict(files))
    random.Random(seed).shuffle(files)
    pack = load_texts(dict(files))
    assert pack.digest == whole.digest
    assert dict(pack.rules) == dict(whole.rules)
    family = {"type": "lifted", "dibao": True, "size": 3}
    assert verdicts(pack, family)["first"] == "YES"
    assert verdicts(pack, {**family, "size": 4})["first"] == "NO"


def test_the_digest_follows_every_file_that_decides_and_no_other(tmp_path: Path) -> None:
    digests = {load().digest}
    for name in TEXTS:
        digests.add(load_texts({**TEXTS, name: TEXTS[name] + "# a remark\n"}).digest)
    assert len(digests) == len(TEXTS) + 1
    for name, text in TEXTS.items():
        (tmp_path / name).write_text(text, "utf-8")
    before = load_folder(tmp_path).digest
    (tmp_path / "cases.yaml").write_text("cases: []\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n")
    assert load_folder(tmp_path).digest == before == load().digest


# -- rings and exclusions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "ring"),
    [
        (rule("a", "rule.a"), "a → a"),
        (rule("a", "rule.b") + rule("b", "rule.c") + rule("c", "not rule.a"), "a → b → c → a"),
        (rule("a", "any(m.rule.b for m in members)") + rule("b", "household.rule.a", "member"), "a → b → a"),
    ],
)  # fmt: skip
def test_a_ring_of_rules_is_told_with_all_that_is_in_it(rules: str, ring: str) -> None:
    (problem,) = problems(rules__more=rules)
    assert (problem.code, problem.detail) == ("cycle", f"`{ring}`")


def test_rings_apart_are_each_told() -> None:
    rules = rule("a", "rule.a") + rule("b", "rule.c") + rule("c", "rule.b") + rule("d", "rule.a")
    assert [p.detail for p in problems(rules__more=rules)] == ["`a → a`", "`b → c → b`"]


def exclusions(*ranked: str) -> str:
    lists = (f'  - {{id: x{i}, clauses: ["1#1"], ranked: [{r}]}}\n' for i, r in enumerate(ranked))
    return TEXTS["definitions.yaml"] + "exclusions:\n" + "".join(lists)


def test_a_higher_rule_excludes_those_below_it() -> None:
    rules = "".join(
        rule(n, f"household.{f}") for n, f in (("a", "dibao"), ("b", "tekun"), ("c", "relocated"))
    )
    pack = load(rules__more=rules, definitions=exclusions("a, b, c"))
    assert {n: pack.rules[n].excluded_by for n in "abc"} == {"a": (), "b": ("a",), "c": ("a", "b")}
    every = verdicts(pack, {"dibao": True, "tekun": True, "relocated": True})
    assert (every["a"], every["b"], every["c"]) == ("YES", "NO", "NO")
    open_ = verdicts(pack, {"tekun": True, "relocated": True})
    assert (open_["a"], open_["b"], open_["c"]) == ("UNKNOWN", "UNKNOWN", "UNKNOWN")


def test_exclusions_in_a_ring_are_refused() -> None:
    rules = rule("a", "household.dibao") + rule("b", "household.tekun")
    assert [
        p.code for p in problems(rules__more=rules, definitions=exclusions("a, b", "b, a"))
    ] == ["cycle"]
    uses = rule("a", "household.dibao and rule.b") + rule("b", "household.tekun")
    assert [p.code for p in problems(rules__more=uses, definitions=exclusions("a, b"))] == ["cycle"]


def test_a_member_may_be_excluded_by_the_household_and_not_the_other_way_round() -> None:
    rules = rule("a", "household.dibao") + rule("b", "member.employed", "member")
    assert load(rules__more=rules, definitions=exclusions("a, b")).rules["b"].excluded_by == ("a",)
    (problem,) = problems(rules__more=rules, definitions=exclusions("b, a"))
    assert (problem.code, problem.got, problem.place.file) == (
        "exclusion_subject",
        "`a`",
        "definitions.yaml",
    )


# -- dates -------------------------------------------------------------------------------------------


def dated(start: str, end: str) -> str:
    return f"  in_force: {{from: {start}, to: {end}, basis: {{zh: 期, en: period}}}}\n"


def test_a_rule_speaks_within_the_dates_of_its_pack() -> None:
    pack = load(rules__more=rule("a", "household.dibao", more=dated("2021-01-01", "2022-06-30")))
    period = pack.rules["a"].in_force
    assert (period.start, period.end) == (date(2022, 1, 1), date(2022, 6, 30))


@pytest.mark.parametrize(
    ("start", "end"), [("2019-01-01", "2021-12-31"), ("2025-01-01", "2025-12-31")]
)
def test_a_rule_that_never_speaks_is_refused(start: str, end: str) -> None:
    found = problems(rules__more=rule("a", "household.dibao", more=dated(start, end)))
    assert [(p.code, p.place.line) for p in found] == [("outside_pack_dates", 9)]


def test_dates_that_run_backwards_or_overlap_are_refused() -> None:
    backwards = dated("2022-06-30", "2022-01-01")
    assert "dates_reversed" in {
        p.code for p in problems(rules__more=rule("a", "household.dibao", more=backwards))
    }
    values = TEXTS["parameters.yaml"].replace(
        "value: 10000}", "value: 10000}\n      - {from: 2024-12-31, to: 2025-12-31, value: 1}"
    )
    assert [p.code for p in problems(parameters=values)] == ["dates_overlap"]
    touching = values.replace("2024-12-31, to: 2025", "2025-01-01, to: 2025")
    assert load(parameters=touching).parameters["line"].on(date(2025, 6, 1)) == 1


def test_a_parameter_has_the_value_of_the_date_and_none_outside() -> None:
    line = load().parameters["line"]
    assert [line.on(date(y, 12, 31)) for y in (2021, 2022, 2024, 2025)] == [
        None,
        10000,
        10000,
        None,
    ]


# -- readings ----------------------------------------------------------------------------------------


def patch(path: str, value: str) -> dict[str, str]:
    old = "rules.support.when: income(2021).net_per_capita <= param.line"
    assert old in TEXTS["readings.yaml"]
    return {"readings": TEXTS["readings.yaml"].replace(old, f"{path}: {value}")}


@pytest.mark.parametrize(
    ("path", "value", "code", "nearest"),
    [
        ("rules.suport.when", "household.dibao", "patch_path", "rules.support.when"),
        ("rules.support.when.all.0", "household.dibao", "patch_path", ""),
        ("rules.support.nowhere.at.all", "household.dibao", "patch_path", ""),
        ("parameters.lime.values.0.value", "3", "patch_path", "parameters.line.values.0.value"),
        ("parameters.line.values.7.value", "3", "patch_path", ""),
        ("document.in_force.form", "2022-01-01", "bad_form", ""),
        ("rules.support.clauses.0", "1#3", "unknown_clause", "1#2"),
        ("document.in_force.from", "2022", "bad_date", ""),
        ("document.in_force.from", "soon", "bad_date", ""),
        ("rules.support.when", "household.sise > 3", "unknown_fact", "size"),
        ("rules.support.when", "household.size", "type_mismatch", ""),
        ("rules.support.when", "rule.support", "cycle", ""),
        ("rules.support.force", "shoud", "not_allowed", ""),
        ("rules.support.wen", "household.dibao", "unknown_key", "when"),
        ("rules.support.outcome", "measure", "missing_key", ""),
        ("parameters.line.values.0.value", "ten", "wrong_type", ""),
        ("populations.lifted_household.when", "household.typ == lifted", "unknown_fact", "type"),
    ],
)
def test_an_alternative_that_cannot_be_carried_out_is_told_when_the_pack_is_loaded(
    path: str, value: str, code: str, nearest: str
) -> None:
    found = problems(**patch(path, value))
    assert code in {p.code for p in found}
    problem = next(p for p in found if p.code == code)
    assert (problem.place.file, problem.place.line) == ("readings.yaml", 10)
    if code != "bad_form":
        assert (problem.place.column or 0) > len(f"        {path}:")
    assert problem.nearest == nearest


def test_a_reading_taken_the_other_way_changes_what_it_names_and_nothing_else() -> None:
    pack = load()
    other = pack.with_reading("which_year", "year_before")
    family = {
        "type": "lifted",
        "incomes": {"2021": {"net_per_capita": 20000}, "2022": {"net_per_capita": 5000}},
    }
    assert verdicts(pack, family)["support"] == "YES"
    assert verdicts(other, family)["support"] == "NO"
    assert other.choices == {"which_year": "year_before"}
    assert pack.choices == {}
    assert other.populations == pack.populations


def test_a_patch_may_add_take_away_and_move_the_dates() -> None:
    gone = load(**patch("rules.support.applies_to", "null"))
    assert gone.with_reading("which_year", "year_before").rules["support"].applies_to is None
    moved = load(**patch("document.in_force.from", "2022-09-19")).with_reading(
        "which_year", "year_before"
    )
    assert moved.in_force.start == moved.rules["support"].in_force.start == date(2022, 9, 19)


@pytest.mark.parametrize(
    ("reading", "alternative", "nearest"),
    [("which_yaer", "year_before", "which_year"), ("which_year", "year_befor", "year_before")],
)
def test_an_unknown_reading_is_told_with_the_nearest(
    reading: str, alternative: str, nearest: str
) -> None:
    with pytest.raises(PackError) as caught:
        load().with_reading(reading, alternative)
    assert [p.nearest for p in caught.value.problems] == [nearest]


# -- overlays ----------------------------------------------------------------------------------------


def test_an_overlay_supplies_what_the_document_leaves_open() -> None:
    pack = load(
        rules__more=rule("a", "income(2022).net_per_capita < param.average")
        + rule("b", "any(m.external.credit for m in members)")
    )
    family: dict[str, Any] = {"incomes": {"2022": {"net_per_capita": 15000}}, "members": [{}]}
    assert [verdicts(pack, family)[n] for n in "ab"] == ["UNKNOWN", "UNKNOWN"]
    given = pack.with_overlay(
        {
            "parameters": {"average": [{"from": "2022-01-01", "to": "2022-12-31", "value": 16000}]},
            "externals": {"credit": True},
            "readings": {"which_year": {"choose": "year_before", "decided_by": "区局"}},
        }
    )
    assert [verdicts(given, family)[n] for n in "ab"] == ["YES", "YES"]
    assert verdicts(given, family, "2023-06-30")["a"] == "UNKNOWN"
    assert given.readings["which_year"].decided == "year_before"
    assert given.overlays != pack.overlays
    assert pack.parameters["average"].values == ()


def test_everything_wrong_in_an_overlay_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "overlay.yaml"
    path.write_text(
        "pack: another\nparameters:\n  line:\n    - {from: 2022-01-01, to: 2022-12-31, value: 1}\n"
        "  averge:\n    - {from: 2022-01-01, to: 2022-12-31, value: 1}\n"
        "  average:\n    - {from: 2022-12-31, to: 2022-01-01, value: 1}\n"
        "externals: {credt: true}\nreadings: {which_yaer: chosen, which_year: year_befor}\n"
    )
    with pytest.raises(PackError) as caught:
        load().with_overlay(path)
    assert [(p.code, p.place.line, p.nearest) for p in caught.value.problems] == [
        ("wrong_pack", 1, ""),
        ("not_external", 3, ""),
        ("unknown_parameter", 5, "average"),
        ("dates_reversed", 8, ""),
        ("unknown_external", 9, "credit"),
        ("unknown_reading", 10, "which_year"),
        ("unknown_alternative", 10, "year_before"),
    ]


def test_the_readings_chosen_by_default_may_be_confirmed() -> None:
    given = load().with_overlay({"readings": {"which_year": "chosen"}})
    assert given.readings["which_year"].decided == "chosen"
    assert given.rules["support"].when == load().rules["support"].when


# -- finding packs -------------------------------------------------------------------------------------


def test_a_pack_elsewhere_does_not_hide_a_built_in_one(tmp_path: Path) -> None:
    folder = tmp_path / "yunnan" / "dongchuan"
    folder.mkdir(parents=True)
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    with pytest.raises(PackError) as caught:
        list_packs(tmp_path)
    assert [p.code for p in caught.value.problems] == ["shadowed_pack"]


def test_the_vocabulary_is_no_pack() -> None:
    assert "vocabulary" not in list_packs()


# -- what uses what, and how fast ------------------------------------------------------------------------


def test_dependencies_follow_every_expression_and_exclusion() -> None:
    pack = load_texts({**TEXTS, **MANY, "definitions.yaml": MANY["definitions.yaml"] + "exclusions:\n"
                       '  - {id: x, clauses: ["1#1"], ranked: [third, support]}\n'})  # fmt: skip
    graph = dependencies(pack)
    assert graph["rules.first"] == {"rules.second", "definitions.small"}
    assert graph["definitions.small"] == {"parameters.most"}
    assert graph["rules.support"] == {
        "rules.third",
        "parameters.line",
        "populations.lifted_household",
    }


def test_clauses_know_what_encodes_them() -> None:
    encoded = load().clauses["1#1"].encoded_by
    assert {"rules.support", "parameters.line", "readings.which_year"} <= set(encoded)
    assert load().clauses["1#2"].encoded_by == ()


def test_a_pack_of_300_rules_loads_in_under_a_second() -> None:
    body = "".join(
        rule(
            f"r{i}",
            f"\n    all:\n      - income(2022).net_per_capita <= {5000 + i}\n"
            f"      - any:\n          - count(m for m in members if m.employed) < {i % 5 + 1}\n"
            f"          - household.monitoring.category in {{unstable, marginal}}\n"
            f"      - not: {'household.dibao' if i % 3 else f'rule.r{i - 1}' if i else 'household.tekun'}",
        )
        for i in range(300)
    )
    load()  # the fact dictionary and the schemas are read once
    began = time.process_time()
    assert len(load(rules__many=body).rules) == 301
    assert time.process_time() - began < 2  # a second; twice that for a busy machine


# -- a vocabulary of its own ---------------------------------------------------------------------------


def test_a_rules_folder_with_a_vocabulary_is_read_with_it(tmp_path: Path) -> None:
    rules = made_up.boats(tmp_path)
    assert verdicts(load_pack("boats/small", rules), {"boats": 1}, "2023-06-30") == {
        "focus_household": "YES"
    }
    assert load_pack("guangxi", rules).vocabulary is load_pack("guangxi").vocabulary
    (rules / "vocabulary" / "facts.yaml").unlink()
    with pytest.raises(PackError) as caught:
        load_pack("boats/small", rules)
    assert [p.code for p in caught.value.problems] == ["unknown_fact"]


def test_packs_of_two_vocabularies_are_not_asked_together(tmp_path: Path) -> None:
    rules = made_up.boats(tmp_path)
    with pytest.raises(NotFoundError) as caught:
        load_together(("boats/small", "guangxi"), rules)
    assert [p.code for p in caught.value.problems] == ["packs_apart"]


def test_a_pack_is_built_anew_when_a_file_of_it_has_changed_and_only_then(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(BASE, tmp_path / "base"))
    first = load_folder(folder)
    assert load_folder(folder) is first
    file = folder / "pack.yaml"
    as_it_was = file.read_bytes()
    file.write_bytes(as_it_was + b"# a note\n")
    second = load_folder(folder)
    assert second is not first
    assert second.digest != first.digest
    file.write_bytes(as_it_was + b"typo: 1\n")
    with pytest.raises(PackError, match="unknown_key"):
        load_folder(folder)
    file.write_bytes(as_it_was)
    assert load_folder(folder).digest == first.digest
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "more.yaml").write_text(rule("more", "known(household.size)"), "utf-8")
    assert "more" in load_folder(folder).rules


def test_a_file_that_nothing_would_read_is_told_with_the_name_it_may_have_meant(
    tmp_path: Path,
) -> None:
    folder = Path(shutil.copytree(BASE, tmp_path / "base"))
    (folder / "rules").mkdir(exist_ok=True)
    for name in ("rule.yaml", "targets.yml", "rules/more.yml"):
        (folder / name).write_text("[]\n", "utf-8")
    (folder / "cases.yaml").write_text("cases: []\n", "utf-8")
    (folder / "notes.txt").write_text("x", "utf-8")
    with pytest.raises(PackError) as caught:
        load_folder(folder)
    assert [(p.code, p.place.file, p.nearest) for p in caught.value.problems] == [
        ("unknown_file", "base/rule.yaml", "rules.yaml"),
        ("unknown_file", "base/rules/more.yml", "rules/more.yaml"),
        ("unknown_file", "base/targets.yml", "targets.yaml"),
    ]
