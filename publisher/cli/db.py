"""`publisher db`: the database's schema."""

from __future__ import annotations

import typer

from publisher.app import upgrade_database
from publisher.cli.context import options
from publisher.cli.output import say

app = typer.Typer(no_args_is_help=True, help="The database: upgrade.")


@app.callback()
def group() -> None:
    """Keep `db` a group while it has one command."""


@app.command()
def upgrade() -> None:
    """Bring the schema to this version of the publisher; again changes nothing."""
    before, after = upgrade_database(options().config)
    say(
        f"the database is at {after}"
        if before == after
        else f"the database went from {before or 'empty'} to {after}"
    )
