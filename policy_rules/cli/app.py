"""``policy-rules``: the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Final

import typer

from policy_rules._version import __version__

#: Where each command or group of commands stands: the module of :mod:`policy_rules.cli`, and its name there.
COMMANDS: Final = {
    "evaluate": ("evaluation", "evaluate"),
    "explain": ("evaluation", "explain"),
    "batch": ("batch", "batch"),
    "replay": ("replaying", "replay"),
    "diff": ("comparing", "diff"),
    "compare": ("comparing", "compare"),
    "impact": ("impact", "impact"),
    "analyse": ("analysing", "analyse"),
    "site": ("site", "site"),
    "coverage": ("coverage", "coverage"),
    "check": ("packs", "check"),
    "properties": ("properties", "properties"),
    "soundness": ("soundness", "soundness"),
    "mutate": ("mutating", "mutate"),
    "agree": ("agreeing", "agree"),
    "snapshot": ("regress", "snapshot"),
    "regress": ("regress", "regress"),
    "ledger": ("packs", "ledger"),
    "targets": ("packs", "targets"),
    "facts": ("packs", "facts"),
    "packs": ("packs", "app"),
    "sources": ("sources", "app"),
    "tables": ("tables", "app"),
}


def _version(value: bool) -> None:
    if value:
        typer.echo(__version__)
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="显示版本 show the version"
        ),
    ] = False,
) -> None:
    """按帮扶政策文件判定：哪些措施可能适用、依据哪一条、还缺什么资料。 Rules as code for rural assistance policy."""


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with some of its commands, whose modules are imported."""
    app = typer.Typer(
        name="policy-rules",
        help="按帮扶政策文件判定：哪些措施可能适用、依据哪一条、还缺什么资料。 Rules as code for rural assistance policy.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name in names:
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"policy_rules.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


@cache
def _whole() -> typer.Typer:
    return build()


def __getattr__(name: str) -> Any:
    if name == "app":  # with every command; made when somebody asks for it
        return _whole()
    raise AttributeError(name)


def main() -> None:
    """The entry point of the ``policy-rules`` script: a command named first is all that is imported."""
    named = [name for name in sys.argv[1:2] if name in COMMANDS]
    (build(named) if named else _whole())()


if __name__ == "__main__":
    main()
