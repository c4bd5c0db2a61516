"""JSON Feed 1.1 (jsonfeed.org/version/1.1) with full content and a plain-text summary."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from publisher.editions import Entry
from publisher.feeds.clean import clean_entry, clean_feed
from publisher.feeds.model import Feed, FeedFormat, rfc3339

VERSION = "https://jsonfeed.org/version/1.1"


def render(feed: Feed, entries: Sequence[Entry]) -> bytes:
    """The feed as a JSON Feed document in UTF-8, entries in the order given. Same input, same bytes.

    Raises:
        ValueError: a moment has no zone.
    """
    feed = clean_feed(feed)
    document: dict[str, Any] = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.home_url,
        "feed_url": feed.self_url(FeedFormat.JSON),
        "description": feed.description,
        "language": feed.language,
        "authors": [{"name": feed.author}],
    }
    if feed.hubs:
        document["hubs"] = [{"type": "WebSub", "url": hub} for hub in feed.hubs]
    document["items"] = [_item(feed, clean_entry(entry)) for entry in entries]
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"


def _item(feed: Feed, entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "summary": entry.summary,
        "content_html": entry.content,
        "date_published": rfc3339(entry.published),
        "date_modified": rfc3339(entry.updated),
    }
    if entry.author:
        item["authors"] = [{"name": entry.author}]
    if entry.sections:
        item["tags"] = [name for _, name in entry.sections]
    if entry.image:
        item["image"] = entry.image
    if entry.language and entry.language != feed.language:
        item["language"] = entry.language
    return item
