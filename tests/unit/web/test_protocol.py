"""What is answered at once is what uvicorn's own way would have sent, to the byte; counted and told of once."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from uvicorn.protocols.http import httptools_impl

from publisher.served import Poll
from publisher.web.encodings import CODINGS
from tests.integration.test_serve import until
from tests.unit.web.conftest import TOKEN
from tests.unit.web.wire import GONE, MANY, RSS, Wire, wired

FEED = b"<?xml version='1.0'?><rss><channel>" + b"<item>News of the harbour</item>" * 400 + b"</channel></rss>"
SINCE = "Thu, 21 Nov 2024 07:00:00 GMT"
LAST = b"GET /daily/atom.xml HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
"""Asked behind each case, so that the end is known without waiting for it."""


def asks(
    *headers: str, method: str = "GET", target: str = f"/{RSS}", version: str = "1.1", body: str = ""
) -> bytes:
    """A request as it is written."""
    lines = [f"{method} {target} HTTP/{version}", "Host: news.example.org", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


AT_ONCE = {
    "GET": asks(),
    "HEAD": asks(method="HEAD"),
    "gzip": asks("Accept-Encoding: gzip"),
    "br": asks("accept-encoding: gzip, deflate, br"),
    "identity": asks("Accept-Encoding: identity, gzip;q=0"),
    "browser": asks("Accept: text/html,application/xhtml+xml", "Accept-Encoding: br"),
    "HEAD by a browser": asks("Accept: text/html", method="HEAD"),
    "since": asks(f"If-Modified-Since: {SINCE}"),
    "HEAD since": asks(f"If-Modified-Since: {SINCE}", method="HEAD"),
    "any tag": asks("If-None-Match: *"),
    "another tag": asks('If-None-Match: "other"'),
    "two lists of tags": asks('If-None-Match: "a"', 'If-None-Match: "b"'),
    "query": asks(target=f"/{RSS}?utm_source=x&y=%20"),
    "empty query": asks(target=f"/{RSS}?"),
    "fragment": asks(target=f"/{RSS}#top"),
    "percent-encoded": asks(target="/daily/rss%2exml"),
    "a page": asks(target="/"),
    "a page of another alphabet": asks(target="/daily/2024-11-21-harbour/"),
    "a colon": asks(target="/daily/a:b/"),
    "absolute": asks(target=f"http://news.example.org/{RSS}"),
    "withdrawn": asks(target="/daily/2024-11-20-gone/"),
    "HTTP/1.0": asks(version="1.0"),
    "HTTP/1.0 that would go on": asks("Connection: keep-alive", version="1.0"),
    "close": asks("Connection: close"),
    "Close among others": asks("Connection: TE, Close"),
    "closed at last": asks("Connection: keep-alive", "Connection: close"),
    "keep-alive": asks("Connection: keep-alive"),
    "two": asks() + asks(f"If-Modified-Since: {SINCE}"),
    "twenty": asks("Accept-Encoding: gzip") * 20,
    "by a proxy": asks("X-Forwarded-For: 198.51.100.7", "X-Forwarded-Proto: https"),
    "by a proxy that names no address": asks("X-Forwarded-For: unknown, _hidden"),
    "by two proxies": asks("X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 192.0.2.9, 127.0.0.1"),
    "too often": asks(f"X-Forwarded-For: {MANY}", "User-Agent: Many/{}") * 5,
    "bare line feeds behind a header": asks("X-Odd:  spaces \t"),
}
GENERALLY = {
    "look anew": asks("Cache-Control: no-cache"),
    "unknown": asks(target="/nothing"),
    "no slash": asks(target="/daily"),
    "outside": asks(target="/%2e%2e/outside.txt"),
    "double slash": asks(target=f"//{RSS}"),
    "no percent-encoding": asks(target="/daily/rss%2"),
    "a link": asks(target=f"/u/{TOKEN}"),
    "POST": asks("Content-Length: 3", method="POST", body="a=b"),
    "OPTIONS": asks(method="OPTIONS", target="*"),
    "a body": asks("Content-Length: 5", body="hello"),
    "no body, announced": asks("Content-Length: 0"),
    "chunks": asks("Transfer-Encoding: chunked", body="5\r\nhello\r\n0\r\n\r\n"),
    "chunks with a trailer": asks("Transfer-Encoding: chunked", body="1\r\nx\r\n0\r\nX-Behind: y\r\n\r\n"),
    "expects": asks("Expect: 100-continue", "Content-Length: 2", body="ok"),
    "at once, general, at once": asks() + asks(target="/nothing") + asks("Accept-Encoding: br"),
    "general, at once, general": asks(target=f"/u/{TOKEN}") + asks(method="HEAD") + asks(target="/nothing"),
    "at once, with a body, at once": asks() + asks("Content-Length: 4", method="POST", body="GET ") + asks(),
}
REFUSED = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "lower case": b"get / HTTP/1.1\r\n\r\n",
    "no version": f"GET /{RSS}\r\n\r\n".encode(),
    "another version": asks(version="3.1"),
    "another alphabet": "GET /über HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
    "control characters": asks("X-Odd: a\x00b"),
    "a space before the colon": asks("If-None-Match : *"),
    "both lengths": asks("Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
    "two lengths": asks("Content-Length: 4", "Content-Length: 5", body="hello"),
    "a negative length": asks("Content-Length: -1"),
    "chunked twice": asks("Transfer-Encoding: chunked, identity", body="0\r\n\r\n"),
    "no path": asks(target="*"),
    "a host and no path": asks(target="http://news.example.org"),
    "no host to go to": asks(method="CONNECT", target="a:443"),
    "websocket": asks("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
    "h2c": asks("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"),
    "an act behind the last request": asks("Connection: close")
    + asks("Content-Length: 26", method="POST", target=f"/u/{TOKEN}", body="List-Unsubscribe=One-Click"),
    "a request behind the last one": asks(version="1.0") + asks(),
    "an answer and half a request": asks() + asks()[:-2],
}
LARGE = {
    "large": asks("X-Large: " + "x" * 200_000),
    "many": asks(*(f"X-{number}: y" for number in range(5_000))),
    "a long target": asks(target=f"/{RSS}?" + "x" * 100_000),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("site")
    texts = {
        "daily/atom.xml": "<feed/>",
        "index.html": "<h1>Index</h1>",
        GONE: "Withdrawn",
        "daily/a:b/index.html": "",
    }
    for name, text in {**texts, "daily/2024-11-21-harbour/index.html": "<h1>Harbour é</h1>" * 50}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def pair(site: Path) -> Iterator[tuple[Wire, Wire]]:
    """At once, and generally; all that a case asks for is in memory."""
    with both(site, rest=30) as found:
        yield found


@pytest.fixture(scope="module")
def short_pair(site: Path) -> Iterator[tuple[Wire, Wire]]:
    """The same, for what does not end by itself."""
    with both(site, rest=0.3) as found:
        yield found


@contextmanager
def both(site: Path, rest: float) -> Iterator[tuple[Wire, Wire]]:
    with (
        wired(site, at_once=True, feed=FEED, rest=rest) as ours,
        wired(site, at_once=False, rest=rest) as theirs,
    ):
        for wire in (ours, theirs):
            for request in (*AT_ONCE.values(), LAST):
                wire.said(request.replace(MANY.encode(), b"127.0.0.1") + LAST)
            counted(wire)
        yield ours, theirs


def counted(wire: Wire) -> list[Poll]:
    """What was counted since the last time."""
    return sorted(wire.tally.taken(), key=lambda poll: (poll.family, poll.document))


def cycles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes uvicorn's way from now on: the paths."""
    found: list[str] = []
    made = httptools_impl.RequestResponseCycle.__init__

    def noted(self: httptools_impl.RequestResponseCycle, scope: Any, **more: Any) -> None:
        found.append(scope["path"])
        made(self, scope, **more)

    monkeypatch.setattr(httptools_impl.RequestResponseCycle, "__init__", noted)
    return found


