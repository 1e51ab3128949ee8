"""soundness."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
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
from policy_rules.packs.loader import load_texts
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import list_packs, load_pack
from policy_rules.testing.random_packs import random_pack
from policy_rules.testing.soundness import MISSING, MOST, RECORDS, Soundness, check_soundness


@command
def soundness(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="规则包的名称；不写则全部 packs, by default all", show_default=False),
    ] = None,
    records: Annotated[
        int, typer.Option("-n", min=1, help="每条规则用多少条缺项记录 records with a gap, a rule")
    ] = RECORDS,
    missing: Annotated[
        int,
        typer.Option("--missing", min=1, max=6, help="一条记录至多缺几项 facts missing at most"),
    ] = MISSING,
    most: Annotated[
        int,
        typer.Option("--most", min=2, help="一处缺项至多补全几种 ways a gap may be filled at most"),
    ] = MOST,
    made: Annotated[
        int,
        typer.Option("--random", min=0, help="另加几个随机规则包 so many random packs besides"),
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", help="随机种子 seed")] = 0,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """缺项记录逐一补全：已定的结论会不会被推翻，多少“未定”其实已定。 Fill gaps in every way: decided verdicts stay."""
    found: list[Soundness] = []
    for pack in _packs(names or [], made, seed, rules):
        one = check_soundness(pack, records=records, missing=missing, most=most, seed=seed)
        found.append(one)
        if sys.stderr.isatty():
            typer.echo(one.render(lang_of(lang)).splitlines()[-1], err=True)
    text = "\n".join(one.render(lang_of(lang)) for one in found)
    emit([one.as_dict() for one in found], form, lambda: RichText(text))
    if any(one.contradictions for one in found):
        raise typer.Exit(FINDINGS)


def _packs(names: list[str], made: int, seed: int, rules: Path | None) -> Iterator[Pack]:
    chosen = names or ([] if made else list(list_packs(rules)))
    yield from (load_pack(name, rules) for name in chosen)
    for number in range(made):
        yield load_texts(random_pack(random.Random(f"{seed} {number}")))
