"""What refutes a property is kept small, without a name, and fails again until it has been argued."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from policy_rules import PackError
from policy_rules.cli.app import app
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.packs.loader import load_folder
from policy_rules.packs.model import Pack
from policy_rules.testing.cases import Runner, load_cases, read_cases
from policy_rules.testing.counterexamples import (
    Counterexample,
    anonymous,
    try_property,
    write_unargued,
)
from policy_rules.testing.properties import load_properties
from policy_rules.testing.trying import Trial
from policy_rules.yamldoc import parse_yaml, read_yaml

SAMPLE = Path(__file__).parents[1] / "sample_project" / "packs"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE, tmp_path / "packs")
    return tmp_path / "packs" / "orchard"


def load(folder: Path) -> Pack:
    return load_folder(folder, vocabulary=load_vocabulary(folder.parent))


def change(folder: Path, old: str, new: str, file: str = "rules/orchard.yaml") -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new), "utf-8")


def refuted(pack: Pack, name: str) -> Counterexample:
    trial = Trial(pack, load_cases(pack), 0)
    (wanted,) = (p for p in load_properties(pack) if p.id == name)
    _, problem, found = try_property(trial, wanted, 60)
    assert problem is not None
    assert problem.code == "property_failed"
    assert found is not None
    return found


def told(pack: Pack, file: Path) -> list[tuple[str, str]]:
    (case,) = read_cases(read_yaml(file), pack)
    return [(p.code, p.detail) for p in Runner(pack).run(case)]


def test_a_saved_case_fails_the_same_way_until_it_is_right_and_argued(folder: Path) -> None:
    change(folder, "pay: 3000", "pay: 3500")
    pack = load(folder)
    (file,) = write_unargued(
        folder / "cases", pack, [refuted(pack, "subsidy_within_the_cap").as_case()]
    )
    assert file.name == "orchard_subsidy_within_the_cap_refuted.yaml"
    saved = yaml.safe_load(file.read_text("utf-8"))["cases"][0]
    assert set(saved["record"]) == {"kind", "orchard", "membership"}
    again = [("property_failed", "subsidy_within_the_cap"), ("case_unargued", "")]
    assert told(pack, file) == again
    assert told(load(folder), file) == again  # from its place beside the other cases, too

    change(folder, "pay: 3500", "pay: 3000")  # the fault is mended, the case is not argued yet
    assert told(load(folder), file) == again[1:]
    text = file.read_text("utf-8").replace(
        "  argued: false\n", "  expect: {replanting_subsidy: {verdict: YES, amount: 3000}}\n"
    )
    file.write_text(text, "utf-8")
    assert told(load(folder), file) == []


def test_of_a_monotone_property_the_moved_fact_is_kept(folder: Path) -> None:
    change(folder, "member.age >= 16", "16 <= member.age <= 60")
    pack = load(folder)
    found = refuted(pack, "older_stays_trained_first")
    (path, age), *_ = found.moved.items()
    assert path.startswith("members.")
    assert age > 60
    assert all(set(m) <= {"age", "trained"} for m in found.record["members"])
    (file,) = write_unargued(folder / "cases", pack, [found.as_case()])
    assert told(pack, file)[0] == ("property_failed", "older_stays_trained_first")


def test_nobodys_name_or_number_is_kept() -> None:
    from policy_rules import load_pack

    pack = load_pack("tongren")
    record = {
        "id": "H-张三",
        "region": "520602001001",
        "external": {"other/pack": {"x": True}},
        "members": [
            {
                "id": "520602199001011234",
                "age": 40,
                "work_spells": [
                    {"county": "441900", "from": "2023-01"},
                    {"county": "520602", "id": "李四"},
                ],
            }
        ],
        "cooperative_links": [{"entity_id": "王五合作社"}, {"entity_id": "王五合作社"}],
        "incomes": {2022: {"net": 13800001234567}},
    }
    kept = anonymous(record, pack)
    assert kept["members"][0] == {
        "age": 40,
        # the code of Dongguan stands in a condition, the other county's does not
        "work_spells": [{"county": "441900", "from": "2023-01"}, {"county": "t1"}],
    }
    assert [link["entity_id"] for link in kept["cooperative_links"]] == ["t2", "t2"]
    text = str(kept)
    assert not any(w in text for w in ("张三", "李四", "王五", "5206", "138000", "other/pack"))


def case(text: str, pack: Pack) -> Any:
    document = parse_yaml(
        f"cases:\n  - {{id: x, record: {{size: 1}}, as_of: 2023-06-30, {text}}}\n", "c"
    )
    return read_cases(document, pack)


def test_what_may_stand_in_a_case(folder: Path) -> None:
    pack = load(folder)
    (kept,) = case("expect: {small_orchard: UNKNOWN}, holds: [{property: no_such}]", pack)
    (problem,) = Runner(pack).run(kept)
    assert (problem.code, problem.got) == ("unknown_name", "`no_such`")
    (unargued,) = case("argued: false", pack)
    assert not unargued.argued
    for text, code in {
        "holds: [{property: subsidy_within_the_cap}]": "missing_key",
        "argued: true": "not_allowed",
        "argued: false, holds: [{moved: {size: 2}}]": "missing_key",
    }.items():
        with pytest.raises(PackError) as caught:
            case(text, pack)
        assert caught.value.problems[0].code == code, text


def test_check_saves_what_refutes_a_property(folder: Path, tmp_path: Path) -> None:
    change(folder, "pay: 3000", "pay: 3500")
    arguments = ["check", "orchard", "--rules", str(folder.parent), "--lang", "en"]
    result = CliRunner().invoke(app, [*arguments, "--save-case", str(tmp_path / "saved")])
    assert result.exit_code == 1
    (file,) = (tmp_path / "saved").iterdir()
    assert told(load(folder), file)[0] == ("property_failed", "subsidy_within_the_cap")
    (folder / "cases").mkdir()
    shutil.copy(file, folder / "cases" / file.name)
    assert "case_unargued" in CliRunner().invoke(app, arguments).output
