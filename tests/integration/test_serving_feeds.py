"""`publisher serve` as feed readers meet it: no torn document, ages that never go back, 304 after a restart."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from gzip import decompress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from publisher.app.serving import Telling
from publisher.editions import Document
from tests.instance import Instance
from tests.integration.test_serve import until

pytestmark = pytest.mark.slow

FEED = "/daily/atom.xml"


@dataclass(frozen=True)
class Got:
    """An answer as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> bytes:
        return decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body


class Poller:
    """A feed reader with one connection; a context manager."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)

    def __enter__(self) -> Poller:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str = FEED, **headers: str) -> Got:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers=sent)
        answer = self._connection.getresponse()
        return Got(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


def get(address: str, path: str = FEED, **headers: str) -> Got:
    """One answer over a connection of its own."""
    with Poller(address) as poller:
        return poller.get(path, **headers)


def once(address: str, wanted: Callable[[Got], bool], path: str = FEED, **headers: str) -> Got:
    """The first answer that is as wanted."""

    def look() -> Got | None:
        found = get(address, path, **headers)
        return found if wanted(found) else None

    return until(look)


@contextmanager
def served(instance: Instance) -> Iterator[str]:
    """The instance, served by a process of its own; gives the address."""
    pid = instance.start("serve")
    try:
        log = instance.root / f"err.{pid}"
        found = until(lambda: re.search(r"at (http://127\.0\.0\.1:\d+/)", log.read_text() if log.exists() else ""))
        yield found[1]
    finally:
        os.kill(pid, signal.SIGTERM)
        assert instance.wait(pid).code == 0


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    """An instance that has published a digest."""
    made = Instance(tmp_path / "instance", newsletter="[web]\nport = 0\n")
    made.digest("2024-11-20")
    made.subscribe("reader@example.org")
    assert made("run").code == 0
    return made


def test_no_document_is_torn_or_older_than_the_one_before(instance: Instance) -> None:
    """Another process replaces it again and again while readers poll, with and without compression."""
    ready, over = threading.Barrier(3), threading.Event()
    seen: list[list[Got]] = [[], []]

    def poll(number: int, address: str) -> None:
        said = {"Accept_Encoding": "gzip"} if number else {}
        with Poller(address) as poller:
            ready.wait()
            while not over.is_set() or len(seen[number]) < 50:
                seen[number].append(poller.get("/daily/probe.xml", **said))

    def document(version: int) -> Document:
        text = "".join(f"<entry>{version}</entry>" for _ in range(2000))
        return Document("daily/probe.xml", "application/xml", f"<feed>{text}</feed>".encode())

    with served(instance) as address, instance.opened() as opened:
        endpoint = Telling(opened.endpoints[0], opened.upkeep.changed)
        endpoint.put(document(0))
        once(address, lambda got: got.status == 200, "/daily/probe.xml")
        threads = [threading.Thread(target=poll, args=(number, address)) for number in range(2)]
        for thread in threads:
            thread.start()
        ready.wait()
        for version in range(1, 101):
            endpoint.put(document(version))
        last = once(address, lambda got: got.text == document(100).data, "/daily/probe.xml")
        over.set()
        for thread in threads:
            thread.join()

    whole = {document(version).data: version for version in range(101)}
    for answers in seen:
        versions = [whole[got.text] for got in answers]  # a torn one is no key
        assert versions == sorted(versions)
        tags = {(got.headers["etag"], version) for got, version in zip(answers, versions, strict=True)}
        assert len(tags) == len(set(versions)), "one tag a version"
        ages = [
            parsedate_to_datetime(got.headers["last-modified"])
            for got in answers
            if "last-modified" in got.headers
        ]
        assert ages == sorted(ages)
    assert last.headers["etag"]


def test_who_has_it_gets_304_after_a_restart_and_after_a_copy_that_keeps_no_times(instance: Instance) -> None:
    with served(instance) as address:
        first = once(address, lambda got: got.status == 200, Accept_Encoding="gzip")
        seen = parsedate_to_datetime(first.headers["last-modified"])
        until(lambda: _is_kept(instance))
    for times in (None, (0, 0)):
        if times is not None:
            os.utime(instance.site / FEED[1:], times)
        with served(instance) as address, Poller(address) as poller:
            assert poller.get(If_None_Match=first.headers["etag"], Accept_Encoding="gzip").status == 304
            assert poller.get(If_Modified_Since=first.headers["last-modified"]).status == 304
            again = poller.get()
            assert parsedate_to_datetime(again.headers["last-modified"]) == seen
            assert again.text == first.text


def _is_kept(instance: Instance) -> bool | None:
    with instance.opened() as opened, opened.store.read() as unit:
        return unit.site_versions.get(FEED[1:]) is not None or None


def test_a_digest_that_another_process_withdraws_is_410_and_its_feed_stays(instance: Instance) -> None:
    with served(instance) as address:
        feed = once(address, lambda got: got.status == 200)
        page = urlsplit(_page_of(feed)).path
        assert get(address, page).status == 200
        ended = instance("digest", "withdraw", page.split("/")[2], "--reason", "wrong", "--yes")
        assert ended.code == 0, ended
        gone = once(address, lambda got: got.status == 410, page)
        assert b"withdrawn" in gone.body
        after = once(address, lambda got: got.headers["etag"] != feed.headers["etag"])
        assert (after.status, b"Withdrawn" in after.body) == (200, True)


def _page_of(feed: Got) -> str:
    """The address of the only entry's page."""
    found = re.search(r'<link href="(https://news[^"]+-news[^"]*/)"', feed.body.decode())
    assert found is not None
    return found[1]


def test_it_is_told_how_feed_readers_poll_and_no_address(instance: Instance) -> None:
    assert "No feed reader has polled" in instance("feed", "readers").out
    with served(instance) as address, Poller(address) as poller:
        agent = {
            "User_Agent": "Feedly/1.0 (+https://example.com/; 12 subscribers)",
            "X_Forwarded_For": "203.0.113.7",
        }
        etag = poller.get(**agent).headers["etag"]
        for _ in range(2):
            assert poller.get(If_None_Match=etag, **agent).status == 304
        assert poller.get(If_None_Match='"other"', **agent).status == 200
        while poller.get(User_Agent="hammer/1", X_Forwarded_For="203.0.113.7").status == 200:
            pass
        assert poller.get(User_Agent="hammer/1", X_Forwarded_For="198.51.100.7").status == 200
    rows = {row["family"]: row for row in json.loads(instance("feed", "readers", "--json").out)}
    assert rows["Feedly"] == {
        "family": "Feedly",
        "requests": 4,
        "conditional": 0.75,
        "not_modified": 0.5,
        "refused": 0,
        "subscribers": 12,
    }
    assert rows["hammer"]["refused"] == 1
    table = instance("feed", "readers", "--days", "1").out
    assert re.search(r"Feedly +4 +75% +50% +0 +12", table)
    database = (instance.root / "var/publisher.db").read_bytes()
    assert b"203.0.113" not in database
    assert b"example.com/; 12" not in database
