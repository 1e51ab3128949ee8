"""mutate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.text import Text as RichText

from policy_rules.analysis.model import Bounds
from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    RulesOption,
    command,
    emit,
    lang_of,
)
from policy_rules.cli.solving import ItemsOption, MembersOption
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.testing.mutation.model import KINDS
from policy_rules.testing.mutation.report import MutationReport
from policy_rules.testing.mutation.run import LIMIT, chosen
from policy_rules.testing.mutation.run import mutate as run
from policy_rules.writing import write_whole

#: The exit code of a command ended by the keyboard.
INTERRUPTED = 130


@command
def mutate(
    name: Annotated[str, typer.Argument(help="规则包的名称，如 yunnan/dongchuan name of a pack")],
    rule: Annotated[
        list[str] | None,
        typer.Option(
            "--rule",
            help="只变动这一条规则、定义、目标等，可多次给出 only this rule, definition, target …",
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", help=f"只做这一种变动，可多次给出 only this kind: {', '.join(KINDS)}"
        ),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="同时运行的进程数 processes")] = 1,
    sample: Annotated[
        int | None,
        typer.Option("--sample", min=1, help="只抽取这么多个变异 only so many, drawn at random"),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="抽取的种子 seed of the sample")] = 0,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="问遍所有用例，列出哪些用例独自察觉变异 ask every case, tell which alone notice",
        ),
    ] = False,
    limit: Annotated[
        float, typer.Option("--limit", min=0.01, help="每个变异最多用多少秒 seconds a mutant")
    ] = LIMIT,
    suggest: Annotated[
        bool,
        typer.Option(
            "--suggest/--no-suggest",
            help="为未察觉的变异找一条记录 look for a record that tells a survivor",
        ),
    ] = True,
    solve: Annotated[
        bool | None,
        typer.Option(
            "--solve/--no-solve",
            help="没有记录能区分的，是否由求解器判断含义相同与否；缺省为装了就用，至多一百个 whether to ask the solver of what no record tells",
            show_default=False,
        ),
    ] = None,
    members: MembersOption = 4,
    items: ItemsOption = 3,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="写入 .md 或 .json 文件 write a .md or .json file"),
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """逐一改动规则包的每个数值、日期、比较、条款等，看用例、性质和检查能否察觉。 Change each value of a pack; tell what nothing notices."""
    _known_kinds(kind or [])
    pack = load_pack(name, rules)
    _known_things(pack, rule or [])
    selected = chosen(pack, rules=rule or (), kinds=kind or (), sample=sample, seed=seed)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown_at = Console(stderr=True)
    with Progress(
        *columns, console=shown_at, transient=True, disable=not shown_at.is_terminal
    ) as bar:
        task = bar.add_task(name, total=len(selected))
        report = run(
            pack, selected, jobs=jobs, every=every, limit=limit, suggestions=suggest,
            solve=solve, bounds=Bounds(members, items), progress=lambda done, total: bar.update(task, completed=done),
        )  # fmt: skip
    if output is not None:
        _write(output, report, lang)
    lines = report.lines(lang_of(lang))
    emit(report.as_dict(), form, lambda: RichText("\n".join(lines)))
    if report.interrupted:
        raise typer.Exit(INTERRUPTED)
    if not report.ok:
        raise typer.Exit(FINDINGS)


def _write(output: Path, report: MutationReport, lang: Language) -> None:
    text = report.json() if output.suffix == ".json" else report.markdown(lang_of(lang))
    write_whole(output, text.encode())


def _known_kinds(kinds: list[str]) -> None:
    for kind in kinds:
        if kind not in KINDS:
            raise NotFoundError(
                Problem(
                    "not_allowed",
                    Place(path="--kind"),
                    one_of(KINDS),
                    shown(kind),
                    nearest(kind, KINDS),
                )
            )


def _known_things(pack: Pack, names: list[str]) -> None:
    known = [n for section in pack.raw.values() for n in section]
    for name in names:
        if name not in known:
            near = nearest(name, known)
            raise NotFoundError(
                Problem("unknown_name", Place(path="--rule"), "", shown(name), near)
            )
