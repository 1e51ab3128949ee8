"""One bad input a code, with the whole of what is said of it in expected.txt.

A folder is named after its code (and what sets it apart, after two underscores). Its files replace
those of ``base``, a small right pack; ``record``, ``overlay``, ``cases`` and ``facts`` files are read
with that pack. ``pytest tests/bad --update-expected`` rewrites what is expected.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import bad_batch
import bad_tables
import bad_testing
import bad_versions
import made_up
import pytest

from policy_rules import Engine, EngineDisagreement, compare_packs, evaluate_all, load_pack
from policy_rules._messages import MESSAGES
from policy_rules._phrases import translated
from policy_rules.engine.durable import loading
from policy_rules.engine.durable.driver import DurableFailure
from policy_rules.engine.durable.evaluator import DurableEvaluator
from policy_rules.errors import (
    NotFoundError,
    PackError,
    Place,
    PolicyRulesError,
    Problem,
    RecordError,
)
from policy_rules.facts.dictionary import build_vocabulary
from policy_rules.facts.files import read_record_file
from policy_rules.facts.record import read_record
from policy_rules.packs.loader import load_folder
from policy_rules.packs.registry import list_packs
from policy_rules.render import site, workbook
from policy_rules.sources.checking import check_source, text_of
from policy_rules.sources.ledger import audit
from policy_rules.sources.wording import OfficialText
from policy_rules.tables.frames import Population
from policy_rules.testing.cases import Runner, load_cases, read_cases
from policy_rules.testing.trying import check_properties
from policy_rules.yamldoc import parse_yaml, read_yaml

HERE = Path(__file__).parent
BASE = HERE / "base"
CASES = sorted(p.name for p in HERE.iterdir() if (p.is_dir() and p != BASE and p.name[0] != "_"))


def told(case: str, tmp: Path) -> PolicyRulesError:
    """What is raised for a case."""
    folder = tmp / "bad"
    shutil.copytree(BASE, folder)
    given = {p.stem: p for p in (HERE / case).iterdir() if p.name != "expected.txt"}
    for stem in given.keys() - {"overlay", "cases", "facts", "record"}:
        copy = shutil.copytree if given[stem].is_dir() else shutil.copyfile
        copy(given[stem], folder / given[stem].name)
    try:
        if "facts" in given:
            build_vocabulary(read_yaml(given["facts"], "facts.yaml"))
        elif "record" in given:
            document = read_record_file(given["record"])
            read_record(document.data, document=document)
        pack = load_folder(folder, "bad")
        if "overlay" in given:
            pack.with_overlay(given["overlay"])
        elif "cases" in given:
            (one,) = read_cases(read_yaml(given["cases"], "cases.yaml"), pack)
            raise PackError(Runner(pack).run(one))
        raise PackError(audit(pack).problems)
    except PolicyRulesError as error:
        return error


def compared(case: str, error: PolicyRulesError, update: bool) -> None:
    """Both languages, as stored."""
    said = f"{error.render('en')}\n\n{error.render('zh')}\n".replace(f"{HERE}{os.sep}", "")
    expected = HERE / case / "expected.txt"
    if update:
        expected.write_text(said, "utf-8")
    assert said == expected.read_text("utf-8")


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_of_a_bad_input(
    case: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    error = told(case, tmp_path)
    assert case.split("__")[0] in {p.code for p in error.problems}
    compared(case, error, request.config.getoption("--update-expected", default=False))


def sentence(line: str) -> str:
    """A line without place and code."""
    return next(line.split(f"{c}: ", 1)[1] for c in MESSAGES if f": {c}: " in line)


def stored(case: str) -> str:
    return (HERE / case / "expected.txt").read_text("utf-8")


@pytest.mark.parametrize("case", [c for c in CASES if c != "case_failed"])  # quotes a finding
def test_chinese_holds_no_english_and_names_no_python_type(case: str) -> None:
    english, chinese = stored(case).strip().split("\n\n")
    for line in chinese.splitlines():
        said = sentence(line)
        assert translated(said), said
        assert not re.search(r"[;:!?()] |,", re.sub(r"`[^`]*`|\{zh.*?\}|\[.*?\]", "", said)), said
    for line in english.splitlines():
        said = re.sub(r"`[^`]*`", "", sentence(line))
        assert not re.search(r"\b(str|int|dict|None|True|False|Decimal|NoneType)\b", said), said
        assert not said.endswith(".")
        assert said[:1] == said[:1].lower()


def test_every_code_has_a_bad_input() -> None:
    covered = {case.split("__")[0] for case in CASES} | set(PRODUCED)
    # what coverage prints; no error
    assert covered == set(MESSAGES) - {"_nearest", "leaf_never_decided"}


# -- codes that take more than a small file --------------------------------------------------------


def _pack_without_clauses(tmp: Path) -> None:
    shutil.copytree(BASE, tmp / "bad")
    (tmp / "bad" / "clauses.yaml").unlink()
    load_folder(tmp / "bad", "bad")


def _foreign_folder(tmp: Path) -> None:
    (tmp / "note.txt").write_text("notes", "utf-8")
    site.write_site([], tmp)


def _another_name(tmp: Path) -> None:
    shutil.copytree(BASE, tmp / "town")
    load_pack("town", tmp)


def _shadowed(tmp: Path) -> None:
    shutil.copytree(BASE, tmp / "yunnan" / "dongchuan")
    list_packs(tmp)


def _too_large(tmp: Path) -> None:
    (tmp / "large.yaml").write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    read_yaml(tmp / "large.yaml", "large.yaml")


def _disagreement(tmp: Path) -> None:
    raise EngineDisagreement(
        Problem("engine_disagreement", Place(path="support"), "reference: YES", "durable_rules: NO")
    )


def _failing(tmp: Path) -> None:
    def fail(*_: object) -> None:
        raise DurableFailure("the sentinel did not fire")

    patch = pytest.MonkeyPatch()
    with patch.context() as at:
        at.setattr(DurableEvaluator, "evaluate", fail)
        Engine(load_folder(BASE)).evaluate({}, as_of="2022-12-31")


def _unavailable(tmp: Path) -> None:
    patch = pytest.MonkeyPatch()
    with patch.context() as at:
        at.setattr(loading, "available", lambda: False)
        at.setattr(loading, "why_unavailable", lambda: "No module named 'durable_rules_engine'")
        Engine(load_folder(BASE), engine="durable_rules")


def _source(code: str, old: str, new: str, line: str = "8000") -> Callable[[Path], object]:
    """The problem a changed copy of the made-up document shows."""

    def show(tmp: Path) -> None:
        report = check_source(made_up.pack(line), OfficialText(made_up.DOCUMENT.replace(old, new)))
        raise NotFoundError([p for p in report.problems if p.code == code])

    return show


def _moved(tmp: Path) -> None:
    text = made_up.DOCUMENT
    item = text[text.index("2.有劳动力") : text.index("优先安排")]
    report = check_source(made_up.pack(), OfficialText(text.replace(item, "") + item))
    raise NotFoundError([p for p in report.problems if p.code == "clause_moved"])


def _property(text: str) -> Callable[[Path], object]:
    def show(tmp: Path) -> None:
        for name, body in (made_up.texts() | {"properties.yaml": text, "cases.yaml": CASE}).items():
            (tmp / name).parent.mkdir(exist_ok=True)
            (tmp / name).write_text(body, "utf-8")
        pack = load_folder(tmp, "sample")
        raise PackError(check_properties(pack, load_cases(pack), samples=5).failures)

    return show


CASE = """cases:
  - id: one
    record: {type: lifted, size: 2, incomes: {2022: {net: 15000}}}
    as_of: 2023-06-30
    expect: {focus_household: YES}
