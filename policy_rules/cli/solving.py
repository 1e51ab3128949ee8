"""What commands share that put rules to a solver: options, progress, whether it can be asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from policy_rules.cli.common import Language

MeaningOption = Annotated[
    bool | None,
    typer.Option(
        "--meaning/--no-meaning",
        help="是否比较含义(谁宽谁窄，附例子)；缺省为能比则比 whether to ask a solver who is wider, by default where it is installed",
        show_default=False,
    ),
]
MembersOption = Annotated[
    int, typer.Option("--members", min=1, max=8, help="核对时家庭成员至多几人 most members")
]
ItemsOption = Annotated[
    int,
    typer.Option("--items", min=1, max=8, help="核对时其他明细至多几条 most items of other lists"),
]
SecondsOption = Annotated[
    float,
    typer.Option("--seconds", min=0.1, help="求解总共至多用几秒 seconds for the solver in all"),
]
SaveOption = Annotated[
    Path | None,
    typer.Option(
        "--save-case",
        help="把例子存成用例，每个规则包一个文件，放在这个目录 folder to save examples in, as cases of each pack",
    ),
]


def wanted(asked: bool | None, lang: Language) -> bool:
    """Whether to ask the solver: as told, or where it is installed; says so where it is not."""
    if asked is not None:
        return asked
    if find_spec("z3") is not None:
        return True
    typer.echo(
        '未比较含义：没有安装 z3-solver（pip install "policy-rules[analysis]"）'
        if lang is Language.zh
        else 'meaning not compared: z3-solver is not installed (pip install "policy-rules[analysis]")',
        err=True,
    )
    return False


@contextmanager
def solving(lang: Language) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal's standard error; gives what to tell how many questions are done."""
    text = "求解" if lang is Language.zh else "solving"
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task(text, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
