"""From the path of a request to a file of the site, and what kind of file that is. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote

_ODD = re.compile(r"[\x00-\x1f\x7f\\\ud800-\udfff]")

_UTF8 = "; charset=utf-8"
_RSS = "application/rss+xml" + _UTF8
_ATOM = "application/atom+xml" + _UTF8
_TYPES = {
    ".html": "text/html" + _UTF8,
    ".css": "text/css" + _UTF8,
    ".txt": "text/plain" + _UTF8,
    ".xml": "application/xml" + _UTF8,
    ".xsl": "text/xsl" + _UTF8,
    ".opml": "text/x-opml" + _UTF8,
    ".json": "application/json" + _UTF8,
    ".js": "text/javascript" + _UTF8,
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
    ".ico": "image/vnd.microsoft.icon",
    ".pdf": "application/pdf",
    ".woff2": "font/woff2",
}
_NAMES = {
    "rss.xml": _RSS,
    "headlines.xml": _RSS,
    "corrections.xml": _RSS,
    "atom.xml": _ATOM,
    "feed.json": "application/feed+json" + _UTF8,
}
_ARCHIVED_MONTH = re.compile(r"archive/\d{4}-\d{2}\.xml$")


def file_of(path: str) -> str | None:
    """The relative path of the file for a request path (decoded, from its first slash), None when there is none.

    A slash at the end is `index.html`. Empty parts, dots for a part, hidden files, backslashes and control
    characters name nothing, so that no path leads out of the folder, on any system.
    """
    root, *parts = path.split("/")
    if parts and parts[-1] == "":
        parts[-1] = "index.html"
    if root or not parts or _ODD.search(path) or any(part == "" or part.startswith(".") for part in parts):
        return None
    return "/".join(parts)


def with_slash(path: str) -> str:
    """The address of the folder at a request path without a slash at its end, relative to that request.

    Relative, so that it is right behind a proxy that serves the site under a path of its own; quoted, so that no
    colon makes it another site's.
    """
    return quote(path.rpartition("/")[2]) + "/"


def media_type(file: str) -> str:
    """The Content-Type of a file of the site, by its place and name."""
    name = file.rpartition("/")[2]
    if is_archived_month(file):
        return _ATOM
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    return _NAMES.get(name) or _TYPES.get(ending, "application/octet-stream")


def is_archived_month(file: str) -> bool:
    """Whether a file of the site is the feed of a month that is over (RFC 5005)."""
    return _ARCHIVED_MONTH.search(file) is not None


def is_text(media: str) -> bool:
    """Whether bytes of a media type become smaller by compression."""
    return _UTF8 in media or media.startswith("image/svg+xml")


def is_feed(media: str) -> bool:
    """Whether a media type is one that feed readers ask for."""
    return media.startswith(
        ("application/rss+xml", "application/atom+xml", "application/feed+json", "text/x-opml")
    )
