"""What readers are promised of a feed's documents.

The golden documents are under tests/golden/feeds; `PUBLISHER_GOLDEN=write` writes them anew, read the difference.
"""

from __future__ import annotations

import json
import locale
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import feedparser
import jsonschema
import pytest
from lxml import etree

from publisher.editions import Entry
from publisher.feeds.clean import clean_entry
from publisher.feeds.documents import feed_documents, newest_first
from publisher.feeds.model import Feed, FeedFormat
from tests.unit.feeds.samples import FEED, PLAIN, RICH, many

GOLDEN = Path(__file__).parents[2] / "golden" / "feeds"
ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((GOLDEN / "jsonfeed-1.1.schema.json").read_text(encoding="utf-8"))
ATOM = "{http://www.w3.org/2005/Atom}"


def documents(entries: Iterable[Entry], feed: Feed = FEED) -> dict[FeedFormat, bytes]:
    made = {document.path: document.data for document in feed_documents(feed, entries)}
    return {feed_format: made[feed.document_path(feed_format)] for feed_format in FeedFormat}


def parsed(data: bytes) -> Any:
    """As feedparser reads it, without its own clean-up of the content."""
    return feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)


def json_items(data: bytes) -> list[dict[str, Any]]:
    items = json.loads(data)["items"]
    assert isinstance(items, list)
    return items


@pytest.mark.parametrize("feed_format", FeedFormat)
def test_documents_are_the_golden_ones(feed_format: FeedFormat) -> None:
    path = GOLDEN / FEED.document_path(feed_format).rpartition("/")[2]
    data = documents([PLAIN, RICH])[feed_format]
    if os.environ.get("PUBLISHER_GOLDEN") == "write":
        path.write_bytes(data)
    assert data == path.read_bytes()


def test_paths_and_media_types_are_the_public_ones() -> None:
    assert [(document.path, document.media_type) for document in feed_documents(FEED, [PLAIN])] == [
        ("daily/rss.xml", "application/rss+xml; charset=utf-8"),
        ("daily/atom.xml", "application/atom+xml; charset=utf-8"),
        ("daily/feed.json", "application/feed+json; charset=utf-8"),
    ]
    whole_site = feed_documents(replace(FEED, path=""), [PLAIN])
    assert [document.path for document in whole_site] == ["rss.xml", "atom.xml", "feed.json"]
    assert b'"home_page_url": "https://example.org/news/"' in whole_site[2].data


@pytest.mark.parametrize("entries", [[], [PLAIN], [PLAIN, RICH], many(60)], ids=["none", "one", "two", "many"])
def test_feedparser_reads_both_without_complaint_and_json_passes_the_schema(entries: list[Entry]) -> None:
    made = documents(entries)
    for feed_format in (FeedFormat.RSS, FeedFormat.ATOM):
        assert not parsed(made[feed_format]).bozo
    jsonschema.validate(json.loads(made[FeedFormat.JSON]), SCHEMA)


def test_ids_content_titles_and_moments_are_equal_in_all_formats() -> None:
    made = documents([PLAIN, RICH])
    rss, atom = parsed(made[FeedFormat.RSS]), parsed(made[FeedFormat.ATOM])
    items = json_items(made[FeedFormat.JSON])
    assert [entry.id for entry in rss.entries] == [RICH.id, PLAIN.id]
    for from_rss, from_atom, item in zip(rss.entries, atom.entries, items, strict=True):
        assert from_rss.id == from_atom.id == item["id"]
        assert from_rss.link == from_atom.link == item["url"]
        assert from_rss.title == from_atom.title == item["title"]
        assert from_rss.content[0].value == from_atom.content[0].value == item["content_html"]
        assert from_rss.published_parsed == from_atom.published_parsed
        assert from_atom.published == item["date_published"]
        assert from_rss.updated == from_atom.updated == item["date_modified"]
        assert [tag.term for tag in from_rss.get("tags", [])] == item.get("tags", [])
        assert [tag.label for tag in from_atom.get("tags", [])] == item.get("tags", [])


def test_guids_are_no_addresses() -> None:
    data = documents([PLAIN])[FeedFormat.RSS]
    assert f'<guid isPermaLink="false">{PLAIN.id}</guid>'.encode() in data
    assert parsed(data).entries[0].link == PLAIN.url


