"""The DNS for the doctor: records of every kind it needs, within one deadline, whoever asks from which thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from time import monotonic
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from publisher.probes.domain import UnansweredError

__all__ = ["Names", "UnansweredError"]

_EACH = 5.0
"""Seconds for one question; resolvers are near."""


class Names:
    """Asks the DNS and remembers what it said.

    Args:
        timeout: for everything, from the first question on.
        resolver: None is the one that the system is configured for.
    """

    def __init__(self, timeout: timedelta, resolver: dns.resolver.Resolver | None = None) -> None:
        self._timeout = timeout.total_seconds()
        self._given = resolver
        self._known: dict[tuple[dns.name.Name, str], tuple[Any, ...]] = {}
        self._works: bool | None = None
        self._asking = threading.Lock()

    def texts(self, name: str) -> tuple[str, ...]:
        """TXT records, each in one piece.

        Raises:
            UnansweredError: nobody says whether there are any; so do the others.
        """
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT"))

    def mail_hosts(self, name: str) -> tuple[tuple[int, str], ...]:
        """MX records: preference and host, the preferred first; a host of no letters is a null MX (RFC 7505)."""
        found = ((record.preference, _plain(record.exchange)) for record in self._ask(name, "MX"))
        return tuple(sorted(found))

    def addresses(self, name: str) -> tuple[str, ...]:
        """A and AAAA records."""
        return tuple(record.address for kind in ("A", "AAAA") for record in self._ask(name, kind))

    def pointers(self, address: str) -> tuple[str, ...]:
        """The names that an address has."""
        return tuple(_plain(record.target) for record in self._asked(dns.reversename.from_address(address), "PTR"))

    def answers(self) -> bool:
        """Whether the DNS answers this machine at all: its root is there for everybody who is connected to it."""
        with self._asking:
            if self._works is None:
                try:
                    self._works = bool(list(self._resolved(dns.name.root, "NS")))
                except (dns.exception.DNSException, OSError):
                    self._works = False
            return self._works

    def _ask(self, name: str, kind: str) -> tuple[Any, ...]:
        try:
            asked = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
        except (dns.exception.DNSException, UnicodeError):
            return ()  # nothing can have such a name
        return self._asked(asked, kind)

    def _asked(self, name: dns.name.Name, kind: str) -> tuple[Any, ...]:
        """The records; none counts only from a DNS that knows its root: some routers deny everything."""
        if not self.answers():
            raise UnansweredError
        known = self._known.get((name, kind))
        if known is None:
            try:
                known = tuple(self._resolved(name, kind))
            except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
                known = ()
            except (dns.exception.DNSException, OSError) as error:
                raise UnansweredError from error
            self._known[name, kind] = known
        return known

    def _resolved(self, name: dns.name.Name, kind: str) -> Iterator[Any]:
        left = min(self._ends - monotonic(), _EACH)
        if left <= 0:
            raise dns.exception.Timeout
        yield from self._resolver.resolve(name, kind, lifetime=left, search=False)

    @cached_property
    def _ends(self) -> float:
        return monotonic() + self._timeout

    @cached_property
    def _resolver(self) -> dns.resolver.Resolver:
        return self._given or dns.resolver.Resolver()


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower().rstrip(".")
