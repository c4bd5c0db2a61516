"""Documents in memory: made once, anew when they change, never too many, and never of two moments."""

from __future__ import annotations

import asyncio
import gzip
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TypeVar

import brotli
import pytest

from publisher.errors import StorageError
from publisher.served import Version
from publisher.web import Folder
from publisher.web.documents import Documents
from publisher.web.holding import Held
from publisher.web.ports import SiteFile
from tests.unit.web.conftest import CHANGED, PICTURE

T = TypeVar("T")
RSS = "/daily/rss.xml"


class FakeUpkeep:
    """An epoch that a test sets, and versions in a dictionary that outlives the server."""

    def __init__(self) -> None:
        self.epoch = 1
        self.withdrawn: set[str] = set()
        self.versions: dict[str, Version] = {}
        self.broken = False

    def is_withdrawn(self, path: str) -> bool:
        return path in self.withdrawn

    def version(self, path: str) -> Version | None:
        if self.broken:
            raise StorageError("the database does not answer")
        return self.versions.get(path)

    def remember(self, path: str, version: Version) -> None:
        self.versions[path] = version


class Watched(Folder):
    """Counts how often files are read."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.reads = 0
        self.while_open: Callable[[], object] = lambda: None

    def open(self, path: str) -> SiteFile | None:
        self.reads += 1
        found = super().open(path)
        self.while_open()
        return found


NOW = CHANGED + timedelta(days=1)


@pytest.fixture
def upkeep() -> FakeUpkeep:
    return FakeUpkeep()


@pytest.fixture
def site(root: Path) -> Watched:
    return Watched(root)


@pytest.fixture
def documents(site: Watched, upkeep: FakeUpkeep) -> Documents:
    return Documents(site, upkeep, clock=lambda: NOW)


def replaced(root: Path, data: bytes, at: datetime = NOW, name: str = "daily/rss.xml") -> None:
    """Put a document as an endpoint does."""
    new = root / ".publisher-0.tmp"
    new.write_bytes(data)
    os.utime(new, (at.timestamp(), at.timestamp()))
    new.replace(root / name)


def find(documents: Documents, path: str = RSS) -> Held:
    found = asyncio.run(documents.find(path))
    assert found is not None
    return found


def body(document: Held, coding: str = "identity") -> bytes:
    found = document.variants[coding].full.body
    assert found is not None
    return found


def last_modified(document: Held) -> str:
    return dict(document.variants["identity"].full.headers).get(b"last-modified", b"").decode()


def test_a_document_is_read_once_until_something_changes(
    documents: Documents, site: Watched, upkeep: FakeUpkeep, root: Path
) -> None:
    assert documents.ready(RSS) is None
    first = find(documents)
    assert documents.ready(RSS) is first
    replaced(root, b"<rss>new</rss>")
    assert documents.ready(RSS) is first, "nobody has said so yet"
    upkeep.epoch += 1
    assert documents.ready(RSS) is None
    assert body(find(documents)) == b"<rss>new</rss>"
    reads = site.reads
    upkeep.epoch += 1  # something else was put
    assert body(find(documents)) == b"<rss>new</rss>"
    assert site.reads == reads, "the file's stamp says that it is the same"


def test_many_who_ask_at_once_make_one_reading(documents: Documents, site: Watched) -> None:
    async def crowd() -> list[Held | None]:
        return await asyncio.gather(*(documents.find(RSS) for _ in range(50)))

    found = asyncio.run(crowd())
    assert site.reads == 1
    assert len({id(document) for document in found}) == 1


def test_who_goes_away_does_not_take_the_document_from_the_others(documents: Documents) -> None:
    async def two() -> Held | None:
        leaving = asyncio.create_task(documents.find(RSS))
        staying = asyncio.create_task(documents.find(RSS))
        await asyncio.sleep(0)
        leaving.cancel()
        return await staying

    assert asyncio.run(two()) is not None


def test_what_disappears_is_not_kept(documents: Documents, upkeep: FakeUpkeep, root: Path) -> None:
    find(documents)
    assert documents.size > 0
    (root / "daily/rss.xml").unlink()
    upkeep.epoch += 1
    assert asyncio.run(documents.find(RSS)) is None
    assert documents.size == 0


def test_every_coding_holds_the_same_words(documents: Documents, root: Path) -> None:
    text = "<rss>é ".encode() * 1000
    replaced(root, text)
    document = find(documents)
    assert body(document) == text
    assert gzip.decompress(body(document, "gzip")) == text
    assert brotli.decompress(body(document, "br")) == text


@pytest.mark.parametrize(
    ("name", "data"),
    [("daily/rss.xml", b"<rss/>"), (PICTURE, b"\x89PNG" * 500), ("daily/rss.xml", os.urandom(400))],
)
def test_what_does_not_become_smaller_is_not_compressed(
    documents: Documents, root: Path, name: str, data: bytes
) -> None:
    replaced(root, data, name=name)
    assert set(find(documents, f"/{name}").variants) == {"identity"}


def test_memory_has_an_end_and_who_was_asked_for_last_stays(site: Watched, upkeep: FakeUpkeep, root: Path) -> None:
    documents = Documents(site, upkeep, most=300_000)
    paths = [f"assets/{number}.png" for number in range(10)]
    for path in paths:
        (root / path).write_bytes(os.urandom(50_000))
    for path in paths:
        find(documents, f"/{path}")
        assert documents.size <= 300_000
        documents.ready(f"/{paths[0]}")
    kept = [path for path in paths if documents.ready(f"/{path}")]
    assert kept == [paths[0], *paths[-4:]]


def test_a_large_file_stays_on_disk(site: Watched, upkeep: FakeUpkeep, root: Path) -> None:
    documents = Documents(site, upkeep, largest=100)
    (root / PICTURE).write_bytes(bytes(101))
    document = find(documents, f"/{PICTURE}")
    assert not document.in_memory
    assert documents.size < 10_000
    found = documents.opened(document)
    assert found is not None
    assert found.data == bytes(101)
    replaced(root, b"other" * 30, name=PICTURE)
    assert documents.opened(document) is None, "its headers would not be true"


def test_a_file_that_is_written_to_while_it_is_read_is_read_again(
    documents: Documents, site: Watched, root: Path
) -> None:
    """What we put is replaced whole; somebody's editor may write into it."""
    texts = iter([b"<rss>half", b"<rss>whole</rss>"])

    def write() -> None:
        if (text := next(texts, None)) is not None:
            (root / "daily/rss.xml").write_bytes(text)

    site.while_open = write
    assert body(find(documents)) == b"<rss>whole</rss>"
    assert site.reads == 3


