"""A digest of items: laid out as configured, readable by the inbox whatever the items hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher import config
from publisher.digests import json
from publisher.digests.model import Heading, Link, ListBlock, Manuscript, Paragraph, Text
from publisher.digests.walk import all_blocks, figures, lines, links, plain, texts
from publisher.upstream.composing import MAX_SUMMARY, Setting, chosen, composed
from publisher.upstream.model import Item, Waiting

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
EARLIER = datetime(2024, 11, 20, 23, 30, tzinfo=UTC)


def item(number: int = 1, **more: object) -> Item:
    fields = {
        "id": f"urn:{number}",
        "link": f"https://wire.example.org/{number}",
        "title": f"Story {number}",
        "summary": "<p>What <b>happened</b>.</p>",
        "published": EARLIER,
    }
    return Item(**{**fields, **more})  # type: ignore[arg-type]


def digest(*items: Item, **feed: object) -> Manuscript:
    table = {"name": "wire", "newsletter": "daily", "addresses": ("https://wire.example.org/",), **feed}
    setting = Setting(config.InboxFeed.model_validate(table), "The Daily", "en", ZoneInfo("Europe/Berlin"))
    waiting = [Waiting(number, each, "The Wire", NOW) for number, each in enumerate(items)]
    data = composed(setting, waiting, slug="2024-11-21-wire", now=NOW)
    assert data == composed(setting, waiting, slug="2024-11-21-wire", now=NOW)
    return json.read(data, name="2024-11-21-wire.json")


def words(found: Manuscript) -> list[str]:
    return list(texts(all_blocks(found.lead, found.sections)))


def test_an_item_is_its_title_summary_source_and_day_by_default() -> None:
    found = digest(item())
    assert (found.title, found.slug, found.newsletter, found.draft) == (
        "The Daily, November 21, 2024",
        "2024-11-21-wire",
        "daily",
        True,
    )
    (section,) = found.sections
    assert section.name == "The Wire"
    # 23:30 in UTC is the next day in Berlin
    assert words(found) == ["Story 1", "What happened.", "The Wire, November 21, 2024"]
    assert section.blocks[0] == Heading(3, (Link("https://wire.example.org/1", (Text("Story 1"),)),))


def test_a_line_whose_field_is_empty_is_left_out() -> None:
    layout = "**{title}**\nBy {author}\nIn {category}"
    assert words(digest(item(author="Jo Example"), item=layout)) == ["Story 1", "By Jo Example"]


def test_items_of_a_list_are_one_list() -> None:
    (section,) = digest(item(1), item(2), item="- {title}: {summary}").sections
    (block,) = section.blocks
    assert isinstance(block, ListBlock)
    assert words(digest(item(1), item=("- {title}: {summary}"))) == ["Story 1: What happened."]
    assert len(block.items) == 2


def test_nothing_in_a_value_is_markup() -> None:
    title = "**{summary}** ### [x](https://evil.example.org) *y*"
    found = digest(item(title=title), item="{title}")
    assert words(found) == [title]
    assert [link.href for line in lines(all_blocks(found.lead, found.sections)) for link in links(line)] == [
        "https://wire.example.org/1"
    ]


def test_a_layout_that_leaves_nothing_of_an_item_gives_its_title() -> None:
    assert words(digest(item(), item="{author}")) == ["Story 1"]


def test_sections_are_named_as_configured() -> None:
    one, two = item(1, category="Harbour"), item(2, category="")
    found = digest(one, two, section="{category}")
    assert [section.name for section in found.sections] == ["Harbour"]
    assert "Story 2" in list(texts(found.lead))
    assert [section.name for section in digest(one, two, section="Elsewhere").sections] == ["Elsewhere"]
    assert digest(one, two, section="").sections == ()


def test_content_is_blocks_without_pictures_unless_they_are_wanted() -> None:
    content = '<p>One</p><ul><li>Two</ul><img src="/pier.png" alt="The pier"><img src="/p.gif" width=1 height="1">'
    found = digest(item(content=content), item="{content}")
    assert words(found) == ["One", "Two"]
    shown = digest(item(content=content), item="{content}", pictures=True)
    assert [figure.src for figure in figures(all_blocks(shown.lead, shown.sections))] == [
        "https://wire.example.org/pier.png"
    ]


def test_a_summary_is_short_and_ends_with_a_word() -> None:
    (paragraph,) = digest(item(summary="word " * 400), item="{summary}").sections[0].blocks
    assert isinstance(paragraph, Paragraph)
    text = plain(paragraph.inlines)
    assert len(text) <= MAX_SUMMARY
    assert text.endswith("word…")


def test_a_summary_that_only_repeats_the_title_is_none() -> None:
    assert words(digest(item(summary="Story 1"), item="{title}\n{summary}")) == ["Story 1"]


def test_the_newest_are_chosen_and_no_date_of_the_future_helps() -> None:
    waiting = [
        Waiting(1, item(1, published=NOW + timedelta(days=900)), "", NOW - timedelta(hours=2)),
        Waiting(2, item(2, published=NOW - timedelta(hours=1)), "", NOW),
        Waiting(3, item(3, published=None), "", NOW),
    ]
    assert [each.id for each in chosen(waiting, 2)] == [3, 2]


def test_more_than_a_digest_can_hold_is_told_by_summaries() -> None:
    paragraphs = "".join(f"<p>{'й' * 200}</p>" for _ in range(290))
    items = [item(number, content=paragraphs, summary="<p>In short.</p>") for number in range(50)]
    found = digest(*items, item="### {title}\n{content}", limit=50)
    assert words(found).count("In short.") == 50


TAGS = (
    "<p>|</p>|<b>|</b>|<a href='/x'>|</a>|<a href='javascript:x'>|<ul><li>|</ul>|<br>|<table><tr><td>|<td>|<th>|"
    "</table>|<blockquote>|<pre>|<h1>|</h1>|<hr>|<dl>|<img src='//e.example.org/x.png'>|<figure>|<figcaption>|"
    "<script>|<svg>|<!--|&nbsp;|&#0;|<ol start='-1'>|<ol start='\u0663'>|<!DOCTYPE html>|<td>|<caption>|<code>"
)
PIECES = st.sampled_from(
    [*TAGS.split("|"), "word ", "\u202e", "\ufeff", "\x0c", "\ud800", "<li>" * 30, "<div>" * 300]
)
MARKUP = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


@settings(max_examples=150)
@given(st.lists(st.tuples(MARKUP, MARKUP), min_size=1, max_size=3), st.booleans())
def test_the_inbox_takes_whatever_strangers_write(found: Sequence[tuple[str, str]], pictures: bool) -> None:
    items = [item(number, content=content, summary=summary) for number, (content, summary) in enumerate(found)]
    digest(*items, item="### {title}\n{content}\n{summary}", pictures=pictures)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("item", "{title} {nonsense}", "braces that hold no field"),
        ("item", "{{title}}", "braces that hold no field"),
        ("item", "see {content}", "a line of its own"),
        ("title", "{summary}", "the fields are {newsletter}"),
        ("section", "{title}", "the fields are {source}"),
        ("addresses", ("ftp://example.org/",), "no address of a feed"),
        ("addresses", (), "at least 1"),
        ("every", "10 s", "1 minute"),
        ("limit", 51, "50"),
    ],
)
def test_a_wrong_setting_is_refused(key: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        digest(item(), **{key: value})
