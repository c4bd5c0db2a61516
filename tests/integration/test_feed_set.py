"""Every feed of a newsletter as it grows: what each holds, what a digest, a correction, a withdrawal change.

Documents are read back with feedparser and lxml, which know nothing of how they were made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import feedparser
import pytest
from lxml import etree
from sqlalchemy import event, insert, update

from publisher.digests import serialise
from publisher.digests.model import DigestState
from publisher.editions import PublicationState
from publisher.errors import FeedError
from publisher.feeds import documents
from publisher.publishing import feedset
from publisher.publishing.channels import Channels
from publisher.publishing.site import Site
from publisher.storage.database import Database
from publisher.storage.tables import digests, editions, publications
from tests.integration.test_public_site import DAILY, NEWEST, NOW, SITE, Town, back, digest, rendered

SLOW_ON_POSTGRES = True

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_FEED = re.compile(r"application/(rss|atom|feed)\+")
FORMATS = ("rss.xml", "atom.xml", "feed.json")


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def stored(town: Town, path: str) -> bytes:
    found = town.endpoint.get(path)
    assert found is not None, path
    return found


def ids(town: Town, path: str) -> list[str]:
    """The ids of a feed's entries, in its order."""
    data = stored(town, path)
    if path.endswith(".json"):
        return [item["id"] for item in json.loads(data)["items"]]
    found = feedparser.parse(data)
    assert not found.bozo, path
    return [entry.id for entry in found.entries]


def id_of(day: date) -> str:
    return f"tag:news.example.org,2024:on-{day}"


def newest_first(days: Iterable[date]) -> list[str]:
    return [id_of(day) for day in sorted(days, reverse=True)]


def atom(town: Town, path: str) -> etree._Element:
    return etree.fromstring(stored(town, path))


def links(town: Town, path: str) -> dict[str, str]:
    """The links of an Atom document by relation, below the site."""
    found = atom(town, path).findall(f"{ATOM}link")
    return {str(link.get("rel")): str(link.get("href")).removeprefix(SITE.url) for link in found}


def test_every_feed_of_the_set_is_there_and_in_the_lists_of_feeds(town: Town) -> None:
    town.publish(back(3), ["Courts", "Arts"])
    town.bring_up()
    folders = ("daily/", "daily/sections/courts/", "daily/sections/arts/")
    feeds = {f"{folder}{name}" for folder in folders for name in FORMATS}
    feeds |= {"daily/headlines.xml", "daily/corrections.xml", "daily/archive/2024-11.xml"}
    assert feeds | {"feed.css", "feeds.opml"} <= set(town.endpoint.documents)
    shown = town.page("feeds/index.html").xpath("//dd//a/@href")
    assert {url.removeprefix(SITE.url) for url in shown} == feeds - {"daily/archive/2024-11.xml"}
    outlines = etree.fromstring(stored(town, "feeds.opml")).findall("body/outline/outline")
    assert [str(each.get("xmlUrl")).removeprefix(SITE.url) for each in outlines] == [
        "daily/atom.xml",
        "daily/sections/courts/atom.xml",
        "daily/sections/arts/atom.xml",
        "daily/headlines.xml",
        "daily/corrections.xml",
    ]


def test_every_document_names_itself_its_page_and_the_stylesheet(town: Town) -> None:
    town.publish(back(40), ["Courts"])
    town.bring_up()
    for path, document in town.endpoint.documents.items():
        if "+xml" not in document.media_type or path.endswith(".svg"):
            continue
        root = etree.fromstring(document.data)
        style = root.getprevious()
        assert isinstance(style, etree._ProcessingInstruction), path
        assert style.get("href") == "../" * path.count("/") + "feed.css"
        found = feedparser.parse(document.data).feed
        assert found.link == "https://news.example.org/daily/", path
        assert [link.href for link in found.links if link.rel == "self"] == [f"{SITE.url}{path}"]


