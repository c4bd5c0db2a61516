"""A document made ready: bytes in every coding and the headers of every answer, once for all who ask. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from publisher.web.announced import links_of
from publisher.web.caching import cache_control
from publisher.web.encodings import CODINGS, IDENTITY, compressed
from publisher.web.fresh import entity_tag, http_date
from publisher.web.middleware import SAFE_HEADERS, redacted
from publisher.web.paths import is_feed, is_text, media_type
from publisher.web.ports import Stamp
from publisher.web.prepared import Answer, prepared

BROWSED = "application/xml; charset=utf-8"
"""What a feed is for a browser: Chromium shows RSS and Atom as plain text, and XML with its stylesheet."""

SMALLEST = 256
"""Bytes; what is smaller gains nothing by compression."""

_UNCHANGED = ("ETag", "Last-Modified", "Cache-Control", "Vary", "Access-Control-Allow-Origin")
"""What a 304 repeats; the reader has the rest (RFC 9110, 15.4.5)."""

_UNKNOWN_SECONDS = 30
"""How long a document is served whose age cannot be known, before that is tried again."""

_OVERHEAD = 4096
"""Bytes that one document takes beside its bodies, about."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A document in one coding."""

    tag: str
    """The entity tag; empty where there is none."""
    full: Answer = field(repr=False)
    unchanged: Answer
    """A 304."""


@dataclass(frozen=True, slots=True)
class Held:
    """A document that is ready to be served under one path of requests.

    Args:
        file: its relative path.
        stamp: the file it was made from.
        digest: SHA-256.
        modified: what is compared with If-Modified-Since; None when it is not known.
        until: the moment (of `time.time`) after which it has to be made anew; infinity for most.
        status: 200, or 410 for what was withdrawn.
        in_memory: whether its bytes are here.
        variants: by coding; IDENTITY is always there.
        browsed: the same for browsers, where they would not show what feed readers are told it is.
        logged: the request path as the log may have it.
        is_feed: whether feed readers ask for it.
    """

    file: str
    stamp: Stamp
    digest: str
    modified: datetime | None
    until: float
    status: int
    in_memory: bool
    variants: Mapping[str, Variant]
    logged: str
    is_feed: bool
    browsed: Mapping[str, Variant] = field(default_factory=dict)

    @property
    def is_withdrawn(self) -> bool:
        """Whether it is a notice in place of a page."""
        return self.status == HTTPStatus.GONE

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _OVERHEAD + sum(len(variant.full.body or b"") for variant in self.variants.values())


def held(
    path: str,
    file: str,
    stamp: Stamp,
    data: bytes | None,
    digest: str,
    modified: datetime | None,
    *,
    now: datetime,
    withdrawn: bool = False,
) -> Held:
    """Make a document ready.

    Last-Modified never lies in the future (RFC 9110, 8.8.2.1), and never goes back: as long as both cannot be had,
    for the clock was set back, it is left out, and the tag alone tells versions apart.

    Args:
        path: of requests, decoded.
        file: the relative path of the file.
        stamp: of the file.
        data: its bytes; None for what is too large to be held.
        digest: of its bytes.
        modified: `fresh.moment`, or None when that cannot be known now.
        now: the present moment.
        withdrawn: whether it is the page of a digest that was withdrawn.
    """
    media = media_type(file)
    told = modified if modified is not None and modified <= now else None
    hidden_until = now.timestamp() + _UNKNOWN_SECONDS if modified is None else modified.timestamp()
    until = math.inf if told else hidden_until
    bodies = _bodies(media, data)
    browsed = BROWSED if is_feed(media) and "xml" in media else ""
    vary = f"Accept-Encoding{', Accept' if browsed else ''}"
    common = {
        "Cache-Control": cache_control(file, media),
        "Access-Control-Allow-Origin": "*",
        **SAFE_HEADERS,
        **({"Vary": vary} if is_text(media) else {}),
        **({"Link": link} if data and (link := links_of(media, data)) else {}),
        **({"Last-Modified": http_date(told)} if told and not withdrawn else {}),
    }
    tagged = "" if withdrawn else digest  # another status than 200 makes no promise about the next answer
    status = int(HTTPStatus.GONE if withdrawn else HTTPStatus.OK)
    variants = _variants(status, bodies, common, media, tagged, stamp.size)
    shown = _variants(status, bodies, common, browsed, tagged, stamp.size, "xml") if browsed else {}
    here, logged = data is not None, redacted(path)
    return Held(file, stamp, digest, modified, until, status, here, variants, logged, is_feed(media), shown)


def _variants(
    status: int,
    bodies: Mapping[str, bytes | None],
    common: Mapping[str, str],
    media: str,
    digest: str,
    size: int,
    mark: str = "",
) -> dict[str, Variant]:
    """The answers in each coding, as documents of this media type; `mark` tells them from others in their tags."""
    variants = {}
    for coding, body in bodies.items():
        own = {**common} | ({} if coding == IDENTITY else {"Content-Encoding": coding})
        endings = [ending for ending in (mark, "" if coding == IDENTITY else coding) if ending]
        tag = entity_tag(digest, "-".join(endings)) if digest else ""
        if tag:
            own["ETag"] = tag
        length = {"Content-Type": media, "Content-Length": str(size if body is None else len(body))}
        unchanged = prepared(HTTPStatus.NOT_MODIFIED, {name: own[name] for name in _UNCHANGED if name in own})
        variants[coding] = Variant(tag, prepared(status, own | length, body), unchanged)
    return variants


def _bodies(media: str, data: bytes | None) -> dict[str, bytes | None]:
    """The bytes in each coding that makes them smaller."""
    bodies: dict[str, bytes | None] = {IDENTITY: data}
    if data is not None and is_text(media) and len(data) >= SMALLEST:
        made = {coding: compressed(data, coding) for coding in CODINGS}
        bodies |= {coding: body for coding, body in made.items() if len(body) < len(data)}
    return bodies
