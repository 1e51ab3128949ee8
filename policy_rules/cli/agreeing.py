"""agree."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.text import Text as RichText

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
from policy_rules.cli.mutating import INTERRUPTED
from policy_rules.errors import NotFoundError, Place, Problem, nearest, one_of, shown
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render.agreement import agreement_lines
from policy_rules.testing.agreement.batches import SIZE


@command
def agree(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="规则包的名称；缺省为全部；随机规则包总在其中 packs, by default all; random packs come besides"
        ),
    ] = None,
    records: Annotated[
        int, typer.Option("--records", "-n", min=1, help="随机住户数 random households")
    ] = 20_000,
    seed: Annotated[int, typer.Option("--seed", help="种子 seed")] = 0,
    minutes: Annotated[
        float | None,
        typer.Option("--minutes", min=0.0, help="至多几分钟 stop after so many minutes"),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="同时运行的进程数 processes")] = 1,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state",
            help="记录进度的文件；已有时接着跑 a file to keep what is done in, and to go on from",
        ),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option("--engine", help="只比这个引擎，可多次给出 only this engine, may be repeated"),
    ] = None,
    spark: Annotated[bool, typer.Option("--spark", help="也比 Spark besides by Spark")] = False,
    batch: Annotated[
        list[int] | None,
        typer.Option("--batch", min=0, help="只重跑这一批，可多次给出 run only this batch again"),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", min=1, help="每批住户数 households a batch")
    ] = SIZE,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """用随机规则包和随机住户逐一比对各引擎，不一致的给出最小例子。 Put the engines beside each other on random households."""
    from policy_rules.testing.agreement.engines import available  # needs the extra tables
    from policy_rules.testing.agreement.run import Agreement, Options
    from policy_rules.testing.agreement.run import agree as run

    known = available(spark=True)
    for name in engine or ():
        if name not in known:
            near = nearest(name, known)
            raise NotFoundError(
                Problem("not_allowed", Place(path="--engine"), one_of(known), shown(name), near)
            )
    asked = tuple(e for e in known if e == "reference" or e in engine) if engine else None
    packs = tuple(load_pack(n, rules).id for n in names) if names else tuple(list_packs(rules))
    options = Options(seed, records, packs, asked or available(spark=spark), size, rules)
    shown_at = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=shown_at, transient=True, disable=not shown_at.is_terminal
    ) as bar:
        task = bar.add_task("agree", total=records)

        def told(so_far: Agreement) -> None:
            bar.update(task, completed=so_far.households)

        found = run(
            options, jobs=jobs, minutes=minutes, state=state, only=batch or (), progress=told
        )
    lines = agreement_lines(found, lang_of(lang))
    emit(found.as_dict(), form, lambda: RichText("\n".join(lines)))
    if found.count:
        raise typer.Exit(FINDINGS)
    if found.interrupted:
        raise typer.Exit(INTERRUPTED)
