"""`publisher feed`: the documents of the public site, and feeds of others that become digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.context import instance
from publisher.cli.output import count, local, say, show_json, show_rows, warn
from publisher.cli.telling import tell_fetched, tell_put
from publisher.errors import UsageError
from publisher.publishing.channels import Put
from publisher.publishing.fetching import Standing

app = typer.Typer(
    no_args_is_help=True,
    help="Feeds and pages: build, push, check, readers. Feeds of others: sources, fetch.",
)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command()
def build() -> None:
    """Put every page and feed again at every endpoint, wherever its bytes differ."""
    with instance() as opened, opened.locked():
        _tell(opened, opened.channels.rebuild(opened.clock()))


@app.command()
def push(
    endpoint: Annotated[
        list[str] | None, typer.Option("--endpoint", help="Only at the endpoint of this name; may be repeated.")
    ] = None,
) -> None:
    """Write every page and feed anew at every endpoint, also where its bytes are there already."""
    with instance() as opened, opened.locked():
        names = [each.name for each in opened.endpoints]
        for name in endpoint or ():
            if name not in names:
                raise UsageError(f'there is no endpoint "{name}"', remedy=f"Configured: {', '.join(names)}")
        _tell(opened, opened.channels.push(opened.clock(), endpoint or ()))


@app.command()
def check(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
) -> None:
    """Read every feed at its public address as a reader would, and compare it with what was put."""
    with instance() as opened:
        looks = opened.look_at_feeds()
    if as_json:
        show_json([asdict(look) for look in looks])
    for look in looks if not as_json else ():
        say(f"{'WRONG' if look.problem else 'ok':6} {look.address}: {look.problem or _entries(look.entries)}")
    if any(look.problem for look in looks):
        raise typer.Exit(1)


def _entries(number: int) -> str:
    return count(number, "entry", "entries")


def _tell(opened: App, puts: Sequence[Put]) -> None:
    for put in puts:
        tell_put(opened, put)
        if put.error:
            warn(f"publisher: {put.error}")
    if any(put.error for put in puts):
        raise typer.Exit(1)


@app.command()
def sources(as_json: Json = False) -> None:
    """Feeds of others: when each was asked, when it is asked again, and how many items wait for a digest."""
    with instance() as opened:
        rows = [_row(opened, standing) for standing in opened.fetching.standings()]
        columns = ("feed", "newsletter", "host", "title", "asked", "next", "waiting", "error")
        show_rows(rows, columns, as_json=as_json, empty="No feeds: write [[inbox.feed]] into the configuration")


@app.command()
def fetch(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask every feed now, say what would be new, and keep nothing.")
    ] = False,
) -> None:
    """Ask the feeds of others that may be asked again, and put digests of what is new into the inbox."""
    with instance() as opened:
        if not opened.settings.inbox.feed:
            raise UsageError("there are no feeds to fetch", remedy="Write [[inbox.feed]] into the configuration")
        failed = _look(opened) if dry_run else _fetch(opened)
    if failed:
        raise typer.Exit(1)


def _fetch(opened: App) -> bool:
    fetched = opened.fetch()
    tell_fetched(fetched)
    if not fetched.lines and not fetched.errors:
        say("Nothing new")
    return bool(fetched.errors)


def _look(opened: App) -> bool:
    """Tell what every feed has; whether one could not be asked."""
    failed = False
    for looked in opened.fetching.look():
        if looked.error:
            failed = True
            warn(f"publisher: {looked.error}")
            continue
        new = [each.item for each in looked.items if each.is_new]
        say(f"{looked.source.place}: {looked.title or 'without a title'}, {count(len(new), 'new item')}")
        for item in new:
            say(f"  {item.title}")
    return failed


def _row(opened: App, standing: Standing) -> dict[str, object]:
    feed = standing.source.feed
    zone = opened.timezone(feed.newsletter)
    return {
        "feed": feed.name,
        "newsletter": feed.newsletter,
        "host": standing.source.host,
        "title": standing.title,
        "asked": local(standing.asked_at, zone),
        "next": local(standing.due_at, zone),
        "waiting": standing.waiting,
        "error": standing.error,
    }


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
