"""Atom 1.0 (RFC 4287) with full content as escaped HTML and a plain-text summary."""

from __future__ import annotations

from collections.abc import Sequence

from feedgen.feed import FeedGenerator

from publisher.editions import Entry
from publisher.feeds.clean import clean_entry, clean_feed
from publisher.feeds.extension import NAME, AtomEntryExtension, AtomFeedExtension, begin
from publisher.feeds.model import MEDIA_TYPES, Feed, FeedFormat


def render(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """The feed as an Atom document, entries in the order given. Same input, same bytes.

    Raises:
        ValueError: a moment has no zone.
    """
    feed, entries = clean_feed(feed), [clean_entry(entry) for entry in entries]
    updated = feed.updated_with(entries)
    generator = FeedGenerator()
    generator.register_extension(NAME, AtomFeedExtension, AtomEntryExtension)
    begin(feed, updated, generator)
    generator.updated(updated)
    generator.link(href=feed.self_url(FeedFormat.ATOM), rel="self", type=MEDIA_TYPES[FeedFormat.ATOM])
    generator.link(href=feed.home_url, rel="alternate", type="text/html")
    for hub in feed.hubs:
        generator.link(href=hub, rel="hub")
    for relation, address in feed.links:
        generator.link(href=address, rel=relation, type=MEDIA_TYPES[FeedFormat.ATOM])
    for entry in entries:
        _add(generator, feed, entry)
    return bytes(generator.atom_str(pretty=True))


def _add(generator: FeedGenerator, feed: Feed, entry: Entry) -> None:
    element = generator.add_entry(order="append")
    element.id(entry.id)
    element.title(entry.title)
    element.link(href=entry.url, rel="alternate", type="text/html")
    element.summary(entry.summary)
    element.content(entry.content, type="html")
    element.published(entry.published)
    element.updated(entry.updated)
    if entry.author:
        element.author(name=entry.author)
    for slug, name in entry.sections:
        element.category(term=slug, label=name)
    extension = element.publisher
    extension.feed, extension.entry, extension.links = feed, entry, element.link()
