"""`publisher feed`: the documents of the public site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.context import instance
from publisher.cli.output import count, say, show_json, warn
from publisher.cli.telling import tell_put
from publisher.errors import UsageError
from publisher.publishing.channels import Put

app = typer.Typer(no_args_is_help=True, help="Feeds and pages: build, push, check.")


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
