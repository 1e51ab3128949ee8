"""What no reader may fall over: halves of characters, control characters, keys and names that are not meant well."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attacked
import made_up
import pytest
from typer.testing import CliRunner

from policy_rules import Engine, NotFoundError, PackError, PolicyRulesError, RecordError, load_pack
from policy_rules.cli.app import app
from policy_rules.errors import Place, Problem
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.facts.record import read_record
from policy_rules.packs.registry import versions_of
from policy_rules.tables.batch_records import read_leniently

HALF = "h\ud800"
NAME = "某某某"


def codes(error: PolicyRulesError) -> list[tuple[str, str]]:
    return [(p.code, p.place.path) for p in error.problems]


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"id": HALF}, "id"),
        ({"region": HALF}, "region"),
        ({"members": [{"id": HALF}]}, "members.0.id"),
        ({"external": {HALF: {"credit": True}}}, "external.…"),
        ({"external": {"sample": {HALF: True}}}, "external.sample.…"),
    ],
)
def test_half_a_character_is_refused_in_its_place(facts: dict[str, Any], path: str) -> None:
    record = attacked.family(1, **facts)
    with pytest.raises(RecordError) as caught:
        read_record(record)
    assert codes(caught.value) == [("broken_text", path)]
    # a population keeps the household, without that value
    kept, problems = read_leniently(record, load_vocabulary())
    assert [p.code for p in problems] == ["broken_text"]
    assert kept.row["size"] == 2
    answer = Engine(made_up.pack(), engine="reference").evaluate(kept, as_of=attacked.DAY)
    json.dumps(answer.as_dict(), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"incomes": {NAME: {"net": 1}}}, "incomes.…"),
        ({"external": {NAME: 1}}, "external.…"),
        ({"external": {"sample": {NAME: 1}}}, "external.sample.…"),
        ({NAME: 1}, "…"),
        ({"members": [{NAME: 1}]}, "members.0.…"),
    ],
)
def test_a_key_that_is_a_name_stands_in_no_error(facts: dict[str, Any], path: str) -> None:
    record = attacked.family(1, **facts)
    with pytest.raises(RecordError) as caught:
        read_record(record)
    assert [p.place.path for p in caught.value.problems] == [path]
    told = json.dumps([p.as_dict() for p in caught.value.problems], ensure_ascii=False)
    assert NAME not in told + caught.value.render("zh") + caught.value.render("en")
    kept, problems = read_leniently(record, load_vocabulary())
    assert len(problems) == 1
    assert kept.row["size"] == 2


def test_a_text_with_an_escape_no_person_reads_is_refused() -> None:
    texts = made_up.texts()
    rules = texts["rules/rules.yaml"]
    for text in (r'"\ud800"', r'"\x1b[2J"', r'"\0"'):
        changed = rules.replace("household.type == lifted", f"'household.type == {text}'")
        with pytest.raises(PackError) as caught:
            made_up.load_texts({**texts, "rules/rules.yaml": changed})
        caught.value.render("zh").encode()


def test_an_error_holds_no_control_characters_whatever_its_place_is_called() -> None:
    place = Place("a\x1b[2J\udcff.csv", 1, sheet="s\x07", header="h\r\u202e")
    problem = Problem("bad_characters", place, nearest="x\x1b")
    for text in (problem.render("zh"), problem.render("en"), json.dumps(problem.as_dict())):
        assert text.isprintable()
    assert json.loads(json.dumps(problem.as_dict()))["place"]["header"] == "h··"


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes there")
def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\x1b.yaml")
    (tmp_path / name).write_text("size: x\n", "utf-8")
    script = "from policy_rules.cli.app import main; main()"
    command = ["evaluate", str(tmp_path / name), "--pack", "guangxi", "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, check=False
    )
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert json.loads(done.stdout)["problems"][0]["code"] == "not_a_number"


@pytest.mark.parametrize("command", ["evaluate", "impact"])
def test_a_households_number_does_not_reach_for_the_terminal(tmp_path: Path, command: str) -> None:
    house = attacked.house(tmp_path)
    record = attacked.family(1, id="a\x1b[31m\x1b]0;x\x07\u202eb")
    (house / "r.json").write_text(json.dumps(record), "utf-8")
    attacked.population(house, [record])
    given = {
        "evaluate": ["evaluate", f"{house}/r.json", "--pack", "sample", "--all"],
        "impact": ["impact", "other", "sample", f"{house}/in.jsonl", "--all"],
    }[command]
    result = CliRunner().invoke(app, [*given, "--rules", f"{house}/rules", "--as-of", attacked.DAY])
    assert result.exit_code == 0, result.output
    assert all(c.isprintable() or c in "\n\u3000" for c in result.output)
    assert "a·[31m" in result.output


TRICKS = [
    "../x", "/etc", "..", ".", "", "~", "a/../b", "a//b", "/a", "a/", "a\\b", "a:b", "A", "a b", "a\n", "a\x00",
    "guangxi/../guangxi", "vocabulary", "versions/guangxi", "ａ", "%2e%2e", "con", "a" * 5000,
]  # fmt: skip
VERSIONS = [
    "../../x", "/etc/passwd", "", "1.0.0/..", "1.0.0\n", "1.0.0\x00", "01.0", "1.0.0.0", "-1", "+1", "1e3", "*",
    "latest", "٣", "9" * 5000, "1@1",
]  # fmt: skip


@pytest.mark.parametrize("name", [*TRICKS, *(f"guangxi@{v}" for v in VERSIONS)])
def test_no_name_of_a_pack_leads_out_of_the_rules(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what it would lead to is there, and looks like a pack
    attacked.house(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "rules" / "versions" / "x").mkdir(parents=True)
    for folder in ("x", "rules/versions/x", "rules/sample/nested"):
        (tmp_path / folder).mkdir(exist_ok=True)
        for file, text in made_up.texts().items():
            (tmp_path / folder / file).parent.mkdir(exist_ok=True)
            (tmp_path / folder / file).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path / "rules")
    with pytest.raises(NotFoundError) as caught:
        load_pack(name, tmp_path / "rules")
    (problem,) = caught.value.problems
    assert problem.code in {"bad_pack_name", "unknown_pack", "unknown_version"}
    assert problem.render("zh").isprintable()
    assert set(versions_of(name, tmp_path / "rules")) == set()
