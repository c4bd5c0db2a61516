"""`publisher feed`: the documents of the public site."""

from __future__ import annotations

import typer

from publisher.cli.context import instance
from publisher.cli.output import count, say, warn

app = typer.Typer(no_args_is_help=True, help="Feeds and pages: build.")


@app.callback()
def group() -> None:
    """Keep `feed` a group while it has one command."""


@app.command()
def build() -> None:
    """Put every page and feed again at every endpoint, wherever its bytes differ."""
    failed = False
    with instance() as opened, opened.locked("pass"):
        for put in opened.channels.rebuild():
            say(f"{put.endpoint}: {count(put.editions, 'edition')}, {count(len(put.paths), 'document')} changed")
            for path in put.paths:
                say(f"  {path}")
            if put.error:
                failed = True
                warn(f"publisher: {put.error}")
    if failed:
        raise typer.Exit(1)
