"""All feeds of a site as one list that feed readers import (OPML 2.0, https://opml.org/spec2.opml)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lxml import etree

from publisher.feeds.clean import clean_line
from publisher.feeds.model import Feed

MEDIA_TYPE = "text/x-opml"
PATH = "feeds.opml"


def render(title: str, groups: Iterable[tuple[str, Sequence[Feed]]]) -> bytes:
    """The list: a group a newsletter, with one outline a feed, so that importing it subscribes to each once.

    `type` is "rss" for a feed of any format, as the specification has it.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = clean_line(title)
    etree.SubElement(head, "docs").text = "https://opml.org/spec2.opml"
    body = etree.SubElement(root, "body")
    for name, feeds in groups:
        group = etree.SubElement(body, "outline", text=clean_line(name))
        for feed in feeds:
            said = {"text": feed.title, "title": feed.title, "type": "rss", "xmlUrl": feed.address}
            said |= {"htmlUrl": feed.home_url, "language": feed.language, "description": feed.description}
            etree.SubElement(group, "outline", {name: clean_line(value) for name, value in said.items() if value})
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return data
