"""An upstream feed as data, whatever its format was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.errors import PublisherError


class UpstreamError(PublisherError):
    """A feed of others cannot be asked, or is no feed that can be read."""

    permanent_by_default = False


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that an upstream feed brings. Every text but two is one clean line, and may be empty.

    `id` is what its publisher calls it, `link` an address of the web. `summary` and `content` are foreign HTML, to
    be read by `digests.markup` alone.
    """

    id: str
    link: str
    title: str
    summary: str = ""
    content: str = ""
    author: str = ""
    category: str = ""
    published: datetime | None = None
    """Aware UTC, as its publisher says."""


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as it was read. `ttl` is how long it wants not to be asked again.

    `is_whole` is False when it was broken somewhere: then there may be more than could be read.
    """

    title: str
    items: tuple[Item, ...]
    ttl: timedelta | None = None
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item that waits for a digest. `source` is what readers know its feed as."""

    id: int
    item: Item
    source: str
    seen_at: datetime

    @property
    def at(self) -> datetime:
        """When it was published: as it says, but not later than it was seen."""
        return min(self.item.published or self.seen_at, self.seen_at)


@dataclass(frozen=True, slots=True)
class Poll:
    """What is known of an address. `etag` and `modified` are its validators (RFC 9110, 8.8), or empty."""

    etag: str = ""
    modified: str = ""
    title: str = ""
    failures: int = 0
    error: str = ""
    asked_at: datetime | None = None
    due_at: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it may be asked now."""
        return self.due_at is None or self.due_at <= now

    @property
    def headers(self) -> dict[str, str]:
        """What makes the question conditional."""
        pairs = (("If-None-Match", self.etag), ("If-Modified-Since", self.modified))
        return {name: value for name, value in pairs if value}
