"""Connections that go only where they may, and never last longer than the call they are made for.

This is the seam to urllib3: its connections dial here, and not by themselves. Host header, SNI and the check of
the certificate stay with the host's name, whatever address is dialled.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from publisher.http.addresses import Address, Lookup
from publisher.http.failures import Failure, HttpError, unconnected

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Dial = Callable[[Address, int, float], socket.socket]
"""From an address, a port and seconds to a connection. Raises OSError."""


@dataclass(frozen=True, slots=True)
class Call:
    """The call that is being made in this thread; `ends` is a moment of the monotonic clock."""

    lookup: Lookup
    dial: Dial
    ends: float

    def left(self) -> float:
        """Seconds that are left.

        Raises:
            TimeoutError: none are.
        """
        left = self.ends - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


CALL: ContextVar[Call] = ContextVar("CALL")
"""Without a call, nothing is resolved, dialled or read."""


def dial(address: Address, port: int, seconds: float) -> socket.socket:
    """A TCP connection to this very address; see `Dial`."""
    return socket.create_connection((str(address), port), timeout=seconds)


def adapter(ca_file: Path | None) -> HTTPAdapter:
    """What carries requests' requests, by connections of ours.

    Args:
        ca_file: certificates (PEM) to trust; None are those that the system and browsers trust.
    """
    return _Adapter(_context(ca_file))


@cache
def _context(ca_file: Path | None) -> ssl.SSLContext:
    """One for all clients: reading the usual certificates takes longer than many a question."""
    context = ssl.create_default_context(cafile=ca_file)
    if ca_file is None:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)  # a container often has no certificates of its own
    context.sslsocket_class = _SecureSocket
    return context


class _Socket(socket.socket):
    """Each wait for bytes ends with the call, however many bytes come one by one."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        _hurry(self)
        return super().recv_into(buffer, nbytes, flags)


class _SecureSocket(ssl.SSLSocket):
    """The same, encrypted."""

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        _hurry(self)
        return super().recv_into(buffer, nbytes, flags)


def _hurry(connection: socket.socket) -> None:
    left = CALL.get().left()
    timeout = connection.gettimeout()
    if timeout is None or left < timeout:
        connection.settimeout(left)


def _connected(connection: HTTPConnection) -> socket.socket:
    """A connection to the first of the host's addresses that takes one; each has its share of the time."""
    call = CALL.get()
    addresses = call.lookup(connection.host.strip("[]"))
    ends = min(monotonic() + (connection.timeout or call.left()), call.ends)
    failed = HttpError(Failure.UNRESOLVED, "no such host")
    for done, address in enumerate(addresses):
        try:
            made = call.dial(address, connection.port, max((ends - monotonic()) / (len(addresses) - done), 0.001))
        except OSError as error:
            failed = unconnected(error)
            continue
        taken = _Socket(fileno=made.detach())
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        taken.settimeout(max(ends - monotonic(), 0.001))  # a TLS handshake comes next
        return taken
    raise failed


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _SecureConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=32, pool_maxsize=8)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
        """Nothing: the context knows what to trust, and requests would read its own file anew each time."""
