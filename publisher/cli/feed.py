"""`publisher feed`: the documents of the public site."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import count, show_rows, warn
from publisher.cli.telling import tell_put

app = typer.Typer(no_args_is_help=True, help="Feeds and pages: build. Feed readers: how they poll.")

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


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


@app.command()
def readers(
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="Of how many days, today included.")] = 30,
    as_json: Json = False,
) -> None:
    """How feed readers poll `publisher serve`: requests, shares of conditional ones and 304s, subscribers."""
    with instance() as opened:
        rows = [
            {
                "family": habit.family,
                "requests": habit.requests,
                "conditional": _share(habit.conditional, habit.requests),
                "not_modified": _share(habit.not_modified, habit.requests),
                "refused": habit.refused,
                "subscribers": habit.subscribers,
            }
            for habit in opened.feed_readers.habits(days, opened.clock())
        ]
    shown = rows if as_json else [row | {name: f"{row[name]:.0%}" for name in _SHARES} for row in rows]
    empty = f"No feed reader has polled within {count(days, 'day')}; `publisher serve` counts them."
    show_rows(shown, ("family", "requests", *_SHARES, "refused", "subscribers"), as_json=as_json, empty=empty)


_SHARES = ("conditional", "not_modified")


def _share(some: int, all_: int) -> float:
    return round(some / all_, 4) if all_ else 0.0
