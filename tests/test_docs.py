"""The documentation says what is so: its examples run, its commands are those of CI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
PYTHON = re.compile(r"```python\n(.*?)```", re.S)


def examples() -> list[tuple[str, str]]:
    return [(p.name, code) for p in PAGES for code in PYTHON.findall(p.read_text("utf-8"))]


@pytest.mark.parametrize(("page", "code"), examples())
def test_python_examples_run(
    page: str, code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    exec(compile(code, page, "exec"), {})
    if "print(" in code:
        assert capsys.readouterr().out.strip()


def test_both_readmes_give_the_same_commands_and_output() -> None:
    shell = re.compile(r"```sh\n(.*?)```", re.S)
    output = re.compile(r"<!-- output -->\n```text\n(.*?)```", re.S)
    english, chinese = ((ROOT / f).read_text("utf-8") for f in ("README.md", "README.zh-CN.md"))
    assert shell.findall(english) == shell.findall(chinese)
    assert output.findall(english) == output.findall(chinese)


SHOWN = re.compile(
    r"(?:<!-- run command -->|<!-- shown -->)\n```sh\n.*?policy-rules (?P<args>[^\n]*)\n```"
    r".*?<!-- output -->\n```text\n(?P<out>.*?)```",
    re.S,
)


@pytest.mark.parametrize(
    "shown", list(SHOWN.finditer((ROOT / "README.md").read_text("utf-8"))), ids=["one", "several"]
)
def test_the_output_shown_is_the_output_printed(
    shown: re.Match[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from policy_rules.cli.app import app

    monkeypatch.chdir(ROOT)
    printed = CliRunner().invoke(app, shown["args"].split()).stdout

    def bare(text: str) -> list[str]:
        return [line.rstrip() for line in text.strip().splitlines()]

    assert bare(printed) == bare(shown["out"])


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "README.zh-CN.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), (page.name, target)
