"""Whether a reader has the newest bytes already (RFC 9110, section 13). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_ENCODING = re.compile(r"[-;](gzip|br|zstd)$")
"""What web servers and proxies append to the tag of bytes they have compressed."""


def etag(data: bytes) -> str:
    """A strong entity tag: the same bytes have the same one, whoever serves them."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def not_modified(headers: Mapping[str, str], tag: str, modified: datetime) -> bool:
    """Whether 304 answers a request with these headers. If-None-Match wins over If-Modified-Since.

    Feed readers are forgiven: tags without quotes, with `W/`, with an encoding appended by a proxy.
    """
    asked = headers.get("if-none-match")
    if asked is not None:
        return any(candidate in {"*", tag.strip('"')} for candidate in map(_plain, asked.split(",")))
    since = _parsed(headers.get("if-modified-since", ""))
    return since is not None and modified.replace(microsecond=0) <= since


def _plain(tag: str) -> str:
    bare = tag.strip().removeprefix("W/").strip('"')
    return _ENCODING.sub("", bare).strip('"')


def _parsed(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
