"""Records of an input in ranges: what cannot be read is told by line, file or key, and loses nobody else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policy_rules.errors import RecordError
from policy_rules.facts.dictionary import load_vocabulary
from policy_rules.tables import batch_records
from policy_rules.tables.batch_records import Entry, Source, read_leniently
from policy_rules.tables.files import open_sheets

VOCABULARY = load_vocabulary()
IDENTITY = "530103198001011234"


def entries(path: Path, *, size: int = 2, carry: tuple[str, ...] = ()) -> list[Entry]:
    ranges = Source.of(path).ranges(size, carry)
    return [entry for part in ranges for entry in part.entries(VOCABULARY, carry)]


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        (b'{"id": "\xff\xfe"}', "not_utf8", "0xFF"),
        (b"[" * 200_000 + b"]" * 200_000, "bad_json", "nested too deeply"),
        (b'{"size": ' + b"9" * 5000 + b"}", "bad_json", "a number is written wrongly"),
        (b'{"id": "h2", ', "bad_json", ""),
        (b'{"id": "' + b"x" * 300 + b'"}', "file_too_large", "311"),
    ],
    ids=["no text", "deep", "digits", "cut", "long"],
)
def test_a_line_that_is_no_record_is_told_by_its_number_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: bytes, code: str, told: str
) -> None:
    if code == "file_too_large":
        monkeypatch.setattr(batch_records, "LINE_BYTES", 200)
    path = tmp_path / "in.jsonl"
    whole = json.dumps({"id": "h", "size": 3}).encode()
    path.write_bytes(b"\xef\xbb\xbf" + whole + b"\n\n" + line + b"\n \r\n" + whole)
    first, wrong, last = entries(path)
    assert (first.problems, last.problems) == ((), ())
    assert (first.row, wrong.row, last.row) == (1, 2, 3)  # empty lines are none
    assert wrong.record is None
    assert wrong.id == ""
    (problem,) = wrong.problems
    assert (problem.code, problem.place.line) == (code, 3)
    assert told in problem.render("en")


def test_an_exponent_no_number_has_spoils_one_value_and_not_the_run(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": "a", "size": 1e9999999999999999999}\n{"id": "b", "size": 2}\n', "utf-8")
    first, second = entries(path)
    assert [p.code for p in first.problems] == ["not_a_number"]
    assert first.record is not None
    assert "size" not in first.record.row
    assert second.problems == ()
    rows = list(next(iter(open_sheets(path))).rows())
    assert [row.cells[1] for row in rows] == ["1e9999999999999999999", 2]


@pytest.mark.parametrize("name", ["in.jsonl", "in.yaml", "folder"])
def test_an_input_that_is_not_there_or_goes_away_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
        (path / "a.json").write_text('{"id": "h"}', "utf-8")
        path.joinpath("b.json").symlink_to(tmp_path / "nowhere")
        assert [e.record and e.record.id for e in entries(path)] == ["h"]  # what is no file is left
        return
    with pytest.raises(RecordError) as caught:
        Source.of(path)
    assert (caught.value.problems[0].code, name in str(caught.value)) == ("cannot_read", True)
    path.write_text("[]" if name == "in.yaml" else '{"id": "h"}\n', "utf-8")
    source = Source.of(path)
    path.unlink()
    with pytest.raises(RecordError) as caught:
        list(source.ranges(2))
    assert caught.value.problems[0].code == "cannot_read"


def test_columns_carried_along_are_texts_and_what_is_no_text_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    people = [
        {"id": "h1", "size": 2, "village": {"id": "v"}, "remark": 7},
        {"id": "h2", "remark": None, "notes": ["a"]},
    ]
    path.write_text("".join(json.dumps(p) + "\n" for p in people), "utf-8")
    first, second = entries(path, carry=("remark", "size", "notes", "village"))
    assert dict(first.carried) == {"remark": "7", "size": "2", "village": ""}
    assert dict(second.carried) == {"remark": "", "notes": ""}
    # what is carried is a fact as well, where the dictionary knows it
    assert first.record is not None
    assert (first.record.row["size"], first.problems) == (2, ())


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"external": {IDENTITY: {"a": 1}}}, "external.….a"),
        ({"external": {"guangxi": {IDENTITY: "x"}}}, "external.guangxi.…"),
        ({"incomes": {IDENTITY: {"net": "x"}}}, "incomes.…"),
        ({IDENTITY: {"a": 1}}, "…"),
        ({"plan": {"张三": {"y": 1}}}, "plan.…"),
    ],
)
def test_a_key_that_may_be_a_person_is_left_out_and_not_repeated(
    data: dict[str, Any], path: str
) -> None:
    record, problems = read_leniently({"id": "h", "type": "lifted", **data}, VOCABULARY)
    assert [p.place.path for p in problems] == [path]
    assert record.row["type"] == "lifted"
    told = " ".join(p.render(lang) for p in problems for lang in ("zh", "en"))  # type: ignore[arg-type]
    assert (IDENTITY in told, "张三" in told) == (False, False)


def test_a_record_that_stays_wrong_however_often_it_is_read_keeps_its_id_and_date() -> None:
    # each number that is told apart from the one before stands further down already
    names = ["a", "a", "a~2", "a~2~3", "a~2~3~4", "a~2~3~4~5", "a~2~3~4~5~6", "a~2~3~4~5~6~7"]
    data = {"id": "h", "as_of": "2023-06-30", "region": "530113", "type": "lifted",
            "members": [{"id": name} for name in names]}  # fmt: skip
    record, problems = read_leniently(data, VOCABULARY)
    assert {p.code for p in problems} == {"duplicate_member"}
    assert len(problems) == batch_records.ROUNDS
    assert (record.id, str(record.as_of), record.region) == ("h", "2023-06-30", "530113")
    assert "members" not in record.row
    fewer, _ = read_leniently({**data, "members": [{"id": n} for n in names[:4]]}, VOCABULARY)
    assert [m.id for m in fewer.row["members"].rows] == ["a", "a~2", "a~2~3", "a~2~3~4"]
