"""The same site behind a server that answers at once and one that goes uvicorn's way, asked over sockets."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from publisher.web import Folder, WebServer, create_app
from publisher.web.documents import Documents
from publisher.web.hammering import Hammering
from publisher.web.serving import Desk
from publisher.web.tally import Tally
from tests.unit.web.conftest import CHANGED, FakeHooks, FakePublic, FakeSignUps
from tests.unit.web.test_documents import FakeUpkeep

PATIENCE = 30
RSS = "daily/rss.xml"
GONE = "daily/2024-11-20-gone/index.html"
MANY = "203.0.113.9"
"""An address that has asked too often from its fourth question on."""

_DATE = re.compile(
    rb"(?<=\r\n)date: (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\r\n"
)


@dataclass
class Wire:
    """A server that runs, and what stands behind it."""

    server: WebServer
    public: FakePublic
    tally: Tally
    upkeep: FakeUpkeep = field(default_factory=FakeUpkeep)

    @property
    def connections(self) -> list[HttpToolsProtocol]:
        """Those that are open."""
        found = list(self.server._server.server_state.connections)
        return [each for each in found if isinstance(each, HttpToolsProtocol)]

    def opened(self, window: int = 0) -> socket.socket:
        """A connection; with a window, of a reader that takes in so few bytes at a time."""
        where = urlsplit(self.server.url)
        connection = socket.socket()
        if window:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        connection.settimeout(PATIENCE)
        connection.connect((where.hostname, where.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def said(self, request: bytes, piece: int = 0) -> bytes:
        """Everything that is answered until the server closes; sent whole, or in pieces of so many bytes."""
        with self.opened() as connection:
            with suppress(ConnectionError):  # it closes in the middle of a request that it refuses
                for at in range(0, len(request), piece or len(request)):
                    connection.sendall(request[at : at + (piece or len(request))])
            return dateless(everything(connection))


def everything(connection: socket.socket) -> bytes:
    """All bytes up to the end."""
    found = bytearray()
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 20):
            found += piece
    return bytes(found)


def dateless(answers: bytes) -> bytes:
    """The same with every date that is one, at its place, taken for another."""
    return _DATE.sub(b"date: then\r\n", answers)


@contextmanager
def wired(
    root: Path, *, at_once: bool, rest: float = 30, feed: bytes | None = None, public: FakePublic | None = None
) -> Iterator[Wire]:
    """A server on a folder; it closes connections that rest for so many seconds."""
    if feed is not None:
        (root / RSS).write_bytes(feed)
        os.utime(root / RSS, (CHANGED.timestamp(), CHANGED.timestamp()))
    public, tally, upkeep = public or FakePublic(), Tally(), FakeUpkeep()
    upkeep.withdrawn.add(GONE)
    desk = Desk(Documents(Folder(root), upkeep), Hammering(at_once=3, jitter=lambda: 0), tally)
    app: ASGIApp = create_app(public, FakeSignUps(), Folder(root), FakeHooks(), desk)
    server = WebServer(app if at_once else _behind(app), "127.0.0.1", 0)
    server._server.config.timeout_keep_alive = rest  # type: ignore[assignment]  # a test does not wait long
    with server:
        yield Wire(server, public, tally, upkeep)


def _behind(app: ASGIApp) -> ASGIApp:
    """The same application, which nobody can see to be a Front."""

    async def general(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return general
