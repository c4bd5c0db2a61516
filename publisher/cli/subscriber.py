"""`publisher subscriber`: who gets the mail."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from publisher.cli import segment
from publisher.cli.context import actor, instance
from publisher.cli.moving import register as register_moving
from publisher.cli.moving import restore
from publisher.cli.output import LARGEST, count, say, show_json, show_rows
from publisher.cli.progress import MEGABYTES, Bar
from publisher.cli.suppressing import register as register_suppressing
from publisher.cli.telling import tell_bad_rows
from publisher.errors import UsageError
from subscribers.importing import ImportReport
from subscribers.listing import Line
from subscribers.shapes import OURS

app = typer.Typer(no_args_is_help=True, help="Subscribers: who gets the mail, and who must not.")
register_moving(app)
register_suppressing(app)
app.add_typer(segment.app, name="segment")

Newsletter = Annotated[str, typer.Option("--newsletter", help="The newsletter's slug.")]
Confirmed = Annotated[
    bool,
    typer.Option("--confirmed", help="They agreed already: mail them from now on. Without it nobody is mailed."),
]
LINES_SHOWN = 100


@app.command()
def add(
    email: Annotated[str, typer.Argument(metavar="ADDRESS")],
    newsletter: Newsletter,
    name: Annotated[str, typer.Option("--name", help="What mail is addressed to.")] = "",
    language: Annotated[str, typer.Option("--language", help="Like en or pt-BR.")] = "",
    timezone: Annotated[str, typer.Option("--timezone", help="Like Europe/Berlin.")] = "",
    confirmed: Confirmed = False,
) -> None:
    """Add one subscriber."""
    with instance() as opened:
        opened.settings.newsletter_named(newsletter)
        line = opened.people.add(
            email,
            newsletter,
            name=name,
            language=language,
            timezone=timezone,
            confirmed=confirmed,
            actor=actor(),
            now=opened.clock(),
        )
        say(line)


@app.command("list")
def list_(
    newsletter: Annotated[str | None, typer.Option("--newsletter", help="Only this one.")] = None,
    segment: Annotated[str | None, typer.Option("--segment", help="Only those whom it is about.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=0, max=LARGEST, help="At most so many, 100 by default; 0 = all.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Machine-readable; all unless --limit is given.")
    ] = False,
) -> None:
    """Subscribers by address."""
    with instance() as opened:
        if newsletter:
            opened.settings.newsletter_named(newsletter)
        if limit is None:
            limit = 0 if as_json else LINES_SHOWN
        which = None if segment is None else opened.segments.criterion(segment, opened.clock())
        rows = [_row(line) for line in opened.people.list(newsletter, limit or None, which)]
        total = opened.people.count(newsletter, which)
        show_rows(
            rows,
            ("email", "name", "newsletter", "state", "language", "timezone", "sections"),
            as_json=as_json,
            empty="No subscriber yet: `publisher subscriber add ADDRESS --newsletter SLUG --confirmed`"
            if segment is None
            else f"Nobody is in the segment {segment}",
        )
        if not as_json and len(rows) < total:
            say(f"… and {count(total - len(rows), 'more', 'more')}: --limit 0 shows all")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV list, or a folder of `subscriber export`.")],
    newsletter: Annotated[str, typer.Option("--newsletter", help="The newsletter's slug, for a list.")] = "",
    confirmed: Confirmed = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would happen, change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable.")] = False,
) -> None:
    """Import subscribers; again changes nothing. Bad rows are told, the good ones go in."""
    if file.is_dir():
        restore(file, dry_run=dry_run, as_json=as_json)
        return
    if not newsletter:
        raise UsageError("a list is of a newsletter", remedy="Add --newsletter SLUG")
    with instance() as opened:
        opened.settings.newsletter_named(newsletter)
        try:
            size = file.stat().st_size
            with file.open("rb") as source, Bar("Importing", size, MEGABYTES) as bar:
                report = opened.people.import_csv(
                    source,
                    newsletter,
                    confirmed=confirmed,
                    source_name=file.name,
                    now=opened.clock(),
                    progress=bar,
                    dry_run=dry_run,
                )
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}", remedy="Name a CSV file") from error
    if as_json:
        show_json(asdict(report))
    else:
        say(f"{'Dry run, nothing is changed: ' if dry_run else ''}{_told(file, report)}")
    tell_bad_rows(file, report.problems, report.bad)


def _told(file: Path, report: ImportReport) -> str:
    product = f" ({report.product}'s list)" if report.product and report.product != OURS.product else ""
    gone = f"{report.left} left, {report.suppressed} suppressed by it, " if report.left + report.suppressed else ""
    return (
        f"{file.name}{product}: {count(report.added, 'subscriber')} added, {report.updated} updated, "
        f"{report.unchanged} unchanged, {gone}{report.left_out} left out (unsubscribed or suppressed), "
        f"{report.duplicates} twice in the file, {report.bad} bad"
    )


def _row(line: Line) -> dict[str, object]:
    facts = asdict(line) | {"sections": "|".join(line.sections) if line.sections is not None else None}
    return {name: value for name, value in facts.items() if name not in ("subscriber_id", "email_key")}
