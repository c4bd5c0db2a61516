"""Whether a reader has the newest bytes already (RFC 9110, section 13). Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from publisher.served import Version

_TAG = re.compile(r'(?:[Ww]/)?(?:"([^"]*)"|([^\s,"]+))')
"""A tag as readers write it: weak or not, in quotes or without."""

_CODING = re.compile(r"(?:-xml)?(?:(?:--?|;)(?:gzip|x-gzip|br|zstd|deflate))?$", re.IGNORECASE)
"""What we append to a tag for browsers, and we, web servers and proxies to that of bytes that were compressed."""

ANYTHING = "*"


def entity_tag(digest: str, coding: str = "") -> str:
    """A strong tag for bytes with this SHA-256, whoever serves them; each coding has its own (RFC 9110, 8.8.3)."""
    return f'"{digest[:32]}-{coding}"' if coding else f'"{digest[:32]}"'


def http_date(moment: datetime) -> str:
    """A moment as HTTP writes it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def names(if_none_match: str, digest: str) -> bool:
    """Whether an If-None-Match names bytes with this SHA-256, in any coding.

    The comparison is weak, as 13.1.2 asks. Feed readers are forgiven: tags without quotes, with an ending that a
    proxy appended inside or behind them. `*` alone stands for anything.
    """
    if if_none_match.strip() == ANYTHING:
        return True
    tag = digest[:32]
    found = _TAG.findall(if_none_match) if tag in if_none_match else ()
    return any(_CODING.sub("", quoted or bare) == tag for quoted, bare in found)


@lru_cache(maxsize=1024)
def parsed_date(text: str) -> datetime | None:
    """The moment that a date of HTTP names, in any form that mail knows too; None for what is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def not_modified(
    if_none_match: str | None, if_modified_since: str | None, digest: str, modified: datetime | None
) -> bool:
    """Whether 304 answers a request with these headers. If-None-Match wins over If-Modified-Since (13.2.2).

    Any moment from `modified` on will do: there are readers who send their own. None of them will when it is not
    known.
    """
    if if_none_match is not None:
        return names(if_none_match, digest)
    if if_modified_since is None or modified is None:
        return False
    since = parsed_date(if_modified_since)
    return since is not None and modified <= since


def moment(changed: datetime, digest: str, known: Version | None, now: datetime) -> datetime:
    """What Last-Modified says of bytes: whole seconds that never go back, and later by one for other bytes.

    A file's own time does go back: with a clock that is set, with a copy that keeps times. Two versions of one
    second would have the same.

    Args:
        changed: the file's time.
        digest: SHA-256 of its bytes.
        known: what was said of this address before.
        now: the present moment; a file of the future counts as of now.
    """
    stamped = min(changed, now).replace(microsecond=0)
    if known is None:
        return stamped
    return known.modified if known.digest == digest else max(stamped, known.modified + timedelta(seconds=1))
