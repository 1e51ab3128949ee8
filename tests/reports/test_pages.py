"""Comparisons as one page: well formed, closed to the network, everything escaped, all that the report says."""

from __future__ import annotations

import base64
import hashlib
import sys
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import attrs
import pytest
from compared_packs import HOSTILE, RECORD, compared, hostile, matrix, meant
from html_pages import sound
from made_up import pack, texts
from typer.testing import CliRunner

from policy_rules import EvaluationError, compare_packs, diff_packs
from policy_rules.analysis.model import Bounds
from policy_rules.cli.app import app
from policy_rules.diff.meaning import Meaning, OtherReading
from policy_rules.packs.loader import load_texts
from policy_rules.render import docx
from policy_rules.render.html import environment
from policy_rules.render.html.comparison import comparison
from policy_rules.render.html.difference import difference
from policy_rules.render.html.record import record_rows
from policy_rules.render.html.typography import chinese


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("make", [
    lambda lang: comparison(matrix(), lang),
    lambda lang: difference(compared(), lang),
    lambda lang: comparison(compare_packs([pack(), hostile()]), lang),
    lambda lang: difference(diff_packs(pack(), hostile()), lang),
], ids=["matrix", "diff", "hostile matrix", "hostile diff"])  # fmt: skip
def test_a_page_is_sound_and_may_load_nothing(make: Callable[[str], str], lang: str) -> None:
    page = sound(make(lang))
    assert page.loads == []
    assert [link for link in page.links if not link.startswith("#")] == []
    assert {link[1:] for link in page.links} <= set(page.ids)
    (script,), (style,) = page.scripts, page.styles
    for text, directive in ((script, "script-src"), (style, "style-src")):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}';" in page.policy
    assert make(lang) == make(lang)


def test_labels_are_told_as_they_are() -> None:
    for text in (
        comparison(compare_packs([pack(), hostile()]), "en"),
        difference(diff_packs(pack(), hostile()), "en"),
    ):
        page = sound(text)
        assert "alert(1)" not in page.scripts[0]
        assert HOSTILE in " ".join(page.texts)
    page = sound(comparison(compare_packs([pack(), hostile()]), "en"))
    assert ("aria-label", HOSTILE) in page.attributes


def test_the_matrix_tells_every_rule_of_every_pack() -> None:
    report = matrix()
    told = " ".join(sound(comparison(report, "en")).texts)
    entries = [p for _, cells in report.rows for ps in cells.values() for p in ps]
    assert len(entries) > 100
    assert [p.label.en for p in entries if p.label.en not in told] == []
    assert [f"{p.pack}.{p.thing.id}" for p in entries if f"{p.pack}.{p.thing.id}" not in told] == []


def test_two_versions_of_a_pack_are_told_apart() -> None:
    files = texts()
    files["pack.yaml"] = files["pack.yaml"].replace("version: 1.0.0", "version: 1.1.0")
    page = sound(difference(diff_packs(pack(), load_texts(files)), "en"))
    assert "a county 1.0.0 ↔ a county 1.1.0" in page.texts


def test_the_most_generous_region_is_named_where_there_is_one() -> None:
    report = attrs.evolve(matrix(), generous={"low_income_listing": ("yunnan/mengyong",)})
    page = sound(comparison(report, "zh"))
    assert "对对象最有利：临沧市耿马县勐永镇" in page.texts
    assert page.texts.count("对对象最有利") == 1
    marks = [value for name, value in page.attributes if name == "data-mentioned"]
    assert sum("ranked" in mark for mark in marks) == 1


def test_the_difference_tells_both_sides_and_the_clauses() -> None:
    told = sound(difference(diff_packs(pack(), pack("9000")), "zh")).texts
    assert {
        "2022年人均纯收入低于8,000元/人",
        "2022年人均纯收入低于9,000元/人",
        "第1条第1句",
    } <= set(told)


# -- meaning ---------------------------------------------------------------------------------------


def test_a_meaning_is_told_with_its_witness_and_both_answers() -> None:
    page = sound(difference(meant(), "zh"))
    told = "\n".join(page.texts)
    for part in (
        "A 比 B 窄", "B 对对象更有利", "只有 B 判“是”", "家庭成员不超过 4 人", "8,500元/人", "脱贫户", "每月300元", "成员 m2"
    ):  # fmt: skip
        assert part in told, part
    assert ("data-difference", "plainly line condition means_narrower") in page.attributes
    assert "A is narrower" in "\n".join(sound(difference(meant(), "en")).texts)


def test_what_is_not_comparable_or_not_decided_says_why() -> None:
    under = Meaning("wider", (), Bounds(), assumed=("income_definition",))
    report = meant(
        relation="undecided", generous="", not_comparable=("window",), hypothetical=under, left_out=("time",)
    )  # fmt: skip
    told = "\n".join(sound(difference(report, "zh")).texts)
    for part in ("未能判定", "时间用完", "期间不一致", "假设收入口径相同", "A 比 B 宽"):
        assert part in told, part


