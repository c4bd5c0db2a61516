"""Schedules: when the next slot is, and whether one is open with nobody to take it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from publisher import due, slots
from publisher.config import Newsletter
from publisher.digests.model import DigestState
from publisher.digests.record import DigestRecord
from publisher.doctor.model import Check, Finding, Ground, fine, warning

PATIENCE = timedelta(minutes=15)
"""How long after its moment a digest may still be here before it looks as if nobody publishes."""


def _look(ground: Ground) -> Iterator[Finding]:
    with ground.database.store.read() as unit:
        records = list(unit.digests.all())
    for newsletter in ground.newsletters:
        own = [record for record in records if record.newsletter == newsletter.slug]
        yield from _missed(ground, newsletter, own)
        yield from _held(own)
        yield fine(f"{newsletter.slug}: {newsletter.schedule}, {_next(ground, newsletter)}")


def _next(ground: Ground, newsletter: Newsletter) -> str:
    moment = slots.next_slot(newsletter.schedule, newsletter.zone, ground.now)
    if moment is None:
        return "whenever something is final"
    return f"next {moment.astimezone(newsletter.zone):%a %Y-%m-%d %H:%M} {newsletter.timezone}"


def _missed(ground: Ground, newsletter: Newsletter, records: list[DigestRecord]) -> Iterator[Finding]:
    """What would have left already, had a pass been made a while ago."""
    then = ground.now - PATIENCE
    taken = frozenset(record.slot for record in records if record.slot)
    intents = due.decide(
        records,
        schedule=newsletter.schedule,
        timezone=newsletter.zone,
        stale_after=newsletter.stale_after,
        taken=taken,
        now=then,
    )
    keys = {record.id: record.key for record in records}
    if intents:
        yield warning(
            f"{keys[intents[-1].digest_id]} should have left more than {PATIENCE.seconds // 60} minutes ago",
            "Look whether `publisher serve` runs (or whatever runs `publisher run`), and what it says",
        )


def _held(records: list[DigestRecord]) -> Iterator[Finding]:
    for record in records:
        if record.state is DigestState.HELD:
            yield warning(
                f"{record.key} is held: {record.held_because or 'no reason was given'}",
                f"`publisher digest show {record.key}` says more; "
                f"`publisher digest release {record.key}` lets it go",
            )


CHECK = Check("schedule", "the next slot of each newsletter; digests that are held, or should have left", _look)
