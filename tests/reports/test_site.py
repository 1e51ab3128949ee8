"""The explorer: every page sound, every link leads somewhere, every clause has its place."""

from __future__ import annotations

import json
import os
import posixpath
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest
from compared_packs import HOSTILE
from html_pages import sound
from made_up import pack, texts
from typer.testing import CliRunner

from policy_rules import EvaluationError, Pack, load_pack, load_packs
from policy_rules.cli.app import app
from policy_rules.packs.loader import load_texts
from policy_rules.render.site import site_files, write_site
from policy_rules.render.site_shelf import folder_of, href, place_of

LINK = re.compile(r'(?:href|src)="([^"]*)"')
ID = re.compile(r' id="([^"]*)"')


def resolved(page: str, link: str) -> tuple[str, str]:
    """The file and fragment a link of a page leads to."""
    path, _, fragment = link.partition("#")
    target = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(path))) if path else page
    )
    return target, unquote(fragment)


@pytest.mark.no_cover
def test_the_explorer_of_all_packs() -> None:
    """One test, for the pages of all packs take their time."""
    packs = load_packs()
    files = site_files(packs)
    every_link_resolves_and_every_statement_has_its_place(files, packs)
    a_rule_page_tells_conditions_parameters_clauses_cases_and_facts(files)


def every_link_resolves_and_every_statement_has_its_place(
    files: Mapping[str, str], packs: tuple[Pack, ...]
) -> None:
    ids = {path: ID.findall(text) for path, text in files.items() if path.endswith(".html")}
    assert [path for path, found in ids.items() if len(found) != len(set(found))] == []
    broken = []
    for path in ids:
        for link in set(LINK.findall(files[path])):
            target, fragment = resolved(path, link)
            if target not in files or (fragment and fragment not in ids[target]):
                broken.append((path, link))
    assert broken == []
    for one in packs:
        for name in one.clauses:
            path, fragment = resolved("", place_of(one.id, f"clauses.{name}").replace("%", "%25"))
            for tree in ("", "en/"):
                assert fragment in ids[tree + path], name
    assert {"guangxi/26/index.html", "yunnan/dongchuan/三(四)18/index.html"} <= set(files)
    for lang in ("zh", "en"):
        for page in re.findall(r',"([^"]*)"\],?\n', files[f"assets/search-{lang}.js"]):
            target, fragment = resolved("index.html", page)
            path = target if lang == "zh" else f"en/{target}"
            assert path in files, page
            assert not fragment or fragment in ids[path], page


@pytest.fixture(scope="module")
def small() -> dict[str, str]:
    return dict(site_files([load_pack("yunnan/mengyong")]))


def test_every_page_is_sound(small: dict[str, str]) -> None:
    pages = {path: text for path, text in small.items() if path.endswith(".html")}
    assert len(pages) > 150
    for path, text in pages.items():
        page = sound(text)
        up = "../" * path.count("/")
        lang = "en" if path.startswith("en/") else "zh"
        assert page.loads == [
            f"{up}assets/page.css",
            f"{up}assets/page.js",
            f"{up}assets/search-{lang}.js",
        ]
        assert page.scripts == page.styles == []


def a_rule_page_tells_conditions_parameters_clauses_cases_and_facts(
    files: Mapping[str, str],
) -> None:
    told = " ".join(sound(files["guangxi/rules/low_income_focus_household/index.html"]).texts)
    for part in (
        "本户属于“脱贫户”", "年人均收入不超过重点帮扶线", "1万元/人", "第26条第2句", "摘要（非原文）",
        "focus_at_the_line", "这一年全家务工", "临沧市耿马县勐永镇", "清零对象", "农户本人",
    ):  # fmt: skip
        assert part in told, part
    english = " ".join(sound(files["en/guangxi/rules/low_income_focus_household/index.html"]).texts)
    assert "summary (not the wording)" in english
    assert "focus household for income growth" in english


