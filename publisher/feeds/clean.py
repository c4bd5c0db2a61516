"""Text that XML 1.0 and JSON both carry unchanged. One bad character must never lose a feed.

XML 1.0 refuses most control characters, lone surrogates, U+FFFE and U+FFFF, and parsers turn CR into LF. Whoever
pastes from an editor brings them along; they are mended once, before any format sees them, so that the formats
stay equal.
"""

from __future__ import annotations

import re
from dataclasses import replace

from publisher.editions import Entry
from publisher.feeds.model import Feed, Tombstone, whole_second

_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n?")
_PAGE_BREAK = re.compile("[\x0b\x0c]")
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\ufffe\uffff]")
_LINE_ENDS = re.compile("[ \t\n\x85\u2028\u2029]+")
_CONTROLS = re.compile("[\x7f-\x9f]")

TITLE_FROM_SUMMARY = 80
"""Characters of the summary that stand in for a title that has none left."""


def clean(text: str) -> str:
    """`text` without anything that XML 1.0 refuses or rewrites; cleaning twice changes nothing more.

    Halves of surrogate pairs that belong together are joined, lone ones become U+FFFD. Line ends become LF,
    vertical tabs and form feeds a space (they parted words); other controls go.
    """
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _PAGE_BREAK.sub(" ", _BREAK.sub("\n", _ILLEGAL.sub("", text)))
    return text.lstrip("\ufeff")


def clean_line(text: str) -> str:
    """`text` cleaned, in one line, without C1 controls. No-break and thin spaces stay: typography needs them."""
    line = _LINE_ENDS.sub(" ", clean(text))
    return _CONTROLS.sub("", line).strip().lstrip("\ufeff").strip()


def clean_entry(entry: Entry) -> Entry:
    """The entry as every format shows it: clean, moments in whole seconds, title and summary never empty.

    Raises:
        ValueError: a moment has no zone.
    """
    summary = clean_line(entry.summary)
    title = clean_line(entry.title) or summary[:TITLE_FROM_SUMMARY].rstrip() or clean_line(entry.url)
    return replace(
        entry,
        id=clean_line(entry.id),
        url=clean_line(entry.url),
        title=title,
        summary=summary or title,
        content=clean(entry.content).strip(),
        published=whole_second(entry.published),
        updated=whole_second(entry.updated),
        language=clean_line(entry.language),
        author=clean_line(entry.author),
        sections=_clean_sections(entry.sections),
        image=clean_line(entry.image),
    )


def clean_feed(feed: Feed) -> Feed:
    """The feed's description as every format shows it."""
    title = clean_line(feed.title) or clean_line(feed.path) or clean_line(feed.site_url)
    return replace(
        feed,
        title=title,
        description=clean_line(feed.description) or title,
        author=clean_line(feed.author) or title,
        hubs=tuple(clean_line(hub) for hub in feed.hubs),
        tombstones=tuple(_clean_tombstone(each) for each in feed.tombstones),
    )


def _clean_tombstone(stone: Tombstone) -> Tombstone:
    return Tombstone(clean_line(stone.ref), whole_second(stone.when), clean_line(stone.comment))


def _clean_sections(sections: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    cleaned = ((clean_line(slug), clean_line(name)) for slug, name in sections)
    return tuple((slug or name, name or slug) for slug, name in cleaned if slug or name)