def test_other_readings_of_a_meaning_name_their_clause() -> None:
    report = compared()
    concept, pair = next((c, p) for c in report.concepts for p in c.pairs if p.readings)
    hanging = pair.readings[0]
    other = OtherReading(
        hanging.pack, hanging.reading.id, hanging.alternative.id, "disjoint", hanging.side
    )
    meaning = Meaning("same", (), Bounds(), readings=(other,))
    changed = attrs.evolve(concept, pairs=(attrs.evolve(pair, meaning=meaning),))
    told = "\n".join(sound(difference(attrs.evolve(report, concepts=(changed,)), "zh")).texts)
    (line,) = (text for text in told.split("\n") if text.startswith("若换一种读法"))
    assert str(chinese(hanging.alternative.label.zh)) in line
    assert "互不相交" in line


def test_a_record_reads_as_labels_and_values() -> None:
    vocabulary = pack().vocabulary
    rows = {r.name: r for r in record_rows(RECORD, vocabulary, {}, "zh")}
    assert rows["户类型"].value == "脱贫户"
    assert rows["各年度收入 · 2022年 · 人均纯收入"].value == "8,500元/人"
    members = rows["家庭成员"]
    assert [r.name for r in members.rows] == ["成员 m1", "成员 m2 · 劳动技能"]
    assert members.rows[1].value == "未登记"
    only = frozenset({("household", "type")})
    (row,) = record_rows(RECORD, vocabulary, {}, "en", only)
    assert row.value == vocabulary.codes["household_type"].values["lifted"].en


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["html", "docx"])
def test_the_commands_write_files_whole(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{kind}"
    line = ["--concept", "增收重点帮扶对象", "--no-meaning"]
    wholes = []
    for args in (["diff", "yunnan/mengyong", "yunnan/mengyong"], ["compare", "yunnan/mengyong"]):
        done = CliRunner().invoke(app, [*args, *line, "-o", str(path)])
        assert done.exit_code == 0, done.output
        assert [p.name for p in tmp_path.iterdir()] == [path.name]
        wholes.append(path.read_bytes())
    assert wholes[0] != wholes[1]
    nowhere = str(tmp_path / "no" / path.name)
    done = CliRunner().invoke(app, ["compare", "yunnan/mengyong", *line, "-o", nowhere])
    assert done.exit_code == 2
    assert "cannot_write" in done.output


@pytest.mark.parametrize("package", ["jinja2", "docx"])
def test_without_the_extra_the_command_to_install_is_named(
    package: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    environment.environment.cache_clear()
    report = compare_packs([pack()])
    page: Callable[[], object] = partial(comparison, report, "en")
    paper: Callable[[], object] = partial(docx.comparison, report, tmp_path / "x.docx", "en")
    with pytest.raises(EvaluationError, match="extra_missing") as caught:
        (page if package == "jinja2" else paper)()
    assert "policy-rules[reports]" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    environment.environment.cache_clear()


def test_a_word_document_repeats_heads_and_sets_chinese_fonts(tmp_path: Path) -> None:
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn

    path = tmp_path / "d.docx"
    docx.diff(meant(), path, "zh")
    book = Document(str(path))
    for table in book.tables:
        assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    for name in ("Normal", "Heading 1", "Title"):
        fonts = book.styles[name].element.rPr.rFonts
        assert fonts.get(qn("w:eastAsia")) in ("宋体", "黑体")
        assert fonts.get(qn("w:eastAsiaTheme")) is None
    told = "\n".join(
        [p.text for p in book.paragraphs]
        + [cell.text for table in book.tables for row in table.rows for cell in row.cells]
    )
    for part in ("A 比 B 窄", "第1条第1句：摘要", "8,500元/人", "2022年人均纯收入低于9,000元/人"):
        assert part in told, part
    before = path.read_bytes()
    docx.diff(meant(), path, "zh")
    assert path.read_bytes() == before
    docx.comparison(compare_packs([pack(), hostile()]), path, "en")
    (section,) = Document(str(path)).sections
    assert section.orientation == WD_ORIENT.LANDSCAPE
    assert section.page_width > section.page_height
    docx.diff(diff_packs(pack(), hostile()), path, "en")
    assert HOSTILE in "\n".join(c.text for t in Document(str(path)).tables for c in t._cells)


@pytest.mark.parametrize(
    ("plain", "printed"),
    [
        ("方案(2022—2024年)", "方案（2022—2024年）"),
        ("三(四)18", "三（四）18"),
        ("建两个园,带动群众;其中", "建两个园，带动群众；其中"),
        ("依据:第4条", "依据：第4条"),
        ("1,000元", "1,000元"),
        ("2022-01-01: a (b), c", "2022-01-01: a (b), c"),
        ("甲(乙(丙))", "甲（乙（丙））"),
        ("guangxi@1.0.0", "guangxi@1.0.0"),
    ],
)
def test_chinese_punctuation(plain: str, printed: str) -> None:
    assert chinese(plain) == printed
    assert chinese(printed) == printed


def test_figures_of_days_and_numbers_stay() -> None:
    assert chinese(date(2022, 1, 1)) == date(2022, 1, 1)
    assert chinese("到 2022-12-31 ≥ 65%") == "到 2022-12-31 ≥ 65%"
