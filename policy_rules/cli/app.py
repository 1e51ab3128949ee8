"""``policy-rules``: the commands."""

from __future__ import annotations

from typing import Annotated

import typer

from policy_rules._version import __version__
from policy_rules.cli import (
    analysing,
    batch,
    comparing,
    coverage,
    evaluation,
    impact,
    mutating,
    packs,
    regress,
    replaying,
    site,
    sources,
    tables,
)

app = typer.Typer(
    name="policy-rules",
    help="按帮扶政策文件判定：哪些措施可能适用、依据哪一条、还缺什么资料。 Rules as code for rural assistance policy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="显示版本 show the version"
        ),
    ] = False,
) -> None:
    """按帮扶政策文件判定：哪些措施可能适用、依据哪一条、还缺什么资料。 Rules as code for rural assistance policy."""


app.command("evaluate")(evaluation.evaluate)
app.command("explain")(evaluation.explain)
app.command("batch")(batch.batch)
app.command("replay")(replaying.replay)
app.command("diff")(comparing.diff)
app.command("compare")(comparing.compare)
app.command("impact")(impact.impact)
app.command("analyse")(analysing.analyse)
app.command("site")(site.site)
app.command("coverage")(coverage.coverage)
app.command("check")(packs.check)
app.command("mutate")(mutating.mutate)
app.command("snapshot")(regress.snapshot)
app.command("regress")(regress.regress)
app.command("ledger")(packs.ledger)
app.command("targets")(packs.targets)
app.command("facts")(packs.facts)
app.add_typer(packs.app, name="packs")
app.add_typer(sources.app, name="sources")
app.add_typer(tables.app, name="tables")


def main() -> None:
    """The entry point of the ``policy-rules`` script."""
    app()


if __name__ == "__main__":
    main()