def test_the_formats_of_a_section_hold_the_digests_that_have_it_with_the_ids_they_have_everywhere(
    town: Town,
) -> None:
    one, two, three, four = back(4)
    town.publish([one, four], ["Courts"])
    town.publish([two, three])
    town.bring_up()
    for name in FORMATS:
        assert ids(town, f"daily/sections/courts/{name}") == newest_first([one, four])
        assert set(ids(town, f"daily/{name}")) == set(newest_first([one, two, three, four]))
    whole, section = (atom(town, path) for path in ("daily/atom.xml", "daily/sections/courts/atom.xml"))
    assert section.findtext(f"{ATOM}id") == f"{whole.findtext(f'{ATOM}id')}/sections/courts"
    assert section.findtext(f"{ATOM}title") == "Courts – The Harbour Daily"
    entries = {str(each.findtext(f"{ATOM}id")): etree.tostring(each) for each in whole.findall(f"{ATOM}entry")}
    for each in section.findall(f"{ATOM}entry"):  # one entry, wherever it stands
        assert etree.tostring(each) == entries[str(each.findtext(f"{ATOM}id"))]


def test_a_new_digest_renders_the_feeds_of_its_own_sections_alone(town: Town) -> None:
    town.publish(back(2), ["Courts", "Arts"])
    town.bring_up()
    town.publish([date(2024, 11, 22)], ["Arts"])
    town.bring_up()
    rendered_paths = {document.path for document in town.endpoint.given}
    assert "daily/sections/arts/atom.xml" in rendered_paths
    assert not [path for path in rendered_paths if "courts" in path]


def test_a_correction_that_takes_a_section_away_takes_the_entry_out_of_its_feed(town: Town) -> None:
    day = NEWEST
    town.publish([day], ["Courts"])
    town.bring_up()
    town.correct(day, digest(day, "Not in court", ["Arts"]))
    town.bring_up()
    assert ids(town, "daily/sections/courts/rss.xml") == []
    assert ids(town, "daily/sections/arts/rss.xml") == [id_of(day)]


def test_headlines_hold_titles_and_not_a_word_more(town: Town) -> None:
    town.publish(back(3))
    town.bring_up()
    channel = etree.fromstring(stored(town, "daily/headlines.xml"))[0]
    assert channel.findtext("title") == "Headlines only – The Harbour Daily"
    items = channel.findall("item")
    assert [item.findtext("title") for item in items] == [f"It is {day}" for day in sorted(back(3), reverse=True)]
    for item in items:
        assert {etree.QName(child).localname for child in item} == {"title", "link", "guid", "pubDate", "updated"}
    assert ids(town, "daily/headlines.xml") == newest_first(back(3))


def test_a_material_correction_is_one_more_entry_of_the_corrections_and_a_minor_one_is_none(town: Town) -> None:
    one, two = back(2)
    town.publish([one, two])
    town.bring_up()
    assert ids(town, "daily/corrections.xml") == []
    town.correct(one, digest(one, "First"), "The fee is <$1,200> & not more.")
    town.bring_up()
    first = feedparser.parse(stored(town, "daily/corrections.xml")).entries
    assert [entry.id for entry in first] == [f"{id_of(one)}/corrections/2"]
    assert first[0].title == "Correction: First"
    assert first[0].link == f"https://news.example.org/daily/on-{one}/"
    assert "The fee is &lt;$1,200&gt; &amp; not more." in first[0].content[0].value
    town.correct(one, digest(one, "First "), "A comma.", minor=True)
    assert "daily/corrections.xml" not in town.bring_up()
    town.correct(one, digest(one, "The first"), "And the name.")
    town.bring_up()
    second = feedparser.parse(stored(town, "daily/corrections.xml")).entries
    assert [entry.id for entry in second] == [f"{id_of(one)}/corrections/4", f"{id_of(one)}/corrections/2"]
    assert second[1] == first[0]
    assert ids(town, "daily/atom.xml") == newest_first([one, two])


