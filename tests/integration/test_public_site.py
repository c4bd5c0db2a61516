"""The public site as it grows: what a new digest writes, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urljoin

import pytest
from lxml import html

from publisher.digests.model import Digest, DigestState, Paragraph, Section, Text
from publisher.digests.record import MailChoice
from publisher.editions import BlockKind, Document, EditionBlock, RenderedEdition
from publisher.publishing.channels import Channels
from publisher.publishing.site import LAST, Site
from publisher.rendering.look import Look, SiteLook
from publisher.rendering.placing import BESIDE, HEAD
from publisher.storage.database import Database
from publisher.storage.store import Store
from tests.fakes.endpoint import MemoryEndpoint

SLOW_ON_POSTGRES = True

SITE = SiteLook("The Harbour Gazette", "https://news.example.org/")
DAILY = Look(SITE, "daily", "The Harbour Daily")
NEWEST = date(2024, 11, 21)
NOW = datetime(2024, 11, 21, 7, tzinfo=UTC)


def digest(day: date, title: str = "", sections: Sequence[str] = ()) -> Digest:
    lead = (Paragraph((Text(f"What happened on {day}."),)),)
    theirs = tuple(Section(name.lower(), name, lead) for name in sections)
    return Digest("daily", f"on-{day}", title or f"It is {day}", day, "en", "ltr", lead, theirs)


def rendered(made: Digest) -> RenderedEdition:
    """What a renderer might make of it, in no time; its page holds the marks that ours do."""
    page = (
        b"<html><head>" + HEAD + b"</head><body><h1>" + made.title.encode() + b"</h1>" + BESIDE + b"</body></html>"
    )
    blocks = (EditionBlock(BlockKind.LEAD, (made.title,), (made.title,)),)
    return RenderedEdition(made.title, "", f"Summary of {made.title}", blocks, page, f"<p>{made.title}</p>")


class Counting(MemoryEndpoint):
    """Knows what it was given, changed or not, and how much that was."""

    def __init__(self) -> None:
        super().__init__("site")
        self.given: list[Document] = []

    def put(self, document: Document, *, again: bool = False) -> bool:
        self.given.append(document)
        return super().put(document)


class Town:
    """An instance with one newsletter and one endpoint; digests are published without an inbox."""

    def __init__(self, database: Database) -> None:
        self.store = Store(database)
        self.endpoint = Counting()
        self.channels = Channels(self.store, [self.endpoint], Site(SITE, [DAILY]))
        self.now = NOW

    def publish(self, days: Sequence[date], sections: Sequence[str] = ()) -> None:
        """Publish a digest of each day, a second apart."""
        with self.store.write() as unit:
            for day in days:
                self.now += timedelta(seconds=1)
                made = digest(day, sections=sections)
                digest_id = unit.digests.add(
                    made, state=DigestState.FINALIZED, source=made.slug, source_hash=made.slug, assets=(), now=NOW
                )
                unit.digests.publish(
                    digest_id,
                    slot=None,
                    mail=MailChoice.NONE,
                    entry_id=f"tag:news.example.org,2024:{made.slug}",
                    now=self.now,
                    from_states={DigestState.FINALIZED},
                )
                self._freeze(unit, digest_id, 1, made)

    def correct(self, was: date, made: Digest, note: str = "It was wrong.", *, minor: bool = False) -> None:
        """Make the next edition of the digest of a day."""
        self.now += timedelta(hours=1)
        with self.store.write() as unit:
            (record,) = unit.digests.find(f"daily/on-{was}")
            unit.digests.correct(record.id, made, source="x", source_hash=made.title)
            editions = unit.editions.history(record.id)
            moved = editions[-1].updated_at if minor else self.now
            self._freeze(unit, record.id, len(editions) + 1, made, note, moved)

    def withdraw(self, day: date) -> None:
        self.now += timedelta(hours=1)
        with self.store.write() as unit:
            (record,) = unit.digests.find(f"daily/on-{day}")
            unit.digests.withdraw(record.id, because="It was not ours.", now=self.now)
            unit.publications.renew(record.id, self.now)

    def bring_up(self) -> set[str]:
        """Bring the endpoint up; what changed there."""
        self.endpoint.given.clear()
        puts = self.channels.bring_up(self.now)
        assert not [put.error for put in puts if put.error]
        return {path for put in puts for path in put.paths}

    def page(self, path: str) -> html.HtmlElement:
        found = self.endpoint.get(path)
        assert found is not None, path
        return html.document_fromstring(found.decode())

    def beside(self, day: date) -> dict[str, str]:
        """Where the page of a day's digest leads: `prev` and `next`."""
        links = self.page(f"daily/on-{day}/index.html").xpath("//nav[@class='beside']/a")
        return {
            link.get("rel"): link.get("href").removeprefix("../on-").removesuffix("/index.html") for link in links
        }

    def _freeze(
        self,
        unit: object,
        digest_id: int,
        number: int,
        made: Digest,
        note: str = "",
        updated_at: datetime | None = None,
    ) -> None:
        unit.editions.add(  # type: ignore[attr-defined]
            digest_id=digest_id,
            number=number,
            digest=made,
            rendered=rendered(made),
            source_hash=made.title,
            note=note,
            created_at=self.now,
            updated_at=updated_at or self.now,
        )


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def back(count: int, end: date = NEWEST) -> list[date]:
    """So many days, the last one `end`."""
    return [end - timedelta(days=number) for number in range(count)][::-1]


