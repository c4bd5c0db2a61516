"""The gate: a document is parsed back and compared with what it should say before it may replace another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from publisher.editions import Entry
from publisher.errors import FeedError
from publisher.feeds.clean import clean_entry, clean_feed
from publisher.feeds.model import Feed, FeedFormat
from publisher.feeds.reading import ReadEntry, ReadFeed, read


def check(
    feed: Feed, feed_format: FeedFormat, entries: Sequence[Entry], data: bytes, *, max_bytes: int | None = None
) -> None:
    """Let `data` pass if it is well-formed and says exactly what `feed` and `entries` say, in their order.

    `max_bytes` is how long it may be, if it holds more than one entry.

    Raises:
        FeedError: it does not pass; the message names the document, the entry and what differs.
    """
    if max_bytes is not None and len(entries) > 1 and len(data) > max_bytes:
        raise refusal(feed, feed_format, f"it has {len(data)} bytes, and may have {max_bytes}")
    try:
        found = read(feed_format, data)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise refusal(feed, feed_format, f"cannot be read back: {_said(error)}") from error
    difference = _twice(found) or _differ(_expected(feed, feed_format, entries), found)
    if difference:
        raise refusal(feed, feed_format, difference)


def refusal(feed: Feed, feed_format: FeedFormat, problem: str) -> FeedError:
    """The error that names a document and what is wrong with it."""
    path = feed.document_path(feed_format)
    return FeedError(
        f"{path} is not replaced: {problem}",
        remedy="The old document stays, and readers lose nothing; please report this as a fault of the publisher",
        document=path,
    )


def _expected(feed: Feed, feed_format: FeedFormat, entries: Sequence[Entry]) -> ReadFeed:
    feed, entries = clean_feed(feed), [clean_entry(entry) for entry in entries]
    return ReadFeed(
        id=feed.id if feed_format is FeedFormat.ATOM else "",
        title=feed.title,
        description=feed.description,
        language=feed.language,
        self_url=feed.self_url(feed_format),
        home_url=feed.home_url,
        hubs=feed.hubs,
        updated=None if feed_format is FeedFormat.JSON else feed.updated_with(entries),
        entries=tuple(_expected_entry(entry, headline=feed.headlines) for entry in entries),
        stylesheet="" if feed_format is FeedFormat.JSON else feed.stylesheet(feed_format),
        **_expected_archive(feed) if feed_format is FeedFormat.ATOM else {},
    )


def _expected_archive(feed: Feed) -> dict[str, Any]:
    """What Atom alone has a place for."""
    return {"links": feed.links, "archived": feed.archived, "tombstones": feed.tombstones}


def _expected_entry(entry: Entry, *, headline: bool) -> ReadEntry:
    return ReadEntry(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        summary="" if headline else entry.summary,
        content="" if headline else entry.content,
        published=entry.published,
        updated=entry.updated,
        author=entry.author,
        tags=tuple(name for _, name in entry.sections),
        image=entry.image,
    )


def _twice(found: ReadFeed) -> str:
    """Readers show one of two entries with the same id, and lose the other."""
    counts = Counter([*(entry.id for entry in found.entries), *(each.ref for each in found.tombstones)])
    twice = next((key for key, count in counts.items() if count > 1), None)
    return f"the id {twice} is there twice" if twice is not None else ""


def _differ(expected: ReadFeed, found: ReadFeed) -> str:
    """The first difference in words, or nothing."""
    for field in fields(ReadFeed):
        if field.name != "entries" and getattr(expected, field.name) != getattr(found, field.name):
            return f"{field.name} is {getattr(found, field.name)!r:.200}"
    if len(expected.entries) != len(found.entries):
        return f"it holds {len(found.entries)} entries of {len(expected.entries)}"
    for number, (wanted, got) in enumerate(zip(expected.entries, found.entries, strict=True), 1):
        for field in fields(ReadEntry):
            if getattr(wanted, field.name) != getattr(got, field.name):
                return f"entry {number} ({wanted.id}): {field.name} differs"
    return ""


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else f"{error}"
