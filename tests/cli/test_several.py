"""The commands over several packs, and beside the official texts."""

from __future__ import annotations

import json
from pathlib import Path

import made_up
import pytest
import yaml
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app

RECORD = {
    "kind": "household",
    "id": "example",
    "region": "990101",
    "type": "lifted",
    "size": 2,
    "incomes": {2022: {"net": 15000}},
    "members": [{"labour": "ordinary"}],
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A folder of two packs (a county's, and a copy of it elsewhere), a record and the official text."""
    for name, code, line in (("sample", "990101", "8000"), ("other", "980101", "7000")):
        for file, text in made_up.texts(line).items():
            path = tmp_path / "rules" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = text.replace("id: sample", f"id: {name}").replace("990101", code)
            path.write_text(text, "utf-8")
    (tmp_path / "record.yaml").write_text(yaml.safe_dump(RECORD), "utf-8")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text(made_up.DOCUMENT, "utf-8")
    return tmp_path


def run(house: Path, *args: object) -> Result:
    return CliRunner().invoke(app, [*map(str, args), "--rules", str(house / "rules")])


def test_evaluate_chooses_by_region_and_date_and_says_so(house: Path) -> None:
    result = run(house, "evaluate", house / "record.yaml", "--as-of", "2023-06-30")
    assert result.exit_code == 0, result.output
    assert "按地区 990101 和评估日 2023-06-30 选用：sample" in result.stdout
    body = json.loads(
        run(
            house, "evaluate", house / "record.yaml", "--as-of", "2023-06-30", "--format", "json"
        ).stdout
    )
    assert {c["pack"]: c["applies"] for c in body["chosen"]}["other"] == "elsewhere"
    assert body["receipt"]["pack"] == "sample"


def test_packs_named_stand_side_by_side(house: Path) -> None:
    args = ("evaluate", house / "record.yaml", "--as-of", "2023-06-30", "--pack", "sample")
    result = run(house, *args, "--pack", "other")
    assert result.exit_code == 0, result.output
    assert "假设性对照：记录不在下列文件的适用地区" in result.stdout
    # 15,000 / 2 = 7,500: below the line of the one and not of the other
    row = next(line for line in result.stdout.splitlines() if "增收重点帮扶对象" in line)
    assert row.split()[1:] == ["是", "标识", "第1条第1句", "否"]
    english = run(house, *args, "--pack", "other", "--lang", "en").stdout
    assert "hypothetical" in english
    body = json.loads(run(house, *args, "--pack", "other", "--format", "json").stdout)
    assert [d["receipt"]["pack"] for d in body["determinations"]] == ["sample", "other"]


def test_a_record_without_region_is_told_what_to_do(house: Path) -> None:
    path = house / "nowhere.yaml"
    path.write_text(yaml.safe_dump(RECORD | {"region": None}), "utf-8")
    result = run(house, "evaluate", path, "--as-of", "2023-06-30")
    assert result.exit_code == 2
    assert "no_region" in result.stderr
    assert "--pack" in result.stderr


def test_the_wording_stands_beside_the_summary(house: Path) -> None:
    args = (house / "record.yaml", "--as-of", "2023-06-30", "--sources", house / "texts")
    result = run(house, "evaluate", *args[:1], *args[1:])
    assert "原文" in result.stdout
    assert "列为“重点帮扶户”。" in result.stdout
    assert "摘要(非原文)" in result.stdout
    explained = run(house, "explain", args[0], "focus_household", *args[1:])
    assert "列为“重点帮扶户”。" in explained.stdout
    body = json.loads(
        run(house, "explain", args[0], "focus_household", *args[1:], "--format", "json").stdout
    )
    assert body[0]["wordings"]["1#1"].endswith("列为“重点帮扶户”。")


def test_sources_check_and_show(house: Path) -> None:
    texts = house / "texts"
    good = run(house, "sources", "check", "sample", "--text", texts / "a.txt")
    assert good.exit_code == 0, good.output
    assert "逐字相同" in good.stdout
    assert "未覆盖的句子 0" in good.stdout
    shown = run(house, "sources", "show", "sample", "第1条第1句", "--text", texts)
    assert "列为“重点帮扶户”。" in shown.stdout
    item = run(house, "sources", "show", "sample", "2", "--text", texts, "--format", "json")
    assert [m["clause"] for m in json.loads(item.stdout)] == ["2#1", "2#2"]

    (texts / "a.txt").write_text(made_up.DOCUMENT.replace("列为", "列") + "另行规定。", "utf-8")
    bad = run(house, "sources", "check", "sample", "--text", texts / "a.txt", "--lang", "en")
    assert bad.exit_code == 1
    assert "wording_differs" in bad.stdout
    assert "not_covered" in bad.stdout
    body = json.loads(
        run(
            house, "sources", "check", "sample", "--text", texts, "--format", "json"
        ).stdout
    )  # fmt: skip
    assert body[0]["statements"] == {"same": 9, "moved": 0, "differs": 1, "absent": 0}


def test_another_document_is_refused(house: Path) -> None:
    (house / "texts" / "b.txt").write_text("别的文件。" * 90, "utf-8")
    result = run(house, "sources", "check", "sample", "--text", house / "texts" / "b.txt")
    assert result.exit_code == 2
    assert "no_source" in result.stderr


def test_diff_on_the_screen_and_as_files(house: Path) -> None:
    result = run(house, "diff", "sample", "other")
    assert result.exit_code == 0, result.output
    assert "2022年人均纯收入低于8,000元/人" in result.stdout
    assert "2022年人均纯收入低于7,000元/人" in result.stdout
    english = run(house, "diff", "sample", "other", "--lang", "en", "--format", "markdown")
    assert "| line | net income per person of 2022: less than 8,000" in english.stdout
    for name in ("d.xlsx", "d.md", "d.json"):
        path = house / name
        done = run(house, "diff", "sample", "other", "-o", path)
        assert done.exit_code == 0, done.output
        assert path.stat().st_size > 500
    body = json.loads((house / "d.json").read_text("utf-8"))
    assert body["counts"] == {"both": 3, "left": 0, "right": 0, "pairs": 3, "same": 2}
    assert body["hypothetical"]
    wrong = run(house, "diff", "sample", "other", "-o", house / "d.doc")
    assert wrong.exit_code == 2


def test_compare_shows_all_packs(house: Path) -> None:
    args = ("compare", "sample", "other")
    result = run(house, *args)
    assert "收入低于多少列为重点帮扶对象？" in result.stdout
    assert "可比的前提：收入口径、期间、对象" in result.stdout
    one = run(house, *args, "--concept", "low_income_listing", "--format", "json")
    (row,) = json.loads(one.stdout)["concepts"]
    assert set(row["packs"]) == {"sample", "other"}
    done = run(house, *args, "-o", house / "m.xlsx")
    assert done.exit_code == 0
    unknown = run(house, *args, "--concept", "low_income_listng")
    assert unknown.exit_code == 2
    assert "low_income_listing" in unknown.stderr


def test_days_are_full_dates(house: Path) -> None:
    result = run(house, "diff", "sample", "other", "--a-on", "2023-13-01")
    assert result.exit_code == 2
    assert "--a-on: bad_date" in result.stderr
