"""A ledger against the official text: exact, in other spellings, damaged, rearranged, in part."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import DOCUMENT, STATEMENTS, pack

from policy_rules.errors import NotFoundError
from policy_rules.sources import wording
from policy_rules.sources.checking import SourceCheck, check_source, text_of
from policy_rules.sources.wording import OfficialText, fingerprint

PACK = pack()


def checked(text: str) -> SourceCheck:
    return check_source(PACK, OfficialText(text))


def states(report: SourceCheck) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for match in report.matches:
        found.setdefault(match.state, []).append(match.clause.id)
    return found


def test_the_text_itself_is_found_whole() -> None:
    report = checked(DOCUMENT)
    assert report.identical
    assert states(report) == {"same": [s[0] for s in STATEMENTS]}
    assert (report.problems, report.uncovered) == ((), ())
    assert report.figures == report.figures_held > 8
    assert report.wording("1#1") == "1.对年人均纯收入低于8000元的脱贫户，列为“重点帮扶户”。"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("“重点帮扶户”", '"重点帮扶户"'),
        ("“重点帮扶户”", "「重点帮扶户」"),
        ("2023—2024", "2023-2024"),
        ("8000", "８０００"),
        ("，", ","),
        ("（试行）", " (试行) "),
        ("\n", "\r\n\u3000\u3000"),
        ("年", "年\u200b\n"),
    ],
)
def test_other_spellings_are_the_same_text(old: str, new: str) -> None:
    assert old in DOCUMENT
    report = checked(DOCUMENT.replace(old, new))
    assert report.identical
    assert not report.problems


def test_what_lost_characters_is_located_between_its_neighbours() -> None:
    report = checked(DOCUMENT.replace("列为", "列"))
    assert states(report)["differs"] == ["1#1"]
    assert [p.code for p in report.problems] == ["wording_differs"]
    assert report.wording("1#1") == "1.对年人均纯收入低于8000元的脱贫户，列“重点帮扶户”。"
    assert not report.identical


def test_a_missing_page_is_told_statement_by_statement() -> None:
    cut = DOCUMENT[: DOCUMENT.index("2.有劳动力")] + DOCUMENT[DOCUMENT.index("三、附则") :]
    report = checked(cut)
    assert states(report)["absent"] == ["2#1", "2#2", "二#0", "3#1"]
    assert not report.uncovered


def test_a_sentence_nobody_covers_is_told() -> None:
    report = checked(DOCUMENT.replace("三、附则", "另行规定。三、附则"))
    assert [report.text.wording(s) for s in report.uncovered] == ["另行规定。"]
    assert states(report) == {"same": [s[0] for s in STATEMENTS]}


def test_page_furniture_of_any_length_only_moves_the_text() -> None:
    report = checked("网站导航。" * 400 + DOCUMENT + "返回顶部。")
    assert states(report) == {"same": [s[0] for s in STATEMENTS]}
    assert len(report.uncovered) == 401


def test_what_stands_elsewhere_is_moved() -> None:
    item = DOCUMENT[DOCUMENT.index("2.有劳动力") : DOCUMENT.index("二、目标")]
    report = checked(DOCUMENT.replace(item, "") + item)
    assert states(report)["moved"] == ["2#1", "2#2"]
    assert "absent" not in states(report)


def test_figures_of_rules_are_looked_for_in_the_wording() -> None:
    report = check_source(pack("9000"), OfficialText(DOCUMENT))
    (problem,) = report.problems
    assert (problem.code, problem.got, problem.expected) == ("figure_unfounded", "`9000`", "`1#1`")
    assert problem.detail == "`rules.focus_household`"


def test_figures_of_the_text_are_looked_for_in_the_ledger() -> None:
    report = checked(DOCUMENT.replace("每月三百元", "每月五百元"))
    told = {(p.code, p.got) for p in report.problems}
    assert ("figure_unheld", "`五百`") in told
    assert ("figure_unfounded", "`300`") in told


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_lost_character_harms_one_statement(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(DOCUMENT) - 1))
    damaged = DOCUMENT[:at] + DOCUMENT[at + 1 :]
    report = checked(damaged)
    assert len(report.matches) == len(STATEMENTS)
    assert len(states(report).get("same", [])) >= len(STATEMENTS) - 1
    assert not report.uncovered


@settings(max_examples=100, deadline=None)
@given(st.text("。，一二三年户元0123456789\n ", max_size=400))
def test_any_text_gives_a_report(text: str) -> None:
    report = checked(text)
    assert len(report.matches) == len(STATEMENTS)
    for match in report.matches:
        assert (match.span is None) == (match.state == "absent")


# -- files -----------------------------------------------------------------------------------------


def test_texts_may_be_gb18030(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(DOCUMENT.encode("gb18030"))
    assert check_source(PACK, OfficialText.read(file)).identical
    file.write_bytes(b"\xef\xbb\xbf" + DOCUMENT.encode())
    assert check_source(PACK, OfficialText.read(file)).identical


def test_what_is_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "text.txt"
    file.write_bytes(b"\x89PNG\r\n\xff\xff\xff")
    with pytest.raises(NotFoundError, match="not_utf8"):
        OfficialText.read(file)
    monkeypatch.setattr(wording, "LARGEST_TEXT", 5)
    with pytest.raises(NotFoundError, match="file_too_large"):
        OfficialText.read(file)
    with pytest.raises(NotFoundError, match="cannot_read"):
        OfficialText.read(tmp_path / "nothing.txt")


def test_the_copy_of_a_pack_is_found_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("别的文件。" * 50, "utf-8")
    with pytest.raises(NotFoundError, match="no_source"):
        text_of(PACK, tmp_path)
    (tmp_path / "b.txt").write_text(DOCUMENT.replace("列为", "列"), "utf-8")
    assert text_of(PACK, tmp_path).name == "b.txt"
    (tmp_path / "c.txt").write_text(DOCUMENT, "utf-8")
    assert text_of(PACK, tmp_path).name == "c.txt"


def test_a_fingerprint_is_of_the_wording_not_of_its_spelling() -> None:
    assert fingerprint("“三保障”—　１0％") == fingerprint('"三保障" - 10%')
    assert fingerprint("一") != fingerprint("二")
