"""`publisher subscriber suppress|unsuppress|erase`: who must not be mailed, and who is forgotten."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import count, say, show_json, warn
from publisher.cli.telling import tell_bad_rows
from publisher.errors import UsageError
from subscribers.model import SuppressionReason

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Only = Annotated[str | None, typer.Option("--newsletter", help="For this newsletter only; without it for all.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(suppress)
    app.command()(unsuppress)
    app.command()(erase)


def suppress(
    email: Annotated[str | None, typer.Argument(metavar="[ADDRESS]")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="CSV with a column email: all of these.")] = None,
    export: Annotated[Path | None, typer.Option("--export", help="Write every suppression to this CSV.")] = None,
    newsletter: Only = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever reads it later.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="With --file: count, change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forbid mailing an address, or those of a file; or write the list of them."""
    if sum(each is not None for each in (email, file, export)) != 1:
        raise UsageError("one of these is needed: an ADDRESS, --file FILE, --export FILE")
    with instance() as opened:
        if newsletter:
            opened.settings.newsletter_named(newsletter)
        if export is not None:
            say(f"{count(opened.blocking.export_file(export), 'suppression')} in {export}")
        elif file is not None:
            _suppress_file(opened, file, dry_run=dry_run, as_json=as_json)
        elif email is not None:
            done = opened.blocking.suppress(
                email,
                newsletter=newsletter,
                reason=SuppressionReason.OPERATOR,
                detail=reason,
                actor=actor(),
                now=opened.clock(),
            )
            say(f"{email} is not mailed any more" if done else f"{email} was suppressed already; nothing changed")


def _suppress_file(opened: App, file: Path, *, dry_run: bool, as_json: bool) -> None:
    try:
        with file.open("rb") as source:
            report = opened.blocking.import_file(source, file.name, opened.clock(), dry_run=dry_run)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}", remedy="Name a CSV file") from error
    if as_json:
        show_json(asdict(report))
    else:
        would = "would be " if dry_run else ""
        say(f"{file.name}: {report.added} {would}suppressed, {report.unchanged} were already, {report.bad} bad")
    tell_bad_rows(file, report.problems, report.bad)


def unsuppress(
    email: Address,
    reason: Annotated[str, typer.Option("--reason", help="Why it may be mailed again; kept for ever.")] = "",
    newsletter: Only = None,
) -> None:
    """Allow mailing an address again. It is not subscribed by that."""
    with instance() as opened:
        lifted = opened.blocking.unsuppress(
            email, newsletter=newsletter, reason=reason, actor=actor(), now=opened.clock()
        )
    if not lifted:
        scope = f" for {newsletter}" if newsletter else ""
        raise UsageError(f"{email} is not suppressed{scope}", remedy="Nothing was changed")
    say(f"{email} may be mailed again")


def erase(
    email: Address,
    reason: Annotated[str, typer.Option("--reason", help="Why, such as their own wish; kept.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person: no trace stays but a hash that keeps lists from bringing them back."""
    if not reason.strip():
        raise UsageError("somebody is erased for a reason", remedy="Add --reason, such as their own wish")
    confirm(f"Erase {email} for good?", yes=yes)
    with instance() as opened:
        report = opened.erasing.erase(email, reason=reason, actor=actor(), now=opened.clock())
    say(str(report))
    say("Mail that was sent, or put into a Maildir, is not touched; neither are backups and exports of before")
    for path in report.remaining:
        warn(f"publisher: {path} still holds the address: remove it there, or run this again when nothing is sent")
    if report.remaining:
        raise typer.Exit(1)
