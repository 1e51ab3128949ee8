"""The commands about packs, where something is wrong; and what every command says where it cannot write."""

from __future__ import annotations

import errno
import io
import json
import sys
from pathlib import Path

import made_up
import pytest
import typer
from typer.testing import CliRunner, Result

from policy_rules.cli.app import app
from policy_rules.cli.common import Language, command


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in args])


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules" / "sample"
    for name, text in made_up.texts().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return tmp_path / "rules"


def test_a_version_is_frozen_once(rules: Path) -> None:
    first = run("packs", "freeze", "--rules", rules, "--lang", "en")
    assert first.exit_code == 0, first.output
    assert first.output.startswith("frozen: sample@1.0.0 (")
    again = run("packs", "freeze", "sample", "--rules", rules, "--lang", "en")
    assert again.output == "sample@1.0.0 was frozen before, the same\n"
    assert run("packs", "freeze", "--rules", rules).output == "sample@1.0.0 早已固定，内容相同\n"
    frozen = run("packs", "freeze", "sample@1.0.0", "--rules", rules, "--lang", "en")
    assert frozen.exit_code == 2
    assert "unknown_pack" in frozen.output


def test_a_frozen_version_is_checked_by_itself_and_a_changed_one_is_told(rules: Path) -> None:
    run("packs", "freeze", "--rules", rules)
    args = ("--rules", rules, "--format", "json")
    whole = json.loads(run("check", "sample@1.0.0", *args).stdout)
    assert [p["code"] for p in whole[0]["problems"] if p["code"].startswith("version")] == []
    before = [p["code"] for p in json.loads(run("check", "sample", *args).stdout)[0]["problems"]]
    file = rules / "sample" / "rules" / "rules.yaml"
    file.write_text(file.read_text("utf-8").replace("force: must", "force: may"), "utf-8")
    result = run("check", "sample", *args)
    after = [p["code"] for p in json.loads(result.stdout)[0]["problems"]]
    assert result.exit_code == 1
    assert len(after) > len(before)


def test_what_is_wrong_with_a_ledger_is_told_and_is_exit_code_1(rules: Path) -> None:
    file = rules / "sample" / "clauses.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("    dispositions: [narrative]", "    dispositions: [rule]", 1), "utf-8"
    )
    for lang in ("en", "zh"):
        result = run("ledger", "sample", "--rules", rules, "--lang", lang)
        assert result.exit_code == 1, result.output
        assert "not_encoded" in result.stderr
    data = run("ledger", "sample", "--rules", rules, "--format", "json")
    assert data.exit_code == 1
    assert json.loads(data.stdout)


# -- what cannot be written ------------------------------------------------------------------------


def failing(error: OSError) -> typer.Exit:
    """How a command ends that cannot write."""

    @command
    def made(lang: Language = Language.en) -> None:
        raise error

    with pytest.raises(typer.Exit) as caught:
        made(lang=Language.en)
    return caught.value


def test_a_full_disk_ends_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tmp_path / "out.txt").open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        out.write("half")
        ended = failing(OSError(errno.ENOSPC, "No space left on device"))
        out.flush()  # what was waiting goes nowhere
    assert ended.exit_code == 2
    assert (tmp_path / "out.txt").read_text("utf-8") == ""
    told = capsys.readouterr().err
    assert told.startswith("cannot_write: ")
    assert "No space left on device" in told


def test_a_reader_that_went_away_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert failing(BrokenPipeError()).exit_code == 0
    assert sys.stderr.closed


def test_any_other_trouble_is_not_hidden() -> None:
    @command
    def made() -> None:
        raise OSError(errno.EINVAL, "odd")

    with pytest.raises(OSError, match="odd"):
        made()
