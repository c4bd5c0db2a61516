"""`publisher serve`: site, schedule and senders in one command."""

from __future__ import annotations

import typer

from publisher.cli.context import instance


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(serve)


def serve() -> None:
    """Serve the site and the links in mails, publish on schedule, send; until Ctrl-C or SIGTERM."""
    from publisher.scheduling import (
        serve as serve_until_stopped,
    )  # the web comes along: other commands start faster

    with instance() as opened:
        serve_until_stopped(opened)