"""
CLAIM = """- id: claim
  kind: implies
  label: {zh: 例, en: example}
  subject: household
  if: household.type == CODE
  then: not rule.focus_household
"""


def _no_openpyxl(tmp: Path) -> None:
    with pytest.MonkeyPatch().context() as at:
        at.setitem(sys.modules, "openpyxl", None)
        workbook.comparison(compare_packs([made_up.pack()]), tmp / "m.xlsx", "zh")


def _overflowing() -> None:
    import polars as pl

    from policy_rules.tables.plan import Define, Needed, Op, Outcome, Plan, Ref
    from policy_rules.tables.sql_engine import run_duckdb

    x = Ref("x", "int")
    product = Define("household", "y", Op("gt", (Op("mul", (x, x, x), "int"), x), "bool"))
    needed = (Needed("household", "x", "int"),)
    outcomes = (Outcome("r", "household", "y", None, None, None),)
    plan = Plan("made_up", "household", ("household",), needed, (product,), outcomes, None, ())
    run_duckdb(plan, {"household": pl.DataFrame({"_row": [0], "x": [2**62]})})


PRODUCED: dict[str, tuple[Callable[[Path], object], str]] = {
    "cannot_read": (
        lambda tmp: read_yaml(tmp / "none.yaml", "none.yaml"),
        "none.yaml: cannot_read: 无法读取此文件：文件不存在",
    ),
    "file_missing": (
        _pack_without_clauses,
        "bad/clauses.yaml: file_missing: 缺少文件 `clauses.yaml`",
    ),
    "file_too_large": (
        _too_large,
        "large.yaml: file_too_large: 此文件有 16777217 字节，上限为 16777216 字节",
    ),
    "too_many_values": (
        lambda tmp: parse_yaml("a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
        + "".join(f"{y}: &{y} [{','.join([f'*{x}'] * 8)}]\n" for x, y in ("bc", "cd", "de", "ef")),
        "bomb.yaml"),
        "bomb.yaml:1:18: too_many_values: 此处的值超过 250000 个",
    ),
    "unknown_pack": (
        lambda tmp: load_pack("yunnan/dongchan"),
        "unknown_pack: 没有名为 `yunnan/dongchan` 的规则包；是否想写 `yunnan/dongchuan`？",
    ),
    "bad_pack_name": (
        lambda tmp: load_pack("Yunnan Dongchuan"),
        "bad_pack_name: `Yunnan Dongchuan` 不是合规的规则包名称，应如 yunnan/dongchuan",
    ),
    "pack_id": (
        _another_name,
        "town/pack.yaml: pack_id: 此目录中的规则包名为 `base`，目录名为 `town`",
    ),
    "shadowed_pack": (_shadowed, "`yunnan/dongchuan` 与内置规则包同名，会将其遮蔽"),
    "clause_moved": (
        _moved,
        "语句 2#1 在此文本中位置不同：`2.有劳动力的家庭，每户至少落实2项产业措施；`",
    ),
    "wording_differs": (
        _source("wording_differs", "列为", "列"),
        "前后语句之间是 `1.对年人均纯收入低于8000元的脱贫户，列“重点帮扶户”。`",
    ),
    "clause_absent": (
        _source("clause_absent", "乡镇每季度排查一次。", ""),
        "clauses.yaml:21:5: clause_absent: 此文本中没有语句 1#2",
    ),
    "not_covered": (
        _source("not_covered", "三、附则", "另行规定。三、附则"),
        "not_covered: 条款账没有覆盖 `另行规定。`",
    ),
    "figure_unfounded": (
        _source("figure_unfounded", "", "", "9000"),
        "figure_unfounded: `rules.focus_household` 的数值 `9000` 在条款 `1#1` 的原文中没有出现",
    ),
    "figure_unheld": (
        _source("figure_unheld", "8000元", "8000元、9000元"),
        "figure_unheld: 条款账的 `1#1` 没有记下原文中的数值 `9000`",
    ),
    "no_source": (
        lambda tmp: text_of(made_up.pack(), tmp),
        "no_source: 此处没有这份文件的正式文本：`某县低收入家庭帮扶办法(试行)`",
    ),
    "only_perhaps": (
        lambda tmp: evaluate_all({"region": "530926101"}, as_of="2023-06-30"),
        "请核对后用 `--pack` 指定",
    ),
    "ambiguous": (
        lambda tmp: compare_packs([made_up.pack()], concepts=["低收入"]),
        "；请写明其中一个",
    ),
    "no_region": (lambda tmp: evaluate_all({}, as_of="2023-06-30"), "2024-12-31)"),
    "no_pack_applies": (
        lambda tmp: evaluate_all({"region": "980101"}, as_of="2023-06-30"),
        "2024-12-31)",
    ),
    "property_failed": (
        _property(CLAIM.replace("CODE", "lifted")),
        " (2023-06-30)",
    ),
    "property_idle": (
        _property(CLAIM.replace("household.type == CODE", "household.size >= 90")),
        "sample/properties.yaml:1:3: property_idle: 没有任何记录检验到性质 `claim`",
    ),
    "extra_missing": (
        _no_openpyxl,
        'extra_missing: 此功能需要 `openpyxl`：请先运行 `pip install ".[xlsx]"` / `pip install "policy-rules[xlsx]"`',
    ),
    "value_not_held": (
        lambda tmp: Population.of_records([read_record({"incomes": {2022: {"net": 0.0000001}}})]),
        "[0]: household.incomes.net: value_not_held: 表中无法精确保存 `1/10000000`："
        "至多六位小数，且不超过 ±9.2×10¹²",
    ),
    "number_overflow": (
        lambda tmp: _overflowing(),
        "number_overflow: 规则包 `made_up` 计算中的数值超出此引擎最宽的类型 `INT128`；`reference` 引擎没有此限制",
    ),
    "cannot_write": (
        lambda tmp: workbook.comparison(compare_packs([made_up.pack()]), tmp / "no" / "m.xlsx", "zh"),
        "m.xlsx: cannot_write: 无法写入此文件：文件不存在",
    ),
    "not_our_folder": (
        _foreign_folder,
        "not_our_folder: 此目录中有并非由 `site` 生成的 `note.txt`；请改用空目录或新目录",
    ),
    "no_date": (
        lambda tmp: Engine(load_folder(BASE), engine="reference").evaluate({}),
        "as_of: no_date: 判定须有日期：请在此处或在记录中给出 `as_of`",
    ),
    "engine_disagreement": (
        _disagreement,
        "support: engine_disagreement: 两套引擎对 support 的判定不一致："
        "reference: YES，durable_rules: NO",
    ),
    "engine_failed": (
        _failing,
        "engine_failed: durable_rules 对此记录推理失败：`the sentinel did not fire`",
    ),
    "engine_unavailable": (
        _unavailable,
        "engine_unavailable: 此处无法使用 durable_rules 引擎："
        "`No module named 'durable_rules_engine'`",
    ),
}  # fmt: skip


PRODUCED |= bad_tables.PRODUCED | bad_batch.PRODUCED | bad_versions.PRODUCED | bad_testing.PRODUCED


@pytest.mark.parametrize("code", PRODUCED)
def test_what_no_small_file_can_show(code: str, tmp_path: Path) -> None:
    produce, expected = PRODUCED[code]
    with pytest.raises(PolicyRulesError) as caught:
        produce(tmp_path)
    said = caught.value.render("zh")
    assert [p.code for p in caught.value.problems] == [code]
    assert said.endswith(expected)


# -- all at once -------------------------------------------------------------------------------------

TEN = [
    ("bad_date", "2022-13-01"),
    ("unknown_key", "typ"),
    ("not_allowed", "脱贫户"),
    ("out_of_range", "0"),
    ("wrong_type", "是"),
    ("group_expected", "unstable"),
    ("not_a_number", "八千"),
    ("out_of_range", "1066"),
    ("bad_date", "1990/01/02"),
    ("wrong_type", "1"),
]


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_record_with_ten_errors_gives_ten_problems_each_in_its_place(suffix: str) -> None:
    document = read_record_file(HERE / f"ten.{suffix}")
    with pytest.raises(RecordError) as caught:
        read_record(document.data, document=document)
    lines = (HERE / f"ten.{suffix}").read_text("utf-8").splitlines()
    found = []
    for problem, (_, wrong) in zip(caught.value.problems, TEN, strict=True):
        assert problem.place.line is not None
        assert problem.place.column is not None
        rest = lines[problem.place.line - 1][problem.place.column - 1 :].replace('"', "")
        found.append((problem.code, rest[: len(wrong)]))
    assert found == TEN
