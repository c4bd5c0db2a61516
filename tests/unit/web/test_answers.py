"""The whole answer, by the headers of the request: what a feed reader gets, and what a cache may make of it."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from publisher.web import Folder, create_app
from publisher.web.announced import links_of
from publisher.web.documents import Documents
from publisher.web.hammering import Hammering
from publisher.web.serving import Desk
from publisher.web.tally import Tally
from tests.unit.web.conftest import CHANGED, PICTURE, Client, FakeHooks, FakePublic, FakeSignUps
from tests.unit.web.test_documents import FakeUpkeep

RSS = "/daily/rss.xml"
FEED = f"""<?xml version="1.0"?><rss xmlns:atom="http://www.w3.org/2005/Atom"><channel>
<link>https://news.example.org/</link>
<atom:link rel="self" href="https://news.example.org/daily/rss.xml"/>
<atom:link rel="hub" href="https://hub.example.com/"/>
<item><atom:link rel="hub" href="https://of-an-entry.example.com/"/></item>
{"<item>News of the harbour</item>" * 100}</channel></rss>""".encode()
SINCE = "Thu, 21 Nov 2024 07:00:00 GMT"
BEFORE = "Thu, 21 Nov 2024 06:59:59 GMT"


@pytest.fixture
def upkeep() -> FakeUpkeep:
    return FakeUpkeep()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def app(
    public: FakePublic, signups: FakeSignUps, root: Path, hooks: FakeHooks, upkeep: FakeUpkeep, tally: Tally
) -> ASGIApp:
    site = Folder(root)
    (root / RSS[1:]).write_bytes(FEED)
    os.utime(root / RSS[1:], (CHANGED.timestamp(), CHANGED.timestamp()))
    return create_app(public, signups, site, hooks, Desk(Documents(site, upkeep), Hammering(at_once=3), tally))


class Reader(Client):
    """A client from outside, which sends nothing by itself."""

    def __init__(self, app: ASGIApp, address: str = "203.0.113.7") -> None:
        async def from_outside(scope: Scope, receive: Receive, send: Send) -> None:
            await app({**scope, "client": (address, 1), "headers": self.headers}, receive, send)

        super().__init__(from_outside)
        self.headers: list[tuple[bytes, bytes]] = []

    def ask(self, headers: dict[str, str] | None = None, path: str = RSS, method: str = "GET") -> httpx.Response:
        self.headers = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
        return self.request(method, path)


@pytest.fixture
def reader(app: ASGIApp) -> Reader:
    return Reader(app)


def tag(reader: Reader, accepts: str = "") -> str:
    """The tag of the feed in a coding."""
    answer = reader.ask({"Accept-Encoding": accepts, "If-None-Match": "nothing"})
    return answer.headers["etag"]


ANSWERS: list[tuple[dict[str, str], int, str]] = [
    # what is asked ("TAG" stands for the tag without quotes), the status, the coding
    ({}, 200, ""),
    ({"Accept-Encoding": "gzip, deflate"}, 200, "gzip"),
    ({"Accept-Encoding": "gzip, deflate, br, zstd"}, 200, "br"),
    ({"Accept-Encoding": "gzip;q=0"}, 200, ""),
    ({"Accept-Encoding": "br;q=0, *"}, 200, "gzip"),
    ({"Accept-Encoding": "identity"}, 200, ""),
    ({"If-None-Match": '"TAG"'}, 304, ""),
    ({"If-None-Match": 'W/"TAG"'}, 304, ""),
    ({"If-None-Match": "TAG"}, 304, ""),
    ({"If-None-Match": '"a", "TAG"'}, 304, ""),
    ({"If-None-Match": "*"}, 304, ""),
    ({"If-None-Match": '"TAG-gzip"'}, 304, ""),
    ({"If-None-Match": '"TAG;gzip"'}, 304, ""),
    ({"If-None-Match": '"TAG"', "Accept-Encoding": "gzip"}, 304, "gzip"),
    ({"If-None-Match": '"TAG-gzip"', "Accept-Encoding": "gzip"}, 304, "gzip"),
    ({"If-None-Match": '"other"'}, 200, ""),
    ({"If-None-Match": '"other"', "Accept-Encoding": "gzip"}, 200, "gzip"),
    ({"If-None-Match": '"other"', "If-Modified-Since": SINCE}, 200, ""),
    ({"If-None-Match": '"TAG"', "If-Modified-Since": BEFORE}, 304, ""),
    ({"If-Modified-Since": SINCE}, 304, ""),
    ({"If-Modified-Since": "Fri, 22 Nov 2030 07:00:00 GMT"}, 304, ""),
    ({"If-Modified-Since": BEFORE}, 200, ""),
    ({"If-Modified-Since": "yesterday"}, 200, ""),
    ({"Range": "bytes=0-10"}, 200, ""),
    ({"If-Range": '"TAG"', "Range": "bytes=0-10"}, 200, ""),
    ({"A-IM": "feed", "If-None-Match": '"other"'}, 200, ""),
    ({"Cache-Control": "no-cache", "If-None-Match": '"TAG"'}, 304, ""),
    ({"Cookie": "a=b", "Referer": "https://example.com/"}, 200, ""),
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [RSS, f"{RSS}?null", f"{RSS}?utm_source=x&y"])
def test_the_answers(app: ASGIApp, method: str, path: str) -> None:
    bare = tag(Reader(app)).strip('"')
    for number, (headers, status, coding) in enumerate(ANSWERS):
        reader = Reader(app, f"203.0.{number}.7")
        sent = {name: value.replace("TAG", bare) for name, value in headers.items()}
        answer = reader.ask(sent, path, method)
        expected = f'"{bare}-{coding}"' if coding else f'"{bare}"'
        assert answer.status_code == status, headers
        assert answer.headers["etag"] == expected, headers
        assert answer.headers["last-modified"] == SINCE
        assert answer.headers["cache-control"].startswith("public, max-age=900")
        assert answer.headers["vary"] == "Accept-Encoding, Accept"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "set-cookie" not in answer.headers
        if status == 304:
            assert answer.content == b""
            assert not {"content-length", "content-type", "content-encoding"} & answer.headers.keys()
        else:
            assert answer.headers["content-type"] == "application/rss+xml; charset=utf-8"
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["link"] == (
                '<https://news.example.org/daily/rss.xml>; rel="self", <https://hub.example.com/>; rel="hub"'
            )
            assert answer.headers.get("content-encoding", "") == coding
            assert answer.content == (b"" if method == "HEAD" else FEED)


def test_a_header_that_comes_twice_is_one_list(reader: Reader) -> None:
    bare = tag(reader).strip('"').encode()
    for first, second in ((b'"%s"' % bare, b'"other"'), (b'"other"', b'"%s"' % bare)):
        reader.headers = [(b"if-none-match", first), (b"if-none-match", second)]
        assert reader.get(RSS).status_code == 304


@pytest.mark.parametrize("accepts", ["", "gzip", "br"])
def test_head_is_get_in_every_coding_the_first_time_and_from_memory(reader: Reader, accepts: str) -> None:
    headers = {"Accept-Encoding": accepts, "If-None-Match": "nothing"}
    found = [reader.ask(headers, method=method) for method in ("HEAD", "GET", "HEAD", "GET")]
    assert len({tuple(sorted(answer.headers.items())) for answer in found}) == 1
    assert len({answer.status_code for answer in found}) == 1


@pytest.mark.parametrize("coding", ["", "gzip", "br"])
def test_the_bytes_are_as_many_as_is_said_in_every_coding(app: ASGIApp, coding: str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": RSS,
        "raw_path": RSS.encode(),
        "query_string": b"",
        "headers": [(b"accept-encoding", coding.encode())],
    }
    unpacked = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[coding]
    for _ in range(2):  # the first time, and from memory
        asyncio.run(app(dict(scope), _nothing_more, send))  # type: ignore[arg-type]
    for start, *bodies in (sent[:2], sent[2:]):
        data = b"".join(message["body"] for message in bodies)
        headers = dict(start["headers"])
        assert int(headers[b"content-length"]) == len(data)
        assert headers.get(b"content-encoding", b"").decode() == coding
        assert unpacked(data) == FEED


async def _nothing_more() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def test_a_document_changes_under_a_reader_who_polls(app: ASGIApp, root: Path, upkeep: FakeUpkeep) -> None:
    reader = Reader(app)
    first = reader.ask()
    (root / RSS[1:]).write_bytes(FEED + b"<!-- new -->")
    assert reader.ask({"If-None-Match": first.headers["etag"]}).status_code == 304, "nobody has said so yet"
    anew = reader.ask({"If-None-Match": first.headers["etag"], "Cache-Control": "no-cache"})
    assert anew.status_code == 200, "who wants us to look is told the truth"
    upkeep.epoch += 1
    second = reader.ask({"If-None-Match": first.headers["etag"]})
    assert second.content == FEED + b"<!-- new -->"
    told = [parsedate_to_datetime(answer.headers["last-modified"]) for answer in (first, second)]
    assert told[0] < told[1]


def test_a_large_picture_is_sent_from_disk_whole(public: FakePublic, root: Path, hooks: FakeHooks) -> None:
    data = os.urandom(700_000)
    (root / PICTURE).write_bytes(data)
    site = Folder(root)
    documents = Documents(site, FakeUpkeep(), largest=1000)
    app = create_app(public, FakeSignUps(), site, hooks, Desk(documents, Hammering(), Tally()))
    reader = Reader(app)
    for _ in range(2):
        answer = reader.ask(path=f"/{PICTURE}")
        assert answer.content == data
        assert answer.headers["content-length"] == "700000"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert reader.ask(path=f"/{PICTURE}", method="HEAD").headers == answer.headers
        assert reader.ask({"If-None-Match": answer.headers["etag"]}, f"/{PICTURE}").status_code == 304
    assert documents.size < 100_000


# --- who asks too often ----------------------------------------------------------------------------------------


def test_who_hammers_is_told_when_to_come_back(app: ASGIApp, tally: Tally) -> None:
    reader = Reader(app)
    assert [reader.ask().status_code for _ in range(3)] == [200] * 3
    answer = reader.ask()
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.content) == int(answer.headers["content-length"]) < 200
    assert reader.ask(method="HEAD").status_code == 429
    assert sum(poll.refused for poll in tally.taken()) == 2


@pytest.mark.parametrize("headers", [{"If-None-Match": '"other"'}, {"If-Modified-Since": BEFORE}])
def test_who_says_what_it_has_is_never_stopped(reader: Reader, headers: dict[str, str]) -> None:
    assert {reader.ask(headers).status_code for _ in range(50)} == {200}


def test_nobody_else_is_stopped_with_it(app: ASGIApp) -> None:
    hammer = Reader(app)
    while hammer.ask().status_code == 200:
        pass
    assert hammer.ask(path="/daily/atom.xml").status_code == 200
    assert {hammer.ask(path="/").status_code for _ in range(30)} == {200}, "people reload pages"
    assert hammer.ask({"User-Agent": "another"}).status_code == 200
    assert Reader(app, "203.0.114.7").ask().status_code == 200
    assert Reader(app, "203.0.113.9").ask().status_code == 429, "its neighbour in the same network"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_server_in_front_that_does_not_say_for_whom_it_asks_is_not_stopped(app: ASGIApp, address: str) -> None:
    reader = Reader(app, address)
    assert {reader.ask().status_code for _ in range(50)} == {200}


def test_readers_with_long_addresses_count_by_network(app: ASGIApp) -> None:
    codes = [Reader(app, f"2001:db8:1:{number}::1").ask().status_code for number in range(4)]
    assert codes == [200, 200, 200, 429]


# --- what is counted, and what is logged -----------------------------------------------------------------------


def test_polls_of_feeds_are_counted_and_nothing_else(app: ASGIApp, tally: Tally) -> None:
    reader = Reader(app)
    agent = {"User-Agent": "Feedly/1.0 (12 subscribers)"}
    etag = reader.ask(agent).headers["etag"]
    reader.ask(agent | {"If-None-Match": etag})
    reader.ask(agent | {"If-None-Match": '"other"'})
    reader.ask(agent, "/")
    reader.ask(agent, "/nothing.xml")
    (poll,) = tally.taken()
    assert (poll.family, poll.document) == ("Feedly", "daily/rss.xml")
    assert (poll.requests, poll.conditional, poll.not_modified, poll.subscribers) == (3, 2, 1, 12)
    assert "203.0.113" not in repr(poll)


def test_answers_that_repeat_are_one_line_of_the_log(reader: Reader, caplog: pytest.LogCaptureFixture) -> None:
    async def polls() -> None:
        reader.headers = [(b"if-none-match", b"*")]
        for _ in range(20):
            await reader._ask("GET", RSS, {})

    reader.ask()
    with caplog.at_level(logging.INFO, logger="publisher.web.access"):
        asyncio.run(polls())
        reader.headers = []
    lines = [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]
    assert len(lines) == 1
    assert lines[0].startswith("GET /daily/rss.xml 304 0 ")


# --- what was withdrawn ----------------------------------------------------------------------------------------


def test_the_page_of_a_withdrawn_digest_answers_410_with_its_notice(
    reader: Reader, upkeep: FakeUpkeep, root: Path
) -> None:
    page = "/daily/2024-11-21-harbour/"
    before = reader.ask(path=page)
    upkeep.withdrawn.add("daily/2024-11-21-harbour/index.html")
    (root / page[1:] / "index.html").write_text("<p>Withdrawn</p>")
    upkeep.epoch += 1
    for headers in (
        {},
        {"If-None-Match": before.headers["etag"]},
        {"If-None-Match": "*"},
        {"Accept-Encoding": "br"},
    ):
        for method, content in (("GET", "<p>Withdrawn</p>"), ("HEAD", "")):
            answer = reader.ask(headers, page, method)
            assert (answer.status_code, answer.text) == (410, content)
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "etag" not in answer.headers
    assert reader.ask().status_code == 200


# --- Link ------------------------------------------------------------------------------------------------------


def test_a_feed_names_itself_and_its_hubs_in_every_format() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://news.example.org/"/>
    <link rel="hub" href="https://a.example.com/"/><link rel="self" href="https://news.example.org/daily/atom.xml"/>
    <link rel="hub" href="https://b.example.com/"/><link rel="next" href="https://c.example.com/"/>"""
    feed = {
        "feed_url": "https://news.example.org/daily/feed.json",
        "hubs": [{"type": "WebSub", "url": "https://a.example.com/"}],
    }
    assert links_of("application/atom+xml", atom) == (
        '<https://news.example.org/daily/atom.xml>; rel="self", '
        '<https://a.example.com/>; rel="hub", <https://b.example.com/>; rel="hub"'
    )
    assert links_of("application/feed+json", json.dumps(feed).encode()) == (
        '<https://news.example.org/daily/feed.json>; rel="self", <https://a.example.com/>; rel="hub"'
    )
    assert links_of("text/html; charset=utf-8", atom) == ""


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example.com/\r\nSet-Cookie: a=b",
        "https://a.example.com/>; rel=evil",
        'https://a.example.com/"',
        "https://a.example.com/ü",
        "javascript:alert(1)",
        "",
    ],
)
def test_no_address_leaves_its_place_in_the_header(url: str) -> None:
    assert links_of("application/feed+json", json.dumps({"feed_url": url}).encode()) == ""


