"""Web servers on 127.0.0.1 that answer, or misbehave, as the path says."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from publisher.http import Address, Failure, HttpError, Lookup
from tests.fakes.listening import Listening

LOOPBACK = ip_address("127.0.0.1")

Act = bytes | Callable[["Exchange"], None]
"""What is sent, or what is done."""


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Exchange:
    """A request and the connection it came by. `over` is set when the server is stopped."""

    asked: Asked
    connection: socket.socket
    over: threading.Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


def reply(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole answer after which the connection stays open; `_` in a name of `headers` is a hyphen."""
    fields = {
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def to(location: str, status: str = "302 Found") -> bytes:
    """A redirect."""
    return reply(status, Location=location)


def hang(exchange: Exchange) -> None:
    """Never answer."""
    exchange.over.wait()


def hang_up(exchange: Exchange) -> None:
    """Close without a word."""
    exchange.connection.shutdown(socket.SHUT_RDWR)


def drip(exchange: Exchange) -> None:
    """Begin an answer, then add to its head octet by octet, for ever."""
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not exchange.over.wait(0.02):
        exchange.send(b"x")


def pour(exchange: Exchange) -> None:
    """An answer whose body never ends."""
    exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not exchange.over.is_set():
        exchange.send(bytes(65536))


class FakeWeb(Listening):
    """The server; a context manager. `acts` is by "METHOD /path", else by "/path"; anything else is 404.

    It keeps connections open as HTTP/1.1 does. With a `greeting` it speaks first, as no web server does.
    """

    def __init__(
        self, acts: Mapping[str, Act] | None = None, *, tls: ssl.SSLContext | None = None, greeting: bytes = b""
    ) -> None:
        super().__init__()
        self.acts = dict(acts or {})
        self.asked: list[Asked] = []
        self._tls = tls
        self._greeting = greeting

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{asked.method} {asked.path}" for asked in list(self.asked)]

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """The address of a path, under any name that the test's lookup knows."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                if self._tls is None:
                    self._converse(connection)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secure:
                        self._open.add(secure)
                        self._converse(secure)
                        self._open.discard(secure)
        except OSError:
            pass  # as scripted, or the client went
        finally:
            self._open.discard(connection)

    def _converse(self, connection: socket.socket) -> None:
        connection.sendall(self._greeting)
        with connection.makefile("rb") as lines:
            while (first := lines.readline().decode("latin-1").split(" ")) and len(first) == 3:
                headers = {}
                while (field := lines.readline().decode("latin-1").strip()) != "":
                    name, _, value = field.partition(": ")
                    headers[name.lower()] = value
                body = lines.read(int(headers.get("content-length", 0)))
                self.asked.append(Asked(first[0], first[1], headers, body))
                self._answer(Exchange(self.asked[-1], connection, self._over))

    def _answer(self, exchange: Exchange) -> None:
        asked = exchange.asked
        path = asked.path.partition("?")[0]
        act = self.acts.get(f"{asked.method} {path}") or self.acts.get(path) or reply("404 Not Found")
        if callable(act):
            act(exchange)
        else:
            head, blank, body = act.partition(b"\r\n\r\n")
            exchange.send(head + blank + (b"" if asked.method == "HEAD" else body))


def names(**hosts: str | list[str]) -> Lookup:
    """A lookup that knows these hosts, `__` in a name being a dot, and addresses as such."""
    known = {
        name.replace("__", "."): [given] if isinstance(given, str) else given for name, given in hosts.items()
    }

    def look_up(host: str) -> list[Address]:
        if host in known:
            return [ip_address(address) for address in known[host]]
        try:
            return [ip_address(host)]
        except ValueError:
            raise HttpError(Failure.UNRESOLVED, "no such host") from None

    return look_up
