"""Feeds and entries that the tests of this folder share; everything in them is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from publisher.editions import Entry
from publisher.feeds.model import Feed, FeedFormat, Tombstone

FEED = Feed(
    id="tag:example.org,2024-11-01:daily",
    title="Harbour & Hinterland",
    description="What happened between the docks and the hills",
    language="en",
    author="The Harbour Desk",
    site_url="https://example.org/news/",
    path="daily",
    updated=datetime(2024, 11, 1, tzinfo=UTC),
    hubs=("https://hub.example.com/", "https://hub.example.net/"),
)

HEADLINES = replace(FEED, formats=(FeedFormat.RSS,), file="headlines.xml", headlines=True)
CORRECTIONS = replace(FEED, formats=(FeedFormat.RSS,), file="corrections.xml", title="Corrections – Harbour")
SECTION = replace(FEED, id=f"{FEED.id}/sections/food", path="daily/sections/food", home="daily")
ARCHIVED = replace(
    FEED,
    formats=(FeedFormat.ATOM,),
    file="archive/2024-11.xml",
    links=(
        ("prev-archive", "https://example.org/news/daily/archive/2024-10.xml"),
        ("next-archive", "https://example.org/news/daily/archive/2024-12.xml"),
        ("current", "https://example.org/news/daily/atom.xml"),
    ),
    archived=True,
    tombstones=(
        Tombstone(
            "tag:example.org,2024-11-20:daily/gone",
            datetime(2024, 12, 1, 8, tzinfo=UTC),
            "Not ours, <b>sorry</b>",
        ),
        Tombstone("tag:example.org,2024-11-19:daily/lost", datetime(2024, 11, 30, 8, tzinfo=UTC)),
    ),
)
"""Every kind of feed beside the one of everything."""

PLAIN = Entry(
    id="tag:example.org,2024-11-21:daily/ferries",
    url="https://example.org/news/daily/ferries/",
    title="Ferries return",
    summary="The winter timetable is out.",
    content="<p>The winter timetable is <strong>out</strong>.</p>\n<ul><li>First boat 05:40</li></ul>",
    published=datetime(2024, 11, 21, 6, 0, tzinfo=UTC),
    updated=datetime(2024, 11, 21, 6, 0, tzinfo=UTC),
    language="en",
)

RICH = Entry(
    id="tag:example.org,2024-11-22:daily/fish-chips",
    url="https://example.org/news/daily/fish-chips/",
    title="Fish & chips: prices < 9 € for the first time",
    summary='"Cheaper," says Q&A, <em>not</em> a tag',
    content='<p dir="rtl">مرحبا بالعالم</p><p>“Quotes”, 🐟 &amp; &lt;chips&gt; ]]&gt; ]]> <![CDATA[nested]]></p>',
    published=datetime(2024, 11, 22, 6, 0, tzinfo=UTC),
    updated=datetime(2024, 11, 22, 9, 30, 15, 123456, tzinfo=UTC),
    language="de",
    author="Ada Example",
    sections=(("harbour", "Harbour"), ("food", "Food & drink")),
    image="https://example.org/news/assets/fish.png?w=1&h=2",
)


def many(count: int) -> list[Entry]:
    """That many different entries, oldest first, a day apart."""
    return [
        replace(
            PLAIN,
            id=f"tag:example.org,2024-01-01:daily/n{number}",
            url=f"https://example.org/news/daily/n{number}/",
            title=f"Number {number}",
            published=PLAIN.published + timedelta(days=number),
            updated=PLAIN.updated + timedelta(days=number, hours=1),
        )
        for number in range(count)
    ]