@pytest.mark.parametrize(
    "data", [b"", b"<", b"\xff\xfe", b"[]", b"{}", b'{"hubs": 1}', b'{"hubs": [1]}', b"[" * 5000]
)
def test_what_is_no_feed_names_nothing(data: bytes) -> None:
    assert links_of("application/atom+xml", data) == links_of("application/feed+json", data) == ""


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_is_given_a_feed_as_xml_so_that_its_stylesheet_is_used(reader: Reader) -> None:
    """Chromium shows what is called RSS as plain text."""
    seen, read = reader.ask(BROWSER), reader.ask({"Accept": "application/rss+xml, */*"})
    assert seen.headers["content-type"] == "application/xml; charset=utf-8"
    assert read.headers["content-type"] == "application/rss+xml; charset=utf-8"
    assert seen.content == read.content == FEED
    assert "Accept" in [name.strip() for name in read.headers["vary"].split(",")]


def test_the_two_have_tags_of_their_own_and_both_are_recognised(reader: Reader) -> None:
    """A strong tag tells apart what differs in any header of the content (RFC 9110, 8.8.1)."""
    tags = {
        reader.ask(BROWSER | coding).headers["etag"]
        for coding in ({}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br"})
    }
    tags |= {tag(reader), tag(reader, "gzip"), tag(reader, "br")}
    assert len(tags) == 6
    for each in tags:
        assert reader.ask(BROWSER | {"If-None-Match": each}).status_code == 304
        assert reader.ask({"If-None-Match": each}).status_code == 304
