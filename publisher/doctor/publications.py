"""What is published, and not at its endpoints yet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from publisher.doctor.model import Check, Finding, Ground, fine, warning
from publisher.editions import Publication, PublicationState

PATIENCE = timedelta(minutes=15)


def _look(ground: Ground) -> Iterator[Finding]:
    standing = ground.database.records.open_publications()
    faults = [finding for one in standing if (finding := _judge(ground.now, *one))]
    yield from faults
    if not faults:
        yield fine("everything published is at its endpoints, or on its way")


def _judge(now: datetime, key: str, publication: Publication, changed_at: datetime) -> Finding | None:
    place = publication.target.partition(":")[2]
    if publication.state is PublicationState.BEHIND:
        return warning(
            f"{key} is not at {place}: {publication.error or 'it failed'} (tried {publication.attempts} times)",
            "Mend that; it is tried again by itself, and `publisher feed build` does it now",
        )
    if now - changed_at > PATIENCE:
        return warning(
            f"{key} waits to be put at {place} since {changed_at:%Y-%m-%d %H:%M} UTC",
            "Look whether `publisher serve` runs; `publisher run` puts it there",
        )
    return None


CHECK = Check("publications", "everything published is at its endpoints", _look)
