"""What a feed is, besides its entries: one description from which every format is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from publisher.editions import Entry


class FeedFormat(StrEnum):
    """The formats that every feed comes in."""

    RSS = "rss"
    ATOM = "atom"
    JSON = "json"


FILE_NAMES: Mapping[FeedFormat, str] = {
    FeedFormat.RSS: "rss.xml",
    FeedFormat.ATOM: "atom.xml",
    FeedFormat.JSON: "feed.json",
}
"""How each format's document is called, in the feed's folder."""

MEDIA_TYPES: Mapping[FeedFormat, str] = {
    FeedFormat.RSS: "application/rss+xml",
    FeedFormat.ATOM: "application/atom+xml",
    FeedFormat.JSON: "application/feed+json",
}
"""Media types as links name them; served documents add `; charset=utf-8`."""


STYLESHEET = "feed.css"
"""What a browser shows a feed with, in the site's own folder. CSS, for browsers have given up XSLT."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of an entry that was taken back (RFC 6721). `when` is aware, `comment` plain text or empty."""

    ref: str
    when: datetime
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed in all its formats, or a feed of one format alone, or a document of its archive.

    Args:
        id: stable for ever, see `identity.feed_id`.
        title: plain text, one line.
        description: plain text; empty means the title.
        language: a BCP 47 tag.
        author: who publishes the feed; entries may name their own authors.
        site_url: the address of the site, with a slash at the end.
        path: the feed's folder under the site, without slashes at its ends ("daily"); "" is the site itself.
        updated: the moment that a feed without entries bears, aware. With entries it is not used.
        hubs: addresses of WebSub hubs.
        home: the folder of the page that people read instead; None is the feed's own.
        formats: those that it comes in.
        file: what its only document is called, from the feed's folder; empty where formats name the files.
        headlines: whether entries show nothing but their titles (RSS alone).
        links: further links (relation, address), in Atom alone: the documents of its archive (RFC 5005).
        archived: whether this is a document of the archive, which is read once and kept.
        tombstones: entries that were taken back, the one taken back last first, in Atom alone.
    """

    id: str
    title: str
    description: str
    language: str
    author: str
    site_url: str
    path: str
    updated: datetime
    hubs: tuple[str, ...] = ()
    home: str | None = None
    formats: tuple[FeedFormat, ...] = tuple(FeedFormat)
    file: str = ""
    headlines: bool = False
    links: tuple[tuple[str, str], ...] = ()
    archived: bool = False
    tombstones: tuple[Tombstone, ...] = ()

    @property
    def home_url(self) -> str:
        """The page that people read instead of the feed."""
        home = self.path if self.home is None else self.home
        return f"{self.site_url}{home}/" if home else self.site_url

    def document_path(self, feed_format: FeedFormat) -> str:
        """Where the document lies at an endpoint."""
        name = self.file or FILE_NAMES[feed_format]
        return f"{self.path}/{name}" if self.path else name

    def self_url(self, feed_format: FeedFormat) -> str:
        """The document's own public address."""
        return self.site_url + self.document_path(feed_format)

    @property
    def address(self) -> str:
        """The address that a list of feeds gives: Atom, which says most, where there is a choice."""
        return self.self_url(FeedFormat.ATOM if FeedFormat.ATOM in self.formats else self.formats[0])

    def stylesheet(self, feed_format: FeedFormat) -> str:
        """The way from the document to the stylesheet: relative, so that a feed shows itself from a disk, too."""
        return "../" * self.document_path(feed_format).count("/") + STYLESHEET

    def updated_with(self, entries: Iterable[Entry]) -> datetime:
        """When the feed last changed: the newest moment of its entries and tombstones, never that of rendering."""
        moments = [entry.updated for entry in entries] + [each.when for each in self.tombstones]
        return whole_second(max(moments, default=self.updated))


def whole_second(moment: datetime) -> datetime:
    """`moment` in UTC without fractions, as all feeds write it.

    Raises:
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"a moment without a zone: {moment}")
    return moment.astimezone(UTC).replace(microsecond=0)


def rfc3339(moment: datetime) -> str:
    """`moment` as Atom and JSON Feed write it (RFC 3339), with `Z`."""
    return whole_second(moment).replace(tzinfo=None).isoformat() + "Z"
