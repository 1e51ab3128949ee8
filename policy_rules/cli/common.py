"""What all commands share: options, output, errors and exit codes.

Exit codes: 0 fine, 1 a check found something, 2 bad input.
"""

from __future__ import annotations

import contextlib
import enum
import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import date
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
import yaml
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from policy_rules.diff.days import full_day
from policy_rules.errors import Lang, Place, PolicyRulesError, Problem, safe
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack

P = ParamSpec("P")
R = TypeVar("R")

FINDINGS, BAD_INPUT = 1, 2
#: What standard output fails with where it takes no more.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO})


class Language(enum.StrEnum):
    """Languages of labels, explanations and errors."""

    zh = "zh"
    en = "en"


class Format(enum.StrEnum):
    """Forms of output."""

    table = "table"
    json = "json"
    yaml = "yaml"


LangOption = Annotated[Language, typer.Option("--lang", help="语言：zh 中文，en 英文 language")]
FormatOption = Annotated[
    Format,
    typer.Option("--format", help="输出形式：table 表格，json 或 yaml 供程序读取 form of output"),
]
RulesOption = Annotated[
    Path | None,
    typer.Option(
        "--rules", help="先在这个目录中找规则包 folder of packs to look in first", exists=True
    ),
]
OverlayOption = Annotated[
    list[Path] | None,
    typer.Option("--overlay", help="补充文件，可多次给出 overlay file, may be repeated"),
]
LeftOverlay = Annotated[
    list[Path] | None,
    typer.Option("--a-overlay", help="A 的补充文件，可多次给出 overlay file of A, may be repeated"),
]
RightOverlay = Annotated[
    list[Path] | None,
    typer.Option("--b-overlay", help="B 的补充文件，可多次给出 overlay file of B, may be repeated"),
]
PackOption = Annotated[
    str, typer.Option("--pack", help="规则包的名称，如 yunnan/dongchuan name of a pack")
]


def day_option(text: str | None, option: str) -> date | None:
    """A full date given on the command line; raises :class:`~policy_rules.errors.RecordError`."""
    return None if text is None else full_day(text, option)


def side(name: str, rules: Path | None, overlays: list[Path] | None) -> Pack:
    """One side of a comparison: a pack by name, or by its folder (``./guangxi``), with its overlays."""
    pack = load_pack(Path(name) if name.startswith((".", "/")) else name, rules)
    for overlay in overlays or ():
        pack = pack.with_overlay(overlay)
    return pack


def lang_of(language: Language) -> Lang:
    """The language as the library names it."""
    return "zh" if language is Language.zh else "en"


class _Console(Console):
    """A console that passes on no control characters of what it is given (a household's number may hold them)."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """The segments of a renderable."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else safe(text), style, control)


def console() -> Console:
    """Standard output; wide enough for tables where it is no terminal."""
    plain = not sys.stdout.isatty()
    return _Console(width=140 if plain else None, soft_wrap=False, highlight=False)


def emit(data: Any, form: Format, table: Callable[[], RenderableType]) -> None:
    """Print plain data as JSON or YAML, or a table."""
    if form is Format.json:
        typer.echo(json.dumps(data, ensure_ascii=False, indent=2))
    elif form is Format.yaml:
        typer.echo(yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=100).rstrip())
    else:
        console().print(table())


def command(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the library's errors into messages and exit code 2.

    Messages go to standard error; where JSON or YAML was asked for, the problems go to standard
    output as data.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = function(*args, **kwargs)
            sys.stdout.flush()
            return result
        except PolicyRulesError as error:
            language = kwargs.get("lang", Language.zh)
            lang = lang_of(language if isinstance(language, Language) else Language.zh)
            form = kwargs.get("form", Format.table)
            if isinstance(form, Format) and form is not Format.table:
                emit({"problems": [p.as_dict() for p in error.problems]}, form, str)
                raise typer.Exit(BAD_INPUT) from error
            for problem in error.problems:
                typer.echo(problem.render(lang), err=True)
            raise typer.Exit(BAD_INPUT) from error
        except BrokenPipeError:
            sys.stderr.close()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            # the screen, or the file it is led into: nothing more is said there
            with contextlib.suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            detail = error.strerror or type(error).__name__
            problem = Problem("cannot_write", Place(), detail=detail)
            typer.echo(problem.render(lang_of(kwargs.get("lang", Language.zh))), err=True)  # type: ignore[arg-type]
            raise typer.Exit(BAD_INPUT) from None

    return run
