"""Two packs beside each other on the terminal, in Markdown and in Word: readings, what only one has, what is more."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final

import attrs
import pytest
from compared_packs import meant
from html_pages import sound
from made_up import pack, texts
from rich.console import Console, RenderableType

from policy_rules import Pack, compare_packs, diff_packs
from policy_rules.diff.compare import ASPECTS, Comparison, PackDiff
from policy_rules.errors import Lang
from policy_rules.packs.loader import load_texts
from policy_rules.render import comparing, docx, markdown
from policy_rules.render.html.difference import difference
from policy_rules.render.site import site_files

LANGUAGES: Final[tuple[Lang, ...]] = ("zh", "en")
LINES: Final = (7000, 7500, 8500, 9500)
READINGS: Final = (
    "- id: line\n  unclear: {zh: 线, en: line}\n  clauses: ['1#1']\n"
    "  basis: {zh: 例, en: example}\n  chosen: {zh: 所采, en: chosen}\n  alternatives:\n"
) + "".join(
    f"    - id: at_{n}\n      label: {{zh: 读作{n}, en: read as {n}}}\n      patch:\n"
    f"        rules.focus_household.when: income(2022).net_per_capita < {n}\n"
    for n in LINES
)
LISTED: Final = """- id: listed_ID
  concept: low_income_listing
  outcome: flag
  subject: household
  label: {zh: 另列之户ID, en: also listed ID}
  clauses: ["1#2"]
  force: may
  when: household.size >= ID
