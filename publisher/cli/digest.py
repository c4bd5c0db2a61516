"""`publisher digest`: what is known, and what an editor decides by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher.app import App
from publisher.cli.check import tell_blocked, tell_findings
from publisher.cli.context import actor, confirm, instance
from publisher.cli.output import cell, count, local, say, show_json, show_rows
from publisher.cli.telling import tell_catching_up
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.publishing.editorial import Story
from publisher.publishing.preflighting import BlockedError, stored_findings

app = typer.Typer(no_args_is_help=True, help="Digests: list, show, finalize, hold, release, withdraw.")

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
        waiting = {
            cadence.newsletter: opened.publisher.waiting(cadence, opened.clock()) for cadence in opened.cadences
        }
        show_rows(
            [
                _row(opened, record)
                | {"next": waiting.get(record.newsletter, {}).get(record.id, _forgotten(record))}
                for record in records
            ],
            ("digest", "date", "state", "mail", "published", "title", "next"),
            as_json=as_json,
            empty=f"No digest yet: put one into {opened.settings.path(opened.settings.inbox.directory)}",
        )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """One digest: its state, its mailings and publications, and everything that was done with it."""
    with instance() as opened:
        story = opened.editorial.story(opened.editorial.find(name))
        record = story.record
        facts = _row(opened, record) | {
            "source": record.source,
            "publish_at": record.publish_at,
            "finalized_at": record.finalized_at,
            "held_because": record.held_because,
            "entry_id": record.entry_id,
            "edition": story.edition,
            "subject": story.subject,
            "address": opened.page_url(record) if story.edition else None,
            "mailings": [
                {
                    "id": m.id,
                    "kind": m.kind,
                    "state": m.state,
                    "reason": m.reason,
                    "actor": m.actor,
                    "at": m.created_at,
                }
                for m in story.mailings
            ],
            "publications": [
                {"target": p.target, "state": p.state, "error": p.error, "due": p.due_at}
                for p in story.publications
            ],
            "events": [{"at": e.at, "kind": e.kind, "actor": e.actor, **e.data} for e in story.events],
        }
        if as_json:
            show_json(facts | {"preflight": _preflight(story)})
        else:
            _show(facts)
            _show_preflight(story)


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


def _show(facts: dict[str, object]) -> None:
    for key, value in facts.items():
        if isinstance(value, list):
            say(f"{key}:")
            for row in value:
                say(
                    "  "
                    + "  ".join(f"{name}={cell(fact)}" for name, fact in row.items() if fact not in ("", None))
                )
        elif value not in ("", None):
            say(f"{key + ':':14}{cell(value)}")


def _preflight(story: Story) -> dict[str, object] | None:
    """What was found when the digest was last to be mailed."""
    found = story.preflight
    if found is None:
        return None
    return {
        "at": found.at,
        "published": found.edition_id is not None,
        "despite": list(found.despite),
        "findings": [dict(finding) for finding in found.findings],
    }


def _show_preflight(story: Story) -> None:
    found = story.preflight
    if found is None:
        return
    despite = f", published despite {', '.join(found.despite)}" if found.despite else ""
    nothing = "" if found.findings else ", nothing was found"
    say(f"preflight:    {cell(found.at)}{despite}{nothing}")
    tell_findings(stored_findings(found), found.despite)
