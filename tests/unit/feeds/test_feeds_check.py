"""The gate: whatever is not exactly what it should be raises, and names the document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.editions import Entry
from publisher.errors import FeedError
from publisher.feeds import documents
from publisher.feeds.check import check
from publisher.feeds.documents import RENDERERS, feed_documents
from publisher.feeds.model import Feed, FeedFormat
from tests.unit.feeds.samples import FEED, PLAIN, RICH

ENTRIES = (RICH, PLAIN)
RSS, ATOM, JSON = FeedFormat


def good(feed_format: FeedFormat) -> bytes:
    return RENDERERS[feed_format](FEED, ENTRIES)


@pytest.mark.parametrize("feed_format", FeedFormat)
def test_what_the_renderers_make_passes(feed_format: FeedFormat) -> None:
    check(FEED, feed_format, ENTRIES, good(feed_format))


BROKEN = [
    (RSS, b"</rss>", b"", "not well-formed"),
    (RSS, b'isPermaLink="false"', b'isPermaLink="true"', "given out as an address"),
    (RSS, b"daily/ferries</guid>", b"daily/Ferries</guid>", "id differs"),
    (RSS, b"Thu, 21 Nov 2024 06:00:00", b"Thu, 21 Nov 2024 06:00:01", "published differs"),
    (RSS, b"Fri, 22 Nov 2024 09:30:15", b"Fri, 22 Nov 2024 09:30:16", "updated is"),
    (RSS, b'rel="self"', b'rel="via"', 'rel="self" is there 0 times'),
    (RSS, b'rel="hub" href="https://hub.example.net/"', b'rel="x" href="y"', "hubs is"),
    (
        RSS,
        b"<link>https://example.org/news/daily/</link>",
        b"<link>https://hub.example.com/</link>",
        "home_url is",
    ),
    (RSS, b"First boat", b"Last boat", "content differs"),
    (RSS, b"<dc:creator>Ada Example</dc:creator>", b"", "author differs"),
    (RSS, b"<category>Harbour</category>", b"", "tags differs"),
    (RSS, b"<pubDate>Thu", b"<pubDate>soon Thu", ""),
    (ATOM, b"</feed>", b"</feed><more/>", "not well-formed"),
    (ATOM, b'xmlns="http://www.w3.org/2005/Atom"', b'xmlns="http://example.org/"', "begins with"),
    (ATOM, b"tag:example.org,2024-11-01:daily", b"tag:example.org,2024-11-02:daily", "id is"),
    (ATOM, b'type="html"', b'type="text"', "not given out as HTML"),
    (ATOM, b"2024-11-21T06:00:00Z", b"2024-11-21T06:00:00+00:00", "no moment in UTC"),
    (ATOM, b"2024-11-22T09:30:15Z", b"2024-11-22T09:30:14Z", "updated"),
    (ATOM, b'rel="alternate"', b'rel="related"', 'rel="alternate" is there 0 times'),
    (ATOM, "مرحبا".encode(), b"", "content differs"),
    (ATOM, b"fish.png", b"f.png", "image differs"),
    (ATOM, b'xml:lang="en"', b'xml:lang="fr"', "language is"),
    (JSON, b"version/1.1", b"version/1", "not JSON Feed 1.1"),
    (JSON, b'"items"', b'"entries"', "'items' is missing"),
    (JSON, b'"content_html"', b'"content_text"', "'content_html' is missing"),
    (JSON, b"Ferries return", b"Ferries returned", "title differs"),
    (JSON, b"The winter timetable is out.", b"The summer timetable is out.", "summary differs"),
    (JSON, b'"https://example.org/news/daily/ferries/"', b"5", "is no text"),
    (JSON, b"\xf0\x9f\x90\x9f", b"\xf0\x9f", "cannot be read back"),
    (JSON, b"feed.json", b"rss.xml", "self_url is"),
    (JSON, b'"items": [', b'"items": [{}, ', "is missing"),
]


@pytest.mark.parametrize(("feed_format", "old", "new", "said"), BROKEN)
def test_each_fault_is_seen_and_told(feed_format: FeedFormat, old: bytes, new: bytes, said: str) -> None:
    data = good(feed_format)
    assert old in data
    with pytest.raises(FeedError) as failure:
        check(FEED, feed_format, ENTRIES, data.replace(old, new))
    assert said in str(failure.value)
    assert failure.value.ids["document"] == FEED.document_path(feed_format)
    assert str(failure.value).startswith(FEED.document_path(feed_format))
    assert failure.value.remedy


@pytest.mark.parametrize("feed_format", FeedFormat)
@pytest.mark.parametrize(
    "said",
    [(RICH,), (PLAIN, RICH), (RICH, PLAIN, replace(PLAIN, id="tag:example.org,2024-11-01:other"))],
    ids=["too few", "wrong order", "too many"],
)
def test_entries_missing_added_or_out_of_order_are_seen(feed_format: FeedFormat, said: tuple[Entry, ...]) -> None:
    with pytest.raises(FeedError):
        check(FEED, feed_format, said, good(feed_format))


@pytest.mark.parametrize("feed_format", FeedFormat)
def test_one_id_twice_is_refused(feed_format: FeedFormat) -> None:
    twice = (replace(PLAIN, updated=PLAIN.updated + timedelta(1)), PLAIN)
    with pytest.raises(FeedError, match="is there twice"):
        check(FEED, feed_format, twice, RENDERERS[feed_format](FEED, twice))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(list(FeedFormat)), st.floats(0, 1, exclude_max=True))
def test_a_document_cut_short_anywhere_is_refused(feed_format: FeedFormat, where: float) -> None:
    data = good(feed_format).rstrip()
    with pytest.raises(FeedError):
        check(FEED, feed_format, ENTRIES, data[: int(len(data) * where)])


@pytest.mark.parametrize("feed_format", FeedFormat)
def test_a_renderer_that_breaks_is_an_error_with_the_documents_name(
    feed_format: FeedFormat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(feed: Feed, entries: Sequence[Entry]) -> bytes:
        raise ValueError("all strings must be XML compatible")

    monkeypatch.setattr(documents, "RENDERERS", {**RENDERERS, feed_format: broken})
    with pytest.raises(FeedError, match="cannot be rendered: all strings") as failure:
        feed_documents(FEED, ENTRIES)
    assert failure.value.ids["document"] == FEED.document_path(feed_format)


@pytest.mark.parametrize("feed_format", FeedFormat)
def test_no_document_gets_past_the_gate(feed_format: FeedFormat, monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(feed: Feed, entries: Sequence[Entry]) -> bytes:
        return RENDERERS[feed_format](feed, entries[1:])

    monkeypatch.setattr(documents, "RENDERERS", {**RENDERERS, feed_format: forgetful})
    with pytest.raises(FeedError, match="is not replaced") as failure:
        feed_documents(FEED, ENTRIES)
    assert failure.value.ids["document"] == FEED.document_path(feed_format)


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = replace(PLAIN, updated=PLAIN.updated.replace(tzinfo=None))
    with pytest.raises(FeedError, match="without a zone"):
        feed_documents(FEED, [naive])