@pytest.mark.slow
def test_a_new_digest_costs_the_same_in_a_small_and_in_a_large_archive(sqlite_database: Database) -> None:
    """Counted in documents rendered and bytes, not in time."""
    town = Town(sqlite_database)
    spent: list[tuple[int, int]] = []
    for first in (date(2024, 9, 1), date(2023, 12, 1)):
        days = [first + timedelta(days=number) for number in range((date(2024, 11, 20) - first).days + 1)]
        town.publish([day for day in days if town.endpoint.get(f"daily/on-{day}/index.html") is None])
        town.bring_up()
        new = date(2024, 11, 21) + timedelta(days=len(spent))
        town.publish([new])
        town.bring_up()
        spent.append((len(town.endpoint.given), sum(len(each.data) for each in town.endpoint.given)))
    (few, small), (many, large) = spent
    assert many == few
    assert large < 1.25 * small


def test_what_a_new_digest_writes(town: Town) -> None:
    town.publish(back(60))
    everything = town.bring_up()
    assert {"robots.txt", "feeds.opml", "about/index.html", "feeds/index.html", "404.html", LAST} <= everything
    assert {"daily/archive/2024-09/index.html", "daily/archive/2024-11/index.html"} <= everything
    town.publish([date(2024, 12, 1)])
    assert town.bring_up() == {
        "daily/on-2024-12-01/index.html",
        "daily/on-2024-11-21/index.html",  # leads on to it now
        "daily/index.html",
        "daily/archive/2024-12/index.html",
        "daily/archive/2024-11/index.html",  # leads on to December
        "daily/sitemap-2024.xml",
        "daily/archive/2024-12.xml",
        "daily/archive/2024-11.xml",  # leads on to December
        "daily/rss.xml",
        "daily/atom.xml",
        "daily/feed.json",
        "daily/headlines.xml",
        "index.html",
    }
    assert town.bring_up() == set()
    assert town.endpoint.given == []


def test_every_digest_is_in_its_month_and_in_the_sitemap_once(town: Town) -> None:
    days = back(70)
    town.publish(days)
    town.bring_up()
    months = [path for path in town.endpoint.documents if re.fullmatch(r"daily/archive/.*\.html", path)]
    listed = [str(href) for path in months for href in town.page(path).xpath("//ul[@class='digests']/li/a/@href")]
    assert sorted(listed) == [f"../../on-{day}/index.html" for day in days]
    sitemap = (town.endpoint.get("daily/sitemap-2024.xml") or b"").decode()
    assert all(sitemap.count(f"<loc>https://news.example.org/daily/on-{day}/</loc>") == 1 for day in days)