"""


def edited(name: str, *edits: tuple[str, str], more: str = "", readings: str = "") -> Pack:
    files = texts()
    for old, new in edits:
        assert old in files["rules/rules.yaml"], old
        files["rules/rules.yaml"] = files["rules/rules.yaml"].replace(old, new)
    files["rules/rules.yaml"] += more
    if readings:
        files["readings.yaml"] = readings
    files["pack.yaml"] = files["pack.yaml"].replace("id: sample", f"id: {name}")
    region = "name: {zh: 某县, en: a county}"
    files["pack.yaml"] = files["pack.yaml"].replace(
        region, f"name: {{zh: {name}县, en: {name} county}}"
    )
    return load_texts(files)


@cache
def compared() -> PackDiff:
    """One line with four other readings; a rule more on the right; a concept on either side alone."""
    left = edited("left", readings=READINGS)
    right = edited(
        "right",
        ("< 8000", "< 9000"),
        ("concept: public_welfare_post", "concept: skills_training"),
        more=LISTED.replace("ID", "3") + LISTED.replace("ID", "4"),
    )
    return diff_packs(left, right)


@cache
def matrix(most_generous: str = "") -> Comparison:
    left = edited("left", more="".join(LISTED.replace("ID", str(n)) for n in range(2, 6)))
    report = compare_packs([left, compared().right])
    return attrs.evolve(report, generous={"low_income_listing": (most_generous,)})


def screen(shown: RenderableType) -> str:
    console = Console(width=240, file=io.StringIO(), highlight=False)
    console.print(shown)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


# -- two -----------------------------------------------------------------------------------------------


def test_the_terminal_shows_three_other_readings_and_counts_the_rest() -> None:
    zh, en = (screen(comparing.diff(compared(), lang)) for lang in LANGUAGES)
    assert ("其他读法：" in zh, "other readings:" in en) == (True, True)
    assert sum(f"读作{n}" in zh for n in LINES) == 3
    assert ("另有 1 种(--all)" in zh, "1 more (--all)" in en) == (True, True)
    whole = screen(comparing.diff(compared(), "zh", everything=True))
    assert all(f"读作{n}" in whole for n in LINES)
    assert "(--all)" not in whole


def test_rules_without_counterpart_are_counted_and_listed_with_all() -> None:
    zh, en = (screen(comparing.diff(compared(), lang)) for lang in LANGUAGES)
    assert ("B 另有 2 条(--all)" in zh, "2 more in B (--all)" in en) == (True, True)
    assert "另列之户3" not in zh
    whole = screen(comparing.diff(compared(), "en", everything=True))
    (line,) = (row for row in whole.splitlines() if "also listed 3" in row)
    assert (line.strip().startswith("B"), "flag" in line, "statement 2" in line) == (
        True, True, True,
    )  # fmt: skip


def test_concepts_of_one_document_alone_stand_last_and_are_called_not_mentioned() -> None:
    zh, en = (screen(comparing.diff(compared(), lang)) for lang in LANGUAGES)
    assert "只在 A 中(right县的文件未提及) (1)" in zh
    assert "only in A (not mentioned in the document of right county) (1)" in en
    assert "只在 B 中(left县的文件未提及) (1)" in zh
    assert zh.index("只在 A 中") < zh.index("只在 B 中")
    assert zh.rindex("公益性岗位") > zh.index("只在 A 中")


def test_markdown_has_the_same_in_tables_and_lists() -> None:
    zh, en = (markdown.diff(compared(), lang).splitlines() for lang in LANGUAGES)
    assert "## 只在 A 中(right县的文件未提及)" in zh
    assert "## Only in B (not mentioned in the document of left county)" in en
    assert "| 事项 | 规则或目标 | 类别 | 条款 |" in zh
    rows = [line for line in en if "| public post | measure |" in line]
    assert len(rows) == 2  # under either document alone
    assert all(row.endswith("| 2, statement 2 |") for row in rows)
    assert [line.partition("读作")[2][:4] for line in zh if "读作" in line] == [
        str(n) for n in LINES
    ]
    assert "B 另有：另列之户3 (第1条第2句)；另列之户4 (第1条第2句)" in zh
    assert "Also in B: also listed 3 (1, statement 2); also listed 4 (1, statement 2)" in en


def in_word(write: Callable[[Path], None], path: Path) -> str:
    from docx import Document

    write(path)
    book = Document(str(path))
    told = [p.text for p in book.paragraphs]
    return "\n".join(told + [cell.text for table in book.tables for cell in table._cells])


@pytest.mark.parametrize(
    ("lang", "parts"),
    [
        ("zh", ["B 另有，没有对应：", "另列之户3（第1条第2句）", "其他读法：", "读作7000",
                "只在 A 中（right县的文件未提及）", "第2条第2句：摘要", "只在 B 中（left县的文件未提及）"]),
        ("en", ["Also in B, without counterpart:", "also listed 3 (1, statement 2)", "Other readings:", "read as 7000",
                "Only in A (not mentioned in the document of right county)", "2, statement 2: summary"]),
    ],
)  # fmt: skip
def test_word_has_what_only_one_side_has_with_summaries(
    lang: Lang, parts: list[str], tmp_path: Path
) -> None:
    text = in_word(partial(docx.diff, compared(), lang=lang), tmp_path / "d.docx")
    assert [part for part in parts if part not in text] == []


def test_word_tells_what_holds_under_an_equivalence_besides(tmp_path: Path) -> None:
    concept = meant().concepts[0]
    plain = concept.pairs[0].meaning
    assert plain is not None
    other = attrs.evolve(plain, relation="wider", assumed=("window",), witnesses=())
    report = meant(hypothetical=other, not_comparable=("window",), generous="")
    text = in_word(partial(docx.diff, report, lang="zh"), tmp_path / "d.docx")
    assert ("A 比 B 窄" in text, "A 比 B 宽" in text) == (True, True)
    assert text.index("A 比 B 窄") < text.index("A 比 B 宽")
    assert "A 比 B 宽" in difference(report, "zh")


# -- several ---------------------------------------------------------------------------------------------


def test_the_matrix_cuts_long_cells_and_leaves_out_what_one_document_alone_has() -> None:
    zh, en = (screen(comparing.comparison(matrix("right"), lang)) for lang in LANGUAGES)
    assert ("另有 2 条" in zh, "2 more" in en) == (True, True)
    assert "另有 2 个事项只有一份文件提到(--all)" in zh
    assert "2 more concepts stand in one document only (--all)" in en
    assert ("技能培训" in zh, "公益性岗位" in zh) == (False, False)
    assert "对对象最有利：right县" in zh
    whole = screen(comparing.comparison(matrix("right"), "zh", everything=True))
    assert all(f"另列之户{n}" in whole for n in range(2, 6))
    assert ("公益性岗位" in whole, "(--all)" in whole, "—" in whole) == (True, False, True)


def test_markdown_and_word_name_the_most_generous(tmp_path: Path) -> None:
    page = markdown.comparison(matrix("right"), "en").splitlines()
    (heads,) = (line for line in page if line.startswith("| concept |"))
    assert heads == "| concept | left county | right county | most generous |"
    rows = [line for line in page if line.startswith("|")][2:]
    assert [row.split("|")[-2].strip() for row in rows].count("right county") == 1
    text = in_word(partial(docx.comparison, matrix("right"), lang="zh"), tmp_path / "m.docx")
    assert "对对象最有利：right县" in text
    plain = markdown.comparison(compare_packs([pack()]), "zh")
    assert "对对象最有利" not in plain


# -- lists of the explorer ---------------------------------------------------------------------------------


TABLES: Final = """tables:
  award:
    label: {zh: 奖补标准, en: award}
    clauses: ["2#2"]
    kind: lookup
    codes: labour
    unit: yuan
    rows:
      - {key: ordinary, value: 500}
      - {key: skilled, value: 800}
  steps:
    label: {zh: 分档, en: steps}
    clauses: ["2#2"]
    kind: tier
    key_unit: yuan
    unit: yuan
    rows:
      - {to: 1000, includes: lower, value: 10}
      - {from: 1000, includes: lower, value: 20}
  sliced:
    label: {zh: 分段, en: slices}
    clauses: ["2#2"]
    kind: slices
    key_unit: yuan
    unit: yuan
    rows:
      - {from: 0, to: 500, value: 0.02}
      - {from: 500, value: 0.03}
