"""All feeds of a site as one list that feed readers import (OPML 2.0, https://opml.org/spec2.opml)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from publisher.feeds.clean import clean_line
from publisher.feeds.model import Feed, FeedFormat

MEDIA_TYPE = "text/x-opml"
PATH = "feeds.opml"


def render(title: str, feeds: Iterable[Feed]) -> bytes:
    """The list: one outline a feed, so that importing it subscribes to each once. Atom, which says most.

    `type` is "rss" for a feed of any format, as the specification has it.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_line(title)
    etree.SubElement(head, "docs").text = "https://opml.org/spec2.opml"
    body = etree.SubElement(root, "body")
    for feed in feeds:
        said = {"text": feed.title, "title": feed.title, "type": "rss"}
        said["xmlUrl"] = feed.self_url(FeedFormat.ATOM)
        said |= {"htmlUrl": feed.home_url, "language": feed.language, "description": feed.description}
        etree.SubElement(body, "outline", {name: clean_line(value) for name, value in said.items() if value})
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return data
