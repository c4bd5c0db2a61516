"""What readers are served at the public addresses of the feeds, read as a feed reader does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.editions import Document
from publisher.errors import PublisherError
from publisher.feeds import reading
from publisher.feeds.model import MEDIA_TYPES, FeedFormat
from publisher.publishing.announcing import feeds_of
from publisher.publishing.ports import PublicSite, Store
from publisher.publishing.site import Site


@dataclass(frozen=True, slots=True)
class FeedLook:
    """What one address serves: how many entries, and what is wrong with it, if anything."""

    address: str
    entries: int = 0
    problem: str = ""


def look_at_feeds(store: Store, site: Site, public: PublicSite) -> Sequence[FeedLook]:
    """Look at every feed of every newsletter; archives are not looked at."""
    with store.read() as unit:
        documents = tuple(feeds_of(site, unit, unit.archive.newest_editions()[-1:]))
    return [_look(f"{site.look.url}{document.path}", document, public) for document in documents]


def _look(address: str, document: Document, public: PublicSite) -> FeedLook:
    try:
        served = public.read(address)
    except PublisherError as error:
        return FeedLook(address, problem=error.message.removeprefix(address).strip(": "))
    given = served.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = document.media_type.partition(";")[0]
    try:
        entries = len(reading.read(_format_of(wanted), served.body).entries)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return FeedLook(address, problem="is no feed that can be read")
    if served.body != document.data:
        return FeedLook(address, entries, "is not what was put at the endpoints")
    return FeedLook(
        address, entries, "" if given == wanted else f"is served as {given or 'nothing'}, not {wanted}"
    )


def _format_of(media_type: str) -> FeedFormat:
    return next(feed_format for feed_format, each in MEDIA_TYPES.items() if each == media_type)