def test_a_byline_without_a_mail_address_reaches_every_reader() -> None:
    made = documents([RICH])
    assert parsed(made[FeedFormat.RSS]).entries[0].author == "Ada Example"
    assert parsed(made[FeedFormat.ATOM]).entries[0].author == "Ada Example"
    assert json_items(made[FeedFormat.JSON])[0]["authors"] == [{"name": "Ada Example"}]


def test_a_summary_is_plain_text_that_no_reader_takes_for_tags() -> None:
    made = documents([RICH])
    assert (
        parsed(made[FeedFormat.RSS]).entries[0].summary
        == '"Cheaper," says Q&amp;A, &lt;em&gt;not&lt;/em&gt; a tag'
    )
    atom = parsed(made[FeedFormat.ATOM]).entries[0]
    assert (atom.summary, atom.summary_detail.type) == (RICH.summary, "text/plain")
    assert json_items(made[FeedFormat.JSON])[0]["summary"] == RICH.summary


def test_titles_in_rss_use_the_spelling_that_all_readers_show_alike() -> None:
    data = documents([RICH])[FeedFormat.RSS]
    assert "<title>Fish &#x26; chips: prices &#x3C; 9 € for the first time</title>".encode() in data
    assert b"<title>Harbour &#x26; Hinterland</title>" in data


def test_links_name_the_page_the_document_itself_and_every_hub() -> None:
    made = documents([])
    rss = etree.fromstring(made[FeedFormat.RSS])[0]
    assert rss.findtext("link") == "https://example.org/news/daily/"
    for holder, name in ((rss, "rss.xml"), (etree.fromstring(made[FeedFormat.ATOM]), "atom.xml")):
        links = [(link.get("rel"), link.get("href")) for link in holder.findall(f"{ATOM}link")]
        assert ("self", f"https://example.org/news/daily/{name}") in links
        assert [href for rel, href in links if rel == "hub"] == list(FEED.hubs)
    assert json.loads(made[FeedFormat.JSON])["hubs"] == [{"type": "WebSub", "url": hub} for hub in FEED.hubs]


def test_links_of_atom_entries_keep_their_attributes() -> None:
    link = etree.fromstring(documents([PLAIN])[FeedFormat.ATOM]).find(f"{ATOM}entry/{ATOM}link")
    assert link is not None
    assert sorted(link.items()) == [("href", PLAIN.url), ("rel", "alternate"), ("type", "text/html")]


def test_a_feed_changes_when_an_entry_does_and_an_empty_one_never() -> None:
    corrected = replace(PLAIN, updated=RICH.updated + timedelta(days=3))
    made = documents([corrected, RICH])
    assert parsed(made[FeedFormat.ATOM]).feed.updated == "2024-11-25T09:30:15Z"
    assert parsed(made[FeedFormat.RSS]).feed.updated == "Mon, 25 Nov 2024 09:30:15 +0000"
    assert parsed(documents([])[FeedFormat.ATOM]).feed.updated == "2024-11-01T00:00:00Z"


def test_a_correction_changes_updated_but_neither_id_nor_published() -> None:
    corrected = replace(RICH, title="Corrected", updated=RICH.updated + timedelta(days=1))
    before, after = (parsed(documents([entry])[FeedFormat.ATOM]).entries[0] for entry in (RICH, corrected))
    assert (after.id, after.published) == (before.id, before.published)
    assert after.updated > before.updated


def test_entries_come_newest_first_whatever_order_storage_gives() -> None:
    entries = many(5)
    assert documents(entries) == documents(reversed(entries)) == documents(entries[2:] + entries[:2])
    same_moment = [replace(entry, published=PLAIN.published) for entry in entries]
    assert newest_first(same_moment) == newest_first(reversed(same_moment))
    assert json_items(documents(entries)[FeedFormat.JSON])[0]["title"] == "Number 4"


def test_moments_of_other_zones_are_written_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    elsewhere = replace(PLAIN, published=PLAIN.published.astimezone(zone), updated=PLAIN.updated.astimezone(zone))
    assert documents([elsewhere]) == documents([PLAIN])


def test_only_the_newest_entries_are_kept() -> None:
    items = json_items(documents(many(51))[FeedFormat.JSON])
    assert len(items) == 50
    assert items[-1]["title"] == "Number 1"


