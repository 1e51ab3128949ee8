"""properties."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group

from policy_rules.analysis.model import Bounds
from policy_rules.cli.common import (
    FINDINGS,
    Format,
    FormatOption,
    LangOption,
    Language,
    OverlayOption,
    RulesOption,
    command,
    emit,
    lang_of,
)
from policy_rules.cli.solving import ItemsOption, MembersOption, SaveOption, solving
from policy_rules.cli.writing import json_text, kind_of, said_written, write_text
from policy_rules.diff.saved import write_cases
from policy_rules.packs.registry import load_pack
from policy_rules.render import properties as told
from policy_rules.testing.refuting import case_of
from policy_rules.testing.verifying import SAMPLES, Verification, verify


@command
def properties(
    names: Annotated[
        list[str], typer.Argument(help="规则包的名称，可多个，如 yunnan/dongchuan names of packs")
    ],
    only: Annotated[
        list[str] | None,
        typer.Option("--property", help="只看这条性质，可多次给出 only this property"),
    ] = None,
    solve: Annotated[
        bool | None,
        typer.Option(
            "--solve/--no-solve",
            help="是否用求解器证明；缺省为装了就用 whether to ask the solver, by default where it is installed",
            show_default=False,
        ),
    ] = None,
    readings: Annotated[
        bool,
        typer.Option(
            "--readings", help="换用其他读法再证一遍 ask under every other declared reading, too"
        ),
    ] = False,
    members: MembersOption = 4,
    items: ItemsOption = 3,
    limit: Annotated[
        float, typer.Option("--limit", min=0.1, help="一次求解至多几秒 seconds of one question")
    ] = 30.0,
    seconds: Annotated[
        float,
        typer.Option(
            "--seconds", min=0.1, help="每个规则包求解至多几秒 seconds for the solver, a pack"
        ),
    ] = 600.0,
    samples: Annotated[
        int,
        typer.Option(
            "-n", min=1, help="没有证明的，各用多少条记录检验 records each, where not proved"
        ),
    ] = SAMPLES,
    seed: Annotated[int, typer.Option("--seed", help="检验所用记录的种子 seed of the records")] = 0,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="写入 .md 或 .json 文件 write a .md or .json file"),
    ] = None,
    save: SaveOption = None,
    overlay: OverlayOption = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """规则包声明的性质：能证明的证明，其余用随机记录检验，不成立的给出例子。 Prove or test the declared properties of packs."""
    kind = None if output is None else kind_of(output, (".md", ".json"))
    language = lang_of(lang)
    found: list[Verification] = []
    for name in names:
        pack = load_pack(name, rules)
        for path in overlay or ():
            pack = pack.with_overlay(path)
        with solving(lang) as done:
            found.append(
                verify(
                    pack,
                    names=only or (),
                    bounds=Bounds(members, items, limit),
                    seconds=seconds,
                    samples=samples,
                    seed=seed,
                    solve=solve,
                    readings=readings,
                    done=done,
                )
            )
    data = [told.properties_data(one) for one in found]
    if output is not None:
        text = json_text(data) if kind == ".json" else told.properties_markdown(found, language)
        write_text(output, text)
        said_written(output, lang)
    if save is not None:
        for path in write_cases(save, _cases(found)):
            said_written(path, lang)
    emit(data, form, lambda: Group(*(told.properties(one, language) for one in found)))
    if not all(one.ok for one in found):
        raise typer.Exit(FINDINGS)


def _cases(found: list[Verification]) -> dict[str, list[dict[str, Any]]]:
    """The records that refute properties, as cases of their packs to be argued."""
    cases: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        for refuted in one.having("refuted"):
            assert refuted.shown is not None
            case = case_of(one.pack, refuted.property, refuted.shown)
            if case is not None:
                cases.setdefault(one.pack.id, []).append(case)
    return cases