@pytest.mark.parametrize("request_", AT_ONCE.values(), ids=AT_ONCE)
def test_what_is_in_memory_is_answered_without_a_task_and_to_the_byte(
    pair: tuple[Wire, Wire], request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    pieces = (0, 7)
    expected = [theirs.said(request_ + LAST, piece) for piece in pieces]
    assert b" 200 OK\r\ndate: then\r\n" in expected[0] or b" 304 " in expected[0] or b" 410 " in expected[0]
    tasks = cycles(monkeypatch)
    assert [ours.said(request_ + LAST, piece) for piece in pieces] == expected
    assert tasks == []
    assert counted(ours) == counted(theirs) != []


@pytest.mark.parametrize("tag", ["", *CODINGS])
@pytest.mark.parametrize("accepts", ["", *CODINGS])
def test_a_tag_is_answered_as_ever(pair: tuple[Wire, Wire], tag: str, accepts: str) -> None:
    ours, theirs = pair
    found = re.search(rb"etag: (.*)\r\n", ours.said(asks(f"Accept-Encoding: {tag}", method="HEAD") + LAST))
    assert found
    asked = asks(f"If-None-Match: {found[1].decode()}", f"Accept-Encoding: {accepts}") + LAST
    expected = theirs.said(asked)
    assert expected.startswith(b"HTTP/1.1 304 ")
    assert ours.said(asked) == expected
    assert counted(ours) != counted(theirs)  # by the question for the tag


@pytest.mark.parametrize("request_", GENERALLY.values(), ids=GENERALLY)
@pytest.mark.parametrize("piece", [0, 7])
def test_what_is_unusual_goes_the_general_way(
    pair: tuple[Wire, Wire], request_: bytes, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = pair
    expected = theirs.said(request_ + LAST, piece)
    tasks = cycles(monkeypatch)
    assert ours.said(request_ + LAST, piece) == expected
    assert tasks
    assert expected.count(b"HTTP/1.1 ") == request_.count(b" HTTP/1.1\r\n") + 1
    assert (ours.public.acts, counted(ours)) == (theirs.public.acts, counted(theirs))


@pytest.mark.parametrize("request_", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_of_ours_is_refused_as_ever(short_pair: tuple[Wire, Wire], request_: bytes) -> None:
    ours, theirs = short_pair
    assert ours.said(request_) == theirs.said(request_)
    assert ours.public.acts == theirs.public.acts == []
    assert counted(ours) == counted(theirs)


@pytest.mark.parametrize("request_", LARGE.values(), ids=LARGE)
def test_large_headers_are_taken_as_ever(pair: tuple[Wire, Wire], request_: bytes) -> None:
    ours, theirs = pair
    assert ours.said(request_ + LAST) == theirs.said(request_ + LAST)
    assert counted(ours) == counted(theirs)


def test_each_answer_is_counted_once_and_told_of_once(site: Path, caplog: pytest.LogCaptureFixture) -> None:
    asked = (asks() + asks(f"If-Modified-Since: {SINCE}", "User-Agent: Reader/1 (3 subscribers)")) * 50 + LAST
    told, polls = [], []
    for at_once in (True, False):
        caplog.clear()
        caplog.set_level(logging.INFO, "publisher.web.access")
        with wired(site, at_once=at_once, feed=FEED) as wire:
            wire.said(asks(target="/") + LAST)  # from the folder; what comes then is from memory
            wire.said(asked)
            told.append(until(lambda: found if (found := sums(caplog)).total() >= 103 else None))
        polls.append(counted(wire))
    page, feed = "GET /daily/atom.xml 200 7", f"GET /{RSS}"
    expected = {
        "GET / 200 14": 1,
        page: 2,
        f"{feed} 200 {len(FEED)}": 50,
        f"{feed} 304 0": 50,
    }
    assert told == [expected, expected]
    assert polls[0] == polls[1]
    assert [(poll.family, poll.document, poll.requests, poll.not_modified) for poll in polls[0]] == [
        ("Reader", RSS, 50, 50),
        ("other", "daily/atom.xml", 2, 0),
        ("other", RSS, 50, 0),
    ]


def sums(caplog: pytest.LogCaptureFixture) -> Counter[str]:
    """How many answers the log tells of; what repeats within a second it tells of when that is over."""
    found: Counter[str] = Counter()
    for line in [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]:
        more = re.fullmatch(r"(.*), (\d+) more", line)
        found[more[1] if more else line.rpartition(" ")[0]] += int(more[2]) if more else 1
    return found
