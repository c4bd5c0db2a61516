"""`publisher digest`: what is known, and what an editor decides by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.app import App
from publisher.cli import timeline
from publisher.cli.check import tell_blocked
from publisher.cli.context import actor, confirm, instance
from publisher.cli.corrections import register as register_correct
from publisher.cli.output import count, local, say, show_json, show_rows
from publisher.cli.telling import tell_catching_up
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.publishing.preflighting import BlockedError

app = typer.Typer(no_args_is_help=True, help="Digests: list, show, finalize, hold, release, correct, withdraw.")

Name = Annotated[str, typer.Argument(metavar="DIGEST", help="A slug, or newsletter/slug.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; kept with the digest.")]
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]


@app.command("list")
def list_(
    newsletter: Annotated[str | None, typer.Option("--newsletter", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """Every digest, newest first, and what it waits for."""
    with instance() as opened:
        if newsletter:
            opened.settings.newsletter_named(newsletter)
        records = opened.editorial.all(newsletter)
        origins = opened.editorial.origins()
        waiting = {
            cadence.newsletter: opened.publisher.waiting(cadence, opened.clock()) for cadence in opened.cadences
        }
        show_rows(
            [
                _row(opened, record)
                | {"from": f"feed {origins[record.key]}" if record.key in origins else record.source}
                | {"next": waiting.get(record.newsletter, {}).get(record.id, _forgotten(record))}
                for record in records
            ],
            ("digest", "date", "state", "mail", "published", "title", "from", "next"),
            as_json=as_json,
            empty=f"No digest yet: put one into {opened.settings.path(opened.settings.inbox.directory)}",
        )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """One digest: how it stands, its history from the inbox on, and how its readers stand."""
    with instance() as opened:
        history = opened.histories.of(opened.editorial.find(name))
        standing = timeline.standing_of(opened, history)
        if as_json:
            show_json(timeline.as_data(opened, history, standing))
        else:
            timeline.tell(opened, history, standing)


@app.command()
def finalize(name: Name) -> None:
    """Say that a draft is final: it leaves at its slot."""
    with instance() as opened:
        record = opened.editorial.find(name)
        opened.editorial.finalize(record, opened.clock(), actor=actor())
        say(f"{record.key} is finalized")


@app.command()
def hold(name: Name, reason: Reason = "held by an editor") -> None:
    """Keep a digest back until it is released."""
    with instance() as opened:
        record = opened.editorial.find(name)
        opened.editorial.hold(record, opened.clock(), actor=actor(), reason=reason)
        say(f"{record.key} is held; `publisher digest release {record.key}` lets it go")


@app.command()
def release(
    name: Name,
    mail: Annotated[bool, typer.Option("--mail", help="Mail one that went to page and feeds only.")] = False,
    despite: Annotated[
        list[str] | None,
        typer.Option("--despite", metavar="RULE", help="A rule of preflight that shall not keep it; repeat it."),
    ] = None,
    reason: Reason = "",
) -> None:
    """Publish now, whatever the slot; preflight looks first."""
    with instance() as opened:
        record = opened.editorial.find(name)
        overruled = tuple(despite or ())
        try:
            line = opened.editorial.release(
                record, opened.clock(), actor=actor(), reason=reason, mail=mail, despite=overruled
            )
        except BlockedError as blocked:
            tell_blocked(blocked, overruled, mail=mail)
            raise typer.Exit(blocked.exit_code) from blocked
        say(line)
        say("`publisher run` (or `publisher serve`, when it runs) carries it out")


@app.command()
def withdraw(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the log, shown to no reader.")] = "",
    notice: Annotated[
        str, typer.Option("--notice", metavar="TEXT", help="What page and entry tell readers in place of it.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take a digest back for good: unsent mail is not sent, page and entry say that it was withdrawn."""
    with instance() as opened:
        record = opened.editorial.find(name)
        if reason.strip() and record.state is not DigestState.WITHDRAWN:  # else the act itself says what is wrong
            confirm(f"Withdraw {record.key}, “{record.title}”, for good?", yes=yes)
        done = opened.withdrawing.withdraw(record, opened.clock(), actor=actor(), reason=reason, notice=notice)
        if done.was is not DigestState.PUBLISHED:
            say(f"{record.key} is withdrawn: it was {done.was}, and is never published")
            return
        say(f"{record.key} is withdrawn; its page and entry say so")
        for mailing_id in done.cancelled:
            say(f"Mailing {mailing_id} is cancelled; `publisher mailing show {mailing_id}` has its sums")
        if done.readers:
            say(f"{count(done.readers, 'reader')} got it by mail, which nothing takes back")
        if done.uncertain:
            say(f"{count(done.uncertain, 'reader')} may have got it: uncertain")
        report = opened.catch_up()
        tell_catching_up(opened, report)
    if report.errors:
        raise typer.Exit(1)


def _row(opened: App, record: DigestRecord) -> dict[str, object]:
    zone = opened.timezone(record.newsletter)
    return {
        "digest": record.key,
        "title": record.title,
        "date": record.date,
        "state": record.state,
        "mail": record.mail,
        "slot": local(record.slot, zone),
        "published": local(record.published_at, zone),
    }


def _forgotten(record: DigestRecord) -> str:
    """What is said of a digest whose newsletter was taken out of the configuration."""
    return (
        ""
        if record.state in (DigestState.PUBLISHED, DigestState.WITHDRAWN)
        else "its newsletter is not configured"
    )


register_correct(app)
