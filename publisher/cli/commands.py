"""The tree of commands."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from publisher import __version__
from publisher.cli.context import Options, use

COMMANDS = ("init", "run", "serve", "preview", "check", "resend", "sender")
"""Modules here that are one command each, and the order in which people see them."""

GROUPS = ("digest", "mailing", "subscriber", "provider", "feed", "dkim", "db")
"""Modules here that are a group of commands each."""


def tree(words: Sequence[str] = ()) -> Any:
    """The tree of commands, ready to be called; only what is asked for is loaded.

    Args:
        words: what was asked for. When the first is no command, all of them are there: for help, or a near miss.
    """
    app = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        help="Render a newsroom's digest once and get it to everybody: one mail a subscriber, an entry in every "
        "feed.",
        epilog="--config FILE and --debug may stand anywhere. Exit codes: 0 done, 1 something failed, is held or "
        "is uncertain, 2 wrong use or configuration.",
    )
    app.callback()(root)
    wanted = words[0] if words and words[0] in (*COMMANDS, *GROUPS) else None
    for name in (*COMMANDS, *GROUPS):
        if wanted in (None, name):
            module = import_module(f"publisher.cli.{name}")
            if name in COMMANDS:
                module.register(app)
            else:
                app.add_typer(module.app, name=name)
    return typer.main.get_command(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"publisher {__version__}")
        raise typer.Exit


def root(
    config: Annotated[Path, typer.Option("--config", envvar="PUBLISHER_CONFIG", help="The configuration.")] = Path(
        "config.toml"
    ),
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Options that every command has."""
    use(Options(config, debug))
