"""`publisher subscriber segment`: which subscribers are meant, by name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import count as counted
from publisher.cli.output import say, show_json, show_rows, warn
from publisher.errors import SegmentError, UsageError
from publisher.publishing.segmenting import Counted
from subscribers.segments.stored import Segment

app = typer.Typer(no_args_is_help=True, help="Segments of subscribers: list, show, save, count, delete.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
Newsletter = Annotated[str | None, typer.Option("--newsletter", help="Count of this one alone.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Every segment by name."""
    with instance() as opened:
        show_rows(
            [_row(opened, segment) for segment in opened.segments.all()],
            ("name", "expression", "newsletters", "changed_at", "changed_by"),
            as_json=as_json,
            empty="No segment yet: `publisher subscriber segment save NAME 'language = \"de\"'` makes one",
        )


@app.command()
def show(name: Name, newsletter: Newsletter = None, as_json: Json = False) -> None:
    """One segment, and how many are in it."""
    with instance() as opened:
        segment = opened.segments.get(name)
        found = _count(opened, segment.expression, newsletter)
        if as_json:
            show_json(_row(opened, segment) | _facts(found))
            return
        say(f"{segment.name}: {segment.expression}")
        say(f"  changed {segment.changed_at:%Y-%m-%d %H:%M} UTC by {segment.changed_by}")
        for user in opened.segments.users(name):
            say(f"  newsletter {user} is mailed to it")
        _tell(found)


@app.command()
def save(
    name: Name,
    expression: Annotated[str, typer.Argument(metavar="EXPRESSION", help="Who is meant, in quotes.")],
    as_json: Json = False,
) -> None:
    """Keep an expression under a name, in place of what had it before, and count whom it is about."""
    with instance() as opened, _pointed():
        segment = opened.segments.save(name, expression, opened.clock(), actor=actor())
        found = _count(opened, segment.expression, None)
        if as_json:
            show_json(_row(opened, segment) | _facts(found))
            return
        say(f"{segment.name}: {segment.expression}")
        _tell(found)


@app.command()
def count(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Its name.")] = None,
    expression: Annotated[
        str | None, typer.Option("--expression", metavar="EXPRESSION", help="Count this instead; keep nothing.")
    ] = None,
    newsletter: Newsletter = None,
    as_json: Json = False,
) -> None:
    """How many active subscribers a segment is about, or an expression that is not saved."""
    if (name is None) == (expression is None):
        raise UsageError("it is not said what is counted", remedy="Give NAME, or --expression EXPRESSION")
    with instance() as opened, _pointed():
        asked = expression if expression is not None else opened.segments.get(name or "").expression
        found = _count(opened, asked, newsletter)
        if as_json:
            show_json(_facts(found))
        else:
            _tell(found)


@app.command()
def delete(name: Name, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Forget a segment; mailings that went to it keep what it was."""
    with instance() as opened:
        segment = opened.segments.get(name)
        confirm(f"Delete the segment {name} ({segment.expression})?", yes=yes)
        opened.segments.delete(name)
        say(f"The segment {name} is deleted")


@contextmanager
def _pointed() -> Iterator[None]:
    """Show the place of a fault in an expression, above the line that tells it."""
    try:
        yield
    except SegmentError as error:
        for line in error.excerpt:
            warn(f"  {line}")
        raise


def _count(opened: App, expression: str, newsletter: str | None) -> Counted:
    if newsletter:
        opened.settings.newsletter_named(newsletter)
    return opened.segments.count(expression, opened.clock(), newsletter=newsletter)


def _row(opened: App, segment: Segment) -> dict[str, object]:
    return asdict(segment) | {"newsletters": list(opened.segments.users(segment.name))}


def _facts(found: Counted) -> dict[str, object]:
    return {"count": {slug: asdict(share) for slug, share in found.shares}, "warnings": list(found.warnings)}


def _tell(found: Counted) -> None:
    for slug, share in found.shares:
        active = counted(share.active, "active subscriber")
        say(f"  {counted(share.inside, 'of', 'of')} {active} of {slug}")
    for line in found.warnings:
        warn(f"  {line}")
