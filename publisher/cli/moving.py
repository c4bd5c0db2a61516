"""`publisher subscriber export|show`, and taking an export back: everything about people, or about one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli.context import instance
from publisher.cli.output import count, say, show_json, show_rows
from publisher.cli.telling import tell_bad_rows


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command()(show)


def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the three files are put.")],
    newsletter: Annotated[str | None, typer.Option("--newsletter", help="Only this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Write subscribers.csv, suppressions.csv and consents.csv; `subscriber import FOLDER` takes them back."""
    with instance() as opened:
        if newsletter:
            opened.settings.newsletter_named(newsletter)
        done = opened.moving.export(folder, newsletter)
    if as_json:
        show_json(asdict(done))
        return
    counted = (count(done.subscriptions, "subscription"), count(done.suppressions, "suppression"))
    say(f"{folder}: {', '.join(counted)}, {count(done.consents, 'consent')}. Keep them as you keep the database")


def restore(folder: Path, *, dry_run: bool, as_json: bool) -> None:
    """Take an export back, and tell."""
    with instance() as opened:
        reports = opened.moving.restore(folder, opened.clock(), dry_run=dry_run)
    if as_json:
        show_json({name: asdict(report) for name, report in reports.items()})
    for name, report in reports.items() if not as_json else ():
        begin = "Dry run, nothing is changed: " if dry_run else ""
        say(f"{begin}{name}: {report.added} added, {report.unchanged} unchanged, {report.bad} bad")
    problems = [(name, report) for name, report in reports.items() if report.bad]
    for name, report in problems:
        tell_bad_rows(folder / name, report.problems, report.bad)


def show(
    email: Annotated[str, typer.Argument(metavar="ADDRESS")],
    consents: Annotated[bool, typer.Option("--consents", help="The consent log, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable, everything.")] = False,
) -> None:
    """Everything about one person."""
    with instance() as opened:
        found = opened.people.show(email)
    if as_json:
        show_json(asdict(found))
        return
    if found.subscriber is not None:
        say(f"{found.subscriber.email}  {found.subscriber.name}".rstrip())
    rows = [asdict(line) | {"sections": list(line.sections or ()) or None} for line in found.subscriptions]
    columns = (
        "newsletter",
        "state",
        "sections",
        "source",
        "created_at",
        "confirmed_at",
        "left_at",
        "paused_until",
    )
    show_rows(rows, columns, as_json=False, empty="Subscribed to nothing")
    for ban in found.suppressions:
        lifted = f", lifted by {ban.lifted_by}" if ban.lifted_at else ""
        say(f"Suppressed ({ban.newsletter or 'all'}): {ban.reason.value} {ban.detail}".rstrip() + lifted)
    if consents:
        said = [asdict(consent) for consent in found.consents]
        show_rows(said, ("at", "newsletter", "act", "how", "network", "text"), as_json=False, empty="No consents")