# --- what is said of its age -----------------------------------------------------------------------------------


def test_its_age_never_goes_back_whatever_its_file_says(
    documents: Documents, upkeep: FakeUpkeep, root: Path
) -> None:
    assert last_modified(find(documents)) == "Thu, 21 Nov 2024 07:00:00 GMT"
    replaced(root, b"<rss>2</rss>", CHANGED - timedelta(days=300))
    upkeep.epoch += 1
    assert last_modified(find(documents)) == "Thu, 21 Nov 2024 07:00:01 GMT"


def test_its_age_never_goes_back_over_a_restart(site: Watched, upkeep: FakeUpkeep, root: Path) -> None:
    replaced(root, b"<rss>1</rss>", NOW)
    before = find(Documents(site, upkeep, clock=lambda: NOW))
    os.utime(root / "daily/rss.xml", (0, 0))  # copied back from somewhere that keeps no times
    after = find(Documents(site, upkeep, clock=lambda: NOW))
    assert last_modified(after) == last_modified(before) != ""
    replaced(root, b"<rss>2</rss>", CHANGED)
    later = find(Documents(site, upkeep, clock=lambda: NOW + timedelta(seconds=5)))
    assert later.modified == NOW + timedelta(seconds=1)


def test_two_versions_of_one_second_have_different_ages(site: Watched, upkeep: FakeUpkeep, root: Path) -> None:
    clock = [NOW]
    documents = Documents(site, upkeep, clock=lambda: clock[0])
    replaced(root, b"<rss>1</rss>", NOW)
    first = find(documents)
    replaced(root, b"<rss>2</rss>", NOW)
    upkeep.epoch += 1
    second = find(documents)
    assert first.modified == NOW
    assert second.modified == NOW + timedelta(seconds=1)
    assert last_modified(second) == "", "it would lie in the future"
    clock[0] = NOW + timedelta(seconds=2)
    assert documents.ready(RSS) is None, "now it can be said"
    assert last_modified(find(documents)) == "Fri, 22 Nov 2024 07:00:01 GMT"
    assert documents.ready(RSS) is not None


def test_a_clock_that_is_set_back_makes_no_age_of_the_future(
    site: Watched, upkeep: FakeUpkeep, root: Path
) -> None:
    replaced(root, b"<rss>1</rss>", NOW)
    find(Documents(site, upkeep, clock=lambda: NOW))
    document = find(Documents(site, upkeep, clock=lambda: NOW - timedelta(hours=1)))
    assert last_modified(document) == ""
    assert document.variants["identity"].tag


def test_without_a_database_its_age_is_not_told(site: Watched, upkeep: FakeUpkeep, root: Path) -> None:
    upkeep.broken = True
    clock = [datetime(2024, 12, 1, tzinfo=UTC)]
    documents = Documents(site, upkeep, clock=lambda: clock[0])
    document = find(documents)
    assert (last_modified(document), document.modified) == ("", None)
    assert documents.ready(RSS) is document
    upkeep.broken = False
    clock[0] += timedelta(minutes=1)
    assert documents.ready(RSS) is None, "it is tried again"
    assert last_modified(find(documents)) != ""


def test_the_page_of_a_withdrawn_digest_is_gone_as_soon_as_that_is_known(
    documents: Documents, upkeep: FakeUpkeep, site: Watched
) -> None:
    path = "/daily/2024-11-21-harbour/"
    assert find(documents, path).status == HTTPStatus.OK
    upkeep.withdrawn.add("daily/2024-11-21-harbour/index.html")
    upkeep.epoch += 1
    gone = find(documents, path)
    assert gone.status == HTTPStatus.GONE
    assert not {b"etag", b"last-modified"} & dict(gone.variants["identity"].full.headers).keys()
    assert find(documents).status == HTTPStatus.OK, "feeds stay"
