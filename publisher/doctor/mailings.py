"""Mailings that do not go on by themselves, or should have by now."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from publisher.doctor.model import Check, Finding, Ground, broken, fine, warning
from publisher.ledger import OPEN, Mailing, MailingState

SLACK = timedelta(minutes=5)
"""Beside [site] wait: passes come once in a while."""

_IDLE = timedelta(minutes=15)


def _look(ground: Ground) -> Iterator[Finding]:
    opened = ground.database
    with opened.store.read() as unit:
        standing = [mailing for mailing in unit.mailings.all() if mailing.state in OPEN]
        keys = {mailing.id: unit.digests.get(mailing.digest_id).key for mailing in standing}
    unsent = opened.records.unsent(ground.now)
    working = [lease for _, _, lease in opened.records.senders() if lease >= ground.now]
    faults = [
        finding
        for mailing in standing
        if (finding := _judge(ground, mailing, keys[mailing.id], idle=() if working else unsent))
    ]
    yield from faults
    if not faults:
        yield fine(f"{len(standing)} open, none is paused or waits for long")


def _judge(ground: Ground, mailing: Mailing, key: str, *, idle: Collection[int]) -> Finding | None:
    name, age = f"mailing {mailing.id} of {key}", ground.now - (mailing.started_at or mailing.created_at)
    if mailing.state is MailingState.PAUSED:
        return warning(
            f"{name} is paused",
            f"`publisher mailing resume {mailing.id} --reason TEXT` goes on; "
            f"`publisher digest show {key}` says why",
        )
    if mailing.state is MailingState.WAITING and age > ground.settings.site.wait + SLACK:
        return broken(
            f"{name} waits for its page since {mailing.created_at:%Y-%m-%d %H:%M} UTC",
            "Look at the first endpoint, and whether `publisher serve` runs; `publisher run` lets it go",
        )
    if mailing.id in idle and age > _IDLE:
        return broken(
            f"{name} has mail to send, and nobody sends it",
            "Look whether `publisher serve` runs; `publisher run` goes on where it was",
        )
    return None


CHECK = Check("mailings", "none is paused, waits for long, or has mail that nobody sends", _look)
