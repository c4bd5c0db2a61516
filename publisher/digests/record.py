"""What the database knows about a digest, besides its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from publisher.digests.model import DigestState


class MailChoice(StrEnum):
    """Whether a published digest is mailed. BACKLOG: page and feeds only, until an editor says `--mail`."""

    NONE = "none"
    MAILED = "mailed"
    BACKLOG = "backlog"


@dataclass(frozen=True, slots=True)
class DigestRecord:
    """A row of the digests table. All moments are aware UTC."""

    id: int
    newsletter: str
    slug: str
    title: str
    date: date
    state: DigestState
    source: str
    source_hash: str
    seen_at: datetime
    publish_at: datetime | None = None
    finalized_at: datetime | None = None
    held_because: str = ""
    published_at: datetime | None = None
    slot: datetime | None = None
    mail: MailChoice = MailChoice.NONE
    entry_id: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_because: str = ""
    """What its page says in place of it; may be empty."""

    @property
    def key(self) -> str:
        """`newsletter/slug`, as people type it."""
        return f"{self.newsletter}/{self.slug}"
