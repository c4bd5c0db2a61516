"""`publisher feed`: the documents of the public site."""

from __future__ import annotations

import typer

from publisher.cli.context import instance
from publisher.cli.output import warn
from publisher.cli.telling import tell_put

app = typer.Typer(no_args_is_help=True, help="Feeds and pages: build.")


@app.callback()
def group() -> None:
    """Keep `feed` a group while it has one command."""


@app.command()
def build() -> None:
    """Put every page and feed again at every endpoint, wherever its bytes differ."""
    with instance() as opened, opened.locked():
        puts = opened.channels.rebuild(opened.clock())
        for put in puts:
            tell_put(opened, put)
            if put.error:
                warn(f"publisher: {put.error}")
    if any(put.error for put in puts):
        raise typer.Exit(1)
