"""Feed documents read back into plain data, with other means than they were written with, for the gate to compare.

Strict where readers of feeds are lax: what is missing or stands twice raises, nothing is guessed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from lxml import etree

from publisher.feeds.extension import ATOM, CONTENT, DC, HISTORY, MEDIA, TOMBSTONES, XML
from publisher.feeds.jsonfeed import VERSION
from publisher.feeds.model import FeedFormat, Tombstone

_A = f"{{{ATOM}}}"
_ARCHIVE = ("prev-archive", "next-archive", "current")
"""The relations of RFC 5005, in the order in which `ReadFeed.links` has them."""


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """An entry as a document holds it."""

    id: str
    url: str
    title: str
    summary: str
    content: str
    published: datetime
    updated: datetime
    author: str
    tags: tuple[str, ...]
    image: str


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A document. `updated` is None where the format has no place for it, `id` and others are empty likewise."""

    id: str
    title: str
    description: str
    language: str
    self_url: str
    home_url: str
    hubs: tuple[str, ...]
    updated: datetime | None
    entries: tuple[ReadEntry, ...]
    stylesheet: str = ""
    links: tuple[tuple[str, str], ...] = ()
    archived: bool = False
    tombstones: tuple[Tombstone, ...] = ()


def read(feed_format: FeedFormat, data: bytes) -> ReadFeed:
    """The document as plain data.

    Raises:
        ValueError: it is not well-formed, not of this format, or lacks what the format asks for.
    """
    return _READERS[feed_format](data)


def _read_rss(data: bytes) -> ReadFeed:
    root = _root(data, "rss")
    channel = _child(root, "channel")
    return ReadFeed(
        id="",
        title=_text(channel, "title"),
        description=_text(channel, "description"),
        language=_text(channel, "language"),
        self_url=_link(channel, "self"),
        home_url=_text(channel, "link"),
        hubs=_links(channel, "hub"),
        updated=parsedate_to_datetime(_text(channel, "lastBuildDate")),
        entries=tuple(_read_item(item) for item in channel.findall("item")),
        stylesheet=_stylesheet(root),
    )


def _read_item(item: etree._Element) -> ReadEntry:
    guid = _child(item, "guid")
    if guid.get("isPermaLink") != "false":
        raise ValueError("a guid is given out as an address")
    return ReadEntry(
        id=guid.text or "",
        url=_text(item, "link"),
        title=_text(item, "title"),
        # Neither is in a feed of headlines; everywhere else the gate sees that something is missing.
        summary=unescape(_text(item, "description")) if item.find("description") is not None else "",
        content=_text(item, f"{{{CONTENT}}}encoded") if item.find(f"{{{CONTENT}}}encoded") is not None else "",
        published=parsedate_to_datetime(_text(item, "pubDate")),
        updated=_moment(_text(item, f"{_A}updated")),
        author=item.findtext(f"{{{DC}}}creator", ""),
        tags=tuple(category.text or "" for category in item.findall("category")),
        image=_picture(item),
    )


def _read_atom(data: bytes) -> ReadFeed:
    root = _root(data, f"{_A}feed")
    return ReadFeed(
        id=_text(root, f"{_A}id"),
        title=_text(root, f"{_A}title"),
        description=_text(root, f"{_A}subtitle"),
        language=root.get(f"{{{XML}}}lang", ""),
        self_url=_link(root, "self"),
        home_url=_link(root, "alternate"),
        hubs=_links(root, "hub"),
        updated=_moment(_text(root, f"{_A}updated")),
        entries=tuple(_read_entry(entry) for entry in root.findall(f"{_A}entry")),
        stylesheet=_stylesheet(root),
        links=tuple((rel, _link(root, rel)) for rel in _ARCHIVE if _links(root, rel)),
        archived=root.find(f"{{{HISTORY}}}archive") is not None,
        tombstones=tuple(_read_tombstone(each) for each in root.findall(f"{{{TOMBSTONES}}}deleted-entry")),
    )


