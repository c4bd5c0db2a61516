"""The log keeps no secret; the server starts, tells when it cannot, and stops with grace."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from publisher.errors import UsageError
from publisher.web import Folder, SiteFile, WebServer, create_app
from publisher.web.middleware import redacted
from publisher.web.ports import Stamp
from tests.unit.web.conftest import TOKEN, Client, FakeHooks, FakePublic, FakeSignUps


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/"),
        ("/daily/rss.xml", "/daily/rss.xml"),
        ("/daily/sections/über/", "/daily/sections/%C3%BCber/"),
        (f"/u/{TOKEN}", "/u/-"),
        (f"/U/{TOKEN}", "/U/-"),
        (f"//u/{TOKEN}", "//u/-"),
        (f"/news/u/{TOKEN}/x", "/news/u/-"),
        (f"/u%2F{TOKEN}", "/u%252F-"),
        (f"/news%2Fu%2F{TOKEN}", "/news%252Fu%252F-"),
        (f"/s/{TOKEN}", "/s/-"),
        (f"/hooks/ses/{TOKEN}", "/hooks/-"),
        ("/u/", "/u/"),
        ("/a\nGET /b 200\x1b[2J", "/a%0AGET%20/b%20200%1B%5B2J"),
        ("/\ud800", "/%3F"),
        ("/" + "a" * 400, "/" + "a" * 199),
    ],
)
def test_a_logged_path_has_no_token_and_breaks_no_line(path: str, expected: str) -> None:
    assert redacted(path) == expected


@pytest.mark.parametrize(
    "link",
    [
        f"/u/{TOKEN}",
        f"/s/{TOKEN}",
        "/%75/" + TOKEN,
        f"//u/{TOKEN}",
        f"/u/{TOKEN}/",
        f"/u/{TOKEN}?x={TOKEN}",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_no_token_is_logged_on_any_path_to_it(
    client: Client, caplog: pytest.LogCaptureFixture, link: str, method: str
) -> None:
    with caplog.at_level(logging.DEBUG, logger="publisher"):
        client.request(method, link, headers={"Referer": f"https://example.org/u/{TOKEN}"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]
    assert line.startswith(f"{method} ")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("publisher")]
    assert TOKEN not in "".join(ours)


def test_a_line_tells_method_path_status_and_size(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="publisher.web.access"):
        client.get("/daily/rss.xml")
        client.head("/daily/rss.xml")
    get, head = [record.getMessage() for record in caplog.records if record.name == "publisher.web.access"]
    assert get.startswith("GET /daily/rss.xml 200 6 ")
    assert head.startswith("HEAD /daily/rss.xml 200 0 ")


def test_a_fault_of_ours_is_logged_as_500(caplog: pytest.LogCaptureFixture, public: FakePublic) -> None:
    class Broken:
        def stamp(self, path: str) -> Stamp | None:
            raise RuntimeError(f"no {path}")

        def open(self, path: str) -> SiteFile | None:
            raise RuntimeError(f"no {path}")

    with caplog.at_level(logging.INFO, logger="publisher.web.access"):
        answer = Client(create_app(public, FakeSignUps(), Broken(), FakeHooks())).get("/")
    assert answer.status_code == 500
    assert "no index" not in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert any("GET / 500" in record.getMessage() for record in caplog.records)


# --- the server ------------------------------------------------------------------------------------------------


def test_it_serves_while_it_runs_and_not_after(
    app: ASGIApp, public: FakePublic, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = WebServer(app, "127.0.0.1", 0)
    with server:
        with httpx.Client(base_url=server.url) as client:
            assert client.get("/daily/rss.xml").text == "<rss/>"
            assert client.head("/daily/rss.xml").headers["content-length"] == "6"
            assert client.post(f"/u/{TOKEN}", data={"List-Unsubscribe": "One-Click"}).status_code == 200
            assert "server" not in client.get("/").headers
        url = server.url
    assert not server.running
    assert public.acts == [(TOKEN, "one-click")]
    assert TOKEN not in "".join(
        record.getMessage()
        for record in caplog.records
        if not record.name.startswith("http")  # the client's own
    )
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    server.stop()


def test_a_request_under_way_ends_before_the_server_does(public: FakePublic, root: Path) -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(Folder):
        def open(self, path: str) -> SiteFile | None:
            entered.set()
            leave.wait(60)
            return super().open(path)

    answers: list[int] = []
    with WebServer(create_app(public, FakeSignUps(), Slow(root), FakeHooks()), "127.0.0.1", 0) as server:
        asking = threading.Thread(target=lambda: answers.append(httpx.get(server.url).status_code))
        asking.start()
        assert entered.wait(60)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        leave.set()
        stopping.join()
        asking.join()
    assert answers == [200]


def test_a_port_that_is_taken_is_an_error_of_the_command(app: ASGIApp) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            UsageError, match=rf"cannot listen at 127\.0\.0\.1, port {port}: Address already in use"
        ):
            WebServer(app, "127.0.0.1", port).start()


@pytest.mark.parametrize("host", ["256.1.1.1", "no such host", "a" * 300])
def test_a_host_that_is_none_is_an_error_of_the_command(app: ASGIApp, host: str) -> None:
    with pytest.raises(UsageError, match="cannot listen at"):
        WebServer(app, host, 0).start()


def test_large_bodies_are_refused_by_the_running_server(app: ASGIApp, public: FakePublic) -> None:
    with WebServer(app, "127.0.0.1", 0) as server:
        answer = httpx.post(f"{server.url}u/{TOKEN}", data={"a": "x" * 100_000})
    assert answer.status_code == 413
    assert public.acts == []


def test_an_application_that_fails_gives_500_and_the_server_goes_on() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("broken")

    with WebServer(broken, "127.0.0.1", 0) as server:
        assert httpx.get(server.url).status_code == 500
        assert httpx.get(server.url).status_code == 500