def test_a_withdrawal_leaves_a_notice_in_the_feed_a_tombstone_in_the_archive_and_no_word_anywhere(
    town: Town,
) -> None:
    gone, stays = back(2)
    town.publish([gone, stays], ["Courts"])
    town.correct(gone, digest(gone, "A secret name", ["Courts"]), "The secret name was misspelt.")
    town.bring_up()
    town.withdraw(gone)
    town.bring_up()
    for path in ("daily/atom.xml", "daily/rss.xml", "daily/feed.json", "daily/sections/courts/rss.xml"):
        assert sorted(ids(town, path)) == sorted(newest_first([gone, stays]))
    root = atom(town, "daily/archive/2024-11.xml")
    assert [each.findtext(f"{ATOM}id") for each in root.findall(f"{ATOM}entry")] == [id_of(stays)]
    (stone,) = root.findall(DELETED)
    assert stone.get("ref") == id_of(gone)
    assert stone.get("when") == f"{town.now:%Y-%m-%dT%H:%M:%SZ}"
    assert stone[0].text == "It was not ours."
    assert root.findtext(f"{ATOM}updated") == stone.get("when")
    assert ids(town, "daily/corrections.xml") == [f"{id_of(gone)}/withdrawn"]
    for path, document in town.endpoint.documents.items():
        assert f"What happened on {gone}" not in document.data.decode("utf-8", "replace"), path
        assert "misspelt" not in document.data.decode("utf-8", "replace"), path


def test_from_the_feed_back_through_the_archive_every_digest_is_met(town: Town) -> None:
    days = back(130)
    town.publish(days)
    town.withdraw(days[3])
    town.bring_up()
    met = set(ids(town, "daily/atom.xml"))
    assert len(met) == 50
    path: str | None = links(town, "daily/atom.xml")["prev-archive"]
    walked = []
    while path:
        walked.append(path)
        root = atom(town, path)
        assert root.find(f"{HISTORY}archive") is not None
        assert links(town, path)["current"] == "daily/atom.xml"
        assert root.findtext(f"{ATOM}id") == atom(town, "daily/atom.xml").findtext(f"{ATOM}id")
        met |= set(ids(town, path)) | {str(stone.get("ref")) for stone in root.findall(DELETED)}
        older = links(town, path).get("prev-archive")
        assert older is None or links(town, older)["next-archive"] == path
        path = older
    assert met == {id_of(day) for day in days}
    assert walked == ["daily/archive/2024-10.xml", "daily/archive/2024-09.xml", "daily/archive/2024-08.xml",
                      "daily/archive/2024-07.xml"]  # fmt: skip
    assert atom(town, "daily/atom.xml").find(f"{HISTORY}archive") is None


def test_the_archive_of_a_month_that_is_over_changes_no_more(town: Town) -> None:
    town.publish(back(60))
    town.bring_up()
    before = {path: town.endpoint.get(path) for path in ("daily/archive/2024-09.xml", "daily/archive/2024-10.xml")}
    town.publish([date(2024, 11, 22), date(2024, 11, 23)])
    assert not {path for path in town.bring_up() if "archive/2024-1" in path and "11" not in path}
    assert before == {path: town.endpoint.get(path) for path in before}


def test_a_move_to_another_host_changes_no_id(town: Town) -> None:
    town.publish(back(35), ["Courts"])
    town.correct(NEWEST, digest(NEWEST, "Other", ["Courts"]))
    town.bring_up()
    before = _all_ids(town)
    elsewhere = replace(SITE, url="http://digest.example.com/news/")
    channels = Channels(town.store, [town.endpoint], Site(elsewhere, [replace(DAILY, site=elsewhere)]))
    (put,) = channels.rebuild(town.now)
    assert put.error is None
    assert b"http://digest.example.com/news/daily/" in stored(town, "daily/atom.xml")
    assert b"news.example.org/" not in stored(town, "daily/atom.xml").replace(b"tag:news.example.org", b"")
    assert _all_ids(town) == before
    assert len(before) == 3 + 3 + 2 + 2


def _all_ids(town: Town) -> Mapping[str, list[str]]:
    """Every id that a feed has, its own first where the format has one; by the feed's path."""
    feeds = [path for path, document in town.endpoint.documents.items() if _FEED.match(document.media_type)]
    own = {
        path: feedparser.parse(stored(town, path)).feed.get("id", "") for path in feeds if path.endswith(".xml")
    }
    return {path: [own.get(path, ""), *ids(town, path)] for path in feeds}


