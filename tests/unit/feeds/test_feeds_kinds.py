"""Headlines, corrections, sections and the archive: what each kind of feed says, and that the gate sees when not.

The golden documents are under tests/golden/feeds; `PUBLISHER_GOLDEN=write` writes them anew, read the difference.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import feedparser
import pytest
from lxml import etree

from publisher.errors import FeedError
from publisher.feeds import documents
from publisher.feeds.check import check
from publisher.feeds.documents import RENDERERS, feed_documents, shown_entries
from publisher.feeds.model import Feed, FeedFormat, Tombstone
from tests.unit.feeds.samples import ARCHIVED, CORRECTIONS, FEED, HEADLINES, PLAIN, RICH, SECTION, many
from tests.unit.feeds.test_feeds_hostile import NASTY, entry_of
from tests.unit.rendering.samples import assert_golden

ATOM = "{http://www.w3.org/2005/Atom}"
KINDS = {"headlines": HEADLINES, "corrections": CORRECTIONS, "section": SECTION, "archive": ARCHIVED}
HOSTILE = [
    replace(entry_of(value, value), id=f"{PLAIN.id}/{number}", url=f"{PLAIN.url}{number}/")
    for number, value in enumerate([*NASTY, "\u202e]]>" * 9, "long " * 200_000])
]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_as_it_is_known(kind: str) -> None:
    for document in feed_documents(KINDS[kind], [PLAIN, RICH]):
        assert_golden(f"feeds/{kind}.{document.path.rpartition('/')[2]}", document.data)


def test_a_corpus_of_hostile_content_is_as_it_is_known() -> None:
    for document in feed_documents(FEED, HOSTILE[:-1]):
        assert_golden(f"feeds/hostile.{document.path.rpartition('/')[2]}", document.data)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_content_loses_no_kind_of_feed(kind: str) -> None:
    feed = replace(
        KINDS[kind],
        title=NASTY[2],
        description=NASTY[3],
        tombstones=tuple(replace(each, comment=NASTY[0] + NASTY[3]) for each in KINDS[kind].tombstones),
    )
    for document in feed_documents(feed, HOSTILE, max_bytes=None):
        if not document.path.endswith(".json"):
            found = feedparser.parse(document.data, sanitize_html=False)
            assert not found.bozo, document.path
            assert sorted(entry.id for entry in found.entries) == sorted(entry.id for entry in HOSTILE)


def test_paths_are_the_public_ones() -> None:
    paths = {kind: [document.path for document in feed_documents(feed, [])] for kind, feed in KINDS.items()}
    assert paths == {
        "headlines": ["daily/headlines.xml"],
        "corrections": ["daily/corrections.xml"],
        "section": [f"daily/sections/food/{name}" for name in ("rss.xml", "atom.xml", "feed.json")],
        "archive": ["daily/archive/2024-11.xml"],
    }


def test_a_section_leads_to_the_page_of_its_newsletter() -> None:
    assert SECTION.home_url == FEED.home_url == "https://example.org/news/daily/"


def test_an_archive_says_that_it_is_one_and_where_the_others_are() -> None:
    (document,) = feed_documents(ARCHIVED, [PLAIN])
    root = etree.fromstring(document.data)
    assert root.findtext(f"{ATOM}id") == FEED.id
    assert len(root.findall("{http://purl.org/syndication/history/1.0}archive")) == 1
    links = {str(link.get("rel")): link.get("href") for link in root.findall(f"{ATOM}link")}
    assert dict(ARCHIVED.links).items() <= links.items()
    assert root.findtext(f"{ATOM}updated") == "2024-12-01T08:00:00Z"


def test_the_stylesheet_comes_before_the_feed_and_is_no_xslt() -> None:
    for feed in (FEED, ARCHIVED, SECTION):
        for document in feed_documents(feed, [PLAIN]):
            if document.path.endswith(".xml"):
                way = "../" * document.path.count("/")
                assert document.data.split(b"\n")[1] == (
                    f'<?xml-stylesheet type="text/css" href="{way}feed.css"?>'.encode()
                )


BROKEN = [
    (ARCHIVED, b"<fh:archive/>", b"", "archived is"),
    (ARCHIVED, b'rel="prev-archive"', b'rel="related"', "links is"),
    (ARCHIVED, b"archive/2024-10.xml", b"archive/2024-09.xml", "links is"),
    (ARCHIVED, b'rel="current"', b'rel="next-archive"', 'rel="next-archive" is there 2 times'),
    (ARCHIVED, b"2024-11-19:daily/lost", b"2024-11-20:daily/gone", "is there twice"),
    (ARCHIVED, b'when="2024-12-01T08:00:00Z"', b'when="2024-12-01T08:00:01Z"', "tombstones is"),
    (ARCHIVED, b'when="2024-12-01T08:00:00Z"', b'when="2024-12-01"', "no moment in UTC"),
    (ARCHIVED, b"Not ours", b"Ours", "tombstones is"),
    (ARCHIVED, b'type="text/css"', b'type="text/xsl"', "stylesheet is"),
    (HEADLINES, b'href="../feed.css"', b'href="feed.css"', "stylesheet is"),
    (HEADLINES, b"<guid", b"<description>words</description><guid", "summary differs"),
    (CORRECTIONS, b"corrections.xml", b"rss.xml", "self_url is"),
    (
        SECTION,
        b"<link>https://example.org/news/daily/</link>",
        b"<link>https://example.org/</link>",
        "home_url is",
    ),
]


@pytest.mark.parametrize(("feed", "old", "new", "said"), BROKEN)
def test_each_fault_is_seen_and_told(feed: Feed, old: bytes, new: bytes, said: str) -> None:
    feed_format = feed.formats[0]
    data = RENDERERS[feed_format](feed, [RICH, PLAIN])
    assert old in data
    with pytest.raises(FeedError) as failure:
        check(feed, feed_format, [RICH, PLAIN], data.replace(old, new, 1))
    assert said in str(failure.value)
    assert str(failure.value).startswith(feed.document_path(feed_format))


def test_an_entry_and_its_tombstone_in_one_document_are_refused() -> None:
    alive = replace(ARCHIVED, tombstones=(Tombstone(PLAIN.id, PLAIN.updated),))
    with pytest.raises(FeedError, match="is there twice"):
        feed_documents(alive, [PLAIN])


def test_a_document_that_is_too_long_is_refused_unless_it_holds_one_entry() -> None:
    data = RENDERERS[FeedFormat.RSS](FEED, [RICH, PLAIN])
    with pytest.raises(FeedError, match=rf"it has {len(data)} bytes, and may have {len(data) - 1}"):
        check(FEED, FeedFormat.RSS, [RICH, PLAIN], data, max_bytes=len(data) - 1)
    check(FEED, FeedFormat.RSS, [RICH, PLAIN], data, max_bytes=len(data))
    check(FEED, FeedFormat.RSS, [RICH], RENDERERS[FeedFormat.RSS](FEED, [RICH]), max_bytes=1)


def test_what_is_shown_is_what_the_documents_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = many(60)
    assert list(shown_entries(FEED, entries)) == entries[:9:-1]
    monkeypatch.setattr(documents, "MAX_BYTES", 20_000)
    shown = shown_entries(FEED, entries)
    (rss, *_) = feed_documents(FEED, entries, max_bytes=20_000)
    found: Any = feedparser.parse(rss.data)
    assert [entry.id for entry in found.entries] == [entry.id for entry in shown]
    assert 1 < len(shown) < 50