exclusions:
  - {id: one_of_two, clauses: ["2#2"], ranked: [public_post, focus_household]}
"""


def test_the_explorer_lists_tables_with_units_and_rankings_in_their_order() -> None:
    pages = site_files([load_texts({**texts(), "definitions.yaml": TABLES})])

    def told(section: str, tree: str = "") -> str:
        return " ".join(sound(pages[f"{tree}sample/{section}/index.html"]).texts)

    zh, en = told("tables"), told("tables", "en/")
    for row in (
        "“普通劳动力” → 500元",
        "… – 1,000元 → 10元",
        "1,000元 – … → 20元",
        "0元 – 500元 → 2%",
    ):
        assert row in zh, row
    for row in ("… – 1,000 yuan → 10 yuan", "1,000 yuan – … → 20 yuan", "0 yuan – 500 yuan → 2%"):
        assert row in en, row
    # a ranking has no name: its id stands for it, on the page and in the search
    zh, en = told("exclusions"), told("exclusions", "en/")
    assert "公益性岗位 → 重点帮扶户" in zh
    assert "public post → focus household" in en
    assert zh.count("one_of_two") == 2
    (line,) = (x for x in pages["assets/search-zh.js"].splitlines() if "one_of_two" in x)
    assert line.startswith('["排除关系","某县","one_of_two"')


def test_a_pack_beside_itself_says_the_same_and_of_what_agrees_in_nothing_no_more_is_said(
    tmp_path: Path,
) -> None:
    report = diff_packs(pack(), pack())
    zh, en = (screen(comparing.diff(report, lang)) for lang in LANGUAGES)
    assert "配对 3，其中所写相同 3" in zh
    assert "3 pairs, 3 the same" in en
    assert (zh.count("→ 两份文件所写相同"), en.count("→ the two say the same")) == (3, 3)
    assert markdown.diff(report, "zh").count("\n两份文件所写相同\n") == 3
    # a concept that wants nothing to agree, two rules with nothing in common
    (first, *_) = report.concepts
    apart = attrs.evolve(first.pairs[0], differs=ASPECTS, agreement={})
    report = attrs.evolve(report, concepts=(attrs.evolve(first, pairs=(apart,)),))
    text = screen(comparing.diff(report, "zh"))
    assert ("→" in text, "\n相同 " in text) == (False, False)
    assert "say the same" not in markdown.diff(report, "en")
    told = in_word(partial(docx.diff, report, lang="zh"), tmp_path / "d.docx")
    assert ("两份文件所写相同" in told, "相同：" in told) == (False, False)
