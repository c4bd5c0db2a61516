"""A world of a few hosts: each has a public address, and each address leads to a server on this machine."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from publisher.facts import LinkFact, Reach
from publisher.http import Address, Failure, HttpError, dial
from publisher.probes.cache import NoCache
from publisher.probes.links import Cache, Net, probe_links
from tests.fakes.web import LOOPBACK, FakeWeb

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
PATIENT = timedelta(seconds=30)
ANSWERED = LinkFact(Reach.ANSWERED)


class World:
    """Hosts and what they are: a server, an address that leads nowhere we would go, or the error of connecting."""

    def __init__(self, hosts: Mapping[str, FakeWeb | str | OSError], *, dns: bool = True) -> None:
        self.looked_up: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self._dns = dns
        self._addresses: dict[str, Address] = {}
        self._ends: dict[Address, FakeWeb | OSError] = {}
        for number, (host, what) in enumerate(hosts.items(), 1):
            if isinstance(what, str):
                self._addresses[host] = ip_address(what)
            else:
                self._addresses[host] = ip_address(f"93.184.216.{number}")
                self._ends[self._addresses[host]] = what

    def behind(self, address: str, web: FakeWeb) -> None:
        """Put a server at an address, on each of its ports."""
        self._ends[ip_address(address)] = web

    def probe(
        self,
        *addresses: str,
        timeout: timedelta = PATIENT,
        hosts: tuple[str, ...] = (),
        cache: Cache | None = None,
        now: datetime = NOW,
        ca_file: Path | None = None,
    ) -> Mapping[str, LinkFact]:
        """What is said of the addresses in this world."""
        net = Net(self.look_up, self.dial, ca_file, lambda _seconds: self._dns)
        return probe_links(addresses, timeout=timeout, hosts=hosts, cache=cache or NoCache(), now=now, net=net)

    def look_up(self, host: str) -> list[Address]:
        self.looked_up.append(host)
        try:
            return [self._addresses[host] if host in self._addresses else ip_address(host)]
        except ValueError:
            raise HttpError(Failure.UNRESOLVED, "no such host") from None

    def dial(self, address: Address, port: int, seconds: float) -> socket.socket:
        self.dialled.append((str(address), port))
        end = self._ends.get(address)
        if isinstance(end, OSError):
            raise end
        return dial(LOOPBACK, end.port if end else port, seconds)
