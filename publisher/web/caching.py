"""How long what may be kept, by the kind of document. Pure."""

from __future__ import annotations

import re

from publisher.web.paths import is_archived_month, is_feed

FOREVER = "public, max-age=31536000, immutable"
FEED = "public, max-age=900, stale-while-revalidate=300, stale-if-error=86400"
ARCHIVE = "public, max-age=86400, stale-if-error=604800"
"""A month that is over changes with a correction or a withdrawal, and that must not take a year to be seen."""
PAGE = "public, max-age=300, stale-if-error=86400"

_NAMED_BY_ITS_BYTES = re.compile(r"assets/[0-9a-f]{32}\.")


def cache_control(file: str, media: str) -> str:
    """The Cache-Control of a file of the site."""
    if _NAMED_BY_ITS_BYTES.match(file):
        return FOREVER
    if is_archived_month(file):
        return ARCHIVE
    return FEED if is_feed(media) else PAGE
