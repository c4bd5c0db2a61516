"""The rules of the W3C feed validator that are about content, held by every feed of real digests.

The validator itself needs the network. What is asked here are its warnings by name
(https://validator.w3.org/feed/docs/): DuplicateUpdated, ContainsRelRef, SecurityRisk, DangerousStyleAttr,
InvalidTAG, MissingSelf, MissingCurrentInArchive, CharacterData, ContainsHTML, ImplausibleDate.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import feedparser
import pytest
from lxml import etree, html

from publisher.feeds.identity import authority
from tests.instance import Instance
from tests.shared_material import real_digest

ROOT = Path(__file__).parents[2]
ATOM = "{http://www.w3.org/2005/Atom}"
TAG = re.compile(r"tag:[a-z0-9.-]+,\d{4}(-\d\d(-\d\d)?)?:[0-9a-zA-Z;/?:@&=+$.\-_!~*'()%,]*")
ADDRESSES = ("href", "src", "cite", "poster", "action", "data", "background", "longdesc")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The feeds of an instance with the sample digests, published in one go, one corrected and one withdrawn."""
    instance = Instance(tmp_path_factory.mktemp("rules") / "instance")
    copytree(ROOT / "digests", instance.root / "digests", dirs_exist_ok=True)
    instance.put("occasional-digest-2024-11-21.txt", real_digest())
    instance.digest("2024-11-19")
    instance.digest("2024-11-20")
    assert instance("run").code in {0, 1}  # preflight may hold one for an editor
    path = instance.digest("2024-11-20", "Another title")
    assert instance("digest", "correct", str(path), "--note", 'Not "<b>4</b>" & more.').code == 0
    moment = int(time.time())
    while int(time.time()) == moment:  # an editor takes longer
        pass
    words = ("digest", "withdraw", "daily/2024-11-19-news", "--reason", "x", "--notice", "Gone & <over>.", "--yes")
    assert instance(*words).code == 0
    files = instance.public_bytes()
    return {
        path: data
        for path, data in files.items()
        if path.startswith("daily/") and path.endswith((".xml", ".json")) and "sitemap" not in path
    }


def feeds_of(published: dict[str, bytes]) -> dict[str, Any]:
    """The feeds in XML as feedparser reads them, without its own clean-up."""
    return {
        path: feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
        for path, data in published.items()
        if path.endswith(".xml")
    }


def contents(published: dict[str, bytes]) -> list[html.HtmlElement]:
    return [
        html.fragment_fromstring(part.value, create_parent=True)
        for feed in feeds_of(published).values()
        for entry in feed.entries
        for part in entry.get("content", [])
        if part.type == "text/html"
    ]


def test_there_is_something_to_look_at(published: dict[str, bytes]) -> None:
    assert {"daily/atom.xml", "daily/rss.xml", "daily/feed.json", "daily/corrections.xml"} <= published.keys()
    assert len(feeds_of(published)["daily/atom.xml"].entries) >= 4
    assert len(feeds_of(published)["daily/corrections.xml"].entries) == 2
    assert len(contents(published)) > 20


def test_every_address_is_absolute(published: dict[str, bytes]) -> None:
    for content in contents(published):
        for name in ADDRESSES:
            for address in content.xpath(f"//@{name}"):
                assert re.match(r"https?://|mailto:|tel:", address), address
        assert content.xpath("//@srcset") == []


def test_nothing_in_content_can_act(published: dict[str, bytes]) -> None:
    for content in contents(published):
        assert content.xpath("//script | //style | //iframe | //form | //object | //embed") == []
        assert content.xpath("//@style | //@*[starts-with(name(), 'on')]") == []


def test_every_id_is_a_tag_and_no_document_has_one_twice(published: dict[str, bytes]) -> None:
    for path, feed in feeds_of(published).items():
        ids = [entry.id for entry in feed.entries]
        assert all(TAG.fullmatch(each) for each in ids), path
        assert len(set(ids)) == len(ids), path
    assert authority("https://news.example.org/") in feeds_of(published)["daily/atom.xml"].feed.id


def test_no_two_entries_of_an_atom_feed_were_updated_in_the_same_second_nor_in_the_future(
    published: dict[str, bytes],
) -> None:
    for path, data in published.items():
        root = etree.fromstring(data) if path.endswith("xml") else None
        if root is not None and root.tag == f"{ATOM}feed":
            moments = [str(each.text) for each in root.findall(f"{ATOM}entry/{ATOM}updated")]
            assert len(set(moments)) == len(moments), path
            assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each) for each in moments)
            assert all(datetime.fromisoformat(each) <= datetime.now(UTC) for each in moments)
            assert root.findtext(f"{ATOM}updated") == max(
                [*moments, *(str(stone.get("when")) for stone in root.iterfind("{*}deleted-entry"))]
            )


def test_dates_in_rss_have_a_year_of_four_digits_and_a_zone(published: dict[str, bytes]) -> None:
    for path, data in published.items():
        for date in re.findall(rb"<(?:pubDate|lastBuildDate)>([^<]*)<", data):
            assert re.fullmatch(rb"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000", date), path
            assert parsedate_to_datetime(date.decode()).tzinfo is not None


def test_titles_and_summaries_are_plain_text(published: dict[str, bytes]) -> None:
    for path, data in published.items():
        for title in re.findall(rb"<title>([^<]*)</title>", data):
            assert b"&lt;" not in title or b"atom" in path.encode() or b"archive" in path.encode()
        if path.endswith("rss.xml"):
            for text in re.findall(rb"<description>([^<]*)</description>", data):
                assert b"&lt;" not in text, text  # `<` of plain text stands as `&amp;lt;`


def test_every_document_names_itself_and_an_archive_its_feed(published: dict[str, bytes]) -> None:
    for path, feed in feeds_of(published).items():
        links = {link.rel: link.href for link in feed.feed.links}
        assert links["self"] == f"https://news.example.org/{path}"
        assert ("current" in links) == ("archive/" in path)
