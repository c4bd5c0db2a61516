"""RSS 2.0 with full content in `content:encoded` beside a plain summary in `description`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from feedgen.feed import FeedGenerator

from publisher.editions import Entry
from publisher.feeds.clean import clean_entry, clean_feed
from publisher.feeds.extension import NAME, UNWRITTEN, RssEntryExtension, RssFeedExtension, begin
from publisher.feeds.model import MEDIA_TYPES, Feed, FeedFormat

TTL = 60
"""Minutes that readers may wait between two looks; a longer wait would hold back a correction."""

_TITLE = re.compile(rb"(?<=<title>)[^<]*(?=</title>)")


def render(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """The feed as an RSS document, entries in the order given. Same input, same bytes.

    Raises:
        ValueError: a moment has no zone.
    """
    feed, entries = clean_feed(feed), [clean_entry(entry) for entry in entries]
    generator = FeedGenerator()
    generator.register_extension(NAME, RssFeedExtension, RssEntryExtension)
    begin(feed, feed.updated_with(entries), generator)
    generator.updated(UNWRITTEN)
    generator.link(href=feed.self_url(FeedFormat.RSS), rel="self", type=MEDIA_TYPES[FeedFormat.RSS])
    generator.ttl(TTL)
    for entry in entries:
        _add(generator, entry, headline=feed.headlines)
    return _quiet_titles(bytes(generator.rss_str(pretty=True)))


def _add(generator: FeedGenerator, entry: Entry, *, headline: bool) -> None:
    """One item. Its moments are left to the extension, see `extension.Unwritten`."""
    item = generator.add_entry(order="append")
    item.publisher.entry = entry
    item.guid(entry.id, permalink=False)
    item.title(entry.title)
    item.link(href=entry.url)
    if not headline:
        # Readers take a description for HTML, so plain text needs its own escaping below XML's.
        item.summary(escape(entry.summary, quote=False))
        item.content(entry.content, type="html")
    for slug, name in entry.sections:
        item.category(term=slug, label=name)


def _quiet_titles(document: bytes) -> bytes:
    """`&` and `<` in titles as hexadecimal references: the one spelling that all readers show alike.

    Titles are plain text, but some readers decode them once more; the RSS Advisory Board's best practices and the
    W3C validator ask for this form. Only titles hold a literal `<title>`: content is escaped.
    """
    return _TITLE.sub(lambda match: match[0].replace(b"&amp;", b"&#x26;").replace(b"&lt;", b"&#x3C;"), document)