def _read_entry(entry: etree._Element) -> ReadEntry:
    content = _child(entry, f"{_A}content")
    if content.get("type") != "html":
        raise ValueError("a content is not given out as HTML")
    author = entry.find(f"{_A}author")
    return ReadEntry(
        id=_text(entry, f"{_A}id"),
        url=_link(entry, "alternate"),
        title=_text(entry, f"{_A}title"),
        summary=_text(entry, f"{_A}summary"),
        content=content.text or "",
        published=_moment(_text(entry, f"{_A}published")),
        updated=_moment(_text(entry, f"{_A}updated")),
        author="" if author is None else _text(author, f"{_A}name"),
        tags=tuple(category.get("label", "") for category in entry.findall(f"{_A}category")),
        image=_picture(entry),
    )


def _read_tombstone(stone: etree._Element) -> Tombstone:
    comment = stone.findtext(f"{{{TOMBSTONES}}}comment", "")
    return Tombstone(stone.get("ref", ""), _moment(stone.get("when", "")), comment)


def _read_json(data: bytes) -> ReadFeed:
    document = json.loads(data.decode("utf-8"))
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise ValueError("not JSON Feed 1.1")
    return ReadFeed(
        id="",
        title=_member(document, "title"),
        description=_member(document, "description"),
        language=_member(document, "language"),
        self_url=_member(document, "feed_url"),
        home_url=_member(document, "home_page_url"),
        hubs=tuple(_member(hub, "url") for hub in document.get("hubs", ())),
        updated=None,
        entries=tuple(_read_json_item(item) for item in document["items"]),
    )


def _read_json_item(item: dict[str, Any]) -> ReadEntry:
    return ReadEntry(
        id=_member(item, "id"),
        url=_member(item, "url"),
        title=_member(item, "title"),
        summary=_member(item, "summary"),
        content=_member(item, "content_html"),
        published=_moment(_member(item, "date_published")),
        updated=_moment(_member(item, "date_modified")),
        author=_member(item["authors"][0], "name") if "authors" in item else "",
        tags=tuple(item.get("tags", ())),
        image=item.get("image", ""),
    )


_READERS: Mapping[FeedFormat, Callable[[bytes], ReadFeed]] = {
    FeedFormat.RSS: _read_rss,
    FeedFormat.ATOM: _read_atom,
    FeedFormat.JSON: _read_json,
}


def _root(data: bytes, tag: str) -> etree._Element:
    # `huge_tree`: one digest may be longer than libxml2's guard against strangers' documents; these are ours.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"not well-formed: {error}") from error
    if root.tag != tag:
        raise ValueError(f"begins with <{root.tag}>")
    return root


def _child(parent: etree._Element, tag: str) -> etree._Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise ValueError(f"<{etree.QName(tag).localname}> is there {len(found)} times")
    return found[0]


def _text(parent: etree._Element, tag: str) -> str:
    element = _child(parent, tag)
    if len(element):
        raise ValueError(f"<{etree.QName(tag).localname}> holds elements")
    return element.text or ""


def _links(parent: etree._Element, rel: str) -> tuple[str, ...]:
    return tuple(link.get("href", "") for link in parent.findall(f"{_A}link") if link.get("rel") == rel)


def _link(parent: etree._Element, rel: str) -> str:
    found = _links(parent, rel)
    if len(found) != 1:
        raise ValueError(f'a link with rel="{rel}" is there {len(found)} times')
    return found[0]


def _stylesheet(root: etree._Element) -> str:
    """What the document's first instruction names as its stylesheet, of the kind that browsers go on to know."""
    before = root.getprevious()
    if not isinstance(before, etree._ProcessingInstruction) or before.get("type") != "text/css":
        return ""
    return before.get("href") or ""


def _picture(parent: etree._Element) -> str:
    element = parent.find(f"{{{MEDIA}}}content")
    return "" if element is None else element.get("url", "")


def _member(holder: dict[str, Any], key: str) -> str:
    value = holder[key]
    if not isinstance(value, str):
        raise ValueError(f'"{key}" is no text')
    return value


def _moment(text: str) -> datetime:
    if not text.endswith("Z"):
        raise ValueError(f'"{text}" is no moment in UTC')
    return datetime.fromisoformat(text).astimezone(UTC)
