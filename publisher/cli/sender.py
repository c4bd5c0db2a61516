"""`publisher sender`: one sender process; started by the engine, not by people."""

from __future__ import annotations

import logging
import sys
from contextlib import closing

import typer

from publisher.app import open_sender
from publisher.cli.context import options
from publisher.engines.local import NOTE


def register(app: typer.Typer) -> None:
    """Add the command, hidden: it ends when its standard input is closed."""
    app.command(hidden=True)(sender)


def sender() -> None:
    """Send what running mailings hold, until there is nothing left or the parent is gone."""
    told = logging.StreamHandler()
    told.setFormatter(logging.Formatter(f"{NOTE}%(message)s"))
    logging.getLogger("publisher").addHandler(told)
    with closing(open_sender(options().config)) as opened:
        result = opened.run(sys.stdin.fileno())
    if result.error:
        raise result.error
