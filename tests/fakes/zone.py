"""A name server on 127.0.0.1, over UDP and TCP, with the records that a test writes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import dns.resolver
from dnslib import QTYPE, RCODE, RR
from dnslib.server import BaseResolver, DNSLogger, DNSServer

Records = Mapping[str, list[str]]
"""By name and kind, `press.internal MX`; values as a zone file has them."""

_POLL_SECONDS = 0.01
"""How often a server looks whether it is to stop."""

ROOT = {". NS": ["a.root.internal."]}


class _Zone(BaseResolver):  # type: ignore[misc]
    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def resolve(self, request: Any, _handler: Any) -> Any:
        name = str(request.q.qname).lower()
        bare = name.rstrip(".") or "."
        kind = QTYPE[request.q.qtype]
        self.asked.append(f"{bare} {kind}")
        reply = request.reply()
        if bare in self.broken:
            reply.header.rcode = RCODE.SERVFAIL
            return reply
        for value in self.records.get(f"{bare} {kind}", []):
            reply.add_answer(*RR.fromZone(f"{name} 60 IN {kind} {value}"))
        if not reply.rr and not any(key.startswith(f"{bare} ") for key in self.records):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


class FakeZone:
    """The server; a context manager. `records` may be changed at any time; `broken` names answer SERVFAIL."""

    def __init__(self, records: Records) -> None:
        self._zone = _Zone()
        self._zone.records.update({**ROOT, **records})
        self._servers: list[tuple[Any, threading.Thread]] = []
        self.port = 0

    @property
    def records(self) -> dict[str, list[str]]:
        """What it knows, by name and kind."""
        return self._zone.records

    @property
    def broken(self) -> set[str]:
        """Names for which it fails."""
        return self._zone.broken

    @property
    def asked(self) -> list[str]:
        """Every question, `name KIND`."""
        return self._zone.asked

    def resolver(self) -> dns.resolver.Resolver:
        """One that asks this server alone."""
        found = dns.resolver.Resolver(configure=False)
        found.nameservers = ["127.0.0.1"]
        found.port = self.port
        return found

    def __enter__(self) -> Self:
        quiet = DNSLogger(logf=lambda _line: None)
        self.port = _free_port()
        for tcp in (False, True):
            server = DNSServer(self._zone, address="127.0.0.1", port=self.port, tcp=tcp, logger=quiet)
            thread = threading.Thread(target=server.server.serve_forever, args=(_POLL_SECONDS,), daemon=True)
            thread.start()
            self._servers.append((server.server, thread))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server, thread in self._servers:
            server.shutdown()
            server.server_close()
            thread.join(10)


def text(value: str) -> str:
    """A TXT record's value, in strings of at most 255 octets."""
    return " ".join(f'"{value[start : start + 255]}"' for start in range(0, len(value), 255))


def _free_port() -> int:
    """A port that is free over UDP and TCP alike."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
            udp.bind(("127.0.0.1", 0))
            try:
                tcp.bind(udp.getsockname())
            except OSError:
                continue
            return int(udp.getsockname()[1])
