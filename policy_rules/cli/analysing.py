"""analyse."""

from __future__ import annotations

from typing import Annotated

import typer

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
    day_option,
    emit,
    lang_of,
)
from policy_rules.cli.packs import PackArgument
from policy_rules.cli.solving import (
    ItemsOption,
    MembersOption,
    SaveOption,
    solving,
)
from policy_rules.cli.writing import said_written
from policy_rules.diff.saved import nature_cases, write_cases
from policy_rules.packs.registry import load_pack
from policy_rules.render import natures as told


@command
def analyse(
    name: PackArgument,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", help="只看这条规则，可多次给出 only this rule, may be repeated"),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--on", help="按哪一天；缺省为有效期末日 day to look at it on")
    ] = None,
    overlay: OverlayOption = None,
    members: MembersOption = 4,
    items: ItemsOption = 3,
    seconds: Annotated[
        float, typer.Option("--seconds", min=0.1, help="总共至多用几秒 seconds in all")
    ] = 600.0,
    save: SaveOption = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """用求解器查规则：永不成立的、总成立的、由别的规则推出的、不必待定的。 Ask a solver what each rule can do at all."""
    from policy_rules.analysis.examining import examine_pack  # needs the solver

    pack = load_pack(name, rules)
    for path in overlay or ():
        pack = pack.with_overlay(path)
    with solving(lang) as done:
        found = examine_pack(
            pack,
            day_option(day, "--on"),
            rules=rule or (),
            bounds=Bounds(members, items),
            seconds=seconds,
            done=done,
        )
    if save is not None:
        for path in write_cases(save, nature_cases(pack, found)):
            said_written(path, lang)
    emit(told.natures_data(pack, found), form, lambda: told.natures(pack, found, lang_of(lang)))
    if told.found(found):
        raise typer.Exit(FINDINGS)
