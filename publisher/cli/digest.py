"""`publisher digest`: what is known, and what an editor decides by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from publisher import due
from publisher.app import App
from publisher.cli.context import actor, instance
from publisher.cli.output import local, say, show_json, show_rows
from publisher.digests.record import DigestRecord

app = typer.Typer(no_args_is_help=True, help="Digests: list, show, finalize, hold, release.")

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
        now = opened.clock()
        if newsletter:
            opened.settings.newsletter_named(newsletter)
        with opened.store.read() as unit:
            records = unit.digests.all(newsletter)
        show_rows(
            [_row(opened, record, records) | {"next": _waits(opened, record, records, now)} for record in records],
            ("digest", "date", "state", "mail", "published", "title", "next"),
            as_json=as_json,
            empty=f"No digest yet: put one into {opened.inbox_directory}",
        )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """One digest: its state, its editions, mailings and publications."""
    with instance() as opened:
        record = opened.editorial.find(name)
        with opened.store.read() as unit:
            edition = unit.editions.newest(record.id)
            facts = _row(opened, record, ()) | {
                "entry_id": record.entry_id,
                "source": record.source,
                "publish_at": record.publish_at,
                "finalized_at": record.finalized_at,
                "held_because": record.held_because,
                "edition": edition and edition.number,
                "subject": edition and edition.rendered.subject,
                "address": opened.page_url(record) if edition else None,
                "mailings": [
                    {"id": m.id, "kind": m.kind, "state": m.state, "reason": m.reason, "created": m.created_at}
                    for m in unit.mailings.all(record.id)
                ],
                "publications": [
                    {"target": p.target, "state": p.state, "error": p.error}
                    for p in (unit.publications.of_edition(edition.id) if edition else ())
                ],
                "events": [
                    {"at": e.at, "kind": e.kind, "actor": e.actor, **e.data} for e in unit.events.of_digest(record.id)
                ],
            }
        if as_json:
            show_json(facts)
        else:
            _show(facts)


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
    reason: Reason = "",
) -> None:
    """Publish now, whatever the slot."""
    with instance() as opened:
        record = opened.editorial.find(name)
        line = opened.editorial.release(record, opened.clock(), actor=actor(), reason=reason, mail=mail)
        say(line)
        say("`publisher run` (or `publisher serve`, when it runs) carries it out")


def _row(opened: App, record: DigestRecord, _records: object) -> dict[str, object]:
    zone = opened.settings.newsletter_named(record.newsletter).timezone
    return {
        "digest": record.key,
        "title": record.title,
        "date": record.date,
        "state": record.state,
        "mail": record.mail,
        "slot": local(record.slot, zone),
        "published": local(record.published_at, zone),
    }


def _waits(opened: App, record: DigestRecord, records: object, now: object) -> str:
    return due.waiting_reason(record)


def _show(facts: dict[str, object]) -> None:
    for key, value in facts.items():
        if isinstance(value, list):
            say(f"{key}:")
            for row in value:
                say("  " + "  ".join(f"{k}={v}" for k, v in row.items() if v not in ("", None)))
        elif value not in ("", None):
            say(f"{key + ':':14}{value}")
