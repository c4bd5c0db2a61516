"""`publisher sender`: one sender process; started by the engine, not by people."""

from __future__ import annotations

import sys

import typer

from publisher.cli.context import instance


def register(app: typer.Typer) -> None:
    """Add the command, hidden: it ends when its standard input is closed."""
    app.command(hidden=True)(sender)


def sender() -> None:
    """Send what running mailings hold, until there is nothing left or the parent is gone."""
    with instance() as opened:
        result = opened.run_sender(sys.stdin.fileno())
    if result.error:
        raise result.error
