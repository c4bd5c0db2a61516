"""Asking for a feed: where it may lead, and what is not unpacked."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from publisher.http import HttpError
from publisher.upstream.asking import MAX_OCTETS, Asker
from publisher.upstream.model import UpstreamError
from tests.fakes.web import Exchange, FakeWeb, names, reply, to

KNOWN = names(wire__example__org="127.0.0.1", intranet__example__org="127.0.0.1", far__example__org="127.0.0.1")


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    with FakeWeb() as server:
        yield server


def ask(web: FakeWeb, path: str = "/feed", host: str = "wire.example.org") -> tuple[int, bytes, bool]:
    asked = Asker(lookup=KNOWN).ask(web.url(path, host), {"If-None-Match": '"a"'})
    return asked.answer.status, asked.answer.body, asked.has_moved


def test_a_host_of_the_configuration_may_be_private(web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=b"feed")
    assert ask(web) == (200, b"feed", False)


def test_a_redirect_leads_back_to_that_host_but_to_no_other_private_one(web: FakeWeb) -> None:
    web.acts["/back"] = to(web.url("/feed", "wire.example.org"))
    web.acts["/inside"] = to(web.url("/feed", "intranet.example.org"))
    web.acts["/feed"] = reply(body=b"feed")
    assert ask(web, "/back")[0] == 200
    with pytest.raises(HttpError, match="private network"):
        ask(web, "/inside")
    assert web.paths == ["GET /back", "GET /feed", "GET /inside"]


def test_a_host_that_is_redirected_to_may_not_lead_back_inside_by_another_name(web: FakeWeb) -> None:
    web.acts["/feed"] = to(web.url("/feed", "127.0.0.1"))
    with pytest.raises(HttpError, match="private network"):
        ask(web)


def test_validators_come_along_and_credentials_never_exist(web: FakeWeb) -> None:
    web.acts["/old"] = to("/feed", "301 Moved Permanently")
    web.acts["/feed"] = reply("304 Not Modified")
    assert ask(web, "/old") == (304, b"", True)
    assert [asked.headers["if-none-match"] for asked in web.asked] == ['"a"', '"a"']
    assert not any(name in asked.headers for asked in web.asked for name in ("cookie", "authorization", "referer"))


def test_a_redirect_for_now_is_no_move(web: FakeWeb) -> None:
    web.acts["/a"] = to("/b", "301 Moved Permanently")
    web.acts["/b"] = to("/feed", "302 Found")
    web.acts["/feed"] = reply(body=b"feed")
    assert ask(web, "/a") == (200, b"feed", False)


def test_redirects_have_an_end(web: FakeWeb) -> None:
    web.acts["/feed"] = to("/feed")
    with pytest.raises(UpstreamError, match="redirects"):
        ask(web)
    assert len(web.asked) < 10


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_unpacked(web: FakeWeb, coding: str) -> None:
    web.acts["/feed"] = reply(body=gzip.compress(b"feed", mtime=0), Content_Encoding=coding)
    assert ask(web)[1] == b"feed"


def test_as_much_as_is_allowed_is_read_and_not_an_octet_more(web: FakeWeb) -> None:
    web.acts["/feed"] = reply(body=gzip.compress(bytes(MAX_OCTETS)), Content_Encoding="gzip")
    assert len(ask(web)[1]) == MAX_OCTETS
    web.acts["/feed"] = reply(body=gzip.compress(bytes(MAX_OCTETS + 1)), Content_Encoding="gzip")
    with pytest.raises(UpstreamError, match="octets"):
        ask(web)
    web.acts["/feed"] = reply(body=bytes(MAX_OCTETS + 1))
    with pytest.raises(HttpError, match="octets"):
        ask(web)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"feed", mtime=0)[:-4], "gzip"),
        (gzip.compress(b"feed" * 999, mtime=0)[:20], "gzip"),
        (b"feed", "gzip"),
        (b"feed", "br"),
        (b"feed", "gzip, gzip"),
    ],
)
def test_what_cannot_be_unpacked_is_refused(web: FakeWeb, body: bytes, coding: str) -> None:
    web.acts["/feed"] = reply(body=body, Content_Encoding=coding)
    with pytest.raises(UpstreamError):
        ask(web)


def test_an_answer_that_never_ends_has_an_end(web: FakeWeb) -> None:
    def pour(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not exchange.over.is_set():
            exchange.send(bytes(65536))

    web.acts["/feed"] = pour
    with pytest.raises(HttpError, match="octets"):
        ask(web)
