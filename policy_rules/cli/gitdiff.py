"""diff --git."""

from __future__ import annotations

from pathlib import Path

import typer

from policy_rules.analysis.model import Bounds
from policy_rules.cli.common import FINDINGS, Format, Language, emit, lang_of
from policy_rules.cli.solving import solving, wanted
from policy_rules.cli.writing import json_text, kind_of, said_written, write_text
from policy_rules.diff.git import diff_repository, with_meanings
from policy_rules.render import gitdiff


def diff_git(
    base: str,
    rules: Path | None,
    output: Path | None,
    form: Format | None,
    lang: Language,
    *,
    exit_code: bool,
    meaning: bool | None,
    bounds: Bounds,
    seconds: float,
) -> None:
    """Print (or write) what changed in the packs since a commit; ``form`` None is Markdown.

    ``meaning`` says whether a solver is asked who is wider (None: where it is installed).

    Exits 1 with ``exit_code`` where anything that decides changed.
    """
    language = lang_of(lang)
    kinds = (".md", ".json")
    kind = None if output is None else kind_of(output, kinds)
    report = diff_repository(base, rules)
    if any(p.diff is not None and p.diff.concepts for p in report.packs) and wanted(meaning, lang):
        with solving(lang) as done:
            report = with_meanings(report, bounds=bounds, seconds=seconds, done=done)
    if output is not None:
        text = (
            gitdiff.markdown(report, language) if kind == ".md" else json_text(gitdiff.data(report))
        )
        write_text(output, text)
        said_written(output, language)
    elif form is None:
        typer.echo(gitdiff.markdown(report, language).rstrip())
    else:
        emit(gitdiff.data(report), form, str)
    if exit_code and report.changed:
        raise typer.Exit(FINDINGS)
