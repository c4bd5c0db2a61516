"""What a WebDAV folder adds to the contract: what is asked in which order, and what is made of the answers."""

from __future__ import annotations

import traceback
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from wsgidav.fs_dav_provider import FilesystemProvider

from publisher.config import WebDavEndpoint
from publisher.editions import Document
from publisher.endpoints.registry import REMOTE, RemoteEndpoint
from publisher.endpoints.trying import try_remote
from publisher.errors import EndpointDownError, EndpointError
from publisher.http import Answer, Client
from tests.fakes import dav as davs
from tests.fakes.dav import PASSWORD, USER, Dav
from tests.fakes.web import FakeWeb, hang_up, reply, to

FEED = Document("daily/rss.xml", "application/rss+xml; charset=utf-8", b"<rss/>")
BESIDE = "/site/daily/.publisher-"


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[Dav]:
    with davs.serving(tmp_path / "dav") as found:
        yield found


def made(dav: Dav, **changes: Any) -> RemoteEndpoint:
    return REMOTE["webdav"](WebDavEndpoint(**dav.settings(**changes)), Path())


def at(web: FakeWeb, **changes: Any) -> RemoteEndpoint:
    return made(Dav(web.url(), Path()), **changes)


def files(dav: Dav) -> set[str]:
    return {str(path.relative_to(dav.root)) for path in dav.root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("replace", ["move", "put"])
def test_nothing_but_the_documents_is_left(dav: Dav, replace: str) -> None:
    endpoint = made(dav, replace=replace)
    for data in (b"<rss>1</rss>", b"<rss>2</rss>"):
        assert endpoint.put(Document(FEED.path, FEED.media_type, data)) is True
    assert files(dav) == {"site/daily/rss.xml"}
    assert (dav.site / FEED.path).read_bytes() == b"<rss>2</rss>"


def test_what_a_killed_process_left_is_taken_by_the_next_put(dav: Dav) -> None:
    endpoint = made(dav)
    asks = Client.ask

    def killed_before_the_move(self: Client, method: str, *arguments: Any, **named: Any) -> Answer:
        if method == "MOVE":
            raise KeyboardInterrupt
        return asks(self, method, *arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, "ask", killed_before_the_move)
        with pytest.raises(KeyboardInterrupt):
            endpoint.put(FEED)
    (left,) = files(dav)
    assert left.startswith(BESIDE.removeprefix("/"))
    assert endpoint.put(FEED) is True
    assert files(dav) == {"site/daily/rss.xml"}


def test_a_trial_leaves_nothing_behind(dav: Dav) -> None:
    try_remote(made(dav))
    assert files(dav) == set()


def test_a_wrong_password_is_said_and_not_shown(dav: Dav) -> None:
    endpoint = made(dav, password="hush-wrong-4711")
    with pytest.raises(EndpointDownError, match="the server does not know us") as failure:
        endpoint.put(FEED)
    told = "".join(traceback.format_exception(failure.value)) + repr(endpoint) + repr(vars(failure.value))
    assert "hush-wrong-4711" not in told
    assert b64encode(f"{USER}:hush-wrong-4711".encode()).decode() not in told


def test_nobody_reads_half_a_document_on_a_server_that_deletes_before_it_moves(tmp_path: Path) -> None:
    versions = (b"a" * 60_000, b"b" * 90_000)
    torn: list[bytes] = []
    done = Event()
    with davs.serving(tmp_path / "dav", provider=FilesystemProvider) as dav:
        endpoint = made(dav)
        endpoint.put(Document(FEED.path, FEED.media_type, versions[0]))

        def look() -> None:
            while not done.is_set():
                try:
                    data = (dav.site / FEED.path).read_bytes()
                except FileNotFoundError:
                    continue  # away for an instant: so RFC 4918 has it (9.9.3)
                if data not in versions:
                    torn.append(data)

        reader = Thread(target=look)
        reader.start()
        try:
            for number in range(1, 40):
                endpoint.put(Document(FEED.path, FEED.media_type, versions[number % 2]))
        finally:
            done.set()
            reader.join(timeout=30)
    assert torn == []


def test_a_document_is_put_beside_the_old_one_and_moved_over_it() -> None:
    with FakeWeb() as web:
        endpoint = at(web)
        web.acts |= {"PUT": reply()}
        with pytest.raises(EndpointError):
            endpoint.put(FEED)
        put = next(asked for asked in web.asked if asked.method == "PUT")
        web.acts |= {f"PUT {put.path}": reply("201 Created"), f"MOVE {put.path}": reply("204 No Content")}
        web.asked.clear()
        endpoint.put(FEED)
    assert web.paths == ["GET /site/daily/rss.xml", f"PUT {put.path}", f"MOVE {put.path}"]
    assert put.path.startswith(BESIDE)
    _, _, move = web.asked
    assert (move.headers["destination"], move.headers["overwrite"]) == (web.url("/site/daily/rss.xml"), "T")
    assert {asked.headers["authorization"] for asked in web.asked} == {
        f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
    }


def test_a_redirect_is_not_followed_with_our_password() -> None:
    with FakeWeb() as elsewhere, FakeWeb() as web:
        web.acts |= {"/site/daily/rss.xml": to(elsewhere.url("/site/daily/rss.xml"))}
        with pytest.raises(EndpointDownError, match="sends us elsewhere"):
            at(web).get(FEED.path)
    assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("status", "words", "down"),
    [
        ("401 Unauthorized", "does not know us", True),
        ("403 Forbidden", "does not allow it", False),
        ("423 Locked", "somebody has locked it", False),
        ("507 Insufficient Storage", "the disk is full", False),
        ("503 Service Unavailable", "the server says 503 Service Unavailable", True),
        ("207 Multi-Status", "the server says 207 Multi-Status", False),
    ],
)
def test_what_a_server_refuses_is_said_in_our_words(status: str, words: str, down: bool) -> None:
    with FakeWeb() as web:
        web.acts |= {"PUT /site/daily/rss.xml": reply(status, b"hush, and more")}
        with pytest.raises(EndpointError, match=words) as failure:
            at(web, replace="put").put(FEED)
    assert isinstance(failure.value, EndpointDownError) is down
    assert failure.value.remedy
    assert "hush" not in str(failure.value)


def test_a_server_that_is_gone_is_asked_once() -> None:
    with FakeWeb({"/site/daily/rss.xml": hang_up}) as web:
        with pytest.raises(EndpointDownError):
            at(web).put(FEED)
        assert len(web.asked) <= 2  # urllib3 may take another connection when the first was closed


def test_a_folder_is_no_document() -> None:
    with FakeWeb() as web:
        web.acts |= {"/site/daily": to(web.url("/site/daily/"), "301 Moved Permanently")}
        assert at(web).get("daily") is None
