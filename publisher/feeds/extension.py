"""What feedgen 1.0 gets wrong, mended through its own extension interface.

| feedgen does                                                           | mended in                |
|------------------------------------------------------------------------|--------------------------|
| drops rel, type and the rest from an Atom entry's links                | `AtomEntryExtension`     |
| takes the last link of any kind as an RSS channel's page               | `RssFeedExtension`       |
| never writes `rel="hub"` into RSS                                      | `RssFeedExtension`       |
| drops authors without a mail address from RSS                          | `RssEntryExtension`      |
| switches the locale of the whole process for each RFC 5322 date        | `Unwritten`, `rss_date`  |
| stamps what has no date with now                                       | `Unwritten`, both        |
| writes Atom moments with `+00:00`                                      | both Atom extensions     |
| knows no stylesheet, no archive (RFC 5005) and no tombstone (RFC 6721) | both feed extensions     |

feedgen makes an extension without arguments, so the renderer hands over feed and entry as attributes. Its Atom
elements carry no namespace in memory (it writes `xmlns` as if it were an attribute): names without one are right.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree

from publisher.editions import Entry
from publisher.feeds.model import Feed, FeedFormat, rfc3339

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
MEDIA = "http://search.yahoo.com/mrss/"
HISTORY = "http://purl.org/syndication/history/1.0"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
XML = "http://www.w3.org/XML/1998/namespace"

NAME = "publisher"
"""The name that the extensions are registered under."""


class Unwritten(datetime):
    """A moment that counts as absent, so that feedgen neither stamps its own nor formats it.

    feedgen writes a date if it is true. Its way to write one in RSS switches the locale of the process, which
    other threads notice; `rss_date` does not.
    """

    def __bool__(self) -> bool:
        return False


UNWRITTEN = Unwritten(1970, 1, 1, tzinfo=UTC)


def rss_date(moment: datetime) -> str:
    """`moment`, which is in UTC, as RSS writes it (RFC 5322), whatever the locale."""
    return format_datetime(moment)


class AtomFeedExtension:
    """Mends the Atom feed element."""

    feed: Feed
    updated: datetime

    def extend_ns(self) -> Mapping[str, str]:
        """Prefixes for the root element."""
        ours = {"media": MEDIA}
        ours |= {"fh": HISTORY} if self.feed.archived else {}
        return ours | ({"at": TOMBSTONES} if self.feed.tombstones else {})

    def extend_atom(self, root: etree._Element) -> etree._Element:
        """Write the moment with `Z`; say what an archive says (RFC 5005, RFC 6721); name the stylesheet."""
        _set(root, "updated", rfc3339(self.updated))
        if self.feed.archived:
            etree.SubElement(root, f"{{{HISTORY}}}archive")
        for each in self.feed.tombstones:
            stone = etree.SubElement(root, f"{{{TOMBSTONES}}}deleted-entry", ref=each.ref, when=rfc3339(each.when))
            if each.comment:
                etree.SubElement(stone, f"{{{TOMBSTONES}}}comment").text = each.comment
        _add_style(root, self.feed.stylesheet(FeedFormat.ATOM))
        return root


class AtomEntryExtension:
    """Mends one Atom entry."""

    feed: Feed
    entry: Entry
    links: list[dict[str, str]]
    """The links as they were given to feedgen, in order."""

    def extend_atom(self, element: etree._Element) -> etree._Element:
        """Mend links and moments; add the picture, and the language where it is not the feed's."""
        for link, attributes in zip(element.findall("link"), self.links, strict=True):
            for name, value in attributes.items():
                link.set(name, value)
        _set(element, "updated", rfc3339(self.entry.updated))
        _set(element, "published", rfc3339(self.entry.published))
        if self.entry.language and self.entry.language != self.feed.language:
            element.set(f"{{{XML}}}lang", self.entry.language)
        _add_picture(element, self.entry)
        return element


class RssFeedExtension:
    """Mends the RSS channel."""

    feed: Feed
    updated: datetime

    def extend_ns(self) -> Mapping[str, str]:
        """Prefixes for the root element; feedgen adds `atom` and `content`."""
        return {"dc": DC, "media": MEDIA}

    def extend_rss(self, root: etree._Element) -> etree._Element:
        """Point the channel at its page, name the hubs, and date it."""
        channel = root[0]
        _set(channel, "link", self.feed.home_url)
        for hub in self.feed.hubs:
            etree.SubElement(channel, f"{{{ATOM}}}link", rel="hub", href=hub)
        etree.SubElement(channel, "lastBuildDate").text = rss_date(self.updated)
        _add_style(root, self.feed.stylesheet(FeedFormat.RSS))
        return root


class RssEntryExtension:
    """Mends one RSS item."""

    entry: Entry

    def extend_rss(self, item: etree._Element) -> etree._Element:
        """Add both moments, the author and the picture."""
        etree.SubElement(item, "pubDate").text = rss_date(self.entry.published)
        etree.SubElement(item, f"{{{ATOM}}}updated").text = rfc3339(self.entry.updated)
        if self.entry.author:
            etree.SubElement(item, f"{{{DC}}}creator").text = self.entry.author
        _add_picture(item, self.entry)
        return item


def begin(feed: Feed, updated: datetime, generator: Any) -> None:
    """Tell feedgen's `generator` what RSS and Atom have in common; the moments go to the extension alone."""
    extension = generator.publisher
    extension.feed, extension.updated = feed, updated
    generator.id(feed.id)
    generator.title(feed.title)
    generator.description(feed.description)
    generator.language(feed.language)
    generator.author(name=feed.author)
    generator.generator("Newsroom Publisher")
    generator.docs("")


def _set(parent: etree._Element, name: str, text: str) -> None:
    element = parent.find(name)
    if element is None:
        raise ValueError(f"feedgen wrote no <{name}>")
    element.text = text


def _add_style(root: etree._Element, address: str) -> None:
    root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/css" href="{address}"'))


def _add_picture(element: etree._Element, entry: Entry) -> None:
    """Media RSS, which readers of both formats take for the entry's picture."""
    if entry.image:
        etree.SubElement(element, f"{{{MEDIA}}}content", url=entry.image, medium="image")