def test_a_long_feed_drops_its_oldest_entries_in_all_formats_alike() -> None:
    entries = [replace(entry, content="<p>" + "&lt;words&gt; " * 4000 + "</p>") for entry in many(30)]
    made = documents(entries)
    counts = {len(parsed(made[FeedFormat.RSS]).entries), len(parsed(made[FeedFormat.ATOM]).entries)}
    counts.add(len(json_items(made[FeedFormat.JSON])))
    (count,) = counts
    assert 1 < count < 30
    assert max(map(len, made.values())) <= 1_000_000
    assert json_items(made[FeedFormat.JSON])[0]["title"] == "Number 29"
    with_one_more = feed_documents(FEED, entries[-count - 1 :], max_bytes=10**9)
    assert max(len(document.data) for document in with_one_more) > 1_000_000


def test_the_newest_entry_is_never_dropped_however_long() -> None:
    huge = replace(RICH, content="<p>" + "x" * 10_500_000 + "</p>")
    made = documents([PLAIN, huge])
    assert [item["id"] for item in json_items(made[FeedFormat.JSON])] == [huge.id]
    assert len(made[FeedFormat.ATOM]) > 10_500_000


_ELSEWHERE = """
import hashlib, locale
locale.setlocale(locale.LC_ALL, "")
from publisher.feeds.documents import feed_documents
from tests.unit.feeds.samples import ARCHIVED, CORRECTIONS, FEED, HEADLINES, PLAIN, RICH, many
for feed in (FEED, HEADLINES, CORRECTIONS, ARCHIVED):
    for document in feed_documents(feed, [PLAIN, RICH, *many(3)]):
        print(document.path, hashlib.sha256(document.data).hexdigest())
"""


@pytest.mark.parametrize(
    ("zone", "language", "seed"), [("Asia/Kathmandu", "C.UTF-8", "1"), ("Pacific/Apia", "C", "2")]
)
def test_same_input_gives_same_bytes_in_another_process_zone_and_locale(
    zone: str, language: str, seed: str
) -> None:
    env = {**os.environ, "TZ": zone, "LC_ALL": language, "PYTHONHASHSEED": seed}
    runs = [
        subprocess.run(
            [sys.executable, "-c", _ELSEWHERE], env=each, cwd=ROOT, check=True, capture_output=True
        ).stdout
        for each in (env, {**os.environ, "TZ": "UTC"})
    ]
    assert runs[0] == runs[1]
    assert runs[0].count(b"\n") == 3 + 1 + 1 + 1


def test_rendering_never_touches_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(category: int, name: str | None = None) -> str:
        raise AssertionError("the locale belongs to the whole process")

    monkeypatch.setattr(locale, "setlocale", touched)
    assert len(documents([PLAIN, RICH])) == 3


def test_no_moment_of_rendering_gets_into_a_document() -> None:
    today = datetime.now(tz=UTC)
    for data in documents([PLAIN, RICH]).values():
        assert f"{today:%Y-%m-%d}".encode() not in data
        assert f"{today:%d %b %Y}".encode() not in data


def test_an_entry_in_another_language_says_so() -> None:
    made = documents([PLAIN, RICH])
    languages = [
        entry.get("{http://www.w3.org/XML/1998/namespace}lang")
        for entry in etree.fromstring(made[FeedFormat.ATOM]).findall(f"{ATOM}entry")
    ]
    assert languages == ["de", None]
    assert [item.get("language") for item in json_items(made[FeedFormat.JSON])] == ["de", None]


def test_the_picture_is_named_in_every_format() -> None:
    made = documents([RICH])
    for feed_format in (FeedFormat.RSS, FeedFormat.ATOM):
        assert parsed(made[feed_format]).entries[0].media_content[0]["url"] == RICH.image
    assert json_items(made[FeedFormat.JSON])[0]["image"] == RICH.image


def test_what_is_missing_is_made_up_from_what_is_there() -> None:
    bare = replace(PLAIN, title=" \x00 ", summary="", content="")
    assert clean_entry(bare).title == PLAIN.url
    assert clean_entry(replace(bare, summary="Some words")).title == "Some words"
    nameless = replace(FEED, title="", description="", author="")
    made = documents([bare], nameless)
    assert parsed(made[FeedFormat.ATOM]).feed.title == "daily"
    jsonschema.validate(json.loads(made[FeedFormat.JSON]), SCHEMA)
