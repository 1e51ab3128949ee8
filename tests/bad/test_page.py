"""docs/errors.md: every code, what it means, one example; written from MESSAGES and the bad inputs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import policy_rules
from policy_rules._messages import MESSAGES
from policy_rules.errors import Place, Problem

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "errors.md"
SOURCES = sorted(Path(policy_rules.__file__).parent.rglob("*.py"))
CODES = [code for code in MESSAGES if not code.startswith("_")]

HEAD = """# Errors

Every problem has a stable code, a place, what was expected and what was got, and the nearest right
name where there is one; all problems of an input are told at once. A line reads
`file:line:column: code: message`; in JSON the same parts stand apart. `…` stands for what the input
says. This page is written by `pytest tests/bad --update-expected`.

每个问题都有固定的代码、位置、应有内容和现有内容，能找到相近的正确名称时一并给出；一次列出输入中的全部问题。
"""

#: What the sentence alone does not tell.
MORE = {
    "bad_fold": (
        "any, all, count, sum, longest_run are written over a list",
        "列表上的计算写法有误",
    ),
    "bad_form": ("text that is not of the form called for", "文本不符合要求的格式"),
    "group_expected": ("facts stand below this name", "此名称之下还有事实项"),
    "not_allowed": ("a word that is not one of those allowed", "不在允许的取值之内"),
    "not_a_number": ("a fact that is a number is something else", "数值事实项填了别的内容"),
    "type_mismatch": ("a value of another type in an expression", "表达式中值的类型不符"),
    "unit_mismatch": ("units that cannot be added, compared or divided", "单位之间不能这样运算"),
    "wrong_type": ("another kind of value in a file", "文件中值的类型不符"),
}


def meaning(code: str, lang: str) -> str:
    filled = re.sub(r"\{\w+\}", "…", MESSAGES[code][lang])
    filled = filled.replace("{{", "{").replace("}}", "}")
    more = MORE.get(code)
    return filled if more is None else f"{more[lang == 'zh']}: {filled}".replace(": 此", "：此")


def example(code: str) -> list[str]:
    stored = HERE / code / "expected.txt"
    if not stored.exists():
        problem = Problem(code, Place("…"), "…", "…", detail="…")
        return [problem.render("en"), problem.render("zh")]
    english, chinese = stored.read_text("utf-8").strip().split("\n\n")
    return [
        next(line for line in text.splitlines() if f": {code}: " in line)
        for text in (english, chinese)
    ]


def page() -> str:
    parts = [HEAD]
    for code in sorted(CODES):
        parts.append(f"## {code}\n\n{meaning(code, 'en')}  \n{meaning(code, 'zh')}\n")
        parts.append("```text\n" + "\n".join(example(code)) + "\n```\n")
    return "\n".join(parts)


def test_the_page_of_errors_has_every_code(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-expected", default=False):
        PAGE.write_text(page(), "utf-8")
    assert re.findall(r"^## (\w+)$", PAGE.read_text("utf-8"), re.M) == sorted(CODES)
    assert PAGE.read_text("utf-8") == page()


def test_every_code_used_exists_and_every_code_is_used() -> None:
    text = "\n".join(s.read_text("utf-8") for s in SOURCES if not s.name.startswith("_messages"))
    calls = r"(?:problems\.add|\.fail|\.note|Problem|_Bad|check_known\([^\"]*)\(?\s*\"([a-z_0-9]+)\"[,)]"
    used = set(re.findall(calls, text))
    assert used <= set(CODES)
    kinds = {f"unknown_{kind}" for kind in ("population", "rule", "defined", "external")}
    named = set(re.findall(r"\"([a-z_0-9]+)\"", text)) | kinds | {"leaf_never_decided"}
    assert set(CODES) <= named
