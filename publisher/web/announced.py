"""What a feed says of itself and its hubs, for the Link header: subscribers look there first (WebSub, 4). Pure.

Taken from the document, which the gate has checked before it was put: header and document never disagree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

_HEAD = 64 * 1024
"""Bytes of a document that its own links stand in: they come before its entries."""
_RELATIONS = ("self", "hub")
_ENTRIES = frozenset({"entry", "item"})
_MOST = 16
_ADDRESS = re.compile(r"https?://[!#-;=?-~]{1,2000}")
"""Nothing that could leave its place in a header."""


def links_of(media: str, data: bytes) -> str:
    """The value of a Link header for a feed: itself, then its hubs; empty when it names neither."""
    if media.startswith("application/feed+json"):
        found = _of_json(data)
    elif media.startswith(("application/rss+xml", "application/atom+xml")):
        found = _of_xml(data)
    else:
        return ""
    pairs = dict.fromkeys((rel, url) for rel, url in found if rel in _RELATIONS and _ADDRESS.fullmatch(url))
    order = sorted(pairs, key=lambda pair: _RELATIONS.index(pair[0]))[:_MOST]
    return ", ".join(f'<{url}>; rel="{rel}"' for rel, url in order)


def _of_json(data: bytes) -> Iterator[tuple[str, str]]:
    try:
        feed = json.loads(data)
    except (ValueError, RecursionError):  # nothing that we have put
        return
    if not isinstance(feed, dict):
        return
    yield "self", str(feed.get("feed_url", ""))
    hubs = feed.get("hubs")
    for hub in hubs if isinstance(hubs, list) else ():
        if isinstance(hub, dict):
            yield "hub", str(hub.get("url", ""))


def _of_xml(data: bytes) -> Iterator[tuple[str, str]]:
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True)
    with suppress(etree.XMLSyntaxError):  # what came before counts, if anything did
        parser.feed(data[:_HEAD])
    for _, element in parser.read_events():
        if not isinstance(element, etree._Element):
            continue
        name = str(element.tag).rpartition("}")[2]
        if name in _ENTRIES:
            return
        if name == "link":
            yield element.get("rel", ""), element.get("href", "")
