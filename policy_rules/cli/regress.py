"""snapshot, regress."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
    day_option,
    emit,
    lang_of,
)
from policy_rules.errors import EvaluationError, Place, Problem
from policy_rules.packs.model import Pack
from policy_rules.packs.registry import load_pack
from policy_rules.testing import regression
from policy_rules.testing.snapshot import HOUSEHOLDS, Comparison, compare, encoded, read, take
from policy_rules.writing import write_whole
from policy_rules.yamldoc import read_bytes


@command
def snapshot(
    names: Annotated[list[str], typer.Argument(help="规则包的名称，可多个 names of packs")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="写入的快照文件 the snapshot file")
    ],
    number: Annotated[
        int, typer.Option("-n", min=1, help="虚拟住户数，其他记录为其四分之一 synthetic households")
    ] = HOUSEHOLDS,
    seed: Annotated[int, typer.Option("--seed", help="虚拟记录的种子 seed of the records")] = 0,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
) -> None:
    """把规则包对一批虚拟记录的判定存成快照，供 regress 对照。 Freeze what packs say of a seeded population."""
    found = [take(load_pack(name, rules), households=number, seed=seed) for name in names]
    write_whole(output, encoded(found))
    for taken in found:
        count = len(taken.rules)
        text = f"{taken.pack}：{count} 条规则，{number} 户，{taken.day}"
        if lang is Language.en:
            text = f"{taken.pack}: {count} rules, {number} households, {taken.day}"
        typer.echo(text)


@command
def regress(
    files: Annotated[
        list[Path], typer.Argument(help="快照文件，可多个 snapshot files", exists=True)
    ],
    examples: Annotated[
        int, typer.Option("--examples", min=0, help="每条规则最多举几例 examples a rule")
    ] = 3,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept",
            help="确认变化并写明理由：记入规则包的 CHANGELOG.md，更新快照 accept what moved, with a reason",
        ),
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", help="确认的日期，与 --accept 同用 the day of the entry")
    ] = None,
    rules: RulesOption = None,
    lang: LangOption = Language.zh,
    form: FormatOption = Format.table,
) -> None:
    """对照快照：规则包、词表或程序的改动使哪些判定变了。 What a change of pack, vocabulary or library moved."""
    on = day_option(day, "--date")
    if (accept is None) != (on is None):
        missing, given = ("--date", "--accept") if on is None else ("--accept", "--date")
        raise EvaluationError(
            Problem("missing_key", Place(path=given), f"`{missing}`", f"`{given}`")
        )
    language = lang_of(lang)
    body: list[dict[str, Any]] = []
    lines: list[str] = []
    failed = False
    for file in files:
        found: list[tuple[Pack, Comparison]] = []
        for before in read(file):
            pack = load_pack(before.pack, rules)
            found.append((pack, compare(before, pack, examples=examples)))
        for pack, told in found:
            failed = failed or not told.ok
            body.append(regression.as_dict(told, pack))
            lines += regression.lines(told, pack, language)
        if accept is not None and any(not told.ok for _, told in found):
            _accept(file, found, accept, str(on))
    emit(body, form, lambda: RichText("\n".join(lines)))
    if failed and accept is None:
        raise typer.Exit(FINDINGS)


def _accept(file: Path, found: list[tuple[Pack, Comparison]], reason: str, day: str) -> None:
    """Record what moved in each pack's changelog, then renew the snapshots of the file.

    Nothing is written before all is made: what stops it halfway leaves a change that is told again.
    """
    logs: dict[Path, bytes] = {}
    for pack, told in found:
        if not told.ok:
            changelog = Path(pack.folder) / "CHANGELOG.md"
            text = regression.recorded(_text(changelog, pack), told, reason, day)
            logs[changelog] = text.encode()
    renewed = [
        take(pack, households=told.before.households, seed=told.before.seed) for pack, told in found
    ]
    for changelog, body in logs.items():
        write_whole(changelog, body)
    write_whole(file, encoded(renewed))


def _text(changelog: Path, pack: Pack) -> str:
    if not changelog.is_file():
        return f"# {pack.id}\n"
    raw = read_bytes(changelog, str(changelog), EvaluationError)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        place = Place(str(changelog), raw.count(b"\n", 0, error.start) + 1)
        problem = Problem("not_utf8", place, got=f"0x{raw[error.start]:02X}")
        raise EvaluationError(problem) from error