def test_a_feed_that_fails_its_check_keeps_the_old_one_and_is_told_and_the_pages_go_on(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.publish(back(2))
    town.bring_up()
    old = {name: town.endpoint.get(f"daily/{name}") for name in FORMATS}
    town.publish([date(2024, 11, 22)])

    def broken(*_: object, **__: object) -> None:
        raise FeedError("daily/atom.xml is not replaced: an id differs", remedy="report it")

    with monkeypatch.context() as patch:
        patch.setattr(documents, "check", broken)
        (put,) = town.channels.bring_up(town.now)
    assert isinstance(put.error, FeedError)
    assert {name: town.endpoint.get(f"daily/{name}") for name in FORMATS} == old
    assert "daily/on-2024-11-22/index.html" in put.paths
    assert "daily/index.html" in put.paths
    town.now += timedelta(hours=1)
    town.bring_up()
    assert ids(town, "daily/rss.xml")[0] == id_of(date(2024, 11, 22))


# --- what one more costs ---------------------------------------------------------------------------------------


class Counted:
    """What a pass asked the database for and how much of it came, and which documents were rendered of it."""

    def __init__(self, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements = self.entries = 0
        event.listen(database.engine, "before_cursor_execute", self._ask)
        entry = feedset.entry

        def counting(*arguments: Any) -> Any:
            self.entries += 1
            return entry(*arguments)

        monkeypatch.setattr(feedset, "entry", counting)

    def reset(self) -> None:
        self.statements = self.entries = 0

    def _ask(self, *_: object) -> None:
        self.statements += 1


def _fill(town: Town, count: int) -> None:
    """So many digests before NEWEST that are published and put already; without a publication's ceremony."""
    days = [NEWEST - timedelta(days=1 + number) for number in range(count)][::-1]
    made = [digest(day, sections=["Courts"]) for day in days]
    with town.store.write() as unit:
        connection = unit.connection
        rows: list[dict[str, Any]] = [
            {
                "newsletter": "daily",
                "slug": each.slug,
                "title": each.title,
                "date": each.date,
                "state": DigestState.PUBLISHED,
                "content": serialise.to_json(each),
                "source": each.slug,
                "source_hash": each.slug,
                "seen_at": NOW,
                "published_at": NOW - timedelta(days=count - number),
                "entry_id": id_of(each.date),
            }
            for number, each in enumerate(made)
        ]
        for row, each in zip(rows, made, strict=True):
            digest_id = connection.execute(insert(digests).values(row).returning(digests.c.id)).scalar_one()
            unit.editions.add(
                digest_id=digest_id,
                number=1,
                digest=each,
                rendered=rendered(each),
                source_hash=each.slug,
                note="",
                created_at=row["published_at"],
                updated_at=row["published_at"],
            )
        unit.publications.ensure("endpoint:site", NOW)
        connection.execute(update(publications).values(state=PublicationState.DONE, due_at=None))
        assert connection.scalar(editions.select().with_only_columns(editions.c.id).limit(1))


def _spent(town: Town, counted: Counted, day: date) -> tuple[int, int, int]:
    town.publish([day], ["Courts"])
    counted.reset()
    town.bring_up()
    return len(town.endpoint.given), counted.entries, counted.statements


@pytest.mark.slow
@pytest.mark.parametrize("size", [10_000])
def test_one_more_costs_with_ten_thousand_in_the_archive_what_it_costs_with_a_hundred(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    _compare(sqlite_database, monkeypatch, size)


def test_one_more_costs_with_a_thousand_in_the_archive_what_it_costs_with_a_hundred(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _compare(sqlite_database, monkeypatch, 1000)


def _compare(database: Database, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Counted in documents, entries rendered and questions asked, not in time.

    A hundred, for with ten the feed is not full yet, and has fewer months beside it.
    """
    town, counted = Town(database), Counted(database, monkeypatch)
    _fill(town, 100)
    town.bring_up()  # the endpoint is a new one, and gets everything
    few = _spent(town, counted, NEWEST)
    with town.store.write() as unit:
        for table in (publications, editions, digests):
            unit.connection.execute(table.delete())
    _fill(town, size)
    assert _spent(town, counted, NEWEST) == few
    assert few[1] < 250