def test_a_statement_tells_what_became_of_it(small: dict[str, str]) -> None:
    whole = load_pack("yunnan/mengyong")
    for name, clause in whole.clauses.items():
        path, _, fragment = place_of(whole.id, f"clauses.{name}").partition("#")
        (text,) = re.findall(rf'id="{fragment}".*?</section>', small[f"en/{path}"], re.S)
        for encoder in clause.encoded_by:
            assert encoder.partition(".")[2] in text
        if clause.why_not and not clause.encoded_by:
            assert "Why it is not encoded" in text


def test_labels_are_told_as_they_are() -> None:
    files = texts()
    quoted = HOSTILE.replace('"', '\\"')
    for name in ("rules/rules.yaml", "clauses.yaml", "pack.yaml"):
        files[name] = re.sub(
            r"\{zh: [^{}]*?, en: [^{}]*\}", f'{{zh: "{quoted}", en: "{quoted}"}}', files[name]
        )
    made = site_files([load_texts(files)])
    for path, text in made.items():
        if path.endswith(".html"):
            page = sound(text)
            assert page.scripts == []
    assert HOSTILE in " ".join(sound(made["sample/rules/index.html"]).texts)
    index = made["assets/search-en.js"]
    assert "<" not in index
    entries = json.loads(index.removeprefix("window.policyRulesIndex = ").rstrip(";\n"))
    assert HOSTILE in {title for _, _, title, _, _ in entries}


@pytest.mark.parametrize(
    ("item", "folder"),
    [
        ("26", "26"),
        ("三(四)18", "三(四)18"),
        ("a/b", "a%2Fb"),
        ("..", "%2E%2E"),
        ("专栏3?", "专栏3%3F"),
    ],
)
def test_the_folder_of_an_item_is_its_number(item: str, folder: str) -> None:
    assert folder_of(item) == folder
    link = href(place_of("p", f"clauses.{item}#2"), "../")
    assert resolved("x/index.html", link) == (f"p/{folder}/index.html", "2")


def test_the_same_packs_give_the_same_bytes(small: dict[str, str], tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "policy_rules.cli.app",
        "site",
        "yunnan/mengyong",
        "-o",
        str(tmp_path / "s"),
    ]
    seed = "1" if os.environ.get("PYTHONHASHSEED") == "2" else "2"
    subprocess.run(
        command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True
    )
    written = {
        p.relative_to(tmp_path / "s").as_posix(): p.read_text("utf-8")
        for p in (tmp_path / "s").rglob("*")
        if p.is_file()
    }
    assert written == small


def test_a_folder_made_here_is_replaced_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert write_site([pack()], folder) == sum(p.is_file() for p in folder.rglob("*"))
    (folder / "index.html").write_text("old")
    write_site([pack()], folder)
    assert (folder / "index.html").read_text("utf-8") != "old"
    (folder / "note.txt").write_text("mine")
    with pytest.raises(EvaluationError) as caught:
        write_site([pack()], folder)
    assert str(caught.value) == (
        f"{folder}: not_our_folder: this folder holds `note.txt`, which `site` did not write; "
        "name an empty or a new folder"
    )
    assert caught.value.problems[0].render("zh") == (
        f"{folder}: not_our_folder: 此目录中有并非由 `site` 生成的 `note.txt`；请改用空目录或新目录"
    )
    assert (folder / "note.txt").read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == ["site"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "site.json").write_text("{}")
    done = CliRunner().invoke(app, ["site", "yunnan/mengyong", "-o", str(tmp_path), "--lang", "en"])
    assert done.exit_code == 2
    assert "not_our_folder" in done.output
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(EvaluationError, match="not_our_folder"):
        write_site([pack()], file)
    assert file.read_text() == "mine"


def test_a_failed_run_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site"
    write_site([pack()], folder)
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    full = Path.write_bytes

    def fail(self: Path, data: bytes) -> int:
        if self.name == "site.json":
            raise OSError(28, "No space left on device")
        return full(self, data)

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(EvaluationError, match="cannot_write"):
        write_site([pack("9000")], folder)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["site"]
