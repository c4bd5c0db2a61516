"""The list of all feeds, as feed readers import it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from lxml import etree

from publisher.feeds import opml
from publisher.feeds.model import Feed, FeedFormat

DAILY = Feed(
    id="tag:news.example.org,2024:daily",
    title="The <Daily> & more",
    description="",
    language="en",
    author="x",
    site_url="https://news.example.org/",
    path="daily",
    updated=datetime(2024, 1, 1, tzinfo=UTC),
)


def test_every_feed_is_named_once_with_address_page_and_language() -> None:
    weekly = replace(
        DAILY, path="weekly", title="Half \ud800 a\x00\nline", description="Once a week.", language="de"
    )
    root = etree.fromstring(opml.render("All & everything", [("Both <of> them", [DAILY, weekly])]))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "All & everything"
    (group,) = root.findall("body/outline")
    assert group.get("text") == "Both <of> them"
    first, second = group.findall("outline")
    assert {str(name): str(value) for name, value in first.attrib.items()} == {
        "text": "The <Daily> & more",
        "title": "The <Daily> & more",
        "type": "rss",
        "xmlUrl": "https://news.example.org/daily/atom.xml",
        "htmlUrl": "https://news.example.org/daily/",
        "language": "en",
    }
    assert (second.get("text"), second.get("description")) == ("Half \ufffd a line", "Once a week.")


def test_the_same_feeds_give_the_same_bytes() -> None:
    assert opml.render("x", [("y", [DAILY])]) == opml.render("x", [("y", [DAILY])])


def test_of_several_formats_atom_is_named_and_of_one_that_one() -> None:
    headlines = replace(DAILY, formats=(FeedFormat.RSS,), file="headlines.xml")
    root = etree.fromstring(opml.render("x", [("y", [DAILY, headlines])]))
    assert [each.get("xmlUrl") for each in root.iterfind("body/outline/outline")] == [
        "https://news.example.org/daily/atom.xml",
        "https://news.example.org/daily/headlines.xml",
    ]