def test_every_link_of_every_page_leads_to_a_document(town: Town) -> None:
    town.publish(back(70))
    town.bring_up()
    pages = [path for path in town.endpoint.documents if path.endswith(".html")]
    followed = set()
    for path in pages:
        for address in town.page(path).xpath("//a/@href | //link[not(@rel='canonical')]/@href"):
            found = urljoin(f"{SITE.url}{path}", address).partition("#")[0].removeprefix(SITE.url)
            found = f"{found}index.html" if found.endswith("/") or not found else found
            assert found in town.endpoint.documents, (path, address)
            followed.add(found)
    assert len(followed) > 70 + 3 + 8


def test_digests_lead_to_those_beside_and_past_what_was_withdrawn(town: Town) -> None:
    one, two, three, four = back(4)
    town.publish([one, two, three, four])
    town.bring_up()
    assert town.beside(one) == {"next": str(two)}
    assert town.beside(two) == {"prev": str(one), "next": str(three)}
    assert town.beside(four) == {"prev": str(three)}
    town.withdraw(three)
    changed = town.bring_up()
    assert town.beside(two) == {"prev": str(one), "next": str(four)}
    assert town.beside(four) == {"prev": str(two)}
    assert town.beside(three) == {"prev": str(two), "next": str(four)}
    assert f"daily/on-{one}/index.html" not in changed
    gone = town.page(f"daily/on-{three}/index.html")
    assert gone.xpath("//meta[@name='robots']/@content") == ["noindex, noarchive"]
    assert f"on-{three}/</loc>".encode() not in (town.endpoint.get("daily/sitemap-2024.xml") or b"")
    assert "withdrawn" in town.page("daily/archive/2024-11/index.html").xpath("//ul/li")[1].text_content()


def test_a_correction_that_gives_another_date_leaves_nothing_behind(town: Town) -> None:
    """Neither in the month that it leaves nor on the pages that stood beside it."""
    town.publish([date(2024, 9, 3), date(2024, 10, 5), date(2024, 11, 7)])
    town.bring_up()
    town.correct(date(2024, 10, 5), replace(digest(date(2024, 10, 5), "Moved"), date=date(2023, 12, 1)))
    town.bring_up()
    old = town.page("daily/archive/2024-10/index.html")
    assert old.xpath("//ul[@class='digests']") == []
    assert "Moved" in town.page("daily/archive/2023-12/index.html").text_content()
    assert town.beside(date(2024, 9, 3)) == {"prev": "2024-10-05", "next": "2024-11-07"}
    assert town.beside(date(2024, 11, 7)) == {"prev": "2024-09-03"}
    assert b"on-2024-10-05/</loc>" not in (town.endpoint.get("daily/sitemap-2024.xml") or b"")
    assert b"on-2024-10-05/</loc>" in (town.endpoint.get("daily/sitemap-2023.xml") or b"")
    index = (town.endpoint.get(LAST) or b"").decode()
    assert "daily/sitemap-2023.xml" in index


def test_an_endpoint_that_an_older_publisher_filled_gets_what_it_lacks(town: Town) -> None:
    """The sitemap is put last, so that what lacks it lacks something."""
    town.publish(back(40))
    town.bring_up()
    months = [path for path in town.endpoint.documents if path.startswith("daily/archive/")]
    for path in (*months, LAST):
        del town.endpoint.documents[path]
    assert town.bring_up() == {*months, LAST}


def test_the_same_archive_gives_the_same_bytes_however_it_grew(town: Town) -> None:
    days = back(35)
    for day in days:
        town.publish([day])
        if day.day % 3 == 0:
            town.bring_up()
    town.bring_up()
    grown = dict(town.endpoint.documents)
    town.endpoint.documents.clear()
    town.bring_up()
    assert town.endpoint.documents == grown
