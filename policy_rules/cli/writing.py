"""The file a command writes: of which kind it is, how it gets there, how that is said."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import typer

from policy_rules.errors import NotFoundError, Place, Problem, one_of, shown
from policy_rules.writing import replacing


def kind_of(output: Path, kinds: Collection[str]) -> str:
    """The suffix of a file, in small letters; raises :class:`~policy_rules.errors.NotFoundError` for another kind."""
    kind = output.suffix.lower()
    if kind not in kinds:
        place = Place(str(output))
        raise NotFoundError(Problem("not_allowed", place, one_of(kinds), shown(output.suffix)))
    return kind


def json_text(data: Any) -> str:
    """Plain data as the text of a JSON file."""
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


def write_text(output: Path, text: str) -> None:
    """Write a text whole, or not at all (``cannot_write``)."""
    with replacing(output) as beside:
        beside.write_text(text, "utf-8")


def said_written(path: Path, lang: str) -> None:
    """Say on standard error that a file was written."""
    typer.echo(f"已写入 {path}" if lang == "zh" else f"written: {path}", err=True)
