"""Which addresses may be links, and bare addresses in running text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from markdown_it.common.normalize_url import normalizeLink

from publisher.digests.characters import clean
from publisher.digests.model import Inline, Link, Text

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""A link to anything else stands as its text."""

_MAX_LENGTH = 2000
_TOKEN = re.compile(r"\S+")
_WEB = re.compile(r"(?:https?://|www\.)[^\s<>\"“”„«»‹›。，、！？；（）「」『』【】]+", re.IGNORECASE)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+:[0-9a-f:.]*")
_TRAILING = ".,;:!?'’”\"*_~…"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def allowed(href: str) -> str | None:
    """The address as it may stand in a link (percent-encoded where it must be), or None when it may not be one."""
    href = href.strip()
    if not href or len(href) > _MAX_LENGTH or re.search(r"[\x00-\x20\x7f<>\"]", normalized := _normalized(href)):
        return None
    try:
        parts = urlsplit(normalized)
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES or (scheme in {"http", "https"} and not _HOST.fullmatch(parts.hostname or "")):
        return None
    return normalized if parts.netloc or parts.path else None


def _normalized(href: str) -> str:
    try:
        return normalizeLink(href)
    except (ValueError, UnicodeError):  # a host that has no spelling in ASCII
        return ""


def linked(text: str) -> tuple[Inline, ...]:
    """Clean text as inlines, its bare web and mail addresses being links. Not a character is added or lost."""
    text = clean(text)
    if "://" not in text and "@" not in text and "www." not in text.lower():
        return (Text(text),) if text else ()
    inlines: list[Inline] = []
    end = 0
    for start, stop, href in _addresses(text):
        if start > end:
            inlines.append(Text(text[end:start]))
        inlines.append(Link(href, (Text(text[start:stop]),)))
        end = stop
    if end < len(text):
        inlines.append(Text(text[end:]))
    return tuple(inlines)


def _addresses(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, stop, href) of each bare address. Looks at one word at a time, which keeps it linear."""
    for token in _TOKEN.finditer(text):
        word = token[0]
        if len(word) > _MAX_LENGTH:
            continue
        web = _WEB.search(word) if "://" in word or "www." in word.lower() else None
        match = web or (_MAIL.search(word) if "@" in word else None)
        if match is None:
            continue
        shown = _without_trailing(match[0])
        href = allowed(_with_scheme(shown, mail=web is None))
        if href:
            start = token.start() + match.start()
            yield start, start + len(shown), href


def _with_scheme(address: str, *, mail: bool) -> str:
    if mail:
        return f"mailto:{address}"
    return address if "://" in address else f"https://{address}"


def _without_trailing(address: str) -> str:
    """`address` without the punctuation of the sentence around it; brackets that it opened itself stay."""
    while address:
        last = address[-1]
        if last in _TRAILING or (last in _PAIRS and address.count(last) > address.count(_PAIRS[last])):
            address = address[:-1]
        else:
            break
    return address
