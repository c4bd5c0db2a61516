"""What is said about a document where an endpoint can carry it: its type, and how long readers may keep it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

from publisher.editions import Document

_FEEDS = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_TEXTS = ("text/", "application/json", "application/xml", "image/svg+xml", *_FEEDS)

FOREVER = "public, max-age=31536000, immutable"
"""Pictures are named by what they hold: another picture has another name."""
FEED = "public, max-age=900, stale-if-error=86400"
PAGE = "public, max-age=300, stale-if-error=86400"

PACKED = "gzip"
_LEVEL = 9


def headers_of(document: Document, *, packed: bool = False) -> Mapping[str, str]:
    """The headers that readers should get with a document; `packed` when its bytes are stored packed."""
    headers = {"Content-Type": document.media_type, "Cache-Control": _caching(document)}
    return headers | ({"Content-Encoding": PACKED} if packed else {})


def is_feed(document: Document) -> bool:
    """Whether it is a feed in any format."""
    return document.media_type.startswith(_FEEDS)


def is_text(document: Document) -> bool:
    """Whether packing makes it smaller: pictures are packed already."""
    return document.media_type.startswith(_TEXTS)


def pack(data: bytes) -> bytes:
    """The bytes as gzip (RFC 1952): the same for the same, whenever they are packed."""
    return gzip.compress(data, _LEVEL, mtime=0)


def _caching(document: Document) -> str:
    if is_feed(document):
        return FEED
    return FOREVER if document.path.startswith("assets/") else PAGE
