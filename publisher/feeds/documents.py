"""From entries to the documents of a feed: chosen, rendered in every format, and through the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from publisher.editions import Document, Entry
from publisher.feeds import atom, jsonfeed, rss
from publisher.feeds.check import check, refusal
from publisher.feeds.model import MEDIA_TYPES, Feed, FeedFormat

MAX_ENTRIES = 50
MAX_BYTES = 1_000_000
"""Above this some readers give up; a feed with more drops its oldest entries, but never its newest."""

RENDERERS: Mapping[FeedFormat, Callable[[Feed, Sequence[Entry]], bytes]] = {
    FeedFormat.RSS: rss.render,
    FeedFormat.ATOM: atom.render,
    FeedFormat.JSON: jsonfeed.render,
}

_Rendered = Mapping[FeedFormat, bytes]


def feed_documents(
    feed: Feed,
    entries: Iterable[Entry],
    *,
    max_entries: int | None = MAX_ENTRIES,
    max_bytes: int | None = MAX_BYTES,
) -> tuple[Document, ...]:
    """The feed in each of its formats, the same newest entries in each, ready to replace the old documents.

    Args:
        feed: what the feed is.
        entries: any number in any order; the newest by `published` are taken.
        max_entries: how many at most; None is all of them.
        max_bytes: how long each document may be, None as long as it gets; one entry is always in it.

    Raises:
        FeedError: a document cannot be rendered or did not pass the gate. None of them may be stored then.
    """
    shown, rendered = _fitting(feed, newest_first(entries)[:max_entries], max_bytes)
    documents = []
    for feed_format, data in rendered.items():
        check(feed, feed_format, shown, data, max_bytes=max_bytes)
        media_type = f"{MEDIA_TYPES[feed_format]}; charset=utf-8"
        documents.append(Document(feed.document_path(feed_format), media_type, data))
    return tuple(documents)


def shown_entries(feed: Feed, entries: Iterable[Entry]) -> Sequence[Entry]:
    """Those entries that `feed_documents` puts into the feed's documents, the newest first.

    Raises:
        FeedError: a document cannot be rendered.
    """
    return _fitting(feed, newest_first(entries)[:MAX_ENTRIES], MAX_BYTES)[0]


def newest_first(entries: Iterable[Entry]) -> list[Entry]:
    """Entries as readers expect them; those of one moment by id, so that storage's order never shows."""
    return sorted(entries, key=lambda entry: (entry.published, entry.id), reverse=True)


def _fitting(feed: Feed, entries: Sequence[Entry], max_bytes: int | None) -> tuple[Sequence[Entry], _Rendered]:
    """As many of the entries as let the longest document fit, at least one, and the documents with them."""
    rendered = _render_all(feed, entries)
    if max_bytes is None or len(entries) <= 1 or _longest(rendered) <= max_bytes:
        return entries, rendered
    fits, too_many = 1, len(entries)
    while too_many - fits > 1:
        middle = (fits + too_many) // 2
        if _longest(_render_all(feed, entries[:middle])) <= max_bytes:
            fits = middle
        else:
            too_many = middle
    return entries[:fits], _render_all(feed, entries[:fits])


def _longest(rendered: _Rendered) -> int:
    return max(len(data) for data in rendered.values())


def _render_all(feed: Feed, entries: Sequence[Entry]) -> _Rendered:
    return {feed_format: _render(feed, feed_format, entries) for feed_format in feed.formats}


def _render(feed: Feed, feed_format: FeedFormat, entries: Sequence[Entry]) -> bytes:
    try:
        return RENDERERS[feed_format](feed, entries)
    except (ValueError, TypeError) as error:
        raise refusal(feed, feed_format, f"cannot be rendered: {error}") from error
