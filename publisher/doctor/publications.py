"""What is published, and not at its endpoints yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from publisher.doctor.model import Check, Finding, Ground, fine, warning
from publisher.editions import Publication, PublicationState

PATIENCE = timedelta(minutes=15)

_WORDS: Mapping[str, tuple[str, str, str]] = {
    "endpoint": (
        "is not at",
        "waits to be put at",
        "Mend that; it is tried again by itself, and `publisher feed build` does it now",
    ),
    "public": (
        "was not seen at",
        "waits to be looked at on",
        "Mend that; it is looked at again by itself, and `publisher feed check` does it now",
    ),
    "hub": ("was not announced to", "waits to be announced to", "Mend that; it is tried again by itself"),
}
"""By the kind of the target: what is said of one that failed and of one that waits, and what to do."""


def _look(ground: Ground) -> Iterator[Finding]:
    standing = ground.database.records.open_publications()
    faults = [finding for one in standing if (finding := _judge(ground.now, *one))]
    yield from faults
    if not faults:
        yield fine("everything published is at its endpoints, or on its way")


def _judge(now: datetime, key: str, publication: Publication, changed_at: datetime) -> Finding | None:
    kind, _, place = publication.target.partition(":")
    lacks, waits, remedy = _WORDS[kind]
    if publication.state is PublicationState.BEHIND:
        return warning(
            f"{key} {lacks} {place}: {publication.error or 'it failed'} (tried {publication.attempts} times)",
            remedy,
        )
    if now - changed_at > PATIENCE:
        return warning(
            f"{key} {waits} {place} since {changed_at:%Y-%m-%d %H:%M} UTC",
            "Look whether `publisher serve` runs; `publisher run` puts it there",
        )
    return None


CHECK = Check("publications", "everything published is at its endpoints", _look)
