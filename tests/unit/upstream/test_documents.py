"""Feeds as strangers write them: every format gives the same items, and no bytes give anything but our error."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.upstream.documents import read
from publisher.upstream.model import Document, UpstreamError
from publisher.upstream.values import MAX_ITEMS
from tests.fakes.upstream import rss, story

ADDRESS = "https://wire.example.org/feeds/all.xml"

RSS = b"""<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet href="feed.css" type="text/css"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"
     xmlns:media="http://search.yahoo.com/mrss/">
<channel>
  <atom:link rel="self" href="https://elsewhere.example.org/self"/>
  <title>Port &amp; Harbour</title><link>https://wire.example.org/</link><ttl>90</ttl>
  <image><title>Not the title</title><link>https://elsewhere.example.org/</link></image>
  <item>
    <media:title>Not the title</media:title>
    <title>Ferry &amp;amp; fog</title>
    <link>/ferry</link>
    <guid isPermaLink="false">tag:wire.example.org,2024:1</guid>
    <description>&lt;p&gt;It left early.&lt;/p&gt;</description>
    <content:encoded><![CDATA[<p>It left <b>early</b>.</p>]]></content:encoded>
    <dc:creator>Jo Example</dc:creator>
    <category>Harbour</category>
    <pubDate>Thu, 21 Nov 2024 08:00:00 +0100</pubDate>
  </item>
</channel></rss>"""

RDF = b"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
         xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="https://wire.example.org/"><title>Port &amp; Harbour</title>
<link>https://wire.example.org/</link></channel>
<item rdf:about="https://wire.example.org/ferry">
  <title>Ferry &amp; fog</title><link>https://wire.example.org/ferry</link>
  <description>&lt;p&gt;It left early.&lt;/p&gt;</description>
  <content:encoded>&lt;p&gt;It left &lt;b&gt;early&lt;/b&gt;.&lt;/p&gt;</content:encoded>
  <dc:creator>Jo Example</dc:creator><dc:date>2024-11-21T08:00:00+01:00</dc:date>
</item></rdf:RDF>"""

ATOM = b"""<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://wire.example.org/">
<title type="html">Port &amp;amp; Harbour</title><id>urn:feed</id>
<entry xml:base="/news/">
  <id>tag:wire.example.org,2024:1</id>
  <title>Ferry &amp; fog</title>
  <link rel="enclosure" href="sound.mp3"/><link href="/ferry"/>
  <summary type="html">&lt;p&gt;It left early.&lt;/p&gt;</summary>
  <content type="html">&lt;p&gt;It left &lt;b&gt;early&lt;/b&gt;.&lt;/p&gt;</content>
  <author><name>Jo Example</name><email>jo@example.org</email></author>
  <category term="harbour" label="Harbour"/>
  <published>2024-11-21T07:00:00Z</published><updated>2024-11-22T07:00:00Z</updated>
</entry></feed>"""

JSON = json.dumps(
    {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Port & Harbour",
        "items": [
            {
                "id": "tag:wire.example.org,2024:1",
                "url": "https://wire.example.org/ferry",
                "title": "Ferry & fog",
                "summary": "It left early.",
                "content_html": "<p>It left <b>early</b>.</p>",
                "authors": [{"name": "Jo Example"}],
                "tags": ["Harbour"],
                "date_published": "2024-11-21T07:00:00Z",
            }
        ],
    }
).encode()


@pytest.mark.parametrize("data", [RSS, RDF, ATOM, JSON], ids=["rss", "rdf", "atom", "json"])
def test_every_format_says_the_same(data: bytes) -> None:
    found = read(data, address=ADDRESS)
    assert (found.title, found.is_whole) == ("Port & Harbour", True)
    (item,) = found.items
    assert (item.title, item.link) == ("Ferry & fog", "https://wire.example.org/ferry")
    assert item.content == "<p>It left <b>early</b>.</p>"
    assert "It left early." in item.summary
    assert item.author == "Jo Example"
    assert item.published == datetime(2024, 11, 21, 7, tzinfo=UTC)
    assert item.id == ("" if data is RDF else "tag:wire.example.org,2024:1")
    assert item.category == ("" if data is RDF else "Harbour")


def test_a_feed_says_how_long_it_wants_to_be_left_alone() -> None:
    assert read(RSS, address=ADDRESS).ttl == timedelta(minutes=90)


@pytest.mark.parametrize("data", [RSS, RDF, ATOM], ids=["rss", "rdf", "atom"])
def test_another_reader_sees_the_same(data: bytes) -> None:
    ours, theirs = read(data, address=ADDRESS).items, feedparser.parse(data).entries
    for item, entry in zip(ours, theirs, strict=True):
        assert item.title == entry.title.replace("&amp;", "&")
        assert item.id in ("", entry.id)
        assert item.published is not None
        assert item.published.timetuple()[:6] == (entry.get("published_parsed") or entry.updated_parsed)[:6]


