"""site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from policy_rules.cli.common import LangOption, Language, RulesOption, command
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.render.site import write_site


@command
def site(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="写入这个目录；原来由本命令生成的会被替换 folder to write into"
        ),
    ],
    names: Annotated[
        list[str] | None, typer.Argument(help="规则包；不写则为全部 packs, by default all")
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """生成静态浏览网站：规则包、逐句处理、规则、各地对照、搜索，中英文。 A static explorer of packs."""
    packs = [load_pack(name, rules) for name in names or list_packs(rules)]
    count = write_site(packs, output)
    told = (
        f"已写入 {output}：{count} 个文件"
        if lang is Language.zh
        else f"written: {output}, {count} files"
    )
    typer.echo(told, err=True)
