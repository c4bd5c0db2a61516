"""The tree of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from publisher import __version__
from publisher.cli import (
    check,
    db,
    digest,
    dkim,
    feed,
    init,
    mailing,
    preview,
    resend,
    run,
    segment,
    sender,
    serve,
    subscriber,
)
from publisher.cli.context import Options, use
from publisher.cli.corrections import register as register_corrections

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Render a newsroom's digest once and get it to everybody: one mail a subscriber, an entry in every feed.",
    epilog="--config FILE and --debug may stand anywhere. Exit codes: 0 done, 1 something failed, is held or is "
    "uncertain, 2 wrong use or configuration.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"publisher {__version__}")
        raise typer.Exit


@app.callback()
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


for module in (init, run, serve, preview, check, resend, sender):
    module.register(app)
register_corrections(digest.app)
subscriber.app.add_typer(segment.app, name="segment")
for name, group in (
    ("digest", digest.app),
    ("mailing", mailing.app),
    ("subscriber", subscriber.app),
    ("feed", feed.app),
    ("dkim", dkim.app),
    ("db", db.app),
):
    app.add_typer(group, name=name)

cli = typer.main.get_command(app)