def test_markup_in_a_title_becomes_its_words() -> None:
    data = rss(story(1, title="<b>Tugs</b> &amp; pilots <script>x"))
    assert read(data, address=ADDRESS).items[0].title == "Tugs & pilots x"


def test_xhtml_in_atom_is_its_elements() -> None:
    inner = '<div xmlns="http://www.w3.org/1999/xhtml"><p>One <em>two</em></p></div>'
    data = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><id>urn:1</id><title>t</title>'
        f'<content type="xhtml">{inner}</content></entry></feed>'
    )
    assert "<em>two</em>" in read(data.encode(), address=ADDRESS).items[0].content


def test_plain_text_in_atom_is_no_markup() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>a &lt; b</title><entry><id>urn:1</id>
    <title>x &lt;y&gt; z</title><content>1 &lt;b&gt;2</content></entry></feed>"""
    (item,) = read(data, address=ADDRESS).items
    assert item.title == "x <y> z"
    assert item.content == "1 &lt;b&gt;2"


def test_no_entity_is_expanded_and_no_file_is_read() -> None:
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    data = (
        f'<!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        "<rss><channel><title>T</title><item><title>x &l11; &f;</title></item></channel></rss>"
    )
    try:
        items = read(data.encode(), address=ADDRESS).items
    except UpstreamError:
        return
    assert all(len(item.title) < 20 for item in items)


def test_a_broken_document_gives_what_can_be_read_and_says_that_it_is_not_whole() -> None:
    found = read(rss(story(1), story(2))[:-60], address=ADDRESS)
    assert found.items[0].title == "Story 1"
    assert not found.is_whole


def test_a_feed_without_items_is_a_feed() -> None:
    assert read(rss(), address=ADDRESS).items == ()


def test_an_item_that_says_nothing_is_none() -> None:
    assert read(rss({"link": "https://wire.example.org/"}), address=ADDRESS).items == ()


def test_no_more_items_are_read_than_anybody_has() -> None:
    data = rss(*(story(number) for number in range(MAX_ITEMS + 9)))
    assert len(read(data, address=ADDRESS).items) == MAX_ITEMS


@pytest.mark.parametrize("link", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "http://[", ""])
def test_a_link_that_leads_nowhere_is_none(link: str) -> None:
    assert read(rss(story(1, link=link)), address=ADDRESS).items[0].link == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"<html><body>x</body></html>",
        b"<rss",
        b"{}",
        b"[]",
        b"[" * 100_000,
        b'{"version":"https://jsonfeed.org/version/1","items":' + b"9" * 5000 + b"}",
        b'\xff\xfe{"',
        b"\x00" * 100,
    ],
)
def test_what_is_no_feed_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UpstreamError):
        read(data, address=ADDRESS)


TAGS = (
    b"<rss>|<channel>|</channel>|<item>|</item>|<title>|</title>|<link>|<guid>|<entry>|</entry>|<b>|&#0;|&amp;|"
    b"<![CDATA[|]]>|<!--|-->|\xff|\xc3|<pubDate>|2024-13-45|<ttl>|\xd9\xa3|</ttl>|http://[|//|<?x ?>|"
    b"<feed xmlns='http://www.w3.org/2005/Atom'>|<content type='xhtml'>|<link href='http://['/>|Thu, 99 Nov 99999"
)
WORDS = st.sampled_from(TAGS.split(b"|"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["id", "url", "title", "summary", "content_html", "content_text", "authors", "tags", "date_published"]
)


def _is_read_or_refused(data: bytes) -> None:
    try:
        found = read(data, address=ADDRESS)
    except UpstreamError:
        return
    assert isinstance(found, Document)
    for item in found.items:
        assert item.title
        assert "\n" not in item.title
        assert not item.link or item.link.startswith(("http://", "https://"))
        assert item.published is None or item.published.tzinfo is UTC
        json.dumps([item.title, item.summary, item.content]).encode()


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.lists(WORDS | st.binary(max_size=5), max_size=40).map(b"".join))
def test_no_bytes_raise_anything_but_our_error(data: bytes) -> None:
    _is_read_or_refused(data)
    _is_read_or_refused(b"<rss><channel><item>" + data)
    _is_read_or_refused(b"<feed xmlns='http://www.w3.org/2005/Atom'><entry>" + data)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=6) | VALUES, max_size=4), VALUES)
def test_no_json_raises_anything_but_our_error(items: list[object], title: object) -> None:
    whole = {"version": "https://jsonfeed.org/version/1", "title": title, "items": items}
    _is_read_or_refused(json.dumps(whole).encode())
