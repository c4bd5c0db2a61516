"""What strangers write into feeds, made safe to hold: lines, addresses, moments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from publisher.digests.characters import clean, clean_code
from publisher.digests.links import allowed
from publisher.digests.markup import MAX_CHARACTERS, bare
from publisher.upstream.model import Item

MAX_ITEMS = 500
"""Of one document, the first; a feed has 10 to 50."""

_MAX_ID = 4_000
_MAX_LINE = 250
_TITLE_FROM_TEXT = 80
_LONGEST_TTL = 10_000


def line(text: str, limit: int = _MAX_LINE) -> str:
    """One clean line, cut at a word when it is too long."""
    text = bare(text)
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def address(text: str, base: str) -> str:
    """An absolute address of the web, or nothing."""
    try:
        found = allowed(urljoin(base, text.strip())) if text.strip() else None
    except ValueError:
        return ""
    return found if found and found.startswith(("http://", "https://")) else ""


def moment(text: str) -> datetime | None:
    """A date as RFC 5322 or RFC 3339 has it, as aware UTC; None when it is neither."""
    text = text.strip()[:80]
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            continue
    return None


def ttl(text: str) -> timedelta | None:
    """RSS's minutes until it is worth asking again."""
    text = text.strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return timedelta(minutes=min(number, _LONGEST_TTL)) if number else None


def item(
    *,
    id: str,
    link: str,
    base: str,
    title: str,
    summary: str,
    content: str,
    author: str = "",
    category: str = "",
    published: datetime | None = None,
) -> Item | None:
    """An item of clean parts; None when there is nothing that could be told or told apart.

    A content that is longer than any article is left out: the summary stands for it.
    """
    summary, content = clean_code(summary)[:MAX_CHARACTERS], clean_code(content)
    content = content if len(content) <= MAX_CHARACTERS else ""
    shown = line(title) or line(summary or content, _TITLE_FROM_TEXT)
    found = Item(
        id=clean(id).strip()[:_MAX_ID],
        link=address(link, base),
        title=shown,
        summary=summary,
        content=content,
        author=line(author),
        category=line(category, _TITLE_FROM_TEXT),
        published=published,
    )
    return found if shown else None
